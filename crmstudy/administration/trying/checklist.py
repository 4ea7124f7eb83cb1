"""Ready to go live? What is missing, what is worth a look, and what was checked and is in order."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select

from crmstudy.administration.declaring.readiness import readiness
from crmstudy.administration.fieldwork import Fieldwork, Sample
from crmstudy.administration.server.rendering import Frame, Renderer
from crmstudy.administration.session.route import Route
from crmstudy.administration.store.engine import FILES
from crmstudy.administration.store.schema import response
from crmstudy.administration.store.store import Store
from crmstudy.administration.trying.wandering import WALKS, wander
from crmstudy.errors import CrmstudyError

_MADE_UP = "respondents made up at random"
State = Literal["missing", "look", "done"]
#: Seconds that answering takes, for the estimate. They are assumptions for planning, of no source: look at the times
#: of a pilot (the desk shows the median of each page).
SECONDS_PER_ITEM, SECONDS_PER_OPEN, SECONDS_PER_PAGE, SECONDS_FOR_CONSENT = 7.5, 25.0, 4.0, 60.0
#: A page of more bytes is slow on a telephone in a branch with a weak network.
HEAVY = 60_000
#: A question of more letters is worth a look on a telephone.
LONG_TEXT = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of the checklist: ``missing`` keeps the study from opening, ``look`` is worth a look, ``done`` is fine."""

    state: State
    what: str
    message: str


def checklist(fieldwork: Fieldwork, *, db: str | None = None, today: dt.date | None = None) -> tuple[Finding, ...]:
    """Everything that is to be known before a study opens: what is missing first.

    Parameters
    ----------
    fieldwork : Fieldwork
    db : str, optional
        Where test answers are, if not in the folder of the study.
    today : date, optional
        The day, for dates that are over.
    """
    found = checked(fieldwork, today or dt.datetime.now(dt.UTC).date())
    return with_tests(fieldwork, found, _submitted(fieldwork, db))


def checked(fieldwork: Fieldwork, today: dt.date) -> tuple[Finding, ...]:
    """What can be told from what is declared alone."""
    found = [
        Finding("missing" if lack.blocking else "look", lack.key, lack.message) for lack in readiness(fieldwork, today)
    ]
    if not any(one.state == "missing" for one in found):
        found.append(Finding("done", "promises", "everything that respondents must be told is filled in."))
    for sample in fieldwork.samples.values():
        for check in (_pages, _texts, _minutes, _conditions):
            found += check(fieldwork, sample)
    return tuple(found)


def with_tests(fieldwork: Fieldwork, found: tuple[Finding, ...], seen: set[tuple[str, str]]) -> tuple[Finding, ...]:
    """The whole checklist, what is missing first; ``seen`` are samples and languages with a test answer."""
    order = ("missing", "look", "done")
    return tuple(sorted((*found, _tested(fieldwork, seen)), key=lambda one: order.index(one.state)))


def _pages(fieldwork: Fieldwork, sample: Sample) -> Iterator[Finding]:
    """Every page is drawn in every language."""
    renderer, heaviest, drawn = Renderer(fieldwork), 0, 0
    for lang in fieldwork.languages:
        frame = Frame(lang, "0" * 40, sample.id, f"/s/{sample.id}", False, True, fieldwork.languages)
        try:
            texts = [renderer.start(frame, draft="0" * 26, wave=sample.waves[0]), renderer.privacy(frame)]
            texts += [
                renderer.page(
                    frame, sheet.page, number=sheet.page.number, of=len(route.layout.sheets), refusal=sample.refusal
                )
                for route in [Route(sample, lang)]
                for sheet in route.layout.sheets
            ]
            texts.append(renderer.done(frame, "submitted", receipt="0" * 26))
        except (CrmstudyError, KeyError, ValueError) as error:
            yield Finding("missing", f"{sample.id}, pages", f"a page cannot be shown in '{lang}': {error}")
            continue
        drawn += len(texts)
        heaviest = max(heaviest, *(len(text.encode()) for text in texts))
    yield Finding("done", f"{sample.id}, pages", f"{drawn} pages were drawn in {len(fieldwork.languages)} languages.")
    if heaviest > HEAVY:
        yield Finding(
            "look", f"{sample.id}, size",
            f"the largest page has {heaviest / 1000:.0f} KB, more than {HEAVY // 1000}; ask for fewer rows a page.",
        )  # fmt: skip


