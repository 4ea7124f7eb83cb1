"""Total and hierarchical omega of a scale of six items or more, with the group factors they rest on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from crmstudy.kernels.factors import schmid_leiman as kernel
from crmstudy.kernels.factors.extraction import most_factors
from crmstudy.kernels.moments import Array
from crmstudy.kernels.reliability.lower_bounds import numeric_gradient
from crmstudy.measurement.reliability.result import Asked, Collected, within
from crmstudy.numerals import write_number
from crmstudy.selection import ItemSet

_NAN = float("nan")
#: Items of a scale up to which the delta method is applied to the omegas of its group factors.
_MOST_FOR_ERRORS = 60


@dataclass(frozen=True)
class Hierarchical:
    """Omega_t and omega_h: names, values, values of a stack of correlation matrices, gradients in the correlations.

    The gradients are NaN where the solution is at a bound, because the coefficients have a kink there.
    """

    names: tuple[str, ...]
    values: tuple[float, ...]
    of: Callable[[Array], Array]
    gradients: tuple[Array, ...]


def hierarchical_omega(
    chosen: ItemSet, corr: Array, matrix: str, asked: Asked, collected: Collected
) -> Hierarchical | None:
    """Add the tables of the group factors and give omega_t and omega_h; None, with a note, where there are none.

    Parameters
    ----------
    chosen : ItemSet
    corr : array of shape (k, k)
        Correlations of the items, of the kind that ``matrix`` names.
    matrix : {"correlations", "polychoric"}
    asked : Asked
    collected : Collected
        What is added to.
    """
    m, k = asked.group_factors, len(corr)
    if m > most_factors(k):
        message = (
            f"omega_t and omega_h of {within(chosen)} are not given: {k} items have too few correlations for {m} group "
            f"factors. Ask for {most_factors(k)} at most."
        )
        collected.note("RELIABILITY_GROUP_FACTORS_MANY", message, "warning", chosen.scale)
        return None
    found = kernel.group_factors(corr, m)
    if not found.converged:
        message = f"omega_t and omega_h of {within(chosen)} are not given: {m} group factors were not found."
        collected.note("RELIABILITY_GROUP_FACTORS_FAILED", message, "warning", chosen.scale)
        return None
    shares = kernel.hierarchy(corr, found)
    _note_solution(chosen, found, shares, matrix, collected)
    _tables(chosen, found, shares, matrix, collected)

    def of(corrs: Array) -> Array:
        return kernel.omegas_of_stack(corrs, found)

    if found.improper.any() or found.capped:
        gradients = np.full((2, k, k), np.nan)
    elif k > _MOST_FOR_ERRORS:
        gradients = np.full((2, k, k), np.nan)
        message = (
            f"omega_t and omega_h of {within(chosen)} have no standard errors by the delta method, which would take "
            f"long for more than {_MOST_FOR_ERRORS} items."
        )
        collected.note("RELIABILITY_NO_DELTA_ERRORS", message, "info", chosen.scale)
    else:
        gradients = numeric_gradient(of, corr, diagonal=False)
    names = ("omega_t", "omega_h") if matrix == "correlations" else ("omega_t_ordinal", "omega_h_ordinal")
    return Hierarchical(names, (shares.omega_t, shares.omega_h), of, (gradients[0], gradients[1]))


def _tables(
    chosen: ItemSet, found: kernel.GroupFactors, shares: kernel.Hierarchy, matrix: str, collected: Collected
) -> None:
    scale, (k, m) = chosen.scale, found.group.shape
    head = (scale, matrix)
    figures = (shares.omega_t, shares.omega_h, shares.omega_h / shares.omega_t, shares.ecv, shares.puc)
    collected.rows["general_factor"].append((*head, k, m, *figures))
    for j in range(m):
        figures_of = (shares.total[j], shares.by_general[j], shares.by_group[j], found.second_order[j])
        collected.rows["group_omegas"].append((*head, f"group_{j + 1}", int(shares.sizes[j]), *map(float, figures_of)))
    own = np.abs(found.group).argmax(axis=1)
    for i, item in enumerate(chosen.items):
        h2 = float(found.communalities[i])
        p2 = float(found.general[i]) ** 2 / h2 if h2 > 0 else _NAN
        loadings = map(float, (found.general[i], *found.group[i]))
        collected.rows["group_factors"].append((*head, item, f"group_{own[i] + 1}", *loadings, h2, 1.0 - h2, p2))


def _note_solution(
    chosen: ItemSet, found: kernel.GroupFactors, shares: kernel.Hierarchy, matrix: str, collected: Collected
) -> None:
    """What limits the reading of the omegas."""
    scale, name, m = chosen.scale, within(chosen), len(found.second_order)
    kind = " (polychoric)" if matrix == "polychoric" else ""
    if m < 3:
        how = "its loadings on the general factor are set equal" if m == 2 else "it is the general factor itself"
        message = f"omega_h of {name}{kind} rests on {m} group factor{'s' if m > 1 else ''}: {how}, not estimated."
        collected.note("RELIABILITY_GROUP_FACTORS_FEW", message, "info", scale)
    reasons = []
    if found.improper.any():
        items = ", ".join(item for item, at in zip(chosen.items, found.improper, strict=True) if at)
        reasons.append(f"the factors leave nothing of the variance of {items}")
    if found.capped:
        reasons.append("a group factor is the general factor itself")
    if reasons:
        message = (
            f"The {m} group factors behind omega_t and omega_h of {name}{kind} are improper: {'; '.join(reasons)}. "
            "Read both with caution, or ask for fewer group factors."
        )
        collected.note("RELIABILITY_GROUP_FACTORS_IMPROPER", message, "warning", scale)
    negative = [item for item, loading in zip(chosen.items, found.general, strict=True) if loading < 0]
    if negative:
        message = (
            f"On the general factor of {name}{kind} {', '.join(negative)} load{'s' if len(negative) == 1 else ''} "
            "against the other items, and lower omega_h. Check the reverse keys."
        )
        collected.note("RELIABILITY_GENERAL_NEGATIVE", message, "warning", scale)
    distinct = [(above, other) for above, other in found.other_minima if abs(other - shares.omega_h) > 0.005]
    if distinct:
        listed = ", ".join(write_number(other, "r") for _, other in distinct[:3])
        message = (
            f"The rotation of the group factors of {name}{kind} has more than one solution; the one with the lowest "
            f"criterion is reported, others give an omega_h of {listed}."
        )
        collected.note("RELIABILITY_ROTATION_MINIMA", message, "warning", scale)
    if found.other_extraction is not None and abs(found.other_extraction[1] - shares.omega_h) > 0.005:
        message = (
            f"The group factors of {name}{kind} can be extracted in more than one way: those with the smallest "
            "residuals are reported, and others, to which programs come that begin with squared multiple correlations, "
            f"give an omega_h of {write_number(found.other_extraction[1], 'r')} in place of "
            f"{write_number(shares.omega_h, 'r')}."
        )
        collected.note("RELIABILITY_EXTRACTION_MINIMA", message, "warning", scale)
