"""The ladder of invariance: identities between ways of asking for it, what decides, what is found, what is refused.

Agreement with lavaan and semTools is tested in tests/reference.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import AnalysisError, CrmstudyError, DataError, ModelError
from crmstudy.fitted.score_tests import score_tests
from crmstudy.kernels.multiplicity import adjusted
from crmstudy.measurement.invariance.invariance import InvarianceResult, invariance
from crmstudy.measurement.invariance.levels import Change, judge_step, read_levels
from crmstudy.notes import explanations
from tests import tolerances
from tests.reference import HERE

ABILITIES = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
MORALE = "morale =~ JOBSAT + COMMIT + READY"
TWO = "a =~ a1 + a2 + a3 + a4\nb =~ b1 + b2 + b3"


@cache
def pupils() -> pd.DataFrame:
    data = pd.read_csv(HERE / "data" / "holzinger.csv")
    age = np.select([data["ageyr"] <= 12, data["ageyr"] == 13], ["young", "middle"], "old")
    return data.assign(age=age)


@cache
def soldiers() -> pd.DataFrame:
    return pd.read_csv(HERE / "data" / "soldiers.csv")


@cache
def over_schools(**keywords: Any) -> InvarianceResult:
    return invariance(ABILITIES, pupils(), group="school", **keywords)


def population(
    n: int, seed: int, loadings: tuple[float, ...] = (1.0, 0.8, 0.7, 0.9), intercepts: tuple[float, ...] = (0, 0, 0, 0)
) -> pd.DataFrame:
    """Two factors of four and three items."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 2)) @ np.array([[1.0, 0.4], [0.0, 0.9]])
    first = factors[:, :1] * np.array(loadings) + np.array(intercepts)
    values = np.hstack([first, factors[:, 1:] * np.array([1.0, 0.8, 0.7])]) + 0.6 * rng.normal(size=(n, 7))
    return pd.DataFrame(values, columns=["a1", "a2", "a3", "a4", "b1", "b2", "b3"])


def two_groups(*, n: tuple[int, int] = (600, 600), seed: int = 1, **shifted: Any) -> pd.DataFrame:
    parts = [population(n[0], seed).assign(g="north"), population(n[1], seed + 1, **shifted).assign(g="south")]
    return pd.concat(parts, ignore_index=True)


def codes(result: Any) -> list[str]:
    return [note.code for note in result.notes]


def chisqs(result: InvarianceResult) -> np.ndarray:
    return result.tables["ladder"]["chisq"].to_numpy(dtype=float)


# --- the models of the ladder ----------------------------------------------------------------------------------------


def test_each_level_is_the_model_with_its_group_equal():
    levels = ["configural", "metric", "scalar", "strict", "lv.variances", "lv.covariances", "means"]
    result = over_schools(levels=tuple(levels))
    words = {
        "configural": (), "metric": ("loadings",), "scalar": ("loadings", "intercepts"),
        "strict": ("loadings", "intercepts", "residuals"),
    }  # fmt: skip
    equal: tuple[str, ...] = ()
    for level, row in result.tables["ladder"].set_index("level").iterrows():
        equal = tuple(dict.fromkeys(equal + words.get(str(level), (str(level),))))
        alone = cs.cfa(ABILITIES, pupils(), group="school", group_equal=equal)
        assert row["chisq"] == pytest.approx(alone.fit["chisq"], rel=tolerances.CHISQ_RELATIVE)
        assert row["df"] == alone.fit["df"]
        assert row["equal"] == ", ".join(equal)
    assert result.tables["ladder"]["delta_df"].tolist()[1:] == [6, 6, 9, 3, 3, 3]


