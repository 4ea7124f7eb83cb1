"""From a link to the first page: the link is taken in, consent is asked for, a draft is begun.

Only posted consent starts anything. Whatever is asked for with GET changes a cookie at most, so that a mail program
that looks at links beforehand uses nothing up.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from crmstudy.administration.fieldwork import Wave
from crmstudy.administration.inviting.branches import read_branch, read_kiosk
from crmstudy.administration.keys import derived, digest, new_secret, read_secret
from crmstudy.administration.server.composing import attributes_kept, began, device_of
from crmstudy.administration.server.cookies import Visit, new_visit
from crmstudy.administration.server.guard import Wrong, visit_of
from crmstudy.administration.server.site import Site, form_of, gone_on, one
from crmstudy.administration.server.surveys import Survey
from crmstudy.administration.session.code import ELEMENTS, code_digest, read_code
from crmstudy.administration.store.consents import consents
from crmstudy.administration.store.quotas import taken
from crmstudy.administration.store.respondents import (
    Draft,
    begin,
    decline,
    draft_of_token,
    find_draft,
    find_token,
    is_closed,
    set_language,
    set_person,
)
from crmstudy.administration.store.writer import Refused

#: Where the choice of a language may lead back to.
_BACK_TO = ("privacy", "resume", "withdraw")


@dataclass(frozen=True, slots=True)
class Door:
    """What is known of somebody who wants to come in.

    ``token`` is the row of the token, if there is a valid one; ``shut`` says how it ends for them here and now
    (``closed``, ``already``, ``token``), if it does.
    """

    wave: Wave | None
    token: Any = None
    draft: Draft | None = None
    full: Mapping[str, int] | None = None
    shut: str = ""


async def door(site: Site, survey: Survey, visit: Visit) -> Door:
    """Look at everything that decides whether somebody may come in."""
    wave = site.wave(survey)

    def look(connection: Connection) -> Door:
        if wave is None or is_closed(connection, survey.id, wave.id):
            return Door(wave, shut="closed")
        row = find_token(connection, visit.token) if visit.token else None
        if visit.token:
            if row is None or row.sample != survey.id or row.state == "revoked":
                return Door(wave, shut="token")
            if row.state == "used":
                return Door(wave, row, shut="already")
            if row.wave != wave.id:
                return Door(wave, row, shut="closed")
        held = find_draft(connection, digest("draft", visit.draft)) if visit.draft else None
        if held is None and row is not None:
            held = draft_of_token(connection, row.digest)
        if held is not None and (held.sample, held.wave) != (survey.id, wave.id):
            held = None  # begun in another wave: nothing of it is asked for any more
        places = taken(connection, survey.id, wave.id) if survey.quotas else None
        return Door(wave, row, held, places)

    return await site.store.see(look)


def may_begin(site: Site, survey: Survey, visit: Visit, found: Door) -> bool:
    """Whether somebody may begin a draft: with a token just shown, or where the survey is open to all."""
    sample = survey.sample
    if found.token is not None:
        return (visit.fresh or found.draft is None) and not visit.rests(site.now().timestamp())
    if site.trial:
        return True
    return sample.entry != "token" and (visit.signed or not sample.branch_links)


async def start(request: Request) -> Response:
    """The door: what the address carries (a token, a unit) is noted and the address cleaned; then the first page."""
    site: Site = request.app.state.site
    survey = site.survey(request)
    visit = site.visit(request, survey)
    if request.scope["query_string"]:
        return await _take_in(site, survey, visit, request)
    return await _first_page(site, survey, visit, request)


async def _take_in(site: Site, survey: Survey, visit: Visit, request: Request) -> Response:
    """Note what a link carries in the cookie, and go on to the address without it."""
    try:
        given = parse_qs(
            request.scope["query_string"].decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict"
        )
    except ValueError:
        raise Wrong(400, "wrong") from None
    said = {name: values[0] if len(values) == 1 else "" for name, values in given.items()}
    language = said["lang"] if said.get("lang") in site.fieldwork.languages else visit.language
    if "t" in said:
        return await _by_token(site, survey, visit, request, said["t"], language)
    if "b" in said:
        unit = read_branch(site.secret, survey.id, said["b"])
        if unit is None:
            return site.wrong(request, "token", 404, survey)
        visit = new_visit(sample=survey.id, unit=unit, signed=True, fresh=True, kiosk=visit.kiosk)
    elif "k" in said:
        unit = read_kiosk(site.secret, survey.id, said["k"]) if survey.sample.kiosk else None
        if unit is None:
            return site.wrong(request, "token", 404, survey)
        visit = new_visit(sample=survey.id, unit=unit, signed=True, fresh=True, kiosk=True)
    return site.go(survey.path, replace(visit, language=language))


async def _by_token(
    site: Site, survey: Survey, visit: Visit, request: Request, text: str, language: str, status: int = 404
) -> Response:
    """Let somebody in with a token, or count the attempt; whoever brings a valid one is never told to wait."""
    secret = read_secret(text)
    trace = digest("token", secret or "")  # looked up in any case, so that no answer is faster than another
    row = await site.store.see(lambda connection: find_token(connection, trace))
    if secret is None or row is None or row.sample != survey.id or row.state == "revoked":
        if request.method == "POST":
            busy = site.too_many(request)
            if busy:
                return site.message(request, "busy", 429, survey=survey, n=1)
            return site.page(request, site.renderer.needed(site.frame(visit, survey), "code"), status=status)
        return site.wrong(request, "token", status, survey)
    if visit.token == trace:
        visit = visit.awake(fresh=True)
    else:
        visit = new_visit(sample=survey.id, token=trace, fresh=True, kiosk=visit.kiosk)
    return site.go(survey.path, replace(visit, language=language, said="", receipt=""))


async def enter_token(request: Request) -> Response:
    """An access code that was typed in."""
    site: Site = request.app.state.site
    survey = site.survey(request)
    visit = site.visit(request, survey)
    text = one(form_of(request), "t")
    return await _by_token(site, survey, visit, request, text, visit.language, status=422)


async def _first_page(site: Site, survey: Survey, visit: Visit, request: Request) -> Response:
    found = await door(site, survey, visit)
    keep = visit if request.scope["crmstudy.new"] or visit_of(request.scope).sample != survey.id else None
    if found.shut:
        return _shut(site, survey, visit, request, found.shut, keep)
    if not may_begin(site, survey, visit, found):
        return needed(site, survey, visit, request, keep)
    resumable = found.token is not None and found.draft is not None
    return await _asked(site, survey, visit, request, found, resumable=resumable, keep=keep)


async def _asked(
    site: Site,
    survey: Survey,
    visit: Visit,
    request: Request,
    found: Door,
    *,
    resumable: bool = False,
    faults: tuple[int, ...] = (),
    ticked: tuple[int, ...] = (),
    draft: str = "",
    keep: Visit | None = None,
) -> Response:
    text = site.renderer.start(
        site.frame(visit, survey), draft=draft or new_secret(), wave=found.wave, resumable=resumable, faults=faults,
        ticked=ticked, since=await consent_since(site),
    )  # fmt: skip
    return site.page(request, text, status=422 if faults else 200, visit=keep)


def needed(site: Site, survey: Survey, visit: Visit, request: Request, keep: Visit | None = None) -> Response:
    """Ask for an access code, which only people who were invited have."""
    frame = site.frame(visit, survey)
    if survey.sample.entry == "open":  # a signed link is what is lacking; it cannot be typed
        return site.page(request, site.renderer.message(frame, "token"), status=403, visit=keep)
    return site.page(request, site.renderer.needed(frame), status=403, visit=keep)


def _shut(site: Site, survey: Survey, visit: Visit, request: Request, how: str, keep: Visit | None = None) -> Response:
    if how == "token":
        return site.message(request, "token", 403, survey=survey, visit=visit, keep=keep)
    return ended(site, survey, visit, request, how, keep=keep)


def ended(
    site: Site,
    survey: Survey,
    visit: Visit,
    request: Request,
    how: Any,
    *,
    keep: Visit | None = None,
    status: int = 200,
) -> Response:
    """The last page, for somebody who does not get any further."""
    text = site.renderer.done(site.frame(visit, survey), how)
    return site.page(request, text, status=status, visit=keep, refresh=thanks(survey, visit))


def thanks(survey: Survey, visit: Visit) -> str:
    """When a shared device goes back to the first page by itself."""
    kiosk = survey.sample.kiosk
    return f"{kiosk.thanks_seconds}; url={survey.path}/again" if visit.kiosk and kiosk else ""


async def consent_since(site: Site) -> dt.date | None:
    """Since when this version of the consent is shown."""
    version = site.fieldwork.consent.version
    if version not in site.consented_since:
        noted = await site.store.see(consents)
        days = [text.since for text in noted if text.version == version]
        site.consented_since[version] = dt.date.fromisoformat(min(days)) if days else None
    return site.consented_since[version]


async def consent(request: Request) -> Response:
    """Somebody agrees, and a draft is begun; or declines, which is counted and nothing else."""
    site: Site = request.app.state.site
    survey, form = site.survey(request), form_of(request)
    visit = site.visit(request, survey)
    secret = read_secret(one(form, "draft"))
    if secret is None:
        raise Wrong(400, "wrong")
    found = await door(site, survey, visit)
    if found.shut or found.wave is None:
        return _shut(site, survey, visit, request, found.shut)
    if visit.draft == secret and found.draft is not None:
        return site.go(f"{survey.path}/p/{first_page(survey, found.draft)}")
    if not may_begin(site, survey, visit, found):
        return needed(site, survey, visit, request)
    if one(form, "go") == "decline":
        return await _declined(site, survey, visit, found.wave, digest("draft", secret))
    statements = range(1, len(site.fieldwork.consent.statements) + 1)
    ticked = tuple(n for n in statements if one(form, f"agree.{n}") == "yes")
    lacking = tuple(n for n in statements if n not in ticked)
    if lacking:
        return await _asked(site, survey, visit, request, found, faults=lacking, ticked=ticked, draft=secret)
    new = _draft(site, survey, visit, request, found, found.wave, digest("draft", secret))
    if survey.quota_full(survey.route(new).given({}), found.full or {}):
        return ended(site, survey, visit, request, "full")
    try:
        held = await site.store.do(lambda work: begin(work, new))
    except Refused as refusal:
        how = {"closed": "closed", "token-used": "already"}.get(refusal.code, "token")
        return _shut(site, survey, visit, request, how)
    gone = gone_on(visit, draft=secret if held.digest == new.digest else "", said="", receipt="")
    if survey.sample.self_made_code and not held.person:
        return site.go(f"{survey.path}/code", gone)
    return site.go(f"{survey.path}/p/{first_page(survey, held)}", gone)


def first_page(survey: Survey, draft: Draft) -> int:
    """The number of the first page of a draft."""
    return survey.route(draft).given({}).first or 1


async def _declined(site: Site, survey: Survey, visit: Visit, wave: Wave, trace: str) -> Response:
    if trace not in site.declined:
        site.declined.note(trace, True)  # before anything is waited for, so that a second click is not counted
        try:
            await site.store.do(lambda work: decline(work, survey.id, wave.id))
        except BaseException:
            site.declined.pop(trace, None)
            raise
    left = Visit(visit.id, sample=survey.id, language=visit.language, said="declined")
    left = replace(left, kiosk=visit.kiosk, unit=visit.unit, signed=visit.signed, token=visit.token)
    return site.go(f"{survey.path}/done", left)


def _draft(site: Site, survey: Survey, visit: Visit, request: Request, found: Door, wave: Wave, trace: str) -> Draft:
    fieldwork, row = site.fieldwork, found.token
    anonymous = fieldwork.anonymous
    given = json.loads(row.attributes) if row is not None else {}
    return Draft(
        digest=trace,
        sample=survey.id,
        wave=wave.id,
        language=site.language(visit),
        seed=secrets.randbelow(2**31),
        consent=fieldwork.consent.version,
        began=began(fieldwork, site.now()),
        token=row.digest if row is not None else None,
        unit=row.unit if row is not None else visit.unit,
        person="" if row is None or anonymous or survey.sample.self_made_code else row.person,
        attributes=attributes_kept(survey.sample, given),
        device=device_of(request.scope["crmstudy.agent"]) if fieldwork.paradata.device else "",
        source="test" if site.trial else "kiosk" if visit.kiosk else "web",
    )


async def code(request: Request) -> Response:
    """The questions of which somebody makes a code by which waves are linked."""
    site: Site = request.app.state.site
    survey = site.survey(request)
    visit = site.visit(request, survey)
    found = await door(site, survey, visit)
    if found.shut:
        return _shut(site, survey, visit, request, found.shut)
    if found.draft is None or not survey.sample.self_made_code:
        return site.message(request, "closed_draft", 410, survey=survey, visit=visit)
    names = [element.id for element in ELEMENTS]
    if request.method != "POST":
        return site.page(request, site.renderer.code(site.frame(visit, survey), names))
    form, trace = form_of(request), found.draft.digest
    made = read_code(form)
    if made.faults:
        values = {name: one(form, f"code.{name}") for name in names}
        text = site.renderer.code(site.frame(visit, survey), names, values=values, faults=tuple(made.faults))
        return site.page(request, text, status=422)
    person = code_digest(made.parts, derived(site.secret, "self-made code"), sample=survey.id)
    try:
        await site.store.do(lambda work: set_person(work, trace, person))
    except Refused:
        return site.message(request, "closed_draft", 410, survey=survey, visit=visit)
    return site.go(f"{survey.path}/p/{first_page(survey, found.draft)}")


async def language(request: Request) -> Response:
    """The choice of a language; answers given so far are kept."""
    site: Site = request.app.state.site
    form = form_of(request)
    chosen = one(form, "lang")
    if chosen not in site.fieldwork.languages:
        raise Wrong(400, "wrong")
    if "sample" not in request.path_params:
        return site.go("/", replace(visit_of(request.scope), language=chosen))
    survey = site.survey(request)
    visit = replace(site.visit(request, survey), language=chosen)
    if visit.draft or visit.token:
        found = await door(site, survey, visit)
        if found.draft is not None and found.draft.language != chosen and not found.shut:
            trace = found.draft.digest
            with contextlib.suppress(Refused):
                await site.store.do(lambda work: set_language(work, trace, chosen))
    to = one(form, "to")
    back = to if to in _BACK_TO or (to.startswith("p/") and to[2:].isdecimal() and to.isascii()) else ""
    return site.go(f"{survey.path}/{back}" if back else survey.path, visit)
