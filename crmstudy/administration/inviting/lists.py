"""Two files that never lie together: the send list (who gets which link) and the key file (whose pseudonym it is).

The send list is needed until the last letter is out; whoever has it can answer in the place of those who have not.
The key file is needed as long as answers and persons must be brought together; in anonymous mode there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crmstudy.administration.inviting.addresses import read_address
from crmstudy.administration.inviting.people import Person
from crmstudy.administration.inviting.private import csv_bytes
from crmstudy.administration.inviting.tables import read_table
from crmstudy.administration.keys import grouped, read_secret
from crmstudy.errors import DataError, Fault
from crmstudy.files import open_file
from crmstudy.quoting import shown

COLUMNS = (
    "sample", "wave", "letter", "serial", "id", "name", "email", "phone", "unit", "lang", "code", "link", "subject",
    "text",
)  # fmt: skip
KEY_COLUMNS = ("sample", "wave", "person", "serial", "id", "name", "email", "phone", "unit", "lang")
_DELIMITER, _HEAD = re.compile("[,;\t|]"), 4096
_UNSAFE = re.compile(r"[^\w-]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One letter of a send list, written out. ``letter`` names it among all letters of a wave."""

    sample: str
    wave: str
    letter: str
    serial: str
    id: str
    name: str
    email: str
    phone: str
    unit: str
    lang: str
    code: str
    link: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """A line of a key file: the person behind a pseudonym."""

    sample: str
    wave: str
    person: str
    serial: str
    id: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    unit: str = ""
    lang: str = ""

    @property
    def marks(self) -> tuple[str, ...]:
        """What this person is recognised by, as :func:`marks_of` gives it."""
        return marks_of(Person(0, self.id, self.name, self.email, self.phone, self.unit))


def marks_of(person: Person) -> tuple[str, ...]:
    """Everything that tells a person from all others."""
    parts = (Person(0, id=person.id), Person(0, email=person.email))
    marks = tuple(part.identity for part in parts if part.identity)
    return marks or ((person.identity,) if person.identity else ())


def send_list(entries: Iterable[Entry]) -> bytes:
    """The file of a send list."""
    return csv_bytes(COLUMNS, ([getattr(entry, name) for name in COLUMNS] for entry in entries))


def key_file(lines: Iterable[Known]) -> bytes:
    """The file of a key, in the order of the pseudonyms, which tells nothing."""
    rows = sorted(lines, key=lambda line: line.person)
    return csv_bytes(KEY_COLUMNS, ([getattr(line, name) for name in KEY_COLUMNS] for line in rows))


def read_send_list(path: Path) -> list[Entry]:
    """The letters of a send list.

    Raises
    ------
    DataError
        When it is none, or a line of it was spoiled.
    """
    table = read_table(path, dict.fromkeys(COLUMNS, ()))
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        message = f"this is no send list as crmstudy invite writes it: it has no column {', '.join(missing)}."
        raise DataError(Fault(message, str(path), 1))
    entries = []
    for row in table.rows:
        entry = Entry(**{name: row.cells[name] for name in COLUMNS})
        entries.append(entry)
        if entry.email and read_address(entry.email) != entry.email:
            table.refuse(f"'{shown(entry.email)}' is no address that mail can be sent to.", row.line)
        if read_secret(entry.code) is None or read_secret(entry.link.rpartition("=")[2]) != read_secret(entry.code):
            table.refuse("code and link do not belong together; take the file as it was written.", row.line)
        if entry.link not in entry.text:
            table.refuse("the letter does not hold its link; take the file as it was written.", row.line)
        if "\n" in entry.subject or not entry.subject:
            table.refuse("the subject must be one line.", row.line)
    table.raise_faults()
    return entries


def is_send_list(path: Path) -> bool:
    """Whether a file begins with the headings of a send list."""
    try:
        with open_file(path) as stream:
            head = stream.read(_HEAD).decode("utf-8-sig", "replace")
    except OSError:
        return False
    first = next(iter(head.splitlines()), "")
    return set(COLUMNS) <= {word.strip(' "') for word in _DELIMITER.split(first)}


def read_keys(paths: Iterable[Path]) -> list[Known]:
    """The lines of key files. Raises DataError for a file that is none."""
    known = []
    for path in paths:
        table = read_table(path, dict.fromkeys(KEY_COLUMNS, ()))
        missing = [name for name in KEY_COLUMNS if name not in table.columns]
        if missing:
            message = f"this is no key file as crmstudy invite writes it: it has no column {', '.join(missing)}."
            raise DataError(Fault(message, str(path), 1))
        table.raise_faults()
        known += [Known(**{name: row.cells[name] for name in KEY_COLUMNS}) for row in table.rows]
    return known


def file_name(*parts: str) -> str:
    """A name for a file, of ids that may hold anything."""
    return "-".join(_UNSAFE.sub("_", part) for part in parts if part)


def code_of(secret: str) -> str:
    """A code as lists, letters and slips show it."""
    return grouped(secret)


def one_each(entries: Sequence[Entry]) -> list[Entry]:
    """The newest entry of every serial, in the order in which serials come first."""
    return list({entry.serial: entry for entry in entries}.values())
