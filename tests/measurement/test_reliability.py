import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.kernels.reliability.coefficients import feldt_interval
from crmstudy.measurement.reliability.reliability import reliability
from crmstudy.notes import explanations
from crmstudy.responses import Responses
from crmstudy.results import ESTIMATE_COLUMNS
from tests.measurement.asked import answers, instrument, likert, scale, small_responses
from tests.reference import HERE, load


def values(result, scale=None):
    table = result.estimates if scale is None else result.estimates[result.estimates["scale"] == scale]
    return dict(zip(table["term"], table["estimate"], strict=True))


def codes(result):
    return [note.code for note in result.notes]


def test_every_scale_of_the_responses_with_its_own_coefficients():
    result = reliability(small_responses())
    assert list(result.estimates.columns) == [*ESTIMATE_COLUMNS, "scale"]
    assert list(values(result, "trust")) == [
        "alpha", "alpha_standardised", "omega", "lambda_2", "lambda_4", "lambda_6", "lambda_2_standardised",
        "lambda_4_standardised", "lambda_6_standardised", "spearman_brown_odd_even", "guttman_odd_even",
        "spearman_brown_first_second", "guttman_first_second",
    ]  # fmt: skip
    assert list(values(result, "worth")) == ["alpha", "alpha_standardised", "spearman_brown"]
    assert values(result, "complaint") == {}
    assert codes(result) == ["RELIABILITY_TWO_ITEMS", "RELIABILITY_SINGLE_ITEM"]
    assert result.tables["scales"]["scale"].tolist() == ["trust", "worth"]
    assert set(codes(result)) <= set(explanations())


def test_a_reversed_item_counts_in_the_direction_of_its_scale():
    responses = small_responses()
    turned = responses.frame.assign(t3=6 - responses.frame["t3"])
    by_hand = values(reliability(turned, items=["t1", "t2", "t3"]))
    assert values(reliability(responses, scale="trust")) == pytest.approx(by_hand)
    as_answered = reliability(responses.frame, items=["t1", "t2", "t3"])
    assert "RELIABILITY_NEGATIVE_ITEM" in codes(as_answered)
    assert [note.subject for note in as_answered.notes if note.code == "RELIABILITY_NEGATIVE_ITEM"][-1] == "t3"
    assert values(as_answered)["alpha"] < by_hand["alpha"]


def test_complete_cases_are_counted_scale_by_scale():
    responses = small_responses(60)
    frame = responses.frame.copy()
    frame.loc[:4, "w1"] = np.nan
    frame.loc[3:9, "t1"] = np.nan
    result = reliability(Responses.from_frame(frame, responses.instruments))
    counts = result.tables["scales"].set_index("scale")
    assert counts["n"].to_dict() == {"trust": 53, "worth": 55}
    assert counts["dropped"].to_dict() == {"trust": 7, "worth": 5}
    assert result.n == 60 - 2  # rows 3 and 4 lack both
    assert codes(result).count("RELIABILITY_ROWS_DROPPED") == 2
    assert "n = 53" in result.text
    complete = frame.dropna(subset=["w1", "w2"])
    assert values(result, "worth")["alpha"] == pytest.approx(values(reliability(complete, items=["w1", "w2"]))["alpha"])


def test_two_items_get_spearman_brown_and_no_omega():
    result = reliability(answers(50, "a", "b"), scale="pair", items=["a", "b"])
    found = values(result)
    assert found["spearman_brown"] == pytest.approx(found["alpha_standardised"], rel=1e-12)
    assert "omega" not in found
    assert result.preferred.values.tolist() == [["pair", "spearman_brown", found["spearman_brown"]]]
    assert result.tables["items"]["alpha_if_dropped"].isna().all()
    rows = result.tables["intervals"].groupby("coefficient")["method"].agg(list)
    assert rows["alpha"] == ["Feldt", "Bonett", "asymptotic", "asymptotic, distribution-free"]
    assert rows["spearman_brown"] == ["Fisher z, stepped up"]
    assert result.tables["splits"].empty
    assert result.tables["split_halves"].empty


