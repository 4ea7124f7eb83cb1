"""Answers of a list as whole numbers: its own codes where they are numbers, its order where they are not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crmstudy.exchange.questionnaires.seen import Choice, quoted
from crmstudy.instrument.model import WIDEST, ResponseFormat, Texts
from crmstudy.letters import digits

#: Codes that questionnaires use for "no answer" beside answers with smaller codes.
MISSING = frozenset({66, 77, 88, 96, 97, 98, 99, 777, 888, 996, 997, 998, 999, 9999})
_ENDING = re.compile(r"(?P<letters>[A-Za-z]{1,4})(?P<number>\d{1,4})", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,9}(\.0+)?")


def answer_set(id: str, choices: Sequence[Choice], told: list[str], what: str) -> ResponseFormat | None:
    """The answer set that a list of a file is, or None where it cannot be one; each decision is told.

    Parameters
    ----------
    id : str
        The name of the set.
    choices : sequence of Choice
        The list, in its order.
    told : list of str
        Takes a sentence for what was decided.
    what : str
        What the list is called in a sentence: ``the list 'agree'``.
    """
    if len(choices) < 2:
        told.append(f"{what} has {len(choices)} answer, and a question needs two; what uses it was left out.")
        return None
    if len(choices) > WIDEST:
        told.append(f"{what} has {len(choices)} answers, more than {WIDEST}; what uses it was left out.")
        return None
    codes = _codes(choices)
    if codes is None:
        codes, how = _numbered(choices)
        pairs = list(zip(codes, choices, strict=True))[:4]
        said = ", ".join(f"{number} = '{quoted(one.code, 20)}'" for number, one in pairs)
        more = " ..." if len(choices) > 4 else ""
        told.append(f"{what} has codes that are no whole numbers; they are numbered {how}: {said}{more}.")
    values, missing = _parted(codes)
    if missing:
        said = ", ".join(f"{code} '{quoted(_said(choices[codes.index(code)]), 30)}'" for code in missing)
        told.append(f"{what}: taken as codes of no answer: {said}.")
    low, high = min(values), max(values)
    if high - low > WIDEST:
        told.append(f"{what} has codes from {low} to {high}; they are numbered in their order instead.")
        values, missing = list(range(1, len(choices) + 1)), []
        codes, low, high = values, 1, len(choices)
    elif high - low + 1 > len(values):
        told.append(f"{what} leaves out codes between {low} and {high}; they are answers without a label.")
    labels: dict[int, Texts] = {}
    offered: dict[int, Texts] = {}
    for code, choice in zip(codes, choices, strict=True):
        texts = {tag: text for tag, text in choice.texts.items() if digits(text) != str(code)}
        if not texts:
            continue
        (offered if code in missing else labels)[code] = texts
    return ResponseFormat(id, low, high, labels, tuple(missing), missing_labels=offered)


def _codes(choices: Sequence[Choice]) -> list[int] | None:
    """The codes as whole numbers, or None where one is none or stands twice."""
    written = [digits(one.code) for one in choices]
    if not all(_WHOLE.fullmatch(code) for code in written):
        return None
    numbers = [int(float(code)) for code in written]
    return numbers if len(set(numbers)) == len(numbers) else None


def _numbered(choices: Sequence[Choice]) -> tuple[list[int], str]:
    """Numbers for codes that are none: those they end in, such as A2 and AO01, or those of their order.

    Their order does only where it gives no number to a code that another code ends in: answers come back as A3.
    """
    ends = [_ENDING.fullmatch(one.code) for one in choices]
    found = [int(end["number"]) for end in ends if end is not None]
    order = list(range(1, len(choices) + 1))
    alike = len({end["letters"] for end in ends if end is not None}) == 1 and len(set(found)) == len(choices)
    if alike and set(found) & set(order) and max(found) - min(found) <= WIDEST:
        return found, "as they end"
    return order, "in their order"


def _parted(codes: Sequence[int]) -> tuple[list[int], list[int]]:
    """Codes that are answers and codes that stand for none: negative ones beside others, 77, 88, 99 and the like."""
    negative = [code for code in codes if code < 0]
    rest = [code for code in codes if code >= 0]
    if len(rest) < 2:
        negative, rest = [], list(codes)
    if negative and set(range(min(codes), 1)) <= set(codes) and min(codes) >= -10 and 0 in codes and max(codes) > 0:
        negative, rest = [], list(codes)  # -3 to 3
    answers = [code for code in rest if code not in MISSING]
    beyond = [code for code in rest if code in MISSING]
    if len(answers) < 2 or not beyond or min(beyond) <= max(answers) + 1:
        return rest, negative
    return answers, [*negative, *beyond]


def _said(choice: Choice) -> str:
    return next(iter(choice.texts.values()), choice.code)
