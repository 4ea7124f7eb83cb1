# Ten items of two traits, three group factors.
source("../../R/reliability_more.R")
reliability_case("../../data/bfi.csv", c(paste0("A", 1:5), paste0("C", 1:5)), reversed = c("A1", "C4", "C5"), low = 1, high = 6, ordinal = TRUE)
