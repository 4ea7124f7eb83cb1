"""Deleting what the study promised to delete: answers, drafts, keys, and every copy that is known of.

What is due follows from ``retention``: unfinished drafts some days after they were begun, the key file and the answers
at the end of a day. With the answers go tokens, letters' digests, paper sheets, trial and simulated databases, backups
and exported hand-overs. What stays says nothing of anybody: totals, texts of consent, and the record of the deletion,
which stands in the database (table ``deletion``) and in ``deletions.csv``.

Nothing is deleted by :func:`plan`; :func:`purge` deletes what a plan lists, the database first. When it is stopped, a
new plan lists what is left.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import ColumnElement, Connection, Table, func, insert, select

from crmstudy.administration.fieldwork import Fieldwork
from crmstudy.administration.store import schema
from crmstudy.administration.store.backup import backups
from crmstudy.administration.store.closing import ELSEWHERE, expire_drafts
from crmstudy.administration.store.copies import BACKUPS, remainders, wipe
from crmstudy.administration.store.dialects import put_over
from crmstudy.administration.store.engine import FILES, Purpose
from crmstudy.administration.store.store import Store, setting
from crmstudy.administration.store.upkeep import empty, is_untidy, note_untidy, tidy
from crmstudy.administration.store.writer import Work
from crmstudy.errors import StudyError
from crmstudy.quoting import harmless

Scope = Literal["due", "drafts", "all"]
What = Literal["answers", "drafts", "keys", "backups", "exports", "trial", "simulated"]
#: The record of deletions in the folder of what is collected, and its columns.
RECORD, COLUMNS = "deletions.csv", ("day", "what", "number", "reason")
#: The files of a hand-over folder; nothing else in it is deleted.
HANDOVER = ("handover.json", "instrument.json", "records.ndjson")
#: Where invitations keep who has which token, and the setting in which exports are noted.
KEYS, EXPORTS = "keys", "exports"
#: Databases beside the live one.
_OTHERS: dict[What, Purpose] = {"trial": "try", "simulated": "simulated"}
#: Tables that say something of somebody.
PERSONAL = (
    schema.response, schema.draft_page, schema.draft, schema.token, schema.mailing, schema.stop, schema.entry,
    schema.sheet,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """What is to be deleted together: rows or files, how many, why, and which files."""

    what: What
    n: int
    reason: str
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a purge would delete; ``beyond`` says what it knows of but does not reach."""

    parts: tuple[Part, ...]
    beyond: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Purged:
    """What was deleted, and what remains where, in sentences without an end."""

    parts: tuple[Part, ...]
    remains: tuple[str, ...] = ()


def plan(store: Store, fieldwork: Fieldwork, today: dt.date, scope: Scope = "due") -> Plan:
    """What would be deleted: what is due, only drafts that ran out, or everything."""
    retention, parts = fieldwork.retention, list[Part]()
    old = (today - dt.timedelta(days=retention.drafts_days)).isoformat()
    drafts = store.read(lambda c: _count(c, schema.draft, schema.draft.c.began < old))
    answers_due = _due(retention.answers, today, scope)
    if answers_due:
        counted = store.read(lambda c: {table.name: _count(c, table) for table in PERSONAL})
        if any(counted.values()):
            parts.append(Part("answers", counted["response"], answers_due))
    elif drafts:
        parts.append(Part("drafts", drafts, f"begun more than {retention.drafts_days} days ago"))
    keys = _files_in(fieldwork.place / KEYS)
    key_due = _due(retention.key, today, scope) or answers_due
    if keys and key_due:
        parts.append(Part("keys", len(keys), key_due, keys))
    beyond = list[str]()
    if answers_due:
        parts += _copies(store, fieldwork, answers_due, beyond)
    if key_due:
        beyond += _letters(fieldwork)
    return Plan(tuple(parts), tuple(beyond))


def purge(store: Store, fieldwork: Fieldwork, today: dt.date, scope: Scope = "due") -> Purged:
    """Delete what a plan lists, and note it.

    Raises
    ------
    StudyError
        When files cannot be deleted; what was deleted until then is noted.
    """
    planned = plan(store, fieldwork, today, scope)
    remains, done = list(planned.beyond), list[Part]()
    for part in planned.parts:
        if part.what == "drafts":
            expire_drafts(store, fieldwork, today)
            store.do_now(_noting(part, today))
        elif part.what == "answers":
            store.do_now(_emptying(part, today))
        elif part.what in ("trial", "simulated") and not store.in_file:
            _empty_other(store, fieldwork, _OTHERS[part.what])
            store.do_now(_noting(part, today))
        else:
            _delete_files(part)
            store.do_now(_noting(part, today))
            if part.what == "exports":
                store.do_now(lambda work: _set(work, EXPORTS, "[]"))
        _write_record(fieldwork.place, part, today)
        done.append(part)
    if len(done) > 0 or store.read(is_untidy):
        remains += tidy(store)
    return Purged(tuple(done), tuple(remains))


def note_elsewhere(store: Store, path: Path) -> None:
    """Note a backup that was written outside the default folder, so that a purge can name it."""

    def job(work: Work) -> None:
        before = json.loads(setting(work.connection, ELSEWHERE) or "[]")
        _set(work, ELSEWHERE, json.dumps(sorted({*before, str(path.resolve())}), ensure_ascii=False))

    store.do_now(job)


def deletions(connection: Connection) -> tuple[tuple[str, str, int, str], ...]:
    """The record of deletions: day, what, how many, why."""
    table = schema.deletion
    query = select(table.c.day, table.c.what, table.c.n, table.c.reason).order_by(table.c.day, table.c.what)
    return tuple((row.day, row.what, row.n, row.reason) for row in connection.execute(query))


