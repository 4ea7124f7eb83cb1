"""The quality of a table of customers: five sides, counted by hand; no value is quoted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmstudy.assessment.processes import customer_data_quality
from crmstudy.errors import DataError, ModelError
from tests import tolerances

TABLE = pd.DataFrame(
    {
        "no": ["1", "2", "3", "3", None, "6"],
        "name": ["Ali Rezaei", "علي", "ali  rezaei", "علی", "n/a", "Оля"],
        "phone": ["021-55", "۰۲۱۵۵", "02155", None, "-", "77"],
        "born": [1990, 1880, 1990, 2001, None, 1975],
        "seen": ["2026-01-01", "2025-01-01", "2024-01-01", None, "2027-01-01", "2026-03-31"],
    }
)


def test_completeness_counts_placeholders_as_missing():
    found = customer_data_quality(TABLE, key="no", fields=["name", "phone"])
    rows = found.tables["completeness"].set_index("field")
    assert rows.loc["name", ["filled", "missing", "placeholders"]].tolist() == [5, 1, 1]
    assert rows.loc["phone", ["filled", "missing", "placeholders"]].tolist() == [4, 2, 1]
    assert found.fit["percent_filled"] == pytest.approx(75.0)
    assert found.fit["percent_complete_records"] == pytest.approx(400 / 6)
    unseen = customer_data_quality(TABLE.assign(name="\u200c\u200f"), key="no", fields=["name"])
    assert unseen.tables["completeness"]["filled"].tolist() == [0]
    kept = customer_data_quality(TABLE, key="no", fields=["name"], placeholders=[])
    assert kept.tables["completeness"]["filled"].tolist() == [6]


def test_the_same_customer_twice_is_found_however_written():
    found = customer_data_quality(TABLE, key="no", fields=["name"], duplicates=[["name"], ["name", "phone"]])
    rows = found.tables["uniqueness"].set_index("key")
    assert rows.loc["no", ["without_key", "distinct", "surplus"]].tolist() == [1, 4, 1]
    # Ali Rezaei = ali rezaei, Arabic yeh = Persian yeh
    assert rows.loc["name", ["without_key", "distinct", "surplus"]].tolist() == [1, 3, 2]
    assert rows.loc["name + phone", ["distinct", "surplus"]].tolist() == [3, 1]
    assert rows.loc["name", "percent_surplus"] == pytest.approx(40.0)
    assert {"QUALITY_KEY_REPEATED", "QUALITY_KEY_MISSING"} <= {note.code for note in found.notes}


def test_ages_are_reckoned_to_a_given_day_and_the_future_is_left_out():
    found = customer_data_quality(TABLE, key="no", fields=["name"], updated="seen", as_of="2026-04-01")
    row = found.tables["timeliness"].iloc[0]
    ages = np.array([90.0, 455.0, 821.0, 1.0])
    assert row[["dated", "undated", "future", "stale"]].tolist() == [4, 1, 1, 2]
    assert row["median_days"] == np.median(ages)
    assert row["oldest_days"] == 821
    assert row["percent_stale"] == 50.0
    edge = customer_data_quality(TABLE, key="no", fields=["name"], updated="seen", as_of="2026-04-01", stale_after=455)
    assert edge.tables["timeliness"]["stale"].tolist() == [1]
    assert {"QUALITY_DATE_IN_FUTURE", "QUALITY_UNDATED"} <= {note.code for note in found.notes}


def test_rules_are_patterns_ranges_and_lists():
    rules = {"phone": r"021-?\d+", "born": (1900, 2026), "name": ["علی", "ОЛЯ"]}
    found = customer_data_quality(TABLE, key="no", fields=["name"], rules=rules)
    rows = found.tables["validity"].set_index("field")
    assert rows.loc["phone", ["checked", "valid"]].tolist() == [4, 3]
    assert rows.loc["born", ["checked", "valid"]].tolist() == [5, 4]
    assert rows.loc["name", ["checked", "valid"]].tolist() == [5, 3]


def test_accuracy_has_wilsons_interval_from_its_equation():
    truth = pd.DataFrame(
        {
            "no": ["1", "2", "6", "9", "2", "5"],
            "name": ["ali rezaei", "x", "Оля", "y", "z", None],
            "phone": ["1", "2", "77"] * 2,
        }
    )
    found = customer_data_quality(TABLE, key="no", fields=["name", "phone"], truth=truth)
    rows = found.tables["accuracy"].set_index("field")
    # 2 stands twice among the verified, 9 and 5 are no customers
    assert rows.loc["name", ["verified", "right"]].tolist() == [2, 2]
    assert rows.loc["phone", ["verified", "right"]].tolist() == [2, 1]
    ends = found.estimates.set_index("term").loc["accuracy: phone", ["ci_low", "ci_high"]].to_numpy(dtype=float)
    # the ends solve (p - P)^2 = z^2 P (1 - P) / n
    z2 = 1.959963984540054**2
    np.testing.assert_allclose((0.5 - ends) ** 2, z2 * ends * (1 - ends) / 2, rtol=tolerances.CLOSED_FORM_RELATIVE)
    assert any(note.code == "QUALITY_NOT_MATCHED" and note.message.endswith(" 4.") for note in found.notes)


def test_an_empty_value_that_should_be_there_is_wrong():
    truth = pd.DataFrame({"no": ["6", "1"], "phone": ["77", "021-55"]})
    table = TABLE.assign(phone=["n/a", *TABLE["phone"][1:]])
    found = customer_data_quality(table, key="no", fields=["phone"], truth=truth)
    assert found.tables["accuracy"][["verified", "right"]].to_numpy().tolist() == [[2, 1]]


def test_no_value_of_a_customer_is_quoted():
    found = customer_data_quality(
        TABLE, key="no", fields=["name", "phone"], duplicates=[["name"]], updated="seen", as_of="2026-04-01",
        rules={"phone": r"\d+"}, truth=pd.DataFrame({"no": ["1"], "name": ["Reza"]}),
    )  # fmt: skip
    everything = found.to_json() + " ".join(sum((found.prose(lang) for lang in ("en", "fa", "ru")), ()))
    for secret in ("Rezaei", "علي", "Оля", "021", "Reza"):
        assert secret not in everything


def test_faulty_options_are_told_together():
    with pytest.raises(ModelError) as refused:
        customer_data_quality(
            TABLE, key="no", fields="name", duplicates=["name"], updated="seen", stale_after=0, rules={"phone": "("},
            level=2,
        )  # fmt: skip
    told = [fault.message for fault in refused.value.faults]
    assert len(told) == 6
    with pytest.raises(ModelError, match="`as_of` is a date"):
        customer_data_quality(TABLE, key="no", fields=["name"], updated="seen", as_of="soon")
    with pytest.raises(ModelError, match="from low to high"):
        customer_data_quality(TABLE, key="no", fields=["name"], rules={"born": (9, 1)})
    with pytest.raises(DataError, match="no column 'city'"):
        customer_data_quality(TABLE, key="no", fields=["city"])
    with pytest.raises(DataError, match="dates"):
        customer_data_quality(TABLE, key="no", fields=["phone"], updated="name", as_of="2026-01-01")
    with pytest.raises(DataError, match="none of the fields"):
        customer_data_quality(TABLE, key="no", fields=["name"], truth=pd.DataFrame({"no": ["1"]}))


@pytest.mark.parametrize(
    ("values", "distinct"),
    [
        (["1-12", "11-2", "112"], 3),  # three customer numbers, not one
        (["۱۲", "١٢", "12", " 12 "], 1),
        (["n/a", "N/A", "12"], 1),
    ],
)
def test_customer_numbers_differ_in_every_sign_but_blanks(values, distinct):
    table = pd.DataFrame({"no": values, "name": "x"})
    row = customer_data_quality(table, key="no", fields=["name"]).tables["uniqueness"].iloc[0]
    assert row["distinct"] == distinct
    assert row["distinct"] + row["surplus"] + row["without_key"] == len(values)


@pytest.mark.parametrize(
    ("values", "surplus"),
    [
        (["a.b@x.org", "ab@x.org", "A.B@X.org"], 1),
        (["0912 345", "۰۹۱۲-۳۴۵", "(0912)345"], 2),
        (["كاظمي", "کاظمی", "کاظمی\u200c"], 2),
    ],
)
def test_addresses_keep_their_signs_and_telephone_numbers_do_not(values, surplus):
    table = pd.DataFrame({"no": range(len(values)), "reached": values})
    found = customer_data_quality(table, key="no", fields=["reached"], duplicates=[["reached"]])
    assert found.tables["uniqueness"]["surplus"].tolist() == [0, surplus]


def test_verified_records_are_found_by_their_number_in_any_digits():
    found = customer_data_quality(TABLE, key="no", fields=["name"], truth=pd.DataFrame({"no": ["۶"], "name": ["оля"]}))
    assert found.tables["accuracy"][["verified", "right"]].to_numpy().tolist() == [[1, 1]]


def test_a_range_reads_the_digits_of_any_script():
    table = pd.DataFrame({"no": [1, 2, 3], "age": ["۱۸", "٣٤٫٥", "120"]})
    found = customer_data_quality(table, key="no", fields=["age"], rules={"age": (18, 99)})
    assert found.tables["validity"][["checked", "valid"]].to_numpy().tolist() == [[3, 2]]


@pytest.mark.parametrize(
    "options",
    [
        {"key": ["no"]}, {"updated": ["seen"], "as_of": "2026-01-01"}, {"fields": 3}, {"duplicates": None},
        {"duplicates": [3]}, {"rules": ["x"]}, {"rules": {"no": 3}}, {"rules": {"no": (True, 2)}},
        {"placeholders": None}, {"stale_after": 1.5}, {"as_of": "today"}, {"as_of": "1405/01/01"},
    ],
    ids=str,
)  # fmt: skip
def test_options_of_the_wrong_kind_are_refused_in_words(options):
    with pytest.raises(ModelError):
        customer_data_quality(TABLE, **{"key": "no", "fields": ["name"], **options})


def test_a_day_with_a_zone_and_jalali_dates():
    day = pd.Timestamp("2026-04-01", tz="Asia/Tehran")
    found = customer_data_quality(TABLE, key="no", fields=["name"], updated="seen", as_of=day)
    assert found.call["as_of"] == "2026-04-01"
    jalali = TABLE.assign(seen=["1405/01/12", *TABLE["seen"][1:]])
    with pytest.raises(DataError, match=r"1405/01/12 \(row 1\) is none \(years from 1300 to 1499 are Jalali"):
        customer_data_quality(jalali, key="no", fields=["name"], updated="seen", as_of="2026-04-01")


def test_prose_of_full_and_of_empty_records_has_no_dash_for_a_figure():
    full = customer_data_quality(TABLE.tail(1), key="no", fields=["name", "phone"])
    assert full.text.startswith("In 1 record all the asked values are filled.")
    empty = customer_data_quality(TABLE.assign(name=None), key="no", fields=["name"], duplicates=[["name"]])
    assert "none can be told apart by it" in empty.text
    for found in (full, empty):
        assert not any("–" in sentence for lang in ("en", "fa", "ru") for sentence in found.prose(lang))
