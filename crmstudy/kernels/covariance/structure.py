r"""Mean and covariance structures: where parameters stand, the moments they imply, and how these change with them.

LISREL with all variables as indicators (Jöreskog, 1973; Bollen, 1989, ch. 8):

.. math:: \Sigma = \Lambda A \Psi A' \Lambda' + \Theta, \quad \mu = \nu + \Lambda A \alpha, \qquad A = (I - B)^{-1}.

Every derivative of :math:`\Sigma` with respect to an element of a matrix is :math:`c(uv' + vu')` and every derivative
of :math:`\mu` is :math:`su`, with :math:`u, v` among the columns of :math:`Z = [I \mid \Lambda A \mid \Lambda A \Psi
A']`. First and second derivatives of anything that is a function of :math:`\Sigma` and :math:`\mu` are therefore
gathers from a few products :math:`Z'MZ`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Indices = np.ndarray[Any, np.dtype[np.intp]]
Matrix = Literal["loading", "regression", "latent_covariance", "residual_covariance", "intercept", "latent_mean"]
MATRICES: tuple[Matrix, ...] = (
    "loading", "regression", "latent_covariance", "residual_covariance", "intercept", "latent_mean",
)  # fmt: skip
SYMMETRIC: tuple[Matrix, ...] = ("latent_covariance", "residual_covariance")


@dataclass(frozen=True)
class Elements:
    """The free elements of one block, in the order of :data:`MATRICES`.

    Attributes
    ----------
    u, v : (k,) int arrays
        Columns of Z that the derivative of sigma is made of (any column where ``factor`` is 0).
    factor : (k,) array
        The c of the derivative of sigma: 1, 1/2 on a diagonal, 0 for means.
    scale : (k,) int array
        Where the s of the derivative of mu stands in ``[latent means, 1, 0]``.
    parameter : (k,) int array
        Index of each element's parameter.
    rows, columns : (k,) int arrays
        Row and column in the element's matrix.
    spans : dict of Matrix to slice
        Which elements belong to a matrix.
    """

    u: Indices
    v: Indices
    factor: Array
    scale: Indices
    parameter: Indices
    rows: Indices
    columns: Indices
    spans: dict[Matrix, slice]

    @cached_property
    def one_to_one(self) -> bool:
        """True when no parameter stands at two places of the block."""
        return len(np.unique(self.parameter)) == len(self.parameter)

    def collect(self, by_element: Array, n_parameters: int) -> Array:
        """Sum a vector (k,) or a matrix (k, k) over elements into parameters (q,) or (q, q)."""
        if by_element.ndim == 1:
            return np.bincount(self.parameter, weights=by_element, minlength=n_parameters).astype(float)
        collected: Array = np.zeros((n_parameters, n_parameters))
        if self.one_to_one:
            collected[np.ix_(self.parameter, self.parameter)] = by_element
        else:
            np.add.at(collected, (self.parameter[:, None], self.parameter[None, :]), by_element)
        return collected

    def collect_columns(self, by_element: Array, n_parameters: int) -> Array:
        """Sum the columns (n, k) of a matrix over elements into parameters (n, q)."""
        collected: Array = np.zeros((len(by_element), n_parameters))
        if self.one_to_one:
            collected[:, self.parameter] = by_element
        else:
            np.add.at(collected.T, self.parameter, by_element.T)
        return collected


@dataclass(frozen=True)
class Layout:
    """Where every parameter of one block stands.

    Attributes
    ----------
    fixed : dict of Matrix to (p, m), (m, m), (m, m), (p, p), (p, 1), (m, 1) arrays
        The matrices with their fixed values (0 where free).
    rows, columns, parameters : dict of Matrix to (k,) int arrays
        Row and column of each free element and the index of its parameter; a covariance stands once.
    has_means : bool
        Whether means are part of the model; without it they are saturated and left out.
    """

    fixed: dict[Matrix, Array]
    rows: dict[Matrix, Indices]
    columns: dict[Matrix, Indices]
    parameters: dict[Matrix, Indices]
    has_means: bool = False

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Numbers of observed (p) and of structural (m) variables."""
        p, m = self.fixed["loading"].shape
        return p, m

    @cached_property
    def without_paths(self) -> bool:
        """True when no structural variable depends on another, so that (I - B) needs no inverse."""
        return not len(self.rows["regression"]) and not self.fixed["regression"].any()

    @cached_property
    def elements(self) -> Elements:
        """The free elements and what their derivatives are made of."""
        p, m = self.shape
        r, c = self.rows, self.columns
        counts = [len(r[name]) for name in MATRICES]
        ends = np.cumsum(counts)
        u = [r["loading"], p + r["regression"], p + r["latent_covariance"], r["residual_covariance"],
             r["intercept"], p + r["latent_mean"]]  # fmt: skip
        v = [p + m + c["loading"], p + m + c["regression"], p + c["latent_covariance"], c["residual_covariance"],
             r["intercept"], r["intercept"][:0].repeat(0)]  # fmt: skip
        v[5] = np.zeros(counts[5], dtype=np.intp)
        factor = [np.ones(counts[0]), np.ones(counts[1])]
        factor += [np.where(r[name] == c[name], 0.5, 1.0) for name in SYMMETRIC]
        factor += [np.zeros(counts[4]), np.zeros(counts[5])]
        one, none = m, m + 1
        scale = [c["loading"], c["regression"], np.full(counts[2], none), np.full(counts[3], none),
                 np.full(counts[4], one), np.full(counts[5], one)]  # fmt: skip
        return Elements(
            np.concatenate(u).astype(np.intp), np.concatenate(v).astype(np.intp), np.concatenate(factor),
            np.concatenate(scale).astype(np.intp), np.concatenate([self.parameters[name] for name in MATRICES]),
            np.concatenate([r[name] for name in MATRICES]), np.concatenate([c[name] for name in MATRICES]),
            {name: slice(int(end - k), int(end)) for name, k, end in zip(MATRICES, counts, ends, strict=True)},
        )  # fmt: skip

    def matrices(self, theta: Array) -> dict[Matrix, Array]:
        """The matrices at a parameter vector."""
        filled: dict[Matrix, Array] = {}
        for name in MATRICES:
            matrix = self.fixed[name].copy()
            rows, columns, values = self.rows[name], self.columns[name], theta[self.parameters[name]]
            matrix[rows, columns] = values
            if name in SYMMETRIC:
                matrix[columns, rows] = values
            filled[name] = matrix
        return filled


