"""Units in groups: partitions against R and by trying all of them, stability against its definition."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.maturity import bottom_up, cluster_levels
from crmstudy.errors import AnalysisError, CrmstudyError, DataError, ModelError
from crmstudy.kernels import partition as kernel
from crmstudy.notes import explanations
from tests import tolerances
from tests.reference import cases, load

EXACT = tolerances.CLOSED_FORM_RELATIVE
UNITS = pd.DataFrame({"unit": list("abcdef"), "x": [0.5, 0.7, 0.6, 3.9, 4.1, 4.0], "y": [1.0, 1.2, 0.9, 3.0, 3.3, 3.1]})


@pytest.mark.parametrize("method", kernel.METHODS)
@pytest.mark.parametrize("name", cases("partition"))
def test_partitions_against_r(name: str, method: str) -> None:
    case = load(name)
    assert case.data is not None
    theirs, k = case.output[method], case.output["k"]
    found = cluster_levels(case.data, method=method, k=k, bootstrap=0, seed=1)
    labels = np.array(theirs["labels"], dtype=int)
    assert found.fit["within"] == pytest.approx(theirs["within"], rel=EXACT)
    np.testing.assert_array_equal(found.tables["units"]["cluster"], labels)
    assert found.fit["explained"] == pytest.approx(theirs["explained"], rel=EXACT)
    np.testing.assert_allclose(found.tables["units"]["silhouette"], theirs["silhouettes"], rtol=EXACT, atol=1e-12)
    row = found.tables["choice"].set_index("k").loc[k]
    assert row["calinski_harabasz"] == pytest.approx(theirs["calinski_harabasz"], rel=EXACT)
    assert row["silhouette"] == pytest.approx(np.mean(theirs["silhouettes"]), rel=EXACT)


@pytest.mark.parametrize("name", cases("partition"))
def test_agreement_of_partitions_against_r(name: str) -> None:
    output = load(name).output
    first, second = (np.array(output[method]["labels"], dtype=np.intp) - 1 for method in ("optimal", "ward"))
    assert kernel.adjusted_rand(first, second) == pytest.approx(output["adjusted_rand"], rel=EXACT)
    np.testing.assert_allclose(kernel.jaccards(first, second, output["k"]), output["jaccards"], rtol=EXACT)


@given(st.lists(st.integers(-5, 12), min_size=4, max_size=12), st.integers(2, 4))
@settings(max_examples=60, deadline=None)
def test_no_partition_of_one_variable_is_better(values: list[int], k: int) -> None:
    x = np.array(values, dtype=float) / 3.0
    points = np.unique(x)
    k = min(k, len(points))
    best = min(
        sum(float(((part - part.mean()) ** 2).sum()) for part in np.split(np.sort(x), np.searchsorted(np.sort(x), cut)))
        for cut in (points[list(cuts)] for cuts in combinations(range(1, len(points)), k - 1))
    )
    found = kernel.optimal(x, k)
    assert len(np.unique(found)) == k
    assert kernel.within(x[:, None], found) == pytest.approx(best, abs=1e-9)
    assert all(len(set(found[x == point])) == 1 for point in points)


def test_one_variable_with_a_large_mean_is_parted_as_well() -> None:
    x = np.array([0.0, 0.1, 0.2, 5.0, 5.1, 9.0])
    np.testing.assert_array_equal(kernel.optimal(x + 1e6, 3), kernel.optimal(x, 3))


@given(st.lists(st.integers(0, 3), min_size=2, max_size=12), st.randoms())
@settings(max_examples=40, deadline=None)
def test_agreement_does_not_depend_on_the_numbers_of_the_clusters(labels: list[int], random: object) -> None:
    first = np.array(labels, dtype=np.intp)
    second = (first + 1) % 4
    assert kernel.adjusted_rand(first, second) == pytest.approx(1.0)
    known = np.unique(first)
    found = kernel.jaccards(first, second, 4)
    assert (found[known] == 1.0).all()
    assert np.isnan(np.delete(found, known)).all()


def test_adjusted_rand_is_about_zero_for_unrelated_partitions() -> None:
    rng = np.random.default_rng(4)
    found = [kernel.adjusted_rand(rng.integers(0, 3, 60), rng.integers(0, 3, 60)) for _ in range(300)]
    assert abs(np.mean(found)) < tolerances.MONTE_CARLO_IN_SE * np.std(found) / np.sqrt(len(found))


# --- stability ----------------------------------------------------


def test_groups_far_apart_come_back_and_made_up_ones_do_not() -> None:
    rng = np.random.default_rng(2)
    apart = pd.DataFrame(np.repeat([0.0, 3.0, 6.0], 15)[:, None] + rng.normal(scale=0.2, size=(45, 3))).add_prefix("b")
    found = cluster_levels(apart, method="kmeans", bootstrap=40, seed=3)
    assert found.fit["k"] == 3
    assert (found.tables["clusters"]["jaccard"] == 1.0).all()
    assert found.fit["adjusted_rand"] == 1.0
    assert found.tables["clusters"]["recovered"].tolist() == [100.0] * 3
    cloud = pd.DataFrame(rng.normal(size=(45, 3))).add_prefix("b")
    vague = cluster_levels(cloud, method="kmeans", k=5, bootstrap=40, seed=3)
    assert vague.tables["clusters"]["jaccard"].min() < 0.6
    assert "CLUSTERS_UNSTABLE" in [note.code for note in vague.notes]
    assert "must not be read as a stage" in vague.text


def test_stability_is_what_its_definition_says() -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(size=(20, 1))
    original = kernel.part(values, 3, "optimal", rng)
    alike, rand = kernel.stability(5, np.random.default_rng(9), values=values, original=original, k=3, method="optimal")
    again = np.random.default_rng(9)
    for replicate in range(5):
        drawn = sorted(set(again.integers(20, size=20).tolist()))
        mine = kernel.optimal(values[drawn, 0], 3)
        for cluster in range(3):
            own = {row for row in drawn if original[row] == cluster}
            others = [{row for row, label in zip(drawn, mine, strict=True) if label == other} for other in range(3)]
            wanted = max(len(own & other) / len(own | other) for other in others)
            assert alike[replicate, cluster] == pytest.approx(wanted)
        assert -1.0 <= rand[replicate] <= 1.0


def test_the_same_seed_gives_the_same_answer() -> None:
    rng = np.random.default_rng(1)
    cloud = pd.DataFrame(rng.normal(size=(25, 2))).add_prefix("b")
    one, two, other = (cluster_levels(cloud, bootstrap=30, seed=seed, k=3) for seed in (7, 7, 8))
    pd.testing.assert_frame_equal(one.tables["clusters"], two.tables["clusters"])
    assert not one.tables["clusters"]["jaccard"].equals(other.tables["clusters"]["jaccard"])
    assert one.fit["within"] == other.fit["within"]


def test_samples_with_too_few_different_units_are_parted_as_far_as_they_go() -> None:
    units = pd.DataFrame({"x": [0.0, 0.0, 0.0, 0.0, 3.0, 6.0]})
    found = cluster_levels(units, k=3, bootstrap=50, seed=1)
    clusters = found.tables["clusters"]
    assert clusters["n"].tolist() == [4, 1, 1]
    assert clusters["replicates"].iloc[0] >= clusters["replicates"].iloc[1]
    assert clusters["jaccard"].between(0, 1).all()


# --- choice, tables, door ----------------------------------------------------


def test_groups_are_numbered_from_the_least_to_the_most_mature() -> None:
    found = cluster_levels(UNITS, unit="unit", method="ward", bootstrap=20)
    assert found.tables["units"]["cluster"].tolist() == [1, 1, 1, 2, 2, 2]
    assert found.tables["units"]["unit"].tolist() == list("abcdef")
    assert found.tables["clusters"]["mean"].tolist() == pytest.approx([4.9 / 6, 21.4 / 6])
    centres = found.tables["centres"].set_index(["cluster", "column"])["mean"]
    assert centres[(1, "x")] == pytest.approx(0.6)
    assert centres[(2, "y")] == pytest.approx(9.4 / 3)
    turned = cluster_levels(UNITS.iloc[::-1], unit="unit", method="ward", bootstrap=0)
    assert turned.tables["units"]["cluster"].tolist() == [2, 2, 2, 1, 1, 1]


def test_the_number_of_groups_is_that_with_the_largest_silhouette_unless_asked() -> None:
    rng = np.random.default_rng(3)
    units = pd.DataFrame({"x": np.concatenate([rng.normal(m, 0.1, 12) for m in (0, 2, 4, 6)])})
    found = cluster_levels(units, bootstrap=0)
    choice = found.tables["choice"]
    assert found.fit["k"] == 4 == choice.loc[choice["silhouette"].idxmax(), "k"]
    assert choice["within"].is_monotonic_decreasing
    asked = cluster_levels(units, k=2, bootstrap=0)
    assert asked.fit["k"] == 2
    assert "asked for" in asked.text
    assert "CLUSTERS_UNTESTED" in [note.code for note in asked.notes]


def test_items_scored_from_below_are_grouped_by_block() -> None:
    rng = np.random.default_rng(0)
    high = np.repeat([0.2, 0.9], 12)[:, None]
    answers = pd.DataFrame((rng.random((24, 8)) < high).astype(int)).add_prefix("i")
    scored = bottom_up(answers, blocks={"A": [f"i{j}" for j in range(4)], "B": [f"i{j}" for j in range(4, 8)]})
    found = cluster_levels(scored, k=2, method="kmeans", bootstrap=20)
    assert found.call["columns"] == ["A", "B"]
    assert found.n == 24
    means = scored.tables["profile"]["mean_maturity"]
    np.testing.assert_allclose(found.tables["units"]["mean"], means, rtol=EXACT)
    one = cluster_levels(scored, columns="B", k=2, bootstrap=0)
    assert one.call["columns"] == ["B"]


def test_units_without_a_score_are_left_out_and_said() -> None:
    units = UNITS.assign(y=[1.0, None, 0.9, 3.0, 3.3, 3.1])
    found = cluster_levels(units, unit="unit", bootstrap=0)
    assert found.n == 5
    assert "b" not in found.tables["units"]["unit"].tolist()
    assert "MATURITY_UNITS_UNSCORED" in [note.code for note in found.notes]


@pytest.mark.parametrize(
    ("data", "keywords", "error", "told"),
    [
        (UNITS.head(2), {}, AnalysisError, "cannot be parted"),
        (UNITS.assign(x=1.0, y=1.0), {}, AnalysisError, "1 of them different"),
        (UNITS, {"k": 7}, AnalysisError, "into 7 groups"),
        (UNITS, {"k": 1}, CrmstudyError, "`k` is a number of groups from 2 on"),
        (UNITS, {"method": "wards"}, CrmstudyError, "Did you mean 'ward'"),
        (UNITS, {"bootstrap": -1}, CrmstudyError, "`bootstrap`"),
        (UNITS, {"largest": 1, "seed": -2}, CrmstudyError, "2 faults"),
        (UNITS, {"columns": ["x", "x"]}, CrmstudyError, "each once"),
        (UNITS, {"columns": ["z"]}, DataError, "no column 'z'"),
        (UNITS.assign(unit="a"), {"unit": "unit"}, DataError, "stands in 6 rows"),
        (UNITS[["unit"]], {}, CrmstudyError, "`columns` names the scores"),
    ],
)
def test_faults_are_sentences(data: pd.DataFrame, keywords: dict[str, object], error: type, told: str) -> None:
    with pytest.raises(error, match=told):
        cluster_levels(data, **keywords)  # type: ignore[arg-type]


def test_prose_and_figures() -> None:
    found = cluster_levels(UNITS, unit="unit", bootstrap=20, seed=1)
    assert "6 units fall into 2 groups" in found.text
    assert "always finds groups" in found.text
    assert "۶ واحد در ۲ گروه" in found.prose("fa")[0]
    assert "6 подразделений распадаются на 2 группы" in found.prose("ru")[0]
    (bars,) = found.drawings()
    assert bars.names == ("x", "y")  # type: ignore[union-attr]
    assert bars.series[1][1] == pytest.approx((4.0, 9.4 / 3))  # type: ignore[union-attr]
    for shown in found.shown:
        assert {column for column, _, _ in shown.columns} <= set(found.tables[shown.table].columns)
    assert {"CLUSTERS_UNTESTED", "CLUSTERS_UNSTABLE", "MATURITY_TOO_FEW_UNITS"} <= set(explanations())


def test_the_scale_of_the_scores_makes_no_difference() -> None:
    rng = np.random.default_rng(8)
    units = pd.DataFrame({"a": rng.uniform(0, 6, 25), "b": rng.uniform(0, 6, 25)})
    for method in kernel.METHODS:
        groups = [
            cluster_levels(units * size, method=method, largest=3, bootstrap=0, seed=1)
            .tables["units"]["cluster"]
            .tolist()
            for size in (1.0, 1e-12, 1e60)
        ]
        assert groups[0] == groups[1] == groups[2]


def test_files_numbered_columns_and_lengths_of_time(tmp_path: Path) -> None:
    units = pd.DataFrame({"a": [0.1, 0.2, 4.0, 4.1], "b": [0.0, 0.1, 5.0, 4.9]})
    units.to_csv(tmp_path / "units.csv", index=False)
    for other in (
        tmp_path / "units.csv",
        units.set_axis([0, 1], axis=1),
        units.assign(age=pd.to_timedelta([1, 2, 3, 4], unit="D")),
    ):
        found = cluster_levels(other, bootstrap=0)
        assert found.tables["units"]["cluster"].tolist() == [1, 1, 2, 2]
        assert len(found.call["columns"]) == 2
    for wrong in ({"columns": 3}, {"columns": [0]}, {"columns": {"a", "b"}}, {"unit": ["a"]}):
        with pytest.raises(ModelError, match="is the name of a column"):
            cluster_levels(units, **wrong)  # type: ignore[arg-type]
    for twice in ({"columns": ["a", "b"], "unit": "a"}, {"columns": ["a", "a"]}):
        with pytest.raises(ModelError, match="each once and none of them the `unit`"):
            cluster_levels(units, **twice)  # type: ignore[arg-type]
