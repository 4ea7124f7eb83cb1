"""All that can be filled in, by name: forms whose rows stand in them already, and tables that are empty at first.

What was filled in is read by the functions of the assessments, in whatever language it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from crmstudy.assessment import ecrm, maturity
from crmstudy.assessment.catalogue import LANGUAGES, catalogue, language
from crmstudy.assessment.checklists import entries
from crmstudy.assessment.form import Field, filled_in, write_form
from crmstudy.assessment.maturity.form import fields as rating_fields
from crmstudy.assessment.modules import change, module_form
from crmstudy.assessment.modules.answers import FIELDS as MODULE_FIELDS
from crmstudy.assessment.processes import audit_rows, process_form
from crmstudy.assessment.processes.process_audit import form_fields as process_fields
from crmstudy.assessment.tables import by_name
from crmstudy.errors import ModelError, UnsupportedError, did_you_mean
from crmstudy.instrument import load_instrument
from crmstudy.quoting import shown

_BRACKETS = re.compile(r"[\[\]\r\n\t]")
_WIDTH = 22


@dataclass(frozen=True, slots=True)
class Form:
    """Something to fill in.

    ``title`` says by language what it is for; ``analyses`` are the keys by which analyses of a study read it;
    ``options`` the keywords of :func:`write` that it takes. ``instrument`` is what its columns answer, if any.
    """

    id: str
    title: Mapping[str, str]
    analyses: tuple[str, ...]
    options: tuple[str, ...] = ()
    instrument: str | None = None


_OPTIONS = {"maturity": ("rater", "unit", "wave"), "modules": ("area",), "elements": ("attributes",)}
_WRITERS: Mapping[str, Callable[..., Path]] = {
    "maturity": maturity.rating_form, "modules": module_form, "change": change.change_form, "ecrm": ecrm.ecrm_form,
    "inventory": audit_rows.inventory_form, "processes": process_form,
}  # fmt: skip


def forms() -> tuple[Form, ...]:
    """All forms and tables, in the order in which an audit comes to them."""
    return tuple(
        Form(one["id"], one["title"], tuple(one["analyses"]), _OPTIONS.get(one["id"], ()), one.get("instrument"))
        for one in (*catalogue("forms")["forms"], *catalogue("forms")["tables"])
    )


def form_of(name: str) -> Form:
    """The form of a name; raises UnsupportedError where there is none."""
    known = {one.id: one for one in forms()}
    if name not in known:
        raise UnsupportedError(f"'{shown(name)}' is no form; there is {', '.join(known)}.{did_you_mean(name, known)}")
    return known[name]


def write(name: str, path: str | Path, lang: str = "en", **options: Any) -> Path:
    """Write a form or an empty table.

    Parameters
    ----------
    name : str
        Of one of :func:`forms`.
    path : path
        ``.xlsx`` or ``.csv``; never over a file.
    lang : {"en", "fa", "ru"}
    **options
        ``rater``, ``unit``, ``wave`` of the form of maturity, ``area`` of that of modules, ``attributes`` (two or more
        names) of the table of elements of value.

    Raises
    ------
    OutputError
        When the file exists, or its folder does not.
    ModelError, UnsupportedError
        For an option that the form does not have, another language or kind of file.
    """
    form = form_of(name)
    language(lang)
    faults = [
        f"the form '{name}' has no `{option}`; it belongs to {_with(option)}."
        for option in options
        if option not in form.options
    ]
    if faults:
        raise ModelError(faults)
    if name in entries.LISTS:
        return entries.checklist_form(path, lang, list=name)
    if name in _WRITERS:
        return _WRITERS[name](path, lang, **options)
    return write_form(path, [], lang, fields=table_fields(name, **options), name=name)


def table_fields(name: str, attributes: Sequence[str] = ()) -> tuple[Field, ...]:
    """The columns of a table; their headings end in the name of the column, such as ``Customer [customer]``."""
    about = next(one for one in catalogue("forms")["tables"] if one["id"] == name)
    fields = [_field(one) for one in about["columns"]]
    if "instrument" in about:
        fields += _items(about["instrument"])
    if "attributes" in _OPTIONS.get(name, ()):
        fields = [*_elements(attributes), *fields]
    return tuple(fields)


def under_names(frame: pd.DataFrame, own: Collection[str] = ()) -> pd.DataFrame:
    """A table whose columns and answers are in the words of a form, under names; any other as it is.

    Columns of ``own`` keep their headings.
    """
    for fields in _FIELDS:
        made = filled_in(frame, fields(), "form", own)
        if isinstance(made, pd.DataFrame) and made is not frame:
            return made
    found = by_name(head for head in map(str, frame) if head not in own)
    return frame.rename(columns=found) if found else frame


#: The columns of the forms; each knows its own by a heading that no other form has.
_FIELDS: tuple[Callable[[], tuple[Field, ...]], ...] = (
    rating_fields, lambda: MODULE_FIELDS, change.form_fields, ecrm.form_fields, audit_rows.form_fields,
    process_fields, entries.form_fields,
)  # fmt: skip


def _with(option: str) -> str:
    return ", ".join(name for name, options in _OPTIONS.items() if option in options) or "none"


def _field(about: Mapping[str, Any]) -> Field:
    """A column of the catalogue; its answers stand with the assessment that reads it."""
    answers = {"day": "days", "staffed": "staffed"}.get(about["name"])
    return Field(
        about["name"],
        {lang: f"{about['heading'][lang]} [{about['name']}]" for lang in LANGUAGES},
        about.get("kind", "text"),
        {one["id"]: one["label"] for one in catalogue("channels")[answers]} if answers else {},
        filled=True, required=about.get("required", True), width=_WIDTH,
        low=about.get("low"), high=about.get("high"), told=about["told"],
    )  # fmt: skip


def _items(instrument: str) -> list[Field]:
    """The items of an instrument: headed by their ids, told in their words."""
    return [
        Field(
            item.id, dict.fromkeys(LANGUAGES, item.id), "whole", filled=True, required=False, width=8,
            offered=tuple(range(int(item.response.low), int(item.response.high) + 1)),
            told={lang: item.wording[lang] for lang in LANGUAGES},
        )
        for item in load_instrument(instrument).items
    ]  # fmt: skip


def attribute_columns(attributes: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """The columns of each attribute in the table of elements: what customers found, and what they expected.

    Raises
    ------
    ModelError
        For attributes that are one only, the same, or no names.
    """
    parts = [part["id"] for part in catalogue("forms")["elements"]["parts"]]
    return {name: tuple(f"{name}_{part}" for part in parts) for name in _named(attributes)}


def _elements(attributes: Sequence[str]) -> list[Field]:
    """What customers found and expected of each attribute."""
    parts, named = catalogue("forms")["elements"]["parts"], _named(attributes)
    return [
        Field(
            column,
            {lang: f"{named[name][lang]}: {part['label'][lang]} [{column}]" for lang in LANGUAGES},
            "number", filled=True, width=_WIDTH, told=part["told"],
        )
        for name, columns in attribute_columns(attributes).items()
        for part, column in zip(parts, columns, strict=True)
    ]  # fmt: skip


def _named(attributes: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """The attributes that are given, or those of the catalogue, with their words by language."""
    if not attributes:
        return {one["id"]: one["label"] for one in catalogue("forms")["elements"]["attributes"]}
    given = [name.strip() for name in attributes]
    if len(set(given)) < max(len(given), 2) or not all(given) or any(map(_BRACKETS.search, given)):
        raise ModelError("`attributes` are two or more different names without brackets, such as speed and price.")
    return {name: dict.fromkeys(LANGUAGES, name) for name in given}
