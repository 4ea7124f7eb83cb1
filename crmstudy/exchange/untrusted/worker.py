"""The child: takes one file after another apart, and gives back plain values.

Run by :mod:`crmstudy.exchange.untrusted.door` as ``python -m crmstudy.exchange.untrusted.worker``; requests come by the
standard input, answers go by the standard output. Whatever else is printed goes nowhere.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any, BinaryIO

from crmstudy.errors import InputError, MissingExtraError
from crmstudy.exchange.untrusted import wire
from crmstudy.exchange.untrusted.limits import Limits, forbid_writing, lift_the_clock, limit_this_process

#: How the process ends when even the answer finds no memory.
NO_MEMORY = 77
_SAID = 300


def main() -> None:
    """Serve requests until the parent closes the pipe."""
    requests, answers = _streams()
    forbid_writing()
    warnings.simplefilter("ignore")
    while True:
        request = wire.read(requests, sys.maxsize, sys.maxsize)
        if request is None:
            return
        try:
            function = _find(request["function"])
        except Exception as error:
            wire.write(answers, {"ready": False, **_refusal(error)})
            continue
        wire.write(answers, {"ready": True})
        try:
            limit_this_process(Limits(request["seconds"], request["memory"]))
            answer = _answer(function, request)
            lift_the_clock()
            wire.send(answers, answer)
        except MemoryError:
            os._exit(NO_MEMORY)


def _streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipes; print() and libraries that write to the standard output reach none of them."""
    if sys.platform == "win32":
        import msvcrt

        for number in (0, 1):
            msvcrt.setmode(number, os.O_BINARY)
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    requests = os.fdopen(os.dup(0), "rb")
    os.dup2(nowhere, 0)
    return requests, answers


def _find(function: str) -> Callable[..., Any]:
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def _answer(function: Callable[..., Any], request: dict[str, Any]) -> list[bytes | memoryview]:
    """The message with what the parser gave, or with why it gave nothing."""
    try:
        return wire.packed({"values": function(bytes(request["raw"]), request["file"], **request["options"])})
    except MemoryError:
        return wire.packed({"memory": True})
    except RecursionError:
        return wire.packed({"damaged": "it is nested too deeply"})
    except Exception as error:
        if os.environ.get("CRMSTUDY_TRACEBACK"):
            traceback.print_exc()
        return wire.packed(_refusal(error))


def _refusal(error: Exception) -> dict[str, Any]:
    if isinstance(error, MissingExtraError):
        return {"missing": str(error)}
    if isinstance(error, InputError):
        faults = [[fault.message, fault.file, fault.line] for fault in error.faults]
        return {"refused": type(error).__name__, "faults": faults}
    said = " ".join(str(error).split())
    return {"damaged": f"{type(error).__name__}: {said[:_SAID]}" if said else type(error).__name__}


if __name__ == "__main__":
    main()
