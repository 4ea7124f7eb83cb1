"""Interactions: product indicators against semTools, slopes and standardised effects against lavaan and semTools."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.fitted.semresult import SemResult
from crmstudy.kernels.covariance.products import products
from crmstudy.models.cbsem import sem
from crmstudy.models.interaction import product_indicators
from crmstudy.models.moderation import simple_slopes, standardised_interaction
from tests import tolerances
from tests.reference import Case, load

X, W = ["x1", "x2", "x3"], ["w1", "w2", "w3"]
#: Relative error of a smooth function of the estimates of two fits of one model.
SMOOTH = tolerances.STANDARD_ERROR_RELATIVE
METHODS = ["mean_centred", "double_mean_centred", "residual_centred"]
MODEL = "x =~ x1 + x2 + x3\nw =~ w1 + w2 + w3\ny =~ y1 + y2 + y3\ny ~ x + w + xw\n"


@pytest.fixture(scope="module")
def items() -> pd.DataFrame:
    data = load("interaction/products").data
    assert data is not None
    return data


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    data = load("products/observed_plain").data
    assert data is not None
    return data


@pytest.fixture(scope="module")
def fitted(items) -> SemResult:
    made = product_indicators(items, x=X, w=W)
    return sem(MODEL + made.syntax("xw"), made.data)


def with_rows(fit: SemResult, data: pd.DataFrame) -> SemResult:
    """A fitted model that shows the rows it was fitted to."""
    if getattr(fit, "rows", None) is None:
        object.__setattr__(fit, "rows", data[list(fit.observed)].to_numpy())
    return fit


def fit_of(case: Case) -> SemResult:
    """The model of a case of semTools' slopes, fitted as its options say."""
    assert case.data is not None
    assert case.model is not None
    made = product_indicators(case.data, x=X, w=W, method=case.output["way"])
    return sem(case.model, made.data, **case.keywords)


# --- products against semTools --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("match", "key"), [("matched", "matched"), ("all", "all_pairs")])
@pytest.mark.parametrize("name", ["products", "products_incomplete"])
def test_products(name, match, key, method):
    case = load(f"interaction/{name}")
    theirs = case.output[key][method]
    made = product_indicators(case.data, x=X, w=W, method=method, match=match)
    found = made.data[list(made.names)]
    expected = case.matrix(key, method, "products")
    assert list(made.names) == list(expected.columns)
    # where an indicator is missing semTools leaves the other products of that row without residual centring
    complete = ~case.data[X + W].isna().any(axis=1).to_numpy()
    compared = [i for i in theirs["rows"] if complete[i] or method != "residual_centred"]
    assert len(compared) > 10
    wanted = expected.set_axis(theirs["rows"]).loc[compared]
    np.testing.assert_allclose(
        found.iloc[compared], wanted, rtol=tolerances.LEAST_SQUARES_RELATIVE, atol=tolerances.LEAST_SQUARES_RELATIVE
    )
    if complete.all() or method != "residual_centred":
        assert found.notna().sum().to_dict() == theirs["n"]
        squares = pd.Series(theirs["sum_of_squares"])
        np.testing.assert_allclose((found**2).sum()[squares.index], squares, rtol=tolerances.LEAST_SQUARES_RELATIVE)
    else:
        assert found[~complete].isna().all(axis=None)


def test_rows_without_a_product_are_counted():
    case = load("interaction/products_incomplete")
    made = product_indicators(case.data, x=X, w=W)
    (note,) = made.notes
    assert note.code == "PRODUCTS_MISSING"
    assert str(int(case.data[X + W].isna().any(axis=1).sum())) in note.message


def test_the_data_given_are_kept_and_new_columns_stand_at_the_end(items):
    before = items.copy()
    made = product_indicators(items, x=X, w=W)
    pd.testing.assert_frame_equal(items, before)
    pd.testing.assert_frame_equal(made.data[list(items.columns)], items)
    assert list(made.data.columns[-3:]) == list(made.names) == ["x1.w1", "x2.w2", "x3.w3"]


