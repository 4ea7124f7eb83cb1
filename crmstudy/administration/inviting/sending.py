"""Letters go out by mail: slowly, each once, and with what became of every one of them on the disk.

Before a letter is sent the database notes that it is being sent, and afterwards that it was. Where the program stopped
between the two, nobody knows whether the letter left: it is told, and only sent again when that is asked for.
"""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crmstudy.administration.fieldwork import Mail
from crmstudy.administration.inviting.addresses import address_digest, read_address
from crmstudy.administration.inviting.lists import Entry
from crmstudy.administration.inviting.message import Sender, message, sender_of
from crmstudy.administration.store.invitations import (
    campaign_of,
    claim_letter,
    letter_states,
    settle_letter,
    stopped,
    unreachable,
)
from crmstudy.administration.store.store import Store
from crmstudy.errors import DataError, Fault, StudyError
from crmstudy.files import bytes_of
from crmstudy.quoting import shown

PASSWORD = "CRMSTUDY_SMTP_PASSWORD"
_FILE = "administration.yaml"
#: Seconds that a mail server may take for an answer.
PATIENCE = 60
#: Letters that were refused for now are tried again so often in one run, after so many seconds.
ROUNDS, PAUSE = 3, 120.0
_LARGEST_STOP_LIST = 16 * 2**20
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
#: The server that answers so often in a row that it takes nothing now is left alone.
_MOST_REFUSALS = 10

Tell = Callable[[str, int, int], None]


@dataclass(slots=True)
class Sent:
    """What became of the letters: serials by outcome, and why some were refused.

    ``sent``; ``before``: an earlier run sent it; ``uncertain``: a run stopped while it was being sent; ``later``: the
    server wants it later; ``refused``: for good; ``unreachable``: so in an earlier letter; ``stopped``: on the stop
    list; ``no_address``.
    """

    sent: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    uncertain: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    no_address: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    trouble: str = ""


class _Trouble(Exception):
    """The server cannot be used: nothing more is sent in this run."""


class _Verdict(Exception):
    """What the server said of one letter: ``later``, ``refused`` or ``uncertain``."""

    def __init__(self, state: str, reason: str) -> None:
        self.state, self.reason = state, reason
        super().__init__(reason)


@dataclass(slots=True)
class Post:
    """The way to the mail server. ``sleep`` and ``clock`` are there for tests."""

    mail: Mail
    password: str
    sender: Sender
    sleep: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.monotonic
    pause: float = PAUSE
    _open: smtplib.SMTP | None = None
    _last: float | None = None

    @classmethod
    def of(cls, mail: Mail | None, password: str) -> Post:
        """The mail server that the study declares.

        Raises
        ------
        StudyError
            With everything that is missing or would give letters or the password away.
        """
        if mail is None or not mail.host:
            raise StudyError(Fault("no mail server is declared; fill in mail: host, sender ...", _FILE))
        faults = []
        if mail.user and not password:
            faults.append(f"mail.user is '{shown(mail.user)}', but no password was given; set {PASSWORD}.")
        if not (mail.user + password).isascii():
            faults.append(
                f"mail.user and {PASSWORD} must be ASCII letters, digits and signs; mail servers take no others."
            )
        if mail.security == "none" and mail.host not in _LOOPBACK:
            where = "letters carry links that let people in; write security: starttls or tls"
            faults.append(f"mail.security is none, and '{shown(mail.host)}' is another machine: {where}.")
        if mail.per_minute < 1:
            faults.append(f"mail.per_minute must be 1 or more; found {mail.per_minute}.")
        if faults:
            raise StudyError([Fault(fault, _FILE) for fault in faults])
        return cls(mail, password, sender_of(mail))

    def ready(self) -> None:
        """Wait until the next letter may go, with a connection that is open. Raises _Trouble."""
        self._wait()
        self._server()

    def send(self, entry: Entry, key: bytes, campaign: str) -> None:
        """Send one letter over the connection that is open. Raises _Verdict or _Trouble."""
        server = self._open or self._server()
        content = message(entry, self.sender, key, campaign).as_bytes()
        try:
            _check(server.mail(self.sender.address), "the sender", entry)
            _check(server.rcpt(entry.email), "the address", entry)
        except smtplib.SMTPServerDisconnected as gone:
            self.close()
            raise _Verdict("later", f"the mail server hung up: {shown(gone, 120)}") from None
        except _Verdict:
            self._reset()
            raise
        self._data(server, content, entry)

    def close(self) -> None:
        """Take leave of the server."""
        if self._open is not None:
            try:
                self._open.quit()
            except (smtplib.SMTPException, OSError):
                self._open.close()
        self._open = None

    def _data(self, server: smtplib.SMTP, content: bytes, entry: Entry) -> None:
        try:
            reply = server.data(content)
        except smtplib.SMTPDataError as refused:  # the server did not want the text to begin
            self._reset()
            _check((int(refused.smtp_code), _raw(refused.smtp_error)), "the letter", entry)
        except (smtplib.SMTPServerDisconnected, OSError) as gone:
            self.close()
            raise _Verdict("uncertain", f"the connection was lost while it was sent: {shown(gone, 120)}") from None
        else:
            _check(reply, "the letter", entry)

    def _reset(self) -> None:
        if self._open is not None:
            try:
                self._open.rset()
            except (smtplib.SMTPException, OSError):
                self.close()

    def _wait(self) -> None:
        """Keep to the number of letters a minute."""
        now = self.clock()
        if self._last is not None:
            left = 60 / self.mail.per_minute - (now - self._last)
            if left > 0:
                self.sleep(left)
        self._last = self.clock()

    def _server(self) -> smtplib.SMTP:
        """An open connection; where one is needed it is encrypted, with a certificate that was checked."""
        if self._open is not None:
            try:
                if self._open.noop()[0] == 250:
                    return self._open
            except (smtplib.SMTPException, OSError):
                pass
            self._open.close()
            self._open = None
        mail, context = self.mail, ssl.create_default_context()
        server: smtplib.SMTP | None = None
        try:
            if mail.security == "tls":
                server = smtplib.SMTP_SSL(mail.host, mail.port, timeout=PATIENCE, context=context)
            else:
                server = smtplib.SMTP(mail.host, mail.port, timeout=PATIENCE)
                if mail.security == "starttls":
                    server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
            if mail.user:
                server.login(mail.user, self.password)
        except (smtplib.SMTPException, OSError) as bad:
            if server is not None:
                server.close()
            where = f"the mail server {shown(mail.host)}:{mail.port} cannot be used"
            raise _Trouble(f"{where}: {_said(bad)}. Check mail in {_FILE} and {PASSWORD}.") from None
        self._open = server
        return server


