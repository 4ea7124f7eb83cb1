"""Hand-overs of what was collected: what may be in them, that they read back, and that they can be analysed."""

from __future__ import annotations

import datetime as dt
import json
import tracemalloc
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from crmstudy.administration.declaring.settled import settled
from crmstudy.administration.exporting import EXPORTS, export_collected
from crmstudy.administration.fieldwork import Paradata, Wave
from crmstudy.administration.server.composing import composer
from crmstudy.administration.simulating import Behaviour, simulate
from crmstudy.administration.store import schema
from crmstudy.administration.store.closing import close
from crmstudy.administration.store.respondents import Response, insert_response
from crmstudy.administration.store.store import Store, setting
from crmstudy.errors import DataError, StudyError
from crmstudy.handover import read_handover
from tests.administration.collected_samples import fieldwork_of

TODAY = dt.date(2026, 11, 26)
NOW = dt.datetime(2026, 11, 26, 10, 5, tzinfo=dt.UTC)
FINE = {
    "complete": True, "device": "phone", "duration": "2-5", "started": "2026-11-26T10:05Z",
    "submitted": "2026-11-26T10:09Z", "seconds": 240, "page_seconds": [120, 120], "order": ["a1"], "visits": 2,
}  # fmt: skip


def answered(study, **changes):
    (sample,) = study.samples.values()
    answers = {item.id: item.response.low for one in sample.instruments for item in one.items}
    given = {"paradata": FINE, "person": "p1", "unit": "north", **changes}
    return Response(sample.id, given.pop("wave", ""), "en", given.pop("complete", True), 1, answers, **given)


def keep(store, *made):
    for one in made:
        store.do_now(lambda work, one=one: insert_response(work.connection, one, None))


def records(made):
    return list(read_handover(made.folder).records())


@pytest.mark.parametrize(("mode", "linking"), [
    ("anonymous", "none"), ("anonymous", "self-made-code"),
    ("confidential", "none"), ("confidential", "self-made-code"), ("confidential", "key-file"),
    ("identified", "none"), ("identified", "self-made-code"), ("identified", "key-file"),
])  # fmt: skip
def test_a_hand_over_holds_what_its_mode_allows_and_no_more(tmp_path, database, mode, linking):
    study = fieldwork_of(tmp_path, mode, linking=linking)
    store = database.open()
    keep(store, *[answered(study, person=f"p{n}") for n in range(6)])
    if mode == "anonymous":
        close(store, study, "staff", "", today=TODAY)
    (made,) = export_collected(study, store, today=TODAY)
    opened = read_handover(made.folder)
    assert (opened.head.mode, opened.head.linking, opened.head.k) == (mode, linking, 5)
    assert opened.head.created == ("2026-11" if mode == "anonymous" else "2026-11-26")
    for record in opened.records():
        fine = {"started", "submitted", "seconds", "page_seconds", "order", "visits"}
        assert bool(fine & record["paradata"].keys()) == (mode != "anonymous")
        assert ("person" in record) == (linking != "none")
        assert (record["unit"], record["attributes"]) == ("north", {"mode": "web"})


def test_an_anonymous_wave_is_exported_after_closing_only(tmp_path, database):
    study = fieldwork_of(tmp_path, "anonymous", waves=(Wave("w1"), Wave("w2")))
    store = database.open()
    keep(store, answered(study, wave="w1"), answered(study, wave="w1"), answered(study, wave="w2"))
    with pytest.raises(StudyError, match=r"'w1', 'w2' is not closed yet.*crmstudy close"):
        export_collected(study, store)
    close(store, study, "staff", "w1", today=TODAY)
    (made,) = export_collected(study, store, today=TODAY)
    assert (made.waves, made.open_waves, made.folder.name) == (("w1",), ("w2",), "staff-w1-1")
    assert {record["wave"] for record in records(made)} == {"w1"}
    with pytest.raises(StudyError, match="'w2' is not closed yet"):
        export_collected(study, store, wave="w2")


