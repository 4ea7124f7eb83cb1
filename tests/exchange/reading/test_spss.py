"""SPSS files: what they hold arrives, missing codes apart, and what they say is compared with the instrument."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pyreadstat = pytest.importorskip("pyreadstat", reason="pyreadstat is not installed")

from crmstudy.errors import DataError  # noqa: E402
from crmstudy.exchange import read_responses  # noqa: E402
from crmstudy.exchange.stamps import write_stamp  # noqa: E402
from crmstudy.instrument import load_instrument  # noqa: E402

TEXT = """\
crmstudy_instrument: 1
id: tiny
version: "1.0"
name: {en: Tiny, fa: کوچک}
respondent: staff
wording: paraphrase
sources:
  book: {reference: "A. Author (2001). A book."}
rights: {holder: Author, status: permission, statement: Ask., source: book}
provenance: {structure: {source: book}, content: {source: book}, responses: {source: book}, scoring: {source: book}, reversed: {source: book}}
languages:
  en: {direction: ltr, status: draft}
  fa: {direction: rtl, status: draft}
responses:
  agree:
    low: 1
    high: 5
    missing_codes: [-9]
    labels:
      1: {en: Strongly disagree, fa: کاملاً مخالفم}
      2: {en: Disagree, fa: مخالفم}
      3: {en: Neither, fa: نه موافق نه مخالف}
      4: {en: Agree, fa: موافقم}
      5: {en: Strongly agree, fa: کاملاً موافقم}
items:
  - {id: A1, wording: {en: The work is varied., fa: کار متنوع است.}}
  - {id: A2, wording: {en: The work is dull., fa: کار یکنواخت است.}}
reversed: [A2]
scales:
  - {id: alpha, name: {en: Alpha, fa: آلفا}, items: [A1, A2], method: mean, min_answered: 1, model: reflective}
"""  # noqa: E501
FA = {1: "كاملا مخالفم", 2: "مخالفم", 3: "نه موافق نه مخالف", 4: "موافقم", 5: "کاملاً موافقم"}
EN = {1: "Strongly disagree", 2: "Disagree", 3: "Neither", 4: "Agree", 5: "Strongly agree"}


@pytest.fixture
def tiny(tmp_path):
    """Items A1 and A2 (reversed), in English and Persian."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return load_instrument(path)


def _write(folder: Path, frame: pd.DataFrame, name: str = "a.sav", **keywords) -> Path:
    path = folder / name
    pyreadstat.write_sav(frame, str(path), compress=name.endswith("zsav"), **keywords)
    return path


def _note(responses, code: str) -> str:
    (found,) = [note.message for note in responses.notes if note.code == code]
    return found


@pytest.mark.parametrize("name", ["a.sav", "a.zsav"])
def test_numbers_texts_and_dates_arrive(tmp_path, tiny, name):
    frame = pd.DataFrame(
        {
            "A1": [1.0, 2.0, np.nan],
            "A2": [5.0, 4.0, 3.0],
            "شهر": ["تهران می‌رود", "", "Казань 🙂"],
            "remark": ["x" * 700, " y  ", "=1+1"],
            "weight": [0.1, 1e-300, -2.5e20],
            "day": [dt.date(2026, 3, 21), None, dt.date(1899, 12, 31)],
            "moment": [dt.datetime(2026, 3, 21, 23, 59, 58), dt.datetime(1970, 1, 1), None],
        }
    )
    responses = read_responses(_write(tmp_path, frame, name), instruments=[tiny])
    assert responses.frame["A1"].tolist()[:2] == [1.0, 2.0]
    assert responses.values["A2"].tolist() == [1.0, 2.0, 3.0]
    assert responses.frame["شهر"].fillna("").tolist() == ["تهران می‌رود", "", "Казань 🙂"]
    assert responses.frame["remark"].tolist() == ["x" * 700, " y", "=1+1"]
    assert responses.frame["weight"].tolist() == [0.1, 1e-300, -2.5e20]
    assert responses.frame["day"].fillna("").tolist() == ["2026-03-21", "", "1899-12-31"]
    assert responses.frame["moment"].fillna("").tolist() == ["2026-03-21 23:59:58", "1970-01-01 00:00:00", ""]
    assert responses.notes == ()


