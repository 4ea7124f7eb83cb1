"""Every statement of the source documents is served by something that exists, and by a test that checks its content."""

from __future__ import annotations

import ast
import importlib.util
from importlib import import_module
from pathlib import Path

import pytest

import crmstudy as cs

ROOT = Path(__file__).resolve().parents[2]
_SPEC = importlib.util.spec_from_file_location("source_documents", ROOT / "docs" / "source_documents.py")
source_documents = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(source_documents)
STATEMENTS = source_documents.declared()["statements"]
#: How many statements each document has, with those of its numbered lists.
NUMBERS = [
    *(f"0.{n}" for n in range(1, 14)), *(f"1.{n}" for n in range(1, 14)), *(f"2.{n}" for n in range(1, 10)),
    *(f"3.{n}" for n in range(1, 8)), *(f"3.8.{n}" for n in range(1, 14)), *(f"4.{n}" for n in range(1, 9)),
    *(f"4.9.{n}" for n in range(1, 9)), *(f"4.{n}" for n in range(10, 21)),
]  # fmt: skip
#: What stands in a test that only asks whether something is there.
_EXISTENCE = (ast.Is, ast.IsNot)


def test_the_page_is_the_one_that_is_made():
    assert source_documents.PAGE.read_text(encoding="utf-8") == source_documents.page()


def test_every_number_is_there_once():
    assert list(STATEMENTS) == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_each_statement_is_served_and_tested(number):
    statement = STATEMENTS[number]
    assert set(statement) <= {"says", "served", "do", "tests", "waits"}
    assert statement.get("served")
    assert statement.get("tests")
    for name in statement["served"]:
        assert _exists(name), name
    for node in statement["tests"]:
        assert checks_content(node), node


def _exists(name: str) -> bool:
    if name.startswith("instrument:"):
        return cs.load_instrument(name.partition(":")[2]).id == name.partition(":")[2]
    if name.startswith("cs."):
        found: object = cs
        for part in name.split(".")[1:]:
            found = getattr(found, part)
        return callable(found)
    module, _, attribute = name.rpartition(".")
    return callable(getattr(import_module(module), attribute))


def checks_content(node: str) -> bool:
    """Whether a test compares something with a value, or awaits an error with its words."""
    path, _, name = node.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == name]
    return bool(functions) and any(_compares(one) for one in ast.walk(functions[0]))


def _compares(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called == "raises":
            return any(keyword.arg == "match" for keyword in node.keywords)
        return called in ("approx", "assert_allclose", "assert_frame_equal", "near", "same")
    if not isinstance(node, ast.Assert):
        return False
    return any(
        isinstance(part, ast.Compare) and not all(isinstance(op, _EXISTENCE) for op in part.ops)
        for part in ast.walk(node.test)
    )


def test_a_test_that_asks_only_whether_something_is_there_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "made.py").write_text(
        "def test_weak():\n    assert thing is not None\n    assert thing\n\n"
        "def test_strong():\n    assert thing == 3\n", encoding="utf-8",
    )  # fmt: skip
    assert not checks_content("made.py::test_weak")
    assert checks_content("made.py::test_strong")
    assert not checks_content("made.py::test_absent")
