"""A questionnaire in a workbook or a delimited file: our template, a table with answers, or a list of statements."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crmstudy import letters
from crmstudy.errors import DataError, Fault
from crmstudy.exchange.drafting.cells import Sheet, read_grid
from crmstudy.exchange.drafting.found import Found
from crmstudy.exchange.drafting.headings import heading_of
from crmstudy.exchange.drafting.tables import guessed_layout, layout_of, read_key_table, read_rows
from crmstudy.exchange.questionnaires.names import tag_of
from crmstudy.exchange.questionnaires.seen import language_of, number_of, one_line, quoted

#: Sheets of the template beside that of the items, and their headings.
ANSWERS, ABOUT = "answers", "about"
_ABOUT = {
    "name": ("name", "title", "نام", "عنوان", "название"),
    "instructions": ("instructions", "instruction", "راهنما", "راهنمای پاسخ", "инструкция"),
}


def read_sheets(path: str | Path, lang: str | None = None) -> Found:
    """Read a questionnaire from a workbook (.xlsx) or delimited text.

    Raises
    ------
    DataError
        When the file cannot be read, or no sheet has statements in it.
    """
    grid = read_grid(path)
    texts = [cell for sheet in grid.sheets for row in sheet.rows for cell in row]
    found = Found(f"the file {grid.file}", lang or language_of(texts))
    found.told += grid.told
    if lang is None:
        found.told.append(f"The language of the texts was taken to be '{found.lang}', by their letters.")
    for sheet in grid.sheets:
        if not sheet.rows:
            continue
        role = _role(sheet)
        if role == ANSWERS:
            _read_answers(sheet, found)
        elif role == ABOUT:
            _read_about(sheet, found)
    for sheet in grid.sheets:
        if sheet.rows and not _role(sheet):
            _read_sheet(sheet, found, several=len(grid.sheets) > 1)
    if not found.statements:
        message = (
            "no sheet has a column of statements that could be recognised; name the columns item, text, scale, "
            "reversed, answers (crmstudy instruments new --template FILE.xlsx writes such a sheet)."
        )
        if {"items", "how"} <= {sheet.name for sheet in grid.sheets}:
            message = "the sheet 'items' of the template has no statements yet; fill in one row a question."
        raise DataError(Fault(message, grid.file))
    return found


def _role(sheet: Sheet) -> str:
    """Which sheet of the template it is; empty for one of statements."""
    head = [letters.key(cell) for cell in sheet.rows[0]]
    if head[:2] == ["set", "value"]:
        return ANSWERS
    if head[:1] == ["key"] and len(head) > 1:
        return ABOUT
    return "how" if sheet.name == "how" else ""


def _read_answers(sheet: Sheet, found: Found) -> None:
    tags = {place: tag for place, name in enumerate(sheet.rows[0]) if place > 1 and (tag := tag_of(name))}
    for line, row in enumerate(sheet.rows[1:], start=2):
        name, value = row[0], number_of(letters.digits(row[1]))
        if not any(row):
            continue
        if not name or value is None or not value.is_integer():
            found.unsure.append(
                f"Row {line} of the sheet '{quoted(sheet.name)}' is no answer (set, value, labels); it was left out."
            )
            continue
        labels = {tag: one_line(row[place]) for place, tag in tags.items() if row[place]}
        found.sets.setdefault(one_line(name), {})[int(value)] = labels


def _read_about(sheet: Sheet, found: Found) -> None:
    tags = {place: tag for place, name in enumerate(sheet.rows[0]) if place > 0 and (tag := tag_of(name))}
    known = {letters.key(word): key for key, words in _ABOUT.items() for word in words}
    for row in sheet.rows[1:]:
        texts = {tag: one_line(row[place]) for place, tag in tags.items() if row[place]}
        key = known.get(letters.key(row[0]), "")
        if key == "name":
            found.title = texts
        elif key == "instructions":
            found.instructions = texts
        elif row[0] and texts:
            found.scales[one_line(row[0])] = texts


def _read_sheet(sheet: Sheet, found: Found, *, several: bool) -> None:
    where = f"sheet '{quoted(sheet.name, 30)}', " if several else ""
    key = read_key_table(sheet.rows)
    if key is not None and found.statements:
        put_in_scales(key, found)
        return
    layout = layout_of(sheet.rows, found)
    scale = ""
    if layout is not None:
        before = [row for row in sheet.rows[: layout.head] if any(row)]
        _read_head(before, found)
    else:
        layout = guessed_layout(sheet.rows)
        if layout is None:
            found.unsure.append(
                f"The sheet '{quoted(sheet.name)}' has no column of statements that could be recognised; "
                "it was left out."
            )
            return
        found.unsure.append(
            f"{(where or 'the sheet, ').rstrip(', ').capitalize()} has no heading; its longest texts were taken for "
            "the statements."
        )
    if sheet.filled:
        found.told.append(
            f"{sheet.filled} cells that are merged downwards were filled up ({where.rstrip(', ') or 'the sheet'})."
        )
    read_rows(sheet.rows, layout, found, scale=scale, where=where)


def _read_head(rows: Sequence[Sequence[str]], found: Found) -> None:
    """What stands above the table: a title, then instructions."""
    texts = [one_line(" ".join(dict.fromkeys(cell for cell in row if cell))) for row in rows]
    if texts and not found.title and not heading_of(texts[0]):
        found.title = {found.lang: texts[0]}
        found.told.append(f"The title was taken to be '{quoted(texts[0])}'.")
    if len(texts) > 1 and not found.instructions:
        found.instructions = {found.lang: " ".join(texts[1:])}
        found.told.append(
            f"The text above the table was taken for the instructions: '{quoted(found.instructions[found.lang])}'."
        )


def put_in_scales(key: dict[str, list[int]], found: Found) -> None:
    """Give statements the dimension that a table of item numbers says."""
    numbers = {statement.number or str(place): statement for place, statement in enumerate(found.statements, start=1)}
    lost = []
    for scale, listed in key.items():
        for number in listed:
            statement = numbers.get(str(number))
            if statement is None:
                lost.append(number)
            else:
                statement.scale = scale
    found.told.append(
        "The dimensions were taken from a table of item numbers: "
        f"{', '.join(f'{quoted(k, 30)} ({len(v)})' for k, v in key.items())}."
    )
    if lost:
        found.unsure.append(
            f"The table of dimensions names numbers that no statement has: {', '.join(map(str, lost))}."
        )
