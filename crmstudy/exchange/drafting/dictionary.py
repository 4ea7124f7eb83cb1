"""What an SPSS file says about its variables, without its data. Runs in the child."""

from __future__ import annotations

import io
from typing import Any

MOST = 5_000


def take_apart(raw: bytes, file: str) -> dict[str, Any]:
    """Give the variables with label, type, measure, value labels and missing ranges, as plain values."""
    import pyreadstat

    from crmstudy.errors import DataError, Fault

    if raw[:4] not in (b"$FL2", b"$FL3"):
        raise DataError(Fault("this does not begin like an SPSS file; save it again as .sav.", file))
    _, about = pyreadstat.read_sav(io.BytesIO(raw), metadataonly=True, user_missing=True)
    names = list(about.column_names)
    if len(names) > MOST:
        raise DataError(
            Fault(
                f"the file has {len(names):,} variables, and at most {MOST:,} are drafted; keep those asked for.", file
            )
        )
    variables: list[dict[str, Any]] = []
    ranges: Any = about.missing_ranges
    for name, label in zip(names, about.column_labels, strict=True):
        values = about.variable_value_labels.get(name, {})
        variables.append({
            "name": str(name or f"v{len(variables) + 1}"),
            "label": label or "",
            "format": about.original_variable_types.get(name) or "",
            "text": about.readstat_variable_types.get(name) == "string",
            "measure": about.variable_measure.get(name) or "unknown",
            "values": [[value, str(text or "")] for value, text in values.items()],
            "missing": [[one["lo"], one["hi"]] for one in ranges.get(name, ())],
        })  # fmt: skip
    return {"variables": variables, "title": about.file_label or ""}
