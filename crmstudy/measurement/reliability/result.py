"""What the reliability of scales is reported as: coefficients, tables, one sentence, one picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import pandas as pd

from crmstudy.drawing import CoefficientPlot
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.results import ESTIMATE_COLUMNS, Result
from crmstudy.selection import ItemSet

_NAN = float("nan")
#: How a coefficient is written in a sentence.
SYMBOLS = {
    "alpha": "α", "alpha_standardised": "standardised α", "omega": "ω", "spearman_brown": "Spearman–Brown coefficient",
}  # fmt: skip
#: How the interval asked for is called in the table; bootstrap ones have the number of samples behind it.
METHODS = {
    "feldt": "Feldt", "bonett": "Bonett", "asymptotic": "asymptotic", "adf": "asymptotic, distribution-free",
    "percentile": "percentile bootstrap", "bca": "BCa bootstrap",
}  # fmt: skip
#: Scales of fewer items have no group factors to speak of.
FEWEST_FOR_GROUPS = 6
#: Codes of the notes about a scale that these data cannot say anything about.
FAILURES = (
    "RELIABILITY_TOO_FEW_ROWS",
    "RELIABILITY_CONSTANT_ITEM",
    "RELIABILITY_NO_TOTAL_VARIANCE",
    "RELIABILITY_NO_MOMENTS",
)
#: Columns of the tables; ``group_factors`` has one column more for every group factor, before ``h2``.
TABLES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "items": (
        "scale", "item", "n", "mean", "sd", "item_total", "item_rest", "alpha_if_dropped", "omega_if_dropped",
        "alpha_standardised_if_dropped", "average_r_if_dropped", "smc",
    ),
    "intervals": ("scale", "coefficient", "method", "level", "ci_low", "ci_high"),
    "scales": ("scale", "items", "n", "dropped", "average_r", "median_r", "min_r", "max_r"),
    "precision": (
        "scale", "coefficient", "reliability", "score", "sd", "sem", "level", "half_width", "minimal_change",
    ),
    "split_halves": (
        "scale", "split", "items_first", "items_second", "r", "spearman_brown", "spearman_brown_unequal", "guttman",
    ),
    "splits": (
        "scale", "matrix", "splits", "drawn", "mean", "sd", "min", "q_025", "q_250", "median", "q_750", "q_975", "max",
        "best_half",
    ),
    "general_factor": (
        "scale", "matrix", "items", "group_factors", "omega_t", "omega_h", "omega_limit", "ecv", "puc",
    ),
    "group_omegas": ("scale", "matrix", "factor", "items", "total", "by_general", "by_group", "second_order"),
    "group_factors": ("scale", "matrix", "item", "factor", "general", "h2", "u2", "p2"),
})  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class ReliabilityResult(Result):
    """Reliability of one or more scales.

    ``estimates`` has a row for each scale and coefficient and the last column ``scale``. A reliability is not tested
    against zero, so ``statistic``, ``df`` and ``p_value`` are empty. ``term`` is one of

    ``alpha``, ``alpha_standardised``
        of every scale of two items or more;
    ``omega``
        of three items or more whose one-factor model is proper;
    ``omega_t``, ``omega_h``
        of six items or more, from the correlations, as R's psych has them;
    ``lambda_2``, ``lambda_4``, ``lambda_6`` and the same with ``_standardised``
        Guttman's bounds from covariances and from correlations, of three items or more; ``lambda_4`` has no standard
        error, because it is the largest of many;
    ``spearman_brown``
        of two items;
    ``spearman_brown_odd_even``, ``guttman_odd_even``, ``spearman_brown_first_second``, ``guttman_first_second``
        split halves of three items or more, by the order of the items;
    ``alpha_ordinal``, ``lambda_2_ordinal``, ``lambda_6_ordinal``, ``omega_t_ordinal``, ``omega_h_ordinal``
        with ``ordinal=True``, from polychoric correlations.

    Tables: ``items``, ``intervals`` (every interval there is, also those not in ``estimates``), ``scales``,
    ``precision`` (standard error of measurement of a score, half the width of its interval, and the smallest change
    between two scores that exceeds their errors), ``split_halves``, ``splits`` (distribution of Guttman's split-half
    coefficient over all splits), ``general_factor``, ``group_omegas`` and ``group_factors`` (what ``omega_h`` rests
    on). Their columns are those of :data:`TABLES`.
    """

    kind: ClassVar[str] = "reliability"

    @property
    def failures(self) -> tuple[Note, ...]:
        """The notes about scales that could not be analysed while others could; empty when all were."""
        return tuple(note for note in self.notes if note.code in FAILURES)

    @property
    def preferred(self) -> pd.DataFrame:
        """The coefficient to report for each scale: scale, coefficient, value.

        Omega where its one-factor model is proper, Spearman-Brown for two items, alpha otherwise.
        """
        rows = []
        for scale, table in self.estimates.groupby("scale", sort=False):
            values = dict(zip(table["term"], table["estimate"], strict=True))
            name = preferred_of(values)
            rows.append((scale, name, values[name]))
        return pd.DataFrame(rows, columns=["scale", "coefficient", "value"])

    @property
    def text(self) -> str:
        """The coefficients of every scale in one sentence."""
        if self.estimates.empty:
            return "No scale has more than one item, so there is no internal consistency to report."
        sizes = self.tables["scales"].set_index("scale")["n"].to_dict()
        same = len(set(sizes.values())) == 1
        parts = []
        for scale, table in self.estimates.groupby("scale", sort=False):
            values = dict(zip(table["term"], table["estimate"], strict=True))
            low, high = table.loc[table["term"] == "alpha", ["ci_low", "ci_high"]].to_numpy()[0]
            interval = write_number((low, high), "interval_r")
            words = f"α = {write_number(values['alpha'], 'r')}, {self.call['level']:.0%} CI {interval}"
            for name in ("omega", "spearman_brown"):
                if name in values:
                    words += f", {SYMBOLS[name]} = {write_number(values[name], 'r')}"
            words += "" if same else f", n = {write_number(sizes[scale], 'n')}"
            parts.append(f"{scale!s} {words}" if scale else words)
        sample = f" (N = {write_number(next(iter(sizes.values())), 'n')})" if same else ""
        missing = ", ".join(str(note.subject) for note in self.failures)
        rest = f" Not possible for {missing}." if missing else ""
        return f"Internal consistency{sample}: {'; '.join(parts)}.{rest}"

    def plot(self) -> CoefficientPlot | None:
        """Alpha of every scale with its interval; None for fewer than two scales."""
        rows = self.estimates[self.estimates["term"] == "alpha"]
        if len(rows) < 2:
            return None
        return CoefficientPlot(
            title="Internal consistency",
            alt=f"Cronbach's alpha of {len(rows)} scales with {self.call['level']:.0%} intervals.",
            terms=tuple(rows["scale"]),
            estimates=tuple(map(float, rows["estimate"])),
            lows=tuple(map(float, rows["ci_low"])),
            highs=tuple(map(float, rows["ci_high"])),
            x_label="α",
        )


def preferred_of(values: Mapping[str, float]) -> str:
    """The name of the coefficient to report among those there are."""
    return next(name for name in ("omega", "spearman_brown", "alpha") if name in values)


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of a reliability analysis as resolved."""

    level: float
    interval: str
    bootstrap: int | None
    seed: int
    split_seed: int
    ordinal: bool
    missing: str
    group_factors: int
    splits: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A coefficient: value, standard error, interval and how that was made; NaN where there is none."""

    value: float
    std_error: float = _NAN
    method: str = ""
    low: float = _NAN
    high: float = _NAN


@dataclass
class Collected:
    """Rows gathered scale by scale, in the order of the tables' columns."""

    estimates: list[tuple[Any, ...]] = field(default_factory=list)
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: {name: [] for name in TABLES})
    notes: list[Note] = field(default_factory=list)

    def note(self, code: str, message: str, level: Any = "warning", subject: str | None = None) -> None:
        """Add a note."""
        self.notes.append(Note(code, message, level, subject or None))

    def estimates_table(self) -> pd.DataFrame:
        """The estimates of all scales."""
        return pd.DataFrame(self.estimates, columns=[*ESTIMATE_COLUMNS, "scale"])

    def tables(self, group_factors: int) -> dict[str, pd.DataFrame]:
        """All tables, also those without rows."""
        groups = [f"group_{j + 1}" for j in range(group_factors)]
        head, tail = TABLES["group_factors"][:5], TABLES["group_factors"][5:]
        columns = {**TABLES, "group_factors": (*head, *groups, *tail)}
        return {name: pd.DataFrame(self.rows[name], columns=list(columns[name])) for name in TABLES}


def within(chosen: ItemSet) -> str:
    """The scale in the middle of a sentence."""
    return f"scale '{chosen.scale}'" if chosen.scale else "the set of items"


def without_moments(chosen: ItemSet) -> Note:
    """That the covariances of a scale could not be found from its incomplete rows."""
    message = (
        f"The covariances of the items of {within(chosen)} cannot be estimated from incomplete rows: two items are "
        "never or hardly ever answered by the same person, or one follows from others. Use the complete rows, or leave "
        "an item out."
    )
    return Note("RELIABILITY_NO_MOMENTS", message, "warning", chosen.scale or None)