def test_user_missing_is_kept_apart(tmp_path, tiny):
    frame = pd.DataFrame({"A1": [1.0, -99, -98, -99], "A2": [2.0, -9, 3, -99], "age": [30.0, 999, 41, 0]})
    labels = {"A1": {-99: "Refused", -98: "Not shown"}, "A2": {-99: "Refused"}}
    ranges = {"A1": [{"lo": -99, "hi": -97}], "A2": [-99], "age": [0, 999]}
    path = _write(tmp_path, frame, variable_value_labels=labels, missing_ranges=ranges)
    responses = read_responses(path, instruments=[tiny])
    assert responses.frame["A1"].isna().tolist() == [False, True, True, True]
    assert responses.values["A1"].isna().tolist() == [False, True, True, True]
    assert responses.variables["age"].tolist()[::2] == [30.0, 41.0]
    assert responses.codes["A1"].to_dict() == {1: -99.0, 2: -98.0, 3: -99.0}
    assert responses.codes["A2"].to_dict() == {1: -9.0, 3: -99.0}
    assert responses.codes["age"].to_dict() == {1: 999.0, 3: 0.0}
    said = _note(responses, "RESPONSES_USER_MISSING")
    assert "-99 'Refused' (3 times)" in said
    assert "-98 'Not shown' (1 time)" in said
    assert "999 (1 time)" in said
    assert "-9 (1 time)" in _note(responses, "RESPONSES_MISSING_CODES")
    assert responses.meanings["A1"].missing == {-99.0, -98.0}
    assert not any("LABELS" in note.code for note in responses.notes)


def test_a_code_that_is_missing_for_the_file_and_an_answer_for_the_instrument_is_refused(tmp_path, tiny):
    frame = pd.DataFrame({"A1": [1.0, 3, 3], "A2": [1.0, 2, 4]})
    with pytest.raises(DataError, match=r"declares 3 in 'A1' as missing \(2 times\).*an answer \(1 to 5") as caught:
        read_responses(_write(tmp_path, frame, missing_ranges={"A1": [3], "A2": [3]}), instruments=[tiny])
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize("labels", [EN, FA])
def test_labels_of_any_language_of_the_instrument_are_its_own(tmp_path, tiny, labels):
    frame = pd.DataFrame({"A1": [1.0, 2.0], "A2": [2.0, 3.0]})
    path = _write(tmp_path, frame, variable_value_labels={"A1": labels, "A2": labels})
    assert read_responses(path, instruments=[tiny]).notes == ()


def test_labels_that_differ_are_noted(tmp_path, tiny):
    frame = pd.DataFrame({"A1": [1.0, 2.0], "A2": [2.0, 3.0]})
    turned = {6 - value: text for value, text in EN.items()}
    labels = {"A1": turned, "A2": EN | {6: "Don't know"}}
    responses = read_responses(_write(tmp_path, frame, variable_value_labels=labels), instruments=[tiny])
    said = _note(responses, "RESPONSES_LABELS_DIFFER")
    assert "A1 (turned round: 1 is 'Strongly agree' in the file, 'Strongly disagree' in the instrument" in said
    assert "A2" not in said
    assert "A2 (6 'Don't know')" in _note(responses, "RESPONSES_LABELS_UNKNOWN")


def test_texts_of_columns_are_compared(tmp_path, tiny):
    frame = pd.DataFrame({"A1": [1.0], "A2": [2.0], "age": [3.0]})
    own = {"A1": "کار متنوع است", "A2": "The work is du…", "age": "Age"}
    responses = read_responses(_write(tmp_path, frame, column_labels=own), instruments=[tiny])
    assert [note.code for note in responses.notes] == ["RESPONSES_TEXTS_DIFFER"]  # cut after too few letters
    assert responses.meanings["age"].label == "Age"
    swapped = {"A1": "The work is dull.", "A2": "The work is varied."}
    responses = read_responses(_write(tmp_path, frame, column_labels=swapped), instruments=[tiny])
    assert "A1 has the text of 'A2'; A2 has the text of 'A1'" in _note(responses, "RESPONSES_TEXTS_SWAPPED")


