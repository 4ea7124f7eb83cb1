"""Jobs and looks about one respondent: a draft is begun, its pages are kept, it is submitted, withdrawn or let go.

All jobs can be repeated: what was done once is not done twice, and the second caller is told the same.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from crmstudy.administration.store.dialects import Prepared, put_once, put_over
from crmstudy.administration.store.engine import PURPOSE
from crmstudy.administration.store.quotas import give_back, take
from crmstudy.administration.store.schema import closed, draft, draft_page, response, token
from crmstudy.administration.store.writer import Refused, Work

Told = Literal["stored", "repeated"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A questionnaire that was begun; see the table for its columns."""

    digest: str
    sample: str
    wave: str
    language: str
    seed: int
    consent: int
    began: str
    token: str | None = None
    unit: str = ""
    person: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    device: str = ""
    source: str = "web"


@dataclass(frozen=True, slots=True)
class Given:
    """What was given on a page: ``answers`` {id: value or None}, ``reasons`` {id: why there is none}."""

    page: int
    answers: Mapping[str, Any]
    reasons: Mapping[str, str] = field(default_factory=dict)
    seconds: int = 0
    visits: int = 1


@dataclass(frozen=True, slots=True)
class Response:
    """Submitted answers as they are kept; see the hand-over for what its parts mean."""

    sample: str
    wave: str
    language: str
    complete: bool
    consent: int
    answers: Mapping[str, Any]
    reasons: Mapping[str, str] = field(default_factory=dict)
    opened: Mapping[str, Any] = field(default_factory=dict)
    unit: str = ""
    person: str = ""
    source: str = "web"
    attributes: Mapping[str, Any] = field(default_factory=dict)
    paradata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composed:
    """A response and what goes with it: the quotas it counts in with their limits, and seconds of pages for totals."""

    response: Response
    quotas: Sequence[tuple[str, int]] = ()
    totals: Sequence[tuple[str, str]] = ()


Compose = Callable[[Draft, Sequence[Given]], Composed]

_IS_TOKEN, _IS_DRAFT = token.c.digest == bindparam("of"), draft.c.digest == bindparam("of")
_TOKEN = select(token).where(_IS_TOKEN)
_TOKEN_HELD = _TOKEN.with_for_update()
_DRAFT = Prepared(select(draft).where(_IS_DRAFT))
_DRAFT_HELD = Prepared(select(draft).where(_IS_DRAFT).with_for_update())
_DRAFT_STAYS = Prepared(  # nobody ends it before this transaction does
    select(draft).where(_IS_DRAFT).with_for_update(read=True, key_share=True)
)
_DRAFT_OF_TOKEN = Prepared(select(draft).where(draft.c.token == bindparam("of")))
_PAGES = Prepared(
    select(draft_page.c.page, draft_page.c.given, draft_page.c.seconds, draft_page.c.visits)
    .where(draft_page.c.draft == bindparam("of"))
    .order_by(draft_page.c.page)
)
_CLOSED = Prepared(select(closed.c.day).where(closed.c.sample == bindparam("in"), closed.c.wave == bindparam("on")))
_SUBMITTED = Prepared(select(response.c.id).where(response.c.submission == bindparam("of")))
_USE_TOKEN = Prepared(update(token).where(_IS_TOKEN).values(state="used"))
_DROP_PAGES = Prepared(delete(draft_page).where(draft_page.c.draft == bindparam("of")))
_DROP_DRAFT = Prepared(delete(draft).where(_IS_DRAFT))
_PUT_RESPONSE = Prepared(response.insert().values({column.name: bindparam(column.name) for column in response.columns}))


def find_token(connection: Connection, digest: str) -> Row[Any] | None:
    """The row of a token, or None."""
    return connection.execute(_TOKEN, {"of": digest}).one_or_none()


def find_draft(connection: Connection, digest: str) -> Draft | None:
    """The draft whose own secret has this digest, or None."""
    return _draft(_DRAFT.row(connection, of=digest))


def draft_of_token(connection: Connection, digest: str) -> Draft | None:
    """The draft that was begun with a token, or None."""
    return _draft(_DRAFT_OF_TOKEN.row(connection, of=digest))


def pages_of(connection: Connection, digest: str) -> tuple[Given, ...]:
    """What was given so far in a draft, page by page."""
    return tuple(
        Given(page, given["answers"], given["reasons"], seconds, visits)
        for page, said, seconds, visits in _PAGES.rows(connection, of=digest)
        for given in [json.loads(said)]
    )


