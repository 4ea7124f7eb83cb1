"""In which order one respondent is asked: the items of a scale change places, everything else stands where it stood.

The order is a function of a seed alone: of neither the machine nor the version of Python. Its random numbers are those
of SplitMix64 (Steele, Lea & Flood 2014), started from the first 64 bits of the SHA-256 of the seed; a place below n is
drawn by rejection, so that none is favoured; a group is shuffled from its end (Durstenfeld 1964).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from crmstudy.administration.fieldwork import Sample
from crmstudy.instrument.model import Instrument, Section

Seed = int | str | bytes
_MASK = (1 << 64) - 1


class _Random:
    """SplitMix64."""

    def __init__(self, seed: Seed) -> None:
        said = seed if isinstance(seed, bytes) else str(seed).encode()
        self.state = int.from_bytes(hashlib.sha256(said).digest()[:8], "big")

    def bits(self) -> int:
        """The next 64 random bits."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def below(self, n: int) -> int:
        """A number from 0 to n - 1, each as likely."""
        most = (1 << 64) - (1 << 64) % n
        while True:
            found = self.bits()
            if found < most:
                return found % n


def shuffled(ids: Sequence[str], seed: Seed) -> tuple[str, ...]:
    """Some ids in a random order; each order is as likely."""
    return tuple(_shuffled(list(ids), _Random(seed)))


def _shuffled(ids: list[str], random: _Random) -> list[str]:
    for last in range(len(ids) - 1, 0, -1):
        other = random.below(last + 1)
        ids[last], ids[other] = ids[other], ids[last]
    return ids


def prepared(sample: Sample) -> tuple[Instrument, ...]:
    """The instruments of a sample with the sections of those it randomises marked, as :func:`.forms.pages` wants it.

    An instrument without sections becomes one of one section, which looks the same.
    """
    return tuple(_marked(one) if one.id in sample.randomise else one for one in sample.instruments)


def _marked(instrument: Instrument) -> Instrument:
    sections = instrument.sections or (Section("all", tuple(entry.id for entry in instrument.entries)),)
    return replace(instrument, sections=tuple(replace(section, randomise=True) for section in sections))


def exchangeable(instruments: Sequence[Instrument], fixed: Collection[str] = ()) -> tuple[tuple[str, ...], ...]:
    """The groups of items that may change places with one another.

    They stand in one section that is marked, belong to the same scales, and take the same answers in the same way, so
    that a page keeps its shape. Attention checks, items of no scale, open questions and texts belong to no group.

    Parameters
    ----------
    instruments : sequence of Instrument
        As :func:`prepared` gives them; sections that an instrument itself marks count as well.
    fixed : collection of str
        Ids that stay where they are: those with a condition of their own (the condition of a section moves nothing
        out of it), and those a condition depends on.
    """
    return tuple(group for one in instruments for group in _groups(one, frozenset(fixed)))


def _groups(instrument: Instrument, fixed: frozenset[str]) -> Iterator[tuple[str, ...]]:
    scales: dict[str, list[str]] = {}
    for scale in instrument.scales:
        for id in scale.item_ids:
            scales.setdefault(id, []).append(scale.id)
    items = {one.id: one for one in instrument.items}
    for section in instrument.sections:
        groups: dict[object, list[str]] = {}
        for id in section.entries if section.randomise else ():
            item = items.get(id)
            if item is not None and item.expected is None and id in scales and id not in fixed:
                shape = (tuple(scales[id]), item.response.id, item.slider, item.required)
                groups.setdefault(shape, []).append(id)
        yield from (tuple(group) for group in groups.values() if len(group) > 1)


def question_order(
    instruments: Sequence[Instrument], randomise: Collection[str], seed: Seed, *, fixed: Collection[str] = ()
) -> tuple[str, ...]:
    """The ids of all entries in the order in which one respondent is asked.

    Parameters
    ----------
    instruments : sequence of Instrument
        As they are asked.
    randomise : collection of str
        Ids of the instruments whose items change places within their scales (and sections).
    seed : int, str or bytes
        The respondent's own; the same seed gives the same order.
    fixed : collection of str
        Ids that stay where they are.

    Returns
    -------
    tuple of str
        For :func:`crmstudy.instrument.forms.pages` (``order=``) of the instruments as :func:`prepared` gives them.
    """
    marked = tuple(_marked(one) if one.id in randomise else one for one in instruments)
    moved = moves(exchangeable(marked, fixed), seed)
    return tuple(moved.get(id, id) for one in marked for id in _entries(one))


def moves(groups: Sequence[Sequence[str]], seed: Seed) -> dict[str, str]:
    """Which item is asked in whose place: for every member of the groups, who stands there now."""
    random = _Random(seed)
    return {
        place: moved for group in groups for place, moved in zip(group, _shuffled(list(group), random), strict=True)
    }


def _entries(instrument: Instrument) -> Iterator[str]:
    if not instrument.sections:
        yield from (entry.id for entry in instrument.entries)
    for section in instrument.sections:
        yield from section.entries
