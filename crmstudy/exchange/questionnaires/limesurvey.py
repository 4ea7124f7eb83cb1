"""What a LimeSurvey survey shows, whichever file it comes from: questions by type, grids taken apart into items."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crmstudy.exchange.questionnaires.markup_text import text_of
from crmstudy.exchange.questionnaires.names import tag_of, unknown_tag
from crmstudy.exchange.questionnaires.seen import Asked, Choice, Page, Seen, number_of, one_line, quoted
from crmstudy.instrument.model import WIDEST

Texts = dict[str, str]


@dataclass(slots=True)
class Row:
    """A subquestion or an answer: code, texts by language, the scale (0 or 1) it belongs to, its assessment value."""

    code: str
    texts: Texts = field(default_factory=dict)
    scale: str = "0"
    assessment: str = ""


@dataclass(slots=True)
class Asking:
    """A question as LimeSurvey has it."""

    code: str
    type: str
    texts: Texts = field(default_factory=dict)
    help: Texts = field(default_factory=dict)
    mandatory: str = ""
    relevance: str = ""
    other: str = ""
    validation: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    subquestions: list[Row] = field(default_factory=list)
    answers: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """A group of questions."""

    key: str
    names: Texts = field(default_factory=dict)
    texts: Texts = field(default_factory=dict)
    relevance: str = ""
    questions: list[Asking] = field(default_factory=list)


@dataclass(slots=True)
class Survey:
    """A survey: its languages, its texts, its groups, and what else the file has that an instrument does not."""

    languages: list[str] = field(default_factory=list)
    titles: Texts = field(default_factory=dict)
    descriptions: Texts = field(default_factory=dict)
    welcomes: Texts = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


#: The labels that LimeSurvey puts itself to the answers of some types, in languages whose words are beyond doubt.
_FIXED: Mapping[str, Sequence[tuple[str, Texts]]] = {
    "Y": (("Y", {"en": "Yes", "fa": "بله", "ru": "Да"}), ("N", {"en": "No", "fa": "خیر", "ru": "Нет"})),
    "C": (("Y", {"en": "Yes", "fa": "بله", "ru": "Да"}),
          ("U", {"en": "Uncertain", "fa": "مطمئن نیستم", "ru": "Трудно сказать"}),
          ("N", {"en": "No", "fa": "خیر", "ru": "Нет"})),
    "E": (("I", {"en": "Increase", "fa": "افزایش", "ru": "Увеличение"}),
          ("S", {"en": "Same", "fa": "بدون تغییر", "ru": "Без изменений"}),
          ("D", {"en": "Decrease", "fa": "کاهش", "ru": "Уменьшение"})),
    "G": (("F", {"en": "Female", "fa": "زن", "ru": "Женский"}), ("M", {"en": "Male", "fa": "مرد", "ru": "Мужской"})),
    "5": tuple((str(n), {}) for n in range(1, 6)),
    "A": tuple((str(n), {}) for n in range(1, 6)),
    "B": tuple((str(n), {}) for n in range(1, 11)),
}  # fmt: skip
_SINGLES = {"L": "", "!": "", "O": "its comments", "5": "", "Y": "", "G": "", "Z": "", "W": ""}
_GRIDS = "FHABCE1"
_TEXTS = {"S": "text", "T": "longtext", "U": "longtext", "D": "date"}
_NAMES = {
    "X": "a text", "*": "an equation", "|": "a file", "I": "a choice of language",
    ":": "a grid of numbers", ";": "a grid of texts",
}  # fmt: skip
_REQUIRED = {"Y": "hard", "S": "soft"}
_WAYS = ("array_filter", "array_filter_exclude", "exclude_all_others", "em_validation_q", "em_validation_sq")
_ALWAYS = ("", "1", "1 ")


def tag(language: str) -> str:
    """The tag of a language as LimeSurvey writes it (``de-informal``, ``pt-BR``)."""
    return tag_of(language) or unknown_tag(language)


def limesurvey_seen(survey: Survey, file: str, *, own: bool = False) -> tuple[Seen, list[str]]:
    """What the survey shows, and every text that could carry an instrument along.

    In a survey of our own (``own``, or one that carries an instrument) no text question heads its group.
    """
    return _Reader(survey, file, own=own).read()


class _Reader:
    def __init__(self, survey: Survey, file: str, *, own: bool) -> None:
        self.survey = survey
        texts = (text for group in survey.groups for one in group.questions for text in one.texts.values())
        self.own = own or any("crmstudy:" in text for text in texts)
        self.seen = Seen(f"the LimeSurvey survey {file}", list(dict.fromkeys(map(tag, survey.languages))))
        self.seen.left_out += survey.left_out
        self.names: set[str] = set()
        every = [one for group in survey.groups for one in group.questions]
        codes = [one.code for one in every]
        codes += [row.code for one in every if one.type in _GRIDS or one.type in "KQ" for row in one.subquestions]
        self.codes = Counter(code.casefold() for code in codes)
        self.carried: list[str] = []

    def read(self) -> tuple[Seen, list[str]]:
        seen, survey = self.seen, self.survey
        seen.title, seen.description = self.said(survey.titles), self.said(survey.descriptions)
        seen.instructions = self.said(survey.welcomes)
        for group in survey.groups:
            texts = [text for one in group.questions if one.type == "X" for text in one.texts.values()]
            pieces = [text for text in texts if "crmstudy:" in text]
            if pieces:
                self.carried += pieces
                group.questions = [one for one in group.questions if one.type != "X" or not _holds(one, pieces)]
                if not group.questions:
                    continue
            self.group(group)
        return seen, self.carried

    def group(self, group: Group) -> None:
        page = Page(group.key, self.said(group.names), self.said(group.texts))
        self.seen.pages[page.name] = page
        if group.relevance not in _ALWAYS:
            self.left(f"the relevance of the group '{self.first(group.names)}' ({quoted(group.relevance)})")
        for asking in group.questions:
            self.question(asking, page)

    def question(self, asking: Asking, page: Page) -> None:
        self.ways(asking)
        if asking.type in _SINGLES:
            if _SINGLES[asking.type]:
                self.left(f"{_SINGLES[asking.type]} of '{quoted(asking.code)}'")
            listed = self.answers(asking, asking.code)
            self.add(asking, asking.code, "single", self.said(asking.texts), page, listed, self.mirrored(asking, "0"))
        elif asking.type in _GRIDS:
            self.grid(asking, page)
        elif asking.type in ("M", "P"):
            if asking.type == "P":
                self.left(f"the comments of '{quoted(asking.code)}'")
            name = f"{asking.code}_answers"
            self.seen.lists[name] = [Choice(row.code, self.said(row.texts)) for row in asking.subquestions]
            self.add(asking, asking.code, "multi", self.said(asking.texts), page, name)
        elif asking.type == "N":
            self.number(asking, asking.code, self.said(asking.texts), page)
        elif asking.type == "K" and asking.attributes.get("slider_layout", "").strip() == "1":
            page = self.stem(asking, page)
            for row in asking.subquestions:
                self.slider(asking, row, page)
        elif asking.type == "R":
            self.rank(asking, page)
        elif asking.type in ("K", "Q"):
            page = self.stem(asking, page)
            for row in asking.subquestions:
                if asking.type == "K":
                    self.number(asking, self.name_of(asking, row), self.said(row.texts), page)
                else:
                    self.add(asking, self.name_of(asking, row), "text", self.said(row.texts), page)
        elif asking.type in _TEXTS:
            self.add(asking, asking.code, _TEXTS[asking.type], self.said(asking.texts), page)
        elif asking.type == "X" and not self.own and not page.text and not self.on(page):
            page.text = self.said(asking.texts)
        elif asking.type == "X" and self.said(asking.texts):
            self.add(asking, asking.code, "info", self.said(asking.texts), page)
        else:
            what = _NAMES.get(asking.type, f"of the type '{quoted(asking.type, 10)}'")
            self.left(f"'{quoted(asking.code)}' is {what} ({self.first(asking.texts)})")

    def grid(self, asking: Asking, page: Page) -> None:
        """A grid: each of its rows is an item, with two scales two items."""
        page = self.stem(asking, page)
        scales = sorted({row.scale for row in asking.answers}) if asking.type == "1" else ["0"]
        for place, scale in enumerate(scales):
            name = self.answers(asking, f"{asking.code}_{scale}" if len(scales) > 1 else asking.code, scale)
            mirrored = self.mirrored(asking, scale)
            for row in asking.subquestions:
                code = self.name_of(asking, row)
                code = f"{code}_{place + 1}" if len(scales) > 1 else code
                self.add(asking, code, "single", self.said(row.texts), page, name, mirrored)

    def stem(self, asking: Asking, page: Page) -> Page:
        """The page of a grid: one of its own where it has a heading."""
        texts = self.said(asking.texts)
        if not texts:
            return page
        title = page.title if not self.on(page) else {}
        own = Page(self.free(asking.code, self.seen.pages), title, texts)
        self.seen.pages[own.name] = own
        return own

    def number(self, asking: Asking, code: str, texts: Texts, page: Page) -> None:
        whole = asking.attributes.get("num_value_int_only", "") == "1"
        ends = [number_of(asking.attributes.get(key, "")) for key in ("min_num_value_n", "max_num_value_n")]
        self.add(asking, code, "integer" if whole else "decimal", texts, page, low=ends[0], high=ends[1])

    def slider(self, asking: Asking, row: Row, page: Page) -> None:
        """A line: its text and those at its ends, and the whole numbers between; other numbers are no line of ours."""
        told = asking.attributes
        mark = told.get("slider_separator", "").strip() or "|"
        parts = {lang: [one.strip() for one in text.split(mark)] for lang, text in self.said(row.texts).items()}
        texts = {lang: said[0] for lang, said in parts.items() if said[0]}
        low, high = (
            usual if (end := number_of(told.get(key, ""))) is None else end
            for key, usual in (("slider_min", 0.0), ("slider_max", 100.0))
        )
        step = number_of(told.get("slider_accuracy", "") or "1")
        name = self.name_of(asking, row)
        if not (step == 1 and low.is_integer() and high.is_integer() and 0 < high - low <= WIDEST):
            self.add(asking, name, "decimal", texts, page, low=low, high=high)
            return
        listed = self.free(f"{name}_line", self.seen.lists)
        ends = {int(low): 1, int(high): 2}
        self.seen.lists[listed] = [
            Choice(str(value), {lang: said[ends[value]] for lang, said in parts.items()
                                if value in ends and len(said) > ends[value] and said[ends[value]]})
            for value in range(int(low), int(high) + 1)
        ]  # fmt: skip
        self.add(asking, name, "slider", texts, page, listed)

    def rank(self, asking: Asking, page: Page) -> None:
        name = self.free(f"{asking.code}_answers", self.seen.lists)
        rows = asking.answers or asking.subquestions
        if not rows:
            self.left(f"'{quoted(asking.code)}' is a ranking without answers ({self.first(asking.texts)})")
            return
        self.seen.lists[name] = [Choice(row.code, self.said(row.texts)) for row in rows]
        most = number_of(asking.attributes.get("max_answers", ""))
        self.add(asking, asking.code, "rank", self.said(asking.texts), page, name)
        if most is not None and most.is_integer() and 0 < most < len(rows):
            self.seen.asked[-1].top = int(most)

    def add(self, asking: Asking, name: str, type: str, texts: Texts, page: Page, choices: str = "",
            reverse: bool = False, low: float | None = None, high: float | None = None) -> None:  # fmt: skip
        made = self.free(name or "question", self.names)
        if made != name:
            self.seen.unsure.append(f"The code '{quoted(name)}' stands twice; here the second is called {made}.")
        self.names.add(made)
        required = _REQUIRED.get(asking.mandatory, "no")
        self.seen.asked.append(Asked(made, type, texts, choices, page.name, required, low, high, reverse))

    def answers(self, asking: Asking, name: str, scale: str = "0") -> str:
        """The list of answers of a question; lists of the same answers are told apart by their questions only."""
        if asking.type in _FIXED:
            known = set(self.seen.languages)
            fixed = _FIXED[asking.type]
            made = [Choice(code, {tag: text for tag, text in texts.items() if tag in known}) for code, texts in fixed]
        else:
            made = [Choice(row.code, self.said(row.texts)) for row in asking.answers if row.scale == scale]
        self.seen.lists[name] = made
        return name

    def mirrored(self, asking: Asking, scale: str) -> bool:
        """Whether the assessment values of the answers run against their codes."""
        pairs = [(number_of(row.code), number_of(row.assessment)) for row in asking.answers if row.scale == scale]
        known = [(code, value) for code, value in pairs if code is not None and value is not None]
        if len(known) < 2 or len({value for _, value in known}) < 2:
            return False
        ends = min(code for code, _ in known) + max(code for code, _ in known)
        found = all(code + value == ends for code, value in known)
        if found:
            self.seen.unsure.append(f"'{quoted(asking.code)}' is taken as reversed: its assessment values mirror it.")
        return found

    def name_of(self, asking: Asking, row: Row) -> str:
        """The name of a row of a grid: its own code where no other question has it."""
        alone = self.codes[row.code.casefold()] == 1 and re.match(r"[A-Za-z]", row.code)
        return row.code if alone else f"{asking.code}_{row.code}"

    def ways(self, asking: Asking) -> None:
        """What steers a question, which is left out."""
        name = quoted(asking.code)
        if asking.relevance.strip() not in _ALWAYS:
            self.left(f"the relevance of '{name}' ({quoted(asking.relevance)})")
        if asking.validation.strip():
            self.left(f"the validation of '{name}' ({quoted(asking.validation)})")
        if asking.other == "Y":
            self.left(f"the answer 'other' of '{name}'")
        if any(self.said(asking.help).values()):
            self.left(f"the help of '{name}' ({self.first(asking.help)})")
        for key in _WAYS:
            if asking.attributes.get(key, "").strip() not in ("", "0"):
                self.left(f"the {key} of '{name}' ({quoted(asking.attributes[key])})")

    def on(self, page: Page) -> bool:
        return any(asked.page == page.name for asked in self.seen.asked)

    def said(self, texts: Mapping[str, str]) -> Texts:
        made = ((tag(language), text_of(text)) for language, text in texts.items())
        return {language: text for language, text in made if text}

    def first(self, texts: Mapping[str, str]) -> str:
        return quoted(next(iter(self.said(texts).values()), ""))

    def free(self, name: str, taken: Iterable[str]) -> str:
        known = set(taken)
        made, number = name, 1
        while made in known:
            number += 1
            made = f"{name}_{number}"
        return made

    def left(self, what: str) -> None:
        self.seen.left_out.append(f"Not taken over: {one_line(what)}.")


def _holds(asking: Asking, pieces: Sequence[str]) -> bool:
    return any(text in pieces for text in asking.texts.values())
