"""The rules of the house: layers, sizes, what the package never contains, and that every note code is explained."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import grimp
import pytest
from importlinter import cli

from crmstudy.notes import explanations

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "crmstudy").rglob("*.py"))
LONGEST_MODULE = 650


def test_layers_and_forbidden_imports_hold(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    status = cli.lint_imports(no_cache=True)
    assert status == cli.EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_layer_contract_notices_a_wrong_import(tmp_path, monkeypatch, capsys):
    (tmp_path / "house").mkdir()
    for name, text in (("__init__", ""), ("roof", ""), ("ground", "def build():\n    import house.roof\n")):
        (tmp_path / "house" / f"{name}.py").write_text(text)
    config = "[importlinter]\nroot_package = house\n[importlinter:contract:1]\nname = l\ntype = layers\nlayers =\n"
    (tmp_path / ".importlinter").write_text(config + "  house.roof\n  house.ground\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert cli.lint_imports(no_cache=True) != cli.EXIT_STATUS_SUCCESS
    assert "house.ground is not allowed to import house.roof" in capsys.readouterr().out


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_readable_and_finished(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_MODULE
    assert path.stem not in {"utils", "helpers", "common", "misc"}
    for node in ast.walk(ast.parse(text)):
        assert not isinstance(node, ast.Assert), f"assert in line {node.lineno}: raise an error with a sentence"
        assert not (isinstance(node, ast.Raise) and "NotImplementedError" in ast.dump(node)), f"line {node.lineno}"


def test_every_note_code_is_explained_and_used():
    written = "\n".join(path.read_text(encoding="utf-8") for path in MODULES)
    assert _codes_given() - set(explanations()) == set(), "codes without an explanation"
    assert set(explanations()) - set(re.findall(r"[A-Z][A-Z0-9_]+", written)) == set(), "unused codes"


def _codes_given() -> set[str]:
    """Words in capitals that stand where a note or an analysis error takes its code."""
    found = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("Note", "AnalysisError")
            ):
                arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
                texts = [item.value for item in arguments if isinstance(item, ast.Constant)]
                found |= {text for text in texts if isinstance(text, str) and re.fullmatch(r"[A-Z0-9_]{4,}", text)}
    return found


@pytest.mark.parametrize("code", sorted(explanations()))
def test_an_explanation_is_complete(code):
    explained = explanations()[code]
    for sentence in (explained.meaning, explained.advice, explained.write):
        assert sentence.strip().endswith("."), sentence
    assert not explained.title.endswith(".")


def test_no_two_modules_import_each_other_even_inside_functions():
    graph = grimp.build_graph("crmstudy", exclude_type_checking_imports=True)
    upward = {
        module: {name for name in graph.find_modules_directly_imported_by(module) if name != "crmstudy"}
        for module in graph.modules
    }
    settled: set[str] = set()
    while ready := {module for module, used in upward.items() if module not in settled and used <= settled | {module}}:
        settled |= ready
    assert set(upward) - settled == set(), "these modules lie on a circle of imports, or use one that does"
