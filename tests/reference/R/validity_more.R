# Discriminant validity, composite reliability and bifactor indices beyond validity.R.

source("../../R/sem_after.R")

lower <- function(m) plain_matrix(unclass(m))

# --- HTMT -----------------------------------------------------------------------------------------------------------------

# HTMT by its formula (Henseler, Ringle & Sarstedt, 2015), to show what semTools computes: mean correlation between two
# blocks of items over the geometric mean of the mean correlations within them.
by_formula <- function(r, blocks, average) {
  within <- sapply(blocks, function(b) average(r[b, b][lower.tri(diag(length(b)))]))
  found <- diag(length(blocks))
  for (i in seq_along(blocks)) for (j in seq_along(blocks)) {
    if (i != j) found[i, j] <- average(r[blocks[[i]], blocks[[j]]]) / sqrt(within[i] * within[j])
  }
  dimnames(found) <- list(names(blocks), names(blocks))
  found
}

htmt_tables <- function(model, data) {
  table <- lavaanify(model)
  table <- table[table$op == "=~", ]
  blocks <- split(table$rhs, factor(table$lhs, unique(table$lhs)))
  complete <- data[complete.cases(data[, table$rhs]), table$rhs]
  r <- cor(complete)
  kinds <- list(
    htmt = list(theirs = htmt(model, data, htmt2 = FALSE), ours = by_formula(abs(r), blocks, mean)),
    htmt2 = list(theirs = htmt(model, data, htmt2 = TRUE),
                 ours = by_formula(abs(r), blocks, function(x) exp(mean(log(x))))),
    htmt_signed = list(theirs = htmt(model, data, htmt2 = FALSE, absolute = FALSE), ours = by_formula(r, blocks, mean))
  )
  lapply(kinds, function(kind) {  # semTools has no value where a mean correlation is negative
    known <- lower.tri(kind$ours) & is.finite(kind$ours)
    stopifnot(all(abs(unclass(kind$theirs)[known] - kind$ours[known]) < 1e-10),
              identical(is.finite(kind$ours), is.finite(unclass(kind$theirs)) | diag(length(blocks)) == 1))
    plain_matrix(kind$ours)
  })
}

# --- constrained correlations -----------------------------------------------------------------------------------------------

# The difference between two fits, both at their optimum.
difference <- function(free, constrained) {
  chisq <- fitMeasures(constrained, "chisq")[[1]] - fitMeasures(free, "chisq")[[1]]
  df <- fitMeasures(constrained, "df")[[1]] - fitMeasures(free, "df")[[1]]
  c(chisq_diff = chisq, df_diff = df, p_value = pchisq(chisq, df, lower.tail = FALSE))
}

# Factors of variance one, so that covariances are correlations; each is then fixed at plus or minus the cutoff (where it is
# not beyond it already), or its two factors are merged. semTools::discriminantValidity does the same and stops earlier.
correlation_tests <- function(fitter, model, cutoff, ...) {
  free <- settle(fitter, model, std.lv = TRUE, ...)$fit
  table <- as.data.frame(unclass(parameterEstimates(free)))
  factors <- lavNames(free, "lv")
  pairs <- table[table$op == "~~" & table$lhs != table$rhs & table$lhs %in% factors & table$rhs %in% factors, ]
  rows <- lapply(seq_len(nrow(pairs)), function(i) {
    a <- pairs$lhs[i]
    b <- pairs$rhs[i]
    r <- pairs$est[i]
    limit <- if (abs(r) > cutoff) r else sign(r) * cutoff
    fixed <- settle(fitter, paste0(model, "\n", a, " ~~ ", sprintf("%.17g", limit), "*", b), std.lv = TRUE, ...)$fit
    found <- difference(free, fixed)
    if (abs(r) > cutoff) found[c("chisq_diff", "p_value")] <- c(0, 1)
    data.frame(lhs = a, rhs = b, correlation = r, std_error = pairs$se[i], ci_low = pairs$ci.lower[i],
               ci_high = pairs$ci.upper[i], t(found))
  })
  list(cutoff = cutoff, table = compact(do.call(rbind, rows)))
}

