"""XLSForm out: the sheets survey, choices and settings, and sheets of ours (crm_...) for what these cannot hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.questionnaires.carrying import carried, to_sheets
from crmstudy.exchange.questionnaires.layout import (
    WIDEST_GRID,
    Block,
    Writer,
    beside,
    blocks,
    offered,
    shown_languages,
    tell_unheld,
)
from crmstudy.exchange.questionnaires.names import LANGUAGES, Renamer
from crmstudy.exchange.questionnaires.reconciling import Names
from crmstudy.exchange.questionnaires.workbook import LONGEST, sheets_to_bytes
from crmstudy.instrument.model import Instrument, Item, Question, ResponseFormat, Section, Texts

INTRO = "crm_instructions"
_TYPES = {"integer": "integer", "decimal": "decimal", "text": "text", "longtext": "text", "date": "date"}
_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
_RESERVED = ("meta", "data", "instanceID", "instanceName", "instance", "orx", "name", "true", "false", INTRO)
_COLUMNS = ("type", "name")
_AFTER = ("required", "appearance", "constraint")
#: How the labels along a line are written under the question, and found again.
LINE_LABELS = "{} = {}"


def write_xlsform(instrument: Instrument, log: ExportLog, lang: str | None) -> bytes:
    """The bytes of the workbook."""
    languages = shown_languages(instrument, lang)
    sheets, _ = xlsform_sheets(instrument, languages, log)
    tell_unheld(instrument, languages, log, "XLSForm")
    wide = [14, 22, *[60 for _ in languages], 10, 14, 28]
    widths = {"survey": wide, "choices": [20, 10, *[36 for _ in languages]], "settings": [40, 20, 12, 20]}
    return sheets_to_bytes(sheets | to_sheets(carried(instrument, languages)), widths=widths)


def xlsform_sheets(
    instrument: Instrument, languages: list[str], log: ExportLog
) -> tuple[dict[str, list[list[str]]], Names]:
    """The sheets survey, choices and settings of an instrument, and what its parts are called in them."""
    form = _Form(instrument, languages, log)
    form.fill()
    survey = [[*_COLUMNS, *form.headings, *form.hints, *form.after], *form.survey]
    choices = [["list_name", "name", *form.headings], *form.choices]
    default = languages[0]
    title = form.writer.title(default, "the tool")
    settings = [
        ["form_title", "form_id", "version", "default_language"],
        [_unreferred(title), instrument.id, instrument.version, _language(default, languages)],
    ]
    return {"survey": survey, "choices": choices, "settings": settings}, form.names


class _Form:
    def __init__(self, instrument: Instrument, languages: list[str], log: ExportLog) -> None:
        self.instrument = instrument
        self.languages = languages
        self.log = log
        self.writer = Writer(instrument, languages, log)
        self.headings = [f"label::{_language(tag, languages)}" for tag in languages]
        lines = any(item.slider for item in instrument.items)
        self.hints = [f"hint::{_language(tag, languages)}" for tag in languages] if lines else []
        self.after = (*_AFTER, "parameters") if lines else _AFTER
        self.survey: list[list[str]] = []
        self.choices: list[list[str]] = []
        self.names = Names()
        self.lists = Renamer("XLSForm", r"[A-Za-z0-9_.-]+", longest=60)
        self.renamer = Renamer("XLSForm", _NAME)
        self.renamer.reserve(*_RESERVED)
        if any(question.type == "info" for question in instrument.questions):
            self.renamer.reserve(*(f"{_plain(section.id)}_text" for section in instrument.sections))
        self.renamer.keep(entry.id for entry in instrument.entries)
        self.lists.keep(instrument.responses)
        self.orders: dict[str, str] = {}
        self.listed: set[str] = set()

    def fill(self) -> None:
        instrument = self.instrument
        if any(instrument.instructions.get(tag) for tag in self.languages):
            self.row("note", INTRO, {tag: self.writer.text(instrument.instructions, tag) for tag in self.languages})
        section: Section | None = None
        for block in blocks(instrument):
            if block.section is not section:
                self._end(section)
                section = block.section
                self._begin(section)
            self._block(block)
        self._end(section)
        for response in instrument.responses.values():
            uses = [one for one in instrument.entries if one.response is not None and one.response.id == response.id]
            if any(one.type not in ("rank", "slider") for one in uses):
                self._list(self.lists.name(response.id, self.log), response, offered(response))
            if any(one.type == "rank" for one in uses) and self.ranked(response) not in self.listed:
                self._list(self.ranked(response), response, [(n, response.labels.get(n, {})) for n in response.values])

    def ranked(self, response: ResponseFormat) -> str:
        """The list of answers that can be put in order: a list of its own where others stand beside them."""
        if not beside(response):
            return self.lists.name(response.id, self.log)
        if response.id not in self.orders:
            self.orders[response.id] = self.lists.new(f"{self.lists.name(response.id, self.log)}_ranked")
        return self.orders[response.id]

    def _list(self, name: str, response: ResponseFormat, answers: Sequence[tuple[int, Texts]]) -> None:
        self.listed.add(name)
        for code, texts in answers:
            label = self.writer.label(code, texts)
            cells = [self._label(label[tag], f"{response.id}: {code}") for tag in self.languages]
            self.choices.append([name, str(code), *cells])

    def _begin(self, section: Section | None) -> None:
        if section is None:
            return
        name = self.renamer.new(_plain(section.id))
        self.names.sections[section.id] = name
        self.row("begin_group", name, {tag: self.writer.text(section.title, tag) for tag in self.languages})
        if any(section.text.get(tag) for tag in self.languages):
            text = {tag: self.writer.text(section.text, tag) for tag in self.languages}
            own = f"{_plain(section.id)}_text"
            reserved = any(question.type == "info" for question in self.instrument.questions)
            self.row("note", own if reserved and name == _plain(section.id) else self.renamer.new(f"{name}_text"), text)
        if section.randomise:
            self.log.add("XLSForm shuffles answers, never questions; the questions come in their order.", section.id)

    def _end(self, section: Section | None) -> None:
        if section is not None:
            self.row("end_group", "", {})

    def _block(self, block: Block) -> None:
        if block.grid is not None:
            name = self.renamer.new(f"grid_{_plain(block.entries[0].id)}")
            self.row("begin_group", name, {}, appearance="table-list")
        for entry in block.entries:
            self._entry(entry)
        if block.grid is not None:
            self.row("end_group", "", {})

    def _entry(self, entry: Item | Question) -> None:
        name = self.names.entries[entry.id] = self.renamer.name(entry.id, self.log)
        texts = self.writer.wording(entry)
        if entry.type == "info":
            self.row("note", name, texts)
            return
        required = "yes" if entry.required == "hard" else ""
        if entry.required != "hard" and any(one.required == "soft" for one in self.instrument.entries):
            self.log.add("XLSForm knows required and not required: asking once more (soft) is not asked for.")
        if isinstance(entry, Item) and entry.slider:
            self._line(entry, name, texts, required)
            return
        if isinstance(entry, Question) and entry.type == "rank" and entry.response is not None:
            self.writer.tell_beside(entry, "XLSForm")
            if entry.top is not None:
                self.log.add(f"XLSForm puts every answer in order; the first {entry.top} places count.", entry.id)
            self.row("rank " + self.ranked(entry.response), name, texts, required=required)
            return
        if isinstance(entry, Item) or entry.type == "multi":
            many = not isinstance(entry, Item)
            response = entry.response
            if response is None:
                self.log.add("the question has no answers to choose from and was left out.", entry.id)
                return
            kind = f"{'select_multiple' if many else 'select_one'} {self.lists.name(response.id, self.log)}"
            wide = "minimal" if len(offered(response)) > WIDEST_GRID else ""
            self.row(kind, name, texts, required=required, appearance=wide)
            return
        appearance = "multiline" if entry.type == "longtext" else ""
        bounds = [f". {sign} {end:.15g}" for sign, end in ((">=", entry.low), ("<=", entry.high)) if end is not None]
        self.row(
            _TYPES[entry.type], name, texts, required=required, appearance=appearance, constraint=" and ".join(bounds)
        )

    def _line(self, item: Item, name: str, texts: Mapping[str, str], required: str) -> None:
        """A range without ticks; the labels along it stand in the hint, as a range has none."""
        response = item.response
        self.writer.tell_beside(item, "XLSForm")
        if response.labels:
            self.log.add("a range has no labels in XLSForm; those along the line are written under the question.")
        hints = {
            tag: "; ".join(
                LINE_LABELS.format(value, self.writer.text(said, tag))
                for value, said in sorted(response.labels.items())
                if self.writer.text(said, tag)
            )
            for tag in self.languages
        }
        span = f"start={response.low} end={response.high} step=1"
        self.row("range", name, texts, hints, required=required, appearance="no-ticks", parameters=span)

    def row(
        self, kind: str, name: str, texts: Mapping[str, str], hints: Mapping[str, str] | None = None, **cells: Any
    ) -> None:
        """Add a row to the sheet survey."""
        labels = [self._label(texts.get(tag, ""), name) for tag in self.languages]
        below = [self._label((hints or {}).get(tag, ""), name) for tag in self.languages] if self.hints else []
        self.survey.append([kind, name, *labels, *below, *(cells.get(key, "") for key in self.after)])

    def _label(self, text: str, where: str) -> str:
        if "${" in text:
            self.log.add("${ begins a reference in XLSForm; it is written with a blank between.", where)
        return _cut(_unreferred(text), self.log, where)


def _unreferred(text: str) -> str:
    return text.replace("${", "$ {")


def _cut(text: str, log: ExportLog, where: str) -> str:
    if len(text) <= LONGEST:
        return text
    log.add(f"the text is longer than the {LONGEST} letters of a cell and is shown cut.", where)
    return text[: LONGEST - 1] + "…"


def _language(tag: str, languages: list[str]) -> str:
    """How a form names a language; XLSForm knows no regions, so they are named only where two would be one."""
    first = tag.split("-")[0]
    alone = sum(one.split("-")[0] == first for one in languages) == 1
    return f"{LANGUAGES.get(tag, LANGUAGES.get(first, first))} ({first if alone else tag})"


def _plain(id: str) -> str:
    made = re.sub(r"[^A-Za-z0-9_]", "_", id)
    return made if re.match(r"[A-Za-z_]", made) else f"g{made}"
