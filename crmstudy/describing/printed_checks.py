"""The checks of one printed row: each takes figures through a formula and compares what follows with the print."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from crmstudy.describing.printed_rows import PrintedRow
from crmstudy.kernels.classic.printed import (
    Span,
    exactly,
    is_possible_deviation,
    is_possible_mean,
    largest_deviation,
    nearest_means,
    through,
)

Verdict = Literal["consistent", "inconsistent", "cannot be checked"]


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found: the figure it is about, as printed and as it follows from others, and a sentence."""

    check: str
    printed: str
    implied: Span | None
    verdict: Verdict
    message: str
    decision_error: bool = False


def checks_of(row: PrintedRow) -> Iterator[Check]:
    """Every check that the printed figures allow."""
    for second in ("", "2"):
        yield from _standard_error(row, second)
        yield from _granularity(row, second)
        yield from _range(row, second)
    yield from _difference(row)
    yield from _t(row)
    yield from _degrees_of_freedom(row)
    yield from _p(row)
    yield from _interval(row)
    yield from _effect(row)
    yield from _share(row)
    yield from _ratio(row)


def _judged(check: str, row: PrintedRow, key: str, implied: Span, why: str, *, sign: bool = True) -> Check:
    """Compare a printed figure with what follows; without ``sign`` by size only."""
    mine, theirs = (row[key], implied) if sign else (row[key].size, implied.size)
    shown = _shown(implied, row.decimals.get(key, 2))
    if mine.meets(theirs):
        return Check(check, row.printed[key], implied, "consistent", f"{why} gives {shown}, as printed.")
    return Check(check, row.printed[key], implied, "inconsistent", f"{why} gives {shown}, not {row.printed[key]}.")


def _shown(span: Span, decimals: int) -> str:
    """A value with as many decimals as the print has, one more where the span is narrower than that."""
    return f"{span.middle:.{max(decimals, 0)}f}".replace("-", "−")


def _unchecked(check: str, printed: str, why: str, implied: Span | None = None) -> Check:
    return Check(check, printed, implied, "cannot be checked", why)


def _standard_error(row: PrintedRow, second: str) -> Iterator[Check]:
    n, sd, se = f"n{second}", f"sd{second}", f"se{second}"
    if not row.has(sd, se):
        return
    low = max(row[se].low, 1e-300)
    size = Span(
        (row[sd].low / row[se].high) ** 2, (row[sd].high / low) ** 2, (row[sd].middle / max(row[se].middle, low)) ** 2
    )
    from_them = f"n about {size.middle:.0f} follows from SE and SD ({size.low:.0f} to {min(size.high, 1e9):.0f})"
    if not row.has(n):
        yield _unchecked(se, row.printed[se], f"{from_them}; no n is printed.", size)
        return
    implied = through(lambda s, k: s / math.sqrt(k), row[sd], row[n])
    found = _judged(se, row, se, implied, "SD/√n")
    if found.verdict == "inconsistent":
        found = Check(se, found.printed, implied, "inconsistent", f"{found.message} {from_them}, not {row.whole(n)}.")
    yield found


