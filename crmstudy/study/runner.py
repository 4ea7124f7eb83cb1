"""The foreman: a study runs stage by stage, each stage a function from values to values."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmstudy import __version__
from crmstudy.declared import read_declared
from crmstudy.errors import AnalysisError, Fault, InputError, StudyError, did_you_mean
from crmstudy.kernels.resample import watched
from crmstudy.kernels.threads import one_thread
from crmstudy.notes import Note, Provenance, installed_versions
from crmstudy.report.record import Block, Rows, SampleRecord, StudyRecord, samples_named
from crmstudy.study.analysing.describing import weights_told
from crmstudy.study.analysing.tasks import Outcome, Task, sentence_of
from crmstudy.study.assessments import ASSESSMENTS
from crmstudy.study.disclosing import Disclosing
from crmstudy.study.door import at
from crmstudy.study.hypotheses import assess
from crmstudy.study.imputing_stage import impute_sample
from crmstudy.study.kinds import KINDS
from crmstudy.study.opening import Opened, gathered, open_study
from crmstudy.study.parts import AnalysisPlan
from crmstudy.study.plan import Study, said

if TYPE_CHECKING:
    import pandas as pd

    from crmstudy.responses import Responses
    from crmstudy.results import HypothesisTest, Result
    from crmstudy.scoring import Scores
    from crmstudy.screening import Screening

#: Told before each step of long work: what is done, how many steps are done, how many there are.
Progress = Callable[[str, int, int], None]
#: Packages whose versions a record names.
PACKAGES = (
    "numpy", "scipy", "pandas", "statsmodels", "semopy", "pingouin", "matplotlib", "formulaic", "pyyaml",
    "jinja2", "python-docx", "threadpoolctl",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class StudyResults:
    """A study that has been run.

    ``record`` holds everything a report says; ``seconds`` the wall time of each step, which no report says;
    ``disclosing`` what of people it shows once it is written.
    """

    record: StudyRecord
    study: Study
    seconds: Mapping[str, float] = field(default_factory=dict)
    disclosing: Disclosing | None = None

    @property
    def blocks(self) -> tuple[Block, ...]:
        """One block for each declared analysis, in the declared order."""
        return self.record.blocks

    @property
    def hypotheses(self) -> tuple[HypothesisTest, ...]:
        """What became of each declared hypothesis."""
        return self.record.hypotheses

    @property
    def status_code(self) -> int:
        """0 when all is well, 1 when a block failed or is inadmissible: the exit code of the command line."""
        return self.record.status_code

    @property
    def notes(self) -> tuple[Note, ...]:
        """Every note once: of the study, of its samples, of its blocks, in this order."""
        found = [*self.record.notes]
        for sample in self.record.samples:
            found += sample.notes
        for block in self.blocks:
            found += block.notes
        return tuple(dict.fromkeys(found))

    def report(self, out: str | Path, formats: Iterable[str] | None = None, lang: str | None = None) -> list[Path]:
        """Write the report, its tables and figures, and ``run.json`` into a folder.

        What an earlier run wrote there is replaced, and removed when this run no longer writes it. A file that
        crmstudy did not write, or that was changed since, is kept under another name.

        Parameters
        ----------
        out : str or path
            The folder; it is made when it does not exist.
        formats : iterable of str, optional
            ``html``, ``docx``; those of the study when left out.
        lang : str, optional
            Language of the report; that of the study when left out.

        Returns
        -------
        list of Path
            The files written.

        Raises
        ------
        UnsupportedError
            For a format or language this version does not have.
        OutputError
            When the folder cannot be written; nothing in it has changed then.
        """
        from crmstudy.study.outputs import write_outputs

        chosen = self.study.report.formats if formats is None else formats
        chosen = (chosen,) if isinstance(chosen, str) else tuple(chosen)
        return list(write_outputs(self.record, self.seconds, Path(out), chosen, lang, self.disclosing).files)

    def __getitem__(self, id: str) -> Block:
        """The block of an analysis by its id: ``results["structure"].result.estimates``."""
        found = {block.id: block for block in self.blocks}
        if id not in found:
            raise KeyError(f"the study has no analysis '{id}'.{did_you_mean(id, found)} It has: {', '.join(found)}.")
        return found[id]

    def __repr__(self) -> str:
        states = [block.status for block in self.blocks]
        counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
        return f"<StudyResults {self.record.title!r}: {counted}>"


def run(study: Study, *, progress: Progress | None = None) -> StudyResults:
    """Run a study.

    Parameters
    ----------
    study : Study
        As loaded by :meth:`Study.load`.
    progress : callable, optional
        Called with ``(what, done, total)`` before each step.

    Returns
    -------
    StudyResults
        A failed analysis leaves its error in its block; the rest stands.

    Raises
    ------
    InputError
        With every fault of instruments, data, models and claims. Nothing has been computed then.

    Examples
    --------
    >>> import crmstudy as cs
    >>> results = cs.run(cs.Study.load("analyses/mobile_loyalty"))  # doctest: +SKIP
    >>> results.report("out")  # doctest: +SKIP
    """
    if not isinstance(study, Study):
        raise StudyError(f"run() takes a study: run(Study.load(path)); found {type(study).__name__}.")
    return run_opened(open_study(study), progress=progress)


def run_opened(opened: Opened, *, progress: Progress | None = None) -> StudyResults:
    """Run a study whose doors have been checked: score, screen, analyse, test the hypotheses, record."""
    clock = _Clock(progress, len(opened.responses) + len(opened.study.analyses) + 1)
    with one_thread():
        samples = {name: _prepare(opened, name, clock) for name in opened.responses}
        disclosing = Disclosing.open(opened.study)
        blocks = _analyse(opened.study, samples, disclosing, clock)
        hypotheses = _test(opened.study, blocks, clock)
        compared, notes = _compare(opened.study, samples, blocks, clock)
    record = _record(opened.study, samples, blocks, hypotheses)
    record = replace(record, sensitivity=compared, notes=(*record.notes, *notes))
    return StudyResults(record, opened.study, clock.seconds, disclosing)


class _Clock:
    """Tells the progress and keeps the wall time of each step."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress = progress
        self.total = total
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        self._tell(what, len(self.seconds))
        started = time.perf_counter()
        place = len(self.seconds)
        try:
            with watched(lambda done, total: self._tell(f"{what}, {done:,} of {total:,} replicates", place)):
                yield
        finally:
            self.seconds[what] = round(time.perf_counter() - started, 4)

    def _tell(self, what: str, place: int) -> None:
        if self.progress is not None:
            self.progress(what, place, max(self.total, place + 1))


