"""A Word document taken apart: its paragraphs and tables in their order, as plain values. Runs in the child."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from crmstudy.errors import DataError, Fault

#: A questionnaire has hundreds of paragraphs and tables of some hundred rows.
MOST_BLOCKS, MOST_CELLS = 20_000, 200_000
_LONGEST = 20_000
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BREAKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}


def take_apart(raw: bytes, file: str) -> dict[str, Any]:
    """Give the blocks of a document: ``["p", text, heading level (0: none), numbered, bold]`` and ``["t", rows]``."""
    import docx
    from docx.table import Table

    from crmstudy.exchange.untrusted.archives import check_archive

    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(
            Fault("this is a file of Word before 2007, or protected by a password; save it as .docx.", file)
        )
    check_archive(raw, file, "the document")
    document = docx.Document(io.BytesIO(raw))
    blocks: list[list[Any]] = []
    cells = 0
    for block in _inner(document.element.body, document._body):
        if len(blocks) >= MOST_BLOCKS:
            message = f"the document has more than {MOST_BLOCKS:,} paragraphs; this is no questionnaire."
            raise DataError(Fault(message, file))
        if isinstance(block, Table):
            rows = _rows(block)
            cells += sum(map(len, rows))
            if cells > MOST_CELLS:
                message = f"the tables have more than {MOST_CELLS:,} cells; this is no questionnaire."
                raise DataError(Fault(message, file))
            blocks.append(["t", rows])
        elif text := _text(block._p):
            blocks.append(["p", text, _level(block), _numbered(block), _bold(block)])
    return {"blocks": blocks}


def _inner(element: Any, parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in their order, those inside content controls too."""
    from docx.table import Table
    from docx.text.paragraph import Paragraph

    for child in element.iterchildren():
        if child.tag == f"{_W}p":
            yield Paragraph(child, parent)
        elif child.tag == f"{_W}tbl":
            yield Table(child, parent)
        elif child.tag == f"{_W}sdt":
            content = child.find(f"{_W}sdtContent")
            if content is not None:
                yield from _inner(content, parent)


def _text(paragraph: Any) -> str:
    """The text of a paragraph with that of content controls (boxes to tick) and symbols, without deleted text."""
    parts: list[str] = []
    skipped: set[Any] = set()
    for element in paragraph.iter():
        if element.getparent() in skipped or element.tag == _FALLBACK:
            skipped.add(element)
        elif element.tag == f"{_W}t":
            parts.append(element.text or "")
        elif element.tag in _BREAKS:
            parts.append(_BREAKS[element.tag])
        elif element.tag == f"{_W}sym":
            parts.append(_symbol(element.get(f"{_W}char") or ""))
    return "".join(parts).strip()[:_LONGEST]


def _symbol(code: str) -> str:
    """A sign of a symbol font, as a character of the private area where such fonts keep theirs."""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    return chr(number) if 0x20 <= number < 0xD800 or 0xE000 <= number <= 0xFFFD else ""


def _rows(table: Any) -> list[list[str]]:
    """The cells of a table as texts; a cell merged over columns stands in each of them, rows are of equal length."""
    rows = []
    for row in table.rows:
        cells = ["\n".join(_text(paragraph._p) for paragraph in cell.paragraphs).strip() for cell in row.cells]
        before, after = getattr(row, "grid_cols_before", 0), getattr(row, "grid_cols_after", 0)
        rows.append([""] * before + [cell[:_LONGEST] for cell in cells] + [""] * after)
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def _level(paragraph: Any) -> int:
    """The level of a heading: 0 for none, -1 for the title of the document."""
    style = paragraph.style
    for _ in range(20):
        if style is None:
            break
        name = str(style.name or "").lower()
        if name == "title":
            return -1
        if name.startswith("heading") and name.rsplit(" ", 1)[-1].isdigit():
            return int(name.rsplit(" ", 1)[-1])
        style = style.base_style
    return 0


def _numbered(paragraph: Any) -> bool:
    """Whether Word numbers the paragraph itself."""
    properties = paragraph._p.pPr
    if properties is not None and properties.numPr is not None:
        return True
    name = str(paragraph.style.name or "").lower() if paragraph.style is not None else ""
    return name.startswith(("list number", "list bullet", "list paragraph")) and "continue" not in name


def _bold(paragraph: Any) -> bool:
    runs = [run for run in paragraph.runs if run.text.strip()]
    own = paragraph.style.font.bold if paragraph.style is not None else None
    return bool(runs) and all(run.bold or (run.bold is None and own) for run in runs)
