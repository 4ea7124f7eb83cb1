"""Which modules of a CRM system are there, who uses them, how deeply and how often, and what they are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.assessment.catalogue import catalogue, common_words, language, part_labels
from crmstudy.assessment.modules.answers import COLUMNS, OFTEN, USEFUL, answers_of
from crmstudy.assessment.modules.curve import curve_drawing
from crmstudy.assessment.modules.listed import ALL, architecture_of, areas_of, module_functions
from crmstudy.assessment.modules.shown import SHOWN
from crmstudy.assessment.modules.tables import (
    QUADRANTS,
    USE_LINE,
    USEFUL_LINE,
    Gathered,
    estimates_of,
    fill,
    fill_waves,
)
from crmstudy.assessment.modules.telling import adoption_prose, unused_named
from crmstudy.assessment.options import disclosure_faults, name_faults
from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.disclosure import Ledger, Rules
from crmstudy.drawing import Bars, Drawing, QuadrantMap
from crmstudy.errors import ModelError, did_you_mean
from crmstudy.notes import Note
from crmstudy.results import sample_table
from crmstudy.selection import coverage_faults

#: Working days of a month: so many times a month count as daily use.
DAILY = 20.0
_PARTS = ("coverage", "depth", "frequency")


@dataclass(frozen=True, eq=False, repr=False)
class ModuleAdoptionResult(AssessmentResult):
    """Availability, use, depth, frequency and usefulness of CRM modules.

    Percents are 0 to 100. A figure F has its base ``n_F`` (people), its value ``F``, ``F_sd`` where it is a mean, and
    the interval ``F_low``, ``F_high``; ``hidden`` names figures that are withheld or given as a band only.
    ``estimates`` has the figures of ``modules``; term ``sales.depth``.

    Tables: ``modules`` (module, label, functions, asked, n, available, used, adopted, coverage, depth, frequency,
    usefulness, hidden, index; first row ``all``), ``functions`` (module, function, label, lineage, source, n,
    available, used, frequency, usefulness, hidden), ``roles`` and ``units`` as ``modules`` with the group in front,
    ``role_functions`` and ``unit_functions`` as ``functions``, ``areas`` and ``lineage`` as ``modules``, ``unused``
    (module, function, label, available, n_used, used, used_low, used_high, usefulness, clear), ``map`` (level, name,
    label, used, usefulness, quadrant, band), ``benchmark`` (case, n, adopted, low, high, what), ``contradictions``
    (function, contradiction, n), ``architecture`` (answer, label, modules); with waves also ``waves`` (as ``modules``
    by wave), ``curve`` (module, time, n, new, cumulative, low, high, using), ``adopters`` (see
    :class:`AdoptionCurveResult`) and ``not_adopted``.

    ``ledger`` is what a later result must be measured against, where one was given.
    """

    ledger: Ledger | None = None

    kind: ClassVar[str] = "module-adoption"
    shown: ClassVar[tuple[Shown, ...]] = SHOWN

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """What is there, what is used, what lies idle, and what was left out."""
        language(lang)
        return adoption_prose(self.tables, self.n, self.call, lang)

    def next_steps(self, lang: str = "en") -> tuple[str, ...]:
        """The functions that are there and hardly used."""
        return unused_named(self.tables["unused"], self.call, lang)

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """Names of the modules, and all of them together."""
        return {"module": {**part_labels("modules", "modules", lang), ALL: common_words(lang)[ALL]}}

    def drawings(self) -> tuple[Drawing, ...]:
        """Use and usefulness of the modules; their indices; adoption over waves."""
        modules = self.tables["modules"]
        points = self.tables["map"].query("level == 'module'")
        made: list[Drawing] = []
        if len(points):
            made.append(_map(points))
        known = modules[modules["index"].notna() & (modules["module"] != ALL)]
        if len(known):
            made.append(_indices(known))
        if "curve" in self.tables:
            curve = self.tables["curve"].query("module == @ALL")
            last = curve.iloc[-1]
            said = f"From {last['low']:.1f} to {last['high']:.1f} percent by {last['time']}."
            made.append(curve_drawing({"ever used": curve}, said))
        return tuple(made)


def _map(points: pd.DataFrame) -> QuadrantMap:
    said = "; ".join(
        f"{name}: {', '.join(rows['label'])}" for name, rows in points.groupby("quadrant", sort=False)
    )  # fmt: skip
    return QuadrantMap(
        title="Use and usefulness of modules",
        alt=f"{len(points)} modules by the percent of people who use them and by their mean usefulness. {said}.",
        points=tuple(
            (str(label), float(x), float(y))
            for label, x, y in zip(points["label"], points["used"], points["usefulness"], strict=True)
        ),
        x_label="Use among those who have it (%)",
        y_label="Usefulness (1 to 5)",
        x_line=USE_LINE,
        y_line=USEFUL_LINE,
        quadrants=QUADRANTS,
    )


def _indices(known: pd.DataFrame) -> Bars:
    top = known.sort_values("index", kind="stable").iloc[-1]
    return Bars(
        title="Adoption index by module",
        alt=f"Adoption index of {len(known)} modules, from 0 to 100; highest is {top['label']}, {top['index']:.1f}.",
        names=tuple(map(str, known["label"])),
        series=(("index", tuple(map(float, known["index"]))),),
        x_label="Adoption index (0 to 100)",
    )


def module_adoption(
    answers: object,
    *,
    role: str | None = None,
    unit: str | None = None,
    wave: str | None = None,
    area: str | Sequence[str] | None = None,
    architecture: str | Mapping[str, str] | None = None,
    often: str = "scale",
    weights: Mapping[str, float] | None = None,
    unused_below: float = 20.0,
    rules: Rules | None = None,
    ledger: Ledger | None = None,
    level: float = 0.95,
) -> ModuleAdoptionResult:
    r"""Assess the adoption of the modules of a CRM system by the people who work with it.

    Parameters
    ----------
    answers : DataFrame, Responses or path
        A row for each respondent and function (and wave): ``respondent``, ``function`` (see :func:`module_functions`),
        ``available`` (yes, no, unknown), ``used`` (yes, no), and where they were asked ``frequency`` and ``usefulness``
        (1 to 5). Forms written by :func:`module_form` are read in every language.
    role, unit, wave : str, optional
        Columns of the respondents' role and unit, and of the wave. Figures are of the last wave; numbers within the
        names of waves count as numbers.
    area : {"sales", "contact", "marketing", "service"} or several, optional
        Only functions of these service areas.
    architecture : {"stand-alone", "erp-module", "both", "unknown"} or mapping of module to these, optional
        How the system stands, or each module.
    often : {"scale", "monthly"}
        ``frequency`` is 0 (never) to 4 (daily), or times a month, of which 20 count as daily use in the index.
    weights : mapping, optional
        Of ``coverage``, ``depth`` and ``frequency`` in the index; left out: the same for each.
    unused_below : float
        Percent of use among those who have a function below which it counts as unused.
    rules : Rules, optional
        From how many people on figures are shown: 5 for means, 10 for shares of people. With ``Rules(round_to=5)``
        numbers of people are rounded, and figures so far that they do not tell them, without deviations and errors.
    ledger : Ledger, optional
        What was shown before about the same people.
    level : float
        Coverage of the intervals.

    Returns
    -------
    ModuleAdoptionResult

    Raises
    ------
    DataError
        For missing columns, unknown functions, values that are none, and two different answers of one respondent on
        one function.
    ModelError
        For faulty options.

    Notes
    -----
    Availability is the share of yes among yes and no. Use is the share of those who have a function. Over functions
    each person counts once: coverage is the mean share of functions that are there, depth that of functions used among
    those there. The index is :math:`100\,c^{w_c}d^{w_d}f^{w_f}` of mean coverage, depth and frequency as shares of 1,
    the last only of those who use anything; it has no interval. Where nobody at all said how often, it is of the other
    two; where one of its parts is not shown, there is none. Shares have score intervals (Wilson, 1927), means t
    intervals. Contradictory answers (used but not there) count neither as use nor as none. The curve over waves
    follows people who answered in each wave; see :func:`adoption_curve`. The 96 % of BMC Software are one firm's figure
    for its sales force, without a sample size: a case, not a norm. Source documents 1.1, 3.2, 3.7, 3.8.1 to 3.8.13
    and 4.13.

    Examples
    --------
    >>> rows = [(i, f, "yes", "yes" if i < 6 else "no") for i in range(12) for f in ("lead-first", "lead-sources")]
    >>> table = pd.DataFrame(rows, columns=["respondent", "function", "available", "used"])
    >>> found = module_adoption(table).tables["modules"].set_index("module")
    >>> found.loc["lead", ["n_used", "used", "depth"]].tolist()
    [12.0, 50.0, 50.0]
    """
    shares = _checked(
        {"role": role, "unit": unit, "wave": wave}, often, weights, unused_below, level,
        disclosure_faults(rules, ledger),
    )  # fmt: skip
    areas, listed, stands = areas_of(area), module_functions(area), architecture_of(architecture)
    given = answers_of(answers, listed, role, unit, wave, often)
    rules = rules or Rules()
    tops = {"frequency": OFTEN[1] if often == "scale" else float("inf"), "usefulness": USEFUL[1]}
    gathered = Gathered(rules, level, shares, min(tops["frequency"], DAILY), tops, ledger)
    fill(given, listed, areas, gathered, unused_below)
    tables, notes = gathered.tables, list(given.notes)
    if len(given.waves) > 1:
        left_out = fill_waves(given, list(tables["modules"]["module"]), gathered)
        notes.append(_panel_note(left_out, rules))
    tables["architecture"] = _architecture_table(stands)
    last = given.frame if not given.waves else given.frame[given.frame["wave"] == given.waves[-1]]
    n = rules.n_shown(int(last["respondent"].nunique()))
    notes += _notes(tables, gathered, rules, n, bool(last["frequency"].notna().any()))
    return ModuleAdoptionResult(
        estimates=estimates_of(tables["modules"], rules), n=n, samples=sample_table(n), tables=tables,
        notes=tuple(notes), ledger=gathered.ledger,
        call={
            "role": role, "unit": unit, "wave": wave, "waves": list(given.waves), "area": areas, "often": often,
            "weights": shares, "unused_below": unused_below, "level": level, "withheld": gathered.withheld,
            "k_means": rules.k_means, "k_distributions": rules.k_distributions,
        },
    )  # fmt: skip


def _checked(
    columns: Mapping[str, object], often: object, weights: object, below: float, level: object, faults: Sequence[str]
) -> dict[str, float]:
    """The weights of the index, adding up to 1; all faulty options at once, with those found already."""
    faults = [*faults, *coverage_faults(level), *name_faults(columns, optional=list(columns))]
    named = [name for name in columns.values() if isinstance(name, str)]
    taken = sorted({name for name in named if name in COLUMNS or named.count(name) > 1})
    if taken:
        faults.append(
            f"`role`, `unit` and `wave` are columns of their own; {', '.join(taken)} is used for more than one."
        )
    if often not in ("scale", "monthly"):
        faults.append(f"`often` is scale or monthly, not {often!r}.{did_you_mean(str(often), ('scale', 'monthly'))}")
    if not _number(below) or not 0.0 < below <= 100.0:
        faults.append(f"`unused_below` is a percentage above 0 and up to 100, not {below!r}.")
    if weights is not None and not isinstance(weights, Mapping):
        faults.append(f"`weights` is a mapping such as {{'depth': 2}}, not {weights!r:.200}.")
        weights = None
    given: dict[str, Any] = dict.fromkeys(_PARTS, 1.0) if weights is None else dict(weights)
    for name, value in given.items():
        if name not in _PARTS:
            hint = did_you_mean(str(name), _PARTS)
            faults.append(f"`weights` are of {', '.join(_PARTS)}; '{name}' is none of them.{hint}")
        elif not _number(value) or value < 0.0:
            faults.append(f"the weight of '{name}' is a number, 0 or more, not {value!r}.")
    if not faults and not sum(given.values()) > 0.0:
        faults.append("`weights` are all 0; give at least one part a weight.")
    if faults:
        raise ModelError(faults)
    total = float(sum(given.values()))
    return {name: float(given.get(name, 0.0)) / total for name in _PARTS}


def _number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and bool(np.isfinite(float(value)))


def _architecture_table(stands: Mapping[str, str]) -> pd.DataFrame:
    answers: Mapping[str, Any] = catalogue("modules")["architecture"]["answers"]
    rows = [
        (answer, about["label"]["en"], ", ".join(name for name, said in stands.items() if said == answer))
        for answer, about in answers.items()
        if answer in stands.values()
    ]
    return pd.DataFrame(rows, columns=["answer", "label", "modules"], dtype=object)


def _panel_note(left_out: int, rules: Rules) -> Note:
    if left_out < 0:
        message = f"Fewer than {rules.k('distribution')} people answered in every wave, so there is no adoption curve."
        return Note("MODULES_NO_PANEL", message, "warning", "waves")
    message = (
        f"The adoption curve follows those who answered in every wave; {rules.n_shown(left_out)} people who did not, "
        "or whose use is not known in some wave, are not in it."
    )
    return Note("MODULES_PANEL", message, subject="waves")


def _notes(tables: Mapping[str, pd.DataFrame], gathered: Gathered, rules: Rules, n: int, often: bool) -> list[Note]:
    """What was not asked, withheld, or has no interval."""
    notes = []
    modules = tables["modules"]
    none = modules.loc[modules["asked"] == 0, "label"].tolist()
    some = modules.loc[(modules["asked"] > 0) & (modules["asked"] < modules["functions"]) & (modules["module"] != ALL)]
    if none:
        message = f"Nobody answered on {', '.join(none)}; there are no figures for them."
        notes.append(Note("MODULES_NOT_ASKED", message, "warning", "modules"))
    if len(some):
        told = ", ".join(f"{row['label']} ({row['asked']} of {row['functions']})" for row in some.to_dict("records"))
        message = f"Not all functions were answered on: {told}. Coverage and depth are of those that were."
        notes.append(Note("MODULES_PARTLY_ASKED", message, subject="modules"))
    if gathered.withheld:
        message = (
            f"{gathered.withheld} figures are withheld or given as a band: they would be of fewer than "
            f"{rules.k_means} people (shares: {rules.k_distributions}), let such a figure be computed, or show that "
            "(nearly) all in a group say the same."
        )
        notes.append(Note("MODULES_WITHHELD", message, subject="groups"))
    same = [
        f"{row['label']} ({figure})"
        for row in modules.to_dict("records")
        for figure in ("coverage", "depth", "frequency", "usefulness")
        if np.isfinite(row[figure]) and not np.isfinite(row[f"{figure}_low"])
    ]
    if same:
        message = f"All people give the same value, so that a mean has no interval: {', '.join(same)}."
        notes.append(Note("MODULES_NO_INTERVAL", message, subject="modules"))
    if rules.round_to > 1:
        message = (
            f"Numbers of people are rounded to multiples of {rules.round_to}, and figures so far that the exact "
            "numbers do not follow from them."
        )
        notes.append(Note("DISCLOSURE_ROUNDED", message))
    if not often and n >= rules.k_means:
        message = "Nothing is known about how often functions are used; the index is of coverage and depth alone."
        notes.append(Note("MODULES_NO_FREQUENCY", message, subject="index"))
    return notes
