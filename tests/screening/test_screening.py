"""Each rule by hand on small data; distances against R and against the formula."""

from __future__ import annotations

import dataclasses
import json
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
from crmstudy.kernels.careless import longest_runs
from crmstudy.notes import explanations
from crmstudy.responses import Responses
from crmstudy.screening import screen
from tests import tolerances

ROOT = Path(__file__).resolve().parents[2]
NAN = math.nan
FIVE = ResponseFormat("agree", 1, 5)
ITEMS = tuple(Item(f"i{k}", k + 1, FIVE, reverse=k == 1) for k in range(12))
DOZEN = dataclasses.replace(
    load_instrument("ecsi"), id="dozen", version="1", items=ITEMS, scales=(Scale("s", {}, ITEMS, "mean", 6),)
)


@pytest.fixture(scope="module")
def mobi():
    return read_responses(ROOT / "data" / "mobi" / "responses.csv", instruments=["ecsi"])


def _dozen(n=60, **rows):
    """Random answers of 60 people to 12 items; ``r3=[...]`` puts a row in place 3."""
    answers = np.random.default_rng(5).integers(1, 6, size=(n, 12)).astype(float)
    for name, row in rows.items():
        answers[int(name[1:])] = row
    return Responses.from_frame(pd.DataFrame(answers, columns=[item.id for item in ITEMS]), [DOZEN])


def _rule(screening, name):
    return screening.tables["rules"].set_index("rule").loc[name]


def test_missing_flags_at_the_share_and_above():
    half = [1, 2, 3, 4, 5, 1] + [NAN] * 6
    responses = _dozen(r0=half, r1=[NAN] * 12, r2=[5, 4, 3, 2, 1, 5, 4] + [NAN] * 5)
    screening = screen(responses)
    assert np.flatnonzero(screening.flags["missing"]).tolist() == [0, 1]
    assert screening.reasons[0] == "missing: 6 of 12 items unanswered"
    assert screen(responses, rules={"missing": 0.4}).flags["missing"].sum() == 3
    assert "missing" not in screen(responses, rules={"missing": None}).flags


@pytest.mark.parametrize("answered", range(1, 10))
def test_the_share_is_exact_in_tenths(answered):
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(30, 10)))
    frame.iloc[0, answered:] = NAN
    share = (10 - answered) / 10
    assert screen(frame, rules={"missing": share}).flags["missing"].iloc[0]
    assert not screen(frame, rules={"missing": min(1.0, share + 0.05)}).flags["missing"].iloc[0]


def test_range_flags_and_the_value_is_never_used():
    responses = _dozen(r4=[1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5])
    screening = screen(responses)
    assert np.flatnonzero(screening.flags["range"]).tolist() == [4]
    assert "range: out of range: i5, i6" in screening.reasons[4]
    missing = screening.tables["missing"].set_index("item")
    assert missing.loc["i5", ["n", "missing", "out_of_range"]].tolist() == [59, 1, 1]
    assert missing.loc["i5", "percent"] == pytest.approx(100 / 60)
    assert missing.loc["i5", "scale"] == "s"
    assert math.isnan(screening.tables["careless"]["mahalanobis"][4])
    assert any(note.code == "RESPONSES_OUT_OF_RANGE" for note in screening.notes)


def test_duplicates_flag_the_later_row_and_name_the_earlier():
    row = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, NAN]
    screening = screen(_dozen(r3=row, r7=row, r9=row, r11=[NAN] * 12, r12=[NAN] * 12))
    assert np.flatnonzero(screening.flags["duplicates"]).tolist() == [7, 9]
    assert screening.reasons[7] == "duplicates: same answers as row 4"
    assert "as row 4" in screening.reasons[9]


