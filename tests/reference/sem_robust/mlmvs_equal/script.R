# Equalities by label under MLMVS.
source("../../R/sem_general.R")
general_case("sem", "../../data/democracy.csv", estimator = "MLMVS")
