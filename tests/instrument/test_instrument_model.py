"""Scale.score by hand, reversal as an involution, and what the fingerprint does and does not see."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.errors import InstrumentError
from crmstudy.instrument import Instrument, Item, ResponseFormat, Scale, load_instrument

FIVE = ResponseFormat("agree", 1, 5, missing_codes=(9, -1))
ITEMS = (Item("a", 1, FIVE), Item("b", 2, FIVE, reverse=True), Item("c", 3, FIVE))
MEAN = Scale("m", {"en": "M"}, ITEMS, "mean", 2)
SUM = Scale("s", {"en": "S"}, ITEMS, "sum", 2)


@pytest.mark.parametrize(
    ("answers", "mean", "total"),
    [
        ({"a": 4, "b": 2, "c": 5}, 13 / 3, 13.0),  # b: 6 - 2 = 4
        ({"a": 4, "b": 2, "c": None}, 4.0, 12.0),  # mean of 4 and 4, times 3 items
        ({"a": 4, "b": float("nan"), "c": 1}, 2.5, 7.5),
        ({"a": 4, "b": 9, "c": 1}, 2.5, 7.5),  # 9 is a missing code, not 6 - 9
        ({"a": 4, "b": 7, "c": 1}, 2.5, 7.5),  # out of range
        ({"a": 4, "b": 0}, None, None),  # one answered, two needed
        ({}, None, None),
        ({"a": 1, "b": 5, "c": 1, "elsewhere": 5}, 1.0, 3.0),
    ],
)
def test_scores_follow_the_rule_by_hand(answers, mean, total):
    assert MEAN.score(answers) == mean
    assert SUM.score(answers) == total


def test_nothing_missing_counts_as_zero():
    lenient = dataclasses.replace(SUM, min_answered=1)
    assert lenient.score({"a": 3}) == 9.0
    assert lenient.score({}) is None


@given(low=st.integers(-5, 5), width=st.integers(1, 20), step=st.integers(0, 20))
def test_reversal_is_an_involution_within_the_range(low, width, step):
    response = ResponseFormat("r", low, low + width)
    answer = low + min(step, width)
    assert response.reverse(response.reverse(answer)) == answer
    assert response.holds(response.reverse(answer))
    assert response.reverse(response.low) == response.high


def test_items_and_scales_are_found_by_id_with_the_near_miss():
    ecsi = load_instrument("ecsi")
    assert ecsi.item("IMAG1").order == 1
    assert ecsi.scale("loyalty").item_ids == ("CUSL1", "CUSL2", "CUSL3")
    with pytest.raises(InstrumentError, match="Did you mean 'IMAG1'"):
        ecsi.item("IMAGE1")
    with pytest.raises(InstrumentError, match="Did you mean 'loyalty'"):
        ecsi.scale("loyality")


def _changed(instrument: Instrument, position: int, **changes: object) -> Instrument:
    items = list(instrument.items)
    items[position] = dataclasses.replace(items[position], **changes)
    return dataclasses.replace(instrument, items=tuple(items))


def test_fingerprint_sees_structure_and_keys_only():
    ecsi = load_instrument("ecsi")
    assert len(ecsi.fingerprint) == 64
    assert ecsi.fingerprint == load_instrument("ecsi").fingerprint
    assert _changed(ecsi, 0, wording={"en": "other"}).fingerprint == ecsi.fingerprint
    assert dataclasses.replace(ecsi, path=None).fingerprint == ecsi.fingerprint
    assert _changed(ecsi, 0, reverse=True).fingerprint != ecsi.fingerprint
    assert _changed(ecsi, 0, response=FIVE).fingerprint != ecsi.fingerprint
    scales = (dataclasses.replace(ecsi.scales[0], min_answered=4), *ecsi.scales[1:])
    assert dataclasses.replace(ecsi, scales=scales).fingerprint != ecsi.fingerprint
    swapped = dataclasses.replace(ecsi, items=ecsi.items[::-1])
    assert swapped.fingerprint != ecsi.fingerprint


def test_fingerprint_is_the_documented_digest():
    """Computed by hand from the canonical text, so that no machine or version can change it unseen."""
    import hashlib

    one = dataclasses.replace(
        load_instrument("ecsi"), id="x", version="1", items=(ITEMS[1],),
        scales=(Scale("s", {}, (ITEMS[1],), "sum", 1),),
    )  # fmt: skip
    text = (
        '{"id":"x","items":[{"high":5,"id":"b","low":1,"missing_codes":[-1,9],"reverse":true}],'
        '"scales":[{"id":"s","items":["b"],"method":"sum","min_answered":1,"reflective":true}],"version":"1"}'
    )
    assert one.fingerprint == hashlib.sha256(text.encode()).hexdigest()


def test_usable_gives_the_keyed_answer_or_none():
    assert ITEMS[1].usable(2) == 4
    assert ITEMS[0].usable(2) == 2
    for nothing in (None, math.nan, 9, -1, 0, 6, math.inf):
        assert ITEMS[1].usable(nothing) is None
