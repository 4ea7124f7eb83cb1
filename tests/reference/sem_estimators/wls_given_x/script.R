# Weighted least squares with predictors fixed by request.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", estimator = "WLS", fixed.x = TRUE)
