"""A drafted instrument: what a document shows, with every decision and every doubt as a sentence beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crmstudy import letters
from crmstudy.errors import DataError, Fault, UnsupportedError, did_you_mean
from crmstudy.exchange.drafting.answer_words import Label, answers, family_of, shared_format
from crmstudy.exchange.drafting.found import Found, Statement
from crmstudy.exchange.drafting.headings import is_about_person, reads_negative, take_mark
from crmstudy.exchange.questionnaires.formats import FORMATS, recognise_questionnaire
from crmstudy.exchange.questionnaires.names import identifier, slug, unique
from crmstudy.exchange.questionnaires.seen import quoted
from crmstudy.instrument.drafts import draft
from crmstudy.instrument.library import glossary, shared_sets
from crmstudy.instrument.model import LISTED, WIDEST, Instrument, Item, Question, ResponseFormat, Scale

#: What is taken where a file shows no answers at all.
USUAL = "agreement-5"
_MOST_IN_NOTES = 40


@dataclass(frozen=True, slots=True)
class Drafted:
    """The drafted instrument, what was decided (``told``) and what somebody must look at (``unsure``), as sentences."""

    instrument: Instrument
    told: tuple[str, ...]
    unsure: tuple[str, ...]


def draft_questionnaire(
    path: str | Path,
    *,
    id: str = "",
    lang: str | None = None,
    responses: str = "",
    respondent: str = "staff",
) -> Drafted:
    """Draft an instrument of a questionnaire in a workbook, a delimited file, a Word document or an SPSS file.

    Parameters
    ----------
    path : path
        .xlsx, .csv, .docx or .sav.
    id : str
        The id of the instrument; made of its title or the file's name when left out.
    lang : str, optional
        The language of the texts; by their letters when left out, which is told.
    responses : str
        The shared answer set of statements for which the file shows none.
    respondent : str
        Who answers: staff, customer, manager or expert.

    Returns
    -------
    Drafted
        Nothing is guessed silently: each decision is in ``told`` or ``unsure`` and in the notes of the instrument, and
        every part of it is marked unverified.

    Raises
    ------
    DataError, UnsupportedError
        When the file cannot be read, shows no statements, or is of another kind.
    """
    path = Path(path)
    if responses and responses not in shared_sets():
        known = ", ".join(shared_sets())
        raise UnsupportedError(
            "the library has no answer set "
            f"'{responses}'.{did_you_mean(responses, shared_sets()) or f' There are: {known}.'}"
        )
    return make_draft(_read(path, lang), path.stem, id=id, responses=responses, respondent=respondent)


def _read(path: Path, lang: str | None) -> Found:
    suffix = path.suffix.lower()
    kind = recognise_questionnaire(path)
    if kind is not None:
        title = FORMATS[kind].title
        raise UnsupportedError(f"'{path}' is {title}, which is read as such: crmstudy import FILE --out FILE.yaml.")
    if suffix in (".xlsx", ".xlsm", ".csv", ".tsv", ".txt"):
        from crmstudy.exchange.drafting.sheets import read_sheets

        return read_sheets(path, lang)
    if suffix == ".docx":
        from crmstudy.exchange.drafting.documents import read_document

        return read_document(path, lang)
    if suffix in (".sav", ".zsav"):
        from crmstudy.exchange.drafting.data_files import read_dictionary

        return read_dictionary(path, lang)
    again = {".doc": ".docx", ".odt": ".docx", ".xls": ".xlsx", ".ods": ".xlsx"}
    advice = f"save it as {again.get(suffix, 'one of these')}"
    if suffix == ".pdf":
        advice = "find the document it was made of, and save that as .docx"
    raise UnsupportedError(
        f"a questionnaire is drafted from .xlsx, .csv, .docx or .sav, not '{path.suffix}'; {advice}."
    )


def make_draft(found: Found, stem: str, *, id: str = "", responses: str = "", respondent: str = "staff") -> Drafted:
    """Make the instrument of what was found."""
    if not found.statements:
        raise DataError(Fault("there is no statement that could be recognised.", found.origin))
    _take_marks(found)
    _leave_persons_out(found)
    ids = _ids(found)
    formats = _Formats(found, responses)
    entries: list[Item | Question] = []
    homes: dict[str, list[Item]] = {}
    for order, (name, statement) in enumerate(zip(ids, found.statements, strict=True), start=1):
        entry = _entry(name, order, statement, formats, found)
        entries.append(entry)
        if isinstance(entry, Item) and not entry.unscored:
            homes.setdefault(statement.scale, []).append(entry)
    if all(isinstance(entry, Question) and entry.response is None for entry in entries):
        message = "all questions of this file are open, and an instrument needs one with answers to choose from."
        raise DataError(Fault(message, found.origin))
    homes = {heading: _of_one_kind(heading, items, found) for heading, items in homes.items()}
    loose = homes.pop("", []) if len(homes) > 1 or "" not in homes else []
    scales = _scales(homes, found, ids)
    entries = _unscore(entries, loose, {id for scale in scales for id in scale.item_ids}, found)
    items = [entry for entry in entries if isinstance(entry, Item)]
    scales = [replace(s, items=tuple(i for i in items if i.id in s.item_ids)) for s in scales]
    _tell_reversed(items, scales, found)
    said = [f"To be checked: {sentence}" for sentence in found.unsure] + [
        f"Decided: {sentence}" for sentence in found.told
    ]
    more = f" And {len(said) - _MOST_IN_NOTES} more." if len(said) > _MOST_IN_NOTES else ""
    title = found.title or {found.lang: stem or "questionnaire"}
    instrument = draft(
        id or slug(title.get("en", ""), slug(stem, "questionnaire")),
        name=title,
        items=items,
        scales=scales,
        questions=[entry for entry in entries if isinstance(entry, Question)],
        languages=[found.lang],
        respondent=respondent,
        instructions=found.instructions,
        notes={found.lang: f"Drafted from {found.origin}. {' '.join(said[:_MOST_IN_NOTES])}{more}"},
        origin=found.origin,
    )
    return Drafted(instrument, tuple(dict.fromkeys(found.told)), tuple(dict.fromkeys(found.unsure)))


def _take_marks(found: Found) -> None:
    """Marks in the texts: (R), معکوس, a star; a star at every statement is no key but a mark of duty."""
    marked: list[tuple[Statement, str]] = []
    for statement in found.statements:
        mark = ""
        for tag, text in statement.texts.items():
            statement.texts[tag], here = take_mark(text)
            mark = mark or here
        if mark:
            marked.append((statement, mark))
    stars = [statement for statement, mark in marked if mark == "*"]
    all_starred = len(stars) > 1 and len(stars) * 2 > len(found.statements)
    if all_starred:
        found.unsure.append(
            "Most statements have a star, which then means that they must be answered; no item was reversed for it."
        )
    for statement, mark in marked:
        if mark == "*" and all_starred:
            continue
        if statement.reverse is False:
            found.unsure.append(
                f"{statement.place}: the text is marked {mark}, but its column says that it is not "
                "reversed; taken as not."
            )
        else:
            statement.reverse, statement.mark = True, statement.mark or mark


def _leave_persons_out(found: Found) -> None:
    """Questions under a heading about the respondent are in no scale."""
    headings = [heading for heading in dict.fromkeys(s.scale for s in found.statements) if is_about_person(heading)]
    for heading in headings:
        found.told.append(f"Under '{quoted(heading, 40)}' stand questions about the respondent; they are not scored.")
    for statement in found.statements:
        statement.unscored = statement.unscored or statement.scale in headings


def _ids(found: Found) -> list[str]:
    """Ids: the file's names where they can be ids, otherwise q1, q2 ..."""
    ids: list[str] = []
    renamed = []
    for place, statement in enumerate(found.statements, start=1):
        wanted = statement.name
        if wanted and not letters.digits(wanted).isdecimal():
            made = unique(identifier(wanted, f"q{place}"), ids, folded=True)
            if made != wanted:
                renamed.append(f"'{quoted(wanted, 20)}' as {made}")
        else:
            made = unique(f"q{place}", ids, folded=True)
            statement.number = statement.number or letters.digits(wanted)
        ids.append(made)
    if renamed:
        found.told.append(f"Names that cannot be ids were changed: {', '.join(renamed)}.")
    if not any(statement.name for statement in found.statements):
        found.told.append(f"The statements have no ids; they are called {ids[0]} to {ids[-1]}.")
    seen = Counter(letters.key(next(iter(s.texts.values()), "")) for s in found.statements)
    for key, times in seen.items():
        if times > 1 and key:
            twice = [
                id
                for id, s in zip(ids, found.statements, strict=True)
                if letters.key(next(iter(s.texts.values()), "")) == key
            ]
            found.unsure.append(f"The same text stands {times} times: {', '.join(twice)}.")
    return ids


