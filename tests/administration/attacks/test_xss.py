"""Hostile words in every text of a study and in every answer, in a real browser: none of them runs, none of them shows.

Every page that respondents, researchers and clerks can meet is fetched with a payload wherever the study or a visitor
has the word, and opened in Chromium. A page fails when a dialog opens, when its policy had to stop something, when it
asks for something that is not of this site, or when it holds an element, an attribute or an address that its template
does not have. Paper (slips, posters, printed sheets) is opened without any policy.
"""

from __future__ import annotations

import html
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asgi_browser import TODAY, Answer, Browser, application, held_study
from gallery import NOTICE, TAGS

from crmstudy.administration.fieldwork import Consent, Kiosk, Quota, Sample, Unit, Wave
from crmstudy.administration.inviting.slips import Slip, poster, slip_sheet
from crmstudy.administration.keys import digest, new_secret
from crmstudy.administration.paper.sheets import enter, issue
from crmstudy.administration.paper.taking import rules_of
from crmstudy.administration.paper.typed import read_typed
from crmstudy.administration.server.rendering import assets
from crmstudy.administration.store.access import add_access
from crmstudy.administration.store.invitations import NewToken, add_tokens
from crmstudy.administration.store.store import Store
from crmstudy.administration.trying.routes import trial_routes
from crmstudy.exchange.printing.html import write_html
from crmstudy.instrument.drafts import draft
from crmstudy.instrument.model import Item, Question, ResponseFormat, Scale, Section
from tests.administration.attacks.payloads import PAYLOADS, RUNNING

pytestmark = pytest.mark.browser
FULL = [pytest.mark.slow, pytest.mark.endurance]
HOST = "http://survey.example.org"
#: One payload of every kind for every day; all of them in the long run.
EVERY_DAY = (PAYLOADS[1], PAYLOADS[-18])
LEAST = 100
_WATCH = """
window.stopped = [];
document.addEventListener("securitypolicyviolation", (found) => {
  window.stopped.push(found.violatedDirective + " " + found.sample);
});
"""
#: What no page of ours has: elements and attributes that run something, or bring something from elsewhere.
_FOREIGN = """() => {
  const found = [];
  const foreign = ["object", "embed", "base", "math", "video", "audio", "img", "portal", "frameset", "marquee",
    "noscript"];
  const strange = ["srcdoc", "formaction", "x", "y", "background"];
  const own = (url) => !url || url === "/" || /^(#|\\/(static|s|desk|try|language)(\\/|$|\\?|#))/.test(url);
  for (const one of document.querySelectorAll("*")) {
    const tag = one.localName, has = (name) => one.getAttribute(name) || "";
    const fine = {
      iframe: /^\\/try\\//.test(has("src")), svg: Boolean(one.closest(".qr")), style: window.paper,
      script: /^\\/static\\/pages[.]js[?]v=/.test(has("src")), link: /^\\/static\\//.test(has("href")),
      meta: !one.httpEquiv || (window.paper && one.httpEquiv === "Content-Security-Policy"),
      template: one.hasAttribute("data-said"),
    };
    if (foreign.includes(tag) || fine[tag] === false) found.push(tag);
    for (const held of one.attributes) {
      const name = held.name.toLowerCase();
      const drawn = tag === "rect" || tag === "path";
      if (name.startsWith("on") || (name === "style" && !window.paper)) found.push(tag + " " + name);
      if (strange.includes(name) && !drawn) found.push(tag + " " + name);
      const leads = ["href", "action", "src", "xlink:href"].includes(name);
      if (leads && !own(held.value)) found.push(name + "=" + held.value);
    }
  }
  return found;
}"""


def texts_of(word: str) -> dict[str, str]:
    """A text of the study in every language."""
    return {tag: f"{word} {tag}" for tag in TAGS}


