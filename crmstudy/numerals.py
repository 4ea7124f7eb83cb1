"""How a number is written: typed kinds, decimals, leading zeros, digits and marks of a style.

A number travels through crmstudy with its *kind* and is turned into text only where a person reads it. The rules
follow the APA manual (7th ed., ch. 6): no leading zero where a value cannot exceed 1, exact p to three decimals and
``< .001`` below that, never ``.000``. A style for another language is another :class:`NumberStyle`, not other code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "p", "r", "index", "estimate", "statistic", "df", "n", "percent", "interval", "interval_r"]
#: Kinds whose values cannot exceed 1 in absolute value when the solution is proper.
BOUNDED = frozenset({"p", "r", "index", "interval_r"})
DECIMALS: dict[str, int] = {
    "p": 3, "r": 2, "index": 3, "estimate": 2, "statistic": 2, "df": 0, "n": 0, "percent": 1, "interval": 2,
    "interval_r": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """The marks of one way of writing numbers.

    ``digits`` are the ten digits from 0 to 9; ``decimal`` the decimal mark; ``group`` the thousands mark;
    ``leading_zero`` tells whether bounded values keep their zero (``0.83``) or lose it (``.83``); ``percent`` is a
    template; ``between`` stands between the two ends of an interval.
    """

    name: str
    decimal: str = "."
    group: str = ","
    minus: str = "−"
    digits: str = "0123456789"
    leading_zero: bool = False
    percent: str = "{}%"
    between: str = ", "
    empty: str = "–"

    def localise(self, plain: str) -> str:
        """Turn a plain ASCII number (``-1,234.5``) into this style's digits and marks."""
        table = {ord("."): self.decimal, ord(","): self.group, ord("-"): self.minus}
        table.update({ord(str(i)): digit for i, digit in enumerate(self.digits)})
        return plain.translate(table)


APA = NumberStyle("apa")
#: How sentences of a language write numbers.
LANGUAGE_STYLES = {
    "en": APA,
    "fa": NumberStyle(
        "fa", decimal="٫", group="٬", minus="\u200e−", digits="۰۱۲۳۴۵۶۷۸۹", leading_zero=True, percent="{}٪",
        between="؛ "
    ),
    "ru": NumberStyle("ru", decimal=",", group="\xa0", leading_zero=True, percent="{}\xa0%", between="; "),
}  # fmt: skip


def write_number(value: object, kind: Kind, style: NumberStyle = APA, decimals: int | None = None) -> str:
    """Write one value of a kind; an interval is a pair ``(low, high)``. What is absent (None, NaN) is a dash.

    Raises
    ------
    ValueError
        For a kind that does not exist.
    """
    if kind == "text":
        return "" if value is None else str(value)
    if kind not in DECIMALS:
        raise ValueError(f"a number kind is one of {', '.join(DECIMALS)} or text, not {kind!r}")
    places = DECIMALS[kind] if decimals is None else decimals
    if kind in ("interval", "interval_r"):
        return _write_interval(value, kind, style, places)
    number = _as_float(value)
    if number is None:
        return style.empty
    if math.isinf(number):
        # the sign of infinity has no direction of its own: the mark before the minus is needed after it too
        return "∞" if number > 0 else f"{style.minus}∞{style.minus.removesuffix('−')}"
    if kind == "n":
        return style.localise(f"{round(number):,d}")
    if kind == "df":
        return style.localise(f"{int(number)}" if number == int(number) else _unsigned_zero(f"{number:.2f}"))
    if kind == "percent":
        return style.percent.format(style.localise(_unsigned_zero(f"{number:.{places}f}")))
    if kind == "p":
        return _write_p(number, style, places)
    return _write_decimal(number, style, places, bounded=kind in BOUNDED)


def p_phrase(value: object, style: NumberStyle = APA) -> str:
    """``p = .012`` or ``p < .001``."""
    text = write_number(value, "p", style)
    return f"p {text}" if text[:1] in "<>" else f"p = {text}"


def index_phrase(name: str, value: object, style: NumberStyle = APA) -> str:
    """``RMSEA = .051`` or ``RMSEA < .001``."""
    text = write_number(value, "index", style)
    return f"{name} {text}" if text[:1] in "<>" else f"{name} = {text}"


def _write_interval(value: object, kind: str, style: NumberStyle, places: int) -> str:
    if not isinstance(value, tuple | list) or len(value) != 2:
        return style.empty
    ends = [_as_float(end) for end in value]
    if ends[0] is None or ends[1] is None:
        return style.empty
    inner: Kind = "r" if kind == "interval_r" else "estimate"
    return f"[{style.between.join(write_number(end, inner, style, places) for end in ends)}]"


def _write_p(number: float, style: NumberStyle, places: int) -> str:
    smallest = 10.0**-places
    if number < smallest:
        return "< " + _trim(f"{smallest:.{places}f}", style)
    if number > 1 - smallest / 2:
        return "> " + _trim(f"{1 - smallest:.{places}f}", style)
    return _trim(f"{number:.{places}f}", style)


def _write_decimal(number: float, style: NumberStyle, places: int, *, bounded: bool) -> str:
    plain = _unsigned_zero(f"{number:.{places}f}")
    if not bounded:
        return style.localise(plain)
    if float(plain) == 0 and places >= 3:  # ".000" tells nothing: zero, or smaller than the last decimal
        if number == 0:
            return style.localise("0")
        sign = ("< ", "") if number > 0 else ("> ", "-")
        return sign[0] + _trim(f"{sign[1]}{10.0**-places:.{places}f}", style)
    if abs(float(plain)) == 1 and places >= 3:
        return style.localise("1" if number > 0 else "-1") + style.decimal + style.localise("00")
    return _trim(plain, style)


def _trim(plain: str, style: NumberStyle) -> str:
    """Drop the zero before the decimal mark, where the style does."""
    if not style.leading_zero:
        if plain.startswith("0."):
            plain = plain[1:]
        elif plain.startswith("-0."):
            plain = "-" + plain[2:]
    return style.localise(plain)


def _unsigned_zero(plain: str) -> str:
    return plain[1:] if plain.startswith("-") and float(plain) == 0 else plain


def _as_float(value: object) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number
