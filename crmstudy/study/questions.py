"""The questions of ``crmstudy init``, at most eight, and their answers: asked one by one or read from a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crmstudy.declared import read_declared
from crmstudy.errors import InputError, StudyError, did_you_mean
from crmstudy.instrument.model import TOO_WIDE, WIDEST
from crmstudy.study.forms import LANGUAGES, Choice, Flag, Key, ListOf, MapOf, Number, Section, Text
from crmstudy.study.plan import POPULATIONS
from crmstudy.study.proposing import Proposal, codes_outside, is_item_id, propose

ANSWERS = Section(
    (
        Key("folder", Text("the path of a folder"), "Folder of the new study, seen from the current folder."),
        Key("title", Text("a title"), "Title of the study.", default="My study"),
        Key("language", Choice(LANGUAGES), "Language of the title and of the questionnaire.", default="en"),
        Key("data", Text("the path of a data file"), "Data file, seen from the current folder."),
        Key("population", Choice(POPULATIONS), "Who answered.", default="staff"),
        Key("scales", MapOf(ListOf(Text("a column"), "columns", 1), "scales"), "Scales and their columns."),
        Key("reversed", ListOf(Text("a column"), "columns"), "Columns worded the other way round.", default=()),
        Key("range", ListOf(Number(whole=True), "two numbers", 2, 2), "Lowest and highest answer: `[1, 5]`."),
        Key("outcome", Text("the name of a scale"), "Scale that the others should explain."),
        Key("missing_codes", ListOf(Number(whole=True), "codes"), "Numbers that mean 'no answer'."),
        Key("copy", Flag(), "Copy the data file into the study; otherwise it is referred to.", default=False),
    )
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a new study is to be. Without ``data`` it is the example study under another title."""

    folder: Path
    title: str = "My study"
    language: str = "en"
    data: Path | None = None
    population: str = "staff"
    scales: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reversed: tuple[str, ...] = ()
    low: int = 1
    high: int = 5
    outcome: str | None = None
    missing_codes: tuple[int, ...] = ()
    copy: bool = False


@dataclass
class Interview:
    """Answers as they come in; the data file is looked at as soon as it is named."""

    given: dict[str, Any] = field(default_factory=dict)
    proposal: Proposal | None = None
    frame: Any = None

    def look(self, path: Path) -> None:
        """Read the data file and propose its scales. Raises InputError when it cannot be read."""
        from crmstudy.exchange.read import read_responses

        self.frame = read_responses(path).frame
        self.proposal = propose(self.frame)
        self.given["data"] = path

    def answers(self) -> Answers:
        """The answers so far, with the proposals in the place of what was not said."""
        given = dict(self.given)
        if self.proposal is None:
            kept = ("folder", "title", "language", "population")
            return Answers(**{name: given[name] for name in kept if name in given})
        low, high = given.pop("range", None) or (self.proposal.low, self.proposal.high)
        given.setdefault("scales", self.proposal.scales)
        items = [name for members in given["scales"].values() for name in members]
        codes = given.pop("missing_codes", None)
        if codes is None:
            codes = codes_outside(self.frame, items, low, high)
        return Answers(low=low, high=high, missing_codes=tuple(codes), **given)


@dataclass(frozen=True, slots=True)
class Question:
    """One question: its text, the answer taken when none is given, and how an answer is read.

    ``read`` raises ValueError with a sentence when an answer will not do. ``applies`` says whether it is asked at all.
    """

    key: str
    text: str
    default: Callable[[Interview], str]
    read: Callable[[str, Interview], Any]
    applies: Callable[[Interview], bool] = lambda interview: True


