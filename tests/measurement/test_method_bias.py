"""Common-method bias: recovery from a population with a method factor, marks, and input that is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import AnalysisError, DataError, InputError, ModelError, UnsupportedError
from crmstudy.kernels.covariance.method_bias import freed_of_marker, one_component, upper_end
from crmstudy.measurement.method_bias.method_bias import method_bias
from tests import tolerances

MODEL = "a =~ a1 + a2 + a3 + a4\nb =~ b1 + b2 + b3 + b4\nc =~ c1 + c2 + c3 + c4"
ITEMS = [f"{factor}{i}" for factor in "abc" for i in range(1, 5)]
MARKER = ["m1", "m2", "m3"]
#: Unlike within a factor: with equal ones a method factor cannot be told from the factors' covariances.
LOADINGS = np.array([0.9, 0.7, 0.6, 0.4])
VARIANCES = LOADINGS**2 + 0.4**2 + 0.36


def population(method: float, r: float = 0.3) -> np.ndarray:
    """Covariances of twelve items with a method factor, and of three items that measure it too."""
    loadings = np.zeros((15, 4))
    for j in range(3):
        loadings[4 * j : 4 * j + 4, j] = LOADINGS
    loadings[:12, 3] = method
    loadings[12:, 3] = 0.8
    phi = np.full((4, 4), r)
    phi[3, :3] = phi[:3, 3] = 0.0
    np.fill_diagonal(phi, 1.0)
    return loadings @ phi @ loadings.T + np.diag(np.full(15, 0.36))


def exactly(covariance: np.ndarray, n: int, seed: int = 0) -> pd.DataFrame:
    """Rows whose sample covariances (divisor n) are the population's."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, len(covariance)))
    z -= z.mean(axis=0)
    z = z @ np.linalg.inv(np.linalg.cholesky(z.T @ z / n)).T
    return pd.DataFrame(z @ np.linalg.cholesky(covariance).T + 3.0, columns=ITEMS + MARKER)


@pytest.fixture(scope="module")
def biased() -> pd.DataFrame:
    return exactly(population(0.4), 500)


@pytest.fixture(scope="module")
def found(biased):
    return method_bias(biased, model=MODEL, marker=MARKER, harman=True)


def codes(result):
    return [note.code for note in result.notes]


def test_the_method_factor_is_recovered(found):
    rows = found.tables["ulmc"].set_index("model")
    share = (0.16 / VARIANCES).mean()
    assert rows.loc["method factor, equal", "chisq"] == pytest.approx(0.0, abs=1e-5)
    assert rows.loc["method factor, equal", "method_variance"] == pytest.approx(share, abs=tolerances.DERIVED)
    assert rows.loc["method factor, equal", "substantive_variance"] == pytest.approx(
        (LOADINGS**2 / VARIANCES).mean(), abs=1e-6
    )
    correlations = found.tables["ulmc_correlations"]
    assert (correlations["r"] > 0.4).all()
    assert correlations["r_equal"].to_numpy() == pytest.approx([0.3] * 3, abs=1e-5)
    loadings = found.tables["ulmc_loadings"]
    assert loadings["loading_equal"].to_numpy() == pytest.approx(np.tile(LOADINGS / np.sqrt(VARIANCES), 3), abs=1e-5)
    assert loadings["method_equal"].to_numpy() == pytest.approx(np.tile(0.4 / np.sqrt(VARIANCES), 3), abs=1e-5)


def test_the_marker_recovers_correlations_and_shares(found):
    models = found.tables["marker_models"].set_index("model")
    assert models.index.tolist() == ["CFA", "Baseline", "Method-C", "Method-U", "Method-R", "Method-S"]
    assert models.query("retained").index.tolist() == ["Method-C"]
    assert models.loc["Method-C", "p_value_diff"] < 0.001
    assert models.loc["Method-C", "df_diff"] == 1
    assert models.loc["Method-U", "df_diff"] == 11
    assert models.loc["Method-R", "df_diff"] == 3
    correlations = found.tables["marker_correlations"]
    assert correlations["retained"].to_numpy() == pytest.approx([0.3] * 3, abs=1e-4)
    assert (correlations["sensitivity"] < correlations["retained"]).all()
    reliability = found.tables["marker_reliability"]
    own, method, error = (
        (LOADINGS / np.sqrt(VARIANCES)).sum() ** 2,
        (0.4 / np.sqrt(VARIANCES)).sum() ** 2,
        (0.36 / VARIANCES).sum(),
    )
    assert reliability["substantive"].to_numpy() == pytest.approx([own / (own + method + error)] * 3, abs=1e-4)
    assert reliability["method"].to_numpy() == pytest.approx([method / (own + method + error)] * 3, abs=1e-4)
    assert reliability["total"].to_numpy() == pytest.approx(
        (reliability["substantive"] + reliability["method"]).to_numpy(), abs=1e-12
    )


