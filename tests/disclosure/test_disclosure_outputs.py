"""An attacker who holds all that several runs wrote, and knows everybody's role and unit and who answered."""

from __future__ import annotations

import csv
import json
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.disclosure.sealing import unsealed
from crmstudy.instrument import load_instrument
from crmstudy.study.job import run_job
from tests.disclosure.attack import few_revealed

ITEMS = [item.id for item in load_instrument("staff-profile").items]
FACET = "Empathy"
STUDY = """\
crmstudy: 1
title: {{en: Staff}}
samples:
  staff: {{population: staff, file: staff.csv, id: who, instruments: [staff-profile]}}
screening: {{exclude: []}}
disclosure: {{k_means: 5, k_distributions: 10}}
analyses:
  - {{id: staff, kind: staff_profile, sample: staff, {columns}, targets: 3.5}}
report: {{formats: [html]}}
"""
ROLES, UNITS, REGIONS = "role: role", "role: role, unit: unit", "role: role, unit: region"


def staff(seed, n=44):
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.integers(1, 6, (n, len(ITEMS))), columns=ITEMS)
    frame.insert(0, "who", [f"employee-{person}" for person in range(n)])
    frame["role"] = draw.choice(["adviser", "teller", "head"], n, p=[0.5, 0.4, 0.1])
    frame["unit"] = draw.choice(["North", "South", "West"], n, p=[0.5, 0.35, 0.15])
    frame["region"] = frame["unit"].replace({"West": "South"})
    return frame


def occasions(seed):
    """Files and questions of several days: all, a filter, by units, a wave in which some left and came, regions."""
    draw, frame = np.random.default_rng(seed), staff(seed)
    filtered = frame.drop(index=draw.choice(len(frame), draw.integers(1, 7), replace=False))
    came = staff(seed + 1000, 8).assign(who=[f"new-{person}" for person in range(8)])
    wave = pd.concat([frame.drop(index=draw.choice(len(frame), 6, replace=False)), came.head(draw.integers(1, 8))])
    return [(frame, ROLES), (filtered, ROLES), (frame, UNITS), (wave, UNITS), (frame, REGIONS)]


def write(folder, frame, columns):
    folder.mkdir(exist_ok=True)
    frame.to_csv(folder / "staff.csv", index=False)
    (folder / "study.yaml").write_text(STUDY.format(columns=columns), encoding="utf-8")


def told(result, frame):
    """The groups of whose answers anything is told by a result, as the people in them."""
    said = json.loads(result.to_json())
    found = {}
    for table in said["tables"].values():
        for row in table:
            figures = ("mean", "sd", "ci_low", "ci_high", "gap", "p_value", "d", "shortfall", "priority")
            if row.get("characteristic") == FACET and any(row.get(name) is not None for name in figures):
                found[row.get("role"), row.get("unit")] = True
    for row in said["estimates"]:
        role, facet = row["term"].split(": ")
        found |= {(role, None): True} if facet == FACET.lower() else {}
    return [members(frame, role, unit, result.call["unit"]) for role, unit in found]


def members(frame, role, unit, column):
    there = pd.Series(True, index=frame.index)
    if role is not None:
        there &= frame["role"] == role
    if unit is not None:
        there &= frame[column] == unit
    return frozenset(frame["who"][there])


def run(folder, frame, columns):
    """A run whose figures are shown; what is not written is not shown."""
    write(folder, frame, columns)
    results = cs.run(cs.Study.load(folder))
    results.disclosing.keep()
    return results["staff"]


def released(folder, seed, days, *, together):
    found = []
    for place, (frame, columns) in enumerate(occasions(seed)[:days]):
        block = run(folder if together else folder / str(place), frame, columns)
        found += [] if block.result is None else told(block.result, frame)
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(
    ("seed", "days"), [(1, 2), *(pytest.param(seed, 5, marks=pytest.mark.slow) for seed in range(1, 14))]
)
def test_nobody_is_told_from_all_runs_together(tmp_path, seed, days):
    shown = released(tmp_path, seed, days, together=True)
    assert len(shown) > 3
    assert few_revealed(shown, 5) == []
    # control: the same runs, each in a study of its own that knows of no other
    apart = tmp_path / "apart"
    apart.mkdir()
    assert few_revealed(released(apart, seed, days, together=False), 5)


def rows_of(out):
    """Every row of every table of the report and its files, as texts."""
    page = (out / "report.html").read_text(encoding="utf-8")
    for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL):
        cells = re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)
        yield [unescape(re.sub("<[^>]+>", "", cell)).strip() for cell in cells]
    for path in (out / "tables").glob("*.csv"):
        yield from csv.reader(path.read_text(encoding="utf-8-sig").splitlines())


def test_what_a_run_writes(tmp_path):
    """All files: no figure of a hidden group in any row, nor anybody's name; the ledger is noise without its key."""
    folder = tmp_path / "study"
    frame, columns = staff(7), UNITS
    write(folder, frame, columns)
    first = run_job(folder, tmp_path / "one")
    table = first.results["staff"].result.tables["roles"]
    hidden = set(table[table["withheld"] != ""]["role"])
    assert "head" in hidden
    for row in rows_of(tmp_path / "one"):
        if hidden & set(row):
            assert not [cell for cell in row if re.fullmatch(r"[-\u2212]?\d*[.,]\d+", cell) and float(cell) != 3.5], row
    (drawn, *_) = first.results["staff"].result.drawings()
    assert all(value is None for role in hidden for value in dict(zip(drawn.rows, drawn.values, strict=True))[role])
    written = b"".join(path.read_bytes() for path in (tmp_path / "one").rglob("*.*") if path.suffix != ".png")
    assert b"employee-" not in written
    ledger, key = ((folder / "disclosure" / name).read_bytes() for name in ("ledger", "key"))
    assert not [word for word in (b"employee", b"adviser", b"North", b"empathy") if word in ledger]
    with pytest.raises(cs.errors.DataError, match="another key"):
        unsealed(ledger, bytes(len(key)))
    # control: with its key the ledger tells who was with whom, so that the words above would have been found
    known = unsealed(ledger, key).ledger.to_records()
    assert {"role": "adviser"} in [release["key"] for release in known]
    # a second run, into another folder, writes the very same
    run_job(folder, tmp_path / "two")
    for path in (path for path in (tmp_path / "one").rglob("*") if path.is_file() and path.name != "timings.json"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes(), path.name
    assert (folder / "disclosure" / "ledger").read_bytes() == ledger
