"""``crmstudy invite``: what it makes, says and refuses."""

from __future__ import annotations

import json

import pytest

from crmstudy.administration.inviting.lists import read_send_list
from crmstudy.cli import main
from tests.administration.inviting.mailserver import MailServer

STUDY = """
crmstudy: 1
title: {en: Work and service, fa: کار و خدمت, ru: Работа и сервис}
lang: en
seed: 1
samples:
  staff: {population: staff, instruments: [crm-strategy]}
  customers: {population: customer, instruments: [ecsi]}
analyses: []
"""
FIELDWORK = """
crmstudy_administration: 1
languages: [en, fa, ru]
mode: MODE
k: 5
address: https://survey.example.org
notice:
  contact: {en: hr@bank.example, fa: hr@bank.example, ru: hr@bank.example}
levels: [branch]
units:
  B01: {name: {en: Branch one, fa: شعبهٔ یک, ru: Филиал один}}
  B02: {}
samples:
  staff: {entry: token, opens: 2020-01-01, closes: 2090-12-31}
  customers: {entry: both, branch_links: true, kiosk: {idle_seconds: 60}, opens: 2020-01-01, closes: 2090-12-31}
"""
PEOPLE = """name,email,unit,lang
Ann,ann@bank.example,B01,en
علی,ali@bank.example,شعبهٔ یک,فارسی
Иван,ivan@bank.example,B02,ru
"""


