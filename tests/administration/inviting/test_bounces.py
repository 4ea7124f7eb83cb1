"""Reports of mail servers, some of them hostile: read without harm, believed only of addresses written to."""

import mailbox
import random
import time
from email.message import EmailMessage

import pytest

from crmstudy.administration.fieldwork import Mail
from crmstudy.administration.inviting.bounces import LARGEST_MESSAGE, Returned, read_message, read_returned
from crmstudy.administration.inviting.issuing import invite_people
from crmstudy.administration.inviting.lists import read_send_list
from crmstudy.administration.inviting.message import message_id
from crmstudy.administration.inviting.people import Person
from crmstudy.administration.inviting.reminding import take_bounces
from crmstudy.administration.inviting.sending import Post, send_letters
from crmstudy.administration.store.invitations import campaign_of
from crmstudy.errors import DataError
from tests.administration.inviting.mailserver import MailServer

REPORT = b"""Return-Path: <>
From: Mail Delivery System <mailer-daemon@mx.bank.example>
To: survey@bank.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="XX"

--XX
Content-Type: text/plain

This is the mail system.

--XX
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.bank.example

Final-Recipient: rfc822; %(address)s
Action: %(action)s
Status: %(status)s
Diagnostic-Code: smtp; 550 5.1.1 <%(address)s>: \x1b[2Jno such
    user

--XX
Content-Type: %(quoted)s

Message-ID: %(id)s
From: survey@bank.example
To: %(address)s
Subject: About

--XX--
"""


def report(address="ann@bank.example", *, action="failed", status="5.1.1", id="<x@y>", quoted="text/rfc822-headers"):
    given = {"address": address, "action": action, "status": status, "id": id, "quoted": quoted}
    return REPORT % {key.encode(): value.encode() for key, value in given.items()}


def read(*raws):
    found = Returned()
    for raw in raws:
        read_message(raw, found)
    return found


@pytest.mark.parametrize("quoted", ["text/rfc822-headers", "message/rfc822"])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_a_report_is_read(quoted, ends):
    (bounce,) = read(report(quoted=quoted).replace(b"\n", ends)).bounces
    assert (bounce.address, bounce.status) == ("ann@bank.example", "5.1.1")
    assert "no such user" in bounce.said
    assert "\x1b" not in bounce.said
    assert "<x@y>" in bounce.message_ids


def test_delays_and_letters_that_are_no_reports():
    answer = EmailMessage()
    answer["Subject"] = "Out of office"
    answer.set_content("Final-Recipient: rfc822; ann@bank.example\nAction: failed\nStatus: 5.1.1\n")
    found = read(
        report(action="delayed", status="4.4.1"), report(action="failed", status="4.2.2"), report(action="delivered"),
        answer.as_bytes(), b"", b"\xff\xfe\x00garbage",
    )  # fmt: skip
    assert (found.bounces, found.delays, found.others, found.unreadable) == ([], 2, 3, 0)


def test_several_recipients_of_one_report():
    more = (
        b"\nFinal-Recipient: rfc822;<bob@bank.example>\nAction: failed\nStatus: 5.2.1\n\n--XX\nContent-Type: text/rfc"
    )
    found = read(report().replace(b"\n--XX\nContent-Type: text/rfc", more, 1))
    assert [bounce.address for bounce in found.bounces] == ["ann@bank.example", "bob@bank.example"]


@pytest.mark.parametrize(
    "address", ["nobody", "a@b@c", "x\\ny@bank.example", "=?utf-8?q?a?=@bank.example\x00", "a" * 300]
)
def test_addresses_that_are_none(address):
    assert read(report(address)).bounces == []


def test_folders_mailboxes_and_single_messages(tmp_path):
    raws = [report(f"p{number}@bank.example") for number in range(5)]
    folder = tmp_path / "maildir" / "new"
    folder.mkdir(parents=True)
    for number, raw in enumerate(raws):
        (folder / f"{number}.eml").write_bytes(raw)
    (tmp_path / "link").symlink_to(tmp_path / "maildir")
    mbox = mailbox.mbox(tmp_path / "returned.mbox")
    for raw in raws:
        mbox.add(raw + b"\nFrom here on\n")
    mbox.flush()
    mbox.close()
    for path in (tmp_path / "maildir", tmp_path / "returned.mbox"):
        assert [one.address for one in read_returned(path).bounces] == [
            f"p{number}@bank.example" for number in range(5)
        ]
    assert len(read_returned(folder / "3.eml").bounces) == 1
    with pytest.raises(DataError, match="not found"):
        read_returned(tmp_path / "nowhere")


