"""Reading data files: what is found out, what is kept, and every fault at once."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import DataError, InstrumentError, UnsupportedError
from crmstudy.exchange import read_responses
from crmstudy.instrument import load_instrument
from tests.instrument.test_instrument_load import GOOD

MOBI = Path(__file__).resolve().parents[2] / "data" / "mobi" / "responses.csv"


@pytest.fixture
def tiny(tmp_path):
    """Items A1, A2 (reversed), A3 on 1 to 5 with the missing code 9; the scale alpha."""
    path = tmp_path / "tiny.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return load_instrument(path)


def _file(folder: Path, text: str | bytes, name: str = "answers.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def _faults(path, **keywords) -> list[tuple[int | None, str]]:
    with pytest.raises(DataError) as caught:
        read_responses(path, **keywords)
    return [(fault.line, fault.message) for fault in caught.value.faults]


def _codes(responses):
    return {note.code: note for note in responses.notes}


def test_the_shipped_data_are_read_as_they_are():
    mobi = read_responses(MOBI, instruments=["ecsi"])
    assert mobi.n == 250
    assert list(mobi.frame.columns) == MOBI.read_text(encoding="utf-8").splitlines()[0].split(",")
    assert mobi.frame.to_numpy().sum() == sum(
        int(cell) for line in MOBI.read_text(encoding="utf-8").splitlines()[1:] for cell in line.split(",")
    )
    assert mobi.notes == ()
    assert mobi.variables.shape == (250, 0)
    assert mobi.provenance.inputs["responses.csv"] == hashlib.sha256(MOBI.read_bytes()).hexdigest()
    assert mobi.provenance.inputs["instrument ecsi 1.0"] == load_instrument("ecsi").fingerprint


def test_the_input_file_is_never_changed(tmp_path, tiny):
    path = _file(tmp_path, "A1,A2,A3\n1,9,7\n")
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    read_responses(path, instruments=[tiny]).values.iloc[0, 0]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_delimiter_line_ends_and_byte_order_mark(tmp_path, tiny, delimiter, end, mark):
    rows = [["A1", "A2", "A3", "branch, city; x"], ["1", "2", "", "Шахр"], ["5", "NA", "3", "شعبه"]]
    quoted = [[f'"{cell}"' if "," in cell else cell for cell in row] for row in rows]
    path = _file(tmp_path, mark + end.join(delimiter.join(row) for row in quoted) + end)
    responses = read_responses(path, instruments=[tiny])
    np.testing.assert_array_equal(responses.frame[["A1", "A2", "A3"]].to_numpy(), [[1, 2, math.nan], [5, math.nan, 3]])
    assert responses.variables["branch, city; x"].tolist() == ["Шахр", "شعبه"]
    assert responses.notes == ()


def test_a_tsv_is_taken_at_its_word(tmp_path, tiny):
    path = _file(tmp_path, "A1\tA2\tA3\tx,y\n1\t2\t3\t4,5\n", "answers.tsv")
    assert read_responses(path, instruments=[tiny]).variables["x,y"].tolist() == [4.5]


def test_a_decimal_comma_is_recognised_and_noted(tmp_path, tiny):
    responses = read_responses(_file(tmp_path, "A1;A2;A3;age\n1;2;3;30,5\n4;5;1;41\n"), instruments=[tiny])
    assert responses.variables["age"].tolist() == [30.5, 41.0]
    assert "'30,5'" in _codes(responses)["RESPONSES_DECIMAL_COMMA"].message


def test_with_both_marks_the_point_counts_and_the_comma_is_text(tmp_path, tiny):
    faults = _faults(_file(tmp_path, "A1;A2;A3\n1,5;2;3\n4.5;5;1\n"), instruments=[tiny])
    assert len(faults) == 1
    assert "found '1,5' in row 1 (line 2)" in faults[0][1]


def test_fractions_are_kept_and_noted(tmp_path, tiny):
    responses = read_responses(_file(tmp_path, "A1,A2,A3\n1.5,2,3\n2.25,1,1\n"), instruments=[tiny])
    assert responses.values["A1"].tolist() == [1.5, 2.25]
    note = _codes(responses)["RESPONSES_FRACTIONS"]
    assert note.level == "warning"
    assert "A1 (2)" in note.message


def test_missing_codes_of_the_instrument_and_of_the_call(tmp_path, tiny):
    path = _file(tmp_path, "A1,A2,A3,age\n9,1,-99,30\n2,9,refused,-99\n3,3,3,refused\n")
    responses = read_responses(path, instruments=[tiny], missing_codes=[-99, "refused"])
    assert responses.frame["A1"].isna().tolist() == [True, False, False]
    assert responses.frame["A3"].isna().tolist() == [True, True, False]
    assert responses.variables["age"].isna().tolist() == [False, True, True]
    messages = [note.message for note in responses.notes if note.code == "RESPONSES_MISSING_CODES"]
    assert any("-99 (2 times)" in text and "9 (2 times)" in text for text in messages)
    assert any("'refused' (2 times)" in text for text in messages)
    assert not any(note.code == "RESPONSES_OUT_OF_RANGE" for note in responses.notes)


def test_a_missing_code_that_is_an_answer_is_refused(tmp_path, tiny):
    faults = _faults(_file(tmp_path, "A1,A2,A3\n1,2,3\n"), instruments=[tiny], missing_codes=[5])
    assert "the missing code 5 is a valid answer to 3 items" in faults[0][1]


def test_missing_columns_are_told_all_at_once_with_the_near_miss(tmp_path, tiny):
    faults = _faults(_file(tmp_path, "A1,a2,unit\n1,2,3\n"), instruments=[tiny])
    assert [message for _, message in faults] == [
        "the instrument 'tiny' wants the column 'A2', which the data do not have. Did you mean 'a2'?",
        "the instrument 'tiny' wants the column 'A3', which the data do not have. Add it, or rename the column that "
        "holds it.",
    ]


def test_a_file_of_something_else_is_told_in_one_sentence(tmp_path):
    faults = _faults(_file(tmp_path, "red,green,blue\n1,2,3\n"), instruments=["ecsi"])
    assert [message for _, message in faults] == [
        "none of the 24 items of 'ecsi' is a column; the columns are: red, green, blue."
    ]


def test_text_in_an_item_is_told_with_rows_and_lines(tmp_path, tiny):
    text = 'A1,A2,A3,remark\n1,2,3,"two\nlines"\nseven,2,3,x\n1,2,x,y\n1,2,y,z\n'
    faults = _faults(_file(tmp_path, text), instruments=[tiny])
    assert faults == [
        (4, "the item 'A1' wants numbers; found 'seven' in row 2 (line 4). Correct the cells, or name the text in "
            "missing_codes if it means no answer."),
        (5, "the item 'A3' wants numbers; found 'x' in row 3 (line 5), 'y' in row 4 (line 6). Correct the cells, or "
            "name the text in missing_codes if it means no answer."),
    ]  # fmt: skip


def test_many_texts_are_counted_not_listed(tmp_path, tiny):
    faults = _faults(_file(tmp_path, "A1,A2,A3\n" + "x,1,1\n" * 12), instruments=[tiny])
    assert "row 5 (line 6) and 7 more" in faults[0][1]
    assert "row 6" not in faults[0][1]


def test_every_kind_of_fault_comes_in_one_refusal(tmp_path, tiny):
    path = _file(tmp_path, "A1,A2,unit,unit\none,2,3,4\n1,2,3\n")
    messages = " | ".join(message for _, message in _faults(path, instruments=[tiny], id="person", missing_codes=[2]))
    for words in (
        "the column 'unit' stands twice",
        "wants the column 'A3'",
        "'one' in row 1 (line 2)",
        "row 2 has 3 cells, but there are 4 columns",
        "no id column 'person'",
        "the missing code 2 is a valid answer",
    ):
        assert words in messages


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("A1,A2,A3\n", "no rows of data"),
        ("A1,A2,A3\n,,\n,,\n", "no rows of data"),
        ('A1,A2,A3\n1,"2,3\n', "check the quotation marks"),
        ("A1,,A3\n1,2,3\n", "column 2 has no name"),
        (",A1,A2,A3\n0,1,2,3\n", "write with row.names = FALSE"),
        (b"PK\x03\x04rest of a workbook", "a workbook or archive"),
        (b"A1,A2\n1\x00,2\n", "not a text file"),
        (b"A1,A2,A3,caf\xe9\n1,2,3,4\n", "neither UTF-8 (byte 13) nor clearly cp1251 nor clearly cp1256; save it as"),
        (b"\xff\xfeA", "begins like UTF-16"),
    ],
)
def test_files_that_cannot_be_taken_apart(tmp_path, tiny, content, words):
    messages = [message for _, message in _faults(_file(tmp_path, content), instruments=[tiny])]
    assert any(words in message for message in messages), messages


def test_a_wrong_path_is_answered_with_the_near_miss(tmp_path):
    _file(tmp_path, "a\n1\n", "answers.csv")
    assert "Did you mean 'answers.csv'?" in _faults(tmp_path / "answer.csv")[0][1]
    assert "does not exist" in _faults(tmp_path / "lost" / "answers.csv")[0][1]
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder; name the file in it." in _faults(tmp_path / "folder.csv")[0][1]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.XLS", "Excel before 2007"), ("a.xls", "save it as .xlsx"), ("a.ods", "OpenDocument .* CSV UTF-8"),
        ("a.rds", "in R, write.csv"), ("a.por", "save it as .sav"), ("a.sas7bdat", "SAS"), ("a", "ends in ''; read"),
    ],
)  # fmt: skip
def test_formats_that_are_not_read_are_refused_by_name(tmp_path, name, words):
    with pytest.raises(UnsupportedError, match=words):
        read_responses(tmp_path / name)


@pytest.mark.parametrize(
    ("page", "word"),
    [("cp1251", "Удовлетворённость клиентов в нашем городе"), ("cp1256", "رضایت مشتریان در شعبه مرکزی")],
)
def test_windows_code_pages_are_guessed_and_noted(tmp_path, tiny, page, word):
    text = f"A1,A2,A3,unit\n1,2,3,{word}\n4,5,1,{word}\n".replace("ی", "ي")
    responses = read_responses(_file(tmp_path, text, encoding=page), instruments=[tiny])
    assert responses.variables["unit"].iloc[0] == word.replace("ی", "ي")
    note = _codes(responses)["RESPONSES_ENCODING_GUESSED"]
    assert page in note.message
    assert note.level == "warning"


def test_utf_16_with_its_mark_is_certain(tmp_path, tiny):
    responses = read_responses(_file(tmp_path, "A1\tA2\tA3\tשם\n1\t2\t3\tא\n", encoding="utf-16"), instruments=[tiny])
    assert responses.variables.columns.tolist() == ["שם"]
    assert responses.notes == ()


def test_persian_and_arabic_digits_are_numbers(tmp_path, tiny):
    responses = read_responses(_file(tmp_path, "A1,A2,A3,age\n۱,٢,3,۴۱\n"), instruments=[tiny])
    assert responses.frame.iloc[0].tolist() == [1.0, 2.0, 3.0, 41.0]


def test_variables_keep_their_kind(tmp_path, tiny):
    path = _file(tmp_path, "id,A1,A2,A3,age,branch,when\n007,1,2,3,30,0501,2026-01-02\n008,1,2,3,,0502,\n")
    responses = read_responses(path, instruments=[tiny], id="id")
    assert responses.frame["id"].tolist() == ["007", "008"]
    assert responses.variables["branch"].tolist() == ["0501", "0502"]
    assert responses.variables["age"].dtype == float
    assert responses.variables["when"].isna().tolist() == [False, True]
    assert list(responses.variables.columns) == ["id", "age", "branch", "when"]


def test_a_repeated_id_is_noted(tmp_path, tiny):
    responses = read_responses(_file(tmp_path, "id,A1,A2,A3\na,1,2,3\na,1,2,4\nb,1,1,1\n"), instruments=[tiny], id="id")
    assert "1 times" in _codes(responses)["RESPONSES_ID_REPEATED"].message


def test_empty_rows_at_the_end_are_left_out_and_those_inside_kept(tmp_path, tiny):
    responses = read_responses(_file(tmp_path, "A1,A2,A3\n1,2,3\n,,\n4,4,4\n,,\n,,\n"), instruments=[tiny])
    assert responses.n == 3
    assert responses.frame.iloc[1].isna().all()
    assert _codes(responses)["RESPONSES_EMPTY_ROWS"].message.startswith("2 empty rows")


def test_a_delimiter_at_the_end_of_every_line_is_no_column(tmp_path, tiny):
    responses = read_responses(_file(tmp_path, "A1,A2,A3,\n1,2,3,\n2,2,2,\n"), instruments=[tiny])
    assert list(responses.frame.columns) == ["A1", "A2", "A3"]


def test_a_single_column_keeps_its_unanswered_rows(tmp_path):
    responses = read_responses(_file(tmp_path, "x\n1\n\n3\n"))
    assert responses.frame["x"].isna().tolist() == [False, True, False]


def test_instruments_may_be_ids_paths_or_values(tmp_path, tiny):
    path = _file(tmp_path, "A1,A2,A3\n1,2,3\n")
    for instruments in ([tiny], [tmp_path / "tiny.yaml"], tiny, str(tmp_path / "tiny.yaml")):
        assert read_responses(path, instruments=instruments).instruments[0].id == "tiny"
    with pytest.raises(InstrumentError, match="no instrument 'tinny'"):
        read_responses(path, instruments=["tinny"])


def test_without_instruments_every_column_is_a_variable(tmp_path):
    responses = read_responses(_file(tmp_path, "x,y\n1,a\n2,b\n"))
    assert responses.values.shape == (2, 0)
    pd.testing.assert_frame_equal(responses.variables, responses.frame)


def test_marks_of_no_answer_are_no_level_of_a_variable_but_an_id(tmp_path):
    path = _file(tmp_path, "id,branch,country\nNA,north,DE\nx,NA,NaN\ny,,IR\nz,south,-99\n")
    responses = read_responses(path, id="id", missing_codes=[-99])
    assert responses.frame["id"].tolist() == ["NA", "x", "y", "z"]
    assert responses.frame["branch"].dropna().tolist() == ["north", "south"]
    assert responses.frame["country"].dropna().tolist() == ["DE", "IR"]
    assert "-99 (1 time)" in _codes(responses)["RESPONSES_MISSING_CODES"].message


@pytest.mark.parametrize(
    ("text", "line", "whole"),
    [
        ('A1,A2,A3,income\n1,2,3,"1,234"\n1,2,3,"12,500"\n', 2, "1234"),
        ("A1;A2;A3;income\n1;2;3;950\n1;2;3;1.234\n1;2;3;12.000\n", 3, "1234"),
        ("A1,A2,A3,income\n1,2,3,NA\n1,2,3,1.234\n", 3, "1234"),
        ("A1;A2;A3;income\n1;2;3;-1.234.567\n1;2;3;refused\n", 2, "-1234567"),
    ],
)
def test_marks_that_may_separate_thousands_are_refused(tmp_path, tiny, text, line, whole):
    ((at, message),) = _faults(_file(tmp_path, text), instruments=[tiny], missing_codes=["refused"])
    assert at == line
    assert "the column 'income' may separate thousands or decimals" in message
    assert f"Write thousands without a mark ({whole})" in message


def test_items_whose_marks_may_separate_thousands_are_refused_beside_their_texts(tmp_path, tiny):
    faults = _faults(_file(tmp_path, "A1;A2;A3\n1,333;2;3\n2,667;x;3\n3;2;y\n"), instruments=[tiny])
    assert [line for line, _ in faults] == [2, 3, 4]
    assert "found '1,333' in row 1 (line 2), '2,667' in row 2 (line 3)." in faults[0][1]
    assert "decimals with another number of digits (1,3330)" in faults[0][1]


def test_a_column_that_shows_its_decimals_is_read(tmp_path):
    responses = read_responses(_file(tmp_path, "w,p\n1.234,0.125\n2.5,0.250\n"))
    assert responses.frame["w"].tolist() == [1.234, 2.5]
    assert responses.frame["p"].tolist() == [0.125, 0.25]


def test_thousands_are_no_evidence_of_a_decimal_comma(tmp_path):
    faults = _faults(_file(tmp_path, 'income,w\n"1,234",1.5\n"12,500",2.5\n'))
    assert [line for line, _ in faults] == [2]
    responses = read_responses(_file(tmp_path, 'remark,w\n"1,234",1.5\nnone,2.5\n'))
    assert responses.frame["remark"].tolist() == ["1,234", "none"]
    assert responses.frame["w"].tolist() == [1.5, 2.5]


def test_numbers_beyond_all_bounds_are_refused(tmp_path, tiny):
    faults = _faults(_file(tmp_path, "A1,A2,A3,x\n1,2,3,4\n1e400,2,3,-1e999\n"), instruments=[tiny])
    assert faults == [
        (3, "the column 'A1' holds numbers beyond all bounds: '1e400' in row 2 (line 3). Correct the cells."),
        (3, "the column 'x' holds numbers beyond all bounds: '-1e999' in row 2 (line 3). Correct the cells."),
    ]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_separator_line_of_excel_is_no_row(tmp_path, tiny, first):
    path = _file(tmp_path, f"\ufeff{first}\r\nA1;A2;A3;city\r\n1;2;3;a,b\r\n")
    responses = read_responses(path, instruments=[tiny])
    assert responses.frame.iloc[0].tolist() == [1, 2, 3, "a,b"]
    faults = _faults(_file(tmp_path, f"{first}\nA1;A2;A3\n1;2;3\n1;x;3\n"), instruments=[tiny])
    assert faults[0][0] == 4
    assert "'x' in row 2 (line 4)" in faults[0][1]
    assert _faults(_file(tmp_path, f"{first}\nA1;A2;B3\n1;2;3\n"), instruments=[tiny])[0][0] == 2


def test_names_that_are_all_numbers_are_noted_and_told_with_other_faults(tmp_path):
    note = _codes(read_responses(_file(tmp_path, "1,5,2.5\n2,4,3.5\n")))["RESPONSES_NAMES_ARE_NUMBERS"]
    assert note.level == "warning"
    assert note.message.endswith("though all are numbers: 1, 5, 2.5.")
    assert "RESPONSES_NAMES_ARE_NUMBERS" not in _codes(read_responses(_file(tmp_path, "1,x\n2,4\n")))
    assert [message for _, message in _faults(_file(tmp_path, "1,1\n2,4\n"))] == [
        "the column '1' stands twice; rename one.",
        "every name of a column is a number; the first row must hold names, so add it if the file has none.",
    ]


def test_control_characters_are_refused_with_their_place(tmp_path):
    faults = _faults(_file(tmp_path, 'a\x01,b\n1,"two\nlines"\n2,x\x7fy\n'))
    assert faults == [
        (1, "the name of column 1 holds the control character U+0001; remove it."),
        (4, "the cell of the column 'b' in row 2 holds the control character U+007F; remove it."),
    ]


def test_names_are_compared_composed(tmp_path):
    path = tmp_path / "cafe.yaml"
    path.write_text(GOOD.replace("A3", "caf\u00e9"), encoding="utf-8")
    responses = read_responses(_file(tmp_path, "A1,A2,cafe\u0301\n1,2,3\n"), instruments=[load_instrument(path)])
    assert responses.values["caf\u00e9"].tolist() == [3]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("cp1251", "пол,q1\nжен,1\nмуж,2\n"),
        ("cp1251", "Пол,q1\nЖ,1\nМ,2\n"),
        ("cp1251", "ПОЛ,ГОРОД\nЖ,МОСКВА\nМ,КАЗАНЬ\n"),
        ("cp1251", "стать,вік\nжінка,1\nїжак,2\n"),
        ("cp1256", "جنسيت,q1\nزن,1\nمرد,2\n"),
        ("cp1256", "من,q1\nاو,1\n"),
        ("cp1256", "شهر,سن\nتهران,1\nشيراز,2\nمشهد,3\n"),
        ("cp1256", "جنس,نظر\nزن,بد\nمرد,خوب\n"),
    ],
)
def test_short_words_are_read_in_their_own_page(tmp_path, page, text):
    responses = read_responses(_file(tmp_path, text, encoding=page))
    assert responses.frame.columns.tolist() == text.split("\n")[0].split(",")
    assert page in _codes(responses)["RESPONSES_ENCODING_GUESSED"].message


@pytest.mark.parametrize("text", ["پاسخ,q1\nبله,1\nنه,2\n", "بد,q1\nشب,1\n"])
def test_words_that_make_sense_in_both_pages_are_refused(tmp_path, text):
    assert "nor clearly cp1251 nor clearly cp1256" in _faults(_file(tmp_path, text, encoding="cp1256"))[0][1]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (",".join(f"c{n}" for n in range(30_000)) + "\n" + "1," * 29_999 + "1\n", 1, "names 30,000 columns"),
        ("a,b\n1,2\n" + "1," * 1_000_000 + "\n", 3, "row 2 has 1000001 cells, but there are 2 columns"),
        ("a,b\n1," + "x" * 200_000 + "\n", 2, "a cell is longer than 131,072 characters"),
        ("a" * 6000 + ",b\n1,2\n", 1, "the name of column 1 has 6,000 letters, at most 5,000 are read"),
        (b"a,b\n1,2\n3,\xed\xa0\x80\n", 3, "half of a character"),
        (b"a,b\n1,\xd0\x9a\n3,\xed\xbf\xbf\n", 3, "half of a character"),
    ],
)
def test_tables_that_no_questionnaire_gives_are_refused(tmp_path, text, line, words):
    ((at, message),) = _faults(_file(tmp_path, text))
    assert at == line
    assert words in message


def test_a_delimiter_at_the_end_and_empty_rows_go_together(tmp_path, tiny):
    responses = read_responses(_file(tmp_path, "A1;A2;A3;;\n1;2;3;;\n;;;;\n2;2;2\n;;;;\n"), instruments=[tiny])
    assert responses.n == 3
    assert list(responses.frame.columns) == ["A1", "A2", "A3"]
    assert "1 empty rows" in _codes(responses)["RESPONSES_EMPTY_ROWS"].message


def test_the_place_of_a_missing_code_in_words_is_kept(tmp_path, tiny):
    path = _file(tmp_path, "A1,A2,A3,city\n9,1,2,refused\n2,refused,3,x\n3,refused,-1,y\n")
    responses = read_responses(path, instruments=[tiny], missing_codes=["refused", -1])
    assert responses.codes["A1"].to_dict() == {0: 9.0}
    assert responses.codes["A2"].to_dict() == {1: "refused", 2: "refused"}
    assert responses.codes["A3"].to_dict() == {2: -1.0}
    assert responses.codes["city"].to_dict() == {0: "refused"}
    assert responses.keep(responses.frame["A2"].isna()).codes["A2"].to_dict() == {0: "refused", 1: "refused"}


def test_a_large_file_is_read_in_chunks(tmp_path):
    rows = [f"{n},{n % 7},{'x' if n % 5 else ''}" for n in range(10_000)]
    responses = read_responses(_file(tmp_path, "id,a,b\n" + "\n".join(rows) + "\n"), id="id")
    assert responses.frame["id"].tolist() == [str(n) for n in range(10_000)]
    assert responses.frame["a"].tolist() == [n % 7 for n in range(10_000)]
    assert responses.frame["b"].isna().tolist() == [n % 5 == 0 for n in range(10_000)]
    assert responses.rows == tuple(range(1, 10_001))


def test_numbers_of_any_script_are_numbers_and_texts_stay_as_they_are(tmp_path, tiny):
    text = "A1,A2,A3,income,balance,share,remark\n۱,٢,3,۱٬۲۳۴٬۵۶۷,−۵,۰٫۵,−۲ درصد\n\u200f۴,2,۹,۹۰۰,+۱۲,١٫٢٥,۱٬۲۳\n"
    responses = read_responses(_file(tmp_path, text), instruments=[tiny])
    assert responses.frame["A1"].tolist() == [1.0, 4.0]
    assert responses.frame["income"].tolist() == [1234567.0, 900.0]
    assert responses.frame["balance"].tolist() == [-5.0, 12.0]
    assert responses.frame["share"].tolist() == [0.5, 1.25]
    assert responses.frame["remark"].tolist() == ["−۲ درصد", "۱٬۲۳"]
    assert responses.codes["A3"].to_dict() == {1: 9.0}
    assert "found '۱٬۲' in row 1" in _faults(_file(tmp_path, "A1,A2,A3\n۱٬۲,2,3\n"), instruments=[tiny])[0][1]


def test_guards_against_formulas_are_taken_off_once(tmp_path, tiny):
    text = "A1,A2,A3,'=x,'y\n1,2,3,'=1+1,'quoted\n1,2,3,''=1,'+7 900\n'-1,2,3,-5,'@sum\n"
    responses = read_responses(_file(tmp_path, text), instruments=[tiny])
    assert responses.frame["=x"].tolist() == ["=1+1", "'=1", "-5"]
    assert responses.frame["'y"].tolist() == ["'quoted", "+7 900", "@sum"]
    assert responses.frame["A1"].tolist() == [1.0, 1.0, -1.0]
    assert "5 different texts" in _codes(responses)["RESPONSES_GUARDS_TAKEN_OFF"].message


def test_marks_that_nobody_sees_are_no_part_of_a_name(tmp_path, tiny):
    responses = read_responses(
        _file(tmp_path, "\u200eA1\u200f,A2\u200b,\ufeffA3,سن\u200c‌ها\n1,2,3,4\n"), instruments=[tiny]
    )
    assert responses.frame.columns.tolist()[:3] == ["A1", "A2", "A3"]
    assert "\u200c" in responses.frame.columns[3]
