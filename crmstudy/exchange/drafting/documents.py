"""A questionnaire in a Word document: numbered statements, tables with a row an item, headings, keys in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crmstudy import letters
from crmstudy.errors import DataError, Fault
from crmstudy.exchange.drafting.answer_words import Label, family_of, is_answer_row, label_of, legend_in
from crmstudy.exchange.drafting.found import Found, Statement, numbers_in
from crmstudy.exchange.drafting.sheets import put_in_scales
from crmstudy.exchange.drafting.tables import guessed_layout, layout_of, read_key_table, read_rows, split_labels
from crmstudy.exchange.questionnaires.seen import language_of, one_line, quoted

_ITEM = re.compile(
    r"\s*(?:q|س|سوال|سؤال|пункт|вопрос|question|item)?\s*\.?\s*(?P<number>\d{1,3})\s*[.)\-:–—]\s*(?P<rest>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_LETTERED = re.compile(r"\s*(?:[a-z]|[а-я]|الف|[ا-ی])\s*[.)\-]\s+(?P<rest>\S.*)", re.IGNORECASE)
_BOX = re.compile(
    "[\u2610-\u2612\u25a1-\u25ef\u25fb-\u25fe\u26aa\u2b1c\u274f-\u2752\uf06f\uf0a3\uf0a8○]|\\(\\s*\\)|\\[\\s*\\]"
)
_REVERSED = re.compile(r"معکوس|revers|обратн|реверс", re.IGNORECASE)
_INVOCATION = re.compile(r"بسمه تعالی|به نام خدا|بسم الله|باسمه تعالی")
_BEHIND = re.compile(r"(?P<text>.*?\D)(?P<numbers>(?:[\s,/|]+\d{1,2}){3,11})\s*", re.DOTALL)
_BLANK = re.compile(r"_{3,}|\.{4,}|…{2,}")


class _Reader:
    """Goes through the blocks once; a paragraph is a title, a heading, a statement, its answers, or text."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.scale = ""
        self.current: Statement | None = None
        self.pending: list[Label] = []
        self.texts: list[str] = []
        self.page_answers: tuple[Label, ...] = ()
        self.numbered_style = 0
        self.legend: tuple[Label, ...] = ()
        self.keys: list[dict[str, list[int]]] = []
        self.reversed_numbers: list[int] = []

    def paragraph(self, text: str, level: int, numbered: bool, bold: bool) -> None:
        """Take a paragraph."""
        line = one_line(text)
        if self._key_in_words(line):
            return
        found = _ITEM.fullmatch(letters.digits(line))
        begins = bool(_BOX.match(line))
        answers = () if level or (bold and not begins) or (found and not begins) else self._answers_in(text)
        if answers and self.current is not None:
            own = self.current.answers if isinstance(self.current.answers, tuple) else ()
            self.current.answers = (*(() if own == self.page_answers else own), *answers)
            return
        if answers and len(answers) > 2:
            self.page_answers = answers
            self.found.told.append(f"The answers '{quoted(line, 50)}' were taken for the statements that follow.")
            return
        if _INVOCATION.search(line) and len(line) < 60:
            self.found.told.append(f"Left out, an invocation: '{quoted(line)}'.")
        elif level == -1:
            self._title(line)
        elif level > 0 or (bold and not found and not numbered and len(line) < 120):
            self._heading(line)
        elif found or numbered:
            self._statement(line, found)
        else:
            self.current = None
            self.texts.append(line)
            legend = legend_in(line)
            if legend:
                self.legend = legend
                self.found.told.append(f"The numbers were explained by '{quoted(line, 60)}'.")

    def _title(self, line: str) -> None:
        if not self.found.title:
            self.found.title = {self.found.lang: line}
        self.current = None

    def _heading(self, line: str) -> None:
        if not self.found.title and not self.found.statements and not self.texts:
            self._title(line)
            self.found.told.append(f"The first heading was taken for the title: '{quoted(line)}'.")
            return
        self.scale = re.sub(r"[:：]$", "", line).strip()
        self.current = None

    def _statement(self, line: str, found: re.Match[str] | None) -> None:
        number, rest = "", line
        if found:
            number = found["number"]
            rest = line[len(line) - len(found["rest"]) :] if len(letters.digits(line)) == len(line) else found["rest"]
        else:
            self.numbered_style += 1
        kind = "text" if _BLANK.search(rest) else ""
        rest = one_line(_BLANK.sub(" ", rest))
        statement = Statement(
            {self.found.lang: rest}, number=number, scale=self.scale, answers=self.page_answers, type=kind
        )
        statement.place = f"'{quoted(rest, 40)}'"
        inline = self._inline(rest) or self._numbers_behind(rest)
        if inline is not None:
            statement.texts[self.found.lang], statement.answers = inline
        elif not kind:
            statement.answers = self.page_answers
        self.found.statements.append(statement)
        self.current = statement

    def _numbers_behind(self, text: str) -> tuple[str, tuple[Label, ...]] | None:
        """A statement with the numbers of its answers behind it: «I like my work 1 2 3 4 5»."""
        found = _BEHIND.fullmatch(letters.digits(text))
        if found is None:
            return None
        codes = [int(number) for number in re.findall(r"\d+", found["numbers"])]
        if sorted(codes) != list(range(min(codes), max(codes) + 1)) or codes not in (
            sorted(codes),
            sorted(codes)[::-1],
        ):
            return None
        labels = tuple(Label("", code) for code in codes)
        if [label.code for label in self.legend] == sorted(codes):
            labels = self.legend
        return one_line(text[: len(found["text"])]), labels

    def _inline(self, text: str) -> tuple[str, tuple[Label, ...]] | None:
        """A statement with its answers in the same line, each with a box: «sex: ☐ male ☐ female»."""
        boxes = list(_BOX.finditer(text))
        if len(boxes) < 2:
            return None
        parts = [one_line(part) for part in _BOX.split(text)]
        if parts[0] and all(parts[1:]):
            return parts[0].rstrip(":؟? "), tuple(Label(part) for part in parts[1:])
        if parts[0] and not parts[-1]:  # the boxes stand behind their labels
            head, _, first = parts[0].rpartition(":")
            if head and first.strip():
                return head, tuple(Label(part) for part in (first.strip(), *parts[1:-1]))
        return None

    def _answers_in(self, text: str) -> tuple[Label, ...]:
        """Labels that a paragraph lists: with boxes or letters before them, or known ones in a row."""
        line = one_line(text)
        boxes = list(_BOX.finditer(line))
        if boxes:
            parts = [one_line(part) for part in _BOX.split(line)]
            labels = [part for part in parts if part]
            if not parts[0] or not parts[-1]:
                return tuple(label for part in labels if (label := label_of(part)) is not None)
            return ()
        if self.current is not None:
            lettered = _LETTERED.fullmatch(line)
            if lettered and len(line) < 80:
                return (Label(lettered["rest"]),)
            label = label_of(line)
            if (
                label is not None
                and label.text
                and len(line) < 40
                and (family_of([label.text, label.text]) or _is_known(label.text))
            ):
                return (label,)
        listed = split_labels(text.replace("\t", " ; "))
        if len(listed) > 2 and is_answer_row([_rebuilt(label) for label in listed]):
            return listed
        return ()

    def _key_in_words(self, line: str) -> bool:
        """«Reversed items: 3, 5 and 9» and the like; kept for the end, when all statements are known."""
        if not _REVERSED.search(line):
            return False
        after = re.split(r"[:：]|هستند|است|are|являются", line)
        numbers = next((found for part in reversed(after) if (found := numbers_in(part))), [])
        if not numbers:
            plain = letters.digits(line)
            numbers = (
                [int(n) for n in re.findall(r"\d{1,3}", plain)]
                if re.search(r"\d", plain) and not _ITEM.fullmatch(plain)
                else []
            )
        if not numbers:
            return False
        self.reversed_numbers += numbers
        self.found.told.append(f"The key was taken from '{quoted(line, 80)}'.")
        return True

    def table(self, rows: list[list[str]], number: int) -> None:
        """Take a table: a key of dimensions, statements with answers, or something else that is told."""
        self.current = None
        key = read_key_table(rows)
        if key is not None:
            self.keys.append(key)
            return
        if not any(any(cell for cell in row) for row in rows):
            return
        layout = layout_of(rows, self.found)
        if layout is None:
            layout = guessed_layout(rows)
            if layout is None or not (
                layout.roles.get("number") is not None or _mostly_numbered(rows, layout.roles["text"])
            ):
                said = quoted(" | ".join(cell for cell in rows[0] if cell), 60)
                self.found.unsure.append(
                    f"Table {number} ('{said}') has no column of statements that could be recognised; it was left out."
                )
                return
            self.found.unsure.append(f"Table {number} has no heading; its longest texts were taken for the statements.")
        before = len(self.found.statements)
        read_rows(rows, layout, self.found, scale=self.scale, where=f"table {number}, ")
        for statement in self.found.statements[before:]:
            if statement.answers == () and self.page_answers:
                statement.answers = self.page_answers

    def finish(self) -> None:
        """Keys that name statements by number, and what stands between title and statements."""
        for key in self.keys:
            put_in_scales(key, self.found)
        places = {s.number or str(place): s for place, s in enumerate(self.found.statements, start=1)}
        lost = []
        for number in self.reversed_numbers:
            statement = places.get(str(number))
            if statement is None:
                lost.append(str(number))
            else:
                statement.reverse, statement.mark = True, "named in the key"
        if lost:
            self.found.unsure.append(f"The key names numbers that no statement has: {', '.join(lost)}.")
        if self.texts and not self.found.instructions:
            self.found.instructions = {self.found.lang: " ".join(self.texts[:6])}
            self.found.told.append(f"The text between was taken for the instructions: '{quoted(self.texts[0])}'.")
        if self.numbered_style:
            self.found.told.append(f"{self.numbered_style} paragraphs of a list were taken for statements.")


