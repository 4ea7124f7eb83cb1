# Guttman's bounds, split halves, omega_t and omega_h, ordinal alpha: psych and lavaan where they have them, plain R
# beside them where a program stops early or looks at part of the splits only.

suppressMessages({library(psych); library(lavaan)})
source("../../R/record.R")

keyed_items <- function(path, items, reversed, low, high, rows) {
  data <- read_data(path, items, complete = TRUE)
  if (!is.null(rows)) data <- data[rows, , drop = FALSE]
  for (item in reversed) data[[item]] <- low + high - data[[item]]
  rownames(data) <- NULL
  data
}

lambda2_of <- function(S) {
  k <- ncol(S)
  squares <- sum(S^2) - sum(diag(S)^2)
  (sum(S) - sum(diag(S)) + sqrt(k / (k - 1) * squares)) / sum(S)
}
lambda6_of <- function(S) 1 - sum(1 / diag(solve(S))) / sum(S)
alpha_of <- function(S) ncol(S) / (ncol(S) - 1) * (1 - sum(diag(S)) / sum(S))
halves_of <- function(S, first) {
  a <- as.numeric(seq_len(ncol(S)) %in% first)
  b <- 1 - a
  aa <- sum(a * (S %*% a)); bb <- sum(b * (S %*% b)); ab <- sum(a * (S %*% b))
  r <- ab / sqrt(aa * bb)
  share <- sum(a) * sum(b) / ncol(S)^2
  below <- 2 * (1 - r^2) * share
  list(
    r = r, spearman_brown = 2 * r / (1 + r), guttman = 4 * ab / sum(S),
    spearman_brown_unequal = (sqrt(r^4 + 4 * r^2 * (1 - r^2) * share) - r^2) / below
  )
}
first_items <- function(k) list(odd_even = seq(1, k, by = 2), first_second = seq_len(ceiling(k / 2)))

# Every split, by combn: the second derivation of what psych::splitHalf enumerates (for an odd number of items psych
# 2.2.9 stops after half of them).
all_splits_of <- function(S) {
  k <- ncol(S)
  picked <- combn(k, floor(k / 2))
  if (k %% 2 == 0) picked <- picked[, picked[1, ] == 1, drop = FALSE]
  found <- apply(picked, 2, function(first) {
    rest <- setdiff(seq_len(k), first)
    4 * sum(S[first, rest]) / sum(S)
  })
  list(
    count = length(found), mean = mean(found), sd = sqrt(mean((found - mean(found))^2)), min = min(found),
    q_025 = quantile(found, 0.025)[[1]], q_250 = quantile(found, 0.25)[[1]], median = median(found),
    q_750 = quantile(found, 0.75)[[1]], q_975 = quantile(found, 0.975)[[1]], max = max(found)
  )
}

# Standard errors of functions of the covariances: gradient by numDeriv, covariances of covariances under normality
# (divisor n) and from fourth moments.
covariance_errors <- function(data, functions) {
  S <- cov(data)
  k <- ncol(S)
  n <- nrow(data)
  at <- which(lower.tri(S, diag = TRUE), arr.ind = TRUE)
  whole <- function(s) {
    M <- matrix(0, k, k)
    M[at] <- s
    M + t(M) - diag(diag(M))
  }
  normal <- outer(seq_len(nrow(at)), seq_len(nrow(at)), Vectorize(function(p, q) {
    i <- at[p, 1]; j <- at[p, 2]; g <- at[q, 1]; h <- at[q, 2]
    S[i, g] * S[j, h] + S[i, h] * S[j, g]
  }))
  centred <- scale(data, scale = FALSE)
  products <- centred[, at[, 1]] * centred[, at[, 2]]
  free <- crossprod(scale(products, scale = FALSE)) / n
  lapply(functions, function(f) {
    g <- numDeriv::grad(function(s) f(whole(s)), S[at], method = "Richardson")
    c(normal = sqrt(drop(g %*% normal %*% g) / n), free = sqrt(drop(g %*% free %*% g) / n))
  })
}

