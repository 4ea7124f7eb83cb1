"""Customers' answers in four factors: inadmissible, a correlation near 1, and discriminant validity that fails."""

from __future__ import annotations

import re
from pathlib import Path

import docx
import pytest

import crmstudy as cs
from tests.report.marks import missing_in_docx, missing_in_html, missing_in_markdown

ROOT = Path(__file__).resolve().parents[2]
STUDY = """\
crmstudy: 1
title: {en: Customers in four factors}
seed: 1
samples:
  customers:
    population: customer
    file: FILE
    instruments: [ecsi]
analyses:
  - id: four
    kind: cfa
    sample: customers
    title: {en: Four factors}
    model: |
      quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
      value =~ PERV1 + PERV2
      satisfaction =~ CUSA1 + CUSA2 + CUSA3
      loyalty =~ CUSL1 + CUSL2 + CUSL3
report: {formats: [html, docx, md]}
"""
NAMES = {"four": "Four factors"}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("four")
    text = STUDY.replace("FILE", str(ROOT / "data" / "mobi" / "responses.csv"))
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    cs.run(cs.Study.load(folder)).report(folder / "out")
    return folder / "out"


def texts(out: Path) -> dict[str, str]:
    """The words of each format."""
    html = re.sub(r"<[^>]+>", "", (out / "report.html").read_text(encoding="utf-8"))
    word = docx.Document(str(out / "report.docx"))
    return {
        "html": html,
        "docx": "\n".join(paragraph.text for paragraph in word.paragraphs),
        "md": re.sub(r"[*\\]", "", (out / "report.md").read_text(encoding="utf-8")),
    }


@pytest.mark.parametrize("form", ["html", "docx", "md"])
def test_the_three_statements(out, form):
    text = " ".join(texts(out)[form].split())
    assert "The covariance matrix of the factors is not positive definite" in text
    assert "the largest correlation is that of quality and satisfaction, .958" in text
    assert re.search(
        r"\[INADMISSIBLE\] Discriminant validity fails for quality and satisfaction by every rule: they correlate .958 "
        r"\(95% CI \[.91, 1.00\], which reaches beyond 1\)",
        text,
    )
    assert "Discriminant validity by Rule".lower() in text.lower()


def test_the_marks_are_everywhere(out):
    assert missing_in_html((out / "report.html").read_text(encoding="utf-8"), NAMES) == []
    assert missing_in_docx(out / "report.docx", NAMES) == []
    assert missing_in_markdown((out / "report.md").read_text(encoding="utf-8"), NAMES) == []


# --- other endings ---------------------------------------------------------------------------------------------------

OTHERS = """\
crmstudy: 1
title: {en: Factors that are apart}
seed: 1
samples:
  staff:
    population: staff
    file: FILE
    variables: {VARIABLES}
analyses:
  - id: apart
    kind: cfa
    sample: staff
    bootstrap: 100
    model: |
      st =~ st1 + st2 + st3 + st4
      sa =~ sa1 + sa2 + sa3 + sa4
  - id: bare
    kind: cfa
    sample: staff
    se: none
    model: |
      st =~ st1 + st2
      qw =~ st3 + st4
      sa =~ sa1 + sa2 + sa3 + sa4
report: {formats: [md]}
"""


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("others")
    file = ROOT / "tests" / "reference" / "data" / "crm.csv"
    names = ", ".join(f"{factor}{i}: {{type: number}}" for factor in ("st", "sa") for i in range(1, 5))
    text = OTHERS.replace("FILE", str(file)).replace("{VARIABLES}", "{" + names + "}")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    cs.run(cs.Study.load(folder)).report(folder / "out")
    return re.sub(r"[*\\]", "", (folder / "out" / "report.md").read_text(encoding="utf-8"))


def test_factors_that_are_apart(others):
    assert "Discriminant validity holds for every pair of factors by every rule that could be judged." in others
    assert "| Factor | With | √AVE | HTMT < .85 | HTMT < .90 | HTMT interval | Interval of r | Test of r |" in others
    assert "HTMT interval: its upper end is below .90 (Franke & Sarstedt, 2019)" in others


def test_a_model_without_standard_errors_says_so(others):
    """The items of one factor shared out among two: they correlate near 1, and there is no interval."""
    fails = r"Discriminant validity fails for st and qw by every rule: they correlate (1|.9)\S* "
    assert re.search(fails + r"\(no interval, as the model has no standard errors\)", others)
