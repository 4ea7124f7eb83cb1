"""What a record may hold under one head and its instruments: every fault as a sentence."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crmstudy.declared import CONTROL
from crmstudy.errors import did_you_mean
from crmstudy.handover.head import COARSE, FINE, HEAD, Head
from crmstudy.handover.strict import MOST_FAULTS, key_faults, listed, name_faults, shown, span
from crmstudy.instrument.model import Instrument, Question

#: Why an item has no answer, and the missing code that says so.
REASONS: Mapping[str, int] = {
    "refused": -99, "not-shown": -98, "not-reached": -97, "illegible": -96, "two-ticks": -95,
}  # fmt: skip
#: How long answering took, in minutes.
DURATIONS = ("0-1", "1-2", "2-5", "5-10", "10-20", "20-40", "40-")
DEVICES = ("phone", "tablet", "computer")
_NEEDED = ("record", "language", "answers")
_ALLOWED = ("reasons", "open", "wave", "unit", "person", "attributes", "paradata")
_ID = re.compile(r"[0-9a-f]{32}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z")
_LONGEST_TEXT = 100_000
_LARGEST = 10**15

Record = Mapping[str, Any]


def new_record_id() -> str:
    """The id of a new record: 128 random bits."""
    return secrets.token_hex(16)


class Checker:
    """What a record may hold, under one head and its instruments; ids are checked against the one before."""

    def __init__(self, head: Head, instruments: Sequence[Instrument]) -> None:
        items = [item for instrument in instruments for item in instrument.items]
        self.head = head
        self.allowed = {item.id: frozenset((*item.response.values, *item.response.missing_codes)) for item in items}
        self.ids = self.allowed.keys()
        self.questions = {
            one.id: one for instrument in instruments for one in instrument.questions if one.type != "info"
        }
        self.shown = {one.id for instrument in instruments for one in instrument.entries}
        self.languages = {tag for instrument in instruments for tag in instrument.languages}
        self.paradata = COARSE if head.mode == "anonymous" else (*COARSE, *FINE)
        self.last = ""
        self.checks: tuple[tuple[str, Callable[[object], list[str]]], ...] = (
            ("record", self._id), ("language", self._language), ("answers", self._answers), ("open", self._open),
            ("attributes", self._attributes), ("person", self._person), ("paradata", self._paradata),
        )  # fmt: skip

    def faults(self, record: object) -> list[str]:
        """Every fault of a record, as sentences."""
        if not isinstance(record, Mapping):
            return [f"a record is an object in braces; found {shown(record)}."]
        wrong = key_faults(record, _NEEDED, _ALLOWED, "a record")
        for key, check in self.checks:
            if key in record:
                wrong += check(record[key])
        for key in ("wave", "unit"):
            if key in record:
                wrong += name_faults(record[key], key)
        if "reasons" in record:
            wrong += self._reasons(record["reasons"], record.get("answers"))
        return wrong

    def _id(self, value: object) -> list[str]:
        if not (isinstance(value, str) and _ID.fullmatch(value)):
            return [f"record is 32 hexadecimal digits (0-9, a-f); found {shown(value)}."]
        before, self.last = self.last, value
        if value == before:
            return [f"the record {value} stands twice."]
        if value < before:
            return [f"records stand in ascending order of their ids; {value} comes after {before}."]
        return []

    def _language(self, value: object) -> list[str]:
        if isinstance(value, str) and value in self.languages:
            return []
        return [f"language is one of {', '.join(sorted(self.languages))}; found {shown(value)}."]

    def _answers(self, value: object) -> list[str]:
        if not isinstance(value, Mapping):
            return [f"answers is an object of items; found {shown(value)}."]
        wrong: list[str] = []
        if value.keys() != self.ids:
            missing = [id for id in self.allowed if id not in value]
            if missing:
                wrong.append(f"answers lacks {listed(missing)}; an item without an answer is null.")
            for id in [id for id in value if id not in self.allowed][:MOST_FAULTS]:
                wrong.append(f"answers has {shown(id)}, which no instrument asks.{did_you_mean(str(id), self.allowed)}")
        allowed = self.allowed
        for id, answer in value.items():
            if len(wrong) >= MOST_FAULTS:
                break
            if answer is None or id not in allowed or (answer.__class__ is int and answer in allowed[id]):
                continue
            wrong.append(f"the answer to {id} is one of {span(allowed[id])}, or null; found {shown(answer)}.")
        return wrong

    def _reasons(self, value: object, answers: object) -> list[str]:
        if not isinstance(value, Mapping):
            return [f"reasons is an object of items; found {shown(value)}."]
        wrong: list[str] = []
        given = answers if isinstance(answers, Mapping) else {}
        for id, reason in value.items():
            if len(wrong) >= MOST_FAULTS:
                break
            if id not in self.allowed:
                wrong.append(f"reasons has {shown(id)}, which no instrument asks.{did_you_mean(id, self.allowed)}")
            elif given.get(id) is not None:
                wrong.append(f"{id} has an answer and a reason for having none.")
            if not (isinstance(reason, str) and reason in REASONS):
                wrong.append(f"the reason of {shown(id)} is one of {', '.join(REASONS)}; found {shown(reason)}.")
        return wrong

    def _open(self, value: object) -> list[str]:
        if not isinstance(value, Mapping):
            return [f"open is an object of questions; found {shown(value)}."]
        wrong: list[str] = []
        for id, answer in value.items():
            if len(wrong) >= MOST_FAULTS:
                break
            question = self.questions.get(id)
            if question is None:
                wrong.append(f"open has {shown(id)}, which no instrument asks.{did_you_mean(id, self.questions)}")
            elif answer is not None:
                wrong += _open_faults(question, answer)
        return wrong

    def _attributes(self, value: object) -> list[str]:
        if not isinstance(value, Mapping):
            return [f"attributes is an object of names; found {shown(value)}."]
        wrong: list[str] = []
        for name, said in value.items():
            if len(wrong) >= MOST_FAULTS:
                break
            if name not in self.head.attributes:
                known = did_you_mean(name, self.head.attributes)
                wrong.append(f"attributes has {shown(name)}, which {HEAD} does not list.{known}")
            if said is not None and not _is_number(said):
                wrong += name_faults(said, f"the attribute {shown(name)}")
        return wrong

    def _person(self, value: object) -> list[str]:
        if self.head.linking == "none":
            return [f"person links records, and {HEAD} says that nothing links them (linking: none)."]
        return name_faults(value, "person")

    def _paradata(self, value: object) -> list[str]:
        if not isinstance(value, Mapping):
            return [f"paradata is an object; found {shown(value)}."]
        wrong: list[str] = []
        for name, said in value.items():
            if len(wrong) >= MOST_FAULTS:
                break
            if name in FINE and name not in self.paradata:
                wrong.append(f"an anonymous hand-over holds no {name}; it has {', '.join(COARSE)}.")
            elif name not in self.paradata:
                wrong.append(f"paradata has {shown(name)}, which is not known.{did_you_mean(name, self.paradata)}")
            else:
                wanted, fits = _PARADATA[name]
                if not fits(said):
                    wrong.append(f"{name} is {wanted}; found {shown(said)}.")
                elif name == "order" and not self.shown.issuperset(said):
                    wrong.append(f"order has ids that no instrument asks: {shown(said)}.")
        return wrong


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def _is_moment(value: object) -> bool:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return False
    try:
        dt.datetime.strptime(value, "%Y-%m-%dT%H:%MZ")
    except ValueError:
        return False
    return True


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and _is_number(value) and 0 <= value <= 10**9


_PARADATA: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "complete": ("true or false", lambda value: isinstance(value, bool)),
    "device": (f"one of {', '.join(DEVICES)}", lambda value: isinstance(value, str) and value in DEVICES),
    "duration": (f"one of {', '.join(DURATIONS)}", lambda value: isinstance(value, str) and value in DURATIONS),
    "started": ("a minute such as 2026-11-26T10:05Z", _is_moment),
    "submitted": ("a minute such as 2026-11-26T10:05Z", _is_moment),
    "seconds": ("a number of seconds", _is_seconds),
    "page_seconds": ("a list of seconds", lambda value: isinstance(value, list) and all(map(_is_seconds, value))),
    "order": ("a list of ids", lambda value: isinstance(value, list) and all(isinstance(id, str) for id in value)),
    "visits": ("a whole number from 1", lambda value: value.__class__ is int and value >= 1),
}


def _open_faults(question: Question, answer: object) -> list[str]:
    """What is wrong with the answer to an open question."""
    id = question.id
    if question.type == "multi":
        allowed = {*question.response.values, *question.response.missing_codes} if question.response else set()
        fine = isinstance(answer, list) and all(value.__class__ is int and value in allowed for value in answer)
        if fine and isinstance(answer, list) and len(set(answer)) == len(answer):
            return []
        return [f"the answer to {id} is a list of different values out of {span(allowed)}; found {shown(answer)}."]
    if question.type == "rank":
        return _rank_faults(question, answer)
    if question.type in ("integer", "decimal"):
        low, high = question.low, question.high
        if not _is_number(answer) or (question.type == "integer" and answer.__class__ is not int):
            what = "a whole number" if question.type == "integer" else "a number"
            return [f"the answer to {id} is {what}; found {shown(answer)}."]
        number = float(answer)  # type: ignore[arg-type]
        if (low is not None and number < low) or (high is not None and number > high):
            ends = f"{'any' if low is None else f'{low:g}'} to {'any' if high is None else f'{high:g}'}"
            return [f"the answer to {id} lies in {ends}; found {shown(answer)}."]
        return []
    if not isinstance(answer, str) or len(answer) > _LONGEST_TEXT or CONTROL.search(answer):
        most = f"{_LONGEST_TEXT:,}"
        return [f"the answer to {id} is a text of at most {most} characters without control characters; found "
                f"{shown(answer)}."]  # fmt: skip
    if question.type == "date" and not _is_date(answer):
        return [f"the answer to {id} is a date such as 2026-11-26; found {shown(answer)}."]
    return []


def _rank_faults(question: Question, answer: object) -> list[str]:
    values, codes = (question.response.values, question.response.missing_codes) if question.response else ((), ())
    whole = isinstance(answer, list) and all(value.__class__ is int for value in answer)
    if whole and isinstance(answer, list):
        if len(answer) == 1 and answer[0] in codes:
            return []
        if len(answer) == question.places and len(set(answer)) == len(answer) and set(answer) <= set(values):
            return []
    code = f", or a list of one missing code ({listed([str(code) for code in codes])})" if codes else ""
    return [
        f"the answer to {question.id} is a list of {question.places} different values out of {span(set(values))} in "
        f"their order{code}; found {shown(answer)}."
    ]


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and dt.date.fromisoformat(text).year > 0
    except ValueError:
        return False
