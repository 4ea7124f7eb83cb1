"""Paper that brings people in: slips with a code for one person each, posters with the link of a branch."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module, resources
from typing import Any

from crmstudy.administration.fieldwork import Fieldwork, Sample, Wave
from crmstudy.administration.inviting.letters import fill, words
from crmstudy.administration.inviting.letters import until as until_day
from crmstudy.administration.keys import grouped
from crmstudy.administration.wording.texts import DIRECTIONS, base, marked, numeral, said
from crmstudy.errors import MissingExtraError

SLIPS_A_PAGE = 8
#: Where a link may be broken on paper: after these signs, and every so many letters.
_BREAKS = re.compile(r"([/.?=&-]|[^/.?=&-]{20})(?=.)")
_FAMILIES = {"ltr": "Golos Text", "rtl": "Vazirmatn"}
#: Files of a family, with the letters each is asked for.
_FILES = {
    "Golos Text": (
        ("GolosText-latin-Regular", 400, "U+0-3FF, U+1E00-2FFF"), ("GolosText-latin-Bold", 700, "U+0-3FF, U+1E00-2FFF"),
        ("GolosText-cyrillic-Regular", 400, "U+400-52F, U+2116"), ("GolosText-cyrillic-Bold", 700, "U+400-52F, U+2116"),
    ),
    "Vazirmatn": (("Vazirmatn-Regular", 400, ""), ("Vazirmatn-Bold", 700, "")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip: its serial, its code, and the link that the square to scan holds."""

    serial: str
    secret: str
    link: str


def slip_sheet(
    fieldwork: Fieldwork, sample: Sample, wave: Wave, unit: str, slips: Sequence[Slip], lang: str, *, pdf: bool
) -> dict[str, bytes]:
    """Sheets of slips of one unit for A4, eight a page: ``html``, and ``pdf`` where it is wanted.

    Raises
    ------
    MissingExtraError
        Without segno; without typst where a PDF is wanted.
    """
    ours, name = words(lang), _unit_name(fieldwork, unit, lang)
    until = until_day(wave, lang)
    title = said(fieldwork.title, lang)
    about = " · ".join(part for part in (title, name) if part)
    contact = fill(ours["slip_contact"], {"contact": _contact(fieldwork, lang)})
    groups = [slips[at : at + SLIPS_A_PAGE] for at in range(0, len(slips), SLIPS_A_PAGE)]
    made: dict[str, Any] = {
        "lang": base(lang), "dir": DIRECTIONS[base(lang)], "words": ours, "title": title, "unit": name, "about": about,
        "head": fill(ours["slips_head"], {"unit": name or title, "number": numeral(len(slips), lang)}),
        "hint": ours["slips_hint" if fieldwork.mode == "anonymous" else "slips_hint_named"],
        "link": slips[0].link.split("?")[0].removeprefix("https://"), "until": until, "contact": contact,
        "small": " ".join(part for part in (ours["slip_once"], until, contact) if part),
        "pages": [
            {"foot": _page(ours, at, len(groups), lang), "slips": [_slip(one, ours, lang) for one in group]}
            for at, group in enumerate(groups, start=1)
        ],
    }  # fmt: skip
    return _both("slips", made, pdf, [made["dir"]])


def poster(
    fieldwork: Fieldwork, wave: Wave, unit: str, link: str, langs: Sequence[str], *, pdf: bool
) -> dict[str, bytes]:
    """A poster with the link of a unit, one page a language. Raises as :func:`slip_sheet`."""
    pages: list[dict[str, Any]] = []
    for lang in langs:
        ours, until = words(lang), until_day(wave, lang)
        contact = _contact(fieldwork, lang)
        asked = fill(ours["slip_contact"], {"contact": contact}) if contact else ""
        pages.append({
            "lang": base(lang), "dir": DIRECTIONS[base(lang)], "words": ours, "title": said(fieldwork.title, lang),
            "unit": _unit_name(fieldwork, unit, lang), "link": link, "svg": qr_svg(link), "until": until,
            "contact": asked, "small": " ".join(part for part in (ours["poster_free"], until, asked) if part),
        })  # fmt: skip
    return _both("poster", {"pages": pages}, pdf, [page["dir"] for page in pages])


