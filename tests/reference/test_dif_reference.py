"""Differential item functioning against ordinal::clm and glm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crmstudy.measurement.dif.dif import DifResult, dif
from tests import tolerances
from tests.reference import Case, cases, load

SETTINGS: dict[str, dict[str, Any]] = {
    "dif/personality_education": {"matching": "rest score"},
    "dif/personality_purified": {"purify": True},
    "dif/hostility_half": {"matching": "rest score"},
}
MODELS = {1: "score", 2: "score + group", 3: "score × group"}


def ask(name: str) -> tuple[Case, DifResult]:
    """A case and our result for the same answers."""
    case = load(name)
    output = case.output
    frame, items = case.data.copy(), list(output["items"])
    complete = frame[[*items, output["group"]]].dropna()
    for item in output["flip"]:
        frame[item] = complete[item].max() + complete[item].min() - frame[item]
    if output["cut"] is not None:
        frame[items] = frame[items].gt(output["cut"]).astype(float).where(frame[items].notna())
    settings = {"purify": False, "matching": "sum score"} | SETTINGS.get(name, {})
    return case, dif(frame, items=items, group=output["group"], **settings)


@pytest.fixture(scope="module", params=cases("dif"))
def asked(request: pytest.FixtureRequest) -> tuple[Case, DifResult]:
    """Every case with our result."""
    return ask(request.param)


def test_likelihoods_and_shares(asked):
    case, found = asked
    assert found.n == case.output["n"]
    theirs = case.table("models").replace({"model": MODELS}).set_index(["item", "model"])
    ours = found.tables["models"].set_index(["item", "model"]).loc[theirs.index]
    np.testing.assert_allclose(ours["loglik"], theirs["loglik"], rtol=tolerances.LOGLIK_RELATIVE)
    for name in ("mcfadden", "cox_snell", "nagelkerke"):
        np.testing.assert_allclose(ours[name], theirs[name], atol=tolerances.CLOSED_FORM_RELATIVE, rtol=0)


def test_likelihood_ratios(asked):
    case, found = asked
    theirs = case.table("tests").set_index(["item", "test"])
    ours = found.tables["tests"].set_index(["item", "test"]).loc[theirs.index]
    assert (ours["df"] == theirs["df"]).all()
    # twice a difference of log-likelihoods in the thousands, each right to its rounding
    np.testing.assert_allclose(ours["chisq"], theirs["chisq"], atol=1e-8, rtol=0)
    np.testing.assert_allclose(ours["p_value"], theirs["p_value"], rtol=1e-7)
    for name in ("delta_mcfadden", "delta_cox_snell", "delta_nagelkerke"):
        np.testing.assert_allclose(ours[name], theirs[name], atol=tolerances.CLOSED_FORM_RELATIVE, rtol=0)
    total = found.tables["items"].set_index("item")
    np.testing.assert_allclose(total["p_adjusted"], theirs.xs("total", level="test")["p_adjusted"], rtol=1e-7)
    np.testing.assert_allclose(total["beta_change"], case.output["beta_change"], atol=1e-8)


def test_slopes_and_their_errors(asked):
    """An estimate in standard errors, a standard error relatively: both stop at gradients of 1e-10."""
    case, found = asked
    theirs = case.table("slopes")
    ours = found.estimates
    for item, own in theirs.groupby("item", sort=False):
        groups = len(found.tables["groups"]) - 1
        uniform = own[own["model"] == 2].sort_values("place").iloc[1:]
        nonuniform = own[own["model"] == 3].sort_values("place").iloc[1 + groups :]
        for effect, rows in (("uniform", uniform), ("nonuniform", nonuniform)):
            mine = ours[(ours["item"] == item) & (ours["effect"] == effect)]
            assert len(mine) == len(rows) == groups
            error = rows["std_error"].to_numpy()
            np.testing.assert_allclose(mine["std_error"], error, rtol=tolerances.INVERSE_RELATIVE)
            assert (np.abs(mine["estimate"].to_numpy() - rows["estimate"].to_numpy()) < 1e-7 * error).all()


def test_purification():
    case, found = ask("dif/personality_purified")
    rounds = found.tables["purification"]
    assert [row.split(", ") for row in rounds["anchors"]] == [each["anchors"] for each in case.output["rounds"]]
    assert [row.split(", ") for row in rounds["flagged"]] == [each["flagged"] for each in case.output["rounds"]]