def hostile_instrument(word: str) -> Any:
    """Every kind of question, with the word in every text."""
    held = texts_of(word)
    five = ResponseFormat("five", 1, 5, dict.fromkeys(range(1, 6), held), measure="nominal")
    ends = ResponseFormat("ends", 0, 10, {0: held, 10: held}, (-8,), missing_labels={-8: held})
    many = ResponseFormat("many", 1, 16, dict.fromkeys(range(1, 17), held), measure="nominal")
    items = [
        Item("A1", 1, five, wording=held), Item("A2", 2, five, wording=held), Item("L1", 3, ends, wording=held),
        Item("slide", 4, ends, wording=held, slider=True), Item("many", 5, many, wording=held, unscored=True),
    ]  # fmt: skip
    kinds = [("note", "info", {}), ("ways", "multi", {"response": five}), ("order", "rank", {"response": five}),
             ("years", "integer", {"low": 0, "high": 60, "required": "hard"}), ("share", "decimal", {"low": 0}),
             ("since", "date", {}), ("post", "text", {"required": "hard"}), ("more", "longtext", {})]  # fmt: skip
    questions = [Question(id, 6 + n, kind, wording=held, **more) for n, (id, kind, more) in enumerate(kinds)]
    scales = [Scale("ays", held, (items[0], items[1]), "mean", 1)]
    ids = [one.id for one in (*items, *questions)]
    parts = (tuple(ids[:5]), tuple(ids[5:]))
    sections = [Section(f"s{n}", part, title=held, text=held) for n, part in enumerate(parts)]
    return draft("hostile", name=held, items=items, questions=questions, scales=scales, languages=TAGS,
                 sections=sections, description=held, instructions=held, notes=held)  # fmt: skip


def hostile_study(folder: Path, word: str) -> Any:
    """A study with the word wherever it can have words."""
    held, asked = texts_of(word), hostile_instrument(word)
    wave = Wave(word, TODAY.date(), TODAY.date())
    staff = Sample("staff", "staff", (asked,), entry="both", waves=(wave,), feedback=("ays",), attributes=("shift",),
                   quotas=(Quota(word, "A1 = 1", 500),))  # fmt: skip
    over = Sample("over", "customer", (asked,), waves=(Wave("", None, TODAY.date().replace(year=2020)),))
    kiosk = Sample("kiosk", "customer", (asked,), kiosk=Kiosk(), waves=(wave,), self_made_code=True)
    units = {word: Unit(word, held, word), "b2": Unit("b2", held, word, word)}
    base = held_study(folder, "anonymous")
    return replace(
        base, title=held, samples={"staff": staff, "over": over, "kiosk": kiosk}, units=units, levels=(word,),
        notice=dict.fromkeys(NOTICE, held), consent=Consent(1, dict.fromkeys(TAGS, f"{word}\n\n{word}"), (held,)),
    )  # fmt: skip


class Collector(Browser):
    """Notes every page that it is shown."""

    def __init__(self, app: Any, pages: dict[str, Answer], name: str) -> None:
        super().__init__(app)
        self.pages, self.name = pages, name

    def ask(self, method: str, url: str, **more: Any) -> Answer:
        """Ask, and keep what comes back."""
        answer: Answer = super().ask(method, url, **more)
        for name, value in answer.headers:
            assert not {"\n", "\r"} & set(value)
            assert name != "x-injected"
        if (answer.header("content-type") or "").startswith("text/html") and answer.body:
            kind = f"{self.name}: {method} {answer.status} {url.partition('?')[0][:60]}"
            if f"{kind} again" not in self.pages:
                self.pages[f"{kind} again" if kind in self.pages else kind] = answer
        return answer


