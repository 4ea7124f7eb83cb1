"""The figures that the source documents print, what is missing to check them, and one that cannot be tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from crmstudy.assessment.catalogue import catalogue, language
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.wording import Value, say
from crmstudy.drawing import Drawing, Grid
from crmstudy.errors import ModelError, did_you_mean
from crmstudy.notes import Note
from crmstudy.results import sample_table
from crmstudy.selection import coverage_faults, is_whole

#: Sizes of the group without a customer-centred view and standard deviations that are assumed unless others are.
SPLITS = (22, 44, 66, 88, 110, 131, 153, 175, 197)
_SMALLEST = ("sd_without", "sd_with", "smallest")
_SEPARATOR = {"en": "; ", "fa": "؛ ", "ru": "; "}
SDS = (10.0, 15.0, 20.0, 25.0, 30.0, 40.0)
#: Values from 0 to 100 percent have none beyond, and a hundredth of a point is less than any survey measures.
_SD_ENDS = (0.01, 100.0)
#: More experts than any survey has asked.
_MOST = 100_000


@dataclass(frozen=True, eq=False, repr=False)
class FactsResult(AssessmentResult):
    """Printed figures as a cited table; nothing is estimated.

    Tables: ``facts`` (fact, statement, document, says, claim, relation, value, unit, missing), a row a figure;
    ``contradictions`` (name, statements, says). Words are in the language asked for.
    """

    kind: ClassVar[str] = "facts"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "facts", "Figures Printed in the Source Documents",
            (
                ("statement", "Statement", "text"), ("says", "What is said", "text"), ("value", "Figure", "df"),
                ("unit", "Unit", "text"), ("missing", "Missing to check it", "text"),
            ),
            "As printed; none has been checked against a primary source.",
        ),
        Shown(
            "contradictions", "Contradictions Left Visible",
            (("statements", "Statements", "text"), ("says", "What does not agree", "text")),
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """How many figures there are, and every contradiction."""
        facts, against = self.tables["facts"], self.tables["contradictions"]
        one, n = self.call["statement"], (len(facts), "n")
        told = [
            say("facts", "printed", lang, n=n, facts=(facts["statement"].nunique(), "n"))  # type: ignore[arg-type]
            if one is None
            else say("facts", "printed_statement", lang, n=n, statement=one)  # type: ignore[arg-type]
        ]
        if len(against):
            told.append(say("facts", "contradictions", lang, n=(len(against), "n")))
        named = set(against["name"])
        return (
            *told,
            *(entry["says"][lang] for entry in catalogue("facts")["contradictions"] if entry["name"] in named),
        )


def printed(statement: str | None = None, *, lang: str = "en") -> FactsResult:
    """The figures of the source documents, each with its statement, kind of claim, unit and what is not known of it.

    Serves source documents 0.7, 0.10, 2.4, 2.5, 4.1, 4.3, 4.6, 4.7, 4.8, 4.9, 4.11, 4.12, 4.13, 4.15, 4.16, 4.18 and
    4.19, and keeps their contradictions visible.

    Parameters
    ----------
    statement : str, optional
        The number of one statement, such as ``"4.18"``; all of them without it.
    lang : {"en", "fa", "ru"}
        The language of the sentences in the tables.

    Returns
    -------
    FactsResult

    Raises
    ------
    ModelError
        For a statement that prints no figure.
    UnsupportedError
        For another language.

    Examples
    --------
    >>> printed("0.10").tables["facts"]["value"].tolist()
    [219.0, 53.0, 71.0]
    """
    language(lang)
    read = catalogue("facts")
    known = list(dict.fromkeys(entry["source"] for entry in read["facts"]))
    if statement is not None and statement not in known:
        raise ModelError(
            f"`statement` is one that prints a figure ({', '.join(known)}), not {statement!r:.200}."
            f"{did_you_mean(str(statement), known)}"
        )
    rows = [
        (
            entry["name"], entry["source"], read["documents"][entry["source"].split(".")[0]][lang], entry["says"][lang],
            read["claims"][entry["claim"]][lang], read["relations"][figure["relation"]][lang], float(figure["value"]),
            f"{read['units'][figure['unit']][lang]} {figure.get('of', '')}".strip(),
            _SEPARATOR[lang].join(read["lacking"][key][lang] for key in entry["lacking"]),
        )
        for entry in read["facts"]
        if statement in (None, entry["source"])
        for figure in entry["figures"]
    ]  # fmt: skip
    against = [
        (entry["name"], ", ".join(entry["sources"]), entry["says"][lang])
        for entry in read["contradictions"]
        if statement is None or statement in entry["sources"]
    ]
    columns = ["fact", "statement", "document", "says", "claim", "relation", "value", "unit", "missing"]
    message = "The figures are as printed in the source documents; none has been checked against a primary source."
    return FactsResult(
        estimates=no_estimates(),
        n=len(rows),
        tables={
            "facts": pd.DataFrame(rows, columns=columns),
            "contradictions": pd.DataFrame(against, columns=["name", "statements", "says"]),
        },
        notes=(Note("FACTS_UNCHECKED", message),),
        samples=sample_table(len(rows)),
        call={"statement": statement, "lang": lang},
    )


@dataclass(frozen=True, eq=False, repr=False)
class SensitivityResult(AssessmentResult):
    """What a difference of two means would say under assumed group sizes and standard deviations; no p-value.

    Tables: ``sensitivity`` (n_without, n_with, sd_without, sd_with, difference, std_error, statistic, df, ci_low,
    ci_high, d, excludes_zero, possible), a row a combination; ``smallest`` (sd_without, sd_with, smallest): the size
    the smaller group must have, whichever it is, for the interval to exclude 0; missing where no split reaches that.
    """

    kind: ClassVar[str] = "facts_dmr"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "sensitivity", "A Difference of Means Under Assumed Group Sizes and Standard Deviations",
            (
                ("n_without", "n without", "n"), ("n_with", "n with", "n"), ("sd_without", "SD without", "estimate"),
                ("sd_with", "SD with", "estimate"), ("difference", "Difference", "estimate"),
                ("std_error", "SE", "estimate"), ("statistic", "t", "statistic"), ("df", "df", "df"),
                ("ci_low", "Low", "estimate"), ("ci_high", "High", "estimate"), ("d", "d", "estimate"),
            ),
            "Group sizes and standard deviations are assumed, not printed anywhere; no p-value can be claimed.",
        ),
        Shown(
            "smallest", "The Smaller Group That the Interval Needs to Exclude 0",
            (
                ("sd_without", "SD without", "estimate"), ("sd_with", "SD with", "estimate"),
                ("smallest", "Smaller group", "n"),
            ),
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """Why there is no p-value, and what the table shows instead."""
        call, table = self.call, self.tables["sensitivity"]
        means: dict[str, Value] = {name: (call[name], "df") for name in ("without", "with_view")}
        away: Value = (call["with_view"] - call["without"], "df")
        why = say("facts", "dmr_why", lang, n=(self.n, "n"), difference=away, **means)
        ends = (table["ci_low"].iloc[0], table["ci_high"].iloc[0])
        shown = say(
            "facts", "dmr_table" if len(table) > 1 else "dmr_one", lang, cases=(len(table), "n"),
            excluded=(table["excludes_zero"].sum(), "n"), level=(round(100.0 * call["level"], 6), "df"),
            d_low=(table["d"].min(), "estimate"), d_high=(table["d"].max(), "estimate"), interval=(ends, "interval"),
        )  # fmt: skip
        most: dict[str, Value] = {name: (call["largest_sd"][name], "estimate") for name in ("without", "with_view")}
        return why, shown, say("facts", "dmr_bound", lang, **most), say("facts", "dmr_limits", lang)

    def drawings(self) -> tuple[Drawing, ...]:
        """The lower end of the interval by split and standard deviations."""
        table = self.tables["sensitivity"]
        splits = list(dict.fromkeys(table["n_without"]))
        pairs = list(dict.fromkeys(zip(table["sd_without"], table["sd_with"], strict=True)))
        lower = dict(
            zip(
                zip(table["n_without"], table["sd_without"], table["sd_with"], strict=True),
                table["ci_low"],
                strict=True,
            )
        )
        values = tuple(tuple(float(lower[(split, *pair)]) for pair in pairs) for split in splits)
        reach = float(np.abs(values).max())
        names = tuple(f"{a:g}" if a == b else f"{a:g}/{b:g}" for a, b in pairs)
        alt = f"Lower ends of {len(table)} intervals; above 0 the interval excludes no difference. {self.prose()[1]}"
        title = "Lower end of the interval of the difference"
        return (Grid(title, alt, tuple(f"n = {split}" for split in splits), names, values, -reach, reach),)


def dmr_sensitivity(
    *,
    splits: Iterable[int | Sequence[int]] = SPLITS,
    sds: Iterable[float | Sequence[float]] = SDS,
    without: float = 53.0,
    with_view: float = 71.0,
    n: int = 219,
    level: float = 0.95,
) -> SensitivityResult:
    r"""Say what the printed difference in goal attainment could mean: a table over assumptions in place of a p-value.

    Serves source documents 0.10: of 219 IT experts asked by DMR, 53 percent of the project goals were reached without a
    customer-centred view, 71 percent with it. Neither group sizes nor standard deviations are printed; without them no
    test exists. The percentages are means of goal attainment, not shares of experts.

    Parameters
    ----------
    splits : iterable of int or of (int, int)
        Assumed sizes of the group without the view, from 2 to n - 2; the rest is the other group. Or both sizes.
    sds : iterable of float or of (float, float)
        Assumed standard deviations in percentage points: of both groups, or of the one without and the one with it.
    without, with_view : float
        The printed means, in percent of goals, above 0 and below 100.
    n : int
        All experts.
    level : float
        Coverage of the intervals.

    Returns
    -------
    SensitivityResult

    Raises
    ------
    ModelError
        For sizes, deviations, means or a level that cannot be.

    Notes
    -----
    With :math:`v_g=s_g^2/n_g`, :math:`SE=\sqrt{v_1+v_2}`, t and the degrees of freedom
    :math:`(v_1+v_2)^2/(v_1^2/(n_1-1)+v_2^2/(n_2-1))` are Welch's (1947); d divides by the pooled standard deviation.
    Values from 0 to 100 with mean m have a standard deviation of at most :math:`\sqrt{m(100-m)n_g/(n_g-1)}` (Bhatia &
    Davis, 2000), here taken for a large group; ``possible`` compares with that of the group's own size. There is no
    column of p-values: one would lend assumptions the look of a finding.

    Examples
    --------
    >>> table = dmr_sensitivity(splits=[110], sds=[25]).tables["sensitivity"]
    >>> table[["difference", "std_error", "d"]].round(3).iloc[0].tolist()
    [18.0, 3.379, 0.72]
    """
    sizes, deviations = _assumed(splits, sds, without, with_view, n, level)
    largest = {
        "without": float(np.sqrt(without * (100.0 - without))),
        "with_view": float(np.sqrt(with_view * (100.0 - with_view))),
    }
    rows = [_row(size, n - size, pair, with_view - without, largest, level) for size in sizes for pair in deviations]
    smallest = [(*pair, _smallest(n, pair, with_view - without, level)) for pair in deviations]
    notes = [Note("FACTS_NO_TEST", _NO_TEST, "warning")]
    beyond = sum(not row["possible"] for row in rows)
    if beyond:
        message = f"{beyond} of {len(rows)} combinations have a standard deviation no values from 0 to 100 can have."
        notes.append(Note("FACTS_IMPOSSIBLE_SD", message, "warning"))
    return SensitivityResult(
        estimates=no_estimates(),
        n=n,
        tables={
            "sensitivity": pd.DataFrame(rows),
            "smallest": pd.DataFrame(smallest, columns=list(_SMALLEST)).astype({"smallest": "Int64"}),
        },
        notes=tuple(notes),
        samples=sample_table(n),
        call={
            "splits": sizes, "sds": [list(pair) for pair in deviations], "without": without, "with_view": with_view,
            "n": n, "level": level, "largest_sd": largest,
        },
    )  # fmt: skip


_NO_TEST = (
    "No test of the printed difference is possible: neither the sizes of the two groups nor standard deviations are "
    "printed. The table shows what would follow if they were as assumed."
)


def _assumed(
    splits: object, sds: object, without: object, with_view: object, n: object, level: object
) -> tuple[list[int], list[tuple[float, float]]]:
    """The assumptions as numbers; all faults at once."""
    faults = coverage_faults(level)
    if not is_whole(n) or not 4 <= n <= _MOST:
        raise ModelError([*faults, f"`n` is the number of experts, from 4 to {_MOST:,}, not {n!r:.200}."])
    for name, mean in (("without", without), ("with_view", with_view)):
        if not _is_number(mean) or not 0.0 < float(mean) < 100.0:  # type: ignore[arg-type]
            faults.append(f"`{name}` is a mean in percent, above 0 and below 100, not {mean!r:.200}.")
    sizes: list[Any] = (
        list(splits) if isinstance(splits, Iterable) and not isinstance(splits, str | Mapping) else [splits]
    )
    sizes = [_first_of(size, n) for size in sizes]
    for size in sizes:
        if not is_whole(size) or not 2 <= size <= n - 2:
            faults.append(f"`splits` are sizes of the first group from 2 to {n - 2} (of {n}), not {size!r:.200}.")
    pairs: list[tuple[float, float]] = []
    for given in list(sds) if isinstance(sds, Iterable) and not isinstance(sds, str | Mapping) else [sds]:
        pair = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else (given, given)
        if len(pair) != 2 or not all(_is_number(sd) and _SD_ENDS[0] <= float(sd) <= _SD_ENDS[1] for sd in pair):
            ends = f"from {_SD_ENDS[0]:g} to {_SD_ENDS[1]:g} percentage points"
            faults.append(f"`sds` are standard deviations {ends}, or pairs of them, not {given!r:.200}.")
        else:
            pairs.append((float(pair[0]), float(pair[1])))
    if not sizes or not (pairs or faults):
        faults.append("`splits` and `sds` must each hold something to assume.")
    if faults:
        raise ModelError(faults)
    return list(dict.fromkeys(int(size) for size in sizes)), list(dict.fromkeys(pairs))


def _first_of(size: Any, n: int) -> Any:
    """The first of two group sizes that make up all; anything else as it is."""
    pair = list(size) if isinstance(size, Sequence) and not isinstance(size, str) else []
    whole = len(pair) == 2 and all(map(is_whole, pair)) and sum(pair) == n
    return pair[0] if whole else size


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and bool(np.isfinite(float(value)))


def _welch(n1: int, n2: int, pair: tuple[float, float]) -> tuple[float, float]:
    """Standard error of the difference and Welch's degrees of freedom."""
    v1, v2 = pair[0] ** 2 / n1, pair[1] ** 2 / n2
    return float(np.sqrt(v1 + v2)), float((v1 + v2) ** 2 / (v1**2 / (n1 - 1) + v2**2 / (n2 - 1)))


