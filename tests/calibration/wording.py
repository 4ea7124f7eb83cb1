"""What the judge says in words, and what theory expects of a small sample."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import chdtrc, chdtri

from tests.calibration.figures import LEVEL
from tests.calibration.judging import Judgement
from tests.calibration.populations import ITEMS

#: Degrees of freedom of the mediation model.
DF = 24


def outcome(judgement: Judgement, named: Mapping[str, str]) -> str:
    """What the judge said."""
    due = judgement.seen + len(judgement.missed)
    lines = [
        f"**{judgement.judged:,} figures were promised, {len(judgement.broken)} are flagged. The two wrong estimators "
        f"should be flagged in {due} figures and are flagged in {judgement.seen}.**",
        "",
    ]
    for verdict in judgement.broken:
        f = verdict.figure
        lines.append(
            f"- Broken: {f.kind}, {f.shape}, N = {f.n:,}, {f.method}: {f.what} of {named.get(f.target, f.target)} is "
            f"{f.value:.3f} ({f.error:.3f}), expected {verdict.expected:.3f}."
        )
    for verdict in judgement.missed:
        f = verdict.figure
        lines.append(
            f"- Not seen: {f.method}, N = {f.n:,}: {f.what} of {named.get(f.target, f.target)} is {f.value:.3f}."
        )
    return "\n".join(lines).rstrip()


def swain(n: int, df: int = DF) -> float:
    r"""How often the chi-square of a true model passes its 5 % point in n rows, by Swain's (1975) correction.

    The statistic times :math:`1 - \{p(2p^2+3p-1) - q(2q^2+3q-1)\} / (12\,df\,(n-1))` is nearly chi-square
    distributed, with :math:`q = (\sqrt{1 + 4p(p+1) - 8df} - 1)/2`.
    """
    p = len(ITEMS)
    q = (np.sqrt(1.0 + 4.0 * p * (p + 1) - 8.0 * df) - 1.0) / 2.0

    def cubic(k: float) -> float:
        return k * (2.0 * k**2 + 3.0 * k - 1.0)

    factor = 1.0 - (cubic(p) - cubic(q)) / (12.0 * df * (n - 1))
    return float(chdtrc(df, factor * chdtri(df, 1.0 - LEVEL)))
