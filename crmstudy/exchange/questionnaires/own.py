"""Our own formats out: the instrument file, and the same as JSON."""

from __future__ import annotations

import json

from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.questionnaires.layout import shown_languages
from crmstudy.instrument.model import Instrument
from crmstudy.instrument.writing import to_mapping, write_yaml


def write_yaml_file(instrument: Instrument, log: ExportLog, lang: str | None) -> bytes:
    """The bytes of an instrument file; it holds all languages."""
    shown_languages(instrument, lang)
    if lang is not None:
        log.add("an instrument file always holds all its languages.")
    return write_yaml(instrument).encode("utf-8")


def write_json_file(instrument: Instrument, log: ExportLog, lang: str | None) -> bytes:
    """The bytes of a JSON file that needs no library to be read."""
    shown_languages(instrument, lang)
    if lang is not None:
        log.add("an instrument always holds all its languages.")
    shared = [id for id, one in instrument.responses.items() if one.shared]
    if shared:
        log.add(f"the library's shared answer sets were written out in full: {', '.join(shared)}.")
    content = to_mapping(instrument, self_contained=True)
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
