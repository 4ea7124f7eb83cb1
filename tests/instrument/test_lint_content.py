"""Stand-ins, copies in place of translations, impossible figures and unlike ranges: what lint finds behind the form."""

from __future__ import annotations

import dataclasses

import pytest

from crmstudy.errors import InstrumentError
from crmstudy.instrument import lint, load_instrument
from crmstudy.instrument.load import parse_instrument
from crmstudy.instrument.model import Fact, HigherOrder, Origin, Question, Source
from crmstudy.notes import explanations

ECSI = load_instrument("ecsi")
TWO = """\
crmstudy_instrument: 1
id: two
version: "1"
name: {en: Two, fa: دو, ru: Два}
respondent: staff
wording: paraphrase
rights: {holder: nobody, status: public-domain, statement: Made up., unverified: true}
provenance:
  structure: {unverified: true}
  content: {unverified: true}
  responses: {unverified: true}
  scoring: {unverified: true}
  reversed: {unverified: true}
languages:
  en: {direction: ltr, status: draft}
  fa: {direction: rtl, status: draft}
  ru: {direction: ltr, status: draft}
responses:
  five: {low: 1, high: 5, labels: {1: {en: Never, fa: نه, ru: Нет}, 5: {en: Sure, fa: بله, ru: Да}}}
  ten: {low: 0, high: 10, labels: {0: {en: Never, fa: نه, ru: Нет}, 10: {en: Sure, fa: بله, ru: Да}}}
items:
  - {id: A1, response: five, wording: {en: My pay is fair., fa: حقوقم منصفانه است., ru: Мне платят справедливо.}}
  - {id: A2, response: RESPONSE, wording: {en: I like it here., fa: اینجا را دوست دارم., ru: Мне здесь нравится.}}
  - {id: A3, response: five, wording: {en: We help others., fa: به هم کمک می‌کنیم., ru: Мы помогаем друг другу.}}
reversed: []
scales:
  - {id: all, name: {en: All, fa: همه, ru: Всё}, items: [A1, A2, A3], method: METHOD, min_answered: LEAST,
     model: reflective}
"""


def _warnings(instrument):
    notes = [note for note in lint(instrument) if note.level == "warning"]
    assert all(note.code in explanations() for note in notes)
    return {note.code: note.message for note in notes}


def _worded(*wordings):
    """The instrument with the wording of its first items changed."""
    items = list(ECSI.items)
    for place, texts in enumerate(wordings):
        items[place] = dataclasses.replace(items[place], wording={**items[place].wording, **texts})
    return dataclasses.replace(ECSI, items=tuple(items))


def _two(method="mean", least="2", response="five"):
    text = TWO.replace("METHOD", method).replace("LEAST", least).replace("RESPONSE", response)
    return parse_instrument(text, "two.yaml")


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({"fa": "I trust my operator."}, True),
        ({"ru": "Я доверяю своему оператору.", "fa": "Я доверяю своему оператору."}, True),
        ({"en": "به اپراتورم اعتماد دارم."}, True),
        ({"fa": "CRM"}, False),
        ({"fa": "اپراتورم SMS می‌فرستد."}, False),
        ({"en": "{system}"}, False),
        ({"ru": "ERP-3"}, False),
    ],
)
def test_a_text_is_in_the_letters_of_its_language(texts, found):
    assert ("INSTRUMENT_SCRIPT" in _warnings(_worded(texts))) is found


@pytest.mark.parametrize(
    ("tag", "text", "found"),
    [
        ("en", "Item 3", True),
        ("en", "Question 12 of the scale pay", True),
        ("en", "TODO: write this", True),
        ("en", "Lorem ipsum dolor sit amet.", True),
        ("en", "IMAG1", True),
        ("fa", "گویهٔ ۴", True),
        ("fa", "سؤال شمارهٔ ۴", True),
        ("ru", "Пункт 7", True),
        ("en", "Questions are answered within 24 hours.", False),
        ("en", "Statements I receive are clear.", False),
        ("ru", "Пункт выдачи работает удобно для меня.", False),
        ("fa", "پرسش‌های من را زود پاسخ می‌دهند.", False),
    ],
)
def test_a_stand_in_is_no_question(tag, text, found):
    assert ("INSTRUMENT_PLACEHOLDER" in _warnings(_worded({tag: text}))) is found


def test_numbered_items_are_a_template():
    said = _warnings(_worded({"en": "The service of shop 1 is good."}, {"en": "The service of shop 2 is good."}))
    assert "INSTRUMENT_WORDING_TEMPLATE" in said


def test_many_items_of_one_template_are_told_once():
    made = [{"en": f"The service of shop number {number} is good."} for number in range(12)]
    told = [note.message for note in lint(_worded(*made)) if note.code == "INSTRUMENT_WORDING_TEMPLATE"]
    assert len(told) == 1
    assert "and 4 more differ by one word in en: a template, not 12 questions." in told[0]


