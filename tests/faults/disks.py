"""Disks that fail: a running server gets the errors of a full, a read-only and a broken disk from its system calls.

strace is attached to the server and answers its writes (ENOSPC, EROFS) or syncs (EIO) with an error. Whoever posts then
must get 503 and a page with the answers on it, never thanks; when the disk is well again the same form is sent once
more and must be kept, once.
"""

from __future__ import annotations

import contextlib
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crmstudy.administration.keys import digest
from tests.faults.keeping import verdict
from tests.faults.respondent import Browser, Form
from tests.faults.studies import Server, free_port, make_study

#: What breaks -> the system call and its error.
BREAKS = {
    "the disk is full": ("pwrite64,write", "ENOSPC"),
    "the disk is read-only": ("pwrite64,write", "EROFS"),
    "syncing fails": ("fdatasync,fsync", "EIO"),
}


@dataclass
class Disks:
    """What became of posts while the disk was broken, and after."""

    posts: int = 0
    refused: int = 0
    shown_again: int = 0
    thanked: int = 0
    kept_after: int = 0
    lost: int = 0
    extra: int = 0


@contextlib.contextmanager
def broken(process: subprocess.Popen[bytes], calls: str, error: str, path: Path) -> Iterator[None]:
    """Break the calls of a process that touch the files of its database, for a while."""
    files = [argument for suffix in ("", "-wal") for argument in ("-P", f"{path}{suffix}")]
    injected = ["-e", f"inject={calls}:error={error}", "-e", f"trace={calls}"]
    command = ["strace", "-f", "-q", "-o", "/dev/null", *files, *injected, "-p", str(process.pid)]
    tracer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(0.7)
    if tracer.poll() is not None:
        said = tracer.stderr.read().decode() if tracer.stderr else ""
        raise PermissionError(f"strace may not attach to a process here: {said.strip()}")
    try:
        yield
    finally:
        tracer.terminate()
        tracer.wait()
        if tracer.stderr:
            tracer.stderr.close()


def _prepared(port: int, n: int) -> list[tuple[Browser, Form, list[tuple[str, str]]]]:
    """Respondents who have filled in their last page and not sent it."""
    rng, made = random.Random(1), []
    for _ in range(n):
        browser = Browser("127.0.0.1", port)
        start = browser.get("/s/staff")
        form = start.form("draft", go="agree")
        page = browser.send(form, [*form.filled(rng), ("go", "agree")])
        last = page.form("q.", go="next")
        made.append((browser, last, [*last.filled(rng), ("go", "next")]))
        browser.close()
    return made


def break_disk(calls: str, error: str, n: int) -> Disks:
    """Post ``n`` finished questionnaires to a server whose disk fails, and again when it is well."""
    found = Disks()
    with tempfile.TemporaryDirectory() as name:
        folder = make_study(Path(name) / "study", pages=1, rows=6)
        database = folder / "administration" / "answers.db"
        server = Server(folder, free_port())
        server.start()
        assert server.process is not None
        try:
            waiting = _prepared(server.port, n)
            with broken(server.process, calls, error, database):
                for browser, form, sent in waiting:
                    _post_broken(browser, form, sent, found)
            submissions = []
            for browser, form, sent in waiting:
                found.kept_after += browser.send(form, sent, follow=False).status == 303
                submissions.append(digest("submission", dict(sent)["submission"]))
                browser.close()
        finally:
            server.stop()
        looked = verdict(database, submissions, tokens=False, quotas=False)
        found.lost, found.extra = looked.lost, looked.untold + len(looked.half)
    return found


def _post_broken(browser: Browser, form: Form, sent: list[tuple[str, str]], found: Disks) -> None:
    got = browser.send(form, sent, follow=False)
    found.posts += 1
    found.refused += got.status == 503
    found.thanked += got.status in (200, 303)
    with contextlib.suppress(LookupError):
        again = {(name, value) for kind, name, value, on in got.form("q.").fields if kind == "radio" and on}
        given = {(name, value) for name, value in sent if name.startswith("q.")}
        found.shown_again += given <= again and dict(got.form("q.").hidden())["submission"] == dict(sent)["submission"]
    browser.close()
