import json

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.drawing import LoadingsPlot
from crmstudy.errors import AnalysisError, DataError, ModelError
from crmstudy.imputed import Imputed
from crmstudy.measurement.factors.efa import efa
from crmstudy.notes import explanations
from crmstudy.results import ESTIMATE_COLUMNS
from tests import tolerances
from tests.measurement.asked import small_responses

TABLES = {
    "pattern", "structure", "factor_correlations", "correlation_estimates", "communalities", "variance", "unrotated",
    "rotation", "residuals",
}  # fmt: skip


def items(n=300, factors=2, each=4, seed=1, loading=0.75):
    rng = np.random.default_rng(seed)
    scores = np.repeat(rng.normal(size=(n, factors)), each, axis=1)
    values = loading * scores + np.sqrt(1 - loading**2) * rng.normal(size=(n, factors * each))
    return pd.DataFrame(values, columns=[f"q{i}" for i in range(1, factors * each + 1)])


def likert(n=300, **more):
    return pd.DataFrame(np.digitize(items(n, **more), [-1.2, -0.4, 0.3, 1.1]) + 1).rename(columns=lambda i: f"q{i + 1}")


def codes(result):
    return [note.code for note in result.notes]


def test_what_comes_back():
    data = items()
    result = efa(data, n_factors=2)
    assert cs.efa is efa
    assert set(result.tables) == TABLES
    assert list(result.estimates.columns) == [*ESTIMATE_COLUMNS, "factor", "item"]
    assert result.estimates["term"].iloc[0] == "F1 =~ q1"
    assert len(result.estimates) == 16
    assert (result.estimates["ci_low"] < result.estimates["estimate"]).all()
    pattern = result.tables["pattern"]
    assert pattern.columns.tolist() == ["item", "factor", "F1", "F2", "h2"]
    assert pattern["factor"].tolist() == ["F1"] * 4 + ["F2"] * 4
    first = pattern.loc[pattern["factor"] == "F1", "F1"]
    assert first.is_monotonic_decreasing
    assert (result.loadings.sum() > 0).all()
    assert result.tables["variance"]["ss_loadings"].is_monotonic_decreasing
    shared = result.tables["communalities"]
    np.testing.assert_allclose(shared["h2"] + shared["u2"], 1.0)
    assert result.fit["gradient"] < tolerances.GRADIENT_IN_SE
    assert set(codes(result)) <= set(explanations())
    assert result.call["std_errors"] == "delta"
    assert isinstance(result.plot(), LoadingsPlot)
    assert json.loads(result.to_json())["kind"] == "efa"
    assert "explain" in result.text
    assert "RMSEA" in result.text


def test_structure_is_pattern_times_factor_correlations():
    result = efa(items(), n_factors=2)
    structure = result.tables["structure"].set_index("item")
    expected = result.loadings.to_numpy() @ result.tables["factor_correlations"].to_numpy()
    np.testing.assert_allclose(structure, expected)
    reproduced = expected @ result.loadings.to_numpy().T
    observed = items().corr().to_numpy()
    np.testing.assert_allclose(result.tables["residuals"], observed - reproduced, atol=1e-12)


def test_order_of_rows_and_items_does_not_matter():
    data = items()
    one = efa(data, n_factors=2)
    two = efa(data.iloc[::-1][list(reversed(data.columns))], n_factors=2)
    np.testing.assert_allclose(one.loadings, two.loadings.loc[one.loadings.index], atol=1e-8)


def test_units_do_not_matter_and_a_reversed_item_changes_sign():
    data = items()
    one = efa(data, n_factors=2)
    changed = data * 3 + 7
    changed["q2"] = -changed["q2"]
    two = efa(changed, n_factors=2)
    expected = one.loadings.copy()
    expected.loc["q2"] *= -1
    np.testing.assert_allclose(two.loadings, expected, atol=1e-8)


