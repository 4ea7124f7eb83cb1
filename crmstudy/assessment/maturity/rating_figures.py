"""Figures of a rating, described: a radar of the blocks, grids of blocks and leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crmstudy.assessment.maturity.ratings import ALL
from crmstudy.assessment.maturity.scale import TOP, blocks, label_of, leaves
from crmstudy.drawing import Drawing, Grid, Radar
from crmstudy.quoting import shown

if TYPE_CHECKING:
    from crmstudy.assessment.maturity.rating import RatingResult

#: More lines in one circle cannot be told apart.
_LINES = 5


def drawings(result: RatingResult) -> tuple[Drawing, ...]:
    """The radar; blocks by unit and wave where there are several; leaves by rater where a panel rated."""
    found = result.tables["blocks"]
    profiles = list(dict.fromkeys(zip(found["unit"], found["wave"], strict=True)))
    made: list[Drawing] = [_radar(found, profiles)]
    if len(profiles) > 1:
        made.append(_blocks(found, profiles))
    rows = result.tables["ratings"]
    for unit, wave in profiles[-_LINES:]:
        given = rows[(rows["unit"] == unit) & (rows["wave"] == wave)]
        if len(set(given["rater"])) > 1:
            made.append(_leaves(given, _name(unit, wave)))
    return tuple(made)


def _name(unit: str, wave: str) -> str:
    said = [shown(part) for part in (unit, wave) if part != ALL]
    return ", ".join(said) or "organisation"


def _value(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def _column(found: pd.DataFrame, unit: str, wave: str, what: str = "mean") -> tuple[float | None, ...]:
    rows = found[(found["unit"] == unit) & (found["wave"] == wave)].set_index("block")[what]
    return tuple(_value(rows[block.id]) for block in blocks())


def _radar(found: pd.DataFrame, profiles: list[tuple[str, str]]) -> Radar:
    drawn = profiles[-_LINES:]
    series = [(_name(unit, wave), _column(found, unit, wave)) for unit, wave in drawn]
    wanted = _column(found, *drawn[-1], what="target")
    if any(value is not None for value in wanted):
        series.append(("target", wanted))
    told = "; ".join(
        f"{name}: " + ", ".join(f"{block.id} {_said(value)}" for block, value in zip(blocks(), values, strict=True))
        for name, values in series
    )
    more = f" Of {len(profiles)} profiles the last {_LINES} are drawn." if len(profiles) > _LINES else ""
    return Radar(
        title="Maturity of the eight blocks",
        alt=f"Mean level of each block from 0 to {TOP}. {told}.{more}",
        spokes=tuple(block.label["en"] for block in blocks()),
        series=tuple(series),
        top=float(TOP),
    )


def _said(value: float | None) -> str:
    return "not rated" if value is None else f"{value:.1f}"


def _blocks(found: pd.DataFrame, profiles: list[tuple[str, str]]) -> Grid:
    columns = [_column(found, unit, wave) for unit, wave in profiles]
    return Grid(
        title="Maturity by block, unit and wave",
        alt=f"Mean levels from 0 to {TOP} of {len(blocks())} blocks in {len(profiles)} profiles.",
        rows=tuple(block.label["en"] for block in blocks()),
        columns=tuple(_name(unit, wave) for unit, wave in profiles),
        values=tuple(zip(*columns, strict=True)),
        low=0.0,
        high=float(TOP),
    )


def _leaves(given: pd.DataFrame, name: str) -> Grid:
    wide = given.pivot(index="leaf", columns="rater", values="level")  # noqa: PD010 - nothing stands twice
    wide = wide.reindex([leaf for leaf in leaves() if leaf in wide.index])
    return Grid(
        title=f"Levels by leaf and rater: {name}",
        alt=f"Levels from 0 to {TOP} that {wide.shape[1]} raters gave to {len(wide)} leaves.",
        rows=tuple(label_of(str(leaf)) for leaf in wide.index),
        columns=tuple(shown(rater) for rater in wide.columns),
        values=tuple(tuple(_value(cell) for cell in row) for row in wide.to_numpy(dtype=float)),
        low=0.0,
        high=float(TOP),
        decimals=0,
    )
