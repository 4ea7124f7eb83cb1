"""What is asked of an exploratory factor analysis: options, the target, and a correlation matrix in place of data."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd

from crmstudy.errors import DataError, ModelError, did_you_mean
from crmstudy.kernels.factors.extraction import METHODS as EXTRACTIONS
from crmstudy.kernels.factors.extraction import degrees_of_freedom, most_factors
from crmstudy.kernels.factors.rotation import ROTATIONS, Rule, rule
from crmstudy.kernels.moments import Array, correlation
from crmstudy.measurement.factors.association import MISSING, Association
from crmstudy.selection import coverage_faults, is_whole

#: The name of least squares in other programs.
_ALIASES = {"uls": "minres", "pa": "paf", "mle": "ml"}
_BELONGS = {
    "gamma": ("oblimin",), "epsilon": ("geomin", "geomin_orthogonal"), "power": ("promax",),
    "target": ("target", "target_orthogonal"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Options as resolved; ``target`` has NaN where a loading is free."""

    n_factors: int
    extraction: str
    rotation: str
    ordinal: bool
    normalize: bool | str | None
    starts: int
    gamma: float
    epsilon: float
    power: float
    missing: str
    bootstrap: int | None
    level: float
    seed: int


def resolved(given: dict[str, object]) -> Asked:
    """Check every option at once.

    Raises
    ------
    ModelError
        With one fault for each that cannot be used.
    """
    faults: list[str] = []
    m, rotation, extraction = given["n_factors"], given["rotation"], given["extraction"]
    if not (is_whole(m) and m >= 1):
        faults.append(f"`n_factors` is a whole number from 1, not {m!r}. retention() says how many there may be.")
    extraction = _ALIASES.get(extraction, extraction) if isinstance(extraction, str) else extraction
    faults += _choice("extraction", extraction, EXTRACTIONS) + _choice("rotation", rotation, ROTATIONS)
    faults += _choice("missing", given["missing"], MISSING)
    if not isinstance(given["ordinal"], bool):
        faults.append(f"`ordinal` is True or False, not {given['ordinal']!r}.")
    if given["ordinal"] is True and given["missing"] == "em":
        faults.append("missing='em' is likelihood under normality: with `ordinal` use 'listwise' or 'pairwise'.")
    if not (given["normalize"] in (None, "spss") or isinstance(given["normalize"], bool)):
        faults.append(f"`normalize` is True, False, 'spss' or None, not {given['normalize']!r}.")
    if not (is_whole(given["starts"]) and given["starts"] >= 1):
        faults.append(f"`starts` is a number of starts of the rotation from 1, not {given['starts']!r}.")
    bootstrap, seed = given["bootstrap"], given["seed"]
    if bootstrap is not None and not (is_whole(bootstrap) and bootstrap >= 100):
        faults.append(f"`bootstrap` is at least 100 samples (1000 or more for a report), not {bootstrap!r}.")
    if seed is not None and not (is_whole(seed) and seed >= 0):
        faults.append(f"`seed` is a whole number from 0, not {seed!r}.")
    faults += coverage_faults(given["level"]) + _parameter_faults(given)
    if isinstance(rotation, str) and rotation.startswith("bifactor") and is_whole(m) and m == 2:
        faults.append("A bifactor rotation has a general and two group factors at least: n_factors=3 or more.")
    if faults:
        raise ModelError(faults)
    one = m == 1
    return Asked(
        n_factors=int(m),  # type: ignore[call-overload]
        extraction=str(extraction), rotation="none" if one else str(rotation), ordinal=bool(given["ordinal"]),
        normalize=given["normalize"], starts=int(given["starts"]),  # type: ignore[arg-type, call-overload]
        gamma=_number(given["gamma"], 0.0), epsilon=_number(given["epsilon"], 0.01),
        power=_number(given["power"], 4.0), missing=str(given["missing"]),
        bootstrap=None if bootstrap is None else int(bootstrap),  # type: ignore[call-overload]
        level=float(given["level"]),  # type: ignore[arg-type]
        seed=int(seed) if is_whole(seed) else secrets.randbits(32),
    )  # fmt: skip


def refuse_too_many(asked: Asked, p: int) -> None:
    """Refuse more factors than p items can tell apart.

    Raises
    ------
    ModelError
        Where degrees of freedom would be negative.
    """
    df = degrees_of_freedom(p, asked.n_factors)
    if asked.n_factors >= p or df < 0:
        most = most_factors(p)
        raise ModelError(
            f"{asked.n_factors} factors of {p} items have more parameters than there are correlations (degrees of "
            f"freedom {df}): {most} {'is' if most == 1 else 'are'} the most that can be told apart (Ledermann, 1937)."
        )


def rule_of(asked: Asked, target: Array | None) -> Rule | None:
    """The rotation's rule; None where there is nothing to rotate."""
    if asked.rotation == "none":
        return None
    spss = asked.normalize == "spss"
    return rule(
        asked.rotation,
        asked.n_factors,
        kaiser=True if spss else asked.normalize,  # type: ignore[arg-type]
        gamma=asked.gamma,
        epsilon=asked.epsilon,
        power=asked.power,
        kaiser_target=spss,
        target=target,
    )


