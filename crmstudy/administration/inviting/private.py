"""Files with names or links in them: new ones, readable by their owner only, there whole or not at all."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from crmstudy.errors import OutputError
from crmstudy.files import check_name
from crmstudy.quoting import harmless


class Pending:
    """New files that are written beside their places, and put into them together.

    What is written is on the disk, under a name that ends in ``.part``, before anything else is done; :meth:`place`
    gives the names, :meth:`drop` takes the files away again.
    """

    def __init__(self) -> None:
        self._made: list[tuple[Path, Path]] = []

    def add(self, path: Path, content: bytes) -> None:
        """Write a file beside its place. Raises OutputError when the place is taken or cannot be written."""
        check_name(path)
        if path.exists() or any(path == place for _, place in self._made):
            self.drop()
            raise OutputError(f"'{path}' is there already, and nothing is written over; choose another folder: --out.")
        part = path.with_name(f"{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(part, content)
        except OSError as bad:
            self.drop()
            raise OutputError(f"'{path}' cannot be written: {bad.strerror or bad}.") from None
        self._made.append((part, path))

    def place(self) -> list[Path]:
        """Give the files their names; one whose name was taken meanwhile keeps the name it has."""
        placed = []
        for part, path in self._made:
            placed.append(path if _named(part, path) else part)
        self._made = []
        return placed

    def drop(self) -> None:
        """Take the files away again."""
        for part, _ in self._made:
            part.unlink(missing_ok=True)
        self._made = []


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table as spreadsheets open it: UTF-8 with its mark, and no cell that they would compute."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _named(part: Path, path: Path) -> bool:
    """Give a file its name; False when the name is taken."""
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if path.exists():
            return False
        part.rename(path)
        return True
    part.unlink()
    return True


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
