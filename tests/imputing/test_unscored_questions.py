"""Closed questions that no scale has, when gaps are filled: names are drawn as groups, and nothing is turned round."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.instrument import load_instrument
from crmstudy.responses import Responses

BLOCK = load_instrument("demographics")


def _answers(instruments, n=200):
    random = np.random.default_rng(11)
    frame = {}
    for instrument in instruments:
        for item in instrument.items:
            answers = random.integers(item.response.low, item.response.high + 1, n).astype(float)
            frame[item.id] = np.where(random.random(n) < 0.1, np.nan, answers)
    frame["UNIT"] = random.choice(["a", "b"], n)
    return Responses.from_frame(pd.DataFrame(frame), instruments)


def test_a_nominal_question_is_drawn_as_a_group():
    responses = _answers([BLOCK])
    made = cs.impute(responses, m=2, seed=1, iterations=2)
    methods = made.models.set_index("variable")["method"]
    assert methods["CONTRACT"] == methods["SEX"] == "logit"
    assert methods["AGEBAND"] == methods["TENURE"] == "pmm"
    for one in made.sets:
        assert set(one.frame["CONTRACT"]) <= set(BLOCK.item("CONTRACT").response.values)
        assert one.frame["CONTRACT"].dtype == float
        there = responses.frame["CONTRACT"].notna()
        pd.testing.assert_series_equal(one.frame.loc[there, "CONTRACT"], responses.frame.loc[there, "CONTRACT"])


def test_it_says_more_of_others_than_its_number_does():
    """Answers that belong to one kind of contract only, whatever its number: as an amount it would say nothing."""
    responses = _answers([BLOCK, load_instrument("moaq-jss")], n=400)
    frame = responses.frame.copy()
    contract = frame["CONTRACT"].fillna(1.0)
    frame["MOAQ1"] = np.where(contract.isin([2.0, 3.0]), 7.0, 1.0)
    frame["CONTRACT"] = contract
    frame.loc[:59, "MOAQ1"] = np.nan
    made = cs.impute(Responses.from_frame(frame, responses.instruments), m=2, seed=2, iterations=3)
    filled = made.sets[0].frame["MOAQ1"][:60]
    assert ((filled > 4) == contract[:60].isin([2.0, 3.0])).mean() == pytest.approx(1.0, abs=0.05)


def test_an_unscored_question_is_never_turned_round():
    items = tuple(dataclasses.replace(item, reverse=item.id == "AGEBAND") for item in BLOCK.items)
    responses = _answers([dataclasses.replace(BLOCK, items=items)])
    frame = responses.frame.assign(AGEBAND=np.where(responses.frame["AGEBAND"].notna(), 1.0, np.nan))
    frame.loc[0, "AGEBAND"] = 2.0
    made = cs.impute(Responses.from_frame(frame, responses.instruments), m=2, seed=1, iterations=1)
    assert set(made.sets[0].frame["AGEBAND"]) <= {1.0, 2.0}
