"""The pages in a real browser: axe-core finds nothing, nothing is too wide, Persian begins at the right, keys do."""

from __future__ import annotations

import contextlib
import itertools
import json
from dataclasses import replace

import pytest

from crmstudy.administration.server.rendering import Frame, Renderer
from crmstudy.instrument import load_instrument
from crmstudy.instrument.forms import pages
from tests.administration.server.gallery import SECRET, TAGS, gallery, study
from tests.administration.server.looks import BROKEN, axe_source, chromium, served

pytest.importorskip("playwright", reason="needs playwright: pip install 'crmstudy[browser]'")
pytestmark = pytest.mark.browser
SLOW = pytest.mark.slow
#: One page of every kind, for the run that everyone waits for.
SOME = (
    "start-faults",
    "start-trial",
    "page-01",
    "page-soft",
    "page-06-posted",
    "page-07-posted",
    "page-08",
    "submitted",
    "code",
)


@pytest.fixture(scope="module")
def made():
    return {f"/{lang}/{name}": text for lang in TAGS for name, text in gallery(lang).items()}


@pytest.fixture(scope="module")
def address(made):
    with served(made) as where:
        yield where


@pytest.fixture(scope="module")
def browser():
    with contextlib.ExitStack() as stack:
        try:
            found = stack.enter_context(chromium())
        except Exception as bad:  # whatever keeps a browser from starting, its tests cannot be run
            pytest.skip(f"Chromium does not start here: {str(bad).splitlines()[0]}")
        yield found


def opened(browser, width=1280, **more):
    page = browser.new_page(viewport={"width": width, "height": 900}, **more)
    page.set_default_timeout(20_000)
    return page


def looked_at(page, address, paths, script):
    """What axe-core finds, what is wider than the window, and what the browser complains of."""
    told = []
    page.on("console", lambda said: told.append(said.text))
    for path in paths:
        page.goto(address + path)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            told.append(f"{path} is too wide")
        page.evaluate(script)
        found = page.evaluate("axe.run(document).then(found => [found.violations, found.passes.length])")
        told += [f"{path}: {one['id']} {one['nodes'][0]['html'][:200]}" for one in found[0]]
        assert found[1] > 10
    return told


def axe():
    script = axe_source()
    if script is None:
        pytest.skip("needs the npm package axe-core in a folder of NODE_PATH")
    return script


@pytest.mark.parametrize(
    ("lang", "width", "scheme"), [("fa", 320, "light"), pytest.param("ru", 1280, "dark", marks=SLOW)]
)
def test_axe_finds_nothing_on_a_page_of_every_kind(browser, address, lang, width, scheme):
    page = opened(browser, width, color_scheme=scheme)
    assert looked_at(page, address, [f"/{lang}/{name}" for name in SOME], axe()) == []
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("lang", TAGS)
def test_axe_finds_nothing_on_any_page(browser, address, made, lang, width):
    page = opened(browser, width)
    assert looked_at(page, address, [path for path in made if path.startswith(f"/{lang}/")], axe()) == []
    page.close()


def test_axe_finds_what_keeps_people_out(browser, address, made):
    """The check can fail: a field without a name, text that is too pale."""
    broken = made["/en/page-08"].replace("aria-labelledby", "data-nothing").replace('dir="ltr">', ">", 1)
    with served({"/broken": broken}) as where:
        page = opened(browser)
        assert any("label" in told for told in looked_at(page, where, ["/broken"], axe()))
        page.close()


def boxes(page, selector):
    return [one.bounding_box() for one in page.query_selector_all(selector)]


@pytest.mark.parametrize(("lang", "width"), [("en", 1280), ("fa", 1280), ("fa", 390)])
def test_the_first_answer_stands_where_reading_begins(browser, address, lang, width):
    page = opened(browser, width)
    page.goto(f"{address}/{lang}/page-01")
    row = boxes(page, "fieldset.q:first-of-type input")
    assert len(row) == 6
    if width == 390:
        assert all(upper["y"] < lower["y"] for upper, lower in itertools.pairwise(row))
        legend = page.query_selector("legend span").bounding_box()
        assert abs(row[0]["x"] + row[0]["width"] - legend["x"] - legend["width"]) < 60
    else:
        ends = [box["x"] for box in row]
        assert ends == sorted(ends, reverse=lang == "fa")
        heads = [box["x"] + box["width"] / 2 for box in boxes(page, ".heads span")[1:]]
        middles = [box["x"] + box["width"] / 2 for box in row]
        assert all(abs(a - b) < 3 for a, b in zip(heads, middles, strict=True))
    page.close()


