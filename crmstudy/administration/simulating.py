"""Made-up answers for a whole study: made-up people go the way of respondents, page by page, into a place of their own.

Who they are and how they answer, :mod:`.response_model` says. They are shown the pages that their answers lead to, what
they post is read as every post is, and the same jobs keep it, in a database (or schema) that holds nothing else.
"""

from __future__ import annotations

import datetime as dt
import random
import secrets
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select

from crmstudy.administration.fieldwork import Fieldwork, Sample
from crmstudy.administration.keys import digest
from crmstudy.administration.response_model import Person, World, make_person, make_world, post, seconds
from crmstudy.administration.server.composing import began, compose
from crmstudy.administration.server.surveys import Survey
from crmstudy.administration.session.answers import PageAnswers, read_page
from crmstudy.administration.store import schema
from crmstudy.administration.store.respondents import Draft, Given, begin, save_page, screen_out, submit
from crmstudy.administration.store.store import Store
from crmstudy.administration.store.writer import Refused, Work
from crmstudy.errors import StudyError, did_you_mean
from crmstudy.instrument.forms import Page
from crmstudy.quoting import shown

#: So many jobs wait at most: any number of people can be made up in bounded memory.
_WAITING = 256
_MOST = 1_000_000
_DEVICES = (("phone", 0.55), ("computer", 0.4), ("tablet", 0.05))
_FIRST_LANGUAGE = 0.6


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Shares: answers left out, people who do not read, people who break off."""

    missing: float = 0.02
    careless: float = 0.05
    dropout: float = 0.04


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was made up for one wave of one sample: submitted, broken off, screened out by a full quota."""

    sample: str
    wave: str
    submitted: int
    broken_off: int
    screened: int


@dataclass(frozen=True, slots=True)
class _Walk:
    """The pages that one made-up person filled in, and whether they came to the end."""

    draft: Draft
    given: tuple[Given, ...]
    finished: bool


