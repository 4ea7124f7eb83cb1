"""A file of ours that comes back: the instrument it carries, with what was changed in the file since.

What the carried instrument would show is laid beside what the file shows. Where the two agree, the carried value stands
(a marked slot, an origin, all that the format has no place for); where they differ, the file is right, and it is told.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crmstudy.exchange.questionnaires.foreign import Draft
from crmstudy.exchange.questionnaires.names import slug, unique
from crmstudy.exchange.questionnaires.seen import Asked, Choice, Seen, quoted
from crmstudy.instrument.drafts import direction_of
from crmstudy.instrument.model import CLOSED
from crmstudy.instrument.writing import to_mapping

Mapping_ = dict[str, Any]


@dataclass(slots=True)
class Names:
    """What the parts of an instrument are called in a file: ``{id: name}``."""

    entries: dict[str, str] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)


def reconciled(carried: Mapping[str, Any], base: Seen, seen: Seen, names: Names, draft: Draft) -> Mapping_:
    """The carried instrument as plain values, changed as the file was.

    Parameters
    ----------
    carried : mapping
        The instrument that the file carries, as plain values.
    base, seen : Seen
        What a file of that instrument shows, and what this file shows; ``seen.unsure`` takes what was changed.
    names : Names
        What its parts are called in files.
    draft : Draft
        What the file would be without what it carries; questions that were added are taken from it.
    """
    return _Reconciler(copy.deepcopy(dict(carried)), base, seen, names, draft).done()


class _Reconciler:
    def __init__(self, held: Mapping_, base: Seen, seen: Seen, names: Names, draft: Draft) -> None:
        self.held = held
        self.base = base
        self.seen = seen
        self.names = names
        self.ids = {name: id for id, name in names.entries.items()}
        self.draft: Mapping_ = to_mapping(draft.instrument, self_contained=True) if draft.instrument else {}
        self.draft_ids = draft.ids
        self.old = {asked.name: asked for asked in base.asked}
        self.answers: dict[object, str] = {}
        self.structure_changed = False

    def done(self) -> Mapping_:
        self._head()
        self._entries()
        self._wordings()
        self._sections()
        self._unused_answers()
        if self.structure_changed:
            said = f"{self.held.get('id')} {self.held.get('version')}"
            self.tell(f"The questions or answers are no longer those of {said}; give the file a version of its own.")
        return self.held

    def tell(self, sentence: str) -> None:
        self.seen.unsure.append(sentence)

    def _head(self) -> None:
        base, seen = self.base, self.seen
        declared = self.held.setdefault("languages", {})
        for tag in seen.languages:
            if tag not in declared:
                declared[tag] = {"direction": direction_of(tag), "status": "draft"}
                self.tell(f"The language '{tag}' was added to the file.")
        for key, old, new in (
            ("name", base.title, seen.title),
            ("description", base.description, seen.description),
            ("instructions", base.instructions, seen.instructions),
        ):
            self.texts(self.held, key, old, new, f"the {key}")
        for key, before, now in (("id", base.id, seen.id), ("version", base.version, seen.version)):
            if now and now != before:
                self.held[key] = slug(now, str(self.held.get("id"))) if key == "id" else now
                self.tell(f"The {key} was changed from '{quoted(before)}' to '{quoted(self.held[key])}'.")

    def texts(
        self, holder: dict[Any, Any], key: Any, old: Mapping[str, str], new: Mapping[str, str], what: str
    ) -> None:
        """Take the texts over that differ from those the file would have shown."""
        shown = set(self.base.languages) & set(self.seen.languages)
        texts = dict(holder.get(key) or {})
        for tag in self.seen.languages:
            before, now = old.get(tag, ""), new.get(tag, "")
            if before == now or (tag not in shown and not now):
                continue
            if now:
                texts[tag] = now
            else:
                texts.pop(tag, None)
            self.tell(f"{what[:1].upper()}{what[1:]} was changed ({tag}): '{quoted(now)}'.")
        holder[key] = texts
        if not texts:
            del holder[key]

    def _entries(self) -> None:
        entries = {str(one.get("id")): one for one in self.held.get("items", ()) if isinstance(one, dict)}
        kept: list[Mapping_] = []
        places: dict[str, str] = {}
        for asked in self.seen.asked:
            id = self.ids.get(asked.name)
            entry = entries.get(id) if id is not None else None
            before = self.old.get(asked.name)
            if entry is None or before is None:
                made = self._added(asked, {str(one["id"]) for one in kept} | set(entries))
            elif before.type != asked.type:
                made = self._added(asked, {str(one["id"]) for one in kept}, str(id))
                if made is not None:
                    self.tell(f"'{id}' is now a question of the type {asked.type}; it was {before.type}.")
            else:
                made = self._changed(entry, before, asked)
            if made is not None:
                kept.append(made)
                places[made["id"]] = asked.page
        self._keep_unshown(kept, places, list(entries.values()))
        self.places = places
        shown = [id for id in (self.ids.get(asked.name) for asked in self.base.asked) if id in entries]
        left = [id for id in shown if id not in {one["id"] for one in kept}]
        kept_ids = [one["id"] for one in kept]
        if left:
            self.structure_changed = True
            self.tell(f"No longer in the file, so left out with its places in scales: {', '.join(map(str, left))}.")
        if [id for id in kept_ids if id in shown] != [id for id in shown if id in kept_ids]:
            self.structure_changed = True
            self.tell("The order of the questions was changed; the file's order was taken.")
        self.held["items"] = kept
        closed = {one["id"] for one in kept if one.get("type", "single") in CLOSED}
        self.held["reversed"] = [id for id in self.held.get("reversed") or () if id in closed]
        self._scales(closed)

    def _keep_unshown(self, kept: list[Mapping_], places: dict[str, str], entries: Sequence[Mapping_]) -> None:
        """Put back what no file of the instrument shows as a question, behind what it stood behind."""
        asked = {self.ids.get(asked.name) for asked in self.base.asked}
        before = ""
        for entry in entries:
            id = str(entry["id"])
            if id not in asked and id not in places:
                here = [one["id"] for one in kept]
                kept.insert(here.index(before) + 1 if before in here else 0, entry)
                places[id] = places.get(before, "")
            before = id

    def _changed(self, entry: Mapping_, before: Asked, asked: Asked) -> Mapping_:
        self.texts(entry, "wording", before.texts, asked.texts, f"the wording of {entry['id']}")
        if before.required != asked.required:
            entry["required"] = asked.required
            self.tell(f"Whether {entry['id']} may be left out was changed: required is now '{asked.required}'.")
        for key, old, new in (("low", before.low, asked.low), ("high", before.high, asked.high)):
            if old != new:
                entry.pop(key, None)
                if new is not None:
                    entry[key] = new
                self.tell(f"The bound '{key}' of {entry['id']} was changed.")
        if before.top != asked.top:
            entry.pop("top", None)
            if asked.top is not None:
                entry["top"] = asked.top
            self.tell(f"How many answers of {entry['id']} get a place was changed: {asked.top or 'all of them'}.")
        if before.reverse != asked.reverse and asked.type in ("single", "slider"):
            reverse = self.held.setdefault("reversed", [])
            (reverse.append if asked.reverse else reverse.remove)(entry["id"])
            self.structure_changed = True
            self.tell(f"{entry['id']} is {'now' if asked.reverse else 'no longer'} reversed.")
        self._answers(entry, before, asked)
        return entry

    def _answers(self, entry: Mapping_, before: Asked, asked: Asked) -> None:
        """The answers of a question that were changed: a set of its own, which others with the same answers share."""
        old, new = self.base.choices_of(before), self.seen.choices_of(asked)
        if old == new or "response" not in entry:
            return
        key = (entry["response"], _content(new))
        if key not in self.answers:
            self.answers[key] = self._new_answers(str(entry["response"]), asked, old, new)
        entry["response"] = self.answers[key]
        self._fit(entry)

    def _fit(self, entry: Mapping_) -> None:
        """Take off what does not fit the answers of an item any more: expected shares, the key of a check."""
        answers = self.held["responses"][entry["response"]]
        codes = set(map(str, range(answers["low"], answers["high"] + 1)))
        if not {str(code) for code in entry.get("shares") or ()} <= codes:
            del entry["shares"]
            self.tell(f"The expected shares of {entry['id']} do not fit its answers any more; they were taken off.")
        if "top" in entry and not 0 < entry["top"] < len(codes):
            del entry["top"]
            self.tell(f"'{entry['id']}' has fewer answers than places; all of them get one now.")
        if "key" in entry and str(entry["key"]) not in codes:
            del entry["key"], entry["type"]
            entry["unscored"] = True
            self.tell(f"{entry['id']} is no attention check any more: its key is none of its answers.")

    def _new_answers(self, response: str, asked: Asked, old: Sequence[Choice], new: Sequence[Choice]) -> str:
        formats = self.held["responses"]
        if [one.code for one in old] != [one.code for one in new]:
            drafted = self._drafted(asked)
            if drafted is None:
                return response
            self.structure_changed = True
            self.tell(f"The answers of '{quoted(asked.name)}' were changed.")
            id = unique(response, formats)
            formats[id] = copy.deepcopy(self.draft["responses"][drafted["response"]])
            if asked.type in ("slider", "rank"):
                _keep_codes(formats[id], formats[response])
            return id
        made = copy.deepcopy(formats[response])
        holders = {"labels": made.setdefault("labels", {}), "missing_codes": made.get("missing_codes", {})}
        values = _codes_of(formats[response])
        for value, before, now in zip(values, old, new, strict=False):
            holder = holders["labels" if made["low"] <= value <= made["high"] else "missing_codes"]
            if before.texts != now.texts and isinstance(holder, dict):
                key = next((k for k in holder if str(k) == str(value)), value)
                self.texts(holder, key, before.texts, now.texts, f"the label of {value} in '{response}'")
        if not made["labels"]:
            del made["labels"]
        others = [one for one in self.base.asked if self._uses(one, response)]
        same = all(
            now is not None and self.seen.choices_of(now) == list(new)
            for now in ({one.name: one for one in self.seen.asked}.get(one.name) for one in others)
        )
        id = response if same else unique(response, formats)
        formats[id] = made
        return id

    def _uses(self, asked: Asked, response: str) -> bool:
        id = self.ids.get(asked.name)
        return any(one.get("id") == id and one.get("response") == response for one in self.held.get("items", ()))

    def _drafted(self, asked: Asked) -> Mapping_ | None:
        id = self.draft_ids.get(asked.name)
        return next((one for one in self.draft.get("items", ()) if one["id"] == id), None)

    def _added(self, asked: Asked, taken: set[str], id: str = "") -> Mapping_ | None:
        drafted = self._drafted(asked)
        if drafted is None:
            return None
        self.structure_changed = True
        entry = copy.deepcopy(drafted)
        entry["id"] = id or unique(str(entry["id"]), taken)
        if "response" in entry:
            wanted = self.draft["responses"][entry["response"]]
            key = ("added", repr(wanted))
            if key not in self.answers:
                formats = self.held.setdefault("responses", {})
                self.answers[key] = unique(str(entry["response"]), formats)
                formats[self.answers[key]] = copy.deepcopy(wanted)
            entry["response"] = self.answers[key]
        if not id:
            self.tell(f"The question {entry['id']} was added; it is in no scale.")
        return entry

    def _wordings(self) -> None:
        """Every question has a text, or none has: where a file gives the first texts, the others have their ids."""
        entries = self.held["items"]
        if self.held.get("wording") == "none":
            if not any(entry.get("wording") for entry in entries):
                return
            self.held["wording"] = "paraphrase"
            self.tell("The file has texts now; mark them as published wording only if they are (wording: published).")
        bare = [entry for entry in entries if not entry.get("wording")]
        for entry in bare:
            entry["wording"] = {next(iter(self.held["languages"])): str(entry["id"])}
        if bare:
            self.tell(f"Without a text, so that the id stands for it: {', '.join(str(one['id']) for one in bare)}.")

    def _scales(self, closed: set[Any]) -> None:
        scales = []
        for scale in self.held.get("scales") or ():
            members = [id for id in scale.get("items") or () if id in closed]
            if not members:
                self.tell(f"The scale '{scale.get('id')}' has no items left and was taken off.")
                continue
            if len(members) < len(scale["items"]):
                scale["min_answered"] = min(scale.get("min_answered", 1), len(members))
                for key in ("bands", "norms"):
                    if scale.pop(key, None):
                        self.tell(f"The {key} of '{scale.get('id')}' were taken off: it has other items now.")
            scale["items"] = members
            scales.append(scale)
        self.held["scales"] = scales
        left = {scale.get("id") for scale in scales}
        scores = []
        for score in self.held.get("higher_order") or ():
            parts = [id for id in score.get("parts") or () if id in left]
            if len(parts) < 2:
                self.tell(f"The score '{score.get('id')}' has fewer than two scales left and was taken off.")
                continue
            if len(parts) < len(score["parts"]):
                score["min_answered"] = min(score.get("min_answered", 1), len(parts))
                for key in ("bands", "norms"):
                    score.pop(key, None)
                if "reversed_parts" in score:
                    score["reversed_parts"] = [id for id in score["reversed_parts"] if id in left]
            score["parts"] = parts
            scores.append(score)
        self.held.pop("higher_order", None)
        if scores:
            self.held["higher_order"] = scores

    def _sections(self) -> None:
        """Sections follow the pages of the file: texts, and on which page a question stands."""
        declared = self.held.get("sections") or []
        if not declared:
            return
        by_page = {self.names.sections.get(one["id"], ""): one for one in declared}
        for name, section in by_page.items():
            before, now = self.base.pages.get(name), self.seen.pages.get(name)
            if before is not None and now is not None:
                self.texts(section, "title", before.title, now.title, f"the heading of {section['id']}")
                self.texts(section, "text", before.text, now.text, f"the text of {section['id']}")
        homes = {entry: one for one in declared for entry in one.get("items") or ()}
        before_page = {self.ids.get(asked.name): asked.page for asked in self.base.asked}
        members: dict[str, list[Any]] = {one["id"]: [] for one in declared}
        last = declared[0]
        for entry in self.held["items"]:
            home = homes.get(entry["id"])
            page = self.places[entry["id"]]
            if home is None or (page != before_page.get(entry["id"]) and page in by_page):
                home = by_page.get(page, last)
            members[home["id"]].append(entry["id"])
            last = home
        for section in declared:
            kept = members[section["id"]]
            if sorted(kept) != sorted(section.get("items") or ()):
                section["items"] = kept
        self.held["sections"] = [one for one in declared if one["items"]]

    def _unused_answers(self) -> None:
        """Answer sets that were replaced go; those that were never used stay as they were."""
        replaced = {key[0] for key in self.answers if isinstance(key, tuple) and key[0] != "added"}
        used = {entry.get("response") for entry in self.held["items"]}
        for id in replaced - used:
            self.held["responses"].pop(id, None)


def _keep_codes(answers: Mapping_, before: Mapping[str, Any]) -> None:
    """Give an answer set the missing codes of the one before, which a line and a rank do not show in a file."""
    codes = before.get("missing_codes")
    if not codes or answers.get("missing_codes"):
        return
    inside = range(answers["low"], answers["high"] + 1)
    if isinstance(codes, Mapping):
        kept: Any = {code: texts for code, texts in codes.items() if int(code) not in inside}
    else:
        kept = [code for code in codes if int(code) not in inside]
    if kept:
        answers["missing_codes"] = copy.deepcopy(kept)


def _content(choices: Sequence[Choice]) -> object:
    return tuple((one.code, tuple(sorted(one.texts.items()))) for one in choices)


def _codes_of(response: Mapping[str, Any]) -> list[int]:
    """The codes a file shows of an answer set: the range, then the missing codes with a label."""
    codes = response.get("missing_codes")
    offered = [int(code) for code, label in codes.items() if label] if isinstance(codes, dict) else []
    return [*range(response["low"], response["high"] + 1), *offered]
