"""The units of the organisation, nested in ``administration.yaml`` or as rows of a CSV, checked to be one tree."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crmstudy.administration.declaring import keys, parts
from crmstudy.administration.fieldwork import Unit
from crmstudy.declared import CONTROL, LARGEST_FILE, Declared, Where
from crmstudy.errors import COMMANDING, Fault, did_you_mean
from crmstudy.files import bytes_of
from crmstudy.letters import key, tidy
from crmstudy.quoting import shown

_COLUMNS = ("unit", "parent", "level", "name", *(f"name_{tag}" for tag in parts.WORDED))
_LONGEST_ID = 64
_MOST_TOLD = 50
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class _Row:
    """A unit as it is declared: its level may be left out."""

    id: str
    parent: str
    level: str
    name: Mapping[str, str]
    file: str
    line: int | None


def read_units(doc: Declared, folder: Path, languages: Sequence[str]) -> tuple[tuple[str, ...], dict[str, Unit]]:
    """Levels from the smallest, and units by id in the order in which they are declared."""
    levels = tuple(level for level, _ in parts.words(doc, ("levels",), "names of levels, the smallest first"))
    declared = doc.get(("units",))
    if declared is None:
        return levels, {}
    if isinstance(declared, str):
        rows = _from_csv(doc, folder / declared.replace("\\", "/"), languages)
    else:
        rows = []
        _nested(doc, ("units",), "", languages, rows)
    sound = _sound_rows(doc, rows)
    if not levels:
        if any(row.parent for row in sound) or len({row.level for row in sound if row.level}) > 1:
            doc.refuse("levels must name the levels of the units, the smallest first: [branch, region].", ("units",))
            return levels, {}
        levels = (next((row.level for row in sound if row.level), "unit"),)
    return levels, _levelled(doc, sound, levels)


def _nested(doc: Declared, where: Where, parent: str, languages: Sequence[str], rows: list[_Row]) -> None:
    for id, place in parts.mapping(doc, where, "a mapping of units by id, or the path of a CSV"):
        name: Mapping[str, str] = {}
        level = ""
        if isinstance(doc.get(place), str):
            name = dict.fromkeys(languages, parts.text(doc, place))
        elif parts.section(doc, place, keys.UNIT):
            level = parts.text(doc, (*place, "level"))
            called = doc.get((*place, "name"))
            if isinstance(called, str):
                name = dict.fromkeys(languages, parts.text(doc, (*place, "name")))
            else:
                name = parts.texts(doc, (*place, "name"), languages)
        named = dict(name) or dict.fromkeys(languages, id)
        rows.append(_Row(id, parent, level, named, str(doc.path), doc.line(place)))
        if isinstance(doc.get(place), Mapping):
            _nested(doc, (*place, "units"), id, languages, rows)


def _from_csv(doc: Declared, path: Path, languages: Sequence[str]) -> list[_Row]:
    """The rows of a CSV with the columns unit, parent, level, name (or name_en, name_fa ...)."""
    try:
        content = bytes_of(path, LARGEST_FILE).decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        doc.faults.append(Fault(f"the file is not UTF-8 (byte {bad.start}); save it as UTF-8.", str(path)))
        return []
    except OSError as bad:
        doc.refuse(f"the units '{shown(path, _SHOWN)}' cannot be read: {bad.strerror}. Check the path.", ("units",))
        return []
    first = content.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    rows: list[_Row] = []
    columns: list[str] = []
    try:
        for cells in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = [cell.strip().lower() for cell in cells]
                if not _columns_fine(doc, columns, str(path), line):
                    return []
                continue
            row = _row(doc, columns, cells, languages, str(path), line)
            if row is not None:
                rows.append(row)
    except csv.Error as bad:
        doc.faults.append(Fault(f"this is no CSV: {bad}.", str(path), reader.line_num))
    if not rows and not doc.faults:
        doc.faults.append(Fault("the file names no unit; add a row for each, below unit,parent,level,name.", str(path)))
    return rows


def _columns_fine(doc: Declared, columns: Sequence[str], file: str, line: int) -> bool:
    wrong = []
    for column in columns:
        if column not in _COLUMNS:
            hint = did_you_mean(column, _COLUMNS) or f" Known are: {', '.join(_COLUMNS)}."
            wrong.append(f"the column '{shown(column)}' is not known.{hint}")
    if "unit" not in columns:
        wrong.append("there is no column 'unit', the id of each unit; add it.")
    if len(set(columns)) < len(columns):
        wrong.append("a column stands twice; keep one.")
    doc.faults += [Fault(message, file, line) for message in wrong]
    return not wrong


def _row(
    doc: Declared, columns: Sequence[str], cells: Sequence[str], languages: Sequence[str], file: str, line: int
) -> _Row | None:
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        message = f"the row has {len(cells)} cells, and there are {len(columns)} columns; put texts in quotes."
        doc.faults.append(Fault(message, file, line))
        return None
    said = {column: " ".join(tidy(cell).split()) for column, cell in zip(columns, cells, strict=False)}
    everywhere = said.get("name", "")
    name = dict.fromkeys(languages, everywhere) if everywhere else {}
    name |= {tag: said[f"name_{tag}"] for tag in parts.WORDED if said.get(f"name_{tag}")}
    id = said.get("unit", "")
    named = name or dict.fromkeys(languages, id)
    return _Row(id, said.get("parent", ""), said.get("level", ""), named, file, line)


def _sound_rows(doc: Declared, rows: Sequence[_Row]) -> list[_Row]:
    """The rows that make up a tree; doubles, unknown parents and circles are refused."""
    wrong: list[Fault] = []
    first: dict[str, _Row] = {}
    alike: dict[str, _Row] = {}
    for row in rows:
        message = ""
        if not row.id or len(row.id) > _LONGEST_ID or CONTROL.search(row.id) or COMMANDING.search(row.id):
            message = f"the id of a unit is a text of 1 to {_LONGEST_ID} characters; found '{shown(row.id)}'."
        elif row.id in first:
            message = f"the unit '{shown(row.id)}' is declared twice (first in line {first[row.id].line}); keep one."
        elif key(row.id) in alike:
            other = alike[key(row.id)]
            message = (
                f"the units '{shown(other.id)}' (line {other.line}) and '{shown(row.id)}' read the same; rename one."
            )
        if message:
            wrong.append(Fault(message, row.file, row.line))
        else:
            first[row.id] = alike[key(row.id)] = row
    for row in first.values():
        if row.parent and row.parent not in first:
            near = did_you_mean(row.parent, first) if len(wrong) < _MOST_TOLD else ""
            hint = near or " Declare it too."
            message = f"the parent '{shown(row.parent)}' of the unit '{shown(row.id)}' is no unit.{hint}"
            wrong.append(Fault(message, row.file, row.line))
    for circle in _circles({row.id: row.parent for row in first.values()}):
        row = first[circle[0]]
        told = " -> ".join(shown(id) for id in (*circle, circle[0])[:12])
        message = f"the units go in a circle: {told}; a unit cannot lie in itself. Correct a parent."
        wrong.append(Fault(message, row.file, row.line))
    doc.faults += wrong[:_MOST_TOLD]
    if len(wrong) > _MOST_TOLD:
        doc.refuse(f"the units have {len(wrong) - _MOST_TOLD} faults more.", ("units",))
    return [] if wrong else list(first.values())


def _circles(parents: Mapping[str, str]) -> list[list[str]]:
    """Units that are above themselves, each circle once, from the unit declared first."""
    done: set[str] = set()
    circles = []
    for start in parents:
        path: dict[str, int] = {}
        here = start
        while here in parents and here not in done and here not in path:
            path[here] = len(path)
            here = parents[here]
        if here in path:
            circles.append(list(path)[path[here] :])
        done.update(path)
    return circles


def _levelled(doc: Declared, rows: Sequence[_Row], levels: Sequence[str]) -> dict[str, Unit]:
    """The units with their levels: a unit lies above those in it; without units in it, it is of the smallest level."""
    place = {level: rank for rank, level in enumerate(levels)}
    inside: dict[str, list[_Row]] = {}
    for row in rows:
        inside.setdefault(row.parent, []).append(row)
    rank: dict[str, int] = {}
    wrong: list[Fault] = []
    for row in reversed(_from_the_top(inside)):
        highest = max((rank[one.id] for one in inside.get(row.id, ())), default=-1)
        if row.level and row.level not in place:
            hint = did_you_mean(row.level, levels) or f" Levels are: {', '.join(map(shown, levels))}."
            message = f"the level '{shown(row.level)}' of the unit '{shown(row.id)}' is not declared.{hint}"
            wrong.append(Fault(message, row.file, row.line))
        rank[row.id] = place.get(row.level, highest + 1)
        if rank[row.id] >= len(levels):
            message = (f"the unit '{shown(row.id)}' lies above units of the highest level '{shown(levels[-1])}'; "
                       "add a level to levels.")  # fmt: skip
            wrong.append(Fault(message, row.file, row.line))
            rank[row.id] = len(levels) - 1
        elif row.level in place and rank[row.id] <= highest:
            lower = next(one for one in inside[row.id] if rank[one.id] == highest)
            message = (f"the unit '{shown(lower.id)}' ({levels[highest]}) lies in '{shown(row.id)}' ({row.level}); "
                       f"levels rise from {levels[0]} to {levels[-1]}. Correct a level or a parent.")  # fmt: skip
            wrong.append(Fault(message, lower.file, lower.line))
    doc.faults += wrong[:_MOST_TOLD]
    return {row.id: Unit(row.id, row.name, levels[rank[row.id]], row.parent) for row in rows}


def _from_the_top(inside: Mapping[str, Sequence[_Row]]) -> list[_Row]:
    """Every unit after the one it lies in."""
    found: list[_Row] = []
    waiting = list(inside.get("", ()))
    while waiting:
        row = waiting.pop()
        found.append(row)
        waiting += inside.get(row.id, ())
    return found
