"""The model language: what parses, what is refused, and that printing loses nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.errors import InputError, ModelError, UnsupportedError
from crmstudy.grammar.expressions import Expression
from crmstudy.grammar.spec import Constraint, Definition, ModelSpec, Term, parse_model

NAMES = st.sampled_from(["x1", "x2", "y.1", "کیفیت", "нагрузка", "f", "g_2", "level"])
LABELS = st.sampled_from(["a", "b", "c1", "min", ".q"])
NUMBERS = st.floats(-5, 5, allow_nan=False).map(lambda x: round(x, 3)) | st.integers(-3, 3).map(float)


# --- what is read ---------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("modifier", "fields"),
    [
        ("c(1, NA)", {"fixed": (1.0, None), "free": (False, True)}),
        ("c(-.5, 1/2)", {"fixed": (-0.5, 0.5)}),
        ("c(NA, NA)", {"free": (True, True)}),
        ("c(a, b)", {"label": ("a", "b")}),
        ("c(a, a)", {"label": ("a", "a")}),
        ('c("a", "b")', {"label": ("a", "b")}),
        ('c("a", NA)', {"label": ("a", None)}),
        ("c(a, NA)", {"label": ("a", None)}),
        ('c("", "b")', {"label": (None, "b")}),
        ("c(a, 1)", {"fixed": (None, 1.0), "label": ("a", None)}),
        (
            "c(a, NA, 2)",
            {"fixed": (None, None, 2.0), "free": (False, True, False), "label": ("a", None, None)},
        ),
        ("c(1)", {"fixed": 1.0}),
        ("start(c(.1, .2))", {"start": (0.1, 0.2)}),
        ("start(.1, .2)", {"start": (0.1, 0.2)}),
        ("start(c(NA, .2))", {"start": (None, 0.2)}),
        ('label(c("a", "b"))', {"label": ("a", "b")}),
        ("label(a)", {"label": "a"}),
        ("lower(0)", {"lower": 0.0}),
        ("upper(c(1, 2))", {"upper": (1.0, 2.0)}),
        ('equal("f =~ x1")', {"equal_to": "f=~x1"}),
        ('equal("a")', {"label": "a"}),
        ('equal(c("f=~x1", "f=~x1.g2"))', {"equal_to": ("f=~x1", "f=~x1.g2")}),
        ("2*3", {"fixed": 6.0}),
        ("-2/4", {"fixed": -0.5}),
        ("(1 + 2)", {"fixed": 3.0}),
        ("sqrt(4)", {"fixed": 2.0}),
    ],
)
def test_each_modifier(modifier, fields):
    assert parse_model(f"f =~ x1 + {modifier}*x2").terms[1] == Term("f", "=~", "x2", **fields)
    assert parse_model(f"y ~ {modifier}*1").terms[0] == Term("y", "~1", "", **fields)


def test_modifiers_of_a_repeated_parameter_are_joined():
    spec = parse_model("y ~ a*x + start(2)*x\nx ~~ z\nz ~~ 0.5*x")
    assert spec.terms[0] == Term("y", "~", "x", label="a", start=2.0)
    assert [term.fixed for term in spec.terms] == [None, 0.5]
    joined = parse_model("f =~ x1 + c(1, NA)*x2 + c(a, b)*x2 + lower(0)*x2").terms[1]
    assert joined == Term("f", "=~", "x2", fixed=(1.0, None), free=(False, True), label=("a", "b"), lower=0.0)
    assert parse_model("y ~ 0*x + start(0)*x + lower(0)*x").terms[0].start == 0.0


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("y ~ 1 + x", (Term("y", "~1", ""), Term("y", "~", "x"))),
        ("y ~ x + a*1", (Term("y", "~", "x"), Term("y", "~1", "", label="a"))),
        ("y ~ 0", (Term("y", "~1", "", fixed=0.0),)),
        ("y ~ 0 + x", (Term("y", "~1", "", fixed=0.0), Term("y", "~", "x"))),
        ("i + s ~ NA*1", (Term("i", "~1", "", free=True), Term("s", "~1", "", free=True))),
        ("c <~ 1*x1 + x2", (Term("c", "<~", "x1", fixed=1.0), Term("c", "<~", "x2"))),
        ("x ~~ x\nx ~*~ 2*x", (Term("x", "~~", "x"), Term("x", "~*~", "x", fixed=2.0))),
        ("f =~ 0\nf ~ x", (Term("f", "=~", "f", fixed=0.0), Term("f", "~", "x"))),
        ("x1 + x2 ~~ x3", (Term("x1", "~~", "x3"), Term("x2", "~~", "x3"))),
        ("f =~ + x1 + x2", (Term("f", "=~", "x1"), Term("f", "=~", "x2"))),
    ],
)
def test_operators(text, terms):
    assert parse_model(text).terms == terms


@pytest.mark.parametrize(
    "text",
    [
        "f =~ x1 +\n x2 + x3",
        "f =~ x1\n + x2 + x3",
        "f =~ x1 + x2 + x3  # comment",
        "f =~ x1; f =~ x2; f =~ x3",
        "! note\nf =~\n\n x1 + x2 + x3;",
        "f=~x1+x2+x3",
        "f =\u02dc x1 + x2 + x3",
        "f =~ x1\r\n\t+ x2 # one\r\n  # two\n + x3",
    ],
)
def test_line_breaks_and_comments_do_not_matter(text):
    assert parse_model(text) == parse_model("f =~ x1 + x2 + x3")


@pytest.mark.parametrize("text", ["q := a\n - b", "q :=\na - b", "q := (a\n) - b", "q := a -\n\nb # all"])
def test_expressions_may_be_broken_too(text):
    assert str(parse_model(f"f =~ a*x1 + b*x2\n{text}").definitions[0]) == "q := a - b"


def test_names_on_the_left_may_be_joined():
    assert parse_model("y1 + y2 ~ x") == parse_model("y1 ~ x\ny2 ~ x")


def test_variables_stand_in_the_order_of_lavaan():
    spec = parse_model("z ~ 1\nv ~~ u\ny ~ x\nc <~ w\nf =~ i")
    assert spec.observed == ("i", "y", "x", "w", "v", "u", "z")
    assert (spec.latent, spec.composites, spec.has_means) == (("c", "f"), ("c",), True)
    assert parse_model("f =~ c(a, b)*x1 + a*x2 + start(1)*x3").labels == ("a", "b")


def test_constraints_are_read():
    spec = parse_model("f =~ a*x1 + b*x2 + c*x3\na + b == 2*c; a > 0\nb <\n exp(c)\nab := a*b; ab < 1")
    assert [str(constraint) for constraint in spec.constraints] == ["a + b == 2 * c", "a > 0", "b < exp(c)", "ab < 1"]
    assert spec.constraints[0].names == ("a", "b", "c")


# --- what is refused ------------------------------------------------------------------------------------------------


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
        ("f =~ a*x1\nq := exp(a, a)", 2, 6, "takes one argument"),
        ("f =~ a*x1\na := 2*a", 2, 1, "already a label"),
        ("f =~ a*x1\nq := a; q := a", 2, 9, "defined twice"),
        ("f =~ a*x1\n2*q := a", 2, 1, "one name must stand before"),
        ("f =~ x1 + f", 1, 11, "both sides"),
        ("y ~ 1*x + 2*x", 1, 13, "two different modifiers"),
        ("y ~ c(1, 2)*x + c(1, 3)*x", 1, 25, "two different modifiers"),
        ("y ~ NA*x + 1*x", 1, 5, "both fixed and free"),
        ("y ~ c(1, 2)*x + NA*x", 1, 17, "both fixed and free"),
        ("y ~ strat(1)*x", 1, 5, "Did you mean 'start'"),
        ("y ~ start()*x", 1, 5, "must hold a value"),
        ("y ~ start(1*x", 1, 10, "')' is missing"),
        ("y ~ start(1))*x", 1, 13, "'(' is missing"),
        ("y ~ start(b)*x", 1, 11, "a modifier is a number"),
        ("y ~ start(1)2*x", 1, 13, "missing before '2'"),
        ("y ~ c(1, , 2)*x", 1, 5, "an entry of 'c(...)' is missing"),
        ("y ~ start(1, )*x", 1, 5, "must hold one value"),
        ("y ~ equal('f=~')*x", 1, 11, "must hold a parameter"),
        ("y ~ label('2')*x", 1, 11, "a label must be a name"),
        ("y ~ label(2)*x", 1, 11, "must hold a text"),
        ("y ~ TRUE*x", 1, 5, "cannot be a label"),
        ("y ~ a*b*x", 1, 7, "one modifier a '*'"),
        ("y ~ (1/0)*x", 1, 5, "finite number"),
        ("y ~ a*x + *z", 1, 11, "a modifier is missing before"),
        ("y ~ 5 + x", 1, 5, "name of a variable"),
        ("y ~ 2*0", 1, 7, "the intercept is written 1"),
        ("y ~~ 1", 1, 6, "name of a variable"),
        ("f =~ 0 + x1", 1, 6, "name of a variable"),
        ("y ~ NA", 1, 5, "is a value"),
        ("NA ~ x", 1, 1, "must stand before"),
        ("a*f =~ x", 1, 1, "must stand before"),
        ("x1 ~ x2\nx1 ~*~ x2", 2, 8, "is written 'x1 ~*~ x1'"),
        ("f =~ x1\nf ~*~ f", 2, 1, "'f' is a factor"),
        ("x1 ~ x2\nx3 ~*~ x3", 2, 1, "'x3' is in no other formula"),
        ("f =~ a*x1 + abc*x2\na == abd", 2, 6, "Did you mean 'abc'"),
        ("f =~ a*x1\n2 == 1 + 1", 2, 3, "holds no label"),
        ("f =~ a*x1\na >= 0", 2, 4, "write '>'"),
        ("f =~ a*x1\na == (1", 2, 6, "')' is missing"),
        ("f =~ a*x1\na a == 1", 2, 3, "an operator is missing"),
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


def test_every_part_of_a_formula_is_looked_at():
    with pytest.raises(ModelError) as caught:
        parse_model("f + g =~ x1 x2 + strat(1)*x3 + 2*3 + x4\nq := b\nf ~ x:z")
    assert len(caught.value.faults) == 5  # the parts once each, though two factors have them; b; and what is not built
    assert [fault.line for fault in caught.value.faults] == [1, 1, 1, 2, 3]


def test_a_label_in_a_faulty_formula_is_not_called_unknown():
    with pytest.raises(ModelError) as caught:
        parse_model("f =~ a*x1 x2 + b*x3\nq := a*b\nq > b")
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("y | t1", "thresholds"),
        ("y ~ x:z", "product"),
        ("level: 1\nf =~ x1", "level:"),
        ("Group: 1\nf =~ x1", "Group:"),
        ("efa('e')*f =~ x1 + x2", "efa()"),
        ("f =~ efa('e')*x1", "efa()"),
        ("y ~ rv('s')*x", "rv()"),
        ("y ~ prior('normal(0, 1)')*x", "prior()"),
    ],
)
def test_what_is_not_built_is_refused_by_name(text, name):
    with pytest.raises(UnsupportedError, match="not built yet") as caught:
        parse_model(text)
    assert name in str(caught.value)
    assert "^" in str(caught.value)


def test_definitions_are_put_in_order():
    spec = parse_model("f =~ a*x1 + b*x2\ntotal := twice + a\ntwice := 2*b")
    assert [item.name for item in spec.definitions] == ["twice", "total"]
    with pytest.raises(ModelError, match="defined by itself"):
        parse_model("f =~ a*x1\np := q + a\nq := p")


def test_an_empty_model_is_refused():
    with pytest.raises(ModelError, match="the model is empty"):
        parse_model("# nothing")


def test_unknown_names_point_at_their_place():
    spec = parse_model("f =~ PERQ1 + PERQ9\nf ~ ag")
    faults = spec.unknown_names(["PERQ1", "PERQ2", "age"])
    assert len(faults) == 2
    assert "Did you mean 'PERQ1'" in faults[0].message or "Did you mean 'PERQ2'" in faults[0].message
    assert faults[1].line == 2
    assert "Did you mean 'age'" in faults[1].message


def test_colliding_names_point_at_their_place():
    spec = parse_model("y ~ f + c\nf =~ x1 + x2\nc <~ x3")
    assert [fault.line for fault in spec.colliding_names(["f", "c", "x1"])] == [2, 3]


# --- printing -------------------------------------------------------------------------------------------------------


def _groups(entry):
    return st.lists(entry, min_size=2, max_size=3).map(tuple)


def _some(values):
    return any(value is not None for value in values)


def _scales_of_one_c(found):
    """What ``c()`` says when numbers, labels and NA are mixed in it."""
    numbers = tuple(entry if isinstance(entry, float) else None for entry in found)
    texts = tuple(entry if isinstance(entry, str) else None for entry in found)
    fields = {"fixed": numbers} if _some(numbers) else {}
    if None in found and (_some(numbers) or not _some(texts)):
        fields["free"] = tuple(entry is None for entry in found)
    return fields | ({"label": texts} if _some(texts) else {})


PER_GROUP = st.none() | NUMBERS | _groups(NUMBERS | st.none()).filter(_some)
REFERENCES = st.sampled_from(["f=~x1", "x1~~x2", "y.1~1", "x1~x2.g2"])
SCALES = _groups(NUMBERS | LABELS | st.none()).map(_scales_of_one_c) | st.fixed_dictionaries(
    {
        "label": st.none() | LABELS | _groups(LABELS | st.none()).filter(_some),
        "fixed": st.none() | NUMBERS | _groups(NUMBERS),
    }
)
TERMS = st.builds(
    lambda op, lhs, rhs, scales, **others: Term(
        lhs, op, {"~1": "", "~*~": lhs}.get(op, rhs), **scales, **{k: v for k, v in others.items() if v is not None}
    ),
    st.sampled_from(["=~", "<~", "~", "~~", "~1", "~*~"]),
    NAMES,
    NAMES,
    st.just({"free": True}) | SCALES,
    start=PER_GROUP,
    lower=PER_GROUP,
    upper=PER_GROUP,
    equal_to=st.none() | REFERENCES | _groups(REFERENCES),
).map(lambda term: Term(term.lhs, "=~", term.lhs, fixed=0.0) if term.op in "=~<~" and term.lhs == term.rhs else term)
BASE = tuple(Term("base", "=~", f"i{label}", label=label) for label in ("a", "b", "c1", "min", ".q"))


def _trees(names):
    return st.recursive(
        st.sampled_from([*(("name", name) for name in names), ("number", 2.0), ("number", 0.5)]),
        lambda inner: (
            st.tuples(st.sampled_from("+-*/^"), inner, inner)
            | st.tuples(st.just("minus"), inner)
            | st.tuples(st.just("call"), st.sampled_from(["exp", "log1p", "pnorm", "tanh"]), inner)
            | st.tuples(st.just("call"), st.sampled_from(["min", "max", "sum"]), inner, inner, inner)
        ),
        max_leaves=6,
    )


EXPRESSIONS = _trees(["a", "b", "c1", "min", ".q"]).map(Expression)
CONSTRAINTS = st.builds(
    Constraint, _trees(["a", ".q", "d1"]).map(Expression), st.sampled_from(["==", "<", ">"]), EXPRESSIONS
).filter(lambda constraint: constraint.names)


@st.composite
def _specs(draw):
    terms = draw(st.lists(TERMS, min_size=1, max_size=5, unique_by=lambda term: term.key))
    observed = ModelSpec(tuple(term for term in terms if term.op != "~*~")).observed
    terms = [term for term in terms if term.op != "~*~" or term.lhs in observed]
    if not draw(st.booleans()):
        return ModelSpec(tuple(terms or BASE))
    expressions = draw(st.lists(EXPRESSIONS, min_size=1, max_size=2))
    definitions = tuple(Definition(f"d{1 + index}", expression) for index, expression in enumerate(expressions))
    return ModelSpec((*BASE, *terms), definitions, tuple(draw(st.lists(CONSTRAINTS, max_size=2))))


@given(_specs())
def test_printing_and_parsing_is_the_identity(spec):
    again = parse_model(str(spec))
    assert again == spec
    assert str(again) == str(spec)


@given(st.text(alphabet='fx12 \n=~+*().:#"a,c<>N', max_size=40))
def test_any_text_parses_or_is_refused_with_a_sentence(text):
    try:
        spec = parse_model(text)
    except InputError as error:
        refused = error
    else:
        assert parse_model(str(spec)) == spec
        return
    assert all(fault.message for fault in refused.faults)


@given(
    st.lists(st.sampled_from([*"fxab120,()*+?~<>=;:-\n", "=~", "~~", "<~", "~*~", ":=", "==", "NA", "c(", "start("]))
)
def test_any_words_parse_or_are_refused_with_a_sentence(words):
    text = " ".join(words)
    try:
        spec = parse_model(text)
    except InputError as error:
        refused = error
    else:
        assert parse_model(str(spec)) == spec
        return
    assert all(fault.message for fault in refused.faults)


@given(_trees(["a", "b"]))
def test_printed_expressions_parse_to_the_same_tree(tree):
    text = f"f =~ a*x1 + b*x2\nq := {Expression(tree)}"
    assert parse_model(text).definitions[0].expression.tree == tree
