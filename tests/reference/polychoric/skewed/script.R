# Skewed items of three and five categories, the rows that have all.
source("../../R/polychoric.R")
polychoric_case("../../data/ordinal.csv", c("t1", "t3", "f2", "f3", "b3"))
