"""What must hold of a database after anything: nothing acknowledged is missing, nothing is there by half."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Verdict:
    """Acknowledged submissions that are missing, sentences about what is there by half, rows nobody was told of."""

    lost: int
    half: tuple[str, ...]
    untold: int


def verdict(database: Path, acknowledged: Iterable[str], *, tokens: bool = True, quotas: bool = True) -> Verdict:
    """Look at a database as SQLite finds it, recovering what its log holds.

    ``tokens`` and ``quotas`` say whether every submission used a token, and a place of the quota.
    """
    told = set(acknowledged)
    half = []
    connection = sqlite3.connect(database)
    try:
        sound = connection.execute("PRAGMA integrity_check").fetchall()
        if sound != [("ok",)]:
            half.append(f"integrity_check: {sound[:3]}")
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "response" not in names:
            return Verdict(len(told), tuple(half), 0)
        kept = {id for (id,) in connection.execute("SELECT submission FROM response")}
        half += _halves(connection, len(kept) if tokens else 0, len(kept) if quotas else 0, len(kept))
    finally:
        connection.close()
    return Verdict(len(told - kept), tuple(half), len(kept - told))


def _halves(connection: sqlite3.Connection, used_tokens: int, taken: int, kept: int) -> list[str]:
    """Parts of a submission that are there without the others."""

    def count(query: str) -> int:
        return int(connection.execute(query).fetchone()[0] or 0)

    used = count("SELECT count(*) FROM token WHERE state = 'used'")
    places = count("SELECT sum(n) FROM quota")
    submitted = count("SELECT sum(n) FROM tally WHERE kind = 'submitted'")
    begun = count("SELECT count(*) FROM draft JOIN token ON draft.token = token.digest WHERE token.state <> 'started'")
    orphans = count("SELECT count(*) FROM draft_page WHERE draft NOT IN (SELECT digest FROM draft)")
    whole = count("SELECT count(*) FROM response WHERE answers = '{}'")
    found = {
        "tokens used": (used, used_tokens), "places taken": (places, taken), "submissions counted": (submitted, kept),
        "drafts beside a token that is not begun": (begun, 0), "pages without a draft": (orphans, 0),
        "responses without answers": (whole, 0),
    }  # fmt: skip
    return [f"{what}: {n}, not {wanted}" for what, (n, wanted) in found.items() if n != wanted]
