"""Maturity and profitability with ease of switching as moderator: against R, and what is said of it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from crmstudy.assessment.maturity import profitability
from crmstudy.errors import AnalysisError, CrmstudyError, ModelError
from crmstudy.models.regression import regress
from crmstudy.notes import explanations
from tests import tolerances
from tests.reference import cases, load

EXACT = tolerances.LEAST_SQUARES_RELATIVE
FIGURES = ["estimate", "std_error", "statistic", "p_value", "ci_low", "ci_high"]


def firms(n: int = 150, b3: float = -0.3, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    made = pd.DataFrame({"crm": rng.uniform(0, 6, n), "ease": rng.uniform(1, 5, n)})
    return made.assign(margin=2 + 1.0 * made["crm"] + b3 * made["crm"] * (made["ease"] - 3) + rng.normal(size=n))


def asked(data: pd.DataFrame, **keywords: object) -> object:
    return profitability(data, maturity="crm", profit="margin", switching="ease", **keywords)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", cases("profitability"))
def test_against_r(name: str) -> None:
    case = load(name)
    assert case.data is not None
    theirs = case.output
    names = {"maturity": theirs["maturity"], "profit": theirs["profit"], "switching": theirs["switching"]}
    found = profitability(case.data, **names, covariates=theirs["covariates"])
    assert found.n == theirs["n"]
    rows = found.estimates.set_index("term")
    for term, key in (
        (names["maturity"], "maturity_row"), (names["switching"], "switching_row"), (found.call["product"], "product"),
    ):  # fmt: skip
        np.testing.assert_allclose(rows.loc[term, FIGURES].astype(float), [theirs[key][f] for f in FIGURES], rtol=EXACT)
    assert (rows["df"] == theirs["df"]).all()
    slopes = case.table("slopes")
    np.testing.assert_allclose(found.tables["slopes"][FIGURES], slopes[FIGURES], rtol=EXACT)
    assert found.tables["slopes"]["at"].tolist() == slopes["at"].tolist()
    np.testing.assert_allclose(
        found.tables["johnson_neyman"]["bound"], theirs["bounds"], rtol=tolerances.INVERSE_RELATIVE
    )
    assert found.fit["delta_r_squared"] == pytest.approx(theirs["delta_r_squared"], rel=tolerances.INVERSE_RELATIVE)
    assert found.fit["detectable_f2"] == pytest.approx(theirs["detectable_f2"], rel=1e-7)
    r = found.tables["correlations"].iloc[0]
    wanted = theirs["correlation"]
    assert r["of"] == "all"
    np.testing.assert_allclose(
        r[["r", "ci_low", "ci_high"]].astype(float), [wanted["r"], wanted["low"], wanted["high"]], rtol=EXACT
    )
    assert r["p_value"] == pytest.approx(wanted["p"], rel=tolerances.TAIL_RELATIVE)


def test_slopes_are_coefficients_of_models_centred_elsewhere() -> None:
    data = firms()
    found = asked(data)
    for row in found.tables["slopes"].to_dict("records"):  # type: ignore[attr-defined]
        moved = data.assign(ease=data["ease"] - row["switching"])
        other = regress("margin ~ crm * ease", moved, se="HC3").estimates.set_index("term").loc["crm"]
        np.testing.assert_allclose([row[f] for f in FIGURES], other[FIGURES].astype(float), rtol=EXACT)


def test_at_the_bounds_the_interval_of_the_slope_ends_at_zero() -> None:
    data = firms()
    found = asked(data)
    table = found.tables["johnson_neyman"]  # type: ignore[attr-defined]
    assert len(table) == 2
    for row in table.to_dict("records"):
        moved = data.assign(ease=data["ease"] - row["bound"])
        other = regress("margin ~ crm * ease", moved, se="HC3").estimates.set_index("term").loc["crm"]
        assert min(abs(other["ci_low"]), abs(other["ci_high"])) < 1e-8
        assert row["slope"] == pytest.approx(other["estimate"], rel=1e-8)
        assert row["percent_below"] == pytest.approx(100 * (data["ease"] < row["bound"]).mean())
        inside = data["ease"].min() <= row["bound"] <= data["ease"].max()
        assert row["inside"] == ("yes" if inside else "no")


def test_a_moderator_may_be_moved_and_stretched() -> None:
    data = firms(80)
    one, two = asked(data), asked(data.assign(ease=10 * data["ease"] + 7))
    np.testing.assert_allclose(
        one.tables["slopes"][FIGURES],
        two.tables["slopes"][FIGURES],
        rtol=EXACT,  # type: ignore[attr-defined]
    )
    product = [r.estimates.set_index("term").loc["crm:ease", "estimate"] for r in (one, two)]  # type: ignore[attr-defined]
    assert product[0] == pytest.approx(10 * product[1], rel=EXACT)


def test_the_detectable_effect_is_found_in_four_of_five_samples() -> None:
    from scipy.stats import f as f_dist
    from scipy.stats import ncf

    found = asked(firms(60))
    f2 = found.fit["detectable_f2"]  # type: ignore[attr-defined]
    power = ncf.sf(f_dist.isf(0.05, 1, 56), 1, 56, 60 * f2)
    assert power == pytest.approx(0.8, abs=1e-8)


@pytest.mark.parametrize(
    ("b3", "slope", "said"),
    [(-0.3, 1.0, "the direction of the source's statement"), (0.3, 1.0, "against the source's statement"),
     (0.0, 1.0, "leave open"), (-0.4, -2.0, "not what the source states")],
)  # fmt: skip
def test_what_is_said_of_the_statement_follows_the_figures(b3: float, slope: float, said: str) -> None:
    data = firms(b3=b3, seed=4)
    data["margin"] += (slope - 1.0) * data["crm"]
    assert said in asked(data).text  # type: ignore[attr-defined]


def test_it_is_said_to_be_correlational_and_few_are_warned_of() -> None:
    few, many = asked(firms(40)), asked(firms(200))
    assert "PROFITABILITY_FEW" in [note.code for note in few.notes]  # type: ignore[attr-defined]
    assert "PROFITABILITY_FEW" not in [note.code for note in many.notes]  # type: ignore[attr-defined]
    for found in (few, many):
        assert "PROFITABILITY_CORRELATIONAL" in [note.code for note in found.notes]  # type: ignore[attr-defined]
        assert "The data are correlational" in found.text  # type: ignore[attr-defined]
    assert len(few.prose("fa")) == len(few.prose("ru")) == len(few.prose())  # type: ignore[attr-defined]
    assert "۴۰ سازمان" in few.prose("fa")[0]
    assert "По данным 40 организаций" in few.prose("ru")[0]
    codes = {"PROFITABILITY_FEW", "PROFITABILITY_CORRELATIONAL", "PROFITABILITY_CONSTANT", "PROFITABILITY_TOO_FEW"}
    assert codes <= set(explanations())


def test_covariates_may_be_words_and_names_may_be_anything() -> None:
    rng = np.random.default_rng(2)
    data = firms(90).assign(industry=rng.choice(["bank", "retail"], 90), size=rng.normal(size=90))
    renamed = data.rename(columns={"crm": "بلوغ CRM", "ease": "آسانی جابه‌جایی", "margin": "profit, %"})
    one = asked(data, covariates=["industry", "size"])
    two = profitability(
        renamed, maturity="بلوغ CRM", profit="profit, %", switching="آسانی جابه‌جایی", covariates=["industry", "size"]
    )
    np.testing.assert_allclose(one.estimates["estimate"], two.estimates["estimate"], rtol=EXACT)  # type: ignore[attr-defined]
    assert "`" not in "".join(two.estimates["term"])


def test_rows_with_gaps_are_left_out_and_said() -> None:
    data = firms(60)
    data.loc[[3, 9], "margin"] = np.nan
    found = asked(data)
    assert (found.n, int(found.samples["dropped"].iloc[0])) == (58, 2)  # type: ignore[attr-defined]
    assert "REGRESSION_ROWS_DROPPED" in [note.code for note in found.notes]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("data", "keywords", "error", "told"),
    [
        (firms(4), {}, AnalysisError, "more rows than coefficients"),
        (firms(50).assign(ease=3.0), {}, AnalysisError, "ease must differ"),
        (firms(50).assign(margin=np.nan), {}, AnalysisError, "No organisation has a value"),
        (firms(50).assign(more=lambda x: x["crm"] * 2), {"covariates": "more"}, AnalysisError, "computed exactly"),
        (firms(50), {"covariates": ["crm"]}, CrmstudyError, "more than one part"),
        (firms(50), {"covariates": ["sise"]}, CrmstudyError, "no column 'sise'"),
        (firms(50).assign(crm="high"), {}, CrmstudyError, "holds numbers"),
        (firms(50), {"level": 2}, CrmstudyError, "`level`"),
    ],
)
def test_faults_are_sentences(data: pd.DataFrame, keywords: dict[str, object], error: type, told: str) -> None:
    with pytest.raises(error, match=told):
        asked(data, **keywords)


def test_the_figure_has_the_expected_lines() -> None:
    found = asked(firms())
    (curves,) = found.drawings()  # type: ignore[attr-defined]
    assert [name for name, *_ in curves.lines] == ["hard to switch", "usual", "easy to switch"]
    slopes = found.tables["slopes"]["estimate"]  # type: ignore[attr-defined]
    for (_, x, y), slope in zip(curves.lines, slopes, strict=True):
        assert (y[1] - y[0]) / (x[1] - x[0]) == pytest.approx(slope, rel=1e-9)
    for shown in found.shown:  # type: ignore[attr-defined]
        table = found.estimates if shown.table == "estimates" else found.tables[shown.table]  # type: ignore[attr-defined]
        assert {column for column, _, _ in shown.columns} <= set(table.columns)


def test_a_file_and_numbers_of_any_type_give_the_same_answer(tmp_path) -> None:
    frame = firms(90).assign(size=np.round(np.random.default_rng(2).normal(size=90), 3))
    expected = asked(frame, covariates=["size"])
    frame.to_csv(tmp_path / "firms.csv", index=False)
    others = (
        str(tmp_path / "firms.csv"),
        frame.assign(size=[Decimal(str(value)) for value in frame["size"]]),
        frame.astype({"size": "Float64"}),
    )
    for other in others:  # a covariate of numbers that is taken for words has as many coefficients as values
        found = asked(other, covariates="size")
        np.testing.assert_allclose(found.estimates["estimate"], expected.estimates["estimate"], rtol=1e-9)
    assert asked(frame, covariates=None).call["covariates"] == []


def test_an_organisation_alone_in_its_group_is_told_with_what_can_be_done() -> None:
    frame = firms(50).assign(industry=["bank", *["shop", "farm"] * 24, "farm"])
    with pytest.raises(AnalysisError, match="Merge that group, or leave") as caught:
        asked(frame, covariates="industry")
    assert caught.value.code == "REGRESSION_FULL_LEVERAGE"


def test_what_is_no_name_of_a_column_is_said() -> None:
    with pytest.raises(ModelError) as caught:
        profitability(firms(90), maturity=["crm"], profit=None, switching="ease", covariates=3, level=2)
    assert len(caught.value.faults) == 4
    for told in ("`maturity`", "`profit`", "`covariates`", "`level`"):
        assert told in str(caught.value)
