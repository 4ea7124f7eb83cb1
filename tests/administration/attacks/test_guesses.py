"""Whoever guesses at tokens: none of a million is right, and no way of writing an address makes two of one."""

from __future__ import annotations

import itertools

import pytest
from asgi_browser import application, call, held_study, token
from sqlalchemy import select

from crmstudy.administration.keys import BITS, LENGTH, SIGNS, digest, new_secret, read_secret
from crmstudy.administration.server.limiter import MOST_WRONG, Limiter, network
from crmstudy.administration.store.schema import token as tokens
from crmstudy.administration.store.store import Store


def guessed(n):
    """Guesses as somebody makes them who knows how codes look, and has some that are valid beside."""
    for number in range(n // 2):
        yield digest("token", "".join(SIGNS[(number >> 5 * place) & 31] for place in reversed(range(LENGTH))))
    for _ in range(n - n // 2):
        yield digest("token", new_secret())


@pytest.mark.parametrize("n", [50_000, pytest.param(1_000_000, marks=[pytest.mark.slow, pytest.mark.endurance])])
def test_no_guess_is_a_token(tmp_path, n):
    with Store.open(tmp_path / "administration") as store:
        held = token(store, n=500)
        known = {digest("token", one) for one in held}
        assert known == set(store.read(lambda c: c.execute(select(tokens.c.digest)).scalars()))
        hits = sum(guess in known for guess in guessed(n))
        some = list(itertools.islice(guessed(n), 0, None, max(1, n // 2000)))
        found = store.read(lambda c: [c.execute(select(tokens).where(tokens.c.digest == one)).first() for one in some])
    assert hits == 0
    assert not any(found)
    assert BITS >= 128
    assert sum(digest("token", one) in known for one in held) == 500  # the control


def test_neighbours_of_a_token_are_none(tmp_path):
    fieldwork = held_study(tmp_path)
    with Store.open(fieldwork.place) as store:
        app, secret = application(fieldwork, store), token(store)
        near = {secret[:place] + sign + secret[place + 1 :] for place in range(LENGTH) for sign in SIGNS} - {secret}
        known = set(store.read(lambda c: c.execute(select(tokens.c.digest)).scalars()))
        assert not {digest("token", one) for one in near} & known
        assert call(app, "GET", f"/s/staff?t={secret.lower()}").status == 303
        assert read_secret(secret[:-1]) is None
        assert read_secret(secret + "0") is None


@pytest.mark.parametrize("vary", [
    "192.0.2.1:{n}", "[2001:db8::1]:{n}", "2001:db8::{n:x}", "::ffff:192.0.2.1", "192.0.2.1%eth{n}", "made up {n}",
    "{n}.example.org", "unknown", "_hidden{n}", "",
])  # fmt: skip
def test_an_address_written_in_many_ways_is_one(vary):
    limiter = Limiter(lambda: 0.0)
    told = [limiter.wrong(vary.format(n=n)) for n in range(1, MOST_WRONG + 11)]
    assert told == [False] * MOST_WRONG + [True] * 10
    assert not limiter.wrong("198.51.100.77")  # the control: somebody else is somebody else
    assert network("192.0.2.1") != network("192.0.2.2")


def test_behind_a_proxy_the_port_makes_nobody_new(tmp_path):
    fieldwork = held_study(tmp_path)
    with Store.open(fieldwork.place) as store:
        app = application(fieldwork, store, proxy=True)
        told = [
            call(app, "GET", f"/s/staff?t={new_secret()}", headers={"x-forwarded-for": f"192.0.2.9:{1000 + n}"}).status
            for n in range(MOST_WRONG + 3)
        ]
    assert told.count(429) == 3
