"""JSON that is read strictly, and how values of a file are said in a sentence. Standard library only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from crmstudy.declared import CONTROL, DEEPEST
from crmstudy.errors import DataError, Fault, did_you_mean

#: The largest line of records in bytes: some hundred open answers as long as a page takes them.
LARGEST_LINE = 2**24
#: How many faults are told one by one.
MOST_FAULTS = 50
_LONGEST_NAME = 200
_DEEP = "brackets go deeper than anything here"
_SHOWN = 60


def parse_json(raw: bytes) -> object:
    """Strict JSON; raises NoJson with what is wrong in words."""
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_no_constant)
    except UnicodeDecodeError as bad:
        raise NoJson(f"this is not UTF-8 (byte {bad.start + 1})") from None
    except json.JSONDecodeError as bad:
        where = f"character {bad.colno}" + (f" of line {bad.lineno}" if bad.lineno > 1 else "")
        raise NoJson(f"this is not JSON: {bad.msg} at {where}") from None
    except RecursionError:
        raise NoJson(_DEEP) from None
    except NoJson:
        raise
    except ValueError:
        raise NoJson("a number has more digits than can be read") from None


class NoJson(ValueError):
    """Bytes that are no JSON as it is wanted here."""


def read_json(path: Path, largest: int) -> object:
    """What a file of JSON holds; raises DataError for a large one, a deep one and what is no JSON."""
    if path.stat().st_size > largest:
        raise DataError(Fault(f"the file has more than {largest / 2**20:.0f} MB; this is none of ours.", path.name))
    try:
        data = parse_json(path.read_bytes())
    except NoJson as bad:
        raise DataError(Fault(f"{bad}.", path.name)) from None
    level: list[object] = [data]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _inner(one)]
        if not level:
            return data
    raise DataError(Fault(f"{_DEEP}.", path.name))


def _inner(value: object) -> list[object]:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [one for one in values if isinstance(one, dict | list)]


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    built = dict(pairs)
    if len(built) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NoJson(f"the key {shown(twice)} stands twice")
    return built


def _no_constant(name: str) -> object:
    raise NoJson(f"{name} is no number of JSON")


def dumped(value: object, indent: int | None = 1) -> bytes:
    """A value as JSON with a line feed; in one line without ``indent``."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
    return f"{text}\n".encode()


def sealed(path: Path) -> dict[str, object]:
    """The sha256 and size of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"sha256": digest, "bytes": file.tell()}


def seal_faults(path: Path, seal: Mapping[str, object]) -> list[Fault]:
    """A fault when the file is not the one that was sealed."""
    if sealed(path) == seal:
        return []
    message = "the file is not the one that handover.json was written for (its sha256 differs); get the folder again."
    return [Fault(message, path.name)]


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, none longer than one may be; the rest of a longer one is skipped."""
    while raw := file.readline(LARGEST_LINE + 1):
        yield raw
        while len(raw) > LARGEST_LINE and not raw.endswith(b"\n"):
            raw = file.readline(LARGEST_LINE + 1)


def key_faults(data: Mapping[str, Any], required: Sequence[str], optional: Sequence[str], what: str) -> list[str]:
    """Keys that are missing and keys that are unknown."""
    known = (*required, *optional)
    wrong = [f"{what} lacks {key}." for key in required if key not in data]
    for key in data:
        if key not in known and len(wrong) < MOST_FAULTS:
            wrong.append(f"{what} has {shown(key)}, which is not known.{did_you_mean(key, known)}")
    return wrong


def name_faults(value: object, what: str) -> list[str]:
    """Faults of a short text."""
    if isinstance(value, str) and 0 < len(value.strip()) <= len(value) <= _LONGEST_NAME and not CONTROL.search(value):
        return []
    return [f"{what} is a text of 1 to {_LONGEST_NAME} characters; found {shown(value)}."]


def span(values: Iterable[int]) -> str:
    """Numbers in words: runs of them by their ends."""
    runs: list[list[int]] = []
    for value in sorted(values):
        if runs and value == runs[-1][1] + 1:
            runs[-1][1] = value
        else:
            runs.append([value, value])
    return ", ".join(f"{low}" if low == high else f"{low} to {high}" for low, high in runs) or "nothing"


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def shown(value: object) -> str:
    """A value of a file as a sentence may show it."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    text = " ".join(CONTROL.sub("", text).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
