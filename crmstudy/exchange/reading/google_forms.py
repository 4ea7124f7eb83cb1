"""Google Forms and all others that head their columns with the questions and fill them with labels.

A row of a grid is headed ``Stem [Row]``; several answers stand in one cell. Left out are columns of e-mail addresses
and of addresses in the net.
"""

from __future__ import annotations

import re

from crmstudy.exchange.reading.entries import Heading, bare, entries_of
from crmstudy.exchange.reading.export import Export, answers_of, cells_of, drop_personal
from crmstudy.exchange.sources import Asked
from crmstudy.exchange.table import Cells, Table
from crmstudy.letters import digits, key

#: The heading of the first column in the languages it was seen in.
_TIMESTAMP = frozenset(map(key, (
    "Timestamp", "Отметка времени", "Метка времени", "مهر زمان", "مهر زمانی", "برچسب زمانی", "زمان", "Zeitstempel",
    "Horodateur", "Marca temporal", "Zaman damgası",
)))  # fmt: skip
_PERSONAL = frozenset(map(key, (
    "Email", "Email address", "E-mail", "Username", "Адрес электронной почты", "Электронная почта", "Имя пользователя",
    "Name", "Full name", "Имя", "ФИО", "نام", "نام و نام خانوادگی",
    "ایمیل", "آدرس ایمیل", "نشانی ایمیل", "رایانامه", "نام کاربری", "IP", "IP address",
)))  # fmt: skip
#: An e-mail address, or one of the net.
_ADDRESS = re.compile(
    r"[^\s@]+@[^\s@]+\.[^\s@]+|(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9A-Fa-f]{0,4}:){4,7}[0-9A-Fa-f]{0,4}", re.ASCII
)
_MOMENT = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}[ ,T]+\d{1,2}[:.]\d{2}.*")
_ROW = re.compile(r"(?P<stem>.*?)\s*\[(?P<row>[^\[\]]+)\]\s*", re.DOTALL)
_ID = re.compile(r"(?P<id>[A-Za-z][A-Za-z0-9_]{0,40})\s*[.:)\-–]\s+(?P<text>.+)", re.DOTALL)
_LOOKED_AT = 50


def recognises(table: Table, asked: Asked) -> bool:
    """Whether columns are headed by questions: some of them are, and fewer by ids than by texts."""
    questions = entries_of(asked.instruments)
    ids = {one.id for one in questions}
    texts = {text for one in questions for _, text, _ in one.texts}
    if _heads_timestamps(table) and _holds_moments(table):
        return True
    if not texts:
        return False
    by_id = sum(name in ids for name in table.names)
    by_text = sum(
        any(key(text) in texts for text in _heading(0, name).texts) for name in table.names if name not in ids
    )
    if _is_timestamp(table):
        return by_text > 0 or (by_id < len(ids) and any(_ROW.fullmatch(name) for name in table.names))
    return by_text > by_id


def shape(table: Table, asked: Asked) -> Table:
    """The answers; raises DataError with all faults."""
    headings = [_heading(position, name) for position, name in enumerate(table.names)]
    if _is_timestamp(table):
        headings[0] = Heading(0, table.names[0])
    kept, notes = drop_personal(headings, lambda heading: _is_personal(table, heading), asked)
    platform = "Google Forms" if _is_timestamp(table) else "a form whose columns are headed by the questions"
    return answers_of(Export(platform, table, kept, notes=tuple(notes)), asked.instruments)


def _heading(position: int, name: str) -> Heading:
    said = bare(name)
    texts, lists = [said], [(said, "")]
    found = _ID.fullmatch(said)
    codes = [said] + ([found["id"]] if found else [])
    if found:
        texts.append(found["text"])
    row = _ROW.fullmatch(said)
    if row is not None:
        texts.insert(0, row["row"])
        lists = [(row["stem"], row["row"])]
        inner = _ID.fullmatch(row["row"])
        codes += [row["row"]] + ([inner["id"]] if inner else [])
        texts += [inner["text"]] if inner else []
    return Heading(position, said, tuple(codes), tuple(texts), tuple(pair for pair in lists if pair[1]))


def _is_timestamp(table: Table) -> bool:
    """Whether the first column says when a form was sent, by its heading or by its cells."""
    return bool(table.names) and (_heads_timestamps(table) or _holds_moments(table))


def _heads_timestamps(table: Table) -> bool:
    return bool(table.names) and key(table.names[0]) in _TIMESTAMP


def _holds_moments(table: Table) -> bool:
    cells = [cell for cell in cells_of(table, 0)[:_LOOKED_AT] if cell]
    return bool(cells) and all(_MOMENT.fullmatch(digits(cell)) for cell in cells)


def _is_personal(table: Table, heading: Heading) -> bool:
    """Whether a column is headed as one of addresses, or nearly all of its cells are addresses."""
    if key(heading.name) in _PERSONAL:
        return True
    column = table.columns[heading.position]
    if not isinstance(column, Cells):
        return False
    cells = [word.strip() for word in column.words if word.strip()][:_LOOKED_AT]
    return bool(cells) and sum(bool(_ADDRESS.fullmatch(cell)) for cell in cells) * 5 >= len(cells) * 4
