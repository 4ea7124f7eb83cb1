"""REDCap's data dictionary, out and in."""

from __future__ import annotations

import csv
import io
import re

import pytest

from crmstudy.errors import DataError, UnsupportedError
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.questionnaires import taking_apart
from crmstudy.exchange.questionnaires.redcap_dictionary import COLUMNS, write_dictionary
from crmstudy.instrument import load_instrument
from crmstudy.instrument.load import from_mapping
from tests.exchange.made_instruments import made
from tests.exchange.questionnaires.samples import DICTIONARY


def rows_of(instrument, lang=None):
    log = ExportLog()
    raw = write_dictionary(instrument, log, lang)
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))), log


def read(text, name="dictionary.csv"):
    told = taking_apart.redcap(text.encode("utf-8"), name)
    return from_mapping(told["instrument"], name), told["unsure"], told["left_out"]


def test_eighteen_columns_in_the_order_redcap_wants_them():
    rows, _ = rows_of(load_instrument("ecsi"))
    assert list(rows[0]) == list(COLUMNS)
    assert len(COLUMNS) == 18
    assert list(rows[0].values())[:5] == ["record_id", "ecsi", "", "text", "Record ID"]
    assert {row["Form Name"] for row in rows} == {"ecsi"}
    first = next(row for row in rows if row["Variable / Field Name"] == "imag1")
    assert first["Choices, Calculations, OR Slider Labels"].startswith("1, Strongly disagree | 2, 2 | 3, 3")
    assert first["Field Type"] == "radio"
    assert first["Matrix Group Name"]


@pytest.mark.parametrize("seed", range(12))
def test_names_are_legal_and_unique_whatever_the_ids_are(seed):
    rows, log = rows_of(made(seed))
    names = [row["Variable / Field Name"] for row in rows]
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) and len(name) <= 26 and "__" not in name for name in names)
    assert len(set(names)) == len(names)
    changed = [entry.id for entry in made(seed).entries if entry.id not in names]
    assert all(any(loss.where == id for loss in log) for id in changed)
    for row in rows:  # consecutive rows of one matrix have the same answers
        if row["Matrix Group Name"]:
            same = [one for one in rows if one["Matrix Group Name"] == row["Matrix Group Name"]]
            assert len({one["Choices, Calculations, OR Slider Labels"] for one in same}) == 1
    cells = [cell for row in rows for cell in row.values() if cell]
    assert not [cell for cell in cells if cell[0] in "=+@-" and not re.fullmatch(r"-[0-9.]+", cell)]


def test_one_language_a_file():
    instrument = load_instrument("ecsi")
    rows, log = rows_of(instrument, "ru")
    assert any(row["Field Label"] == instrument.item("IMAG1").wording["ru"] for row in rows)
    assert "the file shows ru" in log.text
    with pytest.raises(UnsupportedError, match="no texts in 'de'"):
        rows_of(instrument, "de")


def test_a_bar_in_a_label_does_not_end_an_answer():
    held = {"low": 1, "high": 2, "labels": {1: {"en": "a | b"}, 2: {"en": "c, d"}}}
    instrument = load_instrument("ecsi")
    mapping = {
        "crmstudy_instrument": 1,
        "id": "bars",
        "version": "1",
        "name": {"en": "Bars"},
        "respondent": "staff",
        "wording": "paraphrase",
        "rights": {"holder": "x", "status": "unknown", "statement": "x", "unverified": True},
        "languages": {"en": {"direction": "ltr", "status": "draft"}},
        "responses": {"a": held},
        "items": [{"id": "q1", "wording": {"en": "Text"}}],
        "reversed": [],
        "scales": [],
        "provenance": {part: {"unverified": True} for part in instrument.provenance if part != "translations"},
    }
    rows, log = rows_of(from_mapping(mapping))
    assert rows[1]["Choices, Calculations, OR Slider Labels"] == "1, a ¦ b | 2, c, d"
    assert "¦" in log.text


def test_a_dictionary_of_somebody_else():
    instrument, unsure, left_out = read(DICTIONARY)
    assert instrument.id == "work"
    assert [e.id for e in instrument.entries] == [
        "age",
        "sex",
        "jobmatters",
        "jobleave",
        "channels",
        "happy",
        "again",
        "born",
        "rest",
    ]
    kinds = {q.id: q.type for q in instrument.questions}
    assert kinds == {"age": "integer", "channels": "multi", "born": "date", "rest": "longtext"}
    age = instrument.questions[0]
    assert (age.low, age.high, age.required) == (18, 99, "hard")
    sex = instrument.item("sex").response
    assert (sex.low, sex.high, sex.missing_codes) == (1, 2, (-9,))
    assert instrument.item("jobmatters").response.labels[3] == {"en": "Agree"}
    happy = instrument.item("happy").response
    assert (happy.low, happy.high, happy.labels[50]["en"], happy.labels[100]["en"]) == (0, 100, "So so", "Very")
    assert instrument.item("again").response.labels == {0: {"en": "No"}, 1: {"en": "Yes"}}
    assert [(s.title["en"], s.entries[0]) for s in instrument.sections] == [
        ("About you", "age"),
        ("Your work", "jobmatters"),
    ]
    said = "\n".join(left_out)
    for what in (
        "'record_id'",
        "the note of 'age'",
        "branching logic of 'jobleave'",
        "'bmi', a field of the type 'calc'",
        "annotation of 'rest'",
    ):
        assert what in said
    assert any("taken as 'en'" in line for line in unsure)


def test_the_names_of_the_api_and_semicolons_are_understood():
    heads = "field_name;form_name;field_type;field_label;select_choices_or_calculations"
    lines = f"{heads}\nid;f;text;ID;\nq1;f;radio;Как дела?;1, Плохо | 2, Хорошо\n"
    instrument, *_ = read(lines)
    assert instrument.item("q1").wording == {"ru": "Как дела?"}
    assert instrument.item("q1").response.labels[2] == {"ru": "Хорошо"}


def test_all_lacking_columns_are_told_at_once():
    with pytest.raises(DataError) as refused:
        read("Variable / Field Name,Form Names\na,b\n")
    assert len(refused.value.faults) == 3
    assert "Did you mean 'Form Names'?" in str(refused.value)
