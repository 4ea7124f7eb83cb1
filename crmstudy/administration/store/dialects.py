"""What SQLite and PostgreSQL do alike, and SQLAlchemy has no common word for.

Writing a row that may be there; and statements that are made ready once, because every page and every submission needs
them: with SQLite they go straight to the driver, which takes a sixth of the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Dialect, Table, bindparam
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement, Executable


class Prepared:
    """A statement that is made ready once.

    Its rows are plain tuples, as the driver gives them: it is for columns of texts and whole numbers.

    Parameters
    ----------
    statement : select, insert, update or delete
        Values that differ from call to call are bound by name.
    """

    __slots__ = ("_fixed", "_names", "_statement", "_text")

    def __init__(self, statement: Executable) -> None:
        self._statement = statement.execution_options(preserve_rowcount=True)
        self._text = ""
        self._names: tuple[str, ...] = ()
        self._fixed: dict[str, Any] = {}

    def rows(self, connection: Connection, **values: Any) -> Sequence[tuple[Any, ...]]:
        """The rows found."""
        if connection.dialect.name != "sqlite":
            return [tuple(row) for row in connection.execute(self._statement, values)]
        return self._straight(connection, values).fetchall()  # type: ignore[no-any-return]

    def row(self, connection: Connection, **values: Any) -> tuple[Any, ...] | None:
        """The row found, or None."""
        found = self.rows(connection, **values)
        return found[0] if found else None

    def do(self, connection: Connection, **values: Any) -> int:
        """Write; how many rows that concerned."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values).rowcount
        return self._straight(connection, values).rowcount  # type: ignore[no-any-return]

    def _straight(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """What the driver answers; its errors come as those of SQLAlchemy do, without a value."""
        if not self._text:
            self._text, self._names, self._fixed = _compiled(self._statement, connection.dialect)
        if not connection.in_transaction():
            connection.begin()
        driver: Any = connection.connection.driver_connection
        given = {**self._fixed, **values} if self._fixed else values
        try:
            return driver.execute(self._text, [given[name] for name in self._names])
        except driver.Error as error:
            raise DBAPIError.instance(
                self._text, None, error, driver.Error, hide_parameters=True, dialect=connection.dialect
            ) from error


def _compiled(statement: Executable, dialect: Dialect) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """The text of a statement, the names of its values in their order, and those values that stand in it."""
    if not isinstance(statement, ClauseElement):
        raise TypeError(f"{type(statement).__name__} is no statement")
    compiled: Any = statement.compile(dialect=dialect)
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return str(compiled), tuple(compiled.positiontup), fixed


@lru_cache(maxsize=64)
def _insert(
    dialect: str, table: Table, replaced: tuple[str, ...], added: tuple[str, ...], names: tuple[str, ...]
) -> Prepared:
    made: Any = import_module(f"sqlalchemy.dialects.{dialect}")  # the other one is not needed, and takes its time
    insert: Any = made.insert(table)
    insert = insert.values({name: bindparam(name) for name in names})
    keys = list(table.primary_key.columns)
    if not replaced and not added:
        return Prepared(insert.on_conflict_do_nothing())
    new = {name: insert.excluded[name] for name in replaced}
    new |= {name: table.c[name] + insert.excluded[name] for name in added}
    return Prepared(insert.on_conflict_do_update(index_elements=keys, set_=new))


def put_once(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one with a key of it is there; whether it was inserted."""
    return _insert(connection.dialect.name, table, (), (), tuple(row)).do(connection, **row) == 1


def put_over(
    connection: Connection, table: Table, row: Mapping[str, Any], *, replaced: Sequence[str], added: Sequence[str] = ()
) -> None:
    """Insert a row, or write some columns of the one with its primary key anew and add to others."""
    _insert(connection.dialect.name, table, tuple(replaced), tuple(added), tuple(row)).do(connection, **row)


def add_up(connection: Connection, table: Table, key: Mapping[str, Any], n: int) -> None:
    """Add to the total ``n`` of a row, which begins at 0."""
    put_over(connection, table, {**key, "n": n}, replaced=(), added=("n",))
