"""Files of 100,000 respondents and 120 items, each in a process of its own: written and read, beside bare libraries."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.timing import ROOT, Row

RESPONDENTS, ITEMS = 100_000, 120
#: The suffixes that are timed, and what writes and reads the same columns without us.
PEERS = {
    ".csv": ("pandas.to_csv", "frame.to_csv(path, index=False)", "pandas.read_csv(path)"),
    ".sav": ("pyreadstat", "pyreadstat.write_sav(frame, path)", "pyreadstat.read_sav(path)"),
    ".dta": ("pyreadstat", "pyreadstat.write_dta(frame, path, version=14)", "pyreadstat.read_dta(path)"),
    ".parquet": ("pandas.to_parquet", "frame.to_parquet(path)", "pandas.read_parquet(path)"),
}
_MAKE = f"""
import json, resource, sys, time
import numpy, pandas
path = sys.argv[1]
random = numpy.random.default_rng(5)
values = random.integers(1, 6, ({RESPONDENTS}, {ITEMS})).astype(float)
values[random.random(values.shape) < 0.03] = numpy.nan
frame = pandas.DataFrame(values, columns=[f"Q{{number}}" for number in range(1, {ITEMS} + 1)])
del values
"""
_OURS = """
from tests.benchmarks.files import instrument
from crmstudy.responses import Responses
one = instrument()
data = Responses.from_frame(frame, [one])
del frame
"""
_TELL = """
def tell(work):
    cpu, clock = time.process_time(), time.perf_counter()
    work()
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    if "crmstudy.exchange.untrusted.door" in sys.modules:  # what its process used is known when it has ended
        sys.modules["crmstudy.exchange.untrusted.door"].end_worker()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({
        "cpu": cpu + children.ru_utime + children.ru_stime, "wall": clock,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "child_mb": children.ru_maxrss / 1024,
    }))
"""


def instrument() -> object:
    """An instrument of 120 items in 20 scales, with labels in three languages."""
    from crmstudy.instrument.load import parse_instrument

    labels = ", ".join(f"{value}: {{en: Level {value}, fa: سطح {value}, ru: Уровень {value}}}" for value in range(1, 6))
    items = "\n".join(
        f"  - {{id: Q{n}, response: five, wording: {{en: Statement {n}, fa: گویهٔ {n}, ru: Утверждение {n}}}}}"
        for n in range(1, ITEMS + 1)
    )
    scales = "\n".join(
        f"  - {{id: s{n}, name: {{en: Scale {n}, fa: مقیاس {n}, ru: Шкала {n}}}, method: mean, min_answered: 3, "
        f"model: reflective, items: [{', '.join(f'Q{6 * n + place}' for place in range(1, 7))}]}}"
        for n in range(ITEMS // 6)
    )
    origin = "{unverified: true}"
    return parse_instrument(
        "crmstudy_instrument: 1\nid: long-form\nversion: '1'\nname: {en: Long form, fa: بلند, ru: Длинная}\n"
        "respondent: staff\nwording: paraphrase\n"
        "rights: {holder: nobody, status: public-domain, statement: Made up., unverified: true}\n"
        f"provenance: {{structure: {origin}, content: {origin}, responses: {origin}, scoring: {origin}, "
        f"reversed: {origin}}}\n"
        "languages: {en: {direction: ltr, status: draft}, fa: {direction: rtl, status: draft}, "
        "ru: {direction: ltr, status: draft}}\n"
        f"responses:\n  five: {{low: 1, high: 5, missing_codes: [-9], labels: {{{labels}}}}}\n"
        f"items:\n{items}\nreversed: [Q2, Q8]\nscales:\n{scales}\n",
        "long-form.yaml",
    )


def rows() -> list[Row]:
    """Seconds (as milliseconds of the table), peak memory of parent and child, by suffix."""
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for suffix, (peer, write, read) in PEERS.items():
            ours, theirs = str(Path(folder) / f"ours{suffix}"), str(Path(folder) / f"theirs{suffix}")
            work = f"{RESPONDENTS:,} x {ITEMS} to {suffix}"
            make = (
                f"{_MAKE}{_OURS}{_TELL}import crmstudy\ntell(lambda: crmstudy.write_responses(data, path, lang='fa'))"
            )
            found.append(_row(work, "cs.write_responses", make, ours))
            found.append(_row(work, peer, f"{_MAKE}{_TELL}import pyreadstat\ntell(lambda: {write})", theirs))
            work = f"{RESPONDENTS:,} x {ITEMS} from {suffix}"
            make = f"import json, resource, sys, time\npath = sys.argv[1]\n{_TELL}import crmstudy\n"
            make += "from tests.benchmarks.files import instrument\n"
            make += "tell(lambda: crmstudy.read_responses(path, instruments=[instrument()]))"
            found.append(_row(work, "cs.read_responses", make, ours))
            make = f"import json, resource, sys, time\nimport pandas, pyreadstat\npath = sys.argv[1]\n{_TELL}"
            found.append(_row(work, peer.replace(".to_", ".read_"), f"{make}tell(lambda: {read})", theirs))
    return found


def _row(work: str, engine: str, script: str, path: str) -> Row:
    """One piece of work in a fresh process; peak memory stands with the engine."""
    done = subprocess.run([sys.executable, "-c", script, path], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"work": work, "engine": f"{engine} (failed: {(done.stderr.strip().splitlines() or ['?'])[-1]})"}
    told = json.loads(done.stdout.splitlines()[-1])
    cpu = told["cpu"] * 1000
    memory = f"{told['mb']:.0f} MB" + (f", child {told['child_mb']:.0f} MB" if told["child_mb"] > 1 else "")
    return {
        "work": work, "engine": f"{engine} ({memory})", "cpu_ms": cpu, "cpu_min": cpu, "cpu_max": cpu,
        "wall_ms": told["wall"] * 1000, "peak_mb": told["mb"], "child_mb": told["child_mb"],
    }  # fmt: skip
