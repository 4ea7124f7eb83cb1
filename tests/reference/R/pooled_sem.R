# Multiply imputed data beyond one factor model: imputed predictors whose moments are fixed, defined parameters, groups,
# equality constraints, fit indices from pooled likelihoods (D3) with their baseline, and the pooled Wald test (D1). All at
# the optimum of every completed data set, held against semTools (whose fits stop a little earlier).

source("../../R/pooled.R")

# Eight items, age and gender of 300 persons; answers to three items and the age removed depending on another item; four
# completed data sets by predictive mean matching.
make_imputed_paths <- function(path) {
  RNGkind("Mersenne-Twister", "Inversion", "Rejection")
  items <- c("A2", "A3", "A4", "A5", "C1", "C2", "C3")
  frame <- read_data("../../data/personality.csv", c(items, "gender", "age"), complete = TRUE)[401:700, ]
  frame$female <- as.numeric(frame$gender == "female")
  frame$gender <- NULL
  set.seed(20261126)
  for (item in c("A2", "A4", "C1", "age")) {
    frame[runif(nrow(frame)) < 0.04 + 0.05 * frame$A5, item] <- NA
  }
  imputed <- mice::mice(frame, m = 4, method = "pmm", seed = 12, printFlag = FALSE)
  completed <- lapply(1:4, function(i) cbind(.imp = i, mice::complete(imputed, i)))
  write_data(do.call(rbind, completed), file.path(path, "imputed.csv"))
}

groups_of <- function(data, group) if (is.null(group)) list(data) else split(data, factor(data[[group]], unique(data[[group]])))

moments_of <- function(data, names) {
  x <- as.matrix(data[, names, drop = FALSE])
  list(n = nrow(x), s = crossprod(scale(x, scale = FALSE)) / nrow(x), m = colMeans(x))
}

# Log-likelihood of one group under given moments; means are its own unless they are modelled.
normal_loglik <- function(own, s, m, means) {
  gap <- if (means) own$m - m else 0 * own$m
  -own$n / 2 * (ncol(s) * log(2 * pi) + determinant(s)$modulus[[1]] + sum(diag(solve(s, own$s + tcrossprod(gap)))))
}

# Log-likelihoods of the data sets at the mean of the saturated moments, given the variables `x`.
saturated_loglik <- function(sets, names, x, means, group) {
  one <- function(names) {
    parts <- lapply(sets, function(data) lapply(groups_of(data, group), moments_of, names))
    sapply(parts, function(of_set) {
      sum(mapply(function(number, own) {
        s <- Reduce(`+`, lapply(parts, function(p) p[[number]]$s)) / length(parts)
        m <- Reduce(`+`, lapply(parts, function(p) p[[number]]$m)) / length(parts)
        normal_loglik(own, s, m, means)
      }, seq_along(of_set), of_set))
    })
  }
  one(names) - if (length(x)) one(x) else 0
}

# The same for the baseline model at its pooled variances (and means), which leaves fixed predictors as they are.
baseline_loglik <- function(sets, names, x, means, group) {
  others <- setdiff(names, x)
  parts <- lapply(sets, function(data) lapply(groups_of(data, group), moments_of, others))
  sapply(parts, function(of_set) {
    sum(mapply(function(number, own) {
      s <- diag(diag(Reduce(`+`, lapply(parts, function(p) p[[number]]$s)) / length(parts)), length(others))
      m <- Reduce(`+`, lapply(parts, function(p) p[[number]]$m)) / length(parts)
      normal_loglik(own, s, m, means)
    }, seq_along(of_set), of_set))
  })
}

# Log-likelihoods of the data sets with the model at pooled estimates; fixed moments of predictors are their own.
model_loglik <- function(fitter, sets, fits, estimate, ...) {
  mapply(function(data, fit) {
    table <- parTable(fit)
    free <- table$free > 0
    table$est[free] <- estimate[table$free[free]]
    asked <- modifyList(list(model = model_text(), data = data, fixed.x = TRUE),
                        c(list(...), list(start = table, optim.method = "none", se = "none", test = "standard",
                                          estimator = "ML", check.start = FALSE, baseline = FALSE)))
    fitMeasures(suppressWarnings(do.call(fitter, asked)), "logl")[[1]]
  }, sets, fits)
}

