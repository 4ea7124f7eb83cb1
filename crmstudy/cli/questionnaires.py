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


def list_all(lang: Language = "en", as_json: AsJson = False) -> int:
    """List the instruments: those in ./instruments first, then those that ship."""
    from crmstudy.instrument import list_instruments

    found = list_instruments(search=_SEARCH)
    if as_json:
        emit({"status": 0, "instruments": [_summary(instrument) for instrument in found]})
        return 0
    rows = [
        (one.id, one.version, len(one.items), len(one.scales), one.respondent, one.wording, ", ".join(one.languages),
         _said(one.name, lang))
        for one in found
    ]  # fmt: skip
    columns = ("id", "version", "items", "scales", "respondent", "wording", "languages", "name")
    table(columns, rows, right=["items", "scales"])
    return 0


def show(instrument: Name, lang: Language = "en", as_json: AsJson = False) -> int:
    """Show an instrument: scales, items, keys, response range, rights."""
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
    for scale in one.scales:
        say()
        say(f"{scale.id}: {_said(scale.name, lang)} ({scale.method}, at least {scale.min_answered} answered)")
        rows = [
            (
                item.id,
                f"{item.response.low}-{item.response.high}",
                "reversed" if item.reverse else "",
                _said(item.wording, lang),
            )
            for item in scale.items
        ]
        table(("item", "answers", "key", "wording"), rows)
    unverified = one.unverified
    if unverified:
        say()
        say(f"Not checked against a source yet: {', '.join(unverified)}.")
    say(f"Fingerprint: {one.fingerprint}")
    return 0


def lint(instrument: Name, as_json: AsJson = False) -> int:
    """Check an instrument file. Exit code 2: it cannot be used; 1: it can, with warnings."""
    from crmstudy.instrument import lint as look_through

    one = _load(instrument)
    notes = look_through(one)
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
        "fingerprint": one.fingerprint,
    }


def _details(one: Instrument, lang: str) -> dict[str, Any]:
    items = {
        item.id: {
            "low": item.response.low,
            "high": item.response.high,
            "reversed": item.reverse,
            "wording": item.wording.get(lang, ""),
        }
        for item in one.items
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
    return {"items": items, "scales": scales, "rights": rights, "unverified": list(one.unverified)}


def _said(texts: Any, lang: str) -> str:
    return str(texts.get(lang) or texts.get("en") or next(iter(texts.values()), ""))
