"""Arithmetic of defined parameters against Python's own, and its derivatives against differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

from crmstudy.grammar.spec import parse_model

CASES = {
    "a*b + c": lambda a, b, c: a * b + c,
    "a - b - c": lambda a, b, c: a - b - c,
    "a / b / c": lambda a, b, c: a / b / c,
    "-a^2": lambda a, b, c: -(a**2),
    "2^b^2": lambda a, b, c: 2 ** (b**2),
    "a^-1": lambda a, b, c: 1 / a,
    "a**b": lambda a, b, c: a**b,
    "exp(-a) + log(b) * sqrt(c)": lambda a, b, c: math.exp(-a) + math.log(b) * math.sqrt(c),
    "abs(-a*b) / (a + b*c)": lambda a, b, c: abs(-a * b) / (a + b * c),
    "(a - 1e-1) * .5": lambda a, b, c: (a - 0.1) * 0.5,
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


def test_arrays_give_one_value_a_draw():
    draws = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0]), "c": np.zeros(2)}
    np.testing.assert_array_equal(_expression("a*b + c").value(draws), [3.0, 8.0])
