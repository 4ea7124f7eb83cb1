"""Files read whole and written whole: nothing but files is read, and a new file is there with all it holds, or not."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from crmstudy.errors import COMMANDING, OutputError

_MEGABYTE = 2**20
#: Names that are devices in Windows, whatever their ending: what is written to them is lost.
_PORTS = (f"{port}{digit}" for port in ("COM", "LPT") for digit in "123456789")
_DEVICES = frozenset({"CON", "PRN", "AUX", "NUL", *_PORTS})
_NOT_IN_WINDOWS = frozenset('<>:"|?*')


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """A file opened to be read; raises OSError as opening does, and for a pipe or a device; ``.strerror`` says why."""
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file; save it as a file first", str(path))
    return open(path, "rb")


def bytes_of(path: str | os.PathLike[str], largest: int) -> bytes:
    """What a file holds; raises OSError as :func:`open_file`, and for a file of more bytes than ``largest``."""
    with open_file(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        raw = stream.read(largest + 1) if size <= largest else b""
    if max(len(raw), size) > largest:
        message = f"it is too large: {max(len(raw), size) / _MEGABYTE:,.0f} MB, and at most "
        raise OSError(errno.EFBIG, f"{message}{largest / _MEGABYTE:,.0f} MB are read", str(path))
    return raw


def put_new(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file that is not there yet; when it cannot be written whole, nothing of it stays.

    A ``private`` one can be read by its owner only.

    Raises
    ------
    OutputError
        For a name that no file should have.
    OSError
        As opening and writing does; FileExistsError when something is there.
    """
    check_name(path)
    with open(path, "xb", opener=_for_the_owner) if private else path.open("xb") as stream:
        try:
            stream.write(content)
            stream.flush()
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def check_name(path: Path) -> None:
    """Raise OutputError for a name with characters that cannot be shown, or that is no name in Windows."""
    name = path.name
    if COMMANDING.search(name) or "\n" in name or "\t" in name:
        message = f"'{' '.join(name.split())}' is no name for a file: it holds characters that cannot be shown."
    elif name.split(".")[0].rstrip(" ").upper() in _DEVICES:
        message = f"'{name}' is the name of a device in Windows, where no file can have it; choose another."
    elif sys.platform == "win32" and _NOT_IN_WINDOWS.intersection(name):
        message = f"'{name}' holds a character that is in no name in Windows; choose another."
    else:
        return
    raise OutputError(message)
