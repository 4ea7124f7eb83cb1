# The first 40 rows: empty cells in most tables.
source("../../R/polychoric.R")
polychoric_case("../../data/ordinal.csv", c("b1", "b3", "t1", "t2", "f1", "f4"), rows = 40)
