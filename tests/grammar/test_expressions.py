"""Arithmetic of definitions and constraints against Python's own, and its derivatives against differences."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.errors import ModelError
from crmstudy.grammar.expressions import Expression
from crmstudy.grammar.functions import FUNCTIONS, UNARY
from crmstudy.grammar.spec import parse_model
from tests.tolerances import CLOSED_FORM_RELATIVE

NORMAL = NormalDist()
CASES = {
    "a*b + c": lambda a, b, c: a * b + c,
    "a - b - c": lambda a, b, c: a - b - c,
    "a / b / c": lambda a, b, c: a / b / c,
    "-a^2": lambda a, b, c: -(a**2),
    "2^b^2": lambda a, b, c: 2 ** (b**2),
    "a^-1": lambda a, b, c: 1 / a,
    "a**b": lambda a, b, c: a**b,
    "(a*b)^0": lambda a, b, c: 1.0,
    "exp(-a) + log(b) * sqrt(c)": lambda a, b, c: math.exp(-a) + math.log(b) * math.sqrt(c),
    "abs(-a*b) / (a + b*c)": lambda a, b, c: abs(-a * b) / (a + b * c),
    "(a - 1e-1) * .5": lambda a, b, c: (a - 0.1) * 0.5,
    "log10(a) + log2(b) + log1p(c) + expm1(a*b)": lambda a, b, c: (
        math.log10(a) + math.log2(b) + math.log1p(c) + math.expm1(a * b)
    ),
    "sin(a)*cos(b)*tan(c)": lambda a, b, c: math.sin(a) * math.cos(b) * math.tan(c),
    "asin(a) + acos(a/2) + atan(c)": lambda a, b, c: math.asin(a) + math.acos(a / 2) + math.atan(c),
    "sinh(a) + cosh(b) + tanh(c)": lambda a, b, c: math.sinh(a) + math.cosh(b) + math.tanh(c),
    "pnorm(a - b) + dnorm(c)": lambda a, b, c: NORMAL.cdf(a - b) + NORMAL.pdf(c),
    "qnorm(a) * plogis(b - c)": lambda a, b, c: NORMAL.inv_cdf(a) / (1 + math.exp(c - b)),
    "min(a, b*c, c) + max(a, b, c) + sum(a, b, c)": lambda a, b, c: min(a, b * c, c) + max(a, b, c) + a + b + c,
    "min(a) - max(-a, -b)": lambda a, b, c: a - max(-a, -b),
}


def _expression(text):
    return parse_model(f"f =~ a*x1 + b*x2 + c*x3\nq := {text}").definitions[0].expression


@pytest.mark.parametrize("text", CASES)
def test_value(text):
    found = _expression(text).value({"a": 0.7, "b": 1.3, "c": 2.1})
    assert float(found) == pytest.approx(CASES[text](0.7, 1.3, 2.1), rel=1e-14)


@pytest.mark.parametrize("text", CASES)
def test_gradient(text):
    at, unit = np.array([0.7, 1.3, 2.1]), np.eye(3)
    values = dict(zip("abc", at, strict=True))
    value, slope = _expression(text).gradient(values, dict(zip("abc", unit, strict=True)))
    step = 1e-6
    differences = [(CASES[text](*(at + step * e)) - CASES[text](*(at - step * e))) / (2 * step) for e in unit]
    assert float(value) == pytest.approx(CASES[text](*at), rel=1e-14)
    np.testing.assert_allclose(slope + np.zeros(3), differences, rtol=1e-7, atol=1e-9)


def test_every_function_is_tested():
    used = " ".join(CASES)
    assert [name for name in FUNCTIONS if f"{name}(" not in used] == []


#: A step into the imaginary is a difference without rounding: the derivative is Im f(x + ih) / h.
STEP = 1e-30
POSITIVE = ("log", "log2", "log10", "sqrt", "abs", "qnorm")
COMPLEX = sorted(set(UNARY) - {"abs", "qnorm", "plogis"})


@given(st.sampled_from(COMPLEX), st.floats(0.1, 0.9), st.booleans())
def test_derivatives_are_those_of_differences(name, at, turned):
    at = -at if turned and name not in POSITIVE else at
    function, derivative = UNARY[name]
    assert float(derivative(at)) == pytest.approx(function(at + STEP * 1j).imag / STEP, rel=CLOSED_FORM_RELATIVE)


@given(st.floats(0.1, 0.9))
def test_derivatives_of_functions_of_real_numbers_only(at):
    (quantile, slope), (_, density) = UNARY["qnorm"], UNARY["pnorm"]
    assert slope(at) * density(quantile(at)) == pytest.approx(1.0, rel=CLOSED_FORM_RELATIVE)
    share, its_slope = UNARY["plogis"]
    assert its_slope(at) == pytest.approx(share(at) * (1.0 - share(at)), rel=CLOSED_FORM_RELATIVE)
    assert (UNARY["abs"][1](at), UNARY["abs"][1](-at)) == (1.0, -1.0)


trees = st.recursive(
    st.sampled_from([("name", "a"), ("name", "b"), ("number", 2.0), ("number", 0.5)]),
    lambda inner: (
        st.tuples(st.sampled_from("+-*"), inner, inner)
        | st.tuples(st.just("minus"), inner)
        | st.tuples(st.just("call"), st.sampled_from(["sin", "tanh", "pnorm", "atan", "dnorm"]), inner)
        | st.tuples(st.just("call"), st.just("sum"), inner, inner, inner)
    ),
    max_leaves=8,
)


@given(trees, st.floats(-2, 2), st.floats(-2, 2))
def test_gradient_of_any_expression(tree, a, b):
    expression = Expression(tree)
    _, slope = expression.gradient({"a": a, "b": b}, {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 1.0])})
    steps = [{"a": a + STEP * 1j, "b": b}, {"a": a, "b": b + STEP * 1j}]
    differences = [np.imag(expression.value(step)) / STEP for step in steps]
    np.testing.assert_allclose(slope + np.zeros(2), differences, rtol=CLOSED_FORM_RELATIVE, atol=CLOSED_FORM_RELATIVE)


@given(trees, st.floats(-2, 2), st.floats(-2, 2))
def test_arrays_give_what_numbers_give(tree, a, b):
    expression = Expression(tree)
    stacked = expression.value({"a": np.array([a, b]), "b": np.array([b, a])})
    single = [float(expression.value({"a": x, "b": y})) for x, y in ((a, b), (b, a))]
    np.testing.assert_allclose(np.broadcast_to(stacked, 2), single, rtol=CLOSED_FORM_RELATIVE)


def test_arrays_give_one_value_a_draw():
    draws = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0]), "c": np.zeros(2)}
    np.testing.assert_array_equal(_expression("a*b + c").value(draws), [3.0, 8.0])
    np.testing.assert_array_equal(_expression("max(a, b - c, 2.5)").value(draws), [3.0, 4.0])


def test_of_equal_arguments_the_first_counts():
    unit = np.eye(3)
    at = dict(zip("abc", (1.0, 1.0, 0.0), strict=True))
    _, slope = _expression("max(a, b)").gradient(at, dict(zip("abc", unit, strict=True)))
    np.testing.assert_array_equal(slope, [1.0, 0.0, 0.0])


def test_a_power_at_its_edges():
    at = {"a": 0.0, "b": 2.0, "c": 0.0}
    slopes = dict(zip("abc", np.eye(3), strict=True))
    assert [float(x) for x in _expression("a^2").gradient(at, slopes)[1]] == [0.0, 0.0, 0.0]
    assert [float(x) for x in _expression("a^b").gradient(at, slopes)[1]] == [0.0, 0.0, 0.0]
    assert [float(x) for x in _expression("(a*b)^0").gradient(at, slopes)[1]] == [0.0, 0.0, 0.0]


def test_names_are_replaced_by_what_they_stand_for():
    inner, outer = _expression("a + b"), _expression("2*a - exp(c)")
    assert str(outer.replaced({"a": inner})) == "2 * (a + b) - exp(c)"
    assert outer.replaced({"a": inner}).names == ("a", "b", "c")
    assert outer.replaced({}) == outer


def test_what_a_function_takes():
    with pytest.raises(ModelError, match="takes one argument; found 2"):
        _expression("log(a, 2)")
    with pytest.raises(ModelError, match="Did you mean 'expm1'"):
        _expression("exmp1(a)")
