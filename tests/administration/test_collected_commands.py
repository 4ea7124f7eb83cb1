"""The commands: made-up answers all the way to a report; sheets of paper from the printer to a response."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

import crmstudy as cs
from crmstudy.administration.declaring.reading import read_fieldwork
from crmstudy.administration.paper.typed import columns_of, fields_on_paper
from crmstudy.cli.app import main

STUDY = """\
crmstudy: 1
title: {en: A test of the whole way}
lang: en
seed: 1
samples:
  staff:
    population: staff
    file: handover/staff-1
    simulated: true
    instruments: [moaq-jss, turnover-intention]
analyses:
  - {id: items, kind: items, sample: staff}
  - {id: reliability, kind: reliability, sample: staff, scales: all}
"""

NOTICE = """\
crmstudy_administration: 1
languages: [en, fa, ru]
mode: anonymous
notice:
  controller: {en: "en-controller <b>", fa: fa-controller, ru: ru-controller}
consent:
  version: 3
  text: {en: en-consent, fa: fa-consent, ru: ru-consent}
  statements:
    - {en: en-statement, fa: fa-statement, ru: ru-statement}
"""


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "a study"
    folder.mkdir()
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return folder


def run(capsys, *arguments):
    code = main([str(one) for one in arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_made_up_answers_are_handed_over_and_read(study, capsys):
    code, out, _ = run(capsys, "simulate", study, "-n", 120, "--seed", 3, "--json")
    assert code == 0
    (told,) = json.loads(out)["simulated"]
    assert told["submitted"] + told["broken_off"] == 120
    code, _, err = run(capsys, "simulate", study)
    assert (code, "--anew" in err) == (2, True)
    code, out, _ = run(capsys, "export", study, "--simulated")
    assert code == 0
    assert "file: handover/staff-1" in out
    assert "simulated: true" in out
    responses = cs.read_responses(study / "handover" / "staff-1")
    assert responses.n == told["submitted"]
    assert set(responses.variables["mode"]) == {"simulated"}
    for command in ("score", "screen"):
        code, _, err = run(
            capsys, command, study / "handover" / "staff-1", "-i", "moaq-jss", "-i", "turnover-intention"
        )
        assert code == 0, err


@pytest.mark.slow
def test_made_up_answers_become_a_report(study, capsys, tmp_path):
    assert run(capsys, "simulate", study, "-n", 120)[0] == 0
    assert run(capsys, "export", study, "--simulated")[0] == 0
    code, out, err = run(capsys, "run", study, "--out", tmp_path / "out")
    assert code == 0, err
    assert "Failed: none" in out
    assert "simulated" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    found = cs.reliability(cs.read_responses(study / "handover" / "staff-1")).estimates
    alphas = found.loc[found["term"] == "alpha", "estimate"]
    assert len(alphas) == 2
    assert alphas.between(0.6, 0.96).all()


WITHOUT = """
import sys
sys.modules["sqlalchemy"] = None
from crmstudy.cli.app import main
print([main([*command, sys.argv[1]]) for command in (["simulate"], ["export"], ["paper", "status"])])
"""


def test_without_the_server_packages_the_pip_command_is_told(study):
    done = subprocess.run([sys.executable, "-c", WITHOUT, str(study)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[2, 2, 2]"
    assert done.stderr.count("sqlalchemy is not installed. Install it with: pip install 'crmstudy[server]'") == 3


def test_export_says_which_way_is_meant(study, capsys, tmp_path):
    assert "nothing has been collected yet" in run(capsys, "export", study)[2]
    file = tmp_path / "x.csv"
    file.write_text("a\n1\n", encoding="utf-8")
    assert "name the file to write with --out" in run(capsys, "export", file)[2]
    assert "--format is about a file" in run(capsys, "export", study, "--format", "csv")[2]
    code, _, err = run(capsys, "export", study, "--out", tmp_path / "y.csv", "--simulated")
    assert (code, "--simulated is about the hand-over" in err) == (2, True)


def entries(study, numbers, clerk, folder):
    sample = read_fieldwork(study).samples["staff"]
    columns = [column for asked in fields_on_paper(sample, "en") for column in columns_of(asked)]
    path = folder / f"{clerk}.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(["sheet", *columns])
        writer.writerows([number, *["2" if nth else "?" for nth, _ in enumerate(columns)]] for number in numbers)
    return path


def test_sheets_from_the_printer_to_the_hand_over(study, capsys, tmp_path):
    text = STUDY.replace("    simulated: true\n", "")
    (study / "study.yaml").write_text(text, encoding="utf-8")
    code, out, err = run(capsys, "paper", "sheets", study, "staff", "-n", 3, "--out", tmp_path / "s.html", "--json")
    assert code == 0, err
    numbers = json.loads(out)["numbers"]
    html = (tmp_path / "s.html").read_text(encoding="utf-8")
    assert len(numbers) == 3
    for nth, number in enumerate(numbers, start=1):
        assert f'<p class="copy-number"><bdi>{number}</bdi></p>' in html
        assert f"@page copy{nth} " in html  # at the foot of every page of this copy
    assert 'class="about"' not in html  # keys and sources are not for respondents
    both = [entries(study, numbers, clerk, tmp_path) for clerk in ("Ann", "Bob")]
    code, out, err = run(capsys, "paper", "take", study, "staff", *both, "--clerk", "Ann", "--clerk", "Bob")
    assert code == 0, err
    assert "Settled: 3 sheets" in out
    code, out, _ = run(capsys, "paper", "status", study, "staff", "--json")
    (told,) = json.loads(out)["samples"]
    assert told["sheets"] == [{"wave": "", "unit": "", "taken": 3}]
    assert told["error_rates"][0]["differing"] == 0
    assert "closed" in run(capsys, "export", study)[2]
    assert main(["close", str(study), "--yes"]) == 0
    capsys.readouterr()
    code, out, err = run(capsys, "export", study)
    assert code == 0, err
    responses = cs.read_responses(study / "handover" / "staff-1")
    assert responses.n == 3
    first = next(iter(responses.items))
    assert responses.codes[first].dropna().tolist() == [-96] * 3


def test_the_form_has_the_columns_that_are_wanted(study, capsys, tmp_path):
    path = tmp_path / "form.csv"
    (study / "study.yaml").write_text(STUDY.replace("    simulated: true\n", ""), encoding="utf-8")
    code, out, err = run(capsys, "paper", "form", study, "staff", "--out", path)
    assert code == 0, err
    assert "Next: crmstudy paper take" in out
    with path.open(encoding="utf-8-sig", newline="") as stream:
        (header,) = csv.reader(stream)
    number = json.loads(run(capsys, "paper", "sheets", study, "staff", "-n", 1, "--json")[1])["numbers"][0]
    for clerk in ("Ann", "Bob"):
        with (tmp_path / f"{clerk}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, [number, *["" for _ in header[1:]]]])
    files = [tmp_path / "Ann.csv", tmp_path / "Bob.csv"]
    code, out, err = run(capsys, "paper", "take", study, "staff", *files, "--clerk", "Ann", "--clerk", "Bob")
    assert code == 0, err
    assert "1 that were blank" in out
    code, _, err = run(capsys, "paper", "form", study, "staff", "--out", path)
    assert (code, "exists already" in err) == (2, True)
    short = tmp_path / "short.csv"
    short.write_text(f"sheet\n{number}\n", encoding="utf-8")
    assert "crmstudy paper form" in run(capsys, "paper", "take", study, "staff", short, "--clerk", "Cid")[2]


def test_a_sheet_says_what_must_be_told_before_its_first_question(study, capsys, tmp_path):
    plan = STUDY.replace("    simulated: true\n", "")
    (study / "study.yaml").write_text(plan, encoding="utf-8")
    (study / "administration.yaml").write_text(NOTICE, encoding="utf-8")
    for lang, untold in (("en", "Your line manager is told neither"), ("fa", "مدیر"), ("ru", "руковод")):
        path = tmp_path / f"{lang}.html"
        code, out, err = run(capsys, "paper", "sheets", study, "staff", "-n", 1, "--out", path, "--lang", lang)
        assert code == 0, err
        assert "serve STUDY --check" in out  # much else is missing in this study
        html = path.read_text(encoding="utf-8")
        before = html.partition("<fieldset")[0]
        for part in (f"{lang}-controller", f"{lang}-consent", f"[   ] {lang}-statement", untold):
            assert part in before, part
        assert "<b>" not in before
        assert before.index(f"{lang}-controller") < before.index(f"{lang}-consent")


def test_a_pdf_of_sheets_has_the_number_on_every_page(study, capsys, tmp_path):
    pytest.importorskip("typst")
    (study / "study.yaml").write_text(STUDY.replace("    simulated: true\n", ""), encoding="utf-8")
    path = tmp_path / "s.pdf"
    code, _, err = run(capsys, "paper", "sheets", study, "staff", "-n", 2, "--out", path, "--lang", "fa")
    assert code == 0, err
    assert path.read_bytes().startswith(b"%PDF")
    code, _, err = run(capsys, "paper", "sheets", study, "staff", "-n", 2, "--out", path)
    assert (code, "exists already" in err) == (2, True)
    code, out, _ = run(capsys, "paper", "status", study, "--json")
    assert json.loads(out)["samples"][0]["sheets"][0]["printed"] == 2  # what was refused used up no numbers


def test_the_default_file_is_new_every_time(study, capsys):
    (study / "study.yaml").write_text(STUDY.replace("    simulated: true\n", ""), encoding="utf-8")
    for nth in (1, 2):
        assert run(capsys, "paper", "sheets", study, "staff", "-n", 1)[0] == 0
        assert Path(study / "paper" / f"staff-{nth}.html").exists()
