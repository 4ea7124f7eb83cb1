"""The wheel holds the same instruments and files as the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from crmstudy.instrument.catalog import list_instruments

ROOT = Path(__file__).resolve().parents[2]
ASK = (
    "import json, sys; from crmstudy.instrument.catalog import list_instruments; import crmstudy; "
    "print(json.dumps([crmstudy.__file__, {i.id: i.fingerprint for i in list_instruments()}]))"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (found,) = folder.glob("crmstudy-*.whl")
    return found


def test_the_wheel_is_pure_and_complete(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert wheel.name.endswith("-py3-none-any.whl")
    packaged = {
        str(path.relative_to(ROOT).as_posix())
        for path in (ROOT / "crmstudy").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packaged - names == set()
    assert {f"crmstudy/_instruments/{path.name}" for path in (ROOT / "instruments").glob("*.yaml")} <= names
    assert not any(name.startswith("tests/") for name in names)


def test_installed_instruments_equal_those_of_the_checkout(wheel, tmp_path):
    target = tmp_path / "site"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
    ]
    subprocess.run(command, check=True, capture_output=True)
    answer = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(target)!r}); {ASK}"],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    )  # fmt: skip
    where, installed = json.loads(answer.stdout)
    assert Path(where).is_relative_to(target)
    assert installed == {item.id: item.fingerprint for item in list_instruments()}
    assert installed
