"""A hand-over folder written and read: records one at a time, however many there are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from crmstudy.errors import DataError, Fault, InstrumentError, OutputError
from crmstudy.handover.head import (
    FORMAT,
    HEAD,
    INSTRUMENTS,
    RECORDS,
    Head,
    clashes,
    head_faults,
    head_mapping,
    read_head,
)
from crmstudy.handover.records import Checker, Record
from crmstudy.handover.strict import (
    LARGEST_LINE,
    MOST_FAULTS,
    NoJson,
    dumped,
    lines_of,
    parse_json,
    read_json,
    seal_faults,
    sealed,
    shown,
)
from crmstudy.instrument.load import from_mapping
from crmstudy.instrument.model import Instrument
from crmstudy.instrument.writing import to_mapping

_LARGEST = 2**26
#: No record is shorter than this, in bytes.
_SHORTEST = 60


@dataclass(frozen=True, slots=True)
class Handover:
    """An opened hand-over: its head, the instruments its answers were given to, and the records, one at a time."""

    folder: Path
    head: Head
    instruments: tuple[Instrument, ...]

    def records(self) -> Iterator[Record]:
        """Every record, checked, in the order of the file; no more than one is held in memory.

        Raises
        ------
        DataError
            After the last record, with every fault and its line (after fifty, no more are looked for). What was given
            before counts only when the end is reached without it.
        """
        checker = Checker(self.head, self.instruments)
        faults: list[Fault] = []
        number = 0
        with (self.folder / RECORDS).open("rb") as file:
            for number, raw in enumerate(lines_of(file), 1):
                record, wrong = _read_line(raw, checker)
                if not wrong:
                    yield record
                faults += [Fault(message, RECORDS, number) for message in wrong]
                if len(faults) >= MOST_FAULTS:
                    message = "later lines were not looked at; there may be more faults."
                    raise DataError([*faults[:MOST_FAULTS], Fault(message, RECORDS)])
        if number != self.head.records:
            message = f"{HEAD} promises {self.head.records} records; found {number}."
            faults.append(Fault(message, RECORDS))
        if faults:
            raise DataError(faults)


def write_handover(
    folder: str | os.PathLike[str],
    instruments: Iterable[Instrument],
    records: Iterable[Record],
    *,
    mode: str,
    created: str,
    k: int = 5,
    linking: str = "none",
    attributes: Iterable[str] = (),
    study: str = "",
) -> Path:
    """Write a hand-over folder; records are taken one at a time, so that any number of them can be written.

    Parameters
    ----------
    folder : path
        A folder that does not exist yet, or is empty.
    instruments : iterable of Instrument
        What was asked.
    records : iterable of mapping
        As the module says, in ascending order of ``record``.
    mode, created, k, linking, attributes, study
        As in ``handover.json``.

    Returns
    -------
    Path
        The folder. ``handover.json`` is written last: a folder without it was not finished.

    Raises
    ------
    OutputError
        When something is in the way; nothing is overwritten.
    DataError
        With every fault of the head or the records; what was begun is removed.

    Examples
    --------
    >>> write_handover("out/wave1", [instrument], records, mode="anonymous", created="2026-11")  # doctest: +SKIP
    """
    target = Path(folder)
    asked = tuple(instruments)
    keys = tuple((one.id, one.version, one.fingerprint) for one in asked)
    head = Head(mode, created, k, 0, keys, linking, tuple(attributes), study)
    wrong = [*head_faults(head), *clashes(head, asked)]
    if wrong:
        raise DataError([Fault(message, HEAD) for message in wrong])
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OutputError(Fault("there is something here already, and it is not overwritten; choose another folder.",
                                str(target)))  # fmt: skip
    made: list[Path] = []
    fresh = not target.exists()
    whole = {"crmstudy_instruments": FORMAT, "instruments": [to_mapping(one, self_contained=True) for one in asked]}
    try:
        target.mkdir(parents=True, exist_ok=True)
        with _new(target / RECORDS, made) as file:
            number = _write_records(file, records, Checker(head, asked))
        with _new(target / INSTRUMENTS, made) as file:
            file.write(dumped(whole))
        files = {path.name: sealed(path) for path in made}
        with _new(target / HEAD, made) as file:
            file.write(dumped(head_mapping(head, number, files)))
    except BaseException as stopped:
        for path in made:
            path.unlink(missing_ok=True)
        if fresh and target.is_dir() and not any(target.iterdir()):
            target.rmdir()
        if isinstance(stopped, OSError):
            raise OutputError(Fault(f"the folder cannot be written: {stopped.strerror}.", str(target))) from None
        raise
    return target


def read_handover(folder: str | os.PathLike[str], instruments: Iterable[Instrument] = ()) -> Handover:
    """Open a hand-over folder: head, instruments and seals are checked; records are checked as they are read.

    Parameters
    ----------
    folder : path
        The folder.
    instruments : iterable of Instrument
        Used in the place of the embedded ones of the same id (for their texts); their fingerprints must be the same.

    Raises
    ------
    DataError
        With every fault: files that are missing or were changed since they were sealed, keys that are unknown,
        instruments whose fingerprint is another one.
    """
    target = Path(folder)
    missing = [name for name in (HEAD, INSTRUMENTS, RECORDS) if not (target / name).is_file()]
    if missing:
        lost = ", ".join(f"'{name}'" for name in missing)
        raise DataError(f"the hand-over '{target}' lacks {lost}; it was not finished, or not copied as a whole.")
    head, seals = read_head(target / HEAD)
    faults = [fault for name, seal in seals.items() for fault in seal_faults(target / name, seal)]
    if faults:
        raise DataError(faults)
    if head.records * _SHORTEST > int(str(seals[RECORDS]["bytes"])):
        message = f"{HEAD} promises {head.records} records, more than {RECORDS} has room for; get the folder again."
        raise DataError(Fault(message, HEAD))
    embedded = _read_instruments(target / INSTRUMENTS, head)
    used, faults = _chosen(embedded, tuple(instruments))
    faults += [Fault(message, HEAD) for message in clashes(head, embedded)]
    if faults:
        raise DataError(faults)
    return Handover(target, head, used)


def _new(path: Path, made: list[Path]) -> BinaryIO:
    """A new file to write; it is put on the list of what was made."""
    file = path.open("xb")
    made.append(path)
    return file


def _write_records(file: BinaryIO, records: Iterable[Record], checker: Checker) -> int:
    """Write the records line by line; raises DataError with the faults of all of them."""
    faults: list[Fault] = []
    number = 0
    for number, record in enumerate(records, 1):
        wrong = checker.faults(record)
        if wrong:
            faults += [Fault(message, RECORDS, number) for message in wrong]
            if len(faults) >= MOST_FAULTS:
                break
        else:
            file.write(dumped(record, indent=None))
    if faults:
        raise DataError(faults[:MOST_FAULTS])
    if not number:
        raise DataError(Fault("there is no record; a hand-over has at least one.", RECORDS))
    return number


def _read_instruments(path: Path, head: Head) -> tuple[Instrument, ...]:
    """The embedded instruments, each with the fingerprint the head gives it."""
    data = read_json(path, _LARGEST)
    held = data.get("instruments") if isinstance(data, Mapping) else None
    if (
        not isinstance(data, Mapping)
        or data.keys() != {"crmstudy_instruments", "instruments"}
        or not isinstance(held, list)
    ):
        raise DataError(Fault("the file holds crmstudy_instruments and instruments, and nothing else.", path.name))
    if data["crmstudy_instruments"] != FORMAT:
        message = f"crmstudy_instruments must be {FORMAT}; found {shown(data['crmstudy_instruments'])}."
        raise DataError(Fault(message, path.name))
    made: list[Instrument] = []
    faults: list[Fault] = []
    for one in held:
        if not isinstance(one, Mapping):
            faults.append(Fault(f"an instrument is an object in braces; found {shown(one)}.", path.name))
            continue
        try:
            made.append(from_mapping(one, path.name))
        except InstrumentError as bad:
            faults += bad.faults
    if not faults:
        marks = [(one.id, one.version, one.fingerprint) for one in made]
        if marks != list(head.instruments):
            there = ", ".join(f"{id} {version}" for id, version, _ in marks) or "none"
            message = f"the instruments ({there}) or their fingerprints are not those of {HEAD}; get the folder again."
            faults.append(Fault(message, path.name))
    if faults:
        raise DataError(faults)
    return tuple(made)


def _chosen(
    embedded: tuple[Instrument, ...], given: tuple[Instrument, ...]
) -> tuple[tuple[Instrument, ...], list[Fault]]:
    """The instruments to use: those given, where they have the same key, otherwise the embedded ones."""
    faults = []
    by_id = {one.id: one for one in given}
    there = {one.id for one in embedded}
    for id in by_id.keys() - there:
        message = f"the answers were not given to '{id}'; the hand-over is of {', '.join(sorted(there))}."
        faults.append(Fault(message, HEAD))
    for one in embedded:
        other = by_id.get(one.id, one)
        if other.fingerprint != one.fingerprint:
            message = (
                f"the answers were given to '{one.id}' {one.version} ({one.fingerprint[:12]}), not to version "
                f"{other.version} ({other.fingerprint[:12]}) that is asked for; leave it out to use the one they were "
                "given to."
            )
            faults.append(Fault(message, HEAD))
    return tuple(by_id.get(one.id, one) for one in embedded), faults


def _read_line(raw: bytes, checker: Checker) -> tuple[Record, list[str]]:
    """The record of a line, and its faults."""
    if len(raw) > LARGEST_LINE:
        return {}, [f"the line is longer than {LARGEST_LINE:,} bytes."]
    if not raw.endswith(b"\n"):
        return {}, ["the last line does not end; the file was cut off."]
    try:
        record = parse_json(raw)
    except NoJson as bad:
        return {}, [f"{bad}."]
    wrong = checker.faults(record)
    return (record if isinstance(record, Mapping) else {}), wrong
