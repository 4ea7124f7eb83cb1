"""The printed figures with their limits, and a difference that no test can be made of."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_ind_from_stats

from crmstudy.assessment.catalogue import LANGUAGES, catalogue
from crmstudy.assessment.facts import dmr_sensitivity, printed
from crmstudy.errors import ModelError, UnsupportedError
from crmstudy.notes import explanations
from tests import tolerances
from tests.reference import load

EXACT = tolerances.CLOSED_FORM_RELATIVE
#: Statement, relation and figures as the source documents print them.
FIGURES = [
    ("0.7", [("=", 500), ("up to", 4)]),
    ("0.10", [("=", 219), ("=", 53), ("=", 71)]),
    ("2.4", [("=", 2006)]),
    ("2.5", [("about", 80), ("about", 20)]),
    ("4.1", [("fewer than", 10)]),
    ("4.3", [("=", 8)]),
    ("4.6", [("=", 0), ("=", 6)]),
    ("4.7", [("=", 4), ("=", 4), ("=", 3), ("=", 3), ("=", 3), ("=", 2), ("=", 2)]),
    ("4.8", [("at least", 1)]),
    ("4.9", [("=", 8), ("=", 29)]),
    ("4.11", [("more than", 10), ("=", 3)]),
    ("4.12", [("=", 24), ("=", 7)]),
    ("4.13", [("=", 96), ("=", 6)]),
    ("4.15", [("=", 35)]),
    ("4.16", [("about", 5.4)]),
    ("4.18", [("more than", 85), ("about", 15), ("expected", 100)]),
    ("4.19", [("=", 1), ("=", 2)]),
]


@pytest.mark.parametrize(("statement", "figures"), FIGURES)
def test_figures_are_as_printed(statement: str, figures: list[tuple[str, float]]) -> None:
    table = printed(statement).tables["facts"]
    assert list(zip(table["relation"], table["value"], strict=True)) == figures
    assert (table["missing"] != "").all()
    assert (table["claim"] != "").all()


def test_every_figure_has_a_unit_a_claim_and_what_is_missing_in_three_languages() -> None:
    tables = {lang: printed(lang=lang).tables["facts"] for lang in LANGUAGES}
    assert set(tables["en"]["statement"]) == {statement for statement, _ in FIGURES}
    for lang, table in tables.items():
        assert (table[["says", "claim", "relation", "unit", "missing", "document"]] != "").all(axis=None)
        assert table["value"].tolist() == tables["en"]["value"].tolist()
        if lang != "en":
            assert (table["says"] != tables["en"]["says"]).all()
            assert (table["unit"] != tables["en"]["unit"]).all()


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("0.10", ["the sizes of the two groups", "standard deviations"]),
        ("2.5", ["the primary source"]),
        ("4.7", ["who rated and how well raters agreed"]),
        ("4.15", ["the value it is compared with", "what would have happened without it"]),
        ("4.1", ["how and how many were sampled"]),
    ],
)
def test_what_is_missing_to_check_a_figure_is_named(statement: str, missing: list[str]) -> None:
    told = printed(statement).tables["facts"]["missing"].iloc[0]
    assert all(part in told for part in missing)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("4.3", "Eight industries are said to have been examined, but seven firms are listed"),
        ("4.19", "no listed firm is at 1 and only two are at 2"),
        ("2.4", "dated 2006; their article appeared in 2005"),
        ("4.9", "The 29 leaves of the eight blocks are our count"),
    ],
)
def test_contradictions_stay_visible(statement: str, said: str) -> None:
    found = printed(statement)
    assert said in found.tables["contradictions"]["says"].iloc[0]
    assert said in found.text
    assert said in printed().text


def test_the_contradictions_are_those_of_the_catalogues_themselves() -> None:
    levels = printed("4.7").tables["facts"]["value"].tolist()
    assert len(levels) == 7 != printed("4.3").tables["facts"]["value"].iloc[0]
    assert levels.count(1) == 0
    assert levels.count(2) == 2
    leaves = sum(len(catalogue(f"maturity/{block}")["leaves"]) for block in catalogue("maturity")["blocks"])
    assert leaves == printed("4.9").tables["facts"]["value"].iloc[1] == 29


def test_four_to_six_times_is_no_figure_of_these_documents() -> None:
    found = printed()
    assert not found.tables["facts"]["says"].str.contains("four to six").any()
    assert "later instalment of the thesis, not in these documents" in found.text


def test_a_statement_without_a_figure_and_another_language_are_refused() -> None:
    with pytest.raises(ModelError, match="Did you mean '4\\.9'"):
        printed("9.9")
    with pytest.raises(UnsupportedError, match="de"):
        printed(lang="de")
    assert {"FACTS_UNCHECKED", "FACTS_NO_TEST", "FACTS_IMPOSSIBLE_SD"} <= set(explanations())


# --- a difference that cannot be tested ----------------------------------------------------


def test_every_row_is_welch_by_r() -> None:
    for row in load("assumed_means/dmr").table("rows").to_dict("records"):
        found = dmr_sensitivity(splits=[int(row["n"])], sds=[(row["sd_without"], row["sd_with"])])
        ours = found.tables["sensitivity"].iloc[0]
        wanted = {"statistic": "t", "df": "df", "std_error": "std_error", "ci_low": "low", "ci_high": "high", "d": "d"}
        for mine, theirs in wanted.items():
            # R has samples made to have these moments, which holds to rounding of the sums
            assert ours[mine] == pytest.approx(row[theirs], rel=tolerances.LEAST_SQUARES_RELATIVE)


def test_every_row_is_welch_by_scipy() -> None:
    for row in dmr_sensitivity().tables["sensitivity"].to_dict("records"):
        without = (53, row["sd_without"], row["n_without"])
        test = ttest_ind_from_stats(71, row["sd_with"], row["n_with"], *without, equal_var=False)
        assert row["statistic"] == pytest.approx(test.statistic, rel=EXACT)
        assert row["excludes_zero"] == (test.pvalue < 0.05)
        assert row["n_without"] + row["n_with"] == 219
        assert row["difference"] == 18


def test_no_p_value_is_claimed_and_it_is_said_why() -> None:
    found = dmr_sensitivity()
    assert found.estimates.empty
    assert not [column for table in found.tables.values() for column in table if column.startswith("p")
                and column != "possible"]  # fmt: skip
    assert '"p_value"' not in found.to_json()
    assert "No p-value is given" in found.text
    assert "mean goal attainment, not shares of experts" in found.text
    assert [note.code for note in found.notes] == ["FACTS_NO_TEST"]
    assert "مقدار p داده نمی‌شود" in found.prose("fa")[0]
    assert "значение p не приводится" in found.prose("ru")[0]
    assert len(found.prose("fa")) == len(found.prose("ru")) == len(found.prose())


def test_the_smaller_group_needed_is_where_the_interval_starts_to_exclude_zero() -> None:
    for row in dmr_sensitivity(sds=[10, (30, 20), 45]).tables["smallest"].to_dict("records"):
        pair = (row["sd_without"], row["sd_with"])
        smallest = int(row["smallest"])
        reached = dmr_sensitivity(splits=[*range(smallest, 219 - smallest + 1)], sds=[pair]).tables["sensitivity"]
        assert reached["excludes_zero"].all()
        below = dmr_sensitivity(splits=[smallest - 1, 219 - smallest + 1], sds=[pair]).tables["sensitivity"]
        assert not below["excludes_zero"].all()


def test_where_no_split_suffices_none_is_named() -> None:
    found = dmr_sensitivity(without=70, with_view=71, sds=[30])
    assert found.tables["smallest"]["smallest"].isna().all()
    assert "in 0 of them" in found.text


def test_impossible_deviations_are_marked() -> None:
    found = dmr_sensitivity(splits=[110], sds=[45, 48, 60])
    # Bhatia and Davis: half at 0 and half at 100 in the proportions of the mean vary most
    for mean, n, key in ((53, 110, "sd_without"), (71, 109, "sd_with")):
        worst = np.sqrt(mean * (100 - mean) * n / (n - 1))
        assert (found.tables["sensitivity"].loc[found.tables["sensitivity"]["possible"], key] <= worst).all()
    assert found.tables["sensitivity"]["possible"].tolist() == [True, False, False]
    assert "FACTS_IMPOSSIBLE_SD" in [note.code for note in found.notes]
    extreme = np.repeat([0.0, 100.0], [29, 71])
    assert extreme.mean() == 71
    assert found.call["largest_sd"]["with_view"] == pytest.approx(extreme.std(), rel=EXACT)


def test_both_sizes_of_a_split_may_be_given() -> None:
    one, both = dmr_sensitivity(splits=[50, 110], sds=[20]), dmr_sensitivity(splits=[(50, 169), 110], sds=[20])
    assert one.tables["sensitivity"].equals(both.tables["sensitivity"])
    with pytest.raises(ModelError, match="sizes of the first group"):
        dmr_sensitivity(splits=[(50, 60)])


def test_all_faults_of_the_assumptions_at_once() -> None:
    with pytest.raises(ModelError) as caught:
        dmr_sensitivity(splits=[1, 218, "x"], sds=[0, (1, 2, 3)], without=0, level=95)  # type: ignore[list-item]
    assert len(caught.value.faults) == 7
    with pytest.raises(ModelError, match="something to assume"):
        dmr_sensitivity(splits=[])
    with pytest.raises(ModelError, match="`n`"):
        dmr_sensitivity(n=3)


def test_figures_show_the_lower_ends() -> None:
    found = dmr_sensitivity(splits=[20, 110], sds=[10, (40, 20)])
    (grid,) = found.drawings()
    wanted = found.tables["sensitivity"]["ci_low"].to_numpy().reshape(2, 2)
    np.testing.assert_allclose(grid.values, wanted)  # type: ignore[union-attr]
    assert grid.columns == ("10", "40/20")  # type: ignore[union-attr]
    for result in (found, printed()):
        for shown in result.shown:
            assert {column for column, _, _ in shown.columns} <= set(result.tables[shown.table].columns)


def test_a_statement_is_not_called_all_five_documents():
    assert printed("2.4").prose()[0] == "Statement 2.4 prints 1 figure; the table names what is missing to check it."
    assert printed("4.18").prose()[0].startswith("Statement 4.18 prints 3 figures")
    assert printed().prose()[0].startswith("The five source documents print")


def test_one_combination_is_told_as_one():
    found = dmr_sensitivity(splits=[110], sds=[25])
    row = found.tables["sensitivity"].iloc[0]
    assert (
        f"d is 0.72, and the 95% interval of the difference [{row['ci_low']:.2f}, {row['ci_high']:.2f}]" in found.text
    )
    assert "runs from" not in found.text


@pytest.mark.parametrize("options", [{"sds": [1e308]}, {"sds": [1e-300]}, {"sds": [0]}, {"n": 10**9}, {"n": "219"}])
def test_what_no_survey_has_is_refused_in_words(options):
    with pytest.raises(ModelError):
        dmr_sensitivity(**options)