def _due(last: dt.date | None, today: dt.date, scope: Scope) -> str:
    """Why something is to go, or an empty text."""
    if scope == "all":
        return "everything was asked for"
    return f"kept until {last.isoformat()}" if scope == "due" and last is not None and last < today else ""


def _copies(store: Store, fieldwork: Fieldwork, reason: str, beyond: list[str]) -> list[Part]:
    """Copies of answers: trial and simulated databases, backups, exports."""
    parts, place = list[Part](), fieldwork.place
    for what, purpose in _OTHERS.items():
        if store.purpose == purpose:
            continue
        files = tuple(path for path in _database_files(place, purpose) if path.exists()) if store.in_file else ()
        n = 1 if files else _other_rows(store, fieldwork, purpose)
        if n:
            parts.append(Part(what, n, reason, files))
    kept = (*backups(place), *remainders(place / BACKUPS))
    if kept:
        parts.append(Part("backups", len(kept), reason, kept))
    exported, missing = _exported(store, fieldwork)
    if exported:
        parts.append(Part("exports", len(exported), reason, exported))
    beyond += [f"the export '{folder}' is not where it was written; delete its copies by hand" for folder in missing]
    for path in json.loads(store.read(lambda c: setting(c, ELSEWHERE)) or "[]"):
        if Path(path).exists():
            beyond.append(f"the backup '{path}' was written outside the default folder; delete it by hand")
    return parts


def _exported(store: Store, fieldwork: Fieldwork) -> tuple[tuple[Path, ...], list[str]]:
    """The files of the hand-overs that were noted, and the folders that are not there any more."""
    found, missing = list[Path](), list[str]()
    for entry in json.loads(store.read(lambda c: setting(c, EXPORTS)) or "[]"):
        named = str(entry.get("folder", "") if isinstance(entry, dict) else entry)
        folder = Path(named) if Path(named).is_absolute() else fieldwork.folder / named
        files = [folder / name for name in HANDOVER if (folder / name).is_file()]
        found += files
        if not files:
            missing.append(str(folder))
    return tuple(dict.fromkeys(found)), missing


def _letters(fieldwork: Fieldwork) -> list[str]:
    """Send lists lie beside the study, with names and links: they are the business of whoever sends them."""
    folder = fieldwork.folder.resolve()
    beside = folder.with_name(f"{folder.name}-letters")
    if not beside.is_dir():
        return []
    return [f"letters and send lists in '{beside}' hold names and links; delete them by hand"]


def _database_files(place: Path, purpose: Purpose) -> tuple[Path, ...]:
    path = place / FILES[purpose]
    return tuple(path.with_name(path.name + ending) for ending in ("", "-wal", "-shm", "-journal"))


def _files_in(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.rglob("*") if path.is_file())) if folder.is_dir() else ()


def _count(connection: Connection, table: Table, where: ColumnElement[bool] | None = None) -> int:
    query = select(func.count()).select_from(table)
    return int(connection.execute(query if where is None else query.where(where)).scalar_one())


def _emptying(part: Part, today: dt.date) -> Callable[[Work], None]:
    """The job that deletes every row that says something of somebody, and notes it in the same transaction."""

    def job(work: Work) -> None:
        _emptied(work)
        _noting(part, today)(work)

    return job


def _noting(part: Part, today: dt.date) -> Callable[[Work], None]:
    def job(work: Work) -> None:
        row = {"id": secrets.token_hex(16), "day": today.isoformat(), "what": part.what}
        work.connection.execute(insert(schema.deletion), {**row, "n": part.n, "reason": part.reason})

    return job


def _other(store: Store, fieldwork: Fieldwork, purpose: Purpose) -> Store | None:
    """The database of another purpose beside an open one of PostgreSQL, if there is one."""
    db = store.engine.url.render_as_string(hide_password=False)
    try:
        return Store.open(fieldwork.place, db=db, purpose=purpose, create=False)
    except StudyError:
        return None


def _other_rows(store: Store, fieldwork: Fieldwork, purpose: Purpose) -> int:
    """How many rows that say something of somebody another schema has; 0 with files."""
    other = None if store.in_file else _other(store, fieldwork, purpose)
    if other is None:
        return 0
    with other:
        return other.read(lambda c: sum(_count(c, table) for table in PERSONAL))


def _empty_other(store: Store, fieldwork: Fieldwork, purpose: Purpose) -> None:
    """Empty another schema, where there is one."""
    other = _other(store, fieldwork, purpose)
    if other is not None:
        with other:
            other.do_now(_emptied)
            tidy(other)


def _emptied(work: Work) -> None:
    empty(work.connection, PERSONAL)
    note_untidy(work)


def _delete_files(part: Part) -> None:
    """Delete files, and folders that are empty then."""
    left = list[str]()
    for path in part.paths:
        try:
            wipe(path)
            if part.what in ("exports", "keys") and not any(path.parent.iterdir()):
                path.parent.rmdir()
        except OSError as bad:
            left.append(f"'{path}' could not be deleted: {bad.strerror or bad}.")
    if left:
        raise StudyError(left)


def _write_record(place: Path, part: Part, today: dt.date) -> None:
    """Add a line to the record of deletions; it lasts through a power cut."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, text = place / RECORD, io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if not path.exists():
        writer.writerow(COLUMNS)
    writer.writerow([today.isoformat(), part.what, part.n, harmless(part.reason)])
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8", newline="") as stream:
        stream.write(text.getvalue())
        stream.flush()
        os.fsync(stream.fileno())


def _set(work: Work, name: str, value: str) -> None:
    put_over(work.connection, schema.setting, {"name": name, "value": value}, replaced=("value",))
