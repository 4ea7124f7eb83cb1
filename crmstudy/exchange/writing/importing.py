"""A folder of what a data file held: the answers as CSV, their codebook, and what was found while reading."""

from __future__ import annotations

import os
from pathlib import Path

from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.writing.codebook_page import codebook_html
from crmstudy.exchange.writing.delimited import write_rows
from crmstudy.exchange.writing.delivery import delivery_to
from crmstudy.exchange.writing.gathering import describe_data
from crmstudy.exchange.writing.record import codebook_json
from crmstudy.responses import Responses


def write_import(responses: Responses, folder: str | os.PathLike[str], *, raw: bool = False) -> ExportLog:
    """Write ``data.csv``, ``data.codebook.json``, ``codebook.html`` and ``notes.txt`` into a new folder.

    ``notes.txt`` has a line for each note of the reading, for each input (its sha256) and for whatever CSV could not
    hold. Raises OutputError when the folder is there already and not empty.
    """
    folder = Path(folder)
    table = describe_data(responses)
    log = ExportLog("import")
    with delivery_to(folder) as delivery:
        made = delivery.new(folder)
        made.mkdir()
        write_rows(table, made / "data.csv", log, raw=raw)
        _write(made / "data.codebook.json", codebook_json(table, neutralised=not raw))
        _write(made / "codebook.html", codebook_html(table, table.languages))
        _write(made / "notes.txt", notes_text(responses, log))
        delivery.put_in_place()
    log.files += [folder / name for name in ("data.csv", "data.codebook.json", "codebook.html", "notes.txt")]
    return log


def notes_text(responses: Responses, log: ExportLog) -> str:
    """What is worth knowing about an import, a line each."""
    lines = [f"input {name}: sha256 {digest}" for name, digest in sorted(responses.provenance.inputs.items())]
    lines += [f"{note.level}: {note.message} ({note.code})" for note in responses.notes]
    lines += [f"not held by CSV: {line}" for line in log.lines]
    return "\n".join([*lines, ""])


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))
