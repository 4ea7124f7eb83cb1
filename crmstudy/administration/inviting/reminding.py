"""Reminders: the same letter to everybody who was invited or, where a mode allows it, to those who have not finished.

In anonymous mode nobody looks up who has answered, and there is no list of those who have not: the letter goes to the
whole send list. Elsewhere it is asked whether a token was used, and nothing about what was answered with it.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from crmstudy.administration.declaring.modes import allowed
from crmstudy.administration.inviting.addresses import address_digest, same
from crmstudy.administration.inviting.bounces import Returned
from crmstudy.administration.inviting.issuing import Desk, Issued
from crmstudy.administration.inviting.letters import Kind, check_letters, letter
from crmstudy.administration.inviting.lists import Entry, file_name, is_send_list, one_each, read_send_list, send_list
from crmstudy.administration.inviting.message import message_id
from crmstudy.administration.inviting.private import Pending, csv_bytes
from crmstudy.administration.keys import SIGNS, digest, read_secret
from crmstudy.administration.store.invitations import (
    known_tokens,
    letters_to,
    note_bounces,
    replaced_serials,
    states,
)
from crmstudy.errors import DataError, Fault, StudyError

_REMINDER = "reminder"


def lists_of(desk: Desk, files: Sequence[Path]) -> list[Entry]:
    """The letters of send lists of the desk's sample and wave: those given, or all invitations in its folder.

    A letter whose token was replaced is left out.

    Raises
    ------
    DataError
        When there is none, or a letter is of another study, sample or wave.
    """
    paths = list(files) or [path for path in sorted(desk.out.glob("*.csv")) if is_send_list(path)]
    entries: list[Entry] = []
    for path in paths:
        found = read_send_list(path)
        mine = [one for one in found if (one.sample, one.wave) == (desk.sample.id, desk.wave.id)]
        if files and len(mine) < len(found):
            of = f"sample '{desk.sample.id}'" + (f", wave '{desk.wave.id}'" if desk.wave.id else "")
            raise DataError(Fault(f"the list has letters that are not of {of}.", str(path)))
        entries += mine if files else [one for one in mine if not one.letter.startswith(_REMINDER)]
    if not entries:
        raise DataError(f"there is no send list in '{desk.out}'; give its path after the sample.")
    _refuse_foreign(desk, entries)
    gone = desk.store.read(lambda connection: replaced_serials(connection, desk.sample.id, desk.wave.id))
    return one_each([one for one in entries if one.serial not in gone])


def remind(desk: Desk, entries: Sequence[Entry], today: dt.date) -> Issued:
    """Write the send list of a reminder.

    Raises
    ------
    StudyError
        When the mode does not allow the reminder that is declared.
    """
    some = desk.fieldwork.invitation.reminders == "unfinished"
    if some and not allowed(desk.fieldwork.mode, "reminders-to-unfinished"):
        raise StudyError(
            Fault(
                "in anonymous mode nobody may look up who has answered, so a reminder goes to everyone; write "
                "invitation.reminders: everyone.",
                "administration.yaml",
            )
        )
    kind: Kind = "reminder_unfinished" if some else "reminder_everyone"
    chosen = list(entries)
    if some:
        state = desk.store.read(lambda connection: states(connection, desk.sample.id, desk.wave.id))
        chosen = [one for one in entries if state.get(one.serial) in ("new", "started")]
    who = "those who have not finished" if some else "everyone who was invited"
    if not chosen:
        return Issued(0, (), (), (f"The reminder goes to {who}; there is nobody.",))
    check_letters(desk.fieldwork, desk.wave, (one.lang for one in chosen), kind)
    name = f"{_REMINDER}-{today.isoformat()}-{''.join(secrets.choice(SIGNS) for _ in range(4))}"
    made = [_reminder(desk, one, kind, name) for one in chosen]
    pending = Pending()
    pending.add(desk.out / f"{file_name(desk.sample.id, desk.wave.id, name)}.csv", send_list(made))
    return Issued(
        len(made), tuple(pending.place()), tuple(one.serial for one in made), (f"The reminder goes to {who}.",)
    )


def take_bounces(desk: Desk, returned: Returned, domain: str) -> tuple[dict[str, int], tuple[Path, ...]]:
    """Note the addresses that letters came back from, and write them down for whoever keeps the list of people.

    Returns
    -------
    dict and tuple of Path
        ``noted``, ``confirmed`` (the report quotes the id of a letter to this address), ``foreign`` (no letter went to
        it), ``delays``, ``others``, ``unreadable``; and the file, if there is any address to tell.
    """
    rows, noted, confirmed, foreign = [], set[str](), 0, set[str]()
    for bounce in returned.bounces:
        mark = address_digest(desk.key, bounce.address)
        campaigns = desk.store.read(partial(letters_to, digest=mark))
        if not campaigns:
            foreign.add(same(bounce.address))
        if not campaigns or mark in noted:
            continue
        noted.add(mark)
        ours = {message_id(desk.key, campaign, bounce.address, domain) for campaign in campaigns}
        sure = bool(ours.intersection(bounce.message_ids))
        confirmed += sure
        rows.append([bounce.address, bounce.status, bounce.said, "yes" if sure else "no"])
    counts = {
        "noted": len(noted), "confirmed": confirmed, "foreign": len(foreign), "delays": returned.delays,
        "others": returned.others, "unreadable": returned.unreadable,
    }  # fmt: skip
    if not rows:
        return counts, ()
    pending = Pending()
    mark = "".join(secrets.choice(SIGNS) for _ in range(4))
    path = desk.out / f"{file_name(desk.sample.id, 'bounces', mark)}.csv"
    pending.add(path, csv_bytes(("email", "status", "reason", "confirmed"), sorted(rows)))
    desk.store.do_now(lambda work: note_bounces(work, noted))
    return counts, tuple(pending.place())


def _reminder(desk: Desk, entry: Entry, kind: Kind, name: str) -> Entry:
    written = letter(desk.fieldwork, desk.wave, entry.lang, kind, entry.link)
    return replace(entry, letter=name, subject=written.subject, text=written.text)


def _refuse_foreign(desk: Desk, entries: Iterable[Entry]) -> None:
    """Refuse letters whose tokens this study does not know."""
    marks = {digest("token", read_secret(one.code) or ""): one for one in entries}
    known = desk.store.read(lambda connection: known_tokens(connection, desk.sample.id, desk.wave.id, marks))
    foreign = [one.serial for mark, one in marks.items() if mark not in known]
    if foreign:
        some = ", ".join(foreign[:5]) + (" ..." if len(foreign) > 5 else "")
        raise DataError(f"the list has links that this study does not know (serials {some}); is it of another one?")
