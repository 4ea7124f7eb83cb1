"""Module adoption: figures against R and by counting, what is withheld, waves, odd answers, three languages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.modules.adoption import module_adoption
from crmstudy.assessment.modules.figures import OF_FUNCTIONS, OF_MODULES
from crmstudy.assessment.modules.listed import module_functions
from crmstudy.disclosure import Ledger, Rules
from crmstudy.drawing import Bars, Curves, QuadrantMap
from crmstudy.errors import DataError, ModelError
from tests import tolerances
from tests.reference import cases, load

LANGUAGES = ("en", "fa", "ru")


def staff(n: int = 60, waves: int = 1, seed: int = 3) -> pd.DataFrame:
    """Made-up answers on lead management and partners."""
    random = np.random.default_rng(seed)
    rows = []
    for wave in range(1, waves + 1):
        for function in ("lead-first", "lead-assignment", "lead-sources", "partner-relations"):
            there = random.choice(["yes", "no", "unknown"], n, p=[0.7, 0.2, 0.1])
            used = (random.random(n) < 0.25 + 0.2 * wave) & (there == "yes")
            rows.append(
                pd.DataFrame(
                    {
                        "respondent": [f"p{i}" for i in range(n)],
                        "function": function,
                        "available": there,
                        "used": np.where(used, "yes", "no"),
                        "frequency": np.where(used, random.integers(1, 5, n), 0),
                        "usefulness": random.integers(1, 6, n),
                        "role": np.where(np.arange(n) % 3 == 0, "service", "sales"),
                        "unit": np.array(["North", "South"])[np.arange(n) % 2],
                        "wave": f"wave {wave}",
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)


def one(result: object, table: str, key: str, name: str) -> pd.Series:
    found = result.tables[table]
    return found[found[key] == name].iloc[0]


def codes(result: object) -> set[str]:
    return {note.code for note in result.notes}


@pytest.mark.parametrize("name", cases("module_adoption"))
def test_figures_are_those_of_r(name):
    case = load(name)
    answers = pd.read_csv(case.folder / case.output["data"]).rename(columns={"func": "function"})
    weights = dict(zip(("coverage", "depth", "frequency"), case.output["weights"], strict=True))
    result = module_adoption(answers, role="role", wave="wave", weights=weights)
    compared = 0
    for table, key, theirs in (
        ("modules", "module", case.output["modules"]),
        ("functions", "function", case.output["functions"]),
    ):
        for item, figures in theirs.items():
            row = one(result, table, key, item)
            compared += compare(row, figures)
    for role, figures in case.output["roles"].items():
        rows = result.tables["roles"]
        compared += compare(rows[(rows["role"] == role) & (rows["module"] == "all")].iloc[0], figures)
    assert compared > 250
    for item, value in case.output["index"].items():
        assert one(result, "modules", "module", item)["index"] == pytest.approx(value, rel=1e-10)
    curve = result.tables["curve"]
    assert curve[curve["module"] == "all"]["cumulative"].tolist() == pytest.approx(case.output["cumulative"], rel=1e-10)


def compare(row: pd.Series, figures: dict) -> int:
    hidden = row["hidden"].split(", ")
    compared = 0
    for figure, theirs in figures.items():
        if figure in hidden:
            continue
        known = row[f"n_{figure}"]
        assert known == theirs["n"] or (figure == "frequency" and "used" in hidden)
        names = {"value": figure, "sd": f"{figure}_sd", "low": f"{figure}_low", "high": f"{figure}_high"}
        for kind, value in theirs.items():
            if kind != "n":
                assert row[names[kind]] == pytest.approx(value, rel=tolerances.R_CLOSED_FORM_RELATIVE, abs=1e-10)
                compared += 1
    return compared


def test_a_module_is_used_where_one_of_its_functions_is():
    """Twelve people, each twice, counted by hand: two functions of lead management."""
    rows = []
    for number in range(24):
        person = number // 2
        first = ("yes", "yes") if person < 5 else ("yes", "no") if person < 9 else ("no", "no")
        second = ("yes", "yes") if person < 3 else ("unknown", None) if person < 6 else ("no", "no")
        rows += [(number, "lead-first", *first), (number, "lead-sources", *second)]
    result = module_adoption(pd.DataFrame(rows, columns=["respondent", "function", "available", "used"]))
    lead = one(result, "modules", "module", "lead")
    # there for nine, not there for three; five of the nine use it
    assert (lead["n_available"], lead["available"]) == (24, 75.0)
    assert (lead["n_used"], lead["used"], lead["n_adopted"]) == (18, pytest.approx(100 * 5 / 9), 24)
    assert lead["adopted"] == pytest.approx(100 * 5 / 12)
    # coverage: 1 for persons 0-2 and 3-5 (one of one known), 1/2 for 6-8, 0 for the others; depth: 1 for five of nine
    assert lead["coverage"] == pytest.approx(100 * (6 + 1.5) / 12)
    assert lead["depth"] == pytest.approx(100 * 5 / 9)
    assert lead["index"] == pytest.approx(100 * np.sqrt(7.5 / 12 * 5 / 9))
    assert "MODULES_NO_FREQUENCY" in codes(result)


def test_every_service_area_and_predecessor_has_its_own_figures():
    """Statements 1.1 and 3.2: a function of two areas counts in both; the areas are those of its module."""
    result = module_adoption(staff())
    areas = result.tables["areas"].set_index("area")
    assert list(areas.index) == ["sales", "contact", "marketing", "service"]
    data = staff()
    alone = module_adoption(data[data["function"].str.startswith("lead")])
    for figure in ("coverage", "depth", "frequency", "usefulness", "adopted"):
        assert areas.loc["marketing", figure] == pytest.approx(one(alone, "modules", "module", "lead")[figure])
    lineage = result.tables["lineage"].set_index("lineage")
    assert lineage.loc["sms", "depth"] == pytest.approx(one(alone, "modules", "module", "lead")["depth"])
    only = module_adoption(staff(), area="contact")
    assert set(only.tables["modules"]["module"]) == {"all", "contact", "account", "time", "partners", "knowledge",
                                                     "intelligence", "support"}  # fmt: skip
    assert one(only, "modules", "module", "all")["asked"] == 1
    with pytest.raises(ModelError, match="Did you mean 'sales'"):
        module_adoption(staff(), area="sale")


def test_idle_functions_are_there_for_most_and_used_by_few():
    data = staff()
    data.loc[data["function"] == "lead-sources", ["available", "used", "frequency"]] = ["yes", "no", 0]
    idle = (data["function"] == "lead-sources") & data["respondent"].isin(["p1", "p2", "p3"])
    data.loc[idle, ["used", "frequency"]] = ["yes", 2]
    found = module_adoption(data).tables["unused"].set_index("function")
    assert found.loc["lead-sources", ["available", "n_used", "used", "clear"]].tolist() == [100.0, 60.0, 5.0, True]
    # the upper end of Wilson's interval as a root of (p - 1/20)^2 = z^2 p (1 - p) / 60
    z2 = 1.959963984540054**2
    upper = max(np.roots([1 + z2 / 60, -(0.1 + z2 / 60), 0.0025]))
    assert found.loc["lead-sources", "used_high"] == pytest.approx(100 * upper, rel=1e-10)
    assert "lead-sources" not in set(module_adoption(data, unused_below=4.0).tables["unused"]["function"])


def test_contradictions_are_counted_and_are_no_use():
    """Used but not there is neither use nor a lack of it."""
    data = staff()
    first = data["function"] == "lead-first"
    data.loc[first, ["available", "used", "frequency"]] = ["yes", "no", 0]
    wrong = first & data["respondent"].isin([f"p{i}" for i in range(7)])
    data.loc[wrong, ["available", "used"]] = ["no", "yes"]
    half = first & data["respondent"].isin([f"p{i}" for i in range(10, 24)])
    data.loc[half, ["used", "frequency"]] = ["yes", 2]
    result = module_adoption(data)
    row = one(result, "functions", "function", "lead-first")
    assert (row["n_available"], row["n_used"], row["used"]) == (60, 53, pytest.approx(100 * 14 / 53))
    table = result.tables["contradictions"]
    assert table[table["function"] == "lead-first"][["contradiction", "n"]].to_numpy().tolist()[0] == [
        "used, but not there", 7,
    ]  # fmt: skip
    assert "MODULES_CONTRADICTION" in codes(result)
    assert "7 answers contradict" in result.text


def test_groups_too_small_are_withheld_with_what_would_give_them_away():
    """Three in management: neither they nor the group whose difference to the total they are."""
    data = staff(40)
    data["role"] = data["respondent"].map(lambda name: "management" if name in {"p0", "p1", "p2"} else "sales")
    result = module_adoption(data, role="role")
    rows = result.tables["roles"].set_index(["role", "module"])
    for role in ("management", "sales"):
        assert np.isnan(rows.loc[(role, "lead"), ["available", "used", "depth", "usefulness"]].astype(float)).all()
    assert np.isfinite(one(result, "modules", "module", "lead")["used"])
    assert "MODULES_WITHHELD" in codes(result)
    everybody = module_adoption(data.assign(role="sales"), role="role").tables["roles"].set_index(["role", "module"])
    assert np.isfinite(everybody.loc[("sales", "lead"), "usefulness"])


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(12, 45))
def test_no_shown_figure_is_of_too_few_and_no_difference_either(seed, n):
    random = np.random.default_rng(seed)
    data = staff(n, seed=seed)
    drawn = random.choice(["a", "b", "c", "d"], n, p=[0.6, 0.2, 0.12, 0.08])
    roles = dict(zip(data["respondent"].unique(), drawn, strict=True))
    data["role"] = data["respondent"].map(roles)
    result = module_adoption(data, role="role", unit="unit")
    for whole, key, figures in (("modules", "module", OF_MODULES), ("functions", "function", OF_FUNCTIONS)):
        total = result.tables[whole].set_index(key)
        name = "roles" if whole == "modules" else "role_functions"
        for item, rows in result.tables[name].groupby(key):
            for figure in figures:
                shown = rows[rows[figure].notna()]
                least = 10 if figure in ("used", "adopted") else 5
                n_shown = shown[f"n_{figure}"].dropna()
                assert (n_shown >= least).all()
                rest = total.loc[item, f"n_{figure}"] - n_shown.sum()
                if len(n_shown) == len(shown) and len(shown) and np.isfinite(total.loc[item, figure]):
                    assert rest == 0 or rest >= least or np.isnan(rest) or figure == "frequency"


def test_where_nearly_all_agree_only_a_band_is_given():
    data = staff(40)
    data.loc[:, ["available", "used", "frequency"]] = ["yes", "yes", 3]
    result = module_adoption(data, role="role")
    lead = one(result, "modules", "module", "lead")
    assert np.isnan(lead["used"])
    assert (lead["used_low"], lead["used_high"]) == (90.0, 100.0)
    assert np.isnan(lead["n_frequency"])  # as many as use it
    assert np.isnan(lead["depth"])
    assert (lead["depth_low"], lead["depth_high"]) == (90.0, 100.0)
    assert lead["available"] == 100.0  # a fact about the system
    assert "90.0%" in result.text


def answers(have, use, often=None, useful=None, function="lead-first"):
    """People of whom the first ``have`` have a function and the first ``use`` of these use it; of 40."""
    random = np.random.default_rng(1)
    place = np.arange(40)
    used = place < use
    return pd.DataFrame(
        {
            "respondent": [f"p{i}" for i in place],
            "function": function,
            "available": np.where(place < have, "yes", "no"),
            "used": np.where(used, "yes", "no"),
            "frequency": np.where(used, random.integers(1, 5, 40) if often is None else often, np.nan),
            "usefulness": random.integers(1, 6, 40) if useful is None else useful,
            "role": np.where(place % 2 == 0, "service", "sales"),
        }
    )


def possible_users(row):
    """How many of the people who have a function may use it, as a row of a table lets a reader reckon."""
    n, of_all = row["n_used"], row["n_adopted"]
    low, high = (round(row[f"used_{end}"] / 100 * n, 6) for end in ("low", "high"))
    found = {hits for hits in range(int(n) + 1) if low <= hits <= high} if np.isnan(row["used"]) else set()
    if np.isfinite(row["adopted"]):  # the same people over all
        found &= {round(row["adopted"] / 100 * of_all)}
    elif np.isfinite(row["adopted_low"]):
        found &= {
            hits for hits in found if row["adopted_low"] - 1e-6 <= 100 * hits / of_all <= row["adopted_high"] + 1e-6
        }
    if np.isfinite(row["frequency"]):  # a mean of whole numbers over those who use it
        found &= {hits for hits in found if abs(row["frequency"] * hits - round(row["frequency"] * hits)) < 1e-9}
    return found


@pytest.mark.parametrize(("have", "use"), [(30, 29), (30, 30), (40, 39), (30, 1), (30, 0)])
def test_what_a_band_hides_does_not_follow_from_other_figures(have, use):
    """The users of those who have it, of all, and the base of the frequency are the same people."""
    result = module_adoption(answers(have, use))
    for table, key, name in (("modules", "module", "lead"), ("modules", "module", "all")):
        row = one(result, table, key, name)
        assert np.isnan(row[["used", "frequency", "n_frequency", "frequency_sd"]].astype(float)).all()
        assert {0, 1} <= possible_users(row) or {have - 1, have} <= possible_users(row)
        share = 100 * use / row["n_adopted"]
        assert row["adopted_low"] <= share <= row["adopted_high"]
        assert np.isnan(row["adopted"])
    if use > 1:
        band = one(result, "functions", "function", "lead-first")
        true = answers(have, use)["frequency"].mean()
        assert band["frequency_low"] <= true <= band["frequency_high"]
        assert band["frequency_high"] - band["frequency_low"] == 0.5
        assert "frequency" in band["hidden"]


def test_a_share_that_is_withheld_takes_the_other_of_the_same_people_with_it():
    """Seven have it and three use it: three of forty would give three of seven away."""
    row = one(module_adoption(answers(7, 3)), "modules", "module", "lead")
    assert row["available"] == 17.5
    assert np.isnan(row[["used", "used_low", "n_used", "adopted", "adopted_low", "n_adopted"]].astype(float)).all()
    shown = one(module_adoption(answers(20, 6)), "modules", "module", "lead")
    assert (shown["used"], shown["adopted"]) == (30.0, 15.0)


@pytest.mark.parametrize("odd", [None, 5])
def test_a_mean_on_which_all_agree_is_a_band_of_half_a_point(odd):
    data = answers(40, 20, often=2.0, useful=[5.0] * 39 + [5.0 if odd is None else 1.0])
    row = one(module_adoption(data), "functions", "function", "lead-first")
    for figure, ends in (("usefulness", (4.5, 5.0)), ("frequency", (2.0, 2.5))):
        assert np.isnan(row[[figure, f"{figure}_sd"]].astype(float)).all()
        assert (row[f"{figure}_low"], row[f"{figure}_high"]) == ends
    points = module_adoption(data).tables["map"]
    assert points.loc[points["level"] == "function", ["usefulness", "band"]].to_numpy().tolist() == [[4.75, True]]
    assert module_adoption(data.assign(usefulness=[4, 5] * 20)).tables["functions"]["usefulness"].max() == 4.5


def test_rows_are_of_one_index():
    """Where it is known how often, a module of which it is not has no index that could be compared with the others."""
    data = pd.concat([answers(30, 15), answers(30, 15, often=np.nan, function="partner-relations")])
    table = module_adoption(data).tables["modules"].set_index("module")
    assert np.isfinite(table.loc["lead", "index"])
    assert np.isnan(table.loc["partners", "index"])
    nobody = module_adoption(data.assign(frequency=np.nan)).tables["modules"].set_index("module")
    coverage, depth = nobody.loc["partners", ["coverage", "depth"]].astype(float)
    assert nobody.loc["partners", "index"] == pytest.approx(np.sqrt(coverage * depth))
    assert nobody.loc["lead", "index"] == nobody.loc["partners", "index"]


def test_too_few_people_give_no_figure_at_all():
    result = module_adoption(staff(4))
    assert result.tables["modules"][list(OF_MODULES)].isna().all(axis=None)
    assert result.estimates.empty
    assert result.tables["contradictions"].empty
    assert "Too few people answered for figures to be shown." in result.prose("en")
    assert "MODULES_WITHHELD" in codes(result)
    result.to_json()


def test_a_ledger_keeps_a_later_result_from_giving_someone_away():
    """The same people but three: the difference of the two totals would be of three."""
    data = staff(40)
    first = module_adoption(data, ledger=Ledger())
    assert np.isfinite(one(first, "modules", "module", "lead")["usefulness"])
    fewer = data[~data["respondent"].isin(["p0", "p1", "p2"])]
    again = module_adoption(fewer, ledger=first.ledger)
    assert np.isnan(one(again, "modules", "module", "lead")["usefulness"])
    assert np.isfinite(one(module_adoption(fewer), "modules", "module", "lead")["usefulness"])
    assert not any("p0" in group.members for group in first.ledger.releases)


def test_numbers_of_people_are_rounded_for_readers_who_know_the_staff():
    result = module_adoption(staff(58), rules=Rules(round_to=5))
    counts = result.tables["modules"].filter(regex="^n").to_numpy(float)
    assert (counts[np.isfinite(counts)] % 5 == 0).all()
    assert result.n % 5 == 0
    assert result.samples["n"].tolist() == [result.n]
    exact = module_adoption(staff(58)).tables["modules"].set_index("module")
    rows = result.tables["modules"].set_index("module")
    # shares of 58 people with all their digits would give the 58 away, and so would errors and deviations
    for figure, unit in (("used", 100.0), ("usefulness", 1.0)):
        value, n = exact.loc["lead", [figure, f"n_{figure}"]]
        assert rows.loc["lead", figure] == Rules(round_to=5).figure_shown(value, int(n), unit) != value
    assert rows.filter(regex="_sd$").isna().all(axis=None)
    assert result.estimates[["std_error", "df"]].isna().all(axis=None)
    assert len(result.estimates)
    assert "DISCLOSURE_ROUNDED" in codes(result)
    data = staff(58, waves=3)
    curve = module_adoption(data, wave="wave", rules=Rules(round_to=5)).tables["curve"]
    counts = curve[["n", "new"]].to_numpy(float)
    assert (counts[np.isfinite(counts)] % 5 == 0).all()
    assert (curve["cumulative"].dropna() % 1 == 0).all()


def test_the_curve_counts_first_use_and_those_who_never_used():
    """Statement 4.13: adoption over time, with those who have not adopted in the base."""
    people = [f"p{i}" for i in range(20)]
    use = {name: 1 if i < 3 else 2 if i < 9 else 3 if i < 12 else 99 for i, name in enumerate(people)}
    rows = [
        (name, f"wave {wave}", "lead-first", "yes", "yes" if use[name] <= wave else "no")
        for name in people
        for wave in (1, 2, 10)
    ]
    rows += [("left early", "wave 1", "lead-first", "yes", "no")]
    data = pd.DataFrame(rows, columns=["respondent", "wave", "function", "available", "used"])
    result = module_adoption(data, wave="wave")
    curve = result.tables["curve"].query("module == 'all'")
    assert curve["time"].tolist() == ["wave 1", "wave 2", "wave 10"]
    # one person answered in the first wave only: beside the figures of that wave its share would tell what they do
    assert curve["cumulative"].tolist() == [pytest.approx(np.nan, nan_ok=True), 45.0, 60.0]
    assert curve["new"].tolist()[2] == 3.0
    assert curve[["new", "using"]].isna().to_numpy().tolist() == [[True, True], [True, False], [False, False]]
    panel = module_adoption(data[data["respondent"] != "left early"], wave="wave").tables["curve"]
    panel = panel.query("module == 'all'")
    assert panel["cumulative"].tolist() == [15.0, 45.0, 60.0]
    assert panel["new"].tolist() == [3.0, 6.0, 3.0]
    assert panel["using"].tolist() == [15.0, 45.0, 60.0]
    adopters = result.tables["adopters"].set_index("category")
    assert adopters["reached"].tolist() == pytest.approx([100.0, 100.0, 100.0, 100 * 10 / 34, 0.0])
    assert adopters.loc["early-adopters", ["begun", "complete"]].tolist() == ["wave 2", "wave 2"]
    assert adopters.loc["laggards", "begun"] == ""
    never = result.tables["not_adopted"].iloc[0]
    assert (never["n_adopted"], never["n_not_adopted"], never["not_adopted"]) == (12, 8, 40.0)
    assert any(note.code == "MODULES_PANEL" and "1 people" in note.message for note in result.notes)
    few = module_adoption(data[data["respondent"].isin(people[:8])], wave="wave")
    assert "curve" not in few.tables
    assert "MODULES_NO_PANEL" in codes(few)


def test_figures_are_of_the_last_wave():
    data = staff(40, waves=2)
    both, last = module_adoption(data, wave="wave"), module_adoption(data[data["wave"] == "wave 2"])
    pd.testing.assert_frame_equal(both.tables["modules"], last.tables["modules"])
    waves = both.tables["waves"].query("wave == 'wave 2'").set_index("module")
    assert waves.loc["lead", "depth"] == one(last, "modules", "module", "lead")["depth"]


def test_the_benchmark_is_a_case_without_a_test():
    """Statement 4.13: 96 per cent of BMC's sales force, beside one's own share with its interval."""
    result = module_adoption(staff())
    table = result.tables["benchmark"].set_index("case")
    assert table.loc["BMC Software", "adopted"] == 96.0
    assert np.isnan(table.loc["BMC Software", "n"])
    whole = one(result, "modules", "module", "all")
    assert table.loc["own", ["n", "adopted"]].tolist() == whole[["n_adopted", "adopted"]].tolist()
    assert table.loc["own", "low"] < table.loc["own", "adopted"] < table.loc["own", "high"]
    assert "a case and not a norm" in result.text
    assert result.estimates["p_value"].isna().all()


def test_how_the_system_stands_is_checked_and_told():
    """Statement 3.7: an application of its own or a module of an ERP system."""
    result = module_adoption(staff(), architecture={"lead": "stand-alone", "partners": "erp-module"})
    table = result.tables["architecture"].set_index("answer")
    assert table["modules"].to_dict() == {"stand-alone": "lead", "erp-module": "partners"}
    assert "a module of the ERP system (modules: 1)" in result.text
    with pytest.raises(DataError) as caught:
        module_adoption(staff(), architecture={"leads": "stand-alone", "lead": "erp"})
    assert len(caught.value.faults) == 2


def test_frequency_a_month_counts_up_to_daily():
    data = staff(30)
    used = data["used"] == "yes"
    data["frequency"] = np.where(used, np.where(data["respondent"] < "p2", 24.0, 36.0), 0.0)
    result = module_adoption(data, often="monthly", weights={"frequency": 1.0})
    mine = data[used & data["function"].str.startswith("lead")].groupby("respondent")["frequency"].mean()
    assert one(result, "modules", "module", "lead")["frequency"] == pytest.approx(mine.mean())
    assert one(result, "modules", "module", "lead")["index"] == pytest.approx(100.0)
    with pytest.raises(DataError, match='often="monthly"'):
        module_adoption(data)


def test_the_order_of_rows_makes_no_difference():
    data = staff(50, waves=2)
    first = module_adoption(data, role="role", unit="unit", wave="wave")
    mixed = module_adoption(data.sample(frac=1.0, random_state=1), role="role", unit="unit", wave="wave")
    for name, table in first.tables.items():
        numbers, others = table.select_dtypes("number"), mixed.tables[name].select_dtypes("number")
        np.testing.assert_allclose(numbers, others, rtol=1e-12, err_msg=name)


def test_all_faults_of_the_answers_are_told_at_once():
    data = pd.DataFrame(
        {
            "respondent": ["a", "a", None, "b", "b"],
            "function": ["lead-first", "lead-first", "lead-frist", "sales-cycles", "sales-cycles"],
            "module": ["sales", "lead", None, "sales", "sales"],
            "available": ["yes", "no", "maybe", "yes", "yes"],
            "used": ["yes", "no", "no", "perhaps", "no"],
            "usefulness": [6, 3, 3, 3, 3],
            "role": ["x", "y", "x", "x", "x"],
        }
    )
    with pytest.raises(DataError) as caught:
        module_adoption(data, role="role")
    told = str(caught.value)
    for said in ("lack 'respondent'", "Did you mean 'lead-first'", "not 'sales'", "'maybe' (1 times)", "'perhaps'",
                 "from 1 to 5", "two different answers", "more than one role"):  # fmt: skip
        assert said in told
    with pytest.raises(DataError, match="no column 'available'"):
        module_adoption(pd.DataFrame({"respondent": [1], "function": ["lead-first"], "used": ["yes"]}))
    with pytest.raises(ModelError) as faulty:
        module_adoption(
            staff(),
            role="unit",
            unit="unit",
            often="weekly",
            weights={"width": 1, "depth": -1},
            unused_below=0,
            level=2,
        )
    assert len(faulty.value.faults) == 6
    with pytest.raises(ModelError, match="used for more than one"):
        module_adoption(staff(), wave="function")


@pytest.mark.parametrize(
    ("keywords", "told"),
    [
        ({"role": ["role"]}, "`role` is the name of a column"),
        ({"wave": 3}, "`wave` is the name of a column"),
        ({"weights": [1, 2, 3]}, "`weights` is a mapping"),
        ({"rules": 5}, "`rules` is Rules"),
        ({"ledger": 5}, "`ledger` is a Ledger"),
        ({"area": 3}, "`area` is one of"),
        ({"architecture": 3}, "`architecture` is one of"),
        ({"architecture": {"lead": ["erp"]}}, "`architecture` is one of"),
    ],
)
def test_options_of_another_kind_are_refused_in_sentences(keywords, told):
    with pytest.raises((DataError, ModelError), match=told):
        module_adoption(staff(20), **keywords)


def test_copies_are_left_out_and_told():
    data = staff(30)
    result = module_adoption(pd.concat([data, data.head(3)], ignore_index=True))
    pd.testing.assert_frame_equal(result.tables["functions"], module_adoption(data).tables["functions"])
    assert "MODULES_COPIES" in codes(result)


def test_what_nobody_was_asked_about_is_not_absent():
    result = module_adoption(staff(), area="marketing")
    row = one(result, "modules", "module", "marketing")
    assert (row["asked"], row["n"]) == (0, 0) or (row["asked"] == 0 and np.isnan(row["n"]))
    assert row[list(OF_MODULES)].isna().all()
    assert {"MODULES_NOT_ASKED"} <= codes(result)


def test_where_nobody_knows_nothing_is_said():
    unknown = module_adoption(staff().assign(available="unknown", used="no", frequency=0))
    assert "Nobody who answered knows which functions are there." in unknown.text
    absent = module_adoption(staff().assign(available="no", used="no", frequency=0))
    row = one(absent, "modules", "module", "all")
    assert (row["available"], row["coverage"], row["index"]) == (0.0, 0.0, 0.0)
    assert np.isnan(row["depth"])
    assert "On average 0.0% of the functions are there" in absent.text
    assert "MODULES_NO_INTERVAL" in codes(absent)


def test_answers_in_words_of_every_language():
    english = staff(30)
    words = {"yes": "بله", "no": "нет", "unknown": "не знаю"}
    other = english.assign(
        available=english["available"].map(words), used=english["used"].map({"yes": True, "no": False})
    )
    pd.testing.assert_frame_equal(module_adoption(other).tables["modules"], module_adoption(english).tables["modules"])


def test_prose_and_drawings():
    result = module_adoption(staff(50, waves=2), role="role", wave="wave", architecture="both")
    said = {lang: result.prose(lang) for lang in LANGUAGES}
    assert len({len(sentences) for sentences in said.values()}) == 1
    assert all(not set("0123456789").intersection(text.replace("wave 2", "")) for text in said["fa"])
    whole = one(result, "modules", "module", "all")
    assert f"{whole['coverage']:.1f}%" in result.text
    assert f"{whole['coverage']:.1f}".replace(".", ",") in " ".join(said["ru"])
    drawings = result.drawings()
    assert [type(drawing) for drawing in drawings] == [QuadrantMap, Bars, Curves]
    lead = one(result, "modules", "module", "lead")
    assert ("Lead management", lead["used"], lead["usefulness"]) in drawings[0].points
    for shown in result.shown:
        if shown.table in result.tables:
            assert {name for name, _, _ in shown.columns} <= set(result.tables[shown.table])
    assert result.plot() == drawings[0]
    result.to_json()


def test_quadrants_follow_use_and_usefulness():
    data = staff(30)
    data["usefulness"] = np.where(data["respondent"].str.len() == 2, 5, 4)
    table = module_adoption(data).tables["map"]
    modules = table[table["level"] == "module"].set_index("name")
    for _, row in modules.iterrows():
        assert row["quadrant"] == ("useful and used" if row["used"] >= 50 else "useful, little used")
    without = module_adoption(data.drop(columns="usefulness"))
    assert without.tables["map"].empty
    assert QuadrantMap not in {type(drawing) for drawing in without.drawings()}


def test_module_functions_filters_by_area():
    table = module_functions(area=["marketing", "service"])
    assert "contact" not in set(table["module"])
    assert {"marketing", "service", "lead", "field"} <= set(table["module"])
