"""Coefficients of a scale as functions of the covariances of its items: delta method and bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from crmstudy.kernels.intervals import bca_interval, percentile_interval
from crmstudy.kernels.moments import Array
from crmstudy.kernels.reliability import lower_bounds as bounds
from crmstudy.kernels.reliability import splits as halves
from crmstudy.kernels.reliability.lower_bounds import Coefficient
from crmstudy.kernels.resample import generator
from crmstudy.measurement.reliability.ground import Ground
from crmstudy.measurement.reliability.result import Asked, Collected, Estimate, within
from crmstudy.selection import ItemSet

Mask = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
_NAN = float("nan")
#: Splits by the order of the items: how they are called, and what makes them.
SPLITS = {"odd_even": ("odd–even", halves.odd_even), "first_second": ("first–second half", halves.first_second)}


@dataclass(frozen=True)
class Moment:
    """Coefficients that depend on the covariances alone: names, values of a stack (b, m), and their gradients."""

    names: tuple[str, ...]
    of: Callable[[Array], Array]
    gradients: tuple[Array, ...]


def moments_of(cov: Array, chosen: ItemSet, collected: Collected) -> list[Moment]:
    """Alpha, Guttman's bounds and split halves as functions of the covariances."""
    k = len(cov)
    listed = [
        ("alpha", bounds.alpha_of, bounds.alpha_gradient(cov)),
        ("alpha_standardised", bounds.standardised(bounds.alpha_of),
         bounds.standardised_gradient(bounds.alpha_gradient, cov)),
    ]  # fmt: skip
    pairs = {} if k == 2 else {"lambda_2": (bounds.lambda_2, bounds.lambda_2_gradient)}
    if k > 2 and not bounds.is_singular(cov):
        pairs["lambda_6"] = (bounds.lambda_6, bounds.lambda_6_gradient)
    elif k > 2:
        _note_singular(chosen, cov, collected)
    for name, (of, gradient) in pairs.items():
        listed.append((name, of, gradient(cov)))
        own = bounds.standardised_gradient(gradient, cov)
        listed.append((f"{name}_standardised", bounds.standardised(of), own))
    for name, (_, make) in SPLITS.items() if k > 2 else ():
        split = make(k)
        if halves.half_split(cov, split).correlation > -1.0 + 1e-9:
            gradient_of = halves.spearman_brown_gradient(cov, split)
            listed.append((f"spearman_brown_{name}", halves.stepped_up(split), gradient_of))
        listed.append((f"guttman_{name}", halves.guttman_of(split), halves.guttman_gradient(cov, split)))
    return [Moment((name,), column(of), (gradient,)) for name, of, gradient in listed]


def column(of: Coefficient) -> Callable[[Array], Array]:
    """A coefficient of a stack as an array of one column."""
    return lambda covs: np.asarray(of(covs)[:, None])


def by_delta(ground: Ground, moment: Moment, j: int, asked: Asked, value: float | None = None) -> Estimate:
    """A coefficient with its delta-method standard error and interval.

    Parameters
    ----------
    ground : Ground
    moment : Moment
    j : int
        Which of its coefficients.
    asked : Asked
    value : float, optional
        The coefficient, where it is known already.
    """
    estimate = float(moment.of(ground.cov[None])[0, j]) if value is None else value
    std_error = ground.std_error(moment.gradients[j], free=asked.interval == "adf")
    if not np.isfinite(std_error):
        return Estimate(estimate)
    half = float(ndtri(0.5 + asked.level / 2.0)) * std_error
    method = "delta method, distribution-free" if asked.interval == "adf" else "delta method"
    return Estimate(estimate, std_error, method, estimate - half, estimate + half)


def resampled(
    answers: Array, scale: str, moments: list[Moment], found: dict[str, Estimate], asked: Asked, collected: Collected
) -> list[tuple[str, str, float, float]]:
    """Percentile and BCa intervals of every coefficient that depends on the covariances alone."""
    replicates, names = asked.bootstrap or 0, [name for moment in moments for name in moment.names]

    def together(covs: Array) -> Array:
        return np.concatenate([moment.of(covs) for moment in moments], axis=1)

    draws = bounds.bootstrap_covariances(answers, replicates, generator(asked.seed, "reliability", scale), together)
    values = np.array([found[name].value for name in names])
    gradients = [gradient for moment in moments for gradient in moment.gradients]
    curvature = np.array([
        bounds.acceleration(bounds.influences(gradient, answers)) if np.isfinite(gradient).all() else _NAN
        for gradient in gradients
    ])  # fmt: skip
    plain = percentile_interval(draws, asked.level)
    corrected = bca_interval(values, draws, asked.level, acceleration=curvature)
    _note_draws(scale, names, draws, plain.extreme | corrected.extreme, collected)
    rows = []
    for j, name in enumerate(names):
        if plain.used[j] < 2:
            continue
        rows.append((name, f"percentile bootstrap ({replicates})", float(plain.low[j]), float(plain.high[j])))
        if np.isfinite([corrected.low[j], corrected.high[j]]).all():
            rows.append((name, f"BCa bootstrap ({replicates})", float(corrected.low[j]), float(corrected.high[j])))
        if not np.isfinite(found[name].std_error):
            own = found[name]
            found[name] = Estimate(own.value, float(np.nanstd(draws[:, j], ddof=1)), own.method, own.low, own.high)
    if "spearman_brown" in found:  # of two items it is the standardised alpha
        rows += [("spearman_brown", *row[1:]) for row in rows if row[0] == "alpha_standardised"]
    return rows


def _note_draws(scale: str, names: list[str], draws: Array, extreme: Mask, collected: Collected) -> None:
    """Say which samples could not be used, and which limits the number of samples does not carry."""
    replicates, failed = len(draws), np.isnan(draws).sum(axis=0)
    everywhere = int(np.isnan(draws[:, 0]).sum())  # alpha is missing only where an item does not vary
    of = f"'{scale}'" if scale else "these items"
    if everywhere:
        message = (
            f"{everywhere} of {replicates} bootstrap samples of {of} had an item that did not vary; the interval rests "
            "on the others."
        )
        collected.note("RELIABILITY_BOOTSTRAP_SKIPPED", message, "warning", scale)
    worse = [f"{name} in {failed[j]}" for j, name in enumerate(names) if failed[j] > everywhere]
    if worse:
        message = (
            f"Of {replicates} bootstrap samples of {of} some gave no proper {', '.join(worse)}; those intervals rest "
            "on the others."
        )
        collected.note("RELIABILITY_BOOTSTRAP_IMPROPER", message, "warning", scale)
    if extreme.any():
        listed = ", ".join(name for name, at in zip(names, extreme, strict=True) if at)
        message = (
            f"A limit of {listed} of {of} is the smallest or largest of {replicates} bootstrap samples: draw more."
        )
        collected.note("RELIABILITY_BOOTSTRAP_FEW", message, "warning", scale)


def _note_singular(chosen: ItemSet, cov: Array, collected: Collected) -> None:
    values, vectors = np.linalg.eigh(bounds.correlations(cov))
    null = vectors[:, values < 1e-10 * len(cov)]
    tied = [item for item, row in zip(chosen.items, null, strict=True) if np.abs(row).max() > 1e-6]
    message = (
        f"In {within(chosen)} the items {', '.join(tied)} determine one another, so lambda-6 and squared multiple "
        "correlations do not exist. Look for an item that is there twice, or is the sum of others."
    )
    collected.note("RELIABILITY_SINGULAR", message, "warning", chosen.scale)
