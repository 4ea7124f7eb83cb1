"""What instruments ask and what platforms say of their columns, in the words in which they are compared."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from crmstudy.exchange.reading.labels import Labels, labels_of
from crmstudy.instrument.model import Instrument, Item
from crmstudy.instrument.slots import marks_in
from crmstudy.letters import key

#: Fewer letters than this around its slots are no text that can be recognised.
_FEWEST = 10
_TAG = re.compile(r"<[^<>]{0,2000}>")


@dataclass(frozen=True, slots=True)
class Heading:
    """What a platform says of one column.

    ``codes`` are the ids it may go by and ``texts`` the question texts, each the best first. ``lists`` are pairs of a
    question (id or text) and the answer (code or label) for which the column stands if that question takes several
    answers. ``name`` is what the column is called when it answers none of the questions.
    """

    position: int
    name: str
    codes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    lists: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What is answered: its id, what kind of answers it takes, and its texts as ``(language, key, text)``.

    ``patterns`` are its texts with anything in the place of their slots (language, pattern, slots with their forms),
    ``columns`` the names its answers get; ``needed`` says that a data file must have it, as it is scored.
    """

    id: str
    type: str
    instrument: str
    labels: Labels | None = None
    texts: tuple[tuple[str, str, str], ...] = ()
    patterns: tuple[tuple[str, re.Pattern[str], tuple[tuple[str, str], ...]], ...] = ()
    columns: tuple[str, ...] = ()
    needed: bool = False


def entries_of(instruments: Iterable[Instrument]) -> list[Entry]:
    """Everything the instruments ask."""
    entries = []
    for instrument in instruments:
        labels: dict[int, Labels] = {}  # many items share one response set
        for entry in instrument.asked:
            response = entry.response
            if response is not None and id(response) not in labels:
                labels[id(response)] = labels_of(response, instrument)
            entries.append(
                Entry(
                    entry.id,
                    entry.type,
                    instrument.id,
                    None if response is None else labels[id(response)],
                    tuple(_texts(instrument, entry.wording)),
                    tuple(_patterns(entry.wording)) if instrument.slots else (),
                    (entry.id,) if isinstance(entry, Item) else entry.columns,
                    isinstance(entry, Item) and not entry.unscored and entry.expected is None,
                )
            )
    return entries


def bare(text: str) -> str:
    """A heading without markup, on one line."""
    plain = html.unescape(_TAG.sub(" ", text)) if "<" in text or "&" in text else text
    return " ".join(plain.split())


def _texts(instrument: Instrument, wording: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Language, key and text of a question in every language it is worded in."""
    for tag in wording:
        text = instrument.text(wording, tag)
        if key(text):
            yield tag, key(text), text


def _patterns(
    wording: Mapping[str, str],
) -> Iterator[tuple[str, re.Pattern[str], tuple[tuple[str, str], ...]]]:
    """For texts with slots: language, the key with anything in the place of a slot, the slots with their forms."""
    for tag, text in wording.items():
        marks = tuple(marks_in(text))
        if not marks:
            continue
        parts = re.split(r"\{[a-z][a-z0-9_]*(?::[a-z]+)?\}", text)
        keys = [re.escape(key(part)) if part.strip() else "" for part in parts]
        if sum(map(len, keys)) >= _FEWEST:
            yield tag, re.compile("([^\\n]{1,60}?)".join(keys)), marks
