"""What the report is told: plain frozen records of a study that has been run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from crmstudy.errors import AnalysisError
from crmstudy.notes import Note, Provenance
from crmstudy.results import HypothesisTest, Result

if TYPE_CHECKING:
    import pandas as pd

    from crmstudy.imputed import Imputed
    from crmstudy.responses import Responses
    from crmstudy.scoring import Scores
    from crmstudy.screening import Screening

Status = Literal["fine", "partly failed", "inadmissible", "failed"]
Rows = Literal["respondents", "items", "records"]


@dataclass(frozen=True, eq=False, slots=True)
class SampleRecord:
    """One sample of a study, from the file to the rows the analyses used.

    ``n_read`` counts the rows of the file, ``n_used`` those left after the declared exclusions. ``screening``
    and ``scores`` are None where that step failed; a note then says why. ``flow`` holds the declared numbers of people
    who were ``invited``, ``opened``, ``started`` and ``completed``. ``imputed`` holds the completed sets where an
    analysis asked for them. ``rows`` tells what a row is: a respondent, an
    item that experts judge, or a record of an assessment; only respondents are screened and counted as participants.
    """

    name: str
    population: str
    file: str
    responses: Responses
    screening: Screening | None
    scores: Scores | None
    n_read: int
    n_used: int
    notes: tuple[Note, ...] = ()
    flow: Mapping[str, int] = field(default_factory=dict)
    imputed: Imputed | None = None
    rows: Rows = "respondents"


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """One declared analysis and what became of it.

    Exactly one of ``result`` and ``error`` is set. ``extras`` holds what stands beside the result under
    documented names: ``validity`` (a result), ``monte_carlo`` (DataFrame label, estimate, std_error, ci_low,
    ci_high), ``second_engine`` (a result, or a Note saying why there is no check), ``reliability`` (DataFrame
    scale, coefficient, value). ``failures`` are the notes of the result about parts that could not be done (a scale
    with a constant item) while the rest could.
    """

    id: str
    kind: str
    sample: str
    title: str
    options: Mapping[str, Any] = field(default_factory=dict)
    result: Result | None = None
    error: AnalysisError | None = None
    extras: Mapping[str, Result | pd.DataFrame | Note] = field(default_factory=dict)
    failures: tuple[Note, ...] = ()

    @property
    def status(self) -> Status:
        """What became of it.

        ``failed`` when there is no result, ``inadmissible`` when its numbers must not be interpreted, ``partly failed``
        when a part of it could not be done.
        """
        if self.result is None:
            return "failed"
        if not self.result.admissible:
            return "inadmissible"
        return "partly failed" if self.failures else "fine"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes of the result and of what stands beside it, each once; for a failed block the reason."""
        if self.result is None:
            code = "ANALYSIS_FAILED" if self.error is None else self.error.code
            return (Note(code, str(self.error), "warning", self.id),)
        found = list(self.result.notes)
        for extra in self.extras.values():
            found += [extra] if isinstance(extra, Note) else list(getattr(extra, "notes", ()))
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, eq=False, slots=True)
class StudyRecord:
    """Everything a report says, before any of it is text.

    ``title`` is written in ``lang``. ``card`` holds further lines of the study card in the order they are to
    stand, label to value (``{"Date": "2026-11-21", "Authors": "..."}``): only what the study itself declares,
    never a clock. ``sensitivity`` holds hypotheses and reliabilities with all rows, with the declared exclusions and
    without flagged rows (analysis, sample, subject, parameter, rows, n, estimate, ci_low, ci_high, p_value, verdict,
    reason); None where no row was flagged or the study switched it off.
    """

    title: str
    lang: str
    seed: int | None
    level: float
    samples: tuple[SampleRecord, ...]
    blocks: tuple[Block, ...]
    card: Mapping[str, Any] = field(default_factory=dict)
    hypotheses: tuple[HypothesisTest, ...] = ()
    notes: tuple[Note, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)
    audience: str = "research"
    style: str = "apa"
    sensitivity: pd.DataFrame | None = None

    @property
    def status_code(self) -> int:
        """0 when all is well, 1 when a block failed, partly or wholly, or is inadmissible, or a stage stopped."""
        stopped = any(note.code == "STUDY_STAGE_FAILED" for sample in self.samples for note in sample.notes)
        return 0 if not stopped and all(block.status == "fine" for block in self.blocks) else 1


def samples_named(names: Sequence[str], every: Sequence[str]) -> str:
    """Some samples of a study in words, by those that are left out where these are fewer.

    Examples
    --------
    >>> samples_named(["a", "b", "c"], ["a", "b", "c", "d"])
    "all samples but 'd'"
    """
    others = [name for name in every if name not in names]
    if not others:
        return f"the sample '{names[0]}'" if len(names) == 1 else f"all {len(names)} samples"
    listed, before = (others, "all samples but ") if len(others) < len(names) else (names, "")
    quoted = [f"'{name}'" for name in listed]
    return before + (quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}")
