"""Forms for people to fill in: a sheet in English, Persian or Russian, and what was filled in, under one set of names.

A form is described once, by its :class:`Field` values. :func:`write_form` writes it with headings and answers in the
words of a language; :func:`read_form` recognises headings and answers in any of the languages, and by their names.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from crmstudy import letters
from crmstudy.assessment.catalogue import language
from crmstudy.assessment.form_pages import Field as Field
from crmstudy.assessment.form_pages import pages_of
from crmstudy.assessment.tables import number_of
from crmstudy.errors import DataError, Fault, did_you_mean
from crmstudy.exchange.drafting.cells import read_grid
from crmstudy.exchange.drafting.sheet_out import write_pages
from crmstudy.exchange.read import read_responses
from crmstudy.quoting import shown
from crmstudy.responses import Responses

#: What a form is written as; other kinds of files are data, and are read as such.
FORMATS = (".csv", ".xlsx")
#: A file of more bytes was not filled in by hand, and may have more rows than a form.
_LARGEST = 500_000


def write_form(
    path: str | Path,
    rows: Iterable[Mapping[str, str]],
    lang: str = "en",
    *,
    fields: Sequence[Field],
    name: str = "form",
    how: Sequence[str] = (),
) -> Path:
    """Write a form as a workbook, with a second sheet that says how to fill it in, or as delimited text.

    A workbook offers the answers of a column as a list and refuses others.

    Parameters
    ----------
    path : path
        Where to write, ``.xlsx`` or ``.csv``; never over a file.
    rows : iterable of mapping of field names to texts
        What stands in the form already, in the language; a field that a row does not name stays empty.
    lang : {"en", "fa", "ru"}
        The language of headings and answers.
    fields : sequence of Field
        The columns, in their order.
    name : str
        The name of the sheet.
    how : sequence of str
        Further sentences on how to fill it in, in the language; a ``.csv`` has no place for them.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        When the file exists, or its folder does not.
    UnsupportedError
        For another language or kind of file.

    Notes
    -----
    Cells that a spreadsheet would take for a formula are neutralised.
    """
    language(lang)
    return write_pages(path, pages_of([dict(row) for row in rows], lang, fields, name, how))


def is_form(data: object) -> bool:
    """Whether ``data`` is the path of a file that a form may be written as."""
    return isinstance(data, str | Path) and Path(data).suffix.lower() in FORMATS


def read_form(path: str | Path, fields: Sequence[Field], what: str = "form", own: Collection[str] = ()) -> pd.DataFrame:
    """What was filled in, with the columns under their names and answers as their values.

    Headings and answers are recognised in every language and by name; digits may be Persian. A cell that is none of
    the answers, or no number, stays as it is, so that whoever judges the rows can say where it stands. Rows in which
    nothing stands, or the headings once more, are left out; empty cells are None. Columns that are no part of the form
    keep their headings, and so do those of ``own``. In a workbook it is the sheet with most of the form's headings that
    is read.

    Raises
    ------
    DataError
        When the file cannot be read, lacks a required column or has one twice.
    """
    grid = read_grid(path)
    known = {one.name: one for one in fields}
    filled_sheets = [sheet.rows for sheet in grid.sheets if sheet.rows]
    rows = max(filled_sheets, key=lambda rows: len(known.keys() & column_names(rows[0], fields, own)), default=[])
    if not rows:
        raise DataError(Fault(f"the {what} is empty; fill in its rows and save it again.", grid.file))
    heads = column_names(rows[0], fields, own)
    faults = _heading_faults(rows[0], heads, fields, what)
    if faults:
        raise DataError([Fault(message, grid.file, 1) for message in faults])
    columns: dict[str, list[object]] = {}
    filled = [row for row in rows[1:] if any(row) and row != rows[0]]
    for place, head in enumerate(heads):
        if head:
            cells = [row[place] for row in filled]
            columns[head] = [_value(cell, known.get(head)) for cell in cells]
    return pd.DataFrame({head: pd.Series(cells, dtype=object) for head, cells in columns.items()})


def filled_in(data: object, fields: Sequence[Field], what: str, own: Collection[str] = ()) -> object:
    """The rows of a form, whatever holds them: a file is read, a table has its headings and answers recognised.

    A table that has the required columns under their names stays as it is, and so do other kinds of files. A file of
    more than half a megabyte is read as a table. Columns whose headings are in ``own`` keep them.

    Raises
    ------
    DataError
        As :func:`read_form`.
    """
    if isinstance(data, str | Path) and is_form(data):
        path = Path(data)
        if not path.is_file() or path.stat().st_size <= _LARGEST:
            return read_form(path, fields, what, own)
        data = read_responses(path, instruments=[])
    frame = data.frame if isinstance(data, Responses) else data
    if not isinstance(frame, pd.DataFrame):
        return data
    known = {one.name: one for one in fields}
    required = {one.name for one in fields if one.required}
    heads = column_names([str(head) for head in frame], fields, own)
    if required <= set(frame) or not required <= set(heads):
        return data
    cells = [
        [_value(cell, known.get(head)) if isinstance(cell, str) else cell for cell in frame.iloc[:, place]]
        for place, head in enumerate(heads)
    ]
    made = pd.DataFrame(dict(enumerate(cells)), dtype=object)
    return made.set_axis(heads, axis=1)


def column_names(heads: Sequence[str], fields: Sequence[Field], own: Collection[str] = ()) -> list[str]:
    """The names of the columns: those of the fields where a heading is recognised; ``own`` headings stay."""
    words = {letters.key(word): one.name for one in fields for word in (*one.heading.values(), one.name)}
    bare = [head.strip() for head in heads]
    return [head if head in own or not head else words.get(letters.key(head), head) for head in bare]


def _heading_faults(head: Sequence[str], heads: Sequence[str], fields: Sequence[Field], what: str) -> list[str]:
    faults = []
    for one in fields:
        if one.required and one.name not in heads:
            hint = did_you_mean(one.heading["en"], head) or did_you_mean(one.name, head)
            found = ", ".join(f"'{shown(cell)}'" for cell in head if cell) or "nothing"
            faults.append(f"the {what} lacks the column '{one.name}' ({one.heading['en']}); found {found}.{hint}")
    for name in sorted({name for name in heads if name and heads.count(name) > 1}):
        faults.append(f"the {what} has the column '{shown(name)}' {heads.count(name)} times; keep one.")
    return faults


def _value(cell: str, about: Field | None) -> object:
    if not cell:
        return None
    if about is None:
        return cell
    if about.answers:
        wanted = letters.key(cell)
        for value, words in about.answers.items():
            if wanted in {letters.key(word) for word in (value, *words.values())}:
                return value
        return cell
    return _number(cell) if about.kind in ("number", "whole") else cell


def _number(cell: str) -> object:
    """The number of a cell, or the cell."""
    number = number_of(cell)
    return number if math.isfinite(number) else cell
