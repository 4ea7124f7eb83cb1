"""Entries of sheets in files: read from CSV, and what is in dispute written for whoever decides.

A file of entries has a row a sheet: its number in ``sheet``, then a column for every column of the data file. The file
of disputes has a row for every column in which two entries differ; the third person fills ``decision``, with ``blank``
where nothing is ticked, and leaves it empty where nothing is decided yet.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crmstudy.administration.fieldwork import Sample
from crmstudy.administration.paper.numbers import read_sheet_number, shown_number
from crmstudy.administration.paper.sheets import Sheet
from crmstudy.administration.paper.typed import (
    BLANK,
    MARKS,
    Typed,
    columns_of,
    fields_on_paper,
    read_typed,
)
from crmstudy.errors import DataError, Fault, OutputError, did_you_mean
from crmstudy.files import bytes_of, put_new
from crmstudy.instrument.forms import Field
from crmstudy.quoting import harmless, shown

NUMBER, CLERK = "sheet", "clerk"
DISPUTE_COLUMNS = ("sheet", "question", "column", "first", "second", "decision")
_LARGEST = 2**26
_MOST_FAULTS = 50
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file: its line, and its cells by column."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entered:
    """What one row of entries says."""

    line: int
    number: str
    clerk: str
    typed: Typed


def read_rows(path: Path) -> tuple[tuple[str, ...], list[Row]]:
    """The columns and rows of a CSV file in UTF-8, parted by commas, semicolons or tabs.

    Raises
    ------
    DataError
        For what is no such file; with the line where one has more cells than there are columns.
    """
    try:
        raw = bytes_of(path, _LARGEST)
    except OSError as error:
        raise DataError(Fault(f"it cannot be read: {error.strerror or error}.", str(path))) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        message = "the file must be in UTF-8; save it as 'CSV UTF-8'."
        raise DataError(Fault(message, path.name)) from None
    head = text.partition("\n")[0]
    mark = max(_DELIMITERS, key=head.count)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        names = tuple(name.strip() for name in next(lines, []))
        rows, faults = _rows(lines, names)
    except csv.Error as error:
        raise DataError(Fault(f"the file is no CSV: {error}.", path.name)) from None
    twice = sorted({name for name in names if name and names.count(name) > 1})
    faults += [(1, f"the column '{shown(name)}' stands twice.") for name in twice]
    if not any(names):
        faults.append((1, "the first line must name the columns."))
    if faults:
        raise DataError([Fault(message, path.name, line) for line, message in faults[:_MOST_FAULTS]])
    return names, rows


def _rows(lines: Any, names: Sequence[str]) -> tuple[list[Row], list[tuple[int, str]]]:
    rows: list[Row] = []
    faults: list[tuple[int, str]] = []
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(names) :]):
            faults.append((lines.line_num, f"the row has {len(cells)} cells, and there are {len(names)} columns."))
        rows.append(Row(lines.line_num, dict(zip(names, cells, strict=False))))
    return rows, faults


def read_entries(
    path: Path, sample: Sample, sheets: Mapping[str, Sheet], clerk: str, others: Mapping[str, str]
) -> tuple[list[Entered], list[Fault]]:
    """Every entry of a file, and every fault with its line.

    Parameters
    ----------
    path : Path
    sample : Sample
        What the sheets ask.
    sheets : mapping of str to Sheet
        Number -> sheet, of those that were given out for the sample.
    clerk : str
        Who typed them in; empty where a column ``clerk`` says so.
    others : mapping of str to str
        Number -> sample, of sheets of other samples.
    """
    names, rows = read_rows(path)
    lang = next(iter(sheets.values())).language if sheets else next(iter(sample.instruments[0].languages))
    wanted = [column for asked in fields_on_paper(sample, lang) for column in columns_of(asked)]
    faults = [Fault(message, path.name, 1) for message in _column_faults(names, wanted, clerk)]
    if faults:
        return [], faults
    found: list[Entered] = []
    lines: dict[str, int] = {}
    for row in rows:
        number, wrong = _number(row.cells.get(NUMBER, ""), sheets, others)
        who = clerk or row.cells.get(CLERK, "").strip()
        if not who:
            wrong.append("the row does not say who typed it in; fill in the column clerk, or name the person.")
        if number is not None and number in lines:
            wrong.append(f"the sheet {shown_number(number)} stands in line {lines[number]} already.")
        if number is None or wrong:
            faults += [Fault(message, path.name, row.line) for message in wrong]
            continue
        lines[number] = row.line
        typed, unread = read_typed(sample, sheets[number].language, row.cells)
        faults += [Fault(message, path.name, row.line) for message in unread.values()]
        found.append(Entered(row.line, number, who, typed))
        if len(faults) >= _MOST_FAULTS:
            break
    return found, faults


def _column_faults(names: Sequence[str], wanted: Sequence[str], clerk: str) -> Iterator[str]:
    if NUMBER not in names:
        yield f"the file must have a column '{NUMBER}' with the numbers of the sheets."
    if not clerk and CLERK not in names:
        yield f"the file must have a column '{CLERK}', or the person who typed it in must be named (--clerk)."
    missing = [column for column in wanted if column not in names]
    if missing:
        some = ", ".join(missing[:8]) + (f" and {len(missing) - 8} more" if len(missing) > 8 else "")
        yield (
            f"the file lacks the columns {some}; a column is left empty where all sheets are blank. "
            "'crmstudy paper form' writes a file with all of them."
        )
    known = {NUMBER, CLERK, *wanted}
    for name in names:
        if name and name not in known:
            yield f"the column '{shown(name)}' is none of the questionnaire's.{did_you_mean(name, known)}"


def _number(text: str, sheets: Mapping[str, Sheet], others: Mapping[str, str]) -> tuple[str | None, list[str]]:
    number = read_sheet_number(text)
    if number is None:
        return None, [f"'{shown(text)}' is no number of a sheet (its last digit checks the others); look at the sheet."]
    if number in others:
        what = f"the sheet {shown_number(number)} is of the sample '{others[number]}', not of this one."
        return None, [what]
    if number not in sheets:
        return None, [f"no sheet was given out with the number {shown_number(number)}; look at the sheet."]
    return number, []


def cells_of(asked: Field, typed: Typed) -> dict[str, str]:
    """The cells of a question as they are typed."""
    mark = typed.marks.get(asked.id)
    columns = columns_of(asked)
    if mark is not None:
        return dict.fromkeys(columns, MARKS[mark])
    answer = typed.answers.get(asked.id)
    if answer is None:
        return dict.fromkeys(columns, "")
    if asked.type == "multi":
        return {f"{asked.id}_{choice.value}": "1" if choice.value in answer else "0" for choice in asked.choices}
    if asked.type == "rank":
        places = {value: str(nth) for nth, value in enumerate(answer, start=1)}
        return {f"{asked.id}_{one.value}": places.get(one.value, "") for one in asked.choices if not one.missing}
    return {asked.id: str(answer).removesuffix(".0")}


def write_disputes(path: Path, disputed: Iterable[tuple[Sheet, Sequence[Field], Typed, Typed]]) -> int:
    """Write what is to be decided, never over a file; how many questions that are."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(DISPUTE_COLUMNS)
    n = 0
    for held, fields, first, second in disputed:
        for asked in fields:
            n += 1
            one, two = cells_of(asked, first), cells_of(asked, second)
            for column in one:
                said = [harmless(cells[column]) or BLANK for cells in (one, two)]
                writer.writerow([shown_number(held.number), asked.number, column, *said, ""])
    _put(path, out.getvalue())
    return n


