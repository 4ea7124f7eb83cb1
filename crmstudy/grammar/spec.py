"""A model as its author wrote it: lavaan syntax to :class:`ModelSpec` and back.

The syntax is that of lavaan (Rosseel, 2012, sec. 3): ``=~`` (is measured by), ``<~`` (is composed of), ``~`` (is
regressed on), ``~~`` ((co)varies with), ``~ 1`` (has the intercept), ``~*~`` (is scaled by), ``:=`` (is defined as),
``==``, ``<`` and ``>`` (constraints), with modifiers ``2*x`` (fixed), ``NA*x`` (free), ``a*x`` (labelled),
``start(.5)*x``, ``equal("f=~x")*x``, ``lower(0)*x``, ``upper(1)*x`` and ``c(1, NA)*x`` (one entry a group). Every fault
of a text is reported at once, each with a caret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from crmstudy.errors import Fault, ModelError, UnsupportedError, did_you_mean
from crmstudy.grammar.reading import ModelReader
from crmstudy.grammar.terms import Constraint, Definition, Term, latent_names, observed_names
from crmstudy.grammar.tokens import point_at

__all__ = ["Constraint", "Definition", "ModelSpec", "Term", "parse_model"]


@dataclass(frozen=True)
class ModelSpec:
    """A parsed model. ``str()`` prints lavaan syntax that parses to an equal specification."""

    terms: tuple[Term, ...]
    definitions: tuple[Definition, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    source: str = field(default="", compare=False, repr=False)

    @cached_property
    def latent(self) -> tuple[str, ...]:
        """Factors and composites: names that are measured or composed, in order of first appearance."""
        return latent_names(self.terms)

    @cached_property
    def composites(self) -> tuple[str, ...]:
        """Names that are composed of others (``<~``), in order of first appearance."""
        return tuple(dict.fromkeys(term.lhs for term in self.terms if term.op == "<~"))

    @cached_property
    def observed(self) -> tuple[str, ...]:
        """Names that must be columns of the data: indicators first, then outcomes, predictors and the rest."""
        return observed_names(self.terms)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels given to parameters, in order of first appearance."""
        return tuple(dict.fromkeys(label for term in self.terms for label in term.labels))

    @property
    def has_means(self) -> bool:
        """Whether an intercept is written, which makes means part of the model."""
        return any(term.op == "~1" for term in self.terms)

    def unknown_names(self, columns: Sequence[object]) -> list[Fault]:
        """A fault with a caret for each name that is neither latent nor among ``columns``."""
        known = [str(column) for column in columns]
        missing = set(self.observed) - set(known)
        faults = []
        for name in self.observed:
            if name not in missing:
                continue
            hint = did_you_mean(name, [*known, *self.latent])
            message = f"'{name}' is neither a column of the data nor measured in the model.{hint}"
            faults.append(self._fault_at(name, message))
        return faults

    def colliding_names(self, columns: Sequence[object]) -> list[Fault]:
        """A fault with a caret for each factor that has the name of a column: it would be unclear which is meant."""
        known = {str(column) for column in columns}
        faults = []
        for name in self.latent:
            if name in known:
                token = next(t.lhs_token for t in self.terms if t.op in ("=~", "<~") and t.lhs == name)
                message = f"'{name}' is measured here, but is also a column of the data; rename the factor."
                faults.append(point_at(self.source, token, message) if token is not None else Fault(message))
        return faults

    def _fault_at(self, name: str, message: str) -> Fault:
        """A fault under the first place where a variable is named."""
        for term in self.terms:
            for token, text in ((term.lhs_token, term.lhs), (term.token, term.rhs)):
                if text == name and token is not None:
                    return point_at(self.source, token, message)
        return Fault(message)

    def __str__(self) -> str:
        lines = []
        for (lhs, op, _), run in groupby(self.terms, key=lambda term: (term.lhs, term.op, term.is_phantom)):
            lines.append(f"{lhs} {'~' if op == '~1' else op} " + " + ".join(map(str, run)))
        lines += map(str, self.definitions)
        lines += map(str, self.constraints)
        return "\n".join(lines)


def parse_model(text: str) -> ModelSpec:
    """Read a model in lavaan syntax.

    Raises
    ------
    ModelError
        With every fault of the text, each with its line, its column and a caret.
    UnsupportedError
        When the text is right but uses what this version does not have; it is refused by name.
    """
    reader = ModelReader(text)
    reader.read()
    if reader.faults:
        raise ModelError(reader.faults + reader.unsupported)
    if reader.unsupported:
        raise UnsupportedError(reader.unsupported)
    if not reader.terms:
        raise ModelError("the model is empty; write at least one formula such as 'f =~ x1 + x2 + x3'.")
    return ModelSpec(tuple(reader.terms.values()), tuple(reader.definitions), tuple(reader.constraints), text)
