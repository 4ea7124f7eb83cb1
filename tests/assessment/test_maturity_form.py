"""The rating form: anchors beside each leaf, filled in and read back in any language, never overwritten."""

from __future__ import annotations

import csv

import openpyxl
import pandas as pd
import pytest

from crmstudy.assessment.maturity.form import rating_form
from crmstudy.assessment.maturity.rating import rate
from crmstudy.assessment.maturity.scale import leaves
from crmstudy.errors import DataError, OutputError, UnsupportedError

LEAVES = list(leaves())
HEADINGS = {
    "en": ("Level", "Evidence", "Rater"),
    "fa": ("سطح", "مدرک", "ارزیاب"),
    "ru": ("Уровень", "Подтверждение", "Эксперт"),
}


def filled_workbook(path, lang, levels, evidence="", rater="Sara"):
    """A form with a level for each leaf, as a person would save it."""
    rating_form(path, lang, rater=rater)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    level, why, _ = (heads.index(name) + 1 for name in HEADINGS[lang])
    for row, found in enumerate(levels, start=2):
        sheet.cell(row, level).value = found
        sheet.cell(row, why).value = evidence
    book.save(path)


@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
def test_statement_4_5_levels_are_described_first_and_then_rated(tmp_path, lang):
    path = rating_form(tmp_path / "form.xlsx", lang)
    book = openpyxl.load_workbook(path)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert [row[0] for row in rows[1:]] == LEAVES
    for row in rows[1:]:
        leaf = leaves()[row[0]]
        assert row[2] == leaf.label[lang]
        assert row[3] == leaf.question[lang]
        assert list(row[4:11]) == [anchor[lang] for anchor in leaf.anchors]
        assert not any(row[11:])
    assert book.worksheets[0].sheet_view.rightToLeft == (lang == "fa")
    assert len(list(book.worksheets[1].iter_rows())) >= 5


@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
def test_a_filled_workbook_is_read_back(tmp_path, lang):
    levels = [place % 7 for place in range(29)]
    filled_workbook(tmp_path / "form.xlsx", lang, levels, "minutes of 3 May")
    found = rate(tmp_path / "form.xlsx")
    assert found.tables["leaves"].set_index("leaf")["level"].to_dict() == dict(zip(LEAVES, levels, strict=True))
    assert set(found.tables["ratings"]["rater"]) == {"Sara"}
    assert found.tables["without_evidence"].empty


def test_a_delimited_form_takes_names_and_digits_of_levels(tmp_path):
    path = rating_form(tmp_path / "form.csv", "fa", unit="شعبهٔ رشت", wave="۱۴۰۴")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    place = rows[0].index("سطح")
    rows[1][place], rows[2][place], rows[3][place] = "۲", "آگاه", "4 در حال بهینه‌سازی"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)
    found = rate(str(path))
    level = found.tables["leaves"].set_index("leaf")["level"]
    assert level[LEAVES[:3]].tolist() == [2, 1, 4]
    assert level[LEAVES[3:]].isna().all()
    assert found.tables["overall"][["unit", "wave"]].iloc[0].tolist() == ["شعبهٔ رشت", "۱۴۰۴"]
    assert found.samples["dropped"].iloc[0] == 26


def test_forms_of_several_raters_are_one_panel(tmp_path):
    for name, level in (("olga", 2), ("amir", 4)):
        filled_workbook(tmp_path / f"{name}.xlsx", "ru", [level] * 28 + [3], rater="")
    found = rate([tmp_path / "olga.xlsx", tmp_path / "amir.xlsx"])
    assert set(found.tables["ratings"]["rater"]) == {"olga", "amir"}
    assert len(found.tables["discuss"]) == 28
    assert [note.code for note in found.notes].count("MATURITY_RATER_FROM_FILE") == 2


def test_faults_say_in_which_form_they_stand(tmp_path):
    filled_workbook(tmp_path / "a.xlsx", "en", [9] + [3] * 28)
    (tmp_path / "b.csv").write_text("leaf,score\ndata,3\n", encoding="utf-8")
    with pytest.raises(DataError) as error:
        rate([tmp_path / "a.xlsx", tmp_path / "b.csv"])
    assert "b.csv" in str(error.value)
    with pytest.raises(DataError, match=r"9 \(row 1 of a\.xlsx\) is not on the scale"):
        rate([tmp_path / "a.xlsx", pd.DataFrame({"leaf": ["data"], "level": [2], "rater": ["B"]})])


def test_other_files_are_read_as_tables(tmp_path):
    pd.DataFrame({"leaf": LEAVES, "level": [3] * 29}).to_parquet(tmp_path / "ratings.parquet")
    assert rate(tmp_path / "ratings.parquet").tables["overall"]["level"].tolist() == [3.0]
    with pytest.raises(DataError, match="not found"):
        rate(tmp_path / "nowhere.csv")


def test_a_form_is_not_overwritten_nor_written_in_an_unknown_way(tmp_path):
    path = rating_form(tmp_path / "form.csv")
    before = path.read_bytes()
    with pytest.raises(OutputError, match="not overwritten"):
        rating_form(path, "ru")
    assert path.read_bytes() == before
    with pytest.raises(UnsupportedError, match="'de'"):
        rating_form(tmp_path / "other.csv", "de")
    with pytest.raises(UnsupportedError, match="docx"):
        rating_form(tmp_path / "form.docx")
    assert [found.name for found in tmp_path.iterdir()] == ["form.csv"]


def test_what_stands_in_a_form_is_no_formula(tmp_path):
    path = rating_form(tmp_path / "form.csv", rater="=1+1")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["Rater"] for row in rows} == {"'=1+1"}