def read_answers(path: str | Path, *, folder: Path | None = None, data: Path | None = None) -> Answers:
    """Read the answers of a file; the folder and data file of the command line go before those of the file.

    Raises
    ------
    InputError
        With every fault of the file and of what it says about the data.
    """
    doc = read_declared(path, StudyError)
    ANSWERS.check(doc, ())
    if not isinstance(doc.data, dict) or doc.faults:
        doc.raise_faults()
    given = {name: value for name, value in doc.data.items() if value is not None}
    interview = Interview({"folder": folder or Path(given.get("folder", "my_study"))})
    interview.given |= {name: given[name] for name in ("title", "language", "population", "copy") if name in given}
    source = data or (Path(given["data"]) if "data" in given else None)
    if source is None:
        needless = [name for name in ("scales", "reversed", "range", "outcome", "missing_codes") if name in given]
        for name in needless:
            doc.refuse(f"'{name}' says something about the data, but no data file is named; add data: FILE.", (name,))
        doc.raise_faults()
        return interview.answers()
    try:
        interview.look(source)
    except InputError as error:
        doc.faults += error.faults
        doc.raise_faults()
    if "scales" in given:
        interview.given["scales"] = {name: tuple(members) for name, members in given["scales"].items()}
    interview.given |= {name: tuple(given[name]) for name in ("reversed", "range", "missing_codes") if name in given}
    interview.given |= {"outcome": given["outcome"]} if "outcome" in given else {}
    answers = interview.answers()
    for key, message in faults_of(answers, interview.frame):
        doc.refuse(message, (key,))
    doc.raise_faults()
    return answers


def faults_of(answers: Answers, frame: Any) -> list[tuple[str, str]]:
    """What is wrong with answers about a data file: the key of each and a sentence."""
    import pandas as pd

    columns = [str(name) for name in frame.columns]
    items = [name for members in answers.scales.values() for name in members]
    faults = []
    if not answers.scales:
        faults.append(("scales", "no scales were found in the data; name them, each with its columns."))
    for name in dict.fromkeys(items):
        if name not in columns:
            faults.append(("scales", f"'{name}' is no column of the data.{did_you_mean(name, columns)}"))
        elif not is_item_id(name):
            wanted = "letters, digits, '_' and '.', no digit first"
            faults.append(("scales", f"the column '{name}' cannot be an item; rename it ({wanted})."))
        elif not pd.api.types.is_numeric_dtype(frame[name]):
            faults.append(("scales", f"the column '{name}' holds text; an item holds numbers."))
        if items.count(name) > 1:
            faults.append(("scales", f"the column '{name}' stands in more than one place; keep one."))
    for scale in answers.scales:
        if not scale.isidentifier() or scale in columns:
            why = "is a column too" if scale in columns else "is no name (letters, digits and '_', no digit first)"
            faults.append(("scales", f"the scale '{scale}' {why}; rename it."))
    for name in answers.reversed:
        if name not in items:
            faults.append(("reversed", f"'{name}' is in no scale.{did_you_mean(name, items)}"))
    if answers.low >= answers.high:
        faults.append(("range", f"the range runs from {answers.low} to {answers.high}; low must be below high."))
    elif answers.high - answers.low > WIDEST:
        faults.append(("range", f"the range runs from {answers.low} to {answers.high}; {TOO_WIDE}."))
    for code in answers.missing_codes:
        if answers.low <= code <= answers.high:
            faults.append(("missing_codes", f"the code {code} is an answer from {answers.low} to {answers.high}."))
    if answers.outcome is not None and answers.outcome not in answers.scales:
        hint = did_you_mean(answers.outcome, answers.scales) or f" There is: {', '.join(answers.scales)}."
        faults.append(("outcome", f"there is no scale '{answers.outcome}'.{hint}"))
    return faults


