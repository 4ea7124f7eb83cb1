"""Moments of incomplete rows: both ways of taking a pattern agree, whatever the order of memory and variables."""

from __future__ import annotations

import numpy as np
import pytest

from crmstudy.kernels.covariance import em
from crmstudy.kernels.covariance.em import IncompleteRows, saturated_moments
from crmstudy.kernels.covariance.missing import missing_patterns


def _rows(n=400, p=9, rate=0.12, seed=3):
    """Whole-number answers with gaps, so that some patterns hold several rows that differ."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=(n, 1)) + rng.normal(size=(n, p)))
    values[rng.random((n, p)) < rate] = np.nan
    return values[~np.isnan(values).all(axis=1)]


def test_by_what_is_missing_as_by_what_is_there():
    values = _rows()
    patterns = missing_patterns(values)
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(50, 9))
    mean, covariance = rng.normal(size=9), noise.T @ noise / 50
    narrow, wide = (IncompleteRows.of(patterns, 9, many=many) for many in (1, 10**6))
    assert narrow.narrow
    assert not wide.narrow
    assert any(len(stack.spread) for stack in narrow.narrow)
    for one, other in zip(narrow.step(mean, covariance), wide.step(mean, covariance), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11)
    assert narrow.value(mean, covariance) == pytest.approx(wide.value(mean, covariance), rel=1e-12)
    assert narrow.squared_gaps(mean, covariance) == pytest.approx(wide.squared_gaps(mean, covariance), rel=1e-11)


def test_moments_do_not_depend_on_the_way(monkeypatch):
    values = _rows(seed=5)
    patterns = missing_patterns(values)
    usual = saturated_moments(patterns, 9)
    monkeypatch.setattr(em, "_MANY_PATTERNS", 10**6)
    rows = IncompleteRows.of(patterns, 9, many=10**6)
    (mean, covariance), _ = em._climb(rows, patterns)
    np.testing.assert_allclose(usual.mean, mean, atol=1e-8)
    np.testing.assert_allclose(usual.covariance, covariance, atol=1e-8)


def test_variables_that_nearly_follow_from_others_are_taken_the_safe_way():
    """A total beside its parts with a little noise: digits would be lost in the inverse of the whole matrix."""
    values = _rows(n=600, p=6, rate=0.15, seed=8)
    rng = np.random.default_rng(2)
    total = np.nansum(np.where(np.isnan(values), 0.0, values), axis=1) + 1e-4 * rng.normal(size=len(values))
    patterns = missing_patterns(np.column_stack([np.where(np.isnan(values), 0.0, values)[:, :3], values[:, 3:], total]))
    rows = IncompleteRows.of(patterns, 7, many=1)
    found = em._climb(rows, patterns)
    safe = em._climb(IncompleteRows.of(patterns, 7, many=10**6), patterns)
    assert (found is None) == (safe is None)
    if found is not None:
        np.testing.assert_allclose(found[0][1], safe[0][1], rtol=1e-5, atol=1e-7)


def test_patterns_do_not_depend_on_the_order_of_memory():
    values = _rows(n=60)
    one, other = missing_patterns(values), missing_patterns(np.asfortranarray(values))
    assert [pattern.rows.tolist() for pattern in one] == [pattern.rows.tolist() for pattern in other]
