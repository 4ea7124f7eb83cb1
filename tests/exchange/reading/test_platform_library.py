"""Every instrument of the library, asked in a form of each of its languages, comes back as it was answered."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from crmstudy.exchange.sources import Asked, shaped
from crmstudy.exchange.table import Cells, Table
from crmstudy.instrument import list_instruments

ROWS = 6


def _form(instrument, lang):
    """A form with grids and labels, and the codes that were answered."""
    draw = random.Random(f"{instrument.id}-{instrument.version}-{lang}")
    names, columns, truth = ["Timestamp"], [["2026/03/01 10:00"] * ROWS], {}
    for item in instrument.items:
        response = item.response
        offered = {**response.labels, **response.missing_labels}
        codes = [draw.choice((*response.values[:20], *response.missing_labels)) for _ in range(ROWS)]
        labels = [instrument.text(offered.get(code, {}), lang) or str(code) for code in codes]
        names.append(f"? [{instrument.text(item.wording, lang) or item.id}]")
        columns.append(labels)
        truth[item.id] = codes
    rows = np.arange(1, ROWS + 1, dtype=np.int32)
    return Table("form.csv", names, [Cells.of(column) for column in columns], rows, rows + 1, 1), truth


@pytest.mark.parametrize("instrument", list_instruments(), ids=lambda one: f"{one.id}-{one.version}")
def test_a_form_of_every_instrument_reads_back(instrument):
    for lang in instrument.languages:
        table, truth = _form(instrument, lang)
        read = shaped(table, Asked(Path("form.csv"), instruments=(instrument,)))
        assert {id: [int(cell) for cell in read.column(id)] for id in truth} == truth, lang
