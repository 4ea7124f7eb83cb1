"""A running server and whoever speaks to it without a browser: endless heads, no heads, half bodies, odd requests."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from crmstudy.administration.server import connections
from tests.faults.studies import Server, free_port, make_study

pytestmark = pytest.mark.slow

#: What must not be in any log: it stands in every request below.
SECRET = "S3CRETW0RD"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = make_study(tmp_path_factory.mktemp("wire") / "study", pages=2)
    made = Server(folder, free_port())
    made.start()
    yield made
    made.stop()


def told(port: int, raw: bytes, *, patience: float = 5) -> bytes:
    """What comes back for raw bytes."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as peer, contextlib.suppress(OSError):
        peer.sendall(raw)
        peer.shutdown(socket.SHUT_WR)
        while part := peer.recv(65536):
            got += part
    return got


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def head(port: int, method: str = "GET", path: str = "/s/staff", *lines: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *lines, "", ""]).encode("latin-1")


BODIES = "Content-Type: application/x-www-form-urlencoded"
ODD: dict[str, tuple[Any, ...]] = {
    "two lengths": ("POST", "/s/staff/consent", "Content-Length: 5", "Content-Length: 50", BODIES),
    "length and chunks": ("POST", "/s/staff/consent", "Content-Length: 5", "Transfer-Encoding: chunked", BODIES),
    "odd chunks": ("POST", "/s/staff/consent", "Transfer-Encoding: xchunked", BODIES),
    "a number without end": ("GET", f"/s/staff/p/{'9' * 5000}"),
    "a number of other digits": ("GET", "/s/staff/p/%D9%A1"),
    "half a character": ("GET", f"/s/%ED%A0%80{SECRET}?t={SECRET}"),
    "nothing": ("GET", f"/s/%00{SECRET}/p/1"),
    "steps up": ("GET", f"/static/../../../etc/passwd{SECRET}"),
    "steps up, encoded": ("GET", "/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd"),
    "everything": ("OPTIONS", "*"),
    "a proxy is meant": ("GET", f"http://evil.example/{SECRET}"),
    "a tunnel": ("CONNECT", "evil.example:443"),
    "an address without end": ("GET", f"/s/staff?t={SECRET}{'x' * 40_000}"),
    "an origin that is none": ("POST", "/s/staff/consent", "Content-Length: 0", "Origin: http://[evil", BODIES),
    "an origin with a port that is none": (
        "POST", "/s/staff/consent", "Content-Length: 0", "Origin: http://x:y", BODIES
    ),
    "a cookie that is none": ("GET", "/s/staff", f"Cookie: crmstudy={SECRET}\xff.{SECRET}; crmstudy=.{SECRET}"),
    "many cookies": ("GET", "/s/staff", "Cookie: " + "; ".join(f"c{n}={SECRET}" for n in range(3000))),
    "many headers": ("GET", "/s/staff", *[f"X-{n}: {SECRET}" for n in range(1000)]),
    "a web socket": ("GET", "/s/staff", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: x"),
    "a second protocol": (
        "GET", "/s/staff", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: x"
    ),
    "a method in its place": ("POST", "/desk/logout", "X-HTTP-Method-Override: GET", "Content-Length: 0", BODIES),
    "another host behind": ("GET", "/s/staff", "X-Forwarded-Host: evil.example", "X-Original-URL: /desk"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ODD)
def test_odd_requests_are_answered_with_a_page_or_not_at_all(server: Server, kind: str) -> None:
    method, path, *lines = ODD[kind]
    answer = told(server.port, head(server.port, method, path, *lines))
    found = status(answer)
    assert found < 500, answer[:300]
    assert SECRET.encode() not in answer
    assert b"evil.example" not in answer
    assert b"root:" not in answer
    if found not in (0, 400, 431):  # refused by the parser, before anything of ours is asked
        assert b"content-security-policy" in answer, answer[:400]
    assert status(told(server.port, head(server.port, "GET", "/health", "Connection: close"))) == 200


def test_no_word_of_a_request_stands_in_the_log(server: Server) -> None:
    for kind in ODD:
        method, path, *lines = ODD[kind]
        told(server.port, head(server.port, method, path, *lines), patience=1)
    told(server.port, f"{SECRET} {SECRET}\r\n{SECRET}: {SECRET}\r\n\r\n".encode())
    told(server.port, head(server.port, "POST", "/s/staff/consent", BODIES, "Content-Length: 900") + SECRET.encode())
    log = (server.folder / "server.log").read_text(encoding="utf-8")
    assert "GET" in log
    assert SECRET not in log
    assert "Traceback" not in log
    assert "127.0.0.1" not in log.partition("Stop with")[2]


class _Running:
    """A server with little patience, in a thread's loop of its own."""

    def __init__(self, protocol: type[asyncio.Protocol], size: int = 2) -> None:
        self.answer = b"ok" * (size // 2)
        self.config = uvicorn.Config(
            self._app, http=protocol, ws="none", lifespan="off", interface="asgi3", log_level="critical"
        )

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        length = b"%d" % len(self.answer)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": self.answer})

    async def run(self, attack: Any) -> Any:
        server = self.server = uvicorn.Server(self.config)
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve(sockets=[sock]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            return await asyncio.wait_for(attack(sock.getsockname()[1]), 30)
        finally:
            server.should_exit = server.force_exit = True
            await task


class Hasty(connections.Patient):
    patience = body_patience = read_patience = 0.5


async def _closed_after(port: int, drip: bytes, first: bytes = b"", most: float = 2.0) -> float | None:
    """The seconds until the server hangs up on somebody who sends a byte now and then; None if it does not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    with contextlib.suppress(OSError):
        writer.write(first)
        while time.monotonic() - began < most:
            writer.write(drip)
            with contextlib.suppress(TimeoutError):
                got = await asyncio.wait_for(reader.read(4096), 0.1)
                if got == b"":
                    break
        else:
            writer.close()
            return None
    writer.close()
    return time.monotonic() - began


ASKED = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#: Requests that are answered at once, or not at all, and whose bodies never end.
WITH_BODY = b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(("drip", "first"), [
    (b"", b""), (b"x", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "), (b"\r\n", b""),
    (b"x", ASKED + b"GET / HTTP/1.1\r\nX: "), (b"\r\n", ASKED),
    (b"x", WITH_BODY), (b"x", WITH_BODY.replace(b"GET", b"POST")), (b"1\r\nx\r\n", CHUNKED),
])  # fmt: skip
def test_whoever_never_asks_is_not_waited_for(drip: bytes, first: bytes) -> None:
    patient = asyncio.run(_Running(Hasty).run(lambda port: _closed_after(port, drip, first)))
    assert patient is not None
    assert patient < 2
    endless = asyncio.run(_Running(HttpToolsProtocol).run(lambda port: _closed_after(port, drip, first, 1.5)))
    assert endless is None  # the control: the server program by itself would wait for ever


async def _large(port: int) -> tuple[bytes, int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent = 0
    with contextlib.suppress(OSError):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        for n in range(160):
            writer.write(b"X-%d: " % n + b"x" * 50_000 + b"\r\n")
            sent += 50_000
            await asyncio.wait_for(writer.drain(), 5)
            await asyncio.sleep(0)
    got = b""
    with contextlib.suppress(OSError, TimeoutError):
        got = await asyncio.wait_for(reader.read(200), 1)
    writer.close()
    return got, sent


def test_a_head_has_an_end() -> None:
    got, sent = asyncio.run(_Running(Hasty).run(_large))
    assert sent < 8_000_000
    assert got == b"" or b" 431 " in got
    got, sent = asyncio.run(_Running(HttpToolsProtocol).run(_large))
    assert (got, sent) == (b"", 8_000_000)  # the control: all of it is taken into memory


@pytest.mark.parametrize(("protocol", "held"), [(Hasty, 0), (HttpToolsProtocol, 1)])  # the control waits for ever
def test_whoever_never_reads_is_let_go(protocol: type[asyncio.Protocol], held: int) -> None:
    running = _Running(protocol, size=8_000_000)

    async def never_read(port: int) -> int:
        """Ask for something large again and again and read nothing; the connections that are left after a while."""
        with socket.socket() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.setblocking(False)
            await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", port))
            await asyncio.get_running_loop().sock_sendall(peer, ASKED * 20)
            await asyncio.sleep(2)
            return len(running.server.server_state.connections)

    assert asyncio.run(running.run(never_read)) == held


def test_ordinary_requests_on_one_connection_are_answered() -> None:
    async def several(port: int) -> list[bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        found = []
        for n in range(4):
            await asyncio.sleep(0.2 * n)  # together longer than the patience with a head
            body = b"x" * 100_000
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + body)
            found.append(await asyncio.wait_for(reader.readuntil(b"ok"), 5))
        writer.close()
        return found

    found = asyncio.run(_Running(Hasty).run(several))
    assert len(found) == 4
    assert all(one.startswith(b"HTTP/1.1 200") for one in found)
