# One factor of two indicators: four parameters, three moments.
source("../../R/sem.R")
limit_case("cfa", "../../data/holzinger.csv")
