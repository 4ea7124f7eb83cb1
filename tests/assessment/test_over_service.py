import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from crmstudy.assessment.derived_importance import by_correlation
from crmstudy.assessment.over_service import over_service
from crmstudy.drawing import Bars, QuadrantMap
from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.instrument.catalog import load_instrument
from crmstudy.responses import Responses
from tests import tolerances

NAMES = ("advice", "speed", "gift")
COLUMNS = {
    name: {"performance": f"{name}_got", "expectation": f"{name}_due", "importance": f"{name}_said"} for name in NAMES
}


def customers(n=300, seed=3):
    """Loyalty depends on advice and speed; the gift is better than expected and worth nothing."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame()
    for name, got, due, said in (("advice", 3.4, 4.1, 4.5), ("speed", 4.1, 3.3, 4.4), ("gift", 4.2, 3.0, 1.8)):
        for part, mean in (("got", got), ("due", due), ("said", said)):
            frame[f"{name}_{part}"] = np.clip(np.round(mean + draw.normal(0, 0.9, n)), 1, 5)
    return frame.assign(loyalty=frame["advice_got"] + 0.9 * frame["speed_got"] + draw.normal(0, 0.8, n))


def codes(result):
    return [note.code for note in result.notes]


def verdicts(result):
    return result.tables["attributes"].set_index("attribute")["verdict"].to_dict()


@pytest.mark.parametrize("way", ["stated", "regression", "correlation"])
def test_where_effort_may_be_saved(way):
    result = over_service(customers(), attributes=COLUMNS, importance=way, loyalty="loyalty")
    assert verdicts(result) == {"advice": "improve", "speed": "keep", "gift": "save"}
    assert result.tables["savings"]["attribute"].tolist() == ["gift"]
    json.loads(result.to_json())


def test_paired_differences_equal_those_of_scipy():
    frame = customers(60)
    frame.loc[:4, "gift_due"] = np.nan
    row = over_service(frame, attributes=COLUMNS).tables["attributes"].set_index("attribute").loc["gift"]
    both = frame.dropna()
    test = stats.ttest_rel(both["gift_got"], both["gift_due"])
    interval = test.confidence_interval(0.95)
    theirs = [test.statistic, test.pvalue, test.df, interval.low, interval.high]
    ours = row[["statistic", "p_value", "df", "ci_low", "ci_high"]].to_numpy(dtype=float)
    np.testing.assert_allclose(ours, theirs, rtol=tolerances.CLOSED_FORM_RELATIVE)
    assert row["n"] == 55


def test_an_interval_that_holds_zero_calls_nothing():
    frame = pd.DataFrame(
        {"a": [3, 4, 5, 3], "a_due": [4, 4, 4, 3], "b": [5, 4, 5, 5], "b_due": [1, 2, 1, 2], "loyalty": [1, 2, 4, 3]}
    )
    columns = {name: {"performance": name, "expectation": f"{name}_due"} for name in ("a", "b")}
    result = over_service(frame, attributes=columns, importance="correlation", loyalty="loyalty")
    assert verdicts(result)["a"] == "not called"
    assert result.tables["attributes"].set_index("attribute").loc["b", "service"] == "exceeds"


def test_exceeding_where_importance_is_open_saves_nothing():
    draw = np.random.default_rng(8)
    frame = customers(300, 5).assign(loyalty=draw.normal(size=300))
    result = over_service(frame, attributes=COLUMNS, loyalty="loyalty")
    assert result.tables["importance"]["called"].tolist() == ["not called"] * 3
    assert verdicts(result)["gift"] == "exceeds, importance open"
    assert not len(result.tables["savings"])
    assert any("nothing speaks for saving" in sentence for sentence in result.prose("en"))


def test_the_errors_of_correlations_equal_their_textbook_form():
    # the asymptotic variance of a correlation by fourth moments, written out
    frame = customers(150)
    names = [f"{name}_got" for name in NAMES]
    found = by_correlation(frame[names].to_numpy(), frame["loyalty"].to_numpy(), None, 0.95)
    for place, name in enumerate(names):
        x, y = frame[name] - frame[name].mean(), frame["loyalty"] - frame["loyalty"].mean()

        def moment(i, j, x=x, y=y):
            return float((x**i * y**j).mean())

        r = moment(1, 1) / np.sqrt(moment(2, 0) * moment(0, 2))
        variance = r**2 * (
            (moment(4, 0) / moment(2, 0) ** 2 + moment(0, 4) / moment(0, 2) ** 2) / 4
            + moment(2, 2) / (2 * moment(2, 0) * moment(0, 2))
            + moment(2, 2) / moment(1, 1) ** 2
            - moment(3, 1) / (moment(1, 1) * moment(2, 0))
            - moment(1, 3) / (moment(1, 1) * moment(0, 2))
        )
        assert found.estimates[place] == pytest.approx(r, rel=tolerances.CLOSED_FORM_RELATIVE)
        assert found.std_errors[place] == pytest.approx(np.sqrt(variance / 150), rel=tolerances.CLOSED_FORM_RELATIVE)


def test_the_error_of_a_correlation_above_the_mean_equals_that_of_its_numerical_derivative():
    frame = customers(80)
    values = frame[[f"{name}_got" for name in NAMES]].to_numpy()
    outcome = frame["loyalty"].to_numpy()
    found = by_correlation(values, outcome, None, 0.95)
    both = np.column_stack([values, outcome])

    def above(weights):
        centred = both - weights @ both
        cov = centred.T @ (centred * weights[:, None])
        r = cov[:3, 3] / np.sqrt(np.diag(cov)[:3] * cov[3, 3])
        return r - r.mean()

    even = np.full(80, 1 / 80)
    step = 1e-6
    influence = np.array([(above((1 - step) * even + step * one) - above((1 + step) * even - step * one)) / (2 * step)
                          for one in np.eye(80)])  # fmt: skip
    errors = np.sqrt((influence**2).sum(axis=0)) / 80
    half = (found.above_high - found.above_low) / 2 / stats.norm.ppf(0.975)
    np.testing.assert_allclose(half, errors, rtol=1e-6)


def test_a_line_that_is_given_replaces_the_mean():
    result = over_service(customers(), attributes=COLUMNS, cut=1.0)
    table = result.tables["importance"]
    assert set(table["cut"]) == {1.0}
    assert table["called"].tolist() == ["high"] * 3
    np.testing.assert_allclose(table["above"], table["estimate"] - 1.0)
    assert not len(result.tables["savings"])


def test_the_order_of_attributes_and_rows_does_not_matter():
    frame = customers(90)
    turned = {name: COLUMNS[name] for name in reversed(NAMES)}
    one = over_service(frame, attributes=COLUMNS, loyalty="loyalty").tables["attributes"].set_index("attribute")
    other = over_service(frame[::-1], attributes=turned, loyalty="loyalty").tables["attributes"].set_index("attribute")
    pd.testing.assert_frame_equal(one, other.loc[list(NAMES)], rtol=1e-9)


def test_derived_importance_warns_that_it_is_correlational():
    derived = over_service(customers(), attributes=COLUMNS, loyalty="loyalty")
    assert derived.call["importance"] == "regression"
    assert "OVER_SERVICE_CORRELATIONAL" in codes(derived)
    assert "OVER_SERVICE_CORRELATIONAL" not in codes(over_service(customers(), attributes=COLUMNS))
    for lang, word in (("en", "correlational"), ("fa", "همبستگی"), ("ru", "корреляционная")):
        assert word in derived.prose(lang)[-1]


def test_constant_and_few_answers_are_told():
    frame = customers(40)
    frame["gift_due"] = frame["gift_got"] - 1
    frame.loc[1:, "speed_due"] = np.nan
    result = over_service(frame, attributes=COLUMNS)
    assert {"OVER_SERVICE_CONSTANT", "OVER_SERVICE_TOO_FEW"} <= set(codes(result))
    assert verdicts(result)["gift"] == verdicts(result)["speed"] == "not called"
    assert result.tables["attributes"].set_index("attribute").loc["gift", "difference"] == 1.0
    sure = over_service(customers(40).assign(gift_said=1, speed_said=4, advice_said=5), attributes=COLUMNS)
    assert sure.tables["importance"]["called"].tolist() == ["not called"] * 3
    assert "OVER_SERVICE_CONSTANT" in codes(sure)


def test_importance_that_cannot_be_derived():
    frame = customers(40)
    for changed, code in (
        (frame.assign(loyalty=3.0), "OVER_SERVICE_CONSTANT"),
        (frame.assign(gift_got=frame["speed_got"] + frame["advice_got"]), "OVER_SERVICE_DEPENDENT"),
        (frame.assign(gift_got=[5, *[4] * 39]), "OVER_SERVICE_DEPENDENT"),
        (frame.iloc[:4], "OVER_SERVICE_TOO_FEW"),
    ):
        with pytest.raises(AnalysisError) as caught:
            over_service(changed, attributes=COLUMNS, loyalty="loyalty")
        assert caught.value.code == code


@pytest.mark.parametrize("way", ["regression", "correlation"])
def test_loyalty_that_follows_exactly_from_attributes_shows_no_importance(way):
    # an error of 1e-17 would be an interval of no length, and everything would be called
    frame = customers(60)
    with pytest.raises(AnalysisError, match="follows exactly") as caught:
        over_service(
            frame.assign(loyalty=9 - frame["speed_got"]), attributes=COLUMNS, loyalty="loyalty", importance=way
        )
    assert caught.value.code == "OVER_SERVICE_DEPENDENT"


def test_intervals_of_correlations_end_within_one_and_are_those_of_fishers_z():
    draw = np.random.default_rng(4)
    got = draw.normal(size=(12, 2))
    found = by_correlation(got, got[:, 0] + 0.2 * draw.normal(size=12), None, 0.99)
    half = stats.norm.ppf(0.995) * found.std_errors
    assert (found.estimates + half)[0] > 1.0  # r plus and minus its error would go beyond
    z, error = np.arctanh(found.estimates), half / (1 - found.estimates**2)
    np.testing.assert_allclose(np.arctanh([found.low, found.high]), [z - error, z + error], rtol=1e-9)
    assert (found.high < 1.0).all()


def test_a_column_is_one_thing_only():
    gift, speed = COLUMNS["gift"], COLUMNS["speed"]
    for twice, told in (
        ({"gift": gift, "speed": speed | {"performance": "gift_got"}}, "performance of 'gift' and as performance of"),
        ({"gift": gift, "speed": speed | {"importance": "gift_said"}}, "importance of 'gift' and as importance of"),
        ({"gift": gift | {"importance": "gift_got"}, "speed": speed}, "performance of 'gift' and as importance of"),
        ({"gift": gift | {"performance": "loyalty"}, "speed": speed}, "loyalty and as performance of 'gift'"),
    ):
        with pytest.raises(ModelError, match=told):
            over_service(customers(20), attributes=twice, loyalty="loyalty", importance="correlation")
    shared = {"gift": gift, "speed": speed | {"expectation": "gift_due"}}  # one question on all that was expected
    assert len(over_service(customers(30), attributes=shared).estimates) == 2
    for wrong in (["loyalty"], 3):
        with pytest.raises(ModelError, match="`loyalty` is the name of a column"):
            over_service(customers(20), attributes=COLUMNS, loyalty=wrong)


def test_all_faults_of_the_question_at_once():
    with pytest.raises(ModelError) as caught:
        over_service(
            customers(5),
            attributes={"a": {"performance": "x", "expectation": "x"}, "b": {"performence": "y"}, "c": "z"},
            cut="low", level=3, importance="stated",
        )  # fmt: skip
    assert len(caught.value.faults) == 7
    assert "Did you mean 'performance'" in str(caught.value)
    with pytest.raises(ModelError, match="name its column or scale"):
        over_service(customers(5), attributes=COLUMNS, importance="regression")
    with pytest.raises(ModelError, match="two or more"):
        over_service(customers(5), attributes={"a": COLUMNS["gift"]})
    with pytest.raises(DataError) as caught:
        over_service(customers(5).drop(columns=["gift_due", "speed_got"]), attributes=COLUMNS)
    assert len(caught.value.faults) == 2


def test_scales_of_responses_and_their_ranges():
    instrument = load_instrument("ecsi")
    draw = np.random.default_rng(1)
    frame = pd.DataFrame(
        {item.id: draw.integers(item.response.low, item.response.high + 1, 80) for item in instrument.items}
    )
    responses = Responses.from_frame(frame, [instrument])
    columns = {
        "product": {"performance": "PERQ1", "expectation": "CUEX1"},
        "service": {"performance": "PERQ2", "expectation": "CUEX2"},
    }
    result = over_service(responses, attributes=columns, loyalty="loyalty", importance="correlation")
    np.testing.assert_allclose(
        result.tables["attributes"]["difference"].astype(float),
        [(frame["PERQ1"] - frame["CUEX1"]).mean(), (frame["PERQ2"] - frame["CUEX2"]).mean()],
    )


def test_prose_in_three_languages_and_drawings():
    result = over_service(customers(), attributes=COLUMNS, loyalty="loyalty")
    said = {lang: result.prose(lang) for lang in ("en", "fa", "ru")}
    assert {len(sentences) for sentences in said.values()} == {len(said["en"])}
    assert any("gift" in sentence for sentence in said["en"])
    assert "۳۰۰" in said["fa"][0]
    with pytest.raises(UnsupportedError):
        result.prose("de")
    drawn, bars = result.drawings()
    assert isinstance(drawn, QuadrantMap)
    assert isinstance(bars, Bars)
    assert drawn.quadrants == ("Improve", "Keep", "Later", "Save")
    places = {name: (x, y) for name, x, y in drawn.points}
    assert places["gift"][0] > drawn.x_line
    assert places["gift"][1] < drawn.y_line
    for shown in result.shown:
        assert {column for column, _, _ in shown.columns} <= set(result.tables[shown.table].columns)
