"""What was answered: item descriptives, the distribution of the answers, and the bars that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from crmstudy.describing.weights import weights_of
from crmstudy.drawing import LikertBars
from crmstudy.errors import ModelError
from crmstudy.instrument.model import Item, Scale
from crmstudy.kernels.classic.weighting import weighted_deviation, weighted_mean, weighted_shape
from crmstudy.kernels.moments import Array, deviation, kurtosis, skewness
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.pooled import pools
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result
from crmstudy.selection import (
    coverage_faults,
    declared_items,
    item_sets,
    left_out,
    named_columns,
    nominal_notes,
    numeric_columns,
    numeric_values,
)

_ITEM_COLUMNS = (
    "item", "scale", "n", "missing", "mean", "sd", "skew", "kurtosis", "min", "max", "floor_percent", "ceiling_percent",
)  # fmt: skip
#: An item with more different answers than this is described by its moments, not answer by answer.
MOST_ANSWERS = 20
#: Bars with more segments than this cannot be told apart.
MOST_SEGMENTS = 11


@dataclass(frozen=True, slots=True)
class _Section:
    """Items that are drawn together: one scale, the same possible answers; anchors where all items share them."""

    scale: str
    items: tuple[str, ...]
    values: tuple[int, ...]
    name: Mapping[str, str]
    low: Mapping[str, str]
    high: Mapping[str, str]
    reversed: frozenset[str]


@dataclass(frozen=True, eq=False, repr=False)
class DescriptiveResult(Result):
    """Items described one by one.

    ``estimates`` has the mean of each item (term) with its standard error and t interval; a mean is not tested against
    zero, so ``statistic`` and ``p_value`` are empty. Tables: ``items`` (item, scale, n, missing, mean, sd, skew,
    kurtosis, min, max, floor_percent, ceiling_percent), ``answers`` (item, value, n, percent).
    """

    sections: tuple[_Section, ...] = ()

    kind: ClassVar[str] = "items"

    @property
    def text(self) -> str:
        """The range of the item means, of the skewness and of the missing answers."""
        table = self.tables["items"].drop_duplicates("item")
        means, skews = table["mean"].dropna(), table["skew"].dropna()
        parts = [f"{len(table)} items (N = {write_number(self.n, 'n')})"]
        if len(means):
            parts.append(f"means from {_span(means, 'estimate')}")
        if len(skews):
            parts.append(f"skewness from {_span(skews, 'estimate')}")
        missing = 100.0 * table["missing"].sum() / max(int((table["missing"] + table["n"]).sum()), 1)
        return f"{', '.join(parts)}, {write_number(missing, 'percent')} of the answers missing."

    def plot(self) -> LikertBars | None:
        """The bars of the first scale, or None when no item has few enough different answers."""
        return next(iter(self.plots()), None)

    def plots(self, lang: str = "en") -> tuple[LikertBars, ...]:
        """Diverging bars, one description a scale, with names and anchors in a language where the instrument has it."""
        return tuple(self._bars(section, lang) for section in self.sections)

    def _bars(self, section: _Section, lang: str) -> LikertBars:
        answers = self.tables["answers"]
        percents, counts = [], []
        for item in section.items:
            rows = answers[answers["item"] == item].set_index("value")
            counted = rows["n"].reindex(section.values, fill_value=0)
            total = int(counted.sum())
            counts.append(total)
            percents.append(tuple(100.0 * float(count) / total if total else 0.0 for count in counted))
        title = _in_language(section.name, lang) or section.scale or "Answers"
        low, high = section.values[0], section.values[-1]
        return LikertBars(
            title=title,
            alt=f"Stacked bars of the answers to {len(section.items)} items of {title}, from {low} to {high}.",
            items=tuple(f"{item} (R)" if item in section.reversed else item for item in section.items),
            values=section.values,
            percents=tuple(percents),
            counts=tuple(counts),
            low_label=_in_language(section.low, lang),
            high_label=_in_language(section.high, lang),
        )


@pools()
def describe(
    data: object, *, items: Sequence[str] | None = None, weights: str | None = None, level: float = 0.95
) -> DescriptiveResult:
    r"""Describe items: answered and missing, moments, range, floor and ceiling, and how often each answer was given.

    Every item is described from all its own answers. Whom the questionnaire's conditions did not ask is not missing.

    Parameters
    ----------
    data : DataFrame or Responses
        Responses are described as they are analysed: reversed items after reversal, values out of range as missing.
    items : sequence of str, optional
        Columns; without it every item of the responses' instruments (an item of two scales stands under each), but no
        question that is not scored, for which there is :func:`crmstudy.frequencies`; or all numeric columns of a
        DataFrame.
    weights : str, optional
        Column of sampling weights: means, deviations and percents are weighted, counts stay those of the answers.
    level : float
        Coverage of the intervals of the means.

    Returns
    -------
    DescriptiveResult

    Raises
    ------
    DataError
        For unknown columns, columns that are not numbers, and faulty weights.

    Notes
    -----
    With weights the standard errors are linearised, on n - 1 degrees of freedom (svymean of survey for R), the standard
    deviation is the root of n / (n - 1) times the weighted mean square, skewness and kurtosis are those of the weighted
    moments.

    Else ``skew`` and ``kurtosis`` are G1 and G2, the "type 2" figures of SPSS and SAS, 0 for a normal distribution.
    ``floor_percent`` and ``ceiling_percent`` are the percent of the answers at the two ends of the response format, for
    a DataFrame at the smallest and the largest answer found.

    Examples
    --------
    >>> import pandas as pd
    >>> describe(pd.DataFrame({"q1": [1, 2, 2, 5], "q2": [3, None, 3, 4]})).tables["items"]["missing"].tolist()
    [0, 1]
    """
    if faults := coverage_faults(level):
        raise ModelError(faults)
    frame, notes = frame_of(data)
    frame = frame.rename(columns=str)
    sampling, told = weights_of(frame, weights)
    placed = _placed_items(data, frame, items, weights)
    names = tuple(dict.fromkeys(item for _, item in placed))
    values = numeric_values(frame, names)
    kept = np.ones(len(values), dtype=bool)
    if sampling is not None:
        kept = ~np.isnan(sampling)
        values, sampling = values[kept], sampling[kept]
    answers = dict(zip(names, values.T, strict=True))
    formats = declared_items(data)
    passed_over = _passed_over(data, names, kept)
    rows = [_item_row(item, scale, answers[item], formats.get(item), sampling) for scale, item in placed]
    rows = [(item, scale, n, missing - passed_over.get(item, 0), *rest) for item, scale, n, missing, *rest in rows]
    counts = {item: counted for item in names if (counted := _counted(answers[item], formats.get(item)))}
    listed = [
        (item, value, count, _percent(answers[item], value, sampling))
        for item, counted in counts.items()
        for value, count in counted.items()
    ]
    if items is None and not isinstance(data, Responses) and (others := left_out(frame, (*names, str(weights)))):
        message = f"All numeric columns are described: {', '.join(names)}. Left out, not numbers: {', '.join(others)}."
        notes = (*notes, Note("ITEMS_ALL_COLUMNS", message))
    n = int(np.any([~np.isnan(values) for values in answers.values()], axis=0).sum())
    return DescriptiveResult(
        estimates=_means(names, answers, level, sampling),
        n=n,
        tables={
            "items": pd.DataFrame(rows, columns=list(_ITEM_COLUMNS)),
            "answers": pd.DataFrame(listed, columns=["item", "value", "n", "percent"]),
        },
        notes=(
            *notes,
            *told,
            *nominal_notes(data, names),
            *_passed_over_notes(passed_over),
            *_findings(names, answers, formats, counts),
        ),
        samples=pd.DataFrame([{"group": "all", "n": n, "dropped": len(frame) - n}]),
        call={"items": list(names), "weights": weights, "level": level},
        sections=_sections(data, placed, counts, formats),
    )  # fmt: skip


def _placed_items(
    data: object, frame: pd.DataFrame, items: Sequence[str] | None, weights: str | None
) -> list[tuple[str, str]]:
    """Scale and item of every row of the table, in the order of the scales, then of the items in none."""
    if not isinstance(data, Responses):
        found = numeric_columns(frame) if items is None else named_columns(frame, items)
        return [("", item) for item in found if items is not None or item != weights]
    scales = item_sets(data, frame, None, None) if data.scales else ()
    asked = None if items is None else named_columns(frame, items)
    wanted = set(data.items if asked is None else asked)
    placed = [(chosen.scale, item) for chosen in scales for item in chosen.items if item in wanted]
    within = {item for _, item in placed}
    return placed + [("", item) for item in (asked or data.items) if item not in within]


def _item_row(item: str, scale: str, values: Array, declared: Item | None, sampling: Array | None) -> tuple[Any, ...]:
    given = values[~np.isnan(values)]
    nan = float("nan")
    if not len(given):
        return (item, scale, 0, len(values), *(nan,) * 8)
    low, high = given.min(), given.max()
    floor, ceiling = (declared.response.low, declared.response.high) if declared else (low, high)
    moments = float(given.mean()), deviation(given), skewness(given), kurtosis(given)
    if sampling is not None:
        own, flat = sampling[~np.isnan(values)], float(np.ptp(given)) == 0.0
        moments = (
            weighted_mean(given, own)[0], weighted_deviation(given, own) if not flat else moments[1],
            *((nan, nan) if flat else weighted_shape(given, own)),
        )  # fmt: skip
    return (
        item, scale, len(given), len(values) - len(given), *moments, float(low), float(high),
        _percent(values, floor, sampling), _percent(values, ceiling, sampling),
    )  # fmt: skip


def _percent(values: Array, value: float, sampling: Array | None) -> float:
    """The percent of the answers that are this one; 0 where there are none."""
    there = ~np.isnan(values)
    own = np.ones(len(values)) if sampling is None else sampling
    return 100.0 * float(own[there & (values == value)].sum()) / max(float(own[there].sum()), 1e-300)


def _counted(values: Array, declared: Item | None) -> dict[int, int]:
    """How often each answer was given, those never given included where the format is known; empty when too many."""
    given = values[~np.isnan(values)]
    if (given != np.floor(given)).any():
        return {}
    found = np.unique(given).astype(int)
    known = declared.response.values if declared else tuple(found.tolist())
    if len(known) > MOST_ANSWERS:
        return {}
    return {int(value): int((given == value).sum()) for value in known}


def _means(names: Sequence[str], answers: Mapping[str, Array], level: float, sampling: Array | None) -> pd.DataFrame:
    rows = []
    nan = float("nan")
    for item in names:
        given = answers[item][~np.isnan(answers[item])]
        n = len(given)
        mean = float(given.mean()) if n else nan
        error = deviation(given) / float(np.sqrt(n)) if n > 1 else nan
        if sampling is not None and n:
            mean, error = weighted_mean(given, sampling[~np.isnan(answers[item])])
        half = float(stdtrit(n - 1.0, 0.5 + level / 2.0)) * error if n > 1 else nan
        rows.append((item, mean, error, nan, float(n - 1) if n > 1 else nan, nan, mean - half, mean + half))
    return pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))


def _passed_over(data: object, names: Sequence[str], kept: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, int]:
    """How many of the respondents used were not shown each item."""
    return {item: int(data.hidden(item)[kept].sum()) for item in names} if isinstance(data, Responses) else {}


def _passed_over_notes(passed_over: Mapping[str, int]) -> list[Note]:
    found = {item: count for item, count in passed_over.items() if count}
    if not found:
        return []
    told = ", ".join(f"{item} {count}" for item, count in found.items())
    message = f"Respondents whom the questionnaire's conditions did not ask, not counted as missing: {told}."
    return [Note("ITEMS_NOT_SHOWN", message)]


def _findings(
    names: Sequence[str],
    answers: Mapping[str, Array],
    formats: Mapping[str, Item],
    counts: Mapping[str, dict[int, int]],
) -> list[Note]:
    notes = []
    for item in names:
        given = answers[item][~np.isnan(answers[item])]
        if not len(given):
            notes.append(Note("ITEMS_EMPTY", f"Nobody answered {item}.", "warning", item))
        elif (given == given[0]).all():
            message = f"Every answer to {item} is {given[0]:g} (n = {len(given)}): it has no skewness and kurtosis."
            notes.append(Note("ITEMS_CONSTANT", message, "warning", item))
        elif len(given) < 4:
            message = f"{item} has {len(given)} answers, too few for skewness and kurtosis (3 and 4)."
            notes.append(Note("ITEMS_FEW_ANSWERS", message, "warning", item))
    reversed_items = [item for item in names if item in formats and formats[item].reverse]
    if reversed_items:
        message = f"Described after reversal: {', '.join(reversed_items)}."
        notes.append(Note("ITEMS_REVERSED", message))
    if any(item not in formats for item in names):
        message = (
            "Floor and ceiling are the smallest and the largest answer found, because no instrument says which answers "
            "were possible."
        )
        notes.append(Note("ITEMS_RANGE_FROM_DATA", message))
    many = [item for item in names if item not in counts and not np.isnan(answers[item]).all()]
    if many:
        message = f"Not listed answer by answer (fractions, or more than {MOST_ANSWERS} values): {', '.join(many)}."
        notes.append(Note("ITEMS_MANY_VALUES", message))
    return notes


def _sections(
    data: object,
    placed: Sequence[tuple[str, str]],
    counts: Mapping[str, dict[int, int]],
    formats: Mapping[str, Item],
) -> tuple[_Section, ...]:
    """Items of one scale with the same possible answers, where these are few enough to draw."""
    scales: Mapping[str, Scale] = data.scales if isinstance(data, Responses) else {}
    grouped: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    loose = [item for _, item in placed if item not in formats and 0 < len(counts.get(item, ())) <= MOST_SEGMENTS]
    together = tuple(sorted({value for item in loose for value in counts[item]}))
    for scale, item in placed:
        if item not in counts:
            continue
        values = tuple(counts[item]) if item in formats else together
        if 1 < len(values) <= MOST_SEGMENTS and (item in formats or item in loose):
            grouped.setdefault((scale, values), []).append(item)
    sections = []
    for (scale, values), members in grouped.items():
        keyed = frozenset(item for item in members if item in formats and formats[item].reverse)
        name = scales[scale].name if scale in scales else {}
        low, high = (_shared_label(members, value, formats) for value in (values[0], values[-1]))
        sections.append(_Section(scale, tuple(members), values, name, low, high, keyed))
    return tuple(sections)


def _shared_label(items: Sequence[str], value: int, formats: Mapping[str, Item]) -> Mapping[str, str]:
    """The texts of an answer where they are the same for all items, else none."""
    texts = [formats[item].response.labels.get(value, {}) if item in formats else {} for item in items]
    return texts[0] if all(text == texts[0] for text in texts) else {}


def _in_language(texts: Mapping[str, str], lang: str) -> str:
    return texts.get(lang) or texts.get("en") or next(iter(texts.values()), "")


def _span(values: pd.Series[float], kind: str) -> str:
    low, high = (write_number(value, kind) for value in (values.min(), values.max()))  # type: ignore[arg-type]
    return f"{low} to {high}"
