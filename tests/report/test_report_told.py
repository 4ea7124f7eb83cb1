"""What the report says about the limits of its numbers: each sentence only where it is true."""

import csv
import io
from dataclasses import replace

import docx
import pandas as pd
import pytest

from crmstudy.notes import Note
from crmstudy.report.document import Callout, Document, Paragraph
from crmstudy.report.render.render import render
from crmstudy.report.style import Writer
from crmstudy.report.telling import prose
from crmstudy.report.telling.absent_paths import absent_paths, absent_paths_sentences
from crmstudy.report.telling.compose import compose
from crmstudy.report.telling.validity import discriminant_sentence


def _section(document, id):
    return next(section for section in document.sections if section.id == id)


def _table(document, id):
    return next(table for table in document.tables if table.id == id)


def _notes(document, id):
    writer, table = Writer(document), _table(document, id)
    specific = [writer.text(note) for _, note in table.notes.specific]
    return " ".join([*(writer.text(note) for note in table.notes.general), *specific])


def _prose(document, id):
    writer = Writer(document)
    return " ".join(
        writer.text(sentence)
        for element in _section(document, id).elements
        if isinstance(element, Paragraph)
        for sentence in element.sentences
    )


def _text(inline):
    return Writer(Document("T", "en", "ltr", ())).text(inline)


def test_simulated_answers_are_told_before_anything_else(example_document, example_record, tmp_path):
    first = _section(example_document, "findings").elements[0]
    assert isinstance(first, Callout)
    assert (first.level, first.code) == ("danger", "STUDY_SIMULATED_DATA")
    said = f"{_text(first.heading)}: {_text(first.text)}"
    assert said == (
        "SIMULATED DATA: The answers of the sample 'staff' are simulated, not those of people. "
        "Nothing in this report is a finding about people."
    )
    render(example_document, tmp_path, ("html", "docx", "md"), figures=())
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    header = page[page.index("<header>") : page.index("</header>")]
    assert "SIMULATED DATA" in header
    assert "SIMULATED DATA" in page[page.index("@top-center") : page.index("</style>")]
    word = docx.Document(str(tmp_path / "report.docx")).sections[0]
    assert "SIMULATED DATA" in word.header.paragraphs[0].text
    assert "SIMULATED DATA" in word.footer.paragraphs[0].text
    assert "SIMULATED DATA" in (tmp_path / "report.md").read_text(encoding="utf-8").split("## ")[0]


def test_real_answers_have_no_banner(told_document, told_folder):
    assert told_document.banner == ""
    assert "SIMULATED" not in (told_folder / "report.html").read_text(encoding="utf-8")


def test_warnings_about_the_study_stand_on_the_first_page(told_record):
    notes = (Note("STUDY_EXTRA_FAILED", "Something is missing.", "warning"), Note("ITEMS_EMPTY", "Fine.", "info"))
    first = _section(compose(replace(told_record, notes=notes)), "findings").elements
    codes = [element.code for element in first if isinstance(element, Callout)]
    assert codes == ["STUDY_EXTRA_FAILED"]


def test_a_block_that_failed_in_part_says_so_on_the_first_page(told_record):
    note = Note("RELIABILITY_NO_SCALE", "scale 'x' has a constant item", "warning", "x")
    blocks = tuple(
        replace(block, failures=(note,)) if block.id == "reliability" else block for block in told_record.blocks
    )
    document = compose(replace(told_record, blocks=blocks))
    lines = [(_text(text), mark) for text, mark in _section(document, "findings").sections[0].elements[0].items]
    (line,) = [line for line in lines if "(reliability)" in line[0]]
    assert line == (
        "Reliability (reliability): partly failed, the rest done, N = 250. Scale 'x' has a constant item.",
        "",
    )
    assert "The reliability (α) of Customer loyalty" in _prose(document, "analysis-drivers")


def test_a_stage_that_stopped_stands_on_the_first_page(told_record):
    note = Note("STUDY_STAGE_FAILED", "Scoring stopped.", "warning", "customers")
    sample = replace(told_record.samples[0], notes=(note,))
    first = _section(compose(replace(told_record, samples=(sample,))), "findings").elements[0]
    assert (first.code, _text(first.text)) == ("STUDY_STAGE_FAILED", "Scoring stopped.")