def test_a_study_whose_mode_was_not_chosen_counts_as_anonymous(tmp_path):
    study = fieldwork_of(tmp_path, "")
    with Store.open(tmp_path) as store:
        keep(store, answered(study))
        with pytest.raises(StudyError, match="not closed yet"):
            export_collected(study, store)


def test_ids_are_new_every_time_and_say_nothing_of_the_order(tmp_path, database):
    study = fieldwork_of(tmp_path, attributes=("nth",))
    store = database.open()
    keep(store, *[answered(study, attributes={"nth": n}) for n in range(60)])
    first, second = (records(export_collected(study, store, today=TODAY)[0]) for _ in range(2))
    kept = store.read(lambda connection: set(connection.execute(select(schema.response.c.id)).scalars()))
    ids = [{record["record"] for record in made} for made in (first, second)]
    assert len(ids[0]) == len(ids[1]) == 60
    assert not ids[0] & ids[1]
    assert not ids[0] & kept
    for made in (first, second):
        order = [record["attributes"]["nth"] for record in made]
        assert sorted(order) == list(range(60))
        n, mean = 60, 29.5
        rank = sum((place - mean) * (nth - mean) for place, nth in enumerate(order)) / (n * (n * n - 1) / 12)
        assert abs(rank) < 0.5
    assert [r["attributes"]["nth"] for r in first] != [r["attributes"]["nth"] for r in second]


def test_nothing_is_overwritten_and_every_export_is_noted(tmp_path, database):
    study = fieldwork_of(tmp_path)
    store = database.open()
    keep(store, answered(study))
    made = [export_collected(study, store, today=TODAY)[0].folder for _ in range(3)]
    assert [folder.name for folder in made] == ["staff-1", "staff-2", "staff-3"]
    noted = json.loads(store.read(lambda connection: setting(connection, EXPORTS)))
    assert [one["folder"] for one in noted] == [str(folder.resolve()) for folder in made]
    elsewhere = export_collected(study, store, to=tmp_path / "else where", today=TODAY)[0].folder
    assert elsewhere.parent.name == "else where"


def test_answers_that_broke_off_come_only_when_asked_for(tmp_path, database):
    study = fieldwork_of(tmp_path)
    store = database.open()
    keep(store, answered(study), answered(study, complete=False))
    (without,) = export_collected(study, store, today=TODAY)
    (whole,) = export_collected(study, store, incomplete=True, today=TODAY)
    assert (without.n, without.broken_off, whole.n, whole.broken_off) == (1, 1, 2, 0)
    assert sorted(record["paradata"]["complete"] for record in records(whole)) == [False, True]


@pytest.mark.parametrize(("mode", "papers", "kept"), [
    ("anonymous", 4, False), ("anonymous", 5, True), ("confidential", 1, True),
])  # fmt: skip
def test_how_somebody_answered_stays_out_where_it_would_tell_who_they_are(tmp_path, database, mode, papers, kept):
    study = fieldwork_of(tmp_path, mode)
    store = database.open()
    keep(store, *[answered(study)] * 8, *[answered(study, source="paper")] * papers)
    if mode == "anonymous":
        close(store, study, "staff", "", today=TODAY)
    (made,) = export_collected(study, store, today=TODAY)
    assert all(("mode" in record.get("attributes", {})) == kept for record in records(made))
    assert any("fewer than 5 answered by paper" in note for note in made.notes) == (not kept)


def test_small_groups_are_told(tmp_path, database):
    study = fieldwork_of(tmp_path)
    store = database.open()
    keep(store, *[answered(study)] * 6, answered(study, unit="south"))
    (made,) = export_collected(study, store, today=TODAY)
    assert "1 of 7 records stand in groups of fewer than 5" in " ".join(made.notes)


def test_made_up_answers_are_marked_in_every_record(tmp_path, database):
    study = fieldwork_of(tmp_path, "anonymous")
    store = database.open("simulated")
    simulate(study, store, n=12, now=NOW)
    (made,) = export_collected(study, store, today=TODAY)
    assert made.simulated
    assert read_handover(made.folder).head.study.endswith("(simulated)")
    assert {record["attributes"]["mode"] for record in records(made)} == {"simulated"}


