"""Excel workbooks (.xlsx, .xlsm): one sheet, with its names in the first row; of formulas, the values."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from array import array
from typing import TYPE_CHECKING, Any

from crmstudy.errors import DataError, Fault, did_you_mean
from crmstudy.exchange.reading import plain
from crmstudy.exchange.untrusted.archives import check_archive
from crmstudy.quoting import shown

if TYPE_CHECKING:
    from crmstudy.exchange.sources import Asked
    from crmstudy.exchange.table import Table

#: The sheet that holds a stamp and no data.
STAMPED = "crmstudy"
_NUMBER = re.compile(r"\s*[+-]?\d+(?:[.,]\d+)?\s*")
_THOUSANDS = re.compile(r"-?(?!0)\d{1,3}\.\d{3}")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_UNCOUNTED = re.compile(
    rb'<c\s[^>]*?r="([A-Z]{1,3}\d{1,7})"[^>]*>\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)
_MOST_ROWS = 1_048_576
_SHOWN = 5


def read(asked: Asked) -> Table:
    """Read a sheet of a workbook: that of ``sheet=``, or the first visible one."""
    from crmstudy.exchange.untrusted.door import parse

    found = parse("workbook", asked.raw, file=asked.file, sheet=asked.sheet)
    return plain.table_of(found, asked, place="sheet row")


def take_apart(raw: bytes, file: str, sheet: str | None = None) -> dict[str, Any]:
    """Take a sheet of a workbook apart; runs in the child."""
    import openpyxl

    archive = check_archive(raw, file)
    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    chosen = _choose(book, sheet, file)
    grid = _Grid()
    chosen.reset_dimensions()
    for number, row in enumerate(chosen.iter_rows(values_only=True), start=1):
        grid.take(number, row, file)
    names = grid.names(file)
    faults = _cell_faults(archive, chosen, grid)
    columns = []
    as_text = []
    for place, name in enumerate(names):
        column, mixed = _column(grid.column(place))
        columns.append(column)
        faults += plain.odd_letters(column, name, file)
        as_text += [f"'{shown(name)}' ({mixed})"] if mixed else []
    return {
        "names": names,
        "columns": columns,
        "rows": array("i", (row - grid.names_row for row in grid.rows)),
        "lines": array("i", grid.rows),
        "names_line": grid.names_row,
        "stamp": _stamp(archive, book),
        "faults": faults,
        "notes": _notes(book, chosen, as_text, grid.empty_tail),
    }


def _choose(book: Any, sheet: str | None, file: str) -> Any:
    sheets = {one.title: one for one in book.worksheets}
    if sheet is not None:
        if sheet in sheets:
            return sheets[sheet]
        hint = did_you_mean(sheet, sheets) or f" There is: {', '.join(map(shown, sheets))}."
        raise DataError(Fault(f"the workbook has no sheet '{shown(sheet)}'.{hint}", file))
    seen = [one for one in book.worksheets if one.sheet_state == "visible" and one.title != STAMPED]
    if not seen:
        raise DataError(Fault("the workbook has no visible sheet with cells; name one with sheet=.", file))
    return seen[0]


class _Grid:
    """The cells of a sheet, column by column; what is empty takes no room."""

    def __init__(self) -> None:
        self.names_row = 0
        self.head: list[Any] = []
        self.cells: list[list[Any]] = []
        self.rows: list[int] = []
        self.waiting: list[int] = []

    def take(self, number: int, row: tuple[Any, ...], file: str) -> None:
        """Take the next row; the first that is not empty has the names, empty ones at the end are no respondents."""
        if number > _MOST_ROWS:
            raise DataError(Fault(f"the sheet has rows beyond {_MOST_ROWS:,}, where sheets end; it is damaged.", file))
        if not any(_held(cell) for cell in row):
            if self.names_row:
                self.waiting.append(number)
            return
        if not self.names_row:
            self.names_row, self.head = number, list(row)
            plain.check_width(self.head, file)
            self.cells = [[] for _ in self.head]
            return
        self.rows += self.waiting
        self.waiting = []
        place = len(self.rows)
        self.rows.append(number)
        for position, cell in enumerate(row):
            if not _held(cell):
                continue
            while position >= len(self.cells):
                self.cells.append([])
                plain.check_width(self.cells, file)
            column = self.cells[position]
            column.extend([None] * (place - len(column)))
            column.append(cell)

    @property
    def empty_tail(self) -> int:
        return len(self.waiting)

    def names(self, file: str) -> list[str]:
        """The names; columns without name and cells are dropped. Raises DataError where there is nothing to read."""
        if not self.names_row:
            raise DataError(Fault("the sheet is empty; its first row must hold the column names.", file))
        if not self.rows:
            raise DataError(Fault("the sheet has column names but no rows of data; check the export.", file))
        head = [*map(_text, self.head), *[""] * (len(self.cells) - len(self.head))]
        while head and not head[-1].strip() and not self.cells[-1]:
            head.pop()
            self.cells.pop()
        self.nameless = [place for place, name in enumerate(head) if not name.strip()]
        return head

    def column(self, place: int) -> list[Any]:
        """The cells of a column, one a row."""
        cells = self.cells[place]
        return cells + [None] * (len(self.rows) - len(cells))


def _held(cell: Any) -> bool:
    return cell is not None and not (isinstance(cell, str) and not cell.strip())


def _cell_faults(archive: zipfile.ZipFile, chosen: Any, grid: _Grid) -> list[tuple[str, int | None]]:
    """Columns without a name, merged cells, and formulas that were never computed."""
    from openpyxl.utils import column_index_from_string, get_column_letter

    faults: list[tuple[str, int | None]] = [
        (f"column {get_column_letter(place + 1)} has no name; give it one in the first row.", grid.names_row)
        for place in grid.nameless[:_SHOWN]
    ]
    part = getattr(chosen, "_worksheet_path", "")
    try:
        markup = archive.read(part)
    except KeyError:
        return faults
    last = grid.rows[-1]
    merged = [
        (f"{left}{top}:{right}{bottom}", int(top))
        for left, top, right, bottom in (map(bytes.decode, found) for found in _MERGED.findall(markup))
        if int(top) <= last and int(bottom) >= grid.names_row and column_index_from_string(left) <= len(grid.cells)
    ]
    if merged:
        said = ", ".join(where for where, _ in merged[:_SHOWN])
        more = f" and {len(merged) - _SHOWN} more" if len(merged) > _SHOWN else ""
        message = (
            f"cells are merged ({said}{more}): only the first of each holds what it shows. Unmerge them and fill every "
            "cell."
        )
        faults.append((message, merged[0][1]))
    uncounted = [cell.decode() for cell in _UNCOUNTED.findall(markup)]
    if uncounted:
        said = ", ".join(uncounted[:_SHOWN]) + (
            f" and {len(uncounted) - _SHOWN} more" if len(uncounted) > _SHOWN else ""
        )
        message = (
            f"formulas were never computed ({said}); open the workbook in its program and save it, or paste values."
        )
        faults.append((message, None))
    return faults


def _column(cells: list[Any]) -> tuple[dict[str, Any], int]:
    """A column, and in how many cells of a column with numbers a number stands as text."""
    numeric = sum(isinstance(cell, int | float) for cell in cells)
    held = sum(map(_held, cells))
    if numeric == held:
        return {"numbers": [_number(cell) for cell in cells]}, 0
    stored = sum(isinstance(cell, str) and _NUMBER.fullmatch(cell) is not None for cell in cells)
    days = all(cell.time() == dt.time() for cell in cells if isinstance(cell, dt.datetime))
    return plain.words(_text(cell, days=days) for cell in cells), stored


def _number(cell: Any) -> float:
    if not isinstance(cell, int | float):
        return float("nan")
    try:
        return float(cell)
    except OverflowError:
        return float("inf")


def _text(cell: Any, *, days: bool = True) -> str:
    """A cell as a text; a number so that it is read back as it is."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, int | float):
        value = _number(cell)
        said = f"{value:.0f}" if value == value and abs(value) < 1e15 and value == int(value) else repr(value)
        return said + "0" if _THOUSANDS.fullmatch(said) else said
    if isinstance(cell, dt.datetime):
        return (
            cell.date().isoformat()
            if days and cell.time() == dt.time()
            else cell.isoformat(sep=" ", timespec="seconds")
        )
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)


