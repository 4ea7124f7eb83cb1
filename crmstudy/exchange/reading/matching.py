"""Which column answers which question: by id, by id in other capitals, or by the text of the question.

Never by place. What fits two questions, or nearly fits one, is refused with what was found.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from crmstudy.errors import Fault, did_you_mean
from crmstudy.exchange.reading.entries import Entry, Heading
from crmstudy.exchange.reading.labels import quoted
from crmstudy.instrument.model import LISTED
from crmstudy.letters import key, plain
from crmstudy.notes import Note

_NUMBERING = re.compile(r"\(?\d{1,3}\s*[.)\-:]\s*|[qв]\d{1,3}\s*[.):]\s*")
_SIGN = re.compile(r"\W")
_CUT = re.compile(r"\s*(\.\.|\.\.\.|…)$")
#: How much of a text must be left before a cut one is looked for, and how near a text must be to be named.
_SHORTEST, _NEAR = 20, 0.85
_LONGEST, _MOST = 2000, 200
#: More columns than this are looked up by id and whole text only.
_WIDE = 2000
_SHOWN = 8


@dataclass(slots=True)
class Matching:
    """The question of every column that has one (by position), in what language its text was found, and findings.

    ``options`` is the answer that a column of a question with several answers stands for.
    """

    placed: dict[int, Entry] = field(default_factory=dict)
    options: dict[int, str] = field(default_factory=dict)
    languages: dict[int, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def match(headings: Sequence[Heading], asked: Sequence[Entry], file: str, line: int | None) -> Matching:
    """Find the question of every column.

    Parameters
    ----------
    headings : sequence of Heading
        The columns that may hold answers.
    asked : sequence of Entry
        The questions, see :func:`entries_of`.
    file, line : str, int or None
        Where the names of the columns stand, for messages.

    Returns
    -------
    Matching
        With a fault for each column that fits two questions, has the id of one and the text of another, or nearly
        the text of one; and for each item that no column answers.
    """
    search = _Search(headings, asked, Matching(), lambda message: Fault(message, file, line))
    search.by_id()
    search.by_text()
    search.contradictions()
    near = search.near_misses()
    search.absent(near)
    return search.found


def _without_signs(name: str) -> str:
    """A name as the id that a draft of a questionnaire gives it: ``pay-rise`` is ``pay_rise``, ``5a`` is ``q_5a``."""
    made = _SIGN.sub("_", unicodedata.normalize("NFKC", name).strip()).casefold()
    return made.removeprefix("q_") if made[2:3].isdecimal() or made[2:3] == "_" else made


class _Ids:
    """Questions by id, and by the columns of the answers of a list; ids that fold into the same find nothing."""

    def __init__(self, asked: Iterable[Entry], fold: Callable[[str], str]) -> None:
        self.fold = fold
        self.known: dict[str, tuple[Entry | None, str]] = {}
        for one in asked:
            answers = [] if one.columns == (one.id,) else [(name, name[len(one.id) + 1 :]) for name in one.columns]
            for name, option in ((one.id, ""), *answers):
                self.known[fold(name)] = (None, "") if fold(name) in self.known else (one, option)

    def find(self, code: str) -> tuple[Entry | None, str]:
        """The question and, of a list, the answer."""
        return self.known.get(self.fold(code), (None, ""))


@dataclass(slots=True)
class _Search:
    """One search: columns, questions, and what was found so far."""

    headings: Sequence[Heading]
    asked: Sequence[Entry]
    found: Matching
    fault: Callable[[str], Fault]

    def by_id(self) -> None:
        """First every exact id, then ids in other capitals, then with other signs in the place of ``_``."""
        ids = _Ids(self.asked, str)
        for heading in self.headings:
            self._place(heading, ids)
        self._by_folded_id(str.casefold, "RESPONSES_CAPITALS_DIFFER", "the capitals")
        self._by_folded_id(_without_signs, "RESPONSES_SIGNS_DIFFER", "signs in their names")
        self._double()

    def _by_folded_id(self, fold: Callable[[str], str], code: str, what: str) -> None:
        """Ids that are the same but for something that does not tell two of them apart, with a note."""
        taken = {one.id for one in self.found.placed.values()}
        folded = _Ids([one for one in self.asked if one.id not in taken], fold)
        changed = {}
        for heading in list(self._free()):
            name = self._place(heading, folded)
            if name:
                changed[name] = self.found.placed[heading.position].id
        if changed:
            said = _listed([f"'{quoted(name)}' as {id}" for name, id in changed.items()])
            self.found.notes.append(Note(code, f"Columns were taken for items though {what} differ: {said}."))

    def by_text(self) -> None:
        """Columns by the text of a question: whole, then with other words in its slots, then cut at the end."""
        taken = {one.id for one in self.found.placed.values()}
        left = [one for one in self.asked if one.id not in taken]
        texts: dict[str, list[tuple[str, Entry]]] = defaultdict(list)
        for one in left:
            for tag, text, _ in one.texts:
                texts[text].append((tag, one))
        narrow = len(self.headings) <= _WIDE
        slotted: list[_Slotted] = []
        for heading in list(self._free()):
            hits = next((texts[text] for text in _candidates(heading) if text in texts), [])
            option = ""
            if not hits:
                for stem, answer in heading.lists:
                    hits = [(tag, one) for tag, one in texts.get(key(stem), []) if one.type in LISTED]
                    option = answer if hits else ""
                    if hits:
                        break
            if not hits and narrow:
                found = _by_pattern(heading, left)
                hits = [(one.tag, one.entry) for one in found]
                slotted += found[:1]
            if not hits and narrow:
                hits = _by_beginning(heading, left)
            self._place_by_text(heading, hits, option)
        self._slots(slotted)
        self._double_texts()

    def _slots(self, slotted: Sequence[_Slotted]) -> None:
        """Say which columns have other words in their slots; words that differ from column to column are refused."""
        if not slotted:
            return
        said = _listed([f"{one.entry.id} by '{quoted(one.heading.name)}'" for one in slotted])
        message = (
            f"Columns were found by their text, but with other words in its slots than the instrument has: {said}."
        )
        self.found.notes.append(Note("RESPONSES_SLOTS_DIFFER", message, "warning"))
        words: dict[tuple[str, str, str], dict[str, _Slotted]] = defaultdict(dict)
        for one in slotted:
            for (slot, form), word in one.words:
                words[one.tag, slot, form].setdefault(word, one)
        for (tag, slot, _), different in words.items():
            if len(different) > 1:
                shown = " and ".join(f"'{quoted(one.heading.name)}'" for one in list(different.values())[:2])
                message = (
                    f"the columns {shown} would fill the slot '{slot}' ({tag}) with different words, so one of them "
                    "asks something else; name the columns by the ids of their items."
                )
                self.found.faults.append(self.fault(message))

    def contradictions(self) -> None:
        """Columns with the id of one question and the text of another."""
        texts: dict[str, set[str]] = defaultdict(set)
        for one in self.asked:
            for _, text, _ in one.texts:
                texts[text].add(one.id)
        for heading in self.headings:
            home = self.found.placed.get(heading.position)
            if home is None or not heading.texts or heading.position in self.found.languages:
                continue
            said = next((texts[text] for text in _candidates(heading) if text in texts), {home.id})
            if home.id not in said:
                other = sorted(said)[0]
                message = (
                    f"the column '{quoted(heading.name)}' has the name of '{home.id}' but the text of '{other}' "
                    f"('{quoted(heading.texts[0])}'); rename the column that is named wrongly."
                )
                self.found.faults.append(self.fault(message))

    def near_misses(self) -> set[str]:
        """Columns whose text is nearly that of a question nobody answers; the ids of those questions."""
        taken = {one.id for one in self.found.placed.values()}
        left = {text: (one, raw) for one in self.asked if one.id not in taken for _, text, raw in one.texts}
        near: set[str] = set()
        if not left:
            return near
        for heading in list(self._free())[:_MOST]:
            for text in _candidates(heading):
                if not _SHORTEST // 2 <= len(text) <= _LONGEST:
                    continue
                hits = difflib.get_close_matches(text, left, n=1, cutoff=_NEAR)
                if hits:
                    one, raw = left[hits[0]]
                    near.add(one.id)
                    message = (
                        f"the column '{quoted(heading.name)}' is nearly the text of '{one.id}' ('{quoted(raw)}'), but "
                        "not quite; make them equal, or name the column by the id."
                    )
                    self.found.faults.append(self.fault(message))
                    break
        return near

    def absent(self, near: set[str]) -> None:
        """Items that no column answers, with the nearest name."""
        taken = {one.id for one in self.found.placed.values()} | near
        free = [code for heading in list(self._free())[:_MOST] for code in map(quoted, (*heading.codes, heading.name))]
        groups: dict[str, list[Entry]] = defaultdict(list)
        for one in self.asked:
            if one.needed:
                groups[one.instrument].append(one)
        for instrument, items in groups.items():
            missing = [one for one in items if one.id not in taken]
            if len(missing) == len(items) > 1:
                said = _listed([f"'{quoted(heading.name)}'" for heading in self.headings])
                message = (
                    f"none of the {len(items)} items of '{instrument}' was found, neither by id nor by text; the "
                    f"columns are: {said or 'none'}."
                )
                self.found.faults.append(self.fault(message))
                continue
            for one in missing[:_SHOWN]:
                text = f" ('{quoted(one.texts[0][2])}')" if one.texts else ""
                hint = did_you_mean(one.id, free) or " Add the column, or name the one that holds it by the id."
                message = f"no column answers the item '{one.id}' of '{instrument}'{text}.{hint}"
                self.found.faults.append(self.fault(message))
            if len(missing) > _SHOWN:
                message = f"{len(missing) - _SHOWN} more items of '{instrument}' are answered by no column."
                self.found.faults.append(self.fault(message))

    def _free(self) -> Iterator[Heading]:
        return (heading for heading in self.headings if heading.position not in self.found.placed)

    def _place(self, heading: Heading, ids: _Ids) -> str:
        """Give a column the question whose id it goes by; the code it was found by, or the empty string."""
        for code in heading.codes:
            one, option = ids.find(code)
            if one is not None:
                self.found.placed[heading.position] = one
                if option:
                    self.found.options[heading.position] = option
                return code
        for stem, answer in heading.lists:
            one, option = ids.find(stem)
            if one is not None and one.type in LISTED and not option:
                self.found.placed[heading.position], self.found.options[heading.position] = one, answer
                return stem
        return ""

    def _place_by_text(self, heading: Heading, hits: Sequence[tuple[str, Entry]], option: str) -> None:
        """Give a column the one question its text belongs to, or refuse it."""
        ids = list(dict.fromkeys(one.id for _, one in hits))
        if len(ids) > 1:
            message = (
                f"the column '{quoted(heading.name)}' has the text of more than one question "
                f"({', '.join(ids[:_SHOWN])}); name the column by the id."
            )
            self.found.faults.append(self.fault(message))
        elif ids:
            self.found.languages[heading.position], self.found.placed[heading.position] = hits[0]
            if option:
                self.found.options[heading.position] = option

    def _double(self) -> None:
        """Refuse columns that go by the same id, unless they are answers of one list."""
        homes: dict[tuple[str, str], list[Heading]] = defaultdict(list)
        for heading in self.headings:
            one = self.found.placed.get(heading.position)
            if one is not None:
                homes[one.id, key(self.found.options.get(heading.position, ""))].append(heading)
        for (id, _), columns in homes.items():
            if len(columns) > 1:
                said = ", ".join(f"'{quoted(heading.name)}'" for heading in columns[:_SHOWN])
                message = f"the columns {said} both go by the id '{id}'; keep one, or rename one."
                self.found.faults.append(self.fault(message))

    def _double_texts(self) -> None:
        """Refuse columns with the same text, unless in another language or another answer of a list."""
        homes: dict[tuple[str, str, str], list[Heading]] = defaultdict(list)
        for heading in self.headings:
            if heading.position in self.found.languages:
                one, tag = self.found.placed[heading.position], self.found.languages[heading.position]
                homes[one.id, tag, key(self.found.options.get(heading.position, ""))].append(heading)
        for (id, _, _), columns in homes.items():
            if len(columns) > 1:
                message = f"{len(columns)} columns have the text of '{id}' ('{quoted(columns[0].name)}'); keep one."
                self.found.faults.append(self.fault(message))


def _candidates(heading: Heading) -> Iterator[str]:
    """The keys a column may be found by, the best first; each also without the number before it."""
    for text in heading.texts:
        whole = key(text)
        if whole:
            yield whole
        numbered = _NUMBERING.match(plain(text))
        if numbered and (rest := key(plain(text)[numbered.end() :])):
            yield rest


@dataclass(frozen=True, slots=True)
class _Slotted:
    """A column that has the text of a question with other words in its slots."""

    heading: Heading
    tag: str
    entry: Entry
    words: tuple[tuple[tuple[str, str], str], ...]

    @property
    def length(self) -> int:
        """How much stands in the slots."""
        return sum(len(word) for _, word in self.words)


def _by_pattern(heading: Heading, left: Iterable[Entry]) -> list[_Slotted]:
    """The questions whose text it is but for the slots; of several ways, those that leave least to the slots."""
    hits = []
    for text in _candidates(heading):
        if len(text) > _LONGEST:
            continue
        for one in left:
            for tag, pattern, marks in one.patterns:
                found = pattern.fullmatch(text)
                if found is not None:
                    hits.append(_Slotted(heading, tag, one, tuple(zip(marks, found.groups(), strict=True))))
    least = min((hit.length for hit in hits), default=0)
    return [hit for hit in hits if hit.length == least]


def _by_beginning(heading: Heading, left: Iterable[Entry]) -> list[tuple[str, Entry]]:
    """Questions that begin like a text that was cut at its end."""
    for text in heading.texts:
        if not _CUT.search(text):
            continue
        for start in _candidates(replace(heading, texts=(_CUT.sub("", text),))):
            if len(start) >= _SHORTEST:
                hits = [(tag, one) for one in left for tag, whole, _ in one.texts if whole.startswith(start)]
                if hits:
                    return hits
    return []


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
