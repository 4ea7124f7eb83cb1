"""Multiply imputed data: reading the sets, pooling models over them, and what is refused or noted."""

from __future__ import annotations

import dataclasses
import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import crmstudy as cs
from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.fitted.fit import fit_model
from crmstudy.fitted.pooledcomparison import compare_pooled
from crmstudy.fitted.pooledfits import pooled_difference
from crmstudy.fitted.pooledresult import POOLED_COLUMNS, PooledSemResult
from crmstudy.fitted.pooling import fit_imputed
from crmstudy.imputed import Imputed
from crmstudy.instrument import Item, ResponseFormat, Scale, load_instrument
from crmstudy.responses import Responses, frame_of
from tests import tolerances
from tests.reference import cases, load

MODEL = "f =~ x1 + x2 + x3 + x4 + x5"
#: riv, fmi and df are quotients of variances, each good to twice the relative error of a standard error.
QUOTIENT = 10 * tolerances.STANDARD_ERROR_RELATIVE


def _long(name):
    case = load(name)
    return pd.read_csv(case.folder / case.output["imputed"])


@cache
def reference(name):
    case = load(name)
    return fit_imputed(case.model, Imputed.from_long(_long(name), imp=".imp"), **case.keywords)


def _frame(n=200, seed=3, columns=5):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n, 1))
    values = 0.8 * factor + rng.normal(size=(n, columns)) * 0.6
    return pd.DataFrame(values, columns=[f"x{i + 1}" for i in range(columns)])


def _sets(m=3, n=200, spread=0.4, seed=5):
    """Data sets that differ in a fifth of the answers to x1 and x2."""
    rng = np.random.default_rng(seed)
    first = _frame(n)
    sets = []
    for _ in range(m):
        other = first.copy()
        for name in ("x1", "x2"):
            at = np.arange(n) % 5 == 0
            other.loc[at, name] = first.loc[at, name] + rng.normal(size=at.sum()) * spread
        sets.append(other)
    return sets


@pytest.fixture(scope="module")
def sets():
    return _sets()


@pytest.fixture(scope="module")
def fit(sets):
    return fit_imputed(MODEL, Imputed(sets))


# --- the data sets --------------------------------------------------------------------------------------------------


def test_a_list_of_frames(sets):
    imputed = Imputed(sets)
    assert (imputed.m, imputed.n, imputed.varying, imputed.notes) == (3, 200, ("x1", "x2"), ())
    assert repr(imputed) == "<Imputed m=3, N=200, 5 columns, 2 of them imputed>"


def test_a_long_table_with_ids_is_brought_into_one_order(sets):
    whole = pd.concat([one.assign(imp=k, who=range(len(one))) for k, one in enumerate(sets, 1)])
    incomplete = sets[0].assign(x1=np.nan, imp=0, who=range(200))
    shuffled = pd.concat([incomplete, whole.sample(frac=1.0, random_state=1)])
    imputed = Imputed.from_long(shuffled, id="who")
    assert imputed.m == 3
    assert [note.code for note in imputed.notes] == ["IMPUTED_ORIGINAL"]
    ordered = imputed.sets[2].sort_index()
    pd.testing.assert_frame_equal(ordered.reset_index(drop=True), sets[2])
    assert imputed.sets[0].index.equals(imputed.sets[1].index)


def test_a_long_table_is_refused_with_every_fault():
    with pytest.raises(DataError) as caught:
        Imputed.from_long(pd.DataFrame({".imp": [1, 2], "x": [1.0, 2.0]}), id="who")
    assert len(caught.value.faults) == 2
    assert "Did you mean '.imp'?" in str(caught.value)
    with pytest.raises(DataError, match="1 rows have no number"):
        Imputed.from_long(pd.DataFrame({"imp": [1, None], "x": [1.0, 2.0]}))
    with pytest.raises(DataError, match="stand twice"):
        Imputed.from_long(pd.DataFrame([[1, 1, 2]], columns=["imp", "x", "x"]))
    with pytest.raises(DataError, match="wants a DataFrame; found list"):
        Imputed.from_long([1, 2])


