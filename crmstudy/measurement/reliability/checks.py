"""What is checked before the reliability of scales is computed: options, and whether the data can say anything."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, ModelError, UnsupportedError, did_you_mean
from crmstudy.kernels.moments import Array, complete_rows, constant_columns, covariance
from crmstudy.measurement.reliability.ground import incomplete_ground
from crmstudy.measurement.reliability.result import METHODS, Asked, Collected, without_moments
from crmstudy.notes import Note
from crmstudy.responses import Responses
from crmstudy.selection import ItemSet, coverage_faults, is_whole, left_out

_FEWEST_SAMPLES = 100
_MOST_GROUP_FACTORS = 100
Mask = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def resolved(
    ordinal: object, bootstrap: object, level: float, seed: object, interval: object, group_factors: object,
    splits: object, missing: object,
) -> Asked:  # fmt: skip
    """The options as used.

    Raises
    ------
    ModelError, UnsupportedError
        With every option that is none.
    """
    if bootstrap is not None and not is_whole(bootstrap):
        raise UnsupportedError(f"`bootstrap` is a number of samples such as 2000 in this version, not {bootstrap!r}.")
    faults = coverage_faults(level)
    if not isinstance(ordinal, bool | np.bool_):
        faults.append(f"`ordinal` is True or False, not {ordinal!r}.")
    if bootstrap is not None and bootstrap < _FEWEST_SAMPLES:
        faults.append(f"`bootstrap` is at least 100 samples (2000 or more for a report), not {bootstrap}.")
    if seed is not None and not (is_whole(seed) and seed >= 0):
        faults.append(f"`seed` is a whole number from 0, not {seed!r}.")
    faults += _interval_faults(interval, bootstrap) + _missing_faults(missing, ordinal, bootstrap, interval)
    if not (is_whole(group_factors) and 1 <= group_factors <= _MOST_GROUP_FACTORS):
        faults.append(
            f"`group_factors` is a whole number from 1 to {_MOST_GROUP_FACTORS}, 3 as a rule, not {group_factors!r}."
        )
    if not (is_whole(splits) and splits >= _FEWEST_SAMPLES):
        faults.append(f"`splits` is a whole number from 100, not {splits!r}.")
    if faults:
        raise ModelError(faults)
    drawn = int(seed) if is_whole(seed) else secrets.randbits(32)
    return Asked(
        level=float(level), interval=str(interval or _usual_interval(bootstrap, missing)), missing=str(missing),
        bootstrap=None if bootstrap is None else int(bootstrap), seed=drawn,
        split_seed=int(seed) if is_whole(seed) else 0, ordinal=bool(ordinal),
        group_factors=int(group_factors) if is_whole(group_factors) else 3,
        splits=int(splits) if is_whole(splits) else _FEWEST_SAMPLES,
    )  # fmt: skip


def _interval_faults(interval: object, bootstrap: object) -> list[str]:
    if interval is None:
        return []
    if not isinstance(interval, str) or interval not in METHODS:
        near = did_you_mean(interval, METHODS) if isinstance(interval, str) else ""
        return [f"`interval` is one of {', '.join(METHODS)}, not {interval!r}.{near}"]
    if interval in ("percentile", "bca") and bootstrap is None:
        return [f"interval='{interval}' needs bootstrap samples: give `bootstrap`, such as bootstrap=2000."]
    return []


def _usual_interval(bootstrap: object, missing: object) -> str:
    if missing == "fiml":
        return "asymptotic"
    return "feldt" if bootstrap is None else "percentile"


def _missing_faults(missing: object, ordinal: object, bootstrap: object, interval: object) -> list[str]:
    if missing not in ("listwise", "fiml"):
        return [f"`missing` is 'listwise' (complete rows) or 'fiml' (all rows), not {missing!r}."]
    if missing == "listwise":
        return []
    faults = []
    if ordinal is True:
        faults.append("missing='fiml' is for answers as numbers: leave out `ordinal`, or use the complete rows.")
    if bootstrap is not None:
        faults.append("missing='fiml' has asymptotic intervals: leave out `bootstrap`, or use the complete rows.")
    if interval not in (None, "asymptotic"):
        faults.append(f"missing='fiml' has asymptotic intervals, not {interval!r}: leave out `interval`.")
    return faults


def rows_used(values: Array, asked: Asked) -> Mask:
    """The rows that a scale's moments rest on."""
    return complete_rows(values) if asked.missing == "listwise" else np.asarray(~np.isnan(values).all(axis=1))


def about_ordinal(asked: Asked) -> tuple[Note, ...]:
    """What ordinal coefficients are of, and which one there is not."""
    if not asked.ordinal:
        return ()
    message = (
        "The ordinal coefficients are of continuous variables supposed behind the answers, not of the score that is "
        "used, and are as a rule larger than its reliability. Categorical omega, which is of the score, needs ordinal "
        "factor models; this version has none for it."
    )
    return (Note("RELIABILITY_ORDINAL", message),)