def _prepare(opened: Opened, name: str, clock: _Clock) -> SampleRecord:
    """Score and screen one sample; the rows that are left are the ones the analyses use."""
    plan, responses = opened.study.samples[name], opened.responses[name]
    notes = list(responses.notes)
    rows = _rows(opened.study, name)
    answered = rows == "respondents"
    with clock.step(f"sample {name}"):
        screening = _screen(responses, _rules_for(opened, name, notes), opened.study, notes) if answered else None
        scores = _score(responses, notes)
    used = responses.n if screening is None else int(screening.kept.sum())
    if not used:
        message = f"the screening rules leave no row of the sample '{name}'; exclude by fewer rules."
        raise StudyError(Fault(message, plan.place.file))
    kept = responses if screening is None else responses.keep(screening.kept)
    if plan.imputation is not None:
        with clock.step(f"imputation {name}"):
            imputed = impute_sample(opened.study, name, kept, notes)
    else:
        imputed = None
    if plan.simulated:
        message = f"The answers of the sample '{name}' are simulated, not those of people."
        notes.insert(0, Note("STUDY_SIMULATED_DATA", message, "warning", name))
    if limits := _data_set(plan.path).get("limits"):
        message = f"What the data of '{name}' can and cannot tell: {str(limits).strip().rstrip('.')}."
        notes.insert(0, Note("STUDY_DATA_LIMITS", message, "warning", name))
    return SampleRecord(
        name,
        plan.population,
        plan.file,
        responses,
        screening,
        scores,
        responses.n,
        used,
        tuple(dict.fromkeys(notes)),
        plan.flow,
        imputed,
        rows,
    )


def _rows(study: Study, name: str) -> Rows:
    """What the rows of a sample are, by what is asked of it: nothing but the validity of items, or assessments."""
    kinds = {plan.kind for plan in study.analyses if name in _samples_of(plan)}
    if kinds == {"content_validity"}:
        return "items"
    tables = {name for name, one in ASSESSMENTS.items() if not one.people}
    return "records" if kinds and kinds <= tables else "respondents"


