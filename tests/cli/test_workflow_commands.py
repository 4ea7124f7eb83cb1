"""``crmstudy instruments adopt, diff, new, translate, pilot``: from the command line to files, and what they refuse."""

from __future__ import annotations

import csv
import io
import json
import sys

import numpy as np
import pandas as pd
import pytest

from crmstudy.cli import main
from crmstudy.instrument import load_instrument
from crmstudy.instrument.load import read_instrument

STY = load_instrument("crm-sty")
WORDS = ["الف", "ب", "پ", "ت", "ث", "ج", "چ", "ح", "خ", "د", "ذ", "ر", "ز", "ژ", "س", "ش", "ص", "ض"]


@pytest.fixture
def cli(capsys, tmp_path, monkeypatch):
    """Run the program in a folder of its own; gives exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def _fill(path, target, tag="fa"):
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    place = rows[0].index(tag)
    for row, word in zip(rows[1:], WORDS, strict=False):
        row[place] = f"جملهٔ {word}"
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def test_adopt_from_template_to_the_studys_folder(cli, tmp_path):
    assert cli("instruments", "adopt", "crm-sty", "--template", "t.csv", "--lang", "fa")[0] == 0
    code, _, said = cli("instruments", "adopt", "crm-sty", "--wording", "t.csv")
    assert code == 2
    assert said.count("has no text in fa") == 18
    assert not (tmp_path / "instruments").exists()
    _fill(tmp_path / "t.csv", tmp_path / "w.csv")
    code, said, _ = cli("instruments", "adopt", "crm-sty", "--wording", "w.csv")
    assert code == 0
    assert "key is that of the published form" in said
    made = read_instrument(tmp_path / "instruments" / "crm-sty.yaml")
    assert (made.wording, made.fingerprint) == ("published", STY.fingerprint)
    code, _, said = cli("instruments", "adopt", "instruments/crm-sty.yaml", "--wording", "w.csv")
    assert code == 2
    assert "not overwritten" in said
    assert cli("instruments", "lint", "crm-sty", "--languages", "fa", "--json")[0] in (0, 1)


def test_adopt_an_adaptation(cli, tmp_path):
    (tmp_path / "a.yaml").write_text("drop: [TEC1]\nreason: Asked twice.\n", encoding="utf-8")
    code, said, _ = cli("instruments", "adopt", "crm-sty", "--adaptation", "a.yaml", "--version", "2", "--json")
    assert code == 0
    told = json.loads(said)
    assert not told["same_key"]
    assert told["file"].endswith("crm-sty-2.yaml")
    assert read_instrument(tmp_path / "instruments" / "crm-sty-2.yaml").adaptation.dropped == ("TEC1",)
    code, said, _ = cli("instruments", "diff", "crm-sty@1.0", "crm-sty@2", "--json")
    assert code == 1
    found = json.loads(said)
    assert found["verdict"] == "partly"
    assert {"part": "item", "subject": "TEC1", "what": "dropped"}.items() <= found["differences"][
        [one["what"] for one in found["differences"]].index("dropped")
    ].items()
    assert cli("instruments", "adopt", "crm-sty")[0] == 2


def test_diff_of_the_same(cli):
    code, said, _ = cli("instruments", "diff", "ecsi", "ecsi")
    assert code == 0
    assert "No difference" in said
    assert cli("instruments", "diff", "ecsi", "no-such")[0] == 2


def test_new_by_questions(cli, tmp_path):
    typed = "\n".join(["en", "Bank trust", "", "Tick one.", "agreemnt-5", "agreement-7", "Honesty",
                    "They keep promises",
                       "They hide fees", "", "3", "2", "Care", "They listen", "They help", "", "", "", ""])  # fmt: skip
    code, said, err = cli("instruments", "new", typed=typed)
    assert code == 0, err
    assert "Did you mean 'agreement-5'" in err
    assert "numbers from 1 to 2" in err
    one = read_instrument(tmp_path / "instruments" / "bank-trust.yaml")
    assert [scale.name["en"] for scale in one.scales] == ["Honesty", "Care"]
    assert [item.reverse for item in one.items] == [False, True, False, False]
    assert one.items[0].response.shared == "agreement-7"
    assert one.instructions == {"en": "Tick one."}
    assert "lint" in said


def test_new_that_is_broken_off_writes_nothing(cli, tmp_path):
    code, _, said = cli("instruments", "new", typed="en\nName\n")
    assert code == 2
    assert "stopped" in said
    assert not (tmp_path / "instruments").exists()


def test_new_from_a_file_lists_what_is_unsure(cli, tmp_path):
    (tmp_path / "q.csv").write_text("text,scale\nI like it,Joy\nI do not like it,Joy\n", encoding="utf-8")
    code, said, _ = cli("instruments", "new", "--from", "q.csv", "--json")
    assert code == 0
    told = json.loads(said)
    assert told["scales"] == {"joy": ["q1", "q2"]}
    assert any("worded negatively" in line for line in told["unsure"])
    text = (tmp_path / "instruments" / "q.yaml").read_text(encoding="utf-8")
    assert all(f"# To be checked: {line}" in text for line in told["unsure"])
    assert cli("instruments", "new", "--from", "q.csv")[0] == 2
    assert cli("instruments", "new", "--from", "none.xlsx")[0] == 2
    assert cli("instruments", "new", "--from", "q.csv", "--responses", "agree")[0] == 2
    assert cli("instruments", "new", "--template", "t.xlsx", "--lang", "ru")[0] == 0
    assert cli("instruments", "new", "--template", "u.xlsx", "--lang", "xx")[0] == 2


def test_translate_writes_and_takes_sheets(cli, tmp_path):
    from openpyxl import load_workbook

    assert cli("instruments", "translate", "ecsi", "--to", "de", "--step", "forward", "--out", "f.xlsx")[0] == 0
    code, _, said = cli("instruments", "translate", "ecsi", "--take", "f.xlsx")
    assert code == 2
    assert "a status needs a name behind it" in said
    book = load_workbook(tmp_path / "f.xlsx")
    for row in book["texts"].iter_rows(min_row=2):
        row[3].value = f"Satz {row[0].value}"
    for row in book["about"].iter_rows():
        if row[0].value == "translator":
            row[1].value = "Ann"
    book.save(tmp_path / "g.xlsx")
    code, said, _ = cli("instruments", "translate", "ecsi", "--take", "g.xlsx", "--out", "ecsi-de.yaml", "--json")
    assert (code, json.loads(said)["language_status"]) == (0, "draft")
    assert read_instrument(tmp_path / "ecsi-de.yaml").languages["de"].translator == "Ann"
    assert cli("instruments", "translate", "ecsi-de.yaml", "--to", "de", "--step", "back", "--out", "b.xlsx")[0] == 0
    code, _, said = cli(
        "instruments", "translate", "ecsi-de.yaml", "--to", "de", "--step", "reconcile", "--out", "r.xlsx"
    )
    assert code == 2
    assert "back translation" in said
    assert cli("instruments", "translate", "ecsi", "--to", "de")[0] == 2
    assert cli("instruments", "translate", "ecsi", "--to", "de", "--take", "g.xlsx")[0] == 2


def test_pilot(cli, tmp_path):
    rng = np.random.default_rng(3)
    for name, n in (("a.csv", 24), ("b.csv", 27)):
        level = rng.normal(size=(n, 1))
        answers = np.clip(np.round(3 + level + rng.normal(size=(n, 18))), 1, 5).astype(int)
        pd.DataFrame(answers, columns=list(STY.item_ids)).to_csv(tmp_path / name, index=False)
    code, said, _ = cli("instruments", "pilot", "crm-sty", "--before", "a.csv")
    assert code == 0
    assert "PILOT_SMALL" in said
    code, said, _ = cli("instruments", "pilot", "crm-sty", "--before", "a.csv", "--after", "b.csv", "--json")
    told = json.loads(said)
    assert (code, len(told["tables"]["items"]), len(told["tables"]["changes"])) == (0, 36, 18)
    assert cli("instruments", "pilot", "crm-sty", "--before", "none.csv")[0] == 2
    assert cli("instruments", "pilot", "crm-sty", "--before", "a.csv", "--after-instrument", "ecsi")[0] == 2
