# The same with a half added to the empty cells of larger tables too.
source("../../R/polychoric.R")
polychoric_case("../../data/ordinal.csv", c("b1", "b3", "t1", "t2", "f1", "f4"), rows = 40, zero_add = c(0.5, 0.5))
