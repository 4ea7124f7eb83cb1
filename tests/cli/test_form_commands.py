"""``crmstudy forms`` and ``crmstudy form``: what they write and refuse, and that a study reads what was filled in."""

from __future__ import annotations

import json

import openpyxl
import pytest

from crmstudy.assessment import forms
from crmstudy.cli import main


@pytest.fixture
def cli(capsys, tmp_path, monkeypatch):
    """Run the program in an empty folder; gives exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def fill(path, answer, heads):
    """Write the same answer into every row, and further cells by heading."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    names = [cell.value for cell in sheet[1]]
    for row in range(2, sheet.max_row + 1):
        for head, value in {answer[0]: answer[1], **heads}.items():
            sheet.cell(row, names.index(head) + 1).value = value
    book.save(path)


def test_forms_are_listed_with_the_analyses_that_read_them(cli):
    code, said, _ = cli("forms", "--json")
    assert code == 0
    listed = json.loads(said)["forms"]
    assert [one["form"] for one in listed] == [one.id for one in forms.forms()]
    assert {"kind: rfm", "kind: pareto"} < set(next(one for one in listed if one["form"] == "transactions")["analyses"])
    code, said, _ = cli("forms", "--lang", "ru")
    assert code == 0
    assert "Зрелость CRM" in said
    assert cli("forms", "--lang", "de")[0] == 2


@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
def test_a_workbook_opens_ready_to_be_filled_in(cli, tmp_path, lang):
    assert cli("form", "processes", "--lang", lang, "-o", "p.xlsx")[0] == 0
    book = openpyxl.load_workbook(tmp_path / "p.xlsx")
    sheet, how = book.worksheets
    assert (sheet.sheet_view.rightToLeft, how.sheet_view.rightToLeft) == (lang == "fa", lang == "fa")
    assert sheet.freeze_panes == "B2"
    offered = {str(one.sqref): one for one in sheet.data_validations.dataValidation}
    assert offered["C2:C20000"].formula1 == '"0,1,2,3,4"'
    assert offered["C2:C20000"].showErrorMessage
    headings = [cell.value for cell in sheet[1]]
    explained = "\n".join(str(cell.value) for cell in how["A"])
    assert all(heading in explained for heading in headings)


def test_answers_are_offered_from_the_cells_that_explain_them(cli, tmp_path):
    cli("form", "success", "--lang", "fa")
    book = openpyxl.load_workbook(tmp_path / "success.xlsx")
    sheet, how = book.worksheets
    (rule,) = [one for one in sheet.data_validations.dataValidation if one.type == "list"]
    name, cells = rule.formula1.removeprefix("=").split("!")
    assert name == f"'{how.title}'"
    assert [row[0].value for row in how[cells.replace("$", "")]] == ["بله", "تا حدی", "خیر", "موضوعیت ندارد"]


def test_days_and_numbers_are_checked_and_explained(cli, tmp_path):
    cli("form", "transactions")
    sheet = openpyxl.load_workbook(tmp_path / "transactions.xlsx").worksheets[0]
    rules = {str(one.sqref)[0]: one for one in sheet.data_validations.dataValidation}
    assert [rules[letter].type for letter in "ABCD"] == [None, "date", "decimal", "decimal"]
    assert "return is negative" in rules["C"].prompt
    assert sheet.column_dimensions["B"].number_format == "yyyy-mm-dd"
    assert sheet.column_dimensions["A"].number_format == "@"


