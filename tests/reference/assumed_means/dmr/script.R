# Welch's test of samples made to have the means, standard deviations and sizes assumed.
source("../../R/record.R")
set.seed(219)
sample_with <- function(n, mean, sd) { x <- rnorm(n); mean + sd * (x - base::mean(x)) / stats::sd(x) }
rows <- do.call(rbind, lapply(list(c(22, 10, 10), c(66, 25, 30), c(110, 40, 20), c(197, 15, 35), c(2, 10, 20)), function(given) {
  a <- sample_with(given[1], 53, given[2]); b <- sample_with(219 - given[1], 71, given[3])
  test <- t.test(b, a)
  pooled <- sqrt((sum((a - mean(a))^2) + sum((b - mean(b))^2)) / 217)
  data.frame(n = given[1], sd_without = given[2], sd_with = given[3], t = unname(test$statistic), df = unname(test$parameter),
             std_error = test$stderr, low = test$conf.int[1], high = test$conf.int[2], d = (mean(b) - mean(a)) / pooled)
}))
record(list(rows = rows), character())
