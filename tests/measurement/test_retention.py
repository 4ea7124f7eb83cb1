import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crmstudy as cs
from crmstudy.drawing import ScreePlot
from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.measurement.factors.association import associate
from crmstudy.measurement.factors.counting import METHODS
from crmstudy.measurement.factors.retention import _estimates, retention
from crmstudy.notes import explanations
from crmstudy.responses import Responses
from crmstudy.results import ESTIMATE_COLUMNS
from tests import tolerances
from tests.measurement.asked import small_responses

TABLES = {"suggested", "kmo", "bartlett", "eigenvalues", "map", "ekc", "hull", "scree"}


def items(n=300, factors=2, each=4, seed=1, loading=0.75):
    rng = np.random.default_rng(seed)
    scores = np.repeat(rng.normal(size=(n, factors)), each, axis=1)
    values = loading * scores + np.sqrt(1 - loading**2) * rng.normal(size=(n, factors * each))
    return pd.DataFrame(values, columns=[f"q{i}" for i in range(1, factors * each + 1)])


def likert(n=300, **more):
    return pd.DataFrame(np.digitize(items(n, **more), [-1.2, -0.4, 0.3, 1.1]) + 1).rename(columns=lambda i: f"q{i + 1}")


def asked(data, **more):
    return retention(data, **{"draws": 40, "seed": 1, **more})


def numbers(result):
    return result.tables["suggested"].set_index("method")["number"]


def codes(result):
    return [note.code for note in result.notes]


def test_every_rule_finds_two_clear_factors():
    result = asked(items())
    found = numbers(result)
    assert set(result.tables) == TABLES
    assert list(found.index) == list(METHODS)
    assert (found.drop("optimal_coordinates") == 2).all()  # two equal first eigenvalues lie below their line
    assert list(result.estimates.columns) == list(ESTIMATE_COLUMNS)
    assert result.estimates["term"].tolist() == [f"eigenvalue {i}" for i in range(1, 9)]
    assert result.estimates["estimate"].sum() == pytest.approx(8)
    assert (result.estimates["ci_low"] < result.estimates["estimate"]).all()
    assert set(codes(result)) <= set(explanations())
    assert cs.retention is retention


def test_nothing_is_chosen_silently():
    """Rules that are not advised stand in the table and not in the sentence."""
    result = asked(items(factors=3, seed=4), max_factors=5)
    advised = result.tables["suggested"].set_index("method")["advised"]
    assert not advised["kaiser"]
    assert not advised["acceleration"]
    for method in METHODS:
        assert (METHODS[method][0] in result.text) == advised[method]
    assert "KMO = ." in result.text
    assert "Bartlett's χ²(66) = " in result.text


def test_the_picture_has_four_lines_with_names():
    result = asked(items())
    plot = result.plot()
    assert isinstance(plot, ScreePlot)
    assert [(line.kind, line.what) for line in plot.lines] == [
        ("components", "observed"), ("components", "random"), ("factors", "observed"), ("factors", "random")
    ]  # fmt: skip
    assert "2 components and 2 factors" in plot.alt
    assert len(asked(items(), parallel="components").plot().lines) == 2


def test_one_kind_of_parallel_analysis_alone():
    components, factors = asked(items(), parallel="components"), asked(items(), parallel="factors")
    assert "factor" not in components.tables["eigenvalues"]
    assert "parallel_factors" not in numbers(components)
    assert "parallel_components" not in numbers(factors)
    assert "component" in factors.tables["eigenvalues"]
    both = asked(items()).tables["eigenvalues"]
    pd.testing.assert_series_equal(both["factor_mean"], factors.tables["eigenvalues"]["factor_mean"])


