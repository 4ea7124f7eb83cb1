"""The first page: what was found, said before anything else."""

from __future__ import annotations

import pandas as pd

from crmstudy.notes import Note
from crmstudy.report.document import Callout, Element, Listing, Mark, Paragraph, Section, phrase
from crmstudy.report.record import Block, StudyRecord
from crmstudy.report.telling import prose
from crmstudy.report.telling.fitted_model import has_bootstrap_intervals
from crmstudy.report.telling.told import note_callout
from crmstudy.results import HypothesisTest

#: The note of a sample whose answers no person gave.
SIMULATED = "STUDY_SIMULATED_DATA"


def block_mark(block: Block | None) -> Mark:
    """The mark of whatever uses a block's numbers; those of a block that failed in part are sound."""
    if block is None or block.status in ("fine", "partly failed"):
        return ""
    return "inadmissible" if block.status == "inadmissible" else "failed"


def findings_section(record: StudyRecord) -> Section:
    """What must be known first, each hypothesis answered in a sentence, and what became of each analysis."""
    blocks = {block.id: block for block in record.blocks}
    elements: list[Element] = [*_warnings(record)]
    if record.hypotheses:
        answers = tuple(
            (prose.hypothesis_answer(test, interval_method(test, blocks)), hypothesis_mark(test, blocks))
            for test in record.hypotheses
        )
        elements += [Paragraph((prose.verdict_count(record.hypotheses),)), Listing(answers)]
    else:
        elements.append(Paragraph((phrase("The study declares no hypotheses; the analyses below describe."),)))
    states = tuple((prose.state_of(block), block_mark(block)) for block in record.blocks)
    state = Section("state", phrase("State of the analyses"), (Listing(states),))
    return Section("findings", phrase("What was found"), tuple(elements), (state,) if states else ())


def _warnings(record: StudyRecord) -> list[Callout]:
    stopped = [note for sample in record.samples for note in sample.notes if note.code == "STUDY_STAGE_FAILED"]
    notes = dict.fromkeys([*(note for note in record.notes if note.level != "info"), *stopped])
    made_up = [note for note in notes if note.code == SIMULATED]
    others = [note_callout(note) for note in notes if note.code != SIMULATED]
    return [*([_simulated(record, made_up)] if made_up else []), *others]


def _simulated(record: StudyRecord, notes: list[Note]) -> Callout:
    """That the answers are made up, and how far nothing below is a finding."""
    names = " and ".join(f"'{note.subject}'" for note in notes)
    which = f"sample {names} were" if len(notes) == 1 else f"samples {names} were"
    below = "Nothing below" if len(notes) >= len(record.samples) else "Nothing below that rests on them"
    text = phrase("The answers of {} made by a program. {} is a finding about people.", which, below)
    return Callout("danger", phrase("SIMULATED DATA"), text, SIMULATED)


def banner(record: StudyRecord) -> str:
    """What must stand at the head of every page."""
    if any(note.code == SIMULATED for note in record.notes):
        return "SIMULATED DATA – not a finding about people"
    return ""


def hypothesis_mark(test: HypothesisTest, blocks: dict[str, Block]) -> Mark:
    """The mark of the analysis a hypothesis was tested with."""
    return block_mark(blocks.get(test.analysis))


def interval_method(test: HypothesisTest, blocks: dict[str, Block]) -> str:
    """How an interval was made, as said before ``95% CI``: by bootstrap, or how that of a defined parameter was."""
    if test.ci_low is None or test.analysis not in blocks:
        return ""
    result = blocks[test.analysis].result
    if result is not None and has_bootstrap_intervals(result):
        return "bootstrap"
    if test.p_value is not None:
        return ""
    drawn = blocks[test.analysis].extras.get("monte_carlo")
    if not isinstance(drawn, pd.DataFrame):
        return "delta-method"
    usable = drawn.loc[drawn[["ci_low", "ci_high"]].notna().all(axis=1), "label"]
    return "Monte Carlo" if any(test.claim.startswith(f"{label} ") for label in usable) else "delta-method"
