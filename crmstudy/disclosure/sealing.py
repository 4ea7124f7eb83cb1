"""A ledger as bytes that tell nothing without their key, and are the same for the same ledger.

Standard library only, so the seal is built of its hashes: HMAC-SHA-256 of the content is both its proof and the start
of the key stream (SHAKE-256) that the content is mixed with. A key stream is used twice only for the same content.
"""

from __future__ import annotations

import hmac
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256, shake_256
from typing import Any

from crmstudy.disclosure.ledger import Ledger
from crmstudy.errors import DataError

#: Bytes of a key.
KEY = 32
_MARK = b"crmstudy disclosure 1\n"
_TAG = sha256().digest_size


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown, and to which questions.

    ``answered`` tells of a question (by its digest) how many releases the ledger had before it was answered, and how
    many after: asked again, it is answered from what the ledger had then, so that it gets the same answer.
    """

    ledger: Ledger = field(default_factory=Ledger)
    answered: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def sealed(shown: Shown, key: bytes) -> bytes:
    """The bytes to be stored."""
    releases = shown.ledger.to_records()
    people = sorted({one for release in releases for one in release["members"] or ()})
    places = {one: place for place, one in enumerate(people)}
    for release in releases:
        if release["members"] is not None:
            release["members"] = [places[one] for one in release["members"]]
    told = {"people": people, "releases": releases, "answered": {name: list(at) for name, at in shown.answered.items()}}
    content = zlib.compress(json.dumps(told, sort_keys=True, separators=(",", ":")).encode())
    tag = _tag(content, key)
    return _MARK + tag + _mixed(content, key, tag)


def unsealed(stored: bytes, key: bytes) -> Shown:
    """What :func:`sealed` stored; DataError when these are no such bytes, or the key is another."""
    tag, mixed = stored[len(_MARK) : len(_MARK) + _TAG], stored[len(_MARK) + _TAG :]
    content = _mixed(mixed, key, tag)
    if not stored.startswith(_MARK) or not hmac.compare_digest(tag, _tag(content, key)):
        raise DataError("it is broken, or was sealed with another key.")
    told = json.loads(zlib.decompress(content))
    people: list[str] = told["people"]
    releases: list[dict[str, Any]] = told["releases"]
    for release in releases:
        if release["members"] is not None:
            release["members"] = [people[place] for place in release["members"]]
    answered = {name: (before, after) for name, (before, after) in told["answered"].items()}
    return Shown(Ledger.from_records(releases), answered)


def _tag(content: bytes, key: bytes) -> bytes:
    return hmac.new(key, content, sha256).digest()


def _mixed(content: bytes, key: bytes, tag: bytes) -> bytes:
    """The content and the key stream, added bit by bit; the same again gives the content back."""
    stream = shake_256(b"stream\x00" + key + tag).digest(len(content))
    return (int.from_bytes(content) ^ int.from_bytes(stream)).to_bytes(len(content))
