"""Work on paper sheets as commands do it: numbers given out, files taken in, disputes written and settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from crmstudy.administration.fieldwork import ONCE, Fieldwork, Sample
from crmstudy.administration.paper.composing import compose_sheet
from crmstudy.administration.paper.files import Entered, read_decisions, read_entries, write_disputes
from crmstudy.administration.paper.numbers import read_sheet_number, shown_number
from crmstudy.administration.paper.sheets import (
    Rules,
    Sheet,
    Told,
    clerks_of,
    decide,
    disputes,
    enter,
    entries_of,
    find_sheets,
    forget_entries,
    issue,
    same_person,
)
from crmstudy.administration.paper.typed import Typed, fields_on_paper
from crmstudy.administration.store.schema import sheet as sheets
from crmstudy.administration.store.store import Store
from crmstudy.administration.store.writer import Refused
from crmstudy.errors import DataError, Fault, StudyError, did_you_mean
from crmstudy.instrument.forms import Field
from crmstudy.quoting import shown

#: So many sheets are given out at once, at most.
_MOST = 10_000
#: What a refusal of a job means, for whoever types or decides.
REFUSALS: Mapping[str, str] = {
    "sheet-unknown": "no sheet was given out with the number {number}; look at the sheet.",
    "sheet-taken": "the sheet {number} is settled already.",
    "sheet-typed": "the sheet {number} was typed in by two people already.",
    "same-clerk": "the sheet {number} was typed in by this person already, and otherwise; the second entry must come "
    "from somebody else. To start anew: crmstudy paper forget.",
    "not-differing": "the sheet {number} waits for no decision.",
    "third-person": "the sheet {number} was typed in by this person; somebody else must decide.",
    "other-fields": "something is decided of the sheet {number} in which its entries do not differ.",
    "closed": "the wave of the sheet {number} is closed; no answer is taken any more.",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of files of entries: sheets by what was told of them, and numbers of those that lack an entry."""

    told: Mapping[str, int]
    once: tuple[str, ...]
    differing: tuple[str, ...]
    settled_before: tuple[str, ...] = ()


def rules_of(fieldwork: Fieldwork, sample: Sample) -> Rules:
    """What the jobs about sheets need to know of a sample; in anonymous mode no entry outlives its response."""
    return Rules(
        fields=lambda held: fields_on_paper(sample, held.language),
        compose=lambda held, typed: compose_sheet(
            fieldwork, sample, wave=held.wave, unit=held.unit, language=held.language, typed=typed
        ),
        keep_entries=not fieldwork.anonymous,
    )


def sentence(refusal: Refused) -> str:
    """A refusal in words."""
    values = {name: shown_number(value) if name == "number" else value for name, value in refusal.values.items()}
    return REFUSALS.get(refusal.code, f"this was refused ({refusal.code}).").format_map(_Lenient(values))