def test_a_seed_makes_the_random_data_the_same():
    first, second, other = asked(items()), asked(items()), asked(items(), seed=2)
    pd.testing.assert_frame_equal(first.tables["eigenvalues"], second.tables["eigenvalues"])
    assert (first.tables["eigenvalues"]["component_mean"] != other.tables["eigenvalues"]["component_mean"]).all()
    unnamed = retention(items(), draws=20)
    again = retention(items(), draws=20, seed=unnamed.call["seed"])
    pd.testing.assert_frame_equal(unnamed.tables["eigenvalues"], again.tables["eigenvalues"])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_units_order_and_direction_do_not_matter(seed):
    data, rng = items(seed=seed), np.random.default_rng(seed)
    order, signs = rng.permutation(8), rng.choice([-1.0, 1.0], 8)
    changed = (data.iloc[rng.permutation(300)] * signs * rng.uniform(0.1, 9, 8) + rng.normal(size=8)).iloc[:, order]
    first, second = asked(data), asked(changed)
    assert numbers(first).to_dict() == numbers(second).to_dict()
    close = {"rel": tolerances.INVERSE_RELATIVE}
    assert second.fit["kmo"] == pytest.approx(first.fit["kmo"], **close)
    assert second.fit["bartlett_chisq"] == pytest.approx(first.fit["bartlett_chisq"], **close)
    msa = first.tables["kmo"].set_index("item")["msa"]
    pd.testing.assert_series_equal(second.tables["kmo"].set_index("item")["msa"].loc[msa.index], msa)


def test_normal_and_shuffled_data_say_the_same_of_normal_answers():
    normal, shuffled = asked(items(), draws=200), asked(items(), draws=200, random="permutation")
    first, second = normal.tables["eigenvalues"], shuffled.tables["eigenvalues"]
    spread = (first["component_percentile"] - first["component_mean"]) / 1.645
    gap = np.abs(first["component_mean"] - second["component_mean"])
    assert (gap < 1.2 * tolerances.MONTE_CARLO_IN_SE * spread * np.sqrt(2 / 200)).all()


def test_polychoric_correlations_of_ordinal_answers():
    result = asked(likert(), ordinal=True)
    found = numbers(result)
    assert result.call["random"] == "permutation"
    assert [name for name in found.index if name.startswith("hull")] == ["hull_caf"]
    assert (found.drop("optimal_coordinates") == 2).all()
    assert "RETENTION_BARTLETT_POLYCHORIC" in codes(result)
    assert "polychoric" in result.text
    # attenuation: the first eigenvalue of the answers as numbers is smaller
    assert result.estimates["estimate"][0] > asked(likert()).estimates["estimate"][0]


def test_standard_errors_with_polychoric_correlations_are_the_spread():
    """Over 100 samples of 300 rows with one factor; the spread of a spread is 1/14 of it."""
    drawn = []
    for seed in range(100):
        data = likert(seed=seed, factors=1)
        found, _ = associate(tuple(data), data.to_numpy(float), ordinal=True, missing="listwise")
        drawn.append(_estimates(found, 0.95).iloc[0])
    spread = np.std([row["estimate"] for row in drawn], ddof=1)
    told = np.mean([row["std_error"] for row in drawn])
    assert told == pytest.approx(spread, rel=tolerances.MONTE_CARLO_IN_SE / np.sqrt(2 * 100))


def test_three_treatments_of_missing_answers():
    data = items(n=200).mask(np.random.default_rng(1).random((200, 8)) < 0.05)
    data.iloc[0] = np.nan
    complete = data.dropna()
    listwise, pairwise, em = (asked(data, missing=name) for name in ("listwise", "pairwise", "em"))
    assert listwise.n == len(complete)
    assert listwise.samples["dropped"].tolist() == [200 - len(complete)]
    assert pairwise.n == em.n == 199
    assert "FACTORS_ROWS_DROPPED" in codes(listwise)
    assert "FACTORS_PAIRWISE" in codes(pairwise)
    values = np.linalg.eigvalsh(data.corr().to_numpy())[::-1]
    np.testing.assert_allclose(pairwise.estimates["estimate"], values, rtol=tolerances.INVERSE_RELATIVE)
    for result in (pairwise, em):
        assert result.estimates["estimate"][0] == pytest.approx(listwise.estimates["estimate"][0], abs=0.3)
    whole = items(n=200)
    same = [asked(whole, missing=name).estimates["estimate"] for name in ("listwise", "pairwise", "em")]
    np.testing.assert_allclose(same[0], same[1], rtol=tolerances.INVERSE_RELATIVE)
    np.testing.assert_allclose(same[0], same[2], rtol=tolerances.INVERSE_RELATIVE)


