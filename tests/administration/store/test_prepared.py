"""Statements that are made ready once do what SQLAlchemy would do: the same rows, one moment, errors without values."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError

from crmstudy.administration.store.dialects import Prepared
from crmstudy.administration.store.schema import setting
from crmstudy.administration.store.writer import NotKept

PUT = Prepared(insert(setting).values(name=bindparam("name"), value=bindparam("value")))
ALL = Prepared(select(setting.c.name, setting.c.value).where(setting.c.name.like("t%")).order_by(setting.c.name))
MARK = Prepared(update(setting).where(setting.c.name == bindparam("of")).values(value="marked"))


def test_rows_and_counts_are_those_of_sqlalchemy(database):
    store = database.open()
    for name in ("t2", "t1"):
        assert store.do_now(lambda work, name=name: PUT.do(work.connection, name=name, value="é'\"")) == 1
    asked = select(setting.c.name, setting.c.value).where(setting.c.name.like("t%")).order_by(setting.c.name)
    usual = store.read(lambda connection: [tuple(row) for row in connection.execute(asked)])
    assert list(store.read(ALL.rows)) == usual == [("t1", "é'\""), ("t2", "é'\"")]
    assert store.do_now(lambda work: MARK.do(work.connection, of="t2")) == 1
    assert store.do_now(lambda work: MARK.do(work.connection, of="t3")) == 0
    assert list(store.read(ALL.rows)) == [("t1", "é'\""), ("t2", "marked")]


def test_what_is_read_first_begins_the_moment(database):
    """Two looks in one reading see the same, whatever was committed between them."""
    store = database.open()

    def look(connection):
        before = list(ALL.rows(connection))
        store.do_now(lambda work: PUT.do(work.connection, name="t9", value="later"))
        return before, list(ALL.rows(connection))

    assert store.read(look) == ([], [])
    assert list(store.read(ALL.rows)) == [("t9", "later")]


def test_an_error_is_told_without_what_was_to_be_written(database):
    store = database.open()
    store.do_now(lambda work: PUT.do(work.connection, name="t1", value="first"))

    def again(work):
        with pytest.raises(DBAPIError) as failed:
            PUT.do(work.connection, name="t1", value="a secret answer")
        assert "a secret answer" not in str(failed.value)
        raise failed.value

    with pytest.raises(NotKept) as failed:
        store.do_now(again)
    assert "a secret answer" not in str(failed.value)
    assert list(store.read(ALL.rows)) == [("t1", "first")]
