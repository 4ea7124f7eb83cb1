"""Qualtrics survey files (.qsf, JSON) in. The format has no documentation: what is not understood is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from crmstudy.errors import DataError, Fault
from crmstudy.exchange.questionnaires.markup_text import text_of
from crmstudy.exchange.questionnaires.names import tag_of, unknown_tag
from crmstudy.exchange.questionnaires.seen import Asked, Choice, Page, Seen, number_of, one_line, quoted
from crmstudy.instrument.model import WIDEST

Payload = Mapping[str, Any]
_MANY = ("MAVR", "MAHR", "MACOL", "MSB")
_ONE = ("SAVR", "SAHR", "SACOL", "DL", "SB", "SAVRTB", "SAHRTB")
_REQUIRED = {"ON": "hard", "REQUESTRESPONSE": "soft"}
_TYPES = {
    "SBS": "a side-by-side table", "Timing": "a timer", "Meta": "data of the browser", "Captcha": "a captcha",
    "FileUpload": "a file", "HeatMap": "a heat map", "HotSpot": "a hot spot", "CS": "a constant sum",
    "PGR": "sorting into groups", "Draw": "a signature", "DD": "a drill-down", "Highlight": "a text to mark",
    "SS": "a slider of pictures", "TreeSelect": "a tree",
}  # fmt: skip
_FLOWS = {
    "Branch": "a branch", "BlockRandomizer": "a randomizer", "EmbeddedData": "embedded data", "EndSurvey": "an end",
    "WebService": "a web service", "Authenticator": "an authenticator", "QuotaCheck": "a quota",
    "TableOfContents": "a table of contents", "Conjoint": "a conjoint", "ReferenceSurvey": "another survey",
}  # fmt: skip
_ELEMENTS = {"QG": "quotas", "QO": "quotas", "SCO": "a scoring"}
_STEERING = {
    "DisplayLogic": "the display logic", "InPageDisplayLogic": "the display logic", "SkipLogic": "the skip logic",
    "DynamicChoices": "choices carried forward", "Randomization": "the order drawn at random",
    "QuestionJS": "the JavaScript",
}  # fmt: skip
_MOST = 20_000


def qsf_seen(held: Any, file: str) -> Seen:
    """What a survey shows.

    Raises
    ------
    DataError
        When the JSON is no Qualtrics survey.
    """
    if not isinstance(held, dict) or not isinstance(held.get("SurveyElements"), list):
        message = "a .qsf file holds SurveyEntry and SurveyElements, and this one does not; export the survey again."
        raise DataError(Fault(message, file))
    if len(held["SurveyElements"]) > _MOST:
        raise DataError(Fault(f"the survey has more than {_MOST:,} elements; this is no honest file.", file))
    return _Reader(held, file).seen


class _Reader:
    def __init__(self, held: Payload, file: str) -> None:
        entry = held.get("SurveyEntry")
        entry = entry if isinstance(entry, dict) else {}
        self.elements = [one for one in held["SurveyElements"] if isinstance(one, dict)]
        self.base = self.tag(entry.get("SurveyLanguage") or "EN")
        self.questions = {
            one_line(one.get("PrimaryAttribute")): one["Payload"]
            for one in self.elements
            if one.get("Element") == "SQ" and isinstance(one.get("Payload"), dict)
        }
        self.seen = Seen(f"the Qualtrics survey {file}", self.languages())
        self.seen.title = self.texts(entry.get("SurveyName"))
        self.seen.description = self.texts(entry.get("SurveyDescription"))
        self.names: set[str] = set()
        self.page = Page("")
        for page, questions in self.blocks():
            self.page = page
            self.seen.pages[page.name] = page
            for id in questions:
                if id in self.questions:
                    self.question(self.questions[id])
        for element, what in _ELEMENTS.items():
            count = sum(one.get("Element") == element and bool(one.get("Payload")) for one in self.elements)
            if count and not (element == "SCO" and not self.scored()):
                self.left(what)

    def languages(self) -> list[str]:
        said = [self.base]
        for payload in self.questions.values():
            translated = payload.get("Language")
            if isinstance(translated, dict):
                said += [self.tag(name) for name, one in translated.items() if isinstance(one, dict)]
        return list(dict.fromkeys(said))

    def tag(self, name: object) -> str:
        return tag_of(one_line(name)) or unknown_tag(one_line(name))

    def scored(self) -> bool:
        held = [one.get("Payload") for one in self.elements if one.get("Element") == "SCO"]
        return any(isinstance(one, dict) and one.get("ScoringCategories") for one in held)

    def blocks(self) -> Iterator[tuple[Page, list[str]]]:
        """The blocks in the order of the flow; those that are not in it come last, the trash never."""
        blocks = {one_line(one.get("ID")) or f"block {place}": one for place, one in enumerate(self.block_list(), 1)}
        order = [id for id in self.flow() if id in blocks]
        for number, id in enumerate(dict.fromkeys([*order, *blocks]), start=1):
            block = blocks[id]
            elements = [one for one in _values(block.get("BlockElements")) if isinstance(one, dict)]
            ids = [one_line(one.get("QuestionID")) for one in elements if one.get("Type") == "Question"]
            if block.get("Type") == "Trash":
                thrown = [id for id in ids if id in self.questions]
                if thrown:
                    self.left(f"{len(thrown)} questions in the trash")
                continue
            if order and id not in order and ids:
                self.seen.unsure.append(f"The block '{quoted(block.get('Description'))}' is not in the survey's flow.")
            title = one_line(block.get("Description"))
            yield Page(f"block_{number}", {self.base: title} if title else {}), ids

    def block_list(self) -> list[Payload]:
        held = [one.get("Payload") for one in self.elements if one.get("Element") == "BL"]
        return [one for payload in held for one in _values(payload) if isinstance(one, dict)]

    def flow(self) -> list[str]:
        """The ids of blocks in the order of the flow; everything else in it is told."""
        ids: list[str] = []
        counts: dict[str, int] = {}
        waiting: list[Any] = [one.get("Payload") for one in self.elements if one.get("Element") == "FL"][::-1]
        while waiting:
            held = waiting.pop()
            if not isinstance(held, dict):
                continue
            kind = one_line(held.get("Type"))
            if kind in ("Block", "Standard"):
                ids.append(one_line(held.get("ID")))
            elif kind in _FLOWS:
                counts[kind] = counts.get(kind, 0) + 1
            inner = held.get("Flow")
            waiting += reversed(inner if isinstance(inner, list) else [])
        for kind, count in counts.items():
            self.left(f"{_FLOWS[kind]} in the flow of the survey ({count} times)")
        return list(dict.fromkeys(ids))

    def question(self, payload: Payload) -> None:
        kind, selector = one_line(payload.get("QuestionType")), one_line(payload.get("Selector"))
        name = self.named(payload)
        if kind == "MC" and selector in (*_ONE, *_MANY):
            codes = self.choices(payload, "Choices", name)
            self.add(payload, name, "multi" if selector in _MANY else "single", self.stem(payload), codes)
        elif kind == "Matrix" and selector in ("Likert", "Bipolar", "Profile", "MaxDiff", "TE", "RO", "CS"):
            self.matrix(payload, name, selector)
        elif kind == "RO":
            self.add(payload, name, "rank", self.stem(payload), self.choices(payload, "Choices", name))
        elif kind == "TE":
            self.text(payload, name, selector)
        elif kind == "Slider":
            self.slider(payload, name)
        elif kind == "DB":
            self.notice(payload, name)
            return
        else:
            said = _TYPES.get(kind, f"of the type '{quoted(kind, 20)} {quoted(selector, 20)}'")
            self.left(f"'{quoted(name)}' is {said} ({self.shown(payload)})")
            return
        self.steering(payload, name)

    def shown(self, payload: Payload) -> str:
        return quoted(text_of(one_line(payload.get("QuestionText"))))

    def named(self, payload: Payload) -> str:
        return one_line(payload.get("DataExportTag")) or one_line(payload.get("QuestionID")) or "question"

    def matrix(self, payload: Payload, name: str, selector: str) -> None:
        """A matrix: its choices are the items, its answers the columns."""
        sub = one_line(payload.get("SubSelector"))
        many = sub == "MultipleAnswer"
        if selector not in ("Likert", "Bipolar") or sub not in ("SingleAnswer", "MultipleAnswer", "DL", "DND", ""):
            said = quoted(f"{selector} {sub}".strip(), 30)
            self.left(f"'{quoted(name)}' is a matrix of the kind '{said}' ({self.shown(payload)})")
            return
        listed = self.choices(payload, "Answers", name)
        self.heading(payload, name)
        tags = payload.get("ChoiceDataExportTags")
        for id, choice in _ordered(payload, "Choices"):
            tag = one_line(tags.get(id)) if isinstance(tags, dict) else ""
            own = f"{name}_{tag}" if tag and not tag.startswith(f"{name}_") else tag  # as columns of answers are called
            texts = self.display(payload, "Choices", id, choice)
            if selector == "Bipolar":
                texts = {tag: " – ".join(part.strip() for part in text.split(":", 1)) for tag, text in texts.items()}
            self.add(payload, own or f"{name}_{id}", "multi" if many else "single", texts, listed)
            if _has_text(choice):
                self.left(f"the text field of '{quoted(own or f'{name}_{id}')}'")

    def heading(self, payload: Payload, name: str) -> None:
        """The text above a matrix or a group of sliders: the text of a page of its own."""
        texts = self.stem(payload)
        if not texts:
            return
        used = any(asked.page == self.page.name for asked in self.seen.asked)
        if not used and not self.page.text:
            self.page.text = texts
            return
        number = sum(page.startswith(f"{self.page.name.split('/')[0]}/") for page in self.seen.pages) + 1
        self.page = Page(f"{self.page.name.split('/')[0]}/{number}", {}, texts)
        self.seen.pages[self.page.name] = self.page

    def text(self, payload: Payload, name: str, selector: str) -> None:
        if selector == "PW":
            self.left(f"'{quoted(name)}' is a password")
        elif selector == "FORM":
            self.heading(payload, name)
            for id, choice in _ordered(payload, "Choices"):
                self.add(payload, f"{name}_{id}", "text", self.display(payload, "Choices", id, choice), "")
        else:
            settings = _settings(payload)
            content = one_line(settings.get("ContentType")) if settings.get("Type") == "ContentType" else ""
            type, low, high = ("longtext" if selector in ("ML", "ESTB") else "text"), None, None
            if content == "ValidNumber":
                bounds = settings.get("ValidNumber")
                bounds = bounds if isinstance(bounds, dict) else {}
                type = "integer" if one_line(bounds.get("NumDecimals")) == "0" else "decimal"
                low, high = number_of(bounds.get("Min")), number_of(bounds.get("Max"))
            elif content.startswith("ValidDate"):
                type = "date"
            elif content:
                self.left(f"the check '{quoted(content, 30)}' of '{quoted(name)}'")
            self.add(payload, name, type, self.stem(payload), "", low, high)

    def slider(self, payload: Payload, name: str) -> None:
        """Sliders: each of them a whole number in a range, or a decimal where the range is too wide or broken."""
        config = payload.get("Configuration")
        config = config if isinstance(config, dict) else {}
        low, high = number_of(config.get("CSSliderMin")), number_of(config.get("CSSliderMax"))
        if one_line(payload.get("Selector")) == "STAR":
            low, high = 0.0, number_of(config.get("StarCount")) or 5.0
        low, high = (0.0 if low is None else low), (100.0 if high is None else high)
        whole = one_line(config.get("NumDecimals") or "0") == "0"
        choices = list(_ordered(payload, "Choices"))
        if len(choices) > 1:
            self.heading(payload, name)
        fits = whole and low.is_integer() and high.is_integer() and 0 < high - low <= WIDEST
        listed = f"{name}_range" if fits else ""
        if fits:
            self.seen.lists[listed] = [Choice(str(code)) for code in range(int(low), int(high) + 1)]
        for id, choice in choices:
            texts = self.display(payload, "Choices", id, choice)
            texts = self.stem(payload) if len(choices) == 1 and (not texts or self.stem(payload)) else texts
            bounds = (None, None) if fits or low >= high else (low, high)
            line = "single" if one_line(payload.get("Selector")) == "STAR" else "slider"
            self.add(payload, f"{name}_{id}", line if fits else "decimal", texts, listed, *bounds)
        if any(one_line(label) for label in _values(payload.get("Labels"))):
            self.left(f"the labels above the slider '{quoted(name)}'")

    def notice(self, payload: Payload, name: str) -> None:
        """A text: the introduction, or the text of its block, where it stands first."""
        texts = self.stem(payload)
        if not texts:
            self.left(f"'{quoted(name)}' shows something that is no text")
        elif not self.seen.asked and not self.seen.instructions:
            self.seen.instructions = texts
        elif not self.page.text and not any(asked.page == self.page.name for asked in self.seen.asked):
            self.page.text = texts
        else:
            self.add(payload, name, "info", texts, "")

    def add(
        self, payload: Payload, name: str, type: str, texts: dict[str, str], listed: str,
        low: float | None = None, high: float | None = None,
    ) -> None:  # fmt: skip
        made, number = name, 1
        while made in self.names:
            number += 1
            made = f"{name}_{number}"
        if made != name:
            self.seen.unsure.append(f"The tag '{quoted(name)}' stands twice; here the second is called {made}.")
        self.names.add(made)
        settings = _settings(payload)
        required = _REQUIRED.get(one_line(settings.get("ForceResponse")).upper(), "no")
        self.seen.asked.append(Asked(made, type, texts, listed, self.page.name, required, low, high))

    def choices(self, payload: Payload, key: str, name: str) -> str:
        """The answers of a question as a list: codes are the recoded values where there are some."""
        recoded = {id: one_line(value) for id, value in _pairs(payload.get("RecodeValues"))}
        made = []
        for id, choice in _ordered(payload, key):
            made.append(Choice(recoded.get(id) or id, self.display(payload, key, id, choice)))
            if _has_text(choice):
                self.left(f"the text field of the answer {id} of '{quoted(name)}'")
        self.seen.lists[name] = made
        return name

    def stem(self, payload: Payload) -> dict[str, str]:
        texts = {self.base: payload.get("QuestionText")}
        for tag, translated in self.translations(payload):
            texts[tag] = translated.get("QuestionText")
        return self.plain(texts)

    def display(self, payload: Payload, key: str, id: str, choice: Any) -> dict[str, str]:
        texts = {self.base: choice.get("Display") if isinstance(choice, dict) else choice}
        for tag, translated in self.translations(payload):
            found = dict(_pairs(translated.get(key))).get(id)
            texts[tag] = found.get("Display") if isinstance(found, dict) else found
        return self.plain(texts)

    def translations(self, payload: Payload) -> Iterator[tuple[str, Payload]]:
        held = payload.get("Language")
        for name, translated in (held if isinstance(held, dict) else {}).items():
            if isinstance(translated, dict) and self.tag(name) != self.base:
                yield self.tag(name), translated

    def plain(self, texts: Mapping[str, Any]) -> dict[str, str]:
        made = {tag: text_of(one_line(text)) for tag, text in texts.items() if isinstance(text, str | int | float)}
        return {tag: text for tag, text in made.items() if text}

    def texts(self, text: Any) -> dict[str, str]:
        return self.plain({self.base: text})

    def steering(self, payload: Payload, name: str) -> None:
        for key, what in _STEERING.items():
            held = payload.get(key)
            if key == "Randomization" and isinstance(held, dict) and one_line(held.get("Type")) in ("", "None"):
                continue
            if held:
                self.left(f"{what} of '{quoted(name)}'")

    def left(self, what: str) -> None:
        sentence = f"Not taken over: {what}."
        if sentence not in self.seen.left_out:
            self.seen.left_out.append(sentence)


def _values(held: Any) -> Sequence[Any]:
    """The values of a list, or of a mapping that stands for one."""
    return held if isinstance(held, list) else list(held.values()) if isinstance(held, dict) else ()


def _pairs(held: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(held, dict):
        return [(str(id), value) for id, value in held.items()]
    return [(str(id), value) for id, value in enumerate(held)] if isinstance(held, list) else ()


def _ordered(payload: Payload, key: str) -> Iterator[tuple[str, Any]]:
    """Choices or answers in their order, each once."""
    held = dict(_pairs(payload.get(key)))
    order = [str(id) for id in _values(payload.get("ChoiceOrder" if key == "Choices" else "AnswerOrder"))
             if isinstance(id, str | int)]  # fmt: skip
    for id in dict.fromkeys([*order, *held]):
        if id in held:
            yield id, held[id]


def _settings(payload: Payload) -> Payload:
    validation = payload.get("Validation")
    settings = validation.get("Settings") if isinstance(validation, dict) else None
    return settings if isinstance(settings, dict) else {}


def _has_text(choice: Any) -> bool:
    return isinstance(choice, dict) and one_line(choice.get("TextEntry")).lower() in ("true", "1", "on")
