"""Total, direct and indirect effects: against definitions written out for lavaan, and their identities."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import ModelError
from crmstudy.fitted import effects as module
from crmstudy.fitted.effects import COLUMNS, effects
from crmstudy.kernels.covariance import effects as kernel
from tests import tolerances
from tests.reference import cases
from tests.reference.after import assert_close, case_of, fit_of

CASES = cases("sem_effects")
NUMBERS = ["estimate", "std_error", "statistic", "p_value", "ci_low", "ci_high", "std_all", "std_all_se"]
TWO_STEPS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nvisual ~ sex + ageyr\ntextual ~ visual + ageyr"


def found(name: str, file: str = "plain.lav") -> pd.DataFrame:
    return effects(fit_of(name, file).solution)


def keyed(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index(["kind", "from", "to"])


def holzinger() -> pd.DataFrame:
    data = case_of("sem_effects/mimic_mlr").data
    assert data is not None
    return data.copy()


def fit(model: str, **keywords: Any) -> Any:
    return cs.sem(model, holzinger(), **keywords).solution


# --- against definitions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_effects_equal_definitions(name: str) -> None:
    theirs = case_of(name).table("effects").set_index("lhs")
    whole = keyed(found(name).query("kind != 'path'"))
    ours = pd.DataFrame([whole.loc[tuple(label.split("__"))] for label in theirs.index], index=theirs.index)
    se = theirs["se"]
    assert_close(ours["estimate"], theirs["est"], tolerances.ESTIMATE_IN_SE * se, theirs.index)
    assert_close(ours["std_error"], se, tolerances.STANDARD_ERROR_RELATIVE * se, theirs.index)
    allowed = tolerances.Z_ABSOLUTE + tolerances.Z_RELATIVE * theirs["z"].abs()
    assert_close(ours["statistic"], theirs["z"], allowed, theirs.index)
    assert_close(ours["p_value"], theirs["pvalue"], tolerances.P_VALUE, theirs.index)
    for ours_end, end in (("ci_low", "ci.lower"), ("ci_high", "ci.upper")):
        assert_close(ours[ours_end], theirs[end], 2 * tolerances.ESTIMATE_IN_SE * se, theirs.index)
    assert_close(ours["std_all"], theirs["std.all"], tolerances.DERIVED, theirs.index)


@pytest.mark.parametrize("name", CASES)
def test_errors_of_standardised_effects_equal_those_of_definitions(name: str) -> None:
    """Two ways to one number: slopes of the matrices here, of expressions there."""
    written = fit_of(name).estimates.query("op == ':='").set_index("lhs")
    whole = keyed(effects(fit_of(name).solution).query("kind != 'path'"))
    ours = pd.DataFrame([whole.loc[tuple(label.split("__"))] for label in written.index], index=written.index)
    np.testing.assert_allclose(ours["std_all_se"], written["std_all_se"], rtol=tolerances.CLOSED_FORM_RELATIVE)


def test_a_path_equals_the_product_of_its_labels() -> None:
    labelled = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nvisual ~ a*sex + b*ageyr\ntextual ~ c*visual + d*ageyr"
    fitted = cs.sem(f"{labelled}\none := a*c\nother := b*c", holzinger(), estimator="MLR")
    written = fitted.estimates.query("op == ':='")
    ours = effects(fitted.solution).query("kind == 'path'")
    assert list(ours["path"]) == ["sex -> visual -> textual", "ageyr -> visual -> textual"]
    for column in NUMBERS:
        np.testing.assert_allclose(ours[column], written[column], rtol=tolerances.CLOSED_FORM_RELATIVE, err_msg=column)


# --- identities ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_total_is_direct_and_indirect(name: str) -> None:
    whole = found(name)
    for column in ("estimate", "std_all"):
        parts = whole.pivot_table(index=["from", "to"], columns="kind", values=column, aggfunc="sum", fill_value=0.0)
        np.testing.assert_allclose(parts["total"], parts["direct"] + parts["indirect"], atol=tolerances.CLOSED_FORM)
        if "path" in parts:
            np.testing.assert_allclose(parts["indirect"], parts["path"], atol=tolerances.CLOSED_FORM)


def test_direct_effects_are_the_coefficients() -> None:
    estimates = fit_of("sem_effects/mobi", "plain.lav").estimates.query("op == '~'")
    ours = found("sem_effects/mobi").query("kind == 'direct'").set_index(["to", "from"])
    theirs = estimates.set_index(["lhs", "rhs"])
    ours = ours.loc[list(theirs.index)]
    for column in NUMBERS:
        np.testing.assert_allclose(ours[column], theirs[column], rtol=tolerances.CLOSED_FORM_RELATIVE, err_msg=column)


def test_every_chain_is_found_once() -> None:
    rng = np.random.default_rng(20)
    pattern = np.tril(rng.random((8, 8)) < 0.6, -1)
    counts = kernel.count_chains(pattern)
    for cause in range(8):
        for outcome in range(8):
            chains = list(kernel.chains(pattern, cause, outcome)) if cause != outcome else []
            assert len(set(chains)) == len(chains) == counts[outcome, cause]
            assert all(chain[0] == cause and chain[-1] == outcome and len(chain) > 2 for chain in chains)
            assert all(pattern[b, a] for chain in chains for a, b in itertools.pairwise(chain))


# --- what is listed -----------------------------------------------------------------------------------------------


def test_kinds_and_order() -> None:
    table = effects(fit(TWO_STEPS))
    assert tuple(table.columns) == COLUMNS
    assert list(zip(table["from"], table["to"], table["kind"], table["path"], strict=True)) == [
        ("visual", "textual", "total", ""),
        ("visual", "textual", "direct", "visual -> textual"),
        ("sex", "visual", "total", ""),
        ("sex", "visual", "direct", "sex -> visual"),
        ("sex", "textual", "total", ""),
        ("sex", "textual", "indirect", ""),
        ("sex", "textual", "path", "sex -> visual -> textual"),
        ("ageyr", "visual", "total", ""),
        ("ageyr", "visual", "direct", "ageyr -> visual"),
        ("ageyr", "textual", "total", ""),
        ("ageyr", "textual", "direct", "ageyr -> textual"),
        ("ageyr", "textual", "indirect", ""),
        ("ageyr", "textual", "path", "ageyr -> visual -> textual"),
    ]
    assert list(table["group"]) == [""] * len(table)
    assert table.attrs["notes"] == []


def test_groups_stand_one_behind_the_other() -> None:
    """Without equalities each group's effects are those of its rows alone."""
    table = effects(fit(TWO_STEPS, group="school", meanstructure=False))
    for label, part in table.groupby("group", sort=False):
        rows = holzinger()["school"] == label
        alone = effects(cs.sem(TWO_STEPS, holzinger()[rows]).solution)
        assert_close(part["estimate"], alone["estimate"], tolerances.ESTIMATE_IN_SE * alone["std_error"], alone["to"])
        np.testing.assert_allclose(part["std_error"], alone["std_error"], rtol=tolerances.STANDARD_ERROR_RELATIVE)
        assert_close(part["std_all"], alone["std_all"], tolerances.DERIVED, alone["to"])
    assert list(dict.fromkeys(table["group"])) == list(dict.fromkeys(holzinger()["school"]))