merged <- function(fitter, model, ...) {
  free <- settle(fitter, model, std.lv = TRUE, ...)$fit
  table <- lavaanify(model)
  loadings <- table[table$op == "=~", ]
  factors <- unique(loadings$lhs)
  pairs <- combn(factors, 2)
  rows <- lapply(seq_len(ncol(pairs)), function(i) {
    joined <- loadings
    joined$lhs[joined$lhs == pairs[1, i]] <- pairs[2, i]
    text <- paste(joined$lhs, "=~", joined$rhs, collapse = "\n")
    one <- settle(fitter, text, std.lv = TRUE, ...)$fit
    data.frame(lhs = pairs[1, i], rhs = pairs[2, i], t(difference(free, one)))
  })
  compact(do.call(rbind, rows))
}

semtools_tests <- function(fitter, model, cutoff, merge, ...) {
  fit <- do.call(fitter, list(model = model, std.lv = TRUE, ...))
  found <- as.data.frame(suppressMessages(suppressWarnings(discriminantValidity(fit, cutoff = cutoff, merge = merge))),
                         check.names = FALSE)
  compact(data.frame(lhs = found$lhs, rhs = found$rhs, correlation = found$est, ci_low = found$ci.lower,
                     ci_high = found$ci.upper, chisq_diff = found[["Chisq diff"]], df_diff = found[["Df diff"]],
                     p_value = found[["Pr(>Chisq)"]]))
}

# Both must find the same to what lavaan's optimiser leaves.
nearly <- function(ours, theirs) {
  order <- match(paste(ours$lhs, ours$rhs), paste(theirs$lhs, theirs$rhs))
  back <- match(paste(ours$lhs, ours$rhs), paste(theirs$rhs, theirs$lhs))
  order[is.na(order)] <- back[is.na(order)]
  stopifnot(max(abs(unclass(ours$chisq_diff) - unclass(theirs$chisq_diff)[order])) < 1e-3,
            all(unclass(ours$df_diff) == unclass(theirs$df_diff)[order]))
}

# --- composite reliability --------------------------------------------------------------------------------------------------

reliabilities <- function(fit, higher = character(0)) {
  quietly <- function(...) suppressMessages(suppressWarnings(compRelSEM(fit, ...)))
  plainly <- function(x) if (is.data.frame(x)) lapply(split(x, seq_len(nrow(x))), as.list) else as.list(unclass(x))
  found <- list(omega_observed = quietly(obs.var = TRUE), omega_implied = quietly(obs.var = FALSE),
                alpha = quietly(tau.eq = TRUE, obs.var = TRUE))
  if (length(higher)) {
    found$higher_observed <- quietly(obs.var = TRUE, higher = higher)
    found$higher_implied <- quietly(obs.var = FALSE, higher = higher)
    found$second_order <- suppressWarnings(suppressMessages(reliabilityL2(fit, higher)))
  } else {
    found$ave_observed <- suppressWarnings(suppressMessages(AVE(fit, obs.var = TRUE)))
    found$ave_implied <- suppressWarnings(suppressMessages(AVE(fit, obs.var = FALSE)))
  }
  lapply(found, plainly)
}

# Of the sum of a factor's items: the factor's common variance, and 1'Theta1 of its items alone.
omega_of <- function(fit, factor) {
  estimates <- lavInspect(fit, "est")
  loading <- estimates$lambda[, factor]
  items <- names(loading)[loading != 0]
  common <- sum(loading)^2 * lavInspect(fit, "cov.lv")[factor, factor]
  common / (common + sum(estimates$theta[items, items]))
}

# --- bifactor ---------------------------------------------------------------------------------------------------------------

