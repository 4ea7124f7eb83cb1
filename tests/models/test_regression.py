import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.errors import AnalysisError, ModelError, UnsupportedError
from crmstudy.models.regression import regress
from crmstudy.notes import explanations
from crmstudy.results import ESTIMATE_COLUMNS
from tests.measurement.asked import answers, small_responses
from tests.reference import load


def data(n=80, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
    frame["y"] = 2 + frame["a"] - 0.5 * frame["b"] + rng.normal(size=n)
    frame["g"] = np.where(rng.random(n) < 0.4, "men", "women")
    return frame


def codes(result):
    return [note.code for note in result.notes]


def test_columns_and_tables_as_documented():
    result = regress("y ~ a + b", data())
    assert list(result.estimates.columns) == [*ESTIMATE_COLUMNS, "beta", "vif"]
    assert result.estimates["term"].tolist() == ["(Intercept)", "a", "b"]
    assert list(result.fit.index) == [
        "r_squared", "adj_r_squared", "f", "f_pvalue", "f_robust", "f_robust_pvalue", "df_model", "df_resid", "sigma",
        "ntotal",
    ]  # fmt: skip
    assert "f_robust" not in regress("y ~ a + b", data(), se="classical").fit
    assert list(result.tables["blocks"].columns)[:8] == [
        "block", "r_squared", "adj_r_squared", "delta_r_squared", "f", "df1", "df2", "p_value",
    ]  # fmt: skip
    assert list(result.tables["diagnostics"].columns) == ["check", "statistic", "df", "p_value"]


def test_betas_are_the_coefficients_of_standardised_variables():
    frame = data()
    numbers = frame[["y", "a", "b"]]
    standard = regress("y ~ a + b", (numbers - numbers.mean()) / numbers.std(), se="classical")
    plain = regress("y ~ a + b", frame, se="classical")
    assert plain.estimates["beta"].tolist()[1:] == pytest.approx(standard.estimates["estimate"].tolist()[1:], rel=1e-10)
    assert np.isnan(plain.estimates["beta"].iloc[0])


def test_one_predictor_explains_the_square_of_its_correlation():
    frame = data()
    result = regress("y ~ a", frame, se="classical")
    assert result.fit["r_squared"] == pytest.approx(frame["y"].corr(frame["a"]) ** 2, rel=1e-12)
    assert result.fit["f"] == pytest.approx(result.estimates["statistic"].iloc[1] ** 2, rel=1e-10)
    assert result.estimates["vif"].iloc[1] == pytest.approx(1.0)


@settings(deadline=None, max_examples=15)
@given(st.permutations(["a", "b", "c"]), st.sampled_from(["HC3", "classical"]), st.integers(0, 99))
def test_order_of_terms_and_rows_does_not_matter(order, se, seed):
    frame = data(40)
    plain = regress("y ~ a + b + c", frame, se=se).estimates.set_index("term")
    other = regress(f"y ~ {' + '.join(order)}", frame.sample(frac=1, random_state=seed), se=se).estimates.set_index(
        "term"
    )
    pd.testing.assert_frame_equal(other.loc[plain.index], plain, rtol=1e-9)


def test_moving_a_predictor_moves_only_the_intercept():
    frame = data()
    plain, moved = (regress("y ~ a + b", f).estimates for f in (frame, frame.assign(a=frame["a"] + 1000)))
    pd.testing.assert_frame_equal(moved.iloc[1:], plain.iloc[1:], rtol=1e-6)


def test_scale_scores_items_and_variables_of_responses():
    result = regress("trust ~ worth + age", small_responses())
    assert result.n == 60
    assert result.call["outcome"] == "trust"


def test_missing_rows_are_counted():
    frame = data()
    frame.loc[:4, "a"] = np.nan
    frame.loc[:9, "c"] = np.nan
    result = regress("y ~ a + b", frame)
    assert (result.n, int(result.samples["dropped"].iloc[0])) == (75, 5)
    assert codes(result) == ["REGRESSION_ROWS_DROPPED"]


def test_blocks_are_tested_on_the_same_rows():
    frame = data()
    frame.loc[:9, "c"] = np.nan
    blocks = regress("y ~ a + b + c", frame, blocks=["a", ["b", "c"]]).tables["blocks"]
    small = regress("y ~ a", frame.dropna(), se="classical")
    assert blocks["r_squared"].iloc[0] == pytest.approx(small.fit["r_squared"], rel=1e-12)
    assert blocks["delta_r_squared"].sum() == pytest.approx(blocks["r_squared"].iloc[1], rel=1e-12)
    assert blocks[["df1", "df2"]].values.tolist() == [[1, 68], [2, 66]]
    assert blocks["terms"].tolist() == ["a", "b + c"]


def test_blocks_take_interactions_and_quoted_names_in_any_order():
    frame = data().rename(columns={"b": "b c"})
    blocks = regress("y ~ a * g + `b c`", frame, blocks=["`b c`", "g + a", "g:a"]).tables["blocks"]
    assert blocks["terms"].tolist() == ["b c", "g + a", "a:g"]


def test_one_block_is_the_whole_model():
    result = regress("y ~ a + b", data(), se="classical")
    row = result.tables["blocks"].iloc[0]
    assert (row["f"], row["p_value"], row["r_squared"]) == pytest.approx(
        (result.fit["f"], result.fit["f_pvalue"], result.fit["r_squared"])
    )


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (["a"], "leaves out 'b'"),
        (["a", "a + b"], "enters 'a' more than once"),
        (["a + bb", "b"], "names 'bb'.*Did you mean 'b'"),
        ("a + b", "list of steps"),
        ([], "list of steps"),
        (["a + b", []], "step without terms"),
    ],
)
def test_blocks_that_do_not_hold_the_terms(blocks, message):
    with pytest.raises(ModelError, match=message):
        regress("y ~ a + b", data(), blocks=blocks)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"se": "HC4"}, "`se` is one of HC3.*Did you mean 'HC"),
        ({"se": "robust"}, "not 'robust'"),
        ({"cluster": "g"}, "cluster="),
        ({"weights": "c"}, "weights="),
    ],
)
def test_what_is_not_built_is_refused_by_name(keywords, message):
    with pytest.raises(UnsupportedError, match=message):
        regress("y ~ a", data(), **keywords)


