"""Bootstrap intervals of lavaan from the same replicates, and rows turned until the model holds in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmstudy.kernels.covariance.bootstrap import bollen_stine_rows
from crmstudy.kernels.intervals import (
    basic_interval,
    bca_interval,
    bootstrap_errors,
    normal_interval,
    percentile_interval,
    regression_acceleration,
)
from tests import tolerances
from tests.reference import cases
from tests.reference.after import case_of, fit_of

MEDIATION = "sem_bootstrap/mediation"
TRANSFORMED = [name for name in cases("sem_bootstrap") if "transformed" in name]
LEVELS = (0.95, 0.9)
#: A closed form of recorded replicates, on the scale of the largest of them.
ABSOLUTE = tolerances.CLOSED_FORM * 10


def estimates() -> np.ndarray[Any, Any]:
    return np.array(case_of(MEDIATION).output["estimate"], dtype=float)


def replicates() -> np.ndarray[Any, Any]:
    case = case_of(MEDIATION)
    return pd.read_csv(case.folder / case.output["replicates"])[case.output["parameters"]].to_numpy(dtype=float)


def draws() -> np.ndarray[Any, Any]:
    case = case_of(MEDIATION)
    return pd.read_csv(case.folder / case.output["draws"]).to_numpy(dtype=float)


def assert_interval(found: Any, kind: str, level: float) -> None:
    theirs = case_of(MEDIATION).output["intervals"][f"level_{level}"][kind]
    for end in ("low", "high"):
        np.testing.assert_allclose(
            getattr(found, end), theirs[end], rtol=tolerances.R_CLOSED_FORM_RELATIVE, atol=ABSOLUTE
        )


def defined() -> np.ndarray[Any, Any]:
    return np.array([name in ("indirect", "total") for name in case_of(MEDIATION).output["parameters"]])


def errors() -> np.ndarray[Any, Any]:
    """Standard errors as lavaan has them: divisor b for parameters, b - 1 for what is defined by them."""
    b = len(replicates())
    return np.where(defined(), np.sqrt(b / (b - 1)), 1.0) * bootstrap_errors(replicates())


def test_errors_are_those_of_lavaan() -> None:
    theirs = case_of(MEDIATION).output["std_error"]
    np.testing.assert_allclose(errors(), theirs, rtol=tolerances.R_CLOSED_FORM_RELATIVE)


@pytest.mark.parametrize("level", LEVELS)
def test_percentiles(level: float) -> None:
    assert_interval(percentile_interval(replicates(), level), "perc", level)


@pytest.mark.parametrize("level", LEVELS)
def test_basic(level: float) -> None:
    assert_interval(basic_interval(estimates(), replicates(), level), "basic", level)


@pytest.mark.parametrize("level", LEVELS)
def test_normal(level: float) -> None:
    """For a defined parameter lavaan measures the bias to the definition at the means of the replicates."""
    names = case_of(MEDIATION).output["parameters"]
    mean = dict(zip(names, replicates().mean(axis=0), strict=True))
    centres = np.array([mean[name] for name in names])
    centres[names.index("indirect")] = mean["a"] * mean["b"]
    centres[names.index("total")] = mean["c"] + mean["a"] * mean["b"]
    found = normal_interval(estimates(), replicates(), level, errors=errors(), centres=centres)
    assert_interval(found, "norm", level)


@pytest.mark.parametrize("level", LEVELS)
def test_bias_corrected(level: float) -> None:
    assert_interval(bca_interval(estimates(), replicates(), level), "bca.simple", level)


def test_acceleration() -> None:
    """200 replicates of 75 rows leave the regression enough to stand on."""
    np.testing.assert_allclose(
        regression_acceleration(draws(), replicates()),
        case_of(MEDIATION).output["acceleration"],
        rtol=tolerances.INVERSE_RELATIVE,
    )


@pytest.mark.parametrize("level", LEVELS)
def test_bias_corrected_and_accelerated(level: float) -> None:
    acceleration = np.array(case_of(MEDIATION).output["acceleration"])
    assert_interval(bca_interval(estimates(), replicates(), level, acceleration=acceleration), "bca", level)


@pytest.mark.parametrize("name", TRANSFORMED)
def test_rows_in_which_the_model_holds(name: str) -> None:
    """Rows times the symmetric roots have the implied moments exactly, and are lavaan's at lavaan's implied moments."""
    case = case_of(name)
    implied, theirs = case.matrix("implied"), np.array(case.output["bollen_stine"]["values"], dtype=float)
    assert case.data is not None
    values = case.data[list(implied.index)].to_numpy(dtype=float)
    mean, covariance = values.mean(axis=0), np.cov(values, rowvar=False, ddof=0)
    turned = bollen_stine_rows(values, covariance, mean, implied.to_numpy())
    size = float(np.abs(implied.to_numpy()).max())
    centred = turned - turned.mean(axis=0)
    np.testing.assert_allclose(centred.T @ centred / len(values), implied, atol=tolerances.INVERSE_RELATIVE * size)
    shown = centred[case.output["rows"]]
    np.testing.assert_allclose(shown, theirs, atol=tolerances.INVERSE_RELATIVE * np.abs(theirs).max())


@pytest.mark.parametrize("name", TRANSFORMED)
def test_implied_moments_of_the_transformation_are_ours(name: str) -> None:
    case = case_of(name)
    implied = case.matrix("implied")
    gap = (fit_of(name).implied.loc[implied.index, implied.columns] - implied).to_numpy()
    assert np.abs(gap).max() <= tolerances.DERIVED * np.abs(implied.to_numpy()).max()
