"""Power cuts: the writes and syncs of a running process are recorded, and disks are made as a cut could leave them.

The system calls of :mod:`.answering` are recorded with strace, in their order and with their bytes. A cut at any moment
leaves what was synced, and of what was not any part of 512 bytes may be there or not (disks reorder and tear writes).
Each image is opened as SQLite would after the restart. With ``synchronous=FULL`` nothing acknowledged may be missing;
the same with ``NORMAL`` must show losses, or the test sees nothing.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.faults.keeping import verdict

SECTOR = 512
_CALLS = "pwrite64,write,ftruncate,fsync,fdatasync,unlink"
_LINE = re.compile(r"^(?P<task>\d+) +(?:(?P<resumed><\.\.\. (?P<again>\w+) resumed>)|(?P<call>\w+)\()(?P<rest>.*)$")
_FD = re.compile(r"^(?P<fd>\d+)<(?P<path>[^>]*)>(?P<rest>.*)$")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def can_record() -> str:
    """Why system calls cannot be recorded here; an empty text when they can."""
    if not sys.platform.startswith("linux") or shutil.which("strace") is None:
        return "strace is not installed (Debian: apt install strace)"
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else "strace may not trace processes here"


@dataclass(frozen=True)
class Event:
    """Something that happened: bytes written to a file, a file cut short, removed or synced, or an acknowledgement."""

    kind: Literal["write", "truncate", "unlink", "sync", "ack"]
    path: str = ""
    offset: int = 0
    data: bytes = b""


@dataclass
class Tally:
    """What became of many images."""

    images: int = 0
    lost: int = 0
    images_with_loss: int = 0
    acknowledged: int = 0
    half: list[str] = field(default_factory=list)


def record(folder: Path, n: int, *options: str) -> list[Event]:
    """Run :mod:`.answering` to its end and give everything that happened to its database, in order."""
    log = folder / "calls.txt"
    command = [sys.executable, "-m", "tests.faults.answering", str(folder / "study"), str(n), *options]
    strace = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={_CALLS}", "-o", str(log)]
    subprocess.run([*strace, *command], check=True, stdout=subprocess.DEVNULL)
    with log.open(encoding="ascii") as lines:
        return list(_events(lines))


def _events(lines: Iterator[str]) -> Iterator[Event]:
    """The events of a log. A write counts from its beginning, a sync from its end: both are the worse case."""
    begun: dict[tuple[str, str], str] = {}
    for line in lines:
        found = _LINE.match(line)
        if not found:
            continue
        if found["resumed"]:
            rest = begun.pop((found["task"], found["again"]), None)
            if rest is not None and found["again"] in ("fsync", "fdatasync") and " = 0" in found["rest"]:
                yield Event("sync", _path(rest))
            continue
        call, rest = found["call"], found["rest"]
        if rest.rstrip().endswith("<unfinished ...>"):
            begun[found["task"], call] = rest
            if call in ("fsync", "fdatasync"):
                continue
        yield from _event(call, rest)


def _event(call: str, rest: str) -> Iterator[Event]:
    if call in ("fsync", "fdatasync"):
        yield Event("sync", _path(rest))
    elif call == "ftruncate":
        yield Event("truncate", _path(rest), int(rest.split(",")[1].strip().split(")")[0].split(" ")[0]))
    elif call == "unlink":
        yield Event("unlink", _bytes(rest).decode())
    elif call == "pwrite64":
        data = _bytes(rest)
        offset = int(rest.split('"')[2].split(",")[2].split(")")[0].split("<")[0])
        yield Event("write", _path(rest), offset, data)
    elif call == "write" and rest.startswith("1<"):
        for said in _bytes(rest).decode().splitlines():
            if said.startswith("ack "):
                yield Event("ack", data=said[4:].encode())


def _path(rest: str) -> str:
    found = _FD.match(rest)
    name = bytes.fromhex(found["path"].replace("\\x", "")).decode() if found and "\\x" in found["path"] else None
    return name or (found["path"] if found else "")


def _bytes(rest: str) -> bytes:
    found = _STRING.search(rest)
    return bytes.fromhex(found[1].replace("\\x", "")) if found else b""


def images(events: Sequence[Event], n: int, seed: int) -> Iterator[tuple[dict[str, bytes], list[str]]]:
    """Disks after a cut, as ``{path: bytes}``, each with what was acknowledged before it; most cuts are near an ack."""
    rng = random.Random(seed)
    acks = [place for place, event in enumerate(events) if event.kind == "ack"]
    for _ in range(n):
        near = rng.choice(acks) + rng.randint(1, 12) if rng.random() < 0.8 else rng.randrange(len(events))
        cut = events[: min(near, len(events))]
        yield _disk(cut, rng), [event.data.decode() for event in cut if event.kind == "ack"]


def _disk(events: Sequence[Event], rng: random.Random) -> dict[str, bytes]:
    """What is on the disk: all that was synced, and a random part of the rest."""
    synced = {event.path: place for place, event in enumerate(events) if event.kind == "sync"}
    files: dict[str, bytearray] = {}
    for place, event in enumerate(events):
        if event.kind in ("sync", "ack") or event.path.endswith("-shm"):
            continue
        if event.kind == "unlink":
            if place < synced.get(str(Path(event.path).parent), -1) or rng.random() < 0.5:
                files.pop(event.path, None)
            continue
        file = files.setdefault(event.path, bytearray())
        safe = place < synced.get(event.path, -1)
        if event.kind == "truncate":
            if safe or rng.random() < 0.5:
                del file[event.offset :]
                file.extend(bytes(max(0, event.offset - len(file))))
            continue
        for start in range(0, len(event.data), SECTOR):
            if safe or rng.random() < 0.5:
                piece = event.data[start : start + SECTOR]
                at = event.offset + start
                file.extend(bytes(max(0, at + len(piece) - len(file))))
                file[at : at + len(piece)] = piece
    return {path: bytes(file) for path, file in files.items()}


def cut(n_answers: int, n_images: int, *, synchronous: str, seed: int = 1) -> Tally:
    """Record one run, cut the power many times, and count what is lost."""
    told = Tally()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        events = record(folder, n_answers, "--synchronous", synchronous)
        told.acknowledged = sum(event.kind == "ack" for event in events)
        for number, (disk, acknowledged) in enumerate(images(events, n_images, seed)):
            place = folder / f"image{number}"
            place.mkdir()
            for path, content in disk.items():
                (place / Path(path).name).write_bytes(content)
            database = place / "answers.db"
            if database.exists():
                found = verdict(database, acknowledged)
                told.lost += found.lost
                told.images_with_loss += found.lost > 0
                told.half += found.half
            told.images += 1
            shutil.rmtree(place)
    return told
