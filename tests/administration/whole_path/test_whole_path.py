"""From the form field to the hand-over and its table: nothing is lost, moved or made up on the way.

Any study is answered by some people through its pages. What is handed over must be what other, slower rules
(:mod:`.rules_again`) say of what they answered; and the same sheets of paper must say the same.
"""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

import crmstudy as cs
from crmstudy.administration.exporting import export_collected
from crmstudy.administration.keys import digest, new_secret
from crmstudy.administration.paper.composing import compose_sheet
from crmstudy.administration.paper.typed import read_typed
from crmstudy.administration.server.composing import composer
from crmstudy.administration.session.feedback import scores
from crmstudy.administration.store.closing import close
from crmstudy.administration.store.invitations import NewToken, add_tokens
from crmstudy.administration.store.quotas import taken
from crmstudy.administration.store.schema import response
from crmstudy.administration.store.store import Store
from crmstudy.handover import REASONS, read_handover
from crmstudy.instrument.model import Item
from tests.administration.server.asgi_browser import TODAY, application
from tests.administration.whole_path import rules_again as rules
from tests.administration.whole_path.made_questionnaires import studies
from tests.administration.whole_path.someone import Someone

DAY = TODAY.date()
_SETTINGS = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


def invited(store, made, who, unit):
    """A token for somebody, who is known by an attribute."""
    secret = new_secret()
    about = {"who": who, "level": str(len(who) % 4), **({"shift": "night"} if unit == "south" else {})}
    person = "" if made.fieldwork.mode == "anonymous" else f"P-{who}"
    row = NewToken(digest("token", secret), who, unit, person, about)
    store.do_now(lambda work: add_tokens(work, "s", "", [row]))
    return secret, about


def submitted(store):
    """Who has submitted so far."""
    found = store.read(lambda c: c.execute(response.select().where(response.c.complete)).mappings().all())
    return {json.loads(row["attributes"])["who"]: row for row in found}


def answer_all(made, store, seeds):
    """Some people answer, one after the other."""
    app = application(made.fieldwork, store)
    people = {}
    for nth, seed in enumerate(seeds):
        who, unit = "p" * (nth + 1), ("north", "south")[nth % 2]
        secret, about = invited(store, made, who, unit)
        before = store.read(lambda c: dict(taken(c, "s", "")))
        people[who] = someone = Someone(made, app, secret, seed, unit=unit, attributes=about).answer_it()
        if someone.ended and who not in submitted(store):
            mine = (someone.given, someone.refused, someone.context)
            full = [id for id, (_, limit) in made.quotas.items() if before.get(id, 0) >= limit]
            assert any(rules.quota_holds(made, id, *mine) for id in full), "ended, though no full quota holds"
            someone.kept = False
            event("screened")
    return people


def check_quotas(made, store, people):
    """As many places are taken as answers that count in a quota are kept, and no more than there are."""
    counted = store.read(lambda c: dict(taken(c, "s", "")))
    there = submitted(store)
    for id, (_, limit) in made.quotas.items():
        fulfil = [who for who in there if rules.quota_holds(
            made, id, people[who].given, people[who].refused, people[who].context)]  # fmt: skip
        assert counted.get(id, 0) == len(fulfil) <= limit


def check_record(made, someone, record, *, complete):
    wanted = rules.record(made, someone.given, someone.refused, someone.context)
    assert record["answers"] == wanted["answers"]
    assert record.get("reasons", {}) == wanted["reasons"]
    assert record.get("open", {}) == wanted["open"]
    assert record["language"] == someone.lang
    assert record["unit"] == someone.about["unit"]
    attributes = {name: value for name, value in someone.about.items() if name not in ("unit", "wave")}
    assert record["attributes"] == {**attributes, "mode": "web"}
    assert record["paradata"]["complete"] is complete
    if complete:
        assert wanted["complete"]
    if made.fieldwork.mode == "anonymous":
        assert "person" not in record
        assert record["paradata"].keys() <= {"complete", "device", "duration"}
    else:
        assert record["person"] == f"P-{attributes['who']}"
        if complete:
            check_order(made, someone, record)


def check_order(made, someone, record):
    """What is handed over of the order is what stood on the pages; only items of one scale changed places."""
    gone = rules.hidden(made, someone.given, someone.refused, someone.context)
    order = record["paradata"]["order"]
    for page in someone.orders.values():
        for seen in page:
            assert [id for id in order if id in seen] == [id for id in seen if id not in gone]
    pages = [next(number for number, page in someone.orders.items() for seen in page if id in seen) for id in order]
    assert pages == sorted(pages)
    usual = [entry.id for entry in made.entries if entry.type != "info" and entry.id not in gone]
    groups = rules.may_change_places(made)
    for place, id in zip(usual, order, strict=True):
        assert id == place or any({id, place} <= group for group in groups)