def test_how_factors_are_scaled_does_not_matter():
    marker, variance = over_schools(), over_schools(std_lv=True)
    np.testing.assert_allclose(chisqs(marker), chisqs(variance), rtol=tolerances.CHISQ_RELATIVE)
    one, other = (r.tables["dmacs"][["dmacs", "signed", "mean_difference"]] for r in (marker, variance))
    np.testing.assert_allclose(one, other, atol=tolerances.DERIVED)
    one, other = (r.latent_means("scalar") for r in (marker, variance))
    np.testing.assert_allclose(one["effect_size"], other["effect_size"], atol=tolerances.DERIVED)
    close = tolerances.STANDARDISED_SE_RELATIVE
    np.testing.assert_allclose(one["effect_size_se"], other["effect_size_se"], rtol=close)


def test_the_order_of_rows_does_not_matter():
    data = pupils()
    first = data[data["school"] == data["school"].iloc[0]].sample(frac=1, random_state=1)
    mixed = pd.concat([first.head(1), data.drop(first.index[0]).sample(frac=1, random_state=2)])
    np.testing.assert_allclose(
        chisqs(invariance(ABILITIES, mixed, group="school")), chisqs(over_schools()), rtol=tolerances.CHISQ_RELATIVE
    )


def test_moments_by_group_in_place_of_rows():
    items = [f"x{i}" for i in range(1, 10)]
    parts = dict(list(pupils().groupby("school", sort=False)[items]))
    result = invariance(
        ABILITIES, sample_cov={name: part.cov() for name, part in parts.items()},
        sample_mean={name: part.mean() for name, part in parts.items()},
        sample_n={name: len(part) for name, part in parts.items()},
    )  # fmt: skip
    np.testing.assert_allclose(chisqs(result), chisqs(over_schools()), rtol=tolerances.CHISQ_RELATIVE)
    assert result.text.startswith("Over groups (N = 301) metric invariance is supported")


def test_partial_is_group_partial():
    again = over_schools().partial("x3~1", "x7 ~ 1")
    asked = over_schools(group_partial=("x3 ~1", "x7~1"))
    assert chisqs(again).tolist() == chisqs(asked).tolist()
    assert again.call["group_partial"] == ["x3 ~1", "x7 ~1"]
    assert again.tables["ladder"]["delta_df"].tolist()[1:] == [6, 4, 9]
    assert "partial strict invariance is supported" in again.text
    assert "with x3 ~1, x7 ~1 left free" in again.text
    assert set(again.partial("x2~1").call["group_partial"]) == {"x3 ~1", "x7 ~1", "x2 ~1"}
    with pytest.raises(ModelError, match="names 'x33 ~1', which is no parameter of the model"):
        again.partial("x33 ~1")


# --- waves -----------------------------------------------------------------------------------------------------------

MAPPING = {f"t{w}": {name: f"{name}{w}" for name in ("JOBSAT", "COMMIT", "READY")} for w in (1, 2, 3)}


def stacked() -> pd.DataFrame:
    data = soldiers()
    parts = [
        pd.DataFrame({"who": data["SUBNUM"], "when": w, "age": data["AGE"]}
                     | {name: data[f"{name}{w}"] for name in ("JOBSAT", "COMMIT", "READY")})
        for w in (1, 2, 3)
    ]  # fmt: skip
    return pd.concat(parts).sample(frac=1, random_state=5)


@pytest.mark.parametrize("more", [{}, {"missing": "fiml"}, {"std_lv": True}])
def test_waves_by_endings_by_columns_and_stacked(more):
    levels = ["metric", "scalar", "strict", "means"]
    ends = invariance(MORALE, soldiers(), waves=["1", "2", "3"], levels=levels, **more)
    named = invariance(MORALE, soldiers(), waves=MAPPING, levels=levels, **more)
    long = invariance(MORALE, stacked(), waves="when", id="who", levels=levels, **more)
    assert ends.tables["ladder"]["df"].tolist() == [15, 19, 23, 29, 31]
    for other in (named, long):
        np.testing.assert_allclose(chisqs(other), chisqs(ends), rtol=tolerances.CHISQ_RELATIVE)
        assert other.n == ends.n
    assert named.tables["latent_means"]["group"].tolist() == ["t2", "t3"]
    assert long.tables["latent_means"]["group"].tolist() == ["2", "3"]
    assert ends.text.startswith(f"Over 3 waves (N = {ends.n})")