def all_columns(
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


def impossible_scales(rows: list[tuple[ItemSet, Array]], asked: Asked) -> dict[str, Note]:
    """A note for every scale that these data cannot say anything about; an AnalysisError when no other is left."""
    found = {chosen.scale: _why_impossible(chosen, values, asked) for chosen, values in rows if len(chosen.items) > 1}
    notes = {scale: note for scale, note in found.items() if note is not None}
    if notes and len(notes) == len(found):
        told = list(notes.values())
        raise AnalysisError(" ".join(note.message for note in told), told[0].code)
    return notes


def _why_impossible(chosen: ItemSet, values: Array, asked: Asked) -> Note | None:
    if asked.missing == "fiml":
        return _why_no_moments(chosen, values)
    complete = values[complete_rows(values)]
    name, subject, n, k = _named(chosen), chosen.scale or None, len(complete), len(chosen.items)
    if n < max(k + 1, 4):
        message = (
            f"{name} has {n} complete rows for {k} items; at least {max(k + 1, 4)} are needed. Collect more answers, "
            "or leave out the item with the most missing ones."
        )
        return Note("RELIABILITY_TOO_FEW_ROWS", message, "warning", subject)
    constant = [item for item, flat in zip(chosen.items, constant_columns(complete), strict=True) if flat]
    return _constant(chosen, constant, n) if constant else _cancelling(chosen, covariance(complete))


def _why_no_moments(chosen: ItemSet, values: Array) -> Note | None:
    """The same where incomplete rows count too."""
    answers = values[~np.isnan(values).all(axis=1)]
    n, k = len(answers), len(chosen.items)
    if n < max(k + 1, 4):
        message = f"{_named(chosen)} has {n} rows with an answer for {k} items; at least {max(k + 1, 4)} are needed."
        return Note("RELIABILITY_TOO_FEW_ROWS", message, "warning", chosen.scale or None)
    empty = [item for item, x in zip(chosen.items, answers.T, strict=True) if np.isnan(x).all()]
    if empty:
        message = f"{_named(chosen)}: nobody answered {', '.join(empty)}. Leave it out, or check how it was read."
        return Note("RELIABILITY_TOO_FEW_ROWS", message, "warning", chosen.scale or None)
    constant = [item for item, x in zip(chosen.items, answers.T, strict=True) if len(np.unique(x[~np.isnan(x)])) < 2]
    if constant:
        return _constant(chosen, constant, n)
    ground = incomplete_ground(values)
    return without_moments(chosen) if ground is None else _cancelling(chosen, ground.cov)


def _constant(chosen: ItemSet, items: list[str], n: int) -> Note:
    message = (
        f"{_named(chosen)}: everybody gave the same answer to {', '.join(items)} (n = {n}), and an item that does not "
        "vary has no reliability. Leave it out, or check how it was read."
    )
    return Note("RELIABILITY_CONSTANT_ITEM", message, "warning", chosen.scale or None)


def _cancelling(chosen: ItemSet, cov: Array) -> Note | None:
    if cov.sum() > 1e-10 * np.trace(cov):
        return None
    message = (
        f"{_named(chosen)}: the items cancel, their sum is the same for everybody. Reverse the items that are keyed "
        "the other way."
    )
    return Note("RELIABILITY_NO_TOTAL_VARIANCE", message, "warning", chosen.scale or None)


def note_set(chosen: ItemSet, values: Array, asked: Asked, collected: Collected) -> None:
    """Notes about the set itself: rows dropped, one or two items, items that form rather than reflect."""
    name, subject = _named(chosen), chosen.scale or None
    dropped = int((~rows_used(values, asked)).sum())
    if dropped:
        why = "an item is missing" if asked.missing == "listwise" else "every item is missing"
        message = f"{name}: {dropped} of {len(values)} rows are left out because {why}."
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
    if chosen.mirrored:
        message = (
            f"{name} takes a part of its scales the other way round, so these items were mirrored here as well: "
            f"{', '.join(chosen.mirrored)}."
        )
        collected.notes.append(Note("RELIABILITY_PART_MIRRORED", message, "info", subject))
    if chosen.declared is not None and not chosen.declared.reflective and len(chosen.items) > 1:
        message = f"{name} is declared formative: its items need not correlate, so these coefficients do not judge it."
        collected.notes.append(Note("RELIABILITY_FORMATIVE", message, "warning", subject))


def _named(chosen: ItemSet) -> str:
    return f"Scale '{chosen.scale}'" if chosen.scale else "The set of items"
