"""The maturity scale: seven levels, eight blocks with 29 leaves, three lenses, and what is seen at each level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from crmstudy.assessment.catalogue import catalogue, language

#: The highest level; the lowest is 0.
TOP = 6
_Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is rated: its block, the lenses it is seen through, its question, and one anchor a level (from 0 on)."""

    id: str
    block: str
    source: str
    lenses: tuple[str, ...]
    label: _Texts
    question: _Texts
    anchors: tuple[_Texts, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Leaves that belong together; ``rests_on`` are the blocks it builds on, as we see it."""

    id: str
    source: str
    label: _Texts
    meaning: _Texts
    leaves: tuple[Leaf, ...]
    rests_on: tuple[str, ...]


@lru_cache(maxsize=1)
def blocks() -> tuple[Block, ...]:
    """The eight blocks in the order of the source documents."""
    order: Mapping[str, Any] = catalogue("maturity")["blocks"]
    return tuple(_block(name, tuple(about["rests_on"])) for name, about in order.items())


def _block(name: str, rests_on: tuple[str, ...]) -> Block:
    entry = catalogue(f"maturity/{name}")
    source = str(entry["source"])
    leaves = tuple(
        Leaf(
            id=leaf,
            block=name,
            source=source,
            lenses=tuple(about["lenses"]),
            label=about["label"],
            question=about["question"],
            anchors=tuple(about["anchors"]),
        )
        for leaf, about in entry["leaves"].items()
    )
    return Block(name, source, entry["label"], entry["meaning"], leaves, rests_on)


@lru_cache(maxsize=1)
def leaves() -> Mapping[str, Leaf]:
    """The 29 leaves by name, block after block."""
    return {leaf.id: leaf for block in blocks() for leaf in block.leaves}


@lru_cache(maxsize=1)
def lenses() -> Mapping[str, _Texts]:
    """The three lenses with their labels."""
    return {name: about["label"] for name, about in catalogue("maturity")["lenses"].items()}


def level_name(level: float, lang: str = "en") -> str:
    """What a whole level is called."""
    return str(catalogue("maturity")["levels"][int(level)]["name"][lang])


def label_of(name: str, lang: str = "en") -> str:
    """What a block or leaf is called in a language."""
    found = next((block.label for block in blocks() if block.id == name), None)
    return (leaves()[name].label if found is None else found)[lang]


def anchors(lang: str = "en") -> pd.DataFrame:
    """The whole scale: what is seen at each level of each leaf.

    Source documents 4.4, 4.6 and 4.9.1–4.9.8 name the levels, lenses, blocks and leaves; questions, anchors and the
    lenses of each leaf are our own wording and assignment.

    Parameters
    ----------
    lang : {"en", "fa", "ru"}

    Returns
    -------
    DataFrame
        29 leaves × 7 levels: ``block``, ``leaf``, ``source`` (statement), ``lenses``, ``block_label``, ``label``,
        ``question``, ``level`` (0 to 6), ``level_name``, ``anchor``.

    Raises
    ------
    UnsupportedError
        For another language.

    Examples
    --------
    >>> found = anchors("en")
    >>> len(found), found["leaf"].nunique(), found["block"].nunique()
    (203, 29, 8)
    """
    language(lang)
    rows = [
        (
            block.id, leaf.id, leaf.source, " ".join(leaf.lenses), block.label[lang], leaf.label[lang],
            leaf.question[lang], level, level_name(level, lang), anchor[lang],
        )
        for block in blocks()
        for leaf in block.leaves
        for level, anchor in enumerate(leaf.anchors)
    ]  # fmt: skip
    columns = ("block", "leaf", "source", "lenses", "block_label", "label", "question", "level", "level_name", "anchor")
    return pd.DataFrame(rows, columns=list(columns))