def test_the_long_model_of_waves():
    text = invariance(MORALE, soldiers(), waves=MAPPING).fits["scalar"].to_lavaan()
    assert "morale_t2 =~ JOBSAT2 + equal2*COMMIT2 + equal3*READY2" in text
    assert "COMMIT1 ~~ COMMIT2 + COMMIT3" in text
    assert "morale_t3 ~ NA*1" in text
    assert "morale_t1 ~" not in text.replace("morale_t1 =~", "")


def test_like_items_can_be_left_apart():
    apart = invariance(MORALE, soldiers(), waves=["1", "2", "3"], like_items=False)
    assert (apart.tables["ladder"]["df"] - [15, 19, 23, 29] == 9).all()
    assert "JOBSAT1 ~~" not in apart.fits["configural"].to_lavaan()


def test_partial_over_waves_takes_the_names_of_the_plain_model():
    whole = invariance(MORALE, soldiers(), waves=["1", "2", "3"])
    free = whole.partial("COMMIT ~ 1")
    assert free.tables["ladder"]["delta_df"].tolist()[1:] == [4, 2, 6]
    assert "COMMIT2 ~ equal" not in free.fits["scalar"].to_lavaan()
    assert chisqs(free)[2] < chisqs(whole)[2]


def test_equal_factor_variances_over_waves():
    for scaled in (False, True):
        result = invariance(MORALE, soldiers(), waves=["1", "2", "3"], levels=["metric", "lv.variances"], std_lv=scaled)
        assert result.tables["ladder"]["delta_df"].tolist()[1:] == [4, 2]


def test_weights_go_with_a_stacked_file():
    weights = stacked().assign(w=lambda frame: 1.0 + frame["who"] % 3)
    long = invariance(MORALE, weights, waves="when", id="who", weights="w", missing="fiml", levels="metric")
    wide = soldiers().assign(w=lambda frame: 1.0 + frame["SUBNUM"] % 3)
    same = invariance(MORALE, wide, waves=["1", "2", "3"], weights="w", missing="fiml", levels="metric")
    np.testing.assert_allclose(chisqs(long), chisqs(same), rtol=tolerances.CHISQ_RELATIVE)
    changing = weights.assign(w=1.0 + weights["when"])
    with pytest.raises(DataError, match="'w' must have one value a respondent"):
        invariance(MORALE, changing, waves="when", id="who", weights="w")


# --- what decides ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "n", "cfi", "rmsea", "srmr", "held"),
    [
        ("metric", 301, -0.010, 0.015, 0.0, False),
        ("metric", 301, -0.010, 0.0, 0.030, False),
        ("metric", 301, -0.010, 0.014, 0.029, True),
        ("metric", 301, -0.009, 0.5, 0.5, True),
        ("scalar", 301, -0.010, 0.0, 0.010, False),
        ("strict", 301, -0.010, 0.0, 0.009, True),
        ("metric", 300, -0.005, 0.010, 0.0, False),
        ("metric", 300, -0.005, 0.0, 0.024, True),
        ("scalar", 300, -0.005, 0.0, 0.005, False),
        ("scalar", 300, -0.0049, 1.0, 1.0, True),
        ("means", 301, -0.5, 0.5, 0.5, None),
    ],
)
def test_chens_rule(level, n, cfi, rmsea, srmr, held):
    assert judge_step(level, Change(6.0, 0.5, cfi, rmsea, srmr), n, 0.05).chen is held


