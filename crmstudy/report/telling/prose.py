"""Sentences from numbers. Every figure stays typed; no sentence calls a fit good or a value acceptable."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from crmstudy.report.document import Citation, Inline, Number, PValue, Words, phrase
from crmstudy.report.tables import is_absent
from crmstudy.results import HypothesisTest

if TYPE_CHECKING:
    import pandas as pd

    from crmstudy.report.record import Block

_WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
#: A row of a table, or the fit of a model: values by name.
Figures: TypeAlias = "Mapping[Any, Any] | pd.Series[Any]"
#: What each fit index is compared with in the literature, and by whom: said, never used as a verdict.
FIT_CONVENTION = phrase(
    "By a convention that {} derived from simulated three-factor models, CFI and TLI near .95 or above, RMSEA near "
    ".06 or below and SRMR near .08 or below are often read as close fit; {} read an RMSEA up to .05 as close and up "
    "to .08 as reasonable. These values depend on the size of the model, on the loadings and on *N*; they are not "
    "tests.",
    Citation("hu_bentler_1999", narrative=True),
    Citation("browne_cudeck_1992", narrative=True),
)


def percent_ci(level: float, method: str = "") -> Inline:
    """``95% CI``, or ``95% bootstrap CI``."""
    number = Number(round(100 * level, 6), "n" if float(100 * level).is_integer() else "estimate")
    return phrase(f"{{}}% {method} CI" if method else "{}% CI", number)


def interval(level: float, low: object, high: object, *, bounded: bool = False, places: int | None = None) -> Inline:
    """``95% CI [0.12, 0.34]``."""
    return phrase("{} {}", percent_ci(level), Number((low, high), "interval_r" if bounded else "interval", places))


def small_places(error: Any) -> int | None:
    """Decimals for an estimate and its interval whose standard error two decimals would write as 0.00; else None."""
    if is_absent(error) or not 0 < float(error) < 0.005:
        return None
    return min(6, math.ceil(-math.log10(float(error))))


def joined(parts: Sequence[Inline], separator: str = ", ") -> Inline:
    """Inline texts one after the other."""
    whole: list[Any] = []
    for i, part in enumerate(parts):
        whole += [Words(separator), *part] if i else part
    return tuple(whole)


def capital(text: str) -> str:
    """The text with its first letter as a capital and a full stop at its end."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?…" else text + "."


def isolated(text: str) -> str:
    """The text, kept from mixing with its surroundings when it holds right-to-left letters (Unicode isolates)."""
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text):
        return f"\u2068{text}\u2069"
    return text


def hypothesis_answer(test: HypothesisTest, method: str = "") -> Inline:
    """One sentence: what was claimed, what became of it, and the figures; ``method`` names the interval."""
    claim = (Words(test.id, bold=True), Words(" – "))
    statement = isolated(capital(test.statement).removesuffix("."))
    if test.verdict == "not testable":
        return (*claim, *phrase("{}: **not testable**. {}", statement, capital(test.reason)))
    template = "{}: **supported** ({})." if test.verdict == "supported" else "{}: **not supported** ({}). {}"
    figures = joined(_figures(test, method))
    if test.verdict == "supported":
        return (*claim, *phrase(template, statement, figures))
    return (*claim, *phrase(template, statement, figures, capital(test.reason)))


def _figures(test: HypothesisTest, method: str) -> list[Inline]:
    parts = [phrase("*b* = {}", Number(test.estimate, "estimate"))]
    if not is_absent(test.ci_low) and not is_absent(test.ci_high):
        parts.append(phrase("{}{}", f"{method} " if method else None, interval(test.level, test.ci_low, test.ci_high)))
    if not is_absent(test.p_value):
        against = phrase(" against {}", Number(test.number, "estimate")) if test.number else ()
        parts.append((PValue(test.p_value), *against))
    if not is_absent(test.std_all):
        parts.append(phrase("β = {}", Number(test.std_all, "estimate")))
    return parts


