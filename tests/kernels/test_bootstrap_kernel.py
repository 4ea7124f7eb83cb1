"""Moments of resampled rows, and rows in which a model holds."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from crmstudy.kernels.covariance.bootstrap import bollen_stine_rows, bootstrap_moments
from tests.reference import HERE
from tests.tolerances import CLOSED_FORM, CLOSED_FORM_RELATIVE


def _rows():
    return pd.read_csv(HERE / "data/democracy.csv")[["x1", "x2", "x3", "y1", "y2"]].to_numpy()


def _counts(n, count, seed):
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=count)


@pytest.mark.parametrize("ddof", [0, 1])
def test_moments_by_counts_are_those_of_the_resampled_rows(ddof):
    rows = _rows()
    counts = _counts(len(rows), 600, 1)
    covariances, means = bootstrap_moments(rows, counts, ddof=ddof)
    for times, s, mean in zip(counts, covariances, means, strict=True):
        drawn = np.repeat(rows, times, axis=0)
        np.testing.assert_allclose(s, np.cov(drawn.T, ddof=ddof), rtol=CLOSED_FORM, atol=CLOSED_FORM)
        np.testing.assert_allclose(mean, drawn.mean(axis=0), rtol=CLOSED_FORM)
    np.testing.assert_array_equal(covariances, covariances.transpose(0, 2, 1))


def test_a_far_origin_costs_no_digits():
    rows = _rows()
    counts = _counts(len(rows), 5, 2)
    near, _ = bootstrap_moments(rows, counts)
    far, means = bootstrap_moments(rows + 2.0**20, counts)
    np.testing.assert_allclose(far, near, rtol=1e-8)  # 2^20 takes 20 of the rows' own 52 bits
    np.testing.assert_allclose(means - 2.0**20, bootstrap_moments(rows, counts)[1], rtol=1e-8)


def test_weights_multiply_the_counts():
    rows = _rows()
    counts = _counts(len(rows), 20, 3)
    weights = np.random.default_rng(3).uniform(0.2, 3, len(rows))
    covariances, means = bootstrap_moments(rows, counts, weights=weights)
    for times, s, mean in zip(counts, covariances, means, strict=True):
        drawn = np.repeat(rows, times, axis=0)
        theirs = np.repeat(weights, times)
        np.testing.assert_allclose(s, np.cov(drawn.T, aweights=theirs, ddof=0), rtol=CLOSED_FORM, atol=CLOSED_FORM)
        np.testing.assert_allclose(mean, np.average(drawn, axis=0, weights=theirs), rtol=CLOSED_FORM)


def test_little_more_memory_than_the_result():
    rows = np.random.default_rng(4).normal(size=(400, 32))
    counts = _counts(400, 3000, 4)
    tracemalloc.start()
    covariances, means = bootstrap_moments(rows, counts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < covariances.nbytes + means.nbytes + 20e6


def test_transformed_rows_have_the_implied_moments():
    rows = _rows()
    s, mean = np.cov(rows.T, ddof=0), rows.mean(axis=0)
    sigma = np.diag(np.arange(1.0, 6.0)) + 0.3
    mu = np.arange(5.0)
    moved = bollen_stine_rows(rows, s, mean, sigma, mu)
    np.testing.assert_allclose(np.cov(moved.T, ddof=0), sigma, rtol=CLOSED_FORM_RELATIVE)
    np.testing.assert_allclose(moved.mean(axis=0), mu, atol=CLOSED_FORM)
    np.testing.assert_allclose(bollen_stine_rows(rows, s, mean, sigma).mean(axis=0), mean, rtol=CLOSED_FORM)


def test_rows_in_which_the_model_holds_stay_as_they_are():
    rows = _rows()
    s, mean = np.cov(rows.T, ddof=0), rows.mean(axis=0)
    np.testing.assert_allclose(bollen_stine_rows(rows, s, mean, s, mean), rows, rtol=CLOSED_FORM_RELATIVE, atol=1e-10)


def test_the_transformation_is_the_product_of_symmetric_roots():
    rows = _rows()
    s, mean = np.cov(rows.T, ddof=0), rows.mean(axis=0)
    sigma = np.diag(np.diagonal(s))
    turn = np.linalg.lstsq(rows - mean, bollen_stine_rows(rows, s, mean, sigma, 0 * mean), rcond=None)[0]
    root = turn @ np.diag(1 / np.sqrt(np.diagonal(sigma)))  # the inverse root of S, which must be symmetric
    np.testing.assert_allclose(root, root.T, atol=CLOSED_FORM_RELATIVE)
    np.testing.assert_allclose(root @ s @ root, np.eye(5), atol=CLOSED_FORM_RELATIVE)


def test_a_singular_sample_cannot_be_transformed():
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        bollen_stine_rows(np.zeros((4, 2)), np.zeros((2, 2)), np.zeros(2), np.eye(2))