def test_ids_must_be_there_and_the_same():
    def long(first, second):
        return pd.DataFrame({"imp": [1, 1, 2, 2], "who": [*first, *second], "x": 1.0})

    with pytest.raises(DataError, match="those of set 2 do not"):
        Imputed.from_long(long((1, 2), (1, 1)), id="who")
    with pytest.raises(DataError, match="set 2 has other ids"):
        Imputed.from_long(long((1, 2), (1, 3)), id="who")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([_frame()], "at least 2 completed data sets; found 1"),
        ([], "at least 2 completed data sets; found 0"),
        (_frame(), r"found DataFrame. Imputed.from_long\(table\) reads one long table"),
        (3, "found int"),
        ([_frame(), "text"], "set 2 must be a DataFrame or Responses; found str"),
        ([_frame(), _frame(columns=4)], "set 2 lacks columns of set 1: x5"),
        ([_frame(columns=4), _frame()], "set 2 has columns that set 1 does not have: x5"),
        ([_frame(), _frame()[["x2", "x1", "x3", "x4", "x5"]]], "in another order"),
        ([_frame(), _frame(n=199)], "set 2 has 199 rows, set 1 has 200"),
        ([_frame(), _frame().set_index(np.arange(1, 201))], "the index of set 2 differs"),
        ([_frame(n=0), _frame(n=0)], "no rows"),
        ([_frame().set_axis(["a", "a", "b", "c", "d"], axis=1)] * 2, "columns stand twice: a"),
    ],
)
def test_what_is_no_set_of_completions_is_refused(given, said):
    with pytest.raises(DataError, match=said):
        Imputed(given)


def test_all_faults_are_told_at_once():
    with pytest.raises(DataError) as caught:
        Imputed([_frame(), _frame(columns=4), _frame(n=3)])
    assert len(caught.value.faults) == 2


def test_gaps_that_are_left_and_sets_that_do_not_differ_are_noted():
    holes = _frame()
    holes.loc[0, "x3"] = np.nan
    found = Imputed([holes, holes.copy()])
    assert [note.code for note in found.notes] == ["IMPUTED_INCOMPLETE", "IMPUTED_EQUAL"]
    assert "x3 (1)" in found.notes[0].message


AGREE = ResponseFormat("agree", 1, 5)
ITEMS = (Item("q1", 1, AGREE), Item("q2", 2, AGREE), Item("q3", 3, AGREE, reverse=True), Item("q4", 4, AGREE))
SMALL = dataclasses.replace(
    load_instrument("ecsi"), id="small", version="1", items=ITEMS, scales=(Scale("s", {}, ITEMS, "mean", 1),)
)


def _answers(n=120):
    rng = np.random.default_rng(2)
    core = rng.integers(1, 6, size=n)
    around = {name: np.clip(core + rng.integers(-1, 2, size=n), 1, 5) for name in ("q1", "q2", "q4")}
    return pd.DataFrame({**around, "q3": np.clip(6 - core + rng.integers(-1, 2, size=n), 1, 5)}).astype(float)


def test_responses_are_sets_too():
    answers, other = _answers(), _answers()
    other.loc[:9, "q1"] = 6.0 - other.loc[:9, "q1"]
    sets = [Responses.from_frame(frame, [SMALL]) for frame in (answers, other)]
    found = fit_imputed("f =~ q1 + q2 + q3 + q4", Imputed(sets)).estimates.set_index("rhs")
    assert found.loc["q3", "estimate"].max() > 0, "q3 is reversed by its instrument"
    with pytest.raises(DataError, match="all sets must be of one kind"):
        Imputed([sets[0], other])


def test_imputed_answers_out_of_range_would_leave_other_rows():
    answers, other = _answers(), _answers()
    other.loc[3, "q1"] = 7.0
    sets = [Responses.from_frame(frame, [SMALL]) for frame in (answers, other)]
    with pytest.raises(DataError, match="keep imputed answers within the response range"):
        fit_imputed("f =~ q1 + q2 + q3 + q4", Imputed(sets))


def test_analyses_that_cannot_pool_refuse_and_say_what_to_do(sets):
    imputed = Imputed(sets)
    for refused in (lambda: frame_of(imputed), lambda: fit_model(MODEL, imputed)):
        with pytest.raises(UnsupportedError, match=r"cannot pool; found 3 completed ones. Give one of them"):
            refused()


# --- against R ------------------------------------------------------------------------------------------------------


def _key(lhs, op, rhs, group):
    return f"{lhs} {op} {'' if op == '~1' else rhs} {group or ''}".strip()


