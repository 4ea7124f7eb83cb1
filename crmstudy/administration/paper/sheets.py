"""Jobs about paper sheets: numbers are given out, entries kept, differences settled; and looks at where they stand.

Nobody is shown what another person typed. Whose entry comes first is whose is kept first; the second must come from
somebody else, and who decides where they differ from a third.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, insert, select, update

from crmstudy.administration.paper.comparing import ErrorRate, differing, settled
from crmstudy.administration.paper.numbers import sheet_number
from crmstudy.administration.paper.typed import Typed, typed_of
from crmstudy.administration.store import schema
from crmstudy.administration.store.invitations import reserve_serials
from crmstudy.administration.store.quotas import take
from crmstudy.administration.store.respondents import Composed, insert_response, is_closed
from crmstudy.administration.store.waiting import LEFT
from crmstudy.administration.store.writer import Refused, Work
from crmstudy.instrument.forms import Field
from crmstudy.letters import plain

_sheet, _entry, _tally = schema.sheet, schema.entry, schema.tally
#: Where a sheet stands: given out, typed in once, typed in twice and not alike, a response, returned without an answer,
#: not settled when its wave was closed.
STATES = ("printed", "once", "differs", "taken", "blank", LEFT)
#: What became of an entry.
Told = Literal["once", "repeated", "differs", "taken", "blank"]
_FIELDS, _DIFFERING = "paper-fields", "paper-differing"
_MOST = 100_000
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Sheet:
    """A numbered sheet, and where it stands (:data:`STATES`)."""

    sample: str
    number: str
    wave: str
    unit: str
    language: str
    state: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What the jobs need to know of the study.

    Attributes
    ----------
    fields : callable
        The questions of a sheet.
    compose : callable
        The response that a sheet with these answers becomes.
    keep_entries : bool
        Whether entries stay beside the response; never in anonymous mode, as the same answers would lead from the
        number to the response.
    """

    fields: Callable[[Sheet], Sequence[Field]]
    compose: Callable[[Sheet, Typed], Composed]
    keep_entries: bool = False


def issue(work: Work, sample: str, wave: str, unit: str, language: str, n: int) -> tuple[str, ...]:
    """Give out ``n`` numbers that no sheet of the study has; raises Refused ``closed``, ValueError for a wrong n."""
    if not 1 <= n <= _MOST:
        raise ValueError(f"from 1 to {_MOST} sheets can be given out at once, not {n}")
    connection = work.connection
    if is_closed(connection, sample, wave):
        raise Refused("closed")
    first = reserve_serials(work, "paper sheets", n)
    numbers = tuple(sheet_number(running) for running in range(first, first + n))
    rows = [
        {"sample": sample, "number": number, "wave": wave, "unit": unit, "language": language, "state": "printed"}
        for number in numbers
    ]
    connection.execute(insert(_sheet), rows)
    return numbers


def find_sheet(connection: Connection, number: str) -> Sheet | None:
    """The sheet of a number, or None."""
    return _read(connection.execute(select(_sheet).where(_sheet.c.number == number)).one_or_none())


def find_sheets(connection: Connection, numbers: Sequence[str]) -> dict[str, Sheet]:
    """Number -> sheet, of those numbers that were given out."""
    found: dict[str, Sheet] = {}
    for at in range(0, len(numbers), _AT_ONCE):
        query = select(_sheet).where(_sheet.c.number.in_(numbers[at : at + _AT_ONCE]))
        found |= {row.number: Sheet(**row._mapping) for row in connection.execute(query)}
    return found