@pytest.mark.parametrize(
    ("formula", "change", "code", "message"),
    [
        ("y ~ a + b + d", {"d": lambda f: f["a"] - 2 * f["b"]}, "REGRESSION_COLLINEAR", "'d' in"),
        ("y ~ a + d", {"d": 3.0}, "REGRESSION_CONSTANT", "d: every one of the 80"),
        ("d ~ a", {"d": 3.0}, "REGRESSION_CONSTANT", "d: every one"),
        ("y ~ d", {"d": "same"}, "REGRESSION_CONSTANT", "d: every one"),
        ("y ~ log(a)", {}, "REGRESSION_NOT_FINITE", r"log\(a\)"),
        ("y ~ a", {"a": np.nan}, "REGRESSION_TOO_FEW_ROWS", "No row"),
        ("d ~ a + b", {"d": lambda f: f["a"] + f["b"]}, "REGRESSION_PERFECT_FIT", "exactly"),
        ("y ~ a + d", {"d": lambda f: ["x"] + ["y"] * 40 + ["z"] * 39}, "REGRESSION_FULL_LEVERAGE", "use se='HC1'"),
    ],
)
def test_what_the_data_do_not_allow(formula, change, code, message):
    with pytest.raises(AnalysisError, match=message) as caught:
        regress(formula, data().assign(**change))
    assert caught.value.code == code
    assert code in explanations()


def test_a_level_with_one_row_is_fitted_with_errors_that_exist():
    frame = data().assign(d=["x"] + ["y"] * 40 + ["z"] * 39)
    result = regress("y ~ a + d", frame, se="HC1")
    assert "max_cooks_distance" not in result.tables["diagnostics"]["check"].tolist()
    assert np.isfinite(result.estimates["std_error"]).all()


def test_as_many_coefficients_as_rows_are_too_many():
    with pytest.raises(AnalysisError, match="4 coefficients and only 4 complete rows"):
        regress("y ~ a + b + c", data(4))


def test_unknown_variables_are_refused_before_anything_is_computed():
    with pytest.raises(ModelError, match=r"'aa'.*no variable of the data") as caught:
        regress("y ~ aa + bb", data())
    assert len(caught.value.faults) == 2


def test_unequal_spread_is_noted_with_classical_errors_only():
    rng = np.random.default_rng(1)
    x = np.linspace(0, 3, 200)
    frame = pd.DataFrame({"x": x, "y": x + x * rng.normal(size=200)})
    assert "REGRESSION_HETEROSCEDASTIC" in codes(regress("y ~ x", frame, se="classical"))
    assert "REGRESSION_HETEROSCEDASTIC" not in codes(regress("y ~ x", frame))


