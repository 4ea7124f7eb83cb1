"""Answers as Parquet: numbers and texts as they are, the whole codebook and the stamp in the metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from crmstudy.errors import MissingExtraError
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.stamps import write_stamp
from crmstudy.exchange.writing.cells import plain_text, tell_inexact, tell_lost_codes, tell_surrogates
from crmstudy.exchange.writing.record import codebook_json
from crmstudy.exchange.writing.variables import Table, Variable, said


def write_parquet(table: Table, path: Path, log: ExportLog, *, lang: str) -> None:
    """Write the file; raises MissingExtraError where pyarrow is not installed."""
    try:
        import pyarrow as arrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet") from None
    fields, columns = [], []
    for variable in table.variables:
        column = _column(arrow, table, variable, log)
        label = said(variable.label, lang, variable.name)
        fields.append(arrow.field(variable.name, column.type, metadata={"label": label}))
        columns.append(column)
    metadata = {"crmstudy": write_stamp(table.instruments), "crmstudy_codebook": codebook_json(table)}
    schema = arrow.schema(fields, metadata=metadata)
    made = arrow.Table.from_arrays(columns, schema=schema)
    arrow.parquet.write_table(made, path, compression="zstd")


def _column(arrow: Any, table: Table, variable: Variable, log: ExportLog) -> Any:
    """The values as Arrow holds them: whole numbers as integers, missing codes of the instrument put back."""
    column = table.column(variable.name)
    tell_lost_codes(table, variable, log)
    if variable.type == "date":
        return arrow.Array.from_pandas(column)
    if variable.type == "text":
        tell_surrogates(column, variable.name, log)
        texts = [plain_text(value) if value is not None and value == value else None for value in column]
        return arrow.array(texts, type=arrow.string())
    tell_inexact(column, variable.name, log)
    values = np.array(column.to_numpy(dtype=float, na_value=np.nan))
    own = table.declared_codes(variable)
    if own is not None:
        values[own.index.to_numpy()] = own.to_numpy(dtype=float)
    nothing = np.isnan(values)
    whole = not np.isinf(values).any() and bool(np.all(nothing | (values == np.floor(values))))
    if whole and (nothing.all() or np.abs(values[~nothing]).max() < 2**31):
        return arrow.array(np.where(nothing, 0, values).astype(np.int32), mask=nothing)
    return arrow.array(values, mask=nothing)
