"""Paper sheets whose wave is about to be closed: typed in and not settled, or never typed in."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select, update

from crmstudy.administration.store import schema

#: States of a sheet that was typed in and is no response yet: by one person, or by two who differ.
WAITING = ("once", "differs")
#: State of a sheet that was waiting when its wave was closed.
LEFT = "left"

_sheet, _entry = schema.sheet, schema.entry


def sheets_waiting(connection: Connection, sample: str, wave: str) -> int:
    """How many sheets of a wave were typed in and are not settled."""
    return _count(connection, sample, wave, WAITING)


def sheets_out(connection: Connection, sample: str, wave: str) -> int:
    """How many sheets of a wave were printed and never typed in."""
    return _count(connection, sample, wave, ("printed",))


def leave_waiting(connection: Connection, sample: str, wave: str, *, keep: bool) -> int:
    """Give up the sheets of a wave that are waiting; their entries are deleted unless they are kept as evidence.

    Returns
    -------
    int
        How many sheets there were.
    """
    these = (_sheet.c.sample == sample) & (_sheet.c.wave == wave) & _sheet.c.state.in_(WAITING)
    if not keep:
        numbers = select(_sheet.c.number).where(these)
        connection.execute(delete(_entry).where(_entry.c.sample == sample, _entry.c.number.in_(numbers)))
    return connection.execute(update(_sheet).where(these).values(state=LEFT)).rowcount


def _count(connection: Connection, sample: str, wave: str, states: tuple[str, ...]) -> int:
    these = (_sheet.c.sample == sample, _sheet.c.wave == wave, _sheet.c.state.in_(states))
    return int(connection.execute(select(func.count()).select_from(_sheet).where(*these)).scalar_one())
