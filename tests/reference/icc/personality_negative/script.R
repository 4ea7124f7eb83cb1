# Two items keyed against each other: negative coefficients; rows with gaps are left out.
source("../../R/agreement.R")
icc_case("../../data/bfi.csv", c("A1", "A2"), 150)
