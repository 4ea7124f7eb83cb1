"""Two categorical variables against each other: counts, tests of independence, and how strong the association is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmstudy.describing.categories import Categories, categories, language_faults, read_labels
from crmstudy.describing.weights import weights_of
from crmstudy.errors import AnalysisError, ModelError
from crmstudy.kernels.classic import contingency, fisher
from crmstudy.kernels.incomplete.pooling import statistics_test
from crmstudy.kernels.moments import Array
from crmstudy.kernels.resample import generator
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.pooled import LOG, PLAIN, JointTest, pools
from crmstudy.responses import frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table
from crmstudy.selection import coverage_faults, is_whole, named_columns

#: A variable with more categories than this is no category.
MOST_CATEGORIES = 30
EXACT = (None, True, False, "simulate")
_TESTS = ("test", "statistic", "df", "df_error", "p_value")
_Row = tuple[Any, ...]


@dataclass(frozen=True, eq=False, repr=False)
class CrosstabResult(Result):
    """A table of two variables.

    ``estimates`` has the measures of association (term): ``cramers_v``, ``cramers_v_corrected``, ``contingency``; for
    2×2 tables ``phi`` and ``odds_ratio``; for ordered categories ``gamma``, ``tau_b``, ``tau_c``,
    ``somers_d_columns`` (columns dependent), ``somers_d_rows``. Tables: ``counts`` (rows as index), ``cells`` (row,
    column, n, expected, row_percent, column_percent, total_percent, residual, adjusted_residual; weighted_n where
    weighted), ``tests`` (test, statistic, df, df_error, p_value: ``pearson``, ``pearson_yates``, ``likelihood_ratio``,
    ``fisher_exact`` or ``fisher_simulated``, ``linear_by_linear``; with weights ``rao_scott``). ``fit``: chisq, df,
    pvalue, smallest_expected, cells_below_5, percent_below_5.
    """

    kind: ClassVar[str] = "crosstab"

    @property
    def text(self) -> str:
        """Whether the two variables are associated, and how strongly."""
        fit = self.fit
        v = next(row for row in self.estimates.to_dict("records") if row["term"] == "cramers_v")
        rows, cols = self.call["rows"], self.call["cols"]
        tests = self.tables["tests"].set_index("test")
        strength = f"Cramér's V = {write_number(v['estimate'], 'r')}"
        if not pd.isna(v["ci_low"]):
            strength += f", {self.call['level']:.0%} CI {write_number((v['ci_low'], v['ci_high']), 'interval_r')}"
        if "rao_scott" in tests.index:
            found = tests.loc["rao_scott"]
            degrees = f"{write_number(found['df'], 'df')}, {write_number(found['df_error'], 'df')}"
            test = f"F({degrees}) = {write_number(found['statistic'], 'statistic')}, {p_phrase(found['p_value'])}"
            return f"{rows} by {cols}, N = {write_number(self.n, 'n')}, weighted: Rao–Scott {test}, {strength}."
        test = (
            f"χ²({write_number(fit['df'], 'df')}, N = {write_number(self.n, 'n')}) = "
            f"{write_number(fit['chisq'], 'statistic')}, {p_phrase(fit['pvalue'])}"
        )
        exact = [name for name in ("fisher_exact", "fisher_simulated") if name in tests.index]
        if exact and not np.isnan(tests["p_value"].to_dict()[exact[0]]):
            said = "exact" if exact[0] == "fisher_exact" else "simulated exact"
            test += f" ({said} {p_phrase(tests.loc[exact[0], 'p_value'])})"
        return f"{rows} by {cols}: {test}, {strength}."


def _finish(result: CrosstabResult, parts: Sequence[CrosstabResult]) -> CrosstabResult:
    """With weights pool Rao and Scott's F, by D2; the unweighted chi-squares are pooled as they are."""
    if result.call["weights"] is None:
        if not result.tables["tests"]["test"].str.startswith("fisher").any():
            return result
        message = "Fisher's p is that of one table and has no pooled form; it is left empty in: tests."
        return replace(result, notes=(*result.notes, Note("POOLED_NO_P", message)))
    found = pd.concat([part.tables["tests"] for part in parts])
    df = float(found["df"].mean())
    pooled = statistics_test(found["statistic"].to_numpy(dtype=float) * df, df)
    row = ("rao_scott", pooled.statistic, df, pooled.df2, pooled.p_value)
    fit = result.fit.copy()
    fit["chisq"], fit["pvalue"] = float(np.mean([part.fit["chisq"] for part in parts])), pooled.p_value
    return replace(result, fit=fit, tables={**result.tables, "tests": pd.DataFrame([row], columns=list(_TESTS))})


