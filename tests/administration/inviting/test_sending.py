"""Letters by mail, against a server that really speaks SMTP: each once, none to those who want none."""

import dataclasses
import itertools
import threading
import time
from email import message_from_bytes
from email.errors import HeaderParseError

import pytest
from sqlalchemy import select

from crmstudy.administration.fieldwork import Mail
from crmstudy.administration.inviting.addresses import address_digest
from crmstudy.administration.inviting.issuing import invite_people
from crmstudy.administration.inviting.lists import read_send_list
from crmstudy.administration.inviting.message import message, message_id, sender_of
from crmstudy.administration.inviting.people import Person
from crmstudy.administration.inviting.sending import Post, read_stop_list, send_letters, why_not
from crmstudy.administration.store import schema
from crmstudy.administration.store.invitations import add_stops, campaign_of, letter_states, settle_letter
from crmstudy.errors import DataError, StudyError
from tests.administration.inviting.mailserver import MailServer, certificate

ADDRESSES = [f"p{number}@bank.example" for number in range(6)]


@pytest.fixture
def server():
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture
def desk(make_desk):
    return make_desk("anonymous")


@pytest.fixture
def entries(desk):
    people = [
        Person(line, email=address, unit="B1", lang=lang)
        for line, (address, lang) in enumerate(zip(ADDRESSES, itertools.cycle(["en", "fa", "ru"]), strict=False))
    ]
    return read_send_list(invite_people(desk, people).files[0])


def mail_to(server, **more):
    given = {"host": "localhost", "port": server.port, "security": "none", "sender": "Survey <survey@bank.example>"}
    return Mail(**{**given, "per_minute": 10**6, **more})


def send(desk, entries, server, *, mail=None, password="", **more):
    post = Post.of(mail or mail_to(server), password)
    post.pause = 0.0
    return send_letters(entries, post, desk.store, desk.key, **more)


def states(desk, entries):
    campaign = campaign_of("staff", "w1", entries[0].letter)
    return desk.store.read(lambda connection: letter_states(connection, campaign))


def test_everybody_gets_one_letter(desk, entries, server):
    outcome = send(desk, entries, server)
    assert outcome.sent == [entry.serial for entry in entries]
    assert server.recipients() == ADDRESSES
    assert all(len(recipients) == 1 for _, recipients, _ in server.got)
    assert server.connections == 1
    again = send(desk, entries, server)
    assert (again.sent, len(again.before)) == ([], 6)
    assert len(server.got) == 6


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_letter_arrives_as_it_was_written(desk, entries, server, place):
    send(desk, entries, server)
    got, entry = server.messages()[place], entries[place]
    assert got["To"] == entry.email
    assert got["Subject"] == entry.subject
    assert got["From"] == "Survey <survey@bank.example>"
    assert got["Content-Language"] == entry.lang
    assert got["List-Unsubscribe"].strip().startswith("<mailto:survey@bank.example?subject=")
    assert got.get_content_type() == "text/plain"
    assert got.get_content_charset() == "utf-8"
    text = got.get_content().replace("\r\n", "\n")
    assert text.replace("\u200f", "").strip() == entry.text.strip()
    assert entry.link in text.split("\n")
    assert ("\u200f" in text) == (entry.lang == "fa")
    raw = server.got[place][2]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()
    assert got["Cc"] is got["Bcc"] is None


def test_a_run_that_was_stopped_goes_on(desk, entries, server):
    server.answers[("RCPT", ADDRESSES[3])] = ["451 later"] * 3

    class Stop(BaseException):
        pass

    def tell(_, done, __):
        if done == 2:
            raise Stop

    with pytest.raises(Stop):
        send(desk, entries, server, tell=tell)
    assert server.recipients() == ADDRESSES[:2]
    send(desk, entries, server)
    assert sorted(server.recipients()) == sorted(set(ADDRESSES) - {ADDRESSES[3]})
    send(desk, entries, server)
    assert sorted(server.recipients()) == sorted(ADDRESSES)


def test_two_runs_at_once_send_each_letter_once(desk, entries, server):
    start = threading.Barrier(4)

    def run():
        start.wait()
        send(desk, entries, server)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(server.recipients()) == sorted(ADDRESSES)


def test_what_may_have_left_is_not_sent_again_unasked(desk, entries, server):
    server.answers[("END", ADDRESSES[1])] = ["hang up"]  # taken, but the answer is lost
    outcome = send(desk, entries, server)
    assert outcome.uncertain == [entries[1].serial]
    assert len(outcome.sent) == 5
    assert server.recipients() == ADDRESSES
    again = send(desk, entries, server)
    assert again.uncertain == [entries[1].serial]
    assert len(server.got) == 6
    asked = send(desk, entries, server, again=True)
    assert asked.sent == [entries[1].serial]
    first, second = [raw for _, to, raw in server.got if to == [ADDRESSES[1]]]
    ids = [line for raw in (first, second) for line in raw.split(b"\r\n") if line.startswith(b"Message-ID")]
    assert ids[0] == ids[1]  # so that a mailbox can tell that they are one letter


