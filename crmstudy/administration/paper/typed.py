"""What a clerk types in from a sheet: one text a column, as it stands in a form or in a row of a file.

An answer is typed as its code on the sheet. A column that says nothing is blank; ``?`` means that the mark cannot be
made out, ``*`` that two boxes are ticked where one may be. Numbers and dates are read in any digits, several answers
and places of a rank have a column each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from crmstudy.administration.fieldwork import Sample
from crmstudy.administration.session.answers import read_page
from crmstudy.declared import CONTROL
from crmstudy.handover import REASONS
from crmstudy.instrument.forms import Field, Page, pages
from crmstudy.instrument.model import Instrument
from crmstudy.letters import digits, key, plain
from crmstudy.quoting import shown

ILLEGIBLE: Final = "illegible"
TWO_TICKS: Final = "two-ticks"
BLANK: Final = "blank"
#: Why a field has no answer, with the shortest way to type it.
MARKS: Mapping[str, str] = {ILLEGIBLE: "?", TWO_TICKS: "*"}
#: A number as well for those who type numbers only, unless it is an answer: the missing code of the hand-over.
_MARKS = {"?": ILLEGIBLE, "؟": ILLEGIBLE, "*": TWO_TICKS, **{str(REASONS[mark]): mark for mark in MARKS}}
_WORDS = {ILLEGIBLE: ILLEGIBLE, TWO_TICKS: TWO_TICKS, "two ticks": TWO_TICKS, BLANK: BLANK}
#: No cell has more letters.
LONGEST = 20_000
_MOST_MADE = 32


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands on a sheet: ``answers`` by question, and ``marks`` (why there is none) of those that have one.

    A question that is in neither is blank.
    """

    answers: Mapping[str, Any] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)

    def said(self, id: str) -> object:
        """What was typed for a question: an answer, a mark, or None for blank."""
        return self.marks.get(id, self.answers.get(id))

    def same(self, other: Typed, asked: Field) -> bool:
        """Whether two people read the same; spelling that nobody sees (ي and ی, blanks) is no difference."""
        one, two = self.marks.get(asked.id), other.marks.get(asked.id)
        if one is not None or two is not None:
            return one == two
        mine, theirs = self.answers.get(asked.id), other.answers.get(asked.id)
        if isinstance(mine, str) and isinstance(theirs, str):
            return mine == theirs or (bool(key(mine)) and plain(mine) == plain(theirs))
        return mine == theirs

    def as_json(self) -> dict[str, Any]:
        """As the database keeps it."""
        return {"answers": dict(self.answers), "marks": dict(self.marks)}


def typed_of(kept: Mapping[str, Any]) -> Typed:
    """What the database kept."""
    return Typed(kept["answers"], kept["marks"])


def fields_on_paper(sample: Sample, lang: str) -> tuple[Field, ...]:
    """Every question of a sample in the order and with the numbers of the printed sheet."""
    return tuple(one for page in _pages(sample.instruments, lang) for one in page.fields)


def columns_of(asked: Field) -> tuple[str, ...]:
    """The columns a question is typed into; those of ``multi`` and ``rank`` have the value at their end.

    An answer of ``multi`` that stands for none of the others ("does not apply") has a column of its own too.
    """
    if asked.type == "multi":
        return tuple(f"{asked.id}_{choice.value}" for choice in asked.choices)
    return asked.columns


def read_typed(
    sample: Sample, lang: str, cells: Mapping[str, str], only: Sequence[str] | None = None
) -> tuple[Typed, dict[str, str]]:
    """Read the cells of a sheet.

    Parameters
    ----------
    sample : Sample
        What the sheet asks.
    lang : str
        The language it is printed in: of decimal marks and calendar.
    cells : mapping of str to str
        By column; a column that is absent is blank.
    only : sequence of str, optional
        The questions that are read; all when left out.

    Returns
    -------
    typed : Typed
    faults : dict of str to str
        A sentence for every question whose cells cannot be what the sheet says; it is not among the answers.
    """
    answers: dict[str, Any] = {}
    marks: dict[str, str] = {}
    faults: dict[str, str] = {}
    wanted = None if only is None else frozenset(only)
    for page in _pages(sample.instruments, lang):
        form: dict[str, list[str]] = {}
        for asked in page.fields:
            if wanted is not None and asked.id not in wanted:
                continue
            said = {column: _bare(cells.get(column, "")) for column in columns_of(asked)}
            mark, wrong = _mark(asked, said)
            if wrong:
                faults[asked.id] = wrong
            elif mark:
                marks[asked.id] = mark
            else:
                wrong = _post(asked, said, form)
                if wrong:
                    faults[asked.id] = wrong
        if not form:
            continue
        read = read_page(page, form, lang, refusal=False)
        answers |= {id: value for id, value in read.answers.items() if value is not None and id not in faults}
        for asked in page.fields:
            if asked.id in read.faults:
                said = {column: _bare(cells.get(column, "")) for column in columns_of(asked)}
                faults[asked.id] = _sentence(asked, said, lang)
    return Typed(answers, marks), faults