def _estimates(found, **conventions):
    """The free parameters under their names."""
    table = found.estimates_by(**conventions)
    label = [found.groups[k - 1] if found.groups and k else "" for k in table["group"]]
    keys = [_key(*row) for row in zip(table["lhs"], table["op"], table["rhs"], label, strict=True)]
    return table.set_axis(keys)[(table["riv"].notna() & (table["op"] != ":=")).to_numpy()]


@pytest.mark.parametrize("name", cases("pooled_sem"))
def test_estimates_of_the_reference(name):
    theirs, found = load(name).table("pooled"), reference(name)
    group = theirs["group"].astype(object).where(theirs["group"].notna(), None)
    group = [None if value is None else str(int(float(value))) for value in group]
    theirs = theirs.set_axis(
        [_key(*row) for row in zip(theirs["lhs"], theirs["op"], theirs["rhs"], group, strict=True)]
    )
    ours = _estimates(found)
    ours = ours.set_axis([key.replace(".0", "") for key in ours.index]).loc[theirs.index]
    se = theirs["std_error"].to_numpy()
    assert (np.abs(ours["estimate"] - theirs["estimate"]) <= tolerances.ESTIMATE_IN_SE * se).all()
    assert ours["std_error"].to_numpy() == pytest.approx(se, rel=tolerances.STANDARD_ERROR_RELATIVE)
    for column in ("riv", "fmi"):
        assert ours[column].to_numpy() == pytest.approx(theirs[column].to_numpy(), rel=QUOTIENT), column
    average = _estimates(found, variance="average")
    average = average.set_axis([key.replace(".0", "") for key in average.index]).loc[theirs.index, "std_error"]
    assert average.to_numpy() == pytest.approx(
        theirs["std_error_average"].to_numpy(), rel=tolerances.STANDARD_ERROR_RELATIVE
    )
    assert found.solution.pooled.average_increase == pytest.approx(load(name).output["ariv"], rel=QUOTIENT)


def test_defined_parameters_of_the_reference():
    theirs = load("pooled_sem/paths").table("defined").set_index("name")
    ours = reference("pooled_sem/paths").tables["defined"].set_index("label").loc[theirs.index]
    se = theirs["std_error"]
    assert (np.abs(ours["estimate"] - theirs["estimate"]) <= tolerances.ESTIMATE_IN_SE * se).all()
    assert ours["std_error"].to_numpy() == pytest.approx(se.to_numpy(), rel=tolerances.STANDARD_ERROR_RELATIVE)
    for column in ("riv", "fmi", "df"):
        assert ours[column].to_numpy() == pytest.approx(theirs[column].to_numpy(), rel=QUOTIENT), column


def _assert_test(ours, theirs):
    assert ours.df1 == theirs["df1"]
    for figure, name in ((ours.statistic, "f"), (ours.df2, "df2"), (ours.increase, "ariv"), (ours.chisq, "chisq")):
        assert name not in theirs or figure == pytest.approx(theirs[name], rel=QUOTIENT), name
    assert ours.p_value == pytest.approx(theirs["p_value"], abs=tolerances.P_VALUE)


@pytest.mark.parametrize("name", cases("pooled_sem"))
def test_tests_of_the_reference(name):
    output, found = load(name).output, reference(name)
    parts = [part.inference.chisq for part in found.solution.parts]
    assert parts == pytest.approx(output["statistics"], rel=tolerances.CHISQ_RELATIVE)
    measures = {method: found.solution.by(method).measures for method in ("D2", "D3")}
    for method, key in (("D2", "d2"), ("D3", "d3")):
        _assert_test(found.solution.tests.test_by(method), output[key])
        _assert_test(measures[method].baseline.test, output[f"baseline_{key}"])
    _assert_test(found.wald("; ".join(output["zero"])), output["d1"])


@pytest.mark.parametrize("name", cases("pooled_sem"))
def test_fit_of_the_reference(name):
    output, fit = load(name).output, reference(name).fit
    assert (fit["df"], fit["baseline_df"], fit["npar"]) == (output["df"], output["baseline_df"], output["npar"])
    assert fit["chisq"] == pytest.approx(output["d3"]["chisq"], rel=QUOTIENT)
    assert fit["baseline_chisq"] == pytest.approx(output["baseline_d3"]["chisq"], rel=QUOTIENT)
    assert fit["pvalue"] == pytest.approx(output["d3"]["p_value_chisq"], abs=tolerances.P_VALUE)
    for index in ("cfi", "tli", "rmsea"):
        assert fit[index] == pytest.approx(output[index], abs=QUOTIENT), index
    for figure in ("logl", "unrestricted_logl"):
        assert fit[figure] == pytest.approx(output[figure], rel=tolerances.LOGLIK_RELATIVE), figure


