"""The codebook as a table: one row a variable, its texts in each language side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crmstudy.exchange.writing.cells import number_text
from crmstudy.exchange.writing.record import codebook_record
from crmstudy.exchange.writing.variables import UNKNOWN, Table


def codebook_rows(table: Table, languages: Sequence[str]) -> Iterator[list[str]]:
    """A row of headings, then a row for each variable; labels of values as ``1 = text | 2 = text``."""
    record = codebook_record(table)
    observed = "n" in record
    yield [
        "name", "kind", "type", "measure", *(f"label_{tag}" for tag in languages), "low", "high", "reversed", "scales",
        "instrument", "response", *(f"values_{tag}" for tag in languages), *(f"missing_{tag}" for tag in languages),
        *(("n", "n_missing", "out_of_range", "mean", "sd", "min", "max", "counts") if observed else ()),
    ]  # fmt: skip
    for variable in record["variables"]:
        low, high = variable["range"] or (None, None)
        row = [
            variable["name"], variable["kind"], variable["type"], variable["measure"],
            *(_in(variable["label"], tag) for tag in languages), _said(low), _said(high),
            "yes" if variable["reversed"] else "", " ".join(variable["scales"]), variable["instrument"],
            variable["response"], *(_labels(variable["values"], "value", tag) for tag in languages),
            *(_labels(variable["missing"], "code", tag) for tag in languages),
        ]  # fmt: skip
        if observed:
            found = variable["observed"]
            row += [_said(found.get(name)) for name in ("n", "missing", "out_of_range", "mean", "sd", "min", "max")]
            row.append(" | ".join(f"{entry['value']}: {entry['n']}" for entry in variable["values"] if "n" in entry))
        yield row


def _labels(entries: Sequence[dict[str, Any]], key: str, lang: str) -> str:
    said = []
    for entry in entries:
        label = _in(entry["label"], lang)
        if label or key == "code":
            code = f"({entry[key]})" if entry[key] < 0 else str(entry[key])  # no cell begins with a minus
            said.append(f"{code} = {label}" if label else code)
    return " | ".join(said)


def _in(texts: Mapping[str, str], lang: str) -> str:
    """A text in a language, or the one whose language nobody knows."""
    return texts.get(lang) or texts.get(UNKNOWN, "")


def _said(value: Any) -> str:
    return "" if value is None else number_text(float(value))
