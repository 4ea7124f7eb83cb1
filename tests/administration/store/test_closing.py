"""Closing a wave: what is kept, what is forgotten, and that a program killed at any point leaves it open or closed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text

from crmstudy.administration.fieldwork import Fieldwork, Retention, Sample, Wave
from crmstudy.administration.keys import digest, new_secret
from crmstudy.administration.store import invitations, schema
from crmstudy.administration.store.closing import close, close_due, due_closings, expire_drafts
from crmstudy.administration.store.flow import flow
from crmstudy.administration.store.respondents import (
    Composed,
    Draft,
    Given,
    Response,
    begin,
    find_draft,
    is_submitted,
    save_page,
    submit,
    withdraw,
)
from crmstudy.administration.store.store import Store
from crmstudy.administration.store.upkeep import is_untidy
from crmstudy.administration.store.writer import Refused
from crmstudy.errors import StudyError
from tests.administration.conftest import Database

TODAY = dt.date(2026, 11, 26)


def study(folder: Path, mode: str = "anonymous", **changes: object) -> Fieldwork:
    waves = (Wave("w1", dt.date(2026, 11, 1), dt.date(2026, 11, 20)), Wave("w2", dt.date(2026, 11, 22)))
    sample = replace(Sample("staff", "staff", (), entry="token", waves=waves), **changes)
    return Fieldwork(folder, {"en": "Study"}, ("en",), {"staff": sample}, mode=mode)  # type: ignore[arg-type]


def compose(draft: Draft, pages: object) -> Composed:
    answers: dict[str, object] = {}
    for page in pages:  # type: ignore[attr-defined]
        answers |= page.answers
    made = Response(
        draft.sample, draft.wave, draft.language, True, draft.consent, answers, unit=draft.unit, person=draft.person
    )
    return Composed(made)


def invited(store: Store, n: int, wave: str = "w1", person: bool = False) -> list[str]:
    codes = [new_secret() for _ in range(n)]
    tokens = [
        invitations.NewToken(digest("token", code), f"{wave}-{i:04}", f"unit-{i % 3}", f"p{i}" if person else "")
        for i, code in enumerate(codes)
    ]
    store.do_now(lambda work: invitations.add_tokens(work, "staff", wave, tokens))
    return codes


def begun(store: Store, code: str, wave: str = "w1", *, page: int = 1, answer: object = 3) -> str:
    row = store.read(
        lambda c: c.execute(select(schema.token).where(schema.token.c.digest == digest("token", code))).one()
    )
    secret = digest("draft", new_secret())
    made = Draft(secret, "staff", wave, "en", 7, 1, "2026-11-19", row.digest, row.unit, row.person)
    store.do_now(lambda work: begin(work, made))
    for n in range(1, page + 1):
        store.do_now(lambda work, n=n: save_page(work, secret, Given(n, {f"Q{n}": answer}, seconds=5)))
    return secret


def submitted(store: Store, code: str, wave: str = "w1", answer: object = 3) -> str:
    secret, receipt = begun(store, code, wave), digest("submission", new_secret())
    told = store.do_now(lambda work: submit(work, secret, receipt, Given(2, {"Q2": answer}), compose))
    assert told == "stored"
    return receipt


def rows(store: Store, table: object) -> list[dict[str, object]]:
    return [dict(row) for row in store.read(lambda c: c.execute(select(table)).mappings().all())]  # type: ignore[call-overload]


def test_closing_keeps_the_answers_and_forgets_what_came_with_them(database: Database) -> None:
    store = database.open()
    codes = invited(store, 8)
    other = submitted(store, invited(store, 1, "w2")[0], "w2", 5)
    receipts = [submitted(store, code, answer=i) for i, code in enumerate(codes[:5])]
    begun(store, codes[5], page=2)
    begun(store, codes[6], page=0)
    open_draft = begun(store, invited_again(store), "w2", page=1)
    before = {row["id"] for row in rows(store, schema.response)}
    done = close(store, study(database.folder.parent), "staff", "w1", today=TODAY)
    assert (done.responses, done.incomplete, done.dropped, done.already) == (5, 0, 2, False)
    after = rows(store, schema.response)
    closed = [row for row in after if row["wave"] == "w1"]
    assert not before & {row["id"] for row in closed}
    assert len({row["id"] for row in closed}) == 5
    assert all(len(str(row["id"])) == 32 for row in closed)
    assert sorted(str(row["answers"]) for row in closed) == [f'{{"Q1":3,"Q2":{i}}}' for i in range(5)]
    assert {row["submission"] for row in closed} == {None}
    assert not any(store.read(lambda c, one=one: is_submitted(c, one)) for one in receipts)
    # the other wave goes on: its receipt, its draft and its tokens
    assert store.read(lambda c: is_submitted(c, other))
    assert store.read(lambda c: find_draft(c, open_draft)) is not None
    tokens = rows(store, schema.token)
    spent = [row for row in tokens if row["wave"] == "w1"]
    assert len(spent) == 8
    assert {row["digest"] for row in spent} == {digest("token", code) for code in codes}
    assert {(row["unit"], row["person"], row["state"], row["attributes"]) for row in spent} == {("", "", "used", "{}")}
    assert {row["state"] for row in tokens if row["wave"] == "w2"} == {"used", "started"}
    told = store.read(lambda c: flow(c, "staff", "w1"))
    assert told.tokens == {"used": 5, "started": 2, "new": 1}
    assert told.submitted == 5
    assert told.open_drafts == 0
    assert {page.page: page.stopped for page in told.pages} == {0: 1, 2: 1}
    assert told.closed == "2026-11-26"
    assert store.read(lambda c: invitations.counts(c, "staff", "w1"))["unit-1", "used"] == 2
    for job in (
        lambda work: begin(work, Draft(digest("draft", "x"), "staff", "w1", "en", 1, 1, "", digest("token", codes[7]))),
        lambda work: invitations.add_tokens(work, "staff", "w1", []),
    ):
        with pytest.raises(Refused, match="closed"):
            store.do_now(job)
    with pytest.raises(Refused, match="receipt-unknown"):
        store.do_now(lambda work: withdraw(work, receipts[0]))
    store.do_now(lambda work: withdraw(work, other))
    assert not store.read(is_untidy)


def invited_again(store: Store) -> str:
    code = new_secret()
    token = invitations.NewToken(digest("token", code), "again")
    store.do_now(lambda work: invitations.add_tokens(work, "staff", "w2", [token]))
    return code


def test_a_closed_wave_is_only_tidied(database: Database) -> None:
    store = database.open()
    submitted(store, invited(store, 1)[0])
    fieldwork = study(database.folder.parent)
    close(store, fieldwork, "staff", "w1", today=TODAY)
    before = rows(store, schema.response), rows(store, schema.tally), rows(store, schema.token)
    again = close(store, fieldwork, "staff", "w1", today=TODAY + dt.timedelta(3))
    assert again.already
    assert again.responses == 1
    assert (rows(store, schema.response), rows(store, schema.tally), rows(store, schema.token)) == before
    assert rows(store, schema.closed) == [{"sample": "staff", "wave": "w1", "day": "2026-11-26"}]


def test_unfinished_drafts_are_kept_where_the_study_says_so(database: Database) -> None:
    store = database.open()
    codes = invited(store, 3)
    submitted(store, codes[0])
    begun(store, codes[1], page=1, answer=4)
    begun(store, codes[2], page=0)
    fieldwork = study(database.folder.parent, unfinished="keep")
    with pytest.raises(StudyError, match="unfinished"):
        close(store, fieldwork, "staff", "w1", today=TODAY)
    done = close(store, fieldwork, "staff", "w1", today=TODAY, compose=compose)
    assert (done.responses, done.incomplete, done.dropped) == (2, 1, 1)
    incomplete = [row for row in rows(store, schema.response) if not row["complete"]]
    assert [row["answers"] for row in incomplete] == ['{"Q1":4}']
    assert incomplete[0]["paradata"] == '{"complete":false}'


@pytest.mark.parametrize(("until", "kept"), [("closing", False), ("retention", True)])
def test_a_confidential_receipt_lasts_as_long_as_was_promised(database: Database, until: str, kept: bool) -> None:
    store = database.open()
    receipt = submitted(store, invited(store, 2, person=True)[0])
    fieldwork = replace(study(database.folder.parent, "confidential"), withdrawal=until)  # type: ignore[arg-type]
    close(store, fieldwork, "staff", "w1", today=TODAY)
    assert store.read(lambda c: is_submitted(c, receipt)) is kept
    assert {row["person"] for row in rows(store, schema.token)} == {"p0", "p1"}
    assert [row["person"] for row in rows(store, schema.response)] == ["p0"]


def test_what_is_due_is_closed_and_nothing_else(database: Database) -> None:
    store = database.open()
    fieldwork = study(database.folder.parent)
    assert due_closings(fieldwork, store, dt.date(2026, 11, 20)) == []
    assert due_closings(fieldwork, store, dt.date(2026, 11, 21)) == [("staff", "w1")]
    assert [done.wave for done in close_due(store, fieldwork, dt.date(2026, 11, 21))] == ["w1"]
    assert close_due(store, fieldwork, dt.date(2026, 11, 30)) == ()
    with pytest.raises(StudyError, match="no wave 'w9'"):
        close(store, fieldwork, "staff", "w9", today=TODAY)


def test_old_drafts_run_out_and_their_tokens_are_new_again(database: Database) -> None:
    store = database.open()
    codes = invited(store, 2)
    begun(store, codes[0])
    submitted(store, codes[1])
    fieldwork = replace(study(database.folder.parent), retention=Retention(drafts_days=5))
    assert expire_drafts(store, fieldwork, dt.date(2026, 11, 24)) == 0
    assert expire_drafts(store, fieldwork, dt.date(2026, 11, 25)) == 1
    assert rows(store, schema.draft) == []
    assert rows(store, schema.draft_page) == []
    assert sorted(str(row["state"]) for row in rows(store, schema.token)) == ["new", "used"]
    assert store.read(lambda c: flow(c, "staff", "w1")).expired == 1


def test_the_tables_are_the_same_after_closing(database: Database) -> None:
    store = database.open()

    def shape() -> object:
        if store.in_file:
            query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2"
            return [
                (a, b, c, " ".join(str(d).replace('"', "").split()))
                for a, b, c, d in store.read(lambda c: c.execute(text(query)).all())
            ]
        assert database.cluster is not None
        ours = "'crmstudy_live'::regnamespace"
        return database.cluster.run(
            "SELECT c.relname, c.relkind, a.attname, a.attnotnull, a.attstattarget, format_type(a.atttypid, -1)"
            f" FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = {ours} AND attnum > 0"
            " UNION ALL SELECT conname, contype, pg_get_constraintdef(oid), true, 0, '' FROM pg_constraint"
            f" WHERE connamespace = {ours} ORDER BY 1, 2, 3",
            database.name,
        )

    before = shape()
    submitted(store, invited(store, 1)[0])
    close(store, study(database.folder.parent), "staff", "w1", today=TODAY)
    assert shape() == before