def test_robust_fit_of_the_reference():
    output, found = load("pooled_sem/groups").output["robust"], reference("pooled_sem/groups")
    fit = found.fit
    assert fit["chisq_scaling_factor"] == pytest.approx(output["scaling_factor"], rel=QUOTIENT)
    assert fit["baseline_chisq_scaling_factor"] == pytest.approx(output["baseline_scaling_factor"], rel=QUOTIENT)
    assert fit["chisq_scaled"] == pytest.approx(output["chisq"], rel=QUOTIENT)
    assert fit["baseline_chisq_scaled"] == pytest.approx(output["baseline_chisq"], rel=QUOTIENT)
    assert fit["cfi_robust"] == pytest.approx(output["cfi"], abs=QUOTIENT)
    tests = found.tables["pooled_tests"].set_index("method")
    assert tests.index.tolist() == ["D2", "D3, then scaled", "D2, then scaled"]
    assert tests.loc["D2", "statistic"] == pytest.approx(output["pooled_scaled"]["f"], rel=QUOTIENT)
    assert tests.loc["D3, then scaled", "chisq"] == fit["chisq_scaled"]


@pytest.mark.parametrize("name", cases("pooled"))
def test_conventions_and_srmr_of_the_one_factor_model(name):
    case = load(name)
    model, output = case.model, case.output
    found = fit_imputed(model, Imputed.from_long(_long(name), imp=".imp"), **case.keywords)
    theirs = case.table("pooled")
    small, average = _estimates(found, df="small"), _estimates(found, variance="average")
    keys = [_key(*row, None) for row in theirs[["lhs", "op", "rhs"]].to_numpy()]
    assert small.loc[keys, "df"].to_numpy() == pytest.approx(theirs["df_barnard_rubin"].to_numpy(), rel=QUOTIENT)
    assert average.loc[keys, "std_error"].to_numpy() == pytest.approx(
        theirs["std_error_semtools"].to_numpy(), rel=tolerances.STANDARD_ERROR_RELATIVE
    )
    by_statistics = found.fit_by("D2")
    for index in ("cfi", "tli", "rmsea"):
        assert by_statistics[index] == pytest.approx(output["indices_d2"][index], abs=QUOTIENT)
    if output["srmr"] is not None:
        assert found.fit["srmr"] == pytest.approx(output["srmr"], abs=tolerances.DERIVED)


@pytest.mark.parametrize("name", cases("pooled"))
@pytest.mark.parametrize("method", ["D2", "D3"])
def test_differences_of_the_reference(name, method):
    case = load(name)
    imputed = Imputed.from_long(_long(name), imp=".imp")
    nested = (case.folder / "nested.lav").read_text(encoding="utf-8")
    fits = [fit_imputed(text, imputed, **case.keywords) for text in (nested, case.model)]
    test, scaled = pooled_difference(fits[0].solution, fits[1].solution, method)
    _assert_test(test, case.output[method.lower()]["difference"])
    found = compare_pooled(fits, method=method)
    (first, second) = found.tables["tests"].to_dict("records")
    assert np.isnan(first["statistic"])
    if "robust" not in case.output:
        assert scaled is None
        assert second["statistic"] == test.statistic
        assert f"F(1, {test.df2:.2f})" in found.text
        return
    theirs = case.output["robust"][f"{method.lower()}_difference"]
    assert second["chisq_diff"] == pytest.approx(theirs["chisq"], rel=QUOTIENT)
    assert second["scaling_factor"] == pytest.approx(theirs["scaling_factor"], rel=QUOTIENT)
    assert second["p_value"] == pytest.approx(theirs["p_value"], abs=tolerances.P_VALUE)
    assert "Δχ²(1, N = 250)" in found.text


