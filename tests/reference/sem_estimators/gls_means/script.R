# Generalised least squares with means.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", estimator = "GLS", meanstructure = TRUE)
