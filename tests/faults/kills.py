"""Kills: a server under load is killed without warning, again and again; what it acknowledged must be there.

Respondents fill in whole questionnaires from several threads. A page counts as acknowledged when its 303 has arrived,
a submission likewise; after each kill the server is started anew and the database is looked at. The same with a server
that acknowledges before it commits must lose something, or the test sees nothing.
"""

from __future__ import annotations

import contextlib
import http.client
import random
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from crmstudy.administration.keys import digest
from tests.faults.keeping import Verdict, verdict
from tests.faults.respondent import Browser
from tests.faults.studies import Server, free_port, make_study


@dataclass
class Told:
    """What respondents were told is kept: submissions, as digests."""

    submissions: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Kills:
    """What became of a server that was killed many times."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    untold: int = 0
    half: list[str] = field(default_factory=list)
    slowest_start: float = 0.0


def survey(browser: Browser, rng: random.Random, told: Told) -> None:
    """One whole questionnaire by the open link."""
    browser.cookies.clear()
    start = browser.get("/s/staff")
    form = start.form("draft", go="agree")
    page = browser.send(form, [*form.filled(rng), ("go", "agree")])
    while page.status == 200 and "/p/" in browser.place:
        form = page.form("q.", go="next")
        sent = [*form.filled(rng), ("go", "next")]
        submission = dict(form.hidden()).get("submission")
        page = browser.send(form, sent, follow=False)
        if submission and page.status == 303:
            with told.lock:
                told.submissions.add(digest("submission", submission))
            return
        if page.status == 303:
            page = browser.get(page.location)


def load(port: int, told: Told, ending: threading.Event, seed: int) -> None:
    """Answer one questionnaire after the other until told to end; a broken connection is tried again."""
    rng = random.Random(seed)
    while not ending.is_set():
        browser = Browser("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException, LookupError):
            while not ending.is_set():
                survey(browser, rng, told)
        browser.close()
        time.sleep(0.005)


def kill_often(n: int, *, module: str = "crmstudy", seed: int = 1, threads: int = 4, pages: int = 1) -> Kills:
    """Kill a server ``n`` times under load and look at what is left each time."""
    rng, found, told = random.Random(seed), Kills(), Told()
    with tempfile.TemporaryDirectory() as name:
        folder = make_study(Path(name) / "study", pages=pages, rows=6)
        server = Server(folder, free_port(), module)
        server.start()
        for _ in range(n):
            ending = threading.Event()
            loads = [
                threading.Thread(target=load, args=(server.port, told, ending, rng.random())) for _ in range(threads)
            ]
            for one in loads:
                one.start()
            _wait(told, rng.randint(1, 25), rng.uniform(0, 0.03))
            server.kill()
            ending.set()
            for one in loads:
                one.join()
            looked = _looked(folder, told)
            found.lost = max(found.lost, looked.lost)
            found.untold = looked.untold
            found.half += looked.half
            found.kills += 1
            found.slowest_start = max(found.slowest_start, server.start())
        server.stop()
        found.acknowledged = len(told.submissions)
    return found


def _wait(told: Told, more: int, after: float, most: float = 10) -> None:
    """Wait until some more submissions are acknowledged, and a moment."""
    wanted, end = len(told.submissions) + more, time.monotonic() + most
    while len(told.submissions) < wanted and time.monotonic() < end:
        time.sleep(0.001)
    time.sleep(after)


def _looked(folder: Path, told: Told) -> Verdict:
    return verdict(folder / "administration" / "answers.db", told.submissions, quotas=False, tokens=False)
