"""Closing a wave for good: its answers are written anew, so that nothing tells which of them came with which token.

One transaction does all of it. Unfinished drafts are counted and dropped, or kept as incomplete answers. The tables of
answers, drafts and tokens are set aside, copied in an order of new random ids, and dropped. In anonymous mode answers
also lose the digests of their receipts, and tokens everything but their own digest, by which an old link is still
known for what it is; how many there were of each state and unit is kept in totals. With PostgreSQL all rows come from
one statement of one transaction, so that its system columns are the same for all, and their places are random.

Paper sheets that were typed in and are not settled keep a wave from being closed, unless it is meant: then they are
given up, and in anonymous mode what was typed in from them is deleted. A server does not mean it. It leaves such a wave
as it is, which takes no answers of the web after its last day, so that the sheets can still be settled.

Afterwards the files are tidied (:mod:`.upkeep`), and in anonymous mode older backups, which hold the answers as they
came in, are replaced by one new backup. A program killed at any point leaves the wave open or closed; what was not
tidied then is noted and made up for by :func:`finish`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text

from crmstudy.administration.fieldwork import Fieldwork, Sample
from crmstudy.administration.store import schema
from crmstudy.administration.store.backup import back_up, backups
from crmstudy.administration.store.copies import BACKUPS, remainders, wipe
from crmstudy.administration.store.flow import EXPIRED, STOPPED, TOKENS, token_counts
from crmstudy.administration.store.respondents import (
    Compose,
    Draft,
    drop_draft,
    find_draft,
    hold_draft,
    insert_response,
    is_closed,
    let_go,
    pages_of,
)
from crmstudy.administration.store.store import Store, setting
from crmstudy.administration.store.upkeep import drop, is_untidy, note_untidy, set_aside, tidy
from crmstudy.administration.store.waiting import leave_waiting, sheets_out, sheets_waiting
from crmstudy.administration.store.writer import Refused, Work
from crmstudy.errors import StudyError

#: The setting that stands while backups made before closing are to be replaced.
STALE = "stale backups"
#: The setting in which backups are noted that were written elsewhere.
ELSEWHERE = "backups elsewhere"
_NEW_ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "replace(gen_random_uuid()::text, '-', '')"}
_SHEETS = "sheets-waiting"
_OPEN_AS = "there is no way to tell what an unfinished draft says; close the wave from the program that asks it."


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing a wave did.

    Attributes
    ----------
    responses : int
        Answers of the wave that are kept now, incomplete ones included.
    incomplete : int
        Drafts that were kept as incomplete answers.
    dropped : int
        Drafts that were counted and dropped.
    already : bool
        Whether the wave was closed before, so that nothing but tidying was done.
    replaced : tuple of str
        Names of the backups that were deleted, because they held the answers as they came in.
    remains : tuple of str
        What of the order of arrival remains where, in sentences without an end.
    sheets_left : int
        Paper sheets that were typed in, not settled, and given up.
    entries_kept : bool
        Whether what was typed in from them is kept as evidence.
    sheets_out : int
        Paper sheets that were printed and never typed in.
    """

    sample: str
    wave: str
    responses: int
    incomplete: int = 0
    dropped: int = 0
    already: bool = False
    replaced: tuple[str, ...] = ()
    remains: tuple[str, ...] = ()
    sheets_left: int = 0
    entries_kept: bool = False
    sheets_out: int = 0


def close(
    store: Store,
    fieldwork: Fieldwork,
    sample: str,
    wave: str,
    *,
    today: dt.date,
    compose: Compose | None = None,
    leave_sheets: bool = False,
) -> Closed:
    """Close a wave for good; a wave that is closed is only tidied again.

    Parameters
    ----------
    store : Store
    fieldwork : Fieldwork
    sample, wave : str
        Ids of both.
    today : date
        The day that is noted.
    compose : callable, optional
        Makes an answer of a draft and its pages; needed where unfinished drafts are kept.
    leave_sheets : bool
        Whether paper sheets that were typed in and are not settled are given up.

    Raises
    ------
    StudyError
        For a sample or wave that does not exist, where drafts are to be kept and ``compose`` is missing, and for paper
        sheets that are not settled, unless they are left.
    """
    asked = fieldwork.samples.get(sample)
    if asked is None or wave not in {one.id for one in asked.waves}:
        raise StudyError(f"the study has no wave '{wave}' of a sample '{sample}'.")
    if asked.unfinished == "keep" and compose is None:
        raise StudyError(_OPEN_AS)
    anonymous = fieldwork.anonymous
    forget = anonymous or fieldwork.withdrawal == "closing"

    def job(work: Work) -> Closed:
        return _close(work, asked, wave, today, compose, anonymous=anonymous, forget=forget, leave_sheets=leave_sheets)

    try:
        done = store.do_now(job)
    except Refused as refused:
        if refused.code != _SHEETS:
            raise
        raise StudyError(_waits(sample, wave, refused.values["n"])) from None
    return finish(store, fieldwork, done)


