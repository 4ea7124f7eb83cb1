"""Writing and reading questionnaires by file: formats by name, ending and content; nothing is overwritten."""

from __future__ import annotations

import io
import zipfile

import pytest

import crmstudy as cs
from crmstudy.errors import DataError
from crmstudy.exchange.questionnaires.formats import FORMATS, read_questionnaire, recognise_questionnaire
from crmstudy.exchange.questionnaires.workbook import sheets_to_bytes
from tests.exchange.questionnaires.samples import DICTIONARY, lss_new, lss_old, qsf


def files(folder):
    """A file of every format that can be read, under a name that says nothing."""
    tam = cs.load_instrument("tam")
    for name in ("xlsform", "limesurvey", "redcap", "yaml", "json"):
        cs.write_questionnaire(tam, folder / f"{name}.bin", format=name)
        yield folder / f"{name}.bin", name
    for name, raw in (("lss", lss_new()), ("old", lss_old()), ("qsf", qsf()), ("dictionary", DICTIONARY.encode())):
        path = folder / f"{name}.dat"
        path.write_bytes(raw)
        yield path, {"old": "lss", "dictionary": "redcap"}.get(name, name)


def test_every_format_is_recognised_by_what_it_holds(tmp_path):
    for path, format in files(tmp_path):
        assert recognise_questionnaire(path) == format
        drafted = read_questionnaire(path)
        assert drafted.format == format
        assert drafted.carried == (format not in ("lss", "qsf") and "dictionary" not in path.name)


def test_what_we_wrote_comes_back(tmp_path):
    tam = cs.load_instrument("tam")
    for path, format in files(tmp_path):
        if path.suffix == ".bin":
            drafted = cs.read_questionnaire(path)
            found = drafted.instrument
            if format == "json":  # the shared answer sets are written out there
                assert found.fingerprint == tam.fingerprint
                assert found.items[0].wording == tam.items[0].wording
            else:
                assert found == tam
            assert drafted.notes == ()


def test_endings_name_formats_to_write(tmp_path):
    for ending, format in (
        (".xlsx", "xlsform"),
        (".txt", "limesurvey"),
        (".csv", "redcap"),
        (".yaml", "yaml"),
        (".json", "json"),
    ):
        log = cs.write_questionnaire("tam", tmp_path / f"a{ending}")
        assert (log.format, log.files) == (format, [tmp_path / f"a{ending}"])


