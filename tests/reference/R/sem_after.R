# What is computed after a structural equation model is fitted: modification indices, score tests, residuals, factor
# scores, likelihood-ratio tests. Everything is evaluated at the optimum itself, for the reason told in sem.R.

suppressMessages({library(lavaan); library(semTools)})
source("../../R/record.R")
source("../../R/sem.R")

# --- fits ---------------------------------------------------------------------------------------------------------------

# lavaan's fit driven to the optimum, for every estimator whose discrepancy is the normal-theory likelihood (ML, MLM, MLMV,
# MLR, with or without missing values, one or several groups). Steps use the observed information of the plain ML fit, in
# which lavaan keeps equality constraints; the saturated model of incomplete data is driven to 1e-12 as well (lavaan stops
# at 1e-5). lavaan must not "repair" the points handed back as start values (check.start), as it does where a correlation
# of factors is beyond one. `fit` carries the standard errors and tests that were asked for.
settle <- function(fitter, model, ...) {
  asked <- modifyList(list(model = model, fixed.x = TRUE, em.h1.tol = 1e-12, em.h1.iter.max = 10000L), list(...))
  refit <- function(...) suppressWarnings(do.call(fitter, modifyList(asked, list(...))))
  plain <- list(estimator = "ML", se = "standard", test = "standard", information = "observed", baseline = FALSE)
  first <- with_warnings(do.call(fitter, asked))
  newton <- do.call(refit, plain)
  variances <- vcov(newton)
  steps <- sum(lavInspect(newton, "nobs")) * variances
  close <- newton
  table <- parTable(newton)
  smallest <- Inf
  for (round in 1:50) {
    step <- as.numeric(steps %*% lavInspect(close, "gradient"))
    size <- max(abs(step) / sqrt(pmax(diag(variances), 1e-300)))
    if (size >= smallest * 0.9) break
    smallest <- size
    best <- table
    if (size < 1e-12) break
    table$est[table$free > 0] <- table$est[table$free > 0] - step[table$free[table$free > 0]]
    close <- do.call(refit, modifyList(plain, list(start = table, optim.method = "none", se = "none", test = "none",
                                                   check.start = FALSE)))
  }
  stopifnot(smallest < 1e-8)
  polished <- refit(start = best, optim.method = "none", check.start = FALSE)
  # lavaan would start the baseline model from `best` too, and end a little off its optimum or nowhere
  polished@baseline <- first$value@baseline
  list(first = first$value, warnings = first$warnings, fit = polished, distance = smallest)
}

# --- what is written ----------------------------------------------------------------------------------------------------

# A lavaan table with the columns that are wanted and there; `group` is the label of the group, 0 and "" become null.
rows_of <- function(table, wanted, fit = NULL) {
  table <- as.data.frame(unclass(table), stringsAsFactors = FALSE)
  if (!is.null(fit) && lavInspect(fit, "ngroups") > 1 && !is.null(table$group)) {
    table$group <- c(NA, lavInspect(fit, "group.label"))[table$group + 1]
  } else if ("group" %in% wanted) {
    table$group <- rep(NA, nrow(table))
  }
  table[, intersect(wanted, names(table)), drop = FALSE]
}

# Name, operator and group of the parameter behind each of lavaan's own names (.p2.) or a label.
parameter_names <- function(fit, names) {
  table <- parTable(fit)
  row <- match(names, table$plabel)
  row[is.na(row)] <- match(names[is.na(row)], table$label)
  rows_of(table[row, ], c("lhs", "op", "rhs", "group"), fit)
}

# A table as a list of its columns, which takes a quarter of the space of a list of rows.
compact <- function(table) lapply(as.list(table), I)

start_of_record <- function(data, columns = NULL, complete = FALSE) {
  list(data = data, columns = if (!is.null(columns)) I(columns), complete_rows = complete)
}