pooled_matrices <- function(fits) {
  m <- length(fits)
  first <- !duplicated(parTable(fits[[1]])$free) & parTable(fits[[1]])$free > 0
  q <- t(sapply(fits, function(fit) parTable(fit)$est[parTable(fit)$free > 0]))
  w <- Reduce(`+`, lapply(fits, function(fit) unclass(vcov(fit)))) / m
  list(m = m, q = colMeans(q), w = w, b = cov(q), total = w + (1 + 1 / m) * cov(q))
}

# D1 (Li, Raghunathan & Rubin, 1991) of parameters that are all 0.
d1 <- function(pool, at) {
  k <- length(at)
  w <- pool$w[at, at, drop = FALSE]
  ariv <- (1 + 1 / pool$m) * sum(diag(pool$b[at, at, drop = FALSE] %*% solve(w))) / k
  f <- sum(pool$q[at] * solve(w, pool$q[at])) / (k * (1 + ariv))
  a <- k * (pool$m - 1)
  df2 <- if (a > 4) 4 + (a - 4) * (1 + (1 - 2 / a) / ariv)^2 else a * (1 + 1 / k) * (1 + 1 / ariv)^2 / 2
  list(f = f, df1 = k, df2 = df2, p_value = pf(f, k, df2, lower.tail = FALSE), ariv = ariv)
}

# Defined parameters at the pooled estimates, by the delta method with the total covariance matrix.
defined_table <- function(fit, pool) {
  table <- parTable(fit)
  rows <- which(table$op == ":=")
  if (!length(rows)) return(NULL)
  value <- function(q) {
    known <- as.list(setNames(q[table$free[table$free > 0]], table$label[table$free > 0]))
    sapply(rows, function(row) eval(parse(text = table$rhs[row]), known[nzchar(names(known))]))
  }
  slopes <- numDeriv::jacobian(value, pool$q)
  along <- function(v) diag(slopes %*% v %*% t(slopes))
  riv <- (1 + 1 / pool$m) * along(pool$b) / along(pool$w)
  compact(data.frame(name = table$lhs[rows], estimate = value(pool$q), std_error = sqrt(along(pool$total)), riv = riv,
                     fmi = riv / (1 + riv), df = (pool$m - 1) * (1 + 1 / riv)^2))
}

