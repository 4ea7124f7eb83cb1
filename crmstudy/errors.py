"""Every error crmstudy raises, in one tree.

::

    CrmstudyError
    ├── InputError            input refused: nothing is computed, nothing is written (exit code 2)
    │   ├── InstrumentError   an instrument file
    │   ├── DataError         a data file, its columns or its values
    │   ├── StudyError        a study.yaml
    │   ├── ModelError        a model: its syntax, its names or an option
    │   ├── UnsupportedError  a keyword, operator or kind this version does not have, refused by name
    │   └── OutputError       a folder or file that cannot be written
    ├── AnalysisError         the input is well formed, but this analysis cannot be done with it (exit code 1)
    └── MissingExtraError     an optional dependency is not installed

An :class:`InputError` carries *all* faults found at the door, each a sentence that says what was wanted, what was
found and what to do.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

#: Characters that command a terminal or turn the order of letters: control characters but tab and line ends, halves of
#: characters, marks of direction that last, line ends that are none.
COMMANDING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
#: No sentence has more letters than this; what is longer quotes a file at length, and is cut in its middle.
LONGEST_SENTENCE = 2000
#: So many faults are told one by one; ``.faults`` has all of them.
MOST_TOLD = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: a sentence and, where known, the file and the line (from 1) it stands in.

    Whatever the sentence quotes, it has no character that commands a terminal, and no more than 2,000 letters.
    """

    message: str
    file: str | None = None
    line: int | None = None

    def __post_init__(self) -> None:
        message = COMMANDING.sub(" ", self.message)
        if len(message) > LONGEST_SENTENCE:
            half = LONGEST_SENTENCE // 2
            message = f"{message[:half]} ... {message[-half:]}"
        object.__setattr__(self, "message", message)
        if self.file is not None:
            object.__setattr__(self, "file", COMMANDING.sub(" ", self.file))

    def __str__(self) -> str:
        where = self.file or ""
        if self.line is not None:
            where = f"{where}:{self.line}" if where else f"line {self.line}"
        return f"{where}: {self.message}" if where else self.message


class CrmstudyError(Exception):
    """The root of every error that crmstudy raises on purpose."""


class InputError(CrmstudyError, ValueError):
    """Input that is refused, with every fault found in it (``.faults``)."""

    def __init__(self, faults: str | Fault | Iterable[Fault] | Iterable[str]) -> None:
        given = [faults] if isinstance(faults, str | Fault) else faults
        self.faults: tuple[Fault, ...] = tuple(f if isinstance(f, Fault) else Fault(f) for f in given)
        super().__init__(str(self))

    def __str__(self) -> str:
        if len(self.faults) == 1:
            return str(self.faults[0])
        told = [f"  - {fault}" for fault in self.faults[:MOST_TOLD]]
        more = len(self.faults) - len(told)
        return "\n".join([f"{len(self.faults)} faults found:", *told, *([f"  ... and {more} more."] if more else [])])


class InstrumentError(InputError):
    """An instrument file that cannot be used."""


class DataError(InputError):
    """A data file that cannot be read, or whose columns or values do not fit what was asked."""


class StudyError(InputError):
    """A study.yaml that cannot be run."""


class ModelError(InputError):
    """A model that cannot be read, or that names what the data do not have."""


class UnsupportedError(InputError):
    """A keyword, operator or kind that this version does not have; it is refused by name, never ignored."""


class OutputError(InputError):
    """A folder or file that cannot be written."""


class AnalysisError(CrmstudyError):
    """An analysis that these data do not allow (constant item, too few rows ...).

    ``code`` is the note code that ``crmstudy explain`` knows.
    """

    def __init__(self, message: str, code: str = "ANALYSIS_FAILED") -> None:
        self.code = code
        super().__init__(COMMANDING.sub(" ", message))


class MissingExtraError(CrmstudyError, ImportError):
    """An optional dependency is missing; the message is the exact pip command that brings it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed. Install it with: pip install 'crmstudy[{extra}]'")


def did_you_mean(word: str, known: Iterable[object]) -> str:
    """`` Did you mean 'x'?`` for the nearest of ``known``, or the empty string when nothing is near."""
    names = [str(name) for name in known]
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if not near:
        lowered = {name.lower(): name for name in names}
        near = [lowered[hit] for hit in difflib.get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.6)]
    return f" Did you mean '{near[0]}'?" if near else ""
