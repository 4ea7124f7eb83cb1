"""Assessments in a study: their tables are read as tables, told as the results say, and refused with a sentence."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import crmstudy as cs
from crmstudy.errors import InputError
from crmstudy.report.telling.compose import compose
from crmstudy.study.analysing.assessing import ASSESSMENTS

ROOT = Path(__file__).resolve().parents[2]
STUDY = """\
crmstudy: 1
title: {en: Purchases}
samples:
  purchases: {population: unit, file: purchases.csv}
screening: {exclude: []}
analyses:
  - {id: who, kind: pareto, sample: purchases, customer: who, top: 0.25}
"""


def study(folder, text=STUDY):
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    lines = ["who,amount", *(f"c{n},{10 * n}" for n in range(1, 9)), "c8,300"]
    (folder / "purchases.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_a_table_is_assessed_and_told(tmp_path):
    results = cs.run(cs.Study.load(study(tmp_path)))
    assert results.status_code == 0
    (sample,) = results.record.samples
    assert (sample.rows, sample.screening) == ("records", None)
    seed = results["who"].result.call["seed"]
    alone = cs.value.pareto(tmp_path / "purchases.csv", customer="who", top=0.25, seed=seed)
    assert results["who"].result.estimates.equals(alone.estimates)
    share = results["who"].result.estimates.set_index("term")["estimate"].iloc[0]
    assert share == pytest.approx((380 + 70) / (360 + 300))
    document = compose(results.record)
    tables = [element for section in document.sections for element in section.elements if hasattr(element, "columns")]
    told = next(table for table in tables if table.id == "who_estimates")
    assert told.column("estimate")[0].value == pytest.approx(share)


def test_every_name_of_the_table_is_a_function():
    from importlib import import_module

    for name, assessment in ASSESSMENTS.items():
        module, _, function = assessment.home.partition(":")
        made = getattr(import_module(module), function)
        assert made.__name__ == function, name


def test_columns_that_are_not_there_are_refused(tmp_path):
    text = STUDY.replace("customer: who", "customer: whom")
    with pytest.raises(InputError, match=r"needs the column 'whom'.*Did you mean 'who'"):
        cs.run(cs.Study.load(study(tmp_path, text)))


def test_a_table_that_is_no_ratings_is_refused_with_its_line(tmp_path):
    text = STUDY.replace("kind: pareto", "kind: maturity").replace(", customer: who, top: 0.25", "")
    with pytest.raises(InputError) as refused:
        cs.run(cs.Study.load(study(tmp_path, text)))
    said = str(refused.value)
    assert "'leaf'" in said
    assert "'level'" in said
    assert "study.yaml:7" in said


@pytest.mark.slow
def test_the_audit_of_the_worked_example_runs_and_is_told():
    results = cs.run(cs.Study.load(ROOT / "analyses" / "organisation_audit"))
    assert results.status_code == 0
    with (ROOT / "analyses" / "organisation_audit" / "tables" / "purchases.csv").open(encoding="utf-8") as file:
        totals: dict[str, float] = {}
        for row in csv.DictReader(file):
            totals[row["customer"]] = totals.get(row["customer"], 0.0) + float(row["amount"])
    ranked = sorted(totals.values(), reverse=True)
    top = sum(ranked[: round(0.2 * len(ranked))]) / sum(ranked)
    assert results["concentration"].result.estimates["estimate"].iloc[0] == pytest.approx(top, rel=1e-9)
    titles = [section.id for section in compose(results.record).sections]
    assert all(f"analysis-{block.id}" in titles for block in results.blocks)
    for block in results.blocks:
        for lang in ("en", "fa", "ru"):
            assert len(" ".join(block.result.prose(lang))) > 80, (block.id, lang)
