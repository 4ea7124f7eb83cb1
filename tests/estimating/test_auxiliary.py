"""Auxiliary variables as saturated correlates: the rows they add, what they leave as it is, what R finds with them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import ModelError
from crmstudy.estimating import auxiliary
from crmstudy.fitted.fit import fit_model
from crmstudy.grammar.spec import parse_model
from crmstudy.grammar.table import build_table
from tests import tolerances
from tests.reference import cases, load

MODEL = "f =~ x1 + x2 + x3 + x4\ny ~ f + z"


def _table(model=MODEL, **options):
    return build_table(parse_model(model), **{"fixed_x": False, "meanstructure": True, **options})


def _data(n=300, seed=4, missing=0.0):
    """A factor, an outcome, a predictor and two auxiliary variables; answers to x1 and y go missing with a high a1."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    f = 0.3 * z + rng.normal(size=n)
    columns = {f"x{k}": 0.7 * f + 0.7 * rng.normal(size=n) for k in range(1, 5)}
    frame = pd.DataFrame({**columns, "y": 0.5 * f + 0.3 * z + rng.normal(size=n), "z": z})
    frame["a1"] = 0.6 * frame["x1"] + 0.5 * frame["y"] + rng.normal(size=n)
    frame["a2"] = rng.normal(size=n) + 0.4 * frame["a1"]
    if missing:
        chance = missing * 2.0 / (1.0 + np.exp(-2.0 * frame["a1"]))
        for name in ("x1", "y"):
            frame.loc[rng.uniform(size=n) < chance, name] = np.nan
    return frame


@cache
def reference(name):
    case = load(name)
    return fit_model(case.model, case.data, **case.keywords)


# --- the rows -------------------------------------------------------------------------------------------------------


def test_rows_for_variances_means_and_all_covariances():
    table = _table()
    found = auxiliary.with_auxiliaries(table, ["a1", "a2"])
    added = [row.name for row in found.rows if row not in table.rows]
    assert added == [
        "a1 ~~ a1", "a1 ~~ a2", "a2 ~~ a2",
        *(f"{aux} ~~ {name}" for name in table.observed for aux in ("a1", "a2")), "a1 ~1", "a2 ~1",
    ]  # fmt: skip
    assert found.n_free == table.n_free + len(added)
    assert found.observed == (*table.observed, "a1", "a2")
    assert auxiliary.auxiliary_names(found) == ("a1", "a2")
    assert auxiliary.auxiliary_names(table) == ()


def test_degrees_of_freedom_stay():
    """Every moment of an auxiliary variable has a parameter of its own."""
    table = _table()
    found = auxiliary.with_auxiliaries(table, ["a1", "a2", "a3"])

    def moments(p):
        return p * (p + 3) // 2

    assert moments(len(found.observed)) - found.n_free == moments(len(table.observed)) - table.n_free


def test_the_model_keeps_its_numbers_in_every_group():
    table = _table(n_groups=2, group_equal=("loadings",))
    found = auxiliary.with_auxiliaries(table, ["a1"])
    own = [found.rows[at] for at in auxiliary.own_rows(found)]
    assert own == list(table.rows)
    assert auxiliary.own_numbers(found).tolist() == list(range(table.n_free))
    assert [row.group for row in found.rows] == sorted(row.group for row in found.rows)
    numbers = {row.free for row in found.rows if row.free}
    assert numbers == set(range(1, found.n_free + 1))
    assert auxiliary.own_variables(found).tolist() == list(range(len(table.observed)))


def test_the_baseline_lets_auxiliary_variables_covary_with_all():
    found = auxiliary.with_auxiliaries(_table("f =~ x1 + x2 + x3"), ["a1", "a2"])
    assert auxiliary.auxiliary_pairs(found) == ((3, 0), (3, 1), (3, 2), (4, 0), (4, 1), (4, 2), (4, 3))
    assert auxiliary.auxiliary_pairs(_table()) == ()
    assert found.exogenous == ()


