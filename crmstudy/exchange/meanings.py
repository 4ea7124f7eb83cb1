"""What a file says about its columns, held against what the instrument says.

Labels are compared after :func:`crmstudy.letters.key`, in every language of the instrument. A difference is a note;
only a code that the file declares as missing, and that the instrument takes as an answer, is a fault.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from crmstudy.errors import Fault
from crmstudy.exchange.table import Numbers, Table
from crmstudy.instrument import Instrument, Item
from crmstudy.letters import key
from crmstudy.notes import Note
from crmstudy.quoting import shown
from crmstudy.responses import Meaning, MissingCode

_SHOWN = 5
#: A text that was cut is compared when so many letters of it are left.
_SHORTEST = 12
#: A text that a format cut off ends like this.
_CUT = ("...", "\u2026")


@dataclass(slots=True)
class Compared:
    """What came of the comparison."""

    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def check_labels(table: Table, instruments: Iterable[Instrument]) -> Compared:
    """Compare the labels and missing codes of a file with those of the instruments its columns answer."""
    compared = Compared()
    values: list[str] = []
    unknown: list[str] = []
    texts: list[str] = []
    swapped: list[str] = []
    for instrument in instruments:
        wordings = _wordings(instrument)
        for item in instrument.items:
            if item.id not in table.names:
                continue
            _missing_answers(table, item, compared)
            meaning = table.meanings.get(item.id)
            if meaning is None:
                continue
            values += _values(item, meaning)
            unknown += _unknown(item, meaning)
            said = _wording(item, meaning, wordings)
            (swapped if said.endswith("'") else texts).extend([said] if said else [])
    if values:
        message = (
            f"Labels of answers differ from the instrument's: {_listed(values, '; ')}. Make sure that the numbers mean "
            "the same; where the order is turned round or the numbers begin elsewhere, the scores are wrong."
        )
        compared.notes.append(Note("RESPONSES_LABELS_DIFFER", message, "warning"))
    if unknown:
        message = f"The file has labels for answers that the instrument does not have: {_listed(unknown, '; ')}."
        compared.notes.append(Note("RESPONSES_LABELS_UNKNOWN", message, "warning"))
    if swapped:
        message = f"Columns are labelled with the text of another item: {_listed(swapped, '; ')}. They may be swapped."
        compared.notes.append(Note("RESPONSES_TEXTS_SWAPPED", message, "warning"))
    if texts:
        many = f"{len(texts)} columns have" if len(texts) > 1 else "One column has"
        message = f"{many} another text than the instrument's item: {_listed(texts, ', ')}."
        compared.notes.append(Note("RESPONSES_TEXTS_DIFFER", message))
    return compared


def _missing_answers(table: Table, item: Item, compared: Compared) -> None:
    """Codes the file declares as missing that are answers of the item."""
    column = table.column(item.id)
    if not isinstance(column, Numbers):
        return
    for code, places in column.reasons.items():
        if isinstance(code, str) or not len(places) or not item.response.holds(code):
            continue
        message = (
            f"the file declares {code:g} in '{item.id}' as missing ({len(places)} times), and the instrument takes "
            f"it as an answer ({item.response.low} to {item.response.high}); take it off the missing values of the "
            "file, or use an instrument whose range leaves it out."
        )
        compared.faults.append(Fault(message, table.file))


def _values(item: Item, meaning: Meaning) -> list[str]:
    """Values whose label is the instrument's in none of its languages; only where the instrument has a label."""
    response = item.response
    languages = {tag for texts in response.labels.values() for tag in texts}
    given = {int(value): text for value, text in meaning.labels.items() if _is_whole(value) and key(text)}
    shared = sorted(value for value in given if value in response.labels)
    if not shared or not languages:
        return []

    def agreeing(tag: str) -> tuple[int, int]:
        theirs = [response.label(value, tag) for value in response.labels]
        return (
            sum(_same(given[value], response.label(value, tag)) for value in shared),
            sum(any(_same(text, label) for label in theirs if label) for text in given.values()),
        )

    best = max(sorted(languages), key=agreeing)
    own = {value: response.label(value, best) for value in shared}
    differ = [value for value in shared if own[value] and not _same(given[value], own[value])]
    said = []
    for value in differ[:2]:
        said.append(f"{value} is '{shown(meaning.labels[value])}' in the file, '{shown(own[value])}' in the instrument")
    turned = all(_same(given[value], response.label(int(response.reverse(value)), best)) for value in differ)
    moved = [
        step for step in (1, -1) if all(_same(given[value], response.label(value - step, best)) for value in differ)
    ]
    how = "turned round: " if turned else f"{moved[0]:+d} throughout: " if moved and len(differ) > 1 else ""
    return [f"{item.id} ({how}{', '.join(said)})"] if said else []


def _is_whole(value: MissingCode) -> TypeGuard[float]:
    """Whether a labelled value is a whole number."""
    return not isinstance(value, str) and math.isfinite(value) and value == int(value)


def _unknown(item: Item, meaning: Meaning) -> list[str]:
    """Labelled values that the item does not take, and that are no missing code of it."""
    response = item.response
    odd = [
        f"{value:g} '{shown(text)}'"
        for value, text in meaning.labels.items()
        if not isinstance(value, str) and value not in (*response.missing_codes, *meaning.missing)
        and not (_is_whole(value) and response.holds(value))
    ]  # fmt: skip
    return [f"{item.id} ({', '.join(odd[:3])})"] if odd else []


def _wordings(instrument: Instrument) -> dict[str, str]:
    """Every text of an item, and its slots filled, with the id."""
    found = {}
    for item in instrument.items:
        for tag in item.wording:
            found[key(instrument.text(item.wording, tag))] = item.id
    found.pop("", None)
    return found


def _wording(item: Item, meaning: Meaning, wordings: Mapping[str, str]) -> str:
    """The item when its column has another text; with the other item when it is that one's text."""
    label = meaning.label.strip()
    cut = label.endswith(_CUT)
    said = key(label.removesuffix("...").removesuffix("\u2026"))
    if not said or not item.wording or said in (key(item.id), key(item.original)):
        return ""
    owners = [
        id
        for text, id in wordings.items()
        if text == said or (cut and len(said) >= _SHORTEST and text.startswith(said))
    ]
    if item.id in owners:
        return ""
    return f"{item.id} has the text of '{owners[0]}'" if owners else item.id


def _same(given: str, own: str) -> bool:
    """Whether a label of a file is one of an instrument: without the number before it, and as far as it was cut."""
    one, other = (key(text).lstrip("0123456789-") or key(text) for text in (given, own))
    if given.endswith(_CUT) and len(one) >= _SHORTEST:
        return other.startswith(one)
    return one == other


def _listed(said: Sequence[str], mark: str) -> str:
    return mark.join(said[:_SHOWN]) + (f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else "")
