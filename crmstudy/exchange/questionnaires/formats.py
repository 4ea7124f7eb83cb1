"""The formats of questionnaires: which there are, how a file is recognised, writing and reading.

========== ============================== ===== ==== =========================================================
name       file                           write read remark
========== ============================== ===== ==== =========================================================
yaml       .yaml                          yes   yes  an instrument file
json       .json                          yes   yes  the same as JSON, shared answer sets written out
xlsform    .xlsx                          yes   yes  KoboToolbox, ODK, SurveyCTO; all languages in one file
limesurvey .txt                           yes   yes  LimeSurvey's tab-separated survey; all languages in one file
lss        .lss                           no    yes  LimeSurvey's survey file (XML)
redcap     .csv                           yes   yes  REDCap's data dictionary; one language a file
qsf        .qsf                           no    yes  Qualtrics survey file
html       .html                          yes   no   a questionnaire on A4; one language a file
pdf        .pdf                           yes   no   the same as PDF
========== ============================== ===== ==== =========================================================
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from crmstudy.errors import DataError, Fault, InputError, InstrumentError, OutputError, UnsupportedError, did_you_mean
from crmstudy.exchange.export_log import ExportLog
from crmstudy.files import open_file, put_new
from crmstudy.instrument.load import from_mapping
from crmstudy.instrument.model import Instrument

_HOME = "crmstudy.exchange.questionnaires"
_PRINTING = "crmstudy.exchange.printing"
_HEAD = 65_536
_REDCAP_HEADS = (("variable / field name", "form name"), ("field_name", "form_name"))
_CANNOT = {
    ".xls": "an old workbook (.xls) is not read; save it as .xlsx.",
    ".ods": "an OpenDocument sheet (.ods) is not read; save it as .xlsx.",
    ".lsa": "a LimeSurvey archive (.lsa) is not read; export the survey structure as .lss.",
    ".lsq": "a single LimeSurvey question (.lsq) is not read; export the whole survey as .lss.",
    ".lsg": "a LimeSurvey question group (.lsg) is not read; export the whole survey as .lss.",
    ".docx": "a Word document is drafted by another command: crmstudy instruments new --from FILE.",
    ".doc": "an old Word document is not read; save it as .docx, then: crmstudy instruments new --from FILE.",
    ".sav": "an SPSS file is drafted by another command: crmstudy instruments new --from FILE.",
    ".pdf": "a PDF is not read; enter the questionnaire with crmstudy instruments new.",
}


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a questionnaire file gave.

    Attributes
    ----------
    instrument : Instrument
        The instrument, or a draft of it.
    format : str
        The name of the format.
    unsure : tuple of str
        What was decided without certainty, or changed since the file was written: look these over.
    left_out : tuple of str
        What the file has and an instrument has no place for.
    carried : bool
        Whether the file is an instrument file or carried its instrument along; otherwise it is a draft.
    """

    instrument: Instrument
    format: str
    unsure: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    carried: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """All sentences."""
        return (*self.unsure, *self.left_out)

    def __repr__(self) -> str:
        said = f"{len(self.unsure)} unsure, {len(self.left_out)} left out"
        return f"<Drafted {self.instrument.id} {self.instrument.version} from {self.format}: {said}>"


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name, the endings of its files, where its writer and its kind of untrusted file are.

    ``writer`` names ``module:function``; the function takes ``(instrument, log, lang)`` and gives bytes. ``kind`` is a
    row of :data:`crmstudy.exchange.untrusted.kinds.KINDS`. ``recognises`` takes the first bytes of a file.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    writer: str = ""
    kind: str = ""
    recognises: Callable[[bytes], bool] = lambda head: False

    def write(self, instrument: Instrument, log: ExportLog, lang: str | None) -> bytes:
        """The bytes of a file of this format."""
        module, _, function = self.writer.partition(":")
        made: bytes = getattr(import_module(module), function)(instrument, log, lang)
        return made


def _text(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) & ~1].decode("utf-16", "replace")
    return head.decode("utf-8-sig", "replace")