@pytest.fixture
def cli(capsys, monkeypatch):
    """Run the program; gives exit code, stdout, stderr."""
    monkeypatch.delenv("CRMSTUDY_DB", raising=False)
    monkeypatch.delenv("CRMSTUDY_SMTP_PASSWORD", raising=False)

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main(["invite", *(str(argument) for argument in arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def study(tmp_path):
    """A maker of studies with staff and customers: (mode, more lines of administration.yaml)."""

    def make(mode="confidential", more=""):
        folder = tmp_path / "study"
        folder.mkdir(exist_ok=True)
        (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
        (folder / "administration.yaml").write_text(FIELDWORK.replace("MODE", mode) + more, encoding="utf-8")
        (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
        return folder, tmp_path / "people.csv", tmp_path / "study-letters"

    return make


@pytest.mark.parametrize("mode", ["anonymous", "confidential"])
def test_letters_for_a_list_of_people(cli, study, mode):
    folder, people, letters = study(mode)
    code, said, _ = cli(folder, "staff", people, "--json")
    assert code == 0
    told = json.loads(said)
    assert told["tokens"] == 3
    (path,) = letters.iterdir()
    assert str(path) in told["files"]
    assert [entry.lang for entry in read_send_list(path)] == ["en", "fa", "ru"]
    assert (folder / "administration" / "keys").exists() == (mode == "confidential")
    code, _, trouble = cli(folder, "staff", people)
    assert code == 2
    assert "has a token of this wave already; take the row out" in trouble
    code, said, _ = cli(folder, "staff", people, "--skip-invited")
    assert code == 0
    assert "0 people" in said


def test_a_dry_run_makes_nothing(cli, study):
    folder, people, letters = study()
    before = sorted(path.name for path in folder.iterdir())
    code, said, _ = cli(folder, "staff", people, "--dry-run")
    assert code == 0
    assert "ann@bank.example, B01, en" in said
    assert "[fa] دعوت به نظرسنجی" in said
    assert sorted(path.name for path in folder.iterdir()) == before
    assert not letters.exists()


def test_slips_reissue_reminder(cli, study):
    folder, people, letters = study("anonymous")
    assert cli(folder, "staff", people)[0] == 0
    code, said, _ = cli(folder, "staff", "--slips", "B01=3", "--slips", "شعبهٔ یک=1", "--no-pdf")
    assert code == 2
    code, said, _ = cli(folder, "staff", "--slips", "B01=3", "--slips", "B02=1", "--no-pdf", "--lang", "fa")
    assert code == 0
    assert len(list(letters.glob("*slips*.html"))) == 2
    code, said, _ = cli(folder, "staff", "--reissue", "2", "--json")
    assert json.loads(said)["old"] == "2"
    code, _, trouble = cli(folder, "staff", "--reissue", "2")
    assert code == 2
    assert "replaced before" in trouble
    code, said, _ = cli(folder, "staff", "--remind")
    assert code == 0
    assert "everyone who was invited" in said
    assert len(read_send_list(next(letters.glob("*reminder*.csv")))) == 3


def test_posters_and_kiosks(cli, study):
    folder, _, letters = study("anonymous")
    assert cli(folder, "customers", "--posters", "--no-pdf", "--lang", "fa,ru")[0] == 0
    assert len(list(letters.glob("customers-poster-*.html"))) == 2
    assert cli(folder, "customers", "--kiosks", "--unit", "B02")[0] == 0
    assert "https://survey.example.org/s/customers?k=B02." in (letters / "customers-kiosks.csv").read_text("utf-8-sig")
    code, _, trouble = cli(folder, "staff", "--posters")
    assert code == 2
    assert "entry: token" in trouble


def test_mail(cli, study):
    server = MailServer()
    mail = f"mail: {{host: localhost, port: {server.port}, security: none, sender: s@bank.example, per_minute: 6000}}\n"
    folder, people, letters = study("anonymous", mail)
    server.answers[("RCPT", "ivan@bank.example")] = ["550 5.1.1 no"]
    assert cli(folder, "staff", "--stop", "Ali@bank.example")[0] == 0
    code, said, _ = cli(folder, "staff", people, "--send", "--json")
    assert code == 0
    told = json.loads(said)["mail"]
    assert (told["sent"], told["stopped"], told["refused"]) == (1, 1, 1)
    assert server.recipients() == ["ann@bank.example"]
    code, said, _ = cli(folder, "staff", "--send", "--dry-run")
    assert "0 of 3 letters would be sent" in said
    assert "?t=..." in said
    (path,) = letters.iterdir()
    assert not any(entry.link in said or entry.code in said for entry in read_send_list(path))
    code, said, _ = cli(folder, "staff", path, "--send")
    assert "0 letters were sent" in said
    server.stop()
    assert cli(folder, "staff", "--remind", "--send")[0] == 1
    code, said, _ = cli(folder, "staff", "--bounces", letters)
    assert code == 0
    assert "0 addresses cannot be reached" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["staf", "people.csv"], "Did you mean 'staff'"),
        (["staff"], "give the list of people"),
        (["staff", "nowhere.csv"], "was not found"),
        (["staff", "people.csv", "--slips", "B01=1"], "needs no list"),
        (["staff", "--slips", "B01=1", "--remind"], "one after the other"),
        (["staff", "--slips", "B01=1", "--lang", "fa,ru"], "one language"),
        (["staff", "people.csv", "--lang", "de"], "does not offer 'de'"),
        (["staff", "people.csv", "--send"], "no mail server"),
        (["staff", "people.csv", "--again"], "--again belongs"),
        (["staff", "--reissue", "999"], "no such token"),
        (["staff", "people.csv", "--wave", "w9"], "no wave 'w9'"),
        (["staff", "people.csv", "--out", "study/letters"], "--out"),
        (["staff", "--stop", "nobody"], "no address"),
        (["staff", "--bounces", "nowhere"], "not found"),
        (["staff", "people.csv", "--encoding", "latin1"], "--encoding"),
        (["customers", "--kiosks", "--unit", "B011"], "Did you mean"),
    ],
)
def test_what_is_refused(cli, study, monkeypatch, arguments, said):
    folder, people, letters = study("anonymous")
    monkeypatch.chdir(folder.parent)
    code, _, trouble = cli("study", *arguments)
    assert code == 2
    assert said in trouble
    assert not letters.exists()
    assert people.exists()


def test_a_study_without_declarations_invites_nobody(cli, study):
    folder, people, _ = study()
    (folder / "administration.yaml").unlink()
    code, _, trouble = cli(folder, "staff", people)
    assert code == 2
    for missing in ("mode is not chosen", "address is not filled in", "entry: open"):
        assert missing in trouble


def test_who_has_a_token_is_told_in_one_sentence(cli, study, tmp_path):
    folder, _, _ = study()
    people = tmp_path / "many.csv"
    people.write_text("id,email,unit\n" + "".join(f"{n},p{n}@bank.example,B01\n" for n in range(20)), encoding="utf-8")
    code, said, _ = cli(folder, "staff", people)
    assert code == 0
    assert "Next: " in said
    code, _, trouble = cli(folder, "staff", people)
    assert code == 2
    assert trouble.count("a token of this wave already") == 1
    assert "and 15 more people have" in trouble


def test_slips_of_several_units_and_a_forgotten_number(cli, study):
    folder, _, letters = study()
    code, said, _ = cli(folder, "staff", "--slips", "B01=2, B02=1", "--no-pdf")
    assert code == 0
    assert "3 slips for 2 units." in said
    assert len(list(letters.glob("*.html"))) == 2
    code, _, trouble = cli(folder, "staff", "--slips", "B01")
    assert code == 2
    assert "say how many slips the unit gets: --slips B01=40" in trouble
