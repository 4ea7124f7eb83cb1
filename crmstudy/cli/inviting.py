"""The command ``invite``: tokens, letters, slips, mail, reminders and links for a sample of a study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmstudy.cli.console import AsJson, emit, progress_bar, say, shown
from crmstudy.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmstudy.administration.fieldwork import Fieldwork, Sample, Wave
    from crmstudy.administration.inviting.issuing import Desk, Issued
    from crmstudy.administration.inviting.lists import Entry
    from crmstudy.administration.inviting.people import Person
    from crmstudy.administration.inviting.sending import Sent
    from crmstudy.administration.store.store import Store

Folder = Annotated[Path, typer.Argument(metavar="STUDY", help="The folder of the study.")]
SampleId = Annotated[str, typer.Argument(metavar="SAMPLE", help="Id of the sample, as in study.yaml.")]
File = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]",
        help="The list of people (a table with name, email, unit, lang ...), or a send list that is there already.",
    ),
]
WaveId = Annotated[str | None, typer.Option("--wave", help="Id of the wave; the one that is open, or opens next.")]
Lang = Annotated[
    str, typer.Option("--lang", help="Language where none is given, and of slips; posters may have several: fa,ru,en.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="Where files go; STUDY-letters by default.")]
Encoding = Annotated[str | None, typer.Option("--encoding", help="Of the list: utf-8, cp1251 or cp1256.")]
SkipInvited = Annotated[bool, typer.Option("--skip-invited", help="Pass over those who have a token of this wave.")]
Keys = Annotated[
    list[Path] | None,
    typer.Option("--key", metavar="FILE", help="Earlier key file that lies elsewhere (confidential, identified)."),
]
Slips = Annotated[
    list[str] | None,
    typer.Option("--slips", metavar="UNIT=N|FILE", help="Slips with codes for a unit, or for the units of a table."),
]
Pdf = Annotated[
    bool | None, typer.Option("--pdf/--no-pdf", help="Slips and posters as PDF too; by default if typst is installed.")
]
Reissue = Annotated[
    str | None,
    typer.Option("--reissue", metavar="SERIAL|PERSON", help="A new token in the place of a lost one."),
]
Remind = Annotated[bool, typer.Option("--remind", help="Write reminders for the send lists.")]
Send = Annotated[bool, typer.Option("--send", help="Send the letters by mail; goes on where it was stopped.")]
Again = Annotated[bool, typer.Option("--again", help="Also send letters of which it is not known whether they left.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would go to whom; nothing is made or sent.")]
Bounces = Annotated[
    Path | None, typer.Option("--bounces", metavar="FOLDER|MBOX", help="Read what mail servers sent back.")
]
Stop = Annotated[list[str] | None, typer.Option("--stop", metavar="ADDRESS", help="No more mail to this address.")]
Posters = Annotated[bool, typer.Option("--posters", help="Links and posters for the customers of each unit.")]
Kiosks = Annotated[bool, typer.Option("--kiosks", help="Links that set up devices in the units.")]
Units = Annotated[list[str] | None, typer.Option("--unit", help="Only for this unit (--posters, --kiosks).")]
Db = Annotated[
    str | None,
    typer.Option("--db", envvar="CRMSTUDY_DB", show_envvar=True, help="Address of a PostgreSQL database."),
]

_SHOWN_PEOPLE = 20


def invite(
    study: Folder,
    sample: SampleId,
    file: File = None,
    wave: WaveId = None,
    lang: Lang = "",
    out: Out = None,
    encoding: Encoding = None,
    skip_invited: SkipInvited = False,
    key: Keys = None,
    slips: Slips = None,
    pdf: Pdf = None,
    reissue: Reissue = None,
    remind: Remind = False,
    send: Send = False,
    again: Again = False,
    dry_run: DryRun = False,
    bounces: Bounces = None,
    stop: Stop = None,
    posters: Posters = False,
    kiosks: Kiosks = False,
    unit: Units = None,
    db: Db = None,
    as_json: AsJson = False,
) -> int:
    """Ask people to take part: single-use links and letters, slips with codes, mail, reminders, links of branches.

    Examples: crmstudy invite STUDY staff people.csv --dry-run; crmstudy invite STUDY staff --slips B01=40 --lang fa;
    crmstudy invite STUDY staff --remind --send; crmstudy invite STUDY customers --posters.
    """
    from crmstudy.administration.declaring.reading import read_fieldwork

    given = _Given(
        file, wave, lang, out, encoding, skip_invited, key or [], slips or [], pdf, reissue, remind, send, again,
        dry_run, bounces, stop or [], posters, kiosks, unit or [], db, as_json,
    )  # fmt: skip
    given.refuse_mixtures()
    return _Inviting(read_fieldwork(study), sample, given).run()


@dataclass(frozen=True, slots=True)
class _Given:
    """What stood on the command line."""

    file: Path | None
    wave: str | None
    lang: str
    out: Path | None
    encoding: str | None
    skip_invited: bool
    keys: list[Path]
    slips: list[str]
    pdf: bool | None
    reissue: str | None
    remind: bool
    send: bool
    again: bool
    dry_run: bool
    bounces: Path | None
    stop: list[str]
    posters: bool
    kiosks: bool
    units: list[str]
    db: str | None
    as_json: bool

    def refuse_mixtures(self) -> None:
        """Raise StudyError when nothing is to be done, or several things at once."""
        jobs = {
            "--slips": bool(self.slips), "--reissue": self.reissue is not None, "--remind": self.remind,
            "--bounces": self.bounces is not None, "--stop": bool(self.stop), "--posters": self.posters,
            "--kiosks": self.kiosks,
        }  # fmt: skip
        asked = [name for name, there in jobs.items() if there]
        faults = []
        if len(asked) > 1:
            faults.append(f"{' and '.join(asked)} are done one after the other; give one of them.")
        if self.file is not None and asked and asked != ["--remind"]:
            faults.append(f"{asked[0]} needs no list; take '{self.file}' out.")
        if self.file is None and not asked and not self.send:
            faults.append(
                "give the list of people after the sample, or one of --slips, --remind, --send, --reissue ..."
            )
        if self.again and not self.send:
            faults.append("--again belongs to --send.")
        if self.send and asked and asked != ["--remind"]:
            faults.append(f"{asked[0]} sends no letters; take --send out.")
        if self.dry_run and asked and asked != ["--remind"]:
            faults.append(f"{asked[0]} has no dry run.")
        if faults:
            raise StudyError(faults)


class _Inviting:
    """One run of the command."""

    def __init__(self, fieldwork: Fieldwork, sample: str, given: _Given) -> None:
        import datetime as dt

        from crmstudy.administration.inviting.issuing import check_folder, check_study, chosen_wave, usual_folder
        from crmstudy.errors import did_you_mean

        if sample not in fieldwork.samples:
            hint = did_you_mean(sample, fieldwork.samples) or f" There is: {', '.join(fieldwork.samples)}."
            raise StudyError(f"the study has no sample '{sample}'.{hint}")
        self.fieldwork, self.given = fieldwork, given
        self.sample: Sample = fieldwork.samples[sample]
        self.today = dt.datetime.now(dt.UTC).date()
        late = given.bounces is not None or bool(given.stop)  # reports come in when the survey is over, too
        if not late:
            check_study(fieldwork, self.sample, tokens=not (given.posters or given.kiosks))
        self.wave: Wave = self.sample.waves[-1] if late else chosen_wave(self.sample, given.wave, self.today)
        self.out = given.out or usual_folder(fieldwork)
        check_folder(fieldwork, self.out)
        self.langs = self._languages()
        self.answer: dict[str, Any] = {"status": 0, "sample": sample, "wave": self.wave.id}

    def run(self) -> int:
        """Do what was asked for, and tell it."""
        people = None if self._with_list() else self._people()
        if people is not None and self.given.dry_run:
            return self._told(self._preview(people))
        store = self._store()
        try:
            return self._told(self._done(store, people))
        finally:
            store.close()

    def _done(self, store: Store, people: Sequence[Person] | None) -> list[str]:
        from crmstudy.administration.inviting.issuing import Desk
        from crmstudy.administration.store.own_key import own_key

        desk = Desk(self.fieldwork, self.sample, self.wave, store, own_key(store, self.fieldwork.place), self.out)
        given = self.given
        if given.stop:
            return self._stopped(desk)
        if given.bounces is not None:
            return self._returned(desk, given.bounces)
        if given.posters or given.kiosks:
            return self._linked(desk)
        if given.slips:
            return self._slips(desk)
        if given.reissue is not None:
            return self._reissued(desk, given.reissue)
        if people is not None:
            return self._invited(desk, people)
        return self._lists(desk)

    def _languages(self) -> list[str]:
        from crmstudy.errors import did_you_mean

        offered = self.fieldwork.languages
        asked = [one.strip() for one in self.given.lang.split(",") if one.strip()] or [offered[0]]
        wrong = [one for one in asked if one not in offered]
        if wrong:
            raise StudyError(
                f"the study does not offer '{one}'; it offers {', '.join(offered)}.{did_you_mean(one, offered)}"
                for one in wrong
            )
        return list(dict.fromkeys(asked))

    def _with_list(self) -> bool:
        """Whether the job is about something else than a list of people."""
        from crmstudy.administration.inviting.lists import is_send_list

        given = self.given
        if given.file is None or given.remind:
            return True
        if not is_send_list(given.file):
            return False
        if not given.send and not given.dry_run:
            raise StudyError(f"'{given.file}' is a send list; send it with --send, or remind with --remind.")
        return True

    def _people(self) -> Sequence[Person]:
        from crmstudy.administration.inviting.people import read_people

        given = self.given
        found = read_people(
            given.file or Path(),
            self.fieldwork,
            self.sample,
            lang=self.langs[0],
            mail=given.send,
            encoding=given.encoding,
        )
        self.notes = list(found.notes)
        return found.people

    def _store(self) -> Store:
        try:
            from crmstudy.administration.store.store import Store
        except ModuleNotFoundError as missing:
            from crmstudy.errors import MissingExtraError

            raise MissingExtraError(str(missing.name), "server") from None
        return Store.open(self.fieldwork.place, db=self.given.db)

    def _preview(self, people: Sequence[Person]) -> list[str]:
        """What would be made of a list of people."""
        from crmstudy.administration.inviting.letters import check_letters, letter

        check_letters(self.fieldwork, self.wave, (person.lang for person in people), "invitation")
        lines = [f"{len(people)} people would get a token; nothing was made.", *self.notes]
        for person in people[:_SHOWN_PEOPLE]:
            to = person.email or person.phone or "no address"
            who = person.name or person.id or "-"
            lines.append(f"- line {person.line}: {who}, {to}, {person.unit or 'no unit'}, {person.lang}")
        if len(people) > _SHOWN_PEOPLE:
            lines.append(f"- ... and {len(people) - _SHOWN_PEOPLE} more.")
        place = f"{self.fieldwork.address}/s/{self.sample.id}?t=..."
        for lang in sorted({person.lang for person in people}):
            written = letter(self.fieldwork, self.wave, lang, "invitation", place)
            lines += ["", f"[{lang}] {written.subject}", "", *written.text.rstrip().split("\n")]
        self.answer |= {"dry_run": True, "people": len(people), "notes": self.notes}
        return lines

    def _invited(self, desk: Desk, people: Sequence[Person]) -> list[str]:
        from crmstudy.administration.inviting.issuing import invite_people
        from crmstudy.administration.inviting.lists import read_send_list
        from crmstudy.administration.inviting.sending import Post

        post = self._post() if self.given.send else None
        made = invite_people(desk, people, keys=self.given.keys, skip_invited=self.given.skip_invited)
        said = "1 person has a token." if made.tokens == 1 else f"{made.tokens} people have a token."
        lines = self._made(made, said, self.notes)
        if isinstance(post, Post) and made.tokens:
            lines += self._sent(desk, read_send_list(made.files[0]), post)
        elif made.tokens:
            lines.append(self._send_next())
        return lines

    def _slips(self, desk: Desk) -> list[str]:
        from crmstudy.administration.inviting.issuing import make_slips
        from crmstudy.administration.inviting.people import read_counts

        if len(self.langs) > 1:
            raise StudyError(
                "a slip is for one person, and so in one language; make the slips of each language by themselves: "
                f"--lang {self.langs[0]}."
            )
        counts = read_counts(self.given.slips, self.fieldwork, encoding=self.given.encoding)
        made = make_slips(desk, counts, self.langs[0], pdf=self._pdf())
        return self._made(made, f"{_n(made.tokens, 'slip')} for {_n(len(counts), 'unit')}.", [])

    def _reissued(self, desk: Desk, which: str) -> list[str]:
        from crmstudy.administration.inviting.issuing import replace_token

        made, done = replace_token(
            desk, which.strip(), named_wave=self.given.wave, lang=self.langs[0], keys=self.given.keys
        )
        moved = " A questionnaire that was begun can be finished with it." if done.draft_moved else ""
        self.answer |= {"old": done.old, "new": done.new, "draft_moved": done.draft_moved}
        said = f"No. {done.old} lets nobody in any more; no. {done.new} takes its place.{moved}"
        return self._made(made, said, [])

    def _lists(self, desk: Desk) -> list[str]:
        """Remind, send, or tell what would be sent."""
        from crmstudy.administration.inviting.lists import read_send_list
        from crmstudy.administration.inviting.reminding import lists_of, remind

        given = self.given
        entries = lists_of(desk, [given.file] if given.file is not None else [])
        if not given.remind:
            return self._would(desk, entries) if given.dry_run else self._sent(desk, entries, self._post())
        if given.dry_run:
            raise StudyError("a reminder is written first, and has its dry run when it is sent: --send --dry-run.")
        post = self._post() if given.send else None
        made = remind(desk, entries, self.today)
        lines = self._made(made, f"{_n(made.tokens, 'reminder')}.", [])
        if post is not None and made.files:
            lines += self._sent(desk, read_send_list(made.files[0]), post)
        elif made.tokens:
            lines.append(self._send_next())
        return lines

    def _send_next(self) -> str:
        """What comes after letters were written."""
        if self.fieldwork.mail is None:
            return "Next: send them with a mail merge of your own, or fill in mail: in administration.yaml."
        return f"Next: crmstudy invite {shown(self.fieldwork.folder)} {self.sample.id} --send --dry-run"

    def _would(self, desk: Desk, entries: Sequence[Entry]) -> list[str]:
        """What sending a list would do."""
        from crmstudy.administration.inviting.sending import read_stop_list, why_not

        mail = self.fieldwork.mail
        kept = why_not(entries, desk.store, desk.key, read_stop_list(mail.stop_list if mail else None))
        going = list(kept.values()).count("")
        lines = [
            f"- {entry.email or 'no address'}: {kept[entry.serial] or f'would be sent: {entry.subject}'}"
            for entry in entries
        ]
        specimens = {entry.lang: entry for entry in entries}
        self.answer |= {"dry_run": True, "would_send": going, "letters": len(entries)}
        told = [f"{going} of {len(entries)} letters would be sent; nothing was.", *lines]
        for lang, entry in sorted(specimens.items()):
            text = entry.text.replace(entry.link, f"{entry.link.partition('?')[0]}?t=...")
            told += ["", f"[{lang}] {entry.subject}", "", *text.rstrip().split("\n")]
        return told

    def _sent(self, desk: Desk, entries: Sequence[Entry], post: Any) -> list[str]:
        from crmstudy.administration.inviting.sending import read_stop_list, send_letters

        stops = read_stop_list(post.mail.stop_list)
        with progress_bar(quiet=self.given.as_json) as tell:
            outcome = send_letters(entries, post, desk.store, desk.key, again=self.given.again, stops=stops, tell=tell)
        self.answer["mail"] = _counted(outcome)
        if outcome.trouble or outcome.later or outcome.uncertain:
            self.answer["status"] = 1
        return _sent_lines(outcome)

    def _returned(self, desk: Desk, path: Path) -> list[str]:
        from crmstudy.administration.inviting.bounces import read_returned
        from crmstudy.administration.inviting.message import sender_of
        from crmstudy.administration.inviting.reminding import take_bounces

        mail = self.fieldwork.mail
        counts, files = take_bounces(desk, read_returned(path), sender_of(mail).domain if mail else "")
        self.answer |= {"bounces": counts, "files": [str(file) for file in files]}
        return [
            f"{counts['noted']} addresses cannot be reached, and get no more letters ({counts['confirmed']} confirmed "
            "by the id of a letter).",
            f"{counts['delays']} reports of delays, {counts['foreign']} addresses that no letter went to, "
            f"{counts['others']} messages that are no reports, {counts['unreadable']} that cannot be read.",
            *(f"- {shown(file)}" for file in files),
        ]

    def _stopped(self, desk: Desk) -> list[str]:
        from crmstudy.administration.inviting.addresses import address_digest, read_address
        from crmstudy.administration.store.invitations import add_stops

        read = {text: read_address(text) for text in self.given.stop}
        wrong = [text for text, address in read.items() if address is None]
        if wrong:
            raise StudyError(f"'{text[:60]}' is no address; nothing was noted." for text in wrong)
        marks = [address_digest(desk.key, address) for address in read.values() if address]
        new = desk.store.do_now(lambda work: add_stops(work, marks, "asked"))
        self.answer["stopped"] = new
        return [f"{new} addresses are new on the stop list; no letter of this study goes to them any more."]

    def _linked(self, desk: Desk) -> list[str]:
        from crmstudy.administration.inviting.linking import link_units

        files, n = link_units(desk, self.given.units, self.langs, kiosk=self.given.kiosks, pdf=self._pdf())
        self.answer |= {"links": n, "files": [str(file) for file in files]}
        return [f"{_n(n, 'link')}.", *(f"- {shown(file)}" for file in files)]

    def _post(self) -> Any:
        import os

        from crmstudy.administration.inviting.sending import PASSWORD, Post

        return Post.of(self.fieldwork.mail, os.environ.get(PASSWORD, ""))

    def _pdf(self) -> bool:
        from crmstudy.administration.inviting.slips import has_typst

        return has_typst() if self.given.pdf is None else self.given.pdf

    def _made(self, made: Issued, said: str, notes: Sequence[str]) -> list[str]:
        """Tell what was made, and what to do with it."""
        self.answer |= {
            "tokens": made.tokens, "files": [str(file) for file in made.files], "notes": [*notes, *made.notes],
        }  # fmt: skip
        lines = [said, *notes, *made.notes, *(f"- {shown(file)}" for file in made.files)]
        place = self.fieldwork.place / "keys"
        if any(file.parent == place for file in made.files):
            lines.append(
                f"Move what lies in {shown(place)} to whoever keeps the key, apart from the answers; give it back with "
                "--key when it is needed."
            )
        if any(file.suffix in (".csv", ".html", ".pdf") and file.parent == self.out for file in made.files):
            lines.append("Whoever has these links can answer with them: delete the files when the last letter is out.")
        return lines

    def _told(self, lines: Sequence[str]) -> int:
        if self.given.as_json:
            emit(self.answer)
        else:
            for line in lines:
                say(line)
        return int(self.answer["status"])


def _n(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _counted(outcome: Sent) -> dict[str, Any]:
    kinds = ("sent", "before", "uncertain", "later", "refused", "unreachable", "stopped", "no_address")
    return {kind: len(getattr(outcome, kind)) for kind in kinds} | {
        "reasons": outcome.reasons, "trouble": outcome.trouble,
    }  # fmt: skip


def _sent_lines(outcome: Sent) -> list[str]:
    said = {
        "before": "were sent before", "stopped": "are on the stop list", "unreachable": "cannot be reached",
        "no_address": "have no address", "refused": "were refused for good",
        "later": "are wanted later by the mail server; run --send again",
        "uncertain": "may or may not have left; look at the mail server's log, then --send --again",
    }  # fmt: skip
    lines = [f"{len(outcome.sent)} letters were sent."]
    lines += [f"{len(getattr(outcome, kind))} {what}." for kind, what in said.items() if getattr(outcome, kind)]
    lines += [f"- no. {serial}: {reason}" for serial, reason in list(outcome.reasons.items())[:_SHOWN_PEOPLE]]
    return [*lines, outcome.trouble] if outcome.trouble else lines
