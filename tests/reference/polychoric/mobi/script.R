# Seven items of ten categories, N = 250: many empty cells.
source("../../R/polychoric.R")
polychoric_case("../../../../data/mobi/responses.csv", paste0("PERQ", 1:7))
