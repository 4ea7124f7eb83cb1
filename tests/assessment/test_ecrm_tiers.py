"""Tiers of electronic CRM: the rule, the services of the documents, goals, evidence, odd audits, forms."""

from __future__ import annotations

import csv

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.ecrm import LEVELS, ecrm_form, ecrm_tiers
from crmstudy.errors import AnalysisError, DataError, ModelError

SERVICES = catalogue("ecrm")["services"]
ORDER = ["foundational", "customer-centred", "value-added"]


def of_tier(tier: str) -> list[str]:
    return [name for name, about in SERVICES.items() if about["tier"] == tier]


def audit(**present: str) -> pd.DataFrame:
    names = {name.replace("_", "-"): value for name, value in present.items()}
    return pd.DataFrame({"service": list(names), "present": list(names.values())})


def whole(*tiers: str, answer: str = "yes") -> dict[str, str]:
    return {name.replace("-", "_"): answer for tier in tiers for name in of_tier(tier)}


def test_the_examples_of_the_document_are_in_the_tiers_it_says():
    """Statement 0.3."""
    by_document = {name: about["tier"] for name, about in SERVICES.items() if about["tier_by"] == "document"}
    assert by_document == {
        "site-effectiveness": ORDER[0], "interactivity": ORDER[0],
        "order-tracking": ORDER[1], "customisation": ORDER[1], "transaction-security": ORDER[1],
        "auction": ORDER[2], "training": ORDER[2],
    }  # fmt: skip
    assert all(SERVICES[name]["source"] == "0.3" for name in by_document)


def test_the_services_of_the_list_are_all_there_in_tiers_of_our_own():
    """Statement 0.4: eleven services without tiers."""
    listed = {name for name, about in SERVICES.items() if about["source"] == "0.4"}
    assert listed == {
        "online-survey", "online-order", "data-store", "recommendation", "community", "customisation-cost", "agents",
        "search", "online-payment", "catalogue-request", "purchase-documents",
    }  # fmt: skip
    assert all(SERVICES[name]["tier_by"] == "own" for name in listed)
    result = ecrm_tiers(audit(search="yes"))
    assert result.tables["services"].set_index("service").loc["search", "tier_by"] == "own"
    assert "their tiers, the rule and the link to goals are our own" in result.text


def test_goals_are_served_by_services():
    """Statement 0.2: four goals, each with the share of its services that are there."""
    result = ecrm_tiers(audit(data_store="yes", recommendation="planned", agents="no"))
    goals = result.tables["goals"].set_index("goal")
    assert goals["label"].tolist() == [
        "Lower cost of service", "Stronger relations with customers", "Personalised marketing messages",
        "Service for one customer alone",
    ]  # fmt: skip
    assert goals.loc["messages", ["services", "present"]].tolist() == [3, 1]
    assert goals.loc["messages", "percent"] == pytest.approx(100 / 3)
    assert goals.loc["messages", "missing"] == "Intelligent recommendations, Intelligent web agents"
    assert {name for goal in catalogue("ecrm")["goals"] for name in goal["served_by"]} == set(SERVICES)


def test_a_tier_needs_those_below():
    full = ecrm_tiers(audit(**whole(*ORDER)))
    assert full.call["reached"] == "value-added"
    assert full.tables["next"].empty
    gap = ecrm_tiers(audit(**whole(*ORDER) | {"search": "planned"}))
    assert gap.call["reached"] == "none"
    assert gap.tables["next"]["service"].tolist() == ["search"]
    assert gap.tables["tiers"]["percent"].tolist() == pytest.approx([80.0, 100.0, 100.0])
    assert ecrm_tiers(audit(**whole(*ORDER) | {"search": "planned"}), share=0.8).call["reached"] == "value-added"
    middle = ecrm_tiers(audit(**whole(*ORDER[:2]) | {"auction": "planned", "training": "no"}))
    assert (middle.call["reached"], middle.call["next_tier"]) == ("customer-centred", "value-added")
    assert middle.tables["next"]["service"].tolist()[:2] == ["auction", "training"]


def test_what_counts_as_there_is_declared():
    partly = audit(**whole(*ORDER, answer="partly"))
    assert ecrm_tiers(partly).call["reached"] == "value-added"
    assert ecrm_tiers(partly, at_least="yes").call["reached"] == "none"
    planned = audit(**whole(ORDER[0], answer="planned"))
    assert ecrm_tiers(planned).call["reached"] == "none"
    assert ecrm_tiers(planned, at_least="planned").call["reached"] == "foundational"


def test_evidence_is_counted_apart():
    given = audit(**whole(*ORDER[:2])).assign(evidence="seen")
    given.loc[given["service"] == "online-payment", "evidence"] = None
    result = ecrm_tiers(given)
    assert (result.call["reached"], result.call["reached_with_evidence"]) == ("customer-centred", "foundational")
    assert result.tables["without_evidence"]["service"].tolist() == ["online-payment"]
    assert "Counting only services with evidence, it is: Foundational services." in result.text


