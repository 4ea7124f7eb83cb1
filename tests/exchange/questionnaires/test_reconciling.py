"""A file of ours that was changed: the changes are taken over and told, everything else stays as it was."""

from __future__ import annotations

import json
import random

import pytest

from crmstudy.errors import DataError
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.questionnaires import taking_apart
from crmstudy.exchange.questionnaires.limesurvey_tsv import write_tsv
from crmstudy.exchange.questionnaires.workbook import sheets_of, sheets_to_bytes
from crmstudy.exchange.questionnaires.xlsform import write_xlsform
from crmstudy.instrument import load_instrument
from crmstudy.instrument.load import from_mapping
from crmstudy.instrument.writing import to_mapping
from tests.exchange.made_instruments import made


def changed(change, id="tam"):
    """The instrument of a form that was changed, and what was told; ``change`` gets the sheets."""
    sheets = sheets_of(write_xlsform(load_instrument(id), ExportLog(), None), "form.xlsx")
    change(sheets)
    told = taking_apart.xlsform(sheets_to_bytes(sheets), "form.xlsx")
    return from_mapping(told["instrument"], "form.xlsx"), told["unsure"], load_instrument(id)


def row_of(sheets, name):
    return next(row for row in sheets["survey"] if row[1:2] == [name])


def column(sheets, heading, sheet="survey"):
    return next(place for place, head in enumerate(sheets[sheet][0]) if head.startswith(heading))


def test_a_new_wording_is_taken_and_the_marks_of_others_stay():
    first = load_instrument("tam").items[0].id

    def change(sheets):
        row_of(sheets, first)[column(sheets, "label::فارسی")] = "متن تازه"

    found, told, before = changed(change)
    assert found.item(first).wording == {**before.item(first).wording, "fa": "متن تازه"}
    assert found.items[1:] == before.items[1:]
    assert found.scales[1:] == before.scales[1:]
    assert found.fingerprint == before.fingerprint
    assert len(told) == 1
    assert first in told[0]
    assert "متن تازه" in told[0]


def test_a_new_label_changes_the_set_for_all_who_use_it():
    def change(sheets):
        sheets["choices"][1][column(sheets, "label::English", "choices")] = "Not at all"

    found, told, before = changed(change)
    name = before.items[0].response.id
    assert found.responses[name].labels[1]["en"] == "Not at all"
    assert found.responses[name].labels[2] == before.responses[name].labels[2]
    assert set(found.responses) == set(before.responses)
    assert found.fingerprint == before.fingerprint
    assert any("Not at all" in line for line in told)


def test_a_question_that_was_taken_out_leaves_its_scale():
    before = load_instrument("tam")
    gone = before.items[0].id

    def change(sheets):
        sheets["survey"].remove(row_of(sheets, gone))

    found, told, _ = changed(change)
    assert gone not in found.item_ids
    assert gone not in found.scales[0].item_ids
    assert found.scales[0].item_ids == before.scales[0].item_ids[1:]
    assert found.fingerprint != before.fingerprint
    assert any("No longer in the file" in line and gone in line for line in told)
    assert any("version of its own" in line for line in told)


def test_a_question_that_was_added_is_in_no_scale():
    def change(sheets):
        place = sheets["survey"].index(row_of(sheets, load_instrument("tam").items[0].id))
        new = list(sheets["survey"][place])
        new[1], new[column(sheets, "label::English")] = "EXTRA", "One more question"
        sheets["survey"].insert(place + 1, new)
        sheets["survey"].append(["integer", "age", "Age", "سن", "Возраст", "yes", "", ". >= 18"])

    found, told, before = changed(change)
    assert found.item_ids[:2] == (before.items[0].id, "EXTRA")
    assert all("EXTRA" not in scale.item_ids for scale in found.scales)
    age = found.questions[-1]
    assert (age.id, age.low, age.required, age.wording["ru"]) == ("age", 18, "hard", "Возраст")
    assert any("EXTRA was added" in line for line in told)


def test_other_answers_make_another_set():
    def change(sheets):
        sheets["choices"].append([sheets["choices"][1][0], "8", "Eight", "هشت", "Восемь"])

    found, told, before = changed(change)
    assert found.items[0].response.high == 8
    assert found.fingerprint != before.fingerprint
    assert any("answers of" in line for line in told)


def test_another_order_is_told():
    def change(sheets):
        first, second = (row_of(sheets, item.id) for item in load_instrument("tam").items[:2])
        a, b = sheets["survey"].index(first), sheets["survey"].index(second)
        sheets["survey"][a], sheets["survey"][b] = second, first

    found, told, before = changed(change)
    assert found.item_ids[:2] == before.item_ids[1::-1]
    assert any("order" in line for line in told)