def test_nothing_is_ever_overwritten(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_text("mine")
    with pytest.raises(cs.OutputError, match="exists already"):
        cs.write_questionnaire("tam", path)
    assert path.read_text() == "mine"
    with pytest.raises(cs.OutputError, match="cannot be written"):
        cs.write_questionnaire("tam", tmp_path / "no" / "a.xlsx")


@pytest.mark.parametrize(
    ("name", "format", "said"),
    [
        ("a.qsf", None, "names no format to write"),
        ("a.x", "qsf", "the format 'qsf' cannot be written"),
        ("a.x", "xlsfrom", "there is no format 'xlsfrom'. Did you mean 'xlsform'"),
    ],
)
def test_formats_that_cannot_be_written(tmp_path, name, format, said):
    with pytest.raises(cs.UnsupportedError, match=said):
        cs.write_questionnaire("tam", tmp_path / name, format=format)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "error", "said"),
    [
        ("a.xls", b"\xd0\xcf\x11\xe0", cs.UnsupportedError, "save it as .xlsx"),
        ("a.docx", b"PK\x03\x04", cs.UnsupportedError, "instruments new --from"),
        ("a.lsa", b"PK\x03\x04", cs.UnsupportedError, "as .lss"),
        ("a.xlsx", b"PK\x03\x04 but no more", cs.DataError, "damaged"),
        ("a.xlsx", b"", cs.DataError, "damaged"),
        ("a.lss", b"<document>", cs.DataError, "no well-formed XML"),
        ("a.qsf", b"{}", cs.DataError, "SurveyElements"),
        ("a.json", b"{}", cs.DataError, "lacks crmstudy_instrument"),
        ("a.yaml", b"crmstudy_instrument: 1\nid: 5\n", cs.InstrumentError, "lacks the key"),
        ("a.bin", b"hello", cs.UnsupportedError, "no questionnaire that can be read"),
    ],
)
def test_files_that_cannot_be_read_are_answered_with_a_sentence(tmp_path, name, content, error, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error, match=said):
        cs.read_questionnaire(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(cs.DataError, match="was not found"):
        cs.read_questionnaire(tmp_path / "a.xlsx")
    assert recognise_questionnaire(tmp_path / "a.xlsx") is None


def test_all_faults_of_an_instrument_file_are_told_with_their_lines(tmp_path):
    cs.write_questionnaire("tam", tmp_path / "tam.yaml")
    text = (tmp_path / "tam.yaml").read_text(encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(text.replace("respondent:", "respondant:"), encoding="utf-8")
    with pytest.raises(cs.InstrumentError) as refused:
        cs.read_questionnaire(tmp_path / "bad.yaml")
    assert len(refused.value.faults) == 2
    assert any(fault.line and fault.line > 1 for fault in refused.value.faults)


def test_a_workbook_of_answers_is_no_questionnaire(tmp_path):
    path = tmp_path / "answers.xlsx"
    path.write_bytes(sheets_to_bytes({"data": [["Q1"], ["3"]]}))
    assert recognise_questionnaire(path) is None
    path = tmp_path / "form.xlsx"
    path.write_bytes(sheets_to_bytes({"Survey": [["type", "name"], ["text", "a"]]}))
    assert recognise_questionnaire(path) == "xlsform"


def test_a_zip_bomb_is_not_opened(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<a/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 50_000_000)
    with pytest.raises(cs.DataError, match="zip bomb"):
        cs.read_questionnaire(path)


def test_the_table_in_the_documentation_is_the_table_of_formats():
    from crmstudy.exchange.questionnaires import formats

    for one in FORMATS.values():
        assert one.name in (formats.__doc__ or "")
        assert all(ending.startswith(".") for ending in one.endings)
        assert one.writer or one.kind


def test_what_is_drafted_can_be_written_as_an_instrument_file(tmp_path):
    path = tmp_path / "survey.qsf"
    path.write_bytes(qsf())
    drafted = cs.read_questionnaire(path)
    cs.write_questionnaire(drafted.instrument, tmp_path / "survey.yaml")
    assert cs.load_instrument(str(tmp_path / "survey.yaml")) == drafted.instrument
    assert "from qsf" in repr(drafted)
    assert drafted.instrument.unverified


@pytest.mark.parametrize("format", ["xlsform", "limesurvey"])
def test_no_form_tells_respondents_what_is_measured(tmp_path, format):
    """Neither name nor description of the instrument is shown; both come back all the same."""
    given = cs.load_instrument("turnover-intention")
    log = cs.write_questionnaire(given, tmp_path / "form", format=format)
    assert any("respondents see the title, so it is 'Questionnaire'" in line for line in log.lines)
    raw = (tmp_path / "form").read_bytes()
    if format == "limesurvey":
        shown = raw.decode("utf-8-sig").split("\tcrmstudykey1\t")[0]
    else:
        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(raw))
        sheets = [book[name] for name in ("survey", "choices", "settings")]
        shown = "\n".join(str(cell) for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row)
    assert "Questionnaire" in shown
    for texts in (given.name, given.description):
        assert not [text for text in texts.values() if text in shown]
    drafted = read_questionnaire(tmp_path / "form")
    assert drafted.instrument == given
    assert drafted.unsure == ()


def test_files_that_are_no_questionnaire_name_the_command_that_takes_them(tmp_path):
    table = tmp_path / "items.csv"
    table.write_text("id,text\nA1,The work is varied.\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"no data dictionary of REDCap.*instruments new --from FILE") as refused:
        read_questionnaire(table)
    assert len(refused.value.faults) == 1
    book = tmp_path / "items.xlsx"
    book.write_bytes(sheets_to_bytes({"Sheet1": [["id", "text"], ["A1", "The work is varied."]]}))
    with pytest.raises(DataError, match=r"There are: Sheet1\. A table of items .*instruments new --from FILE"):
        read_questionnaire(book)
