"""Quotas: places that are taken by submissions, never more than there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select, text, update

from crmstudy.administration.store.dialects import put_once
from crmstudy.administration.store.schema import quota
from crmstudy.administration.store.writer import Refused

#: The advisory lock of PostgreSQL under which quotas are counted.
_LOCK = text("SELECT pg_advisory_xact_lock(7243165902)")


def taken(connection: Connection, sample: str, wave: str) -> Mapping[str, int]:
    """How many places of each quota are taken."""
    of_wave = (quota.c.sample == sample) & (quota.c.wave == wave)
    return {row.id: row.n for row in connection.execute(select(quota.c.id, quota.c.n).where(of_wave))}


def take(connection: Connection, sample: str, wave: str, wanted: Sequence[tuple[str, int]]) -> None:
    """Take a place of each quota (id, limit), or of none; raises Refused ``quota-full`` before anything is taken."""
    if not wanted:
        return
    _one_server_at_a_time(connection)
    for id, _ in sorted(wanted):
        put_once(connection, quota, {"sample": sample, "wave": wave, "id": id, "n": 0})
    of_wave = (quota.c.sample == sample) & (quota.c.wave == wave)
    ids = [id for id, _ in wanted]
    held = {
        row.id: row.n
        for row in connection.execute(
            select(quota.c.id, quota.c.n).where(of_wave, quota.c.id.in_(ids)).order_by(quota.c.id).with_for_update()
        )
    }
    full = [id for id, limit in wanted if held[id] >= limit]
    if full:
        raise Refused("quota-full", quota=full[0])
    connection.execute(update(quota).where(of_wave, quota.c.id.in_(ids)).values(n=quota.c.n + 1))


def give_back(connection: Connection, sample: str, wave: str, ids: Sequence[str]) -> None:
    """Free a place of each quota."""
    of_wave = (quota.c.sample == sample) & (quota.c.wave == wave)
    if ids:
        _one_server_at_a_time(connection)
        connection.execute(update(quota).where(of_wave, quota.c.id.in_(ids), quota.c.n > 0).values(n=quota.c.n - 1))


def _one_server_at_a_time(connection: Connection) -> None:
    """Let no two transactions with several quotas each wait for a row of the other (PostgreSQL)."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)
