"""A letter as a message that mail servers take: plain text, one recipient, and a head that no list can write into."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from urllib.parse import quote

from crmstudy.administration.fieldwork import Mail
from crmstudy.administration.inviting.addresses import read_address, same
from crmstudy.administration.inviting.letters import words
from crmstudy.administration.inviting.lists import Entry
from crmstudy.administration.keys import derived
from crmstudy.administration.wording.texts import DIRECTIONS, base, marked
from crmstudy.errors import Fault, StudyError
from crmstudy.quoting import shown

_RTL_MARK = "\u200f"
_FILE = "administration.yaml"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the address letters come from, and the one that answers go to."""

    name: str
    address: str
    reply_to: str

    @property
    def domain(self) -> str:
        """Of the address."""
        return self.address.rpartition("@")[2]


def sender_of(mail: Mail) -> Sender:
    """The sender that the study declares.

    Raises
    ------
    StudyError
        When there is none that mail can be sent from.
    """
    faults = []
    found = {}
    for key, text in (("sender", mail.sender), ("reply_to", mail.reply_to or mail.sender)):
        name, given = parseaddr(text)
        address = read_address(given)
        if address is None or any(sign in text for sign in "\r\n\0"):
            message = f"mail.{key} must be an address such as Survey <survey@bank.example>; found '{shown(text)}'."
            faults.append(Fault(message, _FILE))
        else:
            found[key] = (" ".join(name.split()), address)
    if faults:
        raise StudyError(faults)
    return Sender(*found["sender"], reply_to=found["reply_to"][1])


def message_id(key: bytes, campaign: str, address: str, domain: str) -> str:
    """The id of a letter: the same whenever it is made, and known to nobody who has not seen the letter."""
    mark = hmac.digest(derived(key, "message"), f"{campaign}\n{same(address)}".encode(), "sha256").hex()[:40]
    return f"<{mark}@{domain}>"


def message(entry: Entry, sender: Sender, key: bytes, campaign: str) -> EmailMessage:
    """The message of a line of a send list.

    Raises
    ------
    ValueError
        When something would add a line to the head; all of it was read so that it does not.
    """
    made = EmailMessage(policy=SMTP)
    made["Date"] = formatdate(localtime=False)
    made["Message-ID"] = message_id(key, campaign, entry.email, sender.domain)
    made["From"] = Address(plain_words(sender.name), addr_spec=sender.address)
    made["To"] = Address(addr_spec=entry.email)
    if sender.reply_to != sender.address:
        made["Reply-To"] = Address(addr_spec=sender.reply_to)
    made["Subject"] = plain_words(entry.subject)
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    asked = quote(words(entry.lang)["stop_subject"], safe="")
    made["List-Unsubscribe"] = f"<mailto:{sender.reply_to}?subject={asked}>"
    text = directed(entry.text, entry.lang)
    made.set_content(text, charset="utf-8", cte="quoted-printable" if text.isascii() else "base64")
    made["Content-Language"] = entry.lang
    if message_from_bytes(made.as_bytes()).keys() != made.keys():
        raise ValueError("the head of a letter holds a line that is none of its own")
    return made


def plain_words(text: str) -> str:
    """A text that no mail program takes for an encoded word (RFC 2047): what that would hide may be a line end.

    Examples
    --------
    >>> plain_words("Survey =?utf-8?q?=0D=0ABcc:_x?="), plain_words("Are you content = yes?")
    ('Survey = ?utf-8?q?=0D=0ABcc:_x?=', 'Are you content = yes?')
    """
    return text.replace("=?", "= ?")


def directed(text: str, lang: str) -> str:
    """Plain text whose lines run from right to left where its language does, whatever they begin with.

    A link keeps its line to itself, and runs from left to right; so do telephone numbers inside a line.
    """
    if DIRECTIONS[base(lang)] == "ltr":
        return text
    lines = text.split("\n")
    return "\n".join(line if not line or _is_link(line) else f"{_RTL_MARK}{marked(line, lang)}" for line in lines)


def _is_link(line: str) -> bool:
    return line.strip().startswith(("https://", "http://")) and " " not in line.strip()
