"""Connections that are not held open by whoever never asks, never ends or never listens, and heads that have an end.

A proxy in front does the same and more; a server that stands alone, in a branch or for a trial, does it by itself.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: So many seconds a head may take, and so long a connection may say nothing at its beginning.
HEAD_PATIENCE = 20.0
#: So many seconds a whole body may take, also one that nobody wants: more than the gate waits for one it reads.
BODY_PATIENCE = 40.0
#: So many seconds somebody may leave an answer lying in the pipe.
READ_PATIENCE = 120.0
#: No head (address and headers together) has more bytes.
LARGEST_HEAD = 64 * 1024
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Patient(HttpToolsProtocol):
    """The protocol of the server program, with an end to its patience."""

    patience, body_patience, read_patience = HEAD_PATIENCE, BODY_PATIENCE, READ_PATIENCE
    _timer: asyncio.TimerHandle | None = None
    _listening: asyncio.TimerHandle | None = None
    _waiting = True
    _heads = _bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody connects."""
        super().connection_made(transport)
        self._start(self.patience)

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody has gone."""
        self._stop()
        if self._listening is not None:
            self._listening.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something arrived."""
        if self._waiting and self._timer is None:
            self._start(self.patience)
        before = self._heads
        super().data_received(data)
        if self._heads != before or not self._waiting:
            self._bytes = 0
            return
        self._bytes += len(data)
        if self._bytes > LARGEST_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self._hang_up()

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._heads += 1
        self._waiting = False
        self._start(self.body_patience)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request is whole; the next one begins with a head."""
        super().on_message_complete()
        self._stop()
        self._waiting = True

    def pause_writing(self) -> None:
        """Nobody reads what is sent."""
        super().pause_writing()
        self._listening = self.loop.call_later(self.read_patience, self.transport.abort)

    def resume_writing(self) -> None:
        """What was sent is read."""
        super().resume_writing()
        if self._listening is not None:
            self._listening.cancel()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more is asked."""
        super().timeout_keep_alive_handler()
        self._hang_up()

    def _start(self, patience: float) -> None:
        self._stop()
        self._timer = self.loop.call_later(patience, self._give_up)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        self._hang_up()

    def _hang_up(self) -> None:
        """Close the connection, and let go of it even if what was sent is never read."""
        if not self.transport.is_closing():
            self.transport.close()
        if self.transport.get_write_buffer_size():
            self.loop.call_later(self.read_patience, self.transport.abort)
