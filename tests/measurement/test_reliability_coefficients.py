"""Bounds, split halves, hierarchical omega, ordinal coefficients, intervals and precision of cs.reliability."""

import importlib.util
import re

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import AnalysisError, ModelError
from crmstudy.imputed import Imputed
from crmstudy.kernels.reliability.coefficients import bonett_interval, feldt_interval
from crmstudy.measurement.reliability.reliability import reliability
from crmstudy.measurement.reliability.result import TABLES
from crmstudy.notes import explanations
from crmstudy.responses import Responses
from tests import tolerances
from tests.measurement.asked import answers, instrument, likert, scale, small_responses
from tests.reference import HERE

BFI = pd.read_csv(HERE / "data/bfi.csv")
NEGATIVE = ("A1", "C4", "C5", "E1", "E2", "O2", "O5")


def keyed(*items, rows=None):
    frame = BFI[list(items)].copy()
    for item in set(items) & set(NEGATIVE):
        frame[item] = 7 - frame[item]
    return frame if rows is None else frame.iloc[:rows]


def traits(*letters):
    return [f"{letter}{j}" for letter in letters for j in range(1, 6)]


def values(result):
    return dict(zip(result.estimates["term"], result.estimates["estimate"], strict=True))


def codes(result):
    return [note.code for note in result.notes]


def message(result, code):
    return next(note.message for note in result.notes if note.code == code)


def test_tables_and_their_columns_are_there_also_without_rows():
    for result in (reliability(keyed(*traits("A", "C"))), reliability(answers(50, "a", "b"))):
        assert set(result.tables) == set(TABLES)
        for name, columns in TABLES.items():
            assert [c for c in result.tables[name].columns if not re.fullmatch(r"group_\d", c)] == list(columns)
    assert "group_3" in result.tables["group_factors"]


def test_every_note_is_explained():
    frame = keyed(*traits("A", "C"))
    frame["A1"] = 7 - frame["A1"]
    for result in (
        reliability(frame, ordinal=True, group_factors=2),
        reliability(keyed(*traits("A", "C", "E", "N", "O"), rows=300)),
    ):
        assert set(codes(result)) <= set(explanations())


# --- intervals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interval", "method"),
    [
        ("feldt", "Feldt"), ("bonett", "Bonett"), ("asymptotic", "asymptotic"),
        ("adf", "asymptotic, distribution-free"), ("percentile", "percentile bootstrap (200)"),
        ("bca", "BCa bootstrap (200)"),
    ],
)  # fmt: skip
def test_the_interval_asked_for_stands_in_the_estimates(interval, method):
    bootstrap = 200 if interval in ("percentile", "bca") else None
    result = reliability(answers(120, "a", "b", "c", "d"), interval=interval, bootstrap=bootstrap, seed=3)
    row = result.estimates.set_index("term").loc["alpha"]
    listed = result.tables["intervals"].set_index(["coefficient", "method"]).loc[("alpha", method)]
    assert row[["ci_low", "ci_high"]].tolist() == listed[["ci_low", "ci_high"]].tolist()
    assert result.call["interval"] == interval
    assert listed["ci_low"] < row["estimate"] < listed["ci_high"]


def test_bootstrap_intervals_are_given_for_all_that_depends_on_covariances():
    result = reliability(keyed(*traits("A", "C"), rows=400), bootstrap=300, seed=5)
    rows = result.tables["intervals"]
    drawn = set(rows.loc[rows["method"].str.startswith("BCa"), "coefficient"])
    without = {"lambda_4", "lambda_4_standardised"}
    assert drawn == set(values(result)) - without
    assert set(rows.loc[rows["method"].str.startswith("percentile"), "coefficient"]) == drawn
    assert result.estimates.set_index("term")["std_error"].isna().to_dict() == {
        term: term in without for term in values(result)
    }


