"""What a careless user gives: frames and options that no verb can use are refused by name, once, in a sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import AnalysisError, CrmstudyError, DataError, InputError, ModelError

RNG = np.random.default_rng(5)
TRAIT = RNG.normal(size=80)
FRAME = pd.DataFrame(
    {f"q{i}": np.clip(np.round(3 + TRAIT + RNG.normal(size=80)), 1, 5) for i in range(1, 7)}
    | {"g": np.tile(["a", "b"], 40), "when": np.arange(80)}
)
ITEMS = [f"q{i}" for i in range(1, 7)]
VERBS = {
    "reliability": lambda d, **k: cs.reliability(d, items=ITEMS, **k),
    "retention": lambda d, **k: cs.retention(d, items=ITEMS, draws=20, seed=1, **k),
    "efa": lambda d, **k: cs.efa(d, items=ITEMS, n_factors=1, seed=1, **k),
    "icc": lambda d, **k: cs.icc(d, ratings=ITEMS, **k),
    "test_retest": lambda d, **k: cs.test_retest(d, columns=["q1", "q2"], **k),
    "raters": lambda d, **k: cs.raters(d, kind="krippendorff", metric="interval", items=ITEMS, bootstrap=None, **k),
    "correlate": lambda d, **k: cs.correlate(d, items=ITEMS, **k),
    "midpoint": lambda d, **k: cs.midpoint(d, items=ITEMS, midpoint=3, **k),
    "friedman": lambda d, **k: cs.friedman(d, items=ITEMS, **k),
    "dif": lambda d, **k: cs.dif(d, items=ITEMS, group="g", **k),
    "nonresponse": lambda d, **k: cs.nonresponse(d, items=ITEMS, order="when", **k),
    "crosstab": lambda d, **k: cs.crosstab(d, rows="q1", cols="q2", draws=100, **k),
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
@pytest.mark.parametrize("factor", [1e300, 1e-200])
def test_numbers_whose_powers_cannot_be_held_are_refused_by_name(verb, factor):
    with pytest.raises(DataError, match=r"'q1' holds numbers too large or too small"):
        verb(FRAME.assign(q1=FRAME["q1"] * factor))


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_columns_on_several_levels_are_refused(verb):
    frame = FRAME.copy()
    frame.columns = pd.MultiIndex.from_product([["A"], frame.columns])
    with pytest.raises(DataError, match="2 levels"):
        verb(frame)


def test_a_panel_with_columns_on_several_levels_is_refused():
    frame = pd.DataFrame([[4, 3], [2, 4]], columns=pd.MultiIndex.from_product([["A"], ["e1", "e2"]]))
    with pytest.raises(DataError, match="2 levels"):
        cs.content_validity(frame)


def test_a_number_and_its_text_are_the_same_name():
    with pytest.raises(DataError, match="'1' stands twice"):
        cs.describe(pd.DataFrame([[1, 2], [2, 1]], columns=[1, "1"]))


@pytest.mark.parametrize(
    ("verb", "option"),
    [("reliability", "missing"), ("retention", "random"), ("efa", "rotation"), ("test_retest", "limits"),
     ("raters", "categories"), ("correlate", "method"), ("friedman", "adjust"), ("dif", "reference"),
     ("nonresponse", "split"), ("crosstab", "exact")],
)  # fmt: skip
def test_na_as_an_option_is_refused_by_name(verb, option):
    with pytest.raises(ModelError, match=f"`{option}` is NA"):
        VERBS[verb](FRAME, **{option: pd.NA})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cs.nonresponse(FRAME, items=ITEMS, order="when", split=["third"]), "`split` is one of"),
        (lambda: cs.nonresponse(FRAME, items=ITEMS, wave="g", late=[]), "`late` names no value of 'g'"),
        (lambda: cs.reliability(FRAME, items=ITEMS, interval=["feldt"]), "`interval` is one of"),
        (lambda: cs.reliability(FRAME, items=ITEMS, group_factors=10**12), "`group_factors` is a whole number"),
        (lambda: cs.dif(FRAME, items=ITEMS, group="g", purify="yes"), "`purify` is True or False"),
        (lambda: cs.frequencies(FRAME, items="g", lang=["en"]), "`lang` is a language"),
        (lambda: cs.crosstab(FRAME, rows="g", cols="q1", lang=3), "`lang` is a language"),
        (lambda: cs.icc(FRAME[ITEMS], targets="q1"), "`targets` is for long data"),
        (lambda: cs.icc(FRAME, ratings={"q1", "q2"}), "`ratings` is a set"),
        (lambda: cs.test_retest(FRAME, columns=3), "`columns` is a list"),
        (lambda: cs.impute(FRAME, items={"trust": 1}), "gives the scale 'trust' a list"),
        (lambda: cs.impute(FRAME, items=ITEMS, group=3), "`group` is the name of a column"),
        (lambda: cs.impute(FRAME.assign(x=[[1]] * 80), items=["q1", "x"]), "'x' holds neither numbers nor texts"),
        (lambda: cs.screen(FRAME.assign(q1=FRAME["q1"] * 1j), items=ITEMS), "no numbers in q1"),
        (lambda: cs.raters(FRAME.assign(q1=FRAME["q1"] > 3), items=["q1", "q2"]), "numbers in q2 and true and false"),
        (lambda: cs.midpoint(FRAME, items=["q1"], midpoint={"q2": 3}), "names 'q2'"),
    ],
)  # fmt: skip
def test_options_that_mean_nothing_are_told_in_a_sentence(call, words):
    with pytest.raises(InputError, match=words):
        call()


def test_midpoints_of_columns_that_are_numbers_are_found():
    found = cs.midpoint(FRAME.rename(columns={"q1": 1, "q2": 2}), items=[1, 2], midpoint={1: 3, 2: 2})
    assert found.estimates["midpoint"].tolist() == [3.0, 2.0]


@pytest.mark.parametrize("kind", ["weighted", "fleiss"])
def test_a_stray_code_among_ratings_costs_no_memory(kind):
    frame = pd.DataFrame({"a": [1, 2, 3, 4, 10**12], "b": [1, 2, 3, 4, 5]})
    assert cs.raters(frame, kind=kind, items=["a", "b"], bootstrap=None).n == 5


def test_numbers_of_more_values_than_are_listed_are_described_by_their_mean():
    years = pd.DataFrame({"years": np.arange(60) % 20})
    found = cs.frequencies(years, items="years", most_values=5)
    assert found.tables["numeric"]["variable"].tolist() == ["years"]
    assert found.tables["frequencies"].empty
    assert not found.notes


def test_a_column_that_stands_twice_in_a_printed_table_is_refused():
    with pytest.raises(DataError, match="'sd' stands twice"):
        cs.check_table(pd.DataFrame([[10, "1.0", "2.0"]], columns=["n", "sd", "sd"]))


def test_an_unknown_figure_is_told_once_for_all_rows():
    with pytest.raises(DataError) as refused:
        cs.check_table(pd.DataFrame({"n": [10, 20, 30], "ds": ["1.0", "2.0", "1.5"]}))
    assert [str(fault) for fault in refused.value.faults] == ["3 rows: there is no figure 'ds'. Did you mean 'd'?"]


def test_items_that_cancel_each_other_give_no_infinite_omega():
    found = cs.reliability(FRAME.assign(q2=6 - FRAME["q1"]), items=ITEMS, seed=1)
    omegas = found.tables["group_omegas"].select_dtypes("number").to_numpy()
    assert not np.isinf(omegas).any()


def test_dif_says_when_no_item_could_be_tested():
    found = cs.dif(FRAME, items=ITEMS, group="g", min_count=1000)
    assert found.text == "None of 6 items could be tested for functioning differently by g (N = 80)."


def test_ratings_of_targets_with_raters_of_their_own_need_as_many_each():
    long = pd.DataFrame({"who": ["x"] * 5 + ["y"] * 3, "score": [1, 2, 3, 4, 5, 2, 3, 1]})
    with pytest.raises(AnalysisError, match="from 3 to 5 ratings"):
        cs.icc(long, targets="who", ratings="score")


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (FRAME.iloc[:0], "the data have no rows"),
        (FRAME.iloc[:1], r"\b1\b"),
        (FRAME[["g"]], "no column '(q1|when)'"),
        (FRAME.assign(q1="x"), "'q1' (holds text|needs two categories)"),
    ],
    ids=["no rows", "one row", "no items", "words"],
)
def test_frames_that_nothing_can_be_said_of_are_refused_in_a_sentence(verb, frame, says):
    with pytest.raises((DataError, AnalysisError), match=says) as refused:
        verb(frame)
    assert isinstance(refused.value, CrmstudyError)


@pytest.mark.parametrize("name", VERBS)
def test_an_item_that_nobody_answered_is_told(name):
    """Refused, or the rest is analysed: with a note that names the item where each item is looked at by itself."""
    frame = FRAME.assign(q1=np.nan)
    if name not in ("midpoint", "nonresponse", "raters"):
        with pytest.raises(AnalysisError):
            VERBS[name](frame)
        return
    found = VERBS[name](frame)
    rest = found.estimates[found.estimates["term"] != "q1"]
    assert np.isfinite(rest["estimate"].to_numpy(dtype=float)).all()
    if name == "raters":  # a rater who rated nothing leaves the agreement of the others
        alone = cs.raters(FRAME, kind="krippendorff", metric="interval", items=ITEMS[1:], bootstrap=None)
        assert found.estimates["estimate"].iloc[0] == pytest.approx(alone.estimates["estimate"].iloc[0], rel=1e-12)
    else:
        assert any("q1" in note.message for note in found.notes)
