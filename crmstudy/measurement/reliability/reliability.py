"""Internal consistency of scales: alpha, omegas, bounds, split halves, item statistics, precision of scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.measurement.reliability.checks import (
    about_ordinal,
    all_columns,
    impossible_scales,
    note_set,
    resolved,
    rows_used,
)
from crmstudy.measurement.reliability.pooled import finish_reliabilities
from crmstudy.measurement.reliability.result import Collected, ReliabilityResult
from crmstudy.measurement.reliability.scale import analyse_scale
from crmstudy.pooled import COMPLEMENT, STEPPED_UP, pools
from crmstudy.responses import frame_of
from crmstudy.selection import item_sets, keyed_values

__all__ = ["ReliabilityResult", "reliability"]


@pools(
    keys=("scale", "term"),
    scale={"": COMPLEMENT, "spearman_brown": STEPPED_UP},
    finish=finish_reliabilities,
    skip=("intervals", "group_omegas", "group_factors"),
)
def reliability(
    data: object,
    *,
    items: Sequence[str] | None = None,
    scale: str | Sequence[str] | None = None,
    ordinal: bool = False,
    bootstrap: int | None = None,
    level: float = 0.95,
    seed: int | None = None,
    interval: str | None = None,
    group_factors: int = 3,
    splits: int = 10_000,
    missing: str = "listwise",
) -> ReliabilityResult:
    r"""Alpha, omegas, Guttman's bounds, split halves and item statistics of scales, each from its complete cases.

    Parameters
    ----------
    data : DataFrame or Responses
        Responses are analysed reversed, with missing codes and values out of range as missing. The columns of a
        DataFrame are taken as they are: reverse them first.
    items : sequence of str, optional
        Columns that form one scale. Without it: every scale of the responses, or all numeric columns of a DataFrame.
    scale : str or sequence of str, optional
        Scales of the responses; with ``items`` of a DataFrame, the name of that set.
    ordinal : bool
        Also coefficients from polychoric correlations, beside those of the answers as numbers.
    bootstrap : int, optional
        Number of bootstrap samples of the rows, for percentile and BCa intervals of all coefficients that depend on
        the covariances alone (all but ``lambda_4`` and the ordinal ones). ``omega``, ``omega_t`` and ``omega_h`` are
        fitted anew in every sample.
    level : float
        Coverage of the intervals.
    seed : int, optional
        Seed of the bootstrap; without it one is drawn and kept in ``.call``. Also of the splits drawn.
    interval : {"feldt", "bonett", "asymptotic", "adf", "percentile", "bca"}, optional
        Which interval of alpha stands in ``estimates``; all of them stand in the table ``intervals``. Left out:
        ``percentile`` with a bootstrap, else ``feldt``. Coefficients without an interval of that kind have one by the
        delta method: under normality, or with ``adf`` without it (their standard errors too). ``percentile`` and
        ``bca`` need ``bootstrap``.
    group_factors : int
        Number of group factors behind ``omega_t`` and ``omega_h``, which are given for scales of six items or more.
    splits : int
        Number of random splits of a scale of more than 20 items; up to 20 items all splits are looked at.
    missing : {"listwise", "fiml"}
        ``fiml`` takes the moments of all rows with an answer by maximum likelihood for normal items, instead of those
        of the complete rows; intervals are asymptotic then, and there is no bootstrap and nothing ordinal.

    Returns
    -------
    ReliabilityResult

    Raises
    ------
    DataError
        For unknown scales or columns, and columns that are not numbers.
    ModelError
        For options that are none, all at once.
    UnsupportedError
        For a ``bootstrap`` that is not a number.
    AnalysisError
        When an item does not vary, when a scale's items cancel in their sum, or when there are not more complete rows
        than items; every such scale is named. Where other scales can be analysed they are, and each such scale leaves
        a warning (``.failures``).

    Notes
    -----
    :math:`\alpha = \frac{k}{k-1}\left(1-\frac{\sum s_i^2}{s_X^2}\right)` (Cronbach, 1951), with the interval of Feldt
    (1965) and the standard error of Duhachek and Iacobucci (2004), which assumes normal items; that of ``adf``
    (Maydeu-Olivares, Coffman & Hartmann, 2007) does not. Omega is
    :math:`(\sum\lambda)^2/((\sum\lambda)^2+\sum\theta)` of the one-factor model by maximum likelihood (McDonald, 1999).
    ``omega_t`` and ``omega_h`` (Zinbarg et al., 2005) come from minimum-residual factors of the correlations, rotated
    by oblimin, with a general factor above them (Schmid & Leiman, 1957), as in psych::omega with ``flip=FALSE``.
    Guttman's (1945) bounds are given from covariances, as SPSS does, and as ``_standardised`` from correlations, as
    psych does. ``lambda_4`` is the largest coefficient of all splits into halves of equal size (of an odd number of
    items, into halves that differ by one); it capitalises on chance in small samples.
    ``item_total`` includes the item in the total, ``item_rest`` does not. Ordinal alpha (Zumbo, Gadermann & Zeisser,
    2007) is not the reliability of the score that is used (Chalmers, 2018). The smallest change between two scores
    that exceeds their errors is :math:`z\sqrt2\,SEM` (Jacobson & Truax, 1991), :math:`SEM = s_X\sqrt{1-r}`.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"a": [1, 2, 3, 4, 5, 4], "b": [2, 1, 4, 4, 5, 5]})
    >>> reliability(answers).estimates.set_index("term")["estimate"].round(3).to_dict()["spearman_brown"]
    0.929
    """
    asked = resolved(ordinal, bootstrap, level, seed, interval, group_factors, splits, missing)
    frame, notes = frame_of(data)
    frame = frame.rename(columns=str)
    sets = item_sets(data, frame, items, scale)
    rows = [(chosen, keyed_values(frame, chosen)) for chosen in sets]
    impossible = impossible_scales(rows, asked)
    collected = Collected(notes=[*notes, *all_columns(data, frame, sets, items), *about_ordinal(asked)])
    used = np.zeros(len(frame), dtype=bool)
    for chosen, values in rows:
        if chosen.scale in impossible:
            collected.notes.append(impossible[chosen.scale])
            continue
        note_set(chosen, values, asked, collected)
        if len(chosen.items) > 1:
            used |= rows_used(values, asked)
            analyse_scale(chosen, values, asked, collected)
    call: dict[str, Any] = {
        "scales": [chosen.scale for chosen in sets], "ordinal": asked.ordinal, "bootstrap": asked.bootstrap,
        "level": asked.level, "seed": asked.seed if asked.bootstrap else seed, "interval": asked.interval,
        "group_factors": asked.group_factors, "splits": asked.splits, "missing": asked.missing,
    }  # fmt: skip
    tables = collected.tables(asked.group_factors)
    sizes = tables["scales"]
    return ReliabilityResult(
        estimates=collected.estimates_table(),
        n=int(used.sum()),
        tables=tables,
        notes=tuple(collected.notes),
        samples=pd.DataFrame(
            {"group": sizes["scale"].replace("", "all"), "n": sizes["n"], "dropped": sizes["dropped"]}
        ),
        call=call,
    )
