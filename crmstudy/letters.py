"""Letters, digits and marks that are written in several ways: one table, and what each use of it may change.

People type what their keyboard gives them. Whether two texts say the same is asked of :func:`plain` (reads like the
other) or :func:`key` (the same but for blanks and punctuation); a number is looked for in :func:`digits`; what is
stored goes through :func:`tidy`, which changes nothing a reader could see.

==================================  =========================  ==========  ========================================
written                             compared as                stored      why
==================================  =========================  ==========  ========================================
ي ى ې ۍ, ك ڪ                        ی, ک                       fa: ی, ک    Arabic keyboards; they look alike
ئ, ؤ                                ی, و                       kept        مسئول and مسؤول are one word
أ إ ٱ                               ا                          kept        تأثیر and تاثیر are one word
آ                                   آ                          kept        a letter of its own: آن is not ان
ة ۀ ە ہ ھ, ه with hamza above       ه                          kept        ezafe is written or not: خانهٔ, خانه
ه, zero-width non-joiner, ی         ه                          kept        the other way to write that ezafe
harakat, tatweel                    nothing                    fa: no ـ    decoration
zero-width joiners                  nothing                    tidied      می‌خواهم, میخواهم; dropped beside blanks
marks of direction, BOM             nothing                    nothing     invisible
presentation forms (ﻛ, ﻻ)           their letters              letters     left behind by old programs
ё, Ё                                е                          kept        the dots are optional in Russian
۰–۹ ٠–٩ and other decimal digits    0–9                        kept        one number, several scripts
٫, ٬                                . and nothing              kept        decimal and thousands mark
‐ ‑ ‒ – — ― −                       -                          kept        typed or set by a word processor
« » “ ” „ ‟ ″, ‘ ’ ‚ ‛ ′ ` ´        " and '                    kept        likewise
no-break, thin and other blanks     one blank                  one blank   likewise
capitals                            small letters              kept
==================================  =========================  ==========  ========================================

Unicode's own normal forms do none of this for Persian: ي and ی stay different in all four.
"""

from __future__ import annotations

import re
import unicodedata

