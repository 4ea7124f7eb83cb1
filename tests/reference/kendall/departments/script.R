# Thirty departments: few ties.
source("../../R/classics.R")
kendall_case("../../data/attitude.csv", c("rating", "complaints", "critical", "advance"))