_MADE: dict[tuple[int, str], tuple[tuple[Instrument, ...], tuple[Page, ...]]] = {}


def _pages(instruments: tuple[Instrument, ...], lang: str) -> tuple[Page, ...]:
    """The pages of a sheet, made once."""
    found = _MADE.get((id(instruments), lang))
    if found is None or found[0] is not instruments:
        if len(_MADE) >= _MOST_MADE:
            _MADE.clear()
        found = _MADE[id(instruments), lang] = (instruments, pages(instruments, lang, rows=None))
    return found[1]


def _bare(text: str) -> str:
    return text.strip()


def _mark(asked: Field, said: Mapping[str, str]) -> tuple[str, str]:
    """Why a question has no answer, and what is wrong with that; two empty texts when it has one or is blank."""
    found = {column: mark for column, text in said.items() if text and (mark := _mark_of(asked, text))}
    if not found:
        return "", ""
    others = [text for column, text in said.items() if text and column not in found]
    kinds = set(found.values())
    if BLANK in kinds and len(kinds) == 1 and not others:
        return "", ""
    if len(kinds) > 1 or others:
        return "", f"{asked.id} has a mark ({', '.join(sorted(kinds))}) and other entries besides; type one of them."
    mark = kinds.pop()
    if mark == TWO_TICKS and asked.type in ("multi", "rank", "text", "longtext", "date", "integer", "decimal"):
        return "", f"{asked.id} is not answered by one tick, so two ticks are no fault; type what stands there."
    return mark, ""


def _mark_of(asked: Field, text: str) -> str:
    written = plain(text[:20])
    if asked.type in ("text", "longtext"):  # a question mark may be what somebody wrote
        return _WORDS.get(written, "") if written != BLANK else ""
    if written in _WORDS:
        return _WORDS[written]
    number = digits(text[:20])
    if number in _MARKS and not _answers_with(asked, number):
        return _MARKS[number]
    return ""


def _answers_with(asked: Field, number: str) -> bool:
    """Whether a number that means a mark elsewhere is an answer of this question."""
    try:
        value = int(number)
    except ValueError:
        return False
    if any(choice.value == value for choice in asked.choices):
        return True
    if asked.type in ("integer", "decimal"):
        return (asked.low is None or value >= asked.low) and (asked.high is None or value <= asked.high)
    return asked.low is not None and asked.high is not None and asked.low <= value <= asked.high


def _post(asked: Field, said: Mapping[str, str], form: dict[str, list[str]]) -> str:
    """Put the cells of a question into a form as a page of the screen posts it; a sentence where they cannot be."""
    name = f"q.{asked.id}"
    if any(len(text) > LONGEST for text in said.values()):
        return f"{asked.id} has more than {LONGEST:,} letters; shorten it."
    if asked.type == "multi":
        for choice in asked.choices:
            text = digits(said.get(f"{asked.id}_{choice.value}", ""))
            if text not in ("", "0", "1"):
                return f"{asked.id}_{choice.value} is 1 for ticked and 0 or blank for not; found '{shown(text)}'."
            if text == "1":
                form.setdefault(name, []).append(str(choice.value))
    elif asked.type == "rank":
        for choice in (one for one in asked.choices if not one.missing):
            text = said.get(f"{asked.id}_{choice.value}", "")
            if text:
                form[f"{name}.{choice.value}"] = [text]
    elif said[asked.id]:
        text = said[asked.id]
        form[name] = [digits(text) if asked.type in ("single", "slider") and asked.low is None else text]
    return ""


def _sentence(asked: Field, said: Mapping[str, str], lang: str) -> str:
    """What a question is answered with, and what was typed."""
    found = " ".join(f"'{shown(CONTROL.sub('', text))}'" for text in said.values() if text)
    how = f"; type {MARKS[ILLEGIBLE]} where it cannot be made out" if asked.type not in ("text", "longtext") else ""
    if asked.type in ("single", "slider") and asked.low is None:
        how += f" and {MARKS[TWO_TICKS]} for two ticks"
        return f"{asked.id} is one of {', '.join(str(choice.value) for choice in asked.choices)}{how}; found {found}."
    if asked.type == "rank":
        return f"{asked.id} gives each place from 1 to {asked.top} once{how}; found {found}."
    if asked.type == "date":
        example = "1405-09-05" if lang.split("-")[0] == "fa" else "2026-11-26"
        return f"{asked.id} is a date such as {example}{how}; found {found}."
    bounds = " ".join(_bounds(asked))
    whole = "a whole number" if asked.type == "integer" or asked.low is not None else "a number"
    return f"{asked.id} is {whole}{' ' if bounds else ''}{bounds}{how}; found {found}."


def _bounds(asked: Field) -> Iterator[str]:
    if asked.low is not None:
        yield f"from {asked.low:g}"
    if asked.high is not None:
        yield f"to {asked.high:g}"