def _granularity(row: PrintedRow, second: str) -> Iterator[Check]:
    """GRIM and GRIMMER: only for means of whole answers, which ``items`` declares."""
    n, mean, sd = f"n{second}", f"mean{second}", f"sd{second}"
    if not row.has("items", n, mean):
        if row.has("items", mean):
            yield _unchecked(f"grim{second}", row.printed[mean], "GRIM needs n.")
        return
    size, items = row.whole(n), row.whole("items")
    if size * items >= 10 ** row.decimals[mean]:
        why = f"{size} × {items} answers have every mean of {row.decimals[mean]} decimals: GRIM tells nothing."
        yield _unchecked(f"grim{second}", row.printed[mean], why)
    elif is_possible_mean(row[mean], size, items):
        why = f"A mean of {size} × {items} whole answers can be {row.printed[mean]}."
        yield Check(f"grim{second}", row.printed[mean], row[mean], "consistent", why)
    else:
        below, above = nearest_means(row[mean], size, items)
        places = row.decimals[mean] + 2
        why = (
            f"No mean of {size} × {items} whole answers is {row.printed[mean]}: the nearest are {below:.{places}f} and "
            f"{above:.{places}f}."
        )
        yield Check(f"grim{second}", row.printed[mean], Span(below, above, below), "inconsistent", why)
        return
    if not row.has(sd) or size < 2:
        return
    ends = (row["low"].middle, row["high"].middle) if row.has("low", "high") else (None, None)
    possible = is_possible_deviation(row[mean], row[sd], size, items, *ends)
    why = f"SD {row.printed[sd]} beside mean {row.printed[mean]} of {size} × {items} whole answers"
    if possible is None:
        yield _unchecked(f"grimmer{second}", row.printed[sd], f"{why}: too many sums fit to be looked through.")
    elif possible:
        yield Check(f"grimmer{second}", row.printed[sd], row[sd], "consistent", f"{why} is possible.")
    else:
        yield Check(f"grimmer{second}", row.printed[sd], None, "inconsistent", f"{why} is impossible (GRIMMER).")


def _range(row: PrintedRow, second: str) -> Iterator[Check]:
    n, mean, sd = f"n{second}", f"mean{second}", f"sd{second}"
    if not row.has("low", "high", mean):
        return
    low, high = row["low"].middle, row["high"].middle
    inside = row[mean].high >= low and row[mean].low <= high
    why = f"The mean {row.printed[mean]} lies {'within' if inside else 'outside'} the range {low:g} to {high:g}."
    verdict: Verdict = "consistent" if inside else "inconsistent"
    yield Check(f"range{second}", row.printed[mean], Span(low, high, (low + high) / 2), verdict, why)
    if not row.has(sd, n) or not inside or row.whole(n) < 2:
        return
    most = largest_deviation(row[mean], row.whole(n), low, high)
    fits = row[sd].low <= most * (1.0 + 1e-9)
    why = f"With this mean and range SD is {most:.{row.decimals[sd] + 1}f} at most."
    yield Check(
        f"largest_sd{second}", row.printed[sd], Span(0.0, most, most), "consistent" if fits else "inconsistent", why
    )


def _difference(row: PrintedRow) -> Iterator[Check]:
    if row.has("mean", "mean2", "diff"):
        implied = through(lambda a, b: a - b, row["mean"], row["mean2"])
        yield _judged("diff", row, "diff", implied, "The difference of the means", sign=False)


def _apart(row: PrintedRow) -> Span | None:
    """The difference that is tested: of two means, or of a mean and a value."""
    if row.has("mean", "mean2"):
        found = through(lambda a, b: a - b, row["mean"], row["mean2"])
        if row.has("diff") and row["diff"].size.meets(found.size):
            printed = (
                row["diff"]
                if row["diff"].meets(found)
                else Span(-row["diff"].high, -row["diff"].low, -row["diff"].middle)
            )
            return Span(max(found.low, printed.low), min(found.high, printed.high), printed.middle)
        return found
    if row.has("mean", "mu"):
        return through(lambda a, b: a - b, row["mean"], row["mu"])
    return row["diff"] if row.has("diff") else None


def _pooled(sd: float, n: float, sd2: float, n2: float) -> float:
    variance = ((n - 1.0) * sd**2 + (n2 - 1.0) * sd2**2) / max(n + n2 - 2.0, 1e-300)
    return math.sqrt(variance * (1.0 / n + 1.0 / n2))


def _errors(row: PrintedRow) -> dict[str, Span]:
    """The standard error of the difference, by every way the printed figures allow."""
    found: dict[str, Span] = {}
    if row.has("mean2") or row.has("n2"):
        if row.has("sd", "n", "sd2", "n2") and row.whole("n") + row.whole("n2") > 2:
            four = row["sd"], row["n"], row["sd2"], row["n2"]
            found["the SDs and n (equal variances)"] = through(_pooled, *four)
            found["the SDs and n (Welch)"] = through(lambda s, k, s2, k2: math.sqrt(s**2 / k + s2**2 / k2), *four)
        if row.has("se", "se2"):
            found["the standard errors"] = through(math.hypot, row["se"], row["se2"])
        return found
    if row.has("sd", "n"):
        found["SD and n"] = through(lambda s, k: s / math.sqrt(k), row["sd"], row["n"])
    if row.has("se"):
        found["the standard error"] = row["se"]
    return found


