source("../../R/normality.R")
normality_case("../../data/bfi.csv", paste0("A", 1:5))
