"""What answers look like: normality of one variable and of several, outliers, doubtful codes, items keyed backwards."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.kernels.classic import normality as kernel
from crmstudy.kernels.classic.correlation import correlation_interval
from crmstudy.kernels.moments import (
    Array,
    complete_rows,
    constant_columns,
    correlation,
    covariance,
    deviation,
    kurtosis,
    skewness,
)
from crmstudy.kernels.reliability.coefficients import alpha, item_statistics
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.responses import Responses, frame_of
from crmstudy.scoring import score

NORMALITY_COLUMNS = (
    "variable", "scale", "n", "mean", "sd", "skew", "skew_se", "skew_z", "kurtosis", "kurtosis_se", "kurtosis_z",
    "shapiro_w", "shapiro_p", "ks_d", "ks_z", "ks_p", "lilliefors_p", "floor_percent", "ceiling_percent",
)  # fmt: skip
MULTIVARIATE_COLUMNS = ("set", "test", "divisor", "variables", "n", "estimate", "statistic", "df", "p_value")
OUTLIER_COLUMNS = ("row", "variable", "value", "z", "robust_z")
CODE_COLUMNS = ("item", "value", "n", "reason")
REVERSED_COLUMNS = (
    "scale", "item", "declared_reversed", "n", "loading", "item_rest", "ci_low", "ci_high", "alpha", "alpha_if_turned",
    "suspect",
)  # fmt: skip
#: |z| beyond which a value is listed: two-sided p = .001 under normality (Tabachnick & Fidell, 2019).
OUTLIER_Z = 3.29
#: Distance from the median in normalised median absolute deviations (Leys et al., 2013, "very conservative").
OUTLIER_ROBUST_Z = 3.0
#: A variable with no more different values than this is answered in categories: its values are no outliers.
FEW_VALUES = 12
#: Henze and Zirkler's statistic takes all pairs of rows.
MOST_ROWS_FOR_PAIRS = 20_000
_NAN = math.nan


@dataclass
class Distributions:
    """Tables ``normality``, ``multivariate``, ``outliers``, ``codes`` and ``reversed``, and what was found."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def distributions(
    data: pd.DataFrame | Responses,
    *,
    items: Sequence[str] | None = None,
    scales: Mapping[str, Sequence[str]] | None = None,
) -> Distributions:
    """Describe the distributions of the answers.

    Responses are looked at as they are analysed (reversed items mirrored, out of range as missing), item by item and
    scale score by scale score; of a DataFrame all numeric columns.

    Parameters
    ----------
    data : DataFrame or Responses
    items : sequence of str, optional
        These alone, and no scale scores.
    scales : mapping, optional
        Sets of these items that belong together, where they are not the scales of the responses.

    Returns
    -------
    Distributions
        ``normality``: a row a variable; ``skew`` and ``kurtosis`` are G1 and G2, ``ks_p`` the p that SPSS prints for
        the Kolmogorov-Smirnov test, ``lilliefors_p`` the one that allows for the estimated mean and deviation.
        ``multivariate``: Mardia's skewness (as such and with the factor for small samples) and kurtosis with divisor n
        (Mardia, 1970) and n - 1 (as R's psych has it), and Henze-Zirkler, for all items and for each scale.
        ``outliers``: values of scale scores and many-valued variables with |z| > 3.29 or more than 3 normalised median
        absolute deviations from the median. ``codes``: values outside the response range, fractions among whole
        answers, values that look like a missing code. ``reversed``: for each scale of three items or more whether an
        item runs against the others.
    """
    frame, _ = frame_of(data)
    answers, scores = _variables(data, frame, items)
    keyed = pd.concat([answers, scores], axis=1)
    sets = _sets(data, scales)
    scale_of = {item: name for name, members in list(sets.items())[::-1] for item in members}
    ranges = _ranges(data)
    found = Distributions()
    found.tables["normality"] = _normality(keyed, scale_of, ranges, found.notes)
    found.tables["multivariate"] = pd.DataFrame(
        _multivariate(answers, sets, found.notes), columns=[*MULTIVARIATE_COLUMNS]
    )
    rows = list(data.rows) if isinstance(data, Responses) else list(range(1, len(frame) + 1))
    found.tables["outliers"] = pd.DataFrame(_outliers(keyed, rows), columns=[*OUTLIER_COLUMNS])
    found.tables["codes"] = pd.DataFrame(_codes(data, frame, items), columns=[*CODE_COLUMNS])
    found.tables["reversed"] = pd.DataFrame(_reversed(data, answers, sets), columns=[*REVERSED_COLUMNS])
    found.notes += [*_shape_notes(found.tables["normality"]), *_code_notes(found.tables["codes"])]
    found.notes += _reversed_notes(found.tables["reversed"])
    return found