# Rodriguez, Reise and Haviland (2016) from standardised loadings l (rows items; the general factor first) and uniqueness u:
# omega = (sum of squared column sums)/variance of the sum, omega_h = (sum l_g)^2/variance; the same over a group factor's
# items; ECV, I-ECV, PUC; H = 1/(1 + 1/sum(l^2/(1 - l^2))); determinacy = sqrt(diag(L' Sigma^-1 L)).
bifactor_indices <- function(l, u) {
  general <- l[, 1]
  groups <- l[, -1, drop = FALSE]
  sigma <- l %*% t(l) + diag(u)
  rows <- lapply(seq_len(ncol(l)), function(j) {
    inside <- if (j == 1) rep(TRUE, nrow(l)) else l[, j] != 0
    variance <- sum(l[inside, 1])^2 + sum(colSums(groups[inside, , drop = FALSE])^2) + sum(u[inside])
    stopifnot(abs(variance - sum(sigma[inside, inside])) < 1e-10)
    own <- l[inside, j]
    data.frame(factor = colnames(l)[j], items = sum(inside), omega = (variance - sum(u[inside])) / variance,
               omega_h = sum(own)^2 / variance, ecv = sum(l[, j]^2) / sum(l^2), ecv_own = sum(own^2) / sum(l[inside, ]^2),
               h = 1 / (1 + 1 / sum(own^2 / (1 - own^2))),
               determinacy = sqrt((t(l) %*% solve(sigma) %*% l)[j, j]))
  })
  p <- nrow(l)
  sizes <- colSums(groups != 0)
  list(factors = compact(do.call(rbind, rows)),
       puc = 1 - sum(sizes * (sizes - 1)) / (p * (p - 1)),
       items = compact(data.frame(item = rownames(l), general = general, item_ecv = general^2 / rowSums(l^2))))
}

standardised_loadings <- function(fit, general) {
  table <- as.data.frame(unclass(standardizedSolution(fit)))
  loadings <- table[table$op == "=~", ]
  factors <- c(general, setdiff(unique(loadings$lhs), general))
  items <- unique(loadings$rhs)
  l <- matrix(0, length(items), length(factors), dimnames = list(items, factors))
  l[cbind(loadings$rhs, loadings$lhs)] <- loadings$est.std
  own <- table[table$op == "~~" & table$lhs == table$rhs, ]
  list(l = l, u = own$est.std[match(items, own$lhs)])
}

# The same by lavTestLRT, which takes the difference that suits the estimator.
scaled_correlation_tests <- function(model, cutoff, ...) {
  free <- settle("cfa", model, std.lv = TRUE, ...)$fit
  pairs <- combn(lavNames(free, "lv"), 2)
  rows <- lapply(seq_len(ncol(pairs)), function(i) {
    r <- lavInspect(free, "cor.lv")[pairs[1, i], pairs[2, i]]
    held <- paste0(model, "\n", pairs[1, i], " ~~ ", sign(r) * cutoff, "*", pairs[2, i])
    found <- suppressWarnings(lavTestLRT(free, settle("cfa", held, std.lv = TRUE, ...)$fit))[2, ]
    data.frame(lhs = pairs[1, i], rhs = pairs[2, i], chisq_diff = found[["Chisq diff"]], df_diff = found[["Df diff"]],
               p_value = found[["Pr(>Chisq)"]])
  })
  list(cutoff = cutoff, table = compact(do.call(rbind, rows)))
}

# --- cases ------------------------------------------------------------------------------------------------------------------

discriminant_case <- function(data, columns = NULL, complete = FALSE, cutoffs = c(0.9, 1)) {
  frame <- read_data(data, columns, complete)
  model <- model_text()
  fit <- settle("cfa", model, data = frame)$fit
  factors <- lavNames(fit, "lv")
  # the mean of squared standardised loadings (Fornell & Larcker, 1981); semTools::AVE divides sums over the items instead,
  # so that items of large variance count more: `ave_implied` of the reliabilities
  ave <- with(subset(standardizedSolution(fit), op == "=~"), tapply(est.std^2, factor(lhs, factors), mean))
  tests <- lapply(cutoffs, function(cutoff) correlation_tests("cfa", model, cutoff, data = frame))
  theirs <- lapply(cutoffs, function(cutoff) semtools_tests("cfa", model, cutoff, FALSE, data = frame))
  for (i in seq_along(cutoffs)) nearly(tests[[i]]$table, theirs[[i]])
  joined <- merged("cfa", model, data = frame)
  nearly(joined, semtools_tests("cfa", model, 1, TRUE, data = frame))
  record(c(start_of_record(data, columns, complete), list(
    n = I(lavInspect(fit, "nobs")), htmt = htmt_tables(model, frame), ave = as.list(ave),
    omega = sapply(factors, function(factor) omega_of(fit, factor), simplify = FALSE),
    cor_lv = plain_matrix(lavInspect(fit, "cor.lv")), cutoff_tests = tests, merged = joined,
    reliability = reliabilities(fit)
  )), c("lavaan", "semTools"))
}

