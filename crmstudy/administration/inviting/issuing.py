"""Tokens are made: for everybody of a list, for slips of a unit, and in the place of a lost one.

What is written comes first, under names that end in ``.part``; then the database takes the digests; then the files get
their names. Whatever stops this on its way, no letter goes out whose token is not known, and nothing is lost.
"""

from __future__ import annotations

import datetime as dt
import random
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from crmstudy.administration.declaring.modes import allowed
from crmstudy.administration.declaring.readiness import is_loopback
from crmstudy.administration.fieldwork import Fieldwork, Sample, Wave
from crmstudy.administration.inviting.addresses import person_digest
from crmstudy.administration.inviting.branches import token_link
from crmstudy.administration.inviting.letters import check_letters, letter
from crmstudy.administration.inviting.lists import (
    Entry,
    Known,
    code_of,
    file_name,
    key_file,
    marks_of,
    read_keys,
    send_list,
)
from crmstudy.administration.inviting.people import Person
from crmstudy.administration.inviting.private import Pending
from crmstudy.administration.inviting.slips import Slip, slip_sheet
from crmstudy.administration.keys import SIGNS, digest, new_secret
from crmstudy.administration.store.invitations import (
    NewToken,
    Reissued,
    add_tokens,
    invited_before,
    places_of,
    reissue,
    reserve_serials,
)
from crmstudy.administration.store.respondents import find_token
from crmstudy.administration.store.store import Store
from crmstudy.administration.store.writer import Refused
from crmstudy.errors import DataError, Fault, StudyError, did_you_mean
from crmstudy.letters import digits
from crmstudy.quoting import shown