def test_an_influential_row_is_named_by_its_label():
    frame = data().set_axis([f"r{i}" for i in range(80)])
    frame.loc["r5", ["a", "y"]] = [30.0, -60.0]
    note = next(note for note in regress("y ~ a + b", frame).notes if note.code == "REGRESSION_INFLUENTIAL")
    assert note.message.endswith("r5.")


def test_inflation_is_noted():
    frame = data()
    frame["d"] = frame["a"] + 0.05 * frame["c"]
    result = regress("y ~ a + d", frame)
    assert codes(result) == ["REGRESSION_INFLATED"]
    assert (result.estimates["vif"].iloc[1:] > 100).all()


def test_without_intercept_r_squared_is_about_zero():
    frame = data()
    result = regress("y ~ 0 + a + b", frame, se="classical")
    fitted = frame[["a", "b"]].to_numpy() @ result.estimates["estimate"].to_numpy()
    assert result.fit["r_squared"] == pytest.approx(1 - ((frame["y"] - fitted) ** 2).sum() / (frame["y"] ** 2).sum())
    assert codes(result) == ["REGRESSION_NO_INTERCEPT"]


def test_set_codes_are_explained():
    frame = data()
    frame["d"] = frame["a"] + 0.05 * frame["c"]
    assert set(codes(regress("y ~ a + d + g", frame))) <= set(explanations())


def test_sentence_picture_and_json():
    case = load("regression/mobi_drivers")
    result = regress(case.output["formula"], case.data)
    assert result.text == (
        "The predictors explain 33.4% of the variance of loyalty, R² = .33, adjusted R² = .33, Wald F(2, 247) = 42.28, "
        "p < .001 (N = 250, HC3 standard errors)."
    )
    plot = result.plot()
    assert plot.terms == ("image", "satisfaction")
    for low, middle, high in zip(plot.lows, plot.estimates, plot.highs, strict=True):
        assert low < middle < high
    assert json.loads(result.to_json())["estimates"][0]["vif"] is None
    assert "Wald" not in regress(case.output["formula"], case.data, se="classical").text


def test_a_perfectly_named_frame_of_answers():
    frame = answers(60, "وفاداری", "اعتماد", "my image")
    assert regress("وفاداری ~ اعتماد + `my image`", frame).estimates["term"].tolist() == [
        "(Intercept)", "اعتماد", "my image",
    ]  # fmt: skip


@pytest.mark.parametrize("formula", ["y ~ 0 + a + b", "y ~ a + b"])
def test_adjusted_r_squared_is_that_of_lm(formula):
    fit = regress(formula, data()).fit
    around_mean = 0 if formula.startswith("y ~ 0") else 1  # summary.lm: n - (whether there is an intercept)
    n, df = 80, 80 - 2 - around_mean
    assert fit["df_resid"] == df
    assert fit["adj_r_squared"] == pytest.approx(1 - (1 - fit["r_squared"]) * (n - around_mean) / df, rel=1e-14)
    blocks = regress(formula, data(), blocks=["a", "b"]).tables["blocks"]
    assert blocks["adj_r_squared"].iloc[-1] == pytest.approx(fit["adj_r_squared"], rel=1e-14)


@pytest.mark.parametrize("se", ["classical", "HC3"])
def test_residuals_of_one_size_have_no_breusch_pagan_test(se):
    frame = pd.DataFrame({"y": [0, 1] * 20, "x": [0, 0, 1, 1] * 10})
    result = regress("y ~ x", frame, se=se)
    assert "breusch_pagan" not in result.tables["diagnostics"]["check"].tolist()
    assert codes(result) == ["REGRESSION_EQUAL_RESIDUALS"]
    assert "breusch_pagan" in regress("y ~ a", data(), se=se).tables["diagnostics"]["check"].tolist()


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"level": "a"}, "`level` is a coverage"),
        ({"level": None}, "`level` is a coverage"),
        ({"blocks": 5}, "`blocks` is a list of steps"),
        ({"blocks": ["a", 5]}, "`blocks` is a list of steps"),
        ({"blocks": [["a", 5], ["b"]]}, "names '5', which is no term"),
    ],
)
def test_values_of_a_wrong_type_are_a_sentence(keywords, message):
    with pytest.raises(ModelError, match=message):
        regress("y ~ a + b", data(), **keywords)
