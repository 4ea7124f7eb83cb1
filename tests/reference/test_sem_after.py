"""What is computed after a structural equation model is fitted, against lavaan evaluated at the optimum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import chdtrc

import crmstudy as cs
from crmstudy.errors import CrmstudyError
from tests import tolerances
from tests.reference import Case, cases
from tests.reference.after import (
    assert_close,
    assert_square_of_z,
    case_of,
    fit_of,
    fit_with,
    keyed,
    tables_of,
)

#: An index below this is rounding in lavaan: its expected change is a quotient of two numbers of no meaning.
NO_INDEX = 1e-12
#: A standardised residual beyond this is a residual over rounding.
NO_ERROR = 1e4
CHANGES = {"epc": "epc", "sepc.lv": "sepc_lv", "sepc.all": "sepc_all", "sepc.nox": "sepc_nox"}


def labels_of(case: Case, fit: Any) -> tuple[str, ...]:
    return tuple(fit.groups) if "group" in case.keywords else ()


FITTED = [name for method in ("indices", "residuals", "scores", "effects") for name in cases(f"sem_{method}")]


@pytest.mark.parametrize("name", FITTED)
def test_the_fit_behind_is_that_of_lavaan(name: str) -> None:
    theirs, ours = case_of(name).output, fit_of(name)
    assert (ours.fit["npar"], ours.fit["df"]) == (theirs["npar"], theirs["df"])
    assert ours.fit["chisq"] == pytest.approx(theirs["chisq"], rel=tolerances.CHISQ_RELATIVE)


# --- modification indices and score tests -------------------------------------------------------------------------


@pytest.fixture(params=cases("sem_indices"))
def indices(request: pytest.FixtureRequest) -> tuple[Case, Any]:
    return case_of(request.param), fit_of(request.param)


def modification(case: Case, fit: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Our table and lavaan's, parameters as index, lavaan's without the rows it should not offer.

    With fixed exogenous variables lavaan also lists their covariances and lets them be explained, which are not
    parameters of a model given these variables.
    """
    labels = labels_of(case, fit)
    ours = keyed(fit.modification_indices(), labels)
    theirs = keyed(case.table("modification", "table"), labels)
    given = case.options.get("exogenous", [])
    told = theirs["lhs"].isin(given) & ((theirs["op"] == "~") | theirs["rhs"].isin(given))
    return ours, theirs[~told]


def test_modification_indices(indices: tuple[Case, Any]) -> None:
    ours, theirs = modification(*indices)
    assert sorted(ours.index) == sorted(theirs.index)
    ours = ours.loc[theirs.index]
    assert_square_of_z(ours["mi"], theirs["mi"], theirs.index)
    if "mi.scaled" in theirs:
        assert_square_of_z(ours["mi_scaled"], theirs["mi.scaled"], theirs.index)


def test_expected_changes(indices: tuple[Case, Any]) -> None:
    """lavaan standardises the change of a variance by putting the estimate in its place: those are not compared."""
    ours, theirs = modification(*indices)
    theirs = theirs[theirs["mi"] > NO_INDEX]
    ours = ours.loc[theirs.index]
    z = np.sqrt(theirs["mi"])
    variance = (theirs["op"] == "~~") & (theirs["lhs"] == theirs["rhs"])
    for column, name in CHANGES.items():
        compared = theirs[column].notna() if column == "epc" else theirs[column].notna() & ~variance
        size = theirs[column].abs()
        allowed = size * (tolerances.Z_ABSOLUTE / z + 2 * tolerances.Z_RELATIVE)
        assert_close(ours[name][compared], theirs[column][compared], allowed[compared], theirs.index[compared])


def test_only_large_indices_on_request() -> None:
    fit = fit_of("sem_indices/hs_cfa")
    whole = fit.modification_indices()
    some = fit.modification_indices(minimum=5.0)
    assert len(some) == (whole["mi"] > 5.0).sum()
    assert (some["mi"] > 5.0).all()


