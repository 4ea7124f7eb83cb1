"""What a form looks like: its columns, the sheet that people fill in, and the sheet that explains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.tables import Type
from crmstudy.exchange.drafting.sheet_out import Page, Rule

#: Serial numbers, as spreadsheets count days, of 1 January 1920 and 31 December 2199.
_DAYS = (7306.0, 109574.0)
_LEAST, _MOST = -1e100, 1e100
_WORDS = {
    "en": {
        "tab": "how", "title": "How to fill in this form", "heads": ("Column", "What it is", "What may be written"),
        "shaded": "Fill in the shaded columns. Columns may be moved; their headings stay as they are.",
        "rows": "Add rows as you need them; the headings stay as they are.",
        "number": "a number", "whole": "a whole number", "date": "a day, such as 2026-03-21", "text": "any text",
        "between": "{kind} from {low:g} to {high:g}", "least": "{kind}, {low:g} or more", "several": "one or several:",
        "may": "{wanted}; may be left empty", "refusal": "{heading}: write {wanted}, or leave the cell empty.",
        "one": "one of the answers in the list", "comma": ", ",
    },
    "fa": {
        "tab": "راهنما", "title": "راهنمای پر کردن فرم", "heads": ("ستون", "چیست", "چه می‌توان نوشت"),
        "shaded": "ستون‌های رنگی را پر کنید. جای ستون‌ها را می‌توان عوض کرد؛ عنوان‌ها همان که هست بماند.",
        "rows": "هر چند ردیف که لازم است بیفزایید؛ عنوان‌ها همان که هست بماند.",
        "number": "عدد", "whole": "عدد صحیح", "date": "روز به میلادی، مانند \u200e2026-03-21", "text": "متن دلخواه",
        "between": "{kind} از {low:g} تا {high:g}", "least": "{kind}، {low:g} یا بیشتر", "several": "یک یا چند مورد:",
        "may": "{wanted}؛ می‌تواند خالی بماند", "refusal": "{heading}: {wanted} بنویسید، یا خانه را خالی بگذارید.",
        "one": "یکی از پاسخ‌های فهرست", "comma": "، ",
    },
    "ru": {
        "tab": "пояснения", "title": "Как заполнить форму", "heads": ("Столбец", "Что это", "Что можно указать"),
        "shaded": "Заполняйте закрашенные столбцы. Столбцы можно переставлять; их заголовки не изменяйте.",
        "rows": "Добавляйте строки по мере надобности; заголовки не изменяйте.",
        "number": "число", "whole": "целое число", "date": "день, например 2026-03-21", "text": "любой текст",
        "between": "{kind} от {low:g} до {high:g}", "least": "{kind}, {low:g} или больше",
        "several": "одно или несколько:", "may": "{wanted}; можно оставить пустым",
        "refusal": "{heading}: укажите {wanted} или оставьте ячейку пустой.",
        "one": "один из ответов списка", "comma": ", ",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a form.

    ``name`` is what the column is called in the data; ``heading`` its heading by language. ``kind`` is how its cells
    are read. ``answers`` are the values it may hold, each with its words by language (empty: anything); with
    ``several`` a cell may hold more than one of them. ``offered`` are the whole numbers it may hold; other numbers lie
    from ``low`` to ``high``. ``filled`` says that people fill it in, ``required`` that a file without it cannot be
    read. ``told`` explains the column by language; without it the catalogue of forms does.
    """

    name: str
    heading: Mapping[str, str]
    kind: Type = "text"
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    filled: bool = False
    required: bool = True
    width: int = 18
    several: bool = False
    offered: tuple[int, ...] = ()
    low: float | None = None
    high: float | None = None
    told: Mapping[str, str] = field(default_factory=dict)