@pytest.mark.parametrize(("lang", "width"), [("en", 320), pytest.param("ru", 1280, marks=SLOW)])
def test_what_is_touched_is_large_enough(browser, address, lang, width):
    page = opened(browser, width)
    for name in ("page-01", "page-06", "page-07", "start"):
        page.goto(f"{address}/{lang}/{name}")
        for box in boxes(page, "fieldset label, button, select, textarea, input[type=text]"):
            assert box["height"] >= 43.9, (name, box)
            assert box["width"] >= 36, (name, box)
    page.close()


def test_columns_of_a_grid_hold_their_words(browser, address):
    page = opened(browser, 1280)
    for lang in TAGS:
        page.goto(f"{address}/{lang}/page-01")
        assert page.evaluate(BROKEN) == []
    page.close()


def test_a_page_is_answered_by_keyboard_alone_without_scripts(browser, address):
    page = opened(browser, 390, java_script_enabled=False)
    sent = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    page.goto(f"{address}/fa/page-01")
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("class") == "skip"
    count = page.locator("fieldset.q").count()
    for nth in range(count):
        page.keyboard.press("Tab")
        assert page.locator(":focus").get_attribute("type") == "radio"
        page.keyboard.press("Space")
        for _ in range(nth % 3):
            page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("value") == "next"
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    posted = sent[0].post_data
    assert sent[0].url.endswith("/s/staff/p/1?sent")
    assert posted.count("q.W") == count
    assert "go=next" in posted
    page.close()


def test_faults_are_in_focus_and_lead_to_their_questions_without_scripts(browser, address):
    page = opened(browser, 390, java_script_enabled=False)
    page.goto(f"{address}/en/page-07-posted")
    assert page.locator(":focus").get_attribute("id") == "summary"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert page.locator(":focus").get_attribute("name") == "q.order.1"
    page.close()


def test_the_line_of_a_slider_begins_without_an_answer_and_writes_the_digits_of_the_language(browser, address):
    page = opened(browser, 390)
    page.goto(f"{address}/fa/page-06")
    line, number = page.locator("input[type=range]"), page.locator("input[name='q.help'][type=text]")
    box = page.locator("fieldset:has(input[type=range]) input[type=checkbox]").last
    assert line.is_visible()
    assert "untouched" in line.get_attribute("class")
    assert number.input_value() == ""
    place = line.bounding_box()
    page.mouse.click(place["x"] + 5, place["y"] + place["height"] / 2)  # the end of a Persian line
    assert number.input_value().startswith(("۹", "۱۰۰"))
    assert "untouched" not in (line.get_attribute("class") or "")
    box.check()
    assert number.input_value() == ""
    number.fill("۳۰")
    assert line.input_value() == "30"
    assert not box.is_checked()
    page.close()


def test_pages_fit_when_words_are_long(browser):
    held = study()
    long = dict.fromkeys(TAGS, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2)
    held = replace(held, title=long, notice=dict.fromkeys(held.notice, long))
    draw, frame = Renderer(held), Frame("en", "csrf", "staff", "/s/staff", languages=TAGS)
    page = pages(load_instrument("qwl-walton"), "en")[0]
    fields = tuple(replace(one, text=long["en"]) for one in page.blocks[0].fields)
    page = replace(page, title=long["en"], blocks=(replace(page.blocks[0], fields=fields),))
    made = {"/start": draw.start(frame, draft=SECRET), "/page": draw.page(frame, page, number=1, of=2, refusal=True)}
    with served(made) as where:
        for width in (320, 1280):
            view = opened(browser, width)
            for path in made:
                view.goto(where + path)
                assert not view.evaluate("document.documentElement.scrollWidth > innerWidth"), (path, width)
            view.close()


def test_the_policy_is_kept(browser, address, made):
    """No page meets the policy that its server sends: nothing is blocked, and nothing comes from elsewhere."""
    page = opened(browser)
    told, asked = [], set()
    page.on("console", lambda said: told.append(said.text))
    page.on("request", lambda request: asked.add(request.url.split("?")[0].rsplit("/", 1)[0]))
    for name in ("start", "page-06", "submitted"):
        page.goto(f"{address}/fa/{name}", wait_until="networkidle")
        assert page.evaluate("document.fonts.check('1rem Vazirmatn')")
    assert told == []
    assert asked <= {f"{address}/static", f"{address}/fa"}, json.dumps(sorted(asked))
    page.close()
