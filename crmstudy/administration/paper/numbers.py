"""Numbers of paper sheets: five digits that run through the study and a digit that shows a slip of the pen.

The last digit is H. M. Damm's (2004): it finds every single wrong digit and every pair of neighbours that changed
places.
"""

from __future__ import annotations

from crmstudy.letters import digits

#: The least digits a running number is written with.
WIDTH = 5
#: A quasigroup of order 10 that is totally anti-symmetric, with zeros in its diagonal (Damm, 2004).
_STEPS = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
_LONGEST = 40


def sheet_number(running: int) -> str:
    """The number of a sheet: the running number and its check digit.

    Examples
    --------
    >>> sheet_number(572), sheet_number(1)
    ('005724', '000013')
    """
    text = f"{running:0{WIDTH}d}"
    return f"{text}{_check(text)}"


def read_sheet_number(text: str) -> str | None:
    """The number that somebody wrote, in any digits and with hyphens or blanks; None when it can be none.

    Examples
    --------
    >>> read_sheet_number("00572-4"), read_sheet_number("۰۰۵۷۲۴"), read_sheet_number("00527-4")
    ('005724', '005724', None)
    """
    said = "".join(digits(text[: _LONGEST + 1]).replace("-", " ").split())
    if not (said.isascii() and said.isdecimal() and len(said) <= _LONGEST):
        return None
    said = said.lstrip("0").rjust(WIDTH + 1, "0")
    return said if _check(said) == 0 and int(said) else None


def shown_number(number: str) -> str:
    """A number as it is printed, its check digit apart.

    Examples
    --------
    >>> shown_number("005724")
    '00572-4'
    """
    return f"{number[:-1]}-{number[-1]}"


def _check(text: str) -> int:
    held = 0
    for digit in text:
        held = _STEPS[held][int(digit)]
    return held