def test_without_method_variance_none_is_found():
    found = method_bias(exactly(population(0.0), 400), model=MODEL, marker=MARKER)
    rows = found.tables["ulmc"].set_index("model")
    assert rows.loc["method factor, equal", "chisq_diff"] == pytest.approx(0.0, abs=1e-6)
    assert found.tables["marker"]["r_marker"].iloc[0] < 1e-6
    assert found.admissible


def test_lindell_and_whitney_by_hand():
    """r = .40 and .15 with a marker correlation of .10, N = 103."""
    freed = freed_of_marker(np.array([0.4, 0.15]), 0.1, 103)
    assert freed.correlation == pytest.approx([0.3 / 0.9, 0.05 / 0.9])
    assert freed.statistic == pytest.approx(freed.correlation * np.sqrt(100 / (1 - freed.correlation**2)))
    assert freed.df == 100
    assert upper_end(0.1, 103, 0.95) == pytest.approx(np.tanh(np.arctanh(0.1) + 1.959963984540054 / 10))


def test_the_first_component():
    share, above = one_component(np.full((4, 4), 0.5) + 0.5 * np.eye(4))
    assert share == pytest.approx(2.5 / 4)
    assert above == 1


def test_a_corrected_correlation_of_the_other_sign_does_not_survive():
    covariance = population(0.0, r=0.05)
    covariance[:12, 12:] = covariance[12:, :12] = 0.25
    table = method_bias(exactly(covariance, 3000), model=MODEL, marker=MARKER, method="marker").tables["marker"]
    assert (table["r_adjusted"] < 0).all()
    assert (table["p_value"] < 0.05).all()
    assert not table["survives"].any()


def test_order_of_rows_and_items_does_not_matter(biased, found):
    moved = biased.sample(frac=1.0, random_state=3)[ITEMS[::-1] + MARKER[::-1]]
    other = method_bias(moved, model=MODEL, marker=MARKER, harman=True)
    for name in ("single_factor", "ulmc", "marker_models", "collinearity", "marker", "harman"):
        ours, theirs = (result.tables[name].select_dtypes("number") for result in (found, other))
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_harman_comes_on_request_only_and_is_labelled(biased, found):
    plain = method_bias(biased, model=MODEL)
    assert "harman" not in plain.tables
    assert "BIAS_HARMAN_DISCREDITED" not in codes(plain)
    assert "discredited" in found.tables["harman"]["verdict"].iloc[0]
    assert "BIAS_HARMAN_DISCREDITED" in codes(found)


def test_a_post_hoc_marker_is_said_to_be_one(biased):
    plain = method_bias(biased, model=MODEL, method="marker")
    assert "BIAS_POST_HOC_MARKER" in codes(plain)
    assert "marker_models" not in plain.tables
    assert len(set(plain.tables["marker"]["r_marker"])) == 1


def test_one_technique_at_a_time(biased):
    assert set(method_bias(biased, model=MODEL, method="collinearity").tables) == {"collinearity"}
    assert set(method_bias(biased, model=MODEL, method=["single_factor"]).tables) == {"single_factor"}


def test_a_marker_of_one_item(biased):
    found = method_bias(biased, model=MODEL, marker="m1", method="marker")
    assert "BIAS_MARKER_ONE_ITEM" in codes(found)
    assert set(found.tables) == {"marker"}


def test_an_improper_model_is_marked_and_the_rest_stands():
    """The method variance of these items would have to be negative."""
    covariance = population(0.4)
    covariance[:12, :12] -= 0.08 + 0.16
    np.fill_diagonal(covariance, np.diagonal(population(0.4)))
    found = method_bias(exactly(covariance, 300), model=MODEL)
    row = found.tables["ulmc"].set_index("model").loc["method factor, equal"]
    assert row["converged"]
    assert not row["admissible"]
    assert "BIAS_METHOD_MODEL_IMPROPER" in codes(found)
    assert found.admissible
    assert found.tables["collinearity"]["vif"].notna().all()


def test_an_inadmissible_hypothesised_model_marks_the_result():
    covariance = population(0.0, r=1.0)
    rng = np.random.default_rng(8)
    data = pd.DataFrame(rng.multivariate_normal(np.zeros(15), covariance, size=120), columns=ITEMS + MARKER)
    found = method_bias(data, model=MODEL, method=["single_factor", "collinearity"])
    assert not found.admissible
    assert "INADMISSIBLE" in found.text
    assert "BIAS_NO_LATENT_VIF" in codes(found)
    assert found.tables["collinearity"]["vif_latent"].isna().all()
    assert found.tables["collinearity"]["vif"].notna().all()


def test_one_factor_and_two(biased):
    one = method_bias(biased, model="a =~ a1 + a2 + a3 + a4")
    assert codes(one).count("BIAS_ONE_FACTOR") == 2
    assert "BIAS_MARKER_NOT_POSSIBLE" in codes(one)
    two = method_bias(biased, model="a =~ a1 + a2 + a3\nb =~ b1 + b2 + b3")
    assert "marker" not in two.tables
    first, second = two.tables["collinearity"]["vif"]
    assert first == pytest.approx(second)


