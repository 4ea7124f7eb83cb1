"""Exploratory factors against psych, stats::factanal and GPArotation."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from crmstudy.measurement.factors.efa import efa
from crmstudy.measurement.factors.efa_result import EfaResult
from tests import tolerances
from tests.reference import Case, cases, load

#: How the criterion of GPArotation relates to ours; its equamax is another function with the same minimum.
_FACTOR = {"bifactor": 4.0, "bifactor_oblique": 4.0}


@cache
def asked(name: str) -> tuple[Case, EfaResult]:
    case = load(name)
    out = case.output
    assert case.data is not None
    options = dict(out["options"]) if out["options"] else {}
    normalize = "spss" if options.pop("kaiser_target", False) else bool(out["normalize"])
    if "target" in out:
        options["target"] = case.matrix("target").to_numpy()
    result = efa(
        case.data[out["columns"]],
        n_factors=out["n_factors"],
        extraction=out["extraction"],
        rotation=out["rotation"],
        normalize=normalize,
        **options,
    )
    return case, result


def square(table: pd.DataFrame) -> np.ndarray:
    return table.to_numpy(dtype=float)


@pytest.mark.parametrize("name", cases("efa"))
def test_extraction_reaches_the_minimum(name: str) -> None:
    case, ours = asked(name)
    exact = case.output["exact"]
    assert ours.fit["discrepancy"] <= exact["value"] + tolerances.DISCREPANCY
    assert ours.fit["gradient"] < tolerances.GRADIENT_IN_SE
    np.testing.assert_allclose(
        ours.tables["communalities"]["h2"], exact["communalities"], atol=tolerances.EFA_COMMUNALITY
    )


@pytest.mark.parametrize("name", cases("efa"))
def test_rotation(name: str) -> None:
    case, ours = asked(name)
    exact = case.output["exact"]
    loadings = ours.loadings.to_numpy()
    np.testing.assert_allclose(loadings, square(case.matrix("exact", "loadings")), atol=tolerances.EFA_LOADING)
    phi = square(case.matrix("exact", "phi"))
    np.testing.assert_allclose(square(ours.tables["factor_correlations"]), phi, atol=tolerances.EFA_LOADING)
    np.testing.assert_allclose(
        square(ours.tables["structure"].drop(columns="item")), loadings @ phi, atol=2 * tolerances.EFA_LOADING
    )
    rotation = case.output["rotation"]
    if exact["criterion"] is not None and rotation != "equamax":
        lowest = ours.tables["rotation"]["criterion"].min() * _FACTOR.get(rotation, 1.0)
        if not case.output["normalize"]:
            assert lowest <= exact["criterion"] + tolerances.EFA_LOADING
            assert lowest == pytest.approx(exact["criterion"], abs=tolerances.EFA_LOADING)


@pytest.mark.parametrize("name", cases("efa"))
def test_fit(name: str) -> None:
    case, ours = asked(name)
    theirs, fit, n = case.output["exact"]["figures"], ours.fit, case.output["n"]
    assert fit["df"] == theirs["dof"]
    assert fit["baseline_df"] == theirs["null_dof"]
    pairs = {
        "objective": "objective", "chisq": "chisq", "chisq_empirical": "chisq_empirical", "rmsr": "rmsr",
        "crms": "crms", "tli": "tli", "rmsea": "rmsea", "bic": "bic", "fit": "fit", "fit_off": "fit_off",
        "baseline_chisq": "null_chisq",
    }  # fmt: skip
    for own, other in pairs.items():
        if theirs[other] is None:
            assert np.isnan(fit[own])
        else:
            scale = theirs["chisq"] if own == "bic" else 1.0
            bound = {"rel": tolerances.EFA_FIT_RELATIVE, "abs": tolerances.EFA_FIT_RELATIVE * max(scale or 1.0, 1.0)}
            assert fit[own] == pytest.approx(theirs[other], **bound), own
    for own, other in (("pvalue", "pvalue"), ("pvalue_empirical", "pvalue_empirical")):
        if theirs[other] is not None:
            assert fit[own] == pytest.approx(theirs[other], rel=1e-4, abs=tolerances.CHISQ_P_VALUE)
    for own, other in (("rmsea_ci_lower", "rmsea_lower"), ("rmsea_ci_upper", "rmsea_upper")):
        if theirs[other] is not None:
            found, wanted = (value**2 * (n - 1) * theirs["dof"] for value in (fit[own], theirs[other]))
            assert found == pytest.approx(wanted, abs=tolerances.RMSEA_NONCENTRALITY * max(1.0, wanted))
    np.testing.assert_allclose(
        ours.tables["communalities"]["complexity"], theirs["complexity"], atol=tolerances.EFA_COMPLEXITY
    )


@pytest.mark.parametrize("name", [name for name in cases("efa") if "psych" in load(name).output])
def test_psych_as_it_is(name: str) -> None:
    case, ours = asked(name)
    psych, rotation = case.output["psych"], case.output["rotation"]
    near = tolerances.VARIMAX_LOADING if rotation in ("varimax", "promax") else tolerances.PSYCH_LOADING
    axes = case.output["extraction"] == "paf"
    near, shared = (tolerances.PSYCH_AXES,) * 2 if axes else (near, tolerances.PSYCH_COMMUNALITY)
    np.testing.assert_allclose(ours.loadings.to_numpy(), square(case.matrix("psych", "loadings")), atol=near)
    np.testing.assert_allclose(
        square(ours.tables["factor_correlations"]), square(case.matrix("psych", "phi")), atol=near
    )
    np.testing.assert_allclose(ours.tables["communalities"]["h2"], psych["communality"], atol=shared)
    variance = case.matrix("psych", "variance")
    table = ours.tables["variance"]
    np.testing.assert_allclose(table["ss_loadings"], variance.loc["SS loadings"], atol=len(ours.loadings) * near)
    np.testing.assert_allclose(table["proportion"], variance.loc["Proportion Var"], atol=near)
    if case.output["n_factors"] > 1:
        np.testing.assert_allclose(table["cumulative"], variance.loc["Cumulative Var"], atol=2 * near)
        np.testing.assert_allclose(table["of_explained"], variance.loc["Proportion Explained"], atol=4 * near)
    if case.output["extraction"] == "minres":
        residual = square(ours.tables["residuals"])
        squares = float((residual[np.tril_indices(len(residual), -1)] ** 2).sum())
        assert squares <= psych["residual_squares"] + tolerances.DISCREPANCY
    if case.output["extraction"] == "ml":
        assert ours.fit["objective"] <= psych["objective"] + tolerances.DISCREPANCY


@pytest.mark.parametrize("name", [name for name in cases("efa") if "factanal" in load(name).output])
def test_factanal(name: str) -> None:
    case, ours = asked(name)
    theirs = case.output["factanal"]
    assert ours.fit["discrepancy"] == pytest.approx(theirs["objective"], abs=tolerances.DISCREPANCY)
    assert ours.fit["chisq"] == pytest.approx(theirs["statistic"], rel=tolerances.EFA_FIT_RELATIVE)
    assert ours.fit["df"] == theirs["dof"]
    np.testing.assert_allclose(
        ours.tables["communalities"]["u2"], theirs["uniquenesses"], atol=tolerances.PSYCH_COMMUNALITY
    )


@pytest.mark.parametrize("name", cases("efa_errors"))
def test_standard_errors(name: str) -> None:
    case = load(name)
    out = case.output
    assert case.data is not None
    ours = efa(
        case.data,
        n_factors=out["n_factors"],
        extraction=out["extraction"],
        rotation=out["rotation"],
        normalize=bool(out["normalize"]),
    )
    theirs = square(case.matrix("std_error")).T.ravel()
    np.testing.assert_allclose(ours.estimates["std_error"], theirs, rtol=tolerances.EFA_STD_ERROR_RELATIVE)
    if ours.call["oblique"]:
        wanted = square(case.matrix("phi_std_error"))
        found = ours.tables["correlation_estimates"]["std_error"]
        np.testing.assert_allclose(
            found, wanted[np.triu_indices(len(wanted), 1)], rtol=tolerances.EFA_STD_ERROR_RELATIVE
        )


def test_heywood_case_is_marked() -> None:
    case, ours = asked("efa/holzinger_minres_heywood_5")
    bound = np.array(case.output["exact"]["uniquenesses"]) <= 0.005 + 1e-9
    assert bound.any()
    assert not ours.admissible
    named = next(note for note in ours.notes if note.code == "EFA_HEYWOOD").message
    for item, at_bound in zip(case.output["columns"], bound, strict=True):
        assert (item in named) == bool(at_bound)


@pytest.mark.parametrize("name", cases("efa_ordinal"))
def test_ordinal(name: str) -> None:
    case = load(name)
    out = case.output
    assert case.data is not None
    ours = efa(case.data[out["columns"]], n_factors=out["n_factors"], ordinal=True)
    near = tolerances.POLYCHORIC_FUNCTION
    np.testing.assert_allclose(ours.loadings.to_numpy(), square(case.matrix("loadings")), atol=near)
    np.testing.assert_allclose(square(ours.tables["factor_correlations"]), square(case.matrix("phi")), atol=near)
    psych = square(case.matrix("psych_loadings"))
    np.testing.assert_allclose(ours.loadings.to_numpy(), psych, atol=tolerances.PSYCH_LOADING)
    assert ours.fit["rmsr"] == pytest.approx(out["figures"]["rmsr"], abs=near)
    assert ours.fit["chisq"] == pytest.approx(out["figures"]["chisq"], rel=near)
    assert "EFA_ORDINAL_TESTS" in [note.code for note in ours.notes]
