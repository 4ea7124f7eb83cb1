"""Where a browser puts signs, names and days of a Persian sentence: its letters from left to right, as seen."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator

import pytest

from crmstudy.assessment.wording import written

pytestmark = pytest.mark.browser

SEEN = """text => {
  const line = document.createElement("p"), seen = [];
  line.dir = "rtl"; line.style.whiteSpace = "nowrap"; line.textContent = text;
  document.body.append(line);
  for (let place = 0; place < text.length; place++) {
    const range = document.createRange();
    range.setStart(line.firstChild, place); range.setEnd(line.firstChild, place + 1);
    const box = range.getBoundingClientRect();
    if (box.width > 0) seen.push([box.left, text[place]]);
  }
  return seen.sort((one, other) => one[0] - other[0]).map(one => one[1]).join("");
}"""


@pytest.fixture(scope="module")
def seen() -> Iterator[Callable[[str], str]]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'crmstudy[browser]'")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("needs the program chromium")
    with playwright.sync_playwright() as play:
        try:
            browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        except playwright.Error as bad:
            pytest.skip(f"Chromium does not start here: {str(bad).splitlines()[0]}")
        page = browser.new_page()
        page.set_content("<body></body>")
        yield lambda text: str(page.evaluate(SEEN, text))
        browser.close()


@pytest.mark.parametrize(
    ("value", "drawn"),
    [
        ((-1.5, "estimate"), "−۱٫۵۰"), ((-12.5, "percent"), "−۱۲٫۵٪"), ((-float("inf"), "estimate"), "−∞"),
        (((-1.5, 0.5), "interval"), "]۰٫۵۰ ؛−۱٫۵۰["), (dt.date(2026, 3, 21), "۲۰۲۶/۰۳/۲۱"), ("p < ۰٫۰۰۱", "p < ۰٫۰۰۱"),
        ("CRM سبک", "کبس CRM"), ("s1، s2", "s2 ،s1"), ("فروش، s2", "s2 ،شورف"),
    ],
)  # fmt: skip
def test_a_value_is_drawn_in_its_order(seen, value, drawn):
    assert seen(f"ارزش {written(value, 'fa')} است") == f"تسا {drawn} شزرا"


def test_a_sentence_of_statistics_is_drawn_in_its_order(seen):
    b, t, df = written((-0.5, "estimate"), "fa"), written((-2.1, "statistic"), "fa"), written((36, "df"), "fa")
    ends = written(((-1.5, -0.5), "interval"), "fa")
    assert seen(f"ضریب b = {b} است (t({df}) = {t}، بازه: {ends}؛ HC3).") == (
        ".)HC3 ؛]−۰٫۵۰ ؛−۱٫۵۰[ :هزاب ،t(۳۶) = −۲٫۱۰( تسا b = −۰٫۵۰ بیرض"
    )
