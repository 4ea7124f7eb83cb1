"""What SQLite and PostgreSQL do alike, and SQLAlchemy has no common word for: writing a row that may be there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Table, bindparam
from sqlalchemy.sql.dml import Insert


@lru_cache(maxsize=64)
def _insert(
    dialect: str, table: Table, replaced: tuple[str, ...], added: tuple[str, ...], names: tuple[str, ...]
) -> Any:
    made: Any = import_module(f"sqlalchemy.dialects.{dialect}")  # the other one is not needed, and takes its time
    insert: Any = made.insert(table)
    insert = insert.values({name: bindparam(name) for name in names})
    keys = list(table.primary_key.columns)
    if not replaced and not added:
        return insert.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    new = {name: insert.excluded[name] for name in replaced}
    new |= {name: table.c[name] + insert.excluded[name] for name in added}
    return insert.on_conflict_do_update(index_elements=keys, set_=new)


def put_once(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one with a key of it is there; whether it was inserted."""
    statement: Insert = _insert(connection.dialect.name, table, (), (), tuple(row))
    return connection.execute(statement, dict(row)).rowcount == 1


def put_over(
    connection: Connection, table: Table, row: Mapping[str, Any], *, replaced: Sequence[str], added: Sequence[str] = ()
) -> None:
    """Insert a row, or write some columns of the one with its primary key anew and add to others."""
    statement: Insert = _insert(connection.dialect.name, table, tuple(replaced), tuple(added), tuple(row))
    connection.execute(statement, dict(row))


def add_up(connection: Connection, table: Table, key: Mapping[str, Any], n: int) -> None:
    """Add to the total ``n`` of a row, which begins at 0."""
    put_over(connection, table, {**key, "n": n}, replaced=(), added=("n",))
