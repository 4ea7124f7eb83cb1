# Multiply imputed data: Rubin's rules and pooled tests, at the optimum of every completed data set, held against
# semTools::runMI (whose fits stop a little earlier).

source("../../R/sem_after.R")

# --- data -----------------------------------------------------------------------------------------------------------------

# Eight personality items of the first 250 persons, a fifth of the answers of four of them removed depending on another
# item, five completed data sets by predictive mean matching. One file; .imp is the number of the data set.
make_imputed <- function(path) {
  RNGkind("Mersenne-Twister", "Inversion", "Rejection")
  items <- c(paste0("A", 2:5), paste0("C", c(1:3, 5)))
  frame <- read_data("../../data/personality.csv", items)[1:250, ]
  set.seed(20261125)
  for (item in c("A2", "A4", "C1", "C3")) {
    chance <- ifelse(is.na(frame$A5), 0.2, 0.05 + 0.06 * frame$A5)
    frame[runif(nrow(frame)) < chance, item] <- NA
  }
  imputed <- mice::mice(frame, m = 5, method = "pmm", seed = 11, printFlag = FALSE)
  completed <- lapply(1:5, function(i) cbind(.imp = i, mice::complete(imputed, i)))
  write_data(do.call(rbind, completed), file.path(path, "imputed.csv"))
  write_data(frame, file.path(path, "incomplete.csv"))
}

completed_sets <- function(path) {
  frame <- read_data(path)
  lapply(split(frame[, names(frame) != ".imp"], frame$.imp), function(part) {
    rownames(part) <- NULL
    part
  })
}

# --- pooling ----------------------------------------------------------------------------------------------------------------

free_rows <- function(fit) {
  table <- parTable(fit)
  table$free > 0
}

# Rubin (1987): T = W + (1 + 1/m) B, df = (m - 1)(1 + 1/riv)^2, fmi = B(1 + 1/m)/T; semTools reports by default standard
# errors from (1 + ARIV) W, ARIV the mean relative increase over all parameters (Li, Raghunathan & Rubin, 1991).
pooled_table <- function(fits) {
  m <- length(fits)
  q <- sapply(fits, function(fit) parTable(fit)$est[free_rows(fit)])
  variances <- lapply(fits, function(fit) unclass(vcov(fit)))
  w <- Reduce(`+`, variances) / m
  b <- cov(t(q))
  estimate <- rowMeans(q)
  within <- diag(w)
  between <- (1 + 1 / m) * diag(b)
  total <- within + between
  riv <- between / within
  df <- (m - 1) * (1 + 1 / riv)^2
  ariv <- (1 + 1 / m) * sum(diag(b %*% solve(w))) / nrow(q)
  se <- sqrt(total)
  table <- parTable(fits[[1]])[free_rows(fits[[1]]), c("lhs", "op", "rhs")]
  half <- qt(0.975, df) * se
  # Barnard and Rubin (1999), with the complete-data degrees of freedom N - 1
  complete <- lavInspect(fits[[1]], "ntotal") - 1
  lambda <- between / total
  observed <- (complete + 1) / (complete + 3) * complete * (1 - lambda)
  list(table = compact(data.frame(table, estimate = estimate, std_error = se, t = estimate / se, df = df,
                                  p_value = 2 * pt(-abs(estimate / se), df), ci_low = estimate - half,
                                  ci_high = estimate + half, riv = riv, fmi = between / total,
                                  fmi_small_sample = (riv + 2 / (df + 3)) / (riv + 1),
                                  df_barnard_rubin = 1 / (1 / df + 1 / observed),
                                  std_error_semtools = sqrt((1 + ariv) * within))),
       ariv = ariv, estimate = estimate)
}

as_test <- function(x) as.list(unclass(x))

# D2 (Li, Meng, Raghunathan & Rubin, 1991) from the statistics of the completed data sets, written out.
d2 <- function(statistics, df) {
  m <- length(statistics)
  ariv <- (1 + 1 / m) * var(sqrt(statistics))
  f <- (mean(statistics) / df - (m + 1) / (m - 1) * ariv) / (1 + ariv)
  df2 <- df^(-3 / m) * (m - 1) * (1 + 1 / ariv)^2
  found <- list(f = max(f, 0), df1 = df, df2 = df2, p_value = pf(max(f, 0), df, df2, lower.tail = FALSE), ariv = ariv,
                chisq = max(f, 0) * df, p_value_chisq = pchisq(max(f, 0) * df, df, lower.tail = FALSE))
  theirs <- calculate.D2(statistics, df)
  stopifnot(abs(theirs[["F"]] - found$f) < 1e-10, abs(theirs[["df2"]] / df2 - 1) < 1e-10)
  found
}

# D3 (Meng & Rubin, 1992) from the mean statistic and the one at the pooled estimates.
d3 <- function(mean_statistic, pooled_statistic, df, m) {
  a <- df * (m - 1)
  ariv <- (m + 1) / a * (mean_statistic - pooled_statistic)
  f <- pooled_statistic / (df * (1 + ariv))
  df2 <- if (a > 4) 4 + (a - 4) * (1 + (1 - 2 / a) / ariv)^2 else a * (1 + 1 / df) * (1 + 1 / ariv)^2 / 2
  list(f = f, df1 = df, df2 = df2, p_value = pf(f, df, df2, lower.tail = FALSE), ariv = ariv, chisq = f * df,
       p_value_chisq = pchisq(f * df, df, lower.tail = FALSE))
}

