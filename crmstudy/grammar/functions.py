"""The functions that expressions over labels may call, each with its derivative."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from scipy.special import expit, ndtr, ndtri

Function = Callable[[Any], Any]

_ROOT_TWO_PI = float(np.sqrt(2.0 * np.pi))


def _density(x: Any) -> Any:
    """Density of the standard normal distribution."""
    return np.exp(-0.5 * np.square(x)) / _ROOT_TWO_PI


#: Functions of one argument: the function and its derivative (R's names).
UNARY: dict[str, tuple[Function, Function]] = {
    "exp": (np.exp, np.exp),
    "expm1": (np.expm1, np.exp),
    "log": (np.log, lambda x: np.divide(1.0, x)),
    "log10": (np.log10, lambda x: np.divide(1.0, x * np.log(10.0))),
    "log2": (np.log2, lambda x: np.divide(1.0, x * np.log(2.0))),
    "log1p": (np.log1p, lambda x: np.divide(1.0, 1.0 + x)),
    "sqrt": (np.sqrt, lambda x: np.divide(0.5, np.sqrt(x))),
    "abs": (np.abs, np.sign),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda x: -np.sin(x)),
    "tan": (np.tan, lambda x: 1.0 + np.square(np.tan(x))),
    "asin": (np.arcsin, lambda x: np.divide(1.0, np.sqrt(1.0 - np.square(x)))),
    "acos": (np.arccos, lambda x: np.divide(-1.0, np.sqrt(1.0 - np.square(x)))),
    "atan": (np.arctan, lambda x: 1.0 / (1.0 + np.square(x))),
    "sinh": (np.sinh, np.cosh),
    "cosh": (np.cosh, np.sinh),
    "tanh": (np.tanh, lambda x: 1.0 - np.square(np.tanh(x))),
    "pnorm": (ndtr, _density),
    "dnorm": (_density, lambda x: -x * _density(x)),
    "qnorm": (ndtri, lambda p: np.divide(1.0, _density(ndtri(p)))),
    "plogis": (expit, lambda x: expit(x) * expit(-x)),
}
#: Functions of any number of arguments.
VARIADIC = ("min", "max", "sum")
FUNCTIONS = (*UNARY, *VARIADIC)


def combine(name: str, values: list[Any]) -> Any:
    """Value of a function of several arguments."""
    return reduce({"min": np.minimum, "max": np.maximum, "sum": np.add}[name], values)


def combine_slopes(name: str, values: list[Any], slopes: list[Any]) -> Any:
    """Gradient of a function of several arguments; of equal smallest or largest ones the first counts."""
    if name == "sum":
        return reduce(np.add, slopes)
    value, slope = values[0], slopes[0]
    for following, its_slope in zip(values[1:], slopes[1:], strict=True):
        better = following < value if name == "min" else following > value
        value, slope = np.where(better, following, value), np.where(better, its_slope, slope)
    return slope
