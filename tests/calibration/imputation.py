"""``python -m tests.calibration.imputation``: do intervals over imputed data cover? Writes docs/imputation.md.

Samples of Likert items are drawn from a population whose mean, slope and alpha are known, answers are taken away at
random given a covariate (MAR), and the gaps are imputed: by :func:`crmstudy.impute`, and by four ways that are wrong,
which the study must find out: parameters left at their estimates, one completed set taken for data, complete cases
only, and clusters left out of the models. mice imputes the first of the same samples (``imputation.R``).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from string import Template

import numpy as np
import pandas as pd
from scipy.special import expit, stdtrit

from crmstudy.imputing.planning import make_plan
from crmstudy.imputing.request import request, resolved
from crmstudy.kernels.incomplete.imputing import impute_chains
from crmstudy.kernels.reliability import coefficients as reliability
from crmstudy.kernels.resample import generator
from crmstudy.kernels.threads import one_thread
from crmstudy.pooled import COMPLEMENT, PLAIN, pool_estimate

ROOT = Path(__file__).resolve().parents[2]
FIGURES = Path(__file__).with_name("imputation.json")
SEED, N, M, ROUNDS = 20261125, 200, 20, 10
CLUSTERS, SIZE, ICC = 40, 10, 0.2
SMALL_N, SMALL_SLOPE, _SMALL_STEEP = 60, 0.5, 0.6
RATES = (0.1, 0.2, 0.3)
ITEMS = tuple(f"{scale}{number}" for scale in "ab" for number in (1, 2, 3, 4))
TARGETS = ("mean", "slope", "alpha")
WITHIN = (0.93, 0.97)
#: Most that an intraclass correlation may be off, as a share of itself.
ICC_OFF = 0.1
_THRESHOLDS = np.array(
    [[-1.4, -0.6, 0.2, 1.0], [-1.0, -0.3, 0.5, 1.3], [-1.6, -0.9, -0.1, 0.8], [-1.2, -0.4, 0.4, 1.2]]
)
_LOADING, _LATENT, _COVARIATE, _STEEP = 0.75, 0.5, 0.4, 1.2
NAMES = {
    "ours": "crmstudy",
    "mice": "mice",
    "undrawn": "wrong: parameters not drawn",
    "single": "wrong: one set as if observed",
    "complete": "wrong: complete cases",
    "unclustered": "wrong: clusters left out",
}
STEPS = ("rates", "clusters", "small", "mice")
WRONG = ("undrawn", "single", "complete", "unclustered")


def draw(rng: np.random.Generator, n: int) -> np.ndarray:
    """Eight answers from 1 to 5 of two scales, and a covariate: (n, 9)."""
    correlation = np.array([[1, _LATENT, _COVARIATE], [_LATENT, 1, _COVARIATE], [_COVARIATE, _COVARIATE, 1.0]])
    latent = rng.standard_normal((n, 3)) @ np.linalg.cholesky(correlation).T
    lines = _LOADING * np.repeat(latent[:, :2], 4, axis=1) + np.sqrt(1 - _LOADING**2) * rng.standard_normal((n, 8))
    thresholds = np.tile(_THRESHOLDS, (2, 1))
    answers = 1.0 + (lines[:, :, None] > thresholds).sum(axis=2)
    return np.column_stack([answers, latent[:, 2]])


def with_holes(rng: np.random.Generator, rows: np.ndarray, rate: float) -> np.ndarray:
    """The rows with gaps in the items, more of them the larger the covariate."""
    grid = np.linspace(-4, 4, 4001)
    weight = np.exp(-(grid**2) / 2) / np.exp(-(grid**2) / 2).sum()
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if (expit(middle + _STEEP * grid) * weight).sum() < rate else (low, middle)
    holes = rng.random((len(rows), 8)) < expit(low + _STEEP * rows[:, 8:])
    found = rows.copy()
    found[:, :8][holes] = np.nan
    return found


def draw_clusters(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Outcome y, covariate x, both alike within clusters, and the cluster of each row (rows, 3); and y with gaps."""
    codes = np.repeat(np.arange(CLUSTERS), SIZE)
    between, within = np.sqrt(ICC), np.sqrt(1 - ICC)
    shared = rng.standard_normal((CLUSTERS, 2)) @ np.linalg.cholesky([[1, 0.5], [0.5, 1]]).T
    own = rng.standard_normal((len(codes), 2)) @ np.linalg.cholesky([[1, 0.5], [0.5, 1]]).T
    y, x = (between * shared[codes] + within * own).T
    gaps = np.where(rng.random(len(y)) < expit(-1.05 + _STEEP * x), np.nan, y)
    return np.column_stack([y, x, codes]), gaps


