"""Chained equations: draws have the distribution they should, donors are near, chains do not touch each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from crmstudy.kernels.incomplete.clustered_regression import ClusterRows, draw_clustered
from crmstudy.kernels.incomplete.imputing import (
    RIDGE,
    Derived,
    Plan,
    Target,
    _Chains,
    impute_chains,
    least_squares,
    nearest_donors,
    scale_reduction,
)
from crmstudy.kernels.incomplete.logit import draw_logit, posterior_mode, probabilities
from crmstudy.kernels.resample import generator
from tests import tolerances

N, GAPS = 60, 20


def plan(method: str, seed: int = 1) -> Plan:
    """One target with gaps in the first rows, two complete predictors."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, N))
    y = 0.5 + x[0] - 0.3 * x[1] + rng.normal(size=N)
    rows = np.arange(N)
    start = np.vstack([np.ones(N), x, np.where(rows < GAPS, np.nan, y)])
    target = Target("y", 3, rows[:GAPS], rows[GAPS:], np.array([0, 1, 2]), method, y[GAPS:])
    return Plan(start, [target])


def streams(name: str, chain: int) -> np.random.Generator:
    return generator(1, name, str(chain))


def test_normal_draws_follow_the_predictive_distribution() -> None:
    """A new value given the others is a t on n - q degrees of freedom around the regression line."""
    whole = plan("norm")
    target, m = whole.targets[0], 4000
    values = impute_chains(whole, m, 1, streams).values[0]
    x, y = whole.start[:3, GAPS:].T, target.values
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ y
    df = len(y) - 3
    sigma = np.sqrt(((y - x @ beta) ** 2).sum() / df)
    for gap in (0, 7):
        new = whole.start[:3, gap]
        spread = sigma * np.sqrt(1 + new @ inverse @ new)
        drawn = (values[:, gap] - new @ beta) / spread
        assert stats.kstest(drawn, stats.t(df).cdf).pvalue > 1e-3
        assert drawn.mean() == pytest.approx(0, abs=tolerances.MONTE_CARLO_IN_SE / np.sqrt(m))
    # gaps of one data set share its drawn parameters, which is what makes the imputation proper
    one, other = whole.start[:3, 0], whole.start[:3, 7]
    expected = one @ inverse @ other * sigma**2 * df / (df - 2)
    found = np.cov(values[:, 0], values[:, 7])[0, 1]
    assert found == pytest.approx(expected, abs=tolerances.MONTE_CARLO_IN_SE * sigma**2 * 1.2 / np.sqrt(m))


def test_undrawn_parameters_are_the_estimates() -> None:
    whole = plan("norm")
    values = impute_chains(whole, 4000, 1, streams, drawn=False).values[0]
    assert abs(np.cov(values[:, 0], values[:, 7])[0, 1]) < 4 * values[:, 0].var() / np.sqrt(4000)


def test_matching_is_between_estimated_and_drawn_lines() -> None:
    """Every donated answer is one that was given, and its donor is among the nearest to the drawn prediction."""
    whole = plan("pmm")
    values = impute_chains(whole, 50, 3, streams, donors=3).values[0]
    assert np.isin(values, whole.targets[0].values).all()
    chains = impute_chains(whole, 10, 3, streams, donors=3).values[0]
    assert np.array_equal(values[:10], chains)


def test_nearest_donors() -> None:
    fitted = np.array([5.0, 1.0, 2.0, 9.0, 3.0])
    for chance in np.linspace(0, 0.999, 20):
        found = nearest_donors(
            fitted[None], np.array([[2.1, 100.0, -100.0]]), np.array([[[chance] * 3, [0.0] * 3]]), 2
        )[0]
        assert fitted[found[0]] in (2.0, 3.0)
        assert fitted[found[1]] in (9.0, 5.0)
        assert fitted[found[2]] in (1.0, 2.0)
    rng = np.random.default_rng(1)
    fitted, wanted = rng.normal(size=200), rng.normal(size=50)
    found = nearest_donors(fitted[None], wanted[None], rng.random((1, 2, 50)), 5)[0]
    for place, value in zip(found, wanted, strict=True):
        assert (np.abs(fitted - value) < abs(fitted[place] - value)).sum() < 5


