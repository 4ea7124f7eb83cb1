"""Sheets are typed in twice, blind; a third person decides; a settled sheet is a response that no number leads to."""

from __future__ import annotations

import csv
import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from crmstudy.administration.exporting import export_collected
from crmstudy.administration.fieldwork import Quota, Wave
from crmstudy.administration.paper.comparing import ErrorRate
from crmstudy.administration.paper.numbers import sheet_number, shown_number
from crmstudy.administration.paper.sheets import (
    decide,
    disputes,
    enter,
    error_rates,
    find_sheet,
    forget_entries,
    numbers_in,
    standing,
)
from crmstudy.administration.paper.taking import (
    give_out,
    rules_of,
    take_decisions,
    take_files,
    write_differences,
)
from crmstudy.administration.paper.typed import Typed, columns_of, fields_on_paper, read_typed
from crmstudy.administration.store import schema
from crmstudy.administration.store.closing import close, close_due, waiting_for_sheets
from crmstudy.administration.store.quotas import taken
from crmstudy.administration.store.writer import Refused
from crmstudy.errors import DataError, OutputError, StudyError
from crmstudy.handover import read_handover
from tests.administration.collected_samples import fieldwork_of

TODAY = dt.date(2026, 11, 26)
CELLS = {
    "a1": "1", "a2": "2", "a3": "2", "a4": "4", "uses": "1", "wide": "50", "line": "7", "multi_1": "1", "multi_2": "0",
    "multi_3": "0", "multi_4": "1", "rank_1": "1", "rank_2": "2", "rank_3": "3", "rank_4": "4", "integer": "3",
    "decimal": "2.5", "text": "Good", "longtext": "", "date": "2026-01-02", "age": "44", "share": "10",
    "top2_1": "1", "top2_2": "2",
}  # fmt: skip


class Desk:
    """A study on paper, and people who type."""

    def __init__(self, folder, store, mode="anonymous", **changes):
        self.study, self.store = fieldwork_of(folder, mode, **changes), store
        self.sample = self.study.samples["staff"]
        self.rules = rules_of(self.study, self.sample)

    def sheets(self, n=1, **more):
        return [one.number for one in give_out(self.study, self.store, "staff", n, **more)]

    def typed(self, **cells):
        typed, faults = read_typed(self.sample, "en", CELLS | cells)
        assert faults == {}
        return typed

    def enter(self, number, clerk, **cells):
        typed = self.typed(**cells)
        return self.store.do_now(lambda work: enter(work, number, clerk, typed, self.rules))

    def decide(self, number, clerk, **cells):
        typed, faults = read_typed(self.sample, "en", cells, only=[name.split("_")[0] for name in cells])
        assert faults == {}
        return self.store.do_now(lambda work: decide(work, number, clerk, typed, self.rules))

    def rows(self, table=schema.response):
        return self.store.read(lambda c: [dict(row) for row in c.execute(select(table)).mappings()])

    def state(self, number):
        return self.store.read(lambda connection: find_sheet(connection, number)).state


def test_two_alike_entries_are_a_response_under_a_random_id(tmp_path, database):
    desk = Desk(tmp_path, database.open())
    (number,) = desk.sheets(unit="north")
    assert desk.enter(number, "Ann") == "once"
    assert desk.rows() == []
    assert desk.enter(number, "Bob", text="good ", a1=" 1") == "taken"
    (row,) = desk.rows()
    assert (row["source"], row["unit"], row["complete"], row["submission"], row["person"]) == (
        "paper", "north", True, None, "",
    )  # fmt: skip
    assert json.loads(row["opened"])["multi"] == [1, 4]
    assert number not in json.dumps(row)
    assert desk.rows(schema.entry) == []
    assert desk.state(number) == "taken"