def test_no_answer_is_not_there_and_is_told():
    result = ecrm_tiers(audit(**whole(ORDER[0])))
    assert result.n == 5
    note = result.notes[0]
    assert (note.code, note.level) == ("ECRM_NOT_ANSWERED", "warning")
    assert "13 services" in note.message
    assert result.tables["services"]["present"].isna().sum() == 13
    result.to_json()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(LEVELS), min_size=len(SERVICES), max_size=len(SERVICES)),
    st.integers(0, len(SERVICES) - 1),
    st.sampled_from([0.5, 0.75, 1.0]),
)
def test_more_of_a_service_never_lowers_the_tier(levels, place, share):
    """And the rule by another way: the first tier that lacks is the one after that reached."""
    names = list(SERVICES)
    first = ecrm_tiers(pd.DataFrame({"service": names, "present": levels}), share=share).call["reached"]
    raised = [*levels[:place], "yes", *levels[place + 1 :]]
    then = ecrm_tiers(pd.DataFrame({"service": names, "present": raised}), share=share).call["reached"]
    rank = ["none", *ORDER].index
    assert rank(then) >= rank(first)
    lacking = [
        sum(level in ("partly", "yes") for name, level in zip(names, levels, strict=True) if name in of_tier(tier))
        < share * len(of_tier(tier))
        for tier in ORDER
    ]
    assert rank(first) == ([*lacking, True].index(True))


def test_prose_and_drawing():
    result = ecrm_tiers(audit(**whole(ORDER[0]) | {"online_order": "planned"}))
    assert "Online order taking" in result.text
    assert {len(result.prose(lang)) for lang in ("en", "fa", "ru")} == {len(result.prose("en"))}
    assert "Услуги, ориентированные на клиента" in " ".join(result.prose("ru"))
    drawing = result.plot()
    assert drawing.series == (("there", (100.0, 0.0, 0.0)),)
    assert drawing.reference == 100.0
    for shown in result.shown:
        assert {name for name, _, _ in shown.columns} <= set(result.tables[shown.table])


def test_faults_of_an_audit():
    given = pd.DataFrame(
        {"service": ["search", "search", "aucton", None], "present": ["yes", "no", "sometimes", "yes"]}
    )
    with pytest.raises(DataError) as caught:
        ecrm_tiers(given)
    assert len(caught.value.faults) == 4
    assert "Did you mean 'auction'" in str(caught.value)
    with pytest.raises(DataError, match="no column 'present'"):
        ecrm_tiers(pd.DataFrame({"service": ["search"]}))
    with pytest.raises(ModelError) as faulty:
        ecrm_tiers(audit(search="yes"), at_least="no", share=0.0)
    assert len(faulty.value.faults) == 2


@pytest.mark.parametrize(("lang", "word"), [("en", "yes"), ("fa", "بله"), ("ru", "да")])
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_filled_form_is_read_in_its_language(tmp_path, lang, word, suffix):
    path = ecrm_form(tmp_path / f"audit{suffix}", lang)
    if suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book["ecrm"]
        for row in range(2, 7):
            sheet.cell(row, 4).value = word
        book.save(path)
    else:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
        for row in rows[1:6]:
            row[3] = word
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows(rows)
    result = ecrm_tiers(path)
    assert (result.n, result.call["reached"]) == (5, "foundational")


def test_equal_answers_are_one_and_keep_their_evidence():
    twice = pd.DataFrame({"service": ["search"] * 3, "present": ["yes"] * 3, "evidence": [None, "an address", None]})
    found = ecrm_tiers(twice)
    assert found.n == 1
    assert found.tables["services"].set_index("service").loc["search", "evidence"] == "an address"


def test_a_form_without_an_answer_has_no_tier():
    with pytest.raises(AnalysisError, match="Nothing is answered"):
        ecrm_tiers(pd.DataFrame({"service": list(SERVICES), "present": None}))


def test_the_last_tier_reached_with_a_share_is_not_called_the_next_step():
    all_but_one = dict.fromkeys(SERVICES, "yes") | {"search": "no"}
    table = pd.DataFrame({"service": list(all_but_one), "present": list(all_but_one.values())})
    found = ecrm_tiers(table, share=np.float32(0.75))
    assert found.call["reached"] == ORDER[-1]
    assert "The last tier is reached, with 1 service still lacking; nearest: A search engine." in found.text
    assert "next step" not in found.text


@pytest.mark.parametrize(("level", "share"), [("yes", "100.0%"), ("no", "0.0%")])
def test_no_goal_is_called_least_where_all_are_alike(level, share):
    found = ecrm_tiers(pd.DataFrame({"service": list(SERVICES), "present": level}))
    assert f"Every goal is served by {share} of its services." in found.text
    assert "least" not in found.text
    # what has no evidence is told even where nothing lacks
    assert ("For 18 services that count as there no evidence is given." in found.text) == (level == "yes")
