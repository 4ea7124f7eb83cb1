"""Whether respondents may come: what keeps a study from opening, and what should be looked at before it does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from crmstudy.administration.declaring.keys import FILE
from crmstudy.administration.declaring.parts import WORDED, worded
from crmstudy.administration.declaring.reading import LOOPBACK
from crmstudy.administration.fieldwork import NOTICE, Fieldwork
from crmstudy.errors import Fault, StudyError
from crmstudy.handover.head import LEAST
from crmstudy.instrument.model import Texts
from crmstudy.letters import key as folded

#: What stands in a text that somebody means to fill in later.
_PLACEHOLDERS = frozenset({"", "todo", "tbd", "tba", "fixme", "xxx", "fillin", "tofillin", "placeholder", "loremipsum"})
_MEANINGS = {
    "controller": "who is responsible for the data",
    "contact": "whom respondents can ask",
    "purpose": "what the answers are used for",
    "legal_basis": "the legal ground on which personal data are processed",
    "recipients": "who gets which data or figures",
    "ethics": "which board approved the study, or why no approval was needed",
}


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is missing or doubtful.

    Attributes
    ----------
    key : str
        The key to fill in, as ``notice.controller``.
    message : str
        A sentence: what is missing, and what to write.
    blocking : bool
        Whether no live server opens before it is there; otherwise it is a warning.
    languages : tuple of str
        The languages it is missing in, where it is a text.
    """

    key: str
    message: str
    blocking: bool = True
    languages: tuple[str, ...] = ()


def readiness(fieldwork: Fieldwork, today: dt.date | None = None) -> tuple[Lack, ...]:
    """What keeps a live server from opening, then what is only to be looked at.

    Parameters
    ----------
    fieldwork : Fieldwork
        As it was read.
    today : date, optional
        Besides, tell what is over by this day.

    Returns
    -------
    tuple of Lack
        Empty where nothing is missing and nothing doubtful.

    Examples
    --------
    >>> from pathlib import Path
    >>> lacks = readiness(Fieldwork(Path("."), {"en": "A study"}, ("en",), {}))
    >>> [lack.key for lack in lacks if lack.blocking][:4]
    ['mode', 'k', 'notice.controller', 'notice.contact']
    """
    blocking = [
        *_promises(fieldwork),
        *_texts(fieldwork),
        *_times(fieldwork),
        *_place(fieldwork),
        *_simulated(fieldwork),
    ]
    warnings = [*_translations(fieldwork), *_letters(fieldwork), *_entries(fieldwork)]
    if today is not None:
        blocking += _over(fieldwork, today)
    return (*blocking, *warnings)


def require_ready(fieldwork: Fieldwork, today: dt.date | None = None) -> None:
    """Raise StudyError, with a fault for everything that keeps a live server from opening."""
    missing = [lack for lack in readiness(fieldwork, today) if lack.blocking]
    if missing:
        file = str(fieldwork.folder / FILE)
        raise StudyError([Fault(lack.message, file) for lack in missing])


def _promises(fieldwork: Fieldwork) -> Iterator[Lack]:
    least = LEAST.get(fieldwork.mode, 3)
    if not fieldwork.mode:
        yield Lack("mode", "mode is not chosen, which respondents are promised; write mode: anonymous, confidential or "
                   "identified.")  # fmt: skip
    if fieldwork.k < least:
        yield Lack("k", f"k, the size of the smallest group of which figures are shown, is not set; write k: 5 "
                   f"(at least {least}).")  # fmt: skip


def _texts(fieldwork: Fieldwork) -> Iterator[Lack]:
    for key in NOTICE:
        yield from _in_every(fieldwork, f"notice.{key}", fieldwork.notice.get(key, {}), _MEANINGS[key])
    yield from _in_every(fieldwork, "title", fieldwork.title, "the title that respondents read")
    consent = fieldwork.consent
    if consent.version < 1:
        yield Lack("consent.version", "consent.version counts the versions of the consent text; write version: 1.")
    if consent.text:
        yield from _in_every(fieldwork, "consent.text", consent.text, "what the study adds to the consent page")
    for place, statement in enumerate(consent.statements):
        yield from _in_every(fieldwork, f"consent.statements[{place}]", statement, "a statement that is ticked")


def _in_every(fieldwork: Fieldwork, key: str, texts: Texts, meaning: str) -> Iterator[Lack]:
    missing = tuple(tag for tag in fieldwork.languages if not is_filled(texts.get(tag, "")))
    if missing:
        told = "" if len(missing) == len(fieldwork.languages) == 1 else f" in {', '.join(missing)}"
        advice = ", ".join(f"{tag}: ..." for tag in missing)
        yield Lack(key, f"{key} ({meaning}) is not filled in{told}; write {key.split('.')[-1]}: {{{advice}}}.",
                   languages=missing)  # fmt: skip


def is_filled(text: str) -> bool:
    """Whether a text says something: it has letters, and is no placeholder such as TODO.

    Examples
    --------
    >>> is_filled("دانشگاه تهران"), is_filled("  "), is_filled("..."), is_filled("[TODO]"), is_filled("<fill in>")
    (True, False, False, False, False)
    """
    letters = "".join(letter for letter in folded(text) if letter.isalnum())
    return letters not in _PLACEHOLDERS