def _ratio_of(top: Span, bottom: Span) -> Span:
    return through(lambda a, b: a / b if b > 0 else math.copysign(math.inf, a) if a else math.nan, top, bottom)


def _t(row: PrintedRow) -> Iterator[Check]:
    apart = _apart(row)
    if not row.has("t") or apart is None:
        return
    ways = {how: _ratio_of(apart, error) for how, error in _errors(row).items() if error.high > 0}
    if not ways:
        yield _unchecked("t", row.printed["t"], "t needs SD and n, or the standard errors.")
        return
    places = row.decimals["t"]
    sizes = [how for how in ways if "n" in how.split() or "SDs" in how]
    from_n = [ways[how] for how in sizes]
    for check, hows in (("t", sizes), ("t_from_se", [how for how in ways if how not in sizes])):
        if not hows:
            continue
        fits = [how for how in hows if row["t"].size.meets(ways[how].size)]
        said = " or ".join(f"{_shown(ways[how], places)} from {how}" for how in hows)
        implied = ways[fits[0] if fits else hows[0]]
        if fits:
            yield Check(check, row.printed["t"], implied, "consistent", f"t is {said}, as printed.")
            continue
        more = ""
        if (
            check == "t"
            and len(from_n) < len(ways)
            and any(row["t"].size.meets(ways[how].size) for how in ways if how not in sizes)
        ):
            more = " The printed t belongs to the printed standard errors, not to the printed n."
        yield Check(check, row.printed["t"], implied, "inconsistent", f"t is {said}, not {row.printed['t']}.{more}")


def _welch_df(sd: float, n: float, sd2: float, n2: float) -> float:
    a, b = sd**2 / n, sd2**2 / n2
    if a + b == 0 or n < 2 or n2 < 2:
        return math.nan
    return (a + b) ** 2 / (a**2 / (n - 1.0) + b**2 / (n2 - 1.0))


def _degrees_of_freedom(row: PrintedRow) -> Iterator[Check]:
    if not row.has("df") or row.has("chisq") or not (row.has("t") or row.has("r")) or not row.has("n"):
        return
    if row.has("n2"):
        both = row.whole("n") + row.whole("n2") - 2
        ways = [exactly(both)]
        if row.has("sd", "sd2") and row.whole("n") > 1 and row.whole("n2") > 1:
            smallest = min(row.whole("n"), row.whole("n2")) - 1
            welch = through(_welch_df, row["sd"], row["n"], row["sd2"], row["n2"])
            ways.append(Span(max(welch.low, smallest), min(max(welch.high, welch.middle), both), welch.middle))
        said = f"n and n2 give {both} degrees of freedom" + (
            f" ({ways[1].middle:.2f} by Welch)" if len(ways) > 1 else ""
        )
    elif row.has("r") and not row.has("mean"):
        ways, said = [exactly(row.whole("n") - 2)], f"n gives {row.whole('n') - 2} degrees of freedom"
    else:
        ways, said = [exactly(row.whole("n") - 1)], f"n gives {row.whole('n') - 1} degrees of freedom"
    fits = any(row["df"].meets(way) for way in ways)
    said += ", as printed." if fits else f", not {row.printed['df']}."
    yield Check("df", row.printed["df"], ways[0], "consistent" if fits else "inconsistent", said)


def _t_df(row: PrintedRow) -> Span | None:
    if row.has("df") and not row.has("chisq"):
        return row["df"]
    if row.has("n", "n2"):
        return exactly(row.whole("n") + row.whole("n2") - 2)
    if row.has("n"):
        return exactly(row.whole("n") - (2 if row.has("r") and not row.has("mean") else 1))
    return None


