"""XLSForm: what pyxform makes of ours, what foreign forms give, what is safe in a spreadsheet."""

from __future__ import annotations

import io
import shutil
from xml.etree import ElementTree

import pytest

from crmstudy.errors import DataError
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.questionnaires import taking_apart
from crmstudy.exchange.questionnaires.workbook import sheets_of, sheets_to_bytes
from crmstudy.exchange.questionnaires.xlsform import write_xlsform
from crmstudy.exchange.questionnaires.xlsform_reading import xlsform_seen
from crmstudy.instrument import list_instruments, load_instrument
from crmstudy.instrument.load import from_mapping
from tests.exchange.made_instruments import made


def form_of(instrument, lang=None):
    log = ExportLog()
    return write_xlsform(instrument, log, lang), log


def foreign(survey, choices=(), settings=(), name="form.xlsx"):
    """What a form made of these rows gives."""
    sheets = {
        "survey": survey,
        "choices": choices or [["list_name", "name", "label"]],
        "settings": settings or [["form_id"]],
    }
    told = taking_apart.xlsform(sheets_to_bytes(sheets), name)
    return from_mapping(told["instrument"], name), told["unsure"], told["left_out"]


@pytest.mark.peer
def test_pyxform_converts_the_library_in_three_languages_without_a_warning(tmp_path):
    xls2xform = pytest.importorskip("pyxform.xls2xform")
    for number, instrument in enumerate(list_instruments()):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(form_of(instrument)[0])
        result = xls2xform.convert(xlsform=path, validate=False)
        assert result.warnings == [], instrument.id
        assert instrument.id in result.xform
        for tag in instrument.languages:
            assert f"({tag})" in result.xform
        for item in instrument.items:
            assert f"/{item.id}" in result.xform


@pytest.mark.peer
@pytest.mark.parametrize("seed", range(25))
def test_pyxform_converts_made_instruments_without_a_warning(tmp_path, seed):
    xls2xform = pytest.importorskip("pyxform.xls2xform")
    path = tmp_path / "form.xlsx"
    path.write_bytes(form_of(made(seed))[0])
    assert xls2xform.convert(xlsform=path, validate=False).warnings == []


@pytest.mark.peer
def test_the_texts_of_what_pyxform_makes_are_ours(tmp_path):
    """Each label of the form stands in the XForm under its language, letter by letter."""
    xls2xform = pytest.importorskip("pyxform.xls2xform")
    for instrument in (load_instrument("tam"), load_instrument("staff-profile")):
        path = tmp_path / f"{instrument.id}.xlsx"
        path.write_bytes(form_of(instrument)[0])
        root = ElementTree.fromstring(xls2xform.convert(xlsform=path, validate=False).xform)
        space = {"x": "http://www.w3.org/2002/xforms"}
        for tag in instrument.languages:
            (translation,) = [
                one for one in root.iter(f"{{{space['x']}}}translation") if one.get("lang").endswith(f"({tag})")
            ]
            shown = {one.get("id"): one.findtext("x:value", namespaces=space) for one in translation}
            for entry in instrument.entries:
                (found,) = [text for id, text in shown.items() if id.endswith(f"/{entry.id}:label")]
                assert found == instrument.text(entry.wording, tag)


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("java") is None, reason="ODK Validate needs Java")
def test_odk_validate_accepts_what_pyxform_makes_of_ours(tmp_path):
    xls2xform = pytest.importorskip("pyxform.xls2xform")
    for number, instrument in enumerate([*list_instruments(), *map(made, range(10))]):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(form_of(instrument)[0])
        assert xls2xform.convert(xlsform=path, validate=True).warnings == []


def test_every_cell_is_text_and_none_is_a_formula():
    openpyxl = pytest.importorskip("openpyxl")
    for seed in (1, 2, 3, 4, 5):
        book = openpyxl.load_workbook(io.BytesIO(form_of(made(seed))[0]))
        for sheet in book:
            for cell in (cell for row in sheet.iter_rows() for cell in row if cell.value is not None):
                assert cell.data_type == "s"
                if str(cell.value)[0] in "=+-@":
                    assert cell.quotePrefix


def test_what_stands_where():
    instrument = load_instrument("ecsi")
    sheets = sheets_of(form_of(instrument)[0], "ecsi.xlsx")
    assert list(sheets)[:3] == ["survey", "choices", "settings"]
    survey = sheets["survey"]
    assert survey[0] == [
        "type",
        "name",
        "label::English (en)",
        "label::فارسی (fa)",
        "label::Русский (ru)",
        "required",
        "appearance",
        "constraint",
    ]
    assert survey[1][:2] == ["note", "crm_instructions"]
    grid = survey[2]
    assert (grid[0], grid[6]) == ("begin_group", "table-list")
    assert survey[3][:3] == ["select_one agreement", "IMAG1", instrument.item("IMAG1").wording["en"]]
    assert sheets["settings"][1][1:] == ["ecsi", "1.0", "English (en)"]
    choices = [row[:3] for row in sheets["choices"] if row[0] == "agreement"]
    assert choices[0] == ["agreement", "1", "Strongly disagree"]
    assert choices[1] == ["agreement", "2", "2"]