def test_matrix_in_place_of_data():
    data = items()
    one = efa(data, n_factors=2)
    for matrix in (data.cov(), data.corr()):
        two = efa(n_factors=2, sample_cov=matrix, sample_n=len(data))
        np.testing.assert_allclose(one.estimates["estimate"], two.estimates["estimate"], atol=1e-9)
        np.testing.assert_allclose(one.estimates["std_error"], two.estimates["std_error"], atol=1e-7)
        np.testing.assert_allclose(one.fit, two.fit, atol=1e-7)
    bare = efa(n_factors=2, sample_cov=data.corr().to_numpy())
    assert bare.loadings.index[0] == "V1"
    assert "EFA_NO_N" in codes(bare)
    assert bare.estimates["std_error"].isna().all()
    assert np.isnan(bare.fit["chisq"])
    assert "N =" not in bare.text
    some = efa(n_factors=1, sample_cov=data.corr(), sample_n=300, items=["q1", "q2", "q3", "q4"])
    assert list(some.loadings.index) == ["q1", "q2", "q3", "q4"]


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        (np.ones((3, 2)), "square"),
        ([[1, 2], [2, 1]], "not positive definite"),
        ([[1, np.nan], [np.nan, 1]], "missing or infinite"),
        ([[1, 0.2, 0.1], [0.3, 1, 0.1], [0.1, 0.1, 1]], "not symmetric: see V1 with V2"),
        ([[1, 0.0], [0.0, -1]], "variance of V2"),
        ([["a", "b"], ["b", "a"]], "no number"),
    ],
)
def test_matrices_that_are_none(matrix, said):
    with pytest.raises(DataError, match=said):
        efa(n_factors=1, sample_cov=np.array(matrix), sample_n=100)


def test_matrix_and_data_do_not_mix():
    with pytest.raises(DataError) as caught:
        efa(items(), n_factors=1, sample_cov=np.eye(3), ordinal=True, bootstrap=100)
    assert len(caught.value.faults) == 3
    with pytest.raises(DataError, match="belongs to `sample_cov`"):
        efa(items(), n_factors=1, sample_n=100)
    with pytest.raises(DataError, match="no row and column 'q9'"):
        efa(n_factors=1, sample_cov=items().corr(), items=["q1", "q2", "q9"])
    with pytest.raises(DataError, match="number of rows"):
        efa(n_factors=1, sample_cov=items().corr(), sample_n=True)
    with pytest.raises(DataError, match="DataFrame or Responses"):
        efa(n_factors=2)


def test_every_fault_at_once():
    with pytest.raises(ModelError) as caught:
        efa(
            items(), n_factors=True, extraction="mle2", rotation="oblimax", ordinal=1, normalize="kaiser", starts=0,
            gamma=0.1, epsilon=-1, power=0, missing="fiml", bootstrap=5, level=float("nan"), seed=-1,
        )  # fmt: skip
    text = str(caught.value)
    for word in ("n_factors", "extraction", "rotation", "ordinal", "normalize", "starts", "missing", "bootstrap",
                 "level", "seed", "gamma", "epsilon", "power"):  # fmt: skip
        assert f"`{word}`" in text
    with pytest.raises(ModelError, match="at most 1"):
        efa(items(), n_factors=2, gamma=3)
    with pytest.raises(ModelError, match="small positive"):
        efa(items(), n_factors=2, rotation="geomin", epsilon=0)
    with pytest.raises(ModelError, match="above 1"):
        efa(items(), n_factors=2, rotation="promax", power=True)
    with pytest.raises(ModelError, match="listwise' or 'pairwise"):
        efa(likert(), n_factors=2, ordinal=True, missing="em")
    with pytest.raises(ModelError, match="two group factors"):
        efa(items(), n_factors=2, rotation="bifactor")
    with pytest.raises(ModelError, match="needs a `target`"):
        efa(items(), n_factors=2, rotation="target")


