"""What a printed row is about: one sample, two groups or two measurements, and what follows for df and standard errors.

A row does not say which test was made. Everything here names all that the figures leave open, so that a check fails
only where no test agrees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from crmstudy.describing.printed_rows import PrintedRow
from crmstudy.kernels.classic.printed import Span, exactly, through

Related = Literal["no", "possible", "certain"]


@dataclass(frozen=True, slots=True)
class Degrees:
    """The degrees of freedom a t or r of the row can have; ``open`` where fewer are possible, as in a regression."""

    spans: tuple[Span, ...]
    open: bool = False


def is_of_two(row: PrintedRow) -> bool:
    """Whether two means are compared."""
    return any(row.has(key) for key in ("mean2", "sd2", "se2", "n2"))


def is_related(row: PrintedRow) -> Related:
    """Whether the two means are of the same people: certain where n - 1 degrees of freedom are printed."""
    if not is_of_two(row) or (row.has("n", "n2") and row.whole("n") != row.whole("n2")):
        return "no"
    if not row.has("n") or not row.has("df") or row.has("chisq"):
        return "possible"
    if row["df"].meets(exactly(row.whole("n") - 1)):
        return "certain"
    return "no" if row.has("n2") else "possible"


def degrees_of(row: PrintedRow) -> Degrees | None:
    """Degrees of freedom of t or r: the printed ones, or those that follow from n; None where nothing is known."""
    if row.has("df") and not row.has("chisq"):
        df = row["df"]
        one_sample = row.has("mean") and not is_of_two(row)
        if row.has("t") and df.low == df.high and not one_sample and is_related(row) != "certain":
            # perhaps Welch's, printed as a whole number: rounded, or cut off
            df = Span(max(df.low - 0.5, 0.5), df.high + 1.0, df.middle)
        return Degrees((df,))
    return following_degrees(row)


def following_degrees(row: PrintedRow) -> Degrees | None:
    """The degrees of freedom that n allows."""
    if not row.has("n"):
        return None
    n = row.whole("n")
    if row.has("n2"):
        both = n + row.whole("n2") - 2
        spans = [exactly(both), _welch(row, both), *([exactly(n - 1)] if n == row.whole("n2") else [])]
        return Degrees(tuple(span for span in spans if span.low > 0)) if both > 0 else None
    if row.has("r") and not row.has("mean"):
        return Degrees((exactly(n - 2),), open=True) if n > 2 else None
    if row.has("mean") and not is_of_two(row):
        return Degrees((exactly(n - 1),)) if n > 1 else None
    spans = [exactly(k) for k in (n - 1, n - 2) if k > 0]
    return Degrees(tuple(spans), open=True) if spans else None


def _welch(row: PrintedRow, both: int) -> Span:
    """Welch's degrees of freedom: they depend on a, the ratio of the two squared standard errors, and have one peak."""
    first, second = row.whole("n") - 1.0, row.whole("n2") - 1.0
    if min(first, second) < 1.0:
        return Span(0.5, both, both)
    low, middle, high = _ratio_of_errors(row)

    def degrees(a: float) -> float:
        if math.isinf(a):
            return first
        return (a + 1.0) ** 2 / (a**2 / first + 1.0 / second)

    ends = degrees(low), degrees(high)
    return Span(min(ends), degrees(min(max(first / second, low), high)), degrees(middle))


def _ratio_of_errors(row: PrintedRow) -> tuple[float, float, float]:
    """Smallest, printed and largest ratio of the squared standard errors of the two means."""
    if not row.has("sd", "sd2"):
        return 0.0, 1.0, math.inf

    def ratio(sd: float, sd2: float) -> float:
        above, below = max(sd, 0.0) ** 2 / row.whole("n"), max(sd2, 0.0) ** 2 / row.whole("n2")
        return above / below if below > 0 else math.inf if above > 0 else 1.0

    sd, sd2 = row["sd"], row["sd2"]
    return ratio(sd.low, sd2.high), ratio(sd.middle, sd2.middle), ratio(sd.high, sd2.low)