@pools(
    scale={"": PLAIN, "odds_ratio": LOG},
    tests=(JointTest("fit", "chisq", "df", "pvalue"), JointTest("tests", "statistic", "df", "p_value")),
    finish=_finish,
)
def crosstab(
    data: object,
    *,
    rows: str,
    cols: str,
    exact: bool | str | None = None,
    ordinal: bool | None = None,
    weights: str | None = None,
    labels: Mapping[str, Mapping[Any, str]] | None = None,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 1,
    lang: str = "en",
) -> CrosstabResult:
    r"""Cross two variables.

    Parameters
    ----------
    data : DataFrame or Responses
    rows, cols : str
        Columns of categories: texts, categoricals, or numbers with few values.
    exact : bool or "simulate", optional
        Fisher's exact test. None: exact where it takes seconds, else from simulated tables; True: exact or an error;
        ``"simulate"``: from simulated tables; False: none.
    ordinal : bool, optional
        Measures of ordered association; None: where both variables are numbers or ordered categoricals.
    weights : str, optional
        Column of sampling weights.
    labels : mapping, optional
        What values are called: ``{"sex": {1: "women", 2: "men"}}``.
    level : float
        Coverage of the intervals.
    draws, seed : int
        Number of simulated tables and the seed of them.
    lang : str
        Language of the instruments' labels.

    Returns
    -------
    CrosstabResult

    Raises
    ------
    DataError, ModelError
        For unknown columns and faulty options.
    AnalysisError
        When a variable has fewer than two or more than 30 categories, or the exact test takes too long.

    Notes
    -----
    Rows without either variable are left out; categories that nobody has do not enter. Yates' correction and the odds
    ratio are for 2×2 tables. Fisher's test adds the probabilities of all tables not more probable than the one found,
    given the margins, as R (Freeman & Halton, 1951; Mehta & Patel, 1983). The interval of Cramér's V has the
    noncentralities of χ² as its ends, without the degrees of freedom that some software adds, and never ends below V;
    ``cramers_v_corrected`` is Bergsma's (2013). Ordered measures have Wald intervals with the asymptotic standard error
    (ASE1; Brown & Benedetti, 1977), their tests that under independence, as SPSS and SAS. With weights the percents and
    measures are those of the weighted table, the test is Rao and Scott's (1984).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"sex": list("ffffmmmm"), "loyal": [1, 1, 1, 0, 0, 0, 0, 1]})
    >>> found = crosstab(frame, rows="sex", cols="loyal")
    >>> round(float(found.tables["tests"].set_index("test").loc["fisher_exact", "p_value"]), 4)
    0.4857
    """
    _check_options(rows, cols, exact, ordinal, level, draws, seed, lang)
    frame, notes = frame_of(data)
    frame = frame.rename(columns=str)
    named_columns(frame, [rows, cols])
    known = read_labels(labels, (rows, cols))
    sampling, told = weights_of(frame, weights)
    sides = [categories(data, frame, name, known, lang=lang) for name in (rows, cols)]
    use = (sides[0].codes >= 0) & (sides[1].codes >= 0)
    if sampling is not None:
        use &= ~np.isnan(sampling)
    down, across = (_used(side, use) for side in sides)
    codes = down.codes, across.codes
    counts = _table(*codes, np.ones(len(codes[0])))
    n = len(codes[0])
    tests, findings = [], _expectations(counts) if sampling is None else []
    table, weighted = counts, None if sampling is None else sampling[use]
    ordered = down.ordered and across.ordered if ordinal is None else ordinal
    if weighted is None:
        tests += _tests(counts)
        tests += _exact(counts, exact, draws, seed, findings)
        if ordered:
            tests.append(_linear(counts, down, across))
    else:
        table = _table(*codes, weighted) * n / weighted.sum()
        _, f, df, error, p_value = contingency.rao_scott(*codes, weighted)
        tests.append(("rao_scott", f, df, error, p_value))
        message = "With weights Fisher's test and the measures of ordered association are left out; intervals too."
        findings.append(Note("CROSSTAB_WEIGHTED", message))
    estimates = _estimates(table, level, ordered and weighted is None, weighted is not None)
    if weighted is None:
        findings += _without_intervals(estimates)
    dropped = len(frame) - n
    if dropped:
        message = f"{dropped} of {len(frame)} rows are left out because '{rows}' or '{cols}' is missing."
        findings.append(Note("CROSSTAB_ROWS_DROPPED", message))
    return CrosstabResult(
        estimates=pd.DataFrame(estimates, columns=list(ESTIMATE_COLUMNS)),
        n=n,
        fit=_fit(table, tests),
        tables={
            "counts": pd.DataFrame(counts.astype(int), index=pd.Index(down.shown, name=rows), columns=across.shown),
            "cells": _cells(counts, table, down, across, weighted is not None),
            "tests": pd.DataFrame(tests, columns=list(_TESTS)),
        },
        notes=(*notes, *told, *findings),
        samples=sample_table(n, dropped),
        call={
            "rows": rows, "cols": cols, "exact": exact, "ordinal": bool(ordered), "weights": weights, "level": level,
            "draws": draws, "seed": seed,
        },
    )  # fmt: skip