#: Arabic letters in the place of Persian ones, with the letter that is meant: wrong in a Persian text.
ARABIC_FOR_PERSIAN = {"\u064a": "\u06cc", "\u0649": "\u06cc", "\u0643": "\u06a9"}
#: Letters that count as another letter when texts are compared.
SAME_LETTERS = {
    **ARABIC_FOR_PERSIAN,
    "\u06d0": "\u06cc", "\u06cd": "\u06cc", "\u0626": "\u06cc",  # ې ۍ ئ
    "\u06aa": "\u06a9",  # ڪ
    "\u0624": "\u0648",  # ؤ
    "\u0623": "\u0627", "\u0625": "\u0627", "\u0671": "\u0627",  # أ إ ٱ
    "\u0629": "\u0647", "\u06c0": "\u0647", "\u06d5": "\u0647", "\u06c1": "\u0647", "\u06c2": "\u0647",
    "\u06c3": "\u0647", "\u06be": "\u0647",  # ة ۀ ە ہ ۂ ۃ ھ
    "\u0451": "\u0435", "\u0401": "\u0415",  # ё Ё
}  # fmt: skip
DIGITS = {**{chr(0x06F0 + n): str(n) for n in range(10)}, **{chr(0x0660 + n): str(n) for n in range(10)}}
DECIMAL_MARK, THOUSANDS_MARK = "\u066b", "\u066c"
#: Signs that stand for a minus or a hyphen.
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
DOUBLE_QUOTES = "\u00ab\u00bb\u201c\u201d\u201e\u201f\u2033\uff02"
SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u2032`\u00b4"
#: Marks above and below Arabic letters, among them the hamza above that writes an ezafe.
HARAKAT = "".join(map(chr, (*range(0x0610, 0x061B), *range(0x064B, 0x0653), *range(0x0654, 0x0660), 0x0670)))
TATWEEL = "\u0640"
NON_JOINER, JOINER = "\u200c", "\u200d"
#: Marks of writing direction, the byte-order mark and other characters of no width that are no spelling.
INVISIBLE = "\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad"
#: Punctuation that :func:`key` leaves out. Signs with a meaning of their own (+ - < > = / %) stay.
_PUNCTUATION = ".,;:!?\u060c\u061b\u061f\u2026\"'*()[]{}\u066d\u06d4_"

_FOLD: dict[int, str | None] = {ord(letter): same for letter, same in (SAME_LETTERS | DIGITS).items()}
_FOLD |= dict.fromkeys(map(ord, HARAKAT + TATWEEL + NON_JOINER + JOINER + INVISIBLE + THOUSANDS_MARK))
_FOLD |= dict.fromkeys(map(ord, DASHES), "-") | {ord(DECIMAL_MARK): "."}
_FOLD |= dict.fromkeys(map(ord, DOUBLE_QUOTES), '"') | dict.fromkeys(map(ord, SINGLE_QUOTES), "'")
_KEY = dict.fromkeys(map(ord, _PUNCTUATION + " "))
_NUMBER: dict[int, str | None] = {ord(digit): plain for digit, plain in DIGITS.items()}
_NUMBER |= dict.fromkeys(map(ord, DASHES), "-")
_NUMBER |= dict.fromkeys(map(ord, INVISIBLE)) | {ord(DECIMAL_MARK): "."}
_THOUSANDS = re.compile(f"(?<!\\d)\\d{{1,3}}(?:{THOUSANDS_MARK}\\d{{3}})+(?!\\d)")
_STORED = dict.fromkeys(map(ord, INVISIBLE))
_PERSIAN = {ord(wrong): right for wrong, right in ARABIC_FOR_PERSIAN.items()} | {ord(TATWEEL): None}
_EZAFE = re.compile("\u0647\u200c[\u06cc\u064a\u0649](?!\\w)")
_FORMS = re.compile("[\ufb50-\ufbb1\ufbd3-\ufbe9\ufbfc-\ufbff\ufe80-\ufefc]+")
_BLANKS = re.compile(r"[^\S\n]+")
_JOINERS = re.compile("([\u200c\u200d])[\u200c\u200d]+")
_LOOSE_JOINERS = re.compile("(?:^|(?<=\\s))[\u200c\u200d]+|[\u200c\u200d]+(?=\\s|$)")


def plain(text: str) -> str:
    """A text as it is compared with another: one way of writing letters, digits, dashes, quotes, blanks and case.

    Examples
    --------
    >>> plain("  کاملاً  موافقم ") == plain("كاملا موافقم"), plain("Всё — «Да»"), plain("۱۲٫۵")
    (True, 'все - "да"', '12.5')
    """
    text = _EZAFE.sub("\u0647", text.translate(_STORED))
    folded = unicodedata.normalize("NFKC", text).translate(_FOLD)
    if not folded.isascii():
        folded = _ascii_digits(folded)
    return " ".join(folded.split()).casefold()


def key(text: str) -> str:
    """A text as :func:`plain` gives it, without blanks and punctuation: what labels and headings are found by.

    A text of nothing but punctuation keeps it.

    Examples
    --------
    >>> key("1. I like my work.") == key("1) I like  my work"), key("18-25"), key("?")
    (True, '18-25', '?')
    """
    folded = plain(text)
    bare = folded.translate(_KEY) or folded.replace(" ", "")
    return bare if bare.isascii() else plain(bare)  # what stands side by side now may be one letter


def digits(text: str) -> str:
    """A text in which a number may be found: ASCII digits, a point for ٫, a plain minus, no blanks at the ends.

    ٬ goes where it separates thousands. Letters, commas and points stay as they are, so that what is no number does
    not become one.

    Examples
    --------
    >>> digits(" ۴٫۵ "), digits("\u2212٣"), digits("۱٬۲۳۴"), digits("п. ۲")
    ('4.5', '-3', '1234', 'п. 2')
    """
    if text.isascii():
        return text.strip()
    text = _THOUSANDS.sub(lambda found: found[0].replace(THOUSANDS_MARK, ""), text.translate(_NUMBER))
    return _ascii_digits(text).strip()


def tidy(text: str, lang: str = "") -> str:
    r"""A text as it is stored: composed, without what nobody sees, with plain blanks; nothing a reader could notice.

    Zero-width joiners stay where they join and go where they do nothing. With ``lang="fa"`` Arabic letters become
    the Persian ones they stand for, and tatweel goes. Line ends stay, written ``\n``.

    Examples
    --------
    >>> tidy(" a\u00a0 b\u200f\u200c "), tidy("كيفي", "fa") == "کیفی", tidy("كيفي") == "كيفي"
    ('a b', True, True)
    """
    text = _FORMS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text).translate(_STORED)
    if lang.split("-")[0] == "fa":
        text = text.translate(_PERSIAN)
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = _LOOSE_JOINERS.sub("", _JOINERS.sub(r"\1", text))
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in text.split("\n")).strip("\n")


def _ascii_digits(text: str) -> str:
    """Decimal digits of any script as 0 to 9 (² and ½ are no decimal digits)."""
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)
