"""A questionnaire as PDF, for whoever prints it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from importlib import import_module, resources
from pathlib import Path
from typing import Any

from crmstudy.errors import MissingExtraError
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.printing.composing import chosen_language, log_losses, sheet
from crmstudy.exchange.writing.delivery import delivery_to
from crmstudy.instrument.model import Instrument

#: A word that does not fit the text column of a grid, and the pieces it may be broken into.
_LONG_WORD, _PIECE = re.compile(r"[^\s\u200b]{27,}"), 12
#: Signs that are in none of the fonts in crmstudy/fonts (all of these are, or take no ink).
_NOT_IN_FONTS = re.compile(
    "[^\\s\u0020-\u007e\u00a0-\u017f\u0218-\u021b\u0300-\u0304\u0401-\u040c\u040e-\u044f\u0451-\u045c\u0490-\u049d"
    "\u060c\u061b\u061f\u0621-\u063a\u0640-\u0658\u0660-\u0671\u067e\u0686\u0698\u06a9-\u06ad\u06af\u06c0-\u06c3\u06cc"
    "\u06d2-\u06d5\u06f0-\u06f9\u2000-\u2015\u2017-\u201e\u2022\u2026\u202a-\u2030\u2039\u203a\u20ac\u2116\u2122\u2190-\u2193"
    "\u2066-\u2069\u2212\u2248\u2260\u2264\u2265]"
)


def write_pdf(
    instruments: Instrument | Sequence[Instrument],
    path: str | Path,
    lang: str | None = None,
    *,
    title: str = "",
    numbers: Sequence[str] = (),
    preface: tuple[str, Sequence[str]] = ("", ()),
) -> ExportLog:
    """Write the questionnaire of one or several instruments as PDF for A4; never over a file.

    Parameters and what is raised are those of :func:`crmstudy.exchange.printing.html.write_html`; MissingExtraError
    where typst is not installed.
    """
    given = (instruments,) if isinstance(instruments, Instrument) else tuple(instruments)
    log = ExportLog("pdf")
    content = _logged(given, log, lang, title, numbers, preface)
    with delivery_to(Path(path)) as delivery:
        delivery.write(Path(path), content)
        log.files += delivery.put_in_place()
    return log


def export_pdf(instrument: Instrument, log: ExportLog, lang: str | None) -> bytes:
    """The bytes of the questionnaire of one instrument; what paper cannot do goes into the log."""
    return _logged((instrument,), log, lang, "")


def questionnaire_pdf(
    instruments: Instrument | Sequence[Instrument],
    lang: str,
    *,
    title: str = "",
    numbers: Sequence[str] = (),
    preface: tuple[str, Sequence[str]] = ("", ()),
) -> bytes:
    """The bytes of the file; the same instruments always give the same ones. Raises as :func:`write_pdf`."""
    return _typeset(sheet(instruments, lang, title=title, numbers=numbers, preface=preface).plain())


def _logged(
    instruments: tuple[Instrument, ...],
    log: ExportLog,
    lang: str | None,
    title: str,
    numbers: Sequence[str] = (),
    preface: tuple[str, Sequence[str]] = ("", ()),
) -> bytes:
    made = sheet(instruments, chosen_language(instruments, lang), title=title, numbers=numbers, preface=preface).plain()
    content = _typeset(made)
    log_losses(instruments, log)
    strange = sorted({sign for text in _texts(made) for sign in _NOT_IN_FONTS.findall(text)})
    if strange:
        some = ", ".join(strange[:8]) + (" ..." if len(strange) > 8 else "")
        what = (
            f"{len(strange)} letters ({some}) are not in the fonts that ship; they come from fonts of this machine, or"
        )
        log.add(f"{what} are empty boxes. Look at the file; the HTML uses the fonts of whoever opens it.")
    return content


def _typeset(made: dict[str, Any]) -> bytes:
    try:
        typst: Any = import_module("typst")
    except ImportError:
        raise MissingExtraError("typst", "pdf") from None
    template = resources.files("crmstudy.exchange.printing").joinpath("templates", "questionnaire.typ").read_bytes()
    data = json.dumps(_breakable(made), ensure_ascii=False)
    with resources.as_file(resources.files("crmstudy") / "fonts") as fonts:
        return bytes(typst.compile(template, font_paths=[str(fonts)], sys_inputs={"sheet": data}))


def _texts(value: Any) -> Iterator[str]:
    """Every text in nested values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _breakable(value: Any) -> Any:
    """The same values, where a word too long for a line has invisible places to break it at."""
    if isinstance(value, str):
        return _LONG_WORD.sub(
            lambda word: "\u200b".join(word[0][at : at + _PIECE] for at in range(0, len(word[0]), _PIECE)), value
        )
    if isinstance(value, dict):
        return {key: _breakable(one) for key, one in value.items()}
    return [_breakable(one) for one in value] if isinstance(value, list | tuple) else value
