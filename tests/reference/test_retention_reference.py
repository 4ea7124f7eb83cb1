"""Number of factors: against psych, and against other formulas in plain R where psych has none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crmstudy.measurement.factors.retention import RetentionResult, retention
from tests import tolerances
from tests.reference import Case, cases, load

DRAWS = 400


def near(ours: Any, theirs: Any, relative: float, absolute: float = tolerances.CLOSED_FORM) -> None:
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=relative, atol=absolute
    )


def asked(name: str, **keywords: Any) -> tuple[Case, RetentionResult]:
    case = load(name)
    assert case.data is not None
    theirs = case.output
    found = retention(
        case.data, items=list(theirs["columns"]), missing=theirs["missing"], ordinal=theirs["ordinal"], seed=1,
        **{"draws": 20, "max_factors": theirs["most"] or None, **keywords},
    )  # fmt: skip
    assert found.n == theirs["n"]
    return case, found


def precision(case: Case) -> float:
    """Functions of Pearson correlations are closed forms; of polychoric ones, of what lavaan's search leaves."""
    return tolerances.POLYCHORIC_FUNCTION if case.output["ordinal"] else tolerances.INVERSE_RELATIVE


@pytest.mark.parametrize("name", cases("retention"))
def test_adequacy_and_sphericity(name: str) -> None:
    case, ours = asked(name)
    theirs = case.output
    kmo = ours.tables["kmo"]
    near(kmo["msa"], [theirs["kmo"], *theirs["msa"]], precision(case))
    assert kmo["item"].tolist() == ["overall", *theirs["columns"]]
    bartlett = ours.tables["bartlett"].iloc[0]
    for key in ("chisq", "determinant"):
        near(bartlett[key], theirs["bartlett"][key], precision(case))
    assert bartlett["df"] == theirs["bartlett"]["df"]
    near(bartlett["p_value"], theirs["bartlett"]["p_value"], tolerances.TAIL_RELATIVE)


@pytest.mark.parametrize("name", cases("retention"))
def test_eigenvalues(name: str) -> None:
    case, ours = asked(name)
    near(ours.tables["eigenvalues"]["component"], case.output["components"], precision(case))
    near(ours.estimates["estimate"], case.output["components"], precision(case))
    near(ours.tables["eigenvalues"]["factor"], case.output["factors_smc"], precision(case), tolerances.DERIVED)


@pytest.mark.parametrize("name", cases("retention"))
def test_eigenvalues_with_minres_communalities(name: str) -> None:
    case, ours = asked(name, communalities="minres")
    near(
        ours.tables["eigenvalues"]["factor"], case.output["factors_minres"], 0.0, tolerances.PSYCH_MINRES_COMMUNALITY
    )  # fmt: skip


@pytest.mark.parametrize("name", [name for name in cases("retention") if "ordinal" not in name])
@pytest.mark.parametrize("kind", ["components", "factors"])
def test_random_eigenvalues(name: str, kind: str) -> None:
    """Means over draws differ by chance alone: each is compared with the spread of an eigenvalue over our draws."""
    case, ours = asked(name, draws=DRAWS)
    table, single = ours.tables["eigenvalues"], kind.removesuffix("s")
    spread = (table[f"{single}_percentile"] - table[f"{single}_mean"]) / 1.645
    by_chance = spread * np.sqrt(1.0 / DRAWS + 1.0 / case.output["draws"])
    gap = np.abs(table[f"{single}_mean"] - np.array(case.output[f"random_{kind}"]))
    # the spread is itself an estimate from 20 draws above the percentile, right to about a tenth
    assert (gap <= 1.2 * tolerances.MONTE_CARLO_IN_SE * by_chance).all()


@pytest.mark.parametrize("name", cases("retention"))
def test_partial_correlations(name: str) -> None:
    case, ours = asked(name)
    table = ours.tables["map"]
    near(table["squared"], case.output["map_squared"], precision(case))
    near(table["fourth"], case.output["map_fourth"], precision(case))
    psych = case.output["map_psych"]
    near(table["squared"][1 : 1 + len(psych)], psych, precision(case))
    numbers = ours.tables["suggested"].set_index("method")["number"]
    assert numbers["map"] == int(np.argmin(case.output["map_squared"]))
    assert numbers["map_fourth"] == int(np.argmin(case.output["map_fourth"]))


@pytest.mark.parametrize("name", cases("retention"))
def test_rules_about_eigenvalues(name: str) -> None:
    case, ours = asked(name)
    theirs = case.output
    numbers = ours.tables["suggested"].set_index("method")["number"]
    near(ours.tables["ekc"]["reference"], theirs["ekc"]["references"], precision(case))
    near(ours.tables["scree"]["optimal_coordinate"][:-2], theirs["optimal_coordinates"]["foretold"], precision(case))
    assert ours.tables["scree"]["optimal_coordinate"][-2:].isna().all()
    assert numbers["ekc"] == theirs["ekc"]["number"]
    assert numbers["optimal_coordinates"] == theirs["optimal_coordinates"]["number"]
    assert numbers["acceleration"] == theirs["acceleration"]
    assert numbers["kaiser"] == theirs["kaiser"]


@pytest.mark.parametrize("name", [name for name in cases("retention") if load(name).output["hull"]])
def test_hull(name: str) -> None:
    case, ours = asked(name)
    table, numbers = ours.tables["hull"], ours.tables["suggested"].set_index("method")["number"]
    for index in ("caf", "cfi", "rmsea"):
        theirs, mine = case.output["hull"][index], table[table["index"] == index.upper()]
        fit = 1.0 - mine["fit"] if index == "rmsea" else mine["fit"]
        near(fit, theirs["fit"], 0.0, tolerances.FACTANAL_FIT)
        assert mine["on_hull"].tolist() == theirs["on"]
        assert numbers[f"hull_{index}"] == theirs["best"]
        near(mine["scree_value"], np.array(theirs["ratio"], dtype=float), tolerances.HULL_RATIO_RELATIVE)
    assert table["df"].tolist() == case.output["hull"]["df"] * 3
