"""LimeSurvey, responses exported as CSV: headings by code, by text, or by both; answers by code or by label.

Left out are columns that may say who somebody is. Rows that were not submitted are kept and counted.
"""

from __future__ import annotations

import re
from dataclasses import replace

from crmstudy.exchange.reading.entries import Heading, bare
from crmstudy.exchange.reading.export import Export, answers_of, cells_of, drop_personal
from crmstudy.exchange.reading.labels import Labels
from crmstudy.exchange.sources import Asked
from crmstudy.exchange.table import Cells, Numbers, Table
from crmstudy.letters import key
from crmstudy.notes import Note

NOTHING = ("N/A",)
#: Columns of the platform itself, with their English headings.
_OWN = {
    "id": "Response ID", "submitdate": "Date submitted", "lastpage": "Last page", "startlanguage": "Start language",
    "seed": "Seed", "token": "Access code", "startdate": "Date started", "datestamp": "Date last action",
    "ipaddr": "IP address", "refurl": "Referrer URL", "firstname": "First name", "lastname": "Last name",
    "email": "Email address", "interviewtime": "Total time",
}  # fmt: skip
PERSONAL = frozenset({"token", "ipaddr", "refurl", "firstname", "lastname", "email"})
#: How old versions call the columns.
_ALSO = {"token": "token", "completed": "submitdate"}
#: Every way of heading a column of the platform: by code, by text, by both.
_HEADS = _ALSO | {key(said): code for code, text in _OWN.items() for said in (code, text, f"{code}. {text}")}
#: Texts in which our questionnaires carry the instrument along; LimeSurvey exports them as empty columns.
_CARRIED = re.compile(r"crmstudykey\d+\b")
_LONGEST_OWN = 60
_SIGNS = ("submitdate", "lastpage", "startlanguage", "seed")
_HEADING = re.compile(
    r"(?P<code>[A-Za-z][A-Za-z0-9_]*)(?:\[(?P<sub>[^\[\]]{1,60})\])?(?:\[[^\[\]]{1,60}\])?(?:\.\s+(?P<text>.+))?",
    re.DOTALL,
)
_ROW = re.compile(r"(?P<stem>.*?)\s*\[(?P<row>[^\[\]]+)\]\s*", re.DOTALL)
#: How codes below zero are written, as LimeSurvey allows letters and digits only.
_BELOW_ZERO = re.compile(r"M(?P<number>\d{1,4})")
_NUMBERED = re.compile(r"(?:A|AO|SQ)0*(?P<number>\d{1,4})")
#: The answers that LimeSurvey's own kinds of questions have, as English labels.
_FIXED = {"Y": "yes", "N": "no", "U": "uncertain", "F": "female", "M": "male", "I": "increase", "S": "same",
          "D": "decrease"}  # fmt: skip


def recognises(table: Table, asked: Asked) -> bool:
    """Whether the columns of LimeSurvey are there, by code or by English heading."""
    names = {_own(name) for name in table.names}
    return sum(sign in names for sign in _SIGNS) >= 2


def shape(table: Table, asked: Asked) -> Table:
    """The answers; raises DataError with all faults."""
    headings = [_heading(position, name) for position, name in enumerate(table.names)]
    kept, notes = drop_personal(headings, lambda heading: _own(heading.name) in PERSONAL, asked)
    kept = [one for one in kept if not (_CARRIED.match(one.name) and not any(cells_of(table, one.position)))]
    notes += _not_submitted(table)
    numbered: set[str] = set()

    def otherwise(labels: Labels, cell: str) -> str | None:
        return _code(labels, cell, numbered)

    table = replace(table, columns=[_unmasked(column) for column in table.columns])
    export = Export("LimeSurvey", table, kept, nothing=NOTHING, otherwise=otherwise, notes=tuple(notes), by_place=True)
    answers = answers_of(export, asked.instruments)
    return replace(answers, notes=[*answers.notes, *_numbered_note(numbered)])