# --- what is estimated from one complete set -------------------------------------------------------------------------


def estimates(rows: np.ndarray) -> dict[str, tuple[float, float, float]]:
    """Estimate, standard error and degrees of freedom of the mean of a1, the slope of a on b, and alpha of a."""
    n = len(rows)
    y, x = rows[:, :4].mean(axis=1), rows[:, 4:8].mean(axis=1)
    design = np.column_stack([np.ones(n), x, rows[:, 8]])
    inverse = np.linalg.inv(design.T @ design)
    slopes = inverse @ design.T @ y
    rest = y - design @ slopes
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    meat = (design * (rest / (1 - leverage))[:, None] ** 2).T @ design  # HC3
    covariance = np.cov(rows[:, :4], rowvar=False)
    nan = float("nan")
    return {
        "mean": (rows[:, 0].mean(), rows[:, 0].std(ddof=1) / np.sqrt(n), n - 1.0),
        "slope": (slopes[1], float(np.sqrt((inverse @ meat @ inverse)[1, 1])), n - 3.0),
        "alpha": (reliability.alpha(covariance), reliability.alpha_std_error(covariance, n), nan),
    }


def intraclass(y: np.ndarray, codes: np.ndarray) -> tuple[float, float, float]:
    """ICC(1) from the analysis of variance; mean of y, and its standard error from the cluster means."""
    means = np.array([y[codes == c].mean() for c in range(CLUSTERS)])
    between = SIZE * means.var(ddof=1)
    within = sum(((y[codes == c] - means[c]) ** 2).sum() for c in range(CLUSTERS)) / (len(y) - CLUSTERS)
    return (between - within) / (between + (SIZE - 1) * within), means.mean(), means.std(ddof=1) / np.sqrt(CLUSTERS)


def pooled(parts: list[tuple[float, float, float]], target: str) -> tuple[float, float, float]:
    """Estimate and interval over the sets; of one set or of complete cases too."""
    values, errors, degrees = np.array(parts, dtype=float).T
    scale = COMPLEMENT if target == "alpha" else PLAIN
    if len(parts) > 1:
        found = pool_estimate({"estimate": values, "std_error": errors, "df": degrees}, scale)
        return found["estimate"], found["ci_low"], found["ci_high"]
    reach = float(stdtrit(degrees[0] if np.isfinite(degrees[0]) else 1e9, 0.975)) * errors[0] * scale.slope(values)[0]
    centre = scale.to(values)[0]
    low, high = (float(scale.back(np.array(centre + way * reach))) for way in (-1, 1))
    return float(values[0]), low, high


# --- one replication ---------------------------------------------------------------------------------------------


def completed(
    frame: pd.DataFrame, seed: int, *, scales: bool = True, cluster: str | None = None, drawn: bool = True,
    method: str = "pmm",
) -> np.ndarray:  # fmt: skip
    """What :func:`crmstudy.impute` fills in, (m, n, columns); not ``drawn``: parameters stay at their estimates."""
    options = resolved(M, seed, method, ROUNDS, 5, {})
    items = {"a": list(ITEMS[:4]), "b": list(ITEMS[4:])} if scales else ["y", "x"]
    asked = request(frame, items, None, cluster, ["w"] if scales else [], options)
    planned = make_plan(asked, np.arange(len(frame)), {})
    made = impute_chains(
        planned.plan, M, ROUNDS, lambda name, chain: generator(seed, "impute", "", name, str(chain)), drawn=drawn
    )
    names = [name for name in frame.columns if name != cluster]
    sets = np.repeat(frame[names].to_numpy(dtype=float)[None], M, axis=0)
    for target, values in zip(planned.plan.targets, made.values, strict=True):
        mean, spread = planned.shift[target.name]
        sets[:, target.missing, names.index(target.name)] = values * spread + mean
    return sets


