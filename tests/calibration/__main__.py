"""``python -m tests.calibration``: draw, fit, judge, and write docs/calibration.md. See there."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):  # before NumPy is loaded
    os.environ.setdefault(_name, "1")

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """Run the study; the exit code is 0 when every promise is kept and both wrong estimators are found out."""
    asked = _parser().parse_args(arguments)
    if asked.replications < 2 or asked.workers < 1:
        _parser().error("--replications must be at least 2 and --workers at least 1.")

    import crmstudy
    from tests.calibration.figures import figures, wrong_figures
    from tests.calibration.judging import Judgement
    from tests.calibration.page import Record, page, read_figures, write_figures
    from tests.calibration.running import fingerprint, run
    from tests.calibration.study import CONDITIONS, SEED

    conditions = [c for c in CONDITIONS if asked.only is None or asked.only in c.name]
    begun, made, minutes = time.perf_counter(), [], 0.0
    sources = fingerprint()
    for condition, found, spent in run(conditions, asked.replications, asked.workers, asked.partial / sources):
        made += figures(condition, found) + wrong_figures(condition, found)
        minutes += spent / 60.0
        print(f"{(time.perf_counter() - begun) / 60.0:6.1f} min  {condition.name}", file=sys.stderr, flush=True)
    if fingerprint() != sources:
        print("The package or the study was changed during the run, which used what it had loaded.", file=sys.stderr)
    record = Record(crmstudy.__version__, sources, asked.replications, SEED, round(minutes, 1))
    write_figures(made, record, asked.figures)
    made, record = read_figures(asked.figures)
    asked.out.write_text(page(made, record), encoding="utf-8")
    judgement = Judgement.of(made)
    print(
        f"{judgement.judged} figures promised, {len(judgement.broken)} flagged; of the wrong estimators' "
        f"{judgement.seen + len(judgement.missed)} figures {judgement.seen} flagged. See {asked.out}."
    )
    return 0 if judgement.passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.calibration", description=__doc__)
    parser.add_argument("--replications", type=int, default=1000, help="of every condition (1000)")
    parser.add_argument("--workers", type=int, default=1, help="processes (1); the answer does not depend on it")
    parser.add_argument("--only", help="conditions whose name holds this text, such as 'mediated-normal'")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "calibration.md", help="the page")
    parser.add_argument("--figures", type=Path, default=Path(__file__).with_name("results.json"), help="its figures")
    parser.add_argument("--partial", type=Path, default=ROOT / "build" / "calibration", help="where chunks are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
