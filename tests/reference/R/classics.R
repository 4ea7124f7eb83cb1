# Tables of two variables, tests against a midpoint, Friedman's test, and correlations beyond Pearson's and Spearman's.

source("../../R/record.R")

# --- crosstab ------------------------------------------------------------------------------------------------------

# Measures of association as functions of the cell probabilities, counted pair by pair.
pairs_of <- function(p) {
  together <- apart <- 0
  for (i in seq_len(nrow(p))) for (j in seq_len(ncol(p))) {
    together <- together + 2 * p[i, j] * sum(p[row(p) > i & col(p) > j])
    apart <- apart + 2 * p[i, j] * sum(p[row(p) > i & col(p) < j])
  }
  c(together, apart)
}
measures <- list(
  gamma = function(p) { s <- pairs_of(p); (s[1] - s[2]) / sum(s) },
  tau_b = function(p) {
    s <- pairs_of(p)
    (s[1] - s[2]) / sqrt((1 - sum(rowSums(p)^2)) * (1 - sum(colSums(p)^2)))
  },
  tau_c = function(p) { s <- pairs_of(p); k <- min(dim(p)); (s[1] - s[2]) * k / (k - 1) },
  somers_d_columns = function(p) { s <- pairs_of(p); (s[1] - s[2]) / (1 - sum(rowSums(p)^2)) },
  somers_d_rows = function(p) { s <- pairs_of(p); (s[1] - s[2]) / (1 - sum(colSums(p)^2)) }
)
v_of <- function(p) {
  e <- outer(rowSums(p), colSums(p)) / sum(p)
  sqrt(sum((p - e)^2 / e) / (min(dim(p)) - 1))
}

# Standard error by the multinomial delta method, derivatives by Richardson's extrapolation.
delta_error <- function(measure, p, n) {
  slope <- numDeriv::grad(function(x) measure(matrix(x / sum(x), nrow(p))), as.vector(p))
  sqrt((sum(p * slope^2) - sum(p * slope)^2) / n)
}
# Under independence: that of concordant less discordant pairs, over the denominator as it is.
null_error <- function(measure, p, n) {
  s <- pairs_of(p)
  denominator <- if (s[1] == s[2]) NA else (s[1] - s[2]) / measure(p)
  difference <- function(x) { found <- pairs_of(matrix(x, nrow(p))); found[1] - found[2] }
  slope <- numDeriv::grad(difference, as.vector(p))
  sqrt((sum(p * slope^2) - sum(p * slope)^2) / n) / denominator
}

noncentrality <- function(chisq, df, level) {
  at <- function(share) {
    gap <- function(ncp) pchisq(chisq, df, ncp) - share
    if (gap(0) <= 0) return(0)
    uniroot(gap, c(0, chisq + 30 + 12 * sqrt(chisq + 1)), tol = 1e-12)$root
  }
  c(at((1 + level) / 2), at((1 - level) / 2))
}