def test_the_f_of_a_regression_goes_with_its_standard_errors(told_document, told_record):
    fit = next(block.result for block in told_record.blocks if block.id == "drivers").fit
    assert f"Wald F(2, 247) = {fit['f_robust']:.2f}" in _prose(told_document, "analysis-drivers")
    assert "F: Wald test with the same HC3 covariance matrix." in _notes(told_document, "drivers_coefficients")
    classical = fit.drop(["f_robust", "f_robust_pvalue"])
    said = _text(prose.regression_sentence(classical, "y", "y ~ x", 250))
    assert f" F(2, 247) = {fit['f']:.2f}" in said
    assert "Wald" not in said


def test_the_f_of_blocks_says_what_it_assumes(example_document):
    assert "ΔF assumes equal variances" in _notes(example_document, "drivers_blocks")


def _square(r, first, second):
    nan = float("nan")
    return pd.DataFrame([[first, nan], [r, second]], index=["a", "b"], columns=["a", "b"])


@pytest.mark.parametrize(
    ("square", "said"),
    [
        (_square(0.5, 0.7, 0.8), "The criterion is met for all pairs of factors."),
        (_square(0.75, 0.7, 0.8), "The criterion is not met for a and b (.75 against √AVE of .70 and .80): "
                                  "their separate effects are hard to tell apart."),
        (_square(-0.75, 0.8, 0.7), "The criterion is not met for a and b (−.75 against √AVE of .80 and .70): "
                                   "their separate effects are hard to tell apart."),
        (_square(0.5, float("nan"), 0.8), None),
    ],
)  # fmt: skip
def test_discriminant_validity_in_words(square, said):
    found = discriminant_sentence(square)
    assert (found if found is None else _text(found)) == said


def test_discriminant_validity_of_the_mobile_study(told_document):
    assert "not met for quality and satisfaction (.96 against √AVE of .71 and .74)" in _prose(
        told_document, "analysis-measurement"
    )


def _model(*rows):
    columns = ("lhs", "op", "rhs", "estimate", "std_error")
    return pd.DataFrame([(*row, 0.5, 0.1) if len(row) == 3 else row for row in rows], columns=columns)


FACTORS = tuple((name, "=~", f"{name}1") for name in "qvsl")


@pytest.mark.parametrize(
    ("rows", "pairs"),
    [
        ([("v", "~", "q"), ("s", "~", "q"), ("s", "~", "v"), ("l", "~", "s")], [("q", "l"), ("v", "l")]),
        ([("s", "~", "q"), ("l", "~", "s"), ("l", "~", "q")], []),
        ([("s", "~", "q"), ("l", "~", "s"), ("l", "~", "q", 0.0, 0.0)], [("q", "l")]),
        ([("s", "~", "q"), ("v", "~", "q"), ("l", "~", "s"), ("l", "~", "v"), ("l", "~", "q")], []),  # mediators
        ([("s", "~", "q"), ("l", "~", "s"), ("l", "~~", "q")], []),
        ([("s", "~", "l"), ("l", "~", "s")], []),  # a loop has no order
        ([("s", "~", "age"), ("l", "~", "s")], []),  # an observed predictor is not asked
        ([("s", "~", "q"), ("l", "~", "v")], [("v", "s"), ("q", "l")]),
        ([], []),
    ],
)
def test_paths_that_a_model_leaves_out(rows, pairs):
    assert absent_paths(_model(*FACTORS, *rows)) == pairs
    assert bool(absent_paths_sentences(_model(*FACTORS, *rows))) == bool(pairs)


def test_left_out_paths_of_the_mobile_study_are_told(told_document):
    said = _prose(told_document, "analysis-structure")
    assert "The model has no direct path from quality to loyalty or from value to loyalty. That absence is" in said
    assert "no direct path" not in _prose(told_document, "analysis-measurement")


def test_left_out_paths_in_an_inadmissible_model_are_marked(told_document):
    marked = [e for e in _section(told_document, "analysis-stopped").elements if isinstance(e, Paragraph)]
    assert all(element.mark == "inadmissible" for element in marked)


def test_models_say_what_they_assume_and_whether_they_fit_exactly(told_document, example_document):
    both = "χ², standard errors and intervals assume multivariate normal answers."
    assert both in _notes(told_document, "measurement_fit")
    assert "χ² assumes multivariate normal answers." in _notes(told_document, "structure_fit")
    assert "The hypothesis of exact fit is rejected at .05." in _prose(told_document, "analysis-structure")
    assert "The hypothesis of exact fit is not rejected at .05." in _prose(example_document, "analysis-structure")
    assert prose.exact_fit_sentence({"pvalue": float("nan")}, 0.95) is None
    assert _text(prose.exact_fit_sentence({"pvalue": 0.02}, 0.99)).endswith("is not rejected at .01.")


