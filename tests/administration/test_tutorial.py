"""The tutorial of a first study in the field: its files are good, and its commands do what it says, in its order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from crmstudy.cli import main

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial-administration.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: What is tried elsewhere, because it runs until it is stopped, takes long, or needs answers of people.
ELSEWHERE = ("crmstudy doctor", "crmstudy serve bank", "crmstudy serve bank --try", "crmstudy export bank")


def elsewhere(command: str) -> bool:
    return not command.startswith("crmstudy ") or command in ELSEWHERE or command.startswith("crmstudy run")


@pytest.mark.slow
def test_the_tutorial_does_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CRMSTUDY_DB", raising=False)
    names = iter(("bank/study.yaml", "bank/administration.yaml", "bank/rehearsal.yaml"))
    held: dict[str, str] = {}
    Path("bank").mkdir()
    done = []
    for language, body in BLOCK.findall(TUTORIAL.read_text(encoding="utf-8")):
        if language != "sh":
            name = "people.csv" if language == "csv" else next(names)
            held[name] = body
            Path(name).write_text(body, encoding="utf-8")
            continue
        for line in body.splitlines():
            command = line.partition(" #")[0].strip()
            if elsewhere(command):
                continue
            code = main(shlex.split(command.replace("-n 200", "-n 12"))[1:])
            said = capsys.readouterr()
            assert code == 0, f"{command}: {said.err}"
            if command.endswith("--check"):
                assert said.out.endswith("Ready to go live.\n")
            if command.endswith("export bank --simulated"):
                folders = re.findall(r"file: (\S+)", said.out)
                assert folders == ["handover/staff-1", "handover/customers-1"]
                rehearsal = held.get("bank/rehearsal.yaml", "") or TUTORIAL.read_text(encoding="utf-8")
                assert all(folder in rehearsal for folder in folders)
            done.append(command)
    assert set(held) == {"bank/study.yaml", "bank/administration.yaml", "bank/rehearsal.yaml", "people.csv"}
    assert Path("bank-letters/staff-invitation-1-3.csv").exists()
    assert len(done) >= 15