def _check_options(
    rows: object, cols: object, exact: object, ordinal: object, level: object, draws: object, seed: object, lang: object
) -> None:
    faults = coverage_faults(level) + language_faults(lang)
    faults += [
        f"`{name}` is the name of one column, not {value!r}."
        for name, value in (("rows", rows), ("cols", cols))
        if not isinstance(value, str)
    ]
    if isinstance(rows, str) and rows == cols:
        faults.append(f"`rows` and `cols` are both '{rows}'; name two different columns.")
    if not any(exact is one for one in EXACT[:3]) and exact != "simulate":
        faults.append(f"`exact` is True, False, None or 'simulate', not {exact!r}.")
    if ordinal is not None and not isinstance(ordinal, bool):
        faults.append(f"`ordinal` is True, False or None, not {ordinal!r}.")
    if not is_whole(draws) or draws < 100:
        faults.append(f"`draws` is a whole number of simulated tables, at least 100, not {draws!r}.")
    if not is_whole(seed) or seed < 0:
        faults.append(f"`seed` is a whole number from 0, not {seed!r}.")
    if faults:
        raise ModelError(faults)


def _used(side: Categories, use: Any) -> Categories:
    """The column with the rows that are used and the categories that occur in them."""
    there = np.unique(side.codes[use])
    if len(there) < 2:
        found = f"all {int(use.sum())} rows have the same" if len(there) else "no row has one"
        raise AnalysisError(
            f"'{side.name}' needs two categories to be crossed, and {found}. Choose another variable.",
            "CROSSTAB_ONE_CATEGORY",
        )
    if len(there) > MOST_CATEGORIES:
        raise AnalysisError(
            f"'{side.name}' has {len(there)} different values, more than {MOST_CATEGORIES}: it is no category. Band "
            "it first (ages in groups), or correlate it.",
            "CROSSTAB_MANY_CATEGORIES",
        )
    place = np.full(len(side.values) + 1, -1)
    place[there] = np.arange(len(there))
    values, labels = (tuple(texts[i] for i in there) for texts in (side.values, side.labels))
    return Categories(side.name, values, labels, place[side.codes[use]], side.ordered)


def _table(rows: Any, columns: Any, weights: Array) -> Array:
    table = np.zeros((int(rows.max()) + 1, int(columns.max()) + 1))
    np.add.at(table, (rows, columns), weights)
    return table


def _expectations(table: Array) -> list[Note]:
    """What must be said where χ² is no good approximation (Cochran, 1954)."""
    expected = contingency.expected_counts(table)
    few = int((expected < 5).sum())
    if expected.min() >= 1.0 and few <= 0.2 * expected.size:
        return []
    message = (
        f"{few} of {expected.size} cells have an expected count below 5, the smallest is "
        f"{write_number(float(expected.min()), 'estimate')}: read the exact test in place of χ²."
    )
    return [Note("CROSSTAB_SMALL_EXPECTED", message, "warning")]


def _tests(table: Array) -> list[_Row]:
    nan = float("nan")
    found = [("pearson", contingency.pearson(table))]
    if table.shape == (2, 2):
        found.append(("pearson_yates", contingency.pearson(table, yates=True)))
    found.append(("likelihood_ratio", contingency.likelihood_ratio(table)))
    return [(name, test.statistic, float(test.df), nan, test.p_value) for name, test in found]


def _exact(table: Array, exact: object, draws: int, seed: int, notes: list[Note]) -> list[_Row]:
    if exact is False:
        return []
    nan = float("nan")
    p_value = None if exact == "simulate" else fisher.exact_p(table)
    if p_value is not None:
        return [("fisher_exact", nan, nan, nan, p_value)]
    if exact is True:
        raise AnalysisError(
            f"Fisher's exact test of a {table.shape[0]}×{table.shape[1]} table of {table.sum():.0f} respondents takes "
            "too long. Use exact='simulate'.",
            "CROSSTAB_EXACT_TOO_LARGE",
        )
    p_value = fisher.simulated_p(table, draws, generator(seed, "crosstab"))
    message = (
        f"Fisher's p is from {write_number(draws, 'n')} simulated tables with the same margins; its own standard error "
        f"is {np.sqrt(p_value * (1.0 - p_value) / draws):.4f}."
    )
    notes.append(Note("CROSSTAB_SIMULATED", message))
    return [("fisher_simulated", nan, nan, nan, p_value)]


