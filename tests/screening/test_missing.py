"""Tables of missing answers by hand, and Little's test where it has no answer."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.drawing import MissingnessMap
from crmstudy.kernels.incomplete.mcar import littles_test
from crmstudy.notes import explanations
from crmstudy.screening import screen
from tests import tolerances
from tests.reference import load

NAN = math.nan


def _holes(seed: int = 1, n: int = 80, p: int = 4, share: float = 0.15) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 1)) + rng.normal(size=(n, p))
    values[rng.random(values.shape) < share] = NAN
    return pd.DataFrame(values, columns=[f"x{i}" for i in range(p)])


def _mcar(frame: pd.DataFrame) -> tuple[dict, list]:
    screening = screen(frame, shapes=False)
    assert len(screening.tables["mcar"]) == 1
    return screening.tables["mcar"].iloc[0].to_dict(), [note for note in screening.notes if note.subject == "mcar"]


def test_tables_by_hand():
    frame = pd.DataFrame({"a": [1, NAN, 3, NAN], "b": [1, 2, 3, NAN], "c": [5, NAN, 3, 2.0]})
    tables = screen(frame, items={"s": ["a", "b"], "t": ["c"]}, shapes=False).tables
    assert tables["missing"]["missing"].tolist() == [2, 1, 1]
    assert tables["missing"]["unanswered"].tolist() == [2, 1, 1]
    assert tables["missing"]["percent"].tolist() == [50, 25, 25]
    scales = tables["missing_scales"].set_index("scale")
    assert scales.loc["s"].to_dict() == {
        "items": 2, "answers": 5, "missing": 3, "percent": 37.5, "out_of_range": 0, "complete": 2, "partly": 1,
        "none": 1, "percent_complete": 50.0, "not_shown": 0,
    }  # fmt: skip
    counts = tables["missing_counts"]
    assert counts["missing"].tolist() == [0, 2]
    assert counts["n"].tolist() == [2, 2]
    assert counts["cumulative"].tolist() == [50, 100]
    patterns = tables["missing_patterns"]
    assert patterns["n"].tolist() == [2, 1, 1]
    assert patterns["items"].tolist() == ["", "a, b", "a, c"]
    assert patterns["missing"].tolist() == [0, 2, 2]


@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=12))
def test_patterns_and_counts_add_up_to_the_rows(gone):
    values = np.where(np.array(gone), NAN, np.arange(len(gone))[:, None] + 1.0)
    tables = screen(pd.DataFrame(values, columns=["a", "b", "c"]), mcar=False, shapes=False).tables
    patterns = tables["missing_patterns"]
    assert patterns["n"].sum() == len(gone)
    assert patterns["n"].is_monotonic_decreasing
    assert len(patterns) == len({tuple(row) for row in gone})
    assert (patterns["n"] * patterns["missing"]).sum() == tables["missing"]["missing"].sum()
    assert (tables["missing_counts"]["n"] * tables["missing_counts"]["missing"]).sum() == np.sum(gone)


def test_the_map_shows_every_pattern_once():
    frame = _holes()
    found = screen(frame, shapes=False)
    described = found.plot()
    assert isinstance(described, MissingnessMap)
    assert sum(described.counts) == len(frame)
    assert len(described.patterns) == len(found.tables["missing_patterns"])
    assert described.others == 0
    assert screen(frame.fillna(0), shapes=False).plot() is None
    wide = _holes(2, 600, 12, 0.3)
    cut = screen(wide, mcar=False, shapes=False).plot()
    assert len(cut.patterns) == 100
    assert sum(cut.counts) + cut.other_rows == 600


def test_littles_test_does_not_depend_on_unit_origin_or_order():
    frame = _holes()
    straight, _ = _mcar(frame)
    order = np.random.default_rng(1).permutation(len(frame))
    for turned in (frame * 1e6 + 5e7, frame.iloc[order], frame[frame.columns[::-1]], -frame):
        row, _ = _mcar(turned)
        assert row["d2"] == pytest.approx(straight["d2"], rel=1e-6)
        assert row["df"] == straight["df"]


def test_littles_test_of_two_groups_is_hotellings_form():
    """One variable complete, another missing in some rows: d² has a closed form in the means of the complete one."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=60)
    y = np.where(np.arange(60) < 45, x + rng.normal(size=60), NAN)
    row, _ = _mcar(pd.DataFrame({"x": x, "y": y}))
    assert row["df"] == 1
    mean, variance = x.mean(), x.var()
    groups = (x[:45], x[45:])
    wanted = sum(len(g) * (g.mean() - mean) ** 2 for g in groups) / variance
    # the complete pattern adds nothing beyond x: y follows its regression on x exactly at the estimates
    assert row["d2"] == pytest.approx(wanted, rel=tolerances.INVERSE_RELATIVE)


