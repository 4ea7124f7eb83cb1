"""An inadmissible or failed analysis is marked wherever its numbers are used; without a mark these tests fail."""

from dataclasses import replace

import pytest

from crmstudy.report.document import FigureBlock, Listing, Paragraph, Section, Table
from crmstudy.report.render.render import render

from .marks import missing_in_csv, missing_in_docx, missing_in_html, missing_in_markdown

MARKED = {"improper": "Four factors", "stopped": "Stopped early", "broken": "Broken"}


def test_every_place_in_html_is_marked(told_folder):
    assert missing_in_html((told_folder / "report.html").read_text(encoding="utf-8"), MARKED) == []


def test_every_place_in_word_is_marked(told_folder):
    assert missing_in_docx(told_folder / "report.docx", MARKED) == []


def test_every_place_in_markdown_is_marked(told_folder):
    assert missing_in_markdown((told_folder / "report.md").read_text(encoding="utf-8"), MARKED) == []


def test_every_row_in_csv_is_marked(told_folder):
    assert missing_in_csv(told_folder / "tables", MARKED) == []


def test_no_admissible_analysis_is_marked(told_document):
    sound = [s for s in told_document.sections if s.id.startswith("analysis-") and s.id[9:] not in MARKED]
    assert sound
    for section in sound:
        assert section.mark == ""
        assert all(getattr(element, "mark", "") == "" for element in section.elements)


def test_hypotheses_of_marked_analyses_have_no_figures(told_document, told_record):
    table = next(table for table in told_document.tables if table.id == "hypotheses")
    rows = {row[0].value: row for row in table.rows}
    assert table.mark == "partial"
    for test in told_record.hypotheses:
        if test.analysis in MARKED:
            assert all(cell.value is None for cell in rows[test.id][4:8])
            assert rows[test.id][4].mark == ("‡" if test.analysis != "broken" else "")


def test_second_engine_row_of_a_marked_analysis_is_marked(told_document):
    table = next(table for table in told_document.tables if table.id == "second_engine")
    marks = {row[0].value: row[0].mark for row in table.rows}
    assert marks["improper"] == "‡"
    assert marks["structure"] == ""
    assert table.mark == "partial"


def _without_mark(section: Section, kind: type) -> Section:
    """A section that forgot the mark of one kind of element."""
    if kind is Section:
        return replace(section, mark="")
    elements = []
    for element in section.elements:
        if isinstance(element, kind) and not isinstance(element, Listing):
            element = replace(element, mark="")
        elif isinstance(element, kind):
            element = replace(element, items=tuple((text, "") for text, _ in element.items))
        elements.append(element)
    return replace(section, elements=tuple(elements))


@pytest.mark.parametrize("kind", [Section, Table, FigureBlock, Paragraph])
def test_a_forgotten_mark_is_found(kind, told_document, tmp_path):
    forgetful = tuple(
        _without_mark(section, kind) if section.id == "analysis-improper" else section
        for section in told_document.sections
        if section.id in ("findings", "analysis-improper")
    )
    render(replace(told_document, sections=forgetful), tmp_path, ("html", "docx", "md"), figures=())
    only = {"improper": MARKED["improper"]}
    assert missing_in_html((tmp_path / "report.html").read_text(encoding="utf-8"), only)
    assert missing_in_docx(tmp_path / "report.docx", only)
    assert missing_in_markdown((tmp_path / "report.md").read_text(encoding="utf-8"), only)
    if kind is Table:
        assert missing_in_csv(tmp_path / "tables", only)


def test_a_forgotten_first_page_is_found(told_document, tmp_path):
    findings = next(section for section in told_document.sections if section.id == "findings")
    findings = _without_mark(findings, Listing)
    findings = replace(findings, sections=tuple(_without_mark(inner, Listing) for inner in findings.sections))
    render(replace(told_document, sections=(findings,)), tmp_path, ("html",))
    lacking = missing_in_html((tmp_path / "report.html").read_text(encoding="utf-8"), MARKED)
    assert "first page: improper" in lacking