def test_letters_noted_as_being_sent_wait_for_a_decision(desk, entries, server):
    """The state that a kill between the note and the sending leaves behind; a control that forgets it sends twice."""
    campaign = campaign_of("staff", "w1", entries[0].letter)
    send(desk, entries[:1], server)
    mark = address_digest(desk.key, entries[0].email)
    desk.store.do_now(lambda work: settle_letter(work, campaign, mark, "sending"))
    assert send(desk, entries[:1], server).uncertain == [entries[0].serial]
    assert len(server.got) == 1
    desk.store.do_now(lambda work: settle_letter(work, campaign, mark, "later"))
    send(desk, entries[:1], server)
    assert len(server.got) == 2


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "END"])
def test_refusals_of_the_moment_are_tried_again(desk, entries, server, verb):
    key = verb if verb in ("MAIL", "DATA") else (verb, ADDRESSES[0])
    server.answers[key] = ["451 4.7.1 greylisted"]
    outcome = send(desk, entries, server)
    assert sorted(outcome.sent) == sorted(entry.serial for entry in entries)
    assert sorted(server.recipients()) == sorted(ADDRESSES)
    assert not outcome.later


def test_refusals_of_the_moment_end_some_time(desk, entries, server):
    server.answers[("RCPT", ADDRESSES[0])] = ["450 full"] * 3
    outcome = send(desk, entries, server)
    assert outcome.later == [entries[0].serial]
    assert "450 full" in outcome.reasons[entries[0].serial]
    assert send(desk, entries, server).sent == [entries[0].serial]


def test_addresses_that_do_not_exist_get_nothing_more(desk, entries, server):
    server.answers[("RCPT", ADDRESSES[0])] = ["550 5.1.1 \x1b[2Jno such user"]
    server.answers[("END", ADDRESSES[1])] = ["554 5.1.1 no such user"]
    outcome = send(desk, entries, server)
    assert outcome.refused == [entries[0].serial, entries[1].serial]
    assert "\x1b" not in outcome.reasons[entries[0].serial]
    reminders = [dataclasses.replace(entry, letter="reminder-1") for entry in entries]
    outcome = send(desk, reminders, server)
    assert outcome.unreachable == [entries[0].serial, entries[1].serial]
    assert len(outcome.sent) == 4
    told = why_not(reminders, desk.store, desk.key)
    assert told[entries[0].serial] == "cannot be reached"
    assert told[entries[2].serial] == "sent before"


@pytest.mark.parametrize(
    ("verb", "reply"), [("MAIL", "550 5.7.1 not you"), ("DATA", "554 no"), ("END", "554 5.7.1 looks like spam")]
)
def test_a_server_that_takes_nothing_is_left_alone(desk, entries, server, verb, reply):
    server.answers[verb] = [reply]
    outcome = send(desk, entries, server)
    assert reply[:3] in outcome.trouble
    assert len(outcome.later) == 6
    assert not server.got
    assert send(desk, entries, server).sent == [entry.serial for entry in entries]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_lost_connection_is_made_again(desk, entries, server, verb):
    server.answers[verb] = ["hang up"]
    outcome = send(desk, entries, server)
    assert len(outcome.sent) + len(outcome.uncertain) == 6
    assert sorted(set(server.recipients())) == sorted(server.recipients())
    assert bool(outcome.uncertain) == (verb == "DATA")


def test_a_server_that_hangs_up_between_letters(desk, entries, server):
    server.answers["NOOP"] = ["hang up", "421 bye"]
    assert len(send(desk, entries, server).sent) == 6
    assert server.connections == 3


def test_nobody_home(desk, entries, server):
    server.stop()
    outcome = send(desk, entries, server)
    assert "cannot be used" in outcome.trouble
    assert not states(desk, entries)  # nothing was claimed


def test_who_wants_no_mail_gets_none(desk, entries, server, tmp_path):
    path = tmp_path / "stop.txt"
    path.write_text(f"# those who asked\n{ADDRESSES[0].upper()}\n\n", encoding="utf-8")
    desk.store.do_now(lambda work: add_stops(work, [address_digest(desk.key, ADDRESSES[1])], "asked"))
    outcome = send(desk, entries, server, stops=read_stop_list(path))
    assert outcome.stopped == [entries[0].serial, entries[1].serial]
    assert server.recipients() == ADDRESSES[2:]
    path.write_text("not an address\n")
    with pytest.raises(DataError, match="no address"):
        read_stop_list(path)
    assert read_stop_list(None) == set()


