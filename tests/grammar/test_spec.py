"""The model language: what parses, what is refused, and that printing loses nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.errors import InputError, ModelError, UnsupportedError
from crmstudy.grammar.expressions import Expression
from crmstudy.grammar.spec import ModelSpec, Term, parse_model

NAMES = st.sampled_from(["x1", "x2", "y.1", "کیفیت", "нагрузка", "f", "g_2"])
LABELS = st.sampled_from(["a", "b", "c1"])
NUMBERS = st.floats(-5, 5, allow_nan=False).map(lambda x: round(x, 3)) | st.integers(-3, 3).map(float)


def test_modifiers_are_read():
    spec = parse_model('f =~ NA*x1 + a*x2 + start(.5)*x3 + 1/2*x4 + 0.7?x5 + label("q")*x6\nx1 ~~ -0.3*x2')
    by_rhs = {term.rhs: term for term in spec.terms if term.op == "=~"}
    assert by_rhs["x1"].free
    assert by_rhs["x2"].label == "a"
    assert by_rhs["x3"].start == 0.5
    assert by_rhs["x4"].fixed == 0.5
    assert by_rhs["x5"].start == 0.7
    assert by_rhs["x6"].label == "q"
    assert spec.terms[-1] == Term("x1", "~~", "x2", fixed=-0.3)


def test_modifiers_of_a_repeated_parameter_are_joined():
    spec = parse_model("y ~ a*x + start(2)*x\nx ~~ z\nz ~~ 0.5*x")
    assert spec.terms[0] == Term("y", "~", "x", label="a", start=2.0)
    assert [term.fixed for term in spec.terms] == [None, 0.5]


@pytest.mark.parametrize(
    "text",
    [
        "f =~ x1 +\n x2 + x3",
        "f =~ x1\n + x2 + x3",
        "f =~ x1 + x2 + x3  # comment",
        "f =~ x1; f =~ x2; f =~ x3",
        "! note\nf =~\n\n x1 + x2 + x3;",
        "f=~x1+x2+x3",
    ],
)
def test_line_breaks_and_comments_do_not_matter(text):
    assert parse_model(text) == parse_model("f =~ x1 + x2 + x3")


def test_names_on_the_left_may_be_joined():
    assert parse_model("y1 + y2 ~ x") == parse_model("y1 ~ x\ny2 ~ x")


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("f =~ x1 + x2\nf ~ 2*3", 2, 7, "name of a variable"),
        ("f =~ x1 +\nx2 x3", 2, 4, "missing before 'x3'"),
        ("f =~ x1 @ x2", 1, 9, "'@' has no meaning"),
        ("f x1 x2", 1, 1, "no operator"),
        ("f =~ x1 + x2 ~ x3", 1, 14, "second operator"),
        ("f =~", 1, 3, "nothing follows"),
        ("=~ x1", 1, 1, "a name is missing before"),
        ("f =~ a*x1\nq := a*z", 2, 8, "'z', used in 'q', is not the label"),
        ("f =~ a*x1\nq := a +", 2, 3, "stops too early"),
        ("f =~ a*x1\nq := foo(a)", 2, 6, "not a function"),
        ("f =~ a*x1\na := 2*a", 2, 1, "already a label"),
        ("f =~ x1 + f", 1, 11, "both sides"),
        ("y ~ 1*x + 2*x", 1, 13, "two different modifiers"),
        ("y ~ strat(1)*x", 1, 5, "Did you mean 'start'"),
    ],
)
def test_faults_stand_under_a_caret(text, line, column, words):
    with pytest.raises(ModelError) as caught:
        parse_model(text)
    fault = caught.value.faults[0]
    assert fault.line == line
    message, shown, caret = fault.message.split("\n")
    assert message.startswith(f"column {column}:")
    assert words in message
    assert shown.strip() == text.split("\n")[line - 1].strip()
    assert caret.index("^") - 6 == column - 1


def test_all_faults_are_told_at_once():
    with pytest.raises(ModelError) as caught:
        parse_model("f =~ x1 +\ny ~~\nf =~ x2 x3")
    assert [fault.line for fault in caught.value.faults] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("y ~ 1", "intercepts"),
        ("f <~ x1 + x2", "<~"),
        ("y | t1", "thresholds"),
        ("f =~ a*x1 + b*x2\na == b", "=="),
        ("f =~ c(1, 2)*x1", "per group"),
        ("y ~ x:z", "product"),
        ("level: 1\nf =~ x1", "level:"),
        ("y ~*~ 1*y", "~*~"),
    ],
)
def test_what_is_not_built_is_refused_by_name(text, name):
    with pytest.raises(UnsupportedError, match="not built yet") as caught:
        parse_model(text)
    assert name in str(caught.value)


def test_definitions_are_put_in_order():
    spec = parse_model("f =~ a*x1 + b*x2\ntotal := twice + a\ntwice := 2*b")
    assert [item.name for item in spec.definitions] == ["twice", "total"]
    with pytest.raises(ModelError, match="defined by itself"):
        parse_model("f =~ a*x1\np := q + a\nq := p")


def test_unknown_names_point_at_their_place():
    spec = parse_model("f =~ PERQ1 + PERQ9\nf ~ ag")
    faults = spec.unknown_names(["PERQ1", "PERQ2", "age"])
    assert len(faults) == 2
    assert "Did you mean 'PERQ1'" in faults[0].message or "Did you mean 'PERQ2'" in faults[0].message
    assert faults[1].line == 2
    assert "Did you mean 'age'" in faults[1].message


terms = st.builds(
    Term,
    NAMES,
    st.sampled_from(["=~", "~", "~~"]),
    NAMES,
    fixed=st.none() | NUMBERS,
    label=st.none() | LABELS,
    start=st.none() | NUMBERS,
).filter(lambda term: term.op == "~~" or term.lhs != term.rhs)


@given(st.lists(terms, min_size=1, max_size=8, unique_by=lambda term: term.key))
def test_printing_and_parsing_is_the_identity(found):
    spec = ModelSpec(tuple(found))
    again = parse_model(str(spec))
    assert again == spec
    assert str(again) == str(spec)


@given(st.text(alphabet='fx12 \n=~+*().:#"a', max_size=40))
def test_any_text_parses_or_is_refused_with_a_sentence(text):
    try:
        spec = parse_model(text)
    except InputError as error:
        refused = error
    else:
        assert parse_model(str(spec)) == spec
        return
    assert all(fault.message for fault in refused.faults)


expressions = st.recursive(
    st.sampled_from([("name", "a"), ("name", "b"), ("number", 2.0), ("number", 0.5)]),
    lambda inner: (
        st.tuples(st.sampled_from("+-*/^"), inner, inner)
        | st.tuples(st.just("minus"), inner)
        | st.tuples(st.just("call"), st.sampled_from(["exp", "log", "sqrt", "abs"]), inner)
    ),
    max_leaves=8,
)


@given(expressions)
def test_printed_expressions_parse_to_the_same_tree(tree):
    text = f"f =~ a*x1 + b*x2\nq := {Expression(tree)}"
    assert parse_model(text).definitions[0].expression.tree == tree
