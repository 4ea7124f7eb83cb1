"""Regression formulas: read, checked against the data before anything is computed, and turned into a design.

A formula may call only the transformations named in :data:`TRANSFORMATIONS`; nothing else in it is ever evaluated, so a
formula out of somebody's file cannot run code.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, InputError, ModelError, UnsupportedError, did_you_mean
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note

#: What a formula may call.
TRANSFORMATIONS = ("C", "I", "center", "scale", "standardize", "poly", "log", "log2", "log10", "exp")
#: The largest power a formula may take of a variable or of terms, and the largest degree of ``poly``.
LARGEST_POWER = 6
#: So many terms a formula may be multiplied out to; more are a slip of the pen, or an attack.
MOST_TERMS = 20_000
_CONTRASTS = ("treatment", "sum", "helmert", "poly", "diff")
_ALLOWED = (
    ast.Expression, ast.Name, ast.Load, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Add, ast.Sub, ast.Mult, ast.Div,
    ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr, ast.BitXor, ast.unaryop, ast.Compare, ast.cmpop, ast.Call,
    ast.keyword, ast.List, ast.Tuple, ast.Attribute,
)  # fmt: skip
_ZERO_WIDTH_NON_JOINER = "\u200c"


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A formula that has been read: its parsed form, the variables it names, and the text."""

    text: str
    parsed: Any
    variables: tuple[str, ...]

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms on the right-hand side, without the intercept."""
        return tuple(str(term) for term in self.parsed.rhs if str(term) != "1")


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The numbers a linear model is fitted to.

    Attributes
    ----------
    matrix : array of shape (n, p)
    outcome : array of shape (n,)
    columns : tuple of str
        Names of the p coefficients.
    terms : dict of str to tuple of int
        Columns of each term, without the intercept.
    intercept : int or None
        Column of the intercept.
    index : Index
        Row labels of the rows used.
    dropped : int
        Rows left out because a variable of the formula is missing.
    """

    matrix: Array
    outcome: Array
    columns: tuple[str, ...]
    terms: dict[str, tuple[int, ...]]
    intercept: int | None
    index: pd.Index
    dropped: int
    notes: tuple[Note, ...] = ()


def term_key(term: str) -> tuple[str, ...]:
    """A term without spaces, backticks and the order of its factors: ``b : a`` is ``a:b``."""
    return tuple(sorted("".join(part.replace("`", "").split()) for part in term.split(":")))


def same_name(first: str, second: str) -> bool:
    """Whether two spellings name one variable: with or without backticks and spaces."""
    return term_key(first) == term_key(second)


def without_level(term: str) -> str:
    """A coefficient's name without the level of a category or the degree: ``branch[T.2]`` is of ``branch``."""
    while (shorter := re.sub(r"\[[^\[\]]*\]", "", term)) != term:
        term = shorter
    return term


def read_formula(text: str, columns: Sequence[str]) -> Formula:
    """Parse a formula and check that the data have every variable it names.

    Raises
    ------
    ModelError
        When the formula cannot be read, or names variables that the data do not have (each with its near miss).
    UnsupportedError
        For functions and operators that a formula may not use.
    """
    formula = parse_formula(text, columns)
    faults = [
        f"The formula names '{name}', which is no variable of the data.{did_you_mean(name, columns)}"
        for name in formula.variables
        if name not in columns
    ]
    if faults:
        raise ModelError(faults)
    return formula


def formula_variables(text: str) -> tuple[str, ...]:
    """The variables a formula names, the outcome's first; raises as :func:`parse_formula` does."""
    return parse_formula(text).variables


def formula_terms(text: str) -> tuple[str, tuple[str, ...]]:
    """The outcome and the terms of a formula as they are written in it; raises as :func:`parse_formula` does."""
    formula = parse_formula(text)
    return str(formula.parsed.lhs[0]), formula.terms


