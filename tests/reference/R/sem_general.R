# Fits of structural equation models by lavaan in general: means, groups, other estimators, robust tests, missing data,
# clusters, weights, constraints. As in sem.R the solution is driven to the optimum and handed back as start values with
# optim.method = "none", so that everything recorded is lavaan's own at that point. Here the Newton steps use lavaan's
# gradient and a Hessian taken from it by differences, within the constraints: for an equality the steps stay in the
# plane it leaves, for a nonlinear or an active one-sided constraint they solve the conditions of Kuhn and Tucker.
# The baseline model is polished likewise, and the EM algorithm of the saturated model runs to 1e-12.

suppressMessages(library(lavaan))
source("../../R/record.R")
of_lavaan <- function(name) getFromNamespace(name, "lavaan")

model_text <- function(path = "model.lav") paste(readLines(path), collapse = "\n")

# Gradient and Hessian of lavaan's discrepancy as functions of the free parameters.
slopes_of <- function(fit) {
  weigh <- !fit@SampleStats@missing.flag
  gradient <- function(x) {
    as.numeric(of_lavaan("lav_model_gradient")(
      lavmodel = fit@Model, GLIST = of_lavaan("lav_model_x2GLIST")(fit@Model, x = x), lavsamplestats = fit@SampleStats,
      lavdata = fit@Data, lavcache = fit@Cache, type = "free", group.weight = weigh))
  }
  hessian <- function(x) {
    columns <- vapply(seq_along(x), function(j) {
      h <- 1e-4 * max(abs(x[j]), 0.1)
      at <- function(k) gradient(replace(x, j, x[j] + k * h))
      (at(-2) - 8 * at(-1) + 8 * at(1) - at(2)) / (12 * h)
    }, numeric(length(x)))
    (columns + t(columns)) / 2
  }
  list(gradient = gradient, hessian = hessian)
}

# The constraints that hold at x: their values, Jacobian and, for multipliers l, the sum of l times their Hessians.
# Equalities that lavaan handles by its matrix K are not among them.
constraints_of <- function(fit, x, slack = 1e-5) {
  model <- fit@Model
  table <- parTable(fit)
  parts <- list()
  if (!model@eq.constraints && !is.null(body(model@ceq.function))) parts$equal <- model@ceq.function
  if (!is.null(body(model@cin.function))) {
    active <- which(model@cin.function(x) < slack)
    if (length(active)) parts$active <- function(x, ...) model@cin.function(x)[active]
  }
  free <- which(table$free > 0 & !duplicated(table$free))
  limits <- rep(NA, length(x))
  for (side in c("lower", "upper")) {
    bound <- table[[side]][free]
    if (is.null(bound)) next
    pressed <- which(abs(x - bound) < slack * pmax(1, abs(bound)))
    limits[pressed] <- bound[pressed]
    if (length(pressed)) parts[[side]] <- local({
      at <- pressed
      limit <- bound[at]
      sign <- if (side == "lower") 1 else -1
      function(x, ...) sign * (x[at] - limit)
    })
  }
  if (!length(parts)) return(NULL)
  value <- function(x) unlist(lapply(parts, function(part) part(x)), use.names = FALSE)
  list(value = value, jacobian = function(x) numDeriv::jacobian(value, x),
       bend = function(x, l) numDeriv::hessian(function(x) sum(l * value(x)), x),
       at_bounds = function(x) ifelse(is.na(limits), x, limits))
}

# The free parameters at the optimum, the largest step still to go in standard errors, and the multipliers.
polish <- function(fit, x = of_lavaan("lav_model_get_parameters")(fit@Model)) {
  slopes <- slopes_of(fit)
  held <- constraints_of(fit, x)
  n <- lavInspect(fit, "ntotal")
  smallest <- Inf
  best <- x
  multipliers <- numeric()
  for (round in 1:60) {
    g <- slopes$gradient(x)
    H <- slopes$hessian(x)
    if (is.null(held)) {
      Z <- if (fit@Model@eq.constraints) fit@Model@eq.constraints.K else diag(length(x))
      step <- -as.numeric(Z %*% solve(crossprod(Z, H %*% Z), crossprod(Z, g)))
    } else {
      J <- held$jacobian(x)
      if (length(multipliers)) H <- H - held$bend(x, multipliers)
      Z <- MASS::Null(t(J))
      system <- rbind(cbind(H, -t(J)), cbind(J, matrix(0, nrow(J), nrow(J))))
      solved <- qr.solve(system, c(-g, -held$value(x)), tol = 1e-14)
      step <- solved[seq_along(x)]
      multipliers <- solved[-seq_along(x)]
    }
    variance <- if (ncol(Z)) diag(Z %*% solve(crossprod(Z, H %*% Z), t(Z))) / n else rep(1, length(x))
    loose <- variance > 1e-14
    size <- max(abs(step[loose]) / sqrt(variance[loose]), if (is.null(held)) 0 else abs(held$value(x)))
    if (round > 3 && size >= smallest * 0.9) break
    if (size < smallest) {
      smallest <- size
      best <- x
    }
    if (size < 1e-11) break
    x <- x + step
  }
  if (!is.null(held)) best <- held$at_bounds(best)
  list(x = best, distance = smallest, multipliers = multipliers)
}

