"""A position beside those of the companies the source documents print: an illustration, not a norm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import ClassVar

import numpy as np
import pandas as pd

from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.maturity.item_blocks import TOP
from crmstudy.assessment.maturity.items import BottomUpResult
from crmstudy.assessment.maturity.rating import RatingResult
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.tables import table_of
from crmstudy.assessment.wording import Value, say
from crmstudy.drawing import Bars, Drawing
from crmstudy.errors import DataError
from crmstudy.notes import Note
from crmstudy.results import sample_table

#: What one organisation is called that was given as a number.
OWN = "own organisation"


@dataclass(frozen=True, eq=False, repr=False)
class PositionsResult(AssessmentResult):
    """Levels beside those of the seven companies; nothing is estimated and nothing is tested.

    ``fit``: ``median_companies``, ``median_units``. Tables: ``companies`` (company, level, source), ``beside`` (unit,
    level, lower, equal, higher, from_median): how many companies stand below, at and above, ``distribution`` (level,
    label, companies, companies_percent, most_firms, units, units_percent): where the companies are, which stages the
    source says most firms were in, and where the units are.
    """

    kind: ClassVar[str] = "maturity_positions"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "beside", "Position Beside the Seven Printed Companies",
            (
                ("unit", "Unit", "text"), ("level", "Level", "estimate"), ("lower", "Companies below", "n"),
                ("equal", "Companies level", "n"), ("higher", "Companies above", "n"),
                ("from_median", "From their median", "estimate"),
            ),
            "An illustration, not a norm: the companies were picked, and no difference is tested.",
        ),
        Shown(
            "distribution", "Levels of the Printed Companies and of the Units",
            (
                ("level", "Level", "n"), ("label", "Stage", "text"), ("companies", "Companies", "n"),
                ("most_firms", "Most firms, as printed", "text"), ("units", "Units", "n"),
                ("units_percent", "Units, percent", "percent"),
            ),
            "The source says that most firms were aware or developing; none of the companies it lists is at level 1.",
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """The position, that it is an illustration, and what the source says of firms at large."""
        beside = self.tables["beside"]
        median: Value = (self.fit["median_companies"], "df")
        if len(beside) == 1:
            row = beside.iloc[0]
            counts: dict[str, Value] = {name: (row[name], "n") for name in ("lower", "equal", "higher")}
            first = say("maturity_positions", "one", lang, level=(row["level"], "df"), median=median, **counts)
        else:
            level: Value = (self.fit["median_units"], "df")
            first = say("maturity_positions", "many", lang, n=(self.n, "n"), level=level, median=median)
        named = self.tables["distribution"].set_index("level")
        told = [first, say("maturity_positions", "illustration", lang)]
        told.append(say("maturity_positions", "contradiction", lang, two=(named.loc[2, "companies"], "n")))
        if len(beside) > 1:
            own = named.loc[named["most_firms"] == "yes", "units"].sum()
            told.append(say("maturity_positions", "own", lang, n=(self.n, "n"), own=(own, "n")))
        return tuple(told)

    def drawings(self) -> tuple[Drawing, ...]:
        """Shares of the companies and of the units at each level."""
        table = self.tables["distribution"]
        series = tuple(
            (name, tuple(map(float, table[column])))
            for name, column in (("seven printed companies", "companies_percent"), ("assessed here", "units_percent"))
        )
        alt = f"Percent of the seven companies and of the units at the levels 0 to {TOP}. {self.prose()[0]}"
        names = tuple(f"{row.level} {row.label}" for row in table.itertuples())
        return (Bars("Levels of the printed companies and of the units", alt, names, series, x_label="Percent"),)


def positions(level: object) -> PositionsResult:
    """Put levels beside those of the seven companies of the source documents.

    Serves source documents 4.7 (positions of the companies, median 3) and 4.19 (most firms aware or developing).

    Parameters
    ----------
    level : number, mapping of names to numbers, Series, DataFrame, RatingResult or BottomUpResult
        One organisation's level from 0 to 6, or those of several units: by name, as columns ``unit`` and ``level``, as
        rated (the mean of the blocks, of each unit's last wave), or as scored from items (the mean of the blocks'
        levels).

    Returns
    -------
    PositionsResult

    Raises
    ------
    DataError
        For levels that are not numbers from 0 to 6, names that stand twice, and no level at all.

    Notes
    -----
    A level between two whole ones counts in the distribution as the lower one, the last that is reached. There is no
    test: the companies were picked, are seven, and nothing is known of how far their ratings can be trusted.

    Examples
    --------
    >>> found = positions(2.5)
    >>> found.tables["beside"][["lower", "equal", "higher"]].iloc[0].tolist()
    [2, 0, 5]
    """
    units = _levels(level)
    read = catalogue("maturity_companies")
    companies = pd.DataFrame(read["companies"]).rename(columns={"name": "company"})
    theirs = companies["level"].to_numpy(dtype=float)
    median = float(np.median(theirs))
    own = units["level"].to_numpy(dtype=float)
    away = np.round(own[:, None] - theirs, 10)
    message = "The seven companies were picked: an illustration, not a norm. No difference from them is tested."
    return PositionsResult(
        estimates=no_estimates(),
        n=len(units),
        fit=pd.Series({"median_companies": median, "median_units": float(np.median(own))}),
        tables={
            "companies": companies,
            "beside": units.assign(
                lower=(away > 0).sum(axis=1), equal=(away == 0).sum(axis=1), higher=(away < 0).sum(axis=1),
                from_median=own - median,
            ),
            "distribution": _distribution(theirs, own, read["most_firms"]["levels"]),
        },
        notes=(Note("POSITIONS_ILLUSTRATION", message),),
        samples=sample_table(len(units)),
        call={"level": dict(zip(units["unit"], own.tolist(), strict=True))},
    )  # fmt: skip


def _levels(level: object) -> pd.DataFrame:
    """Units and their levels, all of them from 0 to 6."""
    if isinstance(level, BottomUpResult):
        table = level.tables["profile"][["unit", "mean_level"]].set_axis(["unit", "level"], axis=1)
    elif isinstance(level, RatingResult):
        table = last_waves(level.tables["overall"])[["unit", "mean"]].set_axis(["unit", "level"], axis=1)
    elif not isinstance(level, bool) and isinstance(level, Real):
        table = pd.DataFrame({"unit": [OWN], "level": [float(level)]})
    elif isinstance(level, Mapping | pd.Series):
        listed = list(level.items())
        table = pd.DataFrame({"unit": [name for name, _ in listed], "level": [value for _, value in listed]})
    elif isinstance(level, pd.DataFrame):
        table = level
    else:
        raise DataError(
            f"`level` is a number from 0 to {TOP}, levels by unit or a table with the columns unit and level; not "
            f"{type(level).__name__}."
        )
    table = table_of(table, {"unit": "text", "level": "number"}, what="levels")
    known = table.dropna(subset=["level"])
    faults = [] if len(known) else ["No unit has a level; there is nothing to put beside the companies."]
    for row, outside in known[(known["level"] < 0) | (known["level"] > TOP)].iterrows():
        faults.append(
            f"Levels run from 0 to {TOP}; '{outside['unit']}' (row {int(str(row)) + 1}) has {outside['level']:g}."
        )
    for name in known.loc[known["unit"].duplicated() & known["unit"].notna(), "unit"].unique():
        faults.append(f"The unit '{name}' stands in {int((known['unit'] == name).sum())} rows; keep one row a unit.")
    if known["unit"].isna().any():
        faults.append("Every level needs the name of its unit; some have none.")
    if faults:
        raise DataError(faults)
    return known.reset_index(drop=True)


def last_waves(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of every unit's last wave, waves being in their order."""
    last = table.groupby("unit", sort=False)["wave"].transform("last")
    return table[(table["wave"] == last) | table["wave"].isna()]


def _distribution(theirs: np.ndarray, own: np.ndarray, most: list[int]) -> pd.DataFrame:
    """Companies and units at each level, and which levels the source says most firms were at."""
    reached = np.floor(np.round(own, 10))
    levels = np.arange(TOP + 1)
    companies = np.array([(theirs == place).sum() for place in levels])
    units = np.array([(reached == place).sum() for place in levels])
    return pd.DataFrame(
        {
            "level": levels,
            "label": [_label(place) for place in levels.tolist()],
            "companies": companies,
            "companies_percent": 100.0 * companies / len(theirs),
            "most_firms": ["yes" if place in most else "" for place in levels.tolist()],
            "units": units,
            "units_percent": 100.0 * units / len(own),
        }
    )


def _label(level: int) -> str:
    """The English name of a level."""
    return str(catalogue("maturity")["levels"][level]["name"]["en"])
