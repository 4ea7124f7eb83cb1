# Mean, standard deviation, correlation and a logarithm that is not always defined: intervals by package boot, also at
# a level for which there are too few replicates; strata for the empirical influence.
source("../../R/record.R")
library(boot)
data <- read_data("../../data/democracy.csv", c("x1", "x2", "y1"))
floor_of_log <- 4.55
statistics <- function(rows, drawn) {
  d <- rows[drawn, ]
  c(mean = mean(d$x1), sd = sd(d$y1), correlation = cor(d$x1, d$y1),
    log = suppressWarnings(log(mean(d$x2) - floor_of_log)))
}
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(20261123)
drawn <- boot(data, statistics, R = 199)
strata <- rep(1:2, c(30, 45))
within <- boot(data, statistics, R = 199, strata = strata)

limits <- function(level) {
  rows <- lapply(1:4, function(k) {
    take <- function(type, ...) suppressWarnings(boot.ci(drawn, conf = level, type = type, index = k, ...))
    normal <- take("norm")$normal[2:3]
    basic <- take("basic")$basic[4:5]
    percent <- take("perc")$percent[4:5]
    bca <- if (k == 4) c(NA, NA) else take("bca")$bca[4:5]
    data.frame(statistic = names(drawn$t0)[k], norm_low = normal[1], norm_high = normal[2], basic_low = basic[1],
               basic_high = basic[2], perc_low = percent[1], perc_high = percent[2], bca_low = bca[1], bca_high = bca[2])
  })
  do.call(rbind, rows)
}
acceleration <- function(influence) sum(influence^3) / (6 * sum(influence^2)^1.5)
by_regression <- vapply(1:3, function(k) acceleration(empinf(drawn, type = "reg", index = k)), 0)
# the influence of a row on a statistic of several samples is divided by the size of its sample
by_strata <- vapply(1:3, function(k) acceleration(empinf(within, type = "reg", index = k) / c(30, 45)[strata]), 0)
without_one <- t(vapply(seq_len(nrow(data)), function(i) statistics(data, -i)[1:3], numeric(3)))
# Efron & Tibshirani (1993), eq. 14.15: distances from the mean of the jackknife, not from the estimate as in empinf
by_jackknife <- unname(apply(without_one, 2, function(t) acceleration(mean(t) - t)))
bare <- function(matrix) list(columns = I(as.character(seq_len(ncol(matrix)))), rows = I(as.character(seq_len(nrow(matrix)))),
                              values = lapply(seq_len(nrow(matrix)), function(i) I(as.numeric(matrix[i, ]))))
record(list(
  estimates = I(unname(drawn$t0)), replicates = bare(drawn$t), counts = bare(boot.array(drawn)),
  strata = I(c(30, 45)), strata_replicates = bare(within$t[, 1:3]), strata_counts = bare(boot.array(within)),
  without_one = bare(without_one), sd = I(apply(drawn$t, 2, function(t) sd(t[is.finite(t)]))),
  limits = limits(0.95), limits_999 = limits(0.999),
  acceleration_regression = I(by_regression), acceleration_strata = I(by_strata), acceleration_jackknife = I(by_jackknife)
), c("boot"))
