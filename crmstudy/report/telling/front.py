"""The first page: what was found, said before anything else."""

from __future__ import annotations

import pandas as pd

from crmstudy.assessment.result import AssessmentResult
from crmstudy.report.document import Callout, Element, Inline, Listing, Mark, Paragraph, Section, Words, phrase
from crmstudy.report.record import Block, StudyRecord, samples_named
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
    found = [(block, block.result) for block in record.blocks if isinstance(block.result, AssessmentResult)]
    if record.hypotheses:
        answers = tuple(
            (prose.hypothesis_answer(test, interval_method(test, blocks)), hypothesis_mark(test, blocks))
            for test in record.hypotheses
        )
        elements += [Paragraph((prose.verdict_count(record.hypotheses),)), Listing(answers)]
    else:
        elements.append(Paragraph((phrase("The study declares no hypotheses; the analyses below describe."),)))
    if found:
        elements.append(Listing(tuple((_headline(block, result), block_mark(block)) for block, result in found)))
    states = _states(record)
    parts = [_next_steps(found)] if any(result.next_steps() for _, result in found) else []
    parts += [Section("state", phrase("State of the analyses"), (Listing(states),))] if states else []
    return Section("findings", phrase("What was found"), tuple(elements), tuple(parts))


def _states(record: StudyRecord) -> tuple[tuple[Inline, Mark], ...]:
    """What became of each analysis; an assessment that is done has had its sentence above."""
    told = [block for block in record.blocks
            if not (isinstance(block.result, AssessmentResult) and block.status == "fine")]  # fmt: skip
    return tuple((prose.state_of(block), block_mark(block)) for block in told)


def _headline(block: Block, result: AssessmentResult) -> Inline:
    """An assessment of the organisation in one sentence."""
    return (Words(_as_heading(block.title), bold=True), *phrase(" {}", result.prose("en")[0]))


def _as_heading(title: str) -> str:
    """A title before a sentence: a question keeps its mark, anything else has a colon."""
    return title if title.endswith(("?", "!", ".", ":")) else f"{title}:"


def _next_steps(found: list[tuple[Block, AssessmentResult]]) -> Section:
    """What the assessments name as next, before all reasons."""
    steps = [(phrase("{} {}", _as_heading(block.title), step), block_mark(block)) for block, result in found
             for step in result.next_steps("en")]  # fmt: skip
    said = phrase("What the assessments name as next, each by its own rule; the order is that of the report.")
    return Section("next-steps", phrase("Next steps"), (Paragraph((said,)), Listing(tuple(steps))))


def _warnings(record: StudyRecord) -> list[Callout]:
    stopped = [note for sample in record.samples for note in sample.notes if note.code == "STUDY_STAGE_FAILED"]
    notes = dict.fromkeys([*(note for note in record.notes if note.level != "info"), *stopped])
    others = [note_callout(note) for note in notes if note.code != SIMULATED]
    if len(others) == len(notes):
        return others
    return [Callout("danger", phrase("SIMULATED DATA"), phrase("{}", simulated(record)), SIMULATED), *others]


def simulated(record: StudyRecord) -> str:
    """That answers are made up, of which samples, and how far nothing in the report is a finding; said once."""
    names = [str(note.subject) for note in record.notes if note.code == SIMULATED]
    which = samples_named(names, [sample.name for sample in record.samples])
    below = "Nothing in this report" if len(names) >= len(record.samples) else "Nothing that rests on them"
    return f"The answers of {which} are simulated, not those of people. {below} is a finding about people."


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