def finish(store: Store, fieldwork: Fieldwork, done: Closed | None = None) -> Closed:
    """Do what follows closing, or was left when the program was killed: tidy the files, replace old backups."""
    done = done or Closed("", "", 0, already=True)
    remains = tidy(store) if store.read(is_untidy) or done.sample else ()
    replaced: tuple[str, ...] = ()
    if store.read(_is_stale):
        replaced, left = _replace_backups(store, fieldwork)
        remains += left
    return replace(done, replaced=replaced, remains=remains)


def due_closings(fieldwork: Fieldwork, store: Store, today: dt.date) -> list[tuple[str, str]]:
    """The waves (sample, wave) whose last day is over and that are not closed yet."""

    def look(connection: Connection) -> list[tuple[str, str]]:
        return [
            (sample.id, wave.id)
            for sample in fieldwork.samples.values()
            for wave in sample.waves
            if wave.closes is not None and wave.closes < today and not is_closed(connection, sample.id, wave.id)
        ]

    return store.read(look)


def waiting_for_sheets(fieldwork: Fieldwork, store: Store, today: dt.date) -> dict[tuple[str, str], int]:
    """(sample, wave) -> number of paper sheets to be settled, of waves that are over and not closed for their sake."""
    over = due_closings(fieldwork, store, today)
    found = store.read(lambda connection: {wave: sheets_waiting(connection, *wave) for wave in over})
    return {wave: n for wave, n in found.items() if n}


def close_due(store: Store, fieldwork: Fieldwork, today: dt.date, compose: Compose | None = None) -> tuple[Closed, ...]:
    """Close what is due and waits for no sheet, and finish what was interrupted; for a server to call now and then."""
    waiting, done = waiting_for_sheets(fieldwork, store, today), []
    for sample, wave in due_closings(fieldwork, store, today):
        if (sample, wave) not in waiting:
            done.append(close(store, fieldwork, sample, wave, today=today, compose=compose))
    if store.read(is_untidy) or store.read(_is_stale):
        done.append(finish(store, fieldwork))
    return tuple(done)


def expire_drafts(store: Store, fieldwork: Fieldwork, today: dt.date) -> int:
    """Let go of drafts that are older than the study promises to keep them; how many. Their tokens are new again."""
    before = (today - dt.timedelta(days=fieldwork.retention.drafts_days)).isoformat()
    due = schema.draft.c.began < before

    def job(work: Work) -> int:
        digests = work.connection.execute(select(schema.draft.c.digest).where(due).with_for_update()).scalars().all()
        for digest in digests:
            held = hold_draft(work.connection, digest)
            if held is not None:
                let_go(work, held, EXPIRED)
        if digests:
            note_untidy(work)
        return len(digests)

    return store.do_now(job)


def _close(
    work: Work,
    sample: Sample,
    wave: str,
    today: dt.date,
    compose: Compose | None,
    *,
    anonymous: bool,
    forget: bool,
    leave_sheets: bool,
) -> Closed:
    connection = work.connection
    if connection.dialect.name == "postgresql":  # every other writer shares it, and none is in the middle of a job now
        connection.execute(text("LOCK TABLE closed IN ACCESS EXCLUSIVE MODE"))
    if is_closed(connection, sample.id, wave):
        return Closed(sample.id, wave, _responses(connection, sample.id, wave), already=True)
    waiting = sheets_waiting(connection, sample.id, wave)
    if waiting and not leave_sheets:
        raise Refused(_SHEETS, n=waiting)
    leave_waiting(connection, sample.id, wave, keep=not anonymous)
    kept, dropped = _end_drafts(work, sample, wave, compose)
    if anonymous:
        for (unit, state), n in sorted(token_counts(connection, sample.id, wave).items()):
            work.count(sample.id, wave, TOKENS, json.dumps([unit, state], ensure_ascii=False), n)
    bound = {"sample": sample.id, "wave": wave}
    _rewrite(connection, schema.response, "id", _response_columns(connection, forget), bound)
    _rewrite(connection, schema.token, "digest", _token_columns(connection) if anonymous else {}, bound)
    _rewrite(connection, schema.draft, "digest", {}, {})
    _rewrite(connection, schema.draft_page, "draft, page", {}, {})
    _rewrite(connection, schema.sheet, "sample, number", {}, {})
    _rewrite(connection, schema.entry, "sample, number, round", {}, {})  # where settled ones lay, too
    connection.execute(insert(schema.closed), {**bound, "day": today.isoformat()})
    note_untidy(work)
    if anonymous:
        connection.execute(text("DELETE FROM setting WHERE name = :name"), {"name": STALE})
        connection.execute(insert(schema.setting), {"name": STALE, "value": today.isoformat()})
    return Closed(
        sample.id, wave, _responses(connection, sample.id, wave), kept, dropped, sheets_left=waiting,
        entries_kept=bool(waiting) and not anonymous, sheets_out=sheets_out(connection, sample.id, wave),
    )  # fmt: skip