short_fit <- function(close) {
  fit <- close$fit
  list(n = I(lavInspect(fit, "nobs")), npar = fitMeasures(fit, "npar")[[1]], df = fitMeasures(fit, "df")[[1]],
       chisq = fitMeasures(fit, "chisq")[[1]], fx = lavInspect(fit, "optim")$fx, warnings = close$warnings,
       distance_in_se = close$distance)
}

# --- modification indices and score tests -------------------------------------------------------------------------------

# lavaan 0.6-14 has no scaled modification index (versions before 0.6 did): here it is the index divided by the scaling
# factor of the chi-square, which is what they did.
modification_table <- function(fit) {
  found <- with_warnings(modindices(fit))
  table <- rows_of(found$value, c("lhs", "op", "rhs", "group", "mi", "epc", "sepc.lv", "sepc.all", "sepc.nox"), fit)
  tests <- lavInspect(fit, "test")
  factor <- if (length(tests) > 1 && length(tests[[2]]$scaling.factor) == 1) tests[[2]]$scaling.factor else NA
  if (!is.na(factor)) table$mi.scaled <- table$mi / factor
  list(scaling_factor = factor, table = compact(table), warnings = found$warnings)
}

score_table <- function(fit, table, added) {
  numbers <- data.frame(statistic = table$X2, df = table$df, p_value = table$p.value)
  if (!is.null(table$epc)) numbers$epc <- table$epc
  if (added) return(compact(cbind(name = table$lhs, numbers)))
  first <- parameter_names(fit, table$lhs)
  second <- parameter_names(fit, table$rhs)
  names(second) <- paste0("second_", names(second))
  compact(cbind(first, second, numbers))
}

# lavTestScore: all constraints released together, one at a time, one after the other, and the changes to be expected.
score_test <- function(fit, ...) {
  added <- "add" %in% names(list(...))
  found <- with_warnings(lavTestScore(fit, ..., cumulative = TRUE, epc = TRUE))
  total <- found$value$test
  list(total = list(statistic = total$X2, df = total$df, p_value = total$p.value),
       univariate = score_table(fit, found$value$uni, added),
       cumulative = score_table(fit, found$value$cumulative, added),
       changes = compact(rows_of(found$value$epc, c("lhs", "op", "rhs", "group", "label", "est", "epc", "epv"), fit)),
       warnings = found$warnings)
}

# One case: modification indices, the test of the equality constraints (where there are some) and of `add`ed parameters.
indices_case <- function(fitter, data, columns = NULL, complete = FALSE, add = NULL, ...) {
  close <- settle(fitter, model_text(), data = read_data(data, columns, complete), ...)
  constrained <- any(parTable(close$fit)$op == "==")
  record(c(start_of_record(data, columns, complete), short_fit(close), list(
    modification = modification_table(close$fit),
    released = if (constrained) score_test(close$fit),
    add = if (!is.null(add)) I(add),
    added = if (!is.null(add)) score_test(close$fit, add = paste(add, collapse = "\n"))
  )), "lavaan")
}

# --- residuals ----------------------------------------------------------------------------------------------------------

by_group <- function(fit, value) if (lavInspect(fit, "ngroups") == 1) list(value) else unname(unclass(value))

residual_part <- function(part) {
  kept <- part[intersect(names(part), c("cov", "mean", "cov.se", "mean.se", "cov.z", "mean.z"))]
  lapply(kept, function(x) if (is.matrix(x)) plain_matrix(x) else as.list(unclass(x)))
}

