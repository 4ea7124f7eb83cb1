# MLMV with fixed observed predictors.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", estimator = "MLMV")