# --- identities -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keywords", [{}, {"estimator": "MLR"}, {"estimator": "ULSMV"}, {"missing": "fiml"}])
def test_the_same_data_set_many_times_is_that_data_set(keywords):
    one = _frame()
    single = fit_model(MODEL, one, **keywords)
    found = fit_imputed(MODEL, Imputed([one, one.copy(), one.copy()]), **keywords)
    columns = single.estimates.select_dtypes("number").columns
    np.testing.assert_allclose(
        found.estimates[columns], single.estimates[columns], rtol=tolerances.INVERSE_RELATIVE, atol=tolerances.RECOVERY
    )
    free = found.estimates["std_error"] > 0
    assert (found.estimates.loc[free, "riv"] == 0).all()
    assert np.isinf(found.estimates.loc[free, "df"]).all()
    shared = [name for name in found.fit.index if name in single.fit.index]
    robust_of_patterns = [name for name in single.fit.index if name.endswith("_robust")]
    assert set(single.fit.index) - set(shared) <= {
        "fmin", "cn_05", "cn_01", "gfi", "agfi", "pgfi", "mfi", "ecvi", "chisq_df", "scaling_factor_h0",
        "scaling_factor_h1", *(robust_of_patterns if "missing" in keywords else ()),
        *(("logl", "unrestricted_logl", "aic", "bic", "bic2") if keywords.get("estimator") == "ULSMV" else ()),
    }  # fmt: skip
    np.testing.assert_allclose(
        found.fit[shared], single.fit[shared], rtol=tolerances.INVERSE_RELATIVE, atol=tolerances.RECOVERY
    )
    assert "IMPUTED_EQUAL" in {note.code for note in found.notes}


def test_the_order_of_the_data_sets_does_not_matter(sets, fit):
    turned = fit_imputed(MODEL, Imputed(sets[::-1]))
    for name in ("estimate", "std_error", "riv"):
        np.testing.assert_allclose(turned.estimates[name], fit.estimates[name], rtol=tolerances.RECOVERY)
    np.testing.assert_allclose(turned.fit, fit.fit, rtol=tolerances.RECOVERY, atol=tolerances.RECOVERY)


def test_complete_rows_by_full_information_are_pooled_like_maximum_likelihood(sets):
    one = fit_imputed(MODEL, Imputed(sets), meanstructure=True)
    other = fit_imputed(MODEL, Imputed(sets), missing="fiml", information="expected")
    for figure in ("chisq", "baseline_chisq", "cfi", "logl"):
        assert other.fit[figure] == pytest.approx(one.fit[figure], rel=tolerances.RECOVERY)


def test_intervals_and_p_values_are_those_of_t(fit):
    rows = fit.estimates[fit.estimates["std_error"] > 0]
    t = rows["estimate"] / rows["std_error"]
    expected = 2.0 * stats.t.sf(np.abs(t), rows["df"])
    assert rows["p_value"].to_numpy() == pytest.approx(expected, rel=tolerances.TAIL_RELATIVE)
    reach = stats.t.ppf(0.975, rows["df"]) * rows["std_error"]
    assert (rows["ci_high"] - rows["estimate"]).to_numpy() == pytest.approx(reach, rel=tolerances.TAIL_RELATIVE)
    fixed = fit.estimates[fit.estimates["std_error"] == 0].iloc[0]
    assert (fixed["ci_low"], fixed["ci_high"]) == (1.0, 1.0)
    assert np.isnan(fixed[["df", "riv", "fmi", "p_value"]].astype(float)).all()


def test_a_defined_parameter_that_repeats_one_has_its_figures(sets):
    found = fit_imputed("f =~ x1 + a*x2 + b*x3 + x4\nagain := a", Imputed(sets)).estimates
    one, again = found[found["label"] == "a"].iloc[0], found[found["label"] == "again"].iloc[0]
    for name in ("estimate", "std_error", "df", "riv", "ci_low", "std_all"):
        assert again[name] == pytest.approx(one[name], rel=tolerances.CLOSED_FORM_RELATIVE)


# --- the face -------------------------------------------------------------------------------------------------------


