"""Commands that make a questionnaire: ``instruments adopt``, ``diff``, ``new``, ``translate`` and ``pilot``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmstudy.cli.console import AsJson, emit, say, shown, table
from crmstudy.cli.questionnaires import _SEARCH, Name
from crmstudy.errors import Fault, InputError, InstrumentError, UnsupportedError

if TYPE_CHECKING:
    from crmstudy.instrument import Instrument
    from crmstudy.numerals import Kind

Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Folder, or .yaml file, of the new instrument.")]
NewId = Annotated[str, typer.Option("--id", help="Id of the new instrument.")]
NewVersion = Annotated[str, typer.Option("--version", help="Version of the new instrument.")]
_LONGEST_CELL = 60


def adopt(
    instrument: Name,
    wording: Annotated[
        Path | None, typer.Option("--wording", metavar="FILE", help="Published texts: CSV, workbook or YAML.")
    ] = None,
    adaptation: Annotated[
        Path | None, typer.Option("--adaptation", metavar="FILE", help="YAML: drop, add, rescale.")
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="Language of the texts (of a template: en,fa ...).")] = "",
    id: NewId = "",
    version: NewVersion = "",
    source: Annotated[str, typer.Option("--source", metavar="KEY", help="The source the texts were copied from.")] = "",
    template: Annotated[
        Path | None, typer.Option("--template", metavar="FILE", help="Write a sheet for the texts and end.")
    ] = None,
    out: Out = _SEARCH[0],
    as_json: AsJson = False,
) -> int:
    """Load the published wording, checked item by item; a declared adaptation becomes a version of its own."""
    base = _load(instrument)
    if template is not None:
        return _adopt_template(base, template, lang, as_json)
    if wording is None and adaptation is None:
        raise InputError(
            "give --wording FILE, --adaptation FILE, or both; --template FILE writes a sheet for the texts."
        )
    from crmstudy.exchange.drafting.wording_files import read_wording
    from crmstudy.instrument.revising.adapting import read_changes
    from crmstudy.instrument.revising.adopting import adopt as take_over
    from crmstudy.instrument.revising.filing import file_instrument, file_name

    changes = read_changes(adaptation) if adaptation else None
    texts = read_wording(wording, lang or None) if wording else None
    made = take_over(base, texts, changes=changes, id=id, version=version, source=source)
    one = made.instrument
    versioned = one.id == base.id and one.version != base.version
    heading = f"{one.id} {one.version}: wording {one.wording}, made of {base.id} {base.version}." + (
        " The texts belong to their holder; see rights." if one.wording == "published" else ""
    )
    if changes is not None and changes.reason:
        heading += f"\nWhy it was adapted: {changes.reason}"
    target = file_instrument(one, _target(out, file_name(one, versioned=versioned)), heading=heading)
    if as_json:
        emit({"status": 0, "file": str(target), "id": one.id, "version": one.version, "wording": one.wording,
              "fingerprint": one.fingerprint, "same_key": one.fingerprint == base.fingerprint,
              "told": list(made.told)})  # fmt: skip
        return 0
    say(f"{shown(target)}: {one.id} {one.version}, {len(one.items)} items, wording {one.wording}.")
    same = one.fingerprint == base.fingerprint
    say("The key is that of the published form." if same else f"The key is its own: {one.fingerprint[:16]} ...")
    _list(made.told)
    return 0


def _adopt_template(base: Instrument, template: Path, lang: str, as_json: bool) -> int:
    from crmstudy.exchange.drafting.wording_files import write_template

    tags = [tag.strip() for tag in (lang or "en").split(",") if tag.strip()]
    written = write_template(base, template, tags)
    if as_json:
        emit({"status": 0, "file": str(written), "id": base.id, "items": len(base.entries), "languages": tags})
        return 0
    say(f"{shown(written)}: a row for each of the {len(base.entries)} items of {base.id}; fill in {', '.join(tags)}.")
    say(f"Then: crmstudy instruments adopt {base.id} --wording {shown(written)}")
    return 0


def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="Id or file of an instrument.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Id or file of another, or of another version.")],
    as_json: AsJson = False,
) -> int:
    """Tell in what two instruments differ and whether their scores compare. Exit code 0: the same; 1: they differ."""
    from crmstudy.instrument.revising.differences import compare

    a, b = _load(first), _load(second)
    found = compare(a, b)
    status = 1 if found else 0
    if as_json:
        emit({"status": status, "a": _named(a), "b": _named(b), "differences": [one.as_dict() for one in found.found],
              "verdict": found.verdict, "sentence": found.sentence, "same_scores": list(found.same_scores),
              "other_scores": list(found.other_scores)})  # fmt: skip
        return status
    say(f"A: {a.id} {a.version} ({a.fingerprint[:16]})   B: {b.id} {b.version} ({b.fingerprint[:16]})")
    if found:
        rows = [
            (f"{one.part} {one.subject}".strip(), one.what, _cut(one.before), _cut(one.after)) for one in found.found
        ]
        table(("part", "difference", "A", "B"), rows)
    else:
        say("No difference.")
    say(f"Scores: {found.verdict}. {found.sentence}")
    return status


def new(
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Draft it from .xlsx, .csv, .docx or .sav.")
    ] = None,
    template: Annotated[
        Path | None, typer.Option("--template", metavar="FILE", help="Write an empty workbook (.xlsx) and end.")
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="Language of the texts: en, fa, ru ...")] = "",
    id: NewId = "",
    responses: Annotated[
        str, typer.Option("--responses", metavar="NAME", help="Shared answer set where the file shows none.")
    ] = "",
    respondent: Annotated[str, typer.Option("--respondent", help="staff, customer, manager or expert.")] = "staff",
    out: Out = _SEARCH[0],
    as_json: AsJson = False,
) -> int:
    """Make a questionnaire of your own: by questions, or drafted from a file with every unsure part listed."""
    if template is not None:
        return _new_template(template, lang, as_json)
    from crmstudy.exchange.drafting.drafting import draft_questionnaire, make_draft
    from crmstudy.instrument.model import RESPONDENTS
    from crmstudy.instrument.revising.filing import file_instrument, file_name

    if respondent not in RESPONDENTS:
        raise UnsupportedError(f"--respondent is one of {', '.join(RESPONDENTS)}, not '{respondent}'.")
    if source is not None:
        made = draft_questionnaire(source, id=id, lang=lang or None, responses=responses, respondent=respondent)
        said = f"from {source.name}"
    else:
        from crmstudy.cli.asking import ask_questionnaire

        if as_json and not lang:
            lang = "en"
        found, id, responses, respondent = ask_questionnaire(
            lang=lang, id=id, responses=responses, respondent=respondent
        )
        made = make_draft(found, id, id=id, responses=responses, respondent=respondent)
        said = "from the answers given"
    one = made.instrument
    lines = [f"Drafted {said}; nobody has checked it.", *(f"To be checked: {line}" for line in made.unsure),
             *(f"Decided: {line}" for line in made.told)]  # fmt: skip
    target = file_instrument(one, _target(out, file_name(one)), heading="\n".join(lines))
    if as_json:
        emit({"status": 0, "file": str(target), "id": one.id, "items": len(one.items), "questions": len(one.questions),
              "scales": {scale.id: list(scale.item_ids) for scale in one.scales}, "unsure": list(made.unsure),
              "told": list(made.told)})  # fmt: skip
        return 0
    say(
        f"{shown(target)}: {one.id}, {len(one.items)} items in {len(one.scales)} scales, {len(one.questions)} "
        "open questions."
    )
    _list(made.unsure, "To be checked:")
    _list(made.told, "Decided:")
    say(f"Next: crmstudy instruments lint {shown(target)} --languages {','.join(one.languages)}")
    return 0


def _new_template(template: Path, lang: str, as_json: bool) -> int:
    from crmstudy.exchange.drafting.template import write_questionnaire_template

    written = write_questionnaire_template(template, lang or "en")
    if as_json:
        emit({"status": 0, "file": str(written), "lang": lang or "en"})
        return 0
    say(f"{shown(written)}: fill in the sheet items; the sheet how says what goes where.")
    say(f"Then: crmstudy instruments new --from {shown(written)}")
    return 0


def translate(
    instrument: Name,
    to: Annotated[str, typer.Option("--to", help="Language to translate into: fa, ru ...")] = "",
    step: Annotated[str, typer.Option("--step", help="forward, back or reconcile.")] = "",
    source: Annotated[str, typer.Option("--from", help="Language to translate from; English when left out.")] = "",
    back: Annotated[
        Path | None, typer.Option("--back", metavar="FILE", help="The filled sheet of the back translation.")
    ] = None,
    take: Annotated[Path | None, typer.Option("--take", metavar="FILE", help="A filled sheet to take over.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The sheet (.xlsx) or, with --take, the file or folder."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Translate in steps: write the sheet of a step, or take a filled one over. A status needs its filled sheet."""
    from crmstudy.exchange.drafting.translation_sheets import read_sheet, write_sheet
    from crmstudy.instrument.revising.translating import sheet as sheet_of

    one = _load(instrument)
    if take is not None:
        if to or step or back:
            raise InputError("--take reads language and step from the sheet; leave --to, --step and --back off.")
        return _take_sheet(one, take, out or _SEARCH[0], as_json)
    if not to or not step or out is None:
        raise InputError(
            "give --to LANGUAGE, --step forward, back or reconcile, and --out FILE.xlsx; or --take FILE.xlsx."
        )
    made = sheet_of(one, step, to, source=source, back=read_sheet(back) if back else None)
    written = write_sheet(out, made)
    if as_json:
        emit({"status": 0, "file": str(written), "id": one.id, "step": step, "to": to, "rows": len(made.rows)})
        return 0
    say(f"{shown(written)}: {len(made.rows)} texts of {one.id}, step {step}, into {to}.")
    say(f"When it is filled in: crmstudy instruments translate {instrument} --take {shown(written)}")
    return 0


