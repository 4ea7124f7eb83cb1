r"""Analyses of completed data sets, pooled: run on every set, put together by Rubin's rules.

A verb that takes data and gives a :class:`~crmstudy.results.Result` is made to pool by one line::

    @pools(keys=("scale", "term"), scale=COMPLEMENT)
    def reliability(data, *, ...): ...

Given :class:`~crmstudy.imputed.Imputed`, it then analyses every set and pools each row of ``.estimates`` (Rubin, 1987):
:math:`T = W + (1 + 1/m) B`, with degrees of freedom by Barnard and Rubin (1999) where the analysis of one set has
some. Coefficients that are not normal on their own scale are pooled on one where they are, and brought back.
"""

from __future__ import annotations

import functools
import inspect
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtr, stdtrit

from crmstudy.errors import AnalysisError, ModelError, UnsupportedError
from crmstudy.imputed import Imputed
from crmstudy.kernels.incomplete.pooling import large_sample_df, small_sample_df, statistics_test
from crmstudy.kernels.moments import Array
from crmstudy.kernels.multiplicity import adjusted
from crmstudy.notes import Note
from crmstudy.results import Result

Given = ParamSpec("Given")
Kind = TypeVar("Kind", bound=Result)
_LEVEL = 0.95
_NAMES_SHOWN = 6
_P_COLUMNS = ("p", "p_value", "pvalue", "p_adjusted")
#: Beginnings and ends of the names of figures that have no mean: p-values, standard errors, ends of intervals.
_NO_MEAN_STARTS = ("p_", "std_error")
_NO_MEAN_ENDS = ("std_error", "p_value", "pvalue", "_p", "_low", "_high", "_lower", "_upper")
#: Columns that Rubin's rules fill; all others of the estimates are means.
_POOLED_COLUMNS = ("estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high")


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale on which estimates are about normal: ``to`` it, ``back`` from it, and the ``slope`` of ``to``."""

    name: str
    to: Callable[[Array], Array]
    back: Callable[[Array], Array]
    slope: Callable[[Array], Array]


def _stepped(r: Array) -> Array:
    return 2.0 * r / (1.0 + r)


PLAIN = Scale("as it is", lambda x: x, lambda x: x, np.ones_like)
#: Correlations (Fisher, 1921).
FISHER = Scale("artanh", np.arctanh, np.tanh, lambda x: 1.0 / (1.0 - x * x))
#: Reliabilities: the logarithm of what is missing to 1 (Bonett, 2002).
COMPLEMENT = Scale("-log(1 - x)", lambda x: -np.log1p(-x), lambda x: -np.expm1(-x), lambda x: 1.0 / (1.0 - x))
#: Ratios and variances.
LOG = Scale("log", np.log, np.exp, lambda x: 1.0 / x)
#: A correlation stepped up to two items by Spearman and Brown.
STEPPED_UP = Scale(
    "artanh of the correlation",
    lambda x: np.arctanh(x / (2.0 - x)),
    lambda x: _stepped(np.tanh(x)),
    lambda x: 2.0 / ((2.0 - x) ** 2 * (1.0 - (x / (2.0 - x)) ** 2)),
)


@dataclass(frozen=True, slots=True)
class JointTest:
    """Where a test stands whose statistics are pooled by D2 (Li, Meng, Raghunathan & Rubin, 1991).

    ``table`` is the name of a table, or ``fit``; then the names of the columns (or figures). ``f`` tells that the
    statistic is an F, whose df1 times it is the chi-square; otherwise it is a chi-square itself. ``df2`` is the name in
    ``fit`` under which the denominator degrees of freedom of the pooled F are kept.
    """

    table: str
    statistic: str
    df: str
    p_value: str
    f: bool = False
    df2: str = ""


@dataclass(frozen=True, slots=True)
class _Rules:
    keys: tuple[str, ...]
    scale: Scale | Mapping[str, Scale]
    ends: bool
    tests: tuple[JointTest, ...]
    shares: tuple[str, ...]
    finish: Callable[[Any, Sequence[Any]], Any] | None
    prepare: Callable[[Sequence[Any]], Sequence[Any]] | None
    skip: tuple[str, ...]

    def scale_of(self, term: object) -> Scale:
        if isinstance(self.scale, Scale):
            return self.scale
        return self.scale.get(str(term), self.scale.get("", PLAIN))


def pools(
    *,
    keys: Sequence[str] = ("term",),
    scale: Scale | Mapping[str, Scale] = PLAIN,
    ends: bool = False,
    tests: Sequence[JointTest] = (),
    shares: Sequence[str] = (),
    finish: Callable[[Any, Sequence[Any]], Any] | None = None,
    prepare: Callable[[Sequence[Any]], Sequence[Any]] | None = None,
    skip: Sequence[str] = (),
) -> Callable[[Callable[Given, Kind]], Callable[Given, Kind]]:
    """Make a verb pool over :class:`~crmstudy.imputed.Imputed` data; others reach it as they are.

    Parameters
    ----------
    keys : sequence of str
        Columns of ``.estimates`` by which the rows of the sets are matched.
    scale : Scale, or mapping of str to Scale
        On which estimates are pooled; a mapping goes by ``term``, with ``""`` for all others.
    ends : bool
        Take the standard error on that scale from the ends of the interval, which is exact where the interval was made
        on it with normal quantiles; for rows without a standard error this is done anyhow.
    tests : sequence of JointTest
        Tests in ``.fit`` and ``.tables`` that are pooled by D2.
    shares : sequence of str
        Figures of ``.fit`` that are squared correlations: pooled by artanh of their root (Harel, 2009).
    finish : callable, optional
        Takes the pooled result and those of the sets, and gives it back with what only the verb knows put right.
    prepare : callable, optional
        Takes the results of the sets and gives them back comparable: factors in one order, say.
    skip : sequence of str
        Tables that are left out, because ``finish`` makes them anew or because they tell of one set only.
    """
    rules = _Rules(tuple(keys), scale, ends, tuple(tests), tuple(shares), finish, prepare, tuple(skip))

    def decorated(verb: Callable[Given, Kind]) -> Callable[Given, Kind]:
        signature = inspect.signature(verb)

        @functools.wraps(verb)
        def pooling(*args: Given.args, **kwargs: Given.kwargs) -> Kind:
            bound = signature.bind_partial(*args, **kwargs)
            _refuse_na(bound)
            place = next((name for name, value in bound.arguments.items() if isinstance(value, Imputed)), None)
            if place is None:
                return verb(*args, **kwargs)
            if "seed" in signature.parameters and bound.arguments.get("seed") is None:
                bound.arguments["seed"] = secrets.randbits(32)  # the same in every set
            return _pooled(verb, bound, place, rules)

        return pooling

    return decorated


def _refuse_na(bound: inspect.BoundArguments) -> None:
    """Refuse pandas' NA as an option: it compares with nothing, so that no check of an option can tell."""
    found = [name for name, value in bound.arguments.items() if value is pd.NA]
    if found:
        raise ModelError([f"`{name}` is NA, a missing value: give one, or leave it out." for name in found])


