# Exploratory factor analysis: psych::fa and stats::factanal as they are, and the same optimum reached to many digits.
#
# psych and GPArotation stop early (L-BFGS-B at a relative change of 1e-8, gradient projection at 1e-5), so each case
# also has `exact`: the uniquenesses by nlminb with its tolerances at rounding, the rotation by GPArotation with
# eps 1e-7 from many random starts. The fit figures of `exact` are psych::fa.stats of those loadings.

suppressMessages({library(psych); library(GPArotation)})
source("../../R/record.R")

off_diagonal <- function(psi, r, m) {
  values <- eigen(r - diag(psi), symmetric = TRUE, only.values = TRUE)$values
  left <- values
  left[1:m] <- pmin(left[1:m], 0)
  sum(left^2) / 2
}
off_diagonal_slope <- function(psi, r, m) {
  found <- eigen(r - diag(psi), symmetric = TRUE)
  left <- found$values
  left[1:m] <- pmin(left[1:m], 0)
  -as.vector(found$vectors^2 %*% left)
}
likelihood <- function(psi, r, m) {
  values <- eigen(r / sqrt(outer(psi, psi)), symmetric = TRUE, only.values = TRUE)$values[-(1:m)]
  sum(values - log(values) - 1)
}
likelihood_slope <- function(psi, r, m) {
  found <- eigen(r / sqrt(outer(psi, psi)), symmetric = TRUE)
  as.vector(found$vectors[, -(1:m), drop = FALSE]^2 %*% (1 - found$values[-(1:m)])) / psi
}

# Uniquenesses at the minimum, from several starts; the lowest of them.
uniquenesses <- function(r, m, extraction) {
  f <- if (extraction == "ml") likelihood else off_diagonal
  slope <- if (extraction == "ml") likelihood_slope else off_diagonal_slope
  smc <- 1 - 1 / diag(solve(r))
  set.seed(1)
  starts <- c(list(1 - smc, (1 - 0.5 * m / nrow(r)) * (1 - smc)), lapply(1:8, function(i) runif(nrow(r), 0.1, 0.9)))
  found <- lapply(starts, function(start) {
    nlminb(pmax(start, 0.01), f, slope, r = r, m = m, lower = 0.005, upper = 1,
           control = list(rel.tol = 1e-15, x.tol = 1e-15, abs.tol = 0, eval.max = 5000, iter.max = 5000))
  })
  best <- found[[which.min(vapply(found, function(x) x$objective, 0))]]
  best$par <- polished(best$par, slope, r, m)
  best$objective <- f(best$par, r, m)
  best
}

# Newton steps with a Hessian by central differences of the slope, for what is not at the bound.
polished <- function(psi, slope, r, m) {
  free <- which(psi > 0.0051 & psi < 0.9999)
  for (step in 1:3) {
    hessian <- sapply(free, function(j) {
      away <- replace(0 * psi, j, 1e-5)
      ((slope(psi + away, r, m) - slope(psi - away, r, m)) / 2e-5)[free]
    })
    psi[free] <- psi[free] - solve(hessian, slope(psi, r, m)[free])
  }
  psi
}

unrotated <- function(r, m, extraction) {
  if (extraction == "paf") {
    found <- suppressWarnings(fa(r, m, rotate = "none", fm = "pa", min.err = 1e-13, max.iter = 200000, warnings = FALSE))
    loadings <- unclass(found$loadings)
    h2 <- rowSums(loadings^2)
    return(list(loadings = loadings, psi = 1 - h2, value = off_diagonal(1 - h2, r, m)))
  }
  best <- uniquenesses(r, m, extraction)
  psi <- best$par
  if (extraction == "ml") {
    found <- eigen(r / sqrt(outer(psi, psi)), symmetric = TRUE)
    size <- sqrt(pmax(found$values[1:m] - 1, 0))
    loadings <- sqrt(psi) * (found$vectors[, 1:m, drop = FALSE] %*% diag(size, m))
  } else {
    found <- eigen(r - diag(psi), symmetric = TRUE)
    loadings <- found$vectors[, 1:m, drop = FALSE] %*% diag(sqrt(pmax(found$values[1:m], 0)), m)
  }
  list(loadings = loadings, psi = psi, value = best$objective)
}

