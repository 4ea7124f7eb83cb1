r"""Fit of incomplete data as it would be with complete data (Zhang & Savalei, 2023).

The discrepancy between the implied and the saturated moments, taken as if these came from complete rows, and the mean
its statistic has when the model holds: what robust CFI, TLI and RMSEA after full information are made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crmstudy.kernels.covariance.discrepancy import MaximumLikelihood, SampleBlock
from crmstudy.kernels.covariance.information import Kind, ModelInformation
from crmstudy.kernels.covariance.scaling import block_diagonal
from crmstudy.kernels.covariance.structure import Array


@dataclass(frozen=True, slots=True)
class CompleteDataFit:
    """``chisq`` as if rows were complete, and ``scale``, its expectation over df under the model."""

    chisq: float
    scale: float


def complete_data_fit(
    information: ModelInformation, basis: Array | None, kind: Kind, df: int, *, normal: bool
) -> CompleteDataFit:
    """Chi-square against the saturated moments and its scale.

    Parameters
    ----------
    basis : (q, r) array or None
        Directions in which constraints let the parameters move.
    kind : {"expected", "observed", "first.order"}
        Information matrix of the parameters.
    normal : bool
        Take rows to be normal (correction for missing values alone); False corrects for their distribution too.
    """
    groups, shares = information.groups, information.shares
    count = range(len(groups))
    incomplete = [information.of_moments(g, "observed", structured=False) for g in count]
    outer = incomplete if kind == "observed" else [information.of_moments(g, kind, structured=False) for g in count]
    slopes = information.slopes
    sandwich: Array = sum(s * d.T @ w @ d for s, d, w in zip(shares, slopes, outer, strict=True))
    within = np.eye(len(sandwich)) if basis is None else basis
    inverse: Array = within @ np.linalg.inv(within.T @ sandwich @ within) @ within.T
    # with W and T the information with and without what is missing and U = W - W D E D'W: tr(W^-1 T W^-1 U)
    if normal:
        kept: Array = sum(
            s * d.T @ group.complete_information @ d for s, d, group in zip(shares, slopes, groups, strict=True)
        )
        trace = sum(float(np.trace(group.lost)) for group in groups) - float(np.vdot(kept, inverse))
    else:
        trace = _trace_of_scores(information, incomplete, inverse)
    return CompleteDataFit(_chisq(information), trace / df if df > 0 else float("nan"))


def _trace_of_scores(information: ModelInformation, incomplete: Sequence[Array], inverse: Array) -> float:
    """The same with the spread of the moments taken from the rows: tr(U W^-1 T W^-1 U Gamma)."""
    shares, slopes = information.shares, information.slopes
    whole = block_diagonal([s * w for s, w in zip(shares, incomplete, strict=True)])
    weighted = whole @ np.vstack(slopes)
    u = whole - weighted @ inverse @ weighted.T
    lost = [group.lost for group in information.groups]
    half = block_diagonal([np.linalg.solve(w, x.T) / s for w, x, s in zip(incomplete, lost, shares, strict=True)])
    gammas = []
    for number, (share, w) in enumerate(zip(shares, incomplete, strict=True)):
        scores = information.of_moments(number, "first.order", structured=False)
        gammas.append(np.linalg.solve(w, np.linalg.solve(w, scores).T) / share)
    turned = half @ u
    return float(np.vdot((u @ turned).T, block_diagonal(gammas)))


def _chisq(information: ModelInformation) -> float:
    total = 0.0
    for group, layout, implied in zip(information.groups, information.layouts, information.point.moments, strict=True):
        block = SampleBlock(layout, group.covariance, group.mean)
        found = MaximumLikelihood((block,), information.n_parameters).evaluate(information.point.theta, slopes=False)
        total += float("nan") if found is None or implied is None else group.n * max(found.values[0], 0.0)
    return total
