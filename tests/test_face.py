"""The public face: every name resolves, and importing it loads no statistics."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import crmstudy

ROOT = Path(__file__).resolve().parents[1]
#: Public names that hold functions of their own: ``cs.power.rmsea``.
NAMESPACES = {"facts", "maturity", "power", "value"}


def _loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stdout.split())


def test_import_loads_no_statistics():
    loaded = _loaded_by("import crmstudy")
    assert not loaded & {"numpy", "pandas", "scipy", "matplotlib", "yaml", "typer", "docx"}


def test_the_command_line_starts_without_statistics():
    loaded = _loaded_by("import crmstudy.cli")
    assert "typer" in loaded
    assert not loaded & {"numpy", "pandas", "scipy", "matplotlib", "statsmodels", "yaml"}


@pytest.mark.parametrize("module", ["crmstudy.study.runner", "crmstudy.exchange.read", "crmstudy.models.cbsem"])
def test_the_rooms_load_neither_the_peers_nor_typer(module):
    loaded = _loaded_by(f"import {module}")
    assert not loaded & {"semopy", "pingouin", "statsmodels", "matplotlib", "docx", "typer", "formulaic"}


def test_every_public_name_is_its_object_after_every_submodule_is_imported():
    for module in pkgutil.walk_packages(crmstudy.__path__, "crmstudy."):
        if module.name != "crmstudy.__main__":
            importlib.import_module(module.name)
    for name in crmstudy.__all__:
        assert isinstance(getattr(crmstudy, name), ModuleType) is (name in NAMESPACES), name
    for name in set(crmstudy.__all__) - {"__version__"}:
        assert getattr(crmstudy, name).__name__.split(".")[-1] == name


def test_all_is_sorted_and_complete():
    assert crmstudy.__all__ == sorted(crmstudy.__all__)
    assert set(crmstudy._HOMES) == set(crmstudy.__all__) - {"__version__"}
    assert set(crmstudy.__all__) <= set(dir(crmstudy))


def test_the_stub_agrees_with_the_face():
    tree = ast.parse((ROOT / "crmstudy" / "__init__.pyi").read_text(encoding="utf-8"))
    homes = {
        alias.asname: node.module for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert homes == crmstudy._HOMES
    listed = next(node.value for node in tree.body if isinstance(node, ast.Assign))
    assert ast.literal_eval(listed) == crmstudy.__all__


def test_a_wrong_name_is_refused_with_the_near_miss():
    with pytest.raises(AttributeError, match=r"no attribute 'reliabilty'. Did you mean 'reliability'\?"):
        crmstudy.reliabilty  # noqa: B018


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert crmstudy.__version__ == project["version"]