def _is_workbook(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04")


def _is_lss(head: bytes) -> bool:
    return "<LimeSurveyDocType>" in _text(head)


def _is_limesurvey(head: bytes) -> bool:
    heads = [cell.strip('"') for cell in _text(head).split("\n", 1)[0].strip().split("\t")]
    return {"class", "type/scale", "name", "text"} <= set(heads)


def _is_redcap(head: bytes) -> bool:
    first = _text(head).split("\n", 1)[0].lower()
    return any({field, form} <= set(re.findall(r"[a-z_/ ]+", first)) for field, form in _REDCAP_HEADS)


def _is_qsf(head: bytes) -> bool:
    return '"SurveyEntry"' in _text(head) or '"SurveyElements"' in _text(head)


def _is_json(head: bytes) -> bool:
    return _text(head).lstrip().startswith("{") and b'"crmstudy_instrument"' in head


def _is_yaml(head: bytes) -> bool:
    return any(line.startswith("crmstudy_instrument:") for line in _text(head).splitlines())


#: Every format, in the order in which a file is held against them.
FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("yaml", "an instrument file", (".yaml", ".yml"), f"{_HOME}.own:write_yaml_file", "questionnaire-yaml",
               _is_yaml),
        Format("qsf", "a Qualtrics survey", (".qsf",), "", "questionnaire-qsf", _is_qsf),
        Format("json", "an instrument as JSON", (".json",), f"{_HOME}.own:write_json_file", "questionnaire-json",
               _is_json),
        Format("xlsform", "an XLSForm", (".xlsx", ".xlsm"), f"{_HOME}.xlsform:write_xlsform", "questionnaire-xlsform",
               _is_workbook),
        Format("lss", "a LimeSurvey survey (.lss)", (".lss",), "", "questionnaire-lss", _is_lss),
        Format("limesurvey", "a LimeSurvey survey (.txt)", (".txt", ".tsv"), f"{_HOME}.limesurvey_tsv:write_tsv",
               "questionnaire-limesurvey", _is_limesurvey),
        Format("redcap", "a REDCap data dictionary", (".csv",), f"{_HOME}.redcap_dictionary:write_dictionary",
               "questionnaire-redcap", _is_redcap),
        Format("html", "a printable questionnaire (HTML)", (".html", ".htm"), f"{_PRINTING}.html:export_html"),
        Format("pdf", "a printable questionnaire (PDF)", (".pdf",), f"{_PRINTING}.pdf:export_pdf"),
    )
}  # fmt: skip


def write_questionnaire(
    instrument: Instrument | str, path: str | os.PathLike[str], *, format: str | None = None, lang: str | None = None
) -> ExportLog:
    """Write an instrument as a questionnaire of another tool; never over a file.

    Parameters
    ----------
    instrument : Instrument or str
        An instrument, or its id in the library.
    path : path
        The file to write.
    format : str, optional
        A name in :data:`FORMATS`; by the ending of the file when left out.
    lang : str, optional
        The language to show. When left out, all of them where the format has room for more than one.

    Returns
    -------
    ExportLog
        What the format has no place for.

    Raises
    ------
    OutputError
        When the file exists already or cannot be written.
    UnsupportedError
        When there is no such format to write, or the instrument has no texts in the language.
    """
    if isinstance(instrument, str):
        from crmstudy.instrument.catalog import load_instrument

        instrument = load_instrument(instrument)
    path = Path(path)
    wanted = _format_to_write(path, format)
    log = ExportLog(wanted.name)
    if path.exists():
        raise OutputError(f"'{path}' exists already; name another file, or remove it.")
    raw = wanted.write(instrument, log, lang)
    try:
        put_new(path, raw)
    except FileExistsError:
        raise OutputError(f"'{path}' exists already; name another file, or remove it.") from None
    except OSError as error:
        raise OutputError(f"'{path}' cannot be written: {error.strerror or error}.") from error
    log.files.append(path)
    return log


