"""The page of the reference says what the reader reads and what the modes allow."""

from __future__ import annotations

from crmstudy.administration.declaring.keys import KEYS
from crmstudy.administration.declaring.modes import modes_table
from crmstudy.administration.fieldwork import NOTICE
from tests.administration.declaring.made import GOOD
from tests.administration.declaring.write_reference import MARK, PAGE, page_text


def test_the_page_is_made_of_the_tables():
    text = PAGE.read_text(encoding="utf-8")
    assert text.count(MARK) == 1
    assert text == page_text(), "python -m tests.administration.declaring.write_reference"
    assert modes_table() in text


def test_every_key_is_explained():
    for section, its in KEYS.items():
        assert len({key.name for key in its}) == len(its), section
        assert all(key.meaning.endswith(".") and key.wanted for key in its), section
    assert tuple(key.name for key in KEYS["notice"]) == NOTICE
    assert set(GOOD) <= {key.name for key in KEYS[""]}
