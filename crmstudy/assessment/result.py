"""What an assessment gives back: tables, sentences in three languages, figure descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from crmstudy.drawing import Drawing
from crmstudy.numerals import Kind
from crmstudy.results import ESTIMATE_COLUMNS, Result


@dataclass(frozen=True, slots=True)
class Shown:
    """A table as a report shows it.

    Attributes
    ----------
    table : str
        Its name among the result's tables; ``estimates`` for the estimates.
    title : str
        In title case.
    columns : tuple of (str, str, Kind)
        Column, heading, kind of its values (``text`` for words).
    note : str
        What stands below it: how its figures were made.
    rows : int or None
        A long table is shown up to this row; the files of the study have all of it.
    """

    table: str
    title: str
    columns: tuple[tuple[str, str, Kind], ...]
    note: str = ""
    rows: int | None = None


def no_estimates() -> pd.DataFrame:
    """The estimates of a result that estimates nothing."""
    return pd.DataFrame(columns=list(ESTIMATE_COLUMNS))


@dataclass(frozen=True, eq=False, repr=False)
class AssessmentResult(Result):
    """A finished assessment; every kind says its sentences and which of its tables people read."""

    shown: ClassVar[tuple[Shown, ...]] = ()

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """What was found, in sentences; the first says the finding, and what qualifies it comes after.

        Parameters
        ----------
        lang : {"en", "fa", "ru"}

        Raises
        ------
        UnsupportedError
            For another language.
        """
        raise TypeError(f"{type(self).__name__} says nothing of itself")

    @property
    def text(self) -> str:
        """All sentences, in English."""
        return " ".join(self.prose("en"))

    def next_steps(self, lang: str = "en") -> tuple[str, ...]:
        """What to do next by its own rules, the nearest first; nothing where it describes only.

        Parameters
        ----------
        lang : {"en", "fa", "ru"}
        """
        return ()

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """What people read in place of the ids in its tables, by column.

        Parameters
        ----------
        lang : {"en", "fa", "ru"}
        """
        return {}

    def drawings(self) -> tuple[Drawing, ...]:
        """The descriptions of its figures."""
        return ()

    def plot(self) -> Drawing | None:
        """The description of its first figure, or None."""
        return next(iter(self.drawings()), None)
