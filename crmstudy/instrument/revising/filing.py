"""An instrument put into a folder as a file of its own, never over another."""

from __future__ import annotations

import re
from pathlib import Path

from crmstudy.errors import Fault, OutputError
from crmstudy.files import put_new
from crmstudy.instrument.load import parse_instrument
from crmstudy.instrument.model import Instrument
from crmstudy.instrument.writing import write_yaml


def file_name(instrument: Instrument, *, versioned: bool = False) -> str:
    """The name of its file: ``id.yaml``, or ``id-version.yaml`` beside the version that bears the plain id."""
    if not versioned:
        return f"{instrument.id}.yaml"
    return f"{instrument.id}-{re.sub(r'[^A-Za-z0-9_.+-]', '_', instrument.version)}.yaml"


def file_instrument(instrument: Instrument, target: str | Path, *, heading: str = "") -> Path:
    """Write an instrument file that reads back as the same instrument.

    Parameters
    ----------
    instrument : Instrument
        What to write.
    target : path
        The file; its folder is made where it does not exist.
    heading : str
        A comment for the head of the file.

    Raises
    ------
    OutputError
        When the file exists or cannot be written.
    """
    path = Path(target)
    text = write_yaml(instrument, heading=heading)
    parse_instrument(text, path.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        put_new(path, text.encode("utf-8"))
    except FileExistsError:
        message = "the file exists and is not overwritten; choose another --out, --id or --version, or move it away."
        raise OutputError(Fault(message, str(path))) from None
    except OSError as error:
        raise OutputError(Fault(f"the file cannot be written: {error.strerror or error}.", str(path))) from None
    return path
