"""The codebook as a page of HTML that stands alone: one language or several, right to left where it is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from crmstudy.exchange.writing.cells import number_text
from crmstudy.exchange.writing.codebook_words import words_for
from crmstudy.exchange.writing.record import codebook_record
from crmstudy.exchange.writing.variables import UNKNOWN, Table, said
from crmstudy.instrument.drafts import direction_of

Words = Mapping[str, str]


def codebook_html(table: Table, languages: Sequence[str]) -> str:
    """The page; its own words are in the first of the languages."""
    record = codebook_record(table)
    words = words_for(languages[0])
    anchors = {variable["name"]: f"v{number}" for number, variable in enumerate(record["variables"], start=1)}
    names = " + ".join(said(one["name"], languages[0], one["id"]) for one in record["instruments"])
    page = {
        "tag": languages[0],
        "tags": list(languages),
        "direction": direction_of(languages[0]),
        "title": f"{words['codebook']}: {names}" if names else words["codebook"],
        "n": record.get("n"),
        "instruments": [_instrument(one, languages, words, anchors) for one in record["instruments"]],
        "variables": [
            _variable(variable, languages, words, anchors[variable["name"]]) for variable in record["variables"]
        ],
    }
    return str(_template().render(page=page, words=words))


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    text = (resources.files("crmstudy.exchange.writing") / "templates" / "codebook.html").read_text(encoding="utf-8")
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return made.from_string(text)


def _texts(texts: Mapping[str, str], languages: Sequence[str], otherwise: str = "") -> list[dict[str, str]]:
    """A text in each language that has it, with its direction; something else where none has."""
    found = [{"tag": tag, "direction": direction_of(tag), "text": texts[tag]} for tag in languages if texts.get(tag)]
    if not found and texts:
        tag = "en" if texts.get("en") else next(iter(texts))
        found = [{"tag": tag, "direction": direction_of(tag), "text": texts[tag]}]
    if not found and otherwise:
        found = [{"tag": "und", "direction": "auto", "text": otherwise}]
    return found


def _instrument(
    one: Mapping[str, Any], languages: Sequence[str], words: Words, anchors: Mapping[str, str]
) -> dict[str, Any]:
    drafts = [tag for tag in languages if one["languages"].get(tag, {}).get("status") == "draft"]
    return {
        "id": one["id"],
        "version": one["version"],
        "fingerprint": one["fingerprint"],
        "names": _texts(one["name"], languages, one["id"]),
        "wording": words[one["wording"]],
        "drafts": "" if one["wording"] == "none" else ", ".join(drafts),
        "rights": one["rights"],
        "scales": [_scale(scale, languages, words, anchors) for scale in one["scales"]],
    }


def _scale(
    scale: Mapping[str, Any], languages: Sequence[str], words: Words, anchors: Mapping[str, str]
) -> dict[str, Any]:
    parts = scale.get("items") or scale["parts"]
    rule = words[scale["method"]].format(scale["min_answered"], len(parts))
    if scale.get("rescale"):
        rule += words["rescaled"].format(_span(scale["rescale"]))
    return {
        "id": scale["id"],
        "names": _texts(scale["name"], languages),
        "parts": [
            {"id": part, "reversed": part in scale["reversed"], "anchor": anchors.get(part, "")} for part in parts
        ],
        "rule": rule,
        "higher": _texts(scale["higher_means"], languages),
        "range": _span(scale["range"]),
    }


def _variable(variable: Mapping[str, Any], languages: Sequence[str], words: Words, anchor: str) -> dict[str, Any]:
    measure = variable["measure"] if variable["type"] == "number" else variable["type"]
    observed = variable.get("observed")
    answers = [_answer(entry, "value", languages, observed, missing=False) for entry in variable["values"]]
    answers += [_answer(entry, "code", languages, observed, missing=True) for entry in variable["missing"]]
    return {
        "anchor": anchor,
        "name": variable["name"],
        "kind": words[variable["kind"]],
        "measure": words["metric" if measure == "scale" else measure],
        "reversed": variable["reversed"],
        "scales": variable["scales"],
        "texts": _texts(variable["label"], languages),
        "answers": answers,
        "counted": any("n" in entry for entry in (*variable["values"], *variable["missing"])),
        "facts": _facts(variable, words),
    }


def _answer(
    entry: Mapping[str, Any], key: str, languages: Sequence[str], observed: Mapping[str, Any] | None, *, missing: bool
) -> dict[str, Any]:
    total = observed["n"] if observed else 0
    share = f"{100 * entry['n'] / total:.1f}" if total and "n" in entry and not missing else ""
    return {
        "code": entry[key],
        "labels": [
            {
                "tag": tag,
                "direction": direction_of(tag),
                "text": entry["label"].get(tag) or entry["label"].get(UNKNOWN, ""),
            }
            for tag in languages
        ],
        "n": entry.get("n", ""),
        "percent": share,
        "missing": missing,
    }


def _facts(variable: Mapping[str, Any], words: Words) -> list[tuple[str, str]]:
    facts = []
    if variable["range"]:
        facts.append((words["range"], _span(variable["range"])))
    found = variable.get("observed", {})
    for key, word in (("n", "n"), ("missing", "missing"), ("out_of_range", "out_of_range"), ("distinct", "distinct")):
        if found.get(key) is not None and (key != "out_of_range" or found[key]):
            facts.append((words[word], str(found[key])))
    for key, word in (("mean", "average"), ("sd", "sd"), ("min", "min"), ("max", "max")):
        if found.get(key) is not None:
            value = float(found[key])
            facts.append((words[word], f"{value:.2f}" if key in ("mean", "sd") else number_text(round(value, 2))))
    return facts


def _span(ends: Sequence[float | None]) -> str:
    """The ends of a range, read from left to right in any text."""
    low, high = ("" if end is None else number_text(round(float(end), 2)).replace("-", "\u2212") for end in ends)
    dash = " – " if "\u2212" in low + high else "–"
    return f"\u2066{low}{dash}{high}\u2069"