def test_a_single_item_is_a_note_and_nothing_else():
    result = reliability(small_responses(), scale="complaint")
    assert result.estimates.empty
    assert codes(result) == ["RELIABILITY_SINGLE_ITEM"]
    assert "no internal consistency" in result.text
    assert result.preferred.empty
    assert result.plot() is None


def test_an_improper_one_factor_model_gives_no_omega_and_leaves_alpha():
    case = load("omega/mobi_loyalty")
    result = reliability(case.data, scale="loyalty", items=list(case.data))
    assert result.admissible
    assert codes(result) == ["RELIABILITY_OMEGA_IMPROPER"]
    assert "omega" not in set(result.estimates["term"])
    assert "ω" not in result.text
    assert "'CUSL3' is negative" in result.notes[0].message
    assert result.preferred["coefficient"].tolist() == ["alpha"]


def test_an_omega_that_cannot_be_fitted_is_a_note():
    frame = answers(40, "a", "b", "c")
    frame["c"] = frame["b"]
    result = reliability(frame, items=["a", "b", "c"])
    assert codes(result) == ["RELIABILITY_SINGULAR", "RELIABILITY_OMEGA_FAILED"]
    assert "items b, c determine one another" in result.notes[0].message
    assert not {"omega", "lambda_6", "lambda_6_standardised"} & set(values(result))
    assert {"lambda_2", "lambda_4"} < set(values(result))
    assert result.tables["items"]["smc"].isna().all()
    assert result.admissible


@pytest.mark.parametrize("names", [("my item 1", "my item 2", "x-3"), ("رضایت‌مندی", "اعتماد", "وفاداری"), (1, 2, 3)])
def test_names_of_any_kind(names):
    frame = answers(50, "a", "b", "c")
    plain = reliability(frame)
    frame.columns = pd.Index(names)
    assert values(reliability(frame)) == pytest.approx(values(plain), rel=1e-12)
    assert reliability(frame).tables["items"]["item"].tolist() == [str(name) for name in names]


def test_all_numeric_columns_of_a_frame_whatever_their_type():
    frame = answers(50, "a", "b", "c")
    mixed = frame.assign(
        a=frame["a"].astype("Int64"), b=frame["b"].astype("float32"), note="text", c=frame["c"].astype("int8")
    )
    mixed.loc[0, "a"] = pd.NA
    result = reliability(mixed)
    assert result.tables["items"]["item"].tolist() == ["a", "b", "c"]
    assert values(result) == pytest.approx(values(reliability(frame.iloc[1:])), rel=1e-6)


@settings(deadline=None, max_examples=15)
@given(st.permutations(["a", "b", "c", "d"]), st.integers(0, 5))
def test_the_order_of_columns_and_rows_does_not_matter(order, seed):
    frame = answers(40, "a", "b", "c", "d", seed=3)
    shuffled = frame.sample(frac=1, random_state=seed)[list(order)]
    first, second = reliability(frame), reliability(shuffled)
    by_order = {"spearman_brown_odd_even", "guttman_odd_even", "spearman_brown_first_second", "guttman_first_second"}
    same = [{name: value for name, value in values(r).items() if name not in by_order} for r in (first, second)]
    assert same[1] == pytest.approx(same[0], rel=1e-6)
    pair = [result.tables["items"].set_index("item").loc["b", "item_rest"] for result in (first, second)]
    assert pair[0] == pytest.approx(pair[1], rel=1e-10)


def test_intervals_at_another_level():
    result = reliability(answers(50, "a", "b", "c"), level=0.9)
    row = result.estimates.set_index("term").loc["alpha"]
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(feldt_interval(row["estimate"], 50, 3, 0.9))
    assert "90% CI" in result.text


