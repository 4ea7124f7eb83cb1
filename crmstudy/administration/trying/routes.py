"""The pages of a trial: an overview of every page, language and width, and the checklist."""

from __future__ import annotations

import datetime as dt

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from crmstudy.administration.keys import new_secret
from crmstudy.administration.server.cookies import Visit
from crmstudy.administration.server.desk import staff_page
from crmstudy.administration.server.guard import Wrong
from crmstudy.administration.server.site import Site
from crmstudy.administration.server.surveys import Survey
from crmstudy.administration.session.route import Route as Way
from crmstudy.administration.trying.checklist import Finding, checked, tests_submitted, with_tests

#: Widths of a phone and of a screen on a desk.
WIDTHS = {"phone": 390, "desk": 1280}
#: Pages that are not questions.
_OTHERS = ("done", "declined", "closed", "resume", "withdraw", "privacy", "needed", "unavailable")


async def overview(request: Request) -> Response:
    """Every page, in every language, at two widths; and what is still to be done."""
    site: Site = request.app.state.site
    langs = site.fieldwork.languages
    lang = request.query_params.get("lang", langs[0])
    width = request.query_params.get("width", "phone")
    if lang not in langs or width not in WIDTHS:
        raise Wrong(404, "missing")
    shown = [
        (survey.id, ["start", *(str(n) for n in _numbers(survey, lang)), *_OTHERS]) for survey in site.surveys.values()
    ]
    noted: dict[dt.date, tuple[Finding, ...]] = request.app.state.checked
    if site.today not in noted:
        noted[site.today] = checked(site.fieldwork, site.today)
    found = with_tests(site.fieldwork, noted[site.today], await site.store.see(tests_submitted))
    visit = request.scope["crmstudy.visit"] if request.scope["crmstudy.new"] else None
    return staff_page(
        request, "try.html", visit=visit, langs=langs, lang=lang, width=width, widths=WIDTHS, shown=shown, found=found,
        ready=all(one.state != "missing" for one in found), surveys=list(site.surveys.values()),
    )  # fmt: skip


async def sample_page(request: Request) -> Response:
    """One page as a respondent would see it, with nothing behind it: its form leads nowhere."""
    site: Site = request.app.state.site
    survey = site.survey(request)
    lang, name = request.path_params["lang"], request.path_params["page"]
    if lang not in site.fieldwork.languages:
        raise Wrong(404, "missing")
    text = _drawn(site, survey, lang, name)
    return Response(text, media_type="text/html")


def _drawn(site: Site, survey: Survey, lang: str, name: str) -> str:
    renderer, sample = site.renderer, survey.sample
    frame = site.frame(Visit("trial", sample=survey.id, language=lang), survey, lang)
    if name == "start":
        return renderer.start(frame, draft=new_secret(), wave=sample.waves[0])
    if name == "done":
        return renderer.done(frame, "submitted", receipt=new_secret())
    if name in ("declined", "closed"):
        return renderer.done(frame, "declined" if name == "declined" else "closed")
    if name == "resume":
        return renderer.resume(frame)
    if name == "withdraw":
        return renderer.withdraw(frame)
    if name == "privacy":
        return renderer.privacy(frame)
    if name == "needed":
        return renderer.needed(frame)
    if name == "unavailable":
        return renderer.message(frame, "unavailable")
    numbers = _numbers(survey, lang)
    if not (name.isascii() and name.isdecimal()) or int(name) not in numbers:
        raise Wrong(404, "missing")
    number = int(name)
    sheet = Way(sample, lang).layout.sheets[number - 1]
    return renderer.page(
        frame, sheet.page, number=number, of=len(numbers), back=number > 1, refusal=sample.refusal,
        submission=new_secret() if number == len(numbers) else None, resume_code=new_secret(),
    )  # fmt: skip


def _numbers(survey: Survey, lang: str) -> range:
    return range(1, len(Way(survey.sample, lang).layout.sheets) + 1)


def trial_routes() -> list[BaseRoute]:
    """The routes of a trial."""
    return [
        Route("/try", overview, name="try"),
        Route("/try/{sample}/{lang}/{page}", sample_page, name="try-page"),
    ]