def test_verdicts_say_what_they_mean(told_document):
    said = _prose(told_document, "hypothesis-tests")
    assert "the two-sided p is below .05 (stricter than a one-sided test at .05)" in said
    assert "when its bootstrap interval lies wholly on that side" in said
    assert "the direction of a path is an assumption of the model" in said
    assert "not adjusted for the number of hypotheses" in said
    findings = Writer(told_document).text(_section(told_document, "findings").elements[1].items[4][0])
    assert "bootstrap 95% CI [0.8" in findings
    tests = [row for row in _table(told_document, "hypotheses").rows if row[3].value == "structure"]
    assert [row[5].mark for row in tests] == ["a"] * 5
    assert _notes(told_document, "hypotheses").startswith("Bootstrap 95% CI.")


def test_without_a_bootstrap_the_monte_carlo_interval_decides(example_document):
    assert "when its Monte Carlo interval lies wholly on that side" in _prose(example_document, "hypothesis-tests")
    rows = _table(example_document, "hypotheses").rows
    assert [row[5].mark for row in rows] == ["", "", "a"]
    assert _notes(example_document, "hypotheses").startswith("Monte Carlo 95% CI.")


def test_an_interval_by_the_delta_method_is_called_so(example_record):
    blocks = tuple(
        replace(block, extras={key: value for key, value in block.extras.items() if key != "monte_carlo"})
        for block in example_record.blocks
    )
    document = compose(replace(example_record, blocks=blocks))
    assert "when its delta-method interval lies wholly" in _prose(document, "hypothesis-tests")
    assert "Delta-method 95% CI." in _notes(document, "hypotheses")


def test_levels_that_differ_are_named(told_record):
    first, *rest = told_record.hypotheses
    document = compose(replace(told_record, hypotheses=(replace(first, level=0.9), *rest)))
    assert "below 1 minus the confidence level" in _prose(document, "hypothesis-tests")
    assert "90%, 95%" in _notes(document, "hypotheses")


def test_monte_carlo_intervals_say_how_they_were_made(told_document, told_record):
    drawn = next(block for block in told_record.blocks if block.id == "structure").extras["monte_carlo"]
    assert drawn.attrs["draws"] == 20_000
    assert "20,000 draws; percentile interval of draws" in _notes(told_document, "structure_defined")


def test_an_omega_that_is_not_given_says_why(told_document):
    table = _table(told_document, "reliability_coefficients")
    keys = [column.key for column in table.columns]
    row = next(row for row in table.rows if row[0].value == "loyalty")
    omega = row[keys.index("omega")]
    assert (omega.value, omega.mark) == (None, "a")
    notes = _notes(told_document, "reliability_coefficients")
    assert "ω = (Σλ)² / [(Σλ)² + Σθ]" in notes
    assert "Omega of 'Customer loyalty' is not given" in notes
    assert "CUSL3" in notes


def test_reliability_of_the_variables_of_a_regression_is_told_without_a_verdict(told_document, told_record):
    said = _prose(told_document, "analysis-drivers")
    assert "The reliability (α) of Customer loyalty is .44, of Image is .71 and of Customer satisfaction is .77" in said
    without = tuple(block for block in told_record.blocks if block.kind != "reliability")
    assert "reliability (α)" not in _prose(compose(replace(told_record, blocks=without)), "analysis-drivers")


def test_covariances_come_first_and_variances_have_no_test(told_document):
    table = _table(told_document, "measurement_covariances")
    kinds = [row[0].value for row in table.rows]
    assert kinds == sorted(kinds)
    keys = [column.key for column in table.columns]
    for row in table.rows:
        tested = row[keys.index("p_value")].value is not None
        assert tested == (row[0].value == "Covariances")
    only = _table(told_document, "structure_covariances")
    assert "rhs" not in [only.columns[i].key for i in only.places]


def test_the_second_engine_shows_small_differences_and_no_empty_column(told_record, example_document):
    table = _table(example_document, "second_engine")
    assert "remark" not in [column.key for column in table.columns]
    written = [Writer(example_document).cell(row[3])[0].text for row in table.rows]
    assert any("× 10" in text for text in written)
    assert "< 10⁻¹⁰" in written  # the alphas differ by rounding only
    assert "not that the model is" in _notes(example_document, "second_engine")
    blocks = tuple(
        replace(block, extras={**block.extras, "second_engine": Note("ENGINE_NOT_RUN", "It did not run.")})
        if block.id == "structure" else block for block in told_record.blocks
    )  # fmt: skip
    assert "remark" in [column.key for column in _table(compose(replace(told_record, blocks=blocks)),
                                                        "second_engine").columns]  # fmt: skip