def test_more_factors_than_items_can_tell_apart():
    with pytest.raises(ModelError, match="4 are the most that can be told apart"):
        efa(items(), n_factors=5)
    with pytest.raises(ModelError, match="1 is the most"):
        efa(items().iloc[:, :3], n_factors=2)
    exact = efa(items().iloc[:, :3], n_factors=1)
    assert exact.fit["df"] == 0
    assert "EFA_NO_DF" in codes(exact)
    assert np.isnan(exact.fit["pvalue"])


def test_data_that_allow_nothing():
    data = items()
    with pytest.raises(DataError, match="no column 'q99'"):
        efa(data, n_factors=1, items=["q1", "q2", "q99"])
    with pytest.raises(DataError, match="'q3' holds text"):
        efa(data.assign(q3="a"), n_factors=1, items=["q1", "q2", "q3"])
    with pytest.raises(DataError, match="infinite"):
        efa(data.assign(q3=np.inf), n_factors=1)
    with pytest.raises(AnalysisError, match="q3"):
        efa(data.assign(q3=4), n_factors=2)
    with pytest.raises(AnalysisError, match="q3"):
        efa(data.assign(q3=np.nan), n_factors=2)
    with pytest.raises(AnalysisError, match="8 items need"):
        efa(data.head(8), n_factors=2)
    with pytest.raises(AnalysisError, match="three items"):
        efa(data, n_factors=1, items=["q1", "q2"])
    with pytest.raises(DataError, match="different values"):
        efa(data, n_factors=2, ordinal=True)
    with pytest.raises(AnalysisError, match="q1 and twin correlate perfectly") as caught:
        efa(data.assign(twin=3 - 2 * data["q1"]), n_factors=2)
    assert caught.value.code == "EFA_PERFECT"
    doubled = pd.concat([data, data[["q1"]]], axis=1)
    with pytest.raises(DataError, match="twice"):
        efa(doubled, n_factors=2)


def test_a_sum_of_other_items():
    data = items().assign(total=lambda frame: frame.sum(axis=1))
    with pytest.raises(AnalysisError, match="positive definite") as caught:
        efa(data, n_factors=2, extraction="ml")
    assert caught.value.code == "EFA_SINGULAR"
    result = efa(data, n_factors=2)
    assert {"FACTORS_SMOOTHED", "EFA_NO_TESTS"} <= set(codes(result))
    assert np.isnan(result.fit["chisq"])
    assert np.isfinite(result.fit["rmsr"])


def test_heywood_case_names_the_item():
    rng = np.random.default_rng(3)
    factor = rng.normal(size=400)
    data = pd.DataFrame({"near": factor + 0.01 * rng.normal(size=400)})
    for j in range(4):
        data[f"far{j}"] = 0.5 * factor + rng.normal(size=400)
    for extraction in ("minres", "ml"):
        result = efa(data, n_factors=1, extraction=extraction)
        note = next(note for note in result.notes if note.code == "EFA_HEYWOOD")
        assert not result.admissible
        assert note.subject == "near"
        assert result.tables["communalities"].set_index("item")["heywood"].tolist() == [True] + [False] * 4
        assert result.estimates["std_error"].isna().all()
        assert "improper" in result.text
        assert not result.plot().admissible


def test_paf_goes_beyond_one():
    corr = np.array([[1.0, 0.8, 0.7], [0.8, 1.0, 0.5], [0.7, 0.5, 1.0]])  # 0.8 * 0.7 / 0.5 = 1.12
    result = efa(n_factors=1, sample_cov=corr, sample_n=100, extraction="paf")
    assert result.tables["communalities"]["h2"].iloc[0] == pytest.approx(1.12, abs=1e-6)
    assert not result.admissible


