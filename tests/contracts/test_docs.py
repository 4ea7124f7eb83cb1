"""What the documents point at exists: links, reference keys, versions, and the commands the gate takes from them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import crmstudy

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "RELEASING.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md")) + sorted((ROOT / "analyses").glob("*/README.md"))
REFERENCES = yaml.safe_load((ROOT / "crmstudy" / "references.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page):
    text = page.read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


def test_every_source_of_the_methods_page_is_a_known_reference():
    text = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    keys = set(re.findall(r"\b[a-z]+(?:_[a-z]+)*_(?:19|20)\d\d\b", text))
    assert len(keys) > 10
    assert keys - set(REFERENCES) == set()


def test_references_say_what_they_are():
    for key, entry in REFERENCES.items():
        assert str(entry["year"]) == key.rsplit("_", 1)[1]
        assert f"({entry['year']}" in entry["reference"]


def test_one_version_everywhere():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert crmstudy.__version__ == declared
    assert f"version: {declared}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_the_readme_commands_are_one_line_each():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, must in (("run", "crmstudy run analyses/mobile_loyalty"), ("test", "python -m pytest")):
        block = text.split(f"<!-- {name} command -->")[1].split("<!-- end -->")[0]
        (command,) = [line for line in block.splitlines() if line and not line.startswith("```")]
        assert command.endswith(must)
        assert "&&" in command


def test_constraints_are_versions_without_addresses():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"#.*|[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+", line) for line in lines if line)


def test_the_python_of_the_readme_runs():
    program = "\n".join(re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL))
    done = subprocess.run([sys.executable, "-"], input=program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "CFI" in done.stdout
