"""The mark in a file of answers that says which instruments they were given to.

A stamp is a line ``crmstudy: ID VERSION FINGERPRINT``, one an instrument. It stands where a format has room: in the
notes of an .sav file, the metadata of a Parquet file, a custom property or a sheet named ``crmstudy`` of a workbook,
the label of a .dta file, or in a file beside the data (:func:`beside`). Where room is short, the fingerprint is cut
to 16 digits or more. A stamp is found by its words, whatever stands around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from crmstudy.errors import Fault
from crmstudy.instrument import Instrument

#: Files beside a data file are small; more than this is not looked at.
_LARGEST_BESIDE = 2**24
_WHOLE = 64
_SHORTEST = 16
#: Digits may be broken over lines, as the notes of an .sav file have lines of 80 letters.
_STAMP = re.compile(
    r"crmstudy:\s*(?P<id>[a-z0-9][a-z0-9_-]*)\s+(?P<version>[^\s\"\\]{1,40})\s+"
    r"(?P<fingerprint>[0-9a-f](?:\s?(?!crmstudy)[0-9a-f]){15,63})"
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """An instrument that answers were given to: its id, version, and fingerprint (16 to 64 digits)."""

    id: str
    version: str
    fingerprint: str

    def fits(self, instrument: Instrument) -> bool:
        """Whether this is the instrument the answers were given to."""
        return instrument.fingerprint.startswith(self.fingerprint)


def write_stamp(instruments: Iterable[Instrument], *, width: int | None = None, room: int | None = None) -> str:
    r"""The stamp of these instruments, a line each.

    Parameters
    ----------
    instruments : iterable of Instrument
        What the answers were given to.
    width : int, optional
        The longest line there may be: a fingerprint that does not fit stands in a line of its own (.sav: 80).
    room : int, optional
        The letters there are for all of it: fingerprints are cut to fit, down to 16 digits (.dta: 80). The empty string
        when even that is too long.

    Examples
    --------
    >>> from crmstudy.instrument import load_instrument
    >>> write_stamp([load_instrument("ecsi")])[:18]
    'crmstudy: ecsi 1.0'
    """
    instruments = list(instruments)
    starts = [f"crmstudy: {one.id} {one.version}" for one in instruments]
    digits = _WHOLE
    if room is not None and starts:
        digits = min(_WHOLE, (room - sum(map(len, starts)) - 2 * len(starts) + 1) // len(starts))
    if digits < _SHORTEST:
        return ""
    lines = []
    for start, one in zip(starts, instruments, strict=True):
        fits = width is None or len(start) + 1 + digits <= width
        lines.append(f"{start}{' ' if fits else chr(10)}{one.fingerprint[:digits]}")
    return "\n".join(lines)


def read_stamps(text: str) -> list[Stamp]:
    r"""Every stamp in a text, in its order, each once.

    Examples
    --------
    >>> read_stamps("Survey of March\ncrmstudy: ecsi 1.0 " + "0123456789abcdef" * 4)[0].id
    'ecsi'
    """
    found = [
        Stamp(match["id"], match["version"], re.sub(r"\s", "", match["fingerprint"])) for match in _STAMP.finditer(text)
    ]
    return list(dict.fromkeys(found))


def beside(path: Path) -> tuple[Path, ...]:
    """Where a stamp of a data file may lie beside it: its codebook, the sidecar and the description of psych-DS."""
    return (
        path.with_name(f"{path.stem}.codebook.json"),
        path.with_name(f"{path.name}.codebook.json"),
        path.with_suffix(".json"),
        *([path.parent.parent / "dataset_description.json"] if path.parent.name == "data" else []),
    )


def stamps_beside(path: Path) -> tuple[Stamp, ...]:
    """The stamps in the files beside a data file; a file that cannot be read has none."""
    found: list[Stamp] = []
    for place in beside(path):
        try:
            if place.stat().st_size <= _LARGEST_BESIDE:
                found += read_stamps(place.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
    return tuple(dict.fromkeys(found))


def check_stamps(stamps: Iterable[Stamp], instruments: Iterable[Instrument], file: str) -> list[Fault]:
    """Find instruments that the answers were not given to, though their ids say so."""
    stamps = list(stamps)
    faults = []
    for instrument in instruments:
        own = [stamp for stamp in stamps if stamp.id == instrument.id]
        if not own or any(stamp.fits(instrument) for stamp in own):
            continue
        given = own[0]
        same = "the same number of version, but another key" if given.version == instrument.version else "another key"
        message = (
            f"the answers were given to '{given.id}' version {given.version} (fingerprint {given.fingerprint[:12]}), "
            f"and the instrument given here is version {instrument.version} ({instrument.fingerprint[:12]}): {same}. "
            "Use the version they were given to; or, where the change is meant, give the changed instrument an id of "
            f"its own (crmstudy instruments adopt {given.id} --id NEW)."
        )
        faults.append(Fault(message, file))
    return faults
