"""Content validity: what a panel of experts says about the relevance, necessity and clarity of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import AnalysisError, DataError, Fault, ModelError
from crmstudy.exchange.delimited import read_delimited
from crmstudy.exchange.drafting.cells import read_grid
from crmstudy.files import bytes_of
from crmstudy.instrument import panel as form
from crmstudy.instrument.panel import ASPECTS, Panel, read_panel
from crmstudy.kernels.agreement import content as kernel
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.pooled import one_set_only
from crmstudy.responses import Responses
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table
from crmstudy.selection import coverage_faults, is_whole

#: Lynn's (1986) smallest index: everybody of up to five experts, .78 of more; fewer than three are no panel.
_FEWEST_EXPERTS, _SMALL_PANEL, _LYNN = 3, 5, 0.78
#: Above this the modified kappa is "excellent" (Polit, Beck & Owen, 2007).
_KAPPA = 0.74
#: The largest form that is read, in bytes.
_LARGEST = 32 * 2**20
#: Usual minima of the scale's index: Polit and Beck (2006).
_AVE, _UA = 0.90, 0.80
NAN = float("nan")
_ITEM_COLUMNS = (
    "scale", "item", "experts", "relevant", "i_cvi", "chance", "kappa", "aiken_v", "v_low", "v_high", "panel",
    "essential", "cvr", "cvr_lawshe", "cvr_exact", "cvr_p", "clear", "clarity_cvi", "fails",
)  # fmt: skip
_RULE_COLUMNS = ("scale", "item", "rule", "value", "minimum", "met", "source")
_SCALE_COLUMNS = ("scale", "items", "s_cvi_ave", "s_cvi_ua", "aiken_v", "mean_cvr", "clarity_cvi")


@dataclass(frozen=True, eq=False, repr=False)
class ContentResult(Result):
    """Content validity of items and scales.

    ``estimates`` has a row for each item and coefficient (``i_cvi``, ``kappa_modified``, ``aiken_v`` with its
    interval, ``cvr`` with the one-sided p of chance, ``clarity_cvi``), then for each scale ``s_cvi_ave``, ``s_cvi_ua``,
    ``mean_aiken_v``, ``mean_cvr``; the last columns are ``item`` (empty for a scale) and ``scale``. ``n`` counts
    experts.

    Tables: ``items`` (a row an item, ``fails`` names the rules it does not meet), ``scales`` (with all items as the
    last row), ``rules`` (scale, item, rule, value, minimum, met, source), ``experts`` (expert, relevance, necessity,
    clarity: how many items each rated).
    """

    kind: ClassVar[str] = "content_validity"

    @property
    def text(self) -> str:
        """The range of the items' indices, the scale's, and how many items fail which rule."""
        items, whole = self.tables["items"], self.tables["scales"].iloc[-1]
        parts = []
        if items["i_cvi"].notna().any():
            low, high = (write_number(items["i_cvi"].agg(end), "r") for end in ("min", "max"))
            ave, ua = (write_number(whole[name], "r") for name in ("s_cvi_ave", "s_cvi_ua"))
            parts.append(f"I-CVI from {low} to {high}, S-CVI/Ave = {ave}, S-CVI/UA = {ua}")
        if items["aiken_v"].notna().any():
            low, high = (write_number(items["aiken_v"].agg(end), "r") for end in ("min", "max"))
            parts.append(f"Aiken's V from {low} to {high}")
        if items["cvr"].notna().any():
            low, high = (write_number(items["cvr"].agg(end), "r") for end in ("min", "max"))
            parts.append(f"CVR from {low} to {high}, mean {write_number(whole['mean_cvr'], 'r')}")
        failing = self.tables["rules"]
        failing = failing[(failing["met"] == "no") & (failing["item"] != "")]
        told = [f"{len(rows)} by {rule}" for rule, rows in failing.groupby("rule", sort=False)]
        judged = (self.tables["rules"]["met"] != "no rule") & (self.tables["rules"]["item"] != "")
        rest = " No item is below a minimum." if judged.any() else " No rule has a minimum for a panel of this size."
        rest = f" Below the minimum: {', '.join(told)}." if told else rest
        who = f"{write_number(self.n, 'n')} experts, {write_number(len(items), 'n')} items"
        return f"Content validity ({who}): {'; '.join(parts)}.{rest}"

    def plot(self) -> CoefficientPlot | None:
        """Aiken's V of every item with its interval; None where relevance was not rated."""
        items = self.tables["items"].dropna(subset=["aiken_v"])
        if len(items) < 2:
            return None
        return CoefficientPlot(
            title="Aiken's V",
            alt=f"Aiken's V of {len(items)} items with {self.call['level']:.0%} intervals.",
            terms=tuple(items["item"]),
            estimates=tuple(map(float, items["aiken_v"])),
            lows=tuple(map(float, items["v_low"])),
            highs=tuple(map(float, items["v_high"])),
            x_label="V",
            reference=0.5,
        )


