"""A browser, a study that is asked, and people who answer it; skipped with the reason where there is no browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.administration.browser.browser_study import Asked, ask
from tests.administration.server.looks import axe_source

_FLAGS = ["--no-sandbox", "--disable-gpu"]
#: What a browser that is told nothing else does with pages that are left: kept, and shown again by "back".
_KEEPING = "--disable-back-forward-cache"


@pytest.fixture(scope="module")
def play() -> Iterator[Any]:
    """Playwright, one at a time in a process: other modules start their own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'crmstudy[browser]'")
    with playwright.sync_playwright() as play:
        yield play


def started(play: Any, **more: Any) -> Any:
    """Debian's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("needs the program chromium")
    try:
        return play.chromium.launch(executable_path=path, args=_FLAGS, **more)
    except Exception as bad:  # whatever keeps a browser from starting, its tests cannot be run
        pytest.skip(f"Chromium does not start here: {str(bad).splitlines()[0]}")


@pytest.fixture(scope="module")
def chromium(play: Any) -> Iterator[Any]:
    """A browser."""
    browser = started(play)
    yield browser
    browser.close()


@pytest.fixture
def keeping(play: Any) -> Iterator[Any]:
    """A browser that keeps the pages that are left as they were, for "back" (a driven one does not by itself)."""
    browser = started(play, ignore_default_args=[_KEEPING])
    yield browser
    browser.close()


@pytest.fixture
def person(chromium: Any) -> Iterator[Any]:
    """Makes people, each with a browser window of their own: ``person(width=390, js=False, ...)``."""
    opened: list[Any] = []

    def come(width: int = 1280, *, js: bool = True, **more: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 800}, java_script_enabled=js, **more)
        context.set_default_timeout(30_000)
        opened.append(context)
        return context.new_page()

    yield come
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """The study with everything, open to respondents."""
    made = ask(tmp_path_factory.mktemp("browser") / "study")
    yield made
    made.server.stop()


@pytest.fixture(scope="session")
def axe() -> str:
    """The text of axe-core."""
    found = axe_source()
    if found is None:
        pytest.skip("needs the npm package axe-core in a folder of NODE_PATH")
    return found


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of pictures: that of CRMSTUDY_SHOTS, or a temporary one."""
    said = os.environ.get("CRMSTUDY_SHOTS")
    folder = Path(said) if said else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
