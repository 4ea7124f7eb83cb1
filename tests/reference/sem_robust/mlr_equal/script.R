# Equalities by label under MLR.
source("../../R/sem_general.R")
general_case("sem", "../../data/democracy.csv", estimator = "MLR")