@pytest.mark.parametrize("mode", ["confidential", "identified"])
def test_entries_stay_where_the_mode_allows_it(tmp_path, database, mode):
    desk = Desk(tmp_path, database.open(), mode)
    (number,) = desk.sheets()
    desk.enter(number, "Ann")
    desk.enter(number, "Bob")
    assert sorted(row["clerk"] for row in desk.rows(schema.entry)) == ["Ann", "Bob"]


def test_a_third_person_decides_what_differs_and_nothing_else(tmp_path, database):
    desk = Desk(tmp_path, database.open())
    (number,) = desk.sheets()
    desk.enter(number, "Ann")
    assert desk.enter(number, "Bob", a1="?", multi_1="0", age="45") == "differs"
    found = desk.store.read(lambda connection: disputes(connection, "staff", desk.rules))
    assert found[number][1] == ("a1", "multi", "age")
    for clerk in ("Ann", " bob"):
        with pytest.raises(Refused, match="third-person"):
            desk.decide(number, clerk, a1="1")
    with pytest.raises(Refused, match="other-fields"):
        desk.decide(number, "Cid", a1="1", a2="5")
    assert desk.rows() == []
    assert desk.decide(number, "Cid", a1="3", multi_1="1", age="45") == "taken"
    (row,) = desk.rows()
    answers, opened = json.loads(row["answers"]), json.loads(row["opened"])
    assert (answers["a1"], answers["a2"], opened["multi"], opened["age"]) == (3, 2, [1], 45)
    assert desk.rows(schema.entry) == []
    with pytest.raises(Refused, match="sheet-taken"):
        desk.decide(number, "Cid", a1="3")


def test_one_person_cannot_be_both(tmp_path, database):
    desk = Desk(tmp_path, database.open())
    (number,) = desk.sheets()
    desk.enter(number, "Ann")
    assert desk.enter(number, "Ann") == "repeated"
    with pytest.raises(Refused, match="same-clerk"):
        desk.enter(number, "ann ", a1="2")
    assert desk.rows() == []


def test_what_may_not_be_is_refused_and_changes_nothing(tmp_path, database):
    desk = Desk(tmp_path, database.open(), waves=(Wave("w1"), Wave("w2")))
    (one,) = desk.sheets(wave="w1")
    (two,) = desk.sheets(wave="w2")
    with pytest.raises(Refused, match="sheet-unknown"):
        desk.enter(sheet_number(999), "Ann")
    with pytest.raises(Refused, match="not-differing"):
        desk.decide(one, "Cid", a1="1")
    desk.enter(two, "Ann")
    desk.enter(two, "Bob", a1="2")
    with pytest.raises(Refused, match="sheet-typed"):
        desk.enter(two, "Cid")
    close(desk.store, desk.study, "staff", "w1", today=TODAY)
    with pytest.raises(Refused, match="closed"):
        desk.enter(one, "Ann")
    with pytest.raises(StudyError, match="closed"):
        desk.sheets(wave="w1")
    assert desk.rows() == []


def test_a_sheet_can_be_typed_in_anew_until_it_is_settled(tmp_path, database):
    desk = Desk(tmp_path, database.open())
    (number,) = desk.sheets()
    desk.enter(number, "Ann", a1="2")
    assert desk.store.do_now(lambda work: forget_entries(work, number)) == 1
    assert desk.state(number) == "printed"
    desk.enter(number, "Ann")
    desk.enter(number, "Bob")
    with pytest.raises(Refused, match="sheet-taken"):
        desk.store.do_now(lambda work: forget_entries(work, number))


def test_blank_illegible_and_two_ticks_reach_the_hand_over(tmp_path, database):
    desk = Desk(tmp_path, database.open(), "confidential")
    numbers = desk.sheets(2)
    for number in numbers:
        for clerk in ("Ann", "Bob"):
            desk.enter(number, clerk, a1="?", a2="*", a4="", text="illegible")
    (made,) = export_collected(desk.study, desk.store, today=TODAY)
    for record in read_handover(made.folder).records():
        assert record["reasons"] == {"a1": "illegible", "a2": "two-ticks"}
        assert [record["answers"][id] for id in ("a1", "a2", "a4")] == [None] * 3
        assert "text" not in record["open"]
        assert record["attributes"] == {"mode": "paper"}


