"""Score tests as algebra: efficient information, joint tests, and what holds a constraint back."""

from __future__ import annotations

import numpy as np
import pytest

from crmstudy.kernels.covariance.constrained import null_space
from crmstudy.kernels.covariance.score import directions_of, releases_of, releases_of_last
from tests import tolerances

RNG = np.random.default_rng(20)
ROOT = RNG.normal(size=(9, 6))
INFORMATION = ROOT.T @ ROOT
SCORE = np.concatenate([np.zeros(4), RNG.normal(size=2)])


def inverse_corner(information: np.ndarray, size: int) -> np.ndarray:
    return np.linalg.inv(information)[-size:, -size:]


def test_efficient_information_is_the_corner_of_the_inverse() -> None:
    releases = releases_of_last(SCORE, INFORMATION, None, 4, 100.0)
    for number in range(2):
        kept = [0, 1, 2, 3, 4 + number]
        corner = inverse_corner(INFORMATION[np.ix_(kept, kept)], 1)[0, 0]
        expected = 100.0 * SCORE[4 + number] ** 2 * corner
        assert releases.statistics[number] == pytest.approx(expected, rel=tolerances.CLOSED_FORM_RELATIVE)
        assert releases.changes[number] == pytest.approx(
            SCORE[4 + number] * corner, rel=tolerances.CLOSED_FORM_RELATIVE
        )


def test_joint_statistic_is_the_quadratic_form_of_all_scores() -> None:
    releases = releases_of_last(SCORE, INFORMATION, None, 4, 100.0)
    test = releases.joint(np.arange(2))
    expected = 100.0 * SCORE @ np.linalg.inv(INFORMATION) @ SCORE
    assert test.statistic == pytest.approx(expected, rel=tolerances.CLOSED_FORM_RELATIVE)
    assert (test.df, test.rank) == (2, 2)
    changes = releases.joint_changes(np.arange(2))
    assert changes is not None
    np.testing.assert_allclose(changes, (np.linalg.inv(INFORMATION) @ SCORE)[4:], rtol=tolerances.CLOSED_FORM_RELATIVE)


def test_own_parameters_move_within_their_constraints() -> None:
    """Two parameters held equal are one: the same as a model with one parameter in their place."""
    jacobian = np.array([[1.0, -1.0, 0.0, 0.0]])
    merged = np.zeros((6, 5))
    merged[[0, 1], 0] = 1.0
    merged[[2, 3, 4, 5], [1, 2, 3, 4]] = 1.0
    releases = releases_of_last(SCORE, INFORMATION, null_space(jacobian), 4, 50.0)
    other = releases_of_last(merged.T @ SCORE, merged.T @ INFORMATION @ merged, None, 3, 50.0)
    np.testing.assert_allclose(releases.statistics, other.statistics, rtol=tolerances.CLOSED_FORM_RELATIVE)
    np.testing.assert_allclose(releases.changes, other.changes, rtol=tolerances.CLOSED_FORM_RELATIVE)


def test_a_direction_that_copies_the_models_own_is_not_identified() -> None:
    copy = np.hstack([np.eye(6), np.eye(6)[:, :1]])
    information = copy.T @ INFORMATION @ copy
    releases = releases_of_last(copy.T @ SCORE, information, None, 4, 10.0)
    assert np.isnan(releases.statistics).tolist() == [False, False, True]
    test = releases.joint(np.arange(3))
    assert (test.df, test.rank) == (3, 2)
    assert test.p_of_rank < test.p_value
    assert releases.joint_changes(np.arange(3)) is None


def test_units_do_not_matter() -> None:
    scale = np.array([1e-6, 1.0, 1e4, 1e-3, 1e5, 1e-4])
    information = INFORMATION * np.multiply.outer(scale, scale)
    plain = releases_of_last(SCORE, INFORMATION, None, 4, 10.0)
    scaled = releases_of_last(SCORE * scale, information, None, 4, 10.0)
    np.testing.assert_allclose(scaled.statistics, plain.statistics, rtol=tolerances.INVERSE_RELATIVE)
    np.testing.assert_allclose(scaled.changes * scale[4:], plain.changes, rtol=tolerances.INVERSE_RELATIVE)
    both = np.arange(2)
    assert scaled.joint(both).statistic == pytest.approx(plain.joint(both).statistic, rel=tolerances.INVERSE_RELATIVE)


def test_each_direction_lets_one_constraint_give_way() -> None:
    jacobian = RNG.normal(size=(3, 6))
    independent, directions = directions_of(jacobian)
    assert independent.tolist() == [0, 1, 2]
    np.testing.assert_allclose(jacobian @ directions, np.eye(3), atol=tolerances.CLOSED_FORM)


def test_a_constraint_that_follows_from_the_others_is_dropped() -> None:
    jacobian = RNG.normal(size=(2, 6))
    independent, directions = directions_of(
        np.vstack([jacobian[0], 2.0 * jacobian[0], jacobian[1], jacobian.sum(axis=0)])
    )
    assert independent.tolist() == [0, 2]
    assert directions.shape == (6, 2)


def test_releasing_constraints_is_adding_what_they_hold() -> None:
    """A parameter that a constraint holds at 0 is a parameter that the model does not have."""
    jacobian = np.eye(6)[4:]
    _, directions = directions_of(jacobian)
    released = releases_of(SCORE, INFORMATION, null_space(jacobian), directions, 30.0)
    added = releases_of_last(SCORE, INFORMATION, None, 4, 30.0)
    np.testing.assert_allclose(released.statistics, added.statistics, rtol=tolerances.CLOSED_FORM_RELATIVE)
    np.testing.assert_allclose(released.changes, added.changes, rtol=tolerances.CLOSED_FORM_RELATIVE)
