"""The number of factors over imputed data sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import pandas as pd

from crmstudy.notes import Note
from crmstudy.results import Result, records

Kind = TypeVar("Kind", bound=Result)


def finish_retention(result: Kind, parts: Sequence[Kind]) -> Kind:
    """Every rule's number is the one that most data sets gave (of equally frequent ones the smallest)."""
    tables = [{str(row["method"]): row["number"] for row in records(part.tables["suggested"])} for part in parts]
    suggested = parts[0].tables["suggested"].copy()
    chosen: list[float] = []
    unsure = []
    for method in map(str, suggested["method"]):
        counts = Counter(int(table[method]) for table in tables if table.get(method) is not None)
        most = max(counts.values(), default=0)
        chosen.append(min((number for number, times in counts.items() if times == most), default=float("nan")))
        if len(counts) > 1:
            unsure.append(f"{method} ({', '.join(f'{number} in {times}' for number, times in sorted(counts.items()))})")
    suggested["number"] = pd.Series(chosen, index=suggested.index).astype(suggested["number"].dtype)
    notes = list(result.notes)
    if unsure:
        message = (
            f"The data sets do not agree on the number of factors; shown is the most frequent: {'; '.join(unsure)}."
        )
        notes.append(Note("POOLED_NUMBERS_DIFFER", message, "warning"))
    return replace(result, tables={**result.tables, "suggested": suggested}, notes=tuple(notes))
