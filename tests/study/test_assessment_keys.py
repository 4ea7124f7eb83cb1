"""The keys of the assessments are the keywords of their functions: none is missing without a reason."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

import crmstudy as cs
from crmstudy.assessment.value.transactions import Reading
from crmstudy.declared import parse_declared
from crmstudy.study.assessments import ASSESSMENTS
from crmstudy.study.forms import AnyOf, ListOf, Text
from crmstudy.study.kinds import KINDS, SHARED, AnalysisForm

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "crmstudy" / "templates" / "study" / "study.yaml"
STATEMENTS = yaml.safe_load((ROOT / "docs" / "source-documents.yaml").read_text(encoding="utf-8"))["statements"]
TYPED = sorted({one for told in STATEMENTS.values() for one in told.get("do", ()) if one.startswith("kind: ")})
ROOMS = ("checklists", "facts", "maturity", "modules", "processes", "staff", "value")
#: Public functions that are no kind of analysis, and why.
NO_KIND = {
    "anchors": "a list of what the levels mean, without data",
    "module_functions": "a list of what can be asked, without data",
    "berger_nasr": "gives one number and no result; lifetime_value is the assessment",
    "gupta_lehmann": "gives one number and no result; lifetime_value is the assessment",
    "change_form": "writes a form to be filled in",
    "checklist_form": "writes a form to be filled in",
    "inventory_form": "writes a form to be filled in",
    "module_form": "writes a form to be filled in",
    "process_form": "writes a form to be filled in",
    "rating_form": "writes a form to be filled in",
}
#: Keywords that no kind has as a key, and why.
NO_KEY = {
    "seed": "every analysis has a seed of its own, made from that of the study",
    "ledger": "what was shown before about people is kept where answers are administered, not in a study",
    "decimal": "is for reading text files; a sample has been read before",
    "lang": "the report has one language",
}
#: Keys that only a study has: where the data of the function come from.
_SUMMED = {"amount", "cost", "profit"}
OF_THE_STUDY = {
    "maturity_clusters": {"of"},
    "maturity_positions": {"of"},
    "value_tiers": _SUMMED,
    "value_migration": _SUMMED | {"wave", "waves", "date", "split"},
    "portfolio": {"amount", "cost"},
}
#: Defaults that differ from those of the function, and why.
OTHER_DEFAULT = {
    ("transactions", "date"): "a study reads dates where their column is named",
    ("pareto", "date"): "of shares no dates are read unless their column is named",
    ("customer_data", "placeholders"): "a long list, told in words",
    ("dmr_sensitivity", "splits"): "a long list",
    ("dmr_sensitivity", "sds"): "a long list",
}


def function_of(kind: str) -> Any:
    module, _, name = ASSESSMENTS[kind].home.partition(":")
    return getattr(import_module(module), name)


def parameters_of(kind: str) -> dict[str, inspect.Parameter]:
    """The keywords, those of reading transactions among them; and what is given in place of data."""
    found = dict(inspect.signature(function_of(kind)).parameters)
    if found.pop("reading", None):
        read = inspect.signature(cs.value.transactions).parameters
        found |= {name: read[name] for name in Reading.__annotations__}
    return found


def public_functions() -> Iterator[Any]:
    """What the rooms offer, and what is offered by the package itself."""
    yield from (cs.ecrm_tiers, cs.over_service)
    for room in ROOMS:
        module = import_module(f"crmstudy.assessment.{room}")
        for name, one in vars(module).items():
            inside = one.__module__.startswith(module.__name__) if inspect.isfunction(one) else False
            if inside and not name.startswith("_"):
                yield one


def test_every_public_assessment_is_a_kind_or_has_a_reason():
    functions = {one.__name__: one for one in public_functions()}
    kinds = {function_of(kind).__name__ for kind in ASSESSMENTS}
    assert len(functions) > 35
    assert set(functions) - kinds == set(NO_KIND)
    assert all(function_of(kind) in functions.values() for kind in ASSESSMENTS)


@pytest.mark.parametrize("kind", ASSESSMENTS)
def test_every_keyword_is_a_key_or_has_a_reason(kind):
    assessment = ASSESSMENTS[kind]
    parameters = parameters_of(kind)
    keys = {assessment.called.get(key.name, key.name) for key in assessment.keys} - OF_THE_STUDY.get(kind, set())
    data = {name for name, one in parameters.items() if one.kind is one.POSITIONAL_OR_KEYWORD} - {"statement"}
    assert keys <= set(parameters)
    assert set(parameters) - data - keys - set(NO_KEY) == set()


@pytest.mark.parametrize("kind", ASSESSMENTS)
def test_defaults_are_those_of_the_function(kind):
    assessment = ASSESSMENTS[kind]
    parameters = parameters_of(kind)
    for key in assessment.keys:
        name = assessment.called.get(key.name, key.name)
        if key.name in OF_THE_STUDY.get(kind, ()) or name not in parameters:
            continue
        default = parameters[name].default
        if key.required:
            assert default is inspect.Parameter.empty, key.name
        elif (kind, key.name) not in OTHER_DEFAULT:
            plain = None if default is inspect.Parameter.empty else default
            assert key.default == plain, key.name


@pytest.mark.parametrize("kind", ASSESSMENTS)
def test_the_columns_told_are_those_that_the_function_documents(kind):
    assessment = ASSESSMENTS[kind]
    keys = {key.name for key in assessment.keys}
    documented = str(inspect.getdoc(function_of(kind)))
    documented += str(inspect.getdoc(cs.checklist)) if "of :func:`checklist`" in documented else ""
    fixed = [name for name in assessment.columns if name not in keys or not isinstance(_form(kind, name), Text | AnyOf)]
    for name in (*fixed, *assessment.further):
        assert re.search(rf"\b{name}\b", documented), name
        assert f"`{name}`" in KINDS[kind].meaning, name


def _form(kind: str, name: str) -> Any:
    return next(key.form for key in ASSESSMENTS[kind].keys if key.name == name)


@pytest.mark.parametrize("kind", ASSESSMENTS)
def test_no_key_is_one_that_every_analysis_has(kind):
    names = [key.name for key in ASSESSMENTS[kind].keys]
    assert len(names) == len(set(names))
    assert not {"kind", *(key.name for key in SHARED)} & set(names)


def shown_in_template() -> list[dict[str, Any]]:
    """The assessments that the template shows, which stand in comments."""
    text = TEMPLATE.read_text(encoding="utf-8").split("# Assessments of the organisation:")[1]
    lines = [line[4:] for line in text.splitlines()[1:] if line.startswith("  # ")]
    return list(yaml.safe_load("\n".join(lines)))


def test_the_template_shows_every_assessment_with_all_its_keys():
    shown = shown_in_template()
    keys: dict[str, set[str]] = {}
    for analysis in shown:
        keys.setdefault(analysis["kind"], set()).update(analysis)
    assert set(keys) == set(ASSESSMENTS)
    for kind, named in keys.items():
        apart = set(ASSESSMENTS[kind].apart or ()) - {"sample"}
        wanted = {key.name for key in ASSESSMENTS[kind].keys} - {"level"} - apart
        unnamed = {name for name in wanted - named if not re.search(rf"\b{name}\b", TEMPLATE.read_text("utf-8"))}
        assert unnamed == set(), kind


@pytest.mark.parametrize("analysis", shown_in_template(), ids=lambda analysis: analysis["id"])
def test_what_the_template_shows_is_accepted(analysis):
    doc = parse_declared(yaml.safe_dump({"analyses": [analysis]}, allow_unicode=True), "study.yaml")
    AnalysisForm().check(doc, ("analyses", 0))
    assert doc.faults == []


@pytest.mark.parametrize("kind", ["lifetime_value", "investment"])
def test_amounts_of_periods_may_be_the_same(kind):
    series = {"lifetime_value": "margin", "investment": "returned"}[kind]
    doc = parse_declared(f"analyses: [{{id: a, kind: {kind}, rate: 0.1, {series}: [5, 5], invested: 1}}]", "study.yaml")
    AnalysisForm().check(doc, ("analyses", 0))
    assert [fault.message for fault in doc.faults if "stands twice" in fault.message] == []


def test_names_may_not_stand_twice():
    form = next(key.form for key in KINDS["customer_data"].keys if key.name == "fields")
    assert isinstance(form, ListOf)
    doc = parse_declared("fields: [a, a]", "study.yaml")
    form.check(doc, ("fields",))
    assert ["'a' stands twice" in fault.message for fault in doc.faults] == [True]


@pytest.mark.parametrize("typed", TYPED)
def test_what_a_statement_says_to_type_is_accepted(typed):
    doc = parse_declared(f"analyses: [{{id: a, {typed}}}]", "study.yaml")
    AnalysisForm().check(doc, ("analyses", 0))
    assert [fault.message for fault in doc.faults if "lacks the key" not in fault.message] == []
