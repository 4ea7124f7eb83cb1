"""Little's test and indices of careless answers against plain R and against another Python package."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmstudy.kernels import careless as kernel
from crmstudy.kernels.careless import related_pairs
from crmstudy.kernels.classic.rates import wilson_interval
from crmstudy.screening import screen
from crmstudy.screening.nonresponse import nonresponse
from tests import tolerances
from tests.reference import Case, cases, load

#: Plain correlations over a handful of points, evaluated by two formulas.
NEAR = {"rtol": tolerances.CLOSED_FORM_RELATIVE, "atol": tolerances.CLOSED_FORM}


@pytest.mark.parametrize("name", cases("mcar"))
def test_littles_test(name: str) -> None:
    case = load(name)
    assert case.data is not None
    (row,) = screen(case.data, shapes=False).tables["mcar"].to_dict("records")
    theirs = case.output
    for name in ("df", "patterns", "n", "dropped"):
        assert row[name] == theirs[name], name
    assert row["converged"]
    assert row["d2"] == pytest.approx(theirs["d2"], rel=tolerances.INVERSE_RELATIVE)
    assert row["p_value"] == pytest.approx(theirs["p_value"], rel=1e3 * tolerances.INVERSE_RELATIVE)


def test_littles_test_as_it_is_printed_for_airquality() -> None:
    row = screen(load("mcar/airquality").data, shapes=False).tables["mcar"].iloc[0]
    assert row["d2"] == pytest.approx(35.1062, abs=tolerances.PRINTED_HALF_UNIT * 1e-4)
    assert row["df"] == 14
    assert row["patterns"] == 4


def _screened(case: Case) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of indices, and the answers keyed in one direction."""
    assert case.data is not None
    theirs = case.output
    scales = {name: list(items) for name, items in theirs["scales"].items()}
    raw = case.data[[item for items in scales.values() for item in items]]
    critical = {"critical": theirs["critical"]}
    rules = {"psychsyn": {"below": 0, **critical}, "psychant": {"above": 0, **critical}}
    table = screen(raw, rules=rules, items=scales, mcar=False, shapes=False).tables["careless"]
    keyed = raw.copy()
    for item in theirs["reversed"]:
        keyed[item] = theirs["low"] + theirs["high"] - keyed[item]
    turned = screen(keyed, items=scales, mcar=False, shapes=False).tables["careless"]
    return table.assign(even_odd=turned["even_odd"]), raw


@pytest.mark.parametrize("name", cases("careless"))
def test_indices_of_careless_answers(name: str) -> None:
    case = load(name)
    table, raw = _screened(case)
    for index in ("longstring", "longstring_mean", "irv", "even_odd", "psychsyn", "psychant", "person_total"):
        theirs = _values(case.output[index])
        found = table[index].to_numpy(float)[: len(theirs)]
        np.testing.assert_array_equal(np.isnan(found), np.isnan(theirs), index)
        np.testing.assert_allclose(found, theirs, err_msg=index, **NEAR)
    values, critical = raw.to_numpy(float), case.output["critical"]
    assert len(related_pairs(values, critical)) == case.output["synonym_pairs"]
    assert len(related_pairs(values, critical, opposite=True)) == case.output["antonym_pairs"]


def _values(recorded: Any) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in recorded], dtype=float)


@pytest.mark.peer
@pytest.mark.parametrize("name", cases("careless"))
def test_indices_beside_another_package(name: str) -> None:
    ier = pytest.importorskip("ier")
    table, raw = _screened(load(name))
    values = raw.to_numpy(float)
    some = ~np.isnan(values).all(axis=1)
    count = (~np.isnan(values)).sum(axis=1)
    # its standard deviation divides by n, ours by n - 1
    theirs = ier.irv(values) * np.sqrt(count / np.maximum(count - 1, 1))
    many = some & (count > 1)
    np.testing.assert_allclose(table["irv"][many], theirs[many], **NEAR)
    # correlations of two points are left out by us
    theirs = ier.person_total(values)
    np.testing.assert_allclose(table["person_total"][count > 2], theirs[count > 2], **NEAR)


@pytest.mark.peer
def test_pairs_and_halves_beside_another_package() -> None:
    ier = pytest.importorskip("ier")
    case = load("careless/bfi")
    table, raw = _screened(case)
    values = raw.to_numpy(float)
    for index, function, critical in (("psychsyn", ier.psychsyn, 0.3), ("psychant", ier.psychant, -0.3)):
        theirs, points = function(values, critval=critical, item_correlations="pairwise", diag=True)
        enough = (points > 2) & ~np.isnan(table[index].to_numpy())
        assert enough.sum() > 2000
        np.testing.assert_allclose(table[index][enough], theirs[enough], **NEAR)
    keyed = raw.copy()
    for item in case.output["reversed"]:
        keyed[item] = 7 - keyed[item]
    theirs, scales = ier.evenodd(keyed.to_numpy(float), [5] * 5, diag=True, method="halves")
    enough = scales > 2
    np.testing.assert_array_equal(np.isnan(table["even_odd"][enough]), np.isnan(theirs[enough]))
    np.testing.assert_allclose(table["even_odd"][enough], theirs[enough], **NEAR)


@pytest.mark.peer
def test_runs_as_the_other_package_counts_them() -> None:
    ier = pytest.importorskip("ier")
    values = load("careless/mobi").data.to_numpy(float)[:, :5]
    texts = ["".join(chr(64 + int(value)) for value in row) for row in values]
    assert kernel.longest_runs(values).tolist() == [length for _, length in ier.longstring(texts)]
    np.testing.assert_allclose(kernel.mean_runs(values), ier.longstring(texts, avg=True))


def test_early_and_late_respondents() -> None:
    case = load("nonresponse/soldiers")
    assert case.data is not None
    theirs = case.table("estimates").set_index("term")
    data = case.data.assign(place=range(len(case.data)))
    ours = nonresponse(data, order="place", items=list(theirs.index)).estimates.set_index("term")
    exact = ["n_early", "n_late", "estimate", "statistic", "df", "difference", "difference_low", "difference_high"]
    relative = tolerances.R_CLOSED_FORM_RELATIVE
    np.testing.assert_allclose(ours[exact].astype(float), theirs[exact], rtol=relative)
    tails = ["p_value", "p_adjusted"]
    np.testing.assert_allclose(ours[tails].astype(float), theirs[tails], rtol=tolerances.TAIL_RELATIVE)
    # R adds up the noncentral t distribution to 1e-12, over a density of about .3
    ends = ["ci_low", "ci_high"]
    np.testing.assert_allclose(ours[ends].astype(float), theirs[ends], atol=1e-11)


def test_intervals_of_rates() -> None:
    theirs = np.reshape(load("nonresponse/soldiers").output["rates"], (-1, 2))
    pairs = [(380, 500), (430, 500), (410, 430), (380, 410), (1, 12)]
    found = [wilson_interval(number, base, 0.95) for number, base in pairs]
    np.testing.assert_allclose(found, theirs, rtol=tolerances.R_CLOSED_FORM_RELATIVE)
