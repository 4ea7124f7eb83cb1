"""Commands about a data file: ``score`` and ``screen``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmstudy.cli.console import AsJson, emit, say, shown, table
from crmstudy.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd

    from crmstudy.responses import Responses

DataFile = Annotated[Path, typer.Argument(metavar="FILE", help="Data file (CSV), one row a respondent.")]
Instruments = Annotated[
    list[str], typer.Option("--instrument", "-i", help="Instrument the columns answer: id or file. Can be repeated.")
]
Codes = Annotated[
    list[str] | None, typer.Option("--missing-code", help="A cell that means 'no answer'. Can be repeated.")
]
Out = Annotated[Path | None, typer.Option("--out", help="Also write the rows into this CSV file.")]


def score(
    file: DataFile, instrument: Instruments, missing_code: Codes = None, out: Out = None, as_json: AsJson = False
) -> int:
    """Compute the scale scores of a data file."""
    from crmstudy.scoring import score as score_responses

    responses = _read(file, instrument, missing_code)
    scores = score_responses(responses)
    _write(scores.frame, out)
    if as_json:
        emit({"status": 0, **json.loads(scores.to_json()), "out": _told(out)})
        return 0
    say(f"{file.name}: N = {responses.n}")
    found = scores.tables["scales"]
    table(list(found.columns), _cells(found), right=[name for name in found.columns if name not in ("scale", "method")])
    _tell_notes(scores.notes, out)
    return 0


def screen(
    file: DataFile, instrument: Instruments, missing_code: Codes = None, out: Out = None, as_json: AsJson = False
) -> int:
    """Flag doubtful rows of a data file; nothing is removed."""
    from crmstudy.screening import screen as screen_responses

    responses = _read(file, instrument, missing_code)
    screening = screen_responses(responses)
    flagged = screening.reasons[screening.reasons != ""]
    rows = [{"row": int(str(row)) + 1, "reasons": reasons} for row, reasons in flagged.items()]
    _write(screening.flags.assign(reasons=screening.reasons), out)
    if as_json:
        emit({"status": 0, **json.loads(screening.to_json()), "flagged": rows, "out": _told(out)})
        return 0
    say(screening.text)
    found = screening.tables["rules"]
    table(list(found.columns), _cells(found), right=["flagged", "excluded"])
    if rows:
        say()
        table(["row", "reasons"], [(row["row"], row["reasons"]) for row in rows], right=["row"])
    _tell_notes(screening.notes, out)
    return 0


def _read(file: Path, instruments: list[str], codes: list[str] | None) -> Responses:
    from crmstudy.exchange.read import read_responses
    from crmstudy.instrument import load_instrument

    loaded = [load_instrument(name, search=(Path("instruments"),)) for name in instruments]
    return read_responses(file, instruments=loaded, missing_codes=[_code(code) for code in codes or ()])


def _code(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _write(frame: pd.DataFrame, out: Path | None) -> None:
    """Write rows, numbered from 1, into a file that is not there yet."""
    if out is None:
        return
    if out.exists():
        raise OutputError(f"'{out}' exists already; name another file, or remove it.")
    numbered = frame.set_axis([int(str(row)) + 1 for row in frame.index]).rename_axis("row")
    try:
        numbered.to_csv(out, lineterminator="\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"'{out}' cannot be written: {error.strerror or error}.") from error


def _told(out: Path | None) -> str | None:
    return None if out is None else str(out)


def _cells(frame: pd.DataFrame) -> list[list[str]]:
    return [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if value == int(value) else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3g}"
    return str(value)


def _tell_notes(notes: Any, out: Path | None) -> None:
    for note in notes:
        say(f"{note.level}: {note.message} ({note.code})")
    if out is not None:
        say(f"Rows: {shown(out)}")