def is_submitted(connection: Connection, submission: str) -> bool:
    """Whether a submission is kept; in anonymous mode this is forgotten when its wave is closed."""
    return _SUBMITTED.row(connection, of=submission) is not None


def is_closed(connection: Connection, sample: str, wave: str) -> bool:
    """Whether a wave was closed for good."""
    return _CLOSED.row(connection, **{"in": sample, "on": wave}) is not None


def begin(work: Work, new: Draft) -> Draft:
    """Begin a draft after consent; the same again gives the draft that is there.

    A token comes to the one draft that is begun with it, whoever asks second.

    Raises
    ------
    Refused
        ``closed``, ``token-unknown`` (also a revoked one), ``token-used``.
    """
    connection = work.connection
    _refuse_foreign(connection, new.source)
    _refuse_closed(connection, new.sample, new.wave)
    there = find_draft(connection, new.digest)
    if there is not None:
        return there
    row = None
    if new.token is not None:
        row = connection.execute(_TOKEN_HELD, {"of": new.token}).one_or_none()
        if row is None or row.sample != new.sample or row.state == "revoked":
            raise Refused("token-unknown")
        if row.state == "used":
            raise Refused("token-used")
        there = draft_of_token(connection, new.token)
        if there is not None:
            return there
    if not put_once(connection, draft, {**_columns(new), "attributes": _json(new.attributes)}):
        return find_draft(connection, new.digest) or _lost(new)
    if row is not None and row.state == "new":
        connection.execute(update(token).where(token.c.digest == new.token).values(state="started"))
    work.count(new.sample, new.wave, "consented", f"{new.consent}:{new.language}")
    return new


def save_page(work: Work, digest: str, given: Given) -> None:
    """Keep what was given on a page of a draft, in the place of what was there.

    Raises
    ------
    Refused
        ``gone``: the draft was submitted, withdrawn or let go; ``closed``.
    """
    held = _draft(_DRAFT_STAYS.row(work.connection, of=digest))
    if held is None:
        raise Refused("gone")
    _refuse_closed(work.connection, held.sample, held.wave)
    _put_page(work.connection, digest, given)


def submit(work: Work, digest: str, submission: str, last: Given, compose: Compose) -> Told:
    """Keep a whole questionnaire in one transaction: quotas, response, token, and the end of the draft.

    Parameters
    ----------
    work : Work
    digest : str
        Of the draft.
    submission : str
        Digest of what makes a repeated submission one; the respondent holds its secret as a receipt.
    last : Given
        The page that was sent with it.
    compose : callable
        Makes the response of the draft and all its pages; may raise Refused.

    Returns
    -------
    "stored" or "repeated"

    Raises
    ------
    Refused
        ``gone``, ``closed``, ``quota-full``, ``other-submission`` (the id is that of another draft's answers), and
        what ``compose`` refuses.
    """
    connection = work.connection
    held = hold_draft(connection, digest)
    submitted = is_submitted(connection, submission)  # looked up after the row was waited for
    if held is None:
        if submitted:
            return "repeated"
        raise Refused("gone")
    if submitted:  # of somebody else: a browser may fill the id of the last person's form into the next one's
        raise Refused("other-submission")
    _refuse_closed(connection, held.sample, held.wave)
    pages = {page.page: page for page in pages_of(connection, digest)}
    composed = compose(
        held, [pages[n] for n in sorted(pages | {last.page: last}) if n != last.page] + [_added(pages, last)]
    )
    take(connection, held.sample, held.wave, composed.quotas)
    insert_response(connection, composed.response, submission, [id for id, _ in composed.quotas])
    if held.token is not None:
        _USE_TOKEN.do(connection, of=held.token)
    drop_draft(connection, digest)
    work.count(held.sample, held.wave, "submitted", composed.response.source)
    for kind, name in composed.totals:
        work.count(held.sample, held.wave, kind, name)
    return "stored"


def insert_response(connection: Connection, made: Response, submission: str | None, quotas: Sequence[str] = ()) -> str:
    """Keep a response under a new random id, which is given back; raises Refused ``simulated``."""
    _refuse_foreign(connection, made.source)
    id = secrets.token_hex(16)
    row = {name: getattr(made, name) for name in _RESPONSE}
    row |= {name: _json(row[name]) for name in ("answers", "reasons", "opened", "attributes", "paradata")}
    _PUT_RESPONSE.do(connection, id=id, submission=submission, quotas=_json(list(quotas)), **row)
    return id


