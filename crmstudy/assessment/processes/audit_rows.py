"""The rows of a data audit: which field is held where, who looks after it, when it is updated, and why it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from crmstudy import letters
from crmstudy.assessment.answered import answered, choices, lists, parted, recognised, text_column
from crmstudy.assessment.catalogue import catalogue, language
from crmstudy.assessment.form import Field, write_form
from crmstudy.assessment.spelling import spelled_alike
from crmstudy.errors import DataError, did_you_mean
from crmstudy.notes import Note
from crmstudy.quoting import shown

#: Where a table does not say in which system a field is held.
ONE_SYSTEM = "all"
#: From what needs least care to what needs most.
PRIVACY = ("none", "personal", "sensitive", "special")
_WHAT = "data audit"
_HEADINGS = {
    "field": ("Field", "فیلد داده", "Поле данных"),
    "label": ("Meaning", "معنی", "Значение"),
    "group": ("Group", "گروه", "Группа"),
    "held": ("Held", "نگهداری می‌شود", "Хранится"),
    "system": ("System or department", "سامانه یا واحد", "Система или подразделение"),
    "identifier": ("Customer identifier used there", "شناسهٔ مشتری در آنجا", "Используемый там идентификатор клиента"),
    "owner": ("Responsible person", "مسئول", "Ответственный"),
    "entered_by": ("Entered by", "واردکننده", "Кто вносит"),
    "updated_at": ("Updated at", "زمان به‌روزرسانی", "Когда обновляется"),
    "purpose": ("Purpose", "هدف", "Цель"),
    "privacy": ("Privacy class", "ردهٔ حریم خصوصی", "Класс конфиденциальности"),
    "basis": ("Consent or legal basis", "رضایت یا مبنای قانونی", "Согласие или правовое основание"),
    "filled": ("Records filled, %", "درصد پرونده‌های تکمیل‌شده", "Заполнено записей, %"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Audited:
    """The rows of an audit with their values recognised.

    ``rows`` has field, group, held, system, identifier, owner, entered_by, updated_at, purpose, privacy, basis and
    filled; ``entered_by``, ``updated_at`` and ``identifier`` are tuples. ``dropped`` rows were left out.
    """

    rows: pd.DataFrame
    notes: tuple[Note, ...]
    dropped: int


def words(entries: str) -> dict[str, Mapping[str, str]]:
    """The labels of a list of the catalogue of data fields, by id."""
    return {entry["id"]: entry["label"] for entry in catalogue("data_fields")[entries]}


def form_fields() -> tuple[Field, ...]:
    """The columns of a data audit."""
    needed = ("field", "held")
    several = ("entered_by", "updated_at")
    answers = {"held": "held", "privacy": "privacy", "group": "groups"} | {name: name for name in several}
    return tuple(
        Field(
            name, dict(zip(("en", "fa", "ru"), heading, strict=True)), "number" if name == "filled" else "text",
            words(answers[name]) if name in answers else {}, name not in ("field", "label", "group"), name in needed,
            30 if name in ("label", "purpose") else 18, name in several,
            low=0 if name == "filled" else None, high=100 if name == "filled" else None,
        )
        for name, heading in _HEADINGS.items()
    )  # fmt: skip


def inventory_form(path: str | Path, lang: str = "en") -> Path:
    """Write the form of a data inventory: a row a field, to be filled in for each system that holds it.

    Parameters
    ----------
    path : path
        ``.xlsx`` or ``.csv``; never over a file.
    lang : {"en", "fa", "ru"}

    Returns
    -------
    Path

    Raises
    ------
    OutputError, UnsupportedError
        When the file exists; for another language or kind of file.

    Notes
    -----
    Source documents 0.13, 1.3, 3.3.
    """
    language(lang)
    groups, privacy, who, when = words("groups"), words("privacy"), words("entered_by"), words("updated_at")
    rows = [
        {
            "field": entry["id"], "label": entry["label"][lang], "group": groups[entry["group"]][lang],
            "privacy": privacy[entry["privacy"]][lang], "purpose": entry["purpose"][lang],
            "entered_by": "; ".join(who[one][lang] for one in entry["entered_by"]),
            "updated_at": "; ".join(when[one][lang] for one in entry["updated_at"]),
        }
        for entry in catalogue("data_fields")["fields"]
    ]  # fmt: skip
    return write_form(path, rows, lang, fields=form_fields(), name="inventory")


def audited(audit: object) -> Audited:
    """Recognise the rows of an audit.

    Raises
    ------
    DataError
        With all faults: columns, words that are no answers, fields that are neither in the catalogue nor given a group,
        shares outside 0 to 100.
    """
    if isinstance(audit, Audited):
        return audit
    frame = answered(audit, form_fields(), _WHAT)
    faults: list[str] = []
    made = pd.DataFrame(index=frame.index)
    made["field"] = _fields(frame, faults)
    for name, entries in (("held", "held"), ("group", "groups"), ("privacy", "privacy")):
        made[name], found = choices(text_column(frame, name), words(entries), name, _WHAT)
        faults += found
    for name in ("entered_by", "updated_at"):
        values, found = lists(text_column(frame, name), words(name), name, _WHAT)
        made[name] = pd.Series(values, index=frame.index, dtype=object)
        faults += found
    for name in ("owner", "purpose", "basis"):
        made[name] = text_column(frame, name)
    made["field"], notes = spelled_alike(made["field"], "fields")
    made["system"], alike = spelled_alike(text_column(frame, "system"), "systems", ONE_SYSTEM)
    notes += alike
    identifiers = [tuple(dict.fromkeys(parted(cell))) for cell in text_column(frame, "identifier")]
    made["identifier"] = pd.Series(identifiers, index=frame.index, dtype=object)
    made["filled"] = frame["filled"] if "filled" in frame else float("nan")
    outside = made["filled"].notna() & ~made["filled"].between(0, 100)
    if outside.any():
        row = int(outside.to_numpy().argmax())
        faults.append(
            f"'filled' of the {_WHAT} is a percent from 0 to 100, but row {row + 1} has {made['filled'][row]:g}."
        )
    groups = made.dropna(subset=["field", "group"]).groupby("field", sort=False)["group"].unique()
    faults += [
        f"'{shown(name)}' of the {_WHAT} is given to the groups {', '.join(several)}; give it to one."
        for name, several in groups.items()
        if len(several) > 1 and name not in words("fields")
    ]
    if faults:
        raise DataError(faults)
    return _settled(made, notes)


def _fields(frame: pd.DataFrame, faults: list[str]) -> pd.Series[Any]:
    """Ids of the catalogue where a name is recognised, else the name itself, if it is given a group."""
    listed = catalogue("data_fields")["fields"]
    known = recognised({entry["id"]: entry["label"].values() for entry in listed})
    group = text_column(frame, "group")
    found: list[str | None] = []
    for row, (name, own) in enumerate(zip(frame["field"], group, strict=True), start=1):
        if name is None or name != name:
            faults.append(f"Row {row} of the {_WHAT} names no field; name one or delete the row.")
            found.append(None)
            continue
        one = known.get(letters.key(str(name)))
        if one is None and (own is None or own != own):
            hint = did_you_mean(str(name), [entry["id"] for entry in listed])
            faults.append(
                f"'{shown(name)}' (row {row}) is no field of the catalogue; give its `group` "
                f"({', '.join(words('groups'))}) if it is a field of your own.{hint}"
            )
        found.append(one or str(name))
    return pd.Series(found, index=frame.index, dtype=object)


def _settled(made: pd.DataFrame, notes: list[Note]) -> Audited:
    """Rows with group and privacy class, each field once in each system."""
    entries = {entry["id"]: entry for entry in catalogue("data_fields")["fields"]}
    proposed = made["field"].map(lambda name: entries[name]["privacy"] if name in entries else None)
    made["group"] = [
        entries[name]["group"] if name in entries else group
        for name, group in zip(made["field"], made["group"], strict=True)
    ]
    made["privacy"] = [
        _privacy(name, said, least, notes)
        for name, said, least in zip(made["field"], made["privacy"], proposed, strict=True)
    ]
    repeated = made.duplicated()
    if repeated.any():
        message = f"Rows of the audit that repeat another one and count once: {int(repeated.sum())}."
        notes.append(Note("AUDIT_ROWS_REPEATED", message))
    once = made[~repeated]
    twice = once.duplicated(["field", "system"], keep=False)
    for name, system in once.loc[twice, ["field", "system"]].drop_duplicates().itertuples(index=False):
        message = (
            f"'{name}' has several different rows for the system '{system}'; none of them counts. Keep the right one."
        )
        notes.append(Note("AUDIT_TWO_ANSWERS", message, "warning", name))
    kept = once[~twice].reset_index(drop=True)
    return Audited(kept, tuple(dict.fromkeys(notes)), len(made) - len(kept))


def _privacy(name: str, said: str | None, least: str | None, notes: list[Note]) -> str | None:
    """The class that was given, or that of the catalogue; never a milder one than the catalogue's."""
    if not isinstance(said, str) or not isinstance(least, str):
        return next((one for one in (said, least) if isinstance(one, str)), None)
    if PRIVACY.index(said) < PRIVACY.index(least):
        message = f"'{name}' was given the privacy class {said}; it is treated as {least}, as the catalogue has it."
        notes.append(Note("AUDIT_PRIVACY_LOWERED", message, "warning", name))
        return least
    return said
