"""Sheets of the translation workflow as workbooks: written for a step, read when they are filled in."""

from __future__ import annotations

from pathlib import Path

from crmstudy.errors import InstrumentError
from crmstudy.exchange.drafting.cells import read_grid
from crmstudy.exchange.drafting.sheet_out import Page, write_pages
from crmstudy.instrument.drafts import direction_of
from crmstudy.instrument.revising.translating import Sheet

_TEXTS, _ABOUT = "texts", "about"
#: What whoever fills in a sheet should know, by step.
_HOW = {
    "forward": "Translate every row into the language named at 'to'. Fill in who translated. With two translators, "
    "write the text that was agreed wherever theirs differ. Keep words in braces such as {system}; a form may stand "
    "behind a colon, as in {system:gen}.",
    "back": "Translate every row back without looking at the source. Fill in who translated; it must "
    "not be the translator.",
    "reconcile": "For every row that differs: write 'keep' under decision, or a new text, with the reason. "
    "Fill in who decided.",
}


def write_sheet(path: str | Path, sheet: Sheet) -> Path:
    """Write the sheet of a step as a workbook with the sheets texts and about; raises as :func:`write_pages`."""
    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        from crmstudy.errors import UnsupportedError

        raise UnsupportedError(f"a translation sheet is a workbook: name it .xlsx, not '{path.suffix}'.")
    rtl = direction_of(sheet.about["to"]) == "rtl" and sheet.about["step"] == "back"
    about = [
        ["key", "value"],
        *([key, value] for key, value in sheet.about.items()),
        ["how", _HOW[sheet.about["step"]]],
    ]
    widths = (24, *([50] * (len(sheet.head) - 1)))
    return write_pages(
        path, [Page(_TEXTS, [list(sheet.head), *map(list, sheet.rows)], widths, rtl), Page(_ABOUT, about, (22, 100))]
    )


def read_sheet(path: str | Path) -> Sheet:
    """Read a filled sheet.

    Raises
    ------
    DataError
        When the workbook cannot be read.
    InstrumentError
        When it is no sheet of the translation workflow.
    """
    grid = read_grid(path)
    sheets = {sheet.name: sheet.rows for sheet in grid.sheets if sheet.rows}
    if _TEXTS not in sheets or _ABOUT not in sheets:
        raise InstrumentError(
            f"'{grid.file}' is no translation sheet: it needs the sheets '{_TEXTS}' and '{_ABOUT}' of the one that "
            "was written."
        )
    about = {row[0].strip(): row[1] if len(row) > 1 else "" for row in sheets[_ABOUT][1:] if row[0].strip()}
    head, *rows = sheets[_TEXTS]
    return Sheet(about, tuple(cell.strip() for cell in head), tuple(tuple(row) for row in rows if any(row)), grid.file)