def enter(work: Work, number: str, clerk: str, typed: Typed, rules: Rules) -> Told:
    """Keep what a clerk typed in from a sheet; the second entry settles it where both say the same.

    Raises
    ------
    Refused
        ``sheet-unknown``; ``closed``; ``sheet-taken`` when it is settled; ``sheet-typed`` when two people have typed
        it in; ``same-clerk`` when this clerk typed in something else from it before.
    """
    held = _held(work.connection, number)
    entries = _entries(work.connection, held)
    before = next((held for name, held in entries.items() if same_person(name, clerk)), None)
    if before is not None:
        if before == typed:
            return "repeated"
        raise Refused("same-clerk", number=number)
    if held.state == "differs" or len(entries) > 1:
        raise Refused("sheet-typed", number=number)
    nth = len(entries) + 1
    fields = rules.fields(held)
    if nth == 1:
        _keep(work, held, 1, clerk, typed)
        _state(work, held, "once")
        return "once"
    (other, first), *_ = entries.items()
    unlike = differing(first, typed, fields)
    pair = _pair(other, clerk)
    work.count(held.sample, held.wave, _FIELDS, pair, len(fields))
    if unlike:
        work.count(held.sample, held.wave, _DIFFERING, pair, len(unlike))
        _keep(work, held, 2, clerk, typed)
        _state(work, held, "differs")
        return "differs"
    if rules.keep_entries:
        _keep(work, held, 2, clerk, typed)
    return _finish(work, held, first, rules)


def decide(work: Work, number: str, clerk: str, decided: Typed, rules: Rules) -> Told:
    """Settle a sheet whose two entries differ; ``decided`` says what stands in the questions that differ, and no other.

    Raises
    ------
    Refused
        ``sheet-unknown``; ``closed``; ``sheet-taken``; ``not-differing`` when there is nothing to decide;
        ``third-person`` when this clerk typed it in before; ``other-fields`` when something is decided that was not in
        dispute.
    """
    held = _held(work.connection, number)
    entries = _entries(work.connection, held)
    if held.state != "differs" or len(entries) != 2:
        raise Refused("not-differing", number=number)
    if any(same_person(name, clerk) for name in entries):
        raise Refused("third-person", number=number)
    first, second = entries.values()
    fields = rules.fields(held)
    unlike = set(differing(first, second, fields))
    if not unlike.issuperset((*decided.answers, *decided.marks)):
        raise Refused("other-fields", number=number)
    if rules.keep_entries:
        _keep(work, held, 3, clerk, decided)
    return _finish(work, held, settled(first, second, decided, fields), rules)


def forget_entries(work: Work, number: str) -> int:
    """Throw the entries of a sheet away that is not settled, so that it can be typed in anew; how many there were.

    Raises Refused ``sheet-unknown``, ``sheet-taken``.
    """
    held = _held(work.connection, number, open_only=False)
    n = work.connection.execute(delete(_entry).where(*_of(held))).rowcount
    if n and held.state != LEFT:
        _state(work, held, "printed")
    return n


def disputes(connection: Connection, sample: str, rules: Rules) -> dict[str, tuple[Sheet, tuple[str, ...]]]:
    """Number -> sheet and the questions in which its two entries differ."""
    waiting = select(_sheet).where(_sheet.c.sample == sample, _sheet.c.state == "differs").order_by(_sheet.c.number)
    found = {}
    for row in connection.execute(waiting).all():
        held = Sheet(**row._mapping)
        entries = tuple(_entries(connection, held).values())
        if len(entries) == 2:
            found[held.number] = (held, differing(*entries, rules.fields(held)))
    return found


def clerks_of(connection: Connection, held: Sheet) -> tuple[str, ...]:
    """Who typed a sheet in, in their order."""
    return tuple(_entries(connection, held))


def entries_of(connection: Connection, held: Sheet) -> tuple[Typed, ...]:
    """What was typed in from a sheet, for whoever decides; never for those who type."""
    return tuple(_entries(connection, held).values())


def standing(connection: Connection, sample: str) -> dict[tuple[str, str], Counter[str]]:
    """(wave, unit) -> number of sheets in every state."""
    query = select(_sheet.c.wave, _sheet.c.unit, _sheet.c.state).where(_sheet.c.sample == sample)
    found: dict[tuple[str, str], Counter[str]] = {}
    for wave, unit, state in connection.execute(query):
        found.setdefault((wave, unit), Counter())[state] += 1
    return dict(sorted(found.items()))


