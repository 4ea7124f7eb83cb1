"""Reading a model text formula by formula, so that one fault does not hide the next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crmstudy.errors import Fault, did_you_mean
from crmstudy.grammar.expressions import Expression, ExpressionFault, parse_expression
from crmstudy.grammar.modifiers import RESERVED, read_modifier
from crmstudy.grammar.terms import Comparison, Constraint, Definition, Key, Term, entries, latent_names, observed_names
from crmstudy.grammar.tokens import SyntaxFault, Token, point_at, tokenise

_BLOCKS = ("level", "group", "block", "class")
_COMPARISONS: dict[str, Comparison] = {"==": "==", "<": "<", ">": ">"}
_JOINED = ("fixed", "free", "label", "start", "equal_to", "lower", "upper")
_CONTINUES = frozenset({"+", "*", "?", "-", "/", "^", "**", ")", ","})
_OPEN = frozenset({"+", "*", "-", "/", "^", "**", ",", "?", "("})


class ModelReader:
    """Terms, definitions and constraints of a text, and every fault found on the way."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.terms: dict[Key, Term] = {}
        self.definitions: list[Definition] = []
        self.constraints: list[Constraint] = []
        self.faults: list[Fault] = []
        self.unsupported: list[Fault] = []
        self.unread: set[str] = set()  # words of formulas with a fault; a label among them is not called unknown

    def read(self) -> None:
        """Read the whole text."""
        for tokens in _formulas(tokenise(self.source)):
            try:
                self.formula(tokens)
            except SyntaxFault as fault:
                self.note(fault, tokens)
        self.check_scaling_factors()
        self.check_labels()
        if not self.faults:
            self.order_definitions()

    def note(self, fault: SyntaxFault, words: list[Token]) -> None:
        """Keep a fault with its place."""
        self.unread.update(word.text.strip("\"'") for word in words)
        kept = self.unsupported if fault.unsupported else self.faults
        kept.append(point_at(self.source, fault.token, str(fault)))

    def formula(self, tokens: list[Token]) -> None:
        """Read one formula."""
        first = tokens[0]
        if len(tokens) > 1 and first.text.lower() in _BLOCKS and tokens[1].text == ":":
            raise SyntaxFault(first, f"'{first.text}:' blocks are not built yet.", unsupported=True)
        for before, token in zip([first, *tokens], tokens, strict=False):
            if token.text == "=" and before.text in ("<", ">"):
                raise SyntaxFault(token, f"write '{before.text}'; it means 'at most' or 'at least' here.")
            if token.kind == "unknown":
                raise SyntaxFault(token, f"'{token.text}' has no meaning here.")
        _check_parentheses(tokens)
        at = [index for index, token in enumerate(tokens) if token.kind == "operator"]
        if not at:
            raise SyntaxFault(first, "this formula has no operator (=~, ~, ~~, :=, <~, ~*~, ==, < or >).")
        operator = tokens[at[0]]
        if operator.text == "|":
            raise SyntaxFault(operator, "thresholds (|) are not built yet.", unsupported=True)
        if len(at) > 1:
            raise SyntaxFault(tokens[at[1]], "a second operator in one formula; is a line break missing before it?")
        left, right = tokens[: at[0]], tokens[at[0] + 1 :]
        if not left:
            raise SyntaxFault(operator, f"a name is missing before '{operator.text}'.")
        if not right:
            raise SyntaxFault(operator, f"nothing follows '{operator.text}'.")
        if operator.text == ":=":
            self.definition(left, right, operator)
        elif operator.text in _COMPARISONS:
            sides = self.expression(left, operator), self.expression(right, operator)
            op = _COMPARISONS[operator.text]
            self.constraints.append(Constraint(sides[0], op, sides[1], operator, (*left, *right)))
        else:
            self.relation(left, operator, right)

    def definition(self, left: list[Token], right: list[Token], operator: Token) -> None:
        """Read ``name := expression``."""
        if len(left) != 1 or left[0].kind != "name":
            raise SyntaxFault(left[0], "one name must stand before ':='.")
        if any(item.name == left[0].text for item in self.definitions):
            raise SyntaxFault(left[0], f"'{left[0].text}' is defined twice; rename one.")
        expression = self.expression(right, operator)
        self.definitions.append(Definition(left[0].text, expression, left[0], tuple(right)))

    @staticmethod
    def expression(words: list[Token], operator: Token) -> Expression:
        """Read an expression; ``operator`` is where a fault points when it stops too early."""
        try:
            return parse_expression(words, operator)
        except ExpressionFault as fault:
            raise SyntaxFault(fault.token, str(fault)) from None

    def relation(self, left: list[Token], operator: Token, right: list[Token]) -> None:
        """Read the terms of ``names operator modifiers*name + ...``; each faulty part is noted by itself."""
        heads = []
        for part in _split(left, "+"):
            if part and part[0].text == "efa" and len(part) > 1 and part[1].text == "(":
                raise SyntaxFault(part[0], "exploratory blocks (efa()) are not built yet.", unsupported=True)
            if len(part) != 1 or part[0].kind != "name" or part[0].text in RESERVED:
                message = f"one name, or names joined by '+', must stand before '{operator.text}'."
                raise SyntaxFault((part or left)[0], message)
            heads.append(part[0])
        parts = _split(right, "+")
        if not parts[0] and len(parts) > 1:  # lavaan lets a list begin with '+'
            parts = parts[1:]
        if not all(parts):
            raise SyntaxFault(right[-1], "a name is missing beside '+'.")
        read = []
        for part in parts:
            try:
                read.append(_right_side(part, operator, alone=len(parts) == 1))
            except SyntaxFault as fault:
                self.note(fault, part)
        for head in heads:
            for name, modifiers in read:
                try:
                    self.add(_term(head, operator, name, modifiers))
                except SyntaxFault as fault:
                    self.note(fault, right)

    def add(self, term: Term) -> None:
        """Keep a term; a parameter written twice has its modifiers joined, unless they contradict each other."""
        before = self.terms.get(term.key)
        if before is None:
            self.terms[term.key] = _consistent(term)
            return
        fields: dict[str, Any] = {"places": (*before.places, *term.places)}
        for name in _JOINED:
            new, old = getattr(term, name), getattr(before, name)
            said = [value for value in (new, old) if value is not None and value is not False]
            if len(said) == 2 and new != old:
                _clash(term, old, new)
            fields[name] = said[0] if said else old
        self.terms[term.key] = _consistent(replace(before, **fields))

    def check_scaling_factors(self) -> None:
        """A scaling factor belongs to an observed variable that the other formulas use."""
        terms = list(self.terms.values())
        known = set(observed_names(terms))
        for term in terms:
            if term.op == "~*~" and term.lhs not in known and term.lhs_token is not None:
                found = "a factor" if term.lhs in latent_names(terms) else "in no other formula"
                message = f"'~*~' scales an observed variable of the model; '{term.lhs}' is {found}."
                self.faults.append(point_at(self.source, term.lhs_token, message))

    def check_labels(self) -> None:
        """Names in definitions and constraints must be labels or definitions, and no name may be both."""
        labels = {label for term in self.terms.values() for label in term.labels}
        known = labels | {item.name for item in self.definitions}
        for item in self.definitions:
            if item.name in labels and item.token is not None:
                self.faults.append(point_at(self.source, item.token, f"'{item.name}' is already a label; rename one."))
            self.check_names(item.expression.names, item.words, known, f"used in '{item.name}'")
        for constraint in self.constraints:
            if not constraint.names and constraint.token is not None:
                message = "this constraint holds no label of a parameter."
                self.faults.append(point_at(self.source, constraint.token, message))
            self.check_names(constraint.names, constraint.words, known, "used in this constraint")

    def check_names(self, names: tuple[str, ...], words: tuple[Token, ...], known: set[str], where: str) -> None:
        """Note every name that is not known."""
        for name in names:
            if name not in known | self.unread:
                hint = did_you_mean(name, sorted(known))
                message = f"'{name}', {where}, is not the label of a parameter.{hint}"
                place = next(word for word in words if word.text == name)
                self.faults.append(point_at(self.source, place, message))

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


