"""Makes simulated_answers.csv: answers of 100 people who do not exist.

Three factors, crm -> qwl -> loyalty, each measured by items from 1 to 5; QWL4 is worded negatively. Run it with
``python simulate.py`` in this folder (NumPy is needed); the seed makes the file the same every time.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

SEED = 20260101
ROWS = 100
ITEMS = {"CRM": 4, "QWL": 4, "LOY": 3}
LOADING = 0.78
CUTS = (-1.4, -0.6, 0.2, 1.0)
NO_ANSWER = -99


def simulate() -> str:
    """The file as text."""
    rng = np.random.default_rng(SEED)
    crm = rng.standard_normal(ROWS)
    qwl = 0.55 * crm + np.sqrt(1 - 0.55**2) * rng.standard_normal(ROWS)
    loyalty = 0.15 * crm + 0.55 * qwl + 0.75 * rng.standard_normal(ROWS)
    answers = {}
    for factor, (name, count) in zip((crm, qwl, loyalty), ITEMS.items(), strict=True):
        for number in range(1, count + 1):
            tendency = LOADING * factor + np.sqrt(1 - LOADING**2) * rng.standard_normal(ROWS)
            answers[f"{name}{number}"] = 1 + np.digitize(tendency, CUTS)
    answers["QWL4"] = 6 - answers["QWL4"]
    table = np.column_stack(list(answers.values()))
    for row, column in zip(rng.integers(ROWS, size=6), rng.integers(len(answers), size=6), strict=True):
        table[row, column] = NO_ANSWER
    tenure = rng.integers(1, 26, ROWS)
    branch = rng.choice(["north", "centre", "south"], ROWS)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["respondent", *answers, "tenure", "branch"])
    for row in range(ROWS):
        writer.writerow([f"sim{row + 1:03d}", *table[row].tolist(), int(tenure[row]), branch[row]])
    return text.getvalue()


if __name__ == "__main__":
    target = Path(__file__).with_name("simulated_answers.csv")
    target.write_text(simulate(), encoding="utf-8", newline="\n")