def send_letters(
    entries: Sequence[Entry],
    post: Post,
    store: Store,
    key: bytes,
    *,
    again: bool = False,
    stops: Iterable[str] = (),
    tell: Tell | None = None,
) -> Sent:
    """Send the letters of a list, each once.

    Parameters
    ----------
    entries : sequence of Entry
    post : Post
    store : Store
        Where it is kept what was sent.
    key : bytes
        The study's key.
    again : bool
        Whether letters are sent of which nobody knows whether they left.
    stops : iterable of str
        Addresses that want no mail, besides those of the database.
    tell : callable, optional
        Told ``(what, done, total)``.
    """
    run = _Run(post, store, key, again, store.read(unreachable), tell)
    quiet = store.read(stopped) | {address_digest(key, address) for address in stops}
    waiting = run.sorted_out(entries, quiet)
    try:
        for turn in range(ROUNDS):
            waiting = run.round(waiting)
            if not waiting or run.outcome.trouble:
                break
            if turn + 1 < ROUNDS:
                post.sleep(post.pause)
    finally:
        post.close()
    run.outcome.later = [entry.serial for entry, _ in waiting]
    return run.outcome


def why_not(entries: Iterable[Entry], store: Store, key: bytes, stops: Iterable[str] = ()) -> dict[str, str]:
    """Serial -> why its letter would not be sent now; empty where it would be."""
    run = _Run(Post(Mail(""), "", Sender("", "", "")), store, key, False, store.read(unreachable), None)
    waiting = run.sorted_out(entries, store.read(stopped) | {address_digest(key, address) for address in stops})
    told = dict.fromkeys(run.outcome.no_address, "no address") | dict.fromkeys(run.outcome.stopped, "on the stop list")
    told |= dict.fromkeys(run.outcome.unreachable, "cannot be reached")
    for entry, mark in waiting:
        state = run.state_of(entry, mark)
        told[entry.serial] = {"": "", "later": "", "sending": "not known whether it left"}.get(state, f"{state} before")
    return told


def read_stop_list(path: Path | None) -> set[str]:
    """The addresses of a stop list, one a line; ``#`` begins a remark. Raises DataError with every bad line."""
    if path is None:
        return set()
    try:
        lines = bytes_of(path, _LARGEST_STOP_LIST).decode("utf-8-sig").splitlines()
    except OSError as bad:
        raise DataError(Fault(f"the stop list cannot be read: {bad.strerror or bad}.", str(path))) from None
    except UnicodeDecodeError:
        raise DataError(Fault("the stop list is not UTF-8; save it as UTF-8.", str(path))) from None
    found, faults = set(), []
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        address = read_address(text) if text else None
        if address is not None:
            found.add(address)
        elif text:
            faults.append(Fault(f"'{shown(text)}' is no address.", str(path), number))
    if faults:
        raise DataError(faults)
    return found


