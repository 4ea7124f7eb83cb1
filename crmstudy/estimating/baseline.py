"""The baseline model: all observed variables independent, but for exogenous ones among themselves."""

from __future__ import annotations

import numpy as np

from crmstudy.estimating.estimation import objective_for, search
from crmstudy.estimating.inference import Inference
from crmstudy.estimating.options import SemOptions
from crmstudy.estimating.sample import Sample
from crmstudy.kernels.covariance.optimise import Optimum
from crmstudy.kernels.covariance.structure import MATRICES, Array, Indices, Layout, Matrix


def baseline_inference(
    sample: Sample, exogenous: Indices, options: SemOptions, more: tuple[tuple[int, int], ...] = ()
) -> Inference | None:
    """Fit the baseline model with the options of the model.

    Parameters
    ----------
    exogenous : (x,) int array
        Variables that covary in the baseline; their moments are parameters unless they are given.
    more : tuple of pairs of int
        Further covariances of the baseline (those of auxiliary variables).

    Returns
    -------
    Inference or None
        None when the baseline cannot be estimated.
    """
    layouts: list[Layout] = []
    start: list[float] = []
    for group in sample.groups:
        layout, first = _layout(group.covariance, group.mean, group.given, exogenous, options, more, len(start))
        layouts.append(layout)
        start += first
    q = len(start)
    objective = objective_for(layouts, sample, options, q)
    optimum: Optimum | None = search(objective, np.array(start), sample.n, None, options.max_iter)
    if optimum is None or not optimum.converged:
        return None
    p, means = len(sample.names), options.meanstructure
    moments = sum(len(g.modelled) if means else int((g.modelled >= p).sum()) for g in sample.groups)
    return Inference(objective, optimum, sample, options, moments - q)


def _layout(
    covariance: Array, mean: Array, given: Indices, exogenous: Indices, options: SemOptions,
    more: tuple[tuple[int, int], ...], first: int,
) -> tuple[Layout, list[float]]:  # fmt: skip
    """The baseline of one group, with its parameters numbered from ``first``, and where they start."""
    p = len(mean)
    fixed: dict[Matrix, Array] = {
        "loading": np.zeros((p, 0)), "regression": np.zeros((0, 0)), "latent_covariance": np.zeros((0, 0)),
        "residual_covariance": np.zeros((p, p)), "intercept": np.zeros((p, 1)), "latent_mean": np.zeros((0, 1)),
    }  # fmt: skip
    fixed["residual_covariance"][np.ix_(given, given)] = covariance[np.ix_(given, given)]
    fixed["intercept"][given, 0] = mean[given]
    pairs = [(i, i) for i in range(p) if i not in given]
    pairs += [(int(i), int(j)) for a, i in enumerate(exogenous) for j in exogenous[:a] if i not in given]
    pairs += [pair for pair in more if pair not in pairs and pair[::-1] not in pairs]
    rows: dict[Matrix, Indices] = dict.fromkeys(MATRICES, np.arange(0))
    columns: dict[Matrix, Indices] = dict.fromkeys(MATRICES, np.arange(0))
    parameters: dict[Matrix, Indices] = dict.fromkeys(MATRICES, np.arange(0))
    rows["residual_covariance"] = np.array([i for i, _ in pairs], dtype=np.intp)
    columns["residual_covariance"] = np.array([j for _, j in pairs], dtype=np.intp)
    parameters["residual_covariance"] = first + np.arange(len(pairs))
    start = [float(covariance[pair]) for pair in pairs]
    if options.meanstructure:
        free = np.array([i for i in range(p) if i not in given], dtype=np.intp)
        rows["intercept"], columns["intercept"] = free, np.zeros_like(free)
        parameters["intercept"] = first + len(pairs) + np.arange(len(free))
        start += [float(mean[i]) for i in free]
    return Layout(fixed, rows, columns, parameters, options.meanstructure), start