def test_equal_fitted_values_are_all_donors() -> None:
    """With one predictor of two values there are two blocks of equal fitted values: all of a block may give."""
    fitted = np.repeat([0.0, 1.0], 50)
    rng = np.random.default_rng(2)
    found = nearest_donors(fitted[None], np.full((1, 4000), 0.1), rng.random((1, 2, 4000)), 5)
    assert (found < 50).all()
    assert len(set(found[0].tolist())) == 50
    assert nearest_donors(np.ones((1, 2)), np.zeros((1, 3)), rng.random((1, 2, 3)), 5).max() <= 1


def test_cross_products_give_the_regression() -> None:
    rng = np.random.default_rng(3)
    x = np.vstack([np.ones(40), rng.normal(size=(2, 40))])
    y = rng.normal(size=40)
    estimate, root, rest = least_squares((x @ x.T)[None], (x @ y)[None], np.array([y @ y]))
    exact, residual, *_ = np.linalg.lstsq(x.T, y, rcond=None)
    assert estimate[0] == pytest.approx(exact, abs=10 * RIDGE)
    assert rest[0] == pytest.approx(residual[0], rel=RIDGE)
    assert root[0] @ root[0].T == pytest.approx(x @ x.T, rel=2 * RIDGE, abs=1e-3)


@pytest.mark.parametrize("count", [10, 40])
def test_gaps_on_either_side_of_half_give_the_same_regression(count: int) -> None:
    """Observed rows are summed up directly, or by taking the gaps off the whole: the numbers are the same."""
    rng = np.random.default_rng(1)
    rows, y = rng.permutation(N), rng.normal(size=N)
    gaps, rest = np.sort(rows[:count]), np.sort(rows[count:])
    start = plan("norm").start.copy()
    start[3] = np.where(np.isin(np.arange(N), gaps), np.nan, y)
    target = Target("y", 3, gaps, rest, np.array([0, 1, 2]), "norm", y[rest])
    cross, moment, square = _Chains(Plan(start, [target]), range(2), streams, 5, True)._moments(target)
    x = start[:3, rest]
    for chain in range(2):
        assert cross[chain] == pytest.approx(x @ x.T, abs=1e-9)
        assert moment[chain] == pytest.approx(x @ y[rest], abs=1e-9)
        assert square[chain] == pytest.approx(y[rest] @ y[rest], abs=1e-9)


def test_derived_columns_follow_their_members() -> None:
    rng = np.random.default_rng(4)
    n = 80
    items = rng.normal(size=(3, n)) + rng.normal(size=n)
    holes = rng.random((3, n)) < 0.2
    start = np.vstack([np.ones(n), np.where(holes, np.nan, items), np.full(n, np.nan), np.full(n, np.nan)])
    clusters = ClusterRows(np.repeat(np.arange(8), 10), 8)
    weights = np.array([0.2, 0.3, 0.5])
    derived = [
        Derived(4, np.array([1, 2, 3]), weights),
        Derived(5, np.array([4]), np.ones(1), by_cluster=True),
    ]
    seen = {1: 3, 2: 1, 3: 1}
    targets = [
        Target(str(j), j, np.flatnonzero(hole), np.flatnonzero(~hole), np.array([0, seen[j]]), "pmm", row[~hole])
        for j, (row, hole) in enumerate(zip(items, holes, strict=True), start=1)
    ]
    chains = _Chains(Plan(start, targets, derived, {}, clusters), range(3), streams, 5, True)
    chains.run(2)
    work = chains.work
    assert work[:, 4] == pytest.approx(np.einsum("j,mjn->mn", weights, work[:, 1:4]))
    assert work[:, 5] == pytest.approx(np.repeat(work[:, 4].reshape(3, 8, 10).mean(axis=2), 10, axis=1))
    assert chains.products == pytest.approx(work @ work.transpose(0, 2, 1))


