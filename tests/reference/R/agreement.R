# Agreement of raters and of occasions: psych, psy and plain R.

suppressMessages({library(psych); library(psy)})
source("../../R/record.R")

# psych::ICC by analysis of variance; `rows` limits the number of targets.
icc_case <- function(path, columns, rows = Inf) {
  data <- read_data(path, columns)
  used <- data[complete.cases(data), , drop = FALSE]
  used <- used[seq_len(min(rows, nrow(used))), , drop = FALSE]
  found <- ICC(used, lmer = FALSE)
  table <- found$results
  record(list(
    data = path, columns = I(columns), rows = nrow(used), n = nrow(used),
    forms = data.frame(
      form = table$type, estimate = table$ICC, f = table$F, df1 = table$df1, df2 = table$df2, p_value = table$p,
      ci_low = table[["lower bound"]], ci_high = table[["upper bound"]]
    )
  ), "psych")
}

# Quantiles of the noncentral t by integration over the standard deviation (qt() is exact for a noncentrality below 37.6
# only, as its help page says).
quantile_nct <- function(p, df, ncp) vapply(p, function(level) {
  below <- function(t) {
    f <- function(u) pnorm(t * u - ncp) * 2 * df * u * dchisq(df * u^2, df)
    middle <- 1; wide <- 12 / sqrt(2 * df)
    integrate(f, max(0, middle - wide), middle + wide, rel.tol = 1e-12, subdivisions = 1000)$value
  }
  uniroot(function(t) below(t) - level, ncp * c(0.5, 2), tol = 1e-13)$root
}, 0)

# Two measurements: stats for correlation, paired t and regression, psych for the ICC; exact limits from the noncentral t.
retest_case <- function(path, columns) {
  data <- read_data(path, columns, complete = TRUE)
  x <- data[[1]]; y <- data[[2]]; d <- x - y; n <- length(d)
  pearson <- cor.test(x, y); paired <- t.test(x, y, paired = TRUE)
  line <- lm(d ~ m, data.frame(d = d, m = (x + y) / 2))
  icc <- ICC(data, lmer = FALSE)$results
  z <- qnorm(0.975); s <- sd(d)
  exact <- mean(d) + s / sqrt(n) * quantile_nct(c(0.025, 0.975), n - 1, z * sqrt(n))
  half <- qt(0.975, n - 1) * s * sqrt(1 / n + z^2 / (2 * (n - 1)))
  # components of variance by hand, for the error of measurement with the occasions in it
  grand <- mean(c(x, y)); occasions <- n * sum((c(mean(x), mean(y)) - grand)^2); residual <- var(d) / 2
  with_occasion <- sqrt(max((occasions - residual) / n, 0) + residual)
  record(list(
    data = path, columns = I(columns), complete_rows = TRUE, n = n,
    pearson = list(r = pearson$estimate[[1]], t = pearson$statistic[[1]], p = pearson$p.value,
                   low = pearson$conf.int[1], high = pearson$conf.int[2]),
    icc_a1 = list(r = icc$ICC[2], low = icc[2, 7], high = icc[2, 8]),
    icc_c1 = list(r = icc$ICC[3], low = icc[3, 7], high = icc[3, 8]),
    mean_difference = list(value = paired$estimate[[1]], t = paired$statistic[[1]], p = paired$p.value,
                           low = paired$conf.int[1], high = paired$conf.int[2]),
    sem = s / sqrt(2), sem_low = sqrt((n - 1) * s^2 / 2 / qchisq(0.975, n - 1)),
    sem_high = sqrt((n - 1) * s^2 / 2 / qchisq(0.025, n - 1)),
    sdc = z * s, sem_agreement = with_occasion, sdc_agreement = z * sqrt(2) * with_occasion,
    repeatability = z * sqrt(mean(d^2)),
    upper = list(value = mean(d) + z * s, exact_low = exact[1], exact_high = exact[2],
                 low = mean(d) + z * s - half, high = mean(d) + z * s + half),
    line = as.matrix(coef(summary(line)))
  ), "psych")
}

