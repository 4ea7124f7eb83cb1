"""The codebook as DDI-Codebook 2.5 XML: every text in all languages, codes, counts, how scores are made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from crmstudy.exchange.writing.cells import number_text
from crmstudy.exchange.writing.record import codebook_record
from crmstudy.exchange.writing.variables import Table, one_line

NAMESPACE = "ddi:codebook:2_5"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NATURE = {"nominal": "nominal", "ordinal": "ordinal", "scale": "interval"}
_STATISTICS = (("vald", "n"), ("invd", "missing"), ("mean", "mean"), ("stdev", "sd"), ("min", "min"), ("max", "max"))
_FORBIDDEN = re.compile("[\ufffe\uffff]")


def ddi_xml(table: Table) -> str:
    """The XML document, as text."""
    record = codebook_record(table)
    ElementTree.register_namespace("", NAMESPACE)
    root = ElementTree.Element(_tag("codeBook"), {"version": "2.5"})
    tags = record["languages"]
    root.set(_LANG, tags[0])
    title = _title(record)
    for part in ("docDscr", "stdyDscr"):
        citation = _add(_add(_add(root, part), "citation"), "titlStmt")
        _add(citation, "titl", f"Codebook: {title[0][1]}" if part == "docDscr" else title[0][1], title[0][0])
        for tag, text in title[1:]:
            _add(citation, "parTitl", f"Codebook: {text}" if part == "docDscr" else text, tag)
    study = root[-1]
    for one in record["instruments"]:
        text = f"{one['id']} {one['version']}; wording: {one['wording']}; rights: {one['rights']['statement']}"
        _add(study, "notes", text)
    for stamp in record["stamp"].split("\n"):
        if stamp:
            _add(study, "notes", stamp)
    if "n" in record:
        file = _add(root, "fileDscr", ID="F1")
        size = _add(_add(file, "fileTxt"), "dimensns")
        _add(size, "caseQnty", str(record["n"]))
        _add(size, "varQnty", str(len(record["variables"])))
    data = _add(root, "dataDscr")
    scores = {score["id"]: score for one in record["instruments"] for score in one["scales"]}
    for number, variable in enumerate(record["variables"], start=1):
        _variable(data, variable, number, scores, "n" in record)
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _title(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The names of what was asked, a title for each language."""
    titles = []
    for tag in record["languages"]:
        names = [one["name"].get(tag, "") for one in record["instruments"]]
        if names and all(names):
            titles.append((tag, " + ".join(names)))
    return titles or [("en", "Survey answers")]


def _variable(
    data: ElementTree.Element, variable: Mapping[str, Any], number: int, scores: Mapping[str, Any], observed: bool
) -> None:
    number_like = variable["type"] == "number"
    made = _add(
        data, "var", ID=f"V{number}", name=variable["name"],
        intrvl="contin" if variable["measure"] == "scale" and number_like else "discrete",
        nature=_NATURE[variable["measure"]], **({"files": "F1"} if observed else {}),
    )  # fmt: skip
    labels = variable["label"].items() or [("", variable["name"])]
    for tag, text in labels:
        _add(made, "labl", text, tag)
    if variable["kind"] in ("item", "question", "option", "place") and variable["label"]:
        question = _add(made, "qstn")
        for tag, text in variable["label"].items():
            _add(question, "qstnLit", text, tag)
    if variable["range"]:
        low, high = (None if end is None else number_text(float(end)) for end in variable["range"])
        ends = {"UNITS": "INT"} if variable["kind"] in ("item", "option", "place") else {}
        _add(_add(made, "valrng"), "range", **ends, **_given({"min": low, "max": high}))
    if variable["missing"]:
        invalid = _add(made, "invalrng")
        for entry in variable["missing"]:
            _add(invalid, "item", VALUE=str(entry["code"]))
    for type, key in _STATISTICS:
        value = variable.get("observed", {}).get(key)
        if value is not None:
            _add(made, "sumStat", number_text(float(value)), type=type)
    for entry in variable["values"]:
        _category(made, str(entry["value"]), entry, missing=False)
    for entry in variable["missing"]:
        _category(made, str(entry["code"]), entry, missing=True)
    if variable["reversed"]:
        low, high = variable["range"]
        _add(made, "codInstr", f"Reversed in scoring: {number_text(low + high)} minus the answer.", "en")
    for scale in variable["scales"]:
        _add(made, "concept", scale)
    if variable["kind"] == "score" and variable["name"] in scores:
        _add(_add(made, "derivation"), "drvdesc", _rule(scores[variable["name"]]), "en")
    kinds = {"type": "numeric" if number_like else "character"}
    _add(made, "varFormat", **kinds)


def _category(variable: ElementTree.Element, value: str, entry: Mapping[str, Any], *, missing: bool) -> None:
    made = _add(variable, "catgry", **({"missing": "Y"} if missing else {}))
    _add(made, "catValu", value)
    for tag, text in entry["label"].items():
        _add(made, "labl", text, tag)
    if "n" in entry:
        _add(made, "catStat", str(entry["n"]), type="freq")


def _rule(score: Mapping[str, Any]) -> str:
    """How a score is made, in words."""
    parts = score.get("items") or score["parts"]
    times = "" if score["method"] == "mean" else f" times {len(parts)}"
    said = f"Mean{times} of {', '.join(parts)}; at least {score['min_answered']} must be there."
    if score["reversed"]:
        said += f" Reversed: {', '.join(score['reversed'])}."
    if score.get("rescale"):
        said += f" Mapped to {' to '.join(number_text(float(end)) for end in score['rescale'])}."
    return said


def _given(attributes: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value is not None}


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _add(
    parent: ElementTree.Element, tag: str, text: str = "", lang: str = "", /, **attributes: str
) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, _tag(tag), {key: _legal(value) for key, value in attributes.items()})
    if lang:
        made.set(_LANG, lang)
    made.text = _legal(text) or None
    return made


def _legal(text: str) -> str:
    """A text as XML can hold it."""
    return _FORBIDDEN.sub("\ufffd", one_line(text))
