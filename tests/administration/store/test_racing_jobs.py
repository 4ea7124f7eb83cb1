"""Everything at once and more than once: one row each, one draft a token, never a place too many in a quota."""

from __future__ import annotations

import multiprocessing
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text

from crmstudy.administration.keys import digest, new_secret
from crmstudy.administration.store import invitations, schema
from crmstudy.administration.store.closing import close
from crmstudy.administration.store.quotas import taken
from crmstudy.administration.store.respondents import (
    Composed,
    Draft,
    Given,
    abandon,
    begin,
    save_page,
    submit,
    withdraw,
)
from crmstudy.administration.store.store import Store
from crmstudy.administration.store.writer import NotKept, Refused, Work
from tests.administration.conftest import Database
from tests.administration.store.test_closing import TODAY, begun, compose, invited, rows, study, submitted

THREADS = 8


def count(store: Store, table: Any) -> int:
    return int(store.read(lambda c: c.execute(select(func.count()).select_from(table)).scalar_one()))


def tally(store: Store, kind: str) -> int:
    query = select(func.sum(schema.tally.c.n)).where(schema.tally.c.kind == kind)
    return int(store.read(lambda c: c.execute(query).scalar_one()) or 0)


def at_once(jobs: Iterable[Callable[[], Any]], threads: int = THREADS) -> list[Any]:
    """Do all of it in several threads; what was refused or not kept is given back as the exception it is."""

    def tried(job: Callable[[], Any]) -> Any:
        try:
            return job()
        except (Refused, NotKept) as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(tried, jobs))


def posts(store: Store, i: int, source: random.Random) -> list[list[Callable[[], Any]]]:
    """What one respondent sends: consent, two pages, the last page; each of it once to five times."""
    draft, receipt = digest("draft", f"{i}"), digest("submission", f"{i}")
    made = Draft(draft, "staff", "", "en", i, 1, "2026-11-26")
    jobs: list[Callable[[Work], Any]] = [
        lambda work: begin(work, made),
        lambda work: save_page(work, draft, Given(1, {"Q1": i}, seconds=1)),
        lambda work: submit(work, draft, receipt, Given(2, {"Q2": i}), compose),
    ]
    return [[_doing(store, job)] * source.randint(1, 5) for job in jobs]


def _doing(store: Store, job: Callable[[Work], Any]) -> Callable[[], Any]:
    return lambda: store.do_now(job)


@pytest.mark.parametrize("n", [150, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.endurance])])
def test_what_is_sent_five_times_is_kept_once(database: Database, n: int) -> None:
    store, source = database.open(), random.Random(7)
    senders = [posts(store, i, source) for i in range(n)]
    for stage in range(3):
        jobs = [job for sender in senders for job in sender[stage]]
        source.shuffle(jobs)
        told = at_once(jobs)
        assert not [one for one in told if isinstance(one, Exception)]
        if stage == 2:
            assert Counter(told) == {"stored": n, "repeated": len(jobs) - n}
    assert count(store, schema.response) == n
    assert sorted(str(row["answers"]) for row in rows(store, schema.response)) == sorted(
        f'{{"Q1":{i},"Q2":{i}}}' for i in range(n)
    )
    assert count(store, schema.draft) == count(store, schema.draft_page) == 0
    assert (tally(store, "consented"), tally(store, "submitted")) == (n, n)


def test_all_stages_at_once_leave_nothing_half_written(database: Database) -> None:
    """Posts overtake each other: a page may come too late, but nothing of it stays without its draft."""
    stores, source = [database.open(), database.open()], random.Random(8)
    n = 60
    jobs = [job for i in range(n) for stage in posts(source.choice(stores), i, source) for job in stage]
    source.shuffle(jobs)
    at_once(jobs)
    for i in range(n):
        for stage in posts(stores[0], i, source):
            at_once(stage, 2)
    assert count(stores[0], schema.response) == n
    assert _orphans(stores[0]) == 0


def _orphans(store: Store) -> int:
    page, draft = schema.draft_page, schema.draft
    query = select(func.count()).select_from(page).where(page.c.draft.not_in(select(draft.c.digest)))
    return int(store.read(lambda c: c.execute(query).scalar_one()))