# The lowest criterion over random starts, by GPArotation.
lowest <- function(f, loadings, starts, ...) {
  m <- ncol(loadings)
  set.seed(2)
  found <- lapply(1:starts, function(i) {
    start <- if (i == 1) diag(m) else Random.Start(m)
    suppressWarnings(f(loadings, Tmat = start, eps = 1e-7, maxit = 3000, ...))
  })
  values <- vapply(found, function(x) x$Table[nrow(x$Table), 2], 0)
  ok <- vapply(found, function(x) is.null(x$Phi) || min(eigen(x$Phi)$values) > 1e-4, TRUE)
  values[!ok] <- Inf
  best <- found[[which.min(values)]]
  list(loadings = unclass(best$loadings), phi = best$Phi, value = min(values))
}

promax_by_hand <- function(loadings, power, kaiser_target) {
  turned <- unclass(varimax(loadings, normalize = TRUE, eps = 1e-15)$loadings)
  base <- if (kaiser_target) turned / sqrt(rowSums(turned^2)) else turned
  u <- solve(crossprod(turned), crossprod(turned, sign(base) * abs(base)^power))
  u <- u %*% diag(sqrt(diag(solve(crossprod(u)))))
  list(loadings = turned %*% u, phi = solve(u) %*% t(solve(u)), value = NA)
}

rotated <- function(loadings, rotation, normalize, extra, starts) {
  m <- ncol(loadings)
  if (rotation == "none" || m == 1) return(list(loadings = loadings, phi = NULL, value = NA))
  if (rotation == "varimax") {
    return(list(loadings = unclass(varimax(loadings, normalize = normalize, eps = 1e-15)$loadings), phi = NULL, value = NA))
  }
  if (rotation == "promax") return(promax_by_hand(loadings, if (is.null(extra$power)) 4 else extra$power, isTRUE(extra$kaiser_target)))
  call <- switch(rotation,
    quartimax = list(quartimax), equamax = list(cfT, kappa = m / (2 * nrow(loadings))),
    oblimin = list(oblimin, gam = if (is.null(extra$gamma)) 0 else extra$gamma), quartimin = list(quartimin),
    geomin = list(geominQ, delta = 0.01), geomin_orthogonal = list(geominT, delta = 0.01),
    bifactor = list(bifactorT), bifactor_oblique = list(bifactorQ),
    target = list(pstQ, W = extra$weights, Target = extra$target),
    target_orthogonal = list(pstT, W = extra$weights, Target = extra$target))
  do.call(lowest, c(call[1], list(loadings = loadings, starts = starts, normalize = normalize), call[-1]))
}

# Positive sums, factors that explain most first; psych::fa does the same. Targets have places, and signs where not 0.
arranged <- function(found, fixed, signed = integer()) {
  phi <- if (is.null(found$phi)) diag(ncol(found$loadings)) else found$phi
  signs <- ifelse(colSums(found$loadings) < 0, -1, 1)
  if (fixed == "all") signs[signed] <- 1
  loadings <- found$loadings %*% diag(signs, length(signs))
  phi <- phi * outer(signs, signs)
  if (fixed == "all") return(list(loadings = loadings, phi = phi))
  size <- diag(phi %*% crossprod(loadings))
  if (fixed == "first") size[1] <- Inf
  order <- order(size, decreasing = TRUE)
  list(loadings = loadings[, order, drop = FALSE], phi = phi[order, order, drop = FALSE])
}