htmt_case <- function(data, columns = NULL, complete = FALSE) {
  record(c(start_of_record(data, columns, complete), htmt_tables(model_text(), read_data(data, columns, complete))),
         c("lavaan", "semTools"))
}

# Of polychoric correlations, by semTools and by the formula from lavaan's correlations.
ordinal_htmt_case <- function(data, columns = NULL, complete = FALSE) {
  frame <- read_data(data, columns, complete)
  model <- model_text()
  table <- lavaanify(model)
  table <- table[table$op == "=~", ]
  blocks <- split(table$rhs, factor(table$lhs, unique(table$lhs)))
  r <- lavCor(frame[, table$rhs], ordered = table$rhs)
  found <- lapply(list(htmt = mean, htmt2 = function(x) exp(mean(log(x)))), by_formula, r = abs(r), blocks = blocks)
  theirs <- htmt(model, frame, ordered = table$rhs, htmt2 = FALSE)
  known <- lower.tri(found$htmt)
  stopifnot(all(abs(unclass(theirs)[known] - found$htmt[known]) < 1e-10))
  record(c(start_of_record(data, columns, complete), lapply(found, plain_matrix)), c("lavaan", "semTools"))
}

bifactor_case <- function(data, general, ...) {
  close <- settle("cfa", model_text(), data = read_data(data), ...)
  parts <- standardised_loadings(close$fit, general)
  record(c(start_of_record(data), short_fit(close), bifactor_indices(parts$l, parts$u), list(
    reliability = reliabilities(close$fit)
  )), c("lavaan", "semTools"))
}

# A second-order model: semTools' coefficients, and the bifactor indices of its Schmid-Leiman solution.
second_order_case <- function(data, general, ...) {
  close <- settle("cfa", model_text(), data = read_data(data), ...)
  fit <- close$fit
  table <- as.data.frame(unclass(standardizedSolution(fit)))
  first <- table[table$op == "=~" & table$lhs != general, ]
  second <- table[table$op == "=~" & table$lhs == general, ]
  l <- matrix(0, nrow(first), 1 + nrow(second), dimnames = list(first$rhs, c(general, second$rhs)))
  upper <- second$est.std[match(first$lhs, second$rhs)]
  l[, 1] <- first$est.std * upper
  l[cbind(first$rhs, first$lhs)] <- first$est.std * sqrt(1 - upper^2)
  own <- table[table$op == "~~" & table$lhs == table$rhs, ]
  record(c(start_of_record(data), short_fit(close), list(
    reliability = reliabilities(fit, higher = general),
    schmid_leiman = bifactor_indices(l, own$est.std[match(first$rhs, own$lhs)])
  )), c("lavaan", "semTools"))
}

reliability_case <- function(data, columns = NULL, complete = FALSE, ...) {
  close <- settle("cfa", model_text(), data = read_data(data, columns, complete), ...)
  record(c(start_of_record(data, columns, complete), short_fit(close), list(
    groups = if (lavInspect(close$fit, "ngroups") > 1) I(lavInspect(close$fit, "group.label")),
    reliability = reliabilities(close$fit)
  )), c("lavaan", "semTools"))
}

scaled_discriminant_case <- function(data, cutoff, ...) {
  frame <- read_data(data, NULL, FALSE)
  record(c(start_of_record(data), list(cutoff_tests = scaled_correlation_tests(model_text(), cutoff, data = frame, ...))),
         "lavaan")
}
