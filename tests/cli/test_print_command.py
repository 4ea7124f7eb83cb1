"""``crmstudy instruments print``: what it writes, says and refuses."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest

from crmstudy.cli import main
from crmstudy.exchange.printing.html import questionnaire_html
from crmstudy.instrument import load_instrument


@pytest.fixture
def cli(capsys):
    """Run the program; gives exit code, stdout, stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_several_instruments_become_one_questionnaire(cli, tmp_path):
    target = tmp_path / "پرسشنامه.html"
    code, said, _ = cli(
        "instruments", "print", "crm-sty", "uwes9", "--lang", "fa", "--title", "نظرسنجی", "--out", target
    )
    assert code == 0
    assert "27 questions of crm-sty, uwes9" in said
    given = [load_instrument(id) for id in ("crm-sty", "uwes9")]
    assert target.read_bytes() == questionnaire_html(given, "fa", title="نظرسنجی")


@pytest.mark.skipif(find_spec("typst") is None, reason="needs the Python package typst")
def test_a_pdf_in_the_first_shared_language(cli, tmp_path):
    target = tmp_path / "form.pdf"
    code, said, _ = cli("instruments", "print", "uwes9", "--out", target, "--json")
    assert code == 0
    told = json.loads(said)
    assert (told["questions"], told["instruments"], told["log"]) == (9, ["uwes9@1.0"], [])
    assert target.read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["uwes9", "--out", "form.docx"], "printed as .html or .pdf"),
        (["uwes9", "--out", "form.htlm"], "Did you mean '.htm'"),
        (["uwes9", "--lang", "de", "--out", "form.html"], "no texts in 'de'"),
        (["uwes9", "uwes9", "--out", "form.html"], "asked twice"),
        (["jss", "uwes9", "--out", "form.html"], "structure sheet, alone"),
        (["uwes", "--out", "form.html"], "Did you mean 'uwes9'"),
        (["uwes9", "--out", "nowhere/form.html"], "does not exist"),
        (["uwes9", "--out", "there.html"], "exists already"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(cli, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.html").write_text("mine", encoding="utf-8")
    code, _, told = cli("instruments", "print", *arguments)
    assert code == 2
    assert said in told
    assert [path.name for path in tmp_path.iterdir()] == ["there.html"]
    assert (tmp_path / "there.html").read_text(encoding="utf-8") == "mine"


def test_slots_take_the_words_of_a_file(cli, tmp_path):
    words = tmp_path / "words.yaml"
    cases = "{nom: Альфа, gen: Альфы, dat: Альфе, acc: Альфу, ins: Альфой, pre: Альфе}"
    words.write_text(f"system: {{en: Alpha 7, ru: {cases}}}", encoding="utf-8")
    for lang, name in (("en", "Alpha 7"), ("ru", "Альфы")):
        target = tmp_path / f"{lang}.html"
        code, _, told = cli("instruments", "print", "tam", "uwes9", "--lang", lang, "--words", words, "--out", target)
        assert (code, told) == (0, "")
        assert name in target.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sistem: {en: A}", "Did you mean 'system'"),
        ("system: A", "by language"),
        ("system: {en: 3}", "by language"),
        ("system: {ru: {nom: A}}", "lacks gen"),
        ("system: {de: A}", "which the instrument has not"),
        ("system: [", "YAML"),
    ],
)
def test_words_that_cannot_be_used_are_refused(cli, tmp_path, text, said):
    words = tmp_path / "words.yaml"
    words.write_text(text, encoding="utf-8")
    code, _, told = cli("instruments", "print", "tam", "--words", words, "--out", tmp_path / "form.html")
    assert code == 2
    assert said in told
    assert not (tmp_path / "form.html").exists()


def test_words_that_lack_the_language_of_the_sheet_are_told(cli, tmp_path):
    words = tmp_path / "words.yaml"
    words.write_text("system: {en: the Alpha system}\n", encoding="utf-8")
    code, said, _ = cli("instruments", "print", "tam", "--lang", "ru", "--words", words, "--out", tmp_path / "ru.html")
    assert code == 0
    assert "the words for 'system' are not given in 'ru'" in said
    code, said, _ = cli("instruments", "print", "tam", "--words", words, "--out", tmp_path / "en.html")
    assert code == 0
    assert "not given" not in said
    assert "the Alpha system" in (tmp_path / "en.html").read_text(encoding="utf-8")
