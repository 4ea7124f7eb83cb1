"""A table of a questionnaire, in a sheet or a document: which column is what, which row is an item, which a heading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from crmstudy import letters
from crmstudy.exchange.drafting.answer_words import Label, is_answer_row, label_of
from crmstudy.exchange.drafting.found import Found, Statement, numbers_in
from crmstudy.exchange.drafting.headings import heading_of, says_reversed
from crmstudy.exchange.questionnaires.names import tag_of
from crmstudy.exchange.questionnaires.seen import one_line, quoted

#: How far down a table its heading may stand.
_DEEP = 15
_NUMBERED = re.compile(
    r"\s*(?:q|س|гр?|№)?\s*(?P<number>\d{1,3})\s*(?:[.)\-:–—]|$)\s*(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_TICK = re.compile(
    "[\\s\u2610-\u2612\u25a0-\u25ef\u25fb-\u25fe\u26aa\u26ab\u2b1c\u274f-\u2752\uf020-\uf0ff()\\[\\]_]*|-?\\d{1,3}"
)
_TYPES = {
    "single": ("single", "closed", "likert", "choice", "تک انتخابی", "بسته", "طیف", "одиночный", "закрытый"),
    "slider": ("slider", "visual analogue scale", "vas", "لغزنده", "مقیاس دیداری", "ползунок", "визуальная шкала"),
    "multi": ("multi", "several answers", "چند انتخابی", "несколько ответов"),
    "rank": ("rank", "ranking", "رتبه‌بندی", "ранжирование"),
    "info": ("info", "متن توضیح", "пояснение"),
    "integer": ("integer", "whole number", "number", "عدد", "عددی", "число", "целое"),
    "decimal": ("decimal", "اعشاری", "дробное"),
    "text": ("text", "short text", "open", "متن", "باز", "تشریحی", "текст", "открытый"),
    "longtext": ("longtext", "long text", "متن بلند", "длинный текст"),
    "date": ("date", "تاریخ", "дата"),
}
_TYPE = {letters.key(word): kind for kind, words in _TYPES.items() for word in words}


@dataclass
class Layout:
    """Where what stands in a table: the row of its heading, columns by role, by language, and the answer columns."""

    head: int = -1
    roles: dict[str, int] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)
    labels: tuple[Label, ...] = ()


def layout_of(rows: Sequence[Sequence[str]], found: Found) -> Layout | None:
    """The layout by a heading that is understood; None where no row is one."""
    for place, row in enumerate(rows[:_DEEP]):
        layout = _headed(row, found)
        if layout is None:
            continue
        layout.head = place
        if not layout.answers and place + 1 < len(rows):
            _second_heading(layout, row, rows[place + 1])
        if not layout.answers:
            _empty_columns(layout, rows, found)
        return layout
    return None


def _headed(row: Sequence[str], found: Found) -> Layout | None:
    layout = Layout()
    rest: list[int] = []
    run = _answer_columns(row, [place for place, cell in enumerate(row) if cell.strip()])
    for place, cell in enumerate(row):
        if place in run:
            continue
        role = heading_of(cell)
        tag = "" if role else tag_of(re.sub(r"^(text|wording)[ _:]", "", cell.strip(), flags=re.IGNORECASE))
        if role == "answers" and "answers" in layout.roles:
            rest.append(place)
        elif role:
            layout.roles.setdefault(role, place)
        elif tag:
            layout.texts.setdefault(tag, place)
        elif cell.strip():
            rest.append(place)
    if run:
        layout.answers = run
        layout.labels = tuple(label for place in run if (label := label_of(row[place])) is not None)
    if not layout.texts and "text" not in layout.roles and "item" in layout.roles:
        layout.roles["text"] = layout.roles.pop("item")  # a column called "item" that holds the statements
    if layout.texts or "text" in layout.roles:
        return layout
    if run:
        free = [place for place in range(len(row)) if place not in run and place not in layout.roles.values()]
        if free:
            return layout
    return None


def _answer_columns(row: Sequence[str], rest: Sequence[int]) -> list[int]:
    """Columns next to each other whose headings are the labels of one question."""
    best: list[int] = []
    for start in range(len(rest)):
        for end in range(len(rest), start + 1, -1):
            columns = list(rest[start:end])
            together = columns[-1] - columns[0] == len(columns) - 1
            if together and len(columns) > len(best) and is_answer_row([row[place] for place in columns]):
                best = columns
    return best


def _second_heading(layout: Layout, head: Sequence[str], row: Sequence[str]) -> None:
    """Labels in the row below a heading such as "answers"; cells merged over both rows are no others."""
    taken = {*layout.roles.values(), *layout.texts.values()} - {layout.roles.get("answers", -1)}
    rest = [place for place, cell in enumerate(row) if cell.strip() and place not in taken]
    run = _answer_columns(row, rest)
    others = [cell for place, cell in enumerate(row) if cell.strip() and place not in run and cell != head[place]]
    if run and not others:
        layout.answers = run
        layout.labels = tuple(label for place in run if (label := label_of(row[place])) is not None)
        layout.head += 1
        layout.roles.pop("answers", None)


def _empty_columns(layout: Layout, rows: Sequence[Sequence[str]], found: Found) -> None:
    """Columns with a heading in which no row has more than a box or a number: answers, whatever they are called."""
    taken = {*layout.roles.values(), *layout.texts.values()}
    head = rows[layout.head]
    free = [
        place
        for place, cell in enumerate(head)
        if place not in taken and cell.strip() and all(_TICK.fullmatch(row[place]) for row in rows[layout.head + 1 :])
    ]
    if len(free) < 2 or free[-1] - free[0] != len(free) - 1 or len({head[place] for place in free}) < len(free):
        return
    layout.answers = free
    layout.labels = tuple(label for place in free if (label := label_of(head[place])) is not None)
    said = ", ".join(quoted(head[place], 30) for place in free)
    found.unsure.append(f"Columns with nothing but boxes or numbers were taken for the answers: {said}.")


def guessed_layout(rows: Sequence[Sequence[str]]) -> Layout | None:
    """A layout for a table without a heading: the column of the longest texts, and numbers beside it."""
    if len(rows) < 2:
        return None
    width = len(rows[0])
    lengths = [sum(len(row[place]) for row in rows) for place in range(width)]
    text = max(range(width), key=lambda place: lengths[place])
    if lengths[text] < 8 * len(rows):
        return None
    layout = Layout(roles={"text": text})
    for place in range(width):
        cells = [letters.digits(row[place]).rstrip(".)-") for row in rows if row[place]]
        if place != text and cells and all(cell.isdecimal() for cell in cells) and len(set(cells)) == len(cells):
            layout.roles.setdefault("number", place)
    return layout


def read_rows(rows: Sequence[Sequence[str]], layout: Layout, found: Found, *, scale: str = "", where: str = "") -> int:
    """Add the statements of a table; gives how many there were.

    Parameters
    ----------
    rows : list of rows
        Cells as texts.
    layout : Layout
        Where what stands.
    found : Found
        What is added to.
    scale : str
        The heading above the table.
    where : str
        What the table is called in a sentence.
    """
    text = _text_column(layout, rows)
    signed = "reversed" in layout.roles and any(
        letters.digits(row[layout.roles["reversed"]]).strip() == "-1" for row in rows[layout.head + 1 :]
    )
    printed = _printed_codes(rows[layout.head + 1 :], layout)
    usual = Counter(printed.values()).most_common(1)[0][0] if printed else ()
    if usual and not any(label.code is not None for label in layout.labels) and len(usual) == len(layout.labels):
        layout.labels = tuple(Label(label.text, code) for label, code in zip(layout.labels, usual, strict=True))
        found.told.append(
            f"{where or 'the table, '}the answers have the numbers printed in its rows: {', '.join(map(str, usual))}."
        )
    used = {*layout.roles.values(), *layout.texts.values(), *layout.answers, text}
    count = 0
    for place, row in enumerate(rows[layout.head + 1 :], start=layout.head + 2):
        if not any(cell.strip() for cell in row):
            continue
        heading = _heading_in(row, layout, text, rows)
        if heading:
            scale = heading
            continue
        statement = _statement(row, layout, text, found, scale, f"{where}row {place}", signed)
        if statement is not None:
            head = rows[max(layout.head, 0)]
            beside = [c for column, c in enumerate(row) if c and column not in used and not head[column]]
            if layout.head >= 0 and beside:
                said = quoted(" | ".join(beside))
                found.unsure.append(
                    f"{statement.place}: in columns without a heading stands '{said}'; it was left out."
                )
            _note_turned(statement, printed.get(place - layout.head - 2, ()), usual, found)
            found.statements.append(statement)
            count += 1
    return count


def _printed_codes(rows: Sequence[Sequence[str]], layout: Layout) -> dict[int, tuple[int, ...]]:
    """The numbers printed in the answer columns, by row, where each column of the row has one."""
    found: dict[int, tuple[int, ...]] = {}
    for place, row in enumerate(rows):
        cells = [letters.digits(row[column]) for column in layout.answers]
        if cells and all(re.fullmatch(r"-?\d{1,3}", cell) for cell in cells) and len(set(cells)) == len(cells):
            found[place] = tuple(int(cell) for cell in cells)
    return found


def _note_turned(statement: Statement, codes: tuple[int, ...], usual: tuple[int, ...], found: Found) -> None:
    """A row whose numbers are printed the other way round is a reversed item."""
    if not codes or codes == usual:
        return
    if codes == usual[::-1]:
        statement.reverse, statement.mark = True, "its numbers are printed the other way round"
        found.unsure.append(
            f"{statement.place}: its numbers are printed the other way round, so it was taken as reversed; answers "
            "that are entered by the printed numbers are reversed already, and the mark has to go then."
        )
    else:
        found.unsure.append(f"{statement.place}: other numbers are printed than in the other rows; they were left out.")


def _text_column(layout: Layout, rows: Sequence[Sequence[str]]) -> int:
    if layout.texts:
        return next(iter(layout.texts.values()))
    if "text" in layout.roles:
        return layout.roles["text"]
    free = [p for p in range(len(rows[0])) if p not in layout.answers and p not in layout.roles.values()]
    return max(free, key=lambda place: sum(len(row[place]) for row in rows[layout.head + 1 :]))


def _heading_in(row: Sequence[str], layout: Layout, text: int, rows: Sequence[Sequence[str]]) -> str:
    """The heading that a row is: one text over all columns, or a text without a number where the others have one."""
    said = list(dict.fromkeys(one_line(cell) for cell in row if cell.strip()))
    if len(said) != 1 or "scale" in layout.roles:
        return ""
    whole = said[0]
    cells = [cell for cell in row if cell.strip()]
    if len(cells) > 1 and len(cells) == len(row):
        return whole  # merged over the table
    others = [other for other in rows[layout.head + 1 :] if other is not row]
    numbered = "number" in layout.roles and any(other[layout.roles["number"]].strip() for other in others)
    marked = bool(layout.answers) and any(any(other[p].strip() for p in layout.answers) for other in others)
    typed = any(_NUMBERED.fullmatch(letters.digits(other[text])) for other in others if other[text])
    if _NUMBERED.fullmatch(letters.digits(whole)):
        return ""
    return whole if numbered or marked or typed else ""


def _statement(
    row: Sequence[str], layout: Layout, text: int, found: Found, scale: str, where: str, signed: bool
) -> Statement | None:
    texts = {tag: one_line(row[place]) for tag, place in layout.texts.items() if row[place].strip()}
    if not texts and row[text].strip():
        texts = {found.lang: one_line(row[text])}
    if not texts:
        found.unsure.append(f"{where} has no text and was left out: '{quoted(' | '.join(c for c in row if c))}'.")
        return None

    def cell(role: str) -> str:
        return one_line(row[layout.roles[role]]) if role in layout.roles else ""

    made = Statement(texts, name=cell("item"), scale=cell("scale") or scale, note=cell("note"), place=where)
    made.number = letters.digits(cell("number")).rstrip(".)-: ")
    _take_number(made)
    said = cell("reversed")
    if said:
        made.reverse = says_reversed(said) if not (signed and letters.digits(said).lstrip("+") == "1") else False
        made.mark = f"'{quoted(said, 20)}' in its column"
        if made.reverse is None:
            found.unsure.append(
                f"{where}: '{quoted(said, 30)}' does not say whether the item is reversed; taken as not."
            )
    if "type" in layout.roles:
        _take_type(made, cell("type"), found, where)
    made.answers = _answers(row, layout, cell("answers"), found)
    return made


def _take_number(made: Statement) -> None:
    """A number printed before the statement, taken off it."""
    first = next(iter(made.texts))
    match = _NUMBERED.fullmatch(letters.digits(made.texts[first]))
    if match is None or not match["rest"].strip() or match["rest"][:1].isdecimal():
        return
    made.number = made.number or match["number"]
    for tag, text in made.texts.items():
        again = _NUMBERED.fullmatch(letters.digits(text))
        if again is not None and again["rest"].strip():
            kept = len(again["rest"].strip())
            made.texts[tag] = (
                text.strip()[-kept:] if len(letters.digits(text)) == len(text.strip()) else again["rest"].strip()
            )


def _take_type(made: Statement, said: str, found: Found, where: str) -> None:
    if not said:
        return
    kind = _TYPE.get(letters.key(said), "")
    if kind and kind != "single":
        made.type = kind
    elif not kind:
        found.unsure.append(f"{where}: the type '{quoted(said, 30)}' is not known; taken as a closed question.")


def _answers(row: Sequence[str], layout: Layout, said: str, found: Found) -> tuple[Label, ...] | str:
    """The answers of a row: a named set, labels listed in a cell, or those of the columns."""
    if said:
        if said in found.sets or re.fullmatch(r"[a-z]+(-[a-z]+)*-\d+|yes-no", said):
            return said
        listed = split_labels(said)
        return listed if len(listed) > 1 else said
    return layout.labels


def split_labels(text: str) -> tuple[Label, ...]:
    """Labels listed in one cell or line: by semicolons, bars, line ends, slashes with blanks, or commas."""
    for mark in (r"[;؛\n|]", r"\s/\s", r"[,،]"):
        parts = [part for part in re.split(mark, text) if part.strip()]
        if len(parts) > 1:
            return tuple(label for part in parts if (label := label_of(part)) is not None)
    return ()


def read_key_table(rows: Sequence[Sequence[str]]) -> dict[str, list[int]] | None:
    """A table of dimensions and the numbers of their items («بعد | شماره سؤالات»); None where it is none."""
    key: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        cells = [cell for cell in row if cell.strip()]
        if not cells:
            continue
        numbers = [numbers_in(cell) for cell in cells]
        with_numbers = [j for j, found in enumerate(numbers) if found]
        names = [cell for j, cell in enumerate(cells) if not numbers[j]]
        if not with_numbers:
            if place == 0:
                continue
            return None
        if len(names) < 1:
            return None
        widest = max(
            with_numbers, key=lambda j: (bool(re.search(r"\d\D+\d", letters.digits(cells[j]))), len(numbers[j]))
        )
        key[one_line(names[0])] = numbers[widest]
    listed = [number for numbers in key.values() for number in numbers]
    return key if len(key) > 1 and len(set(listed)) == len(listed) and len(listed) > len(key) else None
