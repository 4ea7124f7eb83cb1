# Two, three, five and seven categories together, with missing answers, pair by pair.
source("../../R/polychoric.R")
polychoric_case("../../data/ordinal.csv", c("b1", "t2", "f1", "s1", "b2", "t3", "f4"), missing = "pairwise")