def collect(folder: Path, word: str, lang: str = "en") -> tuple[dict[str, Answer], dict[str, bytes]]:
    """Every page with a word in it: (pages of the site, files for paper)."""
    study = hostile_study(folder, word)
    pages: dict[str, Answer] = {}
    with Store.open(study.place) as store:
        app = application(study, store)
        _respondent(Collector(app, pages, "respondent"), store, study, word, lang)
        _visitor(Collector(app, pages, "visitor"), word)
        _staff(app, pages, store, study, word)
    with Store.open(study.place, purpose="try") as store:
        app = application(study, store, purpose="try", more_routes=tuple(trial_routes()))
        trial = Collector(app, pages, "trial")
        trial.get("/try")
        for page in ("start", "1", "2", "done", "declined", "needed", "privacy"):
            trial.get(f"/try/staff/en/{page}")
    slips = [Slip("1", new_secret(), f"{HOST}/s/staff?t=X")]
    sample = study.samples["staff"]
    files = {
        "slips": slip_sheet(study, sample, sample.waves[0], word, slips, "en", pdf=False)["html"],
        "poster": poster(study, sample.waves[0], word, f"{HOST}/s/staff?b=x", ["en", "fa"], pdf=False)["html"],
    }
    path = folder / "sheet.html"
    write_html(sample.instruments, path, "en", title=word, numbers=["00001-3"])
    files["sheet"] = path.read_bytes()
    return pages, files


def _respondent(browser: Collector, store: Store, study: Any, word: str, lang: str) -> None:
    secret, wave = new_secret(), study.samples["staff"].waves[0].id
    row = NewToken(digest("token", secret), f"s-{secret[:6]}", word, "", {"shift": word})
    store.do_now(lambda work: add_tokens(work, "staff", wave, [row]))
    first = browser.get(f"/s/staff?t={secret}&lang={lang}")
    browser.get("/s/staff/privacy")
    browser.send(first.form("/consent"), "agree")  # the statement is not ticked
    browser.begin(first)
    while any("/p/" in form.action for form in browser.answer.forms):
        form = browser.page_form()
        wrong = {name: [word] for name in form.kinds if name.startswith("q.")}
        browser.send(form, "next", **wrong)
        browser.send(form, "next", **{name: [word] for name in form.kinds if form.kinds[name] in ("text", "textarea")})
        browser.send(form, word, seen=[word], since=[word], lang=[word])
        browser.answer = browser.get(form.action)
        filled = browser.fill(browser.page_form())
        filled.values |= {"q.post": [word], "q.more": [word]} if "q.post" in filled.kinds else {}
        browser.send(filled, "next")
        if browser.answer.status == 422 and "q.post" in filled.kinds:  # such an answer says nothing at all
            browser.send(browser.fill(browser.page_form()), "next", **{"q.post": ["words"], "q.more": ["words"]})
    assert browser.answer.url.endswith("/done"), browser.answer.text
    browser.get(f"/s/staff?t={secret}")
    kiosk = Browser(browser.app)
    kiosk.begin(kiosk.get(f"/s/kiosk?lang={lang}"))
    browser.cookies, browser.answer = kiosk.cookies, kiosk.answer
    browser.send(kiosk.answer.form("/code"), **{f"code.{name}": [word] for name in ("mother", "town", "day", "older")})


def _visitor(browser: Collector, word: str) -> None:
    from urllib.parse import quote

    said = quote(word, safe="")
    for address in (f"/{said}", f"/s/{said}", f"/s/staff?t={said}", f"/s/staff?b={said}", f"/s/staff?lang={said}",
                    f"/s/kiosk?k={said}", f"/s/over?{said}={said}", "/s/over", "/", f"/static/{said}", f"/desk/{said}",
                    f"/s/staff/p/1?{said}", f"/desk/entry/{said}"):  # fmt: skip
        browser.get(address)
    for kind, name in (("resume", "code"), ("withdraw", "receipt")):
        browser.send(browser.get(f"/s/staff/{kind}").form(f"/{kind}"), **{name: [word]})
    browser.send(browser.get("/desk/login").form("/desk/login"), key=[word])


