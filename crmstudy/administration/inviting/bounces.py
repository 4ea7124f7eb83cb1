"""Letters that came back: what mail servers report of them (RFC 3464), read from messages that anybody may write.

Such a report can be forged. It stops letters to an address that letters went to, and nothing else; where it quotes the
letter's own id, which only its recipient and the mail servers saw, it is marked as confirmed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import BinaryIO

from crmstudy.administration.inviting.addresses import read_address
from crmstudy.errors import DataError
from crmstudy.quoting import shown

#: So much of a message is read; a report comes first, and quotes the letter after it.
LARGEST_MESSAGE = 2**18
#: A report has three parts; a message that announces more than this many is not taken apart.
_MOST_ANNOUNCED, _MOST_DASHES = 200, 400
#: So many messages are read, and so many parts of each.
MOST_MESSAGES, MOST_PARTS = 200_000, 200
_DEEPEST = 20
_LONGEST_LINE = 2**20


@dataclass(frozen=True, slots=True)
class Bounce:
    """A letter that came back for good: to whom, the status (RFC 3463), what the server said, ids it quotes."""

    address: str
    status: str
    said: str
    message_ids: tuple[str, ...] = ()


@dataclass(slots=True)
class Returned:
    """What was read: letters that came back, how many reports are of delays, and messages that are no reports."""

    bounces: list[Bounce] = field(default_factory=list)
    delays: int = 0
    others: int = 0
    unreadable: int = 0


def read_returned(path: Path) -> Returned:
    """Read the reports among the messages of a folder (``.eml`` files, Maildir), an mbox file or a single message.

    Raises
    ------
    DataError
        When there is no such file or folder, or it cannot be read.
    """
    found = Returned()
    try:
        if not path.exists():
            raise DataError(f"'{shown(path, 200)}' was not found; give a folder of messages or an mbox file.")
        for number, raw in enumerate(_messages(path)):
            if number == MOST_MESSAGES:
                raise DataError(
                    f"'{shown(path, 200)}' has more than {MOST_MESSAGES:,} messages; give the reports only."
                )
            read_message(raw, found)
    except OSError as bad:
        raise DataError(f"'{shown(path, 200)}' cannot be read: {bad.strerror or bad}.") from None
    return found


def read_message(raw: bytes, found: Returned) -> None:
    """Read one message, whatever it is, and add what it reports."""
    raw = raw[:LARGEST_MESSAGE]
    lowered = raw.lower()
    if b"delivery-status" not in lowered:
        found.others += 1
        return
    if lowered.count(b"content-type") > _MOST_ANNOUNCED or raw.count(b"\n--") > _MOST_DASHES:
        found.unreadable += 1
        return
    try:
        parts = list(_parts(message_from_bytes(raw)))
        reports = [part for part in parts if part.get_content_type() == "message/delivery-status"]
        if not reports:
            found.others += 1
            return
        ids = tuple(dict.fromkeys(_quoted_ids(parts)))
        for report in reports:
            _take(report, ids, found)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):  # the parser is the email package's
        found.unreadable += 1


def _take(report: Message, ids: tuple[str, ...], found: Returned) -> None:
    """Add what one report says of its recipients."""
    for block in _blocks(report)[:MOST_PARTS]:
        action = _field(block, "Action").lower()
        status = _field(block, "Status").split(" ")[0]
        address = _address(_field(block, "Original-Recipient")) or _address(_field(block, "Final-Recipient"))
        if address is None or not action:
            continue
        if action == "failed" and not status.startswith("4."):
            said = shown(" ".join(_field(block, "Diagnostic-Code").split()), 200)
            found.bounces.append(Bounce(address, shown(status, 12), said, ids))
        elif action in ("delayed", "failed"):
            found.delays += 1


def _blocks(report: Message) -> list[Message]:
    """The groups of fields of a report: one for the message, one for each recipient."""
    payload = report.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _quoted_ids(parts: Sequence[Message]) -> Iterator[str]:
    """Ids of the letters that a report quotes, whole or only their heads."""
    for part in parts:
        if part.get_content_type() == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            part = message_from_bytes(text if isinstance(text, bytes) else b"")
        id = _field(part, "Message-ID").strip()
        if id:
            yield id
    for part in parts:
        for block in _blocks(part) if part.get_content_type() == "message/delivery-status" else []:
            if _field(block, "Original-Message-ID"):
                yield _field(block, "Original-Message-ID").strip()


def _parts(message: Message, depth: int = 0) -> Iterator[Message]:
    """A message and its parts, as far as anybody nests them."""
    yield message
    payload = message.get_payload()
    if depth < _DEEPEST and isinstance(payload, list) and message.get_content_type() != "message/delivery-status":
        for part in payload[:MOST_PARTS]:
            if isinstance(part, Message):
                yield from _parts(part, depth + 1)


def _field(message: Message, name: str) -> str:
    value = message.get(name)
    return str(value) if value is not None else ""


def _address(text: str) -> str | None:
    """The address of a recipient field: ``rfc822; somebody@bank.example``."""
    kind, semicolon, address = text.partition(";")
    if not semicolon or kind.strip().lower() not in ("rfc822", "utf-8"):
        return None
    return read_address(address.strip().strip("<>"))


def _messages(path: Path) -> Iterator[bytes]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file() and not file.is_symlink():
                yield from _messages(file)
        return
    with path.open("rb") as stream:
        start = stream.read(5)
        stream.seek(0)
        if start != b"From ":
            yield stream.read(LARGEST_MESSAGE)
            return
        yield from _mbox(stream)


def _mbox(stream: BinaryIO) -> Iterator[bytes]:
    """The messages of an mbox file, each cut where it becomes too long."""
    lines: list[bytes] = []
    size, blank, begun = 0, True, False
    for line in iter(lambda: stream.readline(_LONGEST_LINE), b""):
        if blank and line.startswith(b"From "):
            if begun:
                yield b"".join(lines)
            lines, size, begun = [], 0, True
        elif size < LARGEST_MESSAGE:
            lines.append(line[1:] if line.startswith(b">From ") else line)
            size += len(line)
        blank = line in (b"\n", b"\r\n")
    if begun:
        yield b"".join(lines)
