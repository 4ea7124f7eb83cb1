"""Who answered carelessly, twice or hardly at all: rules that flag respondents, and remove only when told to.

The rules: ``missing`` (share of unanswered items), ``range`` (an answer outside the response range),
``duplicates`` (the same answers as an earlier row), ``longstring`` (a long run of equal answers),
``mahalanobis`` (an unusual pattern).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg, special

from crmstudy.errors import DataError, did_you_mean
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table

#: Settings of the rules that are not named; ``longstring`` None: half of the items, at least six.
DEFAULTS: dict[str, Any] = {
    "missing": 0.5,
    "range": True,
    "duplicates": True,
    "longstring": None,
    "mahalanobis": 0.001,
}
FEW_ITEMS = 10
ROUNDING = 1e-12
Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Mask = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Screening(Result):
    """Which respondents were flagged, why, and who is kept.

    Attributes
    ----------
    kept : Series of bool
        True for the respondents who stay; the index is that of the data.
    flags : DataFrame of bool
        Rows × rules that were switched on.
    reasons : Series of str
        Why a row was flagged, in words; empty for a row that was not.
    tables : mapping
        ``missing``: item, scale, n, missing, percent, out_of_range (missing counts answers out of range too;
        percent of all rows). ``rules``: rule, setting, flagged, excluded, applied. ``careless``: row (from
        1), longstring, mahalanobis (D²), p_value; the last two are empty for rows that are not complete.
        Without items there is only ``rules``.
    """

    kept: pd.Series[bool]
    flags: pd.DataFrame
    reasons: pd.Series[str]

    kind = "screening"

    @property
    def text(self) -> str:
        """One sentence: how many were flagged, how many were removed."""
        flagged, rows = int(self.flags.any(axis=1).sum()), len(self.kept)
        removed = rows - self.n
        gone = f"{write_number(removed, 'n')} removed" if removed else "none was removed"
        return (
            f"Of {write_number(rows, 'n')} respondents, {write_number(flagged, 'n')} were flagged and {gone}; "
            f"N = {write_number(self.n, 'n')}."
        )


@dataclass(frozen=True, eq=False)
class _Answers:
    """What the rules look at: raw answers in file order (NaN unanswered), and those outside the range."""

    raw: pd.DataFrame
    outside: pd.DataFrame
    ranged: bool
    scale_of: Mapping[str, str]
    rows: list[int]

    @property
    def usable(self) -> Array:
        """Answers with those out of range missing."""
        return np.where(self.outside.to_numpy(), np.nan, self.raw.to_numpy(dtype=float))


@dataclass
class _Finding:
    """What one rule found: flagged rows, a reason for each, whether it was applied, notes, figures."""

    flagged: Mask
    reason: Callable[[int], str]
    applied: bool = True
    notes: list[Note] = field(default_factory=list)
    figures: dict[str, Array] = field(default_factory=dict)


def screen(data: pd.DataFrame | Responses, *, rules: Mapping[str, Any] | None = None) -> Screening:
    """Flag respondents by rules, and keep all but those flagged by a rule named in ``exclude``.

    Parameters
    ----------
    data : DataFrame or Responses
        In a DataFrame all numeric columns are items, and there is no response range to check. Responses without
        an instrument have no items: nobody is flagged, and a note says so.
    rules : mapping, optional
        Settings that replace the defaults; False or None switches a rule off.

        ``missing`` (0.5): flag when at least this share of the items is unanswered. ``range`` (True): flag an
        answer outside the response range of its item. ``duplicates`` (True): flag a row whose answers all
        equal those of an earlier row. ``longstring`` (half of the items, at least 6): flag a run of at least
        so many equal answers, in the order of the file's columns and before reversal; an unanswered item ends
        a run. ``mahalanobis`` (0.001): flag when the squared distance D² = (x − m)ᵀ S⁻¹ (x − m) of a complete
        row has a smaller p by the chi-square distribution with as many df as items. ``exclude`` ([]): names
        of the rules whose flagged rows are removed.

    Returns
    -------
    Screening

    Raises
    ------
    DataError
        For rules that do not exist (with the near miss), settings that make no sense, data without items; all
        at once.

    Notes
    -----
    A flag is a reason to look, not a proof of carelessness: state the rules before looking at the results.

    Examples
    --------
    >>> screen(responses, rules={"longstring": 20, "exclude": ["duplicates"]})  # doctest: +SKIP
    """
    frame, notes = frame_of(data)
    answers = _answers_of(data, frame)
    items = len(answers.raw.columns)
    settings, exclude = _settings(rules, items)
    findings = {rule: _RULES[rule](answers, settings[rule]) if items else _no_items(answers) for rule in settings}
    index = answers.raw.index
    flags = pd.DataFrame({rule: found.flagged for rule, found in findings.items()}, index=index, dtype=bool)
    removed = flags[exclude].any(axis=1).to_numpy(dtype=bool) if exclude else np.zeros(len(index), dtype=bool)
    kept = pd.Series(~removed, index=index, name="kept", dtype=bool)
    reasons = pd.Series(_reasons(findings, len(index)), index=index, name="reasons", dtype="str")
    n = int(kept.sum())
    found_notes = [note for finding in findings.values() for note in finding.notes]
    tables = {
        "missing": _missing_table(answers),
        "rules": _rules_table(findings, settings, exclude),
        "careless": _careless_table(answers, findings),
    }
    return Screening(
        kept=kept,
        flags=flags,
        reasons=reasons,
        estimates=pd.DataFrame(columns=list(ESTIMATE_COLUMNS)),
        n=n,
        tables=tables if items else {"rules": tables["rules"]},
        notes=(*notes, *found_notes, *_summary_notes(flags, exclude, n, items)),
        samples=sample_table(n, dropped=len(index) - n),
        call={**settings, "exclude": exclude},
    )


def _answers_of(data: pd.DataFrame | Responses, frame: pd.DataFrame) -> _Answers:
    if isinstance(data, Responses):
        order = list(data.file_order)
        scale_of = {item: scale.id for scale in list(data.scales.values())[::-1] for item in scale.item_ids}
        rows = list(data.rows)
        raw, outside, ranged = data.frame[order], data.out_of_range[order], True
    else:
        raw = frame.select_dtypes("number")
        if raw.columns.empty:
            raise DataError("there is no numeric column to screen; give the answers as numbers, or Responses.")
        infinite = [str(name) for name in raw.columns if np.isinf(raw[name].to_numpy(float, na_value=np.nan)).any()]
        if infinite:
            raise DataError(f"infinite values in {', '.join(infinite)}; correct them or set them to missing.")
        outside = pd.DataFrame(False, index=raw.index, columns=raw.columns)
        scale_of, rows, ranged = {}, list(range(1, len(raw) + 1)), False
    raw = raw.astype(float)
    return _Answers(raw, outside, ranged, scale_of, rows)


def _settings(rules: Mapping[str, Any] | None, items: int) -> tuple[dict[str, Any], list[str]]:
    """Resolve the rules switched on with their settings, and those that exclude; every fault at once."""
    rules = {} if rules is None else rules
    if not isinstance(rules, Mapping):
        raise DataError(f"rules must be a mapping such as {{'longstring': 20}}; found {type(rules).__name__}.")
    faults = []
    known = [*DEFAULTS, "exclude"]
    for name in rules:
        if name not in known:
            hint = did_you_mean(str(name), known)
            faults.append(f"there is no screening rule '{name}'.{hint} The rules are: {', '.join(DEFAULTS)}.")
    settings = {**DEFAULTS, "longstring": max(6, math.ceil(items / 2))}
    settings.update({name: value for name, value in rules.items() if name in DEFAULTS})
    settings = {name: value for name, value in settings.items() if value is not None and value is not False}
    faults += [fault for name, value in settings.items() if (fault := _setting_fault(name, value))]
    exclude = rules.get("exclude") or []
    if isinstance(exclude, str) or not isinstance(exclude, Iterable):
        faults.append(f"exclude must be a list of rules, such as [duplicates]; found {exclude!r}.")
        exclude = []
    for name in exclude:
        if name not in DEFAULTS:
            hint = did_you_mean(str(name), DEFAULTS)
            faults.append(f"exclude names '{name}', which is no rule.{hint} The rules are: {', '.join(DEFAULTS)}.")
        elif name not in settings:
            faults.append(f"exclude names '{name}', which is switched off; give it a setting or take it off exclude.")
    if faults:
        raise DataError(faults)
    return settings, [name for name in settings if name in set(exclude)]


def _setting_fault(name: str, value: object) -> str | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in ("range", "duplicates"):
        return None if value is True else f"{name} must be true or false; found {value!r}."
    if name == "longstring":
        fine = isinstance(value, int) and number and value >= 2
        return None if fine else f"longstring must be a whole number of at least 2; found {value!r}."
    if name == "missing":
        fine = number and 0 < float(value) <= 1  # type: ignore[arg-type]
        return None if fine else f"missing must be a share above 0 and up to 1; found {value!r}."
    fine = number and 0 < float(value) < 1  # type: ignore[arg-type]
    return None if fine else f"mahalanobis must be a p value between 0 and 1, such as 0.001; found {value!r}."


def _no_items(answers: _Answers) -> _Finding:
    return _Finding(np.zeros(len(answers.raw), dtype=bool), lambda row: "", applied=False)


def _missing_rule(answers: _Answers, setting: float) -> _Finding:
    unanswered = answers.raw.isna().to_numpy()
    counts, items = unanswered.sum(axis=1), unanswered.shape[1]
    flagged = np.asarray(counts >= setting * items - 1e-9, dtype=bool)  # a share such as 0.7 is not exact
    return _Finding(flagged, lambda row: f"{counts[row]} of {items} items unanswered")


def _range_rule(answers: _Answers, setting: bool) -> _Finding:
    outside = answers.outside.to_numpy()
    names = np.array([str(name) for name in answers.raw.columns])
    flagged = np.asarray(outside.any(axis=1), dtype=bool)
    finding = _Finding(flagged, lambda row: f"out of range: {', '.join(names[outside[row]])}")
    if not answers.ranged:
        finding.applied = False
        message = "The rule range was not applied: a DataFrame does not say which answers its columns can hold."
        finding.notes.append(Note("SCREENING_RULE_NOT_APPLIED", message, subject="range"))
    return finding


def _duplicates_rule(answers: _Answers, setting: bool) -> _Finding:
    raw = answers.raw
    groups = raw.groupby(list(raw.columns), dropna=False, sort=False).ngroup().to_numpy()
    first = np.full(int(groups.max()) + 1, -1)
    first[groups[::-1]] = np.arange(len(groups))[::-1]
    flagged = (first[groups] != np.arange(len(groups))) & raw.notna().any(axis=1).to_numpy()
    rows = answers.rows
    finding = _Finding(flagged, lambda row: f"same answers as row {rows[first[groups[row]]]}")
    if flagged.any() and len(raw.columns) < FEW_ITEMS:
        message = f"With {len(raw.columns)} items, equal rows arise by chance too; duplicates says little here."
        finding.notes.append(Note("SCREENING_FEW_ITEMS", message, subject="duplicates"))
    return finding


def _longstring_rule(answers: _Answers, setting: int) -> _Finding:
    runs = longest_runs(answers.raw.to_numpy())
    flagged: Mask = runs >= setting
    return _Finding(
        flagged,
        lambda row: f"{int(runs[row])} equal answers in a row",
        figures={"longstring": runs.astype(float)},
    )


def _mahalanobis_rule(answers: _Answers, setting: float) -> _Finding:
    usable = answers.usable
    rows, items = usable.shape
    distances, p_values = np.full(rows, np.nan), np.full(rows, np.nan)
    complete = ~np.isnan(usable).any(axis=1)
    finding = _Finding(
        np.zeros(rows, dtype=bool),
        lambda row: f"unusual pattern (D² = {distances[row]:.2f}, {write_p(p_values[row])})",
        figures={"mahalanobis": distances, "p_value": p_values},
    )
    largest = np.abs(usable[complete]).max(axis=0, initial=0)
    scaled = usable[complete] / np.where(largest > 0, largest, 1)  # leaves the distances as they are
    problem = _why_no_distance(scaled, answers.raw.columns)
    found: Array = np.empty(0)
    if not problem:
        try:
            found = squared_distances(scaled)
        except linalg.LinAlgError:
            problem = "the covariance matrix of the items is singular to the precision of a computer."
    if problem:
        finding.applied = False
        message = f"The rule mahalanobis was not applied: {problem}"
        finding.notes.append(Note("SCREENING_RULE_NOT_APPLIED", message, "warning", "mahalanobis"))
        return finding
    distances[complete] = found
    p_values[complete] = special.chdtrc(items, distances[complete])
    finding.flagged = np.nan_to_num(p_values, nan=1.0) < setting
    left = int((~complete).sum())
    if left:
        message = f"{left} of {rows} rows are not complete and have no Mahalanobis distance."
        finding.notes.append(Note("SCREENING_INCOMPLETE_ROWS", message, subject="mahalanobis"))
    return finding


_RULES: dict[str, Callable[[_Answers, Any], _Finding]] = {
    "missing": _missing_rule,
    "range": _range_rule,
    "duplicates": _duplicates_rule,
    "longstring": _longstring_rule,
    "mahalanobis": _mahalanobis_rule,
}


def longest_runs(answers: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Find the longest run of equal answers in each row; NaN ends a run and is not counted."""
    longest = np.zeros(len(answers), dtype=np.int64)
    run = np.zeros(len(answers), dtype=np.int64)
    before = np.full(len(answers), np.nan)
    for column in answers.T:
        run = np.where(column == before, run + 1, np.where(np.isnan(column), 0, 1))
        longest = np.maximum(longest, run)
        before = column
    return longest


