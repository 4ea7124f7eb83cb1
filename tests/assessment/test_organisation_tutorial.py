"""The tutorial of a first look at the organisation: its commands do what it says, in its order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import openpyxl
import pytest

from crmstudy.cli import main
from tests.assessment.test_form_round_trips import CASES, fill

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial-organisation.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SEGMENTS = re.compile(r"^  \| (\w[\w ]*) \| (\d+) \| (\d+) \| (\d+) \| ([\d.]+) \|$", re.MULTILINE)


def fill_in(path: Path, text: str, lang: str) -> None:
    """What the reader does in Excel; the segments are those of the page."""
    if path.stem != "lifetime_value":
        fill(path, CASES[path.stem.partition("-")[0]], lang)
        return
    book = openpyxl.load_workbook(path)
    for name, *figures in SEGMENTS.findall(text):
        book.worksheets[0].append([name, *map(float, figures)])
    book.save(path)


def put_together(first: Path, second: Path) -> None:
    """Copy the rows of the second form below those of the first."""
    book, more = openpyxl.load_workbook(first), openpyxl.load_workbook(second)
    for row in more.worksheets[0].iter_rows(min_row=2, values_only=True):
        book.worksheets[0].append([*row[:13], "Outside adviser", *row[14:]])
    book.save(first)


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
def test_the_tutorial_does_what_it_says(tmp_path, monkeypatch, capsys, lang):
    monkeypatch.chdir(tmp_path)
    text = TUTORIAL.read_text(encoding="utf-8")
    done, printed, study = [], [], ""
    for language, body in BLOCK.findall(text):
        if language == "yaml":
            study = body
            Path("audit/study.yaml").write_text(study, encoding="utf-8")
            continue
        for command in body.splitlines():
            if command.startswith("mkdir "):
                Path(command.split()[1]).mkdir()
                continue
            if command.startswith("crmstudy run"):
                put_together(Path("audit/maturity.xlsx"), Path("audit/maturity-2.xlsx"))
            arguments = shlex.split(command)[1:]
            is_form = arguments[0] == "form"
            code = main([*arguments, "--lang", lang] if is_form else arguments)
            said = capsys.readouterr()
            assert (code, said.err) == (0, ""), f"{command}: {said.err}"
            if is_form:
                fill_in(Path(arguments[-1]), text, lang)
                printed += [line for line in said.out.splitlines() if "population:" in line]
            done.append(arguments[0])
    assert done == ["forms", *["form"] * 6, "run"]
    assert {line for line in study.splitlines() if "population:" in line} == set(printed) - {
        "  maturity: {population: unit, file: maturity-2.xlsx}"
    }
    assert "Outside adviser" in Path("audit/out/report.html").read_text(encoding="utf-8")
    assert Path("audit/out/report.docx").is_file()


def test_the_page_counts_the_forms_as_they_are():
    from crmstudy.assessment.catalogue import catalogue

    text = TUTORIAL.read_text(encoding="utf-8")
    listed = catalogue("forms")
    assert f"{len(listed['forms'])} forms" in text
    assert f"{len(listed['tables'])} tables" in text
    assert len(SEGMENTS.findall(text)) == 3