def test_bootstrap_intervals_are_repeatable_and_near_feldts():
    frame = answers(200, "a", "b", "c")
    first, again = (reliability(frame, bootstrap=2000, seed=4) for _ in range(2))
    assert first.to_json() == again.to_json()
    other = reliability(frame, bootstrap=2000, seed=5)
    assert first.estimates["ci_low"].tolist() != other.estimates["ci_low"].tolist()
    rows = first.tables["intervals"]
    alpha = rows[rows["coefficient"] == "alpha"].set_index("method")[["ci_low", "ci_high"]]
    width = np.ptp(alpha.loc["Feldt"])
    assert alpha.loc["percentile bootstrap (2000)"].tolist() == pytest.approx(
        alpha.loc["Feldt"].tolist(), abs=width / 3
    )
    shown = first.estimates.set_index("term").loc["alpha", ["ci_low", "ci_high"]].tolist()
    assert shown == alpha.loc["percentile bootstrap (2000)"].tolist()


def test_a_drawn_seed_is_kept_in_the_call():
    frame = answers(60, "a", "b")
    drawn = reliability(frame, bootstrap=200)
    again = reliability(frame, bootstrap=200, seed=drawn.call["seed"])
    assert again.estimates["ci_low"].tolist() == drawn.estimates["ci_low"].tolist()
    assert reliability(frame).call["seed"] is None


def test_one_scale_does_not_change_anothers_bootstrap():
    responses = small_responses()
    both = reliability(responses, bootstrap=300, seed=1)
    alone = reliability(responses, scale="worth", bootstrap=300, seed=1)
    rows = both.estimates[both.estimates["scale"] == "worth"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, alone.estimates)


def test_bootstrap_samples_without_variance_are_counted():
    frame = answers(12, "a", "b").assign(a=[1] * 11 + [2])
    result = reliability(frame, bootstrap=200, seed=1)
    note = next(note for note in result.notes if note.code == "RELIABILITY_BOOTSTRAP_SKIPPED")
    assert "of 200 bootstrap samples" in note.message
    assert np.isfinite(result.tables["intervals"]["ci_low"]).all()


def test_a_formative_scale_is_reported_with_a_warning():
    frame = answers(50, "a", "b", "c")
    asked = instrument(scale("tools", likert("a", "b", "c"), reflective=False))
    assert "RELIABILITY_FORMATIVE" in codes(reliability(Responses.from_frame(frame, [asked])))


def test_constant_items_of_all_scales_are_named_at_once():
    responses = small_responses()
    frame = responses.frame.assign(t2=4, w1=2)
    with pytest.raises(AnalysisError, match=r"'trust'.*t2.*'worth'.*w1") as caught:
        reliability(Responses.from_frame(frame, responses.instruments))
    assert caught.value.code == "RELIABILITY_CONSTANT_ITEM"
    assert caught.value.code in explanations()


def test_too_few_rows_say_how_many_are_needed():
    with pytest.raises(AnalysisError, match="has 5 complete rows for 5 items; at least 6 are needed"):
        reliability(answers(5, "a", "b", "c", "d", "e"))


def test_items_that_cancel_are_refused():
    frame = answers(30, "a")
    with pytest.raises(AnalysisError, match="cancel"):
        reliability(frame.assign(b=6 - frame["a"]))


