"""Exploratory factors in a study: what is refused at the door, what it gives, and how the report tells it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.drawing import LoadingsPlot
from crmstudy.kernels.factors.rotation import ROTATIONS
from crmstudy.measurement.factors.efa import efa
from crmstudy.measurement.factors.efa_result import ROTATIONS as WORDS
from crmstudy.report.document import Document, FigureBlock, Table
from crmstudy.report.figures.draw import draw_bytes
from crmstudy.report.references import load_references
from crmstudy.report.style import cited_keys
from crmstudy.report.telling.compose import compose
from crmstudy.report.telling.efa import _ROTATIONS
from crmstudy.study.kinds import KINDS
from crmstudy.study.opening import open_study
from tests.reference import HERE
from tests.study.small import ITEMS, write_small

FACTORS = "  - id: factors\n    kind: efa\n    sample: staff\n    n_factors: 2\n"
ABILITIES = [f"x{i}" for i in range(1, 10)]


def study_of(folder: Path, *analyses: str) -> Path:
    folder.mkdir()
    (folder / "holzinger.csv").write_bytes((HERE / "data" / "holzinger.csv").read_bytes())
    variables = ", ".join(f"{name}: {{type: number}}" for name in ABILITIES)
    head = (
        "crmstudy: 1\ntitle: {en: Abilities}\nseed: 1\nsamples:\n  pupils:\n    population: staff\n"
        f"    file: holzinger.csv\n    variables: {{{variables}}}\nanalyses:\n"
    )
    (folder / "study.yaml").write_text(head + "".join(analyses), encoding="utf-8")
    return folder


def of_pupils(id: str, *options: str) -> str:
    lines = "".join(f"    {option}\n" for option in options)
    return f"  - id: {id}\n    kind: efa\n    sample: pupils\n    items: [{', '.join(ABILITIES)}]\n{lines}"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> cs.StudyResults:
    folder = study_of(
        tmp_path_factory.mktemp("efa") / "s",
        of_pupils("three", "n_factors: 3", "extraction: ml", "rotation: geomin", "normalize: none"),
        of_pupils("one", "n_factors: 1"),
        of_pupils(
            "wanted", "n_factors: 3", "rotation: target", "bootstrap: 100",
            "target: {visual: [x1, x2, x3], textual: [x4, x5, x6], speed: [x7, x8, x9]}",
        ),
        of_pupils("improper", "n_factors: 5", "rotation: varimax"),
    )  # fmt: skip
    return cs.run(cs.Study.load(folder))


@pytest.fixture(scope="module")
def document(results: cs.StudyResults) -> Document:
    return compose(results.record)


def table(document: Document, id: str) -> Table:
    (found,) = [one for one in document.tables if one.id == id]
    return found


def words(document: Document, id: str) -> str:
    """All that is said in the section of an analysis outside its tables."""
    (section,) = [one for one in document.sections if one.id == f"analysis-{id}"]
    said = [getattr(one, "sentences", "") for one in section.elements]
    return " ".join(re.findall(r"text='([^']*)'", str(said).replace('"', "'")))


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("items: [A1, A2, A33]", "the column 'A33' of the analysis 'factors'"),
        ("scales: [eas]", "the scale 'eas' of the analysis 'factors'"),
        ("ordinal: true\n    missing: em", "likelihood under normality"),
        ("power: 3", "belongs to rotation='promax'"),
        ("rotation: target", "needs a `target`"),
        ("rotation: bifactor", "two group factors"),
        ("items: [A1, A2, A3, B1]", "can tell 1 factor apart"),
        ("rotation: target\n    target: {a: [A1, A2], b: [Q9]}", "'Q9' of the factor 'b'"),
        ("rotation: target\n    target: {a: [A1], b: [B1], c: [B2]}", "has 3 factors"),
    ],
)
def test_faults_are_told_with_their_line(tmp_path, new, said):
    folder = write_small(tmp_path / "s", ITEMS, f"{FACTORS}    {new}\n")
    with pytest.raises(cs.InputError) as caught:
        open_study(cs.Study.load(folder))
    (told, *_) = [fault for fault in caught.value.faults if said in str(fault)]
    assert told.line is not None


@pytest.mark.parametrize(
    "new",
    ["extraction: pca", "rotation: oblimax", "normalize: true", "starts: 0", "gamma: 2", "epsilon: 0", "missing: fiml",
     "bootstrap: 10", "scales: all\n    items: [A1, A2, A3]", "items: [A1]", "ordinal: 3"],
)  # fmt: skip
def test_values_are_checked_when_the_study_is_loaded(tmp_path, new):
    folder = write_small(tmp_path / "s", FACTORS + f"    {new}\n")
    with pytest.raises(cs.StudyError):
        cs.Study.load(folder)


def test_defaults_of_the_page_are_those_of_the_function():
    parameters = inspect.signature(efa).parameters
    for key in KINDS["efa"].keys:
        if key.name not in ("scales", "imputed"):
            assert key.name in parameters
            if key.default is not None:
                assert parameters[key.name].default == key.default


def test_every_rotation_has_its_words_and_its_source():
    assert set(_ROTATIONS) == set(WORDS) == set(ROTATIONS) - {"none"}


def test_a_block_is_what_the_function_gives(results):
    data = pd.read_csv(HERE / "data" / "holzinger.csv")
    alone = efa(data, items=ABILITIES, n_factors=3, extraction="ml", rotation="geomin", normalize=False)
    result = results["three"].result
    assert result is not None
    pd.testing.assert_frame_equal(result.estimates, alone.estimates)
    for name, found in alone.tables.items():
        pd.testing.assert_frame_equal(result.tables[name], found)


def test_a_target_names_the_factors_and_their_items(results):
    result = results["wanted"].result
    assert result is not None
    assert result.factors == ("visual", "textual", "speed")
    assert result.tables["pattern"]["factor"].tolist() == ["visual"] * 3 + ["textual"] * 3 + ["speed"] * 3
    assert result.call["std_errors"] == "bootstrap"


def test_items_of_all_scales_are_analysed_together(tmp_path):
    results = cs.run(cs.Study.load(write_small(tmp_path / "s", FACTORS + "    ordinal: true\n")))
    result = results["factors"].result
    assert result is not None
    assert {item[0] for item in result.call["items"]} >= {"A", "B"}


def test_the_loadings_table_holds_every_loading(document, results):
    shown = table(document, "three_pattern")
    assert [column.key for column in shown.columns] == ["factor", "item", "F1", "F2", "F3", "h2", "complexity"]
    assert len(shown.rows) == 9
    pattern = results["three"].result.tables["pattern"]
    np.testing.assert_array_equal([cell.value for cell in shown.column("F2")], pattern["F2"])
    assert shown.used == 301
    assert "hofmann_1978" in str(shown.notes)


def test_largest_loadings_have_their_intervals(document):
    shown = table(document, "three_largest")
    keys = [column.key for column in shown.columns]
    assert keys == ["item", "factor", "estimate", "std_error", "ci", "cross_factor", "cross"]
    assert "pearson_filon_1898" in str(shown.notes)
    assert "bootstrap samples" in str(table(document, "wanted_largest").notes)
    single = table(document, "one_largest")
    assert [column.key for column in single.columns] == ["item", "factor", "estimate", "std_error", "ci"]


def test_variance_and_factor_correlations(document):
    variance = table(document, "three_variance")
    assert variance.column("cumulative")[-1].value == pytest.approx(
        sum(cell.value for cell in variance.column("proportion"))
    )
    assert len(table(document, "three_factor_correlations").rows) == 3
    structure = table(document, "three_structure")
    assert structure.column("item") == tuple(table(document, "three_pattern").column("item"))
    ids = [one.id for one in document.tables]
    assert "one_factor_correlations" not in ids
    assert "improper_factor_correlations" not in ids


def test_what_is_said(document):
    said = words(document, "three")
    for part in ("Three", "maximum likelihood", "geomin", "oblique", "ε", "without", "TLI", "RMSEA", "RMSR",
                 "largest residual"):  # fmt: skip
        assert part in said
    assert "One factor needs no rotation." in words(document, "one")
    assert "The factor explains" in words(document, "one")


def test_residuals_that_vanish_are_below_a_limit_and_not_equal_to_it(tmp_path):
    few = "  - id: few\n    kind: efa\n    sample: pupils\n    items: [x1, x2, x3]\n    n_factors: 1\n"
    said = words(compose(cs.run(cs.Study.load(study_of(tmp_path / "s", few))).record), "few")
    assert "(RMSR) " in said
    assert "(RMSR) =" not in said


def test_a_heywood_case_is_marked_everywhere(results, document):
    assert results["improper"].status == "inadmissible"
    (section,) = [one for one in document.sections if one.id == "analysis-improper"]
    assert section.mark == "inadmissible"
    for element in section.elements:
        if isinstance(element, Table | FigureBlock):
            assert element.mark == "inadmissible"
    shown = table(document, "improper_pattern")
    marked = [row for row in shown.rows if any(cell.mark == "a" for cell in row)]
    assert marked
    assert shown.notes.specific
    assert "std_error" not in [column.key for column in table(document, "improper_largest").columns]


def test_the_heat_map_is_drawn_the_same_every_time(document):
    figures = {one.id: one for one in document.elements() if isinstance(one, FigureBlock)}
    drawing = figures["three_heatmap"].drawing
    assert isinstance(drawing, LoadingsPlot)
    first, second = (draw_bytes(drawing, ["svg"])["svg"] for _ in range(2))
    assert first == second
    long = LoadingsPlot("t", "a", ("item one",), ("a long name of a factor", "another long name"), ((0.7, -0.1),))
    assert draw_bytes(long, ["svg"])["svg"].count(b"<path") > 2


def test_every_work_cited_is_listed(document):
    known = load_references()
    assert set(cited_keys(document)) <= set(known)
