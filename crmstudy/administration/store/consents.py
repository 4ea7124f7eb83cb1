"""The texts that respondents agree to, kept by version and language: a version never means two texts."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from crmstudy.administration.store import schema
from crmstudy.administration.store.writer import Refused, Work

_consent = schema.consent


@dataclass(frozen=True, slots=True)
class Agreed:
    """A text that was shown before agreeing, since when."""

    version: int
    language: str
    text: str
    sha256: str
    since: str


def note_consents(work: Work, version: int, texts: Mapping[str, str], day: dt.date) -> None:
    """Note the texts of a version, by language; the same ones again change nothing.

    Raises
    ------
    Refused
        ``consent-changed`` (with ``version`` and ``language``): another text was shown under this version.
    """
    query = select(_consent.c.language, _consent.c.sha256).where(_consent.c.version == version)
    there = {row.language: row.sha256 for row in work.connection.execute(query)}
    for language, text in sorted(texts.items()):
        if there.get(language, _sha256(text)) != _sha256(text):
            raise Refused("consent-changed", version=version, language=language)
    rows = [
        {"version": version, "language": language, "sha256": _sha256(text), "text": text, "since": day.isoformat()}
        for language, text in sorted(texts.items())
        if language not in there
    ]
    if rows:
        work.connection.execute(insert(_consent), rows)


def consents(connection: Connection) -> tuple[Agreed, ...]:
    """Every text that was shown, the oldest version first."""
    query = select(_consent).order_by(_consent.c.version, _consent.c.language)
    return tuple(
        Agreed(row.version, row.language, row.text, row.sha256, row.since) for row in connection.execute(query)
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
