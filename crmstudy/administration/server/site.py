"""What all routes share: the study, its database, keys and pages, and how an answer is put together."""

from __future__ import annotations

import datetime as dt
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import Response

from crmstudy.administration.fieldwork import Fieldwork, Wave
from crmstudy.administration.server.cookies import RESPONDENT, STAFF, Cookies, Visit, new_visit
from crmstudy.administration.server.guard import Form, Wrong, visit_of
from crmstudy.administration.server.limiter import Limiter
from crmstudy.administration.server.rendering import Frame, Renderer
from crmstudy.administration.server.surveys import Survey
from crmstudy.administration.store.engine import Purpose
from crmstudy.administration.store.respondents import Draft
from crmstudy.administration.store.schema import response
from crmstudy.administration.store.store import Store
from crmstudy.administration.wording.texts import texts

T = TypeVar("T")
Now = Callable[[], dt.datetime]
#: So many ids of people who declined, and of drafts that are being answered, are remembered.
_MOST_REMEMBERED = 5_000


class Site:
    """The study as it is served.

    Parameters
    ----------
    fieldwork : Fieldwork
    store : Store
    secret : bytes
        The study's key.
    purpose : {"live", "try", "simulated"}
    address : str
        Under which respondents find it.
    now : callable
        Gives the time (UTC).
    """

    def __init__(
        self, fieldwork: Fieldwork, store: Store, *, secret: bytes, purpose: Purpose, address: str, now: Now
    ) -> None:
        self.fieldwork, self.store, self.secret = fieldwork, store, secret
        self.purpose, self.address, self.now = purpose, address, now
        self.trial = purpose == "try"
        self.renderer = Renderer(fieldwork)
        for lang in fieldwork.languages:  # words that are lacking are told now, not to a respondent
            texts(lang)
        self.surveys = {id: Survey(fieldwork, sample) for id, sample in fieldwork.samples.items()}
        secure = address.startswith("https://")

        def clock() -> float:
            return now().timestamp()

        self.cookies = Cookies(secret, RESPONDENT, secure=secure, clock=clock)
        self.desk_cookies = Cookies(secret, STAFF, secure=secure, clock=clock)
        self.limiter = Limiter()
        self.declined, self.drafts = Remembered[bool](), Remembered[Draft]()
        self.ended = Remembered[bool]()  # visits that were cleared or signed out: copies of their cookies open nothing
        self.consented_since: dict[int, dt.date | None] = {}

    @property
    def today(self) -> dt.date:
        """The day, in UTC."""
        return self.now().astimezone(dt.UTC).date()

    def wave(self, survey: Survey) -> Wave | None:
        """The wave in which answers are taken today; in a trial always one."""
        found = survey.sample.wave(self.today)
        return survey.sample.waves[0] if found is None and self.trial else found

    def survey(self, request: Request) -> Survey:
        """The survey that the address names; raises Wrong."""
        found = self.surveys.get(request.path_params.get("sample", ""))
        if found is None:
            raise Wrong(404, "missing")
        return found

    def visit(self, request: Request, survey: Survey | None = None) -> Visit:
        """Who asks; nobody in particular where the cookie is of another survey."""
        visit = visit_of(request.scope)
        if visit.id in self.ended:  # a copy of a cookie, or one that a browser did not let go of
            visit = new_visit(language=visit.language)
            request.scope["crmstudy.visit"], request.scope["crmstudy.new"] = visit, True
        if survey is not None and visit.sample != survey.id:
            return Visit(visit.id, sample=survey.id, language=visit.language)
        return visit

    def language(self, visit: Visit) -> str:
        """The language that pages are shown in."""
        offered = self.fieldwork.languages
        return visit.language if visit.language in offered else offered[0]

    def frame(self, visit: Visit, survey: Survey | None = None, lang: str = "") -> Frame:
        """What stands around every page."""
        return Frame(
            lang=lang or self.language(visit),
            csrf=self.cookies.csrf(visit),
            sample=survey.id if survey else "",
            path=survey.path if survey else "",
            kiosk=visit.kiosk,
            trial=self.trial,
            languages=self.fieldwork.languages,
        )

    def page(
        self,
        request: Request,
        text: str,
        *,
        status: int = 200,
        visit: Visit | None = None,
        refresh: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """An HTML page; with a visit, the cookie is written anew."""
        made = Response(text, status, media_type="text/html", headers=dict(headers or {}))
        if visit is not None:
            made.headers.append("set-cookie", self.cookies.write(visit))
        if refresh:
            made.headers["refresh"] = refresh
        return made

    def go(self, path: str, visit: Visit | None = None) -> Response:
        """Send the browser on (303)."""
        made = Response(status_code=303, headers={"location": path})
        if visit is not None:
            made.headers.append("set-cookie", self.cookies.write(visit))
        return made

    def message(
        self,
        request: Request,
        key: str,
        status: int,
        *,
        survey: Survey | None = None,
        visit: Visit | None = None,
        keep: Visit | None = None,
        **values: Any,
    ) -> Response:
        """A page that says one thing; ``visit`` is who is told, ``keep`` what the cookie becomes."""
        visit = visit or keep or visit_of(request.scope)
        survey = survey or self.surveys.get(request.scope.get("path_params", {}).get("sample", ""))
        text = self.renderer.message(self.frame(visit, survey), key, **values)
        headers = {"retry-after": "60"} if status in (429, 503) else {}
        return self.page(request, text, status=status, visit=keep, headers=headers)

    def wrong(self, request: Request, key: str, status: int, survey: Survey | None = None) -> Response:
        """What a wrong token or code is told; after too many of them, to wait."""
        if self.limiter.wrong(request.scope.get("crmstudy.address", "")):
            return self.message(request, "busy", 429, survey=survey, n=1)
        return self.message(request, key, status, survey=survey)

    def too_many(self, request: Request) -> bool:
        """Count a wrong attempt; whether it is one too many."""
        return self.limiter.wrong(request.scope.get("crmstudy.address", ""))


class Remembered(OrderedDict[str, T]):
    """The newest of many values by key."""

    def note(self, key: str, value: T) -> None:
        """Remember a value; the oldest one is forgotten where there are too many."""
        self[key] = value
        self.move_to_end(key)
        if len(self) > _MOST_REMEMBERED:
            self.popitem(last=False)


def form_of(request: Request) -> Form:
    """The form that came through the gate."""
    form: Form = request.scope["crmstudy.form"]
    return form


def one(form: Mapping[str, Sequence[str]], name: str) -> str:
    """The value of a field that is there once; otherwise empty."""
    values = form.get(name, ())
    return values[0] if len(values) == 1 else ""


def answers_submitted(connection: Connection, submission: str) -> dict[str, Any] | None:
    """The answers that are kept under a receipt, or None."""
    found = connection.execute(
        select(response.c.answers).where(response.c.submission == submission)
    ).scalar_one_or_none()
    return None if found is None else dict(json.loads(found))


def gone_on(visit: Visit, **changes: Any) -> Visit:
    """The visit after a step."""
    return replace(visit, fresh=False, **changes)
