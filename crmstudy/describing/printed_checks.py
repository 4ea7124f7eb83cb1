"""The checks of one printed row: each takes figures through a formula and compares what follows with the print."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from crmstudy.describing.printed_design import (
    StandardError,
    degrees_of,
    difference_of,
    following_degrees,
    is_of_two,
    is_related,
    standard_errors,
)
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
    size = _implied_n(row[sd], row[se])
    from_them = f"n about {size.middle:.0f} follows from SE and SD ({size.low:.0f} to {min(size.high, 1e9):.0f})"
    if math.isinf(size.high):
        from_them = f"n of {size.low:.0f} or more follows from SE and SD"
    if not row.has(n):
        yield _unchecked(se, row.printed[se], f"{from_them}; no n is printed.", size)
        return
    implied = through(lambda s, k: s / math.sqrt(k), row[sd], row[n])
    found = _judged(se, row, se, implied, "SD/√n")
    if found.verdict == "inconsistent":
        found = Check(se, found.printed, implied, "inconsistent", f"{found.message} {from_them}, not {row.whole(n)}.")
    yield found


def _implied_n(sd: Span, se: Span) -> Span:
    """(SD/SE)², without an upper end where the standard error is rounded to 0."""
    low, high = (max(sd.low, 0.0) / se.high) ** 2 if se.high > 0 else 0.0, math.inf
    if se.low > 0:
        high = (sd.high / se.low) ** 2
    return Span(low, high, (sd.middle / se.middle) ** 2 if se.middle > 0 else high)


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
    if not row.has("diff"):
        return
    if row.has("mean", "mean2"):
        implied = through(lambda a, b: a - b, row["mean"], row["mean2"])
        yield _judged("diff", row, "diff", implied, "The difference of the means", sign=False)
    elif row.has("mean", "mu"):
        implied = through(lambda a, b: a - b, row["mean"], row["mu"])
        yield _judged("diff", row, "diff", implied, "The difference of the mean from the value tested", sign=False)


def _ratio_of(top: Span, bottom: Span) -> Span:
    return through(lambda a, b: a / b if b > 0 else math.copysign(math.inf, a) if a else math.nan, top, bottom)


def _t(row: PrintedRow) -> Iterator[Check]:
    apart = difference_of(row)
    if not row.has("t") or apart is None:
        return
    errors = [error for error in standard_errors(row) if error.span.high > 0]
    if not errors:
        yield _unchecked("t", row.printed["t"], "t needs SD and n, or the standard errors.")
        return
    by_se = [error for error in errors if error.from_se]
    for check, ways in (("t", [error for error in errors if not error.from_se]), ("t_from_se", by_se)):
        if not ways:
            continue
        found = _t_by(check, row, apart, ways)
        if check == "t" and found.verdict == "inconsistent" and _fitting(row, apart, by_se):
            more = " The printed t belongs to the printed standard errors, not to the printed n."
            found = Check(check, found.printed, found.implied, found.verdict, found.message + more)
        yield found


def _fitting(row: PrintedRow, apart: Span, ways: Sequence[StandardError]) -> list[StandardError]:
    """The standard errors that give the printed t."""
    return [error for error in ways if row["t"].size.meets(_ratio_of(apart, error.span).size)]


def _t_by(check: str, row: PrintedRow, apart: Span, ways: Sequence[StandardError]) -> Check:
    """The printed t against what follows by some ways."""
    places, printed = row.decimals["t"], row.printed["t"]
    groups, related = [e for e in ways if not e.related], [e for e in ways if e.related]
    said = " or ".join(f"{_shown(_ratio_of(apart, error.span), places)} from {error.how}" for error in groups)
    if fits := _fitting(row, apart, groups):
        return Check(check, printed, _ratio_of(apart, fits[0].span), "consistent", f"t is {said}, as printed.")
    if related:
        size = _ratio_of(apart, related[0].span).size
        ends = f"from {size.low:.{places}f}" + (f" to {size.high:.{places}f}" if math.isfinite(size.high) else "")
        of_same = f"of two measurements of the same people, |t| is {ends}, by their correlation"
        if _fitting(row, apart, related):
            if is_related(row) == "certain":
                return Check(check, printed, size, "consistent", f"t is possible: {of_same}.")
            why = f"t is {said}, not {printed}; if " if groups else "If "
            return _unchecked(check, printed, f"{why}the means are {of_same}.")
        said = f"{said}; {of_same}" if groups else f"{of_same[:1].upper()}{of_same[1:]}"
        if not groups and is_related(row) != "certain":
            return _unchecked(check, printed, "t of two groups needs the n of both.")
        start = "t is " if groups else ""
        return Check(check, printed, _ratio_of(apart, ways[0].span), "inconsistent", f"{start}{said}, not {printed}.")
    if not row.has("n") and is_of_two(row):
        return _unchecked(
            check, printed, f"t is {said} for unequal variances; for equal ones the n of both are needed."
        )
    return Check(check, printed, _ratio_of(apart, ways[0].span), "inconsistent", f"t is {said}, not {printed}.")


def _degrees_of_freedom(row: PrintedRow) -> Iterator[Check]:
    follow = following_degrees(row)
    if not row.has("df") or row.has("chisq") or not (row.has("t") or row.has("r")) or follow is None:
        return
    first, printed = follow.spans[0], row["df"]
    said = f"n gives {first.middle:.0f} degrees of freedom"
    if row.has("n2") and is_related(row) == "certain":
        first = exactly(row.whole("n") - 1)
        said = f"n gives {first.middle:.0f} degrees of freedom for two measurements of the same people"
    elif row.has("n2"):
        said = f"n and n2 give {first.middle:.0f} degrees of freedom"
        said += f" ({follow.spans[1].middle:.2f} by Welch)" if row.has("sd", "sd2") and len(follow.spans) > 1 else ""
    fits = any(printed.meets(way) for way in follow.spans)
    if not fits and row.has("n2") and printed.low == printed.high:  # Welch's as a whole number
        fits = Span(printed.low - 0.5, printed.high + 1.0, printed.middle).meets(follow.spans[1])
    if fits:
        yield Check("df", row.printed["df"], first, "consistent", f"{said}, as printed.")
    elif follow.open and printed.high < first.high:
        why = f"{said} at most; fewer belong to a model with more parameters."
        yield _unchecked("df", row.printed["df"], why, first)
    else:
        yield Check("df", row.printed["df"], first, "inconsistent", f"{said}, not {row.printed['df']}.")


@dataclass(frozen=True, slots=True)
class _Tails:
    """How p follows from a statistic: its name, two-sided p by each possible df, whether one side is possible."""

    name: str
    both: tuple[Span, ...]
    sided: bool
    open: bool = False


def _tails(row: PrintedRow) -> _Tails | None:
    degrees = degrees_of(row)
    if row.has("t") and degrees is not None:
        both = [through(lambda t, k: 2.0 * float(stdtr(k, -abs(t))), row["t"].size, df) for df in degrees.spans]
        return _Tails("t", tuple(both), sided=True, open=degrees.open)
    if row.has("f", "df1", "df2"):
        both = [through(lambda f, a, b: float(fdtrc(a, b, max(f, 0.0))), row["f"], row["df1"], row["df2"])]
        return _Tails("F", tuple(both), sided=False)
    if row.has("chisq", "df"):
        both = [through(lambda x, k: float(chdtrc(k, max(x, 0.0))), row["chisq"], row["df"])]
        return _Tails("χ²", tuple(both), sided=False)
    if row.has("z"):
        return _Tails("z", (through(lambda z: 2.0 * float(ndtr(-abs(z))), row["z"].size),), sided=True)
    if row.has("r") and degrees is not None:
        return _Tails("r", tuple(through(_p_of_r, row["r"].size, df) for df in degrees.spans), sided=True)
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
    p, printed, name = row["p"], row.printed["p"], way.name
    tails = row.whole("tails") if row.has("tails") else 0
    one = tuple(Span(both.low / 2.0, both.high / 2.0, both.middle / 2.0) for both in way.both)
    wanted = one if tails == 1 and way.sided else way.both
    sides = f"{'one' if wanted is one else 'two'}-sided "
    said = f"{name} gives a {sides}p of {_p_text(wanted[0])}" if way.sided else f"{name} gives p = {_p_text(wanted[0])}"
    if fits := [span for span in wanted if p.meets(span)]:
        yield Check("p", printed, fits[0], "consistent", f"{said}, as printed.")
        return
    # one-sided: of the other side too, where the sample speaks against what was expected
    other = tuple(Span(1.0 - each.high, 1.0 - each.low, 1.0 - each.middle) for each in one) if tails == 1 else one
    if way.sided and tails != 2 and (fits := [span for span in other if p.meets(span)]):
        more = "the printed p is of the other side" if tails == 1 else "the printed p is one-sided"
        yield Check("p", printed, fits[0], "consistent", f"{said}; {more}.")
        return
    if way.open and p.high >= min(span.low for span in (wanted if tails else one)):
        why = f"{said} with the degrees of freedom that n gives; a larger one belongs to a model with more parameters."
        yield _unchecked("p", printed, why, wanted[0])
        return
    limit = 1.0 - (row["level"].middle if row.has("level") else 0.95)
    low, high = min(span.low for span in wanted), max(span.high for span in wanted)
    wrong = (p.high <= limit and low > limit) or (p.low > limit and high <= limit)
    more = f" The decision at {limit:.2f} is another one." if wrong else ""
    yield Check("p", printed, wanted[0], "inconsistent", f"{said}, not {printed}.{more}", wrong)


def _p_text(span: Span) -> str:
    return f"{span.middle:.3f}" if span.middle >= 0.001 else f"{span.middle:.1e}"


def _interval(row: PrintedRow) -> Iterator[Check]:
    if not row.has("ci_low", "ci_high"):
        return
    two = is_of_two(row) or row.has("diff")
    centres = [difference_of(row), row["mean"] if row.has("mean") and not is_of_two(row) else None]
    known = [centre for centre in (centres if two else centres[::-1]) if centre is not None]
    if not known:
        return
    low, high = row["ci_low"], row["ci_high"]
    middle = through(lambda a, b: (a + b) / 2.0, low, high)
    fits = any(middle.meets(centre) for centre in known) or (two and middle.mirrored.meets(known[0]))
    centre = next((one for one in known if middle.meets(one)), known[0])
    places = row.decimals["ci_low"] + 1
    what = "mean" if row.has("mean") and centre is row["mean"] else "difference"
    said = f"The middle of the interval is {_shown(middle, places)}, the {what} {_shown(centre, places - 1)}."
    printed = f"{row.printed['ci_low']} to {row.printed['ci_high']}"
    yield Check("ci_middle", printed, middle, "consistent" if fits else "inconsistent", said)
    errors = standard_errors(row)
    if two and row.has("t") and not errors:
        errors = [StandardError("the difference and t", _ratio_of(known[0].size, row["t"].size), True)]
    if not errors:
        yield _unchecked("ci", printed, "The length of the interval needs SD and n, or a standard error.")
        return
    yield _length(row, through(lambda a, b: (b - a) / 2.0, low, high), errors, printed, places)


def _length(row: PrintedRow, half: Span, errors: Sequence[StandardError], printed: str, places: int) -> Check:
    """Half the interval against quantiles of t (and of the normal distribution) times the standard errors."""
    level = row["level"].middle if row.has("level") else 0.95
    degrees = degrees_of(row)
    at, normal = 0.5 + level / 2.0, float(ndtri(0.5 + level / 2.0))
    spans = degrees.spans if degrees is not None else ()
    quantiles = [Span(*(float(stdtrit(k, at)) for k in (df.high, df.low, df.middle))) for df in spans]
    quantiles.append(exactly(normal))

    def reach(error: StandardError, q: Span) -> Span:
        return Span(q.low * error.span.low, q.high * error.span.high, q.middle * error.span.middle)

    fitting = [error for error in errors if any(half.meets(reach(error, q)) for q in quantiles)]
    groups = [error for error in errors if not error.related]
    ways = " or ".join(f"±{reach(error, quantiles[0]).middle:.{places}f} from {error.how}" for error in groups)
    whole = f"The interval is ±{half.middle:.{places}f}" + (f"; {ways} at {100 * level:g}%." if ways else ".")
    implied = reach((fitting or list(errors))[0], quantiles[0])
    by_n = any(not error.from_se for error in fitting) or all(error.from_se for error in errors)
    if fitting and all(error.related for error in fitting):
        if is_related(row) == "certain":
            return Check("ci", printed, implied, "consistent", f"{whole} It is possible for two related measurements.")
        why = f"{whole} It is possible where both means are of the same people."
        return _unchecked("ci", printed, why, implied)
    if fitting and not by_n:
        whole += " It belongs to the printed standard errors, not to the printed n."
    if fitting and by_n:
        return Check("ci", printed, implied, "consistent", whole)
    longest = max(reach(error, quantiles[0]).low for error in errors)
    unknown = is_of_two(row) and not row.has("n", "n2") and is_related(row) != "certain"
    if unknown or (degrees is None and half.high >= longest) or (degrees is not None and degrees.open):
        return _unchecked("ci", printed, f"{whole} It cannot be judged without n and the degrees of freedom.", implied)
    return Check("ci", printed, implied, "inconsistent", whole)


def _effect(row: PrintedRow) -> Iterator[Check]:
    if not row.has("d"):
        return
    ways = {how: span for how, span in _effect_sizes(row).items() if not math.isnan(span.middle)}
    if not ways:
        yield _unchecked("d", row.printed["d"], "d needs the means and SDs, or t and the n of each group.")
        return
    fits = [how for how, span in ways.items() if row["d"].size.meets(span.size)]
    shown = " or ".join(f"{_shown(span, row.decimals['d'])} from {how}" for how, span in ways.items())
    implied = ways[fits[0] if fits else next(iter(ways))]
    if fits:
        yield Check("d", row.printed["d"], implied, "consistent", f"d is {shown}, as printed.")
    elif _is_effect_open(row):
        yield _unchecked("d", row.printed["d"], f"d is {shown}; other ways to d are open here.", implied)
    else:
        yield Check("d", row.printed["d"], implied, "inconsistent", f"d is {shown}, not {row.printed['d']}.")


def _effect_sizes(row: PrintedRow) -> dict[str, Span]:
    """Cohen's d by every way that goes under this name."""
    apart, found = difference_of(row), {}
    if apart is not None and not is_of_two(row) and row.has("sd"):
        found["the difference over the SD"] = _ratio_of(apart, row["sd"])
    if apart is not None and row.has("sd", "sd2"):
        if row.has("n", "n2") and row.whole("n") + row.whole("n2") > 2:
            scale = through(_pooled_sd, row["sd"], row["n"], row["sd2"], row["n2"])
            found["the difference over the pooled SD"] = _ratio_of(apart, scale)
        mean = through(lambda s, s2: math.sqrt((s**2 + s2**2) / 2.0), row["sd"], row["sd2"])
        found["the difference over the root of the mean variance"] = _ratio_of(apart, mean)
        found["the difference over the mean SD"] = _ratio_of(
            apart, through(lambda a, b: (a + b) / 2, row["sd"], row["sd2"])
        )
    if row.has("t", "n"):
        n, groups = row.whole("n"), row.has("n2")
        factors = {"t and the n of both": math.sqrt(1.0 / n + 1.0 / row.whole("n2"))} if groups else {}
        if not groups or is_related(row) != "no":
            factors["t over √n"] = math.sqrt(1.0 / n)
        if not groups and not row.has("mean") and n > 2:
            factors |= {"2t over √n": 2.0 / math.sqrt(n), "2t over √(n − 2)": 2.0 / math.sqrt(n - 2.0)}
        if found and is_related(row) == "no":
            factors = {}
        t = row["t"]
        found |= {how: Span(t.low * by, t.high * by, t.middle * by) for how, by in factors.items()}
    return found