def _linear(table: Array, down: Categories, across: Categories) -> _Row:
    scores = [
        np.array(side.values, dtype=float)
        if all(isinstance(value, int | float) for value in side.values)
        else np.arange(1.0, len(side.values) + 1.0)
        for side in (down, across)
    ]
    test = contingency.linear_by_linear(table, *scores)
    return ("linear_by_linear", test.statistic, float(test.df), float("nan"), test.p_value)


def _estimates(table: Array, level: float, ordered: bool, weighted: bool) -> list[_Row]:
    nan, n = float("nan"), float(table.sum())
    chisq = contingency.pearson(table).statistic
    v, error, low, high = contingency.cramers_v(table, level)
    if weighted:
        error = low = high = nan
    rows: list[_Row] = [
        ("cramers_v", v, error, nan, nan, nan, low, high),
        ("cramers_v_corrected", contingency.corrected_v(table), *(nan,) * 6),
        ("contingency", float(np.sqrt(chisq / (chisq + n))), *(nan,) * 6),
    ]
    if table.shape == (2, 2):
        (a, b), (c, d) = table
        phi = float((a * d - b * c) / np.sqrt(table.sum(axis=0).prod() * table.sum(axis=1).prod()))
        ratio, log_error, ratio_low, ratio_high = contingency.odds_ratio(table, level)
        ends = (nan, nan) if weighted else (ratio_low, ratio_high)
        rows.append(("phi", phi, error, nan, nan, nan, nan, nan))
        rows.append(("odds_ratio", ratio, nan if weighted else ratio * log_error, nan, nan, nan, *ends))
    if ordered:
        z = float(ndtri(0.5 + level / 2.0))
        for found in contingency.ordinal_associations(table):
            statistic = found.estimate / found.null_error if found.null_error > 0 else nan
            half = z * found.std_error if found.std_error > 0 else nan
            ends = (nan, nan) if half != half else (max(found.estimate - half, -1.0), min(found.estimate + half, 1.0))
            p_value = 2.0 * float(ndtr(-abs(statistic)))
            rows.append((found.name, found.estimate, found.std_error, statistic, nan, p_value, *ends))
    return rows


def _without_intervals(estimates: list[_Row]) -> list[Note]:
    """What must be said where an empty cell leaves no interval."""
    usual = ("odds_ratio", "gamma", "tau_b", "tau_c", "somers_d_columns", "somers_d_rows")
    names = [str(row[0]) for row in estimates if row[0] in usual and np.isnan(row[6])]
    if not names:
        return []
    message = (
        f"No interval for {', '.join(names)}: empty cells make the standard error 0 or infinite, which says nothing "
        "of how sure the value is. Read the exact test."
    )
    return [Note("CROSSTAB_NO_INTERVAL", message)]


def _fit(table: Array, tests: list[_Row]) -> pd.Series[Any]:
    expected = contingency.expected_counts(table)
    pearson = contingency.pearson(table)
    few = int((expected < 5).sum())
    p_value = next((row[4] for row in tests if row[0] in ("pearson", "rao_scott")), float("nan"))
    return pd.Series(
        {
            "chisq": pearson.statistic, "df": float(pearson.df), "pvalue": p_value,
            "smallest_expected": float(expected.min()), "cells_below_5": float(few),
            "percent_below_5": 100.0 * few / expected.size,
        }
    )  # fmt: skip


def _cells(counts: Array, table: Array, down: Categories, across: Categories, weighted: bool) -> pd.DataFrame:
    expected = contingency.expected_counts(table)
    residual, adjusted = contingency.standardised_residuals(table)
    rows = [
        {
            "row": down.shown[i],
            "column": across.shown[j],
            "n": int(counts[i, j]),
            "expected": expected[i, j],
            "row_percent": 100.0 * table[i, j] / table[i].sum(),
            "column_percent": 100.0 * table[i, j] / table[:, j].sum(),
            "total_percent": 100.0 * table[i, j] / table.sum(),
            "residual": residual[i, j],
            "adjusted_residual": float("nan") if weighted else adjusted[i, j],
            **({"weighted_n": table[i, j]} if weighted else {}),
        }
        for i in range(table.shape[0])
        for j in range(table.shape[1])
    ]
    return pd.DataFrame(rows)
