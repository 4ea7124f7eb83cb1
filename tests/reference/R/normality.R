# Shape and normality: base R, nortest and psych; Henze-Zirkler by its definition with all pairs written out.
suppressMessages({library(psych); library(nortest)})
source("../../R/record.R")

# Upper tail of Kolmogorov's distribution to all digits; ks.test() stops its series earlier.
kolmogorov <- function(z) {
  k <- 1:200
  2 * sum((-1)^(k - 1) * exp(-2 * k^2 * z^2))
}

one_variable <- function(x) {
  x <- x[!is.na(x)]
  n <- length(x)
  ks <- suppressWarnings(ks.test(x, "pnorm", mean(x), sd(x), exact = FALSE))
  lillie <- lillie.test(x)
  w <- if (n <= 5000) shapiro.test(x) else list(statistic = NA, p.value = NA)
  list(n = n, skew = skew(x, type = 2), kurtosis = kurtosi(x, type = 2), shapiro_w = w$statistic[[1]],
       shapiro_p = w$p.value, ks_d = ks$statistic[[1]], ks_z = ks$statistic[[1]] * sqrt(n), ks_p = kolmogorov(ks$statistic[[1]] * sqrt(n)),
       lilliefors_p = lillie$p.value)
}

# The smoothing parameter and the lognormal moments as Henze and Zirkler (1990) give them, b its value, S divided by n.
henze_zirkler <- function(x) {
  x <- as.matrix(x)
  n <- nrow(x)
  p <- ncol(x)
  s <- solve(cov(x) * (n - 1) / n)
  b <- ((2 * p + 1) * n / 4)^(1 / (p + 4)) / sqrt(2)
  own <- mahalanobis(x, colMeans(x), s, inverted = TRUE)
  total <- 0
  for (i in seq_len(n)) total <- total + sum(exp(-b^2 / 2 * mahalanobis(x, x[i, ], s, inverted = TRUE)))
  hz <- total / n - 2 * (1 + b^2)^(-p / 2) * sum(exp(-b^2 * own / (2 * (1 + b^2)))) + n * (1 + 2 * b^2)^(-p / 2)
  a <- 1 + 2 * b^2
  w <- (1 + b^2) * (1 + 3 * b^2)
  m <- 1 - a^(-p / 2) * (1 + p * b^2 / a + p * (p + 2) * b^4 / (2 * a^2))
  v <- 2 * (1 + 4 * b^2)^(-p / 2) + 2 * a^(-p) * (1 + 2 * p * b^4 / a^2 + 3 * p * (p + 2) * b^8 / (4 * a^4)) -
    4 * w^(-p / 2) * (1 + 3 * p * b^4 / (2 * w) + p * (p + 2) * b^8 / (2 * w^2))
  list(statistic = hz, p_value = plnorm(hz, log(m^2 / sqrt(v + m^2)), sqrt(log(1 + v / m^2)), lower.tail = FALSE))
}

normality_case <- function(path, columns = NULL) {
  data <- read_data(path, columns)
  whole <- data[complete.cases(data), , drop = FALSE]
  found <- psych::mardia(whole, plot = FALSE)
  record(list(
    data = path, columns = I(names(data)), variables = lapply(data, one_variable), n = nrow(whole),
    mardia = list(b1p = found$b1p, skew = found$skew, p_skew = found$p.skew, small_skew = found$small.skew,
                  p_small = found$p.small, b2p = found$b2p, kurtosis = found$kurtosis, p_kurtosis = found$p.kurt),
    henze_zirkler = henze_zirkler(whole)
  ), c("psych", "nortest"))
}
