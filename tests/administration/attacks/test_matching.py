"""After an anonymous wave is closed nobody can be matched with an answer; the same attack finds everybody elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from crmstudy.administration.fieldwork import Fieldwork, Sample
from crmstudy.administration.store.backup import back_up
from crmstudy.administration.store.closing import close
from crmstudy.administration.store.respondents import Composed, Draft, Given
from crmstudy.administration.store.store import Store
from tests.administration.attacks.matching import Found, answer, attack, evidence, plain
from tests.administration.conftest import Database

TODAY = dt.date(2026, 11, 26)
SIZES = [40, pytest.param(500, marks=pytest.mark.slow)]


def study(folder: Path, mode: str) -> Fieldwork:
    sample = Sample("staff", "staff", (), entry="token")
    return Fieldwork(folder, {"en": "Study"}, ("en",), {"staff": sample}, mode=mode)  # type: ignore[arg-type]


def checkpoint(database: Database) -> None:
    """What whoever runs PostgreSQL has to do: let the log of changes go (its segments are not reused here)."""
    if database.cluster is not None:
        for _ in range(2):
            database.cluster.run("SELECT pg_switch_wal()")
            database.cluster.run("CHECKPOINT")


def closed(database: Database, n: int, mode: str, **more: object) -> tuple[Store, Found]:
    store = database.open()
    people = answer(store, n, mode=mode, **more)  # type: ignore[arg-type]
    done = close(store, study(database.folder.parent, mode), "staff", "", today=TODAY)
    assert done.responses == n
    checkpoint(database)
    return store, attack(evidence(store, database, people))


@pytest.mark.parametrize("n", SIZES)
def test_nobody_is_matched_in_a_closed_anonymous_wave(database: Database, n: int) -> None:
    """Chance alone goes above two standard errors once in fifty times; twice running it hardly does."""
    store = database.open()
    people = answer(store, n, mode="anonymous")
    back_up_if_possible(store, database)
    fieldwork = study(database.folder.parent, "anonymous")
    close(store, fieldwork, "staff", "", today=TODAY)
    checkpoint(database)
    found = attack(evidence(store, database, people))
    if found.hits > found.by_chance:
        held = evidence(store, database, people)
        found = attack(replace(held, people=[*people[1:], people[0]]), seed=3)  # the others are the unknown ones now
    assert found.hits <= found.by_chance, found


def back_up_if_possible(store: Store, database: Database) -> None:
    if database.in_file:
        back_up(store, database.folder)


@pytest.mark.parametrize("n", SIZES)
def test_the_same_attack_finds_everybody_in_a_confidential_wave(database: Database, n: int) -> None:
    _, found = closed(database, n, "confidential")
    assert found.way in ("equal values", "token.person ~ response.person")
    assert found.hits == found.tried


def test_it_finds_everybody_when_answers_are_counted(database: Database) -> None:
    n = iter(range(1000))

    def numbered(draft: Draft, pages: Sequence[Given]) -> Composed:
        made = plain(draft, pages)
        return replace(made, response=replace(made.response, paradata={"complete": True, "number": next(n)}))

    _, found = closed(database, 30, "anonymous", compose=numbered)
    assert found.way == "answered ~ response.paradata.number"
    assert found.hits == found.tried


@pytest.mark.slow
def test_it_finds_everybody_when_answers_carry_something_of_their_token(database: Database) -> None:
    def marked(draft: Draft, pages: Sequence[Given]) -> Composed:
        made = plain(draft, pages)
        return replace(made, response=replace(made.response, attributes={"from": (draft.token or "")[:64]}))

    _, found = closed(database, 30, "anonymous", compose=marked)
    assert found.hits == found.tried


@pytest.mark.slow
def test_before_closing_it_finds_people(database: Database) -> None:
    """PostgreSQL keeps rows in the order they come; SQLite's table does not, but its log of changes does."""
    store = database.open()
    found = attack(evidence(store, database, answer(store, 30, mode="anonymous")))
    assert found.hits > 0.8 * found.tried, found


def test_closing_without_writing_anew_is_found(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A control: were the tables left as they are, and the log of changes too, people would be found."""
    monkeypatch.setattr("crmstudy.administration.store.closing._rewrite", lambda *_: None)
    monkeypatch.setattr("crmstudy.administration.store.closing.tidy", lambda _: ())
    store = database.open()
    people = answer(store, 30, mode="anonymous")
    close(store, study(database.folder.parent, "anonymous"), "staff", "", today=TODAY)
    found = attack(evidence(store, database, people))
    assert found.hits > 0.8 * found.tried, found
