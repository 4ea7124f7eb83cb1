"""The names of scales in the language of a report; ids stay in CSV files and formulas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmstudy.responses import Responses


def in_language(texts: Mapping[str, str], lang: str) -> str:
    """The text in a language, else in English, else in any; empty where there is none."""
    return texts.get(lang) or texts.get("en") or next(iter(texts.values()), "")


def scale_names(responses: Responses, lang: str) -> dict[str, str]:
    """The name of every scale by its id; scales that share a name have the id behind it."""
    names = {id: in_language(scale.name, lang) or id for id, scale in responses.scores.items()}
    count = Counter(names.values())
    return {id: f"{name} ({id})" if count[name] > 1 and name != id else name for id, name in names.items()}


def in_scale_order(responses: Responses, ids: list[str]) -> list[str]:
    """Ids of scales in the order of the instruments; what is no scale comes last."""
    order = {id: place for place, id in enumerate(responses.scores)}
    return sorted(ids, key=lambda id: order.get(id, len(order)))
