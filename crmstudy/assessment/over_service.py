"""Over-service: attributes where customers get more than they expect and which do not carry their loyalty."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.assessment.answered import COMMAS
from crmstudy.assessment.catalogue import common_words, language
from crmstudy.assessment.derived_importance import WAYS, Importance, by_correlation, by_regression, stated
from crmstudy.assessment.options import name_faults
from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.assessment.tables import table_of
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing, QuadrantMap
from crmstudy.errors import AnalysisError, DataError, ModelError, did_you_mean
from crmstudy.exchange.read import read_responses
from crmstudy.kernels.classic.location import one_sample
from crmstudy.kernels.moments import Array
from crmstudy.kernels.multiplicity import adjusted
from crmstudy.kernels.regression import dependent_columns
from crmstudy.notes import Note
from crmstudy.responses import Responses
from crmstudy.results import ESTIMATE_COLUMNS, sample_table
from crmstudy.scoring import analysis_frame
from crmstudy.selection import coverage_faults

_PARTS = ("performance", "expectation", "importance")
_ATTRIBUTES = (
    "attribute", "n", "performance", "expectation", "difference", "std_error", "statistic", "df", "p_value",
    "p_adjusted", "ci_low", "ci_high", "dz", "service", "importance", "called", "verdict",
)  # fmt: skip
_IMPORTANCE = (
    "attribute", "n", "estimate", "std_error", "ci_low", "ci_high", "cut", "above", "above_low", "above_high", "called",
)  # fmt: skip
#: (what customers get against what they expect, importance) -> what follows.
VERDICTS = {
    ("exceeds", "low"): "save",
    ("exceeds", "high"): "keep",
    ("exceeds", "not called"): "exceeds, importance open",
    ("falls short", "high"): "improve",
    ("falls short", "low"): "later",
    ("falls short", "not called"): "falls short, importance open",
}
_NAN = float("nan")


@dataclass(frozen=True, eq=False, repr=False)
class OverServiceResult(AssessmentResult):
    """Attributes by performance less expectation, and by importance.

    ``estimates`` has performance less expectation of each attribute. Tables: ``attributes`` (attribute, n, performance,
    expectation, difference, std_error, statistic, df, p_value, p_adjusted, ci_low, ci_high, dz, service, importance,
    called, verdict), ``importance`` (attribute, n, estimate, std_error, ci_low, ci_high, cut, above, above_low,
    above_high, called) and ``savings`` (attribute, difference, ci_low, ci_high, importance, verdict; the attributes
    that exceed expectations and have a low importance, the largest difference first).
    """

    kind: ClassVar[str] = "over_service"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "attributes",
            "What Customers Get, Expect and Value",
            (
                ("attribute", "Attribute", "text"), ("n", "n", "n"), ("performance", "Performance", "estimate"),
                ("expectation", "Expectation", "estimate"), ("difference", "Difference", "estimate"),
                ("ci_low", "CI low", "estimate"), ("ci_high", "CI high", "estimate"),
                ("p_adjusted", "p (Holm)", "p"), ("importance", "Importance", "estimate"),
                ("called", "Importance is", "text"), ("verdict", "Verdict", "text"),
            ),
            "Difference: performance minus expectation. Nothing is called whose interval holds the line.",
        ),
        Shown(
            "importance",
            "Importance of the Attributes",
            (
                ("attribute", "Attribute", "text"), ("n", "n", "n"), ("estimate", "Importance", "estimate"),
                ("ci_low", "CI low", "estimate"), ("ci_high", "CI high", "estimate"),
                ("above", "Above the line", "estimate"), ("above_low", "CI low", "estimate"),
                ("above_high", "CI high", "estimate"), ("called", "Importance is", "text"),
            ),
        ),
        Shown(
            "savings",
            "Where Effort May Be Saved",
            (
                ("attribute", "Attribute", "text"), ("difference", "Difference", "estimate"),
                ("ci_low", "CI low", "estimate"), ("ci_high", "CI high", "estimate"),
                ("importance", "Importance", "estimate"),
            ),
            "Candidates to be tried on a part of the customers while their loyalty is watched.",
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """Where expectations are exceeded, where effort may be saved, what is missing, and how far it carries."""
        language(lang)
        table, way = self.tables["attributes"], str(self.call["importance"])

        def named(verdicts: Sequence[str]) -> str:
            return COMMAS[lang].join(map(str, table.loc[table["verdict"].isin(verdicts), "attribute"]))

        exceeds = int((table["service"] == "exceeds").sum())
        found = [
            say("over_service", "compared", lang, k=(len(table), "n"), n=(self.n, "n"), exceeds=(exceeds, "n")),
            say("over_service", f"importance_{way}", lang),
        ]
        found += self._saving(lang) or [say("over_service", "no_saving", lang)]
        for key, verdicts in (
            ("keep", ["keep"]), ("improve", ["improve"]), ("open", [VERDICTS["exceeds", "not called"]]),
        ):  # fmt: skip
            if names := named(verdicts):
                found.append(say("over_service", key, lang, list=names))
        found.append(say("over_service", "stated_limits" if way == "stated" else "derived_limits", lang))
        return tuple(found)

    def next_steps(self, lang: str = "en") -> tuple[str, ...]:
        """What to improve, and where effort may be saved."""
        table = self.tables["attributes"]
        better = COMMAS[lang].join(map(str, table.loc[table["verdict"] == "improve", "attribute"]))
        return (*((say("over_service", "improve", lang, list=better),) if better else ()), *self._saving(lang))

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """Words for importance and verdict."""
        return dict.fromkeys(("called", "verdict"), common_words(lang))

    def _saving(self, lang: str) -> tuple[str, ...]:
        """The attributes that customers would not miss, with the largest difference."""
        top = self.tables["savings"]
        return tuple(
            say(
                "over_service", "save", lang, list=COMMAS[lang].join(map(str, top["attribute"])),
                top=str(row["attribute"]), difference=(row["difference"], "estimate"),
                interval=((row["ci_low"], row["ci_high"]), "interval"),
            )
            for row in top.head(1).to_dict("records")
        )  # fmt: skip

    def drawings(self) -> tuple[Drawing, ...]:
        """Importance against performance less expectation, and the differences with their intervals."""
        table = self.tables["attributes"]
        known = table.dropna(subset=["difference", "importance"])
        names = tuple(map(str, table["attribute"]))
        saved = ", ".join(map(str, self.tables["savings"]["attribute"])) or "none"
        cut = float(self.tables["importance"]["cut"].iloc[0])
        points = zip(known["attribute"], known["difference"], known["importance"], strict=True)
        return (
            QuadrantMap(
                title="Over-service map",
                alt=f"{len(known)} attributes by performance less expectation and importance; to save: {saved}.",
                points=tuple((str(name), float(x), float(y)) for name, x, y in points),
                x_label="Performance minus expectation", y_label="Importance", x_line=0.0, y_line=cut,
                quadrants=("Improve", "Keep", "Later", "Save"),
            ),
            Bars(
                title="Performance less expectation",
                alt=f"Differences with intervals of {len(names)} attributes; above 0 customers get more than expected.",
                names=names, series=(("Difference", tuple(map(_or_none, table["difference"]))),),
                lows=(tuple(map(float, table["ci_low"])),), highs=(tuple(map(float, table["ci_high"])),),
                x_label="Performance minus expectation", reference=0.0,
            ),
        )  # fmt: skip


def over_service(
    data: object,
    *,
    attributes: Mapping[str, Mapping[str, str]],
    importance: str | None = None,
    loyalty: str | None = None,
    cut: float | None = None,
    level: float = 0.95,
) -> OverServiceResult:
    r"""Find where customers get more than they expect and effort may be saved without harming loyalty.

    Serves the source documents' statement that few elements of value create true loyalty, and that where expectations
    are exceeded a firm can save without harming it (source documents 4.17).

    Parameters
    ----------
    data : DataFrame, Responses or path
        One row a customer.
    attributes : mapping of names to mappings
        For each attribute (two or more) its columns: ``performance`` and ``expectation``, on one scale, and where
        customers state it ``importance``.
    importance : {"stated", "regression", "correlation"}, optional
        Where importance comes from: from what customers state, or from how performance goes with ``loyalty``: the
        standardised weight beside all other attributes, or the correlation. Left out: the regression where ``loyalty``
        is named, else what is stated.
    loyalty : str, optional
        Column or scale; none of those of the attributes.
    cut : float, optional
        The line between low and high importance; left out: the mean of the attributes.
    level : float
        Coverage of the intervals.

    Returns
    -------
    OverServiceResult

    Raises
    ------
    DataError, ModelError
        With all faults: attributes, columns, options.
    AnalysisError
        When no importance can be found: too few complete customers, a constant column, attributes that are a
        combination of others, loyalty that follows exactly from them.

    Notes
    -----
    Paired differences of customers who gave both answers: :math:`t=\bar d/(s_d/\sqrt n)`, :math:`d_z=\bar d/s_d`;
    Holm's (1979) correction over the attributes. An attribute ``exceeds`` or ``falls short`` where the whole interval
    lies on one side of 0, and its importance is ``low`` or ``high`` where the whole interval of its difference from the
    line does; all else is not called. The map is that of Martilla and James (1977) with expectation in place of a line
    of performance. Importance that is derived is a relation between customers: that those who rate an attribute higher
    are more loyal does not say that the attribute made them so.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"gift": [5, 5, 4, 5, 4], "gift_due": [2, 3, 2, 3, 3], "gift_weight": [1, 2, 1, 2, 1],
    ...      "time": [4, 3, 4, 3, 4], "time_due": [4, 4, 4, 4, 5], "time_weight": [5, 5, 4, 5, 5]})
    >>> columns = {name: {"performance": name, "expectation": f"{name}_due", "importance": f"{name}_weight"}
    ...            for name in ("gift", "time")}
    >>> over_service(table, attributes=columns).tables["savings"]["attribute"].tolist()
    ['gift']
    """
    way = importance if importance is not None else "stated" if loyalty is None else "regression"
    _check_options(attributes, way, loyalty, cut, level)
    frame, notes = _frame(data, attributes, loyalty)
    findings: list[Note] = list(notes)
    rows = [_difference(name, frame, columns, level, findings) for name, columns in attributes.items()]
    found = _importance(frame, attributes, way, loyalty, cut, level)
    called = ["low" if high < 0 else "high" if low > 0 else "not called"
              for low, high in zip(found.above_low, found.above_high, strict=True)]  # fmt: skip
    if flat := [name for name, low in zip(attributes, found.above_low, strict=True) if np.isnan(low)]:
        message = f"The importance of {', '.join(flat)} is the same for all customers: it has no interval, and no call."
        findings.append(Note("OVER_SERVICE_CONSTANT", message, "warning"))
    table = pd.DataFrame(rows, columns=list(_ATTRIBUTES)).assign(importance=found.estimates, called=called)
    p_value = table["p_value"].to_numpy(dtype=float)
    known = ~np.isnan(p_value)
    if known.any():
        p_adjusted = p_value.copy()
        p_adjusted[known] = adjusted(p_value[known], "holm")
        table["p_adjusted"] = p_adjusted
    table["verdict"] = [
        VERDICTS.get((service, weight), "not called") for service, weight in zip(table["service"], called, strict=True)
    ]
    savings = table[table["verdict"] == "save"].sort_values("difference", ascending=False, kind="stable")
    n = int(frame.notna().any(axis=1).sum())
    return OverServiceResult(
        estimates=table.rename(columns={"attribute": "term", "difference": "estimate"})[list(ESTIMATE_COLUMNS)],
        n=n,
        tables={
            "attributes": table,
            "importance": _importance_table(list(attributes), found, called),
            "savings": savings[["attribute", "difference", "ci_low", "ci_high", "importance", "verdict"]].reset_index(
                drop=True
            ),
        },
        notes=(*findings, _warning(way)),
        samples=sample_table(n, len(frame) - n, importance=found.n),
        call={
            "attributes": {name: dict(columns) for name, columns in attributes.items()}, "importance": way,
            "loyalty": loyalty, "cut": cut, "level": level,
        },
    )  # fmt: skip


def _check_options(attributes: object, way: str, loyalty: object, cut: object, level: object) -> None:
    faults = coverage_faults(level) + name_faults({"loyalty": loyalty}, optional=["loyalty"])
    if way not in WAYS:
        faults.append(f"`importance` is one of {', '.join(WAYS)}, not {way!r}.{did_you_mean(str(way), WAYS)}")
    elif way != "stated" and loyalty is None:
        faults.append(f"importance='{way}' is derived from loyalty: name its column or scale with `loyalty`.")
    if cut is not None and (isinstance(cut, bool) or not isinstance(cut, Real) or not np.isfinite(float(cut))):
        faults.append(f"`cut` is the importance between low and high, a number, not {cut!r}.")
    if not isinstance(attributes, Mapping) or len(attributes) < 2:
        faults.append("`attributes` is a mapping of two or more attributes to their columns.")
        attributes = {}
    required = _PARTS if way == "stated" else _PARTS[:2]
    for name, columns in attributes.items():
        if not isinstance(columns, Mapping):
            faults.append(f"The attribute '{name}' is a mapping with performance and expectation, not {columns!r}.")
            continue
        lacking = [part for part in required if part not in columns]
        if lacking:
            faults.append(f"The attribute '{name}' lacks {' and '.join(lacking)}: name a column for each.")
        faults += [
            f"The attribute '{name}' has the unknown key '{part}'.{did_you_mean(str(part), _PARTS)}"
            for part in columns
            if part not in _PARTS
        ]
        faults += [
            f"'{part}' of the attribute '{name}' is the name of a column, not {column!r}."
            for part, column in columns.items()
            if not isinstance(column, str)
        ]
    faults += _doubled(attributes, loyalty)
    if faults:
        raise ModelError(faults)


def _doubled(attributes: Mapping[str, object], loyalty: object) -> list[str]:
    """Columns that are to be two things at once; what people expect may be one column for several attributes."""
    parts: dict[object, list[str]] = {loyalty: ["loyalty"]} if isinstance(loyalty, str) else {}
    for name, columns in attributes.items():
        for part, column in columns.items() if isinstance(columns, Mapping) else ():
            if part in _PARTS and isinstance(column, str):
                parts.setdefault(column, []).append(part if part == "expectation" else f"{part} of '{name}'")
    return [
        f"The column '{column}' is named as {' and as '.join(said)}; each has its own column."
        for column, named in parts.items()
        if len(said := list(dict.fromkeys(named))) > 1
    ]


def _frame(
    data: object, attributes: Mapping[str, Mapping[str, str]], loyalty: str | None
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """The columns as numbers; those of an instrument must have one range where they are compared."""
    if isinstance(data, str | os.PathLike):
        data = read_responses(Path(data), instruments=[]).frame
    notes: tuple[Note, ...] = ()
    faults = []
    if isinstance(data, Responses):
        for name, columns in attributes.items():
            ends = [_range(data, columns[part]) for part in _PARTS[:2]]
            if None not in ends and ends[0] != ends[1]:
                faults.append(f"Performance and expectation of '{name}' have different scales: ask both on one.")
        data, notes = analysis_frame(data)
    if faults:
        raise DataError(faults)
    wanted = [column for columns in attributes.values() for column in columns.values()]
    wanted += [] if loyalty is None else [loyalty]
    return table_of(data, dict.fromkeys(wanted, "number"), what="customers"), notes


def _range(data: Responses, name: str) -> tuple[float, float] | None:
    if name in data.items:
        return float(data.items[name].response.low), float(data.items[name].response.high)
    return data.scores[name].range if name in data.scores else None


def _difference(
    name: str, frame: pd.DataFrame, columns: Mapping[str, str], level: float, notes: list[Note]
) -> dict[str, Any]:
    """Performance less expectation of one attribute."""
    pair = frame[[columns["performance"], columns["expectation"]]].dropna().to_numpy(dtype=float)
    row: dict[str, Any] = {"attribute": name, "n": len(pair), "service": "not called"}
    if len(pair):
        away = np.round(pair[:, 0] - pair[:, 1], 10)
        row |= {"performance": pair[:, 0].mean(), "expectation": pair[:, 1].mean(), "difference": away.mean()}
    if len(pair) < 2:
        message = f"'{name}': {len(pair)} customers gave both performance and expectation; an interval needs 2."
        notes.append(Note("OVER_SERVICE_TOO_FEW", message, "warning", name))
        return row
    if np.ptp(away) == 0.0:
        message = f"'{name}': performance less expectation is {away[0]:g} for all {len(away)} customers; no interval."
        notes.append(Note("OVER_SERVICE_CONSTANT", message, "warning", name))
        return row
    test = one_sample(away, 0.0, level)
    service = "exceeds" if test.ci_low > 0 else "falls short" if test.ci_high < 0 else "not called"
    return row | {
        "std_error": test.std_error, "statistic": test.t, "df": test.df, "p_value": test.p_value,
        "ci_low": test.ci_low, "ci_high": test.ci_high, "dz": test.d, "service": service,
    }  # fmt: skip


def _importance(
    frame: pd.DataFrame, attributes: Mapping[str, Mapping[str, str]], way: str, loyalty: str | None, cut: float | None,
    level: float,
) -> Importance:  # fmt: skip
    """Importance from customers who gave all the answers it needs."""
    part = "importance" if way == "stated" else "performance"
    names = [columns[part] for columns in attributes.values()]
    used = frame[names if loyalty is None or way == "stated" else [*names, loyalty]].dropna()
    values: Array = used[names].to_numpy(dtype=float)
    fewest = 2 if way == "stated" else 4 if way == "correlation" else len(names) + 3
    if len(used) < fewest:
        raise AnalysisError(
            f"{len(used)} customers gave all answers that importance needs; {fewest} or more are wanted. Leave out "
            "attributes that few people judged.",
            "OVER_SERVICE_TOO_FEW",
        )
    if way == "stated":
        return stated(values, cut, level)
    outcome = used[str(loyalty)].to_numpy(dtype=float)
    flat = [name for name in used if np.ptp(used[name].to_numpy(dtype=float)) == 0.0]
    if flat:
        raise AnalysisError(
            f"Everybody gave the same answer to {', '.join(map(str, flat))}, so that importance cannot be derived.",
            "OVER_SERVICE_CONSTANT",
        )
    if way == "correlation":
        return by_correlation(values, outcome, cut, level)
    dependent = dependent_columns(np.column_stack([np.ones(len(values)), values]))
    if dependent:
        which = ", ".join(names[place - 1] for place in dependent)
        raise AnalysisError(
            f"{which} is a combination of the attributes before it, so that they have no weights of their own: leave "
            "it out, or derive importance='correlation'.",
            "OVER_SERVICE_DEPENDENT",
        )
    return by_regression(values, outcome, cut, level)


def _importance_table(names: list[str], found: Importance, called: list[str]) -> pd.DataFrame:
    columns = (
        names, found.n, found.estimates, found.std_errors, found.low, found.high, found.cut, found.above,
        found.above_low, found.above_high, called,
    )  # fmt: skip
    return pd.DataFrame(dict(zip(_IMPORTANCE, columns, strict=True)))


def _warning(way: str) -> Note:
    if way == "stated":
        message = (
            "What customers state to be important need not be what their loyalty depends on; before anything is cut, "
            "try it on a part of the customers."
        )
        return Note("OVER_SERVICE_STATED", message, "warning")
    message = (
        "Importance is derived from relations between customers at one time, which are no effects: before anything is "
        "cut, try it on a part of the customers and watch their loyalty."
    )
    return Note("OVER_SERVICE_CORRELATIONAL", message, "warning")


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
