"""One reader of transactions for all that is made of them: totals by customer, and what is wrong with the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypedDict

import numpy as np
import pandas as pd

from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.value.rows import Source, missing_columns
from crmstudy.assessment.value.telling import money
from crmstudy.assessment.value.totals import REASONS, Columns, Found, Totals, add_up
from crmstudy.assessment.wording import say
from crmstudy.errors import DataError, ModelError, did_you_mean
from crmstudy.notes import Note
from crmstudy.quoting import shown
from crmstudy.results import sample_table

_ROOM = "value_transactions"
_WHY = {
    "missing_customer": "no customer is named", "missing_amount": "there is no amount",
    "unreadable_amount": "the amount is no number", "missing_cost": "there is no cost",
    "unreadable_cost": "the cost is no number", "missing_profit": "there is no profit",
    "unreadable_profit": "the profit is no number", "missing_date": "there is no date",
    "unreadable_date": "the date cannot be read", "after_as_of": "the date is after `as_of`",
    "repeated": "an earlier row is repeated",
}  # fmt: skip


class Reading(TypedDict, total=False):
    """The keywords of :func:`transactions`, for the functions that read with it."""

    customer: str
    amount: str
    date: str | None
    cost: str | None
    profit: str | None
    key: str | Sequence[str] | None
    as_of: object
    repeated: str | None
    date_format: str | None
    decimal: str


@dataclass(frozen=True, eq=False, repr=False)
class Transactions(AssessmentResult):
    """What customers bought, added up.

    ``n`` is the number of rows that were kept. Tables: ``customers`` (customer, n, purchases, returns, revenue,
    returned, profit where it is known, first and last purchase where dates are), one row a customer, by id;
    ``left_out`` (reason, rows, examples). ``samples`` counts every reason.
    """

    kind: ClassVar[str] = "transactions"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "left_out",
            "Transactions Left Out",
            (("reason", "Reason", "text"), ("rows", "Rows", "n"), ("examples", "Examples", "text")),
        ),
    )

    @property
    def customers(self) -> pd.DataFrame:
        """The totals, one row a customer."""
        return self.tables["customers"]

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """How many rows of how many customers, what they add up to, and how many were left out."""
        table = self.customers
        figures: dict[str, Any] = {"rows": (self.n, "n"), "customers": (len(table), "n")}
        figures["revenue"] = money(table["revenue"].sum())
        said = [say(_ROOM, "rows", lang, **figures)]
        if "profit" in table:
            said.append(say(_ROOM, "profit", lang, profit=money(table["profit"].sum())))
        dropped = int(self.samples["dropped"].iloc[0])
        said.append(say(_ROOM, "dropped" if dropped else "complete", lang, dropped=(dropped, "n")))
        return tuple(said)


def transactions(
    data: object,
    *,
    customer: str = "customer",
    amount: str = "amount",
    date: str | None = "date",
    cost: str | None = None,
    profit: str | None = None,
    key: str | Sequence[str] | None = None,
    as_of: object = None,
    repeated: str | None = None,
    date_format: str | None = None,
    decimal: str = ".",
) -> Transactions:
    r"""Add transactions up by customer; files are read a piece at a time.

    Parameters
    ----------
    data : DataFrame, Responses or path
        One row a transaction; a CSV or Parquet file may be larger than the memory. A table with one row a customer
        will do where no dates are needed.
    customer, amount : str
        Columns: who bought (text or whole number), for how much (currency units; a return is negative).
    date : str, optional
        Column of dates or times; None for none. Times with a zone are taken to universal time.
    cost, profit : str, optional
        Column of what the transaction cost, or of what was earned by it; not both.
    key : str or sequence of str, optional
        Columns that together name a transaction, such as invoice and line.
    as_of : date or str, optional
        The last day that counts; rows after it are left out. By default the latest day in the data.
    repeated : {"keep", "drop"}, optional
        What becomes of rows that repeat an earlier one: with ``key``, those whose key was there before (by default the
        first is kept, the others are dropped); without, those that equal an earlier row in every column (by default
        they are counted and kept, for a customer may buy the same twice).
    date_format : str, optional
        How dates are written, as strptime has it: ``"%d.%m.%Y"``. By default ISO (2026-03-21).
    decimal : str
        The decimal mark of a text file: ``.`` or ``,``. Persian and Arabic digits are read as well.

    Returns
    -------
    Transactions

    Raises
    ------
    DataError, ModelError
        For columns that are not there, faulty options, and data of which no row can be used.
    MissingExtraError
        For a Parquet file without pyarrow.

    Notes
    -----
    A row with a negative amount is a return: it lowers revenue and profit and is no purchase; ``first`` and ``last``
    are days of purchases. The profit of a row is amount less cost. Rows that cannot be used are counted by reason,
    with examples. A row is known again by 64 bits of hash: among 10 million rows the probability that any two different
    ones are mistaken for each other is 3 in a million. Source documents 0.13, 2.5.

    Examples
    --------
    >>> days = ["2026-01-02", "2026-01-05", "2026-02-01"]
    >>> rows = pd.DataFrame({"customer": ["A", "B", "A"], "amount": [10.0, 4.0, 5.0], "date": days})
    >>> transactions(rows).customers[["customer", "purchases", "revenue"]].values.tolist()
    [['A', 2, 15.0], ['B', 1, 4.0]]
    """
    keys = (key,) if isinstance(key, str) else tuple(key or ())
    _check_options(cost, profit, repeated, date, as_of, decimal)
    source = Source(data, decimal)
    roles = {"customer": customer, "amount": amount, "date": date, "cost": cost, "profit": profit}
    faults = missing_columns(source, roles)
    faults += [
        f"The transactions have no column '{shown(str(name))}' for `key`.{did_you_mean(str(name), source.columns)}"
        for name in keys
        if name not in source.columns
    ]
    if faults:
        raise DataError(faults)
    day = None if as_of is None else np.datetime64(pd.Timestamp(str(as_of)).normalize().tz_localize(None), "us")
    what = repeated or ("drop" if keys else "keep")
    asked = Columns(customer, amount, date, cost, profit, keys, day, date_format, decimal, what == "drop")
    totals = add_up(source, asked)
    found = totals.found
    if not found.kept:
        raise DataError(_nothing_kept(found, asked))
    table = totals.table()
    if not np.isfinite(table["revenue"]).all() or ("profit" in table and not np.isfinite(table["profit"]).all()):
        raise DataError("Amounts add up to more than a number can hold; check the column of amounts and its units.")
    known = None if date is None else day if day is not None else _latest(totals)
    return Transactions(
        estimates=no_estimates(),
        n=found.kept,
        tables={"customers": table, "left_out": _left_out(found)},
        notes=(*source.notes, *_notes(found, asked, len(table))),
        samples=sample_table(found.kept, found.rows - found.kept, customers=len(table), **found.left_out),
        call={
            "customer": customer, "amount": amount, "date": date, "cost": cost, "profit": profit, "key": list(keys),
            "as_of": None if known is None else str(known.astype("datetime64[D]")), "repeated": what,
            "date_format": date_format, "decimal": decimal,
        },
    )  # fmt: skip


def transactions_of(data: object, reading: Reading, *, dated: bool) -> Transactions:
    """What has been added up before, or is now."""
    if not isinstance(data, Transactions):
        return transactions(data, **({} if dated else {"date": None}) | reading)
    if reading:
        names = ", ".join(f"`{name}`" for name in reading)
        raise ModelError(f"These transactions were read before; give {names} to `transactions`.")
    if dated and data.call["date"] is None:
        raise ModelError("These transactions were read without dates; name the column: `date`.")
    return data


def _check_options(
    cost: object, profit: object, repeated: object, date: object, as_of: object, decimal: object
) -> None:
    faults = []
    if cost is not None and profit is not None:
        faults.append("Give `cost` or `profit`, not both: the profit of a row is amount less cost.")
    if repeated not in (None, "keep", "drop"):
        faults.append(f"`repeated` is 'keep' or 'drop', not {repeated!r}.")
    if decimal not in (".", ","):
        faults.append(f"`decimal` is '.' or ',', not {decimal!r}.")
    if as_of is not None:
        if date is None:
            faults.append("`as_of` needs a column of dates: name `date`.")
        try:
            readable = not isinstance(as_of, int | float) and not pd.isna(pd.Timestamp(str(as_of)))
        except ValueError:
            readable = False
        if not readable:
            faults.append(f"`as_of` is a day, such as '2026-03-21', not {as_of!r}.")
    if faults:
        raise ModelError(faults)


def _latest(totals: Totals) -> np.datetime64:
    return np.datetime64(totals.found.last, "us")


def _left_out(found: Found) -> pd.DataFrame:
    rows = [
        (_WHY[reason], found.left_out[reason], ", ".join(found.examples[reason]))
        for reason in REASONS
        if found.left_out[reason]
    ]
    return pd.DataFrame(rows, columns=["reason", "rows", "examples"])


def _rows(count: int, one: str, many: str) -> str:
    """``1 row has``, ``3 rows have``."""
    return f"1 row {one}" if count == 1 else f"{count:,} rows {many}"


def _hint(reason: str, asked: Columns) -> str:
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
    return f"{those} because {_WHY[reason]}: {examples}{more}.{_hint(reason, asked)}"


def _nothing_kept(found: Found, asked: Columns) -> list[str]:
    if not found.rows:
        return ["The table of transactions has no rows."]
    told = [_sentence(reason, found, asked) for reason in REASONS if found.left_out[reason]]
    return ["None of the transactions can be used; correct the columns or name other ones.", *told]


def _notes(found: Found, asked: Columns, customers: int) -> list[Note]:
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
    if customers == 1:
        notes.append(Note("TRANSACTIONS_ONE_CUSTOMER", "All rows are of one customer.", "warning"))
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
