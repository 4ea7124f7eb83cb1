"""Validity of pairs of factors: identities of the tests against a cutoff, bootstrap intervals, what has no value."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import ModelError, UnsupportedError
from crmstudy.fitted.semresult import SemResult
from crmstudy.measurement.cfa import cfa
from crmstudy.measurement.validity.validity import validity
from crmstudy.models.cbsem import sem
from tests import tolerances

MODEL = "a =~ x1 + x2 + x3\nb =~ y1 + y2 + y3"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    factors = rng.multivariate_normal([0, 0], [[1.0, 0.6], [0.6, 1.0]], size=300)
    loadings = np.array([0.9, 0.7, 0.6])
    errors = rng.normal(size=(300, 6)) * 0.6
    values = np.hstack([factors[:, :1] * loadings, factors[:, 1:] * loadings * 1.3]) + errors + 4.0
    return pd.DataFrame(values, columns=["x1", "x2", "x3", "y1", "y2", "y3"])


def with_rows(fit: SemResult, data: pd.DataFrame) -> SemResult:
    """A fitted model that shows the rows it was fitted to."""
    if getattr(fit, "rows", None) is None:
        object.__setattr__(fit, "rows", data[list(fit.observed)].to_numpy())
    return fit


def pair(fit: SemResult, **keywords: object) -> pd.Series:
    (row,) = validity(fit, **keywords).tables["discriminant"].to_dict("records")
    return pd.Series(row)


def codes(result: object) -> list[str]:
    return [note.code for note in result.notes]


# --- tests against a cutoff ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        "a =~ NA*x1 + x2 + x3\na ~~ 1*a\nb =~ y1 + y2 + y3",
        "a =~ x2 + x1 + x3\nb =~ NA*y1 + 2*y2 + y3",
        "a =~ NA*x1 + x2 + x3\na ~~ 4*a\nb =~ y1 + y2 + y3\na ~~ r*b\ntwice := 2*r",
        "a =~ x1 + l*x2 + x3\na ~~ v*a\nb =~ y1 + m*y2 + y3\nb ~~ start(0.5)*a",
    ],
)
def test_how_the_factors_are_scaled_does_not_matter(data, model):
    plain, other = pair(cfa(MODEL, data)), pair(cfa(model, data))
    for column in ("correlation", "std_error", "chisq_diff", "p_value", "htmt"):
        assert other[column] == pytest.approx(plain[column], rel=tolerances.STANDARD_ERROR_RELATIVE), column
    direct = cfa(MODEL, data, std_lv=True).estimates.set_index(["lhs", "op", "rhs"]).loc[("a", "~~", "b")]
    assert plain["correlation"] == pytest.approx(
        direct["estimate"], abs=tolerances.ESTIMATE_IN_SE * direct["std_error"]
    )
    for column in ("std_error", "ci_low", "ci_high"):
        assert plain[column] == pytest.approx(direct[column], rel=tolerances.STANDARD_ERROR_RELATIVE)
    fixed = cfa(f"{MODEL}\na ~~ 0.9*b", data, std_lv=True)
    expected = fixed.fit["chisq"] - cfa(MODEL, data).fit["chisq"]
    assert plain["chisq_diff"] == pytest.approx(expected, rel=tolerances.STANDARD_ERROR_RELATIVE)
    assert plain["df_diff"] == 1


def test_equal_loadings_stay_equal_in_the_test(data):
    model = "a =~ 1*x1 + 1*x2 + 1*x3\nb =~ y1 + y2 + y3"
    found = pair(cfa(model, data))
    free = cfa("a =~ l*x1 + l*x2 + l*x3\nb =~ y1 + y2 + y3", data, std_lv=True)
    fixed = cfa("a =~ l*x1 + l*x2 + l*x3\nb =~ y1 + y2 + y3\na ~~ 0.9*b", data, std_lv=True)
    assert found["chisq_diff"] == pytest.approx(
        fixed.fit["chisq"] - free.fit["chisq"], rel=tolerances.STANDARD_ERROR_RELATIVE
    )


def test_a_negative_correlation_is_tested_against_minus_the_cutoff(data):
    turned = data.assign(**{name: 10.0 - data[name] for name in ("y1", "y2", "y3")})
    plain, negative = pair(cfa(MODEL, data)), pair(cfa(MODEL, turned))
    assert negative["correlation"] == pytest.approx(-plain["correlation"], rel=tolerances.STANDARD_ERROR_RELATIVE)
    assert negative["chisq_diff"] == pytest.approx(plain["chisq_diff"], rel=tolerances.STANDARD_ERROR_RELATIVE)
    assert negative["htmt"] == pytest.approx(plain["htmt"], rel=tolerances.CLOSED_FORM_RELATIVE)


def test_a_correlation_beyond_the_cutoff_is_not_below_it(data):
    found = pair(cfa(MODEL, data), cutoff=0.3)
    assert found["correlation"] > 0.3
    assert (found["chisq_diff"], found["df_diff"], found["p_value"]) == (0.0, 1.0, 1.0)
    nearer, farther = (pair(cfa(MODEL, data), cutoff=cutoff) for cutoff in (0.75, 0.95))
    assert nearer["p_value"] > farther["p_value"]


def test_an_average_variance_below_the_squared_correlation_fails_the_check():
    rng = np.random.default_rng(3)
    factor = rng.normal(size=(400, 1))
    alike = factor + 0.3 * rng.normal(size=(400, 2))
    values = np.hstack([alike[:, :1] + rng.normal(size=(400, 3)), alike[:, 1:] + rng.normal(size=(400, 3))])
    data = pd.DataFrame(values, columns=["x1", "x2", "x3", "y1", "y2", "y3"])
    found = validity(cfa(MODEL, data))
    assert not found.tables["discriminant"].loc[0, "ave_check"]
    assert found.tables["convergent"]["ave"].min() < found.tables["discriminant"].loc[0, "correlation"] ** 2


def test_saturated_means_do_no_harm(data):
    fit = cfa(MODEL, data, meanstructure=True)
    found, plain = pair(fit), pair(cfa(MODEL, data))
    for column in ("correlation", "std_error", "chisq_diff", "df_diff"):
        assert found[column] == pytest.approx(plain[column], rel=tolerances.STANDARD_ERROR_RELATIVE)


def test_restricted_means_stay_restricted_in_the_test(data):
    model = f"{MODEL}\nx1 + x2 ~ m*1"
    found = pair(cfa(model, data))
    free, fixed = (cfa(text, data, std_lv=True) for text in (model, f"{model}\na ~~ 0.9*b"))
    assert free.fit["df"] == 9
    expected = fixed.fit["chisq"] - free.fit["chisq"]
    assert found["chisq_diff"] == pytest.approx(expected, rel=tolerances.STANDARD_ERROR_RELATIVE)


@pytest.mark.parametrize(
    ("fitter", "model", "reason"),
    [
        (sem, f"{MODEL}\nb ~ a", "explained by others"),
        (cfa, f"{MODEL}\na ~~ 0*b", "covariance is fixed"),
        (cfa, "a =~ x1 + x2 + 0.5*x3\nb =~ y1 + y2 + y3", "at different values"),
        (cfa, "a =~ x1 + l*x2 + x3\nb =~ y1 + l*y2 + y3", "how its factors are scaled"),
    ],
)
def test_where_no_test_is_possible_a_note_says_why(data, fitter, model, reason):
    fit = fitter(model, data)
    result = validity(fit)
    (row,) = result.tables["discriminant"].to_dict("records")
    assert np.isnan(row["p_value"])
    assert row["correlation"] == pytest.approx(fit.latent_correlations.loc["a", "b"], abs=tolerances.CLOSED_FORM)
    (note,) = [note for note in result.notes if note.code == "VALIDITY_TEST_NOT_MADE"]
    assert reason in note.message
    assert "a with b" in note.message


def test_the_correlation_of_a_path_model_has_the_standard_error_of_the_measurement_model(data):
    plain, paths = pair(cfa(MODEL, data)), pair(sem(f"{MODEL}\nb ~ a", data))
    for column in ("correlation", "std_error"):
        assert paths[column] == pytest.approx(plain[column], rel=tolerances.STANDARD_ERROR_RELATIVE)


# --- ratios and their intervals --------------------------------------------------------------------------------------


def test_bootstrap_intervals_are_percentiles_over_the_rows(data):
    fit = with_rows(cfa(MODEL, data), data)
    first, second, other = (validity(fit, bootstrap=400, seed=seed) for seed in (5, 5, 6))
    table = first.tables["htmt_intervals"]
    pd.testing.assert_frame_equal(table, second.tables["htmt_intervals"])
    assert not table["ci_low"].equals(other.tables["htmt_intervals"]["ci_low"])
    assert table["coefficient"].tolist() == ["htmt", "htmt2"]
    assert (table["ci_low"] < table["estimate"]).all()
    assert (table["estimate"] < table["ci_high"]).all()
    assert (table["undefined"] == 0).all()
    rows = first.estimates.set_index("term")
    assert rows.loc["a ~~ b htmt", "ci_high"] == table.loc[0, "ci_high"]
    assert first.call["seed"] == 5
    # as wide as the spread over independent samples says
    rng = np.random.default_rng(1)
    values = data.to_numpy()
    halves = []
    for _ in range(300):
        drawn = pd.DataFrame(values[rng.integers(300, size=300)], columns=data.columns).corr().abs().to_numpy()
        within = [drawn[np.ix_(b, b)][np.triu_indices(3, 1)].mean() for b in ([0, 1, 2], [3, 4, 5])]
        halves.append(drawn[:3, 3:].mean() / np.sqrt(within[0] * within[1]))
    width = np.quantile(halves, 0.975) - np.quantile(halves, 0.025)
    assert table.loc[0, "ci_high"] - table.loc[0, "ci_low"] == pytest.approx(width, rel=0.25)


def test_without_rows_there_is_no_bootstrap_and_a_note(data):
    fit = cfa(MODEL, sample_cov=data.cov(), sample_n=len(data))
    result = validity(fit, bootstrap=200, seed=1)
    assert "VALIDITY_NO_BOOTSTRAP" in codes(result)
    assert result.tables["htmt_intervals"].empty
    ours = pair(cfa(MODEL, data))
    assert result.tables["discriminant"].loc[0, "chisq_diff"] == pytest.approx(
        ours["chisq_diff"], rel=tolerances.STANDARD_ERROR_RELATIVE
    )


def test_a_single_indicator_has_no_ratio(data):
    result = validity(cfa("a =~ x1 + x2 + x3\nb =~ y1", data))
    assert np.isnan(result.tables["htmt"].loc["b", "a"])
    messages = [note.message for note in result.notes if note.code == "VALIDITY_HTMT_UNDEFINED"]
    assert any("HTMT has no value for a with b" in message and "single indicator" in message for message in messages)
    assert result.tables["discriminant"].loc[0, "ave_check"] is None


def test_items_keyed_the_other_way_are_named(data):
    turned = data.assign(x2=10.0 - data["x2"])
    (note,) = [note for note in validity(cfa(MODEL, turned)).notes if note.code == "VALIDITY_MIXED_SIGNS"]
    assert note.subject == "a"
    assert "x2" in note.message
    assert "VALIDITY_MIXED_SIGNS" not in codes(validity(cfa(MODEL, data)))


def test_alpha_stands_beside_cr(data):
    table = validity(cfa(MODEL, data)).tables["convergent"].set_index("factor")
    items = data[["x1", "x2", "x3"]].cov().to_numpy()
    assert table.loc["a", "alpha"] == pytest.approx(
        1.5 * (1 - np.trace(items) / items.sum()), rel=tolerances.R_CLOSED_FORM_RELATIVE
    )


# --- one result ------------------------------------------------------------------------------------------------------


def test_what_cannot_be_asked_is_refused(data):
    fit = cfa(MODEL, data)
    with pytest.raises(UnsupportedError, match="number of samples"):
        validity(fit, bootstrap="many")
    with pytest.raises(ModelError) as refused:
        validity(fit, bootstrap=5, seed=-1, cutoff=1.5)
    assert len(refused.value.faults) == 3
    with pytest.raises(ModelError, match="with factors"):
        validity(sem("x1 ~ x2", data))


def test_a_result_is_plain_and_drawn(data):
    result = validity(cfa(MODEL, data))
    content = json.loads(result.to_json())
    assert content["tables"]["discriminant"][0]["lhs"] == "a"
    drawing = result.plot()
    assert drawing.names == ("a", "b")
    assert drawing.values[0][1] == drawing.values[1][0] == pytest.approx(result.tables["fornell_larcker"].loc["b", "a"])
    assert drawing.diagonal[0] == pytest.approx(result.tables["convergent"].loc[0, "sqrt_ave"])
    assert validity(cfa("a =~ x1 + x2 + x3", data)).plot() is None
