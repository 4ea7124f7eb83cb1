"""A small study on disk for the tests: two scales of three items, an outcome, 60 rows, made by a formula."""

from __future__ import annotations

import random
from pathlib import Path

INSTRUMENT = """\
crmstudy_instrument: 1
id: small
version: "1.0"
name: {en: Small}
respondent: staff
wording: none
rights: {holder: nobody, status: unknown, statement: None., unverified: true}
provenance:
  structure: {unverified: true}
  content: {unverified: true}
  responses: {unverified: true}
  reversed: {unverified: true}
  scoring: {unverified: true}
languages: {en: {direction: ltr, status: draft}}
responses:
  five: {low: 1, high: 5, missing_codes: [-9], labels: {1: {en: Never}, 5: {en: Always}}}
items: [{id: A1}, {id: A2}, {id: A3}, {id: B1}, {id: B2}, {id: B3}]
reversed: [A3]
scales:
  - {id: ease, name: {en: Ease}, items: [A1, A2, A3], method: mean, min_answered: 2, model: reflective}
  - {id: trust, name: {en: Trust}, items: [B1, B2, B3], method: mean, min_answered: 2, model: reflective}
"""

STUDY = """\
crmstudy: 1
title: {en: A small study}
seed: 7
samples:
  staff:
    population: staff
    file: answers.csv
    instruments: [small]
    variables: {age: {type: number}, branch: {type: category}}
analyses:
"""

ITEMS = "  - {id: items, kind: items, sample: staff, scales: all}\n"
REGRESSION = "  - {id: drivers, kind: regression, sample: staff, formula: trust ~ ease + age}\n"


def write_answers(path: Path, *, rows: int = 60, header: str | None = None, **cells: str) -> None:
    """Write answers; ``cells`` puts a text into the first row of a column."""
    rng = random.Random(3)
    names = ["A1", "A2", "A3", "B1", "B2", "B3", "age", "branch"]
    lines = [header or ",".join(names)]
    for row in range(rows):
        ease = rng.gauss(0, 1)
        trust = 0.6 * ease + rng.gauss(0, 0.8)
        values = [_cut(ease + rng.gauss(0, 0.7)) for _ in range(3)] + [
            _cut(trust + rng.gauss(0, 0.7)) for _ in range(3)
        ]
        values[2] = 6 - values[2]
        cell = dict(zip(names, [*map(str, values), str(20 + row % 37), rng.choice(["1", "2", "3"])], strict=True))
        if row == 0:
            cell |= cells
        lines.append(",".join(cell[name] for name in names))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def write_small(folder: Path, *analyses: str, study: str = STUDY, rest: str = "", instrument: str = INSTRUMENT) -> Path:
    """Write a small study into a folder and give the folder."""
    (folder / "instruments").mkdir(parents=True)
    (folder / "instruments" / "small.yaml").write_text(instrument, encoding="utf-8")
    write_answers(folder / "answers.csv")
    text = study + "".join(analyses or (ITEMS,)) + rest
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return folder


def _cut(value: float) -> int:
    return 1 + sum(value > cut for cut in (-1.2, -0.4, 0.4, 1.2))
