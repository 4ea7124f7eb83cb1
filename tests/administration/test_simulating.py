"""Made-up answers: the way of respondents, a place of their own, the same for a seed, the shape they should have."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from crmstudy.administration.exporting import export_collected
from crmstudy.administration.fieldwork import Fieldwork, Quota, Wave
from crmstudy.administration.simulating import Behaviour, simulate
from crmstudy.administration.store import schema
from crmstudy.administration.store.respondents import Draft, Response, begin, insert_response
from crmstudy.administration.store.store import Store
from crmstudy.administration.store.writer import Refused
from crmstudy.errors import StudyError
from crmstudy.handover import read_handover
from crmstudy.instrument import load_instrument
from tests.administration.collected_samples import fieldwork_of
from tests.administration.session.session_samples import samples

NOW = dt.datetime(2026, 11, 26, 10, 5, tzinfo=dt.UTC)
ALL = Behaviour(missing=0.0, careless=0.0, dropout=0.0)


def rows(store):
    query = select(schema.response)
    return store.read(lambda connection: [dict(row) for row in connection.execute(query).mappings()])


def said(store):
    """What was answered, without the random ids."""
    parts = ("language", "unit", "person", "answers", "reasons", "opened", "paradata", "attributes", "wave")
    return sorted(json.dumps([row[part] for part in parts]) for row in rows(store))


def test_the_same_seed_gives_the_same_answers_and_another_others(tmp_path, database):
    study = fieldwork_of(tmp_path, attributes=("dyad",))
    store = database.open("simulated")
    simulate(study, store, n=30, seed=5, now=NOW)
    first = said(store)
    simulate(study, store, n=30, seed=5, now=NOW, anew=True)
    assert said(store) == first
    simulate(study, store, n=30, seed=6, now=NOW, anew=True)
    assert said(store) != first


def test_answers_that_are_there_are_not_thrown_away_unasked(tmp_path, database):
    study = fieldwork_of(tmp_path)
    store = database.open("simulated")
    simulate(study, store, n=10, now=NOW, behaviour=ALL)
    with pytest.raises(StudyError, match="10 simulated answers already; --anew"):
        simulate(study, store, n=10, now=NOW)
    assert len(rows(store)) == 10


@pytest.mark.parametrize("purpose", ["live", "try"])
def test_made_up_answers_never_go_where_others_are(tmp_path, database, purpose):
    study = fieldwork_of(tmp_path)
    store = database.open(purpose)
    with pytest.raises(StudyError, match="never go where answers of respondents are"):
        simulate(study, store, n=10, now=NOW)
    made = Response("staff", "", "en", True, 1, {}, source="simulated")
    with pytest.raises(Refused, match="simulated"):
        store.do_now(lambda work: insert_response(work.connection, made, None))
    with pytest.raises(Refused, match="simulated"):
        store.do_now(lambda work: begin(work, Draft("d", "staff", "", "en", 1, 1, "2026-11-26", source="simulated")))
    store.do_now(lambda work: insert_response(work.connection, replace(made, source="web"), None))
    assert [row["source"] for row in rows(store)] == ["web"]


def test_real_answers_never_go_where_made_up_ones_are(database):
    store = database.open("simulated")
    made = Response("staff", "", "en", True, 1, {})
    with pytest.raises(Refused, match="simulated"):
        store.do_now(lambda work: insert_response(work.connection, made, None))
    assert rows(store) == []


def test_a_full_quota_screens_out_and_is_never_exceeded(tmp_path, database):
    study = fieldwork_of(tmp_path, quotas=(Quota("users", "uses = 1", 7),))
    store = database.open("simulated")
    (told,) = simulate(study, store, n=60, now=NOW, behaviour=ALL)
    users = sum(json.loads(row["answers"])["uses"] == 1 for row in rows(store))
    assert (users, told.submitted + told.screened) == (7, 60)
    assert told.screened > 0
    assert store.read(lambda connection: connection.execute(select(schema.draft.c.digest)).all()) == []


def test_who_breaks_off_leaves_a_draft_and_no_answer(tmp_path, database):
    study = fieldwork_of(tmp_path)
    store = database.open("simulated")
    (told,) = simulate(study, store, n=40, now=NOW, behaviour=replace(ALL, dropout=0.5))
    drafts = store.read(lambda connection: connection.execute(select(schema.draft.c.digest)).all())
    assert 8 < told.broken_off < 32
    assert (len(rows(store)), len(drafts)) == (told.submitted, told.broken_off)


def test_what_is_wrong_is_said_at_once(tmp_path):
    study = fieldwork_of(tmp_path)
    with Store.open(tmp_path, purpose="live") as store, pytest.raises(StudyError) as told:
        simulate(study, store, n=0, seed=-1, sample="staf", behaviour=Behaviour(2, -1, float("nan")))
    assert len(told.value.faults) == 7
    assert "staff" in str(told.value)


def test_a_panel_has_the_same_people_in_every_wave(tmp_path):
    waves = (Wave("w1"), Wave("w2"))
    study = fieldwork_of(tmp_path, waves=waves, linking="self-made-code", self_made_code=True)
    with Store.open(tmp_path, purpose="simulated") as store:
        simulate(study, store, n=150, now=NOW, behaviour=ALL)
        people: dict[str, dict[str, float]] = {}
        for row in rows(store):
            answers = json.loads(row["answers"])
            people.setdefault(row["person"], {})[row["wave"]] = sum(answers[id] for id in ("a1", "a2", "a4"))
    assert len(people) == 150
    pairs = [(held["w1"], held["w2"]) for held in people.values()]
    assert 0.45 < correlation(pairs) < 0.9


def correlation(pairs):
    n = len(pairs)
    mx, my = sum(x for x, _ in pairs) / n, sum(y for _, y in pairs) / n
    top = sum((x - mx) * (y - my) for x, y in pairs)
    return top / (sum((x - mx) ** 2 for x, _ in pairs) * sum((y - my) ** 2 for _, y in pairs)) ** 0.5


def alpha(scale, people):
    """Coefficient alpha of the keyed answers of complete cases."""
    whole = [[item.usable(one[item.id]) for item in scale.items] for one in people]
    whole = [one for one in whole if None not in one]
    k = len(scale.items)

    def variance(values):
        mean = sum(values) / len(values)
        return sum((value - mean) ** 2 for value in values) / (len(values) - 1)

    parts = sum(variance([one[place] for one in whole]) for place in range(k))
    return k / (k - 1) * (1 - parts / variance([sum(one) for one in whole]))


@pytest.mark.parametrize("id", ["qwl-walton", "crm-strategy", "tcm-acs"])
def test_scales_are_as_consistent_as_scales_are_and_reversed_items_are_keyed(tmp_path, id):
    instrument = load_instrument(id)
    sample = replace(next(iter(fieldwork_of(tmp_path).samples.values())), instruments=(instrument,), conditions={})
    study = Fieldwork(tmp_path, {"en": "Study"}, ("en",), {"staff": sample}, mode="anonymous", k=5)
    with Store.open(tmp_path, purpose="simulated") as store:
        simulate(study, store, n=300, now=NOW, behaviour=ALL)
        people = [json.loads(row["answers"]) for row in rows(store)]
    for scale in (scale for scale in instrument.scales if len(scale.items) >= 3):
        assert 0.6 < alpha(scale, people) < 0.96, scale.id
    reversed_items = [item for item in instrument.items if item.reverse]
    if id == "tcm-acs":  # without its key a reversed item would speak against its scale
        assert reversed_items
        scale = next(scale for scale in instrument.scales if reversed_items[0] in scale.items)
        unkeyed = replace(scale, items=tuple(replace(item, reverse=False) for item in scale.items))
        assert alpha(unkeyed, people) < 0.5


def test_careless_people_fail_checks_of_attention_and_others_pass(tmp_path):
    study = fieldwork_of(tmp_path)
    passed = {}
    for careless in (0.0, 1.0):
        with Store.open(tmp_path / str(careless), purpose="simulated") as store:
            simulate(study, store, n=120, now=NOW, behaviour=replace(ALL, careless=careless))
            passed[careless] = sum(json.loads(row["answers"])["a3"] == 2 for row in rows(store)) / 120
            bands = Counter(json.loads(row["paradata"])["duration"] for row in rows(store))
            assert bands.most_common(1)[0][0] == ("0-1" if careless else "1-2")
    assert passed[0.0] > 0.9
    assert passed[1.0] < 0.45


def as_loaded(sample):
    """The sample with texts between questions as a file gives them, which cannot be required."""
    return replace(sample, instruments=tuple(
        replace(one, questions=tuple(
            replace(asked, required="soft") if asked.type == "info" else asked for asked in one.questions
        ))
        for one in sample.instruments
    ))  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(samples(), st.integers(0, 10**6))
def test_any_questionnaire_can_be_filled_in_and_handed_over(tmp_path_factory, sample, seed):
    folder = tmp_path_factory.mktemp("any")
    study = fieldwork_of(folder, "anonymous", as_loaded(sample))
    with Store.open(study.place, purpose="simulated") as store:
        (told,) = simulate(study, store, n=6, seed=seed, now=NOW, behaviour=Behaviour(0.3, 0.3, 0.0))
        assert told.submitted == 6
        (made,) = export_collected(study, store, today=NOW.date())
    assert len(list(read_handover(made.folder).records())) == 6
