"""The tables of differential item functioning: items, tests, models, rounds, groups, coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmstudy.kernels.moments import Array
from crmstudy.kernels.ordinal.regression import Codes
from crmstudy.measurement.dif.models import MEASURES, TESTS, Pass, Purified, Rules, band
from crmstudy.results import ESTIMATE_COLUMNS

MODELS = ("score", "score + group", "score × group")


def item_table(names: Sequence[str], last: Pass, rules: Rules, n_groups: int, n: int) -> pd.DataFrame:
    """One row an item: the test that flags, the size of the effect, the verdict."""
    rows = []
    for j, models in enumerate(last.models):
        chisq, df, p_value = models.comparison(rules.test, n_groups)
        change = models.change(rules.test, "nagelkerke")
        rows.append({
            "item": names[j], "n": n, "categories": models.categories, "anchor": j in last.anchors, "chisq": chisq,
            "df": df, "p_value": p_value, "p_adjusted": float(last.p_adjusted[rules.test][j]),
            "delta_nagelkerke": change, "delta_mcfadden": models.change(rules.test, "mcfadden"),
            "jodoin_gierl": band(change, "jodoin_gierl"), "zumbo": band(change, "zumbo"),
            "beta_change": models.beta_change, "flagged": last.flagged[j], "form": _form(last, j, rules),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _form(last: Pass, j: int, rules: Rules) -> str:
    """Non-uniform where the product tells, uniform otherwise; of a flagged item."""
    if not last.flagged[j]:
        return "none"
    return "non-uniform" if last.p_adjusted["nonuniform"][j] < rules.alpha else "uniform"


def comparison_table(names: Sequence[str], last: Pass, n_groups: int) -> pd.DataFrame:
    """One row an item and test."""
    rows = []
    for j, models in enumerate(last.models):
        for test in TESTS:
            chisq, df, p_value = models.comparison(test, n_groups)
            changes = {f"delta_{measure}": models.change(test, measure) for measure in MEASURES}
            rows.append({"item": names[j], "test": test, "chisq": chisq, "df": df, "p_value": p_value,
                         "p_adjusted": float(last.p_adjusted[test][j]), **changes})  # fmt: skip
    return pd.DataFrame(rows)


def model_table(names: Sequence[str], last: Pass) -> pd.DataFrame:
    """One row an item and model: log-likelihood, parameters, explained shares."""
    rows = []
    for name, models in zip(names, last.models, strict=True):
        for at, (label, fit, why) in enumerate(zip(MODELS, models.fits, models.why, strict=True)):
            reached = fit is not None and not why
            rows.append({
                "item": name, "model": label, "loglik": fit.loglik if fit is not None and reached else np.nan,
                "npar": len(fit.slopes) + len(fit.thresholds) if fit is not None else 0,
                **dict(zip(MEASURES, map(float, models.shares[at]), strict=True)),
            })  # fmt: skip
    return pd.DataFrame(rows)


def round_table(names: Sequence[str], found: Purified) -> pd.DataFrame:
    """One row a round: the anchors and what they flag."""
    rows = []
    for number, each in enumerate(found.passes, start=1):
        flagged = [names[j] for j, is_flagged in enumerate(each.flagged) if is_flagged]
        rows.append({"round": number, "anchors": ", ".join(names[j] for j in each.anchors),
                     "flagged": ", ".join(flagged)})  # fmt: skip
    return pd.DataFrame(rows)


def group_table(answers: Array, codes: Codes, labels: Sequence[Any], last: Pass) -> pd.DataFrame:
    """One row a group: its size, mean and deviation of the last matching score."""
    score = answers[:, list(last.anchors)].sum(axis=1)
    rows = []
    for at, label in enumerate(labels):
        own = score[codes == at]
        rows.append({"group": str(label), "n": len(own), "score_mean": float(own.mean()),
                     "score_sd": float(own.std(ddof=1)) if len(own) > 1 else np.nan})  # fmt: skip
    return pd.DataFrame(rows)


def estimate_table(names: Sequence[str], labels: Sequence[Any], last: Pass, level: float) -> pd.DataFrame:
    """Group differences of model 2, then differences of slopes of model 3."""
    rows: list[dict[str, Any]] = []
    reach = float(ndtri(0.5 + level / 2.0))
    for name, models in zip(names, last.models, strict=True):
        for effect, at, first in (("uniform", 1, 1), ("nonuniform", 2, len(labels))):
            fit = models.fits[at] if not models.why[at] else None
            for g, label in enumerate(labels[1:]):
                term = f"{name}: {label}" if effect == "uniform" else f"{name}: score × {label}"
                row: dict[str, Any] = {"term": term, "item": name, "group": str(label), "effect": effect}
                if fit is not None:
                    value, error = float(fit.slopes[first + g]), float(np.sqrt(fit.covariance[first + g, first + g]))
                    z = value / error
                    row |= {"estimate": value, "std_error": error, "statistic": z, "p_value": float(2 * ndtr(-abs(z))),
                            "ci_low": value - reach * error, "ci_high": value + reach * error}  # fmt: skip
                rows.append(row)
    columns = [*ESTIMATE_COLUMNS, "item", "group", "effect"]
    frame = pd.DataFrame(rows).reindex(columns=columns)
    return frame.astype(dict.fromkeys(ESTIMATE_COLUMNS[1:], float))