# Minimum residuals to the last digit: half the squared eigenvalues that no factor takes, from several starts.
least_residuals <- function(R, m) {
  p <- ncol(R)
  value <- function(psi) {
    e <- eigen(R - diag(psi), symmetric = TRUE, only.values = TRUE)$values
    sum(pmin(e[seq_len(m)], 0)^2) / 2 + sum(e[-seq_len(m)]^2) / 2
  }
  slope <- function(psi) {
    e <- eigen(R - diag(psi), symmetric = TRUE)
    left <- e$values
    left[seq_len(m)] <- pmin(left[seq_len(m)], 0)
    -drop(e$vectors^2 %*% left)
  }
  set.seed(1)
  starts <- c(list(1 / diag(solve(R))), lapply(1:6, function(i) runif(p, 0.1, 0.9)))
  best <- NULL
  for (start in starts) {
    found <- list(par = pmin(pmax(start, 0.01), 1))
    for (again in 1:4) {
      found <- optim(found$par, value, slope, method = "L-BFGS-B", lower = 0.005, upper = 1,
                     control = list(factr = 1e-2, pgtol = 0, maxit = 20000, lmm = 20))
    }
    if (is.null(best) || found$value < best$value - 1e-13) best <- found
  }
  e <- eigen(R - diag(best$par), symmetric = TRUE)
  loadings <- e$vectors[, seq_len(m), drop = FALSE] %*% diag(sqrt(pmax(e$values[seq_len(m)], 0)), m)
  list(loadings = loadings, psi = best$par, value = best$value, bound = any(best$par < 0.00501))
}

schmid_of <- function(R, m) {
  one <- least_residuals(R, m)
  if (m == 1) {
    general <- drop(one$loadings)
    phi <- matrix(1); group <- matrix(0, ncol(R), 1); second <- list(loadings = matrix(1), bound = FALSE); turned <- NULL
  } else {
    simple <- varimax(one$loadings, eps = 1e-15)
    turned <- suppressWarnings(GPArotation::oblimin(unclass(simple$loadings), eps = 1e-11, maxit = 20000))
    phi <- turned$Phi
    if (m == 2) {
      size <- sqrt(abs(phi[1, 2]))
      second <- list(loadings = matrix(c(size, sign(phi[1, 2]) * size)), bound = FALSE)
    } else {
      second <- least_residuals(phi, 1)
    }
    general <- drop(turned$loadings %*% second$loadings)
    group <- turned$loadings %*% diag(sqrt(pmax(1 - drop(second$loadings)^2, 0)))
  }
  if (sum(general) < 0) general <- -general
  h2 <- rowSums(one$loadings^2)
  list(
    omega_t = 1 - sum(1 - h2) / sum(R), omega_h = sum(general)^2 / sum(R),
    ecv = sum(general^2) / (sum(general^2) + sum(group^2)), general = I(general), h2 = I(h2),
    discrepancy = one$value, criterion = if (m > 1) tail(turned$Table[, 2], 1)[[1]],
    heywood = one$bound || any(h2 >= 1) || second$bound
  )
}

omega_of <- function(R, m, n) {
  heard <- suppressWarnings(suppressMessages(
    omega(R, nfactors = m, fm = "minres", plot = FALSE, flip = FALSE, n.obs = n, two.ok = TRUE)
  ))
  list(
    group_factors = m, psych_omega_t = heard$omega.tot, psych_omega_h = heard$omega_h, psych_ecv = heard$ECV[[1]],
    psych_group_total = I(heard$omega.group$total), psych_group_general = I(heard$omega.group$general),
    psych_group_group = I(heard$omega.group$group), exact = schmid_of(R, m)
  )
}

omega_dropped_of <- function(S) {
  vapply(seq_len(ncol(S)), function(j) {
    part <- S[-j, -j]
    if (ncol(part) == 3) { # as many correlations as loadings
      s <- c(part[1, 2] * part[1, 3] / part[2, 3], part[1, 2] * part[2, 3] / part[1, 3], part[1, 3] * part[2, 3] / part[1, 2])
      true <- sum(sqrt(s))^2
      return(true / (true + sum(diag(part) - s)))
    }
    found <- try(factanal(covmat = part, factors = 1, rotation = "none",
                          control = list(nstart = 3, opt = list(factr = 1, pgtol = 0, maxit = 5000))), silent = TRUE)
    if (inherits(found, "try-error") || any(found$uniquenesses < 0.00501)) return(NA_real_)
    sd <- sqrt(diag(part))
    true <- sum(found$loadings[, 1] * sd)^2
    true / (true + sum(found$uniquenesses * diag(part)))
  }, 0)
}

