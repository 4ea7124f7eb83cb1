"""XLSForm in: what its sheets survey, choices and settings show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crmstudy.errors import DataError, Fault, UnsupportedError, did_you_mean
from crmstudy.exchange.questionnaires.markup_text import without_tags
from crmstudy.exchange.questionnaires.names import tag_of, unknown_tag
from crmstudy.exchange.questionnaires.seen import Asked, Choice, Page, Seen, language_of, number_of, one_line, quoted
from crmstudy.instrument.model import WIDEST

Sheet = Sequence[Sequence[str]]
_ALIASES = {
    "caption": "label", "command": "type", "tag": "name", "value": "name", "list name": "list_name",
    "list_name": "list_name", "relevance": "relevant", "calculate": "calculation", "body::appearance": "appearance",
    "control::appearance": "appearance", "bind::required": "required", "bind::relevant": "relevant",
    "bind::constraint": "constraint", "bind::calculate": "calculation", "form title": "form_title",
    "set form title": "form_title", "title": "form_title", "form id": "form_id", "set form id": "form_id",
    "id_string": "form_id", "default language": "default_language", "repeat count": "repeat_count",
    "choice filter": "choice_filter", "constraint message": "constraint_message",
}  # fmt: skip
_ONE = ("select_one", "select one from", "select one using", "select one", "select1", "add select one prompt using",
        "q select1")  # fmt: skip
_MANY = ("select_multiple", "select all that apply from", "select all that apply", "select multiple from",
         "select multiple using", "add select multiple prompt using", "q select")  # fmt: skip
_PLAIN = {
    "integer": "integer", "int": "integer", "add integer prompt": "integer", "q int": "integer",
    "percentage": "integer", "decimal": "decimal", "add decimal prompt": "decimal", "q decimal": "decimal",
    "text": "text", "string": "text", "add text prompt": "text", "q string": "text", "email": "text",
    "date": "date", "add date prompt": "date", "q date": "date",
}  # fmt: skip
#: Rows that a form fills in by itself.
_SILENT = frozenset(
    [
        "start",
        "end",
        "today",
        "deviceid",
        "username",
        "phonenumber",
        "phone_number",
        "subscriberid",
        "simserial",
        "audit",
        "email_meta",
        "start_time",
        "end_time",
        "device_id",
        "imei",
        "background-audio",
        "start-geopoint",
        "background-geopoint",
    ]
)
_INTRO = "crm_instructions"
_NOTES = ("note", "add note prompt", "q note")
_YES = frozenset(("yes", "true", "true()", "1", "x", "y"))
_BOUND = re.compile(r"\.\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)")
_BOUNDS = re.compile(r"(?:\s*\.\s*[<>]=\s*-?\d+(?:\.\d+)?\s*)(?:and\s*\.\s*[<>]=\s*-?\d+(?:\.\d+)?\s*)?")
#: Labels along a line as we write them: ``0 = not at all; 100 = wholly``.
_ALONG = re.compile(r"(-?\d{1,9}) = (.+?)(?:; (?=-?\d{1,9} = )|$)", re.DOTALL)
_LABEL = re.compile(r"(label|hint)\s*(?:::|:)\s*(.+)", re.IGNORECASE | re.DOTALL)
_WAYS = ("relevant", "calculation", "choice_filter", "trigger")


def xlsform_seen(sheets: Mapping[str, Sheet], file: str, known: Sequence[str] = (), own: bool = False) -> Seen:
    """What the sheets of a form show; ``known`` are the tags of its languages where they are known to have regions.

    In a form of our own (``own``) a note is what its name says; in others the first ones introduce the form and its
    groups.

    Raises
    ------
    DataError
        When there is no sheet survey, or it lacks a column it cannot do without.
    """
    named = {name.strip().casefold(): rows for name, rows in sheets.items()}
    if "survey" not in named:
        hint = did_you_mean("survey", sheets) or f" There are: {', '.join(quoted(name, 30) for name in sheets)}."
        other = "A table of items is drafted by another command: crmstudy instruments new --from FILE."
        raise DataError(Fault(f"an XLSForm has a sheet 'survey', and this workbook has none.{hint} {other}", file))
    return _Reader(named, file, known, own=own).seen


@dataclass(slots=True)
class _Row:
    """A row by heading, and its texts by language."""

    number: int
    cells: dict[str, str]
    labels: dict[str, str]
    others: list[str] = field(default_factory=list)
    hints: dict[str, str] = field(default_factory=dict)


class _Reader:
    def __init__(self, sheets: Mapping[str, Sheet], file: str, known: Sequence[str], *, own: bool) -> None:
        self.own = own
        self.file = file
        self.known = known
        self.seen = Seen(f"the XLSForm {file}")
        settings = self._settings(sheets.get("settings", ()))
        self.default = self._tag(settings.get("default_language", ""))
        survey_heads = _heads(sheets["survey"])
        choice_sheet = sheets.get("choices", sheets.get("choice", ()))
        self.tags: dict[str, str] = {}
        self._languages([*survey_heads, *_heads(choice_sheet)], sheets)
        self._choices(choice_sheet)
        rows = self._rows(sheets["survey"], ("type",), "survey")
        self.groups: list[tuple[str, bool]] = []
        self.named: set[str] = set()
        for row in rows:
            self._survey_row(row)
        title = one_line(settings.get("form_title", ""))
        tag = self.default or (self.seen.languages[0] if self.seen.languages else language_of([title]))
        self.seen.title = {tag: title} if title else {}
        self.seen.id = one_line(settings.get("form_id", ""))
        self.seen.version = one_line(settings.get("version", ""))

    def _settings(self, sheet: Sheet) -> dict[str, str]:
        if len(sheet) < 2:
            return {}
        heads = [_heading(cell) for cell in sheet[0]]
        return {head: cell for head, cell in zip(heads, sheet[1], strict=False) if head and cell.strip()}

    def _languages(self, heads: Iterable[str], sheets: Mapping[str, Sheet]) -> None:
        """The tags of the languages of headings; a bare label is in the default language, or in what it looks like."""
        bare = False
        for head in heads:
            found = _LABEL.fullmatch(head.strip())
            if found is None:
                bare = bare or _heading(head) == "label"
                continue
            name = " ".join(found[2].split())
            if found[1].lower() != "label" or name in self.tags:
                continue
            tag = self._tag(name)
            if not tag or tag in self.tags.values():
                tag = unknown_tag(name) if not tag else f"{tag}-x{len(self.tags):02d}"
                self.seen.unsure.append(f"The language '{quoted(name)}' is called {tag} here; give it its tag.")
            self.tags[name] = tag
        if bare:
            tag = self.default
            if not tag:
                tag = language_of(_labels(sheets))
                said = f"Labels without a language were taken as '{tag}', by their letters alone"
                also = "; where a label names that language, it stands" if tag in self.tags.values() else ""
                self.seen.unsure.append(f"{said}{also}.")
            self.tags.setdefault("", tag)
        self.seen.languages = list(dict.fromkeys(self.tags.values()))

    def _tag(self, name: str) -> str:
        """The tag of a language, with its region where it is known to have one."""
        tag = tag_of(name)
        regional = [one for one in self.known if one.split("-")[0] == tag]
        return regional[0] if len(regional) == 1 and tag not in self.known else tag

    def _rows(self, sheet: Sheet, needed: Sequence[str], name: str) -> list[_Row]:
        heads = _heads(sheet)
        plain = [_heading(head) for head in heads]
        lacking = [one for one in needed if one not in plain]
        if lacking:
            hint = did_you_mean(lacking[0], [one for one in plain if one])
            raise DataError(Fault(f"the sheet '{name}' has no column '{lacking[0]}'.{hint}", self.file, 1))
        rows = []
        for number, cells in enumerate(sheet[1:], start=2):
            row = _Row(number, {}, {})
            for head, key, cell in zip(heads, plain, cells, strict=False):
                if not cell.strip():
                    continue
                found = _LABEL.fullmatch(head.strip())
                if found is not None and found[1].lower() == "label":
                    row.labels[self.tags[" ".join(found[2].split())]] = without_tags(cell)
                elif found is not None and " ".join(found[2].split()) in self.tags:
                    row.hints[self.tags[" ".join(found[2].split())]] = without_tags(cell)
                elif key == "label":
                    row.labels.setdefault(self.tags[""], without_tags(cell))
                else:
                    row.cells.setdefault(key, cell)
            if row.cells or row.labels:
                rows.append(row)
        return rows

    def _choices(self, sheet: Sheet) -> None:
        if not sheet:
            return
        for row in self._rows(sheet, ("list_name", "name"), "choices"):
            name, code = one_line(row.cells.get("list_name", "")), one_line(row.cells.get("name", ""))
            if name and code:
                self.seen.lists.setdefault(name, []).append(Choice(code, row.labels))

    def _survey_row(self, row: _Row) -> None:
        kind = " ".join(row.cells.get("type", "").split())
        lowered = kind.casefold()
        name = one_line(row.cells.get("name", "")) or f"row_{row.number}"
        if not kind:
            return
        if re.fullmatch(r"(begin|end)[ _](group|repeat|loop|lgroup|looped group)( .*)?", lowered):
            self._group(lowered, name, row)
            return
        if any(repeat for _, repeat in self.groups):
            self.left(row, f"'{quoted(name)}' stands in a repeat, which asks a question many times")
            return
        if lowered in _NOTES:
            self._note(name, row)
            return
        made = self._question(kind, lowered, name, row)
        if made is None:
            return
        if made.name in self.named:
            made.name = f"{made.name}_row{row.number}"
            self.seen.unsure.append(f"Two questions are called '{quoted(name)}'; here the second is {made.name}.")
        self.named.add(made.name)
        self.seen.asked.append(made)
        for key in _WAYS:
            if key in row.cells:
                self.left(row, f"the {key} of '{quoted(name)}' ({quoted(row.cells[key])})")

    def _question(self, kind: str, lowered: str, name: str, row: _Row) -> Asked | None:
        asked = Asked(name, "", dict(row.labels), page=self._page())
        asked.required = "hard" if row.cells.get("required", "").strip().casefold() in _YES else "no"
        for type, words in (("single", _ONE), ("multi", _MANY), ("rank", ("rank",))):
            word = next((one for one in words if lowered == one or lowered.startswith(f"{one} ")), "")
            if word:
                return self._select(asked, type, kind[len(word) :].strip(), row)
        if lowered in _PLAIN:
            asked.type = _PLAIN[lowered]
            if asked.type == "text" and "multiline" in row.cells.get("appearance", ""):
                asked.type = "longtext"
            self._constraint(asked, row)
            return asked
        if lowered == "range":
            return self._range(asked, row)
        if lowered not in _SILENT:
            self.left(row, f"'{quoted(name)}' is of the type '{quoted(kind)}', which an instrument does not have")
        return None

    def _select(self, asked: Asked, type: str, rest: str, row: _Row) -> Asked | None:
        words = rest.split()
        if not words or words[0] in ("from_file", "external"):
            self.left(row, f"'{quoted(asked.name)}' takes its answers from another file")
            return None
        if len(words) > 1:
            self.left(row, f"the '{quoted(' '.join(words[1:]))}' of '{quoted(asked.name)}'")
        if words[0] not in self.seen.lists:
            hint = did_you_mean(quoted(words[0]), map(quoted, self.seen.lists)).rstrip(".")
            self.left(row, f"'{quoted(asked.name)}', for the sheet choices has no list '{quoted(words[0])}'{hint}")
            return None
        if row.cells.get("appearance", "").split()[:1] == ["label"]:
            return None  # the head of a grid: labels of the answers only
        asked.type, asked.choices = type, words[0]
        return asked

    def _constraint(self, asked: Asked, row: _Row) -> None:
        said = row.cells.get("constraint", "")
        if not said:
            return
        if asked.type in ("integer", "decimal") and _BOUNDS.fullmatch(said):
            for sign, number in _BOUND.findall(said):
                if sign == ">=":
                    asked.low = float(number)
                else:
                    asked.high = float(number)
            return
        self.left(row, f"the constraint of '{quoted(asked.name)}' ({quoted(said)})")

    def _range(self, asked: Asked, row: _Row) -> Asked:
        said = dict(re.findall(r"(start|end|step)\s*=\s*(-?\d+(?:\.\d+)?)", row.cells.get("parameters", "")))
        start, end, step = (number_of(said.get(key, usual)) or 0.0 for key, usual in (("start", "1"), ("end", "10"),
                                                                                    ("step", "1")))  # fmt: skip
        if step == 1 and start.is_integer() and end.is_integer() and 0 < end - start <= WIDEST:
            look = row.cells.get("appearance", "").split()
            asked.type = "single" if "picker" in look or "rating" in look else "slider"
            asked.choices = f"{int(start)}_to_{int(end)}"
            along = self._along(row)
            while along and asked.choices in self.seen.lists:
                asked.choices += f"_{asked.name}"
            codes = map(str, range(int(start), int(end) + 1))
            made = [Choice(code, along.get(code, {})) for code in codes]
            self.seen.lists.setdefault(asked.choices, made)
            return asked
        asked.type = "decimal"
        asked.low, asked.high = (start, end) if start < end else (None, None)
        return asked

    def _along(self, row: _Row) -> dict[str, dict[str, str]]:
        """The labels along a line, where its hint holds nothing else."""
        found: dict[str, dict[str, str]] = {}
        for tag, hint in row.hints.items():
            parts = _ALONG.findall(hint)
            if "; ".join(f"{code} = {text}" for code, text in parts) == hint:
                for code, text in parts:
                    found.setdefault(code, {})[tag] = text
        return found

    def _group(self, lowered: str, name: str, row: _Row) -> None:
        if lowered.startswith("end"):
            if self.groups:
                self.groups.pop()
            return
        repeat = re.search("repeat|loop|lgroup", lowered) is not None
        if repeat:
            self.left(row, f"the repeat '{quoted(name)}'")
        if "relevant" in row.cells:
            self.left(row, f"the relevant of the group '{quoted(name)}' ({quoted(row.cells['relevant'])})")
        page = ""
        if not repeat and (row.labels or not self.groups):  # an inner group without a heading is no page of its own
            page = name
            while page in self.seen.pages:
                page += "_"
            self.seen.pages[page] = Page(page, self._within(row.labels))
        self.groups.append((page, repeat))

    def _page(self) -> str:
        """The page a question stands on: the innermost group that is one."""
        return next((page for page, _ in reversed(self.groups) if page), "")

    def _within(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The heading of a group, after that of the group it stands in."""
        outer = self.seen.pages.get(self._page())
        if outer is None or not outer.title:
            return dict(labels)
        return outer.title | {tag: f"{outer.title[tag]} / {text}" if tag in outer.title else text
                              for tag, text in labels.items()}  # fmt: skip

    def _note(self, name: str, row: _Row) -> None:
        """A note before the first question is the introduction, at the head of a group its text; others are texts."""
        introduces = not self.own or name == _INTRO
        if introduces and not self.seen.asked and not self.groups and not self.seen.instructions:
            self.seen.instructions = dict(row.labels)
            return
        page = self.seen.pages.get(self._page()) if self.groups else None
        heads = page is not None and (not self.own or name.startswith(f"{page.name}_text"))
        if page is not None and heads and not page.text and not any(one.page == page.name for one in self.seen.asked):
            page.text = dict(row.labels)
            return
        if not row.labels or name in self.named:
            self.left(row, f"the note '{quoted(name)}' ({quoted(next(iter(row.labels.values()), ''))})")
            return
        self.named.add(name)
        self.seen.asked.append(Asked(name, "info", dict(row.labels), page=self._page()))

    def left(self, row: _Row, what: str) -> None:
        self.seen.left_out.append(f"Not taken over: {what} (row {row.number} of the sheet survey).")


def _heads(sheet: Sheet) -> list[str]:
    return [cell.strip() for cell in sheet[0]] if sheet else []


def _heading(cell: str) -> str:
    plain = " ".join(cell.split()).casefold()
    return _ALIASES.get(plain, _ALIASES.get(plain.replace("_", " "), plain.replace(" ", "_")))


def _labels(sheets: Mapping[str, Sheet]) -> list[str]:
    """The cells under a bare label."""
    found = []
    for name in ("survey", "choices"):
        sheet = sheets.get(name, ())
        places = [place for place, head in enumerate(_heads(sheet)) if _heading(head) == "label"]
        found += [row[place] for row in sheet[1:200] for place in places if place < len(row)]
    return found


def refuse_xls(file: str) -> None:
    """Say what to do with a workbook of the old kind."""
    raise UnsupportedError(Fault("an old workbook (.xls) is not read; save it as .xlsx.", file))
