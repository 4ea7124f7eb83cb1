"""Who answered: frequency tables of the respondents' characteristics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from crmstudy.describing.categories import Categories, categories, language_faults, read_labels, total_by
from crmstudy.describing.weights import weights_of
from crmstudy.errors import DataError, ModelError
from crmstudy.kernels.classic.weighting import weighted_deviation, weighted_mean
from crmstudy.kernels.moments import Array, deviation
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.pooled import pools
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result
from crmstudy.selection import coverage_faults, declared_items, is_whole, named_columns

#: Of columns that nobody asked for by name: numbers with more different values than this are described by their
#: moments, texts with more are not listed.
MOST_VALUES = 30
#: The same for columns that were asked for.
MOST_ASKED = 100
Rows = np.ndarray[Any, np.dtype[np.bool_]]
_COLUMNS = ("variable", "value", "label", "n", "percent", "valid_percent", "cumulative_percent")
_NUMERIC = ("variable", "n", "missing", "mean", "sd", "median", "min", "max")


@dataclass(frozen=True, eq=False, repr=False)
class FrequencyResult(Result):
    """Frequencies of the categories of one variable or more.

    ``estimates`` has the share of the valid answers of each category (term ``variable = value``). Tables:
    ``frequencies`` (variable, value, label, n, percent, valid_percent, cumulative_percent; a row labelled ``Missing``
    with an empty value where answers are missing; with weights also weighted_n, on which the percents rest),
    ``numeric`` (variable, n, missing, mean, sd, median, min, max) for numbers with too many values to list.
    """

    kind: ClassVar[str] = "frequencies"

    @property
    def text(self) -> str:
        """The most frequent category of each variable, and the means of the numeric ones."""
        parts = []
        table = self.tables["frequencies"].dropna(subset=["valid_percent"])
        for variable, rows in table.groupby("variable", sort=False):
            top = rows.iloc[int(np.argmax(rows["valid_percent"].to_numpy()))]
            share = write_number(top["valid_percent"], "percent")
            value = top["value"]
            shown = top["label"] or (f"{value:g}" if isinstance(value, float) else value)
            parts.append(f"{variable}: most often {shown} ({share})")
        for row in self.tables["numeric"].to_dict("records"):
            mean, sd = write_number(row["mean"], "estimate"), write_number(row["sd"], "estimate")
            parts.append(f"{row['variable']}: M = {mean}, SD = {sd}")
        return f"{len(parts)} characteristics of N = {write_number(self.n, 'n')} respondents. {'; '.join(parts)}."


def _finish(result: FrequencyResult, parts: Sequence[FrequencyResult]) -> FrequencyResult:
    """Make the intervals of the pooled shares on the scale of log-odds, so that they end within 0 and 1."""
    table = result.estimates
    share, error, df = (table[name].to_numpy(dtype=float) for name in ("estimate", "std_error", "df"))
    at = 0.5 + float(result.call["level"]) / 2.0
    known = (share > 0.0) & (share < 1.0) & (error > 0.0)
    inner = np.where(known, share, 0.5)
    quantile = np.where(np.isfinite(df), stdtrit(np.where(np.isfinite(df), df, 1.0), at), ndtri(at))
    middle, half = np.log(inner / (1.0 - inner)), quantile * error / (inner * (1.0 - inner))
    ends = {name: 1.0 / (1.0 + np.exp(way * half - middle)) for name, way in (("ci_low", 1.0), ("ci_high", -1.0))}
    kept = {name: np.where(known, end, table[name].to_numpy(dtype=float)) for name, end in ends.items()}
    return replace(result, estimates=table.assign(**kept))


@pools(finish=_finish)
def frequencies(
    data: object,
    *,
    items: Sequence[str] | str | None = None,
    variables: Sequence[str] | str | None = None,
    labels: Mapping[str, Mapping[Any, str]] | None = None,
    most_values: int | None = None,
    weights: str | None = None,
    level: float = 0.95,
    lang: str = "en",
) -> FrequencyResult:
    r"""Count the categories of variables: n, percent of all, percent of the valid answers, cumulative percent.

    Parameters
    ----------
    data : DataFrame or Responses
        Items of responses are counted as they are analysed: reversed ones after reversal, with the label of what was
        answered.
    items, variables : str or sequence of str, optional
        Columns, items or not; the two mean the same and go together. Without them: the variables of the responses that
        are no items, or all columns of a DataFrame.
    labels : mapping, optional
        What values are called: ``{"sex": {1: "women", 2: "men"}}``. Items have those of their instrument.
    most_values : int, optional
        Columns with more different values are not listed value by value; left out: 100 for columns asked for by name,
        else 30.
    weights : str, optional
        Column of sampling weights: percents are weighted, counts stay those of the respondents.
    level : float
        Coverage of the intervals of the shares.
    lang : str
        Language of the instruments' labels.

    Returns
    -------
    FrequencyResult

    Raises
    ------
    DataError
        For unknown columns, dates, and faulty labels or weights.

    Notes
    -----
    Values stand in their order: numbers ascending, categoricals in the order of their categories, texts by alphabet.
    Intervals are Wilson's (1927); with weights, those of the logit with the linearised standard error on n - 1 degrees
    of freedom, as svyciprop of survey for R; pooled shares likewise. Numbers with fractions or more than 30 values are
    described by mean and standard deviation too.

    Examples
    --------
    >>> import pandas as pd
    >>> table = frequencies(pd.DataFrame({"sex": ["f", "m", "f", None]})).tables["frequencies"]
    >>> table["valid_percent"].round(1).tolist()
    [66.7, 33.3, nan]
    """
    faults = coverage_faults(level)
    if most_values is not None and (not is_whole(most_values) or most_values < 2):
        faults.append(f"`most_values` is a whole number from 2, not {most_values!r}.")
    faults += language_faults(lang)
    if faults:
        raise ModelError(faults)
    frame, notes = frame_of(data)
    frame = frame.rename(columns=str)
    names = _names(data, frame, items, variables, weights)
    known = read_labels(labels, names)
    sampling, told = weights_of(frame, weights)
    use = np.ones(len(frame), dtype=bool) if sampling is None else ~np.isnan(sampling)
    usual = MOST_VALUES if items is None and variables is None else MOST_ASKED
    most = usual if most_values is None else most_values
    rows, shares, numeric, findings = [], [], [], []
    for name in names:
        column = categories(data, frame, name, known, lang=lang, declared=True)
        findings += _findings(column, data, use, most)
        if _is_measured(column, most):
            numeric.append(_numeric_row(frame[name], name, sampling, use))
        if len(column.values) > most:
            continue
        rows += _rows(column, sampling, use)
        shares += _shares(column, sampling, use, level)
    columns = _COLUMNS if sampling is None else (*_COLUMNS, "weighted_n")
    n = int(use.sum())
    return FrequencyResult(
        estimates=pd.DataFrame(shares, columns=list(ESTIMATE_COLUMNS)),
        n=n,
        tables={
            "frequencies": pd.DataFrame(rows, columns=list(columns)),
            "numeric": pd.DataFrame(numeric, columns=list(_NUMERIC)),
        },
        notes=(*notes, *told, *findings),
        samples=pd.DataFrame([{"group": "all", "n": n, "dropped": len(frame) - n}]),
        call={"items": list(names), "weights": weights, "level": level},
    )


def _names(
    data: object,
    frame: pd.DataFrame,
    items: Sequence[str] | str | None,
    variables: Sequence[str] | str | None,
    weights: str | None,
) -> tuple[str, ...]:
    asked = [*_listed(variables), *_listed(items)]
    if asked or items is not None or variables is not None:
        return named_columns(frame, asked)
    if not isinstance(data, Responses):
        return named_columns(frame, [str(name) for name in frame.columns if str(name) != weights])
    found = [str(name) for name in data.variables.columns if str(name) not in (data.id, weights)]
    if not found:
        raise DataError("The responses have no variables beside their items: name the items to count with `items`.")
    return named_columns(frame, found)


def _listed(names: Sequence[str] | str | None) -> list[str]:
    if names is None:
        return []
    if isinstance(names, str):
        return [names]
    try:
        return [str(name) for name in names]
    except TypeError:
        raise DataError(f"`items` and `variables` are lists of column names such as ['sex'], not {names!r}.") from None


def _is_measured(column: Categories, most: int) -> bool:
    """Whether a column holds numbers with fractions or many values, so that its mean says more than its counts.

    Numbers of more than ``most`` values are not listed, so they are always among them.
    """
    numbers = bool(column.values) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in column.values
    )
    return numbers and (
        len(column.values) > min(MOST_VALUES, most) or any(isinstance(value, float) for value in column.values)
    )


def _rows(column: Categories, sampling: Array | None, use: Rows) -> list[tuple[Any, ...]]:
    codes = column.codes[use]
    weights = np.ones(len(codes)) if sampling is None else sampling[use]
    size = len(column.values)
    counts, sums = total_by(codes, np.ones(len(codes)), size), total_by(codes, weights, size)
    missing, all_of_them, valid = float(weights[codes < 0].sum()), float(weights.sum()), float(sums.sum())
    rows: list[tuple[Any, ...]] = []
    reached = np.cumsum(sums)
    for place, (value, label) in enumerate(zip(column.values, column.labels, strict=True)):
        percents = 100.0 * sums[place] / all_of_them, 100.0 * sums[place] / valid, 100.0 * reached[place] / valid
        rows.append((column.name, value, label, int(counts[place]), *percents, float(sums[place])))
    if (codes < 0).any():
        count, nan = int((codes < 0).sum()), float("nan")
        rows.append((column.name, None, "Missing", count, 100.0 * missing / all_of_them, nan, nan, missing))
    return rows if sampling is not None else [row[:-1] for row in rows]


def _shares(column: Categories, sampling: Array | None, use: Rows, level: float) -> list[tuple[Any, ...]]:
    """The share of each category among the valid answers, with its interval."""
    codes = column.codes[use & (column.codes >= 0)]
    rows: list[tuple[Any, ...]] = []
    nan = float("nan")
    for place, value in enumerate(column.values):
        there = (codes == place).astype(np.float64)
        if sampling is None:
            share, error, low, high = _wilson(float(there.sum()), len(codes), level)
        else:
            share, error = weighted_mean(there, sampling[use & (column.codes >= 0)])
            low, high = _logit_interval(share, error, len(codes), level)
        rows.append((f"{column.name} = {value}", share, error, nan, nan, nan, low, high))
    return rows


def _wilson(count: float, n: int, level: float) -> tuple[float, float, float, float]:
    share, z = count / n, float(ndtri(0.5 + level / 2.0))
    middle = (share + z**2 / (2 * n)) / (1.0 + z**2 / n)
    half = z * np.sqrt(share * (1.0 - share) / n + z**2 / (4.0 * n**2)) / (1.0 + z**2 / n)
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    return share, float(np.sqrt(share * (1.0 - share) / n)), low if count else 0.0, high if count < n else 1.0


def _logit_interval(share: float, error: float, n: int, level: float) -> tuple[float, float]:
    if n < 2 or not 0.0 < share < 1.0:
        return float("nan"), float("nan")
    middle = float(np.log(share / (1.0 - share)))
    half = float(stdtrit(n - 1.0, 0.5 + level / 2.0)) * error / (share * (1.0 - share))
    low, high = (1.0 / (1.0 + np.exp(-end)) for end in (middle - half, middle + half))
    return float(low), float(high)


def _numeric_row(column: pd.Series[Any], name: str, sampling: Array | None, use: Rows) -> tuple[Any, ...]:
    values = column.to_numpy(dtype=float, na_value=np.nan)
    there = use & ~np.isnan(values)
    given = values[there]
    if not len(given):
        return (name, 0, int(use.sum()), *(float("nan"),) * 5)
    mean, sd, median = float(given.mean()), deviation(given), float(np.median(given))
    if sampling is not None:
        mean, sd = weighted_mean(given, sampling[there])[0], weighted_deviation(given, sampling[there])
        order = np.argsort(given)
        reached = np.cumsum(sampling[there][order])
        median = float(given[order][np.searchsorted(reached, reached[-1] / 2.0)])
    spread = float(given.min()), float(given.max())
    return (name, len(given), int(use.sum()) - len(given), mean, sd, median, *spread)


def _findings(column: Categories, data: object, use: Rows, most: int) -> list[Note]:
    valid = int((column.codes[use] >= 0).sum())
    if not valid:
        return [Note("FREQUENCIES_EMPTY", f"'{column.name}' has no answer.", "warning", column.name)]
    notes = []
    if len(column.values) > most and not _is_measured(column, most):
        message = f"'{column.name}' has {len(column.values)} different texts and is not listed: is it an identifier?"
        notes.append(Note("FREQUENCIES_MANY_VALUES", message, "warning", column.name))
    item = declared_items(data).get(column.name)
    if item is not None and item.reverse:
        notes.append(Note("ITEMS_REVERSED", f"Described after reversal: {column.name}.", "info", column.name))
    return notes
