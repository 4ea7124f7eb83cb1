"""What was collected, and what is made up: ``simulate``, and ``export`` of a study into hand-over folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmstudy.cli.console import AsJson, emit, progress_bar, say, shown, whisper

if TYPE_CHECKING:
    from crmstudy.administration.exporting import Exported
    from crmstudy.administration.store.engine import Purpose

Study = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of the study.")]
Database = Annotated[
    str | None,
    typer.Option("--db", envvar="CRMSTUDY_DB", show_envvar=True, help="Address of a PostgreSQL database."),
]


def simulate(
    study: Study,
    n: Annotated[int, typer.Option("-n", help="People who begin, in every wave of every sample.")] = 500,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same answers.")] = 1,
    sample: Annotated[str | None, typer.Option("--sample", help="Only this sample.")] = None,
    wave: Annotated[str | None, typer.Option("--wave", help="Only this wave.")] = None,
    missing: Annotated[float, typer.Option("--missing", help="Share of answers that are left out.")] = 0.02,
    careless: Annotated[float, typer.Option("--careless", help="Share of people who do not read.")] = 0.05,
    dropout: Annotated[float, typer.Option("--dropout", help="Share of people who break off.")] = 0.04,
    anew: Annotated[
        bool, typer.Option("--anew", metavar="", help="Throw simulated answers away that are there.")
    ] = False,
    db: Database = None,
    as_json: AsJson = False,
) -> int:
    """Fill a study with made-up answers, apart from real ones and marked wherever they go.

    Example: crmstudy simulate STUDY -n 500 --seed 1
    """
    from crmstudy.administration.declaring.reading import read_fieldwork
    from crmstudy.administration.simulating import Behaviour
    from crmstudy.administration.simulating import simulate as make_up
    from crmstudy.administration.store.store import Store

    fieldwork = read_fieldwork(study)
    behaviour = Behaviour(missing, careless, dropout)
    with (
        Store.open(fieldwork.place, db=db, purpose="simulated") as store,
        progress_bar(quiet=as_json) as progress,
    ):
        made = make_up(
            fieldwork, store, n=n, seed=seed, sample=sample, wave=wave, behaviour=behaviour, anew=anew,
            progress=progress,
        )  # fmt: skip
    if as_json:
        told = [
            {"sample": one.sample, "wave": one.wave, "submitted": one.submitted, "broken_off": one.broken_off,
             "screened_out": one.screened} for one in made
        ]  # fmt: skip
        emit({"status": 0, "simulated": told, "seed": seed})
        return 0
    for one in made:
        name = f"{one.sample}, wave {one.wave}" if one.wave else one.sample
        more = f", {one.screened} screened out by a full quota" if one.screened else ""
        say(f"{name}: {one.submitted} made-up answers, {one.broken_off} broken off{more}.")
    say("They stand apart from real ones and are marked. Next:")
    say(f"  crmstudy export {shown(study)} --simulated")
    return 0


def hand_over(
    study: Path,
    *,
    sample: str | None,
    wave: str | None,
    to: Path | None,
    simulated: bool,
    incomplete: bool,
    db: str | None,
    as_json: bool,
) -> int:
    """Write what a study collected as hand-over folders, and say how to analyse them."""
    from crmstudy.administration.declaring.reading import read_fieldwork
    from crmstudy.administration.exporting import export_collected
    from crmstudy.administration.store.store import Store

    fieldwork = read_fieldwork(study)
    purpose: Purpose = "simulated" if simulated else "live"
    with Store.open(fieldwork.place, db=db, purpose=purpose, create=False) as store:
        made = export_collected(fieldwork, store, sample=sample, wave=wave, to=to, incomplete=incomplete)
    if as_json:
        emit({"status": 0, "handovers": [_as_dict(one) for one in made]})
        return 0
    _tell(made, fieldwork.folder)
    return 0


def _as_dict(made: Exported) -> dict[str, Any]:
    return {
        "folder": str(made.folder), "sample": made.sample, "waves": list(made.waves), "n": made.n,
        "broken_off": made.broken_off, "open_waves": list(made.open_waves), "simulated": made.simulated,
        "notes": list(made.notes),
    }  # fmt: skip


def _tell(made: Sequence[Exported], study: Path) -> None:
    for one in made:
        say(f"Written: {shown(one.folder)} (N = {one.n}{', simulated' if one.simulated else ''})")
        if one.broken_off:
            whisper(f"left out: {one.broken_off} that broke off; --incomplete exports them too.")
        if one.open_waves:
            named = ", ".join(wave or "the only one" for wave in one.open_waves)
            whisper(f"left out: waves that are not closed yet ({named}).")
        for note in one.notes:
            whisper(f"note: {note}")
    say("To analyse them, study.yaml names the folders:")
    for one in made:
        say(f"  {one.sample}:")
        say(f"    file: {_from(study, one.folder)}")
        if one.simulated:
            say("    simulated: true")


def _from(study: Path, folder: Path) -> str:
    """The path of a folder as study.yaml writes it: from the study where it lies inside."""
    try:
        return folder.resolve().relative_to(study.resolve()).as_posix()
    except ValueError:
        return folder.resolve().as_posix()
