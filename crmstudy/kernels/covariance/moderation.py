r"""Slopes that depend on a moderator: simple slopes, their standard errors and where they become significant.

The slope of y on x at the value c of the moderator is :math:`b(c) = b_1 + b_3 c` with variance
:math:`v(c) = v_{11} + 2 c v_{13} + c^2 v_{33}` (Cohen, Cohen, West & Aiken, 2003, ch. 7); c counts from the point the
product is centred at and is taken as given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from crmstudy.kernels.moments import Array

Region = Literal["outside", "inside", "below", "above", "everywhere", "nowhere"]


@dataclass(frozen=True, slots=True)
class Slope:
    """Main effect ``b1``, interaction ``b3`` and their (co)variances."""

    b1: float
    b3: float
    v11: float
    v13: float
    v33: float

    def at(self, c: Array) -> tuple[Array, Array]:
        """Simple slopes and their standard errors at values of the moderator, each of the shape of ``c``."""
        variance = self.v11 + 2.0 * c * self.v13 + c**2 * self.v33
        return np.asarray(self.b1 + self.b3 * c), np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def johnson_neyman(slope: Slope, critical: float) -> tuple[Region, tuple[float, ...]]:
    r"""Where a simple slope differs from 0: the region and its bounds on the scale of the moderator.

    Bounds solve :math:`b(c)^2 = z^2 v(c)` (Johnson & Neyman, 1936; Bauer & Curran, 2005). ``outside`` is significant
    below the first and above the second bound, ``inside`` between them; ``below`` and ``above`` have one bound.

    Parameters
    ----------
    slope : Slope
    critical : float
        The critical value z.
    """
    z2 = critical**2
    a = slope.b3**2 - z2 * slope.v33
    b = 2.0 * (slope.b1 * slope.b3 - z2 * slope.v13)
    c = slope.b1**2 - z2 * slope.v11
    # the sign of a c^2 + b c + c0 says whether the slope at that point is significant
    flat = 1e-14 * max(slope.b3**2, z2 * slope.v33)
    if abs(a) <= flat:
        if abs(b) <= 1e-14 * max(abs(c), 1e-300):
            return ("everywhere" if c > 0 else "nowhere"), ()
        return ("above" if b > 0 else "below"), (-c / b,)
    spread = b * b - 4.0 * a * c
    if spread <= 0:
        return ("everywhere" if a > 0 else "nowhere"), ()
    q = -0.5 * (b + np.copysign(np.sqrt(spread), b))  # no difference of nearly equal numbers
    low, high = sorted((float(q / a), float(c / q)))
    return ("outside" if a > 0 else "inside"), (low, high)


def centring_constants(x: Array, w: Array, product: Array) -> tuple[float, float, float]:
    r"""How a product column was made: its centring constants for x and for w, and what they leave unexplained.

    A column :math:`xw - c_w x - c_x w - c_0` is a plain product, one of centred variables or a residual-centred one;
    the constants follow by least squares.

    Parameters
    ----------
    x, w, product : (n,) arrays

    Returns
    -------
    c_x, c_w, left : float
        ``left`` is the root mean square of the residuals over the standard deviation of the product; rounding leaves
        about 1e-15, another variable about 1.
    """
    mx, mw = float(x.mean()), float(w.mean())
    dx, dw = x - mx, w - mw
    design = np.column_stack([np.ones(len(x)), dx, dw])
    target = dx * dw
    coefficients, *_ = np.linalg.lstsq(design, product - target, rcond=None)
    left = product - target - design @ coefficients
    spread = max(float(np.std(target)), 1e-300)
    # product = dx dw + a + b dx + d dw = (x - (mx - d)) (w - (mw - b)) + a constant
    return mx - float(coefficients[2]), mw - float(coefficients[1]), float(np.sqrt(np.mean(left**2))) / spread
