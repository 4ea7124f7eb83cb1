"""What theory promises for a method on a kind of data, declared before anything is run.

A promise has a ``factor``: how many times larger the covariance matrix of the estimates is than the method believes.
It is 1 where the method is right; then intervals cover 95 % and tests reject 5 %. Where theory says that a method is
wrong, and by how much, the factor says so, and the ratio of standard errors and the mean of the chi-square are judged
by it. No promise (``factor`` None) means that theory has none, or none at this sample size; such figures are shown,
and not judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.calibration.figures import LEVEL, MONTE_CARLO, RATES, Figure, What
from tests.calibration.populations import DESIGN_EFFECT, DESIGN_EFFECT_OF_MEANS, RELATIVE_KURTOSIS, Shape
from tests.calibration.study import TESTS
from tests.tolerances import MONTE_CARLO_IN_SE

#: Practical margins. Rates: Bradley's (1978) liberal criterion, half of the nominal error rate. Relative bias of
#: estimates and of standard errors: 5 % and 10 % (Hoogland & Boomsma, 1998). Mean of a chi-square: as for estimates.
MARGINS: dict[What, float] = {
    "coverage": 0.025, "rejection": 0.025, "type I": 0.025, "bias": 0.05, "ratio": 0.10, "mean over df": 0.05,
}  # fmt: skip

LOADINGS, PATHS = ("x =~ x2", "y =~ y3"), ("a", "b", "c")
#: Functions of the covariance matrix that do not change when all of it is multiplied with a number.
FREE_OF_SCALE = (*LOADINGS, *PATHS, "indirect", "total", MONTE_CARLO)
STANDARDISED, VARIANCE, MEAN = ("std b",), ("m2 ~~ m2",), ("y2 ~ 1",)
OF_COVARIANCES = (*FREE_OF_SCALE, *STANDARDISED, *VARIANCE)
PLAIN_TESTS, SCALED_TESTS = ("chisq", "lrt"), tuple(test for test in TESTS if test not in ("chisq", "lrt"))


@dataclass(frozen=True)
class Promise:
    """For methods, shapes and targets: the factor, the smallest n it is promised for, and why."""

    shapes: tuple[Shape, ...]
    methods: tuple[str, ...]
    targets: tuple[str, ...]
    factor: float | None
    smallest: int
    reason: str

    def covers(self, figure: Figure) -> bool:
        """Whether it speaks of this figure."""
        return figure.shape in self.shapes and figure.method in self.methods and figure.target in self.targets


_COMPLETE: tuple[Shape, ...] = ("normal", "skewed", "heavy")
#: The first that covers a figure counts.
PROMISES: tuple[Promise, ...] = (
    Promise(
        ("normal", "skewed", "heavy"), ("ML", "MLR", "MLM"), MEAN, 1.0, 200,
        "a mean has variance sigma²/n whatever the distribution",
    ),
    Promise(
        ("normal",), ("ML",), (*OF_COVARIANCES, *PLAIN_TESTS), 1.0, 200,
        "normal-theory ML on normal rows; below 200 rows solutions are often improper (Anderson & Gerbing, 1984) and "
        "the chi-square is too large (Swain, 1975)",
    ),
    Promise(
        ("normal",), ("MLR", "MLM"), (*OF_COVARIANCES, *SCALED_TESTS), 1.0, 500,
        "fourth-order sample moments need more rows than second-order ones",
    ),
    Promise(
        ("normal",), ("MLR", "MLM"), PLAIN_TESTS, 1.0, 200, "the plain chi-square of the same ML fit",
    ),
    Promise(
        ("normal",), ("GLS",), (*OF_COVARIANCES, *MEAN, *PLAIN_TESTS), 1.0, 500,
        "as ML asymptotically; its weights come from the sample covariance matrix",
    ),
    Promise(
        ("skewed",), ("ML",), (*FREE_OF_SCALE, *PLAIN_TESTS), 1.0, 500,
        "asymptotic robustness: factors and errors are independent and their variances free, so normal theory holds "
        "for loadings, paths and chi-squares (Anderson & Amemiya, 1988; Satorra & Bentler, 1990)",
    ),
    Promise(
        ("skewed",), ("ML",), (*STANDARDISED, *VARIANCE), None, 0,
        "asymptotic robustness does not reach variances of skewed sources, nor what is divided by them",
    ),
    Promise(
        ("skewed",), ("MLR", "MLM"), PLAIN_TESTS, 1.0, 500, "the plain chi-square of the same ML fit",
    ),
    Promise(
        ("skewed", "heavy"), ("MLR", "MLM"), (*OF_COVARIANCES, *SCALED_TESTS), 1.0, 2000,
        "the sandwich is consistent for any distribution with fourth moments, slowly where tails are long",
    ),
    Promise(
        ("heavy",), ("ML",), (*FREE_OF_SCALE, *STANDARDISED), RELATIVE_KURTOSIS, 2000,
        "WRONG by the relative kurtosis 1.5 of elliptical rows, for all that has no scale (Shapiro & Browne, 1987)",
    ),
    Promise(
        ("heavy",), ("ML", "MLR", "MLM"), PLAIN_TESTS, RELATIVE_KURTOSIS, 2000,
        "WRONG by the relative kurtosis 1.5 of elliptical rows (Browne, 1984)",
    ),
    Promise(
        ("heavy",), ("ML",), VARIANCE, None, 0, "wrong by more than the relative kurtosis, as a variance has a scale",
    ),
    Promise(
        ("missing",), ("FIML",), (*OF_COVARIANCES, *MEAN, *PLAIN_TESTS), 1.0, 500,
        "full information on normal rows missing at random, observed information; half of the rows have a hole",
    ),
    Promise(
        ("missing",), ("FIML, MLR",), (*OF_COVARIANCES, *MEAN, *TESTS), 1.0, 500,
        "as FIML; sandwich and scaling are not needed and do no harm",
    ),
    Promise(
        ("missing",), ("ML, listwise",), (*OF_COVARIANCES, *MEAN, *PLAIN_TESTS), None, 0,
        "rows are lost by their value of y1: those left are a sample of another population",
    ),
    Promise(
        ("clustered",), ("MLR, clusters",), (*OF_COVARIANCES, *MEAN, *SCALED_TESTS), 1.0, 2000,
        "the sandwich over clusters needs many more clusters than parameters: 2000 rows are 200 clusters",
    ),
    Promise(
        ("clustered",), ("MLR, clusters", "ML, clusters ignored"), PLAIN_TESTS, DESIGN_EFFECT, 2000,
        "WRONG by the design effect of covariances, 1 + 9 × 0.3² = 1.81",
    ),
    Promise(
        ("clustered",), ("ML, clusters ignored",), OF_COVARIANCES, DESIGN_EFFECT, 500,
        "WRONG by the design effect of covariances, 1 + 9 × 0.3² = 1.81",
    ),
    Promise(
        ("clustered",), ("ML, clusters ignored",), MEAN, DESIGN_EFFECT_OF_MEANS, 500,
        "WRONG by the design effect of means, 1 + 9 × 0.3 = 3.7",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """A figure, what it was expected to be (None: nothing was promised), and whether it is flagged."""

    figure: Figure
    expected: float | None
    flagged: bool


def promise_for(figure: Figure, promises: Sequence[Promise] = PROMISES) -> Promise | None:
    """The first promise that covers a figure."""
    return next((promise for promise in promises if promise.covers(figure)), None)


def expectation(what: What, factor: float) -> float | None:
    """What a figure is when the covariance matrix of the estimates is ``factor`` times what the method believes."""
    if what == "ratio":
        return factor**-0.5
    if what == "mean over df":
        return factor
    if what == "bias":
        return 0.0
    if factor != 1.0:
        return None  # follows from the ratio or the mean
    return {"coverage": LEVEL, "rejection": 1.0 - LEVEL, "type I": 1.0 - LEVEL}.get(what)


def judge(figure: Figure, promises: Sequence[Promise] = PROMISES) -> Verdict:
    """Flag a figure that lies both further from its expectation than chance and than a practical margin.

    Chance is four Monte Carlo standard errors; for rates those of the expected rate.
    """
    promise = promise_for(figure, promises)
    if promise is None or promise.factor is None or figure.n < promise.smallest:
        return Verdict(figure, None, flagged=False)
    expected = expectation(figure.what, promise.factor)
    if expected is None:
        return Verdict(figure, None, flagged=False)
    rate = figure.what in RATES
    error = (expected * (1.0 - expected) / figure.used) ** 0.5 if rate else figure.error
    margin = MARGINS[figure.what] * (expected if figure.what in ("ratio", "mean over df") else 1.0)
    distance = abs(figure.value - expected)
    return Verdict(figure, expected, flagged=distance > MONTE_CARLO_IN_SE * error and distance > margin)