class _Formats:
    """Answer sets made of what statements show; the same labels are one set."""

    def __init__(self, found: Found, usual: str) -> None:
        self.found = found
        self.usual = usual
        self.made: dict[object, ResponseFormat | None] = {}
        self.formats: list[ResponseFormat] = []
        self.bare: list[str] = []

    def of(self, id: str, statement: Statement) -> ResponseFormat | None:
        """The answer set of a statement; None where its answers cannot be one."""
        key = (statement.answers, tuple(sorted(statement.missing.items())))
        if key not in self.made:
            self.made[key] = self._new(id, statement)
        return self.made[key]

    def _new(self, id: str, statement: Statement) -> ResponseFormat | None:
        found, given = self.found, statement.answers
        where = f"The answers of {id}"
        if isinstance(given, str):
            if given in found.sets:
                return self._named(given)
            if given in shared_sets():
                return self._kept(shared_format(given, given, list(statement.texts)))
            hint = did_you_mean(given, [*found.sets, *shared_sets()])
            found.unsure.append(
                f"{statement.place}: there is no answer set '{quoted(given, 30)}'.{hint} The usual one was taken."
            )
        elif given:
            made = answers("answers", given, found.lang, found.told, where)
            if made is None:
                return None
            codes = tuple(statement.missing)
            labels = {code: {found.lang: text} for code, text in statement.missing.items() if text}
            if codes:
                made = replace(made, missing_codes=codes, missing_labels=labels, shared="")
            return self._kept(made)
        name = self.usual or USUAL
        if not self.usual:
            found.unsure.append(
                f"The file shows no answers for {id} and others like it; '{name}' of the library was put in. Say "
                "--responses NAME, or change it in the file."
            )
        else:
            found.told.append(f"Statements without answers in the file are answered as '{name}', as was asked.")
        return self._kept(shared_format(name, name, list(statement.texts)))

    def _named(self, name: str) -> ResponseFormat | None:
        labels = self.found.sets[name]
        low, high = min(labels), max(labels)
        if low >= high or high - low > WIDEST:
            self.found.unsure.append(f"The answer set '{quoted(name, 30)}' has no range that can be used.")
            return None
        texts = {value: said for value, said in sorted(labels.items()) if said}
        return self._kept(ResponseFormat(identifier(name.replace("-", "_"), "answers"), low, high, texts))

    def _kept(self, made: ResponseFormat) -> ResponseFormat:
        for known in self.formats:
            if replace(made, id=known.id) == known:
                return known
        made = replace(made, id=unique(made.id, [known.id for known in self.formats]))
        self.formats.append(made)
        return made


