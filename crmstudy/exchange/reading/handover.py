"""A hand-over folder (see :mod:`crmstudy.handover`) as a table: items, open answers, attributes, paradata."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from crmstudy.errors import UnsupportedError
from crmstudy.exchange.sources import Asked
from crmstudy.exchange.table import Cells, Numbers, Table
from crmstudy.handover import REASONS, Handover, read_handover
from crmstudy.handover.head import COARSE, FINE, RECORDS
from crmstudy.instrument.model import Instrument, Item, Question
from crmstudy.notes import Note
from crmstudy.responses import Meaning, MissingCode

_ABOUT = ("record", "wave", "unit", "person", "language")
#: Questions that are answered with a text: 007 and 12 are what somebody wrote, not numbers.
_WRITTEN = ("text", "longtext", "date")
_NOT_SHOWN = "not-shown"


def read(asked: Asked) -> Table:
    """The table of a hand-over folder, with the instruments its answers were given to.

    A reason for having no answer becomes a missing code, which is kept apart. Raises DataError with every fault.
    """
    if asked.source not in (None, "handover"):
        raise UnsupportedError(f"'{asked.path}' is a hand-over folder, not an export of {asked.source}.")
    opened = read_handover(asked.path, asked.instruments)
    items = {item.id: item for instrument in opened.instruments for item in instrument.items}
    questions = [question for instrument in opened.instruments for question in instrument.questions]
    answers = np.full((opened.head.records, len(items)), np.nan)
    reasons: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    others: dict[str, dict[int, object]] = defaultdict(dict)
    ids = list(items)
    row = -1
    for row, record in enumerate(opened.records()):
        if row < len(answers):
            given = record["answers"]
            answers[row] = [np.nan if given[id] is None else given[id] for id in ids]
        for id, reason in record.get("reasons", {}).items():
            reasons[reason][id].append(row)
        for name, value in _others(record):
            others[name][row] = value
    columns: dict[str, Cells | Numbers] = {
        name: _column(others.pop(name, {}), row + 1) for name in _ABOUT if name in others
    }
    for place, id in enumerate(ids):
        columns[id] = Numbers(answers[:, place].copy(), _codes(items[id], reasons))
    for question in questions:
        columns |= _question(question, others.pop(f"open {question.id}", {}), row + 1)
    for name in (*opened.head.attributes, *COARSE, *FINE):
        if name in others:
            columns[name] = _column(others.pop(name), row + 1)
    return Table(
        file=f"{asked.path.name}/{RECORDS}",
        names=list(columns),
        columns=list(columns.values()),
        rows=np.arange(1, row + 2, dtype=np.int32),
        lines=np.arange(1, row + 2, dtype=np.int32),
        notes=_notes(opened),
        meanings=_meanings(opened.instruments, columns),
        instruments=opened.instruments,
        literal=True,
        not_shown=frozenset({_NOT_SHOWN, REASONS[_NOT_SHOWN]}),
        texts=frozenset({*_ABOUT, *(question.id for question in questions if question.type in _WRITTEN)}),
    )


def _others(record: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    """Everything of a record but its items: name (open questions with a prefix) and value."""
    for name in _ABOUT:
        if record.get(name) is not None:
            yield name, record[name]
    for part, prefix in (("open", "open "), ("attributes", ""), ("paradata", "")):
        held = record.get(part)
        if isinstance(held, Mapping):
            for name, value in held.items():
                if value is not None:
                    yield f"{prefix}{name}", value


def _codes(item: Item, reasons: Mapping[str, Mapping[str, list[int]]]) -> dict[MissingCode, np.ndarray]:
    """Why an item has no answer, and where; a reason whose code the item itself uses goes by its name."""
    codes: dict[MissingCode, np.ndarray] = {}
    for reason, code in REASONS.items():
        places = reasons.get(reason, {}).get(item.id)
        if places:
            own = item.response.holds(code) or code in item.response.missing_codes
            codes[reason if own else code] = np.array(places, dtype=np.intp)
    return codes


def _question(question: Question, answers: Mapping[int, object], rows: int) -> dict[str, Cells | Numbers]:
    """The columns of an open question; a text between questions has none."""
    if question.type == "info":
        return {}
    if question.response is None:
        return {question.id: _column(answers, rows)}
    if question.type == "rank":
        return _places(question, answers, rows)
    columns: dict[str, Cells | Numbers] = {}
    for value in question.response.values:
        chosen = np.full(rows, np.nan)
        for row, said in answers.items():
            missing = isinstance(said, list) and said and set(said) <= set(question.response.missing_codes)
            chosen[row] = np.nan if missing or not isinstance(said, list) else float(value in said)
        columns[f"{question.id}_{value}"] = Numbers(chosen)
    return columns


def _places(question: Question, answers: Mapping[int, object], rows: int) -> dict[str, Cells | Numbers]:
    """A column an answer of a rank: its place, or nothing."""
    found = {value: np.full(rows, np.nan) for value in question.response.values} if question.response else {}
    for row, order in answers.items():
        for place, value in enumerate(order if isinstance(order, list) else (), start=1):
            if value in found:
                found[value][row] = place
    return {f"{question.id}_{value}": Numbers(places) for value, places in found.items()}


def _column(values: Mapping[int, object], rows: int) -> Cells | Numbers:
    """A column of numbers when every value is one, otherwise of texts; lists are written with blanks between."""
    if values and all(isinstance(value, int | float) for value in values.values()):
        numbers = np.full(rows, np.nan)
        numbers[list(values)] = [float(value) for value in values.values()]  # type: ignore[arg-type]
        return Numbers(numbers)
    return Cells.of([_written(values.get(row)) for row in range(rows)])


def _written(value: object) -> str:
    if isinstance(value, list):
        return " ".join(_written(one) for one in value)
    if isinstance(value, float):
        return f"{value:.15g}"
    return "" if value is None else str(value)


def _meanings(instruments: Iterable[Instrument], columns: Mapping[str, object]) -> dict[str, Meaning]:
    """The texts of open questions, in the first language of their instrument."""
    found = {}
    for instrument in instruments:
        first = next(iter(instrument.languages))
        for question in instrument.questions:
            text = instrument.text(question.wording, first)
            for name in question.columns:
                if text and name in columns:
                    found[name] = Meaning(text)
    return found


def _notes(opened: Handover) -> list[Note]:
    head = opened.head
    message = (
        f"The answers were handed over {head.created}, {head.mode}; groups of fewer than {head.k} are not to be shown."
    )
    return [Note("RESPONSES_HANDED_OVER", message)]
