"""The form on which experts judge the items of an instrument: written as a table, read back with every fault.

Each item has one row; each expert has four columns: relevance (1 to 4), necessity (essential, useful, not necessary),
clarity (1 to 4) and a comment. Headings are in English, Persian or Russian; digits may be Persian or Arabic.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crmstudy import letters
from crmstudy.errors import DataError, Fault, InstrumentError, OutputError, UnsupportedError, did_you_mean
from crmstudy.files import put_new
from crmstudy.instrument.model import Instrument
from crmstudy.quoting import harmless

ASPECTS = ("relevance", "necessity", "clarity")
LANGUAGES = ("en", "fa", "ru")
FORMATS = (".csv", ".xlsx")
MOST_EXPERTS = 100
#: What ratings of relevance and clarity run from and to.
RANGE = (1, 4)
_HEADINGS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "item": "Item", "scale": "Scale", "text": "Text", "expert": "Expert {}", "relevance": "relevance (1-4)",
        "necessity": "necessity (3 essential, 2 useful, 1 not necessary)", "clarity": "clarity (1-4)",
        "comment": "comment",
    },
    "fa": {
        "item": "گویه", "scale": "مقیاس", "text": "متن", "expert": "متخصص {}", "relevance": "مرتبط بودن (1-4)",
        "necessity": "ضرورت (3 ضروری، 2 مفید، 1 غیرضروری)", "clarity": "وضوح (1-4)", "comment": "توضیح",
    },
    "ru": {
        "item": "Пункт", "scale": "Шкала", "text": "Текст", "expert": "Эксперт {}", "relevance": "релевантность (1-4)",
        "necessity": "необходимость (3 необходимо, 2 полезно, 1 не нужно)", "clarity": "ясность (1-4)",
        "comment": "комментарий",
    },
}  # fmt: skip
#: Words for the three degrees of necessity, as experts write them.
_NECESSITY = {
    3: ("essential", "e", "necessary", "ضروری", "ضروری است", "لازم", "необходимо", "необходим", "необходима",
        "обязательно"),
    2: ("useful", "u", "useful but not essential", "useful not essential", "مفید", "مفید ولی غیرضروری",
        "مفید اما غیرضروری", "مفید ولی ضروری نیست", "مفید اما ضروری نیست", "полезно", "полезен",
        "полезно но не обязательно", "полезно но не необходимо"),
    1: ("not necessary", "n", "not essential", "unnecessary", "not needed", "غیرضروری", "ضروری نیست", "ضرورتی ندارد",
        "لازم نیست", "не нужно", "не нужен", "не необходимо", "не обязательно", "лишнее"),
}  # fmt: skip
_PARENTHESES = re.compile(r"\s*[(（].*?[)）]\s*")


@dataclass(frozen=True, slots=True)
class PanelItem:
    """One judged item: its id, the scale it belongs to (empty where there is none) and its wording."""

    id: str
    scale: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """What a panel of experts said.

    ``ratings`` gives for each aspect that was rated a row for each item with a number for each expert, None where the
    expert gave none; necessity is 3 (essential), 2 (useful) or 1 (not necessary). ``low`` and ``high`` are the ends of
    relevance and clarity. ``ignored`` are columns that are no part of the form.
    """

    items: tuple[PanelItem, ...]
    experts: tuple[str, ...]
    ratings: Mapping[str, tuple[tuple[int | None, ...], ...]]
    low: int = RANGE[0]
    high: int = RANGE[1]
    ignored: tuple[str, ...] = ()


def panel_form(instrument: Instrument, experts: int, lang: str = "en") -> list[list[str]]:
    """The rows of the form: headings, then each item with empty cells for every expert.

    Raises
    ------
    InstrumentError
        When the instrument has no wording in the language.
    UnsupportedError
        For a language the headings are not written in, or a number of experts that cannot be.
    """
    if lang not in LANGUAGES:
        raise UnsupportedError(f"panel forms are written in {', '.join(LANGUAGES)}, not '{lang}'.")
    if not 1 <= experts <= MOST_EXPERTS:
        raise UnsupportedError(f"a panel has 1 to {MOST_EXPERTS} experts, not {experts}.")
    missing = [item.id for item in instrument.items if not item.wording.get(lang)]
    if missing:
        there = ", ".join(instrument.languages) or "none"
        raise InstrumentError(
            f"the instrument '{instrument.id}' has no wording in '{lang}' for {len(missing)} items "
            f"({', '.join(missing[:5])}); experts need the text. Languages: {there}."
        )
    words = _HEADINGS[lang]
    head = [words["item"], words["scale"], words["text"]]
    for number in range(1, experts + 1):
        expert = words["expert"].format(number)
        head += [f"{expert}: {words[name]}" for name in (*ASPECTS, "comment")]
    scales = {item.id: scale.id for scale in instrument.scales for item in scale.items}
    blank = [""] * (4 * experts)
    rows = [[item.id, scales.get(item.id, ""), item.wording[lang], *blank] for item in instrument.items]
    return [head, *rows]


def write_panel(instrument: Instrument, path: str | Path, *, experts: int, lang: str = "en") -> Path:
    """Write the form as CSV (UTF-8 with a mark that Excel understands) or as a workbook; never over a file.

    Raises
    ------
    OutputError
        When the file exists or its folder does not.
    UnsupportedError, InstrumentError
        As :func:`panel_form`, and for other kinds of files.
    """
    target = Path(path)
    rows = panel_form(instrument, experts, lang)
    if target.suffix.lower() not in FORMATS:
        hint = did_you_mean(target.suffix.lower(), FORMATS)
        raise UnsupportedError(f"a panel form is written as {' or '.join(FORMATS)}, not '{target.suffix}'.{hint}")
    if not target.parent.is_dir():
        raise OutputError(Fault(f"the folder '{target.parent}' does not exist; make it first.", str(target)))
    raw = _workbook(rows, rtl=lang == "fa") if target.suffix.lower() == ".xlsx" else _delimited(rows)
    try:
        put_new(target, raw)
    except FileExistsError:
        message = "the file exists, and answers may be in it: it is not overwritten. Choose another name."
        raise OutputError(Fault(message, str(target))) from None
    except OSError as error:
        raise OutputError(Fault(f"the file cannot be written: {error.strerror or error}.", str(target))) from None
    return target


def _delimited(rows: Sequence[Sequence[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows([[harmless(cell) for cell in row] for row in rows])
    return buffer.getvalue().encode("utf-8-sig")


def _workbook(rows: Sequence[Sequence[str]], *, rtl: bool) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    sheet = book.active
    sheet.title = "panel"
    sheet.sheet_view.rightToLeft = rtl
    for row in rows:
        sheet.append([harmless(cell) for cell in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["C"].width = 60
    sheet.freeze_panes = "D2"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def written(value: object) -> str:
    """A cell of a spreadsheet or DataFrame as text."""
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def heading_of(name: str) -> tuple[str, str] | None:
    """What a heading stands for: ``(aspect, expert)``, or ``("item" | "scale" | "text", "")``; None for others.

    Understood are the headings of the form in every language, with or without the words in parentheses, and the plain
    ``relevance_1`` and ``1_relevance``.
    """
    plain = _plain(_PARENTHESES.sub(" ", name))
    for words in _HEADINGS.values():
        for kind in ("item", "scale", "text"):
            if plain in (_plain(words[kind]), kind):
                return kind, ""
    expert, mark, said = plain.rpartition(":")
    if mark and (aspect := _aspect(said.strip())) and expert.strip():
        return aspect, _expert(expert.strip())
    for match in (re.fullmatch(r"(?P<aspect>\w+?)[_ .](?P<expert>\w+)", plain),
                  re.fullmatch(r"(?P<expert>\w+)[_ .](?P<aspect>\w+?)", plain)):  # fmt: skip
        if match is not None and (aspect := _aspect(match["aspect"])):
            return aspect, _expert(match["expert"])
    return None


def _aspect(word: str) -> str | None:
    for words in _HEADINGS.values():
        for aspect in (*ASPECTS, "comment"):
            if word in (_plain(_PARENTHESES.sub(" ", words[aspect])), aspect):
                return aspect
    return None


def _expert(name: str) -> str:
    """The number of an expert, without the word for it; any other name as it is."""
    for words in _HEADINGS.values():
        word = _plain(words["expert"].format("")).strip()
        if name.startswith(word) and name[len(word) :].strip().isdigit():
            return name[len(word) :].strip()
    return name


def _plain(text: str) -> str:
    """A text as it is compared, where a Persian comma is a blank."""
    return letters.plain(text.replace("،", " "))


def read_rating(text: str, aspect: str, low: int, high: int) -> int | None:
    """One cell as a number; None for an empty one.

    Raises
    ------
    ValueError
        With what was wanted, when the cell holds something else.
    """
    plain = _plain(text.lstrip("'"))
    if not plain or plain in ("-", "–", "nan"):
        return None
    if aspect == "necessity":
        words = plain.replace(",", " ").replace(";", " ")
        words = " ".join(words.split())
        for value, known in _NECESSITY.items():
            if words in map(_plain, known) or words.replace(" ", "") in (_plain(k).replace(" ", "") for k in known):
                return value
        low, high = 1, 3
    number = re.fullmatch(r"(\d+)([.,٫]0+)?", plain)
    if number is not None and low <= int(number[1]) <= high:
        return int(number[1])
    if aspect == "necessity":
        raise ValueError("essential (3), useful (2), not necessary (1) or nothing")
    raise ValueError(f"a whole number from {low} to {high} or nothing")


def read_panel(
    names: Sequence[str], rows: Sequence[Sequence[str]], *, low: int = RANGE[0], high: int = RANGE[1], file: str = "",
    lines: Sequence[int] | None = None,
) -> Panel:  # fmt: skip
    """Read a filled form from its headings and cells.

    Parameters
    ----------
    names : sequence of str
        Headings, see :func:`heading_of`.
    rows : sequence of sequences of str
        The cells of every item.
    low, high : int
        Ends of relevance and clarity.
    file : str
        Name of the file, for faults.
    lines : sequence of int, optional
        Line of the file each row begins in.

    Raises
    ------
    DataError
        With every fault: no column of items or ratings, columns that mean the same, items without an id or with that
        of another, and each cell that is no rating.
    """
    kinds = [heading_of(name) for name in names]
    faults = _heading_faults(names, kinds, file)
    if faults:
        raise DataError(faults)
    places = {kind: place for place, kind in enumerate(kinds) if kind is not None}
    items, seen = [], set[str]()
    experts = tuple(dict.fromkeys(expert for aspect, expert in places if aspect in ASPECTS))
    aspects = [aspect for aspect in ASPECTS if any(kind == aspect for kind, _ in places)]
    ratings: dict[str, list[tuple[int | None, ...]]] = {aspect: [] for aspect in aspects}
    for number, row in enumerate(rows):
        line = lines[number] if lines is not None else None
        cell = {kind: row[place].strip() for kind, place in places.items()}
        id = cell[("item", "")]
        where = f"row {number + 1}" + (f" (item '{id}')" if id else "")
        if not id:
            faults.append(Fault(f"{where} names no item; write its id, or remove the row.", file or None, line))
        elif id in seen:
            faults.append(Fault(f"{where}: this item stands twice; keep one row.", file or None, line))
        seen.add(id)
        items.append(PanelItem(id, cell.get(("scale", ""), ""), cell.get(("text", ""), "")))
        for aspect in aspects:
            found: list[int | None] = []
            for expert in experts:
                written = cell.get((aspect, expert), "")
                try:
                    found.append(read_rating(written, aspect, low, high))
                except ValueError as wanted:
                    column = names[places[(aspect, expert)]]
                    message = f"{where}, column '{column}': found '{written}'; wanted is {wanted}."
                    faults.append(Fault(message, file or None, line))
            ratings[aspect].append(tuple(found))
    if not items:
        faults.append(Fault("the form has no items; each stands in a row of its own.", file or None))
    if faults:
        raise DataError(faults)
    filled = {a: tuple(r) for a, r in ratings.items() if any(value is not None for row in r for value in row)}
    if not filled:
        raise DataError(Fault("nobody has rated anything yet: every rating of the form is empty.", file or None))
    ignored = tuple(name for name, kind in zip(names, kinds, strict=True) if kind is None and name.strip())
    return Panel(tuple(items), experts, filled, low, high, ignored)


def _heading_faults(names: Sequence[str], kinds: Iterable[tuple[str, str] | None], file: str) -> list[Fault]:
    first: dict[tuple[str, str], str] = {}
    faults = []
    for name, kind in zip(names, kinds, strict=True):
        if kind is None:
            continue
        if kind in first:
            faults.append(Fault(f"the columns '{first[kind]}' and '{name}' mean the same; keep one.", file or None))
        first.setdefault(kind, name)
    if ("item", "") not in first:
        message = f"no column says which item a row is about; name it 'Item'. The columns are: {', '.join(names[:8])}."
        faults.append(Fault(message, file or None))
    if not any(aspect in ASPECTS for aspect, _ in first):
        wanted = "'Expert 1: relevance', 'Expert 1: necessity' or 'Expert 1: clarity'"
        faults.append(Fault(f"no column holds ratings; they are named {wanted} and so on.", file or None))
    return faults