with_estimates <- function(table, x) {
  table$est[table$free > 0] <- x[table$free[table$free > 0]]
  table
}

# lavaan's baseline model at its optimum; lavaan would start it from `start` too, and end a little off it or nowhere.
baseline_as_it_comes <- of_lavaan("lav_object_independence")
baseline_closely <- function(object = NULL, ..., lavoptions = NULL) {
  if (!is.null(object)) object@Options$start <- "default"
  if (!is.null(lavoptions)) lavoptions$start <- "default"
  fit <- baseline_as_it_comes(object = object, ..., lavoptions = lavoptions)
  if (of_lavaan("lav_partable_npar")(fit@ParTable) == 0) return(fit)
  table <- fit@ParTable
  table$ustart <- with_estimates(table, polish(fit)$x)$est
  table <- table[setdiff(names(table), c("est", "start", "se"))]
  settings <- modifyList(fit@Options, list(optim.method = "none", optim.force.converged = TRUE))
  lavaan(table, slotOptions = settings, slotSampleStats = fit@SampleStats, slotData = fit@Data, slotCache = fit@Cache,
         sloth1 = fit@h1)
}
assignInNamespace("lav_object_independence", baseline_closely, "lavaan")

fit_closely <- function(fitter, model, ...) {
  options <- list(model = model, ...)
  if (!is.null(options$missing)) options <- modifyList(options, list(em.h1.tol = 1e-12, em.h1.iter.max = 20000L))
  first <- with_warnings(do.call(fitter, options))
  close <- polish(first$value)
  # with `start` a table, lavaan's default of fixed.x is FALSE
  again <- list(start = with_estimates(parTable(first$value), close$x), optim.method = "none",
                fixed.x = lavInspect(first$value, "options")$fixed.x)
  fit <- suppressWarnings(do.call(fitter, modifyList(options, again)))
  # constraints are kept to 1e-5 by lavaan and exactly here, which may cost a little
  worse <- lavInspect(fit, "optim")$fx - lavInspect(first$value, "optim")$fx
  if (worse > if (is.null(constraints_of(fit, close$x))) 1e-10 else 1e-6) stop("the steps ended at another point")
  list(first = first$value, warnings = first$warnings, distance = close$distance, multipliers = close$multipliers,
       fit = fit)
}

plain_matrix <- function(m) matrix(as.numeric(m), nrow(m), ncol(m), dimnames = dimnames(m))
by_column <- function(table) lapply(as.list(table), I)

# parameterEstimates() with the standard errors of the standardised solutions beside it, column by column.
estimate_columns <- function(fit) {
  table <- as.data.frame(unclass(parameterEstimates(fit, standardized = TRUE, remove.nonfree = FALSE)))
  if (is.null(table$label)) table$label <- ""
  if (is.null(table$group)) table$group <- ifelse(table$op == ":=", 0, 1)
  key <- function(t) paste(t$lhs, t$op, t$rhs)
  for (type in c("std.lv", "std.all", "std.nox")) {
    solution <- as.data.frame(unclass(standardizedSolution(fit, type = type)))
    stopifnot(identical(key(solution), key(table)))
    if (!is.null(solution$se)) table[[paste0(type, ".se")]] <- solution$se
    table[[type]] <- solution$est.std
  }
  wanted <- c("lhs", "op", "rhs", "group", "label", "est", "se", "z", "pvalue", "ci.lower", "ci.upper", "std.lv",
              "std.all", "std.nox", "std.lv.se", "std.all.se", "std.nox.se")
  by_column(table[, intersect(wanted, names(table))])
}

# The free parameters as `lhs op rhs`, with `.g2` ... behind those of the second and further groups.
free_names <- function(fit) {
  free <- parTable(fit)
  free <- free[free$free > 0 & !duplicated(free$free), ]
  paste0(trimws(paste(free$lhs, free$op, free$rhs)), ifelse(free$group > 1, paste0(".g", free$group), ""))
}

# The covariances and means of one group or of each.
moments <- function(found) {
  if (is.null(found)) return(NULL)
  if (is.null(found$cov)) return(lapply(found, moments))
  c(list(cov = plain_matrix(found$cov)), if (!is.null(found$mean)) list(mean = as.list(unclass(found$mean))))
}

tried <- function(expression) tryCatch(suppressWarnings(expression), error = function(e) NULL)

SETTINGS <- c("estimator", "se", "test", "information", "observed.information", "h1.information", "missing",
              "meanstructure", "fixed.x", "likelihood", "sample.cov.rescale", "bounds")