@one_set_only("a panel of experts is judged as it answered; give it the panel.")
def content_validity(
    panel: object,
    *,
    ratings: str | None = None,
    relevance: Sequence[int] = (1, 4),
    relevant: int = 3,
    level: float = 0.95,
) -> ContentResult:
    r"""Content validity ratio and index, modified kappa and Aiken's V from an expert panel.

    Parameters
    ----------
    panel : path, DataFrame, Responses or Panel
        The filled form of ``crmstudy instruments panel`` (CSV or workbook), or a DataFrame: with the form's headings
        (or ``item``, ``scale``, ``relevance_1``, ``necessity_1`` ...); long, with the columns ``item``, ``expert`` and
        one or more of ``relevance``, ``necessity``, ``clarity``; or plain, a row an item and a column an expert.
    ratings : {"relevance", "necessity", "clarity"}, optional
        What a plain table holds; words are necessity and numbers relevance when left out.
    relevance : two int
        Lowest and highest rating of relevance and clarity.
    relevant : int
        The lowest rating that counts as relevant (clear).
    level : float
        Coverage of the intervals of Aiken's V.

    Returns
    -------
    ContentResult

    Raises
    ------
    DataError
        With every cell, row and column of the form that cannot be read.
    ModelError
        For keywords that cannot be used.
    AnalysisError
        When nobody rated anything.

    Notes
    -----
    With n experts who rated an item: I-CVI is the share that finds it relevant; S-CVI/Ave their mean and S-CVI/UA the
    share of items that all find relevant; :math:`\kappa^* = (I\text{-}CVI - p_c)/(1 - p_c)`,
    :math:`p_c = \binom{n}{A}0.5^n` (Polit, Beck & Owen, 2007); :math:`CVR = (n_e - n/2)/(n/2)` (Lawshe, 1975). Rules:
    I-CVI 1.00 for three to five experts and .78 for more (Lynn, 1986); κ* above .74; CVR by Lawshe's printed table and
    by the exact one-sided binomial test (Ayre & Scally, 2014); S-CVI/Ave .90, S-CVI/UA .80 (Polit & Beck, 2006).
    Printed minima have two decimals, so values are rounded to two before they are compared. Nothing is dropped.

    Examples
    --------
    >>> import pandas as pd
    >>> votes = pd.DataFrame({"a": [4, 2], "b": [3, 4], "c": [4, 4], "d": [4, 3], "e": [3, 3]}, index=["q1", "q2"])
    >>> content_validity(votes).tables["items"][["i_cvi", "kappa"]].round(2).to_numpy().tolist()
    [[1.0, 1.0], [0.8, 0.76]]
    """
    low, high = _checked(ratings, relevance, relevant, level)
    read = panel if isinstance(panel, Panel) else _read(panel, ratings, low, high)
    if isinstance(panel, Panel):
        low, high = panel.low, panel.high
    if not read.items or not read.ratings:
        raise AnalysisError("The panel has rated nothing.", "CONTENT_NO_RATINGS")
    made = _Made(read, low, high, relevant, float(level))
    for place in range(len(read.items)):
        made.item(place)
    names = list(dict.fromkeys(item.scale for item in read.items))
    for name in names if len(names) > 1 else []:
        made.scale(name, [row for row in made.items if row["scale"] == name])
    made.scale(names[0] if len(names) == 1 and names[0] else "all items", made.items, whole=True)
    made.note_panel()
    columns = [*ESTIMATE_COLUMNS, "item", "scale"]
    return ContentResult(
        estimates=pd.DataFrame(made.estimates, columns=columns),
        n=len(read.experts),
        tables={
            "items": pd.DataFrame(made.items, columns=list(_ITEM_COLUMNS)),
            "scales": pd.DataFrame(made.scales, columns=list(_SCALE_COLUMNS)),
            "rules": pd.DataFrame(made.rules, columns=list(_RULE_COLUMNS)),
            "experts": _experts(read),
        },
        notes=tuple(made.notes),
        samples=sample_table(len(read.experts)),
        call={"relevance": [low, high], "relevant": relevant, "level": float(level), "aspects": list(read.ratings),
              "experts": list(read.experts)},
    )  # fmt: skip


