"""A database and the key of its study belong together."""

from __future__ import annotations

import secrets
import stat
from pathlib import Path

import pytest

from crmstudy.administration.keys import KEY_FILE
from crmstudy.administration.store.own_key import MARK, own_key
from crmstudy.administration.store.store import setting
from crmstudy.errors import StudyError
from tests.administration.conftest import Database


def put_key(place: Path, key: bytes) -> None:
    path = place / KEY_FILE
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(key)
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_a_key_that_is_missing_or_another_is_told(database: Database) -> None:
    store, place = database.open(), database.folder
    key = own_key(store, place)
    assert own_key(store, place) == key
    mark = store.read(lambda connection: setting(connection, MARK))
    assert mark is not None
    assert key.hex() not in mark
    (place / KEY_FILE).unlink()
    with pytest.raises(StudyError, match=r"is missing, with which the study was asked\..*--new-key"):
        own_key(store, place)
    assert not (place / KEY_FILE).exists()
    other = secrets.token_bytes(32)
    put_key(place, other)
    with pytest.raises(StudyError, match="is not the key with which the study was asked"):
        own_key(store, place)
    put_key(place, key)
    assert own_key(store, place) == key


def test_a_key_that_is_lost_for_good_is_replaced_when_that_is_meant(database: Database) -> None:
    store, place = database.open(), database.folder
    key = own_key(store, place)
    (place / KEY_FILE).unlink()
    made = own_key(store, place, anew=True)
    assert made != key
    assert own_key(store, place) == made
    put_key(place, key)
    with pytest.raises(StudyError, match="is not the key"):
        own_key(store, place)
