# Thirty countries without ties: exact.
source("../../R/classics.R")
kendall_case("../../data/democracy.csv", c("x1", "x2", "x3"), first = 30)
