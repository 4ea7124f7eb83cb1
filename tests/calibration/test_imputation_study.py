"""The imputation study: its population, its judge, and that the page is made of the figures and nothing else."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.kernels.resample import generator
from tests.calibration import imputation as study

ROOT = Path(__file__).resolve().parents[2]
CONTENT = json.loads(study.FIGURES.read_text(encoding="utf-8"))


def test_the_page_is_made_of_the_figures() -> None:
    assert (ROOT / "docs" / "imputation.md").read_text(encoding="utf-8") == study.page(CONTENT)


def test_the_study_found_what_it_promises() -> None:
    assert study.verdict(CONTENT) == []
    assert CONTENT["run"]["replications"] >= 1000
    assert set(CONTENT["rates"]) == {"0.1", "0.2", "0.3"}


@pytest.mark.parametrize("target", study.TARGETS)
def test_a_broken_promise_is_told(target: str) -> None:
    broken = copy.deepcopy(CONTENT)
    broken["rates"]["0.2"]["ours"][target]["coverage"] = 0.91
    assert any(target in fault for fault in study.verdict(broken))


def test_a_wrong_way_that_looks_right_is_told() -> None:
    blind = copy.deepcopy(CONTENT)
    for figure in blind["small"]["undrawn"].values():
        figure["coverage"] = 0.95
    assert any("parameters not drawn" in fault for fault in study.verdict(blind))


def test_holes_are_as_many_as_asked_and_at_random_given_the_covariate() -> None:
    rng = generator(1, "holes")
    rows = study.draw(rng, 20_000)
    holed = study.with_holes(rng, rows, 0.2)
    gaps = np.isnan(holed[:, :8])
    assert gaps.mean() == pytest.approx(0.2, abs=0.005)
    assert not np.isnan(holed[:, 8]).any()
    assert gaps[rows[:, 8] > 1].mean() > 2 * gaps[rows[:, 8] < -1].mean()


def test_the_study_estimates_what_the_verbs_estimate() -> None:
    rows = study.draw(generator(2, "rows"), 150)
    frame = pd.DataFrame(rows, columns=[*study.ITEMS, "w"])
    found = study.estimates(rows)
    mean = cs.describe(frame, items=["a1"]).estimates.iloc[0]
    frame["a"], frame["b"] = rows[:, :4].mean(axis=1), rows[:, 4:8].mean(axis=1)
    slope = cs.regress("a ~ b + w", frame).estimates.set_index("term").loc["b"]
    alpha = cs.reliability(frame, items=list(study.ITEMS[:4])).estimates.set_index("term").loc["alpha"]
    for row, target in ((mean, "mean"), (slope, "slope"), (alpha, "alpha")):
        assert row["estimate"] == pytest.approx(found[target][0], rel=1e-9)
        assert row["std_error"] == pytest.approx(found[target][1], rel=1e-9)


def test_the_study_imputes_as_the_verb_does() -> None:
    rng = generator(3, "rows")
    holed = study.with_holes(rng, study.draw(rng, 80), 0.2)
    frame = pd.DataFrame(holed, columns=[*study.ITEMS, "w"])
    scales = {"a": list(study.ITEMS[:4]), "b": list(study.ITEMS[4:])}
    imputed = cs.impute(frame, m=study.M, seed=9, items=scales, auxiliary=["w"], iterations=study.ROUNDS)
    sets = study.completed(frame, 9)
    for k in (0, study.M - 1):
        assert imputed.sets[k].to_numpy() == pytest.approx(sets[k], rel=1e-9)
