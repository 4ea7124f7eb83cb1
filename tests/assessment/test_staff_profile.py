import json
from itertools import product

import numpy as np
import pandas as pd
import pytest

from crmstudy.assessment.staff import staff_profile
from crmstudy.disclosure import Ledger, Rules
from crmstudy.drawing import Bars, Grid, Radar
from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.instrument.catalog import load_instrument
from crmstudy.responses import Responses
from crmstudy.results import ESTIMATE_COLUMNS
from tests import tolerances
from tests.disclosure.attack import computed, few_revealed

FACETS = [scale.id for scale in load_instrument("staff-profile").scales]


def staff(sizes, seed=1, units=None, facets=("empathy", "analytical_skill")):
    """Scores in quarters from 1 to 5 for roles of the given sizes."""
    draw = np.random.default_rng(seed)
    roles = [role for role, size in sizes.items() for _ in range(size)]
    frame = pd.DataFrame({"role": roles})
    for facet in facets:
        frame[facet] = draw.integers(4, 21, len(frame)) / 4
    if units:
        frame["unit"] = draw.choice(units, len(frame))
    return frame


def codes(result):
    return [note.code for note in result.notes]


def answered(n=40, **more):
    draw = np.random.default_rng(5)
    instrument = load_instrument("staff-profile")
    frame = pd.DataFrame(draw.integers(1, 6, (n, 24)), columns=[item.id for item in instrument.items])
    return frame.assign(role=["desk", "sales"] * (n // 2), **more), instrument


def test_means_of_roles_and_units_by_hand():
    frame = staff({"sales": 12, "desk": 9}, units=["N", "S"])
    result = staff_profile(frame, role="role", unit="unit")
    for level, table in (("role", result.tables["roles"]), ("unit", result.tables["units"])):
        by_hand = frame.groupby(level)["empathy"].agg(["size", "mean", "std"])
        ours = table[table["facet"] == "empathy"].set_index(level)
        np.testing.assert_allclose(ours[["n", "mean", "sd"]].astype(float), by_hand, rtol=1e-12)
    assert list(result.estimates.columns) == list(ESTIMATE_COLUMNS)
    assert result.estimates["term"].tolist() == [
        f"{role}: {facet}" for role in ("desk", "sales") for facet in ("analytical_skill", "empathy")
    ]
    json.loads(result.to_json())


def test_items_are_scored_with_reversed_items_mirrored():
    frame, instrument = answered()
    result = staff_profile(frame, role="role")
    sales = frame[frame["role"] == "sales"]
    mean = (sales["SPA1"] + sales["SPA2"] + sales["SPA3"] + 6 - sales["SPA4"]).mean() / 4
    ours = result.tables["roles"].set_index(["role", "facet"])
    assert ours.loc[("sales", "positive_attitude"), "mean"] == pytest.approx(mean)
    assert ours.loc[("sales",), :].index.tolist() == FACETS
    same = staff_profile(Responses.from_frame(frame, [instrument]), role="role")
    pd.testing.assert_frame_equal(same.tables["roles"], result.tables["roles"])


def test_targets_of_roles_go_before_those_of_all():
    frame = staff({"sales": 12, "desk": 9, "field": 8})
    targets = {"empathy": 3.5, "sales": {"empathy": 4.5}, "desk": 2}
    gaps = staff_profile(frame, role="role", targets=targets).tables["gaps"]
    assert gaps.set_index(["role", "facet"])["target"].to_dict() == {
        ("desk", "empathy"): 2.0, ("desk", "analytical_skill"): 2.0, ("field", "empathy"): 3.5,
        ("sales", "empathy"): 4.5,
    }  # fmt: skip
    every = staff_profile(frame, role="role", targets=4).tables["gaps"]
    assert every["target"].tolist() == [4.0] * 6
    np.testing.assert_allclose(every["gap"].astype(float), every["mean"].astype(float) - 4)


def test_a_gap_is_called_where_its_interval_excludes_zero():
    frame = pd.DataFrame(
        {"role": ["a"] * 8 + ["b"] * 8 + ["c"] * 8, "empathy": [*[2, 2.5] * 4, *[3, 4] * 4, *[4, 5] * 4]}
    )
    gaps = staff_profile(frame, role="role", targets=3.5).tables["gaps"]
    assert gaps["verdict"].tolist() == ["below", "not called", "above"]
    text = staff_profile(frame, role="role", targets=3.5).prose("en")
    assert any("the largest is that of a in Empathy: −1.25 points" in sentence for sentence in text)


def test_priorities_are_shortfall_times_weight_and_ties_share_a_rank():
    frame = pd.DataFrame(
        {
            "role": ["a"] * 6 + ["b"] * 6,
            "empathy": [2, 3, 2, 3, 2, 3, 3, 4, 3, 4, 3, 4.0],
            "analytical_skill": [3, 4, 3, 4, 3, 4, 2, 3, 2, 3, 2, 3.0],
            "profit_awareness": [5, 4, 5, 4, 5, 4, 3, 4, 3, 4, 3, 4.0],
        }
    )
    result = staff_profile(frame, role="role", targets=4, weights={"profit_awareness": 3, "a": {"analytical_skill": 0}})
    found = result.tables["priorities"]
    assert list(zip(found["rank"], found["role"], found["facet"], found["tied"], strict=True)) == [
        (1, "a", "empathy", "yes"), (1, "b", "analytical_skill", "yes"), (1, "b", "profit_awareness", "yes"),
        (4, "b", "empathy", ""),
    ]  # fmt: skip
    np.testing.assert_allclose(found["priority"].astype(float), [1.5, 1.5, 1.5, 0.5])
    assert any("share a rank" in sentence for sentence in result.prose("en"))


def released(result, facet):
    """The people of every figure that is shown with its mean."""
    return [group.members for group in result.ledger.releases if facet in group.measures and not group.banded]


@pytest.mark.parametrize("seed", range(6))
def test_nothing_about_few_people_can_be_computed_from_a_profile(seed):
    frame = staff({"sales": 14, "desk": 9, "field": 6, "head": 2}, seed, units=["N", "S", "W"])
    draw = np.random.default_rng(seed)
    frame.loc[draw.choice(len(frame), 4, replace=False), "empathy"] = np.nan
    result = staff_profile(frame, role="role", unit="unit")
    for facet in ("empathy", "analytical_skill"):
        assert few_revealed(released(result, facet), 5) == []
    # control: with all groups of five or more, the heads are revealed
    rows = [str(row + 1) for row in range(len(frame))]
    groups = [frozenset(rows)] + [
        frozenset(np.array(rows)[(frame["role"] == role).to_numpy()]) for role in ("sales", "desk", "field")
    ]
    assert few_revealed(groups, 5)
    table = result.tables["roles"].set_index(["role", "facet"])
    assert table.loc["head"][["n", "mean", "sd", "ci_low", "ci_high"]].isna().all(axis=None)
    assert (table.loc["head"]["withheld"] == "protects few people").all()


def test_a_shown_table_gives_no_hidden_mean():
    frame = staff({"sales": 14, "desk": 9, "head": 3})
    result = staff_profile(frame, role="role", targets=4)
    assert {"DISCLOSURE_SMALL_GROUPS", "DISCLOSURE_SECONDARY"} <= set(codes(result))
    hidden = set(result.tables["roles"].query("withheld != ''")["role"])
    assert hidden == {"desk", "head"}
    assert set(result.tables["gaps"].query("verdict == 'withheld'")["role"]) == hidden
    assert set(result.tables["priorities"]["role"]) <= {"sales"}
    assert set(result.estimates["term"].str.split(":").str[0]) == {"sales"}
    (grid, *_) = result.drawings()
    assert dict(zip(grid.rows, grid.values, strict=True))["desk"] == (None, None)
    people = {str(row + 1): value for row, value in enumerate(frame["empathy"])}
    heads = frozenset(str(row + 1) for row in frame.index[frame["role"] == "head"])
    assert computed(heads, released(result, "empathy"), people) is None


def test_a_role_in_a_unit_needs_ten_people():
    frame = pd.concat([staff({"a": 9, "b": 30}).assign(unit="N"), staff({"a": 30, "b": 12}, 2).assign(unit="S")])
    cells = staff_profile(frame, role="role", unit="unit").tables["cells"].set_index(["role", "unit", "facet"])
    assert cells.loc[("a", "N", "empathy"), "withheld"] == "protects few people"
    shown = staff_profile(frame.iloc[9:], role="role", unit="unit").tables["cells"]
    assert (shown["withheld"] == "").any()


def test_of_too_many_roles_in_units_none_is_decided_on(monkeypatch):
    frame = staff({"a": 40, "b": 40}, units=["N", "S"])
    assert len(staff_profile(frame, role="role", unit="unit").tables["cells"])
    monkeypatch.setattr("crmstudy.assessment.staff.figures.MOST_CELLS", 3)
    result = staff_profile(frame, role="role", unit="unit")
    assert not len(result.tables["cells"])
    assert "STAFF_TOO_MANY_CELLS" in codes(result)


def test_the_ledger_of_an_earlier_profile_withholds_a_difference():
    frame, instrument = answered(id=[f"p{row}" for row in range(40)])
    first = staff_profile(Responses.from_frame(frame, [instrument], id="id"), role="role")
    stored = Ledger.from_records(json.loads(json.dumps(first.ledger.to_records())))
    fewer = Responses.from_frame(frame.iloc[:-2], [instrument], id="id")  # one person less in each role
    later = staff_profile(fewer, role="role", ledger=Ledger())
    assert not later.tables["roles"]["mean"].isna().any()
    with pytest.raises(AnalysisError, match="Nothing may be shown"):
        staff_profile(fewer, role="role", ledger=stored)
    again = staff_profile(Responses.from_frame(frame, [instrument], id="id"), role="role", ledger=stored)
    pd.testing.assert_frame_equal(again.tables["roles"], first.tables["roles"])
    assert "p3" not in json.dumps(stored.to_records())


def test_a_group_that_agrees_gets_a_band():
    frame = staff({"a": 20, "b": 20, "c": 6})
    frame.loc[frame["role"] == "c", "empathy"] = 5.0
    result = staff_profile(frame, role="role", targets=4)
    row = result.tables["roles"].set_index(["role", "facet"]).loc[("c", "empathy")]
    assert (row["band_low"], row["band_high"]) == pytest.approx((4.6, 5.0))
    assert np.isnan([row["mean"], row["sd"], row["ci_low"]]).all()
    assert np.isnan(row["n"])  # beside the other numbers it would give theirs away
    gaps = result.tables["gaps"].set_index(["role", "facet"])
    assert gaps.loc[("c", "empathy"), "verdict"] == "banded"
    people = {str(number + 1): value for number, value in enumerate(frame["empathy"])}
    agreeing = frozenset(str(number + 1) for number in frame.index[frame["role"] == "c"])
    assert computed(agreeing, released(result, "empathy"), people) is None
    assert "DISCLOSURE_BANDED" in codes(result)


def test_rounded_numbers_of_people_cannot_be_told_from_the_rest():
    frame = staff({"a": 13, "b": 21})
    result = staff_profile(frame, role="role", targets=4, rules=Rules(round_to=5))
    roles = result.tables["roles"].set_index(["role", "facet"])
    assert roles.loc[("a", "empathy"), "n"] == 15
    assert result.n == 35
    assert roles["sd"].isna().all()
    assert roles["ci_low"].notna().all()
    telling = ["std_error", "statistic", "df", "p_value", "p_adjusted", "d", "d_low", "d_high"]
    assert result.tables["gaps"][telling].isna().all(axis=None)
    assert result.estimates[["std_error", "df"]].isna().all(axis=None)
    assert result.samples["n"].tolist() == [35]
    # all digits of a mean of quarters would give its number of people: 297/92 is of 23
    exact = staff_profile(frame, role="role", targets=4)
    for table, name in (("roles", "mean"), ("roles", "ci_low"), ("everybody", "mean"), ("gaps", "mean")):
        ours, theirs = (found.tables[table][name].astype(float) for found in (result, exact))
        np.testing.assert_array_equal(ours, theirs.round(1))
    np.testing.assert_array_equal(result.estimates["estimate"], exact.estimates["estimate"].round(1))
    gaps = result.tables["gaps"]
    np.testing.assert_allclose(gaps["gap"].astype(float), gaps["mean"].astype(float) - 4, atol=tolerances.CLOSED_FORM)
    assert gaps["verdict"].tolist() == exact.tables["gaps"]["verdict"].tolist()


def test_it_is_not_told_that_one_of_a_few_left_a_question_out():
    frame = staff({"a": 12, "b": 12, "head": 1})
    frame.loc[frame["role"] == "head", "empathy"] = np.nan
    hidden = staff_profile(frame, role="role").tables["hidden"].query("role == 'head'")
    assert hidden["withheld"].tolist() == ["protects few people"]
    assert hidden["figures"].tolist() == [2]


def test_rows_without_role_or_score_are_left_out():
    frame = staff({"a": 12, "b": 12}, units=["N", "S"])
    frame.loc[0, "role"] = " "
    frame.loc[1, ["empathy", "analytical_skill"]] = np.nan
    frame.loc[2, "unit"] = None
    result = staff_profile(frame, role="role", unit="unit")
    assert result.n == 22
    assert {"STAFF_ROWS_LEFT_OUT", "STAFF_NO_UNIT"} <= set(codes(result))


def test_all_faults_at_once():
    frame = staff({"a": 12})
    with pytest.raises(ModelError) as caught:
        staff_profile(
            frame, role="role", targets={"empaty": 4, "a": {"empathy": 9, "analytical_skil": 3}, "empathy": "high"},
            weights={"empathy": -1},
        )  # fmt: skip
    said = str(caught.value)
    assert len(caught.value.faults) == 5
    for words in (
        "Did you mean 'empathy'",
        "Did you mean 'analytical_skill'",
        "outside the scale",
        "'high'",
        "negative",
    ):
        assert words in said
    with pytest.raises(ModelError) as caught:
        staff_profile(frame, role="role", rules=5, ledger=[], level=2)
    assert len(caught.value.faults) == 3
    with pytest.raises(ModelError) as caught:
        staff_profile(frame, role=None, unit=["unit"])
    assert len(caught.value.faults) == 2
    with pytest.raises(DataError, match="'empathy' is a characteristic"):
        staff_profile(frame, role="empathy")
    with pytest.raises(DataError, match="Did you mean 'role'"):
        staff_profile(frame, role="rol")
    with pytest.raises(DataError, match="both 'role'"):
        staff_profile(frame, role="role", unit="role")
    with pytest.raises(DataError, match="score from 1 to 5"):
        staff_profile(frame.assign(empathy=7.0), role="role")


@pytest.mark.parametrize(("sizes", "code"), [({"a": 3}, "STAFF_NOTHING_SHOWN"), ({"a": 1}, "STAFF_NOTHING_SHOWN")])
def test_too_few_people(sizes, code):
    with pytest.raises(AnalysisError) as caught:
        staff_profile(staff(sizes), role="role")
    assert caught.value.code == code
    nobody = staff({"a": 8}).assign(empathy=np.nan, analytical_skill=np.nan)
    with pytest.raises(AnalysisError) as caught:
        staff_profile(nobody, role="role")
    assert caught.value.code == "STAFF_NOBODY"


def test_the_order_of_rows_does_not_matter():
    frame = staff({"a": 14, "b": 9, "c": 3}, units=["N", "S"])
    one, other = (staff_profile(each, role="role", unit="unit", targets=4) for each in (frame, frame[::-1]))
    for name in ("roles", "units", "cells", "gaps", "hidden"):
        pd.testing.assert_frame_equal(one.tables[name], other.tables[name], rtol=1e-12)


def test_prose_in_three_languages_and_drawings():
    frame = staff({"a": 14, "b": 9, "c": 3}, facets=FACETS)
    result = staff_profile(frame, role="role", targets=5, weights=2)
    said = {lang: result.prose(lang) for lang in ("en", "fa", "ru")}
    assert {len(sentences) for sentences in said.values()} == {len(said["en"])}
    assert "۲۶" in " ".join(said["fa"])
    assert "26" in " ".join(said["ru"])
    assert result.text == " ".join(said["en"])
    for sentences, lang in product(said["en"], ("fa", "ru")):
        assert sentences not in said[lang]
    with pytest.raises(UnsupportedError):
        result.prose("de")
    assert [type(drawing) for drawing in result.drawings()] == [Grid, Radar, Bars]
    for shown in result.shown:
        assert {column for column, _, _ in shown.columns} <= set(result.tables[shown.table].columns)