def test_a_questionnaire_that_was_changed_since_is_refused_and_nothing_is_left(tmp_path, database):
    study = fieldwork_of(tmp_path)
    store = database.open()
    made = answered(study)
    keep(store, made, Response("staff", "", "en", True, 1, {**made.answers, "a1": 77}))
    with pytest.raises(DataError, match="a1"):
        export_collected(study, store, today=TODAY)
    assert list((tmp_path / "handover").iterdir()) == []


def test_a_study_that_is_not_the_one_that_was_promised_is_refused(tmp_path, database):
    study = fieldwork_of(tmp_path, "anonymous")
    store = database.open()
    keep(store, answered(study))
    promised = json.dumps(settled(study))
    store.do_now(lambda work: work.connection.execute(
        schema.setting.insert(), {"name": "settled", "value": promised}
    ))  # fmt: skip
    with pytest.raises(StudyError, match="mode"):
        export_collected(replace(study, mode="identified"), store, today=TODAY)
    close(store, study, "staff", "", today=TODAY)
    assert export_collected(study, store, today=TODAY)[0].n == 1


def test_nothing_to_export_is_said(tmp_path, database):
    study = fieldwork_of(tmp_path)
    store = database.open()
    with pytest.raises(StudyError, match="no answers were submitted yet"):
        export_collected(study, store)
    with pytest.raises(StudyError, match="Did you mean 'staff'"):
        export_collected(study, store, sample="staf")
    with pytest.raises(StudyError, match="has a wave 'w9'"):
        export_collected(study, store, wave="w9")
    with pytest.raises(StudyError, match="answers of a trial"):
        export_collected(study, database.open("try"))


@pytest.mark.parametrize("mode", ["anonymous", "confidential"])
def test_simulated_answers_close_and_export_whole(tmp_path, database, mode):
    """The whole way: made-up people answer, the wave is closed, drafts become answers that broke off, all is read."""
    study = fieldwork_of(tmp_path, mode, unfinished="keep", randomise=("first",))
    fine = mode != "anonymous"
    study = replace(study, paradata=Paradata("fine" if fine else "coarse", order=fine))
    store = database.open("simulated")
    (told,) = simulate(study, store, n=60, now=NOW, behaviour=Behaviour(0.05, 0.1, 0.3))
    before = store.read(lambda c: sorted(c.execute(select(schema.response.c.answers)).scalars()))

    compose = composer(study, study.samples["staff"], NOW)
    close(store, study, "staff", "", today=TODAY, compose=compose)
    after = store.read(lambda c: sorted(
        c.execute(select(schema.response.c.answers).where(schema.response.c.complete)).scalars()
    ))  # fmt: skip
    assert after == before
    (made,) = export_collected(study, store, incomplete=True, today=TODAY)
    found = records(made)
    assert len(found) == store.read(lambda c: c.execute(select(func.count()).select_from(schema.response)).scalar_one())
    assert sum(record["paradata"]["complete"] for record in found) == told.submitted
    reasons = {reason for record in found for reason in record.get("reasons", {}).values()}
    assert reasons == {"refused", "not-reached"}


@pytest.mark.slow
def test_any_number_of_answers_stays_out_of_memory(tmp_path):
    """Eight times as many answers take a little more memory for their ids, not eight times as much."""
    peaks = {}
    for n in (1_000, 8_000):
        study = fieldwork_of(tmp_path / str(n))
        with Store.open(study.place) as store:
            store.do_now(lambda work, study=study, n=n: many(work.connection, answered(study), n))
            tracemalloc.start()
            (told,) = export_collected(study, store, today=TODAY)
            peaks[n] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert told.n == n
    assert peaks[8_000] - peaks[1_000] < 7_000 * 400


def many(connection, made, n):
    """So many rows alike, at once."""
    insert_response(connection, made, None)
    row = dict(connection.execute(select(schema.response)).mappings().one())
    connection.execute(schema.response.insert(), [{**row, "id": f"{nth:032x}"} for nth in range(n - 1)])
