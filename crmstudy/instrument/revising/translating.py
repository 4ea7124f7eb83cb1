"""Translation in steps: forward, back, reconcile. A status is set only by a filled sheet that shows the step."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crmstudy import letters
from crmstudy.declared import CONTROL, name_character
from crmstudy.errors import Fault, InstrumentError, did_you_mean
from crmstudy.instrument.drafts import direction_of
from crmstudy.instrument.load import from_mapping
from crmstudy.instrument.model import Instrument
from crmstudy.instrument.slots import forms_of, marks_in
from crmstudy.instrument.writing import to_mapping

STEPS = ("forward", "back", "reconcile")
#: The status that a step needs, and the one it sets.
NEEDS = {"back": ("draft", "reviewed", "back-translated", "piloted"), "reconcile": ("back-translated",)}
SETS = {"forward": "draft", "back": "back-translated", "reconcile": "reviewed"}
#: Columns that people fill in, by step.
FILLED = {
    "forward": ("translation", "second translation", "agreed", "comment"),
    "back": ("back translation", "comment"),
    "reconcile": ("decision", "new text", "reason"),
}
#: Who did it: what a sheet must name, and what it may.
WHO = {"forward": ("translator", "second translator"), "back": ("translator",), "reconcile": ("reviewers",)}
KEEP = ("keep", "نگه داشتن", "حفظ", "بدون تغییر", "оставить", "без изменений")
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_SHOWN = 60
_DIFFERENT = "differs"


@dataclass(frozen=True, slots=True)
class Place:
    """A text of an instrument: its key in a sheet, where it lies in the file, and its texts by language."""

    key: str
    path: tuple[str | int, ...]
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of one step: what it is about, its heading, its rows."""

    about: Mapping[str, str]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    file: str = "the sheet"


@dataclass(frozen=True, slots=True)
class Taken:
    """The instrument after a step; ``differences`` are texts that came back otherwise or were changed."""

    instrument: Instrument
    differences: tuple[tuple[str, str, str], ...] = ()
    told: tuple[str, ...] = ()


def places_of(instrument: Instrument) -> list[Place]:
    """Every text that a translation has to give, in the order of the questionnaire."""
    data = to_mapping(instrument)
    found: list[Place] = []

    def add(key: str, *path: str | int) -> None:
        value: Any = data
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else value[step]
            if value is None:
                return
        if isinstance(value, Mapping) and value:
            found.append(Place(key, path, dict(value)))

    for part in ("name", "instructions"):
        add(part, part)
    for place, section in enumerate(data.get("sections", ())):
        for part in ("title", "text"):
            add(f"section {section['id']} {part}", "sections", place, part)
    for place, entry in enumerate(data["items"]):
        add(f"item {entry['id']}", "items", place, "wording")
    for id, response in instrument.responses.items():
        for kind, labels in (("labels", response.labels), ("missing_codes", response.missing_labels)):
            for value, texts in labels.items():
                found.append(Place(f"label {id} {value}", ("responses", id, kind, value), dict(texts)))
    for part in ("scales", "higher_order"):
        for place, score in enumerate(data.get(part, ())):
            add(f"scale {score['id']}", part, place, "name")
            add(f"scale {score['id']} high means", part, place, "higher_means")
    return found


def sheet(instrument: Instrument, step: str, to: str, *, source: str = "", back: Sheet | None = None) -> Sheet:
    """The sheet of a step, to be filled in.

    Parameters
    ----------
    instrument : Instrument
        For ``back`` and ``reconcile`` it must have texts in the language.
    step : {"forward", "back", "reconcile"}
        The back translator sees the translation alone, never the source.
    to, source : str
        Tags of the languages; the source is English, or the first language there is, when left out.
    back : Sheet, optional
        For ``reconcile``: the filled sheet of the back translation.

    Raises
    ------
    InstrumentError
        When the step, a language or the status of the translation does not allow it.
    """
    source = _check_step(instrument, step, to, source)
    about = {"instrument": instrument.id, "version": instrument.version, "fingerprint": instrument.fingerprint,
             "step": step, "from": source, "to": to, **dict.fromkeys(WHO[step], "")}  # fmt: skip
    places = [place for place in places_of(instrument) if place.texts.get(source)]
    rows: list[tuple[str, ...]]
    if step == "forward":
        head = ("key", f"source ({source})", f"now ({to})", *FILLED[step])
        rows = [(p.key, p.texts[source], p.texts.get(to, ""), "", "", "", "") for p in places]
        for id, slot in instrument.slots.items():
            forms = slot.forms.get(source, {})
            plain = next(iter(forms.values()), id)
            for form in forms_of(to):
                now = slot.forms.get(to, {}).get(form, "")
                rows.append((f"slot {id} {form}", plain, now, "", "", "", ""))
    elif step == "back":
        head = ("key", f"text ({to})", *FILLED[step])
        rows = [(p.key, p.texts[to], "", "") for p in places if p.texts.get(to)]
    else:
        head = ("key", f"source ({source})", f"text ({to})", "back translation", "compared", *FILLED[step])
        rows = _to_reconcile(instrument, places, source, to, back)
    return Sheet(about, head, tuple(rows))


