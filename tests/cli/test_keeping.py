"""``close``, ``backup`` and ``purge``: what they say, what they leave alone, and what they do."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert

from crmstudy.administration.keys import digest, new_secret
from crmstudy.administration.store import schema
from crmstudy.administration.store.respondents import Draft, Given, begin, save_page, submit
from crmstudy.administration.store.store import Store
from crmstudy.cli import main
from tests.administration.declaring.made import GOOD, changed, write
from tests.administration.store.test_closing import compose, rows

Cli = Callable[..., tuple[int, str, str]]


def day(n: int) -> str:
    """A day that many days from now."""
    return (dt.datetime.now(dt.UTC).date() + dt.timedelta(n)).isoformat()


LAST = day(300)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run the program; gives exit code, stdout, stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study of which one wave is over, another is not; three answered in each, one began."""
    declared = changed("mode", "anonymous", GOOD)
    declared = changed("withdrawal", "closing", declared)
    waves = {"past": {"opens": day(-90), "closes": day(-60)}, "next": {"opens": day(-50), "closes": LAST}}
    declared = changed("samples.staff.waves", waves, declared)
    declared = changed("samples.customers.opens", day(-50), declared)
    declared = changed("samples.customers.closes", LAST, declared)
    declared = changed("samples.staff.attributes", [], declared)
    declared = changed("retention", {"answers": day(900), "drafts_days": 14}, declared)
    made = write(tmp_path / "study", declared)
    with Store.open(made / "administration") as store:
        for wave in ("past", "next"):
            for i in range(4):
                draft, receipt = digest("draft", new_secret()), digest("submission", new_secret())
                new = Draft(draft, "staff", wave, "en", 1, 1, day(-80))
                store.do_now(lambda work, new=new: begin(work, new))
                store.do_now(lambda work, draft=draft: save_page(work, draft, Given(1, {"manager": 1, "team": 5})))
                if i:
                    last = Given(2, {"A1": i})
                    store.do_now(lambda work, d=draft, r=receipt, g=last: submit(work, d, r, g, compose))
    return made


def kept(folder: Path, table: object = schema.response) -> list[dict[str, object]]:
    with Store.open(folder / "administration", create=False) as store:
        return rows(store, table)


def test_only_waves_that_are_over_are_closed(cli: Cli, folder: Path) -> None:
    code, out, err = cli("close", folder)
    assert (code, err) == (0, "")
    assert "staff, past: closed with 4 answers (1 incomplete)." in out
    assert f"staff, next: left open; it takes answers until {LAST}." in out
    assert [(row["sample"], row["wave"]) for row in kept(folder, schema.closed)] == [("staff", "past")]
    incomplete = [json.loads(str(row["answers"])) for row in kept(folder) if not row["complete"]]
    assert [(one["manager"], one["A1"]) for one in incomplete] == [(1, None)]
    code, out, _ = cli("close", folder, "--json")
    assert code == 0
    assert [(one["wave"], one["already"]) for one in json.loads(out)["closed"]] == [("past", True)]


def test_closing_early_has_to_be_meant(cli: Cli, folder: Path) -> None:
    code, _, err = cli("close", folder, "--sample", "staff", "--wave", "next")
    assert code == 2
    assert f"staff, next is not over: it takes answers until {LAST}. Closing is for good; add --yes" in err
    assert kept(folder, schema.closed) == []
    code, out, _ = cli("close", folder, "--sample", "staff", "--wave", "next", "--yes", "--json")
    assert code == 0
    assert json.loads(out)["closed"][0]["responses"] == 4
    for arguments, sentence in (
        (("--sample", "staf"), "Did you mean 'staff'?"),
        (("--wave", "nxt"), "Did you mean 'next'?"),
    ):
        code, _, err = cli("close", folder, *arguments)
        assert code == 2
        assert sentence in err


