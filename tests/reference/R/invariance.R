# Measurement invariance: a ladder of nested models over groups or waves, latent means, and effect sizes.

source("../../R/sem_after.R")

measures_of_fit <- function(fit) {
  wanted <- c("npar", "chisq", "df", "pvalue", "cfi", "rmsea", "srmr", "aic", "bic", "chisq.scaled", "df.scaled",
              "pvalue.scaled", "chisq.scaling.factor", "cfi.scaled", "rmsea.scaled", "cfi.robust", "rmsea.robust")
  measures <- fitMeasures(fit)
  known <- measures[wanted]
  names(known) <- wanted
  as.list(unclass(known))
}

# Estimates of the latent means with their tests, and the latent variances beside them.
latent_means <- function(fit) {
  table <- as.data.frame(unclass(parameterEstimates(fit)))
  means <- table[table$op == "~1" & table$lhs %in% lavNames(fit, "lv"), ]
  if (is.null(means$group)) means$group <- rep(NA, nrow(means)) else means$group <- lavInspect(fit, "group.label")[means$group]
  compact(means[, c("lhs", "group", "est", "se", "z", "pvalue")])
}

# Each level's fit, its difference from the level before (lavTestLRT), the changes of the indices, and the latent means.
# `levels` is a named list of lists of arguments; `file` names another model than model.lav.
ladder_case <- function(data, levels, columns = NULL, complete = FALSE, check = NULL, ...) {
  frame <- read_data(data, columns, complete)
  closes <- lapply(levels, function(own) {
    model <- model_text(if (is.null(own$file)) "model.lav" else own$file)
    own$file <- NULL
    do.call(settle, c(list("cfa", model, data = frame), modifyList(list(...), own)))
  })
  fits <- lapply(closes, function(close) close$fit)
  if (!is.null(check)) check(fits, frame)
  measures <- lapply(fits, measures_of_fit)
  ladder <- data.frame(level = names(levels), do.call(rbind, lapply(measures, function(m) as.data.frame(m))))
  for (index in c("cfi", "rmsea", "srmr", "cfi.scaled", "rmsea.scaled", "cfi.robust", "rmsea.robust")) {
    ladder[[paste0("delta_", index)]] <- c(NA, diff(ladder[[index]]))
  }
  record(c(start_of_record(data, columns, complete), list(
    n = I(lavInspect(fits[[1]], "nobs")),
    ladder = compact(ladder),
    tests = differences(fits, "default")$default,
    latent_means = lapply(fits, latent_means),
    distance_in_se = max(vapply(closes, function(close) close$distance, 0)),
    warnings = lapply(closes, function(close) close$warnings)
  )), c("lavaan", "semTools"))
}

# --- effect sizes of two groups -----------------------------------------------------------------------------------------

# d_MACS (Nye & Drasgow, 2011, eq. 10): the root mean square difference of the expected answers over the focal group's
# latent distribution, in standard deviations of the item pooled over the groups (weighted by N - 1). The integral is found
# numerically and by its closed form, which must agree.
effect_sizes <- function(fit, reference = 1, focal = 2) {
  estimates <- lavInspect(fit, "est")
  a <- estimates[[reference]]
  b <- estimates[[focal]]
  n <- lavInspect(fit, "nobs")
  observed <- lavInspect(fit, "sampstat")
  # standard deviations with divisor N - 1
  deviation <- sapply(c(reference, focal), function(g) sqrt(diag(observed[[g]]$cov) * n[g] / (n[g] - 1)))
  weight <- n[c(reference, focal)] - 1
  pooled <- drop(deviation %*% weight) / sum(weight)
  rows <- list()
  for (factor in colnames(a$lambda)) for (item in rownames(a$lambda)[a$lambda[, factor] != 0]) {
    slope <- a$lambda[item, factor] - b$lambda[item, factor]
    level <- a$nu[item, 1] - b$nu[item, 1]
    mean <- b$alpha[factor, 1]
    spread <- sqrt(b$psi[factor, factor])
    squared <- integrate(function(x) (level + slope * x)^2 * dnorm(x, mean, spread), mean - 12 * spread, mean + 12 * spread,
                         rel.tol = 1e-12)$value
    closed <- (level + slope * mean)^2 + slope^2 * spread^2
    stopifnot(abs(squared - closed) < 1e-9)
    rows[[item]] <- data.frame(factor = factor, item = item, pooled_sd = pooled[[item]], dmacs = sqrt(closed) / pooled[[item]],
                               mean_difference = level + slope * mean)
  }
  compact(do.call(rbind, rows))
}

# Latent mean differences of the scalar model in standard deviations of the first group and pooled over both.
mean_effects <- function(fit) {
  estimates <- lavInspect(fit, "est")
  n <- lavInspect(fit, "nobs")
  factors <- rownames(estimates[[1]]$alpha)
  variance <- sapply(estimates, function(e) diag(e$psi)[factors])
  difference <- estimates[[2]]$alpha[factors, 1] - estimates[[1]]$alpha[factors, 1]
  pooled <- sqrt((n[1] * variance[, 1] + n[2] * variance[, 2]) / sum(n))
  compact(data.frame(factor = factors, difference = difference, by_first = difference / sqrt(variance[, 1]),
                     by_pooled = difference / pooled))
}

# The model in which one item a factor (the first) has equal loading and intercept; every other item is free.
effects_case_of_groups <- function(data, group, columns = NULL, complete = FALSE, ...) {
  frame <- read_data(data, columns, complete)
  table <- lavaanify(model_text())
  loadings <- table[table$op == "=~", ]
  others <- loadings[duplicated(loadings$lhs), ]
  partial <- c(paste(others$lhs, "=~", others$rhs), paste(others$rhs, "~1"))
  equal <- c("loadings", "intercepts")
  free <- settle("cfa", model_text(), data = frame, group = group, group.equal = equal, group.partial = partial, ...)
  scalar <- settle("cfa", model_text(), data = frame, group = group, group.equal = equal, ...)
  record(c(start_of_record(data, columns, complete), list(
    groups = I(lavInspect(free$fit, "group.label")), reference_items = I(loadings$rhs[!duplicated(loadings$lhs)]),
    dmacs = effect_sizes(free$fit), latent_means = mean_effects(scalar$fit), scalar_means = latent_means(scalar$fit)
  )), "lavaan")
}

# --- waves --------------------------------------------------------------------------------------------------------------

# The ladder over three waves as semTools writes it must have the chi-squares of ours; `fits` is the list of the levels.
as_semtools <- function(fits, frame) {
  equal <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"),
                strict = c("loadings", "intercepts", "residuals"), means = c("loadings", "intercepts", "residuals", "means"))
  for (level in names(fits)) {
    syntax <- measEq.syntax(configural.model = model_text(), data = frame, ID.fac = "marker", auto = "all",
                            longFacNames = list(morale = c("morale1", "morale2", "morale3")),
                            longIndNames = list(JOBSAT = paste0("JOBSAT", 1:3), COMMIT = paste0("COMMIT", 1:3),
                                                READY = paste0("READY", 1:3)),
                            long.equal = equal[[level]], meanstructure = TRUE)
    theirs <- cfa(as.character(syntax), frame, meanstructure = TRUE)
    gap <- abs(fitMeasures(theirs, c("chisq", "df")) - fitMeasures(fits[[level]], c("chisq", "df")))
    if (any(gap > 1e-5)) stop(level, " differs from semTools by ", paste(gap, collapse = " "))
  }
}
