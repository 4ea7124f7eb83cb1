"""Jobs that change a draft without an answer: its language, the code its respondent made, its end by a full quota."""

from __future__ import annotations

from sqlalchemy import update

from crmstudy.administration.store.respondents import find_draft, hold_draft, let_go
from crmstudy.administration.store.schema import draft
from crmstudy.administration.store.writer import Refused, Work


def decline(work: Work, sample: str, wave: str) -> None:
    """Count somebody who does not want to take part; nothing else is noted."""
    work.count(sample, wave, "declined")


def set_language(work: Work, digest: str, language: str) -> None:
    """Go on in another language; raises Refused ``gone``."""
    if find_draft(work.connection, digest) is None:
        raise Refused("gone")
    work.connection.execute(update(draft).where(draft.c.digest == digest).values(language=language))


def set_person(work: Work, digest: str, person: str) -> None:
    """Note the self-made code of a respondent, as a digest; raises Refused ``gone``."""
    if find_draft(work.connection, digest) is None:
        raise Refused("gone")
    work.connection.execute(update(draft).where(draft.c.digest == digest).values(person=person))


def screen_out(work: Work, digest: str, quota: str) -> None:
    """End a draft because there are enough answers of its kind; its token is not used up. May be repeated."""
    held = hold_draft(work.connection, digest)
    if held is not None:
        let_go(work, held, "screened", quota)
