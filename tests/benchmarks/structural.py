"""Structural equation models: one fit, one bootstrap replicate, groups, incomplete rows - beside semopy and lavaan."""

from __future__ import annotations

import itertools
import tempfile
import tracemalloc
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd

import crmstudy as cs
from tests.benchmarks.timing import Row, call_cpu, r_rows
from tests.reference import load

_OURS = f"crmstudy {cs.__version__}"


def rows(repeats: int) -> list[Row]:
    """All structural equation model benchmarks."""
    return [*single_fit(repeats), *bootstrap(max(2, repeats // 5)), *twenty_items(max(3, repeats // 3))]


def single_fit(repeats: int) -> list[Row]:
    """8 factors x 4 items, 5 paths, N = 400: fit, standard errors, all indices, standardised solution."""
    case = load("sem/crm")
    runs = itertools.count()

    def ours() -> object:
        fitted = cs.sem(f"{case.model}\n# {next(runs)}", case.data)  # a new text each time, so that it is parsed
        return fitted.fit, fitted.estimates

    work = "SEM 8 x 4, 5 paths, N=400: fit + SE + indices"
    found: list[Row] = [{"work": work, "engine": _OURS, **call_cpu(ours, repeats)}]
    for name, options in (("default", None), ("ftol 1e-13", {"ftol": 1e-13})):
        found += _semopy(work, name, lambda o=options: _semopy_fit(case.model, case.data, o), max(3, repeats // 3))
    setup, call = (
        _lavaan(case.model, case.data),
        "f <- sem(m, d); fitMeasures(f); parameterEstimates(f, standardized=TRUE)",
    )
    with setup as (lines, _):
        found += r_rows(work, "lavaan", lines, call, max(3, repeats // 3))
    return found


def bootstrap(repeats: int, replicates: int = 2000) -> list[Row]:
    """The same model, a replicate: standardised and defined parameters included."""
    case = load("sem/crm")
    model = _with_definition(str(case.model))
    work = "the same, a bootstrap replicate (std and defined parameters)"

    def ours() -> object:
        return cs.sem(model, case.data, bootstrap=replicates, seed=1).estimates

    found: list[Row] = [{"work": work, "engine": _OURS, **call_cpu(ours, repeats, per=replicates)}]
    rng = np.random.default_rng(1)

    def theirs() -> object:
        drawn = case.data.iloc[rng.integers(0, len(case.data), len(case.data))]
        return _semopy_fit(case.model, drawn, {"ftol": 1e-13}, indices=False)

    found += _semopy(work, "new model, ftol 1e-13", theirs, 5)
    with _lavaan(model, case.data) as (lines, _):
        call = "f <- sem(m, d, se='bootstrap', bootstrap=50L, test='none', baseline=FALSE)"
        found += r_rows(work, "lavaan", lines, call, 2, per=50)
    return found


def agreement(replicates: int = 200) -> float:
    """Largest difference between a replicate and a fit of its own from scratch, in standard errors."""
    from crmstudy.estimating.estimation import complete_likelihood
    from crmstudy.fitted.fit import prepare
    from crmstudy.kernels.covariance.bootstrap import bootstrap_moments
    from crmstudy.kernels.covariance.optimise import minimise
    from crmstudy.kernels.covariance.stack import fit_stack

    case = load("sem/crm")
    fitted = cs.sem(case.model, case.data).solution
    values = np.asarray(fitted.sample.groups[0].values)
    counts = np.random.default_rng(2).multinomial(len(values), np.full(len(values), 1 / len(values)), size=replicates)
    covariances, means = bootstrap_moments(values, counts)
    fit = fit_stack(fitted.placement.layouts, fitted.table.n_free, [covariances], [means], [1.0], fitted.theta, 400.0)
    errors = np.sqrt(np.diagonal(fitted.vcov))
    largest = 0.0
    prepared, _ = prepare(case.model, case.data, {})
    for row, covariance in enumerate(covariances):
        frame = pd.DataFrame(covariance * 400 / 399, index=fitted.table.observed, columns=fitted.table.observed)
        alone, _ = prepare(case.model, None, {"sample_cov": frame, "sample_n": 400})
        objective = complete_likelihood(alone.placement.layouts, alone.sample, prepared.table.n_free)
        found = minimise(objective, fitted.theta, 400.0)
        largest = max(largest, float(np.abs((found.point.theta - fit.theta[row]) / errors).max()))
    return largest


def peak_memory(replicates: int = 10_000) -> float:
    """Megabytes that Python and NumPy hold at most during a bootstrap of that many replicates."""
    case = load("sem/crm")
    model = _with_definition(str(case.model))
    tracemalloc.start()
    cs.sem(model, case.data, bootstrap=replicates, seed=1)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return peak


def twenty_items(repeats: int) -> list[Row]:
    """20 items, 4 factors, N = 1000: two groups with equal loadings and intercepts; full information, 20 patterns."""
    complete, holes, model = _twenty()
    groups, fiml = "20 items, N=1000, two groups scalar: fit + SE + indices", "20 items, N=1000, FIML, 20 patterns"

    def in_groups() -> object:
        fitted = cs.cfa(model, complete, group="g", group_equal=["loadings", "intercepts"])
        return fitted.fit, fitted.estimates

    def incomplete() -> object:
        fitted = cs.cfa(model, holes, missing="fiml")
        return fitted.fit, fitted.estimates

    found: list[Row] = [{"work": groups, "engine": _OURS, **call_cpu(in_groups, repeats)}]
    after = "fitMeasures(f); parameterEstimates(f, standardized=TRUE)"
    with _lavaan(model, complete) as (lines, _):
        call = f"f <- cfa(m, d, group='g', group.equal=c('loadings','intercepts')); {after}"
        found += r_rows(groups, "lavaan", lines, call, 3)
    found.append({"work": fiml, "engine": _OURS, **call_cpu(incomplete, repeats)})
    with _lavaan(model, holes) as (lines, _):
        found += r_rows(fiml, "lavaan", lines, f"f <- cfa(m, d, missing='fiml'); {after}", 3)
    return found


def _twenty() -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Complete rows in two groups, the same with 19 patterns of missing values in half of them, and the model."""
    rng = np.random.default_rng(0)
    loading = np.kron(np.eye(4), np.full((5, 1), 0.7))
    sigma = loading @ (0.4 + 0.6 * np.eye(4)) @ loading.T + 0.5 * np.eye(20)
    names = [f"i{j}" for j in range(20)]
    complete = pd.DataFrame(rng.multivariate_normal(np.full(20, 3.0), sigma, 1000), columns=names)
    holes = complete.copy()
    patterns = [rng.choice(20, rng.integers(1, 4), replace=False) for _ in range(19)]
    for row in range(500):
        holes.iloc[row, list(patterns[row % 19])] = np.nan
    complete["g"] = np.repeat(["a", "b"], 500)
    model = "\n".join(f"f{k} =~ " + " + ".join(names[5 * k : 5 * k + 5]) for k in range(4))
    return complete, holes, model


def _with_definition(model: str) -> str:
    """The model with its first two paths labelled and their product defined."""
    lines, labels = [], iter(("p1", "p2"))
    for line in model.splitlines():
        label = next(labels, None) if "~" in line and "=~" not in line and "~~" not in line else None
        if label is not None:
            outcome, predictors = line.split("~")
            line = f"{outcome}~ {label}*{predictors.strip()}"
        lines.append(line)
    return "\n".join([*lines, "product := p1 * p2"])


class _lavaan:
    """R lines that read the data and the model from files of their own."""

    def __init__(self, model: str | None, data: pd.DataFrame | None) -> None:
        self.model, self.data = str(model), data

    def __enter__(self) -> tuple[str, Path]:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name)
        (path / "model.lav").write_text(self.model, encoding="utf-8")
        if self.data is not None:
            self.data.to_csv(path / "data.csv", index=False)
        lines = (
            f"d <- read.csv('{(path / 'data.csv').as_posix()}')\n"
            f"m <- paste(readLines('{(path / 'model.lav').as_posix()}'), collapse='\\n')"
        )
        return lines, path

    def __exit__(self, *_: object) -> None:
        self.folder.cleanup()


def _semopy(work: str, name: str, call: Callable[[], object], repeats: int) -> list[Row]:
    try:
        import semopy  # noqa: F401
    except ImportError:
        return [{"work": work, "engine": "semopy (not installed)"}]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        timed = call_cpu(call, repeats)
    return [{"work": work, "engine": f"semopy {metadata.version('semopy')} ({name})", **timed}]


def _semopy_fit(
    model: str | None, data: pd.DataFrame | None, options: dict[str, float] | None, *, indices: bool = True
) -> object:
    import semopy

    fitted = semopy.Model(model)
    fitted.fit(data, options=options) if options else fitted.fit(data)
    return (semopy.calc_stats(fitted), fitted.inspect(std_est=True)) if indices else fitted.inspect(std_est=True)
