# Nine items of seven categories, answered by customers; sparse tables.
source("../../R/polychoric.R")
polychoric_case("../../data/reputation.csv", c(paste0("comp_", 1:3), paste0("like_", 1:3), paste0("attr_", 1:3)))