crosstab_case <- function(path, rows, cols, ordinal = FALSE, exact = TRUE, first = NULL, level = 0.95) {
  data <- read_data(path, c(rows, cols))
  if (!is.null(first)) data <- data[seq_len(first), ]
  whole <- nrow(data)
  data <- data[complete.cases(data), ]
  counts <- table(data[[rows]], data[[cols]])
  m <- matrix(as.numeric(counts), nrow(counts))
  n <- sum(m)
  p <- m / n
  plain <- suppressWarnings(chisq.test(m, correct = FALSE))
  e <- plain$expected
  g <- 2 * sum(ifelse(m > 0, m * log(m / e), 0))
  df <- plain$parameter[[1]]
  least <- min(dim(m)) - 1
  phi2 <- max(0, plain$statistic[[1]] / n - prod(dim(m) - 1) / (n - 1))
  k <- min(dim(m) - (dim(m) - 1)^2 / (n - 1))
  out <- list(
    data = path, columns = I(c(rows, cols)), rows = rows, cols = cols, first = first, ordinal = ordinal, n = n,
    dropped = whole - n, row_values = I(rownames(counts)), col_values = I(colnames(counts)), counts = m, expected = e,
    residuals = plain$residuals, adjusted = plain$stdres, row_percent = 100 * m / rowSums(m),
    column_percent = 100 * t(t(m) / colSums(m)),
    pearson = c(statistic = plain$statistic[[1]], df = df, p_value = plain$p.value),
    likelihood_ratio = c(statistic = g, df = df, p_value = pchisq(g, df, lower.tail = FALSE)),
    cramers_v = v_of(p), cramers_v_error = delta_error(v_of, p, n),
    cramers_v_interval = I(sqrt(noncentrality(plain$statistic[[1]], df, level) / n / least)),
    cramers_v_corrected = sqrt(phi2 / (k - 1)),
    contingency = sqrt(plain$statistic[[1]] / (plain$statistic[[1]] + n))
  )
  if (exact) out$fisher <- fisher.test(m, workspace = 2e8)$p.value
  if (all(dim(m) == 2)) {
    corrected <- suppressWarnings(chisq.test(m, correct = TRUE))
    out$pearson_yates <- c(statistic = corrected$statistic[[1]], df = 1, p_value = corrected$p.value)
    # the logarithm of the odds ratio as a coefficient of a logistic regression
    fit <- glm(cbind(m[, 2], m[, 1]) ~ factor(1:2), family = binomial, control = glm.control(epsilon = 1e-14, maxit = 100))
    slope <- coef(summary(fit))[2, 1:2]
    out$odds_ratio <- exp(slope[[1]])
    out$odds_interval <- I(exp(slope[[1]] + c(-1, 1) * qnorm((1 + level) / 2) * slope[[2]]))
    out$phi <- cor(as.numeric(factor(data[[rows]])), as.numeric(factor(data[[cols]])))
  }
  if (ordinal) {
    z <- qnorm((1 + level) / 2)
    out$associations <- do.call(rbind, lapply(names(measures), function(name) {
      value <- measures[[name]](p)
      error <- delta_error(measures[[name]], p, n)
      null <- null_error(measures[[name]], p, n)
      data.frame(term = name, estimate = value, std_error = error, statistic = value / null,
                 p_value = 2 * pnorm(-abs(value / null)), ci_low = max(-1, value - z * error), ci_high = min(1, value + z * error))
    }))
    out$linear <- (n - 1) * cor(data[[rows]], data[[cols]])^2
    out$kendall <- cor(data[[rows]], data[[cols]], method = "kendall")
  }
  record(out, c("stats", "numDeriv"))
}

# --- midpoint ------------------------------------------------------------------------------------------------------

# R's pt is an approximation for noncentralities beyond 37.62: the distribution function is integrated over the variance.
noncentral_t <- function(t, df, ncp) {
  ends <- c(qchisq(1e-15, df), qchisq(1e-15, df, lower.tail = FALSE))
  integrate(function(v) pnorm(t * sqrt(v / df) - ncp) * dchisq(v, df), ends[1], ends[2], rel.tol = 1e-12,
            subdivisions = 1000)$value
}

d_interval <- function(t, df, n, level) {
  wide <- 6 + 4 * abs(t) / sqrt(df)
  at <- function(share) uniroot(function(ncp) noncentral_t(t, df, ncp) - share, t + c(-wide, wide), tol = 1e-13)$root
  c(at((1 + level) / 2), at((1 - level) / 2)) / sqrt(n)
}

midpoint_case <- function(path, columns, midpoint, first = NULL, level = 0.95) {
  data <- read_data(path, columns)
  if (!is.null(first)) data <- data[seq_len(first), , drop = FALSE]
  rows <- lapply(columns, function(name) {
    x <- data[[name]][!is.na(data[[name]])]
    n <- length(x)
    tested <- t.test(x, mu = midpoint, conf.level = level)
    # thirds and fifths: equal differences must be equal numbers, or ties are broken by the last bit
    away <- round(x - midpoint, 10)
    ranked <- suppressWarnings(wilcox.test(away))
    plain <- suppressWarnings(wilcox.test(away, exact = FALSE, correct = FALSE))
    walsh <- outer(x, x, "+") / 2
    walsh <- sort(walsh[upper.tri(walsh, diag = TRUE)])
    near <- round(n * (n + 1) / 4 + qnorm((1 - level) / 2) * sqrt(n * (n + 1) * (2 * n + 1) / 24))
    q <- max(if (n < 200) qsignrank((1 - level) / 2, n) else near, 1)
    interval <- d_interval(tested$statistic[[1]], n - 1, n, level)
    signed <- rank(abs(away[away != 0])) * sign(away[away != 0])
    data.frame(
      term = name, n = n, mean = mean(x), sd = sd(x), std_error = tested$stderr, t = tested$statistic[[1]], df = n - 1,
      p_value = tested$p.value, ci_low = tested$conf.int[1] - midpoint, ci_high = tested$conf.int[2] - midpoint,
      d = mean(away) / sd(x), d_low = interval[1], d_high = interval[2],
      g = mean(away) / sd(x) * exp(lgamma((n - 1) / 2) - lgamma((n - 2) / 2)) / sqrt((n - 1) / 2),
      v = ranked$statistic[[1]], wilcoxon_p = ranked$p.value, uncorrected_p = plain$p.value, hodges_lehmann = median(walsh),
      hl_low = walsh[q], hl_high = walsh[length(walsh) + 1 - q], shapiro_p = shapiro.test(x)$p.value,
      rank_biserial = sum(signed) / sum(abs(signed)), exact = n < 50 && !any(duplicated(abs(away))) && !any(away == 0)
    )
  })
  table <- do.call(rbind, rows)
  table$p_adjusted <- p.adjust(table$p_value, "holm")
  table$wilcoxon_adjusted <- p.adjust(table$wilcoxon_p, "holm")
  record(list(data = path, columns = I(columns), midpoint = midpoint, first = first, tests = table), "stats")
}

