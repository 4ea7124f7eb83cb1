# An item that everybody answers alike.
source("../../R/sem.R")
limit_case("cfa", "input.csv")