def test_the_other_rules():
    verdicts = judge_step("scalar", Change(6.0, 0.05, -0.01, 0.0, 0.0), 500, 0.05)
    assert (verdicts.p, verdicts.cheung_rensvold, verdicts.chen) == (True, False, True)
    assert verdicts.by("chen") == (True, "chen")
    assert judge_step("means", Change(3.0, 0.04, 0.0, 0.0, 0.0), 500, 0.05).by("chen") == (False, "p")
    assert judge_step("metric", Change(3.0, 0.04, 0.0, 0.0, 0.0), 500, 0.01).p is True


def test_a_level_is_supported_only_like_all_before_it():
    result = over_schools(levels=("metric", "scalar", "strict", "means"))
    ladder = result.tables["ladder"].set_index("level")
    assert ladder["decision"].tolist() == ["starting point", "held", "not held", "held", "not held"]
    assert ladder["supported"].tolist() == [True, True, False, False, False]
    assert ladder["rule"].tolist() == ["", "chen", "chen", "chen", "p"]
    assert result.highest == "metric"
    assert result.fit["chisq"] == ladder.loc["metric", "chisq"]
    assert "metric invariance is supported (Δχ²(6) = 8.19, p = .224, ΔCFI = −.002" in result.text
    assert "scalar invariance is not (Δχ²(6) = 40.06, p < .001" in result.text


def test_the_rule_can_be_chosen_and_disagreement_is_told():
    # Chen's changes hold the strict level of this partial model, its chi-square difference does not (p = .037)
    free = {"group_partial": ("x3 ~1", "x7 ~1")}
    assert over_schools(**free).highest == "strict"
    assert "INVARIANCE_RULES_DISAGREE" in codes(over_schools(**free))
    by_p = over_schools(criteria="p", **free)
    assert by_p.highest == "scalar"
    assert "judged by the test of the difference." in by_p.text
    assert over_schools(criteria="p", level=0.99, **free).highest == "strict"


def test_only_steps_that_decide_are_called_disputed():
    # strict: held by Chen's changes, not by p; but scalar is not held before it
    ladder = over_schools().tables["ladder"].set_index("level")
    assert (ladder.loc["strict", "held_by_chen"], ladder.loc["strict", "held_by_p"]) == (True, False)
    assert "INVARIANCE_RULES_DISAGREE" not in codes(over_schools())


def test_differences_are_those_of_the_levels():
    result = over_schools()
    ladder = result.tables["ladder"]
    gaps = np.diff(ladder["chisq"])
    np.testing.assert_allclose(ladder["delta_chisq"][1:], gaps, rtol=tolerances.CHISQ_RELATIVE)
    assert result.estimates["term"].tolist() == ["metric vs configural", "scalar vs metric", "strict vs scalar"]
    assert result.estimates["statistic"].tolist() == ladder["delta_chisq"].tolist()[1:]
    assert result.estimates["df"].tolist() == [6, 6, 9]
    np.testing.assert_allclose(ladder["delta_cfi"][1:], np.diff(ladder["cfi"]), atol=tolerances.CLOSED_FORM)


@pytest.mark.parametrize(
    ("keywords", "indices"),
    [
        ({"estimator": "MLR"}, "robust"),
        ({"missing": "fiml"}, "robust"),
        ({"estimator": "MLMVS"}, "scaled"),
        ({}, "plain"),
    ],
)
def test_corrected_indices_are_judged_where_there_are_any(keywords, indices):
    ladder = over_schools(**keywords).tables["ladder"]
    assert set(ladder["indices"]) == {indices}
    ending = "" if indices == "plain" else f"_{indices}"
    np.testing.assert_allclose(ladder[f"delta_cfi{ending}"][1:], np.diff(ladder[f"cfi{ending}"]))
    assert ("chisq_scaled" in ladder) == ("estimator" in keywords)
    assert "cfi" in ladder


# --- candidates ------------------------------------------------------------------------------------------------------


