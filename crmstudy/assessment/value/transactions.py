"""One reader of transactions for all that is made of them: totals by customer, and what is wrong with the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypedDict

import numpy as np
import pandas as pd

from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.value.findings import TOO_LARGE, left_out_table, nothing_kept, row_notes
from crmstudy.assessment.value.telling import money
from crmstudy.assessment.value.totals import add_up
from crmstudy.assessment.value.usable import prepared
from crmstudy.assessment.wording import say
from crmstudy.errors import DataError, ModelError
from crmstudy.notes import Note
from crmstudy.results import sample_table

_ROOM = "value_transactions"


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
    ones are mistaken for each other is 3 in a million; so are customers named by texts, 3 in a hundred million for a
    million of them. Source documents 0.13, 2.5.

    Examples
    --------
    >>> days = ["2026-01-02", "2026-01-05", "2026-02-01"]
    >>> rows = pd.DataFrame({"customer": ["A", "B", "A"], "amount": [10.0, 4.0, 5.0], "date": days})
    >>> transactions(rows).customers[["customer", "purchases", "revenue"]].values.tolist()
    [['A', 2, 15.0], ['B', 1, 4.0]]
    """
    faults = []
    if cost is not None and profit is not None:
        faults.append("Give `cost` or `profit`, not both: the profit of a row is amount less cost.")
    roles = {"customer": customer, "amount": amount, "date": date, "cost": cost, "profit": profit}
    optional = ("date", "cost", "profit")
    source, asked = prepared(data, roles, optional, ("as_of", as_of), key, repeated, date_format, decimal, faults)
    table, found = add_up(source, asked)
    if not found.kept:
        raise DataError(nothing_kept(found, asked))
    measures = [name for name in ("revenue", "profit") if name in table]
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = [float(np.abs(table[name].to_numpy()).sum()) for name in measures]
    if not np.isfinite(sizes).all():
        raise DataError(TOO_LARGE)
    notes = [*source.notes, *row_notes(found, asked)]
    if len(table) == 1:
        notes.append(Note("TRANSACTIONS_ONE_CUSTOMER", "All rows are of one customer.", "warning"))
    known = None if date is None else np.datetime64(found.last, "us") if asked.as_of is None else asked.as_of
    return Transactions(
        estimates=no_estimates(),
        n=found.kept,
        tables={"customers": table, "left_out": left_out_table(found)},
        notes=tuple(notes),
        samples=sample_table(found.kept, found.rows - found.kept, customers=len(table), **found.left_out),
        call={
            "customer": customer, "amount": amount, "date": date, "cost": cost, "profit": profit,
            "key": list(asked.key), "as_of": None if known is None else str(known.astype("datetime64[D]")),
            "repeated": "drop" if asked.drop_repeated else "keep", "date_format": date_format, "decimal": decimal,
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
