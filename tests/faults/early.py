"""The program with one fault: submissions are acknowledged before they are committed. Tests must find it."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from crmstudy.administration.store import writer
from crmstudy.cli import main

_attempt = writer.Writer._attempt
Told = list[tuple[Any, BaseException | None]]


def _acknowledge_first(self: writer.Writer, batch: Sequence[Any]) -> Told:
    """Try what is to be done and undo it, tell whoever submitted that it is kept, and only then keep it."""
    with self._engine.connect() as connection:
        work = writer.Work(connection)
        told: Told = []
        for one in batch:
            try:
                told.append((one.job(work), None))
            except writer.Refused as refusal:
                told.append((None, refusal))
        connection.rollback()
    if any(kind == "submitted" for _, _, kind, _ in work.totals):
        for one, (result, failure) in zip(batch, told, strict=True):
            if failure is None and result == "stored":
                one.future.set_result(result)
        time.sleep(0.02)
    return _attempt(self, batch)


writer.Writer._attempt = _acknowledge_first  # type: ignore[method-assign]

if __name__ == "__main__":
    sys.exit(main())