def replication(number: int, rate: float) -> tuple[dict[str, dict[str, tuple[float, float, float]]], np.ndarray]:
    """Estimate and interval by method and target; and the rows with gaps."""
    rng = generator(SEED, "imputation", str(rate), str(number))
    holed = with_holes(rng, draw(rng, N), rate)
    frame = pd.DataFrame(holed, columns=[*ITEMS, "w"])
    found: dict[str, list[dict[str, tuple[float, float, float]]]] = {}
    ours = completed(frame, number)
    found["ours"] = [estimates(rows) for rows in ours]
    found["single"] = found["ours"][:1]
    found["complete"] = [estimates(holed[~np.isnan(holed).any(axis=1)])]
    told = {
        method: {target: pooled([part[target] for part in parts], target) for target in TARGETS}
        for method, parts in found.items()
    }
    return told, holed


def cluster_replication(number: int) -> dict[str, tuple[float, float, float, float]]:
    """Mean ICC(1) over the sets, estimate and interval of the mean of y: by method."""
    rng = generator(SEED, "imputation", "clusters", str(number))
    rows, gaps = draw_clusters(rng)
    codes = rows[:, 2].astype(int)
    frame = pd.DataFrame({"y": gaps, "x": rows[:, 1], "branch": codes})
    found = {}
    for method, cluster in (("ours", "branch"), ("unclustered", None)):
        given = frame if cluster else frame.drop(columns="branch")
        parts = [intraclass(one[:, 0], codes) for one in completed(given, number, scales=False, cluster=cluster)]
        interval = pooled([(mean, error, CLUSTERS - 1.0) for _, mean, error in parts], "mean")
        found[method] = (float(np.mean([icc for icc, _, _ in parts])), *interval)
    icc, mean, error = intraclass(rows[:, 0], codes)
    found["before"] = (icc, *pooled([(mean, error, CLUSTERS - 1.0)], "mean"))
    return found


