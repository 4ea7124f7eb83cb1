# How many factors: psych's KMO, cortest.bartlett, vss (MAP) and fa.parallel; by other formulas in plain R what psych
# does not have: MAP with fourth powers, the empirical Kaiser criterion, the scree rules, CAF and the Hull method.

suppressMessages({library(psych); library(lavaan)})
source("../../R/record.R")

# Partial correlations given m components, by regression on component scores: the inverse of the joint matrix.
average_partial <- function(R, power) {
  k <- ncol(R)
  loadings <- with(eigen(R), vectors %*% diag(sqrt(values)))
  sapply(0:(k - 2), function(m) {
    joint <- R
    if (m > 0) {
      L <- loadings[, seq_len(m), drop = FALSE]
      joint <- rbind(cbind(R, L), cbind(t(L), diag(m)))
    }
    left <- joint[1:k, 1:k] - (if (m > 0) L %*% solve(joint[-(1:k), -(1:k)]) %*% t(L) else 0)
    P <- cov2cor(left)
    mean(abs(P[lower.tri(P)])^power)
  })
}

# Written as a loop over the eigenvalues left.
empirical_kaiser <- function(values, n) {
  k <- length(values)
  references <- numeric(k)
  for (j in seq_len(k)) {
    rest <- (k - sum(values[seq_len(j - 1)])) / (k - j + 1)
    references[j] <- max(rest * (1 + sqrt(k / n))^2, 1)
  }
  list(references = references, number = sum(cumprod(values > references)))
}

optimal_coordinates <- function(values) {
  k <- length(values)
  foretold <- sapply(seq_len(k - 2), function(i) {
    line <- lm(y ~ x, data.frame(x = c(i + 1, k), y = values[c(i + 1, k)]))
    unname(predict(line, data.frame(x = i)))
  })
  list(foretold = foretold, number = min(sum(cumprod(values[seq_len(k - 2)] > foretold)), sum(values > 1)))
}

# Upper convex hull by checking every solution against every pair around it.
hull_elbow <- function(fit, df) {
  keep <- fit > c(-Inf, cummax(fit)[-length(fit)])
  place <- which(keep)
  under <- sapply(place, function(b) {
    any(sapply(place[place < b], function(a) {
      any(sapply(place[place > b], function(c) {
        fit[b] <= fit[a] + (fit[c] - fit[a]) * (df[b] - df[a]) / (df[c] - df[a])
      }))
    }))
  })
  on <- place[!unlist(under)]
  ratio <- rep(NA, length(fit))
  for (i in seq_along(on)[-c(1, length(on))]) {
    left <- (fit[on[i]] - fit[on[i - 1]]) / (df[on[i]] - df[on[i - 1]])
    right <- (fit[on[i + 1]] - fit[on[i]]) / (df[on[i + 1]] - df[on[i]])
    ratio[on[i]] <- left / right
  }
  # without an elbow the best-fitting solution
  list(fit = I(fit), on = I(seq_along(fit) %in% on), ratio = I(ratio),
       best = if (length(on) > 2) which.max(ratio) - 1 else which.max(fit) - 1)
}

hull_by_likelihood <- function(R, n, most) {
  k <- ncol(R)
  null <- -log(det(R)) * (n - 1)
  rows <- lapply(0:most, function(m) {
    df <- ((k - m)^2 - (k + m)) / 2
    if (m == 0) { L <- matrix(0, k, 1); chisq <- null } else {
      found <- factanal(covmat = R, factors = m, n.obs = n, rotation = "none",
                        control = list(nstart = 30, opt = list(factr = 10, maxit = 5000)))
      L <- unclass(found$loadings)
      chisq <- found$criteria[["objective"]] * (n - 1)
    }
    left <- R - tcrossprod(L)
    diag(left) <- 1
    c(df = df, chisq = chisq, caf = 1 - KMO(left)$MSA)
  })
  found <- as.data.frame(do.call(rbind, rows))
  excess <- pmax(found$chisq - found$df, 0)
  cfi <- 1 - excess / pmax(excess, excess[1])
  rmsea <- sqrt(excess / (found$df * (n - 1)))
  list(df = I(found$df), caf = hull_elbow(found$caf, found$df), cfi = hull_elbow(cfi, found$df),
       rmsea = hull_elbow(1 - rmsea, found$df))
}

# `missing` as crmstudy's; `most` factors in the Hull method, left out where 0; `draws` of the parallel analysis.
retention_case <- function(path, items, missing = "listwise", ordinal = FALSE, most = 0, draws = 200, rows = NULL) {
  data <- read_data(path, items)
  if (!is.null(rows)) data <- data[seq_len(rows), ]
  data <- if (missing == "listwise") data[complete.cases(data), ] else data[rowSums(!is.na(data)) > 0, ]
  n <- nrow(data)
  R <- if (ordinal) unclass(lavCor(data, ordered = items, missing = missing)) else cor(data, use = "pairwise")
  attributes(R) <- list(dim = dim(R), dimnames = dimnames(R))
  adequacy <- KMO(R)
  bartlett <- cortest.bartlett(R, n = n)
  values <- eigen(R)$values
  heard <- function(expression) suppressMessages(suppressWarnings(expression))
  set.seed(20261125)
  quiet <- function(expression) { capture.output(found <- heard(expression)); found }
  squared <- quiet(fa.parallel(R, n.obs = n, n.iter = draws, SMC = TRUE, plot = FALSE))
  minres <- quiet(fa.parallel(R, n.obs = n, n.iter = 20, plot = FALSE))
  # psych keeps the mean and the standard deviation of its draws, and a percentile by quantile()
  k <- ncol(R)
  partial <- quiet(vss(R, n = min(8, k - 2), n.obs = n, fm = "minres", plot = FALSE)$map)
  empirical <- empirical_kaiser(values, n)
  coordinates <- optimal_coordinates(values)
  record(list(
    data = path, columns = I(items), rows = rows, missing = missing, ordinal = ordinal, n = n,
    kmo = adequacy$MSA, msa = I(unname(adequacy$MSAi)),
    bartlett = list(chisq = bartlett$chisq, df = bartlett$df, p_value = bartlett$p.value, determinant = det(R)),
    components = I(squared$pc.values), factors_smc = I(squared$fa.values), factors_minres = I(minres$fa.values),
    draws = draws, random_components = I(squared$pc.sim), random_factors = I(squared$fa.sim),
    map_psych = I(partial), map_squared = I(average_partial(R, 2)), map_fourth = I(average_partial(R, 4)),
    ekc = list(references = I(empirical$references), number = empirical$number),
    optimal_coordinates = list(foretold = I(coordinates$foretold), number = coordinates$number),
    acceleration = which.max(diff(values, differences = 2)),
    kaiser = sum(values > 1),
    most = most, hull = if (most > 0) hull_by_likelihood(R, n, most)
  ), c("psych", "lavaan"))
}
