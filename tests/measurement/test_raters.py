"""Agreement of raters: printed examples, identities, invariances, bootstrap, peers, bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.kernels.agreement import kappa as agreement
from crmstudy.kernels.agreement import krippendorff
from crmstudy.kernels.resample import generator
from crmstudy.measurement.raters.agreement import raters
from tests import tolerances

#: Fleiss (1971), Table 1: 30 patients, six psychiatrists, how many gave each of five diagnoses.
DIAGNOSES = np.array([
    [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0], [2, 0, 4, 0, 0],
    [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6], [1, 0, 0, 5, 0], [1, 1, 0, 4, 0],
    [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1], [0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0],
    [0, 2, 0, 4, 0], [1, 0, 2, 0, 3], [0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0],
    [1, 0, 0, 4, 1], [0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6],
])  # fmt: skip
#: Krippendorff (2011), example C: twelve units, four observers, gaps.
GAPS = pd.DataFrame({
    "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None], "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    "C": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None], "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
}, dtype=float)  # fmt: skip


def first(result):
    return result.estimates.iloc[0]


def spread(counts):
    """Ratings by units from counts by categories."""
    rows = [np.repeat(np.arange(len(row)) + 1, row) for row in counts]
    return pd.DataFrame(rows, columns=[f"r{j}" for j in range(len(rows[0]))])


def of_table(table):
    """The two raters' codes behind a table of counts."""
    pairs = [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]
    return pd.DataFrame(pairs, columns=["first", "second"])


def near(value, printed, digits):
    return abs(value - printed) <= tolerances.PRINTED_HALF_UNIT * 10.0**-digits


def test_fleiss_as_printed():
    result = raters(spread(DIAGNOSES), kind="fleiss", bootstrap=None)
    row = first(result)
    assert near(row["estimate"], 0.430, 3)
    assert near(row["observed"], 0.556, 3)
    assert near(row["expected"], 0.220, 3)
    shares = result.tables["categories"]["share"]
    assert all(
        near(share, printed, 3) for share, printed in zip(shares, (0.144, 0.144, 0.167, 0.306, 0.239), strict=True)
    )
    kappas = result.tables["categories"]["kappa"]
    assert all(near(k, printed, 3) for k, printed in zip(kappas, (0.245, 0.245, 0.520, 0.471, 0.566), strict=True))


def test_krippendorff_as_printed():
    printed = {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849, "ratio": 0.797}
    for metric, value in printed.items():
        result = raters(GAPS, kind="krippendorff", metric=metric, bootstrap=None)
        assert near(first(result)["estimate"], value, 3)
        assert result.n == 11
    assert result.tables["metrics"]["alpha"].round(3).tolist() == list(printed.values())
    counted = result.tables["coincidences"].set_index("value")
    assert counted.to_numpy().sum() == 40
    assert counted.loc["1", "1"] == pytest.approx(7.0)
    assert [note.code for note in result.notes if note.code == "RATERS_UNITS_DROPPED"]


def test_the_table_of_cohen_and_of_fleiss_cohen_and_everitt():
    """200 persons, three diagnoses: kappa .429, variances .002885 and .003082 (Fleiss, Cohen & Everitt, 1969)."""
    table = [[106, 10, 4], [22, 28, 10], [2, 12, 6]]
    row = first(raters(of_table(table), kind="cohen", bootstrap=None))
    assert near(row["estimate"], 0.429, 3)
    assert near(row["std_error"] ** 2, 0.002885, 6)
    assert near(row["std_error_null"] ** 2, 0.003082, 6)


def test_known_special_cases():
    two = spread(DIAGNOSES)[["r0", "r1"]]
    rows = raters(two, kind="cohen", bootstrap=None).estimates.set_index("term")["estimate"]
    conger = raters(two, kind="fleiss", bootstrap=None).estimates.set_index("term")["estimate"]
    assert conger["conger_kappa"] == pytest.approx(rows["cohen_kappa"], rel=1e-12)
    binary = (two > 3).astype(int)
    linear = first(raters(binary, kind="weighted", weights="linear", bootstrap=None))["estimate"]
    assert linear == pytest.approx(first(raters(binary, kind="cohen", bootstrap=None))["estimate"], rel=1e-12)
    big = pd.concat([two] * 400, ignore_index=True)
    alpha = first(raters(big, kind="krippendorff", bootstrap=None))["estimate"]
    assert alpha == pytest.approx(first(raters(big, kind="fleiss", bootstrap=None))["estimate"], abs=1e-4)


