"""Numbers of sheets: slips of the pen are found."""

from __future__ import annotations

import pytest

from crmstudy.administration.paper.numbers import read_sheet_number, sheet_number, shown_number

NUMBERS = [sheet_number(running) for running in (1, 7, 99, 572, 10_203, 99_999, 1_234_567)]


@pytest.mark.parametrize("number", NUMBERS)
def test_every_single_wrong_digit_is_found(number):
    for place, digit in enumerate(number):
        for other in "0123456789":
            if other != digit:
                assert read_sheet_number(number[:place] + other + number[place + 1 :]) is None


@pytest.mark.parametrize("number", NUMBERS)
def test_neighbours_that_changed_places_are_found(number):
    for place in range(len(number) - 1):
        one, two = number[place], number[place + 1]
        if one != two:
            assert read_sheet_number(number[:place] + two + one + number[place + 2 :]) is None


def test_numbers_are_read_as_they_are_written():
    number = sheet_number(572)
    assert shown_number(number) == "00572-4"
    for text in ("00572-4", " 00572 4", "۰۰۵۷۲-۴", "٠٠٥٧٢٤", "5724", "00572\u20114"):
        assert read_sheet_number(text) == number


@pytest.mark.parametrize("text", ["", " ", "abc", "0", "000000", "1e5", "²²²", "0" * 41, "12.5", "−5724x", "\x00"])
def test_what_is_no_number_is_none(text):
    assert read_sheet_number(text) is None


def test_numbers_are_different():
    assert len({sheet_number(running) for running in range(1, 5000)}) == 4999
