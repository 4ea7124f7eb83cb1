"""The door of the top-down rating: who gave which leaf which level, when, for whom, on what evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from crmstudy import letters
from crmstudy.assessment.catalogue import LANGUAGES
from crmstudy.assessment.form import filled_in
from crmstudy.assessment.maturity.form import fields
from crmstudy.assessment.maturity.scale import TOP, leaves, level_name
from crmstudy.assessment.options import name_faults
from crmstudy.assessment.tables import Type, table_of
from crmstudy.errors import DataError, Fault, did_you_mean
from crmstudy.notes import Note
from crmstudy.quoting import shown

#: What a unit, wave or rater is called where the ratings name none.
ALL = "all"
ROLES = ("rater", "wave", "unit")
_QUOTED = 4


@dataclass(frozen=True, slots=True, eq=False)
class RatingTable:
    """Ratings, checked.

    ``rows`` has a row a rating that was given: ``unit``, ``wave``, ``rater``, ``leaf``, ``level`` (0 to 6),
    ``evidence`` (None where there is none). ``waves`` are in the order of time; ``empty`` is the number of rows without
    a level; ``has_evidence`` tells whether there is a column for it.
    """

    rows: pd.DataFrame
    units: tuple[str, ...]
    waves: tuple[str, ...]
    empty: int
    has_evidence: bool
    notes: tuple[Note, ...]


def read_ratings(data: object, asked: dict[str, str | None]) -> RatingTable:
    """Ratings from a table, a file or a form that was filled in, or from several of these.

    Parameters
    ----------
    data : DataFrame, Responses or path, or list of these
    asked : dict
        For ``rater``, ``wave`` and ``unit`` the name of the column, or None for the column of that name, if any.

    Raises
    ------
    DataError
        With every fault.
    """
    faults = name_faults(asked, optional=ROLES)
    names = {role: asked[role] or role for role in ROLES}
    faults = faults or _doubled(names)
    if faults:
        raise DataError(faults)
    notes: list[Note] = []
    table, has_evidence = _gathered(data, asked, names, notes)
    used = [role for role in ROLES if asked[role] or table[role].notna().any()]
    faults = [*_leaf_faults(table), *_level_faults(table), *_role_faults(table, used, names)]
    made = table.assign(leaf=table["leaf"].map(_leaf), level=table["level"].map(_level).astype(float))
    made[[role for role in ROLES if role not in used]] = ALL
    rated = made[made["level"].notna()]
    faults += _doubles(rated, used, names)
    if not faults and rated.empty:
        faults = [f"None of the {len(table)} rows of the ratings has a level; fill in levels from 0 to {TOP}."]
    if faults:
        raise DataError(faults)
    return RatingTable(
        rows=rated[["unit", "wave", "rater", "leaf", "level", "evidence"]].reset_index(drop=True),
        units=tuple(dict.fromkeys(rated["unit"])),
        waves=_in_time(tuple(dict.fromkeys(rated["wave"])), notes),
        empty=int(made["level"].isna().sum()),
        has_evidence=has_evidence,
        notes=tuple(notes),
    )


def _gathered(
    data: object, asked: dict[str, str | None], names: dict[str, str], notes: list[Note]
) -> tuple[pd.DataFrame, bool]:
    """One table of texts, its index the places of the rows, and whether it has evidence.

    A file without raters stands for one, by its name.
    """
    parts = list(data) if isinstance(data, list | tuple) else [data]
    if not parts:
        raise DataError("There are no ratings: give a table, a file, or a list of forms that were filled in.")
    made: list[pd.DataFrame] = []
    faults: list[Fault] = []
    evidence = False
    for part in parts:
        file = Path(part).name if isinstance(part, str | Path) and len(parts) > 1 else None
        try:
            table, told = _texts(part, asked, names)
        except DataError as error:
            faults += [fault if fault.file else replace(fault, file=file) for fault in error.faults]
            continue
        evidence |= told
        if file and table["rater"].isna().all():
            table["rater"] = Path(file).stem
            message = f"'{shown(file)}' names no rater; its ratings are those of '{shown(Path(file).stem)}'."
            notes.append(Note("MATURITY_RATER_FROM_FILE", message))
        table.index = pd.Index([f"row {row + 1}" + (f" of {shown(file)}" if file else "") for row in table.index])
        made.append(table)
    if faults:
        raise DataError(faults)
    return pd.concat(made), evidence


def _texts(part: object, asked: dict[str, str | None], names: dict[str, str]) -> tuple[pd.DataFrame, bool]:
    """The columns of one table as texts, rows in which nothing stands left out; whether it has one for evidence."""
    wanted = {name for role, name in names.items() if asked[role]}
    part = filled_in(part, fields(), "rating form", wanted)
    required: dict[str, Type] = dict.fromkeys(["leaf", "level", *sorted(wanted)], "text")
    optional: dict[str, Type] = dict.fromkeys(["evidence", *sorted(set(names.values()) - wanted)], "text")
    table = table_of(part, required, optional, what="ratings")
    evidence = "evidence" in table
    table = table.rename(columns={name: role for role, name in names.items()})
    table = table.reindex(columns=["leaf", "level", "evidence", *ROLES]).astype(object)
    return table[table[["leaf", "level", "evidence"]].notna().any(axis=1)], evidence


def _doubled(names: dict[str, str]) -> list[str]:
    """Columns that are to be two things at once."""
    own = {"leaf": "leaf", "level": "level", "evidence": "evidence"}
    pairs = [*own.items(), *names.items()]
    faults = []
    for place, (role, name) in enumerate(pairs):
        other = next((first for first, taken in pairs[:place] if taken == name), None)
        if other is not None:
            faults.append(f"`{role}` names the column '{name}', which already is the {other}; each has its own column.")
    return faults


@lru_cache(maxsize=1)
def _words() -> dict[str, str]:
    """Leaves by everything they may be called."""
    return {letters.key(word): leaf.id for leaf in leaves().values() for word in (leaf.id, *leaf.label.values())}


def _leaf(cell: object) -> str | None:
    return _words().get(letters.key(cell)) if isinstance(cell, str) else None


def _level(cell: object) -> float:
    """A level as a number; NaN for an empty cell or one that is no level."""
    found = _number(cell)
    return found if np.isfinite(found) and found in range(TOP + 1) else float("nan")


def _number(cell: object) -> float:
    if not isinstance(cell, str):
        return float("nan")
    try:
        return float(letters.digits(cell).replace(",", "."))
    except ValueError:
        named = letters.key(cell)
    for level in range(TOP + 1):
        for lang in LANGUAGES:
            name = level_name(level, lang)
            if named in (letters.key(name), letters.key(f"{level} {name}")):
                return float(level)
    return float("nan")


def _leaf_faults(table: pd.DataFrame) -> list[str]:
    faults = []
    nameless = table[table["leaf"].isna()]
    if len(nameless):
        faults.append(f"No leaf is named in {_rows(nameless.index)}: say in the column 'leaf' what was rated.")
    given = table["leaf"].dropna()
    for word in dict.fromkeys(given):
        if _leaf(word) is None:
            where = _rows(given.index[given == word])
            hint = did_you_mean(str(word), leaves())
            faults.append(f"'{shown(word)}' ({where}) is none of the 29 leaves that maturity.anchors() lists.{hint}")
    return faults


def _level_faults(table: pd.DataFrame) -> list[str]:
    given = table["level"].dropna()
    numbers = given.map(_number)
    kinds = {
        "is no level": given[numbers.isna()],
        "is not on the scale": given[numbers.notna() & ((numbers < 0) | (numbers > TOP))],
        "lies between two levels": given[(numbers > 0) & (numbers < TOP) & (numbers % 1 != 0)],
    }
    return [
        f"A level is a whole number from 0 to {TOP} or its name; {_cells(found)} {fault}. Correct it or leave it empty."
        for fault, found in kinds.items()
        if len(found)
    ]


def _role_faults(table: pd.DataFrame, used: list[str], names: dict[str, str]) -> list[str]:
    faults = []
    for role in used:
        lacking = table[table[role].isna() & table["level"].notna()]
        if len(lacking):
            where = _rows(lacking.index)
            faults.append(f"There is a level and no {role} in {where}: fill in the column '{names[role]}'.")
    return faults


def _doubles(rated: pd.DataFrame, used: list[str], names: dict[str, str]) -> list[str]:
    """A leaf rated twice by one rater is a question to be asked, whatever the levels are."""
    by = [*ROLES, "leaf"]
    again = rated[rated["leaf"].notna() & rated.duplicated(by, keep=False)]
    faults = []
    for (_, wave, unit, leaf), rows in again.groupby(by, sort=False, dropna=False):
        levels = ", ".join(f"{level:g}" for level in rows["level"])
        who = [f"{role} '{shown(value)}'" for role, value in (("unit", unit), ("wave", wave)) if role in used]
        if "rater" in used:
            who.append(f"rater '{shown(rows['rater'].iloc[0])}'")
        place = f" ({', '.join(who)})" if who else ""
        advice = "keep one of them." if "rater" in used else (
            "keep one of them, or say in a column of raters who gave which "
            f"(`rater`, found under '{names['rater']}' by itself)."
        )  # fmt: skip
        faults.append(f"'{leaf}'{place} has {len(rows)} levels, {levels} ({_rows(rows.index)}): {advice}")
    return faults


def _rows(places: Iterable[object]) -> str:
    """``row 3``, or ``row 3, row 4, row 5, row 6 and 2 more``."""
    listed = [str(place) for place in places]
    more = f" and {len(listed) - _QUOTED} more" if len(listed) > _QUOTED else ""
    return f"{', '.join(listed[:_QUOTED])}{more}"


def _cells(found: pd.Series) -> str:
    quoted = ", ".join(f"{shown(str(cell))} ({place})" for place, cell in found[:_QUOTED].items())
    return quoted + (f" and {len(found) - _QUOTED} more" if len(found) > _QUOTED else "")


def _in_time(waves: tuple[str, ...], notes: list[Note]) -> tuple[str, ...]:
    """Waves as numbers, days or names that differ by a number only, in their order; others as they first occur."""
    if len(waves) < 2:
        return waves
    texts = pd.Series([letters.digits(wave) for wave in waves])
    parts = texts.str.extract(r"^(\D*)(\d{1,9})(\D*)$")
    counted = parts[1].where((parts[0] == parts[0][0]) & (parts[2] == parts[2][0]))
    days = pd.to_datetime(texts, errors="coerce", format="ISO8601", utc=True)
    for known in (pd.to_numeric(texts, errors="coerce"), days, pd.to_numeric(counted)):
        if known.notna().all():
            return tuple(pd.Series(waves)[known.argsort(kind="stable").to_numpy()])
    message = (
        f"The waves are taken in the order in which they first occur: {', '.join(map(shown, waves))}. Where that is "
        "not their order in time, sort the rows, or name the waves by numbers or days."
    )
    notes.append(Note("MATURITY_WAVE_ORDER", message))
    return waves