SCORED = [
    (name, kind) for name in cases("sem_indices") for kind in ("released", "added") if case_of(name).output.get(kind)
]


@pytest.mark.parametrize(("name", "kind"), SCORED)
def test_score_tests(name: str, kind: str) -> None:
    case, fit = case_of(name), fit_of(name)
    found = tables_of(fit.score_tests() if kind == "released" else fit.score_tests(add="\n".join(case.output["add"])))
    total, theirs = found["total"], case.output[kind]["total"]
    assert_square_of_z(total["stat"], [theirs["statistic"]], ["total"])
    assert total["df"].tolist() == [theirs["df"]]
    assert_close(total["p_value"], [theirs["p_value"]], tolerances.P_VALUE, ["total"])
    # the order of constraints is nobody's business: the largest first
    theirs = case.table(kind, "univariate").sort_values("statistic", ascending=False, ignore_index=True)
    ours = found["univariate"].sort_values("statistic", ascending=False, ignore_index=True)
    names = [f"{row.statistic:.4g}" for row in theirs.itertuples()]
    assert_square_of_z(ours["statistic"], theirs["statistic"], names)
    assert ours["df"].tolist() == theirs["df"].tolist()
    assert_close(ours["p_value"], theirs["p_value"], tolerances.P_VALUE, names)
    if "epc" in theirs:
        allowed = theirs["epc"].abs() * (tolerances.Z_ABSOLUTE / np.sqrt(theirs["statistic"]) + 1e-5)
        assert_close(ours["epc"], theirs["epc"], allowed, names)


@pytest.mark.parametrize(("name", "kind"), SCORED)
def test_cumulative_score_tests(name: str, kind: str) -> None:
    """One after the other, the largest first."""
    case, fit = case_of(name), fit_of(name)
    add = None if kind == "released" else "\n".join(case.output["add"])
    ours = tables_of(fit.score_tests(add=add, cumulative=True))["cumulative"]
    theirs = case.table(kind, "cumulative")
    assert ours["df"].tolist() == theirs["df"].tolist()
    assert_square_of_z(ours["statistic"], theirs["statistic"], theirs["df"])
    assert_close(ours["p_value"], theirs["p_value"], tolerances.P_VALUE, theirs["df"])


# --- residuals ----------------------------------------------------------------------------------------------------


def by_group(value: Any, case: Case) -> list[pd.DataFrame]:
    """Residuals by group in lavaan's order; those of one group stand alone. A list of covariances and means is both."""
    if case.output["groups"]:
        return [covariances(value[group]) for group in case.output["groups"]]
    return [covariances(value)]


def covariances(value: Any) -> pd.DataFrame:
    return value if isinstance(value, pd.DataFrame) else value["cov"]


@pytest.mark.parametrize("kind", ["standardized", "normalized"])
@pytest.mark.parametrize("name", cases("sem_residuals"))
def test_residuals_over_their_errors(name: str, kind: str) -> None:
    """lavaan leaves a residual below 1e-5 as it is; these are not compared.

    A variance that follows from others (of an item whose mean is fixed, say) has a residual with a standard error of 0,
    which lavaan finds as rounding and divides by; these must not have a number.
    """
    case, fit = case_of(name), fit_of(name)
    ours = by_group(fit.residuals(kind=kind), case)
    for number, mine in enumerate(ours):
        theirs = matrix(case.output["kinds"][kind][number]["cov"])
        raw = matrix(case.output["detailed"]["raw"][number]["cov"]).to_numpy()
        mine = mine.loc[theirs.index, theirs.columns].to_numpy()
        z = theirs.to_numpy()
        rows, columns = np.tril_indices(len(z))
        without_error = np.abs(z[rows, columns]) > NO_ERROR
        assert np.isnan(mine[rows, columns][without_error]).all()
        compared = (np.abs(raw) >= 1e-5)[rows, columns] & ~np.isnan(z[rows, columns]) & ~without_error
        rows, columns = rows[compared], columns[compared]
        names = [f"{theirs.index[i]} {theirs.index[j]}" for i, j in zip(rows, columns, strict=True)]
        allowed = tolerances.Z_ABSOLUTE + tolerances.Z_RELATIVE * np.abs(z[rows, columns])
        assert_close(mine[rows, columns], z[rows, columns], allowed, names)


