"""``crmstudy instruments panel``: the form it writes and what it refuses."""

from __future__ import annotations

import json

import pytest

from crmstudy.cli import main
from crmstudy.measurement.content import content_validity


@pytest.fixture
def cli(capsys):
    """Run the program; gives exit code, stdout, stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_a_form_from_the_command_line_to_the_figures(cli, tmp_path):
    target = tmp_path / "panel.csv"
    code, said, _ = cli("instruments", "panel", "ecsi", "--experts", 5, "--out", target, "--lang", "fa")
    assert code == 0
    assert "24 items of ecsi for 5 experts" in said
    text = target.read_text(encoding="utf-8-sig").replace("," * 20, ",4,ضروری,۴," * 5)
    target.write_text(text, encoding="utf-8-sig")
    assert content_validity(target).tables["scales"].iloc[-1]["s_cvi_ua"] == 1.0
    code, _, said = cli("instruments", "panel", "ecsi", "--out", target)
    assert code == 2
    assert "not overwritten" in said
    assert target.read_text(encoding="utf-8-sig") == text


def test_json(cli, tmp_path):
    code, said, _ = cli("instruments", "panel", "ecsi", "--out", tmp_path / "p.xlsx", "--json")
    assert code == 0
    answer = json.loads(said)
    assert (answer["items"], answer["experts"]) == (24, 8)
    assert (tmp_path / "p.xlsx").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--experts", "0"], "1 to 100"), (["--lang", "de"], "'de'"), (["--experts", "x"], "experts")],
)
def test_what_is_refused(cli, tmp_path, arguments, words):
    code, said, wrong = cli("instruments", "panel", "ecsi", "--out", tmp_path / "p.csv", *arguments)
    assert code == 2
    assert words in wrong
    assert said == ""
    assert list(tmp_path.iterdir()) == []
