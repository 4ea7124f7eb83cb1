"""The decorator by which an analysis of one data set pools over completed ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import AnalysisError, UnsupportedError
from crmstudy.notes import Note
from crmstudy.pooled import COMPLEMENT, FISHER, LOG, PLAIN, STEPPED_UP, JointTest, one_set_only, pool_estimate, pools
from crmstudy.results import ESTIMATE_COLUMNS, Result
from tests import tolerances

CLOSE = tolerances.CLOSED_FORM_RELATIVE


@dataclass(frozen=True, eq=False, repr=False)
class Sketch(Result):
    """A result with an array of its own."""

    extra: np.ndarray | None = None


def frame(seed: int, n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pd.DataFrame({"x": x, "y": 0.5 * x + rng.normal(size=n), "z": rng.normal(size=n) + x})


@pytest.fixture
def imputed() -> cs.Imputed:
    first = frame(1)
    sets = []
    for k in range(6):
        data = first.copy()
        data.loc[:9, "y"] = np.random.default_rng(100 + k).normal(size=10)
        sets.append(data)
    return cs.Imputed(sets)


def row(term: str, estimate: float, error: float = 1.0) -> tuple:
    nan = float("nan")
    return (term, estimate, error, nan, nan, nan, nan, nan)


@pools(tests=[JointTest("odd", "chisq", "df", "p_value")])
def sketch(data, *, fail=False, seed=None):
    mean = float(data["y"].mean())
    if fail and mean < fail:
        raise AnalysisError("too low.", "ITEMS_EMPTY")
    rows = [row("mean", mean, 0.1)] + ([row("rare", mean)] if mean > 0 else [])
    return Sketch(
        estimates=pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS)),
        n=len(data),
        fit=pd.Series({"size": mean, "pvalue": 0.01}),
        tables={
            "odd": pd.DataFrame({"what": ["a"], "chisq": [5 + mean], "df": [2.0], "p_value": [0.05]}),
            "loose": pd.DataFrame({"what": ["a"], "count": [7], "p_value": [0.5]}),
            "changing": pd.DataFrame({"what": ["a"] * (1 + (mean > 0))}),
            "partly": pd.DataFrame({"what": ["a", "b"][: 1 + (mean > 0)], "value": [mean, 1.0][: 1 + (mean > 0)]}),
        },
        notes=(Note("ITEMS_EMPTY", "rare."),) if mean > 0 else (),
        call={"level": 0.9, "seed": seed},
        extra=np.array([mean]),
    )


def means_of(imputed: cs.Imputed) -> np.ndarray:
    return np.array([data["y"].mean() for data in imputed.sets])


def test_rubins_rules_by_hand(imputed) -> None:
    result = sketch(imputed)
    means = means_of(imputed)
    total = 0.01 + (1 + 1 / 6) * means.var(ddof=1)
    found = result.estimates.iloc[0]
    assert found["estimate"] == pytest.approx(means.mean(), rel=CLOSE)
    assert found["std_error"] == pytest.approx(np.sqrt(total), rel=CLOSE)
    assert found["riv"] == pytest.approx((1 + 1 / 6) * means.var(ddof=1) / 0.01, rel=CLOSE)
    assert result.call["m"] == 6
    assert result.extra == pytest.approx([means.mean()])
    assert type(result) is Sketch


def test_what_differs_between_sets_is_said(imputed) -> None:
    means = means_of(imputed)
    assert (means > 0).any()
    assert (means <= 0).any()
    result = sketch(imputed)
    codes = {note.code: note.message for note in reversed(result.notes)}
    assert list(result.estimates["term"]) == ["mean"]
    assert "rare" in codes["POOLED_ROWS_DIFFER"]
    assert "changing" in codes["POOLED_TABLES_DIFFER"]
    assert len(result.tables["changing"]) == len(sketch(imputed.sets[0]).tables["changing"])
    assert result.tables["partly"]["what"].tolist() == ["a"]
    assert "partly" in next(note.message for note in result.notes if "every data set has" in note.message)
    assert "loose" in codes["POOLED_NO_P"]
    assert result.tables["loose"]["p_value"].isna().all()
    assert result.tables["loose"]["count"].tolist() == [7]
    assert codes["ITEMS_EMPTY"].startswith(f"In {int((means > 0).sum())} of 6 data sets")
    assert np.isnan(result.fit["pvalue"])
    statistics = 5 + means
    increase = (1 + 1 / 6) * np.sqrt(statistics).var(ddof=1)
    f = (statistics.mean() / 2 - 7 / 5 * increase) / (1 + increase)
    assert result.tables["odd"]["chisq"].iloc[0] == pytest.approx(2 * f, rel=CLOSE)


def test_one_seed_for_all_sets_and_a_failing_set_is_named(imputed) -> None:
    assert sketch(imputed).call["seed"] is not None
    assert sketch(imputed, seed=4).call["seed"] == 4
    with pytest.raises(AnalysisError, match=r"In set \d of 6: too low\.") as caught:
        sketch(imputed, fail=100.0)
    assert caught.value.code == "ITEMS_EMPTY"


def test_a_frame_goes_through_untouched() -> None:
    result = sketch(frame(1))
    assert "m" not in result.call
    assert "fmi" not in result.estimates


@pytest.mark.parametrize("scale", [PLAIN, FISHER, COMPLEMENT, LOG, STEPPED_UP], ids=lambda scale: scale.name)
def test_a_scale_is_its_own_inverse_and_knows_its_slope(scale) -> None:
    x = np.array([0.1, 0.4, 0.9])
    assert scale.back(scale.to(x)) == pytest.approx(x, rel=CLOSE)
    step = 1e-6
    assert (scale.to(x + step) - scale.to(x - step)) / (2 * step) == pytest.approx(scale.slope(x), rel=1e-6)


def test_sets_that_are_equal_leave_estimate_and_error_alone() -> None:
    data = frame(3, 200)
    same = cs.Imputed([data] * 5)
    for pooled, single in (
        (cs.correlate(same), cs.correlate(data)),
        (cs.describe(same), cs.describe(data)),
        (cs.regress("y ~ x + z", same), cs.regress("y ~ x + z", data)),
        (cs.reliability(same), cs.reliability(data)),
    ):
        assert pooled.estimates["estimate"].to_numpy() == pytest.approx(single.estimates["estimate"], rel=1e-9)
        assert type(pooled) is type(single)
        assert (pooled.estimates["riv"].dropna() == 0).all()
        assert pooled.n == single.n
    single = cs.regress("y ~ x + z", data).estimates["std_error"]
    assert cs.regress("y ~ x + z", same).estimates["std_error"].to_numpy() == pytest.approx(single, rel=CLOSE)
    fisher, exact = cs.correlate(same).estimates, cs.correlate(data).estimates
    assert np.arctanh(fisher["ci_high"]).to_numpy() == pytest.approx(np.arctanh(exact["ci_high"]), rel=0.02)


def test_more_sets_than_missing_information_asks_for(imputed) -> None:
    told = [note for note in cs.describe(imputed).notes if note.code == "POOLED_FEW_SETS"]
    assert len(told) == 1
    assert "m=" in told[0].message


def test_holm_counts_pooled_p_values_and_the_matrix_holds_pooled_correlations(imputed) -> None:
    result = cs.correlate(imputed)
    assert (result.estimates["p_adjusted"] >= result.estimates["p_value"]).all()
    row = result.estimates.iloc[0]
    one, other = row["term"].split(" ~~ ")
    assert result.tables["matrix"].loc[one, other] == row["estimate"]


def test_a_value_without_place_on_the_scale_is_pooled_as_it_is() -> None:
    found = pool_estimate({"estimate": np.array([1.0, 0.9]), "std_error": np.array([0.1, 0.1])}, FISHER)
    assert found["plain"]
    assert found["estimate"] == pytest.approx(0.95)


def test_rows_without_error_have_a_mean_only() -> None:
    found = pool_estimate({"estimate": np.array([1.0, 2.0])})
    assert found["estimate"] == 1.5
    assert np.isnan(found["std_error"])
    assert np.isnan(found["ci_low"])


def test_a_verb_that_cannot_pool_refuses_by_name(imputed) -> None:
    @one_set_only("screen the answers before they are imputed.")
    def look(data):
        return data

    assert look(1) == 1
    with pytest.raises(UnsupportedError, match=r"look\(\) does not pool over 6 imputed data sets: screen"):
        look(imputed)
