"""Short forms of what ``python -m tests.faults`` does at length; the controls show that a loss would be seen."""

from pathlib import Path

import pytest

from tests.faults.disks import BREAKS, break_disk
from tests.faults.kills import kill_often
from tests.faults.powercut import can_record
from tests.faults.repeats import repeat


@pytest.mark.slow
def test_three_kills_lose_nothing() -> None:
    found = kill_often(3)
    assert found.kills == 3
    assert found.acknowledged > 3
    assert (found.lost, found.half) == (0, [])


@pytest.mark.slow
def test_fifty_kills_lose_nothing() -> None:
    found = kill_often(50, seed=2)
    assert found.acknowledged > 50
    assert (found.lost, found.half) == (0, [])


@pytest.mark.slow
def test_a_server_that_acknowledges_first_is_found_out() -> None:
    assert kill_often(8, module="tests.faults.early").lost > 0


def test_what_is_sent_again_is_one_row() -> None:
    found = repeat(60)
    assert found.posts > 120
    assert set(found.statuses) == {303}
    assert (found.rows, found.found.lost, found.found.half) == (60, 0, ())


def test_a_quota_is_never_exceeded() -> None:
    found = repeat(90, clients=64, limit=25)
    assert (found.rows, found.found.half) == (25, ())


@pytest.mark.slow
@pytest.mark.endurance
def test_ten_thousand_ids_are_ten_thousand_rows() -> None:
    found = repeat(10_000, seed=2)
    assert (found.rows, found.found.lost, found.found.half) == (10_000, 0, ())


@pytest.mark.skipif(bool(can_record()), reason=can_record())
@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.slow
def test_a_broken_disk_is_told_and_loses_nothing(broken: str, tmp_path: Path) -> None:
    try:
        found = break_disk(*BREAKS[broken], 10)
    except PermissionError as told:
        pytest.skip(str(told))
    assert (found.posts, found.refused, found.shown_again, found.thanked) == (10, 10, 10, 0)
    assert (found.kept_after, found.lost, found.extra) == (10, 0, 0)