def test_responses_are_analysed_reversed_and_all_scales_together():
    responses = small_responses(80)
    result = asked(responses)
    assert result.call["items"] == ["t1", "t2", "t3", "w1", "w2", "c1"]
    assert "RETENTION_ALL_COLUMNS" not in codes(result)
    by_hand = responses.frame[result.call["items"]].assign(t3=6 - responses.frame["t3"])
    pd.testing.assert_frame_equal(asked(by_hand).estimates, result.estimates)
    assert asked(responses, scale=["trust", "worth"]).call["items"] == ["t1", "t2", "t3", "w1", "w2"]
    assert isinstance(responses, Responses)


def test_all_numeric_columns_are_named_in_a_note():
    result = asked(items().assign(city="x"))
    note = next(note for note in result.notes if note.code == "RETENTION_ALL_COLUMNS")
    assert "q1, q2" in note.message
    assert "city" in note.message
    assert "RETENTION_ALL_COLUMNS" not in codes(asked(items(), items=["q1", "q2", "q3", "q4"]))


def test_an_item_that_repeats_others_is_named_and_the_matrix_smoothed():
    data = items(n=100)
    data["copy"] = 2 * data["q3"]
    result = asked(data, max_factors=2)
    note = next(note for note in result.notes if note.code == "FACTORS_SMOOTHED")
    assert "q3 with copy (1.00)" in note.message
    assert np.isnan(result.fit["bartlett_chisq"])
    assert result.estimates["std_error"].isna().all()
    assert "Bartlett" not in result.text
    assert set(result.tables["hull"]["index"]) == {"CAF"}
    assert np.isfinite(result.fit["kmo"])


def test_ordinal_items_that_repeat_each_other():
    data = likert(n=120).assign(copy=lambda frame: frame["q2"])
    result = asked(data, ordinal=True)
    note = next(note for note in result.notes if note.code == "FACTORS_POLYCHORIC_BOUNDARY")
    assert "q2 with copy" in note.message
    assert note.level == "warning"


def test_items_without_common_factors():
    noise = pd.DataFrame(np.random.default_rng(3).normal(size=(60, 5)), columns=list("abcde"))
    result = asked(noise)
    assert "RETENTION_NO_CORRELATION" in codes(result)
    assert {"RETENTION_LOW_KMO", "RETENTION_LOW_MSA"} & set(codes(result))
    assert numbers(result)["parallel_components"] == 0
    assert "0 by " in result.text
    assert "RETENTION_NO_ELBOW" in codes(result)


def test_the_hull_needs_three_solutions():
    """Of 0 and 1 factors the better-fitting one says nothing of an elbow, so it is no number to go by."""
    for few, why in ((["q1", "q2", "q3"], "3 items do not"), (["q1", "q2", "q3", "q4"], "4 items do not")):
        result = asked(items()[few])
        assert not [name for name in numbers(result).index if name.startswith("hull")]
        assert "Hull" not in result.text
        assert why in next(note.message for note in result.notes if note.code == "RETENTION_NO_ELBOW")
    few = asked(items(), max_factors=1)
    assert "max_factors" in next(note.message for note in few.notes if note.code == "RETENTION_NO_ELBOW")
    assert "hull_caf" in numbers(asked(items()[["q1", "q2", "q3", "q4", "q5"]]))


def test_adequacy_of_a_smoothed_matrix_is_not_laid_to_the_items():
    """Tetrachoric correlations of few answers are one factor's, and nearly singular after smoothing."""
    rng = np.random.default_rng(3)
    common = rng.normal(size=40)
    binary = pd.DataFrame({f"b{i}": (common + rng.normal(size=40) > 0.8).astype(float) for i in range(6)})
    result = asked(binary, ordinal=True)
    assert "FACTORS_SMOOTHED" in codes(result)
    note = next(note for note in result.notes if note.code == "RETENTION_LOW_KMO")
    assert "nearly singular" in note.message
    assert "RETENTION_LOW_MSA" not in codes(result)


