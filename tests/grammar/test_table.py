"""Which parameters a model implies, by lavaan's rules; what is refused, and the sums the table gives."""

from __future__ import annotations

import pytest

from crmstudy.errors import ModelError, UnsupportedError
from crmstudy.grammar.spec import parse_model
from crmstudy.grammar.table import build_table

ONE = "f =~ x1 + x2 + x3"


def _table(model, **options):
    return build_table(parse_model(model), **options)


def _rows(model, **options):
    return {row.name: row for row in _table(model, **options).rows}


# --- one group ------------------------------------------------------------------------------------------------------


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
    table = _table("y ~ x + z\nx ~~ w")
    assert table.exogenous == ("z",)


def test_pure_outcomes_covary_and_mediators_do_not():
    rows = _rows("m ~ x\ny1 ~ m\ny2 ~ m")
    assert rows["y1 ~~ y2"].free > 0
    assert "m ~~ y1" not in rows


def test_a_single_indicator_has_no_residual_variance():
    assert _rows("f =~ x1\ng =~ y1 + y2 + y3\ng ~ f")["x1 ~~ x1"].value == 0.0
    assert _rows("f =~ x1\nx1 ~~ 0.4*x1\ng =~ y1 + y2\ng ~ f")["x1 ~~ x1"].value == 0.4


def test_intercepts_bring_all_means():
    rows = _rows("f =~ x1 + x2\nx1 ~ 0*1\nf ~ z")
    assert (rows["x1 ~1"].value, rows["x2 ~1"].free > 0, rows["f ~1"].value) == (0.0, True, 0.0)
    assert rows["z ~1"].exogenous
    assert _table("f =~ x1\nf ~ 1").meanstructure


def test_fixed_moments_are_counted():
    assert _table("y ~ x + z").n_fixed_moments == 3
    assert _table("y ~ x + z", meanstructure=True, n_groups=2).n_fixed_moments == 5
    assert _table("y ~ x + z", fixed_x=False).n_fixed_moments == 0


def test_equal_must_name_a_parameter():
    with pytest.raises(ModelError, match="not a parameter of the model") as caught:
        _rows('f =~ x1 + x2 + equal("f=~x9")*x3')
    assert caught.value.faults[0].line == 1
    assert "Did you mean 'f=~x" in str(caught.value)


def test_equal_to_a_labelled_parameter_takes_its_label():
    """A departure: lavaan compares texts only, so it ties nothing here, without a word."""
    rows = _rows('f =~ x1 + a*x2 + equal("f=~x2")*x3')
    assert rows["f =~ x3"].free == rows["f =~ x2"].free > 0
    assert rows["f =~ x3"].label == "a"


def test_equal_finds_a_covariance_either_way():
    rows = _rows('f =~ x1 + x2 + x3\nx1 ~~ x2\nx2 ~~ equal("x2~~x1")*x3')
    assert rows["x1 ~~ x2"].free == rows["x2 ~~ x3"].free > 0


def test_a_given_moment_cannot_be_tied():
    with pytest.raises(ModelError, match="fixed_x=False"):
        _rows('y ~ x\ny ~~ equal("x~~x")*y')
    rows = _rows('y ~ x\ny ~~ equal("x~~x")*y', fixed_x=False)
    assert rows["y ~~ y"].free == rows["x ~~ x"].free


def test_a_model_needs_observed_variables():
    with pytest.raises(ModelError, match="no observed variable"):
        _table("f =~ g\ng =~ 0")


# --- constraints ----------------------------------------------------------------------------------------------------


def test_equal_parameters_keep_their_labels_and_share_a_number():
    table = _table("f =~ x1 + a*x2 + b*x3 + c*x4 + lower(0)*x4\na == b\nb == c")
    assert [(row.label, row.free) for row in table.rows[1:4]] == [("a", 1), ("b", 1), ("c", 1)]
    assert {row.lower for row in table.rows[1:4]} == {0.0}
    assert table.constraints == ()
    assert table.free_names()[0] == "a"


def test_a_fixed_parameter_fixes_its_equals():
    rows = _rows("f =~ a*x1 + b*x2 + c*x3\na == b")
    assert (rows["f =~ x2"].value, rows["f =~ x2"].free, rows["f =~ x3"].free) == (1.0, 0, 1)
    with pytest.raises(ModelError, match="f=~x1 and f=~x2 are held equal, but fixed at 1 and 2"):
        _rows("f =~ a*x1 + b*x2 + 2*x2\na == b")


def test_definitions_in_constraints_are_replaced():
    table = _table("m ~ a*x\ny ~ b*m + c*x\nab := a*b\ntwice := 2*ab\ntwice < c\nab == 1")
    assert [str(item) for item in table.constraints] == ["2 * (a * b) < c", "a * b == 1"]


def test_an_equality_through_a_definition_is_an_equality():
    table = _table("m ~ a*x\ny ~ b*m\nalso := b\nalso == a")
    assert table.constraints == ()
    assert table.rows[0].free == table.rows[1].free == 1