def test_longstring_runs_in_file_order_and_before_reversal():
    run = [2, 4, 4, 4, 4, 4, 4, 4, 1, 2, 3, 1]  # item 1 is reversed; its answer 4 belongs to the run all the same
    responses = _dozen(r0=run)
    screening = screen(responses, rules={"longstring": 7})
    assert np.flatnonzero(screening.flags["longstring"]).tolist() == [0]
    assert screening.tables["careless"]["longstring"][0] == 7
    assert screening.reasons[0].startswith("longstring: 7 equal answers in a row")
    assert not screen(responses, rules={"longstring": 8}).flags["longstring"].any()
    turned = Responses.from_frame(responses.frame[[f"i{k}" for k in (0, 1, 8, 2, 9, 3, 10, 4, 11, 5, 6, 7)]], [DOZEN])
    assert screen(turned).tables["careless"]["longstring"][0] < 7


def _run_by_hand(row):
    best = 0
    for start in range(len(row)):
        length = 0
        while start + length < len(row) and row[start + length] == row[start]:
            length += 1
        best = max(best, length)
    return best


@given(st.lists(st.lists(st.sampled_from([1.0, 2.0, NAN]), min_size=7, max_size=7), min_size=1, max_size=5))
def test_longest_runs_as_counted_by_hand(rows):
    assert longest_runs(np.array(rows)).tolist() == [_run_by_hand(row) for row in rows]


def test_longstring_default_is_half_of_the_items_and_at_least_six(mobi):
    assert screen(mobi).call["longstring"] == 12
    assert screen(pd.DataFrame(np.eye(8)[:, :4])).call["longstring"] == 6


def test_mahalanobis_is_that_of_r(mobi):
    reference = json.loads((ROOT / "tests/reference/mahalanobis/mobi/output.json").read_text(encoding="utf-8"))
    table = screen(mobi).tables["careless"]
    tolerance = tolerances.CLOSED_FORM_RELATIVE
    np.testing.assert_allclose(table["mahalanobis"], reference["distance"], rtol=tolerance)
    np.testing.assert_allclose(table["p_value"], reference["p_value"], rtol=1e3 * tolerance)
    flags = screen(mobi).flags["mahalanobis"].to_numpy()
    np.testing.assert_array_equal(flags, np.array(reference["p_value"]) < 0.001)


def test_mahalanobis_of_complete_rows_follows_the_formula():
    responses = _dozen(r0=[1, NAN, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1], r1=[1, 5, 1, 5, 1, 5, 1, 5, 1, 5, 1, 7])
    screening = screen(responses, rules={"mahalanobis": 0.05})
    complete = responses.values.dropna().to_numpy()
    centred = complete - complete.mean(axis=0)
    wanted = np.diag(centred @ np.linalg.inv(np.cov(complete, rowvar=False)) @ centred.T)
    found = screening.tables["careless"]["mahalanobis"]
    assert found.isna().tolist() == [True, True] + [False] * 58
    np.testing.assert_allclose(found[2:], wanted, rtol=1e-9)
    note = next(note for note in screening.notes if note.code == "SCREENING_INCOMPLETE_ROWS")
    assert note.message.startswith("2 of 60 rows")
    assert not screening.flags["mahalanobis"][:2].any()
    # chi-square with an even number of df 2m has the closed form exp(-x/2) Σ (x/2)^i / i!
    x = wanted[0] / 2
    survival = math.exp(-x) * sum(x**i / math.factorial(i) for i in range(6))
    assert screening.tables["careless"]["p_value"][2] == pytest.approx(survival, rel=1e-10)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda frame: frame.assign(i3=2.0), "the same answer to i3"),
        (lambda frame: frame.assign(i3=frame["i4"]), "singular"),
        (lambda frame: frame.head(12), "12 complete rows are too few for 12 items"),
        (lambda frame: frame.assign(i3=frame["i3"].where(frame.index < 5)), "5 complete rows are too few"),
    ],
)
def test_mahalanobis_that_cannot_be_computed_is_a_note(spoil, words):
    responses = Responses.from_frame(spoil(_dozen().frame), [DOZEN])
    screening = screen(responses, rules={"exclude": ["mahalanobis"]})
    note = next(note for note in screening.notes if note.code == "SCREENING_RULE_NOT_APPLIED")
    assert words in note.message
    assert note.subject == "mahalanobis"
    assert not _rule(screening, "mahalanobis")["applied"]
    assert screening.kept.all()


