"""Every page as people reach it: nothing keeps anyone out, nothing is too wide, nothing comes from elsewhere."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from tests.administration.browser import touring
from tests.administration.browser.browser_study import TAGS, Server, free_port, write_study
from tests.administration.browser.walking import ANSWERS, begin, fill, press, push, says

pytestmark = pytest.mark.browser
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = f"""axe.run(document, {{runOnly: {{type: "tag", values: {json.dumps(_TAGS)}}},
  rules: {{"target-size": {{enabled: true}}}}, resultTypes: ["violations"]}})
  .then(found => found.violations.map(one => [one.id, one.nodes[0].html.slice(0, 200), one.nodes[0].target]))"""
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_SMALL = """[...document.querySelectorAll("button, select, input:not([type=hidden], [type=range]), textarea")]
  .filter(one => one.offsetParent).map(one => [one, (one.closest("label") || one).getBoundingClientRect()])
  .filter(([one, box]) => box.height < 43.5 || box.width < 24).map(([one, box]) =>
    [one.outerHTML.slice(0, 90), box.width, box.height])"""
#: What a browser says of an answer such as 404, which is no fault of the page.
_STATUS = "Failed to load resource: the server responded with a status of"


class Look:
    """Looks at pages, and notes what is wrong with them."""

    def __init__(self, script, host, shots=None, *, widths=(320, 1280), schemes=("light", "dark")):
        self.script, self.host, self.shots = script, host, shots
        self.widths, self.schemes = widths, schemes
        self.told, self.seen, self._known = [], [], set()

    def at(self, name, page):
        """Look at a page."""
        self.seen.append(name)
        if page.viewport_size is None:
            return
        for width in self.widths:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate(_TOO_WIDE):
                self.told.append(f"{name} {width}: too wide")
            self.told += [f"{name} {width}: small {one}" for one in page.evaluate(_SMALL)]
            for scheme in self.schemes:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                page.evaluate(self.script)
                self.told += [f"{name} {width} {scheme}: {one}" for one in page.evaluate(_RUN)]
        page.emulate_media(color_scheme="light")
        if self.shots:
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 900})
                page.screenshot(path=self.shots / f"{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})

    def listening(self, person):
        """People whose browsers' complaints, and whose requests, are noted."""

        def come(*args, **more):
            page = person(*args, **more)
            page.on("console", lambda said: None if said.text.startswith(_STATUS) else self.told.append(said.text))
            page.on("pageerror", lambda error: self.told.append(str(error)))
            page.on("request", self._asked)
            return page

        return come

    def _asked(self, request):
        if urlsplit(request.url).netloc != self.host:
            self.told.append(f"asked for {request.url}")


@pytest.mark.slow
@pytest.mark.parametrize("lang", TAGS)
def test_nothing_is_wrong_with_any_page_of_respondents(asked, person, axe, shots, lang):
    look = Look(axe, urlsplit(asked.address).netloc, shots)
    for name, page in touring.respondents(look.listening(person), asked, lang):
        if name != "cookie":  # where no cookie is kept, nothing says which language was chosen
            assert page.locator("html").get_attribute("lang") == lang, name
        look.at(f"{lang}-{name}", page)
    assert len(look.seen) > 40
    assert "\n".join(look.told) == ""


def test_nothing_is_wrong_with_pages_of_every_kind(asked, person, axe):
    """The short form of the above: Persian, on a phone, the way to the receipt."""
    look = Look(axe, urlsplit(asked.address).netloc, widths=(320,), schemes=("light",))
    for name, page in touring.through(look.listening(person), asked, "fa"):
        look.at(name, page)
    assert "\n".join(look.told) == ""


def test_nothing_is_wrong_with_any_page_of_the_desk(asked, person, axe, shots, tmp_path):
    look = Look(axe, urlsplit(asked.address).netloc, shots)
    for name, page in touring.desk(look.listening(person), asked, tmp_path):
        look.at(f"desk-{name}", page)
    assert len(look.seen) == 11
    assert "\n".join(look.told) == ""


def test_the_looks_find_what_is_wrong(asked, person, axe):
    """The control: a field without a name, a target that is small, a page that is too wide, a file from elsewhere."""
    look = Look(axe, urlsplit(asked.address).netloc, widths=(320,), schemes=("light",))
    page = look.listening(person)()
    begin(page, asked)
    page.evaluate("""() => {
      const [field, wide] = [document.createElement("input"), document.createElement("div")];
      field.type = "text";
      field.style.minBlockSize = field.style.blockSize = "20px";
      wide.style.inlineSize = "900px";
      wide.textContent = "wide";
      document.querySelector("main").append(field, wide);
      new Image().src = "http://127.0.0.1:9/elsewhere.png";
    }""")
    look.at("broken", page)
    told = "\n".join(look.told)
    for fault in ("'label'", "too wide", "small", "Content Security Policy"):
        assert fault in told


def test_a_trial_shows_every_page_and_tells_to_wait(person, axe, shots, tmp_path):
    """The trial is one more server: its overview, its banner; and who guesses is told to wait."""
    port = free_port()
    folder = write_study(tmp_path / "study", f"http://127.0.0.1:{port}")
    server = Server(folder, port, options=("--try", "--quiet"))
    server.start()
    try:
        look = Look(axe, f"127.0.0.1:{port}", shots)
        page = look.listening(person)()
        page.goto(f"http://127.0.0.1:{port}/try")
        frames = page.locator("iframe")
        assert frames.count() > 40
        look.at("try", page)
        for lang in TAGS:
            page.goto(f"http://127.0.0.1:{port}/s/staff?lang={lang}")
            look.at(f"{lang}-trial-start", page)
            page.goto(f"http://127.0.0.1:{port}/s/staff/resume")
            for _ in range(22):
                if page.locator("#code").count() == 0:
                    break
                page.locator("#code").fill("12")
                push(page, "form.secret button")
            assert says(page, "message.busy.head", lang)
            look.at(f"{lang}-busy", page)
        assert "\n".join(look.told) == ""
    finally:
        server.stop()


def test_a_page_of_sixty_items_is_light(asked, person):
    """What a phone loads for it, without the fonts: page, style, script."""
    page = person(390)
    sizes = {}

    def weigh(answer):
        kind = urlsplit(answer.url).path.rpartition(".")[2]
        if kind != "woff2" and answer.status == 200:
            sizes[urlsplit(answer.url).path] = len(answer.body())

    begin(page, asked, "sixty", "fa")
    page.on("response", weigh)
    page.reload(wait_until="networkidle")
    assert page.locator("fieldset.q").count() == 60
    assert sizes["/s/sixty/p/1"] < 60_000, sizes
    assert sum(sizes.values()) < 80_000, sizes


def test_the_first_page_comes_without_anything_from_elsewhere(asked, person):
    page, hosts, told = person(390), set(), []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("console", lambda said: told.append(said.text))
    begin(page, asked, lang="ru")
    fill(page, ANSWERS, "ru")
    press(page)
    page.wait_for_load_state("networkidle")
    assert hosts == {urlsplit(asked.address).netloc}
    assert told == []
    assert page.evaluate("document.fonts.check('1rem \"Golos Text\"', 'Ж')")
