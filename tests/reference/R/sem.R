# Fits of structural equation models by lavaan, driven to the optimum, and everything that is compared.
#
# lavaan's optimiser stops where the relative change is below 1e-10, which leaves up to about 1e-5 in an estimate;
# tightening its control options ends in "false convergence" instead. So the solution is polished here: Newton steps
# with lavaan's own gradient and observed information, each handed back as start values with optim.method = "none",
# until the largest step is below 1e-10 of its standard error (or stops shrinking). Everything recorded (standard
# errors, tests, indices) is then lavaan's own, evaluated at that point. `optim` tells both discrepancies.

suppressMessages(library(lavaan))
source("../../R/record.R")

model_text <- function(path = "model.lav") paste(readLines(path), collapse = "\n")

# lavaan's fit as it comes, with its warnings, and the polished one.
fit_closely <- function(fitter, model, ...) {
  refit <- function(...) suppressWarnings(do.call(fitter, modifyList(options, list(...))))
  options <- modifyList(list(model = model, fixed.x = TRUE), list(...))  # with `start` a table, lavaan's default is FALSE
  first <- with_warnings(do.call(fitter, options))
  newton <- refit(information = "observed")
  steps <- lavInspect(newton, "nobs") * vcov(newton)
  close <- first$value
  table <- parTable(close)
  smallest <- Inf
  for (round in 1:50) {
    step <- as.numeric(steps %*% lavInspect(close, "gradient"))
    size <- max(abs(step) / sqrt(pmax(diag(vcov(newton)), 1e-300)))
    if (size >= smallest * 0.9) break
    smallest <- size
    best <- table
    if (size < 1e-10) break
    table$est[table$free > 0] <- table$est[table$free > 0] - step[table$free[table$free > 0]]
    close <- refit(start = table, optim.method = "none", baseline = FALSE, se = "none", test = "none")
  }
  polished <- refit(start = best, optim.method = "none")
  # lavaan would start the baseline model from `best` too, and end a little off its optimum or nowhere
  polished@baseline <- first$value@baseline
  list(first = first$value, warnings = first$warnings, fit = polished, distance = smallest)
}

estimate_table <- function(fit) {
  wanted <- c("lhs", "op", "rhs", "label", "est", "se", "z", "pvalue", "ci.lower", "ci.upper", "std.lv", "std.all",
              "std.nox")
  table <- parameterEstimates(fit, standardized = TRUE, remove.nonfree = FALSE)
  if (is.null(table$label)) table$label <- ""
  as.data.frame(unclass(table))[, wanted]
}

standardised_table <- function(fit, type) {
  as.data.frame(unclass(standardizedSolution(fit, type = type)))[, c("lhs", "op", "rhs", "est.std", "se")]
}

plain_matrix <- function(m) matrix(as.numeric(m), nrow(m), ncol(m), dimnames = dimnames(m))

# Fit and record one case: `fitter` is "sem" or "cfa", `data` the path of the CSV file the tests read; `columns` and
# `complete` narrow it to the rows without a missing value in these columns.
sem_case <- function(fitter, data, columns = NULL, complete = FALSE, ...) {
  close <- fit_closely(fitter, model_text(), data = read_data(data, columns, complete), ...)
  record(c(list(data = data, columns = if (!is.null(columns)) I(columns), complete_rows = complete),
           sem_content(close)), "lavaan")
}

# The same from a covariance matrix (divisor N - 1) in a CSV file whose first column names the rows.
covariance_case <- function(fitter, path, n, ...) {
  covariance <- as.matrix(read.csv(path, row.names = 1, check.names = FALSE))
  close <- fit_closely(fitter, model_text(), sample.cov = covariance, sample.nobs = n, ...)
  record(c(list(sample_cov = path), sem_content(close)), "lavaan")
}

sem_content <- function(close) {
  fit <- close$fit
  latent <- plain_matrix(lavInspect(fit, "cov.lv"))
  eigenvalues <- if (nrow(latent)) eigen(latent, symmetric = TRUE, only.values = TRUE)$values else numeric()
  list(
    n = lavInspect(fit, "nobs"),
    estimates = estimate_table(fit),
    standardised = list(std.all = standardised_table(fit, "std.all"), std.lv = standardised_table(fit, "std.lv")),
    fit = as.list(unclass(fitMeasures(fit))),
    r_squared = as.list(lavInspect(fit, "rsquare")),
    observed = plain_matrix(lavInspect(fit, "sampstat")$cov),
    implied = plain_matrix(fitted(fit)$cov),
    residuals = list(raw = plain_matrix(residuals(fit, type = "raw")$cov),
                     cor = plain_matrix(residuals(fit, type = "cor")$cov)),
    vcov = plain_matrix(vcov(fit)),
    cov_lv = latent,
    cov_lv_eigenvalues = I(eigenvalues),
    admissible = suppressWarnings(lavInspect(fit, "post.check")),
    optim = list(converged = lavInspect(close$first, "converged"),
                 warnings = close$warnings,
                 first_fx = lavInspect(close$first, "optim")$fx,
                 fx = lavInspect(fit, "optim")$fx,
                 largest_gradient = max(abs(lavInspect(fit, "gradient"))),
                 distance_in_se = close$distance)
  )
}

# A model or data that should not be fitted: what lavaan says and what it gives all the same.
limit_case <- function(fitter, data, ...) {
  frame <- if (is.character(data)) read_data(data) else data
  found <- with_warnings(tryCatch(do.call(fitter, list(model = model_text(), data = frame, ...)), error = identity))
  fit <- found$value
  content <- list(data = if (is.character(data)) data, warnings = found$warnings, error = NULL)
  if (inherits(fit, "error")) {
    content["error"] <- trimws(gsub("[[:space:]]+", " ", conditionMessage(fit)))
  } else {
    table <- suppressWarnings(parameterEstimates(fit))
    free <- parTable(fit)$free[parTable(fit)$op != ":="] > 0
    converged <- lavInspect(fit, "converged")
    content <- c(content, list(
      converged = converged,
      npar = max(parTable(fit)$free) - sum(parTable(fit)$op == "=="),
      df = fit@test[[1]]$df,
      chisq = if (converged) fit@test[[1]]$stat else NA,
      standard_errors_missing = all(is.na(table$se[seq_along(free)][free])),
      admissible = if (converged) suppressWarnings(lavInspect(fit, "post.check")) else NA
    ))
  }
  record(content, "lavaan")
}
