"""How good the customer data are: complete, valid, accurate, up to date, and each customer once."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeGuard

import pandas as pd

from crmstudy import letters
from crmstudy.assessment.answered import within
from crmstudy.assessment.dates import day_of
from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.assessment.tables import Type, number_of, table_of
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing
from crmstudy.errors import DataError, ModelError
from crmstudy.kernels.classic.rates import wilson_interval
from crmstudy.notes import Note
from crmstudy.quoting import shown
from crmstudy.results import ESTIMATE_COLUMNS, sample_table
from crmstudy.selection import coverage_faults, is_whole

_ROOM, _WHAT = "processes", "customer records"
#: What people type where they have nothing to say.
PLACEHOLDERS = ("-", "--", ".", "?", "n/a", "na", "none", "null", "unknown", "نامشخص", "ندارد", "нет", "неизвестно")
#: A pattern the whole text must match, a range of numbers with its ends, or the texts that are allowed.
Rule = str | tuple[float, float] | Collection[str]


@dataclass(frozen=True, eq=False, repr=False)
class CustomerDataQuality(AssessmentResult):
    """Five sides of the quality of a table of customers. No value of a customer is quoted.

    ``estimates`` has a row ``accuracy: FIELD`` for each verified field, with Wilson's interval. Tables:
    ``completeness`` (field, records, filled, missing, placeholders, percent_filled), ``validity`` (field, checked,
    valid, percent_valid), ``accuracy`` (field, verified, right, percent_right, ci_low, ci_high in percent),
    ``timeliness`` (dated, undated, future, median_days, q1_days, q3_days, oldest_days, stale, percent_stale),
    ``uniqueness`` (key, records, without_key, distinct, surplus, percent_surplus).
    """

    kind: ClassVar[str] = "customer data quality"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "completeness", "Completeness of Customer Records",
            (
                ("field", "Field", "text"), ("records", "Records", "n"), ("filled", "Filled", "n"),
                ("placeholders", "Placeholders", "n"), ("percent_filled", "Filled, %", "percent"),
            ),
            "Placeholders such as n/a count as missing.",
        ),
        Shown(
            "uniqueness", "Records That Say the Same Customer Twice",
            (
                ("key", "Told apart by", "text"), ("records", "Records", "n"), ("distinct", "Distinct", "n"),
                ("surplus", "Surplus", "n"), ("percent_surplus", "Surplus, %", "percent"),
            ),
        ),
        Shown(
            "timeliness", "Age of the Last Update",
            (
                ("dated", "Dated", "n"), ("undated", "Undated", "n"), ("median_days", "Median, days", "estimate"),
                ("oldest_days", "Oldest, days", "n"), ("percent_stale", "Stale, %", "percent"),
            ),
        ),
        Shown(
            "accuracy", "Accuracy of Verified Fields",
            (
                ("field", "Field", "text"), ("verified", "Verified", "n"), ("right", "Right", "n"),
                ("percent_right", "Right, %", "percent"), ("ci_low", "From, %", "percent"),
                ("ci_high", "To, %", "percent"),
            ),
            "Wilson's intervals; they hold when the verified records are a random sample.",
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """Completeness, duplicates, age, validity and accuracy."""
        filled = self.tables["completeness"].to_dict("records")
        least = min(filled, key=lambda row: row["percent_filled"])
        said = [
            say(
                _ROOM, "quality_complete" if least["missing"] else "quality_full", lang, n=(self.n, "n"),
                share=(self.fit["percent_filled"], "percent"),
                complete=(self.fit["percent_complete_records"], "percent"), field=str(least["field"]),
                least=(least["percent_filled"], "percent"),
            )
        ]  # fmt: skip
        for row in self.tables["uniqueness"].to_dict("records"):
            compared = row["without_key"] < row["records"]
            said.append(
                say(
                    _ROOM, "quality_unique" if compared else "quality_incomparable", lang, by=row["key"],
                    surplus=(row["surplus"], "n"),
                    share=(row["percent_surplus"], "percent"),
                )
            )  # fmt: skip
        for row in self.tables["timeliness"].to_dict("records"):
            if row["dated"]:
                said.append(
                    say(
                        _ROOM, "quality_timely", lang, days=(row["median_days"], "df"),
                        stale=(row["percent_stale"], "percent"), limit=(self.call["stale_after"], "n"),
                    )
                )  # fmt: skip
        for row in self.tables["validity"].to_dict("records"):
            if row["checked"]:
                said.append(
                    say(_ROOM, "quality_valid", lang, field=row["field"], share=(row["percent_valid"], "percent"))
                )
        for row in self.tables["accuracy"].to_dict("records"):
            ends = (row["ci_low"], row["ci_high"])
            said.append(
                say(
                    _ROOM, "quality_accurate", lang, field=row["field"], n=(row["verified"], "n"),
                    share=(row["percent_right"], "percent"), interval=(ends, "interval"),
                    level=(round(100.0 * self.call["level"], 6), "df"),
                )
            )  # fmt: skip
        return tuple(said)

    def drawings(self) -> tuple[Drawing, ...]:
        """Completeness by field."""
        filled = self.tables["completeness"]
        return (
            Bars(
                title="Completeness of customer records",
                alt=f"Percent of records in which each field is filled. {self.prose()[0]}",
                names=tuple(filled["field"]),
                series=(("Filled, %", tuple(map(float, filled["percent_filled"]))),),
                x_label="Percent of records",
            ),
        )


def customer_data_quality(
    customers: object,
    *,
    key: str,
    fields: Sequence[str],
    duplicates: Sequence[Sequence[str]] = (),
    updated: str | None = None,
    as_of: str | dt.date | None = None,
    stale_after: int = 365,
    rules: Mapping[str, Rule] | None = None,
    truth: object | None = None,
    placeholders: Collection[str] = PLACEHOLDERS,
    level: float = 0.95,
) -> CustomerDataQuality:
    """Judge a table of customers.

    Parameters
    ----------
    customers : DataFrame or path
        A row a record.
    key : str
        Column of the customer number.
    fields : sequence of str
        Columns whose completeness is asked.
    duplicates : sequence of sequences of str
        Sets of columns that together tell customers apart: ``[["name", "birth_date"]]``. Records with the same values
        in all columns of a set are taken for one customer, whatever their numbers.
    updated : str, optional
        Column of the date of the last update; with it ``as_of`` is needed.
    as_of : date or str, optional
        The day for which ages are reckoned.
    stale_after : int
        Days after which a record is stale.
    rules : mapping of columns to rules, optional
        What a filled field must obey: a pattern for the whole text, ``(low, high)`` for numbers, or a list of texts.
    truth : DataFrame or path, optional
        Verified records: the key and the verified fields.
    placeholders : collection of str
        Texts that stand for nothing.
    level : float
        Coverage of the intervals of accuracy.

    Returns
    -------
    CustomerDataQuality

    Raises
    ------
    DataError, ModelError
        With all faults of the table, or of the options.

    Notes
    -----
    Source documents 0.13 and 4.9.6 (quality customer data as the ground of CRM). Texts are compared however they are
    written: capitals, kinds of letters and digits and blanks do not count. In a set of ``duplicates`` no sign counts
    either (021-55 is 02155), but in an address with an @. Records that lack a column of a set are not compared. The
    table is taken for all customers, so only accuracy, which is known from a sample, has intervals (Wilson, 1927).
    Dates after ``as_of`` are counted and left out of the ages; those of the Jalali calendar are refused. How well staff
    trust the data is asked by the instrument ``data-quality``.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"no": [1, 2, 3], "name": ["Ali", "ali ", "Sara"], "phone": ["021", None, "n/a"]})
    >>> found = customer_data_quality(table, key="no", fields=["name", "phone"], duplicates=[["name"]])
    >>> found.tables["uniqueness"]["surplus"].tolist()
    [0, 1]
    """
    day = _options(key, fields, duplicates, updated, as_of, stale_after, rules, placeholders, level)
    fields = list(dict.fromkeys(fields))
    texts = dict.fromkeys([key, *fields, *(name for one in duplicates for name in one), *(rules or {})])
    wanted: dict[str, Type] = dict.fromkeys(texts, "text")
    if updated is not None:
        wanted[updated] = "date"
    frame = table_of(customers, wanted, what=_WHAT)
    notes: list[Note] = []
    nothing = {"", *(letters.plain(text) for text in placeholders)}  # "": marks that nobody sees
    blank = {
        name: frame[name].map(lambda text: letters.plain(text) in nothing, na_action="ignore").eq(True)
        for name in texts
    }
    filled = frame.assign(**{name: frame[name].where(~blank[name], None) for name in texts})
    completeness = pd.DataFrame([_completeness(name, frame[name], blank[name]) for name in fields])
    uniqueness = [
        _uniqueness((key,), filled, _numbered),
        *(_uniqueness(tuple(one), filled, _bare) for one in duplicates),
    ]
    if uniqueness[0]["surplus"]:
        message = f"Records that repeat the customer number of another one in '{key}': {uniqueness[0]['surplus']}."
        notes.append(Note("QUALITY_KEY_REPEATED", message, "warning", key))
    if uniqueness[0]["without_key"]:
        message = f"Records without a customer number in '{key}': {uniqueness[0]['without_key']}."
        notes.append(Note("QUALITY_KEY_MISSING", message, "warning", key))
    timeliness = (
        _timeliness(frame[updated], day, stale_after, notes) if updated is not None and day is not None else None
    )
    accuracy, estimates = _accuracy(filled, key, truth, level, notes)
    validity = [_validity(name, filled[name], rule) for name, rule in (rules or {}).items()]
    complete = filled[list(fields)].notna().all(axis=1)
    fit = {
        "percent_filled": 100.0 * float(completeness["filled"].sum()) / float(completeness["records"].sum()),
        "percent_complete_records": 100.0 * float(complete.mean()),
    }
    return CustomerDataQuality(
        estimates=estimates,
        n=len(frame),
        fit=pd.Series(fit),
        tables={
            "completeness": completeness,
            "validity": pd.DataFrame(validity, columns=["field", "checked", "valid", "percent_valid"]),
            "accuracy": accuracy,
            "timeliness": pd.DataFrame([] if timeliness is None else [timeliness], columns=list(_AGES)),
            "uniqueness": pd.DataFrame(uniqueness),
        },
        notes=tuple(notes),
        samples=sample_table(len(frame)),
        call={
            "key": key, "fields": list(fields), "duplicates": [list(one) for one in duplicates], "updated": updated,
            "as_of": None if day is None else day.date().isoformat(), "stale_after": stale_after, "level": level,
        },
    )  # fmt: skip


_AGES = (
    "dated", "undated", "future", "median_days", "q1_days", "q3_days", "oldest_days", "stale", "percent_stale",
)  # fmt: skip


def _options(
    key: object, fields: object, duplicates: object, updated: object, as_of: object, stale_after: object, rules: object,
    placeholders: object, level: float,
) -> pd.Timestamp | None:  # fmt: skip
    """The day for which ages are reckoned; all faults of the options at once."""
    faults = list(coverage_faults(level))
    for option, name in (("key", key), *([] if updated is None else [("updated", updated)])):
        if not isinstance(name, str):
            faults.append(f"`{option}` is the name of a column, not {shown(name)}.")
    if not _are_texts(fields) or not fields:
        faults.append("`fields` is a list of columns, at least one, such as ['name', 'phone'].")
    if not isinstance(duplicates, list | tuple) or not all(_are_texts(one) and one for one in duplicates):
        faults.append("`duplicates` is a list of lists of columns, such as [['name', 'birth_date']].")
    if not is_whole(stale_after) or stale_after < 1:
        faults.append(f"`stale_after` is a whole number of days from 1, not {shown(stale_after)}.")
    if not _are_texts(placeholders):
        faults.append("`placeholders` is a list of texts that stand for nothing, such as ['n/a'].")
    day = None if as_of is None else day_of(as_of)
    if as_of is not None and day is None:
        faults.append(f"`as_of` is a date of the Gregorian calendar, such as 2026-03-21, not {shown(as_of)}.")
    ruled = {} if rules is None else rules
    if isinstance(ruled, Mapping):
        faults += [text for name, rule in ruled.items() if (text := _faulty(name, rule))]
    else:
        faults.append("`rules` names a rule by column, such as {'age': (18, 99)}.")
    if updated is not None and as_of is None:
        faults.append("With `updated` give `as_of`, the day for which ages are reckoned.")
    named = [key, *(fields if _are_texts(fields) else ()), *(ruled if isinstance(ruled, Mapping) else ())]
    if isinstance(updated, str) and updated in named:
        faults.append(f"'{updated}' is named as `updated` and once more; a column has one part.")
    if faults:
        raise ModelError(faults)
    return day


def _are_texts(names: object) -> TypeGuard[Collection[str]]:
    """Whether these are texts, and not one text."""
    return isinstance(names, Collection) and not isinstance(names, str) and all(isinstance(one, str) for one in names)


def _is_range(rule: object) -> TypeGuard[tuple[float, float]]:
    """Whether a rule is a pair of numbers."""
    return isinstance(rule, tuple | list) and len(rule) == 2 and all(within(end, -math.inf, math.inf) for end in rule)


def _faulty(name: object, rule: object) -> str:
    if isinstance(rule, str):
        try:
            re.compile(rule)
        except re.error as bad:
            return f"The rule of '{name}' is no pattern: {bad}."
        return ""
    if _is_range(rule):
        low, high = rule
        return "" if low <= high else f"The rule of '{name}' is a range from low to high, not {rule!r}."
    if _are_texts(rule) and rule:
        return ""
    return f"The rule of '{name}' is a pattern, a pair of numbers (low, high) or a list of texts."


def _completeness(name: str, column: pd.Series[Any], blank: pd.Series[Any]) -> dict[str, Any]:
    missing = int(column.isna().sum()) + int(blank.sum())
    n = len(column)
    return {
        "field": name, "records": n, "filled": n - missing, "missing": missing, "placeholders": int(blank.sum()),
        "percent_filled": 100.0 * (n - missing) / n,
    }  # fmt: skip


def _uniqueness(names: tuple[str, ...], frame: pd.DataFrame, spelled: Callable[[str], str]) -> dict[str, Any]:
    """Records that say the same in all columns as a record before them."""
    said = frame[list(names)].map(spelled, na_action="ignore")
    # what has no letters or digits tells nobody apart
    there = (said.notna() & (said != "")).all(axis=1)
    known = said[there]
    surplus = int(known.duplicated().sum())
    return {
        "key": " + ".join(names), "records": len(frame), "without_key": int((~there).sum()),
        "distinct": len(known) - surplus, "surplus": surplus,
        "percent_surplus": 100.0 * surplus / len(known) if len(known) else float("nan"),
    }  # fmt: skip


def _numbered(text: str) -> str:
    """A customer number without blanks: 1-12 is not 11-2."""
    return letters.plain(text).replace(" ", "")


def _bare(text: str) -> str:
    """Letters and digits only, as 021-55 and 02155 are one number; of an address with an @ everything counts."""
    plain = _numbered(text)
    return plain if "@" in plain else "".join(letter for letter in plain if letter.isalnum())


def _validity(name: str, column: pd.Series[Any], rule: Rule) -> dict[str, Any]:
    given = column.dropna()
    if isinstance(rule, str):
        pattern = re.compile(rule)
        fine = given.map(lambda text: pattern.fullmatch(letters.digits(text)) is not None)
    elif _is_range(rule):
        fine = given.map(number_of).between(*rule)
    else:
        allowed = {letters.key(str(one)) for one in rule}
        fine = given.map(lambda text: letters.key(text) in allowed)
    valid = int(fine.sum())
    share = 100.0 * valid / len(given) if len(given) else float("nan")
    return {"field": name, "checked": len(given), "valid": valid, "percent_valid": share}


def _timeliness(column: pd.Series[Any], day: pd.Timestamp, limit: int, notes: list[Note]) -> dict[str, Any]:
    age = (day - column.dropna().dt.tz_localize(None).dt.normalize()).dt.days
    past = age[age >= 0]
    future, undated = int((age < 0).sum()), int(column.isna().sum())
    if future:
        message = f"Records updated after {day.date()}: {future}. Their ages are left out; correct the dates."
        notes.append(Note("QUALITY_DATE_IN_FUTURE", message, "warning"))
    if undated:
        notes.append(
            Note("QUALITY_UNDATED", f"Records without the date of a last update, so without an age: {undated}.")
        )
    nan, stale = float("nan"), int((past > limit).sum())
    quarters = [float(past.quantile(share)) for share in (0.5, 0.25, 0.75)] if len(past) else [nan] * 3
    oldest, share = (float(past.max()), 100.0 * stale / len(past)) if len(past) else (nan, nan)
    return dict(zip(_AGES, (len(past), undated, future, *quarters, oldest, stale, share), strict=True))


def _accuracy(
    filled: pd.DataFrame, key: str, truth: object | None, level: float, notes: list[Note]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Of the verified fields, how many say what is true; a field that is empty although it has a value is wrong."""
    columns = ["field", "verified", "right", "percent_right", "ci_low", "ci_high"]
    names = [name for name in filled if name != key]
    if truth is None:
        return pd.DataFrame(columns=columns), pd.DataFrame(columns=list(ESTIMATE_COLUMNS))
    true = table_of(truth, {key: "text"}, {str(name): "text" for name in names}, what="verified records")
    names = [name for name in true if name != key]
    if not names:
        raise DataError(
            f"The verified records have none of the fields asked besides '{key}'; add the verified columns."
        )
    filled, true = (one.assign(**{key: one[key].map(_numbered, na_action="ignore")}) for one in (filled, true))
    repeated = true[key].duplicated(keep=False) | true[key].isna()
    known = filled.dropna(subset=[key]).drop_duplicates(key, keep=False).set_index(key)
    true = true[~repeated].set_index(key)
    both = true.index.intersection(known.index)
    lost = int(repeated.sum()) + len(true) - len(both)
    if lost:
        message = f"Verified records without a number, with one given twice or one of no customer, left out: {lost}."
        notes.append(Note("QUALITY_NOT_MATCHED", message, "warning"))
    rows, estimates = [], []
    for name in names:
        right = true[name].loc[both].dropna()
        said = known[name].loc[right.index]
        fine = sum(
            text is not None and text == text and letters.key(text) == letters.key(wanted)
            for text, wanted in zip(said, right, strict=True)
        )
        if not len(right):
            continue
        low, high = wilson_interval(fine, len(right), level)
        rows.append((name, len(right), fine, 100.0 * fine / len(right), 100.0 * low, 100.0 * high))
        nan = float("nan")
        estimates.append((f"accuracy: {name}", fine / len(right), nan, nan, nan, nan, low, high))
    return pd.DataFrame(rows, columns=columns), pd.DataFrame(estimates, columns=list(ESTIMATE_COLUMNS))
