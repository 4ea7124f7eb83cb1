"""What may not change once respondents were promised it: written down when a study opens, compared ever after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date

from crmstudy.administration.declaring.keys import FILE
from crmstudy.administration.fieldwork import NOTICE, Fieldwork
from crmstudy.errors import Fault
from crmstudy.instrument.model import Instrument, Item, Question, ResponseFormat, Texts

#: What of the notice is promised; whom one can ask may change.
PROMISED = tuple(key for key in NOTICE if key != "contact")
_FOREVER = "forever"
_LINKINGS = ("none", "self-made-code", "key-file")


def settled(fieldwork: Fieldwork) -> dict[str, str]:
    """What respondents are promised and asked, as short texts by name.

    Returns
    -------
    dict of str to str
        ``mode``, ``k``, ``withdrawal``, ``paradata.*``, ``retention.*``; ``consent.version`` and, by language, the
        sha256 of everything they agree to (``consent.en``); by sample its instruments with their versions
        (``sample.staff``) and its linking (``linking.staff``); by instrument, version and language the sha256 of keys
        and wording (``instrument.ecsi@1.0.en``).
    """
    found = {
        "mode": fieldwork.mode,
        "k": str(fieldwork.k),
        "withdrawal": fieldwork.withdrawal,
        "paradata.times": fieldwork.paradata.times,
        "paradata.order": str(fieldwork.paradata.order).lower(),
        "paradata.device": str(fieldwork.paradata.device).lower(),
        "retention.answers": _until(fieldwork.retention.answers),
        "retention.key": _until(fieldwork.retention.key),
        "retention.drafts_days": str(fieldwork.retention.drafts_days),
        "consent.version": str(fieldwork.consent.version),
    }
    found |= {f"consent.{tag}": consent_digest(fieldwork, tag) for tag in fieldwork.languages}
    for sample in fieldwork.samples.values():
        found[f"sample.{sample.id}"] = " ".join(f"{one.id}@{one.version}" for one in sample.instruments)
        found[f"linking.{sample.id}"] = sample.linking
    for instrument in fieldwork.instruments():
        for tag in fieldwork.languages:
            if tag in instrument.languages:
                name = f"instrument.{instrument.id}@{instrument.version}.{tag}"
                found[name] = wording_digest(instrument, tag)
    return found


def consent_digest(fieldwork: Fieldwork, lang: str) -> str:
    """The sha256 of what is agreed to in a language: the study's text, its statements, and what the notice promises."""
    consent = fieldwork.consent
    return _sha256([
        consent.text.get(lang, ""),
        [statement.get(lang, "") for statement in consent.statements],
        [[key, fieldwork.notice.get(key, {}).get(lang, "")] for key in PROMISED],
    ])  # fmt: skip


def wording_digest(instrument: Instrument, lang: str) -> str:
    """The sha256 of an instrument as it is asked in a language: its fingerprint and every text a respondent reads."""

    def said(texts: Texts) -> str:
        return instrument.text(texts, lang)

    entries = [_asked(entry, instrument, lang) for entry in instrument.entries]
    sections = [[said(one.title), said(one.text), list(one.entries)] for one in instrument.sections]
    return _sha256([instrument.fingerprint, said(instrument.instructions), entries, sections])


def _asked(entry: Item | Question, instrument: Instrument, lang: str) -> list[object]:
    """What is read of a question, without what stays the same however a later version of the software shows it."""
    asked: list[object] = [entry.id, entry.type, instrument.text(entry.wording, lang), entry.required]
    if entry.response is not None:
        asked.append(_answers(entry.response, instrument, lang))
    if isinstance(entry, Question):
        asked.append([None if bound is None else float(bound) for bound in (entry.low, entry.high)])
    return asked


def _answers(response: ResponseFormat, instrument: Instrument, lang: str) -> list[object]:
    labels = {**response.labels, **response.missing_labels}
    told = sorted((value, instrument.text(texts, lang)) for value, texts in labels.items())
    return [response.low, response.high, sorted(response.missing_codes), told]


def changes(before: Mapping[str, str], fieldwork: Fieldwork, *, answered: bool = True) -> tuple[Fault, ...]:
    """What was promised and is not kept any more.

    Parameters
    ----------
    before : mapping of str to str
        What :func:`settled` gave when the study opened.
    fieldwork : Fieldwork
        The study as it stands now.
    answered : bool
        Whether somebody has agreed or answered since; k may be lowered, and questions may change, until then.

    Returns
    -------
    tuple of Fault
        Each says what changed and what to do; empty where every promise is kept.
    """
    now = settled(fieldwork)
    found = [*_mode(before, now), *_retention(before, now), *_agreed(before, now)]
    if answered:
        found += [*_smallest(before, now), *_questionnaires(before, now), *_wordings(before, now)]
    file = str(fieldwork.folder / FILE)
    return tuple(Fault(message, file) for message in found)


