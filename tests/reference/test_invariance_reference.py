"""Measurement invariance over groups and waves against lavaan (and, for waves, the models semTools writes)."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

import crmstudy as cs
from tests import tolerances
from tests.reference import cases
from tests.reference.after import assert_close, case_of, text_of

LADDERS = [name for name in cases("invariance") if not name.endswith("_effects")]
ROBUST = [name for name in LADDERS if case_of(name).table("ladder")["cfi.robust"].notna().all()]
WAVES = [name for name in LADDERS if "waves" in case_of(name).options]
EFFECTS = [name for name in cases("invariance") if name.endswith("_effects")]
INDICES = ("cfi", "rmsea", "srmr")


@cache
def ladder_of(name: str) -> Any:
    """Over groups the model as it stands; over waves the one written once, for names without their wave."""
    case = case_of(name)
    over = {kind: case.options[kind] for kind in ("group", "waves") if kind in case.options}
    levels = [level["level"] for level in case.options["levels"]]
    model = text_of(case, "once.lav") if "waves" in over else case.model
    return cs.invariance(model, case.data, **over, levels=levels, **case.keywords)


def both(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Our ladder and lavaan's, level by level."""
    ours, theirs = ladder_of(name).tables["ladder"], case_of(name).table("ladder")
    assert len(ours) == len(theirs)
    return ours, theirs


@pytest.mark.parametrize("name", LADDERS)
def test_fit_of_each_level(name: str) -> None:
    ours, theirs = both(name)
    levels = theirs["level"]
    assert ours["df"].tolist() == theirs["df"].tolist()
    assert_close(ours["chisq"], theirs["chisq"], tolerances.CHISQ_RELATIVE * theirs["chisq"], levels)
    for index in INDICES:
        allowed = tolerances.DERIVED if index == "srmr" else tolerances.FIT_INDEX
        assert_close(ours[index], theirs[index], allowed, levels)
        assert_close(ours[f"delta_{index}"], theirs[f"delta_{index}"], 2 * allowed, levels)
    for criterion in ("aic", "bic"):
        assert_close(ours[criterion], theirs[criterion], tolerances.LOGLIK_RELATIVE * theirs[criterion], levels)


@pytest.mark.parametrize("name", LADDERS)
def test_differences_between_levels(name: str) -> None:
    """Scaled differences where the estimator is robust (Satorra & Bentler, 2001)."""
    ours, _ = both(name)
    theirs = case_of(name).table("tests", "tests")
    ours, theirs = ours[1:], theirs[1:]
    assert ours["delta_df"].tolist() == theirs["df_diff"].tolist()
    spread = theirs["df"] / theirs["df_diff"]
    allowed = 2 * tolerances.CHISQ_RELATIVE * theirs["chisq"]
    if case_of(name).keywords.get("estimator", "ML") != "ML":
        allowed = allowed + tolerances.STANDARD_ERROR_RELATIVE * spread * theirs["chisq_diff"]
    assert_close(ours["delta_chisq"], theirs["chisq_diff"], allowed, theirs["model"])
    assert_close(ours["delta_p"], theirs["p_value"], tolerances.P_VALUE * spread, theirs["model"])


@pytest.mark.parametrize(
    "name", [name for name in LADDERS if case_of(name).table("ladder")["cfi.robust"].notna().all()]
)
def test_robust_indices(name: str) -> None:
    """The robust CFI and RMSEA are ratios of scaling factors, which are good to 1e-5."""
    ours, theirs = both(name)
    for index in ("cfi", "rmsea"):
        mine = ours[f"{index}_robust"]
        assert_close(mine, theirs[f"{index}.robust"], tolerances.STANDARD_ERROR_RELATIVE, theirs["level"])


@pytest.mark.parametrize("name", LADDERS)
def test_latent_means_of_the_scalar_level(name: str) -> None:
    """lavaan fixes the means of the first group or wave at 0, so that the others are differences from it."""
    theirs = pd.DataFrame(case_of(name).output["latent_means"]["scalar"])
    theirs = theirs[theirs["se"] > 0]
    theirs = theirs.set_index(theirs["lhs"] + theirs["group"].fillna(""))
    ours = ladder_of(name).latent_means("scalar")
    ours = ours.set_index(ours["factor"] + ours["group"])
    assert sorted(ours.index) == sorted(theirs.index)
    ours = ours.loc[theirs.index]
    assert_close(ours["estimate"], theirs["est"], tolerances.ESTIMATE_IN_SE * theirs["se"], theirs.index)
    assert_close(ours["std_error"], theirs["se"], tolerances.STANDARD_ERROR_RELATIVE * theirs["se"], theirs.index)
    allowed = tolerances.Z_ABSOLUTE + tolerances.Z_RELATIVE * theirs["z"].abs()
    assert_close(ours["statistic"], theirs["z"], allowed, theirs.index)
    assert_close(ours["p_value"], theirs["pvalue"], tolerances.P_VALUE, theirs.index)


@pytest.mark.parametrize("name", WAVES)
def test_the_models_of_the_waves_are_the_ones_written_out(name: str) -> None:
    """Each level equals the model with its equalities written as labels, fitted on its own."""
    case = case_of(name)
    ladder = ladder_of(name).tables["ladder"]
    for position, level in enumerate(case.options["levels"]):
        alone = cs.cfa(text_of(case, level["file"]), case.data, meanstructure=True, **case.keywords)
        row = ladder.iloc[position]
        assert row["df"] == alone.fit["df"]
        assert row["chisq"] == pytest.approx(alone.fit["chisq"], rel=tolerances.CHISQ_RELATIVE)


@cache
def of_two_groups(name: str) -> Any:
    case = case_of(name)
    return cs.invariance(case.model, case.data, group=case.options["group"])


@pytest.mark.parametrize("name", EFFECTS)
def test_effect_sizes_of_the_items(name: str) -> None:
    """d_MACS (Nye & Drasgow, 2011), the first item of each factor as referent, the second group as focal group."""
    theirs = case_of(name).table("dmacs").set_index("item")
    found = of_two_groups(name).tables["dmacs"].set_index("item")
    assert sorted(found.index[found["referent"]]) == sorted(case_of(name).output["reference_items"])
    ours = found.loc[theirs.index]
    assert_close(ours["dmacs"], theirs["dmacs"], tolerances.DERIVED, theirs.index)
    assert_close(ours["mean_difference"], theirs["mean_difference"], tolerances.DERIVED, theirs.index)
    signed = theirs["mean_difference"] / theirs["pooled_sd"]
    assert_close(ours["signed"], signed, tolerances.DERIVED, theirs.index)


@pytest.mark.parametrize("name", EFFECTS)
def test_effect_sizes_of_the_latent_means(name: str) -> None:
    theirs = case_of(name).table("latent_means").set_index("factor")
    ours = of_two_groups(name).latent_means("scalar").set_index("factor").loc[theirs.index]
    assert_close(ours["estimate"], theirs["difference"], tolerances.DERIVED, theirs.index)
    assert_close(ours["effect_size"], theirs["by_pooled"], tolerances.DERIVED, theirs.index)