def test_a_filled_form_in_persian_is_a_sample_of_a_study(cli, tmp_path):
    _, said, _ = cli("form", "readiness", "--lang", "fa")
    _, more, _ = cli("form", "inventory", "--lang", "fa")
    fill(tmp_path / "readiness.xlsx", ("پاسخ", "بله"), {"مدرک": "صورت‌جلسه"})
    fill(
        tmp_path / "inventory.xlsx", ("نگهداری می‌شود", "بله"), {"سامانه یا واحد": "شعبه", "شناسهٔ مشتری در آنجا": "کارت"}
    )
    lines = [text.split("read it:\n")[1].replace("samples:\n", "").split("analyses:\n") for text in (said, more)]
    study = "crmstudy: 1\ntitle: {en: Audit}\nsamples:\n" + "".join(one[0] for one in lines)
    study += "screening: {exclude: []}\nanalyses:\n" + "".join(one[1] for one in lines)
    (tmp_path / "study.yaml").write_text(study + "report: {formats: [md]}\n", encoding="utf-8")
    code, told, wrong = cli("run", ".")
    assert (code, wrong) == (0, ""), told
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "Readiness" in report


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
def test_the_lines_that_are_printed_read_every_form(cli, tmp_path, lang):
    from tests.assessment.test_form_round_trips import CASES
    from tests.assessment.test_form_round_trips import fill as fill_in

    samples, analyses = "", ""
    for name, case in CASES.items():
        code, said, _ = cli("form", name, "--lang", lang)
        assert code == 0
        fill_in(tmp_path / f"{name}.xlsx", case, lang)
        sample, analysis = said.split("samples:\n")[1].split("analyses:\n")
        samples, analyses = samples + sample, analyses + analysis
    study = f"crmstudy: 1\ntitle: {{en: Audit}}\nsamples:\n{samples}screening: {{exclude: []}}\nanalyses:\n{analyses}"
    (tmp_path / "study.yaml").write_text(study + "report: {formats: [md]}\n", encoding="utf-8")
    code, told, wrong = cli("run", ".")
    assert (code, wrong) == (0, ""), told + wrong


def test_elements_take_the_words_of_the_user(cli, tmp_path):
    code, said, _ = cli("form", "elements", "--attribute", "=speed", "--attribute", "waiting time", "--lang", "ru")
    assert code == 0
    assert '"waiting time": {performance: "waiting time_performance", expectation: "waiting time_expectation"}' in said
    sheet = openpyxl.load_workbook(tmp_path / "elements.xlsx").worksheets[0]
    assert sheet["A1"].value.startswith("'=speed")
    assert sheet["A1"].data_type == "s"


def test_nothing_is_overwritten_unless_told_to(cli, tmp_path):
    (tmp_path / "goals.csv").write_text("work", encoding="utf-8")
    code, said, wrong = cli("form", "goals", "-o", "goals.csv")
    assert (code, said) == (2, "")
    assert "--force" in wrong
    assert (tmp_path / "goals.csv").read_text(encoding="utf-8") == "work"
    assert cli("form", "goals", "-o", "goals.csv", "--force", "--lang", "de")[0] == 2
    assert (tmp_path / "goals.csv").read_text(encoding="utf-8") == "work"
    assert cli("form", "goals", "-o", "goals.csv", "--force")[0] == 0
    assert "Entry" in (tmp_path / "goals.csv").read_text(encoding="utf-8-sig")
    assert [path.name for path in tmp_path.iterdir()] == ["goals.csv"]
    (tmp_path / "folder.xlsx").mkdir()
    assert cli("form", "goals", "-o", "folder.xlsx", "--force")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["maturty"], "Did you mean 'maturity'"),
        (["goals", "--rater", "Ann"], "no `rater`; it belongs to maturity"),
        (["goals", "-o", "goals.pdf"], ".xlsx or .csv"),
        (["goals", "-o", "nowhere/goals.csv"], "does not exist"),
        (["modules", "--area", "selling"], "selling"),
        (["elements", "--attribute", "speed"], "two or more"),
        (["elements", "--attribute", "a[b]", "--attribute", "c"], "without brackets"),
    ],
)
def test_what_is_refused(cli, tmp_path, arguments, words):
    code, said, wrong = cli("form", *arguments)
    assert (code, said) == (2, "")
    assert words in wrong
    assert list(tmp_path.iterdir()) == []
