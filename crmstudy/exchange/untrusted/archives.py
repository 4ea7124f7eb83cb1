"""Zip archives (.xlsx, .docx) looked at before anything in them is unpacked."""

from __future__ import annotations

import io
import zipfile
import zlib
from itertools import pairwise
from xml.parsers import expat

from crmstudy.errors import DataError, Fault
from crmstudy.exchange.untrusted.kinds import MEGABYTE
from crmstudy.quoting import shown

MOST_ENTRIES = 10_000
MOST_UNPACKED = 1024 * MEGABYTE
#: A part larger than this must not be packed more tightly than sheets and texts are.
LARGE_PART = 8 * MEGABYTE
MOST_TIGHTLY = 300
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
#: What comes of unpacking and reading a part that is damaged.
_DAMAGED = (
    expat.ExpatError, zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError,
)  # fmt: skip
_CHUNK = 2**16


def check_archive(raw: bytes, file: str, what: str = "the workbook") -> zipfile.ZipFile:
    """Open an archive that unpacks to what it may and whose markup declares nothing.

    Raises
    ------
    DataError
        When it is no archive or damaged, has too many parts, would unpack to too much, packs a part too tightly to be
        honest, has parts that overlap or share a name, is encrypted, or has markup that declares a document type.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
        said = shown(error, 120)
        message = f"{what} is damaged: it cannot be unpacked ({said}); save it again from the program it comes from."
        raise DataError(Fault(message, file)) from None
    found = _directory_fault(archive.infolist(), what)
    if found:
        raise DataError(Fault(found, file))
    for part in archive.infolist():
        if part.filename.lower().endswith((".xml", ".rels", ".vml")):
            _check_markup(archive, part, file, what)
    return archive


def _directory_fault(parts: list[zipfile.ZipInfo], what: str) -> str:
    """What is wrong with the table of contents, in a sentence; empty when nothing is."""
    unpacked = sum(part.file_size for part in parts)
    names = [part.filename.lower() for part in parts]
    if len(parts) > MOST_ENTRIES:
        return f"{what} has {len(parts):,} parts, and at most {MOST_ENTRIES:,} are read; this is no honest file."
    if unpacked > MOST_UNPACKED:
        size, most = f"{unpacked / MEGABYTE:,.0f} MB", f"{MOST_UNPACKED / MEGABYTE:,.0f} MB"
        return f"{what} would unpack to {size}, and at most {most} are read; save the data as CSV UTF-8."
    for part in parts:
        if part.file_size > LARGE_PART and part.file_size > MOST_TIGHTLY * max(part.compress_size, 1):
            times = part.file_size / max(part.compress_size, 1)
            return f"{what} holds a part that unpacks to {times:,.0f} times its size (a zip bomb); it was not opened."
        if part.flag_bits & _ENCRYPTED:
            return f"{what} is protected by a password; save it without one."
        if part.compress_type not in _PACKED:
            return f"{what} is packed in a way that office programs do not use; save it again from its program."
    if len(set(names)) < len(names):
        return f"{what} holds two parts of the same name; save it again from the program it comes from."
    placed = sorted(parts, key=lambda part: part.header_offset)
    if any(two.header_offset < one.header_offset + one.compress_size for one, two in pairwise(placed)):
        return f"{what} holds parts that overlap (a zip bomb); it was not opened."
    return ""


class _Begun(Exception):
    """The first element begins: what comes before it is known."""


def _check_markup(archive: zipfile.ZipFile, part: zipfile.ZipInfo, file: str, what: str) -> None:
    """Refuse a document type, which alone can declare entities; it stands before the first element."""
    parser = expat.ParserCreate()

    def declared(*_: object) -> None:
        message = (
            f"{what} declares a document type in '{shown(part.filename, 60)}', with which entities could be expanded "
            "or other files be read; office programs write none. It was not opened."
        )
        raise DataError(Fault(message, file))

    def begun(*_: object) -> None:
        raise _Begun

    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = begun
    try:
        with archive.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (_Begun, DataError) as ended:
        if isinstance(ended, DataError):
            raise
    except _DAMAGED as error:
        said = shown(error, 120)
        message = (
            f"{what} is damaged in '{shown(part.filename, 60)}' ({said}); save it again from the program it comes from."
        )
        raise DataError(Fault(message, file)) from None