# Robust CFI, TLI and RMSEA where lavaan 0.6-14 departs from their formulas: with missing data it builds the model of
# complete data with fixed.x as by default, whatever the fit has; and it leaves the correction out where the baseline
# model's factor is 1, as it is for diagonally weighted least squares, but for rounding. What differs when both are mended.
repaired_measures <- function(fit) {
  measured <- function() unclass(suppressWarnings(fitMeasures(fit)))
  own <- measured()
  fixed_x <- paste0("baseline = FALSE, fixed.x = ", lavInspect(fit, "options")$fixed.x)
  changes <- list(lav_fit_fiml_corrected = c("baseline = FALSE", fixed_x))
  for (index in c("cfi", "tli", "nnfi", "rni")) {
    changes[[paste0("lav_fit_", index)]] <- c(" && c.hat != 1 && c.hat.null != 1", "")
  }
  as_they_come <- Map(of_lavaan, names(changes))
  put <- function(functions) Map(assignInNamespace, names(functions), functions, "lavaan")
  on.exit(put(as_they_come))
  put(Map(function(code, change) {
    text <- paste(deparse(body(code), width.cutoff = 500L), collapse = "\n")
    stopifnot(grepl(change[1], text, fixed = TRUE))
    body(code) <- parse(text = gsub(change[1], change[2], text, fixed = TRUE))[[1]]
    code
  }, as_they_come, changes))
  repaired <- measured()
  other <- which(abs(repaired - own) > 1e-12)
  if (length(other)) as.list(repaired[other])
}

general_content <- function(close, small = 40) {
  fit <- close$fit
  groups <- lavInspect(fit, "group.label")
  counts <- function(what) {
    if (length(groups)) as.list(setNames(lavInspect(fit, what), groups)) else lavInspect(fit, what)
  }
  squares <- lavInspect(fit, "rsquare")
  vcov <- tried(plain_matrix(lavInspect(fit, "vcov")))
  if (!is.null(vcov)) dimnames(vcov) <- list(free_names(fit), free_names(fit))
  list(
    n = counts("nobs"),
    n_read = counts("norig"),
    options = lapply(lavInspect(fit, "options")[SETTINGS], function(value) if (length(value) > 1) I(value) else value),
    estimates = estimate_columns(fit),
    fit = as.list(unclass(suppressWarnings(fitMeasures(fit)))),
    fit_repaired = repaired_measures(fit),
    r_squared = if (length(groups)) lapply(squares, as.list) else as.list(squares),
    observed = moments(lavInspect(fit, "sampstat")),
    implied = moments(fitted(fit)),
    residuals = list(raw = moments(residuals(fit, type = "raw")), cor = moments(residuals(fit, type = "cor")),
                     normalized = moments(tried(residuals(fit, type = "normalized"))),
                     standardized = moments(tried(residuals(fit, type = "standardized")))),
    vcov = if (!is.null(vcov) && nrow(vcov) <= small) vcov,
    admissible = suppressWarnings(lavInspect(fit, "post.check")),
    optim = list(converged = lavInspect(close$first, "converged"),
                 warnings = close$warnings,
                 first_fx = lavInspect(close$first, "optim")$fx,
                 fx = lavInspect(fit, "optim")$fx,
                 multipliers = I(close$multipliers),
                 distance_in_se = close$distance,
                 polished = close$distance < 1e-8)
  )
}

# Fit and record one case: `fitter` is "sem" or "cfa", `data` the path of the CSV file the tests read; `columns` and
# `complete` narrow it to the rows without a missing value in these columns.
general_case <- function(fitter, data, columns = NULL, complete = FALSE, ...) {
  close <- fit_closely(fitter, model_text(), data = read_data(data, columns, complete), ...)
  record(c(list(data = data, columns = if (!is.null(columns)) I(columns), complete_rows = complete),
           general_content(close)), "lavaan")
}

# The same from moments: `path` is a CSV file, or several named by their groups, whose first column names the rows;
# covariances have divisor N - 1, a column `mean` holds the means.
moments_case <- function(fitter, path, n, ...) {
  read <- lapply(path, function(file) as.matrix(read.csv(file, row.names = 1, check.names = FALSE)))
  covariances <- lapply(read, function(m) m[, colnames(m) != "mean", drop = FALSE])
  means <- lapply(read, function(m) if ("mean" %in% colnames(m)) m[, "mean"])
  alone <- length(path) == 1
  known <- !is.null(means[[1]])
  settings <- list(sample.cov = if (alone) covariances[[1]] else covariances, sample.nobs = n)
  if (known) settings$sample.mean <- if (alone) means[[1]] else means
  close <- do.call(fit_closely, c(list(fitter, model_text()), settings, list(...)))
  record(c(list(moments = if (alone) path[[1]] else as.list(path)), general_content(close)), "lavaan")
}
