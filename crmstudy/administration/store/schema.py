"""The tables of a study in the field, the same for SQLite and PostgreSQL.

No table holds a name or an address, and no key of one table can be computed from a key of another: secrets are stored
as digests of their kind (:func:`crmstudy.administration.keys.digest`). Answers are JSON in a text, as the hand-over
holds them. SQLite's tables have no hidden row numbers, which would keep the order of arrival.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    event,
)
from sqlalchemy.schema import SchemaItem

#: The newest revision of the schema; those before it stand in ``migrations/versions``.
REVISION = "0001"
TOKEN_STATES = ("new", "started", "used", "revoked")
SOURCES = ("web", "kiosk", "paper", "simulated", "test")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _key(name: str) -> Column[str]:
    return Column(name, String, primary_key=True)


def _text(name: str, default: str = "") -> Column[str]:
    return Column(name, Text, nullable=False, server_default=default)


def _one_of(name: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{name} IN ({', '.join(repr(value) for value in values)})", name=name)


def _table(name: str, *parts: SchemaItem) -> Table:
    return Table(name, metadata, *parts, sqlite_with_rowid=False)


#: What was settled when the study opened, and what the database is for.
setting = _table("setting", _key("name"), _text("value"))

#: Every text respondents agreed to, by version and language.
consent = _table(
    "consent",
    Column("version", Integer, primary_key=True, autoincrement=False),
    _key("language"),
    _text("sha256"),
    _text("text"),
    _text("since"),
)

#: Single-use tokens. ``person`` is a pseudonym (empty in anonymous mode), ``serial`` what stands on the slip.
token = _table(
    "token",
    _key("digest"),
    _text("sample"),
    _text("wave"),
    _text("unit"),
    _text("serial"),
    _text("person"),
    _text("attributes", "{}"),
    _text("state", "new"),
    _one_of("state", TOKEN_STATES),
    Index("ix_token_serial", "sample", "serial", unique=True),
)

#: Questionnaires that were begun and not submitted. ``began`` is a day in anonymous mode, otherwise a minute (UTC).
draft = _table(
    "draft",
    _key("digest"),
    _text("sample"),
    _text("wave"),
    Column("token", String, unique=True),
    _text("unit"),
    _text("language"),
    Column("seed", Integer, nullable=False),
    Column("consent", Integer, nullable=False),
    _text("began"),
    _text("person"),
    _text("attributes", "{}"),
    _text("device"),
    _text("source", "web"),
    _one_of("source", SOURCES),
)

#: The answers of a page of a draft; ``seconds`` adds up over its visits.
draft_page = _table(
    "draft_page",
    _key("draft"),
    Column("page", Integer, primary_key=True, autoincrement=False),
    _text("given", "{}"),
    Column("seconds", Integer, nullable=False, server_default="0"),
    Column("visits", Integer, nullable=False, server_default="1"),
)


def response_table(name: str, in_metadata: MetaData = metadata) -> Table:
    """A table of submitted answers; closing writes them anew into a fresh one."""
    return Table(
        name,
        in_metadata,
        _key("id"),
        Column("submission", String, unique=True),
        _text("sample"),
        _text("wave"),
        _text("unit"),
        _text("language"),
        _text("person"),
        _text("source", "web"),
        Column("complete", Boolean, nullable=False),
        Column("consent", Integer, nullable=False),
        _text("answers", "{}"),
        _text("reasons", "{}"),
        _text("opened", "{}"),
        _text("attributes", "{}"),
        _text("paradata", "{}"),
        _text("quotas", "[]"),
        _one_of("source", SOURCES),
        sqlite_with_rowid=False,
    )


#: Submitted answers; ``submission`` is the digest of what makes a repeated submission one, and of the receipt.
response = response_table("response")

#: Totals: consents, refusals, where people stopped, how long pages took.
tally = _table(
    "tally",
    _key("sample"),
    _key("wave"),
    _key("kind"),
    _key("name"),
    Column("n", Integer, nullable=False),
)

quota = _table("quota", _key("sample"), _key("wave"), _key("id"), Column("n", Integer, nullable=False))

#: Waves that are closed: no answer is taken any more, and their answers were written anew.
closed = _table("closed", _key("sample"), _key("wave"), _text("day"))

#: Paper sheets, and what was typed in from them: round 1 and 2 by two people, round 3 the decision.
sheet = _table(
    "sheet", _key("sample"), _key("number"), _text("wave"), _text("unit"), _text("language"), _text("state", "printed")
)
entry = _table(
    "entry",
    _key("sample"),
    _key("number"),
    Column("round", Integer, primary_key=True, autoincrement=False),
    _text("clerk"),
    _text("given", "{}"),
)

#: Keys of people who work on the study; ``role`` is clerk or researcher.
access = _table("access", _key("digest"), _text("name"), _text("role"), _text("since"))

#: Addresses that want no mail, and what was sent to whom, both as digests.
stop = _table("stop", _key("digest"), _text("reason"))
mailing = _table("mailing", _key("campaign"), _key("digest"), _text("state"), _text("serial"))

#: What was deleted on purpose, when, and why.
deletion = _table("deletion", _key("id"), _text("day"), _text("what"), Column("n", Integer), _text("reason"))

#: Columns with answers and secrets: PostgreSQL's planner keeps no sample of their values in its own tables.
UNSAMPLED = {
    draft: ("digest", "token", "person", "attributes"),
    draft_page: ("draft", "given"),
    token: ("digest", "serial", "person", "attributes"),
    response: (
        "id", "submission", "person", "answers", "reasons", "opened", "attributes", "paradata",
    ),
    entry: ("given",),
    mailing: ("digest",),
}  # fmt: skip


def _leave_unsampled(table: Table, connection: Connection, **_: object) -> None:
    if connection.dialect.name == "postgresql":
        for name in UNSAMPLED[table]:
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ALTER COLUMN {name} SET STATISTICS 0")


for _of in UNSAMPLED:
    event.listen(_of, "after_create", _leave_unsampled)
