"""Decisions by rule, cross-loadings and correlations with scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import ModelError, UnsupportedError
from crmstudy.measurement.validity.discriminant_rules import RULES, decision_table
from crmstudy.report.references import load_references
from tests import tolerances

MODEL = "a =~ x1 + x2 + x3\nb =~ y1 + y2 + y3"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(21)
    factors = rng.multivariate_normal([0, 0], [[1.0, 0.5], [0.5, 1.0]], size=400)
    values = np.repeat(factors, 3, axis=1) * np.tile([0.9, 0.8, 0.7], 2) + rng.normal(size=(400, 6)) * 0.7
    return pd.DataFrame(np.round(values) + 4, columns=["x1", "x2", "x3", "y1", "y2", "y3"])


def pair(**figures: object) -> pd.DataFrame:
    row = {"lhs": "a", "rhs": "b", "correlation": 0.8, "ci_low": 0.7, "ci_high": 0.89, "htmt": 0.86, "cutoff": 0.9,
           "p_value": 0.01}  # fmt: skip
    return pd.DataFrame([row | figures])


def decisions(table: pd.DataFrame) -> dict[str, str]:
    return dict(zip(table["rule"], table["decision"], strict=True))


def test_every_rule_by_hand():
    intervals = pd.DataFrame([{"lhs": "a", "rhs": "b", "coefficient": "htmt", "ci_high": 0.93}])
    found = decisions(decision_table(pair(), {"a": 0.85, "b": 0.79}, intervals, 0.95))
    assert found == {
        "fornell_larcker": "fails", "htmt_85": "fails", "htmt_90": "holds", "htmt_interval": "fails",
        "correlation_interval": "holds", "correlation_test": "holds",
    }  # fmt: skip


def test_negative_correlations_count_by_their_size():
    table = decision_table(pair(correlation=-0.8, ci_low=-0.95, ci_high=-0.6), {"a": 0.85, "b": 0.85}, None, 0.95)
    assert decisions(table)["correlation_interval"] == "fails"
    assert decisions(table)["fornell_larcker"] == "holds"
    assert table["value"].min() >= 0


def test_what_is_absent_is_not_judged():
    table = decision_table(pair(ci_low=np.nan, ci_high=np.nan, htmt=np.nan, p_value=np.nan), {"a": 0.9}, None, 0.95)
    assert set(table["decision"]) == {"not judged"}


def test_every_rule_has_its_source(data):
    assert set(RULES.values()) <= set(load_references())
    table = cs.validity(cs.cfa(MODEL, data)).tables["decisions"]
    assert table["source"].tolist() == [RULES[rule] for rule in table["rule"]]


def test_cross_loadings(data):
    """Of an item of one factor: its loading, and its loading times the factors' correlation."""
    fit = cs.cfa(MODEL, data)
    found = cs.validity(fit).tables
    loadings = fit.estimates.query("op == '=~'").set_index("rhs")["std_all"]
    r = fit.latent_correlations.loc["a", "b"]
    table = found["cross_loadings"]
    assert table["factor"].tolist() == ["a"] * 3 + ["b"] * 3
    assert table["a"].to_numpy() == pytest.approx(loadings.to_numpy() * [1, 1, 1, r, r, r], abs=1e-12)
    assert table["highest"].all()


def test_correlations_with_scores_leave_the_item_out(data):
    table = cs.validity(cs.cfa(MODEL, data)).tables["item_score_correlations"]
    for item in data.columns:
        for factor, items in (("a", ["x1", "x2", "x3"]), ("b", ["y1", "y2", "y3"])):
            others = data[[name for name in items if name != item]].sum(axis=1)
            theirs = np.corrcoef(data[item], others)[0, 1]
            assert table.loc[item, factor] == pytest.approx(theirs, rel=tolerances.CLOSED_FORM_RELATIVE)


def test_ordinal_ratios(data):
    fit = cs.cfa(MODEL, data)
    plain, ordinal = (cs.validity(fit, ordinal=kind).tables["htmt"].loc["b", "a"] for kind in (False, True))
    assert ordinal != plain
    assert abs(ordinal - plain) < 0.1
    # turning items does not matter to absolute correlations
    turned = cs.validity(cs.cfa(MODEL, data.assign(x2=8 - data["x2"])), ordinal=True).tables["htmt"].loc["b", "a"]
    assert turned == pytest.approx(ordinal, abs=1e-9)


def test_ordinal_refusals(data):
    fit = cs.cfa(MODEL, data)
    with pytest.raises(ModelError, match="True or False"):
        cs.validity(fit, ordinal="yes")
    with pytest.raises(UnsupportedError, match="bootstrap"):
        cs.validity(fit, ordinal=True, bootstrap=100)
    with pytest.raises(ModelError, match="x1"):
        cs.validity(cs.cfa(MODEL, data.assign(x1=data["x1"] + np.linspace(0, 0.5, len(data)))), ordinal=True)
    with pytest.raises(ModelError, match="complete rows"):
        cs.validity(cs.cfa(MODEL, sample_cov=data.cov(), sample_n=400), ordinal=True)