def _mode(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    if before.get("mode") and now["mode"] != before["mode"]:
        yield (f"mode was {before['mode']} when the study opened and is {now['mode'] or 'empty'} now; it never "
               f"changes. Write mode: {before['mode']}, or begin another study in another folder.")  # fmt: skip


def _smallest(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    if int(now["k"]) < int(before.get("k", "0")):
        yield (f"k was {before['k']} when people answered and is {now['k']} now; figures of smaller groups than "
               f"promised cannot be shown. Write k: {before['k']} or more.")  # fmt: skip


def _retention(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in ("answers", "key"):
        then, later = before.get(f"retention.{name}", _FOREVER), now[f"retention.{name}"]
        if then != _FOREVER and (later == _FOREVER or later > then):
            told = "has no end" if later == _FOREVER else f"ends on {later}"
            yield (f"retention.{name} was promised until {then} and {told} now; it can be shortened, never lengthened. "
                   f"Write {name}: {then} or an earlier day.")  # fmt: skip
    days = before.get("retention.drafts_days", "365")
    if int(now["retention.drafts_days"]) > int(days):
        yield (f"retention.drafts_days was {days} and is {now['retention.drafts_days']} now; it can be shortened, "
               f"never lengthened. Write drafts_days: {days} or fewer.")  # fmt: skip


def _agreed(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """Changes of what is agreed to, which need another version of the consent; fewer rights are never allowed."""
    then, version = int(before.get("consent.version", "0")), int(now["consent.version"])
    if version < then:
        yield f"consent.version was {then} and is {version} now; versions are counted up. Write version: {then}."
    if before.get("withdrawal") == "retention" and now["withdrawal"] == "closing":
        yield ("withdrawal was promised until the answers are deleted, and ends when the wave is closed now; write "
               "withdrawal: retention.")  # fmt: skip
    if version > then:
        return
    texts = [name for name in before if name.startswith("consent.") and name != "consent.version"]
    changed = [name for name in texts if now.get(name, before[name]) != before[name]]
    if changed:
        told = ", ".join(name.removeprefix("consent.") for name in sorted(changed))
        yield (f"what respondents agree to ({', '.join(('text', 'statements', *PROMISED))}) changed in {told}, and "
               f"consent.version still is {then}; write version: {then + 1}.")  # fmt: skip
    widened = [*_widened(before, now)]
    if widened:
        yield (f"more is kept of respondents than they were told ({', '.join(widened)}), and consent.version still is "
               f"{then}; tell them, and write version: {then + 1}.")  # fmt: skip


def _widened(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name, less, more in (("times", "coarse", "fine"), ("order", "false", "true"), ("device", "false", "true")):
        if before.get(f"paradata.{name}") == less and now[f"paradata.{name}"] == more:
            yield f"paradata.{name}"
    for name, linking in before.items():
        if name.startswith("linking.") and _rank(now.get(name, linking)) > _rank(linking):
            yield f"samples.{name.removeprefix('linking.')}.linking"


def _rank(linking: str) -> int:
    return _LINKINGS.index(linking) if linking in _LINKINGS else 0


def _questionnaires(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name, instruments in before.items():
        if name.startswith("sample.") and now.get(name, instruments) != instruments:
            sample = name.removeprefix("sample.")
            yield (f"the sample '{sample}' was asked {instruments} and would be asked {now[name]} now; its answers so "
                   "far would not fit. Ask the new questionnaire in a sample of its own.")  # fmt: skip


def _wordings(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """Instruments whose texts or keys changed under the same version."""
    changed: dict[str, list[str]] = {}
    for name, digest in before.items():
        if name.startswith("instrument.") and now.get(name, digest) != digest:
            instrument, _, lang = name.removeprefix("instrument.").rpartition(".")
            changed.setdefault(instrument, []).append(lang)
    for instrument, languages in changed.items():
        told = ", ".join(sorted(languages))
        yield (f"the instrument {instrument} reads otherwise in {told} than when people answered it; put the texts "
               "back, or make a new version of it and ask that in a sample of its own.")  # fmt: skip


def _until(day: date | None) -> str:
    return _FOREVER if day is None else day.isoformat()


def _sha256(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