def qr_svg(text: str) -> str:
    """The square to scan, as SVG that stands for itself."""
    try:
        segno: Any = import_module("segno")
    except ImportError:
        raise MissingExtraError("segno", "server") from None
    stream = io.BytesIO()
    segno.make(text, error="m", micro=False).save(stream, kind="svg", xmldecl=False, omitsize=True, border=4, nl=False)
    return stream.getvalue().decode("ascii")


def _both(name: str, made: dict[str, Any], pdf: bool, directions: Sequence[str]) -> dict[str, bytes]:
    made["fonts"] = (
        [_FAMILIES["rtl"], _FAMILIES["ltr"]] if "rtl" in directions else [_FAMILIES["ltr"], _FAMILIES["rtl"]]
    )
    files = {"html": _html(name, made, tuple(dict.fromkeys(directions)))}
    if pdf:
        files["pdf"] = _pdf(name, made)
    return files


def _html(name: str, made: Mapping[str, Any], directions: tuple[str, ...]) -> bytes:
    from markupsafe import Markup

    values = {**made, "fonts": Markup(_faces(directions))}
    pages = []
    for page in made["pages"]:
        page = dict(page)
        if "slips" in page:
            page["slips"] = [{**slip, "svg": Markup(slip["svg"])} for slip in page["slips"]]
        else:
            page["svg_markup"] = Markup(page["svg"])
        pages.append(page)
    values["pages"] = pages
    text: str = _template(name).render(values)
    return f"{text.strip()}\n".encode()


@lru_cache(maxsize=2)
def _template(name: str) -> Any:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_read("templates", f"{name}.html.j2").decode())


def _pdf(name: str, made: Mapping[str, Any]) -> bytes:
    try:
        typst: Any = import_module("typst")
    except ImportError:
        raise MissingExtraError("typst", "pdf") from None
    data = json.dumps(_breakable(made), ensure_ascii=False)
    with resources.as_file(resources.files("crmstudy") / "fonts") as fonts:
        content = typst.compile(_read("templates", f"{name}.typ"), font_paths=[str(fonts)], sys_inputs={"sheet": data})
        return bytes(content)


def _breakable(made: Mapping[str, Any]) -> dict[str, Any]:
    """The same, where links have invisible places to break a line at."""
    found = dict(made)
    if "link" in found:
        found["link"] = _BREAKS.sub("\\1\u200b", found["link"])
    if "pages" in found:
        found["pages"] = [_breakable(page) for page in found["pages"]]
    return found


def has_typst() -> bool:
    """Whether sheets can be made as PDF."""
    try:
        import_module("typst")
    except ImportError:
        return False
    return True


@lru_cache(maxsize=4)
def _faces(directions: tuple[str, ...]) -> str:
    """The fonts of a page, inside the file, so that it prints the same everywhere."""
    faces = []
    families = [_FAMILIES[direction] for direction in directions]
    for family in families:
        for name, weight, letters in _FILES[family]:
            raw = resources.files("crmstudy").joinpath("fonts", f"{name}.woff2").read_bytes()
            source = f'url("data:font/woff2;base64,{base64.b64encode(raw).decode("ascii")}") format("woff2")'
            rest = f" unicode-range: {letters};" if letters else ""
            faces.append(f'@font-face {{ font-family: "{family}"; font-weight: {weight}; src: {source};{rest} }}')
    used = ", ".join(f'"{family}"' for family in families)
    return "\n".join([*faces, f"html {{ font-family: {used}, Tahoma, Arial, sans-serif; }}"])


def _read(*parts: str) -> bytes:
    return resources.files("crmstudy").joinpath("administration", "inviting", *parts).read_bytes()


def _slip(one: Slip, ours: Mapping[str, str], lang: str) -> dict[str, str]:
    number = fill(ours["slip_number"], {"number": numeral(int(one.serial), lang)})
    return {"svg": qr_svg(one.link), "code": grouped(one.secret), "number": number}


def _page(ours: Mapping[str, str], page: int, pages: int, lang: str) -> str:
    return fill(ours["page"], {"page": numeral(page, lang), "pages": numeral(pages, lang)})


def _contact(fieldwork: Fieldwork, lang: str) -> str:
    return marked(" ".join(fieldwork.notice.get("contact", {}).get(lang, "").split()), lang)


def _unit_name(fieldwork: Fieldwork, unit: str, lang: str) -> str:
    found = fieldwork.units.get(unit)
    return (said(found.name, lang) if found is not None else "") or unit