def _variables(
    data: pd.DataFrame | Responses, frame: pd.DataFrame, items: Sequence[str] | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The items, and beside them the scale scores with numeric variables, all as numbers."""
    if items is not None:
        own = data.values if isinstance(data, Responses) else frame.rename(columns=str)
        return own[list(items)].astype(float), pd.DataFrame(index=frame.index)
    numeric = frame.select_dtypes("number").astype(float)
    if not isinstance(data, Responses):
        return numeric.rename(columns=str), numeric.iloc[:, :0]
    apart = [id for id, item in data.unscored.items() if item.response.measure == "nominal" or item.type == "attention"]
    apart += [data.id] if data.id else []
    others = data.variables.select_dtypes("number").drop(columns=apart, errors="ignore")
    scored = score(data).frame if data.scales else numeric.iloc[:, :0]
    return data.values, pd.concat([scored, others.astype(float)], axis=1).rename(columns=str)


def _sets(data: pd.DataFrame | Responses, scales: Mapping[str, Sequence[str]] | None) -> dict[str, tuple[str, ...]]:
    """The items of every scale."""
    if scales is not None:
        return {str(name): tuple(members) for name, members in scales.items()}
    return {scale.id: scale.item_ids for scale in data.scales.values()} if isinstance(data, Responses) else {}


def _ranges(data: pd.DataFrame | Responses) -> dict[str, tuple[float, float]]:
    """The ends of the response format of each item."""
    if not isinstance(data, Responses):
        return {}
    return {id: (float(item.response.low), float(item.response.high)) for id, item in data.items.items()}


def _normality(
    frame: pd.DataFrame, scale_of: Mapping[str, str], ranges: Mapping[str, tuple[float, float]], notes: list[Note]
) -> pd.DataFrame:
    rows = []
    for name in frame.columns:
        values = frame[name].to_numpy(float)
        values = values[np.isfinite(values)]
        rows.append(
            (name, scale_of.get(str(name), ""), len(values), *_shape(values), *_ends(values, ranges.get(str(name))))
        )
    table = pd.DataFrame(rows, columns=[*NORMALITY_COLUMNS])
    constant = table.loc[(table["n"] > 0) & (table["sd"] == 0.0), "variable"]
    few = table.loc[(table["n"] < 4) & (table["sd"] != 0.0), "variable"]
    large = table.loc[table["n"] > kernel.SHAPIRO_SIZES[1], "variable"]
    if len(constant):
        message = f"{', '.join(map(str, constant))}: all answers are the same, so there is no shape to test."
        notes.append(Note("SCREENING_CONSTANT", message, "warning"))
    if len(few):
        message = f"{', '.join(map(str, few))}: fewer than 4 answers are too few for shape and tests of normality."
        notes.append(Note("SCREENING_FEW_VALUES", message))
    if len(large):
        message = f"{', '.join(map(str, large))}: Shapiro–Wilk is known up to 5,000 answers only and is left out."
        notes.append(Note("SCREENING_SHAPIRO_SIZE", message))
    return table


def _shape(values: Array) -> tuple[float, ...]:
    """Mean to Lilliefors' p; NaN where the sample is too small or constant."""
    n = len(values)
    if n < 4 or np.ptp(values) == 0.0:
        return (float(values.mean()) if n else _NAN, deviation(values), *(_NAN,) * 12)
    skew, excess = skewness(values), kurtosis(values)
    skew_se, excess_se = kernel.moment_errors(n)
    distance = kernel.kolmogorov_smirnov(values)
    shapiro = kernel.shapiro_wilk(values) if n <= kernel.SHAPIRO_SIZES[1] else kernel.TestOutcome(_NAN, _NAN)
    return (
        float(values.mean()), deviation(values), skew, skew_se, skew / skew_se, excess, excess_se, excess / excess_se,
        shapiro.statistic, shapiro.p_value, distance.d, distance.z, distance.p_asymptotic, distance.p_lilliefors,
    )  # fmt: skip


def _ends(values: Array, ends: tuple[float, float] | None) -> tuple[float, float]:
    """Percent of the answers at both ends of the response format; NaN where no format is known."""
    if ends is None or not len(values):
        return _NAN, _NAN
    return 100.0 * float((values == ends[0]).mean()), 100.0 * float((values == ends[1]).mean())


def _multivariate(
    items: pd.DataFrame, scales: Mapping[str, tuple[str, ...]], notes: list[Note]
) -> list[tuple[Any, ...]]:
    sets = {"all": tuple(map(str, items.columns))}
    sets |= {name: members for name, members in scales.items() if len(members) > 1}
    if len(scales) == 1 and len(sets) == 2 and sets["all"] == list(sets.values())[1]:
        del sets["all"]
    rows = []
    for name, members in sets.items():
        values = items[list(members)].to_numpy(float)
        complete = values[complete_rows(values) & np.isfinite(values).all(axis=1)]
        problem = _why_no_shape(members, complete)
        if problem:
            label = "all items" if name == "all" else name
            message = f"Multivariate normality of {label} was not tested: {problem}"
            notes.append(Note("SCREENING_NO_MULTIVARIATE", message, subject=name))
            continue
        rows += [(name, *row) for row in _multivariate_tests(complete, notes, name)]
    return rows


def _why_no_shape(members: tuple[str, ...], complete: Array) -> str:
    """Why the rows have no multivariate shape, or nothing."""
    n, p = complete.shape
    if p < 2:
        return "it takes two items or more."
    if n <= p + 1:
        return f"{n} complete rows are too few for {p} items."
    constant = [name for name, flat in zip(members, constant_columns(complete), strict=True) if flat]
    if constant:
        return f"every complete row has the same answer to {', '.join(constant)}."
    if kernel.whitened(complete) is None:
        return "some items follow exactly from others, so their covariance matrix is singular."
    return ""


def _multivariate_tests(complete: Array, notes: list[Note], name: str) -> Iterator[tuple[Any, ...]]:
    n, p = complete.shape
    for ddof in (0, 1):
        white = kernel.whitened(complete, ddof)
        if white is None:
            continue
        found, divisor = kernel.mardia(white), "n" if ddof == 0 else "n - 1"
        for test, estimate, outcome in (
            ("mardia_skewness", found.skewness, found.skewness_test),
            ("mardia_skewness_small", found.skewness, found.skewness_small),
            ("mardia_kurtosis", found.kurtosis, found.kurtosis_test),
        ):
            yield (test, divisor, p, n, estimate, outcome.statistic, outcome.df, outcome.p_value)
        if ddof == 0 and n <= MOST_ROWS_FOR_PAIRS:
            outcome = kernel.henze_zirkler(white)
            yield ("henze_zirkler", divisor, p, n, outcome.statistic, outcome.statistic, outcome.df, outcome.p_value)
    if n > MOST_ROWS_FOR_PAIRS:
        message = (
            f"Henze–Zirkler takes all pairs of rows and is left out above {MOST_ROWS_FOR_PAIRS:,} rows ({name}: {n:,})."
        )
        notes.append(Note("SCREENING_NO_HENZE_ZIRKLER", message, subject=name))


def _outliers(frame: pd.DataFrame, rows: list[int]) -> list[tuple[Any, ...]]:
    """Values far from the others, by the deviation from the mean and by that from the median."""
    found = []
    for name in frame.columns:
        values = frame[name].to_numpy(float)
        there = np.isfinite(values)
        given = values[there]
        if len(np.unique(given)) <= FEW_VALUES:
            continue
        z = (values - given.mean()) / given.std(ddof=1)
        centre = float(np.median(given))
        spread = 1.4826 * float(np.median(np.abs(given - centre)))
        robust = (values - centre) / spread if spread > 0 else np.full(len(values), _NAN)
        far = there & ((np.abs(z) > OUTLIER_Z) | (np.abs(np.nan_to_num(robust)) > OUTLIER_ROBUST_Z))
        found += [(rows[i], str(name), values[i], z[i], robust[i]) for i in np.flatnonzero(far)]
    return found


def _codes(data: pd.DataFrame | Responses, frame: pd.DataFrame, items: Sequence[str] | None) -> list[tuple[Any, ...]]:
    """Values that cannot be, or should not be, answers."""
    found = []
    if items is not None and not isinstance(data, Responses):
        frame = frame.rename(columns=str)[list(items)]
    if isinstance(data, Responses):
        for id, item in data.items.items():
            if items is not None and id not in items:
                continue
            given = data.frame[id].dropna()
            counts = given.value_counts().sort_index()
            for value, n in counts.items():
                number = float(value)  # type: ignore[arg-type]
                if not item.response.low <= number <= item.response.high:
                    reason = f"outside {item.response.low} to {item.response.high}"
                    found.append((id, number, int(n), reason))
                elif number != math.floor(number):
                    found.append((id, number, int(n), "not a whole number"))
        frame = data.variables if items is None else data.variables.iloc[:, :0]
    for name in frame.select_dtypes("number").columns:
        numbers = frame[name].to_numpy(float, na_value=_NAN)
        found += [(str(name), value, n, "looks like a missing code") for value, n in _missing_codes(numbers)]
    return found


def _missing_codes(values: Array) -> list[tuple[float, int]]:
    """Values such as -99, 99 or 999 that stand alone beyond the rest of a column of whole numbers.

    One is named when it is a known habit and stands at least as far from the next value as the others spread.
    """
    given = values[np.isfinite(values)]
    if not len(given) or (given != np.floor(given)).any():
        return []
    habits = (-9999, -999, -99, -98, -97, -96, -95, -9, -8, -7, 77, 88, 97, 98, 99, 777, 888, 997, 998, 999, 9999)
    found = []
    rest = given[~np.isin(given, habits)]
    if not len(rest):
        return []
    low, high = rest.min(), rest.max()
    gap = max(high - low, 5.0)
    for value in habits:
        n = int((given == value).sum())
        if n and ((value < low - 5.0 and value < 0 <= low) or value > high + gap):
            found.append((float(value), n))
    return found


def _reversed(
    data: pd.DataFrame | Responses, items: pd.DataFrame, scales: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[Any, ...]]:
    """For each scale, whether an item runs against the others, whatever the order of the items."""
    declared = data if isinstance(data, Responses) else None
    for name, members in scales.items():
        values = items[list(members)].to_numpy(float)
        complete = values[complete_rows(values)]
        n, k = complete.shape
        formative = declared is not None and name in declared.scales and not declared.scales[name].reflective
        if k < 3 or n < k + 2 or constant_columns(complete).any() or formative:
            continue
        cov = covariance(complete)
        loading = first_component(correlation(cov))
        rest = item_statistics(cov).item_rest
        low, high = correlation_interval(rest, n, 0.95)
        whole = alpha(cov) if cov.sum() > 0 else _NAN
        for place, id in enumerate(members):
            turned = np.ones(k)
            turned[place] = -1.0
            other = cov * np.outer(turned, turned)
            better = alpha(other) if other.sum() > 0 else _NAN
            suspect = bool(loading[place] < 0.0 and better > (-math.inf if math.isnan(whole) else whole))
            figures = (loading[place], rest[place], low[place], high[place], whole, better)
            reverse = declared is not None and declared.items[id].reverse
            yield (name, id, reverse, n, *figures, suspect)


def first_component(r: Array) -> Array:
    """Loadings on the first principal component, signed so that most of what they explain is positive."""
    values, vectors = np.linalg.eigh(r)
    loading = vectors[:, -1] * math.sqrt(values[-1])
    turned: Array = loading * (1.0 if float((loading * np.abs(loading)).sum()) >= 0 else -1.0)
    return turned


def _shape_notes(table: pd.DataFrame) -> list[Note]:
    """That the Kolmogorov-Smirnov p of SPSS is not what it seems, where somebody might rely on it."""
    tested = table[table["ks_p"].notna()]
    if tested.empty:
        return []
    kept = tested[(tested["ks_p"] >= 0.05) & (tested["lilliefors_p"] < 0.05)]["variable"]
    message = (
        "The p of the Kolmogorov–Smirnov test as SPSS prints it (ks_p) takes mean and standard deviation for known, "
        "although they come from these data, and is too large; lilliefors_p is the corrected one. Answers in a few "
        "categories are never normal: with a large sample either test says so, and with a small one neither proves the "
        "opposite."
    )
    if len(kept):
        message += f" They disagree at .05 for {', '.join(map(str, kept))}."
    return [Note("SCREENING_KOLMOGOROV", message)]


def _code_notes(table: pd.DataFrame) -> list[Note]:
    guessed = table[table["reason"] == "looks like a missing code"]
    said = [f"{row.item} = {row.value:g} ({row.n} times)" for row in guessed.itertuples()]
    if not said:
        return []
    message = (
        f"Values that look like missing codes and are used as numbers: {', '.join(said)}. Declare them as missing if "
        "they are."
    )
    return [Note("SCREENING_CODES", message, "warning")]


def _reversed_notes(table: pd.DataFrame) -> list[Note]:
    notes = []
    for row in table[table["suspect"].astype(bool)].to_dict("records"):
        rest, turned, whole = (write_number(row[name], "r") for name in ("item_rest", "alpha_if_turned", "alpha"))
        known = "although it is declared as reversed" if row["declared_reversed"] else "and is not declared as reversed"
        message = (
            f"{row['item']} runs against the other items of {row['scale']} (item–rest r = {rest}), {known}: with its "
            f"answers turned alpha would be {turned} in place of {whole}. Check its key."
        )
        notes.append(Note("SCREENING_REVERSED", message, "warning", str(row["item"])))
    return notes
