"""A respondent as a program: opens pages over one connection, fills in every question, and posts what the form holds.

It knows nothing of the server but HTML forms: hidden fields, radio buttons, check boxes, selects and texts.
"""

from __future__ import annotations

import http.client
import random
import re
import socket
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit


@dataclass
class Form:
    """A form of a page: where it goes, and its fields in order as (kind, name, value, checked)."""

    action: str
    method: str
    fields: list[tuple[str, str, str, bool]] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """Names of all its fields."""
        return {name for _, name, _, _ in self.fields}

    def hidden(self) -> list[tuple[str, str]]:
        """What it sends whatever is answered."""
        return [(name, value) for kind, name, value, _ in self.fields if kind == "hidden"]

    def buttons(self) -> list[tuple[str, str]]:
        """Names and values of its buttons."""
        return [(name, value) for kind, name, value, _ in self.fields if kind == "submit"]

    def filled(self, rng: random.Random, text: str = "words") -> list[tuple[str, str]]:
        """The hidden fields, and an answer to every question."""
        sent, groups = self.hidden(), {}
        places: dict[str, list[str]] = {}
        for kind, name, value, _ in self.fields:
            if kind in ("radio", "checkbox", "option"):
                groups.setdefault(name, []).append(value)
            elif kind in ("text", "number", "range", "textarea"):
                groups.setdefault(name, [text if kind == "textarea" else "1"])
        for name, values in groups.items():
            chosen = [value for value in values if value not in ("", "refuse")]
            base, _, part = name.rpartition(".")
            if part.isdigit() and base.count(".") == 1:  # a place of a ranking: each once
                left = places.setdefault(base, sorted(chosen))
                sent.append((name, left.pop(0)))
            elif chosen:
                sent.append((name, rng.choice(chosen)))
        return sent


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select, self._open = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
            self._open = True
        if not self._open:
            return
        fields = self.forms[-1].fields
        if tag == "input" and given.get("name"):
            fields.append((given.get("type", "text"), given["name"], given.get("value", ""), "checked" in given))
        elif tag == "button" and given.get("type", "submit") == "submit":
            fields.append(("submit", given.get("name", ""), given.get("value", ""), False))
        elif tag == "textarea":
            fields.append(("textarea", given["name"], "", False))
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select:
            fields.append(("option", self._select, given.get("value", ""), "selected" in given))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False
        elif tag == "select":
            self._select = ""


def forms_of(html: str) -> list[Form]:
    """The forms of a page."""
    parser = _Forms()
    parser.feed(html)
    return parser.forms


@dataclass
class Answered:
    """An answer of the server: status, where it leads, headers, and the page."""

    status: int
    location: str
    headers: dict[str, str]
    html: str

    @property
    def forms(self) -> list[Form]:
        """The forms of the page."""
        return forms_of(self.html)

    def form(self, *names: str, go: str | None = None) -> Form:
        """The form that has fields of these names (beginnings of names), and a button that goes somewhere."""
        for one in self.forms:
            has = all(any(field.startswith(name) for field in one.names) for name in names)
            if has and (go is None or ("go", go) in one.buttons()):
                return one
        raise LookupError(f"no form with {names} {go or ''} on a page with {[one.action for one in self.forms]}")


class Browser:
    """Cookies, one connection, no JavaScript."""

    def __init__(self, host: str, port: int, timeout: float = 20) -> None:
        self.host, self.port, self.timeout = host, port, timeout
        self.cookies: dict[str, str] = {}
        self.place = "/"
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str, *, follow: bool = True) -> Answered:
        """Open a page."""
        return self._ask("GET", path, None, follow)

    def post(self, path: str, fields: list[tuple[str, str]], *, follow: bool = True) -> Answered:
        """Send a form."""
        return self._ask("POST", path, urlencode(fields).encode(), follow)

    def send(self, form: Form, fields: list[tuple[str, str]], *, follow: bool = True) -> Answered:
        """Send a form of the page that is open."""
        return self.post(urljoin(self.place, form.action) or self.place, fields, follow=follow)

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, method: str, path: str, body: bytes | None, follow: bool) -> Answered:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        headers = {"Accept-Language": "en"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self._connection.request(method, path, body, headers)
            got = self._connection.getresponse()
            html = got.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        self._keep(got.headers.get_all("Set-Cookie") or [])
        location = got.headers.get("Location", "")
        if follow and got.status == 303:
            target = urlsplit(urljoin(path, location))
            return self._ask("GET", target.path + (f"?{target.query}" if target.query else ""), None, follow)
        self.place = path
        return Answered(got.status, location, {name.lower(): value for name, value in got.headers.items()}, html)

    def _keep(self, lines: list[str]) -> None:
        for line in lines:
            for name, morsel in SimpleCookie(line).items():
                if morsel.value and morsel["max-age"] != "0" and "1970" not in morsel["expires"]:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)


def page_number(answered: Answered, place: str) -> int:
    """The number in the address of a page of questions; 0 for another page."""
    found = re.search(r"/p/(\d+)$", urlsplit(place).path)
    return int(found[1]) if found else 0
