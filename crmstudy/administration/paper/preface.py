"""What stands on a sheet before its first question: what the study is, what is promised, what agreeing means."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crmstudy.administration.fieldwork import NOTICE, Fieldwork, Sample
from crmstudy.administration.wording.texts import day, marked, texts
from crmstudy.instrument.model import Texts


def preface(fieldwork: Fieldwork, sample: Sample, lang: str) -> tuple[str, tuple[str, ...]]:
    """The title of the study, and the paragraphs that somebody reads before agreeing, in a language."""
    return _said(fieldwork.title, lang), tuple(part for part in _paragraphs(fieldwork, sample, lang) if part)


def _paragraphs(fieldwork: Fieldwork, sample: Sample, lang: str) -> Iterator[str]:
    t, mode = texts(lang), fieldwork.mode
    yield from _parts(_said(fieldwork.notice.get("purpose", {}), lang))
    if not mode:
        yield t.say("mode.undecided")
    else:
        yield t.say("mode.confidential.open" if mode == "confidential" else f"mode.{mode}")
    if mode != "identified":
        untold = {"staff": "start.manager", "unit": "start.manager", "customer": "start.branch"}.get(sample.population)
        yield t.say(untold) if untold else ""
    for name in NOTICE:
        if name != "purpose":
            said = _said(fieldwork.notice.get(name, {}), lang) or t.say("notice.lacking")
            yield f"{t.say(f'notice.{name}')}: {marked(said, lang)}"
    until = fieldwork.retention.answers
    yield f"{t.say('notice.answers')}{': ' + t.say('notice.lacking') if until is None else ' ' + day(until, lang)}"
    yield f"{t.say('paper.number')} {t.say('paper.withdraw')}"
    yield from _parts(_said(fieldwork.consent.text, lang))
    for statement in fieldwork.consent.statements:
        said = _said(statement, lang)
        yield f"[   ] {said}" if said else ""
    yield f"{t.say('start.version', version=fieldwork.consent.version)}. {t.say('paper.agree')}"


def _parts(text: str) -> list[str]:
    """The paragraphs of a text, in one line each."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text)]


def _said(study: Texts, lang: str) -> str:
    """What the study says in a language, or in another where it does not."""
    return study.get(lang) or study.get(lang.split("-")[0]) or next((text for text in study.values() if text), "")
