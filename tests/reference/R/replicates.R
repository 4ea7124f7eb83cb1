# Bootstrap of structural equation models: intervals from a fixed matrix of replicates, and the data whose covariances are
# those of the model.

source("../../R/sem_after.R")

# --- intervals ----------------------------------------------------------------------------------------------------------

interval_types <- c("norm", "basic", "perc", "bca.simple", "bca")

# lavaan's replicates (replicates.csv), how often each row was drawn (draws.csv, columns the rows of the data from 0), and
# every kind of interval it makes of them. `acceleration` is that of "bca": from the regression of the replicates on the
# draws (Davison & Hinkley, 1997, section 2.7.4).
intervals_case <- function(data, columns, replicates, levels = c(0.95, 0.9), iseed) {
  frame <- read_data(data, columns, complete = TRUE)
  fit <- suppressWarnings(sem(model_text(), frame, se = "bootstrap", bootstrap = replicates, iseed = iseed))
  draws <- unclass(lavInspect(fit, "boot"))
  values <- as.data.frame(plain_matrix(draws))
  names(values) <- colnames(draws)
  definitions <- t(apply(draws, 1, fit@Model@def.function))
  defined <- parTable(fit)$lhs[parTable(fit)$op == ":="]
  values[defined] <- if (nrow(definitions) == 1) t(definitions) else definitions
  write_data(values, "replicates.csv")
  frequency <- lavaan:::lav_utils_bootstrap_indices(R = replicates, nobs = list(nrow(frame)), parallel = "no", ncpus = 1L,
                                                    cl = NULL, iseed = iseed, return.freq = TRUE, merge.groups = TRUE)
  stopifnot(all(rowSums(frequency) == nrow(frame)))
  write_data(setNames(as.data.frame(frequency), seq_len(ncol(frequency)) - 1), "draws.csv")
  table <- parTable(fit)
  kept <- table$free > 0 | table$op == ":="
  found <- lapply(setNames(levels, paste0("level_", levels)), function(level) {
    lapply(setNames(interval_types, interval_types), function(type) {
      ends <- parameterEstimates(fit, level = level, boot.ci.type = type)
      compact(data.frame(low = ends$ci.lower[kept], high = ends$ci.upper[kept]))
    })
  })
  acceleration <- apply(as.matrix(values), 2, function(t) {
    influence <- c(0, lm.fit(cbind(1, frequency[, -1]), t)$coefficients[-1])
    influence <- influence - mean(influence)
    sum(influence^3) / (6 * sum(influence^2)^1.5)
  })
  estimates <- parameterEstimates(fit)
  record(c(start_of_record(data, columns, TRUE), list(
    n = nrow(frame), replicates = "replicates.csv", draws = "draws.csv", parameters = I(names(values)),
    estimate = I(estimates$est[kept]), std_error = I(estimates$se[kept]), acceleration = I(unname(acceleration)),
    intervals = found
  )), "lavaan")
}

# --- data that fit the model --------------------------------------------------------------------------------------------

root <- function(m) {
  e <- eigen(m, symmetric = TRUE)
  e$vectors %*% (sqrt(e$values) * t(e$vectors))
}

discrepancy <- function(s, sigma) {
  ratio <- s %*% solve(sigma)
  sum(diag(ratio)) - determinant(ratio)$modulus[[1]] - nrow(s)
}

# Bollen and Stine (1992): rows times S^-1/2 Sigma^1/2, with S of divisor N, have the covariances of the model. Yuan, Hayashi
# and Yanagihara (2007): S_a = a S + (1 - a) Sigma with F(S_a, Sigma) = (chi-square - df)/(N - 1), the estimated misfit.
transformed_case <- function(fitter, data, columns = NULL, complete = FALSE, every = 30, ...) {
  close <- settle(fitter, model_text(), data = read_data(data, columns, complete), ...)
  fit <- close$fit
  rows <- unclass(lavInspect(fit, "data"))
  n <- nrow(rows)
  sigma <- plain_matrix(fitted(fit)$cov)
  s <- plain_matrix(lavInspect(fit, "sampstat")$cov)
  centred <- scale(rows, scale = FALSE)
  rotated <- centred %*% solve(root(s)) %*% root(sigma)
  stopifnot(max(abs(crossprod(rotated) / n - sigma)) < 1e-9)
  misfit <- (fitMeasures(fit, "chisq")[[1]] - fitMeasures(fit, "df")[[1]]) / (n - 1)
  weight <- uniroot(function(a) discrepancy(a * s + (1 - a) * sigma, sigma) - misfit, c(0, 1), tol = 1e-14)$root
  between <- weight * s + (1 - weight) * sigma
  shown <- seq(1, n, by = every)
  colnames(rotated) <- colnames(rows)
  record(c(start_of_record(data, columns, complete), short_fit(close), list(
    rows = I(shown - 1), bollen_stine = plain_matrix(rotated[shown, ]), implied = sigma,
    yuan = list(misfit = misfit, weight = weight, covariance = plain_matrix(between))
  )), "lavaan")
}
