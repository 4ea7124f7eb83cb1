"""Schema, reference page and checks are made of one table and agree with the functions behind it."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import crmstudy as cs
from crmstudy import screening
from crmstudy.report.render import render
from crmstudy.study.kinds import KINDS
from crmstudy.study.plan import FORMATS, RULES, SCREENING, STUDY
from crmstudy.study.schema import schema_text
from tests.study.small import ITEMS, REGRESSION
from tests.study.small import STUDY as SMALL
from tests.study.write_reference import PAGE, SCHEMA, page_text

ROOT = Path(__file__).resolve().parents[2]
STUDIES = [*sorted((ROOT / "analyses").glob("*/study.yaml")), ROOT / "crmstudy" / "templates" / "study" / "study.yaml"]
SHIPPED = json.loads(SCHEMA.read_text(encoding="utf-8"))
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value fits a JSON Schema; knows exactly the words that our schema uses."""
    checks = {
        "type": lambda kinds: any(_is(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)),
        "enum": lambda options: any(value == option and type(value) is type(option) for option in options),
        "const": lambda wanted: value == wanted and type(value) is type(wanted),
        "minimum": lambda low: not _is(value, "number") or value >= low,
        "maximum": lambda high: not _is(value, "number") or value <= high,
        "exclusiveMinimum": lambda low: not _is(value, "number") or value > low,
        "exclusiveMaximum": lambda high: not _is(value, "number") or value < high,
        "minLength": lambda least: not isinstance(value, str) or len(value) >= least,
        "pattern": lambda pattern: not isinstance(value, str) or re.search(pattern, value) is not None,
        "minItems": lambda least: not isinstance(value, list) or len(value) >= least,
        "maxItems": lambda most: not isinstance(value, list) or len(value) <= most,
        "items": lambda one: not isinstance(value, list) or all(fits(item, one) for item in value),
        "minProperties": lambda least: not isinstance(value, dict) or len(value) >= least,
        "required": lambda names: not isinstance(value, dict) or set(names) <= set(value),
        "propertyNames": lambda one: not isinstance(value, dict) or all(fits(name, one) for name in value),
        "properties": lambda known: (
            not isinstance(value, dict) or all(fits(value[name], one) for name, one in known.items() if name in value)
        ),
        "additionalProperties": lambda one: (
            not isinstance(value, dict)
            or all(
                one is not False and fits(value[name], one) for name in set(value) - set(schema.get("properties", ()))
            )
        ),
        "anyOf": lambda options: any(fits(value, option) for option in options),
        "oneOf": lambda options: sum(fits(value, option) for option in options) == 1,
        "description": lambda _: True,
        "title": lambda _: True,
        "$schema": lambda _: True,
    }
    return all(checks[word](rule) for word, rule in schema.items())