def _checked(ratings: object, relevance: object, relevant: object, level: object) -> tuple[int, int]:
    faults = coverage_faults(level)
    if ratings is not None and ratings not in ASPECTS:
        faults.append(f"`ratings` is one of {', '.join(ASPECTS)}, not {ratings!r}.")
    ends = list(relevance) if isinstance(relevance, list | tuple) else []
    if len(ends) != 2 or not all(map(is_whole, ends)) or not 0 <= ends[0] < ends[1]:
        faults.append(f"`relevance` is the lowest and the highest rating such as (1, 4), not {relevance!r}.")
    elif not (is_whole(relevant) and ends[0] < relevant <= ends[1]):
        faults.append(f"`relevant` is a rating above {ends[0]} and up to {ends[1]}, not {relevant!r}.")
    if faults:
        raise ModelError(faults)
    return int(ends[0]), int(ends[1])


def _read(panel: object, ratings: str | None, low: int, high: int) -> Panel:
    """The panel from a file, or from a DataFrame of one of three shapes."""
    if isinstance(panel, str) or hasattr(panel, "__fspath__"):
        return _from_file(Path(panel), low, high)
    if isinstance(panel, Responses):
        panel = panel.frame
    if not isinstance(panel, pd.DataFrame):
        raise DataError(f"`panel` is the path of a filled form or a DataFrame; found {type(panel).__name__}.")
    if panel.columns.nlevels > 1:
        raise DataError(f"the columns have names on {panel.columns.nlevels} levels; give each one name.")
    frame = panel.rename(columns=str)
    kinds = [form.heading_of(str(name)) for name in frame.columns]
    bare = {str(name).strip().lower(): str(name) for name in frame.columns}
    if "item" in bare and "expert" in bare and any(aspect in bare for aspect in ASPECTS):
        frame = _widened(frame, bare)
    elif not any(kind is not None and kind[0] in ASPECTS for kind in kinds):
        frame = _named(frame, kinds, ratings)
    elif ("item", "") not in kinds:
        frame = frame.assign(item=list(map(str, frame.index)))
    cells = [["" if pd.isna(cell) else form.written(cell) for cell in row] for row in frame.itertuples(index=False)]
    return read_panel([str(name) for name in frame.columns], cells, low=low, high=high)


def _from_file(path: Path, low: int, high: int) -> Panel:
    try:
        raw = bytes_of(path, _LARGEST)
    except OSError as error:
        raise DataError(Fault(f"the file cannot be read: {error.strerror or error}.", str(path))) from None
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        rows = [row for sheet in read_grid(path).sheets[:1] for row in sheet.rows if any(cell.strip() for cell in row)]
        if not rows:
            raise DataError(Fault("the workbook's first sheet is empty.", str(path)))
        width = len(rows[0])
        body = [[*row, *[""] * width][:width] for row in rows[1:]]
        return read_panel(rows[0], body, low=low, high=high, file=str(path), lines=list(range(2, len(rows) + 1)))
    table = read_delimited(raw, str(path))
    if table.faults:
        raise DataError(table.faults)
    cells = [list(row) for row in zip(*table.columns, strict=True)]
    return read_panel(
        table.names,
        cells,
        low=low,
        high=high,
        file=str(path),
        lines=None if table.lines is None else table.lines.tolist(),
    )


