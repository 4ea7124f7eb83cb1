"""Assessments in a study: their tables are read as tables, told as the results say, and refused with a sentence."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
from pathlib import Path

import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import AnalysisError, InputError
from crmstudy.report.telling.compose import compose
from crmstudy.study.analysing.assessing import assess
from crmstudy.study.analysing.tasks import Task
from crmstudy.study.assessments import ASSESSMENTS
from crmstudy.study.outputs import run_record

AUDIT = Path(__file__).resolve().parents[2] / "analyses" / "organisation_audit"
LEAVES = tuple(dict.fromkeys(cs.maturity.anchors("en")["leaf"]))
STUDY = """\
crmstudy: 1
title: {en: Purchases}
samples:
  purchases: {population: unit, file: purchases.csv}
screening: {exclude: []}
analyses:
  - {id: who, kind: pareto, sample: purchases, customer: who, top: 0.25}
"""


def study(folder, text=STUDY):
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    lines = ["who,amount", *(f"c{n},{10 * n}" for n in range(1, 9)), "c8,300"]
    (folder / "purchases.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_a_table_is_assessed_and_told(tmp_path):
    results = cs.run(cs.Study.load(study(tmp_path)))
    assert results.status_code == 0
    (sample,) = results.record.samples
    assert (sample.rows, sample.screening) == ("records", None)
    seed = results["who"].result.call["seed"]
    alone = cs.value.pareto(tmp_path / "purchases.csv", customer="who", top=0.25, seed=seed)
    assert results["who"].result.estimates.equals(alone.estimates)
    share = results["who"].result.estimates.set_index("term")["estimate"].iloc[0]
    assert share == pytest.approx((380 + 70) / (360 + 300))
    document = compose(results.record)
    tables = [element for section in document.sections for element in section.elements if hasattr(element, "columns")]
    told = next(table for table in tables if table.id == "who_estimates")
    assert told.column("estimate")[0].value == pytest.approx(share)


def test_what_a_data_set_cannot_tell_is_told_first(tmp_path):
    card = "file: purchases.csv\nlicence: MIT\nlimits: They are few.\n"
    (tmp_path / "dataset.yaml").write_text(card, encoding="utf-8")
    results = cs.run(cs.Study.load(study(tmp_path)))
    (note,) = results.record.notes
    assert (note.code, note.subject, note.level) == ("STUDY_DATA_LIMITS", "purchases", "warning")
    assert note.message == "What the data of 'purchases' can and cannot tell: They are few."
    assert results.record.card["Licence of purchases"] == "MIT"
    (tmp_path / "dataset.yaml").write_text("file: another.csv\nlimits: They are few.\n", encoding="utf-8")
    assert cs.run(cs.Study.load(tmp_path)).record.notes == ()


def test_every_name_of_the_table_is_a_function():
    from importlib import import_module

    for name, assessment in ASSESSMENTS.items():
        module, _, function = assessment.home.partition(":")
        made = getattr(import_module(module), function)
        assert made.__name__ == function, name


def test_columns_that_are_not_there_are_refused(tmp_path):
    text = STUDY.replace("customer: who", "customer: whom")
    with pytest.raises(InputError, match=r"needs the column 'whom'.*Did you mean 'who'"):
        cs.run(cs.Study.load(study(tmp_path, text)))


def test_a_table_that_is_no_ratings_is_refused_with_its_line(tmp_path):
    text = STUDY.replace("kind: pareto", "kind: maturity").replace(", customer: who, top: 0.25", "")
    with pytest.raises(InputError) as refused:
        cs.run(cs.Study.load(study(tmp_path, text)))
    said = str(refused.value)
    assert "'leaf'" in said
    assert "'level'" in said
    assert "study.yaml:7" in said


#: One study of small tables: the analyses by their line, and what the function itself says of the same tables.
TABLES = {
    "ratings": "leaf,level,rater\n"
    + "".join(f"{leaf},{place % 5},{rater}\n" for rater in "ab" for place, leaf in enumerate(LEAVES)),
    "branches": "branch,a,b,c,d\n" + "".join(f"B{n},{n % 3},{n % 4},{n % 5},{(n * 7) % 6}\n" for n in range(12)),
    "levels": "unit,level\nnorth,2\nsouth,3.5\n",
    "before": "customer,value\na,10\nb,90\nc,40\n",
    "after": "customer,value\na,60\nc,45\nd,70\n",
    "waves": "who,brought,year\na,10,2024\nb,90,2024\na,60,2025\nd,70,2025\nc,1,2023\n",
    "sales": "customer,amount,cost,date\na,10,2,2025-01-05\nb,90,95,2025-06-01\n"
    "a,60,10,2026-01-03\nd,70,1,2026-06-30\n",
    "records": "number,name,phone,age,kind,last\n1,Ann,02112,30,firm,2025-01-01\n2,Bob,n/a,200,private,2026-03-01\n"
    "3,ann,0213,41,other,\n",
    "verified": "number,phone\n1,02112\n3,999\n",
    "contacts": "customer,channel,cost\na,phone,6\na,web,1\nb,phone,8\nb,web,1\nc,web,2\n",
    "margins": "customer,margin\na,5\nb,20\nc,1\n",
    "kinds": "group,n\nfirm,60\nhousehold,40\n",
    "returns": "month,back\n1,25\n2,25\n3,60\n",
}
RUNS = {
    "rated": ("kind: maturity, sample: ratings, rater: rater, level: 0.9, bootstrap: false, target: 4",
              lambda: cs.maturity.rate(frame("ratings"), rater="rater", level=0.9, bootstrap=None, target=4)),
    "scored": ("kind: maturity_items, sample: branches, unit: branch, ends: [0, 6], "
               "blocks: {first: [a, b], second: [c, d]}, order: declared, min_answered: 1", lambda: scored()),
    "groups": ("kind: maturity_clusters, of: scored, k: 2, bootstrap: 0",
               lambda: cs.maturity.cluster_levels(scored(), k=2, bootstrap=0)),
    "groups_of_table": ("kind: maturity_clusters, sample: branches, columns: [a, c], unit: branch, bootstrap: 0",
                        lambda: cs.maturity.cluster_levels(frame("branches"), columns=["a", "c"], unit="branch",
                                                           bootstrap=0)),
    "beside": ("kind: maturity_positions, of: rated",
               lambda: cs.maturity.positions(cs.maturity.rate(frame("ratings"), rater="rater"))),
    "beside_number": ("kind: maturity_positions, own: 2.5", lambda: cs.maturity.positions(2.5)),
    "beside_names": ("kind: maturity_positions, own: {north: 2, south: 3.5}",
                     lambda: cs.maturity.positions(frame("levels"))),
    "beside_table": ("kind: maturity_positions, sample: levels", lambda: cs.maturity.positions(frame("levels"))),
    "tiers": ("kind: value_tiers, sample: before, cuts: [20, 50], names: [a, b, c]",
              lambda: cs.value.tiers(frame("before"), cuts=[20, 50], names=["a", "b", "c"])),
    "tiers_of_sales": ("kind: value_tiers, sample: sales, amount: amount, cost: cost, cuts: [20]",
                       lambda: cs.value.tiers(table({"a": 58, "b": -5, "d": 69}), cuts=[20])),
    "moved": ("kind: value_migration, sample: before, after: after, cuts: [50]",
              lambda: cs.value.migration(frame("before"), frame("after"), cuts=[50])),
    "moved_by_wave": ("kind: value_migration, sample: waves, wave: year, waves: [2024, 2025], customer: who, "
                      "value: brought, cuts: [50]",
                      lambda: cs.value.migration(table({"a": 10, "b": 90}), table({"a": 60, "d": 70}), cuts=[50])),
    "moved_by_day": ("kind: value_migration, sample: sales, date: date, split: 2026-01-01, amount: amount, cost: cost, "
                     "cuts: [20]",
                     lambda: cs.value.migration(table({"a": 8, "b": -5}), table({"a": 50, "d": 69}), cuts=[20])),
    "segments": ("kind: portfolio, sample: sales, amount: amount, cost: cost, key: 1, potential_cut: median",
                 lambda: cs.value.portfolio(
                     pd.DataFrame({"customer": list("abd"), "profit": [58, -5, 69], "revenue": [70, 90, 70]}),
                     revenue="revenue", key=1)),
    "records": ("kind: customer_data, sample: records, key: number, fields: [name, phone], duplicates: [[name]], "
                "updated: last, as_of: 2026-03-21, truth: verified, "
                "rules: {phone: '0\\d+', age: [18, 110], kind: [private, firm]}",
                lambda: cs.customer_data_quality(
                    frame("records"), key="number", fields=["name", "phone"], duplicates=[["name"]], updated="last",
                    as_of="2026-03-21", truth=frame("verified"),
                    rules={"phone": r"0\d+", "age": (18, 110), "kind": ["private", "firm"]})),
    "served": ("kind: cost_to_serve, sample: contacts, channel: channel, cost: cost, margins: margins, interval: t, "
               "shift: [[phone, web, 50]], again: 10",
               lambda: cs.cost_to_serve(frame("contacts"), channel="channel", cost="cost", margins=frame("margins"),
                                        interval="t", shift=[["phone", "web", 50]], again=10)),
    "served_at_unit_costs": ("kind: cost_to_serve, sample: contacts, channel: channel, unit_costs: {phone: 4, web: 1}, "
                             "interval: t",
                             lambda: cs.cost_to_serve(frame("contacts"), channel="channel",
                                                      unit_costs={"phone": 4, "web": 1}, interval="t")),
    "fit": ("kind: crm_fit, sample: kinds, customer_kind: group, count: n, sampled: true, cuts: [1.5, 3]",
            lambda: cs.crm_fit(frame("kinds"), kind="group", count="n", sample=True, cuts=(1.5, 3))),
    "fit_judged": ("kind: crm_fit, rating: 4", lambda: cs.crm_fit(rating=4)),
    "worth": ("kind: lifetime_value, rate: 0.1, margin: [100, 100, 90], cost: 10, retention: 0.8",
              lambda: cs.value.clv(rate=0.1, margin=[100, 100, 90], cost=10, retention=0.8)),
    "won": ("kind: acquisition, won: 10, winning_cost: 500, kept: 90, keeping_cost: 900",
            lambda: cs.value.acquisition(won=10, winning_cost=500, kept=90, keeping_cost=900)),
    "paid": ("kind: investment, invested: 100, returned: [25, 25, 60], every: quarter",
             lambda: cs.value.investment(invested=100, returned=[25, 25, 60], every="quarter")),
    "paid_by_column": ("kind: investment, sample: returns, invested: 100, returned: back, every: quarter",
                       lambda: cs.value.investment(invested=100, returned=[25, 25, 60], every="quarter")),
    "printed": ("kind: printed_facts, statement: '4.18'", lambda: cs.facts.printed("4.18")),
    "dmr": ("kind: dmr_sensitivity, splits: [110, [60, 159]], sds: [20, [25, 30]]",
            lambda: cs.facts.dmr_sensitivity(splits=[110, [60, 159]], sds=[20, [25, 30]])),
    "bought": ("kind: transactions, sample: sales, cost: cost",
               lambda: cs.value.transactions(frame("sales"), cost="cost", date=None)),
}  # fmt: skip


def frame(name):
    as_text = {"number": str, "phone": str, "last": str, "date": str}
    return pd.read_csv(io.StringIO(TABLES[name]), dtype=as_text, na_values=[], keep_default_na=False)


def table(values):
    return pd.DataFrame({"customer": list(values), "value": list(values.values())})


def scored():
    blocks = {"first": ["a", "b"], "second": ["c", "d"]}
    return cs.maturity.bottom_up(
        frame("branches"), unit="branch", ends=[0, 6], blocks=blocks, order="declared", min_answered=1
    )


def of_tables(folder, analyses):
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    samples = [f"  {name}: {{population: unit, file: {name}.csv}}" for name in TABLES]
    lines = ["crmstudy: 1", "title: {en: Small}", "samples:", *samples, "analyses:"]
    lines += [f"  - {{id: {id}, {keys}}}" for id, keys in analyses.items()]
    (folder / "study.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return cs.Study.load(folder)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return cs.run(of_tables(tmp_path_factory.mktemp("study"), {id: keys for id, (keys, _) in RUNS.items()}))


@pytest.mark.parametrize("id", RUNS)
def test_a_study_gives_what_the_function_gives(done, id):
    block = done[id]
    assert block.error is None
    alone = RUNS[id][1]()
    assert type(block.result) is type(alone)
    pd.testing.assert_frame_equal(block.result.estimates, alone.estimates)
    assert set(block.result.tables) == set(alone.tables)
    for name, wanted in alone.tables.items():
        found = block.result.tables[name]
        pd.testing.assert_frame_equal(found, wanted, check_dtype=False)
    assert {note.code for note in alone.notes} <= {note.code for note in block.result.notes}


def test_a_study_of_assessments_is_told_and_recorded(done):
    assert done.status_code == 0
    told = {section.id for section in compose(done.record).sections}
    assert {f"analysis-{id}" for id in RUNS} <= told
    assert {sample.rows for sample in done.record.samples} == {"records"}  # also of those that are named second
    recorded = json.loads(json.dumps(run_record(done.record), allow_nan=False))
    samples = {analysis["id"]: analysis["sample"] for analysis in recorded["analyses"]}
    assert (samples["printed"], samples["beside"], samples["tiers"]) == ("", "", "before")


def test_a_printed_table_is_checked_without_a_sample(tmp_path):
    rows = "rows: [{label: banks, n: 370, sd: '.54', se: '.028'}]"
    results = cs.run(of_tables(tmp_path, {"named": f"kind: check_table, sample: levels, {rows}",
                                          "alone": f"kind: check_table, {rows}"}))  # fmt: skip
    assert results.status_code == 0
    named, alone = (block.result for block in results.blocks)
    assert all(table.equals(alone.tables[name]) for name, table in named.tables.items())
    titles = [section.id for section in compose(results.record).sections]
    assert "analysis-alone" in titles


def test_periods_of_different_lengths_are_told(done):
    codes = {note.code for note in done["moved_by_day"].result.notes}
    assert "VALUE_PERIODS_UNEQUAL" in codes  # 361 days before, 181 from the day on


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("kind: value_tiers, sample: before, customer: custmer", "needs the column 'custmer'.*Did you mean 'customer'"),
        ("kind: value_tiers, sample: sales", "needs the column 'value'"),
        ("kind: value_tiers, sample: sales, amount: amout", "needs the column 'amout'.*Did you mean 'amount'"),
        ("kind: value_tiers, sample: before, cost: value", "has 'cost' without 'amount'"),
        ("kind: value_tiers, sample: sales, amount: amount, value: cost", "has both 'amount' and 'value'"),
        ("kind: portfolio, sample: sales, amount: amount", "is by profit; name the column 'cost' or 'profit'"),
        ("kind: value_migration, sample: before", "has one of 'after', 'wave' and 'split'; found none of them"),
        ("kind: value_migration, sample: before, after: aftr", "the sample 'aftr' is not declared. Did you mean"),
        ("kind: value_migration, sample: before, after: before", "'after' is the sample 'before' itself"),
        ("kind: value_migration, sample: sales, split: 2026-01-01, date: date", "has 'split' without 'amount'"),
        ("kind: value_migration, sample: sales, split: 2027-01-01, date: date, amount: amount", "parts nothing"),
        ("kind: value_migration, sample: sales, split: soon, date: date, amount: amount", "must be a day, as 2026"),
        ("kind: value_migration, sample: waves, wave: year, customer: who, value: brought", "holds 3 periods"),
        ("kind: value_migration, sample: waves, wave: year, waves: [1, 2024], customer: who, value: brought",
         "names '1', which 'year' does not hold"),
        ("kind: maturity_positions", "has one of 'of', 'own' and 'sample'; found none of them"),
        ("kind: maturity_positions, own: 2, sample: levels", "found 'own' and 'sample'"),
        ("kind: maturity_positions, of: nobody", "an analysis before it of the kind maturity or maturity_items"),
        ("kind: maturity_positions, of: z, sample: levels", "has both 'of' and 'sample'; keep one"),
        ("kind: maturity_positions, own: 7", "own must be a number from 0 to 6"),
        ("kind: maturity_positions, sample: before", "needs the column 'unit'"),
        ("kind: maturity_clusters", "has one of 'of' and 'sample'; found none of them"),
        ("kind: maturity_items, sample: branches", "has no blocks: name the items of each with 'blocks'"),
        ("kind: maturity_items, sample: branches, blocks: {v: [a, z]}", "needs the column 'z'"),
        ("kind: cost_to_serve, sample: contacts, cost: cost", "lacks the key 'channel'"),
        ("kind: cost_to_serve, sample: contacts, channel: channel, cost: cost, margins: margin",
         "the sample 'margin' is not declared. Did you mean 'margins'"),
        ("kind: cost_to_serve, sample: contacts, channel: channel, cost: cost, shift: [[phone, web]]",
         "must be a list of channel, channel and percent; found 2"),
        ("kind: crm_fit, sample: kinds, count: n", "needs the column 'kind'"),
        ("kind: crm_fit, count: n", "names the column 'n', but no sample; add `sample`"),
        ("kind: crm_fit", "Give a table of customers, or a `rating`"),
        ("kind: investment, invested: 100, returned: back", "names the column 'back', but no sample"),
        ("kind: investment, invested: 0, returned: [1]", "`invested` is a number above 0"),
        ("kind: investment, sample: returns, invested: 9, returned: [1]", "gives 'returned' as numbers and names"),
        ("kind: value_migration, sample: before, after: sales", "the sample 'sales', which has no column 'value'"),
        ("kind: cost_to_serve, sample: contacts, channel: channel, cost: cost, margins: levels",
         "'margins' names the sample 'levels', which has no column 'margin'"),
        ("kind: customer_data, sample: records, key: number, fields: [name], truth: levels",
         "'truth' names the sample 'levels', which has no column 'number'"),
        ("kind: printed_facts, sample: before", "unknown key 'sample'"),
        ("kind: printed_facts, statement: '9.9'", "`statement` is one that prints a figure"),
        ("kind: printed_facts, statement: 4.18", "must be a number in quotes"),
        ("kind: customer_data, sample: records, key: number, fields: [nam]", "needs the column 'nam'"),
        ("kind: customer_data, sample: records, key: number, fields: [name], rules: {age: [1, 2, 3]}",
         "rules.age must be"),
        ("kind: staff_profile, sample: before, role: rank", "needs the column 'rank'"),
        ("kind: module_adoption, sample: ratings, role: rater", "needs the column 'respondent'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_line(tmp_path, keys, sentence):
    with pytest.raises(InputError, match=sentence) as refused:
        cs.run(of_tables(tmp_path, {"a": keys}))
    line = 5 + len(TABLES)
    assert all(f"study.yaml:{line}:" in str(fault) for fault in refused.value.faults)


def test_what_goes_on_from_a_failed_analysis_fails_with_a_sentence(tmp_path):
    study = of_tables(
        tmp_path, {"first": "kind: maturity, sample: ratings", "next": "kind: maturity_positions, of: first"}
    )
    with pytest.raises(AnalysisError, match="goes on from the analysis 'first', which has no result"):
        assess(Task(study.analyses[1], None, 1))


def test_an_analysis_that_fails_leaves_the_others(tmp_path):
    analyses = {
        "levels": "kind: maturity_items, sample: branches, blocks: {v: [a, b]}, ends: [0, 6]",
        "groups": "kind: maturity_clusters, of: levels, columns: [v], k: 12",
        "beside": "kind: maturity_positions, of: levels",
    }
    results = cs.run(of_tables(tmp_path, analyses))
    assert [block.status for block in results.blocks] == ["fine", "failed", "fine"]
    assert "cannot be parted into 12 groups" in str(results["groups"].error)


def test_the_level_of_confidence_is_no_name_of_a_column(tmp_path):
    """Ratings have a column `level`, and an analysis the key of that name."""
    results = cs.run(of_tables(tmp_path, {"a": "kind: maturity, sample: ratings, rater: rater, level: 0.9"}))
    assert results["a"].result.call["level"] == 0.9


def test_the_worked_example_shows_every_assessment():
    study = cs.Study.load(AUDIT)
    assert {plan.kind for plan in study.analyses} == set(ASSESSMENTS)
    lists = {plan.options["list"] for plan in study.analyses if plan.kind == "checklist"}
    assert {"goals", "loyalty_programmes", "personalisation", "employer_brand"} <= lists
    assert [name for name, sample in study.samples.items() if not sample.simulated] == ["cdnow"]
    parts = [plan.title.split(":")[0].split(",")[0] for plan in study.analyses]
    told = ["Where we stand", "What customers are worth", "What to do", "What others report"]
    assert list(dict.fromkeys(parts)) == told
    assert parts == sorted(parts, key=told.index)


@pytest.mark.slow
def test_the_tables_of_the_worked_example_are_those_that_are_made(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("make_tables", AUDIT / "make_tables.py")
    make_tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_tables)
    monkeypatch.setattr(make_tables, "FOLDER", tmp_path)
    make_tables.main()
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in (AUDIT / "tables").iterdir()}


@pytest.mark.slow
def test_the_worked_example_runs_and_is_told():
    results = cs.run(cs.Study.load(AUDIT))
    assert {block.id: str(block.error) for block in results.blocks if block.status != "fine"} == {}
    revenue: dict[str, float] = {}
    profit: dict[str, float] = {}
    halves = ({}, {})
    with (AUDIT / "tables" / "purchases.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name, amount, earned = row["customer"], float(row["amount"]), float(row["amount"]) - float(row["cost"])
            revenue[name] = revenue.get(name, 0.0) + amount
            profit[name] = profit.get(name, 0.0) + earned
            half = halves[row["date"] >= "2025-11-01"]
            half[name] = half.get(name, 0.0) + earned
    ranked = sorted(revenue.values(), reverse=True)
    top = sum(ranked[: round(0.2 * len(ranked))]) / sum(ranked)
    assert results["concentration"].result.estimates["estimate"].iloc[0] == pytest.approx(top, rel=1e-9)
    members = results["tiers"].result.tables["members"].set_index("customer")["value"]
    assert members.to_dict() == pytest.approx(profit, abs=1e-9)
    before, after = halves
    moves = results["moved"].result.tables["moves"].set_index("move")["customers"]
    assert (moves["left"], moves["new"]) == (len(set(before) - set(after)), len(set(after) - set(before)))
    overall = results["maturity"].result.tables["overall"]
    assert list(results["beside"].result.call["level"].values()) == [overall["mean"].iloc[-1]]
    document = compose(results.record)
    titles = [section.id for section in document.sections]
    assert all(f"analysis-{block.id}" in titles for block in results.blocks)
    limits = [note for note in results.record.notes if note.code == "STUDY_DATA_LIMITS"]
    assert [(note.subject, note.level) for note in limits] == [("cdnow", "warning")]
    assert "one cohort of new customers" in limits[0].message
    for block in results.blocks:
        for lang in ("en", "fa", "ru"):
            assert len(" ".join(block.result.prose(lang))) > 80, (block.id, lang)
