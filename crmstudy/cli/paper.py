"""The commands ``paper ...``: numbered sheets, what was typed in from them, differences, and where the sheets stand."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmstudy.cli.console import AsJson, emit, say, shown, table, whisper
from crmstudy.errors import InputError, UnsupportedError, did_you_mean

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from crmstudy.administration.fieldwork import Fieldwork
    from crmstudy.administration.paper.comparing import ErrorRate
    from crmstudy.administration.store.store import Store

Study = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of the study.")]
Sample = Annotated[str, typer.Argument(metavar="SAMPLE", help="Sample that is asked on paper.")]
Database = Annotated[
    str | None,
    typer.Option("--db", envvar="CRMSTUDY_DB", show_envvar=True, help="Address of a PostgreSQL database."),
]
Trial = Annotated[bool, typer.Option("--try", metavar="", help="In the trial of the study.")]
_ENDINGS = (".pdf", ".html", ".htm")
_SHOWN = 20


def start(context: typer.Context) -> None:
    """Questionnaires on paper: numbered sheets, typed in twice."""
    if context.invoked_subcommand is None:
        say(context.get_help())


def sheets(
    study: Study,
    sample: Sample,
    n: Annotated[int, typer.Option("-n", help="How many.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="New .pdf or .html file.")] = None,
    unit: Annotated[str, typer.Option("--unit", help="Unit in which they are handed out.")] = "",
    wave: Annotated[str, typer.Option("--wave", help="Wave, where the sample has several.")] = "",
    lang: Annotated[str, typer.Option("--lang", help="Language; the first of the study when left out.")] = "",
    title: Annotated[str, typer.Option("--title", help="Heading; by default the word for questionnaire.")] = "",
    trial: Trial = False,
    db: Database = None,
    as_json: AsJson = False,
) -> int:
    """Print numbered sheets: every page bears the number, whose last digit shows slips of the pen.

    Example: crmstudy paper sheets STUDY staff -n 40 --unit B01 --lang fa --out B01.pdf
    """
    from crmstudy.administration.declaring.readiness import readiness
    from crmstudy.administration.inviting.lists import file_name
    from crmstudy.administration.paper.numbers import shown_number
    from crmstudy.administration.paper.preface import preface
    from crmstudy.administration.paper.taking import give_out, sample_of
    from crmstudy.exchange.printing.html import write_html
    from crmstudy.exchange.printing.pdf import questionnaire_pdf, write_pdf

    with _opened(study, trial, db, create=True) as (fieldwork, store):
        held = sample_of(fieldwork, sample)
        tag = lang or fieldwork.languages[0]
        path = _free(out, fieldwork.folder, file_name(sample, unit))
        pdf = path.suffix.lower() == ".pdf"
        before = preface(fieldwork, held, tag) if tag in fieldwork.languages else ("", ())
        if tag in fieldwork.languages and pdf:
            questionnaire_pdf(held.instruments, tag, numbers=["0"])  # what cannot be printed uses up no numbers
        given = give_out(fieldwork, store, sample, n, wave=wave, unit=unit, language=tag)
        numbers = [shown_number(one.number) for one in given]
        write = write_pdf if pdf else write_html
        log = write(held.instruments, path, tag, title=title, numbers=numbers, preface=before)
    losses = list(log.lines)
    if held.conditions:
        losses.append("paper asks every question; answers to those that a condition hides are not counted.")
    if not trial and any(lack.blocking for lack in readiness(fieldwork)):
        losses.append("something that respondents must be told is missing: crmstudy serve STUDY --check tells what.")
    if as_json:
        emit({"status": 0, "file": str(path), "numbers": numbers, "log": losses})
        return 0
    say(f"Written: {shown(path)} ({n} sheets, {numbers[0]} to {numbers[-1]})")
    for line in losses:
        say(f"- {line}")
    say("Typed in at /desk/entry of the server, or in a table, which is written by:")
    say(f"  crmstudy paper form {shown(study)} {sample} --out FILE.csv")
    return 0


def form(
    study: Study,
    sample: Sample,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="New CSV file.")],
    as_json: AsJson = False,
) -> int:
    """Write an empty table to type sheets into, with all its columns; each of the two people takes a copy.

    Example: crmstudy paper form STUDY staff --out ann.csv
    """
    from crmstudy.administration.declaring.reading import read_fieldwork
    from crmstudy.administration.paper.files import write_form
    from crmstudy.administration.paper.taking import sample_of

    fieldwork = read_fieldwork(study)
    columns = write_form(out, sample_of(fieldwork, sample), fieldwork.languages[0])
    if as_json:
        emit({"status": 0, "file": str(out), "columns": list(columns)})
        return 0
    say(f"Written: {shown(out)} ({len(columns)} columns)")
    say(f"Next: crmstudy paper take {shown(study)} {sample} FIRST.csv SECOND.csv --clerk NAME --clerk NAME")
    return 0


def take(
    study: Study,
    sample: Sample,
    files: Annotated[
        list[Path], typer.Argument(metavar="FIRST.csv SECOND.csv", help="One file of each person who typed.")
    ],
    clerk: Annotated[
        list[str] | None, typer.Option("--clerk", help="Who typed a file; once a file, in their order.")
    ] = None,
    trial: Trial = False,
    db: Database = None,
    as_json: AsJson = False,
) -> int:
    """Take in what two people typed from the same sheets; where they agree a sheet becomes a response.

    Example: crmstudy paper take STUDY staff ann.csv bob.csv --clerk Ann --clerk Bob
    """
    from crmstudy.administration.paper.numbers import shown_number
    from crmstudy.administration.paper.taking import take_files

    if len(files) > 2:
        raise InputError(f"sheets are typed in by two people, a file each; found {len(files)} files.")
    if clerk and len(clerk) != len(files):
        raise InputError(f"--clerk names who typed each file: {len(files)} of them; found {len(clerk)}.")
    with _opened(study, trial, db) as (fieldwork, store):
        taken = take_files(fieldwork, store, sample, files, clerk or [])
    if as_json:
        emit({
            "status": 0, "told": dict(sorted(taken.told.items())), "once": list(taken.once),
            "differing": list(taken.differing), "settled_before": list(taken.settled_before),
        })  # fmt: skip
        return 0
    say(f"Settled: {taken.told.get('taken', 0)} sheets, and {taken.told.get('blank', 0)} that were blank.")
    if taken.settled_before:
        say(f"Settled before: {len(set(taken.settled_before))}.")
    for numbers, what in (
        (taken.once, "typed in once, waiting for the second person"), (taken.differing, "typed in unlike")
    ):  # fmt: skip
        if numbers:
            some = ", ".join(shown_number(number) for number in numbers[:_SHOWN])
            say(f"{len(numbers)} {what}: {some}{' ...' if len(numbers) > _SHOWN else ''}")
    if taken.differing:
        say(f"Next: crmstudy paper differences {shown(study)} {sample} --out differences.csv")
    return 0


def differences(
    study: Study,
    sample: Sample,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="New CSV file for whoever decides.")],
    trial: Trial = False,
    db: Database = None,
    as_json: AsJson = False,
) -> int:
    """Write where two entries differ, for a third person to decide with the sheets at hand.

    Example: crmstudy paper differences STUDY staff --out differences.csv
    """
    from crmstudy.administration.paper.taking import write_differences

    with _opened(study, trial, db) as (fieldwork, store):
        number, questions = write_differences(fieldwork, store, sample, out)
    if as_json:
        emit({"status": 0, "file": str(out), "sheets": number, "questions": questions})
        return 0
    say(f"Written: {shown(out)} ({questions} questions of {number} sheets)")
    say("Somebody who typed none of them fills the column decision: the answer, ?, * or blank.")
    say(f"Next: crmstudy paper decide {shown(study)} {sample} {shown(out)} --clerk NAME")
    return 0


def decide(
    study: Study,
    sample: Sample,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Filled file of differences.")],
    clerk: Annotated[str, typer.Option("--clerk", help="Who decided; none of the two who typed.")],
    trial: Trial = False,
    db: Database = None,
    as_json: AsJson = False,
) -> int:
    """Settle sheets by the decisions of a third person.

    Example: crmstudy paper decide STUDY staff differences.csv --clerk Cid
    """
    from crmstudy.administration.paper.taking import take_decisions

    with _opened(study, trial, db) as (fieldwork, store):
        settled, waiting = take_decisions(fieldwork, store, sample, file, clerk)
    if as_json:
        emit({"status": 0, "settled": settled, "waiting": waiting})
        return 0
    say(f"Settled: {settled} sheets." + (f" {waiting} lack a decision." if waiting else ""))
    return 0


def forget(
    study: Study,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the sheet.")],
    trial: Trial = False,
    db: Database = None,
    as_json: AsJson = False,
) -> int:
    """Throw away what was typed in from a sheet that is not settled, so that it is typed in anew.

    Example: crmstudy paper forget STUDY 00572-4
    """
    from crmstudy.administration.paper.taking import forget as forget_sheet

    with _opened(study, trial, db) as (_, store):
        n = forget_sheet(store, number)
    if as_json:
        emit({"status": 0, "entries": n})
    else:
        say(f"{n} entries thrown away." if n else "Nothing was typed in from this sheet.")
    return 0


def status(
    study: Study,
    sample: Annotated[str | None, typer.Argument(metavar="SAMPLE", help="Only this sample.")] = None,
    trial: Trial = False,
    db: Database = None,
    as_json: AsJson = False,
) -> int:
    """Show where the sheets stand, which lack an entry, and how often two people differed."""
    from crmstudy.administration.paper.numbers import shown_number
    from crmstudy.administration.paper.sheets import error_rates, numbers_in, standing
    from crmstudy.administration.paper.taking import sample_of

    with _opened(study, trial, db) as (fieldwork, store):
        chosen = [sample_of(fieldwork, sample).id] if sample is not None else list(fieldwork.samples)
        named = not fieldwork.anonymous
        states = ("once", "differs", "printed") if named else ("once", "differs")

        def look(connection: Connection) -> list[_Standing]:
            found = [(id, standing(connection, id)) for id in chosen]
            return [
                (id, counts, {one: numbers_in(connection, id, one) for one in states}, error_rates(connection, id))
                for id, counts in found
                if counts
            ]

        told = store.read(look)
    if as_json:
        emit({"status": 0, "samples": [_as_dict(one) for one in told]})
        return 0
    if not told:
        say(f"No sheet was printed yet. Start with: crmstudy paper sheets {shown(study)} SAMPLE -n 40")
    for id, counts, lists, rates in told:
        rows = [(wave, unit, *_row(held)) for (wave, unit), held in counts.items()]
        say(f"{id}:")
        table(("wave", "unit", *_NUMBERS), rows, right=_NUMBERS)
        for state, what in (("once", "typed in once"), ("differs", "to be decided"), ("printed", "not typed in yet")):
            numbers = [shown_number(number) for number in lists.get(state, ())]
            if numbers:
                say(f"{what}: {', '.join(numbers[:_SHOWN])}{' ...' if len(numbers) > _SHOWN else ''}")
        if not named and any(held["printed"] for held in counts.values()):
            whisper("which sheets did not come back is not listed in a study that is anonymous, or has no mode yet.")
        for rate in rates:
            say(_told(rate))
    return 0


#: A sample, its sheets by wave and unit, numbers by state, error rates.
_Standing = tuple[str, dict[tuple[str, str], Counter[str]], dict[str, tuple[str, ...]], "tuple[ErrorRate, ...]"]
_NUMBERS = ("printed", "not back", "once", "unlike", "settled", "blank", "given up")


def _row(held: Counter[str]) -> tuple[int, ...]:
    return (held.total(), *(held[state] for state in ("printed", "once", "differs", "taken", "blank", "left")))


def _told(rate: ErrorRate) -> str:
    who = " and ".join(rate.clerks) or "all together"
    low, high = rate.interval
    return (
        f"{who}: {rate.differing} of {rate.fields} questions differ, {100 * rate.rate:.2f} % "
        f"(95 %: {100 * low:.2f} to {100 * high:.2f})."
    )


def _as_dict(told: _Standing) -> dict[str, Any]:
    id, counts, lists, rates = told
    return {
        "sample": id,
        "sheets": [{"wave": wave, "unit": unit, **dict(sorted(held.items()))} for (wave, unit), held in counts.items()],
        "numbers": {state: list(numbers) for state, numbers in lists.items()},
        "error_rates": [
            {"clerks": list(rate.clerks), "differing": rate.differing, "fields": rate.fields,
             "rate": None if math.isnan(rate.rate) else rate.rate, "interval": list(rate.interval)}
            for rate in rates
        ],
    }  # fmt: skip


@contextmanager
def _opened(study: Path, trial: bool, db: str | None, *, create: bool = False) -> Iterator[tuple[Fieldwork, Store]]:
    """The study and its database."""
    from crmstudy.administration.declaring.reading import read_fieldwork
    from crmstudy.administration.store.store import Store

    fieldwork = read_fieldwork(study)
    with Store.open(fieldwork.place, db=db, purpose="try" if trial else "live", create=create) as store:
        yield fieldwork, store


def _free(out: Path | None, folder: Path, name: str) -> Path:
    """Where to write the sheets: a file that is not there; the next number in ``paper`` of the study by default."""
    if out is None:
        place = folder / "paper"
        place.mkdir(exist_ok=True)
        return next(
            path for nth in range(1, 100_000) if not (path := place / f"{name}-{nth}.html").exists()
        )  # fmt: skip
    if out.suffix.lower() not in _ENDINGS:
        hint = did_you_mean(out.suffix, _ENDINGS)
        raise UnsupportedError(f"sheets are printed as .pdf or .html, not '{out.suffix}'.{hint}")
    if out.exists():
        raise InputError(f"'{out}' exists already; name another file.")
    if not out.parent.is_dir():
        raise InputError(f"the folder '{out.parent}' does not exist; make it first.")
    return out
