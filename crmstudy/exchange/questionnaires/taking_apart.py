"""Questionnaire files taken apart in the child process: bytes in, the plain values of an instrument out.

Each function is a parser behind the door (:mod:`crmstudy.exchange.untrusted`). It gives back ``instrument`` (in the
layout of an instrument file), ``unsure`` and ``left_out`` (sentences), and ``carried``, whether the file carried its
instrument.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from crmstudy.errors import DataError, Fault, InstrumentError
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.questionnaires.carrying import from_sheets, instrument_of, unpack
from crmstudy.exchange.questionnaires.foreign import drafted
from crmstudy.exchange.questionnaires.reconciling import Names, reconciled
from crmstudy.exchange.questionnaires.seen import Seen
from crmstudy.instrument.load import from_mapping, parse_instrument
from crmstudy.instrument.model import Instrument
from crmstudy.instrument.writing import to_mapping

Answer = dict[str, Any]
#: What a file of an instrument would show, and what its parts are called there.
Shown = Callable[[Instrument, list[str]], tuple[Seen, Names]]
_TOO_MANY = 10_000


def xlsform(raw: bytes, file: str) -> Answer:
    """An XLSForm."""
    from crmstudy.exchange.questionnaires.workbook import sheets_of
    from crmstudy.exchange.questionnaires.xlsform import xlsform_sheets
    from crmstudy.exchange.questionnaires.xlsform_reading import xlsform_seen

    def shown(instrument: Instrument, languages: list[str]) -> tuple[Seen, Names]:
        made, names = xlsform_sheets(instrument, languages, ExportLog())
        return xlsform_seen(made, file, languages, own=True), names

    sheets = sheets_of(raw, file)
    held = from_sheets(sheets)
    seen = xlsform_seen(sheets, file, held["languages"] if held else (), own=held is not None)
    return _answer(seen, held, shown, file)


def has_survey(raw: bytes, file: str) -> bool:
    """Whether a workbook has a sheet named survey; only its table of contents is looked at."""
    from crmstudy.exchange.untrusted.archives import check_archive

    archive = check_archive(raw, file)
    if "xl/workbook.xml" not in archive.namelist():
        return False
    content = archive.read("xl/workbook.xml").decode("utf-8", "replace").lower()
    return re.search(r"name=[\"']\s*survey\s*[\"']", content) is not None


def yaml(raw: bytes, file: str) -> Answer:
    """An instrument file."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 (byte {error.start + 1}); save it as UTF-8."
        raise InstrumentError(Fault(message, file)) from None
    return _whole(parse_instrument(text, file))


def json(raw: bytes, file: str) -> Answer:
    """An instrument as JSON."""
    from crmstudy.exchange.untrusted.markup import read_json

    held = read_json(raw, file)
    if not isinstance(held, dict) or "crmstudy_instrument" not in held:
        message = "this JSON is no instrument: it lacks crmstudy_instrument. A Qualtrics survey ends in .qsf."
        raise DataError(Fault(message, file))
    return _whole(from_mapping(held, file))


def _whole(instrument: Instrument) -> Answer:
    return {"instrument": to_mapping(instrument), "unsure": [], "left_out": [], "carried": True}


def _answer(seen: Seen, held: Mapping[str, Any] | None, shown: Shown, file: str) -> Answer:
    """The instrument of what was seen: the carried one with what was changed since, or a draft."""
    _check_size(seen, file)
    if held is not None:
        try:
            return _carried(seen, held, instrument_of(held, file), shown, file)
        except InstrumentError as error:
            said = "; ".join(fault.message for fault in error.faults[:3])
            seen.unsure.append(f"The file carries an instrument that cannot be used any more ({said}): left out.")
    draft = drafted(seen, PurePath(file).stem)
    if draft.instrument is None:
        left = " ".join(seen.left_out[:3])
        raise DataError(Fault(f"there is no question in this file that can be taken over. {left}".rstrip(), file))
    if not draft.instrument.responses:
        message = "all questions of this file are open, and an instrument needs one with answers to choose from."
        raise DataError(Fault(message, file))
    mapping = to_mapping(draft.instrument)
    from_mapping(mapping, file)
    return {"instrument": mapping, "unsure": seen.unsure, "left_out": seen.left_out, "carried": False}


