"""The codebook as plain values: every variable with texts in all languages, labels, codes, and what was observed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from crmstudy.exchange.stamps import write_stamp
from crmstudy.exchange.writing.variables import Table, Variable, one_line, type_of
from crmstudy.instrument import Instrument
from crmstudy.instrument.model import HigherOrder, Scale

#: So many different whole numbers of a variable of no instrument are counted one by one.
FEW = 20
_DIGITS = 10


def codebook_record(table: Table, *, neutralised: bool | None = None) -> dict[str, Any]:
    """Everything a codebook says, for JSON, for the other forms of the codebook, and for metadata of data files."""
    record: dict[str, Any] = {
        "crmstudy_codebook": 1,
        "stamp": write_stamp(table.instruments),
        "languages": list(table.languages),
        "instruments": [_instrument_record(one) for one in table.instruments],
        "variables": [_variable_record(table, variable) for variable in table.variables],
    }
    if table.frame is not None:
        record["n"] = table.n
    if neutralised is not None:
        record["neutralised"] = neutralised
    return record


def codebook_json(table: Table, *, neutralised: bool | None = None) -> str:
    """The codebook as a JSON text; the same data give the same bytes."""
    return json.dumps(codebook_record(table, neutralised=neutralised), ensure_ascii=False, indent=1) + "\n"


def _instrument_record(instrument: Instrument) -> dict[str, Any]:
    return {
        "id": instrument.id,
        "version": instrument.version,
        "fingerprint": instrument.fingerprint,
        "name": _clean({tag: instrument.text(instrument.name, tag) for tag in instrument.name}),
        "wording": instrument.wording,
        "languages": {
            tag: {"direction": one.direction, "status": one.status} for tag, one in instrument.languages.items()
        },
        "rights": {
            "holder": instrument.rights.holder,
            "status": instrument.rights.status,
            "statement": one_line(instrument.rights.statement),
        },
        "scales": [_scale_record(instrument, score) for score in instrument.scores],
    }


def _scale_record(instrument: Instrument, score: Scale | HigherOrder) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": score.id,
        "name": _clean({tag: instrument.text(score.name, tag) for tag in score.name}),
        "method": score.method,
        "min_answered": score.min_answered,
        "range": [_rounded(float(end)) for end in score.range],
        "higher_means": _clean({tag: instrument.text(score.higher_means, tag) for tag in score.higher_means}),
    }
    if isinstance(score, HigherOrder):
        return made | {"parts": list(score.part_ids), "reversed": list(score.reversed_parts)}
    return made | {
        "items": list(score.item_ids),
        "reversed": [item.id for item in score.items if item.reverse],
        "rescale": None if score.rescale is None else list(score.rescale),
    }


def _variable_record(table: Table, variable: Variable) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": variable.name,
        "kind": variable.kind,
        "type": variable.type,
        "measure": variable.measure,
        "label": _clean(variable.label),
        "instrument": variable.instrument,
        "response": variable.response,
        "reversed": variable.reverse,
        "scales": list(variable.scales),
        "range": None if variable.low is None else [variable.low, variable.high],
        "values": [{"value": value, "label": _clean(texts)} for value, texts in _values(table, variable).items()],
        "missing": [
            {"code": code, "label": _clean(variable.missing_labels.get(code, {}))} for code in variable.missing
        ],
    }
    if table.frame is not None:
        made["observed"] = _observed(table, variable, made)
    return made


def _values(table: Table, variable: Variable) -> dict[int, Mapping[str, str]]:
    """Every value with its label: those of a short range, those that are labelled, or the few that occur."""
    if variable.kind in ("item", "option", "place") and variable.low is not None and variable.high is not None:
        span = range(int(variable.low), int(variable.high) + 1)
        shown = span if len(span) <= FEW else sorted(variable.values)
        return {value: variable.values.get(value, {}) for value in shown}
    if variable.kind == "variable" and variable.type == "number" and table.frame is not None:
        distinct = table.column(variable.name).dropna().unique().astype(float)
        if len(distinct) <= FEW and np.isfinite(distinct).all() and np.all(distinct == np.floor(distinct)):
            return {int(value): variable.values.get(int(value), {}) for value in sorted(distinct)}
    return dict(variable.values)


def _observed(table: Table, variable: Variable, made: dict[str, Any]) -> dict[str, Any]:
    """Counts, and for numbers mean and standard deviation of the answers within the range, as they were given."""
    column = table.column(variable.name)
    there = column.notna()
    found: dict[str, Any] = {"n": int(there.sum()), "missing": int((~there).sum())}
    if type_of(column) != "number":
        found["distinct"] = int(column.nunique())
        return found
    values = column[there].to_numpy(dtype=float)
    for entry in made["values"]:
        entry["n"] = int((values == entry["value"]).sum())
    given = table.codes.get(variable.name)
    for entry in made["missing"]:
        entry["n"] = 0 if given is None else int((given == entry["code"]).sum())
    if variable.kind != "score" and variable.low is not None and variable.high is not None:
        inside = (values >= variable.low) & (values <= variable.high)
        found["out_of_range"] = int((~inside).sum())
        values = values[inside]
    values = values[np.isfinite(values)]
    some, several = len(values) > 0, len(values) > 1
    with np.errstate(over="ignore", invalid="ignore"):  # of numbers too large for their squares
        found["mean"] = _rounded(float(values.mean())) if some else None
        found["sd"] = _rounded(float(values.std(ddof=1))) if several else None
    found["min"] = _rounded(float(values.min())) if some else None
    found["max"] = _rounded(float(values.max())) if some else None
    return found


def _clean(texts: Mapping[str, str]) -> dict[str, str]:
    return {tag: one_line(text) for tag, text in texts.items() if text}


def _rounded(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None
