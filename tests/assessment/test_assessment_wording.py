"""Words that go with numbers, letters and marks of each language: every sentence of every room, every catalogue."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest
import yaml

import crmstudy.assessment
from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.modules.telling import _ends
from crmstudy.assessment.value.telling import day
from crmstudy.assessment.wording import CATEGORIES, _formed, _sentences, plural, say, written
from crmstudy.instrument.library import glossary
from crmstudy.letters import ARABIC_FOR_PERSIAN

ROOM = Path(crmstudy.assessment.__file__).parent
ROOMS = sorted(path.stem for path in (ROOM / "prose").glob("*.yaml"))
CATALOGUES = sorted(
    path.relative_to(ROOM / "catalogues").with_suffix("").as_posix() for path in (ROOM / "catalogues").rglob("*.yaml")
)
SENTENCES = [(room, key) for room in ROOMS for key in _sentences(room)]
COUNTS = (0, 1, 2, 5, 11, 21, 101, 2.5)
WORDS = yaml.safe_load(Path(__file__).with_name("words_of_sentences.yaml").read_text(encoding="utf-8"))
TEXTS, PERCENTS = (frozenset(WORDS[name].split()) for name in ("texts", "percents"))


def _fields(template: str) -> Iterator[tuple[str, str]]:
    for _, name, spec, _ in Formatter().parse(template):
        if name is not None:
            yield name, spec or ""


def _said(room: str, key: str, lang: str, number: float) -> str:
    """A sentence in which every number is this one."""
    texts = _sentences(room)[key]
    counted = {name for template in texts.values() for name, spec in _fields(template) if spec}
    values: dict[str, object] = {}
    for name, _ in _fields(texts[lang]):
        share = not counted & {name} and not PERCENTS.isdisjoint((name, f"{room}.{name}"))
        values[name] = "…" if name in TEXTS and name not in counted else (number, "percent" if share else "df")
    return say(room, key, lang, **values)  # type: ignore[arg-type]


# --- plural categories -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", sorted(CATEGORIES))
def test_categories_are_those_of_the_unicode_locale_data(lang):
    babel = pytest.importorskip("babel")
    form = babel.Locale(lang).plural_form
    numbers = [*range(0, 131), 999, 1000, 1001, 1002, 1011, 1_000_021, 2_000_000]
    for number in numbers:
        assert plural(number, "n", lang) == form(number), number
        assert plural(-number, "n", lang) == form(number), -number
    for number in ("0.00", "0.50", "1.00", "1.50", "2.00", "2.50", "5.00", "11.00", "21.00", "101.25"):
        assert plural(float(number), "estimate", lang) == form(Decimal(number)), number


def test_the_category_is_that_of_what_is_written():
    assert plural(1.2, "n", "en") == "one"  # written 1
    assert plural(0.9996, "p", "en") == "other"  # written > .999
    assert plural(1, "percent", "ru") == "other"  # written 1,0 %
    assert plural(1234.0, "n", "ru") == "few"
    assert plural(12_345_611, "n", "ru") == "many"


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), -float("inf"), "x"])
def test_what_is_no_number_goes_with_many(value):
    assert [plural(value, "n", lang) for lang in ("en", "fa", "ru")] == ["other", "other", "many"]


def test_every_word_has_a_form_for_each_plural():
    assert _formed("{n} {n:клиент|клиента|клиентов}", "ru")
    assert _formed("{n:клиента|клиентов|клиентов|клиента}", "ru")
    assert _formed("{n} items, {n}", "en")
    for template, lang in (
        ("{n:a|b|c}", "en"), ("{n:a}", "en"), ("{n:a|b}", "ru"), ("{n:a|b|c|d|e}", "ru"), ("{n:a|b|c}", "fa"),
    ):  # fmt: skip
        assert not _formed(template, lang)


def test_a_text_has_no_plural():
    with pytest.raises(ValueError, match="no number"):
        say("value_transactions", "dropped", "en", dropped="one")


# --- Russian ---------------------------------------------------------------------------------------------------------

#: Forms of the nouns that are counted.
NOUNS = {forms.split()[0]: tuple(forms.split()) for forms in WORDS["nouns"]}
BY_FORM: dict[str, list[str]] = {}
for _noun, _forms in NOUNS.items():
    for _form in _forms:
        BY_FORM.setdefault(_form, []).append(_noun)
CASES = {word: case for case, words in WORDS["cases"].items() for word in words.split()}
_NOMINATIVE, _ACCUSATIVE, _GENITIVE, _GENITIVES, _DATIVE, _DATIVES, _PREPOSITIONAL, _PREPOSITIONALS = range(8)
#: Which form of a noun follows a number of a case, by plural category.
FOLLOWS = {
    "nominative": {"one": _NOMINATIVE, "few": _GENITIVE, "many": _GENITIVES, "other": _GENITIVE},
    "accusative": {"one": _ACCUSATIVE, "few": _GENITIVE, "many": _GENITIVES, "other": _GENITIVE},
    "genitive": {"one": _GENITIVE, "few": _GENITIVES, "many": _GENITIVES, "other": _GENITIVE},
    "dative": {"one": _DATIVE, "few": _DATIVES, "many": _DATIVES, "other": _GENITIVE},
    "prepositional": {"one": _PREPOSITIONAL, "few": _PREPOSITIONALS, "many": _PREPOSITIONALS, "other": _GENITIVE},
}
ADJECTIVE = re.compile(r"\w+(?:ый|ий|ой|ая|яя|ое|ее|ую|юю|ые|ие|ых|их|ого|его|ому|ему|ным|ыми|ими|ей|еся|йся|вшего)$")
ENDINGS = {
    ("nominative", "one"): ("ый", "ий", "ой", "ая", "ое", "ийся"), ("accusative", "one"): ("ый", "ую", "ое"),
    ("nominative", "few"): ("ые", "ие", "ых", "их", "еся"), ("accusative", "few"): ("ые", "ие", "ых", "их"),
    ("nominative", "many"): ("ых", "их"), ("accusative", "many"): ("ых", "их"),
    ("genitive", "one"): ("ого", "его", "ой", "ей"), ("genitive", "few"): ("ых", "их"),
    ("genitive", "many"): ("ых", "их"),
    **{(case, "other"): ("ого", "его", "ой", "ей") for case in ("nominative", "accusative", "genitive")},
}  # fmt: skip
BESIDE = frozenset(WORDS["beside"].split())
SINGULAR_VERB = re.compile(r"\w+[еи]т(?:ся)?$|\w+[^ы]л$")
PLURAL_VERB = re.compile(r"\w+[уюая]т(?:ся)?$|\w+[аеи]ны$|\w+ли$")


def _disagreements(text: str, number: float) -> Iterator[str]:
    """Where a number of a Russian sentence and the words around it do not go together."""
    written_so = re.escape(written((number, "df"), "ru"))
    for found in re.finditer(rf"(?<![\w.,−–]){written_so}(?= [а-яё])", text):
        before = re.search(r"([а-яё]+) $", text[: found.start()].lower())
        case = CASES.get(before[1], "nominative") if before else "nominative"
        after = re.findall(r"[\w-]+|[^\w\s]", text[found.end() :].lower())
        if after[0] in BESIDE:
            continue
        place = next((place for place, word in enumerate(after[:4]) if word in BY_FORM), None)
        if place is None:
            yield f"{found[0]} {' '.join(after[:4])}: no noun that is known in: {text}"
        elif not _agree(after[:place], after[place], after[place + 1], case, plural(number, "df", "ru")):
            yield f"{found[0]} {' '.join(after[: place + 2])} ({case}) in: {text}"


def _agree(adjectives: list[str], noun: str, verb: str, case: str, category: str) -> bool:
    """Whether words have the forms that a number of a category in a case asks for; the verb is the word after them."""
    forms = {NOUNS[name][FOLLOWS[case][category]] for name in BY_FORM[noun]}
    ends = ENDINGS.get((case, category), ("",))
    other_verb = (PLURAL_VERB if category == "one" else SINGULAR_VERB).fullmatch(verb)
    return (
        noun in forms
        and all(word.endswith(ends) for word in adjectives if ADJECTIVE.fullmatch(word))
        and not (case == "nominative" and other_verb)
    )


@pytest.mark.parametrize("number", COUNTS)
def test_russian_words_agree_with_the_numbers_before_them(number):
    wrong = [fault for room, key in SENTENCES for fault in _disagreements(_said(room, key, "ru", number), number)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Оценили 5 клиента.", 5), ("Оценили 21 клиентов.", 21), ("Из 2 клиента ушли.", 2), ("По 1 каналам.", 1),
        ("В 11 роли.", 11), ("На 2 группу.", 2), ("Это 2,50 клиентов.", 2.5), ("Из 5 необходимого условий.", 5),
        ("Ушли 5 звеньев.", 5), ("21 клиент приносят доход.", 21), ("5 клиентов приносит доход.", 5),
        ("Без подтверждения 1 услуги.", 1), ("Для 2 ключевой клиента.", 2), ("1 заданные группа.", 1),
    ],
)  # fmt: skip
def test_a_wrong_form_is_found(text, number):
    assert list(_disagreements(text, number))


def test_russian_sentences_read_as_they_should():
    def told(n):
        return say("portfolio", "key", "ru", n=(n, "n"), share=(50.0, "percent"))

    assert told(1) == "1 ключевой клиент приносит 50,0\xa0% прибыли."
    assert told(22) == "22 ключевых клиента приносят 50,0\xa0% прибыли."
    assert told(0) == "0 ключевых клиентов приносят 50,0\xa0% прибыли."
    assert say("staff", "who", "ru", n=(21, "n"), roles=(1, "n")) == (
        "Профиль основан на самоописании 21 сотрудника в 1 роли."
    )


# --- English and Persian ---------------------------------------------------------------------------------------------

SINGULAR = frozenset(WORDS["english"].split())
PLURAL = frozenset({*WORDS["irregular"].split(), *(f"{word}s" for word in SINGULAR)})
QUALIFIES = frozenset(WORDS["qualifies"].split())


@pytest.mark.parametrize("number", COUNTS)
def test_english_words_agree_with_the_numbers_before_them(number):
    wrong = []
    many = {"are", "were", "have", "hold", "exceed"} if number == 1 else {"is", "was", "has", "holds", "exceeds"}
    shown = re.escape(written((number, "df"), "en"))
    for room, key in SENTENCES:
        text = _said(room, key, "en", number)
        for first, second in re.findall(rf"(?<![\w.,−]){shown} (\w+)(?: (\w+))?", text):
            if first == "times" and second in ("as", "the"):  # a multiple: 1.00 times as much
                continue
            word = second if first in QUALIFIES else first
            if word in (PLURAL if number == 1 else SINGULAR) | many:
                wrong.append(f"{written((number, 'df'), 'en')} {word} in: {text}")
    assert not wrong, "\n".join(wrong)


def test_every_counted_english_noun_is_known():
    nouns = {
        word.rstrip(",")
        for room, key in SENTENCES
        for name, spec in _fields(_sentences(room)[key]["en"])
        if spec and f"{{{name}}} {{{name}:" in _sentences(room)[key]["en"]
        for word in [spec.split("|")[1].split()[0]]
    }
    assert nouns - PLURAL <= set(WORDS["verbs"].split())


def test_persian_verbs_follow_the_number_of_people():
    assert say("value_pareto", "who", "fa", n=(1, "n")).endswith("می\u200cآورد مرتب شده است.")
    assert say("value_pareto", "who", "fa", n=(5, "n")).endswith("می\u200cآورند مرتب شده\u200cاند.")


# --- letters and marks -----------------------------------------------------------------------------------------------


def _texts_of(entry: object) -> Iterator[Mapping[str, str]]:
    if isinstance(entry, Mapping):
        if "en" in entry:
            yield entry
        else:
            for value in entry.values():
                yield from _texts_of(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from _texts_of(value)


def _without_places(template: str) -> str:
    """A template with all forms of its words, and a mark for its values."""
    return re.sub(r"\{\w+(?::([^}]*))?\}", lambda found: found[1] or "…", template)


TEXTS_SAID = [
    *((f"{room}.{key}", {lang: _without_places(text) for lang, text in texts.items()})
      for room in ROOMS for key, texts in _sentences(room).items()),
    *((name, texts) for name in CATALOGUES for texts in _texts_of(catalogue(name))),
]  # fmt: skip
LATIN = frozenset(WORDS["latin"].split())


@pytest.mark.parametrize("lang", ["fa", "ru"])
def test_no_foreign_words_are_left(lang):
    wrong = {
        where: foreign
        for where, texts in TEXTS_SAID
        if (foreign := set(re.findall(r"[A-Za-z][A-Za-z0-9]*", texts[lang])) - LATIN)
    }
    assert not wrong


def _faults(texts: list[tuple[str, Mapping[str, str]]], lang: str, pattern: str) -> list[str]:
    return [f"{where}: …{found[0]}…" for where, one in texts for found in [re.search(pattern, one[lang])] if found]


@pytest.mark.parametrize(
    "pattern",
    [
        f"[{''.join(ARABIC_FOR_PERSIAN)}\u0660-\u0669\u0640\u06c0\u0629]",  # Arabic yeh and kaf, digits, tatweel, ۀ ة
        r"(?<!\w)ن?می \w+",  # می‌شود in two words
        r"(?<!\w)ن?می(?:شو|کن|ده|آور|خوا|توان|گیر|مان|رس|گو|بین|یاب|پذیر)\w*",  # or in one
        r"\w+ ها(?:ی|یی|یش|یشان)?(?!\w)", r"\w+ تر(?:ین)?(?!\w)", r"\wه ی(?!\w)",
        r"[,;?%\"]", r"\d,\d", r" [،؛؟.!:]", r"[،؛](?=[^\s\d\u2066-\u2069)])",  # marks of other languages; blanks
        r"این‌که|آن‌چه|چنان‌چه|این‌جا|آن‌جا|وبگاه|کارآیی|پاسخ‌گو|نگه‌داری|به جای |به عنوان |به طور |آنلاین",
        "فاصلهٔ اطمینان|فاصله‌های اطمینان",  # one name for one thing: بازهٔ اطمینان
        r"گواه |(?<!\w)شاهد(?!\w)", "خودگردان‌سازی", "ارزش عمر", "قابلیت‌ها", "بلوک",
    ],
)  # fmt: skip
def test_persian_is_written_as_persian(pattern):
    assert not _faults(TEXTS_SAID, "fa", pattern)


def test_digits_of_persian_texts_are_persian():
    told = [(where, texts) for where, texts in TEXTS_SAID if where != "forms"]  # there 08:30 is what is to be typed
    assert not _faults(told, "fa", r"(?<![A-Za-z])[0-9](?![A-Za-z])")
    typed = [(where, texts) for where, texts in TEXTS_SAID if where == "forms"]
    assert not _faults(typed, "fa", r"(?<!\u200e)\b\d{4}-\d\d-\d\d")  # a day would be put in reverse order


@pytest.mark.parametrize(
    "pattern",
    [
        r"[\"“”'](?![sа-я])", r"\d\.\d", r"[0-9] %", r" [,;:?!.](?!\d)", r"[а-яё]-\s", r"  ",
        "рентабельност(?!ь в процентах)", "опыт(?:ы|ами|ов)\\b", "листьев",
        "(?:нужен|Облегчённый|Персонализирующий|Электронный) CRM", "приватност",
    ],
)  # fmt: skip
def test_russian_is_written_as_russian(pattern):
    assert not _faults(TEXTS_SAID, "ru", pattern)


def test_a_catalogue_calls_a_construct_what_the_library_calls_it():
    named = {term.names["en"].lower(): term.names for term in glossary().values()}
    met = [(texts, named[texts["en"].lower()]) for _, texts in TEXTS_SAID if texts["en"].lower() in named]
    met = [(texts, names) for texts, names in met if texts["en"] != "Unit"]  # the form says the short word
    assert len(met) >= 5
    assert [texts for texts, names in met if any(texts[lang] != names[lang] for lang in ("fa", "ru"))] == []


def test_the_ease_of_switching_is_called_what_the_library_calls_it():
    places = {name: (1, "df") for name, _ in _fields(_sentences("maturity_profit")["interaction"]["fa"]) if name != "p"}
    said = {lang: say("maturity_profit", "interaction", lang, **places, p="p") for lang in ("fa", "ru")}  # type: ignore[arg-type]
    name = glossary()["switching_ease"].names
    assert name["fa"] in said["fa"]
    assert name["ru"].replace("Лёгкость", "лёгкости") in said["ru"]


def test_modules_that_are_level_have_no_first_and_no_last():
    assert _ends({"time": {"index": 70.0}, "lead": {"index": 70.0}}, "en") == ()
    (said,) = _ends({"time": {"index": 70.0}, "lead": {"index": 60.0}}, "en")
    assert "highest for Time management (70.00) and lowest for Lead management (60.00)" in said


# --- direction -------------------------------------------------------------------------------------------------------


def test_a_text_does_not_turn_the_sentence_around_it():
    assert written("CRM سبک", "fa") == "\u2067CRM سبک\u2069"  # Persian, though it begins with a Latin word
    assert written("north", "fa") == "\u2066north\u2069"
    assert written("p = ۰٫۰۱", "fa") == "\u2066p = ۰٫۰۱\u2069"
    assert written("s1، s2", "fa") == "\u2066s1\u2069، \u2066s2\u2069"  # the first name is the rightmost
    assert written("فروش، s2", "fa") == "\u2067فروش\u2069، \u2066s2\u2069"
    assert written("فروش، خدمات", "fa") == "\u2067فروش، خدمات\u2069"
    assert written("", "fa") == "\u2066\u2069"
    assert written("no\u202erth", "en") == "north"  # it would turn the rest of the sentence


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_only_what_is_written_from_right_to_left_is_set_apart_elsewhere(lang):
    assert written("север, north", lang) == "север, north"
    assert written("فروش, north", lang) == "\u2068فروش\u2069, north"


def test_a_minus_stands_to_the_left_of_a_persian_number():
    for kind in ("n", "estimate", "percent", "r", "index", "statistic"):
        assert re.fullmatch("\u200e−[۰-۹٫٬٪]+", written((-2.25, kind), "fa")), kind
    assert written(((-1.5, -0.5), "interval"), "fa") == "[\u200e−۱٫۵۰؛ \u200e−۰٫۵۰]"
    assert written((-float("inf"), "estimate"), "fa") == "\u200e−∞\u200e"


def test_days_are_written_as_the_language_does():
    then = dt.date(2026, 3, 1)
    assert [written(then, lang) for lang in ("en", "ru", "fa")] == [
        "2026-03-01", "01.03.2026", "\u2066۲۰۲۶/۰۳/۰۱\u2069",
    ]  # fmt: skip
    assert day("2026-03-01") == then
    assert day("12026-03-01") == "12026-03-01"
