"""Customers by recency, frequency and monetary value: scores from 1 to 5, and segments with what each brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from numbers import Real
from typing import Any, ClassVar, Unpack

import numpy as np
import pandas as pd

from crmstudy.assessment.catalogue import LANGUAGES, catalogue, common_words
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.value.telling import day, money
from crmstudy.assessment.value.totals import settled
from crmstudy.assessment.value.transactions import Reading, Transactions, transactions_of
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing, Grid
from crmstudy.errors import AnalysisError, ModelError, did_you_mean
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note

#: What is scored, and the letter of its score.
DIMENSIONS = {"recency": "r", "frequency": "f", "monetary": "m"}
_SCORES = 5
_ROOM = "value_rfm"
Cuts = Mapping[str, Sequence[float]]


@dataclass(frozen=True, eq=False, repr=False)
class RfmResult(AssessmentResult):
    """Scores and segments of customers.

    ``n`` counts the customers with a purchase. Tables: ``segments`` (segment, name, name_fa, name_ru, customers, share,
    revenue, revenue_share, and profit, profit_share where known; mean_recency, mean_frequency, mean_monetary; every
    declared segment has a row), ``customers`` (customer, recency in days, frequency, monetary, revenue, profit where
    known, r, f, m, score such as ``545``, segment), ``cuts`` (dimension, rule, cut_1 to cut_4), ``scores`` (dimension,
    score, customers, low, high), ``grid`` (r, f, customers, revenue).
    """

    kind: ClassVar[str] = "rfm"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "segments",
            "Segments by Recency, Frequency and Monetary Value",
            (
                ("name", "Segment", "text"), ("customers", "Customers", "n"), ("share", "Share", "estimate"),
                ("revenue", "Revenue", "estimate"), ("revenue_share", "Share of revenue", "estimate"),
                ("profit", "Profit", "estimate"), ("profit_share", "Share of profit", "estimate"),
                ("mean_recency", "Days since", "estimate"), ("mean_frequency", "Purchases", "estimate"),
                ("mean_monetary", "Value", "estimate"),
            ),
            "Division and names are our own. Days since the last purchase, purchases and value are means.",
        ),
        Shown(
            "cuts",
            "Cut Points of the Scores",
            (
                ("dimension", "Of", "text"), ("rule", "Rule", "text"), ("cut_1", "1", "estimate"),
                ("cut_2", "2", "estimate"), ("cut_3", "3", "estimate"), ("cut_4", "4", "estimate"),
            ),
            "A score is 1 and the number of cut points that a value exceeds; for recency, in days, 5 less that number.",
        ),
        Shown(
            "scores",
            "Customers by Score",
            (
                ("dimension", "Of", "text"), ("score", "Score", "n"), ("customers", "Customers", "n"),
                ("low", "From", "estimate"), ("high", "To", "estimate"),
            ),
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """Who was scored, which segments are large and which bring most, and that the scores are relative."""
        table = self.tables["segments"]
        rows: list[dict[str, Any]] = [
            {str(key): value for key, value in row.items()} for row in table.to_dict("records")
        ]
        name = "name" if lang == "en" else f"name_{lang}"
        said: list[str] = []
        largest = max(rows, key=lambda row: row["customers"])
        said.append(say(_ROOM, "largest", lang, segment=largest[name], share=(100.0 * largest["share"], "percent")))
        for measure in ("revenue", "profit"):
            if measure not in table:
                continue
            if table[f"{measure}_share"].notna().any():
                top = max(rows, key=lambda row: row[measure])
                shares: dict[str, Any] = {
                    "share": (100.0 * top[f"{measure}_share"], "percent"),
                    "customers": (100.0 * top["share"], "percent"),
                }
                said.append(say(_ROOM, measure, lang, segment=top[name], **shares))
        if "profit" in table:
            said += [
                say(_ROOM, "loss", lang, segment=row[name], loss=money(-row["profit"]))
                for row in rows
                if row["profit"] < 0.0
            ]
        said.insert(1, say(_ROOM, "who", lang, n=(self.n, "n"), day=day(self.call["as_of"])))
        if "quantile" in set(self.tables["cuts"]["rule"]):
            said.append(say(_ROOM, "relative", lang))
        return (*said, say(_ROOM, "own", lang))

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """Words for recency, frequency and monetary value."""
        return {"dimension": common_words(lang)}

    def drawings(self) -> tuple[Drawing, ...]:
        """Shares of customers, revenue and profit by segment; customers by recency and frequency."""
        table, grid = self.tables["segments"], self.tables["grid"]
        series = [("customers", table["share"])]
        series += [(name, table[f"{name}_share"]) for name in ("revenue", "profit") if name in table]
        counts = grid.pivot_table(index="r", columns="f", values="customers", sort=True).sort_index(ascending=False)
        return (
            Bars(
                title="Segments: shares of customers and of what they bring",
                alt=f"Bars by segment. {self.text}",
                names=tuple(map(str, table["name"])),
                series=tuple((name, tuple(map(_known, values))) for name, values in series),
                x_label="Share",
            ),
            Grid(
                title="Customers by recency and frequency",
                alt=f"Counts of customers in 25 cells of two scores. {self.text}",
                rows=tuple(f"Recency {score}" for score in counts.index),
                columns=tuple(f"Frequency {score}" for score in counts.columns),
                values=tuple(tuple(map(float, row)) for row in counts.to_numpy()),
                low=0.0,
                high=float(counts.to_numpy().max()),
                decimals=0,
            ),
        )


def rfm(data: object, *, cuts: Cuts | None = None, monetary: str = "total", **reading: Unpack[Reading]) -> RfmResult:
    r"""Score customers by recency, frequency and monetary value, and put them into segments.

    Parameters
    ----------
    data : DataFrame, Responses, path or Transactions
        One row a purchase (lines of one invoice belong together first).
    cuts : mapping of {"recency", "frequency", "monetary"} to four numbers, optional
        Fixed cut points, ascending: recency in days, frequency in purchases, monetary value in currency units. What is
        not named is cut at its quintiles.
    monetary : {"total", "mean"}
        Revenue less returns of a customer, or that by purchase.
    **reading
        How the transactions are read: the keywords of ``transactions`` (``customer``, ``amount``, ``date``, ``as_of``
        ...). Profit is shown where ``cost`` or ``profit`` is named.

    Returns
    -------
    RfmResult

    Raises
    ------
    DataError, ModelError
        For faulty data and options.
    AnalysisError
        For a single customer, and when nobody has purchased.

    Notes
    -----
    Recency is the number of days from the last purchase to ``as_of``. The score of frequency or monetary value is 1 and
    the number of cut points below the value; that of recency is 5 less the number of cut points below the days. The
    cut points are the quintiles :math:`x_{(j)}+\gamma(x_{(j+1)}-x_{(j)})` with :math:`j+\gamma=1+(n-1)k/5`, k = 1 to 4
    (R's default, type 7; Hyndman & Fan, 1996), computed without rounding of :math:`j`. So equal values always have
    equal scores, whatever the order of the rows; with many ties some scores are given to nobody, which a note says.
    Monetary values are compared to 12 digits of the largest, so that the order of adding parts nobody.

    Which scores make which segment is declared in ``catalogues/rfm_segments.yaml``; division and names are our own.
    Source documents 0.11, 4.16.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "customer": list("AABCDE"), "amount": [50.0, 70.0, 10.0, 20.0, 30.0, 40.0],
    ...     "date": ["2026-01-05", "2026-03-01", "2026-01-09", "2026-02-02", "2026-02-20", "2026-02-25"],
    ... })
    >>> rfm(rows, as_of="2026-03-01").tables["customers"]["score"].tolist()
    ['555', '111', '212', '313', '414']
    """
    _check_options(cuts, monetary)
    read = transactions_of(data, reading, dated=True)
    bought, notes = _buyers(read.customers)
    samples, reading_notes, call = _samples(read, len(bought)), read.notes, read.call
    del read  # 3 million customers stand in memory once
    values = _values(bought, call["as_of"], monetary)
    limits = {name: _cuts(values[name], (cuts or {}).get(name)) for name in DIMENSIONS}
    customers = _scored(bought, values, limits)
    del bought, values
    scores = _score_table(customers)
    notes += _unused(scores)
    segments = _segments(customers)
    notes += _undefined(segments)
    return RfmResult(
        estimates=no_estimates(),
        n=len(customers),
        tables={
            "segments": segments, "customers": customers, "cuts": _cut_table(limits, cuts or {}), "scores": scores,
            "grid": _grid(customers),
        },
        notes=(*reading_notes, *notes),
        samples=samples,
        call={
            "cuts": {name: list(map(float, given)) for name, given in (cuts or {}).items()}, "monetary": monetary,
            "as_of": call["as_of"], "reading": dict(call),
        },
    )  # fmt: skip


def _buyers(table: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """What is scored of the customers with a purchase, and a note on the others."""
    who = (table["purchases"] > 0).to_numpy()
    if not who.any():
        raise AnalysisError("Nobody has purchased; there are only returns.", "RFM_NO_PURCHASE")
    if who.sum() < 2:
        raise AnalysisError("Only one customer has purchased; scores compare customers.", "RFM_ONE_CUSTOMER")
    names = [name for name in ("customer", "purchases", "revenue", "profit", "last") if name in table]
    if who.all():
        return table[names], []
    lost = float(table["revenue"][~who].sum())
    message = (
        f"Customers without a purchase, with returns only: {int((~who).sum()):,} ({lost:,.2f} in all); they have no "
        "scores."
    )
    return table.loc[who, names].reset_index(drop=True), [Note("RFM_NO_PURCHASE", message, "warning")]


def segment_of(r: int, f: int, m: int) -> str:
    """The segment of a customer with these scores: the first whose rule fits."""
    scores = {"r": r, "f": f, "m": m}
    for segment in catalogue("rfm_segments")["segments"]:
        for rule in segment["rules"]:
            if all(low <= scores[letter] <= high for letter, (low, high) in rule.items()):
                return str(segment["id"])
    raise ValueError(f"no rule fits the scores {r}, {f}, {m}")


def _check_options(cuts: object, monetary: object) -> None:
    faults = []
    if monetary not in ("total", "mean"):
        faults.append(f"`monetary` is 'total' or 'mean', not {monetary!r}.")
    if cuts is not None and not isinstance(cuts, Mapping):
        faults.append(f"`cuts` is a mapping such as {{'recency': (30, 90, 180, 365)}}, not {type(cuts).__name__}.")
    for name, given in cuts.items() if isinstance(cuts, Mapping) else ():
        if name not in DIMENSIONS:
            faults.append(f"`cuts` has {', '.join(DIMENSIONS)}, not {name!r}.{did_you_mean(str(name), DIMENSIONS)}")
        elif not _are_cuts(given):
            faults.append(f"The cut points of {name} are four different numbers, ascending, not {given!r}.")
    if faults:
        raise ModelError(faults)


def _are_cuts(given: object) -> bool:
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray) or len(given) != _SCORES - 1:
        return False
    if not all(type(cut) is not bool and isinstance(cut, Real) and np.isfinite(float(cut)) for cut in given):
        return False
    return all(low < high for low, high in pairwise(given))


def _values(bought: pd.DataFrame, as_of: str, monetary: str) -> dict[str, Array]:
    """Days, purchases and money of every customer."""
    last = bought["last"].to_numpy().astype("datetime64[D]")
    spent = bought["revenue"].to_numpy(dtype=float)
    spent = spent / bought["purchases"].to_numpy() if monetary == "mean" else spent
    return {
        "recency": (np.datetime64(as_of, "D") - last).astype(float),
        "frequency": bought["purchases"].to_numpy(dtype=float),
        "monetary": spent,
    }


def _cuts(values: Array, given: Sequence[float] | None) -> Array:
    """The cut points that are given, or the quintiles."""
    if given is not None:
        return np.array(given, dtype=float)
    ordered = np.sort(settled(values))
    found = []
    for number in range(1, _SCORES):
        place, rest = divmod((len(ordered) - 1) * number, _SCORES)
        step = ordered[place + 1] - ordered[place] if rest else 0.0
        found.append(ordered[place] + rest / _SCORES * step)
    return np.array(found)


def _scored(bought: pd.DataFrame, values: dict[str, Array], limits: dict[str, Array]) -> pd.DataFrame:
    made: dict[str, Any] = {"customer": bought["customer"], **values}
    made |= {name: bought[name] for name in ("revenue", "profit") if name in bought}
    for name, letter in DIMENSIONS.items():
        above = np.searchsorted(limits[name], settled(values[name]), side="left").astype(np.int64)
        made[letter] = _SCORES - above if name == "recency" else 1 + above
    places = np.ravel_multi_index([made[letter] - 1 for letter in DIMENSIONS.values()], (_SCORES,) * 3)
    triples = list(product(range(1, _SCORES + 1), repeat=3))
    made["score"] = pd.Series([f"{r}{f}{m}" for r, f, m in triples]).array.take(places)
    made["segment"] = pd.Series([segment_of(r, f, m) for r, f, m in triples]).array.take(places)
    return pd.DataFrame(made, copy=False)


def _segments(customers: pd.DataFrame) -> pd.DataFrame:
    """One row a declared segment, with what its customers are and bring."""
    grouped = customers.groupby("segment")
    measures = [name for name in ("revenue", "profit") if name in customers]
    totals = {name: float(customers[name].sum()) for name in measures}
    counts, sums = grouped.size(), grouped[measures].sum()
    means = grouped[list(DIMENSIONS)].mean()
    rows = []
    for segment in catalogue("rfm_segments")["segments"]:
        one = segment["id"]
        there = one in counts.index
        row: dict[str, Any] = {"segment": one}
        row |= {"name" if lang == "en" else f"name_{lang}": segment["name"][lang] for lang in LANGUAGES}
        row["customers"] = int(counts[one]) if there else 0
        row["share"] = row["customers"] / len(customers)
        for name in measures:
            row[name] = float(sums.loc[one, name]) if there else 0.0
            row[f"{name}_share"] = row[name] / totals[name] if totals[name] > 0.0 else float("nan")
        row |= {f"mean_{name}": float(means.loc[one, name]) if there else float("nan") for name in DIMENSIONS}
        rows.append(row)
    return pd.DataFrame(rows)


def _undefined(segments: pd.DataFrame) -> list[Note]:
    """Shares that mean nothing, and segments without customers."""
    notes = []
    for name in ("revenue", "profit"):
        if name in segments and segments[f"{name}_share"].isna().any():
            message = f"The {name} of all customers together is not positive; shares of it mean nothing."
            notes.append(Note("RFM_NO_SHARES", message, "warning", name))
    empty = segments.loc[segments["customers"] == 0, "name"].tolist()
    if empty:
        notes.append(Note("RFM_EMPTY_SEGMENTS", f"No customer is in: {', '.join(empty)}."))
    return notes


def _score_table(customers: pd.DataFrame) -> pd.DataFrame:
    """How many customers have each score, and their smallest and largest value."""
    rows = []
    for name, letter in DIMENSIONS.items():
        for score in range(1, _SCORES + 1):
            part = customers.loc[customers[letter] == score, name]
            ends = (float(part.min()), float(part.max())) if len(part) else (float("nan"), float("nan"))
            rows.append((name, score, len(part), *ends))
    return pd.DataFrame(rows, columns=["dimension", "score", "customers", "low", "high"])


def _unused(scores: pd.DataFrame) -> list[Note]:
    notes = []
    for name, part in scores[scores["customers"] == 0].groupby("dimension", sort=False):
        given = ", ".join(map(str, part["score"]))
        message = (
            f"No customer has the {name} score {given}: too many have the same {name}, or lie on one side of a cut."
        )
        notes.append(Note("RFM_SCORES_UNUSED", message, "warning", str(name)))
    return notes


def _cut_table(limits: dict[str, Array], given: Cuts) -> pd.DataFrame:
    rows = [
        {"dimension": name, "rule": "fixed" if name in given else "quantile"}
        | {f"cut_{number}": float(cut) for number, cut in enumerate(limits[name], start=1)}
        for name in DIMENSIONS
    ]
    return pd.DataFrame(rows)


def _grid(customers: pd.DataFrame) -> pd.DataFrame:
    """Customers and revenue by the scores of recency and frequency, empty cells too."""
    cells = pd.MultiIndex.from_product([range(1, _SCORES + 1)] * 2, names=["r", "f"])
    grouped = customers.groupby(["r", "f"])["revenue"].agg(["size", "sum"]).reindex(cells, fill_value=0)
    return grouped.rename(columns={"size": "customers", "sum": "revenue"}).reset_index()


def _samples(read: Transactions, used: int) -> pd.DataFrame:
    left_out = int(read.samples["dropped"].iloc[0])
    row = {"group": "all", "n": used, "dropped": len(read.customers) - used, "rows": read.n, "rows_left_out": left_out}
    return pd.DataFrame([row])


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
