"""Published wording from a file: CSV, workbook or YAML, with the ids of the items and a column a language."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crmstudy.declared import read_declared
from crmstudy.errors import Fault, InstrumentError, UnsupportedError
from crmstudy.exchange.drafting.cells import read_grid
from crmstudy.exchange.drafting.headings import heading_of
from crmstudy.exchange.drafting.sheet_out import Page, write_pages
from crmstudy.exchange.questionnaires.names import tag_of
from crmstudy.exchange.questionnaires.seen import quoted
from crmstudy.instrument.drafts import direction_of
from crmstudy.instrument.model import Instrument
from crmstudy.instrument.revising.adopting import Worded, Wording, template_rows

_TEXT = re.compile(r"(?:text|wording|label|متن|текст)?[\s_:()\[\]-]*(?P<tag>[^\s_:()\[\]-].*?)[\s)\]]*", re.IGNORECASE)


def read_wording(path: str | Path, lang: str | None = None) -> Wording:
    """Read published wording.

    Parameters
    ----------
    path : path
        A CSV or workbook with the columns ``item`` and one a language (``fa``, ``text_fa``, ``Persian`` ...), or
        ``text`` when ``lang`` says its language; a column ``number`` has the numbers printed beside the items. Or YAML:
        a mapping of item ids to a text, or to texts by language.
    lang : str, optional
        The language of the column ``text``, or the only one to take.

    Raises
    ------
    DataError, InstrumentError
        When the file cannot be read or has no column of item ids or texts.
    """
    path = Path(path)
    if path.suffix.lower() in (".yaml", ".yml"):
        return _from_yaml(path, lang)
    if path.suffix.lower() not in (".csv", ".tsv", ".txt", ".xlsx", ".xlsm"):
        raise UnsupportedError(
            f"wording is read from .csv, .xlsx or .yaml, not '{path.suffix}'; save it as one of these."
        )
    grid = read_grid(path)
    filled = [sheet for sheet in grid.sheets if sheet.rows]
    if not filled:
        raise InstrumentError(Fault("the file is empty; it needs the columns item and text.", grid.file))
    told = list(grid.told)
    sheet = filled[0]
    if len(filled) > 1:
        told.append(
            f"Read was the sheet '{quoted(sheet.name)}'; the workbook has {len(filled)} sheets with something in them."
        )
    roles, texts = _columns(sheet.rows[0], lang, told, grid.file)
    rows = []
    faults = []
    for line, cells in enumerate(sheet.rows[1:], start=2):
        beside = [cell for name, cell in zip(sheet.rows[0], cells, strict=True) if cell and not name]
        if beside:
            message = f"'{quoted(beside[0])}' stands in a column without a heading; put texts with commas in quotes."
            faults.append(Fault(message, grid.file, line))
        found = {tag: cells[place] for tag, place in texts.items()}
        id = cells[roles["item"]].strip()
        if not id and not any(found.values()):
            continue
        number = cells[roles["number"]] if "number" in roles else ""
        if not any(found.values()) and re.fullmatch(r"instructions|[\w.-]+\s*=\s*[+-]?\d+", id):
            continue  # rows of the template that were left empty
        rows.append(Worded(id, {tag: text for tag, text in found.items() if text}, number, line))
    if faults:
        raise InstrumentError(faults)
    return Wording(tuple(rows), tuple(texts), grid.file, grid.sha256, tuple(told))


def _columns(head: list[str], lang: str | None, told: list[str], file: str) -> tuple[dict[str, int], dict[str, int]]:
    """The places of the columns: what they are for, and texts by language."""
    roles: dict[str, int] = {}
    texts: dict[str, int] = {}
    other = []
    for place, name in enumerate(head):
        role = heading_of(name)
        tag = "" if role in ("item", "number", "scale", "text") else _tag(name)
        if name.lower().startswith("ours_"):
            continue
        if tag:
            if lang is None or tag == lang:
                texts.setdefault(tag, place)
        elif role:
            roles.setdefault(role, place)
        elif name:
            other.append(name)
    faults = []
    if "text" in roles and not texts:
        if lang is None:
            faults.append(
                "the column of the texts does not say its language; give --lang, or name the column fa, en, ru ..."
            )
        else:
            texts[lang] = roles["text"]
    if "item" not in roles:
        if "number" in roles:
            roles["item"] = roles["number"]
            told.append("There is no column of item ids; the numbers were taken.")
        else:
            faults.append(f"there is no column 'item' with the ids; the columns are: {', '.join(map(quoted, head))}.")
    if not texts and not faults:
        wanted = f"'{lang}' or 'text'" if lang else "a language, such as fa, en or ru"
        faults.append(
            f"there is no column named {wanted} with the texts; the columns are: {', '.join(map(quoted, head))}."
        )
    if faults:
        raise InstrumentError([Fault(fault, file, 1) for fault in faults])
    if other:
        told.append(f"Columns that were not read: {', '.join(map(quoted, other))}.")
    return roles, texts


def _tag(name: str) -> str:
    """The language a column of texts is in, by its heading."""
    found = _TEXT.fullmatch(name.strip())
    return tag_of(found["tag"]) if found else ""


def _from_yaml(path: Path, lang: str | None) -> Wording:
    doc = read_declared(path, InstrumentError)
    data: Any = doc.data
    if isinstance(data, Mapping) and set(data) == {"items"}:
        data = data["items"]
    if isinstance(data, list):
        data = {
            str(one.get("item", one.get("id", ""))): one.get(
                "wording", {k: v for k, v in one.items() if k not in ("item", "id")}
            )
            for one in data
            if isinstance(one, Mapping)
        }
    if not isinstance(data, Mapping) or not data:
        doc.refuse("the file must map item ids to texts, such as KCF1: {fa: ...}.")
        doc.raise_faults()
    rows: list[Worded] = []
    tags: dict[str, None] = {}
    for id, given in data.items():
        texts = given if isinstance(given, Mapping) else {lang: given}
        if None in texts:
            doc.refuse(
                f"the text of '{quoted(id)}' does not say its language; give --lang, or write {{fa: ...}}.", (str(id),)
            )
            continue
        bad = [tag for tag, text in texts.items() if not isinstance(text, str)]
        if bad:
            doc.refuse(f"the text of '{quoted(id)}' must be a text in quotes.", (str(id),))
            continue
        kept = {str(tag): text for tag, text in texts.items() if lang is None or tag == lang}
        tags |= dict.fromkeys(kept)
        rows.append(Worded(str(id), kept, line=doc.line((str(id),))))
    doc.raise_faults()
    return Wording(tuple(rows), tuple(tags), path.name, hashlib.sha256(path.read_bytes()).hexdigest())


def write_template(instrument: Instrument, path: str | Path, languages: list[str]) -> Path:
    """Write a sheet for the published texts of an instrument; raises as :func:`write_pages`."""
    head, rows = template_rows(instrument, languages)
    widths = [14, 9, 22, *([60] * (2 * len(languages)))]
    rtl = bool(languages) and direction_of(languages[0]) == "rtl"
    return write_pages(path, [Page("wording", [head, *rows], widths, rtl)])
