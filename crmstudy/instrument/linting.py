"""What a well-formed instrument still lacks or contradicts: findings for its author, never a refusal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from crmstudy.instrument.model import Instrument
from crmstudy.notes import Note

#: Language tags (without region) that are written from right to left.
RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
#: Letters that Persian text should not hold, with the letter that is meant.
ARABIC_FOR_PERSIAN = {"\u064a": "\u06cc", "\u0643": "\u06a9"}


def lint(instrument: Instrument) -> list[Note]:
    """Check an instrument against its published key, its scales, its translations and its texts.

    What makes a file unusable (an unknown item, a reversed id that does not exist ...) is refused when it is
    loaded; this looks for what can be used but should be mended or known. Warnings first.

    Parameters
    ----------
    instrument : Instrument
        A loaded instrument.

    Returns
    -------
    list of Note
        One note a finding, with the item, scale or language as its subject.
    """
    checks = (_key, _partition, _texts, _repeated, _labels, _direction, _letters, _standing)
    notes = [note for check in checks for note in check(instrument)]
    return sorted(notes, key=lambda note: note.level != "warning")


def _key(instrument: Instrument) -> Iterator[Note]:
    """Hold counts and reversed ids against what was published."""
    published = instrument.published
    if published is None:
        return
    counts = [
        ("items", published.items, len(instrument.items)),
        ("scales", published.scales, len(instrument.scales)),
        *(
            (f"items in the scale '{id}'", wanted, len(scale.items))
            for id, wanted in published.scale_items.items()
            for scale in instrument.scales
            if scale.id == id
        ),
    ]
    for what, wanted, found in counts:
        if wanted is not None and wanted != found:
            yield _warn("INSTRUMENT_COUNT", f"The published form has {wanted} {what}, this file {found}.")
    for id in published.scale_items:
        if id not in instrument.scale_ids:
            yield _warn("INSTRUMENT_COUNT", f"The published form has a scale '{id}', this file has none.", id)
    keyed = tuple(item.id for item in instrument.items if item.reverse)
    if isinstance(published.reversed, tuple):
        for id in sorted(set(keyed) ^ set(published.reversed)):
            side = "here but not in the published key" if id in keyed else "in the published key but not here"
            yield _warn("INSTRUMENT_KEY", f"The item '{id}' is reversed {side}.", id)
    elif published.reversed is not None and published.reversed != len(keyed):
        yield _warn(
            "INSTRUMENT_KEY",
            f"The published key reverses {published.reversed} items, this file {len(keyed)}.",
        )


def _partition(instrument: Instrument) -> Iterator[Note]:
    """Each item in exactly one scale."""
    homes = Counter(id for scale in instrument.scales for id in scale.item_ids)
    for id in instrument.item_ids:
        if homes[id] == 0:
            yield _warn("INSTRUMENT_ITEM_UNSCORED", f"The item '{id}' belongs to no scale, so it is never scored.", id)
        elif homes[id] > 1:
            message = f"The item '{id}' belongs to {homes[id]} scales, so their scores share its answers."
            yield _warn("INSTRUMENT_ITEM_SHARED", message, id)


def _texts(instrument: Instrument) -> Iterator[Note]:
    """Require a text, and not an empty one, for every language."""
    named = [("the instrument's name", instrument.id, instrument.name)]
    named += [(f"the name of the scale '{scale.id}'", scale.id, scale.name) for scale in instrument.scales]
    if instrument.instructions:
        named.append(("the instructions", instrument.id, instrument.instructions))
    if instrument.wording != "none":
        named += [(f"the item '{item.id}'", item.id, item.wording) for item in instrument.items]
    for response in instrument.responses.values():
        named += [
            (f"the label of {value} in '{response.id}'", response.id, texts) for value, texts in response.labels.items()
        ]
    for what, subject, texts in named:
        missing = [tag for tag in instrument.languages if not texts.get(tag, "").strip()]
        if missing:
            message = f"No text in {', '.join(missing)} for {what}."
            yield _warn("INSTRUMENT_TRANSLATION_MISSING", message, subject)


def _repeated(instrument: Instrument) -> Iterator[Note]:
    """Two items with the same wording in a language."""
    for tag in instrument.languages:
        ids = defaultdict(list)
        for item in instrument.items:
            text = item.wording.get(tag, "").casefold().rstrip(" .?!؟")
            if text:
                ids[text].append(item.id)
        for same in ids.values():
            if len(same) > 1:
                message = f"The items {', '.join(same)} have the same wording in {tag}."
                yield _warn("INSTRUMENT_WORDING_REPEATED", message, same[0])


def _labels(instrument: Instrument) -> Iterator[Note]:
    """Labels of both end points of every response format in use."""
    for id in dict.fromkeys(item.response.id for item in instrument.items):
        response = instrument.responses[id]
        bare = [str(end) for end in (response.low, response.high) if end not in response.labels]
        if bare:
            message = f"The response format '{id}' has no label for {' and '.join(bare)}."
            yield _warn("INSTRUMENT_LABEL_MISSING", message, id)
    for id in instrument.responses:
        if all(item.response.id != id for item in instrument.items):
            yield _warn("INSTRUMENT_RESPONSE_UNUSED", f"No item uses the response format '{id}'.", id)


def _direction(instrument: Instrument) -> Iterator[Note]:
    """Hold the declared writing direction against the one the language is known to have."""
    for tag, language in instrument.languages.items():
        usual = "rtl" if tag.split("-")[0] in RIGHT_TO_LEFT else "ltr"
        if language.direction != usual:
            message = f"The language '{tag}' is declared {language.direction}, but is written {usual}."
            yield _warn("INSTRUMENT_DIRECTION", message, tag)


def _letters(instrument: Instrument) -> Iterator[Note]:
    """Arabic yeh and kaf in Persian texts: they look alike, but searching and sorting break."""
    texts = [(item.id, item.wording.get("fa", "")) for item in instrument.items]
    texts += [(scale.id, scale.name.get("fa", "")) for scale in instrument.scales]
    for response in instrument.responses.values():
        texts += [(response.id, label.get("fa", "")) for label in response.labels.values()]
    for subject, text in texts:
        found = [f"{wrong} for {right}" for wrong, right in ARABIC_FOR_PERSIAN.items() if wrong in text]
        if found:
            message = f"The Persian text of '{subject}' has Arabic letters ({', '.join(found)})."
            yield _warn("INSTRUMENT_ARABIC_LETTERS", message, subject)


def _standing(instrument: Instrument) -> Iterator[Note]:
    """Say what a reader of results must know: paraphrase, drafts, unverified facts."""
    if instrument.wording == "paraphrase":
        yield Note(
            "INSTRUMENT_PARAPHRASE",
            f"The item texts of '{instrument.id}' are a paraphrase, not the validated wording; published "
            "norms and cut-offs do not apply.",
            subject=instrument.id,
        )
    for status in ("draft", "reviewed"):
        tags = [tag for tag, language in instrument.languages.items() if language.status == status]
        if tags and instrument.wording != "none":
            message = f"The texts in {', '.join(tags)} have the status {status}: no respondent has tried them yet."
            yield Note("INSTRUMENT_TRANSLATION_STATUS", message, subject=instrument.id)
    if instrument.unverified:
        message = f"Not yet checked against a source: {', '.join(instrument.unverified)}."
        yield Note("INSTRUMENT_UNVERIFIED", message, subject=instrument.id)


def _warn(code: str, message: str, subject: str | None = None) -> Note:
    return Note(code, message, "warning", subject)