def test_only_rules_under_exclude_remove():
    row = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 3]
    responses = _dozen(r3=row, r7=row, r8=[5] * 12)
    flagged = screen(responses, rules={"mahalanobis": False})
    assert flagged.kept.all()
    assert flagged.n == 60
    assert flagged.text == "Of 60 respondents, 2 were flagged and none was removed; N = 60."
    screening = screen(responses, rules={"mahalanobis": False, "exclude": ["duplicates"]})
    assert np.flatnonzero(~screening.kept).tolist() == [7]
    assert screening.n == 59
    assert _rule(screening, "duplicates")[["flagged", "excluded"]].tolist() == [1, 1]
    assert _rule(screening, "longstring")[["flagged", "excluded"]].tolist() == [1, 0]
    assert screening.samples.loc[0, ["n", "dropped"]].tolist() == [59, 1]
    assert screening.text == "Of 60 respondents, 2 were flagged and 1 removed; N = 59."
    codes = [note.code for note in screening.notes]
    assert "SCREENING_EXCLUDED" in codes
    assert "SCREENING_FLAGGED" in codes
    assert responses.keep(screening.kept).n == 59
    assert screening.reasons[screening.reasons == ""].size == 58


def test_reasons_of_several_rules_stand_side_by_side():
    row = [3.0] * 12
    reason = screen(_dozen(r0=row, r5=row), rules={"mahalanobis": None}).reasons[5]
    assert reason == "duplicates: same answers as row 1; longstring: 12 equal answers in a row"


def test_row_numbers_are_those_of_the_file_after_a_removal():
    responses = _dozen(r0=[5] * 12, r3=[4] * 12)
    rest = responses.keep(~screen(responses).flags["longstring"])
    assert screen(rest).tables["careless"]["row"].tolist() == [k for k in range(1, 61) if k not in (1, 4)]


def test_a_dataframe_is_screened_on_its_numeric_columns():
    frame = _dozen(r0=[5] * 12).frame.assign(name="x").set_index(pd.Index(range(1000, 1060)))
    screening = screen(frame)
    assert screening.kept.index.equals(frame.index)
    assert screening.flags.loc[1000, "longstring"]
    assert screening.tables["missing"]["item"].tolist() == [item.id for item in ITEMS]
    note = next(note for note in screening.notes if note.subject == "range")
    assert note.code == "SCREENING_RULE_NOT_APPLIED"
    nullable = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64")})
    assert screen(nullable).tables["missing"]["missing"].tolist() == [1]


def test_every_fault_of_the_rules_at_once():
    rules = {
        "longstrng": 4, "longstring": 1, "missing": 1.5, "mahalanobis": 0, "range": "yes", "duplicates": False,
        "exclude": ["duplicates", "rang"],
    }  # fmt: skip
    with pytest.raises(DataError) as caught:
        screen(_dozen(), rules=rules)
    messages = " | ".join(fault.message for fault in caught.value.faults)
    for words in (
        "no screening rule 'longstrng'. Did you mean 'longstring'?", "longstring must be a whole number of at least 2",
        "missing must be a share", "mahalanobis must be a p value", "range must be true or false; found 'yes'",
        "'duplicates', which is switched off", "exclude names 'rang', which is no rule. Did you mean 'range'?",
    ):  # fmt: skip
        assert words in messages, words
    assert len(caught.value.faults) == 7


@pytest.mark.parametrize("rules", [{"exclude": "duplicates"}, {"exclude": 3}, ["longstring"], {"longstring": True}])
def test_rules_of_the_wrong_shape_are_refused(rules):
    with pytest.raises(DataError):
        screen(_dozen(), rules=rules)


def test_data_without_numbers_or_with_infinite_ones_are_refused():
    with pytest.raises(DataError, match="no numeric column"):
        screen(pd.DataFrame({"a": ["x"]}))
    with pytest.raises(DataError, match="infinite values in b"):
        screen(pd.DataFrame({"a": [1.0], "b": [math.inf]}))