def _times(fieldwork: Fieldwork) -> Iterator[Lack]:
    retention = fieldwork.retention
    if retention.answers is None:
        yield Lack("retention.answers", "retention.answers, the last day on which answers are kept, is not set; write "
                   "answers: 2027-12-31.")  # fmt: skip
    if fieldwork.mode == "confidential" and retention.key is None:
        yield Lack("retention.key", "retention.key, the last day of the key file, is not set, and a confidential study "
                   "promises it; write key: and a day.")  # fmt: skip
    for sample in fieldwork.samples.values():
        for wave in sample.waves:
            key = f"samples.{sample.id}" + (f".waves.{wave.id}" if wave.id else "")
            for name, day in (("opens", wave.opens), ("closes", wave.closes)):
                if day is None:
                    said = "first" if name == "opens" else "last"
                    message = f"{key}.{name}, the {said} day on which answers are taken, is not set"
                    yield Lack(f"{key}.{name}", f"{message}; write {name}: and a day such as 2027-03-01.")
    closes = [wave.closes for sample in fieldwork.samples.values() for wave in sample.waves if wave.closes]
    for name, day in (("answers", retention.answers), ("key", retention.key)):
        if day and closes and day <= max(closes):
            yield Lack(f"retention.{name}", f"retention.{name} is {day}, and the last wave closes on {max(closes)}; "
                       "choose a later day.")  # fmt: skip


def _over(fieldwork: Fieldwork, today: dt.date) -> list[Lack]:
    """What is over by a day."""
    found = []
    waves = [wave for sample in fieldwork.samples.values() for wave in sample.waves]
    if waves and all(wave.closes is not None and wave.closes < today for wave in waves):
        found.append(Lack("samples", f"every wave is over by {today}, so that no answer would be taken; move closes."))
    for name, day in (("answers", fieldwork.retention.answers), ("key", fieldwork.retention.key)):
        if day is not None and day < today:
            message = f"retention.{name} is {day}, which is over by {today}: what is kept would be deleted at once."
            found.append(Lack(f"retention.{name}", f"{message} Choose a later day."))
    return found


def _place(fieldwork: Fieldwork) -> Iterator[Lack]:
    split = urlsplit(fieldwork.address)
    if not fieldwork.address:
        yield Lack("address", "address, where respondents find the server, is not set; write address: "
                   "https://survey.example.org.")  # fmt: skip
    elif split.scheme != "https" and not is_loopback(fieldwork.address):
        yield Lack("address", f"address is {fieldwork.address}, so that answers could be read on the way; put TLS "
                   "before the server and write https://.")  # fmt: skip


def is_loopback(address: str) -> bool:
    """Whether an address is reached from this machine only.

    Examples
    --------
    >>> is_loopback("http://127.0.0.1:8000"), is_loopback("http://localhost.example.org")
    (True, False)
    """
    host = urlsplit(address).hostname or ""
    return host in ("::1", *LOOPBACK) or (host.startswith("127.") and host.replace(".", "").isdigit())


def _simulated(fieldwork: Fieldwork) -> Iterator[Lack]:
    for sample in fieldwork.samples.values():
        if sample.simulated:
            yield Lack(f"samples.{sample.id}.simulated", f"study.yaml marks the answers of the sample '{sample.id}' as "
                       "made up, and every report would say so of real ones; take simulated: true off.")  # fmt: skip


def _translations(fieldwork: Fieldwork) -> Iterator[Lack]:
    """Texts that nobody but the translator has read, and languages that are there but not offered."""
    instruments = list(fieldwork.instruments())
    for tag in fieldwork.languages:
        drafts = [one.id for one in instruments if tag in one.languages and one.languages[tag].status == "draft"]
        if drafts:
            message = f"the texts in '{tag}' of {', '.join(drafts)} are drafts that nobody has reviewed"
            yield Lack("languages", f"{message}; have them read before real people are asked.", False, (tag,))
    offered = {worded(tag) for tag in fieldwork.languages}
    for tag in WORDED:
        if tag not in offered and instruments and all(tag in one.languages for one in instruments):
            message = f"every instrument has texts in '{tag}', which is not offered"
            yield Lack("languages", f"{message}; add it to languages, if respondents read it.", False, (tag,))


def _letters(fieldwork: Fieldwork) -> Iterator[Lack]:
    """Letters that are written in some languages only: the others get the one that ships."""
    letters = fieldwork.invitation
    named: Mapping[str, Texts] = {
        "subject": letters.subject, "text": letters.text,
        "reminder_subject": letters.reminder_subject, "reminder": letters.reminder,
    }  # fmt: skip
    for name, texts in named.items():
        missing = _without(texts, fieldwork.languages)
        if texts and missing:
            message = f"invitation.{name} is not written in {', '.join(missing)}, where the letter that ships is sent."
            yield Lack(f"invitation.{name}", message, False, missing)


def _without(texts: Texts, languages: Sequence[str]) -> tuple[str, ...]:
    return tuple(tag for tag in languages if not is_filled(texts.get(tag, "")))


def _entries(fieldwork: Fieldwork) -> Iterator[Lack]:
    for sample in fieldwork.samples.values():
        key = f"samples.{sample.id}.entry"
        named = not fieldwork.anonymous
        if named and sample.entry == "open" and sample.population != "customer":
            message = (f"the sample '{sample.id}' is asked by an open link, so that answers belong to no pseudonym; "
                       "write entry: token, if they should.")  # fmt: skip
            yield Lack(key, message, False)
        if sample.entry != "token" and sample.population == "staff":
            message = f"by the open link of the sample '{sample.id}' one person can answer more than once"
            yield Lack(key, f"{message}; write entry: token, if that matters.", False)
        if len(sample.waves) > 1 and sample.linking == "none":
            message = f"the waves of the sample '{sample.id}' are not linked, and can be compared as groups only"
            yield Lack(f"samples.{sample.id}.linking", f"{message}; write linking, if persons are to be.", False)
