"""The ends of a visit: thanks and receipt, withdrawal, going on later, leaving nothing behind on a shared computer."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import Response

from crmstudy.administration.keys import digest, read_secret
from crmstudy.administration.server.composing import view_of
from crmstudy.administration.server.cookies import Visit
from crmstudy.administration.server.entering import consent_since, door, ended, first_page, thanks
from crmstudy.administration.server.rendering import Ending
from crmstudy.administration.server.site import Site, answers_submitted, form_of, one
from crmstudy.administration.server.surveys import Survey
from crmstudy.administration.session.feedback import OwnScore, scores
from crmstudy.administration.store.respondents import Draft, abandon, find_draft, is_closed, pages_of, withdraw
from crmstudy.administration.store.schema import response
from crmstudy.administration.store.writer import Refused, Work

_ENDINGS = ("submitted", "declined", "withdrawn", "full")
#: What a browser is asked to forget; cookies of other services of the same house are none of our business.
_FORGET = '"cache", "storage"'


async def done(request: Request) -> Response:
    """The thank-you page; receipt and scores are shown once."""
    site: Site = request.app.state.site
    survey = site.survey(request)
    visit = site.visit(request, survey)
    frame = site.frame(visit, survey)
    shown = replace(visit, receipt="") if visit.receipt else None
    if visit.said in ("saved", "saved-token"):
        text = site.renderer.saved(frame, code=visit.receipt, token=visit.said == "saved-token")
    elif visit.said in _ENDINGS:
        own = await _scores(site, survey, visit)
        kind = cast(Ending, visit.said)
        text = site.renderer.done(frame, kind, receipt=visit.receipt or None, scores=own)
    else:
        return site.go(survey.path)
    return site.page(request, text, visit=shown, refresh=thanks(survey, visit))


async def _scores(site: Site, survey: Survey, visit: Visit) -> tuple[OwnScore, ...]:
    """The respondent's own scores, as long as the receipt is at hand."""
    if not (survey.sample.feedback and visit.receipt and visit.said == "submitted"):
        return ()
    trace = digest("submission", visit.receipt)
    answers = await site.store.see(lambda connection: answers_submitted(connection, trace))
    if answers is None:
        return ()
    return scores(survey.sample, answers, site.language(visit))


async def resume(request: Request) -> Response:
    """Going on: after a token was shown, by a button; otherwise by the code that was shown."""
    site: Site = request.app.state.site
    survey = site.survey(request)
    visit = site.visit(request, survey)
    if request.method != "POST":
        return site.page(request, site.renderer.resume(site.frame(visit, survey)), visit=_keep(request, visit))
    form = form_of(request)
    if one(form, "go") == "continue" and visit.token:
        found = await door(site, survey, visit)
        if found.shut == "token":
            return site.message(request, "token", 403, survey=survey, visit=visit)
        if found.shut:
            return ended(site, survey, visit, request, found.shut)
        if found.draft is not None and visit.fresh:
            return await _opened(site, survey, visit, found.draft)
        return site.go(f"{survey.path}/resume")
    secret = read_secret(one(form, "code"))
    trace = digest("draft", secret or "")
    draft = await site.store.see(lambda connection: find_draft(connection, trace))
    if secret is None or draft is None or draft.sample != survey.id:
        if site.too_many(request):
            return site.message(request, "busy", 429, survey=survey, visit=visit, n=1)
        fault = "code" if secret is not None else "code.short"
        return site.page(request, site.renderer.resume(site.frame(visit, survey), fault), status=422)
    wave = site.wave(survey)
    if wave is None or wave.id != draft.wave:
        return ended(site, survey, visit, request, "closed", status=403)
    fresh = replace(visit.without_person(), draft=secret, unit=draft.unit)
    return await _opened(site, survey, fresh, draft)


async def _opened(site: Site, survey: Survey, visit: Visit, draft: Draft) -> Response:
    """Open a draft where it was left."""
    pages = await site.store.see(lambda connection: pages_of(connection, draft.digest))
    view = view_of(survey, draft, pages)
    to = view.unfinished or (view.pages[-1] if view.pages else first_page(survey, draft))
    opened = visit.awake(fresh=False, language=draft.language, said="", receipt="")
    return site.go(f"{survey.path}/p/{to}", opened)


