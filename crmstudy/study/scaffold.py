"""A new study on disk: the example that ships, or one made of answers. Nothing that exists is ever overwritten."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from crmstudy.errors import Fault, OutputError
from crmstudy.study.questions import Answers

_RESPONDENTS = {"staff": "staff", "customer": "customer", "expert": "expert", "unit": "manager"}
_STATEMENTS = {
    "en": "{x} raises {y}.",
    "fa": "{x} باعث افزایش {y} می‌شود.",
    "ru": "{x} повышает {y}.",
}


@dataclass(frozen=True, slots=True)
class NewStudy:
    """What was written, and what was done with the data file, in a sentence."""

    folder: Path
    files: tuple[Path, ...]
    data: str


def copy_template(folder: Path, *, title: tuple[str, str] | None = None) -> NewStudy:
    """Write the example study that ships, with its simulated answers.

    Parameters
    ----------
    folder : Path
        Where; it is made when it does not exist.
    title : tuple of str, optional
        Language and text of another title.

    Raises
    ------
    OutputError
        When a file of the study exists already, or the folder cannot be written; nothing has been written then.
    """
    texts = {name: file.read_text(encoding="utf-8") for name, file in _template_files()}
    if title is not None:
        lang, text = title
        told = f"title:{' ' * 37}# title of the study, by language: en, fa, ru\n  {lang}: {_quoted(text)}\n"
        texts["study.yaml"] = re.sub(r"title: .*\n  en: .*\n", lambda _: told, texts["study.yaml"], count=1)
    said = "The answers are simulated (data/simulated_answers.csv); put your own data file in their place."
    return NewStudy(folder, _write(folder, texts), said)


def write_study(answers: Answers) -> NewStudy:
    """Write the study that was asked for.

    Raises
    ------
    OutputError
        As :func:`copy_template`.
    """
    if answers.data is None:
        return copy_template(answers.folder, title=(answers.language, answers.title))
    source = answers.data.resolve()
    place = f"data/{source.name}" if answers.copy else _reference(source, answers.folder)
    name = _instrument_id(answers.folder)
    texts: dict[str, str | bytes] = {
        "study.yaml": study_text(answers, place, name),
        f"instruments/{name}.yaml": instrument_text(answers, name),
        "README.md": _readme(answers, place, name),
    }
    said = f"'{answers.data}' was not copied; study.yaml refers to {place}."
    if answers.copy:
        said = f"'{answers.data}' was copied to {place}."
        try:
            texts[place] = source.read_bytes()
        except OSError as error:
            raise OutputError(f"'{answers.data}' cannot be copied: {error.strerror or error}.") from error
    return NewStudy(answers.folder, _write(answers.folder, texts), said)


def study_text(answers: Answers, data: str, instrument: str) -> str:
    """The ``study.yaml`` of a study with its own data."""
    scales = list(answers.scales)
    lines = [
        "# Written by `crmstudy init`. docs/reference/study.md explains every key.",
        "crmstudy: 1",
        f"title: {{{answers.language}: {_quoted(answers.title)}}}",
        "lang: en                       # language of the report",
        "seed: 1",
        "",
        "samples:",
        "  main:",
        f"    population: {answers.population}",
        f"    file: {_quoted(data)}",
        "    id: null                   # column that names the respondent, if there is one",
        "    missing_codes: []          # cells that mean 'no answer'; those of the items stand in the instrument",
        f"    instruments: [{instrument}]",
        "    variables: {}              # other columns: {age: {type: number}, branch: {type: category}}",
        "",
        "screening: {exclude: []}       # rules flag rows; only those named here leave rows out",
        "",
        "analyses:",
        "  - {id: items, kind: items, sample: main}",
        "  - {id: reliability, kind: reliability, sample: main, scales: all}",
    ]
    if len(scales) > 1:
        lines.append("  - {id: correlations, kind: correlations, sample: main, scales: all}")
    if answers.outcome is not None:
        predictors = " + ".join(scale for scale in scales if scale != answers.outcome)
        formula = _quoted(f"{answers.outcome} ~ {predictors}")
        lines.append(f"  - {{id: drivers, kind: regression, sample: main, formula: {formula}}}")
    lines += ["", *_hypotheses(answers), "report: {formats: [html, docx]}", ""]
    return "\n".join(lines)


def instrument_text(answers: Answers, name: str) -> str:
    """The instrument of a study with its own data: structure and keys, without wording."""
    lang = answers.language
    direction = "rtl" if lang == "fa" else "ltr"
    told = {lang: answers.title}
    unverified = "{unverified: true, note: Taken from the answers given to crmstudy init.}"
    lines = [
        "# Written by `crmstudy init`. Add the wording of your items (then say wording: paraphrase or published),",
        f"# check the keys, and look it over with: crmstudy instruments lint instruments/{name}.yaml",
        "crmstudy_instrument: 1",
        f"id: {name}",
        'version: "1.0"',
        f"name: {_flow(told)}",
        f"respondent: {_RESPONDENTS[answers.population]}",
        "wording: none",
        "rights: {holder: unknown, status: unknown, statement: Not established., unverified: true}",
        "provenance:",
        *(f"  {part}: {unverified}" for part in ("structure", "content", "responses", "reversed", "scoring")),
        f"languages: {{{lang}: {{direction: {direction}, status: draft}}}}",
        "responses:",
        f"  answers: {{low: {answers.low}, high: {answers.high}, missing_codes: {list(answers.missing_codes)}}}",
        "items:",
        *(f"  - {{id: {_quoted(item)}}}" for members in answers.scales.values() for item in members),
        f"reversed: [{', '.join(_quoted(item) for item in answers.reversed)}]   # mirrored before anything is computed",
        "scales:",
    ]
    for scale, members in answers.scales.items():
        lines += [
            f"  - id: {_quoted(scale)}",
            f"    name: {_flow({lang: scale})}",
            f"    items: [{', '.join(_quoted(item) for item in members)}]",
            "    method: mean",
            f"    min_answered: {(len(members) + 1) // 2}   # at least half of the items",
            "    model: reflective",
        ]
    return "\n".join(lines) + "\n"


def _hypotheses(answers: Answers) -> list[str]:
    if answers.outcome is None:
        return ["hypotheses: {}"]
    lines = ["hypotheses:"]
    for number, scale in enumerate((name for name in answers.scales if name != answers.outcome), start=1):
        statement = _STATEMENTS[answers.language].format(x=scale, y=answers.outcome)
        lines += [
            f"  H{number}:",
            f"    statement: {_flow({answers.language: statement})}",
            f"    claim: {_quoted(f'{answers.outcome} ~ {scale} > 0')}",
            "    analysis: drivers",
        ]
    return lines


def _readme(answers: Answers, data: str, instrument: str) -> str:
    codes = ", ".join(map(str, answers.missing_codes)) or "none"
    turned = ", ".join(answers.reversed) or "none"
    rows = [f"| {scale} | {', '.join(members)} |" for scale, members in answers.scales.items()]
    return "\n".join(
        [
            f"# {answers.title}",
            "",
            "    crmstudy run .",
            "",
            "writes the report to `out/report.html` and `out/report.docx`.",
            "",
            f"Data: `{data}`. Answers from {answers.low} to {answers.high}; codes for 'no answer': {codes}; reversed "
            f"items: {turned}. The instrument is `instruments/{instrument}.yaml`.",
            "",
            "| scale | items |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def _write(folder: Path, texts: Mapping[str, str | bytes]) -> tuple[Path, ...]:
    """Write files into a folder, all or none; one that exists is never overwritten."""
    there = [name for name in texts if (folder / name).exists()]
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"'{folder}' is a file; name a folder for the study.")
    if there:
        raise OutputError([Fault(f"'{folder / name}' exists already and is not overwritten.") for name in there])
    made: list[Path] = []
    try:
        for name, text in texts.items():
            path = folder / name
            made += [parent for parent in reversed(path.parents) if not parent.exists()]
            path.parent.mkdir(parents=True, exist_ok=True)
            made.append(path)
            path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    except OSError as error:
        _remove(made)
        where = error.filename or folder
        raise OutputError(f"'{where}' cannot be written: {error.strerror or error}. Choose another folder.") from error
    return tuple(folder / name for name in texts)


def _remove(made: list[Path]) -> None:
    """Take back what was made: files, then the folders that were not there before."""
    for path in reversed(made):
        with suppress(OSError):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)


def _template_files() -> list[tuple[str, Traversable]]:
    """The files of the example with their paths in it."""
    found: list[tuple[str, Traversable]] = []
    waiting = [("", resources.files("crmstudy") / "templates" / "study")]
    while waiting:
        prefix, folder = waiting.pop()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            name = f"{prefix}{entry.name}"
            if entry.is_dir():
                waiting += [] if entry.name in ("__pycache__", "out") else [(f"{name}/", entry)]
            else:
                found.append((name, entry))
    return sorted(found, key=lambda pair: pair[0])


def _reference(source: Path, folder: Path) -> str:
    """The path of a file seen from a folder, absolute when they are on different drives."""
    try:
        return Path(os.path.relpath(source, folder.resolve())).as_posix()
    except ValueError:
        return source.as_posix()


def _instrument_id(folder: Path) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", folder.resolve().name.lower()).strip("_")
    return name or "questionnaire"


def _quoted(text: str) -> str:
    """A text in quotes, as both YAML and JSON read it."""
    return json.dumps(text, ensure_ascii=False)


def _flow(texts: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{lang}: {_quoted(text)}" for lang, text in texts.items()) + "}"
