"""Words to fill in: marks, forms, capitals, and what a user gives."""

from __future__ import annotations

import pytest

from crmstudy.errors import InstrumentError
from crmstudy.instrument.load import parse_instrument
from crmstudy.instrument.slots import Slot, fill, forms_of, marks_in

CASES = {"nom": "система", "gen": "системы", "dat": "системе", "acc": "систему", "ins": "системой", "pre": "системе"}
SLOTS = {"system": Slot("system", forms={
    "en": {"base": "the CRM system"}, "fa": {"base": "سامانه", "ezafe": "سامانهٔ"}, "ru": CASES,
})}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "tag", "wanted"),
    [
        ("I use {system} daily.", "en", "I use the CRM system daily."),
        ("{system} helps me.", "en", "The CRM system helps me."),
        ("It is here. {system} helps.", "en", "It is here. The CRM system helps."),
        ("«{system}» помогает.", "ru", "«Система» помогает."),
        ("Без {system:gen} я работаю быстрее.", "ru", "Без системы я работаю быстрее."),
        ("С {system:ins} и в {system:pre}", "ru", "С системой и в системе"),
        ("{system:ezafe} شرکت", "fa", "سامانهٔ شرکت"),
        ("{other} and {system:dative}", "en", "{other} and {system:dative}"),
        ("100 % {} {9} {System}", "en", "100 % {} {9} {System}"),
        ("Approx. e.g. {system}", "en", "Approx. e.g. The CRM system"),  # a point before it counts as an end
    ],
)
def test_a_text_is_filled(text, tag, wanted):
    assert fill(text, SLOTS, tag) == wanted


def test_forms_by_language():
    assert forms_of("en") == forms_of("pt-BR") == ("base",)
    assert forms_of("fa-IR") == ("base", "ezafe")
    assert len(forms_of("ru")) == 6
    assert list(marks_in("{a} {b:gen} {C}")) == [("a", ""), ("b", "gen")]


FILE = """\
crmstudy_instrument: 1
id: tiny
version: "1"
name: {en: Tiny, ru: Малый}
respondent: staff
wording: paraphrase
rights: {holder: us, status: open-licence, statement: Free., unverified: true}
provenance: {structure: {unverified: true}, content: {unverified: true}, responses: {unverified: true}, scoring: {unverified: true}, reversed: {unverified: true}}
languages: {en: {direction: ltr, status: draft}, ru: {direction: ltr, status: draft}}
slots:
  system:
    description: {en: the system, ru: система}
    default:
      en: {base: the system}
      ru: {nom: система, gen: системы, dat: системе, acc: систему, ins: системой, pre: системе}
responses: {agree: {low: 1, high: 5}}
items:
  - {id: A1, wording: {en: "I like {system}.", ru: "Мне нравится работать с {system:ins}."}}
  - {id: A2, wording: {en: "Is {system} quick?", ru: "Быстро ли работает {system}?"}}
reversed: []
scales: [{id: liking, name: {en: Liking, ru: Симпатия}, items: [A1, A2], method: mean, min_answered: 1, model: reflective}]
"""  # noqa: E501


def test_an_instrument_gives_its_texts_filled():
    tiny = parse_instrument(FILE)
    assert tiny.text(tiny.items[0].wording, "ru") == "Мне нравится работать с системой."
    words = {"system": {"en": "Rahkaran", "ru": {**CASES, "ins": "Рахкараном"}}}
    own = tiny.filled(words)
    assert own.text(own.items[0].wording, "en") == "I like Rahkaran."
    assert own.text(own.items[0].wording, "ru") == "Мне нравится работать с Рахкараном."
    assert tiny.text(tiny.items[0].wording, "en") == "I like the system."  # the first one is left as it was
    assert own.fingerprint == tiny.fingerprint
    assert tiny.text({}, "en") == ""


def test_all_faults_of_given_words_at_once():
    tiny = parse_instrument(FILE)
    with pytest.raises(InstrumentError) as caught:
        tiny.filled({"sistem": {"en": "x"}, "system": {"fa": "x", "ru": {"nom": "x", "gn": "y"}}})
    said = str(caught.value)
    assert "no slot 'sistem'. Did you mean 'system'?" in said
    assert "is given in 'fa', which the instrument has not" in said
    assert "lacks gen, dat, acc, ins, pre and has unknown forms gn" in said


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("en: {base: the system}\n", "fr: {base: x}\n", "default in 'fr', which languages does not declare"),
        ("      en: {base: the system}\n", "", "lacks a default in 'en' (base)"),
        ("pre: системе}", "prep: системе}", "unknown key 'prep'"),
    ],
)
def test_a_slot_is_declared_in_full(old, new, words):
    with pytest.raises(InstrumentError) as caught:
        parse_instrument(FILE.replace(old, new))
    assert words in str(caught.value)