def test_the_log_says_what_the_format_has_no_place_for():
    _, log = form_of(load_instrument("rfc-holt"), "fa")
    assert "scales, reversed items and scoring" in log.text
    assert "texts in en, ru are only carried along" in log.text
    assert "ships without wording" in form_of(load_instrument("jss"))[1].text


def test_a_form_of_ours_without_our_sheets_is_a_draft():
    instrument = load_instrument("ecsi")
    sheets = sheets_of(form_of(instrument)[0], "ecsi.xlsx")
    kept = {name: rows for name, rows in sheets.items() if not name.startswith("crm_")}
    told = taking_apart.xlsform(sheets_to_bytes(kept), "ecsi.xlsx")
    found = from_mapping(told["instrument"], "ecsi.xlsx")
    assert told["carried"] is False
    assert found.rights.status == "unknown"
    assert found.scales == ()
    assert found.item_ids == instrument.item_ids
    assert [item.wording for item in found.items] == [item.wording for item in instrument.items]
    assert {i.id: (i.response.low, i.response.high) for i in found.items} == {
        i.id: (i.response.low, i.response.high) for i in instrument.items
    }
    assert found.item("CUEX1").response.labels == instrument.item("CUEX1").response.labels
    assert any("scale" in line for line in told["unsure"])


def test_a_foreign_form():
    instrument, unsure, left_out = foreign(
        [
            [
                "Type",
                "NAME",
                "Label::English (en)",
                "label::Persian",
                "Required",
                "relevance",
                "constraint",
                "appearance",
            ],
            ["start", "start", "", "", "", "", "", ""],
            ["note", "hello", "Please answer.", "لطفاً پاسخ دهید.", "", "", "", ""],
            ["begin group", "work", "Your work", "کار شما", "", "", "", ""],
            ["select one from agree", "w1", "I like my work", "کارم را دوست دارم", "yes", "", "", ""],
            ["select_one agree", "w2", "I want to leave", "می‌خواهم بروم", "", "${w1} = '1'", "", "likert"],
            ["end group", "", "", "", "", "", "", ""],
            ["select_multiple chan", "channels", "Channels", "کانال‌ها", "", "", "", ""],
            ["integer", "age", "Age", "سن", "TRUE", "", ". >= 18 and . <= 99", ""],
            ["decimal", "hours", "Hours", "", "", "", ". > 0", ""],
            ["text", "more", "More?", "", "", "", "", "multiline"],
            ["calculate", "total", "", "", "", "", "", ""],
            ["geopoint", "place", "Where", "", "", "", "", ""],
            ["begin repeat", "kids", "Child", "", "", "", "", ""],
            ["text", "child", "Name", "", "", "", "", ""],
            ["end repeat", "", "", "", "", "", "", ""],
        ],
        [
            ["list name", "value", "label::English (en)", "label::Persian"],
            ["agree", "1", "No", "نه"],
            ["agree", "2", "Yes", "بله"],
            ["agree", "99", "Cannot say", "نمی‌دانم"],
            ["chan", "br", "Branch", "شعبه"],
            ["chan", "mob", "Mobile", "همراه"],
        ],
        [["form_title", "form_id", "version", "default_language"], ["Work & you", "Work Form", "3", "English (en)"]],
    )
    assert (instrument.id, instrument.version, dict(instrument.name)) == ("work-form", "3", {"en": "Work & you"})
    assert {tag: one.direction for tag, one in instrument.languages.items()} == {"en": "ltr", "fa": "rtl"}
    assert instrument.instructions["fa"] == "لطفاً پاسخ دهید."
    assert [e.id for e in instrument.entries] == ["w1", "w2", "channels", "age", "hours", "more"]
    first = instrument.item("w1")
    assert (first.required, first.wording["fa"]) == ("hard", "کارم را دوست دارم")
    assert (first.response.low, first.response.high, first.response.missing_codes) == (1, 2, (99,))
    assert first.response.missing_labels[99]["fa"] == "نمی‌دانم"
    questions = {q.id: q for q in instrument.questions}
    assert (questions["age"].low, questions["age"].high, questions["more"].type) == (18, 99, "longtext")
    assert questions["channels"].response.labels[2]["en"] == "Mobile"
    assert instrument.sections[0].title["fa"] == "کار شما"
    assert instrument.sections[0].entries == ("w1", "w2")
    said = "\n".join(left_out)
    for what in (
        "the relevant of 'w2'",
        "'total' is of the type 'calculate'",
        "'place'",
        "repeat 'kids'",
        "'child'",
        ". > 0",
    ):
        assert what in said
    assert "numbered in their order: 1 = 'br', 2 = 'mob'" in "\n".join(unsure)
    assert "codes of no answer: 99 'Cannot say'" in "\n".join(unsure)


