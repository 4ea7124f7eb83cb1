"""Checklists, readiness, stages: content by statement, shares and their bounds, gates, bad input, forms."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.checklists import (
    LISTS,
    checklist,
    checklist_form,
    key_customer_chain,
    loyalty_stage,
    readiness,
)
from crmstudy.assessment.checklists.entries import checklist_of, entries_of
from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.instrument.catalog import load_instrument

#: Statement, list, and entries in which its content stands.
SERVED = [
    ("0.1", "goals", {"efficiency", "customer_knowledge", "opportunities", "unit_comparison"}),
    ("0.6", "failure", {
        "broken_chain", "incomplete_picture", "tools_only", "sales_incentives", "producers_ignored", "need_missed",
    }),
    ("0.7", "failure", {"data_withheld", "repeated_attempts"}),
    ("0.8", "failure", {"it_tool", "box_ticking"}),
    ("0.8", "success", {"whole_strategy", "unavoidable"}),
    ("0.9", "failure", {"habits_stand_in_way", "rules_before_customers"}),
    ("0.9", "success", {"culture_first", "culture_rewarded"}),
    ("1.4", "readiness", {"hardware_carries_load", "more_than_hardware"}),
    ("1.6", "goals", {"big_picture"}),
    ("1.7", "goals", {"satisfaction", "excellent_service", "fewer_complaints", "fewer_cycles", "service_centre"}),
    ("1.8", "success", {"leaders_stand_behind", "lasting", "staff_time"}),
    ("1.8", "readiness", {"executive_sponsor", "organisation_stable"}),
    ("1.9", "success", {"processes_described", "weak_points_known"}),
    ("1.9", "readiness", {"processes_known", "process_owners"}),
    ("1.10", "readiness", {"diversity_known"}),
    ("1.11", "personalisation", {
        "coupons_by_post", "advice", "offers_by_taste", "needs_recognised", "permission", "response_measured",
    }),
    ("1.12", "success", {"common_strategy", "common_targets"}),
    ("1.12", "readiness", {"departments_agree"}),
    ("1.13", "readiness", {"premises_written", "information_accurate"}),
    ("2.3", "loyalty_programmes", {"programme_exists", "part_of_relationship", "effect_measured", "cost_known"}),
    ("2.6", "key_customer_chain", {
        "technology_in_place", "technology_used", "knowledge_recorded", "organised_around_customers",
        "responsibility_clear", "served_apart", "satisfaction_followed",
    }),
    ("2.8", "loyalty_stages", {
        "needs_asked", "offer_follows_needs", "fit_watched", "difference_lasting", "segments_served_apart",
        "one_to_one",
    }),
    ("2.9", "loyalty_stages", {"difference_named", "attachment_measured", "stay_without_advantage"}),
    ("3.1", "goals", {"retention"}),
    ("3.1", "personalisation", {"individual_interaction"}),
    ("3.6", "goals", {"profitability"}),
    ("4.13", "success", {"users_prepared", "adoption_measured"}),
    ("4.14", "employer_brand", {
        "promise_stated", "promise_kept", "commitment_measured", "leaving_understood", "told_first", "voice_heard",
    }),
    ("4.16", "loyalty_programmes", {"tiers_by_profit", "rewards_wanted", "shared_over_sites"}),
]  # fmt: skip


def codes(result):
    return {note.code for note in result.notes}


def names(list_, **wanted):
    return [
        entry["id"]
        for block, entry in entries_of(list_)
        if wanted.get("block") in (None, block["id"])
        and bool(entry.get("necessary", False)) == wanted.get("necessary", bool(entry.get("necessary", False)))
    ]


def answers(given_, **more):
    return pd.DataFrame({"entry": list(given_), "answer": list(given_.values())}).assign(**more)


@pytest.mark.parametrize(("statement", "list_", "entries"), SERVED)
def test_each_statement_is_served_by_entries_that_count(statement, list_, entries):
    assert {entry["id"] for _, entry in entries_of(list_) if entry["source"] == statement} == entries
    good = checklist_of(list_)["favourable"]
    bad = "no" if good == "yes" else "yes"
    for answer, status in ((good, "met"), (bad, "open"), ("partly", "partly")):
        rows = checklist(answers(dict.fromkeys(entries, answer)), list=list_).tables["entries"]
        assert set(rows.loc[rows["status"] == status, "entry"]) == entries
        assert set(rows.loc[rows["status"] == status, "source"]) == {statement}


@pytest.mark.parametrize("list_", LISTS)
def test_instruments_that_measure_the_same_are_named_and_ship(list_):
    found = checklist(answers({names(list_)[0]: "yes"}), list=list_)
    assert found.call["instruments"]
    for name in found.call["instruments"]:
        assert load_instrument(name).id == name


@pytest.mark.parametrize("list_", LISTS)
def test_ids_are_unique_and_texts_differ(list_):
    entries = [entry for _, entry in entries_of(list_)]
    assert len({entry["id"] for entry in entries}) == len(entries)
    for lang in ("en", "fa", "ru"):
        assert len({entry["question"][lang] for entry in entries}) == len(entries)


@settings(max_examples=20, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(names("failure")),
        st.tuples(st.sampled_from(["yes", "partly", "no", "does not apply"]), st.sampled_from(["", "file 3"])),
        min_size=1,
    )
)
def test_shares_and_bounds_counted_one_by_one(given_):
    table = pd.DataFrame([(name, *pair) for name, pair in given_.items()], columns=["entry", "answer", "evidence"])
    found = checklist(table, list="failure").tables["blocks"].set_index("block")
    worth = {"no": 1.0, "partly": 0.5, "yes": 0.0}
    for block in checklist_of("failure")["blocks"]:
        ids = [entry["id"] for entry in block["entries"]]
        applies = [name for name in ids if given_.get(name, ("",))[0] != "does not apply"]
        told = [worth[given_[name][0]] for name in applies if name in given_]
        row = found.loc[block["id"]]
        assert (row["applicable"], row["answered"]) == (len(applies), len(told))
        if not told:
            assert row[["percent_met", "lowest", "highest"]].isna().all()
            continue
        assert row["percent_met"] == pytest.approx(100 * sum(told) / len(told))
        # every way the silent entries could have been answered lies between the bounds
        silent = len(applies) - len(told)
        could = [100 * (sum(told) + sum(way)) / len(applies) for way in itertools.product((0, 0.5, 1), repeat=silent)]
        assert (row["lowest"], row["highest"]) == (pytest.approx(min(could)), pytest.approx(max(could)))
        bare = [name for name in applies if name in given_ and worth[given_[name][0]] and not given_[name][1]]
        assert row["without_evidence"] == len(bare)
        shown = sum(worth[given_[name][0]] for name in applies if name in given_ and given_[name][1])
        assert row["percent_evidenced"] == pytest.approx(100 * shown / len(told))


def test_answers_in_any_language_say_the_same():
    tables = [
        checklist(
            answers({"promise_stated": yes, "promise_kept": part, "told_first": no, "voice_heard": none}),
            list="employer_brand",
        )
        for yes, part, no, none in (
            ("yes", "Partly", "no", "does not apply"), ("بلە", "تا حدي", "خیر", "موضوعیت ندارد"),
            ("Да", "частично", "нет", "не применимо"), ("true", "partly", "0", "does_not_apply"),
        )
    ]  # fmt: skip
    for other in tables[1:]:
        pd.testing.assert_frame_equal(tables[0].tables["entries"], other.tables["entries"])


def test_a_unit_with_two_answers_has_none():
    table = pd.DataFrame(
        {
            "entry": ["told_first", "told_first", "told_first", "voice_heard", "voice_heard"],
            "answer": ["yes", "no", "yes", "no", "no"], "unit": ["a", "a", "b", "b", "b"],
        }
    )  # fmt: skip
    found = checklist(table, list="employer_brand")
    change = found.tables["blocks"].query("block == 'change'").set_index("unit")
    assert change["answered"].to_dict() == {"a": 0, "b": 2}
    assert change.loc["b", "percent_met"] == 50.0
    assert {"CHECKLIST_TWO_ANSWERS", "AUDIT_ROWS_REPEATED", "CHECKLIST_BLOCK_NOT_ANSWERED"} <= codes(found)
    assert "of unit a" in next(note.message for note in found.notes if note.code == "CHECKLIST_TWO_ANSWERS")
    assert found.drawings()[0].rows == ("a", "b")
    for lang in ("en", "fa", "ru"):
        assert len(found.prose(lang)) == len(found.prose("en"))


def test_what_is_no_entry_or_answer_is_refused_at_once():
    with pytest.raises(DataError) as refused:
        checklist(answers({"told_frist": "yes", "voice_heard": "perhaps", " ": "yes"}), list="employer_brand")
    told = [fault.message for fault in refused.value.faults]
    assert len(told) == 3
    assert "Did you mean 'told_first'" in told[0]
    assert "perhaps (row 2)" in told[2]
    with pytest.raises(UnsupportedError, match="Did you mean 'success'"):
        checklist(answers({"told_first": "yes"}), list="sucess")
    with pytest.raises(AnalysisError, match="Nothing is answered"):
        checklist(answers({"told_first": None}), list="employer_brand")


@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
def test_a_form_is_filled_in_and_read_back(tmp_path, lang):
    import openpyxl

    path = checklist_form(tmp_path / "form.xlsx", lang, list="failure")
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, 3).value = {"en": "No", "fa": "خیر", "ru": "Нет"}[lang]
    book.save(path)
    found = checklist(path, list="failure")
    assert found.tables["blocks"]["percent_met"].tolist() == [100.0] * 5
    assert not len(found.tables["open"])


# --- readiness ------------------------------------------------------------------------------------------------------

NEEDED, REST = names("readiness", necessary=True), names("readiness", necessary=False)


def test_necessary_are_premises_processes_hardware_and_commitment():
    by_source = {entry["source"] for _, entry in entries_of("readiness") if entry.get("necessary")}
    assert by_source == {"1.13", "1.9", "1.4", "1.8"}


@pytest.mark.parametrize("gate", NEEDED)
@pytest.mark.parametrize("answer", ["no", "partly"])
def test_one_closed_gate_blocks_whatever_the_rest_says(gate, answer):
    all_met = dict.fromkeys([*NEEDED, *REST], "yes")
    assert readiness(answers(all_met)).tables["verdicts"]["verdict"].tolist() == ["ready"]
    found = readiness(answers({**all_met, gate: answer}))
    row = found.tables["verdicts"].iloc[0]
    assert row[["verdict", "unmet", "met", "percent_of_rest"]].tolist() == ["blocked", 1, len(NEEDED) - 1, 100.0]
    assert found.tables["gates"].query("gate == 'closed'")["entry"].tolist() == [gate]
    assert found.prose()[0].startswith("Not ready: 1 of 6")


def test_hardware_alone_opens_its_own_gate_only():
    found = readiness(answers({"hardware_carries_load": "yes", **dict.fromkeys(REST, "yes")}))
    gates = found.tables["gates"].set_index("entry")["gate"]
    assert gates["hardware_carries_load"] == "open"
    assert (gates.drop("hardware_carries_load") == "undecided").all()
    assert found.tables["verdicts"]["verdict"].tolist() == ["undecided"]
    assert "necessary and not sufficient" in found.prose()[-1]


def test_other_entries_make_ready_conditional_but_never_blocked():
    for answer in ("no", "partly", None):
        given_ = {**dict.fromkeys(NEEDED, "yes"), **dict.fromkeys(REST, answer)}
        assert readiness(answers(given_)).tables["verdicts"]["verdict"].tolist() == ["conditional"]
    given_ = {**dict.fromkeys(NEEDED, "yes"), **dict.fromkeys(REST, "does not apply")}
    assert readiness(answers(given_)).tables["verdicts"]["verdict"].tolist() == ["ready"]


def test_a_claim_without_evidence_may_be_asked_for():
    all_met = dict.fromkeys([*NEEDED, *REST], "yes")
    assert readiness(answers(all_met), require_evidence=True).tables["verdicts"]["verdict"][0] == "undecided"
    shown = readiness(answers(all_met, evidence="file"), require_evidence=True)
    assert shown.tables["verdicts"]["verdict"][0] == "ready"
    with pytest.raises(ModelError, match="True or False"):
        readiness(answers(all_met), require_evidence="yes")


def test_a_necessary_condition_that_does_not_apply_is_questioned():
    found = readiness(answers({**dict.fromkeys([*NEEDED, *REST], "yes"), NEEDED[0]: "does not apply"}))
    assert found.tables["verdicts"]["verdict"][0] == "ready"
    assert "READINESS_EXEMPT" in codes(found)


# --- stages ---------------------------------------------------------------------------------------------------------

STAGES = ["adaptation", "differentiation", "relationship"]


@pytest.mark.parametrize("met", list(itertools.product([True, False], repeat=3)))
def test_a_stage_rests_on_those_before_it(met):
    given_ = {
        name: "yes" if there else "no"
        for stage, there in zip(STAGES, met, strict=True)
        for name in names("loyalty_stages", block=stage)
    }
    found = loyalty_stage(answers(given_))
    place = next((i for i, there in enumerate(met) if not there), 3)
    row = found.tables["reached"].iloc[0]
    assert row["place"] == place
    assert row["stage"] == (STAGES[place - 1] if place else "")
    assert row["next"] == (STAGES[place] if place < 3 else "")
    assert ("an earlier stage is not" in found.text) == any(met[place:])
    assert "STAGE_UNDECIDED" not in codes(found)


def test_differentiated_products_are_necessary_not_sufficient():
    given_ = dict.fromkeys(
        names("loyalty_stages", block="adaptation") + names("loyalty_stages", block="differentiation"), "yes"
    )
    found = loyalty_stage(answers(given_))
    assert found.tables["reached"]["stage"].tolist() == ["differentiation"]
    assert "necessary for loyalty and not sufficient" in found.prose()[-1]
    assert "relationship-attachment" in found.call["instruments"]
    assert "STAGE_UNDECIDED" in codes(found)


def test_the_threshold_and_silent_entries():
    first = names("loyalty_stages", block="adaptation")
    partly = {first[0]: "yes", first[1]: "yes", first[2]: "partly"}
    assert loyalty_stage(answers(partly)).tables["reached"]["place"][0] == 1
    assert loyalty_stage(answers(partly), threshold=90).tables["reached"]["place"][0] == 0
    # two of three met and one silent: 66.7 at least, 100 at most
    silent = loyalty_stage(answers({first[0]: "yes", first[1]: "yes"}))
    assert silent.tables["reached"]["place"][0] == 0
    assert any(note.code == "STAGE_UNDECIDED" and note.subject == "adaptation" for note in silent.notes)
    assert loyalty_stage(answers({first[0]: "yes", first[1]: "yes"}), threshold=60).tables["reached"]["place"][0] == 1
    for wrong in (0, 101, True, "x"):
        with pytest.raises(ModelError, match="threshold"):
            loyalty_stage(answers(partly), threshold=wrong)


def test_the_chain_goes_from_technology_to_key_customers():
    blocks = [block["id"] for block in checklist_of("key_customer_chain")["blocks"]]
    assert blocks == ["technology", "knowledge", "organisation", "key_customers"]
    all_met = dict.fromkeys(names("key_customer_chain"), "yes")
    assert key_customer_chain(answers(all_met)).tables["reached"]["stage"].tolist() == ["key_customers"]
    broken = key_customer_chain(answers({**all_met, "technology_used": "no"}))
    assert broken.tables["reached"][["place", "next"]].to_numpy().tolist() == [[0, "technology"]]
    assert "crm-sty" in broken.call["instruments"]


@pytest.mark.parametrize("at", range(3))
def test_a_stage_of_which_nothing_applies_holds_up_no_later_one_and_is_not_reached_by_itself(at):
    all_met = dict.fromkeys(names("loyalty_stages"), "yes")
    exempt = dict.fromkeys(names("loyalty_stages", block=STAGES[at]), "does not apply")
    found = loyalty_stage(answers({**all_met, **exempt}))
    assert found.tables["reached"]["stage"][0] == ("differentiation" if at == 2 else "relationship")
    assert [note.subject for note in found.notes if note.code == "STAGE_EXEMPT"] == [STAGES[at]]
    only = loyalty_stage(answers(dict.fromkeys(names("loyalty_stages"), "does not apply")))
    assert only.tables["reached"][["stage", "place", "next"]].to_numpy().tolist() == [["", 0, "adaptation"]]
    assert "an earlier stage is not" not in only.text


def test_conditions_that_do_not_apply_are_not_called_met():
    one = readiness(answers({**dict.fromkeys([*NEEDED, *REST], "yes"), NEEDED[0]: "does not apply"}))
    assert one.tables["verdicts"][["verdict", "necessary", "met"]].to_numpy().tolist() == [["ready", 5, 5]]
    assert "Said not to apply" in one.text
    none = readiness(answers(dict.fromkeys([*NEEDED, *REST], "does not apply")))
    assert none.tables["verdicts"]["verdict"].tolist() == ["undecided"]
    assert checklist(answers(dict.fromkeys(NEEDED + REST, "does not apply")), list="readiness").text.endswith(
        "No entry of it applies."
    )


def test_a_sentence_about_a_unit_names_it():
    table = pd.concat([answers(dict.fromkeys(NEEDED, "yes"), unit=unit) for unit in ("Shop", "كارگاه")])
    assert readiness(table).prose()[0].startswith("Unit Shop: Ready on conditions")
    two = pd.concat([table, answers({REST[0]: "no"}, unit="کارگاه")])
    assert len(readiness(two).tables["verdicts"]) == 2
    assert "NAMES_READ_ALIKE" in codes(readiness(two))


def test_one_block_alone_is_not_called_the_weakest():
    one = checklist(answers({NEEDED[0]: "partly"}), list="readiness")
    assert "Weakest" not in one.text
    two = checklist(answers({NEEDED[0]: "partly", "hardware_carries_load": "yes"}), list="readiness")
    assert "Weakest: Accurate premises and information" in two.text


def test_nothing_answered_says_why():
    with pytest.raises(AnalysisError, match="two different answers"):
        checklist(pd.concat([answers({NEEDED[0]: answer}) for answer in ("yes", "no")]), list="readiness")
