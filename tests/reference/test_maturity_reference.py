"""Maturity ratings against R: medians, blocks, weighted kappa and ICC (psych), signed ranks (stats)."""

from __future__ import annotations

import numpy as np
import pytest

from crmstudy.assessment.maturity.rating import rate
from tests import tolerances
from tests.reference import load

ICC = {"ICC2": "icc_single", "ICC2k": "icc_average"}


def near(ours: object, theirs: object, relative: float = tolerances.CLOSED_FORM_RELATIVE) -> None:
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=relative, atol=tolerances.CLOSED_FORM
    )


@pytest.mark.parametrize("name", ["maturity/panel", "maturity/pair"])
def test_rating_against_r(name):
    case = load(name)
    found = rate(case.data, bootstrap=None)
    for wave, theirs in case.output["waves"].items():
        tables = {key: table[table["wave"] == wave] for key, table in found.tables.items() if "wave" in table}
        for what in ("leaves", "blocks"):
            rows = case.table("waves", wave, what)
            key, *values = rows.columns
            mine = tables[what].set_index(key).loc[rows[key]]
            near(mine[values], rows[values])
        near(tables["overall"][["mean", "level"]].iloc[0], [theirs["mean"], theirs["level"]])
        estimates = found.estimates[found.estimates["wave"] == wave].set_index("term")
        agreement = theirs["agreement"]
        assert set(estimates["leaves"]) == {agreement["n"]}
        near(estimates.loc["kappa_linear", "estimate"], agreement["linear"])
        near(estimates.loc["kappa_quadratic", "estimate"], [agreement["quadratic"]] * 1)
        near(estimates.loc["kappa_quadratic", "estimate"], agreement["psych_quadratic"])
        forms = case.table("waves", wave, "agreement", "icc").set_index("form")
        for form, term in ICC.items():
            near(estimates.loc[term, ["estimate", "statistic"]], forms.loc[form, ["estimate", "f"]])
            ends = ["ci_low", "ci_high", "p_value"]
            near(estimates.loc[term, ends], forms.loc[form, ends], tolerances.TAIL_RELATIVE)
    change = case.output["change"]
    if change:
        row = found.tables["change_tests"].iloc[0]
        mine = row[["v", "mean_change", "median_change", "up", "down"]]
        near(mine, [change[key] for key in ("v", "mean", "median", "up", "down")])
        near(row["p_value"], change["p_value"], tolerances.TAIL_RELATIVE)
