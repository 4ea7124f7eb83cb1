"""Imputation at the door and as a whole: what is filled in, what is left, what is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.responses import Responses
from tests import tolerances


def codes(imputed: cs.Imputed) -> dict[str, str]:
    return {note.code: note.message for note in imputed.notes}


def survey(n: int = 150, seed: int = 7, rate: float = 0.15) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=n)
    frame = pd.DataFrame({
        f"q{i}": np.clip(np.round(3 + 0.8 * common + 0.8 * rng.normal(size=n)), 1, 5) for i in range(1, 6)
    })  # fmt: skip
    frame["age"] = np.round(40 + 8 * common + 8 * rng.normal(size=n))
    frame["sex"] = np.where(rng.normal(size=n) + common > 0, "f", "m")
    frame["town"] = rng.choice(["Rasht", "Shiraz", "Tabriz"], n)
    return frame.mask(rng.random(frame.shape) < rate)


@pytest.fixture
def responses() -> Responses:
    read = cs.read_responses("data/mobi/responses.csv", instruments=["ecsi"])
    rng = np.random.default_rng(3)
    items = list(read.items)
    frame = read.frame.copy()
    frame[items] = frame[items].mask(rng.random((len(frame), len(items))) < 0.1)
    return Responses.from_frame(frame, read.instruments)


def test_gaps_are_filled_and_nothing_else_changes() -> None:
    data = survey()
    before = data.copy(deep=True)
    imputed = cs.impute(data, m=4, seed=1)
    pd.testing.assert_frame_equal(data, before)
    assert imputed.m == 4
    assert set(imputed.varying) == set(data.columns)
    for completed in imputed.sets:
        assert not completed.isna().any(axis=None)
        assert list(completed.columns) == list(data.columns)
        assert (completed.dtypes == data.dtypes).all()
        for name in data.columns:
            there = data[name].notna()
            assert (completed.loc[there, name] == data.loc[there, name]).all()
            assert set(completed[name]) <= set(data[name].dropna())


def test_same_seed_same_sets_whatever_the_order_of_columns_and_the_number_of_sets() -> None:
    data = survey()
    one = cs.impute(data, m=4, seed=5)
    other = cs.impute(data[data.columns[::-1]], m=2, seed=5)
    for k in range(2):
        pd.testing.assert_frame_equal(one.sets[k], other.sets[k][data.columns])
    assert not cs.impute(data, m=2, seed=6).sets[0].equals(one.sets[0])
    drawn = cs.impute(data, m=2)
    pd.testing.assert_frame_equal(cs.impute(data, m=2, seed=drawn.call["seed"]).sets[1], drawn.sets[1])


def test_chains_in_several_portions_are_the_same(monkeypatch) -> None:
    data = survey()
    whole = cs.impute(data, m=5, seed=5)
    monkeypatch.setattr("crmstudy.kernels.incomplete.imputing._MEMORY", 1.0)
    for one, other in zip(whole.sets, cs.impute(data, m=5, seed=5).sets, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_responses_stay_responses_with_valid_answers(responses) -> None:
    imputed = cs.impute(responses, m=3, seed=1)
    for completed in imputed.sets:
        assert isinstance(completed, Responses)
        assert not completed.values.isna().any(axis=None)
        assert not completed.out_of_range.any(axis=None)
        there = responses.frame.notna()
        assert completed.frame.where(there).equals(responses.frame.where(there))
    models = imputed.models.set_index("variable")
    predictors = models.loc["CUSA1", "predictors"].split(", ")
    assert {"CUSA2", "CUSA3", "mean of image", "mean of loyalty"} <= set(predictors)
    assert not {"IMAG1", "mean of satisfaction"} & set(predictors)
    scores = cs.score(imputed)
    assert scores.call["m"] == 3
    assert "fmi" in scores.estimates


def test_reversed_items_are_imputed_in_their_own_direction(responses) -> None:
    instrument = responses.instruments[0]
    turned = [replace(item, reverse=item.id == "CUSA2") for item in instrument.items]
    instrument = replace(instrument, items=tuple(turned))
    rng = np.random.default_rng(2)
    n = 300
    common = rng.normal(size=n)
    frame = pd.DataFrame({
        item.id: np.clip(np.round(5.5 + (-2 if item.reverse else 2) * common + 0.4 * rng.normal(size=n)), 1, 10)
        for item in instrument.items
    })  # fmt: skip
    frame.loc[:79, "CUSA2"] = np.nan
    frame.loc[100, "CUSA2"] = 99.0
    imputed = cs.impute(Responses.from_frame(frame, [instrument]), m=3, seed=1)
    assert "IMPUTE_OUT_OF_RANGE" in codes(imputed)
    for completed in imputed.sets:
        assert np.corrcoef(completed.frame.loc[:79, ["CUSA1", "CUSA2"]].T)[0, 1] < -0.7
        assert completed.frame.loc[100, "CUSA2"] in range(1, 11)
        assert (completed.frame.loc[101:, "CUSA2"] == frame.loc[101:, "CUSA2"]).all()


def test_nothing_missing_is_said() -> None:
    imputed = cs.impute(survey(rate=0.0), m=3, seed=1)
    assert set(codes(imputed)) == {"IMPUTE_NOTHING_MISSING"}
    assert imputed.varying == ()
    assert cs.describe(imputed, items=["q1"]).estimates["riv"].tolist() == [0.0]


def test_every_option_is_checked_at_once() -> None:
    with pytest.raises(ModelError) as caught:
        cs.impute(survey(), m=1, seed=-1, iterations=0, donors=True)
    assert len(caught.value.faults) == 4
    with pytest.raises(UnsupportedError, match="pmm, norm"):
        cs.impute(survey(), method="pnm")
    with pytest.raises(DataError) as columns:
        cs.impute(survey(), items=["q1", "q9", "q1"], group="sez", cluster="q2", auxiliary=["q1"])
    told = str(columns.value)
    for part in ("'q9'", "'sez'", "Did you mean 'sex'", "2 times", "`items` and by `auxiliary`"):
        assert part in told, told
    with pytest.raises(DataError, match="imputed already"):
        cs.impute(cs.impute(survey(), m=2, seed=1))
    with pytest.raises(DataError, match="list of column names"):
        cs.impute(survey(), items="q1")
    with pytest.raises(DataError, match=r"`method` names 'q77'"):
        cs.impute(survey(), method={"q77": "norm"})


def test_columns_that_cannot_be_used_are_named() -> None:
    data = survey().assign(empty=np.nan, rare=np.nan, text=[f"answer {i}" for i in range(150)], same=2.0)
    data["day"] = pd.Timestamp("2026-01-01")
    data.loc[:1, "rare"] = 1.0
    data.loc[::3, "same"] = np.nan
    imputed = cs.impute(data, m=2, seed=1)
    told = codes(imputed)
    assert "empty" in told["IMPUTE_EMPTY"]
    assert "rare" in told["IMPUTE_TOO_FEW"]
    assert "text" in told["IMPUTE_LEFT_OUT"]
    assert "day" in told["IMPUTE_LEFT_OUT"]
    assert "same" in told["IMPUTE_CONSTANT"]
    assert (imputed.sets[0]["same"] == 2.0).all()
    assert imputed.sets[0]["rare"].isna().sum() == 148
    with pytest.raises(DataError, match=r"'text' holds 150 different texts"):
        cs.impute(data, items=["q1", "text"])
    with pytest.raises(DataError, match=r"'q1' holds 1 infinite"):
        cs.impute(data.assign(q1=data["q1"].mask(data.index == 3, np.inf)))
    with pytest.raises(AnalysisError, match="empty: nobody answered"):
        cs.impute(data[["empty"]])


def test_few_rows_many_columns_copies_and_totals() -> None:
    rng = np.random.default_rng(1)
    wide = pd.DataFrame(rng.normal(size=(20, 30)) + rng.normal(size=(20, 1)), columns=[f"x{i}" for i in range(30)])
    wide = wide.mask(rng.random(wide.shape) < 0.1)
    imputed = cs.impute(wide, m=2, seed=1)
    assert "IMPUTE_PREDICTORS_DROPPED" in codes(imputed)
    assert not imputed.sets[1].isna().any(axis=None)
    data = survey()
    total = data.assign(copy=data["q1"], total=data[["q1", "q2", "q3"]].sum(axis=1, min_count=3))
    imputed = cs.impute(total, m=3, seed=1)
    assert "IMPUTE_COLLINEAR" in codes(imputed)
    for completed in imputed.sets:
        assert completed["q1"].std() == pytest.approx(data["q1"].std(), rel=0.15)


def test_two_rows_with_answers_and_one_category() -> None:
    data = pd.DataFrame({"x": [1.0, 2.0, 3.0, np.nan, 5.0], "word": ["a", "a", None, "a", "a"]})
    imputed = cs.impute(data, m=2, seed=1)
    assert imputed.sets[0]["word"].tolist() == ["a"] * 5
    assert "IMPUTE_FEW_DONORS" in codes(imputed)


def test_groups_apart_or_by_indicators() -> None:
    rng = np.random.default_rng(4)
    n = 600
    group = np.repeat(["a", "b"], n // 2)
    x = rng.normal(size=n)
    y = np.where(group == "a", 0.9, -0.9) * x + 0.3 * rng.normal(size=n)
    data = pd.DataFrame({"g": group, "x": x, "y": np.where(rng.random(n) < 0.4, np.nan, y)})
    imputed = cs.impute(data, m=5, seed=1, group="g")
    assert "apart" in codes(imputed)["IMPUTE_GROUPS"]
    assert set(imputed.models["group"]) == {"a", "b"}
    filled = data["y"].isna()
    for completed in imputed.sets:
        for label, sign in (("a", 1), ("b", -1)):
            rows = completed[filled & (completed["g"] == label)]
            assert sign * np.corrcoef(rows["x"], rows["y"])[0, 1] > 0.9
    small = data.groupby("g").head(30)
    told = cs.impute(small, m=2, seed=1, group="g")
    assert "indicators" in codes(told)["IMPUTE_GROUPS"]
    assert set(told.models["group"]) == {""}
    with pytest.raises(DataError, match="missing in 1 rows"):
        cs.impute(data.assign(g=data["g"].mask(data.index == 0)), group="g")
    with pytest.raises(DataError, match="one value in all rows"):
        cs.impute(data.assign(g="a"), group="g")


def test_clusters_keep_their_likeness() -> None:
    rng = np.random.default_rng(6)
    codes_ = np.repeat(np.arange(60), 10)
    y = rng.normal(size=60)[codes_] + rng.normal(size=600)
    x = 0.5 * y + rng.normal(size=600)
    data = pd.DataFrame({"team": codes_, "x": x, "y": np.where(rng.random(600) < 0.4, np.nan, y)})

    def icc(values: pd.Series) -> float:
        table = values.groupby(codes_).agg(["mean", "var"])
        between, within = 10 * table["mean"].var(), table["var"].mean()
        return float((between - within) / (between + 9 * within))

    known = icc(pd.Series(y))
    with_ = np.mean([icc(one["y"]) for one in cs.impute(data, m=10, seed=1, cluster="team").sets])
    without = np.mean([icc(one["y"]) for one in cs.impute(data.drop(columns="team"), m=10, seed=1).sets])
    assert with_ == pytest.approx(known, abs=0.08)
    assert without < known - 0.1
    told = cs.impute(data.assign(size=np.where(codes_ < 3, np.nan, codes_ % 7)), m=2, seed=1, cluster="team")
    assert "size" in codes(told)["IMPUTE_CLUSTER_LEVEL"]
    assert told.sets[0]["size"].isna().sum() == 30
    with pytest.raises(DataError, match="too few for a variance"):
        cs.impute(data.assign(team=data["team"] // 20), cluster="team")


def test_normal_draws_are_for_numbers_that_are_no_items(responses) -> None:
    data = survey()
    imputed = cs.impute(data, m=2, seed=1, method={"age": "norm"})
    assert (imputed.sets[0]["age"] % 1 != 0).any()
    assert (imputed.sets[0]["q1"] % 1 == 0).all()
    with pytest.raises(ModelError, match="no answers to"):
        cs.impute(responses, method="norm")


def test_nullable_and_categorical_columns_keep_their_type() -> None:
    data = survey()
    data["q1"] = data["q1"].astype("Int64")
    data["sex"] = data["sex"].astype("category")
    data["yes"] = pd.array([True, False, None] * 50, dtype="boolean")
    completed = cs.impute(data, m=2, seed=1).sets[0]
    assert (completed.dtypes == data.dtypes).all()
    assert not completed.isna().any(axis=None)


def test_rows_without_any_answer_are_told() -> None:
    data = survey()
    data.loc[3] = None
    assert "1 rows have no answer" in codes(cs.impute(data, m=2, seed=1))["IMPUTE_EMPTY_ROWS"]


def test_traces_models_and_picture() -> None:
    imputed = cs.impute(survey(), m=6, seed=1, iterations=8)
    assert list(imputed.traces.columns) == ["iteration", "set", "variable", "group", "mean", "sd"]
    assert len(imputed.traces) == 8 * 6 * 8
    last = imputed.traces.query("iteration == 8 and variable == 'q1' and set == 2")
    gaps = survey()["q1"].isna()
    assert last["mean"].item() == pytest.approx(
        imputed.sets[1].loc[gaps, "q1"].mean(), rel=tolerances.CLOSED_FORM_RELATIVE
    )
    assert last["sd"].item() == pytest.approx(imputed.sets[1].loc[gaps, "q1"].std(ddof=0), rel=1e-9)
    assert imputed.models["rhat"].between(0.8, 1.4).all()
    plot = imputed.plot()
    assert len(plot.panels) == 6
    assert {len(line) for panel in plot.lines for line in panel} == {8}
    assert "imputed 6 times" in imputed.text
    assert cs.Imputed(imputed.sets).plot() is None


def test_scales_of_a_frame_by_name() -> None:
    data = survey().drop(columns=["sex", "town", "age"])
    imputed = cs.impute(data, m=2, seed=1, items={"a": ["q1", "q2"], "b": ["q3", "q4", "q5"]})
    predictors = imputed.models.set_index("variable")["predictors"]
    assert predictors["q1"] == "mean of b, q2" or set(predictors["q1"].split(", ")) == {"q2", "mean of b"}
