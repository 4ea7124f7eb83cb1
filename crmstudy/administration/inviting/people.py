"""The list of people who are asked: a table of names, addresses, units and languages, checked before anyone is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crmstudy.administration.fieldwork import Fieldwork, Sample, Unit
from crmstudy.administration.inviting.addresses import read_address, same
from crmstudy.administration.inviting.tables import Row, Table, read_table
from crmstudy.errors import did_you_mean
from crmstudy.letters import digits, key
from crmstudy.quoting import shown

#: Column -> the headings it may have in a list.
HEADINGS: dict[str, tuple[str, ...]] = {
    "id": ("staff id", "employee id", "personnel number", "personnel no", "employee number", "customer id",
           "табельный номер", "таб. номер", "номер", "идентификатор",
           "شماره پرسنلی", "کد پرسنلی", "شناسه", "کد کارمندی", "شماره مشتری"),
    "name": ("full name", "employee", "имя", "фио", "ф.и.о.", "сотрудник", "полное имя",
             "نام", "نام و نام خانوادگی", "نام کامل", "کارمند"),
    "email": ("e-mail", "mail", "e-mail address", "email address", "почта", "эл. почта", "электронная почта",
              "адрес эл. почты", "адрес электронной почты", "емейл", "имейл",
              "ایمیل", "رایانامه", "پست الکترونیک", "پست الکترونیکی", "نشانی ایمیل", "آدرس ایمیل"),
    "phone": ("telephone", "mobile", "phone number", "mobile phone", "телефон", "мобильный", "мобильный телефон",
              "номер телефона", "تلفن", "موبایل", "تلفن همراه", "شماره تلفن", "شماره موبایل", "همراه"),
    "unit": ("branch", "department", "office", "подразделение", "филиал", "отделение", "отдел", "офис",
             "واحد", "شعبه", "بخش", "اداره", "کد شعبه"),
    "lang": ("language", "язык", "زبان"),
}  # fmt: skip
LANGUAGES = {
    "en": ("english", "английский", "انگلیسی", "eng"),
    "fa": ("persian", "farsi", "персидский", "фарси", "فارسی", "fas", "per"),
    "ru": ("russian", "русский", "روسی", "rus"),
}
COUNT_HEADINGS: dict[str, tuple[str, ...]] = {
    "unit": HEADINGS["unit"],
    "count": ("n", "head count", "headcount", "number", "staff", "people", "slips",
              "количество", "число", "численность", "человек", "تعداد", "تعداد کارکنان", "شمار"),
}  # fmt: skip
MOST_SLIPS = 20_000
_LONGEST = 200
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{2,38}\Z")
_ONE_COUNT = re.compile(r"[0-9]{1,6}\Z")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is asked; what the list does not tell is empty. ``line`` is that of the list."""

    line: int
    id: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    unit: str = ""
    lang: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What tells this person from all others: a number, else an address, else a phone, else a name in a unit."""
        if self.id:
            return f"id {key(self.id)}"
        if self.email:
            return f"email {same(self.email)}"
        if self.phone:
            return f"phone {''.join(sign for sign in self.phone if sign in '+0123456789')}"
        return f"name {key(self.name)} {self.unit}" if self.name else ""


@dataclass(frozen=True, slots=True)
class People:
    """Everybody of a list, in its order, and what there is to tell of the file."""

    people: tuple[Person, ...]
    notes: tuple[str, ...] = ()


def read_people(
    path: Path, fieldwork: Fieldwork, sample: Sample, *, lang: str = "", mail: bool = False, encoding: str | None = None
) -> People:
    """Read a list of people.

    Parameters
    ----------
    path : Path
        A table with headings (:data:`HEADINGS`; the attributes of the sample by their names).
    fieldwork, sample
        Whose units, languages and attributes the list must use.
    lang : str
        Language of those for whom none is given; the first of the study when left out.
    mail : bool
        Whether everybody needs an address.
    encoding : str, optional
        As in :func:`.tables.read_table`.

    Raises
    ------
    DataError
        With every fault of the list and its line.
    """
    names = {**HEADINGS, **dict.fromkeys(sample.attributes, ())}
    table = read_table(path, names, encoding=encoding)
    if mail and "email" not in table.columns:
        table.refuse("letters go by mail, but no column is 'email'; add it, or leave --send out.", 1)
        table.raise_faults()
    missing = [name for name in sample.attributes if name not in table.columns]
    if missing:
        table.notes.append(f"No column has the name of {', '.join(missing)}; the tokens carry no such attribute.")
    if _needs_unit(fieldwork, sample) and "unit" not in table.columns:
        table.refuse("the study declares units, but no column is 'unit' (branch, филиал, شعبه ...); add it.", 1)
        table.raise_faults()
    units, languages = unit_names(fieldwork.units.values()), _languages(fieldwork)
    found = [
        _person(row, table, fieldwork, sample, units, languages, lang or fieldwork.languages[0], mail)
        for row in table.rows
    ]
    _refuse_doubles(found, table)
    table.raise_faults()
    return People(tuple(found), tuple(table.notes))


def read_counts(given: Iterable[str], fieldwork: Fieldwork, *, encoding: str | None = None) -> dict[str, int]:
    """How many slips each unit gets: ``UNIT=40`` any number of times, ``A=40,B=20``, or files (columns unit, count).

    Raises
    ------
    DataError
        With every fault.
    """
    table = Table("--slips", (), [], "")
    units, counts = unit_names(fieldwork.units.values()), dict[str, int]()
    for one in [part for several in given for part in _counted_apart(several)]:
        if "=" in one:
            name, _, count = one.rpartition("=")
            _count(name, count, table, None, fieldwork, units, counts)
            continue
        if key(one) in units and not Path(one).exists():
            table.refuse(f"say how many slips the unit gets: --slips {one}=40.")
            continue
        file = read_table(Path(one), COUNT_HEADINGS, encoding=encoding)
        for column in [column for column in ("unit", "count") if column not in file.columns]:
            file.refuse(f"no column is '{column}'; a file for --slips has the columns unit and count.", 1)
        if not file.faults:
            for row in file.rows:
                _count(row.cells["unit"], row.cells["count"], file, row.line, fieldwork, units, counts)
        table.faults += file.faults
    if not counts and not table.faults:
        table.refuse("no unit gets a slip; give --slips UNIT=40, or a file with the columns unit and count.")
    table.raise_faults()
    return counts


def _counted_apart(given: str) -> list[str]:
    """``A=40,B=20`` as two; anything else as it is."""
    parts = [part.strip() for part in given.split(",")]
    return parts if all("=" in part for part in parts) else [given]


def unit_names(units: Iterable[Unit]) -> dict[str, str]:
    """What a unit may be called in a list -> its id; a name that two units have finds neither."""
    found: dict[str, str] = {}
    doubled = set()
    units = list(units)
    for unit in units:
        for name in unit.name.values():
            if found.setdefault(key(name), unit.id) != unit.id:
                doubled.add(key(name))
    for name in doubled:
        del found[name]
    return found | {key(unit.id): unit.id for unit in units}


def _person(
    row: Row,
    table: Table,
    fieldwork: Fieldwork,
    sample: Sample,
    units: Mapping[str, str],
    languages: Mapping[str, str],
    default: str,
    mail: bool,
) -> Person:
    cells = row.cells
    for name, cell in cells.items():
        if len(cell) > _LONGEST:
            table.refuse(f"'{name}' has {len(cell):,} letters, at most {_LONGEST} are read.", row.line)
        elif "\n" in cell:
            table.refuse(f"'{name}' has more than one line; write it in one.", row.line)
    email = read_address(cells.get("email", "")) or ""
    if cells.get("email") and not email:
        table.refuse(f"'{shown(cells['email'])}' is no address that mail can be sent to.", row.line)
    elif mail and not email:
        table.refuse("letters go by mail, but this row has no address.", row.line)
    phone = digits(cells.get("phone", ""))
    if phone and not _PHONE.match(phone):
        table.refuse(f"'{shown(phone)}' is no phone number.", row.line)
    unit = cells.get("unit", "")
    found = _unit(unit, table, row.line, fieldwork, units) if unit or _needs_unit(fieldwork, sample) else ""
    said = cells.get("lang", "")
    lang = languages.get(key(said), "") if said else default
    if not lang:
        offered = ", ".join(fieldwork.languages)
        table.refuse(f"'{shown(said)}' is no language that the study offers; it offers {offered}.", row.line)
    attributes = {name: cells[name] for name in sample.attributes if cells.get(name)}
    return Person(row.line, cells.get("id", ""), cells.get("name", ""), email, phone, found, lang, attributes)


def _needs_unit(fieldwork: Fieldwork, sample: Sample) -> bool:
    """Whether everybody must belong to a unit: staff do, where there are units."""
    return bool(fieldwork.units) and sample.population == "staff"


def _unit(text: str, table: Table, line: int | None, fieldwork: Fieldwork, units: Mapping[str, str]) -> str:
    if not text:
        table.refuse("no unit is given, but the study declares units; fill it in.", line)
    elif not fieldwork.units:
        where = "declare units in administration.yaml, or take the column out"
        table.refuse(f"the unit '{shown(text)}' is not declared; {where}.", line)
    elif key(text) not in units:
        hint = did_you_mean(text, [*fieldwork.units, *(n for u in fieldwork.units.values() for n in u.name.values())])
        table.refuse(f"the unit '{shown(text)}' is not declared, or its name is that of several units.{hint}", line)
    return units.get(key(text), "")


def _count(
    name: str,
    count: str,
    table: Table,
    line: int | None,
    fieldwork: Fieldwork,
    units: Mapping[str, str],
    counts: dict[str, int],
) -> None:
    """Read the number of slips of one unit."""
    before = len(table.faults)
    unit = _unit(name, table, line, fieldwork, units)
    number = digits(count)
    if not _ONE_COUNT.match(number) or not 0 < int(number) <= MOST_SLIPS:
        found = f"found '{shown(count)}' for '{shown(name)}'"
        table.refuse(f"the number of slips of a unit is 1 to {MOST_SLIPS:,}; {found}.", line)
    if unit in counts:
        table.refuse(f"the unit '{shown(name)}' stands twice; give one number.", line)
    elif len(table.faults) == before:
        counts[unit] = int(number)


def _languages(fieldwork: Fieldwork) -> dict[str, str]:
    return {key(name): lang for lang in fieldwork.languages for name in (lang, *LANGUAGES.get(lang.split("-")[0], ()))}


def _refuse_doubles(people: Iterable[Person], table: Table) -> None:
    """Refuse an address, a number of staff and a person that stands in two rows."""
    seen: dict[str, int] = {}
    for person in people:
        marks = {f"the address '{shown(person.email)}'": f"e {same(person.email)}"} if person.email else {}
        if person.id:
            marks[f"the id '{shown(person.id)}'"] = f"i {key(person.id)}"
        if not marks and person.identity:
            marks[f"'{shown(person.name or person.phone)}'"] = person.identity
        for said, mark in marks.items():
            first = seen.setdefault(mark, person.line)
            if first != person.line:
                table.refuse(f"{said} stands in line {first} too; nobody is asked twice.", person.line)
        if not person.identity:
            table.refuse("the row has no name, address, phone or id; nothing can reach this person.", person.line)