def test_rejection_rate_under_missing_completely_at_random():
    draws = 300
    p = [littles_test(_holes(seed, 200, 3, 0.1).dropna(how="all").to_numpy()).p_value for seed in range(draws)]
    rate = np.mean(np.array(p) < 0.05)
    assert abs(rate - 0.05) < tolerances.MONTE_CARLO_IN_SE * math.sqrt(0.05 * 0.95 / draws)


def test_answers_missing_by_another_answer_are_found():
    rng = np.random.default_rng(2)
    x = rng.normal(size=400)
    frame = pd.DataFrame({"x": x, "y": np.where(x > 0.7, NAN, x + rng.normal(size=400))})
    row, notes = _mcar(frame)
    assert row["p_value"] < 1e-6
    assert [note.code for note in notes] == ["SCREENING_NOT_MCAR"]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (_holes().fillna(0.5), "no answer is missing"),
        (_holes().assign(x1=NAN), "nobody answered x1"),
        (_holes().assign(x1=3.3), "everyone gave the same answer to x1"),
        (_holes().assign(x1=lambda d: d["x1"].where(d["x1"].isna(), 2.0)), "everyone gave the same answer to x1"),
        (_holes(n=4), "rows are too few for 4 items"),
        (_holes().assign(x1=lambda d: d["x0"] * 2), "singular"),
        (_holes(share=0).assign(x4=lambda d: d["x0"] + d["x1"], x5=lambda d: d["x2"].where(d["x3"] > 0)), "singular"),
        (pd.DataFrame({"a": [NAN] * 9, "b": [NAN] * 9}), "there is no answer"),
    ],
)  # fmt: skip
def test_littles_test_that_cannot_be_computed_is_a_note(frame, words):
    row, notes = _mcar(frame)
    assert math.isnan(row["d2"])
    assert math.isnan(row["p_value"])
    (note,) = [note for note in notes if note.code == "SCREENING_MCAR_NOT_COMPUTED"]
    assert words in note.message
    assert note.code in explanations()


def test_items_never_answered_together_still_have_a_test():
    """Two forms of a questionnaire: the statistic does not involve the covariance of what is never seen together."""
    frame = _holes(share=0)
    forms = frame.assign(x0=frame["x0"].where(frame.index < 40), x1=frame["x1"].where(frame.index >= 40))
    row, _ = _mcar(forms)
    assert row["df"] == 2 * 3 - 4
    assert 0 < row["d2"] < 30


def test_empty_rows_are_left_out_with_a_note():
    frame = _holes()
    padded = pd.concat([frame, pd.DataFrame(NAN, index=range(5), columns=frame.columns)], ignore_index=True)
    empty = int(frame.isna().all(axis=1).sum())
    row, notes = _mcar(padded)
    assert row["dropped"] == 5 + empty
    assert row["n"] == len(frame) - empty
    assert row["d2"] == pytest.approx(_mcar(frame)[0]["d2"], rel=1e-9)
    assert any(note.code == "SCREENING_MCAR_EMPTY_ROWS" for note in notes)


def test_many_patterns_are_a_caution():
    _, notes = _mcar(_holes(3, 150, 8, 0.3))
    assert "SCREENING_MCAR_MANY_PATTERNS" in [note.code for note in notes]
    airquality = load("mcar/airquality").data
    assert "SCREENING_MCAR_MANY_PATTERNS" not in [note.code for note in screen(airquality, shapes=False).notes]


def test_little_is_left_out_on_request():
    assert "mcar" not in screen(_holes(), mcar=False, shapes=False).tables