# Standard error of a function of multinomial proportions by the delta method, derivatives by central differences.
delta_se <- function(f, p, n) {
  gradient <- vapply(seq_along(p), function(i) {
    up <- down <- p; up[i] <- up[i] + 1e-6; down[i] <- down[i] - 1e-6
    (f(up) - f(down)) / 2e-6
  }, 0)
  sqrt((sum(p * gradient^2) - sum(p * gradient)^2) / n)
}

kappa_of <- function(p, w) {
  k <- nrow(w); p <- matrix(p, k) / sum(p)
  po <- sum(w * p); pe <- sum(w * outer(rowSums(p), colSums(p)))
  (po - pe) / (1 - pe)
}

# Spread of a statistic of the units by its empirical influence: derivatives by each unit's weight.
influence_se <- function(statistic, n) {
  base <- rep(1, n)
  own <- vapply(seq_len(n), function(i) {
    up <- down <- base; up[i] <- 1 + 1e-4; down[i] <- 1 - 1e-4
    (statistic(up) - statistic(down)) / 2e-4 * n
  }, 0)
  sqrt(sum(own^2) / (n * (n - 1)))
}

shares_of <- function(table, weight) colSums(table * weight) / sum(table * weight)
agreed_of <- function(table, weight) {
  m <- rowSums(table)
  sum(weight * (rowSums(table^2) - m) / (m * (m - 1))) / sum(weight)
}
fleiss_of <- function(table, weight) {
  pe <- sum(shares_of(table, weight)^2)
  (agreed_of(table, weight) - pe) / (1 - pe)
}
ac1_of <- function(table, weight) {
  p <- shares_of(table, weight)
  pe <- sum(p * (1 - p)) / (length(p) - 1)
  (agreed_of(table, weight) - pe) / (1 - pe)
}

# Categories by units as counts.
unit_counts <- function(ratings, levels) t(apply(ratings, 1, function(row) table(factor(row, levels))))

# Krippendorff's alpha from all pairs of ratings, without a matrix of coincidences.
alpha_by_pairs <- function(ratings, metric) {
  keep <- rowSums(!is.na(ratings)) >= 2
  ratings <- ratings[keep, , drop = FALSE]
  all <- sort(as.vector(ratings[!is.na(ratings)])); n <- length(all)
  between <- function(a, b) switch(metric,
    nominal = as.numeric(a != b), interval = (a - b)^2, ratio = ifelse(a + b == 0, 0, ((a - b) / (a + b))^2),
    ordinal = {
      low <- pmin(a, b); high <- pmax(a, b)
      inside <- mapply(function(l, h) sum(all >= l & all <= h) - (sum(all == l) + sum(all == h)) / 2, low, high)
      ifelse(a == b, 0, inside^2)
    })
  observed <- 0
  for (u in seq_len(nrow(ratings))) {
    v <- ratings[u, ]; v <- v[!is.na(v)]; m <- length(v)
    pairs <- expand.grid(i = seq_len(m), j = seq_len(m)); pairs <- pairs[pairs$i != pairs$j, ]
    observed <- observed + sum(between(v[pairs$i], v[pairs$j])) / (m - 1)
  }
  pairs <- expand.grid(i = seq_len(n), j = seq_len(n)); pairs <- pairs[pairs$i < pairs$j, ]
  expected <- 2 * sum(between(all[pairs$i], all[pairs$j])) / (n - 1)
  1 - observed / expected
}