figures <- function(r, loadings, phi, n) {
  s <- suppressWarnings(suppressMessages(fa.stats(r, loadings, phi, n.obs = n, alpha = 0.1)))
  rmsea <- if (is.null(s$RMSEA)) c(NA, NA, NA) else s$RMSEA[1:3]
  take <- function(x) if (is.null(x)) NA else as.numeric(x)
  list(dof = s$dof, objective = s$objective, chisq = take(s$STATISTIC), pvalue = take(s$PVAL), chisq_empirical = take(s$chi),
       pvalue_empirical = take(s$EPVAL), rmsr = s$rms, crms = take(s$crms), tli = take(s$TLI), rmsea = rmsea[[1]],
       rmsea_lower = rmsea[[2]], rmsea_upper = rmsea[[3]], bic = take(s$BIC), fit = s$fit, fit_off = s$fit.off,
       null_chisq = take(s$null.chisq), null_dof = s$null.dof, complexity = I(as.numeric(s$complexity)))
}

labelled <- function(x, rows, columns) {
  x <- matrix(as.numeric(x), nrow(x), ncol(x))
  dimnames(x) <- list(rows, columns)
  x
}

efa_case <- function(path, columns, m, extraction = "minres", rotation = "oblimin", normalize = FALSE, reversed = character(),
                     extra = list(), psych = TRUE, starts = 12, complete = TRUE) {
  data <- read_data(path, columns, complete = complete)
  r <- cor(data)
  n <- nrow(data)
  names_of <- paste0("F", seq_len(m))
  start <- unrotated(r, m, extraction)
  turned <- rotated(start$loadings, rotation, normalize, extra, starts)
  fixed <- if (grepl("^target", rotation)) "all" else if (grepl("^bifactor", rotation)) "first" else ""
  signed <- if (fixed == "all") which(colSums(abs(extra$target * extra$weights)) > 0) else integer()
  final <- arranged(turned, fixed, signed)
  content <- list(
    data = path, columns = I(columns), complete_rows = TRUE, n = n, n_factors = m, extraction = extraction,
    rotation = rotation, normalize = normalize,
    exact = c(list(
      value = start$value, uniquenesses = I(as.numeric(start$psi)), criterion = turned$value,
      loadings = labelled(final$loadings, columns, names_of), phi = labelled(final$phi, names_of, names_of),
      communalities = I(as.numeric(rowSums(start$loadings^2)))),
      list(figures = figures(r, final$loadings, if (is.null(turned$phi)) NULL else final$phi, n))))
  if (length(extra$target)) content$target <- labelled(ifelse(extra$weights == 1, extra$target, NA), columns, names_of)
  content$options <- extra[setdiff(names(extra), c("target", "weights"))]
  if (extraction == "ml" && rotation %in% c("varimax", "none", "promax")) {
    f <- factanal(covmat = list(cov = r, n.obs = n), factors = m, rotation = "none",
                  control = list(nstart = 5, opt = list(factr = 1, pgtol = 1e-12, maxit = 10000)))
    content$factanal <- list(objective = f$criteria[["objective"]], statistic = as.numeric(f$STATISTIC), dof = f$dof,
                             pvalue = as.numeric(f$PVAL), uniquenesses = I(as.numeric(f$uniquenesses)))
  }
  if (psych) {
    name <- switch(rotation, promax = "Promax", geomin = "geominQ", geomin_orthogonal = "geominT", rotation)
    fm <- switch(extraction, paf = "pa", extraction)
    p <- suppressWarnings(suppressMessages(fa(r, m, n.obs = n, rotate = name, fm = fm, warnings = FALSE)))
    loadings <- unclass(p$loadings)
    content$psych <- list(
      loadings = labelled(loadings, columns, names_of),
      phi = labelled(if (is.null(p$Phi)) diag(m) else p$Phi, names_of, names_of),
      communality = I(as.numeric(p$communality)), residual_squares = sum((r - p$model)[lower.tri(r)]^2),
      objective = p$objective, variance = labelled(p$Vaccounted, rownames(p$Vaccounted), names_of),
      figures = figures(r, loadings, p$Phi, n))
  }
  record(content, c("psych", "GPArotation"))
}

