"""Words of a study, of a list and of a sender in the head of a letter: none of them adds a line to it."""

from __future__ import annotations

import base64
from dataclasses import replace
from email import message_from_bytes

import pytest

from crmstudy.administration.inviting.lists import Entry
from crmstudy.administration.inviting.message import Sender, message
from crmstudy.errors import UnsupportedError

ENTRY = Entry(
    "staff",
    "",
    "invitation",
    "1",
    "",
    "Ann",
    "ann@bank.example",
    "",
    "",
    "en",
    "CODE",
    "https://x.example/s/staff?t=CODE",
    "Please answer",
    "Here: https://x.example/s/staff?t=CODE\n",
)
SENDER = Sender("Survey", "survey@bank.example", "survey@bank.example")
HIDDEN = base64.b64encode(b"x\r\nBcc: spy@evil.example\r\n\r\n<script>").decode()
WORDS = (
    "=?utf-8?q?x=0d=0aBcc:_spy@evil.example?=", f"=?utf-8?b?{HIDDEN}?=",
    "=?us-ascii?Q?=0A?= =?utf-8?q?=0DBcc:?=",
    "x =?utf-8?q?=0d=0a_y?= z", "=?utf-16?b?AA0ACgBC?=", "=?unknown?q?=0d=0aBcc:?=", "=?=?utf-8?q?=0d=0aBcc:_x?=?=",
    "\u202eBcc: spy@evil.example", "x" * 900, "\u0633" * 300,
    "a" * 70 + " Bcc: x", '"quoted" <a@b.example>', "a, b; c: d;",
    "\U0001f600" * 40, "=?utf-8*en?q?=0d=0aBcc:?=",
)  # fmt: skip


def names(raw: bytes) -> list[str]:
    """The names of the lines of a head, as any mail program reads them."""
    return [name.lower() for name, _ in message_from_bytes(raw).items()]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("where", ["subject", "sender"])
def test_no_word_adds_a_line(word: str, where: str) -> None:
    entry = replace(ENTRY, subject=word) if where == "subject" else ENTRY
    sender = Sender(word, SENDER.address, SENDER.reply_to) if where == "sender" else SENDER
    raw = message(entry, sender, b"k" * 32, "campaign").as_bytes()
    assert names(raw) == names(message(ENTRY, SENDER, b"k" * 32, "campaign").as_bytes())
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"<script>" not in body
    assert all(line[:1] in b" \t" or b":" in line for line in head.split(b"\r\n"))


def test_a_line_that_was_added_is_seen() -> None:
    """The control: the comparison above sees a line that a word has added to a head."""
    raw = b"From: a@b.example\r\nSubject: a\r\nBcc: spy@evil.example\r\n\r\n"
    assert names(raw) == ["from", "subject", "bcc"]


@pytest.mark.parametrize(("what", "text"), [
    ("subject", "a\r\nBcc: x@y.example"), ("subject", "a\nb"), ("email", "a@b.example\r\nBcc: x@y.example"),
    ("email", "a@b.example, c@d.example"), ("lang", "en\r\nBcc: x@y.example"), ("lang", "xx"),
])  # fmt: skip
def test_what_does_not_belong_into_a_head_is_refused(what: str, text: str) -> None:
    with pytest.raises((ValueError, UnsupportedError)):
        message(replace(ENTRY, **{what: text}), SENDER, b"k" * 32, "campaign")
