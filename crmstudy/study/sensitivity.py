"""What flagged respondents do to the results: the same analyses with all rows, those declared, and no flagged ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, InputError
from crmstudy.notes import Note
from crmstudy.report.record import Block, SampleRecord
from crmstudy.study.analysing.tasks import Outcome, Task, brief_fit, sentence_of
from crmstudy.study.hypotheses import assess
from crmstudy.study.imputing_stage import impute_sample
from crmstudy.study.kinds import KINDS
from crmstudy.study.parts import AnalysisPlan, HypothesisPlan

if TYPE_CHECKING:
    from crmstudy.imputed import Imputed
    from crmstudy.results import Result
    from crmstudy.study.plan import Study

#: Which rows an analysis is done with, in the order of the table.
ROWS = ("all", "declared", "unflagged")
COLUMNS = (
    "analysis", "sample", "subject", "parameter", "rows", "n", "estimate", "ci_low", "ci_high", "p_value", "verdict",
    "reason",
)  # fmt: skip
#: The coefficients of reliability that are compared.
_COEFFICIENTS = ("alpha", "omega")
#: Options that make an analysis long and change no estimate.
_LONG = ("bootstrap",)
#: Values of options that need it.
_OF_SAMPLES = ("bootstrap", "percentile", "bca")


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a sample in one variant: its name and which rows of the file stay."""

    name: str
    kept: pd.Series[bool]