def _is_effect_open(row: PrintedRow) -> bool:
    """Whether d can have come from figures that are not printed: the SD of differences, the sizes of groups."""
    if row.has("sd") and not is_of_two(row) and difference_of(row) is not None:
        return False
    if not row.has("n2"):
        return True
    if is_related(row) != "no":
        return not row.has("t")
    if row.has("sd", "sd2") and difference_of(row) is not None:
        return False
    # from Welch's t of groups of unequal size d does not follow
    return row.whole("n") != row.whole("n2") and not (
        row.has("df") and row["df"].meets(exactly(row.whole("n") + row.whole("n2") - 2))
    )


def _pooled_sd(sd: float, n: float, sd2: float, n2: float) -> float:
    return math.sqrt(((n - 1.0) * sd**2 + (n2 - 1.0) * sd2**2) / (n + n2 - 2.0))


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
    printed = row.has("df") and not row.has("chisq")
    if row.has("r", "t") and not row.has("mean") and (printed or row.has("n")):
        k = row["df"].middle if printed else row.whole("n") - 2.0
        if k > 0 and row["r"].size.high < 1.0:
            implied = through(lambda r: r * math.sqrt(k / (1.0 - r**2)), row["r"])
            yield _judged("t", row, "t", implied, "r and df" if printed else "r and n", sign=False)
