"""Coefficients of a scale from the polychoric correlations of its items."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from crmstudy.kernels.moments import Array
from crmstudy.kernels.ordinal.polychoric import PolychoricMoments, polychoric, polychoric_gamma, smoothed
from crmstudy.kernels.reliability import lower_bounds as bounds
from crmstudy.measurement.reliability.groups import hierarchical_omega
from crmstudy.measurement.reliability.result import FEWEST_FOR_GROUPS, Asked, Collected, Estimate, within
from crmstudy.selection import ItemSet

#: An item with more different answers than this is taken for a measured number.
MOST_CATEGORIES = 20


def ordinal_coefficients(chosen: ItemSet, answers: Array, asked: Asked, collected: Collected) -> dict[str, Estimate]:
    """Alpha, bounds and omegas of the variables behind the categories; empty, with a note, where there are none.

    Standard errors are the delta method's on the asymptotic covariances of the polychoric correlations.

    Parameters
    ----------
    chosen : ItemSet
    answers : array of shape (n, k)
        Complete rows.
    asked : Asked
    collected : Collected
        What is added to.
    """
    many = [item for item, x in zip(chosen.items, answers.T, strict=True) if len(np.unique(x)) > MOST_CATEGORIES]
    if many:
        message = (
            f"Ordinal coefficients of {within(chosen)} are not given: {', '.join(many)} "
            f"{'has' if len(many) == 1 else 'have'} more than {MOST_CATEGORIES} different answers."
        )
        collected.note("RELIABILITY_NOT_ORDINAL", message, "warning", chosen.scale)
        return {}
    moments = polychoric(answers)
    if (pairs := _pairs(chosen, moments.at_boundary | ~moments.converged)) or np.isnan(moments.correlation).any():
        message = (
            f"Ordinal coefficients of {within(chosen)} are not given: the polychoric correlation of "
            f"{pairs or 'some items'} is at the end of its range, because a table of answers is nearly empty. Join "
            "rare categories, or leave the item out."
        )
        collected.note("RELIABILITY_POLYCHORIC_BOUNDARY", message, "warning", chosen.scale)
        return {}
    corr, changed = smoothed(moments.correlation, 1e-8)
    if changed:
        message = (
            f"The polychoric correlations of {within(chosen)} were not positive definite and are smoothed: the ordinal "
            "coefficients have no standard errors, and lambda-6 is not given."
        )
        collected.note("RELIABILITY_POLYCHORIC_SMOOTHED", message, "warning", chosen.scale)
    return _coefficients(chosen, corr, None if changed else moments, asked, collected)


def _coefficients(
    chosen: ItemSet, corr: Array, moments: PolychoricMoments | None, asked: Asked, collected: Collected
) -> dict[str, Estimate]:
    k = len(corr)
    listed: dict[str, tuple[float, Array]] = {
        "alpha_ordinal": (float(bounds.alpha_of(corr)), bounds.alpha_gradient(corr))
    }
    if k > 2:
        listed["lambda_2_ordinal"] = (float(bounds.lambda_2(corr)), bounds.lambda_2_gradient(corr))
    if k > 2 and moments is not None and not bounds.is_singular(corr):
        listed["lambda_6_ordinal"] = (float(bounds.lambda_6(corr)), bounds.lambda_6_gradient(corr))
    if k >= FEWEST_FOR_GROUPS:
        group = hierarchical_omega(chosen, corr, "polychoric", asked, collected)
        if group is not None:
            listed |= {
                name: (group.values[j], group.gradients[j]) for j, name in enumerate(group.names)
            }  # fmt: skip
    if moments is None:
        return {name: Estimate(value) for name, (value, _) in listed.items()}
    thresholds = sum(map(len, moments.thresholds))
    gamma, pairs = polychoric_gamma(moments)[thresholds:, thresholds:], moments.pairs
    z, found = float(ndtri(0.5 + asked.level / 2.0)), {}
    for name, (value, gradient) in listed.items():
        slope = 2.0 * gradient[pairs]
        std_error = (
            float(np.sqrt(max(float(slope @ gamma @ slope), 0.0) / moments.n)) if np.isfinite(slope).all() else np.nan
        )
        if np.isfinite(std_error):
            half = z * std_error
            found[name] = Estimate(value, std_error, "delta method", value - half, value + half)
        else:
            found[name] = Estimate(value)
    return found


def _pairs(chosen: ItemSet, marked: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> str:
    """The pairs of items that are marked, as words."""
    rows, columns = np.nonzero(np.triu(marked, 1))
    return ", ".join(f"{chosen.items[i]} and {chosen.items[j]}" for i, j in zip(rows, columns, strict=True))
