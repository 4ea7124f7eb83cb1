"""How typed pieces become text: phrases, styles, references."""

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.errors import UnsupportedError
from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Document,
    Number,
    Paragraph,
    Pointer,
    PValue,
    Section,
    Table,
    Words,
    inlines,
    phrase,
)  # fmt: skip
from crmstudy.report.references import citation, full_reference, load_references, sort_keys
from crmstudy.report.render.to_csv import table_csv
from crmstudy.report.render.to_html import document_html
from crmstudy.report.render.to_markdown import document_markdown
from crmstudy.report.style import Writer, cited_keys, number_style, require_language


def _table(**more):
    columns = (Column("name", phrase("Name")), Column("b", phrase("*b*"), "estimate"))
    return Table("one", phrase("One"), columns, ((Cell("a"), Cell(1.0, "estimate")),), **more)


def _document(*elements):
    return Document("Title", "en", "ltr", (Section("s", phrase("S"), tuple(elements)),))


def test_phrase_reads_marks_in_the_template_only():
    made = phrase("**H** *r* = {} `code` {}", Number(0.5, "r"), "a*b*c")
    assert made[0] == Words("H", bold=True)
    assert Words("r", italic=True) in made
    assert Words("code", code=True) in made
    assert made[-1] == Words("a*b*c")


def test_p_values_carry_their_symbol():
    writer = Writer(_document())
    assert writer.text((PValue(0.0312),)) == "p = .031"
    assert writer.text((PValue(1e-9),)) == "p < .001"
    assert writer.runs((PValue(0.0312),))[0].italic


def test_pointers_name_the_number_of_a_table():
    writer = Writer(_document(_table()))
    assert writer.text(phrase("see {}", Pointer("one"))) == "see Table 1"


def test_usage_opens_the_general_note():
    writer = Writer(_document())
    table = _table(used=1200, dropped=3, why="an answer missing")
    assert (
        "".join(run.text for run in writer.general_note(table)[0]) == "N = 1,200 used, 3 dropped (an answer missing)."
    )
    assert writer.general_note(_table()) == []


def test_marked_sentences_each_carry_the_tag():
    writer = Writer(_document())
    paragraph = Paragraph((phrase("One."), phrase("Two.")), "inadmissible")
    assert [runs[0].text for runs in writer.sentences(paragraph)] == ["[INADMISSIBLE]", "[INADMISSIBLE]"]


def test_a_wrapped_value_keeps_its_number():
    writer = Writer(_document())
    assert writer.cell(Cell(0.823, "r", wrap="({})"))[0].text == "(.82)"
    assert writer.cell(Cell(None, "r", wrap="({})"))[0].text == "–"


@pytest.mark.parametrize("name", ["thesis-fa", "thesis-ru", "vancouver"])
def test_styles_that_do_not_exist_are_refused_by_name(name):
    with pytest.raises(UnsupportedError, match=name):
        number_style(name)


def test_languages_that_do_not_exist_are_refused_by_name():
    require_language("en")
    with pytest.raises(UnsupportedError, match="'fa'"):
        require_language("fa")


@given(st.sampled_from(["p", "r", "index"]), st.floats(-1, 1))
def test_bounded_numbers_have_no_leading_zero_and_are_never_all_zeros(kind, value):
    value = abs(value) if kind == "p" else value
    written = "".join(run.text for run in Writer(_document()).cell(Cell(value, kind)))
    assert not re.search(r"(?<!\d)0\.\d", written)
    assert ".000" not in written


def test_no_written_number_of_the_report_breaks_the_rules(told_document):
    writer = Writer(told_document)
    for table in told_document.tables:
        for row in table.rows:
            for cell in row:
                text = "".join(run.text for run in writer.cell(cell))
                if cell.kind in ("p", "r", "index", "interval_r"):
                    assert not re.search(r"(?<!\d)0\.\d|\.000", text), (table.id, text)
    prose = " ".join(writer.text(inline) for inline in inlines(told_document))
    assert not re.search(r"p [=<] 0|= \.000|\bnan\b", prose)


def test_no_fit_is_called_good(told_folder):
    text = (told_folder / "report.md").read_text(encoding="utf-8").casefold()
    assert not re.search(r"good fit|acceptable|adequate|satisfactory|excellent", text)


def test_every_reference_is_complete():
    for key, entry in load_references().items():
        assert set(entry) == {"authors", "year", "reference"}, key
        surname = entry["authors"].split(" & ")[0].removesuffix(" et al.")
        assert entry["reference"].startswith(surname), key
        assert f"({entry['year']})" in entry["reference"], key
        assert entry["reference"].count("*") % 2 == 0, key
        assert entry["reference"].rstrip("/").endswith(".") or "https://doi.org/10." in entry["reference"], key


def test_citations_have_two_forms():
    assert citation("hu_bentler_1999") == "(Hu & Bentler, 1999)"
    assert citation("hu_bentler_1999", narrative=True) == "Hu and Bentler (1999)"


def test_the_list_holds_what_is_cited_and_nothing_else(told_document):
    cited = {
        piece.key for inline in inlines(told_document) for piece in inline if isinstance(piece, Citation)
    }  # fmt: skip
    references = next(section for section in told_document.sections if section.id == "references")
    assert set(references.elements[0].keys) == cited
    assert cited_keys(told_document) == sort_keys(cited)
    assert {"rosseel_2012", "cronbach_1951", "hu_bentler_1999", "preacher_selig_2012"} <= cited
    starts = [full_reference(key).casefold() for key in cited_keys(told_document)]
    assert starts == sorted(starts, key=lambda text: text.replace("*", ""))


def test_large_numbers_are_grouped_and_small_ones_have_a_power():
    writer = Writer(_document())
    written = {
        "10,215.7": Cell(10215.71, "statistic", 1),
        "−1,234.50": Cell(-1234.5, "estimate"),
        "999.99": Cell(999.99, "statistic"),
        "4.8 × 10⁻⁸": Cell(4.8e-8, "small"),
        ".012": Cell(0.0123, "small"),
        "0": Cell(0.0, "small"),
        "1.00": Cell(1.0, "index"),
        "[0, .070]": Cell((0.0, 0.07), "interval_r", 3),
        "1.20": Cell(1.2, "estimate"),
    }
    for text, cell in written.items():
        assert writer.cell(cell)[0].text == text


def test_people_read_the_label_and_the_table_file_has_the_value():
    cell = Cell("quality", label=phrase("Perceived *quality*"))
    table = replace(_table(), rows=((cell, Cell(1.0, "estimate")),))
    assert "".join(run.text for run in Writer(_document()).cell(cell)) == "Perceived quality"
    assert table_csv(table).decode().splitlines()[1] == "quality,1.0"


def test_a_column_for_the_table_file_is_not_shown():
    hidden = Column("id", phrase("Id"), shown=False)
    table = replace(_table(), columns=(hidden, _table().columns[1]))
    assert table.places == (1,)
    assert table_csv(table).decode().splitlines() == ["id,b", "a,1.0"]
    page = document_html(_document(table), lambda id: b"").decode()
    assert ">Id<" not in page
    assert "Id" not in document_markdown(_document(table)).decode()


def test_absent_numbers_are_a_dash():
    writer = Writer(_document())
    for value in (None, math.nan):
        assert writer.cell(Cell(value, "estimate"))[0].text == "–"
    assert writer.cell(Cell((None, 1.0), "interval"))[0].text == "–"
