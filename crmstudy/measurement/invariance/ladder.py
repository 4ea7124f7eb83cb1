"""The ladder of invariance: every level's fit, its difference from the level before, and what is decided."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError
from crmstudy.fitted.comparison import compare_models
from crmstudy.measurement.invariance.groups import Fitted
from crmstudy.measurement.invariance.levels import Change, Step, Verdicts, judge_step
from crmstudy.notes import Note
from crmstudy.results import Result

HELD, NOT_HELD, NOT_JUDGED, START = "held", "not held", "not judged", "starting point"
#: Fit indices that the report shows, and the changes that rules look at.
INDICES = ("cfi", "tli", "rmsea", "srmr")
CHANGES = ("cfi", "rmsea", "srmr")
#: Endings of corrected indices, the better first.
_ENDINGS = ("_robust", "_scaled")
_SCALED = ("chisq_scaled", "df_scaled", "pvalue_scaled")


@dataclass(frozen=True, eq=False)
class Rung:
    """One fitted level: what it changes, and how it is judged by every rule."""

    step: Step
    fit: Fitted
    change: Change
    delta_chisq: float
    rmsea_diff: float
    verdicts: Verdicts
    decision: str
    rule: str

    @property
    def is_sound(self) -> bool:
        """Whether its numbers may be interpreted."""
        return self.fit.converged and self.fit.admissible


@dataclass(frozen=True)
class Ladder:
    """All rungs, from the configural model up. ``ending`` names the indices that are judged: plain, scaled, robust."""

    rungs: tuple[Rung, ...]
    ending: str
    criteria: str
    notes: tuple[Note, ...]

    @property
    def held(self) -> tuple[Rung, ...]:
        """The rungs that are supported: held themselves, like all below them; none when the first is unsound."""
        found = []
        for rung in self.rungs:
            if not rung.is_sound or rung.decision not in (START, HELD):
                break
            found.append(rung)
        return tuple(found)

    @property
    def decisive(self) -> tuple[Rung, ...]:
        """The rungs that decide which level is the highest one held: these, and the first that is not."""
        return self.rungs[: len(self.held) + 1] if self.held else ()

    @property
    def failing(self) -> Rung | None:
        """The first rung that is not supported."""
        at = len(self.held)
        return self.rungs[at] if at < len(self.rungs) else None


def climb(steps: Sequence[Step], fits: Sequence[Fitted], criteria: str, alpha: float) -> Ladder:
    """Compare every level with the one before it, and judge the difference."""
    ending = _judged_indices(fits)
    rungs, notes = [], []
    for number, (step, fit) in enumerate(zip(steps, fits, strict=False)):
        if number == 0:
            nothing = Change(math.nan, math.nan, math.nan, math.nan, math.nan)
            rungs.append(Rung(step, fit, nothing, math.nan, math.nan, Verdicts(), START, ""))
            continue
        tested, said = _difference(steps[number - 1], fits[number - 1], step, fit)
        change = _change(fits[number - 1], fit, tested, ending)
        sound = all(one.converged and one.admissible for one in fits[number - 1 : number + 1])
        verdicts = judge_step(step.level, change, fit.n, alpha) if sound else Verdicts()
        verdict, rule = verdicts.by(criteria)
        decision = NOT_JUDGED if verdict is None else HELD if verdict else NOT_HELD
        rule = "" if verdict is None else rule
        rungs.append(Rung(step, fit, change, tested["chisq_diff"], tested["rmsea_diff"], verdicts, decision, rule))
        notes += said
    return Ladder(tuple(rungs), ending, criteria, tuple(notes))


def ladder_table(ladder: Ladder) -> pd.DataFrame:
    """One row a level; columns that no level has a value in are left out (scaled and robust figures, AIC and BIC)."""
    rungs = ladder.rungs
    fits = [rung.fit.fit for rung in rungs]
    columns: dict[str, Any] = {
        "level": [rung.step.level for rung in rungs],
        "equal": [", ".join(rung.step.equal) for rung in rungs],
    }
    whole = ["npar", "chisq", "df", "pvalue", *_SCALED, *INDICES]
    whole += [f"{name}{ending}" for ending in _ENDINGS for name in INDICES] + ["aic", "bic"]
    for name in whole:
        values = [float(fit.get(name, math.nan)) for fit in fits]
        if name in ("npar", "chisq", "df", "pvalue", *INDICES) or np.isfinite(values).any():
            columns[name.replace("pvalue", "p_value")] = values
    columns["delta_chisq"] = [rung.delta_chisq for rung in rungs]
    columns["delta_df"] = [rung.change.df for rung in rungs]
    columns["delta_p"] = [rung.change.p_value for rung in rungs]
    columns["rmsea_diff"] = [rung.rmsea_diff for rung in rungs]
    for name in CHANGES:
        for ending in ("", *_ENDINGS):
            if name + ending in columns:
                columns[f"delta_{name}{ending}"] = [math.nan, *np.diff(columns[name + ending])]
    columns["held_by_p"] = [rung.verdicts.p for rung in rungs]
    columns["held_by_cheung_rensvold"] = [rung.verdicts.cheung_rensvold for rung in rungs]
    columns["held_by_chen"] = [rung.verdicts.chen for rung in rungs]
    columns["indices"] = [ladder.ending.strip("_") or "plain"] * len(rungs)
    columns["rule"] = [rung.rule for rung in rungs]
    columns["decision"] = [rung.decision for rung in rungs]
    columns["supported"] = [rung in ladder.held for rung in rungs]
    columns["admissible"] = [rung.is_sound for rung in rungs]
    table = pd.DataFrame(columns)
    for name in ("held_by_p", "held_by_cheung_rensvold", "held_by_chen"):
        table[name] = table[name].astype(object)
    return table


def _judged_indices(fits: Sequence[Fitted]) -> str:
    """The best corrected indices that every level has."""
    for ending in _ENDINGS:
        if all(math.isfinite(fit.fit.get(f"{name}{ending}", math.nan)) for fit in fits for name in ("cfi", "rmsea")):
            return ending
    return ""


def _difference(before: Step, larger: Fitted, step: Step, smaller: Fitted) -> tuple[dict[str, float], list[Note]]:
    """Test of the difference; all missing where there is none, with the reason."""
    gap = float(smaller.fit["df"] - larger.fit["df"])
    tested = {"chisq_diff": math.nan, "df_diff": gap, "p_value": math.nan, "rmsea_diff": math.nan}
    if gap == 0:
        message = f"The {step.level} level holds nothing equal that is not so already: there is nothing to test."
        return tested, [Note("INVARIANCE_NOTHING_TESTED", message, "info", step.level)]
    try:
        found: Result = compare_models(larger, smaller, names=[before.level, step.level])  # type: ignore[arg-type]
    except AnalysisError as error:
        return tested, [Note(error.code, str(error), "warning", step.level)]
    row = found.tables["tests"].iloc[1]
    notes = [note for note in found.notes if note.level != "inadmissible"]
    return {name: float(row.get(name, math.nan)) for name in tested}, notes


def _change(before: Fitted, after: Fitted, tested: dict[str, float], ending: str) -> Change:
    def moved(name: str) -> float:
        return float(after.fit.get(name, math.nan)) - float(before.fit.get(name, math.nan))

    return Change(tested["df_diff"], tested["p_value"], moved(f"cfi{ending}"), moved(f"rmsea{ending}"), moved("srmr"))