def sensitivity(
    study: Study, samples: Mapping[str, SampleRecord], blocks: Sequence[Block]
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Repeat what hypotheses name, and reliabilities, with other respondents.

    Where a sample has flagged rows, each of its analyses that a hypothesis names, and each of reliability, is done with
    all rows, with the declared exclusions and without any flagged row, without bootstrap. Analyses of the same rows are
    done once, and those the run has done already without bootstrap are not repeated. Imputed data are imputed again
    from the rows of each variant.

    Returns
    -------
    DataFrame, tuple of Note
        One row for each hypothesis, or each alpha and omega, and variant: :data:`COLUMNS`, ``rows`` from :data:`ROWS`;
        and what of it depends on the rows or could not be done.
    """
    found: list[dict[str, Any]] = []
    notes: list[Note] = []
    done = {block.id: block for block in blocks}
    completed = _Completed(study)
    for plan in study.analyses:
        if not concerned(plan, study.hypotheses, samples):
            continue
        claims = [hypothesis for hypothesis in study.hypotheses if hypothesis.analysis == plan.id]
        sample = samples[plan.sample]
        seen: list[tuple[pd.Series[bool], Block]] = []
        for rows in _variants(sample):
            block = _again(plan, sample, rows, completed, seen, done[plan.id])
            found += _claim_rows(claims, plan, rows, block) if claims else _reliability_rows(plan, rows, block)
            if block.result is None:
                message = f"The analysis '{plan.id}' could not be done with the rows '{rows.name}': {block.error}"
                notes.append(Note("SCREENING_SENSITIVITY_FAILED", message, subject=plan.id))
    table = pd.DataFrame(found, columns=list(COLUMNS))
    return table, (*notes, *_changed(table))


def concerned(plan: AnalysisPlan, hypotheses: Sequence[HypothesisPlan], samples: Mapping[str, SampleRecord]) -> bool:
    """Whether an analysis is repeated: a row of its sample is flagged, and a hypothesis or reliability rests on it."""
    screening = samples[plan.sample].screening if plan.sample else None
    if screening is None or not screening.flags.any(axis=None):
        return False
    return plan.kind == "reliability" or any(hypothesis.analysis == plan.id for hypothesis in hypotheses)


def _variants(sample: SampleRecord) -> tuple[_Rows, ...]:
    if sample.screening is None:
        return ()
    kept = sample.screening.kept
    flagged = sample.screening.flags.any(axis=1)
    masks = (pd.Series(True, index=kept.index), kept, ~flagged & kept)
    return tuple(_Rows(name, mask.astype(bool)) for name, mask in zip(ROWS, masks, strict=True))


class _Completed:
    """Completed data sets of the rows of each variant, made once."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.made: list[tuple[str, pd.Series[bool], Imputed | None]] = []

    def sets(self, sample: SampleRecord, rows: _Rows) -> Imputed | None:
        """The completed sets of these rows: those of the run where they are the declared ones."""
        if sample.screening is not None and rows.kept.equals(sample.screening.kept):
            return sample.imputed
        for name, mask, sets in self.made:
            if name == sample.name and mask.equals(rows.kept):
                return sets
        sets = impute_sample(self.study, sample.name, sample.responses.keep(rows.kept), [])
        self.made.append((sample.name, rows.kept, sets))
        return sets


def _again(
    plan: AnalysisPlan,
    sample: SampleRecord,
    rows: _Rows,
    completed: _Completed,
    seen: list[tuple[pd.Series[bool], Block]],
    main: Block,
) -> Block:
    """The analysis with these rows, unless it has been done with them already."""
    for mask, block in seen:
        if mask.equals(rows.kept):
            return block
    long = _short(plan.options) != dict(plan.options)
    if not long and sample.screening is not None and rows.kept.equals(sample.screening.kept):
        block = main
    else:
        block = _block(replace(plan, options=_short(plan.options)), sample, rows, completed)
    seen.append((rows.kept, block))
    return block


def _short(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of an analysis without its bootstrap."""
    return {name: value for name, value in options.items() if name not in _LONG and value not in _OF_SAMPLES}


def _block(plan: AnalysisPlan, sample: SampleRecord, rows: _Rows, completed: _Completed) -> Block:
    outcome: Outcome | None = None
    failure: AnalysisError | None = None
    study = completed.study
    try:
        if not rows.kept.any():
            raise AnalysisError("no respondent is left.", "SCREENING_SENSITIVITY_FAILED")
        sets = completed.sets(sample, rows) if plan.options.get("imputed") else None
        task = Task(plan, sample.responses.keep(rows.kept), study.seed, sets, study.samples[plan.sample])
        outcome = _BRIEF.get(plan.kind, KINDS[plan.kind].analyse)(task)
    except (AnalysisError, InputError) as error:
        failure = AnalysisError(str(error))
    except Exception as error:  # the run itself has succeeded; a comparison must not take it down
        failure = AnalysisError(sentence_of(error))
    result: Result | None = None if outcome is None else outcome.result
    extras = {} if outcome is None else outcome.extras
    return Block(plan.id, plan.kind, plan.sample, plan.title, plan.options, result, failure, extras)


def _claim_rows(
    claims: Sequence[HypothesisPlan], plan: AnalysisPlan, rows: _Rows, block: Block
) -> list[dict[str, Any]]:
    found = []
    for claim in claims:
        test = assess(claim, block, plan.level)
        found.append({
            "analysis": plan.id, "sample": plan.sample, "subject": claim.id, "parameter": claim.claim.target,
            "rows": rows.name, "n": 0 if block.result is None else block.result.n, "estimate": test.estimate,
            "ci_low": test.ci_low, "ci_high": test.ci_high, "p_value": test.p_value, "verdict": test.verdict,
            "reason": test.reason,
        })  # fmt: skip
    return found


def _reliability_rows(plan: AnalysisPlan, rows: _Rows, block: Block) -> list[dict[str, Any]]:
    if block.result is None:
        return []
    estimates, scales = block.result.estimates, block.result.tables.get("scales")
    sizes = {} if scales is None else dict(zip(scales["scale"], scales["n"], strict=True))
    found = []
    chosen = estimates["term"].isin(_COEFFICIENTS) & estimates["estimate"].notna()
    for row in estimates[chosen].to_dict("records"):
        found.append({
            "analysis": plan.id, "sample": plan.sample, "subject": str(row.get("scale", "")), "parameter": row["term"],
            "rows": rows.name, "n": int(sizes.get(row.get("scale"), block.result.n)), "estimate": row["estimate"],
            "ci_low": row["ci_low"], "ci_high": row["ci_high"], "p_value": np.nan, "verdict": "", "reason": "",
        })  # fmt: skip
    return found


def _changed(table: pd.DataFrame) -> list[Note]:
    """Hypotheses whose verdict depends on the rows."""
    notes = []
    for subject, part in table[table["verdict"] != ""].groupby("subject", sort=False):
        if len(set(part["verdict"])) > 1:
            said = "; ".join(f"{row.rows} (n = {row.n}): {row.verdict}" for row in part.itertuples())
            message = f"The verdict on {subject} depends on which respondents are left out: {said}."
            notes.append(Note("SCREENING_VERDICT_CHANGES", message, "warning", str(subject)))
    return notes


def _regression(task: Task) -> Outcome:
    from crmstudy.models.regression import regress

    return Outcome(regress(str(task.plan.options["formula"]), task.data, **task.keywords))


def _reliability(task: Task) -> Outcome:
    from crmstudy.measurement.reliability.reliability import reliability

    return Outcome(reliability(task.data, scale=list(task.scales), seed=task.own_seed, **task.keywords))


#: Kinds done without what stands beside their result.
_BRIEF: Mapping[str, Callable[[Task], Outcome]] = {
    "regression": _regression,
    "reliability": _reliability,
    "cfa": brief_fit,
    "sem": brief_fit,
}
