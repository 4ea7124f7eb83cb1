"""How values travel between parent and child: a header of JSON, then buffers of numbers and bytes.

A message is eight bytes (the length of the header), the header, and the buffers in turn. The header holds the lengths
of the buffers and the value, in which ``{"$": ...}`` stands for what JSON has no place for.
"""

from __future__ import annotations

import datetime as dt
import json
import struct
from array import array
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

#: Kinds of numbers in a buffer, as memoryview knows them.
NUMBERS = frozenset("?bBhHiIlLqQfd")
_JSON = frozenset({type(None), bool, int, float, str})
_LENGTH = struct.Struct(">Q")


class BrokenMessage(Exception):
    """A message that is none: cut off, or not made by :func:`packed`."""


class TooLong(BrokenMessage):
    """A message of more than was agreed on."""


class Readable(Protocol):
    """What bytes are read from, such as a file: all that were asked for, fewer only at the end."""

    def read(self, length: int, /) -> bytes | bytearray:
        """Read bytes."""


class Writable(Protocol):
    """What bytes are written to, such as a file."""

    def write(self, piece: bytes | memoryview, /) -> object:
        """Write bytes."""

    def flush(self) -> None:
        """Send what waits to be sent."""


def packed(value: object) -> list[bytes | memoryview]:
    """One message, in pieces. Raises TypeError for what is no plain value, RecursionError for what nests too deeply."""
    buffers: list[memoryview] = []
    made = _pack(value, buffers)
    header = json.dumps({"buffers": [b.nbytes for b in buffers], "value": made}, separators=(",", ":")).encode()
    return [_LENGTH.pack(len(header)), header, *buffers]


def send(stream: Writable, message: Iterable[bytes | memoryview]) -> None:
    """Write one message."""
    for piece in message:
        stream.write(piece)
    stream.flush()


def write(stream: Writable, value: object) -> None:
    """Pack a value and write it."""
    send(stream, packed(value))


def read(stream: Readable, largest: int, longest: int) -> Any:
    """Read one message; None at the end of the stream.

    Raises TooLong for more than ``largest`` bytes and a header of more than ``longest``, BrokenMessage for anything
    else that is no message.
    """
    start = stream.read(_LENGTH.size)
    if not start:
        return None
    if len(start) < _LENGTH.size:
        raise BrokenMessage("cut off")
    (length,) = _LENGTH.unpack(start)
    if length > longest:
        raise TooLong("too long")
    try:
        header = json.loads(_exactly(stream, length))
        sizes = header["buffers"]
        if not all(type(size) is int and size >= 0 for size in sizes):
            raise BrokenMessage("a length that is none")
        if sum(sizes) > largest:
            raise TooLong("too long")
        buffers = [_exactly(stream, size) for size in sizes]
        return _unpack(header["value"], buffers)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise BrokenMessage(str(error)) from None


def _exactly(stream: Readable, length: int) -> bytes | bytearray:
    found = stream.read(length)
    if len(found) < length:
        raise BrokenMessage("cut off")
    return found


def _pack(value: Any, buffers: list[memoryview]) -> Any:
    """The value as JSON can hold it; long numbers and bytes go into the buffers."""
    if value is None or isinstance(value, bool | int | float | str):
        return value if type(value) in _JSON else _plain(value)
    if isinstance(value, list | tuple):
        if all(type(one) in _JSON for one in value):
            return value
        return [_pack(one, buffers) for one in value]
    if isinstance(value, Mapping):
        if all(type(key) is str for key in value) and "$" not in value:
            return {key: _pack(one, buffers) for key, one in value.items()}
        return {"$": "pairs", "v": [[_pack(key, buffers), _pack(one, buffers)] for key, one in value.items()]}
    if isinstance(value, dt.datetime):
        return {"$": "datetime", "v": value.isoformat()}
    if isinstance(value, dt.date):
        return {"$": "date", "v": value.isoformat()}
    if isinstance(value, bytes | bytearray):
        buffers.append(memoryview(value))
        return {"$": "bytes", "v": len(buffers) - 1}
    if isinstance(value, array) or hasattr(value, "__array_interface__"):
        return _pack_numbers(value, buffers)
    raise TypeError(f"a {type(value).__name__} is no plain value")


def _plain(value: Any) -> bool | int | float | str:
    """A number or text of a library's own class as the plain one."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    raise TypeError(f"a {type(value).__name__} is no plain value")


def _pack_numbers(value: Any, buffers: list[memoryview]) -> Any:
    if getattr(value, "ndim", 1) == 0:
        return _plain(value.item())
    view = memoryview(value)
    if view.format not in NUMBERS or view.ndim != 1:
        raise TypeError(f"an array of {view.format!r} is no plain value")
    buffers.append((view if view.contiguous else memoryview(view.tobytes())).cast("B"))
    return {"$": "numbers", "v": len(buffers) - 1, "of": view.format}


def _unpack(value: Any, buffers: list[bytes | bytearray]) -> Any:
    if isinstance(value, list):
        return [_unpack(one, buffers) if isinstance(one, list | dict) else one for one in value]
    if not isinstance(value, dict):
        return value
    mark = value.get("$")
    if mark is None:
        return {key: _unpack(one, buffers) for key, one in value.items()}
    held = value["v"]
    if mark == "pairs":
        return {_unpack(key, buffers): _unpack(one, buffers) for key, one in held}
    if mark == "datetime":
        return dt.datetime.fromisoformat(held)
    if mark == "date":
        return dt.date.fromisoformat(held)
    if mark == "bytes":
        return bytes(buffers[held])
    if mark == "numbers" and value["of"] in NUMBERS:
        return memoryview(buffers[held]).cast(value["of"])
    raise BrokenMessage("unknown mark")
