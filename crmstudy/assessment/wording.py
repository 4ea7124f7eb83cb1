"""Sentences of the assessments in three languages: templates by key, numbers written as the language writes them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from crmstudy.assessment.catalogue import LANGUAGES, language
from crmstudy.numerals import LANGUAGE_STYLES, Kind, write_number

#: A text that stands as it is, or a number with its kind.
Value = str | tuple[object, Kind]
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Around a text whose direction need not be that of the sentence.
_OPEN, _CLOSE = "\u2068", "\u2069"


def say(room: str, key: str, lang: str, **values: Value) -> str:
    """A sentence.

    Parameters
    ----------
    room : str
        The file of ``prose/`` in which it stands.
    key : str
    lang : {"en", "fa", "ru"}
    **values
        What its places are filled with: a text, or a number with its kind, such as ``(0.25, "percent")``.

    Raises
    ------
    KeyError
        For a key or a value that is not there.
    UnsupportedError
        For another language.

    Examples
    --------
    >>> written((1234.5, "estimate"), "ru")
    '1234,50'
    """
    template: str = _sentences(room)[key][language(lang)]
    return template.format_map({name: written(value, lang) for name, value in values.items()})


def written(value: Value, lang: str) -> str:
    """A value as it stands in a sentence of a language."""
    if isinstance(value, str):
        return value if lang == "en" else f"{_OPEN}{value}{_CLOSE}"
    number, kind = value
    return write_number(number, kind, LANGUAGE_STYLES[lang])


@lru_cache(maxsize=32)
def _sentences(room: str) -> Mapping[str, Mapping[str, str]]:
    place = resources.files("crmstudy.assessment").joinpath("prose", f"{room}.yaml")
    found: Mapping[str, Mapping[str, str]] = yaml.load(place.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506
    lacking = [key for key, texts in found.items() if set(texts) != set(LANGUAGES)]
    if lacking:
        raise ValueError(f"prose/{room}.yaml: {', '.join(lacking)} is not said in each of {', '.join(LANGUAGES)}")
    return found
