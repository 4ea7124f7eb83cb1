"""Bands and norms are applied to the published wording only, and only with a source."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmstudy.instrument import read_instrument
from crmstudy.notes import explanations
from crmstudy.responses import Responses
from crmstudy.scoring import analysis_frame, score
from tests.instrument.test_instrument_norms import BANDS, NORMS, SUM, written


@pytest.fixture
def scored(tmp_path):
    """Scores of five people under a wording and with changes to the file."""
    frame = pd.DataFrame({"A1": [1, 2, 5, 4, np.nan], "A2": [5, 4, 1, 2, np.nan], "A3": [1, 3, 5, np.nan, 2]})

    def of(wording, *changes):
        text = (SUM + BANDS + NORMS).replace("wording: paraphrase", f"wording: {wording}")
        for old, new in changes:
            text = text.replace(old, new)
        return score(Responses.from_frame(frame, [read_instrument(written(tmp_path, text))]))

    return of


def codes(result):
    return [note.code for note in result.notes]


def test_published_wording(scored):
    found = scored("published")
    assert found.frame["alpha"].tolist()[:4] == [3, 7, 15, 12]  # A2 is reversed; the fourth has two answers
    assert found.interpreted["alpha band"].tolist()[:4] == ["Low", "Middle", "High", "High"]
    assert found.interpreted["alpha T (staff)"].tolist()[:2] == [24.0, 40.0]
    assert found.interpreted["alpha percentile (staff)"].tolist()[:4] == [1, 10, 90, 90]
    assert found.interpreted.iloc[4].isna().all()
    bands = found.tables["bands"]
    assert bands["n"].tolist() == [1, 1, 2]
    assert bands["percent"].tolist() == [25, 25, 50]
    assert bands["source"].unique().tolist() == ["A. Author (2001). A book."]
    norms = found.tables["norms"].set_index("norm")
    assert norms.loc["staff", "mean_t"] == pytest.approx(50 + 10 * (np.mean([3, 7, 15, 12]) - 9.5) / 2.5)
    assert np.isnan(norms.loc["managers", "mean_percentile"])
    assert not {"SCORING_NORMS_WITHHELD", "SCORING_NORMS_UNVERIFIED"} & set(codes(found))


def test_a_paraphrase_gets_none_and_is_told_why(scored):
    found = scored("paraphrase")
    assert found.interpreted.shape == (5, 0)
    assert set(found.tables) == {"scales"}
    (note,) = [note for note in found.notes if note.code == "SCORING_NORMS_WITHHELD"]
    assert note.subject == "alpha"
    assert "bands, norms staff, norms managers" in note.message
    assert note.code in explanations()


def test_without_a_source_they_are_not_applied(scored):
    found = scored("published", ("      source: book\n      ranges", "      unverified: true\n      ranges"))
    assert "alpha band" not in found.interpreted
    assert "alpha T (staff)" in found.interpreted
    (note,) = [note for note in found.notes if note.code == "SCORING_NORMS_UNVERIFIED"]
    assert "bands" in note.message
    assert note.code in explanations()


def test_scores_below_the_table_are_counted(scored):
    found = scored("published", ("{3: 1, 6: 10", "{5: 8, 6: 10"))
    assert found.tables["norms"]["below_table"].tolist() == [1, 0]
    assert np.isnan(found.interpreted["alpha percentile (staff)"].iloc[0])


def test_analyses_see_scores_only(scored, tmp_path):
    text = (SUM + BANDS + NORMS).replace("wording: paraphrase", "wording: published")
    frame = pd.DataFrame({"A1": [1, 2], "A2": [5, 4], "A3": [1, 3]})
    columns = analysis_frame(Responses.from_frame(frame, [read_instrument(written(tmp_path, text))]))[0].columns
    assert "alpha" in columns
    assert not any("band" in str(name) for name in columns)
