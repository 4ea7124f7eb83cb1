"""Internal consistency of scales: alpha, omega, Spearman-Brown, item-rest correlations, alpha if an item is dropped."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import AnalysisError, ModelError, UnsupportedError
from crmstudy.kernels import reliability as kernel
from crmstudy.kernels.moments import Array, complete_rows, constant_columns, covariance
from crmstudy.kernels.resample import generator
from crmstudy.measurement.omega import one_factor_omega
from crmstudy.measurement.selection import ItemSet, coverage_faults, is_whole, item_sets, left_out, numeric_values
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result

#: How a coefficient is written in a sentence.
SYMBOLS = {
    "alpha": "α", "alpha_standardised": "standardised α", "omega": "ω", "spearman_brown": "Spearman–Brown coefficient",
}  # fmt: skip
#: Codes of the notes about a scale that these data cannot say anything about.
FAILURES = ("RELIABILITY_TOO_FEW_ROWS", "RELIABILITY_CONSTANT_ITEM", "RELIABILITY_NO_TOTAL_VARIANCE")
_ITEM_COLUMNS = ("scale", "item", "n", "mean", "sd", "item_total", "item_rest", "alpha_if_dropped")
_INTERVAL_COLUMNS = ("scale", "coefficient", "method", "level", "ci_low", "ci_high")
_SCALE_COLUMNS = ("scale", "items", "n", "dropped", "average_r")


@dataclass(frozen=True, eq=False, repr=False)
class ReliabilityResult(Result):
    """Reliability of one or more scales.

    ``estimates`` has a row for each scale and coefficient (``alpha``, ``alpha_standardised``, then ``omega`` for three
    items or more, ``spearman_brown`` for two) and the last column ``scale``. A reliability is not tested against zero,
    so ``statistic``, ``df`` and ``p_value`` are empty; the standardised alpha has no standard error.

    Tables: ``items`` (scale, item, n, mean, sd, item_total, item_rest, alpha_if_dropped), ``intervals`` (scale,
    coefficient, method, level, ci_low, ci_high), ``scales`` (scale, items, n, dropped, average_r).
    """

    kind: ClassVar[str] = "reliability"

    @property
    def failures(self) -> tuple[Note, ...]:
        """The notes about scales that could not be analysed while others could; empty when all were."""
        return tuple(note for note in self.notes if note.code in FAILURES)

    @property
    def preferred(self) -> pd.DataFrame:
        """The coefficient to report for each scale: scale, coefficient, value.

        Omega where its one-factor model is proper, Spearman-Brown for two items, alpha otherwise.
        """
        rows = []
        for scale, table in self.estimates.groupby("scale", sort=False):
            values = dict(zip(table["term"], table["estimate"], strict=True))
            name = next(name for name in ("omega", "spearman_brown", "alpha") if name in values)
            rows.append((scale, name, values[name]))
        return pd.DataFrame(rows, columns=["scale", "coefficient", "value"])

    @property
    def text(self) -> str:
        """The coefficients of every scale in one sentence."""
        if self.estimates.empty:
            return "No scale has more than one item, so there is no internal consistency to report."
        sizes = self.tables["scales"].set_index("scale")["n"].to_dict()
        same = len(set(sizes.values())) == 1
        parts = []
        for scale, table in self.estimates.groupby("scale", sort=False):
            values = dict(zip(table["term"], table["estimate"], strict=True))
            low, high = table.loc[table["term"] == "alpha", ["ci_low", "ci_high"]].to_numpy()[0]
            interval = write_number((low, high), "interval_r")
            words = f"α = {write_number(values['alpha'], 'r')}, {self.call['level']:.0%} CI {interval}"
            for name in ("omega", "spearman_brown"):
                if name in values:
                    words += f", {SYMBOLS[name]} = {write_number(values[name], 'r')}"
            words += "" if same else f", n = {write_number(sizes[scale], 'n')}"
            parts.append(f"{scale!s} {words}" if scale else words)
        sample = f" (N = {write_number(next(iter(sizes.values())), 'n')})" if same else ""
        missing = ", ".join(str(note.subject) for note in self.failures)
        rest = f" Not possible for {missing}." if missing else ""
        return f"Internal consistency{sample}: {'; '.join(parts)}.{rest}"

    def plot(self) -> CoefficientPlot | None:
        """Alpha of every scale with its interval; None for fewer than two scales."""
        rows = self.estimates[self.estimates["term"] == "alpha"]
        if len(rows) < 2:
            return None
        return CoefficientPlot(
            title="Internal consistency",
            alt=f"Cronbach's alpha of {len(rows)} scales with {self.call['level']:.0%} intervals.",
            terms=tuple(rows["scale"]),
            estimates=tuple(map(float, rows["estimate"])),
            lows=tuple(map(float, rows["ci_low"])),
            highs=tuple(map(float, rows["ci_high"])),
            x_label="α",
        )


@dataclass
class _Collected:
    """Rows gathered scale by scale, in the order of the tables' columns."""

    estimates: list[tuple[Any, ...]] = field(default_factory=list)
    items: list[tuple[Any, ...]] = field(default_factory=list)
    intervals: list[tuple[Any, ...]] = field(default_factory=list)
    scales: list[tuple[Any, ...]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Options:
    level: float
    bootstrap: int | None
    seed: int


def reliability(
    data: object,
    *,
    items: Sequence[str] | None = None,
    scale: str | Sequence[str] | None = None,
    ordinal: bool = False,
    bootstrap: int | None = None,
    level: float = 0.95,
    seed: int | None = None,
) -> ReliabilityResult:
    r"""Alpha, omega and item statistics of one or more scales, each from its complete cases.

    Parameters
    ----------
    data : DataFrame or Responses
        Responses are analysed reversed, with missing codes and values out of range as missing. The columns of a
        DataFrame are taken as they are: reverse them first.
    items : sequence of str, optional
        Columns that form one scale. Without it: every scale of the responses, or all numeric columns of a DataFrame.
    scale : str or sequence of str, optional
        Scales of the responses; with ``items`` of a DataFrame, the name of that set.
    ordinal : bool
        Coefficients from polychoric correlations: not available in this version.
    bootstrap : int, optional
        Number of bootstrap samples of the rows for percentile intervals of alpha, standardised alpha and
        Spearman-Brown. Omega keeps its delta-method interval.
    level : float
        Coverage of the intervals.
    seed : int, optional
        Seed of the bootstrap; without it one is drawn and kept in ``.call``.

    Returns
    -------
    ReliabilityResult

    Raises
    ------
    DataError
        For unknown scales or columns, and columns that are not numbers.
    UnsupportedError
        For ``ordinal=True`` and for a ``bootstrap`` that is not a number.
    AnalysisError
        When an item does not vary, when a scale's items cancel in their sum, or when there are not more complete rows
        than items; every such scale is named. Where other scales can be analysed they are, and each such scale leaves
        a warning (``.failures``).

    Notes
    -----
    :math:`\alpha = \frac{k}{k-1}\left(1-\frac{\sum s_i^2}{s_X^2}\right)` (Cronbach, 1951), with the interval of Feldt
    (1965) and the standard error of Duhachek and Iacobucci (2004). Omega is
    :math:`(\sum\lambda)^2/((\sum\lambda)^2+\sum\theta)` of the one-factor model by maximum likelihood (McDonald, 1999).
    ``item_total`` includes the item in the total, ``item_rest`` does not.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"a": [1, 2, 3, 4, 5, 4], "b": [2, 1, 4, 4, 5, 5]})
    >>> reliability(answers).estimates.set_index("term")["estimate"].round(3).to_dict()["spearman_brown"]
    0.929
    """
    options = _resolved(ordinal, bootstrap, level, seed)
    frame, notes = frame_of(data)
    frame = frame.rename(columns=str)
    sets = item_sets(data, frame, items, scale)
    rows = [(chosen, numeric_values(frame, chosen.items)) for chosen in sets]
    impossible = _impossible(rows)
    collected = _Collected(notes=[*notes, *_all_columns(data, frame, sets, items)])
    used = np.zeros(len(frame), dtype=bool)
    for chosen, values in rows:
        if chosen.scale in impossible:
            collected.notes.append(impossible[chosen.scale])
            continue
        _note_set(chosen, values, collected)
        if len(chosen.items) > 1:
            used |= complete_rows(values)
            _analyse(chosen, values, options, collected)
    call: dict[str, Any] = {
        "scales": [chosen.scale for chosen in sets], "ordinal": False, "bootstrap": options.bootstrap,
        "level": options.level, "seed": options.seed if options.bootstrap else None,
        "interval": "percentile" if options.bootstrap else "Feldt",
    }  # fmt: skip
    return ReliabilityResult(
        estimates=pd.DataFrame(collected.estimates, columns=[*ESTIMATE_COLUMNS, "scale"]),
        n=int(used.sum()),
        tables={
            "items": pd.DataFrame(collected.items, columns=list(_ITEM_COLUMNS)),
            "intervals": pd.DataFrame(collected.intervals, columns=list(_INTERVAL_COLUMNS)),
            "scales": pd.DataFrame(collected.scales, columns=list(_SCALE_COLUMNS)),
        },
        notes=tuple(collected.notes),
        samples=pd.DataFrame(
            [(row[0] or "all", row[2], row[3]) for row in collected.scales], columns=["group", "n", "dropped"]
        ),
        call=call,
    )


def _resolved(ordinal: bool, bootstrap: object, level: float, seed: object) -> _Options:
    if ordinal:
        raise UnsupportedError(
            "reliability(ordinal=True) is not available: this version has no polychoric correlations. Leave `ordinal` "
            "out; alpha and omega are then computed from the answers as numbers."
        )
    if bootstrap is not None and not is_whole(bootstrap):
        raise UnsupportedError(f"`bootstrap` is a number of samples such as 2000 in this version, not {bootstrap!r}.")
    faults = coverage_faults(level)
    if bootstrap is not None and bootstrap < 100:
        faults.append(f"`bootstrap` is at least 100 samples (2000 or more for a report), not {bootstrap}.")
    if seed is not None and not (is_whole(seed) and seed >= 0):
        faults.append(f"`seed` is a whole number from 0, not {seed!r}.")
    if faults:
        raise ModelError(faults)
    drawn = int(seed) if is_whole(seed) else secrets.randbits(32)
    return _Options(float(level), None if bootstrap is None else int(bootstrap), drawn)


def _all_columns(
    data: object, frame: pd.DataFrame, sets: tuple[ItemSet, ...], items: Sequence[str] | None
) -> tuple[Note, ...]:
    """Which columns were taken for one scale where nobody said which."""
    if items is not None or isinstance(data, Responses):
        return ()
    names = sets[0].items
    message = f"No items are named, so all numeric columns are taken for one scale: {', '.join(names)}."
    if others := left_out(frame, names):
        message += f" Left out, not numbers: {', '.join(others)}."
    return (Note("RELIABILITY_ALL_COLUMNS", message),)


def _impossible(rows: list[tuple[ItemSet, Array]]) -> dict[str, Note]:
    """A note for every scale that these data cannot say anything about; an AnalysisError when no other is left."""
    found = {chosen.scale: _why_impossible(chosen, values) for chosen, values in rows if len(chosen.items) > 1}
    notes = {scale: note for scale, note in found.items() if note is not None}
    if notes and len(notes) == len(found):
        told = list(notes.values())
        raise AnalysisError(" ".join(note.message for note in told), told[0].code)
    return notes


def _why_impossible(chosen: ItemSet, values: Array) -> Note | None:
    complete = values[complete_rows(values)]
    name, subject, n, k = _named(chosen), chosen.scale or None, len(complete), len(chosen.items)
    if n < max(k + 1, 4):
        message = (
            f"{name} has {n} complete rows for {k} items; at least {max(k + 1, 4)} are needed. Collect more answers, "
            "or leave out the item with the most missing ones."
        )
        return Note("RELIABILITY_TOO_FEW_ROWS", message, "warning", subject)
    constant = [item for item, flat in zip(chosen.items, constant_columns(complete), strict=True) if flat]
    if constant:
        message = (
            f"{name}: everybody gave the same answer to {', '.join(constant)} (n = {n}), and an item that does not "
            "vary has no reliability. Leave it out, or check how it was read."
        )
        return Note("RELIABILITY_CONSTANT_ITEM", message, "warning", subject)
    cov = covariance(complete)
    if cov.sum() <= 1e-10 * np.trace(cov):
        message = (
            f"{name}: the items cancel, their sum is the same for everybody. Reverse the items that are keyed the "
            "other way."
        )
        return Note("RELIABILITY_NO_TOTAL_VARIANCE", message, "warning", subject)
    return None


def _note_set(chosen: ItemSet, values: Array, collected: _Collected) -> None:
    """Notes about the set itself: rows dropped, one or two items, items that form rather than reflect."""
    name, subject = _named(chosen), chosen.scale or None
    dropped = int((~complete_rows(values)).sum())
    if dropped:
        message = f"{name}: {dropped} of {len(values)} rows are left out because an item is missing."
        collected.notes.append(Note("RELIABILITY_ROWS_DROPPED", message, "info", subject))
    if len(chosen.items) == 1:
        message = f"{name} has one item ({chosen.items[0]}): its internal consistency cannot be estimated."
        collected.notes.append(Note("RELIABILITY_SINGLE_ITEM", message, "info", subject))
    if len(chosen.items) == 2:
        message = (
            f"{name} has two items: the Spearman–Brown coefficient is reported, because a factor of two items alone is "
            "not identified and gives no omega."
        )
        collected.notes.append(Note("RELIABILITY_TWO_ITEMS", message, "info", subject))
    if chosen.declared is not None and not chosen.declared.reflective and len(chosen.items) > 1:
        message = f"{name} is declared formative: its items need not correlate, so these coefficients do not judge it."
        collected.notes.append(Note("RELIABILITY_FORMATIVE", message, "warning", subject))


def _analyse(chosen: ItemSet, answers: Array, options: _Options, collected: _Collected) -> None:
    """Add everything about one scale of two items or more."""
    values = answers[complete_rows(answers)]
    n, k = values.shape
    scale, cov = chosen.scale, covariance(values)
    alpha, standardised = kernel.alpha(cov), kernel.standardized_alpha(cov)
    ends = {"alpha": ("Feldt", *kernel.feldt_interval(alpha, n, k, options.level))}
    values_of = {"alpha": alpha, "alpha_standardised": standardised}
    errors = {"alpha": kernel.alpha_std_error(cov, n)}
    average = kernel.average_correlation(cov)
    if k == 2:
        values_of["spearman_brown"] = kernel.spearman_brown(average)
        ends["spearman_brown"] = ("Fisher z, stepped up", *kernel.spearman_brown_interval(average, n, options.level))
    else:
        omega = one_factor_omega(values, chosen.items, scale, options.level)
        if isinstance(omega, Note):
            collected.notes.append(omega)
        else:
            values_of["omega"], errors["omega"] = omega.value, omega.std_error
            ends["omega"] = ("delta method", omega.ci_low, omega.ci_high)
    listed = [(coefficient, *end) for coefficient, end in ends.items()]
    if options.bootstrap is not None:
        resampled = _percentiles(values, scale, options, collected)
        resampled = {key: end for key, end in resampled.items() if key in values_of}
        listed += [(coefficient, *end) for coefficient, end in resampled.items()]
        ends |= resampled
    nan = float("nan")
    for coefficient, estimate in values_of.items():
        _, low, high = ends.get(coefficient, ("", nan, nan))
        row = (coefficient, estimate, errors.get(coefficient, nan), nan, nan, nan, low, high, scale)
        collected.estimates.append(row)
    collected.intervals += [(scale, key, method, options.level, low, high) for key, method, low, high in listed]
    collected.scales.append((scale, k, n, len(answers) - n, average))
    _item_rows(chosen, values, cov, collected)
    if alpha < 0:
        message = f"Alpha of {_within(chosen)} is negative ({alpha:.2f}): its items are not keyed in one direction."
        collected.notes.append(Note("RELIABILITY_NEGATIVE_ALPHA", message, "warning", scale or None))


def _item_rows(chosen: ItemSet, values: Array, cov: Array, collected: _Collected) -> None:
    statistics = kernel.item_statistics(cov)
    sd = np.sqrt(np.diag(cov))
    for j, item in enumerate(chosen.items):
        rest = float(statistics.item_rest[j])
        figures = (values[:, j].mean(), sd[j], statistics.item_total[j], rest, statistics.alpha_if_dropped[j])
        collected.items.append((chosen.scale, item, len(values), *map(float, figures)))
        if rest < 0:
            message = (
                f"Item {item} of {_within(chosen)} correlates {write_number(rest, 'r')} with the rest of the scale: it "
                "is probably keyed the other way. Check its reverse key."
            )
            collected.notes.append(Note("RELIABILITY_NEGATIVE_ITEM", message, "warning", item))


def _percentiles(
    values: Array, scale: str, options: _Options, collected: _Collected
) -> dict[str, tuple[str, float, float]]:
    """Percentile intervals of alpha, standardised alpha and (the same number for two items) Spearman-Brown."""
    replicates = options.bootstrap or 0
    draws = kernel.bootstrap_alphas(values, replicates, generator(options.seed, "reliability", scale))
    usable = draws[~np.isnan(draws).any(axis=1)]
    if len(usable) < replicates:
        message = (
            f"{replicates - len(usable)} of {replicates} bootstrap samples of {scale or 'these items'} had an item "
            "that did not vary; the interval rests on the others."
        )
        collected.notes.append(Note("RELIABILITY_BOOTSTRAP_SKIPPED", message, "warning", scale or None))
    tail = (1.0 - options.level) / 2.0
    low, high = np.quantile(usable, [tail, 1.0 - tail], axis=0)
    method = f"percentile bootstrap ({replicates})"
    names = {"alpha": 0, "alpha_standardised": 1, "spearman_brown": 1}
    return {name: (method, float(low[j]), float(high[j])) for name, j in names.items()}


def _named(chosen: ItemSet) -> str:
    return f"Scale '{chosen.scale}'" if chosen.scale else "The set of items"


def _within(chosen: ItemSet) -> str:
    return f"scale '{chosen.scale}'" if chosen.scale else "the set of items"
