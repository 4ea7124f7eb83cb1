"""Levels of measurement invariance: what each holds equal, and by which published rule a step counts as held."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crmstudy.errors import Fault, did_you_mean

#: Levels and what each adds to those before it, in the words of ``group_equal``.
LEVELS: Mapping[str, tuple[str, ...]] = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
    "residual.covariances": ("residual.covariances",),
    "lv.variances": ("lv.variances",),
    "lv.covariances": ("lv.covariances",),
    "regressions": ("regressions",),
    "means": ("means",),
}
DEFAULT_LEVELS = ("configural", "metric", "scalar", "strict")
#: Rules that ``criteria`` can name.
CRITERIA = ("chen", "cheung_rensvold", "p")
#: Up to this many rows in all, Chen (2007) asks for smaller changes.
SMALL_TOTAL = 300
#: A fall of the CFI of this size speaks against invariance (Cheung & Rensvold, 2002).
CFI_FALL = 0.01

_MEASUREMENT = ("metric", "scalar", "strict")
#: What must be held equal before a level can be read, and which level does that.
_NEEDS = {
    "lv.variances": ("loadings", "metric"),
    "lv.covariances": ("loadings", "metric"),
    "regressions": ("loadings", "metric"),
    "means": ("intercepts", "scalar"),
}


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Changes of fit indices that speak against a level: a fall of the CFI, rises of RMSEA and SRMR."""

    cfi: float
    rmsea: float
    srmr: float


#: Chen (2007, p. 501), by level and by whether the rows in all are few.
_CHEN = {
    ("metric", False): Cutoffs(0.010, 0.015, 0.030),
    ("metric", True): Cutoffs(0.005, 0.010, 0.025),
    ("scalar", False): Cutoffs(0.010, 0.015, 0.010),
    ("scalar", True): Cutoffs(0.005, 0.010, 0.005),
    ("strict", False): Cutoffs(0.010, 0.015, 0.010),
    ("strict", True): Cutoffs(0.005, 0.010, 0.005),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One level of the ladder: its name, all that it holds equal, and what is new in it."""

    level: str
    equal: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What changed from the level before: the test of the difference, and the changes of the fit indices."""

    df: float
    p_value: float
    cfi: float
    rmsea: float
    srmr: float


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Whether a step is held, by each rule; None where a rule says nothing about it."""

    p: bool | None = None
    cheung_rensvold: bool | None = None
    chen: bool | None = None

    def by(self, criteria: str) -> tuple[bool | None, str]:
        """The verdict of a rule, and the rule it comes from: p of the difference where Chen gives no values."""
        if criteria == "chen" and self.chen is None:
            return self.p, "p"
        found = {"p": self.p, "cheung_rensvold": self.cheung_rensvold, "chen": self.chen}
        return found[criteria], criteria


def cutoffs_of(level: str, n: float) -> Cutoffs | None:
    """The changes that Chen (2007) gives for a level and a total N; None for levels she says nothing about."""
    return _CHEN.get((level, n <= SMALL_TOTAL))


def judge_step(level: str, change: Change, n: float, alpha: float) -> Verdicts:
    """Judge a step by every rule.

    Chen's rule speaks against a step when the CFI falls by its value or more and RMSEA or SRMR confirm it.
    """
    if change.df == 0:
        return Verdicts(True, True, True if (level, True) in _CHEN else None)
    by_p = None if math.isnan(change.p_value) else change.p_value >= alpha
    if math.isnan(change.cfi):
        return Verdicts(by_p)
    limits = cutoffs_of(level, n)
    by_chen: bool | None = None
    if limits is not None:
        confirmed = change.rmsea >= limits.rmsea or change.srmr >= limits.srmr
        by_chen = not (change.cfi <= -limits.cfi and confirmed)
    return Verdicts(by_p, change.cfi > -CFI_FALL, by_chen)


def read_levels(levels: Sequence[str] | str | None) -> tuple[tuple[Step, ...], list[Fault]]:
    """The steps of a ladder, the configural model first, and what is wrong with them."""
    named = DEFAULT_LEVELS if levels is None else (levels,) if isinstance(levels, str) else tuple(levels)
    faults = _faults(named)
    if faults:
        return (), faults
    steps = [Step("configural", (), ())]
    for name in named:
        before = steps[-1].equal
        added = tuple(word for word in LEVELS[name] if word not in before)
        if name != "configural":
            steps.append(Step(name, before + added, added))
    return tuple(steps), []


def _faults(named: Sequence[object]) -> list[Fault]:
    faults = []
    for name in named:
        if name not in LEVELS:
            hint = did_you_mean(str(name), LEVELS)
            faults.append(Fault(f"levels= has no {name!r}; it knows {', '.join(LEVELS)}.{hint}"))
    if faults:
        return faults
    words = [str(name) for name in named]
    twice = sorted({name for name in words if words.count(name) > 1})
    if twice:
        faults.append(Fault(f"levels= names {', '.join(twice)} more than once; name each level once."))
    if "configural" in words[1:]:
        faults.append(Fault("levels= must begin with 'configural', the model without equalities."))
    order = [name for name in words if name in _MEASUREMENT]
    if order != sorted(order, key=_MEASUREMENT.index):
        faults.append(Fault(f"levels= must go from weak to strong: metric, scalar, strict; found {', '.join(order)}."))
    if not [name for name in words if name != "configural"]:
        faults.append(Fault("levels= must name at least one level beyond 'configural', such as 'metric'."))
    for at, name in enumerate(words):
        word, level = _NEEDS.get(name, ("", ""))
        if word and not any(word in LEVELS[before] for before in words[:at]):
            faults.append(Fault(f"the level '{name}' can be read only when {word} are equal; put '{level}' before it."))
    return faults
