"""The server under load, its client on the same cores: durable submissions, whole cycles, many open respondents.

Stated beside them: the client's share of a core, the server's processor time and memory, and how many syncs a second
the disk takes, as every acknowledged answer has been synced.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.studies import Server, free_port, make_study

Row = dict[str, object]


def syncs_per_second(folder: Path, seconds: float = 2) -> float:
    """How often a second 4 KB can be written to a file and synced, one after the other."""
    with (folder / "syncs").open("wb", buffering=0) as file:
        began, n = time.perf_counter(), 0
        while time.perf_counter() < began + seconds:
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            n += 1
    return n / (time.perf_counter() - began)


def _status(pid: int, key: str) -> float:
    """A size in MB that the system tells of a process."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _load(work: str, kind: str, seconds: float, clients: int, *, pages: int = 1, rows: int = 60, most: int = 0) -> Row:
    """One kind of load on a fresh study."""
    with tempfile.TemporaryDirectory() as name:
        folder = make_study(Path(name) / "study", pages=pages, rows=rows)
        server = Server(folder, free_port(), options=("--quiet",))
        start = server.start()
        assert server.process is not None
        command = [sys.executable, "-m", "tests.faults.loading", str(server.port), kind, str(seconds), str(clients)]
        before = _cpu(server.process.pid)
        try:
            done = subprocess.run(
                [*command, *([str(most)] if most else [])], check=True, capture_output=True, text=True
            )
            found = json.loads(done.stdout)
            return {
                "work": work, **found, "clients": clients, "start_s": start,
                "server_cpu_s": _cpu(server.process.pid) - before, "server_mb": _status(server.process.pid, "VmHWM"),
                "syncs_per_second": syncs_per_second(folder),
            }  # fmt: skip
        finally:
            server.stop()


def rows(seconds: float = 60) -> list[Row]:
    """The three loads."""
    return [
        _load("submissions of 60 items", "submit", seconds, 10, most=int(seconds * 700)),
        _load("opening and submitting a page of 60 items", "cycle", seconds / 3, 10, most=int(seconds * 150)),
        _load("1,000 open respondents, ten pages, 10 s of thought", "open", 10, 1000, pages=10, rows=6),
    ]


def print_rows(made: list[Row]) -> None:
    """Write the figures as a Markdown table."""
    print("\n| load | a second | p50 ms | p99 ms | max ms | errors | clients | client's share of a core | server MB |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for row in made:
        print(
            f"| {row['work']} ({row['n']} in {row['seconds']:.0f} s) | {row['per_second']:.0f} | {row['p50_ms']:.1f} "
            f"| {row['p99_ms']:.1f} | {row['max_ms']:.0f} | {row['errors']} | {row['clients']} "
            f"| {row['client_share']:.2f} | {row['server_mb']:.0f} |"
        )
    first = made[0]
    print(
        f"\nThe disk takes {first['syncs_per_second']:.0f} syncs of 4 KB a second, one after the other; a server "
        f"takes its first connection after {first['start_s']:.2f} s."
    )
