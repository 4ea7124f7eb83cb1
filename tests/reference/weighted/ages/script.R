# Weighted: ages against schools.
source("../../R/weighted.R")
weighted_case("../../data/holzinger_weighted.csv", c("x3", "x9"), c("ageyr", "school"), "weight")