def test_answers_to_another_version_are_refused(tmp_path, tiny):
    frame = pd.DataFrame({"A1": [1.0], "A2": [2.0]})
    note = write_stamp([tiny], width=80).splitlines()
    assert read_responses(_write(tmp_path, frame, note=note), instruments=[tiny]).n == 1
    path = _write(tmp_path, frame, note=["crmstudy: tiny 0.9", "0" * 64])
    with pytest.raises(
        DataError, match=r"given to 'tiny' version 0\.9 .* is version 1\.0 .*crmstudy instruments adopt"
    ):
        read_responses(path, instruments=[tiny])
    assert read_responses(path).n == 1
    path = _write(tmp_path, frame, note=["crmstudy: other 1.0", "0" * 64])
    assert read_responses(path, instruments=[tiny]).n == 1


def test_ids_are_texts(tmp_path, tiny):
    frame = pd.DataFrame({"who": [7.0, 8.5, 123456789.0], "A1": [1.0, 2, 3], "A2": [1.0, 2, 3]})
    assert read_responses(_write(tmp_path, frame), id="who").frame["who"].tolist() == ["7", "8.5", "123456789"]


def test_faults_are_told_with_rows(tmp_path, tiny):
    frame = pd.DataFrame({"A1": ["1", "x", "3"], "A2": [1.0, np.inf, 2], "t": ["a", "b\x07", "c"]})
    with pytest.raises(DataError) as caught:
        read_responses(_write(tmp_path, frame), instruments=[tiny])
    said = "\n".join(fault.message for fault in caught.value.faults)
    assert "the item 'A1' wants numbers; found 'x' in row 2." in said
    assert "the column 't' in row 2 holds the control character U+0007" in said


def test_texts_in_another_encoding_than_stated_are_found_out(tmp_path):
    words = ["Казань", "Москва", "Довольны", "Город", "Очень"]
    frame = pd.DataFrame({"Q1": [1.0, 2.0], "city": words[:2]})
    path = _write(
        tmp_path, frame, column_labels={"Q1": words[2], "city": words[3]}, variable_value_labels={"Q1": {1: words[4]}}
    )
    raw = path.read_bytes()
    for word in words:
        raw = raw.replace(word.encode(), word.encode("cp1251").ljust(2 * len(word)))
    path.write_bytes(raw)
    responses = read_responses(path)
    assert responses.frame["city"].tolist() == words[:2]
    assert responses.meanings["Q1"].labels == {1.0: words[4]}
    assert "WINDOWS-1251" in _note(responses, "RESPONSES_ENCODING_GUESSED")


def test_texts_are_what_somebody_wrote(tmp_path, tiny):
    frame = pd.DataFrame({"A1": ["1", "NA", " 3"], "A2": [1.0, 2, 3], "t": ["NA", " x", "007"], "n": ["1", "2", "NA"]})
    responses = read_responses(_write(tmp_path, frame), instruments=[tiny])
    assert responses.frame["A1"].fillna(0).tolist() == [1.0, 0.0, 3.0]
    assert responses.frame["t"].tolist() == ["NA", " x", "007"]
    assert responses.frame["n"].fillna(0).tolist() == [1.0, 2.0, 0.0]