# --- Friedman ------------------------------------------------------------------------------------------------------

friedman_case <- function(path, columns, first = NULL) {
  data <- read_data(path, columns)
  if (!is.null(first)) data <- data[seq_len(first), , drop = FALSE]
  whole <- nrow(data)
  x <- as.matrix(data[complete.cases(data), , drop = FALSE])
  n <- nrow(x)
  k <- ncol(x)
  tested <- friedman.test(x)
  chisq <- tested$statistic[[1]]
  f <- (n - 1) * chisq / (n * (k - 1) - chisq)
  ranks <- t(apply(x, 1, rank))
  sums <- colSums(ranks)
  # Kendall's W from the rank sums, with the correction for ties
  tied <- sum(apply(x, 1, function(row) { t <- table(row); sum(t^3 - t) }))
  w <- 12 * sum((sums - mean(sums))^2) / (n^2 * (k^3 - k) - n * tied)
  pairs <- combn(k, 2, simplify = FALSE)
  a <- sum(ranks^2)
  spread <- sqrt(2 * (n * a - sum(sums^2)) / ((n - 1) * (k - 1)))
  table <- do.call(rbind, lapply(pairs, function(pair) {
    one <- x[, pair[1]]
    other <- x[, pair[2]]
    z <- (mean(ranks[, pair[1]]) - mean(ranks[, pair[2]])) / sqrt(k * (k + 1) / (6 * n))
    t <- (sums[[pair[1]]] - sums[[pair[2]]]) / spread
    ranked <- suppressWarnings(wilcox.test(one, other, paired = TRUE))
    means <- t.test(one, other, paired = TRUE)
    data.frame(first = columns[pair[1]], second = columns[pair[2]], z = z, p_dunn = 2 * pnorm(-abs(z)),
               p_nemenyi = ptukey(abs(z) * sqrt(2), k, Inf, lower.tail = FALSE), t_conover = t,
               p_conover = 2 * pt(-abs(t), (n - 1) * (k - 1)), v = ranked$statistic[[1]], p_wilcoxon = ranked$p.value,
               difference = means$estimate[[1]], std_error = means$stderr, t = means$statistic[[1]], p_mean = means$p.value,
               ci_low = means$conf.int[1], ci_high = means$conf.int[2])
  }))
  table$p_conover_holm <- p.adjust(table$p_conover, "holm")
  table$p_wilcoxon_holm <- p.adjust(table$p_wilcoxon, "holm")
  table$p_mean_holm <- p.adjust(table$p_mean, "holm")
  table$p_dunn_bonferroni <- p.adjust(table$p_dunn, "bonferroni")
  # the multivariate linear model gives the corrections for unequal covariances
  shown <- anova(lm(x ~ 1), X = ~1, test = "Spherical")
  eps <- as.numeric(sub(".*: *", "", grep("epsilon", attr(shown, "heading"), value = TRUE)))
  s <- cov(x)
  centred <- s - outer(rowMeans(s), rep(1, k)) - outer(rep(1, k), colMeans(s)) + mean(s)
  gg <- sum(diag(centred))^2 / ((k - 1) * sum(centred^2))
  long <- data.frame(y = as.vector(x), item = factor(rep(seq_len(k), each = n)), person = factor(rep(seq_len(n), k)))
  # with a column for every person: only where they are few
  means <- if (n < 500) anova(lm(y ~ person + item, long))["item", ] else NULL
  record(list(
    data = path, columns = I(columns), first = first, n = n, dropped = whole - n, chisq = chisq, df = k - 1,
    p_value = tested$p.value, f = f, p_f = pf(f, k - 1, (k - 1) * (n - 1), lower.tail = FALSE), w = w,
    mean_ranks = I(unname(colMeans(ranks))), pairs = table, anova_f = shown[["F"]][1],
    anova_p = shown[["Pr(>F)"]][1], anova_f_long = if (is.null(means)) NA else means[["F value"]], gg = gg, gg_printed = eps[1], hf_printed = eps[2],
    p_gg = pf(shown[["F"]][1], (k - 1) * gg, (k - 1) * (n - 1) * gg, lower.tail = FALSE)
  ), "stats")
}