def _texts(fieldwork: Fieldwork, sample: Sample) -> Iterator[Finding]:
    """The longest question of each language."""
    for lang in fieldwork.languages:
        fields = Route(sample, lang).layout.fields.values()
        longest = max(fields, key=lambda one: len(one.text), default=None)
        if longest is not None and len(longest.text) > LONG_TEXT:
            yield Finding(
                "look", f"{sample.id}, texts",
                f"'{longest.id}' has {len(longest.text)} letters in '{lang}'; look at it on a telephone.",
            )  # fmt: skip


def _minutes(fieldwork: Fieldwork, sample: Sample) -> Iterator[Finding]:
    """How long answering may take, and on what that rests."""
    least, most = minutes(fieldwork, sample)
    how = f"about {most} minutes" if least == most else f"about {least} to {most} minutes"
    yield Finding(
        "done" if most <= 20 else "look", f"{sample.id}, length",
        f"{how}, assuming {SECONDS_PER_ITEM:g} s an item, {SECONDS_PER_OPEN:g} s an open question and "
        f"{SECONDS_PER_PAGE:g} s a page, and {SECONDS_FOR_CONSENT:g} s for the first page; a pilot tells better."
        + ("" if most <= 20 else " People break off longer questionnaires more often."),
    )  # fmt: skip


def minutes(fieldwork: Fieldwork, sample: Sample) -> tuple[int, int]:
    """The least and the greatest number of minutes: without any conditional question, and with all of them."""
    layout = Route(sample, fieldwork.languages[0]).layout
    sure = every = SECONDS_FOR_CONSENT + SECONDS_PER_PAGE * len(layout.sheets)
    for one in layout.fields.values():
        if one.type != "info":
            seconds = SECONDS_PER_ITEM if one.type == "single" else SECONDS_PER_OPEN
            every += seconds
            sure += 0 if one.id in layout.rules else seconds
    return max(1, math.ceil(sure / 60)), max(1, math.ceil(every / 60))


def _conditions(fieldwork: Fieldwork, sample: Sample) -> Iterator[Finding]:
    """Whether every conditional question appears for somebody, and not for everybody."""
    rules = Route(sample, fieldwork.languages[0]).layout.rules
    if rules:
        seen, what = wander(fieldwork, sample), f"{sample.id}, conditions"
        if seen.never:
            some = _some(seen.never)
            yield Finding("look", what, f"{some}: never shown to {WALKS} {_MADE_UP}; look at the condition.")
        if seen.always:
            some = _some(seen.always)
            yield Finding("look", what, f"{some}: shown to all of {WALKS} {_MADE_UP}; look at the condition.")
        if not (seen.never or seen.always):
            yield Finding("done", what, f"{_many(len(rules), 'condition')}: each held for some of {WALKS} {_MADE_UP}.")
    if sample.quotas:
        yield Finding(
            "look", f"{sample.id}, quotas", f"{_many(len(sample.quotas), 'quota')}: a full one ends the questionnaire."
        )


def _many(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _some(ids: tuple[str, ...]) -> str:
    return ", ".join(ids[:6]) + (f" and {len(ids) - 6} more" if len(ids) > 6 else "")


def _tested(fieldwork: Fieldwork, seen: set[tuple[str, str]]) -> Finding:
    """Whether a test answer was submitted, in which languages."""
    wanted = {(sample, lang) for sample in fieldwork.samples for lang in fieldwork.languages}
    lacking = sorted(wanted - seen)
    if not lacking:
        return Finding("done", "test answers", "a test was submitted for every sample, in every language.")
    some = ", ".join(f"{sample} ({lang})" for sample, lang in lacking[:6])
    return Finding("look", "test answers", f"nobody has submitted a test for {some}; answer it whole with --try.")


def tests_submitted(connection: Connection) -> set[tuple[str, str]]:
    """Samples and languages in which a test answer was submitted."""
    query = select(response.c.sample, response.c.language).distinct()
    return {(sample, language) for sample, language in connection.execute(query)}


def _submitted(fieldwork: Fieldwork, db: str | None) -> set[tuple[str, str]]:
    if db is None and not (fieldwork.place / FILES["try"]).exists():
        return set()

    try:
        with Store.open(fieldwork.place, db=db, purpose="try", create=False) as store:
            return store.read(tests_submitted)
    except CrmstudyError:
        return set()
