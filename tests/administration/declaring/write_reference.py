"""Writes the tables of the page: ``python -m tests.administration.declaring.write_reference`` after a change."""

from __future__ import annotations

from pathlib import Path

from crmstudy.administration.declaring.reference import reference_text

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "administration.md"
MARK = "<!-- From here on the page is made by tests/administration/declaring/write_reference.py. -->\n"


def page_text() -> str:
    """The reference page: its own introduction, then the tables."""
    introduction = PAGE.read_text(encoding="utf-8").split(MARK)[0]
    return f"{introduction}{MARK}\n{reference_text()}"


if __name__ == "__main__":
    PAGE.write_text(page_text(), encoding="utf-8", newline="\n")
