"""Gaps of staff to targets, and performance against expectation, against R."""

import numpy as np
import pytest

from crmstudy.assessment.over_service import over_service
from crmstudy.assessment.staff import staff_profile
from tests import tolerances
from tests.reference import cases, load


def near(ours, theirs, relative=tolerances.CLOSED_FORM_RELATIVE):
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=relative, atol=tolerances.CLOSED_FORM
    )


@pytest.mark.parametrize("name", cases("staff"))
def test_gaps_to_targets(name):
    case = load(name)
    found = staff_profile(case.data, role="role", targets=case.output["targets"], level=case.output["level"])
    ours = found.tables["gaps"].set_index(["role", "facet"])
    theirs = case.table("gaps").set_index(["role", "facet"])
    ours = ours.loc[theirs.index]
    for column in ("n", "gap", "statistic", "df", "ci_low", "ci_high", "d"):
        near(ours[column], theirs[column])
    for column in ("p_value", "p_adjusted"):
        near(ours[column], theirs[column], tolerances.TAIL_RELATIVE)
    for column in ("d_low", "d_high"):
        near(ours[column], theirs[column], tolerances.NONCENTRAL_RELATIVE)


def asked(names):
    return {
        name: {"performance": f"{name}_got", "expectation": f"{name}_due", "importance": f"{name}_said"}
        for name in names
    }


@pytest.mark.parametrize("name", cases("over_service"))
def test_performance_against_expectation_and_derived_importance(name):
    case = load(name)
    found = over_service(case.data, attributes=asked(case.output["names"]), loyalty="loyalty")
    ours, theirs = found.tables["attributes"], case.table("paired")
    for column in ("n", "difference", "statistic", "df", "ci_low", "ci_high"):
        near(ours[column], theirs[column])
    for column in ("p_value", "p_adjusted"):
        near(ours[column], theirs[column], tolerances.TAIL_RELATIVE)
    ours, theirs = found.tables["importance"], case.table("weights")
    assert set(ours["n"]) == {case.output["complete"]}
    for column in ("estimate", "std_error", "above", "above_low", "above_high"):
        near(ours[column], theirs[column])


@pytest.mark.parametrize("name", cases("over_service"))
def test_stated_importance(name):
    case = load(name)
    found = over_service(case.data, attributes=asked(case.output["names"]))
    for column in ("estimate", "above", "above_low", "above_high"):
        near(found.tables["importance"][column], case.table("stated")[column])