def _staff(app: Any, pages: dict[str, Answer], store: Store, study: Any, word: str) -> None:
    for n in range(6):
        row = NewToken(digest("token", new_secret()), f"more-{n}", word, "", {})
        store.do_now(lambda work, row=row: add_tokens(work, "staff", study.samples["staff"].waves[0].id, [row]))
    keys = {role: new_secret() for role in ("researcher", "clerk")}
    for role, secret in keys.items():
        store.do_now(lambda w, r=role, s=secret: add_access(w, digest("access", s), f"{word} {r}", r, TODAY.date()))
    sample = study.samples["staff"]
    rules = rules_of(study, sample)
    issued = store.do_now(lambda work: issue(work, "staff", sample.waves[0].id, word, "en", 3))
    for clerk, text in (("one", word), ("two", f"other {word}")):
        typed, _ = read_typed(sample, "en", {"post": text, "more": text, "years": "7"})
        store.do_now(lambda work, c=clerk, t=typed: enter(work, issued[0], c, t, rules))
    researcher = Collector(app, pages, "researcher")
    researcher.send(researcher.get("/desk/login").form("/desk/login"), key=[keys["researcher"]])
    researcher.get("/desk/entry")
    clerk = Collector(app, pages, "clerk")
    clerk.send(clerk.get("/desk/login").form("/desk/login"), key=[keys["clerk"]])
    clerk.send(clerk.get("/desk/entry").form("/open"), number=[word])
    form = clerk.get(f"/desk/entry/{issued[1]}").form(issued[1])
    clerk.send(form, **{name: [word] for name in form.kinds if name.startswith("e.")})
    clerk.send(form, blank=[word])
    form = clerk.get(f"/desk/entry/{issued[0]}/decide").form("/decide")
    clerk.send(form, **{name: [word] for name in form.kinds if name.startswith("e.")})
    clerk.get(f"/desk/entry?saved={issued[0]}")


class Opened:
    """A page of Chromium in which pages are opened as they were sent; ``found`` is what went wrong."""

    def __init__(self, page: Any) -> None:
        self.page, self.found, self.where = page, list[str](), ""
        self.body, self.headers = b"", dict[str, str]()
        page.add_init_script(_WATCH)
        page.on("dialog", self._dialog)
        page.route("**/*", self._answer)

    def _dialog(self, dialog: Any) -> None:
        self.found.append(f"{self.where}: a dialog")
        dialog.dismiss()

    def _answer(self, route: Any) -> None:
        url = route.request.url
        name = url.partition("/static/")[2].partition("?")[0]
        if url == f"{HOST}/opened":
            route.fulfill(status=200, body=self.body, headers=self.headers)
        elif url.startswith(f"{HOST}/static/") and name in assets():
            route.fulfill(status=200, body=assets()[name].content, content_type=assets()[name].media_type)
        elif url.startswith((f"{HOST}/try/", f"{HOST}/favicon")):
            route.fulfill(status=200, body="", content_type="text/plain")
        else:
            if not url.startswith("data:font/"):
                self.found.append(f"{self.where}: asks for {url[:80]}")
            route.abort()

    def open(self, where: str, body: bytes, headers: dict[str, str], *, paper: bool = False) -> list[str]:
        """Open a page; what went wrong with it."""
        self.where, self.body, self.headers = where, body, headers
        before = len(self.found)
        self.page.goto(f"{HOST}/opened", wait_until="load")
        self.page.evaluate(f"window.paper = {json.dumps(paper)}")
        self.found += [f"{where}: {one}" for one in self.page.evaluate(_FOREIGN)]
        self.found += [f"{where}: stopped {one}" for one in self.page.evaluate("window.stopped || []")]
        return self.found[before:]


def sent_headers(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers if name not in ("set-cookie", "content-length", "refresh")}