def test_delta_errors_of_the_omegas_are_near_those_of_the_bootstrap():
    """Null: the items are normal, so that the delta method may be judged by the bootstrap."""
    rng = np.random.default_rng(20261125)
    general, own = rng.normal(size=(1500, 1)), rng.normal(size=(1500, 3))
    frame = pd.DataFrame(0.6 * general + 0.5 * own[:, np.repeat([0, 1, 2], 3)] + 0.6 * rng.normal(size=(1500, 9)))
    plain = reliability(frame)
    drawn = reliability(frame, bootstrap=600, seed=2, interval="percentile")
    for term in ("alpha", "omega", "omega_t", "omega_h", "lambda_2", "lambda_6"):
        rows = [result.estimates.set_index("term").loc[term] for result in (plain, drawn)]
        widths = [row["ci_high"] - row["ci_low"] for row in rows]
        assert widths[0] == pytest.approx(widths[1], rel=0.2)


def test_a_level_too_high_for_the_samples_is_noted():
    result = reliability(answers(60, "a", "b", "c"), bootstrap=100, level=0.99, seed=1)
    assert "RELIABILITY_BOOTSTRAP_FEW" in codes(result)


def test_samples_without_a_proper_model_are_counted():
    frame = pd.read_csv(HERE / "../../data/mobi/responses.csv")[["CUSA1", "CUSA2", "CUSA3"]].iloc[:40]
    result = reliability(frame, bootstrap=300, seed=1)
    assert "omega in" in message(result, "RELIABILITY_BOOTSTRAP_IMPROPER")
    assert np.isfinite(result.estimates.set_index("term").loc["omega", ["ci_low", "ci_high"]].astype(float)).all()


@pytest.mark.peer
@pytest.mark.skipif(importlib.util.find_spec("pingouin") is None, reason="pingouin is not installed")
def test_the_interval_is_from_the_rows_used_and_pingouins_listwise_one_is_not():
    """pingouin leaves rows out of alpha but counts them in the degrees of freedom of its interval."""
    import pingouin

    frame = keyed(*traits("N"), rows=80)
    frame.iloc[:30, 2] = np.nan
    result = reliability(frame)
    ours = result.estimates.set_index("term").loc["alpha"]
    used = len(frame.dropna())
    assert result.n == used < len(frame)
    assert ours[["ci_low", "ci_high"]].tolist() == pytest.approx(feldt_interval(ours["estimate"], used, 5))
    theirs, ends = pingouin.cronbach_alpha(data=frame, nan_policy="listwise")
    assert theirs == pytest.approx(ours["estimate"], rel=tolerances.CLOSED_FORM_RELATIVE)
    assert ends == pytest.approx(feldt_interval(theirs, len(frame), 5), abs=5e-4)
    assert ends[0] - ours["ci_low"] > 0.01


# --- bounds and splits --------------------------------------------------------------------------------------------


def test_more_than_twenty_items_have_splits_drawn_the_same_every_time():
    frame = keyed(*traits("A", "C", "E", "N", "O"), rows=500)
    first, again = reliability(frame, splits=500), reliability(frame, splits=500)
    assert first.to_json() == again.to_json()
    table = first.tables["splits"]
    assert table["drawn"].all()
    assert table["splits"].tolist() == [500, 500]
    assert (table["max"] > table["q_975"]).all()
    assert values(first)["lambda_4"] == table["max"][0]
    assert "5,200,300 splits" in message(first, "RELIABILITY_SPLITS_DRAWN")
    other = reliability(frame, splits=500, seed=9)
    assert other.tables["splits"]["mean"].tolist() != table["mean"].tolist()
    assert values(other)["lambda_4"] == pytest.approx(values(first)["lambda_4"])


def test_the_best_half_is_named():
    frame = keyed(*traits("N"))
    table = reliability(frame).tables["splits"]
    half = table["best_half"][0].split(", ")
    complete = frame.dropna()
    one, other = complete[half].sum(axis=1), complete.drop(columns=half).sum(axis=1)
    guttman = 4 * np.cov(one, other)[0, 1] / np.var(one + other, ddof=1)
    assert guttman == pytest.approx(table["max"][0], rel=1e-10)
    assert half[0] == "N1"


def test_a_half_that_does_not_vary_is_noted():
    frame = answers(60, "a", "c", "d").assign(b=lambda x: 6 - x["a"])[["a", "b", "c", "d"]]
    result = reliability(frame)
    assert "first–second half" in message(result, "RELIABILITY_SPLIT_UNDEFINED")
    assert "spearman_brown_first_second" not in values(result)
    assert "guttman_first_second" in values(result)


