r"""Direct, indirect and total effects in a system of linear equations, with their derivatives.

With :math:`\eta = \alpha + B\eta + \zeta` and :math:`A = (I - B)^{-1}` the total effects are :math:`A - I`, the direct
ones :math:`B` and the indirect ones :math:`A - I - B` (Bollen, 1987). From :math:`dA = A\,dB\,A` follows
:math:`\partial A_{rc}/\partial B_{ij} = A_{ri}A_{jc}`. An effect of ``c`` on ``r`` is standardised by
:math:`\sqrt{\Phi_{cc}/\Phi_{rr}}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crmstudy.kernels.covariance.structure import Array, Implied, Indices, Layout

Arrows = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Effects:
    """Values (k,) of effects and their derivatives (k, q) by the free parameters.

    ``causes`` and ``outcomes`` (k,) are the variables at both ends.
    """

    values: Array
    slopes: Array
    causes: Indices
    outcomes: Indices


def arrows(layout: Layout) -> Arrows:
    """Which structural variables (columns) have an arrow to which (rows): free coefficients, and fixed ones but 0."""
    found: Arrows = layout.fixed["regression"] != 0.0
    found[layout.rows["regression"], layout.columns["regression"]] = True
    return found


def reachable(pattern: Arrows) -> Arrows:
    """Which variables (columns) reach which (rows) along one arrow or more."""
    found = pattern.copy()
    for middle in range(len(pattern)):
        found |= found[:, middle, None] & found[None, middle, :]
    return found


def stability_index(regression: Array) -> float:
    """Largest modulus of the eigenvalues of B; from 1 on the effects of a feedback loop do not fade (Bollen, 1987)."""
    return float(np.abs(np.linalg.eigvals(regression)).max()) if len(regression) else 0.0


def count_chains(pattern: Arrows) -> Array:
    """How many chains of two arrows or more lead from each variable (column) to each (row); the system has no loop."""
    one: Array = pattern.astype(float)
    counts: Array = np.linalg.inv(np.eye(len(one)) - one) - np.eye(len(one)) - one
    return np.rint(counts)


def chains(pattern: Arrows, cause: int, outcome: int) -> Iterator[tuple[int, ...]]:
    """Every chain of two arrows or more from one variable to another; the system has no loop."""
    leads = reachable(pattern)[outcome]
    waiting: list[tuple[int, ...]] = [(cause,)]
    while waiting:
        chain = waiting.pop()
        for after in np.flatnonzero(pattern[:, chain[-1]])[::-1]:
            if after == outcome and len(chain) > 1:
                yield (*chain, outcome)
            elif after != outcome and leads[after]:
                waiting.append((*chain, int(after)))


def total_effects(layout: Layout, implied: Implied, causes: Indices, outcomes: Indices, n_parameters: int) -> Effects:
    """Total effects of each cause on its outcome, a different variable."""
    reg = layout.elements.spans["regression"]
    rows, columns = layout.elements.rows[reg], layout.elements.columns[reg]
    total = np.eye(layout.shape[1]) if implied.total is None else implied.total
    by_arrow = total[outcomes][:, rows] * total[columns][:, causes].T
    slopes = _by_parameter(layout, by_arrow, n_parameters)
    return Effects(total[outcomes, causes] - (outcomes == causes), slopes, causes, outcomes)


def direct_effects(layout: Layout, theta: Array, causes: Indices, outcomes: Indices, n_parameters: int) -> Effects:
    """Direct effects of each cause on its outcome, 0 where there is no arrow."""
    reg = layout.elements.spans["regression"]
    rows, columns = layout.elements.rows[reg], layout.elements.columns[reg]
    own = (outcomes[:, None] == rows) & (causes[:, None] == columns)
    slopes = _by_parameter(layout, own.astype(float), n_parameters)
    return Effects(layout.matrices(theta)["regression"][outcomes, causes], slopes, causes, outcomes)


def indirect_effects(total: Effects, direct: Effects) -> Effects:
    """What of the total effects is not direct."""
    return Effects(total.values - direct.values, total.slopes - direct.slopes, total.causes, total.outcomes)


def chain_effects(layout: Layout, theta: Array, along: Sequence[tuple[int, ...]], n_parameters: int) -> Effects:
    """Products of the coefficients along each chain of variables."""
    reg = layout.elements.spans["regression"]
    place = {
        (int(r), int(c)): at
        for at, (r, c) in enumerate(zip(layout.elements.rows[reg], layout.elements.columns[reg], strict=True))
    }
    regression = layout.matrices(theta)["regression"]
    values, by_arrow = np.empty(len(along)), np.zeros((len(along), len(place)))
    for number, chain in enumerate(along):
        steps = list(zip(chain[1:], chain[:-1], strict=True))
        weights = np.array([regression[step] for step in steps])
        values[number] = np.prod(weights)
        for order, step in enumerate(steps):
            if step in place:
                by_arrow[number, place[step]] = np.prod(np.delete(weights, order))
    ends = np.array([(chain[0], chain[-1]) for chain in along], dtype=np.intp).reshape(-1, 2)
    return Effects(values, _by_parameter(layout, by_arrow, n_parameters), ends[:, 0], ends[:, 1])


def structural_variance_slopes(layout: Layout, implied: Implied, n_parameters: int) -> Array:
    """Derivatives of the implied variances of the structural variables by the free parameters, (m, q)."""
    e, m = layout.elements, layout.shape[1]
    total = np.eye(m) if implied.total is None else implied.total
    found: Array = np.zeros((m, len(e.u)))
    reg, psi = e.spans["regression"], e.spans["latent_covariance"]
    found[:, reg] = 2.0 * total[:, e.rows[reg]] * implied.phi[:, e.columns[reg]]
    found[:, psi] = 2.0 * e.factor[psi] * total[:, e.rows[psi]] * total[:, e.columns[psi]]
    return e.collect_columns(found, n_parameters)


def standardised(effects: Effects, variances: Array, variance_slopes: Array) -> Effects:
    """Effects in standard deviations of both ends; NaN where a variance is not positive.

    Parameters
    ----------
    effects : Effects
    variances : (m,) array
        Implied variances of the structural variables.
    variance_slopes : (m, q) array
        See :func:`structural_variance_slopes`.
    """
    usable = np.where(variances > 0, variances, np.nan)
    by_log = variance_slopes / usable[:, None]
    one, other = effects.causes, effects.outcomes
    factor = np.sqrt(usable[one] / usable[other])
    moved = effects.values[:, None] * (by_log[one] - by_log[other]) / 2.0
    return Effects(factor * effects.values, factor[:, None] * (effects.slopes + moved), one, other)


def _by_parameter(layout: Layout, by_arrow: Array, n_parameters: int) -> Array:
    """Derivatives by the coefficients, (k, arrows), summed into derivatives by the parameters, (k, q)."""
    e = layout.elements
    whole: Array = np.zeros((len(by_arrow), len(e.u)))
    whole[:, e.spans["regression"]] = by_arrow
    return e.collect_columns(whole, n_parameters)