def _row(
    n1: int, n2: int, pair: tuple[float, float], difference: float, largest: Mapping[str, float], level: float
) -> dict[str, Any]:
    error, df = _welch(n1, n2, pair)
    half = float(stdtrit(df, 0.5 + level / 2.0)) * error
    pooled = np.sqrt(((n1 - 1) * pair[0] ** 2 + (n2 - 1) * pair[1] ** 2) / (n1 + n2 - 2))
    bounds = (largest["without"] * np.sqrt(n1 / (n1 - 1)), largest["with_view"] * np.sqrt(n2 / (n2 - 1)))
    return {
        "n_without": n1, "n_with": n2, "sd_without": pair[0], "sd_with": pair[1], "difference": difference,
        "std_error": error, "statistic": difference / error, "df": df, "ci_low": difference - half,
        "ci_high": difference + half, "d": float(difference / pooled), "excludes_zero": bool(abs(difference) > half),
        "possible": bool(pair[0] <= bounds[0] and pair[1] <= bounds[1]),
    }  # fmt: skip


def _smallest(n: int, pair: tuple[float, float], difference: float, level: float) -> int | None:
    """From which size of the smaller group on every split, either way round, has an interval without 0."""
    needed = None
    for size in range(n // 2, 1, -1):
        for first in (size, n - size):
            error, df = _welch(first, n - first, pair)
            if abs(difference) <= float(stdtrit(df, 0.5 + level / 2.0)) * error:
                return needed
        needed = size
    return needed
