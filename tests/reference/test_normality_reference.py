"""Shape, Shapiro-Wilk, Kolmogorov-Smirnov, Lilliefors, Mardia and Henze-Zirkler against R."""

from __future__ import annotations

import pytest

from crmstudy.screening.distributions import distributions
from tests import tolerances
from tests.reference import cases, load

CLOSE = tolerances.R_CLOSED_FORM_RELATIVE
NAMES = cases("normality")


@pytest.mark.parametrize("name", NAMES)
def test_of_one_variable(name):
    case = load(name)
    ours = distributions(case.data).tables["normality"].set_index("variable")
    assert list(ours.index) == case.output["columns"]
    for variable, theirs in case.output["variables"].items():
        row = ours.loc[variable]
        assert row["n"] == theirs["n"]
        for figure in ("skew", "kurtosis", "ks_d", "ks_z"):
            assert row[figure] == pytest.approx(theirs[figure], rel=1e-9), figure
        assert row["lilliefors_p"] == pytest.approx(theirs["lilliefors_p"], rel=1e-8)
        assert row["ks_p"] == pytest.approx(theirs["ks_p"], rel=1e-8, abs=tolerances.CLOSED_FORM)
        assert row["shapiro_w"] == pytest.approx(theirs["shapiro_w"], abs=tolerances.SHAPIRO_W)
        assert row["shapiro_p"] == pytest.approx(theirs["shapiro_p"], rel=tolerances.SHAPIRO_P_RELATIVE)


@pytest.mark.parametrize("name", NAMES)
def test_mardia_with_the_divisor_of_psych(name):
    case = load(name)
    ours = distributions(case.data).tables["multivariate"]
    ours = ours[ours["divisor"] == "n - 1"].set_index("test")
    theirs = case.output["mardia"]
    assert (ours["n"] == case.output["n"]).all()
    near = tolerances.INVERSE_RELATIVE
    assert ours.loc["mardia_skewness", "estimate"] == pytest.approx(theirs["b1p"], rel=near)
    assert ours.loc["mardia_skewness", "statistic"] == pytest.approx(theirs["skew"], rel=near)
    assert ours.loc["mardia_skewness_small", "statistic"] == pytest.approx(theirs["small_skew"], rel=near)
    assert ours.loc["mardia_kurtosis", "estimate"] == pytest.approx(theirs["b2p"], rel=near)
    assert ours.loc["mardia_kurtosis", "statistic"] == pytest.approx(theirs["kurtosis"], rel=near, abs=near)
    for test, p in (("skewness", "p_skew"), ("skewness_small", "p_small"), ("kurtosis", "p_kurtosis")):
        # psych takes 1 - pchisq(), which is 0 or a rounding error where ours is the tail
        assert ours.loc[f"mardia_{test}", "p_value"] == pytest.approx(theirs[p], rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_mardia_with_the_divisor_of_mardia(name):
    """With divisor n both coefficients grow by powers of n / (n - 1)."""
    case = load(name)
    ours = distributions(case.data).tables["multivariate"].set_index(["divisor", "test"])["estimate"]
    factor = case.output["n"] / (case.output["n"] - 1.0)
    theirs = case.output["mardia"]
    assert ours["n", "mardia_skewness"] == pytest.approx(theirs["b1p"] * factor**3, rel=tolerances.INVERSE_RELATIVE)
    assert ours["n", "mardia_kurtosis"] == pytest.approx(theirs["b2p"] * factor**2, rel=tolerances.INVERSE_RELATIVE)


@pytest.mark.parametrize("name", NAMES)
def test_henze_zirkler(name):
    case = load(name)
    ours = distributions(case.data).tables["multivariate"].set_index("test").loc["henze_zirkler"]
    theirs = case.output["henze_zirkler"]
    assert ours["statistic"] == pytest.approx(theirs["statistic"], rel=tolerances.INVERSE_RELATIVE)
    assert ours["p_value"] == pytest.approx(theirs["p_value"], rel=1e-6, abs=1e-15)