def test_what_a_condition_hides_is_not_handed_over_also_when_somebody_answered_it(tmp_path, database):
    desk = Desk(tmp_path, database.open(), conditions={"wide": "uses = 1", "age": "uses = 1"})
    for uses in ("0", "1"):
        (number,) = desk.sheets()
        desk.enter(number, "Ann", uses=uses)
        desk.enter(number, "Bob", uses=uses)
    rows = {json.loads(row["answers"])["uses"]: row for row in desk.rows()}
    assert json.loads(rows[0]["reasons"]) == {"wide": "not-shown"}
    assert json.loads(rows[0]["answers"])["wide"] is None
    assert "age" not in json.loads(rows[0]["opened"])
    assert (json.loads(rows[1]["answers"])["wide"], json.loads(rows[1]["opened"])["age"]) == (50, 44)


def test_a_blank_sheet_is_counted_and_is_no_answer(tmp_path, database):
    desk = Desk(tmp_path, database.open())
    (number,) = desk.sheets()
    for clerk in ("Ann", "Bob"):
        told = desk.store.do_now(lambda work, clerk=clerk: enter(work, number, clerk, Typed(), desk.rules))
    assert (told, desk.rows(), desk.state(number)) == ("blank", [], "blank")


def test_quotas_count_paper_and_keep_what_is_over_them(tmp_path, database):
    desk = Desk(tmp_path, database.open(), quotas=(Quota("users", "uses = 1", 2),))
    for number in desk.sheets(4):
        desk.enter(number, "Ann")
        desk.enter(number, "Bob")
    assert len(desk.rows()) == 4
    assert desk.store.read(lambda connection: taken(connection, "staff", "")) == {"users": 2}


def test_numbers_are_given_out_once(tmp_path, database):
    desk = Desk(tmp_path, database.open())
    with ThreadPoolExecutor(8) as pool:
        given = [number for batch in pool.map(lambda _: desk.sheets(25), range(8)) for number in batch]
    assert len(set(given)) == 200
    counts = desk.store.read(lambda connection: standing(connection, "staff"))
    assert counts == {("", ""): {"printed": 200}}


def test_many_clerks_at_once_settle_a_sheet_once(tmp_path, database):
    desk = Desk(tmp_path, database.open())
    (number,) = desk.sheets()

    def attempt(nth):
        try:
            return desk.enter(number, f"clerk {nth}")
        except Refused as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        told = sorted(pool.map(attempt, range(8)))
    assert told == ["once", *["sheet-taken"] * 6, "taken"]
    assert len(desk.rows()) == 1


def test_the_error_rate_is_of_fields_by_pair_with_an_interval(tmp_path, database):
    desk = Desk(tmp_path, database.open())
    one, two, three = desk.sheets(3)
    n = len(fields_on_paper(desk.sample, "en"))
    desk.enter(one, "Ann")
    desk.enter(one, "Bob", a1="2", a2="5")
    desk.enter(two, "Bob")
    desk.enter(two, "Ann")
    desk.enter(three, "Cid", a1="4")
    desk.enter(three, "Ann")
    rates = desk.store.read(lambda connection: error_rates(connection, "staff"))
    assert [(rate.clerks, rate.differing, rate.fields) for rate in rates] == [
        (("Ann", "Bob"), 2, 2 * n), (("Ann", "Cid"), 1, n), ((), 3, 3 * n),
    ]  # fmt: skip


def test_wilsons_interval():
    """Newcombe (1998), Table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29, method 3."""
    printed = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (x, n), ends in printed.items():
        assert ErrorRate((), x, n).interval == pytest.approx(ends, abs=5e-5)


def write(path, rows, columns):
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)


def columns(desk):
    return ["sheet", *(column for asked in fields_on_paper(desk.sample, "en") for column in columns_of(asked))]