def _right_side(part: list[Token], operator: Token, *, alone: bool) -> tuple[Token, dict[str, Any]]:
    """The name and the modifiers of one part of a right-hand side."""
    factors = _split(part, "*", also="?")
    name = factors[-1]
    if not name:
        raise SyntaxFault(part[-1], "a name is missing after '*'.")
    if len(name) > 1 and name[1].text == ":":
        raise SyntaxFault(name[1], "product terms (a:b) are not built yet; add a product column.", unsupported=True)
    is_number = len(name) == 1 and name[0].text in ("0", "1")
    intercept = is_number and operator.text == "~"
    bare = is_number and name[0].text == "0" and len(factors) == 1
    phantom = bare and operator.text == "=~" and alone
    if name[0].kind != "name" and not intercept and not phantom:
        raise SyntaxFault(name[0], f"the name of a variable was expected; found '{name[0].text}'.")
    if name[0].text in RESERVED:
        raise SyntaxFault(name[0], f"'{name[0].text}' is a value, not the name of a variable.")
    if len(name) > 1:
        raise SyntaxFault(name[1], f"'+' or '*' is missing before '{name[1].text}'.")
    if intercept and name[0].text == "0" and not bare:
        raise SyntaxFault(name[0], "the intercept is written 1, as in '0*1'.")
    if bare:
        return name[0], {"fixed": 0.0}
    if len(factors) == 1:
        return name[0], {}
    if not all(factors):
        raise SyntaxFault(part[0], "a modifier is missing before '*'.")
    words = part[: part.index(factors[-2][-1]) + 1]
    if len(factors) > 2 and any(word.kind not in ("number", "sign") for word in words):
        message = f"one modifier a '*': for several, write the variable again, as in '... + b*{name[0].text}'."
        raise SyntaxFault(factors[1][0], message)
    return name[0], read_modifier(words, asks=part[len(words)].text == "?")


