"""A sample as the server asks it: routes and quotas, made ready once."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from crmstudy.administration.fieldwork import Fieldwork, Quota, Sample
from crmstudy.administration.session.conditions import Condition, parse_condition
from crmstudy.administration.session.names import kinds
from crmstudy.administration.session.route import Route, View
from crmstudy.administration.store.respondents import Draft


class Survey:
    """A sample and what is worked out of it once.

    Parameters
    ----------
    fieldwork : Fieldwork
    sample : Sample
    """

    def __init__(self, fieldwork: Fieldwork, sample: Sample) -> None:
        self.sample, self.id = sample, sample.id
        self.path = f"/s/{quote(sample.id, safe='')}"
        known = kinds(sample, languages=fieldwork.languages, units=fieldwork.units)
        self.quotas: tuple[tuple[Quota, Condition], ...] = tuple(
            (quota, parse_condition(quota.when, known)) for quota in sample.quotas
        )
        asked = {name for name, kind in known.items() if kind.asked}
        self._questions = {quota.id: condition.names & asked for quota, condition in self.quotas}
        for lang in fieldwork.languages:  # pages are laid out before the first respondent comes
            Route(sample, lang)

    def route(self, draft: Draft) -> Route:
        """The questionnaire of one respondent."""
        return Route(
            self.sample, draft.language, seed=draft.seed, attributes=draft.attributes, unit=draft.unit, wave=draft.wave
        )

    def quotas_met(self, view: View) -> list[Quota]:
        """The quotas whose condition a respondent fulfils, by answers that would be handed over."""
        return [quota for quota, condition in self.quotas if view.holds(condition)]

    def asks(self, quota: Quota) -> bool:
        """Whether a quota depends on answers, so that how full it is tells something of them."""
        return bool(self._questions[quota.id])

    def quota_full(self, view: View, taken: Mapping[str, int]) -> str:
        """A full quota that is known to hold from answers given so far; empty where there is none."""
        known = view.answers.keys() | view.hidden
        for quota in self.quotas_met(view):
            if self._questions[quota.id] <= known and taken.get(quota.id, 0) >= quota.limit:
                return quota.id
        return ""
