"""What one rule found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crmstudy.notes import Note
from crmstudy.numerals import write_number

Mask = NDArray[np.bool_]


@dataclass
class Finding:
    """Flagged rows, a reason for each, whether the rule was applied, and notes."""

    flagged: Mask
    reason: Callable[[int], str]
    applied: bool = True
    notes: list[Note] = field(default_factory=list)


def not_applied(rows: int, rule: str = "", why: str = "", *, expected: bool = False) -> Finding:
    """A rule that could not be applied flags nobody; without a reason there is no note."""
    finding = Finding(np.zeros(rows, dtype=bool), lambda row: "", applied=False)
    if why:
        message = f"The rule {rule} was not applied: {why}"
        finding.notes.append(Note("SCREENING_RULE_NOT_APPLIED", message, "info" if expected else "warning", rule))
    return finding


def write_p(p: float) -> str:
    """Write a p value with its sign."""
    text = write_number(p, "p")
    return f"p {text}" if text[:1] == "<" else f"p = {text}"
