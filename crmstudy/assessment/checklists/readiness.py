"""Whether an organisation is ready to introduce CRM: necessary conditions first, then the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from crmstudy.assessment.checklists.checklist import (
    BLOCKS_SHOWN,
    OPEN_SHOWN,
    ROOM,
    blocks_of,
    labels_of,
    notes_of,
    of_unit,
    points_of,
    points_to_settle,
)
from crmstudy.assessment.checklists.entries import block_labels, entries_of, given_to
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing
from crmstudy.errors import ModelError
from crmstudy.notes import Note
from crmstudy.results import sample_table

_LIST = "readiness"


@dataclass(frozen=True, eq=False, repr=False)
class Readiness(AssessmentResult):
    """Verdict on the introduction of CRM.

    Tables: ``verdicts`` (unit, verdict, necessary, met, unmet, undecided, percent_of_rest), ``gates`` (unit, block,
    entry, question, source, status, evidence, gate: ``open``, ``closed`` or ``undecided``), and ``blocks``,
    ``entries``, ``open``, ``without_evidence`` of the checklist. Verdicts: ``blocked`` (a necessary condition is not
    met), ``undecided`` (none is unmet, but one is not answered or not shown), ``conditional`` (all necessary ones are
    met, and other entries are not, or not all of them are answered), ``ready``.
    """

    kind: ClassVar[str] = "readiness"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "gates", "Necessary Conditions",
            (
                ("unit", "Unit", "text"), ("question", "Condition", "text"), ("status", "Status", "text"),
                ("gate", "Gate", "text"), ("evidence", "Evidence", "text"),
            ),
            "One closed gate blocks the introduction, whatever the rest says.",
        ),
        BLOCKS_SHOWN,
        OPEN_SHOWN,
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """The verdict, with the conditions that block it; and that hardware is necessary, not sufficient."""
        questions = {entry["id"]: entry["question"][lang] for _, entry in entries_of(_LIST)}
        gates, said = self.tables["gates"], []
        for row in self.tables["verdicts"].to_dict("records"):
            verdict = say(
                ROOM, f"ready_{row['verdict']}", lang, necessary=(row["necessary"], "n"), met=(row["met"], "n"),
                unmet=(row["unmet"], "n"), undecided=(row["undecided"], "n"),
            )  # fmt: skip
            said.append(of_unit(str(row["unit"]), verdict, lang))
            there = gates[gates["unit"] == row["unit"]]
            for key, gate in (("ready_closed", "closed"), ("ready_unknown", "undecided")):
                for name in there.loc[there["gate"] == gate, "entry"]:
                    said.append(say(ROOM, key, lang, question=questions[name]))
            exempt = there.loc[there["status"] == "does not apply", "entry"]
            said += [say(ROOM, "ready_exempt", lang, question=questions[name]) for name in exempt]
        said.append(say(ROOM, "ready_hardware", lang))
        return tuple(said)

    def next_steps(self, lang: str = "en") -> tuple[str, ...]:
        """The necessary conditions that are not met, with what would be evidence."""
        gates = self.tables["gates"]
        return points_to_settle(_LIST, gates[gates["gate"] == "closed"], lang)

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """Names of blocks and words for status and gate."""
        return labels_of(_LIST, lang)

    def drawings(self) -> tuple[Drawing, ...]:
        """Percent met by block."""
        labels = block_labels(_LIST, "en")
        series = tuple(
            (str(unit), tuple(None if value != value else float(value) for value in rows["percent_met"]))
            for unit, rows in self.tables["blocks"].groupby("unit", sort=False)
        )
        alt = f"Percent of each block of the readiness check that is met. {self.prose()[0]}"
        return (Bars("Readiness for CRM", alt, tuple(labels.values()), series, x_label="Percent met"),)


def readiness(answers: object, *, require_evidence: bool = False) -> Readiness:
    """Judge whether CRM can be introduced.

    Parameters
    ----------
    answers : DataFrame or path
        As of :func:`checklist`, to the list ``readiness``.
    require_evidence : bool
        A necessary condition that is said to be met without evidence leaves the verdict undecided.

    Returns
    -------
    Readiness

    Raises
    ------
    DataError, ModelError
        With all faults of the answers; for a faulty option.
    AnalysisError
        When nothing is answered.

    Notes
    -----
    Source documents 1.13 (accurate premises), 1.9 (processes understood), 1.4 (hardware), 1.8 (commitment; no miracle
    is to be had from installing CRM in a dissolving organisation). Which entries are necessary is our reading of
    them. A necessary condition cannot be made up for: partly met is not met, and one unmet blocks. One that is said not
    to apply is not counted; where none applies, nothing is decided. All necessary ones met do not suffice for
    ``ready``; strong hardware alone leaves every other gate where it was. That a condition is necessary is here a rule
    of judgement; whether data bear it out is a question of necessary-condition analysis.

    Examples
    --------
    >>> import pandas as pd
    >>> readiness(pd.DataFrame({"entry": ["hardware_carries_load"], "answer": ["no"]})).tables["verdicts"]["verdict"][0]
    'blocked'
    """
    if not isinstance(require_evidence, bool):
        raise ModelError(f"`require_evidence` is True or False, not {require_evidence!r}.")
    given = given_to(_LIST, answers)
    rows = given.rows
    gates = rows[rows["necessary"]].copy()
    gates["gate"] = gates["status"].map({"met": "open", "partly": "closed", "open": "closed"}).fillna("undecided")
    if require_evidence:
        gates.loc[(gates["gate"] == "open") & (gates["evidence"] == ""), "gate"] = "undecided"
    # a necessary condition that does not apply asks for nothing
    exempt = gates["status"] == "does not apply"
    gates.loc[exempt, "gate"] = "open"
    verdicts = pd.DataFrame([_verdict(unit, gates, rows) for unit in dict.fromkeys(rows["unit"])])
    blocks = blocks_of(_LIST, given)
    notes = [*given.notes, *notes_of(blocks)]
    if exempt.any():
        named = ", ".join(dict.fromkeys(gates.loc[exempt, "entry"]))
        message = f"Necessary conditions are said not to apply, and do not count: {named}. Say why."
        notes.append(Note("READINESS_EXEMPT", message, "warning"))
    shown = gates[["unit", "block", "entry", "question", "source", "status", "evidence", "gate"]]
    return Readiness(
        estimates=no_estimates(),
        n=given.n,
        tables={
            "verdicts": verdicts,
            "gates": shown.reset_index(drop=True),
            "blocks": blocks,
            "entries": rows,
            **points_of(given),
        },
        notes=tuple(notes),
        samples=sample_table(given.n, given.dropped),
        call={"require_evidence": require_evidence},
    )


def _verdict(unit: str, gates: pd.DataFrame, rows: pd.DataFrame) -> dict[str, object]:
    asked = (gates["unit"] == unit) & (gates["status"] != "does not apply")
    gate = gates.loc[asked, "gate"].value_counts()
    rest = rows[(rows["unit"] == unit) & ~rows["necessary"] & (rows["status"] != "does not apply")]
    closed, undecided = int(gate.get("closed", 0)), int(gate.get("undecided", 0))
    if closed:
        verdict = "blocked"
    elif undecided or not len(gate):
        verdict = "undecided"
    else:
        verdict = "ready" if (rest["status"] == "met").all() else "conditional"
    score = rest["score"].dropna()
    return {
        "unit": unit, "verdict": verdict, "necessary": int(gate.sum()), "met": int(gate.get("open", 0)),
        "unmet": closed, "undecided": undecided,
        "percent_of_rest": 100.0 * float(score.mean()) if len(score) else float("nan"),
    }  # fmt: skip
