"""The commands ``forms`` and ``form``: what an organisation fills in to be assessed."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crmstudy.cli.console import AsJson, emit, say, shown, table
from crmstudy.errors import OutputError

if TYPE_CHECKING:
    from crmstudy.assessment.forms import Form

Kind = Annotated[str, typer.Argument(metavar="KIND", help="Which form: see `crmstudy forms`.")]
Language = Annotated[str, typer.Option("--lang", help="Language of headings, questions and answers: en, fa or ru.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="The file to write, .xlsx or .csv; KIND.xlsx when left out."),
]
Force = Annotated[bool, typer.Option("--force", metavar="", help="Write over a file that is there.")]
Area = Annotated[
    list[str] | None,
    typer.Option("--area", help="Modules: only this service area (sales, contact, marketing, service). Repeatable."),
]
Attribute = Annotated[
    list[str] | None,
    typer.Option("--attribute", metavar="NAME", help="Elements: what customers judge, such as speed. Repeatable."),
]


def list_all(
    lang: Annotated[str, typer.Option("--lang", help="Language of the titles: en, fa or ru.")] = "en",
    as_json: AsJson = False,
) -> int:
    """List the forms and tables that an organisation fills in."""
    from crmstudy.assessment.catalogue import language
    from crmstudy.assessment.forms import forms

    language(lang)
    if as_json:
        told = [{"form": one.id, "title": dict(one.title), "analyses": list(one.analyses)} for one in forms()]
        emit({"status": 0, "forms": told})
        return 0
    table(
        ("form", "what it is", "read by"),
        [(one.id, one.title[lang], ", ".join(map(_kind, one.analyses))) for one in forms()],
    )
    return 0


def write(
    kind: Kind,
    lang: Language = "en",
    out: Out = None,
    rater: Annotated[str | None, typer.Option("--rater", help="Maturity: who rates, in every row already.")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="Maturity: the unit that is rated.")] = None,
    wave: Annotated[str | None, typer.Option("--wave", help="Maturity: when, such as 2026.")] = None,
    area: Area = None,
    attribute: Attribute = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """Write a form to fill in, and say which lines of a study.yaml read it; not over a file, unless told to."""
    from crmstudy.assessment import forms

    form = forms.form_of(kind)
    given = {"rater": rater, "unit": unit, "wave": wave, "area": area, "attributes": attribute}
    options = {name: value for name, value in given.items() if value}
    target = out or Path(f"{kind}.xlsx")
    if target.exists() and not force:
        message = f"'{target}' exists already, and work may be in it; name another with --out, or replace it: --force."
        raise OutputError(message)
    if target.is_file():
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".crmstudy-form-") as folder:
            _put(forms.write(kind, Path(folder) / target.name, lang, **options), target)
    else:
        forms.write(kind, target, lang, **options)
    lines = _study_lines(form, target, attribute or ())
    if as_json:
        emit({"status": 0, "form": kind, "file": str(target), "lang": lang, "study": lines})
        return 0
    say(f"{shown(target)}: {form.title.get(lang)}.")
    say("When it is filled in, these lines of a study.yaml read it:")
    for line in lines:
        say(line)
    return 0


def _put(made: Path, target: Path) -> None:
    """The new file in the place of the old one, which stays where that cannot be."""
    try:
        os.replace(made, target)
    except OSError as error:  # on Windows: open in Excel
        raise OutputError(f"'{target}' cannot be replaced: {error.strerror or error}.") from error


def _study_lines(form: Form, target: Path, attributes: Sequence[str]) -> list[str]:
    """What reads the form in a study.yaml that lies beside it."""
    who = {"staff": "staff, instruments: [staff-profile]", "elements": "customer"}.get(form.id, "unit")
    lines = ["samples:", f"  {form.id}: {{population: {who}, file: {_quoted(target.name)}}}", "analyses:"]
    for keys in form.analyses:
        id = _kind(keys) if len(form.analyses) > 1 else form.id
        lines.append(f"  - {{id: {id}, sample: {form.id}, {keys}}}")
    if form.id == "elements":
        from crmstudy.assessment.forms import attribute_columns

        lines[-1] = lines[-1][:-1] + ", attributes: {"
        lines += [
            f"      {_quoted(name)}: {{performance: {_quoted(found)}, expectation: {_quoted(expected)}}},"
            for name, (found, expected) in attribute_columns(attributes).items()
        ]
        lines.append("    }}")
    return lines


def _kind(keys: str) -> str:
    """The kind of analysis that keys such as ``kind: checklist, list: goals`` name."""
    return keys.split(",")[0].removeprefix("kind: ")


def _quoted(text: str) -> str:
    """A text as it stands in YAML, in quotation marks where it needs them."""
    return text if re.fullmatch(r"[A-Za-z][\w-]*(\.\w+)?", text, re.ASCII) else json.dumps(text, ensure_ascii=False)