def pages_of(
    rows: Sequence[Mapping[str, str]], lang: str, fields: Sequence[Field], name: str, how: Sequence[str]
) -> list[Page]:
    """The sheet to fill in and the sheet that explains it.

    Parameters
    ----------
    rows : sequence of mapping of field names to texts
        What stands in the form already; none for a table that is empty at first.
    lang : {"en", "fa", "ru"}
    fields : sequence of Field
    name : str
        Of the first sheet.
    how : sequence of str
        Further sentences of the second.
    """
    told, places = _explained(lang, fields, bool(rows), how)
    rtl, numbered = lang == "fa", list(enumerate(fields))
    form = Page(
        name,
        [[one.heading[lang] for one in fields], *([row.get(one.name, "") for one in fields] for row in rows)],
        tuple(one.width for one in fields),
        rtl=rtl,
        rules=[_rule(place, one, lang, places.get(place, "")) for place, one in numbered if one.filled or one.answers],
        to_fill=[place for place, one in numbered if one.filled],
        texts=[place for place, one in numbered if one.filled and one.kind == "text" and not one.answers],
        days=[place for place, one in numbered if one.kind == "date"],
    )
    strong = [row for row, cells in enumerate(told) if tuple(cells) == _WORDS[lang]["heads"]]
    return [form, Page(str(_WORDS[lang]["tab"]), told, (30, 80, 34), rtl=rtl, strong=strong)]


def _explained(
    lang: str, fields: Sequence[Field], printed: bool, how: Sequence[str]
) -> tuple[list[list[str]], dict[int, str]]:
    """The rows of the second sheet, and by column the cells of it in which the answers stand."""
    words = _WORDS[lang]
    rows = [
        [str(words["title"]), str(words["shaded" if printed else "rows"]), ""],
        *(["", sentence, ""] for sentence in how),
        ["", "", ""],
        list(words["heads"]),
    ]
    places: dict[int, str] = {}
    for place, one in enumerate(fields):
        about = _about(place, one, lang)
        said = [words_of[lang] for words_of in one.answers.values()]
        if one.answers and one.several:
            said = [str(words["several"]), *said]
        elif one.answers:
            first = len(rows) + 1
            places[place] = f"'{words['tab']}'!$C${first}:$C${first + len(said) - 1}"
        elif one.filled:
            wanted = _wanted(one, lang)
            said = [wanted if one.required else str(words["may"]).format(wanted=wanted)]
        if said or rows[-1][1] != about:
            rows.append([one.heading[lang], about, *(said or [""])[:1]])
            rows += [["", "", answer] for answer in said[1:]]
        else:  # several columns that are there to be read
            rows[-1][0] += f"\n{one.heading[lang]}"
    return rows, places


def _about(place: int, one: Field, lang: str) -> str:
    told: Mapping[str, Mapping[str, str]] = catalogue("forms")["told"]
    found = one.told or told.get(one.name, told["read" if place else "key"])
    return found[lang]


def _wanted(one: Field, lang: str) -> str:
    """What may be written, in words."""
    words = _WORDS[lang]
    if one.offered:
        return str(words["comma"]).join(map(str, one.offered))
    kind = str(words[one.kind])
    if one.low is None:
        return kind
    return str(words["least" if one.high is None else "between"]).format(kind=kind, low=one.low, high=one.high)


def _rule(place: int, one: Field, lang: str, where: str) -> Rule:
    """What a workbook lets into the column."""
    words = _WORDS[lang]
    wanted = str(words["one"]) if where else _wanted(one, lang)
    told, refusal = _about(place, one, lang), str(words["refusal"]).format(heading=one.heading[lang], wanted=wanted)
    if where or one.offered:
        return Rule(place, "list", told, refusal, tuple(map(str, one.offered)), where)
    if one.kind == "text":
        return Rule(place, "any", told)
    if one.kind == "date":
        return Rule(place, "date", told, refusal, low=_DAYS[0], high=_DAYS[1])
    low, high = (_LEAST if one.low is None else one.low, _MOST if one.high is None else one.high)
    return Rule(place, "whole" if one.kind == "whole" else "decimal", told, refusal, low=low, high=high)