def test_title_and_version_are_taken():
    def change(sheets):
        sheets["settings"][1][column(sheets, "form_title", "settings")] = "My study"
        sheets["settings"][1][column(sheets, "version", "settings")] = "7"

    found, told, before = changed(change)
    assert (found.name["en"], found.name["fa"], found.version) == ("My study", before.name["fa"], "7")
    assert len(told) == 2


def test_texts_that_are_added_where_none_shipped():
    first = load_instrument("jss").items[0].id

    def change(sheets):
        row_of(sheets, first)[column(sheets, "label::English")] = "My own text"

    found, told, _ = changed(change, "jss")
    assert found.wording == "paraphrase"
    assert found.item(first).wording["en"] == "My own text"
    assert any("wording: published" in line for line in told)
    assert any("the id stands" in line for line in told)


def test_the_sheets_of_the_key_can_be_edited():
    before = load_instrument("tam")

    def change(sheets):
        place = sheets["crm_scales"][0].index("min_answered")
        sheets["crm_scales"][1][place] = "1"

    found, told, _ = changed(change)
    assert found.scales[0].min_answered == 1 != before.scales[0].min_answered
    assert told == []


@pytest.mark.parametrize(("sheet", "cell"), [("crm_items", "{"), ("crm_scales", "nonsense"), ("crm_instrument", "[1")])
def test_a_key_that_was_damaged_is_left_out_and_told(sheet, cell):
    def change(sheets):
        sheets[sheet][1] = [cell] * len(sheets[sheet][0])

    found, told, before = changed(change)
    assert found.item_ids == before.item_ids
    assert found.scales == () or any("cannot be used any more" in line for line in told) or found == before


def test_a_language_that_was_added():
    def change(sheets):
        for name in ("survey", "choices"):
            sheets[name][0].append("label::Deutsch (de)")
            for row in sheets[name][1:]:
                row += [""] * (len(sheets[name][0]) - 1 - len(row)) + ["Text" if row[1:2] and row[1] else ""]

    found, told, before = changed(change)
    assert found.languages["de"].status == "draft"
    assert found.item(before.items[0].id).wording["de"] == "Text"
    assert any("'de' was added" in line for line in told)


def test_a_survey_that_was_changed_in_limesurvey():
    before = load_instrument("tam")
    text = write_tsv(before, ExportLog(), None).decode("utf-8-sig")
    wording = before.text(before.items[0].wording, "en")
    assert text.count(wording) == 1
    told = taking_apart.limesurvey(text.replace(wording, "Changed <b>there</b>").encode(), "survey.txt")
    found = from_mapping(told["instrument"], "survey.txt")
    assert found.items[0].wording["en"] == "Changed there"
    assert found.items[1:] == before.items[1:]
    assert len(told["unsure"]) == 1


def edited(sheets, chance):
    """Sheets that somebody worked on: rows gone, doubled, moved or of another type, cells and answers changed."""
    survey, choices = sheets["survey"], sheets["choices"]
    for _ in range(chance.randint(1, 6)):
        asked = [row for row in survey[1:] if row and not row[0].startswith(("begin", "end", "note"))]
        if not asked:
            return
        row = chance.choice(asked)
        kind = chance.randrange(9)
        if kind == 0:
            survey.remove(row)
        elif kind == 1:
            survey.insert(chance.randrange(1, len(survey) + 1), survey.pop(survey.index(row)))
        elif kind == 2:
            survey.insert(survey.index(row) + 1, [row[0], f"new_{chance.randrange(99)}", *row[2:]])
        elif kind == 3:
            row[chance.randrange(2, len(row))] = chance.choice(["", "yes", "another text", ". >= 3"])
        elif kind == 4:
            row[0] = chance.choice(["integer", "text", "date", choices[-1] and f"select_one {choices[-1][0]}", "image"])
        elif kind == 5 and len(choices) > 3:
            del choices[chance.randrange(1, len(choices))]
        elif kind == 6 and len(choices) > 1:
            answer = chance.choice(choices[1:])
            answer[chance.randrange(1, len(answer))] = chance.choice(["7", "another label", "-5", "x"])
        elif kind == 7:
            row[1] = chance.choice(["renamed", "a-b", "", asked[0][1]])
        elif kind == 8:
            groups = [one for one in survey if one and one[0] in ("begin_group", "end_group")]
            if groups:
                survey.remove(chance.choice(groups))