def small_replication(number: int) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Mean of y and slope of y on x, from normal draws of the missing half of y."""
    rng = generator(SEED, "imputation", "small", str(number))
    x = rng.standard_normal(SMALL_N)
    y = SMALL_SLOPE * x + np.sqrt(1 - SMALL_SLOPE**2) * rng.standard_normal(SMALL_N)
    frame = pd.DataFrame({"y": np.where(rng.random(SMALL_N) < expit(_SMALL_STEEP * x), np.nan, y), "x": x})
    found = {}
    for method, drawn in (("ours", True), ("undrawn", False)):
        parts = []
        for rows in completed(frame, number, scales=False, drawn=drawn, method="norm"):
            design = np.column_stack([np.ones(SMALL_N), rows[:, 1]])
            inverse = np.linalg.inv(design.T @ design)
            slopes = inverse @ design.T @ rows[:, 0]
            rest = rows[:, 0] - design @ slopes
            error = float(np.sqrt(rest @ rest / (SMALL_N - 2) * inverse[1, 1]))
            mean = (rows[:, 0].mean(), rows[:, 0].std(ddof=1) / np.sqrt(SMALL_N), SMALL_N - 1.0)
            parts.append({"mean": mean, "slope": (slopes[1], error, SMALL_N - 2.0)})
        found[method] = {target: pooled([part[target] for part in parts], target) for target in ("mean", "slope")}
    return found


def truth() -> dict[str, float]:
    """The targets in the population, from four million rows."""
    rng = generator(SEED, "imputation", "truth")
    parts = [estimates(draw(rng, 200_000)) for _ in range(20)]
    return {target: float(np.mean([part[target][0] for part in parts])) for target in TARGETS}


# --- figures and verdict --------------------------------------------------------------------------------------------


def coverage(found: list[tuple[float, float, float]], true: float) -> dict[str, float]:
    """Share of intervals that hold the truth, bias in standard deviations, mean width."""
    values, low, high = np.array(found).T
    return {
        "coverage": round(float(((low <= true) & (true <= high)).mean()), 4),
        "bias": round(float((values.mean() - true) / values.std(ddof=1)), 4),
        "width": round(float((high - low).mean()), 4),
        "used": len(values),
    }


def at_rates(replications: int, by_mice: int, work: Path, true: dict[str, float]) -> dict[str, object]:
    """Coverage by share of missing answers, method and target; the samples for R are left in ``work``."""
    work.mkdir(parents=True, exist_ok=True)
    figures: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
    for rate in reversed(RATES):  # the hardest first
        found: dict[str, dict[str, list[tuple[float, float, float]]]] = {}
        kept = []
        for number in range(replications):
            told, holed = replication(number, rate)
            for method, targets in told.items():
                for target, value in targets.items():
                    found.setdefault(method, {}).setdefault(target, []).append(value)
            if number < by_mice:
                kept.append(pd.DataFrame(holed, columns=[*ITEMS, "w"]).assign(sample=number))
        figures[f"{rate:g}"] = {
            method: {target: coverage(values, true[target]) for target, values in targets.items()}
            for method, targets in found.items()
        }
        if by_mice:
            pd.concat(kept).to_csv(work / f"samples_{rate:g}.csv", index=False)
        said = {method: [figures[f"{rate:g}"][method][t]["coverage"] for t in TARGETS] for method in found}
        print(f"{rate:.0%}  {said}", file=sys.stderr, flush=True)
    return dict(sorted(figures.items()))


def in_clusters(replications: int) -> dict[str, dict[str, float]]:
    """Intraclass correlation and coverage of a mean, with and without the clusters in the models."""
    found = [cluster_replication(number) for number in range(replications)]
    return {
        method: coverage([one[method][1:] for one in found], 0.0)
        | {"icc": round(float(np.mean([one[method][0] for one in found])), 4)}
        for method in found[0]
    }


def in_small_samples(replications: int) -> dict[str, dict[str, dict[str, float]]]:
    """Coverage where parameters are uncertain: half of an outcome missing in small samples, normal draws."""
    found: dict[str, dict[str, list[tuple[float, float, float]]]] = {}
    for number in range(replications):
        for method, targets in small_replication(number).items():
            for target, value in targets.items():
                found.setdefault(method, {}).setdefault(target, []).append(value)
    true = {"mean": 0.0, "slope": SMALL_SLOPE}
    return {
        method: {target: coverage(values, true[target]) for target, values in targets.items()}
        for method, targets in found.items()
    }


def mice_figures(work: Path, true: dict[str, float]) -> dict[str, dict[str, dict[str, float]]]:
    """What ``imputation.R`` made of the first samples, pooled by the same rules."""
    figures = {}
    for rate in RATES:
        file = work / f"mice_{rate:g}.csv"
        if not file.is_file():
            continue
        table = pd.read_csv(file)
        found: dict[str, list[tuple[float, float, float]]] = {target: [] for target in TARGETS}
        for _, rows in table.groupby("sample"):
            for target in TARGETS:
                part = rows[[f"{target}_estimate", f"{target}_error", f"{target}_df"]].to_numpy()
                found[target].append(pooled([tuple(row) for row in part], target))
        figures[f"{rate:g}"] = {target: coverage(values, true[target]) for target, values in found.items()}
    return figures


def verdict(content: dict) -> list[str]:
    """What is wrong: a coverage of ours outside the limits, or a wrong way that was not found out."""
    faults = []
    for rate, methods in content["rates"].items():
        for target, figure in methods["ours"].items():
            if not WITHIN[0] <= figure["coverage"] <= WITHIN[1]:
                faults.append(f"{target} at {float(rate):.0%}: coverage {figure['coverage']:.3f}")
    for target, figure in content["small"]["ours"].items():
        if not WITHIN[0] <= figure["coverage"] <= WITHIN[1]:
            faults.append(f"{target} in small samples: coverage {figure['coverage']:.3f}")
    clusters = content["clusters"]
    if not WITHIN[0] - _noise(clusters["ours"]) <= clusters["ours"]["coverage"] <= WITHIN[1] + _noise(clusters["ours"]):
        faults.append(f"mean with clusters: coverage {clusters['ours']['coverage']:.3f}")
    if abs(clusters["ours"]["icc"] - clusters["before"]["icc"]) > ICC_OFF * ICC:
        faults.append(f"ICC {clusters['ours']['icc']:.3f} after imputation, {clusters['before']['icc']:.3f} before")
    return faults + [f"not found out: {NAMES[name]}" for name in WRONG if not seen(content, name)]


def _noise(figure: dict) -> float:
    return float(np.sqrt(0.95 * 0.05 / figure["used"]))


def seen(content: dict, name: str) -> bool:
    """Whether a wrong way is found out: a coverage outside the limits, or an intraclass correlation lost."""
    if name == "unclustered":
        figure = content["clusters"][name]
        return abs(figure["icc"] - content["clusters"]["before"]["icc"]) > ICC_OFF * ICC
    conditions = [content["small"]] if name == "undrawn" else list(content["rates"].values())
    return any(
        not WITHIN[0] <= figure["coverage"] <= WITHIN[1] for methods in conditions for figure in methods[name].values()
    )


# --- the page ---------------------------------------------------------------------------------------------------


def page(content: dict) -> str:
    """docs/imputation.md: ``imputation_page.md`` with its places filled."""
    faults, true = verdict(content), content["truth"]
    good = "Every coverage of `crmstudy.impute` lies within the limits, and every wrong way was found out."
    filled = {
        "outcome": "**Not as promised:** " + "; ".join(faults) + "." if faults else good,
        "replications": f"{content['run']['replications']:,}", "n": N, "factor": f"{np.exp(_STEEP):.1f}", "m": M,
        "rounds": ROUNDS, "low": WITHIN[0], "high": WITHIN[1], "clusters": CLUSTERS, "size": SIZE, "icc": ICC,
        "small_n": SMALL_N, "small_slope": SMALL_SLOPE, "likert": _likert(content["rates"]),
        "clustered": _clustered(content["clusters"]), "small": _small(content["small"]),
    }  # fmt: skip
    filled |= {target: f"{true[target]:.3f}" for target in TARGETS}
    text = Path(__file__).with_name("imputation_page.md").read_text(encoding="utf-8")
    return Template(text).substitute(filled)


def _likert(rates: dict) -> str:
    rows = [
        "| missing | method | mean | slope | alpha | bias of the mean, SD | samples |",
        "|---|---|---|---|---|---|---|",
    ]
    for rate, methods in rates.items():
        for name in NAMES:
            if name in methods:
                told = " | ".join(_marked(methods[name][target]["coverage"]) for target in TARGETS)
                figure = methods[name]["mean"]
                rows.append(
                    f"| {float(rate):.0%} | {NAMES[name]} | {told} | {figure['bias']:+.2f} | {figure['used']:,} |"
                )
    return "\n".join(rows)


def _clustered(clusters: dict) -> str:
    names = {"before": "before answers were taken away"} | NAMES
    rows = ["| method | ICC(1) | coverage of the mean | samples |", "|---|---|---|---|"]
    for name, figure in clusters.items():
        rows.append(f"| {names[name]} | {figure['icc']:.3f} | {_marked(figure['coverage'])} | {figure['used']:,} |")
    return "\n".join(rows)


def _small(small: dict) -> str:
    rows = ["| method | mean | slope | samples |", "|---|---|---|---|"]
    for name, figures in small.items():
        told = " | ".join(_marked(figures[target]["coverage"]) for target in ("mean", "slope"))
        rows.append(f"| {NAMES[name]} | {told} | {figures['mean']['used']:,} |")
    return "\n".join(rows)


def _marked(value: float) -> str:
    shown = f"{value:.3f}".removeprefix("0")
    return shown if WITHIN[0] <= value <= WITHIN[1] else f"**{shown}**"


def main(arguments: list[str]) -> int:
    """Run the study, or only write the page again; the exit code is 0 when all is as promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.calibration.imputation", description=__doc__)
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--clustered", type=int, default=300)
    parser.add_argument("--mice", type=int, default=300, help="samples that mice imputes too (0: none)")
    parser.add_argument("--step", choices=("all", *STEPS, "page"), default="all")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "imputation.md")
    parser.add_argument("--figures", type=Path, default=FIGURES)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "imputation")
    asked = parser.parse_args(arguments)
    content = json.loads(asked.figures.read_text(encoding="utf-8")) if asked.figures.is_file() else {}
    steps = STEPS if asked.step == "all" else (asked.step,)
    begun = time.perf_counter()
    content.setdefault("truth", {name: round(value, 5) for name, value in truth().items()})
    mice = {rate: methods["mice"] for rate, methods in content.get("rates", {}).items() if "mice" in methods}
    with one_thread():
        if "rates" in steps:
            content["rates"] = at_rates(asked.replications, asked.mice, asked.work, content["truth"])
            content["run"] = {"replications": asked.replications}
        if "clusters" in steps:
            content["clusters"] = in_clusters(asked.clustered)
        if "small" in steps:
            content["small"] = in_small_samples(asked.replications)
    if "mice" in steps and asked.mice:
        script = str(Path(__file__).with_suffix(".R"))
        subprocess.run(["Rscript", script, str(asked.work), str(asked.mice)], check=True)
        mice |= mice_figures(asked.work, content["truth"])
    for rate, figures in mice.items():
        content["rates"][rate]["mice"] = figures
    print(f"{(time.perf_counter() - begun) / 60:.1f} min", file=sys.stderr)
    asked.figures.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    asked.out.write_text(page(content), encoding="utf-8")
    faults = verdict(content)
    print("; ".join(faults) or "All as promised.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
