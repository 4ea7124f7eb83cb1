"""Commands that move answers and questionnaires between programs: ``export`` and ``import``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmstudy.cli.console import AsJson, emit, say, shown, whisper
from crmstudy.errors import InputError, OutputError
from crmstudy.files import put_new

if TYPE_CHECKING:
    from crmstudy.exchange.export_log import ExportLog
    from crmstudy.responses import Responses

Instruments = Annotated[
    list[str] | None,
    typer.Option("--instrument", "-i", help="Instrument the columns answer: id or file. Can be repeated."),
]
Codes = Annotated[
    list[str] | None, typer.Option("--missing-code", help="A cell that means 'no answer'. Can be repeated.")
]
Id = Annotated[str | None, typer.Option("--id", help="Column that names the respondent.")]
#: So many lines of a log are shown; the rest stands in the file.
_SHOWN = 20
#: Endings that only a codebook has.
_PAGES = (".html", ".htm", ".json")


def export(
    source: Annotated[Path, typer.Argument(metavar="STUDY|FILE", help="Folder of a study, or a data file.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="File to write (a folder for psych-ds); it must not exist yet. Without it, what a study collected is "
            "written as hand-over folders.",
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="csv, xlsx, sav, zsav, dta, parquet, r, sps, psych-ds, ddi or codebook; by the ending of --out.",
        ),
    ] = None,
    instrument: Instruments = None,
    sample: Annotated[str | None, typer.Option("--sample", help="Sample of the study, where it has several.")] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", help="Language of labels: en, fa, ru ... (codebook: all when left out).")
    ] = None,
    scores: Annotated[bool, typer.Option("--scores", metavar="", help="Add the scale scores as columns.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", metavar="", help="CSV: texts as they are, even those a spreadsheet would run.")
    ] = False,
    missing_code: Codes = None,
    id: Id = None,
    wave: Annotated[str | None, typer.Option("--wave", help="Hand-over: only this wave.")] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Hand-over: folder for the new folders; STUDY/handover when left out.")
    ] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", metavar="", help="Hand-over: the simulated answers, marked as such.")
    ] = False,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", metavar="", help="Hand-over: also answers that broke off.")
    ] = False,
    db: Annotated[
        str | None,
        typer.Option(
            "--db", envvar="CRMSTUDY_DB", show_envvar=True, help="Hand-over: address of the PostgreSQL database."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Write answers for another program, with labels and key, or a codebook; or hand over what a study collected."""
    if out is None:
        others = {
            "--format": format, "--instrument": instrument, "--lang": lang, "--scores": scores, "--raw": raw,
            "--missing-code": missing_code, "--id": id,
        }  # fmt: skip
        return _hand_over(source, others, sample, wave, to, simulated, incomplete, db, as_json)
    _only_handed_over({"--wave": wave, "--to": to, "--simulated": simulated, "--incomplete": incomplete})
    responses, variables = _answers(source, instrument or [], sample, missing_code or [], id)
    if (format or "").lower() == "codebook" or (format is None and out.suffix.lower() in _PAGES):
        from crmstudy.exchange.writing.codebook import write_codebook

        log = write_codebook(responses, out, lang=lang, scores=scores, variables=variables)
    else:
        from crmstudy.exchange.writing.write import write_responses

        log = write_responses(
            responses,
            out,
            format=format,
            lang=lang or _language(responses),
            raw=raw,
            scores=scores,
            variables=variables,
        )
    return _told(log, as_json)


def take_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Answers, or a questionnaire of another tool.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for answers; FILE.yaml for a questionnaire.")],
    instrument: Instruments = None,
    missing_code: Codes = None,
    id: Id = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Platform the answers come from; found out when left out.")
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook with answers.")] = None,
    personal: Annotated[
        bool, typer.Option("--personal", metavar="", help="Keep what a platform records about the person.")
    ] = False,
    raw: Annotated[bool, typer.Option("--raw", metavar="", help="Keep texts that a spreadsheet would run.")] = False,
    as_json: AsJson = False,
) -> int:
    """Take in a file of another program: answers become a folder with CSV and codebook, a questionnaire YAML."""
    if not instrument and _is_questionnaire(file, out):
        return _questionnaire(file, out, as_json)
    from crmstudy.exchange.read import read_responses
    from crmstudy.exchange.writing.importing import write_import

    responses = read_responses(
        file, instruments=_loaded(instrument or []), missing_codes=_codes(missing_code or []), id=id, source=source,
        sheet=sheet, personal=personal,
    )  # fmt: skip
    log = write_import(responses, out, raw=raw)
    if as_json:
        emit({"status": 0, "n": responses.n, **_as_dict(log), "notes": [note.as_dict() for note in responses.notes]})
        return 0
    say(f"{file.name}: N = {responses.n}, {len(responses.items)} items, {responses.variables.shape[1]} variables")
    for note in responses.notes:
        say(f"{note.level}: {note.message} ({note.code})")
    _tell(log)
    return 0


