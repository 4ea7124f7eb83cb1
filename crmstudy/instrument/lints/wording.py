"""What lint looks for in texts: missing ones, copies, slots, spelling, words that fit one sex only, terms."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from crmstudy import letters
from crmstudy.instrument.library import glossary
from crmstudy.instrument.model import HigherOrder, Instrument, Scale, Texts
from crmstudy.instrument.slots import forms_of, marks_in
from crmstudy.notes import Note

#: The languages a questionnaire of the library has.
LANGUAGES = ("en", "fa", "ru")
_LEAST_COMMON_WORDS = 2
#: Words of a gap in a template, beyond which two texts are two questions.
_LONGEST_GAP = 2
#: So many items of one template are named.
_MOST_NAMED = 8
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"\{[^{}]*\}|[\w\u200c'’-]+")

_LETTERS = "\u0621-\u063a\u0641-\u064a\u0670-\u06d3"
#: Persian spelled with a blank, or nothing, where a half-space belongs.
_LOOSE_PERSIAN = (
    (re.compile(rf"(?<![{_LETTERS}\u200c])ن?می (?=[{_LETTERS}])"), "می and its verb stand apart"),
    (re.compile(rf"(?<![{_LETTERS}\u200c])ن?می(?:ش|ک|خ|د|گ|ت|ر|آ|ب|ن|س|پ|ف)[{_LETTERS}]+(?:م|د|یم|ید|ند)(?![{_LETTERS}\u200c])"),
     "می is joined to its verb"),
    (re.compile(rf"[{_LETTERS}] (?:ها|های|هایی|هایم|هایش|هایمان|هایشان|ترین)(?![{_LETTERS}\u200c])"),
     "an ending stands apart from its word"),
    (re.compile(rf"ه ی(?![{_LETTERS}\u200c])"), "the ezafe of a word in ه is written with a blank"),
    (re.compile(rf"\u200c(?![{_LETTERS}])|(?<![{_LETTERS}])\u200c"), "a half-space joins nothing"),
)  # fmt: skip
#: Russian words that fit one sex only, said of the respondent.
_GENDERED = frozenset({
    "доволен", "довольна", "уверен", "уверена", "готов", "готова", "согласен", "согласна",
    "рад", "рада", "должен", "должна", "способен", "способна", "обязан", "обязана",
    "намерен", "намерена", "заинтересован", "заинтересована", "удовлетворён", "удовлетворена", "удовлетворен", "горд",
    "горда", "счастлив", "счастлива", "вынужден", "вынуждена", "привязан", "привязана", "предан",
    "предана", "осведомлён", "осведомлена", "знаком", "знакома", "сам", "сама", "лоялен",
    "лояльна", "заинтересованный", "склонен", "склонна", "увлечён", "увлечена",
})  # fmt: skip
_GENDER_ENDINGS = re.compile(r"\((?:а|ла|ась|на|ая|лась)\)|(?<=\w)/(?:а|ла|ась|лась|на|ая)\b")
_PAST = re.compile(r"\bя(?:\s+[\w-]+){0,2}\s+[\w-]+(?:ал|ял|ил|ел|ыл|ул|ол)(?:а|ся|ась)?\b")


def check_texts(instrument: Instrument, languages: Sequence[str] = LANGUAGES) -> Iterator[Note]:
    """Require a text, and not an empty one, for every language the file declares and every one that is wanted."""
    lacking = [tag for tag in languages if tag not in instrument.languages]
    if lacking and instrument.wording != "none":
        message = f"The questionnaire has no texts in {', '.join(lacking)}."
        yield _warn("INSTRUMENT_LANGUAGE_MISSING", message, instrument.id)
    for what, subject, texts in _named_texts(instrument):
        missing = [tag for tag in instrument.languages if not texts.get(tag, "").strip()]
        if missing:
            message = f"No text in {', '.join(missing)} for {what}."
            yield _warn("INSTRUMENT_TRANSLATION_MISSING", message, subject)


def _named_texts(instrument: Instrument) -> Iterator[tuple[str, str, Texts]]:
    """Every text by language, with what it is and the id it belongs to."""
    yield "the instrument's name", instrument.id, instrument.name
    for scale in instrument.scores:
        yield f"the name of the scale '{scale.id}'", scale.id, scale.name
        if scale.higher_means:
            yield f"what a higher score of '{scale.id}' means", scale.id, scale.higher_means
    for what, texts in (("the instructions", instrument.instructions), ("the description", instrument.description),
                        ("the notes", instrument.notes)):  # fmt: skip
        if texts:
            yield what, instrument.id, texts
    if instrument.wording != "none":
        for entry in instrument.entries:
            yield f"the item '{entry.id}'", entry.id, entry.wording
    for response in instrument.responses.values():
        for value, texts in (*response.labels.items(), *response.missing_labels.items()):
            yield f"the label of {value} in '{response.id}'", response.id, texts
    for section in instrument.sections:
        for what, texts in (("title", section.title), ("text", section.text)):
            if texts:
                yield f"the {what} of the section '{section.id}'", section.id, texts


def check_copies(instrument: Instrument) -> Iterator[Note]:
    """Two items with the same wording in a language, or with wordings that differ by one word."""
    for tag in instrument.languages:
        said = [(item.id, _words(item.wording.get(tag, ""))) for item in instrument.items]
        said = [(id, words) for id, words in said if words]
        same = defaultdict(list)
        for id, words in said:
            same[words].append(id)
        for ids in same.values():
            if len(ids) > 1:
                message = f"The items {', '.join(ids)} have the same wording in {tag}."
                yield _warn("INSTRUMENT_WORDING_REPEATED", message, ids[0])
        near = [(a, b) for (a, words), (b, others) in combinations(said, 2)
                if words != others and _apart(words, others) <= 1]  # fmt: skip
        for ids in _linked(near):
            many = "two" if len(ids) == 2 else len(ids)
            message = f"The items {_named(ids)} differ by one word in {tag}: a template, not {many} questions."
            yield _warn("INSTRUMENT_WORDING_TEMPLATE", message, ids[0])
    yield from _phrase_templates(instrument)


def _linked(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The groups that pairs make, so that many items of one template are told once."""
    homes: dict[str, list[str]] = {}
    for one, other in pairs:
        group, joined = homes.setdefault(one, [one]), homes.setdefault(other, [other])
        if group is not joined:
            group += joined
            homes.update(dict.fromkeys(joined, group))
    return list({id(group): group for group in homes.values()}.values())


