"""Sentences about the rows of transactions: which were left out and why, which repeat others, which look wrong."""

from __future__ import annotations

import re

import pandas as pd

from crmstudy.assessment.dates import IS_JALALI, JALALI
from crmstudy.assessment.value.usable import REASONS, Columns, Found
from crmstudy.letters import digits
from crmstudy.notes import Note

_WHY = {
    "missing_customer": "no customer is named", "missing_amount": "there is no amount",
    "unreadable_amount": "the amount is no number", "missing_cost": "there is no cost",
    "unreadable_cost": "the cost is no number", "missing_profit": "there is no profit",
    "unreadable_profit": "the profit is no number", "missing_date": "there is no date",
    "unreadable_date": "the date cannot be read", "after_as_of": "the date is after the last day that counts",
    "repeated": "an earlier row is repeated",
}  # fmt: skip
TOO_LARGE = "Amounts add up to more than a number can hold; check the column of amounts and its units."
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")


def left_out_table(found: Found) -> pd.DataFrame:
    """Reasons with the number of rows and examples."""
    rows = [
        (_WHY[reason], found.left_out[reason], ", ".join(found.examples[reason]))
        for reason in REASONS
        if found.left_out[reason]
    ]
    return pd.DataFrame(rows, columns=["reason", "rows", "examples"])


def _rows(count: int, one: str, many: str) -> str:
    """``1 row has``, ``3 rows have``."""
    return f"1 row {one}" if count == 1 else f"{count:,} rows {many}"


def _is_jalali(example: str) -> bool:
    """Whether the value of an example, which stands after the number of its row, has a year of the Jalali calendar."""
    return any(int(year) in JALALI for year in _YEAR.findall(digits(example.partition("(")[2])))


def _hint(reason: str, found: Found, asked: Columns) -> str:
    if reason == "unreadable_date" and any(map(_is_jalali, found.examples[reason])):
        return f" {IS_JALALI[0].upper()}{IS_JALALI[1:]}."
    if reason == "unreadable_date" and asked.date_format is None:
        return " ISO dates such as 2026-03-21 are read; name another way by `date_format`, such as '%d.%m.%Y'."
    if reason == "unreadable_date":
        return f" They are not written as {asked.date_format}."
    if reason.startswith("unreadable"):
        return f" Numbers have the decimal mark {asked.decimal} (`decimal`), no marks of thousands and no units."
    return ""


def _sentence(reason: str, found: Found, asked: Columns) -> str:
    examples = ", ".join(found.examples[reason])
    count = found.left_out[reason]
    more = "" if count <= len(found.examples[reason]) else " ..."
    those = f"{count:,} of {found.rows:,} rows {'is' if count == 1 else 'are'} left out"
    return f"{those} because {_WHY[reason]}: {examples}{more}.{_hint(reason, found, asked)}"


def nothing_kept(found: Found, asked: Columns) -> list[str]:
    """Why no row can be used."""
    if not found.rows:
        return ["The table of transactions has no rows."]
    told = [_sentence(reason, found, asked) for reason in REASONS if found.left_out[reason]]
    return ["None of the transactions can be used; correct the columns or name other ones.", *told]


def row_notes(found: Found, asked: Columns) -> list[Note]:
    """What the reader of any result from these rows should know."""
    column = {"amount": asked.amount, "cost": asked.cost, "profit": asked.profit, "customer": asked.customer}
    notes = [
        Note(
            "TRANSACTIONS_LEFT_OUT", _sentence(reason, found, asked), "warning",
            column.get(reason.split("_")[1], asked.date),
        )
        for reason in REASONS
        if found.left_out[reason] and reason != "repeated"
    ]  # fmt: skip
    notes += _notes_on_repeats(found, asked)
    if found.returns:
        message = (
            f"{_rows(found.returns, 'has', 'have')} a negative amount, out of {found.kept:,}; a return lowers revenue "
            "and is no purchase."
        )
        notes.append(Note("TRANSACTIONS_RETURNS", message))
    if found.free:
        message = f"{_rows(found.free, 'has', 'have')} the amount 0, out of {found.kept:,}; that counts as a purchase."
        notes.append(Note("TRANSACTIONS_FREE", message))
    if found.out_of_order:
        message = (
            f"{_rows(found.out_of_order, 'is', 'are')} dated before the row of the same customer that stands above. No "
            "total depends on the order; check that the dates are right."
        )
        notes.append(Note("TRANSACTIONS_OUT_OF_ORDER", message))
    return notes


def _notes_on_repeats(found: Found, asked: Columns) -> list[Note]:
    notes = []
    if found.repeated:
        rows = ", ".join(f"row {row}" for row in found.repeated_examples)
        count = _rows(found.repeated, "repeats", "repeat")
        what = f"the key ({', '.join(asked.key)}) of an earlier row" if asked.key else "an earlier row in every column"
        done = "dropped" if asked.drop_repeated else "kept"
        why = "" if asked.drop_repeated or asked.key else " A `key` tells a repeated row from a repeated purchase."
        message = f"{count} {what} ({rows}); {'it was' if found.repeated == 1 else 'they were'} {done}.{why}"
        notes.append(Note("TRANSACTIONS_REPEATED", message, "warning"))
    if found.contradictory:
        message = (
            f"{_rows(found.contradictory, 'has', 'have')} the key of an earlier row but other content; if `key` names "
            "an invoice of several lines, add the column of the line."
        )
        notes.append(Note("TRANSACTIONS_KEYS_CONTRADICT", message, "warning"))
    if found.without_key:
        message = (
            f"{_rows(found.without_key, 'has', 'have')} no key; whether others are repeated is not known. All are kept."
        )
        notes.append(Note("TRANSACTIONS_WITHOUT_KEY", message, "warning"))
    return notes
