"""Names and labels as other programs allow them: legal, unique, cut at a character; every change is told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from crmstudy.exchange.export_log import ExportLog

ELLIPSIS = "…"
#: Words that SPSS and Stata keep for themselves.
SPSS_RESERVED = frozenset(["all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"])
STATA_RESERVED = frozenset([
    "_all", "_b", "byte", "_coef", "_cons", "double", "float", "if", "in", "int", "long", "_n", "_N", "_pi", "_pred",
    "_rc", "_skip", "strL", "using", "with",
])  # fmt: skip
_STATA_STRING = re.compile(r"str\d+")
#: Letters that join to the one before them: a text is never cut in front of one.
_JOINING = ("Mn", "Me", "Mc")
_INVISIBLE = "\u200c\u200d\ufe0e\ufe0f\u2060"


@dataclass(frozen=True, slots=True)
class NameRule:
    """What a program allows as the name of a variable."""

    program: str
    longest: int
    in_bytes: bool
    letter: Callable[[str], bool]
    first: Callable[[str], bool]
    reserved: Callable[[str], bool]
    folds_case: bool

    def fits(self, name: str) -> bool:
        """Whether a name is short enough."""
        return len(name.encode("utf-8") if self.in_bytes else name) <= self.longest


def _word_letter(letter: str) -> bool:
    """A letter or digit of any script, in the form in which it stands for itself."""
    return letter == "_" or unicodedata.category(letter) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd")


def _begins(letter: str) -> bool:
    return unicodedata.category(letter) in ("Lu", "Ll", "Lt", "Lm", "Lo")


SPSS = NameRule(
    "SPSS", 64, True,
    lambda letter: _word_letter(letter) or letter in ".@#$", _begins,
    lambda name: name.lower() in SPSS_RESERVED, True,
)  # fmt: skip
STATA = NameRule(
    "Stata", 32, False, _word_letter, lambda letter: _begins(letter) or letter == "_",
    lambda name: name in STATA_RESERVED or _STATA_STRING.fullmatch(name) is not None, False,
)  # fmt: skip


def legal_names(names: Iterable[str], rule: NameRule, log: ExportLog, *, beside: Iterable[str] = ()) -> dict[str, str]:
    """The name of each variable as a program allows it; names that are legal stay, changes go into the log.

    A letter that is not allowed becomes ``_``, a bad beginning gets a ``v`` in front, a reserved word and a name that
    stands already, among them or ``beside`` them, get a number behind.
    """
    names = list(names)
    legal: dict[str, str] = {}
    taken = {name.lower() if rule.folds_case else name for name in beside}
    for name in names:  # those that need no change keep their names, whatever stands before them
        key = name.lower() if rule.folds_case else name
        if _is_legal(name, rule) and key not in taken:
            legal[name] = name
            taken.add(key)
    for name in names:
        if name in legal:
            continue
        made = _unique(_allowed(name, rule), rule, taken)
        taken.add(made.lower() if rule.folds_case else made)
        legal[name] = made
        log.add(f"the name is not allowed in {rule.program} and was changed to '{made}'.", name)
    return {name: legal[name] for name in names}


def cut_bytes(text: str, limit: int) -> str:
    """A text of at most ``limit`` bytes (UTF-8): where it is longer it ends in "…", never inside a letter."""
    if len(text.encode("utf-8")) <= limit:
        return text
    room = max(limit - len(ELLIPSIS.encode("utf-8")), 0)
    kept = text.encode("utf-8")[:room].decode("utf-8", errors="ignore")
    return _whole(text, len(kept)).rstrip() + ELLIPSIS if room else ""


def cut_letters(text: str, limit: int) -> str:
    """A text of at most ``limit`` letters; where it is longer it ends in "…"."""
    if len(text) <= limit:
        return text
    return _whole(text, limit - 1).rstrip() + ELLIPSIS


def shortened(
    text: str, limit: int, where: str, what: str, log: ExportLog, *, in_bytes: bool = True, quote: bool = True
) -> str:
    """A text cut to what a format holds, with a line in the log when it had to be, which may give it in full."""
    made = cut_bytes(text, limit) if in_bytes else cut_letters(text, limit)
    if made != text:
        unit = "bytes" if in_bytes else "letters"
        log.add(f"{what} is longer than {limit} {unit} and was cut" + (f"; in full: {text}" if quote else "."), where)
    return made


def _whole(text: str, length: int) -> str:
    """The beginning of a text, so that no letter loses its marks and nothing invisible stands at the end."""
    while 0 < length < len(text) and (unicodedata.category(text[length]) in _JOINING or text[length] in _INVISIBLE):
        length -= 1
    return text[:length].rstrip(_INVISIBLE)


def _is_legal(name: str, rule: NameRule) -> bool:
    return (
        bool(name) and rule.fits(name) and rule.first(name[0]) and all(map(rule.letter, name))
        and not rule.reserved(name) and not (rule.program == "SPSS" and name.endswith((".", "_")))
    )  # fmt: skip


def _allowed(name: str, rule: NameRule) -> str:
    made = "".join(letter if rule.letter(letter) else "_" for letter in unicodedata.normalize("NFC", name))
    made = made.rstrip("._") if rule.program == "SPSS" else made
    if not made or not rule.first(made[0]):
        made = f"v{made}" if made else "v"
    return _fitting(made, rule, "")


def _unique(name: str, rule: NameRule, taken: set[str]) -> str:
    made, number = name, 1
    while rule.reserved(made) or (made.lower() if rule.folds_case else made) in taken:
        number += 1
        made = _fitting(name, rule, f"_{number}")
    return made


def _fitting(name: str, rule: NameRule, end: str) -> str:
    while not rule.fits(name + end):
        name = name[:-1]
    name = name.rstrip("._") if rule.program == "SPSS" and not end else name
    return (name or "v") + end
