"""How people went through a questionnaire, in totals: invited, consented, submitted, where they stopped, how long.

Nothing here is about one respondent. Totals are written by the jobs of respondents; pages' times are counted in bands
(:func:`time_totals`), so that no time of one person is kept.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from crmstudy.administration.store import schema
from crmstudy.administration.store.quotas import taken
from crmstudy.administration.store.respondents import Given
from crmstudy.administration.store.waiting import sheets_waiting

#: Bands of the seconds a page took: from each bound up to the next; the last one has no end.
BOUNDS = (0, 5, 10, 20, 40, 60, 120, 300, 600)
#: Kinds of totals.
CONSENTED, DECLINED, SUBMITTED, WITHDRAWN, ABANDONED = "consented", "declined", "submitted", "withdrawn", "abandoned"
STOPPED, EXPIRED, PAGE_TIME, TOKENS = "stopped", "expired", "page-time", "tokens"

_tally, _token, _draft, _page = schema.tally, schema.token, schema.draft, schema.draft_page


@dataclass(frozen=True, slots=True)
class PageFlow:
    """A page: how many stopped there, and how many of those who submitted took how long (by lower bound, seconds)."""

    page: int
    stopped: int = 0
    times: Mapping[int, int] = field(default_factory=dict)

    @property
    def median_band(self) -> tuple[int, int | None] | None:
        """The band in which the median of the seconds lies: its bounds, the upper one None where it has no end."""
        total, seen = sum(self.times.values()), 0
        for lower in sorted(self.times):
            seen += self.times[lower]
            if total and 2 * seen >= total:
                following = BOUNDS[bisect_right(BOUNDS, lower) :]
                return lower, following[0] if following else None
        return None


@dataclass(frozen=True, slots=True)
class Flow:
    """A wave of a sample.

    Attributes
    ----------
    tokens : mapping
        State -> number of tokens given out; ``revoked`` ones were replaced by others.
    units : mapping
        Unit -> state -> number of tokens; whoever shows it leaves out units in which few were invited.
    consented, declined, submitted, withdrawn, abandoned, expired : int
        Consents (drafts that were begun), refusals, submissions, withdrawals after it, drafts given up by their
        respondents, drafts that ran out.
    by_language, by_source : mapping
        Consents by language; submissions by source (web, kiosk, paper ...).
    open_drafts : int
        Drafts that are neither submitted nor given up.
    pages : tuple of PageFlow
        Where people stopped (open drafts too) and how long pages took.
    quotas : mapping
        Id -> places taken.
    closed : str
        The day the wave was closed; empty while it is open.
    sheets_waiting : int
        Paper sheets that were typed in and are not settled.
    """

    sample: str
    wave: str
    tokens: Mapping[str, int]
    units: Mapping[str, Mapping[str, int]]
    consented: int
    declined: int
    submitted: int
    withdrawn: int
    abandoned: int
    expired: int
    by_language: Mapping[str, int]
    by_source: Mapping[str, int]
    open_drafts: int
    pages: tuple[PageFlow, ...]
    quotas: Mapping[str, int]
    closed: str
    sheets_waiting: int = 0

    @property
    def invited(self) -> int:
        """Tokens that were given out, the replaced ones left out."""
        return sum(n for state, n in self.tokens.items() if state != "revoked")


def time_totals(pages: Iterable[Given]) -> list[tuple[str, str]]:
    """What submitting adds to the totals of page times: for each page, its band.

    Examples
    --------
    >>> time_totals([Given(1, {}, seconds=12), Given(2, {}, seconds=4000)])
    [('page-time', '1:10'), ('page-time', '2:600')]
    """
    return [(PAGE_TIME, f"{page.page}:{BOUNDS[bisect_right(BOUNDS, max(page.seconds, 0)) - 1]}") for page in pages]


def flow(connection: Connection, sample: str, wave: str) -> Flow:
    """The flow of a wave, as far as it has come."""
    totals = _totals(connection, sample, wave)
    units = _units(connection, sample, wave)
    tokens: Counter[str] = Counter()
    for states in units.values():
        tokens.update(states)
    stopped = _open_stops(connection, sample, wave)
    day = connection.execute(
        select(schema.closed.c.day).where(schema.closed.c.sample == sample, schema.closed.c.wave == wave)
    ).scalar_one_or_none()
    languages: Counter[str] = Counter()
    for name, n in totals.get(CONSENTED, {}).items():
        languages[name.rpartition(":")[2]] += n
    sums = {kind: sum(names.values()) for kind, names in totals.items()}
    return Flow(
        sample=sample,
        wave=wave,
        tokens=dict(tokens),
        units=units,
        consented=sums.get(CONSENTED, 0),
        declined=sums.get(DECLINED, 0),
        submitted=sums.get(SUBMITTED, 0),
        withdrawn=sums.get(WITHDRAWN, 0),
        abandoned=sums.get(ABANDONED, 0),
        expired=sums.get(EXPIRED, 0),
        by_language=dict(languages),
        by_source=dict(totals.get(SUBMITTED, {})),
        open_drafts=stopped.total(),
        pages=_pages(totals, stopped),
        quotas=taken(connection, sample, wave),
        sheets_waiting=sheets_waiting(connection, sample, wave),
        closed=day or "",
    )


def token_counts(connection: Connection, sample: str, wave: str) -> dict[tuple[str, str], int]:
    """(unit, state) -> number of tokens; of a closed anonymous wave as they stood when it was closed."""
    kept = _totals(connection, sample, wave).get(TOKENS, {})
    if kept:
        return {(unit, state): n for name, n in kept.items() for unit, state in [json.loads(name)]}
    query = select(_token.c.unit, _token.c.state, func.count()).where(_token.c.sample == sample, _token.c.wave == wave)
    return {(unit, state): n for unit, state, n in connection.execute(query.group_by(_token.c.unit, _token.c.state))}


def _totals(connection: Connection, sample: str, wave: str) -> dict[str, dict[str, int]]:
    query = select(_tally.c.kind, _tally.c.name, _tally.c.n).where(_tally.c.sample == sample, _tally.c.wave == wave)
    made: dict[str, dict[str, int]] = {}
    for kind, name, n in connection.execute(query):
        made.setdefault(kind, {})[name] = n
    return made


def _units(connection: Connection, sample: str, wave: str) -> dict[str, dict[str, int]]:
    made: dict[str, dict[str, int]] = {}
    for (unit, state), n in token_counts(connection, sample, wave).items():
        made.setdefault(unit, {})[state] = n
    return made


def _open_stops(connection: Connection, sample: str, wave: str) -> Counter[int]:
    """The page that each open draft got to -> how many; 0 where no page was kept yet."""
    last = (
        select(func.coalesce(func.max(_page.c.page), 0).label("page"))
        .select_from(_draft.outerjoin(_page, _page.c.draft == _draft.c.digest))
        .where(_draft.c.sample == sample, _draft.c.wave == wave)
        .group_by(_draft.c.digest)
        .subquery()
    )
    return Counter(
        {int(page): int(n) for page, n in connection.execute(select(last.c.page, func.count()).group_by(last.c.page))}
    )


def _pages(totals: Mapping[str, Mapping[str, int]], stopped: Counter[int]) -> tuple[PageFlow, ...]:
    ended = Counter(stopped)
    for name, n in totals.get(STOPPED, {}).items():
        ended[int(name)] += n
    times: dict[int, dict[int, int]] = {}
    for name, n in totals.get(PAGE_TIME, {}).items():
        page, _, bound = name.partition(":")
        times.setdefault(int(page), {})[int(bound)] = n
    return tuple(PageFlow(page, ended[page], times.get(page, {})) for page in sorted(ended.keys() | times.keys()))