# --- hierarchical omega -------------------------------------------------------------------------------------------


def test_scales_of_fewer_than_six_items_have_no_group_factors():
    assert "omega_t" not in values(reliability(keyed(*traits("A"))))
    assert {"omega_t", "omega_h"} < set(values(reliability(keyed(*traits("A"), "C1"))))


def test_too_many_group_factors_are_refused_with_the_number_that_goes():
    result = reliability(keyed(*traits("A"), "C1"), group_factors=4)
    assert "omega_t" not in values(result)
    assert "Ask for 3 at most" in message(result, "RELIABILITY_GROUP_FACTORS_MANY")


@pytest.mark.parametrize(("number", "words"), [(1, "1 group factor: it is the general"), (2, "2 group factors: its")])
def test_one_or_two_group_factors_are_noted(number, words):
    result = reliability(keyed(*traits("A", "C")), group_factors=number)
    assert words in message(result, "RELIABILITY_GROUP_FACTORS_FEW")
    assert result.tables["general_factor"]["group_factors"].tolist() == [number]
    assert "group_3" not in result.tables["group_factors"]


def test_items_against_the_general_factor_are_named():
    frame = keyed(*traits("A", "C"))
    frame["C2"] = 7 - frame["C2"]
    assert "C2 loads against" in message(reliability(frame), "RELIABILITY_GENERAL_NEGATIVE")


def test_an_improper_solution_is_marked_and_has_no_delta_error():
    frame = pd.read_csv(HERE / "data/attitude.csv")
    result = reliability(frame)
    assert "is the general factor itself" in message(result, "RELIABILITY_GROUP_FACTORS_IMPROPER")
    rows = result.estimates.set_index("term")
    assert rows.loc[["omega_t", "omega_h"], "std_error"].isna().all()
    drawn = reliability(frame, bootstrap=200, seed=1).estimates.set_index("term")
    assert drawn.loc[["omega_t", "omega_h"], "std_error"].notna().all()


def test_omega_t_is_never_below_omega_h():
    table = reliability(keyed(*traits("A", "C", "E"))).tables["general_factor"].iloc[0]
    assert table["omega_h"] < table["omega_t"]
    assert table["omega_limit"] == pytest.approx(table["omega_h"] / table["omega_t"])
    groups = reliability(keyed(*traits("A", "C", "E"))).tables["group_omegas"]
    assert groups["items"].sum() == 15


# --- ordinal ------------------------------------------------------------------------------------------------------


def test_ordinal_coefficients_stand_beside_those_of_numbers():
    frame = keyed(*traits("A", "C"), rows=600)
    plain, both = reliability(frame), reliability(frame, ordinal=True)
    ordinal = {"alpha_ordinal", "lambda_2_ordinal", "lambda_6_ordinal", "omega_t_ordinal", "omega_h_ordinal"}
    assert set(values(both)) - set(values(plain)) == ordinal
    assert {term: value for term, value in values(both).items() if term not in ordinal} == values(plain)
    assert values(both)["alpha_ordinal"] > values(both)["alpha_standardised"]
    assert "not of the score" in message(both, "RELIABILITY_ORDINAL")
    assert "Categorical omega" in message(both, "RELIABILITY_ORDINAL")
    assert both.tables["general_factor"]["matrix"].tolist() == ["correlations", "polychoric"]


def test_ordinal_alpha_of_two_and_three_items():
    assert "alpha_ordinal" in values(reliability(answers(80, "a", "b"), ordinal=True))
    found = values(reliability(answers(80, "a", "b", "c"), ordinal=True))
    assert {"alpha_ordinal", "lambda_6_ordinal"} < set(found)


def test_measured_numbers_have_no_ordinal_coefficients():
    frame = answers(90, "a", "b", "c").astype(float)
    frame["b"] += np.random.default_rng(1).normal(size=90)
    result = reliability(frame, ordinal=True)
    assert "alpha_ordinal" not in values(result)
    assert "b has more than 20 different answers" in message(result, "RELIABILITY_NOT_ORDINAL")


