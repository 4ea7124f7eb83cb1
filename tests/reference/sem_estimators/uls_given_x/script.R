# Unweighted least squares with predictors fixed by request, and means.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", estimator = "ULS", fixed.x = TRUE, meanstructure = TRUE)
