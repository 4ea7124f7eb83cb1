"""Files are made in a folder of their own and put in place together: all of them, or none, and never over another."""

from __future__ import annotations

import filecmp
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crmstudy.errors import InputError, OutputError
from crmstudy.files import check_name


class Delivery:
    """What an export makes, by the place it goes to."""

    def __init__(self, workshop: Path) -> None:
        self.workshop = workshop
        self.made: dict[Path, Path] = {}
        self.companions: set[Path] = set()

    def new(self, target: Path, *, companion: bool = False) -> Path:
        """Where to write the file (or folder) that goes to ``target``.

        A companion is a file that goes with another; one that is there already with the same bytes stays.
        """
        made = self.workshop / f"{len(self.made)}{target.suffix}"
        self.made[target] = made
        if companion:
            self.companions.add(target)
        return made

    def write(self, target: Path, content: bytes | str, *, companion: bool = False) -> None:
        """Write a whole file."""
        raw = content.encode("utf-8") if isinstance(content, str) else content
        self.new(target, companion=companion).write_bytes(raw)

    def put_in_place(self) -> list[Path]:
        """Move everything to where it belongs; OutputError, and nothing is moved, when something stands there."""
        left: dict[Path, Path] = {}
        faults = []
        for target, made in self.made.items():
            if not _stands(target):
                left[target] = made
            elif target not in self.companions or not _same(target, made):
                what = "holds other data" if target in self.companions else "exists already"
                faults.append(f"'{target}' {what}; name another file, or remove it.")
        if faults:
            raise OutputError(faults)
        moved: list[Path] = []
        try:
            for target, made in left.items():
                _move(made, target)
                moved.append(target)
        except BaseException:
            for target in moved:
                shutil.rmtree(target) if target.is_dir() else target.unlink()
            raise
        return list(self.made)


@contextmanager
def delivery_to(path: Path) -> Iterator[Delivery]:
    """A workshop beside ``path``, which is removed at the end; raises OutputError when nothing can be written there."""
    check_place(path)
    folder = path.absolute().parent
    try:
        workshop = Path(tempfile.mkdtemp(prefix=".crmstudy-", dir=folder))
    except OSError as error:
        raise OutputError(f"nothing can be written into '{folder}': {error.strerror or error}.") from error
    try:
        yield Delivery(workshop)
    except OSError as error:
        raise OutputError(f"'{path}' cannot be written: {error.strerror or error}.") from error
    except Exception as error:
        if type(error).__name__ != "ReadstatError":  # how the writer of .sav and .dta says that the disk is full
            raise
        raise OutputError(f"'{path}' cannot be written: {str(error).rstrip('.')}.") from error
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def check_place(path: Path) -> None:
    """Raise OutputError when nothing can be put at ``path``: it is there already, or its folder is not."""
    check_name(path)
    folder = path.absolute().parent
    if not folder.is_dir():
        raise OutputError(f"the folder '{folder}' does not exist; make it first, or name another.")
    if _stands(path):
        raise OutputError(f"'{path}' exists already; name another file, or remove it.")


def check_all(*checks: Callable[[], object]) -> None:
    """Carry out every check and raise the faults of all that fail, under the class of the first."""
    refused: list[InputError] = []
    for check in checks:
        try:
            check()
        except InputError as error:
            refused.append(error)
    if refused:
        raise type(refused[0])([fault for error in refused for fault in error.faults])


def _stands(target: Path) -> bool:
    """Whether something is in the way: an empty folder is not."""
    if target.is_dir():
        return any(target.iterdir())
    return os.path.lexists(target)


def _same(target: Path, made: Path) -> bool:
    return target.is_file() and made.is_file() and filecmp.cmp(target, made, shallow=False)


def _move(made: Path, target: Path) -> None:
    """Rename without ever replacing a file that has come in between."""
    if made.is_dir():
        if target.is_dir():
            target.rmdir()
        made.rename(target)
        return
    try:
        os.link(made, target)  # fails when the target is there, which a rename would not
    except FileExistsError:
        raise OutputError(f"'{target}' exists already; name another file, or remove it.") from None
    except OSError:  # a file system without links
        if os.path.lexists(target):
            raise OutputError(f"'{target}' exists already; name another file, or remove it.") from None
        made.rename(target)
