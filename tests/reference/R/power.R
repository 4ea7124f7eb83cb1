# Power of tests of the RMSEA (MacCallum, Browne & Sugawara, 1996; MacCallum, Browne & Cai, 2006) by semTools.

suppressMessages({library(lavaan); library(semTools)})
source("../../R/record.R")

compact <- function(table) lapply(as.list(table), I)

# Power by null and alternative RMSEA, degrees of freedom, number of rows and level.
power_case <- function(settings) {
  settings$power <- mapply(findRMSEApower, settings$null, settings$alternative, settings$df, settings$n, settings$alpha,
                           settings$groups)
  record(list(power = compact(settings)), c("lavaan", "semTools"))
}

# Rows needed: of semTools, and the power at that number and at one row less, so that the search is checked.
size_case <- function(settings) {
  settings$n <- mapply(findRMSEAsamplesize, settings$null, settings$alternative, settings$df, settings$power, settings$alpha)
  reached <- function(n) mapply(findRMSEApower, settings$null, settings$alternative, settings$df, n, settings$alpha)
  settings$reached <- reached(settings$n)
  settings$one_less <- reached(settings$n - 1)
  stopifnot(all(settings$reached > settings$power), all(settings$one_less <= settings$power))
  record(list(size = compact(settings)), c("lavaan", "semTools"))
}

nested_case <- function(settings, sizes) {
  settings$power <- mapply(findRMSEApowernested, settings$null_a, settings$null_b, settings$alternative_a,
                           settings$alternative_b, settings$df_a, settings$df_b, settings$n, settings$alpha, settings$groups)
  sizes$n <- mapply(findRMSEAsamplesizenested, sizes$null_a, sizes$null_b, sizes$alternative_a, sizes$alternative_b,
                    sizes$df_a, sizes$df_b, sizes$power, sizes$alpha)
  record(list(power = compact(settings), size = compact(sizes)), c("lavaan", "semTools"))
}

# The numbers behind plotRMSEApower: power over a range of rows (its plot() is replaced by one that keeps them).
curve_case <- function(null, alternative, df, n, alpha) {
  drawn <- NULL
  quiet <- plotRMSEApower
  environment(quiet) <- list2env(list(plot = function(x, y, ...) drawn <<- list(n = I(x), power = I(y))),
                                 parent = environment(plotRMSEApower))
  quiet(null, alternative, df, min(n), max(n), steps = n[2] - n[1], alpha = alpha)
  record(list(null = null, alternative = alternative, df = df, alpha = alpha, curve = drawn), c("lavaan", "semTools"))
}
