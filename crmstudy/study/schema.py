"""``study.yaml`` described twice from one table: as JSON Schema for editors, and as the page of the reference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from crmstudy.study.forms import Either, Form, Key, ListOf, MapOf, Section
from crmstudy.study.kinds import KINDS, SHARED, AnalysisForm
from crmstudy.study.plan import STUDY
from crmstudy.study.screening_keys import OrOff


def schema_text() -> str:
    """The JSON Schema (draft 2020-12) of ``study.yaml``, as it lies beside this module."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A study of crmstudy (study.yaml)"}
    return json.dumps(head | STUDY.schema(), indent=2, ensure_ascii=False) + "\n"


def reference_text() -> str:
    """The tables of the reference page: every key of ``study.yaml``, then every kind of analysis with its keys."""
    lines = ["## Keys", ""]
    for name, section in _sections("", STUDY):
        lines += [f"### {name}" if name else "### The file", "", *_table(section.keys), ""]
    lines += ["## Kinds of analysis", "", "Every analysis has these keys:", ""]
    kind = Key("kind", AnalysisForm("one of the kinds below"), "What is done.", required=True)
    lines += [*_table((SHARED[0], kind, *SHARED[1:])), ""]
    for one in KINDS.values():
        claims = "Claims can be tested on it." if one.parameters else "Claims cannot be tested on it."
        apart = f" {' and '.join(f'`{name}`' for name in one.exclusive)} do not go together." if one.exclusive else ""
        named = {"needed": "", "optional": " `sample` may be left out.", "none": " It names no sample."}[one.sample]
        lines += [f"### {one.name}", "", f"{one.meaning} {claims}{apart}{named}", ""]
        lines += [*_table(one.keys), ""] if one.keys else []
    return "\n".join(lines).rstrip() + "\n"


def _sections(name: str, form: Form) -> Iterator[tuple[str, Section]]:
    """Every section of a form with its place, the outer ones first."""
    if isinstance(form, Section):
        yield name, form
        for key in form.keys:
            yield from _sections(f"{name}.{key.name}".lstrip("."), key.form)
    elif isinstance(form, Either | OrOff):
        yield from _sections(name, form.section)
    elif isinstance(form, MapOf):
        yield from _sections(f"{name}.NAME", form.form)
    elif isinstance(form, ListOf):
        yield from _sections(f"{name}[]", form.form)


def _table(keys: Iterable[Key]) -> list[str]:
    rows = ["| key | value | meaning | when left out |", "|---|---|---|---|"]
    for key in keys:
        rows.append(f"| `{key.name}` | {_cell(key.form.wanted)} | {_cell(key.meaning)} | {_left_out(key)} |")
    return rows


def _left_out(key: Key) -> str:
    if key.required:
        return "required"
    if key.default in (None, (), {}):
        return ""
    if isinstance(key.default, tuple):
        return f"`[{', '.join(f'{one:g}' if isinstance(one, float) else one for one in key.default)}]`"
    return f"`{str(key.default).lower() if isinstance(key.default, bool) else key.default}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