_Waiting = tuple[Entry, str]


@dataclass(slots=True)
class _Run:
    """The letters of one list on their way."""

    post: Post
    store: Store
    key: bytes
    again: bool
    lost: set[str]
    tell: Tell | None
    outcome: Sent = field(default_factory=Sent)
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def sorted_out(self, entries: Iterable[Entry], quiet: set[str]) -> list[_Waiting]:
        """The letters that may go, each with the digest of its address."""
        waiting = []
        for entry in entries:
            mark = address_digest(self.key, entry.email) if entry.email else ""
            if not mark:
                self.outcome.no_address.append(entry.serial)
            elif mark in quiet:
                self.outcome.stopped.append(entry.serial)
            elif mark in self.lost:
                self.outcome.unreachable.append(entry.serial)
            else:
                waiting.append((entry, mark))
        return waiting

    def round(self, waiting: Sequence[_Waiting]) -> list[_Waiting]:
        """Go once through the letters that wait; those that the server wants later are given back."""
        left: list[_Waiting] = []
        in_a_row = 0
        self.known = {}
        for place, (entry, mark) in enumerate(waiting):
            if self.tell is not None:
                self.tell("letters", place, len(waiting))
            try:
                state = self.one(entry, mark)
            except _Trouble as trouble:
                self.outcome.trouble = str(trouble)
                return left + list(waiting[place:])
            in_a_row = in_a_row + 1 if state == "later" else 0
            if state == "later":
                left.append((entry, mark))
            if in_a_row == _MOST_REFUSALS:
                return left + list(waiting[place + 1 :])
        return left

    def state_of(self, entry: Entry, mark: str) -> str:
        """What was noted of a letter when the round began."""
        campaign = campaign_of(entry.sample, entry.wave, entry.letter)
        if campaign not in self.known:
            self.known[campaign] = self.store.read(lambda connection: letter_states(connection, campaign))
        return self.known[campaign].get(mark, "")

    def one(self, entry: Entry, mark: str) -> str:
        """Send one letter if it is to be sent, and note what became of it. Raises _Trouble."""
        campaign = campaign_of(entry.sample, entry.wave, entry.letter)
        before = self.state_of(entry, mark)
        if before in ("", "later") or (self.again and before == "sending"):
            self.post.ready()
            before = self.store.do_now(lambda work: claim_letter(work, campaign, mark, again=self.again))
        if before:
            _earlier(self.outcome, entry, before)
            return before
        state = "sent"
        try:
            self.post.send(entry, self.key, campaign)
        except _Verdict as verdict:
            state = verdict.state
            self.outcome.reasons[entry.serial] = verdict.reason
        except _Trouble:
            self.store.do_now(lambda work: settle_letter(work, campaign, mark, "later"))
            raise
        if state != "uncertain":
            self.store.do_now(lambda work: settle_letter(work, campaign, mark, state))
        if state == "sent":
            self.outcome.reasons.pop(entry.serial, None)
        if state != "later":
            getattr(self.outcome, state).append(entry.serial)
        return state


def _earlier(outcome: Sent, entry: Entry, state: str) -> None:
    """Sort a letter of which an earlier run, or another that runs now, has noted something."""
    if state == "sending":
        outcome.uncertain.append(entry.serial)
    elif state == "sent":
        outcome.before.append(entry.serial)
    else:
        outcome.unreachable.append(entry.serial)


def _check(reply: tuple[int, bytes], what: str, entry: Entry) -> None:
    """Raise what an answer of the server means; 250 and 251 mean that all is well."""
    code, text = reply
    if code in (250, 251):
        return
    reason = f"{code} {shown(text.decode('ascii', 'replace'), 200)}"
    if 400 <= code < 500:
        raise _Verdict("later", reason)
    if what == "the address" or (what == "the letter" and _is_about_address(text)):
        raise _Verdict("refused", reason)
    raise _Trouble(f"the mail server refuses {what}: {reason}")


def _is_about_address(text: bytes) -> bool:
    """Whether the enhanced status is of a mailbox (X.1.*, X.2.*: RFC 3463)."""
    return text[:4] in (b"5.1.", b"5.2.")


def _raw(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode("ascii", "replace")


def _said(bad: Exception) -> str:
    if isinstance(bad, smtplib.SMTPResponseException):
        return f"{bad.smtp_code} {shown(_raw(bad.smtp_error).decode('ascii', 'replace'), 200)}"
    return shown(getattr(bad, "strerror", None) or bad, 200)