def matrix(found: Any) -> pd.DataFrame:
    return pd.DataFrame(np.array(found["values"], dtype=float), index=found["rows"], columns=found["columns"])


# --- factor scores ------------------------------------------------------------------------------------------------


#: A second-order factor has no indicator of its own, on which Bartlett's scores rest: lavaan gives 0 to everybody.
INDIRECT = ("g", "bartlett")


@pytest.mark.parametrize("method", ["regression", "bartlett"])
@pytest.mark.parametrize("name", cases("sem_scores"))
def test_factor_scores(name: str, method: str) -> None:
    case, fit = case_of(name), fit_of(name)
    scores = fit.factor_scores(method=method)
    assert scores.index.isin(case.data.index).all()
    for part in case.output[method]:
        theirs = pd.DataFrame(np.array(part["scores"]["values"], dtype=float), columns=part["scores"]["columns"])
        ours = scores.loc[part["rows"], list(theirs.columns)]
        for factor in theirs:
            if (factor, method) == INDIRECT:
                continue
            size = max(1.0, float(theirs[factor].abs().max()))
            assert_close(ours[factor], theirs[factor], tolerances.DERIVED * size, part["rows"])
    for factor in theirs:  # all rows together
        if (factor, method) == INDIRECT:
            continue
        n = sum(part["n"] for part in case.output[method])
        squares = sum(part["sum_of_squares"][factor] for part in case.output[method])
        assert len(scores) == n
        assert float((scores[factor] ** 2).sum()) == pytest.approx(squares, rel=tolerances.DERIVED * n)


@pytest.mark.parametrize("method", ["regression", "bartlett"])
@pytest.mark.parametrize("name", cases("sem_scores"))
def test_standard_errors_of_factor_scores(name: str, method: str) -> None:
    case, fit = case_of(name), fit_of(name)
    scores = fit.factor_scores(method=method, se=True)
    for part in case.output[method]:
        theirs = pd.DataFrame(np.array(part["std_error"]["values"], dtype=float), columns=part["std_error"]["columns"])
        ours = scores.loc[part["rows"], [f"{factor}_se" for factor in theirs]].to_numpy()
        for column, factor in enumerate(theirs):
            expected = np.broadcast_to(theirs[factor].to_numpy(), (len(ours),))
            known = ~np.isnan(expected)
            assert_close(
                ours[known, column], expected[known], tolerances.DERIVED * np.abs(expected[known]),
                np.array(part["rows"])[known],
            )  # fmt: skip


# --- likelihood-ratio tests ---------------------------------------------------------------------------------------

#: satorra.2000 with incomplete rows: lavaan 0.6-14 takes the products of what was answered, counts the others as no
#: deviation and divides by all rows. It is refused.
REFUSED = [("sem_tests/personality_fiml_mlr", "satorra.2000")]
#: Here lavaan finds a negative scaling factor and gives p = 1.
WITHOUT_TEST = [("sem_tests/personality_fiml_mlr", "satorra.bentler.2010")]
COMPARED = [
    (name, method)
    for name in cases("sem_tests")
    for method in case_of(name).output["differences"]
    if (name, method) not in [*REFUSED, *WITHOUT_TEST]
]


def fits_of(case: Case) -> list[Any]:
    return [fit_with(case, m.get("file", "model.lav"), **m.get("keywords", {})) for m in case.options["models"]]


