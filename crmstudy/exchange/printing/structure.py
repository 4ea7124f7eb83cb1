"""The structure sheet of an instrument whose text may not be printed: numbers, scales, keys, answers, scoring."""

from __future__ import annotations

from crmstudy.errors import UnsupportedError, did_you_mean
from crmstudy.exchange.printing.sheet import Sheet, StructureRow, footer, imprint, said
from crmstudy.exchange.printing.words import Words, words_in
from crmstudy.instrument.model import Instrument, Item, ResponseFormat


def structure_sheet(instrument: Instrument, lang: str, title: str) -> Sheet:
    """Numbers, scales, keys and answers of an instrument whose text is not ours to print."""
    if lang not in instrument.languages:
        hint = did_you_mean(lang, instrument.languages) or f" It has: {', '.join(instrument.languages)}."
        raise UnsupportedError(f"the instrument '{instrument.id}' has no texts in '{lang}'.{hint}")
    words = words_in(lang)
    homes: dict[str, list[str]] = {}
    for scale in instrument.scales:
        for id in scale.item_ids:
            homes.setdefault(id, []).append(said(scale.name, lang))
    rows = []
    for number, entry in enumerate(instrument.asked, start=1):
        scored = homes.get(entry.id, [])
        if isinstance(entry, Item):
            place, answers = entry.original or str(number), _answers(entry.response, lang)
            key = words.reversed_key if entry.reverse else words.plain_key
        else:
            place, key = str(number), ""
            answers = entry.type if entry.response is None else _answers(entry.response, lang)
        rows.append(StructureRow(place, entry.id, "; ".join(scored), key if scored else words.unscored, answers))
    name = f"{words.structure}: {said(instrument.name, lang)}"
    return Sheet(
        lang, instrument.languages[lang].direction, title or name, footer([instrument]), (),
        (imprint(instrument, lang, ()),), words, tuple(rows), tuple(_scoring(instrument, lang, words)),
    )  # fmt: skip


def _answers(response: ResponseFormat, lang: str) -> str:
    """The range of the answers and what their ends mean."""
    ends = [(str(end), response.label(end, lang)) for end in (response.low, response.high)]
    return " – ".join(f"{end} ({label})" if label else end for end, label in ends)


def _scoring(instrument: Instrument, lang: str, words: Words) -> list[tuple[str, str]]:
    rules = []
    for score in instrument.scores:
        least = words.min_answered.format(words.digits(score.min_answered))
        rules.append((said(score.name, lang), f"{words.methods[score.method]}; {least}"))
    return rules
