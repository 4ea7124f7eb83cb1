"""The populations are what the page says they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import chi2, gamma

from crmstudy.fitted.fit import fit_model
from tests.calibration.populations import (
    BETWEEN,
    CLUSTER_SIZE,
    HEAVY_SHAPE,
    HOLED,
    HOLES_ABOVE,
    HOLES_BELOW,
    ITEMS,
    MEDIATED,
    RELATIVE_KURTOSIS,
    SECOND_GROUP,
    SKEWED_DF,
    WITHOUT,
    clusters,
    generators,
)
from tests.calibration.study import MODEL, TARGETS, _keep_estimates
from tests.tolerances import CLOSED_FORM, MONTE_CARLO_IN_SE, RECOVERY


@pytest.mark.parametrize("population", [MEDIATED, WITHOUT])
def test_population_moments_return_the_parameters(population):
    """Fitted to the population's own moments, the model gives back what the study compares with."""
    n = 10_000
    moments = pd.DataFrame(population.covariance * n / (n - 1), index=ITEMS, columns=ITEMS)
    means = pd.Series(population.intercept, index=ITEMS)
    fit = fit_model(MODEL, sample_cov=moments, sample_mean=means, sample_n=n)
    found: dict[str, float] = {}
    _keep_estimates(fit.solution, found)
    assert fit.solution.inference.chisq < n * RECOVERY
    for target in TARGETS:
        assert found[f"{target}|estimate"] == pytest.approx(population.truth()[target], abs=RECOVERY)


def test_factors_of_the_first_populations_have_variance_one():
    for population in (MEDIATED, WITHOUT):
        assert np.diagonal(population.factor_covariance) == pytest.approx(1.0, abs=CLOSED_FORM)
    assert SECOND_GROUP.loadings == MEDIATED.loadings
    assert SECOND_GROUP.variance_of_x != MEDIATED.variance_of_x


@pytest.mark.parametrize("shape", ["normal", "skewed", "heavy", "clustered"])
def test_generators_are_uncorrelated_with_variance_one(shape):
    n = 40_000
    rows = generators(n, shape, np.random.default_rng(1))
    effective = n / (CLUSTER_SIZE if shape == "clustered" else 1)
    kurtosis = {"skewed": 3 + 12 / SKEWED_DF, "heavy": 3 * RELATIVE_KURTOSIS}.get(shape, 3.0)
    products = rows.T @ rows / n
    assert np.abs(rows.mean(axis=0)).max() < MONTE_CARLO_IN_SE / np.sqrt(effective)
    assert np.abs(products - np.eye(12)).max() < MONTE_CARLO_IN_SE * np.sqrt((kurtosis - 1) / effective)


def test_moments_that_the_page_names():
    """Skewness and kurtosis of the skewed sources, relative kurtosis of elliptical rows, share of missing cells."""
    mean, variance, skewness, excess = chi2.stats(SKEWED_DF, moments="mvsk")
    assert (mean, variance) == (SKEWED_DF, 2 * SKEWED_DF)
    assert (round(float(skewness), 2), float(excess) + 3.0) == (1.63, pytest.approx(7.0, abs=CLOSED_FORM))
    scale = gamma(HEAVY_SHAPE, scale=1.0 / HEAVY_SHAPE)
    assert scale.mean() == pytest.approx(1.0, abs=CLOSED_FORM)
    second = quad(lambda w: w**2 * scale.pdf(w), 0.0, np.inf)[0]
    assert second == pytest.approx(RELATIVE_KURTOSIS, abs=RECOVERY)
    share = len(HOLED) / len(ITEMS) * (HOLES_ABOVE + HOLES_BELOW) / 2
    assert share == pytest.approx(0.10, abs=CLOSED_FORM)


def test_rows_miss_answers_by_the_observed_item_alone():
    n = 20_000
    random = np.random.default_rng(2)
    rows = MEDIATED.rows(n, "missing", random)
    missing = np.isnan(rows)
    driver = ITEMS.index("y1")
    above = rows[:, driver] > MEDIATED.intercept
    error = MONTE_CARLO_IN_SE * np.sqrt(0.25 / (n / 2))
    for at, name in enumerate(ITEMS):
        chances = (HOLES_ABOVE, HOLES_BELOW) if name in HOLED else (0.0, 0.0)
        for side, chance in zip((above, ~above), chances, strict=True):
            assert abs(missing[side, at].mean() - chance) <= (error if chance else 0.0)


def test_clusters_share_what_they_should():
    n = 20_000
    rows = generators(n, "clustered", np.random.default_rng(3))
    assert np.bincount(clusters(n)).tolist() == [CLUSTER_SIZE] * (n // CLUSTER_SIZE)
    means = rows.reshape(-1, CLUSTER_SIZE, 12).mean(axis=1)
    expected = BETWEEN + (1.0 - BETWEEN) / CLUSTER_SIZE
    error = expected * np.sqrt(2.0 / len(means))
    assert np.abs(means.var(axis=0) - expected).max() < MONTE_CARLO_IN_SE * error
