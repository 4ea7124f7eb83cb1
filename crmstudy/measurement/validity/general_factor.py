"""Bifactor and second-order models: which a model is, and how much its general factor explains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crmstudy.fitted.measured import Measurement
from crmstudy.kernels.covariance import validity as kernel
from crmstudy.kernels.moments import Array

_FACTOR_COLUMNS = (
    "factor", "role", "items", "omega", "omega_h", "ecv", "ecv_own", "h", "determinacy", "puc",
)  # fmt: skip
_ITEM_COLUMNS = ("item", "factor", "general", "group", "item_ecv")
_UNCORRELATED = 1e-10


def general_factor_tables(part: Measurement) -> dict[str, pd.DataFrame]:
    """Tables ``bifactor``, ``bifactor_items`` and ``second_order``, as far as the model is one; empty when neither.

    ``bifactor``: factor, role (general or group), items, omega, omega_h (of a group factor: omega_hs), ecv, ecv_own, h,
    determinacy and, for the general factor, puc; all from standardised loadings. A second-order model with
    uncorrelated disturbances is turned into a bifactor one (Schmid & Leiman, 1957). ``second_order``: factor, omega_l1,
    omega_l2, omega_l1_partial, in the units of the items.
    """
    general = _general_of_bifactor(part)
    if general is not None:
        groups = [name for name in part.latent if name != general]
        items = [index for index, row in enumerate(part.loadings) if row.any()]
        order = [part.latent.index(name) for name in (general, *groups)]
        loadings = part.standardised[np.ix_(items, order)]
        return _bifactor(part, loadings, items, (general, *groups))
    uppers = [name for j, name in enumerate(part.latent) if np.count_nonzero(part.upper[:, j]) > 1]
    if not uppers:
        return {}
    tables = {"second_order": _second_order(part, uppers)}
    return tables | (_schmid_leiman(part, uppers[0]) if len(uppers) == 1 else {})


def _general_of_bifactor(part: Measurement) -> str | None:
    """The factor that all items load on, when the others are uncorrelated with it and with each other."""
    if len(part.latent) < 2 or part.upper.any():
        return None
    member = part.loadings[part.loadings.any(axis=1)] != 0.0
    whole = [j for j in range(len(part.latent)) if member[:, j].all()]
    spread = np.sqrt(np.abs(np.diagonal(part.phi)))
    off = np.abs(part.phi) - np.diag(np.diagonal(np.abs(part.phi)))
    if len(whole) != 1 or (off > _UNCORRELATED * np.multiply.outer(spread, spread)).any():
        return None
    groups = np.delete(member, whole[0], axis=1)
    if (groups.sum(axis=1) > 1).any() or (groups.sum(axis=0) == 0).any():
        return None
    return part.latent[whole[0]]


def _bifactor(part: Measurement, loadings: Array, items: list[int], names: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    square = np.ix_(items, items)
    deviations = np.sqrt(np.diagonal(part.implied)[items])
    found = kernel.bifactor(loadings, part.residual[square] / np.multiply.outer(deviations, deviations))
    member = loadings != 0.0
    rows = [
        (
            name, "group" if j else "general", int(member[:, j].sum()), found.omega[j], found.omega_h[j], found.ecv[j],
            found.ecv_own[j], found.h[j], found.determinacy[j], np.nan if j else found.puc,
        )
        for j, name in enumerate(names)
    ]  # fmt: skip
    listed: list[tuple[Any, ...]] = []
    for row, item in enumerate(items):
        j = next((j for j in range(1, len(names)) if member[row, j]), None)
        group, loading = (names[j], float(loadings[row, j])) if j else ("", 0.0)
        listed.append((part.observed[item], group, float(loadings[row, 0]), loading, float(found.item_ecv[row])))
    return {
        "bifactor": pd.DataFrame(rows, columns=list(_FACTOR_COLUMNS)),
        "bifactor_items": pd.DataFrame(listed, columns=list(_ITEM_COLUMNS)),
    }


def _lower(part: Measurement, upper: str) -> tuple[list[int], list[int]]:
    """The factors under a second-order factor, and the items of these."""
    under = [int(j) for j in np.flatnonzero(part.upper[:, part.latent.index(upper)])]
    return under, [int(i) for i in np.flatnonzero(part.loadings[:, under].any(axis=1))]


def _second_order(part: Measurement, uppers: list[str]) -> pd.DataFrame:
    rows = []
    for name in uppers:
        j = part.latent.index(name)
        under, items = _lower(part, name)
        found = kernel.second_order(
            part.loadings[np.ix_(items, under)], part.upper[under, j], float(part.phi[j, j]),
            part.disturbances[np.ix_(under, under)], part.residual[np.ix_(items, items)],
        )  # fmt: skip
        rows.append((name, found.omega_l1, found.omega_l2, found.omega_l1_partial))
    return pd.DataFrame(rows, columns=["factor", "omega_l1", "omega_l2", "omega_l1_partial"])


def _schmid_leiman(part: Measurement, upper: str) -> dict[str, pd.DataFrame]:
    """The bifactor tables of a second-order model; none when it cannot be turned into one."""
    j = part.latent.index(upper)
    under, items = _lower(part, upper)
    inside, left = part.loadings[np.ix_(items, under)], part.disturbances[np.ix_(under, under)]
    apart = not (left - np.diag(np.diagonal(left))).any()
    if not apart or (np.diagonal(left) <= 0).any() or part.phi[j, j] <= 0 or ((inside != 0.0).sum(axis=1) > 1).any():
        return {}
    loadings = kernel.schmid_leiman(inside, part.upper[under, j], float(part.phi[j, j]), left)
    loadings = loadings / np.sqrt(np.diagonal(part.implied)[items])[:, None]
    return _bifactor(part, loadings, items, (upper, *(part.latent[i] for i in under)))