def test_the_face_of_a_pooled_fit(fit):
    assert tuple(fit.estimates.columns) == POOLED_COLUMNS
    assert set(fit.tables) == {"r_squared", "defined", "local_fit", "pooled_tests", "imputations"}
    assert fit.tables["imputations"]["used"].all()
    assert fit.samples["imputations"].tolist() == [3]
    assert (fit.n, fit.m, fit.converged, fit.admissible) == (200, 3, True, True)
    assert fit.text.startswith("Pooled over 3 completed data sets by D3: χ²(5, N = 200) = ")
    assert fit.vcov.shape == (10, 10)
    assert fit.call["imputations"] == 3
    assert fit.plot().admissible
    content = json.loads(fit.to_json())
    assert content["kind"] == "pooled_sem"
    assert fit.implied.shape == (5, 5)
    assert fit.latent_correlations.loc["f", "f"] == pytest.approx(1.0)
    assert fit.latent_covariances.loc["f", "f"] > 0
    assert fit.residuals("cor").shape == (5, 5)
    with pytest.raises(UnsupportedError, match="of pooled fits is not built; choose raw"):
        fit.residuals("standardized")
    assert fit.to_lavaan().startswith("f =~ ")
    assert (fit.latent, fit.observed, fit.groups) == (("f",), ("x1", "x2", "x3", "x4", "x5"), ())
    assert len(fit.r_squared) == 5
    assert "PooledSemResult" in repr(fit)


def test_monte_carlo_draws_from_the_total_variance(sets):
    found = fit_imputed("f =~ x1 + a*x2 + b*x3 + x4\nproduct := a*b", Imputed(sets), seed=1)
    drawn = found.monte_carlo(20_000).iloc[0]
    rows = found.estimates.set_index("label")
    a, b = rows.loc["a", "estimate"], rows.loc["b", "estimate"]
    v = found.vcov
    joint = v.loc["a", "b"]
    exact = (
        a**2 * v.loc["b", "b"]
        + b**2 * v.loc["a", "a"]
        + 2 * a * b * joint
        + v.loc["a", "a"] * v.loc["b", "b"]
        + joint**2
    )
    error = np.sqrt(exact / (2 * 20_000))
    assert abs(drawn["std_error"] - np.sqrt(exact)) < tolerances.MONTE_CARLO_IN_SE * error


def test_sem_and_cfa_take_imputed_data(sets):
    found = [function(MODEL, Imputed(sets)) for function in (cs.sem, cs.cfa)]
    assert all(isinstance(fit, PooledSemResult) for fit in found)
    assert [fit.call["function"] for fit in found] == ["sem", "cfa"]


def test_least_squares_have_d2_only(sets):
    found = fit_imputed(MODEL, Imputed(sets), estimator="ULSMV")
    assert "logl" not in found.fit
    assert found.tables["pooled_tests"]["method"].tolist() == ["D2", "D2, then scaled"]
    assert "by D2" in found.text
    with pytest.raises(ModelError, match="D3 compares likelihoods"):
        found.fit_by("D3")
    with pytest.raises(ModelError, match=r"method='D4' does not exist"):
        found.fit_by("D4")


def test_a_model_without_degrees_of_freedom_has_no_tests(sets):
    found = fit_imputed("f =~ x1 + x2 + x3", Imputed(sets))
    assert found.tables["pooled_tests"].empty
    assert found.fit["chisq"] == 0.0
    assert "no degrees of freedom" in found.text
    assert "SEM_SATURATED" in {note.code for note in found.notes}


# --- what is left out, noted, refused -------------------------------------------------------------------------------


def test_a_set_in_which_the_model_fails_is_left_out_and_counted(sets):
    flat = sets[0].assign(x1=1.0)
    found = fit_imputed(MODEL, Imputed([*sets, flat]))
    assert found.m == 3
    (note,) = [note for note in found.notes if note.code == "SEM_IMPUTATIONS_LEFT_OUT"]
    assert note.message.startswith("1 of 4 data sets were left out. Set 4:")
    table = found.tables["imputations"]
    assert table["used"].tolist() == [True, True, True, False]
    assert np.isnan(table["chisq"].iloc[3])


def test_too_few_usable_sets_are_refused(sets):
    flat = sets[0].assign(x1=1.0)
    with pytest.raises(AnalysisError, match="at least 2 data sets, but 1 of 2 can be used") as caught:
        fit_imputed(MODEL, Imputed([sets[0], flat]))
    assert caught.value.code == "SEM_POOLED_TOO_FEW"
    with pytest.raises(AnalysisError, match="same value in every row"):
        fit_imputed(MODEL, Imputed([flat, flat.copy()]))


def test_a_model_that_does_not_converge_is_left_out(sets):
    with pytest.raises(AnalysisError, match="did not converge"):
        fit_imputed(MODEL, Imputed(sets), control={"max_iter": 1})