@pytest.mark.parametrize("seed", [*range(15), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(15, 200))])
def test_whatever_is_changed_the_result_is_an_instrument_that_comes_back_equal(seed):
    chance = random.Random(seed)
    before = made(seed)
    sheets = sheets_of(write_xlsform(before, ExportLog(), None), "form.xlsx")
    edited(sheets, chance)
    try:
        told = taking_apart.xlsform(sheets_to_bytes(sheets), "form.xlsx")
    except DataError as refused:
        assert "no question" in str(refused) or "open" in str(refused)  # noqa: PT017
        return
    found = from_mapping(told["instrument"], "form.xlsx")
    assert found.id == before.id
    if found != before:
        assert told["unsure"] or told["left_out"]
    if found.fingerprint != before.fingerprint:
        assert any("version of its own" in line or "was changed" in line for line in told["unsure"])
    for write, read, name in (
        (write_xlsform, taking_apart.xlsform, "form.xlsx"),
        (write_tsv, taking_apart.limesurvey, "survey.txt"),
    ):
        again = read(write(found, ExportLog(), None), name)
        assert from_mapping(again["instrument"], name) == found
        assert (again["unsure"], again["left_out"]) == ([], [])


def test_what_depends_on_a_question_that_is_gone_goes_with_it():
    """Bands, norms and scores of scores of a scale that lost an item."""
    mapping = from_mapping_of("ecsi")
    mapping["higher_order"] = [
        {
            "id": "both",
            "name": {"en": "Both"},
            "parts": ["image", "loyalty"],
            "method": "mean",
            "min_answered": 2,
            "model": "formative",
        }
    ]
    mapping["scales"][0]["bands"] = {
        "ranges": [{"from": 1, "to": 5, "label": {"en": "low"}}, {"from": 5, "to": 10, "label": {"en": "high"}}],
        "unverified": True,
    }
    instrument = from_mapping(mapping)
    sheets = sheets_of(write_xlsform(instrument, ExportLog(), None), "form.xlsx")
    sheets["survey"] = [row for row in sheets["survey"] if row[1:2] not in (["IMAG1"], ["CUSL1"], ["CUSL2"], ["CUSL3"])]
    told = taking_apart.xlsform(sheets_to_bytes(sheets), "form.xlsx")
    found = from_mapping(told["instrument"], "form.xlsx")
    assert found.scales[0].bands is None
    assert found.higher_order == ()
    assert "loyalty" not in found.scale_ids
    said = "\n".join(told["unsure"])
    for what in ("bands of 'image'", "'loyalty' has no items left", "'both' has fewer than two scales"):
        assert what in said


def test_sections_follow_the_groups_of_the_file():
    mapping = from_mapping_of("tam")
    ids = [entry["id"] for entry in mapping["items"]]
    mapping["sections"] = [
        {"id": "one", "items": ids[:6], "title": {"en": "First"}},
        {"id": "two", "items": ids[6:], "title": {"en": "Second"}},
    ]
    sheets = sheets_of(write_xlsform(from_mapping(mapping), ExportLog(), None), "form.xlsx")
    row = row_of(sheets, ids[0])
    sheets["survey"].remove(row)
    sheets["survey"].insert(sheets["survey"].index(row_of(sheets, ids[6])), row)
    row_of(sheets, "one")[column(sheets, "label::English")] = "Usefulness"
    told = taking_apart.xlsform(sheets_to_bytes(sheets), "form.xlsx")
    found = from_mapping(told["instrument"], "form.xlsx")
    assert [section.entries for section in found.sections] == [tuple(ids[1:6]), (ids[0], *ids[6:])]
    assert found.sections[0].title["en"] == "Usefulness"


def test_assessment_values_that_were_turned_round_in_limesurvey_reverse_the_item():
    mapping = from_mapping_of("recommendation")
    text = write_tsv(from_mapping(mapping), ExportLog(), "en").decode("utf-8-sig")
    lines = [line.split("\t") for line in text.splitlines()]
    place = lines[0].index("assessment_value")
    answers = [line for line in lines if line[2] == "A" and line[place]]
    first = answers[: len({line[4] for line in answers})]
    for line, value in zip(first, [line[place] for line in first][::-1], strict=True):
        line[place] = value
    told = taking_apart.limesurvey("\n".join("\t".join(line) for line in lines).encode(), "survey.txt")
    found = from_mapping(told["instrument"], "survey.txt")
    assert found.items[0].reverse != from_mapping(mapping).items[0].reverse
    assert any("reversed" in line for line in told["unsure"])


def from_mapping_of(id):
    """An instrument of the library as plain values that can be changed."""
    return json.loads(json.dumps(to_mapping(load_instrument(id), self_contained=True)))
