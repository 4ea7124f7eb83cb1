"""Measurement verbs over imputed data sets: every one pools, or refuses by name with what to do instead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import UnsupportedError
from crmstudy.measurement.factors.aligned import align_factors
from tests import tolerances

ITEMS = [f"q{i}" for i in range(8)]
MODEL = "a =~ q0 + q1 + q2 + q3\nb =~ q4 + q5 + q6 + q7"
SHORT = {"draws": 50, "seed": 1}


def rows(n: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    factors = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], size=n)
    lines = np.repeat(factors, 4, axis=1) * 0.8 + 0.6 * rng.normal(size=(n, 8))
    frame = pd.DataFrame(np.clip(np.round(3 + lines), 1, 5), columns=ITEMS)
    return frame.assign(group=np.repeat(["x", "y"], n // 2), order=range(n))


@pytest.fixture(scope="module")
def imputed() -> cs.Imputed:
    data = rows()
    holes = np.random.default_rng(6).random((len(data), 8)) < 0.1
    data[ITEMS] = data[ITEMS].mask(holes)
    return cs.impute(data, m=4, seed=2, iterations=3)


CALLS = {
    "describe": lambda data: cs.describe(data, items=ITEMS),
    "correlate": lambda data: cs.correlate(data, items=ITEMS[:3]),
    "reliability": lambda data: cs.reliability(data, items=ITEMS[:4], seed=1),
    "efa": lambda data: cs.efa(data, items=ITEMS, n_factors=2, seed=1),
    "retention": lambda data: cs.retention(data, items=ITEMS, **SHORT),
    "icc": lambda data: cs.icc(data, ratings=ITEMS[:3]),
    "test_retest": lambda data: cs.test_retest(data, columns=["q0", "q1"]),
    "raters": lambda data: cs.raters(data, items=ITEMS[:2], kind="weighted"),
    "dif": lambda data: cs.dif(data, items=ITEMS[:4], group="group"),
    "method_bias": lambda data: cs.method_bias(data, model=MODEL),
    "nonresponse": lambda data: cs.nonresponse(data, order="order", items=ITEMS[:2]),
    "midpoint": lambda data: cs.midpoint(data, items=ITEMS[:2], midpoint=3),
    "friedman": lambda data: cs.friedman(data, items=ITEMS[:4]),
    "crosstab": lambda data: cs.crosstab(data, rows="group", cols="q0"),
    "frequencies": lambda data: cs.frequencies(data, items=["group"]),
}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_verb_pools(name: str, imputed: cs.Imputed) -> None:
    pooled = CALLS[name](imputed)
    single = CALLS[name](imputed.sets[0])
    assert type(pooled) is type(single)
    assert pooled.call["m"] == 4
    assert {"fmi", "riv"} <= set(pooled.estimates.columns)
    assert "POOLED" in {note.code for note in pooled.notes}
    assert list(pooled.estimates.columns)[: len(single.estimates.columns)] == list(single.estimates.columns)
    assert pooled.text
    pooled.plot()
    pooled.to_json()


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"retention", "method_bias"}))
def test_equal_sets_give_the_figures_of_one(name: str) -> None:
    data = rows()
    pooled, single = CALLS[name](cs.Imputed([data] * 3)), CALLS[name](data)
    assert pooled.estimates["estimate"].to_numpy() == pytest.approx(
        single.estimates["estimate"].to_numpy(dtype=float), rel=1e-9, abs=tolerances.CLOSED_FORM, nan_ok=True
    )
    assert pooled.n == single.n


def test_a_retention_says_where_the_sets_disagree(imputed: cs.Imputed) -> None:
    pooled = CALLS["retention"](imputed)
    numbers = pd.DataFrame({
        k: CALLS["retention"](data).tables["suggested"].set_index("method")["number"]
        for k, data in enumerate(imputed.sets)
    })  # fmt: skip
    found = pooled.tables["suggested"].set_index("method")["number"]
    for method, row in numbers.iterrows():
        assert found[method] == row.mode().min()
    told = any(note.code == "POOLED_NUMBERS_DIFFER" for note in pooled.notes)
    assert told == any(len(set(row)) > 1 for row in numbers.to_numpy())


def test_factors_are_brought_into_one_order_and_direction() -> None:
    data = rows()
    one = cs.efa(data, items=ITEMS, n_factors=2, seed=1)
    swapped = {"F1": "F2", "F2": "F1"}
    table = one.estimates.copy()
    turned = table["factor"] == "F2"
    for name in ("estimate", "ci_low", "ci_high", "statistic"):
        table.loc[turned, name] *= -1
    table.loc[turned, ["ci_low", "ci_high"]] = table.loc[turned, ["ci_high", "ci_low"]].to_numpy()
    table["factor"] = table["factor"].map(swapped)
    table["term"] = table["factor"] + " =~ " + table["item"]
    tables = dict(one.tables)
    tables["structure"] = tables["structure"].assign(
        F1=-one.tables["structure"]["F2"], F2=one.tables["structure"]["F1"]
    )
    tables["factor_correlations"] = -one.tables["factor_correlations"]
    np.fill_diagonal(values := tables["factor_correlations"].to_numpy(copy=True), 1.0)
    tables["factor_correlations"] = pd.DataFrame(
        values, index=one.tables["factor_correlations"].index, columns=one.tables["factor_correlations"].columns
    )
    tables["variance"] = one.tables["variance"].iloc[::-1].assign(factor=["F1", "F2"])
    other = replace(one, estimates=table, tables=tables)
    back = align_factors([one, other])[1]
    pd.testing.assert_frame_equal(
        back.estimates.sort_values(["factor", "item"], ignore_index=True),
        one.estimates.sort_values(["factor", "item"], ignore_index=True),
        check_like=True,
    )
    assert back.tables["structure"][["F1", "F2"]].to_numpy() == pytest.approx(
        one.tables["structure"][["F1", "F2"]].to_numpy()
    )
    assert back.tables["factor_correlations"].to_numpy() == pytest.approx(one.tables["factor_correlations"].to_numpy())
    assert back.tables["variance"]["ss_loadings"].to_numpy() == pytest.approx(
        one.tables["variance"]["ss_loadings"].to_numpy()
    )


def test_an_icc_keeps_its_f(imputed: cs.Imputed) -> None:
    """F = 1 / (1 - ICC(C,k)) holds for the pooled figures as it does for one set."""
    table = CALLS["icc"](imputed).estimates.set_index("term")
    assert table.loc["ICC3k", "statistic"] == pytest.approx(1 / (1 - table.loc["ICC3k", "estimate"]), rel=1e-9)
    assert table.loc["ICC1", "statistic"] == pytest.approx(1 / (1 - table.loc["ICC1k", "estimate"]), rel=1e-9)
    assert (table["p_value"] < 0.001).all()


def test_dif_is_judged_by_pooled_tests(imputed: cs.Imputed) -> None:
    result = CALLS["dif"](imputed)
    items, tests = result.tables["items"], result.tables["tests"]
    total = tests[tests["test"] == "total"].set_index("item")
    assert items.set_index("item")["p_value"].to_numpy() == pytest.approx(total["p_value"].to_numpy())
    assert (items["p_adjusted"] >= items["p_value"]).all()
    assert (items["flagged"] == (items["p_adjusted"] < 0.05)).all()
    assert result.tables["purification"].empty
    assert not any(note.code == "POOLED_NO_P" for note in result.notes)  # every p of the tables is filled


def test_validity_of_a_pooled_model(imputed: cs.Imputed) -> None:
    fit = cs.cfa(MODEL, imputed)
    result = cs.validity(fit)
    assert result.call["m"] == 4
    each = [cs.validity(cs.cfa(MODEL, data)).tables["convergent"]["cr"] for data in imputed.sets]
    assert result.tables["convergent"]["cr"].to_numpy() == pytest.approx(np.mean(each, axis=0), abs=0.01)
    with pytest.raises(UnsupportedError, match="needs the rows of one data set"):
        cs.validity(fit, bootstrap=200)


def test_verbs_that_cannot_pool_say_what_to_do(imputed: cs.Imputed) -> None:
    for call, name, advice in (
        (cs.screen, "screen", "before they are imputed"),
        (cs.content_validity, "content_validity", "panel"),
        (cs.check_table, "check_table", "printed figures"),
    ):
        with pytest.raises(UnsupportedError, match=rf"{name}\(\) does not pool over 4 imputed data sets: .*{advice}"):
            call(imputed)
