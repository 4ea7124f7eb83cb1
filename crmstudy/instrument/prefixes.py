"""Names that differ only in a number at their end, such as IMAG1 and IMAG2: the items of one scale, probably."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Persian and Arabic digits, as they stand in column names.
_DIGITS = {ord(digit): str(index % 10) for index, digit in enumerate("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩")}
_NUMBERED = re.compile(r"(?P<prefix>.*?[^\W\d_].*?)[ ._-]*(?P<number>\d+)")


def propose_scales(columns: Sequence[str], taken: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """Group columns whose names differ only in a number at their end.

    Parameters
    ----------
    columns : sequence of str
        Names that may be items.
    taken : sequence of str
        Names that a scale must not have.

    Examples
    --------
    >>> propose_scales(["IMAG1", "IMAG2", "q1_1", "q1_2", "age"])
    {'IMAG': ('IMAG1', 'IMAG2'), 'q1': ('q1_1', 'q1_2')}
    """
    groups: dict[str, list[str]] = {}
    spelling: dict[str, str] = {}
    for name in columns:
        prefix = numbered(name)
        if prefix is not None:
            spelling.setdefault(prefix.casefold(), prefix)
            groups.setdefault(prefix.casefold(), []).append(name)
    scales: dict[str, tuple[str, ...]] = {}
    used = {name.casefold() for name in (*columns, *taken)}
    for key, members in groups.items():
        if len(members) > 1:
            scale = scale_id(spelling[key])
            while scale.casefold() in used:
                scale += "_scale"
            used.add(scale.casefold())
            scales[scale] = tuple(members)
    return scales


def scale_id(text: str) -> str:
    """A name a scale can have, made of any text.

    Examples
    --------
    >>> scale_id("work life.2"), scale_id("1st")
    ('work_life_2', 's_1st')
    """
    letters = "".join(letter if f"_{letter}".isidentifier() else "_" for letter in text)
    name = re.sub(r"_+", "_", letters).strip("_") or "scale"
    return name if name.isidentifier() else f"s_{name}"


def is_item_id(name: str) -> bool:
    """Whether a column name can be the id of an item."""
    return name.replace(".", "_").isidentifier()


def numbered(name: str) -> str | None:
    """The part of a name before the number at its end; None where it has none."""
    found = _NUMBERED.fullmatch(name.translate(_DIGITS))
    return None if found is None else name[: found.end("prefix")]
