"""Every index of careless answering by hand, every rule at its cut-off, and what bad settings are told."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.errors import DataError
from crmstudy.exchange import read_responses
from crmstudy.instrument import Item, ResponseFormat, Scale, load_instrument
from crmstudy.kernels import careless as kernel
from crmstudy.notes import explanations
from crmstudy.responses import Responses
from crmstudy.screening import screen
from tests import tolerances

ROOT = Path(__file__).resolve().parents[2]
NAN = math.nan
FIVE, TEN = ResponseFormat("agree", 1, 5), ResponseFormat("rate", 1, 10)
RULES = ("longstring_mean", "irv", "even_odd", "psychsyn", "psychant", "person_total")


def _sample(n: int = 200, *, formats=(FIVE,) * 4, reverse=("q1", "q6"), seed: int = 3, **rows) -> Responses:
    """Four scales of four items, of which some are reversed; ``r3=[...]`` puts a row in place 3."""
    rng = np.random.default_rng(seed)
    names = [f"q{i}" for i in range(16)]
    latent = rng.normal(size=(n, 4))
    columns = {}
    items = []
    for place, name in enumerate(names):
        form = formats[place // 4]
        tendency = 0.9 * latent[:, place // 4] + 0.45 * rng.normal(size=n)
        answer = np.clip(
            np.round((form.low + form.high) / 2 + tendency * (form.high - form.low) / 4), form.low, form.high
        )
        columns[name] = form.low + form.high - answer if name in reverse else answer
        items.append(Item(name, place + 1, form, reverse=name in reverse))
    frame = pd.DataFrame(columns)
    for row, answers in rows.items():
        frame.loc[int(row[1:])] = answers
    scales = tuple(
        Scale(f"s{k}", {}, tuple(items[4 * k : 4 * k + 4]), "mean", 2) for k in range(4)
    )  # fmt: skip
    instrument = dataclasses.replace(load_instrument("ecsi"), id="four", version="1", items=tuple(items), scales=scales)
    return Responses.from_frame(frame, [instrument])


def _r(x, y):
    return np.corrcoef(x, y)[0, 1]


def test_every_index_by_hand():
    responses = _sample()
    table = screen(responses, rules={"psychsyn": 0, "psychant": {"above": 0, "critical": 0.6}}).tables["careless"]
    raw, keyed = responses.frame.to_numpy(), responses.values.to_numpy()
    r = np.corrcoef(raw, rowvar=False)
    pairs = [(i, j) for i in range(16) for j in range(i + 1, 16)]
    alike = [(i, j) for i, j in pairs if r[i, j] >= 0.6]
    unlike = [(i, j) for i, j in pairs if r[i, j] <= -0.6]
    assert len(alike) > 3
    assert len(unlike) > 3
    for row in range(0, 200, 17):
        answers = raw[row]
        assert table["irv"][row] == pytest.approx(answers.std(ddof=1), rel=1e-12)
        runs = 1 + int((answers[1:] != answers[:-1]).sum())
        assert table["longstring_mean"][row] == pytest.approx(16 / runs)
        odd = [keyed[row, [4 * k, 4 * k + 2]].mean() for k in range(4)]
        even = [keyed[row, [4 * k + 1, 4 * k + 3]].mean() for k in range(4)]
        found = _r(odd, even)
        assert table["even_odd"][row] == pytest.approx(max(2 * found / (1 + found), -1), abs=tolerances.CLOSED_FORM)
        assert table["psychsyn"][row] == pytest.approx(_r(*np.array([answers[list(p)] for p in alike]).T))
        assert table["psychant"][row] == pytest.approx(_r(*np.array([answers[list(p)] for p in unlike]).T))
        assert table["person_total"][row] == pytest.approx(_r(answers, raw.mean(axis=0)))


@pytest.mark.parametrize(
    ("rule", "side", "expected"),
    [
        ("irv", "below", lambda v, c: v < c),
        ("irv", "above", lambda v, c: v > c),
        ("even_odd", "below", lambda v, c: v < c),
        ("psychsyn", "below", lambda v, c: v < c),
        ("psychant", "above", lambda v, c: v > c),
        ("person_total", "below", lambda v, c: v < c),
        ("longstring_mean", "above", lambda v, c: v >= c),
    ],
)
def test_a_rule_flags_beyond_its_cut_off_and_never_where_there_is_no_index(rule, side, expected):
    responses = _sample(r7=[3.0] * 16)
    values = screen(responses).tables["careless"][rule].to_numpy()
    cut = float(np.nanmedian(values))
    found = screen(responses, rules={rule: {side: cut}})
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(found.flags[rule], expected(values, cut))
    if np.isnan(values).any():
        (note,) = [note for note in found.notes if note.code == "SCREENING_NO_INDEX" and note.subject == rule]
        assert str(int(np.isnan(values).sum())) in note.message
        assert not found.flags[rule][np.isnan(values)].any()
    number = screen(responses, rules={rule: cut})
    if side == {"irv": "below"}.get(rule, side):
        np.testing.assert_array_equal(number.flags[rule], found.flags[rule])


def test_random_answers_are_told_from_careful_ones():
    rng = np.random.default_rng(8)
    rows = {f"r{row}": rng.integers(1, 6, 16).astype(float) for row in range(20)}
    table = screen(_sample(300, **rows)).tables["careless"]
    careless = table.index < 20
    for index, higher in (("even_odd", False), ("psychsyn", False), ("psychant", True), ("mahalanobis", True)):
        careful = table[index][~careless].median()
        random = table[index][careless].median()
        assert (random > careful) == higher, index


def test_reversal_changes_only_what_is_keyed():
    """Turning the answers and the declaration of an item leaves every index but those of raw answers as it is."""
    one = screen(_sample(reverse=("q1", "q6"))).tables["careless"]
    other = screen(_sample(reverse=("q1", "q6", "q9"))).tables["careless"]
    np.testing.assert_allclose(one["even_odd"], other["even_odd"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one["mahalanobis"], other["mahalanobis"], rtol=1e-9)
    assert not np.allclose(one["irv"], other["irv"])


@given(st.integers(0, 10_000), st.sampled_from([2.0, 0.1, 1e5]), st.sampled_from([0.0, -30.0]))
def test_correlations_within_a_row_do_not_depend_on_the_unit(seed, scale, origin):
    rng = np.random.default_rng(seed)
    answers = rng.integers(1, 6, size=(6, 9)).astype(float)
    answers[rng.random(answers.shape) < 0.2] = NAN
    halves = [([0, 2], [1]), ([3], [4, 5]), ([6, 8], [7])]
    moved = answers * scale + origin
    near = {"rtol": 1e-6, "atol": 1e-6}
    np.testing.assert_allclose(kernel.even_odd(halves, moved), kernel.even_odd(halves, answers), **near)
    np.testing.assert_allclose(kernel.person_total(moved), kernel.person_total(answers), **near)
    np.testing.assert_allclose(kernel.answer_spread(moved), scale * kernel.answer_spread(answers), **near)
    np.testing.assert_allclose(kernel.pairwise_correlations(moved), kernel.pairwise_correlations(answers), **near)


def test_pairwise_correlations_are_those_of_pandas():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(50, 6)) + rng.normal(size=(50, 1))
    values[rng.random(values.shape) < 0.2] = NAN
    values[:, 5] = np.where(np.isnan(values[:, 5]), NAN, 2.0)
    theirs = pd.DataFrame(values).corr(min_periods=3).to_numpy()
    np.testing.assert_allclose(kernel.pairwise_correlations(values)[:5, :5], theirs[:5, :5], rtol=1e-10)
    assert np.isnan(kernel.pairwise_correlations(values)[5]).all()


def test_formats_that_differ_enter_as_shares_of_their_range():
    same, mixed = _sample(), _sample(formats=(FIVE, TEN, FIVE, TEN))
    found = screen(mixed)
    assert "SCREENING_MIXED_FORMATS" in [note.code for note in found.notes]
    assert "SCREENING_MIXED_FORMATS" not in [note.code for note in screen(same).notes]
    shares = mixed.frame.to_numpy(float).copy()
    for place in range(16):
        high = 10 if place // 4 in (1, 3) else 5
        shares[:, place] = (shares[:, place] - 1) / (high - 1)
    wanted = [_r(row, shares.mean(axis=0)) for row in shares]
    np.testing.assert_allclose(found.tables["careless"]["person_total"], wanted, rtol=1e-9, atol=1e-12)


def test_out_of_range_answers_are_missing_for_every_index_but_runs():
    row = [1.0, 2, 3, 4, 5, 9, 9, 9, 9, 1, 2, 3, 4, 5, 1, 2]
    table = screen(_sample(r0=row)).tables["careless"]
    answered = np.array([value for value in row if value < 6])
    assert table["irv"][0] == pytest.approx(answered.std(ddof=1))
    assert table["longstring"][0] == 4
    assert table["missing"][0] == 4


def test_a_scale_made_of_others_is_left_out_of_even_odd():
    frame = _sample(reverse=()).frame
    parts = {f"s{k}": [f"q{i}" for i in range(4 * k, 4 * k + 4)] for k in range(4)}
    whole = {**parts, "total": [f"q{i}" for i in range(16)]}
    one = screen(frame, items=parts, shapes=False).tables["careless"]["even_odd"]
    other = screen(frame, items=whole, shapes=False).tables["careless"]["even_odd"]
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("rule", "frame", "words"),
    [
        ("even_odd", {"a": [1, 2, 3], "b": [2, 1, 4]}, "three scales of two items or more, and none is known"),
        ("psychsyn", {"a": [1, 2, 3, 1], "b": [2, 2, 1, 1]}, "no pair of items correlates at 0.6 or above"),
        ("psychant", {"a": [1, 2, 3], "b": [1, 2, 3]}, "no pair of items correlates at −0.6 or below"),
        ("person_total", {"a": [1, 2, 3], "b": [1, 3, 2]}, "it needs three items or more"),
        ("irv", {"a": [1, 2, 3]}, "one item has no spread"),
        ("person_total", {"a": [1, 2], "b": [1, 2], "c": [1, 2]}, "nobody has three answered points that vary"),
    ],
)
def test_a_rule_whose_index_nobody_has_is_not_applied(rule, frame, words):
    found = screen(pd.DataFrame(frame), rules={rule: 0 if rule != "irv" else 0.5, "exclude": [rule]}, shapes=False)
    (note,) = [note for note in found.notes if note.code == "SCREENING_RULE_NOT_APPLIED" and note.subject == rule]
    assert words in note.message
    assert found.kept.all()
    assert not found.tables["rules"].set_index("rule").loc[rule, "applied"]


def test_an_index_nobody_asked_for_and_nobody_has_is_told_once():
    found = screen(pd.DataFrame({"a": [1, 2, 3], "b": [2, 1, 4]}), shapes=False)
    (note,) = [note for note in found.notes if note.code == "SCREENING_INDEX_NOT_COMPUTED"]
    assert "even_odd" in note.message
    assert note.level == "info"


def test_response_times_add_up_and_can_be_per_item():
    frame = _sample().frame.assign(page1=10.0, page2=np.where(np.arange(200) < 3, 2.0, 90.0), name="x")
    frame.loc[9, "page1"] = NAN
    frame.loc[10, "page1"] = -500
    items = [f"q{i}" for i in range(16)]
    rule = {"column": ["page1", "page2"], "below": 30}
    found = screen(frame, rules={"response_time": rule}, items=items, shapes=False)
    assert np.flatnonzero(found.flags["response_time"]).tolist() == [0, 1, 2, 10]
    assert found.tables["careless"]["seconds"][0] == 12
    assert found.reasons[0].endswith("response_time: answered in 12")
    codes = [note.code for note in found.notes if note.subject == "response_time"]
    assert codes == ["SCREENING_NO_INDEX", "SCREENING_NEGATIVE_TIME"]
    each = screen(frame, rules={"response_time": {**rule, "below": 2, "per": "item"}}, items=items, shapes=False)
    assert each.tables["careless"]["seconds"][0] == pytest.approx(12 / 16)
    assert np.flatnonzero(each.flags["response_time"]).tolist() == [0, 1, 2, 10]


def test_a_column_a_rule_names_is_no_item_of_a_dataframe():
    frame = _sample().frame.assign(seconds=100.0)
    found = screen(frame, rules={"response_time": {"column": "seconds", "below": 5}}, shapes=False)
    assert "seconds" not in found.tables["missing"]["item"].tolist()
    assert len(found.tables["missing"]) == 16


def test_attention_checks_count_wrong_answers():
    frame = _sample().frame.assign(c1=4, c2=["yes"] * 197 + ["no", "maybe", None], c3="2")
    frame.loc[0, "c1"] = 3
    frame.loc[198, "c1"] = 1
    checks = {"c1": 4, "c2": ["yes", "no"], "c3": 2}
    found = screen(frame, rules={"attention": {"checks": checks}}, shapes=False)
    assert np.flatnonzero(found.flags["attention"]).tolist() == [0, 198]
    twice = screen(frame, rules={"attention": {"checks": checks, "wrong": 2}}, shapes=False)
    assert np.flatnonzero(twice.flags["attention"]).tolist() == [198]
    assert twice.tables["careless"]["attention_wrong"][198] == 2
    (note,) = [note for note in found.notes if note.code == "SCREENING_CHECK_UNANSWERED"]
    assert note.message.startswith("1 of 200 rows")


def test_rules_about_other_columns_work_without_items():
    frame = pd.DataFrame({"seconds": [3.0, 50.0], "town": ["x", "y"]})
    rules = {"response_time": {"column": "seconds", "below": 10}, "exclude": ["response_time"]}
    found = screen(Responses.from_frame(frame), rules=rules)
    assert found.kept.tolist() == [False, True]
    assert found.tables["careless"]["seconds"].tolist() == [3, 50]


def test_overlap_counts_and_exclusions_are_those_of_the_flags():
    responses = _sample(r3=[1.0] * 16, r4=[1.0] * 16, r9=[NAN] * 12 + [1.0] * 4)
    rules = {"irv": 0.3, "longstring": 8, "exclude": ["longstring", "irv", "duplicates"]}
    found = screen(responses, rules=rules)
    marks = found.flags.to_numpy().astype(int)
    np.testing.assert_array_equal(found.tables["overlap"].drop(columns="rule").to_numpy(), marks.T @ marks)
    counts = marks.sum(axis=1)
    for row in found.tables["flag_counts"].to_dict("records"):
        assert row["n"] == (counts >= row["rules"]).sum()
    np.testing.assert_array_equal(found.tables["careless"]["flags"], counts)
    gone = found.tables["exclusions"]
    assert gone["rule"].tolist() == ["duplicates", "longstring", "irv"]
    assert gone["n"].sum() == (~found.kept).sum()
    assert gone.set_index("rule").loc["duplicates", "n"] == found.flags["duplicates"].sum()


def test_what_is_on_without_being_asked_is_not_more_than_before():
    assert screen(_sample()).flags.columns.tolist() == ["missing", "range", "duplicates", "longstring", "mahalanobis"]


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"irv": True}, "irv must be a number of at least 0; found True"),
        ({"irv": {"under": 1}}, "irv has no setting 'under'. It has: below, above"),
        ({"irv": {}}, "irv must say where it is cut"),
        ({"even_odd": 1.5}, "even_odd must be a number from -1 to 1"),
        ({"even_odd": NAN}, "even_odd must be a number from -1 to 1"),
        ({"psychsyn": {"below": 0, "critical": 1.2}}, "critical must be a correlation between 0 and 1"),
        ({"psychant": {"belo": 0}}, "psychant has no setting 'belo'"),
        ({"longstring_mean": 0.5}, "longstring_mean must be a number of at least 1"),
        ({"response_time": 20}, "response_time must be a mapping such as"),
        ({"response_time": {"column": "t", "below": 0}}, "below must be a number above 0"),
        ({"response_time": {"below": 3}}, "column must name one column or a list of them"),
        ({"response_time": {"column": "t", "below": 3, "per": "page"}}, "per must be total or item"),
        ({"response_time": {"column": "t", "below": 3}}, "names the column 't', which is not there"),
        ({"response_time": {"column": "q1", "below": 3}}, "names 'q1', which is an item"),
        ({"response_time": {"column": "name", "below": 3}}, "holds no numbers"),
        ({"attention": ["c1"]}, "attention must be a mapping such as"),
        ({"attention": {"checks": {}}}, "checks must give the right answer to each column"),
        ({"attention": {"checks": {"c1": None}}}, "the right answer to 'c1'"),
        ({"attention": {"checks": {"c1": 1}, "wrong": 2}}, "wrong must be a whole number from 1 to 1"),
        ({"attention": {"checks": {"c9": 1}}}, "names the column 'c9'"),
        ({"evenodd": 0}, "Did you mean 'even_odd'?"),
        ({"exclude": ["irv"]}, "'irv', which is switched off"),
    ],
)
def test_settings_that_make_no_sense(rules, sentence):
    sample = _sample()
    sample = Responses.from_frame(sample.frame.assign(name="x", c1=1), sample.instruments)
    with pytest.raises(DataError) as caught:
        screen(sample, rules=rules)
    assert sentence in str(caught.value)


def test_faults_of_several_rules_are_told_at_once():
    with pytest.raises(DataError) as caught:
        screen(_sample(), rules={"irv": -1, "even_odd": 3, "attention": 1})
    assert len(caught.value.faults) == 3


def test_items_that_are_asked_for():
    frame = _sample().frame.assign(age=30, town="x")
    found = screen(frame, items=["q2", "q0"], shapes=False)
    assert found.tables["missing"]["item"].tolist() == ["q0", "q2"]
    some = screen(_sample(), items=["q0", "q1", "q2", "q3", "q5"], shapes=False)
    assert some.tables["missing"]["scale"].tolist() == ["s0"] * 4 + [""]
    for items, sentence in ((["q77"], "no column 'q77'"), (["town"], "no numbers in town"), ([], "No items are named")):
        with pytest.raises(DataError, match=sentence):
            screen(frame, items=items)
    with pytest.raises(DataError, match="`mcar` is true or false"):
        screen(frame, mcar=1)


def test_every_note_is_explained():
    frame = _sample().frame.assign(c1=np.where(np.arange(200) < 2, NAN, 1), seconds=-1.0)
    rules = {name: 0.1 for name in RULES if name != "longstring_mean"} | {
        "attention": {"checks": {"c1": 1}}, "response_time": {"column": "seconds", "below": 3},
    }  # fmt: skip
    assert all(note.code in explanations() for note in screen(frame, rules=rules).notes)


def test_the_mobile_study_has_every_index():
    mobi = read_responses(ROOT / "data" / "mobi" / "responses.csv", instruments=["ecsi"])
    table = screen(mobi, shapes=False).tables["careless"]
    assert table["even_odd"].notna().sum() > 240
    assert table["psychsyn"].notna().sum() > 230
    assert table["psychant"].isna().all()  # no item of it is reversed
