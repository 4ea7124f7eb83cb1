# Weighted least squares with the fourth moments (ADF) with observed predictors, whose moments lavaan then estimates.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", estimator = "WLS")
