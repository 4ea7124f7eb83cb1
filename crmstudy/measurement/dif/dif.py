"""Differential item functioning: do groups of equal standing answer an item alike?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import AnalysisError, DataError, InputError, ModelError, did_you_mean
from crmstudy.kernels.moments import Array, complete_rows
from crmstudy.kernels.multiplicity import ADJUSTMENTS
from crmstudy.kernels.ordinal.regression import Codes
from crmstudy.measurement.dif.models import CRITERIA, TESTS, Pass, Purified, Rules, purify, run_pass
from crmstudy.measurement.dif.pooled import DIF_TESTS, finish_dif
from crmstudy.measurement.dif.tables import (
    MODELS,
    comparison_table,
    estimate_table,
    group_table,
    item_table,
    model_table,
    round_table,
)
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.pooled import pools
from crmstudy.responses import frame_of
from crmstudy.results import Result, records, sample_table
from crmstudy.selection import coverage_faults, is_whole, item_sets, named_columns, numeric_values

MATCHING = ("sum score", "rest score")
_FEW = 200  # respondents in a group, below which simulations found too little power
_LIMIT = 20
_BESIDES = {"p": "", "jodoin_gierl": " and ΔR² ≥ .035", "zumbo": " and ΔR² ≥ .13", "beta": " and Δβ ≥ 10%"}


@dataclass(frozen=True, eq=False, repr=False)
class DifResult(Result):
    """Differential item functioning of the items of a scale.

    ``.estimates``: for each item and group but the reference the difference in log-odds at equal score (term
    ``item: group``, effect ``uniform``) and the difference of slopes (term ``item: score × group``, effect
    ``nonuniform``), then the columns ``item, group, effect``.

    ``.tables``:

    - ``items``: item, n, categories, anchor, chisq, df, p_value, p_adjusted (of the test that flags), delta_nagelkerke,
      delta_mcfadden, jodoin_gierl, zumbo (size in words), beta_change, flagged, form (none, uniform, non-uniform);
    - ``tests``: item, test (uniform, nonuniform, total), chisq, df, p_value, p_adjusted, delta_mcfadden,
      delta_cox_snell, delta_nagelkerke;
    - ``models``: item, model, loglik, npar, mcfadden, cox_snell, nagelkerke;
    - ``purification``: round, anchors, flagged;
    - ``groups``: group, n, score_mean, score_sd (of the last matching score).
    """

    kind: ClassVar[str] = "dif"

    @property
    def text(self) -> str:
        """How many items are flagged, and the one with the largest effect."""
        table, call = self.tables["items"], self.call
        alpha = write_number(1.0 - call["level"], "p", decimals=2)
        correction = "" if call["adjust"] == "none" else f"{call['adjust'].title()}-adjusted "
        besides = _BESIDES[call["criterion"]]
        tested = [row for row in records(table) if row["delta_nagelkerke"] is not None]
        if not tested:
            n = write_number(self.n, "n")
            return (
                f"None of {len(table)} items could be tested for functioning differently by {call['group']} (N = {n})."
            )
        told = (
            f"{int(table['flagged'].sum())} of {len(tested)} items function differently by {call['group']} "
            f"({correction}p < {alpha}{besides}; N = {write_number(self.n, 'n')})"
        )
        top = max(tested, key=lambda row: float(row["delta_nagelkerke"]))
        return (
            f"{told}; the largest effect has {top['item']}, χ²({write_number(top['df'], 'df')}) = "
            f"{write_number(top['chisq'], 'statistic')}, {p_phrase(top['p_adjusted'])}, ΔR² = "
            f"{write_number(top['delta_nagelkerke'], 'index')} ({top['jodoin_gierl']} by Jodoin and Gierl)."
        )

    def plot(self) -> CoefficientPlot | None:
        """Differences in log-odds at equal score, with intervals; None where there are more than two groups."""
        groups = self.tables["groups"]["group"]
        rows = self.estimates[(self.estimates["effect"] == "uniform") & self.estimates["estimate"].notna()]
        if len(groups) != 2 or rows.empty:
            return None
        return CoefficientPlot(
            title="Differences Between Groups at Equal Score",
            alt=f"Log-odds differences of {len(rows)} items between {groups[0]} and {groups[1]}. {self.text}",
            terms=tuple(map(str, rows["item"])),
            estimates=tuple(map(float, rows["estimate"])),
            lows=tuple(map(float, rows["ci_low"])),
            highs=tuple(map(float, rows["ci_high"])),
            x_label=f"log-odds, {groups[1]} against {groups[0]}",
        )


@pools(keys=("item", "group", "effect"), tests=DIF_TESTS, finish=finish_dif, skip=("purification",))
def dif(
    data: object,
    *,
    items: Sequence[str] | str | None = None,
    group: str,
    scale: str | None = None,
    reference: object = None,
    anchor: Sequence[str] | None = None,
    matching: str = "sum score",
    purify: bool = True,
    test: str = "total",
    criterion: str = "p",
    adjust: str = "holm",
    min_count: int = 0,
    level: float = 0.95,
) -> DifResult:
    r"""Differential item functioning by ordinal logistic regression.

    Parameters
    ----------
    data : DataFrame or Responses
        Rows with an answer to every item and a group are used.
    items : sequence of str, optional
        Items of one scale, keyed alike.
    group : str
        Column of the groups, two or more.
    scale : str, optional
        In place of ``items``: a scale of the responses.
    reference : optional
        The group the others are compared with; without it the first in sorted order.
    anchor : sequence of str, optional
        Items to match on, known to be free of DIF; without it all items. Flagged anchors are still taken out when
        ``purify`` is set.
    matching : {"sum score", "rest score"}
        Whether the matching score holds the item that is tested. Without it items of equal discrimination can look
        different (Holland & Thayer, 1988), so the sum is the default.
    purify : bool
        Take flagged items out of the matching score (the tested one aside) and repeat until nothing changes.
    test : {"total", "uniform", "nonuniform"}
        The test that flags: of group and product together (Zumbo, 1999), of the group, of the product.
    criterion : {"p", "jodoin_gierl", "zumbo", "beta"}
        What flags: the adjusted p alone, or together with a change of Nagelkerke's R² of at least .035 (Jodoin & Gierl,
        2001) or .13 (Zumbo & Thomas, 1997), or with a change of the slope of at least 10 % (Crane et al., 2004).
    adjust : {"holm", "bonferroni", "none"}
        Correction of p for the number of items, of each test by itself.
    min_count : int
        Answer categories with fewer answers in a group are joined with their smaller neighbour; 0 joins none.
    level : float
        Coverage of the intervals; an item is flagged at 1 − level.

    Returns
    -------
    DifResult

    Raises
    ------
    DataError, ModelError
        Unknown or non-numeric columns, and options out of range, with all faults.
    AnalysisError
        Fewer than two groups, or than two items that vary.

    Notes
    -----
    Three proportional-odds models :math:`\operatorname{logit} P(Y\le j) = \theta_j - \eta` are compared by
    :math:`\chi^2 = 2(\ell_b - \ell_a)`: (1) :math:`\eta = \beta_1 s`, (2) :math:`+ \beta_2' g`, (3)
    :math:`+ \beta_3' s g` (Zumbo, 1999; Swaminathan & Rogers, 1990 for two categories). 2 against 1 tests uniform DIF,
    3 against 2 non-uniform DIF, 3 against 1 both. :math:`\Delta R^2` is the change of the share of Nagelkerke (1991) or
    McFadden (1974). A category that nobody chose does not count; one that a single group never chose stays, as it is
    information. A positive coefficient says that the group answers higher than the reference at equal score.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> trait, girl = rng.normal(size=600), np.repeat([0, 1], 300)
    >>> answers = {f"q{i}": np.clip(np.round(trait + rng.normal(size=600) + 3), 1, 5) for i in range(1, 6)}
    >>> answers["q5"] = np.clip(np.round(trait + girl + rng.normal(size=600) + 3), 1, 5)
    >>> found = dif(pd.DataFrame(answers).assign(girl=girl), items=list(answers), group="girl")
    >>> found.tables["items"].query("flagged")["item"].tolist()
    ['q5']
    """
    rules = _rules(matching, test, criterion, adjust, min_count, level, purify)
    frame, notes = frame_of(data)
    frame = frame.rename(columns=str)
    names, anchors = _items(data, frame, items, scale, anchor, group)
    answers, codes, labels, dropped = _answers(frame, names, group, reference)
    usable = [j for j in anchors if np.ptp(answers[:, j]) > 0]
    if len(usable) < (1 if anchor is not None else 2):
        raise AnalysisError(
            f"Matching needs items that vary, and only {len(usable)} of {', '.join(names[j] for j in anchors)} do in "
            f"the {len(answers)} complete rows.",
            "DIF_NOTHING_TO_MATCH",
        )
    found = _purified(answers, codes, len(labels), usable, rules, once=not purify)
    last = found.passes[-1]
    tables = {
        "items": item_table(names, last, rules, len(labels), len(answers)),
        "tests": comparison_table(names, last, len(labels)),
        "models": model_table(names, last),
        "purification": round_table(names, found),
        "groups": group_table(answers, codes, labels, last),
    }
    return DifResult(
        estimates=estimate_table(names, labels, last, level),
        n=len(answers),
        tables=tables,
        notes=(*notes, *_notes(names, labels, codes, found, dropped), *_key_notes(names, answers)),
        samples=sample_table(len(answers), dropped),
        call={
            "function": "dif", "items": list(names), "group": group, "reference": labels[0], "anchor":
            None if anchor is None else [names[j] for j in anchors], "matching": matching, "purify": purify,
            "test": test, "criterion": criterion, "adjust": adjust, "min_count": min_count, "level": float(level),
        },
    )  # fmt: skip


def _rules(matching: Any, test: Any, criterion: Any, adjust: Any, min_count: Any, level: Any, purify: Any) -> Rules:
    """The options as asked for; every fault at once."""
    faults = coverage_faults(level)
    choices = (("matching", matching, MATCHING), ("test", test, TESTS), ("criterion", criterion, CRITERIA),
               ("adjust", adjust, ADJUSTMENTS))  # fmt: skip
    for name, value, allowed in choices:
        if not isinstance(value, str) or value not in allowed:
            hint = did_you_mean(str(value), allowed)
            faults.append(f"`{name}` is one of {', '.join(allowed)}, not {value!r}.{hint}")
    if not is_whole(min_count) or min_count < 0:
        faults.append(f"`min_count` is a whole number from 0, such as 5, not {min_count!r}.")
    if not isinstance(purify, bool):
        faults.append(f"`purify` is True or False, not {purify!r}.")
    if faults:
        raise ModelError(faults)
    return Rules(matching, test, criterion, 1.0 - float(level), adjust, int(min_count))


def _items(
    data: object, frame: pd.DataFrame, items: Any, scale: Any, anchor: Any, group: Any
) -> tuple[tuple[str, ...], list[int]]:
    """The items by name and the anchors among them by place; every fault at once."""
    faults: list[Any] = []
    names: tuple[str, ...] = ()
    columns = list(map(str, frame.columns))
    if items is None and scale is None:
        faults.append("Name the items of one scale with `items`, or with `scale` a scale of the responses.")
    else:
        try:
            sets = item_sets(data, frame, items, scale)
            names = sets[0].items
            if len(sets) > 1:
                faults.append(f"One scale is analysed at a time, and {len(sets)} are named.")
            elif sets[0].mirrored:
                faults.append(
                    f"'{sets[0].scale}' takes one of its scales the other way round: analyse its scales alone."
                )
        except InputError as error:
            faults += error.faults
    if not isinstance(group, str) or group not in columns:
        faults.append(f"`group` is a column of the data, not {group!r}.{did_you_mean(str(group), columns)}")
    elif columns.count(group) > 1:
        faults.append(f"The data have {columns.count(group)} columns named '{group}': rename them.")
    elif group in names:
        faults.append(f"'{group}' is the group and an item; it can be one only.")
    if names and len(names) < 2:
        faults.append(f"DIF is a difference between items: name at least two, not only {names[0]}.")
    places = list(range(len(names)))
    if anchor is not None and names:
        try:
            asked = named_columns(frame, anchor, "anchor")
            strange = [name for name in asked if name not in names]
            faults += [f"The anchor '{name}' is not among the items.{did_you_mean(name, names)}" for name in strange]
            places = [j for j in places if names[j] in asked]
        except InputError as error:
            faults += error.faults
    if faults:
        raise DataError(faults)
    return names, places


def _answers(
    frame: pd.DataFrame, names: tuple[str, ...], group: str, reference: Any
) -> tuple[Array, Codes, list[Any], int]:
    """Complete rows, the group of each as a number, the groups (reference first), and how many rows are left out."""
    values = numeric_values(frame, names)
    belongs = frame[group]
    there = complete_rows(values) & belongs.notna().to_numpy()
    if not there.any():
        missing = dict(zip((*names, group), (*np.isnan(values).sum(axis=0), belongs.isna().sum()), strict=True))
        worst = max(missing, key=lambda name: int(missing[name]))
        raise AnalysisError(
            f"No row has all {len(names)} items and '{group}'; most often missing is '{worst}' ({missing[worst]} of "
            f"{len(frame)} rows). Leave it out.",
            "DIF_NO_ROWS",
        )
    kept = belongs[there]
    labels = _sorted(kept.unique().tolist())
    if len(labels) < 2:
        raise AnalysisError(
            f"'{group}' must tell two groups apart, and the {int(there.sum())} complete rows have {len(labels)}.",
            "DIF_ONE_GROUP",
        )
    if len(labels) > max(20, int(there.sum()) // 5):
        raise DataError(f"'{group}' has {len(labels)} values: name a column of groups, not of numbers.")
    if reference is not None:
        if reference not in labels:
            shown = ", ".join(map(str, labels))
            raise DataError(f"reference={reference!r} is no group of '{group}'; there are: {shown}.")
        labels = [reference, *(label for label in labels if label != reference)]
    codes = kept.map({label: at for at, label in enumerate(labels)}).to_numpy(dtype=np.intp)
    return values[there], codes, [_plain(label) for label in labels], int((~there).sum())


def _plain(label: Any) -> Any:
    """A group as it is read: a whole number without its decimals."""
    return int(label) if isinstance(label, float) and label.is_integer() else label


def _sorted(labels: list[Any]) -> list[Any]:
    try:
        return sorted(labels)
    except TypeError:  # numbers beside texts
        return sorted(labels, key=str)


def _purified(answers: Array, codes: Codes, n_groups: int, anchors: list[int], rules: Rules, *, once: bool) -> Purified:
    return purify(
        lambda places: run_pass(answers, codes, n_groups, places, rules),
        anchors, once=once, least_anchors=2, limit=_LIMIT,
    )  # fmt: skip


def _notes(names: Sequence[str], labels: Sequence[Any], codes: Codes, found: Purified, dropped: int) -> list[Note]:
    last, notes = found.passes[-1], []
    if dropped:
        message = f"{dropped} rows are left out because an item or the group is missing."
        notes.append(Note("DIF_ROWS_DROPPED", message))
    few = [f"{label} (n = {n})" for label, n in zip(labels, np.bincount(codes), strict=True) if n < _FEW]
    if few:
        message = f"Fewer than {_FEW} respondents: {', '.join(few)}. DIF of moderate size is easily missed."
        notes.append(Note("DIF_SMALL_GROUP", message))
    notes += _item_notes(names, last)
    flagged = sum(last.flagged)
    ends = {
        "cycle": ("DIF_PURIFICATION_CYCLE", "The purification goes in a circle: the flags of its last round stand."),
        "limit": ("DIF_PURIFICATION_CYCLE", f"The purification did not settle in {_LIMIT} rounds; the last stands."),
        "no anchors": (
            "DIF_NO_ANCHORS",
            f"{flagged} of {len(names)} items are flagged, which leaves fewer than two to match on: the matching score "
            "holds flagged items.",
        ),
    }  # fmt: skip
    if found.ended in ends:
        notes.append(Note(*ends[found.ended], "warning"))
    return notes


def _item_notes(names: Sequence[str], last: Pass) -> list[Note]:
    notes = []
    for name, models in zip(names, last.models, strict=True):
        why: dict[str, list[str]] = {}
        for label, reason in zip(MODELS, models.why, strict=True):
            if reason:
                why.setdefault(reason, []).append(label)
        for reason, which in why.items():
            which_said = "it is not tested" if len(which) == len(MODELS) else f"no test with the model {which[0]}"
            notes.append(Note("DIF_NOT_TESTED", f"'{name}': {which_said}, as {reason}.", "warning", name))
        if models.merged:
            message = f"'{name}': sparse answer categories were joined, which leaves {models.categories}."
            notes.append(Note("DIF_CATEGORIES_MERGED", message, "info", name))
        if models.empty_cells:
            message = f"'{name}' has {models.empty_cells} answer categories that a group never chose."
            notes.append(Note("DIF_EMPTY_CATEGORY", message, "info", name))
    return notes


def _key_notes(names: Sequence[str], answers: Array) -> list[Note]:
    """Items that run against the others: the score they are matched on then has no one meaning."""
    centred = answers - answers.mean(axis=0)
    rest = centred.sum(axis=1, keepdims=True) - centred
    against = [name for name, sign in zip(names, (centred * rest).sum(axis=0), strict=True) if sign < 0]
    if not against:
        return []
    message = f"Keyed against the other items: {', '.join(against)}. Reverse them first, or the score means nothing."
    return [Note("DIF_REVERSED_ITEM", message, "warning", against[0])]


def flagged_items(result: DifResult) -> list[str]:
    """Names of the items with DIF."""
    return [str(row["item"]) for row in records(result.tables["items"]) if row["flagged"]]
