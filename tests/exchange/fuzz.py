"""Many mutants of every kind of file: ``python -m tests.exchange.fuzz --n 2000 [--only sav] [--from 1]``."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.exchange.mutants import TARGETS, answer_to, mutants, wrong_with


def main() -> int:
    """Read the mutants and tell what became of them; 1 when something happened that must not."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--n", type=int, default=2000)
    given.add_argument("--only", action="append")
    given.add_argument("--from", dest="start", type=int, default=1)
    given.add_argument("--keep", type=Path, help="a folder for the mutants that were answered wrongly")
    options = given.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for target in TARGETS:
            if options.only and target.name not in options.only:
                continue
            seed = target.seed()
            said: Counter[str] = Counter()
            longest, begun = 0.0, time.perf_counter()
            for number, raw in enumerate(mutants(seed, options.n, options.start)):
                try:
                    answer, seconds = answer_to(target, raw, Path(folder))
                    wrong = wrong_with(answer, seconds)
                except Exception as error:
                    answer, seconds, wrong = "", 0.0, f"{type(error).__name__}: {error}"
                longest = max(longest, seconds)
                said["read" if answer == "read" else "refused"] += 1
                if wrong:
                    failed += 1
                    print(f"{target.name} {number}: {wrong[:300]}")
                    if options.keep:
                        options.keep.mkdir(exist_ok=True)
                        (options.keep / f"{target.name}-{number}{target.suffix}").write_bytes(raw)
            took = time.perf_counter() - begun
            print(f"{target.name}: {dict(said)}, longest {longest:.2f} s, {took:.0f} s in all", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
