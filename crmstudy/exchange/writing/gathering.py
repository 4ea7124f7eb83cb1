"""Answers and instruments as tables of variables: what every column is, and the scores beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.errors import DataError, UnsupportedError
from crmstudy.exchange.writing.variables import CHOSEN, UNKNOWN, Measure, Table, Type, Variable, one_line, type_of
from crmstudy.imputed import Imputed
from crmstudy.instrument import Instrument, Item
from crmstudy.instrument.model import HigherOrder, Question, ResponseFormat, Scale, Texts
from crmstudy.responses import Meaning, Responses

_MEASURES: Mapping[str, Measure] = {"nominal": "nominal", "ordinal": "ordinal", "interval": "scale"}


def describe_data(
    data: object, *, scores: bool = False, variables: Mapping[str, Mapping[str, Any]] | None = None
) -> Table:
    """The table of Responses or of a DataFrame; ``scores`` adds a column for each scale and higher-order score.

    ``variables`` says more about columns of no instrument: ``{name: {"label": texts, "values": {value: texts}}}``.

    Raises
    ------
    DataError
        For anything else, for names that stand twice, and for scores where no instrument is answered.
    UnsupportedError
        For multiply imputed data.
    """
    if isinstance(data, Imputed):
        raise UnsupportedError(
            f"one file holds one data set; found {data.m} completed ones. Write each of imputed.sets into its own file."
        )
    if isinstance(data, pd.DataFrame):
        data = Responses(_plain_frame(data))
    if not isinstance(data, Responses):
        raise DataError(
            f"answers to be written are Responses or a DataFrame; found {type(data).__name__}. Read a file with "
            "read_responses(path, instruments=[...])."
        )
    declared = variables or {}
    columns = {str(name): data.frame[name].reset_index(drop=True) for name in data.frame.columns}
    columns |= {name: _uncategorised(columns[name]) for name in declared if name in columns}
    frame = pd.DataFrame({name: _plain_column(column) for name, column in columns.items()})
    known = {variable.name: variable for one in data.instruments for variable in instrument_variables(one)}
    described = [
        replace(known[name], type=type_of(frame[name]))
        if name in known
        else _own_variable(name, frame[name], data.id, data.meanings.get(name))
        for name in map(str, frame.columns)
    ]
    if scores:
        made = _scored(data)
        described += [variable for variable, _ in made]
        frame = pd.concat([frame, pd.DataFrame({variable.name: values for variable, values in made})], axis=1)
    told = [_with_labels(one, declared.get(one.name)) for one in described]
    codes = {
        one.name: _as_declared(data.codes[one.name], one, data.meanings.get(one.name))
        for one in told
        if one.name in data.codes
    }
    return Table(tuple(told), frame, data.instruments, codes)


def describe_instruments(instruments: Iterable[Instrument]) -> Table:
    """The table of instruments without answers: their variables only."""
    given = tuple(instruments)
    return Table(tuple(variable for one in given for variable in instrument_variables(one)), None, given)


def instrument_variables(instrument: Instrument) -> list[Variable]:
    """The columns that answer an instrument, in the order of the questionnaire."""
    scales: dict[str, list[str]] = {}
    for scale in instrument.scales:
        for id in scale.item_ids:
            scales.setdefault(id, []).append(scale.id)
    found: list[Variable] = []
    for entry in instrument.entries:
        if isinstance(entry, Item):
            found.append(_item_variable(instrument, entry, tuple(scales.get(entry.id, ()))))
        else:
            found += _question_variables(instrument, entry)
    return found


def score_variable(instrument: Instrument, score: Scale | HigherOrder) -> Variable:
    """The column of a scale score."""
    low, high = score.range
    name = {tag: instrument.text(score.name, tag) for tag in score.name}
    return Variable(score.id, "score", "number", "scale", name, low=low, high=high, instrument=instrument.id)


def _item_variable(instrument: Instrument, item: Item, scales: tuple[str, ...]) -> Variable:
    label = {tag: text for tag in item.wording if (text := instrument.text(item.wording, tag))}
    if not label and scales:  # only structure is known: the name of its scale
        first = instrument.scale(scales[0]).name
        label = {tag: f"{instrument.text(first, tag)}: {item.id}" for tag in first}
    response = item.response
    return Variable(
        item.id, "item", "number", _MEASURES[response.measure], label,
        values=_labels(instrument, response, response.labels), missing=response.missing_codes,
        missing_labels=_labels(instrument, response, response.missing_labels),
        low=response.low, high=response.high, reverse=item.reverse, scales=scales,
        instrument=instrument.id, response=response.shared or response.id,
    )  # fmt: skip


def _question_variables(instrument: Instrument, question: Question) -> list[Variable]:
    label = {tag: text for tag in question.wording if (text := instrument.text(question.wording, tag))}
    response = question.response
    if question.type == "info":
        return []
    if response is not None:
        made = []
        for name, value in zip(question.columns, response.values, strict=True):
            own = {
                tag: f"{label.get(tag, question.id)} — {instrument.text(response.labels.get(value, {}), tag) or value}"
                for tag in (label or dict.fromkeys(instrument.languages))
            }
            one = Variable(name, "option", "number", "nominal", own, values=CHOSEN, low=0, high=1,
                           instrument=instrument.id, response=response.shared or response.id)  # fmt: skip
            if question.type == "rank":
                one = replace(one, kind="place", measure="ordinal", values={}, low=1, high=question.places)
            made.append(one)
        return made
    kinds: dict[str, Type] = {"integer": "number", "decimal": "number", "date": "date"}
    type = kinds.get(question.type, "text")
    measure: Measure = "nominal" if type == "text" else "scale"
    return [
        Variable(question.id, "question", type, measure, label, low=question.low, high=question.high,
                 instrument=instrument.id)
    ]  # fmt: skip


def _labels(instrument: Instrument, response: ResponseFormat, labels: Mapping[int, Texts]) -> dict[int, dict[str, str]]:
    return {value: {tag: instrument.text(texts, tag) for tag in texts} for value, texts in sorted(labels.items())}


def _own_variable(name: str, column: pd.Series, id: str | None, meaning: Meaning | None) -> Variable:
    """A column of no instrument: its label is what its file said, else its name."""
    type = type_of(column)
    if meaning is None:
        meaning = Meaning()
    label = {UNKNOWN: meaning.label} if meaning.label else {}
    if name == id:
        return Variable(name, "id", type, "nominal", label)
    whole = {int(code): {UNKNOWN: text} for code, text in meaning.labels.items() if _is_whole(code)}
    missing = tuple(sorted(int(code) for code in meaning.missing if _is_whole(code)))
    return Variable(
        name, "variable", type, "scale" if type != "text" and not whole else "nominal", label,
        values={value: texts for value, texts in sorted(whole.items()) if value not in missing}, missing=missing,
        missing_labels={code: whole[code] for code in missing if code in whole},
    )  # fmt: skip


def _as_declared(given: pd.Series, variable: Variable, meaning: Meaning | None) -> pd.Series:
    """Missing codes in letters (of Stata) as the numbers that the instrument has for the same label."""
    if meaning is None or not any(isinstance(code, str) for code in given):
        return given
    known: dict[str, set[int]] = {}
    for code in variable.declared:
        for text in (str(code), *variable.missing_labels.get(code, {}).values()):
            known.setdefault(one_line(text), set()).add(code)
    numbers: dict[object, int] = {}
    for letter, label in meaning.labels.items():
        found = known.get(one_line(label), set())
        if isinstance(letter, str) and len(found) == 1:
            numbers[letter] = min(found)
    return pd.Series([numbers.get(code, code) for code in given], index=given.index, dtype=object)


def _with_labels(variable: Variable, said: Mapping[str, Any] | None) -> Variable:
    """A variable with the label and the names of its values that a study declares."""
    if said is None or variable.instrument:
        return variable
    values = {}
    for value, texts in (said.get("values") or {}).items():
        text = str(value).strip()
        if re.fullmatch(r"-?\d{1,15}", text):
            values[int(text)] = texts
    nominal = said.get("type") == "category" or bool(values)
    return replace(
        variable, label=said.get("label") or variable.label, values=values or variable.values,
        measure="nominal" if nominal else variable.measure,
    )  # fmt: skip


def _uncategorised(column: pd.Series) -> pd.Series:
    """A column of categories as numbers where all of them are numbers."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column
    names = [str(name) for name in column.dtype.categories]
    if names and all(re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", name) for name in names):
        return pd.Series(pd.to_numeric(column.astype(object)), index=column.index)
    return column


def _is_whole(code: object) -> bool:
    return isinstance(code, int | float) and code == code and abs(code) < 2**53 and code == int(code)


def _plain_column(column: pd.Series) -> pd.Series:
    """Numbers and dates as they are; anything else as texts, None where there is nothing."""
    if type_of(column) != "text":
        return column
    values = [None if _is_nothing(value) else value for value in column.astype(object)]
    if column.dtype == object and any(value is not None for value in values):
        plain = (value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values)
        if all(plain):
            return pd.Series([np.nan if value is None else float(value) for value in values])
    return pd.Series([None if value is None else str(value) for value in values], dtype=object)


def _is_nothing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _plain_frame(frame: pd.DataFrame) -> pd.DataFrame:
    names = [str(name) for name in frame.columns]
    faults = [f"the column '{name}' stands twice; rename one." for name in sorted(set(names)) if names.count(name) > 1]
    if frame.columns.nlevels > 1:
        faults = [f"the columns have names on {frame.columns.nlevels} levels; give each one name."]
    if frame.empty:
        faults.append("the data have no rows; at least one is needed.")
    if faults:
        raise DataError(faults)
    return frame.set_axis(names, axis=1)


def _scored(data: Responses) -> list[tuple[Variable, np.ndarray[tuple[int], np.dtype[np.float64]]]]:
    """Every score of every instrument, by the rule that stands in the instrument."""
    if not any(one.scores for one in data.instruments):
        raise DataError("these answers belong to no instrument with scales, so there are no scores to write.")
    made = []
    for instrument in data.instruments:
        for score in instrument.scores:
            asked = [id for id in score.item_ids if id in data.frame.columns]
            columns = {id: data.frame[id].to_numpy(dtype=float, na_value=np.nan).tolist() for id in asked}
            rows = zip(*columns.values(), strict=True)
            found = [score.score(dict(zip(columns, row, strict=True))) for row in rows]
            values = np.array([np.nan if value is None else value for value in found], dtype=float)
            made.append((score_variable(instrument, score), values))
    return made
