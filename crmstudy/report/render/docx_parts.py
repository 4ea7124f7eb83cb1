"""What python-docx does not write by itself: fields, rules, shades, column widths, and an archive with fixed bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

#: The date a zip archive writes when it has none.
_EPOCH = (1980, 1, 1, 0, 0, 0)
#: Room beside the text of a column in cm: the margins of a cell, and a little air.
_ROOM = 0.52
_POINT = 2.54 / 72


def column_widths(
    labels: Sequence[str],
    rows: Sequence[Sequence[str]],
    wraps: Sequence[bool],
    typed: Sequence[bool],
    size: float,
    page: float,
) -> list[float]:
    """Widths in cm that fit the page: numbers never break, columns of text give way down to their longest word.

    Parameters
    ----------
    labels, rows
        The written texts of the header and of the cells.
    wraps : sequence of bool
        Which columns may break their lines.
    typed : sequence of bool
        Which columns are set in typewriter letters: short ones are not broken either.
    size : float
        Font size in points.
    page : float
        Width of the text in cm.
    """
    wanted, least = [], []
    for i, wrap in enumerate(wraps):
        texts = [row[i] for row in rows]
        measure = _typed_width if typed[i] else _width
        whole = max((measure(text, size) for text in texts), default=0.0)
        word = max((measure(word, size) for text in texts for word in text.split()), default=0.0)
        word = max([word, *(_width(word, size) for word in labels[i].split())])
        head = max((_width(word, size) for word in labels[i].split()), default=0.0)
        wanted.append(max(whole, min(_width(labels[i], size), head + 1.0)) + _ROOM)
        short = typed[i] and whole <= 5.2
        least.append((min(word, 4.2) if wrap and not short else max(whole, head)) + _ROOM)
    if sum(wanted) <= page:
        return wanted
    spare = page - sum(least)
    asked = [max(want - low, 0.0) for want, low in zip(wanted, least, strict=True)]
    share = max(spare, 0.0) / sum(asked) if sum(asked) else 0.0
    widths = [low + ask * min(share, 1.0) for low, ask in zip(least, asked, strict=True)]
    scale = min(1.0, page / sum(widths))
    return [width * scale for width in widths]


def _width(text: str, size: float) -> float:
    """About how wide a text is, in cm."""
    share = sum(0.74 if sign.isupper() else 0.57 if sign == "−" else 0.46 if sign.isalnum() else 0.38 for sign in text)
    return share * size * _POINT


def _typed_width(text: str, size: float) -> float:
    """How wide a text in typewriter letters is, in cm; they are one point smaller."""
    return 0.61 * (size - 1) * len(text) * _POINT


def set_widths(grid: Any, widths: Sequence[float]) -> None:
    """Give every column its width, in the grid and in each cell: word processors differ in which they read."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Cm

    indent = OxmlElement("w:tblInd")  # the text of the first column stands at the edge of the page's text
    indent.set(qn("w:w"), "0")
    indent.set(qn("w:type"), "dxa")
    margins = OxmlElement("w:tblCellMar")
    for side, twips in (("left", "0"), ("right", "160")):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), twips)
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    properties = grid._tbl.tblPr  # in the order the file format asks for
    properties.find(qn("w:tblLayout")).addprevious(indent)
    properties.find(qn("w:tblLook")).addprevious(margins)
    for column, width in zip(grid._tbl.tblGrid.gridCol_lst, widths, strict=True):
        column.w = Cm(width)
    for row in grid._tbl.tr_lst:
        for cell, width in zip(row.tc_lst, widths, strict=True):
            cell.width = Cm(width)


def add_field(line: Any, instruction: str, shown: str, *, bold: bool = False) -> None:
    """A field that Word keeps up to date, with what it shows until then."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for kind, text in (("begin", ""), ("", instruction), ("separate", ""), ("shown", shown), ("end", "")):
        run = line.add_run()
        run.bold = bold or None
        if kind == "shown":
            run.text = text
        elif kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)
        else:
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = f" {text} "
            run._r.append(code)


def cells_of(row: Any) -> list[Any]:
    """The cells of a row; merged ones count once."""
    from docx.table import _Cell

    return [_Cell(element, row.table) for element in row._tr.tc_lst]


def repeat_header(row: Any) -> None:
    """Show a row again at the top of every page the table reaches."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def draw_rules(grid: Any) -> Any:
    """Rules above and below the header and below the last row, which is returned; none between columns.

    No row is split by a page, a short table stays on one, and the last row of a long one does not stand alone.
    """
    from docx.oxml import OxmlElement

    last = len(grid.rows) - 1
    for number, row in enumerate(grid.rows):
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        edges = (["top", "bottom"] if number == 0 else []) + (["bottom"] if number == last and number else [])
        for field in cells_of(row):
            _edges(field, edges, thick=number in (0, last))
        if number < last and (last <= 14 or number < 3 or number > last - 3):
            keep_with_next(row)
    return grid.rows[last]


def keep_with_next(row: Any) -> None:
    """Keep a row on the page of what follows it."""
    for field in cells_of(row):
        field.paragraphs[0].paragraph_format.keep_with_next = True


def _edges(field: Any, edges: list[str], *, thick: bool) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    if not edges:
        return
    borders = OxmlElement("w:tcBorders")
    for edge in ("top", "bottom"):
        if edge in edges:
            line = OxmlElement(f"w:{edge}")
            for name, value in (("val", "single"), ("sz", "8" if thick else "4"), ("space", "0"), ("color", "1B1F24")):
                line.set(qn(f"w:{name}"), value)
            borders.append(line)
    field._tc.get_or_add_tcPr().append(borders)


def shade(line: Any, colour: str) -> None:
    """Set a paragraph on a coloured ground."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{name}"), value)
    properties = line._p.get_or_add_pPr()
    properties.append(shade)


def repacked(content: bytes) -> bytes:
    """The same archive with sorted entries and without the time it was made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w") as target:
        names = sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name))
        for name in names:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            target.writestr(entry, source.read(name))
    return buffer.getvalue()
