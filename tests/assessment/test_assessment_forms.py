"""Forms to fill in: languages, headings, numbers, formulas, nothing overwritten."""

from __future__ import annotations

import csv

import openpyxl
import pandas as pd
import pytest

from crmstudy.assessment.form import Field, filled_in, is_form, read_form, write_form
from crmstudy.assessment.maturity.rating import rate
from crmstudy.assessment.modules.adoption import module_adoption
from crmstudy.assessment.modules.answers import FIELDS
from crmstudy.assessment.modules.forms import module_form
from crmstudy.assessment.value.transactions import transactions
from crmstudy.errors import DataError, OutputError, UnsupportedError

LANGUAGES = ("en", "fa", "ru")
COLUMNS = (
    Field("place", {"en": "place", "fa": "مکان", "ru": "место"}),
    Field("there", {"en": "is it there?", "fa": "هست؟", "ru": "есть?"},
          answers={"yes": {"en": "yes", "fa": "بله", "ru": "да"}, "no": {"en": "no", "fa": "خیر", "ru": "нет"}},
          filled=True),
    Field("height", {"en": "height", "fa": "ارتفاع", "ru": "высота"}, "number", filled=True, required=False),
)  # fmt: skip


def rows_of(path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def filled(path, rows) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_headings_and_answers_are_recognised_in_every_language(tmp_path, lang):
    path = write_form(tmp_path / "form.csv", [{"place": "roof"}, {"place": "cellar"}], lang, fields=COLUMNS)
    rows = rows_of(path)
    assert rows[0] == [one.heading[lang] for one in COLUMNS]
    rows[1][1:] = [COLUMNS[1].answers["no"][lang], "۳٫۵"]
    filled(path, rows)
    found = read_form(path, COLUMNS)
    assert found.to_dict("records") == [
        {"place": "roof", "there": "no", "height": 3.5},
        {"place": "cellar", "there": None, "height": None},
    ]


def test_a_workbook_says_how_to_fill_it_in(tmp_path):
    path = write_form(tmp_path / "form.xlsx", [{"place": "roof"}], "fa", fields=COLUMNS, how=["یک جمله"])
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["form", "راهنما"]
    assert all(sheet.sheet_view.rightToLeft for sheet in book)
    told = list(book["راهنما"].iter_rows(values_only=True))
    assert told[1][1] == "یک جمله"
    assert [(row[0], row[2]) for row in told[4:]] == [
        ("مکان", None), ("هست؟", "بله"), (None, "خیر"), ("ارتفاع", "عدد؛ می‌تواند خالی بماند"),
    ]  # fmt: skip
    assert read_form(path, COLUMNS)["place"].tolist() == ["roof"]


def test_formulas_are_neutralised_and_read_back(tmp_path):
    for name in ("form.csv", "form.xlsx"):
        path = write_form(tmp_path / name, [{"place": "=1+1"}], fields=COLUMNS)
        assert read_form(path, COLUMNS)["place"].tolist() == ["=1+1"]
    assert rows_of(tmp_path / "form.csv")[1][0] == "'=1+1"
    assert openpyxl.load_workbook(tmp_path / "form.xlsx")["form"]["A2"].data_type == "s"


def test_nothing_is_overwritten(tmp_path):
    path = write_form(tmp_path / "form.csv", [], fields=COLUMNS)
    before = path.read_bytes()
    with pytest.raises(OutputError, match="not overwritten"):
        write_form(path, [{"place": "roof"}], fields=COLUMNS)
    assert path.read_bytes() == before
    with pytest.raises(OutputError, match="does not exist"):
        write_form(tmp_path / "none" / "form.csv", [], fields=COLUMNS)
    with pytest.raises(UnsupportedError):
        write_form(tmp_path / "form.pdf", [], fields=COLUMNS)
    with pytest.raises(UnsupportedError, match="en, fa, ru"):
        write_form(tmp_path / "other.csv", [], "de", fields=COLUMNS)


def test_what_is_no_answer_stays_for_the_reader_to_refuse(tmp_path):
    path = write_form(tmp_path / "form.csv", [{"place": "roof"}], fields=COLUMNS)
    filled(path, [["place", "there", "height", "remark"], ["roof", "maybe", "1,234", "wet"], ["", "", "", ""]])
    assert read_form(path, COLUMNS).to_dict("records") == [
        {"place": "roof", "there": "maybe", "height": "1,234", "remark": "wet"}
    ]
    filled(path, [["place", "there", "height"], ["roof", "yes", "1,5"], ["roof", "yes", "nan"]])
    assert read_form(path, COLUMNS)["height"].tolist() == [1.5, "nan"]


def test_faulty_headings_are_told_at_once(tmp_path):
    path = tmp_path / "form.csv"
    filled(path, [["plase", "place?", "height", "height"], ["roof", "", "1", "2"]])
    with pytest.raises(DataError) as caught:
        read_form(path, COLUMNS, "survey of places")
    told = str(caught.value)
    assert "lacks the column 'there'" in told
    assert "'height' 2 times" in told
    filled(path, [[]])
    with pytest.raises(DataError):
        read_form(path, COLUMNS)
    assert is_form("x.CSV")
    assert not is_form("x.sav")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_twelve_sheets_of_modules_give_the_figures_of_twelve_people(tmp_path, lang):
    heading, below = None, []
    words = next(field for field in FIELDS if field.name == "available").answers
    for person in range(12):
        rows = rows_of(module_form(tmp_path / f"{person}.csv", lang, area="marketing"))
        heading = rows[0]
        for row in rows[1:]:
            row[0] = f"person {person}"
            row[7], row[8] = words["yes"][lang], words["yes" if person < 6 else "no"][lang]
            row[10] = ("۳۵" if lang == "fa" else "35")[person % 2]  # who all say the same are not shown
        below += rows[1:]
    filled(tmp_path / "all.csv", [heading, *below])
    result = module_adoption(tmp_path / "all.csv")
    lead = result.tables["modules"].set_index("module").loc["lead"]
    assert (lead["used"], lead["usefulness"], lead["n"]) == (50.0, 4.0, 12)


def test_a_table_with_the_headings_of_a_form_is_recognised():
    frame = pd.DataFrame({"МЕСТО": ["roof", "cellar"], "есть?": ["да", "maybe"], "высота": ["۳٫۵", "2,5"], "x": [1, 2]})
    found = filled_in(frame, COLUMNS, "form")
    assert found.to_dict("list") == {
        "place": ["roof", "cellar"], "there": ["yes", "maybe"], "height": [3.5, 2.5], "x": [1, 2],
    }  # fmt: skip
    assert frame.columns.tolist()[0] == "МЕСТО"
    named = pd.DataFrame({"place": ["roof"], "there": ["yes"], "Height": ["tall"]})
    assert filled_in(named, COLUMNS, "form") is named  # a program wrote it, and knows what its columns are called
    other = pd.DataFrame({"Place": ["roof"], "answer": ["yes"]})
    assert filled_in(other, COLUMNS, "form") is other
    assert filled_in(7, COLUMNS, "form") == 7


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_columns_that_the_caller_names_keep_their_headings(tmp_path, suffix):
    frame = pd.DataFrame({"leaf": ["data", "data"], "level": [3, 4], "Rater": ["A", "B"]})
    path = tmp_path / f"ratings{suffix}"
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_excel(path, index=False)
    for data in (frame, path, pd.DataFrame(frame.rename(columns={"leaf": "Код", "level": "Уровень"}))):
        assert set(rate(data, rater="Rater").tables["ratings"]["rater"]) == {"A", "B"}


def test_the_sheet_of_the_form_is_found_and_headings_pasted_with_rows_are_no_row(tmp_path):
    path = write_form(tmp_path / "form.xlsx", [{"place": "roof"}], "ru", fields=COLUMNS)
    book = openpyxl.load_workbook(path)
    form = book.worksheets[0]
    form.append([cell.value for cell in form[1]])
    form.append(["cellar", "нет", 2])
    book.move_sheet(form, 1)
    book.save(path)
    assert read_form(path, COLUMNS)["place"].tolist() == ["roof", "cellar"]


def test_a_heading_that_ends_in_a_name_stands_for_it(tmp_path):
    purchases = pd.DataFrame({"customer": ["a", "b", "a"], "date": ["2026-01-02", "2026-01-05", "2026-02-01"],
                              "amount": [10, 4, 5]})  # fmt: skip
    heads = ["Клиент [customer]", "تاریخ [date]", "Amount, $ [amount] "]
    headed = purchases.set_axis(heads, axis=1)
    wanted = transactions(purchases).customers
    for name in ("headed.csv", "headed.xlsx", "headed.parquet"):
        if name.endswith("parquet"):
            pytest.importorskip("pyarrow")
        write = {"csv": headed.to_csv, "xlsx": headed.to_excel, "parquet": headed.to_parquet}[name.rpartition(".")[2]]
        write(tmp_path / name, index=False)
        pd.testing.assert_frame_equal(transactions(tmp_path / name).customers, wanted, check_dtype=False)
    assert transactions(headed, customer=heads[0], date=None, amount=heads[2]).n == 3
    with pytest.raises(DataError, match="2 columns 'customer'"):
        transactions(headed.assign(**{"Again [customer]": "c"}))
    both = headed.assign(customer=["x", "y", "z"])
    assert set(transactions(both).customers["customer"]) == {"x", "y", "z"}


def test_a_file_may_have_more_rows_than_a_form(tmp_path):
    path = tmp_path / "places.csv"
    filled(path, [["место", "есть?", "высота"], *([f"place number {n}", "да", "2,5"] for n in range(21_000))])
    found = filled_in(path, COLUMNS, "form")
    assert found["place"].nunique() == 21_000
    assert set(found["there"]) == {"yes"}
    assert set(found["height"]) == {2.5}