def test_scales_have_their_names_and_tables_their_ids(told_folder, told_document):
    writer = Writer(told_document)
    table = _table(told_document, "correlations_matrix")
    assert "".join(run.text for run in writer.cell(table.rows[2][0])) == "3. Perceived quality"
    text = (told_folder / "tables" / "correlations_pairs.csv").read_text(encoding="utf-8")
    assert next(csv.DictReader(io.StringIO(text)))["first"] == "image"
    terms = next(figure for figure in told_document.figures if figure.id == "drivers_plot").drawing.terms
    assert terms == ("Image", "Customer satisfaction")
    loadings = _table(told_document, "structure_loadings")
    assert "".join(run.text for run in writer.cell(loadings.rows[0][0])) == "quality"


def test_scales_stand_in_the_order_of_the_instrument(told_document, told_record):
    order = list(told_record.samples[0].responses.scales)
    for id in ("customers_missing", "items_items", "reliability_coefficients", "correlations_matrix"):
        scales = list(dict.fromkeys(row[0].value for row in _table(told_document, id).rows))
        assert scales == [scale for scale in order if scale in scales], id


def test_captions_name_the_analysis_only_where_two_are_told_alike(told_document):
    titles = {table.id: _text(table.title) for table in told_document.tables}
    assert titles["items_items"] == "Item Descriptives"
    assert titles["structure_fit"] == "Fit of the Model (structure)"
    assert titles["measurement_fit"] == "Fit of the Model (measurement)"


def test_counts_are_words_up_to_ten(told_record):
    tests = told_record.hypotheses[:5]
    assert _text(prose.verdict_count(tests)) == "Five declared hypotheses: five supported."
    assert _text(prose.verdict_count(tests[:1])) == "One declared hypothesis: one supported."
    assert _text(prose.verdict_count(tests[:4] * 3)) == "12 declared hypotheses: 12 supported."


def test_the_source_of_an_instrument_is_cited(told_document):
    references = _section(told_document, "references").elements[0].keys
    assert "tenenhaus_2005" in references
    card = {row[0].value: row[1].value for row in _table(told_document, "study_card").rows}
    assert "Tenenhaus et al. (2005)" in _text(card["Source of the instrument"])


def test_the_appendix_shows_the_items_as_a_paraphrase(told_document, told_record):
    table = _table(told_document, "appendix_ecsi")
    instrument = told_record.samples[0].responses.instruments[0]
    assert [row[0].value for row in table.rows] == list(instrument.item_ids)
    assert "Not the Validated Wording" in _text(table.title)
    assert "not the validated wording" in _text(table.columns[2].label)
    assert all(row[2].value and "10 = " in row[3].value for row in table.rows)
    assert "Status of the texts in this language: draft." in _notes(told_document, "appendix_ecsi")


def test_reversed_items_are_marked_in_the_appendix(example_document):
    rows = {row[0].value: row[0].label for row in _table(example_document, "appendix_crm_staff").rows}
    assert _text(rows["QWL4"]) == "QWL4 (R)"
    assert rows["QWL1"] == ()


def test_published_wording_is_not_called_a_paraphrase(told_record):
    sample = told_record.samples[0]
    instrument = replace(sample.responses.instruments[0], wording="published")
    responses = replace(sample.responses, instruments=(instrument,))
    document = compose(replace(told_record, samples=(replace(sample, responses=responses),)))
    assert "Published Wording" in _text(_table(document, "appendix_ecsi").title)
    none = replace(sample.responses, instruments=(replace(instrument, wording="none"),))
    document = compose(replace(told_record, samples=(replace(sample, responses=none),)))
    assert "appendix-items" not in [section.id for section in document.sections]


def test_the_last_row_of_a_word_table_stays_with_its_notes(told_folder):
    word = docx.Document(str(told_folder / "report.docx"))
    for table in word.tables:
        after = table._tbl.getnext()
        if after.xpath("./w:pPr/w:pStyle[@w:val='TableNote']"):
            assert table._tbl.tr_lst[-1].xpath(".//w:keepNext")