# Standardised (residual over its standard error, Maydeu-Olivares), normalised and Mplus residuals, correlation residuals
# with standard errors, and the root mean squares with their tests; a list of groups.
residuals_case <- function(fitter, data, columns = NULL, complete = FALSE, ...) {
  close <- settle(fitter, model_text(), data = read_data(data, columns, complete), ...)
  fit <- close$fit
  kinds <- c("standardized", "normalized", "standardized.mplus")
  by_kind <- lapply(kinds, function(kind) lapply(by_group(fit, residuals(fit, type = kind)), residual_part))
  names(by_kind) <- kinds
  detailed <- lapply(c(raw = "raw", cor.bentler = "cor.bentler", cor.bollen = "cor.bollen"), function(kind) {
    lapply(by_group(fit, lavResiduals(fit, type = kind, se = TRUE)), function(part) {
      summary <- as.data.frame(unclass(part$summary))
      c(residual_part(part), list(summary = lapply(summary, function(column) {
        as.list(setNames(column, rownames(part$summary)))
      })))
    })
  })
  record(c(start_of_record(data, columns, complete), short_fit(close), list(
    groups = if (lavInspect(fit, "ngroups") > 1) I(lavInspect(fit, "group.label")), kinds = by_kind, detailed = detailed
  )), "lavaan")
}

# --- factor scores ------------------------------------------------------------------------------------------------------

# Scores of all rows as the sums of their squares and of them, and themselves for every `every`-th row (row numbers of the
# data, from 0). Standard errors are one row for all or, with missing values, one for each.
scores_by <- function(fit, method, every) {
  scores <- lavPredict(fit, method = method, se = "standard")
  errors <- attr(scores, "se")
  groups <- if (lavInspect(fit, "ngroups") == 1) list(scores) else unname(unclass(scores))
  places <- lavInspect(fit, "case.idx")
  if (!is.list(places)) places <- list(places)
  lapply(seq_along(groups), function(g) {
    found <- plain_matrix(unclass(groups[[g]]))
    error <- plain_matrix(unclass(errors[[g]]))
    shown <- seq(1, nrow(found), by = every)
    list(rows = I(places[[g]][shown] - 1), scores = found[shown, , drop = FALSE],
         std_error = if (nrow(error) > 1) error[shown, , drop = FALSE] else error,
         n = nrow(found), sum = as.list(colSums(found)), sum_of_squares = as.list(colSums(found^2)))
  })
}

scores_case <- function(fitter, data, columns = NULL, complete = FALSE, every = 10, ...) {
  close <- settle(fitter, model_text(), data = read_data(data, columns, complete), ...)
  fit <- close$fit
  record(c(start_of_record(data, columns, complete), short_fit(close), list(
    groups = if (lavInspect(fit, "ngroups") > 1) I(lavInspect(fit, "group.label")),
    regression = scores_by(fit, "regression", every), bartlett = scores_by(fit, "Bartlett", every)
  )), "lavaan")
}

# --- likelihood-ratio tests ---------------------------------------------------------------------------------------------

difference_table <- function(found) {
  table <- as.data.frame(unclass(found$value), check.names = FALSE)
  shift <- attr(found$value, "shift")
  columns <- c(Df = "df", AIC = "aic", BIC = "bic", Chisq = "chisq", "Chisq diff" = "chisq_diff", "Df diff" = "df_diff",
               RMSEA = "rmsea_of_difference", "Pr(>Chisq)" = "p_value")
  table <- table[, intersect(names(columns), names(table))]
  names(table) <- columns[names(table)]
  if (!is.null(shift)) {
    table$scale <- attr(found$value, "scale")
    table$shift <- shift
  }
  compact(cbind(model = attr(found$value, "row.names"), table))
}

# The fits compared by each method; a method lavaan refuses is recorded with its message.
differences <- function(fits, methods) {
  found <- lapply(methods, function(method) {
    answer <- with_warnings(tryCatch(do.call(lavTestLRT, c(unname(fits), list(method = method, model.names = names(fits)))),
                                     error = identity))
    if (inherits(answer$value, "error")) {
      return(list(error = trimws(gsub("[[:space:]]+", " ", conditionMessage(answer$value)))))
    }
    list(tests = difference_table(answer), warnings = answer$warnings)
  })
  setNames(found, methods)
}