def squared_distances(answers: Array) -> Array:
    """Compute squared Mahalanobis distances of complete rows (n × p) from their mean."""
    centred = answers - answers.mean(axis=0)
    factor = linalg.cholesky(np.cov(centred, rowvar=False, ddof=1).reshape(centred.shape[1], -1), lower=True)
    whitened = linalg.solve_triangular(factor, centred.T, lower=True)
    distances: Array = (whitened**2).sum(axis=0)
    return distances


def write_p(p: float) -> str:
    """Write a p value with its sign."""
    text = write_number(p, "p")
    return f"p {text}" if text[:1] == "<" else f"p = {text}"


def _why_no_distance(complete: Array, names: pd.Index[Any]) -> str | None:
    """Why the covariance of the complete rows, scaled to at most 1, cannot be inverted, or None when it can."""
    rows, items = complete.shape
    if rows <= items:
        return f"{rows} complete rows are too few for {items} items; more rows than items are needed."
    spread = np.ptp(complete, axis=0)  # rounding keeps the standard deviation of equal answers above 0
    constant = [str(name) for name, value in zip(names, spread, strict=True) if value <= ROUNDING]
    if constant:
        return f"everyone gave the same answer to {', '.join(constant)}."
    correlation = np.corrcoef(complete, rowvar=False).reshape(items, items)
    smallest = float(linalg.eigvalsh(correlation)[0])
    if smallest < items * ROUNDING:
        return "some items follow exactly from others, so their covariance matrix is singular."
    return None