def test_candidates_of_two_groups_are_score_tests_of_their_equalities():
    result = over_schools()
    found = result.tables["candidates"].set_index("parameter")
    assert set(found["level"]) == {"scalar"}
    tests = score_tests(result.fits["scalar"].solution)["univariate"]
    close = tolerances.STANDARD_ERROR_RELATIVE  # both are z or its square, at an optimum that is not exactly 0
    for name in found.index:
        (row,) = [r for r in tests.to_dict("records") if r["lhs"].startswith(f"{name} (")]
        assert found.loc[name, "statistic"] == pytest.approx(row["statistic"], rel=close)
        assert found.loc[name, "epc"] == pytest.approx(row["epc_rhs"] - row["epc_lhs"], rel=close)
    assert found["statistic"].is_monotonic_decreasing
    assert found["p_adjusted"].tolist() == adjusted(found["p_value"].to_numpy(), "holm").tolist()


@pytest.mark.parametrize(("level", "sign", "count"), [("metric", "=~", 6), ("scalar", "~1", 9)])
def test_candidates_of_several_groups_do_not_depend_on_the_reference(level, sign, count):
    data = pupils().sort_values("age", kind="stable")
    asked = {"group": "age", "criteria": "p", "level": 1e-6, "levels": [level]}  # a level that no p reaches
    one, other = (invariance(ABILITIES, frame, **asked) for frame in (data, data.iloc[::-1]))
    first, second = (r.tables["candidates"].set_index("parameter").sort_index() for r in (one, other))
    assert first["reference"].iloc[0] != second["reference"].iloc[0]
    first, second = (frame[[sign in name for name in frame.index]] for frame in (first, second))
    assert (first["df"] == 2).all()
    assert len(first) == count
    np.testing.assert_allclose(first["statistic"], second["statistic"], rtol=tolerances.STANDARD_ERROR_RELATIVE)


def test_what_differs_in_the_population_is_found():
    data = two_groups(n=(1500, 1500), intercepts=(0, 0, 0.5, 0))
    result = invariance(TWO, data, group="g")
    assert result.highest == "metric"
    top = result.tables["candidates"].iloc[0]
    assert top["parameter"] == "a3 ~1"
    assert top["epc"] == pytest.approx(0.5, abs=0.1)
    assert result.partial(top["parameter"]).highest == "strict"
    effects = result.tables["dmacs"].set_index("item")
    assert effects["dmacs"].idxmax() == "a3"
    assert effects.loc["a3", "signed"] < 0
    assert abs(effects.loc["a3", "mean_difference"]) == pytest.approx(0.5, abs=0.15)


def test_a_loading_that_differs_is_found():
    data = two_groups(n=(1500, 1500), loadings=(1.0, 0.8, 0.2, 0.9))
    result = invariance(TWO, data, group="g")
    assert result.highest == "configural"
    assert result.tables["candidates"]["parameter"].iloc[0] == "a =~ a3"
    assert "INVARIANCE_MARKERS" in codes(result)
    scaled = invariance(TWO, data, group="g", std_lv=True)
    assert "a =~ a1" in set(scaled.tables["candidates"]["parameter"])
    assert "INVARIANCE_MARKERS" not in codes(scaled)


def test_candidates_beside_auxiliary_variables():
    asked = {"missing": "fiml", "criteria": "p", "level": 1e-6, "levels": "metric"}
    data = pupils().assign(noise=np.random.default_rng(4).normal(size=len(pupils())))
    plain, beside = (invariance(ABILITIES, data, group="school", aux=aux, **asked) for aux in ((), ("noise",)))
    one, other = (result.tables["candidates"].set_index("parameter")["statistic"] for result in (plain, beside))
    assert len(one) == 6
    # of complete data an auxiliary variable changes nothing
    np.testing.assert_allclose(one, other[one.index], rtol=tolerances.STANDARD_ERROR_RELATIVE)
    assert not plain.tables["dmacs"]["item"].isin(["noise"]).any()


