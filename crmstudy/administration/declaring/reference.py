"""The tables of docs/reference/administration.md, made of the table of keys and the table of modes."""

from __future__ import annotations

from collections.abc import Iterable

from crmstudy.administration.declaring.keys import KEYS, Key
from crmstudy.administration.declaring.modes import modes_table


def reference_text() -> str:
    """What each mode allows, then every key of the file."""
    lines = ["## What each mode allows", "", modes_table(), "## Keys", ""]
    lines += [
        "Keys marked * must be filled in before respondents can come, texts in every language that is offered.",
        "",
    ]
    for section, its in KEYS.items():
        lines += [f"### {section or 'The file'}", "", *_table(its), ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(its: Iterable[Key]) -> list[str]:
    rows = ["| key | value | meaning | when left out |", "|---|---|---|---|"]
    for key in its:
        name = f"`{key.name}`{'*' if key.live else ''}"
        rows.append(f"| {name} | {key.wanted} | {key.meaning} | {key.default} |")
    return rows