def target_of(target: object, items: Sequence[str], asked: Asked) -> tuple[Array | None, tuple[str, ...]]:
    """The target in the order of the items, and names of factors; a DataFrame may name both.

    Raises
    ------
    ModelError
        When its shape or its names do not fit, or it leaves too much free.
    """
    names = tuple(f"F{j}" for j in range(1, asked.n_factors + 1))
    if asked.rotation.startswith("bifactor"):
        names = ("G", *names[:-1])
    if target is None or not asked.rotation.startswith("target"):
        return None, names
    if isinstance(target, pd.DataFrame):
        target = target.rename(index=str, columns=str)
        absent = [item for item in items if item not in target.index]
        if absent:
            raise ModelError(f"The target has no row for {', '.join(absent)}: its index names the items.")
        target = target.loc[list(items)]
        names = tuple(map(str, target.columns))
    try:
        values = np.array(target, dtype=float)
    except (TypeError, ValueError):
        raise ModelError("The target holds something that is no number: use NaN (None) for a free loading.") from None
    if values.shape != (len(items), asked.n_factors):
        raise ModelError(
            f"The target is a table of {len(items)} items by {asked.n_factors} factors, not of shape {values.shape}."
        )
    if len(set(names)) < len(names):
        raise ModelError(f"The target's factors need different names, not {', '.join(names)}.")
    fewest = int((~np.isnan(values)).sum(axis=0).min())
    if np.isinf(values).any() or fewest < asked.n_factors - 1:
        raise ModelError(
            f"The target gives {fewest} loadings for one of its factors; each needs {asked.n_factors - 1} at least "
            "(finite numbers), or the rotation is not determined."
        )
    return values, names


def given_correlations(sample_cov: object, sample_n: object, items: Sequence[str] | str | None) -> Association:
    """The correlations of a covariance or correlation matrix that stands in place of data.

    Raises
    ------
    DataError
        When it is no symmetric matrix with positive variances and named columns, or the number of rows is none.
    """
    if sample_n is not None and (isinstance(sample_n, bool) or not isinstance(sample_n, Real) or sample_n < 3):
        raise DataError(f"`sample_n` is the number of rows behind the matrix, not {sample_n!r}.")
    if isinstance(sample_cov, pd.DataFrame):
        frame = sample_cov.rename(index=str, columns=str)
        names = list(map(str, frame.columns))
        if not all(isinstance(label, str) and label in names for label in frame.index):
            frame.index = pd.Index(names) if len(frame) == len(names) else frame.index
    else:
        values = np.asarray(sample_cov)
        square = values.ndim == 2 and values.shape[0] == values.shape[1]
        if not square:
            raise DataError(f"`sample_cov` is a square matrix, not one of shape {values.shape}.")
        names = [f"V{j}" for j in range(1, len(values) + 1)]
        if items is not None and not isinstance(items, str) and len(items) == len(names):
            names, items = list(map(str, items)), None
        frame = pd.DataFrame(values, index=names, columns=names)
    wanted = names if items is None else [items] if isinstance(items, str) else list(map(str, items))
    faults = [
        f"`sample_cov` has no row and column '{name}'.{did_you_mean(name, names)}"
        for name in wanted
        if name not in names or name not in frame.index
    ]
    if len(set(names)) < len(names):
        faults.append("The columns of `sample_cov` need different names.")
    if faults:
        raise DataError(faults)
    try:
        matrix = frame.loc[wanted, wanted].to_numpy(dtype=float)
    except (TypeError, ValueError):
        raise DataError("`sample_cov` holds something that is no number.") from None
    if not np.isfinite(matrix).all():
        raise DataError("`sample_cov` has missing or infinite elements; give a complete matrix.")
    flat = [name for name, variance in zip(wanted, np.diag(matrix), strict=True) if variance <= 0]
    if flat:
        raise DataError(f"The variance of {', '.join(flat)} in `sample_cov` is not positive.")
    corr = correlation(matrix)
    i, j = np.unravel_index(int(np.abs(corr - corr.T).argmax()), corr.shape)
    if abs(corr[i, j] - corr[j, i]) > 1e-6:
        raise DataError(f"`sample_cov` is not symmetric: see {wanted[i]} with {wanted[j]}.")
    corr = (corr + corr.T) / 2.0
    if np.linalg.eigvalsh(corr)[0] < 1e-8:
        raise DataError(
            "`sample_cov` is not positive definite: a correlation is impossible given the others, or a variable "
            "repeats others. Check what was typed, or leave it out."
        )
    n = 0 if sample_n is None else round(float(sample_n))
    return Association(tuple(wanted), corr, np.empty((0, len(wanted))), n, 0, None, changed=False)


def _parameter_faults(given: dict[str, object]) -> list[str]:
    rotation, faults = given["rotation"], []
    ranges = {
        "gamma": ("a number of at most 1 (0 is quartimin)", -np.inf, 1.0),
        "epsilon": ("a small positive number such as 0.01", 1e-12, 1.0),
        "power": ("a number above 1 such as 4", 1.0 + 1e-9, 100.0),
    }
    for name, places in _BELONGS.items():
        value = given[name]
        if value is None:
            continue
        if rotation not in places:
            faults.append(f"`{name}` belongs to rotation={places[0]!r}, not to {rotation!r}: leave it out.")
        elif name in ranges:
            wanted, low, high = ranges[name]
            fits = not isinstance(value, bool) and isinstance(value, Real) and low <= float(value) <= high
            if not fits or not np.isfinite(float(value)):  # type: ignore[arg-type]
                faults.append(f"`{name}` is {wanted}, not {value!r}.")
    if rotation in _BELONGS["target"] and given["target"] is None:
        faults.append(f"rotation={rotation!r} needs a `target`: a table of items by factors, NaN where free.")
    return faults


def _choice(name: str, value: object, choices: tuple[str, ...]) -> list[str]:
    if isinstance(value, str) and value in choices:
        return []
    hint = did_you_mean(value, choices) if isinstance(value, str) else ""
    return [f"`{name}` is one of {', '.join(choices)}, not {value!r}.{hint}"]


def _number(value: object, otherwise: float) -> float:
    return otherwise if value is None else float(value)  # type: ignore[arg-type]
