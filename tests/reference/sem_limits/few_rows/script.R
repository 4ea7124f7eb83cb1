# Six rows for nine variables.
source("../../R/sem.R")
limit_case("cfa", "input.csv")
