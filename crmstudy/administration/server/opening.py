"""Before a study opens: nothing of what respondents must be told is missing, and nothing they were told has changed."""

from __future__ import annotations

import datetime as dt
import json

from sqlalchemy import Connection, func, select

from crmstudy.administration.declaring.readiness import require_ready
from crmstudy.administration.declaring.settled import changes, settled
from crmstudy.administration.fieldwork import NOTICE, Fieldwork
from crmstudy.administration.store.consents import note_consents
from crmstudy.administration.store.dialects import put_over
from crmstudy.administration.store.respondents import is_closed
from crmstudy.administration.store.schema import response, setting, tally
from crmstudy.administration.store.store import Store
from crmstudy.administration.store.store import setting as setting_of
from crmstudy.administration.store.writer import Refused, Work
from crmstudy.errors import StudyError

#: The name under which promises are kept.
SETTLED = "settled"


def open_live(fieldwork: Fieldwork, store: Store, today: dt.date) -> None:
    """Check that a study may open, and note what respondents are promised from now on.

    Raises
    ------
    StudyError
        With everything that is missing, or every promise that is not kept any more.
    """
    before, answered = store.read(_noted)
    require_ready(fieldwork, today if before is None else None)  # what was open once tells visitors that it is over
    if before is not None:
        broken = changes(before, fieldwork, answered=answered)
        if broken:
            raise StudyError(broken)
    promised = {**(before or {}), **settled(fieldwork)} if answered else settled(fieldwork)
    try:
        store.do_now(lambda work: _note(work, fieldwork, promised, today))
    except Refused as refusal:
        version, language = refusal.values.get("version"), refusal.values.get("language")
        raise StudyError(
            f"consent: another text was shown in '{language}' under version {version}; respondents agreed to that one. "
            "Count consent.version up by one when a word changes."
        ) from None


def closed_before_their_time(fieldwork: Fieldwork, store: Store, today: dt.date) -> list[str]:
    """The waves that would take answers today and were closed for good."""
    waves = [(id, one.id) for id, sample in fieldwork.samples.items() for one in sample.waves if one.covers(today)]
    shut = store.read(lambda connection: [wave for wave in waves if is_closed(connection, *wave)])
    return [", ".join(part for part in wave if part) for wave in shut]


def consent_texts(fieldwork: Fieldwork) -> dict[str, str]:
    """Everything that somebody reads before agreeing, by language, as it is kept."""
    return {lang: _consent_text(fieldwork, lang) for lang in fieldwork.languages}


def _consent_text(fieldwork: Fieldwork, lang: str) -> str:
    consent = fieldwork.consent
    parts = [f"{name}: {fieldwork.notice.get(name, {}).get(lang, '')}" for name in NOTICE if name != "contact"]
    parts += [consent.text.get(lang, ""), *(f"- {statement.get(lang, '')}" for statement in consent.statements)]
    return "\n\n".join(part for part in parts if part)


def _noted(connection: Connection) -> tuple[dict[str, str] | None, bool]:
    """What was promised, and whether anybody has agreed to it or answered."""
    kept = setting_of(connection, SETTLED)
    agreed = select(func.count()).select_from(tally).where(tally.c.kind == "consented")
    answers = select(func.count()).select_from(response)
    answered = bool(connection.execute(agreed).scalar() or connection.execute(answers).scalar())
    return (None if kept is None else dict(json.loads(kept))), answered


def _note(work: Work, fieldwork: Fieldwork, promised: dict[str, str], today: dt.date) -> None:
    note_consents(work, fieldwork.consent.version, consent_texts(fieldwork), today)
    row = {"name": SETTLED, "value": json.dumps(promised, ensure_ascii=False, sort_keys=True)}
    put_over(work.connection, setting, row, replaced=("value",))