def _tails(row: PrintedRow) -> tuple[str, Callable[..., float], tuple[Span, ...], bool] | None:
    """How p follows: a name, the formula of two-sided p, its arguments, and whether one side is possible."""
    df = _t_df(row)
    if row.has("t") and df is not None and df.low > 0:
        return "t", lambda t, k: 2.0 * float(stdtr(k, -abs(t))), (row["t"].size, df), True
    if row.has("f", "df1", "df2"):
        return "F", lambda f, a, b: float(fdtrc(a, b, max(f, 0.0))), (row["f"], row["df1"], row["df2"]), False
    if row.has("chisq", "df"):
        return "χ²", lambda x, k: float(chdtrc(k, max(x, 0.0))), (row["chisq"], row["df"]), False
    if row.has("z"):
        return "z", lambda z: 2.0 * float(ndtr(-abs(z))), (row["z"].size,), True
    if row.has("r") and df is not None and df.low > 0:
        return "r", _p_of_r, (row["r"].size, df), True
    return None


def _p_of_r(r: float, df: float) -> float:
    if abs(r) >= 1.0:
        return 0.0
    return 2.0 * float(stdtr(df, -abs(r) * math.sqrt(df / (1.0 - r**2))))


def _p(row: PrintedRow) -> Iterator[Check]:
    if not row.has("p"):
        return
    way = _tails(row)
    if way is None:
        if row.has("t") or row.has("f") or row.has("chisq") or row.has("r"):
            yield _unchecked("p", row.printed["p"], "p needs the degrees of freedom (or n) of its statistic.")
        return
    name, formula, arguments, sided = way
    both = through(formula, *arguments)
    one = Span(both.low / 2.0, both.high / 2.0, both.middle / 2.0)
    tails = row.whole("tails") if row.has("tails") else 0
    fits_both, fits_one = row["p"].meets(both), sided and row["p"].meets(one)
    said = f"{name} gives a two-sided p of {_p_text(both)}" if sided else f"{name} gives p = {_p_text(both)}"
    if tails == 1 and sided:
        both, fits_both, said = one, fits_one, f"{name} gives a one-sided p of {_p_text(one)}"
    if fits_both:
        yield Check("p", row.printed["p"], both, "consistent", f"{said}, as printed.")
    elif fits_one and tails == 0:
        yield Check("p", row.printed["p"], one, "consistent", f"{said}; the printed p is one-sided.")
    else:
        limit = 1.0 - (row["level"].middle if row.has("level") else 0.95)
        wrong = (row["p"].high <= limit and both.low > limit) or (row["p"].low > limit and both.high <= limit)
        more = f" The decision at {limit:.2f} is another one." if wrong else ""
        yield Check("p", row.printed["p"], both, "inconsistent", f"{said}, not {row.printed['p']}.{more}", wrong)


def _p_text(span: Span) -> str:
    return f"{span.middle:.3f}" if span.middle >= 0.001 else f"{span.middle:.1e}"


def _interval(row: PrintedRow) -> Iterator[Check]:
    if not row.has("ci_low", "ci_high"):
        return
    two = row.has("mean2") or row.has("n2") or row.has("diff")
    centre = _apart(row) if two else row["mean"] if row.has("mean") else None
    if centre is None:
        return
    low, high = row["ci_low"], row["ci_high"]
    middle = through(lambda a, b: (a + b) / 2.0, low, high)
    what = "difference" if two else "mean"
    fits = middle.meets(centre) or (two and middle.mirrored.meets(centre))
    places = row.decimals["ci_low"] + 1
    said = f"The middle of the interval is {_shown(middle, places)}, the {what} {_shown(centre, places - 1)}."
    printed = f"{row.printed['ci_low']} to {row.printed['ci_high']}"
    yield Check("ci_middle", printed, middle, "consistent" if fits else "inconsistent", said)
    level = row["level"].middle if row.has("level") else 0.95
    df = _t_df(row)
    errors = _errors(row)
    if two and row.has("t") and not errors:
        errors["the difference and t"] = _ratio_of(centre.size, row["t"].size)
    if not errors:
        yield _unchecked("ci", printed, "The length of the interval needs SD and n, or a standard error.")
        return
    quantiles = [float(ndtri(0.5 + level / 2.0))]
    if df is not None and df.low > 0:
        quantiles.insert(0, float(stdtrit(df.middle, 0.5 + level / 2.0)))
    half = through(lambda a, b: (b - a) / 2.0, low, high)
    ways = {
        how: [Span(q * error.low, q * error.high, q * error.middle) for q in quantiles] for how, error in errors.items()
    }
    fits_by = [how for how, spans in ways.items() if any(half.meets(span) for span in spans)]
    said = " or ".join(f"±{spans[0].middle:.{places}f} from {how}" for how, spans in ways.items())
    whole = f"The interval is ±{half.middle:.{places}f}; {said} at {100 * level:g}%."
    implied = ways[fits_by[0] if fits_by else next(iter(ways))][0]
    by_n = any("n" in how.split() for how in fits_by) or not any("n" in how.split() for how in ways)
    if fits_by and not by_n:
        whole += " It belongs to the printed standard errors, not to the printed n."
    yield Check("ci", printed, implied, "consistent" if fits_by and by_n else "inconsistent", whole)


