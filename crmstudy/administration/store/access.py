"""Keys of people who work on the study: given out once, stored as digests, taken away by name."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, delete, insert, select

from crmstudy.administration.store import schema
from crmstudy.administration.store.writer import Refused, Work

Role = Literal["clerk", "researcher"]
ROLES: tuple[Role, ...] = ("clerk", "researcher")
_access = schema.access


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody who works on the study, without the key."""

    name: str
    role: str
    since: str


def add_access(work: Work, digest: str, name: str, role: Role, day: dt.date) -> None:
    """Give somebody a key, of which the digest is kept.

    Raises
    ------
    Refused
        ``name-taken``: somebody of this name has one; revoke it first.
    ValueError
        For a role that does not exist.
    """
    if role not in ROLES:
        raise ValueError(f"a role is one of {', '.join(ROLES)}, not {role!r}")
    if work.connection.execute(select(_access.c.digest).where(_access.c.name == name)).first() is not None:
        raise Refused("name-taken", name=name)
    row = {"digest": digest, "name": name, "role": role, "since": day.isoformat()}
    work.connection.execute(insert(_access), row)


def who(connection: Connection, digest: str) -> Access | None:
    """Whose key has this digest, or None."""
    query = select(_access.c.name, _access.c.role, _access.c.since).where(_access.c.digest == digest)
    row = connection.execute(query).one_or_none()
    return None if row is None else Access(*row)


def all_access(connection: Connection) -> tuple[Access, ...]:
    """Everybody who has a key, by name; nothing of the keys."""
    query = select(_access.c.name, _access.c.role, _access.c.since).order_by(_access.c.name)
    return tuple(Access(*row) for row in connection.execute(query))


def revoke_access(work: Work, name: str) -> bool:
    """Take somebody's key away; whether there was one."""
    return work.connection.execute(delete(_access).where(_access.c.name == name)).rowcount > 0
