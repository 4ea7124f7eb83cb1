"""The command ``instruments print``: a questionnaire on paper, of one instrument or of several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmstudy.cli.console import AsJson, emit, say, shown
from crmstudy.errors import Fault, InstrumentError, UnsupportedError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmstudy.instrument import Instrument

Names = Annotated[
    list[str], typer.Argument(metavar="ID...", help="Ids of instruments or paths of YAML files, in the order asked.")
]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write, .html or .pdf.")]
Language = Annotated[
    str | None, typer.Option("--lang", help="Language: en, fa, ru ... By default English, or one that all have.")
]
Title = Annotated[
    str, typer.Option("--title", help="Heading; by default the word for questionnaire, which gives nothing away.")
]
Words = Annotated[
    Path | None,
    typer.Option(
        "--words",
        metavar="FILE",
        help="YAML file of the words for slots: {system: {en: Alpha, fa: {base: .., ezafe: ..}}}.",
    ),
]
_SEARCH = (Path("instruments"),)
_ENDINGS = (".html", ".htm", ".pdf")


def print_questionnaire(
    instruments: Names, out: Out, lang: Language = None, title: Title = "", words: Words = None, as_json: AsJson = False
) -> int:
    """Write a questionnaire for A4, with codes for data entry; never over a file."""
    from crmstudy.exchange.printing.composing import chosen_language
    from crmstudy.exchange.printing.html import write_html
    from crmstudy.exchange.printing.pdf import write_pdf
    from crmstudy.instrument import load_instrument

    ending = out.suffix.lower()
    if ending not in _ENDINGS:
        hint = did_you_mean(ending, _ENDINGS)
        raise UnsupportedError(f"a questionnaire is printed as .html or .pdf, not '{out.suffix}'.{hint}")
    given = [load_instrument(name, search=_SEARCH) for name in instruments]
    said: dict[str, Any] = {}
    if words is not None:
        given, said = _filled(given, words)
    write = write_pdf if ending == ".pdf" else write_html
    log = write(given, out, lang, title=title)
    tag = chosen_language(given, lang)
    for slot in [slot for slot, by_language in said.items() if tag not in by_language]:
        log.add(f"the words for '{slot}' are not given in '{tag}'; those of the instrument are printed.")
    entries = sum(len(one.asked) for one in given)
    if as_json:
        emit({
            "status": 0, "file": str(out), "instruments": [f"{one.id}@{one.version}" for one in given],
            "questions": entries, "log": list(log.lines),
        })  # fmt: skip
        return 0
    say(f"{shown(out)}: {entries} questions of {', '.join(one.id for one in given)}.")
    for line in log.lines:
        say(f"- {line}")
    return 0


def _filled(instruments: Sequence[Instrument], path: Path) -> tuple[list[Instrument], dict[str, Any]]:
    """The instruments with the words of a file in their slots, and the words; each takes the slots it has."""
    from crmstudy.declared import read_declared

    data: dict[str, Any] = read_declared(path, InstrumentError).data
    if not isinstance(data, dict):
        raise InstrumentError(Fault("the file must give words by slot, such as system: {en: Alpha}.", str(path)))
    known = {slot for one in instruments for slot in one.slots}
    faults = []
    for slot, by_language in data.items():
        if slot not in known:
            said = did_you_mean(slot, known) or f" There is: {', '.join(sorted(known)) or 'none'}."
            faults.append(Fault(f"no instrument has a slot '{slot}'.{said}", str(path)))
        elif not _is_words(by_language):
            faults.append(Fault(f"the words of '{slot}' must be given by language, such as en: Alpha.", str(path)))
    if faults:
        raise InstrumentError(faults)
    filled = [one.filled({slot: texts for slot, texts in data.items() if slot in one.slots}) for one in instruments]
    return filled, data


def _is_words(given: object) -> bool:
    """Whether these are texts by language, or texts by form by language."""
    if not isinstance(given, dict) or not given:
        return False
    forms = [one.values() if isinstance(one, dict) else [one] for one in given.values()]
    return all(isinstance(text, str) for texts in forms for text in texts)
