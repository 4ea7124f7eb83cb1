"""Writes what is made from the table of keys: ``python -m tests.study.write_reference`` after a change to it."""

from __future__ import annotations

from pathlib import Path

from crmstudy.study.schema import reference_text, schema_text

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "crmstudy" / "study" / "schema.json"
PAGE = ROOT / "docs" / "reference" / "study.md"
MARK = "<!-- From here on the page is made by tests/study/write_reference.py. -->\n"


def page_text() -> str:
    """The reference page: its own introduction, then the tables."""
    introduction = PAGE.read_text(encoding="utf-8").split(MARK)[0]
    return f"{introduction}{MARK}\n{reference_text()}"


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8", newline="\n")
    PAGE.write_text(page_text(), encoding="utf-8", newline="\n")
