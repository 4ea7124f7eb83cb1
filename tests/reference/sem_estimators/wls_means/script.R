# Weighted least squares with the fourth moments (ADF) with means.
source("../../R/sem_general.R")
general_case("cfa", "../../data/holzinger.csv", estimator = "WLS", meanstructure = TRUE)
