# An item that is in the data twice.
source("../../R/sem.R")
limit_case("cfa", "input.csv")
