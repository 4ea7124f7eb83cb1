"""Measurement invariance in a study: what is refused at the door, what it gives, and how the report tells it."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.measurement.invariance.invariance import invariance
from crmstudy.report.document import DAGGER, Document, FigureBlock, Table
from crmstudy.report.record import Block
from crmstudy.report.render.render import render
from crmstudy.report.telling.compose import compose
from crmstudy.study.kinds import KINDS
from crmstudy.study.opening import open_study
from tests.reference import HERE
from tests.report.marks import missing_in_docx, missing_in_html
from tests.study.small import ITEMS, write_small

MODEL = "    model: |\n      ease =~ A1 + A2 + A3\n      trust =~ B1 + B2 + B3\n"
SAME = "  - id: same\n    kind: invariance\n    sample: staff\n    group: branch\n" + MODEL
ABILITIES = """\
      visual =~ x1 + x2 + x3
      textual =~ x4 + x5 + x6
      speed =~ x7 + x8 + x9
"""


def study_of(folder: Path, *analyses: str) -> Path:
    """A study of nine ability tests in two schools, and of three answers at three times."""
    folder.mkdir()
    columns = {"pupils": [f"x{i}" for i in range(1, 10)],
               "soldiers": [f"{name}{i}" for i in (1, 2, 3) for name in ("JOBSAT", "COMMIT", "READY")]}  # fmt: skip
    text = "crmstudy: 1\ntitle: {en: Invariance}\nseed: 1\nsamples:\n"
    for name, file in (("pupils", "holzinger"), ("soldiers", "soldiers")):
        (folder / f"{file}.csv").write_bytes((HERE / "data" / f"{file}.csv").read_bytes())
        variables = ", ".join(f"{column}: {{type: number}}" for column in columns[name])
        more = ", school: {type: category}" if name == "pupils" else ""
        text += f"  {name}:\n    population: staff\n    file: {file}.csv\n    variables: {{{variables}{more}}}\n"
    (folder / "study.yaml").write_text(text + "analyses:\n" + "".join(analyses), encoding="utf-8")
    return folder


def of_schools(id: str, *options: str) -> str:
    lines = "".join(f"    {option}\n" for option in options)
    head = f"  - id: {id}\n    kind: invariance\n    sample: pupils\n    group: school\n"
    return head + lines + "    model: |\n" + ABILITIES


WAVES = """\
  - id: morale
    kind: invariance
    sample: soldiers
    waves: ["1", "2", "3"]
    missing: fiml
    model: |
      morale =~ JOBSAT + COMMIT + READY
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> cs.StudyResults:
    folder = study_of(
        tmp_path_factory.mktemp("invariance") / "s",
        of_schools("whole", "levels: [metric, scalar, strict, means]"),
        of_schools("partial", "estimator: MLR", "group_partial: [x3 ~1, x7 ~1]"),
        WAVES,
    )
    return cs.run(cs.Study.load(folder))


@pytest.fixture(scope="module")
def document(results: cs.StudyResults) -> Document:
    return compose(results.record)


def table(document: Document, id: str) -> Table:
    (found,) = [one for one in document.tables if one.id == id]
    return found


def words(document: Document, id: str) -> str:
    """All that is said in sentences of a section."""
    (section,) = [one for one in document.sections if one.id == f"analysis-{id}"]
    return re.sub(r"\s+", " ", str([getattr(one, "sentences", "") for one in section.elements]))


# --- at the door -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("group: branch", "group: brnch", "the column 'brnch' of the analysis 'same'"),
        ("group: branch", "group: A1", "'A1' is the group and a variable of the model"),
        ("    group: branch\n", "", "compares groups or waves"),
        ("group: branch", "waves: [_1, _2]", "wave '1' needs the column 'A1_1'"),
        ("group: branch", "group: branch\n    levels: [scalar, metric]", "from weak to strong"),
        ("group: branch", "group: branch\n    levels: [means]", "can be read only when intercepts are equal"),
        ("group: branch", "group: branch\n    group_partial: [ease =~ A9]", "which is no parameter of the model"),
        ("group: branch", "group: branch\n    estimator: MLX", "estimator='MLX' does not exist"),
        ("A1 + A2", "a*A1 + A2", "labels, := and constraints"),
        ("A1 + A2", "A1 + AA2", "'AA2' is neither a column of the data nor measured"),
        ("ease =~ A1", "ease ~ A1", "the model measures none"),
    ],
)
def test_faults_are_told_with_their_line(tmp_path, old, new, said):
    text = SAME.replace(old, new)
    if "ease ~" in text:
        text = text.replace("trust =~", "trust ~")
    folder = write_small(tmp_path / "s", ITEMS, text)
    with pytest.raises(cs.InputError) as caught:
        open_study(cs.Study.load(folder))
    (told, *_) = [fault for fault in caught.value.faults if said in str(fault)]
    assert told.line is not None


