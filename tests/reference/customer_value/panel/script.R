# Forty customers over two years of quarters, each with a retention probability; some margins are negative.
source("../../R/customers.R")
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(13)
table <- expand.grid(period = 1:8, customer = sprintf("k%02d", 1:40), stringsAsFactors = FALSE)[, c("customer", "period")]
table$margin <- round(rnorm(nrow(table), 40, 35), 2)
table$cost <- round(runif(nrow(table), 0, 15), 2)
table$retention <- rep(round(runif(40, 0.5, 0.95), 3), each = 8)
table$acquisition <- rep(round(runif(40, 40, 80), 2), each = 8)
value_case(table, rate = 0.12, every = 4)