def verdict_count(tests: Sequence[HypothesisTest]) -> Inline:
    """How many hypotheses were supported, not supported, not testable."""
    verdicts = ("supported", "not supported", "not testable")
    counts = [(sum(test.verdict == verdict for test in tests), verdict) for verdict in verdicts]
    said = joined([phrase("{} {}", counted(count), verdict) for count, verdict in counts if count])
    noun = "hypothesis" if len(tests) == 1 else "hypotheses"
    whole = counted(len(tests))
    first = whole.capitalize() if isinstance(whole, str) else whole
    return phrase("{} declared {}: {}.", first, noun, said)


def counted(count: int) -> str | Number:
    """A count in words up to ten, in digits above."""
    return _WORDS[count] if count < len(_WORDS) else Number(count, "n")


def state_of(block: Block) -> Inline:
    """What became of one analysis, in one line."""
    name = phrase("{} ({}): ", block.title, Words(block.id, code=True))
    if block.status == "failed":
        return name + phrase("no result. {}", capital(str(block.error)))
    if block.status == "inadmissible" and block.result is not None:
        reasons = [note.message for note in block.result.notes if note.level == "inadmissible"]
        return name + phrase("{}", " ".join(map(capital, dict.fromkeys(reasons))))
    size = Number(block.result.n if block.result else None, "n")
    if block.status == "partly failed":
        told = " ".join(capital(note.message) for note in block.failures)
        return name + phrase("**partly failed**, the rest done, *N* = {}. {}", size, told)
    return name + phrase("done, *N* = {}.", size)


def chisq_ending(fit: Figures) -> str:
    """What the names of the χ² that is judged end in: ``_scaled`` where there is a scaled one."""
    return "" if is_absent(fit.get("chisq_scaled")) else "_scaled"


def index_ending(fit: Figures) -> str:
    """What the names of the fit indices that are judged end in: robust ones before scaled before standard ones."""
    endings = ("_robust", "_scaled")
    return next((end for end in endings if not is_absent(fit.get(f"cfi{end}"))), "")


def fit_sentence(fit: Figures) -> Inline:
    """The fit of a covariance structure model in APA form, by its scaled test and robust indices where it has them."""
    size = Number(fit.get("ntotal"), "n")
    if fit.get("df") == 0:
        said = "The model has no degrees of freedom: it reproduces any data, and its fit cannot be tested (*N* = {})."
        return phrase(said, size)
    test, best = chisq_ending(fit), index_ending(fit)
    named = {"": "", "_scaled": "scaled ", "_robust": "robust "}[best]
    p = () if is_absent(fit.get(f"pvalue{test}")) else phrase(", {}", (PValue(fit.get(f"pvalue{test}")),))
    return phrase(
        "{}χ²({}) = {}{}; {}, {}, {}, 90% CI {}, {} (*N* = {}).",
        "Scaled " if test else None,
        Number(fit.get(f"df{test}"), "df"),
        Number(fit.get(f"chisq{test}"), "statistic"),
        p,
        _index(f"{named}CFI", fit.get(f"cfi{best}")),
        _index(f"{named}TLI", fit.get(f"tli{best}")),
        _index(f"{named}RMSEA", fit.get(f"rmsea{best}")),
        Number((fit.get(f"rmsea_ci_lower{best}"), fit.get(f"rmsea_ci_upper{best}")), "interval_r", 3),
        _index("SRMR", fit.get("srmr")),
        size,
    )


def _index(name: str, value: Any) -> Inline:
    """``CFI = .950``, or ``SRMR < .001`` where the value is written so."""
    tiny = not is_absent(value) and 0 < abs(value) < 0.0005
    return phrase("{} {}" if tiny else "{} = {}", name, Number(value, "index"))