def test_parameters_left_free_are_no_candidates():
    result = over_schools(group_partial=("x3 ~1",), criteria="p")
    assert result.highest == "metric"
    assert "x3 ~1" not in set(result.tables["candidates"]["parameter"])


def test_nothing_fails_nothing_is_a_candidate():
    result = invariance(TWO, two_groups(), group="g")
    assert result.highest == "strict"
    assert result.tables["candidates"].empty
    assert result.tables["candidates"].columns.tolist()[:3] == ["level", "parameter", "statistic"]


def test_score_tests_of_a_robust_fit_say_what_they_are():
    assert "SEM_SCORE_NOT_ROBUST" in codes(over_schools(estimator="MLR"))


# --- effect sizes of items -------------------------------------------------------------------------------------------


def test_items_of_several_factors_have_no_dmacs():
    crossed = invariance(ABILITIES + "\nspeed =~ x3", pupils(), group="school", levels="metric")
    assert "x3" not in set(crossed.tables["dmacs"]["item"])
    assert "INVARIANCE_NO_DMACS" in codes(crossed)
    referents = crossed.tables["dmacs"].query("referent")
    assert referents["item"].tolist() == ["x1", "x4", "x7"]
    np.testing.assert_allclose(referents["dmacs"], 0.0, atol=tolerances.DERIVED)


def test_every_group_is_compared_with_the_first():
    effects = invariance(ABILITIES, pupils(), group="age", levels="metric").tables["dmacs"]
    assert len(effects) == 9 * 2
    assert set(effects["reference"]) == {pupils()["age"].iloc[0]}


# --- solutions that must not be interpreted --------------------------------------------------------------------------


def improper(seed: int, *names: str) -> InvarianceResult:
    """Groups of 40 and 200 rows, one factor with two items only."""
    parts = [population(40, seed).assign(g="few"), population(200, seed + 1000).assign(g="many")]
    return invariance("a =~ a1 + a2\nb =~ b1 + b2 + b3", pd.concat(parts), group="g")


def first_improper(level: str) -> InvarianceResult:
    """The first of some samples whose first level without a proper solution is this one."""
    for seed in range(200):
        result = improper(seed)
        bad = [name for name, fit in result.fits.items() if not fit.admissible]
        if bad and bad[0] == level:
            return result
    raise AssertionError("no such sample")


def test_an_inadmissible_configural_model_decides_nothing():
    result = first_improper("configural")
    assert not result.admissible
    assert result.highest is None
    assert "INADMISSIBLE" in result.text
    ladder = result.tables["ladder"]
    assert not ladder["supported"].any()
    assert ladder["decision"].iloc[1] == "not judged"
    assert result.tables["candidates"].empty
    assert result.plot() is None


def test_an_inadmissible_level_ends_what_is_supported():
    result = first_improper("metric")
    assert result.admissible
    assert result.highest == "configural"
    assert "metric invariance could not be judged: its solution is INADMISSIBLE" in result.text
    (note, *_) = [note for note in result.notes if note.code == "INVARIANCE_LEVEL_INADMISSIBLE"]
    assert (note.level, note.subject) == ("warning", "metric")
    row = result.tables["ladder"].iloc[1]
    assert (row["decision"], row["admissible"], row["held_by_chen"]) == ("not judged", False, None)


def test_means_of_factors_of_factors_are_not_identified_unless_fixed():
    rng = np.random.default_rng(8)
    top = rng.normal(size=900)
    values = {}
    for factor in "abc":
        middle = 0.8 * top + 0.6 * rng.normal(size=900)
        values |= {f"{factor}{i}": middle + 0.6 * rng.normal(size=900) for i in (1, 2, 3)}
    data = pd.DataFrame(values).assign(g=np.repeat(["x", "y", "z"], 300))
    model = "a =~ a1 + a2 + a3\nb =~ b1 + b2 + b3\nc =~ c1 + c2 + c3\ntop =~ a + b + c"
    result = invariance(model, data, group="g", levels="scalar")
    assert "scalar invariance could not be judged" in result.text
    fixed = invariance(model + "\na ~ 0*1\nb ~ 0*1\nc ~ 0*1", data, group="g", levels="scalar")
    assert fixed.highest == "scalar"


