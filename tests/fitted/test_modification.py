"""Modification indices: against lavaan, and against what fitting the larger or a neighbouring model shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import AnalysisError, ModelError
from crmstudy.fitted.modification import MODIFICATION_COLUMNS, modification_indices
from tests import tolerances
from tests.reference import cases
from tests.reference.after import assert_close, assert_square_of_z, case_of, fit_of, key

CASES = cases("sem_indices")
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
#: An index below this is rounding in lavaan: its expected change is a quotient of two numbers of no meaning.
NO_INDEX = 1e-12
#: A central difference of step h is wrong by h² and by the rounding of the chi-square over h.
STEP = 1e-3
DIFFERENCE = 1e-4
#: Score test and refit agree to first order: what is left is of the size of the change over the estimates, a tenth.
FIRST_ORDER = 0.1


def holzinger() -> pd.DataFrame:
    data = case_of("sem_indices/hs_cfa").data
    assert data is not None
    return data.copy()


def indices_of(model: str, data: pd.DataFrame | None = None, **keywords: Any) -> pd.DataFrame:
    fit = cs.sem(model, holzinger() if data is None else data, **keywords)
    return named(modification_indices(fit.solution))


def named(table: pd.DataFrame) -> pd.DataFrame:
    names = [
        f"{key(*row[:3])} {row[3]}" for row in zip(*(table[name] for name in MODIFICATION_COLUMNS[:4]), strict=True)
    ]
    return table.set_axis(pd.Index(names), axis=0)


# --- against lavaan -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_indices_equal_lavaan(name: str) -> None:
    """But for moments and explanations of given exogenous variables, which are no parameters of the model."""
    case, fit = case_of(name), fit_of(name)
    ours = named(modification_indices(fit.solution))
    theirs = case.table("modification", "table")
    labels = fit.groups or ("all",)
    theirs["group"] = theirs["group"].fillna("all") if fit.groups else "all"
    assert set(theirs["group"]) == set(labels)
    given = case.options.get("exogenous", [])
    theirs = named(theirs[~(theirs["lhs"].isin(given) & ((theirs["op"] == "~") | theirs["rhs"].isin(given)))])
    assert sorted(ours.index) == sorted(theirs.index)
    ours = ours.loc[theirs.index]
    assert_square_of_z(ours["mi"], theirs["mi"], theirs.index)
    variance = (theirs["op"] == "~~") & (theirs["lhs"] == theirs["rhs"])
    for column in ("epc", "sepc_lv", "sepc_all", "sepc_nox"):
        expected = theirs[column.replace("_", ".")]
        known = (theirs["mi"] > NO_INDEX) & expected.notna() & ~(variance & (column != "epc"))
        allowed = expected.abs() * (tolerances.Z_ABSOLUTE / np.sqrt(theirs["mi"]) + 2 * tolerances.Z_RELATIVE)
        assert_close(ours[column][known], expected[known], allowed[known], theirs.index[known])


# --- against the model itself -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keywords", "added"),
    [
        ({}, "x7 ~~ x8"),
        ({}, "textual =~ x3"),
        ({"estimator": "GLS"}, "x2 ~~ x7"),
        ({"meanstructure": True}, "speed =~ x1"),
    ],
)
def test_the_chi_square_falls_as_the_index_says(keywords: dict[str, Any], added: str) -> None:
    """With the parameter fixed at h instead of 0 the chi-square changes by -2 mi/epc times h."""
    lhs, op, rhs = added.split()

    def chisq(value: float) -> float:
        return float(cs.cfa(f"{THREE}\n{lhs} {op} {value}*{rhs}", holzinger(), **keywords).fit["chisq"])

    row = indices_of(THREE, **keywords).loc[f"{key(lhs, op, rhs)} all"]
    slope = (chisq(STEP) - chisq(-STEP)) / (2 * STEP)
    assert slope == pytest.approx(-2.0 * row["mi"] / row["epc"], rel=DIFFERENCE)


@pytest.mark.parametrize(
    ("model", "absent"),
    [
        (THREE, "x1 ~~ 0*x4"),
        ("visual =~ x1 + x2 + x3\nx7 ~ x1\nx8 ~ x7 + visual", "x2 ~~ 0*x3"),
        ("visual =~ x1 + x2 + x3 + x4\nx7 ~ x1\nx8 ~ x7", "x1 ~~ 0*x2"),  # one of the two takes part in regressions
        ("visual =~ x1 + x2 + x3\nvisual ~ sex + ageyr\nx7 ~ visual", "x7 ~ 0*sex"),
        ("c <~ 1*x1 + x2 + x3\nx7 ~ c\nx8 ~ c + x4\nx9 ~ c", "x7 ~ 0*x2"),
    ],
)
def test_a_parameter_fixed_at_0_is_a_parameter_that_is_absent(model: str, absent: str) -> None:
    without, with_zero = indices_of(model), indices_of(f"{model}\n{absent}")
    name = key(*absent.replace("0*", "").split()) + " all"
    columns = ["mi", "epc", "sepc_lv", "sepc_all", "sepc_nox"]
    np.testing.assert_allclose(
        with_zero.loc[name, columns].astype(float), without.loc[name, columns].astype(float), rtol=tolerances.DERIVED
    )


def test_an_index_is_about_the_fall_of_the_chi_square() -> None:
    """For a small misfit the score test and the likelihood-ratio test agree to first order."""
    model = "c <~ 1*x1 + x2 + x3\nx7 ~ c\nx8 ~ c + x4\nx9 ~ c"
    row = indices_of(model).loc["x7 ~ x2 all"]
    larger = cs.sem(f"{model}\nx7 ~ x2", holzinger())
    fall = cs.sem(model, holzinger()).fit["chisq"] - larger.fit["chisq"]
    estimate = larger.estimates.set_index(["lhs", "op", "rhs"]).loc[("x7", "~", "x2"), "estimate"]
    assert row["mi"] == pytest.approx(fall, rel=FIRST_ORDER)
    assert row["epc"] == pytest.approx(estimate, rel=FIRST_ORDER)


def test_units_do_not_decide_what_is_offered() -> None:
    data = holzinger()
    scaled = data.assign(**{f"x{i}": data[f"x{i}"] * 10.0 ** (i - 5) for i in range(1, 10)})
    plain, other = indices_of(THREE, data), indices_of(THREE, scaled)
    assert sorted(plain.index) == sorted(other.index)
    other = other.loc[plain.index]
    np.testing.assert_allclose(
        np.sqrt(other["mi"]), np.sqrt(plain["mi"]), rtol=tolerances.DERIVED, atol=tolerances.DERIVED
    )
    np.testing.assert_allclose(other["sepc_all"], plain["sepc_all"], rtol=tolerances.DERIVED, atol=tolerances.DERIVED)


def test_full_information_of_complete_rows_is_the_likelihood_of_their_moments() -> None:
    columns = ["mi", "epc", "sepc_all"]
    moments, rows = indices_of(THREE, meanstructure=True), indices_of(THREE, missing="fiml")
    moments, rows = moments[moments["op"] != "~1"], rows[rows["op"] != "~1"].loc[lambda t: t.index]
    np.testing.assert_allclose(
        rows.loc[moments.index, columns], moments[columns], rtol=tolerances.DERIVED, atol=tolerances.DERIVED
    )


def test_markers_are_offered_where_they_are_identified() -> None:
    data = holzinger()
    markers = {
        f"{key(f, '=~', x)} {g}" for f, x in (("visual", "x1"), ("speed", "x7")) for g in ("Pasteur", "Grant-White")
    }
    assert not markers & set(indices_of(THREE, data, group="school").index)
    assert markers <= set(indices_of(THREE, data, group="school", group_equal=["loadings"]).index)


def test_given_exogenous_variables_are_not_explained() -> None:
    model = "visual =~ x1 + x2 + x3\nvisual ~ sex + ageyr\nx7 ~ visual"
    offered = indices_of(model, meanstructure=True)
    assert not offered["lhs"].isin(["sex", "ageyr"]).any()
    random = indices_of(model, fixed_x=False)
    assert random["lhs"].isin(["sex", "ageyr"]).any()


# --- the table ----------------------------------------------------------------------------------------------------


def test_the_table() -> None:
    fit = cs.cfa(THREE, holzinger())
    whole = modification_indices(fit.solution)
    assert tuple(whole.columns) == MODIFICATION_COLUMNS
    assert whole["mi"].is_monotonic_decreasing
    assert whole.index.tolist() == list(range(len(whole)))
    assert set(whole["group"]) == {"all"}
    assert whole["mi_scaled"].isna().all()
    large = modification_indices(fit.solution, minimum=10)
    pd.testing.assert_frame_equal(large, whole[whole["mi"] > 10])
    plain = modification_indices(fit.solution, standardized=False)
    assert tuple(plain.columns) == MODIFICATION_COLUMNS[:7]


@pytest.mark.parametrize("estimator", ["MLR", "MLM", "MLMV"])
def test_scaled_indices_are_over_the_mean_of_the_statistic(estimator: str) -> None:
    fit = cs.cfa(THREE, holzinger(), estimator=estimator)
    table = modification_indices(fit.solution)
    scaled = fit.solution.inference.scaled
    assert scaled is not None
    np.testing.assert_allclose(
        table["mi"] / table["mi_scaled"], scaled.trace / fit.fit["df"], rtol=tolerances.CLOSED_FORM_RELATIVE
    )


def test_a_saturated_model_has_nothing_to_offer() -> None:
    table = modification_indices(cs.cfa("f =~ x1 + x2 + x3", holzinger()).solution)
    assert len(table) == 0
    assert tuple(table.columns) == MODIFICATION_COLUMNS


def test_what_is_no_optimum_is_refused() -> None:
    with pytest.raises(AnalysisError, match="did not converge"):
        modification_indices(cs.cfa(THREE, holzinger(), control={"max_iter": 1}).solution)
    with pytest.raises(AnalysisError, match="not identified"):
        modification_indices(cs.cfa("f =~ x1 + x2", holzinger()).solution)


@pytest.mark.parametrize("minimum", [-1, "3.84", True, float("nan")])
def test_a_minimum_is_a_number_from_0(minimum: Any) -> None:
    with pytest.raises(ModelError, match="minimum= must be a number from 0"):
        modification_indices(fit_of("sem_indices/hs_cfa").solution, minimum=minimum)
