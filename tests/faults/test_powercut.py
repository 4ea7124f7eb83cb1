"""A power cut at any moment loses nothing that was acknowledged; the same with a laxer setting does, and is found."""

import pytest

from tests.faults.powercut import can_record, cut

pytestmark = pytest.mark.skipif(bool(can_record()), reason=can_record())


def test_full_loses_nothing_acknowledged() -> None:
    told = cut(40, 40, synchronous="FULL")
    assert (told.images, told.acknowledged) == (40, 40)
    assert (told.lost, told.half) == (0, [])


def test_normal_shows_losses() -> None:
    told = cut(40, 20, synchronous="NORMAL")
    assert told.images_with_loss > 10


@pytest.mark.slow
@pytest.mark.endurance
def test_full_loses_nothing_in_a_thousand_cuts() -> None:
    told = cut(150, 1000, synchronous="FULL", seed=2)
    assert (told.images, told.lost, told.half) == (1000, 0, [])
