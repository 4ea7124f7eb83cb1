"""Implied moments and the derivatives gathered from them."""

from __future__ import annotations

import numpy as np
import pytest

from crmstudy.kernels.covariance.structure import curvature, gradient_of, implied_moments, moment_slopes
from tests.kernels.structures import MODELS, laid, slopes_by_difference


@pytest.mark.parametrize("means", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_slopes_of_the_moments_equal_differences(name: str, means: bool) -> None:
    model = laid(name, means=means)
    layout, theta = model.placement.layout, model.near()
    p = layout.shape[0]
    rows = np.tril_indices(p)

    def moments(at: np.ndarray) -> np.ndarray:
        implied = implied_moments(layout, at)
        return np.concatenate([implied.mu, implied.sigma[rows]])

    found = moment_slopes(layout, implied_moments(layout, theta), model.table.n_free, means=True)
    np.testing.assert_allclose(found, slopes_by_difference(moments, theta).T, atol=1e-8)


@pytest.mark.parametrize("name", MODELS)
def test_gradient_and_curvature_of_a_linear_function_of_the_moments(name: str) -> None:
    model = laid(name, means=True)
    layout, theta, q = model.placement.layout, model.near(), model.table.n_free
    rng = np.random.default_rng(1)
    p = layout.shape[0]
    by_sigma, by_mu = rng.normal(size=(p, p)), rng.normal(size=p)
    by_sigma = by_sigma + by_sigma.T

    def gradient(at: np.ndarray) -> np.ndarray:
        return gradient_of(layout, implied_moments(layout, at), by_sigma, by_mu, q)

    def value(at: np.ndarray) -> float:
        implied = implied_moments(layout, at)
        return float(np.sum(by_sigma * implied.sigma) + by_mu @ implied.mu)

    np.testing.assert_allclose(gradient(theta), slopes_by_difference(value, theta), atol=1e-7)
    second = layout.elements.collect(curvature(layout, implied_moments(layout, theta), by_sigma, by_mu), q)
    np.testing.assert_allclose(second, slopes_by_difference(gradient, theta), atol=1e-7)


def test_a_scaling_factor_multiplies_rows_and_columns_of_sigma() -> None:
    model = laid("scaled")
    theta = model.start.copy()
    at = (
        next(row.free - 1 for row in model.table.rows if row.op == "~*~")
        if any(row.op == "~*~" and row.free for row in model.table.rows)
        else None
    )
    layout = model.placement.layout
    if at is None:  # fixed at 1 unless freed
        matrix, i, j = next(
            spot for row, spot in zip(model.table.rows, model.placement.places, strict=True) if row.op == "~*~"
        )
        plain = implied_moments(layout, theta).sigma
        layout.fixed[matrix][i, j] = 1.5
    else:
        plain = implied_moments(layout, theta).sigma
        theta[at] *= 1.5
    scale = np.where(np.array(model.table.observed) == "x2", 1.5, 1.0)
    np.testing.assert_allclose(implied_moments(layout, theta).sigma, plain * np.outer(scale, scale), rtol=1e-12)
