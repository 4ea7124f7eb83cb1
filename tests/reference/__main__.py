"""``python -m tests.reference [method/case ...]``: ask R again, for all cases or the named ones.

Needs ``Rscript`` and, on Debian 12, the packages r-base-core r-cran-lavaan r-cran-psych r-cran-psychtools
r-cran-semtools r-cran-gparotation r-cran-sandwich r-cran-lmtest r-cran-multilevel r-cran-mass r-cran-numderiv
r-cran-boot r-cran-mice r-cran-survey r-cran-psy.
``data`` as a name makes the shared data sets again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.reference import HERE


def main(names: list[str]) -> int:
    """Run the scripts in the order of their names; the exit code is the number that failed."""
    if shutil.which("Rscript") is None:
        print("Making the references again needs Rscript, which is not installed; running the tests does not.")
        return 1
    scripts = [_script(name) for name in names] or [HERE / "data/make.R", *sorted(HERE.glob("*/*/script.R"))]
    failed = 0
    for script in scripts:
        name = script.parent.relative_to(HERE).as_posix()
        print(name, end=" ", flush=True)
        failed += not _run(script)
    return failed


def _script(name: str) -> Path:
    return HERE / "data/make.R" if name == "data" else HERE / name / "script.R"


def _run(script: Path) -> bool:
    """One script in its own folder, without the user's R profile and with one language and one thread."""
    surroundings = os.environ | {"LC_ALL": "C.UTF-8", "LANGUAGE": "en", "OMP_NUM_THREADS": "1", "TZ": "UTC"}
    done = subprocess.run(
        ["Rscript", "--vanilla", script.name],
        cwd=script.parent,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    print("ok" if done.returncode == 0 else f"failed\n{done.stderr}", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