def test_all_faults_are_told_at_once():
    with pytest.raises(ModelError) as caught:
        auxiliary.with_auxiliaries(_table(fixed_x=True, meanstructure=False), ["x1", "f", "a1", "a1"])
    told = [str(fault) for fault in caught.value.faults]
    assert len(told) == 5
    for words in ("'x1' is a variable of the model", "'f' is a variable", "'a1' 2 times", "meanstructure", "fixed_x"):
        assert any(words in text for text in told), words


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"aux": ["aa1"]}, "'aa1' is not a column of the data. Did you mean"),
        ({"aux": ["x2"]}, "'x2' is a variable of the model"),
        ({"aux": ["a1"], "missing": "listwise"}, "use it with missing='fiml'"),
        ({"aux": ["a1"], "fixed_x": True}, r"leave fixed_x=True out \(exogenous: z\)"),
    ],
)
def test_what_cannot_be_auxiliary_is_refused(keywords, said):
    with pytest.raises(ModelError, match=said):
        fit_model(MODEL, _data(), **{"missing": "fiml", **keywords})


# --- what they change -----------------------------------------------------------------------------------------------


def test_without_missing_answers_they_change_nothing():
    data = _data()
    alone = fit_model(MODEL, data, missing="fiml", fixed_x=False)
    beside = fit_model(MODEL, data, missing="fiml", aux=["a1", "a2"])
    table = alone.estimates
    kept = beside.estimates
    assert kept["lhs"].tolist() == table["lhs"].tolist()
    for name in ("estimate", "std_error", "std_all", "std_lv"):
        np.testing.assert_allclose(kept[name], table[name], rtol=tolerances.INVERSE_RELATIVE, atol=tolerances.RECOVERY)
    for name in ("chisq", "df", "rmsea", "srmr", "pvalue"):
        assert beside.fit[name] == pytest.approx(alone.fit[name], rel=tolerances.CHISQ_RELATIVE), name


def test_they_bring_back_what_went_missing_because_of_them():
    """Answers to y are missing with a high a1, which goes with y: its mean is biased without a1 and right with it."""
    whole, holes = _data(n=4000), _data(n=4000, missing=0.35)
    target = whole["y"].mean()

    def mean_of_y(**keywords):
        fit = fit_model("f =~ x1 + x2 + x3 + x4\nf ~~ y\ny ~ 1", holes, missing="fiml", **keywords)
        row = fit.estimates[(fit.estimates["op"] == "~1") & (fit.estimates["lhs"] == "y")].iloc[0]
        return abs(row["estimate"] - target) / row["std_error"]

    assert mean_of_y() > tolerances.MONTE_CARLO_IN_SE
    assert mean_of_y(aux=["a1"]) < tolerances.MONTE_CARLO_IN_SE


def test_improper_residual_covariances_of_auxiliary_variables_do_not_count():
    """An auxiliary variable that goes with the factor covaries with all its indicators more than residuals allow."""
    rng = np.random.default_rng(8)
    f = rng.normal(size=400)
    frame = pd.DataFrame({f"x{k}": f + 0.4 * rng.normal(size=400) for k in range(1, 5)})
    frame["a"] = f + 0.3 * rng.normal(size=400)
    frame.loc[:30, "x1"] = np.nan
    fit = fit_model("f =~ x1 + x2 + x3 + x4", frame, missing="fiml", aux=["a"])
    solution = fit.solution
    rows = {row.name: value for row, value in zip(solution.table.rows, solution.estimates, strict=True)}
    spread = sum(rows[f"a ~~ x{k}"] ** 2 / rows[f"x{k} ~~ x{k}"] for k in range(1, 5))
    assert spread > rows["a ~~ a"], "the residual matrix with the auxiliary variable is no covariance matrix"
    assert fit.admissible


def test_an_improper_model_is_still_marked():
    frame = _data()[["x1", "x2", "x3", "a1"]]
    frame["x3"] = 0.8 * frame["x1"] + 0.8 * frame["x2"] + 0.05 * frame["x3"]
    frame.loc[:20, "x1"] = np.nan
    assert not fit_model("f =~ x1 + x2 + x3", frame, missing="fiml", aux=["a1"]).admissible


# --- the face -------------------------------------------------------------------------------------------------------


