"""The side of those who work on the study: a key opens it, and each role sees its own pages.

Nothing here shows an answer. The status page counts; units appear only where enough people were invited.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crmstudy.administration.keys import digest, read_secret
from crmstudy.administration.server.cookies import Visit, new_visit
from crmstudy.administration.server.guard import visit_of
from crmstudy.administration.server.released import EVENTS_OF_ONE, released
from crmstudy.administration.server.rendering import assets
from crmstudy.administration.server.site import Site, form_of, one
from crmstudy.administration.store.access import Access, who
from crmstudy.administration.store.flow import Flow

Endpoint = Callable[[Request], Awaitable[Response]]
#: So long a key stays in after the last page.
_RESTING = 8 * 3600


@functools.lru_cache(maxsize=1)
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("crmstudy.administration", "templates/desk"), autoescape=True, undefined=StrictUndefined,
        auto_reload=False, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.globals["asset"] = lambda name: f"/static/{name}?v={assets()[name].trace}"
    return made


def staff_page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    access: Access | None = None,
    visit: Visit | None = None,
    **values: Any,
) -> Response:
    """A page of the desk, from a template in ``templates/desk``.

    Templates extend ``desk.html`` and are given ``csrf``, ``access`` and ``study``; ``visit`` writes the cookie anew.
    """
    site: Site = request.app.state.site
    who_asks = visit or visit_of(request.scope)
    texts = site.fieldwork.title
    study = texts.get("en") or next(iter(texts.values()), "")
    text = (
        _templates()
        .get_template(template)
        .render(csrf=site.desk_cookies.csrf(who_asks), access=access, study=study, trial=site.trial, **values)
    )
    made = Response(text, status, media_type="text/html")
    if visit is not None:
        made.headers.append("set-cookie", site.desk_cookies.write(visit))
    return made


def staff_go(request: Request, path: str, visit: Visit | None = None) -> Response:
    """Send the browser on (303)."""
    site: Site = request.app.state.site
    made = Response(status_code=303, headers={"location": path})
    if visit is not None:
        made.headers.append("set-cookie", site.desk_cookies.write(visit))
    return made


async def access_of(request: Request) -> Access | None:
    """Who works here; None where no key was shown, or it was taken away."""
    site: Site = request.app.state.site
    visit = visit_of(request.scope)
    if not visit.token or visit.id in site.ended or site.now().timestamp() - visit.at > _RESTING:
        return None
    trace = visit.token
    return await site.store.see(lambda connection: who(connection, trace))


def needs(role: str) -> Callable[[Endpoint], Endpoint]:
    """A route that is open to one role only; others are sent to the door, or told that it is not theirs.

    The route finds who works under ``request.state.access``.
    """

    def around(endpoint: Endpoint) -> Endpoint:
        @functools.wraps(endpoint)
        async def checked(request: Request) -> Response:
            access = await access_of(request)
            if access is None:
                return staff_go(request, "/desk/login")
            if access.role != role:
                return staff_page(request, "denied.html", status=403, access=access, role=role)
            request.state.access = access
            return await endpoint(request)

        return checked

    return around


async def login(request: Request) -> Response:
    """The door of the desk: a key is shown."""
    site: Site = request.app.state.site
    if request.method != "POST":
        fresh = visit_of(request.scope) if request.scope["crmstudy.new"] else None
        return staff_page(request, "login.html", visit=fresh, fault=False)
    secret = read_secret(one(form_of(request), "key"))
    trace = digest("access", secret or "")
    access = await site.store.see(lambda connection: who(connection, trace))
    if secret is None or access is None:
        if site.too_many(request):
            return site.message(request, "busy", 429, n=1)
        return staff_page(request, "login.html", status=422, fault=True)
    return staff_go(request, "/desk" if access.role == "researcher" else "/desk/entry", new_visit(token=trace))


async def logout(request: Request) -> Response:
    """Leave the desk."""
    site: Site = request.app.state.site
    site.ended.note(visit_of(request.scope).id, True)
    made = staff_go(request, "/desk/login")
    made.headers.append("set-cookie", site.desk_cookies.clear())
    made.headers["clear-site-data"] = '"cache", "storage"'
    return made


@needs("researcher")
async def status(request: Request) -> Response:
    """How far the study is, in counts."""
    site: Site = request.app.state.site
    k, anonymous = site.fieldwork.k or 5, site.fieldwork.anonymous
    tables: list[dict[str, Any]] = []
    for survey in site.surveys.values():
        for wave in survey.sample.waves:
            found = await released(site.store, survey.id, wave.id, k, anonymous=anonymous)
            quotas = [(quota, survey.asks(quota)) for quota in survey.sample.quotas]
            units = shown_units(found, k) if found is not None else []
            tables.append({"sample": survey.id, "wave": wave.id, "flow": found, "units": units, "quotas": quotas})
    visit = replace(visit_of(request.scope))
    return staff_page(
        request, "status.html", access=request.state.access, visit=visit, tables=tables, k=k, anonymous=anonymous,
        events=EVENTS_OF_ONE * k,
    )  # fmt: skip


def shown_units(found: Flow, k: int) -> list[tuple[str, int, int | None]]:
    """Units in which at least k were invited: (unit, invited, used), the rest together if they are at least k.

    What would be told of the hidden ones by subtraction from the total is hidden too: where the rest is smaller than k,
    the smallest unit shown joins it.
    """
    sizes = {unit: sum(n for state, n in states.items() if state != "revoked") for unit, states in found.units.items()}
    shown = sorted((unit for unit, n in sizes.items() if n >= k), key=lambda unit: (-sizes[unit], unit))
    rest = [unit for unit in sizes if sizes[unit] < k]
    while rest and shown and sum(sizes[unit] for unit in rest) < k:
        rest.append(shown.pop())
    made = [(unit, sizes[unit], _used(found.units, [unit], sizes[unit], k)) for unit in shown]
    together = sum(sizes[unit] for unit in rest)
    if rest and together >= k:
        made.append(("", together, _used(found.units, rest, together, k)))
    return made


def _used(units: Mapping[str, Mapping[str, int]], names: list[str], invited: int, k: int) -> int | None:
    """How many tokens were used at least, in steps of five: never all of them, nor one more than a moment ago."""
    used = min(sum(units[unit].get("used", 0) for unit in names), invited - 1)
    return 5 * (used // 5) if invited >= k else None


def desk_routes() -> list[Route]:
    """Every route of the desk; those of paper sheets are hung here too."""
    return [
        Route("/desk/login", login, name="desk-login", methods=["GET", "POST"]),
        Route("/desk/logout", logout, name="desk-logout", methods=["POST"]),
        Route("/desk", status, name="desk"),
    ]
