"""Sentences of the assessments in three languages: templates by key, numbers written as the language writes them.

A word that goes with a number has a form for every plural category of its language, in their order, set apart by bars
after the number's name: ``{n} {n:customer|customers}``, ``{n} {n:клиент|клиента|клиентов}``. The category is that of
the number *as it is written*: 1.00 is not one. A Persian noun stays as it is after a number; its verb may not.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from string import Formatter
from typing import Any

import yaml

from crmstudy.assessment.catalogue import LANGUAGES, language
from crmstudy.numerals import APA, LANGUAGE_STYLES, Kind, write_number

#: A text that stands as it is, a day, or a number with its kind.
Value = str | dt.date | tuple[object, Kind]
#: The plural categories (CLDR). Russian ``other``, that of fractions, may be left out where it is the form of ``few``.
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "en": ("one", "other"), "fa": ("one", "other"), "ru": ("one", "few", "many", "other"),
}  # fmt: skip
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: What stands between the parts of a list.
COMMAS = {"en": ", ", "fa": "، ", "ru": ", "}
#: Around a text whose direction is left to right, right to left, or that of its first letter.
_LEFT, _RIGHT, _FIRST, _CLOSE = "\u2066", "\u2067", "\u2068", "\u2069"
#: Marks that would turn what comes after them.
_TURNING = dict.fromkeys(range(0x202A, 0x202F))


def say(room: str, key: str, lang: str, **values: Value) -> str:
    """A sentence.

    Parameters
    ----------
    room : str
        The file of ``prose/`` in which it stands.
    key : str
    lang : {"en", "fa", "ru"}
    **values
        What its places are filled with: a text, a day, or a number with its kind, such as ``(0.25, "percent")``.

    Raises
    ------
    KeyError
        For a key or a value that is not there.
    UnsupportedError
        For another language.

    Examples
    --------
    >>> [say("value_transactions", "dropped", "en", dropped=(n, "n")) for n in (1, 2)]
    ['1 row was left out; the notes say why.', '2 rows were left out; the notes say why.']
    """
    template: str = _sentences(room)[key][language(lang)]
    return template.format_map({name: _Said(value, lang) for name, value in values.items()})


def written(value: Value, lang: str) -> str:
    """A value as it stands in a sentence of a language.

    Examples
    --------
    >>> written((1234.5, "estimate"), "ru"), written(dt.date(2026, 3, 21), "ru")
    ('1234,50', '21.03.2026')
    """
    if isinstance(value, str):
        return _set_apart(value, lang)
    if isinstance(value, dt.date):
        return _day(value, lang)
    number, kind = value
    return write_number(number, kind, LANGUAGE_STYLES[lang])


def plural(number: object, kind: Kind, lang: str) -> str:
    """The plural category of a number as it is written.

    Returns
    -------
    str
        One of the :data:`CATEGORIES` of the language. What is no number (absent, infinite) goes with that of many.

    Examples
    --------
    >>> [plural(n, "n", "ru") for n in (1, 2, 5, 11, 21)], plural(2.0, "estimate", "ru"), plural(1.0, "estimate", "en")
    (['one', 'few', 'many', 'many', 'one'], 'other', 'other')
    """
    whole, _, decimals = re.sub("[−,%]", "", write_number(number, kind, APA)).partition(".")
    if not (whole + decimals).isdigit():
        return "many" if lang == "ru" else "other"
    count = int(whole or 0)
    if lang == "ru":
        return "other" if decimals else _russian(count)
    if lang == "fa":
        return "one" if count == 0 or (count == 1 and not decimals.strip("0")) else "other"
    return "one" if count == 1 and not decimals else "other"


def _russian(count: int) -> str:
    if 11 <= count % 100 <= 14:
        return "many"
    return "one" if count % 10 == 1 else "few" if 2 <= count % 10 <= 4 else "many"


class _Said:
    """A value on its way into a template: itself, or the form of a word that goes with it."""

    def __init__(self, value: Value, lang: str) -> None:
        self._value, self._lang = value, lang

    def __format__(self, spec: str) -> str:
        if not spec:
            return written(self._value, self._lang)
        if not isinstance(self._value, tuple):
            raise ValueError(f"{self._value!r} is no number that words could go with")
        forms = spec.split("|")
        place = CATEGORIES[self._lang].index(plural(*self._value, self._lang))
        return forms[place] if place < len(forms) else forms[1]  # the fractions of Russian


def _set_apart(text: str, lang: str) -> str:
    """A text that does not turn the sentence around it; the parts of a list keep the order of the sentence."""
    text = text.translate(_TURNING)
    parts = text.split(COMMAS[lang])
    if lang != "fa":
        return COMMAS[lang].join(f"{_FIRST}{part}{_CLOSE}" if _runs_left(part) else part for part in parts)
    if all(map(_runs_left, parts)):  # Persian, though its first word may be CRM
        return f"{_RIGHT}{text}{_CLOSE}"
    return COMMAS[lang].join(f"{_RIGHT if _runs_left(part) else _LEFT}{part}{_CLOSE}" for part in parts)


def _day(day: dt.date, lang: str) -> str:
    if lang == "fa":
        return f"{_LEFT}{LANGUAGE_STYLES[lang].localise(f'{day:%Y/%m/%d}')}{_CLOSE}"
    return f"{day:%d.%m.%Y}" if lang == "ru" else day.isoformat()


def _runs_left(text: str) -> bool:
    """Whether a text has letters that are written from right to left."""
    return any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)


@lru_cache(maxsize=32)
def _sentences(room: str) -> Mapping[str, Mapping[str, str]]:
    place = resources.files("crmstudy.assessment").joinpath("prose", f"{room}.yaml")
    found: Mapping[str, Mapping[str, str]] = yaml.load(place.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506
    lacking = [key for key, texts in found.items() if set(texts) != set(LANGUAGES)]
    if lacking:
        raise ValueError(f"prose/{room}.yaml: {', '.join(lacking)} is not said in each of {', '.join(LANGUAGES)}")
    wrong = [f"{key} ({lang})" for key, texts in found.items() for lang in LANGUAGES if not _formed(texts[lang], lang)]
    if wrong:
        raise ValueError(f"prose/{room}.yaml: {', '.join(wrong)} has not a form for each plural of its language")
    return found


def _formed(template: str, lang: str) -> bool:
    """Whether every word that goes with a number has its forms."""
    most = len(CATEGORIES[lang])
    allowed = (most - 1, most) if lang == "ru" else (most,)
    return all(spec.count("|") + 1 in allowed for _, _, spec, _ in Formatter().parse(template) if spec)