def test_a_token_is_never_used_twice(database: Database) -> None:
    """Two servers, and every token brought by eight browsers at the same moment."""
    stores = [database.open(), database.open()]
    n = 25
    codes = invited(stores[0], n, "w1")

    def bring(store: Store, code: str, number: int) -> str:
        token, draft = digest("token", code), digest("draft", f"{code} {number}")
        begun = store.do_now(lambda work: begin(work, Draft(draft, "staff", "w1", "en", 1, 1, "", token)))
        receipt = digest("submission", f"{code} {number}")
        return store.do_now(lambda work: submit(work, begun.digest, receipt, Given(1, {"Q": number}), compose))

    jobs = [
        (lambda store=stores[number % 2], code=code, number=number: bring(store, code, number))
        for code in codes
        for number in range(8)
    ]
    random.Random(3).shuffle(jobs)
    told = at_once(jobs)
    assert sum(one == "stored" for one in told) == n
    assert {one.code for one in told if isinstance(one, Refused)} <= {"gone", "token-used"}
    assert not [one for one in told if isinstance(one, NotKept)]
    assert count(stores[0], schema.response) == n
    assert {row["state"] for row in rows(stores[0], schema.token)} == {"used"}
    assert count(stores[0], schema.draft) == 0


def test_pages_and_ends_of_a_draft_meet(database: Database) -> None:
    """A page that is kept while its draft is submitted, given up or withdrawn leaves nothing behind."""
    stores, source = [database.open(), database.open()], random.Random(4)
    for round_ in range(12):
        draft, receipt = digest("draft", f"r{round_}"), digest("submission", f"r{round_}")
        stores[0].do_now(lambda work, draft=draft: begin(work, Draft(draft, "staff", "", "en", 1, 1, "")))
        jobs: list[Callable[[Work], Any]] = [
            lambda work, draft=draft: save_page(work, draft, Given(1, {"Q": 1})),
            lambda work, draft=draft, receipt=receipt: submit(work, draft, receipt, Given(2, {}), compose),
            lambda work, draft=draft: save_page(work, draft, Given(3, {"Q": 1})),
            lambda work, draft=draft: abandon(work, draft),
            lambda work, receipt=receipt: withdraw(work, receipt),
        ]
        doing = [_doing(store, job) for store in stores for job in jobs]
        source.shuffle(doing)
        told = at_once(doing)
        assert not [one for one in told if isinstance(one, NotKept)]
    assert _orphans(stores[0]) == 0
    assert tally(stores[0], "consented") == 12
    assert tally(stores[0], "abandoned") + tally(stores[0], "submitted") == 12


@pytest.mark.parametrize("limit", [10])
def test_a_quota_is_never_exceeded(database: Database, limit: int) -> None:
    """64 clients of two servers, twice as many as there are places; some withdraw and others take their places."""
    stores = [database.open(), database.open()]

    def limited(draft: Draft, pages: Any) -> Composed:
        made = compose(draft, pages)
        return Composed(made.response, [("women", limit), ("all", limit * 3)])

    def client(i: int) -> str:
        store, draft, receipt = stores[i % 2], digest("draft", f"q{i}"), digest("submission", f"q{i}")
        store.do_now(lambda work: begin(work, Draft(draft, "staff", "", "en", i, 1, "")))
        told = store.do_now(lambda work: submit(work, draft, receipt, Given(1, {"Q": i}), limited))
        if i % 4 == 0:
            store.do_now(lambda work: withdraw(work, receipt))
        return told

    told = at_once([(lambda i=i: client(i)) for i in range(64)], 64)
    refused = [one for one in told if isinstance(one, Refused)]
    assert {one.code for one in refused} == {"quota-full"}
    assert not [one for one in told if isinstance(one, NotKept)]
    kept = count(stores[0], schema.response)
    assert (
        kept
        == stores[0].read(lambda c: taken(c, "staff", ""))["women"]
        == stores[0].read(lambda c: taken(c, "staff", ""))["all"]
    )
    assert kept <= limit
    full = at_once([(lambda i=i: client(i)) for i in range(101, 181, 2)], 64)
    assert count(stores[0], schema.response) == limit
    assert sum(one == "stored" for one in full) == limit - kept


def _gathered(store: Store, jobs: list[Callable[[Work], Any]]) -> list[Future[Any]]:
    """Jobs that are done in one transaction: they wait while another holds the writer."""
    go = threading.Event()
    held = store.writer.submit(lambda _: go.wait(10))
    futures = [store.writer.submit(job) for job in jobs]
    go.set()
    assert held.result(10)
    return futures


def _noting(number: int) -> Callable[[Work], int]:
    def job(work: Work) -> int:
        row = {"sample": "staff", "wave": f"{number}", "day": ""}
        work.connection.execute(insert(schema.closed), row)
        work.count("staff", "", "noted")
        return number

    return job