def numbers_in(connection: Connection, sample: str, state: str) -> tuple[str, ...]:
    """The numbers of the sheets that stand in a state."""
    query = select(_sheet.c.number).where(_sheet.c.sample == sample, _sheet.c.state == state)
    return tuple(connection.execute(query.order_by(_sheet.c.number)).scalars())


def error_rates(connection: Connection, sample: str) -> tuple[ErrorRate, ...]:
    """How often the two entries of a sheet differed, by pair of clerks and, last, in all."""
    query = select(_tally.c.kind, _tally.c.name, _tally.c.n).where(
        _tally.c.sample == sample, _tally.c.kind.in_((_FIELDS, _DIFFERING))
    )
    counted: dict[str, Counter[str]] = {}
    for kind, pair, n in connection.execute(query):
        counted.setdefault(pair, Counter())[kind] += n
    rates = [
        ErrorRate(tuple(json.loads(pair)), held[_DIFFERING], held[_FIELDS]) for pair, held in sorted(counted.items())
    ]
    if len(rates) > 1:
        rates.append(ErrorRate((), sum(one.differing for one in rates), sum(one.fields for one in rates)))
    return tuple(rates)


def same_person(one: str, two: str) -> bool:
    """Whether two names are of one clerk."""
    return plain(one) == plain(two)


def _held(connection: Connection, number: str, *, open_only: bool = True) -> Sheet:
    """A sheet that is not settled, kept for this transaction."""
    held = _read(connection.execute(select(_sheet).where(_sheet.c.number == number).with_for_update()).one_or_none())
    if held is None:
        raise Refused("sheet-unknown", number=number)
    if open_only and is_closed(connection, held.sample, held.wave):
        raise Refused("closed", number=number)
    if held.state in ("taken", "blank"):
        raise Refused("sheet-taken", number=number)
    return held


def _entries(connection: Connection, held: Sheet) -> dict[str, Typed]:
    """Clerk -> what was typed in, in the order of the rounds."""
    query = select(_entry).where(*_of(held), _entry.c.round < 3).order_by(_entry.c.round)
    return {row.clerk: typed_of(json.loads(row.given)) for row in connection.execute(query)}


def _keep(work: Work, held: Sheet, nth: int, clerk: str, typed: Typed) -> None:
    given = json.dumps(typed.as_json(), ensure_ascii=False, sort_keys=True)
    row = {"sample": held.sample, "number": held.number, "round": nth, "clerk": clerk, "given": given}
    work.connection.execute(insert(_entry), row)


def _finish(work: Work, held: Sheet, typed: Typed, rules: Rules) -> Told:
    """Make a settled sheet a response, under a random id; nothing in it says which sheet it was."""
    empty = not typed.answers and not typed.marks
    if not empty:
        composed = rules.compose(held, typed)
        places = [id for id, limit in composed.quotas if _place(work, held, id, limit)]
        insert_response(work.connection, composed.response, None, places)
        work.count(held.sample, held.wave, "submitted", "paper")
    if not rules.keep_entries:
        work.connection.execute(delete(_entry).where(*_of(held)))
    told: Told = "blank" if empty else "taken"
    _state(work, held, told)
    return told


def _place(work: Work, held: Sheet, quota: str, limit: int) -> bool:
    """Take a place of a quota; answers on paper are given already, and are kept also where no place is left."""
    try:
        take(work.connection, held.sample, held.wave, [(quota, limit)])
    except Refused:
        work.count(held.sample, held.wave, "over-quota", quota)
        return False
    return True


def _state(work: Work, held: Sheet, state: str) -> None:
    found = (_sheet.c.sample == held.sample) & (_sheet.c.number == held.number)
    work.connection.execute(update(_sheet).where(found).values(state=state))


def _of(held: Sheet) -> tuple[Any, ...]:
    return _entry.c.sample == held.sample, _entry.c.number == held.number


def _read(row: Row[Any] | None) -> Sheet | None:
    return None if row is None else Sheet(**row._mapping)


def _pair(one: str, two: str) -> str:
    return json.dumps(sorted((one, two)), ensure_ascii=False)
