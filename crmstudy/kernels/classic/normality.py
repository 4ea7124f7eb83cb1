r"""Is it normal: tests of one variable and of several together.

One variable: Shapiro-Wilk, Kolmogorov-Smirnov with estimated parameters, with the asymptotic p that SPSS prints and
with Lilliefors' p. Several: Mardia's skewness and kurtosis, Henze-Zirkler. Arrays hold complete rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import linalg, special, stats

from crmstudy.kernels.moments import Array, covariance

#: Royston's approximation of the Shapiro-Wilk p holds for samples of these sizes.
SHAPIRO_SIZES = (3, 5000)
#: Squared distances between rows are taken this many at a time.
_PAIRS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """A statistic and its p; ``df`` is NaN where the reference distribution has none."""

    statistic: float
    p_value: float
    df: float = math.nan


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    r"""Distance between a sample and the normal distribution with its mean and standard deviation (n - 1).

    ``z`` is :math:`D\sqrt n`; ``p_asymptotic`` takes the parameters for known, as SPSS's one-sample test does;
    ``p_lilliefors`` allows for their having been estimated.
    """

    d: float
    z: float
    p_asymptotic: float
    p_lilliefors: float


@dataclass(frozen=True, slots=True)
class Mardia:
    """Mardia's (1970) multivariate skewness and kurtosis.

    ``skewness`` and ``kurtosis`` are b1p and b2p; ``skewness_test`` is n b1p / 6 on p(p+1)(p+2)/6 degrees of freedom,
    ``skewness_small`` the same with Mardia's (1974) factor for small samples, ``kurtosis_test`` a z.
    """

    skewness: float
    kurtosis: float
    skewness_test: TestOutcome
    skewness_small: TestOutcome
    kurtosis_test: TestOutcome


def shapiro_wilk(values: Array) -> TestOutcome:
    """Shapiro and Wilk's W with Royston's (1995) p, for 3 to 5,000 values that are not all equal."""
    found = stats.shapiro((values - values.mean()) / np.ptp(values))
    return TestOutcome(float(found.statistic), float(found.pvalue))


def moment_errors(n: int) -> tuple[float, float]:
    r"""Standard errors of G1 and G2 under normality, :math:`\sqrt{6n(n-1)/((n-2)(n+1)(n+3))}` and
    :math:`2\,SE_{G_1}\sqrt{(n^2-1)/((n-3)(n+5))}` (n at least 4), as SPSS prints them.
    """  # noqa: D205
    skew = math.sqrt(6.0 * n * (n - 1.0) / ((n - 2.0) * (n + 1.0) * (n + 3.0)))
    return skew, 2.0 * skew * math.sqrt((n * n - 1.0) / ((n - 3.0) * (n + 5.0)))


def kolmogorov_p(z: float) -> float:
    r"""Upper tail of Kolmogorov's distribution, :math:`2\sum_{k\ge1}(-1)^{k-1}e^{-2k^2z^2}`."""
    return float(special.kolmogorov(z))


def kolmogorov_smirnov(values: Array) -> KolmogorovSmirnov:
    """One-sample test of normality with mean and standard deviation estimated; values must not all be equal."""
    ordered = np.sort(values)
    n = len(ordered)
    centred = ordered / np.abs(ordered).max()
    centred = centred - centred.mean()
    below = special.ndtr(centred / centred.std(ddof=1))
    steps = np.arange(1, n + 1) / n
    d = float(max((steps - below).max(), (below - steps + 1.0 / n).max()))
    z = d * math.sqrt(n)
    return KolmogorovSmirnov(d, z, kolmogorov_p(z), lilliefors_p(d, n))


def lilliefors_p(d: float, n: int) -> float:
    """P of the Kolmogorov-Smirnov distance when mean and standard deviation were estimated (Lilliefors, 1967).

    By the formula of Dallal and Wilkinson (1986), which holds up to p = .1; above it by Stephens' (1974) modified
    statistic and the polynomials through its table. For n of 4 and more.
    """
    size, distance = (float(n), d) if n <= 100 else (100.0, d * (n / 100.0) ** 0.49)
    p = math.exp(
        -7.01256 * distance**2 * (size + 2.78019) + 2.99587 * distance * math.sqrt(size + 2.78019) - 0.122119
        + 0.974598 / math.sqrt(size) + 1.67997 / size
    )  # fmt: skip
    if p <= 0.1:
        return p
    modified = (math.sqrt(n) - 0.01 + 0.85 / math.sqrt(n)) * d
    pieces = (
        (0.302, (1.0,)),
        (0.5, (2.76773, -19.828315, 80.709644, -138.55152, 81.218052)),
        (0.9, (-4.901232, 40.662806, -97.490286, 94.029866, -32.355711)),
        (1.31, (6.198765, -19.558097, 23.186922, -12.234627, 2.423045)),
    )
    for end, coefficients in pieces:
        if modified <= end:
            return float(np.polynomial.polynomial.polyval(modified, coefficients))
    return 0.0


