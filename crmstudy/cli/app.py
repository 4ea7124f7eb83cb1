"""The program: its commands, and how every way of ending becomes an exit code.

0: all is well. 1: the work is done, but something in it failed or is inadmissible. 2: the input was refused and nothing
was written.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from crmstudy import __version__
from crmstudy.cli import (
    administering,
    answers,
    collected,
    files,
    forms,
    instrument_files,
    inviting,
    keeping,
    paper,
    printing,
    questionnaires,
    studies,
    workflow,
)
from crmstudy.cli.console import prepare_streams, refuse, say
from crmstudy.errors import AnalysisError, CrmstudyError, Fault, InputError, MissingExtraError

#: What linear algebra libraries read, when they are loaded, to know how many threads to start.
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")

_INTERRUPTED = 130
#: Packages of the extra "server", without which a study cannot be asked.
_SERVER = frozenset({"sqlalchemy", "alembic", "starlette", "uvicorn", "httptools", "itsdangerous"})

app = typer.Typer(
    name="crmstudy",
    help="Survey studies on CRM and quality of work life, from questionnaire to defended result.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
instruments = typer.Typer(help="List, show or check questionnaires; write forms for experts.")
sheets = typer.Typer(help="Questionnaires on paper: numbered sheets, typed in twice.")
app.command("run")(studies.run)
app.command("init")(studies.init)
app.add_typer(instruments, name="instruments")
instruments.command("list")(questionnaires.list_all)
instruments.command("show")(questionnaires.show)
instruments.command("lint")(questionnaires.lint)
instruments.command("panel")(questionnaires.panel)
instruments.command("adopt")(workflow.adopt)
instruments.command("diff")(workflow.diff)
instruments.command("new")(workflow.new)
instruments.command("translate")(workflow.translate)
instruments.command("pilot")(workflow.pilot)
instruments.command("export")(instrument_files.export)
instruments.command("print")(printing.print_questionnaire)
app.command("score")(answers.score)
app.command("screen")(answers.screen)
app.command("export")(files.export)
app.command("import")(files.take_in)
app.command("invite")(inviting.invite)
app.command("forms")(forms.list_all)
app.command("form")(forms.write)
app.command("serve")(administering.serve)
app.command("access")(administering.access)
app.command("simulate")(collected.simulate)
app.add_typer(sheets, name="paper")
sheets.callback(invoke_without_command=True)(paper.start)
sheets.command("sheets")(paper.sheets)
sheets.command("form")(paper.form)
sheets.command("take")(paper.take)
sheets.command("differences")(paper.differences)
sheets.command("decide")(paper.decide)
sheets.command("forget")(paper.forget)
sheets.command("status")(paper.status)
app.command("close")(keeping.close)
app.command("backup")(keeping.backup)
app.command("purge")(keeping.purge)
app.command("doctor")(studies.doctor)
app.command("explain")(studies.explain)


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", metavar="", help="Show the version and end.")] = False,
) -> None:
    """Survey studies on CRM and quality of work life, from questionnaire to defended result."""
    if version:
        say(f"crmstudy {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        say(context.get_help())


@instruments.callback(invoke_without_command=True)
def start_instruments(context: typer.Context) -> None:
    """List, show or check questionnaires; write forms for experts."""
    if context.invoked_subcommand is None:
        say(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and give its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands after the program's name; the real command line when left out.
    """
    prepare_streams()
    for name in THREADS:  # the matrices are small: threads only wait for each other, and may add in another order
        os.environ.setdefault(name, "1")
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        code = app(given, prog_name="crmstudy", standalone_mode=False)
        if code == _INTERRUPTED:  # how Typer passes Ctrl-C on
            raise KeyboardInterrupt
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except InputError as error:
        return refuse(error.faults, as_json=as_json)
    except AnalysisError as error:
        return refuse([Fault(str(error))], as_json=as_json, status=1)
    except CrmstudyError as error:
        return refuse([Fault(str(error))], as_json=as_json)
    except KeyboardInterrupt:
        return refuse([Fault("stopped before the end.")], as_json=as_json, status=_INTERRUPTED)
    except BrokenPipeError:  # whoever read our output has closed it, as `head` does
        _throw_output_away()
        return 0
    except Exception as error:
        if os.environ.get("CRMSTUDY_TRACEBACK"):
            raise
        try:
            return refuse([Fault(_unexpected(error))], as_json=as_json)
        except OSError:  # the disk that the output goes to is full
            _throw_output_away()
            return refuse([Fault(_unexpected(error))], as_json=False)


def _throw_output_away() -> None:
    """Send what is still to be written to stdout nowhere, so that the end of the program does not fail over it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unexpected(error: Any) -> str:
    """The sentence of an error that is not ours: a wrong command line, or a fault in the program."""
    if hasattr(error, "format_message"):
        context = getattr(error, "ctx", None)
        hint = f" See: {context.command_path} --help" if context is not None else ""
        return f"{error.format_message().rstrip('.')}.{hint}"
    if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] in _SERVER:
        return str(MissingExtraError(str(error.name).split(".")[0], "server"))
    if type(error).__name__ == "Abort":
        return "stopped before the end."
    if isinstance(error, OSError):
        where = f"'{error.filename}': " if error.filename else ""
        return f"{where}{error.strerror or error}."
    return (
        f"an unexpected {type(error).__name__} stopped the program: {error}. This is a fault of crmstudy; set "
        "CRMSTUDY_TRACEBACK=1 to see where it happened, and report it."
    )