def one_set_only(advice: str) -> Callable[[Callable[Given, Any]], Callable[Given, Any]]:
    """Make a verb refuse :class:`~crmstudy.imputed.Imputed` data by its name, with what to do instead."""

    def decorated(verb: Callable[Given, Any]) -> Callable[Given, Any]:
        signature = inspect.signature(verb)

        @functools.wraps(verb)
        def refusing(*args: Given.args, **kwargs: Given.kwargs) -> Any:
            _refuse_na(signature.bind_partial(*args, **kwargs))
            for value in (*args, *kwargs.values()):
                if isinstance(value, Imputed):
                    raise UnsupportedError(
                        f"{verb.__name__}() does not pool over {value.m} imputed data sets: {advice}"
                    )
            return verb(*args, **kwargs)

        return refusing

    return decorated


def readjusted(method: str | None = None, column: str = "p_adjusted") -> Callable[[Kind, Sequence[Kind]], Kind]:
    """A ``finish`` that corrects the pooled p-values for their number, by ``method`` or the one of the call."""

    def finish(result: Kind, parts: Sequence[Kind]) -> Kind:
        p_value = result.estimates["p_value"].to_numpy(dtype=float, copy=True)
        known = ~np.isnan(p_value)
        p_value[known] = adjusted(p_value[known], method or str(result.call["adjust"]))
        return replace(result, estimates=result.estimates.assign(**{column: p_value}))

    return finish


