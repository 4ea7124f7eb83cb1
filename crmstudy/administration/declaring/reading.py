"""``administration.yaml`` and what it needs of ``study.yaml``, read into a :class:`Fieldwork`; all faults at once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from crmstudy.administration.declaring import keys, parts
from crmstudy.administration.declaring.asking import read_sample
from crmstudy.administration.declaring.modes import MODES, allowed, impossible
from crmstudy.administration.declaring.questionnaire import check_languages, check_versions, offered
from crmstudy.administration.declaring.studying import STUDY, Declaration, Study, read_study
from crmstudy.administration.declaring.units import read_units
from crmstudy.administration.declaring.wordings import fill_slots
from crmstudy.administration.fieldwork import (
    NOTICE,
    Consent,
    Fieldwork,
    Invitation,
    Mail,
    Mode,
    Paradata,
    Retention,
    Sample,
)
from crmstudy.declared import Declared, read_declared
from crmstudy.errors import StudyError, did_you_mean
from crmstudy.instrument.model import Texts
from crmstudy.quoting import shown

PLACES = ("link", "title", "closes", "contact")
_MARK = re.compile(r"\{(\w*)\}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def read_fieldwork(folder: str | os.PathLike[str]) -> Fieldwork:
    """Read a study that is to be administered.

    Parameters
    ----------
    folder : path
        The folder with ``study.yaml`` and, where anything but the defaults is wanted, ``administration.yaml``; the
        path of one of the two files will do.

    Returns
    -------
    Fieldwork
        Sound in itself; what is still missing before respondents may come, :func:`.readiness.readiness` tells.

    Raises
    ------
    StudyError
        With every fault of both files, each with its line.
    InstrumentError
        Where only instruments have faults.
    """
    place = Path(folder)
    if place.name in (STUDY, keys.FILE) and not place.is_dir():
        place = place.parent
    doc, study = _document(place), _study(place)
    fieldwork = _built(doc, study, place)
    if not doc.faults and not study.faults:
        return fieldwork
    errors = study.errors | ({StudyError} if doc.faults else set())
    kind = errors.pop() if len(errors) == 1 else StudyError
    raise kind(dict.fromkeys([*study.faults, *sorted(doc.faults, key=lambda fault: fault.line or 0)]))


def _study(folder: Path) -> Study:
    """What is read of study.yaml; nothing but faults, where it cannot be read at all."""
    try:
        return read_study(folder)
    except StudyError as error:
        return Study(folder / STUDY, faults=list(error.faults), errors={StudyError})


def _document(folder: Path) -> Declared:
    """The file as it stands; an empty one where there is none, or, with its faults, none that can be read."""
    path = folder / keys.FILE
    empty = Declared(path, {keys.names(keys.TOP)[0]: keys.FORMAT}, {(): 1}, StudyError)
    if not os.path.lexists(path):
        return empty
    try:
        doc = read_declared(path, StudyError)
    except StudyError as error:
        empty.faults += error.faults
        return empty
    if not parts.section(doc, (), keys.TOP):
        empty.faults += doc.faults
        return empty
    found = doc.data.get("crmstudy_administration", keys.FORMAT)
    if found != keys.FORMAT or isinstance(found, bool):
        message = f"crmstudy_administration must be {keys.FORMAT}, the format this version reads; found {shown(found)}."
        doc.refuse(message, ("crmstudy_administration",))
    return doc


def _built(doc: Declared, study: Study, folder: Path) -> Fieldwork:
    asked = fill_slots(doc, _asked(doc, study))
    check_versions(study, asked)
    languages = _languages(doc, study, asked)
    mode = cast(Mode | Literal[""], parts.choice(doc, ("mode",), MODES, ""))
    levels, units = read_units(doc, folder, languages)
    samples = {one.id: read_sample(doc, ("samples", one.id), one, languages, units, mode) for one in asked.values()}
    fieldwork = Fieldwork(
        folder=folder,
        title=_title(doc, study, languages),
        languages=languages,
        samples=samples,
        mode=mode,
        k=parts.whole(doc, ("k",), 1, 1000, 0),
        notice=_notice(doc, languages),
        consent=_consent(doc, languages),
        retention=_retention(doc, samples),
        invitation=_invitation(doc, languages, mode),
        levels=levels,
        units=units,
        address=_address(doc),
        withdrawal="retention" if _one_of(doc, "withdrawal", ("closing", "retention")) == "retention" else "closing",
        paradata=_paradata(doc, mode),
        mail=_mail(doc, folder),
    )
    for clash in impossible(fieldwork):
        doc.refuse(clash.message, clash.where)
    return fieldwork


def _asked(doc: Declared, study: Study) -> dict[str, Declaration]:
    """The samples that are asked: those that the file names, or all that have instruments."""
    if not parts.given(doc, ("samples",)):
        asked = {id: one for id, one in study.samples.items() if one.instruments is None or one.instruments}
        if study.samples and not asked:
            study.refuse("no sample has instruments, so there is nothing to ask; name some under instruments.")
        return asked
    asked = {}
    for id, where in parts.mapping(doc, ("samples",), "a mapping of samples by name"):
        if id not in study.samples:
            if study.samples:
                hint = did_you_mean(id, study.samples) or f" It has: {', '.join(map(shown, study.samples))}."
                doc.refuse(f"study.yaml has no sample '{shown(id)}'.{hint}", where)
        elif study.samples[id].instruments == ():
            message = (
                f"the sample '{id}' has no instruments in study.yaml, so there is nothing to ask; name some there."
            )
            doc.refuse(message, where)
        else:
            asked[id] = study.samples[id]
    if doc.get(("samples",)) == {}:
        doc.refuse("samples names no sample; name one, or take the key off to ask all of study.yaml.", ("samples",))
    return asked


def _languages(doc: Declared, study: Study, asked: Mapping[str, Declaration]) -> tuple[str, ...]:
    """The languages that are offered, each with every text of every instrument."""
    if not parts.given(doc, ("languages",)):
        return offered(study, asked)
    found: list[str] = []
    for tag, where in parts.words(doc, ("languages",), "languages"):
        if not parts.worded(tag):
            parts.known(doc, tag, where, parts.WORDED, "language of the pages")
        elif parts.worded(tag) in (parts.worded(other) for other in found):
            doc.refuse(
                f"languages offers '{parts.worded(tag)}' in two forms; keep one, as pages name them alike.", where
            )
        else:
            found.append(tag)
    if doc.get(("languages",)) == []:
        doc.refuse("languages is empty; name at least one, such as [en].", ("languages",))
    check_languages(doc, study, asked, found)
    return tuple(found)


def _title(doc: Declared, study: Study, languages: Sequence[str]) -> Texts:
    return study.title | parts.texts(doc, ("title",), languages)


def _one_of(doc: Declared, key: str, choices: Sequence[str]) -> str:
    return parts.choice(doc, (key,), choices, choices[0])


def _notice(doc: Declared, languages: Sequence[str]) -> dict[str, Texts]:
    if not parts.section(doc, ("notice",), "notice"):
        return {}
    found = {key: parts.texts(doc, ("notice", key), languages, lines=True) for key in NOTICE}
    return {key: texts for key, texts in found.items() if texts}


def _consent(doc: Declared, languages: Sequence[str]) -> Consent:
    if not parts.section(doc, ("consent",), "consent"):
        return Consent()
    version = parts.whole(doc, ("consent", "version"), 1, 10**6, 1)
    text = parts.texts(doc, ("consent", "text"), languages, lines=True)
    statements = []
    where = ("consent", "statements")
    if parts.given(doc, where) and doc.check_type(where, list, "a list of texts by language"):
        for index in range(len(doc.get(where))):
            statement = parts.texts(doc, (*where, index), languages)
            if not statement and not isinstance(doc.get((*where, index)), str):
                doc.refuse(
                    f"the statement {index + 1} of the consent is empty; fill it in or take it off.", (*where, index)
                )
            statements.append(statement)
    return Consent(version, text, tuple(statements))


def _retention(doc: Declared, samples: Mapping[str, Sample]) -> Retention:
    if not parts.section(doc, ("retention",), "retention"):
        return Retention()
    answers, key = (parts.day(doc, ("retention", name)) for name in ("answers", "key"))
    drafts = parts.whole(doc, ("retention", "drafts_days"), 1, 365, Retention().drafts_days)
    closes = [wave.closes for sample in samples.values() for wave in sample.waves if wave.closes]
    last = max(closes, default=None)
    for name, date in (("answers", answers), ("key", key)):
        if date and last and date <= last:
            message = f"retention.{name} is {date}, and the last wave closes on {last}; keep it until a later day."
            doc.refuse(message, ("retention", name))
    if answers and key and key > answers:
        message = f"retention.key is {key}, later than the answers ({answers}); a key without answers is of no use."
        doc.refuse(message, ("retention", "key"))
    return Retention(answers, key, drafts)


def _paradata(doc: Declared, mode: str) -> Paradata:
    parts.section(doc, ("paradata",), "paradata")
    usual = "fine" if allowed(mode, "page-times") else "coarse"
    times = parts.choice(doc, ("paradata", "times"), ("coarse", "fine"), usual)
    order = parts.flag(doc, ("paradata", "order"), allowed(mode, "order"))
    device = parts.flag(doc, ("paradata", "device"), True)
    return Paradata("fine" if times == "fine" else "coarse", order, device)


def _invitation(doc: Declared, languages: Sequence[str], mode: str) -> Invitation:
    reminders: Literal["everyone", "unfinished"] = "everyone"
    if allowed(mode, "reminders-to-unfinished"):
        reminders = "unfinished"
    if not parts.section(doc, ("invitation",), "invitation"):
        return Invitation(reminders=reminders)
    texts: dict[str, Texts] = {}
    for name in ("subject", "text", "reminder_subject", "reminder"):
        where = ("invitation", name)
        texts[name] = parts.texts(doc, where, languages, lines=name in ("text", "reminder"))
        for tag, text in texts[name].items():
            _check_places(doc, (*where, tag), text, needs_link=name in ("text", "reminder"))
    chosen = parts.choice(doc, ("invitation", "reminders"), ("everyone", "unfinished"), reminders)
    return Invitation(**texts, reminders="unfinished" if chosen == "unfinished" else "everyone")


def _check_places(doc: Declared, where: tuple[str, ...], text: str, *, needs_link: bool) -> None:
    found = _MARK.findall(text)
    for name in dict.fromkeys(found):
        if name not in PLACES:
            hint = did_you_mean(name, PLACES) or f" There are: {', '.join(f'{{{place}}}' for place in PLACES)}."
            doc.refuse(f"{'.'.join(where)} has the place {{{shown(name)}}}, which nothing fills in.{hint}", where)
    if needs_link and "link" not in found:
        doc.refuse(f"{'.'.join(where)} does not say {{link}}, where each link is put; add it.", where)
    if not needs_link and "link" in found:
        doc.refuse(f"{'.'.join(where)} is a subject, which has no {{link}}; put it into the letter.", where)


def _address(doc: Declared) -> str:
    """The address without a slash at its end: scheme, host and, where it is none of the usual, port."""
    value = parts.text(doc, ("address",))
    if not value:
        return ""
    try:
        split = urlsplit(value.rstrip("/"))
        host, port = split.hostname or "", split.port
    except ValueError:
        host, port, split = "", None, urlsplit("")
    bracketed = f"[{host}]" if ":" in host else host
    whole = split.scheme in ("https", "http") and _HOST.fullmatch(bracketed) and "@" not in split.netloc
    if not whole or split.path or split.query or split.fragment or port == 0:
        advice = "The pages need a host of their own, without a path; write other letters than a-z as xn--..."
        doc.refuse(
            f"address must be such as https://survey.example.org; found '{shown(value)}'. {advice}", ("address",)
        )
        return ""
    usual = {"https": 443, "http": 80}[split.scheme]
    return f"{split.scheme}://{bracketed}" + (f":{port}" if port and port != usual else "")


def _mail(doc: Declared, folder: Path) -> Mail | None:
    declared = doc.get(("mail",))
    if isinstance(declared, Mapping) and "password" in declared:
        message = "a password stands in no file; put it into the environment variable CRMSTUDY_SMTP_PASSWORD instead."
        doc.refuse(message, ("mail", "password"))
        declared = {name: value for name, value in declared.items() if name != "password"}
        doc.data["mail"] = declared
    if not parts.section(doc, ("mail",), "mail"):
        return None
    host, user = parts.text(doc, ("mail", "host")), parts.text(doc, ("mail", "user"))
    if host and not _HOST.fullmatch(host):
        doc.refuse(
            f"mail.host must be the name of a server such as mail.example.org; found '{shown(host)}'.", ("mail", "host")
        )
    security = parts.choice(doc, ("mail", "security"), tuple(_PORTS), "starttls")
    if security == "none" and host not in LOOPBACK:
        message = "mail.security is none, so that letters and links could be read on the way; write starttls or tls."
        doc.refuse(message, ("mail", "security"))
    for name in ("host", "sender"):
        if name in doc.get(("mail",)) and not parts.given(doc, ("mail", name)):
            doc.refuse(f"mail.{name} is empty; fill it in, or take mail off.", ("mail", name))
    stop = parts.text(doc, ("mail", "stop_list"))
    return Mail(
        host=host,
        port=parts.whole(doc, ("mail", "port"), 1, 65535, _PORTS[security]),
        security=cast(Literal["starttls", "tls", "none"], security),
        user=user,
        sender=parts.mail_address(doc, ("mail", "sender")),
        reply_to=parts.mail_address(doc, ("mail", "reply_to")),
        per_minute=parts.whole(doc, ("mail", "per_minute"), 1, 10000, 30),
        stop_list=folder / stop.replace("\\", "/") if stop else None,
    )
