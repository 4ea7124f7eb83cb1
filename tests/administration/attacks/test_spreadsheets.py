"""Lists that are opened in a spreadsheet: no cell begins with what is computed, also behind marks that nobody sees."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from crmstudy.administration.inviting.private import csv_bytes
from crmstudy.administration.inviting.tables import read_table
from crmstudy.quoting import FORMULA_SIGNS, UNSEEN, harmless

SIGNS = [*FORMULA_SIGNS]
BEFORE = ["", *UNSEEN, "\u200e\u200f", "\ufeff\u202e"]


def computed(cell: str) -> bool:
    """Whether a spreadsheet may take a cell for a formula."""
    return cell.lstrip(UNSEEN)[:1] in set(FORMULA_SIGNS)


@pytest.mark.parametrize("sign", SIGNS, ids=[f"U+{ord(sign):04X}" for sign in SIGNS])
def test_no_cell_and_no_heading_is_computed(sign: str) -> None:
    texts = [f"{before}{sign}{after}" for before in BEFORE for after in ("1+1", "cmd|' /C calc'!A0", "")]
    assert all(computed(text) for text in texts)  # the control
    content = csv_bytes(texts[:5], [texts]).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(content, newline="")) for cell in row]
    assert len(cells) > len(texts)
    assert [cell for cell in cells[5:] if computed(cell)] == []


def test_what_is_guarded_is_read_back_as_it_was(tmp_path: Path) -> None:
    texts = [f"{before}{sign}x" for before in ("", "\u200e") for sign in "=+-@"]
    path = tmp_path / "list.csv"
    path.write_bytes(csv_bytes(["name", "unit"], [[text, "x"] for text in texts]))
    found = [row.cells["name"] for row in read_table(path, {"name": (), "unit": ()}).rows]
    assert [text.lstrip(UNSEEN) for text in found] == [text.lstrip(UNSEEN) for text in texts]


def test_plain_words_stay_as_they_are() -> None:
    for text in ("Ann", "a=1", "'quoted'", "می‌خواهم", "\u200fسلام", ""):
        assert harmless(text) == text