# Log-likelihoods of the completed data sets at fixed parameter values.
at_estimates <- function(fitter, model, sets, fits, estimate, ...) {
  table <- parTable(fits[[1]])
  table$est[free_rows(fits[[1]])] <- estimate
  sapply(sets, function(data) {
    fit <- suppressWarnings(do.call(fitter, list(model = model, data = data, start = table, optim.method = "none", se = "none",
                                                 fixed.x = TRUE, check.start = FALSE, baseline = FALSE, ...)))
    fitMeasures(fit, "logl")[[1]]
  })
}

# The same under the saturated model at the mean of the covariances (divisor N); means are those of each data set unless
# the model has a mean structure.
at_saturated <- function(sets, fits, means) {
  names_of <- lavNames(fits[[1]])
  sets <- lapply(sets, function(data) as.matrix(data[, names_of]))
  n <- nrow(sets[[1]])
  covariances <- lapply(sets, function(data) crossprod(scale(data, scale = FALSE)) / n)
  sigma <- Reduce(`+`, covariances) / length(sets)
  centre <- Reduce(`+`, lapply(sets, colMeans)) / length(sets)
  mapply(function(data, s) {
    if (means) s <- s + tcrossprod(colMeans(data) - centre)
    -n / 2 * (ncol(data) * log(2 * pi) + determinant(sigma)$modulus[[1]] + sum(diag(solve(sigma, s))))
  }, sets, covariances)
}

indices <- function(chisq, df, baseline, baseline_df, n) {
  list(cfi = 1 - max(chisq - df, 0) / max(chisq - df, baseline - baseline_df, 0),
       tli = 1 - ((chisq - df) * baseline_df) / ((baseline - baseline_df) * df),
       rmsea = sqrt(max(chisq - df, 0) / (n * df)))
}

pooled_srmr <- function(fits, estimate) {
  model <- lavaan::lav_model_set_parameters(fits[[1]]@Model, x = estimate)
  implied <- lavaan::lav_model_implied(model)
  observed <- Reduce(`+`, lapply(fits, function(fit) unclass(lavInspect(fit, "sampstat")$cov))) / length(fits)
  root <- sqrt(diag(observed))
  gap <- (observed - implied$cov[[1]]) / tcrossprod(root)
  sqrt(mean(gap[lower.tri(gap, diag = TRUE)]^2))
}

statistics_of <- function(fits, test = "standard") {
  sapply(fits, function(fit) lavInspect(fit, "test")[[test]]$stat)
}

# Fits of model.lav to the completed sets, and of `nested` (a more restricted model) for the comparison. `robust` is the
# name of the scaled test, NULL for plain maximum likelihood.
pooled_case <- function(path, nested, robust = NULL, meanstructure = FALSE, ...) {
  sets <- unname(completed_sets(path))
  m <- length(sets)
  fit_all <- function(model) lapply(sets, function(data) settle("cfa", model, data = data, meanstructure = meanstructure, ...)$fit)
  models <- list(free = model_text(), nested = model_text(nested))
  fits <- lapply(models, fit_all)
  pools <- lapply(fits, pooled_table)
  df <- sapply(fits, function(list) fitMeasures(list[[1]], "df")[[1]])
  baseline <- sapply(fits$free, function(fit) fitMeasures(fit, "baseline.chisq")[[1]])
  baseline_df <- fitMeasures(fits$free[[1]], "baseline.df")[[1]]
  logl <- mapply(function(model, list, pool) {
    at_estimates("cfa", model, sets, list, pool$estimate, meanstructure = meanstructure)
  }, models, fits, pools)
  saturated <- at_saturated(sets, fits$free, meanstructure)
  exact <- list(free = d3(mean(statistics_of(fits$free)), 2 * mean(saturated - logl[, "free"]), df[["free"]], m),
                difference = d3(mean(statistics_of(fits$nested) - statistics_of(fits$free)),
                                2 * mean(logl[, "free"] - logl[, "nested"]), df[["nested"]] - df[["free"]], m))
  separate <- list(free = d2(statistics_of(fits$free), df[["free"]]), baseline = d2(baseline, baseline_df),
                   difference = d2(statistics_of(fits$nested) - statistics_of(fits$free), df[["nested"]] - df[["free"]]))
  n <- nrow(sets[[1]])
  content <- list(
    imputed = path, m = m, n = n, pooled = pools$free$table, ariv = pools$free$ariv, nested = pools$nested$table,
    statistics = list(free = I(statistics_of(fits$free)), nested = I(statistics_of(fits$nested))),
    d2 = separate, d3 = exact,
    indices_d2 = indices(separate$free$chisq, df[["free"]], separate$baseline$chisq, baseline_df, n),
    srmr = if (!meanstructure) pooled_srmr(fits$free, pools$free$estimate)
  )
  if (!is.null(robust)) content$robust <- robust_part(fits, robust, df, separate, exact)
  mi <- lapply(models, function(model) cfa.mi(model, data = sets, meanstructure = meanstructure, ...))
  check_pooling(mi, content, pools, robust)
  content$semtools <- semtools_part(mi, robust)
  record(content, c("lavaan", "mice", "semTools"))
}