@pytest.mark.parametrize(
    "new", ["levels: [metrik]", "criteria: cheng", "waves: [_1]", "waves: [_1, _2]", "like_items: 3"]
)
def test_values_are_checked_when_the_study_is_loaded(tmp_path, new):
    folder = write_small(tmp_path / "s", SAME.replace("group: branch", f"group: branch\n    {new}"))
    with pytest.raises(cs.StudyError):
        cs.Study.load(folder)


def test_defaults_of_the_page_are_those_of_the_function():
    parameters = inspect.signature(invariance).parameters
    for key in KINDS["invariance"].keys:
        assert key.name in parameters
        if key.default is not None:
            assert parameters[key.name].default == key.default


# --- what it gives ---------------------------------------------------------------------------------------------------


def test_a_block_is_what_the_function_gives(results):
    data = pd.read_csv(HERE / "data" / "holzinger.csv")
    model = ABILITIES.replace("      ", "")
    alone = invariance(model, data, group="school", levels=["metric", "scalar", "strict", "means"])
    block = results["whole"]
    assert block.status == "fine"
    assert block.result is not None
    pd.testing.assert_frame_equal(block.result.tables["ladder"], alone.tables["ladder"])
    assert results["morale"].result.call["waves"] == ["1", "2", "3"]
    assert results["partial"].result.highest == "strict"


def test_groups_of_an_instrument(tmp_path):
    text = SAME.replace("branch\n", "branch\n    levels: [metric]\n")
    results = cs.run(cs.Study.load(write_small(tmp_path / "s", text)))
    assert results["same"].result is not None
    assert set(results["same"].result.samples["group"]) == {"1", "2", "3"}


def test_the_ladder_is_one_table_of_the_report(document):
    ladder = table(document, "whole_ladder")
    assert [cell.value for cell in ladder.column("level")] == ["configural", "metric", "scalar", "strict", "means"]
    shown = [ladder.columns[place].key for place in ladder.places]
    assert shown == [
        "level", "chisq", "df", "cfi", "rmsea", "srmr", "delta_chisq", "delta_df", "delta_p", "delta_cfi",
        "delta_rmsea", "delta_srmr", "decision",
    ]  # fmt: skip
    assert {"tli", "aic", "bic", "p_value", "equal"} <= {column.key for column in ladder.columns}
    assert [cell.mark for cell in ladder.column("decision")] == ["", "", "", "a", ""]
    assert ladder.notes.specific[0][0] == "a"
    rules = table(document, "whole_rules")
    assert [cell.value for cell in rules.column("rule")] == ["chen", "chen", "chen", "p"]
    assert [cell.value for cell in rules.column("held_by_chen")] == ["held", "not held", "held", "–"]


def test_robust_figures_stand_in_the_ladder_of_a_robust_estimator(document):
    keys = [column.key for column in table(document, "partial_ladder").columns]
    assert {"chisq_scaled", "df_scaled", "cfi_robust", "delta_rmsea_robust"} <= set(keys)
    assert "chisq" not in keys


def test_what_follows_the_ladder(document):
    ids = {one.id for one in document.tables}
    assert {"whole_candidates", "whole_latent_means", "whole_dmacs", "partial_latent_means", "morale_dmacs"} <= ids
    assert "partial_candidates" not in ids
    figures = [one.id for one in document.elements() if isinstance(one, FigureBlock)]
    assert "partial_latent_means_figure" in figures
    assert "whole_latent_means_figure" not in figures
    assert "Exploratory" in words(document, "whole")
    assert "not supported" in str(table(document, "whole_latent_means").notes)
    assert "not supported" not in str(table(document, "partial_latent_means").notes)
    assert "Wave" in str([column.label for column in table(document, "morale_dmacs").columns])


def test_rules_are_explained_once(document):
    first, second = (str(table(document, f"{id}_rules").notes) for id in ("whole", "partial"))
    assert "chen_2007" in first
    assert "whole_rules" in second


def test_every_table_counts_its_rows(document):
    for id in ("whole_ladder", "whole_candidates", "whole_latent_means", "whole_dmacs"):
        assert table(document, id).used == 301
    assert table(document, "morale_ladder").dropped == 2


def improper() -> Block:
    data = pd.read_csv(HERE / "data" / "heywood.csv")
    halves = data.assign(half=["a", "b"] * (len(data) // 2) + ["a"] * (len(data) % 2))
    model = "a =~ a1 + a2 + a3\nb =~ b1 + b2 + b3"
    return Block("bad", "invariance", "pupils", "Improper", {"model": model}, invariance(model, halves, group="half"))


def test_an_inadmissible_ladder_is_marked_throughout(results, tmp_path):
    block = improper()
    assert block.status == "inadmissible"
    document = compose(replace(results.record, blocks=(block,)))
    ladder = table(document, "bad_ladder")
    assert ladder.mark == "inadmissible"
    assert ladder.column("level")[0].mark == DAGGER
    assert "no proper solution: nothing is decided from it" in words(document, "bad")
    render(document, tmp_path, ("html", "docx"))
    names = {"bad": "Improper"}
    assert missing_in_html((tmp_path / "report.html").read_text(encoding="utf-8"), names) == []
    assert missing_in_docx(tmp_path / "report.docx", names) == []