def files(desk, folder, first, second):
    for name, rows in (("first.csv", first), ("second.csv", second)):
        write(folder / name, [CELLS | row for row in rows], columns(desk))
    return [folder / "first.csv", folder / "second.csv"]


def test_two_files_a_decision_and_an_export(tmp_path, database):
    desk = Desk(tmp_path, database.open(), "confidential")
    one, two, three = desk.sheets(3)
    both = files(
        desk, tmp_path,
        [{"sheet": shown_number(one)}, {"sheet": two}, {"sheet": three}],
        [{"sheet": two, "a1": "?", "rank_1": "2", "rank_2": "1"}, {"sheet": one}],
    )  # fmt: skip
    told = take_files(desk.study, desk.store, "staff", both, ["Ann", "Bob"])
    assert (told.told, told.once, told.differing) == (
        {"once": 3, "taken": 1, "differs": 1}, (three,), (two,),
    )  # fmt: skip
    again = take_files(desk.study, desk.store, "staff", both, ["Ann", "Bob"])
    assert (again.told, set(again.settled_before)) == ({"repeated": 3}, {one})
    assert len(desk.rows()) == 1
    path = tmp_path / "differences.csv"
    assert write_differences(desk.study, desk.store, "staff", path) == (1, 2)
    with pytest.raises(OutputError, match="exists already"):
        write_differences(desk.study, desk.store, "staff", path)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["column"], row["first"], row["second"]) for row in rows] == [
        ("a1", "1", "?"), ("rank_1", "1", "2"), ("rank_2", "2", "1"), ("rank_3", "3", "3"), ("rank_4", "4", "4"),
    ]  # fmt: skip
    assert take_decisions(desk.study, desk.store, "staff", path, "Cid") == (0, 1)
    for row, said in zip(rows, ("blank", "2", "1", "3", "4"), strict=True):
        row["decision"] = said
    decided = tmp_path / "decided.csv"
    write(decided, rows, list(rows[0]))
    with pytest.raises(DataError, match="somebody else must decide"):
        take_decisions(desk.study, desk.store, "staff", decided, "Bob")
    assert take_decisions(desk.study, desk.store, "staff", decided, "Cid") == (1, 0)
    assert desk.store.read(lambda connection: numbers_in(connection, "staff", "taken")) == (one, two)
    row = next(row for row in desk.rows() if json.loads(row["answers"])["a1"] is None)
    assert json.loads(row["opened"])["rank"] == [2, 1, 3, 4]
    (made,) = export_collected(desk.study, desk.store, today=TODAY)
    assert made.n == 2


def test_every_fault_of_both_files_is_told_with_its_line_and_nothing_is_taken(tmp_path, database):
    desk = Desk(tmp_path, database.open())
    one, two = desk.sheets(2)
    both = files(
        desk, tmp_path,
        [{"sheet": one, "a1": "9"}, {"sheet": one}, {"sheet": "12"}],
        [{"sheet": sheet_number(77)}, {"sheet": two, "age": "x", "rank_1": "9"}],
    )  # fmt: skip
    with pytest.raises(DataError) as told:
        take_files(desk.study, desk.store, "staff", both, ["Ann", "Bob"])
    said = [str(fault) for fault in told.value.faults]
    assert len(said) == 6
    for start, part in (
        ("first.csv:2", "a1 is one of"), ("first.csv:3", "stands in line 2 already"), ("first.csv:4", "no number"),
        ("second.csv:2", "no sheet was given out"), ("second.csv:3", "age is a whole number"),
        ("second.csv:3", "rank gives each place"),
    ):  # fmt: skip
        assert any(one.startswith(start) and part in one for one in said), (start, part, said)
    assert desk.rows(schema.entry) == []


