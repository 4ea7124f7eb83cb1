# The same with equal loadings and robust tests.
source("../../R/sem_general.R")
general_case("sem", "../../data/reputation.csv", missing = "fiml", estimator = "MLR")
