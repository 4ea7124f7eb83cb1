"""LimeSurvey's tab-separated survey (.txt), out and in.

Texts are markup there, and braces are expressions: a text is written so that LimeSurvey shows it as it is. The
instrument is carried along in texts of a hidden group at the end (codes ``crmstudykey...``), which LimeSurvey keeps and
never shows.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from crmstudy.errors import DataError, Fault
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.printing.words import words_in
from crmstudy.exchange.questionnaires.carrying import carried, pack
from crmstudy.exchange.questionnaires.layout import (
    WIDEST_GRID,
    Block,
    Writer,
    blocks,
    offered,
    shown_languages,
    tell_unheld,
)
from crmstudy.exchange.questionnaires.limesurvey import Asking, Group, Row, Survey
from crmstudy.exchange.questionnaires.markup_text import markup_of
from crmstudy.exchange.questionnaires.names import Renamer
from crmstudy.exchange.questionnaires.reconciling import Names
from crmstudy.exchange.questionnaires.seen import quoted
from crmstudy.instrument.model import Instrument, Item, Question, ResponseFormat

Line = dict[str, str]
COLUMNS = (
    "id", "related_id", "class", "type/scale", "name", "relevance", "text", "help", "language", "validation",
    "mandatory", "other", "default", "same_default", "assessment_value", "hidden", "max_num_value_n", "min_num_value_n",
    "num_value_int_only", "random_group", "random_order",
)  # fmt: skip
#: Columns that a file has only where a question needs them: of lines and of answers put in order.
RARE = (
    "slider_layout", "slider_min", "slider_max", "slider_accuracy", "slider_default_set", "slider_separator",
    "min_answers", "max_answers",
)  # fmt: skip
#: Marks that may part the text of a line from those at its ends, the first that stands in none of them.
_PARTS = ("|", "¦", "‖", "|||", "|#|#|")
#: Columns that are no attributes of a question.
_BASE = frozenset((*COLUMNS[:14], "encrypted", "same_script", "question_theme_name"))
_MANDATORY = {"hard": "Y", "soft": "S", "no": "N"}
_TYPES = {"integer": "N", "decimal": "N", "text": "S", "longtext": "T", "date": "D"}
_KEY = "crmstudykey"
_CODE_LENGTH, _ANSWER_LENGTH, _TITLE_LENGTH = 20, 5, 200
_MOST_LINES = 200_000
_NAMELESS = {"QTA": "a quota", "QTALS": "the text of a quota", "AS": "an assessment", "C": "a condition"}


def write_tsv(instrument: Instrument, log: ExportLog, lang: str | None) -> bytes:
    """The bytes of the file: UTF-8 with a byte-order mark, as LimeSurvey writes it."""
    languages = shown_languages(instrument, lang)
    lines, _ = tsv_lines(instrument, languages, log)
    tell_unheld(instrument, languages, log, "LimeSurvey")
    lines += _hidden(pack(carried(instrument, languages)), languages, _groups(lines))
    columns = [*COLUMNS, *(column for column in RARE if any(column in line for line in lines))]
    rows = [columns, *([line.get(column, "") for column in columns] for line in lines)]
    return ("\ufeff" + "".join("\t".join(row) + "\n" for row in rows)).encode("utf-8")


def tsv_lines(instrument: Instrument, languages: Sequence[str], log: ExportLog) -> tuple[list[Line], Names]:
    """The lines of a survey but for the hidden group, and what the parts of the instrument are called in it."""
    form = _Form(instrument, list(languages), log)
    lines = list(form.head())
    for number, tag in enumerate(languages):
        lines += form.body(tag, first=number == 0)
    return lines, form.names


class _Form:
    def __init__(self, instrument: Instrument, languages: list[str], log: ExportLog) -> None:
        self.instrument = instrument
        self.languages = languages
        self.log = log
        self.writer = Writer(instrument, languages, log)
        self.names = Names()
        self.renamer = Renamer("LimeSurvey", r"[A-Za-z][A-Za-z0-9]*", longest=_CODE_LENGTH, join="")
        self.renamer.keep(entry.id for entry in instrument.entries)
        self.blocks = blocks(instrument, together=lambda item: item.required)
        for entry in instrument.entries:
            self.names.entries[entry.id] = self.renamer.name(entry.id, log)
        self.grids = {id(block): self.renamer.new("grid") for block in self.blocks if block.grid is not None}
        self.lines = {item.id: self.renamer.new("line") for item in instrument.items if item.slider}
        for number, section in enumerate(instrument.sections, start=1):
            self.names.sections[section.id] = str(number)

    def head(self) -> Iterator[Line]:
        yield _line("S", name="language", text=self.languages[0])
        if len(self.languages) > 1:
            yield _line("S", name="additional_languages", text=" ".join(self.languages[1:]))
        yield _line("S", name="format", text="G")
        for tag in self.languages:
            yield _line("SL", name="surveyls_language", text=tag, language=tag)
            title = words_in(tag).questionnaire if tag != self.languages[0] else self.writer.title(tag, "LimeSurvey")
            yield _line("SL", name="surveyls_title", text=title, language=tag)
            text = self.writer.text(self.instrument.instructions, tag)
            if text:
                yield _line("SL", name="surveyls_welcometext", text=text, language=tag)

    def body(self, tag: str, *, first: bool) -> Iterator[Line]:
        """Groups, questions and answers in a language; attributes stand in the first language only."""
        number = 0
        section: object = self
        for block in self.blocks:
            if block.section is not section:
                section = block.section
                number += 1
                yield self.group(block, number, tag)
            yield from self.grid(block, tag, first) if block.grid else self.single(block, tag, first)

    def group(self, block: Block, number: int, tag: str) -> Line:
        title, text = words_in(tag).questionnaire, ""
        if block.section is not None:
            title = self.writer.text(block.section.title, tag) or words_in(tag).part.format(number)
            text = self.writer.text(block.section.text, tag)
        return _line("G", type=str(number), name=self.cut(title, "a heading"), relevance="1", text=text, language=tag)

    def grid(self, block: Block, tag: str, first: bool) -> Iterator[Line]:
        items = [entry for entry in block.entries if isinstance(entry, Item)]
        response = items[0].response
        attributes = {"random_order": "1"} if block.section is not None and block.section.randomise else {}
        yield _line("Q", type="F", name=self.grids[id(block)], relevance="1", language=tag,
                    mandatory=_MANDATORY[items[0].required], **(attributes if first else {}))  # fmt: skip
        for item in items:
            yield _line("SQ", name=self.names.entries[item.id], relevance="1", language=tag,
                        text=self.writer.wording(item)[tag])  # fmt: skip
        mirrored = [item.id for item in items if item.reverse]
        if mirrored and len(mirrored) < len(items):
            said = ", ".join(mirrored)
            self.log.add(f"assessment values hold for all rows of a grid; not reversed in LimeSurvey: {said}.")
        yield from self.answers(response, tag, mirror=len(mirrored) == len(items))

    def single(self, block: Block, tag: str, first: bool) -> Iterator[Line]:
        entry = block.entries[0]
        about: dict[str, str] = {
            "name": self.names.entries[entry.id], "relevance": "1", "text": self.writer.wording(entry)[tag],
            "language": tag, "mandatory": _MANDATORY[entry.required],
        }  # fmt: skip
        if first and block.section is not None and block.section.randomise:
            about["random_group"] = f"g{self.names.sections[block.section.id]}"
        if isinstance(entry, Item) and entry.slider:
            yield from self.slider(entry, about, first)
        elif entry.type == "info":
            yield _line("Q", type="X", **(about | {"mandatory": ""}))
        elif isinstance(entry, Question) and entry.type == "rank" and entry.response is not None:
            yield from self.rank(entry, entry.response, about, first)
        elif isinstance(entry, Item):
            yield _line("Q", type="!" if len(offered(entry.response)) > WIDEST_GRID else "L", **about)
            yield from self.answers(entry.response, tag, mirror=entry.reverse)
        elif entry.response is not None:
            yield _line("Q", type="M", **about)
            codes = self.codes(entry.response, [code for code, _ in offered(entry.response)])
            for code, texts in offered(entry.response):
                label = self.writer.label(code, texts)[tag]
                yield _line("SQ", name=codes[code], relevance="1", text=label, language=tag)
        elif entry.type in _TYPES:
            yield _line("Q", type=_TYPES[entry.type], **about, **(self.bounds(entry) if first else {}))
        else:
            self.log.add("the question has no answers to choose from and was left out.", entry.id)

    def slider(self, item: Item, about: dict[str, str], first: bool) -> Iterator[Line]:
        """A multiple number with one row as a line; the texts at its ends stand behind that of the row."""
        response, tag = item.response, about["language"]
        parts = {
            lang: [self.writer.wording(item)[lang], *(self.writer.text(response.labels.get(end, {}), lang)
                                                      for end in (response.low, response.high))]
            for lang in self.languages
        }  # fmt: skip
        said = [text for texts in parts.values() for text in texts]
        mark = next((one for one in _PARTS if not any(one in text for text in said)), _PARTS[-1])
        attributes = {
            "slider_layout": "1", "slider_min": str(response.low), "slider_max": str(response.high),
            "slider_accuracy": "1", "slider_default_set": "0", "slider_separator": mark,
        }  # fmt: skip
        if first:
            self.writer.tell_beside(item, "LimeSurvey")
            between = [str(value) for value in sorted(response.labels) if response.low < value < response.high]
            if between:
                said_values = ", ".join(between)
                self.log.add(f"LimeSurvey has labels at the ends of a line only; left out: {said_values}.", item.id)
        yield _line(
            "Q", type="K", **(about | {"name": self.lines[item.id], "text": ""}), **(attributes if first else {})
        )
        yield _line("SQ", name=about["name"], relevance="1", language=tag, text=mark.join(parts[tag]))

    def rank(self, question: Question, response: ResponseFormat, about: dict[str, str], first: bool) -> Iterator[Line]:
        """A ranking; one that is mandatory wants every place, so fewer of them are asked for by their number."""
        limit: dict[str, str] = {}
        if question.top is not None:
            about = about | {"mandatory": "N"}
            limit = {"max_answers": str(question.top)}
            limit |= {"min_answers": str(question.top)} if question.required == "hard" else {}
        if first:
            self.writer.tell_beside(question, "LimeSurvey")
            if question.top is not None and question.required == "soft":
                self.log.add(
                    "LimeSurvey asks once more for all places only, so the question may be left out.", question.id
                )
        yield _line("Q", type="R", **about, **(limit if first else {}))
        codes = self.codes(response, response.values)
        for value in response.values:
            label = self.writer.label(value, response.labels.get(value, {}))[about["language"]]
            yield _line("A", type="0", name=codes[value], text=label, language=about["language"])

    def bounds(self, question: Question) -> dict[str, str]:
        if question.type not in ("integer", "decimal"):
            return {}
        ends = (("min_num_value_n", question.low), ("max_num_value_n", question.high))
        made = {key: f"{end:.15g}" for key, end in ends if end is not None}
        return made | ({"num_value_int_only": "1"} if question.type == "integer" else {})

    def answers(self, response: ResponseFormat, tag: str, *, mirror: bool) -> Iterator[Line]:
        codes = self.codes(response, [code for code, _ in offered(response)])
        for code, texts in offered(response):
            value = ""
            if response.holds(code):
                value = f"{response.reverse(code):g}" if mirror else str(code)
            yield _line("A", type="0", name=codes[code], text=self.writer.label(code, texts)[tag], language=tag,
                        assessment_value=value)  # fmt: skip

    def codes(self, response: ResponseFormat, answers: Sequence[int]) -> dict[int, str]:
        """The codes of answers: letters and digits, five at most."""
        codes: dict[int, str] = {}
        for place, code in enumerate(answers, start=1):
            made = str(code) if code >= 0 else f"M{-code}"
            made = made if len(made) <= _ANSWER_LENGTH else f"A{place}"
            if made != str(code):
                allowed = "LimeSurvey allows five letters and digits"
                self.log.add(f"{allowed}: the answer {code} is coded '{made}'.", response.id)
            codes[code] = made
        return codes

    def cut(self, text: str, what: str) -> str:
        if len(text) <= _TITLE_LENGTH:
            return text
        self.log.add(f"{what} is longer than {_TITLE_LENGTH} letters and is shown cut: {quoted(text)}")
        return text[: _TITLE_LENGTH - 1] + "…"


def _line(kind: str, *, type: str = "", text: str = "", **cells: str) -> Line:
    name = cells.pop("name", "")
    name = markup_of(name) if kind == "G" else name
    return {"class": kind, "type/scale": type, "name": name, "text": markup_of(text), **cells}


def _groups(lines: Iterable[Line]) -> int:
    return max((int(line["type/scale"]) for line in lines if line["class"] == "G"), default=0)


def _hidden(pieces: Sequence[str], languages: Sequence[str], groups: int) -> list[Line]:
    """A group that is never shown, with the pieces of the carried instrument."""
    lines = []
    for place, tag in enumerate(languages):
        lines.append(_line("G", type=str(groups + 1), name="crmstudy", relevance="0", language=tag))
        for number, piece in enumerate(pieces, start=1):
            lines.append(
                _line("Q", type="X", name=f"{_KEY}{number}", relevance="0", language=tag,
                      text=piece if place == 0 else f"{_KEY}{number}", **({"hidden": "1"} if place == 0 else {}))
            )  # fmt: skip
    return _by_language(lines, languages)


def _by_language(lines: list[Line], languages: Sequence[str]) -> list[Line]:
    return [line for tag in languages for line in lines if line["language"] == tag]


def lines_of(raw: bytes, file: str) -> list[Line]:
    """The lines of a file by column.

    Raises
    ------
    DataError
        When it is no text, or lacks a column that it must have.
    """
    text = _decoded(raw, file)
    csv.field_size_limit(max(csv.field_size_limit(), 16 * 2**20))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t"))
    except csv.Error as error:
        message = f"this is no tab-separated survey ({error}); export it again from LimeSurvey as .txt."
        raise DataError(Fault(message, file)) from None
    if len(rows) > _MOST_LINES:
        raise DataError(Fault(f"the file has {len(rows):,} lines, and at most {_MOST_LINES:,} are read.", file))
    heads = [cell.strip() for cell in rows[0]] if rows else []
    heads[:1] = [re.sub(r"^\W+", "", head) for head in heads[:1]]
    lacking = [column for column in ("class", "type/scale", "name", "text") if column not in heads]
    if lacking:
        message = f"a LimeSurvey survey has a column '{lacking[0]}', and this file has none; export it as .txt again."
        raise DataError(Fault(message, file, 1))
    return [
        {head: _cell(cell) for head, cell in zip(heads, row, strict=False) if head and cell != ""}
        for row in rows[1:]
        if any(row)
    ]


def _decoded(raw: bytes, file: str) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig").replace("\x00", "")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = f"the file is not UTF-8 (byte {error.start + 1}); save it as UTF-8."
        raise DataError(Fault(message, file, line)) from None


def _cell(cell: str) -> str:
    """A cell without what LimeSurvey and spreadsheets put around it."""
    if len(cell) > 1 and cell[0] == cell[-1] == '"' and '""' in cell and '"' not in cell[1:-1].replace('""', ""):
        cell = cell[1:-1].replace('""', '"')
    return cell[1:] if cell.startswith("'=") else cell


def survey_of(lines: Iterable[Line]) -> Survey:
    """The survey that lines describe."""
    return _Lines().read(lines)


class _Lines:
    def __init__(self) -> None:
        self.survey = Survey()
        self.base = "en"
        self.groups: dict[str, Group] = {}
        self.group: Group | None = None
        self.questions: dict[tuple[str, str], Asking] = {}
        self.question: Asking | None = None
        self.left: dict[str, int] = {}
        self.rows: dict[tuple[int, str, str], Row] = {}
        self.place = 0
        self.language = ""

    def read(self, lines: Iterable[Line]) -> Survey:
        lines = list(lines)
        settings = {line.get("name", ""): line.get("text", "") for line in lines if line.get("class") == "S"}
        self.base = settings.get("language", "").strip() or next(
            (line["language"] for line in lines if line.get("language")), "en"
        )
        others = settings.get("additional_languages", "").split()
        self.survey.languages = list(dict.fromkeys([self.base, *others]))
        for line in lines:
            handle = getattr(self, f"_{line.get('class', '').lower()}", None)
            if handle is not None:
                handle(line, line.get("language") or self.base)
            elif line.get("class") in _NAMELESS:
                self.left[_NAMELESS[line["class"]]] = self.left.get(_NAMELESS[line["class"]], 0) + 1
        known = set(self.survey.languages)
        self.survey.languages += [tag for tag in dict.fromkeys(self._tags()) if tag not in known]
        self.survey.left_out += [f"Not taken over: {what} ({count} times)." for what, count in self.left.items()]
        return self.survey

    def _tags(self) -> Iterator[str]:
        for group in self.survey.groups:
            yield from group.names
            for question in group.questions:
                yield from question.texts

    def _sl(self, line: Line, tag: str) -> None:
        texts = {
            "surveyls_title": self.survey.titles,
            "surveyls_description": self.survey.descriptions,
            "surveyls_welcometext": self.survey.welcomes,
        }.get(line.get("name", ""))
        if texts is not None and line.get("text"):
            texts[tag] = line["text"]

    def _g(self, line: Line, tag: str) -> None:
        if tag != self.language:
            self.language, self.place = tag, 0
        self.place += 1
        key = line.get("type/scale") or f"G{self.place}"
        if key not in self.groups:
            self.groups[key] = Group(str(len(self.groups) + 1), relevance=line.get("relevance", ""))
            self.survey.groups.append(self.groups[key])
        self.group = self.groups[key]
        self.group.names[tag] = line.get("name", "")
        self.group.texts[tag] = line.get("text", "")
        self.question = None

    def _q(self, line: Line, tag: str) -> None:
        if self.group is None:
            self._g({}, tag)
        group = self.group or Group("")
        name = line.get("name") or f"Q{len(group.questions) + 1}"
        found = self.questions.get((group.key, name))
        if found is None:
            found = Asking(name, line.get("type/scale", "T"))
            found.mandatory, found.other = line.get("mandatory", ""), line.get("other", "")
            found.relevance, found.validation = line.get("relevance", ""), line.get("validation", "")
            self.questions[group.key, name] = found
            group.questions.append(found)
        for key, value in line.items():
            if key not in _BASE:
                found.attributes.setdefault(key, value)
        found.texts[tag], found.help[tag] = line.get("text", ""), line.get("help", "")
        if line.get("default"):
            self.left["a default answer"] = self.left.get("a default answer", 0) + 1
        self.question = found

    def _sq(self, line: Line, tag: str) -> None:
        if self.question is None or (self.question.other == "Y" and line.get("name") == "other"):
            return
        self._row(self.question.subquestions, line, tag, f"SQ{len(self.question.subquestions) + 1:03d}")
        if line.get("relevance", "1").strip() not in ("", "1"):
            self.left["the relevance of a subquestion"] = self.left.get("the relevance of a subquestion", 0) + 1

    def _a(self, line: Line, tag: str) -> None:
        if self.question is not None:
            self._row(self.question.answers, line, tag, f"A{len(self.question.answers) + 1}")

    def _row(self, rows: list[Row], line: Line, tag: str, fallback: str) -> None:
        code, scale = line.get("name", fallback), line.get("type/scale") or "0"
        key = (id(rows), code, scale)
        if key not in self.rows:
            self.rows[key] = Row(code, {}, scale, line.get("assessment_value", ""))
            rows.append(self.rows[key])
        self.rows[key].texts[tag] = line.get("text", "")
