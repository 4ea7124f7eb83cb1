"""Qualtrics, exported as CSV or TSV: names, question texts and, but in old exports, ImportIds; below them the answers.

Left out are rows that no respondent gave (previews, tests, spam) and columns that may say who somebody is. Answers may
be numbers or choice texts; -99 is a question that was seen and not answered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from crmstudy.errors import DataError, Fault
from crmstudy.exchange.reading.entries import Heading, bare
from crmstudy.exchange.reading.export import Export, answers_of, cells_of, drop_personal, keep_rows
from crmstudy.exchange.reading.labels import quoted
from crmstudy.exchange.sources import Asked
from crmstudy.exchange.table import Cells, Table
from crmstudy.letters import digits, plain
from crmstudy.notes import Note

UNANSWERED = "-99"
_MOST_PARTS = 6
PERSONAL = frozenset({
    "ipaddress", "recipientlastname", "recipientfirstname", "recipientemail", "externalreference",
    "externaldatareference", "locationlatitude", "locationlongitude", "locationaccuracy", "name", "emailaddress",
})  # fmt: skip
#: Columns of the platform itself, by their names without blanks in small letters.
_OWN = PERSONAL | {
    "startdate", "enddate", "status", "progress", "duration(inseconds)", "finished", "recordeddate", "responseid",
    "responseset", "distributionchannel", "userlanguage", "duration", "_recordid",
}  # fmt: skip
#: The bits of a status in numbers that mean: nobody's answer.
_PREVIEW, _TEST, _SPAM = 1, 2, 8
_STATUS_WORDS = {"preview": "previews", "test": "tests", "spam": "spam"}
_REAL = frozenset({"", "ip address", "imported", "offline", "anonymous", "default"})
#: An item of a matrix whose own tag begins with the tag of its question: ``Q2_Q2_1``.
_TWICE = re.compile(r"(?P<tag>\w+)_(?=(?P=tag)_)")
_OLD_NAME = re.compile(r"V([1-9]|10)")
#: ``{"ImportId":"QID1"}``; exports of 2016 and 2017 have single quotation marks.
_IMPORT_ID = re.compile(r"\{.*(?P<mark>[\"'])ImportId(?P=mark)\s*:\s*(?P=mark)(?P<id>[^\"']*)", re.DOTALL)


def recognises(table: Table, asked: Asked) -> bool:
    """Whether the rows below the names are those of Qualtrics."""
    return _header_rows(table) > 0


def shape(table: Table, asked: Asked) -> Table:
    """The answers; raises DataError with all faults, and when the rows below the names are not those of Qualtrics."""
    rows = _header_rows(table)
    if not rows:
        message = (
            "this is no export of Qualtrics: the second row should hold the texts of the questions, and the third "
            "{\"ImportId\": ...}. Export it again, with the header rows."
        )  # fmt: skip
        raise DataError(Fault(message, table.file, table.names_line))
    texts = [bare(column[0]) if isinstance(column, Cells) else "" for column in table.columns]
    owned = _owned(table, rows, texts)
    names = [texts[place].replace(" ", "") if _OLD_NAME.fullmatch(name) and place in owned else name
             for place, name in enumerate(table.names)]  # fmt: skip
    body = keep_rows(replace(table, names=names), table.rows > rows)
    body = replace(body, rows=(body.rows - rows).astype(np.int32))
    body, notes = _without_previews(body, owned)
    notes += _unfinished(body, owned)
    headings = [
        Heading(place, name) if place in owned else _heading(place, name, texts[place])
        for place, name in enumerate(names)
    ]
    kept, left = drop_personal(headings, lambda heading: owned.get(heading.position) in PERSONAL, asked)
    export = Export("Qualtrics", body, kept, nothing=(UNANSWERED,), notes=(*notes, *left))
    return answers_of(export, asked.instruments)


def _header_rows(table: Table) -> int:
    """How many rows below the names are no answers: 2, 1 in old exports, 0 when it is another file."""
    firsts = [column for column in table.columns if isinstance(column, Cells) and len(column) > 0]
    if len(table.rows) == 0 or list(table.rows[:1]) != [1]:
        return 0
    if len(table.rows) > 1 and any(_IMPORT_ID.match(column[1].strip()) for column in firsts if len(column) > 1):
        return 2
    told = [
        _own(column[0]) == _own(name) or bool(_OLD_NAME.fullmatch(name) and _own(column[0]) in _OWN)
        for name, column in zip(table.names, table.columns, strict=True)
        if isinstance(column, Cells) and (_own(name) in _OWN or _OLD_NAME.fullmatch(name))
    ]
    return 1 if len(told) >= 3 and sum(told) * 2 > len(told) else 0


def _own(name: str) -> str:
    return "".join(name.split()).casefold()


def _owned(table: Table, rows: int, texts: list[str]) -> dict[int, str]:
    """The columns of the platform, by their places; a question of the same name is none of them."""
    owned = {}
    for place, (name, column) in enumerate(zip(table.names, table.columns, strict=True)):
        found = _IMPORT_ID.match(column[1].strip()) if rows > 1 and isinstance(column, Cells) else None
        if found is not None:
            said = "" if found["id"].startswith("QID") else found["id"]
            candidates = [said, name if said else ""]
        elif rows > 1:
            candidates = [name]
        else:
            candidates = [texts[place]] if _own(texts[place]) == _own(name) or _OLD_NAME.fullmatch(name) else []
        hit = next((_own(one) for one in candidates if _own(one) in _OWN), "")
        if hit:
            owned[place] = hit
    return owned


def _heading(position: int, name: str, text: str) -> Heading:
    """A column: ``Q5_2`` with "stem - item" is an item of a matrix, or one answer of a list."""
    parts = text.split(" - ", _MOST_PARTS)
    tails = [" - ".join(parts[start:]) for start in range(1, len(parts))]
    lists = [(" - ".join(parts[:start]), tail) for start, tail in enumerate(tails, 1)]
    stem, mark, number = name.rpartition("_")
    if mark and number.isdecimal():
        lists.insert(0, (stem, tails[-1] if tails else number))
    codes = tuple(dict.fromkeys((name, _TWICE.sub("", name))))
    return Heading(position, name, codes, tuple(filter(None, (text, *tails))), tuple(lists))


def _without_previews(table: Table, owned: Mapping[int, str]) -> tuple[Table, list[Note]]:
    """Leave out rows whose status or channel says that no respondent gave them."""
    keep = np.ones(len(table.rows), dtype=bool)
    left: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for position, name in owned.items():
        if name not in ("status", "distributionchannel"):
            continue
        for place, cell in enumerate(cells_of(table, position)):
            why = _not_real(cell)
            if why and keep[place]:
                keep[place] = False
                left[why] += 1
            elif not why and name == "status" and plain(cell) not in _REAL and not digits(cell).isdecimal():
                unknown[cell] += 1
    notes = []
    if left:
        said = ", ".join(f"{why} ({times})" for why, times in sorted(left.items()))
        message = f"Rows that no respondent gave were left out: {said}."
        notes.append(Note("RESPONSES_PREVIEWS_LEFT_OUT", message))
    if unknown:
        said = ", ".join(f"'{quoted(word)}' ({times})" for word, times in unknown.most_common(5))
        message = f"Rows with a status that is not known were kept: {said}. Look whether they are answers."
        notes.append(Note("RESPONSES_STATUS_UNKNOWN", message, "warning"))
    return keep_rows(table, keep, "; ".join(note.message.rstrip(".") for note in notes if left)), notes


def _not_real(status: str) -> str:
    """Why a row is no answer, or the empty string."""
    number = digits(status)
    if number.isdecimal() and len(number) < 6:
        bits = int(number)
        found = [why for bit, why in ((_PREVIEW, "previews"), (_TEST, "tests"), (_SPAM, "spam")) if bits & bit]
        return found[0] if found else ""
    return next((why for word, why in _STATUS_WORDS.items() if word in plain(status)), "")


def _unfinished(table: Table, owned: Mapping[int, str]) -> list[Note]:
    """How many of the rows are not finished; they are kept."""
    for position, name in owned.items():
        if name == "finished":
            open_rows = sum(plain(digits(cell)) in ("0", "false", "no") for cell in cells_of(table, position))
            if open_rows:
                message = f"{open_rows} of {len(table.rows)} respondents did not finish; they were kept."
                return [Note("RESPONSES_INCOMPLETE", message)]
    return []
