"""The routes of respondents, all of them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crmstudy.administration.server import answering, entering, leaving
from crmstudy.administration.server.rendering import assets
from crmstudy.administration.server.site import Site

_YEAR = "public, max-age=31536000, immutable"
_DAY = "public, max-age=86400"


async def page(request: Request) -> Response:
    """A page of questions."""
    return await (answering.save(request) if request.method == "POST" else answering.show(request))


async def static(request: Request) -> Response:
    """A file that pages ask for: those of the list only."""
    found = assets().get(request.path_params["name"])
    if found is None:
        site: Site = request.app.state.site
        return site.message(request, "missing", 404)
    traced = request.query_params.get("v") == found.trace
    headers = {"cache-control": _YEAR if traced else _DAY}
    return Response(found.content, media_type=found.media_type, headers=headers)


async def health(request: Request) -> Response:
    """Whether the server runs and its database can be read; for whoever looks after it."""
    site: Site = request.app.state.site
    await site.store.see(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())
    return Response("ok\n", media_type="text/plain")


def respondent_routes() -> list[Route]:
    """Every route that is open to anybody."""
    survey = "/s/{sample}"
    both = ["GET", "POST"]
    return [
        Route("/", leaving.welcome, name="welcome"),
        Route("/language", entering.language, name="welcome-language", methods=["POST"]),
        Route("/static/{name}", static, name="static"),
        Route("/health", health, name="health"),
        Route(survey, entering.start, name="start"),
        Route(f"{survey}/token", entering.enter_token, name="token", methods=["POST"]),
        Route(f"{survey}/consent", entering.consent, name="consent", methods=["POST"]),
        Route(f"{survey}/language", entering.language, name="language", methods=["POST"]),
        Route(f"{survey}/code", entering.code, name="code", methods=both),
        Route(survey + "/p/{number}", page, name="page", methods=both),
        Route(f"{survey}/done", leaving.done, name="done"),
        Route(f"{survey}/resume", leaving.resume, name="resume", methods=both),
        Route(f"{survey}/withdraw", leaving.withdrawal, name="withdraw", methods=both),
        Route(f"{survey}/clear", leaving.clear, name="clear", methods=["POST"]),
        Route(f"{survey}/again", leaving.again, name="again"),
        Route(f"{survey}/privacy", leaving.privacy, name="privacy"),
    ]
