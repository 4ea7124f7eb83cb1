"""Break things at length and print the tables of docs/faults.md; ``python -m tests.faults [PART ...]``.

The whole takes about half an hour on two cores.
"""

from __future__ import annotations

import argparse

from tests.faults import disks, kills, powercut, repeats


def _kills(n: int) -> None:
    print("\n| kills (SIGKILL under load) | kills | acknowledged | lost | kept by half | slowest start, s |")
    print("|---|---:|---:|---:|---:|---:|")
    for what, module, times in (
        ("the server", "crmstudy", n),
        ("control: acknowledges first", "tests.faults.early", 20),
    ):
        found = kills.kill_often(times, module=module)
        told = (what, found.kills, found.acknowledged, found.lost, len(found.half), f"{found.slowest_start:.2f}")
        print(f"| {' | '.join(map(str, told))} |")


def _powercuts(n: int) -> None:
    print("\n| power cuts (images of the disk) | images | acknowledged | images with a loss | kept by half |")
    print("|---|---:|---:|---:|---:|")
    for synchronous in ("FULL", "NORMAL"):
        told = powercut.cut(150, n, synchronous=synchronous)
        name = "as we set it (FULL)" if synchronous == "FULL" else "control: synchronous=NORMAL"
        print(f"| {name} | {told.images} | {told.acknowledged} | {told.images_with_loss} | {len(told.half)} |")


def _disks(n: int) -> None:
    print("\n| broken disk | posts | 503 | answers shown again | thanked | kept when well again | lost |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for what, (calls, error) in disks.BREAKS.items():
        found = disks.break_disk(calls, error, n)
        told = (
            found.posts,
            found.refused,
            found.shown_again,
            found.thanked,
            found.kept_after,
            found.lost + found.extra,
        )
        print(f"| {what} ({error}) | {' | '.join(map(str, told))} |")


def _repeats(n: int) -> None:
    print("\n| everything sent one to five times | ids | posts | rows |")
    print("|---|---:|---:|---:|")
    found = repeats.repeat(n)
    print(f"| 8 clients | {found.ids:,} | {found.posts:,} | {found.rows:,} |")
    crowded = repeats.repeat(600, clients=64, limit=100)
    print(f"| 64 clients, a quota of 100 | {crowded.ids:,} | {crowded.posts:,} | {crowded.rows:,} |")


PARTS = {"kills": (_kills, 500), "powercuts": (_powercuts, 1000), "disks": (_disks, 100), "repeats": (_repeats, 10_000)}


def main() -> None:
    """Do all parts, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which parts (default: all)")
    parser.add_argument("--n", type=int, help="how often, in place of the usual number")
    given = parser.parse_args()
    for name in given.parts or PARTS:
        work, usual = PARTS[name]
        work(given.n or usual)


if __name__ == "__main__":
    main()
