"""Residuals, their errors and their root mean squares, against lavaan and by identities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import AnalysisError, ModelError, UnsupportedError
from crmstudy.fitted import residuals as module
from crmstudy.fitted.residuals import (
    KINDS,
    OVER_ERRORS,
    SUMMARY_COLUMNS,
    TABLE_COLUMNS,
    mean_residuals,
    residual_summary,
    residual_table,
    residuals,
)
from tests import tolerances
from tests.reference import Case, cases
from tests.reference.after import assert_close, case_of, fit_of

CASES = cases("sem_residuals")
METRICS = ("raw", "cor.bentler", "cor.bollen")
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
#: A standard error that is 0 but for rounding makes lavaan's quotient larger than any z.
ROUNDING = 1e6
FIGURES = (
    "estimate", "std_error", "exact_fit_z", "exact_fit_p_value", "unbiased", "unbiased_se", "ci_low", "ci_high", None,
    "close_fit_z", "close_fit_p_value",
)  # fmt: skip


def matrix(found: Any) -> pd.DataFrame:
    return pd.DataFrame(np.array(found["values"], dtype=float), index=found["rows"], columns=found["columns"])


def vector(found: Any) -> pd.Series:
    return pd.Series(found, dtype=float)


def groups(case: Case, value: Any) -> list[tuple[str, Any]]:
    """Label and value of every group in lavaan's order; one group has no label."""
    labels = case.output["groups"]
    return [(label, value[label]) for label in labels] if labels else [("", value)]


def holzinger() -> pd.DataFrame:
    data = case_of("sem_residuals/hs_cfa").data
    assert data is not None
    return data.copy()


def fit(model: str = THREE, data: pd.DataFrame | None = None, **keywords: Any) -> Any:
    return cs.cfa(model, holzinger() if data is None else data, **keywords).solution


# --- against lavaan -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", METRICS)
@pytest.mark.parametrize("name", CASES)
def test_residuals(name: str, kind: str) -> None:
    case, solution = case_of(name), fit_of(name).solution
    ours, means = residuals(solution, kind), mean_residuals(solution, kind)
    for number, (label, square) in enumerate(groups(case, ours)):
        theirs = case.output["detailed"][kind][number]
        expected = matrix(theirs["cov"])
        spread = np.sqrt(np.diagonal(solution.sample.covariances[number])) if kind == "raw" else np.ones(len(expected))
        allowed = tolerances.DERIVED * np.multiply.outer(spread, spread)
        mine = square.loc[expected.index, expected.columns].to_numpy()
        assert_close(mine.ravel(), expected.to_numpy().ravel(), allowed.ravel(), np.arange(mine.size))
        if "mean" in theirs:
            own = dict(groups(case, means))[label]
            assert_close(own[list(theirs["mean"])], vector(theirs["mean"]), tolerances.DERIVED * spread, own.index)


@pytest.mark.parametrize("kind", OVER_ERRORS)
@pytest.mark.parametrize("name", CASES)
def test_residuals_over_their_errors(name: str, kind: str) -> None:
    """lavaan leaves residuals below 1e-5 undivided and divides by rounding where the error is 0: not compared."""
    case, solution = case_of(name), fit_of(name).solution
    ours, means = residuals(solution, kind), mean_residuals(solution, kind)
    for number, (label, square) in enumerate(groups(case, ours)):
        theirs, raw = case.output["kinds"][kind][number], case.output["detailed"]["raw"][number]
        expected = matrix(theirs["cov"])
        pairs = [(square.loc[expected.index, expected.columns].to_numpy(), expected.to_numpy(), matrix(raw["cov"]))]
        if "mean" in theirs:
            own = dict(groups(case, means))[label][list(theirs["mean"])]
            pairs.append((own.to_numpy(), vector(theirs["mean"]).to_numpy(), vector(raw["mean"])))
        for mine, other, residual in pairs:
            told = (np.abs(residual.to_numpy()) >= tolerances.RESIDUAL_NEAR_ZERO) & ~(np.abs(other) > ROUNDING)
            allowed = tolerances.RESIDUAL_Z + tolerances.RESIDUAL_Z_RELATIVE * np.abs(np.nan_to_num(other))
            assert told.any()
            assert_close(mine[told], other[told], allowed[told], np.flatnonzero(told))


@pytest.mark.parametrize("kind", METRICS)
@pytest.mark.parametrize("name", CASES)
def test_table_has_the_errors_of_lavaan(name: str, kind: str) -> None:
    case = case_of(name)
    table = residual_table(fit_of(name).solution, kind)
    assert tuple(table.columns) == TABLE_COLUMNS
    for number, label in enumerate(case.output["groups"] or [""]):
        theirs = case.output["detailed"][kind][number]
        part = table[table["group"] == label]
        square, means = matrix(theirs["cov.se"]), vector(theirs.get("mean.se", {}))
        expected = np.array([means[a] if op == "~1" else square.loc[a, b] for a, op, b in part.iloc[:, :3].to_numpy()])
        near = expected > 1.0 / ROUNDING
        names = part["lhs"] + part["op"] + part["rhs"]
        allowed = 2 * tolerances.STANDARD_ERROR_RELATIVE * expected
        assert_close(part["std_error"][near], expected[near], allowed[near], names[near])
        assert (part["std_error"][~near] == 0.0).all()
        np.testing.assert_array_equal(part["z"][near], (part["residual"] / part["std_error"])[near])
        assert part["p_value"][~near].isna().all()


