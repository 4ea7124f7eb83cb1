"""Jobs about who may answer: tokens given out and replaced, and to whom letters went.

Names and addresses come here as digests only. What is noted of a letter (``mailing``) has no token and no serial, so
that the database never says which of the people invited holds which token.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select, update

from crmstudy.administration.store import schema
from crmstudy.administration.store.dialects import put_once
from crmstudy.administration.store.flow import token_counts
from crmstudy.administration.store.writer import Refused, Work

_token, _draft, _mailing, _stop, _setting = schema.token, schema.draft, schema.mailing, schema.stop, schema.setting
_page = schema.draft_page
#: States of a letter: it is being sent, the mail server took it, refused it for now or for good, it came back.
LETTER_STATES = ("sending", "sent", "later", "refused", "bounced")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was given out: its digest, and what whoever brings it is known by."""

    digest: str
    serial: str
    unit: str = ""
    person: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reissued:
    """What became of a token that was replaced: the serials of both, and whether a draft moved over."""

    old: str
    new: str
    unit: str
    wave: str
    person: str
    draft_moved: bool


def reserve_serials(work: Work, sample: str, n: int) -> int:
    """The first of ``n`` serials of a sample that nobody else is given; what is not used of them is left out."""
    name = f"serials {sample}"
    put_once(work.connection, _setting, {"name": name, "value": "0"})
    query = select(_setting.c.value).where(_setting.c.name == name).with_for_update()
    last = int(work.connection.execute(query).scalar_one())
    work.connection.execute(update(_setting).where(_setting.c.name == name).values(value=str(last + n)))
    return last + 1


def invited_before(connection: Connection, sample: str, wave: str, people: Iterable[str]) -> set[str]:
    """Those digests of people who have got a token of this wave."""
    return _there(connection, _campaign_of_tokens(sample, wave), people)


def add_tokens(work: Work, sample: str, wave: str, tokens: Sequence[NewToken], people: Iterable[str] = ()) -> None:
    """Give out tokens; ``people`` are digests of those who get them, in no order that would match them.

    Raises
    ------
    Refused
        ``closed`` when the wave is; ``invited`` (with ``n``) when some of the people have a token of it already.
    """
    connection, people = work.connection, sorted(people)
    closed = select(schema.closed.c.day).where(schema.closed.c.sample == sample, schema.closed.c.wave == wave)
    if connection.execute(closed).first() is not None:
        raise Refused("closed")
    before = invited_before(connection, sample, wave, people)
    if before:
        raise Refused("invited", n=len(before))
    campaign = _campaign_of_tokens(sample, wave)
    if people:
        rows = [{"campaign": campaign, "digest": one, "state": "", "serial": ""} for one in people]
        connection.execute(insert(_mailing), rows)
    if tokens:
        connection.execute(
            insert(_token), [_row(one, sample, wave) for one in sorted(tokens, key=lambda token: token.digest)]
        )


def reissue(
    work: Work,
    sample: str,
    *,
    digest: str,
    new_serial: str,
    serial: str = "",
    person: str = "",
    wave: str | None = None,
) -> Reissued:
    """Replace a token, found by its serial or by its person, by a new one; a draft begun with the old one moves over.

    Raises
    ------
    Refused
        ``unknown`` when there is no such token; ``used`` when it was answered with; ``revoked`` when it was replaced
        before; ``several`` when a person has valid tokens of more than one wave, and none is named; ``closed``.
    """
    connection = work.connection
    query = select(_token).where(_token.c.sample == sample)
    query = query.where(_token.c.serial == serial) if serial else query.where(_token.c.person == person)
    if wave is not None:
        query = query.where(_token.c.wave == wave)
    if not serial and not person:
        raise Refused("unknown")
    # a draft is held before its token, as by whoever submits it, so that the two do not wait for each other
    found = query.with_only_columns(_token.c.digest)
    connection.execute(select(_draft.c.digest).where(_draft.c.token.in_(found)).with_for_update())
    old = _the_one(connection.execute(query.with_for_update()).mappings().all())
    closed = select(schema.closed.c.day).where(schema.closed.c.sample == sample, schema.closed.c.wave == old["wave"])
    if connection.execute(closed).first() is not None:
        raise Refused("closed")
    connection.execute(
        update(_token).where(_token.c.digest == old["digest"]).values(state="revoked", person="", attributes="{}")
    )
    connection.execute(insert(_token), {**old, "digest": digest, "serial": new_serial})
    moved = _move_draft(connection, old["digest"], digest)
    return Reissued(old["serial"], new_serial, old["unit"], old["wave"], old["person"], moved)