def _reasons(findings: Mapping[str, _Finding], rows: int) -> list[str]:
    reasons: list[list[str]] = [[] for _ in range(rows)]
    for rule, found in findings.items():
        for row in np.flatnonzero(found.flagged):
            reasons[row].append(f"{rule}: {found.reason(int(row))}")
    return ["; ".join(parts) for parts in reasons]


def _missing_table(answers: _Answers) -> pd.DataFrame:
    total = len(answers.raw)
    outside = answers.outside.sum().to_numpy()
    missing = answers.raw.isna().sum().to_numpy() + outside
    names = [str(name) for name in answers.raw.columns]
    return pd.DataFrame(
        {
            "item": names,
            "scale": [answers.scale_of.get(name, "") for name in names],
            "n": total - missing,
            "missing": missing,
            "percent": 100 * missing / total,
            "out_of_range": outside,
        }
    )


def _rules_table(findings: Mapping[str, _Finding], settings: Mapping[str, Any], exclude: list[str]) -> pd.DataFrame:
    rows = []
    for rule, found in findings.items():
        flagged = int(found.flagged.sum())
        rows.append(
            {
                "rule": rule,
                "setting": settings[rule],
                "flagged": flagged,
                "excluded": flagged if rule in exclude else 0,
                "applied": found.applied,
            }
        )
    return pd.DataFrame(rows, columns=["rule", "setting", "flagged", "excluded", "applied"]).astype({"setting": object})