def test_a_negative_alpha_is_warned_of():
    frame = answers(40, "a", "b")
    result = reliability(frame.assign(b=6 - frame["b"]))
    assert values(result)["alpha"] < 0
    assert "RELIABILITY_NEGATIVE_ALPHA" in codes(result)


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"ordinal": "yes"}, ModelError, "`ordinal` is True or False, not 'yes'"),
        ({"ordinal": 1}, ModelError, "`ordinal` is True or False, not 1"),
        ({"interval": "felt"}, ModelError, "`interval` is one of feldt, .*not 'felt'. Did you mean 'feldt'"),
        ({"interval": 3}, ModelError, "`interval` is one of"),
        ({"interval": "bca"}, ModelError, "interval='bca' needs bootstrap samples"),
        ({"interval": "percentile", "level": 2}, ModelError, "(?s)`level`.*needs bootstrap samples"),
        ({"group_factors": 0}, ModelError, "`group_factors` is a whole number from 1"),
        ({"group_factors": True}, ModelError, "`group_factors`"),
        ({"group_factors": 2.0}, ModelError, "`group_factors`"),
        ({"splits": 10}, ModelError, "`splits` is a whole number from 100"),
        ({"level": float("nan")}, ModelError, "`level`"),
        ({"bootstrap": True}, UnsupportedError, "`bootstrap` is a number"),
        ({"bootstrap": "bca"}, UnsupportedError, "`bootstrap` is a number"),
        ({"bootstrap": 10}, ModelError, "at least 100"),
        ({"level": 95}, ModelError, "`level` is a coverage"),
        ({"seed": -1}, ModelError, "`seed`"),
        ({"items": ["q1", "b"]}, DataError, "no column 'q1'.*Did you mean 'q'"),
        ({"items": ["a", "a"]}, DataError, "asked for 2 times"),
        ({"items": ["a", "word"]}, DataError, "'word' holds text"),
        ({"items": []}, DataError, "at least one column"),
        ({"scale": "trust"}, DataError, "declares no scales"),
    ],
)
def test_what_is_refused(keywords, error, message):
    frame = answers(30, "a", "b", "q").assign(word="x")
    with pytest.raises(error, match=message):
        reliability(frame, **keywords)


def test_several_faults_are_told_together():
    with pytest.raises(DataError) as caught:
        reliability(answers(30, "alpha_1", "alpha_2"), items=["alpha1", "alpha2"])
    assert len(caught.value.faults) == 2


def test_an_unknown_scale_has_a_near_miss():
    with pytest.raises(DataError, match=r"'trusst'.*Did you mean 'trust'"):
        reliability(small_responses(), scale="trusst")


def test_items_and_scale_of_responses_exclude_each_other():
    with pytest.raises(DataError, match="either `items` or `scale`"):
        reliability(small_responses(), scale="trust", items=["t1", "t2"])


def test_infinite_values_are_refused():
    frame = answers(30, "a", "b").astype(float)
    frame.loc[3, "b"] = np.inf
    with pytest.raises(DataError, match="'b' holds 1 infinite"):
        reliability(frame)


def test_result_as_json_sentence_and_picture():
    result = reliability(small_responses())
    content = json.loads(result.to_json())
    assert content["kind"] == "reliability"
    assert content["tables"]["items"][3]["alpha_if_dropped"] is None
    assert result.text.startswith("Internal consistency (N = 60): trust α = .")
    plot = result.plot()
    assert plot is not None
    assert plot.terms == ("trust", "worth")
    assert all(low < middle < high for low, middle, high in zip(plot.lows, plot.estimates, plot.highs, strict=True))


def test_the_printed_n_is_that_of_the_scales_though_other_rows_are_missing():
    responses = small_responses(60)
    frame = responses.frame.astype(float)
    frame.loc[:4, "w1"] = np.nan
    frame.loc[5:9, "t1"] = np.nan
    result = reliability(Responses.from_frame(frame, responses.instruments), scale=["trust", "worth"])
    assert result.tables["scales"]["n"].tolist() == [55, 55]
    assert result.text.startswith("Internal consistency (N = 55): trust")


def spoiled(**columns):
    responses = small_responses()
    return Responses.from_frame(responses.frame.assign(**columns), responses.instruments)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"t2": 4}, "RELIABILITY_CONSTANT_ITEM"),
        ({"t1": [4.0, 2.0] + [np.nan] * 58}, "RELIABILITY_TOO_FEW_ROWS"),
        ({"t1": [1, 2, 3] * 20, "t2": [5, 4, 3] * 20, "t3": 3}, "RELIABILITY_CONSTANT_ITEM"),
    ],
)
def test_a_scale_that_cannot_be_analysed_leaves_the_others(columns, code):
    result = reliability(spoiled(**columns))
    assert [(note.code, note.level, note.subject) for note in result.failures] == [(code, "warning", "trust")]
    pd.testing.assert_frame_equal(result.estimates, reliability(small_responses(), scale="worth").estimates)
    assert result.tables["scales"]["scale"].tolist() == ["worth"]
    assert result.text.endswith("Not possible for trust.")
    assert result.admissible
    with pytest.raises(AnalysisError, match="'trust'") as caught:
        reliability(spoiled(**columns), scale=["trust", "complaint"])
    assert caught.value.code == code