def test_three_items_are_the_fewest():
    result = asked(items()[["q1", "q2", "q3"]])
    assert numbers(result)["parallel_components"] == 1
    with pytest.raises(AnalysisError, match="three items or more") as caught:
        asked(items()[["q1", "q2"]])
    assert caught.value.code == "FACTORS_TOO_FEW_ITEMS"


@pytest.mark.parametrize("ordinal", [False, True])
def test_what_the_data_cannot_answer_names_the_item(ordinal):
    data = likert(n=60)
    for change, code, words in (
        ({"q3": 4}, "FACTORS_CONSTANT", "q3: all 60 rows used have the same answer"),
        ({"q2": np.nan}, "FACTORS_ALL_MISSING", "q2: every answer is missing"),
        ({"q5": data["q5"].where(data.index < 7)}, "FACTORS_TOO_FEW_ROWS", "missing in q5 [(]53[)]"),
    ):
        with pytest.raises(AnalysisError, match=words) as caught:
            asked(data.assign(**change), ordinal=ordinal)
        assert caught.value.code == code
    with pytest.raises(AnalysisError) as caught:
        asked(data.iloc[:9], ordinal=ordinal)
    assert caught.value.code == "FACTORS_TOO_FEW_ROWS"
    apart = data.assign(q1=data["q1"].where(data.index < 30), q2=data["q2"].where(data.index >= 30))
    with pytest.raises(AnalysisError, match="q1 and q2") as caught:
        asked(apart, missing="pairwise", ordinal=ordinal)
    assert caught.value.code == "FACTORS_UNPAIRED"


def test_a_column_constant_among_complete_rows_is_named():
    data = likert(n=60).astype(float)
    data.loc[data["q1"] != 3, "q4"] = np.nan
    with pytest.raises(AnalysisError, match="q1: all"):
        asked(data)


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        (items(), {"items": ["q1", "q22"]}, "no column 'q22'.* Did you mean"),
        (items(), {"items": ["q1", "q1", "q2"]}, "asked for 2 times"),
        (items().assign(q9="a"), {"items": ["q1", "q2", "q9"]}, "'q9' holds text"),
        (items().replace({items().iloc[0, 0]: np.inf}), {}, "'q1' holds 1 infinite"),
        (items(), {"ordinal": True}, "'q1' has 300 different values"),
        (items(), {"scale": "trust"}, "declares no scales"),
        (small_responses(), {"scale": "trst"}, "a scale 'trst'. Did you mean"),
        (pd.concat([items(), items()[["q1"]]], axis=1), {}, "'q1' stands twice"),
        (pd.DataFrame({"a": ["x"]}), {}, "no numeric column"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_used(data, options, words):
    with pytest.raises(DataError, match=words):
        asked(data, **options)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("ordinal", "yes"), ("missing", "fiml"), ("missing", True), ("draws", 19), ("draws", 50.0), ("draws", True),
        ("percentile", 40), ("percentile", 100), ("percentile", float("nan")), ("percentile", True),
        ("percentile", "95"), ("parallel", "all"), ("parallel", None), ("random", "uniform"), ("communalities", "one"),
        ("max_factors", 0), ("max_factors", 2.5), ("level", float("nan")), ("level", 1.0), ("level", True),
        ("seed", -1), ("seed", True), ("seed", 1.5),
    ],
)  # fmt: skip
def test_options_that_cannot_be_used(option, value):
    with pytest.raises(ModelError, match=f"`{option}` is"):
        asked(items(), **{option: value})


def test_all_faulty_options_are_told_at_once():
    with pytest.raises(ModelError) as caught:
        asked(items(), draws=1, seed=-1, level=2, missing="pairwise", random="permutation")
    assert len(caught.value.faults) == 4
    with pytest.raises(ModelError) as caught:
        asked(likert(), ordinal=True, random="normal", missing="em")
    assert len(caught.value.faults) == 2


def test_a_path_is_refused():
    with pytest.raises(UnsupportedError, match="read it first"):
        retention("answers.csv")


def test_json_holds_everything():
    content = json.loads(asked(items(), max_factors=1).to_json())
    assert content["kind"] == "retention"
    assert content["tables"]["suggested"][0]["number"] == 2
    assert content["tables"]["hull"][0]["scree_value"] is None
