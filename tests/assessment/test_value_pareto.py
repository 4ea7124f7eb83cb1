"""Concentration against R, against the double sum, the curve and the jackknife; losses; the printed 80/20."""

from __future__ import annotations

import math
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.catalogue import LANGUAGES
from crmstudy.assessment.value.concentration import concentration, influence, lorenz
from crmstudy.assessment.value.pareto import pareto
from crmstudy.drawing import Bars, Curves
from crmstudy.errors import AnalysisError, ModelError
from tests import tolerances
from tests.reference import cases, load

EXACT = tolerances.CLOSED_FORM_RELATIVE
amounts = st.lists(st.integers(-300, 900).map(lambda cents: cents / 4), min_size=2, max_size=40)


def downwards(values: object) -> np.ndarray:
    return np.sort(np.asarray(values, dtype=float))[::-1]


def customers(values: object, **more: object) -> pd.DataFrame:
    """One row a customer."""
    return pd.DataFrame({"customer": range(len(list(values))), "amount": values, **more})


def codes(result: object) -> set[str]:
    return {note.code for note in result.notes}


@pytest.mark.parametrize("kind", ["bca", "percentile"])
@pytest.mark.parametrize("name", cases("concentration"))
def test_figures_curve_and_intervals_are_those_of_r(name, kind):
    case = load(name)
    measures = [measure for measure in ("revenue", "profit") if measure in case.output]
    cost = "cost" if "profit" in measures else None
    draws = 4000 if name.endswith("losses") else 1000
    result = pareto(case.data, cost=cost, bootstrap=draws, interval=kind, seed=3)
    ours = result.estimates.set_index("term")
    linearised = pareto(case.data, cost=cost, bootstrap=0).estimates.set_index("term")
    for measure in measures:
        theirs = case.output[measure]
        assert result.n == theirs["n"]
        curve = result.tables["lorenz"].query("measure == @measure")["share"]
        np.testing.assert_allclose(curve, theirs["lorenz"], rtol=EXACT, atol=tolerances.CLOSED_FORM)
        for figure, estimate in theirs["estimates"].items():
            term = f"{measure}_{figure}"
            if term not in ours.index:
                assert figure == "gini_normalised"  # only where there are losses
                continue
            assert ours.loc[term, "estimate"] == pytest.approx(estimate, rel=EXACT)
            spread = theirs["intervals"][figure]["replicate_sd"]
            linear = theirs["intervals"][figure]["influence_sd"]  # derivatives by differences of .001 in R
            assert linearised.loc[term, "std_error"] == pytest.approx(linear, rel=5e-3)
            # the error of a standard deviation from B draws is about 1/sqrt(2B) of it (kurtosis near 3), of both sides
            of_sd = tolerances.MONTE_CARLO_IN_SE * math.sqrt(1 / (2 * draws) + 1 / 8000)
            assert ours.loc[term, "std_error"] == pytest.approx(spread, rel=1.3 * of_sd)
            # in standard deviations of the figure: that of a quantile at .01, where a limit of bca may lie, and twice
            # that of the bias z(P), with P near .5, by which bca moves it
            simulated = 1 / draws + 1 / 4000
            of_end = math.sqrt(simulated * (0.01 * 0.99 / 0.0267**2 + 4 * 0.25 / 0.385**2))
            for end, value in zip(("ci_low", "ci_high"), theirs["intervals"][figure][kind], strict=True):
                assert abs(ours.loc[term, end] - value) < tolerances.MONTE_CARLO_IN_SE * of_end * spread


@settings(max_examples=150, deadline=None)
@given(amounts)
def test_the_coefficients_are_the_double_sum_over_all_pairs(values):
    x = downwards(values)
    found = concentration(x, np.ones(len(x)), 0.2, 0.8)
    pairs = np.abs(x[:, None] - x[None, :]).sum()
    if np.abs(x).sum() > 0:
        assert found.normalised == pytest.approx(pairs / (2 * len(x) * np.abs(x).sum()), rel=EXACT, abs=1e-12)
        assert -1e-12 <= found.normalised <= 1 - 1 / len(x) + 1e-12
    if x.sum() > 0:
        assert found.gini == pytest.approx(pairs / (2 * len(x) * x.sum()), rel=EXACT, abs=1e-12)
    else:
        assert math.isnan(found.gini)
        assert math.isnan(found.top_share)