def test_items_that_cancel_leave_the_other_scales():
    responses = small_responses()
    turned = spoiled(w2=6 - responses.frame["w1"])
    assert [note.code for note in reliability(turned).failures] == ["RELIABILITY_NO_TOTAL_VARIANCE"]
    assert reliability(responses).failures == ()


def test_columns_taken_for_a_scale_and_those_left_out_are_named():
    frame = answers(30, "a", "b").assign(word="x", day=pd.Timestamp("2026-01-01"))
    note = reliability(frame).notes[0]
    assert (note.code, note.level) == ("RELIABILITY_ALL_COLUMNS", "info")
    assert note.message == (
        "No items are named, so all numeric columns are taken for one scale: a, b. Left out, not numbers: word, day."
    )
    assert "RELIABILITY_ALL_COLUMNS" not in codes(reliability(frame, items=["a", "b"]))
    assert "RELIABILITY_ALL_COLUMNS" not in codes(reliability(small_responses()))


def test_whole_numbers_of_numpy_are_whole_numbers():
    frame = answers(40, "a", "b")
    own = reliability(frame, bootstrap=200, seed=3, level=0.9)
    assert (
        reliability(frame, bootstrap=np.int64(200), seed=np.uint8(3), level=np.float64(0.9)).to_json() == own.to_json()
    )


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"seed": 1.5}, ModelError, "`seed` is a whole number from 0, not 1.5"),
        ({"seed": "a"}, ModelError, "`seed` is a whole number from 0, not 'a'"),
        ({"seed": True}, ModelError, "`seed`"),
        ({"level": "a"}, ModelError, "`level` is a coverage such as 0.95, from 0.5 to below 1, not 'a'"),
        ({"bootstrap": 200.0}, UnsupportedError, "`bootstrap` is a number"),
        ({"items": 3}, DataError, "`items` is a list of column names"),
    ],
)
def test_values_of_a_wrong_type_are_a_sentence(keywords, error, message):
    with pytest.raises(error, match=message):
        reliability(answers(30, "a", "b"), **keywords)
    with pytest.raises(DataError, match="`scale` is the id of a scale"):
        reliability(small_responses(), scale=3)


def test_an_item_near_zero_is_not_said_to_be_keyed_the_other_way():
    """Only a correlation whose interval is below zero speaks of the key; one that is written .00 of nothing."""
    rng = np.random.default_rng(6)
    common = rng.normal(size=80)
    frame = pd.DataFrame({name: common + rng.normal(size=80) for name in "abcd"})
    basis = np.column_stack([np.ones(80), frame["a"] + frame["b"] + frame["c"] + frame["d"]])
    noise = rng.normal(size=80)
    noise -= basis @ np.linalg.lstsq(basis, noise, rcond=None)[0]

    def told(share):
        frame["odd"] = noise / noise.std() + share * basis[:, 1] / basis[:, 1].std()
        return [note.message for note in reliability(frame).notes if note.code == "RELIABILITY_NEGATIVE_ITEM"]

    assert told(-0.002) == []
    assert "hardly belongs to it" in told(-0.05)[0]
    assert "probably keyed the other way" in told(-0.6)[0]


def test_a_second_extraction_of_the_group_factors_is_told():
    """Items left against their key: two minima of nearly equal residuals, with an omega_h of .19 and (psych) .47."""
    bfi = pd.read_csv(HERE / "data" / "bfi.csv").head(300)
    result = reliability(bfi[[f"{scale}{i}" for scale in "AC" for i in range(1, 6)]])
    note = next(note for note in result.notes if note.code == "RELIABILITY_EXTRACTION_MINIMA")
    assert ".47 in place of .19" in note.message
    assert values(result)["omega_h"] == pytest.approx(0.188, abs=0.0005)
    assert set(codes(result)) <= set(explanations())
