"""Who did not answer: early against late respondents, and response rates from declared numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import AnalysisError, DataError, ModelError, did_you_mean
from crmstudy.kernels.classic.rates import mean_difference, wilson_interval
from crmstudy.kernels.moments import Array
from crmstudy.kernels.multiplicity import adjusted
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.pooled import pools, readjusted
from crmstudy.responses import Responses
from crmstudy.results import ESTIMATE_COLUMNS, Result
from crmstudy.scoring import analysis_frame
from crmstudy.selection import coverage_faults, is_whole, named_columns, numeric_columns, numeric_values

#: Share of the respondents at either end of the order.
SHARES = {"third": 3, "quarter": 4, "half": 2}
#: The numbers of a participant flow, in their order.
FLOW = ("invited", "opened", "started", "completed")
#: Rates of a flow: what is divided by what.
RATES = {
    "contact": ("opened", "invited"),
    "participation": ("started", "opened"),
    "completion": ("completed", "started"),
    "response": ("completed", "invited"),
}
RATE_COLUMNS = ("rate", "of", "number", "base", "percent", "ci_low", "ci_high")
_MORE = (
    "p_adjusted", "n_early", "mean_early", "sd_early", "n_late", "mean_late", "sd_late", "difference",
    "difference_low", "difference_high",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class NonresponseResult(Result):
    """Early and late respondents compared, variable by variable.

    ``estimates``: ``estimate`` is the standardised mean difference d, late less early, in pooled standard deviations,
    with its interval; ``statistic``, ``df`` and ``p_value`` are Welch's t test; then p_adjusted (Holm), n, mean and
    standard deviation of both groups, and the raw difference with its interval. Tables: ``groups`` (group, n, first,
    last: the ends of the order, or the waves), ``rates`` (rate, of, number, base, percent, ci_low, ci_high; where a
    flow is given).
    """

    kind: ClassVar[str] = "nonresponse"

    @property
    def text(self) -> str:
        """The largest difference, and how many remain after correction."""
        found = self.estimates.dropna(subset=["estimate"])
        groups = self.tables["groups"].set_index("group")["n"]
        sizes = f"Early (n = {groups['early']}) and late respondents (n = {groups['late']})"
        if found.empty:
            return f"{sizes} could not be compared."
        alpha = 1.0 - float(self.call["level"])
        kept = int((found["p_adjusted"] < alpha).sum())
        worst = found.iloc[int(found["estimate"].abs().to_numpy().argmax())]
        most = f"the largest difference is d = {write_number(worst['estimate'], 'estimate')} ({worst['term']}, "
        said = "none" if not kept else str(kept)
        differs = "differs" if kept == 1 else "differ"
        return (
            f"{sizes}: {said} of {len(found)} variables {differs} by Welch's t test with Holm's correction; {most}"
            f"{p_phrase(float(worst['p_adjusted']))} after correction)."
        )

    def plot(self) -> CoefficientPlot | None:
        """The standardised differences with their intervals, or None where nothing was compared."""
        found = self.estimates.dropna(subset=["estimate", "ci_low", "ci_high"])
        if found.empty:
            return None
        return CoefficientPlot(
            title="Late less early respondents",
            alt=f"Standardised mean differences of late and early respondents in {len(found)} variables.",
            terms=tuple(found["term"]),
            estimates=tuple(found["estimate"].astype(float)),
            lows=tuple(found["ci_low"].astype(float)),
            highs=tuple(found["ci_high"].astype(float)),
            x_label="d, late less early",
        )


@pools(finish=readjusted("holm"))
def nonresponse(
    data: object,
    *,
    order: str | None = None,
    wave: str | None = None,
    late: Sequence[Any] | str | float | None = None,
    items: Sequence[str] | str | None = None,
    split: str = "third",
    flow: Mapping[str, int] | None = None,
    level: float = 0.95,
) -> NonresponseResult:
    r"""Compare early with late respondents, as an indication of what those are like who did not answer.

    Parameters
    ----------
    data : DataFrame or Responses
    order : str, optional
        Column that orders the respondents: a date, a time, a running number. The first and the last share of them are
        compared; respondents with the value at a cut belong to the group.
    wave : str, optional
        In place of ``order``: column of the wave or reminder after which they answered. The first of its values is
        early, the last late, in the order of numbers, of the categories or of the alphabet.
    late : value or list of values, optional
        With ``wave``: the values that are late; all others are early.
    items : sequence of str, optional
        What is compared: columns or scales; left out, the scale scores, or all numeric columns of a DataFrame.
    split : {"third", "quarter", "half"}
        The share at either end of the order.
    flow : mapping, optional
        ``invited``, ``opened``, ``started``, ``completed``: numbers of people, for the rates.
    level : float
        Coverage of the intervals.

    Returns
    -------
    NonresponseResult

    Raises
    ------
    DataError
        For columns that do not exist or hold no order, and for numbers of a flow that grow.
    ModelError
        For options that do not exist or do not go together.
    AnalysisError
        When early and late respondents cannot be told apart.

    Notes
    -----
    Those who answer late or after a reminder are taken to resemble those who never answer (Armstrong & Overton, 1977).
    The means are compared by Welch's t test, p corrected by Holm's step-down; d = (M_late − M_early) / s_pooled with an
    interval from the noncentral t distribution. Intervals of rates are Wilson's.

    Examples
    --------
    >>> nonresponse(responses, order="submitted", split="quarter")  # doctest: +SKIP
    """
    if faults := [*_option_faults(order, wave, late, split), *coverage_faults(level)]:
        raise ModelError(faults)
    rates = None if flow is None else response_rates(flow, level=level)
    frame, notes = analysis_frame(data)
    frame = frame.rename(columns=str)
    column = str(order if order is not None else wave)
    _known(frame, column)
    names = _compared(data, frame, items, column)
    values = dict(zip(names, numeric_values(frame, names).T, strict=True))
    first, last, groups, found = _by_order(frame, column, split) if order is not None else _by_wave(frame, column, late)
    rows = [_compare(name, values[name][first], values[name][last], level) for name in names]
    estimates = pd.DataFrame([row for row, _ in rows], columns=[*ESTIMATE_COLUMNS, *_MORE])
    tested = estimates["p_value"].notna().to_numpy()
    estimates.loc[tested, "p_adjusted"] = adjusted(estimates.loc[tested, "p_value"].to_numpy(float), "holm")
    found += [note for _, note in rows if note is not None]
    n = int(first.sum() + last.sum())
    return NonresponseResult(
        estimates=estimates,
        n=n,
        tables={"groups": groups} | ({} if rates is None else {"rates": rates}),
        notes=(*notes, *found, _caution()),
        samples=pd.DataFrame(
            {"group": ["early", "late"], "n": [int(first.sum()), int(last.sum())], "dropped": [len(frame) - n, 0]}
        ),
        call={
            "order": order, "wave": wave, "late": late, "items": list(names), "split": split if order else None,
            "flow": None if flow is None else dict(flow), "level": level,
        },
    )  # fmt: skip


def response_rates(flow: Mapping[str, int], *, level: float = 0.95) -> pd.DataFrame:
    """Rates of a participant flow in percent, with Wilson intervals.

    Parameters
    ----------
    flow : mapping
        Some of ``invited``, ``opened``, ``started``, ``completed``: numbers of people that do not grow in this order.

    Returns
    -------
    DataFrame
        rate, of (what is divided by what), number, base, percent, ci_low, ci_high; the rates whose two numbers are
        given.

    Raises
    ------
    DataError
        With every fault of the numbers.
    """
    if faults := flow_faults(flow):
        raise DataError(faults)
    rows = []
    for rate, (part, whole) in RATES.items():
        if flow.get(part) is None or not flow.get(whole):
            continue
        number, base = int(flow[part]), int(flow[whole])
        low, high = wilson_interval(number, base, level)
        rows.append((rate, f"{part} / {whole}", number, base, 100 * number / base, 100 * low, 100 * high))
    return pd.DataFrame(rows, columns=list(RATE_COLUMNS))


def flow_faults(flow: object) -> list[str]:
    """What is wrong with the numbers of a flow, a sentence each."""
    if not isinstance(flow, Mapping):
        return [f"`flow` is a mapping of {', '.join(FLOW)} to numbers of people, not {flow!r}."]
    faults = [f"a flow has no '{name}'.{did_you_mean(str(name), FLOW)} It has: {', '.join(FLOW)}."
              for name in flow if name not in FLOW]  # fmt: skip
    given = {name: flow[name] for name in FLOW if flow.get(name) is not None}
    wrong = [name for name, number in given.items() if not is_whole(number) or number < 0]
    faults += [f"'{name}' of a flow is a number of people, not {given[name]!r}." for name in wrong]
    known = [(name, int(number)) for name, number in given.items() if name not in wrong]
    for (before, many), (after, more) in pairwise(known):
        if more > many:
            faults.append(f"a flow cannot grow: {after} ({more}) is above {before} ({many}).")
    return faults


def _option_faults(order: object, wave: object, late: object, split: object) -> list[str]:
    faults = []
    if (order is None) == (wave is None):
        faults.append("Give either `order`, a column that orders the respondents, or `wave`, a column of waves.")
    for name, value in (("order", order), ("wave", wave)):
        if value is not None and not isinstance(value, str):
            faults.append(f"`{name}` is the name of a column, not {value!r}.")
    if late is not None and wave is None:
        faults.append("`late` says which values of `wave` are late: name the column with `wave`.")
    if not isinstance(split, str) or split not in SHARES:
        faults.append(f"`split` is one of {', '.join(SHARES)}, not {split!r}.{did_you_mean(str(split), SHARES)}")
    return faults


def _known(frame: pd.DataFrame, column: str) -> None:
    if column not in frame.columns:
        hint = did_you_mean(column, frame.columns) or f" There are: {', '.join(map(str, frame.columns))}."
        raise DataError(f"there is no column '{column}' in the data.{hint}")
    named_columns(frame, [column])


def _compared(data: object, frame: pd.DataFrame, items: Sequence[str] | str | None, column: str) -> tuple[str, ...]:
    """The names that are compared."""
    if items is not None:
        names = named_columns(frame, items)
        if column in names:
            raise DataError(f"'{column}' orders the respondents; it cannot be compared too. Take it off `items`.")
        return names
    if isinstance(data, Responses) and data.scales:
        return tuple(data.scales)
    return numeric_columns(frame.drop(columns=column))


def _by_order(frame: pd.DataFrame, column: str, split: str) -> tuple[Any, Any, pd.DataFrame, list[Note]]:
    """The first and the last share of an ordered column."""
    place = _ordered(frame[column], column)
    known = ~np.isnan(place)
    given = np.sort(place[known])
    size = len(given) // SHARES[split]
    if size < 2:
        message = f"{len(given)} respondents with a value of '{column}' are too few to compare {split}s."
        raise AnalysisError(message, "NONRESPONSE_NOT_COMPARED")
    low, high = given[size - 1], given[len(given) - size]
    first, last = known & (place <= low), known & (place >= high)
    if low >= high:
        message = f"the first and the last {split} share a value of '{column}'; early and late cannot be told apart."
        raise AnalysisError(message, "NONRESPONSE_NOT_COMPARED")
    notes = []
    if first.sum() != size or last.sum() != size:
        message = (
            f"Respondents share the value of '{column}' at a cut: {int(first.sum())} are early and {int(last.sum())} "
            f"late, where a {split} are {size}."
        )
        notes.append(Note("NONRESPONSE_TIES", message, subject=column))
    notes += _unplaced(int((~known).sum()), column)
    ends = []
    for name, mask in (("early", first), ("late", last)):
        own = frame[column][mask].iloc[np.argsort(place[mask], kind="stable")]
        ends.append({"group": name, "n": int(mask.sum()), "first": str(own.iloc[0]), "last": str(own.iloc[-1])})
    return first, last, pd.DataFrame(ends), notes


def _by_wave(frame: pd.DataFrame, column: str, late: Any) -> tuple[Any, Any, pd.DataFrame, list[Note]]:
    """The first and the last wave, or the waves named as late against all others."""
    values = frame[column]
    waves = _waves(values)
    if len(waves) < 2:
        message = f"'{column}' has {len(waves) or 'no'} value; early and late cannot be told apart."
        raise AnalysisError(message, "NONRESPONSE_NOT_COMPARED")
    early_waves, late_waves = [waves[0]], [waves[-1]]
    if late is not None:
        asked = [late] if isinstance(late, str) or not isinstance(late, Iterable) else list(late)
        if not asked:
            raise DataError(f"`late` names no value of '{column}'; name those that are late, or leave it out.")
        late_waves = [wave for wave in waves if any(_same(wave, one) for one in asked)]
        unknown = [one for one in asked if not any(_same(wave, one) for wave in waves)]
        if unknown:
            shown = ", ".join(map(str, waves))
            raise DataError([f"'{column}' has no value {one!r}; it has: {shown}." for one in unknown])
        early_waves = [wave for wave in waves if wave not in late_waves]
        if not early_waves:
            raise AnalysisError(f"every value of '{column}' is late; none is early.", "NONRESPONSE_NOT_COMPARED")
    first, last = (values.isin(chosen).to_numpy(dtype=bool) for chosen in (early_waves, late_waves))
    groups = pd.DataFrame([
        {"group": name, "n": int(mask.sum()), "first": str(chosen[0]), "last": str(chosen[-1])}
        for name, mask, chosen in (("early", first, early_waves), ("late", last, late_waves))
    ])  # fmt: skip
    return first, last, groups, _unplaced(int((~(first | last)).sum()), column)


def _waves(values: pd.Series[Any]) -> list[Any]:
    """The values of a column in their order; texts that are all numbers in that of the numbers."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        present = set(values.dropna())
        return [value for value in values.cat.categories if value in present]
    found = values.dropna().unique().tolist()
    if all(isinstance(value, str) for value in found):
        with contextlib.suppress(ValueError):
            return sorted(found, key=lambda value: (float(value), value))
    try:
        return sorted(found)
    except TypeError:
        return sorted(found, key=str)


