"""Bytes to characters: what the encoding of a text is, and whether that is certain; standard library only."""

from __future__ import annotations

import re
import unicodedata

from crmstudy.errors import DataError, Fault

#: Windows code pages that are tried when a file is not UTF-8, with the script whose words must then appear.
CODE_PAGES = {"cp1251": "CYRILLIC", "cp1256": "ARABIC"}
_WORD = re.compile("(?:[^\\W\\d_]|[\u064b-\u0652])+")
_HALF = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


def decode(raw: bytes, file: str) -> tuple[str, str, bool]:
    """Characters, the encoding used, and whether it is a guess.

    UTF-8 and UTF-16 with a byte-order mark are certain. Otherwise a Windows code page is taken only when
    nearly all of the words that are not plain ASCII are whole words of its script, and the other page fares
    worse; where both make sense, the file is refused.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return raw.decode("utf-16"), "utf-16", False
        except UnicodeDecodeError:
            raise DataError(Fault("the file begins like UTF-16 but is not; save it as CSV UTF-8.", file)) from None
    if raw.startswith(b"PK\x03\x04"):
        raise DataError(Fault("this is a workbook or archive, not text; save it as CSV UTF-8.", file))
    if b"\x00" in raw:
        raise DataError(Fault("this is not a text file; save it as CSV UTF-8.", file))
    try:
        return raw.decode("utf-8-sig"), "utf-8", False
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        if _HALF.search(raw) and _is_text(raw):
            message = "the file holds half of a character (a lone surrogate), so it is no UTF-8; save it as CSV UTF-8."
            raise DataError(Fault(message, file, line)) from None
        page = guess_page(raw)
        if page is not None:
            return raw.decode(page), page, True
        tried = " nor clearly ".join(CODE_PAGES)
        message = f"the file is neither UTF-8 (byte {error.start + 1}) nor clearly {tried}; save it as CSV UTF-8."
        raise DataError(Fault(message, file, line)) from None


def _is_text(raw: bytes) -> bool:
    """Whether a file would be UTF-8 if halves of characters were allowed."""
    try:
        raw.decode("utf-8", errors="surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def guess_page(raw: bytes) -> str | None:
    """The Windows code page the words speak for, or None.

    Few Russian words can also be read as Persian ones, and long Persian words, read as Cyrillic, mix capitals into
    themselves. Short Persian words may look Cyrillic, but then most lack a vowel; where they have one, the pages
    cannot be told apart.
    """
    shares = {page: _share_of_words(raw, page, script) for page, script in CODE_PAGES.items()}
    russian, persian = shares["cp1251"], shares["cp1256"]
    if russian >= 0.95 and persian < 0.9:
        return "cp1251"
    if persian >= 0.9 and (russian <= 0.5 or _share_with_vowel(raw.decode("cp1251")) < 0.5):
        return "cp1256"
    return None


def _share_with_vowel(text: str) -> float:
    words = {word for word in _WORD.findall(text.lower()) if not word.isascii()}
    return sum(bool(set(word) & set("аеёиоуыэюяіїє")) for word in words) / len(words)


def _share_of_words(raw: bytes, page: str, script: str) -> float:
    """Give the share of the different words with non-ASCII letters that are whole words of the script."""
    try:
        text = raw.decode(page)
    except UnicodeDecodeError:
        return 0.0
    words = {word for word in _WORD.findall(text) if not word.isascii()}
    return sum(_is_word(word, script) for word in words) / len(words) if words else 0.0


def _is_word(word: str, script: str) -> bool:
    names = [unicodedata.name(letter, "") for letter in word]
    if script == "ARABIC":  # marks above letters are not written, and two letters are none of Persian
        return all(name.startswith("ARABIC LETTER ") for name in names) and not set(word) & set("\u06c1\u0625")
    cased = word.islower() or word.isupper() or (word[:1].isupper() and word[1:].islower())
    return cased and all(name.startswith(script) for name in names)