def _named(ids: Sequence[str]) -> str:
    """Ids in a sentence, the first eight of many."""
    if len(ids) > _MOST_NAMED:
        return f"{', '.join(ids[:_MOST_NAMED])} and {len(ids) - _MOST_NAMED} more"
    return f"{', '.join(ids[:-1])} and {ids[-1]}"


def _phrase_templates(instrument: Instrument) -> Iterator[Note]:
    """Items that differ by two words side by side in every language: the same template, with a longer gap."""
    tags = list(instrument.languages)
    said = [(item.id, [_words(item.wording.get(tag, "")) for tag in tags]) for item in instrument.items]
    for (one, texts), (other, others) in combinations(said, 2):
        pairs = [(a, b) for a, b in zip(texts, others, strict=True) if a and b]
        gaps = [_apart(a, b) for a, b in pairs]
        if pairs and max(gaps) == _LONGEST_GAP and all(min(len(a), len(b)) - _LONGEST_GAP >= 4 for a, b in pairs):
            message = (
                f"The items {one} and {other} differ by two words in every language: a template, not two questions."
            )
            yield _warn("INSTRUMENT_WORDING_TEMPLATE", message, one)


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(letters.plain(text)))


def _apart(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many words side by side two texts differ by (exchanged, added or left out); numbers count as one word.

    Texts with too little in common, and those that differ in more than one place, are as far apart as can be.
    """
    one, other = (tuple(_NUMBER.sub("#", word) for word in words) for words in (one, other))
    shorter = min(len(one), len(other))
    begin = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    end = next((place for place in range(shorter - begin) if one[-1 - place] != other[-1 - place]), shorter - begin)
    if begin + end < _LEAST_COMMON_WORDS:
        return len(one) + len(other) + _LONGEST_GAP
    return max(len(one), len(other)) - begin - end


def check_slots(instrument: Instrument) -> Iterator[Note]:
    """The same slots in every language, each declared, in a form that its language has, and all of them used."""
    used: set[str] = set()
    for what, subject, texts in _named_texts(instrument):
        found: dict[str, set[str]] = {}
        for tag, text in texts.items():
            marks = list(marks_in(text))
            found[tag] = {slot for slot, _ in marks}
            for slot, form in marks:
                if slot not in instrument.slots:
                    message = f"The {tag} text of {what} has the slot '{slot}', which is not declared."
                    yield _warn("INSTRUMENT_SLOT", message, subject)
                elif form and form not in forms_of(tag):
                    message = (
                        f"The {tag} text of {what} has the slot '{slot}' in the form '{form}'; the forms of {tag} are "
                        f"{', '.join(forms_of(tag))}."
                    )
                    yield _warn("INSTRUMENT_SLOT", message, subject)
        used |= set().union(*found.values()) if found else set()
        if len({frozenset(slots) for slots in found.values()}) > 1:
            said = "; ".join(f"{tag}: {', '.join(sorted(slots)) or 'none'}" for tag, slots in found.items())
            yield _warn("INSTRUMENT_SLOT", f"The languages of {what} have different slots ({said}).", subject)
    for id, declared in instrument.slots.items():
        if id not in used:
            yield _warn("INSTRUMENT_SLOT", f"No text uses the slot '{id}'.", id)
        for tag in instrument.languages:
            missing = [form for form in forms_of(tag) if not declared.forms.get(tag, {}).get(form, "").strip()]
            if missing:
                message = f"The slot '{id}' lacks {', '.join(missing)} in {tag}."
                yield _warn("INSTRUMENT_SLOT", message, id)


def check_spelling(instrument: Instrument) -> Iterator[Note]:
    """Arabic letters and lost half-spaces in Persian; Russian words that assume the respondent's sex."""
    for what, subject, texts in _named_texts(instrument):
        persian, russian = texts.get("fa", ""), texts.get("ru", "")
        found = [f"{wrong} for {right}" for wrong, right in letters.ARABIC_FOR_PERSIAN.items() if wrong in persian]
        if found:
            message = f"The Persian text of {what} has Arabic letters ({', '.join(found)})."
            yield _warn("INSTRUMENT_ARABIC_LETTERS", message, subject)
        for pattern, problem in _LOOSE_PERSIAN:
            match = pattern.search(persian)
            if match:
                message = f"In the Persian text of {what}, {problem}: «{match[0].strip()}»."
                yield _warn("INSTRUMENT_HALF_SPACE", message, subject)
        word = _gendered(russian, label=what.startswith("the label"))
        if word:
            message = f"The Russian text of {what} fits one sex only: «{word}»."
            yield _warn("INSTRUMENT_GENDERED", message, subject)


def _gendered(text: str, *, label: bool) -> str:
    """The first form that assumes the respondent's sex; in a sentence only where it speaks of «я»."""
    lower = text.lower()
    ending = _GENDER_ENDINGS.search(lower)
    if ending:
        return str(ending[0])
    words = re.findall(r"[\w-]+", lower)
    if label or "я" in words:
        for word in words:
            if word in _GENDERED:
                return str(word)
    past = _PAST.search(lower)
    return "" if past is None else str(past[0])


def check_terms(instrument: Instrument) -> Iterator[Note]:
    """One term a construct and language: the glossary's."""
    terms = glossary()
    for one in (*instrument.scores, *instrument.entries):
        if not one.construct:
            continue
        term = terms.get(one.construct)
        if term is None:
            message = f"The construct '{one.construct}' of '{one.id}' is not in the glossary."
            yield _warn("INSTRUMENT_TERM", message, one.id)
            continue
        for tag, name in term.names.items():
            if isinstance(one, Scale | HigherOrder) and tag in one.name and one.name[tag] != name:
                message = f"'{one.id}' is called «{one.name[tag]}» in {tag}; the glossary's term is «{name}»."
                yield _warn("INSTRUMENT_TERM", message, one.id)


def _warn(code: str, message: str, subject: str | None = None) -> Note:
    return Note(code, message, "warning", subject)