def test_a_model_that_is_not_identified_has_no_standard_errors(sets):
    with pytest.raises(AnalysisError, match="no standard errors"):
        fit_imputed("f =~ x1 + x2", Imputed(sets))


def _improper():
    """A data set whose third indicator has a negative residual variance, and its neighbours that have none."""
    correlation = np.array([[1.0, 0.3, 0.6, 0.2], [0.3, 1.0, 0.8, 0.3], [0.6, 0.8, 1.0, 0.5], [0.2, 0.3, 0.5, 1.0]])
    rng = np.random.default_rng(1)
    raw = rng.normal(size=(150, 4))
    raw = (raw - raw.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    names = ["x1", "x2", "x3", "x4"]
    return pd.DataFrame(raw @ np.linalg.cholesky(correlation).T, columns=names), _frame(150, columns=4)


def test_improper_solutions_stay_but_are_counted_unless_told_otherwise():
    improper, proper = _improper()
    imputed = Imputed([improper, proper, proper + 0.01 * proper**2])
    found = fit_imputed("f =~ x1 + x2 + x3 + x4", imputed)
    assert found.tables["imputations"]["admissible"].tolist() == [False, True, True]
    assert found.tables["imputations"]["used"].all()
    assert "SEM_IMPUTATIONS_IMPROPER" in {note.code for note in found.notes}
    assert found.admissible, "the pooled solution is proper"
    without = fit_imputed("f =~ x1 + x2 + x3 + x4", imputed, omit=("no.conv", "no.se", "no.npd"))
    assert without.m == 2


def test_an_improper_pooled_solution_is_marked_everywhere():
    improper, _ = _improper()
    found = fit_imputed("f =~ x1 + x2 + x3 + x4", Imputed([improper, improper + 0.0]))
    assert not found.admissible
    assert "INADMISSIBLE" in found.text
    assert not found.plot().admissible
    compared = compare_pooled([found, fit_imputed("f =~ x1 + x2 + x3 + 0*x4", Imputed([improper, improper + 0.0]))])
    assert "INADMISSIBLE" in compared.text


def test_factors_that_turn_between_the_data_sets_are_not_pooled_in_silence():
    first = _frame(columns=4)
    turned = first * np.array([1.0, -1.0, -1.0, -1.0])
    found = fit_imputed("f =~ x1 + x2 + x3 + x4", Imputed([first, turned]), std_lv=True)
    assert not found.admissible
    assert "SEM_POOLED_TURNED" in {note.code for note in found.notes}


def test_few_data_sets_for_much_missing_information_are_noted(sets):
    found = fit_imputed(MODEL, Imputed(_sets(spread=1.5)))
    (note,) = [note for note in found.notes if note.code == "SEM_FEW_IMPUTATIONS"]
    largest = found.estimates["fmi"].max()
    assert f"at least {int(np.ceil(100 * largest))}" in note.message
    quiet = fit_imputed(MODEL, Imputed(_sets(m=12, spread=0.02)))
    assert "SEM_FEW_IMPUTATIONS" not in {note.code for note in quiet.notes}


def test_a_statistic_below_zero_is_noted():
    imputed = Imputed(_sets(m=3, spread=6.0))
    found = fit_imputed(MODEL, imputed)
    test = found.solution.tests.test_by("D2")
    assert test.below_zero
    least = fit_imputed(MODEL, imputed, estimator="ULSM")
    assert "SEM_POOLED_BELOW_ZERO" in {note.code for note in least.notes}


def test_groups_must_come_in_one_order(sets):
    one, other = (frame.assign(g=["a", "b"] * 100) for frame in sets[:2])
    other["g"] = ["b", "a"] * 100
    with pytest.raises(DataError, match="do not impute the group column"):
        fit_imputed(MODEL, Imputed([one, other]), group="g")


@pytest.mark.parametrize(
    ("keywords", "error", "said"),
    [
        ({"se": "none"}, ModelError, "leave se='none' out"),
        ({"omit": ("no.convergence",)}, ModelError, r"omit= knows no.conv.*Did you mean 'no.conv'\?"),
        ({"bootstrap": 100}, UnsupportedError, "bootstrap= with Imputed data is not built"),
        ({"aux": ("x5",), "missing": "fiml"}, UnsupportedError, "into the imputation model instead"),
        ({"estimator": "XYZ"}, ModelError, "does not exist"),
    ],
)
def test_what_cannot_be_pooled_is_refused_by_name(sets, keywords, error, said):
    with pytest.raises(error, match=said):
        fit_imputed(MODEL, Imputed(sets), **keywords)


def test_other_data_are_refused(sets):
    with pytest.raises(DataError, match="wants Imputed data; found list"):
        fit_imputed(MODEL, sets)


# --- Wald tests and comparisons -------------------------------------------------------------------------------------


def test_wald_takes_constraints_and_names(sets):
    found = fit_imputed("f =~ x1 + a*x2 + b*x3 + x4\ntwice := 2*a", Imputed(sets))
    by_name = found.wald(["f =~ x2", "b"])
    by_constraint = found.wald("a == 0; b == 0")
    assert by_name.statistic == pytest.approx(by_constraint.statistic, rel=tolerances.CLOSED_FORM_RELATIVE)
    assert found.wald("twice == 0").statistic == pytest.approx(
        found.wald("a").statistic, rel=tolerances.CLOSED_FORM_RELATIVE
    )
    difference = found.wald("a == b")
    assert (difference.df1, difference.method) == (1, "D1")
    assert difference.p_value > found.wald("a").p_value


def test_wald_refuses_what_it_cannot_test(sets):
    found = fit_imputed("f =~ x1 + a*x2 + b*x3 + x4", Imputed(sets))
    with pytest.raises(ModelError) as caught:
        found.wald(["f =~ x9", "zz"])
    assert len(caught.value.faults) == 2
    with pytest.raises(ModelError, match="found none"):
        found.wald(" ; ")
    with pytest.raises(ModelError, match="is not the label of a parameter"):
        found.wald("qq == 0")
    with pytest.raises(AnalysisError, match="only 1 of them do"):
        found.wald("a == b; 2*a == 2*b")


def test_other_conventions_are_named(fit):
    with pytest.raises(ModelError, match="variance='big' does not exist"):
        fit.estimates_by(variance="big")
    with pytest.raises(ModelError, match="df='big' does not exist"):
        fit.estimates_by(df="big")


def test_comparisons_use_the_sets_in_which_both_can_be_used(sets, fit):
    equal = "f =~ x1 + a*x2 + a*x3 + a*x4 + a*x5"
    restricted = fit_imputed(equal, Imputed(sets))
    found = compare_pooled([restricted, fit], names=["equal", "free"])
    assert found.estimates["term"].tolist() == ["equal vs free"]
    assert found.call["method"] == "D3"
    partly = fit_imputed(equal, Imputed([*sets[:2], sets[2].assign(x1=1.0)]))
    common = compare_pooled([partly, fit])
    assert [note.code for note in common.notes] == ["SEM_POOLED_COMMON_SETS"]
    alone = compare_pooled([fit_imputed(text, Imputed(sets[:2])) for text in (equal, MODEL)])
    assert common.tables["tests"].loc[1, "statistic"] == pytest.approx(
        alone.tables["tests"].loc[1, "statistic"], rel=tolerances.RECOVERY
    )


def test_what_cannot_be_compared_is_refused(sets, fit):
    with pytest.raises(ModelError) as caught:
        compare_pooled([fit], method="D7", names=["a", "b"])
    assert len(caught.value.faults) == 3
    with pytest.raises(ModelError, match="found SemResult"):
        compare_pooled([fit, fit_model(MODEL, sets[0])])
    with pytest.raises(ModelError, match="different variables"):
        compare_pooled([fit, fit_imputed("f =~ x1 + x2 + x3 + x4", Imputed(sets))])
    with pytest.raises(ModelError, match="estimator='ML' and 'model 2' with 'MLR'"):
        compare_pooled([fit, fit_imputed(MODEL, Imputed(sets), estimator="MLR")])
    with pytest.raises(ModelError, match="different data sets"):
        compare_pooled([fit, fit_imputed("f =~ x1 + a*x2 + a*x3 + x4 + x5", Imputed(_sets(seed=9)))])
    with pytest.raises(AnalysisError, match="more degrees of freedom"):
        compare_pooled([fit, fit])
    least = [fit_imputed(text, Imputed(sets), estimator="ULSMV") for text in (MODEL, "f =~ x1 + a*x2 + a*x3 + x4 + x5")]
    with pytest.raises(ModelError, match="Use method='D2'"):
        compare_pooled(least, method="D3")
    with pytest.raises(AnalysisError, match="cannot be scaled by factors"):
        compare_pooled(least)
