"""Commands about what was collected: ``close``, ``backup`` and ``purge``."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crmstudy.cli.console import AsJson, emit, say, shown, table
from crmstudy.errors import Fault, InputError, StudyError, did_you_mean

if TYPE_CHECKING:
    from crmstudy.administration.fieldwork import Fieldwork, Wave
    from crmstudy.administration.store.backup import Backup
    from crmstudy.administration.store.closing import Closed
    from crmstudy.administration.store.purging import Plan, Scope
    from crmstudy.administration.store.respondents import Compose
    from crmstudy.administration.store.store import Store

Study = Annotated[Path, typer.Argument(help="Folder of the study.")]
Db = Annotated[
    str | None,
    typer.Option("--db", envvar="CRMSTUDY_DB", show_envvar=True, help="Address of a PostgreSQL database."),
]


def close(
    study: Study,
    sample: Annotated[str | None, typer.Option("--sample", help="Only this sample.")] = None,
    wave: Annotated[str | None, typer.Option("--wave", help="Only this wave.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", metavar="", help="Close also what is not over, or has paper sheets not settled.")
    ] = False,
    db: Db = None,
    as_json: AsJson = False,
) -> int:
    """Close waves for good: no more answers, and those there are written anew in random order.

    Without --yes only waves whose last day is over, and of which no paper sheet is half typed in, are closed. It may be
    done while the server runs. Example: crmstudy close STUDY --sample staff --wave spring
    """
    from crmstudy.administration.declaring.reading import read_fieldwork
    from crmstudy.administration.store.closing import close as close_wave
    from crmstudy.administration.store.store import Store

    fieldwork = read_fieldwork(study)
    asked = _waves(fieldwork, sample, wave)
    today = dt.datetime.now(dt.UTC).date()
    early = [(id, one) for id, one in asked if one.closes is None or one.closes >= today]
    with Store.open(fieldwork.place, db=db, create=False) as store:
        if not yes:
            due = [one for one in asked if one not in early]
            faults = [] if due else [_not_over(id, one) for id, one in early]
            faults += _not_settled(store, due or early)
            if faults:
                raise StudyError(faults)
            asked = due
        done = [
            close_wave(
                store, fieldwork, id, one.id, today=today, compose=_compose(fieldwork, id), leave_sheets=yes
            )
            for id, one in asked
        ]  # fmt: skip
    if as_json:
        emit({"status": 0, "closed": [_closed_as_json(one) for one in done]})
        return 0
    for one in done:
        _tell_closed(one)
    if not yes:
        for id, left in early:
            say(f"{_name(id, left.id)}: left open; {_until(left)}.")
    return 0


def backup(
    study: Annotated[Path | None, typer.Argument(help="Folder of the study; not needed with --verify FILE.")] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="A new file; in administration/backups when left out.")
    ] = None,
    verify: Annotated[Path | None, typer.Option("--verify", help="Check this backup as a restore would.")] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="Delete all but so many of the newest in the default folder.")
    ] = None,
    db: Db = None,
    as_json: AsJson = False,
) -> int:
    """Copy the answers to a new file while the server runs, checked before it gets its name; or check a copy.

    Examples: crmstudy backup STUDY --keep 14; crmstudy backup --verify FILE.
    """
    from crmstudy.administration.store.backup import back_up, rotate
    from crmstudy.administration.store.backup import verify as check
    from crmstudy.administration.store.purging import note_elsewhere
    from crmstudy.administration.store.store import Store

    if verify is not None:
        if to is not None or keep is not None:
            raise InputError("--verify only looks at a backup; leave --to and --keep out.")
        return _tell_backup(check(verify), (), as_json, "is sound")
    if study is None:
        raise InputError("name the folder of the study, or a backup with --verify FILE.")
    if to is not None and keep is not None:
        raise InputError("--keep counts the backups in administration/backups; leave --to out with it.")
    place = _place(study)
    with Store.open(place, db=db, create=False) as store:
        made = back_up(store, place, to)
        if to is not None and not to.resolve().is_relative_to((place / "backups").resolve()):
            note_elsewhere(store, to)
        gone = rotate(place, keep) if keep is not None else ()
    return _tell_backup(made, gone, as_json, "was written")


def purge(
    study: Study,
    due: Annotated[bool, typer.Option("--due", metavar="", help="What the study promised to delete by now.")] = False,
    drafts: Annotated[bool, typer.Option("--drafts", metavar="", help="Only unfinished drafts that ran out.")] = False,
    everything: Annotated[bool, typer.Option("--all", metavar="", help="Everything, before its time.")] = False,
    yes: Annotated[bool, typer.Option("--yes", metavar="", help="Delete; otherwise it is only shown.")] = False,
    db: Db = None,
    as_json: AsJson = False,
) -> int:
    """Delete what was collected, with its copies, when its time is over. Shows what it would delete; --yes does it.

    Examples: crmstudy purge STUDY; crmstudy purge STUDY --yes; crmstudy purge STUDY --all.
    """
    from crmstudy.administration.declaring.reading import read_fieldwork
    from crmstudy.administration.store.purging import plan
    from crmstudy.administration.store.purging import purge as delete
    from crmstudy.administration.store.store import Store

    if due + drafts + everything > 1:
        raise InputError("give one of --due, --drafts and --all.")
    scope: Scope = "all" if everything else "drafts" if drafts else "due"
    fieldwork, today = read_fieldwork(study), dt.datetime.now(dt.UTC).date()
    with Store.open(fieldwork.place, db=db, create=False) as store:
        planned = plan(store, fieldwork, today, scope)
        remains = delete(store, fieldwork, today, scope).remains if yes else planned.beyond
    if as_json:
        parts = [
            {"what": part.what, "number": part.n, "reason": part.reason, "files": [str(path) for path in part.paths]}
            for part in planned.parts
        ]
        emit({"status": 0, "deleted": yes, "parts": parts, "remains": list(remains)})
        return 0
    _tell_purge(planned, remains, yes)
    return 0


def _waves(fieldwork: Fieldwork, sample: str | None, wave: str | None) -> list[tuple[str, Wave]]:
    """The waves that are meant, by the id of their sample."""
    if sample is not None and sample not in fieldwork.samples:
        raise StudyError(f"the study has no sample '{sample}'.{did_you_mean(sample, fieldwork.samples)}")
    samples = [one for one in fieldwork.samples.values() if sample in (None, one.id)]
    found = [(one.id, each) for one in samples for each in one.waves if wave in (None, each.id)]
    if not found:
        known = sorted({each.id for one in samples for each in one.waves if each.id})
        hint = did_you_mean(wave or "", known) or f" There is: {', '.join(known) or 'only one, without a name'}."
        raise StudyError(f"there is no wave '{wave}'.{hint}")
    return found


def _compose(fieldwork: Fieldwork, sample: str) -> Compose | None:
    """What makes an incomplete answer of a draft, where the study keeps them."""
    if fieldwork.samples[sample].unfinished != "keep":
        return None
    from crmstudy.administration.server.composing import composer

    return composer(fieldwork, fieldwork.samples[sample], dt.datetime.now(dt.UTC))


def _not_settled(store: Store, waves: list[tuple[str, Wave]]) -> list[Fault]:
    """What is to be said of paper sheets that are half typed in, before anything is closed."""
    from crmstudy.administration.store.closing import not_settled

    told = store.read(lambda connection: [not_settled(connection, id, one.id) for id, one in waves])
    return [Fault(one) for one in told if one]


def _not_over(sample: str, wave: Wave) -> Fault:
    return Fault(
        f"{_name(sample, wave.id)} is not over: {_until(wave)}. Closing is for good; add --yes to close it now."
    )


def _until(wave: Wave) -> str:
    return f"it takes answers until {wave.closes}" if wave.closes else "it has no last day"


def _name(sample: str, wave: str) -> str:
    return f"{sample}, {wave}" if wave else sample


def _closed_as_json(one: Closed) -> dict[str, object]:
    return {
        "sample": one.sample, "wave": one.wave, "responses": one.responses, "incomplete": one.incomplete,
        "dropped": one.dropped, "already": one.already, "backups_replaced": list(one.replaced),
        "remains": list(one.remains), "sheets_left": one.sheets_left, "entries_kept": one.entries_kept,
        "sheets_out": one.sheets_out,
    }  # fmt: skip


def _tell_closed(one: Closed) -> None:
    if one.already:
        say(f"{_name(one.sample, one.wave)}: was closed before; {one.responses} answers.")
    else:
        say(f"{_name(one.sample, one.wave)}: closed with {one.responses} answers ({one.incomplete} incomplete).")
        if one.dropped:
            say(f"  unfinished drafts dropped: {one.dropped}")
        if one.sheets_left:
            what = "what was typed in is kept, and is no answer" if one.entries_kept else "what was typed in is deleted"
            say(f"  paper sheets typed in and not settled: {one.sheets_left}; {what}")
        if one.sheets_out:
            say(f"  paper sheets printed and never typed in: {one.sheets_out}")
    if one.replaced:
        say(f"  backups from before closing, deleted for a new one: {', '.join(one.replaced)}")
    for sentence in one.remains:
        say(f"  remains: {sentence}.")


def _tell_backup(made: Backup, gone: tuple[Path, ...], as_json: bool, what: str) -> int:
    if as_json:
        emit(
            {"status": 0, "file": str(made.path), "sha256": made.sha256, "bytes": made.bytes,
             "rows": dict(made.rows), "deleted": [str(path) for path in gone]}
        )  # fmt: skip
        return 0
    say(f"{shown(made.path)} {what}: {made.bytes:,} bytes, SHA-256 {made.sha256}")
    rows = made.rows
    say(f"  answers: {rows.get('response', 0)}, drafts: {rows.get('draft', 0)}, tokens: {rows.get('token', 0)}")
    for path in gone:
        say(f"  deleted: {shown(path)}")
    return 0


def _tell_purge(planned: Plan, remains: tuple[str, ...], done: bool) -> None:
    if not planned.parts:
        say("Nothing is to be deleted.")
    else:
        say("Deleted:" if done else "To be deleted:")
        table(
            ("what", "number", "why"),
            [(part.what, part.n, part.reason) for part in planned.parts],
            right=("number",),
        )
        for part in planned.parts:
            for path in part.paths:
                say(f"  {shown(path)}")
    for sentence in remains:
        say(f"Not reached: {sentence}.")
    if planned.parts and not done:
        say("Nothing was deleted. Add --yes to delete it.")


def _place(study: Path) -> Path:
    """The folder of what is collected; a backup is made also of a study whose declaration is faulty."""
    folder = study.parent if study.name in ("study.yaml", "administration.yaml") else study
    if not folder.is_dir():
        raise StudyError(f"there is no study in '{study}'; give the folder of the study.")
    return folder / "administration"
