"""How the columns of a grid are headed, and how wide they are: worked out once, the same for HTML and PDF."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crmstudy.instrument.forms import Choice

#: Millimetres of a sheet: what all answers of a grid may take, the narrowest column of numbers and of labels, the
#: margins of a column, a letter of a heading.
ANSWERS_WIDTH, NARROWEST, NARROW, MARGINS = 114.0, 9.0, 13.0, 2.0
LETTER, CYRILLIC_LETTER = 1.35, 1.6
#: Letters from which a word of a heading may be divided: at first only long ones, then shorter ones.
LONG_WORDS = (11, 9, 7)
_SOFT_HYPHEN = "\u00ad"
_VOWELS, _CONSONANTS, _SIGNS = "аеёиоуыэюя", "бвгджзклмнпрстфхцчшщ", "йьъ"
#: Where a Russian word may be divided, by classes of letters (the rules of P. Khristov).
_DIVISIONS = tuple(
    re.compile(f"(?={before}{after})({before})")
    for before, after in (
        (f"[{_SIGNS}]", f"[{_VOWELS}{_CONSONANTS}]{{2}}"),
        (f"[{_VOWELS}]", f"[{_VOWELS}][{_VOWELS}{_CONSONANTS}{_SIGNS}]"),
        (f"[{_VOWELS}][{_CONSONANTS}]", f"[{_CONSONANTS}][{_VOWELS}]"),
        (f"[{_CONSONANTS}][{_VOWELS}]", f"[{_CONSONANTS}][{_VOWELS}]"),
        (f"[{_VOWELS}][{_CONSONANTS}]", f"[{_CONSONANTS}]{{2}}[{_VOWELS}]"),
    )
)


@dataclass(frozen=True, slots=True)
class Headings:
    """How a grid is headed: ``labels``, ``ends`` (numbers between two labels) or ``key`` (numbers, explained above).

    ``heads`` are the labels with invisible places to divide them at, ``widths`` millimetres; both column by column.
    """

    kind: str
    heads: tuple[str, ...]
    widths: tuple[float, ...]


def headings_of(choices: Sequence[Choice], lang: str) -> Headings:
    """The headings of a grid with these answers, such that the texts of its questions keep room."""
    valid = [choice for choice in choices if not choice.missing]
    inner = any(choice.label for choice in valid[1:-1])
    kind = "labels" if inner or all(choice.label for choice in valid) else "ends"
    uneven: Headings | None = None
    for letters in LONG_WORDS:
        heads = tuple(divided(choice.label, lang, letters) for choice in choices)
        widths = [
            _width(head) if kind == "labels" or choice.missing else NARROWEST
            for choice, head in zip(choices, heads, strict=True)
        ]
        even = [max(widths[: len(valid)], default=NARROWEST)] * len(valid) + widths[len(valid) :]
        if sum(even) <= ANSWERS_WIDTH:  # columns of one width look like one scale
            return Headings(kind, heads, tuple(even))
        if uneven is None and sum(widths) <= ANSWERS_WIDTH:
            uneven = Headings(kind, heads, tuple(widths))
    return uneven or Headings("key", tuple(choice.label for choice in choices), (NARROWEST,) * len(choices))


def _width(head: str) -> float:
    """Millimetres that a label takes: its longest word, or half of one that may be divided."""
    longest = 0.0
    for word in re.split(r"[\s\u200b]+", head.replace("\u200c", "")):
        pieces = word.split(_SOFT_HYPHEN)
        lengths = [sum(1.0 if sign.isalnum() else 0.5 for sign in piece) for piece in pieces]
        held = lengths[0] if len(lengths) == 1 else max(sum(lengths) / 2 + 0.5, *lengths)
        longest = max(longest, held * (CYRILLIC_LETTER if re.search("[\u0400-\u04ff]", word) else LETTER))
    return round(max(NARROW, longest + MARGINS), 1)


def divided(label: str, lang: str, letters: int = LONG_WORDS[0]) -> str:
    """A label whose Russian words of so many letters have soft hyphens; other languages stay as they are.

    Examples
    --------
    >>> divided("Очень вероятно, удовлетворённость", "ru").replace(chr(0xAD), "-")
    'Очень вероятно, удов-лет-во-рён-ность'
    """
    if lang != "ru":
        return label
    return re.sub(rf"\w{{{letters},}}", lambda word: _divided_word(word[0]), label)


def _divided_word(word: str) -> str:
    small = word.lower()
    places = {found.end(1) for rule in _DIVISIONS for found in rule.finditer(small)}
    kept = [place for place in places if 3 <= place <= len(word) - 3]
    return "".join(_SOFT_HYPHEN + letter if place in kept else letter for place, letter in enumerate(word))