def _entry(id: str, order: int, statement: Statement, formats: _Formats, found: Found) -> Item | Question:
    if not statement.closed and statement.reverse:
        found.unsure.append(f"{id} is never scored and marked as reversed; the mark was left out.")
    if not statement.closed and statement.type not in LISTED:
        return Question(
            id, order, statement.type, None, statement.texts, statement.low, statement.high, note=statement.note
        )
    response = formats.of(id, statement)
    if response is None:
        found.unsure.append(f"{id}: its answers cannot be used; it was made an open question.")
        return Question(id, order, "text", None, statement.texts, note=statement.note)
    if not statement.closed:
        return Question(id, order, statement.type, response, statement.texts, note=statement.note)
    original = statement.number if statement.number.isdecimal() else ""
    return Item(
        id,
        order,
        response,
        bool(statement.reverse),
        statement.texts,
        statement.note,
        original=original,
        unscored=statement.unscored,
        slider=statement.type == "slider",
    )


def _of_one_kind(heading: str, items: list[Item], found: Found) -> list[Item]:
    """The items under a heading without those whose answers are a list of their own, such as a choice of products."""
    counts = Counter(item.response.id for item in items)
    usual, times = counts.most_common(1)[0]
    if times < 2:
        return items
    others = [
        item
        for item in items
        if item.response.id != usual
        and not item.response.shared
        and item.response.labels
        and family_of([next(iter(texts.values()), "") for texts in item.response.labels.values()]) is None
    ]
    if others:
        said = ", ".join(item.id for item in others)
        found.unsure.append(f"Under '{quoted(heading, 40)}', but with answers of their own, so not scored: {said}.")
    return [item for item in items if item not in others]


