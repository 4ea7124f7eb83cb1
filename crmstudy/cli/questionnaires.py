"""Commands about instruments: ``instruments list``, ``show``, ``lint`` and ``panel``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmstudy.cli.console import AsJson, emit, say, shown, table
from crmstudy.errors import UnsupportedError, did_you_mean

if TYPE_CHECKING:
    from crmstudy.instrument import Instrument

Name = Annotated[str, typer.Argument(metavar="ID", help="Id of an instrument, or the path of its YAML file.")]
Language = Annotated[str, typer.Option("--lang", help="Language of names and wording: en, fa, ru ...")]
_SEARCH = (Path("instruments"),)


def list_all(
    construct: Annotated[
        str | None, typer.Option("--construct", help="Only those that measure it: a glossary key.")
    ] = None,
    language: Annotated[str | None, typer.Option("--language", help="Only those with texts in it.")] = None,
    respondent: Annotated[str | None, typer.Option("--respondent", help="Only those for: staff, customer ...")] = None,
    rights: Annotated[str | None, typer.Option("--rights", help="Only those with this status of rights.")] = None,
    lang: Language = "en",
    as_json: AsJson = False,
) -> int:
    """List the instruments: those in ./instruments first, then those that ship."""
    from crmstudy.instrument import list_instruments
    from crmstudy.instrument.choosing import choose

    found = choose(
        list_instruments(search=_SEARCH), construct=construct, language=language, respondent=respondent, rights=rights
    )
    if as_json:
        emit({"status": 0, "instruments": [_summary(instrument) for instrument in found]})
        return 0
    rows = [
        (one.id, one.version, len(one.asked), len(one.scores), one.respondent, one.wording, one.rights.status,
         ", ".join(one.languages), _said(one.name, lang))
        for one in found
    ]  # fmt: skip
    columns = ("id", "version", "items", "scales", "respondent", "wording", "rights", "languages", "name")
    table(columns, rows, right=["items", "scales"])
    return 0


def show(instrument: Name, lang: Language = "en", as_json: AsJson = False) -> int:
    """Show an instrument: scales, items, keys, response range, rights, what is not verified."""
    one = _load(instrument)
    if lang not in one.languages:
        hint = did_you_mean(lang, one.languages) or f" It has: {', '.join(one.languages)}."
        raise UnsupportedError(f"the instrument '{one.id}' has no texts in '{lang}'.{hint}")
    if as_json:
        emit({"status": 0, **_summary(one), **_details(one, lang)})
        return 0
    say(f"{one.id} {one.version}: {_said(one.name, lang)}")
    say(f"For: {one.respondent}. Wording: {one.wording} ({lang}: {one.languages[lang].status}).")
    say(f"Rights: {one.rights.status}, {one.rights.holder}. {one.rights.statement}")
    for texts in (one.description, one.notes):
        if texts:
            say(_said(texts, lang))
    for scale in one.scales:
        say()
        say(f"{scale.id}: {_said(scale.name, lang)} ({scale.method}, at least {scale.min_answered} answered)")
        table(("item", "answers", "key", "wording"), [_item_row(one, item, lang) for item in scale.items])
    _show_rest(one, lang)
    unverified = one.unverified
    if unverified:
        say()
        say(f"Not checked against a source yet: {', '.join(unverified)}.")
    say(f"Fingerprint: {one.fingerprint}")
    return 0


def _item_row(one: Instrument, item: Any, lang: str) -> tuple[str, str, str, str]:
    answers = f"{item.response.low}-{item.response.high}"
    return item.id, answers, "reversed" if item.reverse else "", one.text(item.wording, lang)


def _show_rest(one: Instrument, lang: str) -> None:
    """Scores made of scales, what is asked but not scored, and words to fill in."""
    for score in one.higher_order:
        parts = ", ".join(f"{id} (mirrored)" if id in score.reversed_parts else id for id in score.part_ids)
        say()
        say(f"{score.id}: {_said(score.name, lang)} ({score.method} of {parts}; at least {score.min_answered} scored)")
    scored = {id for scale in one.scales for id in scale.item_ids}
    loose = [entry for entry in one.entries if entry.id not in scored]
    if loose:
        say()
        say("Not scored:")
        table(("id", "type", "wording"), [(entry.id, entry.type, one.text(entry.wording, lang)) for entry in loose])
    if one.slots:
        say()
        said = [f"{id} ({_said(slot.description, lang)})" for id, slot in one.slots.items()]
        say(f"Words to fill in: {', '.join(said)}.")


def lint(
    instrument: Name,
    languages: Annotated[str, typer.Option("--languages", help="Languages every text is wanted in.")] = "en,fa,ru",
    n: Annotated[int | None, typer.Option("--n", help="Expected respondents, to warn of small cells.", min=1)] = None,
    as_json: AsJson = False,
) -> int:
    """Check an instrument file. Exit code 2: it cannot be used; 1: it can, with warnings."""
    from crmstudy.instrument import lint as look_through

    one = _load(instrument)
    notes = look_through(one, languages=[tag.strip() for tag in languages.split(",") if tag.strip()], n=n)
    status = 1 if any(note.level == "warning" for note in notes) else 0
    if as_json:
        emit({"status": status, "id": one.id, "version": one.version, "notes": [note.as_dict() for note in notes]})
        return status
    for note in notes:
        say(f"{note.level}: {note.message} ({note.code})")
    warnings = sum(note.level == "warning" for note in notes)
    say(f"{one.id} {one.version}: {warnings or 'no'} warning{'s' if warnings != 1 else ''}.")
    return status


def panel(
    instrument: Name,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The form to write, .csv or .xlsx.")],
    experts: Annotated[int, typer.Option("--experts", metavar="N", help="How many experts will judge.")] = 8,
    lang: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Write the form on which experts judge relevance, necessity and clarity of every item; never over a file."""
    from crmstudy.instrument.panel import write_panel

    one = _load(instrument)
    written = write_panel(one, out, experts=experts, lang=lang)
    if as_json:
        emit({"status": 0, "file": str(written), "id": one.id, "items": len(one.items), "experts": experts})
        return 0
    say(f"{shown(written)}: {len(one.items)} items of {one.id} for {experts} experts.")
    say("Relevance and clarity: 1 (not at all) to 4 (very). Necessity: 3 essential, 2 useful, 1 not necessary.")
    say("Leave a cell empty where an expert gives no rating. Then: content_validity('FILE'), or a study of the kind")
    say("content_validity with the form as its sample.")
    return 0