def _own(name: str) -> str:
    """Which column of the platform a heading names, in whatever way; the empty string for others."""
    return "" if len(name) > _LONGEST_OWN else _HEADS.get(key(name), "")


def _heading(position: int, name: str) -> Heading:
    """A column: ``code``, ``code[sub]``, either with ". text [row]" behind it, or the text alone."""
    own = _own(name)
    if own:
        return Heading(position, own if name.casefold().startswith(own) else name)
    parts = _HEADING.fullmatch(name)
    codes: list[str] = []
    lists: list[tuple[str, str]] = []
    text = name
    if parts is not None and (parts["text"] or not re.search(r"\s", parts["code"])):
        code, sub = parts["code"], parts["sub"]
        if not sub and "_" in code:  # a code has letters and digits only: in headings for R and SPSS _ stands for [
            code, _, sub = code.partition("_")
        codes = [code] if not sub else _with_sub(code, sub)
        lists = [(code, sub)] if sub and sub != "other" else []
        text = parts["text"] or ""
    texts = [text] if text else []
    row = _ROW.fullmatch(text)
    if row is not None:
        texts = [row["row"], text]
        lists.append((bare(row["stem"]), bare(row["row"])))
        if codes and lists[0] != lists[-1]:
            lists.insert(0, (lists[0][0], bare(row["row"])))
    texts += [said.replace("_", " ") for said in texts if "_" in said]
    return Heading(position, name, tuple(codes), tuple(bare(said) for said in texts), tuple(lists))


def _with_sub(code: str, sub: str) -> list[str]:
    """The ids that ``code[sub]`` may go by: the row of a grid, or both together."""
    alone = [] if sub.isdecimal() or sub == "other" else [sub]
    return [f"{code}[{sub}]", f"{code}_{sub}", *alone, *([] if sub == "other" else [f"{code}{sub}"])]


def _code(labels: Labels, cell: str, numbered: set[str]) -> str | None:
    """Codes below zero (M9), codes LimeSurvey made (A3, where answers count from 1), letters of its own questions."""
    below = _BELOW_ZERO.fullmatch(cell.strip())
    if below is not None and -int(below["number"]) in labels.codes:
        return str(-int(below["number"]))
    found = _NUMBERED.fullmatch(cell.strip())
    if found is not None and labels.response.low == 1 and labels.response.holds(int(found["number"])):
        numbered.add(cell)
        return str(int(found["number"]))
    word = _FIXED.get(cell.strip())
    if word is None:
        return None
    codes = labels.find(word, [tag for tag in labels.by_language if tag.split("-")[0] == "en"])
    return str(next(iter(codes))) if len(codes) == 1 else None


def _numbered_note(codes: set[str]) -> list[Note]:
    """Say which codes were taken for numbers."""
    if not codes:
        return []
    said = ", ".join(sorted(codes)[:8]) + (" ..." if len(codes) > 8 else "")
    message = f"Codes were read as the number in them, where answers count from 1: {said}."
    return [Note("RESPONSES_NUMBERED_CODES", message, "warning")]


def _unmasked(column: Cells | Numbers) -> Cells | Numbers:
    """A column without the mark LimeSurvey puts before cells that a spreadsheet would compute."""
    if not isinstance(column, Cells) or not any(word.startswith("'=") for word in column.words):
        return column
    return column.renamed({word: word[1:] for word in column.words if word.startswith("'=")})


def _not_submitted(table: Table) -> list[Note]:
    """How many rows have no date of submission; they are kept."""
    for position, name in enumerate(table.names):
        if _own(name) == "submitdate":
            open_rows = sum(cell in ("", "NULL", "N") for cell in cells_of(table, position))
            if open_rows:
                message = f"{open_rows} of {len(table.rows)} respondents did not finish; they were kept."
                return [Note("RESPONSES_INCOMPLETE", message)]
    return []
