"""The letters that bring a link: the study's own words, or ours, with what stands in their places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

import yaml

from crmstudy.administration.fieldwork import Fieldwork, Wave
from crmstudy.administration.wording.texts import base, day, said
from crmstudy.errors import Fault, StudyError, did_you_mean
from crmstudy.letters import tidy

Kind = Literal["invitation", "reminder_everyone", "reminder_unfinished"]
#: What a study may leave room for in its own letters.
PLACES = ("link", "title", "closes", "contact")
_PLACE = re.compile(r"\{(\w+)\}")
_FILE = "administration.yaml"
#: Marks of a quotation in a quotation, as Russian and Persian print them.
_SECOND_ORDER = str.maketrans("«»", "„“")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it goes out; the subject has one line, the text plain lines."""

    subject: str
    text: str


def letter(fieldwork: Fieldwork, wave: Wave, lang: str, kind: Kind, link: str) -> Letter:
    """The letter of one person.

    Parameters
    ----------
    fieldwork : Fieldwork
    wave : Wave
        The one that the link lets into.
    lang : str
        One of the languages of the study.
    kind : str
        An invitation, or the reminder that everyone gets or only those who have not finished.
    link : str
    """
    own, ours = _own(fieldwork, kind, lang), words(lang)
    subject = _filled(own[0] or ours[f"{kind.split('_')[0]}_subject"], _values(fieldwork, wave, lang, link))
    text = _filled(own[1] or ours[kind], _values(fieldwork, wave, lang, link)).replace("г..", "г.")
    return Letter(" ".join(tidy(subject, lang).split()), tidy(text, lang).strip() + "\n")


def check_letters(fieldwork: Fieldwork, wave: Wave, langs: Iterable[str], kind: Kind) -> None:
    """Raise StudyError with everything that keeps letters of these languages from being written."""
    faults = []
    for lang in sorted(set(langs)):
        if not fieldwork.notice.get("contact", {}).get(lang):
            message = f"the letters name whom to ask, but notice.contact is not filled in in '{lang}'; fill it in."
            faults.append(Fault(message, _FILE))
        for part, text in zip(("subject", "text"), _own(fieldwork, kind, lang), strict=True):
            where = f"the {part} of the {kind.split('_')[0]} in '{lang}'"
            for name in dict.fromkeys(_PLACE.findall(text)):
                if name not in PLACES:
                    hint = did_you_mean(name, PLACES) or f" There is {', '.join(f'{{{one}}}' for one in PLACES)}."
                    faults.append(Fault(f"{where} leaves room for '{{{name}}}', which is not known.{hint}", _FILE))
                elif name == "closes" and wave.closes is None:
                    faults.append(Fault(f"{where} says when the survey closes, but no day is declared.", _FILE))
            if part == "text" and text and "{link}" not in text:
                faults.append(Fault(f"{where} has no {{link}}; without it nobody can answer.", _FILE))
    if faults:
        raise StudyError(faults)


@lru_cache(maxsize=8)
def words(lang: str) -> Mapping[str, str]:
    """What letters, slips and posters say in a language."""
    raw = resources.files("crmstudy").joinpath("administration", "inviting", "words.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(raw)[base(lang)])


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text of ours with its places filled in."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def until(wave: Wave, lang: str) -> str:
    """The sentence that says how long the survey is open; empty when no day is declared."""
    if wave.closes is None:
        return ""
    return fill(words(lang)["until"], {"closes": day(wave.closes, lang)}).replace("г..", "г.")


def _own(fieldwork: Fieldwork, kind: Kind, lang: str) -> tuple[str, str]:
    """Subject and text in the study's own words; empty where it has none in this language."""
    given = fieldwork.invitation
    if kind == "invitation":
        return given.subject.get(lang, ""), given.text.get(lang, "")
    return given.reminder_subject.get(lang, ""), given.reminder.get(lang, "")


def _values(fieldwork: Fieldwork, wave: Wave, lang: str, link: str) -> dict[str, str]:
    ours = words(lang)
    closes = day(wave.closes, lang) if wave.closes is not None else ""
    return {
        "hello": ours["hello"],
        "link": link,
        "title": said(fieldwork.title, lang),
        "title_within": said(fieldwork.title, lang).translate(_SECOND_ORDER),
        "closes": closes,
        "contact": " ".join(fieldwork.notice.get("contact", {}).get(lang, "").split()),
        "promise": ours.get(f"promise_{fieldwork.mode}", ""),
        "until": until(wave, lang),
    }


def _filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its places filled in; a line that stood for a date which is not known is left out.

    Quotation marks of a title that stands between such marks itself become those of the second order.
    """
    text = text.replace("«{title}»", "«{title_within}»")
    lines = [line for line in text.split("\n") if values["until"] or line.strip() != "{until}"]
    return fill("\n".join(lines), values)
