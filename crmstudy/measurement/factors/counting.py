"""The rules that say how many factors there are, each with the table it is read from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmstudy.kernels.factors import retention as kernel
from crmstudy.kernels.factors.extraction import BOUND, degrees_of_freedom, extract, extract_stack
from crmstudy.kernels.moments import Array
from crmstudy.kernels.ordinal.polychoric import PolychoricMoments, shuffled_correlations, smoothed
from crmstudy.kernels.resample import replicate
from crmstudy.measurement.factors.association import Association

#: Methods in the order they are told: name in a sentence, key of the source, whether its advice is worth following.
METHODS = {
    "parallel_components": ("parallel analysis of components", "horn_1965", True),
    "parallel_factors": ("parallel analysis of factors", "humphreys_montanelli_1975", True),
    "map": ("MAP", "velicer_1976", True),
    "map_fourth": ("MAP with fourth powers", "velicer_2000", True),
    "ekc": ("the empirical Kaiser criterion", "braeken_van_assen_2017", True),
    "hull_caf": ("Hull (CAF)", "lorenzo_seva_2011", True),
    "hull_cfi": ("Hull (CFI)", "lorenzo_seva_2011", True),
    "hull_rmsea": ("Hull (RMSEA)", "lorenzo_seva_2011", True),
    "optimal_coordinates": ("optimal coordinates", "raiche_2013", False),
    "acceleration": ("the acceleration factor", "raiche_2013", False),
    "kaiser": ("eigenvalues above 1", "kaiser_1960", False),
}  # fmt: skip
#: Solutions that an elbow takes.
FEWEST_FOR_HULL = 3
_CHUNK = 50
_COMMUNALITY_STEPS = 50


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """Eigenvalues of data without factors, (draws, k): of components and, where asked for, of factors."""

    components: Array
    factors: Array | None


def parallel_eigenvalues(
    association: Association, *, random: str, communalities: str | None, draws: int, seed: int
) -> Drawn:
    """Eigenvalues of as many independent data sets of the same size.

    Parameters
    ----------
    association : Association
    random : {"normal", "permutation"}
        Normal variables, or the answers themselves with every column shuffled.
    communalities : {"smc", "minres", None}
        Diagonal of the matrices whose eigenvalues are those of factors; None leaves them out.
    draws, seed : int
    """
    source: Callable[[int, np.random.Generator], Array]
    if association.ordinal is not None:
        source = partial(_shuffled_ordinal, association.ordinal)
    elif random == "permutation":
        source = partial(kernel.permuted_correlations, association.values)
    else:
        source = partial(_normal, association.n, len(association.items))
    work = partial(_one_chunk, source, communalities)
    parts = replicate(work, draws, seed, "retention", random, chunk=_CHUNK)
    factors = None if communalities is None else np.vstack([part[1] for part in parts if part[1] is not None])
    return Drawn(np.vstack([part[0] for part in parts]), factors)


def _normal(n: int, k: int, draws: int, rng: np.random.Generator) -> Array:
    return kernel.normal_correlations(n, k, draws, rng)


def _shuffled_ordinal(moments: PolychoricMoments, draws: int, rng: np.random.Generator) -> Array:
    found = shuffled_correlations(moments, draws, rng)
    return np.stack([smoothed(np.nan_to_num(matrix), 1e-8, 1e-8)[0] for matrix in found])


def _one_chunk(
    source: Callable[[int, np.random.Generator], Array], communalities: str | None, size: int, rng: np.random.Generator
) -> tuple[Array, Array | None]:
    corrs = source(size, rng)
    factors = None if communalities is None else kernel.descending(with_communalities(corrs, communalities))
    return kernel.descending(corrs), factors


def with_communalities(corrs: Array, kind: str) -> Array:
    """Correlation matrices (b, k, k) with communalities in the diagonal: squared multiple correlations, or of minres.

    ``minres`` are those of one factor by minimum residuals, as in psych's ``fa.parallel``.
    """
    found = kernel.reduced(corrs)
    if kind == "smc":
        return found
    k = corrs.shape[-1]
    inner = np.clip(1.0 - found[:, range(k), range(k)], 0.01, 1.0)
    loadings = extract_stack(corrs, 1, "minres", inner, steps=_COMMUNALITY_STEPS).loadings
    found[:, range(k), range(k)] = (loadings**2).sum(axis=2)
    return found


def eigenvalue_table(
    association: Association, drawn: Drawn, percentile: float, communalities: str | None
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Eigenvalues beside those of data without factors, and how many exceed the percentile."""
    components = kernel.descending(association.corr)
    columns: dict[str, NDArray[Any]] = {"number": np.arange(1, len(components) + 1)}
    numbers: dict[str, int] = {}
    observed = {"component": (components, drawn.components)}
    if communalities is not None and drawn.factors is not None:
        factors = kernel.descending(with_communalities(association.corr[None], communalities))[0]
        observed["factor"] = (factors, drawn.factors)
    for name, (values, random) in observed.items():
        ceiling = np.percentile(random, percentile, axis=0)
        columns |= {name: values, f"{name}_mean": random.mean(axis=0), f"{name}_percentile": ceiling}
        numbers[f"parallel_{name}s"] = kernel.leading(values > ceiling)
    return pd.DataFrame(columns), numbers


def map_table(corr: Array) -> tuple[pd.DataFrame, dict[str, int]]:
    """Average squared and fourth-power partial correlations by number of components taken out."""
    found = kernel.minimum_average_partial(corr)
    table = pd.DataFrame({"number": np.arange(len(found)), "squared": found[:, 0], "fourth": found[:, 1]})
    return table, {"map": int(np.nanargmin(found[:, 0])), "map_fourth": int(np.nanargmin(found[:, 1]))}


