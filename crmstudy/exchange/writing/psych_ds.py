"""A psych-DS folder: data as CSV, dataset_description.json with every column, README and CHANGES."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.stamps import write_stamp
from crmstudy.exchange.writing.cells import safe
from crmstudy.exchange.writing.delimited import write_rows
from crmstudy.exchange.writing.record import codebook_json, codebook_record
from crmstudy.exchange.writing.variables import Table, said

_PLAIN = re.compile(r"[^a-zA-Z0-9]+")


def write_psych_ds(
    table: Table, scored: Table | None, folder: Path, made: Path, log: ExportLog, *, lang: str, raw: bool = False
) -> None:
    """Fill the folder ``made``, which will be called ``folder``; ``scored`` is the same data with scale scores.

    The answers go to ``data/study-NAME_data.csv``, those with scores to ``data/study-NAME_desc-scored_data.csv``; each
    has its codebook beside it (``..._data.json``).
    """
    name = _PLAIN.sub("", folder.name) or "answers"
    data = made / "data"
    data.mkdir(parents=True)
    files = [(f"study-{name}_data", table)]
    if scored is not None:
        files.append((f"study-{name}_desc-scored_data", scored))
    for stem, one in files:
        write_rows(one, data / f"{stem}.csv", log, raw=raw, mark=False)
        _write(data / f"{stem}.json", codebook_json(one, neutralised=not raw))
    title = _title(table, folder, lang)
    description = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": title,
        "description": _description(table, lang),
        "variableMeasured": _measured((one for _, one in files), lang, raw=raw),
        "schemaVersion": "Psych-DS 1.5.0",
        "inLanguage": list(table.languages),
        "keywords": ["survey", "questionnaire", *(one.id for one in table.instruments)],
        "isBasedOn": [
            {"@type": "CreativeWork", "name": said(one.name, lang, one.id), "identifier": write_stamp([one])}
            for one in table.instruments
        ],
    }
    _write(made / "dataset_description.json", json.dumps(description, ensure_ascii=False, indent=1) + "\n")
    _write(made / "README.md", _readme(title, table, [stem for stem, _ in files], lang))
    _write(made / "CHANGES.md", "# Changes\n\n- First version of this folder.\n")


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))


def _title(table: Table, folder: Path, lang: str) -> str:
    return " + ".join(said(one.name, lang, one.id) for one in table.instruments) or folder.name


def _description(table: Table, lang: str) -> str:
    asked = ", ".join(f"{said(one.name, lang, one.id)} ({one.id} {one.version})" for one in table.instruments)
    people = f"{table.n} respondents, {len(table.variables)} variables"
    return f"Survey answers of {people}. Instruments: {asked}." if asked else f"Survey answers of {people}."


def _measured(tables: Iterable[Table], lang: str, *, raw: bool) -> list[dict[str, Any]]:
    """Every column of every file, each once, under the name that stands in the file."""
    found: dict[str, dict[str, Any]] = {}
    for table in tables:
        for variable in codebook_record(table)["variables"]:
            name = variable["name"] if raw else safe(variable["name"])
            if name in found:
                continue
            made: dict[str, Any] = {
                "@type": "PropertyValue",
                "name": name,
                "description": said(variable["label"], lang, variable["name"]),
            }
            low, high = variable["range"] or (None, None)
            if low is not None:
                made["minValue"] = low
            if high is not None:
                made["maxValue"] = high
            meanings = [
                {"@type": "PropertyValue", "value": entry["value"], "name": said(entry["label"], lang)}
                for entry in variable["values"]
                if entry["label"]
            ] + [
                {"@type": "PropertyValue", "value": entry["code"], "name": said(entry["label"], lang, "no answer"),
                 "description": "missing value"}
                for entry in variable["missing"]
            ]  # fmt: skip
            if meanings:
                made["valueReference"] = meanings
            found[name] = made
    return list(found.values())


def _readme(title: str, table: Table, stems: list[str], lang: str) -> str:
    lines = [f"# {title}", "", _description(table, lang), "", "| file | what |", "|---|---|"]
    for stem in stems:
        what = "answers and scale scores" if "scored" in stem else "answers as they were given"
        lines += [f"| data/{stem}.csv | {what} |", f"| data/{stem}.json | its codebook, in all languages |"]
    for one in table.instruments:
        lines += ["", f"## {said(one.name, lang, one.id)}", "", f"{one.id} {one.version}; wording: {one.wording}."]
        lines += ["", f"Rights: {one.rights.status}, {said({'en': one.rights.holder}, 'en')}."]
        lines += ["", said({"en": one.rights.statement}, "en")]
    return "\n".join([*lines, ""])
