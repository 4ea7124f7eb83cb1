"""Findings that travel with a result: coded notes, what each code means, and where a result came from.

Standard library only. A :class:`Note` says what was found in *this* result; :func:`explanations` says, once for each
code, what it means, what to do and what to write in the thesis (``crmstudy explain CODE``).
"""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata, resources
from typing import Literal

Level = Literal["info", "warning", "inadmissible"]


@dataclass(frozen=True, slots=True)
class Note:
    """One finding.

    ``code`` is a key of :func:`explanations`; ``message`` a full sentence with the figures found; ``subject`` the
    item, scale or parameter it is about. ``level`` is ``info`` (worth knowing), ``warning`` (worth acting on) or
    ``inadmissible`` (the numbers beside it must not be interpreted).
    """

    code: str
    message: str
    level: Level = "info"
    subject: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """Plain values for JSON."""
        return {"code": self.code, "level": self.level, "subject": self.subject, "message": self.message}


@dataclass(frozen=True, slots=True)
class Code:
    """What a note code means, what to do about it, and a sentence for the method section."""

    title: str
    meaning: str
    advice: str
    write: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a result came from: input hashes (sha256 by name), versions by package, the seed."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON, keys sorted."""
        return {
            "inputs": dict(sorted(self.inputs.items())),
            "versions": dict(sorted(self.versions.items())),
            "seed": self.seed,
        }


def installed_versions(packages: Iterable[str]) -> dict[str, str]:
    """Versions of Python and of the installed packages among ``packages``."""
    versions = {"python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def is_admissible(notes: Iterable[Note]) -> bool:
    """True when no note says that the numbers must not be interpreted."""
    return all(note.level != "inadmissible" for note in notes)


@cache
def explanations() -> Mapping[str, Code]:
    """Every note code and what it means, from ``note_codes.toml``."""
    text = resources.files("crmstudy").joinpath("note_codes.toml").read_text(encoding="utf-8")
    return {code: Code(**explained) for code, explained in tomllib.loads(text).items()}
