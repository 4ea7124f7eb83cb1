# Ten items of six categories, the rows that have all.
source("../../R/polychoric.R")
polychoric_case("../../data/bfi.csv", c(paste0("A", 1:5), paste0("C", 1:5)))