def _check_step(instrument: Instrument, step: str, to: str, source: str) -> str:
    faults = []
    if step not in STEPS:
        raise InstrumentError(f"a step is {', '.join(STEPS)}, not '{step}'.{did_you_mean(step, STEPS)}")
    source = source or (
        "en"
        if "en" in instrument.languages and to != "en"
        else next(t for t in [*instrument.languages, to] if t != to or len(instrument.languages) == 1)
    )
    if source not in instrument.languages:
        faults.append(
            f"the instrument '{instrument.id}' has no texts in '{source}' to translate from; it has: "
            f"{', '.join(instrument.languages)}."
        )
    if not _TAG.fullmatch(to):
        faults.append(f"'{to}' is no language tag; write it as fa, ru or pt-BR.")
    if source == to:
        faults.append(
            f"the texts cannot be translated from '{source}' into itself; name another language with --to or --from."
        )
    if instrument.wording == "none":
        faults.append(f"'{instrument.id}' has no texts (wording: none); adopt the published wording first.")
    if step != "forward" and not faults:
        language = instrument.languages.get(to)
        if language is None:
            faults.append(f"'{instrument.id}' has no texts in '{to}' yet; the forward translation comes first.")
        elif language.status not in NEEDS[step]:
            faults.append(
                f"the texts in '{to}' have the status {language.status}; reconcile needs the back translation first."
            )
    if faults:
        raise InstrumentError(faults)
    return source


def _to_reconcile(
    instrument: Instrument, places: Sequence[Place], source: str, to: str, back: Sheet | None
) -> list[tuple[str, ...]]:
    if back is None or back.about.get("step") != "back":
        raise InstrumentError("reconcile compares with the back translation; give its filled sheet with --back FILE.")
    returned = {row["key"]: row.get("back translation", "") for row in _rows(back)}
    empty = [key for key, text in returned.items() if not text.strip()]
    if empty:
        shown = ", ".join(empty[:3]) + (" ..." if len(empty) > 3 else "")
        raise InstrumentError(
            f"the sheet of the back translation has {len(empty)} empty rows ({shown}); give the filled one with --back."
        )
    rows: list[tuple[str, ...]] = []
    for place in places:
        if place.texts.get(to):
            said = returned.get(place.key, "")
            same = "same" if letters.key(said) == letters.key(place.texts[source]) else _DIFFERENT
            rows.append((place.key, place.texts[source], place.texts[to], said, same, "", "", ""))
    return rows


def take(instrument: Instrument, filled: Sheet) -> Taken:
    """Take a filled sheet over.

    Parameters
    ----------
    instrument : Instrument
        The instrument the sheet was written for.
    filled : Sheet
        As read.

    Returns
    -------
    Taken
        ``forward`` adds or replaces the language with the status draft. ``back`` changes no text and sets
        back-translated. ``reconcile`` takes the decisions over and sets reviewed.

    Raises
    ------
    InstrumentError
        With everything that is missing, contradicts, or belongs to another instrument or older texts.
    """
    about = {
        key: filled.about.get(key, "").strip() for key in ("instrument", "version", "fingerprint", "step", "from", "to")
    }
    work = _Taking(instrument, filled, about)
    work.check_head()
    getattr(work, about["step"])()
    return work.done()


