"""Addresses of e-mail: which can be written to, when two are the same, and how one is stored without being told."""

from __future__ import annotations

import hmac
import re

from crmstudy.administration.keys import derived
from crmstudy.letters import tidy

#: Before the @, as mail servers take it without quotation marks (RFC 5321, dot-string).
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_LONGEST, _LONGEST_LOCAL = 254, 64


def read_address(text: str) -> str | None:
    r"""The address that a text is, with its domain in the letters of DNS; None when no mail can be sent to it.

    Examples
    --------
    >>> read_address(" Ann.Lee@Bank.Example "), read_address("a@b"), read_address("a@пример.испытание")
    ('Ann.Lee@bank.example', None, 'a@xn--e1afmkfd.xn--80akhbyknj4f')
    >>> read_address("a@b.example\nBcc: c@d.example") is None
    True
    """
    if "\n" in text.strip() or "\r" in text.strip():
        return None
    local, at, domain = tidy(text).rpartition("@")
    if not at or len(local) > _LONGEST_LOCAL or not _LOCAL.match(local):
        return None
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or not all(_LABEL.match(label) for label in labels):
        return None
    made = f"{local}@{domain}"
    return made if len(made) <= _LONGEST else None


def same(address: str) -> str:
    """What two addresses share that reach one mailbox, as far as capitals go."""
    return address.casefold()


def address_digest(key: bytes, address: str) -> str:
    """An address as it stands in the database: who has not the study's key cannot try addresses out on it."""
    return hmac.digest(derived(key, "address"), same(address).encode(), "sha256").hex()


def person_digest(key: bytes, identity: str) -> str:
    """Whoever is invited, as it stands in the database, so that nobody gets two tokens of one wave."""
    return hmac.digest(derived(key, "invited"), identity.casefold().encode(), "sha256").hex()