# Polychoric correlations by lavaan's two steps, with their asymptotic covariances.
ordinal_of <- function(data) {
  k <- ncol(data)
  names(data) <- paste0("x", seq_len(k))
  model <- paste("f =~", paste(names(data), collapse = " + "))
  fit <- suppressWarnings(cfa(model, data = data, ordered = names(data), estimator = "WLSMV"))
  P <- unclass(lavInspect(fit, "sampstat")$cov)
  gamma <- lavInspect(fit, "gamma")
  at <- which(lower.tri(P), arr.ind = TRUE)
  last <- seq_len(nrow(at)) + nrow(gamma) - nrow(at)
  error <- function(f) {
    g <- numDeriv::grad(function(r) {
      M <- diag(k)
      M[at] <- r
      M[at[, 2:1]] <- r
      f(M)
    }, P[at])
    sqrt(drop(g %*% gamma[last, last] %*% g) / nrow(data))
  }
  list(
    correlations = P, alpha = alpha_of(P), alpha_std_error = error(alpha_of),
    lambda_2 = lambda2_of(P), lambda_2_std_error = error(lambda2_of),
    lambda_6 = lambda6_of(P), lambda_6_std_error = error(lambda6_of)
  )
}

reliability_case <- function(path, items, reversed = character(), low = NA, high = NA, rows = NULL, group_factors = 3,
                             ordinal = FALSE, factors = length(items) >= 6) {
  data <- keyed_items(path, items, reversed, low, high, rows)
  S <- cov(data); R <- cov2cor(S); k <- length(items); n <- nrow(data)
  half <- lapply(first_items(k), function(first) c(halves_of(S, first), list(first = length(first))))
  named <- list(
    alpha = alpha_of, alpha_standardised = function(M) alpha_of(cov2cor(M)), lambda_2 = lambda2_of,
    lambda_2_standardised = function(M) lambda2_of(cov2cor(M)), lambda_6 = lambda6_of,
    lambda_6_standardised = function(M) lambda6_of(cov2cor(M)),
    spearman_brown_odd_even = function(M) halves_of(M, first_items(k)$odd_even)$spearman_brown,
    guttman_odd_even = function(M) halves_of(M, first_items(k)$odd_even)$guttman,
    spearman_brown_first_second = function(M) halves_of(M, first_items(k)$first_second)$spearman_brown,
    guttman_first_second = function(M) halves_of(M, first_items(k)$first_second)$guttman
  )
  errors <- covariance_errors(data, named)
  raw <- suppressWarnings(splitHalf(data, covar = TRUE, check.keys = FALSE))
  std <- suppressWarnings(splitHalf(data, covar = FALSE, check.keys = FALSE))
  drops <- suppressWarnings(suppressMessages(alpha(data, check.keys = FALSE, warnings = FALSE)))$alpha.drop
  a <- alpha_of(S)
  z <- qnorm(0.975)
  off <- R[lower.tri(R)]
  exact <- k <= 16
  record(list(
    data = path, columns = I(items), complete_rows = TRUE, rows = if (!is.null(rows)) I(rows),
    reversed = I(reversed), low = low, high = high, n = n, items = I(items),
    estimates = lapply(named, function(f) f(S)),
    std_error = lapply(errors, function(e) e[["normal"]]), std_error_free = lapply(errors, function(e) e[["free"]]),
    bonett = list(
      ci_low = 1 - exp(log(1 - a) + z * sqrt(2 * k / ((k - 1) * (n - 2)))),
      ci_high = 1 - exp(log(1 - a) - z * sqrt(2 * k / ((k - 1) * (n - 2))))
    ),
    psych_lambda_2 = raw$lambda2, psych_lambda_2_standardised = std$lambda2,
    psych_lambda_6 = raw$lambda6, psych_lambda_6_standardised = std$lambda6,
    psych_splits = if (k %% 2 == 0 && exact) list(
      covariances = list(max = raw$maxrb, min = raw$minrb, mean = raw$meanr),
      correlations = list(max = std$maxrb, min = std$minrb, mean = std$meanr)
    ),
    splits = if (exact) list(covariances = all_splits_of(S), correlations = all_splits_of(R)),
    halves = half,
    smc = I(as.numeric(1 - 1 / diag(solve(R)))),
    alpha_standardised_if_dropped = I(drops$std.alpha), average_r_if_dropped = I(drops$average_r),
    omega_if_dropped = if (k > 3) I(omega_dropped_of(S)),
    average_r = mean(off), median_r = median(off), min_r = min(off), max_r = max(off),
    sd_mean = sd(rowMeans(data)), sd_sum = sd(rowSums(data)),
    hierarchy = if (factors) omega_of(R, group_factors, n),
    ordinal = if (ordinal) ordinal_of(data)
  ), c("psych", "lavaan", "GPArotation"))
}

