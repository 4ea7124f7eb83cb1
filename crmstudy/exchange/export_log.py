"""What a format could not hold, line by line: nothing is lost without being said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crmstudy.errors import OutputError
from crmstudy.files import put_new


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that was left out, shortened or renamed, and where: a variable, an item, a row of the file."""

    what: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


@dataclass(slots=True)
class ExportLog:
    """The record of an export: the format, the files written, and what the format could not hold.

    Examples
    --------
    >>> log = ExportLog("sav")
    >>> log.add("the label was cut at 256 bytes.", "Q1")
    >>> print(log.text, end="")
    Q1: the label was cut at 256 bytes.
    """

    format: str = ""
    files: list[Path] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    def add(self, what: str, where: str = "") -> None:
        """Note one loss, a sentence; the same one is kept once."""
        loss = Loss(what, where)
        if loss not in self.losses:
            self.losses.append(loss)

    @property
    def lines(self) -> tuple[str, ...]:
        """The losses, a line each."""
        return tuple(str(loss) for loss in self.losses)

    @property
    def text(self) -> str:
        """All lines; empty when nothing was lost."""
        return "".join(f"{line}\n" for line in self.lines)

    def to_json(self) -> str:
        """Format, file names and losses as JSON."""
        content = {
            "format": self.format,
            "files": [path.name for path in self.files],
            "losses": [{"what": loss.what, "where": loss.where} for loss in self.losses],
        }
        return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    def write_beside(self, path: Path) -> Path | None:
        """Write the lines into ``FILE.log.txt`` beside the exported file; nothing is written where nothing was lost.

        Raises OutputError when that file is there already with other content.
        """
        if not self.losses:
            return None
        beside = path.with_name(f"{path.name}.log.txt")
        content = self.text.encode("utf-8")
        if beside.exists() and beside.read_bytes() == content:
            return beside
        try:
            put_new(beside, content)
        except FileExistsError:
            raise OutputError(f"'{beside}' exists already; name another file, or remove it.") from None
        except OSError as error:
            raise OutputError(f"'{beside}' cannot be written: {error.strerror or error}.") from error
        self.files.append(beside)
        return beside

    def __len__(self) -> int:
        return len(self.losses)

    def __iter__(self) -> Iterator[Loss]:
        return iter(self.losses)

    def __repr__(self) -> str:
        return f"<ExportLog {self.format}: {len(self.files)} files, {len(self.losses)} losses>"
