"""What ``crmstudy doctor`` looks at."""

from __future__ import annotations

import locale
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from crmstudy import __version__

#: Packages that every study needs.
NEEDED = (
    "numpy", "scipy", "pandas", "statsmodels", "semopy", "pingouin", "matplotlib", "formulaic", "pyyaml", "jinja2",
    "typer", "rich", "python-docx", "openpyxl", "pyreadstat", "defusedxml", "threadpoolctl",
)  # fmt: skip
#: Packages of extras: the extra, and what it is for.
EXTRAS = {
    "pyarrow": ("parquet", "reads and writes Parquet"),
    "starlette": ("server", "asks respondents"), "uvicorn": ("server", "asks respondents"),
    "httptools": ("server", "asks respondents"), "python-multipart": ("server", "asks respondents"),
    "itsdangerous": ("server", "asks respondents"), "sqlalchemy": ("server", "keeps what they answer"),
    "alembic": ("server", "keeps what they answer"), "babel": ("server", "dates of letters and pages"),
    "segno": ("server", "squares to scan on slips and posters"),
    "psycopg": ("postgres", "keeps what they answer in PostgreSQL"), "typst": ("pdf", "writes PDF"),
}  # fmt: skip
#: Programs that help but are not needed, and what for.
PROGRAMS = {
    "Rscript": "remakes the reference results of the tests", "soffice": "turns report.docx into PDF",
    "pg_dump": "backs up a study in PostgreSQL",
}  # fmt: skip
#: The font that figures are drawn with, inside the installed packages.
FONT = "matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, whether it is fine, and what was found."""

    what: str
    fine: bool
    found: str
    optional: bool = False

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"check": self.what, "fine": self.fine, "found": self.found, "optional": self.optional}


def examine(progress: Callable[[str, int, int], None] | None = None) -> list[Finding]:
    """Look at versions, console, fonts and programs, and run the example study in a folder that is removed again."""
    with tempfile.TemporaryDirectory(prefix="crmstudy-doctor-") as folder:
        os.environ.setdefault("MPLCONFIGDIR", folder)  # matplotlib keeps its list of fonts where this says
        findings = [
            Finding("crmstudy", True, __version__),
            Finding("python", sys.version_info >= (3, 11), sys.version.split()[0]),
            *(_package(name) for name in NEEDED),
            *(_extra(name, *about) for name, about in EXTRAS.items()),
            _untrusted(),
            _console(),
            _fonts(),
            *(_program(name, purpose) for name, purpose in PROGRAMS.items()),
            _example(Path(folder) / "study", progress),
        ]
        if os.environ.get("MPLCONFIGDIR") == folder:
            del os.environ["MPLCONFIGDIR"]
    return findings


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(name, False, f"not installed; install it with: pip install {name}")


def _extra(name: str, extra: str, purpose: str) -> Finding:
    try:
        return Finding(name, True, f"{purpose}: {metadata.version(name)}", optional=True)
    except metadata.PackageNotFoundError:
        said = f"{purpose}: not installed; install it with: pip install 'crmstudy[{extra}]'"
        return Finding(name, False, said, optional=True)


def _untrusted() -> Finding:
    """Whether files are read in a process of their own, and which limits this platform can set for it."""
    from crmstudy.errors import CrmstudyError
    from crmstudy.exchange.untrusted.door import parse
    from crmstudy.exchange.untrusted.limits import can_limit_memory, can_limit_processor

    name = "reading files"
    try:
        parse("delimited", b"a,b\n1,2\n", file="doctor.csv", fresh=True)
    except CrmstudyError as error:
        return Finding(name, False, str(error))
    limits = {"time": True, "size": True, "memory": can_limit_memory(), "processor time": can_limit_processor()}
    able = f"in a process of its own, with limits of {', '.join(limit for limit, there in limits.items() if there)}"
    unable = [limit for limit, there in limits.items() if not there]
    if not unable:
        return Finding(name, True, able, optional=True)
    said = f"{able}; {' and '.join(unable)} cannot be limited on this system: read files of strangers on another one"
    return Finding(name, False, said, optional=True)


def _console() -> Finding:
    encoding = getattr(sys.stdout, "encoding", None) or locale.getpreferredencoding(False)
    try:
        "χ² ω پ Ж".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        said = f"{encoding}: some letters are shown as '?' (set PYTHONUTF8=1); files are not affected"
        return Finding("console", False, said, optional=True)
    return Finding("console", True, encoding)


def _fonts() -> Finding:
    """The font of the figures, which comes with matplotlib and has Latin, Persian and Russian letters."""
    try:
        place = Path(str(metadata.distribution("matplotlib").locate_file(FONT)))
    except metadata.PackageNotFoundError:
        return Finding("font", False, "comes with matplotlib, which is not installed")
    if place.is_file():
        return Finding("font", True, f"{place.name} (Latin, Persian, Russian)")
    return Finding("font", False, f"{FONT} is missing; install matplotlib again")


def _program(name: str, purpose: str) -> Finding:
    place = shutil.which(name)
    return Finding(name, place is not None, f"{purpose}: {place or 'not found'}", optional=True)


def _example(folder: Path, progress: Callable[[str, int, int], None] | None) -> Finding:
    """Write the example study, run it, and count what it left."""
    from crmstudy.study.job import run_job
    from crmstudy.study.scaffold import copy_template

    try:
        copy_template(folder)
        job = run_job(folder, progress=progress)
    except Exception as error:  # whatever it is, the doctor must say it
        return Finding("example study", False, f"{type(error).__name__}: {error}")
    states = [block.status for block in job.results.blocks]
    said = f"{states.count('fine')} of {len(states)} analyses fine, {len(job.written.files)} files written and removed"
    return Finding("example study", job.results.status_code == 0, said)
