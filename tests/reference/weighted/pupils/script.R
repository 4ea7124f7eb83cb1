# Weighted pupils of two schools.
source("../../R/weighted.R")
weighted_case("../../data/holzinger_weighted.csv", c("x1", "x2", "x4"), c("school", "sex"), "weight")
