"""Distributions of answers: outliers, codes, items keyed backwards, and what cannot be tested."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmstudy.exchange import read_responses
from crmstudy.instrument import Item, ResponseFormat, Scale, load_instrument
from crmstudy.responses import Responses
from crmstudy.screening.battery import screen
from crmstudy.screening.distributions import distributions, first_component

ROOT = Path(__file__).resolve().parents[2]
FIVE = ResponseFormat("agree", 1, 5)


def _instrument(*reverse):
    items = tuple(Item(f"i{k}", k + 1, FIVE, reverse=k in reverse) for k in range(6))
    return dataclasses.replace(
        load_instrument("ecsi"), id="six", version="1", items=items, scales=(Scale("s", {}, items, "mean", 6),)
    )


def _answers(turned=(), n=200, columns=range(6)):
    """Answers to six items of one trait; the columns named in ``turned`` were answered the other way round."""
    rng = np.random.default_rng(8)
    trait = rng.normal(size=n)
    answers = np.clip(np.round(3 + trait[:, None] + 0.8 * rng.normal(size=(n, 6))), 1, 5)
    answers[:, list(turned)] = 6 - answers[:, list(turned)]
    return pd.DataFrame({f"i{k}": answers[:, k] for k in columns})


def _suspects(frame, *reverse):
    table = distributions(Responses.from_frame(frame, [_instrument(*reverse)])).tables["reversed"]
    return table.loc[table["suspect"], "item"].tolist()


def test_an_item_answered_the_other_way_is_found():
    assert _suspects(_answers(turned=[2])) == ["i2"]
    assert _suspects(_answers(turned=[2]), 2) == []


def test_scales_of_a_frame_are_looked_at_like_those_of_an_instrument():
    frame = _answers(turned=[2])
    table = screen(frame, items={"s": list(frame)}).tables
    assert table["reversed"].query("suspect")["item"].tolist() == ["i2"]
    assert not table["reversed"]["declared_reversed"].any()
    own = screen(Responses.from_frame(frame, [_instrument()])).tables
    pd.testing.assert_frame_equal(table["reversed"], own["reversed"])
    assert table["normality"]["scale"].tolist() == ["s"] * 6
    assert screen(frame).tables["reversed"].empty


def test_some_items_of_an_instrument_keep_their_format():
    """Floor and ceiling, and answers out of range, of the items asked for and of no others."""
    frame = _answers()
    frame.loc[0, "i0"] = 9
    frame.loc[1, "i5"] = 8
    responses = Responses.from_frame(frame, [_instrument()])
    some, whole = (screen(responses, items=asked).tables for asked in (["i0", "i1"], None))
    assert some["normality"]["variable"].tolist() == ["i0", "i1"]
    ends = ["variable", "n", "floor_percent", "ceiling_percent"]
    pd.testing.assert_frame_equal(some["normality"][ends], whole["normality"][ends].head(2))
    assert some["codes"]["item"].tolist() == ["i0"]


def test_an_item_already_reversed_in_the_export_is_found():
    found = distributions(Responses.from_frame(_answers(), [_instrument(4)]))
    note = next(note for note in found.notes if note.code == "SCREENING_REVERSED")
    assert note.subject == "i4"
    assert "although it is declared as reversed" in note.message


def test_suspects_do_not_depend_on_the_order_of_the_items():
    frame = _answers(turned=[0, 1])
    assert sorted(_suspects(frame)) == ["i0", "i1"]
    assert sorted(_suspects(frame[frame.columns[::-1]])) == ["i0", "i1"]


def test_first_component_points_where_most_items_point():
    r = np.full((5, 5), 0.5)
    r[0, 1:] = r[1:, 0] = -0.5
    np.fill_diagonal(r, 1.0)
    loading = first_component(r)
    assert loading[0] < 0 < loading[1:].min()


def test_scale_scores_and_variables_are_tested_beside_the_items():
    found = distributions(read_responses(ROOT / "data/mobi/responses.csv", instruments=["ecsi"]))
    table = found.tables["normality"].set_index("variable")
    assert {"IMAG1", "loyalty", "satisfaction"} <= set(table.index)
    assert table.loc["IMAG1", "scale"] == "image"
    assert table.loc["IMAG1", "ceiling_percent"] == pytest.approx(16.4)
    assert math.isnan(table.loc["loyalty", "floor_percent"])
    sets = set(found.tables["multivariate"]["set"])
    assert {"all", "image", "loyalty"} <= sets
    assert "complaints" not in sets  # a single item


def test_outliers_are_far_by_either_measure_and_named_by_row():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"income": np.append(rng.normal(100, 10, 60), [400.0]), "grade": rng.integers(1, 6, 61)})
    table = distributions(frame).tables["outliers"]
    assert 61 in table["row"].tolist()
    assert set(table["variable"]) == {"income"}  # answers in five categories are no outliers
    row = table.set_index("row").loc[61]
    assert row["z"] == pytest.approx((400.0 - frame["income"].mean()) / frame["income"].std())


def test_codes_outside_the_range_fractions_and_lonely_values():
    frame = _answers().assign(age=np.append(np.full(198, 40.0) + np.arange(198) % 20, [999.0, 999.0]))
    frame.loc[0, "i0"], frame.loc[1, "i1"] = 9.0, 2.5
    found = distributions(Responses.from_frame(frame, [_instrument()]))
    codes = found.tables["codes"].set_index("item")
    assert codes.loc["i0", ["value", "n", "reason"]].tolist() == [9.0, 1, "outside 1 to 5"]
    assert codes.loc["i1", "reason"] == "not a whole number"
    assert codes.loc["age", ["value", "n"]].tolist() == [999.0, 2]
    assert [note.code for note in found.notes if note.level == "warning"] == ["SCREENING_CODES"]


@pytest.mark.parametrize("values", [[18, 25, 99, 97, 60], [1, 2, 3, 4, 9], [0, 10, 20, 60, 88, 99]])
def test_ordinary_numbers_are_no_codes(values):
    assert (
        distributions(pd.DataFrame({"x": np.array(values * 5, float), "y": range(5 * len(values))}))
        .tables["codes"]
        .empty
    )


def test_minus_ninety_nine_is_a_code():
    frame = pd.DataFrame({"x": [1.0, 2, 3, -99, 5], "y": [2.0, 1, 4, 3, -99]})
    assert distributions(frame).tables["codes"]["value"].tolist() == [-99.0, -99.0]


def test_what_cannot_be_tested_says_so():
    n = 40
    base = np.random.default_rng(1).normal(size=n)
    frame = pd.DataFrame(
        {"flat": np.full(n, 3.0), "few": [1.0, 2.0, 4.0] + [math.nan] * (n - 3), "empty": math.nan, "x": base}
    )
    found = distributions(frame)
    table = found.tables["normality"].set_index("variable")
    assert math.isnan(table.loc["flat", "shapiro_w"])
    assert table.loc["flat", "mean"] == 3.0
    assert table.loc["empty", "n"] == 0
    codes = {note.code: note.message for note in found.notes}
    assert "flat" in codes["SCREENING_CONSTANT"]
    assert "few" in codes["SCREENING_FEW_VALUES"]
    assert "empty" in codes["SCREENING_FEW_VALUES"]
    assert "SCREENING_NO_MULTIVARIATE" in codes
    double = pd.DataFrame({"a": base, "b": base[::-1], "c": base + base[::-1]})
    message = next(n.message for n in distributions(double).notes if n.code == "SCREENING_NO_MULTIVARIATE")
    assert "singular" in message


def test_large_samples_leave_out_what_is_not_known_for_them():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20_001, 2)), columns=["a", "b"])
    found = distributions(frame)
    assert found.tables["normality"]["shapiro_w"].isna().all()
    assert "henze_zirkler" not in set(found.tables["multivariate"]["test"])
    assert {"SCREENING_SHAPIRO_SIZE", "SCREENING_NO_HENZE_ZIRKLER"} <= {note.code for note in found.notes}