def _pooled(verb: Callable[..., Kind], bound: inspect.BoundArguments, place: str, rules: _Rules) -> Kind:
    imputed: Imputed = bound.arguments[place]
    results = []
    for number, data in enumerate(imputed.sets, start=1):
        bound.arguments[place] = data
        try:
            results.append(verb(*bound.args, **bound.kwargs))
        except AnalysisError as failure:
            raise AnalysisError(f"In set {number} of {imputed.m}: {failure}", failure.code) from failure
    return pool_results(results, imputed, rules)


def pool_results(results: Sequence[Kind], imputed: Imputed, rules: _Rules) -> Kind:
    """Put the results of the sets together."""
    if rules.prepare is not None:
        results = list(rules.prepare(results))
    first = results[0]
    level = float(first.call.get("level", _LEVEL))
    estimates, notes = _estimates([result.estimates for result in results], rules, level)
    fit = _fit([result.fit for result in results], rules)
    tables, told, blanks = _tables([result.tables for result in results], rules, level)
    found = list(dict.fromkeys([*_notes_of(results), *imputed.notes]))
    message = (
        f"Pooled over {imputed.m} imputed data sets by Rubin's rules"
        + (f"; means over the sets: {', '.join(tables)}." if tables else ".")
    )  # fmt: skip
    others = {
        field.name: _mean_of([getattr(result, field.name) for result in results])
        for field in fields(first)
        if field.init and field.name not in {own.name for own in fields(Result)}
    }
    result = replace(
        first, estimates=estimates, fit=fit, tables=tables, n=min(one.n for one in results),
        notes=(*found, Note("POOLED", message), *notes, *told, *_enough(estimates, imputed.m)),
        call={**first.call, "m": imputed.m}, **others,
    )  # fmt: skip
    if rules.finish is not None:
        result = cast(Kind, rules.finish(result, results))
    return replace(result, notes=(*result.notes, *_left_empty(result.tables, blanks)))


# --- estimates ----------------------------------------------------------------------------------------------------


def _estimates(parts: Sequence[pd.DataFrame], rules: _Rules, level: float) -> tuple[pd.DataFrame, list[Note]]:
    """Rubin's rules row by row; other numbers are means."""
    keys = [key for key in rules.keys if key in parts[0].columns]
    marked = [_marked(part, keys) for part in parts]
    shared = [key for key in marked[0].index if all(key in other.index for other in marked[1:])]
    lost = list(dict.fromkeys(str(key) for one in marked for key in one.index if key not in set(shared)))
    aligned = [one.loc[shared] for one in marked]
    places = {key: place for place, key in enumerate(marked[0].index)}
    table = parts[0].iloc[[places[key] for key in shared]].reset_index(drop=True).copy()
    columns = {
        name: np.array([one[name].to_numpy(dtype=float, na_value=np.nan) for one in aligned])
        for name in table.columns
        if name in _POOLED_COLUMNS
    }
    terms = table["term"] if "term" in table.columns else pd.Series([""] * len(table))
    scales = [rules.scale_of(term) for term in terms]
    rows = [
        pool_estimate({name: values[:, i] for name, values in columns.items()}, scales[i], ends=rules.ends, level=level)
        for i in range(len(table))
    ]
    for name in table.columns:
        if name in keys or name == "term":
            continue
        if name in columns:
            table[name] = [row[name] for row in rows]
        elif pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name]):
            values = np.array([one[name].to_numpy(dtype=float, na_value=np.nan) for one in aligned])
            table[name] = np.nan if _has_no_mean(name) else _means(values, table[name])
    table["fmi"] = [row["fmi"] for row in rows]
    table["riv"] = [row["riv"] for row in rows]
    notes = []
    partly = [
        f"{key} ({int(gaps.sum())} of {len(gaps)} sets)"
        for key, gaps in zip(shared, np.isnan(columns["estimate"]).T, strict=True)
        if gaps.any() and not gaps.all()
    ]
    lost += partly
    if lost:
        message = f"Not in every data set, and therefore not pooled: {_named(lost)}."
        notes.append(Note("POOLED_ROWS_DIFFER", message, "warning"))
    bent = [
        str(term) for term, scale, row in zip(terms, scales, rows, strict=True) if row["plain"] and scale is not PLAIN
    ]
    if bent:
        message = (
            f"Pooled on their own scale, because a set has a value outside the range of the usual one: {_named(bent)}."
        )
        notes.append(Note("POOLED_OWN_SCALE", message))
    return table, notes