def _move_draft(connection: Connection, old: str, new: str) -> bool:
    """Give the draft of a token to another; whoever holds its code or a cookie of it, with the old link, is shut out.

    Nobody knows a secret of its new key: from now on the new token alone opens it.
    """
    held = connection.execute(select(_draft.c.digest).where(_draft.c.token == old)).scalar_one_or_none()
    if held is None:
        return False
    key = secrets.token_hex(32)
    connection.execute(update(_draft).where(_draft.c.digest == held).values(token=new, digest=key))
    connection.execute(update(_page).where(_page.c.draft == held).values(draft=key))
    return True


def places_of(connection: Connection, sample: str, serial: str, person: str) -> list[tuple[str, str]]:
    """(wave, unit) of the tokens that have a serial, or are a person's and were not replaced."""
    query = select(_token.c.wave, _token.c.unit).where(_token.c.sample == sample)
    if serial:
        query = query.where(_token.c.serial == serial)
    else:
        query = query.where(_token.c.person == person, _token.c.person != "", _token.c.state != "revoked")
    return [(row.wave, row.unit) for row in connection.execute(query)]


def replaced_serials(connection: Connection, sample: str, wave: str) -> set[str]:
    """Serials of tokens that let nobody in any more because another took their place."""
    query = select(_token.c.serial).where(_token.c.sample == sample, _token.c.wave == wave, _token.c.state == "revoked")
    return set(connection.execute(query).scalars())


def states(connection: Connection, sample: str, wave: str) -> dict[str, str]:
    """Serial -> state of the tokens of a wave; not to be asked in anonymous mode."""
    query = select(_token.c.serial, _token.c.state).where(_token.c.sample == sample, _token.c.wave == wave)
    return {row.serial: row.state for row in connection.execute(query)}


def counts(connection: Connection, sample: str, wave: str) -> dict[tuple[str, str], int]:
    """(unit, state) -> number of tokens; of a closed anonymous wave as they stood when it was closed."""
    return token_counts(connection, sample, wave)


def claim_letter(work: Work, campaign: str, digest: str, *, again: bool = False) -> str:
    """Take the right to send a letter: ``""`` when it is ours, otherwise the state that forbids it.

    A letter that was being sent when the program stopped may have gone out: it is ours only with ``again``.
    """
    row = {"campaign": campaign, "digest": digest, "state": "sending", "serial": ""}
    if put_once(work.connection, _mailing, row):
        return ""
    query = select(_mailing.c.state).where(_mailing.c.campaign == campaign, _mailing.c.digest == digest)
    state = str(work.connection.execute(query.with_for_update()).scalar_one())
    if state == "later" or (again and state == "sending"):
        settle_letter(work, campaign, digest, "sending")
        return ""
    return state


def settle_letter(work: Work, campaign: str, digest: str, state: str) -> None:
    """Note what became of a letter."""
    if state not in LETTER_STATES:
        raise ValueError(f"a letter is {', '.join(LETTER_STATES)}, not {state!r}")
    found = (_mailing.c.campaign == campaign) & (_mailing.c.digest == digest)
    work.connection.execute(update(_mailing).where(found).values(state=state))


