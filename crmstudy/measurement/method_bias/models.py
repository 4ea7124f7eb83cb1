"""The models of common-method bias, written out in lavaan syntax from the model of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crmstudy.errors import AnalysisError, ModelError, UnsupportedError
from crmstudy.fitted.comparison import compare_models
from crmstudy.fitted.fit import fit_model
from crmstudy.fitted.semresult import SemResult
from crmstudy.grammar.spec import ModelSpec, parse_model
from crmstudy.grammar.terms import Term


@dataclass(frozen=True, slots=True)
class Factors:
    """The measurement part of a model: factors with their items, and covariances of residuals.

    ``text`` is that part in lavaan syntax, ``dropped`` whether there was more; ``loadings``, ``between`` (covariances
    of factors that were written) and ``residuals`` (of items) are its terms.
    """

    items: Mapping[str, tuple[str, ...]]
    text: str
    loadings: tuple[Term, ...]
    between: tuple[Term, ...]
    residuals: tuple[Term, ...]
    dropped: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The factors."""
        return tuple(self.items)

    @property
    def all_items(self) -> tuple[str, ...]:
        """Every item once."""
        return tuple(dict.fromkeys(item for items in self.items.values() for item in items))

    def own(self, factor: str) -> tuple[str, ...]:
        """Items of a factor that no other factor has."""
        return tuple(item for item in self.items[factor] if sum(item in others for others in self.items.values()) == 1)

    @property
    def residual_lines(self) -> list[str]:
        """Variances and covariances of residuals that were written, one a line."""
        return [f"{term.lhs} ~~ {term}" for term in self.residuals]

    @property
    def between_lines(self) -> list[str]:
        """Covariances of factors that were written, one a line."""
        return [f"{term.lhs} ~~ {term}" for term in self.between]

    def free_name(self, wanted: str, taken: Sequence[str] = ()) -> str:
        """A name that neither an item nor a factor has."""
        used = {*self.names, *self.all_items, *taken}
        while wanted in used:
            wanted += "_"
        return wanted


def read_factors(model: Any) -> Factors:
    """The measurement part of a model in lavaan syntax.

    Raises
    ------
    ModelError
        When the text cannot be read or measures nothing.
    UnsupportedError
        For composites and factors of higher order.
    """
    if not isinstance(model, str):
        raise ModelError(f"`model` is a text in lavaan syntax such as 'trust =~ t1 + t2 + t3', not {model!r}.")
    spec = parse_model(model)
    loadings = [term for term in spec.terms if term.op == "=~"]
    if not loadings:
        raise ModelError("the model measures no factor; write at least one formula such as 'trust =~ t1 + t2 + t3'.")
    _refuse_higher(spec, loadings)
    items: dict[str, list[str]] = {}
    for term in loadings:
        items.setdefault(term.lhs, []).append(term.rhs)
    observed = {term.rhs for term in loadings}
    residuals = [term for term in spec.terms if term.op == "~~" and {term.lhs, term.rhs} <= observed]
    latent = [term for term in spec.terms if term.op == "~~" and {term.lhs, term.rhs} <= set(items)]
    kept = (*loadings, *latent, *residuals)
    text = str(replace(spec, terms=kept, definitions=(), constraints=()))
    return Factors(
        items={name: tuple(own) for name, own in items.items()},
        text=text,
        loadings=tuple(loadings),
        between=tuple(term for term in latent if term.lhs != term.rhs),
        residuals=tuple(residuals),
        dropped=len(kept) < len(spec.terms) or bool(spec.constraints),
    )


def _refuse_higher(spec: ModelSpec, loadings: Sequence[Term]) -> None:
    higher = [term.lhs for term in loadings if term.rhs in spec.latent]
    if higher or spec.composites:
        named = ", ".join(dict.fromkeys([*higher, *spec.composites]))
        raise UnsupportedError(
            f"method bias is judged on first-order factors in this version; {named} is measured by factors, or a "
            "composite. Give the first-order measurement model."
        )


def single_factor(factors: Factors, name: str) -> str:
    """All items on one factor; covariances of residuals stay, as they would explain as much beside any factors."""
    apart = [f"{term.lhs} ~~ {term}" for term in factors.residuals if term.lhs != term.rhs]
    return "\n".join([f"{name} =~ " + " + ".join(factors.all_items), *apart])


def with_method(factors: Factors, name: str, *, equal: bool) -> str:
    """The model with a method factor, uncorrelated with all others, that every item loads on.

    Equal loadings are written as loadings of 1 and a free variance, which stays estimable where that is near 0; free
    ones have a variance of 1.
    """
    first, *others = factors.all_items
    items = [f"1*{item}" for item in factors.all_items] if equal else [f"NA*{first}", *others]
    variance = f"{name} ~~ {name}" if equal else f"{name} ~~ 1*{name}"
    apart = " + ".join(f"0*{factor}" for factor in factors.names)
    lines = [*standard_scale(factors), f"{name} =~ " + " + ".join(items), variance, f"{name} ~~ {apart}"]
    return "\n".join(lines)


