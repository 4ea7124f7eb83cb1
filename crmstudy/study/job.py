"""The main job: from the folder of a study to its written report, with every door checked at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from crmstudy.errors import InputError, OutputError, StudyError
from crmstudy.study.opening import open_study
from crmstudy.study.outputs import Written, output_faults, refuse_unbuilt, write_outputs
from crmstudy.study.plan import draft
from crmstudy.study.runner import Progress, StudyResults, run_opened


@dataclass(frozen=True, eq=False, slots=True)
class Job:
    """A finished job: the results, where they were written, and which files."""

    results: StudyResults
    out: Path
    written: Written


def run_job(
    path: str | Path,
    out: str | Path | None = None,
    *,
    formats: Iterable[str] | None = None,
    lang: str | None = None,
    progress: Progress | None = None,
) -> Job:
    """Load, run and report a study.

    Parameters
    ----------
    path : str or path
        The folder of the study, or its ``study.yaml``.
    out : str or path, optional
        Output folder; ``out`` in the folder of the study when left out.
    formats, lang : optional
        As for :meth:`StudyResults.report`.
    progress : callable, optional
        Called with ``(what, done, total)`` before each step.

    Raises
    ------
    InputError
        With the faults of the study's file, its instruments, data, models and claims, and of the output folder, all at
        once. Nothing has been computed or written then.
    """
    study, faults = draft(path)
    refused: list[InputError] = [StudyError(faults)] if faults else []
    try:
        refuse_unbuilt(() if formats is None else formats, lang)
    except InputError as error:
        refused.append(error)
    folder = study.folder / "out" if out is None else Path(out)
    in_the_way = output_faults(folder)
    if in_the_way:
        refused.append(OutputError(in_the_way))
    opened = open_study(study, refused)
    results = run_opened(opened, progress=progress)
    if progress is not None:
        steps = len(opened.responses) + len(study.analyses) + 1
        progress("report", steps, steps)
    chosen = study.report.formats if formats is None else tuple(formats)
    written = write_outputs(results.record, results.seconds, folder, chosen, lang, results.disclosing)
    return Job(results, folder, written)
