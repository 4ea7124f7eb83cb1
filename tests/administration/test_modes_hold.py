"""What the table of modes says is what happens, even to a study that asks for more; the other modes are the control."""

from __future__ import annotations

import copy
import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from crmstudy.administration.declaring.modes import MODES, allowed
from crmstudy.administration.fieldwork import Fieldwork, Paradata
from crmstudy.administration.inviting.issuing import Desk
from crmstudy.administration.inviting.reminding import remind
from crmstudy.administration.keys import digest
from crmstudy.administration.server.composing import began, composer
from crmstudy.administration.simulating import Behaviour, simulate
from crmstudy.administration.store import schema
from crmstudy.administration.store.closing import close
from crmstudy.administration.store.respondents import Response, insert_response, withdraw
from crmstudy.administration.store.store import Store
from crmstudy.administration.store.writer import Refused
from crmstudy.errors import StudyError
from tests.administration.declaring.made import GOOD, read

NOW = dt.datetime(2027, 3, 5, 9, 30, tzinfo=dt.UTC)
MINUTE = "2027-03-05T09:30Z"


def greedy(folder: Path, mode: str) -> Fieldwork:
    """A study that asks for more than some modes allow, past the door at which it would be refused."""
    file = copy.deepcopy(GOOD)
    del file["samples"]["customers"], file["samples"]["staff"]["quotas"]
    study = read(folder, file)
    staff = replace(study.samples["staff"], linking="none" if mode == "anonymous" else "key-file")
    return replace(study, mode=mode, paradata=Paradata("fine", True, True), withdrawal="retention",
                   samples={"staff": staff}, invitation=replace(study.invitation, reminders="unfinished"))  # fmt: skip


@pytest.fixture(params=MODES)
def filled(request, tmp_path):
    """A study of each mode, filled with made-up answers by the jobs that keep a respondent's."""
    study = greedy(tmp_path, request.param)
    with Store.open(study.place, purpose="simulated") as store:
        simulate(study, store, n=12, seed=3, behaviour=Behaviour(dropout=0.2), wave="spring", now=NOW)
        yield study, store


def kept(store: Store) -> list[dict[str, object]]:
    """The answers as the table holds them."""
    return [dict(row) for row in store.read(lambda c: c.execute(select(schema.response)).mappings().all())]


def test_what_is_kept_of_how_somebody_answered(filled):
    study, store = filled
    paradata = [json.loads(str(row["paradata"])) for row in kept(store)]
    assert len(paradata) > 5
    for feature, names in (("page-times", {"started", "submitted", "seconds", "page_seconds", "visits"}),
                           ("order", {"order"}), ("duration", {"duration"}), ("device", {"device"})):  # fmt: skip
        for one in paradata:
            assert (names <= one.keys()) is allowed(study.mode, feature), feature
            assert not (names & one.keys()) or allowed(study.mode, feature), feature


def test_no_moment_stands_anywhere_in_the_database(filled):
    study, store = filled
    assert began(study, NOW) == (MINUTE if allowed(study.mode, "page-times") else MINUTE[:10])
    told = []
    for table in schema.metadata.sorted_tables:
        told += [str(tuple(row)) for row in store.read(lambda c, table=table: c.execute(select(table)).all())]
    assert any(MINUTE in one for one in told) is allowed(study.mode, "page-times")


def test_pseudonyms_stand_only_where_there_is_a_key_file(filled):
    study, store = filled
    assert all(bool(row["person"]) is allowed(study.mode, "linking-by-key-file") for row in kept(store))


def test_withdrawal_before_and_after_closing(filled):
    study, store = filled
    answers = {item.id: item.response.low for one in study.instruments() for item in one.items if one.id == "pulse"}
    for receipt in ("first", "second"):
        made = Response("staff", "spring", "en", True, 2, answers, source="simulated")
        trace = digest("submission", receipt)
        store.do_now(lambda work, made=made, trace=trace: insert_response(work.connection, made, trace))
    n = len(kept(store))
    assert allowed(study.mode, "withdrawal")
    store.do_now(lambda work: withdraw(work, digest("submission", "first")))
    assert len(kept(store)) == n - 1
    close(store, study, "staff", "spring", today=NOW.date(), compose=composer(study, study.samples["staff"], NOW))
    after = len(kept(store))
    if allowed(study.mode, "withdrawal-after-closing"):
        store.do_now(lambda work: withdraw(work, digest("submission", "second")))
        assert len(kept(store)) == after - 1
    else:
        with pytest.raises(Refused, match="receipt-unknown"):
            store.do_now(lambda work: withdraw(work, digest("submission", "second")))
        assert {row["submission"] for row in kept(store)} == {None}


def test_unfinished_questionnaires_are_kept_when_the_wave_is_closed(filled):
    study, store = filled
    before = len(kept(store))
    close(store, study, "staff", "spring", today=NOW.date(), compose=composer(study, study.samples["staff"], NOW))
    rows = kept(store)
    assert (len(rows) > before) is allowed(study.mode, "unfinished")
    assert any(not row["complete"] for row in rows)
    assert store.read(lambda c: c.execute(select(schema.draft)).all()) == []


def test_reminders_to_those_who_have_not_finished(filled, tmp_path):
    study, store = filled
    sample = study.samples["staff"]
    desk = Desk(study, sample, sample.waves[0], store, b"k" * 32, tmp_path / "letters")
    if allowed(study.mode, "reminders-to-unfinished"):
        assert remind(desk, [], NOW.date()).tokens == 0
    else:
        with pytest.raises(StudyError, match="a reminder goes to everyone"):
            remind(desk, [], NOW.date())


def test_no_table_has_a_place_for_what_no_mode_allows():
    columns = {column.name for table in (schema.response, schema.draft, schema.token) for column in table.columns}
    assert not columns & {"name", "email", "address", "phone", "ip", "agent", "number", "sheet"}
    assert not any(allowed(mode, id) for mode in MODES for id in ("network-address", "identifying-attributes"))
