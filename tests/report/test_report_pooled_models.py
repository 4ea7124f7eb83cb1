"""How models pooled over imputed data sets are told: tests, parameters, data sets, and marks on all of them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.models.second_engine import check_sem
from crmstudy.report.document import Document, Listing, Paragraph, Table
from crmstudy.report.record import Block
from crmstudy.report.render.render import render
from crmstudy.report.render.to_csv import table_csv
from crmstudy.report.style import Writer
from crmstudy.report.telling.compose import compose
from tests.reference import HERE
from tests.tolerances import CLOSED_FORM

from .marks import missing_in_csv, missing_in_docx, missing_in_html, missing_in_markdown

ABILITIES = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\n"
MEDIATED = ABILITIES + "visual ~ b*textual\nspeed ~ a*visual\nindirect := a*b\n"
ONE = "f =~ x1 + x2 + x3 + x4"
CHAIN = ONE + "\ny ~ a*f\ntwice := 2*a\n"
TESTS = [f"x{i}" for i in range(1, 10)]


@pytest.fixture(scope="module")
def tell(mobile_results: cs.StudyResults):
    """Tells results as blocks of a study that has nothing else."""

    def told(*results: cs.Result, kind: str = "cfa", extras: dict | None = None) -> Document:
        blocks = tuple(
            Block(f"m{i}", kind, "customers", f"Model {i}", {}, result, None, extras or {})
            for i, result in enumerate(results, start=1)
        )
        return compose(replace(mobile_results.record, blocks=blocks, hypotheses=()))

    return told


@pytest.fixture(scope="module")
def imputed() -> cs.Imputed:
    """The ability tests with their gaps filled in five ways."""
    data = pd.read_csv(HERE / "data" / "holzinger_holes.csv")
    return cs.impute(data[[*TESTS, "school"]], m=5, seed=1, iterations=3, items=TESTS)


def improper_set() -> pd.DataFrame:
    """A data set whose third indicator has a negative residual variance."""
    correlation = np.array([[1.0, 0.3, 0.6, 0.2], [0.3, 1.0, 0.8, 0.3], [0.6, 0.8, 1.0, 0.5], [0.2, 0.3, 0.5, 1.0]])
    rng = np.random.default_rng(1)
    raw = rng.normal(size=(150, 4))
    raw = (raw - raw.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    frame = pd.DataFrame(raw @ np.linalg.cholesky(correlation).T, columns=["x1", "x2", "x3", "x4"])
    return frame.assign(y=0.5 * frame["x1"] + rng.normal(size=150))


def proper_set() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    factor = rng.normal(size=150)
    return pd.DataFrame({f"x{i}": factor + rng.normal(size=150) for i in range(1, 5)}).assign(y=factor)


def table(document: Document, id: str) -> Table:
    (found,) = [one for one in document.tables if one.id == id]
    return found


def written(document: Document, id: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table_csv(table(document, id)).decode("utf-8"))))


def said(document: Document) -> str:
    """The sentences of the analyses, and the notes under their tables."""
    writer, found = Writer(document), []
    for section in document.sections:
        for element in section.elements if section.id.startswith("analysis-") else ():
            if isinstance(element, Paragraph):
                found += [writer.text(sentence) for sentence in element.sentences]
            elif isinstance(element, Listing):
                found += [writer.text(item) for item, _ in element.items]
            elif isinstance(element, Table):
                found += [writer.text(note) for note in element.notes.general]
    return " ".join(found)


def test_pooled_tests_stand_with_their_sources(tell, imputed):
    fit = cs.cfa(ABILITIES, imputed)
    document = tell(fit)
    rows, frame = written(document, "m1_pooled_tests"), fit.tables["pooled_tests"]
    assert [row["method"] for row in rows] == ["D3", "D2"]
    for name in ("statistic", "df1", "df2", "p_value", "ariv", "fmi", "chisq", "chisq_p_value"):
        assert [float(row[name]) for row in rows] == pytest.approx(frame[name].tolist(), abs=CLOSED_FORM)
    words = said(document)
    assert "Meng & Rubin, 1992" in words
    assert "Li et al., 1991" in words
    assert "fitted to each of 5 imputed data sets" in words
    assert "multiple imputation, m = 5" in words
    assert "listwise" not in words
    assert "A pooled model has no GFI and AGFI, no modification indices and no bootstrap." in words
    absent = {"m1_modification", "m1_effects", "m1_imputations", "m1_htmt_intervals"}
    assert not absent & {one.id for one in document.tables}
    assert [column.key for column in table(document, "m1_further_fit").columns] == ["nfi", "ifi", "rmr"]


def test_the_verdict_on_exact_fit_is_that_of_the_pooled_f(tell, imputed):
    fit = cs.cfa(ABILITIES, imputed)
    p = float(fit.tables["pooled_tests"]["p_value"].iloc[0])
    verdict = "is rejected at .05" if p < 0.05 else "is not rejected at .05"
    words = said(tell(fit))
    assert words.count("the hypothesis of exact fit") + words.count("The hypothesis of exact fit") == 1
    assert verdict in words


def test_parameters_have_t_and_missing_information(tell, imputed):
    fit = cs.sem(MEDIATED, imputed)
    document = tell(fit, kind="sem")
    for id, op in (("paths", "~"), ("loadings", "=~"), ("defined", ":=")):
        rows, frame = written(document, f"m1_{id}"), fit.estimates[fit.estimates["op"] == op]
        shown = [column.key for column in table(document, f"m1_{id}").columns if column.shown]
        assert "fmi" in shown
        for name in ("estimate", "fmi", "riv", "df", "p_value"):
            mine = [float(row[name]) if row[name] else np.nan for row in rows]
            assert mine == pytest.approx(frame[name].tolist(), abs=CLOSED_FORM, nan_ok=True)
        heading = next(column for column in table(document, f"m1_{id}").columns if column.key == "statistic")
        assert Writer(document).text(heading.label) == "t"
    assert {"m1_r_squared", "m1_covariances", "m1_local_fit"} <= {one.id for one in document.tables}
    assert "no indirect and total effects beyond those the model defines" in said(document)


def test_robust_tests_and_groups_are_told(tell, imputed):
    fit = cs.cfa(ABILITIES, imputed, group="school", estimator="MLR", missing="fiml")
    document = tell(fit)
    rows = written(document, "m1_pooled_tests")
    assert [row["method"] for row in rows] == ["D2", "D3, then scaled", "D2, then scaled"]
    assert "Part of χ²" not in str(table(document, "m1_groups").columns)
    assert {row["group"] for row in written(document, "m1_convergent")} == set(fit.groups)


def test_a_saturated_model_and_one_without_likelihood(tell, imputed):
    document = tell(cs.sem("x1 ~ x2 + x4", imputed), cs.cfa(ABILITIES, imputed, estimator="ULS"), kind="sem")
    assert {"m1_pooled_tests", "m1_further_fit"}.isdisjoint({one.id for one in document.tables})
    assert [row["method"] for row in written(document, "m2_pooled_tests")] == ["D2"]
    assert "without D3 there are no AIC and BIC" in said(document)
    assert "A pooled model has no indirect" in said(document)


def test_a_model_of_one_data_set_keeps_its_notes_beside_a_pooled_one(tell, imputed):
    document = tell(cs.cfa(ABILITIES, imputed), cs.cfa(ABILITIES, imputed.sets[0]))
    assert "GFI and AGFI (Jöreskog & Sörbom, 1982)" in said(document)
    assert "gfi" in written(document, "m2_further_fit")[0]
    assert "fmi" not in written(document, "m2_loadings")[0]


def test_the_second_engine_says_why_it_did_not_run(tell, imputed):
    fit = cs.cfa(ABILITIES, imputed)
    note = check_sem(fit)
    assert note.code == "ENGINE_NOT_RUN"
    document = tell(fit, extras={"second_engine": note})
    assert "pooled over 5" in written(document, "second_engine")[0]["remark"]


def test_validity_of_a_pooled_model_pools_its_tests(tell, imputed):
    fit = cs.cfa(ABILITIES, imputed)
    found = cs.validity(fit)
    singles = [cs.validity(cs.cfa(ABILITIES, one)).tables["discriminant"] for one in imputed.sets]
    mine = found.tables["discriminant"]
    roots = np.sqrt(np.array([frame["chisq_diff"] for frame in singles]))
    increase = (1 + 1 / 5) * roots.var(axis=0, ddof=1)
    d2 = ((roots**2).mean(axis=0) - (5 + 1) / (5 - 1) * increase) / (1 + increase)
    assert mine["chisq_diff"].to_numpy() == pytest.approx(np.maximum(d2, 0), rel=1e-5)
    assert "pooled by D2" in said(tell(fit, extras={"validity": found}))
    same = cs.validity(cs.cfa(ABILITIES, cs.Imputed([imputed.sets[0]] * 3))).tables["discriminant"]
    assert same["p_value"].to_numpy() == pytest.approx(singles[0]["p_value"].to_numpy(), rel=1e-5)


def test_improper_and_failed_data_sets_are_marked_one_by_one(tell):
    proper = proper_set()
    sets = cs.Imputed([improper_set(), proper, proper + 0.01 * proper**2, proper.assign(x1=1.0)])
    document = tell(cs.cfa(ONE, sets))
    found = table(document, "m1_imputations")
    assert found.mark == "partial"
    rows = written(document, "m1_imputations")
    assert [row["used"] for row in rows] == ["yes", "yes", "yes", "no"]
    assert [row["admissible"] for row in rows] == ["no", "yes", "yes", "no"]
    assert [cell.mark for cell in found.column("chisq")] == ["‡", "", "", ""]
    words = said(document)
    assert "of which m = 3 could be used" in words
    assert "in one of those pooled the solution is improper" in words
    section = next(section for section in document.sections if section.id == "analysis-m1")
    assert section.mark == ""


def test_a_variance_at_its_bound_is_not_tested(tell):
    first = improper_set()
    sets = cs.Imputed([first, first.assign(x2=first["x2"] + 0.01 * first["x1"]), first + 0.0])
    fit = cs.cfa(ONE, sets, bounds="pos.var")
    row = fit.estimates[(fit.estimates["lhs"] == "x3") & (fit.estimates["op"] == "~~")].iloc[0]
    assert row["estimate"] == 0
    assert np.isnan(row["p_value"])
    cells = {line[1].value: line for line in table(tell(fit), "m1_covariances").rows}
    assert any(cell.mark == "b" for cell in cells["x3"])


def test_everything_of_an_inadmissible_pooled_model_is_marked(tell, tmp_path: Path):
    first = improper_set()
    sets = cs.Imputed([first, first + 0.0, first.assign(y=first["y"] + 0.1 * first["x2"])])
    measured, chain = cs.cfa(ONE, sets), cs.sem(CHAIN, sets, estimator="MLR")
    assert not measured.admissible
    assert not chain.admissible
    document = tell(measured, chain)
    assert {"m1_imputations", "m1_pooled_tests", "m2_defined"} <= {one.id for one in document.tables}
    assert all(one.mark == "inadmissible" for one in document.tables if one.id.startswith("m"))
    render(document, tmp_path, ("html", "docx", "md"), figures=())
    names = {"m1": "Model 1", "m2": "Model 2"}
    assert missing_in_html((tmp_path / "report.html").read_text(encoding="utf-8"), names) == []
    assert missing_in_docx(tmp_path / "report.docx", names) == []
    assert missing_in_markdown((tmp_path / "report.md").read_text(encoding="utf-8"), names) == []
    assert missing_in_csv(tmp_path / "tables", names) == []