def test_the_recipe_makes_the_products_again_in_a_resample(items):
    first = product_indicators(items, x=X, w=W, method="residual_centred", match="all")
    both = product_indicators(first, x=X, w=["y1", "y2", "y3"])
    assert [recipe.method for recipe in both.recipes] == ["residual_centred", "double_mean_centred"]
    drawn = items.iloc[np.random.default_rng(1).integers(len(items), size=len(items))].reset_index(drop=True)
    for recipe in both.recipes:
        again = products(drawn.to_numpy(), recipe.plan(list(drawn.columns)))
        expected = product_indicators(
            drawn, x=recipe.x, w=recipe.w, method=recipe.method, match="all" if len(recipe.names) == 9 else "matched"
        )
        np.testing.assert_allclose(
            again, expected.data[list(expected.names)],
            rtol=tolerances.LEAST_SQUARES_RELATIVE, atol=tolerances.LEAST_SQUARES_RELATIVE,
        )  # fmt: skip


def test_products_that_share_an_indicator_have_related_errors(items):
    made = product_indicators(items, x=["x1", "x2"], w=["w1", "w2"], match="all")
    assert made.syntax("m").split("\n") == [
        "m =~ x1.w1 + x1.w2 + x2.w1 + x2.w2",
        "x1.w2 ~~ x1.w1",
        "x2.w1 ~~ x1.w1",
        "x2.w2 ~~ x1.w2 + x2.w1",
    ]
    assert [note.code for note in made.notes] == ["PRODUCTS_WEAK"]
    nine = product_indicators(items, x=X, w=W, match="all")
    related = [line.split(" ~~ ")[1].split(" + ") for line in nine.syntax().split("\n")[1:]]
    assert sum(map(len, related)) == 18  # of 36 pairs
    assert not nine.notes
    second = product_indicators(product_indicators(items, x=X, w=W), x=X, w=["y1", "y2", "y3"])
    assert second.syntax("xy").split("\n")[1:] == [f"x{i}.y{i} ~~ x{i}.w{i}" for i in (1, 2, 3)]
    residual = product_indicators(items, x=X, w=W, method="residual_centred")
    assert residual.syntax("xw", factors=("x", "w")).split("\n")[1:] == ["xw ~~ 0*x", "xw ~~ 0*w"]


def test_the_errors_of_products_that_share_an_indicator_do_covary():
    rng = np.random.default_rng(2)
    n = 200_000
    x, w = rng.normal(size=(2, n, 1))
    data = pd.DataFrame(
        np.hstack([x + 0.7 * rng.normal(size=(n, 3)), w + 0.7 * rng.normal(size=(n, 3))]), columns=X + W
    )
    made = product_indicators(data, x=X, w=W, match="all").data
    left = made[[f"{a}.{b}" for a in X for b in W]] - x * w
    r = left.corr()
    shares = {True: [], False: []}
    for a in r.index:
        for b in r.index:
            if a < b:
                shares[bool(set(a.split(".")) & set(b.split(".")))].append(abs(r.loc[a, b]))
    assert min(shares[True]) > 0.25
    assert max(shares[False]) < tolerances.MONTE_CARLO_IN_SE * 2 / np.sqrt(n)  # kurtosis doubles the error of r


