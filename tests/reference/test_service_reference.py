"""Cost to serve against survey and boot for R, diversity of customers against plain R."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmstudy.assessment.checklists import crm_fit
from crmstudy.assessment.processes import cost_to_serve
from tests import tolerances
from tests.reference import cases, load

EXACT = tolerances.R_CLOSED_FORM_RELATIVE


def assert_near(ours: Any, theirs: Any, relative: float = EXACT) -> None:
    np.testing.assert_allclose(np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=relative)


@pytest.mark.parametrize("name", cases("cost_to_serve"))
@pytest.mark.parametrize(("interval", "ends"), [("t", ("low", "high")), ("log", ("log_low", "log_high"))])
def test_costs_of_contacts_in_clusters(name: str, interval: str, ends: tuple[str, str]) -> None:
    case = load(name)
    theirs = case.table("terms").set_index("term")
    found = cost_to_serve(case.data, channel="channel", cost="cost", interval=interval)
    ours = found.estimates.set_index("term").loc[theirs.index]
    for column in ("estimate", "std_error", "df"):
        assert_near(ours[column], theirs[column])
    assert_near(ours["ci_low"], theirs[ends[0]])
    assert_near(ours["ci_high"], theirs[ends[1]])


@pytest.mark.parametrize("name", cases("cost_to_serve"))
def test_cost_per_customer_is_the_mean_of_totals(name: str) -> None:
    case = load(name)
    theirs = case.output["customer"][0]
    found = cost_to_serve(case.data, channel="channel", cost="cost", interval="t")
    ours = found.estimates.set_index("term").loc["cost_per_customer"]
    names = {"estimate": "estimate", "std_error": "std_error", "df": "df", "ci_low": "low", "ci_high": "high"}
    for mine, other in names.items():
        assert_near(ours[mine], theirs[other])


@pytest.mark.parametrize("name", cases("cost_bootstrap"))
def test_bootstrap_over_customers(name: str) -> None:
    case = load(name)
    theirs = case.table("terms").set_index("term")
    options = {"channel": "channel", "cost": "cost", "shift": [("phone", "web", 100)], "seed": 2}
    found = cost_to_serve(case.data, bootstrap=case.output["replicates"], **options)
    ours = found.estimates.set_index("term")[["estimate", "std_error", "ci_low", "ci_high"]]
    moved = found.tables["shifts"].iloc[0]
    ends = [moved[end] / moved["contacts"] for end in ("ci_low", "ci_high")]
    ours.loc["saving"] = [moved["saving_per_contact"], float("nan"), *ends]
    ours = ours.loc[theirs.index]
    assert_near(ours["estimate"], theirs["estimate"])
    # four errors of the ratio of two standard deviations of 20,000 resamples each, 1.5 for tails longer than the normal
    errors = ours["std_error"].fillna(theirs["std_error"])
    assert_near(errors, theirs["std_error"], 4 * 1.5 / np.sqrt(case.output["replicates"]))
    for end, other in (("ci_low", "low"), ("ci_high", "high")):
        assert ((ours[end] - theirs[other]).abs() < 0.15 * theirs["std_error"]).all()


@pytest.mark.parametrize("name", cases("diversity"))
def test_diversity_of_kinds(name: str) -> None:
    theirs = load(name).output
    counts = theirs["counts"]
    table = pd.DataFrame({"kind": [f"k{i}" for i in range(len(counts))], "n": counts})
    found = crm_fit(table, count="n", sample=True).estimates.set_index("term")
    expected = {
        "shannon": "shannon",
        "effective_number": "hill_1",
        "inverse_simpson": "hill_2",
        "simpson": "simpson",
        "evenness": "evenness",
    }
    for ours, other in expected.items():
        assert_near(found.loc[ours, "estimate"], theirs[other])
    assert_near(found.loc["shannon", "std_error"], theirs["shannon_se"])
    assert_near(found.loc["effective_number", ["ci_low", "ci_high"]], [theirs["low"], theirs["high"]])
    # the number of order 1 lies between those of neighbouring orders: R's two neighbours differ by 1e-10 of it
    assert_near(found.loc["effective_number", "estimate"], theirs["hill_1_limit"], 1e-8)
