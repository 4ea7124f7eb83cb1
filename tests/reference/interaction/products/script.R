# Product columns of two blocks of three items, matched and all pairs, centred in every way.
source("../../R/interaction.R")
products_case("../items.csv", c("x1", "x2", "x3"), c("w1", "w2", "w3"))
