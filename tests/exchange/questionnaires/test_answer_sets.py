"""Lists of answers with codes that are no numbers: which numbers they get."""

from __future__ import annotations

import pytest

from crmstudy.exchange.questionnaires.answer_sets import answer_set
from crmstudy.exchange.questionnaires.seen import Choice


def _labels(*codes: str) -> dict[int, str]:
    told: list[str] = []
    made = answer_set("list", [Choice(code, {"en": f"the answer {code}"}) for code in codes], told, "the list")
    assert made is not None
    given = made.labels | made.missing_labels
    return {number: texts["en"].removeprefix("the answer ") for number, texts in given.items()}


@pytest.mark.parametrize(
    ("codes", "numbers"),
    [
        (("A1", "A2", "A3"), {1: "A1", 2: "A2", 3: "A3"}),
        (("A5", "A4", "A3"), {5: "A5", 4: "A4", 3: "A3"}),  # by order A3 would be 3 and A5 1
        (("A1", "A2", "A0", "A3"), {1: "A1", 2: "A2", 0: "A0", 3: "A3"}),
        (("AO01", "AO03", "AO99"), {1: "AO01", 3: "AO03", 99: "AO99"}),
        (("A11", "A12", "A13"), {1: "A11", 2: "A12", 3: "A13"}),
        (("yes", "no"), {1: "yes", 2: "no"}),
        (("A1", "B2", "A3"), {1: "A1", 2: "B2", 3: "A3"}),
    ],
)
def test_no_code_gets_a_number_that_another_code_ends_in(codes, numbers):
    assert _labels(*codes) == numbers
