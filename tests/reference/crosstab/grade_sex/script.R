# Ordered 2 by 2, with the grade missing once.
source("../../R/classics.R")
crosstab_case("../../data/holzinger.csv", "grade", "sex", ordinal = TRUE)
