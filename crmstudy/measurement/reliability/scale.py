"""Everything that is computed for one scale of two items or more, from the complete rows of its items."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from crmstudy.kernels.classic.correlation import correlation_interval
from crmstudy.kernels.moments import Array, correlation
from crmstudy.kernels.reliability import coefficients as kernel
from crmstudy.kernels.reliability import lower_bounds as bounds
from crmstudy.kernels.reliability import splits as halves
from crmstudy.kernels.resample import generator
from crmstudy.measurement.reliability.ground import Ground, complete_ground, incomplete_ground
from crmstudy.measurement.reliability.groups import Hierarchical, hierarchical_omega
from crmstudy.measurement.reliability.moments import SPLITS, Moment, by_delta, column, moments_of, resampled
from crmstudy.measurement.reliability.omega import one_factor_omega
from crmstudy.measurement.reliability.ordinal import ordinal_coefficients
from crmstudy.measurement.reliability.result import (
    FEWEST_FOR_GROUPS,
    METHODS,
    Asked,
    Collected,
    Estimate,
    preferred_of,
    within,
    without_moments,
)
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.selection import ItemSet

_NAN = float("nan")
#: A correlation that is written as zero.
_NOTHING = 0.005


def analyse_scale(chosen: ItemSet, values: Array, asked: Asked, collected: Collected) -> None:
    """Add the rows and notes of one scale.

    Parameters
    ----------
    chosen : ItemSet
        Two items or more.
    values : array of shape (n, k)
        Their answers, NaN where missing.
    asked : Asked
    collected : Collected
        What is added to.
    """
    ground, scale = (complete_ground if asked.missing == "listwise" else incomplete_ground)(values), chosen.scale
    if ground is None:
        collected.notes.append(without_moments(chosen))
        return
    cov, n, k, answers = ground.cov, ground.n, len(chosen.items), ground.answers
    moments = moments_of(cov, chosen, collected)
    found = {name: by_delta(ground, m, j, asked) for m in moments for j, name in enumerate(m.names)}
    intervals = _alpha_intervals(ground, asked)
    if k == 2:
        found["spearman_brown"] = _of_two(ground, found["alpha_standardised"], asked)
    else:
        found |= _best_splits(chosen, cov, asked, collected)
        _split_halves(scale, cov, collected)
        moments += _omega(chosen, ground, asked, collected, found)
    if k >= FEWEST_FOR_GROUPS:
        group = hierarchical_omega(chosen, bounds.correlations(cov), "correlations", asked, collected)
        if group is not None:
            moments.append(_grouped(group, cov))
            for j, name in enumerate(group.names):
                found[name] = by_delta(ground, moments[-1], j, asked, group.values[j])
    if asked.ordinal:
        found |= ordinal_coefficients(chosen, answers, asked, collected)
    intervals += [(name, e.method, e.low, e.high) for name, e in found.items() if name != "alpha" and e.method]
    if asked.bootstrap is not None:
        intervals += resampled(answers, scale, moments, found, asked, collected)
    _choose(found, intervals, asked)
    _add(chosen, ground, found, intervals, asked, collected)
    r = correlation(cov)[np.tril_indices(k, -1)]
    spread = (r.mean(), np.median(r), r.min(), r.max())
    collected.rows["scales"].append((scale, k, n, len(values) - n, *map(float, spread)))


def _of_two(ground: Ground, standardised: Estimate, asked: Asked) -> Estimate:
    """Spearman-Brown of two items: the standardised alpha, from complete rows with an interval of its own."""
    if ground.uncertainty is not None:
        return standardised
    between = kernel.average_correlation(ground.cov)
    ends = kernel.spearman_brown_interval(between, ground.n, asked.level)
    return Estimate(kernel.spearman_brown(between), standardised.std_error, "Fisher z, stepped up", *ends)


def _alpha_intervals(ground: Ground, asked: Asked) -> list[tuple[str, str, float, float]]:
    """Every interval of alpha that needs no bootstrap."""
    cov, n, k = ground.cov, ground.n, len(ground.cov)
    value, z, gradient = kernel.alpha(cov), float(ndtri(0.5 + asked.level / 2.0)), bounds.alpha_gradient(cov)
    normal = z * ground.std_error(gradient)
    if ground.uncertainty is not None:
        return [("alpha", "asymptotic", value - normal, value + normal)]
    free = z * ground.std_error(gradient, free=True)
    return [
        ("alpha", "Feldt", *kernel.feldt_interval(value, n, k, asked.level)),
        ("alpha", "Bonett", *kernel.bonett_interval(value, n, k, asked.level)),
        ("alpha", "asymptotic", value - normal, value + normal),
        ("alpha", "asymptotic, distribution-free", value - free, value + free),
    ]


def _choose(found: dict[str, Estimate], intervals: list[tuple[str, str, float, float]], asked: Asked) -> None:
    """Give every coefficient the interval asked for; where it has none of that kind it keeps its own."""
    wanted = METHODS[asked.interval]
    for name, method, low, high in intervals:
        if method == wanted or (asked.bootstrap and method == f"{wanted} ({asked.bootstrap})"):
            own = found[name]
            found[name] = Estimate(own.value, own.std_error, method, low, high)


def _omega(
    chosen: ItemSet, ground: Ground, asked: Asked, collected: Collected, found: dict[str, Estimate]
) -> list[Moment]:
    """Put the one-factor omega among the coefficients; give what a bootstrap, or no normality, needs."""
    omega = one_factor_omega(ground.answers, chosen.items, chosen.scale, asked.level, missing=asked.missing)
    if isinstance(omega, Note):
        collected.notes.append(omega)
        return []
    found["omega"] = Estimate(omega.value, omega.std_error, "delta method", omega.ci_low, omega.ci_high)
    if asked.bootstrap is None and asked.interval != "adf":
        return []
    gradient = bounds.numeric_gradient(kernel.one_factor_omegas, ground.cov, diagonal=True)
    moment = Moment(("omega",), column(kernel.one_factor_omegas), (gradient,))
    if asked.interval == "adf":
        found["omega"] = by_delta(ground, moment, 0, asked, omega.value)
    return [moment]


def _grouped(group: Hierarchical, cov: Array) -> Moment:
    """Omega_t and omega_h, functions of the correlations, as functions of the covariances."""

    def of(covs: Array) -> Array:
        return group.of(bounds.correlations(covs))

    return Moment(group.names, of, tuple(bounds.in_covariances(own, cov) for own in group.gradients))


def _best_splits(chosen: ItemSet, cov: Array, asked: Asked, collected: Collected) -> dict[str, Estimate]:
    """Lambda-4, and how Guttman's split-half coefficient is spread over all splits (or those drawn)."""
    k, found = len(cov), {}
    drawn = k > halves.MOST_ITEMS
    rng = generator(asked.split_seed, "splits", chosen.scale)
    splits = halves.random_splits(k, asked.splits, rng) if drawn else halves.all_splits(k)
    for name, matrix, kind in (
        ("lambda_4", cov, "covariances"), ("lambda_4_standardised", correlation(cov), "correlations"),
    ):  # fmt: skip
        values = halves.split_coefficients(matrix, splits)
        best = halves.best_split(matrix, rng) if drawn else splits[int(values.argmax())]
        largest = max(float(halves.split_coefficients(matrix, best[None])[0]), float(values.max()))
        middle = np.quantile(values, [0.025, 0.25, 0.5, 0.75, 0.975])
        half = ", ".join(item for item, sign in zip(chosen.items, best * best[0], strict=True) if sign > 0)
        spread = (values.mean(), values.std(), values.min(), *middle)
        collected.rows["splits"].append(
            (chosen.scale, kind, len(splits), drawn, *map(float, spread), largest, half)
        )  # fmt: skip
        found[name] = Estimate(largest)
    if drawn:
        message = (
            f"The {k} items of {within(chosen)} have {halves.count_splits(k):,} splits into halves: their distribution "
            f"is that of {len(splits):,} drawn at random, and lambda-4 is the best that exchanges of items found."
        )
        collected.note("RELIABILITY_SPLITS_DRAWN", message, "info", chosen.scale)
    return found


