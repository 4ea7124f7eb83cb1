r"""Score (Lagrange multiplier) tests: what a model would gain by directions in which it is not free to move.

With s the slopes of the mean log-likelihood and I the information matrix per observation, a direction that is held
fixed has the efficient information :math:`V = I_{aa} - I_{ab}I_{bb}^{-1}I_{ba}`, what is left of it when the model's
own parameters b adapt. Releasing it lowers the chi-square by about :math:`N s_a^2/V` and changes it by about
:math:`s_a/V` (Sörbom, 1989; Saris, Satorra & Sörbom, 1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import chdtrc

from crmstudy.kernels.covariance.optimise import unit_diagonal
from crmstudy.kernels.covariance.structure import Array, Indices

#: A direction of which a smaller share of its information is left cannot be told from the model's own parameters.
NOTHING_LEFT = 1e-8


@dataclass(frozen=True, slots=True)
class JointTest:
    """A test of several directions: ``statistic`` on ``df``, of which ``rank`` can be told apart.

    ``p_value`` goes with ``df``, ``p_of_rank`` with ``rank``: the statistic is distributed as chi-square on the rank.
    """

    statistic: float
    df: int
    p_value: float
    rank: int
    p_of_rank: float


@dataclass(frozen=True)
class Releases:
    """Directions in which a model is not free to move, at its optimum.

    Attributes
    ----------
    score : (k,) array
        Slopes of the mean log-likelihood along the directions.
    own : (k, k) array
        Information of the directions, per observation.
    across : (k, b) array
        Information between the directions and the model's own parameters.
    inside : (b, b) array
        Information of the model's own parameters.
    n : float
        Rows.
    """

    score: Array
    own: Array
    across: Array
    inside: Array
    n: float

    @cached_property
    def adaptation(self) -> Array:
        """How much the model's own parameters give way for a unit along each direction, (b, k): I_bb^-1 I_ba."""
        if not len(self.inside):
            return np.zeros((0, len(self.score)))
        scaled, scale = unit_diagonal(self.inside)
        found: Array = scale[:, None] * np.linalg.solve(scaled, scale[:, None] * self.across.T)
        return found

    @cached_property
    def left(self) -> Array:
        """Efficient information of each direction by itself, (k,); NaN where nothing is left of it."""
        own = np.diagonal(self.own)
        left = own - np.einsum("ij,ji->i", self.across, self.adaptation)
        found: Array = np.where(left > NOTHING_LEFT * own, left, np.nan)
        return found

    @cached_property
    def statistics(self) -> Array:
        """The test statistic of each direction by itself, (k,); NaN where it is not identified."""
        found: Array = self.n * self.score**2 / self.left
        return found

    @cached_property
    def changes(self) -> Array:
        """Expected change along each direction when it is released by itself, (k,)."""
        found: Array = self.score / self.left
        return found

    def joint(self, which: Indices) -> JointTest:
        """Test of the directions ``which`` together; directions that cannot be told apart count once in the rank."""
        values, vectors, score = self._together(which)
        kept = values > NOTHING_LEFT
        along = vectors[:, kept].T @ score
        statistic = self.n * float(np.sum(along**2 / values[kept]))
        rank = int(kept.sum())
        return JointTest(statistic, len(which), _p_value(statistic, len(which)), rank, _p_value(statistic, rank))

    def joint_changes(self, which: Indices) -> Array | None:
        """Expected changes along the directions ``which``, released together; None where they are not identified."""
        values, vectors, score = self._together(which)
        if (values <= NOTHING_LEFT).any():
            return None
        scale = unit_diagonal(self.own[np.ix_(which, which)])[1]
        found: Array = scale * (vectors @ ((vectors.T @ score) / values))
        return found

    def _together(self, which: Indices) -> tuple[Array, Array, Array]:
        """Eigenvalues and vectors of the efficient information of ``which``, and their scores, all of unit scale."""
        own = self.own[np.ix_(which, which)]
        scale = unit_diagonal(own)[1]
        left = (own - self.across[which] @ self.adaptation[:, which]) * np.multiply.outer(scale, scale)
        values, vectors = np.linalg.eigh((left + left.T) / 2.0)
        return values, vectors, scale * self.score[which]


def releases_of(score: Array, information: Array, basis: Array, directions: Array, n: float) -> Releases:
    """Directions (q, k) of a model whose own parameters move along ``basis`` (q, b).

    Parameters
    ----------
    score : (q,) array
        Slopes of the mean log-likelihood.
    information : (q, q) array
        Information matrix per observation.
    """
    across = directions.T @ information
    inside = basis.T @ information @ basis
    return Releases(directions.T @ score, across @ directions, across @ basis, inside, n)


def releases_of_last(score: Array, information: Array, basis: Array | None, own: int, n: float) -> Releases:
    """The parameters behind the first ``own`` as directions; these move along ``basis`` (own, b), None for freely."""
    across, inside = information[own:, :own], information[:own, :own]
    if basis is not None:
        across, inside = across @ basis, basis.T @ inside @ basis
    return Releases(score[own:], information[own:, own:], across, inside, n)


def directions_of(jacobian: Array) -> tuple[Indices, Array]:
    """For constraints with slopes (r, q): which are independent of those before them, and what each holds back.

    Returns
    -------
    independent : (k,) int array
        Rows of the Jacobian.
    directions : (q, k) array
        Along each of these one of the constraints gives way and the others do not.
    """
    chosen: list[int] = []
    basis: Array = np.zeros((0, jacobian.shape[1]))
    for number, row in enumerate(jacobian):
        size = float(np.linalg.norm(row))
        rest = row - basis.T @ (basis @ row)
        rest = rest - basis.T @ (basis @ rest)
        length = float(np.linalg.norm(rest))
        if length > 1e-9 * max(size, 1e-300):
            chosen.append(number)
            basis = np.vstack([basis, rest / length])
    independent = np.array(chosen, dtype=np.intp)
    directions = np.asarray(np.linalg.pinv(jacobian[independent]), dtype=np.float64)
    return independent, directions.reshape(jacobian.shape[1], len(chosen))


def _p_value(statistic: float, df: int) -> float:
    return float(chdtrc(df, max(statistic, 0.0))) if df > 0 else float("nan")
