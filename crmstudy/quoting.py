"""Words of a file where they could do harm: in a sentence, in a cell of a spreadsheet."""

from __future__ import annotations

#: Joiners of Persian letters print nothing, and belong to the words.
_JOINERS = "\u200c\u200d"
#: A cell that begins with one of these is taken for a formula, or hides one, in some spreadsheet.
FORMULA_SIGNS = "=+-@\t\r\n\0＝＋－＠"
#: Marks of direction, joiners, byte order marks: nobody sees them before a sign, and some programs pass over them.
UNSEEN = (
    "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)


def shown(text: object, longest: int = 40) -> str:
    r"""A text as it may stand in a sentence; what cannot be printed becomes a blank.

    Examples
    --------
    >>> shown("a\x1b[2Jb"), shown("x" * 50, 5)
    ('a [2Jb', 'xxxxx...')
    """
    start = str(text)[: longest + 1]
    said = "".join(letter if letter.isprintable() or letter in _JOINERS else " " for letter in start)
    return said if len(said) <= longest else said[:longest] + "..."


def harmless(text: str) -> str:
    """A text that a spreadsheet takes for text, not for a formula.

    Examples
    --------
    >>> harmless("=1+1"), harmless("a=1")
    ("'=1+1", 'a=1')
    """
    return f"'{text}" if text.lstrip(UNSEEN).startswith(tuple(FORMULA_SIGNS)) else text