def parse_formula(text: str, columns: Sequence[str] = ()) -> Formula:
    """Parse a formula and check what it calls, not yet whether its variables exist.

    ``columns`` are names that a message may suggest to put between backticks.

    Raises
    ------
    ModelError
        When the formula cannot be read, or has no outcome or no predictor.
    UnsupportedError
        For functions and operators that a formula may not use.
    """
    import formulaic

    if not isinstance(text, str) or "~" not in text:
        raise ModelError(f"A formula is text such as 'y ~ a + b' with the outcome before the ~, not {text!r}.")
    quoted = _quote_joined_names(text)
    try:
        _refuse_explosion(text, quoted)
        parsed = formulaic.Formula(quoted)
    except InputError:
        raise
    except Exception as error:  # besides its own errors the parser lets SyntaxError, AttributeError ... through
        raise ModelError(_parse_message(text, str(error), columns)) from error
    if not hasattr(parsed, "lhs") or not isinstance(parsed.rhs, formulaic.SimpleFormula):
        raise UnsupportedError(f"The formula '{text}' has several parts (|), which this version does not have.")
    if len(parsed.lhs) != 1 or len(parsed.lhs[0].factors) != 1:
        raise ModelError(f"The formula '{text}' needs one outcome before the ~.")
    variables = _variables(parsed)
    if not any(str(term) != "1" for term in parsed.rhs):
        raise ModelError(f"The formula '{text}' has no predictor: name at least one after the ~.")
    return Formula(text, parsed, variables)


def build_design(formula: Formula, frame: pd.DataFrame) -> Design:
    """The design of the rows that have every variable of the formula.

    Raises
    ------
    ModelError
        When the outcome is not a number.
    AnalysisError
        When no row is complete, a variable does not vary, or a transformation gives no finite number.
    """
    used = frame.loc[:, list(formula.variables)].dropna()
    dropped = len(frame) - len(used)
    _refuse_constant(formula, used)
    used = pd.DataFrame({name: _plain_column(used[name]) for name in used})
    outcome, matrix, spec = _materialise(formula, used)
    columns = tuple("(Intercept)" if name == "Intercept" else str(name) for name in matrix.columns)
    places = {str(term): tuple(map(int, index)) for term, index in spec.term_indices.items()}
    intercept = places.pop("1", (None,))[0]
    values = np.asarray(matrix, dtype=float)
    endless = [name for name, column in zip(columns, values.T, strict=True) if not np.isfinite(column).all()]
    y = np.asarray(outcome, dtype=float)[:, 0]
    endless += [str(outcome.columns[0])] if not np.isfinite(y).all() else []
    if endless:
        raise AnalysisError(
            f"{', '.join(endless)}: some rows give no finite number (a logarithm of 0 or less?). Transform the "
            "variable otherwise or leave those rows out.",
            "REGRESSION_NOT_FINITE",
        )
    return Design(values, y, columns, places, intercept, used.index, dropped, _factor_notes(formula, used))


def _refuse_explosion(text: str, quoted: str) -> None:
    """Refuse powers and products of terms that would be multiplied out without end, before they are."""
    from formulaic.parser import DefaultFormulaParser

    faults: list[str] = []
    if _size(DefaultFormulaParser().get_ast(quoted), faults) > MOST_TERMS and not faults:
        faults.append(
            f"it multiplies out to more than {MOST_TERMS:,} terms; name the interactions that are meant, such as a:b."
        )
    if faults:
        raise ModelError([f"The formula '{text:.200}' cannot be used: {fault}" for fault in faults])


def _size(node: Any, faults: list[str]) -> int:
    """At most so many terms come of a node; the count stops above the largest that is allowed."""
    parts = [_size(part, faults) for part in getattr(node, "args", ())]
    symbol = str(node.operator) if parts else ""
    if symbol in ("**", "^"):
        power = str(node.args[1])
        if power not in map(str, range(1, LARGEST_POWER + 1)):
            faults.append(f"it has the power {power:.40}, and a power is a number from 1 to {LARGEST_POWER}.")
            return 1
        count = int(parts[0] ** int(power))
    elif symbol in (":", "in"):
        count = parts[0] * parts[1]
    elif symbol in ("*", "/"):
        count = parts[0] * parts[1] + sum(parts)
    else:
        count = sum(parts) if parts else 1
    return min(count, MOST_TERMS + 1)