def _split_halves(scale: str, cov: Array, collected: Collected) -> None:
    of = f"'{scale}'" if scale else "these items"
    for name, make in SPLITS.values():
        split = make(len(cov))
        half = halves.half_split(cov, split)
        sizes = (int((split > 0).sum()), int((split < 0).sum()))
        figures = (half.correlation, half.spearman_brown, half.spearman_brown_unequal, half.guttman)
        collected.rows["split_halves"].append((scale, name, *sizes, *figures))
        if not np.isfinite(half.correlation) or half.correlation <= -1.0:
            message = (
                f"The halves of the {name} split of {of} have no reliability to step up: one of "
                "them does not vary, or they are opposite."
            )
            collected.note("RELIABILITY_SPLIT_UNDEFINED", message, "warning", scale)


def _add(
    chosen: ItemSet, ground: Ground, found: dict[str, Estimate],
    intervals: list[tuple[str, str, float, float]], asked: Asked, collected: Collected,
) -> None:  # fmt: skip
    """Add what was found to the tables."""
    scale = chosen.scale
    for name in sorted(found, key=_place):
        own = found[name]
        collected.estimates.append((name, own.value, own.std_error, _NAN, _NAN, _NAN, own.low, own.high, scale))
    listed = sorted(intervals, key=lambda row: _place(row[0]))
    collected.rows["intervals"] += [(scale, name, method, asked.level, low, high) for name, method, low, high in listed]
    _precision(chosen, ground.cov, {name: own.value for name, own in found.items()}, asked, collected)
    _items(chosen, ground, collected)
    value = found["alpha"].value
    if value < 0:
        message = (
            f"Alpha of {within(chosen)} is negative ({value:.2f}): its items are not keyed in one direction, and there "
            "is no standard error of measurement."
        )
        collected.note("RELIABILITY_NEGATIVE_ALPHA", message, "warning", scale)