def test_a_polychoric_correlation_without_an_estimate_is_named():
    frame = answers(60, "a", "b", "c")
    frame["d"] = frame["c"]
    frame.loc[0, "d"] = 6 - frame.loc[0, "d"] if frame.loc[0, "d"] != 3 else 1
    frame["b2"] = (frame["a"] > 3).astype(int)
    result = reliability(frame[["a", "b", "b2"]], ordinal=True)
    assert "a and b2" in message(result, "RELIABILITY_POLYCHORIC_BOUNDARY")
    assert "alpha_ordinal" not in values(result)


# --- precision and items ------------------------------------------------------------------------------------------


def test_precision_is_that_of_the_score_the_scale_declares():
    frame = answers(100, "a", "b", "c", "d")
    summed = scale("sum", likert("a", "b", "c", "d"))
    asked = instrument(type(summed)(summed.id, summed.name, summed.items, "sum", 1))
    tables = [
        reliability(frame).tables["precision"],
        reliability(Responses.from_frame(frame, [asked])).tables["precision"],
    ]
    assert [table["score"].unique().tolist() for table in tables] == [["mean"], ["sum"]]
    for table, score in zip(tables, (frame.mean(axis=1), frame.sum(axis=1)), strict=True):
        assert table["coefficient"].tolist() == ["alpha", "omega"]
        assert table["sd"].tolist() == pytest.approx([score.std()] * 2)
        sem = score.std() * np.sqrt(1 - table["reliability"])
        assert table["sem"].tolist() == pytest.approx(sem.tolist())
        assert table["half_width"].tolist() == pytest.approx((1.959963984540054 * sem).tolist())
        assert table["minimal_change"].tolist() == pytest.approx((1.959963984540054 * np.sqrt(2) * sem).tolist())


def test_a_negative_alpha_has_no_standard_error_of_measurement():
    frame = answers(40, "a", "b")
    result = reliability(frame.assign(b=6 - frame["b"]))
    assert result.tables["precision"].empty
    assert "no standard error of measurement" in message(result, "RELIABILITY_NEGATIVE_ALPHA")


def test_omega_without_an_item_that_is_improper_is_noted():
    frame = answers(40, "a", "b", "c", "d", seed=2)
    frame["d"] = np.random.default_rng(4).integers(1, 6, 40)
    result = reliability(frame)
    missing = result.tables["items"].loc[result.tables["items"]["omega_if_dropped"].isna(), "item"].tolist()
    assert (missing != []) == ("RELIABILITY_OMEGA_DROPPED" in codes(result))


@pytest.mark.parametrize("n", [6, 8, 12])
def test_few_people_give_coefficients_or_a_reason(n):
    result = reliability(answers(n, "a", "b", "c", "d", seed=3, noise=1.5), ordinal=True)
    assert np.isfinite(result.estimates["estimate"]).all()
    assert {"alpha", "lambda_2", "lambda_4"} < set(values(result))


def test_all_missing_is_an_error_with_the_numbers():
    frame = answers(40, "a", "b", "c").astype(float)
    frame["b"] = np.nan
    with pytest.raises(Exception, match="0 complete rows for 3 items"):
        reliability(frame)


def test_many_items_of_many_people():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(500, 1)) + rng.normal(size=(500, 30)))
    found = values(reliability(frame))
    assert found["lambda_4"] > found["lambda_2"] >= found["alpha"]
    assert found["omega_t"] > found["omega_h"]


# --- Responses and imputed data -----------------------------------------------------------------------------------


def test_every_scale_has_its_own_rows():
    result = reliability(small_responses())
    for name in ("scales", "items", "precision", "intervals"):
        assert list(dict.fromkeys(result.tables[name]["scale"])) == ["trust", "worth"]
    assert result.tables["splits"]["scale"].unique().tolist() == ["trust"]


def test_imputed_data_are_pooled_row_by_row():
    rng = np.random.default_rng(6)
    holes = keyed(*traits("N"), rows=200)
    sets = []
    for _ in range(3):
        filled = holes.copy()
        filled.loc[:20, "N1"] = rng.integers(1, 7, 21)
        sets.append(filled.fillna(3))
    result = reliability(Imputed(tuple(sets)))
    single = [values(reliability(one))["alpha"] for one in sets]
    pooled = result.estimates.set_index("term").loc["alpha"]
    assert min(single) <= pooled["estimate"] <= max(single)
    assert pooled["ci_low"] < pooled["estimate"] < pooled["ci_high"]
    assert np.isfinite(pooled["std_error"])


