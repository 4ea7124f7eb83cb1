"""Signed links: to the survey for the customers of a unit, and to put a device into kiosk mode.

A link carries the unit in plain letters and a signature of 130 bits made with a key of the study, so that nobody can
answer for a unit whose link or poster he has not seen. It holds for every wave of its sample.
"""

from __future__ import annotations

import hmac
from typing import Literal
from urllib.parse import quote

from crmstudy.administration.keys import BITS, LENGTH, SIGNS, derived, read_secret

Purpose = Literal["branch", "kiosk"]
#: The name of the parameter in the address, by purpose.
PARAMETERS: dict[Purpose, str] = {"branch": "b", "kiosk": "k"}
#: No unit has a longer id in a link.
_LONGEST = 300


def sign_branch(key: bytes, sample: str, unit: str) -> str:
    """What a customer's link carries of a unit: ``UNIT.SIGNATURE``.

    Parameters
    ----------
    key : bytes
        The study's key (:func:`crmstudy.administration.keys.study_key`).
    sample, unit : str
        Their ids; an empty unit signs a link of the whole sample.
    """
    return f"{unit}.{_signature(key, 'branch', sample, unit)}"


def read_branch(key: bytes, sample: str, text: str) -> str | None:
    """The unit that a customer's link was signed for, or None for anything else."""
    return _read(key, "branch", sample, text)


def sign_kiosk(key: bytes, sample: str, unit: str) -> str:
    """What the link carries that puts a device of a unit into kiosk mode: ``UNIT.SIGNATURE``."""
    return f"{unit}.{_signature(key, 'kiosk', sample, unit)}"


def read_kiosk(key: bytes, sample: str, text: str) -> str | None:
    """The unit whose device a kiosk link was signed for, or None for anything else."""
    return _read(key, "kiosk", sample, text)


def token_link(address: str, sample: str, secret: str) -> str:
    """The link that lets one person in once."""
    return f"{address}/s/{quote(sample, safe='')}?t={secret}"


def signed_link(address: str, key: bytes, purpose: Purpose, sample: str, unit: str) -> str:
    """The whole link of a unit."""
    signed = sign_branch(key, sample, unit) if purpose == "branch" else sign_kiosk(key, sample, unit)
    return f"{address}/s/{quote(sample, safe='')}?{PARAMETERS[purpose]}={quote(signed, safe='')}"


def _read(key: bytes, purpose: Purpose, sample: str, text: str) -> str | None:
    if len(text) > _LONGEST + LENGTH + 1:
        return None
    unit, dot, given = text.rpartition(".")
    signature = read_secret(given) if dot else None
    if signature is None:
        return None
    return unit if hmac.compare_digest(signature, _signature(key, purpose, sample, unit)) else None


def _signature(key: bytes, purpose: Purpose, sample: str, unit: str) -> str:
    """The first 130 bits of an HMAC over sample and unit, whose lengths are part of it."""
    said = [part.encode("utf-8", "surrogatepass") for part in (sample, unit)]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in said)
    number = int.from_bytes(hmac.digest(derived(key, purpose), message, "sha256"), "big") >> 256 - BITS
    return "".join(SIGNS[(number >> 5 * place) & 31] for place in reversed(range(LENGTH)))