async def withdrawal(request: Request) -> Response:
    """Withdrawing what was submitted, with the receipt; or what was begun, with the code to go on with."""
    site: Site = request.app.state.site
    survey = site.survey(request)
    visit = site.visit(request, survey)
    frame = site.frame(visit, survey)
    if request.method != "POST":
        over = await site.store.see(lambda connection: _over(site, survey, connection))
        return site.page(request, site.renderer.withdraw(frame, over=over), visit=_keep(request, visit))
    secret = read_secret(one(form_of(request), "receipt"))
    begun, trace = digest("draft", secret or ""), digest("submission", secret or "")
    try:
        await site.store.do(lambda work: _delete(site, work, begun, trace))
    except Refused as refusal:
        if refusal.code == "closed":
            return site.page(request, site.renderer.withdraw(frame, over=True), status=403)
        if site.too_many(request):
            return site.message(request, "busy", 429, survey=survey, visit=visit, n=1)
        fault = "code" if secret is not None else "code.short"
        return site.page(request, site.renderer.withdraw(frame, fault), status=422)
    return site.go(f"{survey.path}/done", replace(visit.without_person(language=visit.language), said="withdrawn"))


def _delete(site: Site, work: Work, begun: str, trace: str) -> None:
    """A job: delete a draft, or withdraw what was submitted, as long as the study allows it."""
    if abandon(work, begun):
        return
    if site.fieldwork.withdrawal == "closing":
        asked = select(response.c.sample, response.c.wave).where(response.c.submission == trace)
        row = work.connection.execute(asked).one_or_none()
        if row is not None and is_closed(work.connection, row.sample, row.wave):
            raise Refused("closed")
    withdraw(work, trace)


def _over(site: Site, survey: Survey, connection: Connection) -> bool:
    """Whether nothing of this survey can be withdrawn any more: all its waves are closed."""
    if site.fieldwork.withdrawal != "closing":
        return False
    return all(is_closed(connection, survey.id, wave.id) for wave in survey.sample.waves)


async def clear(request: Request) -> Response:
    """Leave nothing behind: the cookie goes, and the browser is asked to forget what it has shown."""
    site: Site = request.app.state.site
    survey = site.survey(request)
    return cleared(site, survey, site.visit(request, survey))


def cleared(site: Site, survey: Survey, visit: Visit) -> Response:
    """The answer that clears a shared computer."""
    if visit.draft or visit.token or visit.receipt:
        site.ended.note(visit.id, True)
    made = Response(status_code=303, headers={"location": survey.path, "clear-site-data": _FORGET})
    made.headers.append(
        "set-cookie", site.cookies.write(visit.without_person()) if visit.kiosk else site.cookies.clear()
    )
    return made


async def again(request: Request) -> Response:
    """A shared device goes back to its first page; elsewhere nothing is forgotten by asking for an address."""
    site: Site = request.app.state.site
    survey = site.survey(request)
    visit = site.visit(request, survey)
    return cleared(site, survey, visit) if visit.kiosk else site.go(survey.path)


async def privacy(request: Request) -> Response:
    """The privacy notice."""
    site: Site = request.app.state.site
    survey = site.survey(request)
    visit = site.visit(request, survey)
    text = site.renderer.privacy(site.frame(visit, survey), since=await consent_since(site))
    return site.page(request, text, visit=_keep(request, visit))


async def welcome(request: Request) -> Response:
    """The surveys of the study that are open."""
    site: Site = request.app.state.site
    visit = site.visit(request)
    doors = [
        (survey.id, survey.path) for survey in site.surveys.values()
        if site.wave(survey) is not None and not survey.sample.branch_links
    ]  # fmt: skip
    return site.page(request, site.renderer.welcome(site.frame(visit), doors), visit=_keep(request, visit))


def _keep(request: Request, visit: Visit) -> Visit | None:
    """A cookie for somebody who has none yet, so that the form on the page can be sent."""
    return visit if request.scope["crmstudy.new"] else None
