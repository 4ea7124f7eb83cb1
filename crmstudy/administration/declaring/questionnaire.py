"""Whether every instrument of every sample can be asked in every language that is offered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmstudy.administration.declaring.parts import WORDED, worded
from crmstudy.administration.declaring.studying import Declaration, Study
from crmstudy.declared import Declared
from crmstudy.errors import Fault, InputError, UnsupportedError
from crmstudy.instrument import Instrument
from crmstudy.instrument.forms import pages

#: The direction of the pages around the questions.
DIRECTIONS = {"en": "ltr", "fa": "rtl", "ru": "ltr"}


def offered(study: Study, asked: Mapping[str, Declaration]) -> tuple[str, ...]:
    """The languages in which everything can be asked, that of the study first; faults where there is none."""
    asking = [one for sample in asked.values() for one in sample.instruments or ()]
    known = dict.fromkeys(tag for one in asking for tag in one.languages if worded(tag))
    order = sorted(known, key=lambda tag: (worded(tag) != worded(study.lang), WORDED.index(worded(tag))))
    shared = [tag for tag in order if all(tag in one.languages for one in asking)]
    fine = [tag for tag in shared if not any(_faults(sample, tag) for sample in asked.values())]
    if fine or not asking:
        one_each = {worded(tag): tag for tag in reversed(fine)}
        return tuple(tag for tag in fine if one_each[worded(tag)] == tag) or (worded(study.lang) or WORDED[0],)
    if not shared:
        told = "; ".join(f"{one.id}: {', '.join(one.languages)}" for one in asking)
        message = f"the instruments have no language of {', '.join(WORDED)} in common ({told}); translate one of them."
        study.refuse(message, ("samples",), UnsupportedError)
        return (WORDED[0],)
    for sample in asked.values():
        _refuse(study, sample, shared[0])
    return (shared[0],)


def check_languages(doc: Declared, study: Study, asked: Mapping[str, Declaration], languages: Sequence[str]) -> None:
    """Refuse languages that an instrument has not, and whatever keeps a questionnaire from being asked in one."""
    for sample in asked.values():
        for tag in languages:
            without = [one.id for one in sample.instruments or () if tag not in one.languages]
            if without:
                message = (f"languages offers '{tag}', which {', '.join(without)} (sample '{sample.id}') has not; "
                           "take it off, or translate what is missing.")  # fmt: skip
                place = ("languages", list(doc.get(("languages",))).index(tag))
                doc.refuse(message, place)
            else:
                _refuse(study, sample, tag)


def check_versions(study: Study, asked: Mapping[str, Declaration]) -> None:
    """Refuse two versions of an instrument in one study: what is collected is told apart by the id alone."""
    first: dict[str, Instrument] = {}
    for sample in asked.values():
        for one in sample.instruments or ():
            other = first.setdefault(one.id, one)
            if other == one:
                continue
            told = f"in the versions {' and '.join(sorted((other.version, one.version)))}"
            if other.version == one.version:
                told = f"from two files ({other.path} and {one.path})"
            message = f"the instrument '{one.id}' is asked {told}; ask one of them, or the other in a study of its own."
            study.refuse(message, sample.place)


def _refuse(study: Study, sample: Declaration, lang: str) -> None:
    for fault, error in _faults(sample, lang):
        study.refuse(fault, sample.place, error)


def _faults(sample: Declaration, lang: str) -> list[tuple[Fault, type[InputError]]]:
    """What keeps the instruments of a sample from being asked in a language."""
    if not sample.instruments:
        return []
    found: list[tuple[Fault, type[InputError]]] = []
    try:
        made = pages(sample.instruments, lang, rows=None)
        direction = DIRECTIONS[worded(lang) or WORDED[0]]
        if any(page.direction != direction for page in made):
            message = f"the instruments of '{sample.id}' write '{lang}' as {made[0].direction}; it is {direction}."
            found.append((Fault(message), UnsupportedError))
    except InputError as error:
        found += [(Fault(f"sample '{sample.id}': {fault.message}", fault.file, fault.line), type(error))
                  for fault in error.faults]  # fmt: skip
    return found