# Everything about raters of ordered categories; `rows` are the first complete ones, alpha also uses `gaps` more rows
# as they are.
raters_case <- function(path, columns, levels, rows, gaps = 0) {
  data <- read_data(path, columns)
  used <- as.matrix(data[complete.cases(data), ][seq_len(rows), ])
  with_gaps <- as.matrix(data[seq_len(gaps), ])
  n <- nrow(used); m <- ncol(used); k <- length(levels)
  table <- unclass(table(factor(used[, 1], levels), factor(used[, 2], levels)))
  p <- as.vector(table) / n
  distance <- abs(outer(seq_len(k), seq_len(k), "-"))
  weights <- list(identity = diag(k), linear = 1 - distance / (k - 1), quadratic = 1 - distance^2 / (k - 1)^2)
  two <- lapply(weights, function(w) {
    null <- outer(rowSums(table), colSums(table)) / n^2
    list(kappa = kappa_of(p, w), std_error = delta_se(function(q) kappa_of(q, w), p, n),
         null_error = delta_se(function(q) kappa_of(q, w), as.vector(null), n))
  })
  first_two <- used[, 1:2]
  counts <- unit_counts(used, levels); one <- rep(1, n)
  own <- cohen.kappa(used[, 1:2], levels = levels)
  pj <- colSums(counts) / (n * m)
  by_category <- 1 - colSums(counts * (m - counts)) / (n * m * (m - 1) * pj * (1 - pj))
  # Conger: chance of agreement of two different raters, each with marginals of his own
  marginals <- apply(used, 2, function(x) table(factor(x, levels)) / n)
  chance <- mean(apply(combn(m, 2), 2, function(ij) sum(marginals[, ij[1]] * marginals[, ij[2]])))
  friedman <- friedman.test(t(used))
  rho <- cor(used, method = "spearman")
  record(list(
    data = path, columns = I(columns), levels = I(levels), rows = rows, gaps = gaps, n = n, raters = m,
    two = two, psych_kappa = own$kappa, psych_se = sqrt(own$var.kappa), psych_quadratic = own$weighted.kappa,
    psy_quadratic = wkappa(first_two, weights = "squared")$kappa,
    psy_linear = wkappa(first_two, weights = "absolute")$kappa, psy_light = lkappa(used),
    fleiss = fleiss_of(counts, one), fleiss_se = influence_se(function(w) fleiss_of(counts, w), n),
    fleiss_by_category = I(as.numeric(by_category)),
    fleiss_null = sqrt(2) / (sum(pj * (1 - pj)) * sqrt(n * m * (m - 1))) *
      sqrt(sum(pj * (1 - pj))^2 - sum(pj * (1 - pj) * (1 - 2 * pj))),
    conger = (agreed_of(counts, one) - chance) / (1 - chance),
    ac1 = ac1_of(counts, one), ac1_se = influence_se(function(w) ac1_of(counts, w), n),
    alpha = list(
      nominal = alpha_by_pairs(with_gaps, "nominal"), ordinal = alpha_by_pairs(with_gaps, "ordinal"),
      interval = alpha_by_pairs(with_gaps, "interval"), ratio = alpha_by_pairs(with_gaps, "ratio")
    ),
    friedman = friedman$statistic[[1]], friedman_p = friedman$p.value, mean_spearman = mean(rho[upper.tri(rho)])
  ), c("psych", "psy"))
}

# Aiken's V has the interval of a proportion (Wilson): n experts on a scale of k steps are n * k trials.
content_case <- function() {
  grid <- expand.grid(n = c(3, 5, 8, 12), k = c(3, 4, 9), v = c(0, 0.25, 0.5, 1))
  grid$total <- round(grid$n * grid$k * grid$v)
  ends <- t(mapply(function(x, trials) suppressWarnings(prop.test(x, trials, correct = FALSE))$conf.int, grid$total,
                   grid$n * grid$k))
  panels <- 5:40
  smallest <- vapply(panels, function(n) min(which(pbinom(0:n - 1, n, 0.5, lower.tail = FALSE) <= 0.05)) - 1, 0)
  record(list(
    aiken = data.frame(n = grid$n, k = grid$k, total = grid$total, ci_low = ends[, 1], ci_high = ends[, 2]),
    binomial = data.frame(n = panels, essential = smallest)
  ), character())
}