def test_auxiliary_variables_are_named_in_a_note_and_in_no_table():
    fit = fit_model(MODEL, _data(missing=0.2), missing="fiml", aux=["a1", "a2"], group=None)
    (note,) = [note for note in fit.notes if note.code == "SEM_AUXILIARY"]
    assert "a1, a2" in note.message
    assert not {"a1", "a2"} & set(fit.observed)
    assert not {"a1", "a2"} & (set(fit.estimates["lhs"]) | set(fit.estimates["rhs"]))
    assert fit.implied.columns.tolist() == list(fit.observed) == fit.implied_means.index.tolist()
    assert fit.residuals("cor").shape == (6, 6)
    assert not {"a1", "a2"} & (set(fit.tables["local_fit"]["lhs"]) | set(fit.tables["local_fit"]["rhs"]))
    assert len(fit.vcov) == (fit.estimates["std_error"] > 0).sum()
    assert not {"a1", "a2"} & {node.name for node in fit.plot().nodes}
    assert fit.call["fixed_x"] is False
    assert fit.call["aux"] == ["a1", "a2"]


# --- against R ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", cases("auxiliary_sem"))
def test_estimates_of_the_reference(name):
    theirs, fit = load(name).table("estimates"), reference(name)

    def keys(table, label):
        pairs = [" ~~ ".join(sorted(pair)) for pair in zip(table["lhs"], table["rhs"], strict=True)]
        written = [f"{lhs} {op} {rhs}" for lhs, op, rhs in zip(table["lhs"], table["op"], table["rhs"], strict=True)]
        symmetric = table["op"] == "~~"
        names = np.where(symmetric, pairs, np.where(table["op"] == "~1", table["lhs"] + " ~1", written))
        return [f"{name} {group}" for name, group in zip(names, label, strict=True)]

    theirs.index = keys(theirs, theirs["group"] if fit.groups else [""] * len(theirs))
    ours = fit.estimates
    ours.index = keys(ours, [fit.groups[k - 1] if fit.groups else "" for k in ours["group"]])
    assert sorted(ours.index) == sorted(theirs.index)
    ours = ours.loc[theirs.index]
    allowed = np.where(theirs["se"] > 0, tolerances.ESTIMATE_IN_SE * theirs["se"], tolerances.FIXED_ESTIMATE)
    assert (np.abs(ours["estimate"] - theirs["est"]) <= allowed).all()
    assert ours["std_error"].to_numpy() == pytest.approx(theirs["se"], rel=tolerances.STANDARD_ERROR_RELATIVE)
    for column, name_of in (("std_lv", "std.lv"), ("std_all", "std.all")):
        size = theirs[name_of].abs().clip(lower=1.0)
        assert (np.abs(ours[column] - theirs[name_of]) <= tolerances.DERIVED * size).all(), column


@pytest.mark.parametrize("name", cases("auxiliary_sem"))
def test_fit_of_the_reference(name):
    output, fit = load(name).output, reference(name).fit
    assert (fit["df"], fit["npar"], fit["ntotal"]) == (output["fit"]["df"], output["fit"]["npar"], output["n"])
    assert fit["baseline_df"] == output["baseline"]["df"]
    assert fit["chisq"] == pytest.approx(output["fit"]["chisq"], rel=tolerances.CHISQ_RELATIVE)
    assert fit["baseline_chisq"] == pytest.approx(output["baseline"]["chisq"], rel=tolerances.CHISQ_RELATIVE)
    for index in ("cfi", "rmsea"):
        assert fit[index] == pytest.approx(output[index], abs=tolerances.FIT_INDEX), index
    if "chisq.scaled" in output["fit"]:
        relative = tolerances.SCALED_CHISQ_RELATIVE
        assert fit["chisq_scaled"] == pytest.approx(output["fit"]["chisq.scaled"], rel=relative)
        assert fit["baseline_chisq_scaled"] == pytest.approx(output["baseline"]["chisq.scaled"], rel=relative)


def test_srmr_is_that_of_the_model_alone():
    """Semtools' takes the auxiliary variables in, whose residuals are nearly 0."""
    fit = reference("auxiliary_sem/predictors")
    sample, implied = fit.solution.sample.groups[0], fit.solution.moments[0]
    spread = np.sqrt(np.diagonal(sample.covariance))
    gaps = (sample.covariance - implied.sigma) / np.multiply.outer(spread, spread)
    means = (sample.mean - implied.mu) / spread
    own = len(fit.observed)
    i, j = np.tril_indices(own)
    expected = np.sqrt(np.mean(np.concatenate([gaps[i, j], means[:own]]) ** 2))
    assert fit.fit["srmr"] == pytest.approx(expected, rel=tolerances.CLOSED_FORM_RELATIVE)
