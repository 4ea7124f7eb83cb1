"""Tables as CSV: raw numbers, two columns for an interval, nothing a spreadsheet would run."""

import csv
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.report.document import Cell, Column, Table, phrase
from crmstudy.report.render.to_csv import neutral, table_csv


def _read(table):
    return list(csv.DictReader(io.StringIO(table_csv(table).decode("utf-8"))))


def _table(rows, *columns, **more):
    return Table("t", phrase("T"), columns, tuple(rows), **more)


TERM = Column("term", phrase("Term"))
ESTIMATE = Column("estimate", phrase("*b*"), "estimate")
INTERVAL = Column("ci", phrase("95% CI"), "interval")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_exactly(value):
    read = _read(_table([(Cell("a"), Cell(value, "estimate"))], TERM, ESTIMATE))
    assert float(read[0]["estimate"]) == value


def test_intervals_are_two_columns_and_nothing_is_rounded():
    low, high = 0.1 + 0.2, 1 / 3
    read = _read(_table([(Cell("a"), Cell((low, high), "interval"))], TERM, INTERVAL))
    assert list(read[0]) == ["term", "ci_low", "ci_high"]
    assert (float(read[0]["ci_low"]), float(read[0]["ci_high"])) == (low, high)


def test_absent_values_are_empty():
    rows = [(Cell("a"), Cell(math.nan, "estimate"), Cell((None, None), "interval"))]
    read = _read(_table(rows, TERM, ESTIMATE, INTERVAL))
    assert read[0] == {"term": "a", "estimate": "", "ci_low": "", "ci_high": ""}


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@sum", "\tx", "\rx"])
def test_formulas_are_neutralised_in_cells_and_header(text):
    table = _table([(Cell(text),)], Column(text, phrase("X")))
    head, row = list(csv.reader(io.StringIO(table_csv(table).decode("utf-8"), newline="")))
    assert head == row == [f"'{text}".replace("\r", " ")]
    assert neutral("ordinary") == "ordinary"


def test_negative_numbers_stay_numbers():
    assert _read(_table([(Cell("a"), Cell(-0.25, "estimate"))], TERM, ESTIMATE))[0]["estimate"] == "-0.25"


def test_whole_numbers_of_numpy_are_written_whole():
    rows = [(Cell("a"), Cell(np.int64(250), "n"))]
    assert _read(_table(rows, TERM, Column("n", phrase("*n*"), "n")))[0]["n"] == "250"


def test_inadmissible_rows_say_so():
    rows = [(Cell("a"), Cell(1.0, "estimate", mark="‡")), (Cell("b"), Cell(2.0, "estimate"))]
    whole = _read(_table(rows, TERM, ESTIMATE, mark="inadmissible"))
    part = _read(_table(rows, TERM, ESTIMATE, mark="partial"))
    assert [row["status"] for row in whole] == ["inadmissible", "inadmissible"]
    assert [row["status"] for row in part] == ["inadmissible", ""]


@pytest.mark.slow
def test_the_report_writes_the_numbers_of_its_results(told_folder, told_record):
    fit = next(block.result for block in told_record.blocks if block.id == "structure").fit
    text = (told_folder / "tables" / "structure_fit.csv").read_text(encoding="utf-8")
    (row,) = csv.DictReader(io.StringIO(text))
    for name in ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr", "aic", "bic"):
        assert float(row[name]) == float(fit[name])
    assert float(row["rmsea_ci_low"]) == float(fit["rmsea_ci_lower"])
