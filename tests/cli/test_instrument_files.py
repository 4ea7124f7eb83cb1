"""The commands that move questionnaires: ``instruments export`` and the questionnaire half of ``import``."""

from __future__ import annotations

import json

import pytest

import crmstudy as cs
from crmstudy.cli import main
from tests.exchange.questionnaires.samples import qsf


@pytest.mark.parametrize("format", ["xlsform", "limesurvey", "redcap", "yaml", "json"])
def test_an_instrument_goes_out_and_comes_in(tmp_path, capsys, format):
    out, back = tmp_path / "questionnaire.bin", tmp_path / "back.yaml"
    assert main(["instruments", "export", "tam", "--format", format, "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert f"as {format}, " in told.out
    if format in ("xlsform", "limesurvey", "redcap"):
        assert "not held: " in told.err
    assert main(["import", str(out), "--out", str(back)]) == 0
    assert cs.load_instrument(str(back)).fingerprint == cs.load_instrument("tam").fingerprint


def test_as_json(tmp_path, capsys):
    out = tmp_path / "tam.xlsx"
    assert main(["instruments", "export", "tam", "--lang", "ru", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["id"], told["format"], told["files"]) == (0, "tam", "xlsform", [str(out)])
    assert any("carried along" in loss["what"] for loss in told["losses"])


def test_nothing_is_overwritten_and_faults_are_told(tmp_path, capsys):
    out = tmp_path / "tam.xlsx"
    out.write_text("mine")
    assert main(["instruments", "export", "tam", "--out", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert main(["instruments", "export", "tam", "--lang", "de", "--out", str(tmp_path / "b.csv")]) == 2
    assert "no texts in 'de'" in capsys.readouterr().err
    assert main(["instruments", "export", "tamm", "--out", str(tmp_path / "b.csv")]) == 2
    assert not (tmp_path / "b.csv").exists()


def test_a_foreign_survey_is_drafted_and_what_is_unsure_is_told(tmp_path, capsys):
    source, out = tmp_path / "survey.qsf", tmp_path / "survey.yaml"
    source.write_bytes(qsf())
    assert main(["import", str(source), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "unsure: " in told
    assert "left out: Not taken over: embedded data" in told
    assert cs.load_instrument(str(out)).rights.status == "unknown"


def test_the_codebook_of_an_instrument(tmp_path, capsys):
    out = tmp_path / "tam.html"
    assert main(["instruments", "export", "tam", "--format", "codebook", "--lang", "fa", "--out", str(out)]) == 0
    assert 'dir="rtl"' in out.read_text(encoding="utf-8")
    by_id, table = tmp_path / "by_id.html", tmp_path / "tam.csv"
    cs.write_codebook("tam", by_id, lang="fa")
    assert by_id.read_bytes() == out.read_bytes()
    assert main(["instruments", "export", "tam", "--format", "codebook", "--out", str(table)]) == 0
    assert "PUS1" in table.read_text(encoding="utf-8")
    assert main(["instruments", "export", "tam", "--format", "codebook", "--out", str(tmp_path / "tam.pdf")]) == 2
    assert ".html" in capsys.readouterr().err
