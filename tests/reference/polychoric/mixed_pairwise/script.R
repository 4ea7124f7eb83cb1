# The same, pair by pair.
source("../../R/polychoric.R")
polychoric_case("../../data/ordinal.csv", c("b1", "t2", "x1", "f4", "x2"), ordered = c("b1", "t2", "f4"), missing = "pairwise")