def note_bounces(work: Work, digests: Iterable[str]) -> int:
    """Note addresses whose letters came back, in every campaign; how many letters that were."""
    n = 0
    for digest in sorted(set(digests)):
        found = (_mailing.c.digest == digest) & _mailing.c.state.in_(("sent", "sending", "later"))
        n += work.connection.execute(update(_mailing).where(found).values(state="bounced")).rowcount
    return n


def letter_states(connection: Connection, campaign: str) -> dict[str, str]:
    """Digest of an address -> what became of its letter."""
    query = select(_mailing.c.digest, _mailing.c.state).where(_mailing.c.campaign == campaign)
    return {row.digest: row.state for row in connection.execute(query)}


def letters_to(connection: Connection, digest: str) -> list[str]:
    """The campaigns in which a letter went to an address."""
    query = select(_mailing.c.campaign).where(_mailing.c.digest == digest, _mailing.c.state.in_(LETTER_STATES))
    return list(connection.execute(query).scalars())


def known_tokens(connection: Connection, sample: str, wave: str, digests: Iterable[str]) -> set[str]:
    """Those digests that are of tokens of a wave, in whatever state."""
    asked, found = sorted(set(digests)), set[str]()
    query = select(_token.c.digest).where(_token.c.sample == sample, _token.c.wave == wave)
    for at in range(0, len(asked), _AT_ONCE):
        found.update(connection.execute(query.where(_token.c.digest.in_(asked[at : at + _AT_ONCE]))).scalars())
    return found


def unreachable(connection: Connection) -> set[str]:
    """Digests of addresses from which a letter came back or that the mail server refused for good."""
    return set(
        connection.execute(select(_mailing.c.digest).where(_mailing.c.state.in_(("bounced", "refused")))).scalars()
    )


def add_stops(work: Work, digests: Iterable[str], reason: str) -> int:
    """Put addresses, as digests, on the stop list; how many are new on it."""
    return sum(put_once(work.connection, _stop, {"digest": one, "reason": reason}) for one in sorted(set(digests)))


def stopped(connection: Connection) -> set[str]:
    """Digests of the addresses that want no mail."""
    return set(connection.execute(select(_stop.c.digest)).scalars())


def _campaign_of_tokens(sample: str, wave: str) -> str:
    return json.dumps(["token", sample, wave])


def campaign_of(sample: str, wave: str, letter: str) -> str:
    """The name under which one letter to many is known."""
    return json.dumps(["letter", sample, wave, letter])


def _there(connection: Connection, campaign: str, digests: Iterable[str]) -> set[str]:
    asked, found = sorted(set(digests)), set[str]()
    for at in range(0, len(asked), _AT_ONCE):
        query = select(_mailing.c.digest).where(
            _mailing.c.campaign == campaign, _mailing.c.digest.in_(asked[at : at + _AT_ONCE])
        )
        found.update(connection.execute(query).scalars())
    return found


def _row(token: NewToken, sample: str, wave: str) -> dict[str, str]:
    return {
        "digest": token.digest, "sample": sample, "wave": wave, "unit": token.unit, "serial": token.serial,
        "person": token.person, "attributes": json.dumps(dict(token.attributes), ensure_ascii=False, sort_keys=True),
        "state": "new",
    }  # fmt: skip


def _the_one(rows: Sequence[Mapping[Any, Any]]) -> dict[str, str]:
    """The token that may be replaced; raises Refused when it is none or not one."""
    if not rows:
        raise Refused("unknown")
    valid = [row for row in rows if row["state"] in ("new", "started")]
    if len(valid) > 1:
        raise Refused("several", waves=sorted({row["wave"] for row in valid}))
    if not valid:
        raise Refused("used" if any(row["state"] == "used" for row in rows) else "revoked")
    if any(row["state"] == "used" and row["wave"] == valid[0]["wave"] for row in rows):
        raise Refused("used")
    return {str(key): str(value) for key, value in valid[0].items()}