#: The order of the coefficients in tables.
_ORDER = (
    "alpha", "alpha_standardised", "alpha_ordinal", "omega", "omega_t", "omega_h", "omega_t_ordinal",
    "omega_h_ordinal", "lambda_2", "lambda_4", "lambda_6", "lambda_2_standardised", "lambda_4_standardised",
    "lambda_6_standardised", "lambda_2_ordinal", "lambda_6_ordinal", "spearman_brown", "spearman_brown_odd_even",
    "guttman_odd_even", "spearman_brown_first_second", "guttman_first_second",
)  # fmt: skip


def _place(name: str) -> int:
    return _ORDER.index(name)


def _precision(chosen: ItemSet, cov: Array, values: dict[str, float], asked: Asked, collected: Collected) -> None:
    """Standard error of measurement of the score, by alpha and by the coefficient to report."""
    score = chosen.declared.method if chosen.declared is not None else "mean"
    sd = float(np.sqrt(cov.sum())) / (len(cov) if score == "mean" else 1)
    z = float(ndtri(0.5 + asked.level / 2.0))
    for name in dict.fromkeys(("alpha", preferred_of(values))):
        if 0.0 <= values[name] <= 1.0:
            sem = sd * float(np.sqrt(1.0 - values[name]))
            row = (name, values[name], score, sd, sem, asked.level, z * sem, z * sem * float(np.sqrt(2.0)))
            collected.rows["precision"].append((chosen.scale, *row))


def _items(chosen: ItemSet, ground: Ground, collected: Collected) -> None:
    cov, k = ground.cov, len(ground.cov)
    statistics, sd = kernel.item_statistics(cov), np.sqrt(np.diag(cov))
    smc = np.full(k, _NAN) if bounds.is_singular(cov) else bounds.squared_multiple_correlations(cov)
    omegas = kernel.omega_if_dropped(cov)
    standardised, average = _without_each(correlation(cov))
    for j, item in enumerate(chosen.items):
        rest = float(statistics.item_rest[j])
        figures = (
            ground.mean[j], sd[j], statistics.item_total[j], rest, statistics.alpha_if_dropped[j], omegas[j],
            standardised[j], average[j], smc[j],
        )  # fmt: skip
        collected.rows["items"].append((chosen.scale, item, int(ground.answered[j]), *map(float, figures)))
        if rest < -_NOTHING:
            against = correlation_interval(np.asarray(rest), ground.n, 0.95)[1] < 0.0
            message = (
                f"Item {item} of {within(chosen)} correlates {write_number(rest, 'r')} with the rest of the scale: it "
                + (
                    "is probably keyed the other way. Check its reverse key."
                    if against
                    else "hardly belongs to it, or is keyed the other way. Check its wording and its reverse key."
                )
            )
            collected.note("RELIABILITY_NEGATIVE_ITEM", message, "warning", item)
    improper = [item for item, omega in zip(chosen.items, omegas, strict=True) if k > 3 and np.isnan(omega)]
    if improper:
        message = (
            f"Omega of {within(chosen)} without {', '.join(improper)} is not given: the one-factor model of the items "
            "left is improper."
        )
        collected.note("RELIABILITY_OMEGA_DROPPED", message, "info", chosen.scale)


def _without_each(r: Array) -> tuple[Array, Array]:
    """Standardised alpha and mean correlation of the other items, for each item; NaN where one is left."""
    k = len(r)
    if k == 2:
        return np.full(2, _NAN), np.full(2, _NAN)
    average = (r.sum() - 2.0 * r.sum(axis=0) + 1.0 - (k - 1.0)) / ((k - 1.0) * (k - 2.0))
    return np.asarray([kernel.spearman_brown(float(a), k - 1.0) for a in average]), np.asarray(average)
