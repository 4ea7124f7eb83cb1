# Twelve persons, three items.
source("../../R/classics.R")
friedman_case("../../data/bfi.csv", c("N1", "N2", "O3"), first = 12)
