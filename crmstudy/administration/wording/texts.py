"""What the pages say, in three languages: texts by key, forms for numbers, digits and days as the language writes them.

A text stands in ``en.yaml``, ``fa.yaml`` or ``ru.yaml`` under its key, with places such as ``{n}`` for values. Where it
changes with a number it has a form for every plural category of its language (CLDR, through Babel).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from crmstudy.administration.wording.calendar import MONTHS_FA, to_jalali
from crmstudy.errors import MissingExtraError, UnsupportedError, did_you_mean
from crmstudy.letters import INVISIBLE

#: Languages in which the pages speak, each named in itself.
LANGUAGES: Mapping[str, str] = {"en": "English", "fa": "فارسی", "ru": "Русский"}
DIRECTIONS = {"en": "ltr", "fa": "rtl", "ru": "ltr"}
#: The locale that writes days: the day before the month in English too.
_LOCALES = {"en": "en_GB", "fa": "fa", "ru": "ru"}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MARKS: Mapping[str, dict[int, str]] = {
    "en": {ord("-"): "−"},
    "fa": {**{ord(str(n)): "۰۱۲۳۴۵۶۷۸۹"[n] for n in range(10)}, ord("."): "٫", ord("-"): "\u200e−"},
    "ru": {ord("."): ",", ord("-"): "−"},
}
#: Around a value whose direction need not be that of the sentence.
_OPEN, _CLOSE = "\u2068", "\u2069"
_NO_MARKS = dict.fromkeys(map(ord, INVISIBLE))
_LRM, _NBSP = "\u200e", "\xa0"
#: A telephone number in parts, which a Persian line would put in reverse order; and addresses.
_TELEPHONE = r"(?<![\w+])(?:\+|\(?[0۰])[0-9۰-۹]+(?:[ ()/–-]{1,2}[0-9۰-۹]+)+"
_ADDRESS = r"(?:https?://|www\.)[^\s<>«»،؛]*[\w/=]|[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"
_NUMBERS, _RUNS = re.compile(f"({_TELEPHONE})"), re.compile(f"({_ADDRESS}|{_TELEPHONE})")

Value = str | int | float | dt.date


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of one language.

    Attributes
    ----------
    lang : str
        ``en``, ``fa`` or ``ru``.
    entries : mapping of str to str or mapping
        By key: a text, or its forms by plural category.
    """

    lang: str
    entries: Mapping[str, str | Mapping[str, str]]
    _form: Callable[[int], str] = field(repr=False, compare=False)

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``."""
        return DIRECTIONS[self.lang]

    def say(self, key: str, **values: Value) -> str:
        """The text of a key with its values.

        Numbers and days are written as the language does. Texts are set apart (U+2068, U+2069), so that a name in
        another direction does not turn the sentence around it.

        Raises
        ------
        KeyError
            For a key that is not there, and for a value that is missing.
        """
        entry = self.entries[key]
        if not isinstance(entry, str):
            entry = entry[self._form(_count(key, values))]
        return entry.format_map({name: self._written(value) for name, value in values.items()}) if values else entry

    def numeral(self, number: float, places: int | None = None) -> str:
        """A number in the digits of the language."""
        return numeral(number, self.lang, places)

    def __contains__(self, key: object) -> bool:
        return key in self.entries

    def _written(self, value: Value) -> str:
        if isinstance(value, str):
            return f"{_OPEN}{value.translate(_NO_MARKS)}{_CLOSE}"
        return day(value, self.lang) if isinstance(value, dt.date) else numeral(value, self.lang)


def base(lang: str) -> str:
    """The language of the pages for a language tag: ``fa`` for ``fa-IR``.

    Raises
    ------
    UnsupportedError
        When the pages have no words in it.
    """
    found = lang.split("-")[0].lower()
    if found not in LANGUAGES:
        hint = did_you_mean(lang, LANGUAGES) or f" They have: {', '.join(LANGUAGES)}."
        raise UnsupportedError(f"the pages of a survey have no words in '{lang}'.{hint}")
    return found


@lru_cache(maxsize=64)
def texts(lang: str) -> Wording:
    """The texts of a language.

    Raises
    ------
    UnsupportedError
        When the pages have no words in it.
    MissingExtraError
        Without Babel, which knows the plural forms.

    Examples
    --------
    >>> [texts("ru").say("start.questions", n=n) for n in (1, 2, 5, 11, 21)]
    ['1 вопрос', '2 вопроса', '5 вопросов', '11 вопросов', '21 вопрос']
    >>> texts("fa").say("page.progress", number=3, of=12)
    'صفحهٔ ۳ از ۱۲'
    """
    known = base(lang)
    try:
        from babel import Locale
    except ModuleNotFoundError:
        raise MissingExtraError("babel", "server") from None
    return Wording(known, _entries(known), Locale(known).plural_form)


def numeral(number: float, lang: str, places: int | None = None) -> str:
    """A number in the digits and with the marks of a language; ``places`` after the decimal mark, or as many as it has.

    Examples
    --------
    >>> numeral(4.5, "fa"), numeral(4.5, "ru"), numeral(3.0, "en"), numeral(2 / 3, "en", 2)
    ('۴٫۵', '4,5', '3', '0.67')
    """
    if places is not None:
        plain = f"{number:.{places}f}"
    else:
        plain = str(int(number)) if number == int(number) else f"{number:.10g}"
    return plain.translate(_MARKS[base(lang)])


def day(date: dt.date, lang: str) -> str:
    r"""A day as it is written out; in Persian the day of the Jalali calendar.

    Examples
    --------
    >>> date = dt.date(2026, 11, 21)
    >>> day(date, "en"), day(date, "ru"), day(date, "fa") == "۳۰ آبان ۱۴۰۵"
    ('21 November 2026', '21 ноября 2026\xa0г.', True)
    """
    known = base(lang)
    if known == "fa":
        year, month, nth = to_jalali(date)
        return f"{numeral(nth, known)} {MONTHS_FA[month - 1]} {numeral(year, known)}"
    from babel.dates import format_date

    return format_date(date, "long", locale=_LOCALES[known]).replace("\u202f", "\xa0")


def months(lang: str) -> tuple[str, ...]:
    """The names of the twelve months that a date is asked with: Jalali in Persian, otherwise Gregorian."""
    known = base(lang)
    if known == "fa":
        return MONTHS_FA
    from babel import Locale

    names = Locale(known).months["stand-alone"]["wide"]
    return tuple(str(names[month]) for month in range(1, 13))


def said(study: Mapping[str, str], lang: str) -> str:
    """What a study says in a language, or in the nearest that it has; empty when it says nothing."""
    for tag in (lang, base(lang)):
        if study.get(tag):
            return study[tag]
    return next((text for text in study.values() if text), "")


def runs(text: str, lang: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text, and whether each runs from left to right by itself in a language that does not.

    Examples
    --------
    >>> [part for part, apart in runs("ایمیل a@b.ir، تلفن ۰۲۱-۵۵ ۱۲", "fa") if apart] == ["a@b.ir", "۰۲۱-۵۵ ۱۲"]
    True
    >>> list(runs("+7 495 555-01-00", "ru"))
    [('+7 495 555-01-00', False)]
    """
    if DIRECTIONS[base(lang)] == "ltr":
        yield text, False
        return
    for place, part in enumerate(_RUNS.split(text)):
        if part:
            yield part, place % 2 == 1


def marked(text: str, lang: str) -> str:
    """Plain text with marks of direction around the telephone numbers in it, and no line ends within, where needed."""
    if DIRECTIONS[base(lang)] == "ltr":
        return text
    bare = text.replace(_LRM, "")
    return _NUMBERS.sub(lambda found: f"{_LRM}{found[1].replace(' ', _NBSP)}{_LRM}", bare)


@lru_cache(maxsize=len(LANGUAGES))
def _entries(lang: str) -> Mapping[str, str | Mapping[str, str]]:
    raw = resources.files("crmstudy").joinpath("administration", "wording", f"{lang}.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, str | Mapping[str, str]] = yaml.load(raw, _LOADER)  # noqa: S506
    return loaded


def _count(key: str, values: Mapping[str, Value]) -> int:
    """The number that a text with forms goes by."""
    count = values["n"]
    if not isinstance(count, int):
        raise KeyError(f"the text '{key}' goes by a whole number n")
    return count
