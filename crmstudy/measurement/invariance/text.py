"""What a ladder of invariance says in one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from crmstudy.measurement.invariance.ladder import HELD, NOT_HELD, NOT_JUDGED, Ladder, Rung
from crmstudy.measurement.invariance.levels import DEFAULT_LEVELS
from crmstudy.numerals import p_phrase, write_number

#: How each rule is named in a sentence.
RULES = {
    "chen": "the changes of fit indices of Chen (2007)",
    "cheung_rensvold": "the change of the CFI of Cheung and Rensvold (2002)",
    "p": "the test of the difference",
}
_EQUAL = {
    "residual.covariances": "equal residual covariances", "lv.variances": "equal factor variances",
    "lv.covariances": "equal factor covariances", "regressions": "equal regressions", "means": "equal latent means",
}  # fmt: skip


def level_words(level: str, partial: Sequence[str] = ()) -> str:
    """A level as a sentence names it, ``partial`` where parameters are left free of it."""
    words = f"{level} invariance" if level in DEFAULT_LEVELS else _EQUAL[level]
    return f"partial {words}" if partial and level != "configural" else words


def is_or_are(level: str) -> str:
    """The verb that goes with a level's name."""
    return "is" if level in DEFAULT_LEVELS else "are"


def ladder_text(ladder: Ladder, over: str, n: int, partial: Sequence[str]) -> str:
    """The highest level that is held, the first that is not, and the figures that decided."""
    first = ladder.rungs[0]
    whole = f"Over {over} (N = {write_number(n, 'n')})"
    if not first.is_sound:
        return f"{whole} the configural model is INADMISSIBLE: invariance must not be judged from it."
    held, failing = ladder.held, ladder.failing
    top = held[-1]
    if top is first:
        parts = [f"{whole} no level beyond the configural model is supported"]
    else:
        level = top.step.level
        name, verb = level_words(level, partial), is_or_are(level)
        parts = [f"{whole} {name} {verb} supported ({_figures(top, ladder)})"]
    if failing is not None:
        name, verb = level_words(failing.step.level, partial), is_or_are(failing.step.level)
        if failing.decision == NOT_JUDGED:
            parts.append(f"{name} could not be judged{_why_not(failing)}")
        else:
            parts.append(f"{name} {verb} not ({_figures(failing, ladder)})")
    free = f", with {', '.join(partial)} left free" if partial else ""
    judged = [rung for rung in (top, failing) if rung is not None and rung.decision in (HELD, NOT_HELD)]
    rules = dict.fromkeys(rung.rule for rung in judged)
    by = f", judged by {' and '.join(RULES[rule] for rule in rules)}" if rules else ""
    return "; ".join(parts) + free + by + "."


def _figures(rung: Rung, ladder: Ladder) -> str:
    """The test of the difference and the changes of the indices."""
    change = rung.change
    word = {"_robust": "robust ", "_scaled": "scaled "}.get(ladder.ending, "")
    indices = [(f"{word}ΔCFI", change.cfi), (f"{word}ΔRMSEA", change.rmsea), ("ΔSRMR", change.srmr)]
    said = [f"{name} {_is(value)}" for name, value in indices if not math.isnan(value)]
    if not math.isnan(change.p_value):
        scaled = "scaled " if rung.fit.solution.inference.scaled is not None else ""
        chisq = write_number(rung.delta_chisq, "statistic")
        said.insert(0, f"{scaled}Δχ²({write_number(change.df, 'df')}) = {chisq}, {p_phrase(change.p_value)}")
    return ", ".join(said)


def _is(value: float) -> str:
    """``= .012``, or ``< .001`` where three decimals show nothing."""
    text = write_number(value, "index")
    return text if text[0] in "<>" else f"= {text}"


def _why_not(rung: Rung) -> str:
    if rung.is_sound:
        return ": there is no test of it"
    return ": its solution is INADMISSIBLE" if rung.fit.converged else ": the model did not converge"


def disagreement(rung: Rung) -> str:
    """Which rules hold a level and which do not; empty where all agree."""
    found = {
        "the test of the difference": rung.verdicts.p,
        "Cheung and Rensvold's ΔCFI": rung.verdicts.cheung_rensvold,
        "Chen's changes": rung.verdicts.chen,
    }
    holding = [name for name, verdict in found.items() if verdict]
    against = [name for name, verdict in found.items() if verdict is False]
    if not holding or not against:
        return ""
    name = level_words(rung.step.level)
    decided = "counts as held" if rung.decision == HELD else "does not count as held"
    return (
        f"The rules disagree on {name}: {' and '.join(holding)} {'hold' if len(holding) > 1 else 'holds'} it, "
        f"{' and '.join(against)} {'do' if len(against) > 1 else 'does'} not; it {decided} here."
    )
