"""What was collected becomes hand-over folders, one a sample: nothing in them that the promised mode does not allow.

The id of a record is made for the one export it stands in and comes from a key that is thrown away, so that two
exports cannot be laid side by side, and an export not beside the database. Records are read a few at a time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, select

from crmstudy.administration.declaring.modes import allowed
from crmstudy.administration.declaring.settled import changes
from crmstudy.administration.fieldwork import ONCE, Fieldwork, Sample
from crmstudy.administration.inviting.lists import file_name
from crmstudy.administration.server.opening import SETTLED
from crmstudy.administration.store.respondents import is_closed
from crmstudy.administration.store.schema import response
from crmstudy.administration.store.schema import setting as settings
from crmstudy.administration.store.store import Store, setting
from crmstudy.administration.store.writer import Work
from crmstudy.errors import OutputError, StudyError, did_you_mean
from crmstudy.handover import write_handover
from crmstudy.handover.head import COARSE, FINE, LEAST
from crmstudy.quoting import shown

#: The setting that lists the folders that were written, so that what is kept too long can be found.
EXPORTS = "exports"
#: Names for the column that says how a record was answered (web, kiosk, paper, simulated); the first that is free.
MODE_COLUMNS = ("mode", "answer_mode", "mode_of_answer")
_AT_ONCE = 500
_MOST_FOLDERS = 10_000


@dataclass(frozen=True, slots=True)
class Exported:
    """A hand-over that was written.

    Attributes
    ----------
    folder : Path
    sample : str
    waves : tuple of str
        Those whose answers it holds.
    n : int
        Number of records.
    broken_off : int
        Answers that were not complete and so were left out.
    open_waves : tuple of str
        Waves that were left out because they are not closed yet (anonymous mode).
    notes : tuple of str
        What was left out or needs care, as sentences.
    simulated : bool
    """

    folder: Path
    sample: str
    waves: tuple[str, ...]
    n: int
    broken_off: int = 0
    open_waves: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    simulated: bool = False


@dataclass(slots=True)
class _Wanted:
    """What goes into one folder."""

    fieldwork: Fieldwork
    sample: Sample
    waves: tuple[str, ...]
    incomplete: bool
    simulated: bool
    column: str
    attributes: tuple[str, ...] = ()
    groups: Counter[tuple[str, ...]] = field(default_factory=Counter)

    @property
    def mode(self) -> str:
        """The mode, and the strictest where none was chosen."""
        return self.fieldwork.mode or "anonymous"

    @property
    def k(self) -> int:
        """The smallest group, never below what the mode asks for."""
        return max(self.fieldwork.k, LEAST[self.mode]) if self.fieldwork.k else 5

    @property
    def paradata(self) -> tuple[str, ...]:
        return (*COARSE, *FINE) if allowed(self.mode, "page-times") else COARSE


def export_collected(
    fieldwork: Fieldwork,
    store: Store,
    *,
    sample: str | None = None,
    wave: str | None = None,
    to: Path | None = None,
    incomplete: bool = False,
    today: dt.date | None = None,
) -> tuple[Exported, ...]:
    """Write the answers of a study as hand-over folders, one a sample.

    Parameters
    ----------
    fieldwork : Fieldwork
        The study.
    store : Store
        Its database; of the purpose ``simulated`` for made-up answers, which are marked.
    sample, wave : str, optional
        Only these; all when left out.
    to : Path, optional
        The folder in which the new folders are made; ``handover`` in the study's when left out.
    incomplete : bool
        Also answers of people who broke off, where they are kept.
    today : date, optional
        The day that is written into the hand-over (anonymous: its month); of the clock when left out.

    Returns
    -------
    tuple of Exported
        One a sample that has answers.

    Raises
    ------
    StudyError
        When a name is unknown, there is nothing to export, an anonymous wave is not closed, or the study is not any
        more what respondents were promised.
    DataError
        When what is kept does not fit the instruments any more.
    OutputError
        When a folder cannot be written; nothing is overwritten.
    """
    if store.purpose == "try":
        raise StudyError("answers of a trial are not exported; they are no answers of respondents.")
    chosen = _chosen(fieldwork, sample, wave)
    if store.purpose == "live":
        _check_promises(store, fieldwork)
    target = to or fieldwork.folder / "handover"
    day = today or dt.datetime.now(dt.UTC).date()
    jobs = store.read(lambda connection: [_plan(connection, store, fieldwork, one, wave, incomplete) for one in chosen])
    if all(wanted is None for wanted, *_ in jobs):
        raise StudyError(_nothing(jobs, store, incomplete))
    made = []
    for wanted, open_waves, broken, notes in jobs:
        if wanted is not None:
            made.append(_export(store, wanted, target, day, open_waves, broken, notes))
    return tuple(made)


def _check_promises(store: Store, fieldwork: Fieldwork) -> None:
    """Raise StudyError where the study is not the one respondents answered: another mode, other words."""
    promised = store.read(lambda connection: setting(connection, SETTLED))
    broken = changes(json.loads(promised), fieldwork, answered=True) if promised else ()
    if broken:
        raise StudyError(broken)


_Plan = tuple[_Wanted | None, tuple[str, ...], int, list[str]]


def _chosen(fieldwork: Fieldwork, sample: str | None, wave: str | None) -> list[Sample]:
    """The samples that are asked for."""
    if sample is not None and sample not in fieldwork.samples:
        known = did_you_mean(sample, fieldwork.samples) or f" There is: {', '.join(fieldwork.samples)}."
        raise StudyError(f"the study has no sample '{shown(sample)}'.{known}")
    chosen = [fieldwork.samples[sample]] if sample is not None else list(fieldwork.samples.values())
    if wave is not None:
        known_waves = [one.id for held in chosen for one in held.waves if one.id]
        chosen = [held for held in chosen if any(one.id == wave for one in held.waves)]
        if not chosen:
            hint = did_you_mean(wave, known_waves) or f" There is: {', '.join(known_waves) or 'none'}."
            raise StudyError(f"no sample asked for has a wave '{shown(wave)}'.{hint}")
    return chosen


def _plan(
    connection: Connection, store: Store, fieldwork: Fieldwork, sample: Sample, wave: str | None, incomplete: bool
) -> _Plan:
    """What goes into the folder of a sample; None where there is nothing."""
    simulated = store.purpose == "simulated"
    kept = select(response.c.wave, response.c.complete, response.c.source).where(response.c.sample == sample.id)
    if wave is not None:
        kept = kept.where(response.c.wave == wave)
    counted: Counter[tuple[str, bool, str]] = Counter(
        (row.wave, bool(row.complete), row.source) for row in connection.execute(kept)
    )
    found = sorted({one for one, _, _ in counted})
    waiting = (fieldwork.mode or "anonymous") == "anonymous" and not simulated
    open_waves = tuple(one for one in found if waiting and not is_closed(connection, sample.id, one))
    waves = tuple(one for one in found if one not in open_waves)
    taken = {key: n for key, n in counted.items() if key[0] in waves}
    broken = sum(n for (_, complete, _), n in taken.items() if not complete)
    if sum(taken.values()) - (0 if incomplete else broken) == 0:
        return None, open_waves, broken, []
    wanted = _Wanted(fieldwork, sample, waves, incomplete, simulated, _free_column(sample))
    sources: Counter[str] = Counter()
    for (_, complete, source), n in taken.items():
        sources[source] += n if complete or incomplete else 0
    return wanted, open_waves, 0 if incomplete else broken, _settle_columns(wanted, +sources)


def _settle_columns(wanted: _Wanted, sources: Mapping[str, int]) -> list[str]:
    """Choose the attributes; how somebody answered stays out where so few did that it would tell who they are."""
    small = [source for source, n in sources.items() if n < wanted.k]
    if wanted.mode == "anonymous" and not wanted.simulated and len(sources) > 1 and small:
        wanted.attributes = wanted.sample.attributes
        return [
            f"how a record was answered (web, kiosk, paper) is left out: fewer than {wanted.k} answered by "
            f"{', '.join(sorted(small))}, and the study is anonymous."
        ]
    wanted.attributes = (*wanted.sample.attributes, wanted.column)
    return []


def _free_column(sample: Sample) -> str:
    taken = {*sample.attributes}
    for instrument in sample.instruments:
        for entry in instrument.entries:
            taken |= {entry.id, *getattr(entry, "columns", ())}
    return next((name for name in MODE_COLUMNS if name not in taken), MODE_COLUMNS[-1])


def _nothing(jobs: Sequence[_Plan], store: Store, incomplete: bool) -> str:
    waiting = sorted({wave for _, open_waves, _, _ in jobs for wave in open_waves})
    if waiting:
        named = ", ".join(repr(wave) for wave in waiting if wave)
        which = f"the wave {named}" if named else "the sample"
        return f"the study is anonymous, and {which} is not closed yet. Close it first: crmstudy close STUDY."
    broken = sum(n for _, _, n, _ in jobs)
    if broken and not incomplete:
        return f"there are only {broken} answers that broke off; --incomplete exports them too."
    if store.purpose == "simulated":
        return "there are no simulated answers; make some with: crmstudy simulate STUDY -n 500."
    return "no answers were submitted yet, so there is nothing to export."


def _export(
    store: Store,
    wanted: _Wanted,
    target: Path,
    day: dt.date,
    open_waves: tuple[str, ...],
    broken: int,
    notes: list[str],
) -> Exported:
    sample = wanted.sample
    folder = _new_folder(target, sample.id, wanted.waves)
    try:
        entry = {"folder": str(folder.resolve()), "sample": sample.id, "waves": list(wanted.waves)}
        store.do_now(lambda work: _note_export(work, {**entry, "day": day.isoformat()}))
        store.read(lambda connection: _write(folder, _records(connection, wanted), wanted, day))
    except BaseException:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        raise
    n = sum(wanted.groups.values())
    return Exported(
        folder, sample.id, wanted.waves, n, broken, open_waves, (*notes, *_telling(wanted)), wanted.simulated
    )


def _write(folder: Path, records: Iterable[dict[str, Any]], wanted: _Wanted, day: dt.date) -> None:
    study = wanted.fieldwork.folder.resolve().name[:150]
    write_handover(
        folder,
        wanted.sample.instruments,
        records,
        mode=wanted.mode,
        created=day.strftime("%Y-%m" if wanted.mode == "anonymous" else "%Y-%m-%d"),
        k=wanted.k,
        linking=wanted.sample.linking,
        attributes=wanted.attributes,
        study=f"{study} (simulated)" if wanted.simulated else study,
    )


def _new_folder(target: Path, sample: str, waves: Sequence[str]) -> Path:
    """A folder that was not there before: two exports at once never get the same."""
    name = file_name(sample, waves[0]) if len(waves) == 1 and waves[0] != ONCE else sample
    try:
        target.mkdir(parents=True, exist_ok=True)
        for number in range(1, _MOST_FOLDERS):
            folder = target / f"{name}-{number}"
            try:
                os.mkdir(folder, 0o700)
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise OutputError(f"'{target}' cannot be written: {error.strerror or error}.") from None
    raise OutputError(f"'{target}' holds {_MOST_FOLDERS - 1} exports of '{name}' already; remove what is not needed.")


def _note_export(work: Work, entry: Mapping[str, object]) -> None:
    connection = work.connection
    before = setting(connection, EXPORTS)
    held = json.loads(before) if before else []
    value = json.dumps([*held, entry], ensure_ascii=False)
    if before is None:
        connection.execute(settings.insert(), {"name": EXPORTS, "value": value})
    else:
        connection.execute(settings.update().where(settings.c.name == EXPORTS).values(value=value))


def _kept(wanted: _Wanted) -> Select[Any]:
    kept = select(response.c.id).where(response.c.sample == wanted.sample.id, response.c.wave.in_(wanted.waves))
    return kept if wanted.incomplete else kept.where(response.c.complete)


def _records(connection: Connection, wanted: _Wanted) -> Iterator[dict[str, Any]]:
    once = secrets.token_bytes(32)
    wanted.groups.clear()
    ids = connection.execute(_kept(wanted)).scalars()
    order = sorted((hmac.digest(once, id.encode(), hashlib.sha256)[:16], id) for id in ids)
    for at in range(0, len(order), _AT_ONCE):
        part = order[at : at + _AT_ONCE]
        rows = connection.execute(select(response).where(response.c.id.in_([id for _, id in part]))).mappings()
        held = {row["id"]: row for row in rows}
        for new, id in part:
            yield _record(new.hex(), held[id], wanted)


def _record(new: str, row: Mapping[Any, Any], wanted: _Wanted) -> dict[str, Any]:
    """One record as the hand-over holds it; parts with nothing in them are left out."""
    paradata = {name: value for name, value in json.loads(row["paradata"]).items() if name in wanted.paradata}
    paradata["complete"] = bool(row["complete"])
    given = json.loads(row["attributes"])
    attributes = {name: given[name] for name in wanted.sample.attributes if given.get(name) not in (None, "")}
    if wanted.column in wanted.attributes:
        attributes[wanted.column] = "simulated" if wanted.simulated else row["source"]
    parts = {
        "reasons": json.loads(row["reasons"]),
        "open": json.loads(row["opened"]),
        "wave": row["wave"],
        "unit": row["unit"],
        "person": row["person"] if wanted.sample.linking != "none" else "",
        "attributes": attributes,
    }
    wanted.groups[_group(row, attributes)] += 1
    record = {"record": new, "language": row["language"], "answers": json.loads(row["answers"])}
    return record | {name: value for name, value in parts.items() if value} | {"paradata": paradata}


def _group(row: Mapping[Any, Any], attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """What somebody who knows a respondent knows of the record."""
    return (row["wave"], row["unit"], row["language"], *(f"{name}={said}" for name, said in attributes.items()))


def _telling(wanted: _Wanted) -> list[str]:
    """How many records stand in groups so small that somebody could be picked out by them."""
    small = [n for n in wanted.groups.values() if n < wanted.k]
    if not small or wanted.simulated:
        return []
    return [
        f"{sum(small)} of {sum(wanted.groups.values())} records stand in groups of fewer than {wanted.k} by unit, "
        "language and attributes: whoever knows these of a person may find the record. Keep the folder to the "
        "researchers named in the consent, and show no figures of such groups."
    ]