def test_bonett_is_narrower_with_more_people():
    few, many = (np.ptp(bonett_interval(0.8, n, 4)) for n in (50, 500))
    assert many < few / 3


# --- incomplete rows ----------------------------------------------------------------------------------------------


def test_full_information_of_complete_rows_is_that_of_complete_rows():
    frame = keyed(*traits("N"), rows=300).dropna()
    complete, full = reliability(frame, interval="asymptotic"), reliability(frame, missing="fiml")
    for column in ("estimate", "std_error", "ci_low", "ci_high"):
        ours = full.estimates.set_index("term")[column].drop("omega")
        theirs = complete.estimates.set_index("term")[column].drop("omega")
        assert ours.to_dict() == pytest.approx(theirs.to_dict(), rel=1e-6, abs=1e-8, nan_ok=True)
    assert values(full)["omega"] == pytest.approx(values(complete)["omega"], rel=1e-6)
    pd.testing.assert_frame_equal(full.tables["items"], complete.tables["items"], rtol=1e-6)
    assert full.call["missing"] == "fiml"


def test_full_information_uses_every_row_with_an_answer():
    frame = keyed(*traits("N"), rows=300)
    frame.iloc[:40, 0] = np.nan
    frame.iloc[40:45] = np.nan
    result = reliability(frame, missing="fiml")
    assert result.n == 295
    assert "5 of 300 rows are left out because every item is missing" in message(result, "RELIABILITY_ROWS_DROPPED")
    assert result.tables["items"]["n"].tolist()[0] == int(frame["N1"].notna().sum())
    assert result.tables["intervals"]["method"].unique().tolist() == ["asymptotic", "delta method"]
    pair = reliability(frame[["N1", "N2"]], missing="fiml")
    assert {"alpha", "spearman_brown"} < set(values(pair))


@pytest.mark.slow
def test_alpha_by_full_information_is_nearer_to_the_truth_than_that_of_complete_rows():
    """Null: answers to the third item are missing where the first is low, so the complete rows are a selection."""
    rng, gaps = np.random.default_rng(20261125), []
    for _ in range(40):
        values_ = rng.normal(size=(400, 1)) + rng.normal(size=(400, 4))
        frame = pd.DataFrame(values_, columns=list("abcd"))
        true = values(reliability(frame))["alpha"]
        frame.loc[frame["a"] < 0, "c"] = np.nan
        gaps.append([values(reliability(frame, missing=how))["alpha"] - true for how in ("listwise", "fiml")])
    listwise, fiml = np.mean(gaps, axis=0)
    assert listwise < -0.05
    assert abs(fiml) < 0.01


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"missing": "pairwise"}, "`missing` is 'listwise'"),
        ({"missing": "fiml", "ordinal": True}, "leave out `ordinal`"),
        ({"missing": "fiml", "bootstrap": 200}, "leave out `bootstrap`"),
        ({"missing": "fiml", "interval": "feldt"}, "leave out `interval`"),
    ],
)
def test_what_does_not_go_with_full_information(keywords, words):
    with pytest.raises(ModelError, match=words):
        reliability(answers(40, "a", "b", "c"), **keywords)


def test_items_never_answered_together_have_no_covariance():
    frame = answers(60, "a", "b", "c").astype(float)
    frame.loc[:29, "b"] = np.nan
    frame.loc[30:, "c"] = np.nan
    with pytest.raises(AnalysisError, match="never or hardly ever answered by the same person") as caught:
        reliability(frame, missing="fiml")
    assert caught.value.code == "RELIABILITY_NO_MOMENTS"


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        ({"b": 3.0}, "RELIABILITY_CONSTANT_ITEM"),
        ({"a": np.nan, "b": np.nan, "c": np.nan}, "RELIABILITY_TOO_FEW_ROWS"),
        ({"b": np.nan}, "RELIABILITY_TOO_FEW_ROWS"),
    ],
)
def test_what_incomplete_rows_cannot_give(spoil, code):
    frame = answers(30, "a", "b", "c").astype(float).assign(**spoil)
    with pytest.raises(AnalysisError) as caught:
        reliability(frame, missing="fiml")
    assert caught.value.code == code