@dataclass
class _Taking:
    instrument: Instrument
    filled: Sheet
    about: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)
    differences: list[tuple[str, str, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def refuse(self, message: str, line: int | None = None) -> None:
        self.faults.append(Fault(message, self.filled.file, line))

    def stop(self) -> None:
        if self.faults:
            raise InstrumentError(self.faults)

    def check_head(self) -> None:
        """Whether the sheet is of this instrument and step, and says who filled it in."""
        step, one = self.about["step"], self.instrument
        if step not in STEPS:
            self.refuse(
                f"the sheet does not say which step it is (step: {', '.join(STEPS)}); was the sheet 'about' removed?"
            )
            self.stop()
        if (self.about["instrument"], self.about["fingerprint"]) != (one.id, one.fingerprint):
            self.refuse(
                f"the sheet was written for {_short(self.about['instrument'])} {_short(self.about['version'])} with "
                f"another key; this is {one.id} {one.version}."
            )
        try:
            _check_step(one, step, self.about["to"], self.about["from"])
        except InstrumentError as error:
            self.faults += error.faults
        who = WHO[step][0]
        if not self.who(who):
            self.refuse(
                f"the sheet does not name the {who}; fill '{who}' in on the sheet 'about': a status "
                "needs a name behind it."
            )
        self.lines = {row["key"]: (line, row) for line, row in enumerate(_rows(self.filled), start=2) if row["key"]}
        known = {place.key: place for place in places_of(one)}
        slots = {f"slot {id} {form}" for id in one.slots for form in forms_of(self.about["to"])}
        for key, (line, _) in self.lines.items():
            if key not in known and key not in slots:
                self.refuse(f"'{_short(key)}' is no text of the instrument.{did_you_mean(key, known)}", line)
        self.places = known
        self.slots = slots if step == "forward" else set()
        self._check_unchanged()
        self.stop()

    def who(self, role: str) -> str:
        return " ".join(CONTROL.sub(" ", self.filled.about.get(role, "")).split())

    def _check_unchanged(self) -> None:
        """The texts the sheet shows are still those of the instrument."""
        for name, tag in (
            (f"source ({self.about['from']})", self.about["from"]),
            (f"text ({self.about['to']})", self.about["to"]),
        ):
            if name not in self.filled.head:
                continue
            for key, (line, row) in self.lines.items():
                place = self.places.get(key)
                if place is not None and letters.key(row.get(name, "")) != letters.key(place.texts.get(tag, "")):
                    self.refuse(
                        f"{key}: the text in the column '{name}' is not the one of the instrument; "
                        "write the sheet anew.",
                        line,
                    )

    def wanted(self) -> list[str]:
        """The keys that must be in the sheet."""
        source, to = self.about["from"], self.about["to"]
        keys = [key for key, place in self.places.items() if place.texts.get(source)]
        if self.about["step"] != "forward":
            keys = [key for key in keys if self.places[key].texts.get(to)]
        missing = [key for key in keys if key not in self.lines]
        for key in missing:
            self.refuse(f"the sheet lacks the row '{key}'; write it anew, or put the row back.")
        return [key for key in (*keys, *sorted(self.slots)) if key in self.lines]

    def forward(self) -> None:
        """One or two translations and, where they differ, what was agreed."""
        to, second = self.about["to"], self.who("second translator")
        for key in self.wanted():
            line, row = self.lines[key]
            one, two, agreed = (row.get(name, "").strip() for name in FILLED["forward"][:3])
            if two and not second:
                self.refuse(
                    f"{key} has a second translation, but 'second translator' is empty on the sheet 'about'.", line
                )
            text = agreed or one or two or (row.get(f"now ({to})", "").strip() if key in self.slots else "")
            if not text:
                self.refuse(f"{key} has no translation; fill it in.", line)
                continue
            if one and two and letters.key(one) != letters.key(two):
                if not agreed:
                    self.refuse(
                        f"{key}: the two translations differ ('{_short(one)}', '{_short(two)}'); write under agreed "
                        "which text is meant.",
                        line,
                    )
                self.differences.append((key, one, two))
            if key not in self.slots:
                self._check_marks(key, text, line)
            self._check_signs(key, text, line)
            self.texts[key] = letters.tidy(text, to).replace("\n", " ")
        before = self.instrument.languages.get(to)
        if before is not None:
            self.told.append(f"The texts in '{to}' ({before.status}) were replaced; their status is draft again.")

    def back(self) -> None:
        """Every text translated back by somebody else, who did not make the translation."""
        to = self.about["to"]
        before = self.instrument.languages[to].translator
        who = self.who("translator")
        if before and letters.key(who) in [letters.key(name) for name in re.split(r"[;,،]", before)]:
            self.refuse(f"'{_short(who)}' made the translation; somebody else translates back, without the source.")
        for key in self.wanted():
            line, row = self.lines[key]
            said = row.get("back translation", "").strip()
            if not said:
                self.refuse(f"{key} is not translated back; fill it in.", line)
            elif letters.key(said) != letters.key(self.places[key].texts[self.about["from"]]):
                self.differences.append((key, self.places[key].texts[self.about["from"]], said))
        total = len(self.lines)
        self.told.append(
            f"{len(self.differences)} of {total} texts came back in other words; whether they mean the same is "
            "decided in the step reconcile."
        )

    def reconcile(self) -> None:
        """A decision about every text that came back otherwise."""
        to = self.about["to"]
        kept = {letters.key(word) for word in KEEP}
        for key in self.wanted():
            line, row = self.lines[key]
            decision, new = row.get("decision", "").strip(), row.get("new text", "").strip()
            if not row.get("back translation", "").strip():
                self.refuse(f"{key} shows no back translation; write the sheet from the filled one (--back).", line)
            if new:
                self._check_marks(key, new, line)
                self._check_signs(key, new, line)
                self.texts[key] = letters.tidy(new, to).replace("\n", " ")
                self.differences.append((key, self.places[key].texts[to], self.texts[key]))
            elif row.get("compared", "").strip() == "same" and not decision:
                continue
            elif letters.key(decision) not in kept:
                self.refuse(f"{key} has no decision; write 'keep' under decision, or the new text.", line)

    def _check_marks(self, key: str, text: str, line: int) -> None:
        """The same slots as in the source, in forms that the language has."""
        source = {slot for slot, _ in marks_in(self.places[key].texts[self.about["from"]])}
        found = list(marks_in(text))
        forms = forms_of(self.about["to"])
        if {slot for slot, _ in found} != source:
            said = ", ".join(f"{{{slot}}}" for slot in sorted(source)) or "none"
            self.refuse(f"{key}: the source has the words to fill in {said}, the translation others.", line)
        bad = [form for _, form in found if form and form not in forms]
        if bad:
            self.refuse(f"{key}: there is no form {', '.join(bad)}; the forms are {', '.join(forms)}.", line)

    def _check_signs(self, key: str, text: str, line: int) -> None:
        odd = CONTROL.search(text)
        if odd:
            self.refuse(f"{key} holds {name_character(odd[0])}; remove it.", line)

    def done(self) -> Taken:
        """Write texts, status and names into the instrument."""
        self.stop()
        step, to = self.about["step"], self.about["to"]
        data = copy.deepcopy(to_mapping(self.instrument))
        language = data["languages"].setdefault(to, {"direction": direction_of(to)})
        language["status"] = SETS[step]
        if step == "forward":
            language["translator"] = "; ".join(name for name in map(self.who, WHO[step]) if name)
            language.pop("validation", None)
            language.pop("source", None)
        elif step == "back":
            language["translator"] = "; ".join(
                [*filter(None, [self.instrument.languages[to].translator]), f"back: {self.who('translator')}"]
            )
        else:
            language["translator"] = "; ".join(
                [*filter(None, [self.instrument.languages[to].translator]), f"reviewed by: {self.who('reviewers')}"]
            )
        for key, text in self.texts.items():
            if key in self.slots:
                _, id, form = key.split(" ")
                data["slots"][id]["default"].setdefault(to, {})[form] = text
            else:
                _put(data, self.instrument, self.places[key].path, to, text)
        return Taken(from_mapping(data, self.filled.file), tuple(self.differences), tuple(self.told))


def _put(data: dict[str, Any], instrument: Instrument, path: tuple[str | int, ...], to: str, text: str) -> None:
    if path[0] == "responses" and isinstance(data["responses"][path[1]], str):
        response = instrument.responses[str(path[1])]
        kind = response.labels if path[2] == "labels" else response.missing_labels
        known = kind.get(int(path[3]), {}).get(to, "")
        if not known and letters.key(_library_label(data["responses"][path[1]], path, to)) == letters.key(text):
            return  # the library's own label
        if letters.key(known) == letters.key(text):
            return
        whole = to_mapping(instrument, self_contained=True)["responses"][path[1]]
        data["responses"][path[1]] = whole
        for tag_missing in (whole.get("labels", {}), whole.get("missing_codes", {})):
            _fill_from_library(tag_missing, response.shared, to)
    value: Any = data
    for step in path:
        value = value[step]
    value[to] = text


def _library_label(name: str, path: tuple[str | int, ...], to: str) -> str:
    from crmstudy.instrument.library import shared_sets

    declared: Any = shared_sets()[name].get(str(path[2]), {})
    texts = declared.get(path[3], {}) if isinstance(declared, Mapping) else {}
    return str(texts.get(to, "")) if isinstance(texts, Mapping) else ""


def _fill_from_library(labels: Any, name: str, to: str) -> None:
    """Labels that the library has in the new language, where a set was written out."""
    from crmstudy.instrument.library import shared_sets

    declared: Any = shared_sets().get(name, {})
    for kind in ("labels", "missing_codes"):
        for value, texts in (declared.get(kind) or {}).items():
            if isinstance(labels, dict) and isinstance(labels.get(value), dict) and texts.get(to):
                labels[value].setdefault(to, texts[to])


def _rows(filled: Sheet) -> list[dict[str, str]]:
    return [dict(zip(filled.head, row, strict=False)) for row in filled.rows]


def _short(text: str) -> str:
    shown = " ".join(CONTROL.sub(" ", text).split())
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1].rstrip()}…"
