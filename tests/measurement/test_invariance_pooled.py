"""The ladder over completed data sets: each level is the pooled model, each step the pooled difference."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.imputed import Imputed
from crmstudy.measurement.invariance.invariance import InvarianceResult, invariance
from tests import tolerances
from tests.reference import HERE

MODEL = "f =~ x1 + x2 + x3 + x4"


@cache
def completed() -> Imputed:
    """Two groups whose second has a shifted intercept of x4, with gaps, completed six times."""
    rng = np.random.default_rng(4)
    factor = rng.normal(size=500)
    data = pd.DataFrame({f"x{i}": 3 + factor + rng.normal(size=500) for i in range(1, 5)})
    data["half"] = np.repeat(["one", "two"], 250)
    data.loc[data["half"] == "two", "x4"] += 0.9
    for name in ("x2", "x3"):
        data.loc[rng.random(500) < 0.15, name] = np.nan
    return cs.impute(data, m=6, seed=2, group="half")


@cache
def ladder() -> InvarianceResult:
    return invariance(MODEL, completed(), group="half")


@pytest.mark.parametrize(
    ("level", "equal"), [("configural", ()), ("metric", ("loadings",)), ("scalar", ("loadings", "intercepts"))]
)
def test_each_level_is_the_pooled_model(level, equal):
    alone = cs.cfa(MODEL, completed(), group="half", group_equal=equal, meanstructure=True)
    row = ladder().tables["ladder"].set_index("level").loc[level]
    for name, column in (("chisq", "chisq"), ("df", "df"), ("pvalue", "p_value"), ("cfi", "cfi"), ("rmsea", "rmsea")):
        assert row[column] == pytest.approx(alone.fit[name], rel=1e-9, abs=1e-12)


def test_each_step_is_the_pooled_difference():
    fits = [
        cs.cfa(MODEL, completed(), group="half", group_equal=equal, meanstructure=True)
        for equal in (("loadings",), ("loadings", "intercepts"))
    ]
    theirs = cs.compare_models(*fits).tables["tests"].iloc[1]
    ours = ladder().tables["ladder"].set_index("level").loc["scalar"]
    assert ours["delta_p"] == pytest.approx(theirs["p_value"], rel=1e-7)
    assert ours["delta_df"] == theirs["df_diff"] == 3
    assert ours["delta_chisq"] == pytest.approx(theirs["chisq_diff"], rel=1e-7)


def test_the_shifted_intercept_stops_the_ladder():
    result = ladder()
    assert result.highest == "metric"
    assert result.tables["candidates"].empty
    assert "INVARIANCE_NO_CANDIDATES" in [note.code for note in result.notes]
    freed = result.partial("x4 ~1")
    assert freed.highest == "strict"
    assert "x4 ~1" in freed.text


def test_latent_means_are_those_of_the_pooled_parameters():
    """They are pooled means of the sets, with an error above the average of theirs."""
    freed = ladder().partial("x4 ~1")
    pooled = freed.latent_means("scalar").iloc[0]
    alone = [
        invariance(MODEL, data, group="half", group_partial=["x4 ~1"]).latent_means("scalar").iloc[0]
        for data in completed().sets
    ]
    assert pooled["estimate"] == pytest.approx(np.mean([row["estimate"] for row in alone]), abs=1e-6)
    within = np.mean([row["std_error"] ** 2 for row in alone])
    between = np.var([row["estimate"] for row in alone], ddof=1)
    assert pooled["std_error"] ** 2 == pytest.approx(within + 7 / 6 * between, rel=1e-4)


def test_sets_without_gaps_give_the_ladder_of_one():
    data = pd.read_csv(HERE / "data" / "holzinger.csv")
    model = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
    one = invariance(model, data, group="school")
    same = invariance(model, Imputed((data, data)), group="school")
    columns = ["chisq", "df", "cfi", "rmsea", "srmr", "delta_chisq", "delta_p"]
    np.testing.assert_allclose(
        same.tables["ladder"][columns].to_numpy(float), one.tables["ladder"][columns].to_numpy(float),
        rtol=tolerances.CHISQ_RELATIVE, atol=1e-6, equal_nan=True,
    )  # fmt: skip
    assert same.highest == one.highest
    pd.testing.assert_frame_equal(same.tables["dmacs"], one.tables["dmacs"], rtol=1e-5)


def test_waves_side_by_side_and_stacked():
    rng = np.random.default_rng(9)
    factor = rng.normal(size=(300, 1))
    first, second = (factor + rng.normal(size=(300, 3)) for _ in range(2))
    frame = pd.DataFrame(np.hstack([first, second]), columns=[f"y{i}_{wave}" for wave in (1, 2) for i in (1, 2, 3)])
    frame.loc[rng.random(300) < 0.2, "y2_2"] = np.nan
    imputed = cs.impute(frame, m=4, seed=1)
    wide = invariance("g =~ y1 + y2 + y3", imputed, waves=["_1", "_2"])
    stacked = Imputed(tuple(
        pd.concat([
            data[[f"y{i}_{wave}" for i in (1, 2, 3)]].set_axis(["y1", "y2", "y3"], axis=1)
            .assign(wave=wave, id=range(300))
            for wave in (1, 2)
        ], ignore_index=True)
        for data in imputed.sets
    ))  # fmt: skip
    long = invariance("g =~ y1 + y2 + y3", stacked, waves="wave", id="id")
    assert wide.highest == long.highest == "strict"
    np.testing.assert_allclose(
        wide.tables["ladder"]["chisq"], long.tables["ladder"]["chisq"], rtol=tolerances.CHISQ_RELATIVE
    )
