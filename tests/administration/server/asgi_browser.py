"""A small browser for the tests: it calls the application without a network, keeps cookies, and fills in forms."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from crmstudy.administration.keys import digest, new_secret
from crmstudy.administration.server.app import build_app
from crmstudy.administration.store.invitations import NewToken, add_tokens
from tests.administration.server.gallery import study

TODAY = dt.datetime(2026, 11, 26, 10, 0, tzinfo=dt.UTC)
KEY = bytes(range(32))
ANSWERS = {"text": "Some words", "longtext": "More words"}


@dataclass
class Form:
    """A form of a page: where it goes, what its fields hold, what may be chosen, and its buttons."""

    action: str
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.select, self.area, self.title = [], None, None, False
        self.lang = self.dir = ""

    def handle_starttag(self, tag, attributes):
        given = {name: value or "" for name, value in attributes}
        if tag == "html":
            self.lang, self.dir = given["lang"], given["dir"]
        elif tag == "form":
            self.forms.append(Form(given["action"]))
        elif self.forms:
            self._field(self.forms[-1], tag, given)

    def _field(self, form, tag, given):
        name, kind = given.get("name", ""), given.get("type", "text") if tag == "input" else tag
        if tag == "input" and name:
            form.kinds.setdefault(name, kind)
            if kind in ("radio", "checkbox"):
                form.choices.setdefault(name, []).append(given["value"])
                if "checked" in given:
                    form.values.setdefault(name, []).append(given["value"])
            else:
                form.values[name] = [given.get("value", "")]
        elif tag == "select":
            self.select, form.kinds[name] = name, kind
        elif tag == "option" and self.select:
            form.choices.setdefault(self.select, []).append(given["value"])
            if "selected" in given:
                form.values[self.select] = [given["value"]]
        elif tag == "textarea":
            self.area, form.kinds[name], form.values[name] = name, kind, [""]
        elif tag == "button":
            form.buttons.append((name, given.get("value", "")))

    def handle_endtag(self, tag):
        if tag == "select":
            self.select = None
        elif tag == "textarea":
            self.area = None

    def handle_data(self, data):
        if self.area:
            self.forms[-1].values[self.area] = [self.forms[-1].values[self.area][0] + data.lstrip("\n")]


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    url: str = ""

    @property
    def text(self):
        return self.body.decode()

    def header(self, name):
        return next((value for key, value in self.headers if key == name), None)

    def all(self, name):
        return [value for key, value in self.headers if key == name]

    @property
    def forms(self):
        reader = _Reader()
        reader.feed(self.text)
        return reader.forms

    def form(self, ending):
        return next(form for form in self.forms if form.action.partition("?")[0].endswith(ending))

    @property
    def lang(self):
        reader = _Reader()
        reader.feed(self.text)
        return reader.lang, reader.dir


def call(app, method, url, *, body=b"", headers=(), client=("203.0.113.7", 5000)):
    """One request, without anything of a browser."""
    parts = urlsplit(url)
    given = {"host": "survey.example.org", **dict(headers)}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(parts.path), "raw_path": parts.path.encode(), "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items() if value is not None],
        "client": client, "server": ("survey.example.org", 80), "state": {},
    }  # fmt: skip
    sent, told = [], [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        return told.pop(0) if told else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    begun = sent[0]
    found = [(name.decode().lower(), value.decode("latin-1")) for name, value in begun["headers"]]
    return Answer(begun["status"], found, b"".join(one.get("body", b"") for one in sent[1:]), url)


class Browser:
    """Somebody at a device: cookies are kept, forms are sent as a browser would."""

    def __init__(self, app, *, address="203.0.113.7", agent="Mozilla/5.0", cookies=True):
        self.app, self.address, self.agent, self.keeps = app, address, agent, cookies
        self.cookies, self.answer = {}, None

    def ask(self, method, url, *, body=b"", headers=()):
        given = {"user-agent": self.agent, **dict(headers)}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = call(self.app, method, url, body=body, headers=given, client=(self.address, 5000))
        for line in answer.all("set-cookie") if self.keeps else ():
            name, _, rest = line.partition("=")
            value = rest.split(";")[0]
            if "max-age=0" in line.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        self.answer = answer
        return answer

    def get(self, url, *, follow=True, **more):
        answer = self.ask("GET", url, **more)
        return self.follow(answer) if follow else answer

    def follow(self, answer):
        while answer.status == 303:
            answer = self.ask("GET", urljoin(answer.url, answer.header("location")))
        return answer

    def post(self, url, fields, *, follow=True, headers=()):
        pairs = [(name, value) for name, values in fields.items() for value in values]
        given = {
            "content-type": "application/x-www-form-urlencoded", "origin": "null", "sec-fetch-site": "same-origin",
            **dict(headers),
        }  # fmt: skip
        body = urlencode(pairs).encode()
        given["content-length"] = str(len(body))
        answer = self.ask("POST", url, body=body, headers=given)
        return self.follow(answer) if follow else answer

    def send(self, form, go=None, *, follow=True, headers=(), **changed):
        fields = form.values | changed
        if go is not None:
            fields["go"] = [go]
        return self.post(form.action, fields, follow=follow, headers=headers)

    def begin(self, answer=None):
        """Agree to everything on a first page."""
        form = (answer or self.answer).form("/consent")
        ticked = {name: ["yes"] for name in form.choices if name.startswith("agree.")}
        return self.send(form, "agree", **ticked)

    def page_form(self):
        return next(form for form in self.answer.forms if "/p/" in form.action)

    def fill(self, form, pick=0):
        """Answers to every question of a page."""
        for name, kind in form.kinds.items():
            if not name.startswith("q."):
                continue
            offered = [value for value in form.choices.get(name, ()) if value not in ("", "refuse", "-8")]
            if kind == "radio":
                form.values[name] = [offered[pick % len(offered)]]
            elif kind == "checkbox" and name not in form.values:
                form.values[name] = [offered[0]]
            elif kind == "text" and name.endswith(".y"):
                form.values[name] = ["1404" if self.answer.lang[0] == "fa" else "2025"]
            elif kind == "text":
                form.values[name] = ["7"]
            elif kind == "textarea":
                form.values[name] = ["Ответ پاسخ answer"]
            elif kind == "select" and name.count(".") == 2 and not name.endswith((".d", ".m")):
                ranked = [one for one in form.kinds if one.startswith(name.rpartition(".")[0] + ".")]
                form.values[name] = [offered[ranked.index(name)]]
            elif kind == "select":
                form.values[name] = [offered[0]]
        return form

    def answer_all(self, pick=0, most=60):
        """Answer page after page until there is none left."""
        for _ in range(most):
            if not any("/p/" in form.action for form in self.answer.forms):
                return self.answer
            before = self.page_form()
            answer = self.send(self.fill(before, pick), "next")
            assert answer.status in (200, 422), answer.status
            assert answer.status == 200, answer.text
        raise AssertionError("the questionnaire has no end")


def held_study(folder: Path, mode="confidential", **more):
    """A study in a folder."""
    sample = {name: more.pop(name) for name in ("staff", "customers") if name in more}
    made = replace(study(mode), folder=folder, address="http://survey.example.org", **more)
    samples = {id: replace(one, **sample.get(id, {})) for id, one in made.samples.items()}
    return replace(made, samples=samples)


def application(fieldwork, store, *, purpose="live", now=lambda: TODAY, address="http://survey.example.org", **more):
    """The application of a study."""
    return build_app(fieldwork, store, secret=KEY, purpose=purpose, address=address, now=now, **more)


def token(store, sample="staff", n=1, **more):
    """Some tokens of a sample."""
    made = [new_secret() for _ in range(n)]
    rows = [NewToken(digest("token", one), f"{sample}-{one[:6]}", **more) for one in made]
    store.do_now(lambda work: add_tokens(work, sample, "", rows))
    return made if n > 1 else made[0]