class Elsewhere:
    """A real browser, in a thread of its own: its driver and the application each have their loop."""

    def __init__(self, pool: ThreadPoolExecutor, page: Opened) -> None:
        self.pool, self.page = pool, page

    def open(self, where: str, body: bytes, headers: dict[str, str], *, paper: bool = False) -> list[str]:
        """Open a page; what went wrong with it."""
        return self.pool.submit(self.page.open, where, body, headers, paper=paper).result()


@pytest.fixture(scope="module")
def opened() -> Iterator[Elsewhere]:
    """A page of Debian's Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'crmstudy[browser]'")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("needs the program chromium")
    with ThreadPoolExecutor(1) as pool:
        driver = pool.submit(lambda: playwright.sync_playwright().start()).result()
        try:
            browser = pool.submit(
                lambda: driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
            ).result()
            yield Elsewhere(pool, pool.submit(lambda: Opened(browser.new_context().new_page())).result())
            pool.submit(browser.close).result()
        finally:
            pool.submit(driver.stop).result()


def test_there_are_enough() -> None:
    assert len(set(PAYLOADS)) >= LEAST


@pytest.mark.parametrize("payload", [
    pytest.param(one, marks=() if one in EVERY_DAY else FULL, id=str(n)) for n, one in enumerate(PAYLOADS)
])  # fmt: skip
def test_no_word_runs_in_any_page(payload: str, tmp_path: Path, opened: Elsewhere) -> None:
    pages, files = collect(tmp_path, payload, TAGS[len(payload) % 3])
    assert len(pages) > 40
    assert sum(html.escape(payload.split("\n")[-1][-12:]) in one.text or payload[-12:] in html.unescape(one.text)
               for one in pages.values()) > 30  # fmt: skip
    found: list[str] = []
    for where, answer in pages.items():
        found += opened.open(where, answer.body, sent_headers(answer))
        assert "134337" not in answer.text, where
    for where, content in files.items():
        found += opened.open(where, content, {"content-type": "text/html; charset=utf-8"}, paper=True)
        assert b"134337" not in content, where
    assert found == []


#: Controls take a part of the payloads every day, and all of them in the long run.
CONTROLS = [pytest.param(RUNNING[::12], id="some"), pytest.param(RUNNING, id="all", marks=FULL)]


@pytest.mark.parametrize("payloads", CONTROLS)
def test_the_browser_and_the_rules_find_every_payload_that_is_not_escaped(
    opened: Elsewhere, payloads: tuple[str, ...]
) -> None:
    """The control: the same words in pages that do not escape; what stands here must be found, one way or another."""
    contexts = ("<p>{}</p>", '<input value="{}">', "<input value='{}'>", "<title>{}</title>",
                "<p>x<textarea>{}</textarea>",
                "<script>var x = 1; /* {} */</script>", "<style>p {{}} {}</style>", "<select><option>{}</select>",
                "<input {}>", "<!-- {} -->")  # fmt: skip
    run = 0
    for payload in payloads:
        bodies = [f"<!doctype html><meta charset=utf-8>{one.replace('{}', payload)}".encode() for one in contexts]
        found = [opened.open("control", body, {"content-type": "text/html; charset=utf-8"}) for body in bodies]
        assert any(found), payload
        run += any("a dialog" in one for held in found for one in held)
    assert run > 0.6 * len(payloads)


@pytest.mark.parametrize("payloads", CONTROLS)
def test_the_policy_stops_what_is_not_escaped(opened: Elsewhere, tmp_path: Path, payloads: tuple[str, ...]) -> None:
    """The second wall: were a text not escaped, the policy of our pages would keep it from running."""
    pages, _ = collect(tmp_path, "words")
    answer = next(one for where, one in pages.items() if "/s/staff/privacy" in where)
    stopped = 0
    for payload in payloads:
        raw = answer.text.replace("words en", payload).encode()
        found = opened.open("raw", raw, sent_headers(answer))
        assert not any("a dialog" in one for one in found), payload
        stopped += any("stopped" in one for one in found)
    assert stopped > 0.5 * len(payloads)
