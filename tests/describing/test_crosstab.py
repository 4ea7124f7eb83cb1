import json
from itertools import product
from math import factorial

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import crmstudy as cs
from crmstudy.describing.categories import categories
from crmstudy.errors import AnalysisError, DataError, ModelError
from crmstudy.instrument import load_instrument
from crmstudy.kernels.classic.fisher import exact_p, simulated_p
from crmstudy.kernels.resample import generator
from crmstudy.notes import explanations
from crmstudy.responses import Responses
from crmstudy.results import ESTIMATE_COLUMNS


def people(n=60, seed=1):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"sex": rng.choice(["f", "m"], n), "a": rng.integers(1, 5, n), "b": rng.integers(1, 4, n)})
    return frame.assign(w=rng.uniform(0.5, 2, n))


def codes(result):
    return [note.code for note in result.notes]


def exact_by_enumeration(table):
    """All tables with the margins of this one, cell by cell."""
    rows, columns = table.sum(axis=1).astype(int), table.sum(axis=0).astype(int)
    r, c = table.shape
    found = []
    for cells in product(*[range(min(rows[i], columns[j]) + 1) for i in range(r - 1) for j in range(c - 1)]):
        whole = np.zeros((r, c))
        whole[:-1, :-1] = np.reshape(cells, (r - 1, c - 1))
        whole[:-1, -1] = rows[:-1] - whole[:-1, :-1].sum(axis=1)
        whole[-1] = columns - whole[:-1].sum(axis=0)
        if (whole >= 0).all():
            found.append(1.0 / np.prod([float(factorial(int(x))) for x in whole.ravel()]))
    mine = 1.0 / np.prod([float(factorial(int(x))) for x in table.ravel()])
    shares = np.array(found)
    return shares[shares <= mine * (1 + 1e-7)].sum() / shares.sum()


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 3), (2, 4)])
@pytest.mark.parametrize("seed", range(4))
def test_fishers_test_is_the_sum_over_all_tables(shape, seed):
    rng = np.random.default_rng(seed)
    table = rng.multinomial(14, np.full(shape[0] * shape[1], 1 / (shape[0] * shape[1]))).reshape(shape) + 1.0
    table = table - (table > 1)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(table.shape) < 2:
        pytest.skip("a margin is empty")
    assert exact_p(table) == pytest.approx(exact_by_enumeration(table), rel=1e-9)
    assert exact_p(table.T) == pytest.approx(exact_p(table), rel=1e-9)


def test_fishers_test_of_the_job_satisfaction_table():
    # Agresti (2002, p. 57), in the documentation of R's fisher.test: p = 0.7827
    jobs = np.array([[1, 2, 1, 0], [3, 3, 6, 1], [10, 10, 14, 9], [6, 7, 12, 11]], dtype=float)
    assert exact_p(jobs) == pytest.approx(0.7827, abs=5e-5)
    assert simulated_p(jobs, 20_000, generator(1, "t")) == pytest.approx(0.7827, abs=4 * 0.0029)
    assert exact_p(jobs, budget=100) is None


def test_columns_tables_and_sentence():
    result = cs.crosstab(people(), rows="sex", cols="a")
    assert list(result.estimates.columns) == list(ESTIMATE_COLUMNS)
    assert result.estimates["term"].tolist() == ["cramers_v", "cramers_v_corrected", "contingency"]
    assert result.tables["tests"]["test"].tolist() == ["pearson", "likelihood_ratio", "fisher_exact"]
    assert result.text.startswith("sex by a: χ²(3, N = 60) = ")
    cells = result.tables["cells"]
    assert cells["n"].sum() == 60
    assert cells.groupby("row")["row_percent"].sum().tolist() == pytest.approx([100, 100])
    json.loads(result.to_json())


def test_the_order_of_rows_and_sides_does_not_matter():
    frame = people()
    one, two = (
        cs.crosstab(frame, rows="a", cols="b"),
        cs.crosstab(frame.sample(frac=1, random_state=2), rows="b", cols="a"),
    )
    np.testing.assert_allclose(one.fit.to_numpy(), two.fit.to_numpy(), rtol=1e-12)
    mine, other = (result.estimates.set_index("term")["estimate"] for result in (one, two))
    assert mine["gamma"] == pytest.approx(other["gamma"])
    assert mine["somers_d_rows"] == pytest.approx(other["somers_d_columns"])
    assert mine["cramers_v"] == pytest.approx(other["cramers_v"])


