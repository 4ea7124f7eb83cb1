# Leadership and hostility: skewed items of five categories, N = 2,042.
source("../../R/polychoric.R")
polychoric_case("../../data/companies.csv", c(paste0("LEAD0", 1:6), paste0("HOSTIL0", 1:5)))
