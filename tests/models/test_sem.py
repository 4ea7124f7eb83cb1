"""Structural equation models: identities, invariances, bad input and the admissibility gate."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.measurement.cfa import cfa
from crmstudy.measurement.validity.validity import validity
from crmstudy.models.cbsem import sem
from crmstudy.results import SEM_COLUMNS

ROOT = Path(__file__).resolve().parents[2]
STRUCTURE = """
quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4
value =~ PERV1 + PERV2
satisfaction =~ CUSA1 + CUSA2 + CUSA3
value ~ a*quality
satisfaction ~ c*quality + b*value
indirect := a*b
total := a*b + c
"""


@pytest.fixture(scope="module")
def mobi():
    return pd.read_csv(ROOT / "data" / "mobi" / "responses.csv")


@pytest.fixture(scope="module")
def fitted(mobi):
    return sem(STRUCTURE, mobi)


def _values(result, column="estimate"):
    frame = result.estimates
    return dict(zip(frame["lhs"] + frame["op"] + frame["rhs"], frame[column], strict=True))


def test_a_measurement_model_is_the_same_as_sem_and_as_cfa(mobi):
    model = "f =~ PERQ1 + PERQ2 + PERQ3 + PERQ4"
    one, two = sem(model, mobi), cfa(model, mobi)
    pd.testing.assert_frame_equal(one.estimates, two.estimates)
    assert two.call["function"] == "cfa"


def test_paths_among_observed_variables_are_least_squares(mobi):
    fitted = sem("CUSL3 ~ CUSA1 + CUSA2 + PERV1", mobi)
    predictors = ["CUSA1", "CUSA2", "PERV1"]
    design = np.column_stack([np.ones(len(mobi)), mobi[predictors]])
    coefficients, rss, *_ = np.linalg.lstsq(design, mobi["CUSL3"], rcond=None)
    n, k = design.shape
    errors = np.sqrt(np.diagonal(np.linalg.inv(design.T @ design)) * rss / (n - k))
    rows = fitted.estimates[fitted.estimates["op"] == "~"]
    np.testing.assert_allclose(rows["estimate"], coefficients[1:], rtol=1e-8)
    np.testing.assert_allclose(rows["std_error"], errors[1:] * np.sqrt((n - k) / n), rtol=1e-8)
    assert fitted.fit["df"] == 0
    assert [note.code for note in fitted.notes] == ["SEM_SATURATED"]


def test_a_covariance_matrix_gives_what_the_rows_give(mobi, fitted):
    again = sem(STRUCTURE, sample_cov=mobi.cov(), sample_n=len(mobi))
    np.testing.assert_allclose(again.fit, fitted.fit, rtol=1e-7)
    np.testing.assert_allclose(again.estimates["estimate"], fitted.estimates["estimate"], rtol=1e-6)


def test_total_is_direct_plus_indirect(fitted):
    found = _values(fitted)
    assert found["total:=a * b + c"] == pytest.approx(
        found["indirect:=a * b"] + found["satisfaction~quality"], rel=1e-12
    )
    std = _values(fitted, "std_all")
    expected = std["value~quality"] * std["satisfaction~value"]
    assert std["indirect:=a * b"] == pytest.approx(expected, rel=1e-12)


def test_delta_and_monte_carlo_agree_and_the_seed_decides(fitted):
    delta = fitted.tables["defined"].set_index("label")
    drawn = fitted.monte_carlo(100_000, seed=3).set_index("label")
    np.testing.assert_allclose(drawn["std_error"], delta["std_error"], rtol=0.05)
    assert (drawn["ci_low"] < drawn["estimate"]).all()
    pd.testing.assert_frame_equal(fitted.monte_carlo(2000, seed=3), fitted.monte_carlo(2000, seed=3))
    assert not fitted.monte_carlo(2000, seed=3).equals(fitted.monte_carlo(2000, seed=4))


def test_monte_carlo_percentiles_of_a_single_parameter_are_normal_quantiles(mobi):
    fitted = sem("f =~ PERQ1 + a*PERQ2 + PERQ3\nq := 1*a", mobi)
    row = fitted.tables["defined"].iloc[0]
    drawn = fitted.monte_carlo(200_000, seed=5).iloc[0]
    four_errors = 4 * row["std_error"] * np.sqrt(0.025 * 0.975 / 200_000) / 0.0584
    assert drawn["ci_low"] == pytest.approx(row["ci_low"], abs=four_errors)
    assert drawn["ci_high"] == pytest.approx(row["ci_high"], abs=four_errors)


def test_order_of_rows_and_items_does_not_matter(mobi, fitted):
    shuffled = mobi.sample(frac=1, random_state=1)[mobi.columns[::-1]]
    lines = STRUCTURE.strip().split("\n")
    again = sem("\n".join(lines[2::-1] + lines[3:]), shuffled)
    assert again.fit["chisq"] == pytest.approx(fitted.fit["chisq"], rel=1e-9)
    old, new = _values(fitted), _values(again)
    for name in ("value~quality", "satisfaction~value", "quality=~PERQ3", "indirect:=a * b"):
        assert new[name] == pytest.approx(old[name], rel=1e-6)


def test_units_of_measurement_only_rescale(mobi, fitted):
    factors = pd.Series({name: 10.0 ** (index % 5 - 2) for index, name in enumerate(mobi.columns)})
    again = sem(STRUCTURE, mobi * factors)
    assert again.converged
    assert again.fit["chisq"] == pytest.approx(fitted.fit["chisq"], rel=1e-8)
    np.testing.assert_allclose(again.estimates["std_all"][:-2], fitted.estimates["std_all"][:-2], rtol=1e-5)


def test_two_ways_of_scaling_a_factor_fit_alike(mobi):
    marker, unit = (
        cfa("f =~ PERQ1 + PERQ2 + PERQ3 + PERQ4", mobi),
        cfa("f =~ PERQ1 + PERQ2 + PERQ3 + PERQ4", mobi, std_lv=True),
    )
    assert marker.fit["chisq"] == pytest.approx(unit.fit["chisq"], rel=1e-9)
    np.testing.assert_allclose(marker.estimates["std_all"][:4], unit.estimates["std_all"][:4], rtol=1e-7)


def test_what_a_result_offers(fitted):
    assert tuple(fitted.estimates.columns) == SEM_COLUMNS
    assert fitted.n == 250
    assert fitted.samples.loc[0, "n"] == 250
    assert set(fitted.tables) == {"r_squared", "defined", "local_fit"}
    assert fitted.implied.shape == (9, 9)
    np.testing.assert_allclose(np.diagonal(fitted.residuals("cor")), 0.0, atol=1e-14)
    assert fitted.residuals().abs().to_numpy().max() > 0
    content = json.loads(fitted.to_json())
    assert content["fit"]["df"] == fitted.fit["df"]
    assert "CFI = ." in fitted.text
    assert "<table" in fitted._repr_html_()
    assert "\n" not in repr(fitted)
    with pytest.raises(AttributeError):
        fitted.n = 3
    diagram = fitted.plot()
    assert {node.name for node in diagram.nodes} >= {"quality", "PERQ1"}
    assert sum(edge.kind == "path" for edge in diagram.edges) == 3
    with pytest.raises(UnsupportedError, match="do not exist"):
        fitted.residuals("studentised")


def test_to_lavaan_and_to_semopy(mobi, fitted):
    again = sem(fitted.to_lavaan(), mobi)
    assert again.fit["chisq"] == pytest.approx(fitted.fit["chisq"], rel=1e-12)
    assert "quality =~ 1.0*PERQ1" in fitted.to_semopy()
    with pytest.raises(UnsupportedError, match="first loading"):
        cfa("f =~ PERQ1 + PERQ2 + PERQ3", mobi, std_lv=True).to_semopy()
    with pytest.raises(UnsupportedError, match="observed variables in regressions"):
        sem("CUSA1 ~ CUSA2", mobi).to_semopy()


def test_missing_rows_are_left_out_and_counted(mobi):
    holes = mobi.astype(float)
    holes.loc[:9, "PERQ1"] = np.nan
    fitted = cfa("f =~ PERQ1 + PERQ2 + PERQ3", holes)
    assert (fitted.n, fitted.samples.loc[0, "dropped"]) == (240, 10)
    assert fitted.notes[0].code == "SEM_ROWS_DROPPED"
    assert fitted.fit["logl"] == pytest.approx(cfa("f =~ PERQ1 + PERQ2 + PERQ3", mobi[10:]).fit["logl"], rel=1e-9)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda d: d.assign(PERQ1=5), AnalysisError, "PERQ1"),
        (lambda d: d.assign(PERQ1=d["PERQ2"]), AnalysisError, "linearly dependent: PERQ1, PERQ2"),
        (lambda d: d[:4], AnalysisError, "N must exceed"),
        (lambda d: d.assign(PERQ1="high"), DataError, "must hold numbers"),
        (lambda d: d.assign(PERQ1=np.inf), DataError, "infinite"),
        (lambda d: d.drop(columns="PERQ1"), ModelError, "neither a column of the data nor measured"),
        (lambda d: pd.concat([d, d[["PERQ1"]]], axis=1), DataError, "twice"),
    ],
)
def test_data_that_do_not_allow_the_model(mobi, change, error, words):
    with pytest.raises(error, match=words):
        cfa("f =~ PERQ1 + PERQ2 + PERQ3 + PERQ4", change(mobi))


@pytest.mark.parametrize(
    ("keywords", "error", "words"),
    [
        ({"estimator": "MLX"}, ModelError, "estimator='MLX'"),
        ({"missing": "pairwise"}, ModelError, "not a likelihood"),
        ({"group": "sex"}, DataError, "not a column"),
        ({"group_equal": "loading", "estimator": "MLM", "missing": "fiml"}, ModelError, "3 faults"),
        ({"parameterization": "theta"}, UnsupportedError, "parameterization="),
        ({"ordered": ("PERQ1",)}, UnsupportedError, "ordered="),
        ({"level": 95}, ModelError, "level="),
        ({"control": {"maxiter": 5}}, ModelError, "Did you mean 'max_iter'"),
        ({"control": {"max_iter": 0}, "level": 2}, ModelError, "2 faults"),
        ({"sample_cov": pd.DataFrame()}, DataError, "not both"),
        ({"estimater": "ML"}, TypeError, "Did you mean 'estimator'"),
    ],
)
def test_keywords_are_refused_by_name(mobi, keywords, error, words):
    with pytest.raises(error, match=words):
        sem("f =~ PERQ1 + PERQ2 + PERQ3", mobi, **keywords)


@pytest.mark.parametrize(
    ("model", "keywords", "code"),
    [
        ("f =~ PERQ1 + PERQ2", {}, "SEM_NOT_IDENTIFIED"),
        ("f =~ PERQ1 + PERQ2\ng =~ CUSA1 + CUSA2\nf ~~ 0*g", {}, "SEM_NOT_IDENTIFIED"),
        ("f =~ NA*PERQ1 + PERQ2 + PERQ3 + PERQ4", {}, "SEM_NOT_IDENTIFIED"),
        (STRUCTURE, {"control": {"max_iter": 2}}, "SEM_NOT_CONVERGED"),
    ],
)
def test_what_must_not_be_interpreted_has_no_tests(mobi, model, keywords, code):
    fitted = sem(model, mobi, **keywords)
    assert not fitted.admissible
    assert code in [note.code for note in fitted.notes]
    free = [row.free > 0 for row in fitted.solution.table.rows]
    assert fitted.estimates["std_error"][: len(free)][free].isna().all()
    with pytest.raises(AnalysisError, match="no standard errors"):
        fitted.monte_carlo()
    if code == "SEM_NOT_CONVERGED":
        assert np.isnan(fitted.fit["chisq"])
        assert "did not converge" in fitted.text
    assert "must not be interpreted" in fitted.text
    assert not fitted.plot().admissible
    json.loads(fitted.to_json())


def test_parameters_that_cannot_be_told_apart_are_named(mobi):
    note = next(n for n in cfa("f =~ NA*PERQ1 + PERQ2 + PERQ3 + PERQ4", mobi).notes if n.code == "SEM_NOT_IDENTIFIED")
    assert "f =~ PERQ1" in note.message
    assert "f ~~ f" in note.message
    assert "PERQ2 ~~ PERQ2" not in note.message


def test_an_impossible_factor_covariance_matrix_is_marked(mobi):
    model = """quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
    value =~ PERV1 + PERV2
    satisfaction =~ CUSA1 + CUSA2 + CUSA3
    loyalty =~ CUSL1 + CUSL2 + CUSL3"""
    fitted = cfa(model, mobi)
    (note,) = [n for n in fitted.notes if n.level == "inadmissible"]
    assert note.code == "SEM_LATENT_COVARIANCE"
    assert "−0.0061" in note.message
    assert "quality and satisfaction, .958" in note.message
    assert fitted.latent_correlations.loc["quality", "satisfaction"] == pytest.approx(0.958, abs=5e-4)
    checked = validity(fitted)
    assert not checked.admissible
    assert "INADMISSIBLE" in checked.text


def test_cr_and_ave_of_parallel_items():
    loading, error = 0.8, 0.36
    population = np.full((4, 4), loading**2) + np.diag(np.full(4, error))
    names = ["x1", "x2", "x3", "x4"]
    cov = pd.DataFrame(population * 200 / 199, index=names, columns=names)
    table = validity(cfa("f =~ x1 + x2 + x3 + x4", sample_cov=cov, sample_n=200)).tables["convergent"]
    assert table.loc[0, "ave"] == pytest.approx(0.64, rel=1e-8)
    assert table.loc[0, "cr"] == pytest.approx(16 * 0.64 / (16 * 0.64 + 4 * 0.36), rel=1e-8)


def test_validity_refuses_what_it_cannot_do(mobi, fitted):
    with pytest.raises(ModelError, match="with factors"):
        validity(sem("CUSA1 ~ CUSA2", mobi))
    table = validity(fitted).tables["fornell_larcker"]
    assert table.loc["value", "quality"] == pytest.approx(fitted.latent_correlations.loc["value", "quality"])
    assert np.isnan(table.loc["quality", "value"])


@pytest.mark.parametrize("factor", [1e-9, 1e6, 1e9, 1e20])
def test_units_of_any_size_do_not_matter(mobi, factor):
    model = "f =~ PERQ1 + PERQ2 + PERQ3\nCUSL3 ~ f + CUSA1\nPERV1 ~ f + CUSA1"
    plain = sem(model, mobi)
    again = sem(model, mobi * factor)
    assert again.converged
    assert again.fit["chisq"] == pytest.approx(plain.fit["chisq"], rel=1e-8)
    stretched = sem(model, mobi.assign(CUSL3=mobi["CUSL3"] * factor))
    assert stretched.fit["chisq"] == pytest.approx(plain.fit["chisq"], rel=1e-8)


def test_residuals_of_outcomes_that_correlate_beyond_one_are_marked():
    names = ["x1", "x2", "x3", "y1", "y2"]
    cov = pd.DataFrame(0.49, index=names, columns=names)
    cov.loc[["y1", "y2"], ["x1", "x2", "x3"]] = cov.loc[["x1", "x2", "x3"], ["y1", "y2"]] = 0.66
    cov.loc["y1", "y2"] = cov.loc["y2", "y1"] = 0.7
    cov = cov.where(~np.eye(5, dtype=bool), 1.0)
    as_outcomes = sem("f =~ x1 + x2 + x3\ny1 ~ f\ny2 ~ f\ny1 ~~ y2", sample_cov=cov, sample_n=300)
    found = _values(as_outcomes, "std_all")
    assert abs(found["y1~~y2"]) > 1
    assert not as_outcomes.admissible
    assert "SEM_RESIDUAL_COVARIANCE" in [note.code for note in as_outcomes.notes]


def test_equal_loadings_of_opposite_sign_reach_the_lower_minimum():
    rng = np.random.default_rng(12)
    values = rng.normal(size=(400, 1)) * [1.0, 0.8, 0.9, -0.5, 0.8] + rng.normal(0, 0.7, (400, 5))
    data = pd.DataFrame(values, columns=["x1", "x2", "x3", "x4", "x5"])
    tied = sem("f =~ x1 + x2 + x3 + a*x4 + a*x5", data)
    assert tied.converged
    starts = (-0.8, -0.3, 0.3, 0.8)
    tried = [sem(f"f =~ x1 + x2 + x3 + a*x4 + start({at})*x4 + a*x5", data).fit["chisq"] for at in starts]
    assert tied.fit["chisq"] <= min(tried) + 1e-6


def test_negative_degrees_of_freedom_have_no_fit(mobi):
    fitted = cfa("f =~ PERQ1 + PERQ2", mobi)
    assert fitted.fit["df"] == -1
    assert np.isnan(fitted.fit[["chisq", "cfi", "rmsea"]]).all()


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("f =~ f2\nf2 =~ f", ModelError),
        (["f =~ x"], ModelError),
        ("f =~ PERQ1 + Inf*PERQ2", ModelError),
        ("f =~ PERQ1 + 1/0*PERQ2", ModelError),
        ('f =~ PERQ1 + "a b"*PERQ2', ModelError),
        ('f =~ PERQ1 + "NA"*PERQ2', ModelError),
    ],
)
def test_odd_models_are_refused_with_a_sentence(mobi, model, error):
    with pytest.raises(error):
        sem(model, mobi)


@pytest.mark.parametrize("sample_n", ["300", float("nan"), 7.5, 2, True])
def test_odd_sample_sizes_are_refused(mobi, sample_n):
    with pytest.raises((DataError, AnalysisError), match=r"sample_n=|N must exceed"):
        sem("f =~ PERQ1 + PERQ2 + PERQ3", sample_cov=mobi.cov(), sample_n=sample_n)
    with pytest.raises(DataError, match="with data they are computed"):
        sem("f =~ PERQ1 + PERQ2 + PERQ3", mobi, sample_n=250)


def test_a_start_value_of_the_marker_is_its_value(mobi):
    rows = _values(sem("f =~ start(0.5)*PERQ1 + PERQ2 + PERQ3", mobi))
    assert rows["f=~PERQ1"] == 0.5


def test_semopy_is_told_the_marker_of_every_factor(mobi):
    text = sem("f =~ PERQ1 + 1*PERQ2 + PERQ3 + PERQ4", mobi).to_semopy()
    assert text.split("\n")[:2] == ["f =~ 1.0*PERQ1", "f =~ 1.0*PERQ2"]


def test_what_cannot_be_computed_is_a_note_and_no_silent_gap(mobi):
    fitted = sem("f =~ PERQ1 + a*PERQ2 + PERQ3\nr := sqrt(0 - a)\ns := sqrt(a - 0.7)", mobi)
    assert [note.subject for note in fitted.notes if note.code == "SEM_UNDEFINED"] == ["r"]
    drawn = fitted.monte_carlo(2000, seed=1).set_index("label")
    assert drawn.loc["r", "undefined"] == 2000
    assert 0 < drawn.loc["s", "undefined"] < 2000
    assert drawn.loc["s", ["std_error", "ci_low", "ci_high"]].isna().all()


def test_monte_carlo_intervals_have_the_level_asked_for(fitted):
    wide, narrow = (fitted.monte_carlo(50_000, level=level, seed=2).iloc[0] for level in (0.99, 0.80))
    assert wide["ci_low"] < narrow["ci_low"] < narrow["estimate"] < narrow["ci_high"] < wide["ci_high"]
    ratio = (wide["ci_high"] - wide["ci_low"]) / (narrow["ci_high"] - narrow["ci_low"])
    assert ratio == pytest.approx(2.5758 / 1.2816, rel=0.06)


def test_cr_counts_residual_covariances():
    names = ["x1", "x2", "x3", "x4"]
    population = np.full((4, 4), 0.64) + np.diag(np.full(4, 0.36))
    population[0, 1] = population[1, 0] = 0.64 + 0.12
    cov = pd.DataFrame(population * 200 / 199, index=names, columns=names)
    model = "f =~ x1 + x2 + x3 + x4\nx1 ~~ x2"
    table = validity(cfa(model, sample_cov=cov, sample_n=200)).tables["convergent"]
    assert table.loc[0, "cr"] == pytest.approx(16 * 0.64 / (16 * 0.64 + 4 * 0.36 + 2 * 0.12), rel=1e-7)


def test_a_factor_with_the_name_of_a_column_is_refused(mobi):
    with pytest.raises(ModelError, match="is also a column of the data; rename the factor"):
        sem("PERQ1 =~ PERQ2 + PERQ3 + PERQ4", mobi)


def test_a_marker_near_zero_is_no_crash(mobi):
    assert sem("f =~ 1e-320*PERQ1 + PERQ2 + PERQ3", mobi).n == 250


def test_parameters_on_their_way_to_infinity_are_no_proof_against_identification(mobi):
    stopped = sem(STRUCTURE, mobi, control={"max_iter": 1})
    assert [note.code for note in stopped.notes] == ["SEM_NOT_CONVERGED"]
    too_many = sem("f =~ PERQ1 + PERQ2", mobi, control={"max_iter": 1})
    assert "SEM_NOT_IDENTIFIED" in [note.code for note in too_many.notes]