def test_the_throttle_keeps_its_pace(desk, entries, server):
    now, slept = itertools.count(), []
    post = Post.of(mail_to(server, per_minute=30), "")
    clock = [0.0]

    def sleep(seconds):
        slept.append(seconds)
        clock[0] += seconds

    post.sleep, post.clock = sleep, lambda: clock[0]
    assert next(now) == 0
    send_letters(entries, post, desk.store, desk.key)
    assert slept == [2.0] * 5


def test_the_journal_of_letters_has_neither_tokens_nor_addresses(desk, entries, server):
    send(desk, entries, server)
    rows = desk.store.read(lambda connection: connection.execute(select(schema.mailing)).all())
    assert len([row for row in rows if row.state == "sent"]) == 6
    assert {row.serial for row in rows} == {""}
    tokens = {row.digest for row in desk.store.read(lambda c: c.execute(select(schema.token)).all())}
    assert not tokens & {row.digest for row in rows}


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_connections_are_encrypted_with_a_certificate_that_is_checked(desk, entries, tmp_path, monkeypatch, security):
    files = certificate(tmp_path)
    server = MailServer(password="pass word", **{security: files})
    try:
        mail = mail_to(server, security=security, user="survey")
        untrusted = send(desk, entries, server, mail=mail, password="pass word")
        assert "CERTIFICATE_VERIFY_FAILED" in untrusted.trouble.upper().replace(" ", "_")
        assert not server.got
        assert not server.logins
        monkeypatch.setenv("SSL_CERT_FILE", str(files[1]))
        wrong = send(desk, entries, server, mail=mail, password="wrong")
        assert "535" in wrong.trouble
        assert "wrong" not in wrong.trouble
        outcome = send(desk, entries, server, mail=mail, password="pass word")
        assert len(outcome.sent) == 6
        assert server.encrypted == 6
        assert server.logins[-1] == (["survey", "pass word"], True)
    finally:
        server.stop()


def test_a_server_without_starttls_gets_nothing(desk, entries, server):
    outcome = send(desk, entries, server, mail=mail_to(server, security="starttls", user="survey"), password="x")
    assert outcome.trouble
    assert not server.got
    assert "AUTH" not in server.commands


@pytest.mark.parametrize(
    ("mail", "said"),
    [
        (None, "no mail server"),
        (Mail("mail.example", security="none", sender="a@b.example"), "another machine"),
        (Mail("localhost", user="x", sender="a@b.example"), "CRMSTUDY_SMTP_PASSWORD"),
        (Mail("localhost", user="jürgen", sender="a@b.example"), "ASCII"),
        (Mail("localhost", sender="nobody"), "mail.sender"),
        (Mail("localhost", sender="A <a@b.example>\nBcc: c@d.example"), "mail.sender"),
        (Mail("localhost", sender="a@b.example", reply_to="x"), "mail.reply_to"),
        (Mail("localhost", sender="a@b.example", per_minute=0), "per_minute"),
    ],
)
def test_mail_settings_that_are_refused(mail, said):
    with pytest.raises(StudyError) as caught:
        Post.of(mail, "")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "evil", ["x\r\nBcc: eve@x.example", "x\nBcc: eve@x.example", "x\r\n\r\nbody", "x\rBcc: e@x.example"]
)
@pytest.mark.parametrize("name", ["subject", "email"])
def test_nothing_gets_into_the_head_of_a_letter(entries, evil, name):
    sender = sender_of(Mail("localhost", sender="Survey <survey@bank.example>"))
    fine = set(message(entries[0], sender, bytes(32), "c").keys())
    assert "Bcc" not in fine
    try:
        made = message(dataclasses.replace(entries[0], **{name: evil}), sender, bytes(32), "c").as_bytes()
    except (ValueError, HeaderParseError):
        return
    assert set(message_from_bytes(made).keys()) == fine


def test_ids_of_letters_are_known_to_their_readers_only(entries):
    one = message_id(bytes(32), "c", "a@b.example", "bank.example")
    assert one == message_id(bytes(32), "c", "A@b.example", "bank.example")
    assert one != message_id(bytes(31) + b"1", "c", "a@b.example", "bank.example")
    assert one != message_id(bytes(32), "d", "a@b.example", "bank.example")
    assert one.endswith("@bank.example>")


def test_thousands_of_letters_that_were_sent_cost_little(desk, entries, server):
    send(desk, entries, server)
    start = time.process_time()
    assert len(send(desk, entries * 500, server).before) == 3000
    assert time.process_time() - start < 20