def _widened(frame: pd.DataFrame, bare: Mapping[str, str]) -> pd.DataFrame:
    """Long ratings, a row an item and expert, as the form has them."""
    item, expert = frame[bare["item"]].astype(str), frame[bare["expert"]].astype(str)
    again = pd.DataFrame({"item": item, "expert": expert}).duplicated()
    if again.any():
        first = int(again.to_numpy().argmax())
        raise DataError(
            f"{int(again.sum())} rows repeat an item and expert; the first is item '{item.iloc[first]}' by expert "
            f"'{expert.iloc[first]}'. Keep one."
        )
    columns: dict[str, Any] = {"item": list(dict.fromkeys(item))}
    if "scale" in bare:
        scales = dict(zip(item, frame[bare["scale"]], strict=True))
        columns["scale"] = [scales[name] for name in columns["item"]]
    for aspect in ASPECTS:
        if aspect in bare:
            for name in dict.fromkeys(expert):
                given = dict(zip(item[expert == name], frame[bare[aspect]][expert == name], strict=True))
                columns[f"{name}: {aspect}"] = [given.get(one) for one in columns["item"]]
    return pd.DataFrame(columns)


def _named(frame: pd.DataFrame, kinds: Sequence[tuple[str, str] | None], ratings: str | None) -> pd.DataFrame:
    """A plain table of ratings with the headings of the form."""
    about = {str(name): kind[0] for name, kind in zip(frame.columns, kinds, strict=True) if kind is not None}
    experts = [str(name) for name in frame.columns if str(name) not in about]
    if not experts:
        raise DataError("The table has no column of ratings; give each expert a column.")
    numbers = all(_are_numbers(frame[name]) for name in experts)
    aspect = ratings or ("relevance" if numbers else "necessity")
    made = frame.rename(columns={name: f"{name}: {aspect}" for name in experts})
    if "item" not in about.values():
        made = made.assign(item=list(map(str, frame.index)))
    return made


def _are_numbers(column: pd.Series[Any]) -> bool:
    """Whether a column holds numbers, or texts whose digits (of any script) are numbers."""
    if pd.api.types.is_numeric_dtype(column):
        return True
    texts = [form.written(cell).strip() for cell in column.dropna()]
    return all(text.isdecimal() for text in texts if text)


