"""The bootstrap of a structural equation model: two ways to fit the replicates agree, and what is told about them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import ModelError
from crmstudy.estimating import bootstrapping
from crmstudy.estimating.bootstrapping import run_bootstrap
from crmstudy.estimating.replicates import Bootstrap, resolve_bootstrap
from crmstudy.fitted.fit import fit_model
from crmstudy.kernels import resample
from tests import tolerances
from tests.reference import HERE

FACTORS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
MEDIATION = f"{FACTORS}\ntextual ~ a*visual\nspeed ~ b*textual + visual\nindirect := a*b"
PATHS = "x1 ~ a*x4 + x5\nx2 ~ b*x1 + x4\nindirect := a*b"


@pytest.fixture(scope="module")
def holzinger() -> pd.DataFrame:
    data = pd.read_csv(HERE / "data" / "holzinger.csv")
    rng = np.random.default_rng(5)
    return data.assign(weight=rng.uniform(0.5, 2.0, len(data)), class_=rng.integers(0, 45, len(data)))


CASES = {
    "mediation": (MEDIATION, {}),
    "paths_fixed_x": (PATHS, {}),
    "paths_random_x": (PATHS, {"fixed_x": False}),
    "wishart": (FACTORS, {"likelihood": "wishart"}),
    "scalar": (FACTORS, {"group": "school", "group_equal": ["loadings", "intercepts"]}),
    "linear_constraint": (f"{FACTORS}\nvisual ~~ p*textual\nvisual ~~ q*speed\np == 2*q", {}),
    "weights": (FACTORS, {"weights": "weight"}),
    "clusters": (MEDIATION, {"cluster": "class_"}),
    "means_fixed_x": (f"{FACTORS}\nvisual ~ ageyr", {"meanstructure": True}),
}


@pytest.mark.parametrize("name", CASES)
def test_replicates_fitted_at_once_equal_those_fitted_one_by_one(name: str, holzinger: pd.DataFrame) -> None:
    model, keywords = CASES[name]
    data = holzinger.dropna()
    solution = fit_model(model, data, **keywords).solution
    task = bootstrapping._Task(solution, Bootstrap(12), None)
    assert task.is_fast
    errors = np.sqrt(np.diagonal(solution.vcov))
    quick = task.stacked(12, np.random.default_rng(3))
    slow = task.one_by_one(12, np.random.default_rng(3))
    assert np.isfinite(quick[1]).all()
    assert np.isfinite(slow[1]).all()
    assert np.abs((quick[0] - slow[0]) / errors).max() <= tolerances.ESTIMATE_IN_SE
    np.testing.assert_allclose(quick[1], slow[1], rtol=1e-6, atol=1e-6)
    for column, values in slow[2].items():
        spread = np.maximum(values.std(axis=0), 1e-3)
        gap = np.abs(quick[2][column] - values) / spread
        assert np.nanmax(gap) <= 2 * tolerances.ESTIMATE_IN_SE, column
        assert (np.isnan(quick[2][column]) == np.isnan(values)).all()


@pytest.mark.parametrize(
    ("model", "keywords"),
    [
        (FACTORS, {"missing": "fiml"}),
        (f"{FACTORS}\nvisual ~ ageyr", {"missing": "fiml"}),
        (FACTORS, {"estimator": "GLS"}),
        (FACTORS, {"estimator": "ULSMV"}),
        (f"{FACTORS}\nvisual ~~ p*textual\nvisual ~~ q*speed\np*q == 0.1", {}),
    ],
)
def test_every_estimator_has_a_bootstrap(model: str, keywords: dict, holzinger: pd.DataFrame) -> None:
    data = holzinger.copy()
    if keywords.get("missing") == "fiml":
        data.loc[::7, "x1"] = np.nan
        data.loc[::5, "x8"] = np.nan
    plain = fit_model(model, data, **keywords)
    drawn = fit_model(model, data, bootstrap=60, seed=2, **keywords)
    ratio = drawn.estimates["std_error"] / plain.estimates["std_error"]
    free = plain.estimates["std_error"] > 1e-6
    assert 0.6 < ratio[free].median() < 1.6
    assert drawn.solution.replicates.failed <= 3
    np.testing.assert_array_equal(drawn.estimates["estimate"], plain.estimates["estimate"])


def test_errors_and_intervals_are_those_of_the_replicates(holzinger: pd.DataFrame) -> None:
    fitted = fit_model(MEDIATION, holzinger, bootstrap=500, seed=4)
    values = fitted.solution.replicates.columns["estimate"]
    row = fitted.estimates.index[fitted.estimates["label"] == "indirect"][0]
    assert fitted.estimates["std_error"][row] == pytest.approx(values[:, row].std(ddof=1), rel=1e-12)
    low, high = fitted.estimates.loc[row, ["ci_low", "ci_high"]]
    inside = np.mean((values[:, row] >= low) & (values[:, row] <= high))
    assert inside == pytest.approx(0.95, abs=0.01)
    table = fitted.tables["bootstrap"].set_index("label").loc["indirect"]
    assert table["bias"] == pytest.approx(values[:, row].mean() - fitted.estimates["estimate"][row], abs=1e-12)
    assert table["replicates"] == 500
    assert fitted.call["bootstrap"]["n"] == 500
    np.testing.assert_allclose(fitted.vcov, np.cov(fitted.solution.replicates.theta, rowvar=False), rtol=1e-12)


@pytest.mark.parametrize("ci", ["percentile", "bca", "bc", "normal", "basic"])
def test_all_intervals_are_near_each_other_and_contain_the_estimate(ci: str, holzinger: pd.DataFrame) -> None:
    fitted = fit_model(MEDIATION, holzinger, bootstrap=Bootstrap(400, ci=ci), seed=4)
    table = fitted.estimates[fitted.estimates["std_error"] > 0]
    assert (table["ci_low"] < table["estimate"]).all()
    assert (table["ci_high"] > table["estimate"]).all()
    width = (table["ci_high"] - table["ci_low"]) / table["std_error"]
    assert width.between(3.0, 5.2).all()


def test_acceleration_by_influence_is_that_of_the_jackknife(holzinger: pd.DataFrame) -> None:
    from crmstudy.kernels.intervals import jackknife_acceleration

    data = holzinger.iloc[:80]
    solution = fit_model(PATHS, data).solution
    task = bootstrapping._Task(solution, Bootstrap(10, ci="bca"), None)
    ours = task.accelerations()["estimate"]
    without = np.array([_estimates(fit_model(PATHS, data.drop(index=row))) for row in data.index])
    theirs = jackknife_acceleration(without)
    free = solution.row_errors > 0
    free = np.append(free, True)
    np.testing.assert_allclose(ours[free], theirs[free], atol=0.02)
    assert np.abs(theirs[free]).max() > 0.02


def _estimates(fitted) -> np.ndarray:
    return fitted.estimates["estimate"].to_numpy()


def test_rows_of_the_bollen_stine_bootstrap_obey_the_model(holzinger: pd.DataFrame) -> None:
    solution = fit_model(FACTORS, holzinger).solution
    task = bootstrapping._Task(solution, Bootstrap(10, kind="bollen.stine"), None)
    (rows,) = task.rows
    np.testing.assert_allclose(np.cov(rows.T, ddof=0), solution.moments[0].sigma, atol=1e-10)
    fitted = fit_model(FACTORS, holzinger, bootstrap=Bootstrap(300, kind="bollen.stine"), seed=1)
    drawn = fitted.solution.replicates.chisq
    assert drawn.mean() == pytest.approx(24, abs=4)  # the chi-square of a model that holds has mean df
    assert fitted.fit["pvalue_bollen_stine"] == np.mean(drawn >= fitted.fit["chisq"])
    np.testing.assert_array_equal(fitted.estimates["std_error"], fit_model(FACTORS, holzinger).estimates["std_error"])


def test_the_number_of_workers_changes_nothing(holzinger: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    data = holzinger.copy()
    data.loc[::9, "x2"] = np.nan
    alone = fit_model(FACTORS, data, missing="fiml", bootstrap=Bootstrap(60, workers=1), seed=7)
    monkeypatch.setattr(resample, "_WORTH_WORKERS", 0.0)
    seen: list[tuple[int, int]] = []
    with resample.watched(lambda done, total: seen.append((done, total))):
        together = fit_model(FACTORS, data, missing="fiml", bootstrap=Bootstrap(60, workers=2), seed=7)
    np.testing.assert_array_equal(alone.estimates["std_error"], together.estimates["std_error"])
    assert seen == [(20, 60), (40, 60), (60, 60)]


def test_clusters_are_drawn_whole(holzinger: pd.DataFrame) -> None:
    solution = fit_model(FACTORS, holzinger, cluster="class_").solution
    task = bootstrapping._Task(solution, Bootstrap(5), None)
    assert task.unit == "cluster"
    (counts,) = task.counts(5, np.random.default_rng(0))
    clusters = solution.sample.groups[0].clusters
    for drawn in counts:
        assert all(len(set(drawn[clusters == c])) == 1 for c in range(clusters.max() + 1))
        assert sum(drawn[np.flatnonzero(clusters == c)[0]] for c in range(clusters.max() + 1)) == clusters.max() + 1


@pytest.mark.slow
def test_replicates_that_fail_are_counted_and_told() -> None:
    rng = np.random.default_rng(8)
    factor = rng.normal(size=25)
    data = pd.DataFrame({f"y{k}": 0.5 * factor + rng.normal(size=25) for k in range(4)})
    fitted = fit_model("f =~ y0 + y1\ng =~ y2 + y3", data, bootstrap=300, seed=3)
    replicates = fitted.solution.replicates
    assert replicates.failed > 0
    assert replicates.improper > 0
    codes = {note.code for note in fitted.notes}
    assert {"SEM_BOOTSTRAP_FAILED", "SEM_BOOTSTRAP_IMPROPER"} <= codes
    message = next(note.message for note in fitted.notes if note.code == "SEM_BOOTSTRAP_FAILED")
    assert f"{replicates.failed} of 300" in message
    assert fitted.tables["bootstrap"]["replicates"].max() == 300 - replicates.failed


def test_a_model_without_errors_has_no_bootstrap(holzinger: pd.DataFrame) -> None:
    fitted = fit_model("f =~ x1 + x2", holzinger, bootstrap=50)
    assert "SEM_BOOTSTRAP_LEFT_OUT" in {note.code for note in fitted.notes}
    assert fitted.estimates["std_error"].isna().any()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("many", "number of replicates or Bootstrap"),
        ({"n": 100, "kinds": "x"}, "Did you mean 'kind'"),
        ({"n": 1, "ci": "percentil"}, "2 faults"),
        (True, "number of replicates"),
    ],
)
def test_what_is_asked_is_checked(asked: object, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        resolve_bootstrap(asked)


def test_what_does_not_go_together_is_refused(holzinger: pd.DataFrame) -> None:
    solution = fit_model(FACTORS, holzinger, estimator="GLS").solution
    with pytest.raises(ModelError, match="4 faults"):
        run_bootstrap(solution, Bootstrap(10, kind="bollen.stine", ci="bca", unit="cluster"))
    moments = fit_model(FACTORS, sample_cov=holzinger[[f"x{k}" for k in range(1, 10)]].cov(), sample_n=301).solution
    with pytest.raises(ModelError, match="draws rows"):
        run_bootstrap(moments, Bootstrap(10))


def test_product_indicators_are_made_again_in_every_replicate() -> None:
    from crmstudy.models.interaction import product_indicators

    rng = np.random.default_rng(3)
    x, w = rng.normal(size=(2, 300))
    y = 0.4 * x + 0.3 * w + 0.3 * x * w + rng.normal(size=300)
    data = {f"x{k}": x + rng.normal(size=300) * 0.6 for k in (1, 2, 3)}
    data |= {f"w{k}": w + rng.normal(size=300) * 0.6 for k in (1, 2, 3)}
    data |= {f"y{k}": y + rng.normal(size=300) * 0.6 for k in (1, 2, 3)}
    made = product_indicators(pd.DataFrame(data), x=["x1", "x2", "x3"], w=["w1", "w2", "w3"])
    model = f"X =~ x1 + x2 + x3\nW =~ w1 + w2 + w3\nY =~ y1 + y2 + y3\n{made.syntax('XW')}\nY ~ X + W + b*XW"
    fitted = fit_model(model, made)
    assert fitted.call["estimator"] == "MLR"
    solution = fitted.solution
    from crmstudy.estimating.remaking import products_of

    again = products_of(made.recipes, made.data, solution.sample)
    task = bootstrapping._Task(solution, Bootstrap(4), again)
    assert not task.is_fast
    counts = task.counts(1, np.random.default_rng(1))
    group = task._drawn(0, counts[0][0])
    products = [solution.sample.names.index(name) for name in made.names]
    np.testing.assert_allclose(group.values[:, products].mean(axis=0), 0.0, atol=1e-12)
    untouched = replace(task, products=None)._drawn(0, counts[0][0])
    assert np.abs(untouched.values[:, products].mean(axis=0)).max() > 1e-3
    drawn = fit_model(model, made, bootstrap=Bootstrap(30, workers=1), seed=1)
    assert drawn.solution.replicates.failed == 0