def _take_sheet(one: Instrument, take: Path, out: Path, as_json: bool) -> int:
    from crmstudy.exchange.drafting.translation_sheets import read_sheet
    from crmstudy.instrument.revising.filing import file_instrument, file_name
    from crmstudy.instrument.revising.translating import take as take_over

    filled = read_sheet(take)
    taken = take_over(one, filled)
    to, step = filled.about["to"].strip(), filled.about["step"].strip()
    language = taken.instrument.languages[to]
    heading = f"{one.id} {one.version}: the texts in {to} are {language.status} ({language.translator})."
    target = file_instrument(taken.instrument, _target(out, file_name(taken.instrument)), heading=heading)
    if as_json:
        emit({"status": 0, "file": str(target), "id": one.id, "step": step, "to": to,
              "language_status": language.status,
              "differences": [dict(zip(("key", "before", "after"), row, strict=True)) for row in taken.differences],
              "told": list(taken.told)})  # fmt: skip
        return 0
    say(f"{shown(target)}: the texts in {to} are {language.status} ({language.translator}).")
    if taken.differences:
        heads = {
            "forward": ("text", "first", "second"),
            "back": ("text", "source", "back"),
            "reconcile": ("text", "before", "now"),
        }
        table(heads[step], [tuple(map(_cut, row)) for row in taken.differences])
    _list(taken.told)
    return 0


