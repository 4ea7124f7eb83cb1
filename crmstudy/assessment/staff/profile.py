"""The staff profile: six characteristics by role and unit, the gap to what a role needs, and what to train first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.assessment.catalogue import common_words
from crmstudy.assessment.options import disclosure_faults, name_faults
from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.assessment.staff.figures import MOST_CELLS, Figure, figures_of
from crmstudy.assessment.staff.scores import StaffScores, staff_scores
from crmstudy.assessment.staff.tabled import estimates_of, figure_table, gap_table, hidden_table, priority_table
from crmstudy.assessment.staff.telling import priorities, sentences
from crmstudy.assessment.staff.wanted import Wanted, checked, wanted_of
from crmstudy.disclosure import Ledger, Rules
from crmstudy.drawing import Bars, Drawing, Grid, Radar
from crmstudy.errors import AnalysisError
from crmstudy.notes import Note
from crmstudy.results import sample_table
from crmstudy.selection import coverage_faults

#: More roles than this make a radar that nobody can read.
_MOST_LINES = 5
_MOST_BARS = 20
_NAN = float("nan")


@dataclass(frozen=True, eq=False, repr=False)
class StaffProfile(AssessmentResult):
    """Characteristics of staff by role and unit; what must not be shown is absent.

    ``estimates`` has the means of the roles (``term`` is ``role: characteristic``). Tables: ``everybody`` (facet,
    characteristic, n, mean, sd, ci_low, ci_high, band_low, band_high, withheld), ``roles`` (role first), ``units``
    (unit first), ``cells`` (role and unit first), ``gaps`` (role, facet, characteristic, n, target, mean, gap,
    std_error, statistic, df, p_value, p_adjusted, ci_low, ci_high, d, d_low, d_high, verdict), ``priorities`` (rank,
    role, facet, characteristic, shortfall, weight, priority, tied, verdict) and ``hidden`` (group, role, unit,
    withheld, figures).
    ``ledger`` is what has been shown so far, this profile included; a study keeps it for the next one.
    """

    ledger: Ledger = field(default_factory=Ledger)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    kind: ClassVar[str] = "staff_profile"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "roles",
            "Characteristics of Staff by Role",
            (
                ("role", "Role", "text"), ("characteristic", "Characteristic", "text"), ("n", "n", "n"),
                ("mean", "M", "estimate"), ("sd", "SD", "estimate"), ("ci_low", "CI low", "estimate"),
                ("ci_high", "CI high", "estimate"), ("band_low", "Band from", "estimate"),
                ("band_high", "to", "estimate"), ("withheld", "Withheld", "text"),
            ),
            "Self-descriptions. Where nearly all of a group agree, a band stands in place of the mean.",
        ),
        Shown(
            "gaps",
            "Gap to the Target of the Role",
            (
                ("role", "Role", "text"), ("characteristic", "Characteristic", "text"), ("n", "n", "n"),
                ("target", "Target", "estimate"), ("mean", "M", "estimate"), ("gap", "Gap", "estimate"),
                ("ci_low", "CI low", "estimate"), ("ci_high", "CI high", "estimate"), ("d", "d", "estimate"),
                ("p_adjusted", "p (Holm)", "p"), ("verdict", "Verdict", "text"),
            ),
            "Gap: mean minus target. A verdict is given where the interval of the gap excludes 0.",
        ),
        Shown(
            "priorities",
            "Training Priorities",
            (
                ("rank", "Rank", "n"), ("role", "Role", "text"), ("characteristic", "Characteristic", "text"),
                ("shortfall", "Shortfall", "estimate"), ("weight", "Weight", "estimate"),
                ("priority", "Priority", "estimate"), ("tied", "Tied", "text"), ("verdict", "Verdict", "text"),
            ),
            "Priority: shortfall times weight.",
        ),
        Shown(
            "units",
            "Characteristics of Staff by Unit",
            (
                ("unit", "Unit", "text"), ("characteristic", "Characteristic", "text"), ("n", "n", "n"),
                ("mean", "M", "estimate"), ("sd", "SD", "estimate"), ("ci_low", "CI low", "estimate"),
                ("ci_high", "CI high", "estimate"), ("withheld", "Withheld", "text"),
            ),
        ),
        Shown(
            "hidden",
            "Groups That Are Not Shown",
            (
                ("group", "Kind of group", "text"), ("role", "Role", "text"), ("unit", "Unit", "text"),
                ("withheld", "Reason", "text"), ("figures", "Figures", "n"),
            ),
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """How many, what is high and low, the gaps and priorities, what is withheld, and how far it carries."""
        return sentences(self.tables, self.fit, self.names, lang)

    def next_steps(self, lang: str = "en") -> tuple[str, ...]:
        """The training priorities."""
        return priorities(self.tables["priorities"], self.names, lang)

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """Words for the verdicts."""
        return {"verdict": common_words(lang)}

    def drawings(self) -> tuple[Drawing, ...]:
        """Means of the roles as a heat map and, of up to five roles, as a radar; the training priorities as bars."""
        table = self.tables["roles"]
        roles, facets = list(dict.fromkeys(table["role"])), list(dict.fromkeys(table["characteristic"]))
        cells = {(row["role"], row["characteristic"]): row["mean"] for row in table.to_dict("records")}
        means = {role: tuple(_or_none(cells[role, facet]) for facet in facets) for role in roles}
        low, high = self.call["range"]
        found: list[Drawing] = [
            Grid(
                title="Characteristics of staff by role",
                alt=f"Means of {len(facets)} characteristics for {len(roles)} roles; what is withheld is empty.",
                rows=tuple(roles), columns=tuple(facets), values=tuple(means.values()), low=low, high=high,
            )
        ]  # fmt: skip
        whole = {role: values for role, values in means.items() if None not in values}
        if len(facets) > 2 and 0 < len(whole) <= _MOST_LINES:
            alt = f"Profiles of {', '.join(whole)} over {len(facets)} characteristics, up to {high:g}."
            found.append(Radar("Profiles of the roles", alt, tuple(facets), tuple(whole.items()), high))
        first = self.tables["priorities"].head(_MOST_BARS)
        if len(first):
            names = tuple(f"{row['role']}: {row['characteristic']}" for row in first.to_dict("records"))
            alt = f"Shortfall times weight, the largest first: {names[0]}."
            values = tuple(map(float, first["priority"]))
            found.append(Bars("Training priorities", alt, names, (("Priority", values),), x_label="Shortfall x weight"))
        return tuple(found)


def staff_profile(
    data: object,
    *,
    role: str,
    unit: str | None = None,
    targets: object = None,
    weights: object = None,
    rules: Rules | None = None,
    ledger: Ledger | None = None,
    level: float = 0.95,
) -> StaffProfile:
    r"""Six characteristics of staff by role and unit, against the targets of the roles (source documents 0.5).

    Parameters
    ----------
    data : Responses, DataFrame or path
        Responses to the instrument ``staff-profile``; or a table with its items, or with a column for each
        characteristic (``positive_attitude``, ``people_orientation``, ``organising_skill``, ``analytical_skill``,
        ``empathy``, ``profit_awareness``), scores from 1 to 5.
    role, unit : str
        Columns of the role and, optionally, of the unit.
    targets : number or mapping, optional
        What is needed, on the scale of the scores: one number for all, by characteristic, or by role a number or a
        mapping of characteristics to numbers. What is said of a role goes before what is said of all.
    weights : number or mapping, optional
        How much a characteristic counts, from 0 on, given as targets are; 1 where nothing is said.
    rules : Rules, optional
        From how many people on figures are shown: 5 for means of roles and units, 10 for roles in units. With
        ``Rules(round_to=5)`` numbers of people are rounded, and means so far that they do not tell them; what would
        give the numbers away (standard deviations and errors, degrees of freedom, tests, standardised gaps) is left
        out.
    ledger : Ledger, optional
        What was shown earlier. Where the responses have an ``id``, people are compared by it over filters, files and
        waves; else by their rows within one file, and by counts between files.
    level : float
        Coverage of the intervals.

    Returns
    -------
    StaffProfile

    Raises
    ------
    DataError, ModelError
        With all faults: columns, scores, targets, weights, options.
    AnalysisError
        When nobody has a role and a score, or nothing may be shown.

    Notes
    -----
    A gap is the mean minus the target :math:`\tau` of the role, :math:`t=(\bar x-\tau)/(s/\sqrt n)`, with its t
    interval; :math:`d=(\bar x-\tau)/s` with the interval from the noncentral t distribution (Steiger & Fouladi, 1997);
    p-values are adjusted over all gaps (Holm, 1979). A priority is shortfall times weight; equal ones share a rank.
    Small groups are withheld, and others with them, so that nothing about fewer than k people can be computed from all
    that is shown: see :mod:`crmstudy.disclosure`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"role": ["sales"] * 6, "empathy": [3.0, 4.0, 3.5, 2.5, 4.0, 3.0]})
    >>> staff_profile(table, role="role", targets={"empathy": 4}).tables["gaps"]["gap"].round(3).tolist()
    [-0.667]
    """
    checked(
        [
            *name_faults({"role": role, "unit": unit}, optional=["unit"]), *disclosure_faults(rules, ledger),
            *coverage_faults(level),
        ]
    )  # fmt: skip
    rules = rules or Rules()
    staff = staff_scores(data, role, unit)
    roles = sorted(set(staff.roles))
    aims, faults = wanted_of(targets, "targets", roles, staff.facets, _target_fault(staff))
    importance, more = wanted_of(weights, "weights", roles, staff.facets, _weight_fault)
    checked(faults + more)
    figures, after = figures_of(staff, rules, ledger or Ledger())
    if not any(not figure.reason for figure in figures):
        raise AnalysisError(
            f"Nothing may be shown: of {len(staff.roles)} people no group has {rules.k()} whose figures reveal nobody.",
            "STAFF_NOTHING_SHOWN",
        )
    exact = rules.round_to == 1
    gaps = gap_table(staff, figures, aims, rules, level)
    priorities = priority_table(gaps, importance)
    hidden = hidden_table(figures)
    tables = {
        "everybody": figure_table(staff, figures, "all", (), rules, level),
        "roles": figure_table(staff, figures, "role", ("role",), rules, level),
        "units": figure_table(staff, figures, "unit", ("unit",), rules, level),
        "cells": figure_table(staff, figures, "cell", ("role", "unit"), rules, level),
        "gaps": gaps if exact else gaps.assign(**dict.fromkeys(_TELLING, _NAN)),
        "priorities": priorities,
        "hidden": hidden,
    }
    n = rules.n_shown(len(staff.roles))
    return StaffProfile(
        estimates=estimates_of(staff, figures, rules, level),
        n=n,
        fit=_summary(figures, gaps, rules, len(roles)),
        tables=tables,
        notes=(*staff.notes, *_findings(figures, gaps, rules, targets is None)),
        samples=sample_table(n, staff.dropped),
        call={
            "role": role, "unit": unit, "targets": _nested(aims), "weights": _nested(importance), "level": level,
            "range": list(_range(staff)), "k_means": rules.k_means, "k_distributions": rules.k_distributions,
            "round_to": rules.round_to,
        },
        ledger=after,
        names=staff.names,
    )  # fmt: skip


#: Figures from which the number of people follows.
_TELLING = ("std_error", "statistic", "df", "p_value", "p_adjusted", "d", "d_low", "d_high")


def _target_fault(staff: StaffScores) -> Any:
    def fault(facet: str, value: float) -> str:
        low, high = staff.ranges[facet]
        return "" if low <= value <= high else f"{value:g} is outside the scale, {low:g} to {high:g}."

    return fault


def _weight_fault(facet: str, value: float) -> str:
    return f"{value:g} is negative; a weight is 0 or more." if value < 0 else ""


def _summary(figures: Sequence[Figure], gaps: pd.DataFrame, rules: Rules, roles: int) -> pd.Series[Any]:
    whole = [figure for figure in figures if figure.level == "all"]
    return pd.Series(
        {
            "people": float(rules.n_shown(max(len(figure.values) for figure in whole))), "roles": float(roles),
            "k": float(rules.k_means), "k_crossing": float(rules.k_distributions),
            "withheld": float(sum(bool(figure.reason) for figure in figures)),
            "banded": float(sum(figure.band is not None for figure in figures)),
            "gaps": float(gaps["gap"].notna().sum()), "below": float((gaps["verdict"] == "below").sum()),
            "above": float((gaps["verdict"] == "above").sum()),
        }
    )  # fmt: skip


def _findings(figures: Sequence[Figure], gaps: pd.DataFrame, rules: Rules, no_targets: bool) -> list[Note]:
    notes = []
    withheld = sum(bool(figure.reason) for figure in figures)
    banded = sum(figure.band is not None for figure in figures)
    if withheld:
        message = (
            f"{withheld} figures are withheld: about fewer than {rules.k_means} people, or fewer than "
            f"{rules.k_distributions} for a role in a unit, and those from which such figures could be computed."
        )
        notes.append(Note("DISCLOSURE_SMALL_GROUPS", message, "warning"))
        message = (
            "Figures of larger groups are withheld too where with the rest, or with what was shown earlier, figures of "
            "too few people could be computed from them; which these are would tell how small the others are."
        )
        notes.append(Note("DISCLOSURE_SECONDARY", message, "warning"))
    if banded:
        message = f"{banded} means are given as a band, as all or nearly all of the group agree."
        notes.append(Note("DISCLOSURE_BANDED", message))
    if rules.round_to > 1:
        message = (
            f"Numbers of people are rounded to multiples of {rules.round_to}, means so far that they do not tell them; "
            "what would give the numbers away is left out."
        )
        notes.append(Note("DISCLOSURE_ROUNDED", message))
    open_ = len({(each.role, each.facet) for each in figures if each.level == "role"}) - len(gaps)
    if open_ and not no_targets:
        message = f"For {open_} of the figures of roles no target is given: they have no gap and no priority."
        notes.append(Note("STAFF_NO_TARGET", message))
    if any(each.level == "unit" for each in figures) and not any(each.level == "cell" for each in figures):
        message = f"More than {MOST_CELLS} roles in units are large enough to be shown; the table of them is left out."
        notes.append(Note("STAFF_TOO_MANY_CELLS", message))
    message = "Self-descriptions on a draft instrument: for training needs, not for choosing or dismissing people."
    notes.append(Note("STAFF_SELF_DESCRIPTION", message, "warning"))
    return notes


def _nested(wanted: Wanted) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for (role, facet), value in wanted.items():
        found.setdefault(role, {})[facet] = value
    return found


def _range(staff: StaffScores) -> tuple[float, float]:
    return min(low for low, _ in staff.ranges.values()), max(high for _, high in staff.ranges.values())


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