def _materialise(formula: Formula, used: pd.DataFrame) -> tuple[Any, Any, Any]:
    from formulaic.errors import DataMismatchWarning

    response = str(formula.parsed.lhs[0])
    computed = {
        name for factor in _factors(formula.parsed) if factor.eval_method.value == "python"
        for name in _computed_with(_tree(factor.expr))
    }  # fmt: skip
    faults = [
        f"The formula '{formula.text}' computes with '{name}', which is not a number; enter it as it is, or compare it."
        for name in used
        if name in computed and not pd.api.types.is_numeric_dtype(used[name])
    ]
    if faults:
        raise ModelError(faults)
    if response in used and not pd.api.types.is_numeric_dtype(used[response]):
        raise ModelError(f"The outcome '{response}' is not a number: least squares needs a numeric outcome.")
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error", DataMismatchWarning)
            matrices = formula.parsed.get_model_matrix(used, context={}, na_action="ignore")
    except Exception as error:  # a transformation called with the wrong arguments raises whatever it likes
        raise ModelError(f"The formula '{formula.text}' cannot be computed: {_plain(str(error))}") from error
    if matrices.lhs.shape[1] != 1:
        raise ModelError(f"The outcome '{response}' must be one column of numbers, not {matrices.lhs.shape[1]}.")
    return matrices.lhs, matrices.rhs, matrices.rhs.model_spec


def _plain_column(column: pd.Series) -> pd.Series:
    """Numbers as floats; categories without the levels that no row has."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.remove_unused_categories()
    return column.astype(float) if pd.api.types.is_numeric_dtype(column) else column


def _refuse_constant(formula: Formula, used: pd.DataFrame) -> None:
    if used.empty:
        raise AnalysisError(
            f"No row has all variables of '{formula.text}'. Leave out the variable with the most missing values.",
            "REGRESSION_TOO_FEW_ROWS",
        )
    flat = [str(name) for name in used if len(used[name].unique()) == 1]
    if flat:
        raise AnalysisError(
            f"{', '.join(flat)}: every one of the {len(used)} complete rows has the same value, and what does not vary "
            "explains nothing. Take it out of the formula.",
            "REGRESSION_CONSTANT",
        )


def _factor_notes(formula: Formula, used: pd.DataFrame) -> tuple[Note, ...]:
    notes = []
    for name in used:
        if not pd.api.types.is_numeric_dtype(used[name]):
            levels = sorted(map(str, used[name].unique()))
            message = (
                f"'{name}' is not a number and enters as a factor with {len(levels)} levels: {', '.join(levels[:12])}"
            )
            notes.append(
                Note("REGRESSION_FACTOR", f"{message}{' ...' if len(levels) > 12 else ''}.", "info", str(name))
            )
    return tuple(notes)


def _variables(parsed: Any) -> tuple[str, ...]:
    """Every variable the formula names, after checking that each call is allowed."""
    names: list[str] = []
    refused: list[str] = []
    for factor in _factors(parsed):
        if factor.eval_method.value == "lookup":
            names.append(factor.expr)
        elif factor.eval_method.value == "python":
            found, wrong = _inside(factor.expr)
            names += found
            refused += wrong
    if refused:
        raise UnsupportedError(list(dict.fromkeys(refused)))
    return tuple(dict.fromkeys(names))


def _factors(parsed: Any) -> Iterator[Any]:
    for term in (*parsed.lhs, *parsed.rhs):
        yield from term.factors


def _inside(expression: str) -> tuple[list[str], list[str]]:
    """The variables an expression names, and a sentence for everything in it that is not allowed."""
    try:
        tree = _tree(expression)
    except (SyntaxError, ValueError):
        return [], [f"'{expression:.80}' in the formula is not an expression that can be read."]
    calls = {id(node.func): node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    refused = [_refusal(function, expression) for function in calls.values()]
    refused += _costly(tree, expression)
    refused += [
        f"'{expression}' in the formula uses {type(node).__name__}, which a formula may not."
        for node in ast.walk(tree)
        if not isinstance(node, _ALLOWED)
        or (isinstance(node, ast.Attribute) and id(node) not in calls and _refusal(node, expression))
    ]
    owners = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names = [
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in calls and not (node.id == "contr" and id(node) in owners)
    ]
    return names, [sentence for sentence in refused if sentence]


def _tree(expression: str) -> ast.Expression:
    """The expression as a tree in which names between backticks stand as they are in the data."""
    quoted: dict[str, str] = {}

    def stand_in(match: re.Match[str]) -> str:
        name = f"_quoted_{len(quoted)}_"
        quoted[name] = match.group(1)
        return name

    tree = ast.parse(re.sub(r"`([^`]*)`", stand_in, expression), mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = quoted.get(node.id, node.id)
    return tree


def _computed_with(node: ast.AST) -> set[str]:
    """The variables that an expression adds, multiplies or raises; those only compared are left out."""
    if isinstance(node, ast.BinOp):
        return set().union(*(_named(side) for side in (node.left, node.right)))
    return set().union(*map(_computed_with, ast.iter_child_nodes(node)))


def _named(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Compare):
        return _computed_with(node)
    own = {node.id} if isinstance(node, ast.Name) else set()
    return own.union(*map(_named, ast.iter_child_nodes(node)))


def _costly(tree: ast.AST, expression: str) -> list[str]:
    """A sentence for everything in an expression that could take memory or time without end."""
    refused = []
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp):
            sides = (node.left, node.right)
            if any(isinstance(side, ast.List | ast.Tuple) or _is_text(side) for side in sides):
                refused.append(f"'{expression:.80}' in the formula computes with text or a list; use numbers.")
            elif isinstance(node.op, ast.Pow) and not _is_small_power(node):
                refused.append(
                    f"'{expression:.80}' in the formula has a power that a formula may not: write a variable to a "
                    f"power of at most {LARGEST_POWER}, such as I(x**2)."
                )
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "poly":
            given = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
            if any(_constant(value, default=1.0) > LARGEST_POWER for value in given):
                refused.append(f"'{expression:.80}' in the formula has a degree above {LARGEST_POWER}.")
    return refused


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not isinstance(node.value, int | float)


def _is_small_power(node: ast.BinOp) -> bool:
    """A variable to the power of a small number; numbers alone could grow without end."""
    named = any(isinstance(part, ast.Name) for part in ast.walk(node.left))
    return named and abs(_constant(node.right, default=float("inf"))) <= LARGEST_POWER


def _constant(node: ast.expr, default: float) -> float:
    """The number that is written, with its sign; the default for anything else."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return -_constant(node.operand, -default) if isinstance(node.op, ast.USub) else _constant(node.operand, default)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return min(max(float(node.value), -1e300), 1e300) if abs(node.value) < 10**300 else 1e300
    return default


