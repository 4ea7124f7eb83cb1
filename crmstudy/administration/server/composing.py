"""From what was given on the pages to the response that is kept: as a hand-over wants it, and as the mode allows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crmstudy.administration.declaring.modes import allowed
from crmstudy.administration.fieldwork import Fieldwork, Sample
from crmstudy.administration.server.surveys import Survey
from crmstudy.administration.session.route import Route, View
from crmstudy.administration.store.flow import time_totals
from crmstudy.administration.store.respondents import Compose, Composed, Draft, Given, Response
from crmstudy.administration.store.writer import Refused
from crmstudy.handover import DURATIONS

_BOUNDS = (60, 120, 300, 600, 1200, 2400)
_PHONES = ("iphone", "ipod", "windows phone", "blackberry", "opera mini")


def view_of(survey: Survey, draft: Draft, pages: Sequence[Given]) -> View:
    """The route of a draft as its answers make it."""
    route = survey.route(draft)
    answers: dict[str, Any] = {}
    refused: set[str] = set()
    for page in pages:
        answers.update(page.answers)
        refused.difference_update(page.answers)
        refused.update(page.reasons)
    if len(answers) < sum(len(page.answers) for page in pages):
        _prefer_own_pages(route, pages, answers, refused)
    return route.given(answers, refused)


def _prefer_own_pages(route: Route, pages: Iterable[Given], answers: dict[str, Any], refused: set[str]) -> None:
    """Of a question that is answered on two pages, the answer on its own page counts.

    There are two where the study changed the rows of a page or a condition while the draft was open.
    """
    for page in pages:
        for id, answer in page.answers.items():
            if route.page_of(id) == page.page:
                answers[id] = answer
                refused.discard(id)
                refused.update({id} & page.reasons.keys())


def compose(
    fieldwork: Fieldwork,
    survey: Survey,
    draft: Draft,
    pages: Sequence[Given],
    now: dt.datetime,
    *,
    finished: bool = True,
) -> Composed:
    """The response of a finished draft, with its quotas and totals; or of one that is kept unfinished.

    Raises
    ------
    Refused
        ``incomplete`` (with the number of the ``page``) when an answer is lacking that must be given.
    """
    view = view_of(survey, draft, pages)
    lacking = view.unfinished
    if lacking is not None and finished:
        raise Refused("incomplete", page=lacking)
    filled = view.filled()
    made = Response(
        sample=draft.sample,
        wave=draft.wave,
        language=draft.language,
        complete=filled.complete,
        consent=draft.consent,
        answers=filled.answers,
        reasons=filled.reasons,
        opened=filled.open,
        unit=draft.unit,
        person=draft.person,
        source=draft.source,
        attributes=draft.attributes,
        paradata=paradata(fieldwork, survey, draft, pages, filled.complete, view, now),
    )
    quotas = [(quota.id, quota.limit) for quota in survey.quotas_met(view)]
    return Composed(made, quotas, time_totals(pages))


def composer(fieldwork: Fieldwork, sample: Sample, now: dt.datetime) -> Compose:
    """What makes incomplete answers of unfinished drafts, when a wave is closed and the study keeps them."""
    survey = Survey(fieldwork, sample)
    return lambda draft, pages: compose(fieldwork, survey, draft, pages, now, finished=False)


def paradata(
    fieldwork: Fieldwork,
    survey: Survey,
    draft: Draft,
    pages: Sequence[Given],
    complete: bool,
    view: View,
    now: dt.datetime,
) -> dict[str, Any]:
    """What is kept of how somebody answered: in anonymous mode no time and no order."""
    seconds = sum(page.seconds for page in pages)
    kept: dict[str, Any] = {"complete": complete, "duration": duration(seconds)}
    if draft.device:
        kept["device"] = draft.device
    if _keeps_times(fieldwork):
        kept |= {
            "submitted": minute(now), "seconds": seconds,
            "page_seconds": [page.seconds for page in sorted(pages, key=lambda page: page.page)],
            "visits": sum(page.visits for page in pages),
        }  # fmt: skip
        if "T" in draft.began:  # only the day was noted if times were not kept yet when it was begun
            kept["started"] = draft.began
    if fieldwork.paradata.order and allowed(fieldwork.mode, "order"):
        kept["order"] = [id for id in survey.route(draft).order if id not in view.hidden]
    return kept


def _keeps_times(fieldwork: Fieldwork) -> bool:
    """Whether times of one person are kept: where the study wants them, and its mode allows it."""
    return fieldwork.paradata.times == "fine" and allowed(fieldwork.mode, "page-times")


def duration(seconds: int) -> str:
    """The band of a duration.

    Examples
    --------
    >>> duration(59), duration(60), duration(9000)
    ('0-1', '1-2', '40-')
    """
    return DURATIONS[sum(seconds >= bound for bound in _BOUNDS)]


def device_of(agent: str) -> str:
    """Whether a browser says that it runs on a phone, a tablet or a computer.

    Examples
    --------
    >>> device_of("Mozilla/5.0 (Linux; Android 14) Mobile"), device_of("Mozilla/5.0 (iPad)"), device_of("Mozilla/5.0")
    ('phone', 'tablet', 'computer')
    """
    said = agent.lower()
    if "ipad" in said or "tablet" in said or ("android" in said and "mobile" not in said):
        return "tablet"
    if "mobi" in said or any(name in said for name in _PHONES):
        return "phone"
    return "computer"


def began(fieldwork: Fieldwork, now: dt.datetime) -> str:
    """When a draft was begun: the day only, unless the mode allows more and the study wants it."""
    return minute(now) if _keeps_times(fieldwork) else now.astimezone(dt.UTC).date().isoformat()


def minute(now: dt.datetime) -> str:
    """A moment as the hand-over writes it (UTC)."""
    return now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%MZ")


def attributes_kept(sample: Sample, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those attributes that the sample declares."""
    return {name: given[name] for name in sample.attributes if name in given}