def test_a_failing_job_harms_no_other(database: Database) -> None:
    store = database.open()

    def wrong(work: Work) -> None:
        _noting(50)(work)
        raise ZeroDivisionError

    def refused(work: Work) -> None:
        raise Refused("closed")

    def unheard(work: Work) -> None:
        work.connection.execute(text("SELECT nothing FROM nowhere"))

    jobs = [_noting(1), refused, _noting(2), wrong, _noting(3), unheard, _noting(1), _noting(4)]
    futures = _gathered(store, jobs)
    assert [futures[i].result(10) for i in (0, 2, 4, 7)] == [1, 2, 3, 4]
    for i, kind in ((1, Refused), (3, ZeroDivisionError), (5, NotKept), (6, NotKept)):
        with pytest.raises(kind):
            futures[i].result(10)
    assert sorted(str(row["wave"]) for row in rows(store, schema.closed)) == ["1", "2", "3", "4"]
    assert tally(store, "noted") == 4


def test_a_refusal_leaves_the_transaction_whole(database: Database) -> None:
    store = database.open()

    def refused(work: Work) -> None:
        raise Refused("quota-full")

    futures = _gathered(store, [_noting(1), refused, _noting(2)])
    assert [futures[i].result(10) for i in (0, 2)] == [1, 2]
    assert tally(store, "noted") == 2


def test_servers_that_stand_in_each_others_way_both_get_on(database: Database) -> None:
    """Two servers take two rows in opposite order: PostgreSQL stops one of them, and it begins again."""
    if database.in_file:
        pytest.skip("SQLite has one writer at a time")
    stores = [database.open(), database.open()]
    for number in (1, 2):
        stores[0].do_now(_noting(number))
    met = threading.Barrier(2)

    def crossing(first: int, second: int) -> Callable[[Work], None]:
        tries = []

        def job(work: Work) -> None:
            for number in (first, second):
                row = schema.closed.c.wave == f"{number}"
                work.connection.execute(schema.closed.update().where(row).values(day=f"{first}"))
                if number == first and not tries:
                    tries.append(1)
                    met.wait(10)

        return job

    futures = [stores[0].writer.submit(crossing(1, 2)), stores[1].writer.submit(crossing(2, 1))]
    for future in futures:
        future.result(30)
    assert len({row["day"] for row in rows(stores[0], schema.closed)}) == 1


def test_a_connection_lost_in_the_middle_is_made_up_for(database: Database) -> None:
    """The server ends the connection between writing and the commit; the job is done again, once."""
    if database.cluster is None:
        pytest.skip("SQLite has no connection to lose")
    store, cluster, tries = database.open(), database.cluster, []

    def job(work: Work) -> str:
        told = _noting(1)(work)
        if not tries:
            tries.append(1)
            pid = work.connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            cluster.run(f"SELECT pg_terminate_backend({pid})")
        return f"{told}"

    assert store.do_now(job) == "1"
    assert [row["wave"] for row in rows(store, schema.closed)] == ["1"]
    assert tally(store, "noted") == 1


