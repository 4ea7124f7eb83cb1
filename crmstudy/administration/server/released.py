"""Figures of an anonymous wave that is still open: shown anew only once enough people have done something.

Whoever looks at the totals before and after a colleague was seen at the computer would otherwise learn whether they
took part, declined or gave up, and with conditions and quotas even what they answered. What was shown last is kept in
the database, so that neither a restart nor a second server shows one person more.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from sqlalchemy import Connection

from crmstudy.administration.store.dialects import put_over
from crmstudy.administration.store.flow import Flow, PageFlow, flow
from crmstudy.administration.store.schema import setting as settings
from crmstudy.administration.store.store import Store, setting
from crmstudy.administration.store.writer import Work

#: Agreeing and submitting are two events of one person.
EVENTS_OF_ONE = 2


async def released(store: Store, sample: str, wave: str, k: int, *, anonymous: bool) -> Flow | None:
    """The figures of a wave that may be shown now; None where too few people have done anything yet."""

    def look(connection: Connection) -> tuple[Flow, Flow | None]:
        kept = setting(connection, _name(sample, wave))
        return flow(connection, sample, wave), None if kept is None else _flow(kept)

    now, before = await store.see(look)
    if not anonymous or now.closed:
        return now
    since = abs(_events(now) - (_events(before) if before is not None else 0))
    if since and since < EVENTS_OF_ONE * k:
        return None if before is None else replace(before, tokens=now.tokens)
    if since or before is None:
        await store.do(lambda work: _keep(work, now))
        return now
    return replace(before, tokens=now.tokens)


def _events(held: Flow) -> int:
    """How often somebody did something that a total shows."""
    return (
        held.consented + held.declined + held.submitted + held.withdrawn + held.abandoned + held.expired
        + sum(held.by_source.get(source, 0) for source in ("paper",))
    )  # fmt: skip


def _keep(work: Work, held: Flow) -> None:
    row = {"name": _name(held.sample, held.wave), "value": json.dumps(asdict(held), ensure_ascii=False)}
    put_over(work.connection, settings, row, replaced=("value",))


def _flow(kept: str) -> Flow:
    values = json.loads(kept)
    pages = tuple(
        PageFlow(page["page"], page["stopped"], {int(bound): n for bound, n in page["times"].items()})
        for page in values["pages"]
    )
    return Flow(**{**values, "pages": pages})


def _name(sample: str, wave: str) -> str:
    return json.dumps(["shown", sample, wave], ensure_ascii=False)
