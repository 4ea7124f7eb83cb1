import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.kernels import regression as kernel
from tests import tolerances


@st.composite
def problems(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n, p = draw(st.integers(12, 40)), draw(st.integers(2, 5))
    design = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1)) * rng.uniform(0.1, 50, p - 1)])
    return design, design @ rng.normal(size=p) + rng.normal(size=n) * rng.uniform(0.5, 3)


def problem(seed=0, n=40, p=4):
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])
    return design, design @ np.arange(1.0, p + 1) + rng.normal(size=n) * (1 + np.abs(design[:, 1]))


@given(problems())
def test_residuals_are_orthogonal_to_the_design_and_leverages_add_up(given_problem):
    design, outcome = given_problem
    fit = kernel.least_squares(design, outcome)
    assert design.T @ fit.residuals == pytest.approx(np.zeros(design.shape[1]), abs=1e-8 * np.abs(design).max() * 40)
    assert fit.leverage.sum() == pytest.approx(design.shape[1], rel=1e-10)
    assert fit.inverse @ (design.T @ design) == pytest.approx(np.eye(design.shape[1]), abs=1e-7)


@given(problems(), st.sampled_from(kernel.STANDARD_ERRORS))
def test_units_of_the_outcome_scale_coefficients_and_errors_alike(given_problem, kind):
    design, outcome = given_problem
    fit, scaled = kernel.least_squares(design, outcome), kernel.least_squares(design, 10 * outcome)
    assert scaled.coefficients == pytest.approx(10 * fit.coefficients, rel=1e-8, abs=1e-8)
    cov, big = (np.diag(kernel.coefficient_covariance(f, kind)) for f in (fit, scaled))
    assert big == pytest.approx(100 * cov, rel=1e-8)


def test_exact_data_are_reproduced():
    design, _ = problem()
    fit = kernel.least_squares(design, design @ np.array([4.0, -1.0, 0.5, 2.0]))
    assert fit.coefficients == pytest.approx([4.0, -1.0, 0.5, 2.0], rel=1e-12)
    assert fit.rss == pytest.approx(0.0, abs=1e-24)


def test_hc3_is_the_sandwich_of_deleted_residuals():
    """e_i / (1 - h_i) is the error of row i predicted by the others."""
    design, outcome = problem(n=15, p=3)
    deleted = np.array(
        [
            outcome[i] - design[i] @ np.linalg.lstsq(np.delete(design, i, 0), np.delete(outcome, i), rcond=None)[0]
            for i in range(15)
        ]
    )
    inverse = np.linalg.inv(design.T @ design)
    sandwich = inverse @ (design.T * deleted**2) @ design @ inverse
    assert kernel.coefficient_covariance(kernel.least_squares(design, outcome), "HC3") == pytest.approx(
        sandwich, rel=1e-9
    )


def test_robust_errors_grow_from_hc0_to_hc3():
    fit = kernel.least_squares(*problem())
    errors = [np.diag(kernel.coefficient_covariance(fit, kind)) for kind in ("HC0", "HC2", "HC3")]
    assert (errors[0] < errors[1]).all()
    assert (errors[1] < errors[2]).all()
    assert np.diag(kernel.coefficient_covariance(fit, "HC1")) == pytest.approx(errors[0] * 40 / 36)


def test_an_unknown_kind_of_errors_is_refused():
    with pytest.raises(ValueError, match="not 'HC9'"):
        kernel.coefficient_covariance(kernel.least_squares(*problem()), "HC9")


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda d: d, ()),
        (lambda d: np.column_stack([d, d[:, 1] + d[:, 2]]), (4,)),
        (lambda d: np.column_stack([d, np.full(len(d), 3.0)]), (4,)),
        (lambda d: np.column_stack([d[:, 0], d[:, 0] * 0, d[:, 1], 2 * d[:, 1] - 1, d[:, 3]]), (1, 3)),
    ],
)
def test_dependent_columns_are_those_the_earlier_ones_give(make, expected):
    assert kernel.dependent_columns(make(problem()[0])) == expected


def test_columns_on_very_different_scales_are_not_taken_for_dependent():
    design = problem()[0] * np.array([1.0, 1e-9, 1e9, 1e4])
    assert kernel.dependent_columns(design) == ()
    years = np.column_stack([np.ones(5), np.arange(2020.0, 2025.0)])
    assert kernel.dependent_columns(years) == ()


