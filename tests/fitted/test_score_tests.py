"""Score tests of equalities and of parameters to add: against lavaan, and against what fitting shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import AnalysisError, ModelError, UnsupportedError
from crmstudy.fitted.modification import modification_indices
from crmstudy.fitted.score_tests import ScoreTests, score_tests
from tests import tolerances
from tests.reference import cases
from tests.reference.after import assert_close, assert_square_of_z, case_of, fit_of, key

ASKED = [
    (name, kind) for name in cases("sem_indices") for kind in ("released", "added") if case_of(name).output.get(kind)
]
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
ONE = "f =~ x1 + a*x2 + b*x3 + c*x4 + d*x5"
#: lavaan leaves its changes at the optimum to the root of its discrepancy's rounding, on a scale of 1.
CHANGE = 1e-6
#: A central difference of step h is wrong by h² and by the rounding of the chi-square over h.
STEP = 1e-3
DIFFERENCE = 1e-4


def holzinger() -> pd.DataFrame:
    data = case_of("sem_indices/hs_cfa").data
    assert data is not None
    return data.copy()


def fit(model: str = THREE, **keywords: Any) -> Any:
    return cs.cfa(model, holzinger(), **keywords)


def scored(model: str, add: str | None = None, **keywords: Any) -> ScoreTests:
    return score_tests(fit(model, **keywords).solution, add, cumulative=True)


def codes(found: ScoreTests) -> list[str]:
    return [note.code for note in found.notes]


# --- against lavaan -----------------------------------------------------------------------------------------------


def asked_of(name: str, kind: str) -> ScoreTests:
    add = "\n".join(case_of(name).output["add"]) if kind == "added" else None
    return score_tests(fit_of(name).solution, add, cumulative=True)


@pytest.mark.parametrize(("name", "kind"), ASKED)
def test_statistics_equal_lavaan(name: str, kind: str) -> None:
    case, found = case_of(name), asked_of(name, kind)
    total, theirs = found["total"].iloc[0], case.output[kind]["total"]
    assert_square_of_z([total["stat"]], [theirs["statistic"]], ["total"])
    assert (total["df"], total["p_value"]) == (theirs["df"], pytest.approx(theirs["p_value"], abs=tolerances.P_VALUE))
    for table in ("univariate", "cumulative"):
        expected = case.table(kind, table)
        ours = found[table]
        if table == "univariate":
            expected = expected.sort_values("statistic", ascending=False, ignore_index=True)
            ours = ours.sort_values("statistic", ascending=False, ignore_index=True)
        names = [f"{table} {row}" for row in range(len(expected))]
        assert_square_of_z(ours["statistic"], expected["statistic"], names)
        assert ours["df"].tolist() == expected["df"].tolist()
        assert_close(ours["p_value"], expected["p_value"], tolerances.P_VALUE, names)


@pytest.mark.parametrize(("name", "kind"), ASKED)
def test_changes_equal_lavaan_where_they_are_identified(name: str, kind: str) -> None:
    found, theirs = asked_of(name, kind), case_of(name).table(kind, "changes")
    if "SEM_RELEASED_UNIDENTIFIED" in codes(found):
        assert len(found["epc"]) == 0
        return
    ours = found["epc"]
    names = [key(*row) for row in ours[["lhs", "op", "rhs"]].values]
    assert names == [key(*row) for row in theirs[["lhs", "op", "rhs"]].values]
    assert_close(ours["epc"], theirs["epc"].fillna(0.0), CHANGE, names)
    assert_close(ours["epv"], ours["estimate"] + ours["epc"], tolerances.CLOSED_FORM, names)


# --- against the model itself -------------------------------------------------------------------------------------


def test_an_added_parameter_has_its_modification_index() -> None:
    fitted = fit()
    found = score_tests(fitted.solution, "visual =~ x9\nx7 ~~ x8")["univariate"].set_index(["lhs", "op", "rhs"])
    indices = modification_indices(fitted.solution).set_index(["lhs", "op", "rhs"]).loc[found.index]
    for ours, theirs in (("statistic", "mi"), ("epc", "epc"), ("sepc_all", "sepc_all")):
        np.testing.assert_allclose(found[ours], indices[theirs], rtol=tolerances.INVERSE_RELATIVE)


def test_the_chi_square_falls_as_the_release_says() -> None:
    """With a == b + h the chi-square changes by -2 statistic / (expected change of a - b) times h."""

    def chisq(gap: float) -> float:
        return float(fit(f"{ONE}\na == b + {gap}").fit["chisq"])

    row = scored(f"{ONE}\na == b")["univariate"].iloc[0]
    slope = (chisq(STEP) - chisq(-STEP)) / (2 * STEP)
    assert slope == pytest.approx(-2.0 * row["statistic"] / (row["epc_lhs"] - row["epc_rhs"]), rel=DIFFERENCE)


@pytest.mark.parametrize(
    "same",
    [
        "f =~ x1 + a*x2 + a*x3 + c*x4 + d*x5",
        'f =~ x1 + a*x2 + equal("f =~ x2")*x3 + c*x4 + d*x5',
        f"{ONE}\na - b == 0",
        f"{ONE}\n2*a == 2*b",
    ],
)
def test_one_equality_written_in_many_ways(same: str) -> None:
    first, second = scored(f"{ONE}\na == b"), scored(same)
    pd.testing.assert_frame_equal(first["total"], second["total"], rtol=tolerances.INVERSE_RELATIVE)
    np.testing.assert_allclose(
        first["univariate"]["statistic"], second["univariate"]["statistic"], rtol=tolerances.INVERSE_RELATIVE
    )


def test_equalities_are_released_as_they_were_written() -> None:
    """a == b and b == c: without the second a and b stay together, whatever the numbering of the parameters."""
    chain = scored(f"{ONE}\na == b\nb == c")["univariate"]
    star = scored(f"{ONE}\na == b\na == c")["univariate"]
    assert chain[["lhs", "rhs"]].values.tolist() == [["f =~ x2", "f =~ x3"], ["f =~ x3", "f =~ x4"]]
    assert chain["statistic"].iloc[1] == pytest.approx(star["statistic"].iloc[1], rel=tolerances.INVERSE_RELATIVE)
    assert abs(chain["statistic"].iloc[0] - star["statistic"].iloc[0]) > 0.1


def test_a_constraint_beside_the_equalities_is_kept_or_released() -> None:
    found = scored("f =~ x1 + a*x2 + a*x3 + b*x4 + b*x5\na + b == 1.7")
    assert found["univariate"]["lhs"].tolist() == ["f =~ x2", "f =~ x4", "a + b"]
    assert found["total"]["df"].tolist() == [3]
    assert found["univariate"]["epc_lhs"].isna().tolist() == [False, False, True]


def test_an_equality_that_follows_from_others_is_named_and_left_out() -> None:
    found = scored(f"{ONE}\na == b\nb == c\na == c")
    assert found["total"]["df"].tolist() == [2]
    assert codes(found) == ["SEM_CONSTRAINT_REDUNDANT"]
    assert "f =~ x2 == f =~ x4" in found.notes[0].message


def test_groups_are_compared_with_the_first() -> None:
    data = holzinger().assign(third=lambda frame: np.arange(len(frame)) % 3)
    fitted = cs.cfa(THREE, data, group="third", group_equal=["loadings"])
    found = score_tests(fitted.solution)["univariate"]
    assert len(found) == 12
    assert found["lhs"].str.endswith("(0)").all()
    assert found["rhs"].str.endswith("(1)").sum() == found["rhs"].str.endswith("(2)").sum() == 6


def test_what_is_added_is_added_to_every_group() -> None:
    found = scored(THREE, "x7 ~~ x8", group="school")
    assert found["univariate"]["group"].tolist() == ["Pasteur", "Grant-White"]
    assert found["total"]["df"].tolist() == [2]


def test_a_fixed_parameter_can_be_added() -> None:
    found = scored(f"{THREE}\nx7 ~~ 0*x8", "x7 ~~ x8")
    assert found["total"]["stat"].iloc[0] == pytest.approx(
        scored(THREE, "x8 ~~ x7")["total"]["stat"].iloc[0], rel=tolerances.DERIVED
    )


# --- what cannot be told apart ------------------------------------------------------------------------------------


def test_releasing_all_of_a_scalar_model_is_not_identified() -> None:
    """Three latent means and nine intercepts of the second group: three of the fifteen cannot be told apart."""
    found = scored(THREE, group="school", group_equal=["loadings", "intercepts"])
    total = found["total"].iloc[0]
    assert (total["df"], total["df_identified"]) == (15, 12)
    assert total["p_identified"] < total["p_value"]
    assert codes(found) == ["SEM_RELEASED_UNIDENTIFIED"]
    assert found.notes[0].level == "warning"
    assert found["cumulative"]["df_identified"].is_monotonic_increasing


def test_the_total_of_a_scalar_model_is_that_of_the_identified_ones() -> None:
    """Intercepts of markers held equal and latent means free: releasing the others gives the same statistic."""
    markers = "x1 ~ c(m1, m1)*1\nx4 ~ c(m4, m4)*1\nx7 ~ c(m7, m7)*1\nvisual ~ c(0, NA)*1\ntextual ~ c(0, NA)*1\n"
    others = "".join(f"x{i} ~ c(i{i}, i{i})*1\n" for i in (2, 3, 5, 6, 8, 9))
    loadings = THREE.replace("+ x2", "+ c(l2, l2)*x2").replace("+ x3", "+ c(l3, l3)*x3")
    loadings = loadings.replace("+ x5", "+ c(l5, l5)*x5").replace("+ x6", "+ c(l6, l6)*x6")
    loadings = loadings.replace("+ x8", "+ c(l8, l8)*x8").replace("+ x9", "+ c(l9, l9)*x9")
    written = scored(f"{loadings}\n{markers}speed ~ c(0, NA)*1\n{others}", group="school")
    asked = scored(THREE, group="school", group_equal=["loadings", "intercepts"])
    for column in ("stat", "df", "df_identified", "p_identified"):
        assert written["total"][column].iloc[0] == pytest.approx(asked["total"][column].iloc[0], rel=tolerances.DERIVED)


def test_a_parameter_that_is_not_identified_has_no_test() -> None:
    found = scored("f =~ x1 + x2 + x3 + x4", "x1 ~~ x2\nx3 ~~ x4\nf =~ x1")
    univariate = found["univariate"].set_index("rhs")
    assert np.isnan(univariate.loc["x1", "statistic"])
    assert np.isnan(univariate.loc["x1", "p_value"])
    assert np.isfinite(univariate.loc["x2", "statistic"])
    assert "SEM_RELEASED_UNIDENTIFIED" in codes(found)
    assert found["total"]["df_identified"].iloc[0] < found["total"]["df"].iloc[0]


# --- tables, notes and refusals -----------------------------------------------------------------------------------


def test_the_cumulative_tests_end_with_the_total() -> None:
    found = scored(THREE, group="school", group_equal=["loadings"])
    last = found["cumulative"].iloc[-1]
    assert last["statistic"] == pytest.approx(found["total"]["stat"].iloc[0], rel=tolerances.INVERSE_RELATIVE)
    assert last["df"] == 6
    assert found["cumulative"]["statistic"].is_monotonic_increasing
    assert "cumulative" not in score_tests(fit(f"{ONE}\na == b").solution).tables


def test_a_robust_fit_is_told_that_score_tests_are_ordinary() -> None:
    robust, plain = (scored(f"{ONE}\na == b", estimator=name) for name in ("MLR", "ML"))
    assert codes(robust) == ["SEM_SCORE_NOT_ROBUST"]
    assert codes(plain) == []
    pd.testing.assert_frame_equal(robust["total"], plain["total"])


@pytest.mark.parametrize(
    ("add", "told"),
    [
        ("visul =~ x9", "names 'visul', which is no variable of the model. Did you mean 'visual'"),
        ("x1 =~ x2", "'x1' is no factor of the model"),
        ("visual =~ 2*x4", "leave the modifier of 'visual =~ x4' out"),
        ("visual =~ a*x4", "leave the modifier of 'visual =~ x4' out"),
        ("visual =~ x2", "is free in the model already"),
        ("x1 ~ 1", "the model has no means"),
        ("visual =~ a*x4\nb := a", "definitions or constraints"),
        ("visual ==~ x4", "."),
        (["visual =~ x4"], "add= must be a text"),
    ],
)
def test_additions_that_make_no_sense(add: Any, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        score_tests(fit().solution, add)


def test_all_faults_at_once() -> None:
    with pytest.raises(ModelError) as caught:
        score_tests(fit().solution, "visual =~ x2 + y9\ntextual ~ 2*speed")
    assert len(caught.value.faults) == 3


def test_a_parameter_by_another_name_is_refused() -> None:
    model = f"{THREE}\ng =~ visual + textual + speed\ng ~ ageyr"
    with pytest.raises(
        ModelError, match="add= has visual ~ g, which is another parameter of the model by another name"
    ):
        score_tests(cs.sem(model, holzinger()).solution, "visual ~ g")


def test_nothing_to_release() -> None:
    with pytest.raises(ModelError, match="no equality constraint to release"):
        score_tests(fit().solution)


def test_inequalities_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="inequality"):
        score_tests(fit(f"{ONE}\na > 0\nb == c").solution)


def test_what_is_no_optimum_is_refused() -> None:
    with pytest.raises(AnalysisError, match="did not converge"):
        score_tests(fit(control={"max_iter": 1}).solution, "x1 ~~ x2")
