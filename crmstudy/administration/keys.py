"""Secrets: the key of a study, the keys derived from it, and the codes that respondents hold.

A code is 130 random bits, written as 26 signs of Crockford's base32, which has no I, L, O and U. Whoever reads it off
paper may write it in any case, with O for 0 and I or L for 1, in groups, with Persian digits or with the Cyrillic
letters that look the same. What is stored of a code is its SHA-256, taken apart by kind, so that the traces of one
code in two places cannot be matched.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Literal

from crmstudy.errors import OutputError
from crmstudy.letters import digits

Kind = Literal["token", "draft", "submission", "access"]
KINDS = ("token", "draft", "submission", "access")
#: The signs of a code, in the order of their values.
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: So many random bits has a code, and so many signs.
BITS, LENGTH = 130, 26
#: The name of the file that holds the key of a study, and its length in bytes.
KEY_FILE, KEY_BYTES = "secret.key", 32

#: What people write for a sign: letters that Crockford leaves out, and Cyrillic letters that look like Latin ones;
#: and what stands between signs, or comes along with a code that is copied out of a sentence.
_MEANT = str.maketrans("OILАВЕКМНОРСТУХ", "011ABEKMH0PCTYX", "-_.·,;:،؛()<>«»\"'\u200c\u200d")
#: A text longer than this is no code, however it is grouped.
_LONGEST = 200


def study_key(place: Path) -> bytes:
    """The key of a study, from ``secret.key`` in the folder of what is collected; made when there is none.

    The file is readable by its owner only, and is never replaced: two programs that start at once get the same key.

    Raises
    ------
    OutputError
        When the file cannot be made or read, or is no key.
    """
    path = place / KEY_FILE
    try:
        if not path.exists():
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make(path)
        raw = path.read_bytes()
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            message = f"'{path}' can be read by others than its owner; take their rights away: chmod 600 '{path}'"
            raise OutputError(message)
    except OSError as bad:
        raise OutputError(f"the key of the study cannot be kept in '{path}': {bad.strerror or bad}.") from None
    if len(raw) != KEY_BYTES:
        found = f"'{path}' must hold the {KEY_BYTES} bytes of the study's key; found {len(raw)}."
        raise OutputError(f"{found} Put it back from a backup; with another key, links and cookies lose their worth.")
    return raw


def derived(key: bytes, label: str) -> bytes:
    """A key for one purpose, made of the study's key: knowing one tells nothing of another, nor of the study's.

    One block of HKDF-Expand with SHA-256 (RFC 5869); a study's key is random, and needs no extraction.
    """
    return hmac.digest(key, b"crmstudy " + label.encode() + b"\x01", "sha256")


def new_secret() -> str:
    """A new code of 130 random bits.

    Examples
    --------
    >>> len(new_secret()), new_secret() == new_secret()
    (26, False)
    """
    return _written(secrets.randbits(BITS))


def grouped(secret: str, size: int = 4) -> str:
    """A code in groups, as it is shown and printed.

    Examples
    --------
    >>> grouped("0123456789ABCDEFGHJKMNPQRS")
    '0123-4567-89AB-CDEF-GHJK-MNPQ-RS'
    """
    return "-".join(secret[at : at + size] for at in range(0, len(secret), size))


def read_secret(text: str) -> str | None:
    """The code that somebody wrote, or None when it can be none.

    Examples
    --------
    >>> read_secret(" o123 4567 89ab cdef ghjk mnpq rs ") == read_secret("O۱۲۳-۴۵۶۷-89ab-CDEF-GHJK-MNPQ-RS")
    True
    >>> read_secret("0123") is None
    True
    """
    if len(text) > _LONGEST:
        return None
    code = "".join(digits(text).upper().translate(_MEANT).split())
    return code if len(code) == LENGTH and all(sign in SIGNS for sign in code) else None


def digest(kind: Kind, secret: str) -> str:
    """What is stored of a code: 64 hexadecimal digits, other ones for every kind.

    Raises
    ------
    ValueError
        For a kind that does not exist.
    """
    if kind not in KINDS:
        raise ValueError(f"a code is one of {', '.join(KINDS)}, not {kind!r}")
    return hashlib.sha256(f"crmstudy {kind} {secret}".encode("utf-8", "surrogatepass")).hexdigest()


def _make(path: Path) -> None:
    """Make a key file that is there whole or not at all, and leave the one that another program made first."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_bytes(KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        _name(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync(path.parent)


def _name(draft: Path, path: Path) -> None:
    """Give a file its name, unless the name is taken."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        try:
            with path.open("xb") as stream:
                path.chmod(0o600)
                stream.write(draft.read_bytes())
                stream.flush()
                os.fsync(stream.fileno())
        except FileExistsError:
            return


def _sync(folder: Path) -> None:
    """Make the name of a new file last through a power cut, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _written(number: int) -> str:
    """A number in base 32, in as many signs as a code has."""
    return "".join(SIGNS[(number >> 5 * place) & 31] for place in reversed(range(LENGTH)))
