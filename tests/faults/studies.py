"""Small studies that are ready to open: as many pages and items as a test needs, and a server that asks them."""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

LABELS = ("Disagree strongly", "Disagree", "Neither", "Agree", "Agree strongly")


def instrument(pages: int, rows: int) -> dict[str, Any]:
    """An instrument of ``pages`` sections with ``rows`` items each, and a text at its end."""
    ids = [[f"P{page}Q{row}" for row in range(1, rows + 1)] for page in range(1, pages + 1)]
    return {
        "crmstudy_instrument": 1, "id": "endurance", "version": "1.0", "name": {"en": "Endurance"},
        "description": {"en": "Made for tests."}, "respondent": "staff", "wording": "paraphrase",
        "sources": {"none": {"reference": "Made for tests."}},
        "rights": {"holder": "Nobody", "status": "public-domain", "statement": "Made for tests.", "source": "none"},
        "provenance": {
            part: {"source": "none"} for part in ("structure", "content", "responses", "reversed", "scoring")
        },
        "languages": {"en": {"direction": "ltr", "status": "reviewed"}},
        "responses": {
            "agreement": {"low": 1, "high": 5, "labels": {n + 1: {"en": LABELS[n]} for n in range(5)}},
        },
        "items": [
            {"id": id, "response": "agreement", "wording": {"en": f"Statement {id} is true of my work."}}
            for page in ids for id in page
        ],
        "reversed": [],
        "scales": [
            {"id": "endurance", "name": {"en": "Endurance"}, "items": [id for page in ids for id in page],
             "method": "mean", "min_answered": 1, "model": "reflective"}
        ],
        "sections": [
            {"id": f"part{number}", "title": {"en": f"Part {number}"}, "items": page}
            for number, page in enumerate(ids, start=1)
        ],
    }  # fmt: skip


def make_study(
    folder: Path, *, pages: int = 10, rows: int = 6, address: str = "http://127.0.0.1", **sample: Any
) -> Path:
    """Write a study that may open at once; ``sample`` are keys of its only sample, ``staff``."""
    today = dt.date.today()
    (folder / "instruments").mkdir(parents=True)
    _write(folder / "instruments" / "endurance.yaml", instrument(pages, rows))
    _write(folder / "study.yaml", {
        "crmstudy": 1, "title": {"en": "Endurance"}, "lang": "en",
        "samples": {"staff": {"population": "staff", "file": "handover/staff", "instruments": ["endurance"]}},
        "analyses": [{"id": "items", "kind": "items", "sample": "staff"}],
    })  # fmt: skip
    notice = ("controller", "contact", "purpose", "legal_basis", "recipients", "ethics")
    _write(folder / "administration.yaml", {
        "crmstudy_administration": 1, "languages": ["en"], "mode": "anonymous", "k": 5, "address": address,
        "notice": {key: {"en": f"The {key.replace('_', ' ')} of a test."} for key in notice},
        "consent": {"version": 1, "text": {"en": "This is a test."}},
        "retention": {"answers": today + dt.timedelta(days=900)},
        "samples": {"staff": {
            "opens": today - dt.timedelta(days=1), "closes": today + dt.timedelta(days=30), "rows": max(2, rows),
            **sample,
        }},
    })  # fmt: skip
    return folder


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A server in a process of its own."""

    folder: Path
    port: int
    module: str = "crmstudy"
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    def start(self, within: float = 20) -> float:
        """Start it; the seconds until it takes a connection."""
        began = time.monotonic()
        command = [sys.executable, "-m", self.module, "serve", str(self.folder), "--port", str(self.port)]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen([*command, *self.options], stdout=log, stderr=log, env={**os.environ})
        while time.monotonic() < began + within:
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "server.log").read_text(encoding="utf-8")[-3000:])
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=0.2).close()
            except OSError:
                time.sleep(0.01)
            else:
                return time.monotonic() - began
        raise RuntimeError("the server does not answer")

    def kill(self) -> None:
        """End it as the system would: no handler runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)
