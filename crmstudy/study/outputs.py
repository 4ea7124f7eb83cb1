"""What a run leaves in its output folder: report, tables, figures, ``run.json``; all of it or nothing.

Everything is written into a folder beside the output folder first, and moved over file by file when it is whole.
``run.json`` lists what was written with its sha256, so that a later run knows its own files: those are replaced or
removed, and whatever else stands in the folder is left alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from crmstudy.errors import Fault, OutputError, UnsupportedError
from crmstudy.kernels.threads import one_thread
from crmstudy.results import plain
from crmstudy.study.plan import FORMATS

if TYPE_CHECKING:
    from crmstudy.report.record import Block, StudyRecord
    from crmstudy.study.disclosing import Disclosing

RUN_FILE = "run.json"
TIMES_FILE = "timings.json"


@dataclass(frozen=True, slots=True)
class Written:
    """The files written, and the files of somebody else that were in their place and are kept under another name."""

    files: tuple[Path, ...]
    kept: tuple[Path, ...] = ()


def write_outputs(
    record: StudyRecord,
    seconds: Mapping[str, float],
    out: Path,
    formats: Iterable[str],
    lang: str | None = None,
    disclosing: Disclosing | None = None,
) -> Written:
    """Write everything a run leaves; ``seconds`` are the wall times of its steps. See :meth:`StudyResults.report`.

    What of people is shown is written down by ``disclosing`` before anything can be seen.
    """
    from crmstudy.report.render.render import render
    from crmstudy.report.telling.compose import compose

    chosen = tuple(formats)
    refuse_unbuilt(chosen, lang)
    faults = output_faults(out)
    if faults:
        raise OutputError(faults)
    new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".crmstudy-", dir=out) as folder:
            fresh = Path(folder)
            started = time.perf_counter()
            with one_thread():  # what is computed only when it is told must be the same everywhere too
                render(compose(record), fresh, chosen)
            times = {**seconds, "report": round(time.perf_counter() - started, 4)}
            _write_json(fresh / TIMES_FILE, times)
            names = sorted(path.relative_to(fresh).as_posix() for path in fresh.rglob("*") if path.is_file())
            _write_json(fresh / RUN_FILE, run_record(record) | {"files": _digests(fresh, names)})
            if disclosing is not None:
                disclosing.keep()
            return _move(fresh, out, [RUN_FILE, *names])
    except OSError as error:
        raise OutputError(_sentence(out, error)) from error
    finally:
        if new:
            with suppress(OSError):
                out.rmdir()  # only when nothing came into it


def refuse_unbuilt(formats: Iterable[str], lang: str | None) -> None:
    """Refuse formats and languages this version does not have, by name, all at once."""
    faults = [
        f"the report format '{name}' is not built; this version writes {', '.join(FORMATS)}."
        for name in formats
        if name not in FORMATS
    ]
    if lang not in (None, "en"):
        faults.append(f"reports in the language '{lang}' are not built yet; use en.")
    if faults:
        raise UnsupportedError(faults)


def output_faults(out: Path) -> list[Fault]:
    """Why a folder cannot be written, if it cannot; nothing is made to find out."""
    for place in (out, *out.parents):
        if place.is_dir():
            if os.access(place, os.W_OK | os.X_OK):
                return []
            return [Fault(f"the output folder '{out}' cannot be written: no permission in '{place}'; choose another.")]
        if place.exists() or place.is_symlink():
            return [Fault(f"the output folder '{out}' cannot be made: '{place}' is a file; choose another with --out.")]
    return []


def run_record(record: StudyRecord) -> dict[str, Any]:
    """What a run was made of and what became of it, as plain values without any clock."""
    return {
        "title": record.title,
        "lang": record.lang,
        "level": record.level,
        "status": record.status_code,
        **record.provenance.as_dict(),
        "samples": [
            {
                "name": sample.name,
                "population": sample.population,
                "file": sample.file,
                "n_read": sample.n_read,
                "n_used": sample.n_used,
                "rules": [] if sample.screening is None else _rows(sample.screening.tables["rules"]),
                "notes": [note.as_dict() for note in sample.notes],
            }
            for sample in record.samples
        ],
        "analyses": [_block(block) for block in record.blocks],
        "hypotheses": [_hypothesis(test) for test in record.hypotheses],
        "sensitivity": [] if record.sensitivity is None else _rows(record.sensitivity),
        "notes": [note.as_dict() for note in record.notes],
    }


def _block(block: Block) -> dict[str, Any]:
    return {
        "id": block.id,
        "kind": block.kind,
        "sample": block.sample,
        "status": block.status,
        "n": None if block.result is None else block.result.n,
        "message": str(block.error) if block.result is None else block.result.text,
        "call": {} if block.result is None else plain(block.result.call),
        "options": plain(block.options),
        "notes": [note.as_dict() for note in block.notes],
    }


def _hypothesis(test: Any) -> dict[str, Any]:
    names = ("id", "statement", "claim", "analysis", "verdict", "reason", "estimate", "std_error", "p_value", "ci_low",
             "ci_high", "std_all", "level")  # fmt: skip
    return {name: plain(getattr(test, name)) for name in names}


def _rows(table: Any) -> Any:
    return plain(table.to_dict("records"))


def _digests(folder: Path, names: Iterable[str]) -> dict[str, str | None]:
    """The sha256 of each file; none for the wall times, which are never the same twice."""
    return {name: None if name == TIMES_FILE else _digest(folder / name) for name in names}


def _move(fresh: Path, out: Path, names: list[str]) -> Written:
    """Put the fresh files in their places; first remove what only the earlier run wrote."""
    before = _earlier(out)
    for name in before:
        if name not in names and _is_own(out, name, before):
            (out / name).unlink(missing_ok=True)
            with suppress(OSError):
                (out / name).parent.rmdir()  # only when it is empty
    kept = []
    for name in names:
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not _is_own(out, name, before):
            aside = _free_name(target)
            target.rename(aside)
            kept.append(aside)
        os.replace(fresh / name, target)
    return Written(tuple(out / name for name in names), tuple(kept))


def _earlier(out: Path) -> dict[str, str | None]:
    """The files of the last run in this folder with their sha256; none when there was no run."""
    try:
        listed = json.loads((out / RUN_FILE).read_text(encoding="utf-8"))["files"]
        own = {str(name): digest for name, digest in listed.items() if _is_inside(str(name))}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {RUN_FILE: None, **own}


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name


def _is_own(out: Path, name: str, before: Mapping[str, str | None]) -> bool:
    """Whether a file is as the last run left it."""
    path = out / name
    if name not in before or not path.is_file():
        return False
    return before[name] is None or before[name] == _digest(path)


def _free_name(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.stem}.kept-{number}{path.suffix}")).exists():
        number += 1
    return aside


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(plain(content), ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def _sentence(out: Path, error: OSError) -> str:
    where = f" ('{error.filename}')" if error.filename else ""
    return (
        f"the output folder '{out}' cannot be written: {error.strerror or error}{where}; close programs that have "
        "one of its files open, or choose another folder with --out."
    )