def _effect(row: PrintedRow) -> Iterator[Check]:
    if not row.has("d"):
        return
    apart = _apart(row)
    if apart is not None and row.has("sd", "sd2", "n", "n2") and row.whole("n") + row.whole("n2") > 2:
        scale = through(
            lambda s, k, s2, k2: math.sqrt(((k - 1) * s**2 + (k2 - 1) * s2**2) / (k + k2 - 2)),
            row["sd"], row["n"], row["sd2"], row["n2"],
        )  # fmt: skip
        yield _judged("d", row, "d", _ratio_of(apart, scale), "The difference over the pooled SD", sign=False)
    elif apart is not None and row.has("sd") and not row.has("mean2"):
        yield _judged("d", row, "d", _ratio_of(apart, row["sd"]), "The difference over the SD", sign=False)
    elif row.has("t", "n"):
        shrink = math.sqrt(1.0 / row.whole("n") + (1.0 / row.whole("n2") if row.has("n2") else 0.0))
        implied = Span(row["t"].low * shrink, row["t"].high * shrink, row["t"].middle * shrink)
        yield _judged("d", row, "d", implied, "t and n", sign=False)
    else:
        yield _unchecked("d", row.printed["d"], "d needs the means and SDs, or t and n.")


def _share(row: PrintedRow) -> Iterator[Check]:
    if not row.has("percent"):
        return
    if not row.has("n"):
        yield _unchecked("percent", row.printed["percent"], "A percent needs the n it is of.")
        return
    n = row.whole("n")
    if row.has("count"):
        yield _judged(
            "percent", row, "percent", exactly(100.0 * row.whole("count") / n), f"{row.whole('count')} of {n}"
        )
        return
    share = Span(row["percent"].low / 100, row["percent"].high / 100, row["percent"].middle / 100)
    if n >= 100 * 10 ** row.decimals["percent"]:
        why = f"Of {n} people every percent of {row.decimals['percent']} decimals is possible."
        yield _unchecked("percent", row.printed["percent"], why)
        return
    below, above = (100.0 * end for end in nearest_means(share, n))
    fits = is_possible_mean(share, n)
    places = row.decimals["percent"] + 2
    why = f"A percent of {n} people can be {row.printed['percent']}."
    if not fits:
        next_to = f"next are {below:.{places}f} and {above:.{places}f}"
        why = f"No number of {n} people is {row.printed['percent']} percent: {next_to}."
    verdict: Verdict = "consistent" if fits else "inconsistent"
    yield Check("percent", row.printed["percent"], Span(below, above, row["percent"].middle), verdict, why)


def _ratio(row: PrintedRow) -> Iterator[Check]:
    if row.has("chisq", "df", "chisq_df"):
        yield _judged("chisq_df", row, "chisq_df", _ratio_of(row["chisq"], row["df"]), "χ²/df")
    if row.has("r", "t", "n") and not row.has("mean"):
        k = row.whole("n") - 2.0
        if k > 0 and row["r"].size.high < 1.0:
            implied = through(lambda r: r * math.sqrt(k / (1.0 - r**2)), row["r"])
            yield _judged("t", row, "t", implied, "r and n", sign=False)