def test_a_gap_of_two_words_in_every_language_is_a_template():
    one = {
        "en": "I think that key customers are important for CRM.",
        "fa": "به نظر من مشتریان کلیدی برای CRM مهم است.",
        "ru": "Я думаю, что ключевые клиенты важны для CRM.",
    }
    other = {
        "en": "I think that sales data are important for CRM.",
        "fa": "به نظر من داده‌های فروش برای CRM مهم است.",
        "ru": "Я думаю, что данные продаж важны для CRM.",
    }
    assert "INSTRUMENT_WORDING_TEMPLATE" in _warnings(_worded(one, other))
    rewritten = {**other, "ru": "Без данных о продажах от CRM мало толку."}
    assert "INSTRUMENT_WORDING_TEMPLATE" not in _warnings(_worded(one, rewritten))


@pytest.mark.parametrize("text", ["I use { system } daily.", "I use {System} daily.", "I use {system daily."])
def test_a_brace_that_marks_no_slot(text):
    assert "marks no slot" in _warnings(_worded({"en": text}))["INSTRUMENT_SLOT"]


def test_two_answers_with_one_label():
    name, response = next(iter(ECSI.responses.items()))
    labels = {**response.labels, 2: response.labels[1]}
    changed = {**ECSI.responses, name: dataclasses.replace(response, labels=labels)}
    said = _warnings(dataclasses.replace(ECSI, responses=changed))
    assert f"The answers 1 and 2 of '{name}' have the same label" in said["INSTRUMENT_LABEL_REPEATED"]


@pytest.mark.parametrize(
    ("method", "least", "response", "found"),
    [
        ("mean", "2", "five", False),
        ("mean", "2", "ten", True),
        ("mean", "3", "ten", True),
        ("sum", "2", "ten", True),
        ("sum", "3", "ten", False),
    ],
)
def test_a_score_of_unlike_ranges(method, least, response, found):
    assert ("INSTRUMENT_RANGES_UNLIKE" in _warnings(_two(method, least, response))) is found


def test_a_total_of_a_sum_and_a_mean():
    mean = ECSI.scales[0]
    total = dataclasses.replace(ECSI.scales[1], method="sum")
    whole = HigherOrder("whole", mean.name, (mean, total), "mean", 1)
    said = _warnings(dataclasses.replace(ECSI, scales=(mean, total, *ECSI.scales[2:]), higher_order=(whole,)))
    assert "(1 to 10, 3 to 30)" in said["INSTRUMENT_RANGES_UNLIKE"]


@pytest.mark.parametrize(("least", "found"), [("1", True), ("2", False)])
def test_a_score_from_fewer_than_half(least, found):
    assert ("INSTRUMENT_FEW_ANSWERS" in _warnings(_two(least=least))) is found


@pytest.mark.parametrize(
    ("figure", "value", "found"),
    [("alpha", 1.9, True), ("ave", 48.0, True), ("alpha", 0.9, False), ("chi2_df", 1.9, False), ("srmr", 0.05, False)],
)
def test_a_figure_that_cannot_be(figure, value, found):
    scale = dataclasses.replace(ECSI.scales[0], published=(Fact(figure, value, Origin(unverified=True)),))
    said = _warnings(dataclasses.replace(ECSI, scales=(scale, *ECSI.scales[1:])))
    assert ("INSTRUMENT_FIGURE" in said) is found


@pytest.mark.parametrize(
    ("doi", "found"), [("https://doi.org/10.1000/x", True), ("10.1000", True), ("10.1000/x(1)y", False), ("", False)]
)
def test_a_doi(doi, found):
    source = Source("s", "Somebody (2000). Something.", doi)
    said = _warnings(dataclasses.replace(ECSI, sources={**ECSI.sources, "s": source}))
    assert ("INSTRUMENT_DOI" in said) is found


@pytest.mark.parametrize(
    ("high", "text", "found"),
    [
        (None, "What is your date of birth (yyyymmdd)?", True),
        (None, "In which year were you born?", False),
        (20_101_231, "When were you born?", True),
        (2010, "When were you born?", False),
    ],
)
def test_a_date_of_birth_as_a_number(high, text, found):
    asked = Question("BORN", 99, "integer", wording={"en": text}, low=0, high=high)
    said = _warnings(dataclasses.replace(ECSI, questions=(asked,)))
    assert ("INSTRUMENT_BIRTH_DATE" in said) is found


@pytest.mark.parametrize("kind", ["unscored: true", "type: attention, key: 4"])
def test_what_is_never_scored_cannot_be_reversed(kind):
    text = TWO.replace("METHOD", "mean").replace("LEAST", "2").replace("RESPONSE", "five")
    asked = "  - {id: A4, response: five, KIND, wording: {en: Tick four., fa: چهار را بزنید., ru: Отметьте четыре.}}\n"
    text = text.replace("reversed: []", asked.replace("KIND", kind) + "reversed: [A4]")
    with pytest.raises(InstrumentError, match="'A4', which is never scored"):
        parse_instrument(text, "two.yaml")
