# Equalities by label under MLM.
source("../../R/sem_general.R")
general_case("sem", "../../data/democracy.csv", estimator = "MLM")
