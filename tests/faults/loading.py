"""A client that loads a server, a process of its own: sends whole questionnaires, and says how long each took.

``python -m tests.faults.loading PORT KIND SECONDS CLIENTS [MOST]`` prints one line of JSON. Kinds:

- ``submit``: up to MOST drafts are begun beforehand; timed is the posting of the page that ends a questionnaire
- ``cycle``: timed is opening that page and posting it
- ``open``: CLIENTS respondents at once, with all the pages and SECONDS of thought on each
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from crmstudy.administration.keys import new_secret
from tests.faults.respondent import Form, forms_of

HOST = "127.0.0.1"


@dataclass
class Connection:
    """A kept-alive connection, with the cookie of one respondent."""

    port: int
    cookie: str = ""
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.writer is not None:
            self.writer.close()
            await self.writer.wait_closed()

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
        """Send a request and read the answer; the cookie is kept."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(HOST, self.port)
        head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}:{self.port}\r\n"
        if self.cookie:
            head += f"Cookie: {self.cookie}\r\n"
        if method == "POST":
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        self.writer.write(head.encode() + b"\r\n" + body)
        assert self.reader is not None
        raw = await self.reader.readuntil(b"\r\n\r\n")
        lines = raw.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        content = await self.reader.readexactly(int(headers.get("content-length", "0")))
        if "set-cookie" in headers:
            self.cookie = headers["set-cookie"].split(";")[0]
        return int(lines[0].split(" ")[1]), headers, content


@dataclass
class Prepared:
    """What is needed to end a questionnaire: the cookie of its draft, where to send, and what."""

    cookie: str
    path: str
    body: bytes


@dataclass
class Measured:
    """Latencies in seconds, answers that were no 303, and how long it all took, with the client's share of a core."""

    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    began: float = field(default_factory=time.perf_counter)
    cpu_began: float = field(default_factory=time.process_time)


def form_with(content: bytes, *names: str) -> Form:
    """The form of a page that has fields of these names (beginnings of names)."""
    return next(
        form
        for form in forms_of(content.decode())
        if all(any(n.startswith(name) for n in form.names) for name in names)
    )


async def page_form(port: int, cookie: str) -> tuple[Form, str]:
    """The first page of questions of whoever holds a cookie, and its address."""
    async with Connection(port, cookie) as connection:
        path = "/s/staff/p/1"
        _, _, content = await connection.ask("GET", path)
        return form_with(content, "q."), path


async def begin(port: int, n: int, clients: int) -> list[Prepared]:
    """Begin ``n`` drafts: one start page is opened, its consent is sent with a new id for each."""
    async with Connection(port) as first:
        _, _, content = await first.ask("GET", "/s/staff")
        form, cookie = form_with(content, "draft"), first.cookie
        rng, made = random.Random(1), []
        hidden = [(name, value) for name, value in form.hidden() if name != "draft"]
        action = urlsplit(form.action).path
        page: Form | None = None

        async def some(count: int) -> None:
            nonlocal page
            async with Connection(port) as connection:
                for _ in range(count):
                    connection.cookie = cookie
                    body = urlencode([*hidden, ("draft", new_secret()), ("go", "agree")]).encode()
                    status, headers, _ = await connection.ask("POST", action, body)
                    path = urlsplit(headers["location"]).path
                    if status != 303 or "/p/" not in path:
                        raise SystemExit(f"consent was answered {status} {headers}")
                    if page is None:
                        _, _, content = await connection.ask("GET", path)
                        page = form_with(content, "q.")
                    sent = [(name, value) for name, value in page.filled(rng) if name != "submission"]
                    sent += [("submission", new_secret()), ("go", "next")]
                    made.append(Prepared(connection.cookie, path, urlencode(sent).encode()))

        await asyncio.gather(*[some(n // clients + 1) for _ in range(clients)])
        return made


async def submit(port: int, seconds: float, clients: int, most: int, *, look: bool = False) -> Measured:
    """Send prepared questionnaires as fast as the server takes them; ``look`` also opens each page before."""
    waiting = await begin(port, most, clients)
    found, end = Measured(), time.monotonic() + seconds

    async def some() -> None:
        async with Connection(port) as connection:
            while waiting and time.monotonic() < end:
                one = waiting.pop()
                connection.cookie = one.cookie
                began = time.perf_counter()
                seen = (await connection.ask("GET", one.path))[0] if look else 200
                status, _, _ = await connection.ask("POST", one.path, one.body)
                found.latencies.append(time.perf_counter() - began)
                found.errors += (seen, status) != (200, 303)

    await asyncio.gather(*[some() for _ in range(clients)])
    return found


async def opened(port: int, pause: float, clients: int) -> Measured:
    """Many respondents at once, each with all the pages and a pause on each of them."""
    found, rng = Measured(), random.Random(3)

    async def one(number: int) -> None:
        await asyncio.sleep(pause * number / clients)
        async with Connection(port) as connection:
            _, _, content = await connection.ask("GET", "/s/staff")
            form = form_with(content, "draft")
            sent = [*form.filled(rng), ("go", "agree")]
            status, headers, _ = await connection.ask("POST", urlsplit(form.action).path, urlencode(sent).encode())
            while status == 303 and "/p/" in headers["location"]:
                path = urlsplit(headers["location"]).path
                _, _, content = await connection.ask("GET", path)
                await asyncio.sleep(pause)
                body = urlencode([*form_with(content, "q.").filled(rng), ("go", "next")]).encode()
                began = time.perf_counter()
                status, headers, _ = await connection.ask("POST", path, body)
                found.latencies.append(time.perf_counter() - began)
            found.errors += status != 303

    await asyncio.gather(*[one(number) for number in range(clients)])
    return found


def main() -> None:
    """Do one kind of load and print what was found."""
    port, kind, seconds, clients = int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
    most = int(sys.argv[5]) if len(sys.argv) > 5 else int(seconds * 1500)
    if kind == "open":
        work = opened(port, seconds, clients)
    else:
        work = submit(port, seconds, clients, most, look=kind == "cycle")
    found = asyncio.run(work)
    elapsed, cpu = time.perf_counter() - found.began, time.process_time() - found.cpu_began
    latencies = sorted(found.latencies)
    print(json.dumps({
        "n": len(latencies), "errors": found.errors, "per_second": len(latencies) / elapsed,
        "p50_ms": 1e3 * latencies[len(latencies) // 2], "p99_ms": 1e3 * latencies[int(len(latencies) * 0.99)],
        "max_ms": 1e3 * latencies[-1], "seconds": elapsed, "client_share": cpu / elapsed,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
