"""The pipes to a child, with an end to patience: whatever it does, the parent waits no longer than until a moment."""

from __future__ import annotations

import math
import os
import select
import time
from typing import BinaryIO

from crmstudy.exchange.untrusted.kinds import MEGABYTE
from crmstudy.exchange.untrusted.wire import BrokenMessage

#: Whether this platform can be asked if a pipe is ready; where it cannot, killing the child ends the waiting.
_ASKS = hasattr(select, "poll")
_HOUR = 3600.0


class Pipe:
    """One end of a pipe, read and written until ``until`` (by the clock of ``time.monotonic``)."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.until = math.inf
        if _ASKS:
            os.set_blocking(stream.fileno(), False)

    def read(self, length: int) -> bytes | bytearray:
        """So many bytes, or fewer where the pipe ends; raises BrokenMessage when the time is over."""
        if not _ASKS:
            return self.stream.read(length)
        held = bytearray()
        while len(held) < length:
            self._wait(select.POLLIN)
            try:
                piece = os.read(self.stream.fileno(), min(length - len(held), MEGABYTE))
            except BlockingIOError:
                continue
            if not piece:
                break
            held += piece
        return held

    def write(self, piece: bytes | memoryview) -> None:
        """All of these bytes; raises BrokenMessage when the time is over and OSError when nobody reads them."""
        if not _ASKS:
            self.stream.write(piece)
            return
        left = memoryview(piece).cast("B")
        while len(left):
            self._wait(select.POLLOUT)
            try:
                left = left[os.write(self.stream.fileno(), left[:MEGABYTE]) :]
            except BlockingIOError:
                continue

    def flush(self) -> None:
        """Send what waits to be sent."""
        self.stream.flush()

    def holds_something(self) -> bool:
        """Whether there is something to read, or the other side has gone."""
        return _ASKS and bool(self._ready(select.POLLIN, 0))

    def _wait(self, what: int) -> None:
        left = self.until - time.monotonic()
        if left <= 0 or not self._ready(what, min(left, _HOUR)):
            raise BrokenMessage("no word in time")

    def _ready(self, what: int, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self.stream.fileno(), what)
        return bool(poll.poll(seconds * 1000))