# --- notes and forms -------------------------------------------------------------------------------------------------


def test_small_and_unequal_groups_are_told():
    result = invariance(TWO, two_groups(n=(100, 400)), group="g", levels="metric")
    assert {"INVARIANCE_FEW_ROWS", "INVARIANCE_UNEQUAL_GROUPS"} <= set(codes(result))
    even = invariance(TWO, two_groups(n=(400, 400)), group="g", levels="metric")
    assert not {"INVARIANCE_FEW_ROWS", "INVARIANCE_UNEQUAL_GROUPS"} & set(codes(even))


def test_every_code_is_explained_and_every_result_is_told():
    results = [over_schools(), over_schools(estimator="MLR"), first_improper("configural"), first_improper("metric")]
    results.append(invariance(MORALE, soldiers(), waves=["1", "2", "3"], missing="fiml"))
    for result in results:
        assert set(codes(result)) <= set(explanations())
        told = json.loads(result.to_json())
        assert told["kind"] == "invariance"
        assert set(told["tables"]) == {"ladder", "candidates", "latent_means", "dmacs"}
        assert "INADMISSIBLE" in repr(result) or result.admissible
        assert result.call["function"] == "invariance"


def test_missing_rows_are_counted_by_group():
    data = pupils().copy()
    data.loc[data.index[:5], "x1"] = np.nan
    result = invariance(ABILITIES, data, group="school", levels="metric")
    assert result.n == 296
    assert result.samples["dropped"].tolist() == [5, 0]
    assert codes(result).count("SEM_ROWS_DROPPED") == 1


def test_levels_in_short():
    assert [step.level for step in read_levels("scalar")[0]] == ["configural", "scalar"]
    (_, only), _ = read_levels(["scalar"])
    assert only.added == ("loadings", "intercepts")
    assert [step.added for step in read_levels(None)[0]] == [(), ("loadings",), ("intercepts",), ("residuals",)]


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({}, "name what is compared"),
        ({"group": "school", "waves": ["1", "2"]}, "group= or waves=, not both"),
        ({"group": "shool"}, "'shool' is not a column of the data. Did you mean 'school'?"),
        ({"group": "x1"}, "'x1' is the group and a variable of the model"),
        ({"group": "school", "criteria": "chem"}, "Did you mean 'chen'?"),
        ({"group": "school", "levels": ["metrc"]}, "Did you mean 'metric'?"),
        ({"group": "school", "levels": ["scalar", "metric"]}, "from weak to strong"),
        ({"group": "school", "levels": ["means"]}, "'means' can be read only when intercepts are equal"),
        ({"group": "school", "levels": ["metric", "metric"]}, "more than once"),
        ({"group": "school", "levels": ["configural"]}, "at least one level beyond"),
        ({"group": "school", "levels": ["metric", "regressions"]}, "holds regressions equal, but the model has none"),
        ({"group": "school", "group_equal": "loadings"}, "group_equal= has no use here"),
        ({"group": "school", "bootstrap": 500}, "bootstrap= has no use here"),
        ({"group": "school", "meanstructure": False}, "leave meanstructure=False out"),
        ({"group": "school", "group_partial": ["x1 ~~ x10"]}, "Did you mean 'x1 ~~ x1'"),
        ({"group": "school", "id": "id"}, "goes with waves= the column of the wave"),
        ({"group": "school", "like_items": "no"}, "like_items= must be True or False"),
        ({"group": "school", "ordered": True}, "ordered= is not built yet"),
    ],
)
def test_requests_that_are_refused(keywords, words):
    with pytest.raises(CrmstudyError) as caught:
        invariance(ABILITIES, pupils(), **keywords)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("visual =~ x1 + c(a, b)*x2 + x3", "labels, := and constraints"),
        ("visual =~ x1 + a*x2 + x3", "labels, := and constraints"),
        ("visual =~ x1 + c(1, 2)*x2 + x3", "c() and equal() say themselves"),
        ('visual =~ x1 + x2 + equal("visual=~x2")*x3', "c() and equal() say themselves"),
        ("x1 ~ x2", "the model measures none"),
        ("visual =~ x1 + x2 + x33", "Did you mean 'x3'?"),
        (7, "the model must be a text"),
    ],
)
def test_models_that_are_refused(model, words):
    with pytest.raises(ModelError) as caught:
        invariance(model, pupils(), group="school")
    assert words in str(caught.value)