def test_alpha_of_interval_data_without_gaps_is_one_way_variance():
    rng = generator(3, "alpha interval")
    table = rng.normal(size=(30, 1)) + rng.normal(size=(30, 4))
    value = first(raters(pd.DataFrame(table, columns=list("abcd")), kind="krippendorff", metric="interval",
                         bootstrap=None))["estimate"]  # fmt: skip
    within = table.var(axis=1, ddof=1).mean()
    assert value == pytest.approx(1 - within / table.var(ddof=1), rel=1e-10)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_units_raters_and_names_of_categories(seed):
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 4, 25)
    frame = pd.DataFrame({name: np.where(rng.random(25) < 0.6, base, rng.integers(0, 4, 25)) for name in "abc"})
    for options in ({"kind": "cohen"}, {"kind": "fleiss"}, {"kind": "krippendorff"}, {"kind": "kendall"},
                    {"kind": "weighted", "categories": range(4)},
                    {"kind": "krippendorff", "metric": "ordinal"}):  # fmt: skip
        value = first(raters(frame, bootstrap=None, **options))["estimate"]
        mixed = frame.sample(frac=1, random_state=seed)[["c", "a", "b"]]
        assert first(raters(mixed, bootstrap=None, **options))["estimate"] == pytest.approx(value, rel=1e-10)
        mirrored = 3 - frame
        assert first(raters(mirrored, bootstrap=None, **options))["estimate"] == pytest.approx(value, rel=1e-10)
    words = frame.replace({0: "low", 1: "fair", 2: "good", 3: "top"}).astype(str)
    assert first(raters(words, kind="fleiss", bootstrap=None))["estimate"] == pytest.approx(
        first(raters(frame, kind="fleiss", bootstrap=None))["estimate"], rel=1e-12
    )


def test_unused_categories_count_for_the_weights_only_when_named():
    frame = pd.DataFrame({"a": [1, 2, 5, 5, 1, 2], "b": [1, 5, 5, 2, 2, 2]})
    plain = raters(frame, kind="weighted", bootstrap=None)
    assert "RATERS_UNUSED_CATEGORY" in {note.code for note in plain.notes}
    named = raters(frame, kind="weighted", categories=range(1, 6), bootstrap=None)
    assert first(named)["estimate"] != pytest.approx(first(plain)["estimate"])
    assert "RATERS_UNUSED_CATEGORY" not in {note.code for note in named.notes}


def test_high_agreement_and_low_kappa():
    frame = of_table([[94, 3], [3, 0]])
    result = raters(frame, kind="cohen", bootstrap=None)
    rows = result.estimates.set_index("term")["estimate"]
    assert rows["cohen_kappa"] < 0 < 0.9 < rows["gwet_ac1"]
    assert rows["pabak"] == pytest.approx(2 * 0.94 - 1)
    assert "RATERS_PREVALENCE" in {note.code for note in result.notes}


def test_perfect_agreement_and_order():
    frame = pd.DataFrame({name: [1, 2, 3, 4, 5, 2] for name in "abc"})
    for kind in ("cohen", "weighted", "fleiss", "krippendorff", "kendall"):
        assert first(raters(frame, kind=kind, seed=1, bootstrap=200))["estimate"] == pytest.approx(1.0)


def test_ties_and_missing_ratings_in_ranks():
    frame = pd.DataFrame({"a": [1, 2, 2, 4, None], "b": [1, 1, 3, 4, 2], "c": [2, 3, 3, 4, 1.0]})
    result = raters(frame, kind="kendall")
    assert result.n == 4
    assert {"RATERS_TIES", "RATERS_UNITS_DROPPED", "RATERS_FEW_UNITS"} <= {note.code for note in result.notes}
    decimals = raters(frame / 7, kind="kendall")
    assert first(decimals)["estimate"] == pytest.approx(first(result)["estimate"], rel=1e-12)


