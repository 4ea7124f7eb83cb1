"""Agreement, test–retest and content validity as analyses of a study, from its file to its report."""

from __future__ import annotations

import csv

import pytest

import crmstudy as cs
from crmstudy.errors import InputError
from crmstudy.instrument import load_instrument
from crmstudy.instrument.panel import panel_form
from crmstudy.report.document import inlines
from crmstudy.report.style import cited_keys
from crmstudy.report.telling.compose import compose

STUDY = """\
crmstudy: 1
title: {en: Agreement}
seed: 7
samples:
  experts: {population: expert, file: panel.csv}
  units:
    population: unit
    file: units.csv
    variables: {a: {type: number}, b: {type: number}, c: {type: number}, one: {type: number}, two: {type: number}}
  long:
    population: unit
    file: long.csv
    variables: {who: {type: category}, judge: {type: category}, score: {type: number}}
analyses:
"""
ANALYSES = """\
  - {id: content, kind: content_validity, sample: experts}
  - {id: stable, kind: test_retest, sample: units, columns: [one, two], limits: approximate}
  - {id: wide, kind: icc, sample: units, items: [a, b, c]}
  - {id: tall, kind: icc, sample: long, targets: who, raters: judge, ratings: score, level: 0.9}
  - {id: cohen, kind: raters, sample: units, items: [a, b], coefficient: cohen}
  - {id: weighted, kind: raters, sample: units, items: [a, b, c], coefficient: weighted, weights: quadratic}
  - {id: fleiss, kind: raters, sample: units, items: [a, b, c], coefficient: fleiss}
  - {id: alpha, kind: raters, sample: units, items: [a, b, c], coefficient: krippendorff, metric: ordinal}
  - {id: kendall, kind: raters, sample: units, items: [a, b, c], coefficient: kendall}
"""


def write_study(folder, analyses=ANALYSES):
    form = panel_form(load_instrument("ecsi"), 4)
    for number, row in enumerate(form[1:]):
        for expert in range(4):
            judged = ("2" if number == 0 and expert else "4", "essential" if number % 3 else "useful", "3", "")
            row[3 + 4 * expert : 7 + 4 * expert] = judged
    with (folder / "panel.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(form)
    units = ["a,b,c,one,two"]
    long = ["who,judge,score"]
    for row in range(30):
        base = row % 5 + 1
        a, b, c = base, min(base + row % 2, 5), max(base - row % 3 // 2, 1)
        units.append(f"{a},{b},{'' if row == 7 else c},{10 + row},{10 + row + (row * 7) % 5 - 2}")
        long += [f"p{row},{judge},{score}" for judge, score in zip("xyz", (a, b, c), strict=True)]
    (folder / "units.csv").write_text("\n".join(units) + "\n", encoding="utf-8")
    (folder / "long.csv").write_text("\n".join(long) + "\n", encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY + analyses, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return cs.run(cs.Study.load(write_study(tmp_path_factory.mktemp("agreement"))))


def test_every_kind_has_a_result(results):
    blocks = {block.id: block for block in results.record.blocks}
    assert {id: block.status for id, block in blocks.items()} == dict.fromkeys(blocks, "fine")
    assert blocks["content"].result.n == 4
    assert blocks["tall"].result.call["level"] == 0.9
    assert blocks["weighted"].result.estimates["term"][0] == "light_kappa"
    assert blocks["alpha"].result.n == 30
    assert blocks["fleiss"].result.n == 29
    assert blocks["alpha"].result.call["seed"] != blocks["fleiss"].result.call["seed"]


def test_the_report_tells_them(results):
    document = compose(results.record)
    tables = {table.id: table for table in document.tables}
    for name in ("content_items", "content_scales", "stable_retest", "wide_icc", "tall_variances", "cohen_agreement",
                 "weighted_pairs", "fleiss_categories", "alpha_metrics", "kendall_tests"):  # fmt: skip
        assert name in tables
    assert {figure.id for figure in document.figures} >= {"stable_bland_altman", "weighted_pairs_plot"}
    assert {"lynn_1986", "lawshe_1975", "shrout_fleiss_1979", "mcgraw_wong_1996", "bland_altman_1999", "zapf_2016",
            "fleiss_1971", "kendall_babington_smith_1939"} <= set(cited_keys(document))  # fmt: skip
    low = tables["content_items"].rows[0]
    marks = {column.key: cell.mark for column, cell in zip(tables["content_items"].columns, low, strict=True)}
    assert marks["i_cvi"] == "a"
    assert marks["cvr"] == ""  # four experts: no rule applies
    assert tables["fleiss_agreement"].used == 29
    assert tables["fleiss_agreement"].dropped == 1
    written = "".join(getattr(piece, "text", "") for text in inlines(document) for piece in text)
    assert "{}" not in written


def test_one_seed_one_report(results, tmp_path):
    again = cs.run(cs.Study.load(write_study(tmp_path)))
    for one, two in zip(results.record.blocks, again.record.blocks, strict=True):
        assert one.result.to_json() == two.result.to_json()


@pytest.mark.parametrize(
    ("analysis", "words"),
    [
        ("{id: x, kind: icc, sample: units, items: [a, bb]}", "'bb'"),
        ("{id: x, kind: icc, sample: units}", "either 'items'"),
        ("{id: x, kind: icc, sample: long, targets: who}", "either 'items'"),
        ("{id: x, kind: icc, sample: long, items: [score, who], targets: who, ratings: score}", "either 'items'"),
        ("{id: x, kind: test_retest, sample: units, columns: [one]}", "columns"),
        ("{id: x, kind: test_retest, sample: units, columns: [one, tow]}", "Did you mean 'two'"),
        ("{id: x, kind: raters, sample: units, items: [a, b]}", "coefficient"),
        ("{id: x, kind: raters, sample: units, items: [a, b], coefficient: kappa}", "kappa"),
        ("{id: x, kind: raters, sample: units, items: [a, b], coefficient: cohen, weights: linear}", "goes with"),
        ("{id: x, kind: content_validity, sample: units}", "must be the form"),
    ],
)
def test_faults_are_told_before_anything_is_computed(tmp_path, analysis, words):
    folder = write_study(tmp_path, f"  - {analysis}\n")
    with pytest.raises(InputError, match=words):
        cs.run(cs.Study.load(folder))


def test_a_cell_of_the_panel_that_is_no_rating_refuses_the_study(tmp_path):
    folder = write_study(tmp_path)
    text = (folder / "panel.csv").read_text(encoding="utf-8-sig").replace(",essential,", ",perhaps,", 1)
    (folder / "panel.csv").write_text(text, encoding="utf-8-sig")
    with pytest.raises(InputError, match=r"'content'.*row 2 .*found 'perhaps'"):
        cs.run(cs.Study.load(folder))


def test_the_items_of_a_form_of_experts_are_no_respondents(results):
    experts = next(sample for sample in results.record.samples if sample.name == "experts")
    assert experts.rows == "items"
    assert experts.screening is None
    document = compose(results.record)
    tables = {table.id: table for table in document.tables}
    assert "experts_screening" not in tables
    assert [row[0].value for row in tables["participants"].rows] == ["units", "long"]
    assert tables["participants"].used == 30 + 90
    written = "".join(getattr(piece, "text", "") for text in inlines(document) for piece in text)
    assert "Sample experts: a form of " in written