def read_questionnaire(path: str | os.PathLike[str], *, format: str | None = None) -> Drafted:
    """Read a questionnaire of another tool, or an instrument file.

    A file that :func:`write_questionnaire` made gives the same instrument again, with what was changed in the file
    since. Any other file gives a draft: rights unknown, nothing checked, and no scales.

    Parameters
    ----------
    path : path
        The file. It is taken apart in a process of its own, under limits.
    format : str, optional
        A name in :data:`FORMATS`; by what the file holds when left out.

    Returns
    -------
    Drafted
        The instrument, what was decided without certainty, and what was left out.

    Raises
    ------
    DataError
        When the file is none that can be read; with all its faults.
    InstrumentError
        When an instrument file has faults; all of them.
    UnsupportedError
        When there is no such format to read.
    """
    from crmstudy.exchange.untrusted.door import parse

    path = Path(path)
    found = _format_to_read(path, format)
    told = parse(found.kind, path)
    try:
        instrument = from_mapping(told["instrument"], path.name)
        notes = [tuple(str(one) for one in told[key]) for key in ("unsure", "left_out")]
    except (KeyError, TypeError, AttributeError):
        message = "the reader gave an answer that makes no sense; the file is damaged, or made to do so."
        raise DataError(Fault(message, path.name)) from None
    return Drafted(instrument, found.name, notes[0], notes[1], told.get("carried") is True)


def recognise_questionnaire(path: str | os.PathLike[str]) -> str | None:
    """The name of the format a file is in, by what it holds and its ending; None when it is no questionnaire.

    A workbook counts as one when it has a sheet ``survey``.
    """
    path = Path(path)
    if path.suffix.lower() in _CANNOT or not path.is_file():
        return None
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return None
    for one in FORMATS.values():
        if one.kind and one.recognises(head):
            return None if one.name == "xlsform" and not _has_survey(path) else one.name
    return None


def _has_survey(path: Path) -> bool:
    """Whether a workbook has a sheet named survey; one that cannot be unpacked has none."""
    from crmstudy.exchange.untrusted.door import parse

    try:
        return parse("workbook-has-survey", path) is True
    except InputError:
        return False


def _format_to_write(path: Path, format: str | None) -> Format:
    writable = [one for one in FORMATS.values() if one.writer]
    if format is not None:
        return _named(format, writable, "written")
    ending = path.suffix.lower()
    for one in writable:
        if ending in one.endings:
            return one
    known = ", ".join(f"{one.name} ({one.endings[0]})" for one in writable)
    raise UnsupportedError(f"the ending '{ending or path.name}' names no format to write; there is: {known}.")


def _format_to_read(path: Path, format: str | None) -> Format:
    readable = [one for one in FORMATS.values() if one.kind]
    if format is not None:
        return _named(format, readable, "read")
    ending = path.suffix.lower()
    if ending in _CANNOT:
        raise UnsupportedError(Fault(_CANNOT[ending], str(path)))
    try:
        with open_file(path) as stream:
            head = stream.read(_HEAD)
    except FileNotFoundError:
        raise DataError(f"'{path}' was not found; check the path.") from None
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror or error}.") from None
    for one in readable:
        if one.recognises(head):
            return one
    for one in readable:
        if ending in one.endings:
            return one
    known = ", ".join(f"{one.name} ({one.endings[0]})" for one in readable)
    raise UnsupportedError(Fault(f"this is no questionnaire that can be read; there is: {known}.", str(path)))


def _named(name: str, known: Iterable[Format], done: str) -> Format:
    known = list(known)
    for one in known:
        if one.name == name:
            return one
    hint = did_you_mean(name, [one.name for one in known]) or f" There is: {', '.join(one.name for one in known)}."
    if name in FORMATS:
        raise UnsupportedError(f"the format '{name}' cannot be {done}.{hint}")
    raise UnsupportedError(f"there is no format '{name}'.{hint}")


__all__ = ["FORMATS", "Drafted", "Format", "InstrumentError", "read_questionnaire", "recognise_questionnaire",
           "write_questionnaire"]  # fmt: skip
