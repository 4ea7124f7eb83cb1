"""The rules: each looks at the answers, an index or a column beside them, and flags respondents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.errors import DataError, did_you_mean
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.screening.answers import Answers
from crmstudy.screening.findings import Finding, not_applied, write_p
from crmstudy.screening.indices import Distances, Index
from crmstudy.screening.settings import CUTOFFS, cutoffs

FEW_ITEMS = 10
#: Indices that are correlations, written without a leading zero.
_CORRELATIONS = ("even_odd", "psychsyn", "psychant", "person_total")
#: What an index is called in a reason.
_CALLED = {
    "longstring_mean": "equal answers in a row on average",
    "irv": "standard deviation of the answers",
    "even_odd": "even–odd consistency",
    "psychsyn": "agreement of psychometric synonyms",
    "psychant": "agreement of psychometric antonyms",
    "person_total": "person–total correlation",
}


def apply_rules(
    answers: Answers, settings: Mapping[str, Any], indices: Mapping[str, Index], distances: Distances | None
) -> dict[str, Finding]:
    """What every rule that is on found, by its name; without items only what is asked of other columns."""
    rows = len(answers.raw)
    found: dict[str, Finding] = {}
    for rule, setting in settings.items():
        if rule == "response_time":
            found[rule] = _response_time(answers, setting)
        elif rule == "attention":
            found[rule] = _attention(answers, setting)
        elif not answers.items or distances is None:
            found[rule] = not_applied(rows)
        elif rule == "mahalanobis":
            found[rule] = _mahalanobis(distances, setting)
        elif rule == "longstring":
            found[rule] = _longstring(indices["longstring"].values, setting)
        elif rule in CUTOFFS:
            found[rule] = _cut(rule, indices[rule], cutoffs(rule, setting))
        else:
            found[rule] = {"missing": _missing, "range": _range, "duplicates": _duplicates}[rule](answers, setting)
    return found


def times_of(answers: Answers, setting: Mapping[str, Any]) -> Array:
    """Response time of every row, in the unit it is compared in; NaN where one of the columns has none."""
    asked = [setting["column"]] if isinstance(setting["column"], str) else list(setting["column"])
    total: Array = np.sum([_number_column(answers, str(name), "response_time") for name in asked], axis=0)
    if setting.get("per") == "item":
        seen = answers.shown.sum(axis=1)
        total = np.where(seen > 0, total / np.maximum(seen, 1), np.nan)
    return total


def wrong_checks(answers: Answers, setting: Mapping[str, Any]) -> tuple[Array, Array]:
    """How many attention checks every row answered wrongly, and how many it left out."""
    wrong, left = np.zeros(len(answers.raw)), np.zeros(len(answers.raw))
    for name, right in setting["checks"].items():
        column = _column(answers, str(name), "attention")
        allowed = [right] if isinstance(right, str | int | float) else list(right)
        given = column.notna().to_numpy()
        fits = column.map(lambda value, allowed=allowed: _same(value, allowed)).to_numpy(dtype=bool, na_value=False)
        wrong += given & ~fits
        left += ~given & ~answers.hidden.get(str(name), np.zeros(len(given), dtype=bool))
    return wrong, left


def _same(value: object, allowed: list[Any]) -> bool:
    """Whether an answer is one of the right ones; numbers are compared as numbers, also where a file has text."""
    for right in allowed:
        if isinstance(right, str):
            if str(value).strip() == right.strip():
                return True
            continue
        try:
            if float(str(value)) == float(right):
                return True
        except ValueError:
            continue
    return False


def _missing(answers: Answers, setting: float) -> Finding:
    counts, items = (answers.raw.isna().to_numpy() & answers.shown).sum(axis=1), answers.shown.sum(axis=1)
    flagged = np.asarray((items > 0) & (counts >= setting * items - 1e-9), dtype=bool)  # 0.7 is not exact
    return Finding(flagged, lambda row: f"{counts[row]} of {items[row]} items unanswered")


def _range(answers: Answers, setting: bool) -> Finding:
    if not answers.ranged:
        why = "a DataFrame does not say which answers its columns can hold."
        return not_applied(len(answers.raw), "range", why, expected=True)
    outside = answers.outside.to_numpy()
    names = np.array(answers.items)
    flagged = np.asarray(outside.any(axis=1), dtype=bool)
    return Finding(flagged, lambda row: f"out of range: {', '.join(names[outside[row]])}")


def _duplicates(answers: Answers, setting: bool) -> Finding:
    raw = answers.raw
    groups = raw.groupby(list(raw.columns), dropna=False, sort=False).ngroup().to_numpy()
    first = np.full(int(groups.max()) + 1, -1)
    first[groups[::-1]] = np.arange(len(groups))[::-1]
    flagged = (first[groups] != np.arange(len(groups))) & raw.notna().any(axis=1).to_numpy()
    rows = answers.rows
    finding = Finding(flagged, lambda row: f"same answers as row {rows[first[groups[row]]]}")
    if flagged.any() and len(raw.columns) < FEW_ITEMS:
        message = f"With {len(raw.columns)} items, equal rows arise by chance too; duplicates says little here."
        finding.notes.append(Note("SCREENING_FEW_ITEMS", message, subject="duplicates"))
    return finding


def _longstring(runs: Array, setting: int) -> Finding:
    return Finding(np.asarray(runs >= setting), lambda row: f"{int(runs[row])} equal answers in a row")


def _mahalanobis(distances: Distances, setting: float) -> Finding:
    d2, p_values = distances.d2, distances.p_value
    if distances.why_not:
        return not_applied(len(d2), "mahalanobis", distances.why_not)
    finding = Finding(
        np.asarray(np.nan_to_num(p_values, nan=1.0) < setting),
        lambda row: f"unusual pattern (D² = {d2[row]:.2f}, {write_p(p_values[row])})",
    )
    left = int(np.isnan(d2).sum())
    if left:
        message = f"{left} of {len(d2)} rows are not complete and have no Mahalanobis distance."
        if not distances.alike:
            message = (
                f"{left} of {len(d2)} rows have no Mahalanobis distance: they are not complete, or too few others were "
                "shown the same items."
            )
        finding.notes.append(Note("SCREENING_INCOMPLETE_ROWS", message, subject="mahalanobis"))
    return finding


def _cut(rule: str, index: Index, sides: Mapping[str, float]) -> Finding:
    """Flag the rows whose index lies on a side of a cut-off; a row without the index is not flagged."""
    values = index.values
    if index.why_not:
        return not_applied(len(values), rule, index.why_not)
    flagged = np.zeros(len(values), dtype=bool)
    with np.errstate(invalid="ignore"):
        for side, number in sides.items():
            at_or_above = values >= number if rule == "longstring_mean" else values > number
            flagged |= at_or_above if side == "above" else values < number
    kind = "r" if rule in _CORRELATIONS else "estimate"
    finding = Finding(flagged, lambda row: f"{_CALLED[rule]} {write_number(values[row], kind)}")  # type: ignore[arg-type]
    left = int(np.isnan(values).sum())
    if left:
        message = (
            f"{left} of {len(values)} rows have no value of {rule}: too few of their answers can be compared, or these "
            "are all the same. The rule does not flag them."
        )
        finding.notes.append(Note("SCREENING_NO_INDEX", message, subject=rule))
    return finding


def _response_time(answers: Answers, setting: Mapping[str, Any]) -> Finding:
    if setting.get("per") == "item" and not answers.items:
        return not_applied(len(answers.raw), "response_time", "without items there is no time per item.")
    times, below = times_of(answers, setting), float(setting["below"])
    unit = " per item" if setting.get("per") == "item" else ""
    with np.errstate(invalid="ignore"):
        flagged = np.asarray(times < below)
    finding = Finding(flagged, lambda row: f"answered in {times[row]:.6g}{unit}")
    left, negative = int(np.isnan(times).sum()), int(np.nansum(times < 0))
    if left:
        message = f"{left} of {len(times)} rows have no response time. The rule does not flag them."
        finding.notes.append(Note("SCREENING_NO_INDEX", message, subject="response_time"))
    if negative:
        message = f"{negative} response times are below 0 and are flagged: check how they were recorded."
        finding.notes.append(Note("SCREENING_NEGATIVE_TIME", message, "warning", "response_time"))
    return finding


def _attention(answers: Answers, setting: Mapping[str, Any]) -> Finding:
    wrong, left = wrong_checks(answers, setting)
    least, checks = int(setting.get("wrong") or 1), len(setting["checks"])
    finding = Finding(np.asarray(wrong >= least), lambda row: f"{int(wrong[row])} of {checks} checks answered wrongly")
    if left.any():
        some = int((left > 0).sum())
        message = f"{some} of {len(left)} rows left an attention check unanswered; that does not count as wrong."
        finding.notes.append(Note("SCREENING_CHECK_UNANSWERED", message, subject="attention"))
    return finding


def _column(answers: Answers, name: str, rule: str) -> pd.Series[Any]:
    columns = {str(label): label for label in answers.variables.columns}
    if name in columns:
        return answers.variables[columns[name]]
    if name in answers.items:
        raise DataError(f"{rule} names '{name}', which is an item; name a column that is none.")
    hint = did_you_mean(name, columns) or f" The columns beside the items are: {', '.join(columns) or 'none'}."
    raise DataError(f"{rule} names the column '{name}', which is not there.{hint}")


def _number_column(answers: Answers, name: str, rule: str) -> Array:
    column = _column(answers, name, rule)
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        raise DataError(f"{rule} names '{name}', which holds no numbers; give the time as a number of seconds.")
    values = column.to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isinf(values), np.nan, values)
