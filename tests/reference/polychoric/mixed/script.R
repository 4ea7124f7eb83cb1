# Ordinal items and two continuous variables.
source("../../R/polychoric.R")
polychoric_case("../../data/ordinal.csv", c("b1", "t1", "x1", "f4", "x2"), ordered = c("b1", "t1", "f4"))