def check_table(made, records, table):
    """Every cell of the table that is analysed."""
    frame = table.frame.reset_index(drop=True)
    for row, record in enumerate(records):
        for entry in made.entries:
            if isinstance(entry, Item):
                value, reason = record["answers"][entry.id], record.get("reasons", {}).get(entry.id)
                code = table.codes.get(entry.id, pd.Series(dtype=object)).get(row)
                if value in entry.response.missing_codes:
                    assert (math.isnan(frame[entry.id][row]), code) == (True, value)
                elif value is not None:
                    assert frame[entry.id][row] == value
                else:
                    assert math.isnan(frame[entry.id][row])
                    assert code == (REASONS[reason] if reason else None)
            elif entry.type != "info":
                check_open_cells(entry, record.get("open", {}).get(entry.id), frame, row)


def check_open_cells(entry, answer, frame, row):
    cells = [frame[name][row] for name in entry.columns]
    if answer is None:
        assert all(pd.isna(cell) for cell in cells)
    elif entry.type == "multi":
        chosen = [float(value in answer) for value in entry.response.values]
        assert all(pd.isna(cell) for cell in cells) if answer == [-8] else cells == chosen
    elif entry.type == "rank":
        places = {value: nth for nth, value in enumerate(answer, start=1)}
        assert [None if pd.isna(cell) else cell for cell in cells] == [places.get(v) for v in entry.response.values]
    elif entry.type in ("integer", "decimal"):
        assert cells == [answer]
    else:
        assert cells == [answer]  # 007 and 12 are what somebody wrote


def check_scores(made, records, table):
    """What respondents are shown of their scores is what the analysis finds."""
    if not made.sample.feedback:
        return
    frame = cs.score(table).frame.reset_index(drop=True)
    for row, record in enumerate(records):
        for own in scores(made.sample, record["answers"], "en"):
            value = frame[own.id][row]
            assert own.value is None if math.isnan(value) else own.value == value


def check_paper(made, someone):
    """The same answers on a sheet of paper: nobody can refuse there, and what should not be answered does not count."""
    cells = {}
    for entry in made.entries:
        answer = someone.given.get(entry.id)
        if answer is None:
            continue
        if getattr(entry, "type", "") == "multi":
            cells |= {f"{entry.id}_{value}": "1" for value in answer}
        elif getattr(entry, "type", "") == "rank":
            cells |= {f"{entry.id}_{value}": str(nth) for nth, value in enumerate(answer, start=1)}
        else:
            cells[entry.id] = str(answer)
    typed, faults = read_typed(made.sample, "en", cells)
    assert not faults
    made_of = compose_sheet(made.fieldwork, made.sample, wave="", unit="north", language="en", typed=typed)
    seen = {entry.id: someone.given.get(entry.id) for entry in made.entries if entry.type != "info"}
    context = {"unit": "north", "lang": "en", "wave": ""}
    wanted = rules.record(made, seen, (), context)
    assert made_of.response.answers == wanted["answers"]
    assert made_of.response.reasons == wanted["reasons"]
    assert made_of.response.opened == wanted["open"]
    counts = {id for id in made.quotas if rules.quota_holds(made, id, seen, (), context)}
    assert {id for id, _ in made_of.quotas} == counts


def whole_path(made, seeds):
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "study"
        place.mkdir()
        made = replace(made, fieldwork=replace(made.fieldwork, folder=place))
        with Store.open(made.fieldwork.place) as store:
            people = answer_all(made, store, seeds)
            check_quotas(made, store, people)
            done = set(submitted(store))
            make = composer(made.fieldwork, made.sample, TODAY)
            close(store, made.fieldwork, "s", "", today=DAY, compose=make)
            expected = {who for who, one in people.items() if who in done or (
                one.kept and not one.ended and made.sample.unfinished == "keep")}  # fmt: skip
            if expected:
                (exported,) = export_collected(made.fieldwork, store, to=place / "out", incomplete=True, today=DAY)
        if not expected:
            return
        records = list(read_handover(exported.folder).records())
        assert {record["attributes"]["who"] for record in records} == expected
        for record in records:
            who = record["attributes"]["who"]
            check_record(made, people[who], record, complete=who in done)
        table = cs.read_responses(exported.folder)
        check_table(made, records, table)
        check_scores(made, records, table)
        for who in done:
            check_paper(made, people[who])
        event(f"{len(done)} of {len(people)} submitted")


@settings(max_examples=15, derandomize=True, phases=[Phase.generate], **_SETTINGS)
@given(studies(), st.lists(st.integers(0, 10**6), min_size=2, max_size=3))
def test_what_is_handed_over_is_what_was_answered(made, seeds):
    whole_path(made, seeds)


@pytest.mark.slow
@pytest.mark.endurance
@settings(max_examples=1500, **_SETTINGS)
@given(studies(), st.lists(st.integers(0, 10**6), min_size=3, max_size=5))
def test_what_is_handed_over_is_what_was_answered_many_times(made, seeds):
    whole_path(made, seeds)