def test_a_reversed_variable_changes_the_sign_of_ordered_measures_only():
    frame = people()
    one = cs.crosstab(frame, rows="a", cols="b").estimates.set_index("term")["estimate"]
    two = cs.crosstab(frame.assign(b=4 - frame["b"]), rows="a", cols="b").estimates.set_index("term")["estimate"]
    ordered = ["gamma", "tau_b", "tau_c", "somers_d_columns", "somers_d_rows"]
    np.testing.assert_allclose(one[ordered], -two[ordered], rtol=1e-9)
    assert one["cramers_v"] == pytest.approx(two["cramers_v"])


def test_a_perfect_table():
    frame = pd.DataFrame({"a": [1, 2, 3] * 20, "b": ["x", "y", "z"] * 20})
    table = cs.crosstab(frame, rows="a", cols="b").estimates.set_index("term")
    assert table.loc["cramers_v", "estimate"] == pytest.approx(1.0)
    assert table.loc["cramers_v", "ci_high"] == pytest.approx(1.0)
    assert table.loc["cramers_v_corrected", "estimate"] == pytest.approx(1.0)


def test_v_lies_in_its_interval():
    for seed in range(20):
        row = cs.crosstab(people(seed=seed), rows="sex", cols="a", exact=False).estimates.iloc[0]
        assert row["ci_low"] <= row["estimate"] <= row["ci_high"]


def test_rows_without_one_variable_are_counted():
    frame = people().astype({"a": float})
    frame.loc[:4, "a"] = np.nan
    result = cs.crosstab(frame, rows="sex", cols="a")
    assert (result.n, int(result.samples["dropped"].iloc[0])) == (55, 5)
    assert "CROSSTAB_ROWS_DROPPED" in codes(result)


def test_small_expected_counts_are_noted_and_large_tables_simulated():
    frame = pd.DataFrame({"a": [1, 2] * 6, "b": [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 1]})
    assert "CROSSTAB_SMALL_EXPECTED" in codes(cs.crosstab(frame, rows="a", cols="b"))
    rng = np.random.default_rng(0)
    large = pd.DataFrame({"a": rng.integers(0, 6, 400), "b": rng.integers(0, 6, 400)})
    result = cs.crosstab(large, rows="a", cols="b")
    assert result.tables["tests"]["test"].tolist()[2] == "fisher_simulated"
    assert "CROSSTAB_SIMULATED" in codes(result)
    again = cs.crosstab(large, rows="a", cols="b")
    assert again.to_json() == result.to_json()
    with pytest.raises(AnalysisError, match="takes too long") as caught:
        cs.crosstab(large, rows="a", cols="b", exact=True)
    assert caught.value.code in explanations()


def test_equal_weights_give_the_counts_of_the_plain_table():
    frame = people().assign(w=2.0)
    plain, weighted = cs.crosstab(frame, rows="sex", cols="a"), cs.crosstab(frame, rows="sex", cols="a", weights="w")
    np.testing.assert_allclose(plain.tables["cells"]["expected"], weighted.tables["cells"]["expected"], rtol=1e-12)
    assert weighted.tables["tests"]["test"].tolist() == ["rao_scott"]
    # under equal weights F is chi-square over df, times (n - 1)/n
    test = weighted.tables["tests"].iloc[0]
    assert test["p_value"] == pytest.approx(plain.fit["pvalue"], abs=0.02)


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"rows": "sx", "cols": "a"}, DataError, "no column 'sx'"),
        ({"rows": "a", "cols": "a"}, ModelError, "both 'a'"),
        ({"rows": ["a"], "cols": "b"}, ModelError, "one column"),
        ({"rows": "a", "cols": "b", "exact": "yes"}, ModelError, "`exact`"),
        ({"rows": "a", "cols": "b", "draws": 1}, ModelError, "`draws`"),
        ({"rows": "a", "cols": "b", "seed": True}, ModelError, "`seed`"),
        ({"rows": "a", "cols": "b", "level": float("nan")}, ModelError, "coverage"),
        ({"rows": "a", "cols": "b", "ordinal": 1}, ModelError, "`ordinal`"),
        ({"rows": "one", "cols": "b"}, AnalysisError, "'one' needs two categories"),
        ({"rows": "none", "cols": "b"}, AnalysisError, "no row has one"),
        ({"rows": "w", "cols": "b"}, AnalysisError, "'w' has 60 different values"),
    ],
)
def test_what_is_refused(keywords, error, message):
    with pytest.raises(error, match=message) as caught:
        cs.crosstab(people().assign(one=1, none=np.nan), **keywords)
    if error is AnalysisError:
        assert caught.value.code in explanations()


