"""Which parameters a model implies, by lavaan's rules."""

from __future__ import annotations

import pytest

from crmstudy.errors import ModelError
from crmstudy.grammar.spec import parse_model
from crmstudy.grammar.table import build_table


def _rows(model, **options):
    return {row.name: row for row in build_table(parse_model(model), **options).rows}


def test_first_loading_is_the_marker_and_factors_covary():
    rows = _rows("f =~ x1 + x2\ng =~ y1 + y2")
    assert (rows["f =~ x1"].free, rows["f =~ x1"].value) == (0, 1.0)
    assert rows["f =~ x2"].free > 0
    assert rows["f ~~ g"].free > 0
    assert rows["y2 ~~ y2"].free > 0


def test_std_lv_fixes_variances_instead():
    rows = _rows("f =~ x1 + x2 + x3\ng =~ y1 + y2\ng ~ f", std_lv=True)
    assert rows["f =~ x1"].free > 0
    assert (rows["f ~~ f"].value, rows["g ~~ g"].value) == (1.0, 1.0)


def test_what_the_author_frees_or_fixes_stays():
    rows = _rows("f =~ NA*x1 + 0.5*x2\nf ~~ 1*f\ng =~ y1 + y2\nf ~~ 0*g")
    assert rows["f =~ x1"].free > 0
    assert rows["f =~ x2"].value == 0.5
    assert rows["f ~~ f"].value == 1.0
    assert rows["f ~~ g"].value == 0.0


def test_equal_labels_share_a_parameter():
    rows = _rows('f =~ x1 + a*x2 + a*x3 + equal("f=~x2")*x4')
    assert rows["f =~ x2"].free == rows["f =~ x3"].free == rows["f =~ x4"].free > 0


def test_a_fixed_parameter_fixes_those_with_its_label():
    rows = _rows("f =~ a*x1 + a*x2 + x3")
    assert (rows["f =~ x2"].free, rows["f =~ x2"].value) == (0, 1.0)
    with pytest.raises(ModelError, match="fixed at"):
        _rows("f =~ x1 + 2*x2 + a*x2 + 3*x3 + a*x3")


def test_exogenous_observed_variables_keep_their_moments():
    rows = _rows("y ~ x + z")
    assert rows["x ~~ z"].exogenous
    assert rows["x ~~ z"].free == 0
    assert _rows("y ~ x + z", fixed_x=False)["x ~~ z"].free > 0


def test_an_exogenous_variable_in_a_covariance_is_modelled():
    table = build_table(parse_model("y ~ x + z\nx ~~ w"))
    assert table.exogenous == ("z",)


def test_pure_outcomes_covary_and_mediators_do_not():
    rows = _rows("m ~ x\ny1 ~ m\ny2 ~ m")
    assert rows["y1 ~~ y2"].free > 0
    assert "m ~~ y1" not in rows


def test_a_single_indicator_has_no_residual_variance():
    assert _rows("f =~ x1\ng =~ y1 + y2 + y3\ng ~ f")["x1 ~~ x1"].value == 0.0
    assert _rows("f =~ x1\nx1 ~~ 0.4*x1\ng =~ y1 + y2\ng ~ f")["x1 ~~ x1"].value == 0.4


def test_equal_must_name_a_parameter():
    with pytest.raises(ModelError, match="not a parameter of the model"):
        _rows('f =~ x1 + x2 + equal("f=~x9")*x3')
