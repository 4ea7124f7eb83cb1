"""Forms for people to fill in: a sheet in English, Persian or Russian, and what was filled in, under one set of names.

A form is described once, by its :class:`Field` values. :func:`write_form` writes it with headings and answers in the
words of a language; :func:`read_form` recognises headings and answers in any of the languages, and by their names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from crmstudy import letters
from crmstudy.assessment.catalogue import language
from crmstudy.errors import DataError, Fault, did_you_mean
from crmstudy.exchange.drafting.cells import read_grid
from crmstudy.exchange.drafting.sheet_out import Page, write_pages
from crmstudy.quoting import shown

#: What a form is written as; other kinds of files are data, and are read as such.
FORMATS = (".csv", ".xlsx")
#: 1,234 is read as one thing here and as another there.
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+")
_HOW = {
    "en": ("How to fill in this form", "{heading}: write one of {answers}.", "{heading}: write a number."),
    "fa": ("راهنمای پر کردن فرم", "{heading}: یکی از این‌ها را بنویسید: {answers}.", "{heading}: عدد بنویسید."),
    "ru": ("Как заполнить форму", "{heading}: укажите одно из значений: {answers}.", "{heading}: укажите число."),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a form.

    ``name`` is what the column is called in the data; ``heading`` its heading by language. ``kind`` is how its cells
    are read. ``answers`` are the values it may hold, each with its words by language (empty: anything). ``filled`` says
    that people fill it in, ``required`` that a file without it cannot be read.
    """

    name: str
    heading: Mapping[str, str]
    kind: Literal["text", "number"] = "text"
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    filled: bool = False
    required: bool = True
    width: int = 18


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
    listed = [[str(row.get(one.name, "")) for one in fields] for row in rows]
    page = Page(
        name,
        [[one.heading[lang] for one in fields], *listed],
        tuple(one.width for one in fields),
        rtl=lang == "fa",
    )
    told = [[sentence] for sentence in (_HOW[lang][0], *_told(fields, lang), *how)]
    return write_pages(path, [page, Page("how", told, (120,), rtl=lang == "fa")])


def is_form(data: object) -> bool:
    """Whether ``data`` is the path of a file that a form may be written as."""
    return isinstance(data, str | Path) and Path(data).suffix.lower() in FORMATS


def read_form(path: str | Path, fields: Sequence[Field], what: str = "form") -> pd.DataFrame:
    """What was filled in, with the columns under their names and answers as their values.

    Headings and answers are recognised in every language and by name; digits may be Persian. A cell that is none of
    the answers, or no number, stays as it is, so that whoever judges the rows can say where it stands. Rows in which
    nothing stands are left out; empty cells are None. Columns that are no part of the form keep their headings.

    Raises
    ------
    DataError
        When the file cannot be read, lacks a required column or has one twice.
    """
    grid = read_grid(path)
    rows = next((sheet.rows for sheet in grid.sheets if sheet.rows), [])
    if not rows:
        raise DataError(Fault(f"the {what} is empty; fill in its rows and save it again.", grid.file))
    heads = _names(rows[0], fields)
    faults = _heading_faults(rows[0], heads, fields, what)
    if faults:
        raise DataError([Fault(message, grid.file, 1) for message in faults])
    known = {one.name: one for one in fields}
    columns: dict[str, list[object]] = {}
    filled = [row for row in rows[1:] if any(row)]
    for place, head in enumerate(heads):
        if head:
            cells = [row[place] for row in filled]
            columns[head] = [_value(cell, known.get(head)) for cell in cells]
    return pd.DataFrame({head: pd.Series(cells, dtype=object) for head, cells in columns.items()})


def _told(fields: Sequence[Field], lang: str) -> list[str]:
    """What may be written in the columns that people fill in."""
    told = []
    for one in fields:
        if one.answers:
            said = " / ".join(words[lang] for words in one.answers.values())
            told.append(_HOW[lang][1].format(heading=one.heading[lang], answers=said))
        elif one.filled and one.kind == "number":
            told.append(_HOW[lang][2].format(heading=one.heading[lang]))
    return told


def _names(head: Sequence[str], fields: Sequence[Field]) -> list[str]:
    """The names of the columns: those of the fields where a heading is recognised."""
    words = {letters.key(word): one.name for one in fields for word in (*one.heading.values(), one.name)}
    return [words.get(letters.key(cell), cell.strip()) if cell.strip() else "" for cell in head]


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
    return _number(cell) if about.kind == "number" else cell


def _number(cell: str) -> object:
    """The number of a cell; a comma is a decimal mark unless it could separate thousands."""
    found = letters.digits(cell)
    if _THOUSANDS.fullmatch(found):
        return cell
    try:
        number = float(found.replace(",", "."))
    except ValueError:
        return cell
    return number if math.isfinite(number) else cell