def test_labels_without_a_language_are_taken_by_their_letters_and_it_is_told():
    survey = [["type", "name", "label"], ["select_one a", "q1", "کیفیت خدمات چگونه است؟"]]
    instrument, unsure, _ = foreign(survey, [["list_name", "name", "label"], ["a", "1", "بد"], ["a", "2", "خوب"]])
    assert instrument.item("q1").wording == {"fa": "کیفیت خدمات چگونه است؟"}
    assert any("taken as 'fa'" in line for line in unsure)


def test_all_lacking_columns_and_sheets_are_refused_with_a_sentence():
    with pytest.raises(DataError, match=r"has a sheet 'survey'.*There are: Sheet"):
        taking_apart.xlsform(sheets_to_bytes({"Sheet": [["a"]]}), "x.xlsx")
    with pytest.raises(DataError, match="no column 'type'"):
        taking_apart.xlsform(sheets_to_bytes({"survey": [["typ", "name"], ["text", "a"]]}), "x.xlsx")
    with pytest.raises(DataError, match="no question"):
        taking_apart.xlsform(sheets_to_bytes({"survey": [["type", "name"], ["calculate", "a"]]}), "x.xlsx")


@pytest.mark.parametrize(
    ("codes", "low", "high", "missing"),
    [
        (["1", "2", "3"], 1, 3, ()),
        (["0", "1"], 0, 1, ()),
        (["-2", "-1", "0", "1", "2"], -2, 2, ()),
        (["1", "2", "-9"], 1, 2, (-9,)),
        (["1", "2", "3", "88", "99"], 1, 3, (88, 99)),
        (["۱", "۲"], 1, 2, ()),
        (["1", "3", "5"], 1, 5, ()),
        (["a", "b"], 1, 2, ()),
        (["1", "1"], 1, 2, ()),
        (["5", "4", "3"], 3, 5, ()),
        (["98", "99"], 98, 99, ()),
    ],
)
def test_codes_of_lists(codes, low, high, missing):
    choices = [["list_name", "name", "label"], *(["a", code, f"label {place}"] for place, code in enumerate(codes))]
    instrument, *_ = foreign([["type", "name", "label"], ["select_one a", "q1", "Text"]], choices)
    response = instrument.item("q1").response
    assert (response.low, response.high, response.missing_codes) == (low, high, missing)


def test_markup_is_stripped_and_fields_are_told():
    text = 'I <b>like</b> it,<br/>${name}, if 3 < 5 and x<y <span style="color:red">now</span>'
    instrument, unsure, _ = foreign(
        [["type", "name", "label"], ["select_one a", "q1", text]],
        [["list_name", "name", "label"], ["a", "1", "No"], ["a", "2", "Yes"]],
    )
    assert instrument.item("q1").wording["en"] == "I like it, ${name}, if 3 < 5 and x<y now"
    assert any("fields in braces" in line and "q1" in line for line in unsure)


def test_codes_that_end_in_numbers_are_these_numbers():
    choices = [["list_name", "name", "label"], ["a", "AO02", "Two"], ["a", "AO01", "One"]]
    instrument, unsure, _ = foreign([["type", "name", "label"], ["select_one a", "q1", "Text"]], choices)
    assert instrument.item("q1").response.labels == {1: {"en": "One"}, 2: {"en": "Two"}}
    assert any("numbered as they end: 2 = 'AO02'" in line for line in unsure)


def test_ranges_and_heads_of_grids():
    survey = [
        ["type", "name", "label", "parameters", "appearance"],
        ["begin_group", "g", "", "", "field-list"],
        ["select_one a", "head", "Agree?", "", "label"],
        ["select_one a", "q1", "One", "", "list-nolabel"],
        ["end_group", "", "", "", ""],
        ["range", "nps", "Recommend?", "start=0 end=10 step=1", ""],
        ["range", "share", "Share", "start=0 end=1 step=0.1", ""],
    ]
    instrument, *_ = foreign(survey, [["list_name", "name", "label"], ["a", "1", "No"], ["a", "2", "Yes"]])
    assert instrument.item_ids == ("q1", "nps")
    assert (instrument.item("nps").response.low, instrument.item("nps").response.high) == (0, 10)
    assert [(q.id, q.type, q.low, q.high) for q in instrument.questions] == [("share", "decimal", 0.0, 1.0)]


def test_the_reader_is_the_inverse_of_the_writer_for_what_a_form_shows():
    sheets = sheets_of(form_of(load_instrument("ecsi"))[0], "x.xlsx")
    seen = xlsform_seen(sheets, "x.xlsx")
    assert seen.languages == ["en", "fa", "ru"]
    assert len(seen.asked) == 24
    assert seen.left_out == []
