"""The parameters a model implies, by the rules of lavaan's ``sem()`` and ``cfa()``, for one group.

What the author wrote comes first, in the order written; then come (residual) variances, covariances of exogenous
factors and of outcomes, moments of observed exogenous variables, and intercepts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from crmstudy.grammar.spec import ModelSpec
from crmstudy.grammar.terms import Key, Term, covariances_in_order


@dataclass(slots=True)
class Draft:
    """A row of the table in the making: what is free, what it is fixed at, and who wrote it."""

    lhs: str
    op: str
    rhs: str
    term: Term | None = None
    free: bool = True
    value: float | None = None
    exogenous: bool = False
    group: int = 1
    label: str | None = None
    start: float | None = None
    lower: float | None = None
    upper: float | None = None

    @property
    def user(self) -> bool:
        """Whether the author wrote it."""
        return self.term is not None

    @property
    def is_variance(self) -> bool:
        """Whether it is a (residual) variance."""
        return self.op == "~~" and self.lhs == self.rhs

    @property
    def text(self) -> str:
        """The name lavaan gives it, ``lhsoprhs``, with ``.g2`` and so on behind the first group."""
        return f"{self.lhs}{self.op}{self.rhs}" + (f".g{self.group}" if self.group > 1 else "")

    def in_group(self, group: int) -> Draft:
        """The same row of another group, before the author's modifiers."""
        return Draft(self.lhs, self.op, self.rhs, self.term, self.free, self.value, self.exogenous, group)

    def fix(self, value: float | None) -> None:
        """Fix it at a value (None: at what the sample shows)."""
        self.free, self.value = False, value

    def release(self) -> None:
        """Make it free."""
        self.free, self.value = True, None


class Roles:
    """Who measures, who predicts and who is predicted; ``terms`` with each covariance in lavaan's direction."""

    def __init__(self, spec: ModelSpec) -> None:
        self.latent, self.composites, self.observed = spec.latent, spec.composites, spec.observed
        self.terms = covariances_in_order(spec.terms, self.latent + self.observed)
        self.indicators = {t.rhs for t in self.terms if t.op == "=~"}
        self.outcomes = {t.lhs for t in self.terms if t.op == "~"}
        self.predictors = {t.rhs for t in self.terms if t.op in ("~", "<~")}
        modelled = {name for t in self.terms if t.op in ("~~", "~1") for name in (t.lhs, t.rhs)}
        modelled |= self.indicators | self.outcomes
        self.exogenous = tuple(name for name in self.observed if name in self.predictors - modelled)

    def exogenous_latent(self) -> list[str]:
        """Factors that nothing measures or predicts, and composites that nothing predicts."""
        return [name for name in self.latent if name not in self.indicators | self.outcomes]

    def pure_outcomes(self) -> list[str]:
        """Outcomes that predict nothing, factors before observed variables."""
        pure = self.outcomes - self.indicators - self.predictors
        return [name for name in (*self.latent, *self.observed) if name in pure]


def draft_rows(roles: Roles, *, std_lv: bool, fixed_x: bool, meanstructure: bool) -> list[Draft]:
    """The rows of one group before the author's modifiers are looked at."""
    drafts = [Draft(term.lhs, term.op, term.rhs, term) for term in roles.terms]
    taken = {term.key for term in roles.terms}
    drafts += [Draft(*parameter) for parameter in _implied(roles, meanstructure) if Term(*parameter).key not in taken]
    _fix_scales(drafts, roles, std_lv=std_lv)
    _fix_single_indicators(drafts)
    for draft in drafts:
        if draft.user:
            continue
        if draft.op == "~1" and draft.lhs in roles.latent:
            draft.fix(0.0)
        if fixed_x and draft.op in ("~~", "~1") and draft.lhs in roles.exogenous:
            draft.exogenous = True
            draft.fix(None)
    return drafts


def _implied(roles: Roles, meanstructure: bool) -> Iterable[Key]:
    """Every parameter that is there without being written."""
    exogenous = roles.exogenous
    own = [name for name in roles.observed if name not in exogenous]
    pairs = [(name, name) for name in (*own, *roles.latent)]
    pairs += combinations(roles.exogenous_latent(), 2)
    pairs += combinations(roles.pure_outcomes(), 2)
    pairs += [(a, b) for i, a in enumerate(exogenous) for b in exogenous[i:]]
    means = (*roles.observed, *roles.latent) if meanstructure else ()
    return [(a, "~~", b) for a, b in pairs] + [(name, "~1", "") for name in means]


def _fix_scales(drafts: list[Draft], roles: Roles, *, std_lv: bool) -> None:
    """A composite has no residual; a factor's scale is its first loading or, with ``std_lv``, its variance."""
    begun: set[str] = set()
    for draft in drafts:
        if draft.is_variance and draft.lhs in roles.composites and not draft.user:
            draft.fix(0.0)
        if std_lv and draft.is_variance and draft.lhs in roles.latent:
            draft.fix(1.0)
        if not std_lv and draft.op == "=~" and draft.lhs not in begun:
            begun.add(draft.lhs)
            draft.fix(1.0)


def _fix_single_indicators(drafts: list[Draft]) -> None:
    """The residual variance of a factor's only indicator is 0, unless it was written or serves another factor."""
    loadings = [draft for draft in drafts if draft.op == "=~"]
    sizes, served = Counter(d.lhs for d in loadings), Counter(d.rhs for d in loadings)
    single = {d.rhs for d in loadings if sizes[d.lhs] == 1 and served[d.rhs] == 1 and d.lhs != d.rhs}
    for draft in drafts:
        if draft.is_variance and draft.lhs in single and not draft.user:
            draft.fix(0.0)
