"""The works crmstudy rests on: one file of references, cited by key in docstrings and in every report."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from importlib import resources

import yaml


@functools.cache
def load_references() -> dict[str, dict[str, str]]:
    """Every reference by key: ``authors`` and ``year`` as cited, ``reference`` in full (``*...*`` is italic)."""
    text = resources.files("crmstudy").joinpath("references.yaml").read_text(encoding="utf-8")
    content: dict[str, dict[str, str]] = yaml.safe_load(text)
    return {key: {name: str(value) for name, value in entry.items()} for key, entry in content.items()}


def citation(key: str, *, narrative: bool = False) -> str:
    """How a work is cited: ``(Hu & Bentler, 1999)``, or ``Hu and Bentler (1999)`` as part of a sentence.

    Raises
    ------
    KeyError
        For a key that is not in the file of references.
    """
    entry = load_references()[key]
    if narrative:
        return f"{entry['authors'].replace(' & ', ' and ')} ({entry['year']})"
    return f"({entry['authors']}, {entry['year']})"


def full_reference(key: str) -> str:
    """The reference in full, in APA form; what stands between asterisks is italic."""
    return load_references()[key]["reference"]


def sort_keys(keys: Iterable[str]) -> tuple[str, ...]:
    """Keys in the order of a reference list: by the text of the reference."""
    return tuple(sorted(keys, key=lambda key: full_reference(key).replace("*", "").casefold()))
