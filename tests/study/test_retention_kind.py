"""The number of factors in a study: what is refused at the door, what it gives, and how the report tells it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.measurement.factors.retention import retention
from crmstudy.report.document import Document, FigureBlock, Table
from crmstudy.report.figures.draw import draw_bytes
from crmstudy.report.telling.compose import compose
from crmstudy.report.telling.retention import _RULES
from crmstudy.study.kinds import KINDS
from crmstudy.study.opening import open_study
from tests.reference import HERE
from tests.study.small import ITEMS, write_small

FACTORS = "  - id: factors\n    kind: retention\n    sample: staff\n    draws: 20\n"
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


def of_pupils(id: str, *options: str, items: str = ", ".join(ABILITIES)) -> str:
    lines = "".join(f"    {option}\n" for option in options)
    return f"  - id: {id}\n    kind: retention\n    sample: pupils\n    items: [{items}]\n{lines}"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> cs.StudyResults:
    folder = study_of(
        tmp_path_factory.mktemp("retention") / "s",
        of_pupils("all", "max_factors: 4"),
        of_pupils("some", "parallel: components", "random: permutation", items="x1, x2, x3, x4, x5, x6"),
    )
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
        ("ordinal: true\n    random: normal", "leave 'random' out"),
        ("random: permutation\n    missing: pairwise", "shuffles complete rows"),
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
    ["draws: 10", "percentile: 100", "parallel: all", "missing: fiml", "communalities: one", "max_factors: 0",
     "scales: all\n    items: [A1, A2, A3]", "items: [A1]", "ordinal: 3", "random: yes"],
)  # fmt: skip
def test_values_are_checked_when_the_study_is_loaded(tmp_path, new):
    folder = write_small(tmp_path / "s", FACTORS.replace("    draws: 20\n", "") + f"    {new}\n")
    with pytest.raises(cs.StudyError):
        cs.Study.load(folder)


def test_defaults_of_the_page_are_those_of_the_function():
    parameters = inspect.signature(retention).parameters
    for key in KINDS["retention"].keys:
        if key.name not in ("scales", "imputed"):
            assert key.name in parameters
            if key.default is not None:
                assert parameters[key.name].default == key.default


def test_a_block_is_what_the_function_gives(results):
    block = results["all"]
    assert block.status == "fine"
    assert block.result is not None
    data = pd.read_csv(HERE / "data" / "holzinger.csv")
    alone = retention(data, items=ABILITIES, max_factors=4, seed=block.result.call["seed"])
    for name, found in alone.tables.items():
        pd.testing.assert_frame_equal(block.result.tables[name], found)


def test_items_of_all_scales_are_analysed_together(tmp_path):
    results = cs.run(cs.Study.load(write_small(tmp_path / "s", FACTORS + "    ordinal: true\n")))
    result = results["factors"].result
    assert result is not None
    assert result.call["ordinal"]
    assert {item[0] for item in result.call["items"]} >= {"A", "B"}
    document = compose(results.record)
    assert "derived for Pearson correlations" in words(document, "factors")
    notes = str(table(document, "factors_suggested").notes)
    assert "olsson_1979" in notes
    assert "minimum residuals" in notes
    assert "cfi" not in [column.key for column in table(document, "factors_hull").columns]


def test_every_rule_stands_in_one_table(document):
    rules = table(document, "all_suggested")
    assert [cell.value for cell in rules.column("rule")] == [name for name, _ in _RULES.values()]
    assert [bool(cell.mark) for cell in rules.column("rule")] == [False] * 8 + [True] * 3
    assert rules.column("number")[0].value == 3
    notes = str(rules.notes)
    for key in (
        "horn_1965",
        "glorfeld_1995",
        "velicer_1976",
        "braeken_van_assen_2017",
        "lorenzo_seva_2011",
        "kaiser_1960",
    ):
        assert key in notes
    assert "buja_eyuboglu_1992" in str(table(document, "some_suggested").notes)


def test_the_sentence_names_every_advised_rule_and_takes_none(document):
    said = words(document, "all")
    for _, name in list(_RULES.values())[:8]:
        assert name in said
    assert "eigenvalues above 1" not in said
    assert "none of them is followed here" in said


def test_eigenvalues_stand_beside_what_they_are_compared_with(document, results):
    shown = table(document, "all_eigenvalues")
    assert [column.key for column in shown.columns] == [
        "number", "component", "component_percentile", "reference", "factor", "factor_percentile", "squared", "fourth"
    ]  # fmt: skip
    result = results["all"].result
    assert shown.column("squared")[2].value == result.tables["map"]["squared"][3]
    assert "factor" not in [column.key for column in table(document, "some_eigenvalues").columns]


def test_the_hull_and_adequacy_are_told(document):
    assert [column.key for column in table(document, "all_hull").columns] == [
        "number", "df", "caf", "caf_st", "cfi", "cfi_st", "rmsea", "rmsea_st"
    ]  # fmt: skip
    adequacy = table(document, "all_kmo")
    assert len(adequacy.rows) == 10
    assert "kaiser_1974" in str(adequacy.notes)


def test_the_scree_plot_is_drawn_the_same_every_time(document):
    figures = {one.id: one for one in document.elements() if isinstance(one, FigureBlock)}
    drawing = figures["all_scree"].drawing
    first, second = (draw_bytes(drawing, ["svg"])["svg"] for _ in range(2))
    assert first == second
    assert first.count(b"<path") > 9