def test_faults_of_products_are_told_at_once(items):
    with pytest.raises(ModelError) as refused:
        product_indicators(items, x=["x1", "x1", "x2"], w=["w1", "x2"], method="double", match="most")
    assert len(refused.value.faults) == 4
    with pytest.raises(ModelError, match=r"found 3 and 2. Ask for match='all', or average"):
        product_indicators(items, x=X, w=["w1", "w2"])
    with pytest.raises(DataError) as unknown:
        product_indicators(items.assign(w3="often"), x=["x1", "x2", "x33"], w=W)
    assert "Did you mean 'x3'?" in str(unknown.value)
    assert "'w3' must hold numbers" in str(unknown.value)
    made = product_indicators(items, x=X, w=W)
    with pytest.raises(DataError, match=r"columns already: x1.w1.*nothing is overwritten"):
        product_indicators(made.data, x=["x1", "x2"], w=["w1", "w2"])
    with pytest.raises(UnsupportedError, match="three-way"):
        product_indicators(made, x=["x1.w1", "x2.w2"], w=["y1", "y2"])
    with pytest.raises(AnalysisError, match="x1") as constant:
        product_indicators(items.assign(x1=3.0), x=X, w=W)
    assert constant.value.code == "PRODUCTS_CONSTANT"
    with pytest.raises(AnalysisError) as few:
        product_indicators(items.head(7), x=X, w=W, method="residual_centred")
    assert few.value.code == "PRODUCTS_TOO_FEW_ROWS"


# --- slopes against semTools ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["double_mean_centred_ml", "double_mean_centred_mlr", "residual_centred_mlr"])
def test_simple_slopes_of_a_latent_interaction(name):
    case = load(f"interaction/{name}")
    fit = fit_of(case)
    found = simple_slopes(fit, x="x", w="w")
    assert (found.call["y"], found.call["xw"]) == ("y", "xw")
    assert found.call["sd"] == pytest.approx(case.output["sd_moderator"], rel=tolerances.DERIVED)
    theirs = pd.DataFrame(case.output["slopes"]["deviations"])
    ours = found.estimates
    if case.output["way"] == "residual_centred":
        # semTools turns vcov as if it were that of least squares; ours is the variance of b1 + b3 c itself
        np.testing.assert_allclose(ours["estimate"], theirs["slope"], atol=tolerances.DERIVED)
        np.testing.assert_allclose(ours["std_error"], theirs["std_error"], rtol=0.05)
        return
    error = tolerances.ESTIMATE_IN_SE * theirs["std_error"]
    np.testing.assert_array_less(np.abs(ours["estimate"] - theirs["slope"]), error)
    np.testing.assert_allclose(ours["std_error"], theirs["std_error"], rtol=2 * tolerances.STANDARD_ERROR_RELATIVE)
    np.testing.assert_allclose(ours["p_value"], theirs["p_value"], atol=tolerances.P_VALUE)
    bounds = found.tables["johnson_neyman"]["bound"]
    np.testing.assert_allclose(bounds, case.output["johnson_neyman"], rtol=tolerances.ESTIMATE_IN_SE)
    whole = simple_slopes(fit, x="x", w="w", at=[step / found.call["sd"] for step in (-1, 0, 1)]).estimates
    np.testing.assert_allclose(whole["std_error"], case.output["slopes"]["whole"]["std_error"], rtol=2 * SMOOTH)


@pytest.mark.parametrize("name", ["double_mean_centred_ml", "double_mean_centred_mlr", "residual_centred_mlr"])
def test_the_standardised_interaction(name):
    case = load(f"interaction/{name}")
    found = standardised_interaction(fit_of(case), x="x", w="w", xw="xw", y="y").estimates
    theirs = case.output["standardised"]
    np.testing.assert_allclose(found["estimate"], [theirs[key] for key in ("x", "w", "xw")], atol=tolerances.DERIVED)
    assert abs(theirs["xw_usual"] - theirs["xw"]) > 0.005


def test_standard_errors_of_standardised_effects_are_those_of_lavaan(fitted):
    theirs = pd.DataFrame(load("products/standardised").output["effects"]).set_index("lhs")
    theirs = theirs.loc[["std_x", "std_w", "std_xw"]]
    ours = standardised_interaction(fitted, x="x", w="w", xw="xw", y="y").estimates
    np.testing.assert_array_less(
        np.abs(ours["estimate"].array - theirs["est"].array), tolerances.ESTIMATE_IN_SE * theirs["se"].array
    )
    for mine, other in (("std_error", "se"), ("ci_low", "ci.lower"), ("ci_high", "ci.upper")):
        np.testing.assert_allclose(ours[mine], theirs[other], rtol=SMOOTH)