# The same coefficients from all rows by full information: the saturated model of lavaan, whose errors come from the
# observed information, and the one-factor model.
fiml_case <- function(path, items, reversed = character(), low = NA, high = NA, rows = NULL) {
  source("../../R/sem.R")
  data <- read_data(path, items)
  if (!is.null(rows)) data <- data[rows, , drop = FALSE]
  for (item in reversed) data[[item]] <- low + high - data[[item]]
  k <- length(items)
  pairs <- which(lower.tri(diag(k), diag = TRUE), arr.ind = TRUE)
  saturated <- paste(items[pairs[, 2]], "~~", items[pairs[, 1]], collapse = "\n")
  close <- fit_closely("sem", saturated, data = data, missing = "fiml", meanstructure = TRUE, fixed.x = FALSE)
  table <- parameterEstimates(close$fit)
  covariances <- table[table$op == "~~", ]
  names <- paste0(covariances$lhs, "~~", covariances$rhs)
  i <- match(covariances$lhs, items); j <- match(covariances$rhs, items)
  V <- unclass(vcov(close$fit))[names, names]
  whole <- function(s) {
    M <- matrix(0, k, k)
    M[cbind(i, j)] <- s
    M[cbind(j, i)] <- s
    M
  }
  named <- list(
    alpha = alpha_of, alpha_standardised = function(M) alpha_of(cov2cor(M)), lambda_2 = lambda2_of,
    lambda_6 = lambda6_of, lambda_6_standardised = function(M) lambda6_of(cov2cor(M)),
    guttman_odd_even = function(M) halves_of(M, first_items(k)$odd_even)$guttman,
    spearman_brown_first_second = function(M) halves_of(M, first_items(k)$first_second)$spearman_brown
  )
  errors <- lapply(named, function(f) {
    g <- numDeriv::grad(function(s) f(whole(s)), covariances$est, method = "Richardson")
    sqrt(drop(g %*% V %*% g))
  })
  factor <- paste0(
    "f =~ NA*", items[1], " + ", paste0("l", seq_len(k), "*", items, collapse = " + "), "\nf ~~ 1*f\n",
    paste0(items, " ~~ e", seq_len(k), "*", items, collapse = "\n"), "\n",
    "common := (", paste0("l", seq_len(k), collapse = " + "), ")^2\n",
    "omega := common / (common + ", paste0("e", seq_len(k), collapse = " + "), ")\n"
  )
  one <- parameterEstimates(fit_closely("cfa", factor, data = data, missing = "fiml")$fit)
  S <- whole(covariances$est)
  n <- sum(rowSums(!is.na(data)) > 0)
  record(list(
    data = path, columns = I(items), complete_rows = FALSE, rows = if (!is.null(rows)) I(rows),
    reversed = I(reversed), low = low, high = high, n = n, answered = I(colSums(!is.na(data))), items = I(items),
    estimates = lapply(named, function(f) f(S)), std_error = errors,
    mean = I(table$est[table$op == "~1"][match(items, table$lhs[table$op == "~1"])]),
    sd = I(sqrt(diag(S) * n / (n - 1))),
    omega = one$est[one$lhs == "omega"], omega_std_error = one$se[one$lhs == "omega"],
    hierarchy = if (k >= 6) omega_of(cov2cor(S), 3, n)
  ), c("psych", "lavaan", "GPArotation"))
}