def differences_of(name: str, method: str) -> pd.DataFrame:
    """lavaan's table, put right where it goes wrong.

    The factors of 2001 and 2010 are those of a scaled mean. lavaan takes the scale of a scaled and shifted test (MLMV)
    for one; with the scaled mean's factor the result is that of MLM. For 2010 it evaluates the larger model at the
    smaller one's estimates by name, which are other moments than the smaller one's where latent means are free in that
    one alone; the script has the value at the smaller model's moments.
    """
    of_mean = method.startswith("satorra.bentler") and name.endswith("_mlmv")
    case = case_of(name.replace("_mlmv", "_mlm") if of_mean else name)
    table = case.table("differences", method, "tests")
    if repaired := (case.output["repaired"] or {}).get(method):
        table["chisq_diff"] = pd.Series(repaired["chisq_diff"], dtype=float)
        table["p_value"] = chdtrc(table["df_diff"], table["chisq_diff"])
    return table


@pytest.mark.parametrize(("name", "method"), COMPARED)
def test_comparison_of_models(name: str, method: str) -> None:
    case = case_of(name)
    ours, theirs = cs.compare_models(*fits_of(case), method=method).tables["tests"], differences_of(name, method)
    assert ours["df"].tolist() == theirs["df"].tolist()
    for index in ("aic", "bic"):
        if theirs[index].notna().all():
            assert_close(ours[index], theirs[index], tolerances.LOGLIK_RELATIVE * theirs[index].abs(), theirs["model"])
    steps = theirs["chisq_diff"].notna()
    ours, theirs = ours[steps.to_numpy()], theirs[steps]
    assert_close(ours["df_diff"], theirs["df_diff"], tolerances.CLOSED_FORM_RELATIVE, theirs["model"])
    # a scaling factor of the difference is one of two factors, each good to the relative error of a standard error
    spread = theirs["df"] / theirs["df_diff"]
    allowed = 2 * tolerances.CHISQ_RELATIVE * theirs["chisq"]
    if case.keywords.get("estimator", "ML") != "ML":
        allowed = allowed + tolerances.STANDARD_ERROR_RELATIVE * spread * theirs["chisq_diff"].abs()
    assert_close(ours["chisq_diff"], theirs["chisq_diff"], allowed, theirs["model"])
    assert_close(ours["p_value"], theirs["p_value"], tolerances.P_VALUE * spread, theirs["model"])


@pytest.mark.parametrize(("name", "method"), REFUSED)
def test_a_method_for_complete_rows_is_refused(name: str, method: str) -> None:
    with pytest.raises(CrmstudyError, match=method):
        cs.compare_models(*fits_of(case_of(name)), method=method)


@pytest.mark.parametrize(("name", "method"), WITHOUT_TEST)
def test_a_negative_scaling_factor_gives_no_p_value(name: str, method: str) -> None:
    assert (case_of(name).table("differences", method, "tests")["chisq_diff"].dropna() < 0).all()
    found = cs.compare_models(*fits_of(case_of(name)), method=method)
    assert found.tables["tests"]["p_value"].isna().all()
    assert found.notes


def test_the_order_of_models_does_not_matter() -> None:
    fits = fits_of(case_of("sem_tests/groups_ml"))
    forward, backward = cs.compare_models(*fits).tables["tests"], cs.compare_models(*fits[::-1]).tables["tests"]
    assert forward["df"].tolist() == backward["df"].tolist()
    np.testing.assert_array_equal(forward["chisq_diff"], backward["chisq_diff"])


# --- effects ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", cases("sem_effects"))
def test_effects_equal_definitions(name: str) -> None:
    """Effects found without labels equal what lavaan finds for the same written out as definitions."""
    case, fit = case_of(name), fit_of(name, "plain.lav")
    found = fit.effects().set_index(["kind", "from", "to"])
    theirs = case.table("effects").set_index("lhs")
    ours = pd.DataFrame([found.loc[tuple(label.split("__"))] for label in theirs.index], index=theirs.index)
    se = theirs["se"]
    assert_close(ours["estimate"], theirs["est"], tolerances.ESTIMATE_IN_SE * se, theirs.index)
    assert_close(ours["std_error"], se, tolerances.STANDARD_ERROR_RELATIVE * se, theirs.index)
    assert_close(ours["p_value"], theirs["pvalue"], tolerances.P_VALUE, theirs.index)
    for end in ("lower", "upper"):
        mine = ours["ci_low" if end == "lower" else "ci_high"]
        assert_close(mine, theirs[f"ci.{end}"], 2 * tolerances.ESTIMATE_IN_SE * se, theirs.index)
    assert_close(ours["std_all"], theirs["std.all"], tolerances.DERIVED, theirs.index)