@dataclass(frozen=True)
class Implied:
    """Implied moments of one block.

    ``sigma`` (p, p) and ``mu`` (p,) of the observed, ``phi`` (m, m) and ``eta`` (m,) of the structural variables;
    ``z`` (p, p+2m); ``total`` (m, m) is (I - B)^-1, or None where it is the identity.
    """

    sigma: Array
    mu: Array
    phi: Array
    eta: Array
    z: Array
    total: Array | None


def implied_moments(layout: Layout, theta: Array) -> Implied:
    """Implied moments and the columns that derivatives are made of.

    Raises
    ------
    numpy.linalg.LinAlgError
        When (I - B) is singular.
    """
    parts = layout.matrices(theta)
    loading, psi = parts["loading"], parts["latent_covariance"]
    p, m = layout.shape
    total: Array | None = None
    reach, phi = loading, psi
    if not layout.without_paths:
        inverse: Array = np.asarray(np.linalg.inv(np.eye(m) - parts["regression"]))
        total, reach, phi = inverse, loading @ inverse, inverse @ psi @ inverse.T
    cross = loading @ phi
    sigma = cross @ loading.T + parts["residual_covariance"]
    if layout.has_means:
        eta = parts["latent_mean"][:, 0] if total is None else total @ parts["latent_mean"][:, 0]
        mu = parts["intercept"][:, 0] + loading @ eta
    else:
        eta, mu = np.zeros(m), np.zeros(p)
    z = np.empty((p, p + 2 * m))
    z[:, :p] = np.eye(p)
    z[:, p : p + m] = reach
    z[:, p + m :] = cross
    return Implied(sigma, mu, phi, eta, z, total)


def mean_scales(layout: Layout, implied: Implied) -> Array:
    """The s of every element's derivative of mu, (k,)."""
    extended = np.concatenate([implied.eta, [1.0, 0.0]])
    scales: Array = extended[layout.elements.scale]
    return scales


def gradient_of(layout: Layout, implied: Implied, by_sigma: Array, by_mu: Array | None, n_parameters: int) -> Array:
    """Gradient (q,) of a function whose derivatives are ``by_sigma`` (p, p), symmetric, and ``by_mu`` (p,)."""
    e = layout.elements
    z = implied.z
    entries = 2.0 * e.factor * np.einsum("ij,ij->j", z[:, e.u], (by_sigma @ z)[:, e.v])
    if by_mu is not None:
        entries += mean_scales(layout, implied) * (by_mu @ z)[e.u]
    return e.collect(entries, n_parameters)


def metric_elements(layout: Layout, implied: Implied, weight: Array) -> Array:
    r"""Products :math:`tr(W\dot\Sigma_e W\dot\Sigma_f) + 2\dot\mu_e'W\dot\mu_f` of all elements, (k, k)."""
    e = layout.elements
    gram = implied.z.T @ weight @ implied.z
    gram_u = gram[e.u]
    straight, crossed = gram_u[:, e.u], gram_u[:, e.v]
    elements = straight * gram[e.v][:, e.v]
    elements += crossed * crossed.T
    elements *= 2.0 * np.multiply.outer(e.factor, e.factor)
    if layout.has_means:
        s = mean_scales(layout, implied)
        elements += 2.0 * np.multiply.outer(s, s) * straight
    return elements