def test_a_constraint_among_fixed_parameters_must_hold():
    assert _table("f =~ a*x1 + x2 + x3\na == 1; a < 2; a > .5").constraints == ()
    for relation in ("a == 2", "a > 1.5", "a < .5"):
        with pytest.raises(ModelError, match="joins fixed parameters only") as caught:
            _table(f"f =~ a*x1 + x2 + x3\n{relation}")
        assert caught.value.faults[0].line == 2


def test_labels_and_definitions_have_values():
    table = _table("f =~ a*x1 + b*x2 + b*x3\nq := a + 2*b")
    assert table.named_values([float(k) for k in range(len(table.rows))]) == {"a": 0.0, "b": 1.0, "q": 2.0}
    assert table.label_rows == {"a": 0, "b": 1}


# --- several groups -------------------------------------------------------------------------------------------------


def test_each_group_has_its_rows():
    table = _table(ONE, n_groups=3)
    assert len(table.rows) == 21
    assert [row.group for row in table.rows[::7]] == [1, 2, 3]
    assert len(table.group_rows(2)) == 7
    names = table.free_names()
    assert len(set(names)) == len(names) == table.n_free == 18
    assert names[:2] == ["f =~ x2", "f =~ x3"]
    assert names[6] == "f =~ x2.g2"


def test_labels_beside_numbers_hold_for_their_groups():
    """A departure: lavaan 0.6-14 drops the numbers and gives the label to every group."""
    table = _table("f =~ x1 + c(a, NA)*x2 + c(b, .5)*x3 + c(1, k)*x4", n_groups=2)
    first, second = table.group_rows(1), table.group_rows(2)
    assert [row.label for row in first[:4]] == [None, "a", "b", None]
    assert [row.label for row in second[:4]] == [None, None, None, "k"]
    assert [row.value for row in first[:4]] == [1.0, None, None, 1.0]
    assert [row.value for row in second[:4]] == [1.0, None, 0.5, None]
    assert first[1].free != second[1].free > 0


@pytest.mark.parametrize(
    ("text", "n_groups", "column"),
    [
        ("f =~ x1 + c(1, 2)*x2", 1, 11),
        ("f =~ x1 + c(a, b)*x2", 3, 11),
        ("f =~ x1 + c(1, NA)*x2 + start(c(1, 2, 3))*x2", 2, 25),
        ("f =~ x1 + upper(1, 2)*x2", 1, 11),
        ('f =~ x1 + x2 + equal(c("f=~x1", "f=~x1"))*x3', 3, 16),
    ],
)
def test_as_many_entries_as_groups(text, n_groups, column):
    with pytest.raises(ModelError, match="give one for all or one a group") as caught:
        _table(text, n_groups=n_groups)
    (fault,) = caught.value.faults
    message, _, caret = fault.message.split("\n")
    assert message.startswith(f"column {column}:")
    assert caret.index("^") - 6 == column - 1


def test_every_wrong_number_of_entries_is_told():
    with pytest.raises(ModelError) as caught:
        _table("f =~ c(1, 2)*x1 + x2\nx1 ~~ c(a, b)*x1 + start(c(1, 2))*x1", n_groups=3)
    assert [fault.line for fault in caught.value.faults] == [1, 2, 2]


def test_labels_written_once_are_told():
    assert _table("f =~ x1 + a*x2 + c(b, b)*x3", n_groups=2).tied_across_groups == ("a",)
    assert _table("f =~ x1 + a*x2 + x3").tied_across_groups == ()
    assert _table("f =~ x1 + a*x2 + x3", n_groups=2, group_equal=["loadings"]).tied_across_groups == ()


def test_what_stays_free_may_be_written_loosely():
    options = {"n_groups": 2, "group_equal": ("loadings", "intercepts", "residual.covariances")}
    model = ONE + "\nx1 ~~ x2"
    close = _table(model, group_partial=("f=~x2", "x3~1", "x1~~x2"), **options)
    loose = _table(model, group_partial=("f =~ x2", "x3 ~ 1", "x2 ~~ x1"), **options)
    assert close == loose
    assert close.n_free == _table(model, **options).n_free + 3


def test_equality_across_groups_needs_groups():
    assert _table(ONE, group_equal=("loadings",)) == _table(ONE)


def test_unknown_names_of_group_options_are_told_at_once():
    with pytest.raises(ModelError) as caught:
        _table(ONE, n_groups=2, group_equal=("loading", "intercept"))
    assert ["Did you mean 'loadings'" in str(f) for f in caught.value.faults] == [True, False]
    with pytest.raises(ModelError) as caught:
        _table(ONE, n_groups=2, group_equal=("loadings",), group_partial=("f=~x9", "nonsense"))
    assert len(caught.value.faults) == 2
    with pytest.raises(UnsupportedError, match="thresholds"):
        _table(ONE, n_groups=2, group_equal=("thresholds",))


def test_groups_held_equal_cannot_be_fixed_apart():
    with pytest.raises(ModelError, match=r"f=~x2 and f=~x2.g2 are held equal, but fixed at 1 and 2"):
        _table("f =~ x1 + c(1, 2)*x2", n_groups=2, group_equal=("loadings",))
    table = _table("f =~ x1 + c(1, 2)*x2", n_groups=2, group_equal=("loadings",), group_partial=("f=~x2",))
    assert [row.value for row in table.rows if row.rhs == "x2" and row.op == "=~"] == [1.0, 2.0]