def test_targets():
    data = items()
    wanted = pd.DataFrame(0.0, index=data.columns, columns=["trust", "loyalty"])
    wanted.loc["q1":"q4", "loyalty"] = np.nan
    wanted.loc["q5":"q8", "trust"] = np.nan
    result = efa(data, n_factors=2, rotation="target", target=wanted.iloc[::-1])
    assert result.factors == ("trust", "loyalty")
    assert (result.loadings.loc["q1":"q4", "loyalty"] > 0.6).all()
    same = efa(data, n_factors=2, rotation="target", target=wanted.to_numpy().tolist())
    np.testing.assert_allclose(same.loadings, result.loadings)
    assert same.factors == ("F1", "F2")
    for bad, said in (
        (wanted.iloc[:4], "no row for q5"),
        (np.zeros((8, 3)), "8 items by 2 factors"),
        (np.full((8, 2), np.nan), "each needs 1"),
        ([["a", "b"]] * 8, "no number"),
    ):
        with pytest.raises(ModelError, match=said):
            efa(data, n_factors=2, rotation="target", target=bad)


def test_bifactor_keeps_its_general_factor_first():
    rng = np.random.default_rng(4)
    general = rng.normal(size=(800, 1))
    groups = np.repeat(rng.normal(size=(800, 3)), 4, axis=1)
    data = pd.DataFrame(0.3 * general + 0.8 * groups + 0.6 * rng.normal(size=(800, 12)))
    result = efa(data, n_factors=4, rotation="bifactor")
    assert result.factors == ("G", "F1", "F2", "F3")
    assert result.tables["correlation_estimates"].empty


@pytest.mark.parametrize("rotation", ["oblimin", "varimax", "promax", "geomin"])
def test_bootstrap_and_delta_agree_for_normal_data(rotation):
    data = items(n=500)
    delta = efa(data, n_factors=2, rotation=rotation)
    boot = efa(data, n_factors=2, rotation=rotation, bootstrap=1000, seed=5)
    assert boot.call["std_errors"] == "bootstrap"
    ratio = boot.estimates["std_error"] / delta.estimates["std_error"]
    assert abs(ratio.mean() - 1) < 0.1
    again = efa(data, n_factors=2, rotation=rotation, bootstrap=1000, seed=5)
    pd.testing.assert_frame_equal(boot.estimates, again.estimates)
    assert (boot.estimates["ci_low"] < boot.estimates["estimate"]).all()


def test_bootstrap_of_ordinal_and_of_incomplete_answers():
    data = likert()
    result = efa(data, n_factors=2, ordinal=True, bootstrap=100, seed=1)
    delta = efa(data, n_factors=2, ordinal=True)
    ratio = result.estimates["std_error"] / delta.estimates["std_error"]
    assert 0.7 < ratio.mean() < 1.4
    holes = data.astype(float).mask(np.random.default_rng(1).random(data.shape) < 0.1)
    plain = efa(holes, n_factors=2, missing="pairwise")
    assert "EFA_NO_STD_ERRORS" in codes(plain)
    assert plain.estimates["std_error"].isna().all()
    boot = efa(holes, n_factors=2, missing="pairwise", bootstrap=100, seed=1)
    assert boot.estimates["std_error"].notna().all()
    likely = efa(holes, n_factors=2, missing="em")
    assert likely.n == 300
    np.testing.assert_allclose(likely.loadings, efa(data, n_factors=2).loadings, atol=0.1)


def test_listwise_tells_what_it_leaves_out():
    data = items()
    data.loc[0, "q1"] = np.nan
    result = efa(data, n_factors=2)
    assert result.n == 299
    assert result.samples["dropped"].tolist() == [1]
    assert "FACTORS_ROWS_DROPPED" in codes(result)


def test_weak_and_like_factors_are_named():
    result = efa(items(factors=2), n_factors=3)
    assert "EFA_WEAK_FACTOR" in codes(result)
    rng = np.random.default_rng(2)
    one = rng.normal(size=(2000, 1))
    near = np.repeat(one + 0.35 * rng.normal(size=(2000, 2)), 4, axis=1)
    alike = efa(pd.DataFrame(near + 0.7 * rng.normal(size=(2000, 8))), n_factors=2)
    assert "EFA_FACTORS_ALIKE" in codes(alike)