@pytest.mark.parametrize("name", cases("sem_effects"))
def test_definitions_equal_definitions(name: str) -> None:
    case, fit = case_of(name), fit_of(name)
    ours = fit.estimates[fit.estimates["op"] == ":="].set_index("lhs")
    theirs = case.table("effects").set_index("lhs")
    ours = ours.loc[theirs.index]
    se = theirs["se"]
    assert_close(ours["estimate"], theirs["est"], tolerances.ESTIMATE_IN_SE * se, theirs.index)
    assert_close(ours["std_error"], se, tolerances.STANDARD_ERROR_RELATIVE * se, theirs.index)
    for column, name_of in (("std_all", "std.all"), ("std_lv", "std.lv")):
        assert_close(ours[column], theirs[name_of], tolerances.DERIVED, theirs.index)


# --- power --------------------------------------------------------------------------------------------------------


def asked(row: Any) -> dict[str, Any]:
    """The hypotheses of a row of a recorded table, as they are asked of crmstudy."""
    return {"rmsea0": row.null, "rmsea_a": row.alternative, "df": int(row.df), "alpha": row.alpha}


@pytest.mark.parametrize("name", ["power_sem/rmsea", "power_sem/rmsea_groups"])
def test_power_of_the_rmsea(name: str) -> None:
    """``n`` counts the rows of all groups together, as semTools does."""
    table = case_of(name).table("power")
    ours = [
        cs.power.rmsea(**asked(row), n=int(row.n), groups=int(row.groups)).fit["power"] for row in table.itertuples()
    ]
    np.testing.assert_allclose(ours, table["power"], rtol=tolerances.TAIL_RELATIVE, atol=tolerances.CLOSED_FORM)


def test_power_over_rows() -> None:
    output = case_of("power_sem/curve").output
    given = {"rmsea0": output["null"], "rmsea_a": output["alternative"], "df": output["df"], "alpha": output["alpha"]}
    ours = [cs.power.rmsea(**given, n=n).fit["power"] for n in output["curve"]["n"]]
    np.testing.assert_allclose(ours, output["curve"]["power"], rtol=tolerances.TAIL_RELATIVE)


def test_rows_for_a_power() -> None:
    for row in case_of("power_sem/sample_size").table("size").itertuples():
        found = cs.power.rmsea(**asked(row), power=row.power).fit
        assert found["n"] == row.n
        assert found["power"] == pytest.approx(row.reached, rel=tolerances.TAIL_RELATIVE)


@pytest.mark.parametrize(("kind", "goal"), [("power", "n"), ("size", "power")])
def test_power_of_a_difference(kind: str, goal: str) -> None:
    for row in case_of("power_sem/nested").table(kind).itertuples():
        found = cs.power.rmsea_difference(
            df_smaller=int(row.df_a), df_larger=int(row.df_b), alpha=row.alpha, groups=int(getattr(row, "groups", 1)),
            rmsea0_smaller=row.null_a, rmsea0_larger=row.null_b, rmsea_smaller=row.alternative_a,
            rmsea_larger=row.alternative_b, **{goal: int(row.n) if goal == "n" else row.power},
        ).fit  # fmt: skip
        if goal == "n":
            assert found["power"] == pytest.approx(row.power, rel=tolerances.TAIL_RELATIVE)
        else:
            assert found["n"] == row.n
