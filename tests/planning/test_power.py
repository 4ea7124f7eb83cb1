"""Power and sample size as they are asked for, against semTools and by their own rules."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from crmstudy.errors import AnalysisError, ModelError
from crmstudy.planning import power
from crmstudy.results import ESTIMATE_COLUMNS
from tests import tolerances
from tests.reference import load


def test_power_equals_semtools() -> None:
    for name in ("rmsea", "rmsea_groups"):
        for row in load(f"power_sem/{name}").table("power").itertuples():
            found = power.rmsea(
                rmsea0=row.null, rmsea_a=row.alternative, df=row.df, n=row.n, alpha=row.alpha, groups=row.groups
            )
            assert found.fit["power"] == pytest.approx(
                row.power, rel=tolerances.TAIL_RELATIVE, abs=tolerances.CLOSED_FORM
            )


def test_rows_equal_semtools() -> None:
    for row in load("power_sem/sample_size").table("size").itertuples():
        found = power.rmsea(rmsea0=row.null, rmsea_a=row.alternative, df=row.df, power=row.power, alpha=row.alpha)
        assert found.n == found.fit["n"] == row.n
        assert found.fit["power"] == pytest.approx(row.reached, rel=tolerances.TAIL_RELATIVE)


def nested(row: Any, **more: Any) -> Any:
    return power.rmsea_difference(
        df_smaller=row.df_a, df_larger=row.df_b, rmsea_smaller=row.alternative_a, rmsea_larger=row.alternative_b,
        rmsea0_smaller=row.null_a, rmsea0_larger=row.null_b, alpha=row.alpha, **more,
    )  # fmt: skip


def test_nested_models_equal_semtools() -> None:
    case = load("power_sem/nested")
    for row in case.table("power").itertuples():
        found = nested(row, n=row.n, groups=row.groups).fit["power"]
        assert found == pytest.approx(row.power, rel=tolerances.TAIL_RELATIVE)
    for row in case.table("size").itertuples():
        assert nested(row, power=row.power).n == row.n


def test_what_a_result_says() -> None:
    found = power.rmsea(df=24, power=0.8)
    assert (
        found.text
        == "The test of close fit has a power of .80 with N = 375 at α = .05 (df = 24, RMSEA = .05 against .08)."
    )
    assert "not-close fit" in power.rmsea(df=24, n=300, rmsea_a=0.01).text
    assert "exact fit" in power.rmsea(df=24, n=300, rmsea0=0.0).text
    assert tuple(found.estimates.columns) == ESTIMATE_COLUMNS
    assert json.loads(found.to_json())["fit"]["n"] == 375
    curve = found.tables["curve"]
    assert 375 in curve["n"].tolist()
    assert np.all(np.diff(curve["power"]) > 0)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "give either n= for the power"),
        ({"n": 200, "power": 0.8}, "give either n= for the power"),
        ({"n": 1}, "n= must be a whole number from 2"),
        ({"n": 200.5}, "n= must be a whole number from 2"),
        ({"n": 200, "df": 0}, "df= must be a whole number from 1"),
        ({"n": 200, "alpha": 1.0}, "alpha= must be a number between 0 and 1"),
        ({"n": 200, "rmsea_a": -0.1}, "rmsea_a= is an RMSEA"),
        ({"power": 0.04}, "power= must be above alpha="),
        ({"power": 0.8, "rmsea_a": 0.05}, "no number of rows tells them apart"),
        ({"n": 200, "groups": True}, "groups= must be a whole number"),
    ],
)
def test_requests_that_make_no_sense(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(ModelError, match=told):
        power.rmsea(**{"df": 24, **asked})


def test_all_faults_at_once() -> None:
    with pytest.raises(ModelError) as caught:
        power.rmsea(df=0, n=1, alpha=2, rmsea0=5)
    assert len(caught.value.faults) == 4


def test_nested_requests_that_make_no_sense() -> None:
    with pytest.raises(ModelError, match="more degrees of freedom"):
        power.rmsea_difference(df_smaller=20, df_larger=22, rmsea_smaller=0.06, rmsea_larger=0.05, n=100)
    with pytest.raises(ModelError, match="fit better"):
        power.rmsea_difference(df_smaller=22, df_larger=20, rmsea_smaller=0.02, rmsea_larger=0.05, n=100)
    with pytest.raises(ModelError, match="further from exact equality"):
        power.rmsea_difference(
            df_smaller=22, df_larger=20, rmsea_smaller=0.05, rmsea_larger=0.05, rmsea0_smaller=0.08, power=0.8
        )


def test_a_power_beyond_a_million_rows() -> None:
    with pytest.raises(AnalysisError, match="too near to each other"):
        power.rmsea(df=1, power=0.99, rmsea0=0.05, rmsea_a=0.0500001)