def test_columns_that_had_to_be_renamed_are_found(tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text(TEXT.replace("A1", "work.1").replace("A2", "_2x"), encoding="utf-8")
    odd = load_instrument(path)
    frame = pd.DataFrame({"work_1": [1.0, 2.0], "v_2x": [3.0, 4.0], "age": [1.0, 2.0]})
    responses = read_responses(_write(tmp_path, frame), instruments=[odd])
    assert responses.frame["work.1"].tolist() == [1.0, 2.0]
    assert responses.values["_2x"].tolist() == [3.0, 2.0]
    assert "'work_1' for 'work.1', 'v_2x' for '_2x'" in _note(responses, "RESPONSES_NAMES_CHANGED")
    labelled = pd.DataFrame({"q17": [1.0], "q18": [2.0]})
    labels = {"q17": "کار یکنواخت است.", "q18": "The work is varied"}
    responses = read_responses(_write(tmp_path, labelled, column_labels=labels), instruments=[odd])
    assert responses.frame["work.1"].tolist() == [2.0]
    assert responses.frame["_2x"].tolist() == [1.0]
    assert [note.code for note in responses.notes] == ["RESPONSES_NAMES_CHANGED"]


def test_columns_that_may_be_either_are_not_guessed(tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text(TEXT.replace("A1", "a.1").replace("A2", "a_2"), encoding="utf-8")
    frame = pd.DataFrame({"a_1": [1.0], "a1_": [2.0], "A_1": [3.0], "a_2": [1.0]})[["a_1", "a1_", "a_2"]]
    assert read_responses(_write(tmp_path, frame), instruments=[load_instrument(path)]).frame["a.1"].tolist() == [1.0]
    double = pd.DataFrame({"a_1": [1.0], "a__1": [2.0], "a_2": [1.0]})
    with pytest.raises(DataError, match=r"wants the column 'a\.1'"):
        read_responses(_write(tmp_path, double), instruments=[load_instrument(path)])


@pytest.mark.parametrize("lang", ["en", "fa"])
@pytest.mark.parametrize("suffix", [".sav", ".dta", ".parquet", ".csv", ".xlsx"])
def test_what_we_write_is_read_and_its_key_is_held_to(tmp_path, suffix, lang):
    from dataclasses import replace

    from crmstudy import write_responses
    from tests.exchange.writing.everything_asked import rich_responses

    pytest.importorskip("pyarrow" if suffix == ".parquet" else "openpyxl")
    data = rich_responses()
    path = tmp_path / f"rich{suffix}"
    write_responses(data, path, lang=lang)
    (own,) = data.instruments
    back = read_responses(path, instruments=[own], id="respondent")
    pd.testing.assert_frame_equal(back.values, data.values)
    assert {name: list(codes.index) for name, codes in back.codes.items() if name in back.items} == {
        name: list(codes.index) for name, codes in data.codes.items() if name in data.items
    }
    texts = [("" if text != text or text is None else text) for text in data.frame["WHY"]]
    found = back.frame["WHY"].fillna("").tolist()
    if suffix in (".csv", ".xlsx"):
        texts = ["" if text == "NA" else text.strip() for text in texts]
    assert found == texts
    assert not any("LABELS" in note.code or "TEXTS" in note.code for note in back.notes)
    with pytest.raises(DataError, match=r"given to 'rich-form' version 2\.1"):
        read_responses(path, instruments=[replace(own, version="3.0")], id="respondent")


def test_what_is_no_sav_is_said(tmp_path):
    path = tmp_path / "a.sav"
    for raw, words in [
        (b"", "is empty"),
        (b"PK\x03\x04", "begins like one of Excel: name it .xlsx"),
        (b"$FL2", "damaged"),
    ]:
        path.write_bytes(raw)
        with pytest.raises(DataError, match=words):
            read_responses(path)


SYNTAX = """
DATA LIST FREE / A1 (F2.0) A2 (F2.0) age (F3.0) city (A20) born (DATE11).
BEGIN DATA
1 5 30 Tehran 21-MAR-1990
-99 4 999 "" 01-JAN-2001
2 -98 41 Ufa 29-FEB-2000
END DATA.
VARIABLE LABELS A1 'کار متنوع است.' /age 'Возраст'.
VALUE LABELS A1 A2 1 'کاملاً مخالفم' 5 'کاملاً موافقم' -99 'بی‌پاسخ'.
MISSING VALUES A1 A2 (-99 THRU -97) /age (999).
SAVE OUTFILE='a.sav' {how}.
"""


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("pspp") is None, reason="PSPP is not installed")
@pytest.mark.parametrize("how", ["", "/COMPRESSED", "/ZCOMPRESSED"])
def test_what_pspp_writes_is_read(tmp_path, tiny, how):
    (tmp_path / "make.sps").write_text(SYNTAX.format(how=how), encoding="utf-8")
    subprocess.run(["pspp", "-O", "encoding=UTF-8", "make.sps"], cwd=tmp_path, check=True, capture_output=True)
    responses = read_responses(tmp_path / "a.sav", instruments=[tiny])
    assert responses.values["A1"].fillna(0).tolist() == [1.0, 0.0, 2.0]
    assert responses.values["A2"].fillna(0).tolist() == [1.0, 2.0, 0.0]
    assert responses.codes["A1"].to_dict() == {1: -99.0}
    assert responses.codes["A2"].to_dict() == {2: -98.0}
    assert responses.codes["age"].to_dict() == {1: 999.0}
    assert responses.frame["city"].fillna("").tolist() == ["Tehran", "", "Ufa"]
    assert responses.frame["born"].tolist() == ["1990-03-21", "2001-01-01", "2000-02-29"]
    assert responses.meanings["age"].label == "Возраст"
    assert [note.code for note in responses.notes] == ["RESPONSES_USER_MISSING"]


def _has_haven() -> bool:
    program = shutil.which("Rscript")
    asked = ["-e", "quit(status = !requireNamespace('haven', quietly = TRUE))"]
    return program is not None and subprocess.run([program, *asked], capture_output=True, check=False).returncode == 0


@pytest.mark.peer
@pytest.mark.skipif(not _has_haven(), reason="R or its package haven is not installed")
def test_what_haven_writes_is_read(tmp_path, tiny):
    code = f"""
    library(haven)
    d <- data.frame(A1 = labelled_spss(c(1, -99, 4), labels = c(Refused = -99, Agree = 4), na_values = -99),
                    A2 = labelled_spss(c(2, -7, NA), na_range = c(-9, -5)),
                    day = as.Date(c("2026-03-21", NA, "1900-01-01")))
    write_sav(d, "{tmp_path}/h.sav")
    e <- data.frame(A1 = labelled(c(1, tagged_na("a"), 4), labels = c(Refused = tagged_na("a"), Agree = 4)),
                    A2 = c(2, NA, 3), day = as.Date(c("2026-03-21", NA, "1900-01-01")), city = c("شیراز", "", "Уфа"))
    write_dta(e, "{tmp_path}/h.dta", version = 15)
    """
    subprocess.run(["Rscript", "-e", code], check=True, capture_output=True)
    sav = read_responses(tmp_path / "h.sav", instruments=[tiny])
    assert sav.values["A1"].fillna(0).tolist() == [1.0, 0.0, 4.0]
    assert sav.values["A2"].fillna(0).tolist() == [4.0, 0.0, 0.0]
    assert sav.codes["A1"].to_dict() == {1: -99.0}
    assert sav.codes["A2"].to_dict() == {1: -7.0}
    assert sav.frame["day"].fillna("").tolist() == ["2026-03-21", "", "1900-01-01"]
    dta = read_responses(tmp_path / "h.dta", instruments=[tiny])
    assert dta.values["A1"].fillna(0).tolist() == [1.0, 0.0, 4.0]
    assert dta.codes["A1"].to_dict() == {1: ".a"}
    assert ".a 'Refused' (1 time)" in _note(dta, "RESPONSES_USER_MISSING")
    assert dta.frame["city"].fillna("").tolist() == ["شیراز", "", "Уфа"]
    assert dta.frame["day"].fillna("").tolist() == ["2026-03-21", "", "1900-01-01"]


def test_labels_at_numbers_that_begin_elsewhere_are_told_in_the_language_of_the_file(tmp_path, tiny):
    frame = pd.DataFrame({"A1": [0.0, 2.0], "A2": [2.0, 3.0]})
    labels = {"A1": {value - 1: text for value, text in FA.items()}}
    responses = read_responses(_write(tmp_path, frame, variable_value_labels=labels), instruments=[tiny])
    said = _note(responses, "RESPONSES_LABELS_DIFFER")
    assert f"A1 (-1 throughout: 1 is '{FA[2]}' in the file, 'کاملاً مخالفم' in the instrument" in said
