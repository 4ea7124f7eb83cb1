"""Maturity from below: levels by cut points, scalograms and Loevinger's H against R and by other formulas."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crmstudy.assessment.maturity import bottom_up
from crmstudy.errors import CrmstudyError, DataError, ModelError
from crmstudy.instrument import load_instrument
from crmstudy.kernels import scalogram as kernel
from crmstudy.notes import explanations
from crmstudy.responses import Responses
from tests import tolerances
from tests.reference import cases, load

EXACT = tolerances.CLOSED_FORM_RELATIVE
CODES = (
    "MATURITY_RANGE_ASSUMED", "MATURITY_BLOCK_EMPTY", "MATURITY_UNITS_UNSCORED", "SCALOGRAM_INCOMPLETE",
    "SCALOGRAM_FEW", "SCALOGRAM_CONSTANT", "SCALOGRAM_NOT_POSSIBLE", "SCALOGRAM_TIES", "SCALOGRAM_ORDER",
    "SCALOGRAM_PERFECT", "SCALOGRAM_UNANSWERED",
)  # fmt: skip
answer_tables = arrays(np.int8, st.tuples(st.integers(4, 12), st.integers(2, 5)), elements=st.integers(0, 1)).filter(
    lambda x: bool(((x.sum(axis=0) > 0) & (x.sum(axis=0) < len(x))).all())
)


def codes(result: object) -> list[str]:
    return [note.code for note in result.notes]  # type: ignore[attr-defined]


# --- levels ----------------------------------------------------


def test_items_become_levels_by_the_cut_points_declared() -> None:
    answers = pd.DataFrame({"unit": ["a", "b", "c", "d"], "x": [1, 2, 5, 3], "y": [1, 3, 5, None]})
    found = bottom_up(answers, blocks={"vision": ["x", "y"]}, cuts=[1.5, 2, 2.5, 3, 4, 4.5], unit="unit", ends=(1, 5))
    table = found.tables["units"].set_index("unit")
    assert table["score"].tolist() == [1.0, 2.5, 5.0, 3.0]
    assert table["level"].tolist() == [0, 3, 6, 4]  # at a cut point the level is reached
    assert table["maturity"].tolist() == [0.0, 2.25, 6.0, 3.0]
    assert table["answered"].tolist() == [2, 2, 2, 1]
    assert found.tables["cuts"]["cut"].tolist() == [1.5, 2, 2.5, 3, 4, 4.5]


def test_without_cut_points_the_score_is_rescaled_and_rounded_half_up() -> None:
    answers = pd.DataFrame({"x": [0, 1, 2, 3, 4, 5, 6], "y": [0, 2, 3, 4, 5, 6, 6]})
    found = bottom_up(answers, blocks={"data": ["x", "y"]})
    assert found.tables["units"]["level"].tolist() == [0, 2, 3, 4, 5, 6, 6]
    assert "MATURITY_RANGE_ASSUMED" in codes(found)
    shares = bottom_up((answers > 2).astype(int), blocks={"data": ["x", "y"]}).tables["units"]
    assert shares["level"].tolist() == [0, 0, 3, 6, 6, 6, 6]


def test_a_low_block_of_a_scale_is_not_taken_for_yes_and_no() -> None:
    answers = pd.DataFrame({"a": [0, 1, 1], "b": [0, 4, 3]})
    found = bottom_up(answers, blocks={"A": ["a"], "B": ["b"]})
    assert found.tables["units"]["level"].tolist() == [0, 1, 1, 0, 4, 3]
    alone = bottom_up(answers[["a"]], blocks={"A": ["a"]})
    assert alone.tables["units"]["level"].tolist() == [0, 6, 6]
    assert "taken as no and yes" in next(note.message for note in alone.notes if note.code == "MATURITY_RANGE_ASSUMED")


@given(st.lists(st.integers(1, 5), min_size=3, max_size=20), st.integers(1, 4), st.integers(-10, 10))
@settings(max_examples=20, deadline=None)
def test_levels_do_not_depend_on_the_unit_of_the_answers(values: list[int], scale: int, shift: int) -> None:
    one = pd.DataFrame({"x": values})
    moved = one * scale + shift
    ends = (1 * scale + shift, 5 * scale + shift)
    first = bottom_up(one, blocks={"b": ["x"]}, ends=(1, 5)).tables["units"]
    second = bottom_up(moved, blocks={"b": ["x"]}, ends=ends).tables["units"]
    assert first["level"].tolist() == second["level"].tolist()
    np.testing.assert_allclose(first["maturity"], second["maturity"], atol=tolerances.CLOSED_FORM)


def test_missing_answers_are_never_zero() -> None:
    answers = pd.DataFrame({"x": [6, None, None], "y": [None, None, 3], "z": [6, 0, None]})
    found = bottom_up(answers, blocks={"b": ["x", "y", "z"]}, ends=(0, 6))
    table = found.tables["units"]
    assert table["score"].iloc[0] == 6.0
    assert table["level"].isna().tolist() == [False, True, True]  # a third is less than the half asked for
    assert (found.n, int(found.samples["dropped"].iloc[0])) == (1, 2)
    assert "MATURITY_UNITS_UNSCORED" in codes(found)
    lenient = bottom_up(answers, blocks={"b": ["x", "y", "z"]}, ends=(0, 6), min_answered=0.3).tables["units"]
    assert lenient["score"].tolist() == [6.0, 0.0, 3.0]


def test_a_block_nobody_answered_is_said_and_left_without_a_level() -> None:
    answers = pd.DataFrame({"x": [1, 0, 1], "y": [None, None, None]})
    found = bottom_up(answers, blocks={"vision": ["x"], "data": ["y"]})
    assert ("MATURITY_BLOCK_EMPTY", "data") in [(note.code, note.subject) for note in found.notes]
    assert found.tables["units"].query("block == 'data'")["level"].isna().all()
    assert found.tables["profile"]["blocks"].tolist() == [1, 1, 1]
    assert found.tables["levels"].query("block == 'data'")["n"].sum() == 0
    assert found.admissible


def test_the_profile_names_the_weakest_and_strongest_block() -> None:
    answers = pd.DataFrame({"u": ["p", "q"], "a": [1, 6], "b": [4, 2], "c": [5, 0]})
    found = bottom_up(answers, blocks={"A": ["a"], "B": ["b"], "C": ["c"]}, unit="u", ends=(0, 6))
    profile = found.tables["profile"].set_index("unit")
    assert profile.loc["p", ["weakest", "strongest"]].tolist() == ["A", "C"]
    assert profile.loc["q", ["weakest", "strongest"]].tolist() == ["C", "A"]
    assert profile.loc["p", "mean_level"] == pytest.approx(10 / 3)
    levels = found.tables["levels"]
    assert levels.query("block == 'A'")["n"].tolist() == [0, 1, 0, 0, 0, 0, 1]
    assert levels.query("block == 'A'")["percent"].sum() == pytest.approx(100.0)


def test_the_scales_of_an_instrument_are_blocks_with_its_ranges_and_keys() -> None:
    instrument = load_instrument("crm-sty")
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({item: rng.integers(1, 6, 40) for item in instrument.item_ids})
    responses = Responses.from_frame(frame, [instrument])
    ours = bottom_up(responses)
    assert list(ours.call["blocks"]) == list(instrument.scale_ids)
    scale = instrument.scale(instrument.scale_ids[0])
    assert ours.call["ends"][scale.id] == list(scale.range)
    by_instrument = bottom_up(frame, blocks=instrument)
    pd.testing.assert_frame_equal(ours.tables["units"], by_instrument.tables["units"])
    means = responses.values[list(scale.item_ids)].mean(axis=1)
    mine = ours.tables["units"].query(f"block == '{scale.id}'")["score"]
    np.testing.assert_allclose(mine, means, rtol=EXACT)


# --- scalograms ----------------------------------------------------


@pytest.mark.parametrize("name", cases("scalogram"))
def test_scalograms_against_r(name: str) -> None:
    case = load(name)
    assert case.data is not None
    theirs, columns = case.output, case.output["columns"]
    ends = (0, 1) if theirs["present"] == 1 else (1, 6)
    found = bottom_up(case.data, blocks={"block": columns}, ends=ends, present=theirs["present"])
    table = found.tables["reproducibility"].set_index("criterion")
    assert table["n"].tolist() == [theirs["n"]] * 3
    columns_of = ["errors", "reproducibility", "minimal_reproducibility", "improvement", "scalability", "menzel"]
    for criterion in kernel.CRITERIA:
        wanted = theirs[criterion]
        ours = table.loc[criterion, columns_of]
        np.testing.assert_allclose(ours.astype(float), list(wanted.values()), rtol=EXACT, err_msg=criterion)
    items, theirs_items = found.tables["capabilities"], case.table("items")
    assert items["item"].tolist() == columns
    np.testing.assert_allclose(items["share"], list(theirs["share"].values()), rtol=EXACT)
    np.testing.assert_allclose(items["h"], theirs_items["h"], rtol=EXACT, atol=tolerances.CLOSED_FORM)
    np.testing.assert_allclose(items["std_error"], theirs_items["se"], rtol=tolerances.DIFFERENCE_QUOTIENT_RELATIVE)
    pairs, theirs_pairs = found.tables["pairs"], case.table("pairs")
    assert [{a, b} for a, b in zip(pairs["easier"], pairs["harder"], strict=True)] == [
        {a, b} for a, b in zip(theirs_pairs["first"], theirs_pairs["second"], strict=True)
    ]
    np.testing.assert_allclose(pairs["h"], theirs_pairs["h"], rtol=EXACT, atol=tolerances.CLOSED_FORM)
    np.testing.assert_allclose(pairs["std_error"], theirs_pairs["se"], rtol=tolerances.DIFFERENCE_QUOTIENT_RELATIVE)
    row = found.estimates.iloc[0]
    assert row["estimate"] == pytest.approx(theirs["h"], rel=EXACT)
    assert row["std_error"] == pytest.approx(theirs["se"], rel=tolerances.DIFFERENCE_QUOTIENT_RELATIVE)
    assert row["ci_high"] - row["ci_low"] == pytest.approx(2 * 1.959963984540054 * row["std_error"], rel=EXACT)


@given(answer_tables)
@settings(max_examples=25, deadline=None)
def test_h_is_one_less_guttman_errors_over_those_expected(x: np.ndarray) -> None:
    found = bottom_up(pd.DataFrame(x).add_prefix("i"), blocks={"b": [f"i{j}" for j in range(x.shape[1])]})
    pairs = found.tables["pairs"]
    share = 1.0 - pairs["guttman_errors"] / pairs["expected_errors"]
    np.testing.assert_allclose(pairs["h"], share, atol=1e-9)
    whole = 1.0 - pairs["guttman_errors"].sum() / pairs["expected_errors"].sum()
    assert found.estimates["estimate"].iloc[0] == pytest.approx(whole, abs=1e-9)
    for item, h in found.tables["capabilities"].set_index("item")["h"].items():
        own = pairs[(pairs["easier"] == item) | (pairs["harder"] == item)]
        assert h == pytest.approx(1.0 - own["guttman_errors"].sum() / own["expected_errors"].sum(), abs=1e-9)


@given(answer_tables)
@settings(max_examples=25, deadline=None)
def test_the_nearest_pattern_never_has_more_errors_and_units_may_change_places(x: np.ndarray) -> None:
    answers = x.astype(float)
    order = kernel.popularity_order(answers)
    wrong = {name: kernel.errors(answers, order, name) for name in kernel.CRITERIA}
    assert (wrong["minimal"].sum(axis=1) <= wrong["goodenough_edwards"].sum(axis=1)).all()
    assert (wrong["goodenough_edwards"].sum(axis=1) % 2 == 0).all()  # one too many is one too few elsewhere
    by_item = np.minimum(x.sum(axis=0), len(x) - x.sum(axis=0))
    assert (wrong["cornell"].sum(axis=0) <= by_item).all()
    again = np.random.default_rng(1).permutation(len(x))
    for name in kernel.CRITERIA:
        np.testing.assert_array_equal(kernel.errors(answers[again], order, name).sum(), wrong[name].sum())
        r = kernel.reproducibility(answers, wrong[name])
        assert r.scalability == pytest.approx((r.reproducibility - r.minimal) / (1.0 - r.minimal), abs=1e-12)


def test_a_perfect_order_has_no_errors_and_h_of_one() -> None:
    x = pd.DataFrame(np.tril(np.ones((6, 5)), -1), columns=list("abcde"))
    found = bottom_up(x, blocks={"b": list("abcde")})
    assert found.tables["reproducibility"]["errors"].tolist() == [0.0, 0.0, 0.0]
    assert found.tables["reproducibility"]["reproducibility"].tolist() == [1.0, 1.0, 1.0]
    row = found.estimates.iloc[0]
    assert (row["estimate"], row["std_error"]) == (1.0, 0.0)
    assert "SCALOGRAM_PERFECT" in codes(found)
    # six units without an error are no proof that there never is one: no interval of no length
    assert row[["statistic", "p_value", "ci_low", "ci_high"]].isna().all()
    assert found.tables["capabilities"][["ci_low", "ci_high"]].isna().all(axis=None)
    told = {lang: found.prose(lang) for lang in ("en", "fa", "ru")}
    assert "without an interval" in told["en"][2]
    assert {len(sentences) for sentences in told.values()} == {4}


@pytest.mark.parametrize("seed", range(3))
def test_the_standard_error_of_h_is_that_of_a_numerical_derivative(seed: int) -> None:
    # the delta method over the shares of answer patterns, with Guttman errors over those expected by chance
    rng = np.random.default_rng(seed)
    n, k = 60 + 70 * seed, 3 + seed
    x = (rng.normal(size=(n, 1)) + rng.normal(size=(n, k)) > np.linspace(-1, 1, k)).astype(float)
    patterns, counts = np.unique(x, axis=0, return_counts=True)
    share = counts / n
    pairs = list(combinations(range(k), 2))

    def coefficients(p: np.ndarray) -> np.ndarray:
        easy = p @ patterns
        seen, expected = np.zeros((2, len(pairs)))
        for place, pair in enumerate(pairs):
            hard, soft = sorted(pair, key=lambda item: easy[item])
            seen[place] = p @ (patterns[:, hard] * (1 - patterns[:, soft]))
            expected[place] = easy[hard] * (1 - easy[soft])
        of_item = np.array([[item in pair for pair in pairs] for item in range(k)], dtype=float)
        sums = np.vstack([np.ones(len(pairs)), of_item, np.eye(len(pairs))])
        return 1 - (sums @ seen) / (sums @ expected)

    step = 1e-6
    slopes = np.array(
        [
            (coefficients((share + step * one) / (1 + step)) - coefficients((share - step * one) / (1 - step)))
            / (2 * step)
            for one in np.eye(len(share))
        ]
    )
    errors = np.sqrt(np.diag(slopes.T @ (np.diag(share) - np.outer(share, share)) @ slopes) / n)
    found = kernel.loevinger(x)
    np.testing.assert_allclose([found.h, *found.h_items, *found.h_pairs], coefficients(share), rtol=EXACT)
    np.testing.assert_allclose([found.se, *found.se_items, *found.se_pairs], errors, rtol=1e-7)


def test_independent_capabilities_have_an_h_about_zero_whatever_their_reproducibility() -> None:
    rng = np.random.default_rng(5)
    x = pd.DataFrame((rng.random((4000, 5)) < [0.97, 0.95, 0.5, 0.05, 0.03]).astype(int)).add_prefix("i")
    found = bottom_up(x, blocks={"b": list(x)})
    row = found.estimates.iloc[0]
    assert abs(row["estimate"]) < tolerances.MONTE_CARLO_IN_SE * row["std_error"]
    coefficients = found.tables["reproducibility"].iloc[0]
    assert coefficients["reproducibility"] > 0.9  # high by the margins alone
    assert coefficients["scalability"] > 0.5  # and this one because totals hold the items


def test_the_standard_error_of_h_is_that_of_many_samples() -> None:
    rng = np.random.default_rng(11)
    ability, hard = rng.normal(size=(800, 250)), np.array([-0.8, 0.0, 0.9])
    x = (rng.random((800, 250, 3)) < 1 / (1 + np.exp(-1.5 * (ability[..., None] - hard)))).astype(float)
    found = [kernel.loevinger(sample) for sample in x]
    spread = np.std([one.h for one in found], ddof=1)
    mean_error = np.mean([one.se for one in found])
    assert abs(spread / mean_error - 1.0) < tolerances.MONTE_CARLO_IN_SE / np.sqrt(2 * len(found))


def test_ties_follow_the_declared_order_and_are_said() -> None:
    x = pd.DataFrame({"p": [1, 1, 0, 0], "q": [1, 0, 1, 0], "r": [1, 0, 0, 0]})
    found = bottom_up(x, blocks={"b": ["q", "p", "r"]})
    assert found.tables["capabilities"].set_index("item")["found"].to_dict() == {"q": 1, "p": 2, "r": 3}
    (note,) = [note for note in found.notes if note.code == "SCALOGRAM_TIES"]
    assert "q, p" in note.message
    turned = bottom_up(x, blocks={"b": ["p", "q", "r"]})
    assert turned.estimates["estimate"].iloc[0] == found.estimates["estimate"].iloc[0]


def test_errors_can_be_counted_against_the_declared_order() -> None:
    x = pd.DataFrame({"a": [1, 1, 1, 0], "b": [1, 1, 0, 0], "c": [1, 0, 0, 0]})
    straight = bottom_up(x, blocks={"k": ["a", "b", "c"]}, order="declared")
    assert straight.tables["reproducibility"]["errors"].iloc[0] == 0
    backward = bottom_up(x, blocks={"k": ["c", "b", "a"]}, order="declared")
    assert backward.tables["reproducibility"]["errors"].iloc[0] == 4  # the totals 1 and 2, two errors each
    assert "SCALOGRAM_ORDER" in codes(backward)
    assert bottom_up(x, blocks={"k": ["c", "b", "a"]}).tables["reproducibility"]["errors"].iloc[0] == 0


def test_no_other_order_has_fewer_guttman_errors_than_the_one_found() -> None:
    x = (np.random.default_rng(8).random((30, 4)) < [0.3, 0.8, 0.6, 0.45]).astype(float)

    def guttman(order: tuple[int, ...]) -> float:
        return sum(float(((x[:, a] == 0) & (x[:, b] == 1)).sum()) for a, b in combinations(order, 2))

    found = tuple(kernel.popularity_order(x).tolist())
    assert guttman(found) == min(guttman(order) for order in permutations(range(4)))


def test_incomplete_units_and_constant_capabilities_are_left_out_and_said() -> None:
    x = pd.DataFrame({"a": [1, 1, 1, 1, 1], "b": [1, 0, 1, None, 0], "c": [0, 0, 1, 1, 0]})
    found = bottom_up(x, blocks={"k": ["a", "b", "c"]})
    assert found.tables["capabilities"]["item"].tolist() == ["b", "c"]
    assert found.tables["capabilities"]["n"].tolist() == [4, 4]
    assert {"SCALOGRAM_INCOMPLETE", "SCALOGRAM_CONSTANT", "SCALOGRAM_FEW"} <= set(codes(found))
    alone = bottom_up(x[["a", "b"]], blocks={"k": ["a", "b"]})
    assert alone.estimates.empty
    assert "SCALOGRAM_NOT_POSSIBLE" in codes(alone)
    one_unit = bottom_up(x.head(1), blocks={"k": ["a", "b", "c"]})
    assert one_unit.estimates.empty
    assert one_unit.n == 1


def test_a_capability_that_nobody_answered_does_not_take_the_scalogram_away() -> None:
    rng = np.random.default_rng(3)
    x = pd.DataFrame((rng.random((40, 3)) < [0.8, 0.5, 0.2]).astype(int), columns=list("abc"))
    found = bottom_up(x.assign(d=np.nan), blocks={"k": list("abdc")}, ends=(0, 1))
    alone = bottom_up(x, blocks={"k": list("abc")}, ends=(0, 1))
    assert "SCALOGRAM_UNANSWERED" in codes(found)
    assert "SCALOGRAM_INCOMPLETE" not in codes(found)
    pd.testing.assert_frame_equal(found.estimates, alone.estimates)
    assert found.tables["capabilities"]["declared"].tolist() == [1, 2, 4]


# --- the door ----------------------------------------------------


def test_columns_and_blocks_may_be_numbers_and_a_unit_is_a_name() -> None:
    x = pd.DataFrame(np.random.default_rng(3).integers(0, 2, (20, 3)))
    cuts = [0.1, 0.3, 0.5, 0.7, 0.9, 1.0]
    found = bottom_up(x, blocks={1: [0, 1], 2: [2]}, cuts={2: cuts})
    assert found.tables["cuts"].query("block == '2'")["cut"].tolist() == cuts
    assert bottom_up(x, blocks={"k": [0]}, min_answered=np.float32(0.5)).n == 20
    with pytest.raises(ModelError, match="'0' is an item of 'k'"):
        bottom_up(x, blocks={"k": [0]}, unit="0")
    for unit in (["name"], 3):
        with pytest.raises(ModelError, match="`unit` is the name of a column"):
            bottom_up(x, blocks={"k": [0]}, unit=unit)


def test_all_faults_at_once() -> None:
    answers = pd.DataFrame({"u": ["p", "p", None], "x": [1, 9, 2], "y": [1, 2, 3]})
    with pytest.raises(DataError) as caught:
        bottom_up(answers, blocks={"A": ["x"], "B": ["y"]}, ends={"A": (1, 5), "C": (1, 5)}, cuts={"B": [1, 2, 3]})
    told = str(caught.value)
    assert "outside, the first in row 2" in told
    assert "'C'" in told
    assert "6 rising numbers" in told
    with pytest.raises(DataError) as caught:
        bottom_up(answers, blocks={"A": ["x"]}, unit="u", ends=(1, 9))
    assert "stands in the rows 1, 2" in str(caught.value)
    assert "row 3 has none" in str(caught.value)


@pytest.mark.parametrize(
    ("keywords", "told"),
    [
        ({"blocks": None}, "`blocks` says which items"),
        ({"blocks": {}}, "`blocks` says which items"),
        ({"blocks": {"A": []}}, "names no items"),
        ({"blocks": {"A": ["x"], "B": ["x"]}}, "stands 2 times"),
        ({"blocks": {"A": ["nix"]}}, "no column 'nix'"),
        ({"blocks": {"A": ["x"]}}, "give `ends`"),
        ({"blocks": {"A": ["x"]}, "ends": (5, 1)}, "lowest and the highest"),
        ({"blocks": {"A": ["x"]}, "ends": (1, 5), "cuts": [1, 2, 3, 4, 5, 6]}, "so that every level can be reached"),
        ({"blocks": {"A": ["x"]}, "ends": (1, 5), "cuts": [2, 2, 3, 4, 4.5, 5]}, "rising"),
        ({"blocks": {"A": ["x"]}, "ends": (1, 5), "present": 7}, "`present`"),
        ({"blocks": {"A": ["x"]}, "ends": (1, 5), "order": "popular"}, "Did you mean 'popularity'"),
        ({"blocks": {"A": ["x"]}, "ends": (1, 5), "min_answered": 0}, "`min_answered`"),
        ({"blocks": {"A": ["x"]}, "ends": (1, 5), "level": 95}, "`level`"),
        ({"blocks": {"A": ["w"]}}, "'w' of the units holds numbers"),
    ],
)
def test_faults_are_sentences(keywords: dict[str, object], told: str) -> None:
    answers = pd.DataFrame({"x": [1, 2, 5], "w": ["good", "bad", "good"]})
    with pytest.raises(CrmstudyError, match=told.replace("(", r"\(")):
        bottom_up(answers, **keywords)  # type: ignore[arg-type]


def test_options_that_cannot_be_are_model_errors() -> None:
    with pytest.raises(ModelError):
        bottom_up(pd.DataFrame({"x": [0, 1]}), blocks={"A": ["x"]}, order="none")


# --- what is said and drawn ----------------------------------------------------


def test_prose_has_the_figures_in_three_languages() -> None:
    case = load("scalogram/capabilities")
    assert case.data is not None
    found = bottom_up(case.data, blocks={"strategy": list(case.data)})
    assert "CR = .882" in found.text
    assert "give .713" in found.text
    assert f"{found.n} units" in found.text
    assert "۰٫۸۸۲" in " ".join(found.prose("fa"))
    assert "0,882" in " ".join(found.prose("ru"))
    assert len(found.prose("fa")) == len(found.prose("ru")) == len(found.prose("en"))
    assert "habits, not tests" in found.text


def test_the_grid_has_levels_and_gaps() -> None:
    answers = pd.DataFrame({"u": ["p", "q"], "a": [1, None], "b": [4, 2]})
    grid = bottom_up(answers, blocks={"A": ["a"], "B": ["b"]}, unit="u", ends=(0, 6)).drawings()[0]
    assert grid.values == ((1.0, 4.0), (None, 2.0))  # type: ignore[union-attr]
    assert grid.rows == ("p", "q")  # type: ignore[union-attr]


def test_every_note_is_explained() -> None:
    assert set(CODES) <= set(explanations())


def test_tables_shown_are_there() -> None:
    found = bottom_up(pd.DataFrame({"a": [1, 0, 1], "b": [1, 0, 0]}), blocks={"k": ["a", "b"]})
    for shown in found.shown:
        table = found.estimates if shown.table == "estimates" else found.tables[shown.table]
        assert {column for column, _, _ in shown.columns} <= set(table.columns)
    assert '"kind": "maturity_items"' in found.to_json()