def test_bootstraps_are_those_of_their_definition():
    """The fast replicates equal the coefficient of the units drawn, one by one."""
    table = agreement.counts(GAPS.fillna(0).to_numpy(dtype=int) - 1, 5)
    table = table[table.sum(axis=1) > 1]
    values = np.arange(1.0, 6)
    drawn = generator(1, "drawn").multinomial(len(table), np.full(len(table), 1 / len(table)), size=20).astype(float)
    for metric in krippendorff.METRICS:
        fast = krippendorff.alpha_of_samples(table, values, metric)(drawn)
        slow = [krippendorff.alpha(np.repeat(table, w.astype(int), axis=0), values, metric).value for w in drawn]
        np.testing.assert_allclose(fast, slow, rtol=1e-10)
    codes = spread(DIAGNOSES).to_numpy(dtype=np.int64) - 1
    drawn = generator(2, "drawn").multinomial(30, np.full(30, 1 / 30), size=10).astype(float)
    weight = agreement.weights(5, "quadratic")
    fast = agreement.cohen_of_samples(codes[:, :2], 5, weight)(drawn)
    slow = [agreement.cohen(agreement.cross_table(*np.repeat(codes[:, :2], w.astype(int), axis=0).T, 5), weight).value
            for w in drawn]  # fmt: skip
    np.testing.assert_allclose(fast, slow, rtol=1e-10)
    fast = agreement.fleiss_of_samples(DIAGNOSES.astype(float))(drawn)
    slow = [agreement.fleiss(np.repeat(DIAGNOSES, w.astype(int), axis=0).astype(float)).value for w in drawn]
    np.testing.assert_allclose(fast, slow, rtol=1e-10)


def test_bootstrap_of_pairs_has_the_mean_and_spread_of_its_draws():
    table = agreement.counts(GAPS.fillna(0).to_numpy(dtype=int) - 1, 5)
    table = table[table.sum(axis=1) > 1]
    alpha = krippendorff.alpha(table, np.arange(1.0, 6), "nominal")
    draws = krippendorff.pair_bootstrap(alpha, 4, 20_000, generator(4, "pairs"))
    pairs = min(25 * int((alpha.coincidences > 0).sum()), int(3 * 40 / 2))
    wrong = alpha.observed
    spread_of_mean = np.sqrt(wrong * (1 - wrong) / pairs) / alpha.expected
    assert draws.std() == pytest.approx(spread_of_mean, rel=0.03)
    assert abs(draws.mean() - alpha.value) < tolerances.MONTE_CARLO_IN_SE * spread_of_mean / np.sqrt(20_000)


