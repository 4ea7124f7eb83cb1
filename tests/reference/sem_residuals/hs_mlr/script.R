# Robust maximum likelihood: the sampling covariances of the residuals are robust.
source("../../R/sem_after.R")
residuals_case("cfa", "../../data/holzinger.csv", estimator = "MLR")