def whitened(values: Array, ddof: int = 0) -> Array | None:
    """Centred rows times the inverse root of their covariance matrix, (n, p); None where it is singular."""
    cov = covariance(values, ddof=ddof)
    scale = np.sqrt(np.diag(cov))
    if not (scale > 0.0).all() or len(values) <= values.shape[1]:
        return None
    try:
        factor = linalg.cholesky(cov / np.outer(scale, scale), lower=True)
    except linalg.LinAlgError:
        return None
    if np.diag(factor).min() < 1e-7:
        return None
    found: Array = linalg.solve_triangular(factor, ((values - values.mean(axis=0)) / scale).T, lower=True).T
    return found


def mardia(white: Array) -> Mardia:
    r"""Mardia's tests from whitened rows (:func:`whitened`; its ``ddof`` decides the divisor of the covariances).

    :math:`b_{1p} = \frac1{n^2}\sum_{ij}(z_i'z_j)^3` is computed as the squared length of the tensor of third moments,
    :math:`b_{2p} = \frac1n\sum_i(z_i'z_i)^2`.
    """
    n, p = white.shape
    third = np.zeros((p * p, p))
    step = max(1, _PAIRS_AT_ONCE // (p * p))
    for start in range(0, n, step):
        part = white[start : start + step]
        third += np.einsum("ni,nj->nij", part, part).reshape(len(part), p * p).T @ part
    skewness = float(((third / n) ** 2).sum())
    kurtosis = float((np.einsum("ni,ni->n", white, white) ** 2).mean())
    df = p * (p + 1.0) * (p + 2.0) / 6.0
    statistic = n * skewness / 6.0
    small = statistic * (p + 1.0) * (n + 1.0) * (n + 3.0) / (n * ((n + 1.0) * (p + 1.0) - 6.0))
    z = (kurtosis - p * (p + 2.0)) / math.sqrt(8.0 * p * (p + 2.0) / n)
    return Mardia(
        skewness,
        kurtosis,
        TestOutcome(statistic, float(special.chdtrc(df, statistic)), df),
        TestOutcome(small, float(special.chdtrc(df, small)), df),
        TestOutcome(z, 2.0 * float(special.ndtr(-abs(z)))),
    )


def henze_zirkler(white: Array) -> TestOutcome:
    """Henze and Zirkler's (1990) test from rows whitened with divisor n, with its lognormal p."""
    n, p = white.shape
    b2 = 0.5 * ((2.0 * p + 1.0) * n / 4.0) ** (2.0 / (p + 4.0))
    lengths = np.einsum("ni,ni->n", white, white)
    together = 0.0
    step = max(1, _PAIRS_AT_ONCE // n)
    for start in range(0, n, step):
        part = white[start : start + step]
        squared = lengths[start : start + step, None] + lengths - 2.0 * part @ white.T
        together += float(np.exp(-0.5 * b2 * np.maximum(squared, 0.0)).sum())
    middle = float(np.exp(-0.5 * b2 / (1.0 + b2) * lengths).sum())
    statistic = together / n - 2.0 * (1.0 + b2) ** (-p / 2.0) * middle + n * (1.0 + 2.0 * b2) ** (-p / 2.0)
    mean, variance = _henze_zirkler_moments(b2, p)
    spread = math.log1p(variance / mean**2)
    z = (math.log(statistic) - (math.log(mean) - spread / 2.0)) / math.sqrt(spread) if statistic > 0 else -math.inf
    return TestOutcome(statistic, float(special.ndtr(-z)))


def _henze_zirkler_moments(b2: float, p: int) -> tuple[float, float]:
    """Mean and variance of the statistic under normality; ``b2`` is the square of the smoothing parameter."""
    a, w = 1.0 + 2.0 * b2, (1.0 + b2) * (1.0 + 3.0 * b2)
    pairs = p * (p + 2.0)
    mean = 1.0 - a ** (-p / 2.0) * (1.0 + p * b2 / a + pairs * b2**2 / (2.0 * a**2))
    variance = (
        2.0 * (1.0 + 4.0 * b2) ** (-p / 2.0)
        + 2.0 * a ** (-p) * (1.0 + 2.0 * p * b2**2 / a**2 + 3.0 * pairs * b2**4 / (4.0 * a**4))
        - 4.0 * w ** (-p / 2.0) * (1.0 + 3.0 * p * b2**2 / (2.0 * w) + pairs * b2**4 / (2.0 * w**2))
    )
    return mean, variance
