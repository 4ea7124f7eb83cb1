# Two by two.
source("../../R/classics.R")
crosstab_case("../../data/holzinger.csv", "school", "sex")