def ekc_table(eigenvalues: Array, n: int) -> tuple[pd.DataFrame, dict[str, int]]:
    """Eigenvalues beside the references of the empirical Kaiser criterion."""
    references = kernel.empirical_kaiser_references(eigenvalues, n)
    table = pd.DataFrame(
        {"number": np.arange(1, len(eigenvalues) + 1), "eigenvalue": eigenvalues, "reference": references}
    )
    return table, {"ekc": kernel.leading(eigenvalues > references)}


def scree_table(eigenvalues: Array) -> tuple[pd.DataFrame, dict[str, int]]:
    """Eigenvalues, their second differences and optimal coordinates."""
    bends, coordinates = kernel.acceleration(eigenvalues), kernel.optimal_coordinates(eigenvalues)
    table = pd.DataFrame({
        "number": np.arange(1, len(eigenvalues) + 1), "eigenvalue": eigenvalues, "acceleration": bends,
        "optimal_coordinate": coordinates,
    })  # fmt: skip
    kaiser = kernel.leading(eigenvalues > 1.0)
    above = eigenvalues > np.where(np.isnan(coordinates), np.inf, coordinates)
    return table, {
        "optimal_coordinates": min(kernel.leading(above), kaiser),
        "acceleration": int(np.nanargmax(bends)),
        "kaiser": kaiser,
    }


def hull_table(association: Association, most: int) -> tuple[pd.DataFrame, dict[str, int], list[str]]:
    """Fit of 0 to ``most`` factors by each index, what is on the hull, its elbow, and the indices without one.

    Factors by maximum likelihood give CAF, CFI and RMSEA; polychoric and smoothed correlations have no likelihood, so
    minimum residuals give CAF alone.
    """
    k, n = len(association.items), association.n
    method = "minres" if association.ordinal is not None or association.changed else "ml"
    corr, allowed = association.corr, max(m for m in range(k) if degrees_of_freedom(k, m) > 0)
    sizes = np.arange(min(most, allowed) + 1)
    null = -float(np.linalg.slogdet(corr)[1]) * (n - 1.0)
    rows: list[tuple[int, int, float, float, float]] = []
    for m in sizes:
        df = degrees_of_freedom(k, int(m))
        found = _extracted(corr, int(m), method) if m else (np.zeros((k, 1)), null / (n - 1.0))
        if found is None:
            rows.append((int(m), df, np.nan, np.nan, np.nan))
            continue
        loadings, chisq = found[0], found[1] * (n - 1.0)
        excess, worst = max(chisq - df, 0.0), max(null - degrees_of_freedom(k, 0), 0.0)
        cfi = 1.0 - excess / max(worst, excess) if max(worst, excess) > 0.0 else 1.0
        caf = kernel.common_part_accounted_for(corr, loadings)
        rows.append((int(m), df, caf, cfi, float(np.sqrt(excess / (df * (n - 1.0))))))
    solutions = pd.DataFrame(rows, columns=["number", "df", "caf", "cfi", "rmsea"])
    tables, numbers, straight = [], {}, []
    for index in ("caf",) if method == "minres" else ("caf", "cfi", "rmsea"):
        values = solutions[index].to_numpy(float)
        found_hull = kernel.hull(1.0 - values if index == "rmsea" else values, solutions["df"].to_numpy(float))
        if len(sizes) >= FEWEST_FOR_HULL:  # of two there is no elbow, whatever the data
            numbers[f"hull_{index}"] = found_hull.best
        if not found_hull.elbow:
            straight.append(f"hull_{index}")
        tables.append(pd.DataFrame({
            "index": index.upper(), "number": solutions["number"], "df": solutions["df"], "fit": values,
            "on_hull": found_hull.on, "scree_value": found_hull.ratio,
        }))  # fmt: skip
    return pd.concat(tables, ignore_index=True), numbers, straight


def _extracted(corr: Array, m: int, method: str) -> tuple[Array, float] | None:
    """Loadings and the value minimised; None where nothing converged.

    A minimum inside the bounds is taken as it is; where a uniqueness lies at its bound there may be a lower minimum,
    and other starts are tried.
    """
    inner = 1.0 - np.diag(kernel.reduced(corr))
    first = extract_stack(corr[None], m, method, np.clip(inner, 2.0 * BOUND, 1.0))
    if first.converged[0] and first.uniquenesses[0].min() > BOUND * (1.0 + 1e-6):
        return first.loadings[0], float(first.value[0])
    found = extract(corr, m, method)
    return (found.loadings, found.value) if found.converged else None


def adequacy_table(association: Association) -> pd.DataFrame:
    """Sampling adequacy of all items together (first row, ``overall``) and of each."""
    overall, by_item = kernel.sampling_adequacy(association.corr)
    rows = [("overall", overall), *zip(association.items, map(float, by_item), strict=True)]
    return pd.DataFrame(rows, columns=["item", "msa"])


def sphericity_table(association: Association) -> pd.DataFrame:
    """Bartlett's test; without a statistic where the matrix had to be smoothed: its determinant is then made."""
    k = len(association.items)
    if association.changed:
        row = (association.n, np.nan, k * (k - 1) // 2, np.nan, np.nan)
    else:
        found = kernel.sphericity(association.corr, association.n)
        row = (association.n, found.chisq, found.df, found.p_value, float(np.exp(found.log_determinant)))
    return pd.DataFrame([row], columns=["n", "chisq", "df", "p_value", "determinant"])
