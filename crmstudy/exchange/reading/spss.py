"""SPSS files (.sav, .zsav): numbers, texts and dates, labels, and user-missing codes kept apart."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from crmstudy.errors import DataError, Fault
from crmstudy.exchange.encodings import guess_page
from crmstudy.exchange.reading import plain

if TYPE_CHECKING:
    from crmstudy.exchange.sources import Asked
    from crmstudy.exchange.table import Table

#: Columns read at a time, so that a hundred thousand rows of many columns fit into memory.
BLOCK = 40
_GUESSED = (
    "The texts of the file are not in the encoding it states; they were read as {page}, because they make sense so."
)
_ORIGIN = dt.datetime(1582, 10, 14)
_DAYS = re.compile(r"(?:DATE|ADATE|EDATE|JDATE|SDATE|QYR|MOYR|WKYR)\d*")
_MOMENTS = re.compile(r"(?:DATETIME|YMDHMS)[\d.]*")


def read(asked: Asked) -> Table:
    """Read an SPSS file."""
    from crmstudy.exchange.untrusted.door import parse

    kind = "spss-packed" if asked.raw.startswith(b"$FL3") else "spss"
    return plain.table_of(parse(kind, asked.raw, file=asked.file), asked, literal=True)


def take_apart(raw: bytes, file: str) -> dict[str, Any]:
    """Take an SPSS file apart; runs in the child."""
    import pyreadstat

    try:
        return _parts(raw, file, None)
    except (pyreadstat.ReadstatError, UnicodeDecodeError) as error:
        page = _page(raw) if isinstance(error, UnicodeDecodeError) or "encoding" in str(error) else None
        if page is None:
            raise
    return _parts(raw, file, page)


def _parts(raw: bytes, file: str, page: str | None) -> dict[str, Any]:
    """The parts of an SPSS file whose texts are in a code page (None: the one it states)."""
    import pyreadstat

    _, about = pyreadstat.read_sav(io.BytesIO(raw), metadataonly=True, output_format="dict", encoding=page)
    names = list(about.column_names)
    plain.check_width(names, file)
    columns: list[dict[str, Any]] = []
    missing: dict[str, list[Any]] = {}
    for start in range(0, len(names), BLOCK):
        block = names[start : start + BLOCK]
        data, inside = pyreadstat.read_sav(
            io.BytesIO(raw), usecols=block, user_missing=True, disable_datetime_conversion=True, output_format="dict",
            encoding=page,
        )  # fmt: skip
        missing |= {name: list(spans) for name, spans in inside.missing_ranges.items()}
        for name in block:
            columns.append(
                _column(data.pop(name), about.original_variable_types.get(name) or "", missing.get(name, ()))
            )
    if not names or not len(columns[0].get("places", columns[0].get("numbers", ()))):
        raise DataError(Fault("the file has no rows of data; check the export.", file))
    labels = about.variable_value_labels
    faults = [
        fault for name, column in zip(names, columns, strict=True) for fault in plain.odd_letters(column, name, file)
    ]
    return {
        "names": names,
        "columns": columns,
        "labels": about.column_names_to_labels,
        "value_labels": labels,
        "missing": {name: _labelled(labels.get(name, {}), spans) for name, spans in missing.items()},
        "stamp": "\n".join([about.file_label or "", *(about.notes or ())]),
        "faults": faults,
        "notes": [] if page is None else [("RESPONSES_ENCODING_GUESSED", _GUESSED.format(page=page), "warning")],
    }


def _page(raw: bytes) -> str | None:
    """The Windows code page that the texts of a file speak for, whatever it states; None where they do not."""
    import pyreadstat

    data, about = pyreadstat.read_sav(io.BytesIO(raw), output_format="dict", row_limit=200, encoding="ISO-8859-1")
    said = [*about.column_names, *(text or "" for text in about.column_labels)]
    said += [text for texts in about.variable_value_labels.values() for text in texts.values()]
    said += [cell for cells in data.values() for cell in cells if isinstance(cell, str)]
    found = guess_page("\n".join(said).encode("latin-1", errors="replace"))
    return None if found is None else f"WINDOWS-{found[2:]}"


def _labelled(labels: Mapping[Any, str], missing: Iterable[Mapping[str, Any]]) -> list[Any]:
    """The labelled values that are declared as missing."""
    spans = [(span["lo"], span["hi"]) for span in missing if not isinstance(span["lo"], str)]
    numbers = [value for value in labels if not isinstance(value, str)]
    return [value for value in numbers if any(low <= value <= high for low, high in spans)]


def _column(cells: list[Any], format: str, missing: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A column by its format; the codes that are declared as missing are taken out and their places kept."""
    import numpy as np

    if any(isinstance(cell, str) for cell in cells):
        return _texts(cells, missing)
    values = np.array(cells, dtype=float)
    reasons = []
    for span in missing:
        if not isinstance(span["lo"], str):
            held = (values >= span["lo"]) & (values <= span["hi"])
            reasons += [[code, np.flatnonzero(values == code)] for code in np.unique(values[held]).tolist()]
    for _, places in reasons:
        values[places] = np.nan
    if _DAYS.fullmatch(format) or _MOMENTS.fullmatch(format):
        return plain.moments(values.tolist(), _ORIGIN, 1.0, day=_DAYS.fullmatch(format) is not None)
    return {"numbers": values, "reasons": reasons}


def _texts(cells: list[Any], missing: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A column of texts; those declared as missing are no answer."""
    absent = {str(span["lo"]).rstrip() for span in missing if span["lo"] == span["hi"]}
    tidy = ("" if cell is None else str(cell).rstrip() for cell in cells)
    return plain.words("" if cell in absent else cell for cell in tidy)
