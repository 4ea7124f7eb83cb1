"""The instruments that ship: loaded, looked through, printed; the slowest file is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from crmstudy.instrument import Instrument
from tests.benchmarks.timing import ROOT, Row, call_cpu


def _printed(instrument: Instrument) -> object:
    from crmstudy.exchange.printing.html import questionnaire_html

    return questionnaire_html(instrument, "fa")


def rows(repeats: int) -> list[Row]:
    """CPU time of the slowest instrument file for each piece of work."""
    from crmstudy.instrument import lint, read_instrument
    from crmstudy.instrument.writing import write_yaml

    files = sorted((ROOT / "instruments").glob("*.yaml"))
    work: dict[str, Callable[[Path], object]] = {
        "load": read_instrument,
        "load and lint": lambda path: lint(read_instrument(path)),
        "load and write": lambda path: write_yaml(read_instrument(path)),
        "load and print in Persian (HTML)": lambda path: _printed(read_instrument(path)),
    }
    found: list[Row] = []
    for name, do in work.items():
        each = [(call_cpu(lambda path=path, do=do: do(path), repeats), path.stem) for path in files]
        slowest, stem = max(each, key=lambda pair: pair[0]["cpu_ms"])
        row: Row = {"work": f"{name} an instrument, the slowest of {len(files)} ({stem})", "engine": "crmstudy"}
        found.append(row | slowest)
    return found
