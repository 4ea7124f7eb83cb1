"""Pages of questions: shown, read, kept, and submitted at the end.

The browser is sent on (303) only after what it sent is committed. What could not be kept is shown again as it was
typed, and can be sent again as often as needed: the draft, the page and the submission have ids of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from crmstudy.administration.keys import digest, new_secret, read_secret
from crmstudy.administration.server.composing import compose, view_of
from crmstudy.administration.server.cookies import Visit
from crmstudy.administration.server.entering import ended
from crmstudy.administration.server.guard import Form, Wrong
from crmstudy.administration.server.leaving import cleared
from crmstudy.administration.server.site import Site, form_of, gone_on, one
from crmstudy.administration.server.surveys import Survey
from crmstudy.administration.session.answers import PageAnswers, form_values, read_page
from crmstudy.administration.session.route import View
from crmstudy.administration.store.quotas import taken
from crmstudy.administration.store.respondents import (
    Draft,
    Given,
    draft_of_token,
    find_draft,
    find_token,
    is_closed,
    is_submitted,
    pages_of,
    save_page,
    screen_out,
    set_language,
    submit,
)
from crmstudy.administration.store.writer import NotKept, Refused
from crmstudy.instrument.forms import Page

#: The database does not answer, or did not keep what was sent.
FAILURES = (NotKept, SQLAlchemyError, OSError)


@dataclass(frozen=True, slots=True)
class Held:
    """A draft and what was given in it so far; ``ending`` says why there is none (``gone closed already repeated``)."""

    draft: Draft | None = None
    pages: tuple[Given, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    ending: str = ""


async def held_of(site: Site, survey: Survey, visit: Visit, submission: str = "") -> Held:
    """The draft of a visit, all of one moment."""
    wave = site.wave(survey)

    def look(connection: Connection) -> Held:
        draft = find_draft(connection, digest("draft", visit.draft)) if visit.draft else None
        if draft is None and visit.token:
            draft = draft_of_token(connection, visit.token)
        if draft is None and submission and is_submitted(connection, submission):
            return Held(ending="repeated")
        if draft is None or draft.sample != survey.id:
            row = find_token(connection, visit.token) if visit.token else None
            begun = row.wave if row is not None else wave.id if wave is not None else None
            if begun is None or is_closed(connection, survey.id, begun):
                return Held(ending="closed")  # whoever was in the middle then has not taken part
            return Held(ending="already" if row is not None and row.state == "used" else "gone")
        if wave is None or draft.wave != wave.id or is_closed(connection, draft.sample, draft.wave):
            return Held(ending="closed")
        places = taken(connection, draft.sample, draft.wave) if survey.quotas else {}
        return Held(draft, pages_of(connection, draft.digest), places)

    found = await site.store.see(look)
    if found.draft is not None:
        site.drafts.note(found.draft.digest, found.draft)
    return found


async def show(request: Request) -> Response:
    """A page with what was answered on it before."""
    site: Site = request.app.state.site
    survey, number = site.survey(request), _number(request)
    visit = site.visit(request, survey)
    held = await held_of(site, survey, visit)
    if held.draft is None:
        return _no_draft(site, survey, visit, request, held.ending)
    if visit.rests(site.now().timestamp()):  # somebody else may sit there by now
        return site.go(f"{survey.path}/resume")
    draft = held.draft
    if survey.sample.self_made_code and not draft.person:
        return site.go(f"{survey.path}/code")
    view = view_of(survey, draft, held.pages)
    unfinished = view.unfinished
    page = view.page(number)
    if page is None or (unfinished is not None and number > unfinished):
        to = unfinished if unfinished is not None else view.pages[-1] if view.pages else 1
        if to == number:
            raise Wrong(404, "missing")
        return site.go(f"{survey.path}/p/{to}")
    values = form_values(page, view.answers, draft.language, refused=view.refused)
    return _shown(site, survey, visit, request, _Sight(draft, view, number), values=values)


def _number(request: Request) -> int:
    """The number of a page in an address; raises Wrong."""
    said = str(request.path_params["number"])
    if not (said.isascii() and said.isdecimal() and len(said) <= 5):
        raise Wrong(404, "missing")
    return int(said)


@dataclass(frozen=True, slots=True)
class _Sight:
    """A page of a draft, as it is to be shown."""

    draft: Draft
    view: View
    number: int


def _shown(
    site: Site,
    survey: Survey,
    visit: Visit,
    request: Request,
    sight: _Sight,
    *,
    values: Mapping[str, Sequence[str]],
    read: PageAnswers | None = None,
    submission: str = "",
    status: int = 200,
    unavailable: bool = False,
    since: str = "",
) -> Response:
    """A page of questions, with what is filled in and what is wrong with it."""
    draft, view, number = sight.draft, sight.view, sight.number
    page = view.page(number)
    if page is None:
        raise Wrong(404, "missing")
    place, of = view.position(number)
    faults: dict[str, Any] = {}
    soft: Sequence[str] = ()
    seen: Sequence[str] = ()
    if read is not None:
        faults = {**dict(read.faults), **{id: ("left_out", {}) for id in read.hard}}
        soft, seen = read.soft, read.seen
    text = site.renderer.page(
        site.frame(visit, survey, draft.language), page, number=place, of=of, values=values, faults=faults, soft=soft,
        seen=seen, since=since or site.cookies.since(visit, number), back=view.previous(number) is not None,
        submission=(submission or new_secret()) if view.may_end(number) else None, last=view.ends(number),
        resume_code=visit.draft or None if not visit.kiosk else None, refusal=survey.sample.refusal,
        unavailable=unavailable, whose=digest("draft", draft.digest)[:12] if draft.digest else "",
    )  # fmt: skip
    kiosk = survey.sample.kiosk
    refresh = f"{kiosk.idle_seconds}; url={survey.path}/again" if visit.kiosk and kiosk else ""
    return site.page(
        request, text, status=status, refresh=refresh, headers={"retry-after": "5"} if unavailable else None
    )


def _no_draft(site: Site, survey: Survey, visit: Visit, request: Request, ending: str) -> Response:
    if ending in ("closed", "already"):
        return ended(site, survey, visit, request, ending, status=200 if ending == "already" else 403)
    return site.message(request, "closed_draft", 410, survey=survey, visit=visit)


async def save(request: Request) -> Response:
    """A page that was sent: kept, and the next one shown; or the whole submitted."""
    site: Site = request.app.state.site
    survey, number, form = site.survey(request), _number(request), form_of(request)
    visit = site.visit(request, survey)
    go = "stay" if one(form, "lang") else one(form, "go") or "next"
    if go == "clear":
        return cleared(site, survey, visit)
    typed = read_secret(one(form, "submission")) if "submission" in form else None
    if "submission" in form and typed is None:
        raise Wrong(400, "wrong")
    try:
        held = await held_of(site, survey, visit, digest("submission", typed) if typed else "")
    except FAILURES:
        return _unavailable(site, survey, visit, request, None, number, form)
    if held.ending == "repeated" and typed is not None:
        return site.go(f"{survey.path}/done", _submitted(visit, typed))
    if held.draft is None:
        return _no_draft(site, survey, visit, request, held.ending)
    if visit.rests(site.now().timestamp()):  # only somebody who has this page before them goes on after a long time
        if not site.cookies.was_shown(visit, number, one(form, "since")):
            return site.go(f"{survey.path}/resume")
        visit = visit.awake()
    try:
        return await _taken(site, survey, visit, request, held, number, form, go, typed)
    except FAILURES:
        return _unavailable(site, survey, visit, request, held, number, form)
    except Refused as refusal:
        if refusal.code in ("incomplete", "other-submission"):
            return site.go(f"{survey.path}/p/{refusal.values.get('page', number)}", gone_on(visit))
        if refusal.code == "quota-full":
            return await _screened(site, survey, visit, held.draft, str(refusal.values.get("quota", "")))
        return _no_draft(site, survey, visit, request, "closed" if refusal.code == "closed" else "gone")


async def _taken(
    site: Site,
    survey: Survey,
    visit: Visit,
    request: Request,
    held: Held,
    number: int,
    form: Form,
    go: str,
    typed: str | None,
) -> Response:
    """Read a page, keep it, and find out what comes after it."""
    draft = held.draft
    if draft is None:
        raise Refused("gone")
    if survey.sample.self_made_code and not draft.person:
        return site.go(f"{survey.path}/code")
    before = view_of(survey, draft, held.pages)
    page = before.page(number)
    if page is None:
        to = before.unfinished
        if to is None or number > len(before.layout.sheets):
            raise Wrong(404, "missing")
        return site.go(f"{survey.path}/p/{to}")
    read = read_page(page, form, draft.language, refusal=survey.sample.refusal)
    sight = _Sight(draft, before, number)
    onward = go == "next"
    # who leaves a page without going on has not passed over what is still open on it, and comes back to it
    open_still = () if onward else [id for id in read.left_out if id not in before.answers]
    said = {id: answer for id, answer in read.answers.items() if id not in open_still} if open_still else read.answers
    given = _with_hidden(Given(
        number, said, read.reasons, site.cookies.seconds_since(visit, number, one(form, "since"))
    ), held.pages, page)  # fmt: skip
    pages = [*(one for one in held.pages if one.page != number), given]
    if read.faults or (onward and read.hard):
        return _shown(site, survey, visit, request, sight, values=_typed(form), read=read, submission=typed or "",
                      status=422, since=one(form, "since"))  # fmt: skip
    if onward and read.soft:
        await _keep(site, draft, given)
        return _shown(site, survey, visit, request, sight, values=_typed(form), read=read, submission=typed or "",
                      status=422)  # fmt: skip
    view = view_of(survey, draft, pages)
    full = survey.quota_full(view, held.places) if onward else ""
    if full:
        return await _screened(site, survey, visit, draft, full)
    following = view.next(number) if onward else None
    unfinished = view.unfinished
    if onward and following is None and unfinished is None and typed is not None:
        return await _submit(site, survey, visit, draft, given, typed)
    await _keep(site, draft, given)
    if go == "stay":
        return await _in_other_words(site, survey, visit, draft, number, one(form, "lang"))
    if go == "later":
        left = Visit(visit.id, sample=survey.id, language=draft.language, receipt=visit.draft)
        return site.go(f"{survey.path}/done", replace(left, said="saved-token" if visit.token else "saved"))
    if go == "back":
        to = view.previous(number)
    elif following is None:  # the end was reached by this page's answers, or something before it is lacking
        to = unfinished
    else:
        to = following if unfinished is None or unfinished >= following else unfinished
    return site.go(f"{survey.path}/p/{to if to is not None else number}", gone_on(visit))


def _with_hidden(given: Given, pages: Sequence[Given], page: Page) -> Given:
    """What was given on a page, and before on questions of it that are hidden now: they may be asked again."""
    before = next((one for one in pages if one.page == given.page), None)
    shown = {asked.id for asked in page.fields}
    rest = {id: answer for id, answer in before.answers.items() if id not in shown} if before is not None else {}
    if before is None or not rest:
        return given
    reasons = {id: reason for id, reason in before.reasons.items() if id in rest}
    return replace(given, answers={**rest, **given.answers}, reasons={**reasons, **given.reasons})


async def _in_other_words(
    site: Site, survey: Survey, visit: Visit, draft: Draft, number: int, language: str
) -> Response:
    """The same page in another language."""
    if language not in site.fieldwork.languages:
        raise Wrong(400, "wrong")
    await site.store.do(lambda work: set_language(work, draft.digest, language))
    return site.go(f"{survey.path}/p/{number}", gone_on(visit, language=language))


async def _keep(site: Site, draft: Draft, given: Given) -> None:
    await site.store.do(lambda work: save_page(work, draft.digest, given))


async def _submit(site: Site, survey: Survey, visit: Visit, draft: Draft, last: Given, typed: str) -> Response:
    """Keep the whole questionnaire; the submission's id makes a repeated one the same, and is the receipt."""
    trace, now, fieldwork = digest("submission", typed), site.now(), site.fieldwork
    try:
        await site.store.do(
            lambda work: submit(
                work, draft.digest, trace, last, lambda held, pages: compose(fieldwork, survey, held, pages, now)
            )
        )
    except Refused as refusal:
        if refusal.code in ("incomplete", "other-submission"):  # this page is kept, and sent once more
            await _keep(site, draft, last)
        raise
    site.drafts.pop(draft.digest, None)
    return site.go(f"{survey.path}/done", _submitted(replace(visit, language=draft.language), typed))


