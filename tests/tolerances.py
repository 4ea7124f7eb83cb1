"""How near two numbers must be, and why. Every test that compares numbers takes its tolerance from here.

A tolerance follows from what the reference can know, never from what our code happens to reach; it is not loosened to
turn a test green. ``RELATIVE`` ones are multiplied with the size of the reference, ``IN_SE`` ones with its standard
error, the others are absolute.
"""

from __future__ import annotations

# --- closed forms -------------------------------------------------------------------------------------------------

#: Two evaluations of one formula in double precision: a few hundred operations lose five of sixteen digits at most.
CLOSED_FORM_RELATIVE = 1e-10
#: The same for figures that may be 0, on a scale of about 1 (correlations, p-values, shares).
CLOSED_FORM = 1e-12
#: Population moments in, population parameters out: the discrepancy is 0 to rounding (1e-16) at the true values and
#: quadratic around them, which fixes the parameters to the root of that, 1e-8.
RECOVERY = 1e-8

# --- structural equation models against lavaan --------------------------------------------------------------------

#: An estimate may differ by a ten-thousandth of its standard error: nobody's conclusion depends on it, and it is about
#: what lavaan's own optimiser leaves.
ESTIMATE_IN_SE = 1e-4
#: For parameters without a standard error (fixed ones, factor covariances at a bound): rounding only.
FIXED_ESTIMATE = 1e-9
#: Standard errors are smooth functions of the estimates: they move by a fraction of the relative change of a variance,
#: which at 1e-4 SE and N of some hundreds is about 1e-5.
STANDARD_ERROR_RELATIVE = 1e-5
#: An element of vcov against the product of the two standard errors: twice the relative error of a standard error.
VCOV_RELATIVE = 2e-5
#: The chi-square is at a minimum, so an error in the estimates enters squared.
CHISQ_RELATIVE = 1e-7
#: Our discrepancy (lavaan's fx) may not be above lavaan's by more than this: whoever is lower found the better optimum.
DISCREPANCY = 1e-9
#: Where the chi-square is 0 but for rounding, 2 N times the tolerance of the discrepancy.
CHISQ_OF_PERFECT_FIT_PER_N = 2 * DISCREPANCY
#: z and p follow from estimate and SE; p = 2 * (1 - Phi(|z|)) changes by at most .5 * the relative change of z. lavaan
#: computes 1 - Phi, which is 0 beyond |z| = 8.3; ours is the survival function. (The reference estimates are polished
#: to 1e-10 SE, so only the standard error's part counts.)
P_VALUE = 1e-5
#: Relative change of z: that of the standard error, and 1e-4 of one SE in the estimate (absolute).
Z_RELATIVE = STANDARD_ERROR_RELATIVE
Z_ABSOLUTE = ESTIMATE_IN_SE
#: Functions of the chi-squares on a scale of 1 (CFI, TLI, RMSEA ...): the slope is below 1 per relative change.
FIT_INDEX = 1e-7
#: p-value of the chi-square test: density (below .5) times 1e-7 of a chi-square of the order of its degrees of freedom.
CHISQ_P_VALUE = 1e-6
#: lavaan finds the noncentrality at the ends of the RMSEA interval by uniroot() with its default tolerance,
#: eps^0.25 = 1.22e-4 (on lambda, not on RMSEA). Compared on that scale, with both ends of the last bracket.
RMSEA_NONCENTRALITY = 2 * 1.22e-4
#: Log-likelihoods, AIC, BIC: half of N times the discrepancy, against values in the thousands.
LOGLIK_RELATIVE = 1e-9
#: Standardised estimates without a standard error, R-squared, SRMR, GFI, residual and implied correlations: smooth
#: functions of the estimates on a scale of 1. Their own standard errors are about .01 or more here (the smallest of a
#: standardised estimate is .005), so this is ESTIMATE_IN_SE of them.
DERIVED = 1e-6
#: Our own gradient at the optimum, in standard errors still to go.
GRADIENT_IN_SE = 1e-6

