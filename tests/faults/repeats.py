"""Repeated posts and crowded quotas: everything is sent one to five times, by several clients at once.

Consents and last pages are shuffled so that repetitions of one id run side by side. However often something is sent,
there is one row for it, everybody is answered alike, and a quota of n is never exceeded.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from crmstudy.administration.keys import digest, new_secret
from tests.faults.keeping import Verdict, verdict
from tests.faults.loading import Connection, Prepared, form_with, page_form
from tests.faults.studies import Server, free_port, make_study


@dataclass(frozen=True)
class Repeats:
    """Ids, posts that were sent for them, statuses of the answers, and what the database holds."""

    ids: int
    posts: int
    statuses: Counter[int]
    found: Verdict
    rows: int


def _several(posts: Sequence[tuple[str, Prepared]], rng: random.Random) -> list[tuple[str, Prepared]]:
    """Every post one to five times, the repetitions not far from each other."""
    many = [(place + rng.uniform(0, 30), post) for place, post in enumerate(posts) for _ in range(rng.randint(1, 5))]
    return [post for _, post in sorted(many, key=lambda one: one[0])]


async def _send(port: int, posts: Sequence[tuple[str, Prepared]], clients: int) -> tuple[Counter[int], dict[str, str]]:
    """Send posts from several connections; the statuses, and the last cookie each id was given."""
    waiting, statuses, cookies = list(reversed(posts)), Counter[int](), dict[str, str]()

    async def some() -> None:
        async with Connection(port) as connection:
            while waiting:
                id, post = waiting.pop()
                connection.cookie = post.cookie
                status, _, _ = await connection.ask("POST", post.path, post.body)
                statuses[status] += 1
                if status == 303:
                    cookies[id] = connection.cookie

    await asyncio.gather(*[some() for _ in range(clients)])
    return statuses, cookies


async def _whole(port: int, n: int, clients: int, seed: int) -> tuple[Counter[int], list[str], int]:
    rng = random.Random(seed)
    async with Connection(port) as first:
        _, _, content = await first.ask("GET", "/s/staff")
        form = form_with(content, "draft")
        hidden = [(name, value) for name, value in form.hidden() if name != "draft"]
        ids = [new_secret() for _ in range(n)]
        action = urlsplit(form.action).path
        consents = [
            (id, Prepared(first.cookie, action, urlencode([*hidden, ("draft", id), ("go", "agree")]).encode()))
            for id in ids
        ]
        several = _several(consents, rng)
        statuses, cookies = await _send(port, several, clients)
        page, path = await page_form(port, cookies[ids[0]])
        submissions = [new_secret() for _ in ids]
        last = []
        for id, submission in zip(ids, submissions, strict=True):
            sent = [(name, value) for name, value in page.filled(rng) if name != "submission"]
            body = urlencode([*sent, ("submission", submission), ("go", "next")]).encode()
            last.append((id, Prepared(cookies[id], path, body)))
        twice = _several(last, rng)
        more, _ = await _send(port, twice, clients)
        return statuses + more, [digest("submission", one) for one in submissions], len(several) + len(twice)


def repeat(n: int, *, clients: int = 8, limit: int | None = None, seed: int = 1) -> Repeats:
    """Send ``n`` questionnaires, everything one to five times; ``limit`` is that of a quota they all meet."""
    quota = {} if limit is None else {"quotas": {"all": {"when": "P1Q1 >= 1", "limit": limit}}}
    with tempfile.TemporaryDirectory() as name:
        folder = make_study(Path(name) / "study", pages=1, rows=6, **quota)
        server = Server(folder, free_port())
        server.start()
        try:
            statuses, submissions, posts = asyncio.run(_whole(server.port, n, clients, seed))
        finally:
            server.stop()
        found = verdict(folder / "administration" / "answers.db", submissions, tokens=False, quotas=limit is not None)
    return Repeats(n, posts, statuses, found, n - found.lost + found.untold)