def _load(name: str) -> Instrument:
    from crmstudy.instrument import load_instrument

    return load_instrument(name, search=_SEARCH)


def _summary(one: Instrument) -> dict[str, Any]:
    return {
        "id": one.id,
        "version": one.version,
        "name": dict(one.name),
        "items": len(one.items),
        "scales": list(one.scale_ids),
        "respondent": one.respondent,
        "wording": one.wording,
        "languages": {tag: language.status for tag, language in one.languages.items()},
        "rights": one.rights.status,
        "constructs": list(dict.fromkeys(score.construct for score in one.scores if score.construct)),
        "fingerprint": one.fingerprint,
    }


def _details(one: Instrument, lang: str) -> dict[str, Any]:
    items = {
        item.id: {
            "low": item.response.low,
            "high": item.response.high,
            "reversed": item.reverse,
            "wording": one.text(item.wording, lang),
        }
        for item in one.items
    }
    questions = {asked.id: {"type": asked.type, "wording": one.text(asked.wording, lang)} for asked in one.questions}
    higher = {
        score.id: {
            "name": _said(score.name, lang),
            "parts": list(score.part_ids),
            "reversed_parts": list(score.reversed_parts),
            "method": score.method,
            "min_answered": score.min_answered,
        }
        for score in one.higher_order
    }
    scales = {
        scale.id: {
            "name": _said(scale.name, lang),
            "items": list(scale.item_ids),
            "method": scale.method,
            "min_answered": scale.min_answered,
        }
        for scale in one.scales
    }
    rights = {"holder": one.rights.holder, "status": one.rights.status, "statement": one.rights.statement}
    return {
        "items": items, "questions": questions, "scales": scales, "higher_order": higher, "rights": rights,
        "unverified": list(one.unverified),
    }  # fmt: skip


def _said(texts: Any, lang: str) -> str:
    return str(texts.get(lang) or texts.get("en") or next(iter(texts.values()), ""))