def test_few_items_make_duplicates_doubtful():
    screening = screen(pd.DataFrame({"a": [1, 1, 2], "b": [1, 1, 2]}))
    assert "SCREENING_FEW_ITEMS" in [note.code for note in screening.notes]


def test_removing_everybody_is_told():
    screening = screen(pd.DataFrame({"a": [NAN, NAN], "b": [NAN, NAN]}), rules={"exclude": ["missing"]})
    assert screening.n == 0
    assert "SCREENING_NOBODY_LEFT" in [note.code for note in screening.notes]


def test_the_mobile_study(mobi):
    rules = {"longstring": 20, "mahalanobis": 0.001, "exclude": []}
    screening = screen(mobi, rules=rules)
    assert screening.kept.all()
    assert screening.n == 250
    assert screening.flags.columns.tolist() == ["missing", "range", "duplicates", "longstring", "mahalanobis"]
    runs = [_run_by_hand(row) for row in mobi.frame.to_numpy()]
    assert screening.tables["careless"]["longstring"].tolist() == runs
    assert _rule(screening, "longstring")["flagged"] == sum(run >= 20 for run in runs)
    assert all(note.code in explanations() for note in screening.notes)
    assert json.loads(screening.to_json())["call"]["longstring"] == 20


def test_order_of_rows_does_not_change_the_distances(mobi):
    order = np.random.default_rng(3).permutation(mobi.n)
    turned = screen(mobi.frame.iloc[order]).tables["careless"]["mahalanobis"].to_numpy()
    straight = screen(mobi).tables["careless"]["mahalanobis"].to_numpy()
    np.testing.assert_allclose(turned, straight[order], rtol=1e-9)


@pytest.mark.parametrize("constant", [0.1, 3.3, 1e300])
def test_a_constant_that_is_no_whole_number_is_told_and_not_inverted(constant):
    frame = pd.DataFrame(np.random.default_rng(2).normal(size=(30, 3)), columns=list("abc")).assign(d=constant)
    screening = screen(frame)
    (note,) = [note for note in screening.notes if note.subject == "mahalanobis"]
    assert note.message == "The rule mahalanobis was not applied: everyone gave the same answer to d."
    assert not _rule(screening, "mahalanobis")["applied"]


def test_distances_do_not_depend_on_the_unit():
    frame = pd.DataFrame(np.random.default_rng(2).normal(size=(30, 3)))
    distances = screen(frame).tables["careless"]["mahalanobis"]
    np.testing.assert_allclose(screen(frame * 1e250).tables["careless"]["mahalanobis"], distances, rtol=1e-10)


def test_a_covariance_that_cannot_be_factored_is_told(monkeypatch):
    monkeypatch.setattr("crmstudy.kernels.careless.linalg.cholesky", _no_factor)
    screening = screen(_dozen())
    (message,) = [note.message for note in screening.notes if note.subject == "mahalanobis"]
    assert "singular to the precision of a computer" in message
    assert screening.tables["careless"]["mahalanobis"].isna().all()


def _no_factor(matrix, lower):
    raise np.linalg.LinAlgError("not positive definite")


def test_without_an_instrument_there_is_nothing_to_screen_but_a_table_is_all_items():
    frame = pd.DataFrame({"income": [1.0, 1.0, 2.0], "age": [30, 30, 41], "town": ["x", "x", "y"]})
    screening = screen(Responses.from_frame(frame), rules={"exclude": ["duplicates"]})
    assert screening.kept.all()
    assert not screening.flags.any(axis=None)
    assert not screening.tables["rules"]["applied"].any()
    assert list(screening.tables) == ["rules"]
    assert [(note.code, note.level) for note in screening.notes] == [("SCREENING_NO_ITEMS", "warning")]
    assert screen(frame).flags["duplicates"].tolist() == [False, True, False]
    with pytest.raises(DataError, match="Did you mean 'duplicates'"):
        screen(Responses.from_frame(frame), rules={"exclude": ["duplicate"]})
