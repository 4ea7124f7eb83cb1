"""Who predicts whom: predictors by scale, strength and number of rows; copies and totals left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmstudy.imputing.planning import make_plan
from crmstudy.imputing.request import request, resolved


def planned(frame: pd.DataFrame, items=None, cluster=None, indicators=None, auxiliary=()):
    asked = request(frame, items, None, cluster, auxiliary, resolved(2, 1, "pmm", 1, 5, {}))
    return make_plan(asked, np.arange(len(frame)), indicators or {})


def answers(n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    common = rng.normal(size=(n, 2))
    frame = pd.DataFrame({f"a{i}": common[:, 0] + rng.normal(size=n) for i in range(3)})
    frame = frame.assign(**{f"b{i}": common[:, 1] + rng.normal(size=n) for i in range(3)}, age=rng.normal(size=n))
    return frame.mask(rng.random(frame.shape) < 0.1)


SCALES = {"a": ["a0", "a1", "a2"], "b": ["b0", "b1", "b2"]}


def test_an_item_sees_its_scale_and_the_means_of_others() -> None:
    found = planned(answers(), SCALES, auxiliary=["age"]).predictors
    assert set(found["a0"]) == {"a1", "a2", "mean of b", "age"}
    assert set(found["age"]) == {"mean of a", "mean of b"}


def test_overlapping_scales_do_not_predict_an_item_by_itself() -> None:
    found = planned(answers(), SCALES | {"all": ["a0", "b0"]}).predictors
    assert set(found["a0"]) == {"a1", "a2", "b0", "mean of b"}


def test_mean_scores_are_means_of_answers_in_their_own_units() -> None:
    frame = answers()
    plan = planned(frame, SCALES)
    derived = plan.plan.derived[0]
    complete = frame[SCALES["a"]].notna().all(axis=1).to_numpy()
    column = plan.plan.start[derived.column][complete]
    own = frame.loc[complete, SCALES["a"]].mean(axis=1).to_numpy()
    assert np.ptp(own - column) == pytest.approx(0, abs=1e-12)


def test_variables_are_visited_from_few_gaps_to_many() -> None:
    plan = planned(answers()).plan
    counts = [len(target.missing) for target in plan.targets]
    assert counts == sorted(counts)


def test_weak_predictors_go_when_rows_are_few() -> None:
    frame = answers(30)
    frame = frame.assign(**{f"noise{i}": np.random.default_rng(i).normal(size=30) for i in range(9)})
    found = planned(frame)
    for name, chosen in found.predictors.items():
        assert len(chosen) <= (frame[name].notna().sum() - 1) // 3
        assert len(chosen) + len(found.dropped[name]) == 15


@pytest.mark.parametrize("gaps", [False, True])
def test_copies_and_totals_are_left_out(gaps: bool) -> None:
    frame = answers()
    if not gaps:
        frame = frame.fillna(0.0).assign(a0=frame["a0"])
    frame = frame.assign(copy=frame["b0"] * 2 + 1, total=frame["b1"] + frame["b2"])
    found = planned(frame)
    assert {"copy", "b0"} & set(found.dependent["a0"])
    assert len({"total", "b1", "b2"} & set(found.dependent["a0"])) == 1


def test_constants_predict_nothing() -> None:
    found = planned(answers().assign(same=1.0))
    assert all("same" not in chosen for chosen in found.predictors.values())


def test_cluster_means_are_few_and_properties_of_clusters_have_none() -> None:
    frame = answers(200).assign(team=np.repeat(np.arange(20), 10), size=np.repeat(np.arange(20) % 4, 10) * 1.0)
    found = planned(frame, cluster="team")
    for name, chosen in found.predictors.items():
        means = [other for other in chosen if other.startswith("cluster mean of")]
        assert len(means) <= 5, name
        assert "cluster mean of size" not in means
        assert f"cluster mean of {name}" not in means


def test_indicators_of_groups_are_candidates() -> None:
    frame = answers()
    found = planned(frame, indicators={"g = y": (np.arange(200) < 100) * 1.0})
    assert all("g = y" in chosen for chosen in found.predictors.values())
