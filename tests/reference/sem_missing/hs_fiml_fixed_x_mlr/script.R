# The same with robust standard errors and tests.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger_holes.csv", missing = "fiml", estimator = "MLR")