def _scales(homes: dict[str, list[Item]], found: Found, ids: Sequence[str]) -> list[Scale]:
    taken = list(ids)
    scales = []
    terms = {(tag, letters.key(text)): key for key, term in glossary().items() for tag, text in term.names.items()}
    for number, (heading, items) in enumerate(homes.items(), start=1):
        names = found.scales.get(heading) or (
            {found.lang: heading} if heading else dict(found.title) or {found.lang: "all items"}
        )
        construct = next(
            (terms[tag, letters.key(text)] for tag, text in names.items() if (tag, letters.key(text)) in terms), ""
        )
        plain = heading if heading.isascii() else names.get("en", "")
        wanted = construct or (
            identifier(slug(plain, f"dimension-{number}").replace("-", "_"), f"dimension_{number}")
            if plain
            else f"dimension_{number}"
        )
        id = unique(wanted if not wanted.startswith("q_") else f"dimension_{number}", taken, folded=True)
        taken.append(id)
        if construct:
            found.unsure.append(
                f"The heading '{quoted(heading, 40)}' is the term '{construct}' of the glossary; check that "
                "it means the same here."
            )
        scales.append(Scale(id, names, tuple(items), "mean", len(items) // 2 + 1, construct=construct))
        ranges = {(item.response.low, item.response.high) for item in items}
        if len(ranges) > 1:
            found.unsure.append(f"The items of '{id}' are answered on different ranges; their mean mixes them.")
        if len(items) == 1:
            found.unsure.append(f"The scale '{id}' has one item; look whether its heading is one.")
    if not scales:
        return scales
    if list(homes) == [""]:
        found.unsure.append(
            "The file shows no dimensions; all items were put in one scale. Divide it before anything is scored."
        )
    found.told.append(
        "Each scale is a mean with more than half of its items answered, its items are taken as effects (reflective)."
    )
    return scales


def _unscore(
    entries: Sequence[Item | Question], loose: Sequence[Item], scored: set[str], found: Found
) -> list[Item | Question]:
    if loose:
        found.unsure.append(f"Under no heading, so in no scale and not scored: {', '.join(item.id for item in loose)}.")
    return [
        replace(entry, unscored=True) if isinstance(entry, Item) and entry.id not in scored else entry
        for entry in entries
    ]


def _tell_reversed(items: Sequence[Item], scales: Sequence[Scale], found: Found) -> None:
    """Which items are reversed and why; which read as if they should be."""
    by_place = dict(zip([item.id for item in items], [s for s in found.statements if s.closed], strict=False))
    scored = {id for scale in scales for id in scale.item_ids}
    keyed = [item.id for item in items if item.reverse]
    if keyed:
        said = ", ".join(
            f"{id} ({by_place[id].mark})" if by_place.get(id) and by_place[id].mark else id for id in keyed
        )
        found.told.append(f"Reversed, because they are marked so: {said}.")
    silent = []
    for item in items:
        word = next((word for text in item.wording.values() if (word := reads_negative(text))), "")
        if word and not item.reverse and item.id in scored:
            silent.append(f"{item.id} ('{quoted(word, 20)}')")
    if silent:
        found.unsure.append(f"Not reversed, but worded negatively; decide for each: {', '.join(silent)}.")
    elif not keyed and len(scored) > 1:
        found.unsure.append("No item is marked as reversed; check the key before anything is scored.")


def labels_of(values: dict[int, str]) -> tuple[Label, ...]:
    """Codes and labels as they stand in a dictionary."""
    return tuple(Label(text, code) for code, text in sorted(values.items()))
