"""Commands about a study in the field: ``serve`` and ``access``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crmstudy.cli.console import AsJson, emit, say, shown, table
from crmstudy.errors import InputError, MissingExtraError, StudyError, did_you_mean

if TYPE_CHECKING:
    from crmstudy.administration.fieldwork import Fieldwork
    from crmstudy.administration.trying.checklist import Finding

Study = Annotated[Path, typer.Argument(help="Folder of the study.")]
Db = Annotated[
    str | None,
    typer.Option("--db", envvar="CRMSTUDY_DB", show_envvar=True, help="Address of a PostgreSQL database."),
]
#: What the server is made of, and pip brings with the extra "server".
_PACKAGES = ("starlette", "uvicorn", "httptools", "jinja2", "sqlalchemy", "alembic", "babel", "itsdangerous")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_MARKS = {"missing": "MISSING", "look": "look at", "done": "ok"}


def serve(
    study: Study,
    trial: Annotated[
        bool, typer.Option("--try", metavar="", help="Try it out: test answers, this computer only.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", metavar="", help="Only tell what is missing; start nothing.")
    ] = False,
    new: Annotated[bool, typer.Option("--new", metavar="", help="Write a new administration.yaml to fill in.")] = False,
    db: Db = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen at; 0 takes a free one.")
    ] = 8000,
    address: Annotated[str | None, typer.Option("--address", help="Where respondents find it: https://...")] = None,
    proxy: Annotated[
        bool, typer.Option("--proxy", metavar="", help="A proxy in front says who asks (X-Forwarded-For).")
    ] = False,
    new_key: Annotated[
        bool, typer.Option("--new-key", metavar="", help="Go on although the study's secret.key is lost.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", metavar="", help="No line for every request.")] = False,
    as_json: AsJson = False,
) -> int:
    """Ask respondents: open the study in a browser, with --try for a look at every page.

    It opens only when nothing of what respondents must be told is missing. Stop it with Ctrl-C: what is being sent is
    kept before it ends. Begin with: crmstudy serve STUDY --try
    """
    from crmstudy.administration.declaring.reading import read_fieldwork

    if new:
        return _scaffold(study, as_json)
    fieldwork = read_fieldwork(study)
    if address is not None:
        fieldwork = replace(fieldwork, address=_address(address))
    if check:
        return _tell_checklist(fieldwork, db, as_json)
    if trial and host not in _LOOPBACK:
        raise InputError(f"a trial is open on this computer only; found --host {host}. Leave --host out.")
    try:
        from crmstudy.administration.server.running import Serving
        from crmstudy.administration.server.running import serve as run
    except ImportError as error:
        raise _missing(error) from None

    def ready(local: str) -> None:
        _tell_ready(fieldwork, local, trial, as_json)

    how = Serving("try" if trial else "live", db, host, port, proxy, not quiet, new_key)
    if trial:
        from crmstudy.administration.trying.routes import trial_routes

        run(fieldwork, how, ready, trial_routes)
    else:
        run(fieldwork, how, ready)
    return 0


def access(
    study: Study,
    name: Annotated[str | None, typer.Argument(help="Who gets a key; all are listed when left out.")] = None,
    role: Annotated[str, typer.Option("--role", help="clerk (paper sheets) or researcher (status).")] = "researcher",
    revoke: Annotated[bool, typer.Option("--revoke", metavar="", help="Take the key of this person away.")] = False,
    trial: Annotated[bool, typer.Option("--try", metavar="", help="For the trial of the study.")] = False,
    db: Db = None,
    as_json: AsJson = False,
) -> int:
    """Give somebody a key to the desk, shown once; list who has one; take one away.

    Examples: crmstudy access STUDY "Ann" --role clerk; crmstudy access STUDY; crmstudy access STUDY "Ann" --revoke.
    """
    import datetime as dt

    from crmstudy.administration.declaring.reading import read_fieldwork

    try:
        from crmstudy.administration.keys import digest, grouped, new_secret
        from crmstudy.administration.store.access import ROLES, add_access, all_access, revoke_access
        from crmstudy.administration.store.store import Store
        from crmstudy.administration.store.writer import Refused
    except ImportError as error:
        raise _missing(error) from None
    known = {one: one for one in ROLES}
    if role not in known:
        raise InputError(f"--role is {' or '.join(ROLES)}; found '{role}'.{did_you_mean(role, ROLES)}")
    fieldwork = read_fieldwork(study)
    with Store.open(fieldwork.place, db=db, purpose="try" if trial else "live") as store:
        if name is None:
            people = store.read(all_access)
            if as_json:
                told = [{"name": one.name, "role": one.role, "since": one.since} for one in people]
                emit({"status": 0, "access": told})
            elif people:
                table(("name", "role", "since"), [(one.name, one.role, one.since) for one in people])
            else:
                say(f"Nobody has a key yet. Give one with: crmstudy access {shown(study)} NAME --role researcher")
            return 0
        if not name.strip() or len(name) > 100:
            raise InputError("the name of somebody who gets a key has 1 to 100 letters.")
        if revoke:
            if not store.do_now(lambda work: revoke_access(work, name)):
                names = [one.name for one in store.read(all_access)]
                raise StudyError(f"nobody called '{name}' has a key.{did_you_mean(name, names)}")
            emit({"status": 0, "revoked": name}) if as_json else say(f"{name} has no key any more.")
            return 0
        secret, today = new_secret(), dt.datetime.now(dt.UTC).date()
        try:
            store.do_now(lambda work: add_access(work, digest("access", secret), name, known[role], today))
        except Refused:
            raise StudyError(f"'{name}' has a key already; take it away first, with --revoke.") from None
    if as_json:
        emit({"status": 0, "name": name, "role": role, "key": grouped(secret)})
        return 0
    say(f"The key of {name} ({role}), shown only now:")
    say(f"  {grouped(secret)}")
    say("It is entered at /desk of the server's address.")
    return 0


def _address(text: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise InputError(f"--address is an address such as https://survey.example.org; found '{text}'.")
    return f"{parts.scheme}://{parts.netloc}"


def _missing(error: ImportError) -> BaseException:
    package = (error.name or "").split(".")[0]
    return MissingExtraError(package, "server") if package in _PACKAGES else error


def _scaffold(study: Path, as_json: bool) -> int:
    from crmstudy.administration.declaring.scaffold import write_scaffold

    path = write_scaffold(study)
    if as_json:
        emit({"status": 0, "files": [str(path)]})
    else:
        say(f"Written: {shown(path)}")
        say(f"Fill it in, and look at every page with: crmstudy serve {shown(study)} --try")
        say(f"What is missing: crmstudy serve {shown(study)} --check")
    return 0


def _tell_ready(fieldwork: Fieldwork, local: str, trial: bool, as_json: bool) -> None:
    """Say where the server answers; it does so from now on."""
    links = {id: f"{local}/s/{id}" for id in fieldwork.samples}
    if as_json:
        emit({
            "status": 0, "address": local, "public": fieldwork.address, "purpose": "try" if trial else "live",
            "samples": links, "desk": f"{local}/desk", **({"try": f"{local}/try"} if trial else {}),
        })  # fmt: skip
    elif trial:
        say(f"Trial of the study, every page in every language: {local}/try")
        say("Answers given there are kept apart from the study. Stop with Ctrl-C.")
    else:
        say(f"The study is open at {fieldwork.address or local} (listening at {local}).")
        for id, link in links.items():
            say(f"  {id}: {link}")
        say("Stop with Ctrl-C; what is being sent is kept first.")
    import sys

    sys.stdout.flush()


def _tell_checklist(fieldwork: Fieldwork, db: str | None, as_json: bool) -> int:
    try:
        from crmstudy.administration.trying.checklist import checklist
    except ImportError as error:
        raise _missing(error) from None

    found: tuple[Finding, ...] = checklist(fieldwork, db=db)
    status = 1 if any(one.state == "missing" for one in found) else 0
    if as_json:
        told = [{"what": one.what, "state": one.state, "message": one.message} for one in found]
        emit({"status": status, "ready": status == 0, "checks": told})
        return status
    table(("", "check", "found"), [(_MARKS[one.state], one.what, one.message) for one in found])
    say("Ready to go live." if status == 0 else "Not ready to go live yet; see what is missing above.")
    return status
