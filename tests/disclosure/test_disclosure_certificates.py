"""Quick proofs: they decide as the search does, and where the search is too long."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.disclosure import Group, Ledger, Rules
from crmstudy.disclosure.certificates import Table, common, pairs
from crmstudy.disclosure.ledger import _Shown
from tests.disclosure.attack import few_revealed


def tables(seed, people, roles, units, banded=0.0):
    """Everybody, roles, units and roles in units, as a profile asks for them."""
    draw = np.random.default_rng(seed)
    role = draw.choice(roles, people, p=draw.dirichlet(np.ones(roles)))
    unit = draw.choice(units, people, p=draw.dirichlet(np.ones(units)))
    places = [("all", "", np.arange(people))]
    places += [("role", str(one), np.flatnonzero(role == one)) for one in range(roles)]
    places += [("unit", str(one), np.flatnonzero(unit == one)) for one in range(units)]
    places += [
        ("cell", f"{i}.{j}", np.flatnonzero((role == i) & (unit == j))) for i in range(roles) for j in range(units)
    ]
    for level, name, found in places:
        if len(found):
            members = frozenset(f"p{person}" for person in found)
            kind = "crossing" if level == "cell" else "mean"
            agree = level != "all" and draw.random() < banded
            yield Group({level: name}, ("x",), len(members), kind, members, "staff", agree)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.2]))
def test_they_decide_as_the_search_does(seed, banded):
    asked = list(tables(seed, 90, 3, 3, banded))
    quick = [decision.reason for decision in Ledger().release(asked)[0]]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_Shown, "_proved", lambda self, group, inside: None)
        searched = [decision.reason for decision in Ledger().release(asked)[0]]
    assert [one for one, other in zip(quick, searched, strict=True) if other != "undecided"] == [
        other for other in searched if other != "undecided"
    ]


def test_a_table_too_large_to_be_searched():
    asked = list(tables(3, 3000, 6, 40))
    decisions, ledger = Ledger().release(asked)
    assert not [decision for decision in decisions if decision.reason == "undecided"]
    cells = [decision for decision in decisions if "cell" in decision.group.key]
    assert sum(decision.shown for decision in cells) > 50
    assert {decision.reason for decision in cells} == {"", "small", "difference"}
    again, same = ledger.release(asked)
    assert same == ledger
    assert [decision.shown for decision in again] == [decision.shown for decision in decisions]
    # what the proofs allow: no cell that is not shown has a way round of fewer than ten people that is
    small = [each.members for each in Ledger().release(list(tables(3, 60, 2, 3)))[1].releases]
    assert few_revealed(small, 5) == []


def test_people_of_the_same_groups_are_pairs():
    assert pairs({1: 12, 3: 8}, {1: 5, 3: 8, 0: 2}) == 7
    assert common({1: 5, 3: 8, 0: 2}) == {0: 13, 1: 8}


def test_the_ways_round_a_cell():
    # rows 0 and 1 (bits 1, 2), columns 0 and 1 (bits 3, 4), everybody (bit 0); round the first cell there are 4 people
    sizes = {0b01011: 20, 0b10011: 6, 0b01101: 4, 0b10101: 9}
    table = Table(sizes)
    assert table.around(0b01011, 20, 10) == 4
    assert table.around(0b01011, 20, 3) == 3
    table.take_out(0b10101, 9)
    assert table.around(0b01011, 20, 10) == 0
    assert Table({0b011: 5, 0b110: 5, 0b101: 5}).known is False  # three groups, each sharing people with both others


def test_what_is_left_of_everybody_follows():
    sizes = {0b0011: 20, 0b0101: 15, 0b0001: 9}  # everybody, two of three units
    assert Table(sizes).follows({0b0001: 9})
    assert not Table(sizes).follows({0b0001: 8})
    assert not Table({0b01: 20, 0b10: 15}).follows({0b01: 20})


def test_fewer_people_than_the_rules_ask_for_are_never_left():
    for seed in range(8):
        asked = list(tables(seed, 44, 2, 3))
        released = [each.members for each in Ledger().release(asked, Rules(k_means=5, k_distributions=6))[1].releases]
        assert few_revealed(released, 5) == []
