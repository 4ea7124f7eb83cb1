"""Top-down maturity: consensus, profiles, agreement, gaps, roadmap, change; what is refused and what is noted."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.maturity.rating import rate
from crmstudy.assessment.maturity.scale import blocks, leaves, lenses
from crmstudy.drawing import Grid, Radar
from crmstudy.errors import DataError, ModelError, UnsupportedError
from crmstudy.notes import explanations
from tests import tolerances

LEAVES = list(leaves())
BLOCK = {name: leaf.block for name, leaf in leaves().items()}


def ratings(**levels: object) -> pd.DataFrame:
    """Ratings of one rater: every leaf at 3 but those named."""
    given_levels = dict.fromkeys(LEAVES, 3) | levels
    return pd.DataFrame({"leaf": list(given_levels), "level": list(given_levels.values())})


def panel(raters: dict[str, dict[str, int]], **more: object) -> pd.DataFrame:
    """Ratings of several raters, each with levels by leaf."""
    rows = [(leaf, level, rater) for rater, levels in raters.items() for leaf, level in levels.items()]
    return pd.DataFrame(rows, columns=["leaf", "level", "rater"]).assign(**more)


def random_panel(seed: int, raters: str = "ABC") -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    base = dict(zip(LEAVES, chance.integers(1, 5, 29), strict=True))
    return panel({who: {leaf: int(base[leaf] + chance.integers(-1, 2)) for leaf in LEAVES} for who in raters})


def codes(result) -> set[str]:
    return {note.code for note in result.notes}


def faults(error) -> str:
    return "\n".join(str(fault) for fault in error.value.faults)


# --- consensus and profiles ---------------------------------------------------------------------------------------


def middle(levels: list[float]) -> float:
    """The median as half the sum of the two middle order statistics."""
    ordered = sorted(levels)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), missing=st.floats(0, 0.95))
def test_profiles_by_hand(seed, missing):
    chance = np.random.default_rng(seed)
    drawn = chance.integers(0, 7, (2, 29)).astype(float)
    drawn[chance.random((2, 29)) < missing] = np.nan
    if np.isnan(drawn).all():
        return
    table = {
        who: {leaf: None if np.isnan(level) else int(level) for leaf, level in zip(LEAVES, levels, strict=True)}
        for who, levels in zip("AB", drawn, strict=True)
    }
    found = rate(panel(table).sample(frac=1.0, random_state=1), target=4, bootstrap=None)
    by_leaf = found.tables["leaves"].set_index("leaf")
    known = {}
    for leaf in LEAVES:
        mine = [table[who][leaf] for who in "AB" if table[who][leaf] is not None]
        assert by_leaf.loc[leaf, "n_raters"] == len(mine)
        if not mine:
            assert math.isnan(by_leaf.loc[leaf, "level"])
            continue
        known[leaf] = middle(mine)
        assert by_leaf.loc[leaf, "level"] == known[leaf]
        assert by_leaf.loc[leaf, "reached"] == known[leaf] // 1
        assert by_leaf.loc[leaf, "gap"] == 4 - known[leaf]
        assert by_leaf.loc[leaf, "discuss"] == (max(mine) - min(mine) > 1)
    means = {}
    rows_of = found.tables["blocks"].set_index("block")
    for block in blocks():
        inside = [known[leaf.id] for leaf in block.leaves if leaf.id in known]
        row = rows_of.loc[block.id]
        assert row["rated"] == len(inside)
        if not inside:
            assert row[["mean", "minimum", "maximum", "gap"]].isna().all()
            continue
        means[block.id] = sum(inside) / len(inside)
        assert row["mean"] == pytest.approx(means[block.id], rel=tolerances.CLOSED_FORM_RELATIVE)
        assert row["minimum"] == min(inside)
        assert row["strong"] == (len(inside) == len(block.leaves) and min(inside) >= 3)
    overall = found.tables["overall"].iloc[0]
    assert overall["mean"] == pytest.approx(sum(means.values()) / len(means), rel=tolerances.CLOSED_FORM_RELATIVE)
    if len(means) == 8:
        assert overall["level"] == math.floor(min(means.values()) + 1e-9)
    else:
        assert math.isnan(overall["level"])


def test_statement_4_4_lenses_are_means_over_their_leaves():
    found = rate(random_panel(3), bootstrap=None)
    level = found.tables["leaves"].set_index("leaf")["level"]
    rows = found.tables["lenses"].set_index("lens")
    assert list(rows.index) == ["people", "processes", "technology"]
    for lens in rows.index:
        inside = [level[name] for name, leaf in leaves().items() if lens in leaf.lenses]
        assert rows.loc[lens, "mean"] == pytest.approx(sum(inside) / len(inside), rel=1e-12)
        assert rows.loc[lens, "minimum"] == min(inside)
        weakest = rows.loc[lens, "weakest"].split(", ")
        assert all(level[name] == min(inside) and lens in leaves()[name].lenses for name in weakest)


def test_the_lowest_block_decides_whatever_the_others_are():
    high = dict.fromkeys(LEAVES, 6) | {"life_cycle": 1, "knowledge_management": 2}
    overall = rate(ratings(**high)).tables["overall"].iloc[0]
    assert overall["lowest_block"] == "processes"
    assert (overall["lowest_mean"], overall["level"], overall["level_name"]) == (1.5, 1.0, "aware")
    assert overall["weakest_leaf"] == 1.0
    assert overall["mean"] == (7 * 6 + 1.5) / 8


def test_statement_4_8_a_block_is_strong_when_every_leaf_is_practised():
    found = rate(ratings(data=2)).tables
    assert found["blocks"].set_index("block")["strong"].to_dict() == {
        block.id: block.id != "information" for block in blocks()
    }
    assert "information" not in found["overall"]["strong"].iloc[0]
    weak = rate(ratings(**dict.fromkeys(LEAVES, 2)))
    assert weak.tables["overall"]["strong"].iloc[0] == ""
    assert "No block is strong yet" in weak.text


def test_an_unrated_block_has_no_number_and_no_overall_level():
    without = ratings().query("leaf not in ['applications', 'it_architecture']")
    found = rate(without, target=4)
    row = found.tables["blocks"].set_index("block").loc["technology"]
    assert row[["mean", "minimum", "maximum", "target", "gap"]].isna().all()
    assert row["rated"] == 0
    assert not row["strong"]
    overall = found.tables["overall"].iloc[0]
    assert (overall["blocks_rated"], overall["mean"]) == (7, 3.0)
    assert math.isnan(overall["level"])
    assert overall["level_name"] == ""
    note = next(note for note in found.notes if note.code == "MATURITY_BLOCK_UNRATED")
    assert "technology" in note.message
    assert found.plot().series[0][1][6] is None
    assert "technology" not in set(found.tables["roadmap"]["block"])
    waiting = found.tables["roadmap"].set_index("leaf").loc["data", "waits_for"]
    assert waiting == "technology"
    for lang in ("en", "fa", "ru"):
        assert "nan" not in " ".join(found.prose(lang))


def test_a_leaf_left_out_is_said_and_keeps_its_block_from_being_strong():
    found = rate(ratings().query("leaf != 'segments'"))
    note = next(note for note in found.notes if note.code == "MATURITY_LEAVES_UNRATED")
    assert "segments" in note.message
    assert not found.tables["blocks"].set_index("block").loc["strategy", "strong"]


def test_an_empty_level_is_not_level_0():
    found = rate(ratings(data=None))
    assert found.n == 28
    assert found.samples["dropped"].iloc[0] == 1
    assert {"MATURITY_EMPTY_RATINGS", "MATURITY_LEAVES_UNRATED"} <= codes(found)
    assert found.tables["blocks"].set_index("block").loc["information", "minimum"] == 3


def test_statement_4_19_the_distribution_stands_beside_the_claim():
    found = rate(ratings(leadership=1, market_position=2, data=2, analysis=5))
    rows = found.tables["distribution"].set_index("level")
    assert rows["leaves"].to_dict() == {0: 0, 1: 1, 2: 2, 3: 25, 4: 0, 5: 1, 6: 0}
    assert rows["percent"].sum() == pytest.approx(100)
    said = next(sentence for sentence in found.prose("en") if "aware and developing" in sentence)
    assert said.startswith("10.3% of the rated leaves (3 of 29)")
    assert "no norm" in said


# --- raters -------------------------------------------------------------------------------------------------------


def test_disagreement_is_listed_with_who_gave_what():
    both = {who: dict.fromkeys(LEAVES, 3) for who in ("Amir", "Olga")}
    both["Amir"]["data"], both["Olga"]["data"] = 1, 4
    both["Olga"]["analysis"] = 4
    found = rate(panel(both), bootstrap=None)
    assert found.tables["discuss"].to_dict("records") == [
        {"unit": "all", "wave": "all", "block": "information", "leaf": "data", "lowest": 1.0, "highest": 4.0,
         "level": 2.5, "ratings": "Amir: 1; Olga: 4"}
    ]  # fmt: skip
    row = found.tables["leaves"].set_index("leaf").loc["data"]
    assert (row["level"], row["reached"]) == (2.5, 2.0)
    assert "MATURITY_DISCUSS" in codes(found)
    pair = found.tables["pairs"].iloc[0]
    assert pair["equal_percent"] == pytest.approx(100 * 27 / 29)
    assert pair["within_one_percent"] == pytest.approx(100 * 28 / 29)
    assert pair["mean_difference"] == pytest.approx(4 / 29)


@pytest.mark.parametrize("seed", [1, 2])
def test_quadratic_kappa_is_a_concordance_of_two_raters(seed):
    """Quadratic weights: kappa is 2 cov / (var + var + (difference of means)²), moments over n."""
    rows = random_panel(seed, "AB")
    x, y = (rows.loc[rows["rater"] == who, "level"].to_numpy(dtype=float) for who in "AB")
    concordance = 2 * np.cov(x, y, ddof=0)[0, 1] / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    found = rate(rows).estimates.set_index("term")["estimate"]
    assert found["kappa_quadratic"] == pytest.approx(concordance, rel=tolerances.CLOSED_FORM_RELATIVE)


def test_icc_from_its_components_of_variance():
    rows = random_panel(5)
    wide = rows.pivot_table(index="leaf", columns="rater", values="level").to_numpy(dtype=float)
    n, k = wide.shape
    residual = wide - wide.mean(axis=1, keepdims=True) - wide.mean(axis=0) + wide.mean()
    error = (residual**2).sum() / ((n - 1) * (k - 1))
    target = wide.mean(axis=1).var(ddof=1) - error / k
    rater = wide.mean(axis=0).var(ddof=1) - error / n
    found = rate(rows, seed=1).estimates.set_index("term")["estimate"]
    assert found["icc_single"] == pytest.approx(target / (target + rater + error), rel=1e-10)
    assert found["icc_average"] == pytest.approx(target / (target + (rater + error) / k), rel=1e-10)


def test_three_raters_have_an_interval_by_a_seed_that_is_kept():
    rows = random_panel(8)
    first = rate(rows, seed=11)
    again = rate(rows.sample(frac=1.0, random_state=2), seed=first.call["seed"])
    columns = ["term", "estimate", "ci_low", "ci_high"]
    pd.testing.assert_frame_equal(first.estimates[columns], again.estimates[columns])
    assert first.call["bootstrap"] == 1000
    kappa = first.estimates.set_index("term").loc["kappa_linear"]
    assert kappa["ci_low"] < kappa["estimate"] < kappa["ci_high"]


def test_raters_who_all_say_the_same_have_no_coefficient_but_a_reason():
    found = rate(panel({who: dict.fromkeys(LEAVES, 3) for who in "AB"}))
    assert found.estimates.empty
    assert [note.code for note in found.notes].count("MATURITY_NO_AGREEMENT") == 2
    assert found.tables["pairs"]["equal_percent"].tolist() == [100.0]


def test_raters_who_share_one_leaf_only():
    found = rate(panel({"A": {"data": 2, "value": 1}, "B": {"data": 3, "loyalty": 4}}))
    assert found.estimates.empty
    assert "MATURITY_NO_AGREEMENT" in codes(found)
    assert found.tables["pairs"]["leaves"].tolist() == [1]


def test_a_single_rater_agrees_with_nobody():
    found = rate(ratings())
    assert found.estimates.empty
    assert found.tables["pairs"].empty
    assert any("nothing can be said about agreement" in sentence for sentence in found.prose("en"))


def test_missing_evidence_is_listed_above_level_0():
    rows = ratings(data=0).assign(evidence="minutes of 3 May")
    rows.loc[rows["leaf"].isin(["data", "value"]), "evidence"] = [None, "  "]
    found = rate(rows)
    assert found.tables["without_evidence"]["leaf"].tolist() == ["value"]
    assert found.tables["leaves"].set_index("leaf")["without_evidence"].sum() == 1
    without = rate(ratings())
    assert len(without.tables["without_evidence"]) == 29
    note = next(note for note in without.notes if note.code == "MATURITY_NO_EVIDENCE")
    assert "no column 'evidence'" in note.message


# --- target and roadmap -------------------------------------------------------------------------------------------


def test_a_leafs_own_target_counts_before_its_blocks():
    found = rate(ratings(data=1), target={"information": 4, "data": 5}).tables
    gap = found["leaves"].set_index("leaf")["gap"]
    assert gap[["data", "analysis", "market_research"]].tolist() == [4, 1, 1]
    assert gap.drop(["data", "analysis", "market_research"]).isna().all()
    assert found["blocks"].set_index("block").loc["information", "gap"] == 2


def test_statement_4_20_the_roadmap_starts_from_the_levels_found():
    levels = {"leadership": 1, "segments": 1, "value": 0, "data": 2}
    found = rate(ratings(**levels), target=3, weights={"segments": 3})
    steps = found.tables["roadmap"]
    # vision rests on nothing; strategy, with a mean of 2.33, waits for nothing as vision is at 2.33 too
    assert steps["leaf"].tolist() == ["segments", "value", "leadership", "data"]
    assert steps["priority"].tolist() == [6, 3, 2, 1]
    assert steps["ready"].all()
    assert steps["step"].tolist() == [1, 2, 3, 4]
    for row in steps.itertuples():
        leaf = leaves()[row.leaf]
        assert row.reached == levels[row.leaf]
        assert row.next_level == levels[row.leaf] + 1
        assert row.now == leaf.anchors[row.reached]["en"]
        assert row.next == leaf.anchors[row.next_level]["en"]
    persian = found.roadmap("fa")
    assert persian["next"].tolist() == [leaves()[leaf].anchors[levels[leaf] + 1]["fa"] for leaf in steps["leaf"]]
    assert any(leaves()["segments"].anchors[2]["ru"] in sentence for sentence in found.prose("ru"))
    assert found.prose("en")[-1].startswith("Assessment comes first")


def test_a_step_waits_for_what_its_block_rests_on():
    low = dict.fromkeys([leaf for leaf in LEAVES if BLOCK[leaf] == "vision"], 0)
    steps = rate(ratings(**low), target=4).tables["roadmap"].set_index("leaf")
    assert steps.loc["objectives", "waits_for"] == "vision"
    assert not steps.loc["objectives", "ready"]
    assert steps["ready"].iloc[:3].all()
    assert list(steps.index[:3]) == ["leadership", "market_position", "value_proposition"]
    # a block is ready when its foundation is one level behind, whatever else is open
    assert steps.loc["life_cycle", "ready"]


def test_without_a_target_the_weakest_come_first_and_nothing_is_called_a_gap():
    found = rate(ratings(loyalty=1, leadership=6))
    steps = found.tables["roadmap"]
    assert "MATURITY_NO_TARGET" in codes(found)
    assert steps["leaf"].iloc[0] == "loyalty"
    assert "leadership" not in set(steps["leaf"])
    assert found.tables["leaves"]["gap"].isna().all()
    assert not any("below their target" in sentence for sentence in found.prose("en"))


def test_the_last_level_has_no_next_one():
    found = rate(ratings(**dict.fromkeys(LEAVES, 6)), target=6)
    assert found.tables["roadmap"].empty
    assert found.tables["overall"]["level"].tolist() == [6.0]
    assert any("No rated leaf is below its target" in sentence for sentence in found.prose("en"))


# --- waves and units ----------------------------------------------------------------------------------------------


def waves(before: dict[str, int], after: dict[str, int], first="2024", last="2025") -> pd.DataFrame:
    return pd.concat([ratings(**before).assign(wave=first), ratings(**after).assign(wave=last)], ignore_index=True)


def test_change_by_leaf_and_block_with_exact_signed_ranks():
    after = {"data": 6, "analysis": 5, "value": 1, "loyalty": 4}
    rows = waves(dict.fromkeys(after, 2), after)
    found = rate(rows[rows["leaf"].isin(list(after))])
    test = found.tables["change_tests"].iloc[0]
    assert test[["leaves", "up", "same", "down"]].tolist() == [4, 3, 0, 1]
    # changes 4, 3, -1, 2: ranks 4, 3, 1, 2
    assert test["v"] == 9
    sums = [
        sum(rank for rank, sign in zip((4, 3, 1, 2), signs, strict=True) if sign)
        for signs in itertools.product((0, 1), repeat=4)
    ]
    assert test["p_value"] == pytest.approx(2 * sum(value >= 9 for value in sums) / 16)
    assert test["exact"]
    change = found.tables["change"].set_index(["of", "name"])["change"]
    assert change[("leaf", "data")] == 4
    assert change[("block", "information")] == 3.5
    assert change[("block", "metrics")] == 0.5
    assert {"MATURITY_FEW_CHANGES", "MATURITY_CHANGE_LEAVES"} <= codes(found)


def test_a_block_is_compared_over_leaves_of_both_waves():
    rows = waves({"data": 0, "analysis": 4}, {"analysis": 4})
    rows = rows[~((rows["leaf"] == "data") & (rows["wave"] == "2025"))]
    change = rate(rows).tables["change"].set_index(["of", "name"])
    assert change.loc[("block", "information"), "change"] == 0
    assert ("leaf", "data") not in change.index


def test_nothing_changed_has_no_test_but_a_note():
    found = rate(waves({}, {}))
    test = found.tables["change_tests"].iloc[0]
    assert test["same"] == 29
    assert math.isnan(test["p_value"])
    assert "MATURITY_NO_CHANGE" in codes(found)
    assert "nan" not in found.text


def test_waves_are_put_in_order_and_other_raters_are_told():
    rows = waves({"data": 5}, {"data": 1}, first="10", last="9").assign(rater="A")
    rows.loc[(rows["wave"] == "9") & (rows["leaf"] == "value"), "rater"] = "B"
    found = rate(rows)
    assert found.tables["change_tests"][["wave_before", "wave_after"]].iloc[0].tolist() == ["9", "10"]
    assert "MATURITY_RATERS_CHANGED" in codes(found)
    assert "MATURITY_WAVE_ORDER" not in codes(found)
    assert found.tables["roadmap"]["wave"].unique().tolist() == ["10"]
    words = rate(waves({}, {"data": 5}, first="before", last="after"))
    assert words.tables["change_tests"]["wave_after"].tolist() == ["after"]
    assert "MATURITY_WAVE_ORDER" in codes(words)


@pytest.mark.parametrize(
    ("first", "last"), [("۹", "۱۰"), ("wave 9", "wave 10"), ("دورهٔ ۹", "دورهٔ ۱۰"), ("۱۴۰۳-۰۲-۰۱", "1403-10-01"),
                        ("2026-01-01T00:30+03:30", "2026-01-01")],
)  # fmt: skip
def test_waves_are_ordered_by_numbers_of_any_script(first, last):
    rows = waves({"data": 5}, {"data": 1}, first=last, last=first)
    found = rate(rows)
    assert found.tables["change_tests"][["wave_before", "wave_after"]].to_numpy().tolist() == [[first, last]]
    assert "MATURITY_WAVE_ORDER" not in codes(found)
    assert rate(rows.assign(wave=rows["wave"].map({first: "T10 old", last: "T9 new"}))).notes[0].code == (
        "MATURITY_WAVE_ORDER"
    )


def test_three_waves_are_compared_in_turn_and_end_to_end():
    three = [ratings(data=level).assign(wave=f"2026-0{month}-01") for month, level in ((3, 6), (1, 2), (2, 4))]
    tests = rate(pd.concat(three)).tables["change_tests"]
    assert tests["mean_change"].mul(29).round(9).tolist() == [2, 2, 4]
    assert tests["wave_before"].tolist() == ["2026-01-01", "2026-02-01", "2026-01-01"]


def test_units_are_rated_apart():
    rows = pd.concat([ratings(data=1).assign(site="north"), ratings(data=5).assign(site="south")])
    found = rate(rows, unit="site")
    level = found.tables["leaves"].set_index(["unit", "leaf"])["level"]
    assert level[("north", "data")] == 1
    assert level[("south", "data")] == 5
    assert found.tables["overall"]["unit"].tolist() == ["north", "south"]
    assert len(found.tables["leaves"]) == 58
    grid = found.drawings()[1]
    assert isinstance(grid, Grid)
    assert grid.columns == ("north", "south")
    assert grid.values[5] == (7 / 3, 11 / 3)
    assert sum("north" in sentence for sentence in found.prose("fa")) == 1


def test_many_units_are_told_shortly():
    rows = pd.concat([ratings().assign(unit=f"site {k}") for k in range(12)])
    found = rate(rows)
    assert len(found.plot().series) == 5
    assert "12 profiles" in found.plot().alt
    assert 12 < len(found.prose("en")) < 30


# --- names, languages, figures ------------------------------------------------------------------------------------


def test_leaves_and_levels_are_known_by_their_names():
    rows = pd.DataFrame(
        {"leaf": ["Data", "رهبري", "удержание", "LIFE CYCLE"], "level": ["practising", "۲", "4 оптимизация", 3.0]}
    )
    level = rate(rows).tables["leaves"].set_index("leaf")["level"]
    assert level[["data", "leadership", "retention", "life_cycle"]].tolist() == [3, 2, 4, 3]


@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
def test_prose_says_the_figures_in_every_language(lang):
    rows = waves({"data": 1}, {"data": 2, "value": 5}).assign(rater="A")
    more = rows.assign(rater="B", level=rows["level"] + (rows["leaf"] == "loyalty"))
    found = rate(pd.concat([rows, more]), target=4)
    told = found.prose(lang)
    text = " ".join(told)
    digits = str.maketrans("۰۱۲۳۴۵۶۷۸۹٫", "0123456789.")
    plain = text.translate(digits).replace(",", ".")
    overall = found.tables["overall"].iloc[-1]
    assert f"{overall['mean']:.2f}" in plain
    assert f"{overall['lowest_mean']:.2f}" in plain
    assert "{" not in text
    assert "nan" not in text
    assert leaves()["data"].anchors[3][lang] in text
    assert len(told) == len(set(told))
    if lang == "fa":
        assert not any(digit in text.replace("2024", "").replace("2025", "") for digit in "0123456789")


@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
def test_a_lens_nobody_rated_is_not_told(lang):
    found = rate(pd.DataFrame({"leaf": ["leadership"], "level": [2]}))
    told = next(sentence for sentence in found.prose(lang) if lenses()["people"][lang] in sentence)
    assert lenses()["technology"][lang] not in told
    assert "–" not in told.replace(" — ", "")


def test_another_language_is_refused():
    found = rate(ratings())
    with pytest.raises(UnsupportedError, match="'de'"):
        found.prose("de")
    with pytest.raises(UnsupportedError, match="'de'"):
        found.roadmap("de")


def test_figures_hold_the_blocks_and_the_panel():
    found = rate(random_panel(4), target={"vision": 5}, seed=1)
    radar, grid = found.drawings()
    assert isinstance(radar, Radar)
    assert radar.spokes == tuple(block.label["en"] for block in blocks())
    assert radar.top == 6
    assert radar.series[0][1] == tuple(found.tables["blocks"]["mean"])
    assert radar.series[1] == ("target", (5.0, *[None] * 7))
    rows = found.tables["ratings"]
    assert grid.columns == ("A", "B", "C")
    assert grid.values[19] == tuple(rows.loc[rows["leaf"] == "data", "level"])
    assert len(grid.rows) == 29


def test_what_is_shown_exists_and_every_code_is_explained():
    found = rate(random_panel(4).assign(wave=1), seed=1)
    for shown in found.shown:
        assert {name for name, _, _ in shown.columns} <= set(found.tables[shown.table].columns)
    assert codes(found) <= set(explanations())
    assert '"kind": "maturity_rating"' in found.to_json()


# --- bad input ----------------------------------------------------------------------------------------------------


def test_all_faults_are_told_at_once():
    rows = pd.DataFrame({
        "leaf": ["leadershop", "data", "data", "value", None, "loyalty", "analysis"],
        "level": [3, 2, 4, 7, 3, 2.5, "high"],
        "rater": ["A", "A", "A", "A", "A", "A", None],
    })  # fmt: skip
    with pytest.raises(DataError) as error:
        rate(rows, target={"visoin": 3, "data": 9}, weights={"value": -1})
    told = faults(error)
    for words in (
        "'visoin', which is neither a block nor a leaf of the scale. Did you mean 'vision'?",
        "`target` of 'data' is a whole level from 0 to 6, not 9",
        "`weights` of 'value' is a number above 0, not -1",
        "'leadershop' (row 1) is none of the 29 leaves that maturity.anchors() lists. Did you mean 'leadership'?",
        "'data' (rater 'A') has 2 levels, 2, 4 (row 2, row 3)",
        "7 (row 4) is not on the scale",
        "No leaf is named in row 5",
        "2.5 (row 6) lies between two levels",
        "high (row 7) is no level",
        "no rater in row 7",
    ):
        assert words in told
    assert len(error.value.faults) == 10


def test_two_answers_without_raters_ask_who_gave_which():
    with pytest.raises(DataError, match=r"'data' has 2 levels, 2, 2 .*a column of raters"):
        rate(pd.DataFrame({"leaf": ["data", "data"], "level": [2, 2]}))


@pytest.mark.parametrize(
    ("rows", "keywords", "words"),
    [
        (pd.DataFrame({"leaf": ["data"], "score": [2]}), {}, "no column 'level'"),
        (pd.DataFrame({"leaf": ["data"], "level": [2]}), {"rater": "who"}, "no column 'who'"),
        (pd.DataFrame({"leaf": ["data"], "level": [None]}), {}, "has a level"),
        (pd.DataFrame({"leaf": [], "level": []}), {}, "no rows"),
        (pd.DataFrame({"leaf": ["data"], "level": [2]}), {"wave": "level"}, "already is the level"),
        (pd.DataFrame({"leaf": ["data"], "level": [-1]}), {}, "not on the scale"),
        (pd.DataFrame({"leaf": ["data"], "level": [2]}), {"target": 3.5}, "whole level from 0 to 6, not 3.5"),
        (pd.DataFrame({"leaf": ["data"], "level": [2]}), {"target": True}, "not True"),
        (pd.DataFrame({"leaf": ["data"], "level": [2]}), {"weights": 2}, "`weights` gives blocks and leaves"),
        (pd.DataFrame({"leaf": ["data"], "level": [2]}), {"rater": 3}, "`rater` is the name of a column, not 3"),
        (pd.DataFrame({"leaf": ["data"], "level": [True]}), {}, "no level"),
        ([], {}, "no ratings"),
    ],
)
def test_what_is_refused(rows, keywords, words):
    with pytest.raises(DataError) as error:
        rate(rows, **keywords)
    assert words in faults(error)


def test_options_are_checked_together():
    with pytest.raises(ModelError) as error:
        rate(ratings(), level=95, bootstrap=10, seed=-1)
    assert len(error.value.faults) == 3
