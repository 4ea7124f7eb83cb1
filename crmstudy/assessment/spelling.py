"""Names that people wrote in several ways: on an Arabic and on a Persian keyboard, with other capitals or blanks."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmstudy import letters
from crmstudy.notes import Note
from crmstudy.quoting import shown

_TOLD = 3


def spelled_alike(names: pd.Series[Any], what: str, otherwise: str | None = None) -> tuple[pd.Series[Any], list[Note]]:
    """The names, those that read alike as the first of them is written, and notes on what was joined or filled in.

    Parameters
    ----------
    names : Series of str
        May have missing values.
    what : str
        What they are the names of, in the plural: ``channels``.
    otherwise : str, optional
        What stands where a name is missing; told if others are there.

    Examples
    --------
    >>> spelled_alike(pd.Series(["Web", "web", "تلفني", "تلفنی"]), "channels")[0].nunique()
    2
    """
    written = [name for name in pd.unique(names) if isinstance(name, str)]
    first: dict[str, str] = {}
    as_written = {name: first.setdefault(letters.plain(name), name) for name in written}
    joined = [f"'{shown(name)}' and '{shown(one)}'" for name, one in as_written.items() if name != one]
    notes = []
    if joined:
        told = ", ".join(joined[:_TOLD]) + (" ..." if len(joined) > _TOLD else "")
        notes.append(Note("NAMES_READ_ALIKE", f"Names of {what} that read alike count as one: {told}.", subject=what))
        names = names.map(as_written, na_action="ignore")
    if otherwise is None:
        return names, notes
    nameless = int(names.isna().sum())
    if written and nameless:
        message = f"Rows that name none of the {what}, though others do, stand together as '{otherwise}': {nameless}."
        notes.append(Note("NAMES_MISSING", message, "warning", what))
    return names.where(names.notna(), otherwise), notes
