"""The names a condition may use, and what each of them can be: questions, attributes, unit, language and wave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from crmstudy.administration.fieldwork import Sample
from crmstudy.instrument.model import Instrument, Item, Question

KindName = Literal["choice", "multi", "number", "text", "date", "rank", "word", "attribute"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a name of a condition can be.

    Attributes
    ----------
    type : str
        ``choice``: one number of a list; ``multi``: several of them; ``number``; ``text``; ``date``; ``rank``: only
        whether it was answered can be asked; ``word``: one of ``words``; ``attribute``: a text or a number that a
        token or a link carries.
    values, codes : frozenset of int
        The answers of a list, and those of them that are no point of the scale ("does not apply").
    low, high : float or None
        Bounds of a number.
    whole : bool
        Whether a number is a whole one.
    words : tuple of str
        What a ``word`` may be; empty where anything may be.
    """

    type: KindName
    values: frozenset[int] = frozenset()
    codes: frozenset[int] = frozenset()
    low: float | None = None
    high: float | None = None
    whole: bool = False
    words: tuple[str, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether a respondent gives the answer, which so can be absent or refused."""
        return self.type not in ("word", "attribute")


def kinds(
    sample: Sample, *, languages: Iterable[str] = (), units: Iterable[str] = (), waves: Iterable[str] | None = None
) -> dict[str, Kind]:
    """Every name that a condition of a sample may use.

    Parameters
    ----------
    sample : Sample
        Its questions and attributes; its waves, where ``waves`` are not given.
    languages, units, waves : iterable of str
        What ``lang``, ``unit`` and ``wave`` may be compared with; anything, where none are named.

    Returns
    -------
    dict of str to Kind
        In the order of the questionnaire; texts between questions have no answer and are not among them.
    """
    known: dict[str, Kind] = {
        "unit": Kind("word", words=tuple(units)),
        "lang": Kind("word", words=tuple(languages)),
        "wave": Kind("word", words=tuple(wave.id for wave in sample.waves if wave.id) if waves is None else (*waves,)),
    }
    known |= {name: Kind("attribute") for name in sample.attributes}
    for instrument in sample.instruments:
        known |= kinds_of(instrument)
    return known


def kinds_of(instrument: Instrument) -> Mapping[str, Kind]:
    """The names of the questions of one instrument."""
    return {entry.id: _kind(entry) for entry in instrument.entries if entry.type != "info"}


def _kind(entry: Item | Question) -> Kind:
    if isinstance(entry, Item):
        codes = frozenset(entry.response.missing_codes)
        return Kind("choice", frozenset(entry.response.values) | codes, codes)
    if entry.type == "multi":
        codes = frozenset(entry.response.missing_codes) if entry.response else frozenset()
        return Kind("multi", frozenset(entry.response.values if entry.response else ()) | codes, codes)
    if entry.type in ("integer", "decimal"):
        return Kind("number", low=entry.low, high=entry.high, whole=entry.type == "integer")
    return Kind("date" if entry.type == "date" else "rank" if entry.type == "rank" else "text")