def _careless_table(answers: _Answers, findings: Mapping[str, _Finding]) -> pd.DataFrame:
    figures = {name: values for found in findings.values() for name, values in found.figures.items()}
    empty = np.full(len(answers.raw), np.nan)
    runs = figures["longstring"] if "longstring" in figures else longest_runs(answers.raw.to_numpy())
    return pd.DataFrame(
        {
            "row": answers.rows,
            "longstring": np.asarray(runs, dtype=np.int64),
            "mahalanobis": figures.get("mahalanobis", empty),
            "p_value": figures.get("p_value", empty),
        }
    )


def _summary_notes(flags: pd.DataFrame, exclude: list[str], n: int, items: int) -> list[Note]:
    notes = []
    if not items:
        message = "No screening rule was applied: without an instrument, none of the columns is an item."
        notes.append(Note("SCREENING_NO_ITEMS", message, "warning"))
    rows = len(flags)
    counts = flags.sum()
    flagged = int(flags.any(axis=1).sum())
    if flagged:
        said = ", ".join(f"{rule} {count}" for rule, count in counts.items() if count)
        stay = flagged - (rows - n)
        message = f"{flagged} of {rows} respondents were flagged ({said}); {stay} of them stay in the analysis."
        notes.append(Note("SCREENING_FLAGGED", message))
    if n < rows:
        message = f"{rows - n} of {rows} respondents were removed by the rules {', '.join(exclude)}; {n} are left."
        notes.append(Note("SCREENING_EXCLUDED", message, "warning"))
    if n == 0:
        notes.append(Note("SCREENING_NOBODY_LEFT", "The rules removed every respondent; loosen them.", "warning"))
    return notes
