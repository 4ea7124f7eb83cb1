"""What a report says, and that it says how many were used."""

from dataclasses import replace

import pytest

from crmstudy.errors import UnsupportedError
from crmstudy.report.document import Callout, CodeBlock, Document, Listing, inlines
from crmstudy.report.record import Block
from crmstudy.report.style import Writer
from crmstudy.report.telling.compose import compose
from crmstudy.results import HypothesisTest


def _section(document: Document, id: str):
    return next(section for section in document.sections if section.id == id)


def _table(document: Document, id: str):
    return next(table for table in document.tables if table.id == id)


def test_sections_stand_in_their_order(told_document, told_record):
    ids = [section.id for section in told_document.sections]
    blocks = [f"analysis-{block.id}" for block in told_record.blocks]
    assert ids[:5] == ["findings", "card", "samples", "screening", "distributions"]
    assert ids[5 : 5 + len(blocks)] == blocks
    last = [
        "hypothesis-tests", "sensitivity-flagged", "second-engine", "run-notes", "origin", "references",
        "appendix-items",
    ]  # fmt: skip
    assert ids[5 + len(blocks) :] == last


def test_first_page_answers_every_hypothesis(told_document, told_record):
    writer = Writer(told_document)
    answers = next(e for e in _section(told_document, "findings").elements if isinstance(e, Listing))
    said = [writer.text(text) for text, _ in answers.items]
    assert len(said) == len(told_record.hypotheses)
    for test, sentence in zip(told_record.hypotheses, said, strict=True):
        assert sentence.startswith(f"{test.id} – ")
        assert test.verdict in sentence
    structure = next(test for test in told_record.hypotheses if test.analysis == "structure")
    assert "95% CI [" in said[told_record.hypotheses.index(structure)]


def test_fit_of_the_mobile_study_is_told_as_lavaan_has_it(told_document):
    writer = Writer(told_document)
    text = " ".join(writer.text(inline) for inline in inlines(told_document))
    assert "χ²(86) = 196.86, p < .001; CFI = .939" in text
    assert "RMSEA = .072" in text
    assert "χ²(51) = 134.72" in text


def test_every_table_about_respondents_says_how_many(told_document):
    quiet = {"study_card", "hypotheses", "second_engine", "notes", "provenance", "appendix_ecsi"}
    writer = Writer(told_document)
    for table in told_document.tables:
        if table.id not in quiet:
            first = "".join(run.text for run in writer.general_note(table)[0])
            assert first.startswith("N = 250"), table.id


def test_dropped_and_excluded_rows_are_told(told_record):
    sample = replace(told_record.samples[0], n_read=260, n_used=250)
    block = next(block for block in told_record.blocks if block.id == "drivers")
    result = replace(block.result, samples=block.result.samples.assign(dropped=4))
    record = replace(told_record, samples=(sample,), blocks=(replace(block, result=result),), hypotheses=())
    document = compose(record)
    note = "".join(run.text for run in Writer(document).general_note(_table(document, "drivers_coefficients"))[0])
    assert "4 dropped (rows with a missing value" in note
    assert "10 more excluded by screening" in note


def test_a_failed_block_shows_its_message_in_its_place(told_document):
    section = _section(told_document, "analysis-broken")
    (callout,) = section.elements
    assert isinstance(callout, Callout)
    assert callout.level == "danger"
    assert callout.code == "ANALYSIS_FAILED"
    assert Writer(told_document).text(callout.text) == "The item 'x' does not vary."


def test_the_paraphrase_is_told(told_document):
    codes = [element.code for element in told_document.elements() if isinstance(element, Callout)]
    assert "INSTRUMENT_PARAPHRASE" in codes


def test_every_note_of_the_run_is_listed_once(told_document, told_record):
    listed = [row[0].value[0].text for row in _table(told_document, "notes").rows]
    result_codes = {note.code for block in told_record.blocks if block.result for note in block.result.notes}
    assert result_codes <= set(listed)
    rows = [(row[0].value, row[3].value, row[4].value) for row in _table(told_document, "notes").rows]
    assert len(rows) == len(set(rows))


def test_correlation_triangle_has_reliabilities_on_its_diagonal(told_document, told_record):
    table = _table(told_document, "correlations_matrix")
    block = next(block for block in told_record.blocks if block.id == "correlations")
    known = dict(zip(block.extras["reliability"]["scale"], block.extras["reliability"]["value"], strict=True))
    names = list(block.result.tables["matrix"].columns)
    for i, row in enumerate(table.rows):
        cells = row[3:]
        assert cells[i].value == known.get(names[i])
        assert all(cell.value == "" for cell in cells[i + 1 :])
        assert all(cell.kind == "r" for cell in cells[: i + 1])


def test_defined_parameters_have_both_intervals(told_document, told_record):
    table = _table(told_document, "structure_defined")
    drawn = next(block for block in told_record.blocks if block.id == "structure").extras["monte_carlo"]
    assert table.column("monte_carlo")[0].value == (drawn["ci_low"][0], drawn["ci_high"][0])
    assert table.column("ci")[0].value != table.column("monte_carlo")[0].value


def test_fixed_loadings_have_no_test(told_document):
    table = _table(told_document, "measurement_loadings")
    fixed = [row for row in table.rows if row[2].mark == "a"]
    assert len(fixed) == 3
    assert all(row[3].value is None and row[4].value == (None, None) for row in fixed)


def test_the_convention_is_explained_once(told_document):
    writer = Writer(told_document)
    notes = [writer.text(note) for table in told_document.tables for note in table.notes.general]
    assert sum("By a convention" in note for note in notes) == 1
    assert sum("see the note of Table" in note for note in notes) >= 1


def test_the_model_is_shown_as_declared(told_document, told_record):
    code = [e.text for e in _section(told_document, "analysis-structure").elements if isinstance(e, CodeBlock)]
    block = next(block for block in told_record.blocks if block.id == "structure")
    assert code == [block.options["model"].strip()]


def test_a_refuted_hypothesis_keeps_its_figures_and_its_reason(told_record):
    test = HypothesisTest("H9", "It rises.", "a > 0", "drivers", "not supported", "the interval holds 0",
                          estimate=0.1, p_value=0.4, ci_low=-0.1, ci_high=0.3)  # fmt: skip
    document = compose(replace(told_record, hypotheses=(test,)))
    text = " ".join(Writer(document).text(inline) for inline in inlines(document))
    assert "H9 – It rises: not supported (b = 0.10, 95% CI [−0.10, 0.30], p = .400). The interval holds 0." in text


@pytest.mark.parametrize(
    ("change", "named"),
    [({"style": "thesis-fa"}, "thesis-fa"), ({"lang": "ru"}, "'ru'"), ({"audience": "hr"}, "'hr'"),
     ({"blocks": (Block("a", "pls", "customers", "A"),)}, "'pls'")],
)  # fmt: skip
def test_what_is_not_built_is_refused_by_name(told_record, change, named):
    with pytest.raises(UnsupportedError, match=named):
        compose(replace(told_record, **change))


def test_a_study_without_hypotheses_can_be_told(told_record):
    document = compose(replace(told_record, hypotheses=()))
    assert "hypothesis-tests" not in [section.id for section in document.sections]
