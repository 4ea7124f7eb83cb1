# Sampling weights.
source("../../R/polychoric.R")
polychoric_case("../../data/ordinal.csv", c("b1", "t1", "f2", "f4"), weights = "weight")
