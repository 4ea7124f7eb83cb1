"""Does a printed table agree with itself?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.describing.printed_checks import checks_of
from crmstudy.describing.printed_rows import read_rows
from crmstudy.notes import Note
from crmstudy.pooled import one_set_only
from crmstudy.results import ESTIMATE_COLUMNS, Result

_COLUMNS = (
    "row", "label", "check", "printed", "implied", "implied_low", "implied_high", "verdict", "decision_error",
    "message",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class TableCheck(Result):
    """What was found in a printed table.

    ``estimates`` has what follows from other figures, one row a check that has such a value (term ``label: check``, the
    span of it as ci_low and ci_high). Tables: ``checks`` (row, label, check, printed, implied, implied_low,
    implied_high, verdict, decision_error, message), ``rows`` (label, consistent, inconsistent, unchecked). ``verdict``
    is ``consistent``, ``inconsistent`` or ``cannot be checked``.
    """

    kind: ClassVar[str] = "check_table"

    @property
    def consistent(self) -> bool:
        """Whether no check found a contradiction."""
        return not (self.tables["checks"]["verdict"] == "inconsistent").any()

    @property
    def text(self) -> str:
        """How many checks disagree, and what the first of them says."""
        table = self.tables["checks"]
        made = table[table["verdict"] != "cannot be checked"]
        wrong = table[table["verdict"] == "inconsistent"].to_dict("records")
        rows = len(self.tables["rows"])
        whole = f"{len(made)} check{'s' * (len(made) != 1)} of {rows} printed row{'s' * (rows != 1)}"
        if not wrong:
            return f"{whole}: the table agrees with itself."
        first = f"{wrong[0]['label']}, {wrong[0]['check']}: {wrong[0]['message']}"
        return f"{whole}: {len(wrong)} disagree{'s' * (len(wrong) == 1)}. {first}"


@one_set_only("it checks printed figures, not answers.")
def check_table(
    rows: pd.DataFrame | Mapping[str, object] | Iterable[Mapping[str, object]],
    *,
    decimals: int | Mapping[str, int] | None = None,
) -> TableCheck:
    r"""Check whether the figures of a printed table agree with each other, as far as rounding allows.

    Parameters
    ----------
    rows : DataFrame, mapping or iterable of mappings
        One row a line of the table; every figure under its key: ``label``; ``n, mean, sd, se``; ``n2, mean2, sd2,
        se2`` of a second group; ``diff``, ``mu`` (value tested against); ``t, df``; ``f, df1, df2``; ``chisq, df``;
        ``z``; ``r``; ``p``, ``tails``; ``ci_low, ci_high, level``; ``d``; ``items`` (whole answers that the mean is
        made of: 1 for a single Likert item), ``low, high`` (range of an answer); ``count, percent``; ``chisq_df``.
        Give figures as texts, as they are printed: "3.50" says more than 3.5. Persian digits and decimal commas are
        read.
    decimals : int or mapping, optional
        Decimals that were printed, for figures given as numbers.

    Returns
    -------
    TableCheck

    Raises
    ------
    DataError
        With every fault: unknown keys, what is no number, impossible counts.

    Notes
    -----
    A figure stands for all numbers that are rounded to it; a check fails when no such numbers agree. Made are:
    SE = SD/√n, with the n that follows from SE and SD; t from two groups' summaries (equal variances and Welch) or
    from the standard errors; degrees of freedom; p from t, F, χ², z or r, two-sided, then one-sided (as statcheck;
    Nuijten et al., 2016), and whether the decision changes; middle and length of intervals; Cohen's d; mean and
    standard deviation within the range; GRIM (Brown & Heathers, 2017) and GRIMMER (Allard, 2018) where ``items`` is
    given; percents of n; χ²/df. A contradiction is no proof of misconduct: most are slips, or an n that belongs to
    another analysis.

    A row does not say which test was made. Two means with n - 1 degrees of freedom are two measurements of the same
    people, and may be where n is the same twice: their t can be anything that some correlation gives. Without n2 a t
    may belong to a model with more parameters. What only such a test could give is ``cannot be checked``.

    Examples
    --------
    >>> found = check_table({"n": 370, "sd": ".54", "se": ".046"})
    >>> found.tables["checks"].loc[0, "verdict"]
    'inconsistent'
    """
    read, bare = read_rows(rows, decimals)
    found, counted = [], []
    for number, row in enumerate(read, start=1):
        made = list(checks_of(row))
        for check in made:
            implied = check.implied
            span = (np.nan,) * 3 if implied is None else (implied.middle, implied.low, implied.high)
            found.append(
                (
                    number,
                    row.label,
                    check.check,
                    check.printed,
                    *span,
                    check.verdict,
                    check.decision_error,
                    check.message,
                )
            )
        verdicts: list[str] = [check.verdict for check in made]
        states = ("consistent", "inconsistent", "cannot be checked")
        counted.append((row.label, *(verdicts.count(state) for state in states)))
    table = pd.DataFrame(found, columns=list(_COLUMNS))
    return TableCheck(
        estimates=_estimates(table),
        n=len(read),
        tables={
            "checks": table,
            "rows": pd.DataFrame(counted, columns=["label", "consistent", "inconsistent", "unchecked"]),
        },
        notes=tuple(_notes(table, bare)),
        samples=pd.DataFrame([{"group": "all", "n": len(read), "dropped": 0}]),
        call={"rows": len(read), "decimals": decimals},
    )


def _estimates(table: pd.DataFrame) -> pd.DataFrame:
    known = table.dropna(subset=["implied"])
    nan = np.full(len(known), np.nan)
    terms = [f"{label}: {check}" for label, check in zip(known["label"], known["check"], strict=True)]
    columns: tuple[Any, ...] = (terms, known["implied"].to_numpy(dtype=float), nan, nan, nan, nan)
    ends = known["implied_low"].to_numpy(dtype=float), known["implied_high"].to_numpy(dtype=float)
    return pd.DataFrame(dict(zip(ESTIMATE_COLUMNS, (*columns, *ends), strict=True)), columns=list(ESTIMATE_COLUMNS))


def _notes(table: pd.DataFrame, bare: bool) -> list[Note]:
    notes = []
    for label, rows in table[table["verdict"] == "inconsistent"].groupby("label", sort=False):
        found = rows.to_dict("records")
        names = ", ".join(str(row["check"]) for row in found)
        message = f"{label}: {len(found)} checks find a contradiction ({names})."
        if len(found) == 1:
            message = f"{label}, {found[0]['check']}: {found[0]['message']}"
        notes.append(Note("TABLE_INCONSISTENT", message, "warning", str(label)))
    if bare:
        message = "Figures given as numbers have lost zeros at their end; give them as texts, or say `decimals`."
        notes.append(Note("TABLE_DECIMALS_GUESSED", message))
    if table.empty:
        message = "No two figures of the table say something about each other: nothing could be checked."
        notes.append(Note("TABLE_NOTHING_TO_CHECK", message, "warning"))
    return notes
