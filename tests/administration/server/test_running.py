"""The server as a process: what it loads, when it opens, what it refuses, and how it ends."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

import pytest
from sqlalchemy import select

from crmstudy.administration.declaring.reading import read_fieldwork
from crmstudy.administration.server.opening import closed_before_their_time, open_live
from crmstudy.administration.server.running import only_one
from crmstudy.administration.store.closing import close
from crmstudy.administration.store.consents import consents
from crmstudy.administration.store.schema import draft
from crmstudy.administration.store.store import Store
from crmstudy.cli.app import main
from crmstudy.errors import StudyError

EXAMPLE = Path(__file__).parents[3] / "crmstudy" / "templates" / "study"
#: What a server has no need of.
HEAVY = ("numpy", "pandas", "scipy", "matplotlib", "alembic", "crmstudy.study", "crmstudy.report", "crmstudy.exchange")
FILLED = """\
crmstudy_administration: 1
languages: [en]
mode: anonymous
k: 5
address: http://127.0.0.1
notice:
  controller: {en: Example University}
  contact: {en: survey@example.org}
  purpose: {en: To learn.}
  legal_basis: {en: Consent}
  recipients: {en: The researchers}
  ethics: {en: "Approved, 12"}
consent:
  version: 1
  text: {en: I agree.}
retention: {answers: 2040-12-31}
samples:
  staff:
    entry: open
    opens: 2026-01-01
    closes: 2039-12-31
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "a study"
    shutil.copytree(EXAMPLE, made)
    return made


def filled(folder, text=FILLED):
    (folder / "administration.yaml").write_text(text, encoding="utf-8")
    study = folder / "study.yaml"
    lines = study.read_text(encoding="utf-8").splitlines()
    study.write_text("\n".join(line for line in lines if not line.strip().startswith("simulated:")), encoding="utf-8")
    return read_fieldwork(folder)