@pytest.mark.parametrize(("text", "said"), [
    ("", "the first line must name the columns"),
    ("a;b\n1;2\n", "must have a column 'sheet'"),
    ("sheet,clerk,a1\n", "lacks the columns a2"),
    ("sheet,clerk,a1,a1\n", "stands twice"),
    ('sheet,"clerk\n', "is no CSV"),
])  # fmt: skip
def test_files_that_are_none_are_refused(tmp_path, database, text, said):
    desk = Desk(tmp_path, database.open())
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        take_files(desk.study, desk.store, "staff", [tmp_path / "x.csv"])


def test_files_in_other_encodings_and_of_strangers_are_refused(tmp_path, database):
    desk = Desk(tmp_path, database.open())
    (number,) = desk.sheets()
    path = tmp_path / "x.csv"
    path.write_bytes("sheet,имя\n".encode("cp1251"))
    with pytest.raises(DataError, match="UTF-8"):
        take_files(desk.study, desk.store, "staff", [path])
    with pytest.raises(DataError, match="cannot be read"):
        take_files(desk.study, desk.store, "staff", [tmp_path / "none.csv"])
    write(path, [CELLS | {"sheet": number, "extra": "1"}], [*columns(desk), "extra"])
    with pytest.raises(DataError, match="'extra' is none of the questionnaire's"):
        take_files(desk.study, desk.store, "staff", [path], ["Ann"])
    both = files(desk, tmp_path, [{"sheet": number}], [{"sheet": number}])
    with pytest.raises(DataError, match="in both files; the second entry must come from somebody else"):
        take_files(desk.study, desk.store, "staff", both, ["Ann", "ann"])


def test_sheets_of_another_sample_are_named(tmp_path, database):
    desk = Desk(tmp_path, database.open())
    (number,) = desk.sheets()
    other = replace(desk.sample, id="other")
    desk.study = replace(desk.study, samples={**desk.study.samples, "other": other})
    write(tmp_path / "x.csv", [CELLS | {"sheet": number}], columns(desk))
    with pytest.raises(DataError, match="is of the sample 'staff'"):
        take_files(desk.study, desk.store, "other", [tmp_path / "x.csv"], ["Ann"])


@pytest.mark.parametrize(("more", "said"), [
    ({"unit": "nort"}, "no unit 'nort'. Did you mean 'north'"), ({"language": "de"}, "not offered in 'de'"),
    ({"wave": "w1"}, "no wave 'w1'"), ({"n": 0}, "from 1 to 10,000; found 0"),
])  # fmt: skip
def test_sheets_of_what_there_is_not_are_refused(tmp_path, database, more, said):
    desk = Desk(tmp_path, database.open())
    with pytest.raises(StudyError, match=said):
        desk.sheets(**more)
    assert desk.rows(schema.sheet) == []


