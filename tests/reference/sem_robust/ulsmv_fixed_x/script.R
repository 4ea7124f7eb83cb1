# ULSMV with observed predictors.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", estimator = "ULSMV")
