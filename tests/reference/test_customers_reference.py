"""Customers against survival for R and plain R: survival, cohorts, present values, tiers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmstudy.assessment.value import clv, retention, tiers
from crmstudy.assessment.value.survival import kaplan_meier, median_time
from tests import tolerances
from tests.reference import cases, load

EXACT = tolerances.R_CLOSED_FORM_RELATIVE
TYPES = (("loglog", "log-log"), ("log", "log"), ("plain", "plain"))


def assert_near(ours: Any, theirs: Any, relative: float = EXACT) -> None:
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=relative, atol=tolerances.CLOSED_FORM
    )


def assert_same_curve(ours: pd.DataFrame, theirs: Any) -> None:
    """R gives no interval before the first loss on the log-log scale, and no error where nobody is left."""
    curve = pd.DataFrame(theirs["curve"])
    for name in ("time", "at_risk", "lost", "survival"):
        assert_near(ours[name], curve[name])
    left = (curve["survival"] > 0.0).to_numpy()
    assert_near(ours.loc[left, "std_error"], curve.loc[left, "std_error"])
    assert ours.loc[~left, ["std_error", "ci_low", "ci_high"]].isna().all(axis=None)
    known = left & curve["ci_low"].notna().to_numpy()
    assert known.sum() > 5
    assert_near(ours.loc[known, ["ci_low", "ci_high"]], curve.loc[known, ["ci_low", "ci_high"]])
    middle = {end: np.nan if value is None else value for end, value in theirs["median"].items()}
    assert_near(median_time(ours), [middle[end] for end in ("estimate", "low", "high")])


@pytest.mark.parametrize("name", cases("customer_survival"))
def test_survival_equals_survfit(name: str) -> None:
    case = load(name)
    assert case.data is not None
    time, lost = case.data["time"].to_numpy(dtype=float), case.data["lost"].to_numpy() == 1
    for key, interval in TYPES:
        assert_same_curve(kaplan_meier(time, lost, interval=interval), case.output[key])


@pytest.mark.parametrize("name", cases("customer_retention"))
def test_cohorts_losses_and_survival(name: str) -> None:
    case = load(name)
    theirs, sales = case.output, case.data
    assert sales is not None
    every = {1: "month", 3: "quarter"}[theirs["months"]]
    for key, interval in TYPES:
        ours = retention(
            sales, every=every, until=theirs["until"], gap=theirs["gap"], amount="amount", interval=interval
        )
        assert_same_curve(ours.tables["survival"], theirs[key])
    assert ours.n == theirs["n"]
    cells = case.table("cohorts")
    assert ours.tables["cohorts"]["complete"].tolist() == cells["complete"].tolist()
    for column in ("period", "customers", "active", "ci_low", "ci_high", "revenue"):
        assert_near(ours.tables["cohorts"][column], cells[column], tolerances.TAIL_RELATIVE)
    for column in ("period", "customers", "active"):
        assert_near(ours.tables["pooled"][column], case.table("pooled")[column])
    assert [ours.fit["lost"], ours.fit["returned"]] == [theirs["lost"], theirs["returned"]]
    again, wanted = ours.estimates.set_index("term").loc["repeat_rate"], theirs["repeat_rate"]
    assert_near(again[["estimate", "ci_low", "ci_high"]], [wanted[end] for end in ("estimate", "low", "high")])
    median = ours.estimates.set_index("term").loc["median_days", ["estimate", "ci_low", "ci_high"]]
    assert_near(median, [theirs["plain"]["median"][end] for end in ("estimate", "low", "high")])
    assert ours.fit["visits"] < len(sales)  # some are returns


def test_present_values_of_a_panel() -> None:
    case = load("customer_value/panel")
    assert case.data is not None
    theirs, each = case.output, case.table("each")
    columns = {"period": "period", "cost": "cost", "retention": "retention", "acquisition": "acquisition"}
    for timing in ("start", "end"):
        ours = clv(case.data, rate=theirs["rate"], every="quarter", timing=timing, **columns)
        assert_near(ours.tables["customers"]["clv"], each[timing])
        assert_near(ours.fit["rate"], theirs["inner"])
        assert_near(ours.fit["after_acquisition"], (each[timing] - each["invested"]).sum())
        if timing == "start":
            assert_near(ours.tables["break_even"]["retention"], [theirs["break_even"]])


def test_endless_relations_are_long_sums() -> None:
    case = load("customer_value/panel")
    for row in case.output["endless"]:
        for timing in ("start", "end"):
            ours = clv(margin=100.0, retention=row["retention"], rate=case.output["rate"], timing=timing)
            assert_near(ours.total, row[timing])


def test_tiers_by_quantiles() -> None:
    case = load("customer_tiers/skewed")
    ours = tiers(case.data, quantiles=case.output["parts"])
    assert_near(ours.call["cuts"], case.output["cuts"])
    assert ours.tables["members"]["tier"].tolist() == case.output["tier"]