# --- correlations --------------------------------------------------------------------------------------------------

kendall_case <- function(path, columns, first = NULL, level = 0.95) {
  data <- read_data(path, columns)
  if (!is.null(first)) data <- data[seq_len(first), ]
  data <- data[complete.cases(data), ]
  table <- do.call(rbind, lapply(combn(columns, 2, simplify = FALSE), function(pair) {
    tested <- suppressWarnings(cor.test(data[[pair[1]]], data[[pair[2]]], method = "kendall"))
    asymptotic <- suppressWarnings(cor.test(data[[pair[1]]], data[[pair[2]]], method = "kendall", exact = FALSE))
    tau <- tested$estimate[[1]]
    half <- qnorm((1 + level) / 2) * sqrt(0.437 / (nrow(data) - 4))
    data.frame(first = pair[1], second = pair[2], estimate = tau, z = asymptotic$statistic[[1]], p_value = tested$p.value,
               ci_low = tanh(atanh(tau) - half), ci_high = tanh(atanh(tau) + half))
  }))
  table$p_adjusted <- p.adjust(table$p_value, "holm")
  record(list(data = path, columns = I(columns), first = first, n = nrow(data), pairs = table), "stats")
}

# Partial correlations as those of the residuals of regressions on what is held constant; psych has the same.
partial_case <- function(path, columns, held, method, level = 0.95) {
  data <- read_data(path, c(columns, held), complete = TRUE)
  scores <- if (method == "spearman") as.data.frame(lapply(data, rank)) else data
  rest <- sapply(columns, function(name) residuals(lm(reformulate(held, name), scores)))
  theirs <- suppressMessages(psych::partial.r(scores, columns, held))
  n <- nrow(data)
  k <- length(held)
  table <- do.call(rbind, lapply(combn(columns, 2, simplify = FALSE), function(pair) {
    r <- cor(rest[, pair[1]], rest[, pair[2]])
    stopifnot(abs(r - theirs[pair[1], pair[2]]) < 1e-10)
    df <- n - 2 - k
    t <- r * sqrt(df / (1 - r^2))
    half <- qnorm((1 + level) / 2) * sqrt((if (method == "spearman") 1 + r^2 / 2 else 1) / (n - 3 - k))
    data.frame(first = pair[1], second = pair[2], estimate = r, statistic = t, df = df, p_value = 2 * pt(-abs(t), df),
               ci_low = tanh(atanh(r) - half), ci_high = tanh(atanh(r) + half))
  }))
  table$p_adjusted <- p.adjust(table$p_value, "holm")
  record(list(data = path, columns = I(columns), held = I(held), method = method, n = n, pairs = table), c("stats", "psych"))
}

pairwise_case <- function(path, columns, method) {
  data <- read_data(path, columns)
  table <- do.call(rbind, lapply(combn(columns, 2, simplify = FALSE), function(pair) {
    both <- data[complete.cases(data[, pair]), pair]
    tested <- suppressWarnings(cor.test(both[[1]], both[[2]], method = method, exact = FALSE))
    data.frame(first = pair[1], second = pair[2], estimate = tested$estimate[[1]], p_value = tested$p.value, n = nrow(both),
               ci_low = if (method == "pearson") tested$conf.int[1] else NA,
               ci_high = if (method == "pearson") tested$conf.int[2] else NA)
  }))
  table$p_adjusted <- p.adjust(table$p_value, "holm")
  record(list(data = path, columns = I(columns), method = method, pairs = table), "stats")
}
