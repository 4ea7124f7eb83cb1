"""What a study may ask of a model: groups, clusters, weights, missing values, bootstraps; faults told at the door."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.estimating.options import DEFAULTS
from crmstudy.study.job import run_job
from crmstudy.study.kinds import KINDS
from crmstudy.study.opening import open_study
from tests.study.small import STUDY, write_small

MODEL = "    model: |\n      ease =~ A1 + A2 + A3\n      trust =~ B1 + B2 + B3\n"
PATHS = MODEL + "      trust ~ a*ease\n      twice := 2*a\n"
BY_GROUP = MODEL + "      trust ~ c(a1, a2, a3)*ease\n      d := a1 - a2\n"


def asked(*options: str, kind: str = "cfa", model: str = MODEL, id: str = "m") -> str:
    """An analysis with these lines."""
    lines = "".join(f"    {option}\n" for option in options)
    return f"  - id: {id}\n    kind: {kind}\n    sample: staff\n{lines}{model}"


def run(folder: Path, *analyses: str, study: str = STUDY, rest: str = "") -> cs.StudyResults:
    return cs.run(cs.Study.load(write_small(folder, *analyses, study=study, rest=rest)))


def faults(folder: Path, *analyses: str, rest: str = "") -> list[tuple[int | None, str]]:
    with pytest.raises(cs.InputError) as caught:
        open_study(cs.Study.load(write_small(folder, *analyses, rest=rest)))
    return [(fault.line, fault.message) for fault in caught.value.faults]


# --- at the door -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["cfa", "sem"])
def test_every_option_of_the_function_is_a_key_but_those_of_moments_and_starts(kind):
    apart = {"sample_cov", "sample_mean", "sample_n", "ordered", "parameterization", "start", "seed"}
    assert {key.name for key in KINDS[kind].keys} == {"model", "imputed", *DEFAULTS} - apart


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("group: brnch", "the column 'brnch' of the analysis 'm' is not in the sample 'staff'. Did you mean 'branch'?"),
        ("cluster: brnch", "the column 'brnch' of the analysis 'm' is not in the sample 'staff'."),
        ("weights: agee", "the column 'agee' of the analysis 'm' is not in the sample 'staff'. Did you mean 'age'?"),
        ("aux: [agee]", "the column 'agee' of the analysis 'm'"),
        ("group: A1", "'A1' is 'group' and a variable of the model; it can be one only."),
        ("cluster: B2", "'B2' is 'cluster' and a variable of the model"),
        ("aux: [B2]", "'B2' is 'aux' and a variable of the model"),
        ("weights: ease", "'weights' names a column of the data, not a scale; 'ease' is a score."),
        ("bootstrap: {n: 50, unit: cluster}", "'unit: cluster' draws clusters; name their column with 'cluster'."),
    ],
)
def test_faults_stand_at_the_line_of_their_option(tmp_path, option, said):
    more = ("missing: fiml",) if option.startswith("aux") else ()
    found = faults(tmp_path / "s", asked(option, *more))
    assert [line for line, _ in found] == [14]
    assert said in found[0][1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("missing: fiml", "bootstrap: {n: 50, kind: bollen.stine}"), "'bollen.stine' is for complete rows"),
        (("estimator: ULS", "bootstrap: {n: 50, ci: bca}"), "with ULS use 'ci: bc'."),
        (("cluster: branch", "bootstrap: {n: 50, kind: bollen.stine}"), "draws rows; write 'unit: row'."),
        (("aux: [age]",), "use it with missing='fiml'"),
        (("group_equal: [loadings]",), "group_equal= compares groups; name their column in group=."),
        (("estimator: GLS", "se: robust"), "estimator='GLS' has standard errors and the standard test only."),
        (("test: satorra",), "test='satorra' does not exist"),
        (("bounds: positive",), "bounds='positive' does not exist"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_computed(tmp_path, options, said):
    assert any(said in message for _, message in faults(tmp_path / "s", asked(*options)))


def test_several_faults_of_an_analysis_are_told_at_once(tmp_path):
    wrong = asked("group: brnch", "cluster: agee", "estimator: MLX", model=MODEL.replace("A3", "A33"))
    told = [message for _, message in faults(tmp_path / "s", wrong)]
    assert len(told) == 4
    assert sum("'A33'" in message for message in told) == 1


def test_a_group_with_one_value_and_modifiers_that_do_not_fit_it(tmp_path):
    model = BY_GROUP.replace("c(a1, a2, a3)", "c(a1, a2)")
    found = faults(tmp_path / "a", asked("group: branch", kind="sem", model=model))
    assert len(found) == 1
    assert "3" in found[0][1]
    folder = write_small(tmp_path / "b", asked("group: branch"))
    frame = pd.read_csv(folder / "answers.csv").assign(branch=1)
    frame.to_csv(folder / "answers.csv", index=False)
    with pytest.raises(cs.InputError, match="'group' must tell at least two groups apart; the column 'branch' holds 1"):
        open_study(cs.Study.load(folder))


@pytest.mark.parametrize(
    "option",
    ["bootstrap: 1", "bootstrap: many", "bootstrap: {kind: percentile, n: 50}", "bootstrap: {ci: bca}",
     "bootstrap: {n: 50, seed: 1}", "bootstrap: {n: 50, ci: bcaa}", "group_equal: [loading]", "group_equal: []",
     "aux: age", "group: 3", "group_partial: x"],
)  # fmt: skip
def test_values_are_checked_when_the_study_is_loaded(tmp_path, option):
    folder = write_small(tmp_path / "s", asked(option, "missing: fiml"))
    with pytest.raises(cs.StudyError):
        cs.Study.load(folder)


# --- claims in groups ------------------------------------------------------------------------------------------------


def _claim(claim: str) -> str:
    return f"hypotheses:\n  H1: {{statement: {{en: x}}, claim: {claim}, analysis: m}}\n"


def test_a_claim_about_a_parameter_of_each_group_is_refused(tmp_path):
    analysis = asked("group: branch", kind="sem", model=BY_GROUP)
    found = faults(tmp_path / "s", analysis, rest=_claim("trust ~ ease > 0"))
    assert [line for line, _ in found] == [21]
    assert "which 'm' has once in each group; label it by group in the model, c(a1, a2)*" in found[0][1]


@pytest.mark.parametrize("claim", ["a1 > 0", "d != 0", "ease =~ A2 > 0"])
def test_labels_differences_and_what_is_equal_may_be_claimed(tmp_path, claim):
    analysis = asked("group: branch", "group_equal: [loadings]", kind="sem", model=BY_GROUP)
    results = run(tmp_path / "s", analysis, rest=_claim(claim))
    (test,) = results.hypotheses
    rows = results["m"].result.estimates
    wanted = rows[(rows["label"] == claim.split()[0]) | ((rows["lhs"] == "ease") & (rows["rhs"] == claim.split()[2]))]
    assert test.estimate in wanted["estimate"].tolist()


# --- what it gives ---------------------------------------------------------------------------------------------------


def test_options_reach_the_function(tmp_path):
    options = ("group: branch", "group_equal: [loadings, intercepts]", "group_partial: [ease =~ A3]", "estimator: MLR")
    results = run(tmp_path / "s", asked(*options))
    block = results["m"]
    assert block.result.call["group_equal"] == ["loadings", "intercepts"]
    assert set(block.result.groups) == {"1", "2", "3"}
    answers = results.record.samples[0].responses
    alone = cs.cfa(
        "ease =~ A1 + A2 + A3\ntrust =~ B1 + B2 + B3", answers, group="branch", estimator="MLR",
        group_equal=["loadings", "intercepts"], group_partial=["ease =~ A3"],
    )  # fmt: skip
    pd.testing.assert_frame_equal(block.result.estimates, alone.estimates)
    assert "validity" not in block.extras  # asked of one group only, and no reason for a warning
    assert {note.code for note in block.notes if note.level == "warning"} <= {"SEM_FEW_ROWS_FOR_TEST"}


def test_clusters_weights_and_full_information_reach_the_function(tmp_path):
    folder = write_small(
        tmp_path / "s", asked("cluster: age", "bounds: pos.var", id="a"), asked("weights: age", id="b"),
        asked("missing: fiml", "aux: [age]", id="c"),
    )  # fmt: skip
    text = (folder / "answers.csv").read_text(encoding="utf-8").splitlines()
    (folder / "answers.csv").write_text(
        "\n".join([text[0], "," + text[1].split(",", 1)[1], *text[2:]]), encoding="utf-8"
    )
    results = cs.run(cs.Study.load(folder))
    assert "clusters" in results["a"].result.samples
    assert results["a"].result.n == 59
    assert results["b"].result.call["estimator"] == "MLR"
    assert (results["c"].result.n, results["c"].result.call["aux"]) == (60, ["age"])


def test_a_scale_may_be_auxiliary(tmp_path):
    model = "    model: |\n      ease =~ A1 + A2 + A3\n"
    results = run(tmp_path / "s", asked("missing: fiml", "aux: [trust]", model=model))
    assert results["m"].status == "fine"


def test_the_seed_of_the_analysis_draws_the_bootstrap(tmp_path):
    analysis = asked("bootstrap: 60", kind="sem", model=PATHS)
    first = run(tmp_path / "a", analysis)["m"].result
    again = run(tmp_path / "b", analysis)["m"].result
    other = run(tmp_path / "c", analysis, study=STUDY.replace("seed: 7", "seed: 8"))["m"].result
    renamed = run(tmp_path / "d", analysis.replace("id: m", "id: n"))["n"].result
    assert first.call["bootstrap"] == {"n": 60, "kind": "nonparametric", "ci": "percentile", "unit": None}
    errors = first.estimates["std_error"].to_numpy()
    np.testing.assert_array_equal(errors, again.estimates["std_error"])
    for different in (other, renamed):
        assert not np.array_equal(errors, different.estimates["std_error"])


def test_a_bootstrap_may_be_a_mapping_with_empty_keys(tmp_path):
    results = run(tmp_path / "s", asked("bootstrap: {n: 120, ci: bca, unit: null}"))
    assert results["m"].result.call["bootstrap"]["ci"] == "bca"
    intervals = results["m"].extras["validity"].tables["htmt_intervals"]
    assert len(intervals) == 2
    few = run(tmp_path / "t", asked("bootstrap: {n: 60}"))
    assert "htmt_intervals" not in few["m"].extras["validity"].tables


def test_a_hypothesis_goes_by_the_bootstrap_interval(tmp_path):
    results = run(tmp_path / "s", asked("bootstrap: 80", kind="sem", model=PATHS), rest=_claim("twice > 0"))
    (test,) = results.hypotheses
    own = results["m"].result.estimates.set_index("label").loc["twice"]
    drawn = results["m"].extras["monte_carlo"].set_index("label").loc["twice"]
    assert (test.ci_low, test.ci_high) == (own["ci_low"], own["ci_high"])
    assert test.ci_low != drawn["ci_low"]
    assert test.reason.startswith("its bootstrap interval [")


@pytest.mark.slow
def test_a_report_with_groups_and_a_bootstrap_gives_the_same_bytes_twice(tmp_path):
    folder = write_small(
        tmp_path / "s", asked("group: branch", id="a"), asked("bootstrap: 60", kind="sem", model=PATHS, id="b"),
        asked("missing: fiml", "bootstrap: 12", id="c"),
    )  # fmt: skip
    run_job(folder, tmp_path / "one")
    run_job(folder, tmp_path / "two")
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert Path("tables/a_groups.csv") in files
    for name in files:
        if name.name != "timings.json":
            assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
