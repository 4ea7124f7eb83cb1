"""A pilot of 20 to 30 respondents: the table of the items, before and after they were mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import AnalysisError, DataError, ModelError
from crmstudy.instrument.model import Item
from crmstudy.kernels.classic.correlation import correlation_interval
from crmstudy.kernels.moments import Array
from crmstudy.kernels.reliability import coefficients as kernel
from crmstudy.measurement.pilot_changes import CHANGE_COLUMNS, changes
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.pooled import one_set_only
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result
from crmstudy.selection import ItemSet, coverage_faults, declared_items, item_sets, keyed_values, numeric_values

NAN = float("nan")
#: A corrected item-total correlation below this is looked at.
LOW_CORRELATION = 0.30
#: Alpha has to rise by more than this without an item for the item to be named.
RISE = 0.01
#: An end of the response range that takes this percent of the answers or more; an item left out by this percent.
ONE_END, OFTEN_MISSING = 80.0, 10.0
#: Fewer respondents than this are hardly a pilot, and more than that are more than one needs.
FEW, USUAL = 20, 30
ROUNDS = ("before", "after")
ITEM_COLUMNS = (
    "round", "scale", "item", "n", "missing", "mean", "sd", "floor_percent", "ceiling_percent", "item_rest",
    "item_rest_low", "item_rest_high", "alpha_if_dropped", "alpha_if_dropped_low", "alpha_if_dropped_high", "flags",
)  # fmt: skip
SCALE_COLUMNS = ("round", "scale", "items", "n", "dropped", "alpha", "alpha_low", "alpha_high")
FLAG_COLUMNS = ("round", "scale", "item", "flag", "reason")


@dataclass(frozen=True, eq=False, repr=False)
class PilotResult(Result):
    """Items of a pilot, and of the round after it where there is one.

    ``estimates`` has alpha of every scale and round with Feldt's interval; the last columns are ``scale``, ``round``.
    Tables: ``items`` (a row an item, scale and round: answered, missing, mean, sd, floor and ceiling in percent,
    corrected item-total correlation and alpha without the item, each with its interval, flags), ``scales``, ``flags``
    (the reason of each flag, a sentence), ``changes`` (what became of each item between the rounds).
    """

    kind: ClassVar[str] = "pilot"

    @property
    def text(self) -> str:
        """Alpha of every scale by round, and the items with a flag."""
        scales, flags = self.tables["scales"], self.tables["flags"]
        parts = []
        for name, rows in scales.groupby("round", sort=False):
            n = self.samples.set_index("group")["n"][name]
            said = [
                f"{row['scale'] or 'the items'} α = {write_number(row['alpha'], 'r')} "
                f"{write_number((row['alpha_low'], row['alpha_high']), 'interval_r')}"
                for row in rows.to_dict(orient="records")
                if np.isfinite(row["alpha"])
            ]
            flagged = list(dict.fromkeys(flags.loc[flags["round"] == name, "item"]))
            rest = f"; flagged: {', '.join(map(str, flagged))}" if len(flagged) else "; no item is flagged"
            head = f"{str(name).capitalize()} (n = {write_number(int(n), 'n')})"
            parts.append(f"{head}: {', '.join(said) or 'no alpha can be given'}{rest}.")
        return " ".join(["Pilot.", *parts])

    def plot(self) -> CoefficientPlot | None:
        """Corrected item-total correlations with their intervals, of the last round."""
        items = self.tables["items"]
        rows = items[(items["round"] == items["round"].iloc[-1]) & items["item_rest"].notna()]
        rows = rows.drop_duplicates("item")
        if len(rows) < 2:
            return None
        return CoefficientPlot(
            title="Corrected item-total correlations",
            alt=f"Corrected item-total correlations of {len(rows)} items with {self.call['level']:.0%} intervals.",
            terms=tuple(map(str, rows["item"])),
            estimates=tuple(map(float, rows["item_rest"])),
            lows=tuple(map(float, rows["item_rest_low"])),
            highs=tuple(map(float, rows["item_rest_high"])),
            x_label="r",
            reference=LOW_CORRELATION,
        )


@one_set_only("a pilot is looked at as it was answered; give it the answers.")
def pilot(
    data: object,
    *,
    after: object = None,
    items: Sequence[str] | None = None,
    scale: str | Sequence[str] | None = None,
    level: float = 0.95,
) -> PilotResult:
    r"""The item table of a pilot: who answered, moments, floor and ceiling, corrected item-total correlation, alpha.

    Parameters
    ----------
    data : DataFrame or Responses
        The pilot, usually 20 to 30 respondents. Responses are analysed reversed, values out of range as missing; the
        columns of a DataFrame are taken as they are.
    after : DataFrame or Responses, optional
        The round after the items were mended, of other people: it may have other items and another version of the
        instrument.
    items : sequence of str, optional
        Columns that form one scale; of ``after``, those of them that are still there.
    scale : str or sequence of str, optional
        Scales of the responses; with ``items`` of a DataFrame, the name of that set. Without either every scale.
    level : float
        Coverage of the intervals.

    Returns
    -------
    PilotResult

    Raises
    ------
    DataError
        For unknown scales or columns, and columns that are not numbers.
    ModelError
        For a ``level`` that is none.
    AnalysisError
        When nobody answered any item.

    Notes
    -----
    Moments of an item are of all its answers; correlations and alpha of the rows with an answer to every item of the
    scale that varies. The corrected item-total correlation leaves the item out of the total; its interval is Fisher's,
    that of alpha is Feldt's (1965), also for alpha without the item. Flags: an item-total correlation below 0 or .30,
    an alpha that rises by more than .01 without the item, 80 % or more of the answers at one end, 10 % or more missing,
    and no variance. A flag is a reason to read the item again, not to drop it: with 25 respondents a correlation of .30
    has an interval from -.11 to .62.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"a": [1, 2, 4, 5, 3, 4], "b": [2, 2, 5, 4, 3, 5], "c": [5, 4, 1, 2, 3, 2]})
    >>> pilot(answers).tables["flags"][["item", "flag"]].drop_duplicates("item").to_numpy().tolist()
    [['a', 'negative'], ['b', 'negative'], ['c', 'negative']]
    """
    if faults := coverage_faults(level):
        raise ModelError(faults)
    made = _Made(float(level))
    rounds = [("before", data)] + ([("after", after)] if after is not None else [])
    sets = [_sets_of(given, name, items, scale) for name, given in rounds]
    for (name, given), (frame, notes, chosen) in zip(rounds, sets, strict=True):
        made.notes += notes
        made.round(name, frame, chosen, declared_items(given))
    made.note_sizes()
    table = pd.DataFrame(made.items, columns=list(ITEM_COLUMNS))
    changed = pd.DataFrame(columns=list(CHANGE_COLUMNS))
    if after is not None:
        changed = changes(table, data, after)
        made.note_rounds(changed)
    return PilotResult(
        estimates=pd.DataFrame(made.estimates, columns=[*ESTIMATE_COLUMNS, "scale", "round"]),
        n=made.samples[0][1],
        tables={
            "items": table,
            "scales": pd.DataFrame(made.scales, columns=list(SCALE_COLUMNS)),
            "flags": pd.DataFrame(made.flags, columns=list(FLAG_COLUMNS)),
            "changes": changed,
        },
        notes=tuple(made.notes),
        samples=pd.DataFrame(made.samples, columns=["group", "n", "dropped"]),
        call={
            "level": float(level),
            "scales": list(dict.fromkeys(table["scale"])),
            "rounds": [name for name, _ in rounds],
        },
    )


def _sets_of(
    given: object, name: str, items: Sequence[str] | None, scale: str | Sequence[str] | None
) -> tuple[pd.DataFrame, list[Note], tuple[ItemSet, ...]]:
    frame, notes = frame_of(given)
    frame = frame.rename(columns=str)
    if name == "after" and items is not None:
        there = [item for item in ([items] if isinstance(items, str) else items) if str(item) in frame.columns]
        if not there:
            raise DataError("None of the items named is a column of the data after: give data with some of them.")
        items = there
    if name == "after" and scale is not None and isinstance(given, Responses):
        wanted = [scale] if isinstance(scale, str) else list(scale)
        scale = [one for one in wanted if one in given.scores] or scale
    return frame, list(notes), item_sets(given, frame, items, scale)


@dataclass
class _Made:
    """Rows of the tables, made round by round."""

    level: float
    estimates: list[tuple[Any, ...]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    scales: list[tuple[Any, ...]] = field(default_factory=list)
    flags: list[tuple[Any, ...]] = field(default_factory=list)
    samples: list[tuple[str, int, int]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def round(self, name: str, frame: pd.DataFrame, sets: Sequence[ItemSet], formats: dict[str, Item]) -> None:
        """All scales of one round."""
        every = list(dict.fromkeys(item for chosen in sets for item in chosen.items))
        answered = ~np.isnan(numeric_values(frame, every)).all(axis=1)
        n = int(answered.sum())
        if not n:
            raise AnalysisError(f"Nobody answered any item in the round {name}.", "PILOT_NO_ANSWERS")
        self.samples.append((name, n, len(frame) - n))
        for chosen in sets:
            self.scale(name, chosen, keyed_values(frame, chosen)[answered], formats)

    def scale(self, name: str, chosen: ItemSet, values: Array, formats: dict[str, Item]) -> None:
        """One scale: its items, its alpha, its flags."""
        first = len(self.items)
        for place, item in enumerate(chosen.items):
            self.items.append(_moments(name, chosen.scale, item, values[:, place], formats.get(item)))
        varying = [place for place, row in enumerate(self.items[first:]) if row["sd"] > 0.0]
        complete = values[:, varying]
        complete = complete[~np.isnan(complete).any(axis=1)]
        stays = [place for j, place in enumerate(varying) if len(complete) > 1 and np.ptp(complete[:, j]) > 0.0]
        if stays != varying:
            complete = values[:, stays]
            complete = complete[~np.isnan(complete).any(axis=1)]
        n, k = len(complete), len(stays)
        alpha = low = high = NAN
        if k > 1 and n > 2:
            cov = np.cov(complete, rowvar=False)
            if cov.sum() > 1e-12 * np.trace(cov):
                alpha = kernel.alpha(cov)
                low, high = kernel.feldt_interval(alpha, n, k, self.level)
            self._correlations(first, stays, cov, n)
        elif k > 1:
            message = f"The scale '{chosen.scale}' has {n} complete rows {name}; correlations need three."
            self.notes.append(Note("PILOT_NO_CORRELATIONS", message, "warning", chosen.scale or None))
        self.scales.append((name, chosen.scale, len(chosen.items), n, len(values) - n, alpha, low, high))
        if np.isfinite(alpha):
            self.estimates.append(("alpha", alpha, NAN, NAN, NAN, NAN, low, high, chosen.scale, name))
        for row in self.items[first:]:
            self._flag(row, alpha)

    def _correlations(self, first: int, stays: Sequence[int], cov: Array, n: int) -> None:
        found = kernel.item_statistics(cov)
        k = len(stays)
        for j, place in enumerate(stays):
            row = self.items[first + place]
            r, dropped = float(np.clip(found.item_rest[j], -1.0, 1.0)), float(found.alpha_if_dropped[j])
            row["item_rest"] = r
            if n > 3 and np.isfinite(r):
                ends = correlation_interval(np.asarray(r), n, self.level)
                row["item_rest_low"], row["item_rest_high"] = map(float, ends)
            if k > 2 and np.isfinite(dropped):
                row["alpha_if_dropped"] = dropped
                ends_of_alpha = kernel.feldt_interval(dropped, n, k - 1, self.level)
                row["alpha_if_dropped_low"], row["alpha_if_dropped_high"] = ends_of_alpha

    def _flag(self, row: dict[str, Any], alpha: float) -> None:
        """What is conspicuous about an item, each with its reason."""
        found: list[tuple[str, str]] = []
        total = row["n"] + row["missing"]
        if row["n"] and not row["sd"] > 0.0:
            found.append(("constant", "Everybody gave the same answer; the item tells nobody apart."))
        if row["missing"] and 100.0 * row["missing"] / total >= OFTEN_MISSING:
            found.append(
                ("missing", f"{row['missing']} of {total} left it out; look whether it is understood, or too personal.")
            )
        for end in ("floor", "ceiling"):
            share = row[f"{end}_percent"]
            if row["sd"] > 0.0 and share >= ONE_END:
                side = "lowest" if end == "floor" else "highest"
                found.append(
                    (end, f"{write_number(share, 'percent')} gave the {side} answer; the item hardly differentiates.")
                )
        r, ends = row["item_rest"], (row["item_rest_low"], row["item_rest_high"])
        if np.isfinite(r) and r < LOW_CORRELATION:
            kind = "negative" if r < 0.0 else "low"
            said = (
                f"Its corrected item-total correlation is {write_number(r, 'r')}, interval "
                f"{write_number(ends, 'interval_r')}"
            )
            rest = "; look first whether it has to be reversed." if kind == "negative" else "."
            if kind == "low" and ends[1] >= LOW_CORRELATION:
                rest = ", so it may as well lie above .30."
            found.append((kind, said + rest))
        if np.isfinite(alpha) and row["alpha_if_dropped"] > alpha + RISE:
            pair = (write_number(alpha, "r"), write_number(row["alpha_if_dropped"], "r"))
            found.append(("alpha", f"Alpha is {pair[0]} with it and {pair[1]} without it."))
        row["flags"] = ", ".join(flag for flag, _ in found)
        self.flags += [(row["round"], row["scale"], row["item"], flag, reason) for flag, reason in found]

    def note_sizes(self) -> None:
        """What so few respondents can decide."""
        for name, n, dropped in self.samples:
            if dropped:
                self.notes.append(
                    Note("PILOT_ROWS_EMPTY", f"{dropped} rows {name} have no answer to any item and were left out.")
                )
            if n < FEW:
                message = f"The round {name} has {n} respondents; a pilot usually has {FEW} to {USUAL}."
                self.notes.append(Note("PILOT_FEW", message, "warning", name))
        smallest = min(n for _, n, _ in self.samples)
        if smallest <= 100:
            said = ""
            if smallest > 3:
                ends = correlation_interval(np.asarray(LOW_CORRELATION), smallest, self.level)
                alphas = kernel.feldt_interval(0.70, smallest, 5, self.level)
                said = (
                    " a correlation of .30 has an interval "
                    f"{write_number((float(ends[0]), float(ends[1])), 'interval_r')}, an alpha of .70 of five items "
                    f"{write_number(alphas, 'interval_r')};"
                )
            message = (
                f"With n = {smallest}{said} a pilot shows what is not understood, and decides little about "
                "which item to keep."
            )
            self.notes.append(Note("PILOT_SMALL", message))

    def note_rounds(self, changed: pd.DataFrame) -> None:
        """That the rounds are other people, and that items that changed cannot be compared as if they had not."""
        message = (
            "The two rounds are other people, so a difference between them may be one of the samples; compare the "
            "intervals."
        )
        self.notes.append(Note("PILOT_ROUNDS", message))
        key = changed[changed["change"].str.contains("key|answers", regex=True)]
        if len(key):
            message = (
                f"Scored or answered otherwise after: {', '.join(dict.fromkeys(key['item']))}; their "
                "means cannot be compared."
            )
            self.notes.append(Note("PILOT_CHANGED", message, "warning"))


def _moments(name: str, scale: str, item: str, answers: Array, declared: Item | None) -> dict[str, Any]:
    known = answers[~np.isnan(answers)]
    row: dict[str, Any] = dict.fromkeys(ITEM_COLUMNS, NAN)
    row |= {
        "round": name,
        "scale": scale,
        "item": item,
        "n": len(known),
        "missing": len(answers) - len(known),
        "flags": "",
    }
    if not len(known):
        return row
    low, high = (declared.response.low, declared.response.high) if declared else (known.min(), known.max())
    row["mean"] = float(known.mean())
    row["sd"] = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    row["floor_percent"] = 100.0 * float((known == low).mean())
    row["ceiling_percent"] = 100.0 * float((known == high).mean())
    return row