@pytest.mark.parametrize("kind", METRICS)
@pytest.mark.parametrize("name", CASES)
def test_root_mean_squares(name: str, kind: str) -> None:
    case = case_of(name)
    ours = residual_summary(fit_of(name).solution, kind)
    assert tuple(ours.columns) == SUMMARY_COLUMNS
    assert set(ours["index"]) == {{"raw": "rmr", "cor.bentler": "srmr", "cor.bollen": "crmr"}[kind]}
    for number, label in enumerate(case.output["groups"] or [""]):
        part = ours[ours["group"] == label].set_index("moments")
        theirs = case.output["detailed"][kind][number]["summary"]
        assert list(part.index) == list(theirs)
        for moments, values in theirs.items():
            for column, value in zip(FIGURES, values.values(), strict=True):
                if column is None:
                    continue
                size = max(1.0, abs(value)) if column.endswith("_z") or kind == "raw" else 1.0
                allowed = tolerances.RESIDUAL_Z * size if column.endswith("_z") else tolerances.DERIVED * size
                allowed += tolerances.RESIDUAL_Z_RELATIVE * size
                assert part.loc[moments, column] == pytest.approx(value, abs=allowed), (moments, column)


# --- identities ---------------------------------------------------------------------------------------------------


def test_raw_residuals_and_implied_moments_make_the_sample() -> None:
    fitted = fit_of("sem_residuals/hs_means")
    covariance = residuals(fitted.solution) + fitted.implied
    np.testing.assert_allclose(covariance, fitted.solution.sample.covariance, rtol=tolerances.CLOSED_FORM_RELATIVE)
    mean = mean_residuals(fitted.solution) + fitted.implied_means
    np.testing.assert_allclose(mean, fitted.solution.sample.means[0], rtol=tolerances.CLOSED_FORM_RELATIVE)


@pytest.mark.parametrize("means", [False, True])
def test_the_errors_have_as_many_dimensions_as_there_are_degrees_of_freedom(means: bool) -> None:
    """With the metric V and moments of covariance 1 / V, the trace of V Q V^-1 Q' is df."""
    solution = fit(estimator="GLS", meanstructure=means)
    information = solution.inference.information
    lower = np.linalg.cholesky(information.of_moments(0, "expected"))
    table = residual_table(solution, "standardized")
    (part,) = module._groups(solution, "standardized")
    rotated = lower.T @ part.covariance("standardized") @ lower
    assert np.trace(rotated) * solution.sample.n == pytest.approx(solution.df, rel=tolerances.INVERSE_RELATIVE)
    assert len(table) == len(rotated)


def test_a_saturated_model_leaves_nothing() -> None:
    solution = fit("visual =~ x1 + x2 + x3", meanstructure=True)
    for kind in KINDS:
        assert np.abs(residuals(solution, kind).to_numpy()).max() < tolerances.DERIVED
        assert (mean_residuals(solution, kind) == 0.0).all() or kind == "normalized"
    summary = residual_summary(solution)
    assert (summary["estimate"] < tolerances.DERIVED).all()
    assert summary["unbiased"].isna().all()
    assert [note["code"] for note in summary.attrs["notes"]] == ["SEM_RESIDUALS_SATURATED"]


def test_rows_that_are_their_own_clusters() -> None:
    """Clusters of one row are rows, but for the factor n / (n - 1)."""
    data = holzinger().assign(row=range(len(holzinger())))
    one = residual_table(fit(data=data, cluster="row"), "standardized")
    other = residual_table(fit(data=data, estimator="MLR", meanstructure=True), "standardized")
    ratio = np.sqrt(len(data) / (len(data) - 1.0))
    lost = (other["std_error"] == 0.0).to_numpy()
    np.testing.assert_allclose(
        one["std_error"][~lost], ratio * other["std_error"][~lost], rtol=tolerances.INVERSE_RELATIVE
    )


def test_least_squares_takes_the_errors_of_the_moments_from_the_rows() -> None:
    """The metric of ULS and DWLS is not the inverse of the covariance matrix of the moments."""
    expected = residual_table(fit(estimator="MLM"), "normalized")["std_error"]
    for estimator in ("ULS", "ULSMV", "DWLS", "WLSM"):
        errors = residual_table(fit(estimator=estimator), "normalized")["std_error"]
        np.testing.assert_allclose(errors, expected, rtol=tolerances.CLOSED_FORM_RELATIVE)