def standard_scale(factors: Factors) -> list[str]:
    """The model with a variance of 1 for factors without a fixed loading: a loading near 0 then does no harm."""
    lines = []
    for factor in factors.names:
        own = [term for term in factors.loadings if term.lhs == factor]
        if all(term.fixed is None for term in own):
            own[0] = replace(own[0], free=True)
            lines.append(f"{factor} ~~ 1*{factor}")
        lines.append(f"{factor} =~ " + " + ".join(map(str, own)))
    return [*lines, *factors.between_lines, *factors.residual_lines]


@dataclass(frozen=True, eq=False, slots=True)
class Attempt:
    """A model that was tried: its fit, or why there is none."""

    name: str
    text: str
    fit: SemResult | None
    why: str = ""

    @property
    def usable(self) -> bool:
        """Whether it converged, so that its chi-square means something."""
        return self.fit is not None and self.fit.converged and self.fit.solution.has_errors

    @property
    def admissible(self) -> bool:
        """Whether its numbers may be interpreted."""
        return self.usable and self.fit is not None and self.fit.admissible

    @property
    def reason(self) -> str:
        """Why it may not be read, as a sentence; empty where it may."""
        if self.fit is None:
            return self.why
        return " ".join(note.message for note in self.fit.notes if note.level == "inadmissible")

    def figure(self, name: str) -> float:
        """A fit index; NaN where there is none."""
        return float(self.fit.fit.get(name, float("nan"))) if self.usable and self.fit is not None else float("nan")


def directions(fit: SemResult, reference: SemResult, factors: Factors) -> dict[str, float]:
    """1 for each factor that points where it does in a reference model, -1 for one turned round.

    A factor whose variance is fixed has no direction of its own.
    """
    found = {}
    for factor, items in factors.items.items():
        both = [
            rows[(rows["op"] == "=~") & (rows["lhs"] == factor)].set_index("rhs")["std_all"].reindex(list(items))
            for rows in (fit.estimates, reference.estimates)
        ]
        found[factor] = -1.0 if float((both[0] * both[1]).sum()) < 0 else 1.0
    return found


def attempt(name: str, text: str, data: Any, keywords: Mapping[str, Any]) -> Attempt:
    """Fit a model of confirmatory factor analysis; what the data do not allow is told, not raised."""
    try:
        return Attempt(name, text, fit_model(text, data, function="cfa", **keywords))
    except AnalysisError as error:
        return Attempt(name, text, None, str(error))


_NOT_COMPARED = {"chisq_diff": float("nan"), "df_diff": float("nan"), "p_value_diff": float("nan")}


def difference(smaller: Attempt, larger: Attempt) -> dict[str, float]:
    """Chi-square difference of two nested models, scaled where their test is; NaN where one of them has none."""
    if not (smaller.usable and larger.usable) or smaller.fit is None or larger.fit is None:
        return dict(_NOT_COMPARED)
    try:
        table = compare_models(larger.fit, smaller.fit, names=["larger", "smaller"]).tables["tests"]
    except (ModelError, AnalysisError):
        return dict(_NOT_COMPARED)
    row = table.iloc[1]
    if row["model"] != "smaller":  # the same degrees of freedom, or fewer: not nested as it should be
        return dict(_NOT_COMPARED)
    return {name: float(row[name.replace("p_value_diff", "p_value")]) for name in _NOT_COMPARED}


#: Columns of every table of models.
MODEL_COLUMNS = (
    "model", "n", "chisq", "df", "p_value", "cfi", "tli", "rmsea", "srmr", "aic", "bic", "compared_with", "chisq_diff",
    "df_diff", "p_value_diff", "converged", "admissible",
)  # fmt: skip


def model_row(tried: Attempt, against: Attempt | None = None, *, smaller: bool = True) -> dict[str, Any]:
    """A model's fit, and its difference from another one (``smaller``: which has more parameters)."""
    scaled = tried.fit is not None and tried.usable and "chisq_scaled" in tried.fit.fit
    end = "_scaled" if scaled else ""
    found = dict(_NOT_COMPARED)
    if against is not None:
        found = difference(tried, against) if smaller else difference(against, tried)
    return {
        "model": tried.name, "n": tried.fit.n if tried.fit is not None else 0, "chisq": tried.figure(f"chisq{end}"),
        "df": tried.figure(f"df{end}"), "p_value": tried.figure(f"pvalue{end}"),
        **{name: tried.figure(f"{name}_robust" if scaled and name != "srmr" else name) for name in ("cfi", "tli",
           "rmsea", "srmr")}, "aic": tried.figure("aic"), "bic": tried.figure("bic"),
        "compared_with": against.name if against is not None else "", **found,
        "converged": tried.usable, "admissible": tried.admissible,
    }  # fmt: skip
