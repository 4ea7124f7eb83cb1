"""What a mode does not allow is refused with its reason, and the table of the page is the one that is asked."""

from __future__ import annotations

from typing import Any

import pytest

from crmstudy.administration.declaring.modes import FEATURES, MODES, allowed, impossible, modes_table, require
from crmstudy.errors import UnsupportedError
from crmstudy.handover.head import LEAST, LINKINGS
from crmstudy.handover.records import DEVICES
from tests.administration.declaring.made import faults, read

#: What asks for more than some mode allows: the file's keys, what is refused, and the modes that allow it.
REQUESTS: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
    ({"withdrawal": "retention"}, "withdrawal: withdrawal after the wave is closed", ("confidential", "identified")),
    (
        {"paradata": {"times": "fine"}},
        "paradata.times: keeping the times of each person",
        ("confidential", "identified"),
    ),
    ({"paradata": {"order": True}}, "paradata.order: keeping the order", ("confidential", "identified")),
    (
        {"invitation": {"reminders": "unfinished"}},
        "invitation.reminders: a reminder to those",
        ("confidential", "identified"),
    ),
    (
        {"samples": {"staff": {"entry": "token", "linking": "key-file"}}},
        "samples.staff.linking: linking by a key file",
        ("confidential", "identified"),
    ),
    ({"retention": {"key": "2028-01-01"}}, "retention.key: a key file", ("confidential", "identified")),
    (
        {"samples": {"staff": {"attributes": ["shift", "email"]}}},
        "the attribute 'email', which says who somebody is",
        (),
    ),
    ({"samples": {"staff": {"attributes": ["کد_ملی"]}}}, "the attribute 'کد_ملی', which says who somebody is", ()),
    ({"samples": {"staff": {"attributes": ["Табельный_номер"]}}}, "which says who somebody is", ()),
    ({"samples": {"staff": {"attributes": ["employee_id"]}}}, "which says who somebody is", ()),
    ({"k": 4}, "k: groups of 4 are too small", ("confidential", "identified")),
    ({"k": 3}, "k: groups of 3 are too small", ("confidential", "identified")),
    ({"k": 2}, "k: groups of 2 are too small", ()),
    ({"samples": {"staff": {"linking": "self-made-code"}}}, "-", MODES),
    ({"samples": {"staff": {"unfinished": "keep", "attributes": ["branch_name", "product"]}}}, "-", MODES),
    ({"samples": {"customers": {"kiosk": True, "branch_links": True}}, "units": {"B": None}}, "-", MODES),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("asks", "said", "fine"), REQUESTS, ids=[f"{n}" for n in range(len(REQUESTS))])
def test_what_a_mode_does_not_allow_is_refused(tmp_path, mode, asks, said, fine):
    told = faults(tmp_path, {"crmstudy_administration": 1, "mode": mode, **asks})
    if mode in fine:
        assert told == []
    else:
        (sentence,) = [one for one in told if said in one]
        assert "possible in" in sentence or "too small" in sentence
        assert sentence.endswith(".")
        assert ".yaml:" in sentence


def test_while_no_mode_is_chosen_only_what_no_mode_allows_is_refused(tmp_path):
    for asks, _, fine in REQUESTS:
        told = faults(tmp_path, {"crmstudy_administration": 1, **asks})
        assert bool(told) is not bool(fine), (asks, told)


@pytest.mark.parametrize("mode", MODES)
def test_the_defaults_of_a_mode_are_possible_in_it(tmp_path, mode):
    assert impossible(read(tmp_path, {"crmstudy_administration": 1, "mode": mode, "k": LEAST[mode]})) == ()


def test_every_cell_says_yes_or_no_and_every_row_why():
    for row in FEATURES:
        assert len(row.reason) > 20
        assert row.reason.endswith(".")
        for mode in MODES:
            assert row.says(mode).split(":")[0] in ("yes", "no"), row.id
    assert len({row.id for row in FEATURES}) == len(FEATURES)


def test_nothing_an_anonymous_study_allows_is_refused_by_the_others_but_by_design():
    free = [row for row in FEATURES if row.allows("anonymous")]
    stricter = [row.id for row in free if not (row.allows("confidential") and row.allows("identified"))]
    assert stricter == []


@pytest.mark.parametrize(
    ("id", "modes"),
    [
        ("tokens", "aci"), ("resume", "aci"), ("withdrawal", "aci"), ("withdrawal-after-closing", "ci"),
        ("reminders", "aci"), ("reminders-to-unfinished", "ci"), ("participation", "ci"), ("linking-by-code", "aci"),
        ("linking-by-key-file", "ci"), ("unit", "aci"), ("identifying-attributes", ""), ("page-times", "ci"),
        ("order", "ci"), ("duration", "aci"), ("network-address", ""), ("access", "ci"), ("unfinished", "aci"),
        ("paper", "aci"), ("paper-linked", "ci"), ("kiosk", "aci"), ("feedback", "aci"), ("person", "aci"),
        ("identified-export", ""), ("device", "aci"), ("language", "aci"), ("attributes", "aci"), ("waves", "aci"),
        ("random-order", "aci"), ("quotas", "aci"), ("consent-record", "aci"),
    ],
)  # fmt: skip
def test_the_table(id, modes):
    assert "".join(mode[0] for mode in MODES if allowed(mode, id)) == modes
    assert allowed("", id) is (modes == "aci")


def test_all_rows_are_looked_at():
    known = test_the_table.pytestmark[0].args[1]
    assert {id for id, _ in known} == {row.id for row in FEATURES}


def test_rooms_are_refused_with_the_reason():
    require("confidential", "page-times")
    with pytest.raises(UnsupportedError, match=r"not possible in anonymous mode\. A time can be compared"):
        require("anonymous", "page-times")
    with pytest.raises(UnsupportedError, match="Did you mean 'page-times'"):
        allowed("anonymous", "page-time")


def test_the_table_agrees_with_the_hand_over():
    assert set(LINKINGS) == {"none", "self-made-code", "key-file"}
    assert [mode for mode in MODES if LEAST[mode] == 5] == ["anonymous"]
    assert DEVICES == ("phone", "tablet", "computer")


def test_the_table_in_markdown():
    lines = modes_table().splitlines()
    assert len(lines) == len(FEATURES) + 3
    assert all(line.count("|") == 6 for line in lines)
    assert "| smallest k | 5 | 3 | 3 |" in lines[2]