_FILE = "administration.yaml"
_PSEUDONYM = 10
#: Sentences of what the database refuses.
#: So many people are named who have a token already.
_NAMED = 5
_REFUSALS = {
    "closed": "this wave is closed; nobody can be let into it any more.",
    "invited": "somebody of the list has just been given a token of this wave; begin again.",
    "unknown": "there is no such token; give the serial that stands on the letter or slip, or the pseudonym of the key "
    "file.",
    "used": "this token was answered with; another one would be a second vote.",
    "revoked": "this token was replaced before; the replacement has a serial of its own.",
    "several": "this person has tokens of several waves; name one with --wave.",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """Where invitations are made: the study, the sample and wave, the database, the study's key, the folder."""

    fieldwork: Fieldwork
    sample: Sample
    wave: Wave
    store: Store
    key: bytes
    out: Path

    @property
    def named(self) -> bool:
        """Whether answers carry a pseudonym."""
        return allowed(self.fieldwork.mode, "linking-by-key-file")


@dataclass(frozen=True, slots=True)
class Issued:
    """What was made: tokens, files, and what there is to tell."""

    tokens: int
    files: tuple[Path, ...]
    serials: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Given:
    """A token in the making."""

    serial: str
    secret: str
    person: str = ""
    unit: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    def token(self) -> NewToken:
        return NewToken(digest("token", self.secret), self.serial, self.unit, self.person, self.attributes)


def check_study(fieldwork: Fieldwork, sample: Sample, *, tokens: bool) -> None:
    """Raise StudyError with everything that must be settled before anybody gets a link to a sample."""
    faults = []
    if not fieldwork.mode:
        faults.append("mode is not chosen, and letters promise one: anonymous, confidential or identified.")
    if not fieldwork.address:
        faults.append("address is not filled in; links need it, such as https://survey.example.org.")
    elif not fieldwork.address.startswith("https://") and not is_loopback(fieldwork.address):
        faults.append("address must begin with https://; over http anybody on the way could read links and answers.")
    if sample.simulated:
        faults.append(f"the sample '{sample.id}' is marked as simulated; nobody can be asked in earnest.")
    if tokens and sample.entry == "open":
        faults.append(f"the sample '{sample.id}' has entry: open, so tokens let nobody in; write entry: token or both.")
    if not tokens and sample.entry == "token":
        faults.append(f"the sample '{sample.id}' has entry: token, so an open link lets nobody in; write open or both.")
    if faults:
        raise StudyError([Fault(fault, _FILE) for fault in faults])


def chosen_wave(sample: Sample, name: str | None, today: dt.date) -> Wave:
    """The wave that is named, or the one that is open or opens next.

    Raises
    ------
    StudyError
        When there is none, or it is over.
    """
    known = [wave.id for wave in sample.waves]
    if name is not None and name not in known:
        hint = (
            did_you_mean(name, known) or f" There is: {', '.join(filter(None, known)) or 'only one, without a name'}."
        )
        raise StudyError(f"the sample '{sample.id}' has no wave '{shown(name)}'.{hint}")
    left = [wave for wave in sample.waves if wave.closes is None or wave.closes >= today]
    found = [wave for wave in left if wave.id == name] if name is not None else left[:1]
    if not found:
        raise StudyError(f"the wave is over: the sample '{sample.id}' takes no answers any more.")
    return found[0]


def usual_folder(fieldwork: Fieldwork) -> Path:
    """Where letters are put when nothing else is said: beside the study, so that no copy of it has the links."""
    folder = fieldwork.folder.resolve()
    return folder.with_name(f"{folder.name}-letters")


def check_folder(fieldwork: Fieldwork, out: Path) -> None:
    """Raise StudyError when letters of an anonymous study would lie in its folder."""
    if fieldwork.mode == "anonymous" and out.resolve().is_relative_to(fieldwork.folder.resolve()):
        raise StudyError(
            "in anonymous mode links must not lie in the folder of the study, where the answers are; give another "
            f"folder with --out, or leave it out for '{usual_folder(fieldwork)}'."
        )


def invite_people(
    desk: Desk, people: Sequence[Person], *, keys: Sequence[Path] = (), skip_invited: bool = False
) -> Issued:
    """Make a token and a letter for everybody.

    Parameters
    ----------
    desk : Desk
    people : sequence of Person
    keys : sequence of Path
        Earlier key files that lie elsewhere: who has a pseudonym keeps it over waves.
    skip_invited : bool
        Whether those who have a token of this wave are passed over, instead of refused.

    Raises
    ------
    DataError, StudyError, OutputError
        Before anything is written.
    """
    check_letters(desk.fieldwork, desk.wave, (person.lang for person in people), "invitation")
    people, notes = _without_invited(desk, people, skip_invited)
    if not people:
        return Issued(0, (), (), (*notes, "Everybody of the list has a token of this wave already."))
    pseudonyms = _pseudonyms(desk, people, keys)
    given = [
        _Given(serial, new_secret(), pseudonym, person.unit, person.attributes)
        for person, pseudonym, serial in zip(people, pseudonyms, _serials(desk, len(people)), strict=True)
    ]
    first, last = _range(given)
    entries = [_entry(desk, person, one) for person, one in zip(people, given, strict=True)]
    files = {desk.out / f"{file_name(desk.sample.id, desk.wave.id, 'invitation', first, last)}.csv": send_list(entries)}
    if desk.named:
        lines = [_known(desk, person, one) for person, one in zip(people, given, strict=True)]
        files[_key_path(desk, first, last)] = key_file(lines)
    marks = [person_digest(desk.key, mark) for person in people for mark in marks_of(person)]
    return _issue(desk, given, files, marks, [*notes, *_small_groups(desk, Counter(person.unit for person in people))])


def make_slips(desk: Desk, counts: Mapping[str, int], lang: str, *, pdf: bool) -> Issued:
    """Make tokens without persons, on sheets of slips: a file for every unit.

    In a mode with pseudonyms the key file has a line for every slip, for whoever hands them out to fill in.
    """
    check_letters(desk.fieldwork, desk.wave, [lang], "invitation")
    serials = iter(sorted(_serials(desk, sum(counts.values())), key=int))
    given, files, taken = list[_Given](), dict[Path, bytes](), set[str]()
    for unit, count in counts.items():
        made = [
            _Given(next(serials), new_secret(), _pseudonym(taken) if desk.named else "", unit) for _ in range(count)
        ]
        slips = [Slip(one.serial, one.secret, token_link(_address(desk), desk.sample.id, one.secret)) for one in made]
        name = file_name(desk.sample.id, desk.wave.id, "slips", unit, made[0].serial, lang)
        sheet = slip_sheet(desk.fieldwork, desk.sample, desk.wave, unit, slips, lang, pdf=pdf)
        files |= {desk.out / f"{name}.{ending}": content for ending, content in sheet.items()}
        given += made
    if desk.named:
        first, last = _range(given)
        lines = [Known(desk.sample.id, desk.wave.id, one.person, one.serial, unit=one.unit) for one in given]
        files[_key_path(desk, first, last)] = key_file(lines)
    return _issue(desk, given, files, [], _small_groups(desk, counts))


def replace_token(
    desk: Desk, which: str, *, named_wave: str | None = None, lang: str, keys: Sequence[Path] = ()
) -> tuple[Issued, Reissued]:
    """Make a token in the place of one that is known by its serial or, with a key file, by its pseudonym.

    The old one lets nobody in any more, from the moment the new one does; a questionnaire that was begun is kept.

    Raises
    ------
    StudyError
        When there is no such token, or it was answered with, or replaced before.
    """
    which = digits(which).upper()
    serial = which if which.isdecimal() else ""
    person = "" if serial else which
    if person and not desk.named:
        raise StudyError("in anonymous mode no token has a person; give the serial that stands on the letter or slip.")
    wave, unit = _place(desk, serial, person, named_wave)
    desk = replace(desk, wave=wave)
    lines = [one for one in _known_lines(desk, keys) if one.sample == desk.sample.id] if desk.named else []
    who = next((one for one in lines if (serial and one.serial == serial) or (person and one.person == person)), None)
    lang = who.lang if who is not None and who.lang else lang
    check_letters(desk.fieldwork, desk.wave, [lang], "invitation")
    given = _Given(_serials(desk, 1)[0], new_secret())
    about = Person(0, who.id, who.name, who.email, who.phone, unit, lang) if who else Person(0, unit=unit, lang=lang)
    name = file_name(desk.sample.id, desk.wave.id, "again", given.serial)
    entry = _entry(desk, about, given, f"again-{given.serial}")
    pending = Pending()
    pending.add(desk.out / f"{name}.csv", send_list([entry]))
    if who is not None:
        pending.add(_key_path(desk, given.serial), key_file([_known(desk, about, given, who.person)]))
    slip = Slip(given.serial, given.secret, entry.link)
    sheet = slip_sheet(desk.fieldwork, desk.sample, desk.wave, unit, [slip], lang, pdf=False)
    pending.add(desk.out / f"{name}.html", sheet["html"])
    token = given.token()
    try:
        done = desk.store.do_now(
            lambda work: reissue(
                work,
                desk.sample.id,
                digest=token.digest,
                new_serial=token.serial,
                serial=serial,
                person=person,
                wave=desk.wave.id,
            )
        )
    except Refused as error:
        pending.drop()
        raise _told(error) from None
    return Issued(1, tuple(pending.place()), (given.serial,)), done


def _small_groups(desk: Desk, counts: Mapping[str, int]) -> list[str]:
    """What to say, in anonymous mode, of units in which so few get a token that answers tell whose they are."""
    few = sorted(unit for unit, n in counts.items() if n < desk.fieldwork.k)
    if desk.named or not few:
        return []
    some = ", ".join(shown(unit) or "no unit" for unit in few[:10]) + (" ..." if len(few) > 10 else "")
    return [
        f"Fewer than {desk.fieldwork.k} people of a unit got a token now ({some}). An answer that carries the unit of "
        "so few tells almost whose it is, whatever is published: give them the unit above, or invite them with others."
    ]


def _issue(
    desk: Desk, given: Sequence[_Given], files: Mapping[Path, bytes], people: Sequence[str], notes: Sequence[str]
) -> Issued:
    pending = Pending()
    for path, content in files.items():
        pending.add(path, content)
    tokens = [one.token() for one in given]
    try:
        desk.store.do_now(lambda work: add_tokens(work, desk.sample.id, desk.wave.id, tokens, people))
    except Exception as error:
        _clear_up(desk, pending, error, tokens[0].digest)
    serials = tuple(sorted((one.serial for one in given), key=int))
    return Issued(len(given), tuple(pending.place()), serials, tuple(notes))


def _clear_up(desk: Desk, pending: Pending, error: Exception, token: str) -> None:
    """After a failure: files stay when their tokens are in the database after all, or when that cannot be told."""
    if isinstance(error, Refused):
        pending.drop()
        raise _told(error) from None
    try:
        there = desk.store.read(lambda connection: find_token(connection, token)) is not None
    except Exception:
        raise error from None
    if not there:
        pending.drop()
        raise error


def _told(error: Refused) -> StudyError:
    """A refusal of the database as a sentence."""
    return StudyError(_REFUSALS.get(error.code, f"the database refused this ({error.code})."))


def _place(desk: Desk, serial: str, person: str, named: str | None) -> tuple[Wave, str]:
    """Wave and unit of the token that is to be replaced."""
    found = desk.store.read(lambda connection: places_of(connection, desk.sample.id, serial, person))
    found = [(wave, unit) for wave, unit in found if named is None or wave == named]
    if len({wave for wave, _ in found}) > 1:
        raise StudyError(_REFUSALS["several"])
    waves = {wave.id: wave for wave in desk.sample.waves}
    if not found or found[0][0] not in waves:
        raise StudyError(_REFUSALS["unknown"])
    return waves[found[0][0]], found[0][1]


def _without_invited(desk: Desk, people: Sequence[Person], skip: bool) -> tuple[list[Person], list[str]]:
    """Those who have no token of this wave; the others are faults, or are passed over."""
    marks = {person.line: [person_digest(desk.key, mark) for mark in marks_of(person)] for person in people}
    every = [mark for some in marks.values() for mark in some]
    before = desk.store.read(lambda connection: invited_before(connection, desk.sample.id, desk.wave.id, every))
    twice = [person for person in people if before.intersection(marks[person.line])]
    if twice and not skip:
        raise DataError(_doubled(twice))
    left = [person for person in people if person not in twice]
    return left, [f"{len(twice)} people who have a token of this wave were passed over."] if twice else []


def _doubled(twice: Sequence[Person]) -> list[Fault]:
    """That these people have a token: a fault each, or, of a whole list, one."""
    names = [f"'{shown(person.name or person.email or person.id)}'" for person in twice]
    advice = "or pass over everybody who has one with --skip-invited. A lost link is replaced with --reissue."
    if len(twice) <= _NAMED:
        return [
            Fault(f"{name} has a token of this wave already; take the row out, {advice}", line=person.line)
            for name, person in zip(names, twice, strict=True)
        ]
    some = ", ".join(f"{name} (line {person.line})" for name, person in zip(names[:_NAMED], twice, strict=False))
    rest = f"{len(twice) - _NAMED} more people" if len(twice) > _NAMED + 1 else "one more"
    return [Fault(f"{some} and {rest} have a token of this wave already; take the rows out, {advice}")]


def _serials(desk: Desk, n: int) -> list[str]:
    """Serials that nobody else is given, in random order, so that they do not tell places in a list."""
    first = desk.store.do_now(lambda work: reserve_serials(work, desk.sample.id, n))
    numbers = [str(number) for number in range(first, first + n)]
    random.SystemRandom().shuffle(numbers)
    return numbers


def _pseudonyms(desk: Desk, people: Sequence[Person], keys: Sequence[Path]) -> list[str]:
    """A pseudonym for everybody; who has one in a key file keeps it. None in anonymous mode."""
    if not desk.named:
        return [""] * len(people)
    known: dict[str, str] = {}
    for line in _known_lines(desk, keys):
        if line.sample == desk.sample.id:
            known |= dict.fromkeys(line.marks, line.person)
    taken = set(known.values())
    kept = [next((known[mark] for mark in marks_of(person) if mark in known), "") for person in people]
    return [pseudonym or _pseudonym(taken) for pseudonym in kept]


def _known_lines(desk: Desk, keys: Sequence[Path]) -> list[Known]:
    """The lines of the key files that are at hand."""
    own = sorted((desk.fieldwork.place / "keys").glob("*.csv"))
    return read_keys([*own, *keys])


def _pseudonym(taken: set[str]) -> str:
    """A new pseudonym: 50 random bits that mean nothing, with a letter before them so that none is a serial."""
    while True:
        made = "P" + "".join(secrets.choice(SIGNS) for _ in range(_PSEUDONYM))
        if made not in taken:
            taken.add(made)
            return made


def _entry(desk: Desk, person: Person, one: _Given, name: str = "invitation") -> Entry:
    link = token_link(_address(desk), desk.sample.id, one.secret)
    written = letter(desk.fieldwork, desk.wave, person.lang, "invitation", link)
    return Entry(
        desk.sample.id, desk.wave.id, name, one.serial, person.id, person.name, person.email, person.phone, person.unit,
        person.lang, code_of(one.secret), link, written.subject, written.text,
    )  # fmt: skip


def _known(desk: Desk, person: Person, one: _Given, pseudonym: str = "") -> Known:
    return Known(
        desk.sample.id, desk.wave.id, pseudonym or one.person, one.serial, person.id, person.name, person.email,
        person.phone, person.unit, person.lang,
    )  # fmt: skip


def _key_path(desk: Desk, *serials: str) -> Path:
    return desk.fieldwork.place / "keys" / f"{file_name(desk.sample.id, desk.wave.id, *serials)}.csv"


def _range(given: Sequence[_Given]) -> tuple[str, str]:
    numbers = [int(one.serial) for one in given]
    return str(min(numbers)), str(max(numbers))


def _address(desk: Desk) -> str:
    return desk.fieldwork.address.rstrip("/")