def withdraw(work: Work, submission: str) -> None:
    """Delete a submitted response by its receipt; its token stays used, its places in quotas are free again.

    Raises
    ------
    Refused
        ``receipt-unknown``: nothing is kept under it (any more).
    """
    found = response.c.submission == submission
    row = work.connection.execute(
        select(response.c.sample, response.c.wave, response.c.quotas).where(found).with_for_update()
    ).one_or_none()
    if row is None:
        raise Refused("receipt-unknown")
    work.connection.execute(delete(response).where(found))
    give_back(work.connection, row.sample, row.wave, json.loads(row.quotas))
    work.count(row.sample, row.wave, "withdrawn")


def abandon(work: Work, digest: str) -> bool:
    """Delete a draft at its respondent's wish; its token can be used again. Whether there was one."""
    held = hold_draft(work.connection, digest)
    if held is not None:
        let_go(work, held, "abandoned")
    return held is not None


def decline(work: Work, sample: str, wave: str) -> None:
    """Count somebody who does not want to take part; nothing else is noted."""
    work.count(sample, wave, "declined")


def screen_out(work: Work, digest: str, quota: str) -> None:
    """End a draft because there are enough answers of its kind; its token is not used up. May be repeated."""
    held = hold_draft(work.connection, digest)
    if held is not None:
        let_go(work, held, "screened", quota)


def set_language(work: Work, digest: str, language: str) -> None:
    """Go on in another language; raises Refused ``gone``."""
    _change_draft(work, digest, language=language)


def set_person(work: Work, digest: str, person: str) -> None:
    """Note the self-made code of a respondent, as a digest; raises Refused ``gone``."""
    _change_draft(work, digest, person=person)


def hold_draft(connection: Connection, digest: str) -> Draft | None:
    """A draft, which nobody else ends or changes until the transaction is over; None where there is none."""
    return _draft(_DRAFT_HELD.row(connection, of=digest))


def let_go(work: Work, held: Draft, kind: str, name: str = "") -> None:
    """Delete a draft that is not submitted, and count it in a total; its token can be used again."""
    if held.token is not None:
        begun = (token.c.digest == held.token) & (token.c.state == "started")
        work.connection.execute(update(token).where(begun).values(state="new"))
    drop_draft(work.connection, held.digest)
    work.count(held.sample, held.wave, kind, name)


def drop_draft(connection: Connection, digest: str) -> None:
    """Delete a draft and its pages."""
    _DROP_PAGES.do(connection, of=digest)
    _DROP_DRAFT.do(connection, of=digest)


_COLUMNS = tuple(column.name for column in draft.columns)
_RESPONSE = tuple(
    column.name for column in response.columns if column.name not in ("id", "submission", "quotas")
)  # fmt: skip


def _refuse_closed(connection: Connection, sample: str, wave: str) -> None:
    if is_closed(connection, sample, wave):
        raise Refused("closed")


def _refuse_foreign(connection: Connection, source: str) -> None:
    """Keep made-up answers out of every database but their own, and all others out of that."""
    purpose = connection.get_execution_options().get(PURPOSE)
    if purpose is not None and (purpose == "simulated") != (source == "simulated"):
        raise Refused("simulated")


def _change_draft(work: Work, digest: str, **values: str) -> None:
    changed = work.connection.execute(update(draft).where(draft.c.digest == digest).values(**values))
    if not changed.rowcount:
        raise Refused("gone")


def _put_page(connection: Connection, digest: str, given: Given) -> None:
    row = {
        "draft": digest, "page": given.page, "given": _json({"answers": given.answers, "reasons": given.reasons}),
        "seconds": given.seconds, "visits": 1,
    }  # fmt: skip
    put_over(connection, draft_page, row, replaced=("given",), added=("seconds", "visits"))


def _added(pages: Mapping[int, Given], last: Given) -> Given:
    """The last page with the time of its earlier visits."""
    before = pages.get(last.page)
    if before is None:
        return last
    seconds, visits = before.seconds + last.seconds, before.visits + 1
    return Given(last.page, last.answers, last.reasons, seconds, visits)


def _columns(made: Draft) -> dict[str, Any]:
    return {name: getattr(made, name) for name in _COLUMNS}


def _draft(row: tuple[Any, ...] | None) -> Draft | None:
    if row is None:
        return None
    values = dict(zip(_COLUMNS, row, strict=True))
    values["attributes"] = json.loads(values["attributes"])
    return Draft(**values)


def _lost(new: Draft) -> Draft:
    raise Refused("gone", sample=new.sample)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