def _term(head: Token, operator: Token, name: Token, modifiers: dict[str, Any]) -> Term:
    op, rhs = operator.text, name.text
    if name.kind == "number":
        op, rhs = ("~1", "") if op == "~" else (op, head.text)
    elif op == "~*~" and head.text != name.text:
        raise SyntaxFault(name, f"a scaling factor is written '{head.text} ~*~ {head.text}'.")
    elif op not in ("~~", "~*~") and head.text == name.text:
        raise SyntaxFault(name, f"'{head.text}' cannot stand on both sides of '{op}'.")
    return Term(head.text, op, rhs, token=name, lhs_token=head, **modifiers)


def _consistent(term: Term) -> Term:
    """The term, unless it is both fixed and free."""
    if term.fixed is None or term.free is False:
        return term
    fixed, free = entries(term.fixed), entries(term.free)
    size = max(len(fixed), len(free))
    if len(fixed) != len(free) or any(f is not None and n for f, n in zip(fixed, free, strict=True)):
        shown = f"{term.lhs} {term.op} {term.rhs}".strip()
        place = term.place("free")
        if place is not None:
            groups = " in the same group" if size > 1 else ""
            raise SyntaxFault(place, f"'{shown}' is both fixed and free (NA){groups}.")
    return term


def _clash(term: Term, old: object, new: object) -> None:
    if term.token is not None:
        shown = f"{term.lhs} {term.op} {term.rhs}".strip()
        raise SyntaxFault(term.token, f"'{shown}' is given two different modifiers: {old}, {new}.")


def _check_parentheses(tokens: list[Token]) -> None:
    """Refuse a formula with a parenthesis that lacks its partner."""
    waiting: list[Token] = []
    for token in tokens:
        if token.text == "(":
            waiting.append(token)
        elif token.text == ")" and not waiting:
            raise SyntaxFault(token, "'(' is missing before ')'.")
        elif token.text == ")":
            waiting.pop()
    if waiting:
        raise SyntaxFault(waiting[-1], "')' is missing after '('.")


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
        is_open = bool(current) and (current[-1].kind == "operator" or current[-1].text in _OPEN)
        goes_on = bool(current) and bool(following) and following[0].text in _CONTINUES
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