def _refusal(function: ast.expr, expression: str) -> str:
    """Why a formula may not use this function or contrast, or the empty string."""
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "contr":
        return "" if function.attr in _CONTRASTS else f"There is no contrast '{function.attr}' in '{expression}'."
    name = function.id if isinstance(function, ast.Name) else ast.unparse(function)
    if name in TRANSFORMATIONS:
        return ""
    return (
        f"The formula calls '{name}', which this version does not have.{did_you_mean(name, TRANSFORMATIONS)} "
        f"A formula may use {', '.join(TRANSFORMATIONS)}."
    )


def _quote_joined_names(text: str) -> str:
    """Put backticks round names that hold a zero-width non-joiner, as Persian compounds do."""
    parts = text.split("`")
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(rf"[\w.]*{_ZERO_WIDTH_NON_JOINER}[\w.{_ZERO_WIDTH_NON_JOINER}]*", r"`\g<0>`", parts[i])
    return "`".join(parts)


def _parse_message(text: str, detail: str, columns: Sequence[str]) -> str:
    awkward = [name for name in columns if not name.isidentifier() and name in text and f"`{name}`" not in text]
    if awkward:
        hint = f" A name with spaces or marks stands between backticks: {', '.join(f'`{name}`' for name in awkward)}."
    elif "`.` operator" in detail:
        return f"The formula '{text}' uses '.', which this version does not have: name the predictors."
    else:
        hint = " A formula reads like 'y ~ a + b', with : or * for interactions."
    return f"The formula '{text}' cannot be read: {_plain(detail)}{hint}"


def _plain(detail: str) -> str:
    """The first line of a message, without marks for a terminal, as a sentence."""
    line = (re.sub(r"[⧛⧚]|\x1b?\[[0-9;]*m", "", detail).strip().splitlines() or ["no reason given"])[0].strip()
    return line if line.endswith(".") else f"{line}."