def test_standardised_effects_do_not_depend_on_how_factors_are_scaled(items, fitted):
    made = product_indicators(items, x=X, w=W)
    model = MODEL.replace("x =~ x1 + x2", "x =~ x2 + x1").replace("y =~ y1", "y =~ 0.5*y1")
    plain, other, unit = (
        standardised_interaction(fit, x="x", w="w", xw="xw", y="y").estimates
        for fit in (
            fitted, sem(model + made.syntax("xw"), made.data), sem(MODEL + made.syntax("xw"), made.data, std_lv=True)
        )
    )  # fmt: skip
    for again in (other, unit):
        np.testing.assert_allclose(again["estimate"], plain["estimate"], rtol=SMOOTH)
        np.testing.assert_allclose(again["std_error"], plain["std_error"], rtol=SMOOTH)


def test_slopes_count_the_interaction_in_units_of_its_factors(items, fitted):
    made = product_indicators(items, x=X, w=W)
    wide = sem(MODEL.replace("w =~ w1 + w2", "w =~ w2 + w1") + made.syntax("xw"), made.data)
    unit = sem(MODEL + made.syntax("xw"), made.data, std_lv=True)
    plain = simple_slopes(fitted, x="x", w="w", at=(-2, 0.5))
    other, deviations = (simple_slopes(fit, x="x", w="w", at=(-2, 0.5)) for fit in (wide, unit))
    np.testing.assert_allclose(other.estimates["estimate"], plain.estimates["estimate"], rtol=SMOOTH)
    assert other.estimates.loc[0, "moderator"] != pytest.approx(plain.estimates.loc[0, "moderator"], rel=0.01)
    # with variances of 1 the moderator counts in deviations, and slopes are a deviation of x in one of what y is left
    assert deviations.estimates["moderator"].tolist() == pytest.approx([-2.0, 0.5], rel=SMOOTH)
    ratio = deviations.estimates["estimate"] / plain.estimates["estimate"]
    assert ratio.iloc[0] == pytest.approx(ratio.iloc[1], rel=10 * SMOOTH)
    raw = unit.estimates.set_index(["lhs", "op", "rhs"])["estimate"]
    naive = raw["y", "~", "x"] + raw["y", "~", "xw"] * np.array([-2, 0.5])
    assert np.abs(naive / deviations.estimates["estimate"] - 1).max() > 0.01
    codes = [[note.code for note in result.notes] for result in (plain, other, deviations)]
    assert codes == [[], ["INTERACTION_RESCALED"], ["INTERACTION_RESCALED"]]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("match", ["matched", "all"])
def test_the_effects_of_a_population_are_recovered(method, match):
    rng = np.random.default_rng(20)
    n = 20_000
    x, w = rng.multivariate_normal([0, 0], [[1.0, 0.3], [0.3, 1.0]], size=n).T
    y = 0.4 * x + 0.2 * w + 0.3 * x * w + 0.6 * rng.normal(size=n)
    data = pd.DataFrame({f"y{i}": y + 0.5 * rng.normal(size=n) for i in (1, 2, 3)})
    for name, factor in (("x", x), ("w", w)):
        for i, loading in enumerate((1.0, 0.8, 0.6), start=1):
            data[f"{name}{i}"] = 5.0 + loading * factor + 0.6 * rng.normal(size=n)
    made = product_indicators(data, x=X, w=W, method=method, match=match)
    fit = sem(MODEL + made.syntax("xw", factors=("x", "w")), made.data)
    deviation = np.sqrt(0.16 + 0.04 + 2 * 0.4 * 0.2 * 0.3 + 0.09 * (1 + 0.09) + 0.36)
    found = standardised_interaction(fit, x="x", w="w", xw="xw", y="y").estimates
    # normal-theory errors of products are too small by up to a half: twice as many are allowed
    reach = 2 * tolerances.MONTE_CARLO_IN_SE * found["std_error"]
    assert (np.abs(found["estimate"] - np.array([0.4, 0.2, 0.3]) / deviation) < reach).all()
    slopes = simple_slopes(fit, x="x", w="w").estimates
    reach = 2 * tolerances.MONTE_CARLO_IN_SE * slopes["std_error"]
    assert (np.abs(slopes["estimate"] - (0.4 + 0.3 * np.array([-1, 0, 1]))) < reach).all()


