"""What an exploratory factor analysis gives back: loadings with their errors, and every table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from crmstudy.drawing import LoadingsPlot
from crmstudy.errors import AnalysisError
from crmstudy.kernels.factors.errors import Solution
from crmstudy.kernels.factors.extraction import squared_multiple_correlations
from crmstudy.kernels.factors.fit import FactorFit, complexity, explained
from crmstudy.kernels.factors.retention import sampling_adequacy
from crmstudy.kernels.factors.rotation import congruence
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.numerals import index_phrase, p_phrase, write_number
from crmstudy.results import Result

#: How extractions and rotations are called in a sentence.
EXTRACTIONS = {"minres": "minimum residuals", "ml": "maximum likelihood", "paf": "principal axis factoring"}
ROTATIONS = {
    "varimax": "varimax", "quartimax": "quartimax", "equamax": "equamax", "bifactor": "orthogonal bifactor",
    "geomin_orthogonal": "orthogonal geomin", "target_orthogonal": "orthogonal target", "oblimin": "oblimin",
    "quartimin": "quartimin", "promax": "promax", "geomin": "geomin", "bifactor_oblique": "oblique bifactor",
    "target": "target",
}  # fmt: skip
#: Loadings below this in size are printed pale.
SALIENT = 0.3
#: Solutions of imputed sets whose factors agree less than this (Lorenzo-Seva & ten Berge, 2006) are not averaged.
_ALIKE = 0.85


@dataclass(frozen=True, eq=False, repr=False)
class EfaResult(Result):
    """Factors of items.

    ``estimates`` has a row for every factor and item (term ``F1 =~ q1``; last columns ``factor``, ``item``): the
    loading of the pattern, with its standard error and interval where there are any.

    ``fit``: ``chisq``, ``df``, ``pvalue`` (Bartlett's correction), ``chisq_empirical``, ``pvalue_empirical``,
    ``baseline_chisq``, ``baseline_df``, ``tli``, ``rmsea``, ``rmsea_ci_lower``, ``rmsea_ci_upper`` (90%), ``bic``,
    ``rmsr``, ``crms``, ``fit``, ``fit_off``, ``objective``, ``discrepancy`` (the function that the extraction
    minimised), ``gradient`` (its slope there), ``ntotal``.

    Tables: ``pattern`` (item, factor, one column a factor, h2; items sorted by factor and size of loading),
    ``structure`` (item, one column a factor), ``factor_correlations`` (square), ``correlation_estimates`` (factor_1,
    factor_2, estimate, std_error, ci_low, ci_high), ``communalities`` (item, h2, u2, complexity, initial, msa,
    heywood), ``variance`` (factor, ss_loadings, proportion, cumulative, of_explained), ``unrotated`` (item, one column
    a factor), ``rotation`` (criterion, starts: the minima found and by how many starts), ``residuals`` (square,
    observed minus reproduced correlations).
    """

    kind: ClassVar[str] = "efa"

    @property
    def factors(self) -> tuple[str, ...]:
        """The names of the factors."""
        return tuple(dict.fromkeys(self.estimates["factor"]))

    @property
    def loadings(self) -> pd.DataFrame:
        """The pattern as a square table in the order of the items: items as index, factors as columns."""
        items = pd.Index(list(dict.fromkeys(self.estimates["item"])), name="item")
        values = self.estimates["estimate"].to_numpy(dtype=float).reshape(len(self.factors), len(items)).T
        return pd.DataFrame(values, index=items, columns=list(self.factors))

    @property
    def text(self) -> str:
        """Extraction, rotation, variance explained and fit in one sentence."""
        m, call, fit = len(self.factors), self.call, self.fit
        how = f"by {EXTRACTIONS[call['extraction']]}"
        if call["rotation"] != "none":
            how += f" and {ROTATIONS[call['rotation']]} rotation"
        share = write_number(100.0 * float(self.tables["variance"]["proportion"].sum()), "percent", decimals=0)
        matrix = "polychoric correlations" if call["ordinal"] else "Pearson correlations"
        size = "" if np.isnan(fit["ntotal"]) else f", N = {write_number(self.n, 'n')}"
        verb = "explains" if m == 1 else "explain"
        words = f"{_number_word(m)} of {len(call['items'])} items {how} ({matrix}{size}) {verb} {share} of the variance"
        parts = []
        if np.isfinite(fit["pvalue"]):
            df, chisq = write_number(fit["df"], "df"), write_number(fit["chisq"], "statistic")
            parts.append(f"χ²({df}) = {chisq}, {p_phrase(fit['pvalue'])}")
        if np.isfinite(fit["rmsea"]):
            parts.append(f"TLI = {write_number(fit['tli'], 'index')}")
            parts.append(index_phrase("RMSEA", fit["rmsea"]))
            if np.isfinite(fit["rmsea_ci_lower"]):
                interval = write_number((fit["rmsea_ci_lower"], fit["rmsea_ci_upper"]), "interval_r", decimals=3)
                parts.append(f"90% CI {interval}")
        parts.append(index_phrase("RMSR", fit["rmsr"]))
        mark = "" if self.admissible else " The solution is improper and must not be interpreted."
        return f"{words}, {', '.join(parts)}.{mark}"

    def plot(self) -> LoadingsPlot:
        """The pattern as a heat map, items sorted by factor."""
        pattern, factors = self.tables["pattern"], self.factors
        return LoadingsPlot(
            title="Factor loadings",
            alt=f"Loadings of {len(pattern)} items on {_number_word(len(factors)).lower()}. {self.text}",
            items=tuple(map(str, pattern["item"])),
            factors=factors,
            values=tuple(tuple(map(float, row)) for row in pattern[list(factors)].to_numpy()),
            salient=SALIENT,
            admissible=self.admissible,
        )


def sorted_pattern(loadings: pd.DataFrame) -> pd.DataFrame:
    """Items under the factor they load on most, the largest loading first; ``factor`` names it."""
    sizes = loadings.abs().to_numpy()
    owner, largest = sizes.argmax(axis=1), sizes.max(axis=1)
    order = np.lexsort((-largest, owner))
    table = loadings.iloc[order].rename_axis("item").rename_axis(None, axis=1).reset_index()
    table.insert(1, "factor", [loadings.columns[j] for j in owner[order]])
    return table


def tables_of(
    items: Sequence[str], factors: Sequence[str], corr: Array, solution: Solution, heywood: Array
) -> dict[str, pd.DataFrame]:
    """Every table but ``correlation_estimates``."""
    loadings, phi = solution.loadings, solution.factor_correlations
    names = list(factors)
    h2 = ((loadings @ phi) * loadings).sum(axis=1)
    ss = explained(loadings, phi)
    pattern = sorted_pattern(pd.DataFrame(loadings, index=list(items), columns=names))
    pattern["h2"] = pd.Series(h2, index=list(items)).loc[pattern["item"]].to_numpy()
    model = loadings @ phi @ loadings.T
    rotation = solution.rotation
    minima = [(solution.rotation.value, 1)] if rotation is not None and not rotation.minima else []  # type: ignore[union-attr]
    if rotation is not None and rotation.minima:
        minima = list(zip(rotation.minima, rotation.found, strict=True))
    return {
        "pattern": pattern,
        "structure": _by_item(items, names, loadings @ phi),
        "factor_correlations": pd.DataFrame(phi, index=pd.Index(names, name="factor"), columns=names),
        "communalities": pd.DataFrame({
            "item": list(items), "h2": h2, "u2": 1.0 - h2, "complexity": complexity(loadings),
            "initial": squared_multiple_correlations(corr), "msa": sampling_adequacy(corr)[1], "heywood": heywood,
        }),
        "variance": pd.DataFrame({
            "factor": names, "ss_loadings": ss, "proportion": ss / len(items), "cumulative": np.cumsum(ss) / len(items),
            "of_explained": ss / ss.sum(),
        }),
        "unrotated": _by_item(items, [f"U{j}" for j in range(1, len(names) + 1)], solution.extraction.loadings),
        "rotation": pd.DataFrame(minima, columns=["criterion", "starts"]),
        "residuals": pd.DataFrame(corr - model, index=pd.Index(list(items), name="item"), columns=list(items)),
    }  # fmt: skip


def fit_of(found: FactorFit, solution: Solution, n: float | None, *, tests: bool) -> pd.Series[float]:
    """The figures under their public names; without ``tests`` those that need a likelihood are NaN."""
    nan = float("nan")
    tested = {
        "chisq": found.chisq, "df": float(found.df), "pvalue": found.p_value, "chisq_empirical": found.chisq_empirical,
        "pvalue_empirical": found.p_value_empirical, "baseline_chisq": found.baseline_chisq,
        "baseline_df": float(found.baseline_df), "tli": found.tli, "rmsea": found.rmsea,
        "rmsea_ci_lower": found.rmsea_low, "rmsea_ci_upper": found.rmsea_high, "bic": found.bic,
    }  # fmt: skip
    if not tests:
        kept = ("df", "baseline_df", "chisq_empirical", "pvalue_empirical")
        tested = {name: value if name in kept else nan for name, value in tested.items()}
    described = {
        "rmsr": found.rmsr, "crms": found.crms, "fit": found.fit, "fit_off": found.fit_off,
        "objective": found.objective if tests else nan, "discrepancy": solution.extraction.value,
        "gradient": solution.extraction.gradient, "ntotal": nan if n is None else float(n),
    }  # fmt: skip
    return pd.Series(tested | described, dtype=float)


def finish_pooled(pooled: EfaResult, results: Sequence[EfaResult]) -> EfaResult:
    """Pooled loadings sorted anew; refused where the sets have found different factors.

    Raises
    ------
    AnalysisError
        When a factor of a set agrees with the factor of that name in the first set to less than .85.
    """
    first = results[0].loadings
    for number, other in enumerate(results[1:], start=2):
        alike = np.diag(congruence(first.to_numpy(), other.loadings.loc[first.index, first.columns].to_numpy()))
        worst = int(np.argmin(alike))
        if alike[worst] < _ALIKE:
            raise AnalysisError(
                f"Factor {first.columns[worst]} of set {number} is another one than that of set 1 (congruence "
                f"{alike[worst]:.2f}), so their loadings are not averaged. Give a `target`, or fewer factors.",
                "EFA_SETS_DISAGREE",
            )
    pattern = sorted_pattern(pooled.loadings)
    h2 = pooled.tables["communalities"].set_index("item")["h2"]
    pattern["h2"] = h2.loc[pattern["item"]].to_numpy()
    notes = tuple(note for note in pooled.notes if note.code != "POOLED_TABLES_DIFFER")
    if np.isfinite(pooled.fit["pvalue"]):
        of_sets = write_number(float(np.mean([result.fit["chisq"] for result in results])), "statistic")
        message = (
            f"The chi-square is pooled by D2, and its p is that of an F; those of the data sets are {of_sets} on "
            "average. TLI, RMSEA, BIC and the residuals are means over the sets and do not follow from it."
        )
        notes = (*notes, Note("EFA_POOLED_FIT", message))
    return replace(pooled, tables={**pooled.tables, "pattern": pattern}, notes=notes)


def solution_notes(
    items: Sequence[str], factors: Sequence[str], solution: Solution, heywood: Array, df: int
) -> list[Note]:
    """What is wrong, or worth knowing, about the solution itself."""
    extraction, rotation = solution.extraction, solution.rotation
    notes = []
    if not extraction.converged:
        message = (
            f"The extraction did not converge: its slope is still {extraction.gradient:.1g}. Ask for fewer factors."
        )
        notes.append(Note("EFA_NOT_CONVERGED", message, "inadmissible"))
    if heywood.any():
        listed = [item for item, marked in zip(items, heywood, strict=True) if marked]
        notes.append(Note("EFA_HEYWOOD", _heywood_message(listed), "inadmissible", listed[0]))
    notes += _minima_notes(solution, improper=bool(heywood.any()))
    if df == 0:
        verb = "leaves" if len(factors) == 1 else "leave"
        message = f"{_number_word(len(factors))} of {len(items)} items {verb} no degrees of freedom: fit is not tested."
        notes.append(Note("EFA_NO_DF", message))
    if rotation is not None:
        notes += _rotation_notes(solution)
    notes += _factor_notes(factors, solution)
    return notes


def _minima_notes(solution: Solution, *, improper: bool) -> list[Note]:
    """What other starts of the extraction led to."""
    extraction, notes = solution.extraction, []
    if not extraction.determined:
        message = (
            "The uniquenesses are not determined: different ones reproduce the correlations equally well. Ask for "
            "fewer factors."
        )
        notes.append(Note("EFA_NOT_DETERMINED", message, "inadmissible"))
    if extraction.others:
        lowest = extraction.others[0][0]
        count = len(extraction.others)
        others = "another minimum" if count == 1 else f"{count} other minima"
        message = f"Other starts of the extraction led to {others}"
        if lowest < extraction.value:
            message += (
                f", the lowest ({lowest:.4f}) below that of the solution shown ({extraction.value:.4f}): a Heywood "
                "case, to which the lowest proper solution is preferred. Fewer factors would be safer."
            )
        elif improper and any(proper for _, proper in extraction.others):
            message += f", above that of the solution shown ({extraction.value:.4f}), some of them proper."
        else:
            message += f", above that of the solution shown ({extraction.value:.4f})."
        notes.append(Note("EFA_EXTRACTION_MINIMA", message, "warning" if lowest < extraction.value else "info"))
    return notes


def _heywood_message(listed: Sequence[str]) -> str:
    one = len(listed) == 1
    return (
        f"Heywood case: the uniqueness of {', '.join(listed)} is at or below its smallest value, so that "
        f"{'a single item is' if one else 'single items are'} taken for a factor without error; there are no standard "
        "errors. Ask for fewer factors, or leave the item out."
    )


def _rotation_notes(solution: Solution) -> list[Note]:
    rotation, notes = solution.rotation, []
    if rotation is None:
        return []
    if not rotation.converged:
        message = (
            "The rotation did not come to a proper solution from any start: it did not converge, or two factors "
            "became one. Use another rotation, or fewer factors."
        )
        notes.append(Note("EFA_ROTATION_FAILED", message, "inadmissible"))
    if len(rotation.minima) > 1:
        message = (
            f"The rotation has {len(rotation.minima)} minima: {rotation.found[0]} of {rotation.starts} starts led to "
            f"the lowest, which is shown (criterion {rotation.minima[0]:.4f}, the next {rotation.minima[1]:.4f})."
        )
        notes.append(Note("EFA_ROTATION_MINIMA", message))
    return notes


def _factor_notes(factors: Sequence[str], solution: Solution) -> list[Note]:
    """Factors that are hardly different, and factors that few items stand for."""
    notes, loadings, phi = [], solution.loadings, solution.factor_correlations
    for i in range(len(phi)):
        for j in range(i):
            if abs(phi[i, j]) > 0.85:
                value = write_number(float(phi[i, j]), "r")
                message = f"{factors[j]} and {factors[i]} correlate {value}: they are hardly different factors."
                notes.append(Note("EFA_FACTORS_ALIKE", message, "warning", f"{factors[j]} ~~ {factors[i]}"))
    counts = (np.abs(loadings) >= SALIENT).sum(axis=0)
    weak = [(name, int(count)) for name, count in zip(factors, counts, strict=True) if count < 3]
    if weak:
        listed = ", ".join(f"{name} ({count or 'none'})" for name, count in weak)
        message = (
            f"Fewer than three items load {write_number(SALIENT, 'r', decimals=1)} or more on {listed}; a factor that "
            "can be trusted has three at least."
        )
        notes.append(Note("EFA_WEAK_FACTOR", message, "warning", weak[0][0]))
    return notes


def _by_item(items: Sequence[str], columns: Sequence[str], values: Array) -> pd.DataFrame:
    table = pd.DataFrame(values, columns=list(columns))
    table.insert(0, "item", list(items))
    return table


def _number_word(m: int) -> str:
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    return f"{words[m] if m < len(words) else m} factor{'' if m == 1 else 's'}"
