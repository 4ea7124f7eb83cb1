# Answers cut in two: logistic regression.
source("../../R/dif.R")
dif_case("../../data/companies.csv", paste0("LEAD0", 1:6), "half", cut = 3)