@dataclass
class _Made:
    """Rows of the tables, made item by item."""

    panel: Panel
    low: int
    high: int
    relevant: int
    level: float
    estimates: list[tuple[Any, ...]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    scales: list[dict[str, Any]] = field(default_factory=list)
    rules: list[tuple[Any, ...]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def item(self, place: int) -> None:
        """Everything about one item."""
        about = self.panel.items[place]
        given = {a: [v for v in rows[place] if v is not None] for a, rows in self.panel.ratings.items()}
        row: dict[str, Any] = dict.fromkeys(_ITEM_COLUMNS, NAN) | {"scale": about.scale, "item": about.id, "fails": ""}
        row |= {"experts": len(given.get("relevance", [])), "panel": len(given.get("necessity", []))}
        if found := given.get("relevance", []):
            self._relevance(row, found)
        if found := given.get("necessity", []):
            self._necessity(row, found)
        if found := given.get("clarity", []):
            row["clear"] = sum(value >= self.relevant for value in found)
            row["clarity_cvi"] = row["clear"] / len(found)
            self._estimate(
                "clarity_cvi", row["clarity_cvi"], row, std_error=_share_error(row["clarity_cvi"], len(found))
            )
        unrated = [aspect for aspect, found in given.items() if not found]
        if unrated:
            message = f"Nobody rated the {' and the '.join(unrated)} of item {about.id}; it has no figures there."
            self.notes.append(Note("CONTENT_ITEM_UNRATED", message, "warning", about.id))
        row["fails"] = "; ".join(r[2] for r in self.rules if r[1] == about.id and r[5] == "no")
        self.items.append(row)

    def _relevance(self, row: dict[str, Any], found: list[int]) -> None:
        n, agreeing = len(found), sum(value >= self.relevant for value in found)
        chance, kappa = kernel.modified_kappa(agreeing, n)
        index = agreeing / n
        v, low, high = kernel.aiken(float(sum(found)), n, self.low, self.high, self.level)
        row |= {"relevant": agreeing, "i_cvi": index, "chance": chance, "kappa": kappa, "aiken_v": v, "v_low": low,
                "v_high": high}  # fmt: skip
        self._estimate("i_cvi", index, row, std_error=_share_error(index, n))
        self._estimate("kappa_modified", kappa, row)
        spread = float(np.std(found, ddof=1)) / (self.high - self.low) / n**0.5 if n > 1 else NAN
        self._estimate("aiken_v", v, row, std_error=spread, ends=(low, high))
        minimum = NAN if n < _FEWEST_EXPERTS else 1.0 if n <= _SMALL_PANEL else _LYNN
        self._rule(row, "I-CVI", index, minimum, "lynn_1986")
        # "above .74" of a figure with two decimals is .75 or more
        self._rule(row, "κ*", kappa, _KAPPA + 0.01 if n >= _FEWEST_EXPERTS else NAN, "polit_2007")

    def _necessity(self, row: dict[str, Any], found: list[int]) -> None:
        n, essential = len(found), sum(value == 3 for value in found)
        ratio, printed, exact = kernel.ratio(essential, n), kernel.lawshe_minimum(n)[0], kernel.exact_minimum(n)
        row |= {"essential": essential, "cvr": ratio, "cvr_lawshe": printed, "cvr_exact": exact,
                "cvr_p": kernel.binomial_tail(essential, n)}  # fmt: skip
        self._estimate("cvr", ratio, row, std_error=2.0 * _share_error(essential / n, n), p_value=row["cvr_p"])
        self._rule(row, "CVR (Lawshe's table)", ratio, printed, "lawshe_1975")
        self._rule(row, "CVR (exact)", ratio, exact, "ayre_scally_2014")

    def _estimate(
        self, term: str, value: float, row: Mapping[str, Any], *, std_error: float = NAN, p_value: float = NAN,
        ends: tuple[float, float] = (NAN, NAN),
    ) -> None:  # fmt: skip
        self.estimates.append((term, value, std_error, NAN, NAN, p_value, *ends, row["item"], row["scale"]))

    def _rule(self, row: Mapping[str, Any], rule: str, value: float, minimum: float, source: str) -> None:
        """Compare as the printed tables do, with two decimals."""
        met = "no rule" if np.isnan(minimum) else "yes" if _two_decimals(value) >= _two_decimals(minimum) else "no"
        self.rules.append((row["scale"], row["item"], rule, value, minimum, met, source))

    def scale(self, name: str, rows: list[dict[str, Any]], *, whole: bool = False) -> None:
        """The figures of one scale, or of all items."""
        row: dict[str, Any] = dict.fromkeys(_SCALE_COLUMNS, NAN) | {"scale": name, "items": len(rows)}
        about = {"item": "", "scale": name}
        indices = [one["i_cvi"] for one in rows if one["i_cvi"] == one["i_cvi"]]
        means = {"aiken_v": "mean_aiken_v", "cvr": "mean_cvr", "clarity_cvi": ""}
        if indices:
            row["s_cvi_ave"] = float(np.mean(indices))
            row["s_cvi_ua"] = float(np.mean([index == 1.0 for index in indices]))
            for term in ("s_cvi_ave", "s_cvi_ua"):
                self._estimate(term, row[term], about)
            few = max(one["experts"] for one in rows) < _FEWEST_EXPERTS
            self._rule(about, "S-CVI/Ave", row["s_cvi_ave"], NAN if few else _AVE, "polit_beck_2006")
            self._rule(about, "S-CVI/UA", row["s_cvi_ua"], NAN if few else _UA, "polit_beck_2006")
        for column, term in means.items():
            values = [one[column] for one in rows if one[column] == one[column]]
            if values:
                row["mean_cvr" if column == "cvr" else column] = float(np.mean(values))
                if term:
                    self._estimate(term, float(np.mean(values)), about)
        self.scales.append(row)

    def note_panel(self) -> None:
        """Notes about the panel: silent experts, missing ratings, panels that rules do not cover, columns left out."""
        panel = self.panel
        if panel.ignored:
            message = f"Columns that are no part of a panel form were not read: {', '.join(panel.ignored)}."
            self.notes.append(Note("CONTENT_COLUMNS_IGNORED", message, "warning"))
        for aspect, rows in panel.ratings.items():
            missing = sum(value is None for row in rows for value in row)
            silent = [e for j, e in enumerate(panel.experts) if all(row[j] is None for row in rows)]
            if silent:
                message = f"Experts who rated the {aspect} of no item: {', '.join(silent)}. They are not counted there."
                self.notes.append(Note("CONTENT_EXPERT_SILENT", message, "warning"))
            gaps = missing - len(silent) * len(rows)
            if gaps:
                said = "1 rating" if gaps == 1 else f"{gaps} ratings"
                message = f"Missing: {said} of {aspect}; an item's figures rest on the experts who rated it."
                self.notes.append(Note("CONTENT_RATINGS_MISSING", message))
        sizes = [row["panel"] for row in self.items if row["panel"]]
        if sizes and min(sizes) < min(kernel.LAWSHE):
            message = (
                f"{min(sizes)} experts rated necessity; Lawshe's table begins with {min(kernel.LAWSHE)}, and with "
                "fewer than 5 even agreement of all is within chance at .05."
            )
            self.notes.append(Note("CONTENT_SMALL_PANEL", message, "warning"))
        between = sorted({n for n in sizes if n > min(kernel.LAWSHE) and n not in kernel.LAWSHE})
        if between:
            taken = ", ".join(f"{kernel.lawshe_minimum(n)[1]} for {n}" for n in between)
            message = f"Lawshe's table has no row for {', '.join(map(str, between))} experts; rows taken: {taken}."
            self.notes.append(Note("CONTENT_TABLE_ROW", message))
        rated = [row["experts"] for row in self.items if row["experts"]]
        if rated and min(rated) < _FEWEST_EXPERTS:
            message = (
                f"{min(rated)} experts rated relevance; Lynn's (1986) rule for the index wants {_FEWEST_EXPERTS} at "
                "least, so none is applied where there are fewer."
            )
            self.notes.append(Note("CONTENT_SMALL_PANEL", message, "warning"))
        self._note_disagreement()

    def _note_disagreement(self) -> None:
        """Items that meet one of the two rules for the ratio and not the other."""
        met: dict[str, dict[str, str]] = {}
        for _, item, rule, _, _, verdict, _ in self.rules:
            if rule.startswith("CVR"):
                met.setdefault(item, {})[rule] = verdict
        split = [item for item, found in met.items() if {"yes", "no"} <= set(found.values())]
        if split:
            message = (
                f"Lawshe's printed table and the exact test disagree about {', '.join(split)}: the printed minima are "
                "not those of the binomial distribution for some sizes of panel."
            )
            self.notes.append(Note("CONTENT_RULES_DISAGREE", message))


def _two_decimals(value: float) -> float:
    """Rounded half up, safe against binary fractions just below a half."""
    return float(np.floor(value * 100.0 + 0.5 + 1e-9) / 100.0)


def _share_error(share: float, n: int) -> float:
    return float(np.sqrt(share * (1.0 - share) / n))


def _experts(panel: Panel) -> pd.DataFrame:
    table = pd.DataFrame({"expert": list(panel.experts)})
    for aspect in ASPECTS:
        rows = panel.ratings.get(aspect, ())
        table[aspect] = [sum(row[j] is not None for row in rows) for j in range(len(panel.experts))]
    return table
