"""Time crmstudy beside its peers in one run and print a table; ``--json FILE`` writes the figures too.

CPU time, one BLAS thread, medians after a warm-up; peers that are not installed are left out by name.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # before NumPy is loaded, for us and for the peers
    os.environ.setdefault(_name, "1")

from tests.benchmarks import agreement, customers, files, library, measurement, processes, serving, structural  # noqa: E402
from tests.benchmarks.timing import Row  # noqa: E402


def print_table(rows: list[Row]) -> None:
    """Write the figures as a Markdown table."""
    print("| work | engine | CPU ms, median | min–max | wall ms |")
    print("|---|---|---:|---:|---:|")
    for row in rows:
        if "cpu_ms" not in row:
            print(f"| {row['work']} | {row['engine']} | – | – | – |")
            continue
        digits = 1 if float(row["cpu_ms"]) >= 5 else 2
        spread = f"{row['cpu_min']:.{digits}f}–{row['cpu_max']:.{digits}f}"
        print(
            f"| {row['work']} | {row['engine']} | {row['cpu_ms']:.{digits}f} | {spread} | {row['wall_ms']:.{digits}f} |"
        )


def main() -> None:
    """Run all benchmarks, or the parts that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        choices=["structural", "measurement", "processes", "library", "files", "customers", "serving", []],
        help="which parts (default: all)",
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--repeats", type=int, default=15, help="timed calls of each piece of work (default 15)")
    parser.add_argument("--seconds", type=float, default=60, help="how long the server is loaded (default 60)")
    given = parser.parse_args()
    parts = given.parts or ["structural", "measurement", "processes", "library", "files", "customers", "serving"]
    rows: list[Row] = []
    if "structural" in parts:
        rows += structural.rows(given.repeats)
    if "measurement" in parts:
        rows += measurement.rows(given.repeats)
        rows += agreement.rows(given.repeats)
    if "processes" in parts:
        rows += processes.rows(given.repeats)
    if "library" in parts:
        rows += library.rows(min(given.repeats, 5))
    if "files" in parts:
        rows += files.rows()
    if "customers" in parts:
        rows += customers.rows()
    if rows:
        print_table(rows)
    figures: dict[str, object] = {"rows": rows}
    if "serving" in parts:
        loads = serving.rows(given.seconds)
        figures["serving"] = loads
        serving.print_rows(loads)
    if "structural" in parts:
        figures["agreement_in_se"] = structural.agreement()
        figures["peak_memory_mb"] = structural.peak_memory()
        print(
            f"\nLargest difference between a bootstrap replicate and its own fit: {figures['agreement_in_se']:.1e} SE."
        )
        print(f"Peak memory of 10,000 replicates: {figures['peak_memory_mb']:.0f} MB.")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
