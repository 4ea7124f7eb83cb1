# Generalised least squares with predictors fixed by request.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", estimator = "GLS", fixed.x = TRUE)