def test_all_faults_are_told_at_once():
    with pytest.raises(ModelError) as caught:
        invariance("visual =~ a*x1 + x2 + x33", pupils(), group="shool")
    assert len(caught.value.faults) == 3
    with pytest.raises(ModelError) as caught:
        invariance(ABILITIES, pupils(), criteria="x", levels=["y", "z"], meanstructure=False)
    assert len(caught.value.faults) == 5


@pytest.mark.parametrize(
    ("waves", "words"),
    [
        (["1", "2", "4"], "wave '4' needs the column 'JOBSAT4' for 'JOBSAT'"),
        (["1"], "at least two waves; found 1"),
        (3, "waves= must be a list of what stands behind"),
        ({"a": {"JOBSAT": "JOBSAT1"}, "b": MAPPING["t2"]}, "names no column for 'COMMIT'"),
        ({"a": MAPPING["t1"], "b": {**MAPPING["t2"], "SAT": "x"}}, "names 'SAT', which is no variable"),
        ({"a": MAPPING["t1"], "b": {**MAPPING["t2"], "JOBSAT": "JOBSAT1"}}, "stands for 'JOBSAT' of wave 'a'"),
        ({"t 1": MAPPING["t1"], "b": MAPPING["t2"]}, "named by letters, digits and _ alone"),
        ("when", "id= must name the column of the respondent"),
    ],
)
def test_waves_that_are_refused(waves, words):
    with pytest.raises(CrmstudyError) as caught:
        invariance(MORALE, soldiers(), waves=waves)
    assert words in str(caught.value)


def test_stacked_files_that_are_refused():
    data = stacked()
    twice = pd.concat([data, data.head(2)])
    with pytest.raises(DataError, match="2 rows repeat a respondent"):
        invariance(MORALE, twice, waves="when", id="who")
    with pytest.raises(DataError, match="at least two waves apart; it holds 1"):
        invariance(MORALE, data[data["when"] == 1], waves="when", id="who")
    with pytest.raises(DataError, match="3 rows have no value in 'when' or 'who'"):
        invariance(MORALE, pd.concat([data, data.head(3).assign(when=np.nan)]), waves="when", id="who")
    with pytest.raises(DataError, match="'wen' is not a column of the data"):
        invariance(MORALE, data, waves="wen", id="who")


def test_a_factor_that_would_have_the_name_of_a_column():
    with pytest.raises(DataError, match="would be called 'morale1' in wave '1', which is a column"):
        invariance(MORALE, soldiers().assign(morale1=0.0), waves=["1", "2"])


def test_data_that_do_not_allow_it():
    data = pupils()
    one = data[data["school"] == data["school"].iloc[0]]
    with pytest.raises(DataError, match="at least two groups apart; it holds 1"):
        invariance(ABILITIES, one, group="school")
    few = pd.concat([one, data.drop(one.index).head(8)])
    with pytest.raises(AnalysisError, match="N must exceed the number of observed variables in group 'Grant-White'"):
        invariance(ABILITIES, few, group="school")
    with pytest.raises(TypeError, match="'estimtor' is not a keyword"):
        invariance(ABILITIES, data, group="school", estimtor="ML")
