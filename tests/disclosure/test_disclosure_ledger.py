import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.disclosure import Group, Ledger, Rules, digests
from crmstudy.errors import DataError, ModelError
from tests.disclosure.attack import computed, few_revealed


def people(*numbers):
    return frozenset(f"p{number}" for number in numbers)


def group(members, name="g", kind="mean", measures=("empathy",), **more):
    return Group({"filter": name}, measures, len(members), kind, frozenset(members), "staff", **more)


def counted(n, measures=("empathy",), **key):
    return Group(key, measures, n)


def shown(decisions):
    return [decision.shown for decision in decisions]


def reasons(decisions):
    return [decision.reason for decision in decisions]


def test_two_filters_that_differ_by_one_person():
    first, second = people(*range(12)), people(*range(13))
    values = {f"p{number}": float(number % 5) for number in range(13)}
    # control: both sums together are the answer of the thirteenth
    assert computed(people(12), [first, second], values) == pytest.approx(values["p12"])
    decisions, ledger = Ledger().release([group(first, "a"), group(second, "b")])
    assert reasons(decisions) == ["", "difference"]
    allowed = [each.members for each in ledger.releases]
    assert few_revealed(allowed, 5) == []
    assert computed(people(12), allowed, values) is None


def test_the_difference_counts_over_releases_of_another_day():
    _, ledger = Ledger().release([group(people(*range(12)))])
    stored = Ledger.from_records(json.loads(json.dumps(ledger.to_records())))
    assert stored == ledger
    decisions, after = stored.release([group(people(*range(16)), "b"), group(people(*range(17)), "c")])
    assert shown(decisions) == [False, True]  # four more people are too few, five are not
    assert len(after.releases) == 2


def test_a_sum_of_three_overlapping_filters():
    # b + c - a leaves two people, though no two of the three differ by fewer than five
    one, two, three = range(0, 20), range(10, 30), range(0, 10)
    a, b, c = people(*one), people(*two), people(*three, *range(18, 30))
    assert min(len(x ^ y) for x, y in ((a, b), (a, c), (b, c))) >= 5
    both = [people(*range(0, 18)), people(18, *range(19, 30)), people(*range(30))]
    decisions, ledger = Ledger().release([group(each, str(place)) for place, each in enumerate([a, b, c, *both])])
    assert few_revealed([each.members for each in ledger.releases], 5) == []
    assert few_revealed([a, b, c, *both], 5)
    assert not all(shown(decisions))


def test_roles_beside_the_total_and_the_smallest_that_may_be_shown_is_withheld():
    sizes = {"sales": 20, "desk": 14, "field": 6, "head": 2}
    ends = np.cumsum([0, *sizes.values()])
    roles = {name: people(*range(*pair)) for name, pair in zip(sizes, pairwise(ends), strict=True)}
    asked = [group(people(*range(ends[-1])), "all"), *(group(members, name) for name, members in roles.items())]
    decisions, ledger = Ledger().release(asked)
    assert reasons(decisions) == ["", "", "", "difference", "small"]
    values = {f"p{number}": float(number) for number in range(ends[-1])}
    naive = [each.members for each in asked if each.n >= 5]
    assert computed(roles["head"], naive, values) == pytest.approx(sum(values[p] for p in roles["head"]))
    assert computed(roles["head"], [each.members for each in ledger.releases], values) is None


def test_other_measures_do_not_matter_and_each_measure_has_its_own_decision():
    first, second = people(*range(12)), people(*range(13))
    decisions, ledger = Ledger().release(
        [group(first, "a", measures=("empathy",)), group(second, "b", measures=("attitude", "empathy"))]
    )
    assert [(decision.measure, decision.shown) for decision in decisions] == [
        ("empathy", True), ("attitude", True), ("empathy", False),
    ]  # fmt: skip
    assert [each.measures for each in ledger.releases] == [("empathy",), ("attitude",)]


