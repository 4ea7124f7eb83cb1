"""What lint looks for behind the form: stand-ins for texts, texts of another language, impossible figures and ranges.

None of it is seen from keys and types alone, and all of it passes for a questionnaire at first sight.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

from crmstudy import letters
from crmstudy.instrument.model import Fact, HigherOrder, Instrument, Scale, Texts
from crmstudy.notes import Note

#: The script a language is written in, as Unicode names its letters.
_SCRIPTS = {
    **dict.fromkeys(("en", "de", "fr", "es", "it", "pt", "tr", "az", "pl", "nl"), "LATIN"),
    **dict.fromkeys(("fa", "ar", "ur", "ps", "ckb"), "ARABIC"),
    **dict.fromkeys(("ru", "uk", "be", "bg", "tg", "kk"), "CYRILLIC"),
}
_MARK = re.compile(r"\{[^{}]*\}")
_KNOWN_MARK = re.compile(r"\{[a-z][a-z0-9_]*(?::[a-z]+)?\}")
#: A text that long is not the same in two languages by chance.
_TOO_LONG_FOR_CHANCE = 4
#: Words that hold a place, as :func:`letters.plain` writes them.
_PLACEHOLDER = re.compile(
    r"lorem ipsum|\b(?:todo|tbd|fixme|placeholder|xxx+|foo|bar|asdf)\b|\?\?\?"
    r"|^(?:the )?(?:item|question|statement|text|گویه|سوال|پرسش|عبارت|جمله|متن|пункт|вопрос|утверждение|текст)\s*"
    r"(?:no\.? ?|شماره ?|№ ?)?[\w-]*\d[\w-]*(?: \S+){0,4}$"
)
#: Figures that are shares or correlations, and so at most 1.
_AT_MOST_ONE = re.compile(
    r"alpha|omega|ave|composite_reliability|cr|rho|lambda|icc|kappa|cvi|cvr|loading|correlation|cfi|tli|gfi|nfi"
    r"|r_squared|explained_variance"
)
_DOI = re.compile(r"10\.\d{4,9}/\S+")


def check_content(instrument: Instrument) -> Iterator[Note]:
    """Every check of this module, in turn."""
    if instrument.wording != "none":
        yield from _scripts(instrument)
        yield from _placeholders(instrument)
    yield from _braces(instrument)
    yield from _answers(instrument)
    yield from _ranges(instrument)
    yield from _least_answers(instrument)
    yield from _figures(instrument)
    yield from _dois(instrument)


def _asked(instrument: Instrument) -> Iterator[tuple[str, str, Texts]]:
    """What a respondent reads: what it is, the id it belongs to, the texts."""
    if instrument.instructions:
        yield "the instructions", instrument.id, instrument.instructions
    for entry in instrument.entries:
        yield f"the item '{entry.id}'", entry.id, entry.wording
    for response in instrument.responses.values():
        for value, texts in (*response.labels.items(), *response.missing_labels.items()):
            yield f"the label of {value} in '{response.id}'", response.id, texts


def _scripts(instrument: Instrument) -> Iterator[Note]:
    """Texts without a letter of their language, and long texts that two languages share."""
    for what, subject, texts in _asked(instrument):
        for tag, text in texts.items():
            script = _SCRIPTS.get(tag.split("-")[0])
            words = [word for word in _MARK.sub(" ", text).split() if any(map(str.isalpha, word))]
            if script and words and not any(_is_of(script, word) for word in words) and not all(map(_is_name, words)):
                message = f"The {tag} text of {what} has no letter of that language: «{_shown(text)}»."
                yield _warn("INSTRUMENT_SCRIPT", message, subject)
        shared = defaultdict(list)
        for tag, text in texts.items():
            if len(text.split()) >= _TOO_LONG_FOR_CHANCE:
                shared[letters.plain(text)].append(tag)
        for tags in shared.values():
            if len(tags) > 1:
                message = f"The texts of {what} in {' and '.join(tags)} are the same: one is not translated."
                yield _warn("INSTRUMENT_SCRIPT", message, subject)


def _is_of(script: str, word: str) -> bool:
    return any(unicodedata.name(letter, "").startswith(script) for letter in word if letter.isalpha())


def _is_name(word: str) -> bool:
    """Whether a word may stand in any language as it is: an abbreviation, a product, a sign with digits."""
    bare = "".join(filter(str.isalnum, word))
    return bare.isupper() or any(map(str.isdigit, bare))


def _placeholders(instrument: Instrument) -> Iterator[Note]:
    for entry in instrument.entries:
        for tag, text in entry.wording.items():
            said = letters.plain(text).strip(" .:!")
            if _PLACEHOLDER.search(said) or said == letters.plain(entry.id):
                message = f"The item '{entry.id}' has a stand-in for a text in {tag}: «{_shown(text)}»."
                yield _warn("INSTRUMENT_PLACEHOLDER", message, entry.id)


def _braces(instrument: Instrument) -> Iterator[Note]:
    """A brace that marks no slot would be printed."""
    for what, subject, texts in _asked(instrument):
        for tag, text in texts.items():
            if set("{}") & set(_KNOWN_MARK.sub("", text)):
                message = (
                    f"The {tag} text of {what} has a brace that marks no slot: «{_shown(text)}»; a mark is written "
                    "{name} or {name:form}, in small letters and without blanks."
                )
                yield _warn("INSTRUMENT_SLOT", message, subject)


def _answers(instrument: Instrument) -> Iterator[Note]:
    """Two answers that read alike cannot be told apart, by a respondent or in an export of labels."""
    for response in instrument.responses.values():
        given = (*response.labels.items(), *response.missing_labels.items())
        for tag in instrument.languages:
            same = defaultdict(list)
            for value, texts in given:
                if texts.get(tag, "").strip():
                    same[letters.plain(texts[tag])].append(str(value))
            for values in same.values():
                if len(values) > 1:
                    message = f"The answers {' and '.join(values)} of '{response.id}' have the same label in {tag}."
                    yield _warn("INSTRUMENT_LABEL_REPEATED", message, response.id)


def _ranges(instrument: Instrument) -> Iterator[Note]:
    """What is averaged, or filled in for what is missing, must run over one range."""
    for scale in instrument.scales:
        ranges = {(float(item.response.low), float(item.response.high)) for item in scale.items}
        yield from _unlike(scale, ranges, "items", len(scale.items))
    for whole in instrument.higher_order:
        yield from _unlike(whole, {part.range for part in whole.parts}, "scales", len(whole.parts))


def _unlike(score: Scale | HigherOrder, ranges: set[tuple[float, float]], what: str, count: int) -> Iterator[Note]:
    if len(ranges) < 2 or (score.method == "sum" and score.min_answered == count):
        return
    said = ", ".join(f"{low:g} to {high:g}" for low, high in sorted(ranges))
    message = (
        f"'{score.id}' puts {what} of unlike ranges together ({said}): who leaves one out gets another score for that "
        f"reason alone, and in a mean the widest range weighs most."
    )
    yield _warn("INSTRUMENT_RANGES_UNLIKE", message, score.id)


def _least_answers(instrument: Instrument) -> Iterator[Note]:
    for scale in instrument.scales:
        if 2 * scale.min_answered < len(scale.items):
            message = (
                f"'{scale.id}' is scored from {scale.min_answered} of its {len(scale.items)} items, fewer than half."
            )
            yield _warn("INSTRUMENT_FEW_ANSWERS", message, scale.id)


def _figures(instrument: Instrument) -> Iterator[Note]:
    for score in instrument.scores:
        yield from _impossible(score.published, score.id)
    for tag, language in instrument.languages.items():
        yield from _impossible(language.validation, tag)


def _impossible(facts: Iterable[Fact], subject: str) -> Iterator[Note]:
    for fact in facts:
        shares = any(_AT_MOST_ONE.fullmatch(part) for part in (fact.name, fact.name.split("_")[0]))
        if shares and fact.value > 1:
            message = f"The published {fact.name} of '{subject}' is {fact.value:g}; it cannot be above 1."
            yield _warn("INSTRUMENT_FIGURE", message, subject)


def _dois(instrument: Instrument) -> Iterator[Note]:
    for key, source in instrument.sources.items():
        if source.doi and not _DOI.fullmatch(source.doi):
            message = f"The DOI of '{key}' is '{_shown(source.doi)}'; write it as 10.PREFIX/SUFFIX, without an address."
            yield _warn("INSTRUMENT_DOI", message, key)


def _shown(text: str) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return plain if len(plain) <= 60 else f"{plain[:59]}…"


def _warn(code: str, message: str, subject: str | None = None) -> Note:
    return Note(code, message, "warning", subject)