def _is(value: Any, kind: str) -> bool:
    if kind == "null":
        return value is None
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def test_the_shipped_schema_and_page_are_current():
    again = "run: python -m tests.study.write_reference"
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), again
    assert PAGE.read_text(encoding="utf-8") == page_text(), again


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.parent.name)
def test_every_shipped_study_fits_the_schema(path):
    assert fits(yaml.safe_load(path.read_text(encoding="utf-8")), SHIPPED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("crmstudy: 1", "crmstudy: 2"),
        ("seed: 7", "sead: 7"),
        ("seed: 7", "seed: -1"),
        ("seed: 7", "lang: fa"),
        ("seed: 7", "links: [{by: x}]"),
        ("seed: 7", "screening: {longstring: 1}"),
        ("seed: 7", "screening: {exclude: [nonsense]}"),
        ("seed: 7", "report: {formats: []}"),
        ("title: {en: A small study}", "title: text"),
        ("title: {en: A small study}", "title: {}"),
        ("population: staff", "population: stuff"),
        ("population: staff", "population: staff\n    unit: branch"),
        ("kind: items", "kind: itms"),
        ("kind: items", "kind: items, formula: a ~ b"),
        ("formula: trust ~ ease + age", "formle: trust ~ ease + age"),
        ("id: items", "id: a/b"),
    ],
)
def test_what_the_checks_refuse_does_not_fit_the_schema_either(tmp_path, old, new):
    text = SMALL + ITEMS + REGRESSION
    assert fits(yaml.safe_load(text), SHIPPED)
    assert old in text
    assert not fits(yaml.safe_load(text.replace(old, new)), SHIPPED)
    (tmp_path / "study.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(cs.StudyError):
        cs.Study.load(tmp_path)


@pytest.mark.parametrize(
    ("kind", "function", "translated"),
    [
        ("items", "describe", {"scales", "items"}),
        ("reliability", "reliability", {"scales"}),
        ("correlations", "correlate", {"scales", "items"}),
        ("frequencies", "frequencies", set()),
        ("crosstab", "crosstab", set()),
        ("midpoint", "midpoint", {"scales", "midpoints"}),
        ("friedman", "friedman", set()),
        ("check_table", "check_table", set()),
        ("regression", "regress", set()),
        ("cfa", "cfa", set()),
        ("sem", "sem", set()),
        ("invariance", "invariance", set()),
        ("nonresponse", "nonresponse", {"scales"}),
        ("method_bias", "method_bias", set()),
        ("dif", "dif", set()),
        ("icc", "icc", {"items"}),
        ("test_retest", "test_retest", set()),
        ("raters", "raters", {"coefficient"}),
        ("pilot", "pilot", {"scales"}),
        ("content_validity", "content_validity", set()),
    ],
)
def test_every_key_of_a_kind_is_a_keyword_of_its_function(kind, function, translated):
    keys = {key.name for key in KINDS[kind].keys} - translated - {"imputed"}  # that pools whatever the function
    assert keys <= set(inspect.signature(getattr(cs, function)).parameters)


@pytest.mark.parametrize("kind", ["cfa", "sem", "regression", "correlations", "reliability"])
def test_defaults_of_the_page_are_those_of_the_function(kind):
    names = {"correlations": "correlate", "regression": "regress"}
    parameters = inspect.signature(getattr(cs, names.get(kind, kind))).parameters
    for key in KINDS[kind].keys:
        if key.default is not None and key.name not in ("scales", "imputed"):
            assert parameters[key.name].default == key.default, key.name


def test_rules_and_formats_are_those_of_their_rooms():
    assert set(RULES) == set(screening.DEFAULTS)
    documented = {key.name: key.default for key in SCREENING.keys if key.name not in ("exclude", "sensitivity")}
    assert documented == screening.DEFAULTS
    assert set(FORMATS) == set(render.FORMATS)


def test_every_key_of_the_design_is_there():
    assert [key.name for key in STUDY.keys] == [
        "crmstudy", "title", "lang", "seed", "samples", "links", "screening", "analyses", "hypotheses",
        "disclosure", "report",
    ]  # fmt: skip


def _key_names(schema: Any) -> set[str]:
    """Every key name anywhere in the schema, but languages."""
    if isinstance(schema, list):
        return set().union(*map(_key_names, schema))
    if not isinstance(schema, dict):
        return set()
    names = set(schema.get("properties", ())) - {"en", "fa", "ru"}
    return names.union(*(_key_names(value) for value in schema.values()))


def test_every_key_stands_in_the_template_with_a_comment():
    template = (ROOT / "crmstudy" / "templates" / "study" / "study.yaml").read_text(encoding="utf-8")
    names = _key_names(SHIPPED)
    assert {"crmstudy", "samples", "simulated", "formula", "control", "bootstrap", "audience"} <= names
    for name in sorted(names):
        first = next((line for line in template.splitlines() if re.search(rf"\b{name}:(\s|$)", line)), None)
        assert first is not None, f"{name!r} is not in the template"
        assert re.search(r"\S.*# \S", first), f"the first {name!r} has no comment: {first}"