def exact_fit_sentence(fit: Figures, level: float) -> Inline | None:
    """Whether the test (the scaled one, where there is one) rejects that the model holds exactly; None without test."""
    ending = chisq_ending(fit)
    if is_absent(fit.get(f"pvalue{ending}")):
        return None
    verdict = "is rejected" if float(fit[f"pvalue{ending}"]) < 1 - level else "is not rejected"
    by = " by the scaled test" if ending else ""
    return phrase("The hypothesis of exact fit {} at {}{}.", verdict, below(level), by)


def bollen_stine_sentence(p: float, used: int) -> Inline:
    """The p-value of the chi-square by a bootstrap in which the model holds: the share of replicates that reach it."""
    reached = round(p * used)
    share = phrase("*p* = {}", Number(p, "p")) if reached else phrase("*p* below {}", Number(1 / used, "p"))
    many = Number(reached, "n") if reached else "none"
    return phrase(
        "By the Bollen–Stine bootstrap {}, {}: {} of {} replicates reach the χ² of the model.",
        Citation("bollen_stine_1992"), share, many, Number(used, "n"),
    )  # fmt: skip


def below(level: float) -> Number:
    """The error probability that belongs to a confidence level: .05 for 95%."""
    alpha = round(1 - level, 9)
    return Number(alpha, "p", 2 if round(alpha, 2) == alpha else 3)


def local_fit_sentence(residuals: pd.DataFrame) -> Inline:
    """The largest residual correlation: where the model reproduces the data worst."""
    worst = residuals.iloc[0]
    where = phrase(" in group {}", str(worst["group"])) if "group" in residuals.columns else ()
    return phrase(
        "Local fit: the largest residual correlation is {}, between {} and {}{}.",
        Number(worst["residual"], "r"), str(worst["lhs"]), str(worst["rhs"]), where,
    )  # fmt: skip


def path_sentence(row: Figures, level: float, *, group: str = "", method: str = "") -> Inline:
    """One structural path, in a group where there are several; ``method`` names its interval."""
    said = phrase("{}{} → {}: ", f"{group}: " if group else None, str(row["rhs"]), str(row["lhs"]))
    if row["std_error"] == 0:
        said += phrase("*b* = {}, fixed by the model", Number(row["estimate"], "estimate"))
    else:
        said += _estimated(row, level, method) + _p_part(row["p_value"])
    return said + phrase(", β = {}.", Number(row["std_all"], "estimate"))


def _estimated(row: Figures, level: float, method: str) -> Inline:
    """``b = 0.12, SE = 0.03, 95% CI [0.06, 0.18]``; only b where there is no standard error."""
    places = small_places(row["std_error"])
    said = phrase("*b* = {}", Number(row["estimate"], "estimate", places))
    if is_absent(row["std_error"]):
        return said
    return said + phrase(
        ", *SE* = {}, {}{}", Number(row["std_error"], "estimate", places), f"{method} " if method else None,
        interval(level, row["ci_low"], row["ci_high"], places=places),
    )  # fmt: skip


def _p_part(p: object) -> Inline:
    """A comma and the p-value; nothing where there is none."""
    return () if is_absent(p) else phrase(", {}", (PValue(p),))


def defined_sentence(row: Figures, level: float, simulated: Figures | None, *, method: str = "delta-method") -> Inline:
    """A defined parameter with its interval (``method`` names it) and, where there is one, its Monte Carlo interval."""
    said = phrase("{}: ", str(row["lhs"])) + _estimated(row, level, method)
    if simulated is not None:
        places = small_places(row["std_error"])
        ends = interval(level, simulated["ci_low"], simulated["ci_high"], places=places)
        said += phrase("; Monte Carlo {}", ends)
    return said + phrase(".")


