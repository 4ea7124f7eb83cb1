"""Writing a document to a folder: the report in each format, every table as CSV, every figure as SVG and PNG."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from crmstudy.errors import OutputError, UnsupportedError
from crmstudy.report.document import Document
from crmstudy.report.figures.draw import Form, draw_bytes
from crmstudy.report.render.to_csv import table_csv
from crmstudy.report.render.to_docx import document_docx
from crmstudy.report.render.to_html import document_html
from crmstudy.report.render.to_markdown import document_markdown

FORMATS = ("html", "docx", "md")
FIGURE_FORMATS = ("svg", "png")


def render(
    document: Document,
    folder: str | Path,
    formats: Sequence[str] = ("html", "docx"),
    *,
    figures: Sequence[str] = FIGURE_FORMATS,
) -> list[Path]:
    """Write a document.

    Parameters
    ----------
    document : Document
    folder : path
        Made when it is not there. Files in it that have other names are left alone.
    formats : sequence of {"html", "docx", "md"}
        ``report.html`` and so on.
    figures : sequence of {"svg", "png"}
        In ``figures/``; Markdown shows the PNG files, so it always writes these.

    Returns
    -------
    list of Path
        The files written, in the order of their names.

    Raises
    ------
    UnsupportedError
        For a format this version does not have; nothing is written then.
    OutputError
        When the folder cannot be written. Every file is complete or not there.
    """
    wanted = _checked(formats, FORMATS, "report format")
    shapes = _checked(figures, FIGURE_FORMATS, "figure format")
    if "md" in wanted and "png" not in shapes:
        shapes = (*shapes, "png")
    folder = prepare_folder(folder)
    written = [_write(folder / name, content()) for name, content in _files(document, wanted, shapes)]
    return sorted(written)


def prepare_folder(folder: str | Path) -> Path:
    """Make the folder of a report and see that files can be written to it.

    Raises
    ------
    OutputError
        When it cannot be made or written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".crmstudy-"):
            pass
    except OSError as error:
        raise OutputError(
            f"The report cannot be written to the folder '{folder}' ({error.strerror or error}). "
            "Name a folder that can be written, with --out."
        ) from error
    return folder


def _checked(names: Sequence[str], known: tuple[str, ...], what: str) -> tuple[str, ...]:
    unknown = [name for name in names if name not in known]
    if unknown:
        have = ", ".join(known)
        raise UnsupportedError([f"The {what} '{name}' is not in this version; use one of: {have}." for name in unknown])
    return tuple(dict.fromkeys(names))


def _files(
    document: Document, formats: tuple[str, ...], shapes: tuple[str, ...]
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The name of every file of a report, with what makes its bytes."""
    figures = {figure.id: figure for figure in document.figures}
    needed: tuple[Form, ...] = ("svg", "png")
    drawn: dict[str, dict[Form, bytes]] = {}

    def picture(id: str, shape: str) -> bytes:
        if id not in drawn:
            drawn[id] = draw_bytes(figures[id].drawing, needed, marked=bool(figures[id].mark))
        return drawn[id]["svg" if shape == "svg" else "png"]

    for table in document.tables:
        yield f"tables/{table.id}.csv", lambda table=table: table_csv(table)  # type: ignore[misc]
    for figure in document.figures:
        for shape in shapes:
            yield f"figures/{figure.id}.{shape}", lambda id=figure.id, shape=shape: picture(id, shape)  # type: ignore[misc]
    makers: dict[str, Callable[[], bytes]] = {
        "html": lambda: document_html(document, lambda id: picture(id, "svg")),
        "docx": lambda: document_docx(document, lambda id: picture(id, "png")),
        "md": lambda: document_markdown(document),
    }
    for name in formats:
        yield f"report.{name}", makers[name]


def _write(path: Path, content: bytes) -> Path:
    """Write one file whole: to a temporary name beside it, then into its place."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".crmstudy-")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(
            f"The file '{path}' cannot be written ({error.strerror or error}). Close it if it is open in another "
            "program, or name another folder with --out."
        ) from error
    return path
