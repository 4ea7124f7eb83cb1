"""A questionnaire as an SPSS file shows it: variables with value labels are closed items, others are open questions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from crmstudy.errors import DataError, Fault
from crmstudy.exchange.drafting.answer_words import Label
from crmstudy.exchange.drafting.found import Found, Statement
from crmstudy.exchange.questionnaires.answer_sets import MISSING
from crmstudy.exchange.questionnaires.seen import language_of, one_line, quoted
from crmstudy.instrument.model import WIDEST
from crmstudy.instrument.prefixes import propose_scales

_DATES = re.compile(r"(?:A|E|J|S)?DATE\d*|DATETIME[\d.]*|YMDHMS[\d.]*|(?:QYR|MOYR|WKYR)\d*|TIME[\d.]*")
_MACHINE = re.compile(
    r"(?:resp(?:ondent)?_?)?(?:id|case|caseid|code|weight|wt|start|end|date|time|duration|ip.*|lat.*|lon.*)\d*",
    re.IGNORECASE,
)


def read_dictionary(path: str | Path, lang: str | None = None) -> Found:
    """Read what the variables of an SPSS file ask.

    Raises
    ------
    DataError
        When the file cannot be read or has no variables.
    """
    from crmstudy.exchange.untrusted.door import parse

    path = Path(path)
    if not path.is_file():
        raise DataError(f"'{path}' was not found; check the path.")
    about: dict[str, Any] = parse("spss-dictionary", path, file=path.name)
    variables: list[dict[str, Any]] = about["variables"]
    if not variables:
        raise DataError(Fault("the file has no variables.", path.name))
    texts = [v["label"] for v in variables] + [text for v in variables for _, text in v["values"]]
    found = Found(f"the file {path.name}", lang or language_of(texts))
    if lang is None:
        found.told.append(f"The language of the labels was taken to be '{found.lang}', by their letters.")
    if about["title"].strip():
        found.title = {found.lang: one_line(about["title"])}
    for variable in variables:
        found.statements.append(_statement(variable, found))
    _by_prefix(found)
    machine = [s.name for s in found.statements if s.type and _MACHINE.fullmatch(s.name)]
    if machine:
        found.unsure.append(
            f"Perhaps no questions but marks of the program or the researcher: {', '.join(machine)}; "
            "take them off then."
        )
    return found


def _statement(variable: dict[str, Any], found: Found) -> Statement:
    name, label = variable["name"], one_line(variable["label"])
    made = Statement({found.lang: label or name}, name=name, place=f"the variable {name}")
    if not label:
        found.unsure.append(f"{name} has no label; its name stands for its text.")
    if variable["text"]:
        made.type = "text"
        return made
    if _DATES.fullmatch(variable["format"]):
        made.type = "date"
        return made
    codes, missing = _parted(variable, found)
    if len(codes) >= 2 and max(codes) - min(codes) <= WIDEST:
        made.answers = tuple(Label(text, code) for code, text in sorted(codes.items()))
        made.missing = missing
        made.unscored = variable["measure"] == "nominal"
        return made
    if codes:
        found.unsure.append(
            f"{name} has labels for {', '.join(map(str, codes)) or 'no'} answers only; it was made an open question."
        )
    made.type = "decimal" if re.fullmatch(r"F\d+\.[1-9]\d*|E\d+.*", variable["format"]) and not codes else "integer"
    return made


def _parted(variable: dict[str, Any], found: Found) -> tuple[dict[int, str], dict[int, str]]:
    """Labelled codes that are answers, and those that stand for none: in a missing range, or 77, 88, 99 beyond them."""
    ranges = [(float(lo), float(hi)) for lo, hi in variable["missing"] if not isinstance(lo, str) and lo == lo]
    codes: dict[int, str] = {}
    missing: dict[int, str] = {}
    for value, text in variable["values"]:
        if not isinstance(value, int | float) or isinstance(value, bool) or not float(value).is_integer():
            found.unsure.append(
                f"{variable['name']}: the value '{quoted(value, 20)}' is no whole number and was left out."
            )
            continue
        inside = any(lo <= value <= hi for lo, hi in ranges)
        (missing if inside else codes)[int(value)] = one_line(text)
    for lo, hi in ranges:
        if lo == hi and lo.is_integer() and int(lo) not in missing:
            missing[int(lo)] = ""
    beyond = {
        code for code in codes if code in MISSING and len([c for c in codes if c < code and c not in MISSING]) > 1
    }
    beyond = {code for code in beyond if code > max(c for c in codes if c not in MISSING) + 1}
    if beyond:
        found.unsure.append(
            f"{variable['name']}: {', '.join(map(str, sorted(beyond)))} were taken as codes of no answer."
        )
        missing |= {code: codes.pop(code) for code in sorted(beyond)}
    span = range(min(codes), max(codes) + 1) if codes else range(0)
    for code in [code for code in missing if code in span]:
        found.unsure.append(
            f"{variable['name']}: {code} stands for no answer and lies between the answers; it was taken as an answer."
        )
        codes[code] = missing.pop(code)
    return codes, missing


def _by_prefix(found: Found) -> None:
    """Closed items whose names differ in a number only are put under one heading."""
    closed = {s.name: s for s in found.statements if s.answers and not s.unscored}
    groups = propose_scales(list(closed), [s.name for s in found.statements])
    for scale, names in groups.items():
        sizes = {len(closed[name].answers) for name in names}
        if max(sizes) < 3:
            continue
        for name in names:
            closed[name].scale = scale
    used = [f"{scale} ({len(names)})" for scale, names in groups.items() if closed[names[0]].scale]
    if used:
        found.unsure.append(f"Taken for scales, because their names differ in a number only: {', '.join(used)}.")
