"""Paper sheets typed in at the desk: a number is asked for, then what stands on the sheet, and nothing is shown before.

Nobody sees what another person typed; who decides where two entries differ sees these fields only. Every page works
without a script, and with the keyboard alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crmstudy.administration.fieldwork import Sample
from crmstudy.administration.paper.comparing import differing
from crmstudy.administration.paper.files import cells_of
from crmstudy.administration.paper.numbers import read_sheet_number, shown_number
from crmstudy.administration.paper.sheets import (
    Rules,
    Sheet,
    clerks_of,
    decide,
    disputes,
    enter,
    entries_of,
    find_sheet,
    same_person,
    standing,
)
from crmstudy.administration.paper.taking import rules_of, sentence
from crmstudy.administration.paper.typed import MARKS, Typed, columns_of, fields_on_paper, read_typed
from crmstudy.administration.server.desk import needs, staff_go, staff_page
from crmstudy.administration.server.site import Site, form_of, one
from crmstudy.administration.store.writer import Refused
from crmstudy.instrument.forms import Field

_CLERK = needs("clerk")
#: What is said once a sheet was typed in; not whether somebody else typed the same.
_SAVED = "The sheet {} is saved. Take the next one."
_MISSING = "There is no sheet with the number '{}' here. Look at the sheet: its last digit checks the others."


@_CLERK
async def entry(request: Request) -> Response:
    """Which sheet is typed in next, and which wait for a decision of whoever works here."""
    return await _overview(request, said=_said(request))


@_CLERK
async def entry_open(request: Request) -> Response:
    """A number was typed."""
    text = one(form_of(request), "number")
    number = read_sheet_number(text)
    if number is None or await _found(request, number) is None:
        return await _overview(request, fault=_MISSING.format(text[:20]), number=text[:20], status=422)
    return staff_go(request, f"/desk/entry/{number}")


@_CLERK
async def entry_sheet(request: Request) -> Response:
    """The form of a sheet, empty for everybody; and what was typed into it."""
    site: Site = request.app.state.site
    held = await _found(request, request.path_params["sheet"])
    if held is None:
        return await _overview(request, fault=_MISSING.format(request.path_params["sheet"][:20]), status=404)
    sample = site.fieldwork.samples[held.sample]
    if request.method != "POST":
        done = await _done(request, held)
        return await _overview(request, fault=done, status=409) if done else _sheet_page(request, sample, held, {}, {})
    cells = _cells(request, fields_on_paper(sample, held.language))
    typed, faults = read_typed(sample, held.language, cells)
    blank = [asked for asked in fields_on_paper(sample, held.language) if typed.said(asked.id) is None]
    sure = one(form_of(request), "blank") == _listed(blank)
    if faults or (blank and not sure):
        return _sheet_page(request, sample, held, cells, faults, () if faults else blank, status=422)
    clerk, rules = request.state.access.name, rules_of(site.fieldwork, sample)
    try:
        await site.store.do(lambda work: enter(work, held.number, clerk, typed, rules))
    except Refused as refusal:
        return await _overview(request, fault=sentence(refusal), status=409)
    return staff_go(request, f"/desk/entry?saved={held.number}")


@_CLERK
async def entry_decide(request: Request) -> Response:
    """The fields in which two entries of a sheet differ, for a third person."""
    site: Site = request.app.state.site
    held = await _found(request, request.path_params["sheet"])
    clerk = request.state.access.name
    if held is None or held.state != "differs":
        return await _overview(request, fault="This sheet waits for no decision.", status=404)
    sample = site.fieldwork.samples[held.sample]
    rules = rules_of(site.fieldwork, sample)
    names, entries = await site.store.see(lambda c: (clerks_of(c, held), entries_of(c, held)))
    if any(same_person(name, clerk) for name in names) or len(entries) != 2:
        return await _overview(
            request, fault="You typed this sheet in yourself; somebody else must decide.", status=403
        )
    unlike = set(differing(*entries, rules.fields(held)))
    fields = tuple(asked for asked in fields_on_paper(sample, held.language) if asked.id in unlike)
    if request.method != "POST":
        return _decide_page(request, held, fields, entries, {}, {})
    cells = _cells(request, fields)
    typed, faults = read_typed(sample, held.language, cells, only=tuple(unlike))
    blank = [asked for asked in fields if typed.said(asked.id) is None]
    if faults or (blank and one(form_of(request), "blank") != _listed(blank)):
        return _decide_page(request, held, fields, entries, cells, faults, () if faults else blank, status=422)
    try:
        await site.store.do(lambda work: decide(work, held.number, clerk, typed, rules))
    except Refused as refusal:
        return await _overview(request, fault=sentence(refusal), status=409)
    return staff_go(request, f"/desk/entry?saved={held.number}")


def entry_routes() -> list[Route]:
    """Every route of the entry of paper sheets; the number of a sheet is ``sheet``, which no log notes."""
    return [
        Route("/desk/entry", entry, name="entry"),
        Route("/desk/entry/open", entry_open, name="entry-open", methods=["POST"]),
        Route("/desk/entry/{sheet}", entry_sheet, name="entry-sheet", methods=["GET", "POST"]),
        Route("/desk/entry/{sheet}/decide", entry_decide, name="entry-decide", methods=["GET", "POST"]),
    ]


async def _found(request: Request, text: str) -> Sheet | None:
    """A sheet of a sample that is asked."""
    site: Site = request.app.state.site
    number = read_sheet_number(text)
    if number is None:
        return None
    held = await site.store.see(lambda connection: find_sheet(connection, number))
    return held if held is not None and held.sample in site.fieldwork.samples else None


async def _done(request: Request, held: Sheet) -> str:
    """Why there is nothing to type from a sheet for whoever works here; said before they begin."""
    site: Site = request.app.state.site
    names = await site.store.see(lambda connection: clerks_of(connection, held))
    code = ""
    if held.state in ("taken", "blank"):
        code = "sheet-taken"
    elif any(same_person(name, request.state.access.name) for name in names):
        code = "same-clerk"
    elif len(names) > 1:
        code = "sheet-typed"
    return sentence(Refused(code, number=held.number)) if code else ""


async def _overview(
    request: Request, *, said: str = "", fault: str = "", number: str = "", status: int = 200
) -> Response:
    site: Site = request.app.state.site
    clerk = request.state.access.name
    rules = {id: rules_of(site.fieldwork, sample) for id, sample in site.fieldwork.samples.items()}

    def look(connection: Any) -> tuple[list[tuple[str, int, int, int]], list[tuple[str, int]]]:
        counts = [_count(connection, id) for id in rules]
        return [one for one in counts if one[1]], _for(connection, rules, clerk)

    counts, waiting = await site.store.see(look)
    return staff_page(
        request, "entry.html", status=status, access=request.state.access, said=said, fault=fault, number=number,
        counts=counts, waiting=[(number, shown_number(number), n) for number, n in waiting],
    )  # fmt: skip


def _count(connection: Any, sample: str) -> tuple[str, int, int, int]:
    """A sample, its sheets, how many were typed in once or twice, how many are settled."""
    states = standing(connection, sample).values()
    total, settled = sum(held.total() for held in states), sum(held["taken"] + held["blank"] for held in states)
    return sample, total, sum(held["once"] + held["differs"] for held in states), settled


def _for(connection: Any, rules: Mapping[str, Rules], clerk: str) -> list[tuple[str, int]]:
    """The sheets that this person may decide, and in how many questions."""
    found = []
    for id, held_rules in rules.items():
        for number, (held, ids) in disputes(connection, id, held_rules).items():
            if not any(same_person(name, clerk) for name in clerks_of(connection, held)):
                found.append((number, len(ids)))
    return found


def _said(request: Request) -> str:
    number = read_sheet_number(request.query_params.get("saved", ""))
    return _SAVED.format(shown_number(number)) if number else ""


def _cells(request: Request, fields: Sequence[Field]) -> dict[str, str]:
    form = form_of(request)
    return {column: one(form, f"e.{column}") for asked in fields for column in columns_of(asked)}


def _listed(blank: Sequence[Field]) -> str:
    return " ".join(str(asked.number) for asked in blank)


def _sheet_page(
    request: Request,
    sample: Sample,
    held: Sheet,
    cells: Mapping[str, str],
    faults: Mapping[str, str],
    blank: Sequence[Field] = (),
    *,
    status: int = 200,
) -> Response:
    fields = fields_on_paper(sample, held.language)
    return _form(request, "Type in", f"/desk/entry/{held.number}", held, fields, cells, faults, blank, {}, status)


def _decide_page(
    request: Request,
    held: Sheet,
    fields: Sequence[Field],
    entries: Sequence[Typed],
    cells: Mapping[str, str],
    faults: Mapping[str, str],
    blank: Sequence[Field] = (),
    *,
    status: int = 200,
) -> Response:
    typed = {asked.id: [_shown(asked, entry) for entry in entries] for asked in fields}
    path = f"/desk/entry/{held.number}/decide"
    return _form(request, "Decide", path, held, fields, cells, faults, blank, typed, status)


def _shown(asked: Field, typed: Typed) -> str:
    """What somebody typed for a question, in one line."""
    if typed.said(asked.id) is None:
        return "blank"
    if asked.type == "multi" and asked.id in typed.answers:
        return " + ".join(str(value) for value in typed.answers[asked.id])
    cells = cells_of(asked, typed)
    if len(cells) == 1 or asked.id in typed.marks:
        return next(iter(cells.values()))
    return ", ".join(f"{column.removeprefix(asked.id + '_')}: {text or 'blank'}" for column, text in cells.items())


def _form(
    request: Request,
    head: str,
    path: str,
    held: Sheet,
    fields: Sequence[Field],
    cells: Mapping[str, str],
    faults: Mapping[str, str],
    blank: Sequence[Field],
    typed: Mapping[str, Sequence[str]],
    status: int,
) -> Response:
    rows = [
        (
            asked,
            [(column, _label(asked, column), cells.get(column, "")) for column in columns_of(asked)],
            _hint(asked, held.language),
        )
        for asked in fields
    ]
    return staff_page(
        request, "entry-sheet.html", status=status, access=request.state.access, head=head, path=path,
        number=shown_number(held.number), language=held.language, rows=rows, faults=faults,
        blank=_listed(blank), typed=typed, marks=MARKS,
    )  # fmt: skip


def _label(asked: Field, column: str) -> str:
    """What a column of several stands for: the code of the answer."""
    return "" if column == asked.id else column.removeprefix(f"{asked.id}_")


def _hint(asked: Field, lang: str) -> str:
    """What may be typed, in short."""
    if asked.type == "multi":
        return "1 for every box that is ticked"
    if asked.type == "rank":
        return f"the place, 1 to {asked.top}"
    if asked.type in ("single", "slider") and asked.low is None:
        return " ".join(str(choice.value) for choice in asked.choices)
    if asked.type == "date":
        return "year-month-day" + (" as on the sheet: a Jalali date" if lang.split("-")[0] == "fa" else "")
    if asked.low is not None and asked.high is not None:
        return f"{asked.low:g} to {asked.high:g}"
    return ""