def test_the_seed_decides():
    one, two = (raters(GAPS, kind="krippendorff", seed=8).estimates for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    other = raters(GAPS, kind="krippendorff", seed=9).estimates
    assert first(raters(GAPS, kind="krippendorff", seed=8))["ci_low"] != other["ci_low"][0]
    drawn = raters(GAPS, kind="krippendorff")
    pd.testing.assert_frame_equal(drawn.estimates, raters(GAPS, kind="krippendorff", seed=drawn.call["seed"]).estimates)


def test_interval_of_alpha_covers():
    rng = generator(21, "alpha coverage")
    truth = 0.5  # of normal ratings with equal variance between and within
    inside, replicates = 0, 150
    for _ in range(replicates):
        table = rng.normal(size=(80, 1)) + rng.normal(size=(80, 3))
        counts, values = _as_counts(table)
        draws = agreement.bootstrap_units(80, 300, rng, krippendorff.alpha_of_samples(counts, values, "interval"))
        low, high = np.quantile(draws, [0.025, 0.975])
        inside += low <= truth <= high
    assert 0.90 < inside / replicates < 0.98


def _as_counts(table):
    values = np.unique(table)
    return agreement.counts(np.searchsorted(values, table), len(values)), values


@pytest.mark.peer
@pytest.mark.parametrize("metric", krippendorff.METRICS)
def test_alpha_equals_the_peer(metric):
    peer = pytest.importorskip("krippendorff")
    rng = generator(6, "peer", metric)
    table = np.clip(rng.integers(1, 7, (60, 1)) + rng.integers(-1, 2, (60, 5)), 1, 7).astype(float)
    table[rng.random(table.shape) < 0.3] = np.nan
    table = table[(~np.isnan(table)).sum(axis=1) >= 2]
    theirs = peer.alpha(reliability_data=table.T, level_of_measurement=metric)
    frame = pd.DataFrame(table, columns=list("abcde"))
    ours = first(raters(frame, kind="krippendorff", metric=metric, bootstrap=None))["estimate"]
    assert ours == pytest.approx(theirs, rel=tolerances.CLOSED_FORM_RELATIVE)


BOTH = pd.DataFrame({"a": [1, 2, 1, 2, 3], "b": [1, 2, 2, 2, 3]})


@pytest.mark.parametrize(
    ("frame", "keywords", "error", "words"),
    [
        (BOTH, {"kind": "kohen"}, UnsupportedError, "Did you mean 'cohen'"),
        (
            BOTH,
            {"weights": "cubic", "metric": "odd", "bootstrap": True, "level": 1.0, "seed": -1},
            ModelError,
            "5 faults",
        ),
        (BOTH, {"items": ["a", "c"]}, DataError, "'c'"),
        (BOTH, {"items": ["a"]}, AnalysisError, "found a only"),
        (BOTH * 0 + 2, {"kind": "cohen"}, AnalysisError, "a and b put every unit"),
        (BOTH * 0 + 2, {"kind": "fleiss"}, AnalysisError, "is '2'"),
        (BOTH * 0 + 2, {"kind": "krippendorff"}, AnalysisError, "without variation"),
        (BOTH.assign(b=2), {"kind": "kendall"}, AnalysisError, "b gave every unit the same"),
        (BOTH * np.nan, {}, AnalysisError, "no rating"),
        (BOTH.assign(b=np.nan), {}, AnalysisError, "'b' lacks 5"),
        (BOTH.assign(b=np.nan), {"kind": "krippendorff"}, AnalysisError, "0 units"),
        (BOTH.assign(b=[np.inf, 1, 2, 3, 4]), {}, DataError, "'b' holds 1 infinite"),
        (BOTH.replace({1: "x", 2: "y", 3: "z"}), {"kind": "weighted"}, DataError, "order is not known"),
        (
            BOTH.replace({1: "x", 2: "y", 3: "z"}),
            {"kind": "krippendorff", "metric": "interval"},
            DataError,
            "'a' holds",
        ),
        (BOTH.replace({"b": {1: "x", 2: "y", 3: "z"}}), {}, DataError, "numbers in a and words in b"),
        (BOTH, {"categories": [1, 2]}, DataError, "Ratings of 3"),
        (BOTH - 2, {"kind": "krippendorff", "metric": "ratio"}, DataError, "below 0"),
    ],
)
def test_bad_input(frame, keywords, error, words):
    with pytest.raises(error, match=words):
        raters(frame, **keywords)


def test_ordered_categories_and_named_words():
    words = ["poor", "fair", "good"]
    frame = pd.DataFrame({"a": ["poor", "fair", "good", "good"], "b": ["poor", "good", "good", "fair"]})
    named = first(raters(frame, kind="weighted", categories=words, bootstrap=None))["estimate"]
    ordered = frame.astype(pd.CategoricalDtype(words, ordered=True))
    assert first(raters(ordered, kind="weighted", bootstrap=None))["estimate"] == pytest.approx(named)
    with pytest.raises(DataError, match="'good'"):
        raters(frame, categories=["poor", "fair"])


def test_sentences_and_json():
    for kind in ("cohen", "weighted", "fleiss", "krippendorff", "kendall"):
        result = raters(spread(DIAGNOSES), kind=kind, seed=1, bootstrap=100)
        assert result.text.startswith("Agreement of 6 raters, 30 units: ")
        assert '"kind": "raters"' in result.to_json()
    assert raters(spread(DIAGNOSES), kind="cohen", seed=1, bootstrap=100).plot() is not None


@pytest.mark.parametrize("kind", ["cohen", "weighted", "fleiss", "krippendorff"])
def test_agreement_of_all_has_no_interval_of_no_length(kind):
    frame = pd.DataFrame({"a": [1, 2, 3, 1, 2, 3], "b": [1, 2, 3, 1, 2, 3]})
    result = raters(frame, kind=kind, items=["a", "b"], seed=1)
    row = result.estimates.iloc[0]
    assert row["estimate"] == 1.0
    assert np.isnan(row["ci_low"])
    assert np.isnan(row["ci_high"])
    assert "CI" not in result.text
    assert any(note.code == "RATERS_NO_INTERVAL" and row["term"] in note.message for note in result.notes)


def test_a_rater_with_one_category_leaves_kappa_at_0_without_a_test():
    frame = pd.DataFrame({"a": [1] * 6, "b": [1, 1, 1, 1, 1, 2]})
    row = raters(frame, kind="cohen", items=["a", "b"], seed=1).estimates.iloc[0]
    assert row["estimate"] == pytest.approx(0.0, abs=1e-12)
    assert row["std_error"] == 0.0
    assert row[["statistic", "p_value", "ci_low", "ci_high"]].isna().all()


def test_blanks_are_no_category():
    padded = pd.DataFrame({"a": ["y", "n", "y ", "n", "", "y"], "b": ["y", "n", "n", " n", "y", " "]})
    bare = pd.DataFrame({"a": ["y", "n", "y", "n", None, "y"], "b": ["y", "n", "n", "n", "y", None]})
    one, two = (raters(frame, kind="cohen", items=["a", "b"], bootstrap=None) for frame in (padded, bare))
    assert one.n == 4
    pd.testing.assert_frame_equal(one.estimates, two.estimates)
