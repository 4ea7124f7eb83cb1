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
#: Quantiles of the noncentral t that the R script finds by integration (1e-12) and a search that stops at 1e-13 of the
#: quantile; the slope of the distribution function at the ends is .01 to .1 per unit.
NONCENTRAL_T_RELATIVE = 1e-9
#: Standard errors that the R scripts take from central differences with a step of 1e-4 of a weight or 1e-6 of a
#: proportion: rounding of 1e-16 over the step leaves 1e-10 to 1e-12 in a derivative, the third one 1e-8 or 1e-12.
DIFFERENCE_QUOTIENT_RELATIVE = 1e-7
#: Tail probabilities by different series (R's C code, SciPy's Cephes and Boost).
TAIL_RELATIVE = 1e-9

# --- exploratory factors against psych, stats, GPArotation (tests/reference/R/factors.R) ---------------------------

#: Uniquenesses after Newton steps in R, and what does not depend on the rotation (communalities, residuals, fit).
EFA_COMMUNALITY = 1e-8
#: Objectives and chi-squares of such loadings.
EFA_FIT_RELATIVE = 1e-7
#: GPArotation is stopped at a projected gradient of 1e-7; the smallest curvature of a criterion here is about .05.
EFA_LOADING = 2e-6
#: Complexities are quotients of fourth powers: the slope is below 20.
EFA_COMPLEXITY = 20 * EFA_LOADING
#: psych::fa stops the extraction at a relative change of 2e-9 and the rotation at a projected gradient of 1e-5.
PSYCH_COMMUNALITY = 1e-4
PSYCH_LOADING = 2e-4
#: stats::varimax stops at a relative change of its criterion of 1e-5, which leaves about the root of that.
VARIMAX_LOADING = 3.2e-3
#: psych's principal axes stop at a change of .001 in the sum of communalities; at the rate of .8 four times that stays.
PSYCH_AXES = 4e-3
#: Derivatives by differences over 2e-3: the gradient of 1e-7 over the same curvature leaves 1e-3 of a derivative of 1.
EFA_STD_ERROR_RELATIVE = 1e-3

# --- tables and rank tests ------------------------------------------------------------------------------------------

#: Derivatives by Richardson's extrapolation (R's numDeriv): eight to ten digits of sixteen.
NUMERIC_DERIVATIVE = 1e-7
#: Fisher's exact p in R adds thousands of probabilities, each from logarithms of factorials of up to n.
FISHER_RELATIVE = 1e-7
#: Ends of intervals of Cramér's V: R's uniroot at a tolerance of 1e-12 on a noncentrality of 0.01 or more; its root.
NONCENTRAL_RELATIVE = 1e-7
#: Ends of intervals of d: the noncentral t by numerical integration to 1e-12, the tails cut off at 1e-15, and a root at
#: which the slope is below .05 (at a share of .025).
NONCENTRAL_T_RELATIVE = 1e-6
#: Shapiro and Wilk's p: SciPy has Royston's algorithm in single-precision constants as R; p follows from log(1 - W).
SHAPIRO_RELATIVE = 1e-5
#: R's ptukey promises about 1e-8 in p.
STUDENTISED_RANGE = 1e-8

# --- engines that stop early, printed tables, simulation ----------------------------------------------------------

#: semopy at ftol = 1e-13 on standardised items: where it was measured its SLSQP left up to 1e-5 in an estimate, about
#: 1e-4 of a standard error; ten times that is still nobody's conclusion.
SECOND_ENGINE_IN_SE = 1e-3
#: A printed figure is right to half a unit of its last digit: multiply with 10 ** -digits.
PRINTED_HALF_UNIT = 0.5
#: Monte Carlo at a fixed seed: four standard errors of the simulation miss once in 16,000 tests when all is right.
MONTE_CARLO_IN_SE = 4.0

# --- normality against stats, nortest, psych ----------------------------------------------------------------------

#: Both programs find Shapiro-Wilk's weights from normal quantiles of their own; W is right to 1e-8 then, and its p,
#: steep in log(1 - W), to 1e-5 relative.
SHAPIRO_W = 1e-8
SHAPIRO_P_RELATIVE = 1e-5

# --- polychoric correlations against lavaan, number of factors against psych and factanal -------------------------

#: lavaan's search (nlminb with the Hessian) stops when it foretells a relative gain below 1e-10 of a log-likelihood of
#: 1 to 3 a row: that is 2e-5 in a correlation before the last Newton step, which squares it.
POLYCHORIC = 1e-6
#: Where a table has no maximum of the likelihood, lavaan stops where a step gains a 1e-10th and we where a row tells
#: 2e-6: both lie on the flat part, within a hundredth of each other.
POLYCHORIC_FLAT = 1e-2
#: Scores divide by the probabilities of rare cells (.001 and more), which change ten times as fast as the correlation.
GAMMA_RELATIVE = 10 * POLYCHORIC
#: Determinant, inverse and eigenvalues of polychoric correlations, condition numbers of 100 and less; relative.
POLYCHORIC_FUNCTION = 10 * POLYCHORIC
#: psych::fa leaves minres to L-BFGS-B with its default of 1e7 machine precisions in the objective, 2e-9; uniquenesses,
#: at a minimum, are right to about the root of that over a flat curvature (.01 and more).
PSYCH_MINRES_COMMUNALITY = 5e-4
#: factanal at factr = 10 leaves 2e-15 in the objective, 1e-7 in the uniquenesses, and CAF inverts what they leave.
FACTANAL_FIT = 1e-6
#: A quotient of differences of such fits, which are .01 and more where they count.
HULL_RATIO_RELATIVE = 100 * FACTANAL_FIT

# --- reliability against psych, lavaan, factanal ------------------------------------------------------------------

#: Standard errors by R's numDeriv: gradients by extrapolated differences, which keep about ten digits.
DIFFERENCES_RELATIVE = 1e-7
#: Minimum residuals and rotation polished in R until their gradients are about 1e-8; the curvature of the criteria is
#: of the order of .01 to 1, so loadings and what is made of them are right to a hundred times that.
EXTRACTION = 1e-6
#: factanal's optimiser at its tightest tolerance: the likelihood to rounding, loadings to its root.
FACTANAL = 1e-6