def test_the_f_test_of_one_term_is_its_t_test_squared():
    design, outcome = problem()
    fit = kernel.least_squares(design, outcome)
    cov = kernel.coefficient_covariance(fit, "HC3")
    statistics, p_values, low, high = kernel.t_test(fit.coefficients, np.sqrt(np.diag(cov)), fit.df_resid, 0.95)
    f, p = kernel.wald_f(fit.coefficients[2:3], cov[2:3, 2:3], fit.df_resid)
    assert f == pytest.approx(statistics[2] ** 2, rel=1e-10)
    assert p == pytest.approx(p_values[2], rel=1e-9)
    assert ((low < fit.coefficients) & (fit.coefficients < high)).all()


def test_wald_with_the_classical_covariance_is_the_test_of_nested_models():
    design, outcome = problem()
    fit = kernel.least_squares(design, outcome)
    cov = kernel.coefficient_covariance(fit, "classical")
    small = kernel.least_squares(design[:, :2], outcome)
    wald = kernel.wald_f(fit.coefficients[2:], cov[2:, 2:], fit.df_resid)
    assert wald == pytest.approx(kernel.nested_f(small.rss, fit.rss, 2, fit.df_resid), rel=1e-9)


def test_inflation_of_single_columns_is_one_over_what_the_others_leave():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(60, 3)) + rng.normal(size=(60, 1))
    found = kernel.inflation(np.corrcoef(values.T), [[0], [1], [2]])
    for j in range(3):
        others = np.column_stack([np.ones(60), np.delete(values, j, axis=1)])
        rss = kernel.least_squares(others, values[:, j]).rss
        total = ((values[:, j] - values[:, j].mean()) ** 2).sum()
        assert found[j] == pytest.approx(total / rss, rel=1e-9)


def test_inflation_of_a_term_does_not_depend_on_its_coding():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(60, 4)) + rng.normal(size=(60, 1))
    recoded = values.copy()
    recoded[:, 1:3] = values[:, 1:3] @ np.array([[1.0, 2.0], [-1.0, 1.0]])
    groups = [[0], [1, 2], [3]]
    assert kernel.inflation(np.corrcoef(recoded.T), groups) == pytest.approx(
        kernel.inflation(np.corrcoef(values.T), groups), rel=1e-9
    )


def test_orthogonal_predictors_are_not_inflated():
    assert kernel.inflation(np.eye(3), [[0], [1], [2]]) == pytest.approx([1.0, 1.0, 1.0])


def test_cooks_distance_is_the_shift_of_all_fitted_values():
    design, outcome = problem(n=15, p=3)
    fit = kernel.least_squares(design, outcome)
    without = np.linalg.lstsq(np.delete(design, 4, 0), np.delete(outcome, 4), rcond=None)[0]
    shift = design @ (fit.coefficients - without)
    assert kernel.cooks_distances(fit)[4] == pytest.approx(shift @ shift / (3 * fit.sigma**2), rel=1e-9)


def test_a_row_with_its_own_coefficient_is_found():
    design, outcome = problem()
    own = np.zeros(40)
    own[7] = 1.0
    fit = kernel.least_squares(np.column_stack([design, own]), outcome)
    assert kernel.full_leverage(fit).tolist() == [7]


def test_breusch_pagan_holds_its_level_and_sees_unequal_spread():
    """Null: the variance does not depend on the predictors; then p < .05 in 5 % of samples."""
    rng, samples = np.random.default_rng(20261121), 1500
    design = np.column_stack([np.ones(80), rng.normal(size=80)])
    p_values = [kernel.breusch_pagan(kernel.least_squares(design, rng.normal(size=80)))[2] for _ in range(samples)]
    assert abs(np.mean(np.array(p_values) < 0.05) - 0.05) < tolerances.MONTE_CARLO_IN_SE * np.sqrt(
        0.05 * 0.95 / samples
    )
    wide = np.column_stack([np.ones(400), np.linspace(0, 3, 400)])
    assert kernel.breusch_pagan(kernel.least_squares(wide, rng.normal(size=400) * wide[:, 1]))[2] < 0.001


def test_jarque_bera_by_hand():
    # -1, 1 in equal numbers: skewness 0, excess kurtosis -2, so n / 6 * 1
    statistic, df, p = kernel.jarque_bera(np.array([-1.0, 1.0] * 6))
    assert (statistic, df) == (pytest.approx(2.0), 2)
    assert p == pytest.approx(np.exp(-1.0))
