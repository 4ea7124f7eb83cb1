"""What an analysis gives back: a frozen value with estimates, fit, tables, notes and one APA sentence.

Every kind of result derives from :class:`Result`. A subclass says its ``kind``, its sentence (``text``) and, where a
picture helps, its figure description (``plot``); everything else is shared.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from crmstudy.drawing import Drawing
from crmstudy.notes import Note, is_admissible
from crmstudy.numerals import p_phrase, write_number

#: Columns of ``.estimates`` of every result that is not a structural equation model.
ESTIMATE_COLUMNS = ("term", "estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high")
#: Columns of ``.estimates`` of a structural equation model.
SEM_COLUMNS = (
    "lhs", "op", "rhs", "block", "level", "group", "label", "estimate", "std_error", "statistic", "p_value", "ci_low",
    "ci_high", "std_lv", "std_all", "std_nox", "std_lv_se", "std_all_se", "std_nox_se",
)  # fmt: skip


def sample_table(n: int, dropped: int = 0, **more: object) -> pd.DataFrame:
    """The ``.samples`` table of a one-group result: rows used, rows dropped."""
    return pd.DataFrame([{"group": "all", "n": n, "dropped": dropped, **more}])


@dataclass(frozen=True, eq=False)
class Result:
    """A finished analysis.

    Attributes
    ----------
    estimates : DataFrame
        One row a coefficient; columns :data:`ESTIMATE_COLUMNS` (or :data:`SEM_COLUMNS`), then what the kind adds.
    fit : Series
        Figures about the whole model, by their names in the docs; empty where there are none.
    tables : mapping of str to DataFrame
        Further tables under documented names.
    notes : tuple of Note
        Findings that belong to the numbers.
    n : int
        Rows used.
    samples : DataFrame
        Rows used and dropped, by group.
    call : mapping
        The options as resolved.
    """

    estimates: pd.DataFrame
    n: int
    fit: pd.Series[Any] = field(default_factory=lambda: pd.Series(dtype=float))
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    samples: pd.DataFrame = field(default_factory=lambda: sample_table(0))
    call: Mapping[str, Any] = field(default_factory=dict)

    kind: ClassVar[str] = "result"

    @property
    def admissible(self) -> bool:
        """False when the numbers must not be interpreted; the notes say why."""
        return is_admissible(self.notes)

    @property
    def text(self) -> str:
        """One sentence in APA style."""
        return f"{self.kind}, N = {write_number(self.n, 'n')}."

    def plot(self) -> Drawing | None:
        """The description of the figure that shows this result, or None where no figure helps."""
        return None

    def to_json(self) -> str:
        """All numbers at full precision as JSON (records by table, keys sorted; what is absent is null)."""
        content = {
            "kind": self.kind,
            "n": self.n,
            "admissible": self.admissible,
            "estimates": records(self.estimates),
            "fit": {str(name): plain(value) for name, value in self.fit.items()},
            "tables": {name: records(table) for name, table in self.tables.items()},
            "samples": records(self.samples),
            "notes": [note.as_dict() for note in self.notes],
            "call": {key: plain(value) for key, value in self.call.items()},
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, allow_nan=False)

    def __repr__(self) -> str:
        mark = "" if self.admissible else ", INADMISSIBLE"
        return f"<{type(self).__name__} N={self.n}, {len(self.estimates)} estimates, {len(self.notes)} notes{mark}>"

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html.escape(note.message)}</li>" for note in self.notes)
        return f"<p>{html.escape(self.text)}</p>{self.estimates.to_html(index=False)}<ul>{notes}</ul>"


@dataclass(frozen=True, slots=True)
class HypothesisTest:
    """What became of one declared hypothesis.

    ``verdict`` is ``supported``, ``not supported`` or ``not testable`` (the analysis failed, is inadmissible, or does
    not have the parameter); ``reason`` is the sentence that says why. ``std_all`` is the standardised coefficient
    where there is one. ``ci_low``/``ci_high`` at ``level``. ``number`` is what the parameter is compared with: the
    p-value is that of the difference from it.
    """

    id: str
    statement: str
    claim: str
    analysis: str
    verdict: Literal["supported", "not supported", "not testable"]
    reason: str
    estimate: float | None = None
    std_error: float | None = None
    p_value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    std_all: float | None = None
    level: float = 0.95
    number: float = 0.0

    @property
    def text(self) -> str:
        """One sentence: the verdict with its figures, or why there is none."""
        if self.verdict == "not testable":
            return f"{self.id} could not be tested: {self.reason}"
        low, high = self.ci_low, self.ci_high
        figures = [f"estimate {write_number(self.estimate, 'estimate')}"]
        if low is not None and high is not None:
            figures.append(f"{self.level:.0%} CI {write_number((low, high), 'interval')}")
        if self.p_value is not None:
            against = f" against {self.number:g}" if self.number else ""
            figures.append(p_phrase(self.p_value) + against)
        return f"{self.id} is {self.verdict} ({', '.join(figures)})."


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as plain Python values; a named index becomes columns."""
    if table.index.name is not None or isinstance(table.index, pd.MultiIndex):
        table = table.reset_index()
    names = [str(name) for name in table.columns]
    return [dict(zip(names, map(plain, row), strict=True)) for row in table.itertuples(index=False, name=None)]


def plain(value: Any) -> Any:
    """A value as JSON can hold it: NaN and infinity are None, NumPy scalars Python ones, sets sorted lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    return str(value)