# --- what is special ----------------------------------------------------------------------------------------------


def test_correlations_leave_no_diagonal() -> None:
    solution = fit_of("sem_residuals/hs_cfa").solution
    assert np.abs(np.diagonal(residuals(solution, "cor"))).max() < tolerances.CLOSED_FORM
    pd.testing.assert_frame_equal(residuals(solution, "cor"), residuals(solution, "cor.bollen"))
    table = residual_table(solution, "cor")
    assert len(table) == 9 * 8 / 2
    assert (table["lhs"] != table["rhs"]).all()
    assert len(residual_table(solution, "raw")) == 9 * 10 / 2


def test_given_moments_have_no_residual() -> None:
    solution = fit_of("sem_residuals/mimic").solution
    given = ["sex", "ageyr", "grade"]
    for kind in OVER_ERRORS:
        assert (residuals(solution, kind).loc[given, given] == 0.0).all(axis=None)
    table = residual_table(solution)
    assert not (table["lhs"].isin(given) & table["rhs"].isin(given)).any()
    assert (table["lhs"].isin(given) ^ table["rhs"].isin(given)).any()


def test_means_that_are_not_modelled_have_no_residual() -> None:
    solution = fit_of("sem_residuals/hs_cfa").solution
    assert (mean_residuals(solution, "standardized") == 0.0).all()
    assert "~1" not in set(residual_table(solution)["op"])
    assert list(residual_summary(solution)["moments"]) == ["cov"]


def test_a_difference_of_covariances_may_be_negative() -> None:
    solution = fit_of("sem_residuals/hs_cfa").solution
    square = residuals(solution, "standardized.mplus")
    (note,) = square.attrs["notes"]
    assert note["code"] == "SEM_RESIDUAL_NO_ERROR"
    lost = int(np.tril(square.isna()).sum())
    assert note["message"].startswith(f"{lost} residuals have no standard error")
    table = residual_table(solution, "standardized.mplus")
    assert table["std_error"].isna().sum() == lost
    assert table.attrs["notes"] == [note]


def test_a_residual_without_error_is_told() -> None:
    """Where the means do not fit, residual variances are not 0 but vary in second order only."""
    solution = fit_of("sem_residuals/hs_means").solution
    square = residuals(solution, "standardized")
    assert np.isnan(np.diagonal(square)).all()
    (note,) = square.attrs["notes"]
    assert note["code"] == "SEM_RESIDUAL_NO_ERROR"
    assert note["message"].startswith("9 residuals are not 0")


def test_close_fit_and_level_are_asked_for() -> None:
    solution = fit_of("sem_residuals/hs_cfa").solution
    usual, other = residual_summary(solution), residual_summary(solution, level=0.99, close=0.08)
    assert other["ci_low"][0] < usual["ci_low"][0] < usual["unbiased"][0] < usual["ci_high"][0] < other["ci_high"][0]
    assert other["close_fit_p_value"][0] > usual["close_fit_p_value"][0]
    with pytest.raises(ModelError) as raised:
        residual_summary(solution, level=90, close=0)
    assert len(raised.value.faults) == 2


@pytest.mark.parametrize("function", [residuals, mean_residuals, residual_table, residual_summary])
def test_unknown_kinds_are_refused(function: Any) -> None:
    with pytest.raises(UnsupportedError, match=r"Did you mean 'standardized'\?"):
        function(fit_of("sem_residuals/hs_cfa").solution, "standardised")


def test_a_summary_is_of_correlations_or_raw_residuals() -> None:
    with pytest.raises(UnsupportedError, match=r"choose raw, cor\.bentler or cor\.bollen"):
        residual_summary(fit_of("sem_residuals/hs_cfa").solution, "normalized")


def test_an_unidentified_model_has_raw_residuals_only() -> None:
    solution = fit("visual =~ x1 + x2\ntextual =~ x4 + x5\nvisual ~~ 0*textual")
    assert residuals(solution).notna().all(axis=None)
    for function in (residuals, residual_table):
        with pytest.raises(AnalysisError, match="converged, identified model"):
            function(solution, "standardized")


def test_least_squares_needs_rows_for_errors() -> None:
    names = [f"x{i}" for i in range(1, 10)]
    moments = {"sample_cov": holzinger()[names].cov(), "sample_n": len(holzinger())}
    solution = cs.cfa(THREE, estimator="ULS", **moments).solution
    assert residuals(solution, "cor").notna().all(axis=None)
    with pytest.raises(AnalysisError, match="computed from rows"):
        residual_summary(solution)
    table = residual_table(cs.cfa(THREE, **moments).solution)
    rows = residual_table(fit_of("sem_residuals/hs_cfa").solution)
    assert_close(table["z"], rows["z"], tolerances.RESIDUAL_Z, rows["lhs"])
