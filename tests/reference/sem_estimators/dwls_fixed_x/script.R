# Diagonally weighted least squares with observed predictors, whose moments lavaan then estimates.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", estimator = "DWLS")