def reliability_sentence(scale: str, rows: pd.DataFrame, level: float) -> Inline:
    """The coefficients of one scale."""
    by_term = {str(row["term"]): row for row in rows.to_dict("records")}
    names = {"alpha": "α", "omega": "ω", "spearman_brown": "Spearman–Brown"}
    parts: list[Inline] = []
    for term in (term for term in names if term in by_term):
        row = by_term[term]
        said = phrase("{} = {}", names[term], Number(row["estimate"], "r"))
        if not is_absent(row["ci_low"]):
            said += phrase(", {}", interval(level, row["ci_low"], row["ci_high"], bounded=True))
        parts.append(said)
    return phrase("{}: {}.", scale or "All items", joined(parts, "; "))


def regression_sentence(fit: Figures, outcome: str, formula: str, n: int) -> Inline:
    """How much the predictors explain together, with the test that fits the standard errors."""
    robust = not is_absent(fit.get("f_robust"))
    f, p = ("f_robust", "f_robust_pvalue") if robust else ("f", "f_pvalue")
    return phrase(
        "{} ({}): *R*² = {}, adjusted *R*² = {}, {}*F*({}, {}) = {}, {} (*N* = {}).",
        outcome, Words(formula, code=True), Number(fit.get("r_squared"), "r"), Number(fit.get("adj_r_squared"), "r"),
        "Wald " if robust else None, Number(fit.get("df_model"), "df"), Number(fit.get("df_resid"), "df"),
        Number(fit.get(f), "statistic"), (PValue(fit.get(p)),), Number(n, "n"),
    )  # fmt: skip


def coefficient_sentence(term: str, row: Figures, level: float) -> Inline:
    """One regression coefficient."""
    said = phrase(
        "{}: *b* = {}, *SE* = {}, *t*({}) = {}, {}, {}",
        term, Number(row["estimate"], "estimate"), Number(row["std_error"], "estimate"),
        Number(row["df"], "df"), Number(row["statistic"], "statistic"), (PValue(row["p_value"]),),
        interval(level, row["ci_low"], row["ci_high"]),
    )  # fmt: skip
    if not is_absent(row.get("beta")):
        said += phrase(", β = {}", Number(row["beta"], "estimate"))
    return said + phrase(".")


def unreliability_sentence(values: Sequence[tuple[str, float]]) -> Inline:
    """What the reliability of the variables of a regression does to it: no verdict on any of them."""
    parts = [phrase("of {} is {}", name, Number(value, "r")) for name, value in values]
    said = parts[0] if len(parts) == 1 else joined([joined(parts[:-1]), parts[-1]], " and ")
    return phrase(
        "The reliability (α) {}; unreliability of the outcome widens intervals, and of predictors biases coefficients.",
        said,
    )


def correlation_sentence(estimates: pd.DataFrame, level: float, symbol: str, name: Callable[[str], str]) -> Inline:
    """The strongest correlation."""
    top = estimates.iloc[int(estimates["estimate"].abs().to_numpy().argmax())]
    first, second = str(top["term"]).split(" ~~ ")
    return phrase(
        "The strongest correlation is that of {} with {}: {}{} = {}, {}, {}.",
        name(first), name(second), (Words(symbol, italic=True),),
        () if is_absent(top["df"]) else phrase("({})", Number(top["df"], "df")), Number(top["estimate"], "r"),
        interval(level, top["ci_low"], top["ci_high"], bounded=True), (PValue(top["p_adjusted"]),),
    )  # fmt: skip


def items_sentence(items: pd.DataFrame) -> Inline:
    """The range of the means and of the skewness, and how many answers are missing."""
    missing, all_answers = float(items["missing"].sum()), float((items["missing"] + items["n"]).sum())
    return phrase(
        "The means of the {} items lie between {} and {}, their skewness between {} and {}; {} of the answers are "
        "missing.",
        Number(len(items), "n"), Number(items["mean"].min(), "estimate"), Number(items["mean"].max(), "estimate"),
        Number(items["skew"].min(), "estimate"), Number(items["skew"].max(), "estimate"),
        Number(100 * missing / all_answers if all_answers else None, "percent"),
    )  # fmt: skip