def test_products_under_other_names_leave_an_assumption(items):
    made = product_indicators(items, x=X, w=W)
    renamed = made.data.rename(columns={"x1.w1": "p1", "x2.w2": "p2", "x3.w3": "p3"})
    fit = sem(MODEL.replace("xw", "m") + "m =~ p1 + p2 + p3", renamed)
    with pytest.raises(ModelError, match="y= must name the outcome"):
        simple_slopes(fit, x="x", w="w")
    found = simple_slopes(fit, x="x", w="w", xw="m")
    assert [note.code for note in found.notes] == ["INTERACTION_ASSUMED"]


# --- observed products ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["observed_plain", "observed_centred"])
def test_simple_slopes_of_an_observed_interaction(name, scores):
    case = load(f"products/{name}")
    x, w, y = (case.output[key] for key in ("x", "w", "y"))
    shift = scores[[x, w]].mean() if case.output["centred"] else pd.Series({x: 0.0, w: 0.0})
    data = scores.assign(product=(scores[x] - shift[x]) * (scores[w] - shift[w]))
    fit = with_rows(sem(f"{y} ~ {x} + {w} + product", data), data)
    found = simple_slopes(fit, x=x, w=w, xw="product")
    theirs = pd.DataFrame(case.output["slopes"])
    ours = found.estimates
    np.testing.assert_allclose(ours["moderator"], case.output["at"], rtol=tolerances.LEAST_SQUARES_RELATIVE)
    np.testing.assert_array_less(np.abs(ours["estimate"] - theirs["est"]), tolerances.ESTIMATE_IN_SE * theirs["se"])
    np.testing.assert_allclose(ours["std_error"], theirs["se"], rtol=tolerances.STANDARD_ERROR_RELATIVE)
    for mine, other in (("ci_low", "ci.lower"), ("ci_high", "ci.upper")):
        np.testing.assert_allclose(ours[mine], theirs[other], atol=tolerances.DERIVED)
    least = case.output["least_squares"]
    np.testing.assert_allclose(ours["estimate"], least["slope"], atol=tolerances.DERIVED)
    n = found.n
    np.testing.assert_allclose(ours["std_error"], np.array(least["std_error"]) * np.sqrt(least["df"] / n), rtol=SMOOTH)
    assert [note.code for note in found.notes] == ["SEM_SATURATED"]


def test_a_residual_centred_product_gives_the_same_slopes(scores):
    x, w = "satisfaction", "image"
    plain = scores.assign(product=scores[x] * scores[w])
    design = np.column_stack([np.ones(len(scores)), scores[[x, w]]])
    left = plain["product"] - design @ np.linalg.lstsq(design, plain["product"], rcond=None)[0]
    fits = [
        with_rows(sem(f"loyalty ~ {x} + {w} + product", data), data)
        for data in (plain, scores.assign(product=left))
    ]  # fmt: skip
    one, two = (simple_slopes(fit, x=x, w=w, xw="product") for fit in fits)
    # the weight of the main effect moves with the centring, the slope at a value of the moderator does not
    assert fits[0].estimates.loc[0, "estimate"] != pytest.approx(fits[1].estimates.loc[0, "estimate"], rel=0.1)
    np.testing.assert_allclose(one.estimates["estimate"], two.estimates["estimate"], rtol=SMOOTH)
    np.testing.assert_allclose(
        one.tables["johnson_neyman"]["bound"], two.tables["johnson_neyman"]["bound"], rtol=10 * SMOOTH
    )


def test_a_column_that_is_no_product_is_refused(scores):
    data = scores.assign(product=scores["satisfaction"] * scores["value"])
    fit = with_rows(sem("loyalty ~ satisfaction + image + product", data), data)
    with pytest.raises(AnalysisError) as refused:
        simple_slopes(fit, x="satisfaction", w="image", xw="product")
    assert refused.value.code == "SLOPES_NOT_A_PRODUCT"


