"""Missing codes are kept apart from the answers, and stay with their rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmstudy.responses import Responses
from tests.exchange.writing.everything_asked import rich_instrument


def _answers() -> Responses:
    one = rich_instrument()
    frame = pd.DataFrame({item.id: np.full(5, float(item.response.low)) for item in one.items}, index=[7, 7, 3, 2, 1])
    frame["A1"] = [-9.0, 1.0, -8.0, np.nan, -9.0]
    frame["income"] = [1.0, -99.0, 3.0, 4.0, -99.0]
    return Responses.from_frame(frame, [one], missing_codes=[-99])


def test_codes_stand_by_the_place_of_their_row():
    answers = _answers()
    assert dict(answers.codes["A1"]) == {0: -9, 2: -8, 4: -9}
    assert dict(answers.codes["income"]) == {1: -99, 4: -99}
    assert set(answers.codes) == {"A1", "income"}
    assert answers.frame["A1"].isna().tolist() == [True, False, True, True, True]
    assert answers.values["A1"].isna().tolist() == [True, False, True, True, True]


def test_codes_follow_the_rows_that_are_kept():
    answers = _answers()
    kept = answers.keep(pd.Series([False, True, True, False, True], index=answers.frame.index))
    assert dict(kept.codes["A1"]) == {1: -8, 2: -9}
    assert dict(kept.codes["income"]) == {0: -99, 2: -99}
    assert answers.keep(pd.Series([False, False, False, True, False], index=answers.frame.index)).codes == {}
