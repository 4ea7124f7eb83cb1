# Thirty countries without ties: exact.
source("../../R/classics.R")
midpoint_case("../../data/democracy.csv", c("x1", "x2", "x3"), 4.5, first = 30)
