"""What the assessments ask and say: entries in English, Persian and Russian, each with the statement it stands for.

A catalogue is a YAML file of ``catalogues/``. Wherever a text stands in it, it stands in all three languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from crmstudy.errors import UnsupportedError, did_you_mean

#: The languages of every text.
LANGUAGES = ("en", "fa", "ru")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@lru_cache(maxsize=32)
def catalogue(name: str) -> Mapping[str, Any]:
    """The entries of a catalogue.

    Parameters
    ----------
    name : str
        Of its file in ``catalogues/``, without ``.yaml``; a folder is written with a slash.

    Raises
    ------
    ValueError
        For a text that is not there in every language.

    Examples
    --------
    >>> sorted(catalogue("maturity")["levels"][0]["name"])
    ['en', 'fa', 'ru']
    """
    place = resources.files("crmstudy.assessment").joinpath("catalogues", *f"{name}.yaml".split("/"))
    found: Mapping[str, Any] = yaml.load(place.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506
    lacking = list(_lacking(found, name))
    if lacking:
        raise ValueError("; ".join(lacking))
    return found


def part_labels(name: str, part: str, lang: str) -> dict[str, str]:
    """What people read for each id of a part of a catalogue.

    Parameters
    ----------
    name : str
        Of the catalogue.
    part : str
        A key of it, whose entries have an ``id`` or stand under it, and have a ``label`` or a ``name``.
    lang : {"en", "fa", "ru"}

    Examples
    --------
    >>> part_labels("data_fields", "groups", "en")["needs"]
    'Tastes, needs and intentions'
    """
    entries = catalogue(name)[part]
    pairs = entries.items() if isinstance(entries, Mapping) else ((entry["id"], entry) for entry in entries)
    return {id: _text_of(entry)[lang] for id, entry in pairs}


def _text_of(entry: Mapping[str, Any]) -> Mapping[str, str]:
    """The text by which an entry is known: itself, its label or its name."""
    found: Mapping[str, str] = entry if "en" in entry else entry.get("label", entry.get("name"))
    return found


def common_words(lang: str) -> dict[str, str]:
    """What people read for the codes that several assessments have in common: statuses, verdicts, kinds.

    Examples
    --------
    >>> common_words("ru")["met"]
    'выполнено'
    """
    return part_labels("words", "words", language(lang))


def _lacking(entry: object, where: str) -> Iterator[str]:
    """The places at which a text lacks a language."""
    if isinstance(entry, Mapping):
        if "en" in entry:
            said = [lang for lang, text in entry.items() if isinstance(text, str) and text.strip()]
            if sorted(said) != sorted(LANGUAGES) or len(entry) > len(said):
                yield f"{where} is not said in each of {', '.join(LANGUAGES)}"
            return
        for key, value in entry.items():
            yield from _lacking(value, f"{where}.{key}")
    elif isinstance(entry, list):
        for place, value in enumerate(entry):
            yield from _lacking(value, f"{where}[{place}]")


def language(lang: str) -> str:
    """The language itself; raises UnsupportedError for one in which nothing is said."""
    if lang not in LANGUAGES:
        raise UnsupportedError(f"`lang` is one of {', '.join(LANGUAGES)}, not {lang!r}.{did_you_mean(lang, LANGUAGES)}")
    return lang
