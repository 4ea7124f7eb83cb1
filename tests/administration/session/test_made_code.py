"""The self-made code: the same person makes the same one, the data alone do not tell it, and its rates are right."""

from __future__ import annotations

import hashlib
import itertools
import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.administration.session.code import ELEMENTS, Collisions, code_digest, collisions, read_code

SECRET = bytes(range(32))
GOOD = {"code.mother": ["Maria"], "code.town": ["Ufa"], "code.day": ["7"], "code.older": ["0"]}


def parts(**said):
    return read_code({**GOOD, **{f"code.{name}": [text] for name, text in said.items()}}).parts


def test_one_person_makes_one_code_however_it_is_typed():
    assert parts() == ("ma", "uf", "7", "0") == parts(mother=" MA ", town="uf", day="07", older="00")
    assert parts(mother="فاطمه") == parts(mother="فا") == parts(mother=" ف اطمه")
    assert parts(mother="كبری") == parts(mother="کبري")
    assert parts(mother="آذر") == parts(mother="اذر")
    assert parts(mother="Алёна")[0] == parts(mother="АЛЕНА")[0] == "ал"
    assert parts(town="Éu") == parts(town="eu") == parts(town="E\u0301u")
    assert parts(town="St. Petersburg")[1] == parts(town="ST PETERSBURG")[1] == "st"
    assert parts(day="۰۷") == parts(day="٧") == parts()


@pytest.mark.parametrize(
    ("name", "text"),
    [("mother", ""), ("mother", "M"), ("mother", "12"), ("town", "?!"), ("day", "0"), ("day", "32"), ("day", "x"),
     ("day", "7.5"), ("older", "-1"), ("older", "31"), ("older", ""), ("mother", "\ud800\udfff"), ("day", "²")],
)  # fmt: skip
def test_a_part_that_is_none_is_asked_for_again(name, text):
    found = read_code({**GOOD, f"code.{name}": [text]})
    assert found.faults == {name: "part"}
    assert found.parts == ()
    assert read_code({}).faults.keys() == {element.id for element in ELEMENTS}
    assert read_code({**GOOD, "code.day": ["7", "8"]}).faults == {"day": "part"}


@given(st.dictionaries(st.sampled_from([*GOOD, "x"]), st.lists(st.text(max_size=20), max_size=2)))
def test_whatever_is_posted_it_is_a_code_or_a_fault(form):
    found = read_code(form)
    assert bool(found.parts) != bool(found.faults)
    if found.parts:
        assert len(code_digest(found.parts, SECRET, sample="s")) == 32


def test_a_digest_needs_the_secret_and_tells_the_samples_apart():
    made = code_digest(parts(), SECRET, sample="staff")
    assert made == code_digest(parts(mother="MARIA"), SECRET, sample="staff")
    assert made != code_digest(parts(), SECRET[::-1], sample="staff")
    assert made != code_digest(parts(), SECRET, sample="customers")
    assert code_digest(("ab", "c", "1", "0"), SECRET, sample="s") != code_digest(
        ("a", "bc", "1", "0"), SECRET, sample="s"
    )
    for wrong in ((), ("ma", "uf", "7"), ("ma", "", "7", "0")):
        with pytest.raises(ValueError):
            code_digest(wrong, SECRET, sample="s")
    with pytest.raises(ValueError):
        code_digest(parts(), b"short", sample="s")


def test_a_hash_without_a_secret_would_be_tried_out():
    """The control: every code can be listed, and a plain hash found there; ours is not found without the secret."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    codes = [(m + "a", "uf", str(day), "0") for m, day in itertools.product(letters, range(1, 32))]
    plain = hashlib.sha256("|".join(parts()).encode()).hexdigest()
    assert plain in {hashlib.sha256("|".join(code).encode()).hexdigest() for code in codes}
    ours = code_digest(parts(), SECRET, sample="s")
    assert ours in {code_digest(code, SECRET, sample="s") for code in codes}
    assert ours not in {code_digest(code, bytes(32), sample="s") for code in codes}


def simulated(shares, n, rounds, seed=20261126):
    """Pairs, shared, mislinked and identified, by drawing people."""
    draw = random.Random(seed)
    totals = [0.0, 0.0, 0.0]
    for _ in range(rounds):
        people = list(zip(*(draw.choices(range(len(one)), one, k=n + 1) for one in shares), strict=True))
        count, stranger = Counter(people[:n]), people[n]
        totals[0] += sum(times * (times - 1) / 2 for times in count.values())
        totals[1] += sum(times for times in count.values() if times > 1) / n
        totals[2] += stranger in count
    return [total / rounds for total in totals]


@pytest.mark.parametrize(
    ("shares", "n"),
    [([(0.5, 0.3, 0.2), (1 / 31,) * 31, (0.6, 0.4)], 40), ([(1 / 365,) * 365], 23), ([(0.9, 0.1)], 5)],
)  # fmt: skip
def test_rates_agree_with_drawing_people(shares, n):
    rounds = 4000
    found, drawn = collisions(n, shares), simulated(shares, n, rounds)
    assert math.isclose(found.pairs, drawn[0], rel_tol=0.06)
    assert math.isclose(found.shared, drawn[1], rel_tol=0.06, abs_tol=0.002)
    assert abs(found.mislinked - drawn[2]) < 4 * math.sqrt(found.mislinked * (1 - found.mislinked) / rounds) + 1e-9
    assert math.isclose(found.identified, 1 - found.shared)


def test_codes_put_together_are_counted_as_one_by_one():
    shares = [(0.5, 0.25, 0.15, 0.1), (0.7, 0.2, 0.1), tuple(n / 55 for n in range(1, 11))]
    every = [math.prod(one) for one in itertools.product(*shares)]
    n, population = 30, 90
    found = collisions(n, shares, population=population)
    assert math.isclose(found.effective, 1 / sum(p * p for p in every), rel_tol=1e-3)
    assert math.isclose(found.shared, 1 - sum(p * (1 - p) ** (n - 1) for p in every), rel_tol=1e-3)
    assert math.isclose(found.identified, sum(p * (1 - p) ** (population - 1) for p in every), rel_tol=1e-3)
    equal, listed = collisions(23, 365), collisions(23, [(1 / 365,) * 365])
    assert all(math.isclose(getattr(equal, name), getattr(listed, name), rel_tol=1e-9) for name in Collisions.__slots__)


def test_the_rates_of_our_questions_and_of_what_a_personnel_file_knows():
    whole = collisions(500, population=2000)
    known = collisions(500, [element.shares for element in ELEMENTS if element.id in ("day", "town")], population=2000)
    assert 0 < whole.shared < 0.05 < known.shared
    assert known.identified < whole.identified < 1
    assert all(math.isclose(sum(element.shares), 1) for element in ELEMENTS)


@pytest.mark.parametrize(
    ("n", "cells", "more"),
    [(0, 10, {}), (5, 0, {}), (5, 10, {"population": 4}), (5, [(0.5, 0.4)], {}), (5, [()], {}), (5, [(1.5, -0.5)], {})],
)
def test_numbers_that_cannot_be(n, cells, more):
    with pytest.raises(ValueError):
        collisions(n, cells, **more)


def test_the_figures_of_the_reference_page():
    few, many = collisions(500), collisions(10_000)
    assert (round(few.pairs), round(100 * few.shared, 1)) == (3, 1.1)
    assert (round(many.pairs), round(100 * many.shared)) == (1197, 13)
