"""A model as its author wrote it: lavaan syntax to :class:`ModelSpec` and back.

The syntax is that of lavaan (Rosseel, 2012, sec. 3): ``=~`` (is measured by), ``~`` (is regressed on), ``~~``
((co)varies with), ``:=`` (is defined as), with modifiers ``2*x`` (fixed), ``NA*x`` (free), ``a*x`` (labelled),
``start(.5)*x`` and ``equal("f=~x")*x``. Every fault of a text is reported at once, each with a caret.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from crmstudy.errors import Fault, ModelError, UnsupportedError, did_you_mean
from crmstudy.grammar.expressions import FUNCTIONS, Expression, ExpressionFault, parse_expression
from crmstudy.grammar.tokens import Token, point_at, tokenise

#: Operators this version estimates, and what the others are called when they are refused.
OPERATORS = ("=~", "~", "~~", ":=")
UNBUILT_OPERATORS = {
    "<~": "composites (<~)",
    "~*~": "scaling factors (~*~)",
    "|": "thresholds (|)",
    "==": "equality constraints (==; give the two parameters one label instead)",
    "<": "inequality constraints (<)",
    ">": "inequality constraints (>)",
}
#: Words that are values in R and cannot be labels.
_RESERVED = frozenset({"NA", "Inf", "NaN", "TRUE", "FALSE", "NULL"})
_UNBUILT_MODIFIERS = {
    "c": "values per group (c())",
    "lower": "bounds (lower())",
    "upper": "bounds (upper())",
    "rv": "random slopes (rv())",
    "efa": "exploratory blocks (efa())",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One parameter as written: ``lhs op rhs`` and its modifiers.

    ``fixed`` is the value it is fixed at, ``free`` True for ``NA*``, ``label`` its label, ``start`` its start value,
    ``equal_to`` the parameter it equals. ``token`` is where its right-hand name stands (not compared).
    """

    lhs: str
    op: str
    rhs: str
    fixed: float | None = None
    free: bool = False
    label: str | None = None
    start: float | None = None
    equal_to: tuple[str, str, str] | None = None
    token: Token | None = field(default=None, compare=False, repr=False)
    lhs_token: Token | None = field(default=None, compare=False, repr=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two terms the same parameter (a covariance has no direction)."""
        if self.op == "~~" and self.rhs < self.lhs:
            return (self.rhs, self.op, self.lhs)
        return (self.lhs, self.op, self.rhs)


@dataclass(frozen=True, slots=True)
class Definition:
    """A parameter defined from labels: ``name := expression``."""

    name: str
    expression: Expression
    token: Token | None = field(default=None, compare=False, repr=False)
    words: tuple[Token, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class ModelSpec:
    """A parsed model. ``str()`` prints lavaan syntax that parses to an equal specification."""

    terms: tuple[Term, ...]
    definitions: tuple[Definition, ...] = ()
    source: str = field(default="", compare=False, repr=False)

    @property
    def latent(self) -> tuple[str, ...]:
        """Names that are measured by others, in order of first appearance."""
        return tuple(dict.fromkeys(term.lhs for term in self.terms if term.op == "=~"))

    @property
    def observed(self) -> tuple[str, ...]:
        """Names that must be columns of the data: indicators first, then outcomes, predictors and the rest."""
        latent = set(self.latent)
        order: list[str] = [t.rhs for t in self.terms if t.op == "=~"]
        order += [t.lhs for t in self.terms if t.op == "~"]
        order += [t.rhs for t in self.terms if t.op == "~"]
        order += [name for t in self.terms if t.op == "~~" for name in (t.lhs, t.rhs)]
        return tuple(name for name in dict.fromkeys(order) if name not in latent)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels given to parameters, in order of first appearance."""
        return tuple(dict.fromkeys(term.label for term in self.terms if term.label is not None))

    def unknown_names(self, columns: Sequence[object]) -> list[Fault]:
        """A fault with a caret for each name that is neither latent nor among ``columns``."""
        known = [str(column) for column in columns]
        missing = set(self.observed) - set(known)
        faults = []
        for name in self.observed:
            if name not in missing:
                continue
            token = next(
                place
                for term in self.terms
                for place, text in ((term.lhs_token, term.lhs), (term.token, term.rhs))
                if text == name and place is not None
            )
            hint = did_you_mean(name, [*known, *self.latent])
            message = f"'{name}' is neither a column of the data nor measured in the model.{hint}"
            faults.append(point_at(self.source, token, message))
        return faults

    def colliding_names(self, columns: Sequence[object]) -> list[Fault]:
        """A fault with a caret for each factor that has the name of a column: it would be unclear which is meant."""
        known = {str(column) for column in columns}
        faults = []
        for name in self.latent:
            if name in known:
                token = next(term.lhs_token for term in self.terms if term.op == "=~" and term.lhs == name)
                message = f"'{name}' is measured here, but is also a column of the data; rename the factor."
                faults.append(point_at(self.source, token, message) if token is not None else Fault(message))
        return faults

    def __str__(self) -> str:
        lines = []
        for (lhs, op), run in groupby(self.terms, key=lambda term: (term.lhs, term.op)):
            lines.append(f"{lhs} {op} " + " + ".join(_print_term(term) for term in run))
        lines += [f"{item.name} := {item.expression}" for item in self.definitions]
        return "\n".join(lines)


def parse_model(text: str) -> ModelSpec:
    """Read a model in lavaan syntax.

    Raises
    ------
    ModelError
        With every fault of the text, each with its line, its column and a caret.
    UnsupportedError
        When the text is right but uses operators this version does not have; they are refused by name.
    """
    reader = _ModelReader(text)
    reader.read()
    if reader.faults:
        raise ModelError(reader.faults + reader.unsupported)
    if reader.unsupported:
        raise UnsupportedError(reader.unsupported)
    if not reader.terms:
        raise ModelError("the model is empty; write at least one formula such as 'f =~ x1 + x2 + x3'.")
    return ModelSpec(tuple(reader.terms.values()), tuple(reader.definitions), text)


def _print_term(term: Term) -> str:
    modifiers = []
    if term.fixed is not None:
        modifiers.append(_print_number(term.fixed))
    if term.free:
        modifiers.append("NA")
    if term.label is not None:
        modifiers.append(term.label)
    if term.start is not None:
        modifiers.append(f"start({_print_number(term.start)})")
    if term.equal_to is not None:
        modifiers.append(f'equal("{"".join(term.equal_to)}")')
    if not modifiers:
        return term.rhs
    return " + ".join(f"{modifier}*{term.rhs}" for modifier in modifiers)


def _print_number(number: float) -> str:
    return repr(int(number)) if float(number).is_integer() and abs(number) < 1e15 else repr(float(number))


class _Stop(Exception):
    """Ends the reading of one formula; the fault has been noted."""


class _ModelReader:
    """Reads formula by formula, so that one fault does not hide the next."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.terms: dict[tuple[str, str, str], Term] = {}
        self.definitions: list[Definition] = []
        self.faults: list[Fault] = []
        self.unsupported: list[Fault] = []

    def read(self) -> None:
        for tokens in _formulas(tokenise(self.source)):
            try:
                self.formula(tokens)
            except _Stop:
                continue
        self.check_definitions()

    def stop(self, token: Token, message: str, *, unsupported: bool = False) -> _Stop:
        (self.unsupported if unsupported else self.faults).append(point_at(self.source, token, message))
        return _Stop()

    def formula(self, tokens: list[Token]) -> None:
        for token in tokens:
            if token.kind == "unknown":
                raise self.stop(token, f"'{token.text}' has no meaning here.")
        if len(tokens) > 1 and tokens[0].text in ("level", "group") and tokens[1].text == ":":
            raise self.stop(tokens[0], f"'{tokens[0].text}:' blocks are not built yet.", unsupported=True)
        at = [index for index, token in enumerate(tokens) if token.kind == "operator"]
        if not at:
            raise self.stop(tokens[0], "this formula has no operator (=~, ~, ~~ or :=).")
        operator = tokens[at[0]]
        if operator.text in UNBUILT_OPERATORS:
            what = UNBUILT_OPERATORS[operator.text]
            raise self.stop(operator, f"{what} are not built yet.", unsupported=True)
        if len(at) > 1:
            raise self.stop(tokens[at[1]], "a second operator in one formula; is a line break missing before it?")
        left, right = tokens[: at[0]], tokens[at[0] + 1 :]
        if not left:
            raise self.stop(operator, f"a name is missing before '{operator.text}'.")
        if not right:
            raise self.stop(operator, f"nothing follows '{operator.text}'.")
        if operator.text == ":=":
            self.definition(left, right, operator)
        else:
            self.relation(left, operator, right)

    def definition(self, left: list[Token], right: list[Token], operator: Token) -> None:
        if len(left) != 1 or left[0].kind != "name":
            raise self.stop(left[0], "one name must stand before ':='.")
        if any(item.name == left[0].text for item in self.definitions):
            raise self.stop(left[0], f"'{left[0].text}' is defined twice; rename one.")
        try:
            expression = parse_expression(right, operator)
        except ExpressionFault as fault:
            raise self.stop(fault.token, str(fault)) from None
        self.definitions.append(Definition(left[0].text, expression, left[0], tuple(right)))

    def relation(self, left: list[Token], operator: Token, right: list[Token]) -> None:
        heads = []
        for part in _split(left, "+"):
            if len(part) != 1 or part[0].kind != "name":
                raise self.stop(
                    (part or left)[0],
                    f"one name, or names joined by '+', must stand before '{operator.text}'.",
                )
            heads.append(part[0])
        parts = _split(right, "+")
        if not all(parts):
            raise self.stop(right[-1], "a name is missing beside '+'.")
        for head in heads:
            for part in parts:
                self.add(self.term(head, operator, part))

    def term(self, head: Token, operator: Token, part: list[Token]) -> Term:
        factors = _split(part, "*", also="?")
        name = factors[-1]
        if not name:
            raise self.stop(part[-1], "a name is missing after '*'.")
        if len(name) == 1 and name[0].kind == "number" and operator.text == "~" and name[0].text in ("0", "1"):
            raise self.stop(name[0], "intercepts (~ 1) are not built yet.", unsupported=True)
        if len(name) > 1 and name[1].text == ":":
            raise self.stop(name[1], "product terms (a:b) are not built yet; add a product column.", unsupported=True)
        if name[0].kind != "name":
            raise self.stop(name[0], f"the name of a variable was expected; found '{name[0].text}'.")
        if len(name) > 1:
            raise self.stop(name[1], f"'+' or '*' is missing before '{name[1].text}'.")
        term = Term(head.text, operator.text, name[0].text, token=name[0], lhs_token=head)
        if operator.text != "~~" and head.text == name[0].text:
            raise self.stop(name[0], f"'{head.text}' cannot stand on both sides of '{operator.text}'.")
        if len(factors) > 2:
            message = f"one modifier a '*': for several, write the variable again, as in '... + b*{name[0].text}'."
            raise self.stop(factors[1][0] if factors[1] else part[0], message)
        for factor in factors[:-1]:
            if not factor:
                raise self.stop(part[0], "a modifier is missing before '*'.")
            term = self.modified(term, factor, asks=self.is_start(part, factor))
        return term

    @staticmethod
    def is_start(part: list[Token], factor: list[Token]) -> bool:
        """True when ``factor`` is followed by '?', lavaan's short form of start()."""
        following = part.index(factor[-1]) + 1
        return following < len(part) and part[following].text == "?"

    def modified(self, term: Term, factor: list[Token], *, asks: bool) -> Term:
        first = factor[0]
        if len(factor) == 1 and first.kind == "name":
            if first.text in _RESERVED - {"NA"}:
                raise self.stop(first, f"'{first.text}' cannot be a label or a value here.")
            return replace(term, free=True) if first.text == "NA" else replace(term, label=first.text)
        if len(factor) == 1 and first.kind == "string":
            return replace(term, label=self.label(first))
        if first.kind == "name" and first.text not in FUNCTIONS and len(factor) > 1 and factor[1].text == "(":
            return self.called(term, first, factor[2:-1], closed=factor[-1].text == ")")
        value = self.number(factor)
        return replace(term, start=value) if asks else replace(term, fixed=value)

    def called(self, term: Term, name: Token, inner: list[Token], *, closed: bool) -> Term:
        if name.text in _UNBUILT_MODIFIERS:
            raise self.stop(name, f"{_UNBUILT_MODIFIERS[name.text]} are not built yet.", unsupported=True)
        if name.text not in ("start", "label", "equal"):
            hint = did_you_mean(name.text, ["start", "label", "equal"])
            raise self.stop(name, f"'{name.text}()' is not a modifier (start(), label(), equal()).{hint}")
        if not closed or not inner:
            raise self.stop(name, f"'{name.text}(...)' must hold one value and end with ')'.")
        if name.text == "start":
            return replace(term, start=self.number(inner))
        if len(inner) != 1 or inner[0].kind not in ("string", "name"):
            raise self.stop(inner[0], f"'{name.text}()' must hold one text in quotes.")
        if name.text == "label":
            return replace(term, label=self.label(inner[0]))
        text = inner[0].text.strip("\"'")
        if len(tokenise(text)) == 1:
            return replace(term, label=self.label(inner[0]))
        return replace(term, equal_to=self.reference(inner[0], text))

    def label(self, token: Token) -> str:
        text = token.text.strip("\"'")
        words = tokenise(text)
        if len(words) != 1 or words[0].kind != "name" or words[0].text != text or text in _RESERVED:
            raise self.stop(token, "a label must be a name: letters, digits, '.' and '_', beginning with a letter.")
        return text

    def reference(self, token: Token, text: str) -> tuple[str, str, str]:
        parts = tokenise(text)
        if len(parts) != 3 or parts[1].text not in ("=~", "~", "~~"):
            raise self.stop(token, 'equal() must hold a parameter such as "f=~x1".')
        return (parts[0].text, parts[1].text, parts[2].text)

    def number(self, tokens: list[Token]) -> float:
        try:
            expression = parse_expression(tokens, tokens[-1])
        except ExpressionFault as fault:
            raise self.stop(fault.token, str(fault)) from None
        if expression.names:
            raise self.stop(tokens[0], "a modifier is a number, NA, a label, start(), label() or equal().")
        value = float(expression.value({}))
        if not math.isfinite(value):
            raise self.stop(tokens[0], f"a modifier must be a finite number; this is {value}.")
        return value

    def add(self, term: Term) -> None:
        """Keep a term; a parameter written twice has its modifiers joined, unless they contradict each other."""
        before = self.terms.get(term.key)
        if before is None:
            self.terms[term.key] = term
            return
        joined = before
        for name in ("fixed", "label", "start", "equal_to"):
            new, old = getattr(term, name), getattr(before, name)
            if new is not None and old is not None and new != old:
                place = term.token or term.lhs_token
                if place is not None:
                    raise self.stop(
                        place,
                        f"'{term.lhs} {term.op} {term.rhs}' is given two different modifiers: {old}, {new}.",
                    )
            if new is not None:
                joined = replace(joined, **{name: new})
        self.terms[term.key] = replace(joined, free=before.free or term.free)

    def check_definitions(self) -> None:
        labels = {term.label for term in self.terms.values() if term.label}
        known = labels | {item.name for item in self.definitions}
        for item in self.definitions:
            if item.token is None:
                continue
            if item.name in labels:
                self.faults.append(point_at(self.source, item.token, f"'{item.name}' is already a label; rename one."))
            for name in item.expression.names:
                if name not in known:
                    hint = did_you_mean(name, sorted(known - {item.name}))
                    message = f"'{name}', used in '{item.name}', is not the label of a parameter.{hint}"
                    place = next(word for word in item.words if word.text == name)
                    self.faults.append(point_at(self.source, place, message))
        if not self.faults:
            self.order_definitions()

    def order_definitions(self) -> None:
        """Put every definition after those it uses."""
        waiting, ordered = list(self.definitions), list[Definition]()
        while waiting:
            pending = {item.name for item in waiting}
            ready = [item for item in waiting if not pending & set(item.expression.names)]
            if not ready:
                token = waiting[0].token
                if token is not None:
                    self.faults.append(point_at(self.source, token, f"'{waiting[0].name}' is defined by itself."))
                return
            ordered += ready[:1]
            waiting.remove(ready[0])
        self.definitions = ordered


def _formulas(tokens: list[Token]) -> list[list[Token]]:
    """Cut at semicolons and line breaks.

    A line goes on after a break inside parentheses, beside an open '+', '*' or operator - but a line that has an
    operator of its own always begins a new formula.
    """
    formulas: list[list[Token]] = [[]]
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind != "break":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            formulas[-1].append(token)
            continue
        current, following = formulas[-1], _next_line(tokens, index)
        is_open = bool(current) and (current[-1].kind == "operator" or current[-1].text in "+*-/^,?(")
        goes_on = bool(current) and bool(following) and following[0].text in ("+", "*", "?")
        starts = any(other.kind == "operator" for other in following)
        if token.text == "\n" and not starts and (depth > 0 or is_open or goes_on):
            continue
        formulas.append([])
        depth = 0
    return [formula for formula in formulas if formula]


def _next_line(tokens: list[Token], at: int) -> list[Token]:
    """The tokens of the next line that has any."""
    line: list[Token] = []
    for token in tokens[at + 1 :]:
        if token.kind == "break":
            if line:
                break
            continue
        line.append(token)
    return line


def _split(tokens: list[Token], separator: str, also: str = "") -> list[list[Token]]:
    """Split at a sign outside parentheses; a sign at the very start, as in ``-1*x``, belongs to what follows."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.kind == "sign" and token.text in (separator, also or separator):
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