def test_crossings_and_distributions_need_ten():
    seven, ten = people(*range(7)), people(*range(10))
    for kind, expected in (("mean", [True, True]), ("crossing", [False, True]), ("text", [False, True])):
        asked = [group(seven, "a", kind), group(people(*range(20, 30)), "b", kind)]
        assert shown(Ledger().release(asked)[0]) == expected
    decisions, _ = Ledger().release([group(ten, kind="distribution")], Rules(k_means=5, k_distributions=11))
    assert reasons(decisions) == ["small"]


def test_what_is_left_of_a_crossing_is_a_crossing():
    # unit of 27: cells of 20 and 7; the mean of 7 is a crossing of fewer than ten, though a unit of 7 would be shown
    unit = group(people(*range(27)), "unit")
    decisions, _ = Ledger().release([unit, group(people(*range(20)), "cell", "crossing")])
    assert reasons(decisions) == ["", "difference"]
    decisions, _ = Ledger().release([unit, group(people(*range(20)), "part", "mean")])
    assert shown(decisions) == [True, True]


def test_two_distributions_that_differ_by_seven_but_a_mean_between_them_is_shown():
    large, small = people(*range(27)), people(*range(20))
    decisions, ledger = Ledger().release([group(large, kind="distribution"), group(small, kind="mean")])
    assert shown(decisions) == [True, True]
    again, _ = ledger.release([group(small, kind="distribution")])
    assert reasons(again) == ["difference"]
    assert shown(ledger.release([group(large, kind="mean")])[0]) == [True]


def test_a_banded_group_cannot_be_computed_from_the_others():
    agree, rest = people(*range(6)), people(*range(6, 30))
    asked = [group(agree | rest, "all"), group(rest, "rest"), group(agree, "agree", banded=True)]
    values = dict.fromkeys(agree | rest, 1.0)
    assert computed(agree, [asked[0].members, asked[1].members], values) == pytest.approx(6.0)
    decisions, ledger = Ledger().release(asked)
    assert reasons(decisions) == ["", "difference", ""]
    exact = [each.members for each in ledger.releases if not each.banded]
    assert computed(agree, exact, values) is None
    late, _ = Ledger(tuple(asked[:2])).release([asked[2]])
    assert reasons(late) == ["difference"]


def test_a_second_run_decides_the_same_and_adds_nothing():
    asked = [group(people(*range(40)), "all"), group(people(*range(37)), "a"), group(people(*range(20)), "b")]
    first, ledger = Ledger().release(asked)
    second, again = ledger.release(asked)
    assert shown(first) == shown(second) == [True, False, True]
    assert again == ledger


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_is_asked_nobody_can_be_computed(seed):
    draw = np.random.default_rng(seed)
    everybody = [f"p{number}" for number in range(24)]
    role, unit = draw.integers(0, 3, 24), draw.integers(0, 3, 24)
    sets = [everybody]
    sets += [
        [p for p, value in zip(everybody, of, strict=True) if value == one] for of in (role, unit) for one in range(3)
    ]
    sets += [[p for p in everybody if draw.random() < share] for share in (0.3, 0.5, 0.8)]
    sets += [
        [p for p, a, b in zip(everybody, role, unit, strict=True) if (a, b) == (i, j)]
        for i in range(3)
        for j in range(3)
    ]
    asked = [group(frozenset(each), str(place)) for place, each in enumerate(sets) if each]
    half = len(asked) // 2
    _, ledger = Ledger().release(asked[:half])
    _, ledger = Ledger.from_records(ledger.to_records()).release(asked[half:])
    released = [each.members for each in ledger.releases]
    assert released
    assert all(len(each) >= 5 for each in released)
    assert few_revealed(released, 5) == []


def test_the_same_attack_reveals_somebody_where_only_small_groups_are_withheld():
    draw = np.random.default_rng(7)
    everybody = [f"p{number}" for number in range(24)]
    sets = [frozenset(p for p in everybody if draw.random() < share) for share in (0.3, 0.5, 0.8, 0.9, 0.95)]
    sets += [frozenset(everybody)]
    assert few_revealed([each for each in sets if len(each) >= 5], 5)


