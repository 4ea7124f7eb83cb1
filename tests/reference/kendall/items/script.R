# Ties: asymptotic.
source("../../R/classics.R")
kendall_case("../../data/bfi.csv", c("A1", "A2", "C1", "E5"), first = 300)