def _same(wave: object, asked: object) -> bool:
    return wave == asked or str(wave) == str(asked)


def _ordered(column: pd.Series[Any], name: str) -> Array:
    """A column as numbers that keep its order: numbers, dates, or texts that are dates; NaN where it is empty."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object).infer_objects()
    if pd.api.types.is_bool_dtype(column):
        raise DataError(f"'{name}' holds true and false, which is no order; name it as `wave`.")
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        if np.isinf(values).any():
            raise DataError(f"'{name}' holds infinite values: set them to missing.")
        return np.asarray(values, dtype=np.float64)
    dates = column if pd.api.types.is_datetime64_any_dtype(column) else _dates(column, name)
    zoneless = dates.dt.tz_convert(None) if dates.dt.tz is not None else dates
    stamps = zoneless.to_numpy(dtype="datetime64[ns]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64).astype(float))


def _dates(column: pd.Series[Any], name: str) -> pd.Series[Any]:
    texts = column.map(lambda value: value if pd.isna(value) else str(value).strip())
    numbers = pd.to_numeric(texts, errors="coerce")
    if numbers.notna().sum() == texts.notna().sum() and texts.notna().any():
        raise DataError(f"'{name}' holds numbers as text; read them as numbers.")
    read = pd.to_datetime(texts, errors="coerce", format="ISO8601", utc=True)
    unread = texts[read.isna() & texts.notna()]
    if len(unread):
        message = f"'{name}' holds {unread.iloc[0]!r}, which is no date; write dates as 2026-01-31 or 2026-01-31T14:05."
        raise DataError(message)
    return read


def _compare(name: str, early: Array, late: Array, level: float) -> tuple[dict[str, Any], Note | None]:
    """One variable: the row of its estimates, and a note where it cannot be compared."""
    early, late = early[~np.isnan(early)], late[~np.isnan(late)]
    row: dict[str, Any] = dict.fromkeys((*ESTIMATE_COLUMNS, *_MORE), np.nan) | {"term": name}
    row |= {"n_early": len(early), "n_late": len(late)}
    for group, values in (("early", early), ("late", late)):
        if len(values):
            row[f"mean_{group}"] = float(values.mean())
        if len(values) > 1:
            row[f"sd_{group}"] = float(values.std(ddof=1))
    problem = ""
    if min(len(early), len(late)) < 2:
        problem = f"it has {len(early)} early and {len(late)} late values, and two of each are needed."
    elif np.ptp(early) == 0 and np.ptp(late) == 0:
        problem = "its values do not vary within the groups."
    if problem:
        return row, Note("NONRESPONSE_NOT_COMPARED", f"{name} was not compared: {problem}", "warning", name)
    found = mean_difference(early, late, level)
    row |= {
        "estimate": found.d, "std_error": found.d_error, "statistic": found.statistic, "df": found.df,
        "p_value": found.p_value, "ci_low": found.d_low, "ci_high": found.d_high, "difference": found.difference,
        "difference_low": found.low, "difference_high": found.high,
    }  # fmt: skip
    return row, None


def _unplaced(count: int, column: str) -> list[Note]:
    if not count:
        return []
    message = f"{count} respondents are neither early nor late by '{column}' for lack of a fitting value."
    return [Note("NONRESPONSE_NO_ORDER", message, subject=column)]


def _caution() -> Note:
    message = "That late respondents resemble those who never answered is an assumption these data cannot test."
    return Note("NONRESPONSE_SCREENING", message)