@contextlib.contextmanager
def server(*arguments):
    """A server in a process of its own: its process, and what it said when it was ready."""
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parents[2])}
    process = subprocess.Popen(
        [sys.executable, "-m", "crmstudy", "serve", *map(str, arguments), "--port", "0", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    told = ""
    try:
        for line in process.stdout:
            told += line
            if line == "}\n":
                break
        yield process, json.loads(told) if told else {}
    finally:
        process.kill()
        process.communicate()


def test_the_server_loads_nothing_it_has_no_need_of(folder):
    program = f"""
import json, sys, time
begun = time.perf_counter()
from pathlib import Path
from crmstudy.administration.declaring.reading import read_fieldwork
from crmstudy.administration.keys import study_key
from crmstudy.administration.server import running
from crmstudy.administration.trying import routes
from crmstudy.administration.store.store import Store
fieldwork = read_fieldwork(Path({str(folder)!r}))
with Store.open(fieldwork.place, purpose="try") as store:
    running.build_app(fieldwork, store, secret=study_key(fieldwork.place), purpose="try", address="http://127.0.0.1",
                      more_routes=tuple(routes.trial_routes()))
print(json.dumps([name for name in {HEAVY!r} + ('typer', 'rich') if name in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_help_loads_nothing_either():
    program = f"import sys; from crmstudy.cli.app import main; main(['serve', '--help']); print(); " \
              f"print([n for n in {(*HEAVY, 'sqlalchemy', 'starlette')!r} if n in sys.modules])"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr


def test_a_trial_needs_no_set_up(folder):
    begun = time.monotonic()
    with server(folder, "--try") as (process, told):
        assert time.monotonic() - begun < 20
        with urllib.request.urlopen(told["try"]) as answer:
            page = answer.read().decode()
        assert "Ready to go live? Not yet." in page
        assert "notice.controller" in page
        for href in re.findall(r'src="(/try/[^"]+)"', page):
            with urllib.request.urlopen(told["address"] + href) as answer:
                assert answer.status == 200
                assert b"trial" in answer.read()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        log = process.stderr.read()
    assert "Traceback" not in log
    assert "sample_page/staff" in log
    assert (folder / "administration" / "try.db").exists()
    assert not (folder / "administration" / "answers.db").exists()


def test_a_trial_is_for_this_computer_only(folder, capsys):
    assert main(["serve", str(folder), "--try", "--host", "0.0.0.0"]) == 2
    assert "this computer only" in capsys.readouterr().err


def test_nothing_opens_before_everything_is_said(folder, capsys):
    assert main(["serve", str(folder), "--json"]) == 2
    told = " ".join(fault["message"] for fault in json.loads(capsys.readouterr().out)["faults"])
    for needed in ("mode", "controller", "contact", "purpose", "legal", "recipients", "ethics", "address"):
        assert needed in told
    assert main(["serve", str(folder), "--check"]) == 1
    assert "MISSING" in capsys.readouterr().out


@pytest.mark.parametrize("key", ["controller", "contact", "purpose", "legal_basis", "recipients", "ethics"])
def test_each_part_of_the_notice_is_needed(folder, key):
    text = "\n".join(line for line in FILLED.splitlines() if not line.startswith(f"  {key}:"))
    fieldwork = filled(folder, text)
    with Store.open(fieldwork.place) as store, pytest.raises(StudyError, match=key):
        open_live(fieldwork, store, __import__("datetime").date(2026, 11, 26))


def test_a_live_server_opens_keeps_its_promises_and_is_alone(folder, capsys):
    fieldwork = filled(folder)
    with server(folder) as (process, told):
        assert process.poll() is None, process.stderr.read()
        with urllib.request.urlopen(f"{told['samples']['staff']}") as answer:
            assert b"I agree" in answer.read()
        assert main(["serve", str(folder), "--port", "0"]) == 2
        assert "another server" in capsys.readouterr().err
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    with Store.open(fieldwork.place) as store:
        assert [(one.version, one.language) for one in store.read(consents)] == [(1, "en")]
        changed = filled(folder, FILLED.replace("mode: anonymous", "mode: identified"))
        with pytest.raises(StudyError, match="mode"):
            open_live(changed, store, __import__("datetime").date(2026, 11, 26))
        reworded = filled(folder, FILLED.replace("I agree.", "I agree to everything."))
        with pytest.raises(StudyError, match="version"):
            open_live(reworded, store, __import__("datetime").date(2026, 11, 26))
        again = filled(folder, FILLED.replace("I agree.", "I agree to everything.").replace("version: 1", "version: 2"))
        open_live(again, store, __import__("datetime").date(2026, 11, 26))


def test_what_is_being_sent_is_kept_before_the_server_ends(folder):
    fieldwork = filled(folder)
    with server(folder) as (process, told):
        host, port = told["address"].removeprefix("http://").split(":")
        with urllib.request.urlopen(told["samples"]["staff"]) as answer:
            cookie = answer.headers["set-cookie"].partition(";")[0]
            fields = dict(re.findall(r'name="(csrf|draft)" value="([^"]+)"', answer.read().decode()))
        body = urllib.parse.urlencode({**fields, "go": "agree"}).encode()
        head = (
            f"POST /s/staff/consent HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        ).encode()
        with socket.create_connection((host, int(port)), timeout=20) as sending:
            sending.sendall(head + body[:20])
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert process.poll() is None
            sending.sendall(body[20:])
            assert sending.recv(4096).startswith(b"HTTP/1.1 303")
        assert process.wait(20) == 0
        assert "Traceback" not in process.stderr.read()
    with Store.open(fieldwork.place) as store:
        assert store.read(lambda c: c.execute(select(draft.c.sample)).scalars().all()) == ["staff"]


@pytest.mark.postgres
def test_two_servers_on_one_postgresql(folder, cluster):
    name = f"t{uuid.uuid4().hex[:12]}"
    cluster.run(f"CREATE DATABASE {name} OWNER crmstudy TEMPLATE template0")
    filled(folder)
    db = ("--db", cluster.address(name))
    with server(folder, *db) as (first, one), server(folder, *db) as (second, two):
        assert first.poll() is second.poll() is None
        with urllib.request.urlopen(one["samples"]["staff"]) as answer:
            cookie = answer.headers["set-cookie"].partition(";")[0]
            fields = dict(re.findall(r'name="(csrf|draft)" value="([^"]+)"', answer.read().decode()))
        body = urllib.parse.urlencode({**fields, "go": "agree"}).encode()
        for told in (one, two, one):  # the visit goes on at whichever server it comes to
            asked = http.client.HTTPConnection(told["address"].removeprefix("http://"), timeout=20)
            asked.request("POST", "/s/staff/consent", body, {
                "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded",
            })  # fmt: skip
            assert asked.getresponse().status == 303
            asked.close()
        for process in (first, second):
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    with Store.open(folder / "administration", db=db[1], create=False) as store:
        assert len(store.read(lambda c: c.execute(select(draft)).all())) == 1
    cluster.run(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_lock_ends_with_its_holder(tmp_path):
    with only_one(tmp_path, "live"):
        with pytest.raises(StudyError), only_one(tmp_path, "live"):
            pass
        with only_one(tmp_path, "try"):
            pass
    with only_one(tmp_path, "live"):
        pass


def test_a_port_that_is_taken(folder, capsys):
    with server(folder, "--try") as (_, told):
        port = told["address"].rpartition(":")[2]
        shutil.copytree(folder, folder.parent / "other", ignore=shutil.ignore_patterns("administration"))
        assert main(["serve", str(folder.parent / "other"), "--try", "--port", port]) == 2
    assert "--port" in capsys.readouterr().err


def test_keys_of_staff(folder, capsys):
    assert main(["access", str(folder), "Ann", "--role", "clerk", "--json"]) == 0
    key = json.loads(capsys.readouterr().out)["key"]
    assert len(key.replace("-", "")) == 26
    raw = b"".join(path.read_bytes() for path in (folder / "administration").iterdir() if path.is_file())
    assert key.replace("-", "").encode() not in raw
    assert main(["access", str(folder), "Ann"]) == 2
    assert main(["access", str(folder), "--json"]) == 0
    assert main(["access", str(folder), "Ann", "--revoke"]) == 0
    assert main(["access", str(folder), "Anne", "--revoke"]) == 2
    assert main(["access", str(folder), "Bob", "--role", "boss"]) == 2


def test_a_wave_that_was_closed_early_is_told(folder):
    study, today = filled(folder), dt.date(2026, 11, 26)
    with Store.open(study.place) as store:
        assert closed_before_their_time(study, store, today) == []
        close(store, study, "staff", "", today=today)
        assert closed_before_their_time(study, store, today) == ["staff"]
        assert closed_before_their_time(study, store, dt.date(2040, 1, 1)) == []


def test_after_its_last_day_only_what_was_open_before_opens(folder):
    """It then tells visitors that it is over; a study nobody could have answered does not begin."""
    study, over = filled(folder), dt.date(2040, 1, 1)
    with Store.open(study.place) as store:
        with pytest.raises(StudyError, match="every wave is over"):
            open_live(study, store, over)
        open_live(study, store, dt.date(2026, 11, 26))
        open_live(study, store, over)


def test_nothing_is_made_of_a_study_that_may_not_open(folder, capsys):
    assert main(["serve", str(folder), "--port", "0"]) == 2
    assert "mode is not chosen" in capsys.readouterr().err
    assert not (folder / "administration").exists()
