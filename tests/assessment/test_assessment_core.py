"""The door of the assessments, their catalogues, and numbers as each language writes them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import crmstudy.assessment
from crmstudy.assessment.catalogue import _lacking, catalogue, language
from crmstudy.assessment.tables import table_of
from crmstudy.assessment.wording import _sentences, written
from crmstudy.errors import DataError, UnsupportedError

ROOM = Path(crmstudy.assessment.__file__).parent
CATALOGUES = [
    str(path.relative_to(ROOM / "catalogues").with_suffix("")) for path in (ROOM / "catalogues").rglob("*.yaml")
]
PROSE = [path.stem for path in (ROOM / "prose").glob("*.yaml")]


@pytest.mark.parametrize("name", sorted(CATALOGUES))
def test_every_catalogue_speaks_three_languages(name):
    assert list(_lacking(catalogue(Path(name).as_posix()), name)) == []


@pytest.mark.parametrize("name", sorted(PROSE))
def test_every_sentence_has_the_same_places_in_each_language(name):
    from string import Formatter

    for key, texts in _sentences(name).items():
        places = {lang: {field for _, field, _, _ in Formatter().parse(text) if field} for lang, text in texts.items()}
        assert places["fa"] == places["ru"] == places["en"], key


def test_a_text_without_a_language_is_found():
    assert list(_lacking({"a": [{"name": {"en": "x", "fa": "y", "ru": " "}}]}, "made")) == [
        "made.a[0].name is not said in each of en, fa, ru"
    ]


def test_columns_are_typed_and_names_are_texts():
    frame = pd.DataFrame(
        {"who": [1, 2.0, None, " a "], "when": ["2026-03-21", "2026-03-22 10:00", None, "2026-01-01"],
         "n": ["1", "2", None, "4"], "more": 0},
        index=[7, 7, 8, 9],
    )  # fmt: skip
    found = table_of(frame, {"who": "text", "when": "date"}, {"n": "whole", "absent": "number"}, what="visits")
    assert list(found) == ["who", "when", "n"]
    assert list(found.index) == [0, 1, 2, 3]
    assert found["who"].iloc[[0, 1, 3]].tolist() == ["1", "2", "a"]
    assert found["who"].isna().tolist() == [False, False, True, False]
    assert found["when"].dt.day.iloc[[0, 1, 3]].tolist() == [21, 22, 1]
    assert found["n"].iloc[[0, 1, 3]].tolist() == [1.0, 2.0, 4.0]


def test_all_faults_at_once():
    frame = pd.DataFrame(
        {"who": ["a"] * 5, "when": ["2026-02-30", "x", "y", "z", "2026-01-01"], "n": [1.5, 2, 3, 4, 5]}
    )
    with pytest.raises(DataError) as refused:
        table_of(frame, {"who": "text", "when": "date", "n": "whole", "amonut": "number"}, what="visits")
    said = [fault.message for fault in refused.value.faults]
    assert len(said) == 3
    assert "no column 'amonut'" in said[0]
    assert "2026-02-30 (row 1), x (row 2), y (row 3) and 1 more" in said[1]
    assert "1.5 (row 1)" in said[2]


def test_numbers_are_no_dates_and_columns_stand_once():
    with pytest.raises(DataError, match=r"20260321 \(row 1\)"):
        table_of(pd.DataFrame({"when": [20260321]}), {"when": "date"}, what="visits")
    with pytest.raises(DataError, match="2 columns 'a'"):
        table_of(pd.DataFrame([[1, 2]], columns=["a", "a"]), {"a": "number"}, what="visits")
    with pytest.raises(DataError, match="has no rows"):
        table_of(pd.DataFrame({"a": []}), {"a": "number"}, what="visits")
    with pytest.raises(DataError, match="not list"):
        table_of([1], {"a": "number"}, what="visits")


def test_a_file_is_read_as_a_table_is(tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text("who,amount\na,1.5\nb,2\n", encoding="utf-8")
    found = table_of(path, {"who": "text", "amount": "number"}, what="visits")
    assert found.to_dict("list") == {"who": ["a", "b"], "amount": [1.5, 2.0]}


@pytest.mark.parametrize(
    ("value", "lang", "said"),
    [
        ((1234.5, "estimate"), "en", "1234.50"), ((1234.5, "estimate"), "ru", "1234,50"),
        ((1234.5, "estimate"), "fa", "۱۲۳۴٫۵۰"), ((0.25, "r"), "en", ".25"), ((0.25, "r"), "fa", "۰٫۲۵"),
        ((12345, "n"), "ru", "12\xa0345"), ((12.3, "percent"), "fa", "۱۲٫۳٪"), ((-2, "estimate"), "ru", "−2,00"),
        ((None, "n"), "fa", "–"), (((1.0, 2.5), "interval"), "ru", "[1,00; 2,50]"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_the_language_writes_them(value, lang, said):
    assert written(value, lang) == said


def test_other_languages_are_refused():
    with pytest.raises(UnsupportedError, match="'de'"):
        language("de")
