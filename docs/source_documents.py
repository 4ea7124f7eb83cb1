"""Writes docs/source-documents.md: every statement of the source documents with what serves and what tests it.

``python docs/source_documents.py`` makes the page anew from ``docs/source-documents.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent
DECLARED, PAGE = FOLDER / "source-documents.yaml", FOLDER / "source-documents.md"
_HEAD = """\
# The source documents, statement by statement

What the five documents say that this project began with, in our words, and what serves each statement. A statement is
not thereby true: where it can be tested, it is tested on your own data; where a figure cannot be checked,
`cs.facts.printed()` says what is missing. This page is made by `python docs/source_documents.py`.
"""
_COLUMNS = "| # | statement | what serves it | what you type | test |\n|---|---|---|---|---|\n"


def declared() -> Mapping[str, Any]:
    """The statements as they are declared."""
    found: Mapping[str, Any] = yaml.safe_load(DECLARED.read_text(encoding="utf-8"))
    return found


def page() -> str:
    """The page."""
    told = declared()
    parts = [_HEAD]
    for number, document in told["documents"].items():
        parts.append(f"\n## {number} {document}\n\n{_COLUMNS}")
        for key, statement in told["statements"].items():
            if key.split(".")[0] == number:
                parts.append(_row(key, statement))
    return "".join(parts)


def _row(key: str, statement: Mapping[str, Any]) -> str:
    served = _listed(_named(name) for name in statement.get("served", ()))
    if statement.get("waits"):
        served = f"{served}<br>" if served else ""
        served += f"*waits: {statement['waits']}*"
    do = _listed(f"`{one}`" for one in statement.get("do", ()))
    tests = _listed(f"[{node.split('::')[1]}](../{node.split('::')[0]})" for node in statement.get("tests", ()))
    return f"| {key} | {statement['says']} | {served} | {do} | {tests} |\n"


def _named(name: str) -> str:
    kind, _, id = name.partition(":")
    return f"[{id}](../instruments/{id}.yaml)" if kind == "instrument" else f"`{name}`"


def _listed(parts: Iterable[str]) -> str:
    return "<br>".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