def _is_known(text: str) -> bool:
    from crmstudy.exchange.drafting.answer_words import is_label

    return is_label(text)


def _rebuilt(label: Label) -> str:
    return label.text or str(label.code)


def _mostly_numbered(rows: Sequence[Sequence[str]], text: int) -> bool:
    hits = sum(bool(_ITEM.fullmatch(letters.digits(row[text]))) for row in rows)
    return hits * 2 > len(rows)


def read_document(path: str | Path, lang: str | None = None) -> Found:
    """Read a questionnaire from a Word document.

    Raises
    ------
    DataError
        When the file cannot be read, or shows no statements.
    """
    from crmstudy.exchange.untrusted.door import parse

    path = Path(path)
    if not path.is_file():
        raise DataError(f"'{path}' was not found; check the path.")
    blocks: list[list[Any]] = parse("document", path, file=path.name)["blocks"]
    texts = [str(block[1]) for block in blocks if block[0] == "p"]
    texts += [cell for block in blocks if block[0] == "t" for row in block[1] for cell in row]
    found = Found(f"the file {path.name}", lang or language_of(texts))
    if lang is None:
        found.told.append(f"The language of the texts was taken to be '{found.lang}', by their letters.")
    reader = _Reader(found)
    tables = 0
    for block in blocks:
        if block[0] == "t":
            tables += 1
            reader.table(block[1], tables)
        else:
            reader.paragraph(*block[1:])
    if not found.statements:
        message = (
            "no statement could be recognised: number the statements (1. ...), or put them in a table with a row an "
            "item and a heading such as 'statement' above them."
        )
        raise DataError(Fault(message, path.name))
    reader.finish()
    return found
