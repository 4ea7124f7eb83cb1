"""What the answer of a child means: values, or the sentence for the way it ended."""

from __future__ import annotations

from typing import Any

from crmstudy import errors
from crmstudy.errors import DataError, Fault, InputError, MissingExtraError
from crmstudy.exchange.untrusted.kinds import MEGABYTE, Kind
from crmstudy.exchange.untrusted.limits import Limits
from crmstudy.quoting import shown

_SHOWN = 120


def too_large(file: str, size: int, largest: int) -> Fault:
    """The fault of a file that is not read at all."""
    found, most = f"{size / MEGABYTE:,.0f} MB", f"{largest / MEGABYTE:,.0f} MB"
    return Fault(f"the file is too large: {found}, and at most {most} are read; divide it.", file)


def told(answer: dict[str, Any], file: str, kind: Kind, limits: Limits) -> Any:
    """The values of an answer, or the sentence it stands for."""
    if "values" in answer:
        return answer["values"]
    if "refused" in answer:
        raise _raised(answer, file)
    if "missing" in answer:
        missing = MissingExtraError.__new__(MissingExtraError)
        ImportError.__init__(missing, shown(answer["missing"], _SHOWN))
        raise missing
    if "late" in answer:
        message = (
            f"reading took longer than {limits.seconds:.0f} seconds and was stopped; the file is damaged, or made to "
            f"keep a program busy. Save it again from the program it comes from, or as CSV UTF-8."
        )
    elif "memory" in answer:
        message = (
            f"reading wanted more than {limits.memory / MEGABYTE:,.0f} MB of memory and was stopped; the file is "
            "damaged, or unpacks to far more than it shows. Save it again, or as CSV UTF-8."
        )
    elif "crashed" in answer:
        message = (
            f"the reader of {kind.name} crashed over it (nothing else is harmed); the file is damaged or made to do "
            "so. Save it again from the program it comes from, or as CSV UTF-8."
        )
    else:
        message = (
            f"this is not {kind.name} that can be read, or it is damaged ({shown(answer.get('damaged', ''), _SHOWN)}); "
            "save it again from the program it comes from."
        )
    raise DataError(Fault(message, file))


def _raised(answer: dict[str, Any], file: str) -> InputError:
    """The refusal of the parser, as it was raised in the child."""
    kind = getattr(errors, str(answer["refused"]), DataError)
    kind = kind if isinstance(kind, type) and issubclass(kind, InputError) else DataError
    faults = []
    for fault in given if isinstance(given := answer.get("faults"), list) else ():
        message, name, line = [*fault, None, None, None][:3] if isinstance(fault, list) else (fault, None, None)
        faults.append(Fault(str(message), None if name is None else str(name), line if type(line) is int else None))
    return kind(faults or [Fault("it was refused without a reason.", file)])
