"""The same attacker before several results on modules: filters, roles, units; shares, means and numbers of people."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from crmstudy.assessment.modules import module_adoption
from crmstudy.disclosure import Ledger
from tests.disclosure.attack import few_revealed

FUNCTIONS = ("lead-first", "lead-sources")
FIGURES = ("used", "usefulness", "frequency")


def answers(seed, n=44):
    draw = np.random.default_rng(seed)
    role = draw.choice(["adviser", "teller", "head"], n, p=[0.5, 0.4, 0.1])
    unit = draw.choice(["North", "South", "West"], n, p=[0.5, 0.35, 0.15])
    shares = draw.uniform(0.2, 0.95, len(FUNCTIONS))
    rows = []
    for person in range(n):
        for function, share in zip(FUNCTIONS, shares, strict=True):
            often = (int(draw.integers(1, 6)), int(draw.integers(1, 5))) if draw.random() < share else (None, None)
            used = "no" if often[0] is None else "yes"
            rows.append((f"p{person}", role[person], unit[person], function, "yes", used, *often))
    names = ["respondent", "role", "unit", "function", "available", "used", "usefulness", "frequency"]
    return pd.DataFrame(rows, columns=names)


def people(frame, function, figure, column, value):
    """Of whom a figure is: of all who answered, or of those who use it."""
    rows = frame[frame["function"] == function]
    rows = rows if figure == "used" else rows[rows["used"] == "yes"]
    return frozenset(rows["respondent"] if column is None else rows["respondent"][rows[column] == value])


def told(result, frame):
    """The groups whose values, and those whose numbers of people, a result tells, by function and figure."""
    tables = json.loads(result.to_json())["tables"]
    values, numbers = {}, {}
    for name, column in (("functions", None), ("role_functions", "role"), ("unit_functions", "unit")):
        for row in (row for row in tables.get(name, ()) if row["function"] in FUNCTIONS):
            for figure in FIGURES:
                group = people(frame, row["function"], figure, column, row[column] if column else None)
                place = row["function"], figure
                values.setdefault(place, []).extend([group] if row[figure] is not None else [])
                given = [row[f"n_{figure}"], row["n"] if figure == "used" else None]
                numbers.setdefault(place, []).extend([group] if any(each is not None for each in given) else [])
    return values, numbers


def told_of(groups):
    """The figures from which something about fewer than five people can be computed."""
    distinct = {place: [one for one in dict.fromkeys(found) if one] for place, found in groups.items()}
    return [place for place, found in distinct.items() if found and few_revealed(found, 5)]


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 21))])
def test_nobody_is_told_from_all_results_together(seed):
    frame, draw, ledger = answers(seed), np.random.default_rng(seed + 100), Ledger()
    names = frame["respondent"].unique()
    shown, naive = {}, {}
    for day in range(3):
        left = draw.choice(names, draw.integers(1, 7), replace=False) if day else []
        rows = frame[~frame["respondent"].isin(left)]
        result = module_adoption(rows, role="role", unit=None if day == 1 else "unit", ledger=ledger)
        ledger = result.ledger
        values, numbers = told(result, rows)
        for place, groups in values.items():
            shown.setdefault(place, []).extend(groups)
            whole = [people(rows, *place, None, None)]
            parts = [people(rows, *place, "role", role) for role in ("adviser", "teller", "head")]
            naive.setdefault(place, []).extend(group for group in whole + parts if len(group) >= 5)
        if not day:  # how many came is told of every day; of the first, nobody's number follows
            assert not told_of(numbers)
    assert not told_of(shown)
    assert any(shown.values())
    # control: where only groups of fewer than five are left out, somebody is told
    assert told_of(naive)