def _stamp(archive: zipfile.ZipFile, book: Any) -> str:
    """Where a stamp may stand: the properties, and the first cells of the sheet that is named for it."""
    found = [
        archive.read(name).decode("utf-8", errors="replace")
        for name in archive.namelist()
        if name.startswith("docProps/") and archive.getinfo(name).file_size < 2**20
    ]
    for one in book.worksheets:
        if one.title == STAMPED:
            one.reset_dimensions()
            for row in one.iter_rows(max_row=200, max_col=20, values_only=True):
                found += [cell for cell in row if isinstance(cell, str)]
    return "\n".join(found)


def _notes(book: Any, chosen: Any, as_text: list[str], empty_tail: int) -> list[tuple[str, str, str]]:
    notes = []
    others = [one for one in book.worksheets if one is not chosen and one.title != STAMPED]
    if others:
        said = ", ".join(
            f"'{shown(one.title)}'{'' if one.sheet_state == 'visible' else ' (hidden)'}" for one in others[:10]
        )
        message = f"Read was the sheet '{shown(chosen.title)}'; the workbook has others: {said}."
        notes.append(("RESPONSES_SHEET", message, "info"))
    if as_text:
        said = ", ".join(as_text[:10])
        message = f"Numbers stored as texts were read as numbers where every cell of their column is one: {said}."
        notes.append(("RESPONSES_NUMBERS_AS_TEXT", message, "info"))
    if empty_tail:
        notes.append(
            ("RESPONSES_EMPTY_ROWS", f"{empty_tail} empty rows at the end of the sheet were left out.", "info")
        )
    return notes