def simulate(
    fieldwork: Fieldwork,
    store: Store,
    *,
    n: int = 500,
    seed: int = 1,
    sample: str | None = None,
    wave: str | None = None,
    behaviour: Behaviour | None = None,
    anew: bool = False,
    now: dt.datetime | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[Simulated, ...]:
    """Fill a study with made-up answers, which are marked as such wherever they go.

    Parameters
    ----------
    fieldwork : Fieldwork
    store : Store
        Of the purpose ``simulated``.
    n : int
        How many people begin, in every wave of every sample.
    seed : int
        The same seed gives the same answers.
    sample, wave : str, optional
        Only these; all when left out.
    behaviour : Behaviour, optional
    anew : bool
        Whether simulated answers that are there are thrown away; otherwise they are a fault.
    now : datetime, optional
        The moment of the answers; of the clock when left out.
    progress : callable, optional
        Told what is done, how much, of how much.

    Returns
    -------
    tuple of Simulated
        One a wave.

    Raises
    ------
    StudyError
        With every fault of the settings.

    Examples
    --------
    >>> with Store.open(fieldwork.place, purpose="simulated") as store:  # doctest: +SKIP
    ...     simulate(fieldwork, store, n=500, seed=7)
    """
    kinds = behaviour or Behaviour()
    chosen = _chosen(fieldwork, store, n, seed, sample, wave, kinds)
    store.do_now(lambda work: _clear(work, [(one.id, id) for one, id in chosen], anew))
    moment = now or dt.datetime.now(dt.UTC)
    made = []
    for one, id in chosen:
        made.append(_simulate(fieldwork, store, one, id, n, seed, kinds, moment, progress))
    return tuple(made)


def _chosen(
    fieldwork: Fieldwork, store: Store, n: int, seed: int, sample: str | None, wave: str | None, kinds: Behaviour
) -> list[tuple[Sample, str]]:
    """The waves to fill; raises StudyError with everything that is wrong."""
    faults = []
    if store.purpose != "simulated":
        faults.append("made-up answers never go where answers of respondents are.")
    if not 1 <= n <= _MOST:
        faults.append(f"-n is the number of people, from 1 to {_MOST:,}; found {n}.")
    if seed < 0:
        faults.append(f"--seed is 0 or more; found {seed}.")
    for name in ("missing", "careless", "dropout"):
        share = getattr(kinds, name)
        if not 0 <= share <= 1:
            faults.append(f"--{name} is a share from 0 to 1; found {share:g}.")
    samples = list(fieldwork.samples.values())
    if sample is not None:
        if sample not in fieldwork.samples:
            known = did_you_mean(sample, fieldwork.samples) or f" There is: {', '.join(fieldwork.samples)}."
            faults.append(f"the study has no sample '{shown(sample)}'.{known}")
        samples = [one for one in samples if one.id == sample]
    chosen = [(one, held.id) for one in samples for held in one.waves if wave is None or held.id == wave]
    if wave is not None and samples and not chosen:
        known_waves = [held.id for one in samples for held in one.waves if held.id]
        hint = did_you_mean(wave, known_waves) or f" There is: {', '.join(known_waves) or 'none'}."
        faults.append(f"no sample asked for has a wave '{shown(wave)}'.{hint}")
    if faults:
        raise StudyError(faults)
    return chosen


def _clear(work: Work, waves: Sequence[tuple[str, str]], anew: bool) -> None:
    """Make room; raises StudyError when there are answers that may not be thrown away."""
    connection = work.connection
    held = {
        wave: connection.execute(
            select(func.count()).select_from(table).where(table.c.sample == wave[0], table.c.wave == wave[1])
        ).scalar_one()
        for wave in waves
        for table in (schema.response,)
    }
    if any(held.values()) and not anew:
        raise StudyError(
            f"there are {sum(held.values()):,} simulated answers already; --anew throws them away and makes new ones."
        )
    for sample, wave in waves:
        drafts = select(schema.draft.c.digest).where(schema.draft.c.sample == sample, schema.draft.c.wave == wave)
        connection.execute(delete(schema.draft_page).where(schema.draft_page.c.draft.in_(drafts)))
        for table in (schema.draft, schema.response, schema.tally, schema.quota, schema.closed):
            connection.execute(delete(table).where(table.c.sample == sample, table.c.wave == wave))


def _simulate(
    fieldwork: Fieldwork,
    store: Store,
    sample: Sample,
    wave: str,
    n: int,
    seed: int,
    kinds: Behaviour,
    now: dt.datetime,
    progress: Callable[[str, int, int], None] | None,
) -> Simulated:
    survey, world = Survey(fieldwork, sample), make_world(sample, seed)
    told: Counter[str] = Counter()
    waiting: deque[Future[str]] = deque()
    for number in range(n):
        walk = _walk(fieldwork, survey, world, number, wave, kinds, now)
        waiting.append(store.writer.submit(_job(fieldwork, survey, walk, now)))
        if len(waiting) >= _WAITING:
            told[waiting.popleft().result()] += 1
        if progress is not None and (number + 1) % 20 == 0:
            progress(sample.id, number + 1, n)
    told.update(future.result() for future in waiting)
    return Simulated(sample.id, wave, told["submitted"], told["broken off"], told["screened"])


def _walk(
    fieldwork: Fieldwork, survey: Survey, world: World, number: int, wave: str, kinds: Behaviour, now: dt.datetime
) -> _Walk:
    """One person from consent to the last page, or to where they break off."""
    sample = survey.sample
    choice = random.Random(f"{world.seed} choice {sample.id} {number}")
    units = _leaves(fieldwork)
    unit = units[int(choice.random() * len(units))] if units and sample.population in ("staff", "customer") else ""
    language = _language(fieldwork, choice)
    person = make_person(world, number, wave, unit, kinds.careless)
    draft = Draft(
        digest("draft", secrets.token_hex(16)), sample.id, wave, language, int(person.rng.random() * 2**31),
        fieldwork.consent.version, began(fieldwork, now), unit=unit, person=_person(world, number),
        attributes={name: f"{name}-{1 + int(choice.random() * 5)}" for name in sample.attributes},
        device=_device(choice) if fieldwork.paradata.device else "", source="simulated",
    )  # fmt: skip
    stops = person.rng.random() < kinds.dropout
    leaves_at = person.rng.random()
    route = survey.route(draft)
    answers: dict[str, Any] = {}
    refused: set[str] = set()
    given: list[Given] = []
    view = route.given(answers, refused)
    at = view.first
    while at is not None:
        page = view.page(at)
        if page is not None:
            if stops and view.position(at)[0] > max(1, round(leaves_at * len(view.pages))):
                return _Walk(draft, tuple(given), finished=False)
            read = _answered(world, person, page, language, kinds.missing, sample.refusal)
            answers |= read.answers
            refused = (refused - read.answers.keys()) | read.reasons.keys()
            given.append(Given(at, read.answers, read.reasons, seconds(person, page)))
            view = route.given(answers, refused)
        at = view.next(at)
    return _Walk(draft, tuple(given), finished=not stops)


def _answered(world: World, person: Person, page: Page, lang: str, missing: float, refusal: bool) -> PageAnswers:
    """What a page keeps of a post; what was left out is asked for once more, as on the screen."""
    form = post(world, person, page, lang, missing, refusal=refusal)
    read = read_page(page, form, lang, refusal=refusal)
    if read.soft and not read.faults:
        read = read_page(page, {**form, "seen": [" ".join(read.seen)]}, lang, refusal=refusal)
    if read.again:
        wrong = ", ".join([*read.faults, *read.hard, *read.soft])
        raise StudyError(f"no answers can be made up for {wrong}: what may be answered there leaves no room.")
    return read


def _job(fieldwork: Fieldwork, survey: Survey, walk: _Walk, now: dt.datetime) -> Callable[[Work], str]:
    """Keep what one person did, by the jobs that keep a respondent's."""

    def job(work: Work) -> str:
        begin(work, walk.draft)
        last = len(walk.given) - 1 if walk.finished else len(walk.given)
        for given in walk.given[:last]:
            save_page(work, walk.draft.digest, given)
        if not walk.finished or last < 0:
            return "broken off"
        submission = digest("submission", secrets.token_hex(16))
        try:
            submit(work, walk.draft.digest, submission, walk.given[last],
                   lambda draft, pages: compose(fieldwork, survey, draft, pages, now))  # fmt: skip
        except Refused as refusal:
            if refusal.code != "quota-full":
                raise
            screen_out(work, walk.draft.digest, str(refusal.values["quota"]))
            return "screened"
        return "submitted"

    return job


def _leaves(fieldwork: Fieldwork) -> tuple[str, ...]:
    """The units that have no other below them."""
    parents = {unit.parent for unit in fieldwork.units.values()}
    return tuple(id for id in fieldwork.units if id not in parents)


def _language(fieldwork: Fieldwork, choice: random.Random) -> str:
    """Most answer in the first language, the others in one of the others."""
    first, *others = fieldwork.languages
    if not others or choice.random() < _FIRST_LANGUAGE:
        return first
    return others[int(choice.random() * len(others))]


def _device(choice: random.Random) -> str:
    drawn = choice.random()
    for device, share in _DEVICES:
        if drawn < share:
            return device
        drawn -= share
    return _DEVICES[0][0]


def _person(world: World, number: int) -> str:
    """The pseudonym of a person, the same in every wave; empty where nothing links them."""
    if world.sample.linking == "none":
        return ""
    return f"{random.Random(f'{world.seed} pseudonym {world.sample.id} {number}').getrandbits(128):032x}"
