"""A questionnaire as one HTML file that needs nothing else: to be printed, or looked at on a screen."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.printing.composing import chosen_language, log_losses, sheet
from crmstudy.exchange.printing.sheet import Sheet
from crmstudy.exchange.writing.delivery import delivery_to
from crmstudy.instrument.model import Direction, Instrument

#: The fonts a file carries, by direction: family, then file name and weight, and the letters a file is asked for.
_FONTS = {
    "rtl": ("Vazirmatn", (("Vazirmatn-Regular", 400, ""), ("Vazirmatn-Bold", 700, ""))),
    "ltr": (
        "Golos Text",
        (
            ("GolosText-latin-Regular", 400, ""),
            ("GolosText-latin-Bold", 700, ""),
            ("GolosText-cyrillic-Regular", 400, "U+0301, U+0400-045F, U+0490-0491, U+04B0-04B1, U+2116"),
            ("GolosText-cyrillic-Bold", 700, "U+0301, U+0400-045F, U+0490-0491, U+04B0-04B1, U+2116"),
        ),
    ),
}  # fmt: skip
_SYSTEM = '"Segoe UI", Tahoma, "Noto Sans", Arial, sans-serif'


def write_html(
    instruments: Instrument | Sequence[Instrument],
    path: str | Path,
    lang: str | None = None,
    *,
    title: str = "",
    numbers: Sequence[str] = (),
    preface: tuple[str, Sequence[str]] = ("", ()),
) -> ExportLog:
    """Write the questionnaire of one or several instruments as HTML for A4; never over a file.

    Parameters
    ----------
    instruments : Instrument or sequence of Instrument
        What is asked, in this order; or one instrument without wording, of which a structure sheet is made.
    path : str or Path
        The file to write.
    lang : str, optional
        Tag of the language; English, or the first that all instruments have, when left out.
    title, numbers, preface
        The heading, numbers of copies, and what stands first; see :func:`crmstudy.exchange.printing.composing.sheet`.

    Returns
    -------
    ExportLog
        The file written, and what paper cannot do (an order that changes from one respondent to the next).

    Raises
    ------
    OutputError
        When the file exists or its folder does not.
    UnsupportedError, InstrumentError
        As :func:`crmstudy.instrument.forms.pages`.
    """
    given = (instruments,) if isinstance(instruments, Instrument) else tuple(instruments)
    log = ExportLog("html")
    lang = chosen_language(given, lang)
    content = questionnaire_html(given, lang, title=title, numbers=numbers, preface=preface)
    log_losses(given, log)
    with delivery_to(Path(path)) as delivery:
        delivery.write(Path(path), content)
        log.files += delivery.put_in_place()
    return log


def export_html(instrument: Instrument, log: ExportLog, lang: str | None) -> bytes:
    """The bytes of the questionnaire of one instrument; what paper cannot do goes into the log."""
    content = questionnaire_html(instrument, chosen_language([instrument], lang))
    log_losses([instrument], log)
    return content


def questionnaire_html(
    instruments: Instrument | Sequence[Instrument],
    lang: str,
    *,
    title: str = "",
    numbers: Sequence[str] = (),
    preface: tuple[str, Sequence[str]] = ("", ()),
) -> bytes:
    """The bytes of the file; the same instruments always give the same ones. Raises as :func:`write_html`."""
    from markupsafe import Markup

    made = sheet(instruments, lang, title=title, numbers=numbers, preface=preface)
    own = made.words.lang == lang.split("-")[0]
    foreign = Markup("") if own else Markup(' lang="en" dir="ltr"')
    drawn = any(block.kind in ("slider", "rank", "info") for part in made.parts for block in part.blocks)
    more = _template("lines.css") if drawn else ""
    style = Markup(_fonts(made.direction) + _template("questionnaire.css") + more + _footer(made))
    text = _page().render(sheet=made, words=made.words, style=style, foreign=foreign)
    return f"{text.strip()}\n".encode()


@lru_cache(maxsize=1)
def _page() -> Any:
    """The template, compiled once."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_template("questionnaire.html.j2"))


def _template(name: str) -> str:
    return resources.files("crmstudy.exchange.printing").joinpath("templates", name).read_text(encoding="utf-8")


@lru_cache(maxsize=2)
def _fonts(direction: Direction) -> str:
    family, files = _FONTS[direction]
    faces = []
    for name, weight, letters in files:
        raw = resources.files("crmstudy").joinpath("fonts", f"{name}.woff2").read_bytes()
        source = f'url("data:font/woff2;base64,{base64.b64encode(raw).decode("ascii")}") format("woff2")'
        rest = f" unicode-range: {letters};" if letters else ""
        about = f'font-family: "{family}"; font-weight: {weight}; font-display: block; src: {source};'
        faces.append(f"@font-face {{ {about}{rest} }}")
    return "\n".join([*faces, f'body, input, textarea {{ font-family: "{family}", {_SYSTEM}; }}', ""])


def _footer(made: Sheet) -> str:
    """What stands at the foot of every printed page, where the browser can do that."""
    if made.numbers:
        return _numbered_footers(made)
    words, digits = made.words, ", persian" if made.words.lang == "fa" else ""
    before, between, after = words.page.split("{}")
    counted = f"{_css(before)} counter(page{digits}) {_css(between)} counter(pages{digits}) {_css(after)}"
    start, end = ("left", "right") if made.direction == "ltr" else ("right", "left")
    font = f'font: 7.5pt "{_FONTS[made.direction][0]}", {_SYSTEM}; color: #595959;'
    return (
        f"@page {{ @bottom-{start} {{ content: {_css(made.footer)}; {font} }} "
        f"@bottom-{end} {{ content: {counted}; direction: {made.direction}; {font} }} }}\n"
    )


def _numbered_footers(made: Sheet) -> str:
    """At the foot of every page of a copy its number; each copy begins on a leaf of its own."""
    start, end = ("left", "right") if made.direction == "ltr" else ("right", "left")
    font = f'font: 7.5pt "{_FONTS[made.direction][0]}", {_SYSTEM}; color: #595959;'
    strong = f'font: 700 11pt "{_FONTS[made.direction][0]}", {_SYSTEM}; color: #1a1a1a;'
    pages = [f"@page {{ @bottom-{start} {{ content: {_css(made.footer)}; {font} }} }}"]
    pages += [".copy + .copy { break-before: right; }"]
    for nth, number in enumerate(made.numbers, start=1):
        pages.append(f".copy-{nth} {{ page: copy{nth}; }}")
        pages.append(f"@page copy{nth} {{ @bottom-{end} {{ content: {_css(number)}; {strong} }} }}")
    return "\n".join([*pages, ""])


def _css(text: str) -> str:
    """A text as a string of a style sheet in which nothing can end it."""
    return '"' + "".join(sign if sign.isalnum() or sign in " ._-" else f"\\{ord(sign):x} " for sign in text) + '"'
