"""Polychoric correlations, thresholds and their asymptotic covariances against lavaan."""

from __future__ import annotations

import numpy as np
import pytest

from crmstudy.kernels.moments import Array
from crmstudy.kernels.ordinal.polychoric import PolychoricMoments, polychoric, polychoric_gamma, polychoric_std_errors
from crmstudy.kernels.ordinal.polyserial import mixed_correlations, mixed_gamma
from tests import tolerances
from tests.reference import Case, cases, load

ORDINAL = [name for name in cases("polychoric") if "mixed" not in name]


def asked(name: str) -> tuple[Case, PolychoricMoments]:
    case = load(name)
    theirs, data = case.output, case.data
    assert data is not None
    if theirs["rows"]:
        data = data.iloc[: theirs["rows"]]
    if theirs["missing"] == "listwise":
        data = data.dropna()
    weights = data[theirs["weights"]].to_numpy() if theirs["weights"] else None
    values = data[theirs["items"]].to_numpy(dtype=float)
    found = polychoric(values, weights=weights, zero_add=tuple(theirs["zero_add"]))
    assert found.n == theirs["n"]
    return case, found


@pytest.mark.parametrize("name", ORDINAL)
def test_thresholds(name: str) -> None:
    case, ours = asked(name)
    theirs = list(case.output["thresholds"].values())
    np.testing.assert_allclose(np.concatenate(ours.thresholds), theirs, rtol=0.0, atol=tolerances.CLOSED_FORM)


@pytest.mark.parametrize("name", ORDINAL)
def test_correlations(name: str) -> None:
    case, ours = asked(name)
    theirs = case.matrix("correlation").to_numpy()
    assert ours.converged.all()
    inside = ~ours.at_boundary
    np.testing.assert_allclose(ours.correlation[inside], theirs[inside], rtol=0.0, atol=tolerances.POLYCHORIC)
    # where the likelihood has no maximum both give up at a place of their own, where it is flat
    np.testing.assert_allclose(ours.correlation, theirs, rtol=0.0, atol=tolerances.POLYCHORIC_FLAT)


@pytest.mark.parametrize("name", [name for name in cases("polychoric") if "mixed" in name])
def test_ordinal_and_continuous_variables_together(name: str) -> None:
    case = load(name)
    theirs, data = case.output, case.data
    assert data is not None
    data = data.dropna() if theirs["missing"] == "listwise" else data
    ordinal = np.array([item in theirs["ordered"] for item in theirs["items"]])
    ours = mixed_correlations(data[theirs["items"]].to_numpy(dtype=float), ordinal)
    correlations, covariances = case.matrix("correlation").to_numpy(), case.matrix("covariance").to_numpy()
    np.testing.assert_allclose(ours.correlation, correlations, rtol=0.0, atol=tolerances.POLYCHORIC)
    np.testing.assert_allclose(ours.covariance, covariances, rtol=tolerances.POLYCHORIC_FUNCTION)
    assert_same_gamma(mixed_gamma(ours), case)


def assert_same_gamma(ours: Array, case: Case) -> None:
    """Its diagonal, and two products with known vectors that stand for the whole matrix."""
    diagonal = np.array(case.output["gamma_diagonal"], dtype=float)
    np.testing.assert_allclose(np.diag(ours), diagonal, rtol=tolerances.GAMMA_RELATIVE)
    numbers = np.arange(1, len(ours) + 1)
    for wave, name in ((np.sin, "gamma_sines"), (np.cos, "gamma_cosines")):
        product = np.array(case.output[name], dtype=float)
        within = tolerances.GAMMA_RELATIVE * np.abs(product).max()
        np.testing.assert_allclose(ours @ wave(numbers), product, rtol=0.0, atol=within)


@pytest.mark.parametrize("name", ORDINAL)
def test_asymptotic_covariances(name: str) -> None:
    case, ours = asked(name)
    gamma = polychoric_gamma(ours)
    first = len(gamma) - len(ours.lower)
    kept = np.concatenate([np.ones(first, dtype=bool), ~ours.at_boundary[ours.pairs]])
    theirs = np.array(case.output["gamma_diagonal"], dtype=float)
    np.testing.assert_allclose(np.diag(gamma)[kept], theirs[kept], rtol=tolerances.GAMMA_RELATIVE)
    if kept.all():
        assert_same_gamma(gamma, case)
    thresholds, correlations = polychoric_std_errors(ours)
    both = np.concatenate([thresholds, correlations[ours.pairs]])
    np.testing.assert_allclose(both**2 * ours.n, np.diag(gamma), rtol=tolerances.CLOSED_FORM_RELATIVE)
