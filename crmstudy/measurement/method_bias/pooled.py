"""What only method bias knows when it is pooled over imputed data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from crmstudy.pooled import JointTest
from crmstudy.results import Result

Kind = TypeVar("Kind", bound=Result)
#: Tables with one row a model.
MODEL_TABLES = ("single_factor", "ulmc", "marker_models")
#: Their chi-squares and differences of chi-squares are pooled by D2.
MODEL_TESTS = tuple(
    JointTest(table, *names)
    for table in MODEL_TABLES
    for names in (("chisq", "df", "p_value"), ("chisq_diff", "df_diff", "p_value_diff"))
)


def finish_method_bias(result: Kind, parts: Sequence[Kind]) -> Kind:
    """A model is proper where it is in every data set; verdicts go by the pooled differences."""
    tables = dict(result.tables)
    alpha = 1.0 - float(result.call["level"])
    for name in MODEL_TABLES:
        if name not in tables:
            continue
        table = tables[name].copy()
        for column in ("converged", "admissible", "retained"):
            if column in table.columns:
                table[column] = np.all([part.tables[name][column].to_numpy(dtype=bool) for part in parts], axis=0)
        if "verdict" in table.columns:
            table["verdict"] = [
                old if old in ("", "not judged") or np.isnan(p) else "fits worse" if p < alpha else "does not fit worse"
                for old, p in zip(table["verdict"], table["p_value_diff"], strict=True)
            ]
        tables[name] = table
    if "marker" in tables and "survives" in tables["marker"].columns:
        share = np.mean([part.tables["marker"]["survives"].to_numpy(dtype=float) for part in parts], axis=0)
        tables["marker"] = tables["marker"].assign(survives=share > 0.5)
    if "collinearity" in tables:
        table = tables["collinearity"]
        tables["collinearity"] = table.assign(above=table["vif"] > table["threshold"])
    return replace(result, tables=tables)
