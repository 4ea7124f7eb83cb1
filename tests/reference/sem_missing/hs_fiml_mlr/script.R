# The same with robust standard errors and tests: robust CFI and RMSEA.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger_holes.csv", missing = "fiml", estimator = "MLR")
