"""Proportional-odds regression: identities, invariances, recovery, and data without a finite maximum."""

from __future__ import annotations

import numpy as np
import pytest

from crmstudy.kernels.ordinal.regression import (
    CONVERGED,
    SEPARATED,
    is_separated,
    null_loglik,
    proportional_odds,
    pseudo_r_squared,
)
from tests import tolerances


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(500, 2)) * [4.0, 0.1] + [100.0, 3.0]
    latent = x @ [0.3, 6.0] + rng.logistic(size=500)
    return np.searchsorted(np.quantile(latent, [0.05, 0.3, 0.8, 0.97]), latent), x


def test_no_predictor_gives_the_shares(answers):
    y, _ = answers
    fit = proportional_odds(y, np.empty((len(y), 0)))
    shares = np.cumsum(np.bincount(y))[:-1] / len(y)
    assert fit.thresholds == pytest.approx(np.log(shares / (1 - shares)), rel=tolerances.CLOSED_FORM_RELATIVE)
    assert fit.loglik == pytest.approx(null_loglik(y), rel=tolerances.CLOSED_FORM_RELATIVE)


def test_two_categories_and_a_dichotomy_give_the_log_odds_ratio():
    table = np.array([[12, 30], [25, 9]])
    y = np.repeat([0, 1, 0, 1], table.ravel())
    x = np.repeat([0.0, 0.0, 1.0, 1.0], table.ravel())[:, None]
    fit = proportional_odds(y, x)
    assert fit.slopes[0] == pytest.approx(np.log(25**-1 * 9 / (30 / 12)), rel=1e-10)
    assert np.sqrt(fit.covariance[0, 0]) == pytest.approx(np.sqrt((1 / table).sum()), rel=1e-9)


def test_weights_stand_for_rows(answers):
    y, x = answers
    x = np.column_stack([np.round(x[:, 0]), np.round(x[:, 1], 1)])
    whole = proportional_odds(y, x)
    cells, counts = np.unique(np.column_stack([y, x]), axis=0, return_counts=True)
    folded = proportional_odds(cells[:, 0].astype(np.intp), cells[:, 1:], counts.astype(float))
    assert folded.loglik == pytest.approx(whole.loglik, rel=1e-12)
    assert folded.slopes == pytest.approx(whole.slopes, rel=1e-8)
    assert folded.covariance == pytest.approx(whole.covariance, rel=1e-8)


def test_units_of_predictors_do_not_matter(answers):
    y, x = answers
    fit, other = proportional_odds(y, x), proportional_odds(y, (x - 100.0) * [1e-3, 1e4])
    assert other.loglik == pytest.approx(fit.loglik, rel=1e-12)
    assert other.slopes * [1e-3, 1e4] == pytest.approx(fit.slopes, rel=1e-8)
    spread = np.sqrt(np.diagonal(fit.covariance))[:2]
    assert np.sqrt(np.diagonal(other.covariance))[:2] * [1e-3, 1e4] == pytest.approx(spread, rel=1e-7)


def test_turning_the_categories_turns_the_slopes(answers):
    y, x = answers
    fit, turned = proportional_odds(y, x), proportional_odds(4 - y, x)
    assert turned.slopes == pytest.approx(-fit.slopes, rel=1e-8)
    assert turned.thresholds == pytest.approx(-fit.thresholds[::-1], rel=1e-8)


def test_population_shares_give_population_parameters():
    x = np.repeat(np.arange(-2.0, 3.0), 4)[:, None]
    theta, slope = np.array([-1.0, 0.5, 2.0]), 0.7
    upper = 1 / (1 + np.exp(-(theta[None, :] - slope * np.arange(-2.0, 3.0)[:, None])))
    shares = np.diff(np.hstack([np.zeros((5, 1)), upper, np.ones((5, 1))]), axis=1)
    fit = proportional_odds(np.tile(np.arange(4), 5), x, shares.ravel() * 1000)
    assert fit.status == CONVERGED
    assert fit.slopes[0] == pytest.approx(slope, abs=tolerances.RECOVERY)
    assert fit.thresholds == pytest.approx(theta, abs=tolerances.RECOVERY)


@pytest.mark.parametrize(
    ("y", "x", "separated"),
    [
        ([0, 0, 0, 1, 1, 1], [0, 1, 2, 3, 4, 5], True),
        ([0, 0, 1, 0, 1, 1], [0, 1, 2, 2, 4, 5], True),  # they touch in one value only
        ([0, 0, 1, 1, 2, 2], [0, 1, 2, 3, 4, 5], True),
        ([0, 1, 0, 1, 2, 1], [0, 1, 2, 3, 4, 5], False),
        ([0, 1, 1, 2, 2, 2, 0], [0, 0, 0, 1, 1, 1, 0], True),  # the lower categories need x = 0
        ([0, 1, 1, 2, 2, 0, 1], [0, 0, 1, 1, 0, 1, 0], False),
    ],
)
def test_separation(y, x, separated):
    codes, design = np.array(y), np.array(x, dtype=float)[:, None]
    assert is_separated(codes, design) is separated
    assert (proportional_odds(codes, design).status == SEPARATED) is separated


def test_steep_but_finite():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(4000, 1))
    y = ((60 * x[:, 0] + rng.logistic(size=4000)) > 0).astype(np.intp)
    fit = proportional_odds(y, x)
    assert fit.status == CONVERGED
    assert abs(fit.slopes[0] - 60) < tolerances.MONTE_CARLO_IN_SE * np.sqrt(fit.covariance[0, 0])


def test_shares_by_hand():
    mcfadden, cox_snell, nagelkerke = pseudo_r_squared(-80.0, -100.0, 150.0)
    assert mcfadden == pytest.approx(0.2)
    assert cox_snell == pytest.approx(1 - np.exp(-40 / 150))
    assert nagelkerke == pytest.approx((1 - np.exp(-40 / 150)) / (1 - np.exp(-200 / 150)))


def test_small_samples_are_fitted_or_separated():
    """Newton's steps and the linear program agree on every draw, and no fit stops between."""
    rng = np.random.default_rng(11)
    seen = set()
    for _ in range(80):
        n, c = rng.integers(8, 60), rng.integers(2, 7)
        group, score = np.arange(n) % 2, rng.integers(5, 30, size=n).astype(float)
        latent = rng.choice([0.05, 0.3, 1.5]) * score + group * rng.choice([0, 3, 10]) + rng.logistic(size=n)
        bands = np.searchsorted(np.quantile(latent, np.linspace(0, 1, c + 1)[1:-1]), latent)
        codes = np.unique(bands, return_inverse=True)[1]
        design = np.column_stack([score, group, score * group])
        status = proportional_odds(codes, design).status
        assert status == (SEPARATED if is_separated(codes, design / design.std(axis=0)) else CONVERGED)
        seen.add(status)
    assert seen == {SEPARATED, CONVERGED}
