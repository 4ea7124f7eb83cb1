"""p-values corrected for the number of tests."""

from __future__ import annotations

import numpy as np

from crmstudy.kernels.moments import Array

#: Corrections: Holm's step-down, Bonferroni, none.
ADJUSTMENTS = ("holm", "bonferroni", "none")


def adjusted(p_values: Array, method: str) -> Array:
    """p-values that hold the familywise error when each is compared with the usual level.

    ``holm`` multiplies the j-th smallest of m by m - j + 1 and keeps the order (Holm, 1979); ``bonferroni`` multiplies
    all by m; both stop at 1.

    Raises
    ------
    ValueError
        For a method that does not exist.
    """
    m = len(p_values)
    if method == "none":
        return p_values.copy()
    if method == "bonferroni":
        return np.minimum(p_values * m, 1.0)
    if method != "holm":
        raise ValueError(f"A correction is one of {', '.join(ADJUSTMENTS)}, not {method!r}.")
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * (m - np.arange(m)))
    result = np.empty(m)
    result[order] = np.minimum(stepped, 1.0)
    return result