def stacked_metric_elements(layout: Layout, implied: Implied, weights: Array, times: Array) -> Array:
    """The same for a stack of weights (r, p, p), each counted a number of times (r,), summed."""
    e = layout.elements
    grams = implied.z.T @ weights @ implied.z
    gram_u = grams[:, e.u]
    straight, crossed = gram_u[:, :, e.u], gram_u[:, :, e.v]
    products = straight * grams[:, e.v][:, :, e.v] + crossed * crossed.transpose(0, 2, 1)
    elements: Array = 2.0 * np.multiply.outer(e.factor, e.factor) * np.tensordot(times, products, axes=1)
    if layout.has_means:
        s = mean_scales(layout, implied)
        elements += 2.0 * np.multiply.outer(s, s) * np.tensordot(times, straight, axes=1)
    return elements


def moment_slopes(layout: Layout, implied: Implied, n_parameters: int, *, means: bool) -> Array:
    """Derivatives of the moments, (p if means) + p(p+1)/2 rows (lower triangle row by row), q columns."""
    e, z = layout.elements, implied.z
    i, j = np.tril_indices(len(z))
    zu, zv = z[:, e.u], z[:, e.v] * e.factor
    slopes = zu[i] * zv[j] + zu[j] * zv[i]
    if means:
        slopes = np.vstack([zu * mean_scales(layout, implied), slopes])
    return e.collect_columns(slopes, n_parameters)


def curvature(layout: Layout, implied: Implied, by_sigma: Array, by_mu: Array | None) -> Array:
    r"""The part of the Hessian due to second derivatives of the moments, (k, k) over elements.

    :math:`tr(G\,\partial^2\Sigma/\partial e\partial f) + g'\partial^2\mu/\partial e\partial f` for ``by_sigma`` = G and
    ``by_mu`` = g.
    """
    e, z, spans = layout.elements, implied.z, layout.elements.spans
    m = layout.shape[1]
    total = np.eye(m) if implied.total is None else implied.total
    k = len(e.u)
    u_moves, v_by_u, v_by_v = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k))
    paths = slice(0, spans["regression"].stop)  # loadings and regressions: v = (Lambda Phi)_c
    reg, psi, alpha = spans["regression"], spans["latent_covariance"], spans["latent_mean"]
    r, c = e.rows, e.columns
    for inner in (reg, psi, alpha):  # u = (Lambda A)_r
        u_moves[inner, paths] = total[c[paths]][:, r[inner]].T
    v_by_u[paths, paths] = implied.phi[np.ix_(c[paths], c[paths])]
    v_by_u[psi, paths] = total[np.ix_(c[paths], c[psi])].T
    v_by_v[paths, reg] = total[np.ix_(c[paths], r[reg])]
    v_by_u[paths, psi] = total[np.ix_(c[paths], c[psi])] * e.factor[psi]
    v_by_v[paths, psi] = total[np.ix_(c[paths], r[psi])] * e.factor[psi]
    gram = z.T @ by_sigma @ z
    gram_u = gram[e.u]
    found = u_moves * gram[e.v][:, e.u] + v_by_u * gram_u[:, e.u] + v_by_v * gram_u[:, e.v]
    found *= 2.0 * e.factor[:, None]
    if by_mu is not None and layout.has_means:
        pull = (by_mu @ z)[e.u]
        moved = np.zeros((k, k))
        moved[paths, alpha] = total[np.ix_(c[paths], r[alpha])]
        moved[paths, reg] = total[np.ix_(c[paths], r[reg])] * implied.eta[c[reg]]
        found += mean_scales(layout, implied)[:, None] * u_moves * pull[None, :] + pull[:, None] * moved
    return (found + found.T) / 2.0


def saturated_layout(p: int, given: Indices, *, means: bool) -> Layout:
    """A model with every moment free but those among the variables ``given`` (the exogenous ones, held fixed at 0).

    Parameters
    ----------
    p : int
        Number of observed variables.
    given : (x,) int array
        Variables whose own moments are not parameters; ``fixed`` must be filled in with them by the caller.
    means : bool
        Whether means are parameters too.
    """
    i, j = np.tril_indices(p)
    inside = np.isin(i, given) & np.isin(j, given)
    i, j = i[~inside], j[~inside]
    free_means = np.setdiff1d(np.arange(p), given) if means else np.arange(0)
    none = np.arange(0)
    fixed: dict[Matrix, Array] = {
        "loading": np.zeros((p, 0)), "regression": np.zeros((0, 0)), "latent_covariance": np.zeros((0, 0)),
        "residual_covariance": np.zeros((p, p)), "intercept": np.zeros((p, 1)), "latent_mean": np.zeros((0, 1)),
    }  # fmt: skip
    rows: dict[Matrix, Indices] = dict.fromkeys(MATRICES, none)
    columns: dict[Matrix, Indices] = dict.fromkeys(MATRICES, none)
    parameters: dict[Matrix, Indices] = dict.fromkeys(MATRICES, none)
    count = len(free_means)
    rows["intercept"], columns["intercept"], parameters["intercept"] = free_means, 0 * free_means, np.arange(count)
    rows["residual_covariance"], columns["residual_covariance"] = i, j
    parameters["residual_covariance"] = count + np.arange(len(i))
    return Layout(fixed, rows, columns, parameters, means)
