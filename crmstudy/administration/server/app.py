"""The application: routes, their roles, the gate before them, and what happens when something fails."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from crmstudy.administration.fieldwork import Fieldwork
from crmstudy.administration.server.desk import desk_routes
from crmstudy.administration.server.entry import entry_routes
from crmstudy.administration.server.guard import Guard, Log, Wrong, host_of
from crmstudy.administration.server.respondents import respondent_routes
from crmstudy.administration.server.site import Now, Site
from crmstudy.administration.store.engine import Purpose
from crmstudy.administration.store.store import Store
from crmstudy.administration.store.writer import NotKept

#: Who may use a route; ``anyone`` includes everybody else. Every route of the application stands here.
ROLES: dict[str, str] = {
    "welcome": "anyone", "welcome-language": "anyone", "static": "anyone", "health": "anyone", "start": "anyone",
    "token": "anyone", "consent": "anyone", "language": "anyone", "code": "anyone", "page": "anyone", "done": "anyone",
    "resume": "anyone", "withdraw": "anyone", "clear": "anyone", "again": "anyone", "privacy": "anyone",
    "desk-login": "anyone", "desk-logout": "anyone", "desk": "researcher",
    "entry": "clerk", "entry-open": "clerk", "entry-sheet": "clerk", "entry-decide": "clerk",
    "try": "trial", "try-page": "trial",
}  # fmt: skip
_log = logging.getLogger("crmstudy.server")


def now_utc() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)


def build_app(
    fieldwork: Fieldwork,
    store: Store,
    *,
    secret: bytes,
    purpose: Purpose,
    address: str,
    now: Now = now_utc,
    hosts: tuple[str, ...] = (),
    proxy: bool = False,
    log: Log | None = None,
    more_routes: tuple[BaseRoute, ...] = (),
    on_start: Callable[[], None] | None = None,
) -> Starlette:
    """The application of one study.

    Parameters
    ----------
    fieldwork : Fieldwork
        The study.
    store : Store
        Its database, open; whoever opened it closes it.
    secret : bytes
        The study's key (:func:`crmstudy.administration.keys.study_key`).
    purpose : {"live", "try", "simulated"}
        What the database is for; ``try`` asks for no token and marks answers as tests.
    address : str
        Where respondents find it. With ``https`` cookies are sent over https only.
    now : callable
        Gives the time (UTC).
    hosts : tuple of str
        Further names under which the site may be asked for.
    proxy : bool
        Whether a proxy in front says who asks.
    log : callable, optional
        Told of every request.
    more_routes : tuple of routes
        Of a trial.
    on_start : callable, optional
        Called when the server is ready.
    """
    site = Site(fieldwork, store, secret=secret, purpose=purpose, address=address, now=now)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if on_start is not None:
            on_start()
        yield

    def refusal(scope: Scope, status: int, key: str) -> ASGIApp:
        async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
            await site.message(Request(scope), key, status)(scope, receive, send)

        return refuse

    gate = Middleware(
        Guard,
        hosts=frozenset({host_of(address), *hosts} - {""}),
        cookies=site.cookies,
        desk=site.desk_cookies,
        refusal=refusal,
        address=address,
        proxy=proxy,
        frames=site.trial,
        log=log,
    )
    app = Starlette(
        routes=[*respondent_routes(), *desk_routes(), *entry_routes(), *more_routes],
        middleware=[gate, Middleware(_Calm, site=site)],
        exception_handlers={
            Wrong: _on_wrong, HTTPException: _on_http, NotKept: _on_failure, SQLAlchemyError: _on_failure,
            OSError: _on_failure,
        },
        lifespan=lifespan,
    )  # fmt: skip
    app.router.redirect_slashes = False
    app.state.site, app.state.checked = site, {}
    return app


class _Calm:
    """What no route expected is answered with a page, and noted without any value that was sent."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self.app, self.site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def sending(message: Any) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            _log.error("%s", told_without_values(error))
            if not begun:
                await self.site.message(Request(scope), "unavailable", 500)(scope, receive, send)


def told_without_values(error: BaseException) -> str:
    """An error as it may stand in a log: its type, and the lines of code it came through."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return " < ".join([type(error).__name__, *(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))])


async def _on_wrong(request: Request, error: Exception) -> Response:
    site: Site = request.app.state.site
    wrong = error if isinstance(error, Wrong) else Wrong(400, "wrong")
    return site.message(request, wrong.key, wrong.status)


async def _on_http(request: Request, error: Exception) -> Response:
    site: Site = request.app.state.site
    status = error.status_code if isinstance(error, HTTPException) else 400
    made = site.message(request, "missing" if status == 404 else "wrong", status)
    if isinstance(error, HTTPException) and error.headers:
        made.headers.update(error.headers)
    return made


async def _on_failure(request: Request, error: Exception) -> Response:
    site: Site = request.app.state.site
    _log.error("%s", told_without_values(error))
    return site.message(request, "unavailable", 503)
