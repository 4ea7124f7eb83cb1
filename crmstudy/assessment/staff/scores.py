"""What a staff profile is computed from: a score for each characteristic, role, unit, and who the people are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.tables import Type, table_of
from crmstudy.disclosure import digests
from crmstudy.errors import AnalysisError, DataError
from crmstudy.exchange.read import read_responses
from crmstudy.instrument.catalog import load_instrument
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.responses import Responses
from crmstudy.scoring import score

#: The instrument whose scales are the characteristics.
INSTRUMENT = "staff-profile"


@dataclass(frozen=True, eq=False)
class StaffScores:
    """Scores of n people who have a role.

    ``facets`` are the ids of the characteristics; ``values`` (n, facets) their scores, NaN where missing; ``ranges``
    the ends of each scale; ``names`` by language. ``roles`` and ``units`` (None without units) are texts, a missing
    unit None. ``people`` tells the n people apart, the same person the same wherever ``source`` is the same.
    """

    facets: tuple[str, ...]
    values: Array
    ranges: Mapping[str, tuple[float, float]]
    names: Mapping[str, Mapping[str, str]]
    roles: pd.Series[Any]
    units: pd.Series[Any] | None
    people: tuple[str, ...]
    source: str
    dropped: int
    notes: tuple[Note, ...]


def staff_scores(data: object, role: str, unit: str | None) -> StaffScores:
    """Scores of responses, of a table with the items, or of a table with the scores.

    Raises
    ------
    DataError
        For columns that are not there, scores outside the scale, and a role and unit that are one column.
    AnalysisError
        When nobody has both a role and a score.
    """
    if unit is not None and unit == role:
        raise DataError(f"`role` and `unit` are both '{role}'; name the column of the unit, or leave `unit` out.")
    if isinstance(data, str | os.PathLike):
        data = read_responses(Path(data), instruments=[]).frame
    scales = {scale.id: scale for scale in load_instrument(INSTRUMENT).scales}
    if twice := [
        f"'{name}' is a characteristic; the {part} has a column of its own."
        for part, name in (("role", role), ("unit", unit))
        if name in scales
    ]:
        raise DataError(twice)
    named: dict[str, Type] = {role: "text"} if unit is None else {role: "text", unit: "text"}
    if isinstance(data, pd.DataFrame) and not any(facet in data for facet in scales):
        data = Responses.from_frame(data, [load_instrument(INSTRUMENT)])
    notes: tuple[Note, ...] = ()
    if isinstance(data, Responses):
        groups = table_of(data, named, what="staff answers")
        own = [facet for facet in scales if facet in data.scores]
        if not own:
            raise DataError(
                f"The responses have none of the scales {', '.join(scales)}; read them with the instrument "
                f"'{INSTRUMENT}' or an adaptation of it."
            )
        found = score(data)
        scales, notes = {facet: data.scales[facet] for facet in own if facet in data.scales}, found.notes
        table = found.frame[own].reset_index(drop=True)
    else:
        facets: dict[str, Type] = dict.fromkeys(scales, "number")
        whole = table_of(data, named, facets, what="staff scores")
        scales = {facet: scale for facet, scale in scales.items() if facet in whole}
        groups, table = whole[list(named)], whole[list(scales)]
    ranges = {facet: (float(scale.range[0]), float(scale.range[1])) for facet, scale in scales.items()}
    _check_ranges(table, ranges)
    use = (groups[role].notna() & table[list(scales)].notna().any(axis=1)).to_numpy()
    if not use.any():
        raise AnalysisError(f"Nobody has both a '{role}' and a score, so there is no profile.", "STAFF_NOBODY")
    people, source = _people(data)
    return StaffScores(
        facets=tuple(scales),
        values=table[list(scales)].to_numpy(dtype=float)[use],
        ranges=ranges,
        names={facet: scale.name for facet, scale in scales.items()},
        roles=groups[role][use].reset_index(drop=True),
        units=None if unit is None else groups[unit][use].reset_index(drop=True),
        people=tuple(np.array(people, dtype=object)[use]),
        source=source,
        dropped=int((~use).sum()),
        notes=(*notes, *_left_out(groups, role, unit, use)),
    )


def _check_ranges(table: pd.DataFrame, ranges: Mapping[str, tuple[float, float]]) -> None:
    faults = []
    for facet, (low, high) in ranges.items():
        outside = table[facet][(table[facet] < low) | (table[facet] > high)]
        if len(outside):
            faults.append(
                f"'{facet}' is a score from {low:g} to {high:g}, but {outside.iloc[0]:g} (row {outside.index[0] + 1}) "
                f"is outside{f', and {len(outside) - 1} more' if len(outside) > 1 else ''}; correct or empty it."
            )
    if faults:
        raise DataError(faults)


def _left_out(groups: pd.DataFrame, role: str, unit: str | None, use: np.ndarray[Any, Any]) -> list[Note]:
    notes = []
    without = int(groups[role].isna().sum())
    if without or not use.all():
        silent = int((~use).sum()) - without
        message = f"Left out: {without} rows without a '{role}', {silent} with a '{role}' but without any score."
        notes.append(Note("STAFF_ROWS_LEFT_OUT", message, "warning", role))
    if unit is not None and (lost := int(groups[unit][use].isna().sum())):
        message = f"{lost} people have no '{unit}': they count in their role and in no unit."
        notes.append(Note("STAFF_NO_UNIT", message, "info", unit))
    return notes


def _people(data: object) -> tuple[list[str], str]:
    """Somebody's name for each row, and where these names hold: by the id column, else by the row of the file."""
    if isinstance(data, Responses) and data.id is not None and data.frame[data.id].notna().all():
        ids = data.frame[data.id].map(str)
        again = ids.groupby(ids).cumcount()
        named = [f"{id}#{times}" if times else id for id, times in zip(ids, again, strict=True)]
        return [next(iter(digests([name]))) for name in named], f"id {data.id}"
    frame = data.frame if isinstance(data, Responses) else data
    rows = data.rows if isinstance(data, Responses) else range(1, len(frame) + 1)  # type: ignore[arg-type]
    files = sorted(
        digest
        for name, digest in (data.provenance.inputs if isinstance(data, Responses) else {}).items()
        if not name.startswith("instrument ")
    )
    if not files and isinstance(frame, pd.DataFrame):
        hashed = pd.util.hash_pandas_object(frame.astype(str), index=True).to_numpy()
        files = [sha256(hashed.tobytes()).hexdigest()]
    return [str(row) for row in rows], f"rows {' '.join(files)[:64]}"
