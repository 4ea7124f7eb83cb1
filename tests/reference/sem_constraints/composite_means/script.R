# A composite with means, robust.
source("../../R/sem_general.R")
general_case("sem", "../../data/holzinger.csv", meanstructure = TRUE, estimator = "MLR")
