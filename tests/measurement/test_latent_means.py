"""Latent mean differences and their effect sizes: the same as parameters that the author defines in the model."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import ModelError
from crmstudy.kernels.covariance.structure import implied_moments
from crmstudy.measurement.invariance.invariance import invariance
from crmstudy.measurement.invariance.latent_means import latent_slopes
from tests import tolerances
from tests.reference import load

ABILITIES = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
PATHS = (
    "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\nspeed ~ textual + visual\ntextual ~ visual"
)
SCALAR = ("loadings", "intercepts")


@cache
def pupils() -> pd.DataFrame:
    data = load("invariance/hs_ml").data
    assert data is not None
    return data


def defined(model: str, name: str, **keywords: object) -> pd.Series:
    """A parameter that the author defines."""
    fit = cs.cfa(model, pupils(), **keywords)
    table = fit.estimates
    (row,) = table[(table["op"] == ":=") & (table["lhs"] == name)].to_dict("records")
    return pd.Series(row)


def of_factor(table: pd.DataFrame, factor: str) -> pd.Series:
    (row,) = table[table["factor"] == factor].to_dict("records")
    return pd.Series(row)


def test_the_effect_size_is_the_defined_parameter():
    found = of_factor(invariance(ABILITIES, pupils(), group="school").latent_means("scalar"), "textual")
    model = f"""{ABILITIES}
    textual ~~ c(v1, v2)*textual
    textual ~ c(0, m2)*1
    d := m2 / sqrt((156*v1 + 145*v2) / 301)
    """
    own = defined(model, "d", group="school", group_equal=SCALAR)
    assert found["effect_size"] == pytest.approx(own["estimate"], abs=tolerances.DERIVED)
    assert found["effect_size_se"] == pytest.approx(own["std_error"], rel=tolerances.STANDARDISED_SE_RELATIVE)
    assert found["effect_ci_low"] == pytest.approx(own["ci_low"], abs=2 * tolerances.DERIVED)
    assert found["effect_ci_high"] == pytest.approx(own["ci_high"], abs=2 * tolerances.DERIVED)


def test_the_mean_of_an_explained_factor_is_its_implied_one():
    result = invariance(PATHS, pupils(), group="school", levels=["metric", "scalar"])
    found = of_factor(result.latent_means("scalar"), "speed")
    model = """
    visual =~ x1 + x2 + x3
    textual =~ x4 + x5 + x6
    speed =~ x7 + x8 + x9
    speed ~ c(b1, b2)*textual + c(e1, e2)*visual
    textual ~ c(g1, g2)*visual
    visual ~ c(0, mv)*1
    textual ~ c(0, mt)*1
    speed ~ c(0, ms)*1
    difference := ms + b2*(mt + g2*mv) + e2*mv
    """
    own = defined(model, "difference", group="school", group_equal=SCALAR)
    for name in ("estimate", "std_error", "ci_low", "ci_high", "p_value"):
        assert found[name] == pytest.approx(own[name], abs=tolerances.DERIVED), name
    covarying = of_factor(invariance(ABILITIES, pupils(), group="school").latent_means("scalar"), "speed")
    assert found["estimate"] == pytest.approx(covarying["estimate"], abs=tolerances.DERIVED)
    assert found["effect_size_se"] == pytest.approx(
        covarying["effect_size_se"], rel=tolerances.STANDARDISED_SE_RELATIVE
    )


def test_the_other_way_round_only_signs_change():
    data = pupils()
    one = invariance(ABILITIES, data, group="school").latent_means("scalar")
    other = invariance(ABILITIES, data.iloc[::-1], group="school").latent_means("scalar")
    assert one["group"].tolist() == other["reference"].tolist()
    for name, sign in (("estimate", -1), ("std_error", 1), ("p_value", 1), ("effect_size", -1), ("effect_size_se", 1)):
        close = {"rtol": tolerances.STANDARDISED_SE_RELATIVE, "atol": tolerances.DERIVED, "err_msg": name}
        np.testing.assert_allclose(one[name], sign * other[name], **close)


def test_means_of_waves_are_those_of_the_long_model():
    data = load("invariance/soldiers_waves").data
    result = invariance("morale =~ JOBSAT + COMMIT + READY", data, waves=["1", "2", "3"])
    found = result.latent_means("scalar")
    table = result.fits["scalar"].estimates
    means = table[(table["op"] == "~1") & table["lhs"].isin(["morale2", "morale3"])]
    np.testing.assert_allclose(found["estimate"], means["estimate"], atol=tolerances.CLOSED_FORM)
    np.testing.assert_allclose(found["std_error"], means["std_error"], rtol=tolerances.CLOSED_FORM_RELATIVE)
    phi = result.fits["scalar"].latent_covariances
    pooled = np.sqrt((phi.loc["morale1", "morale1"] + np.diagonal(phi)[1:]) / 2)
    np.testing.assert_allclose(found["effect_size"], found["estimate"] / pooled, rtol=tolerances.CLOSED_FORM_RELATIVE)


@pytest.mark.parametrize("group", [0, 1])
def test_slopes_are_those_of_the_implied_moments(group):
    fit = cs.sem(PATHS, pupils(), group="school", group_equal=SCALAR)
    solution = fit.solution
    layout, theta = solution.placement.layouts[group], solution.theta
    step = 1e-6
    for at in range(3):
        slopes = latent_slopes(layout, implied_moments(layout, theta), at)
        ours = [layout.elements.collect_columns(row[None], len(theta))[0] for row in slopes]
        for column in range(len(theta)):
            ends = [implied_moments(layout, theta + sign * step * np.eye(len(theta))[column]) for sign in (1, -1)]
            by_difference = [
                (ends[0].eta[at] - ends[1].eta[at]) / (2 * step),
                (ends[0].phi[at, at] - ends[1].phi[at, at]) / (2 * step),
            ]
            # central differences are right to the square of the step and to rounding over it
            np.testing.assert_allclose([ours[0][column], ours[1][column]], by_difference, atol=1e-8)


def test_the_level_they_come_from():
    held = invariance(ABILITIES, pupils(), group="school", group_partial=["x3 ~1", "x7 ~1"])
    assert set(held.tables["latent_means"]["level"]) == {"strict"}
    assert "INVARIANCE_MEANS_UNSUPPORTED" not in [note.code for note in held.notes]
    broken = invariance(ABILITIES, pupils(), group="school")
    assert set(broken.tables["latent_means"]["level"]) == {"scalar"}
    (note,) = [note for note in broken.notes if note.code == "INVARIANCE_MEANS_UNSUPPORTED"]
    assert note.level == "warning"
    metric = invariance(ABILITIES, pupils(), group="school", levels="metric")
    assert metric.tables["latent_means"].empty
    with pytest.raises(ModelError, match="level scalar, strict; found 'metric'"):
        broken.latent_means("metric")
    with pytest.raises(ModelError, match="none of this ladder"):
        metric.latent_means("scalar")


def test_the_picture_is_of_supported_means_only():
    drawing = invariance(ABILITIES, pupils(), group="school", group_partial=["x3 ~1", "x7 ~1"]).plot()
    assert isinstance(drawing, CoefficientPlot)
    assert drawing.terms == ("visual", "textual", "speed")
    assert drawing.x_label == "Grant-White minus Pasteur"
    assert invariance(ABILITIES, pupils(), group="school").plot() is None


def test_without_standard_errors_there_is_no_test():
    table = invariance(ABILITIES, pupils(), group="school", se="none").latent_means("scalar")
    assert table["estimate"].notna().all()
    assert table[["std_error", "p_value", "effect_size_se"]].isna().all(axis=None)


def test_the_level_of_the_intervals():
    wide, narrow = (
        invariance(ABILITIES, pupils(), group="school", level=level).latent_means("scalar") for level in (0.99, 0.8)
    )
    assert (wide["ci_low"] < narrow["ci_low"]).all()
    assert (wide["effect_ci_high"] > narrow["effect_ci_high"]).all()