def pool_estimate(
    found: Mapping[str, Array], scale: Scale = PLAIN, *, ends: bool = False, level: float = _LEVEL
) -> dict[str, Any]:
    """Pool one estimate on a scale and bring it back to its own.

    Parameters
    ----------
    found : mapping of str to (m,) array
        What the sets gave: ``estimate``, and what there is of ``std_error``, ``df``, ``p_value``, ``ci_low``,
        ``ci_high``. A p-value or degrees of freedom that are NaN in the sets ask for none.
    scale : Scale
    ends : bool
        See :func:`pools`.
    level : float

    Returns
    -------
    dict
        ``estimate, std_error, statistic, df, p_value, ci_low, ci_high, fmi, riv``, NaN where there is none, and
        ``plain``: whether a value had no place on the scale, so that it was pooled as it is.
    """
    nan = float("nan")
    values = found["estimate"]
    errors = found.get("std_error", np.full(len(values), nan))
    m = len(values)
    with np.errstate(all="ignore"):
        moved, slopes = scale.to(values), scale.slope(values)
        scaled = np.abs(slopes) * errors
        if (ends or np.isnan(errors).any()) and "ci_low" in found:
            width = (scale.to(found["ci_high"]) - scale.to(found["ci_low"])) / (2.0 * float(ndtri(0.5 + level / 2.0)))
            scaled = np.where(np.isfinite(width), np.abs(width), scaled)
    plain = not np.isfinite(moved).all()
    if plain:
        moved, scaled, scale = values, errors, PLAIN
    row: dict[str, Any] = dict.fromkeys((*_POOLED_COLUMNS, "fmi", "riv"), nan) | {"plain": plain}
    centre = np.array(float(moved.mean()))
    row["estimate"] = float(scale.back(centre))
    if not (np.isfinite(scaled).all() and (scaled >= 0).all()):
        return row
    within, between = float((scaled**2).mean()), float(moved.var(ddof=1))
    total = within + (1.0 + 1.0 / m) * between
    if total <= 0:
        return row | {"std_error": 0.0, "fmi": nan, "riv": nan}
    increase = np.array((1.0 + 1.0 / m) * between / within if within > 0 else np.inf)
    increase = np.where(increase < 1e-12, 0.0, increase)
    complete = found.get("df", np.array([nan]))
    whole = float(np.mean(complete)) if np.isfinite(complete).all() else np.inf
    df = float(small_sample_df(increase, m, whole) if np.isfinite(whole) else large_sample_df(increase, m))
    error = float(np.sqrt(total))
    row["std_error"] = error / abs(float(scale.slope(np.array(row["estimate"]))))
    row["riv"], row["fmi"] = float(increase), missing_information(float(increase), df)
    if "df" in found:
        row["df"] = df
    reach = error * float(stdtrit(df, 0.5 + level / 2.0) if np.isfinite(df) else ndtri(0.5 + level / 2.0))
    row["ci_low"], row["ci_high"] = (float(scale.back(np.array(centre + way * reach))) for way in (-1.0, 1.0))
    if np.isfinite(found.get("p_value", np.array([nan]))).all():
        row["statistic"] = float(centre) / error
        row["p_value"] = 2.0 * float(
            stdtr(df, -abs(row["statistic"])) if np.isfinite(df) else _normal_tail(row["statistic"])
        )
    return row


