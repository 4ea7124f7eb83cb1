"""Answers as CSV, Excel, Parquet, psych-DS and DDI, and the codebook in all its forms."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.cli import main
from crmstudy.errors import OutputError, UnsupportedError
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.read import read_responses
from crmstudy.exchange.stamps import read_stamps
from crmstudy.exchange.writing.cells import number_text, safe
from crmstudy.exchange.writing.codebook import write_codebook
from crmstudy.exchange.writing.importing import write_import
from crmstudy.exchange.writing.write import write_responses
from crmstudy.instrument import load_instrument
from crmstudy.responses import Meaning, Responses
from crmstudy.scoring import score
from tests.exchange.writing.everything_asked import rich_instrument, rich_responses

DDI = "{ddi:codebook:2_5}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def rich() -> Responses:
    return rich_responses()


def _cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream, strict=True))


# --- CSV -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\0", "\n", "＝", "＋", "－", "＠"])
def test_cells_and_headers_that_a_spreadsheet_would_run_are_neutralised(tmp_path, begin):
    frame = pd.DataFrame({f"{begin}head": [f"{begin}1+1", f"a{begin}1", "-5", "+3.5e2", "plain", None]})
    write_responses(frame, tmp_path / "safe.csv")
    assert _cells(tmp_path / "safe.csv") == [
        [f"'{begin}head"], [f"'{begin}1+1"], [f"a{begin}1"], ["-5"], ["+3.5e2"], ["plain"], [""],
    ]  # fmt: skip
    write_responses(frame, tmp_path / "raw.csv", raw=True)
    assert [row[0] for row in _cells(tmp_path / "raw.csv")[:2]] == [f"{begin}head", f"{begin}1+1"]
    assert json.loads((tmp_path / "safe.codebook.json").read_text(encoding="utf-8"))["neutralised"] is True
    assert json.loads((tmp_path / "raw.codebook.json").read_text(encoding="utf-8"))["neutralised"] is False


@given(st.text(alphabet=st.sampled_from("'=+-@\t\r\n\0＝a1.5e"), max_size=8))
def test_taking_one_mark_away_gives_the_text_back(text):
    made = safe(text)
    assert not made or made[0] not in "=+-@\t\r\n\0＝＋－＠" or re.fullmatch(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", made)
    assert made == text or made[1:] == text
    if re.match(r"'+[=+\-@\t\r\n\0＝＋－＠]", made):  # how a reader knows
        assert made[1:] == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_exactly(value):
    assert float(number_text(value)) == value


def test_numbers_codes_and_gaps_in_csv(tmp_path, rich):
    log = write_responses(rich, tmp_path / "a.csv")
    rows = _cells(tmp_path / "a.csv")
    assert rows[0] == list(rich.frame.columns)
    found = pd.DataFrame(rows[1:], columns=rows[0])
    a1 = rich.frame["A1"].to_numpy(copy=True)
    a1[rich.codes["A1"].index] = rich.codes["A1"]
    np.testing.assert_array_equal(pd.to_numeric(found["A1"].replace("", np.nan)).to_numpy(dtype=float), a1)
    assert found["A1"][0] == "2.5"
    assert not any(cell.endswith(".0") for cell in found["A1"])
    np.testing.assert_array_equal(found["weight"].astype(float), rich.frame["weight"])
    assert log.lines == ("WHY: the text 'NA' stands in the file, but most programs read it as no answer.",)
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_what_is_written_reads_back(tmp_path, rich):
    plain = rich_responses(texts=False)
    for name in ("a.csv", "a.xlsx", "a.sav", "a.parquet"):
        if name == "a.parquet":
            pytest.importorskip("pyarrow")
        write_responses(plain, tmp_path / name, lang="fa")
        again = read_responses(tmp_path / name, instruments=[rich_instrument()], id="respondent")
        pd.testing.assert_frame_equal(again.frame, plain.frame, check_dtype=False, check_exact=True)
        pd.testing.assert_frame_equal(score(again).frame, score(plain).frame)


def test_codes_in_letters_become_the_numbers_of_the_instrument_again(tmp_path):
    pytest.importorskip("pyreadstat")
    plain = rich_responses(texts=False)
    write_responses(plain, tmp_path / "a.dta", lang="ru")
    stata = read_responses(tmp_path / "a.dta", instruments=[rich_instrument()], id="respondent")
    write_responses(stata, tmp_path / "b.csv")
    write_responses(plain, tmp_path / "c.csv")
    assert _cells(tmp_path / "b.csv")[1:] == _cells(tmp_path / "c.csv")[1:]
    write_responses(stata, tmp_path / "d.sav", lang="fa")
    spss = read_responses(tmp_path / "d.sav", instruments=[rich_instrument()], id="respondent")
    assert {name: list(given) for name, given in spss.codes.items()} == {
        name: list(given) for name, given in plain.codes.items()
    }


def test_codes_of_no_instrument_are_told(tmp_path):
    frame = pd.DataFrame({"income": [1.0, -99.0, -99.0, 3.0]})
    responses = Responses.from_frame(frame, missing_codes=[-99])
    log = write_responses(responses, tmp_path / "a.csv")
    assert [row[0] for row in _cells(tmp_path / "a.csv")[1:]] == ["1", "", "", "3"]
    assert log.lines == (
        "income: the missing code -99 (2 times) is no code of the instrument and became an empty cell.",
    )
    assert (tmp_path / "a.csv.log.txt").read_text(encoding="utf-8") == log.text


def test_halves_of_surrogate_pairs_are_replaced_and_told(tmp_path):
    log = write_responses(pd.DataFrame({"t": ["a\ud800b", "x"]}, dtype=object), tmp_path / "a.csv")
    assert _cells(tmp_path / "a.csv")[1] == ["a\ufffdb"]
    assert "U+FFFD" in log.text


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=20)),
        min_size=1,
        max_size=6,
    )
)
def test_any_text_survives_raw_csv(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    write_responses(pd.DataFrame({"n": range(len(texts)), "t": pd.Series(texts, dtype=object)}), path, raw=True)
    with io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="") as stream:
        assert [row[1] for row in list(csv.reader(stream, strict=True))[1:]] == [text or "" for text in texts]


# --- Excel and Parquet -----------------------------------------------------------------------------------------------


def test_a_workbook_has_texts_as_texts(tmp_path, rich):
    log = write_responses(rich, tmp_path / "a.xlsx", lang="fa")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["data", "codebook"]
    assert read_stamps(book.custom_doc_props["crmstudy"].value)[0].fits(rich.instruments[0])
    rows = list(book["data"].iter_rows())
    names = [cell.value for cell in rows[0]]
    assert names == list(rich.frame.columns)
    assert all(cell.data_type != "f" for row in rows for cell in row)
    why = [row[names.index("WHY")].value for row in rows[1:]]
    assert why == [None if value is None or value != value else value for value in rich.frame["WHY"]]
    assert "=1+1" in why
    a1 = [row[names.index("A1")].value for row in rows[1:]]
    assert all(value is None or isinstance(value, int | float) for value in a1)
    assert a1[0] == 2.5
    head = [cell.value for cell in next(book["codebook"].iter_rows())]
    assert {"label_en", "label_fa", "label_ru", "values_fa", "missing_ru"} <= set(head)
    assert len(log) == 0


def test_what_a_workbook_cannot_hold_is_told(tmp_path):
    log = write_responses(pd.DataFrame({"t": ["a\x01b", "x" * 40_000]}), tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["data"]
    assert sheet["A2"].value == "a\ufffdb"
    assert len(sheet["A3"].value) == 32_767
    assert len(log) == 2


def test_a_workbook_holds_no_moment_in_time(tmp_path, rich):
    write_responses(rich, tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        assert {entry.date_time for entry in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert set(re.findall(r"\d{4}-\d{2}-\d{2}T", book.read("docProps/core.xml").decode())) == {"1980-01-01T"}


def test_parquet_carries_the_codebook(tmp_path, rich):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_responses(rich, tmp_path / "a.parquet", lang="ru")
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table.column_names == list(rich.frame.columns)
    assert str(table.schema.field("PLACE").type) == "int32"
    assert table.schema.field("A2").metadata[b"label"].decode() == "Я боюсь CRM-системы."
    assert read_stamps(table.schema.metadata[b"crmstudy"].decode())[0].id == "rich-form"
    record = json.loads(table.schema.metadata[b"crmstudy_codebook"])
    assert [one["name"] for one in record["variables"]] == list(rich.frame.columns)
    assert table.column("WHY").to_pylist() == [
        None if value is None or value != value else value for value in rich.frame["WHY"]
    ]


# --- psych-DS --------------------------------------------------------------------------------------------------------


def test_psych_ds_folder(tmp_path, rich):
    log = write_responses(rich, tmp_path / "my study", format="psych-ds", lang="en")
    folder = tmp_path / "my study"
    assert log.files[0] == folder
    said = json.loads((folder / "dataset_description.json").read_text(encoding="utf-8"))
    assert said["@context"] == "https://schema.org/"
    assert said["@type"] == "Dataset"
    assert said["name"]
    assert said["description"]
    measured = {one["name"] for one in said["variableMeasured"]}
    files = sorted((folder / "data").glob("*.csv"))
    assert len(files) == 2
    for path in files:
        assert re.fullmatch(r"([a-z]+-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_data\.csv", path.name)
        assert set(_cells(path)[0]) <= measured
        beside = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert read_stamps(beside["stamp"])[0].fits(rich.instruments[0])
    assert {"README.md", "CHANGES.md"} <= {path.name for path in folder.iterdir()}
    scored = pd.read_csv(files[1])
    ours = score(rich).frame
    np.testing.assert_array_equal(scored[list(ours.columns)].to_numpy(), ours.to_numpy())


# --- DDI -------------------------------------------------------------------------------------------------------------

#: The order in which DDI-Codebook 2.5 wants the children of a variable and of a category.
VAR = ["labl", "qstn", "valrng", "invalrng", "sumStat", "catgry", "codInstr", "concept", "derivation", "varFormat"]
CATEGORY = ["catValu", "labl", "catStat"]


def test_ddi_is_well_formed_and_in_order(tmp_path, rich):
    write_responses(rich, tmp_path / "a.xml", scores=True)
    root = ElementTree.parse(tmp_path / "a.xml").getroot()
    assert root.tag == f"{DDI}codeBook"
    assert root.get("version") == "2.5"
    assert [child.tag.removeprefix(DDI) for child in root] == ["docDscr", "stdyDscr", "fileDscr", "dataDscr"]
    for part in root[:2]:
        assert part.findtext(f"{DDI}citation/{DDI}titlStmt/{DDI}titl")
    assert root.findtext(f".//{DDI}caseQnty") == str(rich.n)
    variables = root.findall(f"{DDI}dataDscr/{DDI}var")
    assert [one.get("name") for one in variables] == [*rich.frame.columns, *score(rich).frame.columns]
    ids = [one.get("ID") for one in variables]
    assert len(set(ids)) == len(ids)
    files = {one.get("ID") for one in root.findall(f"{DDI}fileDscr")}
    for variable in variables:
        assert {variable.get("files")} <= files
        assert variable.get("intrvl") in ("contin", "discrete")
        places = [VAR.index(child.tag.removeprefix(DDI)) for child in variable]
        assert places == sorted(places)
        for range in variable.iter(f"{DDI}range"):
            assert float(range.get("min")) <= float(range.get("max"))
        for category in variable.findall(f"{DDI}catgry"):
            places = [CATEGORY.index(child.tag.removeprefix(DDI)) for child in category]
            assert places == sorted(places)
    first = next(one for one in variables if one.get("name") == "A2")
    item = rich.items["A2"]
    labels = {label.get(LANG): label.text for label in first.findall(f"{DDI}labl")}
    assert labels == {tag: rich.instruments[0].text(item.wording, tag) for tag in ("en", "fa", "ru")}
    assert {one.get(LANG) for one in first.iter(f"{DDI}qstnLit")} == {"en", "fa", "ru"}
    assert sorted(one.get("VALUE") for one in first.findall(f"{DDI}invalrng/{DDI}item")) == ["-8", "-9"]
    counts = {
        one.findtext(f"{DDI}catValu"): (one.get("missing"), one.findtext(f"{DDI}catStat"))
        for one in first.findall(f"{DDI}catgry")
    }
    given = rich.codes["A2"]
    assert counts["-9"] == ("Y", str(int((given == -9).sum())))
    assert counts["3"] == (None, str(int((rich.frame["A2"] == 3).sum())))
    assert "6 minus the answer" in first.findtext(f"{DDI}codInstr")


def test_ddi_holds_hostile_texts(tmp_path):
    frame = pd.DataFrame({'<a href="x">&': [1, 2], "b\x01\ufffe": [1, 2]})
    write_responses(frame, tmp_path / "a.xml")
    root = ElementTree.parse(tmp_path / "a.xml").getroot()
    assert root.find(f".//{DDI}var").get("name") == '<a href="x">&'


# --- codebook --------------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """Tags that are opened and closed, and the text between them."""

    VOID = ("meta", "br", "link", "img", "hr", "input")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open, tag
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text += data


def _page(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert page.open == []
    return page


@pytest.mark.parametrize(("lang", "direction"), [("en", "ltr"), ("fa", "rtl"), ("ru", "ltr")])
def test_codebook_page_in_one_language(tmp_path, rich, lang, direction):
    write_codebook(rich, tmp_path / "a.html", lang=lang, scores=True)
    page = _page(tmp_path / "a.html")
    html = next(attrs for tag, attrs in page.seen if tag == "html")
    assert html == {"lang": lang, "dir": direction}
    one = rich.instruments[0]
    for item in one.items:
        assert " ".join(one.text(item.wording, lang).split(" ")) in page.text
    for name in [*rich.frame.columns, *score(rich).frame.columns]:
        assert f">{name}<" in (tmp_path / "a.html").read_text(encoding="utf-8")
    links = {attrs["href"] for tag, attrs in page.seen if tag == "a"}
    ids = {f"#{attrs['id']}" for _, attrs in page.seen if "id" in attrs}
    assert links <= ids
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "http://" not in text
    assert "https://" not in text
    assert one.item("A1").response.missing_labels[-9][lang] in page.text


def test_codebook_page_in_all_languages(tmp_path, rich):
    write_codebook(rich, tmp_path / "a.html")
    page = _page(tmp_path / "a.html")
    directions = {(attrs.get("lang"), attrs.get("dir")) for tag, attrs in page.seen if tag == "p" and "lang" in attrs}
    assert {("en", "ltr"), ("fa", "rtl"), ("ru", "ltr")} <= directions


def test_codebook_escapes_hostile_texts(tmp_path):
    frame = pd.DataFrame({"<script>alert(1)</script>": [1.0, 2.0], '"><img src=x>': ["a", "b"]})
    write_codebook(frame, tmp_path / "a.html")
    page = _page(tmp_path / "a.html")
    assert {"script", "img"}.isdisjoint(tag for tag, _ in page.seen)
    write_codebook(frame, tmp_path / "a.csv")
    assert len(_cells(tmp_path / "a.csv")) == 3


def test_codebook_of_an_instrument_has_no_figures(tmp_path):
    one = rich_instrument()
    write_codebook(one, tmp_path / "a.json")
    record = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert "n" not in record
    assert all("observed" not in variable for variable in record["variables"])
    assert [variable["name"] for variable in record["variables"]] == [
        "A1", "A2", "A3", "B1", "B2", "C.1", "C.2", "PLACE", "USES_1", "USES_2", "USES_3", "AGE", "WHY",
    ]  # fmt: skip
    write_codebook([one, load_instrument("ecsi")], tmp_path / "a.html", lang="fa")
    assert "IMAG1" in _page(tmp_path / "a.html").text


def test_codebook_figures(tmp_path, rich):
    write_codebook(rich, tmp_path / "a.json", scores=True)
    record = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    by_name = {variable["name"]: variable for variable in record["variables"]}
    answers = rich.frame["A2"]
    inside = answers[(answers >= 1) & (answers <= 5)]
    found = by_name["A2"]["observed"]
    assert found["n"] == int(answers.notna().sum())
    assert found["missing"] == int(answers.isna().sum())
    assert found["out_of_range"] == int(answers.notna().sum() - len(inside))
    assert found["mean"] == pytest.approx(inside.mean(), rel=1e-9)
    assert found["sd"] == pytest.approx(inside.std(ddof=1), rel=1e-9)
    assert by_name["A2"]["reversed"] is True
    assert by_name["A2"]["scales"] == ["alpha"]
    assert by_name["whole"]["observed"]["mean"] == pytest.approx(score(rich).frame["whole"].mean(), rel=1e-9)
    assert by_name["شعبه"]["values"][0]["n"] == int((rich.frame["شعبه"] == 1).sum())


def test_codebook_as_a_table(tmp_path, rich):
    write_codebook(rich, tmp_path / "a.csv", lang="ru")
    rows = _cells(tmp_path / "a.csv")
    assert "label_ru" in rows[0]
    assert "label_en" not in rows[0]
    row = dict(zip(rows[0], next(row for row in rows if row[0] == "A1"), strict=True))
    assert row["label_ru"] == "CRM-система работает."
    assert row["values_ru"].startswith("1 = Полностью не согласен(на) | 2 = ")
    assert row["missing_ru"] == "(-9) = Не применимо | (-8) = Отказ"


def test_structure_alone_is_labelled_by_its_scale(tmp_path):
    from dataclasses import replace

    one = rich_instrument()
    bare = replace(one, wording="none", items=tuple(replace(item, wording={}) for item in one.items))
    write_codebook(bare, tmp_path / "a.csv", lang="fa")
    rows = _cells(tmp_path / "a.csv")
    assert next(row for row in rows if row[0] == "A1")[rows[0].index("label_fa")] == "آلفا: A1"


def test_codebook_refusals(tmp_path, rich):
    with pytest.raises(UnsupportedError, match="does not say the format"):
        write_codebook(rich, tmp_path / "a.doc")
    with pytest.raises(UnsupportedError, match="no texts in 'de'"):
        write_codebook(rich, tmp_path / "a.html", lang="de")
    with pytest.raises(UnsupportedError, match="Did you mean 'html'"):
        write_codebook(rich, tmp_path / "a", format="htm")
    (tmp_path / "a.html").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        write_codebook(rich, tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text() == "mine"


def test_labels_of_a_file_and_of_a_study_are_written(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    from dataclasses import replace

    responses = Responses.from_frame(pd.DataFrame({"sex": [1.0, 2.0, -9.0], "city": [1, 2, 1]}), missing_codes=[-9])
    told = replace(responses, meanings={"sex": Meaning("Пол", {1.0: "м", 2.0: "ж", -9.0: "нет"}, frozenset([-9.0]))})
    declared = {"city": {"type": "category", "label": {"en": "City", "fa": "شهر"}, "values": {"1": {"fa": "تهران"}}}}
    write_responses(told, tmp_path / "a.sav", lang="fa", variables=declared)
    frame, meta = pyreadstat.read_sav(tmp_path / "a.sav", user_missing=True)
    assert frame["sex"].tolist() == [1, 2, -9]
    assert meta.missing_ranges["sex"] == [{"lo": -9, "hi": -9}]
    assert meta.column_names_to_labels == {"sex": "Пол", "city": "شهر"}
    assert meta.variable_value_labels == {"sex": {-9: "нет", 1: "м", 2: "ж"}, "city": {1: "تهران"}}
    assert meta.variable_measure == {"sex": "nominal", "city": "nominal"}


# --- log, import, commands -------------------------------------------------------------------------------------------


def test_the_log(tmp_path):
    log = ExportLog("x")
    assert log.write_beside(tmp_path / "a.x") is None
    log.add("it was cut.", "Q1")
    log.add("it was cut.", "Q1")
    log.add("nothing fits.")
    assert log.lines == ("Q1: it was cut.", "nothing fits.")
    assert log.write_beside(tmp_path / "a.x") == tmp_path / "a.x.log.txt"
    assert log.write_beside(tmp_path / "a.x") == tmp_path / "a.x.log.txt"
    assert json.loads(log.to_json())["losses"][0] == {"what": "it was cut.", "where": "Q1"}
    (tmp_path / "b.x.log.txt").write_text("mine")
    with pytest.raises(OutputError):
        log.write_beside(tmp_path / "b.x")


def test_an_import_folder_reads_back(tmp_path):
    plain = rich_responses(texts=False)
    log = write_import(plain, tmp_path / "in")
    assert sorted(path.name for path in log.files) == ["codebook.html", "data.codebook.json", "data.csv", "notes.txt"]
    again = read_responses(tmp_path / "in" / "data.csv", instruments=[rich_instrument()], id="respondent")
    pd.testing.assert_frame_equal(again.frame, plain.frame, check_dtype=False)
    assert "RESPONSES_MISSING_CODES" in (tmp_path / "in" / "notes.txt").read_text(encoding="utf-8")
    with pytest.raises(OutputError):
        write_import(plain, tmp_path / "in")


def test_export_command(tmp_path, capsys):
    data = str(ROOT / "data" / "mobi" / "responses.csv")
    assert main(["export", data, "-i", "ecsi", "--lang", "fa", "--out", str(tmp_path / "m.sav"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["format"] == "sav"
    assert told["files"] == [str(tmp_path / "m.sav")]
    assert main(["export", data, "-i", "ecsi", "--out", str(tmp_path / "m.sav")]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["export", data, "-i", "ecsi", "--format", "codebook", "--out", str(tmp_path / "m.html")]) == 0
    assert main(["export", data, "--format", "savv", "--out", str(tmp_path / "n")]) == 2
    assert "Did you mean 'sav'" in capsys.readouterr().err


def test_export_of_a_study(tmp_path, capsys):
    assert main(["init", str(tmp_path / "study")]) == 0
    assert main(["export", str(tmp_path / "study"), "--out", str(tmp_path / "s.csv")]) == 0
    names = _cells(tmp_path / "s.csv")[0]
    assert {"respondent", "branch", "tenure", "CRM1"} <= set(names)
    record = json.loads((tmp_path / "s.codebook.json").read_text(encoding="utf-8"))
    tenure = next(one for one in record["variables"] if one["name"] == "tenure")
    assert tenure["label"]["en"] == "Years of service"
    capsys.readouterr()
    assert main(["export", str(tmp_path / "study"), "--sample", "stuff", "--out", str(tmp_path / "t.csv")]) == 2
    assert "Did you mean 'staff'" in capsys.readouterr().err


def test_import_command(tmp_path, capsys):
    pytest.importorskip("pyreadstat")
    data = str(ROOT / "data" / "mobi" / "responses.csv")
    assert main(["export", data, "-i", "ecsi", "--out", str(tmp_path / "m.sav")]) == 0
    assert main(["import", str(tmp_path / "m.sav"), "-i", "ecsi", "--out", str(tmp_path / "in")]) == 0
    mobi = read_responses(tmp_path / "in" / "data.csv", instruments=["ecsi"])
    pd.testing.assert_frame_equal(mobi.frame, read_responses(data, instruments=["ecsi"]).frame, check_dtype=False)
    assert main(["import", str(tmp_path / "m.sav"), "-i", "ecsi", "--out", str(tmp_path / "in")]) == 2
    assert "exists already" in capsys.readouterr().err


def test_import_of_a_questionnaire(tmp_path, capsys):
    from crmstudy.exchange.questionnaires.formats import write_questionnaire

    write_questionnaire(load_instrument("ecsi"), tmp_path / "ecsi.xlsx", format="xlsform")
    assert main(["import", str(tmp_path / "ecsi.xlsx"), "--out", str(tmp_path / "folder")]) == 2
    assert "end --out in .yaml" in capsys.readouterr().err
    assert main(["import", str(tmp_path / "ecsi.xlsx"), "--out", str(tmp_path / "again.yaml")]) == 0
    again = load_instrument(tmp_path / "again.yaml")
    assert again.fingerprint == load_instrument("ecsi").fingerprint
    assert main(["import", str(tmp_path / "ecsi.xlsx"), "--out", str(tmp_path / "again.yaml")]) == 2
    assert "exists already" in capsys.readouterr().err
