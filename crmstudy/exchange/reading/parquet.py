"""Parquet files; reading them needs the extra ``crmstudy[parquet]``."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from crmstudy.errors import DataError, Fault, MissingExtraError
from crmstudy.exchange.reading import plain
from crmstudy.quoting import shown

if TYPE_CHECKING:
    from crmstudy.exchange.sources import Asked
    from crmstudy.exchange.table import Table


def read(asked: Asked) -> Table:
    """Read a Parquet file. Raises MissingExtraError when pyarrow is not installed."""
    from crmstudy.exchange.untrusted.door import parse

    return plain.table_of(parse("parquet", asked.raw, file=asked.file), asked, literal=True)


def take_apart(raw: bytes, file: str) -> dict[str, Any]:
    """Take a Parquet file apart; runs in the child."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet") from None

    pa.set_cpu_count(1)
    held = pq.ParquetFile(pa.BufferReader(raw))
    schema = held.schema_arrow
    plain.check_width(schema.names, file)
    faults: list[tuple[str, int | None]] = []
    columns = []
    names = [name for name in schema.names if not _is_index(name)]
    for place, name in enumerate(schema.names):
        if _is_index(name):
            continue
        column = held.read(columns=[name], use_threads=False).column(0)
        made = _column(column, schema.field(place).type, pa)
        if made is None:
            kind = str(schema.field(place).type)
            faults.append((f"the column '{shown(name)}' holds {shown(kind)}, which is no answer; drop it.", None))
            made = {"numbers": [float("nan")] * held.metadata.num_rows}
        faults += plain.odd_letters(made, name, file)
        columns.append(made)
    if not held.metadata.num_rows or not names:
        raise DataError(Fault("the file has no rows of data; check the export.", file))
    fields = {field.name: dict(field.metadata or {}) for field in schema}
    return {
        "names": names,
        "columns": columns,
        "labels": {name: _text(about.get(b"label", b"")) for name, about in fields.items() if b"label" in about},
        "value_labels": {},
        "stamp": "\n".join(_text(value) for value in (schema.metadata or {}).values()),
        "faults": faults,
    }


def _is_index(name: str) -> bool:
    """Whether a column is the row labels that pandas keeps."""
    return name.startswith("__index_level_") and name.endswith("__")


def _text(value: bytes) -> str:
    return value.decode("utf-8", errors="replace")


def _column(column: Any, kind: Any, pa: Any) -> dict[str, Any] | None:
    """A column by its type: numbers, truth values as 0 and 1, texts and dates; None for what is neither."""
    import numpy as np

    types = pa.types
    if types.is_dictionary(kind):
        return _column(column.cast(kind.value_type), kind.value_type, pa)
    if types.is_null(kind):
        return {"numbers": np.full(len(column), np.nan)}
    if types.is_boolean(kind):
        return {"numbers": np.asarray(column.cast(pa.int8()).cast(pa.float64()).to_numpy(), dtype=float)}
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return {"numbers": np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=float)}
    if types.is_string(kind) or types.is_large_string(kind):
        coded = column.combine_chunks().dictionary_encode()
        coded = coded.combine_chunks() if hasattr(coded, "combine_chunks") else coded
        known = ["" if one is None else one for one in coded.dictionary.to_pylist()]
        places = coded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False).astype(np.int32)
        return {"words": [*known, ""], "places": places}
    if types.is_date(kind) or types.is_timestamp(kind):
        return plain.words(_date(one) for one in column.to_pylist())
    if types.is_time(kind) or types.is_duration(kind):
        return plain.words(column.cast(pa.string()).to_pylist())
    return None


def _date(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value.isoformat())
