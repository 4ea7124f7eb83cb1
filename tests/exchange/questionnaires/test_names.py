"""Names in the alphabet of another tool: languages, ids, unique names."""

from __future__ import annotations

import pytest

from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.questionnaires.names import LANGUAGES, Renamer, identifier, slug, tag_of, unique, unknown_tag


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("English (en)", "en"), ("فارسی (fa)", "fa"), ("Русский (ru)", "ru"), ("Persian", "fa"), ("Farsi", "fa"),
        ("fa", "fa"), ("FA", "fa"), ("pt-BR", "pt-BR"), ("PT_BR", "pt-BR"), ("Brazil (pt-BR)", "pt-BR"),
        ("ZH-S", "zh-Hans"), ("de-informal", "de-informal"), ("русский", "ru"), ("Kurdish (ckb)", "ckb"), ("Wolof", ""),
        ("", ""), ("()", ""),
        ("English (British)", "en"),
    ],
)  # fmt: skip
def test_languages_are_known_by_their_names_and_tags(name, tag):
    assert tag_of(name) == tag


def test_every_language_that_is_written_is_read_back():
    for tag, name in LANGUAGES.items():
        assert tag_of(f"{name} ({tag})") == tag
        assert tag_of(name) == tag


def test_a_language_nobody_knows_has_a_tag_that_says_so():
    assert unknown_tag("Wolof") == "und-wolof"
    assert unknown_tag("中文字") == "und"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("My Form 2", "my-form-2"),
        ("a__b", "a-b"),
        ("Überblick", "uberblick"),
        ("رضایت", "x"),
        ("--", "x"),
        ("a_b", "a_b"),
    ],
)
def test_ids_of_instruments(text, made):
    assert slug(text, "x") == made


@pytest.mark.parametrize(
    ("text", "made"),
    [("q1", "q1"), ("a.b", "a.b"), ("1a", "q_1a"), ("a-b c", "a_b_c"), ("سؤال", "سؤال"), ("", "q_"), ("²", "q_2")],
)
def test_ids_of_items(text, made):
    assert identifier(text, "q9") == made
    assert made.replace(".", "_").isidentifier()


def test_unique_names():
    assert unique("a", ["a", "a_2"]) == "a_3"
    assert unique("A", ["a"], folded=True) == "A_2"
    assert unique("abcdef", ["abcdef"], longest=6) == "abcd_2"


def test_names_that_are_legal_are_kept_and_others_never_take_them():
    log = ExportLog()
    renamer = Renamer("REDCap", r"[a-z](?:_?[a-z0-9])*", longest=10)
    renamer.reserve("record_id")
    renamer.keep(["KCF1", "kcf1", "record_id"])
    assert renamer.name("kcf1", log) == "kcf1"
    assert renamer.name("KCF1", log) == "kcf1_2"
    assert renamer.name("record_id", log) == "record_i_2"
    assert renamer.name("پرسش", log) == "q"
    assert renamer.name("a_very_long_name", log) == "a_very_lon"
    assert renamer.name("a_very_long_nome", log) == "a_very_l_2"
    assert renamer.new("kcf1") == "kcf1_3"
    assert len(log) == 5
    assert renamer.name("KCF1") == "kcf1_2"