# satorra.bentler.2010 evaluates the larger model where it implies the smaller one's moments. lavaan 0.6-14 takes the smaller
# one's estimates by name instead, which are other moments where a latent mean is free in the smaller model alone (equal
# intercepts over groups). Here the implied means become the intercepts of the larger model (whose latent means are 0);
# NULL where there is nothing to repair.
repaired_2010 <- function(closes, refits) {
  changed <- FALSE
  found <- rep(NA_real_, length(closes))
  for (i in seq_along(closes)[-1]) {
    larger <- closes[[i - 1]]$fit
    smaller <- closes[[i]]$fit
    if (lavInspect(smaller, "ngroups") == 1) return(NULL)
    theirs <- suppressWarnings(lavaan:::lav_test_diff_m10(larger, smaller, test = TRUE))
    gap <- mapply(function(a, b) max(abs(a$mean - b$mean)), fitted(theirs), fitted(smaller))
    changed <- changed || max(gap) > 1e-6
    table <- parTable(larger)
    name <- function(t) paste(t$lhs, t$op, t$rhs, t$group)
    table$est <- parTable(smaller)$est[match(name(table), name(parTable(smaller)))]
    for (g in seq_len(lavInspect(smaller, "ngroups"))) {
      mean <- fitted(smaller)[[g]]$mean
      own <- which(table$op == "~1" & table$group == g)
      table$est[own] <- ifelse(table$lhs[own] %in% names(mean), mean[table$lhs[own]], 0)
    }
    between <- refits[[i - 1]](start = table, optim.method = "none", check.start = FALSE, baseline = FALSE)
    stopifnot(mapply(function(a, b) max(abs(a$mean - b$mean), abs(a$cov - b$cov)), fitted(between), fitted(smaller)) < 1e-9)
    df <- c(larger@test[[1]]$df, smaller@test[[1]]$df)
    factor <- (df[2] * smaller@test[[2]]$scaling.factor - df[1] * between@test[[2]]$scaling.factor) / diff(df)
    found[i] <- (smaller@test[[1]]$stat - larger@test[[1]]$stat) / factor
  }
  if (changed) list(chisq_diff = I(found))
}

# `models` is a named list of lists of arguments beside those all share; `file` names the model (model.lav without it).
tests_case <- function(fitter, data, models, methods, columns = NULL, complete = FALSE, ...) {
  frame <- read_data(data, columns, complete)
  shared <- list(...)
  closes <- lapply(models, function(own) {
    model <- model_text(if (is.null(own$file)) "model.lav" else own$file)
    own$file <- NULL
    do.call(settle, c(list(fitter, model, data = frame), modifyList(shared, own)))
  })
  wanted <- c("chisq", "df", "pvalue", "chisq.scaled", "df.scaled", "pvalue.scaled", "chisq.scaling.factor",
              "chisq.shift.parameters", "cfi", "rmsea", "srmr", "cfi.scaled", "rmsea.scaled", "cfi.robust", "rmsea.robust",
              "aic", "bic", "logl", "npar")
  refits <- lapply(models, function(own) {
    model <- model_text(if (is.null(own$file)) "model.lav" else own$file)
    own$file <- NULL
    function(...) {
      asked <- modifyList(modifyList(c(list(model = model, data = frame, fixed.x = TRUE), shared), own), list(...))
      suppressWarnings(do.call(fitter, asked))
    }
  })
  repaired <- if ("satorra.bentler.2010" %in% methods) repaired_2010(closes, refits)
  record(c(start_of_record(data, columns, complete), list(
    models = lapply(closes, function(close) {
      measures <- fitMeasures(close$fit)
      c(as.list(unclass(measures[intersect(wanted, names(measures))])), list(warnings = close$warnings,
                                                                           distance_in_se = close$distance))
    }),
    differences = differences(lapply(closes, function(close) close$fit), methods),
    repaired = if (!is.null(repaired)) list(satorra.bentler.2010 = repaired)
  )), "lavaan")
}