def test_clustered_draws_recover_the_variances() -> None:
    """The mean of drawn residual noise and the spread of drawn intercepts are those of the population."""
    rng = np.random.default_rng(5)
    count, size, m = 200, 10, 40
    codes = np.repeat(np.arange(count), size)
    x = np.vstack([np.ones(count * size), rng.normal(size=count * size)])
    y = 1 + 0.5 * x[1] + 0.6 * rng.normal(size=count)[codes] + 0.9 * rng.normal(size=count * size)
    rows = np.arange(count * size)
    observed, missing = rows[rows % 4 > 0], rows[rows % 4 == 0]
    clusters = ClusterRows(codes, count)
    xs, ys = np.repeat(x[None], m, 0), np.repeat(y[None], m, 0)
    seen, answers = xs[:, :, observed], ys[:, observed]
    fitted, predicted, noise = draw_clustered(
        clusters, observed, missing, xs, ys, seen @ seen.transpose(0, 2, 1), (seen @ answers[..., None])[..., 0],
        (answers**2).sum(axis=1), rng.standard_normal((m, 2)), [np.random.default_rng(k) for k in range(m)], RIDGE,
    )  # fmt: skip
    assert noise.var() == pytest.approx(0.81, rel=0.06)
    between = (predicted - 1 - 0.5 * x[1, missing])[:, : count * 2].reshape(m, -1)
    assert between.var() == pytest.approx(0.36, rel=0.2)
    assert fitted.shape == (m, len(observed))
    # what is left of the donors' answers has the residual variance, and nothing of it goes with the drawn intercepts
    left = y[observed] - fitted
    assert left.var() == pytest.approx(0.81, rel=0.06)
    drawn = fitted - 1 - 0.5 * x[1, observed]
    assert abs(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(drawn, left, strict=True)])) < 0.03


def test_logit_mode_and_information_against_differences() -> None:
    rng = np.random.default_rng(6)
    x = np.vstack([np.ones(100), rng.normal(size=(2, 100))])[None]
    codes = rng.integers(3, size=100)
    mode, information = posterior_mode(x, codes, 3)
    spread = x.std(axis=2)[0]

    def log_posterior(flat: np.ndarray) -> float:
        beta = flat.reshape(1, 2, 3)
        shares = probabilities(beta, x)[0]
        prior = (beta[0, :, 1:] ** 2 * spread[1:] ** 2).sum() / (2 * 2.5**2) + (beta[0, :, 0] ** 2).sum() / 200
        return float(np.log(shares[codes, np.arange(100)]).sum() - prior)

    at, step = mode.ravel(), 1e-4
    eye = np.eye(6) * step
    gradient = [(log_posterior(at + e) - log_posterior(at - e)) / (2 * step) for e in eye]
    assert np.abs(gradient).max() < 1e-5
    second = [
        [(log_posterior(at + a + b) - log_posterior(at + a - b) - log_posterior(at - a + b) + log_posterior(at - a - b))
         / (4 * step**2) for b in eye]
        for a in eye
    ]  # fmt: skip
    assert information[0] == pytest.approx(-np.array(second), abs=1e-3)


def test_separated_categories_stay_finite() -> None:
    x = np.vstack([np.ones(40), np.repeat([-1.0, 1.0], 20)])[None]
    codes = np.repeat([0, 1], 20)
    found, mode = draw_logit(x, codes, x, 2, [np.random.default_rng(1)])
    assert np.isfinite(mode).all()
    assert (found[0] == codes).mean() > 0.9


def test_shares_of_categories_are_kept() -> None:
    rng = np.random.default_rng(8)
    x = np.ones((50, 1, 500))
    codes = rng.choice(3, 500, p=[0.5, 0.3, 0.2])
    found, _ = draw_logit(x, codes, x, 3, [np.random.default_rng(k) for k in range(50)])
    shares = np.bincount(codes) / 500
    for level in range(3):
        of_sets = (found == level).mean(axis=1)
        assert of_sets.mean() == pytest.approx(shares[level], abs=0.02)
        # between sets: the draw of the share and that of the categories, about p(1 - p)/500 each
        assert of_sets.var() == pytest.approx(2 * shares[level] * (1 - shares[level]) / 500, rel=0.7)


def test_scale_reduction() -> None:
    rng = np.random.default_rng(9)
    settled = rng.normal(size=(400, 8, 3))
    assert scale_reduction(settled) == pytest.approx(np.ones(3), abs=0.02)
    apart = settled + np.arange(8)[:, None]
    assert (scale_reduction(apart) > 2).all()
    assert np.isnan(scale_reduction(settled[:1])).all()
    assert scale_reduction(np.ones((5, 4, 1)))[0] == 1.0