# Standard errors of rotated loadings of `extraction` and `rotation` by the delta method: derivatives of the solution by
# every correlation (differences), and the covariances of the correlations of normal variables element by element.
efa_errors_case <- function(path, columns, m, extraction, rotation, normalize = FALSE) {
  data <- read_data(path, columns, complete = TRUE)
  r <- cor(data)
  n <- nrow(data)
  p <- ncol(data)
  solve_for <- function(r, reference = NULL) {
    start <- unrotated(r, m, extraction)
    turned <- rotated(start$loadings, rotation, normalize, list(), 1)
    final <- arranged(turned, "")
    if (is.null(reference)) return(final)
    alike <- factor.congruence(reference$loadings, final$loadings, digits = 6)
    order <- apply(abs(alike), 1, which.max)
    signs <- sign(alike[cbind(seq_len(m), order)])
    list(loadings = final$loadings[, order] %*% diag(signs), phi = final$phi[order, order] * outer(signs, signs))
  }
  sample <- solve_for(r)
  pairs <- which(upper.tri(r), arr.ind = TRUE)
  step <- 1e-3
  jacobian <- apply(pairs, 1, function(pair) {
    ends <- lapply(c(step, -step), function(move) {
      moved <- r
      moved[pair[1], pair[2]] <- moved[pair[2], pair[1]] <- r[pair[1], pair[2]] + move
      found <- solve_for(moved, sample)
      c(found$loadings, found$phi)
    })
    (ends[[1]] - ends[[2]]) / (2 * step)
  })
  q <- nrow(pairs)
  gamma <- matrix(0, q, q)
  for (a in seq_len(q)) for (b in seq_len(q)) {
    i <- pairs[a, 1]; j <- pairs[a, 2]; k <- pairs[b, 1]; l <- pairs[b, 2]
    gamma[a, b] <- 0.5 * ((r[i, k] - r[i, j] * r[j, k]) * (r[j, l] - r[j, k] * r[k, l]) +
      (r[i, l] - r[i, k] * r[k, l]) * (r[j, k] - r[i, k] * r[i, j]) +
      (r[i, k] - r[i, l] * r[k, l]) * (r[j, l] - r[i, l] * r[i, j]) +
      (r[i, l] - r[i, j] * r[j, l]) * (r[j, k] - r[j, l] * r[k, l]))
  }
  error <- sqrt(pmax(diag(jacobian %*% gamma %*% t(jacobian)), 0) / n)
  names_of <- paste0("F", seq_len(m))
  record(list(
    data = path, columns = I(columns), complete_rows = TRUE, n = n, n_factors = m, extraction = extraction,
    rotation = rotation, normalize = normalize, loadings = labelled(sample$loadings, columns, names_of),
    std_error = labelled(matrix(error[seq_len(p * m)], p, m), columns, names_of),
    phi_std_error = labelled(matrix(error[-seq_len(p * m)], m, m), names_of, names_of)
  ), c("psych", "GPArotation"))
}

# Polychoric correlations by lavaan (two-step), then as efa_case; and psych::fa(cor = "poly") with correlations of its own.
efa_ordinal_case <- function(path, columns, m, rotation = "oblimin", starts = 6) {
  suppressMessages(library(lavaan))
  data <- read_data(path, columns, complete = TRUE)
  r <- unclass(lavCor(as.data.frame(data), ordered = columns, se = "none"))
  class(r) <- "matrix"
  names_of <- paste0("F", seq_len(m))
  start <- unrotated(r, m, "minres")
  turned <- rotated(start$loadings, rotation, FALSE, list(), starts)
  final <- arranged(turned, "")
  p <- suppressWarnings(suppressMessages(fa(data, m, rotate = rotation, cor = "poly", correct = 0)))
  record(list(
    data = path, columns = I(columns), complete_rows = TRUE, n = nrow(data), n_factors = m, rotation = rotation,
    value = start$value, loadings = labelled(final$loadings, columns, names_of),
    phi = labelled(final$phi, names_of, names_of), figures = figures(r, final$loadings, final$phi, nrow(data)),
    psych_loadings = labelled(unclass(p$loadings), columns, names_of), psych_phi = labelled(p$Phi, names_of, names_of)
  ), c("psych", "GPArotation", "lavaan"))
}
