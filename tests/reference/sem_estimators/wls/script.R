# Weighted least squares with the fourth moments (ADF).
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", estimator = "WLS")
