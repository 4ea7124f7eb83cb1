"""10 million transactions of 1 and of 3 million customers, each in a process of its own, beside pandas' groupby."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.benchmarks.timing import ROOT, Row

ROWS = 10_000_000
_PIECE = 500_000
_TELL = """
import json, resource, sys, time
path = sys.argv[1]
def tell(work):
    cpu, clock = time.process_time(), time.perf_counter()
    customers, revenue = work()
    told = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - clock, "customers": customers}
    print(json.dumps({**told, "revenue": revenue, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""
_OURS = """
from crmstudy.assessment.value import transactions
def work():
    table = transactions(path, cost="cost").customers
    return len(table), table["revenue"].sum()
tell(work)
"""
_PARETO = """
from crmstudy.assessment.value import pareto
def work():
    found = pareto(path, cost="cost")
    return found.n, found.tables["totals"]["total"].iloc[0]
tell(work)
"""
_RFM = """
from crmstudy.assessment.value import rfm
def work():
    found = rfm(path, cost="cost")
    return found.n, found.tables["segments"]["revenue"].sum()
tell(work)
"""
_RETENTION = """
from crmstudy.assessment.value import retention
def work():
    found = retention(path, amount="amount", gap=90)
    return found.n, found.tables["cohorts"]["revenue"].sum()
tell(work)
"""
_OTHERS = {"cs.value.pareto": _PARETO, "cs.value.rfm": _RFM, "cs.value.retention": _RETENTION}
_PANDAS = """
import pandas
def work():
    data = {read}
    data["profit"] = data["amount"] - data["cost"]
    table = data.groupby("customer").agg(n=("amount", "size"), revenue=("amount", "sum"), profit=("profit", "sum"),
                                         first=("date", "min"), last=("date", "max"))
    return len(table), table["revenue"].sum()
tell(work)
"""
_READ = {
    ".parquet": "pandas.read_parquet(path)",
    ".csv": "pandas.read_csv(path, parse_dates=['date'])",
}


def rows() -> list[Row]:
    """Seconds (as milliseconds of the table) and peak memory by suffix; the answers must agree."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return [{"work": f"{ROWS:,} transactions", "engine": "pyarrow (not installed)"}]
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        make_files(Path(folder))
        for suffix, read in _READ.items():
            path = str(Path(folder) / f"sales{suffix}")
            work = f"{ROWS:,} transactions from {suffix}"
            ours = _row(work, "cs.value.transactions", _TELL + _OURS, path)
            peer = _row(work, "pandas groupby", _TELL + _PANDAS.format(read=read), path)
            if "revenue" in ours and "revenue" in peer:
                same = ours["customers"] == peer["customers"]
                same = same and np.isclose(float(str(ours["revenue"])), float(str(peer["revenue"])), rtol=1e-9)
                ours["engine"] = f"{ours['engine']}{'' if same else ' (another answer)'}"
            found += [ours, peer]
            found += [_row(work, name, _TELL + script, path) for name, script in _OTHERS.items()]
        for texts in (False, True):
            make_files(Path(folder), customers=3_100_000, texts=texts, alike=True)
            path = str(Path(folder) / "sales.parquet")
            work = f"{ROWS:,} transactions of 3 million customers{' named by texts' if texts else ''}"
            found += [_row(work, name, _TELL + script, path) for name, script in _OTHERS.items()]
    return found


def make_files(folder: Path, customers: int = ROWS // 10, texts: bool = False, alike: bool = False) -> None:
    """The same transactions as Parquet and as CSV, written a piece at a time; ``alike``: all customers buy as often."""
    import pyarrow as arrow
    import pyarrow.csv
    import pyarrow.parquet

    random = np.random.default_rng(7)
    numbers = [("amount", arrow.float64()), ("cost", arrow.float64())]
    name = ("customer", arrow.string() if texts else arrow.int64())
    timed = arrow.schema([name, ("date", arrow.timestamp("s")), *numbers])
    dated = arrow.schema([name, ("date", arrow.date32()), *numbers])
    with (
        arrow.parquet.ParquetWriter(folder / "sales.parquet", timed) as packed,
        arrow.csv.CSVWriter(folder / "sales.csv", dated) as plain,
    ):
        for first in range(0, ROWS, _PIECE):
            size = min(_PIECE, ROWS - first)
            amount = np.round(random.lognormal(3, 1, size), 2)
            number = (customers * random.random(size) ** (1 if alike else 2)).astype(np.int64) + 1
            columns = {
                "customer": [f"CUST-{one}" for one in number.tolist()] if texts else number,
                "date": np.datetime64("2024-01-01") + random.integers(0, 730, size).astype("timedelta64[D]"),
                "amount": amount,
                "cost": np.round(amount * random.uniform(0.5, 1.1, size), 2),
            }
            table = arrow.table({name: arrow.array(values) for name, values in columns.items()}, schema=dated)
            packed.write_table(table.cast(timed))
            plain.write_table(table)


def _row(work: str, engine: str, script: str, path: str) -> Row:
    """One piece of work in a fresh process; peak memory stands with the engine."""
    done = subprocess.run([sys.executable, "-c", script, path], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"work": work, "engine": f"{engine} (failed: {(done.stderr.strip().splitlines() or ['?'])[-1]})"}
    told = json.loads(done.stdout.splitlines()[-1])
    cpu = told["cpu"] * 1000
    return {
        "work": work, "engine": f"{engine} ({told['mb']:.0f} MB)", "cpu_ms": cpu, "cpu_min": cpu, "cpu_max": cpu,
        "wall_ms": told["wall"] * 1000, "peak_mb": told["mb"], "customers": told["customers"],
        "revenue": told["revenue"],
    }  # fmt: skip