def test_nothing_is_withheld_without_need():
    # the ledger refuses only what the attack confirms: refused sets, added, reveal few people
    draw = np.random.default_rng(11)
    everybody = [f"p{number}" for number in range(26)]
    refused = 0
    for _ in range(25):
        ledger = Ledger()
        for place in range(7):
            members = frozenset(draw.choice(everybody, size=draw.integers(14, 26), replace=False))
            (decision,), after = ledger.release([group(members, str(place))])
            if not decision.shown:
                refused += 1
                assert few_revealed([*(each.members for each in ledger.releases), members], 5)
            ledger = after
    assert refused > 10  # so the check above was made


def test_groups_known_by_conditions_and_counts_only():
    decisions, ledger = Ledger().release([counted(43), counted(20, role="sales"), counted(20, role="desk")])
    assert reasons(decisions) == ["", "", "difference"]  # three people of another role would be left
    assert shown(ledger.release([counted(12, role="field")])[0]) == [True]
    assert shown(ledger.release([counted(20, role="sales")])[0]) == [True]


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (counted(40, filter="under 30"), counted(42, filter="under 31"), "overlap"),
        (counted(40, filter="under 30"), counted(46, filter="under 35"), ""),
        (counted(20, unit="North"), counted(22, unit="North", wave="2"), "overlap"),
        (counted(20, unit="North"), counted(20, unit="North", wave="2"), ""),
        (counted(20, unit="North", file="a.csv"), counted(23, unit="North", file="b.csv"), "overlap"),
        (counted(20, unit="North"), counted(22, unit="South"), ""),
        (counted(22, unit="North"), counted(20, unit="North", role="sales"), "overlap"),
    ],
)
def test_filters_files_and_waves_without_names(first, second, reason):
    assert reasons(Ledger().release([first, second])[0]) == ["", reason]


def test_people_of_two_sources_are_compared_by_counts():
    members = people(*range(20))
    one = Group({}, ("empathy",), 20, members=members, source="first.csv")
    for n, reason in ((20, "overlap"), (22, "overlap"), (25, "")):  # of twenty, one may have come for another
        other = Group({}, ("empathy",), n, members=people(*range(n)), source="second.csv")
        assert reasons(Ledger().release([one, other])[0]) == ["", reason]


def test_where_too_many_combinations_would_have_to_be_ruled_out_it_is_withheld(monkeypatch):
    monkeypatch.setattr("crmstudy.disclosure.span._MOST_STEPS", 0)
    asked = [group(people(*range(first, first + 8)), str(first)) for first in (0, 4, 8)]  # four shared
    assert reasons(Ledger().release(asked)[0]) == ["", "", "undecided"]
    monkeypatch.undo()
    assert shown(Ledger().release(asked)[0]) == [True, True, True]
    monkeypatch.setattr("crmstudy.disclosure.ledger._MOST_WORK", 0)
    assert reasons(Ledger().release(asked)[0]) == ["", "", "undecided"]


def test_digests_hide_ids_and_depend_on_the_salt():
    assert digests(["Ali", "Sara"]) == digests(["Sara", "Ali"])
    assert digests(["Ali"]) != digests(["Ali"], "salt")
    assert "Ali" not in "".join(digests(["Ali"]))


def test_a_ledger_that_is_none():
    (good,) = Ledger().release([counted(20, role="a")])[1].to_records()
    bad = [
        {**good, "n": 0}, {**good, "kind": "median"}, {**good, "members": ["a", "a"]}, {"key": {}}, 3,
        {**good, "more": 1}, {**good, "key": {"a": 1}}, {**good, "measures": []}, {**good, "source": None},
    ]  # fmt: skip
    with pytest.raises(DataError) as caught:
        Ledger.from_records([good, *bad])
    assert {int(fault.message.split()[1]) for fault in caught.value.faults} == set(range(2, 11))
    with pytest.raises(DataError, match="2 members"):
        Group({}, ("x",), 3, members=people(1, 2))


def test_a_kind_that_is_none():
    with pytest.raises(ModelError, match="Did you mean 'mean'"):
        Rules().k("meen")
