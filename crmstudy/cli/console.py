"""How the command line talks: text to stdout, trouble to stderr, everything as JSON where asked for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from crmstudy.errors import COMMANDING, MOST_TOLD, Fault

AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Write the answer as JSON to stdout.")]


def prepare_streams() -> None:
    """Let no console stop a sentence: what it cannot show becomes a question mark, and none is nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed before the program began
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def say(text: str = "") -> None:
    """Write a line to stdout; whatever it quotes, it commands no terminal."""
    print(COMMANDING.sub(" ", text))


def whisper(text: str) -> None:
    """Write a line to stderr; whatever it quotes, it commands no terminal."""
    print(COMMANDING.sub(" ", text), file=sys.stderr)


def emit(content: object) -> None:
    """Write a value as JSON to stdout; letters that the console cannot show, or that command it, are escaped."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    made = json.dumps(content, ensure_ascii=encoding != "utf8", sort_keys=True, indent=2, allow_nan=False)
    print(COMMANDING.sub(lambda found: f"\\u{ord(found[0]):04x}", made))


def refuse(faults: Iterable[Fault], *, as_json: bool, status: int = 2) -> int:
    """Tell what is wrong, one sentence a fault, and give the exit code."""
    faults = list(faults)
    if as_json:
        told = [{"message": fault.message, "file": fault.file, "line": fault.line} for fault in faults]
        emit({"status": status, "faults": told})
        return status
    if len(faults) > 1:
        whisper(f"{len(faults)} faults found; nothing was written.")
    for fault in faults[:MOST_TOLD]:
        whisper(f"- {fault}" if len(faults) > 1 else str(fault))
    if len(faults) > MOST_TOLD:
        whisper(f"... and {len(faults) - MOST_TOLD} more.")
    return status


def shown(path: Path) -> str:
    """A path as it is shortest to read: from the current folder where it lies inside."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[str] = ()) -> None:
    """Write a table of text to stdout, as wide as it needs to be."""
    from rich.console import Console
    from rich.table import Table

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    right = set(right)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*("" if cell is None else COMMANDING.sub(" ", str(cell)) for cell in row))
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = 160
    console.print(made)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A progress bar on stderr, where that is a terminal; what it is told is ``(what, done, total)``."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns: list[Any] = [BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}")]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield tell
