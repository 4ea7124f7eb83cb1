"""What a value of a declared file may be.

Each form checks a value (a fault with its line when it does not fit) and describes itself twice: as JSON Schema for
editors and as words for the reference page. The three cannot drift apart, because they come from the same object.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Protocol

from crmstudy.declared import Declared, Where
from crmstudy.errors import did_you_mean

#: Languages that titles, statements and labels may be written in.
LANGUAGES = ("en", "fa", "ru")
#: Names of samples, analyses and hypotheses: they become names of files and of parts of the report.
NAME_PATTERN = r"^[^\W_][\w-]*$"


class Form(Protocol):
    """What a value may be: ``check`` it in a file, ``schema`` of it, ``wanted`` in words."""

    @property
    def wanted(self) -> str:
        """The value in words, as the reference page and the faults say it."""
        ...

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse the value at ``where`` when it does not fit."""
        ...

    def schema(self) -> dict[str, Any]:
        """The same in JSON Schema."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is not empty; ``pattern`` narrows it."""

    wanted: str = "text"
    pattern: str | None = None

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse what is no text, is empty or does not match."""
        if not doc.check_type(where, str, f"{self.wanted} (put it in quotes when YAML reads it as something else)"):
            return
        value = doc.get(where)
        if not value.strip() or (self.pattern and not re.search(self.pattern, value)):
            doc.refuse(f"{spell(where)} must be {self.wanted}; found {value!r}.", where)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a text."""
        return {"type": "string", "minLength": 1} | ({"pattern": self.pattern} if self.pattern else {})


@dataclass(frozen=True, slots=True)
class Number:
    """A number, ``whole`` or not, from ``low`` to ``high``.

    ``open_ends`` leaves the two ends out; with ``or_off`` the word ``false`` switches off what the number sets.
    """

    low: float | None = None
    high: float | None = None
    whole: bool = False
    open_ends: bool = False
    or_off: bool = False

    @property
    def wanted(self) -> str:
        """The number in words."""
        kind = "a whole number" if self.whole else "a number"
        off = " (or `false`: off)" if self.or_off else ""
        if self.open_ends:
            return f"{kind} between {self.low:g} and {self.high:g}{off}"
        if self.low is not None and self.high is not None:
            return f"{kind} from {self.low:g} to {self.high:g}{off}"
        return kind + off if self.low is None else f"{kind} of at least {self.low:g}{off}"

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse what is no number or lies outside."""
        if self.or_off and doc.get(where) is False:
            return
        if not doc.check_type(where, int if self.whole else (int, float), self.wanted):
            return
        value = doc.get(where)
        low, high = -math.inf if self.low is None else self.low, math.inf if self.high is None else self.high
        inside = low < value < high if self.open_ends else low <= value <= high
        if not inside:
            doc.refuse(f"{spell(where)} must be {self.wanted}; found {value!r}.", where)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a number."""
        ends = ("exclusiveMinimum", "exclusiveMaximum") if self.open_ends else ("minimum", "maximum")
        limits = {name: end for name, end in zip(ends, (self.low, self.high), strict=True) if end is not None}
        number = {"type": "integer" if self.whole else "number"} | limits
        return {"anyOf": [number, {"const": False}]} if self.or_off else number


@dataclass(frozen=True, slots=True)
class Flag:
    """``true`` or ``false``."""

    wanted: str = "true or false"

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse everything else."""
        doc.check_type(where, bool, self.wanted)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a flag."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words or numbers; ``unbuilt`` ones are refused by name."""

    options: tuple[str | int, ...]
    unbuilt: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """The options in words."""
        said = [f"`{option}`" for option in self.options]
        return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} or {said[-1]}"

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse what is none of them."""
        value = doc.get(where)
        if isinstance(value, str) and value in self.unbuilt:
            said = ", ".join(str(option) for option in self.options)
            doc.refuse(f"{spell(where)} '{value}' is not built yet; use {said}.", where)
        else:
            doc.check_choice(where, self.options)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a choice."""
        return {"enum": list(self.options)}


