# psych::alpha and the omega of a one-factor model, with everything that is compared.

suppressMessages({library(lavaan); library(psych); library(semTools)})
source("../../R/record.R")
source("../../R/sem.R")

# `reversed` names the items keyed against the scale, answered from `low` to `high`.
scale_items <- function(path, items, reversed = character(), low = NA, high = NA) {
  data <- read_data(path, items, complete = TRUE)
  for (item in reversed) data[[item]] <- low + high - data[[item]]
  data
}

alpha_case <- function(path, items, reversed = character(), low = NA, high = NA) {
  data <- scale_items(path, items, reversed, low, high)
  found <- suppressMessages(alpha(data, check.keys = FALSE, warnings = FALSE))
  raw <- found$total$raw_alpha
  half <- qnorm(0.975) * found$total$ase
  r <- if (length(items) == 2) cor(data)[1, 2] else NA
  drops <- if (length(items) > 2) found$alpha.drop
  record(list(
    data = path, columns = I(items), complete_rows = TRUE, reversed = I(reversed), low = low, high = high,
    n = nrow(data), items = I(items),
    alpha = raw, alpha_standardised = found$total$std.alpha, average_r = found$total$average_r,
    std_error_duhachek = found$total$ase,
    feldt = list(ci_low = found$feldt$lower.ci[[1]], ci_high = found$feldt$upper.ci[[1]]),
    duhachek = list(ci_low = raw - half, ci_high = raw + half),
    spearman_brown = 2 * r / (1 + r),
    item_total = I(found$item.stats$raw.r), item_total_standardised = I(found$item.stats$std.r),
    item_corrected = I(found$item.stats$r.cor), item_rest = I(found$item.stats$r.drop),
    item_mean = I(found$item.stats$mean), item_sd = I(found$item.stats$sd),
    alpha_if_dropped = if (!is.null(drops)) I(drops$raw_alpha),
    alpha_standardised_if_dropped = if (!is.null(drops)) I(drops$std.alpha)
  ), c("psych"))
}

# Omega of a one-factor model with uncorrelated errors, all variance implied by the model:
#   omega = (sum of loadings)^2 * psi / ((sum of loadings)^2 * psi + sum of residual variances).
# `observed` has the observed variance of the sum as its denominator (McDonald). The standard error is the delta
# method's, by lavaan. semTools computes the same two.
omega_case <- function(path, items, reversed = character(), low = NA, high = NA) {
  data <- scale_items(path, items, reversed, low, high)
  k <- length(items)
  model <- paste0(
    "f =~ NA*", items[1], " + ", paste0("l", seq_len(k), "*", items, collapse = " + "), "\n",
    "f ~~ 1*f\n",
    paste0(items, " ~~ e", seq_len(k), "*", items, collapse = "\n"), "\n",
    "common := (", paste0("l", seq_len(k), collapse = " + "), ")^2\n",
    "omega := common / (common + ", paste0("e", seq_len(k), collapse = " + "), ")\n"
  )
  close <- fit_closely("cfa", model, data = data)
  table <- parameterEstimates(close$fit)
  loadings <- table$est[table$op == "=~"]
  errors <- table$est[table$op == "~~" & table$lhs %in% items]
  omega <- sum(loadings)^2 / (sum(loadings)^2 + sum(errors))
  row <- table[table$lhs == "omega", ]
  by_hand <- sum(loadings)^2 / (sum(cov(data)) * (nrow(data) - 1) / nrow(data))
  record(list(
    data = path, columns = I(items), complete_rows = TRUE, reversed = I(reversed), low = low, high = high,
    n = nrow(data), items = I(items),
    omega = omega, std_error = row$se, ci_low = row$ci.lower, ci_high = row$ci.upper,
    omega_observed = by_hand,
    semtools_model = as.numeric(compRelSEM(close$fit, obs.var = FALSE)),
    semtools_observed = as.numeric(compRelSEM(close$fit, obs.var = TRUE)),
    loadings = I(loadings), residual_variances = I(errors),
    chisq = fitMeasures(close$fit, "chisq")[[1]], df = fitMeasures(close$fit, "df")[[1]]
  ), c("lavaan", "semTools"))
}