def test_a_commit_whose_answer_is_lost_is_one_row(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server has kept it, and the connection ends before it says so: the job is done again, and finds it kept."""
    if database.in_file:
        pytest.skip("SQLite has no connection to lose")
    import psycopg

    store = database.open()
    draft, receipt = digest("draft", "d"), digest("submission", "r")
    store.do_now(lambda work: begin(work, Draft(draft, "staff", "", "en", 1, 1, "")))
    commit, lost = store.engine.dialect.do_commit, []

    def losing(connection: Any) -> None:
        commit(connection)
        if not lost:
            lost.append(1)
            connection.dbapi_connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(store.engine.dialect, "do_commit", losing)
    told = store.do_now(lambda work: submit(work, draft, receipt, Given(1, {"Q": 1}), compose))
    assert (told, lost) == ("repeated", [1])
    assert count(store, schema.response) == 1
    assert tally(store, "submitted") == 1


def test_a_server_that_is_away_says_so_and_comes_back(database: Database) -> None:
    if database.cluster is None:
        pytest.skip("SQLite has no server")
    store, cluster = database.open(), database.cluster
    cluster.run(f"ALTER DATABASE {database.name} WITH ALLOW_CONNECTIONS false")
    cluster.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.name}'")
    with pytest.raises(NotKept):
        store.do_now(_noting(1))
    cluster.run(f"ALTER DATABASE {database.name} WITH ALLOW_CONNECTIONS true")
    store.do_now(_noting(1))
    assert count(store, schema.closed) == 1


def _another_server(folder: Path, db: str | None, first: int, n: int) -> None:
    with Store.open(folder, db=db) as store:
        source = random.Random(first)
        at_once([job for i in range(n) for stage in posts(store, i, source) for job in stage], 4)


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_several_processes_serve_one_study(database: Database) -> None:
    """The same respondents' posts arrive at three processes."""
    database.open().close()
    database.close()
    n = 30
    context = multiprocessing.get_context("fork")
    servers = [context.Process(target=_another_server, args=(database.folder, database.db, i, n)) for i in range(3)]
    for server in servers:
        server.start()
    for server in servers:
        server.join(60)
        assert server.exitcode == 0
    store = database.open()
    assert count(store, schema.response) == n
    assert _orphans(store) == 0


def test_a_wave_is_closed_while_people_answer(database: Database) -> None:
    """Whoever was told that it is kept is there after closing; whoever came later is told that it is closed."""
    stores = [database.open(), database.open()]
    codes = invited(stores[0], 80)
    stored, refused = [], []

    def client(i: int) -> None:
        try:
            submitted(stores[i % 2], codes[i], answer=i)
            stored.append(i)
        except Refused as refusal:
            refused.append(refusal.code)

    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(client, i) for i in range(40)]
        futures[12].result()
        closer = database.open()
        done = close(closer, study(database.folder.parent), "staff", "w1", today=TODAY)
        futures += [pool.submit(client, i) for i in range(40, 80)]
        for future in futures:
            future.result()
    assert done.responses == len(stored)
    assert set(refused) <= {"closed", "gone"}
    assert len(refused) + len(stored) == 80
    assert sorted(str(row["answers"]) for row in rows(closer, schema.response)) == sorted(
        f'{{"Q1":{3},"Q2":{i}}}' for i in stored
    )
    assert count(closer, schema.draft) == count(closer, schema.draft_page) == 0


def test_a_reissued_token_and_its_draft_meet(database: Database) -> None:
    stores = [database.open(), database.open()]
    code = invited(stores[0], 1)[0]
    begun(stores[0], code)
    new = [digest("token", new_secret()) for _ in range(4)]

    def reissue(i: int) -> Any:
        return stores[i % 2].do_now(
            lambda work: invitations.reissue(work, "staff", digest=new[i], new_serial=f"n{i}", serial="w1-0000")
        )

    told = at_once([(lambda i=i: reissue(i)) for i in range(4)])
    assert sum(isinstance(one, invitations.Reissued) for one in told) == 1
    states = Counter(str(row["state"]) for row in rows(stores[0], schema.token))
    assert states == {"revoked": 1, "started": 1}
    assert count(stores[0], schema.draft) == 1


def test_a_look_sees_one_moment(database: Database) -> None:
    store = database.open()
    store.do_now(_noting(1))

    def look(connection: Any) -> tuple[int, int]:
        query = select(func.count()).select_from(schema.closed)
        first = connection.execute(query).scalar_one()
        store.do_now(_noting(2))
        return first, connection.execute(query).scalar_one()

    assert store.read(look) == (1, 1)
    assert count(store, schema.closed) == 2


def test_readers_find_their_tokens_while_a_wave_is_closed(database: Database) -> None:
    """Tokens are written anew; no reader is told meanwhile that there are none."""
    store, reader = database.open(), database.open()
    codes = invited(store, 30)
    stop, wrong = threading.Event(), []

    def look() -> None:
        wanted = [digest("token", code) for code in codes]
        query = select(func.count()).select_from(schema.token).where(schema.token.c.digest.in_(wanted))
        while not stop.is_set():
            found = reader.read(lambda c: c.execute(query).scalar_one())
            if found != 30:
                wrong.append(found)

    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(look) for _ in range(3)]
        for wave in ("w1", "w2"):
            close(store, study(database.folder.parent), "staff", wave, today=TODAY)
        stop.set()
        for future in futures:
            future.result()
    assert wrong == []


def test_several_servers_close_a_wave_at_once(database: Database) -> None:
    """As when the last day is over and each of them looks."""
    stores = [database.open() for _ in range(3)]
    for i, code in enumerate(invited(stores[0], 6)):
        submitted(stores[0], code, answer=i)
    fieldwork = study(database.folder.parent)
    done = at_once([(lambda store=store: close(store, fieldwork, "staff", "w1", today=TODAY)) for store in stores])
    assert sorted(one.already for one in done) == [False, True, True]
    assert [one.responses for one in done] == [6, 6, 6]
    assert len(rows(stores[0], schema.closed)) == 1