def test_an_empty_cell_leaves_no_interval_and_says_so():
    frame = pd.DataFrame({"a": [1] * 3 + [2] * 4, "b": [1, 1, 1, 1, 2, 2, 2]})
    result = cs.crosstab(frame, rows="a", cols="b")
    table = result.estimates.set_index("term")
    assert table.loc["gamma", "estimate"] == 1.0
    assert table.loc[["gamma", "odds_ratio"], ["ci_low", "ci_high"]].isna().all(axis=None)
    assert table.loc["tau_b", "ci_low"] < table.loc["tau_b", "estimate"]
    note = next(note for note in result.notes if note.code == "CROSSTAB_NO_INTERVAL")
    assert "odds_ratio, gamma" in note.message
    assert note.code in explanations()


def pooled_people(m=5):
    return cs.Imputed(tuple(people(seed=1).assign(a=people(seed=seed)["a"]) for seed in range(2, 2 + m)))


def d2(statistics, df):
    """Li, Meng, Raghunathan and Rubin (1991)."""
    m = len(statistics)
    increase = (1 + 1 / m) * np.var(np.sqrt(statistics), ddof=1)
    f = max((statistics.mean() / df - (m + 1) / (m - 1) * increase) / (1 + increase), 0.0)
    df2 = df ** (-3 / m) * (m - 1) * (1 + 1 / increase) ** 2
    return f, df2, stats.f.sf(f, df, df2)


def test_pooled_tests_are_d2_in_the_table_too():
    sets = pooled_people()
    result = cs.crosstab(sets, rows="sex", cols="a")
    tests = result.tables["tests"].set_index("test")
    found = [cs.crosstab(one, rows="sex", cols="a").fit["chisq"] for one in sets.sets]
    f, _, p = d2(np.array(found), 3.0)
    assert tests.loc["pearson", "p_value"] == pytest.approx(p)
    assert tests.loc["pearson", "statistic"] == pytest.approx(f * 3.0)
    assert np.isnan(tests.loc["fisher_exact", "p_value"])
    assert any(note.code == "POOLED_NO_P" and "Fisher" in note.message for note in result.notes)
    assert result.fit["pvalue"] == pytest.approx(p)


def test_pooled_with_weights_it_is_rao_and_scotts_f():
    sets = pooled_people()
    result = cs.crosstab(sets, rows="sex", cols="a", weights="w")
    each = [cs.crosstab(one, rows="sex", cols="a", weights="w").tables["tests"].iloc[0] for one in sets.sets]
    df = np.mean([row["df"] for row in each])
    f, df2, p = d2(np.array([row["statistic"] for row in each]) * df, df)
    row = result.tables["tests"].iloc[0]
    assert row[["statistic", "df", "df_error", "p_value"]].tolist() == pytest.approx([f, df, df2, p])
    assert result.fit["pvalue"] == pytest.approx(p)
    assert "p = –" not in result.text


def test_what_an_instrument_calls_nominal_has_no_order():
    demographics = load_instrument("demographics")
    frame = pd.DataFrame({"SEX": [1, 2, 1, 2, 1, 2], "AGEBAND": [1, 2, 3, 1, 2, 3], "TENURE": [1, 1, 2, 2, 3, 3]})
    data = Responses.from_frame(frame, [demographics])
    assert not categories(data, data.variables, "SEX", {}).ordered
    assert categories(data, data.variables, "AGEBAND", {}).ordered
    persian = categories(data, data.variables, "SEX", {}, lang="fa")
    assert persian.labels[0] == demographics.responses["sex"].label(1, "fa") != ""
