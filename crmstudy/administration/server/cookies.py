"""The one cookie of a visit: signed, for the session only, without any answer.

A visit knows where it is (sample, language, unit), and which token and draft it may open. The token stands there as its
digest; the draft's own secret stands there itself, because the respondent may ask for it ("continue later").
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from crmstudy.administration.keys import derived, new_secret

#: A page is opened again by its cookie alone for so many seconds; after that by token or code.
RESTING = 45 * 60
#: No cookie is longer.
_LONGEST = 3500
#: Names of the cookies: of respondents, and of those who work on the study.
RESPONDENT, STAFF = "crmstudy", "crmstudy-desk"


@dataclass(frozen=True, slots=True)
class Visit:
    """What the cookie of a respondent holds.

    Attributes
    ----------
    id : str
        Of the visit; forms are bound to it.
    sample, token, draft, unit, language, receipt : str
        Empty where there is none. ``token`` is a digest, ``draft`` and ``receipt`` are secrets.
    signed : bool
        Whether the unit came by a signed link.
    kiosk : bool
        Whether many people answer on this device.
    said : str
        How it ended: ``submitted``, ``declined``, ``saved`` ...
    fresh : bool
        Whether token or code have just been shown, so that a draft may be offered for continuing.
    at : int
        When it was last written (seconds).
    """

    id: str
    sample: str = ""
    token: str = ""
    draft: str = ""
    unit: str = ""
    signed: bool = False
    language: str = ""
    kiosk: bool = False
    receipt: str = ""
    said: str = ""
    fresh: bool = False
    at: int = 0

    def rests(self, now: float) -> bool:
        """Whether nobody has done anything for so long that somebody else may sit there."""
        return now - self.at > RESTING

    def awake(self, **changes: Any) -> Visit:
        """The visit after somebody has shown a token, a code or a page of it: active from now on."""
        return replace(self, at=0, **changes)

    def without_person(self, **changes: Any) -> Visit:
        """The visit of the next person on the same device: the language and the unit of a kiosk are all that stays."""
        kept = {"unit": self.unit, "signed": self.signed, "kiosk": True} if self.kiosk else {}
        return Visit(new_secret(), sample=self.sample, **{**kept, **changes})


_SHORT = {
    "id": "v", "sample": "s", "token": "t", "draft": "d", "unit": "b", "signed": "w", "language": "l", "kiosk": "k",
    "receipt": "r", "said": "m", "fresh": "f", "at": "a",
}  # fmt: skip
_LONG = {short: name for name, short in _SHORT.items()}
_DEFAULTS = {one.name: one.default for one in fields(Visit)}
_TYPES: Mapping[str, type] = {"signed": bool, "kiosk": bool, "fresh": bool, "at": int}


class Cookies:
    """Writes and reads the cookie of one kind of visitor.

    Parameters
    ----------
    key : bytes
        The study's key.
    name : str
        :data:`RESPONDENT` or :data:`STAFF`.
    secure : bool
        Whether the site is reached over https; the name then begins with ``__Host-``.
    clock : callable
        Gives the time in seconds.
    """

    def __init__(self, key: bytes, name: str, *, secure: bool, clock: Callable[[], float] = time.time) -> None:
        self._signer = URLSafeSerializer(
            derived(key, f"cookie {name}"),
            salt=name,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        self._csrf = derived(key, f"csrf {name}")
        self._since = derived(key, f"since {name}")
        self.clock = clock
        self.secure = secure
        self.name = f"__Host-{name}" if secure else name
        self._end = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")

    def read(self, header: str) -> Visit | None:
        """The visit that a ``Cookie`` header carries, if it is genuine."""
        raw = _value(header, self.name)
        if not raw or len(raw) > _LONGEST:
            return None
        try:
            held = self._signer.loads(raw)
        except (BadData, ValueError, RecursionError):
            return None
        if not isinstance(held, dict) or not held.get("v"):
            return None
        values = {_LONG[short]: value for short, value in held.items() if short in _LONG}
        good = all(isinstance(value, _TYPES.get(name, str)) for name, value in values.items())
        return Visit(**values) if good else None

    def write(self, visit: Visit) -> str:
        """The ``Set-Cookie`` header of a visit, noted as being active now.

        A visit that rests does not become active by being written: only a step that shows who it is may wake it
        (:meth:`Visit.awake`).
        """
        now = self.clock()
        visit = visit if visit.at and visit.rests(now) else replace(visit, at=int(now))
        held = {
            _SHORT[name]: value
            for name, default in _DEFAULTS.items()
            for value in [getattr(visit, name)]
            if value != default
        }
        signed = self._signer.dumps(held)
        return f"{self.name}={signed if isinstance(signed, str) else signed.decode()}{self._end}"

    def clear(self) -> str:
        """The ``Set-Cookie`` header that takes the cookie away."""
        return f"{self.name}={self._end}; Max-Age=0"

    def csrf(self, visit: Visit) -> str:
        """What every form of a visit carries."""
        return hmac.digest(self._csrf, visit.id.encode(), "sha256").hex()[:40]

    def is_csrf(self, visit: Visit, given: str) -> bool:
        """Whether a form comes from a page of this visit."""
        return hmac.compare_digest(self.csrf(visit).encode(), given.encode("utf-8", "replace"))

    def since(self, visit: Visit, page: int) -> str:
        """The moment at which a page is shown, as the form carries it back."""
        said = str(int(self.clock()))
        return f"{said}.{self._moment(visit, page, said)}"

    def was_shown(self, visit: Visit, page: int, given: str) -> bool:
        """Whether a form says truly that the page was shown in this visit."""
        said, _, signature = given.partition(".")
        if not (said.isascii() and said.isdecimal() and len(said) < 12):
            return False
        return hmac.compare_digest(self._moment(visit, page, said).encode(), signature.encode("utf-8", "replace"))

    def seconds_since(self, visit: Visit, page: int, given: str) -> int:
        """The seconds since a page was shown; 0 where the form does not say so truly."""
        if not self.was_shown(visit, page, given):
            return 0
        return max(0, min(int(self.clock()) - int(given.partition(".")[0]), 24 * 3600))

    def _moment(self, visit: Visit, page: int, said: str) -> str:
        return hmac.digest(self._since, f"{visit.id} {page} {said}".encode("utf-8", "replace"), "sha256").hex()[:16]


def new_visit(**values: Any) -> Visit:
    """The visit of somebody who comes for the first time."""
    return Visit(new_secret(), **values)


def _value(header: str, name: str) -> str:
    """The value of a cookie; empty where there is none, or two that differ."""
    found = {
        value.strip() for part in header.split(";") for key, sign, value in [part.partition("=")]
        if sign and key.strip() == name
    }  # fmt: skip
    return found.pop() if len(found) == 1 else ""