def _samples_of(plan: AnalysisPlan) -> set[object]:
    """The samples that an analysis names."""
    return {plan.sample, *(plan.options.get(key) for key in KINDS[plan.kind].other_samples)}


def _rules_for(opened: Opened, name: str, notes: list[Note]) -> dict[str, Any]:
    """The rules of the study for one sample: without those whose columns only other samples have."""
    from crmstudy.screening.settings import columns_named

    rules = dict(opened.study.screening)
    for rule in ("response_time", "attention"):
        named = columns_named({rule: rules.get(rule)})
        if not named or set(named) & set(map(str, opened.responses[name].frame.columns)):
            continue
        if any(set(named) <= set(map(str, other.frame.columns)) for other in opened.responses.values()):
            del rules[rule]
            rules["exclude"] = [other for other in rules.get("exclude", ()) if other != rule]
            message = f"The rule {rule} was not applied: the sample '{name}' has no column {', '.join(named)}."
            notes.append(Note("SCREENING_RULE_NOT_APPLIED", message, subject=rule))
    return rules


def _screen(responses: Responses, rules: dict[str, Any], study: Study, notes: list[Note]) -> Screening | None:
    from crmstudy.screening import screen

    try:
        screening: Screening = screen(responses, rules=rules)
    except InputError as error:
        raise StudyError([Fault(f"screening: {fault.message}", str(study.file)) for fault in error.faults]) from error
    except AnalysisError as error:
        notes.append(Note(error.code, str(error), "warning"))
        return None
    except Exception as error:
        notes.append(_stopped("Screening", error))
        return None
    notes += screening.notes
    return screening


def _score(responses: Responses, notes: list[Note]) -> Scores | None:
    from crmstudy.scoring import score

    if not responses.scales:
        return None
    try:
        scores = score(responses)
    except AnalysisError as error:
        notes.append(Note(error.code, str(error), "warning"))
        return None
    except Exception as error:
        notes.append(_stopped("Scoring", error))
        return None
    notes += scores.notes
    return scores


def _stopped(stage: str, error: Exception) -> Note:
    """What an unexpected error says of a stage; the study goes on without it, and its exit code is 1."""
    return Note("STUDY_STAGE_FAILED", f"{stage} was not done: {sentence_of(error)}", "warning")


def _analyse(
    study: Study, samples: Mapping[str, SampleRecord], disclosing: Disclosing, clock: _Clock
) -> tuple[Block, ...]:
    """Do every analysis; one that fails leaves its sentence. An option that is refused refuses the study."""
    blocks: list[Block] = []
    refused: list[InputError] = []
    done: dict[str, Result] = {}
    kept = {name: _kept(sample) for name, sample in samples.items()}
    for plan in study.analyses:
        with clock.step(f"analysis {plan.id}"):
            try:
                block = _block(plan, replace(_task(study, plan, kept, samples), done=done, disclosing=disclosing))
                blocks.append(block)
                if block.result is not None:
                    done[plan.id] = block.result
            except InputError as error:
                refused.append(type(error)([_named(plan, fault.message) for fault in error.faults]))
    if refused:
        raise gathered(refused)
    return tuple(blocks)


def _task(study: Study, plan: AnalysisPlan, kept: Mapping[str, Responses], samples: Mapping[str, SampleRecord]) -> Task:
    if not plan.sample:
        return Task(plan, None, study.seed, others=kept)
    imputed = samples[plan.sample].imputed
    return Task(plan, kept[plan.sample], study.seed, imputed, study.samples[plan.sample], kept)


def _block(plan: AnalysisPlan, task: Task) -> Block:
    outcome: Outcome | None = None
    failure: AnalysisError | None = None
    try:
        outcome = weights_told(plan, KINDS[plan.kind].analyse(task), task.weights)
    except InputError:
        raise
    except AnalysisError as error:
        failure = error
    except Exception as error:  # whatever stops one analysis must not take the others with it
        failure = AnalysisError(sentence_of(error))
        failure.__cause__ = error
    result: Result | None = None if outcome is None else outcome.result
    extras = {} if outcome is None else outcome.extras
    failures = () if outcome is None else outcome.failures
    return Block(plan.id, plan.kind, plan.sample, plan.title, plan.options, result, failure, extras, failures)


