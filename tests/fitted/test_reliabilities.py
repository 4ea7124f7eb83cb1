"""Alpha, omega and AVE of the factors of a fitted model, against semTools and by closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.fitted.measured import measurements
from crmstudy.fitted.reliabilities import COLUMNS, measurement_of, reliabilities
from crmstudy.kernels.reliability.coefficients import alpha
from tests import tolerances
from tests.reference.after import case_of, fit_of

CASES = [f"validity_more/{name}" for name in ("hs_covariance", "crm_bifactor", "crm_second_order", "hs_second_order")]
SOURCES = {
    "omega_observed": "omega_observed", "omega_implied": "omega_implied", "alpha": "alpha",
    "higher_observed": "omega_observed", "higher_implied": "omega_implied",
}  # fmt: skip


def holzinger() -> pd.DataFrame:
    data = case_of("validity_more/hs_covariance").data
    assert data is not None
    return data.copy()


def table_of(model: str, **keywords: Any) -> pd.DataFrame:
    return reliabilities(cs.sem(model, holzinger(), **keywords).solution)


# --- against semTools ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_reliabilities(name: str) -> None:
    ours = reliabilities(fit_of(name).solution).set_index("factor")
    compared = 0
    for source, column in SOURCES.items():
        for factor, value in case_of(name).output["reliability"].get(source, {}).items():
            assert ours.loc[factor, column] == pytest.approx(value, abs=tolerances.DERIVED), (factor, column)
            compared += 1
    assert compared >= 3 * (len(ours) - 1)


def test_reliabilities_of_groups() -> None:
    ours = reliabilities(fit_of("validity_more/hs_groups").solution)
    assert tuple(ours.columns) == ("group", *COLUMNS)
    for column in ("omega_observed", "omega_implied", "alpha"):
        for theirs in case_of("validity_more/hs_groups").output["reliability"][column].values():
            part = ours[ours["group"] == theirs["group"]].set_index("factor")
            for factor in part.index:
                assert part.loc[factor, column] == pytest.approx(theirs[factor], abs=tolerances.DERIVED)


@pytest.mark.parametrize("name", ["hs_cfa", "mobi_cfa3", "mobi_cfa4"])
def test_by_the_formulas(name: str) -> None:
    case = case_of(f"validity/{name}")
    assert case.data is not None
    ours = reliabilities(cs.cfa(case.model, case.data).solution).set_index("factor")
    assert tuple(ours.columns) == COLUMNS[1:]
    for factor, theirs in case.output["factors"].items():
        assert ours.loc[factor, "items"] == len(theirs["items"])
        for column, source in (("omega", "omega"), ("omega_implied", "omega"), ("ave", "ave")):
            if source in theirs:
                assert ours.loc[factor, column] == pytest.approx(theirs[source], abs=tolerances.DERIVED)


@pytest.mark.parametrize("name", ["crm_second_order", "hs_second_order"])
def test_a_factor_of_factors(name: str) -> None:
    case = case_of(f"validity_more/{name}")
    solution = fit_of(f"validity_more/{name}").solution
    ours = reliabilities(solution).set_index("factor")
    general = ours.loc[case.options["general"]]
    theirs = case.output["reliability"]["second_order"]
    assert general["omega"] == pytest.approx(theirs["omegaL1"], abs=tolerances.DERIVED)
    assert general["omega_implied"] == pytest.approx(general["omega"], rel=tolerances.CLOSED_FORM_RELATIVE)
    assert (general["order"], general["items"]) == (2, len(solution.table.observed))
    loadings = fit_of(f"validity_more/{name}").estimates.query("op == '=~' and lhs == @case.options['general']")
    assert general["ave"] == pytest.approx((loadings["std_all"] ** 2).mean(), rel=tolerances.CLOSED_FORM_RELATIVE)
    assert (ours.drop(case.options["general"])["order"] == 1).all()


# --- identities ---------------------------------------------------------------------------------------------------


def test_equal_loadings_and_errors_make_omega_alpha() -> None:
    names = ["a", "b", "c", "d"]
    cov = pd.DataFrame(np.full((4, 4), 0.5) + 0.5 * np.eye(4), index=names, columns=names)
    (row,) = reliabilities(cs.cfa("f =~ a + b + c + d", sample_cov=cov, sample_n=300).solution).to_dict("records")
    for column in ("alpha", "omega", "omega_implied", "omega_observed"):
        assert row[column] == pytest.approx(4 * 0.5 / (1 + 3 * 0.5), abs=tolerances.RECOVERY), column
    assert row["ave"] == pytest.approx(0.5, abs=tolerances.RECOVERY)


def test_residual_covariances_count_as_error() -> None:
    fitted = fit_of("validity_more/hs_covariance")
    estimates = fitted.estimates
    named = estimates["lhs"] + " " + estimates["op"] + " " + estimates["rhs"]
    value = dict(zip(named, estimates["estimate"], strict=True))
    common = sum(value[f"textual =~ {x}"] for x in ("x4", "x5", "x6")) ** 2 * value["textual ~~ textual"]
    error = sum(value[f"{x} ~~ {x}"] for x in ("x4", "x5", "x6")) + 2 * value["x4 ~~ x5"]
    ours = reliabilities(fitted.solution).set_index("factor").loc["textual"]
    assert ours["omega"] == pytest.approx(common / (common + error), rel=tolerances.CLOSED_FORM_RELATIVE)


def test_a_third_level() -> None:
    """Loadings of 1 throughout: the sum of eight items holds eight times the top, four times each factor below ..."""
    pairs = {f"f{i}": (f"x{2 * i - 1}", f"x{2 * i}") for i in range(1, 5)}
    lines = [f"{f} =~ 1*{a} + 1*{b}" for f, (a, b) in pairs.items()]
    lines += ["g1 =~ 1*f1 + 1*f2", "g2 =~ 1*f3 + 1*f4", "h =~ 1*g1 + 1*g2"]
    names = [name for pair in pairs.values() for name in pair]
    levels = [np.kron(np.eye(8 // size), np.ones((size, size))) for size in (8, 4, 2, 1)]
    cov = pd.DataFrame(sum(v * m for v, m in zip((0.6, 0.4, 0.3, 0.5), levels, strict=True)), names, names)
    solution = cs.cfa("\n".join(lines), sample_cov=cov, sample_n=500).solution
    ours = reliabilities(solution).set_index("factor")
    assert ours["order"].to_dict() == {"f1": 1, "f2": 1, "f3": 1, "f4": 1, "g1": 2, "g2": 2, "h": 3}
    whole = 64 * 0.6 + 2 * 16 * 0.4 + 4 * 4 * 0.3 + 8 * 0.5
    for column in ("omega", "omega_implied", "omega_observed"):
        assert ours.loc["h", column] == pytest.approx(64 * 0.6 / whole, abs=tolerances.DERIVED)
    assert ours.loc["h", "ave"] == pytest.approx(0.6 / 1.0, abs=tolerances.DERIVED)
    assert ours.loc["h", "alpha"] == pytest.approx(alpha(cov.to_numpy()), rel=tolerances.CLOSED_FORM_RELATIVE)


@pytest.mark.parametrize("name", [*CASES, "validity_more/hs_groups"])
def test_the_measurement_part_equals_that_of_the_estimates(name: str) -> None:
    """Two ways to the same matrices: from the parameter table here, from the shown estimates there."""
    fitted = fit_of(name)
    for number, theirs in measurements(fitted):
        ours = measurement_of(fitted.solution, number - 1)
        assert (ours.observed, ours.latent) == (theirs.observed, theirs.latent)
        for part in ("loadings", "upper", "residual", "disturbances", "phi", "implied", "sample"):
            np.testing.assert_allclose(
                getattr(ours, part), getattr(theirs, part), rtol=tolerances.CLOSED_FORM_RELATIVE,
                atol=tolerances.CLOSED_FORM, err_msg=part,
            )  # fmt: skip


# --- notes --------------------------------------------------------------------------------------------------------


def test_shared_items_have_no_ave() -> None:
    table = reliabilities(fit_of("validity_more/hs_covariance").solution)
    assert list(table.loc[table["ave"].isna(), "factor"]) == ["visual", "speed"]
    notes = table.attrs["notes"]
    assert [(note["code"], note["subject"]) for note in notes] == [
        ("RELIABILITY_SHARED_ITEMS", "visual"),
        ("RELIABILITY_SHARED_ITEMS", "speed"),
    ]
    assert "(x1)" in notes[0]["message"]


def test_what_reliability_does_not_apply_to() -> None:
    table = table_of("comp <~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7\ntextual ~ 1*comp\nspeed ~ comp")
    assert list(table["factor"]) == ["textual"]
    assert [(note["code"], note["subject"]) for note in table.attrs["notes"]] == [
        ("RELIABILITY_FORMATIVE", "comp"),
        ("VALIDITY_FEW_INDICATORS", "speed"),
    ]


def test_items_that_run_in_opposite_directions_are_told() -> None:
    data = holzinger().assign(x2=lambda rows: -rows["x2"])
    table = reliabilities(cs.cfa("visual =~ x1 + x2 + x3", data).solution)
    (note,) = table.attrs["notes"]
    assert (note["code"], note["level"]) == ("VALIDITY_MIXED_SIGNS", "warning")


def test_an_item_with_a_cause_of_its_own() -> None:
    """What the cause brings to the item is neither common nor residual; it is part of the whole variance."""
    solution = cs.sem("visual =~ x1 + x2 + x3\nx3 ~ ageyr", holzinger()).solution
    (row,) = reliabilities(solution).to_dict("records")
    part = measurement_of(solution, 0)
    at = [part.observed.index(name) for name in ("x1", "x2", "x3")]
    common = part.loadings[at, 0].sum() ** 2 * part.phi[0, 0]
    error = np.diagonal(part.residual)[at].sum()
    assert row["omega"] == pytest.approx(common / (common + error), rel=tolerances.CLOSED_FORM_RELATIVE)
    whole = part.implied[np.ix_(at, at)].sum()
    assert row["omega_implied"] == pytest.approx(common / whole, rel=tolerances.CLOSED_FORM_RELATIVE)
    assert whole > common + error