# Scaled tests: the statistics of the completed sets pooled (D2), and the pooled plain statistic divided by the mean of the
# scaling factors, for D2 and D3.
robust_part <- function(fits, robust, df, separate, exact) {
  scale <- sapply(fits, function(list) mean(sapply(list, function(fit) lavInspect(fit, "test")[[robust]]$scaling.factor)))
  difference <- (df[["nested"]] * scale[["nested"]] - df[["free"]] * scale[["free"]]) / (df[["nested"]] - df[["free"]])
  scaled <- function(test, factor, df) {
    chisq <- test$chisq / factor
    list(chisq = chisq, df = df, p_value = pchisq(chisq, df, lower.tail = FALSE), scaling_factor = factor)
  }
  list(pooled_scaled = d2(statistics_of(fits$free, robust), df[["free"]]),
       pooled_scaled_difference = d2(
         mapply(function(free, nested) lavTestLRT(free, nested)[2, "Chisq diff"], fits$free, fits$nested),
         df[["nested"]] - df[["free"]]),
       d2 = scaled(separate$free, scale[["free"]], df[["free"]]), d3 = scaled(exact$free, scale[["free"]], df[["free"]]),
       d2_difference = scaled(separate$difference, difference, df[["nested"]] - df[["free"]]),
       d3_difference = scaled(exact$difference, difference, df[["nested"]] - df[["free"]]))
}

quietly <- function(expression) suppressMessages(suppressWarnings(expression))

# A few indices as semTools prints them (its tli.robust is 1 whatever the data say).
some <- function(measures) {
  wanted <- c("baseline.chisq", "baseline.df", "cfi", "tli", "rmsea", "srmr", "cfi.scaled", "cfi.robust", "tli.robust")
  as_test(measures[intersect(wanted, names(measures))])
}

semtools_part <- function(mi, robust) {
  found <- list(d2 = as_test(quietly(lavTestLRT.mi(mi$free, test = "D2", asymptotic = !is.null(robust)))),
                d3 = as_test(quietly(lavTestLRT.mi(mi$free, test = "D3", asymptotic = !is.null(robust)))),
                d2_difference = as_test(quietly(lavTestLRT.mi(mi$nested, h1 = mi$free, test = "D2"))),
                d3_difference = as_test(quietly(lavTestLRT.mi(mi$nested, h1 = mi$free, test = "D3"))),
                fit_d2 = some(quietly(fitMeasures(mi$free, test = "D2"))),
                fit_d3 = some(quietly(fitMeasures(mi$free))))
  if (!is.null(robust)) {
    found$pooled_scaled <- as_test(quietly(lavTestLRT.mi(mi$free, test = "D2", pool.robust = TRUE)))
    found$pooled_scaled_difference <- as_test(quietly(lavTestLRT.mi(mi$nested, h1 = mi$free, test = "D2", pool.robust = TRUE)))
  }
  found
}

# Ours and semTools' must agree to what its fits leave.
check_pooling <- function(mi, content, pools, robust) {
  rubin <- as.data.frame(quietly(summary(mi$free, output = "data.frame", scale.W = FALSE, fmi = TRUE)))
  scaled <- as.data.frame(quietly(summary(mi$free, output = "data.frame")))
  free <- !is.na(rubin$t)
  ours <- pools$free$table
  near <- function(a, b, tolerance) stopifnot(max(abs(unclass(a) - b) / pmax(abs(b), 1e-3)) < tolerance)
  near(ours$estimate, rubin$est[free], 1e-4)
  near(ours$std_error, rubin$se[free], 1e-4)
  near(ours$std_error_semtools, scaled$se[free], 1e-4)
  near(ours$riv, rubin$riv[free], 1e-3)
  near(ours$fmi, rubin$fmi[free], 1e-3)
  if (!is.null(robust)) return(invisible())
  d2_theirs <- quietly(lavTestLRT.mi(mi$free, test = "D2"))
  d3_theirs <- quietly(lavTestLRT.mi(mi$free, test = "D3"))
  near(content$d2$free$f, d2_theirs[["F"]], 1e-4)
  near(content$d3$free$f, d3_theirs[["F"]], 1e-4)
  near(content$d3$free$df2, d3_theirs[["df2"]], 1e-3)
  near(content$d3$difference$f, quietly(lavTestLRT.mi(mi$nested, h1 = mi$free, test = "D3"))[["F"]], 1e-3)
  theirs <- quietly(fitMeasures(mi$free, test = "D2"))
  near(content$indices_d2$cfi, theirs[["cfi"]], 1e-5)
  near(content$indices_d2$rmsea, theirs[["rmsea"]], 1e-4)
  near(content$srmr, theirs[["srmr"]], 1e-4)
}