# --- lavaan with groups, means, other estimators, robust tests, missing data (tests/reference/R/sem_general.R) -----

#: Scaling factors are traces of products of the matrices below the standard errors. lavaan takes the observed
#: information by differences with a step of 1e-6, which leaves 1e-10 of rounding in its elements, and inverts it at
#: condition numbers of 1e4 and less.
SCALING_RELATIVE = 1e-6
#: A scaled chi-square is a quotient of both.
SCALED_CHISQ_RELATIVE = 2 * SCALING_RELATIVE
#: Indices made of scaled or corrected chi-squares: the slope is below 2 per relative change of either chi-square.
SCALED_INDEX = 4 * SCALED_CHISQ_RELATIVE
#: Their p-values: density times chi-square, below 5 at the degrees of freedom here, times the relative change.
SCALED_P_VALUE = 5 * SCALED_CHISQ_RELATIVE
#: Degrees of freedom of the mean- and variance-adjusted test, trace(UG)^2 / trace(UGUG).
SCALED_DF_RELATIVE = 2 * SCALING_RELATIVE
#: Critical N: a quantile over the chi-square, the shift of 1 aside.
CRITICAL_N_RELATIVE = 1e-6
#: Standard errors of standardised solutions: the delta method on top of vcov, which is right to twice the tolerance of
#: a standard error; where much cancels (nearly fixed ones) the absolute part counts.
STANDARDISED_SE_RELATIVE = 2 * STANDARD_ERROR_RELATIVE
STANDARDISED_SE = 1e-7
#: lavaan sets a standard error of a standardised solution below eps^0.25 to 0.
STANDARDISED_SE_ZERO = 1.23e-4
#: A residual over its standard error: the numerator to DERIVED of a variable's spread times the root of N (below 50),
#: the denominator to the tolerance of a standard error.
RESIDUAL_Z = 50 * DERIVED
RESIDUAL_Z_RELATIVE = 2 * STANDARD_ERROR_RELATIVE
#: lavaan leaves a residual below 1e-5 as it is instead of dividing it.
RESIDUAL_NEAR_ZERO = 1e-5
#: Beyond this a standardised residual of lavaan is one over the root of a rounding error: it has no error of its own.
RESIDUAL_Z_OF_ROUNDING = 1e6

# --- reliability, regression, correlation against psych, stats, sandwich ------------------------------------------

#: R computes alpha, its interval, item statistics, correlations, distances and tests by closed forms.
R_CLOSED_FORM_RELATIVE = 1e-10
#: Least squares by QR in both: the condition numbers of the designs here are 71 to 234, and standard errors square
#: them, which costs five of sixteen digits beside those of the sums.
LEAST_SQUARES_RELATIVE = 1e-9
#: Quadratic forms in an inverse (Mahalanobis distances, Wald tests, variance inflation): condition numbers of 1e4 and
#: less, squared.
INVERSE_RELATIVE = 1e-8
#: One-factor omega is a function of estimates found by iteration (see DERIVED).
OMEGA = DERIVED
#: Tail probabilities by different series (R's C code, SciPy's Cephes and Boost).
TAIL_RELATIVE = 1e-9

# --- engines that stop early, printed tables, simulation ----------------------------------------------------------

#: semopy at ftol = 1e-13 on standardised items: where it was measured its SLSQP left up to 1e-5 in an estimate, about
#: 1e-4 of a standard error; ten times that is still nobody's conclusion.
SECOND_ENGINE_IN_SE = 1e-3
#: A printed figure is right to half a unit of its last digit: multiply with 10 ** -digits.
PRINTED_HALF_UNIT = 0.5
#: Monte Carlo at a fixed seed: four standard errors of the simulation miss once in 16,000 tests when all is right.
MONTE_CARLO_IN_SE = 4.0
