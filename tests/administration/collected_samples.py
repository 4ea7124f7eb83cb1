"""A study for the tests of what becomes of answers: every kind of question, units, waves, quotas."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from crmstudy.administration.fieldwork import Fieldwork, Sample, Unit
from tests.administration.session.session_samples import TAGS, every_kind


def fieldwork_of(folder: Path, mode: str = "confidential", sample: Sample | None = None, **changes: Any) -> Fieldwork:
    """A study with one sample, in three languages and two branches."""
    held = replace(sample or every_kind(), **changes)
    units = {id: Unit(id, {"en": id}, "branch") for id in ("north", "south")}
    return Fieldwork(folder, {"en": "Study"}, TAGS, {held.id: held}, mode=mode, k=5, units=units, levels=("branch",))  # type: ignore[arg-type]