def parse_scales(text: str) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Read ``NAME=col1,-col2; NAME2=...`` as scales and reversed columns (those with a minus).

    Examples
    --------
    >>> parse_scales("crm=c1, c2; qwl=q1,-q2")
    ({'crm': ('c1', 'c2'), 'qwl': ('q1', 'q2')}, ('q2',))
    """
    scales: dict[str, tuple[str, ...]] = {}
    turned: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, members = part.partition("=")
        columns = [column.strip() for column in members.split(",") if column.strip()]
        if not equals or not name.strip() or not columns:
            raise ValueError(f"'{part}' is no scale; write NAME=column,column and ';' between scales.")
        if name.strip() in scales:
            raise ValueError(f"the scale '{name.strip()}' stands twice; keep one.")
        turned += [column[1:].strip() for column in columns if column.startswith("-")]
        scales[name.strip()] = tuple(column.lstrip("-").strip() for column in columns)
    return scales, tuple(turned)


def print_scales(scales: Mapping[str, tuple[str, ...]]) -> str:
    """Scales as :func:`parse_scales` reads them."""
    return "; ".join(f"{name}={','.join(members)}" for name, members in scales.items())


def _read_folder(text: str, interview: Interview) -> Path:
    folder = Path(text).expanduser()
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"'{text}' is a file; name a folder.")
    return folder


def _read_choice(options: tuple[str, ...]) -> Callable[[str, Interview], str]:
    def read(text: str, interview: Interview) -> str:
        if text not in options:
            raise ValueError(f"it is one of {', '.join(options)}.{did_you_mean(text, options)}")
        return text

    return read


def _read_data(text: str, interview: Interview) -> Path | None:
    if text in ("", "none"):
        return None
    try:
        interview.look(Path(text).expanduser())
    except InputError as error:
        raise ValueError(str(error)) from None
    return Path(text).expanduser()


def _read_scales(text: str, interview: Interview) -> Mapping[str, tuple[str, ...]]:
    scales, turned = parse_scales(text)
    tried = Answers(Path(), scales=scales, reversed=turned)
    faults = [message for key, message in faults_of(tried, interview.frame) if key in ("scales", "reversed")]
    if faults:
        raise ValueError(" ".join(faults))
    interview.given["reversed"] = turned
    return scales


def _read_range(text: str, interview: Interview) -> tuple[int, int]:
    found = re.fullmatch(r"\s*(-?\d+)\s*(?:-|–|to|\.\.|,|\s)\s*(-?\d+)\s*", text)
    if found is None or int(found[1]) >= int(found[2]):
        raise ValueError("write the lowest and the highest answer, such as 1-5.")
    if int(found[2]) - int(found[1]) > WIDEST:
        raise ValueError(f"{TOO_WIDE}.")
    return int(found[1]), int(found[2])


def _read_outcome(text: str, interview: Interview) -> str | None:
    scales = interview.given["scales"]
    if text in ("", "none"):
        return None
    if text not in scales:
        raise ValueError(
            f"there is no scale '{text}'.{did_you_mean(text, scales) or ' There is: ' + ', '.join(scales)}"
        )
    return text


def _has_data(interview: Interview) -> bool:
    return interview.proposal is not None


def _several_scales(interview: Interview) -> bool:
    return _has_data(interview) and len(interview.given.get("scales", ())) > 1


QUESTIONS = (
    Question("folder", "Folder of the new study", lambda _: "my_study", _read_folder),
    Question("title", "Title", lambda _: "My study", lambda text, _: text),
    Question("language", "Language of the title and the questionnaire (en, fa, ru)", lambda _: "en",
             _read_choice(LANGUAGES)),
    Question("data", "Data file (none: the example's simulated answers)", lambda _: "none", _read_data),
    Question("population", "Who answered (staff, customer, expert, unit)", lambda _: "staff",
             _read_choice(POPULATIONS)),
    Question("scales", "Scales: NAME=column,column; NAME=... with '-' before a reversed column",
             lambda interview: print_scales(interview.proposal.scales) if interview.proposal else "", _read_scales,
             _has_data),
    Question("range", "Lowest and highest answer",
             lambda interview: f"{interview.proposal.low}-{interview.proposal.high}" if interview.proposal else "1-5",
             _read_range, _has_data),
    Question("outcome", "Scale that the others should explain (none: no hypotheses)", lambda _: "none",
             _read_outcome, _several_scales),
)  # fmt: skip
