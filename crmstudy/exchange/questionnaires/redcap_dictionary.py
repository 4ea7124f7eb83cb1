"""REDCap's data dictionary (CSV, 18 columns), out and in; one language a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

from crmstudy.errors import DataError, Fault, did_you_mean
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.questionnaires.carrying import carried, pack
from crmstudy.exchange.questionnaires.layout import Block, Writer, blocks, offered, shown_languages, tell_unheld
from crmstudy.exchange.questionnaires.markup_text import markup_of, text_of
from crmstudy.exchange.questionnaires.names import Renamer
from crmstudy.exchange.questionnaires.reconciling import Names
from crmstudy.exchange.questionnaires.seen import Asked, Choice, Page, Seen, language_of, number_of, one_line, quoted
from crmstudy.instrument.model import WIDEST, Instrument, Item, Question, ResponseFormat, Section

Record = dict[str, str]
#: The columns by the names of REDCap's interface; the second name is that of its API.
COLUMNS: Mapping[str, str] = {
    "Variable / Field Name": "field_name",
    "Form Name": "form_name",
    "Section Header": "section_header",
    "Field Type": "field_type",
    "Field Label": "field_label",
    "Choices, Calculations, OR Slider Labels": "select_choices_or_calculations",
    "Field Note": "field_note",
    "Text Validation Type OR Show Slider Number": "text_validation_type_or_show_slider_number",
    "Text Validation Min": "text_validation_min",
    "Text Validation Max": "text_validation_max",
    "Identifier?": "identifier",
    "Branching Logic (Show field only if...)": "branching_logic",
    "Required Field?": "required_field",
    "Custom Alignment": "custom_alignment",
    "Question Number (surveys only)": "question_number",
    "Matrix Group Name": "matrix_group_name",
    "Matrix Ranking?": "matrix_ranking",
    "Field Annotation": "field_annotation",
}
LONGEST_NAME = 26
_NAME = r"[a-z](?:_?[a-z0-9])*"
_INTRO, _KEY = "crm_instructions", "crmstudykey"
_PIECE = 8_000
_TYPES = {
    "integer": ("text", "integer"), "decimal": ("text", "number"), "text": ("text", ""), "longtext": ("notes", ""),
    "date": ("text", "date_ymd"),
}  # fmt: skip
_SINGLE, _MANY = ("radio", "dropdown", "select"), ("checkbox",)
_FIXED: Mapping[str, Sequence[tuple[str, str]]] = {
    "yesno": (("1", "Yes"), ("0", "No")),
    "truefalse": (("1", "True"), ("0", "False")),
}
_LOST = {
    "field_note": "the note", "branching_logic": "the branching logic", "field_annotation": "the annotation",
    "matrix_ranking": "the ranking of the matrix",
}  # fmt: skip


def write_dictionary(instrument: Instrument, log: ExportLog, lang: str | None) -> bytes:
    """The bytes of the CSV file (UTF-8 with a byte-order mark)."""
    lang = shown_languages(instrument, lang or ("en" if "en" in instrument.languages else None))[0]
    records, _ = dictionary_records(instrument, lang, log)
    tell_unheld(instrument, [lang], log, "REDCap")
    form = records[0]["form_name"]
    for number, piece in enumerate(pack(carried(instrument, [lang]), _PIECE), start=1):
        records.append({"field_name": f"{_KEY}{number}", "form_name": form, "field_type": "descriptive",
                        "field_label": piece, "field_annotation": " @HIDDEN"})  # fmt: skip
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([record.get(key, "") for key in COLUMNS.values()] for record in records)
    return buffer.getvalue().encode("utf-8-sig")


def dictionary_records(instrument: Instrument, lang: str, log: ExportLog) -> tuple[list[Record], Names]:
    """The fields of an instrument but for those that carry it, and what its parts are called."""
    form = _Form(instrument, lang, log)
    form.fill()
    return form.records, form.names


class _Form:
    def __init__(self, instrument: Instrument, lang: str, log: ExportLog) -> None:
        self.instrument = instrument
        self.lang = lang
        self.log = log
        self.writer = Writer(instrument, [lang], log)
        self.form = re.sub(r"[^a-z0-9]+", "_", instrument.id.lower()).strip("_") or "questionnaire"
        self.form = self.form if self.form[0].isalpha() else f"form_{self.form}"
        self.records: list[Record] = []
        self.names = Names()
        self.renamer = Renamer("REDCap", _NAME, longest=LONGEST_NAME)
        self.renamer.reserve("record_id", _INTRO, f"{self.form}_complete", *(f"{_KEY}{n}" for n in range(1, 100)))
        self.orders = {
            question.id: self.order(question) for question in instrument.questions if question.type == "rank"
        }
        self.renamer.keep(entry.id for entry in instrument.entries)
        self.header = ""

    def order(self, question: Question) -> str:
        """The name of an order; the fields that REDCap makes of it begin with it, and are kept for it."""
        name = self.renamer.name(question.id, self.log)
        values = question.response.values if question.response is not None else ()
        ends = ["text", *map(_ending, values)]
        room = LONGEST_NAME - max(map(len, ends)) - 1
        short, number = name[:room].rstrip("_"), 1
        while len(name) > room:
            number += 1
            made = f"{short[: room - len(str(number)) - 1].rstrip('_')}_{number}"
            name = made if self.renamer.new(made) == made else name
        self.renamer.reserve(*(f"{name}_{end}" for end in ends))
        return name

    def fill(self) -> None:
        self.log.add(
            f"REDCap shows the form name ('{self.form}') as the title of a survey, unless the survey gets another one "
            "there; the name of an instrument tells respondents what is measured."
        )
        self.field("record_id", "text", "Record ID")
        intro = self.writer.text(self.instrument.instructions, self.lang)
        if intro:
            self.field(_INTRO, "descriptive", intro)
        section: Section | None = None
        for number, block in enumerate(blocks(self.instrument)):
            if block.section is not section and block.section is not None:
                section = block.section
                self.header = self.heading(section)
                self.names.sections[section.id] = f"{self.form}:{self.header}"
            self.block(block, number)

    def heading(self, section: Section) -> str:
        title = self.writer.text(section.title, self.lang) or section.id
        text = self.writer.text(section.text, self.lang)
        if section.randomise:
            self.log.add("REDCap does not draw an order; the questions come in their order.", section.id)
        return f"{title}: {text}" if text else title

    def block(self, block: Block, number: int) -> None:
        matrix = self.renamer.new(f"matrix_{number + 1}") if block.grid is not None else ""
        for entry in block.entries:
            name = self.orders.get(entry.id) or self.renamer.name(entry.id, self.log)
            self.names.entries[entry.id] = name
            text = self.writer.wording(entry)[self.lang]
            if entry.type == "info":
                self.field(name, "descriptive", text)
                continue
            required = "y" if entry.required == "hard" else ""
            if entry.required == "soft":
                self.log.add("REDCap knows required and not required: asking once more (soft) is not asked for.")
            if isinstance(entry, Item) and entry.slider:
                self.slider(entry, name, text, required)
            elif isinstance(entry, Question) and entry.type == "rank" and entry.response is not None:
                self.rank(entry, entry.response, name, text, required)
            elif isinstance(entry, Item) or (entry.type == "multi" and entry.response is not None):
                self.closed(entry, name, text, required, matrix)
            elif entry.type in _TYPES:
                kind, validation = _TYPES[entry.type]
                low, high = ("" if end is None else f"{end:.15g}" for end in (entry.low, entry.high))
                self.field(name, kind, text, text_validation_type_or_show_slider_number=validation,
                           text_validation_min=low, text_validation_max=high, required_field=required)  # fmt: skip
            else:
                self.log.add("the question has no answers to choose from and was left out.", entry.id)

    def closed(self, entry: Item | Question, name: str, text: str, required: str, matrix: str) -> None:
        response = entry.response
        if response is None:
            return
        many = not isinstance(entry, Item)
        wide = len(offered(response)) > 20
        kind = "checkbox" if many else "dropdown" if wide and not matrix else "radio"
        self.field(name, kind, text, select_choices_or_calculations=self.choices(response), required_field=required,
                   matrix_group_name=matrix)  # fmt: skip

    def slider(self, item: Item, name: str, text: str, required: str) -> None:
        """A slider of REDCap, which has labels at its ends and in the middle."""
        response = item.response
        self.writer.tell_beside(item, "REDCap")
        places = (response.low, response.values[len(response.values) // 2], response.high)
        others = [str(value) for value in sorted(response.labels) if value not in places]
        if others:
            said = ", ".join(others)
            self.log.add(f"a slider of REDCap has labels at its ends and in the middle; left out: {said}.", item.id)
        labels = [self.bare(self.writer.text(response.labels.get(value, {}), self.lang)) for value in places]
        ends = {} if (response.low, response.high) == (0, 100) else {
            "text_validation_min": str(response.low), "text_validation_max": str(response.high),
        }  # fmt: skip
        said = " | ".join(labels) if any(labels) else ""
        self.field(name, "slider", text, select_choices_or_calculations=said, required_field=required, **ends)

    def rank(self, question: Question, response: ResponseFormat, name: str, text: str, required: str) -> None:
        """A ranked matrix: a row an answer, a column a place, and no place twice; the question stands above it."""
        self.writer.tell_beside(question, "REDCap")
        what = "REDCap has no ranking; it became a matrix of answers by places, in which no place is given twice."
        self.log.add(what, question.id)
        self.field(f"{name}_text", "descriptive", text)
        places = " | ".join(f"{place}, {place}" for place in range(1, question.places + 1))
        whole = required if question.top is None else ""
        for value in response.values:
            label = self.writer.label(value, response.labels.get(value, {}))[self.lang]
            self.field(f"{name}_{_ending(value)}", "radio", label, select_choices_or_calculations=places,
                       required_field=whole, matrix_group_name=name, matrix_ranking="y")  # fmt: skip

    def bare(self, label: str) -> str:
        """A label of a slider, whose parts are separated by bars."""
        if "|" in label:
            self.log.add("| separates answers in REDCap; a label of a slider is written with ¦.")
        return markup_of(label).replace("|", "¦")

    def choices(self, response: ResponseFormat) -> str:
        parts = []
        for code, texts in offered(response):
            label = self.writer.label(code, texts)[self.lang]
            if "|" in label:
                self.log.add(f"| separates answers in REDCap; the label of {code} is written with ¦.", response.id)
            parts.append(f"{code}, {markup_of(label).replace('|', '¦')}")
        made = " | ".join(parts)
        return f" {made}" if made.startswith("-") else made

    def field(self, name: str, kind: str, label: str, **cells: str) -> None:
        record = {"field_name": name, "form_name": self.form, "field_type": kind, "field_label": markup_of(label)}
        if self.header:
            record["section_header"] = markup_of(self.header)
            self.header = ""
        self.records.append(record | cells)


def _ending(value: int) -> str:
    """An answer as the end of the name of a field."""
    return str(value) if value >= 0 else f"m{-value}"


def records_of(raw: bytes, file: str) -> list[Record]:
    """The fields of a data dictionary, by the names of the API.

    Raises
    ------
    DataError
        When it is no text, no CSV, or lacks a column that it must have.
    """
    try:
        text = raw.decode("utf-8-sig").replace("\x00", "")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = f"the file is not UTF-8 (byte {error.start + 1}); save it as CSV UTF-8."
        raise DataError(Fault(message, file, line)) from None
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(max(csv.field_size_limit(), 16 * 2**20))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise DataError(Fault(f"this is no CSV file ({error}); download the data dictionary again.", file)) from None
    known = {_plain(name): key for name, key in COLUMNS.items()} | {_plain(key): key for key in COLUMNS.values()}
    heads = [known.get(_plain(cell), "") for cell in rows[0]] if rows else []
    faults = []
    for key in ("field_name", "form_name", "field_type", "field_label"):
        if key not in heads:
            name = next(name for name, one in COLUMNS.items() if one == key)
            hint = did_you_mean(name, [quoted(cell) for cell in rows[0]] if rows else [])
            faults.append(Fault(f"a data dictionary has a column '{name}', and this file has none.{hint}", file, 1))
    if len(faults) == 4:
        message = (
            "this is no data dictionary of REDCap: it has none of the columns 'Variable / Field Name', 'Form Name', "
            "'Field Type', 'Field Label'. A table of items is drafted by crmstudy instruments new --from FILE; answers "
            "are read with -i INSTRUMENT."
        )
        raise DataError(Fault(message, file, 1))
    if faults:
        raise DataError(faults)
    return [{head: cell for head, cell in zip(heads, row, strict=False) if head} for row in rows[1:] if any(row)]


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z]", "", heading.lower())


def redcap_seen(records: Iterable[Record], file: str, lang: str = "", *, own: bool = False) -> tuple[Seen, list[str]]:
    """What a dictionary shows, and every text that could carry an instrument; ``lang`` is its language if known.

    In a dictionary of our own (``own``, or one that carries an instrument) the introduction is told by its name.
    """
    records = list(records)
    labels = [text_of(record.get("field_label", "")) for record in records]
    texts = [label for label in labels if "crmstudy:" in label]
    shown = [label for label in labels[1:] if "crmstudy:" not in label]
    made = _Reader(records, file, lang or language_of(shown), told=not lang, own=own or bool(texts))
    return made.seen, texts


class _Reader:
    def __init__(self, records: Sequence[Record], file: str, lang: str, *, told: bool, own: bool) -> None:
        self.lang = lang
        self.own = own
        self.orders = _orders(records)
        self.asking: dict[str, dict[str, str]] = {}
        self.seen = Seen(f"the REDCap data dictionary {file}", [lang])
        if told:
            self.seen.unsure.append(f"The file names no language; its texts were taken as '{lang}', by their letters.")
        self.forms = list(dict.fromkeys(one_line(record.get("form_name")) for record in records))
        self.page = ""
        self.form = ""
        self.matrix = ""
        self.names: set[str] = set()
        for number, record in enumerate(records):
            if "crmstudy:" not in record.get("field_label", ""):
                self.record({key: cell.strip() for key, cell in record.items()}, first=number == 0)
        self.seen.id = self.forms[0] if self.forms else ""

    def record(self, record: Record, *, first: bool) -> None:
        name, kind = one_line(record.get("field_name")), one_line(record.get("field_type")).lower()
        if not name:
            return
        if first and kind == "text":
            self.left(f"'{quoted(name)}', the number of the record")
            return
        self.turn(record)
        texts = self.said(record.get("field_label", ""))
        asked = Asked(name, "", texts, page=self.page, required="hard" if _yes(record.get("required_field")) else "no")
        choices = record.get("select_choices_or_calculations", "")
        if name in self.orders:
            self.rank(asked, self.orders[name], choices)
            return
        if kind in _SINGLE or kind in _MANY:
            asked.type, asked.choices = ("multi" if kind in _MANY else "single"), self.listed(name, choices)
        elif kind in _FIXED:
            asked.type, asked.choices = "single", kind
            english = self.lang == "en"
            self.seen.lists[kind] = [Choice(code, {"en": text} if english else {}) for code, text in _FIXED[kind]]
        elif kind == "slider":
            self.slider(asked, record, choices)
        elif kind == "notes":
            asked.type = "longtext"
        elif kind == "text":
            self.text(asked, record)
        elif kind == "descriptive" and name.removesuffix("_text") in self.orders.values() and name.endswith("_text"):
            self.asking[name.removesuffix("_text")] = texts
            return
        elif (
            kind == "descriptive"
            and not self.seen.instructions
            and (name == _INTRO if self.own else not self.seen.asked)
        ):
            self.seen.instructions = texts
            return
        elif kind == "descriptive" and texts:
            asked.type, asked.required = "info", "no"
        else:
            self.left(f"'{quoted(name)}', a field of the type '{quoted(kind)}' ({quoted(record.get('field_label'))})")
            return
        if name in self.names:
            self.left(f"a second field '{quoted(name)}'; names stand once")
            return
        self.names.add(name)
        self.seen.asked.append(asked)
        for key, what in _LOST.items():
            if one_line(record.get(key)):
                self.left(f"{what} of '{quoted(name)}' ({quoted(record[key])})")

    def turn(self, record: Record) -> None:
        """The page a field stands on: a section, or a form where there are several."""
        form, header = one_line(record.get("form_name")), text_of(record.get("section_header", ""))
        if form != self.form:
            self.form, self.page = form, ""
            if len(self.forms) > 1:
                self.open(form, {self.lang: form.replace("_", " ")})
        if header:
            self.open(f"{form}:{header}", {self.lang: header})

    def open(self, name: str, title: dict[str, str]) -> None:
        self.page = name
        while self.page in self.seen.pages:
            self.page += "_"
        self.seen.pages[self.page] = Page(self.page, title)

    def listed(self, name: str, choices: str) -> str:
        made = []
        for part in choices.split("|"):
            code, mark, label = part.partition(",")
            if one_line(code):
                made.append(Choice(one_line(code), self.said(label if mark else code)))
        self.seen.lists[name] = made
        return name

    def rank(self, asked: Asked, order: str, choices: str) -> None:
        """A row of a ranked matrix: an answer that gets one of the places."""
        places = sum(bool(one_line(part)) for part in choices.split("|"))
        code = asked.name[len(order) + 1 :].replace("m", "-")
        if order not in self.names:
            self.names.add(order)
            self.seen.lists[order] = []
            texts = self.asking.get(order, {})
            made = Asked(order, "rank", texts, order, self.page, asked.required, top=places)
            self.seen.asked.append(made)
        self.seen.lists[order].append(Choice(code, asked.texts))
        rank = next(one for one in self.seen.asked if one.name == order)
        rows = sum(one == order for one in self.orders.values())
        rank.top = places if 0 < places < rows else None

    def slider(self, asked: Asked, record: Record, choices: str) -> None:
        low, high = (number_of(record.get(key, "")) for key in ("text_validation_min", "text_validation_max"))
        low, high = (0.0 if low is None else low), (100.0 if high is None else high)
        if not (low.is_integer() and high.is_integer() and 0 < high - low <= WIDEST):
            asked.type, asked.low, asked.high = "decimal", low, high
            return
        values = range(int(low), int(high) + 1)
        made = {value: Choice(str(value)) for value in values}
        parts = [text_of(part) for part in choices.split("|")] if choices else []
        places = {1: [0], 2: [0, -1], 3: [0, len(values) // 2, -1]}.get(len(parts), [])
        for part, place in zip(parts, places, strict=False):
            made[values[place]].texts = self.said(part)
        asked.type, asked.choices = "slider", asked.name
        self.seen.lists[asked.name] = list(made.values())

    def text(self, asked: Asked, record: Record) -> None:
        validation = record.get("text_validation_type_or_show_slider_number", "").lower()
        asked.type = "text"
        if validation in ("integer", "int"):
            asked.type = "integer"
        elif validation.startswith(("number", "float")):
            asked.type = "decimal"
        elif re.fullmatch(r"date(_(ymd|mdy|dmy))?", validation):
            asked.type = "date"
        elif validation:
            self.left(f"the check '{quoted(validation)}' of '{quoted(asked.name)}'")
        if asked.type in ("integer", "decimal"):
            asked.low = number_of(record.get("text_validation_min", ""))
            asked.high = number_of(record.get("text_validation_max", ""))

    def said(self, markup: str) -> dict[str, str]:
        text = text_of(markup)
        return {self.lang: text} if text else {}

    def left(self, what: str) -> None:
        self.seen.left_out.append(f"Not taken over: {what}.")


def _orders(records: Iterable[Record]) -> dict[str, str]:
    """The fields of ranked matrices whose names are that of the matrix and the number of an answer, by matrix."""
    rows: dict[str, list[tuple[str, bool]]] = {}
    for record in records:
        group, name = one_line(record.get("matrix_group_name")), one_line(record.get("field_name"))
        if group:
            fits = re.fullmatch(re.escape(group) + r"_m?\d{1,9}", name) is not None
            radio = one_line(record.get("field_type")).lower() == "radio"
            rows.setdefault(group, []).append((name, fits and radio and _yes(record.get("matrix_ranking"))))
    whole = {group: made for group, made in rows.items() if len(made) > 1 and all(fits for _, fits in made)}
    return {name: group for group, made in whole.items() for name, _ in made}


def _yes(cell: str | None) -> bool:
    return (cell or "").strip().lower() in ("y", "yes", "1", "true")
