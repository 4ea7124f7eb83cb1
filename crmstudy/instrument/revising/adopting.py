"""Published wording taken over: every text checked against the key, and nothing that differs let in undeclared."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import combinations
from typing import Any

from crmstudy import letters
from crmstudy.declared import CONTROL, name_character
from crmstudy.errors import Fault, InstrumentError, did_you_mean
from crmstudy.instrument.drafts import direction_of
from crmstudy.instrument.library import shared_sets
from crmstudy.instrument.load import from_mapping
from crmstudy.instrument.model import Instrument, Item
from crmstudy.instrument.revising.adapting import Changes, adapt
from crmstudy.instrument.slots import marks_in
from crmstudy.instrument.writing import to_mapping

#: The row that holds the instructions of the questionnaire; a row "agreement = 5" holds a label.
INSTRUCTIONS = "instructions"
_LABEL = re.compile(r"\s*(?P<set>[\w.-]+)\s*=\s*(?P<value>[+-]?\d{1,6})\s*")
#: Texts of a file that must be there; where the new languages have none, that of another language stands in.
_NEEDED = ("name", "label", "population")
_ALIKE = 0.92
_SHOWN = 60
_SCRIPTS = {
    "fa": re.compile("[\u0600-\u06ff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "ru": re.compile("[\u0400-\u04ff]"),
}
_WORD = re.compile(r"\w{4,}")


@dataclass(frozen=True, slots=True)
class Worded:
    """A row of a wording file: the id of an item, its texts by language, the number printed beside it, its line."""

    id: str
    texts: Mapping[str, str]
    number: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """What a wording file holds: its rows, the languages it has columns for, its name and the sha256 of its bytes."""

    rows: tuple[Worded, ...]
    languages: tuple[str, ...]
    file: str = "the wording"
    sha256: str = ""
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Adopted:
    """An instrument with its published wording, and a sentence for everything that was decided or should be known."""

    instrument: Instrument
    told: tuple[str, ...]


@dataclass
class _Checked:
    """The wording sorted by what its rows are for."""

    texts: dict[str, Worded] = field(default_factory=dict)
    instructions: Worded | None = None
    labels: dict[str, dict[int, Worded]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def adopt(
    base: Instrument,
    wording: Wording | None,
    *,
    changes: Changes | None = None,
    id: str = "",
    version: str = "",
    source: str = "",
) -> Adopted:
    """Put the published wording into an instrument.

    Parameters
    ----------
    base : Instrument
        Structure and key, with our paraphrase or without texts.
    wording : Wording or None
        The texts; None adapts the paraphrase, which then needs ``changes``.
    changes : Changes, optional
        A declared adaptation; the texts must then be those of the adapted form.
    id, version : str
        Of the result; those of the base when left out, so that answers are scored by the same key, and for an
        adaptation those it declares.
    source : str
        The key of the source in the file that the texts were copied from.

    Returns
    -------
    Adopted
        The instrument with ``wording: published``, in the languages of the wording alone: a text in another language
        would be a paraphrase.

    Raises
    ------
    InstrumentError
        With the whole list of what is missing, unknown, doubled, empty or numbered otherwise than in the key.
    """
    told: list[str] = []
    if changes is not None:
        data, told = adapt(base, changes, id=id, version=version)
    else:
        data = copy.deepcopy(to_mapping(base))
        data["id"], data["version"] = id or base.id, version or base.version
    if wording is None:
        if changes is None:
            raise InstrumentError("there is nothing to adopt; give the wording, an adaptation, or both.")
        return Adopted(from_mapping(data, changes.file), tuple(told))
    if source and source not in base.sources:
        known = ", ".join(base.sources) or "none"
        raise InstrumentError(
            f"'{base.id}' has no source '{source}'.{did_you_mean(source, base.sources) or f' There is: {known}.'}"
        )
    checked = _check(base, data, wording, changes)
    if checked.faults:
        raise InstrumentError(checked.faults)
    told += [*wording.told, *checked.told]
    _put_in(base, data, wording, checked, source, told)
    return Adopted(from_mapping(data, wording.file), tuple(dict.fromkeys(told)))


def _check(base: Instrument, data: Mapping[str, Any], wording: Wording, changes: Changes | None) -> _Checked:
    """Hold every row against the key."""
    checked = _Checked()
    entries = {entry["id"]: entry for entry in data["items"]}
    if not wording.languages:
        checked.faults.append(
            Fault("the wording has no language; name its columns fa, en, ru ... or give --lang.", wording.file)
        )
    rows = _by_number(base, wording, entries, checked)
    dropped = set(changes.drop) if changes else set()
    for row in rows:
        _sort_in(row, entries, dropped, data, wording, checked)
    _check_complete(entries, data, checked, wording, declared=changes is not None)
    _check_numbers(base, entries, checked, wording)
    _check_texts(base, checked, wording)
    return checked


def _by_number(base: Instrument, wording: Wording, entries: Mapping[str, Any], checked: _Checked) -> Sequence[Worded]:
    """Rows that name items by their printed number only, under the ids."""
    named = [row for row in wording.rows if row.id]
    if not named or any(row.id in entries for row in named):
        return wording.rows
    if not all(letters.digits(row.id).isdecimal() for row in named):
        return wording.rows
    numbers: dict[str, str] = {}
    for place, entry in enumerate(base.asked, start=1):
        if isinstance(entry, Item) and entry.id in entries:
            numbers.setdefault(entry.original or str(place), entry.id)
    checked.told.append("The wording names items by number; they were found by their numbers in the published form.")
    return [
        Worded(numbers.get(letters.digits(row.id), row.id), row.texts, row.number, row.line) for row in wording.rows
    ]


def _sort_in(
    row: Worded,
    entries: Mapping[str, Any],
    dropped: set[str],
    data: Mapping[str, Any],
    wording: Wording,
    checked: _Checked,
) -> None:
    def refuse(message: str) -> None:
        checked.faults.append(Fault(message, wording.file, row.line))

    if not row.id:
        said = next((text for text in row.texts.values() if text), "")
        refuse(f"a row has no item id ('{_short(said)}'); say which item it is.")
        return
    _clean(row, refuse)
    label = _LABEL.fullmatch(row.id)
    if row.id in entries:
        if row.id in checked.texts:
            refuse(f"the item '{row.id}' stands twice; keep one.")
            return
        checked.texts[row.id] = row
        empty = [tag for tag in wording.languages if not row.texts.get(tag)]
        if empty:
            refuse(f"the item '{row.id}' has no text in {', '.join(empty)}; fill it in.")
    elif row.id in dropped:
        checked.told.append(f"The text of '{row.id}' was left out: the adaptation drops the item.")
    elif row.id == INSTRUCTIONS:
        if checked.instructions is not None:
            refuse("the instructions stand twice; keep one.")
        checked.instructions = row
    elif label is not None and label["set"] in data["responses"]:
        labels = checked.labels.setdefault(label["set"], {})
        if int(label["value"]) in labels:
            refuse(f"the label '{row.id}' stands twice; keep one.")
        labels[int(label["value"])] = row
    else:
        hint = did_you_mean(row.id, [id for id in entries if id not in checked.texts])
        refuse(f"'{_short(row.id)}' is no item of the key.{hint or ' Declare it in an adaptation, or take it off.'}")


def _clean(row: Worded, refuse: Any) -> None:
    for tag, text in row.texts.items():
        found = CONTROL.search(text)
        if found:
            refuse(f"the text of '{_short(row.id)}' ({tag}) holds {name_character(found[0])}; remove it.")


def _check_complete(
    entries: Mapping[str, Any], data: Mapping[str, Any], checked: _Checked, wording: Wording, *, declared: bool
) -> None:
    """Every item of a scale has a text; what is asked besides may keep ours."""
    asked = {id for id, entry in entries.items() if entry.get("type") != "info"}
    scored = {id for scale in data["scales"] for id in scale["items"]} if data["scales"] else asked
    kept = []
    for id, entry in entries.items():
        if id in checked.texts:
            continue
        own = entry.get("wording", {})
        if id not in scored and all(own.get(tag) for tag in wording.languages):
            kept.append(id)
            continue
        if all(own.get(tag) for tag in wording.languages) and id in data.get("adaptation", {}).get("added", ()):
            checked.told.append(f"The text of the added item '{id}' is that of the adaptation.")
            continue
        checked.faults.append(Fault(f"the wording has no text for the item '{id}'; add it.", wording.file))
    if kept:
        checked.told.append(f"Not part of the published form, so our texts were kept: {', '.join(kept)}.")
    there = len(checked.texts)
    unknown = sum("is no item of the key" in fault.message for fault in checked.faults)
    wanted = sum(1 for id in entries if id in scored)
    if not declared and unknown and there + unknown != wanted:
        message = (
            f"the key has {wanted} items and the wording {there + unknown}; whatever was dropped or added is declared "
            "in an adaptation (--adaptation), which makes a version of its own."
        )
        checked.faults.append(Fault(message, wording.file))


def _check_numbers(base: Instrument, entries: Mapping[str, Any], checked: _Checked, wording: Wording) -> None:
    """Numbers printed beside the items are those of the key: in the published form, or their places."""
    originals = {item.id: item.original for item in base.items if item.original}
    asked = [id for id, entry in entries.items() if entry.get("type") != "info"]
    places = {id: str(place) for place, id in enumerate(asked, start=1)}
    numbered = {id: letters.digits(row.number).rstrip(".)") for id, row in checked.texts.items() if row.number}
    known = originals if any(numbered.get(id) == number for id, number in originals.items()) or not places else places
    for id, number in numbered.items():
        wanted = known.get(id) or places.get(id, "")
        if wanted and number not in (wanted, wanted.lstrip("0")):
            row = checked.texts[id]
            message = (
                f"the item '{id}' has the number {_short(number)} here and {wanted} in the key; another "
                "order is another form."
            )
            checked.faults.append(Fault(message, wording.file, row.line))
    order = [id for id in checked.texts if id in entries]
    if order != [id for id in entries if id in checked.texts]:
        checked.told.append("The rows stand in another order than the items of the key; the order of the key was kept.")


def _check_texts(base: Instrument, checked: _Checked, wording: Wording) -> None:
    """Texts that cannot be right, or that should be looked at again."""
    ours = {entry.id: entry.wording for entry in base.entries}
    for tag in wording.languages:
        texts = {id: row.texts[tag] for id, row in checked.texts.items() if row.texts.get(tag)}
        _check_doubles(tag, texts, checked, wording)
        script = _SCRIPTS.get(tag.split("-")[0])
        odd = [id for id, text in texts.items() if script is not None and not script.search(text)]
        if odd:
            checked.told.append(f"These texts have no letter of the language '{tag}': {', '.join(odd)}.")
        same = [id for id, text in texts.items() if _same(text, base, ours.get(id, {}), tag)]
        if same and base.wording == "paraphrase":
            checked.told.append(
                f"The same as our paraphrase ({tag}), which is not the published wording: {', '.join(same)}."
            )
        numbered = [id for id, text in texts.items() if re.match(r"\s*\d{1,3}\s*[.)\-]", letters.digits(text))]
        if numbered:
            checked.told.append(
                f"These texts begin with a number ({tag}), which forms print themselves: {', '.join(numbered)}."
            )
        if base.wording == "paraphrase":
            checked.told += _misplaced(base, ours, texts, tag)


def _same(text: str, base: Instrument, ours: Mapping[str, str], tag: str) -> bool:
    known = ours.get(tag, "")
    return bool(known) and letters.key(text) in (letters.key(known), letters.key(base.text(ours, tag)))


def _check_doubles(tag: str, texts: Mapping[str, str], checked: _Checked, wording: Wording) -> None:
    keys = {id: letters.key(text) for id, text in texts.items()}
    for one, other in combinations(keys, 2):
        if keys[one] == keys[other]:
            message = f"'{one}' and '{other}' have the same text in {tag}; one of them is wrong."
            checked.faults.append(Fault(message, wording.file, checked.texts[other].line))
            continue
        matcher = SequenceMatcher(None, keys[one], keys[other], autojunk=False)
        if matcher.real_quick_ratio() > _ALIKE and matcher.quick_ratio() > _ALIKE and matcher.ratio() > _ALIKE:
            checked.told.append(f"The texts of '{one}' and '{other}' ({tag}) are nearly the same; look at them again.")


def _misplaced(
    base: Instrument, ours: Mapping[str, Mapping[str, str]], texts: Mapping[str, str], tag: str
) -> Iterator[str]:
    """Texts that share no word with our paraphrase of their item and many with that of another: a row that slipped."""
    words = {id: _words(base.text(text, tag)) for id, text in ours.items() if text.get(tag)}
    for id, text in texts.items():
        said = _words(text)
        if not said or id not in words or said & words[id]:
            continue
        shares = {other: len(said & known) / len(said | known) for other, known in words.items() if said | known}
        best = max(shares, key=lambda other: shares[other], default="")
        if best and shares[best] >= 0.5:
            yield (
                f"The text given for '{id}' ({tag}) reads like '{best}' in our paraphrase; look "
                "whether rows have slipped."
            )


def _words(text: str) -> set[str]:
    return set(_WORD.findall(letters.plain(text)))


def _short(text: str) -> str:
    shown = " ".join(CONTROL.sub(" ", text).split())
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1].rstrip()}…"


def _put_in(
    base: Instrument, data: dict[str, Any], wording: Wording, checked: _Checked, source: str, told: list[str]
) -> None:
    """Write the texts into the plain values of the instrument, and what follows from them."""
    tags = wording.languages
    left = [tag for tag in base.languages if tag not in tags]
    stays = left if base.wording == "published" else []  # other languages of wording that is published already
    before = {tag: data["languages"][tag] for tag in stays}
    stood_in: list[str] = []
    restricted = _restricted(data, set(base.languages), [*tags, *stays], "", stood_in)
    data.clear()
    data.update(restricted)
    if left and base.wording == "paraphrase":
        told.append(
            f"Texts in {', '.join(left)} were left out: they are paraphrases, and one file has one kind of wording."
        )
    if stood_in:
        said = (
            f"Names that are not there in {', '.join(tags)} stand in another language: "
            f"{', '.join(dict.fromkeys(stood_in))}."
        )
        told.append(said)
    data["wording"] = "published"
    data["languages"] = before | {tag: {"direction": direction_of(tag), "status": "draft"} for tag in tags}
    for entry in data["items"]:
        row = checked.texts.get(entry["id"])
        if row is not None:
            new = {tag: letters.tidy(row.texts[tag], tag).replace("\n", " ") for tag in tags}
            entry["wording"] = {tag: text for tag, text in entry.get("wording", {}).items() if tag in stays} | new
    _put_labels(base, data, checked, [*tags, *stays], told)
    if checked.instructions is not None:
        texts = {tag: text for tag, text in checked.instructions.texts.items() if text}
        data["instructions"] = {**data.get("instructions", {}), **texts}
    elif data.get("instructions") and base.wording != "published":
        told.append("The instructions are still ours; replace them if the published form has its own.")
    if base.wording != "published" and data.pop("notes", None):
        told.append("Our notes were left out: they are about the paraphrase.")
    _put_provenance(base, data, wording, source, told)
    _without_idle_slots(data)
    told.append(
        f"The status of {', '.join(tags)} is draft: nothing here shows who translated or checked the texts. Put "
        "status, translator, source and validation under languages when you know them."
    )


def _restricted(value: Any, known: set[str], tags: Sequence[str], key: str, stood_in: list[str]) -> Any:
    """Plain values with their texts in some languages only."""
    if isinstance(value, list):
        return [_restricted(one, known, tags, key, stood_in) for one in value]
    if not isinstance(value, dict):
        return value
    if value and key not in ("scale_items", "languages", "responses") and set(value) <= known:
        kept = {tag: text for tag, text in value.items() if tag in tags}
        if not kept and key in _NEEDED:
            text = value.get("en") or next(iter(value.values()))
            stood_in.append(_short(str(text)))
            return {tags[0]: text}
        return kept
    made = {name: _restricted(one, known, tags, str(name), stood_in) for name, one in value.items()}
    if key == "missing_codes":  # a code stays a code when its label goes
        return {code: one or None for code, one in made.items()}
    return {name: one for name, one in made.items() if one != {} or value[name] == {}}


def _put_labels(
    base: Instrument, data: dict[str, Any], checked: _Checked, tags: Sequence[str], told: list[str]
) -> None:
    for name, rows in checked.labels.items():
        given = data["responses"][name]
        if isinstance(given, str):
            given = _written_out(given, tags)
            data["responses"][name] = given
        labels = given.setdefault("labels", {})
        for value, row in rows.items():
            labels[value] = {**labels.get(value, {}), **{tag: text for tag, text in row.texts.items() if text}}
    rest = [one for name, one in base.responses.items() if name not in checked.labels and one.labels]
    ours = [one.id for one in rest if any(one.label(value, tag) for value in one.labels for tag in tags)]
    bare = [one.id for one in rest if one.id not in ours]
    if ours:
        told.append(
            f"The answer labels of {', '.join(ours)} are still ours; replace them if the published form has its own."
        )
    if bare:
        told.append(
            f"The answers of {', '.join(bare)} have no labels in {', '.join(tags)}; add rows such as {bare[0]}=1."
        )


def _written_out(name: str, tags: Sequence[str]) -> dict[str, Any]:
    """A set of the library as a file declares its own, with labels in some languages."""
    declared: Any = shared_sets().get(name, {})
    given = {key: declared[key] for key in ("low", "high", "measure") if key in declared}
    for part in ("labels", "missing_codes"):
        texts = {
            value: {t: text for t, text in own.items() if t in tags} for value, own in declared.get(part, {}).items()
        }
        kept = {value: own or None for value, own in texts.items() if own or part == "missing_codes"}
        given |= {part: kept} if kept else {}
    return given


def _put_provenance(base: Instrument, data: dict[str, Any], wording: Wording, source: str, told: list[str]) -> None:
    said = base.rights.statement
    data["rights"]["statement"] = (
        said
        if base.wording == "published"
        else (
            f"The published texts, loaded from {_short(wording.file)} by whoever uses them: they are used and passed "
            f"on only as their holder allows. Of the form without them was said: {base.rights.statement}"
        )
    )
    mark = f" (sha256 {wording.sha256[:16]})" if wording.sha256 else ""
    note = f"Texts in {', '.join(wording.languages)} loaded from {_short(wording.file)}{mark} by whoever uses them."
    if base.wording == "published" and "content" in base.provenance:
        note = f"{base.provenance['content'].note} {note}".strip()
    if source:
        data["provenance"]["content"] = {"source": source, "note": note}
    else:
        data["provenance"]["content"] = {"unverified": True, "note": f"{note} Not compared with a source."}
        told.append("Nobody has compared the texts with their source; name it with --source, or in provenance.content.")
    if "translations" in data["provenance"]:
        data["provenance"]["translations"] = {"unverified": True, "note": "Of the loaded texts nothing is known here."}


def _without_idle_slots(data: dict[str, Any]) -> None:
    """Leave out the words to fill in that no text has a place for."""
    used = {slot for text in _all_texts({k: v for k, v in data.items() if k != "slots"}) for slot, _ in marks_in(text)}
    slots = {id: slot for id, slot in data.get("slots", {}).items() if id in used}
    data.pop("slots", None)
    if slots:
        data["slots"] = slots


def _all_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _all_texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _all_texts(one)


def template_rows(base: Instrument, languages: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of a sheet for the published texts: an empty cell a language, our texts beside it.

    Rows for the instructions and the answer labels follow; they may stay empty, or be deleted.
    """
    head = ["item", "number", "scale", *languages, *(f"ours_{tag}" for tag in languages)]
    homes = {item.id: scale.id for scale in base.scales for item in scale.items}
    rows = []
    for entry in base.entries:
        number = entry.original if isinstance(entry, Item) else ""
        ours = [base.text(entry.wording, tag) for tag in languages]
        rows.append([entry.id, number, homes.get(entry.id, ""), *([""] * len(languages)), *ours])
    if base.instructions:
        ours = [base.text(base.instructions, tag) for tag in languages]
        rows.append([INSTRUCTIONS, "", "", *([""] * len(languages)), *ours])
    for name, response in base.responses.items():
        for value in sorted(response.labels):
            ours = [response.label(value, tag) for tag in languages]
            rows.append([f"{name}={value}", "", "", *([""] * len(languages)), *ours])
    return head, rows
