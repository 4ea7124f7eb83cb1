"""Measurement: polychoric correlations, factors, reliability, imputation - beside psych, lavaan and mice."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import crmstudy as cs
from crmstudy.kernels.ordinal.polychoric import polychoric, polychoric_gamma
from tests.benchmarks.timing import Row, call_cpu, r_rows

_OURS = f"crmstudy {cs.__version__}"
_ITEMS, _ROWS, _DRAWS = 40, 1000, 500


def rows(repeats: int) -> list[Row]:
    """All benchmarks of measurement."""
    few = max(3, repeats // 3)
    return [*correlations(repeats), *number_of_factors(few), *factors(few), *consistency(few), *imputation(few)]


def correlations(repeats: int) -> list[Row]:
    """40 items of five categories, N = 1000: the matrix, and its asymptotic covariances apart."""
    values = _answers()
    moments = polychoric(values)
    work = f"polychoric correlations, {_ITEMS} items of 5 categories, N={_ROWS}"
    found: list[Row] = [{"work": work, "engine": _OURS, **call_cpu(lambda: polychoric(values), repeats)}]
    with tempfile.TemporaryDirectory() as folder:
        setup = _in_r(values, Path(folder))
        found += r_rows(work, "psych", setup, "polychoric(d)", 1)
        found += r_rows(work, "lavaan", setup, "lavCor(d, ordered=names(d))", 1)
    asymptotic = "their asymptotic covariances alone"
    found.append({"work": asymptotic, "engine": _OURS, **call_cpu(lambda: polychoric_gamma(moments), repeats)})
    return found


def number_of_factors(repeats: int) -> list[Row]:
    """Parallel analysis of 40 items, N = 1000, 500 draws, with every other rule; polychoric with 50 draws."""
    frame = pd.DataFrame(_answers(), columns=[f"q{j}" for j in range(_ITEMS)])
    work = f"cs.retention, {_ITEMS} items, N={_ROWS}, {_DRAWS} draws: all rules"
    found: list[Row] = []

    def ours(**options: object) -> object:
        return cs.retention(frame, seed=1, **{"draws": _DRAWS, **options})  # type: ignore[arg-type]

    for name, options in (("normal", {}), ("permutation", {"random": "permutation"})):
        timed = call_cpu(lambda given=options: ours(**given), repeats)
        found.append({"work": work, "engine": f"{_OURS} ({name})", **timed})
    psych = "fa.parallel(cor(d), n.obs=nrow(d), n.iter=50, SMC=TRUE, plot=FALSE)"
    alone = "parallel analysis alone, a draw"
    with tempfile.TemporaryDirectory() as folder:
        found += r_rows(alone, "psych", _in_r(frame.to_numpy(), Path(folder)), _quiet(psych), 1, per=50)
    ordinal = "cs.retention(ordinal=True), the same items, a draw of 100"
    timed = call_cpu(lambda: ours(ordinal=True, draws=100, parallel="components"), max(2, repeats // 2), per=100)
    return [*found, {"work": ordinal, "engine": _OURS, **timed}]


def factors(repeats: int) -> list[Row]:
    """Five factors of 40 items with standard errors, and with 1,000 bootstrap samples."""
    frame = pd.DataFrame(_answers(), columns=[f"q{j}" for j in range(_ITEMS)])
    work = f"cs.efa, {_ITEMS} items, 5 factors, minres, oblimin: loadings and fit"
    timed = call_cpu(lambda: cs.efa(frame, n_factors=5, seed=1), repeats)
    found: list[Row] = [{"work": work, "engine": f"{_OURS} (30 starts, standard errors)", **timed}]
    with tempfile.TemporaryDirectory() as folder:
        setup = _in_r(frame.to_numpy(), Path(folder))
        found += r_rows(work, "psych", setup, _quiet("fa(d, 5)"), 3)
    return found


def consistency(repeats: int) -> list[Row]:
    """All coefficients of a scale of ten items, beside psych's omega and alpha."""
    frame = pd.DataFrame(_answers()[:, :10], columns=[f"q{j}" for j in range(10)])
    work = f"cs.reliability, 10 items, N={_ROWS}: alpha, omegas, bounds, splits"
    found: list[Row] = [{"work": work, "engine": _OURS, **call_cpu(lambda: cs.reliability(frame), repeats)}]
    asked = "{alpha(d[1:10]); omega(d[1:10], 3, plot=FALSE); splitHalf(d[1:10], raw=TRUE)}"
    with tempfile.TemporaryDirectory() as folder:
        found += r_rows(work, "psych", _in_r(_answers(), Path(folder)), _quiet(asked), 3)
    return found


def imputation(repeats: int) -> list[Row]:
    """40 items with 10 % of the answers missing, 20 sets of 10 rounds; mice for one set of one round."""
    values = _answers()
    values[np.random.default_rng(1).random(values.shape) < 0.1] = np.nan
    frame = pd.DataFrame(values, columns=[f"q{j}" for j in range(_ITEMS)])
    work = f"imputation, {_ITEMS} items, N={_ROWS}, 10% missing, a set and round"
    timed = call_cpu(lambda: cs.impute(frame, m=20, iterations=10, seed=1), min(repeats, 3), per=200)
    found: list[Row] = [{"work": work, "engine": f"{_OURS} (of 20 sets of 10)", **timed}]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gaps.csv"
        frame.to_csv(path, index=False)
        setup = f"d <- read.csv('{path.as_posix()}')\nsuppressMessages(library(mice))"
        found += r_rows(work, "mice", setup, "mice(d, m=1, maxit=1, method='pmm', printFlag=FALSE)", 1)
    return found


def _answers() -> np.ndarray:
    """Answers from 1 to 5 to items of one factor."""
    rng = np.random.default_rng(0)
    loadings = rng.uniform(0.4, 0.8, _ITEMS)
    noise = rng.normal(size=(_ROWS, _ITEMS)) * np.sqrt(1 - loadings**2)
    latent = rng.normal(size=(_ROWS, 1)) * loadings + noise
    return np.digitize(latent, [-1.2, -0.4, 0.3, 1.1]) + 1.0


def _in_r(values: np.ndarray, folder: Path) -> str:
    """R lines that read the answers from a file; psych does not fork, so that its CPU time is counted."""
    path = folder / "answers.csv"
    pd.DataFrame(values.astype(int), columns=[f"q{j}" for j in range(_ITEMS)]).to_csv(path, index=False)
    libraries = "suppressMessages({library(psych); library(lavaan)}); options(mc.cores = 1)"
    return f"d <- read.csv('{path.as_posix()}')\n{libraries}"


def _quiet(call: str) -> str:
    return f"capture.output(suppressMessages({call}))"