@dataclass(frozen=True, slots=True)
class Code:
    """A number, or a text that is not empty: what stands for "no answer" in a data file."""

    wanted: str = "a number or a text"

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse everything else."""
        if doc.check_type(where, (int, float, str), self.wanted) and doc.get(where) == "":
            doc.refuse(f"{spell(where)} is empty; an empty cell is 'no answer' already.", where)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a code."""
        return {"type": ["number", "string"]}


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """A key whose work is not built yet: it may stand empty, and is refused by name when it is used."""

    what: str

    @property
    def wanted(self) -> str:
        """Empty, and why."""
        return f"nothing yet: {self.what} not built"

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse any value but an empty one."""
        if doc.get(where) not in (None, [], {}, ""):
            doc.refuse(f"{spell(where)} is used, but {self.what} not built yet; leave it empty.", where)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of an empty value."""
        return {"enum": [None, [], {}, ""]}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one form, from ``least`` to ``most`` of them; ``or_all`` also takes the word ``all``.

    A value may stand twice where ``repeats`` says so: in a series of amounts, not among names.
    """

    form: Form
    things: str
    least: int = 0
    most: int | None = None
    or_all: bool = False
    repeats: bool = False

    @property
    def wanted(self) -> str:
        """The list in words."""
        return ("`all`, or " if self.or_all else "") + f"a list of {self.things}"

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse what is no list, then each value that does not fit or stands twice."""
        value = doc.get(where)
        if self.or_all and value == "all":
            return
        if not doc.check_type(where, list, self.wanted):
            return
        if self.most is not None and not self.least <= len(value) <= self.most:
            doc.refuse(f"{spell(where)} must be {self.wanted}; found {len(value)}.", where)
        elif len(value) < self.least:
            doc.refuse(f"{spell(where)} must hold at least {self.least} of its {self.things}.", where)
        for index, item in enumerate(value):
            self.form.check(doc, (*where, index))
            if not self.repeats and not isinstance(item, dict) and item in value[:index]:
                doc.refuse(f"{spell((*where, index))}: {item!r} stands twice; keep one.", (*where, index))

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a list."""
        entries: dict[str, Any] = {"type": "array", "items": self.form.schema()}
        if self.least:
            entries["minItems"] = self.least
        if self.most is not None:
            entries["maxItems"] = self.most
        return {"anyOf": [{"const": "all"}, entries]} if self.or_all else entries


@dataclass(frozen=True, slots=True)
class Either:
    """A value of one form, or a mapping with more to say."""

    form: Form
    section: Section

    @property
    def wanted(self) -> str:
        """Both in words."""
        return f"{self.form.wanted}, or a mapping of {', '.join(f'`{key.name}`' for key in self.section.keys)}"

    def check(self, doc: Declared, where: Where) -> None:
        """Check a mapping as such, anything else by the plain form."""
        form: Form = self.section if isinstance(doc.get(where), dict) else self.form
        form.check(doc, where)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of either."""
        return {"anyOf": [self.form.schema(), self.section.schema()]}


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A value of one of several forms."""

    forms: tuple[Form, ...]

    @property
    def wanted(self) -> str:
        """All of them in words."""
        return ", or ".join(form.wanted for form in self.forms)

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse what fits none of them; of one that fits as a kind of value, what is wrong with it is said."""
        found = []
        for form in self.forms:
            apart = copy(doc)
            apart.faults = []
            form.check(apart, where)
            if not apart.faults:
                return
            found.append(apart.faults)
        value = doc.get(where)
        kind = ListOf if isinstance(value, list) else MapOf if isinstance(value, dict) else None
        near = [place for place, form in enumerate(self.forms) if kind is not None and isinstance(form, kind)]
        if len(near) == 1:
            doc.faults += found[near[0]]
        else:
            doc.refuse(f"{spell(where)} must be {self.wanted}; found {value!r}.", where)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of any of them."""
        return {"anyOf": [form.schema() for form in self.forms]}


@dataclass(frozen=True, slots=True)
class Day:
    """A day, as YAML reads it or as a text in quotes."""

    wanted: str = "a day, as 2026-03-21"

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse what is no day."""
        value = doc.get(where)
        try:
            if isinstance(value, dt.date) or (isinstance(value, str) and dt.date.fromisoformat(value)):
                return
        except ValueError:
            pass
        doc.refuse(f"{spell(where)} must be {self.wanted}; found {value!r}.", where)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a day: YAML that is read as JSON has it as a text."""
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True, slots=True)
class Translated:
    """A text in one or more languages: ``{en: ..., fa: ...}``."""

    wanted: str = "a text by language, as `{en: ...}`"

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse a bare text, an unknown language or an empty text."""
        value = doc.get(where)
        if isinstance(value, str):
            doc.refuse(f"{spell(where)} must say its language: write {{en: {value}}}.", where)
        elif doc.check_keys(where, optional=LANGUAGES):
            if not value:
                doc.refuse(f"{spell(where)} is empty; write {{en: ...}}.", where)
            for lang in value:
                Text().check(doc, (*where, lang))

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a translated text."""
        texts = {lang: Text().schema() for lang in LANGUAGES}
        return {"type": "object", "properties": texts, "additionalProperties": False, "minProperties": 1}


@dataclass(frozen=True, slots=True)
class MapOf:
    """Names of one's own, each with a value of one form."""

    form: Form
    things: str
    least: int = 0
    pattern: str | None = NAME_PATTERN

    @property
    def wanted(self) -> str:
        """The mapping in words."""
        return f"{self.things} by name"

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse what is no mapping, then each name and value that does not fit."""
        if not doc.check_type(where, dict, f"a mapping of {self.things} by name"):
            return
        value = doc.get(where)
        if len(value) < self.least:
            doc.refuse(f"{spell(where)} must hold at least {self.least} of its {self.things}.", where)
        for name in value:
            if not isinstance(name, str):
                doc.refuse(f"the name {name!r} in {spell(where)} must be a text; put it in quotes.", (*where, name))
                continue
            if self.pattern and not re.search(self.pattern, name):
                wanted = "letters, digits, '_' and '-', a letter or digit first"
                doc.refuse(f"the name {name!r} in {spell(where)} must be made of {wanted}.", (*where, name))
            self.form.check(doc, (*where, name))

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a mapping."""
        names = {"propertyNames": {"pattern": self.pattern}} if self.pattern else {}
        least = {"minProperties": self.least} if self.least else {}
        return {"type": "object", "additionalProperties": self.form.schema()} | names | least


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section: its form, what it means, and the value it has when left out."""

    name: str
    form: Form
    meaning: str
    required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping with a closed set of keys. A key left empty counts as left out, unless it is required."""

    keys: tuple[Key, ...]
    wanted: str = "its own keys, see below"
    extra: dict[str, Any] = field(default_factory=dict)

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse unknown and missing keys, then each value that does not fit."""
        required = [key.name for key in self.keys if key.required]
        optional = [key.name for key in self.keys if not key.required]
        if not doc.check_keys(where, required=required, optional=optional):
            return
        value = doc.get(where)
        for key in self.keys:
            if key.name in value and (key.required or value[key.name] is not None):
                key.form.check(doc, (*where, key.name))

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a section."""
        properties = {}
        for key in self.keys:
            form = key.form.schema()
            if not key.required:
                form = {"anyOf": [form, {"type": "null"}]}
            properties[key.name] = {"description": key.meaning} | form
        required = [key.name for key in self.keys if key.required]
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        } | self.extra

    def values(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        """The declared values, with the defaults of what is left out or empty."""
        return {key.name: _or_default(declared.get(key.name), key.default) for key in self.keys}


def spell(where: Where) -> str:
    """A place of a file as :mod:`crmstudy.declared` says it: ``analyses.2.formula``."""
    return ".".join(str(step) for step in where) or "the file"


def unknown_name(what: str, name: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    """The sentence for a name that is not declared, with the near miss or all that there are."""
    names = list(known)
    hint = did_you_mean(name, names)
    return f"{what} '{name}' is not declared.{hint or ' There is: ' + (', '.join(names) or 'none') + '.'}"


def _or_default(value: Any, default: Any) -> Any:
    return default if value is None else value