def _hand_over(
    source: Path,
    others: Mapping[str, object],
    sample: str | None,
    wave: str | None,
    to: Path | None,
    simulated: bool,
    incomplete: bool,
    db: str | None,
    as_json: bool,
) -> int:
    """What a study collected as hand-over folders; refused where a file was meant."""
    from crmstudy.cli.collected import hand_over

    given = [name for name, value in others.items() if value]
    if given or not _is_study(source):
        what = f"{given[0]} is about a file" if given else f"'{source}' is no folder of a study"
        raise InputError(f"{what}; name the file to write with --out.")
    return hand_over(
        source, sample=sample, wave=wave, to=to, simulated=simulated, incomplete=incomplete, db=db, as_json=as_json
    )


def _only_handed_over(options: Mapping[str, object]) -> None:
    given = [name for name, value in options.items() if value]
    if given:
        raise InputError(f"{given[0]} is about the hand-over of what a study collected; leave it or --out out.")


def _is_study(source: Path) -> bool:
    return source.name == "study.yaml" or (source / "study.yaml").is_file()


def _answers(
    source: Path, instruments: list[str], sample: str | None, codes: list[str], id: str | None
) -> tuple[Responses, Mapping[str, Mapping[str, Any]]]:
    """The answers of a data file or of a sample of a study, and what the study says about their columns."""
    if not _is_study(source):
        from crmstudy.exchange.read import read_responses

        if sample is not None:
            raise InputError(f"--sample names a sample of a study; '{source}' is a data file.")
        return read_responses(source, instruments=_loaded(instruments), missing_codes=_codes(codes), id=id), {}
    if instruments or codes or id:
        raise InputError("a study names its instruments, missing codes and id column itself; leave these options out.")
    from crmstudy.study.opening import open_study
    from crmstudy.study.plan import Study

    study = Study.load(source)
    opened = open_study(study)
    names = list(opened.responses)
    if sample is None and len(names) != 1:
        raise InputError(f"this study has the samples {', '.join(names)}; choose one with --sample.")
    chosen = sample or names[0]
    if chosen not in opened.responses:
        from crmstudy.errors import did_you_mean

        hint = did_you_mean(chosen, names) or f" There is: {', '.join(names)}."
        raise InputError(f"the study has no sample '{chosen}'.{hint}")
    return opened.responses[chosen], study.samples[chosen].variables


def _loaded(names: list[str]) -> list[Any]:
    from crmstudy.instrument import load_instrument

    return [load_instrument(name, search=(Path("instruments"),)) for name in names]


def _codes(texts: list[str]) -> list[int | float | str]:
    from crmstudy.cli.answers import _code

    return [_code(text) for text in texts]


def _language(responses: Responses) -> str:
    """English where the instruments have it, otherwise their first language."""
    known = [tag for one in responses.instruments for tag in one.languages]
    return "en" if "en" in known or not known else known[0]


def _is_questionnaire(file: Path, out: Path) -> bool:
    from crmstudy.exchange.questionnaires.formats import recognise_questionnaire

    return recognise_questionnaire(file) is not None or out.suffix.lower() in (".yaml", ".yml")


def _questionnaire(file: Path, out: Path, as_json: bool) -> int:
    """Draft an instrument file out of a questionnaire of another tool."""
    from crmstudy.exchange.questionnaires.formats import read_questionnaire
    from crmstudy.instrument.writing import write_yaml

    if out.suffix.lower() not in (".yaml", ".yml"):
        raise InputError(
            f"'{file.name}' is a questionnaire, which becomes an instrument file; end --out in .yaml. For answers name "
            "the instrument they answer with -i."
        )
    drafted = read_questionnaire(file)
    if out.exists():
        raise OutputError(f"'{out}' exists already; name another file, or remove it.")
    try:
        put_new(out, write_yaml(drafted.instrument).encode("utf-8"))
    except OSError as error:
        raise OutputError(f"'{out}' cannot be written: {error.strerror or error}.") from error
    if as_json:
        told = {"format": drafted.format, "unsure": list(drafted.unsure), "left_out": list(drafted.left_out)}
        emit({"status": 0, "id": drafted.instrument.id, "files": [str(out)], **told})
        return 0
    say(f"{file.name}: {drafted.instrument!r}, read as {drafted.format}")
    for line in drafted.unsure:
        say(f"unsure: {line}")
    for line in drafted.left_out:
        say(f"left out: {line}")
    say(f"Written: {shown(out)}")
    return 0


def _told(log: ExportLog, as_json: bool) -> int:
    if as_json:
        emit({"status": 0, **_as_dict(log)})
    else:
        _tell(log)
    return 0


def _as_dict(log: ExportLog) -> dict[str, Any]:
    losses = [{"what": loss.what, "where": loss.where} for loss in log]
    return {"format": log.format, "files": [str(path) for path in log.files], "losses": losses}


def _tell(log: ExportLog) -> None:
    for path in log.files:
        say(f"Written: {shown(path)}")
    for line in log.lines[:_SHOWN]:
        whisper(f"not held: {line}")
    if len(log) > _SHOWN:
        whisper(f"... and {len(log) - _SHOWN} more lines in the log.")
