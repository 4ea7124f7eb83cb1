"""Qualtrics survey files in."""

from __future__ import annotations

import json

import pytest

from crmstudy.errors import DataError
from crmstudy.exchange.questionnaires import taking_apart
from crmstudy.instrument.load import from_mapping, parse_instrument
from crmstudy.instrument.writing import write_yaml
from tests.exchange.questionnaires.samples import qsf, qsf_mapping


def read(raw, name="survey.qsf"):
    told = taking_apart.qsf(raw if isinstance(raw, bytes) else json.dumps(raw).encode(), name)
    return from_mapping(told["instrument"], name), told["unsure"], told["left_out"]


def question(mapping, id):
    return next(one["Payload"] for one in mapping["SurveyElements"] if one.get("PrimaryAttribute") == id)


def test_a_survey_in_the_order_of_its_flow():
    instrument, unsure, left_out = read(qsf())
    assert (instrument.id, dict(instrument.name), dict(instrument.description)) == (
        "job-bank",
        {"en": "Job & bank"},
        {"en": "Pilot"},
    )
    assert instrument.instructions == {"en": "Welcome."}
    assert [e.id for e in instrument.entries] == ["sex", "job_leave", "job_matters", "chan", "age", "rem", "nps_1"]
    assert {tag: one.direction for tag, one in instrument.languages.items()} == {"en": "ltr", "fa": "rtl"}
    sex = instrument.item("sex")
    assert (sex.wording, sex.required) == ({"en": "Your sex", "fa": "جنسیت"}, "hard")
    assert sex.response.labels == {0: {"en": "Man", "fa": "مرد"}, 1: {"en": "Woman", "fa": "زن"}}
    leave = instrument.item("job_leave")
    assert leave.wording == {"en": "I plan to leave & soon"}
    assert (leave.response.low, leave.response.high, leave.response.missing_codes) == (1, 3, (99,))
    questions = {q.id: q for q in instrument.questions}
    assert (questions["age"].type, questions["age"].low, questions["age"].high, questions["age"].required) == (
        "integer",
        18,
        99,
        "soft",
    )
    assert (questions["chan"].type, questions["rem"].type) == ("multi", "longtext")
    nps = instrument.item("nps_1")
    assert (nps.wording["en"], nps.response.low, nps.response.high) == ("Recommend?", 0, 10)
    assert [(s.title.get("en"), s.text.get("en")) for s in instrument.sections] == [
        ("Job", None),
        (None, "How much do you agree?"),
        ("You", None),
    ]
    said = "\n".join(left_out)
    for what in (
        "a branch in the flow",
        "embedded data",
        "1 questions in the trash",
        "the display logic of 'job'",
        "the text field of the answer 2 of 'chan'",
        "'t' is a timer",
    ):
        assert what in said
    assert "old" not in {e.id for e in instrument.entries}
    assert any("99 'Cannot say'" in line for line in unsure)


def test_other_kinds_of_questions():
    mapping = qsf_mapping()
    question(mapping, "QID3").update(SubSelector="MultipleAnswer", QuestionText="")
    question(mapping, "QID6").update(Selector="FORM", Choices={"1": {"Display": "Name"}, "2": {"Display": "Town"}})
    question(mapping, "QID4").update(QuestionType="SBS")
    question(mapping, "QID7").update(Configuration={"CSSliderMin": 0, "CSSliderMax": 5, "NumDecimals": "1"})
    question(mapping, "QID2").update(
        Selector="DL", Choices=[{"Display": "zero"}, {"Display": "one"}], ChoiceOrder=[], RecodeValues=[], Language=[]
    )
    instrument, _, left_out = read(mapping)
    kinds = {q.id: q.type for q in instrument.questions}
    assert kinds == {
        "job_leave": "multi",
        "job_matters": "multi",
        "rem_1": "text",
        "rem_2": "text",
        "age": "integer",
        "nps_1": "decimal",
    }
    assert instrument.item("sex").response.labels == {0: {"en": "zero"}, 1: {"en": "one"}}
    assert any("'chan' is a side-by-side table" in line for line in left_out)


def test_blocks_as_a_list_and_without_a_flow():
    mapping = qsf_mapping()
    blocks = mapping["SurveyElements"][0]
    blocks["Payload"] = list(blocks["Payload"].values())
    del mapping["SurveyElements"][1]
    instrument, *_ = read(mapping)
    assert [e.id for e in instrument.entries][:2] == ["chan", "age"]


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"SurveyElements": {}}', b'{"SurveyElements": []}', b"{", b"\xff"])
def test_what_is_no_survey_is_refused_with_a_sentence(raw):
    with pytest.raises(DataError):
        read(raw)


@pytest.mark.slow
def test_odd_values_anywhere_do_not_break_the_reader():
    """Every value of the file in turn is replaced by things that do not belong there."""
    paths = []

    def walk(value, path):
        paths.append(path)
        for key, one in (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        ):
            walk(one, [*path, key])

    walk(qsf_mapping(), [])
    for path in paths[1::5]:
        for odd in (None, [], {}, 5, "x", [None], {"a": []}):
            mapping = qsf_mapping()
            parent = mapping
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = odd
            try:
                instrument, _, _ = read(mapping)
            except DataError:  # refused with a sentence; anything else fails
                continue
            assert parse_instrument(write_yaml(instrument)) == instrument


def test_items_of_a_matrix_are_called_as_their_columns_of_answers():
    """The tag of the question stands before the tag of the item, unless that has it already."""
    mapping = json.loads(qsf())
    question(mapping, "QID3")["ChoiceDataExportTags"] = {"1": "matters", "3": "job_leave"}
    instrument, unsure, _ = read(json.dumps(mapping).encode())
    assert [e.id for e in instrument.entries if e.id.startswith("job")] == ["job_leave", "job_matters"]
    assert not [said for said in unsure if "stands twice" in said]
