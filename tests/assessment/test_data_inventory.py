"""The data inventory, the process audit and the single customer view: content, counts, bad input, forms."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.processes import (
    data_inventory,
    inventory_form,
    process_audit,
    process_form,
    single_customer_view,
)
from crmstudy.errors import AnalysisError, DataError

FIELDS = {entry["id"]: entry for entry in catalogue("data_fields")["fields"]}
NAMED = {  # what the documents list, by statement
    "3.3": {
        "age", "family_status", "income", "property", "purchase", "information_request", "purchase_goal", "product",
        "price", "quantity", "payment",
    },
    "0.13": {"tastes", "needs", "wants", "priorities", "purchase_promise", "purchase_volume"},
    "1.3": {
        "number_of_customers", "goods", "stock", "warehouse", "sales", "efforts", "marketing_activities",
        "service_trends", "marketing_trends",
    },
}  # fmt: skip
PRACTICES = [one["id"] for area in catalogue("data_processes")["areas"] for one in area["practices"]]


def codes(result):
    return {note.code for note in result.notes}


@pytest.mark.parametrize("statement", sorted(NAMED))
def test_the_catalogue_has_the_fields_the_documents_name(statement):
    listed = {name for name, one in FIELDS.items() if one["source"] == statement and one["origin"] == "document"}
    assert listed == NAMED[statement]


def test_who_enters_and_when_is_that_of_the_document():
    about = catalogue("data_fields")
    assert {"staff", "customer"} <= {one["id"] for one in about["entered_by"]}
    assert [one["id"] for one in about["updated_at"]] == ["visit", "phone", "post", "fax", "internet"]
    assert FIELDS["income"]["privacy"] == FIELDS["property"]["privacy"] == "sensitive"
    assert FIELDS["diet"]["privacy"] == "special"
    assert all(one["privacy"] == "none" for one in FIELDS.values() if one["group"] == "managerial")


@settings(max_examples=8, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.sampled_from(["yes", "partly", "no"]), min_size=1))
def test_coverage_is_counted_by_group(answers):
    found = data_inventory(pd.DataFrame({"field": list(answers), "held": list(answers.values())}))
    worth = {"yes": 100.0, "partly": 50.0, "no": 0.0}
    for row in found.tables["groups"].to_dict("records"):
        there = [worth[held] for name, held in answers.items() if FIELDS[name]["group"] == row["group"]]
        assert row["answered"] == len(there)
        assert row["asked"] == sum(one["group"] == row["group"] for one in FIELDS.values())
        if there:
            assert row["percent_held"] == pytest.approx(sum(there) / len(there))
        else:
            assert row["percent_held"] != row["percent_held"]
            assert any(note.subject == row["group"] for note in found.notes if note.code == "AUDIT_GROUP_NOT_ANSWERED")


def test_what_is_not_settled_is_listed_by_field_and_system():
    audit = pd.DataFrame(
        {
            "field": ["age", "income", "stock", "needs"], "held": ["yes", "yes", "yes", "no"],
            "system": ["shop", "shop", "depot", "shop"], "owner": ["A", None, "B", None],
            "entered_by": ["customer; staff", "customer", "system", None], "purpose": ["offers", None, "supply", None],
            "updated_at": ["visit, phone", None, None, None], "filled": [80, 40, None, None],
        }
    )  # fmt: skip
    found = data_inventory(audit)
    gaps = set(found.tables["gaps"].itertuples(index=False, name=None))
    assert gaps == {("income", "shop", gap) for gap in ("owner", "updated_at", "purpose", "basis")}
    groups = found.tables["groups"].set_index("group")
    assert groups.loc["personal", ["without_owner", "without_update", "without_purpose"]].tolist() == [1, 1, 1]
    assert groups.loc["personal", "percent_filled"] == pytest.approx(60.0)
    contacts = found.tables["contacts"].set_index("group")
    assert contacts.loc["personal", ["visit", "phone", "post", "fax", "internet"]].tolist() == [50, 50, 0, 0, 0]
    privacy = found.tables["privacy"].set_index("privacy")
    assert privacy.loc["sensitive"].tolist() == [1, 1, 1]
    assert "AUDIT_SENSITIVE_WITHOUT_BASIS" in codes(found)
    assert "Yearly income" in found.text
    settled = data_inventory(audit.assign(basis="consent"))
    assert "AUDIT_SENSITIVE_WITHOUT_BASIS" not in codes(settled)
    assert found.tables["entered_by"].set_index("entered_by")["fields"].tolist() == [1, 2, 1]


def test_a_field_in_two_systems_counts_once_and_as_its_best():
    audit = pd.DataFrame({"field": ["age", "age"], "held": ["no", "partly"], "system": ["a", "b"]})
    found = data_inventory(audit)
    assert found.tables["groups"].set_index("group").loc["personal", ["answered", "percent_held"]].tolist() == [1, 50]


def test_answers_in_any_language_say_the_same():
    tables = [
        pd.DataFrame({"field": fields, "held": held})
        for fields, held in ((["age", "income"], ["yes", "no"]), (["سن", "درآمد سالانه"], ["بله", "خير"]),
                             (["Возраст", "Годовой доход"], ["да", "НЕТ"]))
    ]  # fmt: skip
    first, *others = [data_inventory(table).tables["fields"] for table in tables]
    for other in others:
        pd.testing.assert_frame_equal(first, other)


def test_two_different_answers_count_as_none_and_equal_ones_once():
    audit = pd.DataFrame({"field": ["age", "age", "needs", "needs"], "held": ["yes", "no", "yes", "yes"]})
    found = data_inventory(audit)
    groups = found.tables["groups"].set_index("group")["answered"]
    assert (groups["personal"], groups["needs"]) == (0, 1)
    assert {"AUDIT_TWO_ANSWERS", "AUDIT_ROWS_REPEATED"} <= codes(found)


def test_own_fields_need_a_group_and_a_milder_privacy_class_is_not_taken():
    audit = pd.DataFrame(
        {
            "field": ["loyalty card", "income"],
            "held": "yes",
            "group": ["interaction", None],
            "privacy": ["special", "none"],
        }
    )
    found = data_inventory(audit)
    privacy = found.tables["privacy"].set_index("privacy")["held"]
    assert (privacy["special"], privacy["sensitive"], privacy["none"]) == (1, 1, 0)
    assert "AUDIT_PRIVACY_LOWERED" in codes(found)
    assert found.tables["groups"].set_index("group").loc["interaction", "asked"] == 12


def test_all_faults_of_an_audit_are_told_at_once():
    audit = pd.DataFrame(
        {
            "field": ["agee", None, "age"],
            "held": ["yes", "yes", "maybe"],
            "filled": [0.5, 120, 30],
            "updated_at": "dove",
        }
    )
    with pytest.raises(DataError) as refused:
        data_inventory(audit)
    told = " ".join(fault.message for fault in refused.value.faults)
    for words in ("Did you mean 'age'", "names no field", "maybe (row 3)", "percent from 0 to 100", "dove"):
        assert words in told
    with pytest.raises(AnalysisError, match="fill in the column 'held'"):
        data_inventory(pd.DataFrame({"field": ["age"], "held": [None]}))


@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_form_that_was_filled_in_is_read_back(tmp_path, lang, ending):
    import openpyxl

    path = inventory_form(tmp_path / f"form.{ending}", lang)
    if ending == "xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0]
        heads = [cell.value for cell in sheet[1]]
        column = next(i for i, head in enumerate(heads, start=1) if head in ("Held", "نگهداری می‌شود", "Хранится"))
        for row in range(2, sheet.max_row + 1):
            sheet.cell(row, column).value = {"en": "Partly", "fa": "تا حدی", "ru": "Частично"}[lang]
        book.save(path)
        found = data_inventory(path)
        assert found.tables["groups"]["percent_held"].tolist() == [50.0] * 4
        assert set(found.tables["gaps"]["gap"]) == {"owner", "basis"}
    else:
        with pytest.raises(AnalysisError, match="whether it is held"):
            data_inventory(path)


# --- process audit --------------------------------------------------------------------------------------------------


def test_three_functions_and_four_tasks():
    areas = catalogue("data_processes")["areas"]
    kinds = [(area["kind"], area["source"]) for area in areas]
    assert kinds == [("function", "3.3"), ("function", "3.4"), ("function", "3.5"), *[("task", "3.6")] * 4]
    practices = {one["id"]: area["id"] for area in areas for one in area["practices"]}
    assert [practices[one] for one in ("next_offer", "discount_reminder", "history_at_hand")] == ["present"] * 3
    assert practices["update_at_contact"] == "collect"


def test_levels_are_lower_medians_and_areas_their_means():
    audit = pd.DataFrame(
        {
            "practice": ["by_need"] * 4 + ["by_value", "recognise"], "level": [0, 1, 2, 4, 3, 0],
            "rater": list("abcdaa"), "evidence": [None, "minutes", None, None, None, None],
        }
    )  # fmt: skip
    found = process_audit(audit)
    rows = found.tables["practices"].set_index("practice")
    assert rows.loc["by_need", ["level", "lowest", "highest", "raters"]].tolist() == [1, 0, 4, 4]
    areas = found.tables["areas"].set_index("area")
    assert areas.loc["differentiate", ["mean", "weakest", "percent_practised", "rated"]].tolist() == [2.0, 1, 50.0, 2]
    assert areas.loc["identify", ["rated", "practices"]].tolist() == [1, 2]
    assert areas.loc["collect", "rated"] == 0
    assert areas["mean"].isna().sum() == 5
    assert found.tables["disagreements"].to_numpy().tolist() == [["all", "by_need", 0, 4]]
    assert found.tables["without_evidence"]["practice"].tolist() == ["by_value"]
    steps = found.tables["next_steps"]
    assert steps[["practice", "next_level"]].to_numpy().tolist() == [["recognise", 1], ["by_need", 2], ["by_value", 4]]
    assert "Nobody rated collect" in " ".join(note.message for note in found.notes)
    radar = found.drawings()[0]
    assert radar.series[0][1][:5] == (None, None, None, 0.0, 2.0)


def test_units_are_kept_apart_and_contradictions_count_as_none():
    audit = pd.DataFrame({"practice": ["by_need", "by_need", "by_need"], "level": [1, 4, 3], "unit": ["x", "x", "y"]})
    found = process_audit(audit)
    assert found.call["units"] == ["y"]
    assert codes(found) >= {"AUDIT_TWO_ANSWERS"}
    both = process_audit(audit.iloc[1:])
    means = both.tables["areas"].query("area == 'differentiate'")["mean"]
    assert means.tolist() == [4.0, 3.0]
    assert both.drawings()[0].rows == ("x", "y")


def test_faulty_levels_and_practices_are_refused_together():
    with pytest.raises(DataError) as refused:
        process_audit(pd.DataFrame({"practice": ["by_neeed", "by_value", None], "level": [1, 2.5, 7]}))
    told = [fault.message for fault in refused.value.faults]
    assert len(told) == 3
    assert "Did you mean 'by_need'" in told[0]
    assert "2.5 (row 2), 7 (row 3)" in told[2]
    with pytest.raises(AnalysisError, match="Nothing is rated"):
        process_audit(pd.DataFrame({"practice": ["by_need"], "level": [None]}))


def test_a_process_form_is_read_back_with_persian_digits(tmp_path):
    import openpyxl

    path = process_form(tmp_path / "form.xlsx", "fa")
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, 3).value = "۲"
    assert "4 – " in " ".join(str(cell.value) for cell in book.worksheets[1]["B"])
    book.save(path)
    found = process_audit(path)
    assert found.n == len(PRACTICES)
    assert found.tables["areas"]["mean"].tolist() == [2.0] * 7
    assert found.prose("fa")[0].startswith("۱۹")


# --- single customer view -------------------------------------------------------------------------------------------


def view(systems):
    rows = [("age", "yes", name, identifiers) for name, identifiers in systems.items()]
    return single_customer_view(pd.DataFrame(rows, columns=["field", "held", "system", "identifier"]))


@pytest.mark.parametrize(
    ("systems", "expected", "joined"),
    [
        ({"a": "card", "b": "Card; mail", "c": "mail, card"}, "single", 100.0),
        ({"a": "card", "b": "card; mail", "c": "mail"}, "linked", 100.0),
        ({"a": "card", "b": "card", "c": "mail", "d": "phone"}, "partial", 100 / 6),
        ({"a": "card", "b": "mail", "c": None}, "none", 0.0),
    ],
)
def test_systems_are_joined_by_identifiers_they_share(systems, expected, joined):
    found = view(systems)
    assert found.call["view"] == expected
    assert found.fit["percent_joined"] == pytest.approx(joined)
    assert ("single view of the customer can be made" in found.text) == (expected == "single")
    turned = view(dict(reversed(systems.items())))
    assert turned.call["view"] == expected
    assert turned.fit.tolist() == found.fit.tolist()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sets(st.sampled_from("pqrst"), max_size=3), min_size=2, max_size=6))
def test_islands_are_what_walking_from_system_to_system_finds(sets):
    found = view({f"s{i}": ";".join(sorted(keys)) or None for i, keys in enumerate(sets)})
    reach = [[i == j or bool(a & b) for j, b in enumerate(sets)] for i, a in enumerate(sets)]
    for k in range(len(sets)):
        for i in range(len(sets)):
            for j in range(len(sets)):
                reach[i][j] = reach[i][j] or (reach[i][k] and reach[k][j])
    island = found.tables["systems"]["island"].tolist()
    assert all((island[i] == island[j]) == reach[i][j] for i in range(len(sets)) for j in range(len(sets)))


def test_one_system_decides_nothing_and_managerial_figures_do_not_count():
    found = single_customer_view(pd.DataFrame({"field": ["age", "stock"], "held": "yes", "system": ["a", "b"]}))
    assert found.call["view"] == "one system"
    assert {"VIEW_ONE_SYSTEM", "VIEW_NO_IDENTIFIER"} <= codes(found)
    assert found.fit["percent_joined"] != found.fit["percent_joined"]
    with pytest.raises(AnalysisError, match="nothing to join"):
        single_customer_view(pd.DataFrame({"field": ["stock"], "held": "yes"}))


def test_the_printed_share_stands_beside_without_a_test():
    found = view({"a": "card", "b": "card"})
    assert "fewer than 10%" in found.prose()[-1]
    assert "no norm" in found.prose()[-1]
    assert not len(found.estimates)


def test_a_field_or_system_typed_in_two_ways_is_one():
    table = pd.DataFrame(
        {"field": ["Zodiac", "zodiac ", "age"], "group": ["personal"] * 3, "held": "yes",
         "system": ["CRM", "فروشگاه ملي", "فروشگاه ملی"], "identifier": ["card", "card", "card"]}
    )  # fmt: skip
    found = data_inventory(table)
    assert found.tables["fields"].set_index("field").loc["Zodiac", "systems"] == 2
    assert found.call["systems"] == ["CRM", "فروشگاه ملي"]
    assert sum(note.code == "NAMES_READ_ALIKE" for note in found.notes) == 2
    assert single_customer_view(table).fit["systems"] == 2.0


def test_a_field_of_ones_own_is_of_one_group():
    table = pd.DataFrame(
        {"field": ["zodiac", "Zodiac"], "group": ["personal", "needs"], "held": "yes", "system": ["a", "b"]}
    )
    with pytest.raises(DataError, match="'zodiac' of the data audit is given to the groups personal, needs"):
        data_inventory(table)


def test_what_is_special_in_one_system_needs_a_basis_in_all():
    table = pd.DataFrame({"field": ["zodiac"] * 2, "group": ["personal"] * 2, "held": "yes", "system": ["a", "b"],
                          "privacy": ["special", None], "basis": ["consent", None]})  # fmt: skip
    gaps = data_inventory(table).tables["gaps"].query("gap == 'basis'")
    assert gaps[["field", "system"]].to_numpy().tolist() == [["zodiac", "b"]]


def test_where_nothing_is_held_nothing_is_said_of_it():
    none = data_inventory(pd.DataFrame({"field": ["age", "income"], "held": "no"}))
    assert "Of the data held" not in none.text
    with pytest.raises(AnalysisError, match="several different rows for the system"):
        data_inventory(pd.DataFrame({"field": ["age", "age"], "held": ["yes", "no"]}))


def test_a_table_without_systems_names_none_of_them():
    found = single_customer_view(pd.DataFrame({"field": ["age"], "held": ["yes"]}))
    assert "No identifier is named for" not in found.text
    assert [note.code for note in found.notes] == ["VIEW_ONE_SYSTEM"]