def _carried(seen: Seen, held: Mapping[str, Any], carried: Instrument, shown: Shown, file: str) -> Answer:
    """The carried instrument, with what differs from what it would show."""
    languages = [tag for tag in held["languages"] if tag in carried.languages] or list(carried.languages)
    base, names = shown(carried, languages)
    left_out = [line for line in seen.left_out if line not in base.left_out]
    seen.unsure, seen.left_out, base.unsure, base.left_out, base.origin = [], [], [], [], seen.origin
    if seen != base:
        draft = drafted(seen, PurePath(file).stem)
        left_out += seen.left_out
        seen.unsure = []
        mapping = reconciled(held["instrument"], base, seen, names, draft)
        carried = instrument_of({**held, "instrument": mapping}, file)
    return {"instrument": to_mapping(carried), "unsure": seen.unsure, "left_out": left_out, "carried": True}


def _check_size(seen: Seen, file: str) -> None:
    names = [asked.name for asked in seen.asked]
    if len(names) > _TOO_MANY:
        raise DataError(Fault(f"the file has {len(names):,} questions, and at most {_TOO_MANY:,} are read.", file))


def limesurvey(raw: bytes, file: str) -> Answer:
    """LimeSurvey's tab-separated survey."""
    from crmstudy.exchange.questionnaires.limesurvey import limesurvey_seen
    from crmstudy.exchange.questionnaires.limesurvey_tsv import lines_of, survey_of

    seen, texts = limesurvey_seen(survey_of(lines_of(raw, file)), file)
    return _answer(seen, unpack(texts), _shown_by_limesurvey(file), file)


def lss(raw: bytes, file: str) -> Answer:
    """LimeSurvey's survey file (XML)."""
    from crmstudy.exchange.questionnaires.limesurvey import limesurvey_seen
    from crmstudy.exchange.questionnaires.limesurvey_lss import survey_of_lss
    from crmstudy.exchange.untrusted.markup import read_xml

    seen, texts = limesurvey_seen(survey_of_lss(read_xml(raw, file), file), file)
    return _answer(seen, unpack(texts), _shown_by_limesurvey(file), file)


def _shown_by_limesurvey(file: str) -> Shown:
    from crmstudy.exchange.questionnaires.limesurvey import limesurvey_seen
    from crmstudy.exchange.questionnaires.limesurvey_tsv import survey_of, tsv_lines

    def shown(instrument: Instrument, languages: list[str]) -> tuple[Seen, Names]:
        lines, names = tsv_lines(instrument, languages, ExportLog())
        return limesurvey_seen(survey_of(lines), file, own=True)[0], names

    return shown


def redcap(raw: bytes, file: str) -> Answer:
    """REDCap's data dictionary."""
    from crmstudy.exchange.questionnaires.redcap_dictionary import dictionary_records, records_of, redcap_seen

    def shown(instrument: Instrument, languages: list[str]) -> tuple[Seen, Names]:
        records, names = dictionary_records(instrument, languages[0], ExportLog())
        return redcap_seen(records, file, languages[0], own=True)[0], names

    records = records_of(raw, file)
    seen, texts = redcap_seen(records, file)
    held = unpack(texts)
    if held is not None and held["languages"]:
        seen, _ = redcap_seen(records, file, held["languages"][0])
    return _answer(seen, held, shown, file)


def qsf(raw: bytes, file: str) -> Answer:
    """A Qualtrics survey."""
    from crmstudy.exchange.questionnaires.qsf import qsf_seen
    from crmstudy.exchange.untrusted.markup import read_json

    seen = qsf_seen(read_json(raw, file), file)
    return _answer(seen, None, lambda instrument, languages: (Seen(""), Names()), file)