pooled_sem_case <- function(fitter, path, zero, robust = NULL, group = NULL, meanstructure = FALSE, ...) {
  sets <- unname(completed_sets(path))
  m <- length(sets)
  asked <- c(list(meanstructure = meanstructure), if (!is.null(group)) list(group = group), list(...))
  fits <- lapply(sets, function(data) do.call(settle, c(list(fitter, model_text(), data = data), asked))$fit)
  pool <- pooled_matrices(fits)
  names <- lavNames(fits[[1]], "ov")
  x <- lavNames(fits[[1]], "ov.x")
  df <- fitMeasures(fits[[1]], "df")[[1]]
  baseline_df <- fitMeasures(fits[[1]], "baseline.df")[[1]]
  table <- parTable(fits[[1]])
  free <- table$free > 0
  within <- diag(pool$w)
  riv <- (1 + 1 / m) * diag(pool$b) / within
  riv[riv < 1e-12] <- 0
  ariv <- (1 + 1 / m) * sum(diag(pool$b %*% MASS::ginv(pool$w))) / qr(pool$w)$rank
  logl <- do.call(model_loglik, c(list(fitter, sets, fits, pool$q), asked))
  saturated <- saturated_loglik(sets, names, x, meanstructure, group)
  independent <- baseline_loglik(sets, names, x, meanstructure, group)
  statistics <- statistics_of(fits)
  baseline <- sapply(fits, function(fit) fitMeasures(fit, "baseline.chisq")[[1]])
  of_model <- d3(mean(statistics), 2 * mean(saturated - logl), df, m)
  of_baseline <- d3(mean(baseline), 2 * mean(saturated - independent), baseline_df, m)
  n <- nrow(sets[[1]])
  npar <- fitMeasures(fits[[1]], "npar")[[1]]
  G <- lavInspect(fits[[1]], "ngroups")
  rmsea <- indices(of_model$chisq, df, of_baseline$chisq, baseline_df, n)$rmsea * sqrt(G)
  labels <- lavInspect(fits[[1]], "group.label")
  content <- list(
    imputed = path, m = m, n = n, npar = npar, df = df, baseline_df = baseline_df,
    pooled = compact(data.frame(table[free, c("lhs", "op", "rhs")],
                                group = if (is.null(group)) NA else labels[table$group[free]], estimate = pool$q,
                                std_error = sqrt(diag(pool$total)), riv = riv, fmi = riv / (1 + riv),
                                std_error_average = sqrt((1 + ariv) * within))),
    defined = defined_table(fits[[1]], pool), ariv = ariv, statistics = I(statistics),
    baseline_statistics = I(baseline), d2 = d2(statistics, df), d3 = of_model,
    baseline_d2 = d2(baseline, baseline_df), baseline_d3 = of_baseline,
    logl = mean(logl), unrestricted_logl = mean(saturated),
    cfi = indices(of_model$chisq, df, of_baseline$chisq, baseline_df, n)$cfi,
    tli = indices(of_model$chisq, df, of_baseline$chisq, baseline_df, n)$tli, rmsea = rmsea,
    zero = I(zero), d1 = d1(pool, match(zero, paste(table$lhs, table$op, table$rhs)[free]))
  )
  if (!is.null(robust)) {
    scale <- mean(sapply(fits, function(fit) lavInspect(fit, "test")[[robust]]$scaling.factor))
    of_base <- mean(sapply(fits, function(fit) fit@baseline$test[[robust]]$scaling.factor))
    content$robust <- list(pooled_scaled = d2(statistics_of(fits, robust), df), scaling_factor = scale,
                           baseline_scaling_factor = of_base, chisq = of_model$chisq / scale,
                           baseline_chisq = of_baseline$chisq / of_base,
                           cfi = 1 - max(of_model$chisq - scale * df, 0) /
                             max(of_model$chisq - scale * df, of_baseline$chisq - of_base * baseline_df, 0))
  }
  mi <- do.call(paste0(fitter, ".mi"), c(list(model_text(), data = sets), asked))
  random <- if (length(x)) do.call(paste0(fitter, ".mi"), c(list(model_text(), data = sets, fixed.x = FALSE), asked)) else mi
  check_pooled_sem(mi, random, content, robust, table[free, ], zero)
  record(content, c("lavaan", "mice", "semTools"))
}

# semTools must agree to what its fits leave. Its Wald test scales by another increase where several parameters are tested:
# one parameter is compared. With fixed predictors that were imputed its D3 sets a saturated likelihood at pooled moments of
# the predictors against a model at those of each data set; `random`, the same model with random predictors, has the same
# statistic without that.
check_pooled_sem <- function(mi, random, content, robust, table, zero) {
  near <- function(a, b, tolerance) stopifnot(max(abs(unlist(a) - unlist(b)) / pmax(abs(unlist(b)), 1e-3)) < tolerance)
  rubin <- as.data.frame(quietly(summary(mi, output = "data.frame", scale.W = FALSE, fmi = TRUE)))
  average <- as.data.frame(quietly(summary(mi, output = "data.frame")))
  free <- parTable(mi)$free > 0
  free <- free[!(parTable(mi)$op %in% c("==", "<", ">"))]
  near(content$pooled$estimate, rubin$est[free], 1e-4)
  near(content$pooled$std_error, rubin$se[free], 1e-4)
  near(content$pooled$std_error_average, average$se[free], 1e-4)
  measures <- quietly(fitMeasures(mi))
  near(content$d3$chisq, quietly(fitMeasures(random, "chisq"))[["chisq"]], 1e-3)
  if (identical(mi, random)) {
    near(content$baseline_d3$chisq, measures[["baseline.chisq"]], 1e-3)
    near(content$cfi, measures[["cfi"]], 1e-4)
    near(content$rmsea, measures[["rmsea"]], 1e-3)
    near(content$logl, measures[["logl"]], 1e-6)
  }
  if (!is.null(robust)) near(content$robust$chisq, measures[["chisq.scaled"]], 1e-3)
  if (!is.null(robust)) near(content$robust$cfi, measures[["cfi.robust"]], 1e-4)
  if (length(zero) == 1) {
    label <- table$label[match(zero, paste(table$lhs, table$op, table$rhs))]
    wald <- quietly(lavTestWald.mi(mi, paste(label, "== 0"), scale.W = FALSE))
    near(content$d1$f, wald[["F"]], 1e-3)
    near(content$d1$df2, wald[["df2"]], 1e-2)
  }
}
