"""The command ``instruments export``: an instrument as a file of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crmstudy.cli.console import AsJson, emit, say, shown, whisper

Name = Annotated[str, typer.Argument(metavar="ID", help="Id of an instrument, or the path of its YAML file.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write; it must not exist yet.")]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="xlsform, limesurvey, redcap, yaml, json, html, pdf or codebook; by the ending of --out when left out.",
    ),
]
Language = Annotated[
    str | None, typer.Option("--lang", help="Language to show: en, fa, ru ... All that fit when left out.")
]
_SEARCH = (Path("instruments"),)


def export(instrument: Name, out: Out, format: Format = None, lang: Language = None, as_json: AsJson = False) -> int:
    """Write an instrument for another tool, and say what the format has no place for; never over a file."""
    from crmstudy.exchange.questionnaires.formats import write_questionnaire
    from crmstudy.instrument import load_instrument

    one = load_instrument(instrument, search=_SEARCH)
    if (format or "").lower() == "codebook":
        from crmstudy.exchange.writing.codebook import write_codebook

        log = write_codebook(one, out, lang=lang)
    else:
        log = write_questionnaire(one, out, format=format, lang=lang)
    if as_json:
        losses = [{"what": loss.what, "where": loss.where} for loss in log]
        emit({"status": 0, "id": one.id, "format": log.format, "files": [str(out)], "losses": losses})
        return 0
    say(f"{shown(out)}: {one.id} {one.version} as {log.format}, {len(one.asked)} questions.")
    for line in log.lines:
        whisper(f"not held: {line}")
    return 0