def test_the_measurement_part_of_a_structural_model(biased, found):
    whole = method_bias(biased, model=MODEL + "\nc ~ x*a + b\ntwice := 2*x", marker=MARKER)
    assert "BIAS_MEASUREMENT_PART" in codes(whole)
    assert whole.tables["ulmc"]["chisq"].to_numpy() == pytest.approx(found.tables["ulmc"]["chisq"].to_numpy(), abs=1e-4)


def test_what_is_written_about_loadings_and_residuals(biased):
    """A single indicator without error, a residual covariance, a factor scaled by a loading, an uncorrelated pair."""
    model = "a =~ a1 + a2 + a3\na1 ~~ a2\nb =~ 1*b1 + b2 + b3\nc =~ c1\nc1 ~~ 0*c1\nb ~~ 0*c"
    found = method_bias(biased, model=model, marker=MARKER)
    rows = found.tables["single_factor"].set_index("model")
    assert rows["df"].tolist() == [12, 13]  # 28 moments; 16 parameters, and 15 of the single factor
    assert np.isnan(rows.loc["single factor", "p_value_diff"])
    assert rows.loc["single factor", "verdict"] == "not judged"
    assert found.tables["marker_models"]["converged"].any()
    assert found.tables["collinearity"]["vif"].notna().all()


def test_missing_cells(biased):
    holed = biased.copy()
    holed.loc[:9, "a1"] = np.nan
    holed.loc[10:14, "m1"] = np.nan
    found = method_bias(holed, model=MODEL, marker=MARKER)
    assert found.n == 490
    assert found.tables["marker"]["n"].unique().tolist() == [485]
    assert found.tables["collinearity"]["n"].unique().tolist() == [490]
    assert "BIAS_ROWS_DROPPED" in codes(found)
    full = method_bias(holed, model=MODEL, missing="fiml", method="single_factor")
    assert full.n == 500


def test_scaled_differences(biased):
    found = method_bias(biased, model=MODEL, estimator="MLR", method="single_factor")
    plain = method_bias(biased, model=MODEL, method="single_factor")
    assert found.tables["single_factor"]["chisq_diff"].iloc[1] != plain.tables["single_factor"]["chisq_diff"].iloc[1]


def test_json_and_sentence(found):
    assert '"harman"' in found.to_json()
    assert "method factor" in found.text
    assert found.plot().reference == 3.3


# --- refusals --------------------------------------------------------------------------------------------------------


def test_all_options_are_refused_at_once(biased):
    with pytest.raises(ModelError) as refused:
        method_bias(biased, model=MODEL, method=["ulmc", "harmann"], harman="yes", level=True)
    assert len(refused.value.faults) == 3


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"model": 3}, ModelError, "lavaan syntax"),
        ({"model": "a ~~ b"}, ModelError, "measures no factor"),
        ({"model": MODEL + "\ng =~ a + b + c"}, UnsupportedError, "first-order"),
        ({"model": MODEL.replace("a1", "a11")}, DataError, "a11"),
        ({"model": MODEL.replace("a =~", "m1 =~")}, DataError, "m1"),
        ({"marker": ["m1", "m9"]}, DataError, "m9"),
        ({"marker": ["a1"]}, DataError, "marker"),
        ({"method": ()}, ModelError, "single_factor"),
        ({"method": 7}, ModelError, "single_factor"),
        ({"estimator": "LISREL"}, InputError, "LISREL"),
    ],
)
def test_refusals(biased, change, error, words):
    with pytest.raises(error, match=words):
        method_bias(biased, **({"model": MODEL} | change))


def test_data_that_cannot_answer(biased):
    with pytest.raises(AnalysisError) as refused:
        method_bias(biased.assign(a1=2.0), model=MODEL)
    assert refused.value.code == "BIAS_CONSTANT_ITEM"
    assert "a1" in str(refused.value)
    with pytest.raises(AnalysisError, match="'a1'") as refused:
        method_bias(biased.assign(a1=np.nan), model=MODEL)
    assert refused.value.code == "BIAS_TOO_FEW_ROWS"
    with pytest.raises(DataError, match="text"):
        method_bias(biased.assign(a1="x"), model=MODEL)
    with pytest.raises(DataError, match="infinite"):
        method_bias(biased.assign(a1=np.inf), model=MODEL)


def test_scores_that_determine_one_another(biased):
    """The models cannot be fitted; what stands says why."""
    doubled = biased.assign(c1=biased["a1"], c2=biased["a2"], c3=biased["a3"], c4=biased["a4"])
    found = method_bias(doubled, model=MODEL)
    assert not found.admissible
    assert "collinearity" not in found.tables
    assert "BIAS_SCORES_SINGULAR" in codes(found)