async def _screened(site: Site, survey: Survey, visit: Visit, draft: Draft, quota: str) -> Response:
    """End a draft politely: there are enough answers of its kind."""
    await site.store.do(lambda work: screen_out(work, draft.digest, quota))
    return site.go(f"{survey.path}/done", _left(visit, "full"))


def _submitted(visit: Visit, receipt: str) -> Visit:
    """What is left of a visit after submitting: nothing opens with it any more, and the receipt is shown once."""
    return replace(_left(visit, "submitted"), receipt=receipt)


def _left(visit: Visit, said: str) -> Visit:
    return replace(visit, token="", draft="", receipt="", fresh=False, said=said)


def _unavailable(
    site: Site, survey: Survey, visit: Visit, request: Request, held: Held | None, number: int, form: Form
) -> Response:
    """Nothing was kept: the page is shown again with everything typed on it, to be sent once more."""
    draft = held.draft if held is not None else None
    if draft is None and visit.draft:
        draft = site.drafts.get(digest("draft", visit.draft))
    if draft is None:  # the database cannot even be read, and this server has not seen the draft yet
        draft = Draft("", survey.id, "", site.language(visit), 0, 1, "", unit=visit.unit)
    view = view_of(survey, draft, held.pages if held is not None else ())
    if view.page(number) is None:
        return site.message(request, "unavailable", 503, survey=survey, visit=visit)
    return _shown(
        site, survey, visit, request, _Sight(draft, view, number), values=_typed(form),
        submission=one(form, "submission"), status=503, unavailable=True, since=one(form, "since"),
    )  # fmt: skip


def _typed(form: Form) -> dict[str, list[str]]:
    """The answers as they were typed."""
    return {name: values for name, values in form.items() if name.startswith("q.")}