def not_settled(connection: Connection, sample: str, wave: str) -> str:
    """The sentence about paper sheets that keep a wave from being closed; empty where nothing does."""
    n = 0 if is_closed(connection, sample, wave) else sheets_waiting(connection, sample, wave)
    return _waits(sample, wave, n) if n else ""


def _waits(sample: str, wave: str, n: int) -> str:
    named = f"{sample}, {wave}" if wave else sample
    return (
        f"{named}: {n} paper {'sheet' if n == 1 else 'sheets'} typed in and not settled; closing gives "
        f"{'it' if n == 1 else 'them'} up. 'crmstudy paper status' tells which; settle them first, or add --yes."
    )


def _end_drafts(work: Work, sample: Sample, wave: str, compose: Compose | None) -> tuple[int, int]:
    """Keep the drafts of a wave as incomplete answers, or count where they stopped and drop them."""
    connection, stops = work.connection, Counter[int]()
    of_wave = (schema.draft.c.sample == sample.id) & (schema.draft.c.wave == wave)
    digests = connection.execute(select(schema.draft.c.digest).where(of_wave)).scalars().all()
    kept = 0
    for digest in digests:
        pages = pages_of(connection, digest)
        held = find_draft(connection, digest)
        stops[pages[-1].page if pages else 0] += 1
        if held is not None and sample.unfinished == "keep" and compose is not None and pages:
            kept += _keep(connection, held, pages, compose)
        drop_draft(connection, digest)
    for page, n in sorted(stops.items()):
        work.count(sample.id, wave, STOPPED, str(page), n)
    return kept, len(digests) - kept


def _keep(connection: Connection, held: Draft, pages: Sequence[Any], compose: Compose) -> int:
    try:
        made = compose(held, pages).response
    except Refused:
        return 0
    paradata = {**made.paradata, "complete": False}
    insert_response(connection, replace(made, complete=False, paradata=paradata), None)
    return 1


def _response_columns(connection: Connection, forget: bool) -> dict[str, str]:
    """What the columns of the wave's answers become: a new id, and no receipt where it is forgotten."""
    made = {"id": _NEW_ID[connection.dialect.name]}
    return made | {"submission": "NULL", "quotas": "'[]'"} if forget else made


def _token_columns(connection: Connection) -> dict[str, str]:
    """What the columns of the wave's tokens become: one like the other."""
    return {"unit": "''", "serial": "digest", "person": "''", "attributes": "'{}'", "state": "'used'"}


def _rewrite(connection: Connection, table: Table, key: str, changed: dict[str, str], of_wave: dict[str, str]) -> None:
    """Copy a table into a fresh one in the order of its key, with some columns of a wave's rows changed."""
    aside = set_aside(connection, table)
    names = [column.name for column in table.columns]
    this = "sample = :sample AND wave = :wave"
    columns = [
        f"CASE WHEN {this} THEN {changed[name]} ELSE {name} END AS {name}" if name in changed else name
        for name in names
    ]
    inner = f"SELECT {', '.join(columns)} FROM {aside.name}"
    if connection.dialect.name == "postgresql":
        inner += " OFFSET 0"  # the new ids are made once a row, before they are sorted by
    listed = ", ".join(names)
    statement = text(f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM ({inner}) AS made ORDER BY {key}")
    connection.execute(statement, of_wave if changed else {})
    drop(connection, [aside])


def _responses(connection: Connection, sample: str, wave: str) -> int:
    of_wave = (schema.response.c.sample == sample) & (schema.response.c.wave == wave)
    return int(connection.execute(select(func.count()).select_from(schema.response).where(of_wave)).scalar_one())


def _is_stale(connection: Connection) -> bool:
    return connection.execute(select(schema.setting.c.value).where(schema.setting.c.name == STALE)).first() is not None


def _replace_backups(store: Store, fieldwork: Fieldwork) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Replace the backups of the default folder by a new one; names of those that are gone, and what remains."""
    for path in remainders(fieldwork.place / BACKUPS):
        wipe(path)
    old = [path for path in backups(fieldwork.place) if path.name.startswith(_stems(store))]
    if old:
        try:
            back_up(store, fieldwork.place)
        except StudyError as bad:
            return (), (f"backups made before closing hold the answers as they came in, and were kept: {bad}",)
    for path in old:
        wipe(path)
    elsewhere = json.loads(store.read(lambda connection: setting(connection, ELSEWHERE)) or "[]")
    store.do_now(lambda work: work.connection.execute(text("DELETE FROM setting WHERE name = :name"), {"name": STALE}))
    return tuple(path.name for path in old), tuple(
        f"the backup '{path}' was written before closing, and holds the answers as they came in; delete it by hand"
        for path in elsewhere if Path(path).exists()
    )  # fmt: skip


def _stems(store: Store) -> tuple[str, ...]:
    """What the names of a database's backups begin with: those that were asked for, and those before upgrades."""
    path = store.path
    return (f"{store.purpose}-", f"{path.stem}-before-") if path is not None else (f"{store.purpose}-",)