def test_one_factor_of_three_items_is_told_in_grammatical_english():
    result = efa(items(factors=1, each=3), n_factors=1)
    note = next(note for note in result.notes if note.code == "EFA_NO_DF")
    assert note.message.startswith("One factor of 3 items leaves no degrees of freedom")
    assert result.text.endswith("RMSR < .001.")


def test_a_lower_improper_minimum_is_told():
    rng = np.random.default_rng(49)
    scores = rng.normal(size=(150, 2)) @ rng.uniform(0.3, 1, size=(2, 9)) + rng.normal(size=(150, 9))
    result = efa(pd.DataFrame(scores), n_factors=2, extraction="ml")
    note = next(note for note in result.notes if note.code == "EFA_EXTRACTION_MINIMA")
    assert result.admissible
    assert note.level == "warning"
    assert "Heywood" in note.message


def test_what_cannot_be_determined_is_marked():
    corr = pd.DataFrame(np.full((6, 6), 0.5) + 0.5 * np.eye(6))
    assert efa(n_factors=1, sample_cov=corr, sample_n=100).admissible
    result = efa(n_factors=2, sample_cov=corr, sample_n=100)
    assert "EFA_NOT_DETERMINED" in codes(result)
    assert not result.admissible
    with pytest.raises(AnalysisError, match="All correlations") as caught:
        efa(n_factors=2, sample_cov=pd.DataFrame(np.eye(6)), sample_n=100)
    assert caught.value.code == "EFA_NO_CORRELATION"


def test_several_minima_are_told():
    rng = np.random.default_rng(11)
    data = pd.DataFrame(rng.normal(size=(60, 10)) + rng.normal(size=(60, 1)))
    result = efa(data, n_factors=4, rotation="geomin")
    minima = result.tables["rotation"]
    assert minima["criterion"].is_monotonic_increasing
    if len(minima) > 1:
        assert "EFA_ROTATION_MINIMA" in codes(result)


def test_normalisation_of_spss():
    data = items(loading=0.6)
    plain, kaiser, spss = (efa(data, n_factors=2, normalize=how) for how in (None, True, "spss"))
    assert plain.call["normalize"] is False
    assert kaiser.call["normalize"] is True
    np.testing.assert_allclose(kaiser.loadings, spss.loadings)
    assert efa(data, n_factors=2, rotation="varimax").call["normalize"] is True
    ours, theirs = (efa(data, n_factors=2, rotation="promax", normalize=how) for how in (None, "spss"))
    assert np.abs(ours.loadings.to_numpy() - theirs.loadings.to_numpy()).max() > 1e-4


def test_names_of_least_squares():
    data = items()
    assert efa(data, n_factors=2, extraction="uls").call["extraction"] == "minres"


def test_responses_and_scales():
    responses = small_responses()
    result = efa(responses, n_factors=1)
    assert len(result.factors) == 1
    assert result.call["rotation"] == "none"
    assert "One factor" in result.text
    assert "explains" in result.text


def test_imputed_sets_are_pooled():
    data = items(n=200)
    sets = tuple(data + 0.05 * np.random.default_rng(j).normal(size=data.shape) for j in range(3))
    result = efa(Imputed(sets), n_factors=2)
    parts = [efa(one, n_factors=2) for one in sets]
    np.testing.assert_allclose(result.loadings, np.mean([part.loadings for part in parts], axis=0))
    assert (result.estimates["std_error"] > parts[0].estimates["std_error"] * 0.9).all()
    assert sorted(result.tables["pattern"]["item"]) == sorted(data.columns)
    assert np.isfinite(result.fit["pvalue"])
    assert "CI –" not in result.text
    assert "EFA_POOLED_FIT" in codes(result)
    other = items(n=200, seed=9)[["q1", "q5", "q2", "q6", "q3", "q7", "q4", "q8"]].set_axis(data.columns, axis=1)
    with pytest.raises(AnalysisError) as caught:
        efa(Imputed((data, other)), n_factors=2)
    assert caught.value.code == "EFA_SETS_DISAGREE"
