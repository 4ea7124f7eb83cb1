# All 25 items, each pair from the rows that have both.
source("../../R/polychoric.R")
polychoric_case("../../data/bfi.csv", c(t(outer(c("A", "C", "E", "N", "O"), 1:5, paste0))), missing = "pairwise")