def test_spreadsheets_run_nothing_of_the_file_of_differences(tmp_path, database):
    desk = Desk(tmp_path, database.open())
    (number,) = desk.sheets()
    desk.enter(number, "Ann", text="=1+1")
    desk.enter(number, "Bob", text="@SUM(A1)")
    write_differences(desk.study, desk.store, "staff", tmp_path / "d.csv")
    with (tmp_path / "d.csv").open(encoding="utf-8-sig", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert "'=1+1" in cells
    assert not any(cell.startswith(("=", "@")) for cell in cells)


def test_in_anonymous_mode_nothing_is_left_of_who_typed_what(tmp_path, database):
    """The number and the typed answers stand together only until the sheet is settled."""
    desk = Desk(tmp_path, database.open())
    canary = "canary5417"
    (number,) = desk.sheets()
    desk.enter(number, "Ann", text=canary)
    desk.enter(number, "Bob", text=f"{canary}x")
    held = [row for row in desk.rows(schema.entry) if canary in row["given"]]
    assert len(held) == 2  # so that the look below can find something
    desk.decide(number, "Cid", text=canary)
    for table in schema.metadata.sorted_tables:
        for row in desk.rows(table):
            assert not (canary in json.dumps(row) and number in json.dumps(row)), table.name


def waiting_desk(folder, store, mode="anonymous"):
    """Four sheets: one settled, one typed in once, one in dispute, one not typed in."""
    desk = Desk(folder, store, mode, waves=(Wave("", dt.date(2026, 11, 1), dt.date(2026, 11, 20)),))
    numbers = desk.sheets(4)
    for number, clerk, cells in (
        (numbers[0], "Ann", {}), (numbers[0], "Bob", {}), (numbers[1], "Ann", {"text": "canary1"}),
        (numbers[2], "Ann", {"text": "canary2"}), (numbers[2], "Bob", {"text": "canary3"}),
    ):  # fmt: skip
        desk.enter(number, clerk, **cells)
    return desk, numbers


def test_sheets_that_wait_keep_a_wave_from_being_closed(tmp_path, database):
    desk, numbers = waiting_desk(tmp_path, database.open())
    before = {table.name: desk.rows(table) for table in schema.metadata.sorted_tables}
    with pytest.raises(StudyError, match="2 paper sheets typed in and not settled"):
        close(desk.store, desk.study, "staff", "", today=TODAY)
    assert {table.name: desk.rows(table) for table in schema.metadata.sorted_tables} == before
    desk.enter(numbers[1], "Bob", text="canary1")
    desk.decide(numbers[2], "Cid", text="canary2")
    assert desk.state(numbers[1]) == "taken"
    done = close(desk.store, desk.study, "staff", "", today=TODAY)
    assert (done.responses, done.sheets_left, done.sheets_out) == (3, 0, 1)


@pytest.mark.parametrize("mode", ["anonymous", "confidential"])
def test_sheets_that_are_given_up_are_no_answers(tmp_path, database, mode):
    desk, numbers = waiting_desk(tmp_path, database.open(), mode)
    done = close(desk.store, desk.study, "staff", "", today=TODAY, leave_sheets=True)
    assert (done.responses, done.sheets_left, done.sheets_out) == (1, 2, 1)
    assert [desk.state(number) for number in numbers] == ["taken", "left", "left", "printed"]
    kept = [row for row in desk.rows(schema.entry) if "canary" in row["given"]]
    assert (len(kept), done.entries_kept) == ((0, False) if mode == "anonymous" else (3, True))
    for what in (lambda: desk.enter(numbers[1], "Bob"), lambda: desk.decide(numbers[2], "Cid", text="canary2")):
        with pytest.raises(Refused, match="closed"):
            what()
    assert desk.store.do_now(lambda work: forget_entries(work, numbers[2])) == (0 if mode == "anonymous" else 2)
    assert desk.state(numbers[2]) == "left"


def test_a_server_leaves_a_wave_that_waits_for_sheets_until_they_are_settled(tmp_path, database):
    desk, numbers = waiting_desk(tmp_path, database.open())
    day = dt.date(2026, 11, 21)
    assert waiting_for_sheets(desk.study, desk.store, day - dt.timedelta(1)) == {}
    assert close_due(desk.store, desk.study, day) == ()
    assert waiting_for_sheets(desk.study, desk.store, day) == {("staff", ""): 2}
    assert desk.store.do_now(lambda work: forget_entries(work, numbers[1])) == 1
    assert desk.decide(numbers[2], "Cid", text="canary2") == "taken"
    assert waiting_for_sheets(desk.study, desk.store, day) == {}
    assert [done.responses for done in close_due(desk.store, desk.study, day)] == [2]


def test_one_wave_that_waits_does_not_hold_up_another(tmp_path, database):
    waves = (Wave("w1", dt.date(2026, 11, 1), dt.date(2026, 11, 9)), Wave("w2", dt.date(2026, 11, 11), TODAY))
    desk = Desk(tmp_path, database.open(), waves=waves)
    (number,) = desk.sheets(wave="w1")
    desk.enter(number, "Ann")
    assert [done.wave for done in close_due(desk.store, desk.study, TODAY + dt.timedelta(1))] == ["w2"]
    assert desk.state(number) == "once"
    assert len(desk.rows(schema.entry)) == 1
