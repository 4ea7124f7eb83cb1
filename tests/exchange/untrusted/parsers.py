"""Parsers that behave badly, each in its own way; run in the child process only."""

from __future__ import annotations

import ctypes
import datetime as dt
import os
import sys
import time
from array import array

from crmstudy.errors import DataError, Fault, InstrumentError, MissingExtraError

_READ = []


def values(raw, file, **options):
    return {"raw": raw, "file": file, "options": options}


def kinds(raw, file):
    import numpy as np

    return [
        None, True, 1, 2.5, "ن\u200cو", b"\x00\xff", dt.date(2026, 3, 21), dt.datetime(2026, 3, 21, 4, 5), ("a", ["b"]),
        {"$": 1, "x": {2: "two", ".a": None}}, array("i", [1, -2]), np.arange(6, dtype=float)[::2], np.int64(7),
        np.array([True, False]), float("inf"), "\ud800",
    ]  # fmt: skip


def crash(raw, file):
    ctypes.string_at(0)


def crash_if_used(raw, file):
    """Crash in a process that has read a file before."""
    if _READ:
        os._exit(9)
    return "alone"


def mark(raw, file):
    _READ.append(1)


def leave(raw, file):
    os._exit(3)


def sleep(raw, file, seconds=60):
    time.sleep(seconds)
    return "awake"


def spin(raw, file):
    while True:
        pass


def grow(raw, file):
    return len(b"x" * 2**34)


def swell(raw, file):
    held = []
    while True:
        held.append("x" * 2**20)


def refuse(raw, file):
    raise InstrumentError([Fault("one is wrong.", "a.yaml", 3), Fault("two is wrong.")])


def lack(raw, file):
    raise MissingExtraError("pyarrow", "parquet")


def break_down(raw, file):
    raise ValueError("bad\x00 thing\x1b[31m " + "x" * 500)


def nest(raw, file):
    made = []
    for _ in range(100_000):
        made = [made]
    return made


def print_out(raw, file):
    print("this is no answer")
    os.write(1, b"nor this")
    sys.stderr.write("or that")
    return "said"


def read_input(raw, file):
    return sys.stdin.read()


def object_back(raw, file):
    return object()


def process(raw, file):
    return os.getpid()


def surroundings(raw, file):
    return sorted(os.environ)


def write_file(raw, file, path):
    with open(path, "wb") as stream:
        stream.write(b"x" * 10)


def lie(raw, file):
    """Write over the pipe of the answers, as a child that was taken over might."""
    for number in range(3, 20):
        try:
            os.write(number, b"\x00\x00\x00\x00\x00\x00\x00\x08rubbish!")
        except OSError:
            continue
    return 1


def refuse_text(raw, file):
    raise DataError("text.")


def fork_and_hold(raw, file):
    """Leave a process behind that holds the pipes open."""
    if os.fork() == 0:
        time.sleep(30)
        os._exit(0)
    os._exit(1)


def fork_and_leave_the_group(raw, file):
    """Leave a process behind that holds the pipes open and is in no group of the child."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(8)
        os._exit(0)
    os._exit(1)


def _say(header):
    """Write a message over whatever pipe there is."""
    import struct

    for number in range(3, 20):
        try:
            os.write(number, struct.pack(">Q", len(header)) + header)
        except OSError:
            continue


def speak_later(raw, file):
    """Say something unasked after the answer."""
    import threading

    def speak():
        time.sleep(0.2)
        _say(b'{"buffers":[],"value":{"values":"poison"}}')

    threading.Thread(target=speak, daemon=True).start()
    return "said"


def answer_as(raw, file):
    """Answer with the header that was given, whatever it is."""
    _say(raw)
    os._exit(0)


def places(raw, file):
    """Where modules are looked for."""
    return list(sys.path)


def pid_and_sleep(raw, file, path):
    """Sleep on; the file says who."""
    os.mkdir(f"{path}-{os.getpid()}")
    time.sleep(100)


def swollen(raw, file):
    return b"x" * 100_000