def test_loadings_of_factors_are_arrows_and_those_of_items_are_not() -> None:
    table = effects(fit("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\ng =~ visual + textual + x9\ng ~ sex"))
    assert set(table["to"]) == {"g", "visual", "textual"}
    fixed = keyed(table).loc[("direct", "g", "visual")]
    assert (fixed["estimate"], fixed["std_error"]) == (1.0, 0.0)
    assert np.isnan(fixed["p_value"])


def test_an_item_in_a_regression_has_effects() -> None:
    table = effects(fit("visual =~ x1 + x2 + x3\nvisual ~ sex\nx3 ~ sex"))
    assert "sex -> visual -> x3" in set(table["path"])


def test_only_what_is_asked_for() -> None:
    solution = fit(TWO_STEPS)
    whole = effects(solution)
    part = effects(solution, from_="sex", to=["textual"])
    expected = whole.query("`from` == 'sex' and to == 'textual'").reset_index(drop=True)
    pd.testing.assert_frame_equal(part, expected)
    assert list(effects(solution, standardized=False).columns) == list(COLUMNS[:-2])


def test_unknown_names_are_refused_together() -> None:
    with pytest.raises(ModelError) as raised:
        effects(fit(TWO_STEPS), from_=["sexe", "x1"], to="textul")
    assert len(raised.value.faults) == 3
    assert "Did you mean 'sex'?" in str(raised.value)


def test_no_structural_part_no_effects() -> None:
    table = effects(fit("visual =~ x1 + x2 + x3"))
    assert table.empty
    assert tuple(table.columns) == COLUMNS


# --- notes --------------------------------------------------------------------------------------------------------


def test_a_loop_has_no_paths() -> None:
    table = found("sem_effects/reciprocal")
    assert "path" not in set(table["kind"])
    assert [note["code"] for note in table.attrs["notes"]] == ["SEM_EFFECTS_LOOP"]


def test_an_unstable_loop_is_told() -> None:
    table = effects(fit("x1 ~ 2*x2 + sex\nx2 ~ 1*x1 + ageyr\nx1 ~~ 0*x2"))
    codes = {note["code"]: note for note in table.attrs["notes"]}
    assert codes["SEM_EFFECTS_UNSTABLE"]["level"] == "warning"
    assert "1.41" in codes["SEM_EFFECTS_UNSTABLE"]["message"]


def test_too_many_paths_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CHAINS", 1)
    solution = fit(TWO_STEPS)
    table = effects(solution)
    assert set(table["kind"]) == {"total", "direct", "indirect"}
    (note,) = table.attrs["notes"]
    assert note["code"] == "SEM_EFFECTS_MANY_PATHS"
    assert "2 indirect paths" in note["message"]
    assert "path" in set(effects(solution, from_="sex")["kind"])


def test_without_standard_errors() -> None:
    table = effects(fit(TWO_STEPS, se="none"))
    assert table["std_error"].isna().all()
    assert table["estimate"].notna().all()
    assert [note["code"] for note in table.attrs["notes"]] == ["SEM_NO_STANDARD_ERRORS"]