def missing_information(increase: float, df: float) -> float:
    """Fraction of missing information with the correction for finite m, (r + 2/(df + 3)) / (r + 1) (Rubin, 1987)."""
    if np.isinf(increase):
        return 1.0
    return (increase + (2.0 / (df + 3.0) if np.isfinite(df) else 0.0)) / (1.0 + increase)


def _normal_tail(z: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(-abs(z)))


def _marked(part: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Rows under their keys, with a number behind keys that stand twice."""
    names = [tuple(map(str, row)) for row in part[list(keys)].itertuples(index=False, name=None)] if keys else []
    seen: dict[tuple[str, ...], int] = {}
    labels = []
    for name in names or [()] * len(part):
        seen[name] = seen.get(name, 0) + 1
        labels.append(" ".join(name) + (f" #{seen[name]}" if seen[name] > 1 else ""))
    return part.set_axis(pd.Index(labels, dtype=object), axis=0)


# --- figures beside the estimates ---------------------------------------------------------------------------------


def _fit(parts: Sequence[pd.Series[Any]], rules: _Rules) -> pd.Series[Any]:
    """Means; squared correlations by artanh of their root, tests by D2."""
    first = parts[0]
    names = [name for name in first.index if all(name in part.index for part in parts)]
    found: dict[Any, Any] = {}
    for name in names:
        values = [part[name] for part in parts]
        if not all(isinstance(value, int | float | np.number) for value in values):
            found[name] = values[0]
            continue
        figures = np.array(values, dtype=float)
        if name in rules.shares and ((figures >= 0) & (figures < 1)).all():
            found[name] = float(np.tanh(np.arctanh(np.sqrt(figures)).mean()) ** 2)
        else:
            found[name] = float(figures.mean())
    for test in rules.tests:
        if test.table == "fit" and test.statistic in found and test.df in found:
            figures = np.array([part[test.statistic] for part in parts], dtype=float)
            found[test.statistic], p, df2 = _d2(figures, found[test.df], test.f)
            if test.p_value in found:
                found[test.p_value] = p
            if test.df2:
                found[test.df2] = df2
    covered = {test.p_value for test in rules.tests if test.table == "fit"}
    for name in found:
        if name not in covered and _has_no_mean(name):
            found[name] = float("nan")
    return pd.Series(found, dtype=first.dtype) if found else first


def _d2(statistics: Array, df: float, f: bool) -> tuple[float, float, float]:
    """A statistic pooled by D2 in its own kind, its p-value from F, and that F's denominator degrees of freedom."""
    if not (np.isfinite(statistics).all() and np.isfinite(df) and df > 0):
        return float(statistics.mean()), float("nan"), float("nan")
    test = statistics_test(statistics * df if f else statistics, float(df))
    return (test.statistic if f else test.chisq), test.p_value, test.df2


def _tables(
    parts: Sequence[Mapping[str, pd.DataFrame]], rules: _Rules, level: float
) -> tuple[dict[str, pd.DataFrame], list[Note], dict[str, list[Any]]]:
    """The tables, what must be said of them, and by table the columns that were blanked."""
    made: dict[str, pd.DataFrame] = {}
    blanks: dict[str, list[Any]] = {}
    apart, partly = [], []
    for name in parts[0]:
        if name in rules.skip:
            continue
        tables = [part[name] for part in parts if name in part]
        if len(tables) < len(parts) or not all(_alike(tables[0], other) for other in tables[1:]):
            shared = _shared_rows(tables) if len(tables) == len(parts) else None
            if shared is None:
                apart.append(name)
                made[name] = tables[0]
                continue
            if len(shared[0]) < max(len(table) for table in tables):
                partly.append(name)
            tables = shared
        made[name] = _mean_of(tables)
        if {"estimate", "std_error"} <= set(made[name].columns):
            made[name] = _table_of_estimates(made[name], tables, rules, level)
            continue
        tests = [test for test in rules.tests if test.table == name]
        for test in tests:
            made[name] = _with_tests(made[name], tables, test)
        covered = {test.p_value for test in tests}
        blank = [
            column
            for column in made[name].select_dtypes("number").columns
            if _has_no_mean(column) and column not in covered
        ]
        if blank and made[name][blank].notna().any(axis=None):
            made[name] = made[name].assign(**dict.fromkeys(blank, np.nan))
            blanks[name] = blank
    notes = []
    if apart:
        message = (
            "Their rows differ between the data sets, so these tables are not pooled and show the first data set: "
            f"{', '.join(apart)}."
        )
        notes.append(Note("POOLED_TABLES_DIFFER", message, "warning"))
    if partly:
        message = f"Only rows that every data set has are shown in: {', '.join(partly)}."
        notes.append(Note("POOLED_ROWS_DIFFER", message, "warning"))
    return made, notes, blanks


def _left_empty(tables: Mapping[str, pd.DataFrame], blanks: Mapping[str, Sequence[Any]]) -> list[Note]:
    """What must be said of columns that were blanked and that the verb has not filled by itself."""
    empty = [
        name for name, columns in blanks.items()
        if name in tables and tables[name].reindex(columns=list(columns)).isna().all(axis=0).any()
    ]  # fmt: skip
    if not empty:
        return []
    message = f"p-values, standard errors and intervals are no means and are left empty in: {', '.join(empty)}."
    return [Note("POOLED_NO_P", message)]


def _table_of_estimates(
    table: pd.DataFrame, parts: Sequence[pd.DataFrame], rules: _Rules, level: float
) -> pd.DataFrame:
    """A table that has estimates with standard errors: each row by Rubin's rules."""
    names = [name for name in table.columns if name in _POOLED_COLUMNS]
    columns = {name: np.array([part[name].to_numpy(dtype=float, na_value=np.nan) for part in parts]) for name in names}
    terms = table["term"] if "term" in table.columns else [""] * len(table)
    rows = [
        pool_estimate({name: values[:, i] for name, values in columns.items()}, rules.scale_of(term), ends=rules.ends,
                      level=level)
        for i, term in enumerate(terms)
    ]  # fmt: skip
    return table.assign(**{name: [row[name] for row in rows] for name in names})


def _with_tests(table: pd.DataFrame, parts: Sequence[pd.DataFrame], test: JointTest) -> pd.DataFrame:
    if not {test.statistic, test.df, test.p_value} <= set(table.columns):
        return table
    statistics = np.array([part[test.statistic].to_numpy(dtype=float, na_value=np.nan) for part in parts])
    degrees = table[test.df].to_numpy(dtype=float, na_value=np.nan)
    tested = parts[0][test.p_value].notna().to_numpy()
    pairs = [
        _d2(statistics[:, i], degrees[i], test.f)[:2] if tested[i] else (float(statistics[:, i].mean()), float("nan"))
        for i in range(len(table))
    ]
    return table.assign(**{test.statistic: [pair[0] for pair in pairs], test.p_value: [pair[1] for pair in pairs]})


def _has_no_mean(name: object) -> bool:
    """Whether figures of this name are p-values, standard errors or ends of intervals."""
    text = str(name)
    return text in _P_COLUMNS or text.startswith(_NO_MEAN_STARTS) or text.endswith(_NO_MEAN_ENDS)


def _alike(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two tables have the same rows and columns: labels and words are the same."""
    if one.shape != other.shape or list(one.columns) != list(other.columns) or not one.index.equals(other.index):
        return False
    words = [name for name in one.columns if isinstance(one[name].dtype, pd.StringDtype | pd.CategoricalDtype)]
    return all(one[name].equals(other[name]) for name in words)


def _shared_rows(tables: Sequence[pd.DataFrame]) -> list[pd.DataFrame] | None:
    """The rows that every table has, known by their first words; None where words do not tell rows apart.

    Words that are not needed to know a row, and differ between the tables, are left empty.
    """
    first = tables[0]
    if any(list(other.columns) != list(first.columns) for other in tables[1:]):
        return None
    words = [name for name in first.columns if isinstance(first[name].dtype, pd.StringDtype | pd.CategoricalDtype)]
    for count in range(1, len(words) + 1):
        names = [table[words[:count]].astype(str).agg(" ".join, axis=1) for table in tables]
        if any(own.duplicated().any() for own in names):
            continue
        keyed = [table.set_axis(pd.Index(own), axis=0) for table, own in zip(tables, names, strict=True)]
        shared = [key for key in names[0] if all(key in other.index for other in keyed[1:])]
        found = [table.loc[shared].reset_index(drop=True) for table in keyed]
        for name in words[count:]:
            same = np.all([part[name].astype(str) == found[0][name].astype(str) for part in found], axis=0)
            found = [part.assign(**{name: part[name].astype(str).where(same, "")}) for part in found]
        return found if shared else None
    return None


def _mean_of(values: Sequence[Any]) -> Any:
    """Means of what is numbers all through; the first of everything else."""
    first = values[0]
    if isinstance(first, pd.DataFrame) and all(isinstance(v, pd.DataFrame) and _alike(first, v) for v in values):
        table = first.copy()
        for place, name in enumerate(first.columns):
            column = first.iloc[:, place]
            if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
                numbers = np.array([v.iloc[:, place].to_numpy(dtype=float, na_value=np.nan) for v in values])
                table[name] = _means(numbers, column)
        return table
    if isinstance(first, np.ndarray) and np.issubdtype(first.dtype, np.floating):
        arrays = [np.asarray(v) for v in values]
        if all(array.shape == first.shape for array in arrays):
            return np.mean(arrays, axis=0)
    return first


def _means(values: Array, like: pd.Series[Any]) -> Any:
    """Means over the sets; whole numbers that are the same in all stay whole."""
    if pd.api.types.is_integer_dtype(like) and (values == values[0]).all():
        return like.to_numpy()
    return values.mean(axis=0)


def _notes_of(results: Sequence[Result]) -> list[Note]:
    """The notes of the sets, one for each code and subject; those of some sets only say in how many."""
    found: dict[tuple[str, str | None], Note] = {}
    counts: dict[tuple[str, str | None], int] = {}
    for result in results:
        for key in dict.fromkeys((note.code, note.subject) for note in result.notes):
            counts[key] = counts.get(key, 0) + 1
        for note in result.notes:
            found.setdefault((note.code, note.subject), note)
    m = len(results)
    return [
        note if counts[key] == m
        else replace(note, message=f"In {counts[key]} of {m} data sets: {note.message}")
        for key, note in found.items()
    ]  # fmt: skip


def _enough(estimates: pd.DataFrame, m: int) -> list[Note]:
    """As many data sets as the largest percentage of missing information (White, Royston & Wood, 2011)."""
    share = estimates["fmi"].to_numpy(dtype=float)
    if not len(share) or np.isnan(share).all():
        return []
    needed = int(np.ceil(100.0 * float(np.nanmax(share)) - 1e-9))
    if needed <= m:
        return []
    message = (
        f"{m} data sets were pooled, but up to {needed}% of the information about an estimate is missing: its standard "
        f"error would change with other draws. Impute at least {needed} sets (m={needed})."
    )
    return [Note("POOLED_FEW_SETS", message, "warning")]


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