def test_hostile_messages_do_no_harm(tmp_path):
    nested = b"From: x\nContent-Type: message/rfc822\n\n" * 3000 + report()
    many = b"Content-Type: multipart/mixed; boundary=A\n\n" + b"--A\n\n" * 100_000
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=B%d\n\n--B%d\n" % (n, n) for n in range(2000))
    fields = report().replace(b"Action: failed", b"Action: failed\n" + b"X: y\n" * 100_000)
    charset = report().replace(
        b"text/rfc822-headers", b"text/rfc822-headers; charset=nonsense\nContent-Transfer-Encoding: x-uuencode"
    )
    start = time.perf_counter()
    read(nested, many, deep, fields, charset, b"Content-Type: message/delivery-status\n\n" * 1000)
    huge = tmp_path / "huge.mbox"
    with huge.open("wb") as stream:
        stream.write(
            b"From a\n"
            + report("one@bank.example")
            + b"x" * (8 * LARGEST_MESSAGE)
            + b"\n\nFrom b\n"
            + report("two@bank.example")
        )
    assert [one.address for one in read_returned(huge).bounces] == ["one@bank.example", "two@bank.example"]
    assert time.perf_counter() - start < 30


def test_spoiled_reports_never_stop_the_reading():
    chance = random.Random(6)
    raw = report(quoted="message/rfc822")
    found = Returned()
    for _ in range(1500):
        spoiled = bytearray(raw)
        for _ in range(chance.randint(1, 12)):
            place = chance.randrange(len(spoiled))
            spoiled[place : place + chance.randint(0, 8)] = chance.randbytes(chance.randint(0, 6))
        read_message(bytes(spoiled), found)
    assert len(found.bounces) + found.delays + found.others + found.unreadable > 500


@pytest.fixture
def sent(make_desk):
    """A desk whose letters have gone to two people, and their entries."""
    desk = make_desk("anonymous")
    people = [
        Person(line, email=f"{name}@bank.example", unit="B1", lang="en") for line, name in enumerate(("ann", "bob"))
    ]
    entries = read_send_list(invite_people(desk, people).files[0])
    server = MailServer()
    post = Post.of(Mail("localhost", server.port, "none", sender="survey@bank.example", per_minute=10**6), "")
    send_letters(entries, post, desk.store, desk.key)
    server.stop()
    return desk, entries


def test_bounces_stop_letters_to_addresses_that_were_written_to(sent):
    desk, entries = sent
    campaign = campaign_of("staff", "w1", "invitation")
    id = message_id(desk.key, campaign, "ann@bank.example", "bank.example")
    found = read(report("ANN@bank.example", id=id), report("ann@bank.example"), report("eve@elsewhere.example"))
    counts, files = take_bounces(desk, found, "bank.example")
    assert counts == {"noted": 1, "confirmed": 1, "foreign": 1, "delays": 0, "others": 0, "unreadable": 0}
    text = files[0].read_text("utf-8-sig")
    assert "ANN@bank.example,5.1.1," in text
    assert text.count("yes") == 1
    server = MailServer()
    post = Post.of(Mail("localhost", server.port, "none", sender="survey@bank.example", per_minute=10**6), "")
    outcome = send_letters([_reminder(entry) for entry in entries], post, desk.store, desk.key)
    server.stop()
    assert server.recipients() == ["bob@bank.example"]
    assert len(outcome.unreachable) == 1


def test_a_forged_report_is_marked_as_unconfirmed(sent):
    desk, _ = sent
    counts, files = take_bounces(desk, read(report("ann@bank.example", id="<guess@bank.example>")), "bank.example")
    assert (counts["noted"], counts["confirmed"]) == (1, 0)
    assert ",no" in files[0].read_text("utf-8-sig")


def test_no_report_no_file(sent):
    desk, _ = sent
    assert take_bounces(desk, read(report("eve@elsewhere.example")), "bank.example")[1] == ()


def _reminder(entry):
    import dataclasses

    return dataclasses.replace(entry, letter="reminder-1")