def test_moments_alone_leave_an_assumption_and_a_note(scores):
    data = scores.assign(product=scores["satisfaction"] * scores["image"])
    fit = sem("loyalty ~ satisfaction + image + product", sample_cov=data.cov(), sample_n=len(data))
    found = simple_slopes(fit, x="satisfaction", w="image", xw="product")
    assert "INTERACTION_ASSUMED" in [note.code for note in found.notes]
    at_mean = found.estimates.set_index("at").loc[0.0]
    assert at_mean["moderator"] == 0
    assert at_mean["estimate"] == pytest.approx(fit.estimates.loc[0, "estimate"])


# --- one result -----------------------------------------------------------------------------------------------------


def test_slopes_are_told_and_drawn(fitted):
    found = simple_slopes(fitted, x="x", w="w")
    assert "at 1 SD below the mean of w" in found.text
    assert "It differs from 0 where w is" in found.text
    drawing = found.plot()
    assert drawing.estimates == tuple(found.estimates["estimate"])
    assert drawing.terms[1] == "w: the mean"
    content = json.loads(found.to_json())
    assert content["tables"]["johnson_neyman"][0]["significant"] in ("below", "above")
    wide = simple_slopes(fitted, x="x", w="w", level=0.99)
    assert (wide.estimates["ci_low"] < found.estimates["ci_low"]).all()
    again = standardised_interaction(fitted, x="x", w="w", xw="xw", y="y")
    assert "standardised interaction of x and w on y is 0.22, SE = 0.05, p < .001" in again.text
    assert json.loads(again.to_json())["estimates"][2]["term"] == "y ~ xw"


def test_the_moderator_can_be_either_predictor(fitted):
    by_w, by_x = simple_slopes(fitted, x="x", w="w"), simple_slopes(fitted, x="w", w="x")
    effects = fitted.estimates[fitted.estimates["op"] == "~"].set_index("rhs")["estimate"]
    assert by_w.estimates.loc[1, "estimate"] == pytest.approx(effects["x"])
    assert by_x.estimates.loc[1, "estimate"] == pytest.approx(effects["w"])


def test_a_labelled_and_a_fixed_effect(items):
    made = product_indicators(items, x=X, w=W)
    labelled = sem(MODEL.replace("x + w + xw", "m*x + w + p*xw") + made.syntax("xw"), made.data)
    plain = sem(MODEL + made.syntax("xw"), made.data)
    for one, two in zip(
        simple_slopes(labelled, x="x", w="w").estimates["std_error"],
        simple_slopes(plain, x="x", w="w").estimates["std_error"],
        strict=True,
    ):
        assert one == pytest.approx(two, rel=tolerances.RECOVERY)
    fixed = sem(MODEL.replace("x + w + xw", "x + w + 0*xw") + made.syntax("xw"), made.data)
    slopes = simple_slopes(fixed, x="x", w="w")
    assert len(set(slopes.estimates["estimate"])) == 1
    assert slopes.call["region"] == "everywhere"
    assert slopes.tables["johnson_neyman"].empty


def test_names_that_are_not_clear_are_asked_for(fitted, scores):
    with pytest.raises(ModelError, match="y= must name the outcome"):
        simple_slopes(fitted, x="x", w="z")
    with pytest.raises(ModelError, match="xw= must name the interaction"):
        simple_slopes(fitted, x="x", w="z", y="y")
    with pytest.raises(ModelError, match="not regressed on it"):
        standardised_interaction(fitted, x="x", w="w", xw="xz", y="y")
    with pytest.raises(ModelError) as refused:
        simple_slopes(fitted, x="x", w="w", at=("low",), level=2)
    assert len(refused.value.faults) == 2
    with pytest.raises(ModelError, match="fitted model"):
        simple_slopes(scores, x="x", w="w")
