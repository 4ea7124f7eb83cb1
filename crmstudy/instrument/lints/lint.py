"""What a well-formed instrument still lacks or contradicts: findings for its author, never a refusal."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from crmstudy.instrument.drafts import direction_of
from crmstudy.instrument.lints.content import check_content
from crmstudy.instrument.lints.wording import (
    LANGUAGES,
    check_copies,
    check_slots,
    check_spelling,
    check_terms,
    check_texts,
)
from crmstudy.instrument.model import Instrument, Item, Question
from crmstudy.notes import Note

#: How a questionnaire asks for a day of birth, which tells people apart.
_BIRTH = re.compile(r"birth|\bborn\b|\bdob\b|تولد|рожд", re.IGNORECASE)
_DATE = re.compile(r"\bdate\b|\bday\b|\bdob\b|تاریخ|روز|\bдат|\bдень\b", re.IGNORECASE)
#: A number that may be as large as this is no year.
_LATEST_YEAR = 10_000
#: The least expected count of a cell for which a chi-square test and an honest figure are usual.
LEAST_EXPECTED = 5


def lint(instrument: Instrument, *, languages: Sequence[str] = LANGUAGES, n: int | None = None) -> list[Note]:
    """Check an instrument against its published key, its scales, its translations and its texts.

    What makes a file unusable (an unknown item, a reversed id that does not exist ...) is refused when it is
    loaded; this looks for what can be used but should be mended or known. Warnings first.

    Parameters
    ----------
    instrument : Instrument
        A loaded instrument.
    languages : sequence of str
        Languages in which every text is wanted, beside those the file declares.
    n : int, optional
        Expected number of respondents: crossed answers to unscored questions (sex by age band ...) with an expected
        count below 5 are then warned of.

    Returns
    -------
    list of Note
        One note a finding, with the item, scale or language as its subject.
    """
    notes = [
        *_key(instrument), *_partition(instrument), *check_texts(instrument, languages), *check_copies(instrument),
        *check_slots(instrument), *check_spelling(instrument), *check_terms(instrument), *check_content(instrument),
        *_labels(instrument), *_direction(instrument), *_birth_date(instrument), *_small_cells(instrument, n),
        *_standing(instrument),
    ]  # fmt: skip
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
    for item in instrument.items:
        id = item.id
        if item.unscored or item.expected is not None:
            if homes[id]:
                message = f"The item '{id}' is marked as unscored or checks attention, but a scale has it."
                yield _warn("INSTRUMENT_ITEM_SHARED", message, id)
        elif homes[id] == 0:
            yield _warn("INSTRUMENT_ITEM_UNSCORED", f"The item '{id}' belongs to no scale, so it is never scored.", id)
        elif homes[id] > 1:
            message = f"The item '{id}' belongs to {homes[id]} scales, so their scores share its answers."
            yield _warn("INSTRUMENT_ITEM_SHARED", message, id)


def _labels(instrument: Instrument) -> Iterator[Note]:
    """Labels of both end points of every response format in use."""
    used = [item.response.id for item in instrument.items]
    used += [question.response.id for question in instrument.questions if question.response is not None]
    for id in dict.fromkeys(used):
        response = instrument.responses[id]
        bare = [str(end) for end in (response.low, response.high) if end not in response.labels]
        if bare:
            message = f"The response format '{id}' has no label for {' and '.join(bare)}."
            yield _warn("INSTRUMENT_LABEL_MISSING", message, id)
    for question in instrument.questions:
        if question.type == "rank" and question.response is not None:
            response = question.response
            unnamed = [str(value) for value in response.values[1:-1] if value not in response.labels]
            if unnamed:
                said = ", ".join(unnamed[:8]) + (", ..." if len(unnamed) > 8 else "")
                message = f"'{question.id}' has answers put in order, and '{response.id}' has no label for {said}."
                yield _warn("INSTRUMENT_LABEL_MISSING", message, question.id)
    for id in instrument.responses:
        if id not in used:
            yield _warn("INSTRUMENT_RESPONSE_UNUSED", f"No item uses the response format '{id}'.", id)


def _direction(instrument: Instrument) -> Iterator[Note]:
    """Hold the declared writing direction against the one the language is known to have."""
    for tag, language in instrument.languages.items():
        usual = direction_of(tag)
        if language.direction != usual:
            message = f"The language '{tag}' is declared {language.direction}, but is written {usual}."
            yield _warn("INSTRUMENT_DIRECTION", message, tag)


def _birth_date(instrument: Instrument) -> Iterator[Note]:
    """An exact date of birth tells people apart and serves no analysis."""
    for question in instrument.questions:
        said = " ".join((question.id, *question.wording.values()))
        written = question.type in ("date", "text", "longtext") or _holds_a_date(question, said)
        if written and _BIRTH.search(said):
            message = f"'{question.id}' asks for a date of birth, which identifies people; ask for an age band."
            yield _warn("INSTRUMENT_BIRTH_DATE", message, question.id)


def _holds_a_date(question: Question, said: str) -> bool:
    """Whether a number has room for day and month as well (20011231, 13790101), which a year or an age has not."""
    if question.type != "integer":
        return False
    return _DATE.search(said) is not None if question.high is None else question.high >= _LATEST_YEAR


def _small_cells(instrument: Instrument, n: int | None) -> Iterator[Note]:
    """The smallest cells to expect when unscored questions are crossed."""
    asked = [item for item in instrument.items if item.unscored and item.type == "single"]
    if len(asked) < 2:
        return
    least = {item.id: min(_shares(item).values()) for item in asked}
    cells = math.prod(len(item.response.values) for item in asked)
    pairs = sorted(combinations(asked, 2), key=lambda pair: least[pair[0].id] * least[pair[1].id])
    one, other = pairs[0]
    share = least[one.id] * least[other.id]
    message = (
        f"Crossed two at a time, the smallest expected cell is that of {one.id} and {other.id} ({100 * share:.2g} % of "
        f"the respondents, so {LEAST_EXPECTED} need N = {math.ceil(LEAST_EXPECTED / share):,}); all {len(asked)} "
        f"questions together make {cells:,} cells, in which many people are alone."
    )
    yield Note("INSTRUMENT_SMALL_CELLS", message, subject=instrument.id)
    if n is None:
        return
    few = [
        (a.id, b.id, n * least[a.id] * least[b.id]) for a, b in pairs if n * least[a.id] * least[b.id] < LEAST_EXPECTED
    ]
    if few:
        said = ", ".join(f"{a} × {b} ({expected:.1f})" for a, b, expected in few)
        message = f"With N = {n:,}, these crossings have an expected cell below {LEAST_EXPECTED}: {said}."
        yield _warn("INSTRUMENT_SMALL_CELLS", message, instrument.id)


def _shares(item: Item) -> dict[int, float]:
    """The expected shares of the answers; equal ones where none are declared."""
    values = item.response.values
    return dict(item.shares) or dict.fromkeys(values, 1 / len(values))


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
