"""Diversity of customers and the kind of CRM that fits it."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.checklists import crm_fit
from crmstudy.errors import AnalysisError, DataError, ModelError
from tests import tolerances


def found(counts, **options):
    table = pd.DataFrame({"kind": [f"k{i}" for i in range(len(counts))], "n": counts})
    return crm_fit(table, count="n", **options)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=2, max_size=6))
def test_indices_by_other_formulas(counts):
    estimates = found(counts).estimates.set_index("term")["estimate"]
    n = sum(counts)
    shannon = math.log(n) - sum(c * math.log(c) for c in counts) / n
    assert estimates["shannon"] == pytest.approx(shannon, abs=tolerances.CLOSED_FORM * 10)
    # Simpson's index is the chance that two draws with replacement differ
    differ = 2 * sum(a * b for a, b in combinations(counts, 2)) / n**2
    assert estimates["simpson"] == pytest.approx(differ, abs=tolerances.CLOSED_FORM)
    assert 1.0 <= estimates["inverse_simpson"] <= estimates["effective_number"] + 1e-9 <= len(counts) + 2e-9
    assert found(counts[::-1]).call == found(counts).call


def test_equal_kinds_have_their_number():
    for kinds, fit in ((1, "low"), (2, "middle"), (4, "middle"), (5, "high"), (9, "high")):
        result = found([7] * kinds)
        assert result.estimates["estimate"][2] == pytest.approx(kinds)
        assert result.call["fit"] == fit


def test_a_rare_kind_counts_for_little():
    assert found([95, 3, 2]).call["fit"] == "low"
    assert found([95, 3, 2], cuts=(1.1, 1.2)).call["fit"] == "high"


def test_rows_of_customers_and_counts_say_the_same():
    rows = crm_fit(pd.DataFrame({"kind": list("aaabbc")}))
    pd.testing.assert_frame_equal(rows.estimates, found([3, 2, 1]).estimates)
    assert rows.tables["kinds"].to_numpy().tolist() == [["a", 3, 50.0], ["b", 2, 100 / 3], ["c", 1, 100 / 6]]


def test_standard_errors_of_a_sample_are_those_of_drawing():
    rng = np.random.default_rng(5)
    p = np.array([0.5, 0.3, 0.15, 0.05])
    draws = rng.multinomial(200, p, size=4000) / 200
    with np.errstate(divide="ignore", invalid="ignore"):
        shannon = -np.where(draws > 0, draws * np.log(draws), 0.0).sum(axis=1)
    estimates = found([100, 60, 30, 10], sample=True).estimates.set_index("term")
    assert estimates.loc["shannon", "std_error"] == pytest.approx(shannon.std(), rel=0.06)
    simpson = 1 - (draws**2).sum(axis=1)
    assert estimates.loc["simpson", "std_error"] == pytest.approx(simpson.std(), rel=0.06)


def test_a_census_has_no_interval_and_a_sample_may_leave_it_open():
    census = found([10, 10, 9, 8, 7])
    assert census.estimates[["std_error", "ci_low"]].isna().all(axis=None)
    assert census.call["between"] == ["middle"]
    sample = found([10, 10, 9, 8, 7], sample=True)
    assert sample.call["between"] == ["middle", "high"]
    assert any(note.code == "FIT_BETWEEN" for note in sample.notes)
    assert "from Segmented CRM to Personalising CRM" in sample.text


def test_one_kind_has_no_evenness():
    one = found([12], sample=True)
    assert one.call["fit"] == "low"
    values = one.estimates.set_index("term")["estimate"]
    assert values["effective_number"] == 1.0
    assert np.isnan(values["evenness"])
    assert any(note.code == "FIT_ONE_KIND" for note in one.notes)


@pytest.mark.parametrize(
    ("rating", "fit"), [(1, "low"), (2, "low"), (3, "middle"), (3.9, "middle"), (4, "high"), (5, "high")]
)
def test_a_rating_stands_in_for_a_table(rating, fit):
    result = crm_fit(rating=rating)
    assert result.call["fit"] == fit
    assert not len(result.estimates)
    assert result.drawings() == ()


def test_the_table_counts_where_a_rating_differs():
    result = found([50, 50], rating=5)
    assert result.call["fit"] == "middle"
    assert any(note.code == "FIT_RATING_DIFFERS" for note in result.notes)


def test_the_rule_is_said_to_be_ours_in_three_languages():
    result = found([5, 3, 2])
    for lang, words in (("en", "toolkit"), ("fa", "این ابزار"), ("ru", "инструментарием")):
        assert words in result.prose(lang)[-1]
    assert result.tables["rule"]["source"].tolist() == ["1.10"] * 3


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(ModelError, match="Give a table"):
        crm_fit()
    with pytest.raises(ModelError, match="1 \\(all alike\\) to 5") as many:
        crm_fit(rating=9, cuts=(5, 2), level=3)
    assert len(many.value.faults) == 3
    with pytest.raises(DataError, match="from 0 to"):
        found([3, -1])
    with pytest.raises(DataError, match="from 0 to"):
        found([3, 1e19])
    for names in ({"kind": ["kind"]}, {"kind": "n", "count": "n"}, {"count": 3}):
        with pytest.raises(ModelError, match="names of two columns"):
            crm_fit(pd.DataFrame({"kind": ["a"], "n": [1]}), **names)
    with pytest.raises(AnalysisError, match="no diversity"):
        crm_fit(pd.DataFrame({"kind": [None, " "]}))
    dropped = crm_fit(pd.DataFrame({"kind": ["a", None, "b"]}))
    assert dropped.samples[["n", "dropped"]].to_numpy().tolist() == [[2, 1]]


def test_kinds_that_read_alike_are_one():
    result = crm_fit(pd.DataFrame({"kind": ["مشتري", "مشتری", "Firm", "firm "]}))
    assert result.tables["kinds"][["kind", "customers"]].to_numpy().tolist() == [["Firm", 2], ["مشتري", 2]]
    assert any(note.code == "NAMES_READ_ALIKE" for note in result.notes)


@pytest.mark.slow
def test_intervals_cover_as_often_as_they_say():
    rng, p = np.random.default_rng(8), np.array([0.61, 0.23, 0.09, 0.05, 0.02])
    shannon = -(p * np.log(p)).sum()
    true = {"shannon": shannon, "effective_number": math.exp(shannon), "simpson": 1 - (p**2).sum()}
    draws = 400
    covered = dict.fromkeys(true, 0)
    for counts in rng.multinomial(600, p, size=draws):
        rows = found(counts, sample=True).estimates.set_index("term")
        for name, value in true.items():
            covered[name] += int(rows.loc[name, "ci_low"] <= value <= rows.loc[name, "ci_high"])
    for name in true:
        assert covered[name] / draws == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / draws)), name


@pytest.mark.parametrize(("counts", "told"), [([240, 90, 36, 20, 8], False), ([4, 3, 1, 1, 1, 1, 1], True)])
def test_a_sample_too_small_for_its_kinds_is_told(counts, told):
    codes = {note.code for note in found(counts, sample=True).notes}
    assert ("FIT_SMALL_SAMPLE" in codes) is told
    assert "FIT_SMALL_SAMPLE" not in {note.code for note in found(counts).notes}