def pilot(
    instrument: Name,
    before: Annotated[Path, typer.Option("--before", metavar="FILE", help="Answers of the pilot.")],
    after: Annotated[
        Path | None, typer.Option("--after", metavar="FILE", help="Answers after the items were mended.")
    ] = None,
    after_instrument: Annotated[
        str, typer.Option("--after-instrument", metavar="ID", help="The mended instrument, if it is another.")
    ] = "",
    missing_code: Annotated[
        list[str] | None, typer.Option("--missing-code", help="A cell that means 'no answer'. Can be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Look at a pilot item by item: missing, moments, item-total correlation, alpha without it; before and after."""
    from crmstudy.exchange.read import read_responses
    from crmstudy.measurement.pilot import pilot as look_at

    if after is None and after_instrument:
        raise InputError("--after-instrument is the instrument of the answers after; give them with --after FILE.")
    one = _load(instrument)
    codes: list[Any] = [float(code) if _is_number(code) else code for code in missing_code or ()]
    first = read_responses(before, instruments=[one], missing_codes=codes)
    second = None
    if after is not None:
        mended = _load(after_instrument) if after_instrument else one
        second = read_responses(after, instruments=[mended], missing_codes=codes)
    result = look_at(first, after=second)
    if as_json:
        emit({"status": 0, **json.loads(result.to_json())})
        return 0
    say(result.text)
    _pilot_tables(result)
    for note in result.notes:
        say(f"{note.level}: {note.message} ({note.code})")
    return 0


def _pilot_tables(result: Any) -> None:
    from crmstudy.numerals import write_number

    def r(value: float, low: float, high: float) -> str:
        return "" if value != value else f"{write_number(value, 'r')} {write_number((low, high), 'interval_r')}"

    def figure(value: float, kind: Kind) -> str:
        return "" if value != value else str(write_number(value, kind))

    for name, rows in result.tables["items"].groupby("round", sort=False):
        say()
        say(f"{str(name).capitalize()}:")
        lines = [
            (row.scale, row.item, row.n, row.missing, figure(row.mean, "estimate"), figure(row.sd, "estimate"),
             r(row.item_rest, row.item_rest_low, row.item_rest_high),
             r(row.alpha_if_dropped, row.alpha_if_dropped_low, row.alpha_if_dropped_high),
             figure(row.floor_percent, "percent"), figure(row.ceiling_percent, "percent"), row.flags)
            for row in rows.itertuples()
        ]  # fmt: skip
        figures = ("n", "missing", "mean", "sd")
        columns = ("scale", "item", *figures, "r (rest)", "alpha without", "floor", "ceiling", "flags")
        table(columns, lines, right=(*figures, "floor", "ceiling"))
    changed = result.tables["changes"]
    changed = changed[changed["change"] != "kept"]
    if len(changed):
        say()
        table(("scale", "item", "change"), changed[["scale", "item", "change"]].itertuples(index=False))
    flags = result.tables["flags"]
    if len(flags):
        say()
        for row in flags.itertuples():
            say(f"- {row.item} ({row.round}): {row.reason}")


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False


def _load(name: str) -> Instrument:
    from crmstudy.instrument import load_instrument

    return load_instrument(name, search=_SEARCH)


def _named(one: Instrument) -> dict[str, str]:
    return {"id": one.id, "version": one.version, "fingerprint": one.fingerprint}


def _target(out: Path, name: str) -> Path:
    """The file to write: the one named, or one of this name in the folder named."""
    if out.suffix.lower() in (".yaml", ".yml"):
        if out.stem.startswith("."):
            raise InstrumentError(Fault("the file needs a name before .yaml.", str(out)))
        return out
    return out / name


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1].rstrip()}…"


def _list(lines: Sequence[str], heading: str = "") -> None:
    if lines and heading:
        say(heading)
    for line in lines:
        say(f"- {line}")
