# Items of two categories (tetrachoric), one of them rare.
source("../../R/polychoric.R")
polychoric_case("../../data/ordinal.csv", paste0("b", 1:4))
