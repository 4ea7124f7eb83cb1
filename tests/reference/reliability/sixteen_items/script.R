# Sixteen items of four traits, four group factors: 6,435 splits.
source("../../R/reliability_more.R")
reliability_case("../../data/bfi.csv", c(paste0("A", 1:5), paste0("C", 1:5), paste0("E", 1:5), "O3"), reversed = c("A1", "C4", "C5", "E1", "E2"), low = 1, high = 6, group_factors = 4)