class _Lenient(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def give_out(
    fieldwork: Fieldwork, store: Store, sample: str, n: int, *, wave: str = "", unit: str = "", language: str = ""
) -> tuple[Sheet, ...]:
    """Give out numbers of sheets of a sample.

    Raises
    ------
    StudyError
        With every fault: an unknown sample, wave, unit or language, a senseless number, a wave that is closed.
    """
    held = sample_of(fieldwork, sample)
    lang = language or fieldwork.languages[0]
    faults = []
    waves = [one.id for one in held.waves]
    if not wave and ONCE not in waves:
        faults.append(f"'{sample}' is asked in waves; name one with --wave: {', '.join(waves)}.")
    elif wave not in waves:
        faults.append(f"'{sample}' has no wave '{shown(wave)}'.{did_you_mean(wave, waves)}")
    if unit and unit not in fieldwork.units:
        known = did_you_mean(unit, fieldwork.units) or " administration.yaml declares the units."
        faults.append(f"the study has no unit '{shown(unit)}'.{known}")
    if lang not in fieldwork.languages:
        offered = ", ".join(fieldwork.languages)
        faults.append(f"the study is not offered in '{shown(lang)}'. It is in: {offered}.")
    if not 1 <= n <= _MOST:
        faults.append(f"-n is how many sheets are printed, from 1 to {_MOST:,}; found {n}.")
    if held.simulated:
        faults.append(f"study.yaml marks the answers of '{sample}' as simulated; people cannot be asked for them.")
    if faults:
        raise StudyError(faults)
    try:
        numbers = store.do_now(lambda work: issue(work, sample, wave, unit, lang, n))
    except Refused:
        raise StudyError(f"the wave of '{sample}' is closed; no answer is taken any more.") from None
    return tuple(Sheet(sample, number, wave, unit, lang, "printed") for number in numbers)


def take_files(
    fieldwork: Fieldwork, store: Store, sample: str, files: Sequence[Path], clerks: Sequence[str] = ()
) -> Taken:
    """Take in what was typed from sheets, each file by one person or with a column that says who.

    Raises
    ------
    DataError
        With every fault of all files; nothing is taken then.
    """
    held = sample_of(fieldwork, sample)
    named = [*clerks, *[""] * len(files)][: len(files)]
    numbers = store.read(_owners)
    mine = [number for number, owner in numbers.items() if owner == sample]
    others = {number: owner for number, owner in numbers.items() if owner != sample}
    known = store.read(lambda connection: find_sheets(connection, mine))
    entered: list[tuple[Path, Entered]] = []
    faults: list[Fault] = []
    for path, clerk in zip(files, named, strict=True):
        rows, wrong = read_entries(path, held, known, clerk, others)
        entered += [(path, one) for one in rows]
        faults += wrong
    faults += _clerk_faults(entered)
    if faults:
        raise DataError(faults)
    return _enter_all(store, rules_of(fieldwork, held), entered)


def _owners(connection: Connection) -> dict[str, str]:
    """Number -> sample of every sheet."""
    return {row.number: row.sample for row in connection.execute(select(sheets.c.number, sheets.c.sample))}


def _clerk_faults(entered: Sequence[tuple[Path, Entered]]) -> list[Fault]:
    """A sheet that one person is said to have typed in twice."""
    faults = []
    first: dict[str, tuple[Path, Entered]] = {}
    for path, one in entered:
        before = first.setdefault(one.number, (path, one))
        if before[1] is not one and same_person(before[1].clerk, one.clerk):
            message = (
                f"the sheet {shown_number(one.number)} was typed in by '{shown(one.clerk)}' in both files; the second "
                "entry must come from somebody else."
            )
            faults.append(Fault(message, path.name, one.line))
    return faults


def _enter_all(store: Store, rules: Rules, entered: Sequence[tuple[Path, Entered]]) -> Taken:
    """Keep entries, many to a transaction; what is settled already stays as it is."""
    waiting = [(path, one, store.writer.submit(_entering(one, rules))) for path, one in entered]
    told: Counter[str] = Counter()
    standing: dict[str, Told] = {}
    before: list[str] = []
    faults = []
    for path, one, future in waiting:
        try:
            result = future.result()
        except Refused as refusal:
            if refusal.code == "sheet-taken":
                before.append(one.number)
            else:
                faults.append(Fault(sentence(refusal), path.name, one.line))
            continue
        told[result] += 1
        standing[one.number] = result
    if faults:
        raise DataError([*faults, Fault("entries of all other sheets were kept.")])
    once = tuple(number for number, result in standing.items() if result == "once")
    return Taken(told, once, tuple(n for n, result in standing.items() if result == "differs"), tuple(before))


def _entering(one: Entered, rules: Rules) -> Callable[..., Told]:
    return lambda work: enter(work, one.number, one.clerk, one.typed, rules)


def write_differences(fieldwork: Fieldwork, store: Store, sample: str, path: Path) -> tuple[int, int]:
    """Write what is to be decided into a new file; how many sheets and questions that are."""
    held = sample_of(fieldwork, sample)
    rules = rules_of(fieldwork, held)

    def look(connection: Connection) -> list[tuple[Sheet, Sequence[Field], Typed, Typed]]:
        found: list[tuple[Sheet, Sequence[Field], Typed, Typed]] = []
        for one, ids in disputes(connection, sample, rules).values():
            first, second = entries_of(connection, one)
            found.append((one, tuple(asked for asked in rules.fields(one) if asked.id in ids), first, second))
        return found

    found = store.read(look)
    if not found:
        raise StudyError(f"no sheet of '{sample}' waits for a decision.")
    return len(found), write_disputes(path, found)


def take_decisions(fieldwork: Fieldwork, store: Store, sample: str, path: Path, clerk: str) -> tuple[int, int]:
    """Settle sheets by what a third person decided; how many were settled, and how many lack a decision.

    Raises
    ------
    DataError
        With every fault; nothing is settled then.
    """
    held = sample_of(fieldwork, sample)
    rules = rules_of(fieldwork, held)
    waiting = store.read(lambda connection: disputes(connection, sample, rules))
    decided, open_still, faults = read_decisions(path, held, waiting)
    if not clerk.strip():
        faults.append(Fault("who decided must be named with --clerk."))
    typed_by = store.read(lambda connection: {number: clerks_of(connection, waiting[number][0]) for number in decided})
    for number, names in typed_by.items():
        if any(same_person(name, clerk) for name in names):
            message = REFUSALS["third-person"].format(number=shown_number(number))
            faults.append(Fault(message, path.name))
    if faults:
        raise DataError(faults)
    futures = [store.writer.submit(_deciding(number, clerk, typed, rules)) for number, typed in decided.items()]
    for future in futures:
        try:
            future.result()
        except Refused as refusal:
            faults.append(Fault(sentence(refusal), path.name))
    if faults:
        raise DataError(faults)
    return len(futures), open_still


def _deciding(number: str, clerk: str, typed: Typed, rules: Rules) -> Callable[..., Told]:
    return lambda work: decide(work, number, clerk, typed, rules)


def forget(store: Store, text: str) -> int:
    """Throw away what was typed in from a sheet that is not settled; how many entries there were."""
    number = read_sheet_number(text)
    if number is None:
        raise StudyError(f"'{shown(text)}' is no number of a sheet (its last digit checks the others).")
    try:
        return store.do_now(lambda work: forget_entries(work, number))
    except Refused as refusal:
        raise StudyError(sentence(refusal)) from None


def sample_of(fieldwork: Fieldwork, sample: str) -> Sample:
    """The sample of a name; raises StudyError."""
    if sample not in fieldwork.samples:
        known = did_you_mean(sample, fieldwork.samples) or f" There is: {', '.join(fieldwork.samples)}."
        raise StudyError(f"the study has no sample '{shown(sample)}'.{known}")
    return fieldwork.samples[sample]
