"""A settled sheet becomes a response, under the same rules as answers from a screen."""

from __future__ import annotations

from crmstudy.administration.fieldwork import Fieldwork, Sample
from crmstudy.administration.paper.typed import Typed, fields_on_paper
from crmstudy.administration.session.conditions import parse_condition
from crmstudy.administration.session.names import kinds
from crmstudy.administration.session.route import Route
from crmstudy.administration.store.respondents import Composed, Response


def compose_sheet(
    fieldwork: Fieldwork, sample: Sample, *, wave: str, unit: str, language: str, typed: Typed
) -> Composed:
    """The response of a sheet, and the quotas it counts in.

    What a condition hides is ``not-shown``, also where somebody answered it on paper all the same: answers mean the
    same however they were given. What is blank was seen and left out.
    """
    route = Route(sample, language, unit=unit, wave=wave)
    every = {asked.id: typed.answers.get(asked.id) for asked in fields_on_paper(sample, language)}
    view = route.given(every)
    filled = view.filled()
    reasons = dict(filled.reasons)
    for id, mark in typed.marks.items():
        if id in filled.answers and id not in reasons:
            reasons[id] = mark
    response = Response(
        sample.id, wave, language, complete=True, consent=fieldwork.consent.version, answers=filled.answers,
        reasons=reasons, opened=filled.open, unit=unit, source="paper", paradata={"complete": True},
    )  # fmt: skip
    known = kinds(sample) if sample.quotas else {}
    quotas = [(quota.id, quota.limit) for quota in sample.quotas if view.holds(parse_condition(quota.when, known))]
    return Composed(response, quotas)