@settings(max_examples=150, deadline=None)
@given(amounts, st.sampled_from([0.05, 0.2, 0.5, 0.77]), st.sampled_from([0.1, 0.8, 0.95]))
def test_the_shares_are_points_of_the_lorenz_curve(values, top, target):
    x = downwards(values)
    if x.sum() <= 0:
        return
    found = concentration(x, np.ones(len(x)), top, target)
    at, share = lorenz(x)
    assert found.top_share == pytest.approx(1 - np.interp(1 - top, at, share), rel=1e-9, abs=1e-9)
    # the curve from the top, and the first place where it reaches the target, by halving
    low, high = 0.0, float(at[np.argmax(1 - share[::-1] >= target)]) if (1 - share[::-1] >= target).any() else 1.0
    for _ in range(60):
        middle = (low + high) / 2
        reached = 1 - np.interp(1 - middle, at, share) >= target
        low, high = (low, middle) if reached else (middle, high)
    assert found.target_share == pytest.approx(high, rel=1e-7, abs=1e-7)


@settings(max_examples=80, deadline=None)
@given(amounts.filter(lambda values: sum(values) > 0), st.randoms(use_true_random=False))
def test_counts_stand_for_copies(values, random):
    x = downwards(values)
    counts = np.array([random.randrange(4) for _ in x], dtype=float)
    copies = np.repeat(x, counts.astype(int))
    if copies.sum() <= 0:
        return
    ours = concentration(x, counts, 0.2, 0.8).as_array()
    theirs = concentration(copies, np.ones(len(copies)), 0.2, 0.8).as_array()
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_influence_is_the_derivative_and_gives_the_errors_of_the_jackknife():
    random = np.random.default_rng(8)
    for x in (downwards(random.lognormal(0, 1, 203)), downwards(random.normal(1.0, 1.5, 203))):
        n = len(x)
        found = influence(x, 0.2, 0.8)
        figures = concentration(x, np.ones(n), 0.2, 0.8).as_array()
        step = 1e-7
        for place in range(0, n, 17):
            counts = np.full(n, 1 - step)
            counts[place] += n * step
            moved = (concentration(x, counts, 0.2, 0.8).as_array() - figures) / step
            np.testing.assert_allclose(found[place], moved, rtol=2e-3, atol=2e-4 * np.abs(found).max())
        np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-12)
        left = np.array([concentration(np.delete(x, i), np.ones(n - 1), 0.2, 0.8).as_array() for i in range(n)])
        jackknife = np.sqrt((n - 1) / n * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
        np.testing.assert_allclose(np.sqrt((found**2).mean(axis=0) / n), jackknife, rtol=0.03)


def test_extremes():
    equal = pareto(customers([7.0] * 40), bootstrap=200).estimates.set_index("figure")["estimate"]
    assert equal[["top_share", "target_share", "gini"]].tolist() == pytest.approx([0.2, 0.8, 0.0], abs=1e-12)
    one = pareto(customers([100.0] + [0.0] * 49), bootstrap=200).estimates.set_index("figure")["estimate"]
    assert one[["top_share", "target_share", "gini"]].tolist() == pytest.approx([1.0, 0.8 / 50, 0.98])
    books = pareto(customers([16.0] * 20 + [1.0] * 80), bootstrap=200)  # 80 % of the sum from 20 % of the customers
    assert books.estimates["estimate"].iloc[:2].tolist() == pytest.approx([0.8, 0.2])
    assert books.tables["totals"].loc[0, ["top_customers", "target_customers"]].tolist() == [20, 20]
    polar = pareto(customers([0.0] * 8 + [5.0, -3.0]), bootstrap=0).estimates.set_index("figure")["estimate"]
    assert polar["gini_normalised"] == pytest.approx(0.9)


def test_the_printed_figure_stands_beside_revenue_and_profit_with_its_place():
    random = np.random.default_rng(4)
    even = np.round(random.lognormal(3, 0.4, 300), 2)
    steep = np.round(random.lognormal(3, 2.2, 300), 2)
    result = pareto(customers(even, profit=steep), profit="profit", bootstrap=500)
    claim = result.tables["claim"].set_index("measure")
    assert claim["claimed"].tolist() == [0.8, 0.8]
    tops = result.estimates.query("figure == 'top_share'").set_index("measure")
    for measure in ("revenue", "profit"):
        row, top = claim.loc[measure], tops.loc[measure]
        assert (row["estimate"], row["ci_low"], row["ci_high"]) == (top["estimate"], top["ci_low"], top["ci_high"])
        assert row["difference"] == pytest.approx(top["estimate"] - 0.8)
        place = "below" if top["ci_low"] > 0.8 else "above" if top["ci_high"] < 0.8 else "inside"
        assert row["position"] == place
    assert claim.loc["revenue", "position"] == "above"
    said = result.text
    assert "lies above the interval: revenue is less concentrated here" in said
    assert "no norm" in said
    assert result.estimates["p_value"].isna().all()
    assert pareto(customers(even), top=0.1, bootstrap=200).tables["claim"].empty


def test_losses_are_named_and_shares_of_nothing_refused():
    gains = pareto(customers([50.0, 40, 30, 20, 10] * 8, cost=[10.0, 60, 5, 5, 5] * 8), cost="cost", bootstrap=400)
    row = gains.tables["totals"].set_index("measure").loc["profit"]
    assert (row["negative"], row["losses"], row["total"]) == (8, -160.0, 520.0)
    assert {"profit_gini", "profit_gini_normalised"} <= set(gains.estimates["term"])
    overlap = gains.tables["overlap"].set_index("group")
    assert overlap.loc["both", "customers"] == 8
    assert overlap["customers"].tolist() == [8, 0, 0, 0]
    lossy = pareto(customers([50.0, 40, 30, 20, 10] * 8, cost=[90.0, 60, 5, 50, 5] * 8), cost="cost", bootstrap=200)
    assert [term for term in lossy.estimates["term"] if term.startswith("profit")] == ["profit_gini_normalised"]
    assert "PARETO_NO_SHARES" in codes(lossy)
    assert "adds up to −480.00" in lossy.text
    assert set(lossy.tables["lorenz"]["measure"]) == {"revenue"}
    assert set(lossy.tables["claim"]["measure"]) == {"revenue"}
    top_losers = lossy.tables["overlap"].set_index("group").loc["revenue, at a loss"]
    assert (top_losers["customers"], top_losers["profit"]) == (8, -320.0)
    free = pareto(customers([1.0, 2.0], cost=[1.0, 2.0]), cost="cost", bootstrap=0)
    assert "PARETO_NO_SHARES" in codes(free)


def test_samples_without_a_positive_sum_are_told():
    result = pareto(customers([30.0] + [-1.0] * 20), bootstrap=300)
    assert "PARETO_SAMPLES_LOST" in codes(result)
    assert {"PARETO_FEW_CUSTOMERS", "PARETO_SCOPE"} <= codes(result)


def test_a_figure_always_has_an_interval():
    result = pareto(customers([4.0, 2.0]), bootstrap=200)
    assert result.estimates[["ci_low", "ci_high"]].notna().all(axis=None)
    assert "PARETO_PERCENTILE" in codes(result)
    assert result.tables["claim"]["position"].tolist() == ["above"]
    assert "–" not in result.text


def test_key_customers_are_the_largest_and_ties_go_by_name():
    values = [5.0, 9.0, 9.0, 1.0, 2.0, 3.0, 4.0, 4.0, 1.0, 2.0]
    data = pd.DataFrame({"customer": list("JIHGFEDCBA"), "amount": values})
    result = pareto(data, top=0.25, bootstrap=100)
    table = result.tables["key_customers"]
    assert table["customer"].tolist() == ["H", "I", "J"]  # 2.5 customers, the third counted whole
    assert table["cumulative_share"].tolist() == pytest.approx([9 / 40, 18 / 40, 23 / 40])
    assert result.estimates["estimate"].iloc[0] == pytest.approx(20.5 / 40)  # half of the third
    assert len(pareto(data, top=0.5, listed=2, bootstrap=100).tables["key_customers"]) == 2
    shuffled = pareto(data.sample(frac=1.0, random_state=1), top=0.25, bootstrap=100)
    assert shuffled.tables["key_customers"].equals(table)
    assert shuffled.estimates.equals(result.estimates)


def test_transactions_and_their_totals_say_the_same():
    random = np.random.default_rng(6)
    data = pd.DataFrame({"customer": random.integers(0, 50, 400), "amount": np.round(random.lognormal(2, 1, 400), 2)})
    sums = data.groupby("customer", as_index=False)["amount"].sum()
    one, other = pareto(data, bootstrap=200), pareto(sums, bootstrap=200)
    np.testing.assert_allclose(one.estimates["estimate"], other.estimates["estimate"], rtol=EXACT)
    np.testing.assert_allclose(one.estimates["ci_low"], other.estimates["ci_low"], rtol=1e-9)
    assert one.samples["rows"].tolist() == [400]


def test_large_sets_have_linearised_errors(monkeypatch):
    monkeypatch.setattr(import_module("crmstudy.assessment.value.pareto"), "_LARGE", 100)
    data = customers(np.random.default_rng(1).lognormal(2, 1, 400))
    result = pareto(data)
    assert result.call["bootstrap"] == 0
    assert "PARETO_LINEARISED" in codes(result)
    boot = pareto(data, bootstrap=2000, interval="percentile").estimates
    np.testing.assert_allclose(result.estimates["std_error"], boot["std_error"], rtol=0.1)
    half = (result.estimates["ci_high"] - result.estimates["ci_low"]) / 2
    np.testing.assert_allclose(half, 1.959963984540054 * result.estimates["std_error"], rtol=1e-9)


def test_one_customer_nothing_and_faulty_options_are_refused():
    with pytest.raises(AnalysisError) as caught:
        pareto(customers([5.0]))
    assert caught.value.code == "PARETO_ONE_CUSTOMER"
    with pytest.raises(AnalysisError) as caught:
        pareto(customers([0.0, 0.0]))
    assert caught.value.code == "PARETO_NOTHING"
    with pytest.raises(ModelError) as refused:
        pareto(
            customers([1.0, 2.0]), top=20, target=0, bootstrap=5, interval="bootstrap", level=95, listed=-1, seed=0.5
        )
    assert len(refused.value.faults) == 7
    with pytest.raises(TypeError):
        pareto(customers([1.0, 2.0]), costs="c")


def test_sentences_and_figures():
    random = np.random.default_rng(4)
    data = customers(np.round(random.lognormal(3, 1.0, 200), 2)).assign(cost=20.0)
    result = pareto(data, cost="cost", bootstrap=300)
    share = result.estimates["estimate"].iloc[0]
    said = {lang: " ".join(result.prose(lang)) for lang in LANGUAGES}
    assert f"bring {100 * share:.1f}% of the revenue (95% interval" in said["en"]
    assert f"{100 * share:.1f}".replace(".", ",") + "\xa0%" in said["ru"]
    assert "۲۰ درصد" in said["fa"]
    curves, bars = result.drawings()
    assert isinstance(curves, Curves)
    assert curves.diagonal
    assert [line[0] for line in curves.lines] == ["revenue", "profit"]
    assert isinstance(bars, Bars)
    assert bars.reference == 0.8
    assert bars.series[0][1][0] == pytest.approx(share)
    assert '"claim"' in result.to_json()
