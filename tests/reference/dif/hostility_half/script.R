# Items with sparse upper categories.
source("../../R/dif.R")
dif_case("../../data/companies.csv", paste0("HOSTIL0", 1:5), "half", matching = "rest score")
