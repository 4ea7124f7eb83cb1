# All 25 items with their keys, five group factors: too many splits to look at.
source("../../R/reliability_more.R")
reliability_case("../../data/bfi.csv", c(paste0("A", 1:5), paste0("C", 1:5), paste0("E", 1:5), paste0("N", 1:5), paste0("O", 1:5)), reversed = c("A1", "C4", "C5", "E1", "E2", "O2", "O5"), low = 1, high = 6, group_factors = 5)
