"""Lines, ranks and texts in the forms of other tools: what they become, what comes back, what a change there does."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.questionnaires import taking_apart
from crmstudy.exchange.questionnaires.limesurvey_tsv import write_tsv
from crmstudy.exchange.questionnaires.redcap_dictionary import write_dictionary
from crmstudy.exchange.questionnaires.workbook import sheets_of, sheets_to_bytes
from crmstudy.exchange.questionnaires.xlsform import write_xlsform
from crmstudy.instrument.load import from_mapping, parse_instrument
from tests.instrument.lines import FILE, lines

WRITERS = {"xlsform": write_xlsform, "limesurvey": write_tsv, "redcap": write_dictionary}
#: Everything in sections, with ids that other parts of a form go by.
SECTIONED = FILE.replace("HELLO", "one_text") + (
    "sections:\n"
    "  - {id: one, title: {en: First, fa: نخست}, items: [one_text, L1, L2, BETWEEN]}\n"
    "  - {id: two, text: {en: Some more, fa: باز هم}, items: [ALL, TOP, SAY]}\n"
    "instructions: {en: Please answer all, fa: لطفاً به همه پاسخ دهید}\n"
)
BELOW_ZERO = FILE.replace("low: 0\n", "low: -100\n").replace("-9: {en: does", "-900: {en: does")


def out(format, instrument, lang=None):
    log = ExportLog()
    return WRITERS[format](instrument, log, lang), log


def back(format, raw):
    told = getattr(taking_apart, format)(raw, "file")
    return from_mapping(told["instrument"], "file"), told


@pytest.mark.parametrize("format", list(WRITERS))
@pytest.mark.parametrize("text", [FILE, SECTIONED, BELOW_ZERO])
def test_what_was_written_comes_back_equal(format, text):
    made = parse_instrument(text)
    found, told = back(format, out(format, made)[0])
    assert found == made
    assert (told["unsure"], told["left_out"], told["carried"]) == ([], [], True)


def survey_of(raw):
    return sheets_of(raw, "form.xlsx")["survey"]


def test_an_xlsform_has_ranges_ranks_and_notes():
    raw, log = out("xlsform", lines(), "en")
    head, *rows = survey_of(raw)
    rows = {row[1]: dict(zip(head, row, strict=False)) for row in rows}
    line = rows["L1"]
    assert (line["type"], line["parameters"], line["appearance"]) == ("range", "start=0 end=100 step=1", "no-ticks")
    assert line["hint::English (en)"] == "0 = not at all; 50 = half and half; 100 = wholly"
    assert (rows["ALL"]["type"], rows["TOP"]["type"], rows["HELLO"]["type"]) == (
        "rank ways_ranked", "rank ways_ranked", "note",
    )  # fmt: skip
    choices = sheets_of(raw, "form.xlsx")["choices"][1:]
    assert [row[:2] for row in choices] == [["ways_ranked", str(value)] for value in range(1, 5)]
    said = "\n".join(log.lines)
    assert "L1: XLSForm takes a mark on a line or nothing; the answers beside it are not offered: -9." in said
    assert "TOP: XLSForm puts every answer in order; the first 2 places count." in said


def test_a_form_without_lines_has_no_columns_for_them():
    plain = parse_instrument(FILE.replace("type: slider, ", ""))
    head = survey_of(out("xlsform", plain)[0])[0]
    assert not [cell for cell in head if cell.startswith(("hint", "parameters"))]
    assert "slider" not in out("limesurvey", plain)[0].decode("utf-8").split("\n", 1)[0]


@pytest.mark.peer
@pytest.mark.parametrize("text", [FILE, SECTIONED])
def test_pyxform_converts_them_without_a_warning(tmp_path, text):
    xls2xform = pytest.importorskip("pyxform.xls2xform")
    path = tmp_path / "form.xlsx"
    path.write_bytes(out("xlsform", parse_instrument(text))[0])
    made = xls2xform.convert(xlsform=path, validate=False)
    assert made.warnings == []
    assert "odk:rank" in made.xform
    assert re.search('<range [^>]*appearance="no-ticks"', made.xform)


def test_a_survey_of_limesurvey_has_lines_ranks_and_texts():
    raw, log = out("limesurvey", lines(), "en")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), delimiter="\t"))
    types = [(row["type/scale"], row["name"]) for row in rows if row["class"] == "Q"]
    assert types[:-1] == [
        ("X", "HELLO"), ("K", "line"), ("K", "line2"), ("X", "BETWEEN"), ("R", "ALL"), ("R", "TOP"), ("T", "SAY"),
    ]  # fmt: skip
    line = next(row for row in rows if row["name"] == "line")
    assert (line["slider_layout"], line["slider_min"], line["slider_max"]) == ("1", "0", "100")
    assert [row["text"] for row in rows if row["name"] == "L1"] == ["How content are you|not at all|wholly"]
    order = next(row for row in rows if row["name"] == "TOP")
    assert (order["mandatory"], order.get("min_answers"), order["max_answers"]) == ("N", None, "2")
    hard = parse_instrument(FILE.replace("top: 2,", "top: 2, required: hard,"))
    rows = csv.DictReader(io.StringIO(out("limesurvey", hard)[0].decode("utf-8-sig")), delimiter="\t")
    order = next(row for row in rows if row["name"] == "TOP")
    assert (order["mandatory"], order["min_answers"], order["max_answers"]) == ("N", "2", "2")
    assert "L1: LimeSurvey has labels at the ends of a line only; left out: 50." in log.lines


def test_texts_with_bars_are_parted_by_another_sign():
    made = parse_instrument(FILE.replace("en: How content are you", "en: How content | you"))
    raw, _ = out("limesurvey", made)
    assert "How content | you¦not at all¦wholly" in raw.decode("utf-8")
    assert back("limesurvey", raw)[0] == made


def test_a_dictionary_of_redcap_has_sliders_and_ranked_matrices():
    raw, log = out("redcap", lines(), "en")
    rows = {row["Variable / Field Name"]: row for row in csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))}
    choices = "Choices, Calculations, OR Slider Labels"
    assert (rows["l1"]["Field Type"], rows["l1"][choices]) == ("slider", "not at all | half and half | wholly")
    assert rows["hello"]["Field Type"] == "descriptive"
    assert rows["all_text"]["Field Label"] == "Put the ways in order"
    for value in range(1, 5):
        row = rows[f"top_{value}"]
        assert (row["Field Type"], row["Matrix Group Name"], row["Matrix Ranking?"]) == ("radio", "top", "y")
        assert row[choices] == "1, 1 | 2, 2"
    what = "REDCap has no ranking; it became a matrix of answers by places, in which no place is given twice."
    assert f"ALL: {what}" in log.lines


def redcap_rows(raw):
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))


def redcap_bytes(rows):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode("utf-8-sig")


def test_changes_in_a_form_are_taken_over_and_told():
    made = lines()
    sheets = sheets_of(out("xlsform", made, "en")[0], "form.xlsx")
    for row in sheets["survey"]:
        for place, cell in enumerate(row):
            row[place] = {
                "Now about the bank.": "And now the bank.",
                "0 = not at all; 50 = half and half; 100 = wholly": "0 = never; 50 = half and half; 100 = wholly",
            }.get(cell, cell)
    found, told = back("xlsform", sheets_to_bytes(sheets))
    texts = {entry.id: entry.wording["en"] for entry in found.questions}
    assert texts["BETWEEN"] == "And now the bank."
    assert found.item("L1").response.labels[0] == {"en": "never", "fa": "اصلاً"}
    assert found.item("L1").response.missing_codes == (-9,)
    assert found.fingerprint == made.fingerprint
    assert "The wording of BETWEEN was changed (en): 'And now the bank.'." in told["unsure"]


def test_another_range_keeps_the_codes_beside_the_line():
    sheets = sheets_of(out("xlsform", lines(), "en")[0], "form.xlsx")
    for row in sheets["survey"]:
        if row[1:2] == ["L1"]:
            row[:] = [cell.replace("end=100", "end=10").replace("; 50 = half and half; 100 = wholly", "; 10 = wholly")
                      for cell in row]  # fmt: skip
    found, told = back("xlsform", sheets_to_bytes(sheets))
    response = found.item("L1").response
    assert (response.low, response.high, response.missing_codes) == (0, 10, (-9,))
    assert found.item("L1").slider
    assert any("version of its own" in one for one in told["unsure"])
    assert found.item("L2").response.high == 100


def test_fewer_places_in_redcap_and_a_removed_text():
    raw, _ = out("redcap", lines(), "en")
    rows = [row for row in redcap_rows(raw) if row[0] != "hello"]
    rows = [[cell.replace("1, 1 | 2, 2 | 3, 3 | 4, 4", "1, 1 | 2, 2 | 3, 3") for cell in row] for row in rows]
    found, told = back("redcap", redcap_bytes(rows))
    assert {one.id: one.top for one in found.questions if one.type == "rank"} == {"ALL": 3, "TOP": 2}
    assert "HELLO" not in [entry.id for entry in found.entries]
    assert any("HELLO" in one for one in told["unsure"])
    assert "How many answers of ALL get a place was changed: 3." in told["unsure"]


def test_a_text_that_a_form_shows_as_something_else_is_not_lost():
    """The first note of a form from before is its introduction; the entry stays where it was."""
    made = parse_instrument(SECTIONED)
    raw, _ = out("xlsform", made, "en")
    sheets = sheets_of(raw, "form.xlsx")
    for row in sheets["survey"]:
        row[:] = ["Please answer everything" if cell == "Please answer all" else cell for cell in row]
    found, _ = back("xlsform", sheets_to_bytes(sheets))
    assert found.instructions["en"] == "Please answer everything"
    assert [entry.id for entry in found.entries] == [entry.id for entry in made.entries]


def test_an_xlsform_of_unknown_origin():
    survey = [
        ["type", "name", "label::English (en)", "hint::English (en)", "parameters", "appearance"],
        ["note", "hello", "Welcome.", "", "", ""],
        ["range", "mood", "Mood?", "0 = bad; 10 = good", "start=0 end=10 step=1", ""],
        ["range", "stars", "Stars?", "", "start=1 end=5 step=1", "rating"],
        ["note", "then", "Now the rest.", "", "", ""],
        ["rank ways", "order", "Order?", "", "", ""],
    ]
    choices = [["list_name", "name", "label::English (en)"], ["ways", "1", "a"], ["ways", "2", "b"], ["ways", "3", "c"]]
    made, told = back("xlsform", sheets_to_bytes({"survey": survey, "choices": choices}))
    assert made.instructions == {"en": "Welcome."}
    assert [(entry.id, entry.type) for entry in made.entries] == [
        ("mood", "slider"), ("stars", "single"), ("then", "info"), ("order", "rank"),
    ]  # fmt: skip
    assert made.item("mood").response.labels == {0: {"en": "bad"}, 10: {"en": "good"}}
    assert told["left_out"] == []


def test_a_survey_of_limesurvey_of_unknown_origin():
    text = out("limesurvey", lines(), "en")[0].decode("utf-8-sig")
    rows = [line for line in text.splitlines() if "crmstudykey" not in line]
    rows = [line.replace("\t0\t100\t1\t", "\t0\t1\t0.1\t") if "\tline2\t" in line else line for line in rows]
    made, told = back("limesurvey", "\n".join(rows).encode("utf-8"))
    assert [(entry.id, entry.type) for entry in made.entries] == [
        ("L1", "slider"), ("L2", "decimal"), ("BETWEEN", "info"), ("ALL", "rank"), ("TOP", "rank"), ("SAY", "longtext"),
    ]  # fmt: skip
    assert made.item("L1").wording == {"en": "How content are you"}
    assert made.item("L1").response.labels == {0: {"en": "not at all"}, 100: {"en": "wholly"}}
    assert {one.id: (one.low, one.high) for one in made.questions if one.id == "L2"} == {"L2": (0, 1)}
    assert {one.id: one.top for one in made.questions if one.type == "rank"} == {"ALL": None, "TOP": 2}
    assert not told["carried"]


def test_a_survey_of_qualtrics():
    def question(id, kind, selector, text, **more):
        payload = {"QuestionID": id, "DataExportTag": id, "QuestionType": kind, "Selector": selector,
                   "QuestionText": text, **more}  # fmt: skip
        return {"Element": "SQ", "PrimaryAttribute": id, "Payload": payload}

    shown = {"1": {"Display": "phone"}, "2": {"Display": "letter"}, "3": {"Display": "branch"}}
    config = {"CSSliderMin": 0, "CSSliderMax": 100, "NumDecimals": "0"}
    elements = [
        question("A", "DB", "TB", "Welcome."),
        question("B", "Slider", "HSLIDER", "Content?", Choices={"1": {"Display": "Content"}}, Configuration=config),
        question("C", "DB", "TB", "Now the rest."),
        question("D", "RO", "DND", "Order?", Choices=shown),
        question("E", "Slider", "STAR", "Stars?", Choices={"1": {"Display": "S"}}, Configuration={"StarCount": 5}),
    ]
    ids = [{"Type": "Question", "QuestionID": one["PrimaryAttribute"]} for one in elements]
    block = {"Element": "BL", "Payload": [{"ID": "BL_1", "Type": "Default", "BlockElements": ids}]}
    held = {"SurveyEntry": {"SurveyLanguage": "EN", "SurveyName": "s"}, "SurveyElements": [block, *elements]}
    made, _ = back("qsf", json.dumps(held).encode())
    assert made.instructions == {"en": "Welcome."}
    assert [(entry.id, entry.type) for entry in made.entries] == [
        ("B_1", "slider"), ("C", "info"), ("D", "rank"), ("E_1", "single"),
    ]  # fmt: skip
    assert [made.questions[1].response.label(value, "en") for value in (1, 2, 3)] == ["phone", "letter", "branch"]


def test_a_dictionary_of_unknown_origin_may_have_a_ranked_matrix():
    raw, _ = out("redcap", lines(), "en")
    made, told = back("redcap", redcap_bytes([row for row in redcap_rows(raw) if not row[0].startswith("crmstudykey")]))
    assert [(entry.id, entry.type) for entry in made.entries] == [
        ("l1", "slider"), ("l2", "slider"), ("between", "info"), ("all", "rank"), ("top", "rank"), ("say", "longtext"),
    ]  # fmt: skip
    assert made.instructions == {"en": "First, some questions about work."}
    order = next(one for one in made.questions if one.id == "top")
    assert (order.top, order.wording["en"], order.response.label(3, "en")) == (2, "Which two come first", "branch")
    assert not told["carried"]


def test_other_ranked_matrices_stay_items():
    head = redcap_rows(out("redcap", lines(), "en")[0])[0]
    cells = {"Form Name": "f", "Field Type": "radio", "Choices, Calculations, OR Slider Labels": "1, a | 2, b",
             "Matrix Group Name": "m", "Matrix Ranking?": "y"}  # fmt: skip
    rows = [head] + [
        [(cells | {"Variable / Field Name": name, "Field Label": name}).get(column, "") for column in head]
        for name in ("price", "speed")
    ]
    made, told = back("redcap", redcap_bytes(rows))
    assert [entry.type for entry in made.entries] == ["single", "single"]
    assert any("the ranking of the matrix" in one for one in told["left_out"])
