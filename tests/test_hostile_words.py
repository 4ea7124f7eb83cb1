"""What a file says stands in sentences, on terminals and in JSON, short and without commanding anything."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time

import pytest

import crmstudy as cs
from crmstudy.cli.app import main
from crmstudy.cli.console import emit, say, table, whisper
from crmstudy.declared import parse_declared, refuse_control
from crmstudy.errors import COMMANDING, AnalysisError, DataError, Fault, InputError, InstrumentError
from crmstudy.exchange.questionnaires.markup_text import text_of
from crmstudy.exchange.untrusted.markup import read_json
from crmstudy.instrument import load_instrument
from crmstudy.instrument.load import from_mapping, parse_instrument
from crmstudy.instrument.writing import to_mapping

EVIL = "a\x1b[2Jb\x07\u202ec\u2066d\x9be\u2028f\x85g\ud800h"


def _commands(text: str) -> list[str]:
    return COMMANDING.findall(text)


def test_a_fault_commands_nothing_and_keeps_persian_and_russian():
    fault = Fault(f"the column '{EVIL}' is odd.", f"{EVIL}.csv", 3)
    assert not _commands(str(fault))
    assert fault.message == "the column 'a [2Jb  c d e f g h' is odd."
    plain = "ستون «می\u200cشود» نیست: столбец нет.\n\tsecond line"
    assert Fault(plain).message == plain
    assert not _commands(str(AnalysisError(EVIL)))


def test_a_sentence_is_no_longer_than_anybody_reads():
    fault = Fault("begin " + "x" * 10**6 + " end.")
    assert len(fault.message) < 2100
    assert fault.message.startswith("begin ")
    assert fault.message.endswith(" end.")


def test_many_faults_are_kept_and_some_are_told(capsys):
    error = DataError([f"fault {number}." for number in range(1000)])
    assert len(error.faults) == 1000
    assert str(error).count("\n") == 201
    assert str(error).endswith("... and 800 more.")
    from crmstudy.cli.console import refuse

    assert refuse(error.faults, as_json=False) == 2
    assert capsys.readouterr().err.endswith("... and 800 more.\n")


def test_the_console_is_not_commanded(capsys):
    say(EVIL)
    whisper(EVIL)
    table(["a"], [[EVIL]])
    captured = capsys.readouterr()
    assert not _commands(captured.out + captured.err)
    emit({"a": EVIL, EVIL: 1})
    out = capsys.readouterr().out
    assert not _commands(out)
    assert json.loads(out) == {"a": EVIL, EVIL: 1}


def test_an_instrument_in_json_is_as_clean_as_one_in_yaml():
    held = to_mapping(load_instrument("tam"))
    from_mapping(held)
    held["items"][0]["wording"] = {"en": "a\x1b[2J"}
    with pytest.raises(InstrumentError, match=r"items\.0\.wording\.en holds the control character U\+001B"):
        from_mapping(held)
    held["items"][0]["wording"] = {"en\x07": "a"}
    with pytest.raises(InstrumentError, match=r"U\+0007"):
        from_mapping(held)


def test_control_characters_are_found_wherever_they_stand():
    doc = parse_declared("a: 1\n", "x.yaml", InputError)
    refuse_control(doc, {"a": ["fine\tand\nwell", {"b": "\x00"}], "\x01": 1})
    assert [fault.message.split(" holds ")[0] for fault in doc.faults] == ["a text in a.1.b", "a text in the file"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("crmstudy_instrument: 1\nid: " + ":".join(["59"] * 50_000), 3),
        ("crmstudy_instrument: 1\n" + "".join(f"k{number}: 1\n" for number in range(20_000)), 5),
    ],
)
def test_a_long_instrument_file_is_refused_in_time(text, seconds):
    begun = time.perf_counter()
    with pytest.raises(InstrumentError) as caught:
        parse_instrument(text)
    assert time.perf_counter() - begun < seconds
    assert len(caught.value.faults) < 100


@pytest.mark.parametrize("raw", [b'"' + b'\\"' * 500_000, b'"\\' * 500_000, b'{"a":"' * 300_000])
def test_json_without_an_end_is_refused_in_time(raw):
    begun = time.perf_counter()
    with pytest.raises(DataError):
        read_json(raw, "x.json")
    assert time.perf_counter() - begun < 2


def test_brackets_in_texts_of_json_are_no_depth():
    assert read_json(b'{"a": "' + b"[" * 500 + b'\\" [", "b\\\\": ["]"]}', "x") == {
        "a": "[" * 500 + '" [',
        "b\\": ["]"],
    }


@pytest.mark.parametrize("piece", ["<b", "<a x='", "<!--", "</", "<![CDATA[", "&#"])
def test_markup_without_an_end_is_text_in_time(piece):
    begun = time.perf_counter()
    text_of(piece * 50_000)
    text_of(piece * 50_000 + ">")
    assert time.perf_counter() - begun < 3


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a < b", "a < b"),
        ("<b>a</b> &lt; c <", "a < c <"),
        ("x &amp; <br>y <z", "x & y <z"),
        ("<script>a</script>b", "b"),
    ],
)
def test_markup_as_text(markup, text):
    assert text_of(markup) == text


def test_headings_made_to_keep_a_reader_busy(tmp_path):
    """Headings such as a data export of REDCap has, whose question and answer cannot be told apart."""
    path = tmp_path / "a.csv"
    names = ["record_id", *(f"c{number}" + "(choice=" * 600 for number in range(300)), "x_complete"]
    path.write_text(",".join(names) + "\n" + ",".join(["1"] * len(names)) + "\n", encoding="utf-8")
    begun = time.perf_counter()
    cs.read_responses(path)
    assert time.perf_counter() - begun < 5


def _sheet(tmp_path, rows: str):
    import zipfile

    import openpyxl

    book = io.BytesIO()
    openpyxl.Workbook().save(book)
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
                content = f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'.encode()
            new.writestr(name, content)
    return path


_HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>Item</t></is></c></row>'


def test_a_form_of_experts_is_read_under_limits(tmp_path):
    path = _sheet(tmp_path, _HEAD + '<row r="900000"><c r="A900000"><v>1</v></c></row>')
    with pytest.raises(DataError, match="more than 20,000 rows"):
        cs.content_validity(path)
    path = _sheet(tmp_path, _HEAD + "<a>" * 1000)
    with pytest.raises(DataError, match="damaged"):
        cs.content_validity(path)


def test_a_stray_cell_far_below_is_a_row_and_no_crash(tmp_path):
    path = _sheet(tmp_path, _HEAD + '<row r="900000"><c r="A900000"><v>1</v></c></row>')
    assert cs.read_responses(path).n == 899_999


def test_a_small_file_of_many_numbers_does_not_fill_the_parent(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import numpy as np
    import pyarrow.parquet as pq

    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": pa.array(np.ones(40_000_000, dtype=np.int8))}), path)
    assert path.stat().st_size < 10**6
    with pytest.raises(DataError, match="memory"):
        cs.read_responses(path)


def test_words_for_slots_that_are_a_list_are_refused(tmp_path, capsys):
    words = tmp_path / "words.yaml"
    words.write_text("- a\n", encoding="utf-8")
    code = main(["instruments", "print", "tam", "--out", str(tmp_path / "a.html"), "--words", str(words)])
    assert code == 2
    assert "words by slot" in capsys.readouterr().err


def _run(tmp_path, redirect: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    command = f'"{sys.executable}" -m crmstudy import a.csv --out made --json {redirect}'
    return subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev/full and a POSIX shell")
def test_output_that_goes_nowhere(tmp_path):
    full = _run(tmp_path, "> /dev/full")
    assert full.returncode == 2
    assert full.stderr.splitlines() == ["No space left on device."]
    (tmp_path / "again").mkdir()
    closed = _run(tmp_path / "again", ">&-")
    assert (closed.returncode, closed.stderr) == (0, "")
