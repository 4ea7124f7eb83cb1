"""The shipped data set against its own description."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import yaml

from crmstudy.instrument import load_instrument

FOLDER = Path(__file__).resolve().parents[2] / "data" / "mobi"
CARD = yaml.safe_load((FOLDER / "dataset.yaml").read_text(encoding="utf-8"))


def _rows() -> list[dict[str, str]]:
    with (FOLDER / CARD["file"]).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_checksum_and_size_are_those_of_the_file():
    assert hashlib.sha256((FOLDER / CARD["file"]).read_bytes()).hexdigest() == CARD["sha256"]
    rows = _rows()
    assert len(rows) == CARD["rows"] == 250
    assert len(rows[0]) == CARD["columns"] == 24
    assert CARD["licence"] == "GPL-3.0-only"
    assert set(CARD["title"]) == {"en", "fa", "ru"}


def test_the_codebook_describes_every_column_in_order():
    rows = _rows()
    assert list(CARD["codebook"]) == list(rows[0])
    ecsi = load_instrument("ecsi")
    assert CARD["instruments"] == ["ecsi"]
    for name, entry in CARD["codebook"].items():
        item = ecsi.item(entry["item"])
        assert name == item.id
        assert name in ecsi.scale(entry["scale"]).item_ids
        assert (entry["low"], entry["high"]) == (item.response.low, item.response.high)
        answers = [int(row[name]) for row in rows]
        assert min(answers) >= entry["low"]
        assert max(answers) <= entry["high"]
        assert entry["label"]
    assert CARD["missing_answers"] == sum(cell == "" for row in rows for cell in row.values()) == 0
