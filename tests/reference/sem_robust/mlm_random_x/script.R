# MLM with the predictors' moments estimated.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", estimator = "MLM", fixed.x = FALSE)
