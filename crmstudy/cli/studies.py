"""Commands about studies: ``run``, ``init``, ``doctor`` and ``explain``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmstudy.cli.console import AsJson, emit, progress_bar, say, shown, table, whisper
from crmstudy.errors import InputError, UnsupportedError, did_you_mean

if TYPE_CHECKING:
    from crmstudy.report.record import Block
    from crmstudy.study.job import Job
    from crmstudy.study.questions import Answers
    from crmstudy.study.runner import StudyResults
    from crmstudy.study.scaffold import NewStudy

LANGUAGES = ("en", "fa", "ru")


def run(
    folder: Annotated[Path, typer.Argument(help="Folder of the study, or its study.yaml.")],
    out: Annotated[Path | None, typer.Option("--out", help="Output folder; FOLDER/out when left out.")] = None,
    lang: Annotated[str | None, typer.Option("--lang", help="Language of the report: en.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes for long bootstraps.")] = None,
    backend: Annotated[str | None, typer.Option("--backend", help="Where they run: dask, or here.")] = None,
    scheduler: Annotated[str | None, typer.Option("--scheduler", help="Address of the Dask cluster.")] = None,
    as_json: AsJson = False,
) -> int:
    """Run a study and write its report.

    Exit code 0: all is well; 1: the report is written, but an analysis failed or is inadmissible; 2: the input was
    refused, with all its faults, and nothing was written. The numbers do not depend on the workers.
    """
    from crmstudy.kernels.resample import spread_over
    from crmstudy.study.job import run_job

    if lang is not None and lang not in LANGUAGES:
        raise UnsupportedError(f"the language '{lang}' is not known.{did_you_mean(lang, LANGUAGES)} Use en.")
    if backend not in (None, "dask"):
        raise UnsupportedError(f"the backend '{backend}' is not known; use dask, or leave --backend out.")
    if scheduler is not None and backend is None:
        raise InputError("--scheduler is the address of a Dask cluster; give --backend dask with it.")
    with spread_over(workers, backend, scheduler), progress_bar(quiet=as_json) as progress:
        job = run_job(folder, out, lang=lang, progress=progress)
    if as_json:
        emit(_run_as_json(job))
    else:
        _tell_run(job)
    return job.results.status_code


def init(
    folder: Annotated[Path | None, typer.Argument(help="Folder of the new study.")] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Data file whose columns are looked at.")] = None,
    answers: Annotated[Path | None, typer.Option("--answers", help="YAML file with the answers, for scripts.")] = None,
    as_json: AsJson = False,
) -> int:
    """Start a new study: the example with a folder alone, your own with --data, questions without anything."""
    from crmstudy.study.questions import read_answers
    from crmstudy.study.scaffold import copy_template, write_study

    if answers is not None:
        made = write_study(read_answers(answers, folder=folder, data=data))
    elif folder is not None and data is None:
        made = copy_template(folder)
    else:
        made = write_study(_ask(folder, data))
    command = f"crmstudy run {_quoted(shown(made.folder))}"
    if as_json:
        emit({"status": 0, "files": [str(path) for path in made.files], "data": made.data, "next": command})
        return 0
    _tell_new(made, command)
    return 0


def doctor(as_json: AsJson = False) -> int:
    """Check this installation: versions, fonts, and a run of the example study. Writes nothing that stays."""
    from crmstudy.cli.checks import examine

    with progress_bar(quiet=as_json) as progress:
        findings = examine(progress)
    status = 0 if all(finding.fine or finding.optional for finding in findings) else 1
    if as_json:
        emit({"status": status, "checks": [finding.as_dict() for finding in findings]})
        return status
    marks = {(True, False): "ok", (True, True): "ok", (False, False): "MISSING", (False, True): "absent"}
    table(
        ("check", "", "found"),
        [(finding.what, marks[finding.fine, finding.optional], finding.found) for finding in findings],
    )
    say("All is well." if status == 0 else "Something is missing; see above.")
    return status


def explain(
    code: Annotated[str | None, typer.Argument(help="Code of a note; all are listed when left out.")] = None,
    as_json: AsJson = False,
) -> int:
    """Explain the code of a note: what it means, what to do, what to write in the thesis."""
    from crmstudy.notes import explanations

    if code is None:
        if as_json:
            emit({"status": 0, "codes": {name: entry.title for name, entry in explanations().items()}})
        else:
            table(("code", "title"), [(name, entry.title) for name, entry in sorted(explanations().items())])
        return 0
    name = code.strip().upper().replace("-", "_")
    if name not in explanations():
        hint = did_you_mean(name, explanations()) or " List them all with: crmstudy explain"
        raise InputError(f"there is no note code '{code}'.{hint}")
    entry = explanations()[name]
    if as_json:
        told = {"title": entry.title, "meaning": entry.meaning, "advice": entry.advice, "write": entry.write}
        emit({"status": 0, "code": name, **told})
        return 0
    say(f"{name}: {entry.title}")
    say(f"\nWhat it means: {entry.meaning}")
    say(f"\nWhat to do: {entry.advice}")
    say(f"\nWhat to write: {entry.write}")
    return 0


def _tell_run(job: Job) -> None:
    results = job.results
    say(results.record.title)
    for path in job.written.files:
        if path.parent == job.out and path.stem == "report":
            say(f"Report: {shown(path)}")
    for sample in results.record.samples:
        if sample.rows != "respondents":
            what = f"a form of {sample.n_read} items" if sample.rows == "items" else f"{sample.n_read} records"
            say(f"{sample.name}: {what}")
            continue
        gone = sample.n_read - sample.n_used
        say(f"N = {sample.n_used} ({sample.name}" + (f"; {gone} of {sample.n_read} rows excluded)" if gone else ")"))
        outside = sorted(str(note.subject) for note in sample.notes if note.code == "RESPONSES_OUT_OF_RANGE")
        if outside:
            say(f"  answers out of range are missing in every analysis: {', '.join(outside)}")
    for test in results.hypotheses:
        say(test.text)
    _tell_state("Inadmissible", [(block.id, _why(block)) for block in results.blocks if block.status == "inadmissible"])
    _tell_state("Failed", _failed(results))
    for path in job.written.kept:
        say(f"A file of yours stood in the way and was kept as {shown(path)}")


def _tell_state(state: str, found: list[tuple[str, str]]) -> None:
    say(f"{state}: {', '.join(name for name, _ in found) or 'none'}")
    for name, why in found:
        say(f"  {name}: {why}")


def _failed(results: StudyResults) -> list[tuple[str, str]]:
    """What has no result, wholly or in part, and why; stages of a sample too."""
    found = []
    for sample in results.record.samples:
        found += [(sample.name, note.message) for note in sample.notes if note.code == "STUDY_STAGE_FAILED"]
    for block in results.blocks:
        if block.status == "failed":
            found.append((block.id, _why(block)))
        elif block.status == "partly failed":
            parts = ", ".join(str(note.subject) for note in block.failures)
            found.append((f"{block.id} (partly: {parts})", " ".join(note.message for note in block.failures)))
    return found


def _why(block: Block) -> str:
    if block.result is None:
        return str(block.error)
    return next(note.message for note in block.result.notes if note.level == "inadmissible")


def _run_as_json(job: Job) -> dict[str, Any]:
    from crmstudy.study.outputs import run_record

    return {
        **run_record(job.results.record),
        "out": str(job.out),
        "files": [str(path) for path in job.written.files],
        "kept": [str(path) for path in job.written.kept],
        "seconds": dict(job.results.seconds),
    }


#: So often a question is asked before ``init`` gives up.
_TRIES = 5


def _ask(folder: Path | None, data: Path | None) -> Answers:
    """Ask the questions that are still open; an answer that will not do is asked again."""
    from crmstudy.study.questions import QUESTIONS, Interview

    interview = Interview()
    if data is not None:
        interview.look(data)
        _tell_found(interview)
    if folder is not None:
        interview.given["folder"] = folder
    for question in QUESTIONS:
        if question.key in interview.given or not question.applies(interview):
            continue
        value = _answer(question, interview)
        if value is not None:
            interview.given[question.key] = value
        if question.key == "data" and value is not None:
            _tell_found(interview)
    return interview.answers()


def _answer(question: Any, interview: Any) -> Any:
    default = question.default(interview)
    for _ in range(_TRIES):
        print(f"{question.text} [{default}]: ", end="", file=sys.stderr, flush=True)
        try:
            typed = input().strip()
        except EOFError:
            raise InputError(
                "the questions were not answered to the end; for scripts give the answers with --answers FILE."
            ) from None
        try:
            return question.read(typed or default, interview)
        except ValueError as fault:
            whisper(f"  {fault}")
    raise InputError(f"'{question.text}' was not answered after {_TRIES} tries; nothing was written.")


def _tell_found(interview: Any) -> None:
    from crmstudy.study.proposing import known_instruments

    found = interview.proposal
    for one in known_instruments(interview.frame.columns, [Path("instruments")]):
        named = f"{one.id}@{one.version}"
        whisper(
            f"  the columns hold all {len(one.items)} items of {named}, whose key is known: put {named} under "
            "instruments in study.yaml instead of scales of your own"
        )
    for name, members in found.scales.items():
        whisper(f"  found: {name} ({len(members)} columns: {', '.join(members)})")
    if not found.scales:
        whisper("  no columns with names such as A1, A2, A3 and whole numbers were found; name the scales yourself.")
    if found.codes:
        whisper(f"  taken as 'no answer': {', '.join(map(str, found.codes))}")
    if found.unnameable:
        whisper(f"  cannot be items until they are renamed (letters, digits, '_', '.'): {', '.join(found.unnameable)}")
    if found.others:
        whisper(f"  other columns: {', '.join(found.others)}")


def _tell_new(made: NewStudy, command: str) -> None:
    for path in made.files:
        say(f"written: {shown(path)}")
    say(made.data)
    say(f"Next: {command}")


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text
