"""Which tables of module adoption people read, and under what headings."""

from __future__ import annotations

from crmstudy.assessment.result import Shown
from crmstudy.numerals import Kind

_Columns = tuple[tuple[str, str, Kind], ...]
_FIGURES: _Columns = (
    ("available", "Available %", "percent"), ("used", "Used %", "percent"), ("used_low", "Low", "percent"),
    ("used_high", "High", "percent"),
)  # fmt: skip
_MODULES: _Columns = (
    ("n", "n", "n"), *_FIGURES, ("coverage", "Coverage %", "percent"), ("depth", "Depth %", "percent"),
    ("frequency", "Frequency", "estimate"), ("usefulness", "Usefulness", "estimate"), ("index", "Index", "estimate"),
)  # fmt: skip
_FUNCTIONS: _Columns = (
    ("n", "n", "n"),
    *_FIGURES,
    ("frequency", "Frequency", "estimate"),
    ("usefulness", "Usefulness", "estimate"),
)
_BELOW = (
    "Use and its score interval are of those who have it. A dash is withheld, or has no answer; where nearly all "
    "agree, the ends are those of a band."
)
_INDEX = "The index is the weighted geometric mean of coverage, depth and frequency, from 0 to 100."
SHOWN = (
    Shown("modules", "Adoption of Modules", (("label", "Module", "text"), *_MODULES), f"{_INDEX} {_BELOW}"),
    Shown("functions", "Adoption of Functions",
          (("module", "Module", "text"), ("label", "Function", "text"), *_FUNCTIONS), _BELOW),
    Shown("unused", "Available but Hardly Used",
          (("label", "Function", "text"), ("available", "Available %", "percent"), ("used", "Used %", "percent"),
           ("used_high", "High", "percent"), ("usefulness", "Usefulness", "estimate")),
          "Functions that at least half of those who know say are there, and few of those who have them use."),
    Shown("areas", "Adoption by Service Area", (("label", "Area", "text"), ("functions", "Functions", "n"), *_MODULES),
          f"The assignment of modules to areas is our own. {_INDEX}"),
    Shown("lineage", "Adoption by Predecessor", (("label", "From", "text"), ("functions", "Functions", "n"), *_MODULES),
          f"The assignment of functions to predecessors is our own. {_INDEX}"),
    Shown("roles", "Adoption by Role", (("role", "Role", "text"), ("module", "Module", "text"), *_MODULES), _BELOW),
    Shown("units", "Adoption by Unit", (("unit", "Unit", "text"), ("module", "Module", "text"), *_MODULES), _BELOW),
    Shown("waves", "Adoption Over Waves", (("wave", "Wave", "text"), ("module", "Module", "text"), *_MODULES), _BELOW),
    Shown("curve", "Adoption Over Time",
          (("module", "Module", "text"), ("time", "Wave", "text"), ("n", "n", "n"), ("new", "New users", "n"),
           ("cumulative", "Ever used %", "percent"), ("low", "Low", "percent"), ("high", "High", "percent"),
           ("using", "Use now %", "percent")),
          "Of those who answered in every wave; those who never used are part of the base."),
    Shown("adopters", "Categories of Adopters",
          (("label", "Category", "text"), ("low", "From %", "percent"), ("high", "To %", "percent"),
           ("reached", "Reached %", "percent"), ("begun", "Begun", "text"), ("complete", "Complete", "text")),
          "Categories are parts of all people in the order of adoption (Rogers, 2003)."),
    Shown("benchmark", "Adoption Beside One Firm's",
          (("case", "Case", "text"), ("n", "n", "n"), ("adopted", "Adopted %", "percent"), ("low", "Low", "percent"),
           ("high", "High", "percent"), ("what", "What", "text")),
          "One firm's figure for its sales force, without a sample size: a case, not a norm."),
    Shown("contradictions", "Answers That Contradict Each Other",
          (("function", "Function", "text"), ("contradiction", "Contradiction", "text"), ("n", "n", "n"))),
    Shown("architecture", "How the System Stands", (("label", "Stands as", "text"), ("modules", "Modules", "text"))),
)  # fmt: skip