def test_sheets_that_are_not_settled_are_told_before_anything_is_closed(cli: Cli, folder: Path) -> None:
    with Store.open(folder / "administration") as store:
        for nth, state in enumerate(("once", "differs", "printed", "taken")):
            sheet = {"sample": "staff", "number": f"{nth}", "wave": "past", "language": "en", "state": state}
            typed = {"sample": "staff", "number": f"{nth}", "round": 1, "clerk": "Ann", "given": "{}"}
            store.do_now(lambda work, row=sheet: work.connection.execute(insert(schema.sheet), row))
            store.do_now(lambda work, row=typed: work.connection.execute(insert(schema.entry), row))
    code, out, err = cli("close", folder)
    assert (code, out) == (2, "")
    assert "staff, past: 2 paper sheets typed in and not settled" in err
    assert "crmstudy paper status" in err
    assert kept(folder, schema.closed) == []
    assert len(kept(folder, schema.entry)) == 4
    with Store.open(folder / "administration") as store:
        early = {"sample": "staff", "number": "9", "wave": "next", "language": "en", "state": "once"}
        store.do_now(lambda work: work.connection.execute(insert(schema.sheet), early))
    code, _, err = cli("close", folder, "--wave", "next")
    assert code == 2
    assert "staff, next is not over" in err
    assert "staff, next: 1 paper sheet typed in and not settled; closing gives it up" in err
    code, out, _ = cli("close", folder, "--wave", "past", "--yes")
    assert code == 0
    assert "paper sheets typed in and not settled: 2; what was typed in is deleted" in out
    assert "paper sheets printed and never typed in: 1" in out
    assert sorted(str(row["number"]) for row in kept(folder, schema.entry)) == ["2", "3"]
    code, out, _ = cli("close", folder, "--wave", "past", "--yes", "--json")
    assert json.loads(out)["closed"][0]["already"]


def test_nothing_collected_is_said(cli: Cli, tmp_path: Path) -> None:
    made = write(tmp_path / "new", GOOD)
    for command in ("close", "backup", "purge"):
        code, _, err = cli(command, made, *(["--yes"] if command == "close" else []))
        assert code == 2
        assert "nothing has been collected yet" in err
    assert not (made / "administration").exists()


def test_a_backup_is_made_checked_and_rotated(cli: Cli, folder: Path, tmp_path: Path) -> None:
    code, out, _ = cli("backup", folder)
    assert code == 0
    assert "answers: 6, drafts: 2, tokens: 0" in out
    for _ in range(3):
        code, out, _ = cli("backup", folder, "--keep", 2, "--json")
    told = json.loads(out)
    assert code == 0
    assert len(told["deleted"]) == 1
    assert len(list((folder / "administration" / "backups").glob("*.db"))) == 2
    code, out, _ = cli("backup", "--verify", told["file"])
    assert code == 0
    assert "is sound" in out
    outside = tmp_path / "پشتیبان.db"
    assert cli("backup", folder, "--to", outside)[0] == 0
    code, _, err = cli("backup", folder, "--to", outside)
    assert code == 2
    assert "never replace a file" in err
    restored = tmp_path / "restored"
    shutil.copytree(folder, restored, ignore=shutil.ignore_patterns("administration"))
    (restored / "administration").mkdir()
    shutil.copy(outside, restored / "administration" / "answers.db")
    assert len(kept(restored)) == 6
    for wrong in (("--verify", outside, "--keep", 1), (), (folder, "--to", "x", "--keep", 1)):
        assert cli("backup", *wrong)[0] == 2
    assert cli("backup", tmp_path / "nowhere")[0] == 2


def test_a_purge_shows_and_only_then_deletes(cli: Cli, folder: Path) -> None:
    cli("backup", folder)
    code, out, _ = cli("purge", folder)
    assert code == 0
    assert "begun more than 14 days ago" in out
    assert "Nothing was deleted. Add --yes to delete it." in out
    assert len(kept(folder, schema.draft)) == 2
    code, out, _ = cli("purge", folder, "--drafts", "--yes", "--json")
    assert (code, json.loads(out)["parts"][0]["number"]) == (0, 2)
    assert kept(folder, schema.draft) == []
    assert len(kept(folder)) == 6
    code, out, _ = cli("purge", folder, "--all")
    assert code == 0
    assert len(kept(folder)) == 6
    code, out, _ = cli("purge", folder, "--all", "--yes")
    assert code == 0
    assert kept(folder) == []
    assert list((folder / "administration" / "backups").iterdir()) == []
    assert [row["what"] for row in kept(folder, schema.deletion)].count("answers") == 1
    assert cli("purge", folder)[1] == "Nothing is to be deleted.\n"
    assert cli("purge", folder, "--all", "--due")[0] == 2


@pytest.mark.parametrize("command", ["close", "backup", "purge"])
def test_help_needs_neither_the_database_nor_numpy(command: str) -> None:
    heavy = "[n for n in ('sqlalchemy', 'alembic', 'numpy', 'pandas', 'starlette') if n in sys.modules]"
    script = f"import sys; from crmstudy.cli import main; main(['{command}', '-h']); print({heavy})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
