# The same where answers are missing.
source("../../R/interaction.R")
products_case("../items_holes.csv", c("x1", "x2", "x3"), c("w1", "w2", "w3"))