def _test(study: Study, blocks: tuple[Block, ...], clock: _Clock) -> tuple[HypothesisTest, ...]:
    by_id = {block.id: block for block in blocks}
    levels = {plan.id: plan.level for plan in study.analyses}
    with clock.step("hypotheses"):
        return tuple(assess(plan, by_id[plan.analysis], levels[plan.analysis]) for plan in study.hypotheses)


def _compare(
    study: Study, samples: Mapping[str, SampleRecord], blocks: tuple[Block, ...], clock: _Clock
) -> tuple[pd.DataFrame | None, tuple[Note, ...]]:
    """The main results with other respondents, where any was flagged and the study does not forgo it."""
    from crmstudy.study.sensitivity import concerned, sensitivity

    if not study.sensitivity or not any(concerned(plan, study.hypotheses, samples) for plan in study.analyses):
        return None, ()
    with clock.step("sensitivity"):
        table, notes = sensitivity(study, samples, blocks)
    return (None if table.empty else table), notes


def _record(
    study: Study,
    samples: Mapping[str, SampleRecord],
    blocks: tuple[Block, ...],
    hypotheses: tuple[HypothesisTest, ...],
) -> StudyRecord:
    inputs = {study.file.name: study.digest}
    notes: list[Note] = []
    for name, sample in samples.items():
        read = sample.responses.provenance.inputs
        inputs[sample.file] = read.get(study.samples[name].path.name, "")
        inputs |= {key: value for key, value in read.items() if key.startswith("instrument ")}
        inputs |= _instrument_files(sample.responses)
        notes += [note for note in sample.notes if note.code in ("STUDY_SIMULATED_DATA", "STUDY_DATA_LIMITS")]
    return StudyRecord(
        title=study.title,
        lang=study.lang,
        seed=study.seed,
        level=0.95,
        samples=tuple(samples.values()),
        blocks=blocks,
        card=_card(study),
        hypotheses=hypotheses,
        notes=tuple(notes),
        provenance=Provenance(inputs, installed_versions(PACKAGES) | {"crmstudy": __version__}, study.seed),
        audience=study.report.audience,
        style=study.report.style,
    )


def _instrument_files(responses: Responses) -> dict[str, str]:
    """The sha256 of each instrument's file, beside the fingerprint of what it says; no folder of this machine."""
    return {
        f"instrument {one.id} {one.version}, file {one.path.name}": hashlib.sha256(one.path.read_bytes()).hexdigest()
        for one in responses.instruments
        if one.path is not None and one.path.is_file()
    }


def _card(study: Study) -> dict[str, str]:
    """Lines of the study card that only the study itself knows."""
    lines: dict[str, str] = {}
    if simulated := [name for name, sample in study.samples.items() if sample.simulated]:
        which = samples_named(simulated, [*study.samples])
        lines["Simulated"] = f"SIMULATED by a program, not those of people: the answers of {which}"
    for name, sample in study.samples.items():
        lines |= _origin(name, sample.path)
        if sample.variables:
            told = [
                f"{said(variable.get('label'), study.lang) or column} ({column}, {variable['type']})"
                for column, variable in sample.variables.items()
            ]
            lines[f"Variables of {name}"] = "; ".join(told)
    return lines


def _origin(name: str, data_file: Path) -> dict[str, str]:
    """Where a data set comes from and its licence, when a dataset.yaml beside the file says so."""
    told = _data_set(data_file)
    origin = told.get("origin")
    parts = origin.values() if isinstance(origin, Mapping) else [origin]
    lines = {f"Origin of {name}": "; ".join(str(part).rstrip(".") for part in parts if part)}
    lines[f"Licence of {name}"] = str(told.get("licence") or "")
    return {label: text for label, text in lines.items() if text}


def _data_set(data_file: Path) -> Mapping[str, Any]:
    """What a dataset.yaml beside the file says of it; nothing where there is none."""
    beside = data_file.parent / "dataset.yaml"
    if not beside.is_file():
        return {}
    try:
        told = read_declared(beside).data
    except InputError:
        return {}
    return told if isinstance(told, Mapping) and told.get("file") == data_file.name else {}


def _kept(sample: SampleRecord) -> Responses:
    """The rows that screening left."""
    if sample.screening is None:
        return sample.responses
    kept: pd.Series[bool] = sample.screening.kept
    return sample.responses.keep(kept)


def _named(plan: AnalysisPlan, message: str) -> Fault:
    return at(plan.place, f"the analysis '{plan.id}': {message}")