def write_form(path: Path, sample: Sample, lang: str) -> tuple[str, ...]:
    """Write an empty table to type sheets into, never over a file; its columns."""
    columns = (NUMBER, *(column for asked in fields_on_paper(sample, lang) for column in columns_of(asked)))
    out = io.StringIO(newline="")
    csv.writer(out).writerow(columns)
    _put(path, out.getvalue())
    return columns


def _put(path: Path, text: str) -> None:
    try:
        put_new(path, text.encode("utf-8-sig"), private=True)
    except FileExistsError:
        raise OutputError(f"'{path}' exists already; name another file.") from None
    except OSError as error:
        raise OutputError(f"'{path}' cannot be written: {error.strerror or error}.") from None


def read_decisions(
    path: Path, sample: Sample, disputed: Mapping[str, tuple[Sheet, Sequence[str]]]
) -> tuple[dict[str, Typed], int, list[Fault]]:
    """Number -> what was decided, of sheets of which all is decided; how many wait; every fault with its line."""
    names, rows = read_rows(path)
    lacking = [name for name in ("sheet", "column", "decision") if name not in names]
    if lacking:
        message = f"the file must have the columns {', '.join(lacking)}, as the file of differences has."
        return {}, 0, [Fault(message, path.name, 1)]
    faults: list[Fault] = []
    cells: dict[str, dict[str, str]] = {}
    places: dict[tuple[str, str], int] = {}
    for row in rows:
        number = read_sheet_number(row.cells["sheet"])
        wanted = _disputed_columns(sample, disputed, number)
        column, said = row.cells.get("column", "").strip(), row.cells.get("decision", "").strip()
        if number is None or not wanted:
            message = f"the sheet '{shown(row.cells['sheet'])}' waits for no decision."
            faults.append(Fault(message, path.name, row.line))
        elif column not in wanted:
            hint = did_you_mean(column, wanted)
            message = f"'{shown(column)}' of the sheet {shown_number(number)} is not in dispute.{hint}"
            faults.append(Fault(message, path.name, row.line))
        elif (number, column) in places:
            message = f"'{column}' of the sheet {shown_number(number)} stands in line {places[number, column]} already."
            faults.append(Fault(message, path.name, row.line))
        else:
            places[number, column] = row.line
            cells.setdefault(number, {})[column] = said
    decided: dict[str, Typed] = {}
    waiting = 0
    for number, given in cells.items():
        held, ids = disputed[number]
        if any(not given.get(column) for column in _disputed_columns(sample, disputed, number)):
            waiting += 1
            continue
        plain = {column: "" if said.casefold() == BLANK else said for column, said in given.items()}
        decided[number], unread = read_typed(sample, held.language, plain, only=ids)
        for id, message in unread.items():
            line = next(
                (place for (one, column), place in places.items() if one == number and column.startswith(id)), 1
            )
            faults.append(Fault(message, path.name, line))
    return decided, waiting, faults


def _disputed_columns(
    sample: Sample, disputed: Mapping[str, tuple[Sheet, Sequence[str]]], number: str | None
) -> tuple[str, ...]:
    if number is None or number not in disputed:
        return ()
    held, ids = disputed[number]
    return tuple(
        column for asked in fields_on_paper(sample, held.language) if asked.id in ids for column in columns_of(asked)
    )
