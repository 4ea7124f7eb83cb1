"""What stands before every route: host, size, origin and form token are checked, and every answer gets its headers.

Pure ASGI, around the whole application: no route can forget it. A request that is not a GET reaches its route only with
a form that comes from a page of the same visit.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crmstudy.administration.server.cookies import Cookies, Visit, new_visit

#: No body is larger, and no form has more fields.
LARGEST_BODY = 1_000_000
MOST_FIELDS = 2_000
#: So many seconds a body may take to arrive.
PATIENCE = 30
#: No query is longer.
_LONGEST_QUERY = 2_000
METHODS = ("GET", "HEAD", "POST")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; object-src 'none'; frame-src {frames}; frame-ancestors {frames}"
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        b"microphone=(), payment=(), usb=()",
    ),
    (b"x-robots-tag", b"noindex, nofollow"),
)
_STRICT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_NO_STORE = (b"cache-control", b"no-store")
_ALLOW = (b"allow", ", ".join(METHODS).encode())

Form = Mapping[str, list[str]]
#: (status, key of the wording) -> how the application says so.
Refusal = Callable[[Scope, int, str], ASGIApp]
#: Method, route, status, milliseconds.
Log = Callable[[str, Scope, int, float], None]


class Wrong(Exception):
    """A request that is not let through: status and key of the wording."""

    def __init__(self, status: int, key: str) -> None:
        super().__init__(key)
        self.status, self.key = status, key


class Guard:
    """The gate of the application.

    Parameters
    ----------
    app : ASGI application
    hosts : collection of str
        Names under which the site is asked for, without a port; those of the loopback are always known.
    cookies, desk : Cookies
        Of respondents, and of staff (paths under ``/desk`` and ``/try``).
    refusal : callable
        Makes the page that says what is wrong.
    address : str
        Where respondents find the site; forms come from there also where a proxy asks under another name.
    proxy : bool
        Whether a proxy in front says who asks (``X-Forwarded-For``); otherwise nobody is believed who says so.
    frames : bool
        Whether pages may be shown in frames of the same site, as a trial does.
    log : callable or None
        Told of every request that was answered, without query and without a name that a visitor made up.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: frozenset[str],
        cookies: Cookies,
        desk: Cookies,
        refusal: Refusal,
        address: str = "",
        proxy: bool = False,
        frames: bool = False,
        log: Log | None = None,
    ) -> None:
        self.app, self.cookies, self.desk = app, cookies, desk
        self.hosts = frozenset({*(host.lower() for host in hosts), *LOOPBACK})
        self.refusal, self.proxy, self.log = refusal, proxy, log
        self._place = urlsplit(address).netloc.lower()
        csp = CSP.format(frames="'self'" if frames else "'none'").encode()
        always = [*_HEADERS, (b"content-security-policy", csp)]
        always += [] if frames else [(b"x-frame-options", b"DENY")]
        self._headers = [*always, *([_STRICT] if cookies.secure else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # a websocket is not answered; the server closes it
        began, status = time.perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = message.setdefault("headers", [])
                message["headers"] = [*given, *self._headers]
                named = {name for name, _ in given}
                if b"cache-control" not in named:
                    message["headers"].append(_NO_STORE)
                if status == 405 and b"allow" not in named:
                    message["headers"].append(_ALLOW)
            await send(message)

        app = self.app
        try:
            await self._prepare(scope, receive)
        except Wrong as wrong:
            app = self.refusal(scope, wrong.status, wrong.key)
        try:
            await app(scope, receive, answer)
        finally:
            if self.log is not None:
                taken = 1000 * (time.perf_counter() - began)
                self.log(scope["method"], scope, status, taken)

    async def _prepare(self, scope: MutableMapping[str, Any], receive: Receive) -> None:
        """Check a request, and note who asks, the visit and the form; raises Wrong."""
        headers = _headers(scope)
        scope["crmstudy.address"] = self._address(scope, headers)
        staff = scope["path"].startswith(("/desk", "/try"))
        cookies = self.desk if staff else self.cookies
        visit = cookies.read(headers.get(b"cookie", b"").decode("latin-1"))
        scope["crmstudy.visit"], scope["crmstudy.new"] = visit or new_visit(), visit is None
        scope["crmstudy.agent"] = headers.get(b"user-agent", b"").decode("latin-1")
        if not self._known_host(headers):
            raise Wrong(421, "missing")
        if scope["method"] not in METHODS:
            raise Wrong(405, "wrong")
        if len(scope.get("query_string", b"")) > _LONGEST_QUERY:
            raise Wrong(414, "wrong")
        if scope["method"] in ("GET", "HEAD"):
            return
        self._check_origin(headers)
        body = await _body(headers, receive)
        if visit is None:
            raise Wrong(403, "cookie")
        form = parsed(headers, body)
        given = form.get("csrf", ())
        if len(given) != 1 or not cookies.is_csrf(visit, given[0]):
            raise Wrong(403, "forbidden")
        scope["crmstudy.form"] = form

    def _address(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> str:
        if self.proxy:
            said = headers.get(b"x-forwarded-for", b"").decode("latin-1").rpartition(",")[2].strip()
            if said:
                return said
        client = scope.get("client")
        return str(client[0]) if client else ""

    def _known_host(self, headers: Mapping[bytes, bytes]) -> bool:
        return _name(headers.get(b"host", b"").decode("latin-1")) in self.hosts

    def _check_origin(self, headers: Mapping[bytes, bytes]) -> None:
        """A form comes from this site: the browser says so itself, where it says anything."""
        site = headers.get(b"sec-fetch-site", b"same-origin")
        if site not in (b"same-origin", b"none"):
            raise Wrong(403, "forbidden")
        origin = headers.get(b"origin")
        if origin is None or origin == b"null":
            return  # pages that tell no referrer send their forms with the origin "null"; the form's token decides
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if _netloc(origin.decode("latin-1")) not in (host, self._place or host):
            raise Wrong(403, "forbidden")


def parsed(headers: Mapping[bytes, bytes], body: bytes) -> Form:
    """The fields of an urlencoded form; raises Wrong."""
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != b"application/x-www-form-urlencoded":
        raise Wrong(415, "wrong")
    form: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=MOST_FIELDS
        )
    except UnicodeError:
        raise Wrong(400, "wrong") from None
    except ValueError:
        raise Wrong(413, "large") from None
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


async def _body(headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
    said = headers.get(b"content-length", b"0")
    if not said.isdigit():
        raise Wrong(400, "wrong")
    if len(said) > 9 or int(said) > LARGEST_BODY:
        raise Wrong(413, "large")
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise Wrong(400, "wrong")  # whoever asked has gone
                body += message.get("body", b"")
                if len(body) > LARGEST_BODY:
                    raise Wrong(413, "large")
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise Wrong(408, "wrong") from None


def _headers(scope: Mapping[str, Any]) -> dict[bytes, bytes]:
    """The headers; those that stand twice are joined as the standard says, cookies by semicolons."""
    held: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        mark = b"; " if name == b"cookie" else b", "
        held[name] = held[name] + mark + value if name in held else value
    return held


def _name(host: str) -> str:
    """The name of a host without its port."""
    host = host.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].rstrip(".")


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # no address at all
        return ""


def host_of(address: str) -> str:
    """The name of the host in an address; empty where there is none."""
    return _name(urlsplit(address).netloc.rpartition("@")[2]) if address else ""


def visit_of(scope: Mapping[str, Any]) -> Visit:
    """The visit of a request that came through the gate."""
    visit = scope["crmstudy.visit"]
    if not isinstance(visit, Visit):
        raise TypeError("the request has no visit")
    return visit
