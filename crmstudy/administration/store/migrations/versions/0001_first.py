"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT, STRING, INTEGER, BOOLEAN = sa.Text(), sa.String(), sa.Integer(), sa.Boolean()
SOURCES = "source IN ('web', 'kiosk', 'paper', 'simulated', 'test')"
STATES = "state IN ('new', 'started', 'used', 'revoked')"


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, TEXT, server_default=default, nullable=False)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, STRING, nullable=False)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "setting",
        _key("name"),
        _text("value"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "consent",
        sa.Column("version", INTEGER, autoincrement=False, nullable=False),
        _key("language"),
        _text("sha256"),
        _text("text"),
        _text("since"),
        sa.PrimaryKeyConstraint("version", "language", name=op.f("pk_consent")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "token",
        _key("digest"),
        _text("sample"),
        _text("wave"),
        _text("unit"),
        _text("serial"),
        _text("person"),
        _text("attributes", "{}"),
        _text("state", "new"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_token")),
        sa.CheckConstraint(STATES, name=op.f("ck_token_state")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_token_serial", "token", ["sample", "serial"], unique=True)
    op.create_table(
        "draft",
        _key("digest"),
        _text("sample"),
        _text("wave"),
        sa.Column("token", STRING, nullable=True),
        _text("unit"),
        _text("language"),
        sa.Column("seed", INTEGER, nullable=False),
        sa.Column("consent", INTEGER, nullable=False),
        _text("began"),
        _text("person"),
        _text("attributes", "{}"),
        _text("device"),
        _text("source", "web"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_draft")),
        sa.CheckConstraint(SOURCES, name=op.f("ck_draft_source")),
        sa.UniqueConstraint("token", name=op.f("uq_draft_token")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "draft_page",
        _key("draft"),
        sa.Column("page", INTEGER, autoincrement=False, nullable=False),
        _text("given", "{}"),
        sa.Column("seconds", INTEGER, server_default="0", nullable=False),
        sa.Column("visits", INTEGER, server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("draft", "page", name=op.f("pk_draft_page")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "response",
        _key("id"),
        sa.Column("submission", STRING, nullable=True),
        _text("sample"),
        _text("wave"),
        _text("unit"),
        _text("language"),
        _text("person"),
        _text("source", "web"),
        sa.Column("complete", BOOLEAN, nullable=False),
        sa.Column("consent", INTEGER, nullable=False),
        _text("answers", "{}"),
        _text("reasons", "{}"),
        _text("opened", "{}"),
        _text("attributes", "{}"),
        _text("paradata", "{}"),
        _text("quotas", "[]"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
        sa.CheckConstraint(SOURCES, name=op.f("ck_response_source")),
        sa.UniqueConstraint("submission", name=op.f("uq_response_submission")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tally",
        _key("sample"),
        _key("wave"),
        _key("kind"),
        _key("name"),
        sa.Column("n", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("sample", "wave", "kind", "name", name=op.f("pk_tally")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "quota",
        _key("sample"),
        _key("wave"),
        _key("id"),
        sa.Column("n", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("sample", "wave", "id", name=op.f("pk_quota")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "closed",
        _key("sample"),
        _key("wave"),
        _text("day"),
        sa.PrimaryKeyConstraint("sample", "wave", name=op.f("pk_closed")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sheet",
        _key("sample"),
        _key("number"),
        _text("wave"),
        _text("unit"),
        _text("language"),
        _text("state", "printed"),
        sa.PrimaryKeyConstraint("sample", "number", name=op.f("pk_sheet")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry",
        _key("sample"),
        _key("number"),
        sa.Column("round", INTEGER, autoincrement=False, nullable=False),
        _text("clerk"),
        _text("given", "{}"),
        sa.PrimaryKeyConstraint("sample", "number", "round", name=op.f("pk_entry")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "access",
        _key("digest"),
        _text("name"),
        _text("role"),
        _text("since"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_access")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stop",
        _key("digest"),
        _text("reason"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_stop")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mailing",
        _key("campaign"),
        _key("digest"),
        _text("state"),
        _text("serial"),
        sa.PrimaryKeyConstraint("campaign", "digest", name=op.f("pk_mailing")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "deletion",
        _key("id"),
        _text("day"),
        _text("what"),
        sa.Column("n", INTEGER, nullable=True),
        _text("reason"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion")),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        _leave_unsampled()


def _leave_unsampled() -> None:
    """Let the planner of PostgreSQL keep no sample of answers and secrets."""
    columns = {
        "draft": ("digest", "token", "person", "attributes"),
        "draft_page": ("draft", "given"),
        "token": ("digest", "serial", "person", "attributes"),
        "response": ("id", "submission", "person", "answers", "reasons", "opened", "attributes", "paradata"),
        "entry": ("given",),
        "mailing": ("digest",),
    }
    for table, names in columns.items():
        for name in names:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET STATISTICS 0")