def difference_of(row: PrintedRow) -> Span | None:
    """The difference that is tested: of two means, or of a mean and a value."""
    if row.has("mean", "mean2"):
        found = through(lambda a, b: a - b, row["mean"], row["mean2"])
        if row.has("diff") and row["diff"].size.meets(found.size):
            printed = row["diff"] if row["diff"].meets(found) else row["diff"].mirrored
            return Span(max(found.low, printed.low), min(found.high, printed.high), printed.middle)
        return found
    if row.has("mean", "mu"):
        return through(lambda a, b: a - b, row["mean"], row["mu"])
    return row["diff"] if row.has("diff") else None


@dataclass(frozen=True, slots=True)
class StandardError:
    """A standard error of the tested difference: how it follows, its span, whether printed SEs alone give it.

    ``related`` ones are of two measurements of the same people, whose correlation is not printed: anything from a
    correlation of 1 to one of -1.
    """

    how: str
    span: Span
    from_se: bool
    related: bool = False


def standard_errors(row: PrintedRow) -> list[StandardError]:
    """The standard error of the difference, by every way the printed figures allow."""
    if not is_of_two(row):
        found = []
        if row.has("sd", "n"):
            found.append(StandardError("SD and n", through(_mean_error, row["sd"], row["n"]), False))
        if row.has("se"):
            found.append(StandardError("the standard error", row["se"], True))
        return found
    related = is_related(row)
    apart = [] if related == "certain" else _errors_of_groups(row)
    return [*apart, *(_errors_of_measurements(row) if related != "no" else [])]


def _errors_of_groups(row: PrintedRow) -> list[StandardError]:
    found = []
    known = row.has("n", "n2") and row.whole("n") + row.whole("n2") > 2
    if row.has("sd", "sd2") and known:
        four = row["sd"], row["n"], row["sd2"], row["n2"]
        found.append(StandardError("the SDs and n (equal variances)", through(_pooled_error, *four), False))
        found.append(StandardError("the SDs and n (Welch)", through(_welch_error, *four), False))
    if row.has("se", "se2"):
        found.append(StandardError("the standard errors", through(math.hypot, row["se"], row["se2"]), True))
        if known:
            four = row["se"], row["n"], row["se2"], row["n2"]
            equal = through(lambda s, k, s2, k2: _pooled_error(s * k**0.5, k, s2 * k2**0.5, k2), *four)
            found.append(StandardError("the standard errors (equal variances)", equal, True))
    return found


def _errors_of_measurements(row: PrintedRow) -> list[StandardError]:
    found = []
    if row.has("sd", "sd2", "n"):
        pair = (through(_mean_error, row[key], row["n"]) for key in ("sd", "sd2"))
        found.append(StandardError("the SDs and n", _between_correlations(*pair), False, related=True))
    if row.has("se", "se2"):
        found.append(StandardError("the standard errors", _between_correlations(row["se"], row["se2"]), True, True))
    return found


def _between_correlations(first: Span, second: Span) -> Span:
    """The standard error of a difference of two measurements that correlate anyhow; 0 of them in the middle."""
    low = max(first.low - second.high, second.low - first.high, 0.0)
    return Span(low, first.high + second.high, math.hypot(first.middle, second.middle))


def _mean_error(sd: float, n: float) -> float:
    return sd / math.sqrt(n)


def _pooled_error(sd: float, n: float, sd2: float, n2: float) -> float:
    variance = ((n - 1.0) * sd**2 + (n2 - 1.0) * sd2**2) / (n + n2 - 2.0)
    return math.sqrt(variance * (1.0 / n + 1.0 / n2))


def _welch_error(sd: float, n: float, sd2: float, n2: float) -> float:
    return math.sqrt(sd**2 / n + sd2**2 / n2)
