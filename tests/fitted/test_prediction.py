"""Factor scores and their determinacy, against lavaan, by closed forms and by models that say the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.fitted.prediction import METHODS, factor_scores, indeterminacy
from crmstudy.kernels.covariance.validity import factor_determinacy
from tests import tolerances
from tests.reference import cases
from tests.reference.after import assert_close, case_of, fit_of

CASES = cases("sem_scores")
TWO = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
THREE = f"{TWO}\nspeed =~ x7 + x8 + x9"
#: lavaan gives a factor that nothing measures the same Bartlett score in every row.
CONSTANT = {("sem_scores/second_order", "bartlett"): ["g"]}


def holzinger() -> pd.DataFrame:
    data = case_of("sem_scores/hs_cfa").data
    assert data is not None
    return data.copy()


def fit(model: str = THREE, data: pd.DataFrame | None = None, **keywords: Any) -> Any:
    return cs.sem(model, holzinger() if data is None else data, **keywords).solution


# --- against lavaan -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", CASES)
def test_factor_scores(name: str, method: str) -> None:
    case, solution = case_of(name), fit_of(name).solution
    scores = factor_scores(solution, method=method, se=True)
    constant = CONSTANT.get((name, method), [])
    parts = case.output[method]
    for part in parts:
        theirs, errors = (
            pd.DataFrame(np.array(part[what]["values"], dtype=float), columns=part[what]["columns"])
            for what in ("scores", "std_error")
        )
        ours = scores.loc[part["rows"]]
        for factor in theirs.columns.difference(constant):
            size = max(1.0, float(theirs[factor].abs().max()))
            assert_close(ours[factor], theirs[factor], tolerances.DERIVED * size, part["rows"])
            expected = np.broadcast_to(errors[factor], len(ours))
            assert_close(ours[f"{factor}_se"], expected, tolerances.DERIVED * size, part["rows"])
    n = sum(part["n"] for part in parts)
    assert len(scores) == n
    for factor in theirs.columns.difference(constant):
        squares = sum(part["sum_of_squares"][factor] for part in parts)
        assert float((scores[factor] ** 2).sum()) == pytest.approx(squares, rel=tolerances.DERIVED * n)
    assert list(scores[constant].columns[scores[constant].isna().all()]) == constant


# --- identities ---------------------------------------------------------------------------------------------------


def test_regression_scores_leave_what_their_errors_say() -> None:
    """Variance of the factor = variance of the scores in the model + error variance."""
    solution = fit()
    scores = factor_scores(solution, se=True)
    moments = solution.moments[0]
    cross = solution.placement.layout.matrices(solution.theta)["loading"] @ moments.phi
    explained = np.diagonal(cross.T @ np.linalg.solve(moments.sigma, cross))
    errors = scores[[f"{name}_se" for name in solution.table.latent]].to_numpy() ** 2
    np.testing.assert_allclose(
        explained + errors,
        np.broadcast_to(np.diagonal(moments.phi), errors.shape),
        rtol=tolerances.CLOSED_FORM_RELATIVE,
    )


def test_bartlett_scores_of_one_factor_are_weighted_means() -> None:
    solution = fit("visual =~ x1 + x2 + x3 + x9")
    scores = factor_scores(solution, method="bartlett", se=True)
    parts = solution.placement.layout.matrices(solution.theta)
    loading, error = parts["loading"][:, 0], np.diagonal(parts["residual_covariance"])
    weights = loading / error / (loading**2 / error).sum()
    values = solution.sample.groups[0].values
    expected = (values - values.mean(axis=0)) @ weights
    np.testing.assert_allclose(scores["visual"], expected, atol=tolerances.CLOSED_FORM_RELATIVE)
    np.testing.assert_allclose(
        scores["visual_se"], (loading**2 / error).sum() ** -0.5, rtol=tolerances.CLOSED_FORM_RELATIVE
    )


@pytest.mark.parametrize("method", METHODS)
def test_an_observed_mediator_is_a_factor_without_error(method: str) -> None:
    """Both ways to write the model say the same, so that scores of the other factors agree (but for their means)."""
    observed = f"{TWO}\nx9 ~ visual + sex\ntextual ~ x9\nx9 ~~ x9"
    latent = f"{TWO}\nm =~ 1*x9\nx9 ~~ 0*x9\nm ~ visual + sex\ntextual ~ m"
    one, other = fit(observed), fit(latent)
    assert one.inference.chisq == pytest.approx(other.inference.chisq, rel=tolerances.CHISQ_RELATIVE)
    ours, theirs = (factor_scores(s, method=method, se=True) for s in (one, other))
    for column in ("visual", "textual"):
        mine, other_way = (scores[column] - scores[column].mean() for scores in (ours, theirs))
        assert_close(mine, other_way, tolerances.DERIVED, ours.index)
        assert_close(ours[f"{column}_se"], theirs[f"{column}_se"], tolerances.DERIVED, ours.index)
    assert (theirs["m_se"] == 0.0).all()


@pytest.mark.parametrize("method", METHODS)
def test_an_observed_outcome_is_an_indicator(method: str) -> None:
    """As in lavaan: an outcome with a free residual says as much about its factor as an item does."""
    one, other = fit("visual =~ x1 + x2 + x3\nx9 ~ visual"), fit("visual =~ x1 + x2 + x3 + x9")
    ours, theirs = (factor_scores(s, method=method, se=True) for s in (one, other))
    for column in ours:
        assert_close(ours[column], theirs[column], tolerances.DERIVED, ours.index)


@pytest.mark.parametrize("method", METHODS)
def test_a_composite_is_known_exactly(method: str) -> None:
    solution = fit("comp <~ 1*x1 + x2 + x3\ntextual =~ x4 + x5 + x6\ntextual ~ comp")
    scores = factor_scores(solution, method=method, se=True)
    weights = [
        row.value or value for row, value in zip(solution.table.rows, solution.estimates, strict=True) if row.op == "<~"
    ]
    expected = holzinger()[["x1", "x2", "x3"]] @ np.array(weights)
    np.testing.assert_allclose(scores["comp"], expected, rtol=tolerances.CLOSED_FORM_RELATIVE)
    assert (scores["comp_se"] == 0.0).all()
    assert scores["textual_se"].between(0.2, 0.5).all()


def test_determinacy_of_a_model_of_one_factor() -> None:
    r"""rho^2 = t / (1 + t) with t the sum of loading^2 / error variance; at the true values of three loadings."""
    loading, error = np.array([0.8, 0.7, 0.6]), np.array([0.5, 0.6, 0.7])
    names = ["a", "b", "c"]
    cov = pd.DataFrame(np.outer(loading, loading) + np.diag(error), index=names, columns=names)
    solution = cs.cfa("f =~ a + b + c", sample_cov=cov, sample_n=500).solution
    total = (loading**2 / error).sum()
    (row,) = indeterminacy(solution).to_dict("records")
    for method in METHODS:  # with one factor both scores are the same but for their unit
        assert row[method] ** 2 == pytest.approx(total / (1 + total), abs=tolerances.RECOVERY)
    assert row["minimum"] == pytest.approx((total - 1) / (1 + total), abs=2 * tolerances.RECOVERY)


def test_determinacy_equals_that_of_the_kernel() -> None:
    solution = fit(group="school")
    found = indeterminacy(solution)
    assert list(found.columns) == ["group", "factor", "regression", "bartlett", "minimum"]
    for number, (label, part) in enumerate(found.groupby("group", sort=False)):
        moments = solution.moments[number]
        loading = solution.placement.layouts[number].matrices(solution.theta)["loading"]
        expected = factor_determinacy(loading, moments.phi, moments.sigma)
        assert label == solution.sample.labels[number]
        np.testing.assert_allclose(part["regression"], expected, rtol=tolerances.CLOSED_FORM_RELATIVE)
        assert (part["bartlett"] <= part["regression"]).all()


# --- rows ---------------------------------------------------------------------------------------------------------


def test_rows_keep_their_index_and_order() -> None:
    data = holzinger().set_index(pd.Index([f"r{i}" for i in range(len(holzinger()))]))
    data.loc["r5", "x1"] = np.nan
    solution = fit(data=data, group="school")
    scores = factor_scores(solution)
    assert list(scores.index) == [label for label in data.index if label != "r5"]
    assert list(scores.columns) == ["group", "visual", "textual", "speed"]
    assert list(scores["group"]) == list(data["school"].drop("r5"))
    alternating = data.iloc[np.argsort(np.arange(len(data)) % 7, kind="stable")]
    again = factor_scores(fit(data=alternating, group="school"))
    assert list(again.index) == [label for label in alternating.index if label != "r5"]
    assert_close(again.loc[scores.index, "speed"], scores["speed"], tolerances.DERIVED, scores.index)


def test_an_incomplete_row_is_scored_from_what_it_has() -> None:
    data = holzinger()
    data.loc[[3, 7], ["x4", "x5", "x6"]] = np.nan
    data.loc[7, ["x1", "x2"]] = np.nan
    solution = fit(data=data, missing="fiml")
    regression, bartlett = (factor_scores(solution, method=m, se=True) for m in METHODS)
    assert regression.notna().all(axis=None)
    assert list(bartlett.index[bartlett["textual"].isna()]) == [3, 7]
    assert bartlett.loc[[3, 7], ["visual", "visual_se"]].notna().all(axis=None)
    (note,) = bartlett.attrs["notes"]
    assert (note["code"], note["subject"]) == ("SEM_NO_SCORE", "textual")
    assert "2 of 301 rows" in note["message"]
    # what a row lacks makes its score less certain, and nothing known of it leaves the variance of the factor
    assert regression.loc[7, "visual_se"] > regression.loc[3, "visual_se"] > regression.loc[0, "visual_se"]
    assert regression.loc[3, "textual_se"] ** 2 < solution.moments[0].phi[1, 1]


def test_a_factor_of_factors_has_no_bartlett_score() -> None:
    solution = fit_of("sem_scores/second_order").solution
    scores = factor_scores(solution, method="bartlett", se=True)
    assert scores[["g", "g_se"]].isna().all(axis=None)
    (note,) = scores.attrs["notes"]
    assert (note["code"], note["subject"]) == ("SEM_NO_SCORE", "g")
    found = indeterminacy(solution).set_index("factor")
    assert np.isnan(found.loc["g", "bartlett"])
    assert found.drop(columns="bartlett").notna().all(axis=None)
    assert factor_scores(solution).attrs["notes"] == []


def test_append_adds_the_observed_variables() -> None:
    solution = fit()
    scores = factor_scores(solution, append=True)
    names = [f"x{i}" for i in range(1, 10)]
    assert list(scores.columns) == ["visual", "textual", "speed", *names]
    pd.testing.assert_frame_equal(scores[names], holzinger()[names])


# --- refusals -----------------------------------------------------------------------------------------------------


def test_refusals() -> None:
    solution = fit()
    with pytest.raises(UnsupportedError, match=r"Did you mean 'bartlett'\?"):
        factor_scores(solution, method="bartlet")
    names = [f"x{i}" for i in range(1, 10)]
    moments = cs.cfa(THREE, sample_cov=holzinger()[names].cov(), sample_n=301).solution
    with pytest.raises(DataError, match="computed from rows"):
        factor_scores(moments)
    assert indeterminacy(moments)["regression"].notna().all()
    with pytest.raises(ModelError, match="has none"):
        factor_scores(fit("x1 ~ x2"))
    with pytest.raises(ModelError, match="same name: visual_se"):
        factor_scores(fit("visual =~ x1 + x2 + x3\nvisual_se =~ x4 + x5 + x6"), se=True)
    stopped = fit(control={"max_iter": 2})
    for function in (factor_scores, indeterminacy):
        with pytest.raises(AnalysisError, match="converged"):
            function(stopped)


def test_an_inadmissible_solution_has_no_error() -> None:
    """A negative factor variance: scores follow the formula, their errors do not exist."""
    names = ["a", "b", "c"]
    cov = pd.DataFrame([[1.0, -0.3, 0.3], [-0.3, 1.0, 0.3], [0.3, 0.3, 1.0]], index=names, columns=names)
    found = indeterminacy(cs.cfa("f =~ a + b + c", sample_cov=cov, sample_n=500).solution)
    assert np.isnan(found.loc[0, "regression"])
    assert [note["code"] for note in found.attrs["notes"]] == ["SEM_SCORE_NO_ERROR"]
