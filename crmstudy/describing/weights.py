"""The column of sampling weights: checked once, for every verb that takes it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmstudy.errors import DataError
from crmstudy.kernels.classic.weighting import effective_size
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.selection import named_columns, numeric_values


def weights_of(frame: pd.DataFrame, weights: str | None) -> tuple[Array | None, tuple[Note, ...]]:
    """The weights of all rows, NaN where a row has none or 0, and what must be said about them.

    Raises
    ------
    DataError
        For anything but the name of a column of numbers that are not negative and not all 0.
    """
    if weights is None:
        return None, ()
    if not isinstance(weights, str):
        raise DataError(f"`weights` is the name of the column of sampling weights, not {weights!r}.")
    values = numeric_values(frame, named_columns(frame, [weights]))[:, 0].copy()
    if (values < 0).any():
        raise DataError(
            f"The weights '{weights}' hold {int((values < 0).sum())} negative values; a weight is the number of people "
            "a respondent stands for. Correct them or set them to missing."
        )
    values[values == 0.0] = np.nan
    known = values[~np.isnan(values)]
    if not len(known):
        raise DataError(f"The weights '{weights}' are all missing or 0: name another column, or leave `weights` out.")
    size = effective_size(known)
    message = (
        f"Weighted by '{weights}': standard errors are linearised, as for a sample drawn with unequal chances. The "
        f"{len(known)} rows tell as much of a mean as {write_number(size, 'n')} rows of equal weight."
    )
    notes = [Note("WEIGHTS_USED", message)]
    if dropped := len(values) - len(known):
        message = f"{dropped} of {len(values)} rows are left out because '{weights}' is missing or 0."
        notes.append(Note("WEIGHTS_ROWS_DROPPED", message, "warning", weights))
    return values, tuple(notes)
